"""The library as Browse sees it: arrays with a place on the map, a word, a date and a name for each photo.

Made once per catalog in a worker; everything here is numpy over all photos, so that 100,000 can be asked at once.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.emotion import MOOD_ANGLES_DEG, NEUTRAL, NEUTRAL_RADIUS, Emotion, FloatArray, ranks_among

if TYPE_CHECKING:
    from engine.library import Catalog, Photo

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

WORDS = tuple(MOOD_ANGLES_DEG)
NO_WORD = -1
"""Near the centre a photo has no word."""

NO_DATE = -1
"""Days since 1 January of the year 1, or this where a photo has no date."""

N_ALIKE = 60
"""As many photos are shown as like one: two screens of the grid."""

WORD_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Happy", ("happy", "delighted", "content")),
    ("Excited", ("excited", "amazed", "alert")),
    ("Tense", ("tense", "angry", "afraid", "distressed")),
    ("Sad", ("troubled", "miserable", "sad", "gloomy")),
    ("Quiet", ("bored", "weary", "sleepy", "quiet")),
    ("Relaxed", ("calm", "relaxed", "serene")),
)
"""Chips and the words each stands for: together they go once round the circle."""


@dataclass(frozen=True, slots=True, eq=False)
class BrowsePhotos:
    """n photos: row i of every array belongs to catalog.photos[i].

    felt (n, 2) is each photo's place among the library's, as every circle of the app shows it; absolute (n, 2) is what
    the model says. words (n,) index WORDS, days (n,) count days, names are lower-case folder and file names.
    """

    catalog: Catalog
    felt: FloatArray
    absolute: FloatArray
    words: NDArray[np.int8]
    days: NDArray[np.int32]
    names: tuple[str, ...]
    aspects: FloatArray
    lengths: FloatArray
    places: FloatArray
    """Where felt lies on the map's disc, (n, 2); absolute_places is the same for absolute."""
    absolute_places: FloatArray
    years: tuple[tuple[int, int], ...]
    """Years with the number of photos taken in each, the latest first."""

    def __len__(self) -> int:
        return len(self.catalog)

    def photo(self, row: int) -> Photo:
        """The photo of a row."""
        return self.catalog.photos[row]

    def row_of(self, photo_id: int) -> int:
        """Row of a photo by its id, -1 where it is gone; catalogs are sorted by id."""
        row = bisect_left(self.catalog.photos, photo_id, key=lambda photo: photo.id)
        return row if row < len(self) and self.photo(row).id == photo_id else -1

    def word(self, row: int) -> str:
        """Mood word of a photo as it is written: "Relaxed"."""
        index = int(self.words[row])
        return (NEUTRAL if index == NO_WORD else WORDS[index]).capitalize()

    def mood(self, row: int) -> Emotion:
        """A photo's mood as it is shown."""
        return Emotion(float(self.felt[row, 0]), float(self.felt[row, 1]))

    def named(self, text: str) -> Mask:
        """Photos whose folder, name or mood word holds every word of the text; all for an empty one."""
        found = np.ones(len(self), dtype=bool)
        for part in text.lower().split():
            hits = np.fromiter((part in name for name in self.names), dtype=bool, count=len(self))
            for index, word in enumerate(WORDS):
                if len(part) >= 3 and word.startswith(part):
                    hits |= self.words == index
            found &= hits
        return found

    def of_words(self, words: frozenset[str]) -> Mask:
        """Photos that feel like any of these mood words."""
        return np.isin(self.words, [WORDS.index(word) for word in words])

    def in_range(self, valence: tuple[float, float], arousal: tuple[float, float], *, is_absolute: bool) -> Mask:
        """Photos whose pleasantness and energy lie within two ranges, ends included."""
        va = self.absolute if is_absolute else self.felt
        inside: Mask = (va[:, 0] >= valence[0]) & (va[:, 0] <= valence[1])
        inside &= (va[:, 1] >= arousal[0]) & (va[:, 1] <= arousal[1])
        return inside

    def within_days(self, first: int, last: int) -> Mask:
        """Photos taken on these days, ends included; those without a date never are."""
        inside: Mask = (self.days != NO_DATE) & (self.days >= first) & (self.days <= last)
        return inside

    def alike(self, row: int, *, n: int = N_ALIKE) -> Rows:
        """Rows of the photos most like one, itself first: nearest by cosine in the model's space."""
        vectors = self.catalog.embeddings
        closeness = vectors @ vectors[row] / np.maximum(self.lengths * self.lengths[row], 1e-12)
        closeness[row] = np.inf
        return _best(closeness, n)

    def same_mood(self, row: int, *, n: int = N_ALIKE) -> Rows:
        """Rows of the photos nearest in mood to one, itself first and its near-duplicates left out."""
        distance = np.hypot(*(self.felt - self.felt[row]).T)
        groups = self.catalog.groups
        distance[groups == groups[row]] = np.inf
        distance[row] = -1.0
        return _best(-distance, n)

    def order_alike(self, rows: Rows) -> Rows:
        """Put photos so that each is followed by one like it: along the widest spread of their embeddings."""
        if len(rows) < 3:
            return rows
        vectors = self.catalog.embeddings[rows]
        middle = vectors.mean(axis=0)
        direction = vectors[np.argmax(np.square(vectors - middle).sum(axis=1))] - middle
        for _ in range(6):  # power iteration: the first principal direction to within what an eye can tell
            direction = (vectors - middle).T @ ((vectors - middle) @ direction)
            direction /= max(float(np.linalg.norm(direction)), 1e-12)
        order: Rows = rows[np.argsort((vectors - middle) @ direction, kind="stable")]
        return order

    def words_of(self, rows: Rows, *, share: float = 0.25) -> tuple[str, ...]:
        """Up to two words that describe photos best: those that at least this share of them has, commonest first."""
        counts = np.bincount(self.words[rows][self.words[rows] != NO_WORD], minlength=len(WORDS))
        best = np.argsort(-counts, kind="stable")[:2]
        return tuple(WORDS[i] for i in best if len(rows) and counts[i] >= share * len(rows))


