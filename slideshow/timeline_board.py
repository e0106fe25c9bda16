"""What the timeline shows: ruler, mood curve, beats and cues, moving under a playhead at 45 % of the width."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.emotion import Emotion, EmotionCurve, FloatArray
from slideshow import theme
from slideshow.arc_drawing import ArcDrawing, Axis
from slideshow.messages import name_of
from slideshow.mood_words import shown_word
from slideshow.song_bar import clock_text
from slideshow.song_mark_flags import Marked, paint_flags
from slideshow.thumbnails import Thumbnails
from slideshow.timeline_curve import STRIP_PX, Strip, draw_strip, line_y
from slideshow.timeline_painting import (
    CuePainter,
    paint_beats,
    paint_cut,
    paint_drawing_frame,
    paint_playhead,
    paint_ruler,
    paint_unknown,
)
from slideshow.timeline_view import (
    CUE_PX,
    CUES_TOP,
    CURVE_PX,
    CURVE_TOP,
    HEIGHT_PX,
    MAX_PX_PER_S,
    MIN_PX_PER_S,
    PLAYHEAD_SHARE,
    PX_PER_S,
    View,
    cue_at,
)

if TYPE_CHECKING:
    from engine.plan import Cue, Plan


class TimelineBoard(QWidget):
    """One song with its show, to be looked at; `Timeline` lets it be touched."""

    view_changed = Signal(float, float)
    """Start and end in seconds of the stretch that is visible."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cue_painter = CuePainter(thumbnails)
        self._curve: EmotionCurve | None = None
        self._spread: FloatArray | None = None
        self._beats = np.zeros(0, dtype=np.float32)
        self._plan: Plan | None = None
        self._cues: Sequence[Cue] = ()
        self._cue_moods: Sequence[Emotion] = ()
        self._duration_s = 0.0
        self._known_s = 0.0
        self._position_s = 0.0
        self._px_per_s = PX_PER_S
        self._view_start_s = 0.0
        self._strip: Strip | None = None
        self._strip_pixmap = QPixmap()
        self._preview: Plan | None = None
        self._edge_s = 0.0
        self._span: tuple[int, int] | None = None
        self._target = -1
        self.flags: tuple[Marked, ...] = ()
        self.drawing: ArcDrawing | None = None
        self.axis: Axis = "energy"
        self.setFixedHeight(HEIGHT_PX)
        self.setMinimumWidth(240)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Timeline")
        thumbnails.ready.connect(self._on_thumbnail)

    # What is shown

    @property
    def px_per_s(self) -> float:
        """The zoom."""
        return self._px_per_s

    def set_song(
        self,
        *,
        duration_s: float,
        curve: EmotionCurve | None,
        beat_times_s: Sequence[float],
        known_s: float,
        spread: FloatArray | None = None,
    ) -> None:
        """Show a song whose mood is known up to known_s; called again as it grows.

        spread (n, 2) is how far the mood may lie off at the curve's points, (valence, arousal).
        """
        self._duration_s = duration_s
        self._curve = curve if curve is not None and len(curve.times_s) > 0 else None
        self._spread = spread
        self._beats = np.asarray(beat_times_s, dtype=np.float32)
        self._known_s = min(known_s, duration_s)
        self._strip = None
        self._set_view_start()
        self.update()

    def set_plan(self, plan: Plan | None, moods: Sequence[Emotion] = (), *, n_shown: int | None = None) -> None:
        """Show a plan's first n_shown cues (all without it); moods hold each cue's photo's place."""
        self._plan = plan
        self._preview = None
        cues: Sequence[Cue] = plan.cues if plan is not None else ()
        self._cues = cues if n_shown is None else cues[:n_shown]
        self._cue_moods = moods
        self._describe()
        self.update()

    def set_flags(self, flags: tuple[Marked, ...]) -> None:
        """Show where the song was marked with how it feels."""
        self.flags = flags
        self._describe()
        self.update()

    def set_position(self, position_s: float) -> None:
        """Move the song under the playhead, or with reduced motion the playhead over the song."""
        before = cue_at(self._cues, self._position_s)
        self._position_s = min(max(position_s, 0.0), self._duration_s)
        self._set_view_start()
        if cue_at(self._cues, self._position_s) != before:
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

    @property
    def view(self) -> View:
        """What is in view."""
        return View(self._view_start_s, self._px_per_s, self.width(), self._duration_s)

    def time_at(self, x: float) -> float:
        """Time under a horizontal place of the widget."""
        return self.view.time_at(x)

    def x_at(self, t_s: float) -> float:
        """Horizontal place of a time."""
        return self.view.x_at(t_s)

    def cue_place(self, index: int) -> QPoint:
        """Centre of a cue, for pointing at it."""
        return self.view.cue_rect(self._cues[index]).center().toPoint()

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

    def _describe(self) -> None:
        index = cue_at(self._cues, self._position_s)
        if not 0 <= index < len(self._cues):
            self.setAccessibleDescription("No photos planned yet")
            return
        text = f"Photo {index + 1} of {len(self._cues)}: {self._cue_text(index)}"
        if self._span is not None:
            text += f". Photos {self._span[0] + 1} to {self._span[1] + 1} are selected"
        self.setAccessibleDescription(text)

    def _cue_text(self, index: int) -> str:
        cue = self._cues[index]
        text = f"{name_of(cue.photo.path)}, {clock_text(cue.start_s)} to {clock_text(cue.end_s)}"
        if index < len(self._cue_moods):
            text += f", {shown_word(self._cue_moods[index])}"
        if cue.partner is not None:
            text += f", beside {name_of(cue.partner.path)}"
        if index and cue.transition != "crossfade":
            text += f", comes by {cue.transition}"
        return f"{text}, pinned" if cue.is_pinned else text

    def _on_thumbnail(self, path: object) -> None:
        photos = (photo for cue in self._cues for photo in (cue.photo, cue.partner) if photo is not None)
        if any(photo.path == path for photo in photos):
            self.update(0, CUES_TOP - 4, self.width(), CUE_PX + 12)

    @property
    def current(self) -> int:
        """The cue under the playhead, -1 without one."""
        return cue_at(self._cues, self._position_s)

    # Drawing

    def start_drawing(self, drawing: ArcDrawing) -> None:
        """Let the mood be drawn over the song's."""
        self.drawing = drawing
        self._strip = None
        self.update()

    def stop_drawing(self) -> None:
        """Show the song's curve again, or the one that was drawn."""
        self.drawing = None
        self._strip = None
        self.update()

    def set_axis(self, axis: Axis) -> None:
        """Choose what the height of the drawn line says."""
        self.axis = axis
        self._strip = None
        self.update()

    # Painting

    def resizeEvent(self, event: object) -> None:
        self._strip = None
        self._set_view_start()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._strip = None
            self.update()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._duration_s > 0:
            view = self.view
            paint_ruler(painter, view)
            if self.drawing is not None:
                paint_drawing_frame(painter, view, self.axis, has_hint=not self.drawing.is_touched)
            else:
                paint_unknown(painter, view, self._known_s)
            self._paint_curve(painter, view)
            if self.drawing is None:
                paint_flags(painter, view, self.flags, self._curve)
            paint_beats(painter, view, self._beats)
            cues = self._preview.cues[: len(self._cues)] if self._preview is not None else self._cues
            self._cue_painter.paint(
                painter,
                view,
                cues,
                self._cue_moods,
                ratio=self.devicePixelRatioF(),
                current=cue_at(cues, self._position_s),
                span=self._span,
                target=self._target,
            )
            paint_playhead(painter, view, self._position_s)
            if self._preview is not None:
                paint_cut(painter, view, self._edge_s, is_on_beat=self._is_on_beat(self._edge_s))
        painter.end()

    def _is_on_beat(self, t_s: float) -> bool:
        right = bisect_right(self._beats, t_s)
        return any(abs(float(beat) - t_s) < 1e-3 for beat in self._beats[max(0, right - 1) : right + 1])

    def _paint_curve(self, painter: QPainter, view: View) -> None:
        curve = self.drawing.curve() if self.drawing is not None else self._curve
        known_s = self._duration_s if self.drawing is not None else self._known_s
        start_s, end_s = view.visible_s
        end_s = min(end_s, known_s)
        if curve is None or end_s <= start_s:
            return
        strip = self._strip
        if strip is None or start_s < strip.start_s or end_s > strip.end_s:
            # Drawn a screen's width ahead to either side: while it plays only this picture moves.
            margin_s = 0.0 if self.drawing is not None and self.drawing.is_stroking else end_s - start_s
            strip = self._strip = draw_strip(
                curve,
                start_s=max(0.0, start_s - margin_s),
                end_s=min(known_s, end_s + margin_s),
                px_per_s=self._px_per_s,
                ratio=self.devicePixelRatioF(),
                axis=self.axis if self.drawing is not None else "energy",
                spread=self._spread if self.drawing is None else None,
                has_ghost=self.drawing is not None,
            )
            self._strip_pixmap = QPixmap.fromImage(strip.image)
        painter.drawPixmap(QPointF(view.x_at(strip.start_s), CURVE_TOP + CURVE_PX - STRIP_PX), self._strip_pixmap)

    def curve_place(self, t_s: float, value: float) -> QPoint:
        """Place of a value of the curve at a time, for pointing at it."""
        return QPoint(round(self.x_at(t_s)), round(CURVE_TOP + CURVE_PX - STRIP_PX + float(line_y(value))))
