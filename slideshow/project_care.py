"""Care for the show as a file: saved, opened, kept by itself every few seconds, and found again after a fall."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMenu, QWidget

from engine.edits import EditedPlan
from engine.errors import ProjectError
from engine.project import SUFFIX, OpenedProject, Project, open_project, save_project
from slideshow import messages
from slideshow.folder_care import start_folder
from slideshow.jobs import Job, Jobs
from slideshow.missing_photos import MissingPhotos
from slideshow.recent_shows import recent_menu
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.toasts import Toasts
from slideshow.unsaved_shows import UnsavedShows

if TYPE_CHECKING:
    from engine.library import Photo

AUTOSAVE_MS = 1_500
"""How long after a change the show is kept: a fall loses no more than this."""

N_RECENT = 8
FILTER = f"Moodreel shows (*{SUFFIX});;All files (*)"

log = logging.getLogger(__name__)


class ProjectCare(QObject):
    """Knows which file the show belongs to, and whether it holds more than the file."""

    opened = Signal()
    """A show was opened from a file: it is time to show it."""
    asked = Signal()
    """The person wants a show; whether it can be read is not known yet."""
    given_up = Signal()
    """The show that was being opened will not come: something else is wanted, or it cannot be read."""
    failed = Signal(object)
    """An EngineError."""

    def __init__(
        self, window: QMainWindow, session: Session, jobs: Jobs, store: SettingsStore, toasts: Toasts, *, unsaved: Path
    ) -> None:
        """unsaved is the folder in which shows that have no file yet are kept."""
        super().__init__(window)
        self._window = window
        self._session = session
        self._jobs = jobs
        self._store = store
        self._toasts = toasts
        self.unsaved = UnsavedShows(unsaved)
        self.path: Path | None = None
        self._saved: EditedPlan | None = None
        self._saved_choice: frozenset[int] | None = None
        self._is_restored = False
        self.missing = MissingPhotos(window, session, toasts)
        self._lost: OpenedProject | None = None
        self._waiting: Path | None = None
        self._reading: Job | None = None
        self._is_changing = False
        self._position_s = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AUTOSAVE_MS)
        self._timer.timeout.connect(self._autosave)
        session.plan_changed.connect(self._on_plan)
        session.song_changed.connect(self.show_title)
        session.show_left.connect(self._on_show_left)
        session.opened.connect(self._open_waiting)

    # State

    @property
    def is_changed(self) -> bool:
        """Whether the show holds something by hand that its file does not."""
        now = self._session.history.now
        is_chosen_anew = self._saved is not None and self._session.chosen_ids != self._saved_choice
        if now is None or (now == self._saved and not is_chosen_anew):
            return False
        return self._is_restored or self._session.history.has_steps or is_chosen_anew

    @property
    def name(self) -> str:
        """What the show is called: its file's name, or the song's title."""
        if self.path is not None:
            return messages.name_of(Path(self.path.stem))
        song, path = self._session.song, self._session.song_path
        return song.title if song is not None else messages.name_of(Path(path.stem)) if path is not None else ""

    def show_title(self) -> None:
        """Say in the title bar which show this is, and whether there is something to be saved."""
        name = self.name.replace("[*]", "[ * ]")
        self._window.setWindowTitle(f"{name}[*] – Moodreel" if name else "Moodreel[*]")
        self._window.setWindowModified(self.is_changed)

    def _on_plan(self) -> None:
        self.show_title()
        if self.is_changed:
            self._timer.start()
        elif self._saved is not None and self._session.history.now == self._saved:
            self._timer.stop()
            self._forget_slot()

    def _project(self) -> Project | None:
        now = self._session.history.now
        if now is None or not now.plan.cues:
            return None
        return Project(now.plan, now.indices, self._session.played_s, self.path, self._session.chosen_photos)

    # Saving

    def save(self) -> None:
        """Save the show in its file; one that has none yet is asked for a name."""
        if self.path is None:
            self.save_as()
        else:
            self._save_to(self.path)

    def save_as(self) -> None:
        """Save the show under a name."""
        if self._project() is None:
            self._toasts.show("There is no show to save yet.", icon="info")
            return
        folder = self._store.now.last_project_folder or start_folder("Documents")
        start = str(self.path or Path(folder) / f"{_file_name(self.name)}{SUFFIX}")
        name, _ = QFileDialog.getSaveFileName(self._window, "Save the show", start, FILTER)
        if name:
            path = Path(name)
            self._save_to(path if path.suffix.lower() == SUFFIX else path.with_name(path.name + SUFFIX))

    def _save_to(self, path: Path) -> None:
        project, now = self._project(), self._session.history.now
        if project is None or now is None:
            return
        self._store.change(last_project_folder=str(path.parent))
        self._jobs.submit(
            "short",
            partial(_save, project, path),
            on_done=partial(self._on_saved, path, now, self._session.chosen_ids),
            on_failed=self.failed.emit,
        )

    def _on_saved(self, path: Path, state: EditedPlan, choice: frozenset[int] | None, _: object) -> None:
        if self._session.song_path == state.plan.song:
            self.path, self._saved, self._saved_choice = path, state, choice
            if not self.is_changed:
                self._timer.stop()
                self._forget_slot()
            self.show_title()
            self.missing.on_saved()
        self._remember(path)
        self._toasts.show("The show is saved.", icon="circle-check", tone="ok")

    def _remember(self, path: Path) -> None:
        others = [known for known in self._store.now.recent_projects if known != str(path)]
        self._store.change(recent_projects=(str(path), *others)[:N_RECENT], last_project=str(path))

    # Keeping what is not saved

    def _autosave(self) -> None:
        project = self._project()
        if project is not None and self.is_changed:
            slot = self.unsaved.own_slot(_file_name(self.name))
            if slot is not None:
                self._jobs.submit("short", partial(_save, project, slot, has_backup=False), on_failed=_log_failure)

    def _forget_slot(self) -> None:
        """The show is in its file: what was kept besides is not needed."""
        slot = self.unsaved.slot
        self.unsaved.let_go()
        if slot is not None:
            self._jobs.submit("short", partial(_remove, slot), on_failed=_log_failure)

    def restore(self) -> bool:
        """Open the show that was not saved last time; False where there is none."""
        for slot in self.unsaved.others():
            if self.unsaved.take(slot):
                self._open(slot, is_unsaved=True, is_restoring=True)
                return True
        return False

    def _on_show_left(self) -> None:
        """Another song comes: keep this show as it is."""
        if self._is_changing:
            return
        if self._store.now.last_project:
            self._store.change(last_project="")
        if self.is_changed:
            self._timer.stop()
            self._autosave()
            if self._session.song_path is not None and not self._session.is_playing:
                self._toasts.show("The show before is kept under Recent shows.", icon="history")
        self.unsaved.let_go()
        self.path, self._saved, self._is_restored = None, None, False
        self._lost = None
        self.missing.forget()

    def close(self) -> None:
        """Keep what is not saved; called when the window closes, so that it need not ask."""
        self._timer.stop()
        project = self._project()
        if project is not None and self.is_changed:
            slot = self.unsaved.own_slot(_file_name(self.name))
            if slot is not None:
                try:
                    save_project(project, slot, has_backup=False)
                except ProjectError as fault:
                    log.warning("the show could not be kept: %s", fault)
        self.unsaved.let_go()

    # Opening

    def choose(self) -> None:
        """Let the person pick a show."""
        folder = self._store.now.last_project_folder or start_folder("Documents")
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a show", folder, FILTER)
        if name:
            self._store.change(last_project_folder=str(Path(name).parent))
            self.open(Path(name))

    def open(self, path: Path) -> None:
        """Open a show from its file."""
        self._open(path, is_unsaved=self.unsaved.folder in path.parents)

    def _open(self, path: Path, *, is_unsaved: bool, is_restoring: bool = False) -> None:
        self.forget_opening()
        if not is_restoring:
            self.asked.emit()
        if not self._session.is_open:
            self._waiting = path
            return
        known = self._session.whole_catalog.photos if self._session.whole_catalog is not None else ()
        self._reading = self._jobs.submit(
            "short",
            partial(_read, path, known),
            on_done=partial(self._on_read, is_unsaved=is_unsaved, is_restoring=is_restoring),
            on_failed=self._on_unreadable,
        )

    def forget_opening(self) -> None:
        """Something else is wanted now than the show that is being read."""
        self.given_up.emit()
        self._waiting = None
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _open_waiting(self) -> None:
        if self._waiting is not None:
            self.open(self._waiting)

    def _on_unreadable(self, error: Exception) -> None:
        self.given_up.emit()
        if isinstance(error, ProjectError) and error.backup is not None:
            message = messages.message_of(error)
            self._toasts.show(
                messages.short(message),
                icon="circle-alert",
                tone="danger",
                action="Open the backup",
                on_action=partial(self.open, error.backup),
            )
        else:
            self.failed.emit(error)

    def _on_read(self, found: OpenedProject, *, is_unsaved: bool, is_restoring: bool) -> None:
        if is_restoring and self._session.song_path is not None:
            self.unsaved.let_go()  # the person was quicker and has opened something: the kept show waits
            return
        kept_slot = found.path if is_unsaved else None
        restored = EditedPlan.with_indices(found.project.plan, found.project.by_hand)
        self._on_show_left()
        self._is_changing = True
        choice = found.project.choice
        try:
            self._session.restore_choice({photo.id for photo in choice} if choice else None)
            if found.is_song_missing:
                self._session.lose_song(found.project.plan.song, restored)
            else:
                self._session.open_song(found.project.plan.song, restored=restored)
        finally:
            self._is_changing = False
        self._lost = found if found.is_song_missing else None
        self._position_s = found.project.position_s
        self._is_restored = True
        if kept_slot is not None:
            if self.unsaved.slot != kept_slot:
                self.unsaved.take(kept_slot)
            self.path, self._saved = found.project.origin, None
        else:
            self.path, self._saved = found.path, restored
            self._remember(found.path)
        self._saved_choice = self._session.chosen_ids
        self.show_title()
        self.missing.take(found)
        self.opened.emit()

    def song_for(self, path: Path) -> EditedPlan | None:
        """The show that waits for its song, with the song the person has found for it; None where none waits."""
        now = self._session.history.now
        if self._lost is None or now is None or not self._session.is_song_lost:
            return None
        return EditedPlan.with_indices(replace(now.plan, song=path), now.indices)

    def find_song(self) -> None:
        """Let the person say where the song of the show is now."""
        from engine.audio import SONG_SUFFIXES

        patterns = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(SONG_SUFFIXES))
        folder = str(self.path.parent) if self.path is not None else start_folder("Music")
        name, _ = QFileDialog.getOpenFileName(self._window, "Where is the song?", folder, f"Songs ({patterns})")
        if name:
            self.give_song(Path(name))

    def give_song(self, path: Path) -> None:
        """Let a show whose song was lost go on with this file."""
        restored = self.song_for(path)
        if restored is None:
            return
        self._is_changing = True
        try:
            self._session.open_song(path, restored=restored)
        finally:
            self._is_changing = False
        self._lost = None
        self._saved = None
        self.show_title()
        self._timer.start()
        self.opened.emit()

    # Recent shows

    def recent_menu(self, parent: QWidget) -> QMenu:
        """List the shows saved or opened lately, and those kept without a file."""
        return recent_menu(parent, self._store.now.recent_projects, self.unsaved.others(), self.open)

    def show_recent(self) -> QMenu:
        """Open the list of recent shows."""
        menu = self.recent_menu(self._window)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._window.mapToGlobal(QPoint(self._window.width() // 2 - 120, 60)))
        return menu


def _save(project: Project, path: Path, *, has_backup: bool = True, report: Any) -> None:
    save_project(project, path, has_backup=has_backup)


def _read(path: Path, known: tuple[Photo, ...], *, report: Any) -> OpenedProject:
    return open_project(path, known=known)


def _remove(path: Path, *, report: Any) -> None:
    path.unlink(missing_ok=True)


def _log_failure(error: Exception) -> None:
    log.warning("the show could not be kept: %s", error)


def _file_name(title: str) -> str:
    """Make a title a file's name on any system."""
    kept = "".join("-" if letter in '<>:"/\\|?*' or ord(letter) < 32 else letter for letter in title).strip(" .")
    return kept[:80] or "Show"
