"""Retraining as the app runs it: the trainer as a process of its own, how far it is, stopped, done or failed."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from slideshow.child_process import ChildProcess, Ending, is_frozen, parsed

LEAST_RATINGS = 5
"""Fewer ratings and comparisons teach nothing that could be checked."""

LEAST_MARKS = 3
"""So many moments of songs can be learnt from on their own."""

_STAGES = {
    "photos": (0.05, 0.30, "Looking at the photos you rated"),
    "songs": (0.30, 0.40, "Listening to the moments you marked"),
    "marks": (0.30, 0.40, "Listening to the moments you marked"),
    "learn": (0.40, 0.85, "Learning from your ratings"),
    "movers": (0.85, 0.95, "Finding the photos that move most"),
    "write": (0.95, 1.0, "Writing the new model"),
}
"""Stages of the trainer: which part of the whole each takes, and what it does in words."""

STARTING = "Getting ready"
_KINDS_OF_RESULT = ("retrained",)


@dataclass(frozen=True, slots=True)
class Step:
    """How far a retraining is: what it does now, and which share of the whole is done."""

    words: str
    share: float


@dataclass(frozen=True, slots=True)
class Fault:
    """Why it did not work and what to do, in words; part is the Python module that is missing, where that was it."""

    title: str
    text: str
    details: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Retrained:
    """What a retraining made: the new bundle's folder, the trainer's report as it stands in its JSON, how long."""

    path: Path
    report: dict[str, Any]
    seconds: float


class Retraining(QObject):
    """One retraining at a time. The library is read by the other process while the app has it open."""

    progressed = Signal(object)
    """A Step."""
    finished = Signal(object)
    """The Retrained."""
    stopped = Signal()
    """By the person; nothing is left behind."""
    failed = Signal(object)
    """The Fault; nothing is left behind."""

    def __init__(self, parent: QObject | None = None, *, python: str = "") -> None:
        super().__init__(parent)
        self._child = ChildProcess(self)
        self._child.said.connect(self._on_line)
        self._child.ended.connect(self._on_ended)
        self._python = python
        self._dest = Path()
        self._report: dict[str, Any] | None = None
        self._begun_s = 0.0
        self.step = Step(STARTING, 0.0)

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self._child.is_running

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._child.is_stopping

    def start(self, base: Path, library: Path, dest: Path, *, ratings: Path | None = None) -> None:
        """Teach the bundle at base what the library's ratings (or a file of them) say; the new one goes to dest.

        dest must not exist yet; its folder may not either.
        """
        if self.is_running:
            return
        if is_frozen():
            self.failed.emit(NO_PYTHON)
            return
        try:
            dest.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.failed.emit(_no_place(dest, error))
            return
        self._dest, self._report, self._begun_s = dest, None, time.monotonic()
        self._tell(Step(STARTING, 0.0))
        arguments = ["-m", "trainer", "retrain", "--bundle", str(base), "--library", str(library), "-o", str(dest)]
        if ratings is not None:
            arguments += ["--ratings", str(ratings)]
        arguments.append("--json")
        if self._python:
            self._child.start(arguments, python=self._python)
        else:
            self._child.start(arguments)

    def stop(self) -> None:
        """Stop gently; `stopped` follows."""
        self._child.stop()

    def shutdown(self) -> None:
        """End it with the app; nothing is left behind."""
        if self.is_running:
            self._child.shutdown()
            self._sweep()

    def _tell(self, step: Step) -> None:
        self.step = step
        self.progressed.emit(step)

    def _on_line(self, line: str) -> None:
        found = parsed(line)
        if found.get("kind") in _KINDS_OF_RESULT:
            self._report = found
        elif found.get("kind") == "progress" and found.get("stage") in _STAGES:
            first, last, words = _STAGES[found["stage"]]
            total = float(found.get("total") or 0)
            share = min(1.0, float(found.get("done") or 0) / total) if total else 0.0
            self._tell(Step(words, max(self.step.share, first + share * (last - first))))

    def _on_ended(self, ending: Ending) -> None:
        if ending.outcome == "done" and self._report is not None and self._dest.is_dir():
            self.finished.emit(Retrained(self._dest, self._report, time.monotonic() - self._begun_s))
            return
        self._sweep()
        if ending.outcome == "stopped":
            self.stopped.emit()
        else:
            self.failed.emit(fault_of(ending))

    def _sweep(self) -> None:
        """Remove what a child that was killed could not remove itself; the names are this run's own."""
        for left in (self._dest, *self._dest.parent.glob(f".{self._dest.name}-*")):
            shutil.rmtree(left, ignore_errors=True)


NO_PYTHON = Fault(
    "This edition cannot retrain",
    "It comes without Python. Install Moodreel with pip, train there, and open the new model's folder here.",
)


def fault_of(ending: Ending) -> Fault:
    """Word why a retraining failed, and what to do."""
    details = ending.words.strip()
    if ending.is_disk_full:
        text = "There is no room left to write the new model. Free about 40 MB and try again. Your ratings are kept."
        return Fault("The disk is full", text, details)
    if ending.is_missing:
        text = "Python could not be started. Install Moodreel again, then try again. Your ratings are kept."
        return Fault("Retraining could not begin", text, details)
    if ending.missing_module:
        text = f"Retraining needs “{ending.missing_module}”, which is not installed. Your ratings are kept."
        return Fault("A part is missing", text, details, ending.missing_module)
    if ending.is_killed:
        text = "The system or another program ended it, perhaps for want of memory. Try again. Your ratings are kept."
        return Fault("Retraining was cut off", text, details)
    error = ending.last_line.removeprefix("error: ") if ending.last_line.startswith("error: ") else ""
    if "too few" in error:
        text = f"At least {LEAST_RATINGS} rated photos are needed. Place a few more, then try again."
        return Fault("Too few ratings", text, details)
    if error:
        return Fault("Retraining did not work", f"{error.rstrip('.')}. Your ratings are kept.", details)
    text = "This is a fault in Moodreel, not yours. Your ratings are kept, and the model in use stays as it is."
    return Fault("Retraining did not work", text, details)


def _no_place(dest: Path, error: OSError) -> Fault:
    text = f"Models are kept in {dest.parent}, which cannot be written ({error.strerror}). Your ratings are kept."
    return Fault("The new model has no place", text, str(error))
