"""What works on the Browse page beside its care: songs, suggestions, marks and saved moods, made and connected once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from slideshow.browse_care import BrowseCare
from slideshow.browse_marks import BrowseMarks
from slideshow.browse_page import BrowsePage
from slideshow.browse_photos import Rows
from slideshow.browse_songs import BrowseSongs
from slideshow.jobs import Jobs
from slideshow.saved_moods import SavedMoodsCare
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.song_suggestions import SongSuggestions
from slideshow.songs_by_mood import SongsByMood
from slideshow.toasts import Toasts


class BrowseParts(QObject):
    """Owns the parts; what they want of the window goes through the functions they are given."""

    def __init__(
        self,
        window: QWidget,
        page: BrowsePage,
        care: BrowseCare,
        session: Session,
        jobs: Jobs,
        store: SettingsStore,
        toasts: Toasts,
        songs: SongsByMood,
        *,
        open_song: Callable[[Path], object],
        queue_song: Callable[[Path], object],
        add_music: Callable[[], object],
    ) -> None:
        super().__init__(window)
        self._care, self._open_song, self._queue_song = care, open_song, queue_song
        self.songs = BrowseSongs(page, songs)
        self.suggestions = SongSuggestions(window, page, songs, store)
        self.marks = BrowseMarks(page, session, jobs, toasts)
        self.saved = SavedMoodsCare(window, session, jobs, toasts)
        self.saved.serve(page)
        self.suggestions.song_wanted.connect(self._make_show)
        self.songs.song_wanted.connect(self._make_show)
        self.songs.queue_wanted.connect(self._queue)
        self.songs.reveal_wanted.connect(care.reveal_file)
        self.suggestions.folder_wanted.connect(add_music)
        page.music_folder_wanted.connect(add_music)

    def _make_show(self, song: Path, rows: Rows | None = None) -> None:
        self._care.start_with(song, rows, self._open_song)

    def _queue(self, song: Path) -> None:
        self._queue_song(song)
