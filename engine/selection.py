"""Which photo stands in which cue: the best choice over the whole song that keeps the laws of a good show.

The laws, strongest first: a photo comes again only once all have been shown (or, with the best matches, a minute later
at the earliest), and never soon; photos that are nearly the same (siblings) lie more than SIBLING_GAP cues apart, or
where there are too few others as far apart as the photos allow. Under the laws the sum of the scores decides, and a
small bonus for neighbours of one day.

Each stretch of cues is assigned exactly (a linear assignment, in blocks of BLOCK_CUES) without a thought of siblings,
then single photos are exchanged until the laws hold and nothing gains any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.emotion import FloatArray

Indices = NDArray[np.intp]
Floats = NDArray[np.float64]

BLOCK_CUES = 240
"""Cues assigned at once, about a quarter of an hour; longer shows go block by block, so that time grows linearly."""

SPARE_PHOTOS = 64
"""Photos a cue looks at beyond the best as many as there are cues: enough to step aside for a sibling."""

LIST_STEPS = 2000
"""Steps between the least and the highest score of a cue by which its favourites are listed; sorting is slower."""

SEED_JITTER = 0.08
"""What a seed other than 0 adds to each score at most: photos within eight points of each other may change places."""

SEED_PUSH = 0.04
"""What it takes from the photos that would be best, so that another seed does not end up at the same ones."""

SIBLING_GAP = 10
"""Siblings lie more than this many cues apart: about a minute."""

BEST_GAP_S = 60.0
"""With the best matches a photo comes again after a minute at the earliest."""

FULL_SHOW = 0.5
"""With fewer photos than this many a cue, each would come more than twice: then the better ones may come oftener."""

SAME_DAY = 0.01
"""What each neighbour of the same day adds to a photo's score: it decides between photos a point apart, no more."""

TOO_SOON = 1e9
"""Cost of a photo again too soon ..."""
SIBLING = 1e3
"""... and of a sibling within the gap: each more than all that comes after it together, 64 times that a cue."""
LEAST_GAIN = 1e-6
"""Sums of such costs are exact to this; a smaller gain is none."""

FREE = -1
FOREIGN = -2
"""Marks of a cue: to be chosen, or showing a photo that is not among the columns (or none beside it)."""

MOST_SWEEPS = 8
"""Rounds of exchanging photos; two or three are enough where there are plenty."""

MOST_SWAPS = 400


@dataclass(frozen=True, slots=True, eq=False)
class Seats:
    """The n cues of a show in order: when each begins (s), and the photo it shows already (a column), FREE or FOREIGN.

    beside (k, 2) lists (cue, column) of second photos that cues show already.
    """

    starts_s: Floats
    shown: Indices
    beside: Indices


def effective_repeats(repeats: Literal["auto", "best", "all"], *, n_photos: int, n_cues: int) -> Literal["best", "all"]:
    """Decide "auto": show every photo, unless there are so few that each would come more than twice."""
    if repeats != "auto":
        return repeats
    return "best" if n_photos < FULL_SHOW * n_cues else "all"


def choose_photos(
    scores: FloatArray,
    seats: Seats,
    *,
    groups: NDArray[np.int64] | None = None,
    days: NDArray[np.int64] | None = None,
    repeats: Literal["best", "all"] = "all",
    seed: int = 0,
    weights: FloatArray | None = None,
) -> Indices:
    """Choose a photo for each free cue: columns (n_cues,) of scores (n_free, n_photos); other cues keep their marks.

    groups (n_photos,) number siblings alike, days (n_photos,) the days photos were taken on, -1 where unknown. weights
    (n_free,) say how much a cue matters in the competition for a photo. With `repeats` "all", all photos are shown
    before any comes again, half a library later at the earliest; with "best" after BEST_GAP_S, if they last so long.
    Seed 0 is the best choice; any other seed gives another nearly as good one, the same every time. Raises ValueError
    without photos.
    """
    if len(scores) and scores.shape[1] == 0:
        raise ValueError("no photos to choose from")
    show = _Show(scores, seats, groups=groups, days=days, repeats=repeats, seed=seed, weights=weights)
    first = 0
    while first < len(scores):
        first = show.fill_block(first)
    return show.shown


