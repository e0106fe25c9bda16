"""Songs on Browse: the list beside the map that follows what is asked for, and their rings on the map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QListView, QMenu, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from slideshow import messages, theme
from slideshow.browse_photos import Rows
from slideshow.mood_colours import mood_colour
from slideshow.mood_words import shown_word
from slideshow.song_bar import clock_text
from slideshow.songs_by_mood import first_copies

if TYPE_CHECKING:
    from slideshow.browse_page import BrowsePage
    from slideshow.songs_by_mood import KnownSongs, SongsByMood

ROW_PX, PAD_PX, DOT_PX = 48, 12, 8
Index = QModelIndex | QPersistentModelIndex
_NO_ROWS = np.zeros(0, dtype=np.int64)


class SongModel(QAbstractListModel):
    """Some of the known songs in an order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.known: KnownSongs | None = None
        self.rows: Rows = _NO_ROWS

    def show(self, known: KnownSongs | None, rows: Rows) -> None:
        """Show these rows of these songs."""
        self.beginResetModel()
        self.known, self.rows = known, rows
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if self.known is None or not 0 <= index.row() < len(self.rows):
            return None
        row = int(self.rows[index.row()])
        song, mood = self.known.songs[row], self.known.mood(row)
        if role == Qt.ItemDataRole.DisplayRole:
            return song.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = (song.title, song.artist, shown_word(mood), clock_text(song.duration_s))
            return ", ".join(part for part in parts if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(song.path).encode("utf-8", "replace").decode()
        return (song, mood) if role == Qt.ItemDataRole.UserRole else None


class SongPainter(QStyledItemDelegate):
    """Draws a song: a dot in its colour, title, artist and word below, its length at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, max(ROW_PX, theme.line_px("strong") + theme.line_px("caption") + 12))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        found = index.data(Qt.ItemDataRole.UserRole)
        if found is None:
            return
        song, mood = found
        t = theme.current()
        place = QRectF(option.rect)
        state = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_on = bool(state & QStyle.StateFlag.State_Selected)
        if is_on or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.selected if is_on else t.hover))
            painter.drawRoundedRect(place.adjusted(0, 1, 0, -1), theme.RADIUS_ROW, theme.RADIUS_ROW)
        if state & QStyle.StateFlag.State_HasFocus and is_on:
            painter.setPen(QPen(QColor(t.focus), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(1, 2, -1, -2), theme.RADIUS_ROW, theme.RADIUS_ROW)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mood_colour(mood.valence, mood.arousal, scale=t.name))
        painter.drawEllipse(QPointF(place.left() + PAD_PX + DOT_PX / 2, place.center().y()), DOT_PX / 2, DOT_PX / 2)
        inner = place.adjusted(PAD_PX + DOT_PX + 12, 0, -PAD_PX, 0)
        painter.setFont(theme.font("label"))
        time_text = clock_text(song.duration_s)
        time_px = painter.fontMetrics().horizontalAdvance(time_text) + 12
        painter.setPen(QColor(t.text_2))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, time_text)
        title_px, caption_px = theme.line_px("strong"), theme.line_px("caption")
        top = place.top() + (place.height() - title_px - caption_px) / 2
        room = inner.width() - time_px
        painter.setPen(QColor(t.text))
        painter.setFont(theme.font("strong"))
        title = painter.fontMetrics().elidedText(song.title, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(QRectF(inner.left(), top, room, title_px), middle, title)
        painter.setPen(QColor(t.text_2))
        painter.setFont(theme.font("caption"))
        words = " · ".join(part for part in (shown_word(mood), song.artist) if part)
        words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(QRectF(inner.left(), top + title_px, room, caption_px), middle, words)
        painter.restore()


class SongList(QListView):
    """The list; Enter and a double click make a show with a song."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Songs")
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.viewport().setAutoFillBackground(False)
        self.setStyleSheet("QListView { background: transparent; border: none; outline: none; }")


