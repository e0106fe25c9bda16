"""The Teach page as it is laid out: photo and circle, the round of pairs under them, retraining at the right."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from slideshow import theme
from slideshow.buttons import Button, IconButton
from slideshow.empty_states import EmptyState
from slideshow.labels import Label
from slideshow.progress_bar import ProgressBar
from slideshow.surfaces import Rule, SidePanel
from slideshow.teach_photo import TeachPhoto
from slideshow.teach_place import WIDEST_PX, TeachPlace
from slideshow.teach_round import TeachRound
from slideshow.thumbnails import Thumbnails

SIDE_PX = 320
MARGIN_PX = 24
PROGRESS_PX = 224
PHOTO_SHARE, CIRCLE_SHARE = 4, 3
NO_LIMIT_PX = 16_777_215
"""What Qt takes for a width without a limit."""

PLACE_SHARE, ROUND_SHARE = 3, 2
"""How the height is shared between the photo to be placed and the pair."""


class _Side(SidePanel):
    """The panel's surface at the right, with a line to the page."""

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(1, 0, 0, 0)
        self._fit()

    def _fit(self) -> None:
        self.setFixedWidth(max(SIDE_PX, (2 * SIDE_PX + theme.scaled_px(SIDE_PX)) // 3))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._fit()
        super().changeEvent(event)


class _Head(QWidget):
    """Title, progress and menu in a row; the progress goes below where there is no room for all."""

    def __init__(self, title: Label, progress: QWidget, menu: QWidget) -> None:
        super().__init__()
        self._title, self._progress, self._menu = title, progress, menu
        progress.setMinimumWidth(theme.scaled_px(PROGRESS_PX))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self._row = QHBoxLayout()
        self._row.setSpacing(16)
        self._row.addWidget(title, 1)
        self._row.addWidget(progress)
        self._row.addWidget(menu)
        self._column.addLayout(self._row)

    def _fit(self) -> None:
        wide_px = theme.scaled_px(PROGRESS_PX)
        needed = self._title.sizeHint().width() + wide_px + self._menu.width() + 3 * 16
        is_below = needed > self.width()
        if is_below == (self._column.indexOf(self._progress) >= 0):
            return
        if is_below:
            self._row.removeWidget(self._progress)
            self._column.addWidget(self._progress)
        else:
            self._column.removeWidget(self._progress)
            self._row.insertWidget(1, self._progress)
        self._progress.setMinimumWidth(0 if is_below else wide_px)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_row"):
            self._progress.setMinimumWidth(
                theme.scaled_px(PROGRESS_PX) if self._row.indexOf(self._progress) >= 0 else 0
            )
            self._fit()
        super().changeEvent(event)


class _Both(QWidget):
    """The photo and the circle side by side; one above the other where the circle would get too small."""

    def __init__(self, photo: TeachPhoto, place: TeachPlace) -> None:
        super().__init__()
        self._photo, self._place = photo, place
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(16)
        self._box.addWidget(photo, PHOTO_SHARE)
        self._box.addWidget(place, CIRCLE_SHARE)

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(self._place.minimumSizeHint().width(), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        needed = self._photo.minimumWidth() + 16 + self._place.minimumSizeHint().width()
        way = QBoxLayout.Direction.LeftToRight if self.width() >= needed else QBoxLayout.Direction.TopToBottom
        if way != self._box.direction():
            self._box.setDirection(way)
            self._place.setMaximumWidth(WIDEST_PX if way == QBoxLayout.Direction.LeftToRight else NO_LIMIT_PX)
        super().resizeEvent(event)


class TeachLayout(QWidget):
    """Everything on the page, and what its buttons ask for; `TeachPage` brings it to life."""

    folder_wanted = Signal()
    demo_wanted = Signal()
    menu_wanted = Signal(object)
    """The widget to open the page's menu under."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.n_rated = Label("", "tab")
        self.n_left = Label("", "caption", "text_3")
        self.progress = ProgressBar()
        self.more = IconButton("ellipsis", "Save, take in or forget ratings")
        self.photo = TeachPhoto(thumbnails)
        self.place = TeachPlace(thumbnails)
        self.said = Label("", "body", "text_2", is_wrapped=True)
        self.skip = Button("Skip", "bare")
        self.save = Button("Save and next")
        self.forget = Button("Forget it", "bare")
        self.forget.setToolTip("Forget where you put this photo")
        self.skip.setToolTip("Show another photo (S)")
        self.save.setToolTip("Keep it there and show the next photo (Enter)")
        self.round = TeachRound(thumbnails)
        self.no_photos = EmptyState(
            "photos",
            "No photos yet",
            "Add a folder and Moodreel will find out how each photo feels. Your files stay where they are.",
        )
        self.no_photos.add_button("Add a folder", "main", self.folder_wanted.emit, icon="folder-plus")
        self.no_photos.add_button("Try the demo photos", "bare", self.demo_wanted.emit)
        self.waiting = EmptyState("photos", "Getting to know your photos", "Teaching begins with the first of them.")
        self.all_rated = EmptyState("circle", "You have placed every photo", "")
        self.all_rated.set_margin(0)
        self.all_rated.add_button("Show the skipped ones", "outlined", self.show_again)
        self._heading = Label("Where does this photo belong?", "heading")
        self._pages = QStackedLayout(self)
        self._whole = self._build()
        for page in (self._whole, self.no_photos, self.waiting):
            self._pages.addWidget(page)

    def set_side(self, panel: QWidget) -> None:
        """Put a panel at the right; it scrolls where it is too tall."""
        self._side_scroll.setWidget(panel)
        self.side.show()

    def show_again(self) -> None:
        """Show photos again that were placed or skipped."""

    def _build(self) -> QWidget:
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.scroll_area = _scrolling("Teach")
        self.scroll_area.setWidget(self._build_page())
        self.side = _Side()
        self._side_scroll = _scrolling("Retrain")
        self.side.column.addWidget(self._side_scroll)
        self.side.hide()
        row.addWidget(self.scroll_area, 1)
        row.addWidget(self.side)
        return whole

    def _build_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(MARGIN_PX, 20, MARGIN_PX, 20)
        column.setSpacing(0)
        column.addWidget(self._build_head())
        column.addSpacing(24)
        column.addWidget(self._heading)
        column.addSpacing(12)
        column.addWidget(self._build_place(), PLACE_SHARE)
        column.addSpacing(12)
        column.addLayout(self._build_said())
        column.addSpacing(16)
        column.addWidget(Rule())
        column.addSpacing(16)
        column.addWidget(self.round, ROUND_SHARE)
        return page

    def _build_head(self) -> QWidget:
        counts = QHBoxLayout()
        counts.setSpacing(16)
        counts.addWidget(self.n_rated)
        counts.addStretch(1)
        counts.addWidget(self.n_left)
        progress = QWidget()
        column = QVBoxLayout(progress)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(counts)
        column.addWidget(self.progress)
        return _Head(Label("Teach it how photos feel to you", "title", is_cut_at_end=True), progress, self.more)

    def _build_place(self) -> QWidget:
        self._placing = QStackedWidget()
        self._placing.addWidget(_Both(self.photo, self.place))
        self._placing.addWidget(self.all_rated)
        return self._placing

    def _build_said(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.said, 1, Qt.AlignmentFlag.AlignVCenter)
        row.addSpacing(8)
        row.addWidget(self.forget, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.skip, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.save, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _show_placing(self, *, has_photo: bool) -> None:
        """Show the photo and the circle, or that all were placed."""
        for widget in (self._heading, self.said, self.skip, self.save):
            widget.setVisible(has_photo)
        self._placing.setCurrentIndex(0 if has_photo else 1)


def _scrolling(name: str) -> QScrollArea:
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setAccessibleName(name)
    return area
