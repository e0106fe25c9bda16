"""Which of the person's folders are there: their drives come and go, and what hangs on a dead network must hang alone.

Each drive is looked at in a daemon thread of its own, for a lost network share lets even a question for one file wait a
minute. Nothing here is asked in the GUI thread.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import stat
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PySide6.QtCore import QObject, QStorageInfo, Qt, QTimer, Signal

from engine.folders import device_number
from slideshow.messages import name_of

Kind = Literal["there", "away", "silent", "gone", "denied", "unreadable"]
"""How a folder is found: there; its drive not connected, or not answering; itself moved or deleted; not to be read."""

LOOK_MS, LOOK_AWAY_MS = 15_000, 5_000
"""How often folders are looked at, and how often while one of them is missed. What is connected tells of itself."""
SILENT_MS = 5_000
"""A drive that takes longer to answer counts as away until it does; one that has to spin up takes less."""

MOUNT_PLACES = ("/media", "/run/media", "/mnt", "/Volumes", "/net")
"""Where systems put drives; each is followed by the drive's name, and below media by the person's name first."""
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "webdav", "ncpfs", "9p", "ceph", "glusterfs", "lustre", "afs"}
    | {"vboxsf", "virtiofs", "prl_fs", "fuse.sshfs", "fuse.rclone", "fuse.gvfsd-fuse", "fuse.davfs2", "fuse.s3fs"}
)
"""File systems whose changes are made elsewhere: the system does not tell of them."""
_NOT_READY = frozenset({21, 53, 55, 59, 64, 67, 1231})
"""Windows' own numbers for a drive without a disk and for a network that is not there."""
_NO_ANSWER = frozenset(
    getattr(errno, name, None)
    for name in ("EIO", "ENOTCONN", "ESTALE", "EHOSTDOWN", "EHOSTUNREACH", "ETIMEDOUT", "ENODEV", "ENXIO")
) - {None}


@dataclass(frozen=True, slots=True)
class FolderState:
    """How one folder is found. drive is the name of the drive it lies on, "" where that is the computer's own disk."""

    kind: Kind = "there"
    drive: str = ""
    reason: str = ""
    is_network: bool = False

    @property
    def is_there(self) -> bool:
        """Whether its photos can be read now."""
        return self.kind == "there"


THERE = FolderState()


def mounts() -> dict[str, str]:
    """File systems that are mounted, by place, as Linux lists them without touching any; empty on other systems."""
    try:
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        fields, _, rest = line.partition(b" - ")
        parts = fields.split()
        if len(parts) > 4 and rest:
            place = parts[4].replace(b"\\040", b" ").replace(b"\\011", b"\t").replace(b"\\134", b"\\")
            found[os.fsdecode(place)] = rest.split()[0].decode("ascii", "replace")
    return found


def drive_place(folder: Path, mounted: Mapping[str, str]) -> Path:
    """Where the drive of a folder is mounted, or would be, told by its path alone; the root where it is no drive."""
    for place in (folder, *folder.parents):
        if str(place) in mounted:
            if len(place.parts) > 1:
                return place
            break
    for root in MOUNT_PLACES:
        if folder.is_relative_to(root):
            depth = len(Path(root).parts) + (2 if root.endswith("media") else 1)
            return Path(*folder.parts[:depth])
    return Path(folder.anchor or "/")


def drive_name(place: Path) -> str:
    """Name of a drive as a person knows it: the last part of its place, a drive letter, a share on a server."""
    if len(place.parts) > 1:
        return name_of(place)
    anchor = place.anchor.rstrip("\\/")
    if anchor.startswith("\\\\"):
        server, _, share = anchor.strip("\\").partition("\\")
        return f"{share} on {server}" if share else server
    return anchor


