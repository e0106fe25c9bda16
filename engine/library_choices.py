"""What the person has decided about photos: banned, favourite, let into shows. Part of the library, by subject.

A decision holds for a photo's content: copies of the same file share it, those made later too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from engine.database import Database
from engine.library_rows import PHOTO_COLUMNS, PHOTO_TABLES, photo_of
from engine.photos import Photo


class PhotoChoices:
    """The decisions of a library: see `engine.library.Library`, which is one of these."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def ban(self, photo_id: int) -> None:
        """Never show a photo again, nor a copy of the same file: catalogs leave it out. Nothing of it is lost."""
        self._decide("is_banned", [photo_id], value=True)

    def unban(self, photo_id: int) -> None:
        """Let a banned photo, and copies of the same file, be shown again."""
        self._decide("is_banned", [photo_id], value=False)

    def banned(self) -> tuple[Photo, ...]:
        """The banned photos, sorted by id; also those whose files are missing."""
        with self._db.reading() as db:
            rows = db.execute(f"SELECT {PHOTO_COLUMNS}{PHOTO_TABLES} WHERE p.is_banned ORDER BY p.id").fetchall()
        return tuple(photo_of(row) for row in rows)

    def set_favourite(self, photo_ids: Sequence[int], *, is_favourite: bool) -> None:
        """Make photos, and copies of the same files, favourites or no longer. One transaction."""
        self._decide("is_favourite", photo_ids, value=is_favourite)

    def let_in(self, photo_ids: Sequence[int], *, is_let_in: bool) -> None:
        """Let photos into shows whatever their kind (see `Photo.is_left_out`), or no longer. One transaction."""
        self._decide("is_let_in", photo_ids, value=is_let_in)

    def _decide(self, column: str, photo_ids: Sequence[int], *, value: bool) -> None:
        with self._db.writing() as db:
            db.executemany(
                f"UPDATE photos SET {column} = ?"
                " WHERE id = ? OR content_hash = (SELECT content_hash FROM photos WHERE id = ?)",
                [(value, photo_id, photo_id) for photo_id in photo_ids],
            )


def take_over_choices(db: sqlite3.Connection, source_id: int, photo_id: int) -> None:
    """Give a copy of a file what was decided about the file it is a copy of, and not about another in its place.

    A banned file that is overwritten by a copy of one that is not would else ban that one too.
    """
    db.execute(
        "UPDATE photos SET (is_favourite, is_let_in) = (SELECT is_favourite, is_let_in FROM photos WHERE id = :source),"
        " is_banned = is_banned AND (SELECT is_banned FROM photos WHERE id = :source) WHERE id = :copy",
        {"source": source_id, "copy": photo_id},
    )
