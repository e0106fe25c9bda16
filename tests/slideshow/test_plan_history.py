"""The history: each step back gives the very plan that was, with its name and what goes along."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import edits
from engine.edits import EditedPlan
from slideshow.plan_history import MAX_STEPS, PlanHistory
from tests.engine.test_edits import PLAN

LAST = len(PLAN.cues) - 1


def pinned(state: EditedPlan, index: int) -> EditedPlan:
    plan = state.plan
    is_pinned = plan.cues[index].is_pinned
    return state.edited(edits.unpin(plan, index) if is_pinned else edits.pin(plan, index))


@settings(deadline=None)
@given(st.lists(st.integers(0, LAST), max_size=30), st.integers(0, 30))
def test_steps_back_and_forth_give_the_same_plans(wanted: list[int], n_back: int) -> None:
    history = PlanHistory()
    history.reset(EditedPlan(PLAN))
    states = [history.now]
    for index in wanted:
        assert history.now is not None
        assert history.do(f"pin {index}", pinned(history.now, index))
        states.append(history.now)
    n_back = min(n_back, len(wanted))
    for i in range(n_back):
        assert history.undo_name == f"pin {wanted[len(wanted) - 1 - i]}"
        history.undo()
        assert history.now == states[len(wanted) - 1 - i]
    for i in range(n_back):
        history.redo()
        assert history.now == states[len(wanted) - n_back + 1 + i]
    assert history.redo() is None


def test_a_new_step_forgets_what_was_undone() -> None:
    history = PlanHistory()
    history.reset(EditedPlan(PLAN))
    history.do("a", pinned(EditedPlan(PLAN), 0))
    history.undo()
    assert history.redo_name == "a"
    history.do("b", pinned(EditedPlan(PLAN), 1))
    assert history.redo_name == ""
    assert history.has_steps


def test_a_change_that_changes_nothing_is_no_step() -> None:
    history = PlanHistory()
    with pytest.raises(ValueError, match="no plan"):
        history.do("a", EditedPlan(PLAN))
    history.reset(EditedPlan(PLAN))
    assert not history.do("a", EditedPlan(PLAN))
    assert not history.has_steps
    assert history.undo() is None


def test_what_goes_along_is_done_both_ways() -> None:
    told: list[str] = []
    history = PlanHistory()
    history.reset(EditedPlan(PLAN))
    history.do(
        "a", pinned(EditedPlan(PLAN), 0), on_undo=lambda: told.append("back"), on_redo=lambda: told.append("again")
    )
    history.undo()
    history.redo()
    assert told == ["back", "again"]


def test_at_least_fifty_steps_are_kept_and_not_without_end() -> None:
    history = PlanHistory()
    history.reset(EditedPlan(PLAN))
    for i in range(MAX_STEPS + 20):
        assert history.now is not None
        history.do(str(i), pinned(history.now, i % 2))
    n = 0
    while history.undo() is not None:
        n += 1
    assert n == MAX_STEPS >= 50
