"""Saving a film as a person sees it: where to, how far, done, stopped, failed."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from slideshow import messages
from slideshow.film_export import FilmExport
from slideshow.jobs import Jobs
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.toasts import Toast, Toasts

if TYPE_CHECKING:
    from engine.video import FilmReport

log = logging.getLogger(__name__)


class FilmSaving(QObject):
    """Asks for the place, exports in the background, and tells of it in a toast that can cancel."""

    failed = Signal(object)

    def __init__(self, window: QWidget, session: Session, jobs: Jobs, store: SettingsStore, toasts: Toasts) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._store = store
        self._toasts = toasts
        self._toast: Toast | None = None
        self.film = FilmExport(jobs, self)
        self.film.progressed.connect(self._on_progress)
        self.film.finished.connect(self._on_saved)
        self.film.failed.connect(self._on_failed)
        self.film.cancelled.connect(self._on_cancelled)

    def start(self) -> None:
        """Ask where to, then save the session's show."""
        session, now = self._session, self._store.now
        if session.plan is None or session.analysis is None or not session.analysis.is_complete or self.film.is_running:
            return
        title = session.song.title if session.song is not None else "Moodreel"
        proposal = Path(now.last_film_folder or Path.home()) / f"{_file_name(title)}.mp4"
        name, _ = QFileDialog.getSaveFileName(self._window, "Export film", str(proposal), "Film (*.mp4)")
        if not name:
            return
        dest = Path(name) if Path(name).suffix.lower() == ".mp4" else Path(f"{name}.mp4")
        self._store.change(last_film_folder=str(dest.parent))
        self.film.start(session.plan, dest, height_px=now.film_height_px)
        self._toast = self._toasts.show("Saving the film", icon="film", action="Cancel", on_action=self.film.cancel)
        self._toast.set_progress(0.0)

    def _on_progress(self, share: float, left_s: float | None) -> None:
        if self._toast is not None:
            left = f" {messages.time_left(left_s)}." if left_s is not None else ""
            self._toast.set_text(f"Saving the film: {int(share * 100)} %.{left}")
            self._toast.set_progress(share)

    def _end_toast(self) -> None:
        toast, self._toast = self._toast, None
        if toast is not None and toast in self._toasts.shown:
            toast.leave()

    def _on_saved(self, dest: Path, report: FilmReport) -> None:
        self._end_toast()
        log.info("film saved: %s", report)
        show = partial(_open_folder, dest.parent)
        self._toasts.show("Your film is saved", icon="circle-check", tone="ok", action="Show it", on_action=show)

    def _on_failed(self, error: Exception) -> None:
        self._end_toast()
        self.failed.emit(error)

    def _on_cancelled(self) -> None:
        self._end_toast()
        self._toasts.show("The film was not saved", icon="film")


def _open_folder(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _file_name(title: str) -> str:
    """A title as a file's name on any system."""
    return "".join(" " if char in '\\/:*?"<>|' or ord(char) < 32 else char for char in title).strip() or "Moodreel"
