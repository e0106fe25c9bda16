"""Finding what to ask next, in jobs: the photos whose ratings would teach most, the pairs that are worth comparing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.emotion import Emotion
from slideshow.teach_place import Guess

if TYPE_CHECKING:
    from engine.encoders import Encoders
    from engine.library import Catalog, Library, Photo
    from engine.ratings import Question

Rows = NDArray[np.int64]

N_PHOTOS, N_PAIRS = 4, 4
"""So many are found at once: the next ones are decoded while the person thinks about the first."""

AXIS: dict[str, int] = {"happier": 0, "calmer": 1}
"""Column of valence and arousal that a question is about."""


@dataclass(frozen=True, slots=True)
class AskedPhoto:
    """A photo to be placed, with what the model expects of it."""

    photo: Photo
    guess: Guess


@dataclass(frozen=True, slots=True)
class AskedPair:
    """Two photos to be compared."""

    first: Photo
    second: Photo
    question: Question


def guesses(catalog: Catalog, encoders: Encoders, rows: Collection[int]) -> list[Guess]:
    """What the model expects of some photos."""
    from engine.doubt import RADIUS_68, photo_spread

    at = np.array(list(rows), dtype=np.int64)
    va = catalog.va[at]
    reach = RADIUS_68 * photo_spread(encoders, va)
    return [
        Guess(Emotion(float(v), float(a)), (float(rv), float(ra))) for (v, a), (rv, ra) in zip(va, reach, strict=True)
    ]


def guess_of(catalog: Catalog, encoders: Encoders, photo: Photo) -> Guess | None:
    """What the model expects of one photo, None where it is not in the catalog."""
    rows = [row for row, other in enumerate(catalog.photos) if other.id == photo.id]
    return guesses(catalog, encoders, rows)[0] if rows else None


def find_photos(
    catalog: Catalog, encoders: Encoders, library: Library, passed: frozenset[int], *, seed: int, report: Any
) -> tuple[AskedPhoto, ...]:
    """Find photos to ask for, the one that teaches most first; `passed` are ids not to be asked for. In a job."""
    from engine.asking import photos_to_ask
    from engine.doubt import photo_spread

    if not len(catalog):
        return ()
    row_of = {photo.content_hash: row for row, photo in enumerate(catalog.photos)}
    rated = [row_of[rating.content_hash] for rating in library.ratings.photos() if rating.content_hash in row_of]
    rows = photos_to_ask(
        catalog.embeddings,
        spread=photo_spread(encoders, catalog.va),
        groups=catalog.groups,
        rated=np.array(rated, dtype=np.int64),
        left_out=_left_out(catalog, passed),
        n_wanted=N_PHOTOS,
        seed=seed,
    ).tolist()
    found = zip(rows, guesses(catalog, encoders, rows), strict=True)
    return tuple(AskedPhoto(catalog.photos[row], guess) for row, guess in found)


def find_pairs(
    catalog: Catalog,
    encoders: Encoders,
    library: Library,
    passed: frozenset[int],
    question: Question,
    *,
    seed: int,
    report: Any,
) -> tuple[AskedPair, ...]:
    """Find pairs to compare, the best first. In a job."""
    from engine.asking import pairs_to_ask
    from engine.doubt import photo_spread

    if not len(catalog):
        return ()
    row_of = {photo.content_hash: row for row, photo in enumerate(catalog.photos)}
    asked = [
        (row_of[answer.first_hash], row_of[answer.second_hash])
        for answer in library.ratings.comparisons()
        if answer.question == question and answer.first_hash in row_of and answer.second_hash in row_of
    ]
    pairs = pairs_to_ask(
        catalog.embeddings,
        catalog.va,
        axis=AXIS[question],
        spread=photo_spread(encoders, catalog.va),
        groups=catalog.groups,
        asked=np.array(asked, dtype=np.int64).reshape(-1, 2),
        left_out=_left_out(catalog, passed),
        n_wanted=N_PAIRS,
        seed=seed,
    )
    return tuple(AskedPair(catalog.photos[first], catalog.photos[second], question) for first, second in pairs.tolist())


def _left_out(catalog: Catalog, passed: frozenset[int]) -> NDArray[np.bool_]:
    """Photos that are not asked for: those passed over, and what shows leave out."""
    return np.fromiter(
        (photo.id in passed or photo.is_left_out for photo in catalog.photos), dtype=bool, count=len(catalog)
    )
