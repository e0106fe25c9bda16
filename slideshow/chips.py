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

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_on = self.isChecked()
        painter.setPen(QPen(QColor(t.text_3 if is_on else t.line_2), 1.0))
        if self.isDown():
            painter.setBrush(QColor(t.pressed))
        elif is_on:
            painter.setBrush(QColor(t.selected))
        else:
            painter.setBrush(QColor(t.hover) if self.underMouse() else Qt.GlobalColor.transparent)
        radius = self.height() / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.setPen(QColor(t.text if is_on else t.text_2))
        painter.setFont(theme.font("label"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        painter.end()


class ChipRow(QWidget):
    """Chips of which exactly one is on."""

    chosen = Signal(object)
    """The value of the chip the person has switched on."""

    def __init__(self, name: str, choices: Sequence[tuple[object, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._chips: dict[object, Chip] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for value, text in choices:
            chip = Chip(text)
            chip.setAccessibleName(f"{name}: {text}")
            chip.clicked.connect(self._on_clicked)
            self._chips[value] = chip
            row.addWidget(chip)

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
