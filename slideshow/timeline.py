"""The timeline under the hand: seek and zoom, drag cuts, drop photos, select stretches, draw a mood over the song's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from engine import edits
from engine.emotion import Emotion
from slideshow import theme
from slideshow.arc_drawing import ArcDrawing, Axis
from slideshow.focus_ring import show_ring
from slideshow.song_mark_flags import flag_under
from slideshow.thumbnails import Thumbnails
from slideshow.timeline_board import TimelineBoard
from slideshow.timeline_view import CUES_TOP, CURVE_PX, CURVE_TOP, ZOOM_STEP, cue_at

if TYPE_CHECKING:
    from engine.plan import Plan

SNAP_PX = 7.0
"""A cut that is dragged this near to a beat takes it."""

BUMP = 0.05
"""What a key raises or lowers the drawn mood by."""

_SHIFT = Qt.KeyboardModifier.ShiftModifier
_FREE = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier


class Timeline(TimelineBoard):
    """One song with its show.

    Click or drag to seek, wheel or + and - to zoom, click a cue to go to it. Drag a cue's edge to move the cut, drag
    with Shift to select a stretch.
    """

    seek_asked = Signal(float)
    cut_moved = Signal(int, float)
    """Index of the cue that shall begin at another time, and the time."""
    photo_dropped = Signal(int, object)
    """Index of the cue, and the Path of the photo dropped on it."""
    menu_asked = Signal(int, QPoint)
    """Index of the cue, and the place on the screen."""
    span_changed = Signal()
    flag_chosen = Signal(int)
    """Index of the mark of the song that was clicked."""
    moment_menu_asked = Signal(float, QPoint)
    """A time of the song, and the place on the screen."""
    arc_drawn = Signal()
    """A stroke of the drawn mood has ended."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(thumbnails, parent)
        self._pressed_at: QPointF | None = None
        self._pressed_position_s = 0.0
        self._is_dragging = False
        self._edge = -1
        self._span_from = -1
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)

    def set_plan(self, plan: Plan | None, moods: Sequence[Emotion] = (), *, n_shown: int | None = None) -> None:
        """Show a plan; a cut that is being dragged is let go, for it may be another one now."""
        self._edge = -1
        super().set_plan(plan, moods, n_shown=n_shown)
        if self._span is not None and self._span[1] >= len(self._cues):
            self.select(None)

    # Selecting

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last cue of the selected stretch."""
        return self._span

    def select(self, span: tuple[int, int] | None) -> None:
        """Select a stretch of cues, or none."""
        if span is not None:
            span = min(span), min(max(span), len(self._cues) - 1)
        if span != self._span:
            self._span = span
            self._span_from = -1 if span is None else self._span_from
            self._describe()
            self.update()
            self.span_changed.emit()

    def extend_span(self, step: int) -> None:
        """Move the end of the selection that is not its anchor; it starts at the current cue."""
        if not self._cues:
            return
        if self._span is None or not self._span[0] <= self._span_from <= self._span[1]:
            self._span_from = max(0, self.current)
            self.select((self._span_from, self._span_from))
        assert self._span is not None
        moving = self._span[1] if self._span[0] == self._span_from else self._span[0]
        moving = min(max(moving + step, 0), len(self._cues) - 1)
        self.select((self._span_from, moving))

    # Drawing

    def start_drawing(self, drawing: ArcDrawing) -> None:
        """Let the mood be drawn over the song's."""
        self.select(None)
        super().start_drawing(drawing)

    def _axis_of(self, modifiers: Qt.KeyboardModifier) -> Axis:
        if not modifiers & _SHIFT:
            return self.axis
        return "pleasantness" if self.axis == "energy" else "energy"

    def _draw_at(self, place: QPointF, *, is_first: bool, modifiers: Qt.KeyboardModifier) -> None:
        assert self.drawing is not None
        t_s = min(max(self.time_at(place.x()), 0.0), self._duration_s)
        value = 1 - (place.y() - CURVE_TOP) / (CURVE_PX - 3)
        if is_first:
            self.drawing.begin(t_s, value, self._axis_of(modifiers))
        else:
            self.drawing.go_on(t_s, value)
        self._strip = None
        self.update()

    # Keys and mouse

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, is_shifted = event.key(), bool(event.modifiers() & _SHIFT)
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(ZOOM_STEP)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / ZOOM_STEP)
        elif self.drawing is not None and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = BUMP if key == Qt.Key.Key_Up else -BUMP
            self.drawing.bump(self._position_s, step, self._axis_of(event.modifiers()))
            self._strip = None
            self.update()
            self.arc_drawn.emit()
        elif self.drawing is None and is_shifted and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.extend_span(-1 if key == Qt.Key.Key_Left else 1)
        elif self._edge >= 0 and key == Qt.Key.Key_Escape:
            self._drop_edge()
        elif key == Qt.Key.Key_Menu or (key == Qt.Key.Key_F10 and is_shifted):
            self._ask_menu(self.current)
        else:
            event.ignore()

    def _ask_menu(self, index: int, place: QPoint | None = None) -> None:
        if 0 <= index < len(self._cues):
            at = place if place is not None else self.mapToGlobal(self.cue_place(index))
            self.menu_asked.emit(index, at)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            self._ask_menu(self.current)
            return
        t_s = self.time_at(event.pos().x())
        if self._is_over_curve(QPointF(event.pos())) and 0.0 <= t_s <= self._duration_s:
            self.moment_menu_asked.emit(t_s, event.globalPos())
            return
        index = self.view.cue_under(QPointF(event.pos()), self._cues)
        self._ask_menu(index, event.globalPos())

    def _is_over_curve(self, place: QPointF) -> bool:
        return self.drawing is None and CURVE_TOP - 4 <= place.y() <= CURVE_TOP + CURVE_PX + 4

    def flag_under(self, place: QPointF) -> int:
        """Index of the mark at a place, -1 where there is none."""
        return flag_under(place, self.flags, self.view, self._curve) if self._is_over_curve(place) else -1

    def wheelEvent(self, event: QWheelEvent) -> None:
        turned = event.angleDelta().y() or event.angleDelta().x()
        self.zoom(ZOOM_STEP ** (turned / 120))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        place, modifiers = event.position(), event.modifiers()
        self._pressed_at = place
        self._pressed_position_s = self._position_s
        self._is_dragging = False
        self._edge = self.view.edge_under(place, self._cues) if self._plan is not None else -1
        if self.drawing is not None and CURVE_TOP - 4 <= place.y() <= CURVE_TOP + CURVE_PX + 4:
            self._draw_at(place, is_first=True, modifiers=modifiers)
        elif self._edge < 0 and modifiers & _SHIFT and (index := self.view.cue_under(place, self._cues)) >= 0:
            self._span_from = index
            self.select((index, index))
        elif self._edge < 0:
            self._span_from = -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = event.position()
        if self._pressed_at is None:
            self._show_cursor(place)
            return
        if self.drawing is not None and self.drawing.is_stroking:
            self._draw_at(place, is_first=False, modifiers=event.modifiers())
            return
        moved_px = place.x() - self._pressed_at.x()
        if not self._is_dragging and abs(moved_px) < min(QApplication.startDragDistance(), 6):
            return
        self._is_dragging = True
        if self._edge >= 0:
            self._drag_edge(place.x(), is_free=bool(event.modifiers() & _FREE))
        elif self._span_from >= 0:
            over = cue_at(self._cues, self.time_at(place.x()))
            self.select((self._span_from, min(max(over, 0), len(self._cues) - 1)))
        else:
            if theme.is_motion_reduced():
                wanted = self.time_at(place.x())
            else:
                wanted = self._pressed_position_s - moved_px / self._px_per_s
            self.seek_asked.emit(min(max(wanted, 0.0), self._duration_s))

    def _show_cursor(self, place: QPointF) -> None:
        is_over_curve = CURVE_TOP - 4 <= place.y() <= CURVE_TOP + CURVE_PX + 4
        if self.flag_under(place) >= 0:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        elif self.drawing is not None and is_over_curve and 0 <= self.time_at(place.x()) <= self._duration_s:
            self.setCursor(Qt.CursorShape.CrossCursor)
        elif self._plan is not None and self.view.edge_under(place, self._cues) >= 0:
            self.setCursor(Qt.CursorShape.SizeHorCursor)
        elif self.view.cue_under(place, self._cues) >= 0:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.setCursor(Qt.CursorShape.ArrowCursor)

    def _drag_edge(self, x: float, *, is_free: bool) -> None:
        """Move the cut under the hand, as far as it goes; beats draw it."""
        assert self._plan is not None
        try:
            low, high = edits.cut_range(self._plan, self._edge)
        except ValueError as refusal:
            QToolTip.showText(self.mapToGlobal(QPoint(round(x), CUES_TOP - 24)), str(refusal), self)
            return
        t_s = self.time_at(x)
        if not is_free:
            t_s = edits.snapped(t_s, self._beats.tolist(), within_s=SNAP_PX / self._px_per_s)
        self._edge_s = min(max(t_s, low), high)
        self._preview = edits.move_cut(self._plan, self._edge, self._edge_s)
        self.update()

    def _drop_edge(self) -> None:
        self._edge = -1
        self._preview = None
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed_at is None or event.button() != Qt.MouseButton.LeftButton:
            return
        if self.drawing is not None and self.drawing.is_stroking:
            self.drawing.end()
            self.arc_drawn.emit()
        elif self._preview is not None:
            index, t_s = self._edge, self._edge_s
            self._drop_edge()
            self.cut_moved.emit(index, t_s)
        elif not self._is_dragging and self._span_from < 0:
            self._seek_to(event.position())
        self._edge = -1
        self._pressed_at = None
        self._is_dragging = False

    def _seek_to(self, place: QPointF) -> None:
        flag = self.flag_under(place)
        if flag >= 0:
            self.flag_chosen.emit(flag)
            return
        if self._span is not None:
            self.select(None)
        index = self.view.cue_under(place, self._cues)
        wanted = self.time_at(place.x())
        if index >= 0:  # where its photo stands alone, after its crossfade
            wanted = self._cues[index].start_s + self._cues[index].fade_s / 2
        if 0.0 <= wanted <= self._duration_s:
            self.seek_asked.emit(wanted)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = QPointF(event.pos())
            index = self.view.cue_under(place, self._cues)
            flag = self.flag_under(place)
            if flag >= 0:
                QToolTip.showText(event.globalPos(), f"{self.flags[flag].words}. Click to change it.", self)
            elif self._plan is not None and self.view.edge_under(place, self._cues) >= 0:
                QToolTip.showText(event.globalPos(), "Drag to move the cut; with Alt or Shift beside the beat", self)
            elif index >= 0:
                QToolTip.showText(event.globalPos(), self._cue_text(index), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    # Drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_photo(event) is not None and self._cues:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._set_target(self.view.cue_under(event.position(), self._cues))
        if self._target >= 0:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._set_target(-1)

    def dropEvent(self, event: QDropEvent) -> None:
        index, photo = self.view.cue_under(event.position(), self._cues), dropped_photo(event)
        self._set_target(-1)
        if index >= 0 and photo is not None:
            event.acceptProposedAction()
            self.photo_dropped.emit(index, photo)

    def _set_target(self, index: int) -> None:
        if index != self._target:
            self._target = index
            self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=theme.RADIUS_BUTTON)
        super().focusInEvent(event)


def dropped_photo(event: QDropEvent) -> Path | None:
    """The first photo among the files that are dragged; None for songs, folders and anything else."""
    from engine.images import PHOTO_SUFFIXES

    files = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return next((path for path in files if path.suffix.lower() in PHOTO_SUFFIXES), None)
