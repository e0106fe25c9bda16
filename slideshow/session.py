"""What is open now: photos, song, analysis, plan. Widgets read it and hear of changes by signals."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.edits import EditedPlan
from engine.emotion import EmotionCurve, FloatArray
from engine.errors import UnreadableSong
from slideshow import session_jobs
from slideshow.jobs import Job, Jobs
from slideshow.session_bundle import SessionBundle
from slideshow.session_editing import Editing
from slideshow.session_jobs import Growth, Matches
from slideshow.song_reasons import unsure_of

if TYPE_CHECKING:
    from engine.audio import SongInfo
    from engine.library import Photo

MAX_LEFT_SHOWS = 50
"""Shows of a queue that were changed by hand are kept, so many of them, until their songs come again."""

MAX_SHOWN = 5_000
"""Photos of earlier songs that the next one avoids: hours of music, and still no weight in planning."""


class Session(SessionBundle):
    """Lives in the GUI thread. Everything slow goes through Jobs; a signal follows when it is there."""

    show_left = Signal()
    """Another song is about to be opened: what is to be kept of this show must be taken now."""
    song_changed = Signal()
    """Another song, or its title and duration are known, or it could not be read."""

    def __init__(self, jobs: Jobs, *, library_path: Path, bundle_path: Path, parent: QObject | None = None) -> None:
        super().__init__(jobs, library_path=library_path, bundle_path=bundle_path, parent=parent)
        self.song_path: Path | None = None
        self.song: SongInfo | None = None
        self.song_key = ""
        """By which what is kept of the song is found, "" while it is not known."""
        self.song_error: Exception | None = None
        self._song_felt = session_jobs.EMPTY_CURVE
        self._spread: FloatArray | None = None
        self._felt: tuple[object, EmotionCurve] = ((), self._song_felt)
        self._song_job: Job | None = None
        self._left_shows: dict[Path, EditedPlan] = {}
        self.is_song_lost = False
        """The song of a restored show was not found."""
        self.editing = Editing(self, jobs)

    # What the photos bring

    def _begin(self) -> None:
        if self.song_path is not None and not self.is_song_lost:
            self._follow()

    def _hear_again(self) -> None:
        if self.song_path is None or self.is_song_lost:
            return
        self._cancel_song()
        self.plan_when_heard()
        self._follow()

    # Song and show

    @property
    def felt(self) -> EmotionCurve:
        """The curve as it is shown: the song's place among songs, or the mood drawn instead."""
        arc = self.options.arc
        if not arc:
            return self._song_felt
        if self._felt[0] is not arc:
            self._felt = (arc, session_jobs.arc_curve(arc))
        return self._felt[1]

    @property
    def spread(self) -> FloatArray | None:
        """How far the song's mood may lie off at each point of `felt`, (n, 2); None where that is not known."""
        return None if self.options.arc else self._spread

    def doubt_at(self, t_s: float) -> str:
        """Say in a sentence that the song's mood is unsure at a time; "" where it is sure enough."""
        curve, spread = self.felt, self.spread
        if spread is None or len(spread) != len(curve.times_s) or not len(spread):
            return ""
        here = np.array([np.interp(t_s, curve.times_s, spread[:, i]) for i in range(2)], dtype=np.float32)
        what = unsure_of(here)
        return f"The song’s {what} is hard to tell here." if what else ""

    def open_song(self, path: Path, *, restored: EditedPlan | None = None) -> None:
        """Take another song: probe, analyse (or look up), plan; each step is told by its signal.

        A restored plan is shown as it is, and planned anew only where it does not fit the song. A show that was changed
        by hand earlier in this session comes back as it was.
        """
        self._shown_before = ()
        self._leave_show()
        self._take_song(path, restored=restored or self._left_shows.pop(path, None))
        self._tell_song()
        if self.is_open:
            self._follow()

    def take_over(self, song: SongInfo, growth: Growth | None, job: Job | None) -> None:
        """Go on with a song that was followed ahead; where its job still runs, it delivers to this session now."""
        self._shown_before = self.shown_so_far()
        self._leave_show()
        restored = self._left_shows.pop(song.path, None)
        plan = growth.plan if growth is not None else None
        self._take_song(song.path, restored=restored)
        self.song, self.is_begun = song, self.is_playing
        if growth is not None:
            self.analysis, self._song_felt, self._spread = growth.analysis, growth.felt, growth.spread
            self.song_key = growth.key
        if restored is None and plan is not None:
            self.history.reset(EditedPlan(plan))
        self._song_job = job
        if job is not None:
            job.on_done, job.on_failed, job.on_partial = self._on_followed, self._on_song_failed, self._on_growth
        self._tell_song()
        if job is not None:
            return
        known = {photo.id for photo in self.catalog.photos} if self.catalog is not None else set()
        if restored is not None:
            self._find_matches()
        elif plan is None or any(cue.photo.id not in known for cue in plan.cues):
            self._replan()  # photos have come or gone since
        else:
            self._find_matches()

    def lose_song(self, path: Path, restored: EditedPlan) -> None:
        """Show a show whose song was not found: its plan waits for the song to be chosen again."""
        self._leave_show()
        self._take_song(path, restored=restored)
        self.song_error = UnreadableSong(path, "the file is not where it was")
        self.is_song_lost = True
        self._tell_song()

    def _take_song(self, path: Path, *, restored: EditedPlan | None) -> None:
        """Begin with a song of which nothing is known yet, and with the show that was made of it, if any."""
        self.song_path, self.song, self.song_key, self.song_error = path, None, "", None
        self.analysis, self.matches = None, Matches()
        self._song_felt, self._spread = session_jobs.EMPTY_CURVE, None
        self.played_s, self.is_begun = 0.0, False
        self._wanted_options = None
        self._is_fixed, self._plan_is_due = restored is not None, False
        self.is_song_lost = False
        self.history.reset(restored)

    def _tell_song(self) -> None:
        self.song_changed.emit()
        self.analysis_changed.emit()
        self.plan_changed.emit()

    def _leave_show(self) -> None:
        """Keep what was made by hand of the show that is left, and stop what works on it."""
        self.show_left.emit()
        now = self.history.now
        if self.song_path is not None and now is not None and self.history.has_steps and not self.is_song_lost:
            self._left_shows[self.song_path] = now
            for oldest in tuple(self._left_shows)[:-MAX_LEFT_SHOWS]:
                del self._left_shows[oldest]
        self._cancel_song()

    def _cancel_song(self) -> None:
        for job in (self._song_job, self._plan_job, self._match_job):
            if job is not None:
                job.cancel()
        self._song_job = self._plan_job = self._match_job = None

    def _follow(self) -> None:
        assert self.library is not None
        assert self.encoders is not None
        assert self.song_path is not None
        if self._is_fixed:
            work = partial(session_jobs.listen, self.song_path, self.library, self.encoders)
        else:
            work = partial(session_jobs.follow_song, self.song_path, self.library, self.encoders, self.moment)
        self._song_job = self._jobs.submit(
            "interactive", work, on_done=self._on_followed, on_failed=self._on_song_failed, on_partial=self._on_growth
        )

    def shown_so_far(self) -> tuple[Photo, ...]:
        """Photos of this song's show and of those before it in the queue: the next one begins with others."""
        cues = self.plan.cues if self.plan is not None else ()
        here = tuple(photo for cue in cues for photo in (cue.photo, cue.partner) if photo is not None)
        return (*self._shown_before, *here)[-MAX_SHOWN:]

    def _on_growth(self, part: SongInfo | Growth) -> None:
        if not isinstance(part, Growth):
            self.song = part
            self.song_changed.emit()
            return
        self.analysis = part.analysis
        self._song_felt, self._spread, self.song_key = part.felt, part.spread, part.key
        self.analysis_changed.emit()
        if part.plan is None:
            return
        now = self.history.now
        if self._is_fixed or self.history.has_steps or (now is not None and now.kept):
            self._plan_is_due = self._plan_is_due or not self._is_fixed  # a show made by hand waits for the whole song
        else:
            self._set_plan(part.plan)

    def _on_followed(self, growth: Growth) -> None:
        self._song_job = None
        self._on_growth(growth)
        plan = self.plan
        is_other_song = plan is not None and abs(plan.duration_s - float(growth.analysis.duration_s)) > 0
        if plan is None or self._plan_is_due or is_other_song:
            self._replan("the whole song")
        else:
            self._find_matches()

    def _on_song_failed(self, error: Exception) -> None:
        self._song_job = None
        self.song_error = error
        self.song_changed.emit()
