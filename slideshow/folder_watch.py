"""Hears of changes in folders from the system itself, and says so once they have come to rest. Costs nothing at rest.

`watchdog` asks each system in its own way: one handle a folder tree on Windows and macOS, one a subfolder on Linux. Its
threads are daemons, and watches are set up in another: a tree of thousands of folders takes a second to be walked.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Qt, QTimer, Signal

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.api import BaseObserver, ObservedWatch

QUIET_S = 3.0
"""So long nothing must happen before changes are told of: an import of hundreds of photos is one change."""
LONGEST_WAIT_S = 120.0
"""So long after the first of them changes are told of even if more keep coming."""
MAX_WATCHED = 50_000
"""Subfolders watched altogether, each half a kilobyte to a kilobyte of the system's own memory on Linux."""
REFUSED_FOR_S = 900.0
"""So long a folder that could not be watched is not tried again: to count all below it takes seconds of the disk."""
WATCHES_LIMIT = Path("/proc/sys/fs/inotify/max_user_watches")
"""Linux' limit for all programs of a person: at most half of it is taken."""

log = logging.getLogger(__name__)


def most_watched() -> int:
    """How many subfolders may be watched on this system."""
    try:
        return min(MAX_WATCHED, int(WATCHES_LIMIT.read_text(encoding="ascii")) // 2)
    except (OSError, ValueError):
        return MAX_WATCHED


def count_subfolders(folder: Path, *, most: int) -> int:
    """Count a folder and all below it, links not followed; stops counting beyond `most`."""
    n, stack = 0, [os.fspath(folder)]
    while stack and n <= most:
        n += 1
        with contextlib.suppress(OSError), os.scandir(stack.pop()) as entries:
            stack.extend(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
    return n


def outermost(folders: Collection[Path]) -> frozenset[Path]:
    """Leave out folders that lie within others."""
    return frozenset(folder for folder in folders if not any(above in folders for above in folder.parents))


class FolderWatch(QObject):
    """Watches folders with all below them. Lives in the GUI thread."""

    stirred = Signal(object)
    """A frozenset of folders in which something has changed, now at rest."""
    settled = Signal()
    """Other folders are watched now, as far as the system allows."""
    _heard = Signal()
    _is_set_up = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.refused: frozenset[Path] = frozenset()
        """Folders that cannot be watched: too many lie below them, or the system refuses."""
        self._wanted: frozenset[Path] = frozenset()
        self._settled: frozenset[Path] | None = None
        self._wishes: queue.SimpleQueue[frozenset[Path] | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[frozenset[Path]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._stirred: set[Path] = set()
        self._first_s = self._last_s = 0.0
        self._is_down = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._on_rest)
        self._heard.connect(self._on_heard, Qt.ConnectionType.QueuedConnection)
        self._is_set_up.connect(self._on_set_up, Qt.ConnectionType.QueuedConnection)

    def watch(self, folders: Collection[Path]) -> None:
        """Watch these folders from now on and no others; `settled` follows. A watch that was lost is set up again."""
        self._wanted = outermost(frozenset(folders))
        if self._is_down or (not self._wanted and self._thread is None):
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="watch", daemon=True)
            self._thread.start()
        self._wishes.put(self._wanted)

    def is_watched(self, folder: Path) -> bool:
        """Whether changes in a folder will be told of."""
        above = self._wanted.intersection((folder, *folder.parents))
        return bool(above) and not above <= self.refused

    def shutdown(self) -> None:
        """Watch no more."""
        self._is_down = True
        self._rest.stop()
        if self._thread is not None:
            self._wishes.put(None)
            self._thread.join(timeout=2.0)

    # What was heard

    def hear(self, *folders: Path) -> None:
        """Note that something has changed in folders. Any thread may call this."""
        with self._lock:
            is_first = not self._stirred
            self._stirred.update(folders)
            self._last_s = time.monotonic()
        if is_first:
            self._emit_heard()

    def _emit_heard(self) -> None:
        if not self._is_down:
            with contextlib.suppress(RuntimeError):  # Qt's part of this object is gone: the app has ended meanwhile
                self._heard.emit()

    def _on_heard(self) -> None:
        if not self._rest.isActive():
            self._first_s = time.monotonic()
            self._rest.start(round(1000 * QUIET_S))

    def _on_rest(self) -> None:
        now_s = time.monotonic()
        with self._lock:
            left_s = self._last_s + QUIET_S - now_s
            if left_s > 0 and now_s - self._first_s < LONGEST_WAIT_S:
                self._rest.start(max(1, round(1000 * left_s)))
                return
            stirred, self._stirred = frozenset(self._stirred), set()
        if stirred:
            self.stirred.emit(outermost(stirred))

    def _on_set_up(self) -> None:
        try:
            refused = self._results.get_nowait()
        except queue.Empty:
            return
        if (refused, self._wanted) != (self.refused, self._settled):
            self.refused, self._settled = refused, self._wanted
            self.settled.emit()

    # The thread that sets watches up

    def _serve(self) -> None:
        from watchdog.observers import Observer  # here: the first window must not wait for it

        observer = Observer()
        ear = _Ear(self)
        observer.start()
        try:
            tree = _Watches(observer, ear)
            while True:
                wanted = self._wishes.get()
                while not self._wishes.empty():  # only the last counts
                    wanted = self._wishes.get()
                if wanted is None or self._is_down:
                    return
                self._results.put(tree.settle(wanted))
                if not self._is_down:
                    with contextlib.suppress(RuntimeError):
                        self._is_set_up.emit()
        finally:
            observer.stop()
            observer.join(timeout=1.0)


class _Watches:
    """The watches of an observer, one for each folder."""

    def __init__(self, observer: BaseObserver, ear: _Ear) -> None:
        self._observer = observer
        self._ear = ear
        self._watches: dict[Path, tuple[ObservedWatch, tuple[int, int]]] = {}
        self._sizes: dict[Path, int] = {}
        self._refused: dict[Path, tuple[tuple[int, int], float]] = {}
        """Folders that could not be watched, as what, and until when they are not tried again."""

    def settle(self, wanted: frozenset[Path]) -> frozenset[Path]:
        """Watch these folders and no others; gives those that cannot be watched."""
        alive = {emitter.watch for emitter in self._observer.emitters if emitter.is_alive()}
        for folder, (watch, known_as) in tuple(self._watches.items()):
            if folder not in wanted or watch not in alive or _identity(folder) != known_as:
                self._observer.unschedule(watch)
                del self._watches[folder], self._sizes[folder]
                self._refused.clear()  # there is more room now
        refused = set()
        for folder in sorted(wanted - self._watches.keys()):
            identity, now_s = _identity(folder), time.monotonic()
            refused_as, until_s = self._refused.get(folder, (None, 0.0))
            if identity is None or (identity == refused_as and now_s < until_s):
                refused.add(folder)
            elif not self._add(folder, identity):
                refused.add(folder)
                self._refused[folder] = identity, now_s + REFUSED_FOR_S
        return frozenset(refused)

    def _add(self, folder: Path, identity: tuple[int, int]) -> bool:
        left = most_watched() - sum(self._sizes.values())
        size = count_subfolders(folder, most=left)
        if size > left:
            log.info("%s is not watched: it has %d folders, %d may be watched", folder, size, left)
            return False
        try:
            watch = self._observer.schedule(
                cast("FileSystemEventHandler", self._ear), str(folder), recursive=True, event_filter=_events()
            )
        except OSError as error:
            log.info("%s is not watched: %s", folder, error)
            return False
        self._watches[folder] = watch, identity
        self._sizes[folder] = size
        return True


class _Ear:
    """Sorts what watchdog tells: which folders have to be looked at."""

    def __init__(self, watch: FolderWatch) -> None:
        from engine.images import PHOTO_SUFFIXES

        self._watch = watch
        self._suffixes = PHOTO_SUFFIXES

    def dispatch(self, event: FileSystemEvent) -> None:
        """Take one event. A thread of watchdog's."""
        source, goal = (Path(os.fsdecode(path)) if path else None for path in (event.src_path, event.dest_path))
        stirred = set()
        if event.is_directory:
            if source is not None:
                stirred.add(source if event.event_type == "created" else source.parent)
            if goal is not None:
                stirred.add(goal)
        else:
            for path in (source, goal):
                if path is not None and path.suffix.lower() in self._suffixes and not path.name.startswith("."):
                    stirred.add(path.parent)
        if stirred:
            self._watch.hear(*stirred)


def _events() -> list[type[FileSystemEvent]]:
    """What is worth hearing: where the system tells when a file was closed, not each time that it was written to."""
    from watchdog import events

    written = events.FileClosedEvent if sys.platform.startswith("linux") else events.FileModifiedEvent
    return [
        *(events.FileCreatedEvent, events.FileMovedEvent, events.FileDeletedEvent, written),
        *(events.DirCreatedEvent, events.DirMovedEvent, events.DirDeletedEvent),
    ]


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another one that has come to its place."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
