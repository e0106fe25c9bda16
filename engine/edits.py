"""Edits of a plan by hand: cuts moved, photos swapped, cues pinned and locked. Pure: a plan in, a plan out.

Every edit keeps the plan's laws (see `check_laws`) or raises ValueError with a sentence that can be shown. To undo an
edit is to take the plan before it; `EditedPlan` remembers beside a plan what in it was done by hand.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Literal, get_args

from engine.plan import Cue, Plan
from engine.transitions import Transition, fade_length_s

if TYPE_CHECKING:
    from engine.library import Photo

TRANSITIONS: tuple[Transition, ...] = get_args(Transition)

MIDDLE_AROUSAL = 0.5

USUAL_FADE_S = 1.0
"""Length of a transition where the plan has no other to take it from."""

FLOAT_SLACK_S = 1e-6
"""Holds of plans that were read from a file may miss a bound by rounding."""


def check_laws(plan: Plan) -> None:
    """Raise ValueError with the reason unless the cues tile the song, as far as it is planned, and every one is whole.

    Holds are checked to be positive, not to lie within the options' bounds: what was pinned before an option changed
    stays as it was.
    """
    if not (math.isfinite(plan.duration_s) and plan.duration_s >= 0):
        raise ValueError(f"a song of {plan.duration_s} s")
    at_s = 0.0
    for number, cue in enumerate(plan.cues, 1):
        numbers = (cue.start_s, cue.end_s, cue.score, cue.fade_s, cue.zoom_from, cue.zoom_to)
        if not all(math.isfinite(value) for value in numbers):
            raise ValueError(f"cue {number} has no finite times")
        if cue.start_s != at_s or cue.end_s < cue.start_s or (cue.end_s == cue.start_s and len(plan.cues) > 1):
            raise ValueError(f"cue {number} does not begin where the one before ends")
        if not (0 <= cue.score <= 1 and 1 <= cue.zoom_from <= 2 and 1 <= cue.zoom_to <= 2):
            raise ValueError(f"cue {number} has a score or a zoom out of bounds")
        if cue.transition not in TRANSITIONS:
            raise ValueError(f"cue {number} comes by {cue.transition!r}")
        if not 0 <= cue.fade_s <= cue.hold_s / 2 + FLOAT_SLACK_S:
            raise ValueError(f"cue {number} has a transition longer than its photo stands")
        at_s = cue.end_s
    for number, (before, cue) in enumerate(pairwise(plan.cues), 2):
        if cue.fade_s > before.hold_s / 2 + FLOAT_SLACK_S:
            raise ValueError(f"cue {number} has a transition longer than the photo before it stands")
    if plan.cues and plan.cues[-1].end_s > plan.duration_s:
        raise ValueError("the cues reach beyond the song's end")


def cut_range(plan: Plan, cue_index: int) -> tuple[float, float]:
    """Give the earliest and the latest time at which a cue may begin so that both holds beside it stay in bounds.

    A hold that is out of bounds already may stay as it is. Raises ValueError for the first cue, which begins with the
    song, and for a cut within a locked stretch.
    """
    _check_index(plan, cue_index)
    if cue_index == 0:
        raise ValueError("The first photo begins with the song.")
    before, cue = plan.cues[cue_index - 1], plan.cues[cue_index]
    if before.is_pinned and cue.is_pinned:
        raise ValueError("Both photos at this cut are pinned. Unpin one of them to move it.")
    shortest, longest = plan.options.min_hold_s, plan.options.max_hold_s
    low = max(before.start_s + min(shortest, before.hold_s), cue.end_s - max(longest, cue.hold_s))
    high = min(before.start_s + max(longest, before.hold_s), cue.end_s - min(shortest, cue.hold_s))
    # Rounded sums can miss a bound in the last digit, and the cut as it is always belongs to the range.
    low, high = (
        min(_inwards(low, before, cue, plan, math.inf), cue.start_s),
        max(_inwards(high, before, cue, plan, -math.inf), cue.start_s),
    )
    return low, high


def _inwards(t_s: float, before: Cue, cue: Cue, plan: Plan, towards: float) -> float:
    for _ in range(8):
        if _fits(t_s, before, cue, plan):
            break
        t_s = math.nextafter(t_s, towards)
    return t_s


def _fits(t_s: float, before: Cue, cue: Cue, plan: Plan) -> bool:
    shortest, longest = plan.options.min_hold_s, plan.options.max_hold_s
    holds = ((t_s - before.start_s, before.hold_s), (cue.end_s - t_s, cue.hold_s))
    return all(min(shortest, old) <= new <= max(longest, old) for new, old in holds)


def move_cut(plan: Plan, cue_index: int, t_s: float) -> Plan:
    """Let a cue begin at another time, and the one before end there; raises ValueError outside `cut_range`."""
    low, high = cut_range(plan, cue_index)
    if not low <= t_s <= high:
        raise ValueError(
            f"Here a photo stands between {plan.options.min_hold_s:g} and {plan.options.max_hold_s:g} seconds."
        )
    cues = list(plan.cues)
    cues[cue_index - 1] = replace(cues[cue_index - 1], end_s=t_s)
    cues[cue_index] = replace(cues[cue_index], start_s=t_s)
    for i in range(max(1, cue_index - 1), min(len(cues), cue_index + 2)):
        cues[i] = _with_fade(cues[i], cues[i - 1], cues[i].fade_s)
    return replace(plan, cues=tuple(cues))


def snapped(t_s: float, beat_times_s: Sequence[float], *, within_s: float) -> float:
    """Give the beat nearest to a time, or the time itself where none is near enough. Beats ascend."""
    right = bisect_left(beat_times_s, t_s)
    near = [float(beat) for beat in beat_times_s[max(0, right - 1) : right + 1]]
    best = min(near, key=lambda beat: abs(beat - t_s), default=t_s)
    return best if abs(best - t_s) <= within_s else t_s


def beat_beside(plan: Plan, cue_index: int, beat_times_s: Sequence[float], *, step: Literal[-1, 1]) -> float | None:
    """Find the next beat after (1) or before (-1) a cue's cut to which it may move; None where there is none."""
    low, high = cut_range(plan, cue_index)
    at_s = plan.cues[cue_index].start_s
    beats = (float(beat) for beat in beat_times_s)
    if step > 0:
        return next((beat for beat in beats if at_s < beat - FLOAT_SLACK_S and low <= beat <= high), None)
    earlier = [beat for beat in beats if beat < at_s - FLOAT_SLACK_S and low <= beat <= high]
    return earlier[-1] if earlier else None