class BrowseSongs(QObject):
    """Keeps list and map in step with what is asked for while songs are shown, and with the songs that are known."""

    song_wanted = Signal(object)
    """Path of a song to make a show with."""
    explanation_wanted = Signal(object)
    """Path of a song to explain."""
    queue_wanted = Signal(object)
    reveal_wanted = Signal(object)
    """Path of a song whose folder is to be shown."""

    def __init__(self, page: BrowsePage, songs: SongsByMood) -> None:
        super().__init__(page)
        self._page, self._songs = page, songs
        self.model = SongModel(self)
        self.list = page.songs
        self.list.setModel(self.model)
        self.list.setItemDelegate(SongPainter(self.list))
        self.list.activated.connect(self._on_activated)
        self.list.customContextMenuRequested.connect(self._open_menu)
        self.list.selectionModel().currentChanged.connect(self._on_current)
        page.what.chosen.connect(self._on_what)
        page.song_show_wanted.connect(self.open_for_current)
        page.found_changed.connect(self.refresh)
        page.map.song_picked.connect(self._on_picked)
        page.map.song_opened.connect(self._on_opened)
        songs.songs_changed.connect(self.refresh)
        songs.changed.connect(self._describe)

    @property
    def is_shown(self) -> bool:
        """Whether songs are shown instead of photos."""
        return self._page.is_of_songs

    def _on_what(self, _: object) -> None:
        self.refresh()
        if self.is_shown:
            self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self) -> None:
        """Show the songs that lie where photos are asked for."""
        known, page = self._songs.known, self._page
        if not self.is_shown or known is None:
            self.model.show(None, _NO_ROWS)
            page.map.set_songs(np.zeros((0, 2), dtype=np.float32), ())
        else:
            is_absolute = page.map.is_absolute
            met = known.meeting(page.filters, is_absolute=is_absolute)
            rows = np.array(first_copies(known.songs, met.tolist()), dtype=np.int64)
            places = known.absolute_places if is_absolute else known.places
            self._show(known, rows)
            page.map.set_songs(places[rows], tuple(known.songs[row].title for row in rows))
        self._describe()
        page.show_found()

    def _show(self, known: KnownSongs, rows: Rows) -> None:
        """Show songs; the one the list is at stays so, where it is still there."""
        model, before = self.model, self._path(self.list.currentIndex().row())
        if model.known is not None and model.known.songs == known.songs and np.array_equal(model.rows, rows):
            model.known = known
            return
        model.show(known, rows)
        at = next((i for i, row in enumerate(rows.tolist()) if known.songs[row].path == before), -1)
        if at >= 0:
            self.list.setCurrentIndex(model.index(at))

    def _describe(self) -> None:
        if not self.is_shown:
            return
        page, n = self._page, len(self.model.rows)
        page.n_chosen.setText(messages.count_of(n, "song") if n else "No songs")
        n_folders, now = len(self._songs.folders), self._songs.now
        if now.is_running or now.is_waiting:
            page.described.setText("more are being listened to" if n else "being listened to")
        else:
            page.described.setText("" if not n else "closest first" if page.filters.has_place else "by title")
        is_new = not n_folders and not now.is_running
        text = page.filters.text.strip()
        page.no_songs.set_words(
            "No songs yet" if is_new else f"No song for “{text}”" if text else "No song feels quite like that",
            "Add a folder of music, and its songs are listed here by mood. Your files stay as they are."
            if is_new
            else "Songs are searched by title, artist and mood. Clear the search to see them all."
            if text
            else "Ask for less, or for another mood.",
        )
        page.no_songs_add.setVisible(is_new)

    def _path(self, row: int) -> Path | None:
        known = self.model.known
        return known.songs[int(self.model.rows[row])].path if known and 0 <= row < len(self.model.rows) else None

    def _on_activated(self, index: QModelIndex) -> None:
        self._on_opened(index.row())

    def _on_opened(self, row: int) -> None:
        path = self._path(row)
        if path is not None:
            self.song_wanted.emit(path)

    def _on_picked(self, row: int) -> None:
        self.list.setCurrentIndex(self.model.index(row))

    def _on_current(self, now: QModelIndex, _: QModelIndex) -> None:
        self._page.map.mark_song(now.row() if now.isValid() else -1)
        self._page.show_counts()

    def open_for_current(self) -> bool:
        """Make a show with the song the list is at; False where it is at none."""
        index = self.list.currentIndex()
        if not index.isValid():
            return False
        self._on_opened(index.row())
        return True

    def _open_menu(self, at: QPoint) -> None:
        index = self.list.indexAt(at)
        path = self._path(index.row()) if index.isValid() else None
        if path is None or self.model.known is None:
            return
        mood = self.model.known.mood(int(self.model.rows[index.row()]))
        menu = QMenu("Song", self.list)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Make a show with this song\tEnter").triggered.connect(lambda: self.song_wanted.emit(path))
        menu.addAction("Add to the queue").triggered.connect(lambda: self.queue_wanted.emit(path))
        menu.addAction("About this song…").triggered.connect(lambda: self.explanation_wanted.emit(path))
        menu.addAction("Photos in this mood").triggered.connect(lambda: self._page.show_near(mood))
        menu.addAction("Show in the file manager").triggered.connect(lambda: self.reveal_wanted.emit(path))
        menu.popup(self.list.viewport().mapToGlobal(at))
