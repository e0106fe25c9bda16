"""Chips: small pills to choose with, and a row of them of which one is on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from slideshow import theme
from slideshow.focus_ring import show_ring

HEIGHT_PX, PADDING_PX = 32, 12


class Chip(QAbstractButton):
    """A pill with a word; on or off."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(text)
        self.setAccessibleName(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        width = QFontMetrics(theme.font("label")).horizontalAdvance(self.text()) + 2 * PADDING_PX + 2
        return QSize(width, max(HEIGHT_PX, theme.scaled_px(HEIGHT_PX)))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=self.height() / 2)
        super().focusInEvent(event)

    def paint_pill(self, painter: QPainter) -> None:
        """Draw the pill itself, as its state asks; what stands on it is drawn over it."""
        t = theme.current()
        is_on = self.isChecked()
        painter.setPen(QPen(QColor(t.text_3 if is_on else t.line_2), 1.0))
        surface = t.pressed if self.isDown() else t.selected if is_on else t.hover if self.underMouse() else ""
        painter.setBrush(QColor(surface) if surface else Qt.GlobalColor.transparent)
        radius = self.height() / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_pill(painter)
        painter.setPen(QColor(t.text if self.isChecked() else t.text_2))
        painter.setFont(theme.font("label"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        painter.end()


class ChipGroup(QWidget):
    """Chips of which exactly one is on; how they lie is left to its kinds."""

    chosen = Signal(object)
    """The value of the chip the person has switched on."""

    def __init__(self, name: str, choices: Sequence[tuple[object, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._chips: dict[object, Chip] = {}
        for value, text in choices:
            chip = Chip(text, self)
            chip.setAccessibleName(f"{name}: {text}")
            chip.clicked.connect(self._on_clicked)
            self._chips[value] = chip

    def set_value(self, value: object) -> None:
        """Switch a chip on without sending `chosen`."""
        for other, chip in self._chips.items():
            chip.setChecked(other == value)

    def chip(self, value: object) -> Chip:
        """The chip of a value."""
        return self._chips[value]

    def _on_clicked(self) -> None:
        for value, chip in self._chips.items():
            if chip is self.sender():
                self.set_value(value)
                self.chosen.emit(value)


class ChipRow(ChipGroup):
    """Chips in a line."""

    def __init__(self, name: str, choices: Sequence[tuple[object, str]], parent: QWidget | None = None) -> None:
        super().__init__(name, choices, parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for chip in self._chips.values():
            row.addWidget(chip)
