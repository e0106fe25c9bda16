"""What a person has said of photos and songs: ratings, comparisons and marks, kept apart from what models say.

Ratings are of a photo's content (the hash of its bytes), not of a file: they survive moves and copies, and a folder
that is removed and added again. Valence and arousal are on the model's absolute scale, that of `Catalog.va`.
"""

from __future__ import annotations

import math
import os
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from engine.database import Database
from engine.place_keys import LENGTH, key_of_sound

Question = Literal["calmer", "happier"]
Answer = Literal["first", "second", "same"]


@dataclass(frozen=True, slots=True)
class PhotoRating:
    """How a photo feels to the person, in [0, 1]; rated_at is ISO time in UTC, to the millisecond."""

    content_hash: str
    valence: float
    arousal: float
    rated_at: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which of two photos is calmer (less arousal) or happier (more valence)."""

    id: int
    first_hash: str
    second_hash: str
    question: Question
    answer: Answer
    answered_at: str


@dataclass(frozen=True, slots=True)
class SongMark:
    """How a song feels at one moment; song_key as in `engine.song_keys`, path where the song lay then."""

    id: int
    song_key: str
    path: Path
    t_s: float
    valence: float
    arousal: float
    marked_at: str


@dataclass(frozen=True, slots=True)
class Merged:
    """What `Ratings.merge` did: ratings by what became of them, and how many comparisons and marks were new."""

    n_new: int
    n_replaced: int
    n_same: int
    n_kept: int
    new_hashes: frozenset[str]
    n_comparisons: int
    n_marks: int


_COMPARISON_COLUMNS = ("first_hash", "second_hash", "question", "answer", "answered_at")
_MARK_COLUMNS = ("song_key", "path", "t_s", "valence", "arousal", "marked_at")


class Ratings:
    """The ratings of a library. Any thread may call any method; each write happens whole or not at all."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def photos(self) -> tuple[PhotoRating, ...]:
        """Every rated photo's rating, oldest first; also of photos that are not in the library now."""
        with self._db.reading() as db:
            rows = db.execute(
                "SELECT content_hash, valence, arousal, rated_at FROM ratings ORDER BY rated_at, rowid"
            ).fetchall()
        return tuple(PhotoRating(*row) for row in rows)

    def rate(self, content_hash: str, valence: float, arousal: float) -> PhotoRating | None:
        """Say how a photo feels. Returns what was said of it before, for `restore`. Raises ValueError beyond [0, 1]."""
        rating = PhotoRating(content_hash, *_checked(valence, arousal), time_now())
        with self._db.writing() as db:
            before = rating_of(db, content_hash)
            put_rating(db, rating)
        return before

    def restore(self, content_hash: str, before: PhotoRating | None) -> None:
        """Put back what was said of a photo before, None for nothing: takes back one `rate`."""
        with self._db.writing() as db:
            if before is None:
                db.execute("DELETE FROM ratings WHERE content_hash = ?", (content_hash,))
            else:
                put_rating(db, before)

    def merge(
        self, photos: Iterable[PhotoRating], comparisons: Iterable[Comparison], marks: Iterable[SongMark]
    ) -> Merged:
        """Add what was said elsewhere, one transaction; ids are given anew, and nothing is held twice.

        A rating replaces an older one of the same photo; where the library's is the later one, that stands. One from
        the future, dated by a clock that was wrong, gives way: it would have the last word for ever.
        """
        counts = {"new": 0, "replaced": 0, "same": 0, "kept": 0}
        new_hashes: set[str] = set()
        now = time_now()
        with self._db.writing() as db:
            for rating in photos:
                before = rating_of(db, rating.content_hash)
                if before is None:
                    fate = "new"
                    new_hashes.add(rating.content_hash)
                elif (before.valence, before.arousal) == (rating.valence, rating.arousal):
                    fate = "same"
                else:
                    fate = "kept" if now >= before.rated_at > rating.rated_at else "replaced"
                counts[fate] += 1
                if fate in {"new", "replaced"}:
                    put_rating(db, rating)
            pairs = [(c.first_hash, c.second_hash, c.question, c.answer, c.answered_at) for c in comparisons]
            moments = [
                (key_of_sound(db, m.song_key, m.path), os.fsencode(m.path), m.t_s, m.valence, m.arousal, m.marked_at)
                for m in marks
            ]
            n_comparisons = sum(_put_once(db, "comparisons", _COMPARISON_COLUMNS, row) for row in pairs)
            n_marks = sum(_put_once(db, "song_marks", _MARK_COLUMNS, row, besides=("path",)) for row in moments)
        return Merged(
            n_new=counts["new"],
            n_replaced=counts["replaced"],
            n_same=counts["same"],
            n_kept=counts["kept"],
            new_hashes=frozenset(new_hashes),
            n_comparisons=n_comparisons,
            n_marks=n_marks,
        )

    def compare(self, first_hash: str, second_hash: str, question: Question, answer: Answer) -> int:
        """Note which of two photos is calmer or happier. Returns the answer's id, for `uncompare`."""
        if question not in get_args(Question) or answer not in get_args(Answer) or first_hash == second_hash:
            raise ValueError(f"no comparison: {question} {answer} of {first_hash} and {second_hash}")
        with self._db.writing() as db:
            return _put(db, "comparisons", _COMPARISON_COLUMNS, (first_hash, second_hash, question, answer, time_now()))

    def uncompare(self, comparison_id: int) -> None:
        """Take an answer back."""
        with self._db.writing() as db:
            db.execute("DELETE FROM comparisons WHERE id = ?", (comparison_id,))

    def comparisons(self) -> tuple[Comparison, ...]:
        """Every answer, oldest first."""
        with self._db.reading() as db:
            rows = db.execute(
                "SELECT id, first_hash, second_hash, question, answer, answered_at FROM comparisons ORDER BY id"
            ).fetchall()
        return tuple(Comparison(*row) for row in rows)

    def mark(self, song_key: str, path: Path, t_s: float, valence: float, arousal: float) -> int:
        """Say how a song feels at a moment. Returns the mark's id, for `unmark`. Raises ValueError beyond [0, 1]."""
        if not (math.isfinite(t_s) and t_s >= 0):
            raise ValueError(f"no moment of a song: {t_s}")
        said = (os.fsencode(path), float(t_s), *_checked(valence, arousal), time_now())
        with self._db.writing() as db:
            return _put(db, "song_marks", _MARK_COLUMNS, (key_of_sound(db, song_key, path), *said))

    def unmark(self, mark_id: int) -> None:
        """Take a mark back."""
        with self._db.writing() as db:
            db.execute("DELETE FROM song_marks WHERE id = ?", (mark_id,))

    def renew_keys(self) -> int:
        """Give marks under keys by place those of their songs' sound, where these are known. Returns how many songs."""
        n_songs = 0
        with self._db.writing() as db:
            by_place = "SELECT DISTINCT song_key, path FROM song_marks WHERE length(song_key) = ?"
            for key, path in db.execute(by_place, (LENGTH,)).fetchall():
                known = key_of_sound(db, key, Path(os.fsdecode(path)))
                db.execute("UPDATE song_marks SET song_key = ? WHERE song_key = ?", (known, key))
                n_songs += known != key
        return n_songs

    def marks(self, song_key: str | None = None) -> tuple[SongMark, ...]:
        """Every mark, or one song's; sorted by song and time."""
        where, values = ("", ()) if song_key is None else (" WHERE song_key = ?", (song_key,))
        with self._db.reading() as db:
            rows = db.execute(
                f"SELECT id, song_key, path, t_s, valence, arousal, marked_at FROM song_marks{where}"
                " ORDER BY song_key, t_s, id",
                values,
            ).fetchall()
        return tuple(SongMark(row[0], row[1], Path(os.fsdecode(row[2])), *row[3:]) for row in rows)

    def forget_all(self) -> None:
        """Forget every rating, comparison and mark. They cannot be brought back but from an exported file."""
        with self._db.writing() as db:
            for table in ("ratings", "comparisons", "song_marks"):
                db.execute(f"DELETE FROM {table}")


