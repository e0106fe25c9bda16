"""Songs for photos: asked for a photo or a selection, offered in a sheet with the reason, and made into a show."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.emotion import Emotion
from slideshow import messages
from slideshow.browse_page import BrowsePage
from slideshow.browse_photos import Rows
from slideshow.mood_words import shown_word
from slideshow.places import DEMO_SONGS
from slideshow.settings import SettingsStore
from slideshow.sheets import Sheet
from slideshow.songs_by_mood import FoundSong, SongsByMood

ALIKE = 0.5
"""From this score on a song suits photos; below it is merely the nearest there is."""


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
        for found in songs:
            match = f"{round(100 * found.score)}% match"
            parts = (found.song.title, found.song.artist, shown_word(found.mood), match)
            text = "  ·  ".join(part for part in parts if part)
            button = sheet.add_wide_button(text, partial(self._open, sheet, found.song.path, rows))
            button.setToolTip(messages.name_of(found.song.path))
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
