"""Small pictures of photos: decoded by two threads, newest wish first, kept within a fixed amount of memory.

A drive that hangs holds its threads up; others then step in for them, so that pictures from elsewhere still come.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty, SimpleQueue

from PySide6.QtCore import QObject, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QBrush, QImage, QPainter, QPixmap

from engine.errors import UnreadablePhoto
from slideshow.worker_pools import end_pool, log_fault

log = logging.getLogger(__name__)

SMALL_PX = 400
"""Long side of the usual thumbnail: enough for a cue at 2x pixels."""

N_DECODERS = 2
STUCK_S = 8.0
"""A photo that takes longer lies on a drive that does not answer: others are decoded beside it, up to MAX_STUCK."""
MAX_STUCK = 4
SHUTDOWN_LIMIT_S = 2.0
"""Such a drive keeps the app from closing no longer than this."""

MEMORY_BYTES = 96 * 1024 * 1024
N_COVERS = 600
FOCUS_HEIGHT = 0.42
"""Crops sit a little above the middle: that is where people and horizons are."""

Key = tuple[Path, int]


def decode_thumbnail(path: Path, long_side_px: int) -> QImage:
    """Decode a photo small. Raises UnreadablePhoto. Runs in any thread."""
    from engine.images import load_image, thumbnail  # here: its codecs are not needed to draw the first window

    image, _ = load_image(path, min_side_px=long_side_px)
    small = thumbnail(image, long_side_px=long_side_px)
    height, width = small.shape[:2]
    # copy(): the QImage must own its pixels once the array is gone.
    return QImage(small.tobytes(), width, height, width * 3, QImage.Format.Format_RGB888).copy()


def covering(pixmap: QPixmap, size: QSize, *, ratio: float = 1.0) -> QPixmap:
    """Scale and crop a picture so that it fills a size in logical pixels."""
    wanted = size * ratio
    scaled = pixmap.scaled(
        wanted, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
    )
    left = (scaled.width() - wanted.width()) // 2
    top = round((scaled.height() - wanted.height()) * FOCUS_HEIGHT)
    cropped = scaled.copy(left, top, wanted.width(), wanted.height())
    cropped.setDevicePixelRatio(ratio)
    return cropped


def paint_rounded(painter: QPainter, rect: QRectF, pixmap: QPixmap, radius_px: float) -> None:
    """Draw a picture of exactly this size with smooth round corners."""
    brush = QBrush(pixmap)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(brush)
    painter.setBrushOrigin(QPointF(rect.topLeft()))
    painter.drawRoundedRect(rect, radius_px, radius_px)
    painter.restore()


class Thumbnails(QObject):
    """The one store of thumbnails. Lives in the GUI thread; ask again when `ready` names the path."""

    ready = Signal(object)
    """Path of a photo whose thumbnail can be had now."""
    _decoded = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(N_DECODERS + MAX_STUCK, thread_name_prefix="thumbnail")
        self._lock = threading.Lock()
        self._wanted: OrderedDict[Key, None] = OrderedDict()
        self._running: dict[Key, float] = {}
        """What the decoders are at, and since when."""
        self._outdated: set[Key] = set()
        """What they are at, of files that have changed meanwhile."""
        self._n_decoders = 0
        self._finished: SimpleQueue[tuple[Key, QImage | None]] = SimpleQueue()
        self._pixmaps: OrderedDict[Key, QPixmap] = OrderedDict()
        self._n_bytes = 0
        self._covers: OrderedDict[tuple[Path, int, int, float], QPixmap] = OrderedDict()
        self._unreadable: set[Path] = set()
        self._is_down = False
        self.away: frozenset[Path] = frozenset()
        """Folders that are not there now: nothing is asked of them, for a dead network share would not answer."""
        self._decoded.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._decode)

    def pixmap(self, path: Path, *, long_side_px: int = SMALL_PX) -> QPixmap | None:
        """Return the thumbnail if it is there; otherwise start decoding it and return None."""
        key = (path, long_side_px)
        found = self._pixmaps.get(key)
        if found is not None:
            self._pixmaps.move_to_end(key)
            return found
        if path in self._unreadable or self._is_down or not self.away.isdisjoint(path.parents):
            return None
        with self._lock:
            if key in self._running:
                return None
            self._wanted[key] = None
            self._wanted.move_to_end(key)
        self._decode()
        return None

    def _decode(self) -> None:
        """Let decoders work, as many as may; where all are busy, look again when they should long be done."""
        now_s = time.monotonic()
        with self._lock:
            n_stuck = sum(now_s - since_s > STUCK_S for since_s in self._running.values())
            n_more = min(N_DECODERS + min(n_stuck, MAX_STUCK) - self._n_decoders, len(self._wanted))
            is_waiting = len(self._wanted) > max(0, n_more)
            self._n_decoders += max(0, n_more)
        if self._is_down:
            return
        for _ in range(n_more):
            self._pool.submit(self._decode_wanted).add_done_callback(log_fault)
        if is_waiting and not self._patience.isActive():
            self._patience.start(round(1000 * STUCK_S) + 100)

    def cover(self, path: Path, size: QSize, *, ratio: float = 1.0, long_side_px: int = SMALL_PX) -> QPixmap | None:
        """Return the thumbnail cropped to a size in logical pixels, or None while it is being decoded."""
        key = (path, size.width(), size.height(), ratio)
        found = self._covers.get(key)
        if found is not None:
            self._covers.move_to_end(key)
            return found
        pixmap = self.pixmap(path, long_side_px=long_side_px)
        if pixmap is None or size.isEmpty():
            return None
        made = covering(pixmap, size, ratio=ratio)
        self._covers[key] = made
        if len(self._covers) > N_COVERS:
            self._covers.popitem(last=False)
        return made

    def known(self, path: Path, *, long_side_px: int = SMALL_PX) -> QPixmap | None:
        """Return the thumbnail if it is there; a wish that was made keeps its place in the queue."""
        return self._pixmaps.get((path, long_side_px))

    def withdraw(self, path: Path, *, long_side_px: int = SMALL_PX) -> None:
        """Take a wish back that is not being decoded yet: the photo was scrolled past."""
        with self._lock:
            self._wanted.pop((path, long_side_px), None)

    def forget(self, paths: Collection[Path]) -> None:
        """Let pictures of files go that are other than before, or can be read again; they are made anew when wanted."""
        gone = frozenset(paths)
        seen = {*(gone & self._unreadable), *(key[0] for key in (*self._pixmaps, *self._covers) if key[0] in gone)}
        with self._lock:
            self._outdated |= {key for key in self._running if key[0] in gone}
        self._unreadable -= gone
        for key in [key for key in self._pixmaps if key[0] in seen]:
            self._n_bytes -= _n_bytes_of(self._pixmaps.pop(key))
        for cover in [cover for cover in self._covers if cover[0] in seen]:
            del self._covers[cover]
        for path in seen:
            self.ready.emit(path)

    def is_unreadable(self, path: Path) -> bool:
        """Whether decoding was tried and failed."""
        return path in self._unreadable

    def shutdown(self) -> None:
        """Stop decoding and join the threads, but those that hang."""
        self._is_down = True
        self._patience.stop()
        with self._lock:
            self._wanted.clear()
        end_pool(self._pool, limit_s=SHUTDOWN_LIMIT_S)

    def _decode_wanted(self) -> None:
        """Decode what is wanted, the newest wish first, until nothing is. A decoder's thread."""
        while (key := self._next()) is not None:
            image: QImage | None = None
            try:
                image = decode_thumbnail(*key)
            except UnreadablePhoto as error:
                log.info("no thumbnail: %s", error)
            except BaseException:
                with self._lock:
                    self._n_decoders -= 1
                raise
            finally:
                self._finished.put((key, image))
                if not self._is_down:
                    self._decoded.emit()

    def _next(self) -> Key | None:
        """Take the newest wish; None for the last one, and the decoder is free."""
        with self._lock:
            if not self._wanted:
                self._n_decoders -= 1
                return None
            key, _ = self._wanted.popitem(last=True)
            self._running[key] = time.monotonic()
            return key

    def _take(self) -> None:
        try:
            key, image = self._finished.get_nowait()
        except Empty:
            return
        with self._lock:
            self._running.pop(key, None)
            is_outdated = key in self._outdated
            self._outdated.discard(key)
        self._decode()
        if is_outdated:
            pass  # whoever still wants it asks again
        elif image is None:
            self._unreadable.add(key[0])
        else:
            self._pixmaps[key] = QPixmap.fromImage(image)
            self._n_bytes += _n_bytes_of(self._pixmaps[key])
            while self._n_bytes > MEMORY_BYTES and len(self._pixmaps) > 1:
                _, dropped = self._pixmaps.popitem(last=False)
                self._n_bytes -= _n_bytes_of(dropped)
        self.ready.emit(key[0])


def _n_bytes_of(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 3
