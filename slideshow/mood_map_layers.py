"""The map's points and its choice of thumbnails, made in a thread of their own: the newest view wins."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from engine.emotion import FloatArray
from slideshow.browse_photos import Mask, PlaceIndex, Rows
from slideshow.mood_map_painting import MapView, points_image, thumbnail_level, thumbnail_rows
from slideshow.theme import Tokens

MARGIN_PX = 160
"""Drawn around what is seen, so that a drag needs no new picture before it has gone so far."""


@dataclass(frozen=True, slots=True, eq=False)
class Wanted:
    """What a layer is to show."""

    places: FloatArray
    chosen: Mask | None
    view: MapView
    ratio: float
    tokens: Tokens


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """All points of a view as a picture that reaches MARGIN_PX beyond it, and the rows that stand as thumbnails.

    index finds the points by their places.
    """

    wanted: Wanted
    image: QImage
    level: int
    thumbnails: Rows
    index: PlaceIndex


class MapLayers(QObject):
    """Lives in the GUI thread; `ready` tells of each layer that is still wanted when it is done."""

    ready = Signal(object)
    """A Layer."""
    _drawn = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="map")
        self._lock = threading.Lock()
        self._next: Wanted | None = None
        self._is_running = False
        self._is_down = False
        self._indexed: tuple[FloatArray, PlaceIndex] | None = None
        self._choices: tuple[object, dict[tuple[int, float], Rows]] = (None, {})
        self._drawn.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def is_busy(self) -> bool:
        """Whether a layer is being drawn."""
        return self._is_running

    def ask(self, wanted: Wanted) -> None:
        """Draw this next; what was asked for before and not begun is dropped."""
        with self._lock:
            self._next = wanted
            if self._is_running or self._is_down:
                return
            self._is_running = True
        self._pool.submit(self._draw)

    def shutdown(self) -> None:
        """Join the thread."""
        with self._lock:
            self._is_down = True
            self._next = None
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _draw(self) -> None:
        while True:
            with self._lock:
                wanted, self._next = self._next, None
                if wanted is None or self._is_down:
                    self._is_running = False
                    return
            level = thumbnail_level(wanted.view.zoom)
            image = points_image(
                wanted.places, wanted.chosen, wanted.view, margin_px=MARGIN_PX, ratio=wanted.ratio, tokens=wanted.tokens
            )
            layer = Layer(wanted, image, level, self._thumbnails(wanted, level), self._index(wanted))
            if not self._is_down:
                self._drawn.emit(layer)

    def _thumbnails(self, wanted: Wanted, level: int) -> Rows:
        """Choose once per level: panning must not change which photos are shown."""
        if self._choices[0] is not wanted.places:
            self._choices = (wanted.places, {})
        whole_scale = round(wanted.view.scale / wanted.view.zoom, 1)
        known = self._choices[1]
        if (level, whole_scale) not in known:
            known[level, whole_scale] = thumbnail_rows(wanted.places, level=level, whole_scale=whole_scale)
        return known[level, whole_scale]

    def _index(self, wanted: Wanted) -> PlaceIndex:
        """Sort the points into an index, once for all views of them."""
        if self._indexed is None or self._indexed[0] is not wanted.places:
            self._indexed = (wanted.places, PlaceIndex(wanted.places))
        return self._indexed[1]

    def _take(self, layer: Layer) -> None:
        if not self._is_down:
            self.ready.emit(layer)
