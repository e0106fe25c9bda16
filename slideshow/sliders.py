"""The plain slider of the look, used for the volume: track 4 px, knob 12 px, 32 px to click."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from slideshow import theme
from slideshow.focus_ring import show_ring
from slideshow.theme import Tokens

TRACK_PX, KNOB_PX, HEIGHT_PX = 4.0, 12.0, 32
WHEEL_NOTCH = 120
"""What Qt sends for one notch of a wheel, in eighths of a degree."""


class Slider(QWidget):
    """A value from 0 to 1 on a horizontal track."""

    moved = Signal(float)
    """The person moved it; not sent by set_value."""

    def __init__(
        self,
        name: str,
        *,
        value: float = 1.0,
        step: float = 0.05,
        is_wheeled: bool = True,
        tokens: Tokens | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`is_wheeled` is False where the slider stands in something that scrolls: the wheel is for that."""
        super().__init__(parent)
        self._name = name
        self._is_wheeled = is_wheeled
        self._wheeled = 0
        self._value = value
        self._step = step
        self._fixed_tokens = tokens
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(HEIGHT_PX)
        self.setMinimumWidth(64)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_value(value)

    @property
    def value(self) -> float:
        """Position from 0 to 1."""
        return self._value

    def set_value(self, value: float) -> None:
        """Place the knob without sending `moved`."""
        self._value = min(max(value, 0.0), 1.0)
        self.setAccessibleName(f"{self._name} {round(self._value * 100)} percent")
        self.setToolTip(f"{self._name} {round(self._value * 100)} %")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(96, HEIGHT_PX)

    def _move(self, value: float) -> None:
        before = self._value
        self.set_value(value)
        if self._value != before:
            self.moved.emit(self._value)

    def _value_at(self, x: float) -> float:
        return (x - KNOB_PX / 2) / max(1.0, self.width() - KNOB_PX)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._move(self._value_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move(self._value_at(event.position().x()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self._is_wheeled:
            event.ignore()
            return
        self._wheeled += event.angleDelta().y()  # touchpads send many small turns
        notches = int(self._wheeled / WHEEL_NOTCH)
        self._wheeled -= notches * WHEEL_NOTCH
        self._move(self._value + notches * self._step)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1,
            Qt.Key.Key_PageDown: -4, Qt.Key.Key_PageUp: 4, Qt.Key.Key_Home: -1000, Qt.Key.Key_End: 1000,
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if step is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.ignore()
        else:
            self._move(self._value + step * self._step)

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=theme.RADIUS_BUTTON)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self._fixed_tokens or theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2
        knob_x = KNOB_PX / 2 + self._value * (self.width() - KNOB_PX)
        painter.setBrush(QColor(t.track))
        painter.drawRoundedRect(QRectF(0, middle - TRACK_PX / 2, self.width(), TRACK_PX), 2, 2)
        painter.setBrush(QColor(t.text_2))
        painter.drawRoundedRect(QRectF(0, middle - TRACK_PX / 2, knob_x, TRACK_PX), 2, 2)
        painter.setBrush(QColor(t.text))
        painter.drawEllipse(QPointF(knob_x, middle), KNOB_PX / 2, KNOB_PX / 2)
        painter.end()
