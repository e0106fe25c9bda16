"""The Make page as it is laid out: header, stage, transport, edit bar, timeline, the side panel, the empty states."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedLayout, QStackedWidget, QVBoxLayout, QWidget

from slideshow.buttons import Button, IconButton
from slideshow.edit_bar import EditBar
from slideshow.empty_states import EmptyState
from slideshow.fitting_row import FittingRow
from slideshow.inspector import Inspector
from slideshow.labels import Label
from slideshow.options_panel import OptionsPanel
from slideshow.stage_frame import StageFrame
from slideshow.thumbnails import Thumbnails
from slideshow.timeline import Timeline
from slideshow.transport import Transport


class _Side(QStackedWidget):
    """As wide as its panels, which have a fixed width that grows with the text."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def sizeHint(self) -> QSize:
        panel = self.currentWidget()
        return QSize(panel.minimumWidth(), panel.sizeHint().height()) if panel is not None else QSize()

    def minimumSizeHint(self) -> QSize:
        panel = self.currentWidget()
        return QSize(panel.minimumWidth(), panel.minimumSizeHint().height()) if panel is not None else QSize()


class CreateLayout(QWidget):
    """Everything on the page, and what its buttons ask for; `CreatePage` brings it to life."""

    song_wanted = Signal()
    folder_wanted = Signal()
    demo_wanted = Signal()
    demo_song_wanted = Signal()
    export_wanted = Signal()
    full_screen_wanted = Signal()
    song_details_wanted = Signal()
    song_explanation_wanted = Signal()
    explanation_wanted = Signal(int)
    """Index of the cue whose photo shall be explained."""
    queue_wanted = Signal(object)
    """The widget to open the queue under."""
    listen_wanted = Signal()
    song_step_wanted = Signal(int)
    """1 for the next song of the queue, -1 for the one before."""
    last_songs_wanted = Signal()
    menu_wanted = Signal(object)
    """The widget to open the menu under."""
    lost_song_wanted = Signal()
    photo_wanted = Signal(int)
    """Index of the cue for which another photo shall be chosen from all."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._title = Label("", "heading", is_elided=True)
        self._artist = Label("", "body", "text_2", is_elided=True)
        self.change_song = IconButton("music", "Choose another song (Ctrl+O)", icon_px=18)
        self.queue = IconButton("list-music", "Queue of songs (Q)", icon_px=18)
        self.about_song = IconButton("info", "About this song", icon_px=18)
        self.from_photos = Button("", "outlined", icon="x")
        self.from_photos.setToolTip("Use all photos again")
        self.from_photos.hide()
        self.menu = IconButton("menu", "Menu", icon_px=18)
        self.export = Button("Export film", icon="film")
        self.full_screen = Button("Play full screen", "main", icon="maximize")
        self.frame = StageFrame()
        self.transport = Transport()
        self.timeline = Timeline(thumbnails)
        self.edit_bar = EditBar()
        self.inspector = Inspector(thumbnails)
        self.options = OptionsPanel()
        self.side = _Side()  # why this photo, or how all are chosen
        self.side.addWidget(self.inspector)
        self.side.addWidget(self.options)
        self.no_song = EmptyState("song", "Which song shall it be?", "Drop one here, or choose it from your music.")
        self.no_song.add_button("Choose a song", "main", self.song_wanted.emit, icon="music")
        self.no_song.add_button("Try a demo song", "bare", self.demo_song_wanted.emit)
        self.no_song.add_button("Listen live", "bare", self.listen_wanted.emit, icon="mic")
        self.last_songs = self.no_song.add_wide_button("", "outlined", self.last_songs_wanted.emit, icon="history")
        self.no_photos = EmptyState(
            "photos",
            "No photos yet",
            "Add a folder and Moodreel will find out how each photo feels. Your files stay where they are.",
        )
        self.no_photos.add_button("Add a folder", "main", self.folder_wanted.emit, icon="folder-plus")
        self.no_photos.add_button("Try the demo photos", "bare", self.demo_wanted.emit)
        self.bad_song = EmptyState("broken song", "This song cannot be read", "")
        self.bad_song.add_button("Choose another song", "main", self.song_wanted.emit, icon="music")
        self.bad_song.add_button("Show details", "bare", self.song_details_wanted.emit)
        self.lost_song = EmptyState("broken song", "The song of this show was not found", "")
        self.lost_song.add_button("Find the song", "main", self.lost_song_wanted.emit, icon="music")
        self.lost_song.add_button("Choose another song", "bare", self.song_wanted.emit)
        self.broken = EmptyState("broken", "", "")
        self._picture = QStackedWidget()  # the stage, or why there is nothing on it
        self._picture.addWidget(self.frame)
        self._picture.addWidget(self.no_photos)
        top = FittingRow(yielding=(self.export, self.full_screen), leaving=(self._artist,))
        header = top.row
        header.addWidget(self._title, 0, Qt.AlignmentFlag.AlignVCenter)
        header.addSpacing(2)
        header.addWidget(self._artist, 0, Qt.AlignmentFlag.AlignVCenter)
        header.addWidget(self.change_song)
        header.addWidget(self.queue)
        header.addWidget(self.about_song)
        header.addWidget(self.from_photos)
        header.addStretch(1)
        header.addWidget(self.menu)
        header.addWidget(self.export)
        header.addWidget(self.full_screen)
        self._show = QWidget()
        column = QVBoxLayout()
        column.setContentsMargins(24, 12, 24, 12)
        column.setSpacing(12)
        column.addWidget(top)
        column.addWidget(self._picture, 1)
        column.addWidget(self.transport)
        column.addWidget(self.edit_bar)
        column.addWidget(self.timeline)
        row = QHBoxLayout(self._show)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(column, 1)
        row.addWidget(self.side)
        self._stack = QStackedLayout(self)
        for widget in (self._show, self.no_song, self.bad_song, self.lost_song, self.broken):
            self._stack.addWidget(widget)
