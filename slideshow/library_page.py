"""The Library page: the folders whose photos shows may use, how far indexing has come, and what shows leave out."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from slideshow import messages, theme
from slideshow.away_words import drive_words
from slideshow.buttons import Button
from slideshow.drives import FolderState
from slideshow.empty_states import EmptyState
from slideshow.fitting_row import FittingRow
from slideshow.folder_following import LOOK_EVERY_S
from slideshow.folder_row import FolderRow
from slideshow.folder_watch import outermost
from slideshow.kind_words import left_out_words
from slideshow.labels import Label
from slideshow.library_cards import Card, DriveCard, IndexingCard, NoteRow
from slideshow.session import Session
from slideshow.session_jobs import EMPTY_COUNTS
from slideshow.thumbnails import Thumbnails

MAX_WIDTH_PX = 760
EMPTY_PX = 420
"""What the empty state takes, so that it stands in the middle of a window and what follows it can be seen."""
MAX_ROWS = 12
"""So many folders are shown before the person asks for all: what stands below them must stay within reach."""
MAX_PICTURES = 2_000
"""Among so many photos of a drive that is away those are looked for whose thumbnails are still in memory."""
FEW_NEW = 30
"""So many photos that came by themselves are taken in without a card."""


class LibraryPage(QWidget):
    """Folders and indexing. Other parts of the library, such as songs, add sections of their own below."""

    folder_wanted = Signal()
    demo_wanted = Signal()
    make_wanted = Signal()
    rest_asked = Signal(str, bool)
    forget_asked = Signal(object)
    look_asked = Signal(object)
    """The folders to look for changes in."""
    unread_wanted = Signal()
    banned_wanted = Signal()
    left_out_wanted = Signal()

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._session = session
        self._thumbnails = thumbnails
        self._is_whole = False
        self._n_banned = 0
        self.rows: dict[Path, FolderRow] = {}
        self.drive_cards: dict[tuple[str, str], DriveCard] = {}
        self.indexing_card = IndexingCard(session, thumbnails)
        self.add_folder = Button("Add a folder", "main", icon="folder-plus")
        self.look_again = Button("Look for changes", "bare", icon="refresh-cw")
        self.all_folders = Button("", "bare", icon="chevron-down")
        self._summary = Label("", "body", "text_2", is_cut_at_end=True)
        self.few = NoteRow("info")
        self.left_out = NoteRow("image-off", "See them")
        self.unread = NoteRow("triangle-alert", "Details")
        self.banned = NoteRow("eye-off", "See them")
        self.unheard = Label("", "caption", "text_3", is_wrapped=True)
        self._notes = Card()
        self.empty = EmptyState(
            "photos",
            "No photos yet",
            "Add a folder and Moodreel will find out how each photo feels. Your files stay where they are.",
        )
        self.empty.add_button("Add a folder", "main", self.folder_wanted.emit, icon="folder-plus")
        self.empty.add_button("Try the demo photos", "bare", self.demo_wanted.emit)
        self.empty.setMinimumHeight(theme.scaled_px(EMPTY_PX))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._build())
        self._connect()
        self.refresh()

    def _connect(self) -> None:
        session = self._session
        self.add_folder.clicked.connect(self.folder_wanted)
        self.look_again.clicked.connect(self._look_everywhere)
        self.all_folders.clicked.connect(self._turn_whole)
        self.left_out.button.clicked.connect(self.left_out_wanted)
        self.unread.button.clicked.connect(self.unread_wanted)
        self.banned.button.clicked.connect(self.banned_wanted)
        session.editing.banned_read.connect(self._on_banned)
        self.indexing_card.start_wanted.connect(self.make_wanted)
        for changed in (session.opened, session.catalog_changed, session.indexing_changed, session.following.changed):
            changed.connect(self.refresh)

    def _build(self) -> QWidget:
        title = FittingRow(yielding=(self.look_again,))
        title.row.setSpacing(12)
        title.row.addWidget(Label("Library", "title"))
        summary = QWidget()  # in a widget of its own the row gives it all its width, before a button may keep its word
        beside = QHBoxLayout(summary)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self._summary)
        title.row.addWidget(summary, 1)
        title.row.addWidget(self.look_again)
        title.row.addWidget(self.add_folder)
        self._drives = QVBoxLayout()
        self._drives.setSpacing(8)
        self._folders = QVBoxLayout()
        self._folders.setSpacing(8)
        notes = QVBoxLayout(self._notes)
        notes.setContentsMargins(0, 6, 0, 6)
        notes.setSpacing(0)
        for note in (self.few, self.left_out, self.banned, self.unread):
            notes.addWidget(note)
        self._sections = QVBoxLayout()
        self._sections.setSpacing(16)
        inner = QWidget()
        inner.setMaximumWidth(MAX_WIDTH_PX)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addWidget(title)
        column.addWidget(self.empty)
        column.addWidget(self.indexing_card)
        column.addLayout(self._drives)
        column.addLayout(self._folders)
        column.addWidget(self.all_folders, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._notes)
        column.addWidget(self.unheard)
        column.addLayout(self._sections)
        column.addStretch(1)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(24, 24, 24, 24)
        row.addStretch(1)
        row.addWidget(inner, 1000)
        row.addStretch(1)
        scroll = self.scroller = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return scroll

    def add_section(self, section: QWidget) -> None:
        """Place a section below the folders of photos, such as that of the folders of songs."""
        self._sections.addWidget(section)

    # What there is

    def refresh(self) -> None:
        """Show folders and indexing as they are."""
        session, indexing = self._session, self._session.indexing
        is_indexing = indexing.is_running or indexing.is_paused
        is_empty = session.is_open and not session.folders and not is_indexing
        self.empty.setVisible(is_empty)
        for button in (self.look_again, self.add_folder):
            button.setVisible(not is_empty)
        # A look for changes that finds nothing new, or a few, is not worth a card that flashes up.
        n_left = indexing.total - indexing.done
        is_at_work = n_left > (FEW_NEW if indexing.is_quiet else 0) or not session.n_photos
        self.indexing_card.setVisible(indexing.is_paused or (indexing.is_running and is_at_work))
        self.indexing_card.refresh()
        self.look_again.setEnabled(session.is_open and bool(session.folders) and not is_indexing)
        self.add_folder.setEnabled(session.is_open)
        self.add_folder.set_kind("outlined" if is_indexing else "main")
        self._summary.setText(self._summed() if session.is_open and not is_empty else "")
        self._refresh_drives()
        self._refresh_rows()
        self._refresh_notes(is_indexing=is_indexing and not indexing.is_quiet)

    def _summed(self) -> str:
        session, indexing = self._session, self._session.indexing
        words = f"{messages.count_of(session.n_for_shows, 'photo')} in shows"
        n_left = indexing.total - indexing.done
        if indexing.is_running and indexing.is_quiet and 0 < n_left <= FEW_NEW:
            return f"{words}, {n_left:,} new"
        return f"{words}, {len(session.offline_ids):,} away" if session.offline_ids else words

    def _refresh_notes(self, *, is_indexing: bool) -> None:
        session = self._session
        self.few.set_text("" if is_indexing or session.offline_ids else messages.few_photos(session.n_for_shows))
        n_out = sum(photo.is_left_out for photo in session.of_kinds)
        self.left_out.set_text(left_out_words(session.of_kinds), verb="See it" if n_out == 1 else "See them")
        n_unread = len(session.skipped)
        self.unread.set_text(f"{n_unread:,} could not be read" if n_unread else "")
        words = f"{messages.count_of(self._n_banned, 'photo')} never shown" if self._n_banned else ""
        self.banned.set_text(words, verb="See it" if self._n_banned == 1 else "See them")
        notes = (self.few, self.left_out, self.banned, self.unread)
        self._notes.setVisible(any(not note.isHidden() for note in notes))
        self.unheard.setText(self._unheard_words())
        self.unheard.setVisible(bool(self.unheard.text()))

    def _unheard_words(self) -> str:
        following, drives = self._session.following, self._session.drives
        unheard = sorted(following.unheard.intersection(self._session.folders))
        if not unheard:
            return ""
        where = messages.name_of(unheard[0]) if len(unheard) == 1 else f"{len(unheard):,} folders"
        minutes = round(LOOK_EVERY_S / 60)
        is_far = all(drives.state_of(folder).is_network for folder in unheard)
        why = "network drives do not tell of them" if is_far else "not all of them can be heard of as they happen"
        return f"Changes in {where} are looked for every {minutes} minutes: {why}."

    def _on_banned(self, photos: tuple[object, ...]) -> None:
        self._n_banned = len(photos)
        self.refresh()

    # Drives

    def _away_by_drive(self) -> dict[tuple[str, str], tuple[FolderState, list[Path]]]:
        """Folders whose drives are away, by what is said of the drive."""
        found: dict[tuple[str, str], tuple[FolderState, list[Path]]] = {}
        for folder in self._session.folders:
            state = self._session.drives.state_of(folder)
            if state.kind in ("away", "silent"):
                found.setdefault((state.kind, state.drive), (state, []))[1].append(folder)
        return found

    def _refresh_drives(self) -> None:
        session, away = self._session, self._away_by_drive()
        for key in self.drive_cards.keys() - away.keys():
            _drop(self._drives, self.drive_cards.pop(key))
        for key, (state, folders) in away.items():
            if key not in self.drive_cards:
                card = self.drive_cards[key] = DriveCard(self._thumbnails)
                card.look_wanted.connect(session.drives.look)
                card.picture.set_photos(self._photos_under(outermost(folders)))
                self._drives.addWidget(card)
            holders = outermost(folders)
            infos = [session.folder_infos.get(folder, EMPTY_COUNTS) for folder in holders]
            self.drive_cards[key].set_words(*drive_words(state, sum(info.n_photos for info in infos)))

    def _photos_under(self, folders: frozenset[Path]) -> list[Path]:
        """Some photos of folders that are away."""
        session = self._session
        catalog, places = session.whole_catalog, tuple(f"{folder}{os.sep}" for folder in folders)
        photos = catalog.photos if catalog is not None else ()
        away = (photo.path for photo in photos if photo.id in session.offline_ids)
        return [path for path in islice(away, MAX_PICTURES) if str(path).startswith(places)]

    # Folders

    def _refresh_rows(self) -> None:
        session = self._session
        for folder in tuple(self.rows):
            if folder not in session.folders:
                _drop(self._folders, self.rows.pop(folder))
        pending = session.indexer.pending_folders
        for place, folder in enumerate(session.folders):
            if folder not in self.rows:
                row = FolderRow(folder)
                row.rest_asked.connect(self.rest_asked)
                row.forget_asked.connect(self.forget_asked)
                row.look_asked.connect(self._look_into)
                self.rows[folder] = row
                self._folders.insertWidget(place, row)
            self.rows[folder].set_state(
                session.drives.state_of(folder),
                n_photos=session.folder_infos.get(folder, EMPTY_COUNTS).n_photos,
                is_at_rest=str(folder) in session.folders_at_rest,
                is_busy=session.indexing.is_running or session.indexing.is_paused,
                is_pending=folder in pending,
            )
        n_folders = len(session.folders)
        for place, folder in enumerate(session.folders):
            self.rows[folder].setVisible(self._is_whole or n_folders <= MAX_ROWS + 1 or place < MAX_ROWS)
        self.all_folders.setVisible(n_folders > MAX_ROWS + 1)
        words = (
            ("Show fewer folders", "chevron-up")
            if self._is_whole
            else (f"Show all {n_folders:,} folders", "chevron-down")
        )
        self.all_folders.set_face(*words)

    def _turn_whole(self) -> None:
        self._is_whole = not self._is_whole
        self._refresh_rows()

    def _look_into(self, folder: Path) -> None:
        self.look_asked.emit((folder,))

    def _look_everywhere(self) -> None:
        self.look_asked.emit(self._session.folders)

    def sizeHint(self) -> QSize:
        return QSize(900, 600)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self.update()
        super().changeEvent(event)


def _drop(layout: QVBoxLayout, widget: QWidget) -> None:
    layout.removeWidget(widget)
    widget.hide()
    widget.deleteLater()
