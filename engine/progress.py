"""Progress of a long engine call. The one callback is both the progress report and the cancel point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage has come; `total` is 0 while it is unknown. The unit is the stage's own (photos, seconds)."""

    stage: str
    done: float
    total: float
    detail: str = ""


Report = Callable[[Progress], None]
"""Called from the working thread, often; raises `Cancelled` to stop the call at that point."""


def ignore(progress: Progress) -> None:
    """Report to nobody: the default where no one watches."""
