"""Indexing as the session sees it: folders handed to the background lane, how far it is, paused, gone on, stopped."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
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


class FolderIndexing(QObject):
    """Indexes folders one job after the other."""

    changed = Signal()
    """How far it is."""
    stored = Signal()
    """More photos are in the library."""
    finished = Signal(object, object)
    """The IndexReport, and the folders that were indexed."""
    failed = Signal(object)
    """An Exception."""

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._running: list[tuple[Job, tuple[Path, ...]]] = []
        self._paused: tuple[Path, ...] = ()
        self._rate: tuple[float, float] | None = None
        self._is_film_first = False
        self.now = Indexing()
        self.recent_photos: deque[Path] = deque(maxlen=N_RECENT)
        self.skipped: tuple[tuple[Path, str], ...] = ()

    def add(self, folders: Sequence[Path], library: Library, encoders: Encoders) -> None:
        """Index folders in the background, with those that were paused, and keep them in the library."""
        wanted = tuple(dict.fromkeys((*self._paused, *folders)))
        for folder in folders:  # at once: indexing may have to wait for a film, and the app may be closed before
            remember = partial(_remember_folder, library, folder)
            self._jobs.submit("short", remember, on_failed=self.failed.emit)
        job = self._jobs.submit(
            "background",
            partial(_index, library, wanted, encoders),
            on_done=partial(self._on_indexed, wanted),
            on_failed=self._on_failed,
            on_progress=self._on_progress,
            on_partial=self._on_some,
            on_cancelled=self.stored.emit,
        )
        self._running.append((job, wanted))
        self._paused = ()
        self.recent_photos.clear()
        self._set(Indexing(is_running=True, is_waiting=self._is_film_first))

    @property
    def paused_folders(self) -> tuple[Path, ...]:
        """What is still to be indexed after a pause."""
        return self._paused

    def pause(self) -> None:
        """Stop for now; what is indexed stays."""
        pending = tuple(folder for _, folders in self._running for folder in folders)
        self._stop()
        self._paused = pending
        self._set(replace(self.now, is_running=False, is_paused=True, seconds_left=None))

    def give_way(self) -> None:
        """Let a film be saved first: it would wait for hours behind a large library. What is indexed stays."""
        self._is_film_first = True
        if self.now.is_running:
            self.pause()
            self._set(replace(self.now, is_waiting=True))

    def film_is_over(self) -> bool:
        """The lane is free again; True where indexing that gave way is to go on."""
        was_waiting = self.now.is_waiting and self.now.is_paused
        self._is_film_first = False
        if self.now.is_waiting:
            self._set(replace(self.now, is_waiting=False))
        return was_waiting

    def cancel(self) -> None:
        """Stop; what is indexed stays."""
        self._stop()
        self._paused = ()
        self._set(Indexing())
        self.stored.emit()

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
        self._set(Indexing(is_running=True, done=done, total=total, seconds_left=left))

    def _on_some(self, photos: tuple[Photo, ...]) -> None:
        self.recent_photos.extend(photo.path for photo in photos)
        self.stored.emit()

    def _on_indexed(self, folders: tuple[Path, ...], report: IndexReport) -> None:
        self._running = [(job, folders) for job, folders in self._running if not job.is_finished]
        self.skipped = report.skipped
        if not self._running:
            self._set(Indexing())
        self.finished.emit(report, folders)

    def _on_failed(self, error: Exception) -> None:
        self._stop()
        self._set(Indexing())
        self.failed.emit(error)


def _index(library: Library, folders: Sequence[Path], encoders: Encoders, *, report: Any, deliver: Any) -> IndexReport:
    from engine.indexing import index_folders

    return index_folders(library, folders, encoders, report=report, on_batch=deliver)


def _remember_folder(library: Library, folder: Path, *, report: Any) -> None:
    if folder.is_dir():  # one that is not there is told of by indexing, and not kept
        library.add_folder(folder)
