"""Editing the show by hand: each deed an edit of the plan with a name to undo it by, told by a signal or refused."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from engine import edits
from engine.emotion import Emotion
from engine.transitions import Transition
from slideshow.jobs import Jobs
from slideshow.messages import name_of
from slideshow.session_jobs import RunnerUp

if TYPE_CHECKING:
    from engine.library import Catalog, Library, Photo
    from engine.plan import Plan, PlanOptions
    from slideshow.session import Session

Arc = tuple[tuple[float, float, float], ...]

MAX_SEED = 1_000_000
FREE_STEP_S = 0.25
"""How far a key moves a cut where the song has no beats."""


class Editing(QObject):
    """Changes the session's plan and nothing else; what cannot be done is said in a sentence."""

    done = Signal(str)
    """What was done, by its name in the menu: "swap"."""
    undone = Signal(str)
    redone = Signal(str)
    refused = Signal(str)
    """A sentence that says why something was not done."""
    photo_swapped = Signal(object)
    """The Photo that is shown now instead."""
    photo_banned = Signal(object)
    """The Photo that will not be shown again."""
    options_chosen = Signal(object)
    """The PlanOptions that were chosen by hand."""
    banned_read = Signal(object)
    """A tuple of the photos that are never shown."""

    def __init__(self, session: Session, jobs: Jobs) -> None:
        super().__init__(session)
        self._session = session
        self._jobs = jobs
        self._rows: tuple[Catalog | None, dict[int, int]] = (None, {})  # of the photos by id: asked for every frame

    # Undo

    @property
    def undo_name(self) -> str:
        """What undo would take back, "" where there is nothing."""
        return self._session.history.undo_name

    @property
    def redo_name(self) -> str:
        """What redo would do again, "" where there is nothing."""
        return self._session.history.redo_name

    def undo(self) -> bool:
        """Take the last edit back; False where there is none."""
        self._session.stop_planning()
        step = self._session.history.undo()
        if step is None:
            return False
        self._session.show_plan()
        self.undone.emit(step.name)
        return True

    def redo(self) -> bool:
        """Do again what was undone; False where there is nothing."""
        self._session.stop_planning()
        step = self._session.history.redo()
        if step is None:
            return False
        self._session.show_plan()
        self.redone.emit(step.name)
        return True

    def _edit(self, name: str, change: Any) -> bool:
        """Apply a change from Plan to Plan; False where it is refused or changes nothing."""
        session = self._session
        now = session.history.now
        if now is None:
            return False
        is_planning = session.pause_planning()
        try:
            plan: Plan = change(now.plan)
            is_done = plan != now.plan and session.history.do(name, now.edited(plan))
        except ValueError as refusal:
            is_done = False
            self.refused.emit(str(refusal))
        if is_done:
            session.show_plan(is_arc_changed=False)
            self.done.emit(name)
        if is_planning:
            session.go_on_planning()
        return is_done

    # Photos

    def use_runner_up(self, cue_index: int, runner_up: RunnerUp) -> None:
        """Show a runner-up in a cue instead of its photo."""
        self.use_photo(cue_index, runner_up.photo, score=runner_up.score, mood=runner_up.mood)

    def use_photo(
        self, cue_index: int, photo: Photo, *, score: float | None = None, mood: Emotion | None = None
    ) -> None:
        """Show a photo in a cue; where it stands elsewhere the two change places."""
        word = (mood or self._session.mood_of(photo)).word
        if self._edit("swap", partial(self._swapped, cue_index, photo, score, f"You chose this {word} photo.")):
            self.photo_swapped.emit(photo)

    def _swapped(self, cue_index: int, photo: Photo, score: float | None, why: str, plan: Plan) -> Plan:
        here = plan.cues[cue_index].photo if 0 <= cue_index < len(plan.cues) else photo
        other = next((i for i, cue in enumerate(plan.cues) if cue.photo.id == photo.id), None)
        return edits.swap_photo(
            plan,
            cue_index,
            photo,
            score=self.score_of(cue_index, photo) if score is None else score,
            why=why,
            other_score=None if other is None else self.score_of(other, here),
        )

    def drop_photo(self, cue_index: int, path: Path) -> None:
        """Show the photo of a file in a cue, if it is in the library."""
        photo = self.photo_at(path)
        if photo is None:
            self.refused.emit(f"{name_of(path)} is not among your photos. Add its folder first.")
        else:
            self.use_photo(cue_index, photo)

    def photo_at(self, path: Path) -> Photo | None:
        """The photo of the library that lies at a path, or at the place it leads to, whatever has been chosen."""
        catalog = self._session.whole_catalog
        if catalog is None:
            return None
        places = {path, path.resolve()}
        return next((photo for photo in catalog.photos if photo.path in places), None)

    def score_of(self, cue_index: int, photo: Photo) -> float:
        """How well a photo suits a cue, in [0, 1]: as the plan would score it, or roughly while that is not known."""
        session = self._session
        score = self.known_score(cue_index, photo)
        if score is not None:
            return score
        if session.plan is None or not 0 <= cue_index < len(session.plan.cues):
            return 0.0
        cue = session.plan.cues[cue_index]
        song, mood = session.felt.at((cue.start_s + cue.end_s) / 2), session.mood_of(photo)
        distance = math.hypot(song.valence - mood.valence, song.arousal - mood.arousal)
        return max(0.0, 1.0 - distance)

    def known_score(self, cue_index: int, photo: Photo) -> float | None:
        """How well a photo suits a cue, in [0, 1], as the plan would score it; None while that is not known."""
        matches = self._session.matches
        if matches.scores is None or matches.catalog is None or not 0 <= cue_index < len(matches.scores):
            return None
        if self._rows[0] is not matches.catalog:
            self._rows = matches.catalog, {known.id: row for row, known in enumerate(matches.catalog.photos)}
        row = self._rows[1].get(photo.id)
        return None if row is None else float(matches.scores[cue_index, row])

    def never_show(self, cue_index: int) -> None:
        """Ban a cue's photo: others stand in for it at once, and no later show takes it until it is let back."""
        session = self._session
        library, now = session.library, session.history.now
        if library is None or now is None or not 0 <= cue_index < len(now.plan.cues):
            return
        photo = now.plan.cues[cue_index].photo
        known = session.whole_catalog.photos if session.whole_catalog is not None else ()
        same = {other.id for other in known if other.content_hash == photo.content_hash} | {photo.id}
        try:
            plan = edits.replace_photos(now.plan, same, self._stand_ins(now.plan))
        except ValueError as refusal:
            self.refused.emit(str(refusal))
            return
        if session.pause_planning():
            session.plan_when_heard()  # once the photo is out of the catalog; until then it would come back
        session.unplanned_ids |= same
        session.banned_ids |= same
        session.history.do(
            "never show",
            now.replanned(plan),
            on_undo=partial(self._set_banned, photo, is_banned=False),
            on_redo=partial(self._set_banned, photo, is_banned=True),
        )
        self._set_banned(photo, is_banned=True)
        session.show_plan(is_arc_changed=False)
        self.photo_banned.emit(photo)

    def _stand_ins(self, plan: Plan) -> list[list[tuple[Photo, float]]]:
        """Other photos for each cue, best first."""
        session = self._session
        found = session.matches.runners_up
        offers = [[(other.photo, other.score) for other in row] for row in found]
        offers += [[] for _ in range(len(plan.cues) - len(offers))]
        if session.catalog is not None:
            some = session.catalog.photos[:64]  # while no runners-up are known yet
            for i, row in enumerate(offers):
                row += (
                    sorted(((photo, self.score_of(i, photo)) for photo in some), key=lambda o: -o[1]) if not row else []
                )
        return offers

    def replace_missing(self, missing: frozenset[int]) -> None:
        """Let others stand in for photos of a restored show that were not found."""
        session = self._session
        now = session.history.now
        if now is None:
            return
        try:
            plan = edits.replace_photos(now.plan, missing, self._stand_ins(now.plan))
        except ValueError as refusal:
            self.refused.emit(str(refusal))
            return
        if plan != now.plan:
            session.history.reset(now.replanned(plan))
            session.show_plan(is_arc_changed=False)

    def _set_banned(self, photo: Photo, *, is_banned: bool) -> None:
        library = self._session.library
        if library is not None:
            work = partial(_ban if is_banned else _unban, library, photo.id)
            self._jobs.submit("short", work, on_done=self._on_banned, on_failed=self._session.failed.emit)

    def _on_banned(self, banned: tuple[Photo, ...]) -> None:
        self._session.banned_ids = frozenset(photo.id for photo in banned)
        self._session.refresh()
        self.banned_read.emit(banned)

    def let_back(self, photo: Photo) -> None:
        """Let a banned photo be shown again."""
        self._session.unplanned_ids.add(photo.id)
        self._set_banned(photo, is_banned=False)

    def read_banned(self) -> None:
        """Look up the photos that are never shown; `banned_read` follows."""
        library = self._session.library
        if library is not None:
            self._jobs.submit(
                "short",
                partial(_banned, library),
                on_done=self.banned_read.emit,
                on_failed=self._session.failed.emit,
            )

    # Cues

    def move_cut(self, cue_index: int, t_s: float) -> None:
        """Let a cue begin at another time."""
        self._edit("move cut", partial(edits.move_cut, cue_index=cue_index, t_s=t_s))

    def nudge_cut(self, cue_index: int, *, step: Literal[-1, 1]) -> None:
        """Let a cue begin a beat later (1) or earlier (-1)."""
        self._edit("move cut", partial(self._nudged, cue_index, step))

    def _nudged(self, cue_index: int, step: Literal[-1, 1], plan: Plan) -> Plan:
        analysis = self._session.analysis
        beats = analysis.beat_times_s.tolist() if analysis is not None else []
        low, high = edits.cut_range(plan, cue_index)
        t_s = edits.beat_beside(plan, cue_index, beats, step=step)
        if t_s is None:
            t_s = plan.cues[cue_index].start_s + step * FREE_STEP_S
            if beats or not low <= t_s <= high:
                raise ValueError("The cut cannot move further that way.")
        return edits.move_cut(plan, cue_index, t_s)

    def toggle_pin(self, cue_index: int) -> None:
        """Pin a cue, or let it go."""
        plan = self._session.plan
        if plan is not None and 0 <= cue_index < len(plan.cues):
            is_pinned = plan.cues[cue_index].is_pinned
            self._edit(
                "unpin" if is_pinned else "pin", partial(edits.unpin if is_pinned else edits.pin, cue_index=cue_index)
            )

    def toggle_lock(self, first: int, last: int) -> None:
        """Lock a stretch of cues; one that is locked altogether is let go."""
        plan = self._session.plan
        if plan is None:
            return
        inside = plan.cues[min(first, last) : max(first, last) + 1]
        if inside and all(cue.is_pinned for cue in inside):
            self._edit("unlock", partial(edits.unlock_span, first=first, last=last))
        else:
            self._edit("lock", partial(edits.lock_span, first=first, last=last))

    def set_transition(self, cue_index: int, transition: Transition) -> None:
        """Let a cue's photo come in another way."""
        self._edit("transition", partial(edits.change_transition, cue_index=cue_index, transition=transition))

    def next_transition(self, cue_index: int) -> None:
        """Go through the ways a cue's photo can come in."""
        plan = self._session.plan
        if plan is not None and 0 <= cue_index < len(plan.cues):
            self.set_transition(cue_index, edits.next_transition(plan.cues[cue_index]))

    # The whole show

    def change_options(self, name: str = "choice", **changes: Any) -> None:
        """Plan anew with some options changed; what was made by hand stays. Refuses holds that tile no song."""
        session = self._session
        try:
            options: PlanOptions = replace(session.options, **changes)
        except ValueError as refusal:
            self.refused.emit(str(refusal))
            return
        if options != session.options:
            session.plan_otherwise(options, name)
            self.options_chosen.emit(options)

    def shuffle(self) -> None:
        """Choose another good show: the next seed."""
        self.change_options("shuffle", seed=(self._session.options.seed + 1) % MAX_SEED)

    def draw_arc(self, arc: Arc) -> None:
        """Let the show follow a mood drawn by hand; an empty one gives the song's back."""
        self.change_options("draw the mood" if arc else "song's mood", arc=arc)

    def reset_options(self) -> None:
        """Choose as a fresh Moodreel would; pins and swaps stay, and so does a mood drawn by hand."""
        from engine.plan import PlanOptions

        self.change_options(
            "reset",
            **{
                name: getattr(PlanOptions(), name)
                for name in (
                    *("min_hold_s", "max_hold_s", "seed", "mood", "repeats", "sad", "transition", "has_pairs"),
                    *("theme", "theme_share"),
                )
            },
        )


def _ban(library: Library, photo_id: int, *, report: Any) -> tuple[Photo, ...]:
    library.ban(photo_id)
    return library.banned()


def _unban(library: Library, photo_id: int, *, report: Any) -> tuple[Photo, ...]:
    library.unban(photo_id)
    return library.banned()


def _banned(library: Library, *, report: Any) -> tuple[Photo, ...]:
    return library.banned()
