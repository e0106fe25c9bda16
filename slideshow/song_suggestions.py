"""Songs for photos: asked for a photo or a selection, offered in a sheet with the reason, and made into a show."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from engine.emotion import Emotion
from slideshow import messages, theme
from slideshow.browse_page import BrowsePage
from slideshow.browse_photos import Rows
from slideshow.focus_ring import show_ring
from slideshow.mood_colours import mood_colour
from slideshow.mood_words import shown_word
from slideshow.places import DEMO_SONGS
from slideshow.settings import SettingsStore
from slideshow.sheets import Sheet
from slideshow.songs_by_mood import FoundSong, SongsByMood

ALIKE = 0.5
"""From this score on a song suits photos; below it is merely the nearest there is."""


DOT_PX, PAD_PX, GAP_PX = 8, 12, 8


class SongChoice(QAbstractButton):
    """A song that suits photos: its mood's dot, title and artist, mood and match; long names are cut at their end."""

    def __init__(self, found: FoundSong) -> None:
        super().__init__()
        self._found = found
        mood, match = shown_word(found.mood), f"{round(100 * found.score)}% match"
        self._below = " · ".join(part for part in (mood, found.song.artist) if part)
        self._match = match
        self.setAccessibleName(", ".join(part for part in (found.song.title, found.song.artist, mood, match) if part))
        self.setToolTip(messages.name_of(found.song.path))
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(240, theme.line_px("strong") + theme.line_px("caption") + 12)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=theme.RADIUS_BUTTON)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t, song, mood = theme.current(), self._found.song, self._found.mood
        place = QRectF(self.rect())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.line_3), 1.0))
        painter.setBrush(QColor(t.pressed if self.isDown() else t.hover if self.underMouse() else t.raised))
        painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_BUTTON, theme.RADIUS_BUTTON)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mood_colour(mood.valence, mood.arousal, scale=t.name))
        painter.drawEllipse(QPointF(PAD_PX + DOT_PX / 2, place.center().y()), DOT_PX / 2, DOT_PX / 2)
        inner, middle = place.adjusted(2 * PAD_PX + DOT_PX, 6, -PAD_PX, -6), Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(t.text_2))
        painter.setFont(theme.font("label"))
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, self._match)
        inner.setRight(inner.right() - painter.fontMetrics().horizontalAdvance(self._match) - GAP_PX)
        elide = Qt.TextElideMode.ElideRight
        painter.setFont(theme.font("caption"))
        below = painter.fontMetrics().elidedText(self._below, elide, int(inner.width()))
        painter.drawText(inner, Qt.AlignmentFlag.AlignBottom, below)
        painter.setPen(QColor(t.text))
        painter.setFont(theme.font("strong"))
        title = painter.fontMetrics().elidedText(song.title, elide, int(inner.width()))
        painter.drawText(inner, Qt.AlignmentFlag.AlignTop, title)
        painter.end()


class SongSuggestions(QObject):
    """Acts for the page; the songs are looked for in a job."""

    song_wanted = Signal(object, object)
    """Path of the song to open, and the rows its show is to use, None for all."""
    folder_wanted = Signal()

    def __init__(self, window: QWidget, page: BrowsePage, songs: SongsByMood, store: SettingsStore) -> None:
        super().__init__(window)
        self._window, self._page, self._songs, self._store = window, page, songs, store
        page.songs_wanted.connect(self.find)

    def find(self, rows: Rows) -> None:
        """Find the songs that suit photos best, of all that are known."""
        photos = self._page.photos
        if photos is None or not len(rows):
            return
        now = self._store.now
        demo = sorted(DEMO_SONGS.glob("*")) if DEMO_SONGS.is_dir() else []
        others = tuple(dict.fromkeys((*(Path(name) for name in (*now.recent_songs, *now.last_songs)), *demo)))
        felt = photos.felt[rows]
        self._songs.find(photos.catalog.embeddings[rows], felt, others, partial(self._show, rows, felt.mean(axis=0)))

    def _show(self, rows: Rows, middle: np.ndarray, songs: tuple[FoundSong, ...]) -> None:
        is_one = len(rows) == 1
        sheet = Sheet(self._window, "Songs for this photo" if is_one else f"Songs for these {len(rows):,} photos")
        word = shown_word(Emotion(float(middle[0]), float(middle[1]))).lower()
        who = "The photo feels" if is_one else "Taken together the photos feel"
        if not songs:
            sheet.add_text("No song is known yet. Add a folder of music, and those that suit are listed here.")
        elif songs[0].score < ALIKE:
            sheet.add_text(f"{who} {word}. No song is quite so; these come nearest.")
        else:
            sheet.add_text(f"{who} {word}. These songs suit best.")
        choices = QWidget()
        column = QVBoxLayout(choices)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(GAP_PX)
        for found in songs:
            choice = SongChoice(found)
            choice.clicked.connect(partial(self._open, sheet, found.song.path, rows))
            column.addWidget(choice)
        if songs:
            sheet.add_body(choices)
        if not self._songs.folders:
            sheet.add_button("Add a folder of music", "outlined", partial(self._add, sheet), is_apart=True)
        sheet.add_button("Close", "main", is_safe=True)
        sheet.open()

    def _open(self, sheet: Sheet, path: Path, rows: Rows) -> None:
        sheet.close()
        self.song_wanted.emit(path, rows if len(rows) > 1 else None)

    def _add(self, sheet: Sheet) -> None:
        sheet.close()
        self.folder_wanted.emit()
