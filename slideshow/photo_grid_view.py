"""The grid of Browse as it is seen: photos in justified rows, of which only those in view are loaded."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractScrollArea

from slideshow import theme
from slideshow.browse_photos import BrowsePhotos, Mask, Rows
from slideshow.icons import paint_icon
from slideshow.messages import name_of
from slideshow.mood_colours import mood_colour
from slideshow.photo_marks import BADGE_REACH_PX, LEFT_OUT_OPACITY, left_out_words, paint_marks
from slideshow.photo_rows import GAP_PX, RowLayout, justified
from slideshow.photo_words import date_in_words
from slideshow.thumbnails import Thumbnails

HEIGHTS_PX = (96, 128, 176, 240)
USUAL_SIZE = 1
PAINT_BUDGET_S = 0.012
"""Scaling thumbnails stops here in one paint and goes on in the next: a frame at 60 a second leaves room for more."""

_NO_ROWS = np.zeros(0, dtype=np.int64)
_NONE = np.zeros(0, dtype=bool)


class GridView(QAbstractScrollArea):
    """Shows rows of BrowsePhotos in the order given; `JustifiedGrid` adds mouse and keys."""

    selection_changed = Signal()
    current_changed = Signal(int)
    """Row of the photo the keys are at, -1 without one."""
    size_changed = Signal(int)
    stack_wanted = Signal(int)
    """Row of the first photo of a stack that is to be opened, or closed again."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._thumbnails = thumbnails
        self._photos: BrowsePhotos | None = None
        self._rows: Rows = _NO_ROWS
        self._counts: Rows = _NO_ROWS
        self._offline: frozenset[int] = frozenset()
        self._size = USUAL_SIZE
        self._layout: RowLayout = justified(np.zeros(0, dtype=np.float32), width_px=100, height_px=100)
        self._selected: Mask = _NONE
        self._current, self._anchor, self._hovered = -1, -1, -1
        self._asked: set[Path] = set()
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
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

    def set_photos(
        self, photos: BrowsePhotos | None, rows: Rows, counts: Rows | None = None, *, keeps_place: bool = False
    ) -> None:
        """Show these rows in this order; what is selected and still shown stays selected.

        counts say which of them are stacks, as `stacks.Tiles` gives them; none where all stand alone. With keeps_place
        the grid stays scrolled as it is, else it goes to its beginning.
        """
        before, current = self._rows_in(photos)
        self._photos, self._rows = photos, rows
        self._counts = counts if counts is not None else np.ones(len(rows), dtype=np.int64)
        self._selected = np.isin(rows, before) if len(before) else np.zeros(len(rows), dtype=bool)
        at = np.flatnonzero(rows == current) if current >= 0 else _NO_ROWS
        self._current = self._anchor = int(at[0]) if len(at) else (0 if len(rows) else -1)
        self._hovered = -1
        top = self.verticalScrollBar().value() if keeps_place else 0
        self._lay_out()
        self.verticalScrollBar().setValue(top)
        self._describe()
        self.selection_changed.emit()
        self.current_changed.emit(self.current_row)
        self.viewport().update()

    def _rows_in(self, photos: BrowsePhotos | None) -> tuple[Rows, int]:
        """Rows of the selected photos and of the current one, -1 for none, among other photos."""
        old = self._photos
        if old is None or photos is None:
            return _NO_ROWS, -1
        if photos is old:
            return self.selected_rows, self.current_row
        found = [photos.row_of(old.photo(row).id) for row in self.selected_rows.tolist()]
        current = photos.row_of(old.photo(self.current_row).id) if self.current_row >= 0 else -1
        return np.array([row for row in found if row >= 0], dtype=np.int64), current

    @property
    def offline_ids(self) -> frozenset[int]:
        """Photos whose drive or folder is not there now."""
        return self._offline

    def set_offline(self, photo_ids: frozenset[int]) -> None:
        """Grey the photos whose drive is not there; they are not read."""
        if photo_ids != self._offline:
            self._offline = photo_ids
            self.viewport().update()

    def stack_at(self, at: QPointF) -> int:
        """Index of the tile whose badge of a stack is at a place in the viewport, -1 for none."""
        index = self._at(at)
        if index < 0 or abs(int(self._counts[index])) < 2:
            return -1
        corner = self.place(index).topLeft()
        return index if at.x() - corner.x() < BADGE_REACH_PX and at.y() - corner.y() < BADGE_REACH_PX else -1

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
        bar = self.verticalScrollBar()
        # The bar has its room also while it is hidden: else photos could fit without it and no longer with it.
        width = self.contentsRect().width() - bar.sizeHint().width()
        self._layout = justified(aspects, width_px=max(80, width), height_px=height)
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
        n_stacked = int(self._counts[self._current])
        if n_stacked > 1:
            parts.append(f"stack of {n_stacked:,}")
        if self._photos.favourites[row]:
            parts.append("favourite")
        if photo.id in self._offline:
            parts.append("not connected")
        parts.extend(left_out_words(photo))
        parts.append(f"{self._current + 1:,} of {n:,}")
        if self._selected[self._current]:
            parts.append("selected")
        self.setAccessibleDescription(", ".join(part for part in parts if part))

    def _reveal(self, index: int) -> None:
        if index < 0 or index >= self._layout.n_photos:
            return
        place, bar = self._layout.place(index), self.verticalScrollBar()
        if place.top() < bar.value():
            bar.setValue(place.top() - GAP_PX)
        elif place.bottom() > bar.value() + self.viewport().height():
            bar.setValue(place.bottom() + GAP_PX - self.viewport().height())

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
        picture, is_offline = None, photo.id in self._offline
        if may_make and not is_offline:
            picture = self._thumbnails.cover(photo.path, place.size().toSize(), ratio=self.devicePixelRatioF())
        if picture is not None:
            painter.drawPixmap(place.topLeft(), picture)
        else:
            painter.fillRect(place, QColor(t.raised if t.is_dark else t.hover))
            if is_offline or self._thumbnails.is_unreadable(photo.path):
                icon = QRectF(place.center().x() - 10, place.center().y() - 10, 20, 20)
                paint_icon(painter, icon, "unplug" if is_offline else "triangle-alert", t.text_3)
        if photo.is_left_out:
            painter.fillRect(place, theme.mixed(t.panel, LEFT_OUT_OPACITY))
        paint_marks(
            painter, place, n_stacked=int(self._counts[index]), is_favourite=bool(self._photos.favourites[row]),
            is_left_out=photo.is_left_out, is_selected=bool(self._selected[index]),
            ratio=self.devicePixelRatioF(),
        )  # fmt: skip
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
        photo = self._photos.photo(row)
        parts = [self._photos.word(row), *left_out_words(photo), (photo.caption or ""), date_in_words(photo.taken_at)]
        if photo.id in self._offline:
            parts.insert(0, "Not connected")
        words = " · ".join(part for part in parts if part)
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
