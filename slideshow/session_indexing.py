"""Indexing as the session sees it: folders handed to the background lane, how far it is, paused, gone on, stopped."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.progress import Progress
from slideshow.jobs import Job, Jobs

if TYPE_CHECKING:
    from engine.encoders import Encoders
    from engine.indexing import IndexReport
    from engine.library import Library, Photo

N_RECENT = 10
SETTLE_S = 2.0
"""What the app finds by itself may just be copied: a file that was written to so lately is left for the next look."""


@dataclass(frozen=True, slots=True)
class Indexing:
    """How far indexing has come. `total` is 0 while folders are being walked."""

    is_running: bool = False
    is_paused: bool = False
    is_waiting: bool = False
    """A film that is being saved comes first."""
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    is_quiet: bool = False
    """The app has begun it by itself, for what has changed in a folder."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What one job indexes: folders, those that the person adds to the library, or what has changed by itself."""

    folders: tuple[Path, ...]
    is_kept: bool = False
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a job brings back: its report, and the real places that it has looked into."""

    report: IndexReport
    places: tuple[Path, ...]


class FolderIndexing(QObject):
    """Indexes folders one job after the other."""

    changed = Signal()
    """How far it is."""
    remembered = Signal(object)
    """Folders that were added are in the library, though nothing of them is indexed yet."""
    stored = Signal()
    """More photos are in the library."""
    finished = Signal(object, object)
    """The IndexReport, and the folders that were indexed."""
    failed = Signal(object)
    """An Exception."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._running: list[tuple[Job, Errand]] = []
        self._paused: tuple[Errand, ...] = ()
        self._rate: tuple[float, float] | None = None
        self.is_film_first = False
        """A film is being saved: nothing new is to be begun by itself."""
        self.now = Indexing()
        self.last = Errand(())
        """What was finished last."""
        self.recent_photos: deque[Path] = deque(maxlen=N_RECENT)
        self.skipped: tuple[tuple[Path, str], ...] = ()
        """What could not be read when it was last looked at, with the reason."""

    def add(self, folders: Sequence[Path], library: Library, encoders: Encoders) -> None:
        """Index folders in the background, with what was paused, and keep them in the library."""
        # At once: indexing may have to wait for a film, and the app may be closed before.
        remember = partial(_remember_folders, library, tuple(folders))
        self._jobs.submit("short", remember, on_done=self.remembered.emit, on_failed=self.failed.emit)
        self.run(Errand(tuple(dict.fromkeys(folders)), is_kept=True), library, encoders)

    def run(self, errand: Errand, library: Library, encoders: Encoders) -> None:
        """Index in the background, with what was paused."""
        self._start((*self._paused, errand), library, encoders)

    def resume(self, library: Library, encoders: Encoders) -> None:
        """Go on where `pause` stopped."""
        self._start(self._paused, library, encoders)

    def _start(self, errands: Sequence[Errand], library: Library, encoders: Encoders) -> None:
        self._paused = ()
        for errand in _joined(errands):
            job = self._jobs.submit(
                "background",
                partial(_index, library, errand, encoders),
                on_done=partial(self._on_indexed, errand),
                on_failed=self._on_failed,
                on_progress=self._on_progress,
                on_partial=self._on_some,
                on_cancelled=self.stored.emit,
            )
            self._running.append((job, errand))
        if errands:
            self.recent_photos.clear()
            self._set(Indexing(is_running=True, is_waiting=self.is_film_first, is_quiet=self._is_quiet))

    @property
    def pending_folders(self) -> frozenset[Path]:
        """Folders that are being indexed or still wait for it."""
        errands = (*self._paused, *(errand for _, errand in self._running))
        return frozenset(folder for errand in errands for folder in errand.folders)

    @property
    def _is_quiet(self) -> bool:
        """Whether all that runs was begun by the app itself."""
        return all(errand.is_quiet for _, errand in self._running)

    def pause(self) -> None:
        """Stop for now; what is indexed stays."""
        pending = tuple(errand for _, errand in self._running)
        self._stop()
        self._paused = pending
        self._set(replace(self.now, is_running=False, is_paused=True, seconds_left=None))

    def give_way(self) -> None:
        """Let a film be saved first: it would wait for hours behind a large library. What is indexed stays."""
        self.is_film_first = True
        if self.now.is_running:
            self.pause()
            self._set(replace(self.now, is_waiting=True))

    def film_is_over(self) -> bool:
        """The lane is free again; True where indexing that gave way is to go on."""
        was_waiting = self.now.is_waiting and self.now.is_paused
        self.is_film_first = False
        self._set(replace(self.now, is_waiting=False))
        return was_waiting

    def cancel(self) -> None:
        """Stop; what is indexed stays."""
        self._stop()
        self._paused = ()
        self._set(Indexing())
        self.stored.emit()

    def forget(self, folder: Path) -> None:
        """Speak no more of what could not be read in a folder."""
        self.skipped = tuple((path, why) for path, why in self.skipped if not path.is_relative_to(folder))

    def _stop(self) -> None:
        for job, _ in self._running:
            job.cancel()
        self._running.clear()

    def _set(self, indexing: Indexing) -> None:
        if not indexing.is_running:
            self._rate = None
        self.now = indexing
        self.changed.emit()

    def _on_progress(self, progress: Progress) -> None:
        now_s = time.monotonic()
        left: float | None = None
        if progress.total > 0:
            if self._rate is None:
                self._rate = (now_s, progress.done)
            since_s, since_done = self._rate
            if now_s - since_s > 1.0 and progress.done > since_done:
                left = (progress.total - progress.done) * (now_s - since_s) / (progress.done - since_done)
        done, total = int(progress.done), int(progress.total)
        is_quiet = self._is_quiet
        self._set(Indexing(is_running=True, done=done, total=total, seconds_left=left, is_quiet=is_quiet))

    def _on_some(self, photos: tuple[Photo, ...]) -> None:
        self.recent_photos.extend(photo.path for photo in photos)
        self.stored.emit()

    def _on_indexed(self, errand: Errand, outcome: _Outcome) -> None:
        self._running = [(job, errand) for job, errand in self._running if not job.is_finished]
        self.skipped = _renewed(self.skipped, outcome)
        self.last = errand
        if not self._running:
            self._set(Indexing())
        self.finished.emit(outcome.report, errand.folders)

    def _on_failed(self, error: Exception) -> None:
        self._stop()
        self._set(Indexing())
        self.failed.emit(error)


