"""The mood map: every photo of the library on the plane, to look at, to wander over, and to pick from.

Right is pleasant, up is energetic. With the lasso a drag picks a region, with the hand it moves the map; a click picks
the nearest photo, a mood word all that feel so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.emotion import FloatArray
from slideshow import mood_map_painting as painting
from slideshow import theme
from slideshow.browse_photos import BrowsePhotos, Mask, on_disc
from slideshow.focus_ring import show_ring
from slideshow.map_teaching import MapTeaching
from slideshow.messages import count_of
from slideshow.mood_colours import mood_colour
from slideshow.mood_map_card import paint_card, paint_mark
from slideshow.mood_map_moving import NO_PLACES, MovingMap
from slideshow.mood_map_painting import MapView
from slideshow.mood_map_songs import SongMarks
from slideshow.thumbnails import Thumbnails

if TYPE_CHECKING:
    from engine.library import Photo

Tool = Literal["lasso", "hand", "teach"]

NEAR_PX = 16.0
"""A click takes the nearest photo within this: half of the 32 px that everything clickable has."""

CLICK_PX = 5.0
WHEEL_STEP, KEY_STEP, KEY_PAN_PX = 1.25, 1.5, 60.0


class MoodMap(MovingMap):
    """The map as a widget. It shows what it is told and says what the person picks."""

    region_picked = Signal(object, bool)
    """Corners (m, 2) of a lasso on the disc, None where it was cleared; and whether it adds to what is chosen."""
    photo_picked = Signal(int)
    """Row of the photo that was clicked."""
    photo_opened = Signal(int)
    """Row of the photo that was double-clicked."""
    word_picked = Signal(str)
    song_picked = Signal(int)
    """A song that was clicked, as it was given to `set_songs`."""
    song_opened = Signal(int)
    tool_changed = Signal(str)
    photos_changed = Signal()

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(thumbnails, parent)
        self._thumbnails = thumbnails
        self._photos: BrowsePhotos | None = None
        self._is_absolute = False
        self._marked = -1
        self._regions: tuple[FloatArray, ...] = ()
        self._bright: tuple[str, ...] = ()
        self._tool: Tool = "lasso"
        self._drawing: list[tuple[float, float]] = []
        self._is_adding = False
        self._pressed: QPointF | None = None
        self._panned_from: QPointF | None = None
        self._hovered, self._hover_at, self._hovered_word = -1, QPointF(), ""
        self._songs, self._hovered_song = SongMarks(), -1
        self._offline: frozenset[int] = frozenset()
        self.taught = MapTeaching(self, thumbnails)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 320)
        thumbnails.ready.connect(self._on_thumbnail)
        self._describe()
        self._show_cursor()

    # What is shown

    @property
    def tool(self) -> Tool:
        """What a drag does."""
        return self._tool

    @property
    def is_absolute(self) -> bool:
        """Whether photos lie where the model says, rather than where they stand among each other."""
        return self._is_absolute

    def set_photos(self, photos: BrowsePhotos | None) -> None:
        """Show these photos."""
        self._photos = photos
        self._chosen, self._marked, self._hovered = None, -1, -1
        self._pictures.set_photos(photos)
        self._place()
        self.photos_changed.emit()

    def photo_of(self, row: int) -> Photo:
        """The photo of a row."""
        assert self._photos is not None
        return self._photos.photo(row)

    def set_marks(self, photos: BrowsePhotos) -> None:
        """Take the same photos with other marks: they lie where they lay."""
        self._photos = photos
        self._places = photos.absolute_places if self._is_absolute else photos.places
        if self._layer is not None:
            self._ask()

    def set_offline(self, photo_ids: frozenset[int]) -> None:
        """Do not read photos whose drive is not there: they are points, not pictures."""
        self._offline = photo_ids
        self._pictures.set_offline(photo_ids)

    def set_absolute(self, *, is_absolute: bool) -> None:
        """Place photos by what the model says (True) or by their place among each other."""
        if is_absolute != self._is_absolute:
            self._is_absolute = is_absolute
            self._place()
            if not is_absolute and self._tool == "teach":
                self.set_tool("lasso")  # ratings are places of the absolute view

    def _place(self) -> None:
        photos = self._photos
        self._places = NO_PLACES
        if photos is not None:
            self._places = photos.absolute_places if self._is_absolute else photos.places
        self._describe()
        self._ask()
        self.update()

    def set_chosen(self, chosen: Mask | None, *, regions: tuple[FloatArray, ...] = (), words: tuple[str, ...]) -> None:
        """Make the chosen photos stand out, None for all alike; regions are the lassos, words those that name them."""
        self._chosen, self._regions, self._bright = chosen, regions, words
        self._describe()
        self._recolour.start()
        self.update()

    def set_marked(self, row: int) -> None:
        """Ring one photo, -1 for none."""
        if row != self._marked:
            self._marked = row
            self._repaint_all()

    def set_path(self, va: FloatArray) -> None:
        """Draw a song's way over the map: its moods (m, 2), none for an empty one."""
        self._path = on_disc(va) if len(va) else NO_PLACES
        self._repaint_all()

    def set_songs(self, places: FloatArray, titles: tuple[str, ...]) -> None:
        """Show songs at places (m, 2) on the disc, none for empty ones."""
        if len(places) or len(self._songs):
            self._songs.set(places, titles)
            self._hovered_song = -1
            self._repaint_all()

    def mark_song(self, song: int) -> None:
        """Name one of the songs, -1 for none."""
        self._songs.marked = song
        self._repaint_all()

    def _describe(self) -> None:
        n = len(self._places)
        words = f"{count_of(n, 'photo')} by mood"
        if self._chosen is not None:
            words += f", {int(self._chosen.sum()):,} chosen"
        self.setAccessibleName("Mood map")
        self.setAccessibleDescription(f"{words}. Across: how pleasant. Up: how energetic.")

    def set_tool(self, tool: Tool) -> None:
        """Choose what a drag does."""
        self._tool = tool
        self._show_cursor()
        self.tool_changed.emit(tool)

    def _show_cursor(self) -> None:
        is_hand = self._tool != "lasso"
        shape = Qt.CursorShape.OpenHandCursor if is_hand else Qt.CursorShape.CrossCursor
        if self._panned_from is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._hovered_word:
            shape = Qt.CursorShape.PointingHandCursor
        self.setCursor(shape)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._moving.isActive():
            self._paint_moving(painter)
        else:
            self._paint_still(painter)
        if self._drawing:
            drawn = painting.lasso_path(np.array(self._drawing, dtype=np.float32), self._view)
            painting.paint_lasso(painter, drawn, theme.current())
        self.taught.paint(painter, hovered=self._hovered)
        painting.paint_overview(painter, self._view, theme.current(), ratio=self.devicePixelRatioF())
        if self._hovered >= 0 and not self._drawing and not self.taught.is_dragging:
            self._paint_card(painter, self._hovered)
        painter.end()

    def _paint_over(self, painter: QPainter, view: MapView) -> None:
        t = theme.current()
        bright = (*self._bright, self._hovered_word) if self._hovered_word else self._bright
        painting.paint_words(painter, painting.word_places(view), bright, t)
        for region in self._regions:
            painting.paint_lasso(painter, painting.lasso_path(region, view), t)
        if self._marked >= 0:
            self._paint_mark(painter, self._marked, view)
        self._songs.paint(painter, view, hovered=self._hovered_song)

    def _paint_mark(self, painter: QPainter, row: int, view: MapView) -> None:
        at = view.to_px(float(self._places[row, 0]), float(self._places[row, 1]))
        paint_mark(painter, at, self._colour(row))

    def _colour(self, row: int) -> QColor:
        u, v = (float(part) for part in self._places[row])
        return mood_colour(0.5 + u / 2, 0.5 + v / 2, scale=theme.current().name)

    def _paint_card(self, painter: QPainter, row: int) -> None:
        """Show the photo under the pointer, beside it, with its word and date."""
        assert self._photos is not None
        self._paint_mark(painter, row, self._view)
        is_away = self._photos.photo(row).id in self._offline
        paint_card(
            painter, self, self._hover_at, self._photos, row, self._thumbnails,
            colour=self._colour(row), is_away=is_away,
        )  # fmt: skip

    def _on_thumbnail(self, path: object) -> None:
        self._pictures.arrived(path)
        if self.isVisible():
            self.update()

    # Mouse

    def photo_at(self, at: QPointF) -> int:
        """Row of the photo at a pixel: a thumbnail there, else the nearest point; -1 for none."""
        for row, place in reversed(self._shown_thumbnails()):
            if place.contains(at):
                return row
        u, v = self._view.to_disc(at)
        layer = self._shown_layer
        return layer.index.nearest(u, v, NEAR_PX / self._view.scale) if layer is not None else -1

    def _word_at(self, at: QPointF) -> str:
        for word, place in painting.word_places(self._view).items():
            if place.adjusted(-4, -4, 4, 4).contains(at):
                return word
        return ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._glide.stop()
        is_left = event.button() == Qt.MouseButton.LeftButton
        if is_left and self._tool == "teach" and self.taught.press(at):
            return
        if event.button() == Qt.MouseButton.MiddleButton or (is_left and self._tool != "lasso"):
            self._panned_from = at
            self._pressed = at if is_left else None
            self._show_cursor()
        elif is_left:
            self._pressed = at
            self._is_adding = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self.taught.move(at):
            return
        if self._panned_from is not None:
            step = at - self._panned_from
            self._panned_from = at
            if self._pressed is not None and (at - self._pressed).manhattanLength() > CLICK_PX:
                self._pressed = None
            self.pan(step.x(), step.y())
            return
        if self._pressed is not None:
            if not self._drawing and (at - self._pressed).manhattanLength() > CLICK_PX:
                self._drawing = [self._view.to_disc(self._pressed)]
            if self._drawing:
                self._drawing.append(self._view.to_disc(at))
                self.update()
            return
        word, song = self._word_at(at), self._songs.at(at, self._view)
        row = -1 if word or song >= 0 else self.photo_at(at)
        if song != self._hovered_song:
            self._hovered_song = song
            self.update()
        if (row, word) != (self._hovered, self._hovered_word) or row >= 0:
            self._hovered, self._hovered_word, self._hover_at = row, word, at
            self._show_cursor()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at, pressed = event.position(), self._pressed
        if self.taught.release():
            return
        self._pressed = None
        if self._panned_from is not None:
            self._panned_from = None
            self._show_cursor()
        if self._drawing:
            region = np.array(self._drawing, dtype=np.float32)
            self._drawing = []
            self.region_picked.emit(region, self._is_adding)
            self.update()
        elif pressed is not None and event.button() == Qt.MouseButton.LeftButton:
            word, song = self._word_at(at), self._songs.at(at, self._view)
            row = -1 if word else self.photo_at(at)
            if song >= 0:
                self.song_picked.emit(song)
            elif word:
                self.word_picked.emit(word)
            elif row >= 0:
                self.photo_picked.emit(row)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        song = self._songs.at(event.position(), self._view)
        row = self.photo_at(event.position())
        if song >= 0:
            self.song_opened.emit(song)
        elif row >= 0:
            self.photo_opened.emit(row)

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered, self._hovered_word = -1, ""
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120
        if steps:
            self._glide.stop()
            self._hovered = -1
            self._set_view(self._view.zoomed(WHEEL_STEP**steps, event.position()))
        event.accept()

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in steps and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            dx, dy = steps[key]
            self.pan(dx * KEY_PAN_PX, dy * KEY_PAN_PX)
        elif key == Qt.Key.Key_Escape and self.taught.cancel():
            pass
        elif key == Qt.Key.Key_Escape and (self._drawing or self._pressed is not None):
            self._drawing, self._pressed = [], None
            self.update()
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=theme.RADIUS_BUTTON)
        super().focusInEvent(event)
