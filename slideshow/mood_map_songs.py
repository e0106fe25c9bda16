"""Songs on the mood map: open rings where they lie, and the title of the one that is pointed at."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from engine.emotion import FloatArray
from slideshow import theme
from slideshow.mood_map_painting import MapView

RING_PX, NEAR_PX = 5.0, 16.0
MOST = 300
"""More rings than these would hide the photos: of more songs some stand for all, evenly spread over their list."""

NO_PLACES = np.zeros((0, 2), dtype=np.float32)


class SongMarks:
    """The songs that are shown on a map, by their row in the list."""

    def __init__(self) -> None:
        self._places = NO_PLACES
        self._titles: tuple[str, ...] = ()
        self._shown = np.zeros(0, dtype=np.int64)
        self.marked = -1
        """The song the list is at."""

    def set(self, places: FloatArray, titles: tuple[str, ...]) -> None:
        """Show songs at places (m, 2) on the disc, none for empty ones."""
        self._places, self._titles, self.marked = places, titles, -1
        n = len(places)
        self._shown = np.unique(np.linspace(0, n - 1, min(n, MOST)).astype(np.int64)) if n else np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self._places)

    def at(self, at: QPointF, view: MapView) -> int:
        """The song whose ring is at a pixel, -1 for none."""
        if not len(self._shown):
            return -1
        u, v = view.to_disc(at)
        places = self._places[self._shown]
        apart = np.hypot(places[:, 0] - u, places[:, 1] - v) * view.scale
        best = int(apart.argmin())
        return int(self._shown[best]) if apart[best] <= NEAR_PX / 2 else -1

    def paint(self, painter: QPainter, view: MapView, *, hovered: int) -> None:
        """Draw the rings, and the title beside the one pointed at, else beside the one the list is at."""
        t = theme.current()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for song in self._shown.tolist():
            at = view.to_px(float(self._places[song, 0]), float(self._places[song, 1]))
            painter.setPen(QPen(QColor(t.window), 4.0))
            painter.drawEllipse(at, RING_PX, RING_PX)
            painter.setPen(QPen(QColor(t.text), 1.75))
            painter.drawEllipse(at, RING_PX, RING_PX)
        named = hovered if hovered >= 0 else self.marked
        if 0 <= named < len(self._places):
            self._paint_title(painter, view, named)

    def _paint_title(self, painter: QPainter, view: MapView, song: int) -> None:
        t = theme.current()
        at = view.to_px(float(self._places[song, 0]), float(self._places[song, 1]))
        painter.setPen(QPen(QColor(t.text), 2.0))
        painter.setBrush(QColor(t.accent))
        painter.drawEllipse(at, RING_PX + 1, RING_PX + 1)
        painter.setFont(theme.font("label"))
        text = painter.fontMetrics().elidedText(self._titles[song], Qt.TextElideMode.ElideRight, 240)
        width, height = painter.fontMetrics().horizontalAdvance(text) + 16, theme.line_px("label") + 8
        left = at.x() + 12 if at.x() + 12 + width < view.size.width() else at.x() - 12 - width
        place = QRectF(round(left), round(at.y() - height / 2), width, height)
        painter.setPen(QPen(QColor(t.line_2), 1.0))
        painter.setBrush(QColor(t.raised))
        painter.drawRoundedRect(place, 6, 6)
        painter.setPen(QColor(t.text))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
