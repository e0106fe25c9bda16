"""What the command line prints and writes: JSON, tables, a progress line, files written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from engine.errors import DiskFull, ExportError
from engine.progress import Progress
from engine.whole_files import write_whole
from slideshow.messages import readable, start_command

PROGRAM = start_command()

REDRAW_S = 0.1
"""Shortest time between two drawings of the progress line."""


def print_json(value: object) -> None:
    """Print one JSON value on one line; names with invalid bytes come as lone surrogate escapes."""
    print(json.dumps(value, allow_nan=False), flush=True)


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print left-aligned columns under their titles; names cannot break out of their line or command the terminal."""
    rows = [[readable(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(len(titles))]
    for row in [titles, *rows]:
        print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


@contextmanager
def ended_gently() -> Iterator[None]:
    """Take a request to end, and a terminal that was closed, as Ctrl+C: what is half made is then cleared away."""
    names = ("SIGTERM", "SIGHUP") if threading.current_thread() is threading.main_thread() else ()
    taken = [number for name in names if (number := getattr(signal, name, None)) is not None]
    taken = [number for number in taken if signal.getsignal(number) == signal.SIG_DFL]  # nohup's wish is respected
    for number in taken:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def mute_output() -> None:
    """Let what is still to be printed go nowhere: its reader has left."""
    with suppress(AttributeError, OSError, ValueError):  # replaced by tests and some launchers
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def check_output(path: Path, *, what: str, suffixes: Sequence[str], song: Path) -> None:
    """Refuse before the work what cannot be written in the end, and the song itself. Raises ExportError."""
    if path.suffix.lower() not in suffixes:
        endings = " or ".join(filter(None, (", ".join(suffixes[:-1]), suffixes[-1])))
        raise ExportError(path, f"{what} is written as {endings}")
    if path.is_dir():
        raise ExportError(path, "there is a folder of this name")
    if not path.absolute().parent.is_dir():
        raise ExportError(path, "the folder does not exist")
    with suppress(OSError):  # one of the two is not there
        if path.samefile(song):
            raise ExportError(path, "it is the song itself")


def write_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all. Raises DiskFull, ExportError with the system's reason."""
    try:
        write_whole(path, data)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(path, len(data)) from error
        raise ExportError(path, error.strerror or str(error)) from error


class ProgressLine:
    """A report that redraws one line on stderr while it is a terminal, and says nothing elsewhere."""

    def __init__(self, *, is_on: bool) -> None:
        self._is_on = is_on and sys.stderr.isatty()
        self._drawn_at_s = 0.0
        self._width = 0

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._draw("")

    def __call__(self, progress: Progress) -> None:
        """Draw a report, at most ten times a second."""
        if time.monotonic() - self._drawn_at_s < REDRAW_S:
            return
        self._drawn_at_s = time.monotonic()
        share = f"{progress.done / progress.total:4.0%}" if progress.total else f"{progress.done:g}"
        self._draw(f"{progress.stage} {share}")

    def _draw(self, text: str) -> None:
        if self._is_on and (text or self._width):
            print(f"\r{text:<{self._width}}", end="" if text else "\r", file=sys.stderr, flush=True)
            self._width = len(text)
