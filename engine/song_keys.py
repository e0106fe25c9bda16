"""Keys of songs: a song is known by its sound, so that what is kept of it survives moving, renaming and new tags."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from engine.audio import sound_hash
from engine.errors import UnreadableSong
from engine.library import Library
from engine.place_keys import is_by_place, place_key
from engine.ratings import SongMark

PATIENCE_S = 5.0
"""A drive that has to spin up answers sooner; a lost network share may let a question for one file wait for ever."""


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
            older = [place_key(name, size, mtime_ns) for name in sorted(names)]
            library.songs.keep_key(place, size, mtime_ns, key, older=older)
    return key


def where_now(marks: Sequence[SongMark], library: Library, *, patience_s: float = PATIENCE_S) -> tuple[SongMark, ...]:
    """Give marks the paths where their songs lie now: where they were met and have not changed since.

    Else the path stays, where the song lay once. The drives are asked in a thread that is waited for only so long: of
    songs they have not told of by then, the place counts where they were met last.
    """
    met = {(mark.song_key, mark.path): library.songs.files_of(mark.song_key) for mark in marks}
    places = {song: Path(os.fsdecode(files[0][0])) if files else song[1] for song, files in met.items()}

    def look() -> None:
        for song, files in met.items():
            places[song] = _unchanged(files) or song[1]

    asking = threading.Thread(target=look, name="where songs lie", daemon=True)
    asking.start()
    asking.join(timeout=patience_s)
    return tuple(replace(mark, path=places[mark.song_key, mark.path]) for mark in marks)


def _unchanged(files: Sequence[tuple[bytes, int, int]]) -> Path | None:
    """Find the first file of these places, sizes and times of change that is still so."""
    for place, *stamp in files:
        path = Path(os.fsdecode(place))
        try:
            if file_stamp(path) == tuple(stamp):
                return path
        except UnreadableSong:
            continue
    return None


def take_over_marks(library: Library, *, look: Callable[[], object] = lambda: None) -> int:
    """Give marks that an older Moodreel kept by place and time the keys of their songs' sound. Returns how many songs.

    What a mark says is kept in any case: where its file has gone or changed it waits, and is found by its path. `look`
    is as in `song_key`; what was taken over before it raises stays so.
    """
    n_songs = library.ratings.renew_keys()
    for key, path in sorted({(mark.song_key, mark.path) for mark in library.ratings.marks()}):
        if key_by_place(key, path):
            try:
                n_songs += song_key(path, library, look=look) != key
            except UnreadableSong:
                continue
    return n_songs


def key_by_place(key: str, path: Path) -> bool:
    """Whether a key is an older Moodreel's of the file that lies at a path now."""
    if not is_by_place(key):
        return False
    try:
        return key == place_key(os.fsencode(path.absolute()), *file_stamp(path))
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