def swap_photo(
    plan: Plan, cue_index: int, photo: Photo, *, score: float, why: str = "", other_score: float | None = None
) -> Plan:
    """Show another photo in a cue. One that stands alone elsewhere in the show changes places with this cue's.

    So a show without repeats stays without. score is the photo's match here, other_score that of the displaced one at
    the other place. A pair becomes the one photo. Raises ValueError where the photo is pinned elsewhere.
    """
    _check_index(plan, cue_index)
    cues = list(plan.cues)
    here = cues[cue_index]
    if photo.id == here.photo.id:
        return plan
    if not _has_repeats(plan):
        for i, other in enumerate(cues):
            if i == cue_index:
                continue
            if other.partner is not None and other.partner.id == photo.id:
                cues[i] = replace(other, partner=None)
            elif other.photo.id == photo.id:
                if other.is_pinned:
                    raise ValueError("That photo is pinned at another place in the show. Unpin it there first.")
                match = other.score if other_score is None else other_score
                cues[i] = replace(other, photo=here.photo, partner=None, score=match, why=SWAPPED)
    cues[cue_index] = replace(here, photo=photo, partner=None, score=score, why=why or CHOSEN)
    for i in range(1, len(cues)):
        is_changed = cues[i - 1].photo != plan.cues[i - 1].photo or cues[i].photo != plan.cues[i].photo
        if is_changed:
            cues[i] = _joined(cues[i - 1], cues[i], plan)
    return replace(plan, cues=tuple(cues))


