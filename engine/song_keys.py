"""Keys of songs: a song is known by its sound, so that what is kept of it survives moving, renaming and new tags."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from engine.audio import sound_hash
from engine.errors import UnreadableSong
from engine.library import Library
from engine.ratings import SongMark

PLACE_KEY_LENGTH = 64
"""Keys of libraries up to version 3 have so many digits, those of the sound 32."""


def song_key(path: Path, library: Library, *, look: Callable[[], object] = lambda: None) -> str:
    """Give the key of a song: the hash of its sound, which is read once and remembered while the file is unchanged.

    What an older Moodreel kept of this file, under a key of its place and time, is taken over with it. `look` is called
    now and then while the file is read, and may raise. Raises UnreadableSong where there is no such file, it cannot be
    reached or is no song.
    """
    size, mtime_ns = file_stamp(path)
    place = os.fsencode(path.absolute())
    key = library.songs.known_key(place, size, mtime_ns)
    if key is None:
        key = sound_hash(path, look=look)
        if file_stamp(path) == (size, mtime_ns):  # else it was replaced meanwhile, and what was kept is not of this
            names = {place, os.fsencode(os.path.realpath(path))}
            older = [_place_key(name, size, mtime_ns) for name in sorted(names)]
            library.songs.keep_key(place, size, mtime_ns, key, older=older)
    return key


def place_of(key: str, lain: Path, library: Library) -> Path:
    """Find where a song lies now: where it was met and has not changed since, else `lain`, where it lay once.

    Asks the drives of all these places.
    """
    for place, *stamp in library.songs.files_of(key):
        path = Path(os.fsdecode(place))
        try:
            if file_stamp(path) == tuple(stamp):
                return path
        except UnreadableSong:
            continue
    return lain


def where_now(marks: Sequence[SongMark], library: Library) -> tuple[SongMark, ...]:
    """Give marks the paths where their songs lie now, as `place_of` finds them."""
    places = {song: place_of(*song, library) for song in {(mark.song_key, mark.path) for mark in marks}}
    return tuple(replace(mark, path=places[mark.song_key, mark.path]) for mark in marks)


def take_over_marks(library: Library, *, look: Callable[[], object] = lambda: None) -> int:
    """Give marks that an older Moodreel kept by place and time the keys of their songs' sound. Returns how many songs.

    What a mark says is kept in any case: where its file has gone or changed it waits, and is found by its path. `look`
    is as in `song_key`; what was taken over before it raises stays so.
    """
    n_songs = 0
    for key, path in sorted({(mark.song_key, mark.path) for mark in library.ratings.marks()}):
        if key_by_place(key, path):
            try:
                n_songs += song_key(path, library, look=look) != key
            except UnreadableSong:
                continue
    return n_songs


def key_by_place(key: str, path: Path) -> bool:
    """Whether a key is an older Moodreel's of the file that lies at a path now."""
    if len(key) != PLACE_KEY_LENGTH:
        return False
    try:
        return key == _place_key(os.fsencode(path.absolute()), *file_stamp(path))
    except UnreadableSong:
        return False


def file_stamp(path: Path) -> tuple[int, int]:
    """Size and mtime_ns of a song's file. Raises UnreadableSong."""
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise UnreadableSong(path, "the file does not exist") from error
    except (OSError, ValueError) as error:
        raise UnreadableSong(path, f"it cannot be opened ({getattr(error, 'strerror', None) or error})") from error
    return status.st_size, status.st_mtime_ns


def _place_key(place: bytes, size: int, mtime_ns: int) -> str:
    return hashlib.sha256(b"\0".join([place, b"%d" % size, b"%d" % mtime_ns])).hexdigest()
