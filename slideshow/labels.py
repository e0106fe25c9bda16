"""Text in the type styles and tones of the theme, following a change of theme or text size."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QTextCharFormat,
    QTextLayout,
    QTextOption,
)
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from slideshow import theme
from slideshow.theme import FontStyle

Tone = Literal["text", "text_2", "text_3", "danger", "warn", "ok"]


MAX_COUNTED = 16
"""So many answers to how many lines a text takes at a width are remembered."""


class Label(QLabel):
    """One style, one tone, in the line height of its style.

    A wrapped label takes as many lines as its width asks for. An elided one stays a line and is cut in the middle (so
    that a file's name keeps its end) or, where is_cut_at_end, at its end; the whole text is then its tool tip.
    """

    def __init__(
        self,
        text: str = "",
        style: FontStyle = "body",
        tone: Tone = "text",
        *,
        is_wrapped: bool = False,
        is_elided: bool = False,
        is_cut_at_end: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._style: FontStyle = style
        self._tone: Tone = tone
        self._strong_word = ""
        self._counted: dict[tuple[int, str, int, str], int] = {}
        self._is_elided = is_elided or is_cut_at_end
        self._elide_mode = Qt.TextElideMode.ElideRight if is_cut_at_end else Qt.TextElideMode.ElideMiddle
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        if is_wrapped:
            self.setWordWrap(True)
            policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
        elif self._is_elided:
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._restyle()

    def set_tone(self, tone: Tone) -> None:
        """Change the tone."""
        self._tone = tone
        self._restyle()

    def set_strong(self, word: str) -> None:
        """Let one word of a wrapped text stand out, in weight and tone; none for an empty one."""
        self._strong_word = word
        self.update()

    def _restyle(self) -> None:
        made = theme.font(self._style)
        if self.font() != made:
            self.setFont(made)
        palette = self.palette()
        colour = QColor(getattr(theme.current(), self._tone))
        if palette.color(QPalette.ColorRole.WindowText) != colour:
            palette.setColor(QPalette.ColorRole.WindowText, colour)
            self.setPalette(palette)
        self.updateGeometry()

    def _lines(self, width: float) -> QTextLayout:
        """Break the text into lines of the style's height."""
        layout = QTextLayout(self.text(), self.font())
        option = QTextOption(self.alignment() & Qt.AlignmentFlag.AlignHorizontal_Mask)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        at = self.text().find(self._strong_word) if self._strong_word else -1
        if at >= 0:
            layout.setFormats([_strong(at, len(self._strong_word))])
        line_px = theme.line_px(self._style)
        layout.beginLayout()
        y = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(1.0, width))
            line.setPosition(QPointF(0, y + (line_px - line.height()) / 2))
            y += line_px
        layout.endLayout()
        return layout

    def heightForWidth(self, width: int) -> int:
        if not self.wordWrap():
            return -1
        # A layout asks for the same few widths dozens of times over before it is settled.
        key = (width, self.text(), self.font().pixelSize(), self._strong_word)
        if key not in self._counted:
            if len(self._counted) >= MAX_COUNTED:
                self._counted.clear()
            self._counted[key] = max(1, self._lines(width).lineCount())
        return self._counted[key] * theme.line_px(self._style)

    def sizeHint(self) -> QSize:
        line_px = theme.line_px(self._style)
        if self.wordWrap():
            width = min(self.fontMetrics().horizontalAdvance(self.text()) + 2, 360)
            return QSize(width, self.heightForWidth(width))
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2, line_px)

    def minimumSizeHint(self) -> QSize:
        if self.wordWrap():
            return QSize(80, theme.line_px(self._style))
        hint = self.sizeHint()
        return QSize(min(hint.width(), 24), hint.height()) if self._is_elided else hint

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._is_elided:
            is_cut = self.fontMetrics().horizontalAdvance(self.text()) > self.width()
            self.setToolTip(self.text() if is_cut else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        if self.wordWrap():
            self._lines(self.width()).draw(painter, QPointF(0, 0))
        else:
            text = self.text()
            if self._is_elided:
                text = self.fontMetrics().elidedText(text, self._elide_mode, self.width())
            flags = self.alignment() | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRect(0, 0, self.width(), self.height()), flags, text)
        painter.end()


def _strong(start: int, length: int) -> QTextLayout.FormatRange:
    strong = QTextCharFormat()
    strong.setFontWeight(QFont.Weight.DemiBold)
    strong.setForeground(QColor(theme.current().text))
    span = QTextLayout.FormatRange()
    span.start, span.length, span.format = start, length, strong
    return span
