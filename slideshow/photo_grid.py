"""The grid of Browse: photos in justified rows, of which only those in view are loaded; made for mouse and keys."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDrag,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QApplication

from slideshow import theme
from slideshow.browse_photos import BrowsePhotos, Mask, Rows
from slideshow.icons import paint_icon
from slideshow.messages import name_of
from slideshow.mood_colours import mood_colour
from slideshow.photo_drag import photo_data
from slideshow.photo_rows import GAP_PX, RowLayout, justified
from slideshow.photo_words import date_in_words
from slideshow.thumbnails import Thumbnails

HEIGHTS_PX = (96, 128, 176, 240)
USUAL_SIZE = 1
PAINT_BUDGET_S = 0.012
"""Scaling thumbnails stops here in one paint and goes on in the next: a frame at 60 a second leaves room for more."""

MAX_DRAGGED = 500
_NO_ROWS = np.zeros(0, dtype=np.int64)
_NONE = np.zeros(0, dtype=bool)


class JustifiedGrid(QAbstractScrollArea):
    """Shows rows of BrowsePhotos in the order given; knows the current photo and the selected ones."""

    selection_changed = Signal()
    current_changed = Signal(int)
    """Row of the photo the keys are at, -1 without one."""
    look_wanted = Signal(int)
    """Row of the photo to look at closely."""
    menu_wanted = Signal(QPoint)
    """Where on the screen."""
    start_wanted = Signal()
    size_changed = Signal(int)

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._thumbnails = thumbnails
        self._photos: BrowsePhotos | None = None
        self._rows: Rows = _NO_ROWS
        self._size = USUAL_SIZE
        self._layout: RowLayout = justified(np.zeros(0, dtype=np.float32), width_px=100, height_px=100)
        self._selected: Mask = _NONE
        self._current, self._anchor, self._hovered = -1, -1, -1
        self._asked: set[Path] = set()
        self._pressed: QPointF | None = None
        self._is_select_due = False
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().setAccessibleName("Scroll the photos")
        thumbnails.ready.connect(self._on_thumbnail)
        self._describe()

    # What is shown

    @property
    def rows(self) -> Rows:
        """The rows shown, in their order."""
        return self._rows

    @property
    def layout_of_rows(self) -> RowLayout:
        """Where the photos lie."""
        return self._layout

    @property
    def size_step(self) -> int:
        """Index into HEIGHTS_PX."""
        return self._size

    @property
    def current_row(self) -> int:
        """Row of the photo the keys are at, -1 without one."""
        return int(self._rows[self._current]) if 0 <= self._current < len(self._rows) else -1

    @property
    def selected_rows(self) -> Rows:
        """Rows selected by hand, in the order shown."""
        return self._rows[self._selected]

    def set_photos(self, photos: BrowsePhotos | None, rows: Rows) -> None:
        """Show these rows in this order; what is selected and still shown stays selected."""
        is_same = photos is self._photos
        before, current = (self.selected_rows, self.current_row) if is_same else (_NO_ROWS, -1)
        self._photos, self._rows = photos, rows
        self._selected = np.isin(rows, before) if len(before) else np.zeros(len(rows), dtype=bool)
        at = np.flatnonzero(rows == current) if current >= 0 else _NO_ROWS
        self._current = self._anchor = int(at[0]) if len(at) else (0 if len(rows) else -1)
        self._hovered = -1
        self._lay_out()
        self.verticalScrollBar().setValue(0)
        self._describe()
        self.selection_changed.emit()
        self.current_changed.emit(self.current_row)
        self.viewport().update()

    def set_size(self, size: int) -> None:
        """Choose how large photos are, an index into HEIGHTS_PX; the current photo stays in view."""
        size = min(max(size, 0), len(HEIGHTS_PX) - 1)
        if size != self._size:
            self._size = size
            self._lay_out()
            self._reveal(self._current)
            self.size_changed.emit(size)
            self.viewport().update()

    def _lay_out(self) -> None:
        aspects = np.zeros(0, dtype=np.float32) if self._photos is None else self._photos.aspects[self._rows]
        height = theme.scaled_px(HEIGHTS_PX[self._size])
        self._layout = justified(aspects, width_px=max(80, self.viewport().width()), height_px=height)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(0, self._layout.height_px - self.viewport().height()))
        bar.setPageStep(max(1, self.viewport().height()))
        bar.setSingleStep(height // 2)

    def place(self, index: int) -> QRect:
        """Place of a photo in the viewport."""
        return self._layout.place(index).translated(0, -self.verticalScrollBar().value())

    def _at(self, at: QPointF) -> int:
        return self._layout.at(at.x(), at.y() + self.verticalScrollBar().value())

    def _describe(self) -> None:
        row, n = self.current_row, len(self._rows)
        self.setAccessibleName("Photos")
        if row < 0 or self._photos is None:
            self.setAccessibleDescription("No photos")
            return
        photo = self._photos.photo(row)
        parts = [name_of(photo.path), self._photos.word(row), date_in_words(photo.taken_at)]
        parts.append(f"{self._current + 1:,} of {n:,}")
        if self._selected[self._current]:
            parts.append("selected")
        self.setAccessibleDescription(", ".join(part for part in parts if part))

    # Selecting

    def select_all(self) -> None:
        """Select every photo shown."""
        self._selected[:] = True
        self._on_selected()

    def select_none(self) -> bool:
        """Select none; False where none was."""
        had_some = bool(self._selected.any())
        self._selected[:] = False
        self._on_selected()
        return had_some

    def go_to(self, row: int) -> None:
        """Make a photo the current one and bring it into view, where it is shown."""
        at = np.flatnonzero(self._rows == row)
        if len(at):
            self._move(int(at[0]), extends=False, keeps=True)

    def step(self, by: int) -> int:
        """Go to another photo, as quick look does; returns its row."""
        if len(self._rows):
            self._move(self._current + by, extends=False, keeps=True)
        return self.current_row

    def _on_selected(self) -> None:
        self._describe()
        self.selection_changed.emit()
        self.viewport().update()

    def _move(self, index: int, *, extends: bool, keeps: bool) -> None:
        """Go to a photo: with extends select from the anchor to it, with keeps leave the selection as it is."""
        if not len(self._rows):
            return
        self._current = min(max(index, 0), len(self._rows) - 1)
        if extends:
            self._anchor = max(self._anchor, 0)
            self._selected[:] = False
            low, high = sorted((self._anchor, self._current))
            self._selected[low : high + 1] = True
        else:
            self._anchor = self._current
            if not keeps:
                self._selected[:] = False
        self._reveal(self._current)
        self._on_selected()
        self.current_changed.emit(self.current_row)

    def _reveal(self, index: int) -> None:
        if index < 0 or index >= self._layout.n_photos:
            return
        place, bar = self._layout.place(index), self.verticalScrollBar()
        if place.top() < bar.value():
            bar.setValue(place.top() - GAP_PX)
        elif place.bottom() > bar.value() + self.viewport().height():
            bar.setValue(place.bottom() + GAP_PX - self.viewport().height())

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position())
        modifiers = event.modifiers()
        if event.button() == Qt.MouseButton.RightButton:
            if index >= 0 and not self._selected[index]:
                self._move(index, extends=False, keeps=False)
            return
        if event.button() != Qt.MouseButton.LeftButton:
            return
        if index < 0:
            self.select_none()
            return
        self._pressed, self._is_select_due = event.position(), False
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._move(index, extends=True, keeps=False)
        elif modifiers & Qt.KeyboardModifier.ControlModifier:
            self._move(index, extends=False, keeps=True)
            self._selected[index] = not self._selected[index]
            self._on_selected()
        elif self._selected[index]:
            self._is_select_due = True  # it may become a drag of all that are selected
        else:
            self._select_one(index)

    def _select_one(self, index: int) -> None:
        self._move(index, extends=False, keeps=False)
        self._selected[index] = True
        self._on_selected()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pressed is not None and event.buttons() & Qt.MouseButton.LeftButton:
            if (at - self._pressed).manhattanLength() >= QApplication.startDragDistance():
                self._pressed = None
                self._drag()
            return
        index = self._at(at)
        if index != self._hovered:
            self._hovered = index
            self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_select_due and self._pressed is not None:
            self._select_one(self._at(event.position()))
        self._pressed, self._is_select_due = None, False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self._at(event.position())
        if index >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.look_wanted.emit(int(self._rows[index]))

    def _drag(self) -> None:
        assert self._photos is not None
        paths = [self._photos.photo(int(row)).path for row in self.selected_rows[:MAX_DRAGGED]]
        if not paths:
            return
        data = photo_data(paths[0])
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        drag = QDrag(self)
        drag.setMimeData(data)
        picture = self._thumbnails.cover(paths[0], QSize(96, 72), ratio=self.devicePixelRatioF())
        if picture is not None:
            drag.setPixmap(picture)
            drag.setHotSpot(QPoint(12, 12))
        drag.exec(Qt.DropAction.CopyAction)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not len(self._rows):
            return
        at = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            at = self.viewport().mapToGlobal(self.place(self._current).center())
        self.menu_wanted.emit(at)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_size(self._size + (1 if event.angleDelta().y() > 0 else -1))
            event.accept()
        else:
            super().wheelEvent(event)

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        goal = self._goal(key) if len(self._rows) else None
        if goal is not None:
            self._move(goal, extends=shift, keeps=control)
            if not shift and not control:
                self._selected[self._current] = True
                self._on_selected()
        elif key == Qt.Key.Key_Space and control and self._current >= 0:
            self._selected[self._current] = not self._selected[self._current]
            self._on_selected()
        elif key == Qt.Key.Key_Space and not modifiers and self.current_row >= 0:
            self.look_wanted.emit(self.current_row)
        elif key == Qt.Key.Key_A and control and not shift:
            self.select_all()
        elif key == Qt.Key.Key_Escape and self.select_none():
            pass
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus) and not control:
            self.set_size(self._size + (-1 if key == Qt.Key.Key_Minus else 1))
        else:
            event.ignore()

    def _goal(self, key: Qt.Key) -> int | None:
        """Photo that a key leads to from the current one, None for other keys."""
        now, layout = self._current, self._layout
        page = max(1, self.viewport().height() // (theme.scaled_px(HEIGHTS_PX[self._size]) + GAP_PX))
        match key:
            case Qt.Key.Key_Left:
                return now - 1
            case Qt.Key.Key_Right:
                return now + 1
            case Qt.Key.Key_Up:
                return layout.beside(now, -1)
            case Qt.Key.Key_Down:
                return layout.beside(now, 1)
            case Qt.Key.Key_PageUp:
                return layout.beside(now, -page)
            case Qt.Key.Key_PageDown:
                return layout.beside(now, page)
            case Qt.Key.Key_Home:
                return 0
            case Qt.Key.Key_End:
                return len(self._rows) - 1
            case _:
                return None

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        seen: set[Path] = set()
        until_s = time.perf_counter() + PAINT_BUDGET_S
        is_due = False
        top = self.verticalScrollBar().value()
        if self._photos is not None:
            # From the bottom up: the newest wish is decoded first, and the eye begins at the top.
            for row in reversed(self._layout.rows_between(top, top + self.viewport().height())):
                for index in reversed(self._layout.photos_of(row)):
                    is_due |= not self._paint_photo(painter, index, may_make=time.perf_counter() < until_s)
                    seen.add(self._photos.photo(int(self._rows[index])).path)
        painter.end()
        for path in self._asked - seen:
            self._thumbnails.withdraw(path)
        self._asked = seen
        if is_due:
            QTimer.singleShot(0, self.viewport(), self.viewport().update)

    def _paint_photo(self, painter: QPainter, index: int, *, may_make: bool) -> bool:
        """Draw one; False where its picture is there but has to wait for the next paint."""
        assert self._photos is not None
        t = theme.current()
        row = int(self._rows[index])
        photo = self._photos.photo(row)
        place = QRectF(self.place(index))
        picture = None
        if may_make:
            picture = self._thumbnails.cover(photo.path, place.size().toSize(), ratio=self.devicePixelRatioF())
        if picture is not None:
            painter.drawPixmap(place.topLeft(), picture)
        else:
            painter.fillRect(place, QColor(t.raised if t.is_dark else t.hover))
            if self._thumbnails.is_unreadable(photo.path):
                icon = QRectF(place.center().x() - 10, place.center().y() - 10, 20, 20)
                paint_icon(painter, icon, "triangle-alert", t.text_3)
        is_current = index == self._current and self.hasFocus()
        if self._selected[index]:
            self._paint_selected(painter, place)
        if is_current:
            painter.setPen(QPen(QColor(t.focus), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
        if index == self._hovered or is_current:
            self._paint_caption(painter, place, row)
        return may_make

    def _paint_selected(self, painter: QPainter, place: QRectF) -> None:
        t = theme.current()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(t.window), 5.0))
        painter.drawRect(place.adjusted(2, 2, -2, -2))
        painter.setPen(QPen(QColor(t.text), 2.0))
        painter.drawRoundedRect(place.adjusted(1, 1, -1, -1), theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
        badge = QRectF(place.right() - 28, place.top() + 8, 20, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.accent))
        painter.drawEllipse(badge)
        paint_icon(painter, badge.adjusted(3, 3, -3, -3), "check", t.on_accent, stroke_px=2.2)

    def _paint_caption(self, painter: QPainter, place: QRectF, row: int) -> None:
        """Say word and date over the photo's lower edge."""
        assert self._photos is not None
        mood = self._photos.mood(row)
        line = theme.line_px("caption") + 8
        bar = QRectF(place.left(), place.bottom() - line, place.width(), line)
        painter.fillRect(bar, theme.mixed(theme.OVER_PHOTO, theme.OVER_PHOTO_OPACITY))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mood_colour(mood.valence, mood.arousal))
        painter.drawEllipse(QPointF(bar.left() + 12, bar.center().y()), 4, 4)
        painter.setPen(QColor(theme.TEXT_OVER_PHOTO))
        painter.setFont(theme.font("caption"))
        taken_at = self._photos.photo(row).taken_at
        words = " · ".join(part for part in (self._photos.word(row), date_in_words(taken_at)) if part)
        text = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(bar.width() - 30))
        painter.drawText(bar.adjusted(22, 0, -4, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _on_thumbnail(self, path: object) -> None:
        if path in self._asked and self.isVisible():
            self.viewport().update()

    # Qt

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self._hovered = -1
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()
        self._reveal(self._current)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.viewport().update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.viewport().update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = -1
        self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._lay_out()
            self.viewport().update()
        super().changeEvent(event)
