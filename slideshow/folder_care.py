"""The person's folders: chosen, added, put to rest, forgotten, and what indexing them has brought, told in toasts."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from slideshow import messages, sheets
from slideshow.places import DEMO_PHOTOS
from slideshow.session import Session
from slideshow.session_photos import is_demo
from slideshow.settings import SettingsStore
from slideshow.toasts import Toasts

if TYPE_CHECKING:
    from engine.indexing import IndexReport


def start_folder(name: str) -> str:
    """Where a file dialog opens at first: the person's folder of this name, or home where there is none."""
    folder = Path.home() / name
    return str(folder if folder.is_dir() else folder.parent)


class FolderCare(QObject):
    """Keeps session and settings together on which folders shows use."""

    def __init__(self, window: QWidget, session: Session, store: SettingsStore, toasts: Toasts) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._store = store
        self._toasts = toasts
        self._told_unread: set[Path] = set()
        self._is_quiet = False
        session.indexing_finished.connect(self._on_indexed)

    def choose(self) -> Path | None:
        """Let the person pick a folder of photos."""
        start = self._store.now.last_photo_folder or start_folder("Pictures")
        name = QFileDialog.getExistingDirectory(self._window, "Add a folder of photos", start)
        if not name:
            return None
        self._store.change(last_photo_folder=name)
        return Path(name)

    def add(self, folders: list[Path]) -> None:
        """Index folders and use their photos."""
        self._set_rest(tuple(name for name in self._store.now.folders_at_rest if Path(name) not in folders))
        self._session.add_folders(folders)

    def rescan_quietly(self) -> None:
        """Look for changes at the start, without a word on what was known before."""
        self._is_quiet = True
        self._session.rescan()

    def rest(self, folder: str, is_at_rest: bool) -> None:
        """Leave a folder out of shows, or take it back in."""
        others = tuple(name for name in self._store.now.folders_at_rest if name != folder)
        self._set_rest((*others, folder) if is_at_rest else others)

    def forget(self, folder: Path) -> None:
        """Take a folder out of the library; can be undone."""
        self._session.remove_folder(folder)
        name = "The demo photos" if is_demo(folder) else messages.name_of(folder)
        back = partial(self._session.restore_folder, folder)
        self._toasts.show(f"{name} left the library. The files stay.", icon="folder", action="Undo", on_action=back)

    def show_unread(self) -> None:
        """List the photos that could not be read, with reasons."""
        details = messages.skipped_details(self._session.skipped)
        title, text = "Photos that could not be read", "Your files are not changed."
        sheets.show_details(self._window, title=title, text=text, details=details)

    def _set_rest(self, folders_at_rest: tuple[str, ...]) -> None:
        if folders_at_rest != self._store.now.folders_at_rest:
            self._store.change(folders_at_rest=folders_at_rest)
            self._session.rest_folders(folders_at_rest)

    def _on_indexed(self, report: IndexReport, folders: tuple[Path, ...]) -> None:
        is_quiet, self._is_quiet = self._is_quiet, False
        bad_photos = [(path, reason) for path, reason in report.skipped if path not in folders]
        unread = [(path, reason) for path, reason in bad_photos if path not in self._told_unread]
        self._told_unread.update(path for path, _ in unread)
        if is_quiet:
            return
        if unread:
            text = messages.unread_photos(unread, n_found=report.found)
            self._toasts.show(text, icon="triangle-alert", tone="warn", action="Details", on_action=self.show_unread)
        own = [folder for folder in folders if not is_demo(folder.resolve())]
        n_readable = report.found - len(bad_photos)
        if own and report.found == 0:
            name = messages.name_of(own[0])
            is_there = own[0] not in {path for path, _ in report.skipped}
            text = f"No photos were found in {name}." if is_there else f"The folder {name} is not there."
            self._toasts.show(text, icon="triangle-alert", tone="warn")
        elif own and n_readable > 0:
            self._put_demo_aside()
            few = messages.few_photos(n_readable) if len(self._session.folders) <= 1 else ""
            if few:
                self._toasts.show(few, icon="info")

    def _put_demo_aside(self) -> None:
        demo = str(DEMO_PHOTOS.resolve())
        if Path(demo) in self._session.folders and demo not in self._store.now.folders_at_rest:
            self.rest(demo, True)
            wake = partial(self.rest, demo, False)
            text = "The demo photos rest while you have your own."
            self._toasts.show(text, icon="images", action="Undo", on_action=wake)
