"""The songs of a library: which folders of music it knows, each song in them, and how it feels to a bundle.

Songs are found by `engine.song_index`; here is what is kept of them. A song's mood and embedding are the means over
what was heard of it, by its key (see `engine.song_keys`), so that songs outside the folders can have them too.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.database import Database
from engine.emotion import FloatArray
from engine.folders import real_path
from engine.library_rows import as_place, is_within, path_of
from engine.place_keys import LENGTH, place_key


@dataclass(frozen=True, slots=True)
class Song:
    """A song of the library; key is that of its sound. problem is why it cannot be heard, None where it can."""

    path: Path
    key: str
    title: str
    artist: str
    duration_s: float
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class SongRecord:
    """A song as it is stored: with its file's size and time of change, to tell when it has to be heard again."""

    song: Song
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class SongMood:
    """How a song feels as a whole: its mean va (2,) in [0, 1], absolute, and its mean embedding (512,)."""

    va: FloatArray
    embedding: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class SongCatalog:
    """Songs that one bundle has heard: row i of va (n, 2), absolute, and embeddings (n, 512) is songs[i]."""

    songs: tuple[Song, ...]
    va: FloatArray
    embeddings: FloatArray
    bundle_id: str

    def __len__(self) -> int:
        return len(self.songs)


@dataclass(frozen=True, slots=True)
class SongFolder:
    """A folder of music: songs found in it, how many of them a bundle has heard, those that cannot be read."""

    path: Path
    n_songs: int
    n_heard: int
    unreadable: tuple[tuple[Path, str], ...]


