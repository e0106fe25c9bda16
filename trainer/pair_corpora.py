"""Reader of what the paper published of IMEMNet: matching pairs, and valence and arousal of the images. No media."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.emotion import FloatArray
from engine.images import PHOTO_SUFFIXES
from trainer.errors import CorpusMissing
from trainer.records import OnUnusable, PhotoRecord, Unusable, ignore_unusable, number_of, rating_on
from trainer.tables import existing, files_by_stem, named_rows

UNIT_SCALE = (0.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class PublishedPairs:
    """Matching pairs of one file: row i pairs clip `clips[i]` of song `songs[i]` with `images[i]`.

    songs and clips are whole numbers (n,), images text (n,), similarity (n,) in [0, 1]. Clips are numbered along their
    song in steps of 2 s; at which second the first one begins was not published.
    """

    songs: NDArray[np.int64]
    clips: NDArray[np.int64]
    images: NDArray[np.str_]
    similarity: FloatArray

    def __len__(self) -> int:
        return len(self.similarity)


def read_published_pairs(file: Path, *, on_unusable: OnUnusable = ignore_unusable) -> PublishedPairs:
    """Read `test_matching.txt` or `val_matching.txt`: `clip_id image_id similarity` a line, clip_id as 2009-114.

    Raises CorpusMissing where the file cannot be read or holds no pair.
    """
    try:
        lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as fault:
        raise CorpusMissing(f"{file}: cannot be read ({fault.strerror or fault})") from fault
    rows: list[tuple[int, int, str, float]] = []
    for number, line in enumerate(lines, 1):
        parts = line.split()
        if not parts:
            continue
        row = _pair(parts)
        if isinstance(row, str):
            on_unusable(Unusable(f"{file.name}, line {number}", row))
        else:
            rows.append(row)
    if not rows:
        raise CorpusMissing(f"{file}: no line here is a pair")
    songs, clips, images, similarity = zip(*rows, strict=True)
    return PublishedPairs(
        np.array(songs, np.int64), np.array(clips, np.int64), np.array(images), np.array(similarity, np.float32)
    )


def read_published_va(path: Path, *, on_unusable: OnUnusable = ignore_unusable) -> dict[str, tuple[float, float]]:
    """Read `image_va.csv` of IMEMNet's folder: valence and arousal in [0, 1] by image id. Raises CorpusMissing."""
    labels: dict[str, tuple[float, float]] = {}
    for row in named_rows(existing(path, "image_va.csv", is_folder=False), required=("img", "valence", "arousal")):
        rating = rating_on(UNIT_SCALE, valence=row["valence"], arousal=row["arousal"])
        if isinstance(rating, str):
            on_unusable(Unusable(row["img"], rating))
        elif row["img"] in labels:
            on_unusable(Unusable(row["img"], "labelled twice; the first row counts"))
        else:
            labels[row["img"]] = rating
    if not labels:
        raise CorpusMissing(f"{path}: image_va.csv labels no image")
    return labels


def read_imemnet_photos(path: Path, *, on_unusable: OnUnusable = ignore_unusable) -> list[PhotoRecord]:
    """Read the images of IMEMNet that lie anywhere in its folder beside `image_va.csv`, sorted by id.

    IMEMNet has no media: put the images of IAPS, NAPS and EMOTIC below its folder. Raises CorpusMissing.
    """
    labels = read_published_va(path, on_unusable=on_unusable)
    images = files_by_stem(path, PHOTO_SUFFIXES, is_deep=True)
    records = []
    for name in sorted(labels):
        if name.casefold() in images:
            # IAPS's series differ behind the dot (2352.1, 2352.2) and stay together, as its own reader has it.
            group = name.partition(".")[0] if name.replace(".", "").isdigit() else name
            records.append(PhotoRecord(images[name.casefold()], group, *labels[name]))
        else:
            on_unusable(Unusable(name, "labelled, but there is no image of it"))
    known = {name.casefold() for name in labels}
    for stem in sorted(images.keys() - known):
        on_unusable(Unusable(images[stem].name, "an image without a label"))
    if not records:
        raise CorpusMissing(f"{path}: none of IMEMNet's images is here; put those of IAPS, NAPS and EMOTIC below it")
    return records


def shared_songs(first: PublishedPairs, second: PublishedPairs) -> NDArray[np.int64]:
    """Songs that stand in both files: all 90 of the published validation file stand in the test file too."""
    return np.intersect1d(first.songs, second.songs)


def rows_of_images(pairs: PublishedPairs, images: Iterable[str]) -> NDArray[np.intp]:
    """Rows, ascending, of the pairs whose image is one of some."""
    return np.flatnonzero(np.isin(pairs.images, sorted(images)))


def _pair(parts: list[str]) -> tuple[int, int, str, float] | str:
    """One line's song, clip, image and similarity, or why it cannot be used."""
    if len(parts) != 3:
        return f"{len(parts)} words, not clip, image and similarity"
    song, dash, clip = parts[0].partition("-")
    if not (dash and song.isdigit() and clip.isdigit() and max(len(song), len(clip)) < 10):
        return f"{parts[0]!r} is no clip such as 2009-114"
    value = number_of(parts[2])
    if value is None or not 0 <= value <= 1:
        return f"the similarity {parts[2]!r} is no number between 0 and 1"
    return int(song), int(clip), parts[1], value