def _best(scores: NDArray[Any], n: int) -> Rows:
    """Rows of the n highest finite scores (or +inf), best first."""
    rows = np.argpartition(-scores, min(n, len(scores) - 1))[:n]
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    return rows[scores[rows] > -np.inf].astype(np.int64)


def words_at(va: FloatArray) -> NDArray[np.int8]:
    """Index of the mood word nearest in angle of VA points (n, 2), NO_WORD near the centre: `Emotion.word` for many."""
    dv, da = va[:, 0] - 0.5, va[:, 1] - 0.5
    angles = np.degrees(np.arctan2(da, dv))
    places = np.array(list(MOOD_ANGLES_DEG.values()), dtype=np.float32)
    apart = np.abs((angles[:, None] - places[None, :] + 180) % 360 - 180)
    found: NDArray[np.int8] = apart.argmin(axis=1).astype(np.int8)
    found[np.hypot(dv, da) < NEUTRAL_RADIUS] = NO_WORD
    return found


def day_of(taken_at: str | None) -> int:
    """Day of a photo's date (ISO), or NO_DATE."""
    if not taken_at:
        return NO_DATE
    try:
        return datetime.fromisoformat(taken_at).toordinal()
    except ValueError:
        return NO_DATE


def read_photos(catalog: Catalog, *, report: Any = None) -> BrowsePhotos:
    """Make the arrays of a catalog: about 0.3 s for 50,000 photos. Runs in any thread."""
    photos = catalog.photos
    felt = ranks_among(catalog.va, catalog.va)
    names = tuple(
        f"{photo.path.parent.name}/{photo.path.name}".encode("utf-8", "replace").decode().lower() for photo in photos
    )
    sizes = np.array([(photo.width, photo.height) for photo in photos], dtype=np.float32).reshape(-1, 2)
    sizes = np.maximum(sizes, 1)
    counts = Counter(photo.taken_at[:4] for photo in photos if photo.taken_at and day_of(photo.taken_at) != NO_DATE)
    return BrowsePhotos(
        catalog=catalog,
        felt=felt,
        absolute=catalog.va,
        words=words_at(felt),
        days=np.array([day_of(photo.taken_at) for photo in photos], dtype=np.int32),
        names=names,
        aspects=np.clip(sizes[:, 0] / sizes[:, 1], 0.3, 4.0),
        lengths=np.sqrt(np.einsum("ij,ij->i", catalog.embeddings, catalog.embeddings)),
        places=on_disc(felt),
        absolute_places=on_disc(catalog.va),
        years=tuple((int(year), counts[year]) for year in sorted(counts, reverse=True)),
    )


