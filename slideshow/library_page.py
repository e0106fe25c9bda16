"""The Library page: the folders whose photos shows may use, and how far indexing has come."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from slideshow import messages, theme
from slideshow.buttons import Button, IconButton, Switch
from slideshow.empty_states import EmptyState
from slideshow.icons import paint_icon
from slideshow.labels import Label
from slideshow.photo_tiles import PhotoTiles
from slideshow.session import Session
from slideshow.session_jobs import EMPTY_COUNTS
from slideshow.session_photos import is_demo
from slideshow.thumbnails import Thumbnails

MAX_WIDTH_PX = 760


class ProgressBar(QWidget):
    """How far something has come, as a line."""

    def __init__(self) -> None:
        super().__init__()
        self._share: float | None = None
        self.setFixedHeight(4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_share(self, share: float | None) -> None:
        """Show a share of 1, or None while the whole is unknown."""
        self._share = share
        self.setAccessibleName("Progress unknown" if share is None else f"{round(share * 100)} percent done")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.track))
        painter.drawRoundedRect(self.rect(), 2, 2)
        if self._share:
            painter.setBrush(QColor(t.accent))
            painter.drawRoundedRect(QRectF(0, 0, max(4.0, self.width() * min(self._share, 1.0)), self.height()), 2, 2)
        painter.end()


class _Card(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.line), 1.0))
        painter.setBrush(QColor(t.panel))
        radius = theme.RADIUS_CARD
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.end()


class IndexingCard(_Card):
    """Indexing as it runs: photos as they come, how many, how long still; start now, pause, stop."""

    start_wanted = Signal()

    def __init__(self, session: Session, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._session = session
        self.tiles = PhotoTiles(thumbnails, columns=5, rows=2)
        self.tiles.setFixedHeight(112)
        self._heading = Label("Getting to know your photos", "empty")
        self._text = Label("You can start now with the ones that are ready.", "body", "text_2")
        self._bar = ProgressBar()
        self._count = Label("", "label")
        self._left = Label("", "label", "text_2")
        self.start = Button("Start now", "main")
        self.pause = Button("Pause", icon="pause")
        self.stop = Button("Stop", "bare")
        counts = QHBoxLayout()
        counts.addWidget(self._count)
        counts.addStretch(1)
        counts.addWidget(self._left)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.start, self.pause, self.stop):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(0)
        column.addWidget(self.tiles)
        column.addSpacing(20)
        column.addWidget(self._heading)
        column.addSpacing(4)
        column.addWidget(self._text)
        column.addSpacing(16)
        column.addWidget(self._bar)
        column.addSpacing(8)
        column.addLayout(counts)
        column.addSpacing(16)
        column.addLayout(buttons)
        self.start.clicked.connect(self.start_wanted)
        self.pause.clicked.connect(self._on_pause)
        self.stop.clicked.connect(session.cancel_indexing)

    def refresh(self) -> None:
        """Show how far indexing is."""
        indexing = self._session.indexing
        self.tiles.set_photos(tuple(self._session.recent_photos))
        heading = "Waits for the film" if indexing.is_waiting else "Paused" if indexing.is_paused else ""
        self._heading.setText(heading or "Getting to know your photos")
        self._text.setText(
            "The film is saved first, then this goes on by itself. You can use the photos that are ready."
            if indexing.is_waiting
            else "You can start now with the ones that are ready."
        )
        is_counted = indexing.total > 0
        self._bar.set_share(indexing.done / indexing.total if is_counted else None)
        total = messages.count_of(indexing.total, "photo")
        uncounted = "Not looked at yet" if indexing.is_waiting else "Looking for photos"
        self._count.setText(f"{indexing.done:,} of {total}" if is_counted else uncounted)
        left = indexing.seconds_left
        self._left.setText(messages.time_left(left) if left is not None and indexing.is_running else "")
        self.pause.setVisible(not indexing.is_waiting)
        self.pause.set_face(*(("Go on", "play") if indexing.is_paused else ("Pause", "pause")))
        self.start.setEnabled(self._session.n_photos > 0)

    def _on_pause(self) -> None:
        if self._session.indexing.is_paused:
            self._session.resume_indexing()
        else:
            self._session.pause_indexing()


class FolderRow(_Card):
    """One folder: name, place, number of photos, whether shows use it, and a way to forget it."""

    rest_asked = Signal(str, bool)
    """The folder, and whether shows shall leave it out."""
    forget_asked = Signal(object)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        name = "Demo photos" if is_demo(folder) else messages.name_of(folder)
        place = "Came with Moodreel" if is_demo(folder) else str(folder).encode("utf-8", "replace").decode()
        self._count = Label("", "label", "text_2")
        self.in_shows = Switch(f"Use {name} in shows")
        self.in_shows.setToolTip("Use these photos in shows")
        self.forget = IconButton("x", f"Forget {name}", icon_px=18)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Label(name, "strong", is_elided=True))
        words.addWidget(Label(place, "caption", "text_3", is_elided=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(56, 12, 12, 12)
        row.setSpacing(12)
        row.addLayout(words, 1)
        row.addWidget(self._count)
        row.addWidget(self.in_shows)
        row.addWidget(self.forget)
        self.in_shows.clicked.connect(self._on_switched)
        self.forget.clicked.connect(self._on_forget)

    def set_state(self, *, n_photos: int, is_at_rest: bool, is_there: bool) -> None:
        """Show what is known of the folder."""
        self.in_shows.setChecked(not is_at_rest)
        if is_at_rest:
            self._count.setText("At rest")
        elif not is_there:
            self._count.setText("Not connected")
        else:
            self._count.setText(messages.count_of(n_photos, "photo"))

    def _on_switched(self) -> None:
        self.rest_asked.emit(str(self.folder), not self.in_shows.isChecked())

    def _on_forget(self) -> None:
        self.forget_asked.emit(self.folder)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        icon = "images" if is_demo(self.folder) else "folder"
        paint_icon(painter, QRectF(20, (self.height() - 20) / 2, 20, 20), icon, theme.current().text_2)
        painter.end()


class LibraryPage(QWidget):
    """Folders and indexing."""

    folder_wanted = Signal()
    demo_wanted = Signal()
    make_wanted = Signal()
    rest_asked = Signal(str, bool)
    forget_asked = Signal(object)
    unread_wanted = Signal()
    banned_wanted = Signal()

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._session = session
        self.rows: dict[Path, FolderRow] = {}
        self.indexing_card = IndexingCard(session, thumbnails)
        self.add_folder = Button("Add a folder", "main", icon="folder-plus")
        self.look_again = Button("Look for changes", "bare", icon="refresh-cw")
        self._summary = Label("", "body", "text_2")
        self._few = Label("", "body", "text_2", is_wrapped=True)
        self.unread = Button("", "bare")
        self.banned = Button("", "bare", icon="eye-off")
        self.banned.hide()
        self.empty = EmptyState(
            "photos",
            "No photos yet",
            "Add a folder and Moodreel will find out how each photo feels. Your files stay where they are.",
        )
        self.empty.add_button("Add a folder", "main", self.folder_wanted.emit, icon="folder-plus")
        self.empty.add_button("Try the demo photos", "bare", self.demo_wanted.emit)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._build())
        self._stack.addWidget(self.empty)
        self.add_folder.clicked.connect(self.folder_wanted)
        self.look_again.clicked.connect(session.rescan)
        self.unread.clicked.connect(self.unread_wanted)
        self.banned.clicked.connect(self.banned_wanted)
        session.editing.banned_read.connect(self._on_banned)
        self.indexing_card.start_wanted.connect(self.make_wanted)
        for changed in (session.opened, session.catalog_changed, session.indexing_changed):
            changed.connect(self.refresh)
        self.refresh()

    def _build(self) -> QWidget:
        title = QHBoxLayout()
        title.setSpacing(12)
        title.addWidget(Label("Library", "title"), 0, Qt.AlignmentFlag.AlignVCenter)
        on_baseline = QVBoxLayout()
        on_baseline.setContentsMargins(0, 4, 0, 0)
        on_baseline.addWidget(self._summary, 0, Qt.AlignmentFlag.AlignVCenter)
        title.addLayout(on_baseline)
        title.addStretch(1)
        title.addWidget(self.look_again)
        title.addWidget(self.add_folder)
        self._folders = QVBoxLayout()
        self._folders.setSpacing(8)
        foot = QHBoxLayout()
        foot.addWidget(self._few, 1)
        foot.addWidget(self.unread)
        foot.addWidget(self.banned)
        inner = QWidget()
        inner.setMaximumWidth(MAX_WIDTH_PX)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        column.addLayout(title)
        column.addWidget(self.indexing_card)
        column.addLayout(self._folders)
        column.addLayout(foot)
        column.addStretch(1)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(24, 24, 24, 24)
        row.addStretch(1)
        row.addWidget(inner, 1000)
        row.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return scroll

    def refresh(self) -> None:
        """Show folders and indexing as they are."""
        session = self._session
        is_indexing = session.indexing.is_running or session.indexing.is_paused
        self._stack.setCurrentIndex(1 if session.is_open and not session.folders and not is_indexing else 0)
        # A look for changes that finds nothing new is not worth a card that flashes up.
        is_at_work = session.indexing.done < session.indexing.total or not session.n_photos
        self.indexing_card.setVisible(session.indexing.is_paused or (session.indexing.is_running and is_at_work))
        self.indexing_card.refresh()
        self.look_again.setEnabled(session.is_open and bool(session.folders) and not is_indexing)
        self.add_folder.setEnabled(session.is_open)
        self.add_folder.set_kind("outlined" if is_indexing else "main")
        self._summary.setText(f"{messages.count_of(session.n_photos, 'photo')} in shows" if session.is_open else "")
        self._few.setText("" if is_indexing else messages.few_photos(session.n_photos))
        n_unread = len(session.skipped)
        self.unread.setVisible(n_unread > 0)
        self.unread.set_face(f"{n_unread:,} could not be read", "triangle-alert")
        self._refresh_rows()

    def _on_banned(self, photos: tuple[object, ...]) -> None:
        self.banned.setVisible(bool(photos))
        self.banned.set_face(f"{messages.count_of(len(photos), 'photo')} never shown", "eye-off")

    def _refresh_rows(self) -> None:
        session = self._session
        for folder in tuple(self.rows):
            if folder not in session.folders:
                row = self.rows.pop(folder)
                self._folders.removeWidget(row)
                row.hide()
                row.deleteLater()
        for folder in session.folders:
            if folder not in self.rows:
                row = FolderRow(folder)
                row.rest_asked.connect(self.rest_asked)
                row.forget_asked.connect(self.forget_asked)
                self.rows[folder] = row
                self._folders.addWidget(row)
            info = session.folder_infos.get(folder, EMPTY_COUNTS)
            self.rows[folder].set_state(
                n_photos=info.n_photos,
                is_at_rest=str(folder) in session.folders_at_rest,
                is_there=info.is_there,
            )

    def sizeHint(self) -> QSize:
        return QSize(900, 600)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self.update()
        super().changeEvent(event)
