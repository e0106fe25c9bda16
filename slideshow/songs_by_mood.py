"""The person's songs by mood: folders of music heard in the background, and songs found for photos or for a mood."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Signal, SignalInstance

from engine.emotion import Emotion, FloatArray
from engine.progress import Progress
from slideshow.browse_filters import WHOLE, Filters
from slideshow.browse_photos import WORDS, Rows, on_disc, words_at
from slideshow.jobs import Job, Jobs
from slideshow.mood_map_painting import rows_inside
from slideshow.session import Session

if TYPE_CHECKING:
    from engine.encoders import Encoders
    from engine.library import Library
    from engine.song_index import SongReport
    from engine.songs import Song, SongCatalog, SongFolder

REST_S = 1.0
"""While a show plays, so long a rest comes before each song: hearing one takes a core for a fifth of a second."""

REFRESH_EVERY_S = 3.0
N_FOUND = 8


@dataclass(frozen=True, slots=True)
class Hearing:
    """How far the songs have been heard. `total` is 0 while folders are being walked."""

    is_running: bool = False
    is_paused: bool = False
    is_waiting: bool = False
    """Photos are indexed or a film is saved first; it goes on by itself."""
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class KnownSongs:
    """Songs with their moods: row i of felt (n, 2), absolute (n, 2), places and words belongs to songs[i].

    felt is each song's place among songs, as every circle shows it; places (n, 2) lie on the map's disc.
    """

    songs: tuple[Song, ...]
    felt: FloatArray
    absolute: FloatArray
    places: FloatArray
    absolute_places: FloatArray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.songs)

    def mood(self, row: int) -> Emotion:
        """A song's mood as it is shown."""
        return Emotion(float(self.felt[row, 0]), float(self.felt[row, 1]))

    def meeting(self, filters: Filters, *, is_absolute: bool = False) -> Rows:
        """Rows of the songs that lie where photos are asked for, closest to the middle of that place first.

        Dates and likeness to a photo say nothing of songs and are passed over; text is sought in title and artist.
        """
        va = self.absolute if is_absolute else self.felt
        places = self.absolute_places if is_absolute else self.places
        chosen = np.ones(len(self), dtype=bool)
        if filters.regions:
            chosen = np.zeros(len(self), dtype=bool)
            for region in filters.regions:
                chosen |= rows_inside(region, places)
        if filters.words:
            chosen &= np.isin(words_at(self.felt), [WORDS.index(word) for word in filters.words])
        for axis, (low, high) in enumerate((filters.valence, filters.arousal)):
            if (low, high) != WHOLE:
                chosen &= (va[:, axis] >= low) & (va[:, axis] <= high)
        for part in filters.text.lower().split():
            hits = np.fromiter((part in name for name in self.names), dtype=bool, count=len(self))
            for index, word in enumerate(WORDS):
                if len(part) >= 3 and word.startswith(part):
                    hits |= words_at(self.felt) == index
            chosen &= hits
        rows = np.flatnonzero(chosen).astype(np.int64)
        if not filters.has_place:
            return rows[np.argsort([self.names[row] for row in rows], kind="stable")] if len(rows) else rows
        target = filters.target()
        far = np.hypot(va[rows, 0] - target[0], va[rows, 1] - target[1])
        nearest: Rows = rows[np.argsort(far, kind="stable")]
        return nearest


@dataclass(frozen=True, slots=True, eq=False)
class SongsRead:
    """The folders of music, and the songs in them that were heard."""

    folders: tuple[SongFolder, ...]
    known: KnownSongs


@dataclass(frozen=True, slots=True)
class FoundSong:
    """A song that suits photos, with its score in [0, 1] and its mood as it is shown."""

    song: Song
    score: float
    mood: Emotion


