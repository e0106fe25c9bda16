"""Ratings as a CSV file: to keep, to take to another computer, to work on in a spreadsheet, and to read back.

One file holds everything a person has taught. Its column `kind` tells what a row is: "photo" (a rating of path;
without the column every row is one), "comparison" (path and second_path, question, answer) or "song" (how path feels at
t_s). content_hash names a photo whatever its place, and a song by its key. `trainer.photo_corpora.read_ratings` reads
the same file.
"""

from __future__ import annotations

import csv
import errno
import io
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from engine.errors import DiskFull, ExportError, RatingsError, UnreadablePhoto, UnreadableSong
from engine.folders import real_path
from engine.images import PHOTO_SUFFIXES, content_hash_of, read_photo
from engine.library import Library
from engine.library_rows import path_of
from engine.progress import Progress, Report, ignore
from engine.ratings import Answer, Comparison, PhotoRating, Question, SongMark, time_now
from engine.ratings_rows import Row, date_of, number_of, quoted, read_rows
from engine.song_keys import key_by_place, song_key, where_now
from engine.whole_files import write_whole

SUFFIX = ".csv"

COLUMNS = (
    "path", "valence", "arousal", "rated_at", "content_hash", "kind", "second_path", "second_hash", "question",
    "answer", "t_s",
)  # fmt: skip

MAX_PROBLEMS = 1_000
"""So many rows are named with what is wrong; a file of nonsense would else fill the memory with words."""

_HASH = re.compile(r"[0-9a-f]{32}")
_PLACE_KEY = re.compile(r"[0-9a-f]{64}")  # of a song, in files that an older Moodreel has written
_PARTS = re.compile(r"[\\/]")


@dataclass(frozen=True, slots=True)
class Exported:
    """How much was written."""

    n_photos: int
    n_comparisons: int
    n_marks: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. Every row with a photo's rating counts once in the first six numbers or is a problem.

    n_same stood there already; n_kept are of photos for which the library holds what was said later; n_repeated are
    followed by another rating of the same photo in the file. n_absent of the new ones are of photos that the library
    does not know yet: they will count once it does. problems name a line and what is wrong with it; n_problems counts
    them all.
    """

    n_new: int
    n_replaced: int
    n_same: int
    n_kept: int
    n_repeated: int
    n_absent: int
    n_comparisons: int
    n_marks: int
    n_problems: int
    problems: tuple[tuple[int, str], ...]


def export_ratings(library: Library, dest: Path) -> Exported:
    """Write all ratings, comparisons and marks to a .csv file, whole or not at all. Raises ExportError, DiskFull."""
    if dest.suffix.lower() != SUFFIX:
        raise ExportError(dest, f"ratings are written to a file whose name ends with {SUFFIX}")
    photos, comparisons = library.ratings.photos(), library.ratings.comparisons()
    marks = where_now(library.ratings.marks(), library)
    hashes = {rating.content_hash for rating in photos}
    hashes |= {content for pair in comparisons for content in (pair.first_hash, pair.second_hash)}
    places = _places_of(library, hashes)
    text = io.StringIO(newline="")
    table = csv.DictWriter(text, COLUMNS, restval="")
    table.writeheader()
    for rating in photos:
        table.writerow(
            {
                "path": places.get(rating.content_hash, ""),
                "valence": repr(rating.valence),
                "arousal": repr(rating.arousal),
                "rated_at": rating.rated_at,
                "content_hash": rating.content_hash,
                "kind": "photo",
            }
        )
    for pair in comparisons:
        table.writerow(
            {
                "path": places.get(pair.first_hash, ""),
                "rated_at": pair.answered_at,
                "content_hash": pair.first_hash,
                "kind": "comparison",
                "second_path": places.get(pair.second_hash, ""),
                "second_hash": pair.second_hash,
                "question": pair.question,
                "answer": pair.answer,
            }
        )
    for mark in marks:
        table.writerow(
            {
                "path": str(mark.path),
                "valence": repr(mark.valence),
                "arousal": repr(mark.arousal),
                "rated_at": mark.marked_at,
                "content_hash": mark.song_key,
                "kind": "song",
                "t_s": repr(mark.t_s),
            }
        )
    # The mark at the start lets spreadsheet programs read names in any script; odd bytes of names stay what they are.
    _write(dest, "\ufeff".encode() + text.getvalue().encode("utf-8", "surrogateescape"))
    return Exported(len(photos), len(comparisons), len(marks))


def import_ratings(library: Library, source: Path, *, report: Report = ignore) -> Imported:
    """Add a file's ratings, comparisons and marks to the library's; all of them or, when it fails, none.

    A rating replaces an older one of the same photo; what was said later in the library stands. A row without a date
    counts as said now. Photos are known by content_hash, else by path (as it stands, or relative to the file), else by
    the name alone where only one photo of the library has it. `report` gets Progress("ratings", ...) in lines read and
    may raise Cancelled. Raises RatingsError for a file that holds no ratings at all.
    """
    return merge_ratings(library, read_ratings_file(library, source, report=report))


def read_ratings_file(library: Library, source: Path, *, report: Report = ignore) -> RatingsRead:
    """Read a file for `merge_ratings`. Photos and songs that the library does not know are read too: drives may hang.

    As `import_ratings`, of which this is the first part.
    """
    reading = RatingsRead(library, source.absolute().parent)
    for line, row in read_rows(source):
        if line % 50 == 0:
            report(Progress("ratings", line, 0))
        reading.take(line, row)
    if not (reading.photos or reading.comparisons or reading.marks or reading.n_problems):
        raise RatingsError(source, "it names its columns and holds nothing else")
    return reading


def merge_ratings(library: Library, reading: RatingsRead) -> Imported:
    """Add what was read of a file to the library's: the second part of `import_ratings`, which no drive holds up."""
    merged = library.ratings.merge(reading.photos.values(), reading.comparisons, reading.marks)
    return Imported(
        *(merged.n_new, merged.n_replaced, merged.n_same, merged.n_kept),
        n_repeated=reading.n_repeated,
        n_absent=len(merged.new_hashes - reading.known_hashes),
        n_comparisons=merged.n_comparisons,
        n_marks=merged.n_marks,
        n_problems=reading.n_problems,
        problems=tuple(reading.problems),
    )


