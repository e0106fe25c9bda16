"""A range on a track: two knobs, each reached by Tab and moved by the arrows; the lasso's twin without dragging."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from slideshow import theme
from slideshow.focus_ring import show_ring
from slideshow.sliders import HEIGHT_PX, KNOB_PX, TRACK_PX

STEP, LARGE_STEP = 0.02, 0.1


class _Knob(QWidget):
    """One end of the range: has the focus, takes the keys."""

    stepped = Signal(float)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(round(KNOB_PX) + 12, round(KNOB_PX) + 12)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -STEP, Qt.Key.Key_Down: -STEP, Qt.Key.Key_Right: STEP, Qt.Key.Key_Up: STEP,
            Qt.Key.Key_PageDown: -LARGE_STEP, Qt.Key.Key_PageUp: LARGE_STEP, Qt.Key.Key_Home: -1.0, Qt.Key.Key_End: 1.0,
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        if step is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            event.ignore()
        else:
            self.stepped.emit(step)

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=self.width() / 2)
        super().focusInEvent(event)


class RangeSlider(QWidget):
    """Two values from 0 to 1, the first never above the second."""

    moved = Signal(float, float)
    """The person moved one; not sent by set_range."""

    def __init__(self, name: str, low_word: str, high_word: str, parent: QWidget | None = None) -> None:
        """The words name the two ends: "calm", "lively"."""
        super().__init__(parent)
        self._name, self._words = name, (low_word, high_word)
        self._values = [0.0, 1.0]
        self._dragged = -1
        self.knobs = (_Knob(self), _Knob(self))
        self.knobs[0].stepped.connect(self._step_low)
        self.knobs[1].stepped.connect(self._step_high)
        self.setFixedHeight(HEIGHT_PX)
        self.setMinimumWidth(96)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_range(0.0, 1.0)

    @property
    def range(self) -> tuple[float, float]:
        """Both values."""
        return self._values[0], self._values[1]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self.range == (0.0, 1.0)

    def set_range(self, low: float, high: float) -> None:
        """Place the knobs without sending `moved`."""
        self._values = [min(max(low, 0.0), 1.0), min(max(high, 0.0), 1.0)]
        for knob, end, value in zip(self.knobs, ("from", "to"), self._values, strict=True):
            knob.setAccessibleName(f"{self._name} {end} {round(100 * value)} of 100")
        low_word, high_word = self._words
        self.setAccessibleName(self._name)
        self.setToolTip(
            f"{self._name} {round(100 * self._values[0])} to {round(100 * self._values[1])}"
            f" of 100, from {low_word} to {high_word}"
        )
        self._place()
        self.update()

    def _x(self, value: float) -> float:
        return KNOB_PX / 2 + 6 + value * (self.width() - KNOB_PX - 12)

    def _place(self) -> None:
        for knob, value in zip(self.knobs, self._values, strict=True):
            knob.move(round(self._x(value) - knob.width() / 2), (self.height() - knob.height()) // 2)

    def _step_low(self, step: float) -> None:
        self._move(0, self._values[0] + step)

    def _step_high(self, step: float) -> None:
        self._move(1, self._values[1] + step)

    def _move(self, end: int, value: float) -> None:
        before = self.range
        value = round(min(max(value, 0.0), 1.0), 4)
        if end == 0:
            self.set_range(min(value, self._values[1]), self._values[1])
        else:
            self.set_range(self._values[0], max(value, self._values[0]))
        if self.range != before:
            self.moved.emit(*self.range)

    def sizeHint(self) -> QSize:
        return QSize(160, HEIGHT_PX)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        apart = [abs(x - self._x(value)) for value in self._values]
        # With both knobs on one place the side of the click tells which is meant.
        is_low = apart[0] < apart[1] or (apart[0] == apart[1] and x < self._x(self._values[0]))
        self._dragged = 0 if is_low else 1
        self._drag(x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged >= 0:
            self._drag(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragged = -1

    def _drag(self, x: float) -> None:
        self._move(self._dragged, (x - KNOB_PX / 2 - 6) / max(1.0, self.width() - KNOB_PX - 12))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle, (low, high) = self.height() / 2, self.range
        painter.setBrush(QColor(t.track))
        painter.drawRoundedRect(QRectF(6, middle - TRACK_PX / 2, self.width() - 12, TRACK_PX), 2, 2)
        painter.setBrush(QColor(t.text_2))
        painter.drawRect(QRectF(self._x(low), middle - TRACK_PX / 2, self._x(high) - self._x(low), TRACK_PX))
        painter.setBrush(QColor(t.text))
        for value in self.range:
            painter.drawEllipse(QPointF(self._x(value), middle), KNOB_PX / 2, KNOB_PX / 2)
        painter.end()