def _joined(errands: Sequence[Errand]) -> tuple[Errand, ...]:
    """Join errands of one kind into one, so that what was added in several steps is counted as a whole."""
    kinds = dict.fromkeys((errand.is_kept, errand.is_quiet) for errand in errands)
    return tuple(
        Errand(
            tuple(dict.fromkeys(f for e in errands if (e.is_kept, e.is_quiet) == (kept, quiet) for f in e.folders)),
            is_kept=kept,
            is_quiet=quiet,
        )
        for kept, quiet in kinds
    )


def _renewed(before: Sequence[tuple[Path, str]], outcome: _Outcome) -> tuple[tuple[Path, str], ...]:
    """What cannot be read, by the newest look at each place."""
    seen = frozenset(outcome.places)
    kept = {(path, why) for path, why in before if path not in seen and not seen.intersection(path.parents)}
    # Of a folder of the library that is not there the Library page tells otherwise.
    return tuple(sorted(kept | {(path, why) for path, why in outcome.report.skipped if path not in seen}))


def _index(library: Library, errand: Errand, encoders: Encoders, *, report: Any, deliver: Any) -> _Outcome:
    from engine.indexing import index_folders

    folders: Collection[Path] = errand.folders
    if errand.is_quiet:
        roots = frozenset(library.folders())
        folders = {_there(folder, roots) for folder in folders}
    outcome = index_folders(
        library,
        [folder for folder in folders if not any(above in folders for above in folder.parents)],
        encoders,
        report=report,
        on_batch=deliver,
        remember=errand.is_kept,
        settle_s=SETTLE_S if errand.is_quiet else 0.0,
    )
    places = {place for folder in folders for place in (folder, Path(os.path.realpath(folder)))}
    return _Outcome(outcome, tuple(sorted(places)))


def _there(folder: Path, roots: frozenset[Path]) -> Path:
    """A folder, or the nearest one above that is there, up to a folder of the library: what is gone is told there."""
    above = (folder, *folder.parents)
    root = next((place for place in above if place in roots), None)
    if root is None:
        return folder
    return next(place for place in above if place == root or os.path.isdir(place))  # noqa: PTH112 (never raises)


def _remember_folders(library: Library, folders: Sequence[Path], *, report: Any) -> None:
    for folder in folders:
        if folder.is_dir():  # one that is not there is told of by indexing, and not kept
            library.add_folder(folder)
