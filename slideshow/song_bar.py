"""The song bar: where the song is, in its mood colours; click or drag to go elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.emotion import EmotionCurve
from slideshow import theme
from slideshow.focus_ring import show_ring
from slideshow.mood_colours import song_gradient
from slideshow.theme import Tokens

REST_PX, KNOB_PX, HEIGHT_PX = 2.0, 12.0, 32


def clock_text(seconds: float) -> str:
    """Time as people read it: "1:41", "1:02:07"."""
    whole = int(max(0.0, seconds) + 1e-6)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class SongBar(QWidget):
    """A song's length as a line: played part thick, the rest thin, what is not analysed yet in grey."""

    seek_asked = Signal(float)
    """Time in seconds the person wants to go to."""

    def __init__(self, *, played_px: float = 6.0, tokens: Tokens | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._played_px = played_px
        self._fixed_tokens = tokens
        self._curve: EmotionCurve | None = None
        self._known_s = 0.0
        self._duration_s = 0.0
        self._position_s = 0.0
        self._view: tuple[float, float] | None = None
        self.setAccessibleName("Song position")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(HEIGHT_PX)
        self.setMinimumWidth(80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_song(self, *, duration_s: float, curve: EmotionCurve | None, known_s: float) -> None:
        """Show a song of this length whose mood is known up to known_s."""
        self._duration_s, self._curve, self._known_s = duration_s, curve, min(known_s, duration_s)
        self.update()

    def set_position(self, position_s: float) -> None:
        """Place the knob."""
        before = round(self._x(self._position_s) * 2)
        self._position_s = position_s
        self.setAccessibleDescription(f"{clock_text(position_s)} of {clock_text(self._duration_s)}")
        if round(self._x(position_s) * 2) != before:
            self.update()

    def set_view(self, start_s: float, end_s: float) -> None:
        """Outline the stretch that the timeline shows."""
        if (start_s, end_s) != self._view:
            self._view = (start_s, end_s)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT_PX)

    def _x(self, t_s: float) -> float:
        share = t_s / self._duration_s if self._duration_s > 0 else 0.0
        return min(max(share, 0.0), 1.0) * self.width()

    def _ask(self, x: float) -> None:
        if self._duration_s > 0:
            self.seek_asked.emit(min(max(x / max(1, self.width()), 0.0), 1.0) * self._duration_s)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._ask(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(event.position().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -5.0, Qt.Key.Key_Right: 5.0}.get(Qt.Key(event.key()))
        if step is None:
            event.ignore()
        else:
            self.seek_asked.emit(min(max(self._position_s + step, 0.0), self._duration_s))

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=theme.RADIUS_BUTTON)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self._fixed_tokens or theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, knob_x = self.height() / 2, self._x(self._position_s)
        known_x = self._x(self._known_s)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.track))
        painter.drawRoundedRect(QRectF(0, middle - REST_PX / 2, self.width(), REST_PX), 1, 1)
        colour: QBrush = QBrush(QColor(t.text_3))
        if self._curve is not None and known_x > 0:
            colour = QBrush(
                song_gradient(
                    self._curve, start_s=0.0, end_s=self._known_s, left_px=0.0, right_px=known_x, scale=t.name
                )
            )
            painter.setBrush(colour)
            painter.drawRoundedRect(QRectF(0, middle - REST_PX / 2, known_x, REST_PX), 1, 1)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(0, middle - self._played_px / 2, knob_x, self._played_px), 2, 2)
        if self._view is not None and self._duration_s > 0:
            left, right = self._x(self._view[0]), self._x(self._view[1])
            if right - left < self.width() - 1:
                painter.setPen(QPen(QColor(t.text_3), 1.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(QRectF(left + 0.5, middle - 7.5, max(8.0, right - left - 1), 15), 4, 4)
                painter.setPen(Qt.PenStyle.NoPen)
        if self._duration_s > 0:
            knob = min(max(knob_x, KNOB_PX / 2), self.width() - KNOB_PX / 2)
            painter.setBrush(QColor(t.text))
            painter.drawEllipse(QPointF(knob, middle), KNOB_PX / 2, KNOB_PX / 2)
        painter.end()
