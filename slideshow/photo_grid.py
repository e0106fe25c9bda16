"""The grid of Browse: photos in justified rows, of which only those in view are loaded; made for mouse and keys."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QContextMenuEvent, QDrag, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from slideshow import theme
from slideshow.photo_drag import photo_data
from slideshow.photo_grid_view import HEIGHTS_PX, GridView
from slideshow.photo_rows import GAP_PX
from slideshow.thumbnails import Thumbnails

MAX_DRAGGED = 500


class JustifiedGrid(GridView):
    """Shows rows of BrowsePhotos in the order given; knows the current photo and the selected ones."""

    look_wanted = Signal(int)
    """Row of the photo to look at closely."""
    menu_wanted = Signal(QPoint)
    """Where on the screen."""
    start_wanted = Signal()

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__(thumbnails)
        self._pressed: QPointF | None = None
        self._is_select_due = False

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
        if self.stack_at(event.position()) >= 0 and not modifiers:
            self._move(index, extends=False, keeps=True)
            self.toggle_stack()
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

    def toggle_stack(self) -> bool:
        """Open the stack at the current photo, or close it; False where it stands alone."""
        row = self.current_row
        if row < 0 or self._photos is None or not self._photos.has_siblings[row]:
            return False
        self.stack_wanted.emit(row)
        return True

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
