"""Teaching on the mood map: a photo is dragged to where it feels right, and what was taught is marked where it was put.

Only where photos lie by what the model says (the absolute view): there a place on the map is what a rating says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen

from engine.emotion import Emotion
from slideshow import theme
from slideshow.browse_photos import from_disc
from slideshow.mood_colours import mood_colour
from slideshow.mood_words import shown_word
from slideshow.teach_place import GUESS_PX, THUMBNAIL_PX
from slideshow.thumbnails import Thumbnails, covering, paint_rounded

if TYPE_CHECKING:
    from slideshow.mood_map import MoodMap

MARK_PX, TOUCH_PX, DRAG_PX = 14.0, 16.0, 5.0


class MapTeaching(QObject):
    """What the map does while its tool is to teach."""

    placed = Signal(int, object)
    """Row of the photo that was put elsewhere, and the Emotion it was put at."""

    def __init__(self, over: MoodMap, thumbnails: Thumbnails) -> None:
        super().__init__(over)
        self._map, self._thumbnails = over, thumbnails
        self._marks: Mapping[int, tuple[float, float]] = {}
        self._row = -1
        self._pressed, self._at = QPointF(), QPointF()
        self._is_dragged = False

    @property
    def is_dragging(self) -> bool:
        """Whether a photo is in the hand."""
        return self._is_dragged

    @property
    def marks(self) -> Mapping[int, tuple[float, float]]:
        """Rows of the photos that were taught, with their places on the disc."""
        return self._marks

    def set_marks(self, marks: Mapping[int, tuple[float, float]]) -> None:
        """Mark where photos were put."""
        self._marks = marks
        self.cancel()
        self._map.update()

    def mark_at(self, at: QPointF) -> int:
        """Row of the photo whose mark lies at a pixel, the nearest one; -1 for none."""
        view = self._map.view
        near = {row: (view.to_px(*place) - at).manhattanLength() for row, place in self._marks.items()}
        best = min(near, key=near.__getitem__, default=-1)
        return best if best >= 0 and near[best] <= TOUCH_PX else -1

    # Mouse

    def press(self, at: QPointF) -> bool:
        """Take the photo or the mark at a pixel; False where there is none."""
        if not self._map.is_absolute:
            return False
        marked = self.mark_at(at)
        self._row = marked if marked >= 0 else self._map.photo_at(at)
        self._pressed = self._at = at
        return self._row >= 0

    def move(self, at: QPointF) -> bool:
        """Follow the hand; False where it holds nothing."""
        if self._row < 0:
            return False
        self._is_dragged = self._is_dragged or (at - self._pressed).manhattanLength() > DRAG_PX
        self._at = at
        if self._is_dragged:
            self._map.setCursor(Qt.CursorShape.ClosedHandCursor)
            self._map.update()
        return True

    def release(self) -> bool:
        """Put it down; False where the hand held nothing."""
        row, is_dragged = self._row, self._is_dragged
        if row < 0:
            return False
        self.cancel()
        if is_dragged:
            self.placed.emit(row, self._place(self._at))
        else:
            self._map.photo_picked.emit(row)
        return True

    def cancel(self) -> bool:
        """Let go of it; False where the hand holds nothing."""
        was_held = self._row >= 0
        self._row, self._is_dragged = -1, False
        if was_held:
            self._map.setCursor(Qt.CursorShape.OpenHandCursor)
            self._map.update()
        return was_held

    def _place(self, at: QPointF) -> Emotion:
        return Emotion(*from_disc(*self._map.view.to_disc(at)))

    # Painting

    def paint(self, painter: QPainter, *, hovered: int) -> None:
        """Draw the marks, the way from the guess of the one under the pointer, and the photo in the hand."""
        if not self._map.is_absolute:
            return
        for row, place in self._marks.items():
            if row != self._row:
                self._paint_mark(painter, self._map.view.to_px(*place))
        if hovered in self._marks and not self._is_dragged:
            self._paint_way(painter, hovered, self._map.view.to_px(*self._marks[hovered]))
        if self._is_dragged:
            self._paint_held(painter)

    def _paint_mark(self, painter: QPainter, at: QPointF) -> None:
        """A ring with a cross-hair's ticks: here the person has put a photo."""
        t = theme.current()
        place = self._place(at)
        painter.setPen(QPen(QColor(t.window), 3.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(at, MARK_PX / 2 - 1, MARK_PX / 2 - 1)
        painter.setPen(QPen(QColor(t.text), 1.5))
        painter.drawEllipse(at, MARK_PX / 2 - 1, MARK_PX / 2 - 1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mood_colour(place.valence, place.arousal, scale=t.name))
        painter.drawEllipse(at, 3.0, 3.0)

    def _paint_way(self, painter: QPainter, row: int, to: QPointF) -> None:
        t = theme.current()
        u, v = (float(part) for part in self._map.places[row])
        at = self._map.view.to_px(u, v)
        painter.setPen(QPen(QColor(t.text_2), 1.0))
        painter.drawLine(at, to)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.text_2))
        painter.drawEllipse(at, GUESS_PX / 2, GUESS_PX / 2)

    def _paint_held(self, painter: QPainter) -> None:
        t = theme.current()
        place = self._place(self._at)
        self._paint_way(painter, self._row, self._at)
        frame = QRectF(0, 0, THUMBNAIL_PX, THUMBNAIL_PX)
        frame.moveCenter(self._at)
        inner = frame.adjusted(3, 3, -3, -3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.panel))
        painter.drawEllipse(frame)
        whole = self._thumbnails.pixmap(self._map.photo_of(self._row).path)
        if whole is not None:
            side = QSize(round(inner.width()), round(inner.height()))
            picture = covering(whole, side, ratio=self._map.devicePixelRatioF())
            paint_rounded(painter, inner, picture, inner.width() / 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(mood_colour(place.valence, place.arousal, scale=t.name), 2.0))
        painter.drawEllipse(frame.adjusted(1, 1, -1, -1))
        self._paint_word(painter, shown_word(place), frame)

    def _paint_word(self, painter: QPainter, word: str, beside: QRectF) -> None:
        t = theme.current()
        painter.setFont(theme.font("label"))
        width, height = painter.fontMetrics().horizontalAdvance(word) + 20, theme.line_px("label") + 8
        left = beside.right() + 8
        if left + width > self._map.width():
            left = beside.left() - 8 - width
        pill = QRectF(left, beside.center().y() - height / 2, width, height)
        painter.setPen(QPen(QColor(t.line_2), 1.0))
        painter.setBrush(QColor(t.raised))
        painter.drawRoundedRect(pill, height / 2, height / 2)
        painter.setPen(QColor(t.text))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, word)