def time_now() -> str:
    """Give the present as ratings are dated: ISO in UTC to the millisecond, so that text sorts as time does."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def rating_of(db: sqlite3.Connection, content_hash: str) -> PhotoRating | None:
    """Read what is said of one photo."""
    row = db.execute(
        "SELECT content_hash, valence, arousal, rated_at FROM ratings WHERE content_hash = ?", (content_hash,)
    ).fetchone()
    return None if row is None else PhotoRating(*row)


def put_rating(db: sqlite3.Connection, rating: PhotoRating) -> None:
    """Store what is said of one photo in place of what was."""
    values = (rating.content_hash, rating.valence, rating.arousal, rating.rated_at)
    db.execute("INSERT OR REPLACE INTO ratings (content_hash, valence, arousal, rated_at) VALUES (?, ?, ?, ?)", values)


def _checked(valence: float, arousal: float) -> tuple[float, float]:
    if not (0 <= valence <= 1 and 0 <= arousal <= 1):  # false for NaN too
        raise ValueError(f"valence {valence} and arousal {arousal} do not both lie in [0, 1]")
    return float(valence), float(arousal)


def _put(db: sqlite3.Connection, table: str, columns: Sequence[str], values: Sequence[object]) -> int:
    marks = ", ".join("?" * len(columns))
    cursor = db.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", values)
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _put_once(
    db: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    values: Sequence[object],
    *,
    besides: Collection[str] = (),
) -> bool:
    """Store a row unless one of the same values is there, whenever that was said; tell whether it was new.

    Columns `besides` do not tell rows apart: a song that has moved is the same.
    """
    said = {name: value for name, value in zip(columns[:-1], values[:-1], strict=True) if name not in besides}
    where = " AND ".join(f"{name} = ?" for name in said)  # all but the date
    if db.execute(f"SELECT 1 FROM {table} WHERE {where}", tuple(said.values())).fetchone():
        return False
    _put(db, table, columns, values)
    return True
