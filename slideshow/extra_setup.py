"""Installing what the full training needs, on request: pip as a process of its own, its progress, faults in words."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slideshow.child_process import ROOT, ChildProcess, Ending
from slideshow.retraining import Fault, Step

EXTRA = "train"
PACKAGE = "moodreel"

_NAME = re.compile(r"^[\w.\-]+")
_COLLECTING = re.compile(r"^Collecting ([\w.\-]+)")
_DOWNLOADING = re.compile(r"^\s*(?:Downloading|Using cached) (?:\S*/)?([\w.]+)-\S+(?: \(([\d.]+ \w+)\))?")
_PROGRESS = re.compile(r"^\s*Progress (\d+) of (\d+)")
_INSTALLING = re.compile(r"^Installing collected packages: (.+)")
_NO_NETWORK = ("name resolution", "connection", "timed out", "max retries", "network is unreachable", "getaddrinfo")


def is_installed(module: str) -> bool:
    """Whether a Python module could be imported; it is not."""
    importlib.invalidate_caches()
    return importlib.util.find_spec(module) is not None


def extra_requirements(extra: str = EXTRA, *, root: Path = ROOT) -> tuple[str, ...]:
    """The requirements of an extra: from the project's file in a checkout, else from the installed package."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return tuple(project["optional-dependencies"][extra])
    except (OSError, ValueError, KeyError):
        pass
    try:
        lines = importlib.metadata.requires(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return ()
    marker = re.compile(rf";.*extra\s*==\s*['\"]{re.escape(extra)}['\"]")
    return tuple(line.partition(";")[0].strip() for line in lines if marker.search(line))


def requirement_of(module: str, *, root: Path = ROOT) -> tuple[str, ...]:
    """The requirement of the project that brings a module, or the module's own name."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        known = [
            *project["dependencies"],
            *(line for lines in project["optional-dependencies"].values() for line in lines),
        ]
    except (OSError, ValueError, KeyError):
        known = []
    name = module.partition(".")[0]
    for line in known:
        found = _NAME.match(line)
        if found and found[0].lower().replace("-", "_") == name.lower():
            return (line,)
    return (name,)


class ExtraSetup(QObject):
    """One installation at a time, into the Python that runs the app."""

    progressed = Signal(object)
    """A Step; its share is of what is being downloaded."""
    finished = Signal()
    stopped = Signal()
    failed = Signal(object)
    """The Fault."""

    def __init__(self, parent: QObject | None = None, *, python: str = sys.executable) -> None:
        super().__init__(parent)
        self._python = python
        self._child = ChildProcess(self)
        self._child.said.connect(self._on_line)
        self._child.ended.connect(self._on_ended)
        self._requirements: tuple[str, ...] = ()
        self._bar = "raw"
        self._words = ""

    @property
    def is_running(self) -> bool:
        """Whether it installs."""
        return self._child.is_running

    def start(self, requirements: Sequence[str]) -> None:
        """Install some requirements, in the versions that the project was tested with where they are known."""
        if self.is_running:
            return
        self._requirements, self._bar = tuple(requirements), "raw"
        self._run()

    def _run(self) -> None:
        self._tell("Looking for the parts", 0.0)
        constraints = ROOT / "constraints.txt"
        pinned = ["-c", str(constraints)] if constraints.is_file() else []
        quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", self._bar]
        self._child.start(["-m", "pip", "install", *quiet, *pinned, *self._requirements], python=self._python)

    def stop(self) -> None:
        """Stop; what was downloaded whole is kept by pip for the next time."""
        self._child.stop()

    def shutdown(self) -> None:
        """End it with the app."""
        self._child.shutdown()

    def _tell(self, words: str, share: float) -> None:
        self._words = words
        self.progressed.emit(Step(words, share))

    def _on_line(self, line: str) -> None:
        if found := _PROGRESS.match(line):
            done, total = int(found[1]), int(found[2])
            self._tell(self._words, done / total if total else 0.0)
        elif found := _DOWNLOADING.match(line):
            size = f", {found[2]}" if found[2] else ""
            self._tell(f"Fetching {found[1].replace('_', '-')}{size}", 0.0)
        elif found := _COLLECTING.match(line):
            self._tell(f"Looking for {found[1]}", 0.0)
        elif found := _INSTALLING.match(line):
            n = len(found[1].split(","))
            self._tell(f"Installing {n} {'part' if n == 1 else 'parts'}", 1.0)

    def _on_ended(self, ending: Ending) -> None:
        if ending.outcome == "done":
            importlib.invalidate_caches()
            self.finished.emit()
        elif ending.outcome == "stopped":
            self.stopped.emit()
        elif self._bar == "raw" and "invalid choice: 'raw'" in ending.words:
            self._bar = "off"  # a pip before 24.1
            self._run()
        else:
            self.failed.emit(setup_fault(ending))


def setup_fault(ending: Ending) -> Fault:
    """Word why an installation failed, and what to do."""
    words, details = ending.words.lower(), ending.words.strip()
    again = "Nothing else was changed. Try again: it goes on where it stopped."
    if ending.is_disk_full:
        return Fault("The disk is full", f"Training needs about 3 GB. Free some room, then try again. {again}", details)
    if ending.missing_module == "pip":
        text = "The Python that runs Moodreel has no pip. Set Moodreel up with start.py, which brings it."
        return Fault("Nothing can be installed here", text, details)
    if "externally-managed-environment" in words:
        text = "This Python belongs to the system and must not be changed. Set Moodreel up with start.py instead."
        return Fault("Nothing can be installed here", text, details)
    if "permission denied" in words or "access is denied" in words:
        text = "Moodreel’s Python lies where you may not write. Ask who looks after this computer."
        return Fault("Nothing can be installed here", text, details)
    if any(sign in words for sign in _NO_NETWORK):
        return Fault("The parts cannot be fetched", f"Is this computer online? {again}", details)
    if "no matching distribution" in words:
        return Fault("A part was not found", f"There is none for this Python or system. {again}", details)
    if ending.is_missing or ending.is_killed:
        return Fault("The installation was cut off", again, details)
    return Fault("The installation did not work", again, details)
