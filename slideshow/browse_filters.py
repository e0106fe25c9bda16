"""What is asked for on the Browse page: the values of its filters, and the rows of photos that meet them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from engine.emotion import FloatArray, emotion_of_word
from slideshow.browse_photos import BrowsePhotos, Mask, Rows, from_disc
from slideshow.mood_map_painting import rows_inside

Sort = Literal["closest", "mood", "newest", "oldest", "alike"]
WHOLE = (0.0, 1.0)
N_NEAREST = 12

SORTS: tuple[tuple[Sort, str], ...] = (
    ("closest", "Closest first"),
    ("mood", "By mood"),
    ("newest", "Newest first"),
    ("oldest", "Oldest first"),
    ("alike", "Alike side by side"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Filters:
    """Everything that narrows the photos down; they all count at once."""

    regions: tuple[FloatArray, ...] = ()
    """Lassos on the disc, (m, 2) each; a photo lies in any."""
    words: frozenset[str] = frozenset()
    valence: tuple[float, float] = WHOLE
    arousal: tuple[float, float] = WHOLE
    days: tuple[int, int] | None = None
    text: str = ""
    is_favourite: bool = False
    """Favourites only."""
    like: tuple[Literal["alike", "mood"], int] | None = None
    """Photos like one: how, and the id of that photo."""

    near: tuple[float, float] | None = None
    """Instead of a place in which nothing lies: the few photos nearest to a mood."""

    @property
    def is_any(self) -> bool:
        """Whether anything is left out."""
        is_ranged = self.valence != WHOLE or self.arousal != WHOLE
        is_named = bool(self.days or self.text.strip() or self.is_favourite)
        return bool(self.regions or self.words or is_ranged or is_named or self.like or self.near)

    @property
    def is_lasting(self) -> bool:
        """Whether it says something of other photos too, those still to come: worth saving under a name."""
        return self.is_any and self.like is None and self.near is None

    def target(self) -> tuple[float, float]:
        """The mood that is asked for, in the middle of what the filters leave: valence and arousal."""
        if self.regions:
            u, v = np.concatenate(self.regions).mean(axis=0)
            return from_disc(float(u), float(v))
        if self.words:
            places = [emotion_of_word(word) for word in self.words]
            n = len(places)
            return sum(place.valence for place in places) / n, sum(place.arousal for place in places) / n
        return sum(self.valence) / 2, sum(self.arousal) / 2

    @property
    def has_place(self) -> bool:
        """Whether a place on the map is asked for."""
        return bool(self.regions or self.words or self.valence != WHOLE or self.arousal != WHOLE)

    def without_place(self) -> Filters:
        """The same without what asks for a place on the map."""
        return replace(self, regions=(), words=frozenset(), valence=WHOLE, arousal=WHOLE, like=None, near=None)

    def apply(self, photos: BrowsePhotos, *, is_absolute: bool = False) -> tuple[Mask, Rows | None]:
        """Photos that meet all filters, and their order where one photo was asked for the like of."""
        chosen = np.ones(len(photos), dtype=bool)
        if self.regions:
            places = photos.absolute_places if is_absolute else photos.places
            chosen = np.zeros(len(photos), dtype=bool)
            for region in self.regions:
                chosen |= rows_inside(region, places)
        if self.words:
            chosen &= photos.of_words(self.words)
        if self.valence != WHOLE or self.arousal != WHOLE:
            chosen &= photos.in_range(self.valence, self.arousal, is_absolute=is_absolute)
        if self.days is not None:
            chosen &= photos.within_days(*self.days)
        if self.text.strip():
            chosen &= photos.named(self.text)
        if self.is_favourite:
            chosen &= photos.favourites
        if self.near is not None:
            va = photos.absolute if is_absolute else photos.felt
            distance = np.hypot(va[:, 0] - self.near[0], va[:, 1] - self.near[1])
            order = np.argsort(np.where(chosen, distance, np.inf), kind="stable")[:N_NEAREST]
            order = order[chosen[order]].astype(np.int64)
            chosen = np.zeros(len(photos), dtype=bool)
            chosen[order] = True
            return chosen, order
        if self.like is None:
            return chosen, None
        how, photo_id = self.like
        row = photos.row_of(photo_id)
        if row < 0:
            return chosen, None
        order = photos.alike(row) if how == "alike" else photos.same_mood(row)
        order = order[chosen[order]]
        chosen = np.zeros(len(photos), dtype=bool)
        chosen[order] = True
        return chosen, order


def ordered(photos: BrowsePhotos, chosen: Mask, sort: Sort, *, is_absolute: bool = False) -> Rows:
    """Rows of the chosen photos in an order. By mood goes round the circle, closest from their middle outwards."""
    rows = np.flatnonzero(chosen).astype(np.int64)
    va = (photos.absolute if is_absolute else photos.felt)[rows]
    if sort == "alike":
        return photos.order_alike(rows)
    if sort in ("newest", "oldest"):
        days = photos.days[rows].astype(np.int64)
        key = np.where(days < 0, np.iinfo(np.int64).max, -days if sort == "newest" else days)
    elif sort == "mood":
        key = np.arctan2(va[:, 1] - 0.5, va[:, 0] - 0.5)
    else:
        middle = np.median(va, axis=0) if len(rows) else np.zeros(2)
        key = np.hypot(va[:, 0] - middle[0], va[:, 1] - middle[1])
    sorted_rows: Rows = rows[np.argsort(key, kind="stable")]
    return sorted_rows
