"""A Python program run beside the app: its lines as they come, stopped gently, ended with the app, its faults told."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
"""Where the packages of Moodreel lie, installed or not: the child must find the same ones."""

PATIENCE_MS = 5_000
"""A child that was asked to stop is given so long to clear up; then it is killed."""

LAST_WORDS_BYTES = 16_384
"""How much of the end of what a child says of its faults is kept."""

NICENESS = 5
"""A child gives way to the show and to the window."""

Outcome = Literal["done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended. words: the end of what it wrote to stderr; is_killed: ended by someone else or by a crash."""

    outcome: Outcome
    words: str = ""
    is_killed: bool = False
    is_missing: bool = False
    """It could not be started at all."""

    @property
    def last_line(self) -> str:
        """The last line of its last words."""
        lines = [line.strip() for line in self.words.splitlines() if line.strip()]
        return lines[-1] if lines else ""

    @property
    def missing_module(self) -> str:
        """The Python module without which it could not go on, "" where that was not the fault."""
        found = re.search(r"No module named '?([\w.]+)'?$", self.last_line)
        return found[1] if found else ""

    @property
    def is_disk_full(self) -> bool:
        """Whether it found no room on the disk."""
        words = self.words.lower()
        return any(sign in words for sign in ("no space left", "disk is full", "errno 28", "not enough space"))


class ChildProcess(QObject):
    """Runs one `python -m ...` at a time. Lives in the GUI thread, and never blocks it but in `shutdown`."""

    said = Signal(str)
    """A line of its output."""
    ended = Signal(object)
    """Its Ending; once for each start."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._is_stopping = False
        self._line = b""
        self._words = b""
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(self._kill)

    @property
    def is_running(self) -> bool:
        """Whether it runs."""
        return self._process is not None

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop and has not ended yet."""
        return self._is_stopping

    def start(self, arguments: Sequence[str], *, python: str = sys.executable) -> None:
        """Run Python with some arguments; nothing happens while one runs already."""
        if self._process is not None:
            return
        self._is_stopping, self._line, self._words = False, b"", b""
        process = self._process = QProcess(self)
        process.setProcessEnvironment(_environment())
        process.setWorkingDirectory(str(ROOT))
        if os.name != "nt":
            # An app that was started in the background ignores Ctrl-C; its children must hear it all the same.
            process.setUnixProcessParameters(QProcess.UnixProcessFlag.ResetSignalHandlers)
        process.started.connect(self._on_started)
        process.readyReadStandardOutput.connect(self._on_output)
        process.readyReadStandardError.connect(self._on_words)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        process.start(python, list(arguments))
        process.closeWriteChannel()

    def stop(self) -> None:
        """Ask it to stop: as Ctrl-C does where there are signals. `ended` follows."""
        process = self._process
        if process is None or self._is_stopping:
            return
        self._is_stopping = True
        self._patience.start()
        pid = process.processId()
        if os.name == "nt" or not pid:
            process.kill()  # a program without a window hears no gentler word on Windows
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)

    def shutdown(self) -> None:
        """End it with the app, without a signal; waits some seconds at most."""
        process = self._process
        if process is None:
            return
        process.blockSignals(True)
        self.stop()
        if not process.waitForFinished(PATIENCE_MS // 2):
            process.kill()
            process.waitForFinished(1_000)
        self._drop()

    def _on_started(self) -> None:
        if self._process is not None and hasattr(os, "setpriority"):
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, self._process.processId(), NICENESS)

    def _on_output(self) -> None:
        if self._process is None:
            return
        *lines, self._line = (self._line + self._process.readAllStandardOutput().data()).split(b"\n")
        for line in lines:
            self.said.emit(line.decode("utf-8", "replace").rstrip("\r"))

    def _on_words(self) -> None:
        if self._process is not None:
            self._words = (self._words + self._process.readAllStandardError().data())[-LAST_WORDS_BYTES:]

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if self._process is not None and error == QProcess.ProcessError.FailedToStart:
            words = self._process.errorString()
            self._drop()
            self.ended.emit(Ending("failed", words, is_missing=True))

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._process is None:
            return
        self._on_output()
        self._on_words()
        if self._line.strip():
            self.said.emit(self._line.decode("utf-8", "replace"))
        words = self._words.decode("utf-8", "replace")
        is_killed = status == QProcess.ExitStatus.CrashExit or code < 0 or code in (137, 143)
        is_stopped = self._is_stopping
        self._drop()
        if is_stopped:
            self.ended.emit(Ending("stopped", words))
        elif code == 0 and not is_killed:
            self.ended.emit(Ending("done", words))
        else:
            log.warning("a child ended with %d: %s", code, words[-2_000:])
            self.ended.emit(Ending("failed", words, is_killed=is_killed))

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _drop(self) -> None:
        self._patience.stop()
        self._is_stopping = False
        if self._process is not None:
            self._process.deleteLater()
            self._process = None


def is_frozen() -> bool:
    """Whether this app is one program without a Python beside it, so that no child can be run."""
    return bool(getattr(sys, "frozen", False))


def parsed(line: str) -> dict[str, Any]:
    """The JSON object of a line, an empty one where it is none."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _environment() -> QProcessEnvironment:
    environment = QProcessEnvironment.systemEnvironment()
    paths = [str(ROOT), environment.value("PYTHONPATH")]
    environment.insert("PYTHONPATH", os.pathsep.join(path for path in paths if path))
    environment.insert("PYTHONUNBUFFERED", "1")
    environment.insert("PYTHONIOENCODING", "utf-8:backslashreplace")
    return environment
