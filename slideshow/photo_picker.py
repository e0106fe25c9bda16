"""Choosing one photo from all: a sheet with a grid, those that suit the moment best first. Made for mouse and keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QToolTip, QWidget

from slideshow import sheets, theme
from slideshow.messages import name_of
from slideshow.sheets import Sheet
from slideshow.theme_choice import WordField
from slideshow.thumbnails import Thumbnails, paint_rounded

if TYPE_CHECKING:
    from engine.library import Photo

TILE, GAP_PX = QSize(118, 88), 6
COLUMNS, VIEW_PX = 5, 380
N_SEARCHED = 20
"""From so many photos on, which is more than are seen at once, a name can be looked for."""

NOT_FOUND = "No photo has this in its name or caption."

_SHIFT = Qt.KeyboardModifier.ShiftModifier


class PhotoGrid(QWidget):
    """Photos in rows, of which one is marked; only those in view are painted."""

    chosen = Signal(object)
    """The Photo that was clicked or taken with Enter."""
    marked = Signal(QRect)
    """Place of the photo that is marked now."""
    typed = Signal(str)
    """A letter was typed over the photos: a name is looked for."""

    def __init__(self, photos: Sequence[Photo], note_of: Callable[[int], str], thumbnails: Thumbnails) -> None:
        super().__init__()
        self._every, self._note_of = tuple(photos), note_of
        self._photos: Sequence[Photo] = self._every
        self._numbers = list(range(len(photos)))  # of those shown, among all
        self._thumbnails = thumbnails
        self._mark = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        thumbnails.ready.connect(self._on_thumbnail)
        self._describe()

    def find_named(self, text: str) -> None:
        """Show only photos in whose name or caption all these words stand."""
        words = text.casefold().split()
        said = [f"{name_of(photo.path)} {photo.caption or ''}".casefold() for photo in self._every]
        self._numbers = [i for i, name in enumerate(said) if all(word in name for word in words)]
        self._photos = [self._every[i] for i in self._numbers]
        self.updateGeometry()
        self._move(0)

    def note(self, index: int) -> str:
        """Why the photo at a place of the grid would fit."""
        return self._note_of(self._numbers[index])

    def take_marked(self) -> None:
        """Choose the photo that is marked; nothing where none is shown."""
        if self._photos:
            self.chosen.emit(self._photos[self._mark])

    def _columns(self, width: int) -> int:
        return max(1, (width + GAP_PX) // (TILE.width() + GAP_PX))

    def heightForWidth(self, width: int) -> int:
        rows = -(-len(self._photos) // self._columns(width))
        return max(TILE.height(), rows * (TILE.height() + GAP_PX))

    def sizeHint(self) -> QSize:
        return QSize(COLUMNS * (TILE.width() + GAP_PX), self.heightForWidth(self.width()))

    def place(self, index: int) -> QRect:
        """Place of a photo."""
        row, column = divmod(index, self._columns(self.width()))
        return QRect(column * (TILE.width() + GAP_PX), row * (TILE.height() + GAP_PX) + 3, TILE.width(), TILE.height())

    def _at(self, place: QPointF) -> int:
        columns = self._columns(self.width())
        column, row = int(place.x()) // (TILE.width() + GAP_PX), int(place.y()) // (TILE.height() + GAP_PX)
        index = row * columns + column
        return index if 0 <= column < columns and 0 <= index < len(self._photos) else -1

    def _move(self, index: int) -> None:
        self._mark = max(0, min(index, len(self._photos) - 1))
        self._describe()
        self.marked.emit(self.place(self._mark))
        self.update()

    def _describe(self) -> None:
        if not self._photos:
            self.setAccessibleName(NOT_FOUND)
        else:
            self.setAccessibleName(f"{name_of(self._photos[self._mark].path)}, {self.note(self._mark)}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        columns = self._columns(self.width())
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns,
            Qt.Key.Key_PageUp: -4 * columns, Qt.Key.Key_PageDown: 4 * columns,
            Qt.Key.Key_Home: -len(self._photos), Qt.Key.Key_End: len(self._photos),
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in steps:
            self._move(self._mark + steps[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._photos:
            self.take_marked()
        elif event.text().isprintable() and event.text() and not event.modifiers() & ~_SHIFT:
            self.typed.emit(event.text())
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        is_over = self._at(event.position()) >= 0
        self.setCursor(Qt.CursorShape.PointingHandCursor if is_over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._move(index)
            self.chosen.emit(self._photos[index])

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._at(QPointF(event.pos()))
            text = f"{name_of(self._photos[index].path)}\n{self.note(index)}" if index >= 0 else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def _on_thumbnail(self, _: object) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._every and not self._photos:
            painter.setFont(theme.font("body"))
            painter.setPen(QColor(t.text_2))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter, NOT_FOUND)
        columns, pitch = self._columns(self.width()), TILE.height() + GAP_PX
        first = max(0, event.rect().top() // pitch) * columns
        last = min(len(self._photos), (event.rect().bottom() // pitch + 1) * columns)
        for index in range(first, last):
            place = QRectF(self.place(index))
            picture = self._thumbnails.cover(self._photos[index].path, TILE, ratio=self.devicePixelRatioF())
            if picture is not None:
                paint_rounded(painter, place, picture, theme.RADIUS_THUMBNAIL)
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(t.hover))
                painter.drawRoundedRect(place, theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
            if index == self._mark and (self.hasFocus() or len(self._photos) < len(self._every)):
                painter.setPen(QPen(QColor(t.text), 2.0))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(place.adjusted(-1, -1, 1, 1), 6, 6)
        painter.end()


def _type_on(search: WordField, text: str) -> None:
    search.setFocus(Qt.FocusReason.OtherFocusReason)
    search.insert(text)


def show_picker(
    window: QWidget,
    *,
    title: str,
    text: str,
    photos: Sequence[Photo],
    note_of: Callable[[int], str],
    thumbnails: Thumbnails,
) -> tuple[Sheet, PhotoGrid]:
    """Open the sheet; the grid's `chosen` tells the photo and closes it. note_of says why a photo would fit."""
    sheet = Sheet(window, title, width_px=sheets.WIDE_PX + 40)
    sheet.add_text(text)
    grid = PhotoGrid(photos, note_of, thumbnails)
    scroll = QScrollArea()
    scroll.setWidget(grid)
    scroll.setWidgetResizable(True)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    rows = -(-len(photos) // COLUMNS)
    wanted = min(VIEW_PX, rows * (TILE.height() + GAP_PX) + 3)
    scroll.setFixedHeight(min(wanted, max(160, window.height() - 320)))
    if len(photos) >= N_SEARCHED:
        search = WordField("Find a photo by its name", "Find by name", surface="raised")
        search.textChanged.connect(grid.find_named)
        search.returnPressed.connect(grid.take_marked)
        grid.typed.connect(partial(_type_on, search))
        sheet.add_body(search)
    sheet.add_body(scroll)

    def follow(place: QRect) -> None:
        scroll.ensureVisible(place.center().x(), place.center().y(), 0, TILE.height())

    def take(_: object) -> None:
        sheet.close()

    grid.marked.connect(follow)
    grid.chosen.connect(take)
    sheet.add_button("Cancel", "outlined")
    sheet.open()
    grid.setFocus(Qt.FocusReason.OtherFocusReason)
    return sheet, grid