class SongsByMood(QObject):
    """Hears folders of music one after the other, behind photos and films, and knows the songs that were heard."""

    changed = Signal()
    """Folders, or how far hearing is."""
    songs_changed = Signal()
    finished = Signal(object)
    """The SongReport of what the person asked for."""
    failed = Signal(object)

    def __init__(self, session: Session, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self.now = Hearing()
        self.folders: tuple[SongFolder, ...] = ()
        self.reachable: frozenset[Path] = frozenset()
        """The folders that are there, as far as is known: each counts as there until it was looked at."""
        self._looked_at: frozenset[Path] = frozenset()
        self._look: Job | None = None
        self.known: KnownSongs | None = None
        self._job: Job | None = None
        self._is_told = False
        self._is_film_first = False
        self._refreshed_s = 0.0
        for begun in (session.opened, session.bundle_changed):
            begun.connect(self._on_opened)
        session.indexing_changed.connect(self._take_turns)

    def give_way_to(self, started: SignalInstance, ended: Sequence[SignalInstance]) -> None:
        """Rest from one signal on, such as a film's beginning, until any of the others."""
        started.connect(partial(self._set_film, is_first=True))
        for signal in ended:
            signal.connect(partial(self._set_film, is_first=False))

    def _set_film(self, *_: object, is_first: bool) -> None:
        self._is_film_first = is_first
        self._take_turns()

    # Folders

    def add(self, folders: Sequence[Path]) -> None:
        """Keep folders of music, and hear what is in them."""
        library = self._session.library
        if library is None:
            return
        self._is_told = True
        work = partial(_keep_folders, library, tuple(folders))
        self._jobs.submit("short", work, on_done=self._on_kept, on_failed=self.failed.emit)

    def _on_kept(self, _: object) -> None:
        self.refresh()
        self._begin()

    def restore(self, folder: Path) -> None:
        """Take a forgotten folder back, without a word."""
        self.add([folder])
        self._is_told = False

    def remove(self, folder: Path) -> None:
        """Forget a folder; what is known of its songs is kept."""
        library = self._session.library
        if library is not None:
            work = partial(_forget_folder, library, folder)
            done = partial(self._on_forgotten, folder)
            self._jobs.submit("short", work, on_done=done, on_failed=self.failed.emit)

    def _on_forgotten(self, folder: Path, _: object) -> None:
        was_running = self.now.is_running or self.now.is_waiting
        # Where none is left that was asked for, "no songs were found" would be said of the one just forgotten.
        self._is_told = self._is_told and any(other.path != folder for other in self.folders)
        self._stop()
        self.refresh()
        if was_running:
            self._begin()

    def rescan(self) -> None:
        """Look for new songs in all folders, and tell what was found."""
        self._is_told = True
        self._begin()

    # Hearing

    def pause(self) -> None:
        """Stop for now; what is heard stays."""
        self._stop()
        self._set(replace(self.now, is_running=False, is_waiting=False, is_paused=True))
        self.refresh()

    def resume(self) -> None:
        """Go on where `pause` stopped."""
        self._set(replace(self.now, is_paused=False))
        self._begin()

    def _on_opened(self) -> None:
        self.refresh(then=self._begin)

    def _begin(self) -> None:
        session = self._session
        if session.library is None or session.encoders is None or self.now.is_paused:
            return
        self._stop()
        if not self._is_told and not self.folders:
            return
        if self._must_wait:
            self._set(Hearing(is_waiting=True))
            return
        work = partial(_index, session.library, session.encoders, self._is_playing)
        self._set(Hearing(is_running=True))
        self._job = self._jobs.submit(
            "background", work, on_done=self._on_heard, on_failed=self._on_failed, on_progress=self._on_progress,
            on_partial=self._on_song,
        )  # fmt: skip

    @property
    def _must_wait(self) -> bool:
        return self._is_film_first or self._session.indexing.is_running

    def _is_playing(self) -> bool:
        return self._session.is_playing

    def _take_turns(self) -> None:
        if self._must_wait and self.now.is_running:
            self._stop()
            self._set(replace(self.now, is_running=False, is_waiting=True))
        elif not self._must_wait and self.now.is_waiting:
            self._begin()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _set(self, hearing: Hearing) -> None:
        self.now = hearing
        self.changed.emit()

    def _on_progress(self, progress: Progress) -> None:
        self._set(Hearing(is_running=True, done=int(progress.done), total=int(progress.total)))

    def _on_song(self, _: object) -> None:
        if time.monotonic() - self._refreshed_s > REFRESH_EVERY_S:
            self.refresh()

    def _on_heard(self, report: SongReport) -> None:
        self._job = None
        self._set(Hearing())
        self.refresh()
        if self._is_told:
            self._is_told = False
            self.finished.emit(report)

    def _on_failed(self, error: Exception) -> None:
        self._job = None
        self._set(Hearing())
        self.failed.emit(error)

    # Songs

    def refresh(self, *, then: Callable[[], None] | None = None) -> None:
        """Read folders and songs anew."""
        session = self._session
        if session.library is None or session.encoders is None:
            return
        self._refreshed_s = time.monotonic()
        work = partial(_read, session.library, session.encoders)
        self._jobs.submit("short", work, on_done=partial(self._on_read, then), on_failed=self.failed.emit)

    def _on_read(self, then: Callable[[], None] | None, read: SongsRead) -> None:
        self.folders, self.known = read.folders, read.known
        paths = frozenset(folder.path for folder in read.folders)
        self.reachable = (self.reachable & paths) | (paths - self._looked_at)
        self.changed.emit()
        self.songs_changed.emit()
        if then is not None:
            then()
        self._look_at(paths)

    def _look_at(self, folders: frozenset[Path]) -> None:
        """See which folders are there, behind all else: a network that does not answer lets one wait for a minute."""
        if self._look is None and folders:
            work = partial(_reachable, folders)
            self._look = self._jobs.submit(
                "background", work, on_done=partial(self._on_looked, folders), on_failed=self.failed.emit
            )

    def _on_looked(self, asked: frozenset[Path], there: frozenset[Path]) -> None:
        self._look, self._looked_at = None, asked
        paths = frozenset(folder.path for folder in self.folders)
        reachable = (paths & there) | (paths - asked)
        if reachable != self.reachable:
            self.reachable = reachable
            self.changed.emit()
        if paths != asked:
            self._look_at(paths)

    def find(
        self, embeddings: FloatArray, felt: FloatArray, others: Sequence[Path], take: Callable[[Any], None]
    ) -> None:
        """Find the songs that suit photos, given by embeddings (k, 512) and moods as shown (k, 2).

        `others` are songs outside the folders that count too. take gets a tuple of FoundSong, the best first.
        """
        session = self._session
        if session.library is None or session.encoders is None:
            return
        work = partial(_find, embeddings, felt, tuple(others), session.library, session.encoders)
        self._jobs.submit("interactive", work, on_done=take, on_failed=self.failed.emit)


def known_songs(catalog: SongCatalog, encoders: Encoders) -> KnownSongs:
    """Give songs their places on the map."""
    from engine.song_index import felt_songs

    felt = felt_songs(catalog, encoders)
    names = tuple(f"{song.title} {song.artist}".lower() for song in catalog.songs)
    return KnownSongs(catalog.songs, felt, catalog.va, on_disc(felt), on_disc(catalog.va), names)


def _keep_folders(library: Library, folders: Sequence[Path], *, report: Any) -> None:
    for folder in folders:
        library.songs.add_folder(folder)


def _forget_folder(library: Library, folder: Path, *, report: Any) -> None:
    library.songs.remove_folder(folder)


def _read(library: Library, encoders: Encoders, *, report: Any) -> SongsRead:
    music_id = encoders.bundle.music_id
    folders = library.songs.count(music_id)
    return SongsRead(folders, known_songs(library.songs.catalog(music_id), encoders))


def _reachable(folders: frozenset[Path], *, report: Any) -> frozenset[Path]:
    return frozenset(folder for folder in folders if os.path.isdir(folder))  # noqa: PTH112 - says no to every fault


def _index(
    library: Library, encoders: Encoders, is_playing: Callable[[], bool], *, report: Any, deliver: Any
) -> SongReport:
    from engine.song_index import index_songs

    def unhurried(progress: Progress) -> None:
        report(progress)
        begun_s = time.monotonic()
        while progress.total and is_playing() and time.monotonic() - begun_s < REST_S:
            time.sleep(0.1)
            report(progress)

    return index_songs(library, library.songs.folders(), encoders, report=unhurried, on_song=deliver)


def _find(
    embeddings: FloatArray, felt: FloatArray, others: Sequence[Path], library: Library, encoders: Encoders, *,
    report: Any,
) -> tuple[FoundSong, ...]:  # fmt: skip
    from engine.song_index import felt_songs, song_scores, songs_with

    catalog = songs_with(library, others, encoders, report=report)
    scores = song_scores(embeddings, felt, catalog, encoders)
    moods = felt_songs(catalog, encoders)
    return tuple(
        FoundSong(catalog.songs[i], float(scores[i]), Emotion(float(moods[i, 0]), float(moods[i, 1])))
        for i in first_copies(catalog.songs, np.argsort(-scores, kind="stable").tolist())[:N_FOUND]
    )


def first_copies(songs: Sequence[Song], order: Sequence[int]) -> list[int]:
    """Those rows of an order whose song has not come before: a song may lie in several folders and formats."""
    firsts: dict[tuple[str, str, int], int] = {}
    for row in order:
        song = songs[row]
        firsts.setdefault((song.title.casefold(), song.artist.casefold(), round(song.duration_s)), row)
    return list(firsts.values())