CHOSEN = "You chose this photo."
SWAPPED = "It changed places with the photo you chose."
REPLACED = "It stands in for a photo that is not shown any more."


def replace_photos(plan: Plan, gone: Iterable[int], stand_ins: Sequence[Sequence[tuple[Photo, float]]]) -> Plan:
    """Take photos (by id) out of a plan; stand_ins hold for each cue other photos with their scores, best first.

    A stand-in that is in the show already is taken only where there is no other. Raises ValueError where a cue has no
    stand-in at all.
    """
    lost = set(gone)
    shown = {photo.id for cue in plan.cues for photo in (cue.photo, cue.partner) if photo is not None}
    cues = list(plan.cues)
    for i, cue in enumerate(cues):
        if cue.partner is not None and cue.partner.id in lost:
            cue = cues[i] = replace(cue, partner=None)
        if cue.photo.id not in lost:
            continue
        offers = [offer for offer in stand_ins[i] if offer[0].id not in lost] if i < len(stand_ins) else []
        beside = {cues[j].photo.id for j in (i - 1, i + 1) if 0 <= j < len(cues)}
        best = next(
            (offer for offer in offers if offer[0].id not in shown),
            next((offer for offer in offers if offer[0].id not in beside), offers[0] if offers else None),
        )
        if best is None:
            raise ValueError("There is no other photo to show here.")
        shown.add(best[0].id)
        cues[i] = replace(cue, photo=best[0], partner=None, score=best[1], why=REPLACED, is_pinned=False)
    for i in range(1, len(cues)):
        if cues[i - 1].photo != plan.cues[i - 1].photo or cues[i].photo != plan.cues[i].photo:
            cues[i] = _joined(cues[i - 1], cues[i], plan)
    return replace(plan, cues=tuple(cues))


def pin(plan: Plan, cue_index: int) -> Plan:
    """Keep a cue as it is, whatever is planned anew around it."""
    return lock_span(plan, cue_index, cue_index)


def unpin(plan: Plan, cue_index: int) -> Plan:
    """Let a cue be planned anew again."""
    return unlock_span(plan, cue_index, cue_index)


def lock_span(plan: Plan, first: int, last: int) -> Plan:
    """Pin all cues from first to last: their photos stay, and so do the cuts between them."""
    return _pinned(plan, first, last, is_pinned=True)


def unlock_span(plan: Plan, first: int, last: int) -> Plan:
    """Let go of all cues from first to last."""
    return _pinned(plan, first, last, is_pinned=False)


def _pinned(plan: Plan, first: int, last: int, *, is_pinned: bool) -> Plan:
    _check_index(plan, first)
    _check_index(plan, last)
    inside = range(min(first, last), max(first, last) + 1)
    cues = tuple(
        replace(cue, is_pinned=is_pinned) if i in inside and cue.is_pinned != is_pinned else cue
        for i, cue in enumerate(plan.cues)
    )
    return plan if cues == plan.cues else replace(plan, cues=cues)


def locked_spans(cues: Sequence[Cue]) -> tuple[tuple[int, int], ...]:
    """List runs of two and more pinned cues, (first, last) each: there the cuts are fixed too."""
    spans = []
    first = 0
    for i in range(len(cues) + 1):
        if i < len(cues) and cues[i].is_pinned:
            continue
        if i - first >= 2:
            spans.append((first, i - 1))
        first = i + 1
    return tuple(spans)


def change_transition(plan: Plan, cue_index: int, transition: Transition) -> Plan:
    """Let a cue's photo come in another way, in the time that suits it in music neither calm nor energetic."""
    _check_index(plan, cue_index)
    if transition not in TRANSITIONS:
        raise ValueError(f"{transition!r} is no transition.")
    if cue_index == 0:
        raise ValueError("The first photo opens the show; it comes from nothing.")
    cue = plan.cues[cue_index]
    if cue.transition == transition:
        return plan
    before = plan.cues[cue_index - 1]
    fade_s = fade_length_s(transition, MIDDLE_AROUSAL, hold_s=cue.hold_s, hold_before_s=before.hold_s)
    changed = replace(cue, transition=transition, fade_s=fade_s)
    return replace(plan, cues=(*plan.cues[:cue_index], changed, *plan.cues[cue_index + 1 :]))


