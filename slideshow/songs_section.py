"""Songs on the Library page: the folders of music, how far their songs have been heard, and what could not be read."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from slideshow import messages, sheets, theme
from slideshow.buttons import Button, IconButton
from slideshow.fitting_row import FittingRow
from slideshow.folder_care import start_folder
from slideshow.icons import paint_icon
from slideshow.labels import Label
from slideshow.library_cards import Card
from slideshow.settings import SettingsStore
from slideshow.songs_by_mood import SongsByMood
from slideshow.toasts import Toasts

if TYPE_CHECKING:
    from engine.song_index import SongReport
    from engine.songs import SongFolder

EMPTY = (
    "Add a folder of music, and Moodreel finds songs for your photos, and songs by mood. Your files stay as they are."
)


class SongFolderRow(Card):
    """One folder of music: name, place, number of songs, what cannot be read, and a way to forget it."""

    forget_asked = Signal(object)
    unread_wanted = Signal(object)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        name = messages.name_of(folder)
        self._count = Label("", "label", "text_2")
        self.unread = Button("", "bare", icon="triangle-alert")
        self.forget = IconButton("x", f"Forget {name}", icon_px=18)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Label(name, "strong", is_elided=True))
        words.addWidget(Label(str(folder).encode("utf-8", "replace").decode(), "caption", "text_3", is_elided=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(56, 12, 12, 12)
        row.setSpacing(12)
        row.addLayout(words, 1)
        row.addWidget(self.unread)
        row.addWidget(self._count)
        row.addWidget(self.forget)
        self.forget.clicked.connect(self._on_forget)
        self.unread.clicked.connect(self._on_unread)

    def set_state(self, folder: SongFolder, *, is_there: bool) -> None:
        """Show what is known of the folder."""
        self._state = folder
        text = messages.count_of(folder.n_songs, "song")
        if not is_there:
            text = "Not connected"
        elif folder.n_heard < folder.n_songs:
            text = f"{folder.n_heard:,} of {text}"
        self._count.setText(text)
        n = len(folder.unreadable)
        self.unread.setVisible(n > 0)
        self.unread.set_face(f"{n:,}", "triangle-alert")
        self.unread.setAccessibleName(f"{messages.count_of(n, 'song')} could not be read")
        self.unread.setToolTip(self.unread.accessibleName())

    def _on_forget(self) -> None:
        self.forget_asked.emit(self.folder)

    def _on_unread(self) -> None:
        self.unread_wanted.emit(self._state)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        t = theme.current()
        painter = QPainter(self)
        paint_icon(painter, QRectF(20, (self.height() - 20) / 2, 20, 20), "disc-3", t.text_2)
        painter.end()


class SongsSection(QWidget):
    """Heading, what to do, a line of progress, and a row for each folder of music."""

    def __init__(self, window: QWidget, songs: SongsByMood, store: SettingsStore, toasts: Toasts) -> None:
        super().__init__()
        self._window, self._songs, self._store, self._toasts = window, songs, store, toasts
        self.rows: dict[Path, SongFolderRow] = {}
        self._summary = Label("", "body", "text_2", is_cut_at_end=True)
        self.look_again = Button("Look for changes", "bare", icon="refresh-cw")
        self.pause = Button("Pause", "bare", icon="pause")
        self.add_folder = Button("Add a folder of music", icon="folder-plus")
        self._empty = Label(EMPTY, "body", "text_2", is_wrapped=True)
        self._folders = QVBoxLayout()
        self._folders.setSpacing(8)
        head = FittingRow(yielding=(self.look_again, self.pause, self.add_folder))
        head.row.addWidget(Label("Songs", "heading"))
        head.row.addWidget(self._summary, 1)
        for button in (self.pause, self.look_again, self.add_folder):
            head.row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 16, 0, 0)
        column.setSpacing(12)
        column.addWidget(head)
        column.addWidget(self._empty)
        column.addLayout(self._folders)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.add_folder.clicked.connect(self.choose)
        self.look_again.clicked.connect(songs.rescan)
        self.pause.clicked.connect(self._on_pause)
        songs.changed.connect(self.refresh)
        songs.finished.connect(self._tell)
        self.refresh()

    def choose(self) -> None:
        """Let the person pick a folder of music."""
        start = self._store.now.last_song_folder or start_folder("Music")
        name = QFileDialog.getExistingDirectory(self._window, "Add a folder of music", start)
        if name:
            self._store.change(last_song_folder=name)
            self._songs.add([Path(name)])

    def refresh(self) -> None:
        """Show folders and hearing as they are."""
        songs, now = self._songs, self._songs.now
        n_songs = sum(folder.n_heard for folder in songs.folders)
        if now.is_running and now.total:
            text = f"{now.done:,} of {messages.count_of(now.total, 'song')} listened to"
        elif now.is_running:
            text = "Looking for songs"
        elif now.is_waiting:
            text = "Goes on when your photos or the film are ready"
        elif now.is_paused:
            text = f"Paused. {messages.count_of(n_songs, 'song')} by mood"
        else:
            text = f"{messages.count_of(n_songs, 'song')} by mood" if songs.folders else ""
        self._summary.setText(text)
        is_at_work = now.is_running or now.is_waiting or now.is_paused
        self._empty.setVisible(not songs.folders and not is_at_work)
        self.pause.setVisible(is_at_work)
        self.pause.set_face(*(("Go on", "play") if now.is_paused else ("Pause", "pause")))
        self.look_again.setVisible(bool(songs.folders) and not is_at_work)
        self._refresh_rows()

    def _refresh_rows(self) -> None:
        folders = {folder.path: folder for folder in self._songs.folders}
        for path in tuple(self.rows):
            if path not in folders:
                row = self.rows.pop(path)
                self._folders.removeWidget(row)
                row.hide()
                row.deleteLater()
        for path, folder in folders.items():
            if path not in self.rows:
                row = SongFolderRow(path)
                row.forget_asked.connect(self._forget)
                row.unread_wanted.connect(self._show_unread)
                self.rows[path] = row
                self._folders.addWidget(row)
            self.rows[path].set_state(folder, is_there=path in self._songs.reachable)

    def _on_pause(self) -> None:
        if self._songs.now.is_paused:
            self._songs.resume()
        else:
            self._songs.pause()

    def _forget(self, folder: Path) -> None:
        self._songs.remove(folder)
        back = partial(self._songs.restore, folder)
        text = f"The songs of {messages.name_of(folder)} left the library. The files stay."
        self._toasts.show(text, icon="folder", action="Undo", on_action=back)

    def _tell(self, report: SongReport) -> None:
        if not report.found and report.skipped:
            self._toasts.show(
                f"This folder cannot be read: {report.skipped[0][1]}.", icon="triangle-alert", tone="warn"
            )
        elif not report.found:
            self._toasts.show("No songs were found there.", icon="music")
        elif report.heard:
            self._toasts.show(f"{messages.count_of(report.heard, 'song')} listened to", icon="circle-check", tone="ok")
        else:
            self._toasts.show("Nothing has changed in your folders of music.", icon="circle-check", tone="ok")

    def _show_unread(self, folder: SongFolder) -> None:
        details = messages.skipped_details(folder.unreadable)
        title, text = "Songs that could not be read", "Your files are not changed."
        sheets.show_details(self._window, title=title, text=text, details=details, is_wrapped=True)
