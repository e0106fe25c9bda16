"""The next song, analysed and planned while the present one plays, so that the show goes straight on."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.errors import UnreadableSong
from slideshow import session_jobs
from slideshow.jobs import Job, Jobs
from slideshow.session import Session
from slideshow.session_jobs import Growth, Moment

if TYPE_CHECKING:
    from engine.audio import SongInfo
    from engine.plan import PlanOptions


class SongAhead(QObject):
    """Follows one song in the lane "ahead" and hands it to the session when its turn comes. GUI thread."""

    changed = Signal()
    """More of the song is known."""
    failed = Signal(object)
    """The song cannot be read: the UnreadableSong."""

    def __init__(self, session: Session, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        self._job: Job | None = None
        self._is_handed_over = False
        self.path: Path | None = None
        self.song: SongInfo | None = None
        self.growth: Growth | None = None
        session.bundle_changed.connect(self._begin_anew)
        session.plan_changed.connect(self._follow_options)

    def prepare(self, path: Path | None) -> None:
        """Begin with a song, or drop what was begun; nothing happens for the one that is prepared already."""
        session = self._session
        if path == self.path:
            return
        if self._job is not None:
            self._job.cancel()
        self._job, self.path, self.song, self.growth = None, None, None, None
        if path is None or session.library is None or session.encoders is None:
            return
        self.path = path
        turn = _Turn(session)
        work = partial(session_jobs.follow_song, path, session.library, session.encoders, turn.moment)
        self._job = self._jobs.submit(
            "ahead", work, on_partial=self._on_part, on_done=self._on_done, on_failed=self._on_failed
        )
        self._turn = turn

    def _begin_anew(self) -> None:
        """Plan the song by the other model that is in use now."""
        path, self.path = self.path, None
        self.prepare(path)

    def _follow_options(self) -> None:
        """Plan the song as the show that plays is chosen now; while it is still heard, each growth does."""
        plan = self.growth.plan if self.growth is not None else None
        if self._job is None and plan is not None and plan.options != _options_after(self._session):
            self._begin_anew()

    def hand_over(self, path: Path) -> bool:
        """Make the prepared song the session's; False where another one was prepared, or nothing is known yet."""
        if path != self.path or self.song is None:
            return False
        song, growth, job = self.song, self.growth, self._job
        self._turn.is_here = True
        self._job, self.path, self.song, self.growth = None, None, None, None
        self._session.take_over(song, growth, job)
        return True

    def _on_part(self, part: SongInfo | Growth) -> None:
        if isinstance(part, Growth):
            self.growth = part
        else:
            self.song = part
        self.changed.emit()

    def _on_done(self, growth: Growth) -> None:
        self._job = None
        self._on_part(growth)

    def _on_failed(self, error: Exception) -> None:
        self._job, self.path, self.song, self.growth = None, None, None, None
        if isinstance(error, UnreadableSong):
            self.failed.emit(error)
        else:
            self._session.failed.emit(error)


class _Turn:
    """Tells the planning thread where the song's show is: not begun, until it is the session's own."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.is_here = False

    def moment(self) -> Moment:
        session = self._session
        if self.is_here:
            return session.moment()
        options = _options_after(session)
        return Moment(session.catalog, None, 0.0, False, options, shown=session.shown_so_far())


def _options_after(session: Session) -> PlanOptions:
    """How the next song's show is chosen: as the present one, but for the mood that was drawn for that."""
    return replace(session.options, arc=())