def look_at(folder: Path, *, device_before: int | None, mounted: Mapping[str, str]) -> FolderState:
    """Look at a folder; may wait as long as its drive does. device_before is what it lay on when last indexed."""
    place = drive_place(folder, mounted)
    drive = drive_name(place)
    try:
        status = folder.stat()
        if not stat.S_ISDIR(status.st_mode):
            return FolderState("gone", drive)
        # Not read each time: that could wake a disk which sleeps, while what it is asked here the system remembers.
        is_empty = device_before != device_number(status) and _is_empty(folder)
        if not os.access(folder, os.R_OK | os.X_OK):
            return FolderState("denied", drive, "permission denied")
    except OSError as error:
        return _state_of(error, folder, place, device_before=device_before, mounted=mounted)
    if is_empty and device_before is not None:
        return FolderState("away", drive or name_of(folder))  # the place of a drive stays behind, empty
    return FolderState("there", drive, is_network=_file_system(folder, place, mounted) in NETWORK_FILE_SYSTEMS)


def _file_system(folder: Path, place: Path, mounted: Mapping[str, str]) -> str:
    if mounted:
        return mounted.get(str(place), "")
    # Windows tells of changes on network drives too.
    return "" if sys.platform == "win32" else bytes(QStorageInfo(str(folder)).fileSystemType().data()).decode()


def _state_of(
    error: OSError, folder: Path, place: Path, *, device_before: int | None, mounted: Mapping[str, str]
) -> FolderState:
    """Tell a drive that is away from a folder that is, by what stands where it should be."""
    drive = drive_name(place)
    if getattr(error, "winerror", None) in _NOT_READY:
        return FolderState("away", drive)
    if isinstance(error, PermissionError):
        return FolderState("denied", drive, "permission denied")
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        mount = _empty_mount(folder, device_before)
        if mount is not None:
            return FolderState("away", name_of(mount))
        return FolderState("away" if drive and not _is_connected(place, mounted) else "gone", drive)
    if error.errno in _NO_ANSWER:
        return FolderState("silent", drive)
    return FolderState("unreadable", drive, error.strerror or str(error))


def _empty_mount(folder: Path, device_before: int | None) -> Path | None:
    """The nearest folder above that is there, where it looks like the place of a drive: empty, on another device."""
    for above in folder.parents:
        try:
            is_other = device_before not in {None, device_number(above.stat())}
            return above if is_other and _is_empty(above) else None
        except OSError:
            continue
    return None


