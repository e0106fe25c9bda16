"""The timeline: ruler, mood curve, beats and cues, moving under a playhead that stays at 45 % of the width."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip, QWidget

from engine.emotion import Emotion, EmotionCurve, FloatArray
from slideshow import theme
from slideshow.focus_ring import show_ring
from slideshow.messages import name_of
from slideshow.mood_colours import DoubleArray, mood_colour, mood_table, song_gradient
from slideshow.mood_words import shown_word
from slideshow.song_bar import clock_text
from slideshow.thumbnails import Thumbnails, paint_rounded

if TYPE_CHECKING:
    from engine.plan import Cue

PX_PER_S, MIN_PX_PER_S, MAX_PX_PER_S = 16.0, 4.0, 64.0
ZOOM_STEP = 1.25
PLAYHEAD_SHARE = 0.45
RULER_EVERY_S = 10
RULER_PX, TICK_PX = 24, 4
CURVE_TOP, CURVE_PX = 32, 68
BEATS_TOP, BEAT_PX, BAR_PX, BEATS_A_BAR = 106, 4, 8, 4
CUES_TOP, CUE_PX, CUE_GAP_PX, MIN_PICTURE_PX = 124, 60, 2, 20
HEIGHT_PX = CUES_TOP + CUE_PX + 6
HEAD_PX = 10.0
BEND_S = 2.0
"""The curve has a point every 2 s; its line bends over this long instead of breaking at them."""
MIN_BEAT_PX = 3.0
"""Beats nearer together than this would be a grey bar: then only the bars' first beats are drawn."""