INSET = 0.93
"""The farthest photos lie a little inside the ring, so that their pictures do not cover the words outside."""


def on_disc(va: FloatArray) -> FloatArray:
    """Places of VA points (n, 2) on the map's disc, x and y in [-1, 1], y upwards.

    Moods fill a square, the map is round: each concentric square goes to an ellipse (u = x sqrt(1 - y^2 / 2)), so that
    corners come to lie on the ring instead of crowding there, and the middle and both axes stay where they are.
    """
    x, y = 2 * va[:, 0] - 1, 2 * va[:, 1] - 1
    places = np.stack([x * np.sqrt(1 - y * y / 2), y * np.sqrt(1 - x * x / 2)], axis=1)
    return np.ascontiguousarray(places * np.float32(INSET))


def from_disc(u: float, v: float) -> tuple[float, float]:
    """Valence and arousal of a place on the disc, the inverse of `on_disc`; places beyond the ring are drawn in."""
    u, v = u / INSET, v / INSET
    radius = math.hypot(u, v)
    if radius > 1:
        u, v = u / radius, v / radius
    root2 = 2 * math.sqrt(2)

    def along(s: float, t: float) -> float:
        return 0.5 * (math.sqrt(max(0.0, 2 + s * s - t * t + root2 * s)) - math.sqrt(
            max(0.0, 2 + s * s - t * t - root2 * s)
        ))  # fmt: skip

    return 0.5 + along(u, v) / 2, 0.5 + along(v, u) / 2


class PlaceIndex:
    """Points on the disc (n, 2) sorted into a grid, to find the nearest to a place without looking at all."""

    def __init__(self, places: FloatArray, *, n_cells: int = 96) -> None:
        self._places = places
        self._n = n_cells
        cells = np.clip(((places + 1) / 2 * n_cells).astype(np.int64), 0, n_cells - 1)
        keys = cells[:, 1] * n_cells + cells[:, 0]
        self._order = np.argsort(keys, kind="stable")
        self._starts = np.searchsorted(keys[self._order], np.arange(n_cells * n_cells + 1))

    def near(self, u: float, v: float, radius: float) -> Rows:
        """Rows whose cells touch a square of this half side about a place."""
        low = [min(max(int((p - radius + 1) / 2 * self._n), 0), self._n - 1) for p in (u, v)]
        high = [min(max(int((p + radius + 1) / 2 * self._n), 0), self._n - 1) for p in (u, v)]
        parts = [
            self._order[self._starts[row * self._n + low[0]] : self._starts[row * self._n + high[0] + 1]]
            for row in range(low[1], high[1] + 1)
        ]
        return np.concatenate(parts).astype(np.int64)

    def nearest(self, u: float, v: float, radius: float) -> int:
        """Row of the point nearest to a place, -1 where none is within the radius."""
        rows = self.near(u, v, radius)
        if not len(rows):
            return -1
        apart = np.hypot(self._places[rows, 0] - u, self._places[rows, 1] - v)
        best = int(apart.argmin())
        return int(rows[best]) if apart[best] <= radius else -1
