"""The person's songs: chosen, queued, played one after the other, skipped where they cannot be read, remembered."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.errors import EngineError, UnreadableSong
from slideshow import messages, session_jobs
from slideshow.folder_care import start_folder
from slideshow.jobs import Job, Jobs
from slideshow.playlist import Playlist, QueuedSong, QueueState
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.songs_ahead import SongAhead
from slideshow.sound import Sound
from slideshow.toasts import Toasts

if TYPE_CHECKING:
    from engine.audio import SongInfo

N_RECENT = 10
MAX_TITLE_CHARS = 40
N_REMEMBERED = 500
"""Songs of a queue that are remembered; a longer one is cut, for settings are read before the window is shown."""


class SongCare(QObject):
    """Keeps queue, session and sound together on which song plays and which follows. GUI thread."""

    opened = Signal()
    """The person has opened a song: it is time to show it."""
    asked = Signal()
    """The person wants a song; whether it can be read is not known yet."""

    def __init__(
        self, window: QWidget, session: Session, jobs: Jobs, sound: Sound, store: SettingsStore, toasts: Toasts
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._jobs = jobs
        self._sound = sound
        self._store = store
        self._toasts = toasts
        self.playlist = Playlist(self)
        self.ahead = SongAhead(session, jobs, self)
        self._is_moving_on = False
        self._opening: Job | None = None
        self._reading: Job | None = None
        self._read: set[Path] = set()
        self.playlist.changed.connect(self._look_ahead)
        self.playlist.changed.connect(self._read_next)
        self.ahead.changed.connect(self._on_ahead)
        self.ahead.failed.connect(self._on_next_unreadable)
        session.song_changed.connect(self._on_song)
        session.analysis_changed.connect(self._look_ahead)
        session.catalog_changed.connect(self._look_ahead)
        sound.state_changed.connect(self._look_ahead)
        sound.moved_on.connect(self._on_moved_on)
        sound.next_failed.connect(self._on_next_unreadable)
        sound.failed.connect(self._on_sound_failed)

    # Choosing

    def choose(self) -> None:
        """Let the person pick songs, which replace the queue."""
        paths = self._chosen("Choose songs")
        if paths:
            self.open(paths)

    def choose_more(self) -> None:
        """Let the person pick songs for the end of the queue."""
        paths = self._chosen("Add songs to the queue")
        if paths:
            self.add(paths)

    def _chosen(self, title: str) -> list[Path]:
        from engine.audio import SONG_SUFFIXES

        patterns = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(SONG_SUFFIXES))
        start = self._store.now.last_song_folder or start_folder("Music")
        names, _ = QFileDialog.getOpenFileNames(self._window, title, start, f"Songs ({patterns});;All files (*)")
        if names:
            self._store.change(last_song_folder=str(Path(names[0]).parent))
        return [Path(name) for name in names]

    def open(self, paths: Sequence[Path], *, index: int = 0) -> None:
        """Play these songs from the one at `index` on; one that cannot be read does not end the show that is open."""
        if not paths:
            return
        self.forget_opening()
        self.asked.emit()
        if self._session.song_path is None or self._session.song_error is not None or not self._session.is_open:
            self._take(paths, index)
            return
        work = partial(_first_readable, tuple(paths[index:]))
        self._opening = self._jobs.submit(
            "short", work, on_done=partial(self._on_probed, paths, index), on_failed=self._on_unreadable
        )

    def forget_opening(self) -> None:
        """Something else is wanted now than the song that is being looked into."""
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None

    def _on_probed(self, paths: Sequence[Path], index: int, n_skipped: int) -> None:
        before = self.playlist.state
        self._take(paths, index + n_skipped)
        if len(before.songs) > 1:
            back = partial(self._restore, before)
            self._toasts.show("The queue was replaced.", icon="list-music", action="Undo", on_action=back)

    def _restore(self, state: QueueState) -> None:
        self.playlist.restore(state)
        present = self.playlist.present
        if present is not None and present.path != self._session.song_path:
            self._play(present)

    def _take(self, paths: Sequence[Path], index: int) -> None:
        self.ahead.prepare(None)
        self.playlist.fill(paths, index=index)
        present = self.playlist.present
        assert present is not None
        self._sound.unload()
        self._session.open_song(present.path)
        self.opened.emit()

    def add(self, paths: Sequence[Path]) -> None:
        """Put songs at the end of the queue; the first is opened where there is none."""
        if self.playlist.present is None:
            self.open(paths)
            return
        before = self.playlist.state
        self.playlist.add(paths)
        what = messages.name_of(paths[0]) if len(paths) == 1 else messages.count_of(len(paths), "song")
        back = partial(self.playlist.restore, before)
        self._toasts.show(f"Added to the queue: {what}.", icon="list-music", action="Undo", on_action=back)

    def remove(self, number: int) -> None:
        """Take a song out of the queue; can be undone. The present one plays on to its end."""
        before = self.playlist.state
        gone = next(song for song in before.songs if song.number == number)
        self.playlist.remove(number)
        back = partial(self.playlist.restore, before)
        self._toasts.show(
            f"{name_of(gone)} left the queue. The file stays.", icon="list-music", action="Undo", on_action=back
        )

    def play_queued(self, number: int) -> None:
        """Go to a song of the queue."""
        song = next(song for song in self.playlist.songs if song.number == number)
        self._go_to(song)

    def next_song(self) -> None:
        """Go to the next song of the queue."""
        self._go_to(self.playlist.following)

    def previous_song(self) -> None:
        """Go to the song before."""
        self._go_to(self.playlist.preceding)

    def step(self, step: int) -> None:
        """Go to the next song (1) or the one before (-1)."""
        self._go_to(self.playlist.following if step > 0 else self.playlist.preceding)

    def offer_last(self, offer: Callable[[str], None]) -> None:
        """Hand over the title of the song of the last time, where it can still be read and none is open."""
        now = self._store.now
        if not now.last_songs or self._session.song_path is not None:
            return
        path = Path(now.last_songs[min(max(now.last_song_index, 0), len(now.last_songs) - 1)])

        def on_probed(song: SongInfo) -> None:
            if self._session.song_path is None:
                offer(shortened(song.title))

        self._jobs.submit("ahead", partial(session_jobs.probe, path), on_done=on_probed, on_failed=_forget)

    def open_last(self) -> None:
        """Take up the queue of the last time."""
        paths = [Path(name) for name in self._store.now.last_songs]
        if paths:
            self.open(paths, index=min(self._store.now.last_song_index, len(paths) - 1))

    # Going on

    def _go_to(self, song: QueuedSong | None) -> None:
        """Turn to a song of the queue at its start, playing on if something plays."""
        if song is None:
            return
        self.forget_opening()
        if song == self.playlist.following and self._sound.next_path == song.path and self._sound.go_on():
            return  # without a gap, through `moved_on`
        self._play(song)

    def _play(self, song: QueuedSong) -> None:
        is_playing = self._sound.is_playing
        self._is_moving_on = True
        self.playlist.choose(song.number)
        self._sound.load(song.path, duration_s=song.duration_s)
        if not self.ahead.hand_over(song.path):
            self._session.open_song(song.path)
        self._is_moving_on = False
        self._look_ahead()
        if is_playing:
            self._sound.play()

    def _on_moved_on(self) -> None:
        following = self.playlist.following
        assert self._sound.path is not None
        self._is_moving_on = True
        if following is not None and following.path == self._sound.path:
            self.playlist.choose(following.number)
        if not self.ahead.hand_over(self._sound.path):
            self._session.open_song(self._sound.path)
        self._is_moving_on = False
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Let the following song be analysed and decoded, once the present one is known."""
        if self._is_moving_on:
            return
        following = self.playlist.following
        analysis = self._session.analysis
        if following is None:
            self._sound.set_next(None)
            self.ahead.prepare(None)
            return
        if analysis is None or not analysis.is_complete:
            if self._sound.next_path not in (None, following.path):
                self._sound.set_next(None)  # the queue has changed since it was chosen
            return
        self.ahead.prepare(following.path)
        if self._sound.path == self._session.song_path:
            self._sound.set_next(following.path, duration_s=following.duration_s)

    def _on_ahead(self) -> None:
        song = self.ahead.song
        if song is not None:
            self._learn(song)

    def _read_next(self) -> None:
        """Read title and length of one more song of the queue; one at a time, so that nothing waits behind many."""
        if self._reading is not None or not self._session.is_open:
            return
        songs, place = self.playlist.songs, max(0, self.playlist.index)
        wanted = (song.path for song in (*songs[place:], *songs[:place]) if not song.title and not song.fault)
        path = next((path for path in wanted if path not in self._read), None)
        if path is None:
            return
        self._read.add(path)
        work = partial(session_jobs.probe, path)
        self._reading = self._jobs.submit(
            "ahead", work, on_done=self._on_read, on_failed=partial(self._on_read_failed, path)
        )

    def _on_read(self, song: SongInfo) -> None:
        self._reading = None
        self._learn(song)
        self._read_next()

    def _on_read_failed(self, path: Path, error: Exception) -> None:
        self._reading = None
        if isinstance(error, UnreadableSong) and path != self._session.song_path:
            self.playlist.mark_unreadable(path, error.reason)
        self._read_next()

    def _learn(self, song: SongInfo) -> None:
        known = [one for one in self.playlist.songs if one.path == song.path]
        if any(one.title != song.title or one.duration_s != song.duration_s for one in known):
            self.playlist.learn(song.path, title=song.title, artist=song.artist, duration_s=song.duration_s)

    def _on_song(self) -> None:
        """Follow the session: a song opened elsewhere is a queue of its own, one that fails is passed over."""
        session = self._session
        if session.song_path is None:
            return
        present = self.playlist.present
        if present is None or present.path != session.song_path:
            self.playlist.fill([session.song_path])
        if session.song_error is not None and isinstance(session.song_error, UnreadableSong):
            self._pass_over(session.song_error)
        elif session.song is not None:
            self._learn(session.song)
            self._remember()

    def _on_unreadable(self, error: Exception) -> None:
        """Say why a chosen song is not played; the show that is open stays."""
        if isinstance(error, EngineError):
            self._toasts.show(messages.short(messages.message_of(error)), icon="circle-alert", tone="danger")
        else:
            self._session.failed.emit(error)

    def _on_next_unreadable(self, error: UnreadableSong) -> None:
        self.playlist.mark_unreadable(error.path, error.reason)
        self._tell_skipped(error)

    def _on_sound_failed(self, error: UnreadableSong) -> None:
        if self._session.song_error is None and self._session.song_path == error.path:
            self._pass_over(error)

    def _pass_over(self, error: UnreadableSong) -> None:
        """Go on with the song after the present one, which cannot be read; without one the page says what is wrong."""
        is_playing = self._sound.is_playing
        self.playlist.mark_unreadable(error.path, error.reason)
        following = self.playlist.following
        if following is not None:
            self._tell_skipped(error)
            self._play(following)
            if is_playing:
                self._sound.play()

    def _tell_skipped(self, error: UnreadableSong) -> None:
        name = messages.name_of(error.path)
        self._toasts.show(f"{name} cannot be read, so it is skipped.", icon="circle-alert", tone="warn")

    def _remember(self) -> None:
        path = self._session.song_path
        assert path is not None
        now = self._store.now
        recent = (str(path), *(name for name in now.recent_songs if name != str(path)))[:N_RECENT]
        songs = self.playlist.songs
        first = max(0, self.playlist.index - N_REMEMBERED // 2) if len(songs) > N_REMEMBERED else 0
        kept = tuple(str(song.path) for song in songs[first : first + N_REMEMBERED])
        values = {
            "recent_songs": recent,
            "last_songs": kept,
            "last_song_index": max(0, self.playlist.index - first),
        }
        if any(getattr(now, name) != value for name, value in values.items()):
            self._store.change(**values)


def name_of(song: QueuedSong) -> str:
    """A song's title, or its file's name until the title is known."""
    return song.title or messages.name_of(Path(song.path.stem))


def shortened(title: str) -> str:
    """A title that fits on a button."""
    return title if len(title) <= MAX_TITLE_CHARS else f"{title[: MAX_TITLE_CHARS - 1].rstrip()}…"


def _forget(error: Exception) -> None:
    """The file is gone or unreadable: then there is nothing to offer."""


def songs_in(folder: Path) -> list[Path]:
    """The songs in a folder and those below it, in the order of their names; what cannot be reached is left out."""
    from engine.audio import SONG_SUFFIXES

    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        found += [Path(place) / name for name in sorted(names) if Path(name).suffix.lower() in SONG_SUFFIXES]
    return found


def _first_readable(paths: Sequence[Path], *, report: object) -> int:
    """How many songs must be passed over until one can be read. Raises UnreadableSong of the first where none can."""
    first_error: UnreadableSong | None = None
    for n_skipped, path in enumerate(paths):
        try:
            session_jobs.probe(path, report=_no_report)
        except UnreadableSong as error:
            first_error = first_error or error
        else:
            return n_skipped
    assert first_error is not None
    raise first_error


def _no_report(progress: object) -> None:
    pass
