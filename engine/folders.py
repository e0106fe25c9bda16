"""Walk folders for photo files: links followed, nothing counted twice, what cannot be reached named with the reason."""

from __future__ import annotations

import os
import stat
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from engine.errors import Cancelled
from engine.images import PHOTO_SUFFIXES, readable_name
from engine.progress import Progress, Report

SEPARATOR = os.fsencode(os.sep)

HANGS_S = 60.0
"""A folder in which no file was met for so long is left: a network drive that is lost never answers, one that sleeps
takes ten seconds or twenty."""

POLL_S = 0.1
"""How often is looked whether the person has cancelled a walk that waits."""

_SKIPPED_FOLDERS = frozenset({"@eaDir", "#recycle", "$RECYCLE.BIN", "System Volume Information", "__MACOSX", "Thumbs"})
"""Folders that systems and storage devices keep for themselves: previews, deleted files."""


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A photo file as the walk met it; `key` is its real path in bytes, as the library stores it."""

    path: Path
    key: bytes
    size: int
    mtime_ns: int


@dataclass(slots=True)
class Walk:
    """What lies under the folders, by real paths: photo files, links and their targets, what could not be entered.

    `devices` holds the folders that were reached, and the file system's number of each; `dangling` the links that lead
    to nothing now, perhaps to a drive that is away. Files count by their suffix.
    """

    files: dict[bytes, PhotoFile] = field(default_factory=dict)
    skipped: list[tuple[Path, str]] = field(default_factory=list)
    links: dict[bytes, bytes] = field(default_factory=dict)
    dangling: set[bytes] = field(default_factory=set)
    devices: dict[bytes, int] = field(default_factory=dict)
    seen_folders: set[tuple[int, int]] = field(default_factory=set)
    suffixes: frozenset[str] = PHOTO_SUFFIXES


def real_path(path: Path) -> bytes:
    """Where a path really lies, links followed, as the bytes the library stores. The file need not exist.

    Bytes, because a file's name may be no valid text.
    """
    return os.fsencode(os.path.realpath(path))


def device_number(status: os.stat_result) -> int:
    """Number of the file system a file lies on, in 63 bits: on Windows it has 64, which SQLite does not store."""
    return status.st_dev & 0x7FFF_FFFF_FFFF_FFFF


def walk_folder(folder: Path, walk: Walk, *, device_before: int | None, report: Report, stage: str) -> bool:
    """Add to a walk what lies in a folder and its subfolders; false, with the reason noted, where it is out of reach.

    `device_before` is the number of the file system it lay on at an earlier walk: an empty folder on another one is
    the place of a drive that is not connected. Hidden files and folders are passed over. A drive may hang for ever,
    and nothing can end what waits for it: a thread of its own does, which is left behind; then nothing of the folder
    is added. `report` is called in the calling thread and may raise Cancelled at any time.
    """
    found = Walk(seen_folders=set(walk.seen_folders), suffixes=walk.suffixes)
    watched = _Watched(Progress(stage, 0, 0, readable_name(folder)))
    outcome: Future[bool] = Future()

    def run() -> None:
        try:
            outcome.set_result(_walk_folder(folder, found, device_before=device_before, watched=watched))
        except BaseException as fault:  # told by the calling thread
            outcome.set_exception(fault)

    report(watched.progress)
    threading.Thread(target=run, name="walk", daemon=True).start()
    try:
        while not outcome.done():
            with suppress(TimeoutError):
                outcome.exception(timeout=POLL_S)
            report(watched.progress)
            if time.monotonic() - watched.moved_s > HANGS_S and not outcome.done():
                walk.skipped.append((folder, "it does not answer; its drive may have been disconnected"))
                return False
    finally:
        watched.is_wanted = False
    is_reached = outcome.result()
    walk.files.update(found.files)
    walk.skipped += found.skipped
    walk.links.update(found.links)
    walk.dangling |= found.dangling
    walk.devices.update(found.devices)
    walk.seen_folders = found.seen_folders
    return is_reached


class _Watched:
    """How far a walk in its own thread has come, and whether it is still wanted."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.moved_s = time.monotonic()
        self.is_wanted = True

    def move(self) -> None:
        """Note that the drive has answered. Raises Cancelled where nobody waits any more."""
        self.moved_s = time.monotonic()
        if not self.is_wanted:
            raise Cancelled


def _walk_folder(folder: Path, walk: Walk, *, device_before: int | None, watched: _Watched) -> bool:
    root = real_path(folder)
    try:
        status = Path(os.fsdecode(root)).stat()
        if not stat.S_ISDIR(status.st_mode):
            walk.skipped.append((folder, "it is not a folder"))
            return False
        with os.scandir(root) as entries:
            is_empty = next(entries, None) is None
    except OSError as error:
        walk.skipped.append((folder, _reason(error)))
        return False
    device = device_number(status)
    if is_empty and device_before not in {None, device}:
        # The place where a drive is mounted stays behind, empty, on the disk around it.
        walk.skipped.append((folder, "the folder is empty and its drive seems not to be connected"))
        return False
    walk.devices[root] = device
    stack = [Path(os.fsdecode(root))]
    while stack:
        folder_now = stack.pop()
        watched.progress = Progress(watched.progress.stage, 0, 0, readable_name(folder_now))
        watched.move()
        _walk_one(folder_now, walk, stack, watched)
    return True


def _walk_one(folder: Path, walk: Walk, stack: list[Path], watched: _Watched) -> None:
    """Note the photos of one folder and put its subfolders on the stack."""
    try:
        status = folder.stat()
        # A folder reached again, through overlapping folders, a link or a mount, is walked once.
        identity = (status.st_dev, status.st_ino)
        if identity in walk.seen_folders:
            return
        walk.seen_folders.add(identity)
        listed: list[os.DirEntry[str]] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                watched.move()  # a slow drive may take minutes to list a very large folder
                listed.append(entry)
    except OSError as error:
        walk.skipped.append((folder, _reason(error)))
        return
    for entry in sorted(listed, key=lambda entry: entry.name):
        watched.move()
        if entry.name.startswith(".") or entry.name in _SKIPPED_FOLDERS:
            continue
        try:
            _note_entry(entry, walk, stack)
        except OSError as error:
            walk.skipped.append((Path(entry.path), _reason(error)))


def _note_entry(entry: os.DirEntry[str], walk: Walk, stack: list[Path]) -> None:
    is_folder = entry.is_dir()
    path = Path(entry.path)
    if not is_folder and path.suffix.lower() not in walk.suffixes:
        if entry.is_symlink() and not path.exists():
            walk.dangling.add(os.fsencode(path))
        return
    if entry.is_symlink():
        key = os.fsencode(path)
        path = Path(os.path.realpath(path))
        walk.links[key] = os.fsencode(path)
    if is_folder:
        stack.append(path)
        return
    status = entry.stat()
    if not stat.S_ISREG(status.st_mode):
        walk.skipped.append((path, "it is not a file"))
        return
    file = PhotoFile(path, os.fsencode(path), status.st_size, status.st_mtime_ns)
    walk.files[file.key] = file


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is not there"
    if isinstance(error, PermissionError):
        return "it may not be opened (permission denied)"
    return f"it cannot be opened ({error.strerror or error})"


def is_gone(path: bytes) -> bool:
    """Whether a file is known not to exist; one that cannot be reached may still be there."""
    try:
        Path(os.fsdecode(path)).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
