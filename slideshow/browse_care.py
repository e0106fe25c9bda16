"""What the Browse page asks of the window: a show from a choice, quick look, copies, lists, dates."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.progress import Progress
from slideshow import messages
from slideshow.browse_bar import dates_in_words
from slideshow.browse_page import BrowsePage
from slideshow.browse_photos import Rows
from slideshow.jobs import Job, Jobs
from slideshow.labels import Label
from slideshow.photo_copies import CopyReport, copy_photos, save_list
from slideshow.quick_look import QuickLook
from slideshow.range_slider import RangeSlider
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.sheets import Sheet
from slideshow.thumbnails import Thumbnails
from slideshow.toasts import Toast, Toasts

if TYPE_CHECKING:
    pass


class BrowseCare(QObject):
    """Acts for the page; slow work goes through jobs."""

    show_wanted = Signal()
    """A show was started from a choice: the Make page is wanted."""

    def __init__(
        self,
        window: QWidget,
        page: BrowsePage,
        session: Session,
        jobs: Jobs,
        store: SettingsStore,
        toasts: Toasts,
        thumbnails: Thumbnails,
        *,
        play_from_start: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._window, self._page, self._session, self._jobs = window, page, session, jobs
        self._store, self._toasts, self._thumbnails = store, toasts, thumbnails
        self._play_from_start = play_from_start
        self._is_play_due = False
        self._copying: tuple[Job, Toast] | None = None
        self.quick_look: QuickLook | None = None
        page.start_wanted.connect(self.start)
        page.look_wanted.connect(self.look)
        page.reveal_wanted.connect(self.reveal)
        page.copy_wanted.connect(self.copy)
        page.list_wanted.connect(self.save_list)
        page.dates_wanted.connect(self.ask_for_dates)
        session.plan_changed.connect(self._on_plan)

    # A show

    def start(self, rows: Rows) -> None:
        """Make a show from only these photos, and play it where there is a song."""
        session, page = self._session, self._page
        if page.photos is None:
            return
        n_there = sum(photo.id not in session.offline_ids for photo in page.photos_of(rows))
        if not n_there:
            text = "This photo is not connected now." if len(rows) == 1 else "None of these photos is connected now."
            self._toasts.show(text, icon="unplug", tone="warn")
            return
        is_all = len(rows) == len(page.photos)
        chosen = None if is_all else frozenset(photo.id for photo in page.photos_of(rows))
        is_other = chosen != session.chosen_ids
        session.is_begun, session.played_s = False, 0.0
        self._is_play_due = is_other and session.song_path is not None
        session.choose_photos(chosen)
        self.show_wanted.emit()
        if session.song_path is None:
            n = messages.count_of(n_there, "photo")
            words = "is ready" if n_there == 1 else "are ready"
            self._toasts.show(f"{n} {words}. Choose a song for the show.", icon="music")
        elif not self._is_play_due and session.plan is not None:
            self._play_from_start()

    def start_with(self, song: Path, rows: Rows | None, open_song: Callable[[Path], object]) -> None:
        """Make a show with a song, from some photos or all, and play it as soon as it is planned."""
        session, page = self._session, self._page
        if rows is not None and page.photos is not None:
            session.choose_photos(frozenset(photo.id for photo in page.photos_of(rows)))
        session.is_begun, session.played_s = False, 0.0
        open_song(song)
        self._is_play_due = session.plan is None
        if session.plan is not None:
            self._play_from_start()

    def _on_plan(self) -> None:
        if self._is_play_due and self._session.plan is not None:
            self._is_play_due = False
            self._play_from_start()

    # A photo

    def look(self, row: int) -> None:
        """Lay a photo over the window."""
        if self._page.photos is None or self.quick_look is not None:
            return
        self._page.grid.go_to(row)
        self.quick_look = QuickLook(
            self._window, self._page.photos, row, self._thumbnails,
            step=self._page.grid.step, offline=self._session.offline_ids,
        )  # fmt: skip
        self.quick_look.closed.connect(self._on_looked)
        self.quick_look.explanation_wanted.connect(self._page.explanation_wanted)

    def _on_looked(self) -> None:
        self.quick_look = None

    def reveal(self, row: int) -> None:
        """Open a photo's folder in the file manager."""
        assert self._page.photos is not None
        self.reveal_file(self._page.photos.photo(row).path)

    def reveal_file(self, path: Path) -> None:
        """Open a file's folder in the file manager."""
        folder = path.parent
        is_away = not self._session.drives.away.isdisjoint(path.parents)  # a lost share would keep the window waiting
        if is_away or not folder.is_dir():
            self._toasts.show("This folder is not connected.", icon="triangle-alert", tone="warn")
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._toasts.show(f"It lies in {messages.name_of(folder)}", icon="folder")

    # A selection

    def copy(self, rows: Rows) -> None:
        """Ask for a folder and copy photos there in the background."""
        if self._copying is not None:
            self._toasts.show("Photos are being copied already.", icon="folder")
            return
        title = f"Copy {messages.count_of(len(rows), 'photo')} to"
        name = QFileDialog.getExistingDirectory(self._window, title, str(Path.home()))
        if not name:
            return
        paths = self._page.paths_of(rows)
        toast = self._toasts.show(
            f"Copying {messages.count_of(len(paths), 'photo')}",
            icon="folder",
            action="Stop",
            on_action=self._stop_copying,
        )
        toast.set_progress(0.0)
        job = self._jobs.submit(
            "background",
            partial(copy_photos, paths, Path(name)),
            on_done=self._on_copied,
            on_failed=self._on_copy_failed,
            on_progress=self._on_copy_progress,
            on_cancelled=self._on_copy_stopped,
        )
        self._copying = (job, toast)

    def _stop_copying(self) -> None:
        if self._copying is not None:
            self._copying[0].cancel()

    def _on_copy_progress(self, progress: Progress) -> None:
        if self._copying is not None and progress.total:
            self._copying[1].set_progress(progress.done / progress.total)

    def _end_copying(self) -> None:
        if self._copying is not None and not self._copying[1].is_gone:
            self._copying[1].leave()
        self._copying = None

    def _on_copied(self, report: CopyReport) -> None:
        self._end_copying()
        text = f"{messages.count_of(report.n_copied, 'photo')} copied"
        if report.unreadable:
            text += f", {len(report.unreadable):,} could not be read"
        show = partial(QDesktopServices.openUrl, QUrl.fromLocalFile(str(report.folder)))
        self._toasts.show(text, icon="circle-check", tone="ok", action="Show them", on_action=show)

    def _on_copy_failed(self, error: Exception) -> None:
        self._end_copying()
        self._session.failed.emit(error)

    def _on_copy_stopped(self) -> None:
        self._end_copying()
        self._toasts.show("Copying was stopped; what was copied stays.", icon="folder")

    def save_list(self, rows: Rows) -> None:
        """Ask for a file and write the photos' paths there, a line each."""
        suggestion = str(Path.home() / "photos.txt")
        name, _ = QFileDialog.getSaveFileName(self._window, "Save a list of photos", suggestion)
        if not name:
            return
        paths, dest = self._page.paths_of(rows), Path(name)

        def saved(_: object) -> None:
            text = f"List of {messages.count_of(len(paths), 'photo')} saved"
            self._toasts.show(text, icon="circle-check", tone="ok")

        work = partial(save_list, paths, dest)
        self._jobs.submit("interactive", work, on_done=saved, on_failed=self._session.failed.emit)

    # Dates

    def ask_for_dates(self, limits: tuple[int, int], take: Callable[[tuple[int, int]], None]) -> None:
        """Ask for a stretch of days with two knobs."""
        first, last = limits
        span = max(1, last - first)
        sheet = Sheet(self._window, "Photos taken from … to …")
        slider = RangeSlider("Taken", "the first", "the last")
        chosen = Label("", "strong")

        def days() -> tuple[int, int]:
            low, high = slider.range
            return first + round(low * span), first + round(high * span)

        def show(*_: float) -> None:
            chosen.setText(dates_in_words(days()))

        def accept() -> None:
            sheet.close()
            take(days())

        slider.moved.connect(show)
        show()
        sheet.add_body(chosen)
        sheet.add_body(slider)
        sheet.add_button("Cancel", "outlined")
        sheet.add_button("Show these", "main", accept)
        sheet.open()
        slider.knobs[0].setFocus(Qt.FocusReason.OtherFocusReason)