class _Unusable(Exception):
    """Why one row cannot be used."""


@dataclass(slots=True)
class RatingsRead:
    """Rows read so far, and what is known of the library's photos to tell which are meant."""

    library: Library
    folder: Path
    now: str = field(default_factory=time_now)
    photos: dict[str, PhotoRating] = field(default_factory=dict)
    comparisons: list[Comparison] = field(default_factory=list)
    marks: list[SongMark] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    n_problems: int = 0
    n_repeated: int = 0
    known: dict[bytes, str] = field(init=False)
    known_hashes: set[str] = field(init=False)
    by_name: dict[str, list[bytes]] | None = None

    def __post_init__(self) -> None:
        photos = self.library.known_photos("")  # of no model: only which file holds what
        self.known = {path: photo.content_hash for path, photo in photos.items() if photo.problem is None}
        self.known_hashes = set(self.known.values())

    def take(self, line: int, row: Row) -> None:
        """Read one row, or note what is wrong with it."""
        kind = row.get("kind", "").casefold() or "photo"
        try:
            if kind == "photo":
                self._take_photo(line, row)
            elif kind == "comparison":
                self._take_comparison(line, row)
            elif kind == "song":
                self._take_mark(line, row)
            else:
                raise _Unusable(f"kind is {quoted(kind)}, not photo, comparison or song")
        except _Unusable as fault:
            self._note(line, str(fault))

    def _note(self, line: int, problem: str) -> None:
        self.n_problems += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append((line, problem))

    def _take_photo(self, line: int, row: Row) -> None:
        valence, arousal = _number(row, "valence"), _number(row, "arousal")
        content = self._content(row, "path", "content_hash")
        rating = PhotoRating(content, valence, arousal, self._date(line, row))
        before = self.photos.pop(content, None)
        self.n_repeated += before is not None
        self.photos[content] = rating if before is None or before.rated_at <= rating.rated_at else before

    def _take_comparison(self, line: int, row: Row) -> None:
        question = next((word for word in get_args(Question) if word == row.get("question", "").casefold()), None)
        answer = next((word for word in get_args(Answer) if word == row.get("answer", "").casefold()), None)
        if question is None:
            raise _Unusable(f"question is {quoted(row.get('question', ''))}, not calmer or happier")
        if answer is None:
            raise _Unusable(f"answer is {quoted(row.get('answer', ''))}, not first, second or same")
        first = self._content(row, "path", "content_hash")
        second = self._content(row, "second_path", "second_hash")
        if first == second:
            raise _Unusable("a photo is compared with itself")
        self.comparisons.append(Comparison(0, first, second, question, answer, self._date(line, row)))

    def _take_mark(self, line: int, row: Row) -> None:
        valence, arousal = _number(row, "valence"), _number(row, "arousal")
        t_s = _number(row, "t_s", high=math.inf)
        key, path = row.get("content_hash", ""), self.folder / row.get("path", "")
        if path == self.folder:
            raise _Unusable("path is missing")
        if "\0" in row["path"]:
            raise _Unusable(f"{quoted(row['path'])} is no path")
        if not _HASH.fullmatch(key):
            key = self._key_of_song(key, path)
        self.marks.append(SongMark(0, key, path, t_s, valence, arousal, self._date(line, row)))

    def _key_of_song(self, key: str, path: Path) -> str:
        """Key of the song at a path; an older key, of its place, stays where it is not that of the file that is there.

        Raises _Unusable.
        """
        if _PLACE_KEY.fullmatch(key) and not key_by_place(key, path):
            return key
        try:
            return song_key(path, self.library)
        except UnreadableSong as fault:
            raise _Unusable(f"there is no song {quoted(path.name)}") from fault

    def _date(self, line: int, row: Row) -> str:
        date = date_of(row, now=self.now)
        if date is None:
            self._note(line, f"rated_at is {quoted(row['rated_at'])}, not a date: taken as said now")
        return date or self.now

    def _content(self, row: Row, path_column: str, hash_column: str) -> str:
        """Tell by its hash, its path or its name which photo is meant. Raises _Unusable."""
        content = row.get(hash_column, "").casefold()
        if _HASH.fullmatch(content):
            return content
        text = row.get(path_column, "")
        if not text:
            raise _Unusable(f"{path_column} is missing")
        if "\0" in text:
            raise _Unusable(f"{quoted(text)} is no path")
        texts = _readings(text)
        found = next((content for content in map(self._content_at, texts) if content), None)
        found = found or next((content for content in map(self._content_by_name, texts) if content), None)
        if found is None:
            raise _Unusable(f"there is no photo {quoted(text)}")
        return found

    def _content_at(self, text: str) -> str | None:
        """Hash of the photo at a path, read where the library does not know it yet."""
        path = self.folder / text
        known = self.known.get(real_path(path))
        if known is not None or path.suffix.lower() not in PHOTO_SUFFIXES:
            return known
        try:
            return content_hash_of(read_photo(path))
        except UnreadablePhoto:
            return None

    def _content_by_name(self, text: str) -> str | None:
        """Find the one photo of the library that the end of a path fits best. Raises _Unusable where several do."""
        if self.by_name is None:
            self.by_name = {}
            for path in self.known:
                self.by_name.setdefault(path_of(path).name.casefold(), []).append(path)
        wanted = _parts(text)
        fits: dict[str, int] = {}
        for path in self.by_name.get(wanted[0], []):
            content = self.known[path]
            fits[content] = max(fits.get(content, 0), _n_alike(wanted, _parts(str(path_of(path)))))
        best = [content for content, fit in fits.items() if fit == max(fits.values())]
        if len(best) > 1:
            raise _Unusable(f"there are {len(best)} photos of the name {quoted(text)}")
        return best[0] if best else None


