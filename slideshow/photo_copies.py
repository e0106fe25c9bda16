"""A selection taken along: copies of its files in a folder, or a list of them. The photos themselves are only read."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import DiskFull, ExportError
from engine.progress import Progress, Report, ignore


@dataclass(frozen=True, slots=True)
class CopyReport:
    """What was copied, and the photos that could not be read."""

    folder: Path
    n_copied: int
    unreadable: tuple[Path, ...] = ()


def copy_photos(paths: Sequence[Path], folder: Path, *, report: Report = ignore) -> CopyReport:
    """Copy photos into a folder; a name that is taken gets a number, nothing is overwritten.

    Each file is whole under its name or not there. Raises DiskFull or ExportError; what was copied before stays.
    """
    unreadable: list[Path] = []
    for done, path in enumerate(paths):
        report(Progress("copy", done, len(paths)))
        if not path.is_file():
            unreadable.append(path)
            continue
        try:
            _copy(path, folder)
        except PermissionError as error:
            if error.filename is not None and Path(os.fsdecode(error.filename)) == path:
                unreadable.append(path)
            else:
                raise ExportError(folder, "there is no permission to write here") from error
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise DiskFull(folder) from error
            raise ExportError(folder, error.strerror or "it cannot be written") from error
    return CopyReport(folder, len(paths) - len(unreadable), tuple(unreadable))


def _copy(path: Path, folder: Path) -> None:
    handle, temporary = tempfile.mkstemp(prefix=".moodreel-", suffix=".part", dir=folder)
    os.close(handle)
    try:
        shutil.copyfile(path, temporary)
        shutil.copystat(path, temporary)
        Path(temporary).replace(free_name(folder / path.name))
    finally:
        Path(temporary).unlink(missing_ok=True)


def free_name(wanted: Path) -> Path:
    """A name that is not taken: "beach.jpg", then "beach (2).jpg"."""
    free, number = wanted, 1
    while free.exists() or free.is_symlink():
        number += 1
        free = wanted.with_name(f"{wanted.stem} ({number}){wanted.suffix}")
    return free


def save_list(paths: Sequence[Path], dest: Path, *, report: Report = ignore) -> None:
    """Write the photos' paths, a line each, in the system's own encoding of names. Raises DiskFull or ExportError."""
    text = b"".join(os.fsencode(path) + b"\n" for path in paths)
    try:
        handle, temporary = tempfile.mkstemp(prefix=".moodreel-", suffix=".part", dir=dest.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text)
            Path(temporary).replace(dest)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(dest) from error
        raise ExportError(dest, error.strerror or "it cannot be written") from error
