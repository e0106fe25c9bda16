"""The sidebar: pages by icon and word, 76 px wide."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QVBoxLayout, QWidget

from slideshow import theme
from slideshow.buttons import blend
from slideshow.focus_ring import show_ring
from slideshow.icons import paint_icon

WIDTH_PX, ITEM_WIDTH_PX, ITEM_HEIGHT_PX = 76, 60, 56


@dataclass(frozen=True, slots=True)
class Entry:
    """One page: its key, its word, its icon, and whether it stands at the bottom."""

    key: str
    word: str
    icon: str
    is_low: bool = False


class _Item(QAbstractButton):
    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self._icon = entry.icon
        self._badge = False
        self.setText(entry.word)
        self.setAccessibleName(entry.word)
        self.setCheckable(True)
        self.setAutoExclusive(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_badge(self, *, is_on: bool) -> None:
        """Show a dot: something goes on there."""
        self._badge = is_on
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(
            max(ITEM_WIDTH_PX, theme.scaled_px(ITEM_WIDTH_PX - 12)),
            max(ITEM_HEIGHT_PX, theme.scaled_px(ITEM_HEIGHT_PX)),
        )

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=theme.RADIUS_ROW)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_on = self.isChecked()
        if is_on or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.pressed if self.isDown() else t.selected if is_on else t.hover))
            painter.drawRoundedRect(self.rect(), theme.RADIUS_ROW, theme.RADIUS_ROW)
        ink = QColor(t.text) if is_on else blend(t.text_2, t.text, 1.0 if self.underMouse() else 0.0)
        text_px = theme.line_px("tab")
        top = (self.height() - 20 - 4 - text_px) / 2
        paint_icon(painter, QRectF((self.width() - 20) / 2, round(top), 20, 20), self._icon, ink)
        painter.setPen(ink)
        painter.setFont(theme.font("tab"))
        painter.drawText(QRectF(0, round(top) + 24, self.width(), text_px), Qt.AlignmentFlag.AlignCenter, self.text())
        if self._badge:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.text))
            painter.drawEllipse(QRectF(self.width() / 2 + 10, round(top) - 2, 6, 6))
        painter.end()


class SideBar(QWidget):
    """The list of pages; low entries stand at the bottom."""

    chosen = Signal(str)

    def __init__(self, entries: tuple[Entry, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fit_width()
        self.setAccessibleName("Pages")
        self._items: dict[str, _Item] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 16, 8, 16)
        column.setSpacing(4)
        for entry in entries:
            if entry.is_low and all(not other.is_low for other in entries[: entries.index(entry)]):
                column.addStretch(1)
            item = _Item(entry)
            item.clicked.connect(self._on_clicked)
            item.setProperty("page", entry.key)
            self._items[entry.key] = item
            column.addWidget(item)

    def _fit_width(self) -> None:
        """Grow with the text, though less than it."""
        self.setFixedWidth((WIDTH_PX + theme.scaled_px(WIDTH_PX)) // 2)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._fit_width()
        super().changeEvent(event)

    def set_current(self, key: str) -> None:
        """Mark a page as the one shown."""
        for name, item in self._items.items():
            item.setChecked(name == key)

    def set_busy(self, key: str, *, is_busy: bool) -> None:
        """Mark a page on which something goes on."""
        self._items[key].set_badge(is_on=is_busy)

    def item(self, key: str) -> QAbstractButton:
        """Button of a page."""
        return self._items[key]

    def _on_clicked(self) -> None:
        item = self.sender()
        if isinstance(item, _Item):
            item.setChecked(True)
            self.chosen.emit(item.property("page"))

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(t.window))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), QColor(t.line))
        painter.end()
