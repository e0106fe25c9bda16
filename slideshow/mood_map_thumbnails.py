"""The thumbnails on the mood map: made once with their round corners, a few in each paint, dimmed where not chosen."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from slideshow import theme
from slideshow.browse_photos import BrowsePhotos, Mask
from slideshow.thumbnails import Thumbnails, covering, paint_rounded

MAX_PICTURES = 2_000
"""Thumbnails kept with their corners, 16 kB each."""

PAINT_BUDGET_S = 0.008
"""Thumbnails are scaled so long in one paint, and none while the map moves: it would stutter while they arrive."""

DIMMED = 0.5


class MapThumbnails:
    """Pictures of the photos that stand on the map as thumbnails, by row and size."""

    def __init__(self, thumbnails: Thumbnails, over: QWidget) -> None:
        self._thumbnails, self._over = thumbnails, over
        self._photos: BrowsePhotos | None = None
        self._made: dict[tuple[int, int], QPixmap] = {}
        self._asked: set[Path] = set()
        self._offline: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self._made)

    @property
    def is_full(self) -> bool:
        """Whether so many are kept that they may be made anew."""
        return len(self._made) > MAX_PICTURES

    def set_photos(self, photos: BrowsePhotos | None) -> None:
        """Draw these photos from now on."""
        self._photos = photos
        self._made.clear()

    def set_offline(self, photo_ids: frozenset[int]) -> None:
        """Leave these photos alone: their drive is not there."""
        self._offline = photo_ids

    def forget(self) -> None:
        """Make all anew: another size, another look."""
        self._made.clear()
        self._asked.clear()

    def arrived(self, path: object) -> None:
        """A thumbnail that was asked for has come, or never will."""
        self._asked.discard(path)

    def paint(self, painter: QPainter, places: list[tuple[int, QRectF]], chosen: Mask | None) -> bool:
        """Draw thumbnails at their places; True where some are due in the next paint."""
        until_s, is_due = time.perf_counter() + PAINT_BUDGET_S, False
        for row, place in places:
            side = round(place.width())
            picture = self._made.get((row, side))
            if picture is None:
                if time.perf_counter() > until_s:
                    is_due = True
                    continue
                picture = self._make(row, side)
            if picture is not None:
                _draw(painter, row, place, picture, chosen)
        painter.setOpacity(1.0)
        return is_due

    def paint_known(self, painter: QPainter, places: list[tuple[int, QRectF]], chosen: Mask | None) -> None:
        """Draw those that are made already."""
        for row, place in places:
            picture = self._made.get((row, round(place.width())))
            if picture is not None:
                _draw(painter, row, place, picture, chosen)

    def _make(self, row: int, side: int) -> QPixmap | None:
        """Make a thumbnail with its round corners, once."""
        assert self._photos is not None
        ratio = self._over.devicePixelRatioF()
        photo = self._photos.photo(row)
        if photo.id in self._offline:
            return None
        path = photo.path
        # Asked for once: the grid, where someone is looking for a photo, comes first.
        whole = self._thumbnails.known(path) if path in self._asked else self._thumbnails.pixmap(path)
        if whole is None:
            self._asked.add(path)
            return None
        made = QPixmap(QSize(side, side) * ratio)
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        cover = covering(whole, QSize(side, side), ratio=ratio)
        paint_rounded(painter, QRectF(0, 0, side, side), cover, theme.RADIUS_THUMBNAIL)
        painter.end()
        self._made[row, side] = made
        return made


def _draw(painter: QPainter, row: int, place: QRectF, picture: QPixmap, chosen: Mask | None) -> None:
    painter.setOpacity(DIMMED if chosen is not None and not chosen[row] else 1.0)
    painter.drawPixmap(place.topLeft(), picture)
