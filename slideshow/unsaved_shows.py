"""Shows that have no file yet, kept in a folder of the app: one file each, locked by the Moodreel that works on it."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from PySide6.QtCore import QLockFile

from engine.project import SUFFIX

MAX_UNSAVED = 10
"""So many are kept; beyond them the oldest goes."""

log = logging.getLogger(__name__)


class UnsavedShows:
    """The folder, and the one file in it that belongs to the show that is open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.slot: Path | None = None
        """The open show's file, None while there is nothing to be kept."""
        self._lock: QLockFile | None = None

    def own_slot(self, title: str) -> Path | None:
        """Give the open show its file, locked so that another Moodreel leaves it alone; None where none can be made."""
        if self.slot is None:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
            except OSError as fault:
                log.warning("shows cannot be kept in %s: %s", self.folder, fault)
                return None
            number = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{time.monotonic_ns() % 10**6}"
            self.take(self.folder / f"{number} {title}{SUFFIX}")
        return self.slot

    def take(self, slot: Path) -> bool:
        """Make a file the open show's; False where another Moodreel works on it."""
        lock = QLockFile(f"{slot}.lock")
        lock.setStaleLockTime(0)  # a lock is stale when its process is gone, not when it is old
        if not lock.tryLock(0):
            return False
        self.let_go()
        self.slot, self._lock = slot, lock
        return True

    def let_go(self) -> None:
        """The file stays, for whoever comes next."""
        if self._lock is not None:
            self._lock.unlock()
        self.slot = self._lock = None

    def others(self) -> list[Path]:
        """Shows that were kept and never saved, the last first; of too many the oldest go."""
        shows = sorted(self.folder.glob(f"*{SUFFIX}"), key=changed_at, reverse=True)
        for old in shows[MAX_UNSAVED:]:
            if old != self.slot:
                old.unlink(missing_ok=True)
        return [show for show in shows[:MAX_UNSAVED] if show != self.slot]


def title_of(path: Path) -> str:
    """The title that a kept show's file was given."""
    return path.stem.partition(" ")[2]


def changed_at(path: Path) -> float:
    """When a file was written last, 0 for one that is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