def _is_empty(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return next(entries, None) is None


def _is_connected(place: Path, mounted: Mapping[str, str]) -> bool:
    """Whether a drive is at its place: mounted there, or where the system does not say so, something lies there."""
    if str(place) in mounted:
        return True
    try:
        return next(place.iterdir(), None) is not None
    except OSError:
        return False


class Drives(QObject):
    """Looks at folders now and then, and tells when one has come or gone. Lives in the GUI thread."""

    changed = Signal()
    """A folder is found otherwise than before."""
    looked = Signal()
    """All folders have been looked at, or their drives were waited for long enough."""
    mounts_changed = Signal(object)
    """Places within the folders, as a frozenset, where a drive was mounted since the last look, or no longer is."""
    _found = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._within: dict[Path, frozenset[Path]] = {}
        """Drives that are mounted within folders, by folder."""
        self._devices: dict[Path, int | None] = {}
        self._states: dict[Path, FolderState] = {}
        self._answers: queue.SimpleQueue[tuple[Path, FolderState | None]] = queue.SimpleQueue()
        """What the threads found, by folder; a place with None says that its drive has been looked at."""
        self._looking: dict[Path, list[Path]] = {}
        """Folders that are still to be heard of, by the drive that a thread looks at."""
        self._is_due = False
        self._is_awaited = False
        self._is_down = False
        self._found.connect(self._take, Qt.ConnectionType.QueuedConnection)
        self._next = self._timer(self.look)
        self._patience = self._timer(self._give_up)

    def _timer(self, act: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setTimerType(Qt.TimerType.CoarseTimer)
        timer.timeout.connect(act)
        return timer

    def follow(self, devices: Mapping[Path, int | None]) -> None:
        """Look after these folders, each with the device it lay on when it was last indexed."""
        is_new = not devices.keys() <= self._devices.keys()
        self._devices = dict(devices)
        self._states = {folder: state for folder, state in self._states.items() if folder in devices}
        if is_new:
            self.look()

    @property
    def is_known(self) -> bool:
        """Whether each folder has been looked at once."""
        return self._devices.keys() <= self._states.keys()

    def state_of(self, folder: Path) -> FolderState:
        """How a folder was found when it was last looked at."""
        return self._states.get(folder, THERE)

    @property
    def away(self) -> frozenset[Path]:
        """The folders whose photos cannot be had now."""
        return frozenset(folder for folder, state in self._states.items() if not state.is_there)

    def look(self) -> None:
        """Look now; `looked` follows within seconds, whatever hangs. A drive that still hangs is not asked again."""
        if self._is_down:
            return
        self._next.stop()
        if self._is_awaited:
            self._is_due = True  # folders may have been added to a drive that is being looked at
            return
        self._is_awaited, self._is_due = True, False
        mounted = mounts()
        groups: dict[Path, list[Path]] = {}
        for folder in self._devices:
            groups.setdefault(drive_place(folder, mounted), []).append(folder)
        for place, folders in groups.items():
            if place in self._looking:
                continue
            self._looking[place] = list(folders)
            asked = [(folder, self._devices[folder]) for folder in folders]
            threading.Thread(
                target=self._look_at_drive, args=(place, asked, mounted), name="drive", daemon=True
            ).start()
        self._patience.start(SILENT_MS)
        self._compare_mounts(mounted)
        self._end_if_heard()

    def _compare_mounts(self, mounted: dict[str, str]) -> None:
        """Tell of drives that have come or gone within folders: no folder says so of itself."""
        places = [Path(place) for place in mounted]
        before = self._within
        self._within = {
            folder: frozenset(place for place in places if folder in place.parents) for folder in self._devices
        }
        known = before.keys() & self._within.keys()
        changed = frozenset[Path]().union(*(before[folder] ^ self._within[folder] for folder in known))
        if changed:
            self.mounts_changed.emit(changed)

    def _look_at_drive(self, place: Path, asked: list[tuple[Path, int | None]], mounted: dict[str, str]) -> None:
        """Look at the folders of one drive. A thread of its own."""
        for folder, device in asked:
            self._tell(folder, look_at(folder, device_before=device, mounted=mounted))
        self._tell(place, None)

    def _tell(self, path: Path, state: FolderState | None) -> None:
        self._answers.put((path, state))
        if not self._is_down:
            with contextlib.suppress(RuntimeError):  # Qt's part of this object is gone: the app has ended meanwhile
                self._found.emit()

    def _take(self) -> None:
        try:
            path, state = self._answers.get_nowait()
        except queue.Empty:
            return
        if self._is_down:
            return
        if state is None:
            self._looking.pop(path, None)
            self._end_if_heard()
        elif path in self._devices:
            for waiting in self._looking.values():
                if path in waiting:
                    waiting.remove(path)
            self._set({path: state})

    def _set(self, states: dict[Path, FolderState]) -> None:
        is_changed = any(self.state_of(folder) != state for folder, state in states.items())
        self._states.update(states)
        if is_changed:
            self.changed.emit()

    def _end_if_heard(self) -> None:
        if self._is_awaited and not self._looking:
            self._end()

    def _give_up(self) -> None:
        """Count the folders of drives that do not answer as away, until they do."""
        silent = {
            folder: FolderState("silent", drive_name(place))
            for place, folders in self._looking.items()
            for folder in folders
            if folder in self._devices
        }
        self._set(silent)
        self._end()

    def _end(self) -> None:
        self._patience.stop()
        self._is_awaited = False
        self.looked.emit()
        if self._is_due:
            self.look()
        elif self._devices:
            self._next.start(LOOK_AWAY_MS if self.away else LOOK_MS)

    def shutdown(self) -> None:
        """Look no more. Threads that hang are left to themselves; they hold nothing but paths."""
        self._is_down = True
        self._next.stop()
        self._patience.stop()