class _Show:
    """A show while its cues are filled block by block."""

    def __init__(
        self,
        scores: FloatArray,
        seats: Seats,
        *,
        groups: NDArray[np.int64] | None,
        days: NDArray[np.int64] | None,
        repeats: Literal["best", "all"],
        seed: int,
        weights: FloatArray | None,
    ) -> None:
        n_photos = scores.shape[1]
        self.scores = scores
        self.starts_s = seats.starts_s
        self.shown = seats.shown.astype(np.intp)
        self.free = np.flatnonzero(self.shown == FREE)
        self.groups = np.arange(n_photos) if groups is None else np.unique(groups, return_inverse=True)[1]
        self.days = np.full(n_photos, -1, dtype=np.int64) if days is None else days
        # Where the photos do not last the minute, all are shown before any comes again as it is.
        self.is_best = repeats == "best" and n_photos >= _most_within(self.starts_s, BEST_GAP_S)
        self.at: Floats | Indices = self.starts_s if self.is_best else np.arange(len(self.shown))
        self.gap = BEST_GAP_S if self.is_best else min(n_photos, max(2, (n_photos + 1) // 2))
        self.rng = np.random.default_rng(seed)
        self.is_jittered = seed != 0
        self.weights = np.ones(len(scores), dtype=np.float32) if weights is None else weights
        cues = np.flatnonzero(self.shown >= 0)
        decided = np.stack([cues, self.shown[cues]], axis=1)
        self.decided = np.concatenate([decided, seats.beside.reshape(-1, 2)]).astype(np.intp)  # (cue, photo)
        self.times_shown = np.bincount(self.decided[:, 1], minlength=n_photos)

    def fill_block(self, first: int) -> int:
        """Fill free cues from the first-th on, in order, and return how far it got."""
        n, pool = self._block(first)
        block = slice(first, first + n)
        cues, scores = self.free[block], self.scores[block]
        pool = _candidates(scores, pool, self.groups, n=n + self._n_recent(cues, pool))
        values = scores[:, pool].astype(np.float64)
        if self.is_jittered:
            values += SEED_JITTER * self.rng.random(values.shape)
            values[np.arange(n), _assigned(scores[:, pool].astype(np.float64))] -= SEED_PUSH
        values *= self.weights[block, None]
        self._keep_for_peak(values, first, pool)
        self._charge_repeats(values, cues, pool)
        self._charge_neighbours(values, cues, pool)
        chosen = pool[_Choice(values, cues, self.groups[pool], self.days[pool]).best()]
        self.shown[cues] = chosen
        self.decided = np.concatenate([self.decided, np.stack([cues, chosen], axis=1)])
        self.times_shown += np.bincount(chosen, minlength=len(self.times_shown))
        return block.stop

    def _block(self, first: int) -> tuple[int, Indices]:
        """How many cues are to be filled next, no photo twice among them, and the photos they may have."""
        n_left = min(len(self.free) - first, BLOCK_CUES)
        if not self.is_best:
            pool = np.flatnonzero(self.times_shown == self.times_shown.min())
        else:
            pool = np.arange(len(self.times_shown))
            starts_s = self.starts_s[self.free[first:]]
            n_left = min(n_left, int(np.searchsorted(starts_s, starts_s[0] + BEST_GAP_S)))
        return min(len(pool), n_left), pool

    def _n_recent(self, cues: Indices, pool: Indices) -> int:
        """How many photos of the pool stand too near to these cues already."""
        low, high = self.at[cues[0]] - self.gap, self.at[cues[-1]] + self.gap
        at = self.at[self.decided[:, 0]]
        return len(np.intersect1d(self.decided[(low < at) & (at < high), 1], pool))

    def _keep_for_peak(self, values: Floats, first: int, pool: Indices) -> None:
        """Leave the favourite of the weightiest cue, the song's peak, alone while that is still to come."""
        peak = int(self.weights.argmax())
        if self.weights[peak] > 1 and peak >= first + len(values) and len(pool) > len(values):
            values[:, pool == self.scores[peak].argmax()] -= 1

    def _charge_repeats(self, values: Floats, cues: Indices, pool: Indices) -> None:
        """Charge what is shown too near another of its showings; the nearer the dearer, so that it comes late."""
        column = _columns(pool, len(self.times_shown))
        apart = np.full(values.shape, float(self.gap))
        for cue, photo in self.decided:
            if column[photo] >= 0:
                near = np.abs(self.at[cues] - self.at[cue])
                apart[:, column[photo]] = np.minimum(apart[:, column[photo]], near)
        values -= TOO_SOON * np.where(apart < self.gap, 1 + (1 - apart / self.gap) ** 2, 0)

    def _charge_neighbours(self, values: Floats, cues: Indices, pool: Indices) -> None:
        """Charge siblings of what is decided nearby, and credit photos of the same day as the cue beside."""
        column = _columns(pool, len(self.times_shown))
        for i, cue in enumerate(cues):
            near = self.decided[np.abs(self.decided[:, 0] - cue) <= SIBLING_GAP]
            if not len(near):
                continue
            distance = np.abs(near[:, 0] - cue)
            closeness = (SIBLING_GAP + 1) / np.maximum(distance, 1)
            by_group = np.bincount(self.groups[near[:, 1]], closeness, minlength=int(self.groups.max()) + 1)
            charge = by_group[self.groups[pool]]
            own = column[near[:, 1]] >= 0  # the photo itself is no sibling: how soon it may come again is said above
            np.subtract.at(charge, column[near[own, 1]], closeness[own])
            values[i] -= SIBLING * charge
            for photo in near[distance == 1, 1]:
                if self.days[photo] >= 0:
                    values[i] += SAME_DAY * (self.days[pool] == self.days[photo])


class _Choice:
    """The choice for one block: a different column of values (n, m) for each of n cues, n at most m."""

    def __init__(self, values: Floats, cues: Indices, groups: Indices, days: NDArray[np.int64]) -> None:
        self.values = values
        self.groups = np.unique(groups, return_inverse=True)[1]
        self.days = days
        self.distance = np.abs(cues[:, None] - cues[None, :])
        self.n_groups = int(self.groups.max(initial=-1)) + 1
        self.has_siblings = self.n_groups < len(groups)

    def best(self) -> Indices:
        """The columns (n,) with the highest sum under the laws."""
        chosen = self._improved(_assigned(self.values), gap=SIBLING_GAP)
        if not self.has_siblings or self._is_lawful(chosen, gap=SIBLING_GAP):
            return chosen
        for gap in range(SIBLING_GAP, 0, -1):
            for is_strict in (False, True):
                spread = self._spread(gap, is_strict=is_strict)
                if spread is not None:
                    return self._improved(spread, gap=gap)
        return chosen

    def _is_lawful(self, chosen: Indices, *, gap: int) -> bool:
        alike = self.groups[chosen][:, None] == self.groups[chosen][None, :]
        is_near = (self.distance > 0) & (self.distance <= gap)
        return not np.any(alike & is_near) and bool(self.values[np.arange(len(chosen)), chosen].min() > -SIBLING / 2)

    def _improved(self, chosen: Indices, *, gap: int) -> Indices:
        """Exchange photos, for unused ones and with each other, as long as the sum grows; it can only end."""
        near = np.where((self.distance > 0) & (self.distance <= gap), (gap + 1) / np.maximum(self.distance, 1), 0.0)
        if not self.has_siblings:
            near[:] = 0
        beside = self.distance == 1
        chosen = chosen.copy()
        for _ in range(MOST_SWEEPS):
            is_changed = self._replace(chosen, near, beside)
            # Where there are photos enough, exchanging for unused ones does all; swaps matter where all are taken.
            if self.values.shape[1] < 2 * len(chosen) or not self._is_lawful(chosen, gap=gap):
                is_changed |= self._swap(chosen, near, beside)
            if not is_changed:
                break
        return chosen

    def _replace(self, chosen: Indices, near: Floats, beside: NDArray[np.bool_]) -> bool:
        is_changed = False
        is_used = np.zeros(self.values.shape[1], dtype=bool)
        is_used[chosen] = True
        if is_used.all():
            return False
        for i in range(len(chosen)):
            value = self.values[i].copy()
            fellows = np.flatnonzero(near[i])
            if len(fellows):
                likeness = np.bincount(self.groups[chosen[fellows]], near[i, fellows], minlength=self.n_groups)
                value -= SIBLING * likeness[self.groups]
            for day in self.days[chosen[beside[i]]]:
                if day >= 0:
                    value += SAME_DAY * (self.days == day)
            own = value[chosen[i]]
            value[is_used] = -np.inf
            best = int(value.argmax())
            if value[best] > own + LEAST_GAIN:
                is_used[chosen[i]] = False
                is_used[best] = True
                chosen[i] = best
                is_changed = True
        return is_changed

    def _swap(self, chosen: Indices, near: Floats, beside: NDArray[np.bool_]) -> bool:
        """Make the best swap of two cues' photos over and over while one gains."""
        next_to = beside.astype(np.float64)
        for n_swaps in range(MOST_SWAPS):
            value = self.values[:, chosen]
            groups, days = self.groups[chosen], self.days[chosen]
            gain = value + value.T - value.diagonal()[:, None] - value.diagonal()[None, :]
            gain -= SIBLING * _swap_change(near, (groups[:, None] == groups[None, :]).astype(np.float64))
            is_same_day = (days[:, None] == days[None, :]) & (days >= 0)[:, None]
            gain += SAME_DAY * _swap_change(next_to, is_same_day.astype(np.float64))
            i, j = divmod(int(gain.argmax()), len(chosen))
            if gain[i, j] <= LEAST_GAIN:
                return n_swaps > 0
            chosen[[i, j]] = chosen[[j, i]]
        return True

    def _spread(self, gap: int, *, is_strict: bool) -> Indices | None:
        """Find columns so that siblings lie more than gap cues apart, the best at each cue in turn; None: none found.

        A group with so many photos left that they hardly fit into what remains comes first; strictly, that with the
        most left always does, which finds a way where there is one.
        """
        n, m = self.values.shape
        n_left = np.bincount(self.groups)
        last = np.full(len(n_left), -gap - 1)
        is_unused = np.ones(m, dtype=bool)
        chosen = np.empty(n, dtype=np.intp)
        for i in range(n):
            # Blocks may have gaps in their cues, which only puts photos further apart.
            may = (n_left > 0) & (i - last > gap)
            if not may.any():
                return None
            if m == n or is_strict:
                is_urgent = may & ((n_left - 1) * (gap + 1) + 1 >= n - i)
                if is_strict:
                    is_urgent = may & (n_left == n_left[may].max())
                may = is_urgent if is_urgent.any() else may
            value = np.where(is_unused & may[self.groups], self.values[i], -np.inf)
            best = int(value.argmax())
            chosen[i] = best
            is_unused[best] = False
            n_left[self.groups[best]] -= 1
            last[self.groups[best]] = i
        return chosen


def _most_within(starts_s: Floats, span_s: float) -> int:
    """The most cues that begin within a span of time."""
    return int((np.searchsorted(starts_s, starts_s + span_s) - np.arange(len(starts_s))).max(initial=0))


def _swap_change(near: Floats, alike: Floats) -> Floats:
    """How much likeness of neighbours changes (n, n) when cues i and j swap photos.

    near (n, n) says how near cues are, 0 for a cue and itself; alike (n, n) whether their photos are alike.
    """
    around = near @ alike  # at (i, j): of what surrounds i, how much is like j's photo
    now = around.diagonal()
    mutual = near * alike
    after = around - near * alike.diagonal()[None, :] + mutual
    change: Floats = after + after.T - now[:, None] - now[None, :]
    return change


def _columns(pool: Indices, n_photos: int) -> Indices:
    """Place of each photo (n_photos,) in the pool, -1 for those not in it."""
    column = np.full(n_photos, -1, dtype=np.intp)
    column[pool] = np.arange(len(pool))
    return column


def _candidates(scores: FloatArray, pool: Indices, groups: Indices, *, n: int) -> Indices:
    """Photos of the pool that may come into question: each cue's n favourites and some, of large groups only the best.

    Otherwise hundreds of pictures of one scene would fill every cue's list. Nothing is lost where siblings can be kept
    apart: no more of a group could be shown.
    """
    counts = np.bincount(groups[pool])
    most = n // (SIBLING_GAP + 1) + 2
    is_varied = np.minimum(counts, most).sum() >= n + SPARE_PHOTOS
    if not is_varied:  # hardly more scenes than cues: every scene may be needed
        most = n
    if counts.max(initial=0) > most:
        best = scores[:, pool].max(axis=0)
        order = np.lexsort((-best, groups[pool]))
        ordered = groups[pool][order]
        place = np.arange(len(pool)) - np.searchsorted(ordered, ordered)
        pool = np.sort(pool[order[place < most]])
    return _shortlist(scores, pool, n=n + SPARE_PHOTOS) if is_varied else pool


def _shortlist(scores: FloatArray, pool: Indices, *, n: int) -> Indices:
    """Photos of the pool that are among the n best of some cue, and a few more: scores are told apart in steps."""
    if len(pool) <= n:
        return pool
    is_listed = np.zeros(len(pool), dtype=bool)
    for row in scores:
        values = row if len(pool) == len(row) else row[pool]
        low = values.min()
        step = ((values - low) * (LIST_STEPS / max(float(values.max() - low), 1e-12))).astype(np.int32)
        at_least = np.cumsum(np.bincount(step)[::-1])[::-1]
        is_listed |= step >= np.flatnonzero(at_least >= n)[-1]
    return pool[is_listed]


def _assigned(values: Floats) -> Indices:
    """Assign a different column to each row with the highest total, exactly; there are at least as many columns."""
    from scipy.optimize import linear_sum_assignment  # here, since it takes as long to import as the first window

    _, columns = linear_sum_assignment(values, maximize=True)
    assigned: Indices = columns
    return assigned
