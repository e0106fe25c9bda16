"""Edits by hand: whatever is done, the plan keeps its laws, undone it is the very same, and JSON gives it back."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import edits
from engine.edits import EditedPlan, check_laws
from engine.plan import Plan, PlanOptions, make_plan
from tests.engine.show_material import a_catalog, an_analysis, steady_beats, tiny_encoders

N_PHOTOS = 40
CATALOG = a_catalog(N_PHOTOS)
BEATS_S = steady_beats(60.0, 120)
PLAN = make_plan(an_analysis(60.0, beats_s=BEATS_S), CATALOG, tiny_encoders(), options=PlanOptions(has_pairs=False))


def assert_laws(plan: Plan) -> None:
    check_laws(plan)
    assert plan.cues[0].start_s == 0
    assert plan.cues[-1].end_s == plan.duration_s
    assert all(plan.options.min_hold_s <= cue.hold_s <= plan.options.max_hold_s for cue in plan.cues)
    assert all(before.end_s == cue.start_s for before, cue in pairwise(plan.cues))
    shown = [cue.photo.id for cue in plan.cues]
    assert len(set(shown)) == len(shown)


index = st.integers(0, len(PLAN.cues) - 1)
an_edit = st.one_of(
    st.tuples(st.just("move"), index, st.floats(0, 1)),
    st.tuples(st.just("swap"), index, st.integers(0, N_PHOTOS - 1)),
    st.tuples(st.just("lock"), index, index),
    st.tuples(st.just("unlock"), index, index),
    st.tuples(st.just("transition"), index, st.sampled_from(edits.TRANSITIONS)),
    st.tuples(st.just("replace"), index, st.integers(0, N_PHOTOS - 1)),
)


def applied(plan: Plan, edit: tuple) -> Plan:  # type: ignore[type-arg]
    kind, i, value = edit
    match kind:
        case "move":
            low, high = edits.cut_range(plan, i)
            return edits.move_cut(plan, i, min(low + value * (high - low), high))
        case "swap":
            return edits.swap_photo(plan, i, CATALOG.photos[value], score=0.5, other_score=0.25)
        case "lock":
            return edits.lock_span(plan, i, value)
        case "unlock":
            return edits.unlock_span(plan, i, value)
        case "transition":
            return edits.change_transition(plan, i, value)
    offers = [[(photo, 0.5) for photo in CATALOG.photos]] * len(plan.cues)
    return edits.replace_photos(plan, [CATALOG.photos[value].id], offers)


@settings(deadline=None, max_examples=80)
@given(st.lists(an_edit, max_size=14))
def test_any_edits_keep_the_laws_and_come_undone_to_the_same_plan(wanted: list) -> None:  # type: ignore[type-arg]
    states = [EditedPlan(PLAN)]
    for edit in wanted:
        try:
            states.append(states[-1].edited(applied(states[-1].plan, edit)))
        except ValueError as refusal:
            assert str(refusal).endswith(".")  # noqa: PT017 - a sentence to be shown
        assert_laws(states[-1].plan)
        assert Plan.from_json(json.loads(json.dumps(states[-1].plan.to_json()))) == states[-1].plan
    for before, after in pairwise(states):
        assert before.plan.duration_s == after.plan.duration_s
    assert states[0].plan == PLAN
    last = states[-1]
    assert EditedPlan.with_indices(last.plan, last.indices) == last


def test_a_cut_moves_within_its_range_and_no_further() -> None:
    low, high = edits.cut_range(PLAN, 3)
    assert low < PLAN.cues[3].start_s < high
    for t_s in (low, high):
        moved = edits.move_cut(PLAN, 3, t_s)
        assert moved.cues[3].start_s == moved.cues[2].end_s == t_s
        assert moved.cues[:2] == PLAN.cues[:2]
        assert_laws(moved)
    for t_s in (low - 1e-6, high + 1e-6):
        with pytest.raises(ValueError, match="seconds"):
            edits.move_cut(PLAN, 3, t_s)
    with pytest.raises(ValueError, match="begins with the song"):
        edits.move_cut(PLAN, 0, 0.5)


def test_a_short_hold_shortens_the_transitions_beside_it() -> None:
    low, _ = edits.cut_range(PLAN, 3)
    moved = edits.move_cut(PLAN, 3, low)
    assert moved.cues[3].fade_s <= moved.cues[2].hold_s / 2
    assert moved.cues[2].fade_s <= moved.cues[2].hold_s / 2


def test_beats_draw_a_cut_only_from_near_by() -> None:
    beats = [1.0, 1.5, 2.0]
    assert edits.snapped(1.46, beats, within_s=0.1) == 1.5
    assert edits.snapped(1.3, beats, within_s=0.1) == 1.3
    assert edits.snapped(0.95, beats, within_s=0.1) == 1.0
    assert edits.snapped(9.0, [], within_s=0.1) == 9.0


def test_a_cut_steps_from_beat_to_beat() -> None:
    at_s = PLAN.cues[3].start_s
    later = edits.beat_beside(PLAN, 3, BEATS_S.tolist(), step=1)
    assert later == pytest.approx(at_s + 0.5)
    moved = edits.move_cut(PLAN, 3, later)
    assert edits.beat_beside(moved, 3, BEATS_S.tolist(), step=-1) == pytest.approx(at_s)
    assert edits.beat_beside(PLAN, 3, [], step=1) is None


def test_a_photo_from_elsewhere_changes_places() -> None:
    swapped = edits.swap_photo(PLAN, 1, PLAN.cues[6].photo, score=0.7, other_score=0.3)
    assert swapped.cues[1].photo == PLAN.cues[6].photo
    assert swapped.cues[6].photo == PLAN.cues[1].photo
    assert (swapped.cues[1].score, swapped.cues[6].score) == (0.7, 0.3)
    assert_laws(swapped)
    with pytest.raises(ValueError, match="pinned"):
        edits.swap_photo(edits.pin(PLAN, 6), 1, PLAN.cues[6].photo, score=0.7)


def test_a_partner_that_is_wanted_elsewhere_leaves_its_pair() -> None:
    unused = next(photo for photo in CATALOG.photos if all(cue.photo != photo for cue in PLAN.cues))
    paired = replace(PLAN, cues=(*PLAN.cues[:4], replace(PLAN.cues[4], partner=unused), *PLAN.cues[5:]))
    swapped = edits.swap_photo(paired, 2, unused, score=0.9)
    assert swapped.cues[2].photo == unused
    assert swapped.cues[4].partner is None
    assert swapped.cues[4].photo == PLAN.cues[4].photo


def test_a_show_of_one_photo_can_be_given_another() -> None:
    plan = make_plan(an_analysis(30.0), a_catalog(1), tiny_encoders())
    other = a_catalog(3).photos[2]
    swapped = edits.swap_photo(plan, 2, other, score=0.5)
    check_laws(swapped)
    assert swapped.cues[2].photo == other
    assert swapped.cues[2].fade_s > 0
    assert swapped.cues[3].fade_s > 0
    back = edits.swap_photo(swapped, 2, plan.cues[0].photo, score=0.5)
    assert back.cues[2].fade_s == back.cues[3].fade_s == 0
    assert back.cues[2].zoom_from == back.cues[1].zoom_to


def test_a_locked_stretch_keeps_its_cuts() -> None:
    locked = edits.lock_span(PLAN, 5, 3)
    assert edits.locked_spans(locked.cues) == ((3, 5),)
    for inside in (4, 5):
        with pytest.raises(ValueError, match="pinned"):
            edits.cut_range(locked, inside)
    edits.cut_range(locked, 3)  # its edges can be moved
    assert edits.unlock_span(locked, 3, 5) == PLAN
    assert edits.locked_spans(edits.pin(PLAN, 0).cues) == ()


def test_a_cut_takes_no_time_and_a_crossfade_as_long_as_the_others() -> None:
    cut = edits.change_transition(PLAN, 2, "cut")
    assert cut.cues[2].fade_s == 0
    back = edits.change_transition(cut, 2, "crossfade")
    assert 0 < back.cues[2].fade_s <= 1.6
    with pytest.raises(ValueError, match="first photo"):
        edits.change_transition(PLAN, 0, "cut")


def test_a_photo_that_goes_is_replaced_by_one_that_is_not_shown_yet() -> None:
    gone = PLAN.cues[2].photo
    used, unused = PLAN.cues[5].photo, next(p for p in CATALOG.photos if all(c.photo != p for c in PLAN.cues))
    offers = [[(gone, 0.9), (used, 0.8), (unused, 0.7)]] * len(PLAN.cues)
    plan = edits.replace_photos(PLAN, [gone.id], offers)
    assert plan.cues[2].photo == unused
    assert plan.cues[2].score == 0.7
    assert [c for i, c in enumerate(plan.cues) if i != 2] == [c for i, c in enumerate(PLAN.cues) if i != 2]
    with pytest.raises(ValueError, match="no other photo"):
        edits.replace_photos(PLAN, [gone.id], [[(gone, 0.9)]] * len(PLAN.cues))


def test_what_was_done_by_hand_is_kept_until_it_is_let_go() -> None:
    start = EditedPlan(PLAN)
    assert start.kept == ()
    unused = next(photo for photo in CATALOG.photos if all(cue.photo != photo for cue in PLAN.cues))
    swapped = start.edited(edits.swap_photo(PLAN, 1, unused, score=0.5))
    assert swapped.indices == (1,)
    moved = swapped.edited(edits.move_cut(swapped.plan, 5, edits.cut_range(swapped.plan, 5)[0]))
    assert moved.indices == (1, 4, 5)
    pinned = moved.edited(edits.pin(moved.plan, 1))
    assert pinned.indices == moved.indices
    assert len(pinned.kept) == 3
    let_go = pinned.edited(edits.unpin(pinned.plan, 1))
    assert let_go.indices == (4, 5)
    anew = make_plan(an_analysis(60.0, beats_s=BEATS_S), CATALOG, tiny_encoders(), keep=let_go.kept)
    assert let_go.replanned(anew).kept == let_go.kept
    assert let_go.replanned(anew).holds(let_go.kept)
    assert let_go.replanned(PLAN).indices == ()


def test_a_cut_moves_only_as_far_as_the_photo_after_it_may_stand() -> None:
    first, second, *rest = PLAN.cues
    both_s = first.hold_s + second.hold_s
    cues = (replace(first, end_s=both_s - 4.5), replace(second, start_s=both_s - 4.5), *rest)
    options = replace(PLAN.options, min_hold_s=1.0, max_hold_s=5.0)
    low, high = edits.cut_range(replace(PLAN, cues=cues, options=options), 1)
    assert low == pytest.approx(max(1.0, both_s - 5.0))
    assert high == pytest.approx(min(5.0, both_s - 1.0))
    assert both_s - 5.0 > 1.0


def test_a_stand_in_that_is_in_the_show_already_does_not_stand_beside_itself() -> None:
    shown = [cue.photo for cue in PLAN.cues]
    offers = [[(shown[4], 0.9), (shown[6], 0.8), (shown[0], 0.7)]] * len(shown)
    changed = edits.replace_photos(PLAN, [shown[5].id], offers)
    assert changed.cues[5].photo == shown[0]