def _readings(text: str) -> list[str]:
    """What a path may mean: as it stands, or, where it is no UTF-8, as older spreadsheet programs write it."""
    older = text.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
    return [text] if text.isprintable() else [text, older]


def _places_of(library: Library, hashes: Iterable[str]) -> dict[str, str]:
    """Where photos of some contents lie; a file that is there before one that is missing."""
    wanted, places = frozenset(hashes), {}
    known = sorted(library.known_photos("").items(), key=lambda item: (not item[1].is_missing, item[1].id))
    for path, photo in known:
        if photo.content_hash in wanted:
            places[photo.content_hash] = str(path_of(path))
    return places


def _write(dest: Path, data: bytes) -> None:
    try:
        write_whole(dest, data)
    except OSError as fault:
        if fault.errno == errno.ENOSPC:
            raise DiskFull(dest, len(data)) from fault
        raise ExportError(dest, fault.strerror or str(fault)) from fault


def _number(row: Row, name: str, *, high: float = 1.0) -> float:
    value = number_of(row, name, high=high)
    if isinstance(value, str):
        raise _Unusable(value)
    return value


def _parts(path: str) -> list[str]:
    """Folders and name of a path of any system, the name first."""
    return [part.casefold() for part in reversed(_PARTS.split(path)) if part]


def _n_alike(first: list[str], second: list[str]) -> int:
    n = 0
    for a, b in zip(first, second, strict=False):
        if a != b:
            break
        n += 1
    return n