def next_transition(cue: Cue) -> Transition:
    """Give the transition after a cue's own, round and round."""
    return TRANSITIONS[(TRANSITIONS.index(cue.transition) + 1) % len(TRANSITIONS)]


def _check_index(plan: Plan, cue_index: int) -> None:
    if not 0 <= cue_index < len(plan.cues):
        raise ValueError("There is no photo at this place of the show.")


def _has_repeats(plan: Plan) -> bool:
    ids = [photo.id for cue in plan.cues for photo in (cue.photo, cue.partner) if photo is not None]
    return len(ids) > len(set(ids))


def _usual_fade_s(plan: Plan) -> float:
    return median([cue.fade_s for cue in plan.cues if cue.fade_s > 0] or [USUAL_FADE_S])


def _with_fade(cue: Cue, before: Cue, fade_s: float) -> Cue:
    fade_s = min(fade_s, before.hold_s / 2, cue.hold_s / 2)
    return cue if fade_s == cue.fade_s else replace(cue, fade_s=fade_s)


def _joined(before: Cue, cue: Cue, plan: Plan) -> Cue:
    """Give a cue with a new neighbour its way in: the usual one, or none where the same photo goes on zooming."""
    if before.photo == cue.photo:
        other_end = cue.zoom_from if cue.zoom_from != before.zoom_to else cue.zoom_to
        return replace(cue, fade_s=0.0, zoom_from=before.zoom_to, zoom_to=other_end)
    if cue.fade_s == 0 and cue.transition != "cut":
        return _with_fade(cue, before, _usual_fade_s(plan))
    return cue


_Deed = tuple[int, int, float, float, str]


def _deed(cue: Cue) -> _Deed:
    """What a person decides about a cue; the length of its transition follows from the holds."""
    return cue.photo.id, cue.partner.id if cue.partner is not None else -1, cue.start_s, cue.end_s, cue.transition


@dataclass(frozen=True, slots=True)
class EditedPlan:
    """A plan and what in it was done by hand, so that planning anew can leave it alone."""

    plan: Plan
    deeds: frozenset[_Deed] = frozenset()

    @classmethod
    def with_indices(cls, plan: Plan, by_hand: Iterable[int]) -> EditedPlan:
        """Mark the cues of these indices as done by hand; indices that are none are passed over."""
        return cls(plan, frozenset(_deed(plan.cues[i]) for i in by_hand if 0 <= i < len(plan.cues)))

    @property
    def indices(self) -> tuple[int, ...]:
        """Cues that were changed by hand, pinned or not."""
        return tuple(i for i, cue in enumerate(self.plan.cues) if _deed(cue) in self.deeds)

    @property
    def kept(self) -> tuple[Cue, ...]:
        """Cues that a new plan has to keep: the pinned ones and those changed by hand."""
        return tuple(cue for cue in self.plan.cues if cue.is_pinned or _deed(cue) in self.deeds)

    def edited(self, plan: Plan) -> EditedPlan:
        """Take an edit by hand: what it changed is kept from now on, and what it unpinned no longer."""
        before = {_deed(cue) for cue in self.plan.cues}
        was_pinned = {_deed(cue) for cue in self.plan.cues if cue.is_pinned}
        now = {_deed(cue): cue for cue in plan.cues}
        unpinned = {deed for deed, cue in now.items() if deed in was_pinned and not cue.is_pinned}
        changed = {deed for deed in now if deed not in before or deed in self.deeds}
        return EditedPlan(plan, frozenset(changed - unpinned))

    def replanned(self, plan: Plan) -> EditedPlan:
        """Take a plan that was made anew; of what was done by hand that remains which it still holds."""
        return EditedPlan(plan, self.deeds & {_deed(cue) for cue in plan.cues})

    def holds(self, cues: Iterable[Cue]) -> bool:
        """Whether all these cues stand in the plan, at the same times with the same photos."""
        return {_deed(cue) for cue in cues} <= {_deed(cue) for cue in self.plan.cues}
