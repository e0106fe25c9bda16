"""The library as Browse sees it: arrays with a place on the map, a word, a date and a name for each photo.

Made once per catalog in a worker; everything here is numpy over all photos, so that 100,000 can be asked at once.
"""

from __future__ import annotations

import math
import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.content import begun_by, counts_of, shows
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

LEAST_LETTERS = 3
"""Shorter beginnings of words mean too much."""

SAME_MOTIF = 0.6
"""Photos that are more alike than this show the same kind of thing; one of them at a time is enough."""

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


def name_of_words(words: frozenset[str]) -> str:
    """Name of the chip that stands for just these words, or the one word there is; "" for a mixture."""
    chips = [name for name, of_chip in WORD_GROUPS if words == frozenset(of_chip)]
    return chips[0] if chips else next(iter(words)) if len(words) == 1 else ""


def list_of_words(words: frozenset[str], *, most: int = 3) -> str:
    """The moods that are asked for as their chips name them: "happy and relaxed"; "" for none or too many to say."""
    whole = [(name, frozenset(of_chip)) for name, of_chip in WORD_GROUPS if words >= frozenset(of_chip)]
    rest = words.difference(*(of_chip for _, of_chip in whole))
    names = [name.lower() for name, _ in whole] + [word.lower() for word in MOOD_ANGLES_DEG if word.lower() in rest]
    if not names or len(names) > most:
        return ""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


