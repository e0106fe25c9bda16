"""The queue of songs: which one plays, which follows, and which cannot be read. It knows nothing of sound or show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal


@dataclass(frozen=True, slots=True)
class QueuedSong:
    """A song of the queue; `number` tells two of the same file apart. A fault says why it is left out."""

    number: int
    path: Path
    title: str = ""
    artist: str = ""
    duration_s: float = 0.0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class QueueState:
    """The whole queue as it was, to be put back."""

    songs: tuple[QueuedSong, ...]
    index: int


class Playlist(QObject):
    """The songs in order and the place of the present one, -1 where there is none."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._songs: list[QueuedSong] = []
        self._index = -1
        self._n_made = 0

    @property
    def songs(self) -> tuple[QueuedSong, ...]:
        """All songs in order."""
        return tuple(self._songs)

    @property
    def index(self) -> int:
        """Place of the present song, -1 where there is none."""
        return self._index

    @property
    def present(self) -> QueuedSong | None:
        """The song that plays, or would."""
        return self._songs[self._index] if 0 <= self._index < len(self._songs) else None

    @property
    def following(self) -> QueuedSong | None:
        """The next song that can be read."""
        return next((song for song in self._songs[self._index + 1 :] if not song.fault), None)

    @property
    def preceding(self) -> QueuedSong | None:
        """The song before that can be read."""
        return next((song for song in reversed(self._songs[: max(0, self._index)]) if not song.fault), None)

    @property
    def state(self) -> QueueState:
        """The queue as it is, for `restore`."""
        return QueueState(self.songs, self._index)

    def restore(self, state: QueueState) -> None:
        """Put the queue back as it was; the present song stays the present one where it is still in it."""
        present = self.present
        self._songs = list(state.songs)
        places = [i for i, song in enumerate(self._songs) if present is not None and song.number == present.number]
        self._index = places[0] if places else state.index
        self.changed.emit()

    def fill(self, paths: Sequence[Path], *, index: int = 0) -> None:
        """Replace the queue, with the song at `index` as the present one."""
        self._songs = [self._made(path) for path in paths]
        self._index = min(max(index, 0), len(paths) - 1)
        self.changed.emit()

    def add(self, paths: Sequence[Path]) -> None:
        """Append songs."""
        self._songs += [self._made(path) for path in paths]
        self.changed.emit()

    def choose(self, number: int) -> None:
        """Make a song the present one."""
        self._index = self._place_of(number)
        self.changed.emit()

    def remove(self, number: int) -> None:
        """Take a song out. In place of the present one the queue stands before the song that followed it."""
        place = self._place_of(number)
        del self._songs[place]
        if place <= self._index:
            self._index -= 1
        self.changed.emit()

    def move(self, number: int, step: int) -> None:
        """Move a song up (-1) or down (1); the present one stays the present one."""
        place = self._place_of(number)
        goal = min(max(place + step, 0), len(self._songs) - 1)
        present = self.present
        self._songs.insert(goal, self._songs.pop(place))
        if present is not None:
            self._index = self._place_of(present.number)
        self.changed.emit()

    def learn(self, path: Path, *, title: str, artist: str, duration_s: float) -> None:
        """Note what a file says about itself."""
        for i, song in enumerate(self._songs):
            if song.path == path:
                self._songs[i] = replace(song, title=title, artist=artist, duration_s=duration_s, fault="")
        self.changed.emit()

    def mark_unreadable(self, path: Path, fault: str) -> None:
        """Note that a file cannot be played, and why; it stays in the queue and is passed over."""
        for i, song in enumerate(self._songs):
            if song.path == path:
                self._songs[i] = replace(song, fault=fault)
        self.changed.emit()

    def _made(self, path: Path) -> QueuedSong:
        self._n_made += 1
        return QueuedSong(self._n_made, path)

    def _place_of(self, number: int) -> int:
        return next(i for i, song in enumerate(self._songs) if song.number == number)
