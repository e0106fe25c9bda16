"""The Browse page as it is laid out: bar, map at the left, grid at the right, the empty states."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedLayout, QStackedWidget, QVBoxLayout, QWidget

from slideshow import theme
from slideshow.browse_bar import BrowseBar
from slideshow.browse_songs import SongList
from slideshow.buttons import Button, IconButton
from slideshow.chips import Chip, ChipRow
from slideshow.empty_states import EmptyState
from slideshow.fitting_row import FittingRow
from slideshow.labels import Label
from slideshow.mood_map import MoodMap
from slideshow.photo_grid import JustifiedGrid
from slideshow.range_slider import RangeSlider
from slideshow.thumbnails import Thumbnails

HOW_IT_LIES, HOW_TO_TEACH = "Across: how pleasant. Up: how energetic.", "Drag a photo to where it feels right."
"""What is said under the map, and while photos are put on it by hand."""


class _Pane(QWidget):
    """The right half lies on the panel's surface."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.current().panel))
        painter.end()


class _Foot(QWidget):
    """A row under a line."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width(), 1, QColor(theme.current().line))
        painter.end()


class BrowseLayout(QWidget):
    """Everything on the page, and what its buttons ask for; `BrowsePage` brings it to life."""

    folder_wanted = Signal()
    demo_wanted = Signal()
    music_folder_wanted = Signal()

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.bar = BrowseBar()
        self.map = MoodMap(thumbnails)
        self.grid = JustifiedGrid(thumbnails)
        self.lasso = IconButton("lasso", "Lasso: pick a region (L)")
        self.hand = IconButton("hand", "Hand: move the map (H)")
        self.teach = IconButton("crosshair", "Teach: drag a photo to where it feels right (D)")
        for tool in (self.lasso, self.hand, self.teach):
            tool.setCheckable(True)
        self.measure = ChipRow("Places", (("relative", "Relative"), ("absolute", "Absolute")))
        self.measure.chip("relative").setToolTip("Photos lie as they compare with each other: all of the map is used")
        self.measure.chip("absolute").setToolTip("Photos lie where the model puts them, whatever the others are")
        self.n_all = Label("", "body", "text_3")
        self.pleasant = RangeSlider("Pleasant", "unpleasant", "pleasant")
        self.energy = RangeSlider("Energy", "calm", "energetic")
        self.map_hint = Label(HOW_IT_LIES, "body", "text_3", is_cut_at_end=True)
        self.path = Chip("Path of the song")
        self.path.setChecked(True)
        self.what = ChipRow("Show", (("photos", "Photos"), ("songs", "Songs")))
        self.what.set_value("photos")
        self.songs = SongList()
        self.no_songs = EmptyState("song", "No songs yet", "")
        self.no_songs_add = self.no_songs.add_button(
            "Add a folder of music", "main", self.music_folder_wanted.emit, icon="folder-plus"
        )
        self.n_chosen = Label("", "heading")
        self.described = Label("", "body", "text_3", is_cut_at_end=True)
        self.sort = Button("Closest first", "bare", icon="arrow-up-down")
        self.enough = Label("", "body", "text_2", is_cut_at_end=True)
        self.clear = Button("Clear", "bare")
        self.start = Button("Start a show", "main", icon="play", is_icon_filled=True)
        self.none_found = EmptyState("circle", "Nothing feels quite like that", "")
        self.nearest = self.none_found.add_button("Show the 12 nearest", "main", self._show_nearest)
        self.none_found.add_button("Clear filters", "bare", self.clear_all)
        self.no_photos = EmptyState(
            "photos",
            "No photos yet",
            "Add a folder and Moodreel will find out how each photo feels. Your files stay where they are.",
        )
        self.no_photos.add_button("Add a folder", "main", self.folder_wanted.emit, icon="folder-plus")
        self.no_photos.add_button("Try the demo photos", "bare", self.demo_wanted.emit)
        self.waiting = EmptyState("photos", "Getting to know your photos", "The map opens with the first of them.")
        self._pages = QStackedLayout(self)
        self._whole = self._build()
        for page in (self._whole, self.no_photos, self.waiting):
            self._pages.addWidget(page)

    def _build(self) -> QWidget:
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._halves = QSplitter(Qt.Orientation.Horizontal)
        self._halves.setHandleWidth(1)
        self._halves.setChildrenCollapsible(False)
        self._halves.addWidget(self._build_map())
        self._halves.addWidget(self._build_grid())
        self._halves.setStretchFactor(0, 53)
        self._halves.setStretchFactor(1, 47)
        self._halves.setSizes([5300, 4700])
        column.addWidget(self.bar)
        column.addWidget(self._halves, 1)
        self._colour_handle()
        return whole

    def _build_map(self) -> QWidget:
        pane = QWidget()
        pane.setMinimumWidth(380)
        title = Label("Mood map", "heading")
        head = FittingRow(leaving=(self.n_all, title))
        head.row.addWidget(title)
        head.row.addWidget(self.n_all)
        head.row.addStretch(1)
        for widget in (self.measure, self.lasso, self.hand, self.teach):
            head.row.addWidget(widget)
        ranges = QHBoxLayout()
        ranges.setSpacing(8)
        for word, slider in (("Pleasant", self.pleasant), ("Energy", self.energy)):
            ranges.addWidget(Label(word, "label", "text_2"))
            ranges.addWidget(slider, 1)
            ranges.addSpacing(8 if slider is self.pleasant else 0)
        foot = QHBoxLayout()
        foot.addWidget(self.path)
        self.map_hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        foot.addWidget(self.map_hint, 1)
        column = QVBoxLayout(pane)
        column.setContentsMargins(24, 14, 24, 12)
        column.setSpacing(8)
        column.addWidget(head)
        column.addWidget(self.map, 1)
        column.addLayout(ranges)
        column.addLayout(foot)
        return pane

    def _build_grid(self) -> QWidget:
        pane = _Pane()
        pane.setMinimumWidth(360)
        head = FittingRow(yielding=(self.sort,), leaving=(self.described,))
        head.row.setContentsMargins(24, 14, 24, 8)
        for widget in (self.n_chosen, self.described, self.sort, self.what):
            head.row.addWidget(widget, 1 if widget is self.described else 0)
        head.row.insertStretch(1, 0)
        self._found = QStackedWidget()
        holder = QWidget()
        inset = QHBoxLayout(holder)
        inset.setContentsMargins(24, 0, 6, 0)
        inset.addWidget(self.grid)
        self._found.addWidget(holder)
        self._found.addWidget(self.none_found)
        holder = QWidget()
        inset = QHBoxLayout(holder)
        inset.setContentsMargins(12, 0, 12, 0)
        inset.addWidget(self.songs)
        self._found.addWidget(holder)
        self._found.addWidget(self.no_songs)
        foot = _Foot()
        fitting = FittingRow(leaving=(self.enough,), last=(self.start,))
        fitting.row.addWidget(self.enough, 1)
        fitting.row.addStretch(0)
        fitting.row.addWidget(self.clear)
        fitting.row.addWidget(self.start)
        row = QHBoxLayout(foot)
        row.setContentsMargins(24, 12, 24, 12)
        row.addWidget(fitting)
        column = QVBoxLayout(pane)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self._found, 1)
        column.addWidget(foot)
        return pane

    def _show_nearest(self) -> None:
        """Show what lies nearest to what was asked for."""

    def clear_all(self) -> None:
        """Ask for nothing any more."""

    def _colour_handle(self) -> None:
        self._halves.setStyleSheet(f"QSplitter::handle {{ background: {theme.current().line}; }}")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_halves"):
            line = theme.current().line
            if line not in self._halves.styleSheet():
                self._colour_handle()
        super().changeEvent(event)
