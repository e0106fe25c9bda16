"""Readers of the corpora: from the original distributions' folders to records with valence and arousal in [0, 1].

Each reader copes with its distribution's quirks, and tells what it could not use instead of dropping it silently.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.audio import SONG_SUFFIXES
from engine.images import PHOTO_SUFFIXES
from trainer.errors import CorpusMissing

OASIS_SCALE = (1.0, 7.0)
"""Ends of OASIS's rating scale (Kurdi, Lozano, Banaji 2017)."""

DEAM_SCALE = (1.0, 9.0)
"""Ends of DEAM's scale for whole-song ratings (Aljanaki, Yang, Soleymani 2017)."""

_TRAILING_NUMBER = re.compile(r"[\s\d]+$")


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """A labelled photo of a corpus: valence and arousal in [0, 1]; photos of one `group` stay in one split.

    The `_se` fields are the labels' standard errors in the same unit (0 where the corpus does not give them).
    """

    path: Path
    group: str
    valence: float
    arousal: float
    valence_se: float = 0.0
    arousal_se: float = 0.0


@dataclass(frozen=True, slots=True)
class SongRecord:
    """A labelled song (or clip of one) of a corpus: valence and arousal in [0, 1]; the song itself is the group."""

    path: Path
    group: str
    valence: float
    arousal: float


@dataclass(frozen=True, slots=True)
class Unusable:
    """One row or file that a reader could not use, and why."""

    item: str
    reason: str


OnUnusable = Callable[[Unusable], None]


def ignore_unusable(unusable: Unusable) -> None:
    """Tell nobody: the default where no one asks."""


def rescale(value: float, scale: tuple[float, float]) -> float:
    """Map a rating linearly from its corpus's scale to [0, 1]."""
    low, high = scale
    return (value - low) / (high - low)


def oasis_group(theme: str) -> str:
    """Theme of an OASIS photo without its number, in lower case: "Beach 1" to "Beach 8" are one group."""
    return _TRAILING_NUMBER.sub("", theme.strip()).casefold()


def read_oasis(path: Path, *, on_unusable: OnUnusable = ignore_unusable) -> list[PhotoRecord]:
    """Read OASIS from its folder (`OASIS.csv` and `Images/<Theme>.jpg`), sorted by theme.

    The file's lines end in a bare CR, its first header is empty and some themes carry a trailing space.
    Raises CorpusMissing where the table or the folder of images is not there, or nothing of it can be used.
    """
    table = _existing(path, "OASIS.csv", is_folder=False)
    images = _files_by_stem(_existing(path, "Images", is_folder=True), PHOTO_SUFFIXES)
    records: dict[str, PhotoRecord] = {}
    labelled: set[str] = set()
    for row in _rows(table, required=("theme", "valence_mean", "arousal_mean")):
        theme = row["theme"]
        if not theme:
            continue
        key = theme.casefold()
        labelled.add(key)
        rating = _rating(row, OASIS_SCALE)
        if isinstance(rating, str):
            on_unusable(Unusable(theme, rating))
        elif key not in images:
            on_unusable(Unusable(theme, "labelled, but there is no image of it"))
        elif key in records:
            on_unusable(Unusable(theme, "labelled twice; the first row counts"))
        else:
            records[key] = PhotoRecord(
                images[key],
                oasis_group(theme),
                *rating,
                valence_se=_standard_error(row, "valence", OASIS_SCALE),
                arousal_se=_standard_error(row, "arousal", OASIS_SCALE),
            )
    for key in sorted(images.keys() - labelled):
        on_unusable(Unusable(images[key].name, "an image without a label"))
    if not records:
        raise CorpusMissing(f"{path}: no photo of OASIS here has both a label and an image")
    return [records[key] for key in sorted(records)]