class Timeline(QWidget):
    """One song with its show. Click or drag to seek, wheel or + and - to zoom, click a cue to go to it."""

    seek_asked = Signal(float)
    view_changed = Signal(float, float)
    """Start and end in seconds of the stretch that is visible."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._curve: EmotionCurve | None = None
        self._beats: np.ndarray[tuple[int], np.dtype[np.float32]] = np.zeros(0, dtype=np.float32)
        self._cues: Sequence[Cue] = ()
        self._cue_moods: Sequence[Emotion] = ()
        self._duration_s = 0.0
        self._known_s = 0.0
        self._position_s = 0.0
        self._px_per_s = PX_PER_S
        self._view_start_s = 0.0
        self._strip: QPixmap | None = None
        self._strip_start_s = 0.0
        self._strip_end_s = 0.0
        self._pressed_at: QPointF | None = None
        self._pressed_position_s = 0.0
        self._is_dragging = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(HEIGHT_PX)
        self.setMinimumWidth(240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Timeline")
        self.setMouseTracking(True)
        thumbnails.ready.connect(self._on_thumbnail)

    @property
    def px_per_s(self) -> float:
        """The zoom."""
        return self._px_per_s

    def set_song(
        self, *, duration_s: float, curve: EmotionCurve | None, beat_times_s: Sequence[float], known_s: float
    ) -> None:
        """Show a song whose mood is known up to known_s; called again as it grows."""
        self._duration_s = duration_s
        self._curve = curve if curve is not None and len(curve.times_s) > 0 else None
        self._beats = np.asarray(beat_times_s, dtype=np.float32)
        self._known_s = min(known_s, duration_s)
        self._strip = None
        self._set_view_start()
        self.update()

    def set_cues(self, cues: Sequence[Cue], moods: Sequence[Emotion]) -> None:
        """Show these cues; moods hold each cue's photo's place, for cues too narrow for a picture."""
        self._cues, self._cue_moods = cues, moods
        self._describe()
        self.update()

    def set_position(self, position_s: float) -> None:
        """Move the song under the playhead, or with reduced motion the playhead over the song."""
        before = self._cue_index(self._position_s)
        self._position_s = min(max(position_s, 0.0), self._duration_s)
        self._set_view_start()
        if self._cue_index(self._position_s) != before:
            self._describe()
        self.update()

    def zoom(self, factor: float) -> None:
        """Multiply the pixels a second, within the limits."""
        wanted = min(max(self._px_per_s * factor, MIN_PX_PER_S), MAX_PX_PER_S)
        if wanted != self._px_per_s:
            self._px_per_s = wanted
            self._strip = None
            self._view_start_s = self._position_s - PLAYHEAD_SHARE * self.width() / wanted
            self._set_view_start()
            self.update()

    def time_at(self, x: float) -> float:
        """Time under a horizontal place of the widget."""
        return self._view_start_s + x / self._px_per_s

    def x_at(self, t_s: float) -> float:
        """Horizontal place of a time."""
        return (t_s - self._view_start_s) * self._px_per_s

    def sizeHint(self) -> QSize:
        return QSize(800, HEIGHT_PX)

    def _set_view_start(self) -> None:
        span_s = self.width() / self._px_per_s
        if theme.is_motion_reduced():
            if not self._view_start_s <= self._position_s <= self._view_start_s + span_s:
                self._view_start_s = self._position_s - 0.05 * span_s
        else:
            self._view_start_s = self._position_s - PLAYHEAD_SHARE * span_s
        self.view_changed.emit(max(0.0, self._view_start_s), min(self._duration_s, self._view_start_s + span_s))

    def _cue_index(self, t_s: float) -> int:
        return bisect_right(self._cues, t_s, key=lambda cue: cue.start_s) - 1

    def _cue_under(self, place: QPointF) -> int:
        if not CUES_TOP <= place.y() <= CUES_TOP + CUE_PX:
            return -1
        t_s = self.time_at(place.x())
        index = self._cue_index(t_s)
        return index if 0 <= index < len(self._cues) and t_s < self._cues[index].end_s else -1

    def _describe(self) -> None:
        index = self._cue_index(self._position_s)
        if 0 <= index < len(self._cues):
            self.setAccessibleDescription(f"Photo {index + 1} of {len(self._cues)}: {self._cue_text(index)}")
        else:
            self.setAccessibleDescription("No photos planned yet")

    def _cue_text(self, index: int) -> str:
        cue = self._cues[index]
        text = f"{name_of(cue.photo.path)}, {clock_text(cue.start_s)} to {clock_text(cue.end_s)}"
        return f"{text}, {shown_word(self._cue_moods[index])}" if index < len(self._cue_moods) else text

    def _on_thumbnail(self, path: object) -> None:
        if any(cue.photo.path == path for cue in self._cues):
            self.update(0, CUES_TOP - 4, self.width(), CUE_PX + 8)

    def resizeEvent(self, event: object) -> None:
        self._strip = None
        self._set_view_start()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._strip = None
            self.update()
        super().changeEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=theme.RADIUS_BUTTON)
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM_STEP)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM_STEP)
        else:
            event.ignore()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()
        self.zoom(ZOOM_STEP ** (turned / 120))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position()
            self._pressed_position_s = self._position_s
            self._is_dragging = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is None:
            is_over = self._cue_under(event.position()) >= 0
            self.setCursor(Qt.CursorShape.PointingHandCursor if is_over else Qt.CursorShape.ArrowCursor)
            return
        moved_px = event.position().x() - self._pressed_at.x()
        if not self._is_dragging and abs(moved_px) < QApplication.startDragDistance():
            return
        self._is_dragging = True
        if theme.is_motion_reduced():
            wanted = self.time_at(event.position().x())
        else:
            wanted = self._pressed_position_s - moved_px / self._px_per_s
        self.seek_asked.emit(min(max(wanted, 0.0), self._duration_s))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if not self._is_dragging:
            index = self._cue_under(event.position())
            wanted = self.time_at(event.position().x())
            if index >= 0:  # where its photo stands alone, after its crossfade
                wanted = self._cues[index].start_s + self._cues[index].fade_s / 2
            if 0.0 <= wanted <= self._duration_s:
                self.seek_asked.emit(wanted)
        self._pressed_at = None
        self._is_dragging = False

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._cue_under(QPointF(event.pos()))
            if index >= 0:
                QToolTip.showText(event.globalPos(), self._cue_text(index), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._duration_s > 0:
            self._paint_ruler(painter)
            self._paint_curve(painter)
            self._paint_beats(painter)
            self._paint_cues(painter)
            self._paint_playhead(painter)
        painter.end()

    def _visible_s(self) -> tuple[float, float]:
        return max(0.0, self.time_at(0)), min(self._duration_s, self.time_at(self.width()))

    def _paint_ruler(self, painter: QPainter) -> None:
        t = theme.current()
        painter.setFont(theme.font("caption"))
        every_s = RULER_EVERY_S * (1 if self._px_per_s >= 8 else 3)
        start_s, end_s = self._visible_s()
        for mark in range(math.ceil(start_s / every_s) * every_s, math.floor(end_s) + 1, every_s):
            x = round(self.x_at(mark))
            painter.setPen(QColor(t.text_3))
            painter.drawText(QRectF(x - 40, 0, 80, 18), Qt.AlignmentFlag.AlignCenter, clock_text(mark))
            painter.setPen(QPen(QColor(t.line_2), 1.0))
            painter.drawLine(QPointF(x + 0.5, RULER_PX - TICK_PX), QPointF(x + 0.5, RULER_PX))

    def _paint_curve(self, painter: QPainter) -> None:
        t = theme.current()
        base = CURVE_TOP + CURVE_PX
        start_s, end_s = self._visible_s()
        if self._known_s < end_s:
            painter.setPen(QPen(QColor(t.track), 1.0, Qt.PenStyle.DashLine))
            middle = CURVE_TOP + CURVE_PX / 2
            left = self.x_at(max(start_s, self._known_s))
            painter.drawLine(QPointF(left, middle), QPointF(self.x_at(end_s), middle))
        if self._curve is None or self._known_s <= start_s:
            return
        if self._strip is None or start_s < self._strip_start_s or min(end_s, self._known_s) > self._strip_end_s:
            self._draw_strip(start_s, end_s)
        if self._strip is not None:
            left_px = self.x_at(self._strip_start_s)
            painter.drawPixmap(
                QPointF(left_px, base - self._strip.height() / self._strip.devicePixelRatio()), self._strip
            )

    def _draw_strip(self, start_s: float, end_s: float) -> None:
        """Draw the curve ahead of time, a screen's width to either side; while it plays only this picture moves."""
        assert self._curve is not None
        t = theme.current()
        ratio = self.devicePixelRatioF()
        margin_s = end_s - start_s
        self._strip_start_s = max(0.0, start_s - margin_s)
        self._strip_end_s = min(self._known_s, end_s + margin_s)
        width_px = (self._strip_end_s - self._strip_start_s) * self._px_per_s
        n_columns, n_rows = max(2, math.ceil(width_px * ratio)), math.ceil((CURVE_PX + 2) * ratio)
        times: DoubleArray = self._strip_start_s + (np.arange(n_columns, dtype=np.float64) + 0.5) / (
            self._px_per_s * ratio
        )
        valence, arousal = (_smooth(times, self._curve.times_s, self._curve.va[:, i]) for i in range(2))
        line_y = (1 + (1 - arousal) * (CURVE_PX - 3)) * ratio + ratio  # px from the top of the strip
        table = mood_table(t.name)
        last = table.shape[0] - 1
        rgb = table[
            np.rint(np.clip(arousal, 0, 1) * last).astype(int), np.rint(np.clip(valence, 0, 1) * last).astype(int)
        ]
        depth = (np.arange(n_rows)[:, None] + 0.5 - line_y[None, :]) / np.maximum(1.0, n_rows - line_y[None, :])
        alpha = np.where(depth >= 0, t.curve_fill * (1 - depth), 0.0)
        pixels = np.empty((n_rows, n_columns, 4), dtype=np.uint8)
        pixels[..., :3] = rgb[None]
        pixels[..., 3] = np.rint(alpha * 255)
        image = QImage(
            pixels.tobytes(), n_columns, n_rows, n_columns * 4, QImage.Format.Format_RGBA8888
        ).convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        path = QPainterPath(QPointF(0, float(line_y[0])))
        for column in range(0, n_columns, 2):
            path.lineTo(column + 0.5, float(line_y[column]))
        path.lineTo(n_columns, float(line_y[-1]))
        gradient = song_gradient(
            self._curve,
            start_s=self._strip_start_s,
            end_s=self._strip_end_s,
            left_px=0,
            right_px=n_columns,
            scale=t.name,
        )
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QBrush(gradient), 2.0 * ratio, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
        painter.drawPath(path)
        painter.end()
        image.setDevicePixelRatio(ratio)
        self._strip = QPixmap.fromImage(image)

    def _paint_beats(self, painter: QPainter) -> None:
        if len(self._beats) < 2:
            return
        start_s, end_s = self._visible_s()
        first, after = bisect_left(self._beats, start_s), bisect_right(self._beats, end_s)
        is_dense = float(np.median(np.diff(self._beats))) * self._px_per_s < MIN_BEAT_PX
        painter.setPen(QPen(QColor(theme.current().line_2), 1.0))
        for index in range(first, after):
            is_bar = index % BEATS_A_BAR == 0
            if is_dense and not is_bar:
                continue
            x = round(self.x_at(float(self._beats[index]))) + 0.5
            painter.drawLine(QPointF(x, BEATS_TOP), QPointF(x, BEATS_TOP + (BAR_PX if is_bar else BEAT_PX)))

    def _paint_cues(self, painter: QPainter) -> None:
        start_s, end_s = self._visible_s()
        current = self._cue_index(self._position_s)
        first = max(0, self._cue_index(start_s))
        for index in range(first, len(self._cues)):
            if self._cues[index].start_s > end_s:
                break
            if index != current:
                self._paint_cue(painter, index, self._cue_rect(index))
        if 0 <= current < len(self._cues):
            t = theme.current()
            cell = self._cue_rect(current)
            outer = cell.adjusted(-1, -3, 1, 3)
            painter.setPen(QPen(QColor(t.text), 2.0))
            painter.setBrush(QColor(t.window))
            painter.drawRoundedRect(outer.adjusted(1, 1, -1, -1), 6, 6)
            self._paint_cue(painter, current, cell.adjusted(3, 1, -3, -1))

    def _cue_rect(self, index: int) -> QRectF:
        cue = self._cues[index]
        left, right = round(self.x_at(cue.start_s)), round(self.x_at(cue.end_s))
        return QRectF(left, CUES_TOP, max(1, right - left - CUE_GAP_PX), CUE_PX)

    def _paint_cue(self, painter: QPainter, index: int, rect: QRectF) -> None:
        t = theme.current()
        # A cue's place moves by whole pixels while its width comes from its hold, so that its picture is scaled once.
        cue = self._cues[index]
        picture = None
        if rect.width() >= MIN_PICTURE_PX:
            width = max(1, math.ceil((cue.end_s - cue.start_s) * self._px_per_s))
            picture = self._thumbnails.cover(cue.photo.path, QSize(width, CUE_PX), ratio=self.devicePixelRatioF())
        if picture is not None:
            paint_rounded(painter, rect, picture, theme.RADIUS_THUMBNAIL)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        if rect.width() < MIN_PICTURE_PX and index < len(self._cue_moods):
            mood = self._cue_moods[index]
            painter.setBrush(mood_colour(mood.valence, mood.arousal, scale=t.name, alpha=0.7))
        else:
            painter.setBrush(QColor(t.raised if t.is_dark else t.hover))
        radius = min(theme.RADIUS_THUMBNAIL, rect.width() / 2)
        painter.drawRoundedRect(rect, radius, radius)

    def _paint_playhead(self, painter: QPainter) -> None:
        ink = QColor(theme.current().text)
        x = self.x_at(self._position_s)
        painter.setPen(QPen(ink, 1.5))
        painter.drawLine(QPointF(x, RULER_PX + 2), QPointF(x, CUES_TOP - 4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(QPointF(x, RULER_PX + 2), HEAD_PX / 2, HEAD_PX / 2)

    def cue_place(self, index: int) -> QPoint:
        """Centre of a cue, for pointing at it."""
        return self._cue_rect(index).center().toPoint()


def _smooth(times_s: DoubleArray, known_s: FloatArray, values: FloatArray) -> DoubleArray:
    """Interpolate a curve's values at evenly spaced times as a line that bends; a constant stays constant."""
    step_s = float(times_s[1] - times_s[0])
    n = max(1, round(BEND_S / step_s / 2))
    around = times_s[0] + np.arange(-n, len(times_s) + n) * step_s
    weights = np.hanning(2 * n + 3)[1:-1]
    return np.convolve(np.interp(around, known_s, values), weights / weights.sum(), mode="valid")
