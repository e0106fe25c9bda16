"""Keys of songs by place and time: as older libraries kept what is said of them, and while a song's sound is not read.

Each gives way to the key of the sound (`engine.song_keys`) where the file it was made of is known by that.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path

LENGTH = 64
"""Keys by place have so many digits, those of the sound 32."""


def place_key(place: bytes, size: int, mtime_ns: int) -> str:
    """Give the key of a file by its place (its path in the file system's encoding), size and time of change."""
    return hashlib.sha256(b"\0".join([place, b"%d" % size, b"%d" % mtime_ns])).hexdigest()


def is_by_place(key: str) -> bool:
    """Whether a key is of a place."""
    return len(key) == LENGTH


def key_of_sound(db: sqlite3.Connection, key: str, path: Path) -> str:
    """Give the key of the sound for one by place of the file that lay at a path; the key itself where none is known.

    A file that was moved keeps its size and time, so it is known wherever it was met.
    """
    if not is_by_place(key):
        return key
    place = os.fsencode(path.absolute())
    stamps = db.execute("SELECT size, mtime_ns, key FROM song_files")
    return next((sound for size, mtime_ns, sound in stamps if place_key(place, size, mtime_ns) == key), key)