def read_deam(path: Path, *, on_unusable: OnUnusable = ignore_unusable) -> list[SongRecord]:
    """Read DEAM's whole-song labels and its audio from its folder, sorted by song id.

    Takes both static tables (songs 1 to 2000, and 2000 to 2058 with its 13 space-padded columns) where they lie under
    `annotations`, and audio of any format the engine reads from `MEMD_audio`. Raises CorpusMissing where the tables or
    the audio are not there, or nothing of them can be used.
    """
    audio = _files_by_stem(_existing(path, "MEMD_audio", is_folder=True), SONG_SUFFIXES)
    annotations = _existing(path, "annotations", is_folder=True)
    tables = sorted(annotations.rglob("static_annotations_averaged_songs_*.csv"))
    if not tables:
        raise CorpusMissing(f"{path}: no static_annotations_averaged_songs_*.csv below annotations")
    records: dict[int, SongRecord] = {}
    labelled: set[str] = set()
    for row in (row for table in tables for row in _rows(table, required=("song_id", "valence_mean", "arousal_mean"))):
        try:
            song_id = int(float(row["song_id"]))
        except (ValueError, OverflowError):
            if row["song_id"]:
                on_unusable(Unusable(row["song_id"], "not a song id"))
            continue
        labelled.add(str(song_id))
        rating = _rating(row, DEAM_SCALE)
        if isinstance(rating, str):
            on_unusable(Unusable(str(song_id), rating))
        elif str(song_id) not in audio:
            on_unusable(Unusable(str(song_id), "labelled, but there is no audio of it"))
        elif song_id in records:
            on_unusable(Unusable(str(song_id), "labelled twice; the first row counts"))
        else:
            records[song_id] = SongRecord(audio[str(song_id)], str(song_id), *rating)
    for stem in sorted(audio.keys() - labelled):
        on_unusable(Unusable(audio[stem].name, "audio without a label"))
    if not records:
        raise CorpusMissing(f"{path}: no song of DEAM here has both a label and audio")
    return [records[song_id] for song_id in sorted(records)]


def _existing(folder: Path, name: str, *, is_folder: bool) -> Path:
    """Find an entry of a corpus's folder by name, whatever its case. Raises CorpusMissing."""
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    for entry in entries:
        if entry.name.casefold() == name.casefold() and entry.is_dir() == is_folder:
            return entry
    raise CorpusMissing(f"{folder}: there is no {'folder' if is_folder else 'file'} {name}")


def _files_by_stem(folder: Path, suffixes: Iterable[str]) -> dict[str, Path]:
    """Map the case-folded, stripped stem of each file with one of the suffixes to its path."""
    wanted = frozenset(suffixes)
    files = (entry for entry in sorted(folder.iterdir()) if entry.suffix.lower() in wanted)
    return {entry.stem.strip().casefold(): entry for entry in files if not entry.name.startswith(".")}


def _rows(table: Path, *, required: tuple[str, ...]) -> Iterable[Mapping[str, str]]:
    """Yield the rows of a CSV file, header names stripped and in lower case, values stripped; any line ends.

    Raises CorpusMissing where a required column is not there.
    """
    # utf-8-sig takes off a byte order mark; a stray byte in a free-text column must not stop the reading.
    lines = table.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    reader = csv.reader(lines)
    header = [name.strip().casefold() for name in next(reader, [])]
    for name in required:
        if name not in header:
            raise CorpusMissing(f"{table}: there is no column {name}")
    for cells in reader:
        yield {**dict.fromkeys(header, ""), **dict(zip(header, (cell.strip() for cell in cells), strict=False))}


def _rating(row: Mapping[str, str], scale: tuple[float, float]) -> tuple[float, float] | str:
    """Take (valence, arousal) in [0, 1] from a row's `*_mean` columns, or say why they cannot be used."""
    values: list[float] = []
    for dimension in ("valence", "arousal"):
        text = row[f"{dimension}_mean"]
        try:
            value = rescale(float(text), scale)
        except ValueError:
            return f"{dimension} is {text!r}, not a number" if text else f"{dimension} is missing"
        if not math.isfinite(value):
            return f"{dimension} is missing"
        if not 0.0 <= value <= 1.0:
            return f"{dimension} {text} lies outside the scale {scale[0]:g} to {scale[1]:g}"
        values.append(value)
    return values[0], values[1]


def _standard_error(row: Mapping[str, str], dimension: str, scale: tuple[float, float]) -> float:
    """Standard error of a mean rating from its `_sd` and `_n` columns in units of [0, 1], 0 where they are missing."""
    try:
        sd, n = float(row[f"{dimension}_sd"]), float(row[f"{dimension}_n"])
    except (KeyError, ValueError):
        return 0.0
    error = sd / math.sqrt(n) / (scale[1] - scale[0]) if n > 0 else 0.0
    return error if math.isfinite(error) else 0.0