@dataclass(frozen=True, slots=True, eq=False)
class BrowsePhotos:
    """n photos: row i of every array belongs to catalog.photos[i].

    felt (n, 2) is each photo's place among the library's, as every circle of the app shows it; absolute (n, 2) is what
    the model says. words (n,) index WORDS, days (n,) count days, names are what a search looks into, in lower case: the
    folders from the library's own on, the file, its caption.
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
    has_siblings: Mask
    """Photos of which others are near-duplicates, or of the same burst."""
    favourites: Mask
    left_out: Mask
    """Photos that shows pass over unless they are chosen by hand."""
    counts: Mapping[str, int]
    """How many photos surely show each word that any does, most first."""

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
        """Photos of which every word of the text is said: by folders, name, caption, mood word or what they show.

        All for an empty text. What they show may be named in several words too ("golden retriever").
        """
        found = np.ones(len(self), dtype=bool)
        parts = text.lower().split()
        for part in parts:
            hits = np.fromiter((part in name for name in self.names), dtype=bool, count=len(self))
            if len(part) >= LEAST_LETTERS:
                for index, word in enumerate(WORDS):
                    if word.startswith(part):
                        hits |= self.words == index
                hits |= self.showing(part)
            found &= hits
        return found | self.showing(text) if len(parts) > 1 else found

    def showing(self, text: str) -> Mask:
        """Photos that surely show what a text means, or may come to mean when it is written to its end."""
        found = np.zeros(len(self), dtype=bool)
        for meaning in begun_by(text):
            found |= shows(self.catalog.contents, meaning)
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
        """Rows of photos that feel as one does and show something else, itself first.

        Of those nearest in mood the half that looks least like it is kept, and its near-duplicates are left out; they
        come nearest first, each unlike the ones before, so that no motif fills the page.
        """
        distance = np.hypot(*(self.felt - self.felt[row]).T)
        groups = self.catalog.groups
        distance[groups == groups[row]] = np.inf
        near = _best(-distance, 4 * n)
        if len(near) > n:
            likeness = self._likeness(near, row)
            near = near[likeness <= np.median(likeness)]
        far = distance[near] / max(float(distance[near].max(initial=0.0)), 1e-6)
        chosen = [row]
        most_alike = np.full(len(near), -1.0)
        left = np.ones(len(near), dtype=bool)
        while left.any() and len(chosen) < n:
            cost = np.where(left, far + np.maximum(most_alike, 0.0) * (most_alike > SAME_MOTIF), np.inf)
            best = int(cost.argmin())
            chosen.append(int(near[best]))
            left[best] = False
            most_alike = np.maximum(most_alike, self._likeness(near, int(near[best])))
        return np.array(chosen, dtype=np.int64)

    def _likeness(self, rows: Rows, row: int) -> FloatArray:
        """How alike photos look to one, (k,) in [0, 1]: by what they show where that is known, else by embedding."""
        contents = self.catalog.contents
        if len(contents) and contents.is_known:
            mine = np.zeros(int(contents.classes.max()) + 2, dtype=np.float32)  # the last one for UNKNOWN, which is -1
            mine[contents.classes[row]] = contents.shares[row]
            shared = np.minimum(mine[contents.classes[rows]], contents.shares[rows])
            alike: FloatArray = shared.sum(axis=1, dtype=np.float32)
            return alike
        vectors = self.catalog.embeddings
        cosine: FloatArray = vectors[rows] @ vectors[row] / np.maximum(self.lengths[rows] * self.lengths[row], 1e-12)
        return cosine

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


def read_photos(catalog: Catalog, *, folders: Sequence[Path] = (), report: Any = None) -> BrowsePhotos:
    """Make the arrays of a catalog: about 0.3 s for 50,000 photos. Runs in any thread.

    folders are the library's own, from which on a photo's folders can be searched for.
    """
    photos = catalog.photos
    felt = ranks_among(catalog.va, catalog.va)
    days = [day_of(photo.taken_at) for photo in photos]
    counts = Counter(photo.taken_at[:4] for photo, day in zip(photos, days, strict=True) if photo.taken_at and day > 0)
    sizes = np.array([(photo.width, photo.height) for photo in photos], dtype=np.float32).reshape(-1, 2)
    sizes = np.maximum(sizes, 1)
    return BrowsePhotos(
        catalog=catalog,
        felt=felt,
        absolute=catalog.va,
        words=words_at(felt),
        days=np.array(days, dtype=np.int32),
        names=_names_of(photos, folders),
        aspects=np.clip(sizes[:, 0] / sizes[:, 1], 0.3, 4.0),
        lengths=np.sqrt(np.einsum("ij,ij->i", catalog.embeddings, catalog.embeddings)),
        places=on_disc(felt),
        absolute_places=on_disc(catalog.va),
        years=tuple((int(year), counts[year]) for year in sorted(counts, reverse=True)),
        has_siblings=_sizes(catalog.groups) > 1,
        favourites=np.array([photo.is_favourite for photo in photos], dtype=bool),
        left_out=np.array([photo.is_left_out for photo in photos], dtype=bool),
        counts=counts_of(catalog.contents),
    )


def _names_of(photos: Sequence[Photo], folders: Sequence[Path]) -> tuple[str, ...]:
    """What a search looks into, photo by photo: folders from the library's own on, by its name; the file; its caption.

    On strings: the same with Path takes four times as long.
    """
    roots = frozenset(folders)
    places: dict[str, str] = {}
    names = []
    for photo in photos:
        folder, name = os.path.split(str(photo.path))
        place = places.get(folder)
        if place is None:
            place = places[folder] = _place_of(Path(folder), roots)
        text = f"{place}/{name} {photo.caption}" if photo.caption else f"{place}/{name}"
        names.append((text if text.isascii() else text.encode("utf-8", "replace").decode()).lower())
    return tuple(names)


def _place_of(folder: Path, roots: Collection[Path]) -> str:
    """Write a folder from the library's folder that holds it, by its own name, on; the highest where there are two."""
    holders = [holder for holder in (folder, *folder.parents) if holder in roots]
    return "/".join([holders[-1].name, *folder.relative_to(holders[-1]).parts]) if holders else folder.name


def _sizes(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """Size of the group of each photo (n,)."""
    _, number, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    found: NDArray[np.int64] = sizes[number]
    return found


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
