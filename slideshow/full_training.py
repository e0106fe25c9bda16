"""A whole training from the app: the trainer's commands train and export as processes, one after the other.

A run keeps its folder, so that one that was stopped goes on from its last epoch when it is started again.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal

from slideshow.child_process import ChildProcess, Ending, parsed
from slideshow.retraining import Fault, Step


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus that the trainer reads: its option, what it is called, what its folder (or file) holds."""

    option: str
    title: str
    holds: str
    kind: Literal["photos", "songs"]
    is_file: bool = False


CORPORA = (
    Corpus("oasis", "OASIS", "Photos with ratings: OASIS.csv and Images", "photos"),
    Corpus("naps", "NAPS", "Photos with ratings", "photos"),
    Corpus("iaps", "IAPS", "Photos with ratings", "photos"),
    Corpus("emotic", "EMOTIC", "Photos of people, with ratings", "photos"),
    Corpus("ratings", "Your own ratings", "A table of path, valence and arousal", "photos", is_file=True),
    Corpus("deam", "DEAM", "Songs with ratings: annotations and MEMD_audio", "songs"),
)

_STAGES = {
    "songs": (0.0, 0.2, "Listening to the songs"),
    "photos": (0.2, 0.35, "Looking at the photos"),
    "train": (0.35, 0.95, "Training"),
    "export": (0.95, 1.0, "Writing the model"),
}


class FullTraining(QObject):
    """One training at a time."""

    progressed = Signal(object)
    """A Step."""
    finished = Signal(object)
    """Path of the new bundle."""
    stopped = Signal()
    failed = Signal(object)
    """The Fault; the run is kept, to go on from."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._child = ChildProcess(self)
        self._child.said.connect(self._on_line)
        self._child.ended.connect(self._on_ended)
        self._waiting: list[list[str]] = []
        self._dest = self._run = Path()
        self.step = Step("", 0.0)

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self._child.is_running

    def start(self, corpora: Mapping[str, Path], *, run: Path, cache: Path, dest: Path, settings: str = "") -> None:
        """Train on corpora by their options, keep the run in its folder until it is done, write the bundle to dest.

        settings is a file of the trainer's settings; empty leaves its own.
        """
        if self.is_running:
            return
        self._dest, self._run = dest, run
        given = [part for option, path in corpora.items() for part in (f"--{option}", str(path))]
        shared = [*given, "--run", str(run), "--cache", str(cache), "--json"]
        chosen = ["--config", settings] if settings else []
        self._waiting = [
            ["-m", "trainer", "train", *shared, *chosen],
            ["-m", "trainer", "export", *shared, "--dest", str(dest), "--name", "own training"],
        ]
        self.step = Step("", 0.0)
        self._tell(Step("Getting ready", 0.0))
        self._next()

    def stop(self) -> None:
        """Stop; the next start goes on from the last epoch."""
        self._child.stop()

    def shutdown(self) -> None:
        """End it with the app."""
        self._child.shutdown()

    def _next(self) -> None:
        self._child.start(self._waiting.pop(0))

    def _tell(self, step: Step) -> None:
        self.step = step
        self.progressed.emit(step)

    def _on_line(self, line: str) -> None:
        found: dict[str, Any] = parsed(line)
        stage = found.get("stage")
        if found.get("kind") != "progress" or stage not in _STAGES:
            return
        first, last, words = _STAGES[stage]
        total = float(found.get("total") or 0)
        share = min(1.0, float(found.get("done") or 0) / total) if total else 0.0
        detail = found.get("detail")
        if stage == "train" and isinstance(detail, str) and detail:
            words = f"{words}, {detail}"
        self._tell(Step(words, max(self.step.share, first + share * (last - first))))

    def _on_ended(self, ending: Ending) -> None:
        if ending.outcome == "done" and self._waiting:
            self._next()
        elif ending.outcome == "done":
            shutil.rmtree(self._run, ignore_errors=True)  # the next training would go on from its end, learning nothing
            self.finished.emit(self._dest)
        else:
            for left in self._dest.parent.glob(f".{self._dest.name}-*"):
                shutil.rmtree(left, ignore_errors=True)
            if ending.outcome == "stopped":
                self.stopped.emit()
            else:
                self.failed.emit(training_fault(ending))


def training_fault(ending: Ending) -> Fault:
    """Word why a training failed, and what to do."""
    details = ending.words.strip()
    again = "What is done is kept; start it again to go on."
    if ending.is_disk_full:
        return Fault("The disk is full", f"Free some room, then start it again. {again}", details)
    if ending.missing_module:
        text = f"Training needs “{ending.missing_module}”, which is not installed."
        return Fault("A part is missing", text, details, ending.missing_module)
    if ending.is_missing:
        return Fault("Training could not begin", "Python could not be started. Install Moodreel again.", details)
    if ending.is_killed:
        return Fault("Training was cut off", f"The system ended it, perhaps for want of memory. {again}", details)
    if ending.last_line.startswith("error: "):
        return Fault("Training did not work", f"{ending.last_line.removeprefix('error: ').rstrip('.')}.", details)
    return Fault("Training did not work", f"This is a fault in Moodreel, not yours. {again}", details)
