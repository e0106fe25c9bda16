"""Markdown in the app's own type: headings, lists, code and tables, to be read and copied; nothing is ever fetched."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, QUrl
from PySide6.QtGui import (
    QBrush,
    QColor,
    QDesktopServices,
    QFont,
    QPalette,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFragment,
    QTextFrameFormat,
    QTextLength,
    QTextOption,
    QTextTable,
)
from PySide6.QtWidgets import QTextBrowser, QWidget

from slideshow import theme
from slideshow.theme import FontStyle

OUTSIDE = ("http", "https")
"""Links that are opened, in the person's browser."""

FIXED_WIDTH = "monospace"
_HEADINGS: dict[int, FontStyle] = {1: "title", 2: "empty", 3: "heading"}
_ABOVE_PX = {1: 0, 2: 24, 3: 16}


class MarkdownView(QTextBrowser):
    """Shows a text in Markdown. It scrolls by wheel and keys; links to the web open outside the app."""

    def __init__(self, text: str, *, name: str, parent: QWidget | None = None) -> None:
        """name is what a screen reader calls it."""
        super().__init__(parent)
        self._text = text
        self.setAccessibleName(name)
        self.setOpenLinks(False)
        self.setTabChangesFocus(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.anchorClicked.connect(self._open)
        self._dress()

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        return None  # pictures and style sheets are neither read nor fetched

    def _open(self, link: QUrl) -> None:
        if link.scheme().lower() in OUTSIDE:
            QDesktopServices.openUrl(link)

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled_px(640), theme.scaled_px(440))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_text"):
            self._dress()
        super().changeEvent(event)

    # Looks

    def _dress(self) -> None:
        """Read the text anew and put every part of it into the type and colours of the theme."""
        t = theme.current()
        place = self.verticalScrollBar().value()
        document = self.document()
        document.setDefaultFont(theme.font("body"))
        document.setDocumentMargin(0)
        document.setMarkdown(self._text, QTextDocument.MarkdownFeature.MarkdownDialectGitHub)
        palette = self.palette()
        for role, colour in ((QPalette.ColorRole.Text, t.text_2), (QPalette.ColorRole.Link, t.text)):
            palette.setColor(role, QColor(colour))
        if palette != self.palette():
            self.setPalette(palette)
        cursor = QTextCursor(document)
        cursor.beginEditBlock()
        tables: list[QTextTable] = []
        block = document.begin()
        while block.isValid():
            table = QTextCursor(block).currentTable()
            if table is not None and table not in tables:
                tables.append(table)
            self._dress_block(block, table)
            block = block.next()
        for table in tables:
            _dress_table(table)
        cursor.endEditBlock()
        self.setTextCursor(QTextCursor(document))  # Qt leaves it at the end, and the view would follow
        self.verticalScrollBar().setValue(place)

    def _dress_block(self, block: QTextBlock, table: QTextTable | None) -> None:
        t = theme.current()
        level = block.blockFormat().headingLevel()
        style: FontStyle = _HEADINGS.get(level, "strong") if level else "body" if table is None else "label"
        is_bright = bool(level) or (table is not None and table.cellAt(block.position()).row() == 0)
        shape = QTextBlockFormat(block.blockFormat())
        shape.setLineHeight(theme.line_px(style), QTextBlockFormat.LineHeightTypes.MinimumHeight.value)
        shape.setTopMargin(theme.scaled_px(_ABOVE_PX.get(level, 12)) if level else 0)
        is_listed = block.textList() is not None
        shape.setBottomMargin(0 if table is not None else theme.scaled_px(4 if is_listed or level else 8))
        shape.setIndent(0)
        QTextCursor(block).setBlockFormat(shape)
        for start, end, was in [(f.position(), f.position() + f.length(), f.charFormat()) for f in _fragments(block)]:
            looks = QTextCharFormat(was)
            looks.clearProperty(QTextFormat.Property.FontSizeAdjustment)  # it would outdo the type's own size
            font = theme.font(style)
            is_bold = was.fontWeight() > QFont.Weight.Medium and not level
            if is_bold:
                font.setWeight(QFont.Weight.DemiBold)
            font.setItalic(was.fontItalic())
            if was.fontFixedPitch():
                font.setFamilies([FIXED_WIDTH])
            looks.setFont(font)
            looks.setForeground(QColor(t.text if is_bright or is_bold or was.isAnchor() else t.text_2))
            looks.setFontUnderline(was.isAnchor())
            cursor = QTextCursor(block)
            cursor.setPosition(start)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(looks)


def _fragments(block: QTextBlock) -> list[QTextFragment]:
    """The stretches of a block that look alike."""
    found = []
    each = block.begin()
    while not each.atEnd():
        fragment = each.fragment()
        if fragment.isValid():
            found.append(fragment)
        each += 1
    return found


def _dress_table(table: QTextTable) -> None:
    """Rules between the rows, none around; figures and words have room, and the width is the page's."""
    t = theme.current()
    shape = table.format()
    shape.setBorder(0)
    shape.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
    shape.setBorderCollapse(True)
    shape.setCellSpacing(0)
    shape.setCellPadding(0)
    shape.setTopMargin(theme.scaled_px(4))
    shape.setBottomMargin(theme.scaled_px(16))
    shape.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
    table.setFormat(shape)
    for row in range(table.rows()):
        for column in range(table.columns()):
            cell = table.cellAt(row, column)
            looks = cell.format().toTableCellFormat()
            looks.setTopPadding(theme.scaled_px(5))
            looks.setBottomPadding(theme.scaled_px(5))
            looks.setLeftPadding(0 if column == 0 else theme.scaled_px(8))
            looks.setRightPadding(theme.scaled_px(8))
            looks.setBottomBorder(1)
            looks.setBottomBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
            looks.setBottomBorderBrush(QBrush(QColor(t.line_2 if row == 0 else t.line_3)))
            cell.setFormat(looks)
