"""Libraries as Moodreel wrote them when it knew songs by their place and time, for the tests of how they are read."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from pathlib import Path

from engine.library import Library


def old_key(path: Path) -> str:
    """Key of a song as it was up to version 3 of the library: its path, size and time of change."""
    status = path.stat()
    identity = b"\0".join([os.fsencode(path.absolute()), b"%d" % status.st_size, b"%d" % status.st_mtime_ns])
    return hashlib.sha256(identity).hexdigest()


def as_of_an_older_library(library: Library, *, version: int = 4) -> None:
    """Put the songs' keys of a library back to what they were, by the files it has met; version 3 had no such table."""
    with sqlite3.connect(library.path) as db:
        for place, key in db.execute("SELECT path, key FROM song_files").fetchall():
            old = old_key(Path(os.fsdecode(place)))
            db.execute("UPDATE song_marks SET song_key = ? WHERE song_key = ?", (old, key))
            for table in ("song_analyses", "song_moods", "songs"):
                db.execute(f"UPDATE {table} SET key = ? WHERE key = ?", (old, key))
        db.execute("DELETE FROM song_files" if version > 3 else "DROP TABLE song_files")
        db.execute(f"PRAGMA user_version = {version}")
    db.close()