class Songs:
    """What a library keeps of songs. Any thread may call any method; each write happens whole or not at all."""

    def __init__(self, database: Database) -> None:
        self._db = database

    # Folders

    def folders(self) -> tuple[Path, ...]:
        """The folders of music the person has added, sorted."""
        with self._db.reading() as db:
            return tuple(path_of(row[0]) for row in db.execute("SELECT path FROM song_folders ORDER BY path"))

    def add_folder(self, folder: Path) -> None:
        """Remember a folder of music, by its real path. Hearing its songs is another step."""
        with self._db.writing() as db:
            db.execute("INSERT OR IGNORE INTO song_folders (path) VALUES (?)", (real_path(folder),))

    def remove_folder(self, folder: Path) -> None:
        """Forget a folder. What is known of its songs is kept, so adding it again costs nothing."""
        with self._db.writing() as db:
            db.execute("DELETE FROM song_folders WHERE path = ?", (real_path(folder),))

    def count(self, bundle_id: str) -> tuple[SongFolder, ...]:
        """The folders with what is known of their songs; a song in two of them counts in both."""
        with self._db.reading(is_snapshot=True) as db:
            folders = [row[0] for row in db.execute("SELECT path FROM song_folders ORDER BY path")]
            rows = db.execute(
                "SELECT s.path, s.problem, m.key IS NOT NULL FROM songs s LEFT JOIN song_moods m"
                " ON m.key = s.key AND m.bundle = ? WHERE NOT s.is_missing ORDER BY s.path",
                (bundle_id,),
            ).fetchall()
        found = []
        for folder in folders:
            inside = [row for row in rows if is_within(row[0], {as_place(folder)})]
            unreadable = tuple((path_of(row[0]), row[1]) for row in inside if row[1] is not None)
            n_heard = sum(row[2] for row in inside if row[1] is None)
            found.append(SongFolder(path_of(folder), len(inside) - len(unreadable), n_heard, unreadable))
        return tuple(found)

    # Songs

    def known(self, bundle_id: str) -> dict[bytes, tuple[int, int, str, str | None, bool, bool]]:
        """All song files ever met by path: size, mtime_ns, key, problem, whether missing, whether this bundle heard."""
        with self._db.reading() as db:
            rows = db.execute(
                "SELECT s.path, s.size, s.mtime_ns, s.key, s.problem, s.is_missing, m.key IS NOT NULL"
                " FROM songs s LEFT JOIN song_moods m ON m.key = s.key AND m.bundle = ?",
                (bundle_id,),
            ).fetchall()
        return {row[0]: (row[1], row[2], row[3], row[4], bool(row[5]), bool(row[6])) for row in rows}

    def store(self, record: SongRecord, *, mood: SongMood | None = None, bundle_id: str = "") -> None:
        """Store a song, and how it feels to a bundle where that is known. One transaction."""
        song = record.song
        values = (record.size, record.mtime_ns, song.key, song.title, song.artist, song.duration_s, song.problem)
        with self._db.writing() as db:
            db.execute(
                "INSERT INTO songs (path, size, mtime_ns, key, title, artist, duration_s, problem, is_missing)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (path) DO UPDATE SET size = excluded.size,"
                " mtime_ns = excluded.mtime_ns, key = excluded.key, title = excluded.title, artist = excluded.artist,"
                " duration_s = excluded.duration_s, problem = excluded.problem, is_missing = 0",
                (os.fsencode(song.path), *values),
            )
            if mood is not None:
                _put_mood(db, song.key, bundle_id, mood)

    def keep_mood(self, key: str, bundle_id: str, mood: SongMood) -> None:
        """Keep how a song feels, whether it lies in a folder of music or not."""
        with self._db.writing() as db:
            _put_mood(db, key, bundle_id, mood)

    def mood(self, key: str, bundle_id: str) -> SongMood | None:
        """How a song feels to a bundle, None where that has not heard it."""
        with self._db.reading() as db:
            row = db.execute(
                "SELECT valence, arousal, vector FROM song_moods WHERE key = ? AND bundle = ?", (key, bundle_id)
            ).fetchone()
        if row is None:
            return None
        return SongMood(np.array(row[:2], dtype=np.float32), np.frombuffer(row[2], dtype="<f4").astype(np.float32))

    # Keys

    def known_key(self, path: bytes, size: int, mtime_ns: int) -> str | None:
        """The key of a file that was met as it is now, None for one that was not."""
        with self._db.reading() as db:
            row = db.execute(
                "SELECT key FROM song_files WHERE path = ? AND size = ? AND mtime_ns = ?", (path, size, mtime_ns)
            ).fetchone()
        return None if row is None else str(row[0])

    def keep_key(self, path: bytes, size: int, mtime_ns: int, key: str, *, older: Sequence[str] = ()) -> None:
        """Remember a file's key; all that is kept under older keys of the song is from now on kept under this one.

        So are marks under a key by place of this very file where it lay when they were made.
        """
        with self._db.writing() as db:
            db.execute("INSERT OR REPLACE INTO song_files VALUES (?, ?, ?, ?)", (path, size, mtime_ns, key))
            by_place = "SELECT DISTINCT song_key, path FROM song_marks WHERE length(song_key) = ?"
            marked = db.execute(by_place, (LENGTH,)).fetchall()
            moved = {old for old, lain in marked if place_key(lain, size, mtime_ns) == old}
            for old in {*older, *moved}:
                for table in ("song_analyses", "song_moods"):
                    db.execute(f"UPDATE OR IGNORE {table} SET key = ? WHERE key = ?", (key, old))
                    db.execute(f"DELETE FROM {table} WHERE key = ?", (old,))  # it is kept under the new key already
                db.execute("UPDATE songs SET key = ? WHERE key = ?", (key, old))
                db.execute("UPDATE song_marks SET song_key = ? WHERE song_key = ?", (key, old))

    def files_of(self, key: str) -> tuple[tuple[bytes, int, int], ...]:
        """Path, size and mtime_ns of the files in which a song was met, the latest first."""
        with self._db.reading() as db:
            rows = db.execute(
                "SELECT path, size, mtime_ns FROM song_files WHERE key = ? ORDER BY rowid DESC", (key,)
            ).fetchall()
        return tuple((row[0], row[1], row[2]) for row in rows)

    def mark_missing(self, paths: Sequence[bytes], *, missing: bool) -> None:
        """Flag songs whose files have vanished, or that are back. What is known of them is kept."""
        with self._db.writing() as db:
            db.executemany("UPDATE songs SET is_missing = ? WHERE path = ?", [(missing, path) for path in paths])

    def catalog(self, bundle_id: str) -> SongCatalog:
        """Snapshot of the songs in the folders of music that a bundle has heard, by path; 10,000 take 0.1 s."""
        with self._db.reading(is_snapshot=True) as db:
            places = {as_place(row[0]) for row in db.execute("SELECT path FROM song_folders")}
            rows = [
                row
                for row in db.execute(
                    "SELECT s.path, s.key, s.title, s.artist, s.duration_s, m.valence, m.arousal, m.vector"
                    " FROM songs s JOIN song_moods m ON m.key = s.key AND m.bundle = ?"
                    " WHERE NOT s.is_missing AND s.problem IS NULL ORDER BY s.path",
                    (bundle_id,),
                )
                if is_within(row[0], places)
            ]
        songs = tuple(Song(path_of(row[0]), row[1], row[2] or "", row[3] or "", row[4] or 0.0) for row in rows)
        moods = [(np.array(row[5:7], dtype=np.float32), np.frombuffer(row[7], dtype="<f4")) for row in rows]
        return assembled(songs, [SongMood(va, vector.astype(np.float32)) for va, vector in moods], bundle_id)


def assembled(songs: tuple[Song, ...], moods: Sequence[SongMood], bundle_id: str) -> SongCatalog:
    """Put songs and their moods, one for each, into a catalog."""
    if not songs:
        nothing = np.zeros((0, 2), dtype=np.float32), np.zeros((0, 512), dtype=np.float32)
        return SongCatalog((), *nothing, bundle_id)
    return SongCatalog(songs, np.stack([m.va for m in moods]), np.stack([m.embedding for m in moods]), bundle_id)


def _put_mood(db: Any, key: str, bundle_id: str, mood: SongMood) -> None:
    vector = np.ascontiguousarray(mood.embedding, dtype="<f4").tobytes()
    values = (key, bundle_id, float(mood.va[0]), float(mood.va[1]), vector)
    db.execute(
        "INSERT OR REPLACE INTO song_moods (key, bundle, valence, arousal, vector) VALUES (?, ?, ?, ?, ?)", values
    )
