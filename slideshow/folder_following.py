"""What happens in the person's folders by itself: what changes there is looked at, gently, and what cannot be heard of
is looked for now and then."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from slideshow.folder_watch import FolderWatch, outermost

if TYPE_CHECKING:
    from engine.indexing import IndexReport
    from slideshow.session_photos import SessionPhotos

LOOK_EVERY_S = 900.0
"""How often folders are looked through whose changes the system does not tell of: a network drive is walked slowly."""
LOOK_ALL_EVERY_S = 6 * 3600.0
"""How often all folders are looked through: systems drop what they have to tell when it is too much at once."""
AGAIN_S, LONGEST_AGAIN_S = 3.0, 60.0
"""After so long a file is looked at again that was just being written; twice as long each time it still is."""
MAX_APART = 40
"""From so many changed folders on, all folders of the library are looked through at once."""


class FolderFollowing(QObject):
    """Keeps the library in step with its folders. Nothing is begun while the person has paused, or a film is saved."""

    changed = Signal()
    """Other folders are watched, or not."""

    def __init__(self, session: SessionPhotos) -> None:
        super().__init__(session)
        self._session = session
        self.watch = FolderWatch(self)
        self._is_on = False
        self._due: set[Path] = set()
        self._later: dict[Path, tuple[float, float]] = {}
        """Folders with files that were being written: when to look again, and after how long that is."""
        self._back: set[Path] = set()
        """Folders that were away when they were last looked at."""
        self._looked_s = self._looked_all_s = 0.0
        self._is_checking = False
        self._wake = QTimer(self)
        self._wake.setSingleShot(True)
        self._wake.setTimerType(Qt.TimerType.CoarseTimer)
        self._wake.timeout.connect(self._on_wake)
        self.watch.stirred.connect(self.look_at)
        self.watch.settled.connect(self._on_watching)

    def begin(self) -> None:
        """Follow the session's folders from now on."""
        session = self._session
        session.drives.changed.connect(self._on_drives)
        session.drives.mounts_changed.connect(self.look_at)
        session.drives.looked.connect(self._on_looked)
        session.catalog_changed.connect(self._on_folders)
        session.indexing_changed.connect(self._go_on)
        session.indexing_finished.connect(self._on_indexed)
        self._looked_s = self._looked_all_s = time.monotonic()

    def set_on(self, *, is_on: bool) -> None:
        """Follow changes, or leave the folders to be looked through when the person asks for it."""
        if is_on != self._is_on:
            self._is_on = is_on
            self._due.clear()
            self._on_folders()

    @property
    def is_on(self) -> bool:
        """Whether changes are followed."""
        return self._is_on

    @property
    def unheard(self) -> frozenset[Path]:
        """The folders that are there, and whose changes are only looked for now and then."""
        if not self._is_on:
            return frozenset()
        there = self._there()
        return frozenset(folder for folder in there if not self.watch.is_watched(folder))

    def _places(self) -> tuple[Path, ...]:
        return (*self._session.folders, *self._session.elsewhere)

    def _there(self) -> tuple[Path, ...]:
        return tuple(place for place in self._places() if self._session.drives.state_of(place).is_there)

    def _on_folders(self) -> None:
        """Watch what there is to be watched; a watch that was lost is set up again."""
        drives = self._session.drives
        if not self._is_on:
            self.watch.watch(())
        elif drives.is_known:
            self.watch.watch([place for place in self._there() if not drives.state_of(place).is_network])
        self._sleep()

    def _on_watching(self) -> None:
        self._sleep()
        self.changed.emit()

    def _on_drives(self) -> None:
        away = self._session.drives.away
        came = self._back - away
        self._back = set(away)
        if came:  # whatever has happened to them meanwhile
            self.look_at(came)

    def look_at(self, folders: Collection[Path]) -> None:
        """Look at folders in which something has changed, as soon as nothing else is in the way."""
        self._due.update(folders)
        self._go_on()

    @property
    def _may_look(self) -> bool:
        indexer = self._session.indexer
        is_taken = indexer.is_film_first or indexer.now.is_running or indexer.now.is_paused
        return self._session.is_open and not is_taken

    def _go_on(self) -> None:
        if not self._due or self._is_checking or not self._may_look:
            return
        # A drive that was just pulled out stirs its folders too: what is away must not be taken for deleted.
        self._is_checking = True
        self._session.drives.look()

    def _on_looked(self) -> None:
        self._on_folders()
        if not self._is_checking:
            return
        self._is_checking = False
        if not self._may_look:
            return  # the person has paused meanwhile, or saves a film: it stays due
        due, self._due = self._due, set()
        places = set(self._places())
        known = {folder for folder in due if folder in places or not places.isdisjoint(folder.parents)}
        self._session.look_into(outermost(known if len(known) <= MAX_APART else places), is_quiet=True)

    # Looked at again later

    def _on_indexed(self, report: IndexReport, folders: tuple[Path, ...]) -> None:
        now_s = time.monotonic()
        writing = {path.parent for path in report.put_off}
        before, self._later = self._later, {}
        for folder in writing | {f for f in before if f not in writing and not _is_in(f, folders)}:
            due_s, wait_s = before.get(folder, (0.0, AGAIN_S / 2))
            if folder in writing:
                wait_s = min(2 * wait_s, LONGEST_AGAIN_S)
                due_s = now_s + wait_s
            self._later[folder] = due_s, wait_s
        self._sleep()

    def _sleep(self) -> None:
        """Wake when something is to be looked at again."""
        times_s = [due_s for due_s, _ in self._later.values()]
        if self.unheard:
            times_s.append(self._looked_s + LOOK_EVERY_S)
        if self._is_on:
            times_s.append(self._looked_all_s + LOOK_ALL_EVERY_S)
        if times_s:
            self._wake.start(max(1, round(1000 * (min(times_s) - time.monotonic()))))
        else:
            self._wake.stop()

    def _on_wake(self) -> None:
        now_s = time.monotonic()
        due = {folder for folder, (due_s, _) in self._later.items() if due_s <= now_s}
        if now_s >= self._looked_s + LOOK_EVERY_S:
            due |= self.unheard
            self._looked_s = now_s
        if self._is_on and now_s >= self._looked_all_s + LOOK_ALL_EVERY_S:
            due.update(self._there())
            self._looked_s = self._looked_all_s = now_s
        if due:
            self.look_at(due)
        else:
            self._sleep()

    def shutdown(self) -> None:
        """Follow no more."""
        self._is_on = False
        self._wake.stop()
        self.watch.shutdown()


def _is_in(folder: Path, folders: Collection[Path]) -> bool:
    return folder in folders or any(above in folders for above in folder.parents)
