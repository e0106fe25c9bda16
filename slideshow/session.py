"""What is open now: photos, song, analysis, plan. Widgets read it and hear of changes by signals."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.edits import EditedPlan
from engine.emotion import EmotionCurve, FloatArray
from engine.errors import UnreadableSong
from engine.plan import PlanOptions
from slideshow import session_jobs
from slideshow.catalog_changes import is_another_choice, photos_changed, photos_come
from slideshow.jobs import Job, Jobs
from slideshow.plan_history import PlanHistory
from slideshow.session_editing import Editing
from slideshow.session_jobs import Growth, Matches, Moment, RunnerUp
from slideshow.session_photos import SessionPhotos

if TYPE_CHECKING:
    from engine.audio import SongInfo
    from engine.library import Catalog, Photo
    from engine.music import MusicAnalysis
    from engine.plan import Plan

UNSURE = 0.25
"""From this spread on, a quarter of all songs to either side, the mood's word would be a guess."""

MAX_LEFT_SHOWS = 50

MAX_SHOWN = 5_000
"""Photos of earlier songs that the next one avoids: hours of music, and still no weight in planning."""
"""Shows of a queue that were changed by hand are kept, so many of them, until their songs come again."""


class Session(SessionPhotos):
    """Lives in the GUI thread. Everything slow goes through Jobs; a signal follows when it is there."""

    show_left = Signal()
    """Another song is about to be opened: what is to be kept of this show must be taken now."""
    song_changed = Signal()
    """Another song, or its title and duration are known, or it could not be read."""
    analysis_changed = Signal()
    """More of the song is known, or its mood was drawn by hand."""
    plan_changed = Signal()
    runners_up_changed = Signal()

    def __init__(self, jobs: Jobs, *, library_path: Path, bundle_path: Path, parent: QObject | None = None) -> None:
        super().__init__(jobs, library_path=library_path, bundle_path=bundle_path, parent=parent)
        self.song_path: Path | None = None
        self.song: SongInfo | None = None
        self.song_error: Exception | None = None
        self.analysis: MusicAnalysis | None = None
        self.matches = Matches()
        self.first_options = PlanOptions()
        """What a new show starts with."""
        self.history = PlanHistory()
        self.played_s = 0.0
        """Kept up to date by whoever plays, as the next two are; the planning thread reads it."""
        self.is_begun = False
        self.is_playing = False
        self._song_felt = session_jobs.EMPTY_CURVE
        self._spread: FloatArray | None = None
        self._felt: tuple[object, EmotionCurve] = ((), self._song_felt)
        self._wanted_options: PlanOptions | None = None
        self._plan_name = ""
        self._song_job: Job | None = None
        self._plan_job: Job | None = None
        self._match_job: Job | None = None
        self._is_fixed = False
        self._left_shows: dict[Path, EditedPlan] = {}
        self._shown_before: tuple[Photo, ...] = ()
        self.is_song_lost = False
        """The song of a restored show was not found."""
        self._plan_is_due = False
        self.banned_ids: frozenset[int] = frozenset()
        self.unplanned_ids: set[int] = set()
        """Photos banned or let back by hand: that they come or go is no reason to plan anew."""
        self.editing = Editing(self, jobs)

    # What the photos bring

    def _begin(self) -> None:
        if self.song_path is not None and not self.is_song_lost:
            self._follow()

    def _follow_photos(self, before: Catalog | None) -> None:
        assert self.catalog is not None
        if self._is_plan_outdated(before) and (self.plan is None or not self.indexing.is_running):
            self._replan("new photos")
        elif self.plan is not None and before is not None:
            offered = {other.photo.id for row in self.runners_up for other in row}
            if is_another_choice(before, self.catalog) or photos_changed(before, self.catalog, offered):
                self._find_matches()

    def choose_photos(self, photo_ids: Collection[int] | None) -> None:
        """Let shows use only these photos from now on, None for all; the show is planned anew with them."""
        chosen = None if photo_ids is None else frozenset(photo_ids)
        if chosen == self.chosen_ids or self.whole_catalog is None:
            return
        self.chosen_ids = chosen
        self._apply_choice()
        self.catalog_changed.emit()
        self._is_fixed = False
        self._replan("the choice of photos")

    def _is_plan_outdated(self, before: Catalog | None) -> bool:
        """Whether photos have come, or some of the show have gone or moved, other than by the person's own hand."""
        assert self.catalog is not None
        if before is None or self.plan is None or self._plan_is_due:
            return True
        shown = {photo.id for cue in self.plan.cues for photo in (cue.photo, cue.partner) if photo is not None}
        # A show that was opened from a file stays as it was saved, whatever photos have come since.
        come = set() if self._is_fixed else photos_come(before, self.catalog)
        return bool((come | photos_changed(before, self.catalog, shown)) - self.unplanned_ids)

    # Song and show

    @property
    def plan(self) -> Plan | None:
        """The show as it is planned now."""
        return self.history.now.plan if self.history.now is not None else None

    @property
    def options(self) -> PlanOptions:
        """How the show is chosen."""
        if self._wanted_options is not None:
            return self._wanted_options
        return self.plan.options if self.plan is not None else self.first_options

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
        is_unsure = [float(np.interp(t_s, curve.times_s, spread[:, i])) > UNSURE for i in range(2)]
        word = {(True, True): "mood", (True, False): "pleasantness"}.get((is_unsure[0], is_unsure[1]), "energy")
        return f"The song’s {word} is hard to tell here." if any(is_unsure) else ""

    @property
    def runners_up(self) -> tuple[tuple[RunnerUp, ...], ...]:
        """The best other photos for each cue; empty while they are looked for."""
        return self.matches.runners_up

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
        self.song_path, self.song, self.song_error = path, None, None
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

    def plan_when_heard(self) -> None:
        """Plan around what is kept as soon as the song is known: a restored show has gaps."""
        self._plan_is_due = True

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

    def moment(self) -> Moment:
        """Where the show is, for the planning thread: each attribute is read whole."""
        now = self.history.now
        keep = now.kept if now is not None else ()
        plan = now.plan if now is not None else None
        return Moment(
            self.catalog,
            plan,
            self.played_s,
            self.is_begun,
            self.options,
            keep,
            self.is_playing and self.is_begun,
            self._shown_before,
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
        self._song_felt, self._spread = part.felt, part.spread
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

    def _replan(self, name: str = "plan") -> None:
        """Plan anew around what was made by hand; name is what the step is called where there is one to undo."""
        if self.analysis is None or self.encoders is None or not self.analysis.is_complete:
            return  # while the song is analysed each growth plans with the catalog of its moment
        self.pause_planning()
        if self.n_photos == 0:
            if not self.history.has_steps and self._wanted_options is None:
                self._set_plan(None)
            return
        is_wanted = self._wanted_options is not None
        self._plan_name = self._plan_name if is_wanted else name
        work = session_jobs.plan_otherwise if is_wanted else session_jobs.replan
        self._plan_job = self._jobs.submit(
            "interactive",
            partial(work, self.analysis, self.encoders, self.moment),
            on_done=partial(self._on_planned, self._plan_name),
            on_failed=self._on_plan_failed,
        )

    def plan_otherwise(self, options: PlanOptions, name: str) -> None:
        """Plan anew with other options, as soon as song and photos are known; can be undone by its name."""
        self._wanted_options, self._plan_name = options, name
        self._replan(name)
        self._plan_is_due = self._plan_is_due or self._plan_job is None
        self.analysis_changed.emit()

    def _on_plan_failed(self, error: Exception) -> None:
        self._plan_job = None
        self._wanted_options = None
        self.analysis_changed.emit()
        self.failed.emit(error)

    def _on_planned(self, name: str, plan: Plan | None) -> None:
        self._plan_job = None
        self._plan_is_due = False
        now = self.history.now
        is_wanted = self._wanted_options is not None
        self._is_fixed = self._is_fixed and not is_wanted
        self._wanted_options = None
        if plan is None or now is None:
            self._set_plan(plan)
        elif is_wanted or self.history.has_steps or now.kept:
            self.history.do(name, now.replanned(plan))
            self.show_plan()
            return
        else:
            self._set_plan(plan)
        self._find_matches()

    def _set_plan(self, plan: Plan | None) -> None:
        if self._match_job is not None:
            self._match_job.cancel()
        self.matches = Matches()
        self.history.reset(None if plan is None else EditedPlan(plan))
        self.plan_changed.emit()

    def _find_matches(self) -> None:
        if self.analysis is None or self.plan is None or self.catalog is None or self.encoders is None:
            return
        if self._match_job is not None:
            self._match_job.cancel()
        work = partial(session_jobs.match_photos, self.analysis, self.plan, self.catalog, self.encoders)
        self._match_job = self._jobs.submit("interactive", work, on_done=self._on_matches, on_failed=self.failed.emit)

    def _on_matches(self, found: Matches) -> None:
        self._match_job = None
        if self.banned_ids:  # they may have been banned since the job began
            rows = tuple(tuple(o for o in row if o.photo.id not in self.banned_ids) for row in found.runners_up)
            found = replace(found, runners_up=rows)
        self.matches = found
        self.runners_up_changed.emit()

    # Editing

    def stop_planning(self) -> None:
        """Give up a plan that is being made: it would take back what is about to be undone."""
        if self.pause_planning():
            self._wanted_options = None

    def pause_planning(self) -> bool:
        """Stop a plan that is being made, for it would take back what is about to be edited; False where none is."""
        if self._plan_job is None:
            return False
        self._plan_job.cancel()
        self._plan_job = None
        return True

    def go_on_planning(self) -> None:
        """Make the plan that was paused, around what was edited meanwhile."""
        self._replan(self._plan_name)

    def show_plan(self, *, is_arc_changed: bool = True) -> None:
        """Tell of a plan that was changed, undone or done again."""
        if len(self.matches.runners_up) != (len(self.plan.cues) if self.plan is not None else 0):
            self.matches = Matches()
        if is_arc_changed:
            self.analysis_changed.emit()
        self.plan_changed.emit()
        self._find_matches()
