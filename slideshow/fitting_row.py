"""A row of widgets that drops the words of its buttons, then what can be done without, where it gets too narrow."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from slideshow import theme
from slideshow.buttons import Button
from slideshow.labels import Label

SPACING_PX = 8
TEXT_PX = 140
"""A text that can be cut keeps so much of the row, or all of itself where it is shorter."""


class FittingRow(QWidget):
    """Widgets side by side; `yielding` are the buttons that may show their icon alone, the first to do so first.

    `leaving` are hidden where that is not enough, the first to go first; the row alone shows and hides them.
    `last` are buttons that are brief, or wordless, only where even that is not enough.
    """

    def __init__(
        self,
        *,
        yielding: Sequence[Button] = (),
        leaving: Sequence[QWidget] = (),
        last: Sequence[Button] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._yielding, self._leaving, self._last = tuple(yielding), tuple(leaving), tuple(last)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(SPACING_PX)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def _fit(self) -> None:
        widgets = [item.widget() for i in range(self.row.count()) if (item := self.row.itemAt(i)) is not None]
        shown = [
            widget for widget in widgets if widget is not None and (widget in self._leaving or not widget.isHidden())
        ]
        needed = sum(_width_px(widget) + SPACING_PX for widget in shown)
        needed -= self._shorten(self._yielding, shown, needed - self.width())
        for widget in self._leaving:
            is_gone = needed > self.width()
            if is_gone:
                needed -= _width_px(widget) + SPACING_PX
            if is_gone != widget.isHidden():
                widget.setHidden(is_gone)
        self._shorten(self._last, shown, needed - self.width())

    def _shorten(self, buttons: Sequence[Button], shown: Sequence[QWidget], excess_px: int) -> int:
        """Let buttons drop their words until so much is saved; returns what is."""
        saved_px = 0
        for button in buttons:
            is_wordless = saved_px < excess_px and button in shown
            button.set_wordless(is_wordless=is_wordless)
            saved_px += button.word_px if is_wordless else 0
        return saved_px

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return super().event(event)


def _width_px(widget: QWidget) -> int:
    wanted = widget.sizeHint().width()
    if isinstance(widget, Button):
        return wanted + (widget.word_px if widget.is_wordless else 0)
    return min(wanted, theme.scaled_px(TEXT_PX)) if isinstance(widget, Label) else wanted
