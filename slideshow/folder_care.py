"""The person's folders: chosen, added, put to rest, forgotten, and what indexing them has brought, told in toasts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from slideshow import messages, sheets
from slideshow.left_out_sheet import LeftOutSheet
from slideshow.places import DEMO_PHOTOS
from slideshow.session import Session
from slideshow.session_photos import is_demo
from slideshow.settings import SettingsStore
from slideshow.thumbnails import Thumbnails
from slideshow.toasts import Toasts

if TYPE_CHECKING:
    from engine.indexing import IndexReport


def start_folder(name: str) -> str:
    """Where a file dialog opens at first: the person's folder of this name, or home where there is none."""
    folder = Path.home() / name
    return str(folder if folder.is_dir() else folder.parent)


class FolderCare(QObject):
    """Keeps session and settings together on which folders shows use."""

    def __init__(
        self, window: QWidget, session: Session, store: SettingsStore, toasts: Toasts, thumbnails: Thumbnails
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._store = store
        self._toasts = toasts
        self._thumbnails = thumbnails
        self._told_unread: set[Path] = set()
        self._is_quiet = False
        self._asked: tuple[Path, ...] = ()
        """Folders that the person has just asked to be looked into."""
        session.indexing_finished.connect(self._on_indexed)
        session.following.begin()
        session.photos_renewed.connect(thumbnails.forget)
        session.drives.changed.connect(self._on_drives)
        store.changed.connect(self._follow_settings)
        self._follow_settings()

    def _follow_settings(self) -> None:
        self._session.following.set_on(is_on=self._store.now.is_following_folders)

    def _on_drives(self) -> None:
        self._thumbnails.away = self._session.drives.away

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
        self._is_quiet = False
        self._set_rest(tuple(name for name in self._store.now.folders_at_rest if Path(name) not in folders))
        self._session.add_folders(folders)

    def rescan_quietly(self) -> None:
        """Look for changes at the start, without a word on what was known before."""
        self._is_quiet = True
        self._session.rescan()

    def look_into(self, folders: Sequence[Path]) -> None:
        """Look for changes because the person asks, and say what was found."""
        drives = self._session.drives
        there = tuple(folder for folder in folders if drives.state_of(folder).is_there)
        drives.look()  # one that is away may just have come back: then it is looked into by itself
        if there:
            self._asked = there
            self._session.look_into(there)
        away = [folder for folder in folders if folder not in there]
        if away:
            if len(away) == 1:
                text = f"{messages.name_of(away[0])} is still not there."
            elif there:
                text = f"{len(away)} of your folders are still not there."
            else:
                text = "None of your folders is there now."
            self._toasts.show(text, icon="triangle-alert", tone="warn")

    def rest(self, folder: str, is_at_rest: bool) -> None:
        """Leave a folder out of shows, or take it back in."""
        others = tuple(name for name in self._store.now.folders_at_rest if name != folder)
        self._set_rest((*others, folder) if is_at_rest else others)

    def forget(self, folder: Path) -> None:
        """Take a folder out of the library; can be undone. After the last of the person's own the demo is back."""
        self._session.remove_folder(folder)
        name = "The demo photos" if is_demo(folder) else messages.name_of(folder)
        demo = str(DEMO_PHOTOS.resolve())
        left = [str(other) for other in self._session.folders if other != folder]
        is_demo_back = left == [demo] and demo in self._store.now.folders_at_rest
        if is_demo_back:
            self.rest(demo, False)

        def take_back() -> None:
            self._session.restore_folder(folder)
            if is_demo_back:
                self.rest(demo, True)

        more = "The demo photos are back." if is_demo_back else "The files stay."
        self._toasts.show(f"{name} left the library. {more}", icon="folder", action="Undo", on_action=take_back)

    def show_unread(self) -> None:
        """List the photos that could not be read, with reasons."""
        details = messages.skipped_details(self._session.skipped)
        title, text = "What could not be read", "Your files are not changed. Each is tried again when it changes."
        sheets.show_details(self._window, title=title, text=text, details=details, is_wrapped=True)

    def show_left_out(self) -> LeftOutSheet | None:
        """List the photos that stay out of shows for what they are."""
        if not self._session.of_kinds:
            return None
        sheet = LeftOutSheet(self._window, self._session.of_kinds, self._thumbnails, let_in=self._let_in)
        sheet.closed.connect(partial(self._on_left_out_closed, sheet))
        return sheet

    def _let_in(self, photo_ids: tuple[int, ...], is_let_in: bool) -> None:
        self._session.let_in(photo_ids, is_let_in=is_let_in)

    def _on_left_out_closed(self, sheet: LeftOutSheet) -> None:
        """Offer to take back all that was decided on the sheet."""
        let_in, left_out = sheet.changed_ids

        def take_back() -> None:
            self._let_in(tuple(let_in), False)
            self._let_in(tuple(left_out), True)

        if let_in:
            text = f"Shows may use {messages.count_of(len(let_in), 'more photo')}."
        elif left_out:
            text = f"{messages.count_of(len(left_out), 'photo')} left out of shows."
        else:
            return
        self._toasts.show(text, icon="image-off", action="Undo", on_action=take_back)

    def _set_rest(self, folders_at_rest: tuple[str, ...]) -> None:
        if folders_at_rest != self._store.now.folders_at_rest:
            self._store.change(folders_at_rest=folders_at_rest)
            self._session.rest_folders(folders_at_rest)

    def _on_indexed(self, report: IndexReport, folders: tuple[Path, ...]) -> None:
        if self._session.indexer.last.is_quiet:
            return  # nobody has asked for it, and the Library page shows it
        is_quiet, self._is_quiet = self._is_quiet, False
        asked, self._asked = self._asked, ()
        bad_photos = [(path, reason) for path, reason in report.skipped if path not in folders]
        unread = [(path, reason) for path, reason in bad_photos if path not in self._told_unread]
        self._told_unread.update(path for path, _ in unread)
        if is_quiet:
            return
        if asked and set(asked) <= set(folders):
            self._toasts.show(_found_words(report, asked), icon="refresh-cw")
        if unread:
            text = messages.unread_photos(unread, n_found=report.found)
            self._toasts.show(text, icon="triangle-alert", tone="warn", action="Details", on_action=self.show_unread)
        own = [folder for folder in folders if not is_demo(folder.resolve())]
        n_readable = report.found - len(bad_photos)
        if asked:
            return
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


def _called(folder: Path) -> str:
    return "the demo photos" if is_demo(folder) else messages.name_of(folder)


def _found_words(report: IndexReport, folders: Sequence[Path]) -> str:
    """Say what a look for changes has found."""
    where = _called(folders[0]) if len(folders) == 1 else "your folders"
    n_new = report.indexed + report.recognised
    come = f"{messages.count_of(n_new, 'new or changed photo')} in {where}" if n_new else ""
    gone = f"{messages.count_of(report.missing, 'photo')} gone" if report.missing else ""
    if come and gone:
        return f"{come}, {gone}."
    if come or gone:
        return f"{come}." if come else f"{gone} from {where}."
    return f"Nothing has changed in {where}."
