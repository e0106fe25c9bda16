"""The session's planning: the show of the song that is open, made anew when photos or wishes change, and which photos
would suit each place in it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.edits import EditedPlan
from engine.plan import PlanOptions
from slideshow import session_jobs
from slideshow.catalog_changes import is_another_choice, photos_changed, photos_come
from slideshow.jobs import Job, Jobs
from slideshow.plan_history import PlanHistory
from slideshow.session_jobs import Matches, Moment, RunnerUp
from slideshow.session_matching import match_photos
from slideshow.session_photos import SessionPhotos

if TYPE_CHECKING:
    from engine.library import Catalog, Photo
    from engine.music import MusicAnalysis
    from engine.plan import Plan


class SessionPlanning(SessionPhotos):
    """What a session knows of its show; `Session` adds the song that the show is made of."""

    analysis_changed = Signal()
    """More of the song is known, or its mood was drawn by hand."""
    plan_changed = Signal()
    runners_up_changed = Signal()

    def __init__(self, jobs: Jobs, *, library_path: Path, bundle_path: Path, parent: QObject | None = None) -> None:
        super().__init__(jobs, library_path=library_path, bundle_path=bundle_path, parent=parent)
        self.analysis: MusicAnalysis | None = None
        self.matches = Matches()
        self.first_options = PlanOptions()
        """What a new show starts with."""
        self.history = PlanHistory()
        self.played_s = 0.0
        """Kept up to date by whoever plays, as the next two are; the planning thread reads it."""
        self.is_begun = False
        self.is_playing = False
        self.banned_ids: frozenset[int] = frozenset()
        self.unplanned_ids: set[int] = set()
        """Photos banned or let back by hand: that they come or go is no reason to plan anew."""
        self._wanted_options: PlanOptions | None = None
        self._plan_name = ""
        self._plan_job: Job | None = None
        self._match_job: Job | None = None
        self._is_fixed = False
        self._plan_is_due = False
        self._is_outdated = False
        """Photos have come or gone that the show is planned with once indexing ends."""
        self._shown_before: tuple[Photo, ...] = ()

    # The show

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
    def runners_up(self) -> tuple[tuple[RunnerUp, ...], ...]:
        """The best other photos for each cue; empty while they are looked for."""
        return self.matches.runners_up

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
            self.offline_ids,
        )

    def plan_when_heard(self) -> None:
        """Plan around what is kept as soon as the song is known: a restored show has gaps."""
        self._plan_is_due = True

    # What the photos bring

    def _follow_photos(self, before: Catalog | None) -> None:
        assert self.catalog is not None
        self._is_outdated = self._is_outdated or self._is_plan_outdated(before)
        if self._is_outdated and (self.plan is None or not self.indexing.is_running):
            self._is_outdated = False
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

    def restore_choice(self, photo_ids: Collection[int] | None) -> None:
        """Let shows use these photos, as a show that is about to be opened was made; nothing is planned anew."""
        chosen = None if photo_ids is None else frozenset(photo_ids)
        if chosen != self.chosen_ids and self.whole_catalog is not None:
            self.chosen_ids = chosen
            self._apply_choice()
            self.catalog_changed.emit()

    def _is_plan_outdated(self, before: Catalog | None) -> bool:
        """Whether photos have come, or some of the show have gone or moved, other than by the person's own hand."""
        assert self.catalog is not None
        if before is None or self.plan is None or self._plan_is_due:
            return True
        shown = {photo.id for cue in self.plan.cues for photo in (cue.photo, cue.partner) if photo is not None}
        # A show that was opened from a file stays as it was saved, whatever photos have come since.
        come = set() if self._is_fixed else photos_come(before, self.catalog)
        now = self.history.now
        is_made_by_hand = self._is_fixed or self.history.has_steps or (now is not None and bool(now.kept))
        # What was made by hand waits for a drive to come back; the stage passes over what it cannot read.
        excused = self.unplanned_ids | self.moved_ids if is_made_by_hand else self.unplanned_ids
        return bool((come | photos_changed(before, self.catalog, shown)) - excused)

    # Planning

    def _replan(self, name: str = "plan") -> None:
        """Plan anew around what was made by hand; name is what the step is called where there is one to undo."""
        if self.analysis is None or self.encoders is None or not self.analysis.is_complete:
            return  # while the song is analysed each growth plans with the catalog of its moment
        self.pause_planning()
        if self.n_photos == 0:
            # A show whose drive has gone goes on with what is on the screen, until it is back.
            if not self.history.has_steps and self._wanted_options is None and not self.offline_ids:
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
        work = partial(match_photos, self.analysis, self.plan, self.catalog, self.encoders, self._moods)
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
