"""The photos of a stage: read and prepared ahead in worker threads, a handful at a time, and forgotten when gone."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from engine.errors import UnreadablePhoto
from engine.library import Photo
from engine.plan import Cue
from slideshow.painting import PreparedPhoto, load_prepared
from slideshow.placing import is_pair_shown
from slideshow.worker_pools import end_pool, log_fault

N_LOADERS = 2
STUCK_S = 8.0
"""A photo that takes longer lies on a drive that does not answer: others are loaded beside it, up to MAX_STUCK."""
MAX_STUCK = 4

SHUTDOWN_LIMIT_S = 2.0
"""A drive that hangs keeps the app from closing no longer than this."""

Key = tuple[Path, Path | None]
"""What is drawn for a cue: its photo, and its partner where the frame shows pairs."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Loaded:
    """What a loader brings back: a photo for frames of a size, or None where it cannot be had, with why if known."""

    key: Key
    size: tuple[int, int]
    prepared: PreparedPhoto | None
    fault: UnreadablePhoto | None = None


class StagePhotos(QObject):
    """Photos that are ready to be drawn, by their keys. GUI thread; its loaders work in threads of their own."""

    arrived = Signal()
    """Something was loaded, or could not be."""
    failed = Signal(object)
    """A photo cannot be read: the UnreadablePhoto. Sent once a photo until `forget_faults`."""
    _loaded = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.ready: dict[Key, PreparedPhoto] = {}
        self.unreadable: set[Path] = set()
        self.size = (0, 0)
        self._loading: dict[tuple[Key, tuple[int, int]], float] = {}
        """What the loaders are at, and since when."""
        self._is_down = False
        self._loaders = ThreadPoolExecutor(N_LOADERS + MAX_STUCK, thread_name_prefix="stage")
        self._results: queue.SimpleQueue[_Loaded] = queue.SimpleQueue()
        self._loaded.connect(self._take, Qt.ConnectionType.QueuedConnection)
        # Photos of a stage that is deleted without `shutdown` at least start no further loads.
        self.destroyed.connect(_Stopper(self._loaders))

    @property
    def is_loading(self) -> bool:
        """Whether a loader is at work."""
        return bool(self._loading)

    def key_of(self, cue: Cue) -> Key:
        """What is drawn for a cue at the present size; of a pair, the one that can be read stands for both."""
        first, second = self._photos_of(cue)
        return first.path, None if second is None else second.path

    def _photos_of(self, cue: Cue) -> tuple[Photo, Photo | None]:
        partner = cue.partner
        if partner is None or partner.path in self.unreadable:
            return cue.photo, None
        if cue.photo.path in self.unreadable:
            return partner, None
        return cue.photo, partner if is_pair_shown(self.size) else None

    def forget_faults(self) -> None:
        """Try again what could not be read: it may be there now."""
        self.unreadable.clear()

    def keep(self, cues: Sequence[Cue], *, besides: Collection[Key], accepts_other_sizes: bool) -> None:
        """Load what these cues need, the first first, and forget all else but the keys in besides."""
        keys = [self.key_of(cue) for cue in cues]
        kept = {*keys, *besides}
        for key in [key for key in self.ready if key not in kept]:
            del self.ready[key]
        now_s = time.monotonic()
        n_stuck = sum(now_s - since_s > STUCK_S for since_s in self._loading.values())
        for cue, key in zip(cues, keys, strict=True):
            if len(self._loading) >= N_LOADERS + min(n_stuck, MAX_STUCK) or self._is_down:
                return
            ready = self.ready.get(key)
            is_fit = ready is not None and (ready.size == self.size or accepts_other_sizes)
            if not is_fit and key[0] not in self.unreadable and (key, self.size) not in self._loading:
                self._loading[(key, self.size)] = now_s
                self._loaders.submit(self._load, *self._photos_of(cue), self.size).add_done_callback(log_fault)

    def shutdown(self) -> None:
        """Join the loaders, but those that hang; nothing is loaded afterwards."""
        self._is_down = True
        end_pool(self._loaders, limit_s=SHUTDOWN_LIMIT_S)

    def _load(self, photo: Photo, partner: Photo | None, size: tuple[int, int]) -> None:
        """Prepare one photo or pair. A loader's thread."""
        if self._is_down:
            return
        key = (photo.path, None if partner is None else partner.path)
        loaded = _Loaded(key, size, None)
        try:
            loaded = _Loaded(key, size, load_prepared(photo, size=size, partner=partner))
        except UnreadablePhoto as fault:
            loaded = _Loaded(key, size, None, fault)
        finally:  # whatever happens, its place must not stay taken
            self._results.put(loaded)
            if not self._is_down:
                self._loaded.emit()

    def _take(self) -> None:
        try:
            loaded = self._results.get_nowait()
        except queue.Empty:
            return
        self._loading.pop((loaded.key, loaded.size), None)
        if loaded.fault is not None:
            if loaded.fault.path not in self.unreadable:
                self.unreadable.add(loaded.fault.path)
                log.warning("a photo of the show is skipped: %s", loaded.fault)
                self.failed.emit(loaded.fault)
        elif loaded.prepared is None:
            self.unreadable.add(loaded.key[0])  # a fault of ours, which trying again would repeat at every frame
        elif loaded.size == self.size:
            self.ready[loaded.key] = loaded.prepared
        self.arrived.emit()


class _Stopper:
    """Called when a stage is destroyed; holds its pool and nothing of the stage."""

    def __init__(self, loaders: ThreadPoolExecutor) -> None:
        self._loaders = loaders

    def __call__(self) -> None:
        self._loaders.shutdown(wait=False, cancel_futures=True)
