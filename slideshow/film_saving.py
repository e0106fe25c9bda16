"""Saving a film as a person sees it: which, where to, how far, done, stopped, failed; and a timeline for an editor."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.errors import EngineError
from slideshow import messages
from slideshow.film_export import FilmExport
from slideshow.film_options import FilmOptions, speed_of
from slideshow.film_sheets import ProgressSheet, ask_for_film, options_of, show_failed, show_progress, show_saved
from slideshow.jobs import Jobs
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.sheets import Sheet
from slideshow.toasts import Toast, Toasts

if TYPE_CHECKING:
    from engine.emotion import EmotionCurve
    from engine.plan import Plan
    from engine.video import FilmReport

log = logging.getLogger(__name__)


class FilmSaving(QObject):
    """Asks for a film and its place, exports in the background, and tells of it in a sheet, or in a toast without."""

    failed = Signal(object)

    def __init__(self, window: QWidget, session: Session, jobs: Jobs, store: SettingsStore, toasts: Toasts) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._jobs = jobs
        self._store = store
        self._toasts = toasts
        self._toast: Toast | None = None
        self._progress: ProgressSheet | None = None
        self._options = FilmOptions()
        self._dest = Path()
        self.sheet: Sheet | None = None
        self.film = FilmExport(jobs, self)
        self.film.progressed.connect(self._on_progress)
        self.film.finished.connect(self._on_saved)
        self.film.failed.connect(self._on_failed)
        self.film.cancelled.connect(self._on_cancelled)

    def start(self) -> None:
        """Open the sheet that suits: the choices, or the progress of the film that is being saved."""
        if self.sheet is not None:
            return
        if self.film.is_running:
            self._show_progress()
            return
        plan = self._ready_plan()
        if plan is None:
            is_coming = self._session.song_path is not None and self._session.song_error is None
            is_coming = is_coming and self._session.n_photos > 0
            words = "The film can be made once the whole song has been heard."
            self._toasts.show(words if is_coming else "Choose a song and photos first.", icon="film")
            return
        from slideshow.film_credits import demo_credits

        try:
            is_credited = any(demo_credits(plan))
        except EngineError as error:
            self.failed.emit(error)
            return
        self._keep(
            ask_for_film(
                self._window,
                self._store,
                duration_s=plan.duration_s,
                is_credited=is_credited,
                on_save=self.ask_for_place,
                on_timeline=self.save_timeline,
            )
        )

    def ask_for_place(self) -> None:
        """Ask where to, then save the session's show."""
        plan = self._ready_plan()
        if plan is None or self.film.is_running:
            return
        dest = self._chosen_place("Export film", "Film (*.mp4)", ".mp4")
        if dest is None:
            return
        self._dest, self._options = dest, options_of(self._store.now)
        self.film.start(plan, dest, options=self._options)
        self._show_progress()

    def save_timeline(self) -> None:
        """Ask where to, then write the show as a timeline for a video editor."""
        plan, session = self._ready_plan(), self._session
        if plan is None or session.analysis is None:
            return
        dest = self._chosen_place("Export timeline", "OpenTimelineIO (*.otio)", ".otio")
        if dest is None:
            return
        beats_s = tuple(session.analysis.beat_times_s.tolist())
        self._jobs.submit(
            "short",
            partial(_write_timeline, plan, dest, self._title(), beats_s, session.felt, self._store.now.film_fps),
            on_done=partial(self._on_timeline_saved, dest),
            on_failed=self.failed.emit,
        )

    def _ready_plan(self) -> Plan | None:
        session = self._session
        is_heard = session.analysis is not None and session.analysis.is_complete
        return session.plan if is_heard and session.plan is not None and session.plan.cues else None

    def _title(self) -> str:
        return self._session.song.title if self._session.song is not None else "Moodreel"

    def _chosen_place(self, question: str, kinds: str, suffix: str) -> Path | None:
        proposal = Path(self._store.now.last_film_folder or Path.home()) / f"{_file_name(self._title())}{suffix}"
        name, _ = QFileDialog.getSaveFileName(self._window, question, str(proposal), kinds)
        if not name:
            return None
        dest = Path(name) if Path(name).suffix.lower() == suffix else Path(f"{name}{suffix}")
        self._store.change(last_film_folder=str(dest.parent))
        return dest

    # What is shown

    def _keep(self, sheet: Sheet) -> None:
        self.sheet = sheet
        sheet.closed.connect(partial(self._on_sheet_closed, sheet))

    def _on_sheet_closed(self, sheet: Sheet) -> None:
        if self.sheet is sheet:
            self.sheet = None
        if self._progress is not None and self._progress.sheet is sheet:
            self._progress = None
            if self.film.is_running:
                self._show_toast()

    def _show_progress(self) -> None:
        self._end_toast()
        self._progress = show_progress(self._window, self._dest, on_stop=self.film.cancel)
        self._progress.show(self.film.share, self.film.left_s)
        self._keep(self._progress.sheet)

    def _show_toast(self) -> None:
        self._toast = self._toasts.show("Saving the film", icon="film", action="Stop", on_action=self.film.cancel)
        self._on_progress(self.film.share, self.film.left_s)

    def _on_progress(self, share: float, left_s: float | None) -> None:
        if self._progress is not None:
            self._progress.show(share, left_s)
        elif self._toast is not None:
            left = f" {messages.time_left(left_s)}." if left_s is not None else ""
            self._toast.set_text(f"Saving the film: {int(share * 100)} %.{left}")
            self._toast.set_progress(share)

    def _end(self) -> bool:
        """Take the progress away; True where its sheet was open."""
        self._end_toast()
        progress, self._progress = self._progress, None
        if progress is not None:
            progress.sheet.close()
        return progress is not None

    def _end_toast(self) -> None:
        toast, self._toast = self._toast, None
        if toast is not None and toast in self._toasts.shown:
            toast.leave()

    def _on_saved(self, dest: Path, report: FilmReport) -> None:
        log.info("film saved: %s", report)
        self._store.change(film_speed=speed_of(self._options, duration_s=report.duration_s, seconds=report.seconds))
        if self._end():
            self._show_saved(report)
            return
        is_well = not report.check.faults
        self._toasts.show(
            "Your film is saved." if is_well else "Your film is saved, but look at it.",
            icon="circle-check" if is_well else "triangle-alert",
            tone="ok" if is_well else "warn",
            action="Show it",
            on_action=partial(self._show_saved, report),
        )

    def _show_saved(self, report: FilmReport) -> None:
        if self.sheet is None:
            self._keep(
                show_saved(
                    self._window,
                    report,
                    on_play=partial(_open, report.path),
                    on_show=partial(_open, report.path.parent),
                )
            )

    def _on_failed(self, error: Exception) -> None:
        if not self._end() or not isinstance(error, EngineError):
            self.failed.emit(error)
            return
        self._keep(show_failed(self._window, error, on_again=self.start))

    def _on_cancelled(self) -> None:
        self._end()
        self._toasts.show("The film was not saved.", icon="film")

    def _on_timeline_saved(self, dest: Path, _: object) -> None:
        text = f"{messages.name_of(dest)} is saved."
        show: Callable[[], None] = partial(_open, dest.parent)
        self._toasts.show(text, icon="circle-check", tone="ok", action="Show it", on_action=show)


def _write_timeline(
    plan: Plan, dest: Path, title: str, beats_s: tuple[float, ...], felt: EmotionCurve, fps: int, *, report: Any
) -> None:
    from engine.interchange import timeline_bytes
    from slideshow.cli_output import write_file
    from slideshow.mood_words import mood_changes

    moods = mood_changes(felt, duration_s=plan.duration_s)
    write_file(dest, timeline_bytes(plan, fps=fps, title=title, beats_s=beats_s, moods=moods))


def _open(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _file_name(title: str) -> str:
    """A title as a file's name on any system."""
    return "".join(" " if char in '\\/:*?"<>|' or ord(char) < 32 else char for char in title).strip() or "Moodreel"
