"""Photos as pictures on a page: a grid of tiles, and one large preview with its mood."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.emotion import Emotion
from slideshow import messages, theme
from slideshow.mood_colours import mood_colour
from slideshow.mood_words import shown_word
from slideshow.thumbnails import Thumbnails, paint_rounded

TILE_GAP_PX = 2
PREVIEW_LONG_SIDE_PX = 900


class PhotoTiles(QWidget):
    """Photos in a grid of tiles; a tile whose photo is not known yet stays plain."""

    def __init__(self, thumbnails: Thumbnails, *, columns: int, rows: int, radius_px: int = 4) -> None:
        super().__init__()
        self._thumbnails = thumbnails
        self._columns, self._rows = columns, rows
        self._radius_px = radius_px
        self._paths: tuple[Path, ...] = ()
        self.setMinimumSize(columns * 56, rows * 42)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        thumbnails.ready.connect(self._on_thumbnail)

    def set_photos(self, paths: tuple[Path, ...]) -> None:
        """Show these photos."""
        if paths != self._paths:
            self._paths = paths
            self.setAccessibleName(messages.count_of(len(paths), "photo"))
            self.update()

    def _on_thumbnail(self, path: object) -> None:
        if path in self._paths:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        gap = TILE_GAP_PX
        edges_x = [round(i * (self.width() + gap) / self._columns) for i in range(self._columns + 1)]
        edges_y = [round(i * (self.height() + gap) / self._rows) for i in range(self._rows + 1)]
        for i in range(self._columns * self._rows):
            row, column = divmod(i, self._columns)
            place = QRectF(
                edges_x[column], edges_y[row],
                edges_x[column + 1] - edges_x[column] - gap, edges_y[row + 1] - edges_y[row] - gap,
            )  # fmt: skip
            picture = None
            if i < len(self._paths):
                size = place.size().toSize()
                picture = self._thumbnails.cover(self._paths[i], size, ratio=self.devicePixelRatioF())
            if picture is not None:
                paint_rounded(painter, place, picture, self._radius_px)
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(t.raised if t.is_dark else t.hover))
                painter.drawRoundedRect(place, self._radius_px, self._radius_px)
        painter.end()


class Preview(QWidget):
    """The show's first photo, with the mood it stands for."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._thumbnails = thumbnails
        self._path: Path | None = None
        self._mood: Emotion | None = None
        self.setMinimumHeight(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        thumbnails.ready.connect(self._on_thumbnail)

    def set_photo(self, path: Path | None, mood: Emotion | None) -> None:
        """Show a photo and a mood."""
        self._path, self._mood = path, mood
        self.setAccessibleName(f"First photo: {shown_word(mood)}" if mood is not None else "No show yet")
        self.update()

    def _on_thumbnail(self, path: object) -> None:
        if path == self._path:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        picture = None
        if self._path is not None:
            picture = self._thumbnails.cover(
                self._path, self.size(), ratio=self.devicePixelRatioF(), long_side_px=PREVIEW_LONG_SIDE_PX
            )
        place = QRectF(self.rect())
        if picture is not None:
            paint_rounded(painter, place, picture, theme.RADIUS_BUTTON)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.raised if t.is_dark else t.hover))
            painter.drawRoundedRect(place, theme.RADIUS_BUTTON, theme.RADIUS_BUTTON)
        if picture is not None and self._mood is not None:
            self._paint_pill(painter, self._mood)
        painter.end()

    def _paint_pill(self, painter: QPainter, mood: Emotion) -> None:
        painter.setFont(theme.font("label"))
        word = shown_word(mood)
        height = max(28, theme.scaled_px(28))
        width = painter.fontMetrics().horizontalAdvance(word) + 12 + 8 + 8 + 12
        pill = QRectF(12, self.height() - 12 - height, width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.mixed(theme.OVER_PHOTO, theme.OVER_PHOTO_OPACITY))
        painter.drawRoundedRect(pill, height / 2, height / 2)
        painter.setBrush(mood_colour(mood.valence, mood.arousal))
        painter.drawEllipse(QPointF(pill.left() + 16, pill.center().y()), 4, 4)
        painter.setPen(QColor(theme.TEXT_OVER_PHOTO))
        painter.drawText(pill.adjusted(28, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, word)
