"""The history of a plan: every change with its name, to be undone and done again step by step. Free of Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.edits import EditedPlan

MAX_STEPS = 200
"""A step holds a plan whose cues it shares with its neighbours: some kilobytes."""


def _nothing() -> None:
    """Go along with a step that changes nothing but the plan."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change: its name in the menu ("move cut"), the plan before and after, and what goes along both ways."""

    name: str
    before: EditedPlan
    after: EditedPlan
    on_undo: Callable[[], None] = _nothing
    on_redo: Callable[[], None] = _nothing


class PlanHistory:
    """The plan as it is now, with the steps that led to it."""

    def __init__(self) -> None:
        self._now: EditedPlan | None = None
        self._done: list[Step] = []
        self._undone: list[Step] = []

    @property
    def now(self) -> EditedPlan | None:
        """The plan as it is, None before there is one."""
        return self._now

    @property
    def has_steps(self) -> bool:
        """Whether anything was changed that can be undone or done again."""
        return bool(self._done or self._undone)

    @property
    def undo_name(self) -> str:
        """Name of the step that undo takes back, "" where there is none."""
        return self._done[-1].name if self._done else ""

    @property
    def redo_name(self) -> str:
        """Name of the step that redo does again, "" where there is none."""
        return self._undone[-1].name if self._undone else ""

    def reset(self, now: EditedPlan | None) -> None:
        """Begin anew with a plan, or with none."""
        self._now = now
        self._done.clear()
        self._undone.clear()

    def do(
        self,
        name: str,
        after: EditedPlan,
        *,
        on_undo: Callable[[], None] = _nothing,
        on_redo: Callable[[], None] = _nothing,
    ) -> bool:
        """Take a change; False where it changes nothing. Raises ValueError before there is a plan."""
        if self._now is None:
            raise ValueError("there is no plan to be changed")
        if after == self._now:
            return False
        self._done = [*self._done[-MAX_STEPS + 1 :], Step(name, self._now, after, on_undo, on_redo)]
        self._undone.clear()
        self._now = after
        return True

    def undo(self) -> Step | None:
        """Go back to the plan before the last step; its name and what goes along are returned."""
        if not self._done:
            return None
        step = self._done.pop()
        self._undone.append(step)
        self._now = step.before
        step.on_undo()
        return step

    def redo(self) -> Step | None:
        """Do the last undone step again."""
        if not self._undone:
            return None
        step = self._undone.pop()
        self._done.append(step)
        self._now = step.after
        step.on_redo()
        return step
