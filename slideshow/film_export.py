"""Export of a film in the background lane: its progress and its end as signals."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.progress import Progress
from slideshow.film_options import FilmOptions
from slideshow.jobs import Job, Jobs

if TYPE_CHECKING:
    from engine.plan import Plan
    from engine.video import FilmReport

TRUSTED_AFTER_S = 2.0
"""Before this the time left is a guess not worth saying."""


class FilmExport(QObject):
    """One film at a time. Lives in the GUI thread."""

    started = Signal()
    progressed = Signal(float, object)
    """Share done in [0, 1] and the seconds left, None while unknown."""
    finished = Signal(object, object)
    """Where the film lies, and its FilmReport."""
    failed = Signal(object)
    cancelled = Signal()

    def __init__(self, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._job: Job | None = None
        self._dest = Path()
        self.share = 0.0
        self.left_s: float | None = None
        self._started_s = 0.0
        self._done_before_s = 0.0

    @property
    def is_running(self) -> bool:
        """Whether a film is being written."""
        return self._job is not None

    def start(self, plan: Plan, dest: Path, *, options: FilmOptions) -> None:
        """Write a film; only one at a time."""
        if self._job is not None:
            return
        self._dest = dest
        self._started_s = 0.0
        self.share, self.left_s = 0.0, None
        self._job = self._jobs.submit(
            "background",
            partial(_export, plan, dest, options),
            on_done=self._on_done,
            on_failed=self._on_failed,
            on_progress=self._on_progress,
            on_cancelled=self._on_cancelled,
        )
        self.started.emit()

    def cancel(self) -> None:
        """Stop; nothing is left behind."""
        if self._job is not None:
            self._job.cancel()

    def _on_progress(self, progress: Progress) -> None:
        now_s = time.monotonic()
        share = progress.done / progress.total if progress.total > 0 else 0.0
        if self._started_s == 0.0 or share < self._done_before_s:  # the first report, or another encoder began anew
            self._started_s, self._done_before_s = now_s, share
        spent_s, gained = now_s - self._started_s, share - self._done_before_s
        left = (1 - share) * spent_s / gained if spent_s > TRUSTED_AFTER_S and gained > 0 else None
        self.share, self.left_s = share, left
        self.progressed.emit(share, left)

    def _on_done(self, report: FilmReport) -> None:
        self._job = None
        self.finished.emit(self._dest, report)

    def _on_failed(self, error: Exception) -> None:
        self._job = None
        self.failed.emit(error)

    def _on_cancelled(self) -> None:
        self._job = None
        self.cancelled.emit()


def _export(plan: Plan, dest: Path, options: FilmOptions, *, report: Any) -> FilmReport:
    from slideshow.exporting import export_film  # here: PyAV is not needed to draw the first window

    return export_film(plan, dest, options=options, report=report)
