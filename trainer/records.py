"""What the readers of the corpora give: labelled photos and songs on [0, 1], and what could not be used, with why."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

Normalise = Literal["scale", "minmax"]
"""scale: by the ends of the corpus's rating scale; minmax: by the least and largest value of the corpus itself, as in
section 3.1 of the paper."""

Clip = tuple[float, float, float]
"""Start of a 2 s window in seconds, and its valence and arousal in [0, 1]."""


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
    """A labelled song (or clip of one) of a corpus: valence and arousal in [0, 1]; the song itself is the group.

    `clips` are labels of its 2 s windows, where the corpus has them.
    """

    path: Path
    group: str
    valence: float
    arousal: float
    clips: tuple[Clip, ...] = ()


Record = TypeVar("Record", PhotoRecord, SongRecord)


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


def number_of(text: str) -> float | None:
    """Read a number as tables hold it: a decimal comma is one too; None for what is no finite number."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def rating_on(scale: tuple[float, float], *, valence: str, arousal: str) -> tuple[float, float] | str:
    """Take (valence, arousal) in [0, 1] from two texts on a scale, or say why they cannot be used."""
    values: list[float] = []
    for dimension, text in (("valence", valence), ("arousal", arousal)):
        value = number_of(text)
        if value is None:
            is_missing = text.strip().casefold() in ("", ".", "nan", "na", "n/a", "-")
            return f"{dimension} is missing" if is_missing else f"{dimension} is {text!r}, not a number"
        if not scale[0] <= value <= scale[1]:
            return f"{dimension} {text} lies outside the scale {scale[0]:g} to {scale[1]:g}"
        values.append(rescale(value, scale))
    return values[0], values[1]


def standard_error(sd: str, n: str, scale: tuple[float, float]) -> float:
    """Standard error of a mean rating in units of [0, 1], from texts of its deviation and count; 0 where missing."""
    deviation, count = number_of(sd), number_of(n)
    if deviation is None or count is None or count <= 0:
        return 0.0
    return deviation / math.sqrt(count) / (scale[1] - scale[0])


def normalised(records: Sequence[Record], how: Normalise) -> list[Record]:
    """Records on the corpus's own scale ("scale": as they are), or stretched to its own least and largest values.

    "minmax" takes the extremes over all records of one corpus, each dimension on its own, and over the labels of its
    clips where it has them. A dimension in which all are equal becomes 0.5.
    """
    if how == "scale" or not records:
        return list(records)
    points = [(record.valence, record.arousal) for record in records]
    for record in records:
        if isinstance(record, SongRecord):
            points += [(valence, arousal) for _, valence, arousal in record.clips]
    axes = [_Axis(min(axis), max(axis)) for axis in zip(*points, strict=True)]
    return [_stretched(record, *axes) for record in records]


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float

    def place(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5

    def size(self, value: float) -> float:
        return value / (self.high - self.low) if self.high > self.low else 0.0


def _stretched(record: Record, v: _Axis, a: _Axis) -> Record:
    moved = dataclasses.replace(record, valence=v.place(record.valence), arousal=a.place(record.arousal))
    if isinstance(moved, PhotoRecord):
        errors = (v.size(moved.valence_se), a.size(moved.arousal_se))
        return dataclasses.replace(moved, valence_se=errors[0], arousal_se=errors[1])
    clips = tuple((start_s, v.place(valence), a.place(arousal)) for start_s, valence, arousal in moved.clips)
    return dataclasses.replace(moved, clips=clips)
