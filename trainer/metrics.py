"""What predictions are judged by (numpy only): errors, correlations, retrieval, and their bootstrap intervals.

Intervals resample whole groups (themes, songs), since photos of one theme and windows of one song are not independent.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.intp]
Weights = NDArray[np.float64]

N_RESAMPLES: Final = 1000
"""Enough for the ends of a 95 % interval to be steady to about a twentieth of its width."""

CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the ends of its bootstrap interval; NaN where it is not defined (a correlation of a constant)."""

    value: float
    low: float
    high: float


def mse(predicted: ArrayLike, true: ArrayLike) -> float:
    """Mean squared error."""
    p, t = _pair(predicted, true)
    return float(np.mean((p - t) ** 2))


def rmse(predicted: ArrayLike, true: ArrayLike) -> float:
    """Root of the mean squared error, in the labels' unit."""
    return float(np.sqrt(mse(predicted, true)))


def mae(predicted: ArrayLike, true: ArrayLike) -> float:
    """Mean absolute error."""
    p, t = _pair(predicted, true)
    return float(np.mean(np.abs(p - t)))


def r2(predicted: ArrayLike, true: ArrayLike) -> float:
    """Share of the labels' variance that is explained: 1 - MSE / variance; below 0 is worse than their mean."""
    p, t = _pair(predicted, true)
    variance = float(np.var(t))
    return float("nan") if variance == 0 else 1 - mse(p, t) / variance


def pearson_r(a: ArrayLike, b: ArrayLike) -> float:
    """Pearson's correlation; NaN where either side is constant or there are fewer than 2 values."""
    x, y = _pair(a, b)
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.sqrt(np.mean(x**2) * np.mean(y**2)))
    return float("nan") if scale < np.finfo(np.float64).tiny else float(np.mean(x * y)) / scale


def spearman(a: ArrayLike, b: ArrayLike) -> float:
    """Spearman's rank correlation: Pearson's of the ranks, ties at their mean rank."""
    x, y = _pair(a, b)
    return pearson_r(ranks(x), ranks(y))


def ccc(predicted: ArrayLike, true: ArrayLike) -> float:
    """Lin's concordance correlation (1989): 2 cov / (var + var + squared difference of the means)."""
    p, t = _pair(predicted, true)
    covariance = float(np.mean((p - p.mean()) * (t - t.mean())))
    scale = float(np.var(p) + np.var(t) + (p.mean() - t.mean()) ** 2)
    return float("nan") if scale == 0 else 2 * covariance / scale


def ranks(values: ArrayLike) -> Array:
    """Ranks from 1, ascending; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(np.asarray(values).ravel(), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean_rank: Array = last - (counts - 1) / 2
    return mean_rank[inverse.ravel()]


def top_k_mean(scores: ArrayLike, gains: ArrayLike, *, k: int) -> Array:
    """For each query (column) the mean gain of its k best-scored items; scores and gains are (n_items, n_queries).

    With fewer than k items all of them count. Ties go to the earlier item.
    """
    s, g = np.asarray(scores), np.asarray(gains, dtype=np.float64)
    best = np.argsort(-s, axis=0, kind="stable")[:k]
    means: Array = np.take_along_axis(g, best, axis=0).mean(axis=0)
    return means


def ndcg_at(scores: ArrayLike, gains: ArrayLike, *, k: int) -> Array:
    """For each query (column) the nDCG of its first k: gains / log2(1 + place), over the best order's.

    1 where every order is equally good because all gains are 0.
    """
    s, g = np.asarray(scores), np.asarray(gains, dtype=np.float64)
    discount = 1 / np.log2(np.arange(2, 2 + min(k, len(g))))
    found = np.take_along_axis(g, np.argsort(-s, axis=0, kind="stable")[:k], axis=0)
    ideal = -np.sort(-g, axis=0)[:k]
    reached, possible = discount @ found, discount @ ideal
    return np.divide(reached, possible, out=np.ones_like(reached), where=possible != 0)


def weighted_top_k_mean(
    order: Rows, gains: ArrayLike, *, k: int, weights: Weights, query_weights: Weights | None = None
) -> float:
    """Mean gain of the k best when item i is there weights[i] times, averaged over the queries.

    `order` (m, n_queries) holds each query's items from best to worst, at least its first few; gains are
    (n_items, n_queries). With all weights 1 this is the mean of `top_k_mean`.
    """
    copies = weights[order]
    before = np.cumsum(copies, axis=0) - copies
    taken = np.clip(k - before, 0, copies)
    sums = (taken * np.take_along_axis(np.asarray(gains, dtype=np.float64), order, axis=0)).sum(axis=0)
    n_taken = taken.sum(axis=0)
    means = np.divide(sums, n_taken, out=np.zeros_like(sums), where=n_taken > 0)
    return float(np.average(means, weights=query_weights))


def bootstrap_ci(
    statistic: Callable[[Rows], float],
    groups: Sequence[Hashable],
    *,
    n_resamples: int = N_RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> Interval:
    """Percentile interval of a statistic of rows, resampling whole groups with replacement.

    `groups` names the group of each row; `statistic` gets row numbers, some of them repeated. Its value on all rows,
    once each, is the interval's value.
    """
    members = _members(groups)
    rng = np.random.default_rng(seed)
    samples = [
        statistic(np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))]))
        for _ in range(n_resamples)
    ]
    return _interval(statistic(np.arange(len(groups))), samples, confidence)


def bootstrap_better(
    score: Callable[[Rows], float],
    rival: Callable[[Rows], float],
    groups: Sequence[Hashable],
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> float:
    """Share of resamples of groups in which `score` is above `rival` on the same rows (ties count half)."""
    members = _members(groups)
    rng = np.random.default_rng(seed)
    wins = 0.0
    for _ in range(n_resamples):
        rows = np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        wins += _win(score(rows), rival(rows))
    return wins / n_resamples


class TwoWayBootstrap:
    """Resamples photos by their groups and songs by theirs at once, for statistics of all photo-song pairs.

    The same resamples serve every figure, so figures from one object can be compared pair by pair.
    """

    def __init__(
        self,
        row_groups: Sequence[Hashable],
        column_groups: Sequence[Hashable],
        *,
        n_resamples: int = N_RESAMPLES,
        seed: int = 0,
    ) -> None:
        rng = np.random.default_rng(seed)
        self._row_index, self._row_counts = _group_counts(row_groups, n_resamples, rng)
        self._column_index, self._column_counts = _group_counts(column_groups, n_resamples, rng)

    def means(self, tables: Sequence[ArrayLike]) -> Array:
        """Weighted means of each table (n_rows, n_columns), shape (1 + n_resamples, n_tables); first all pairs once."""
        n_pairs = self._by_group(np.ones((len(self._row_index), len(self._column_index))))
        sums = np.stack([self._totals(self._by_group(np.asarray(table, dtype=np.float64))) for table in tables], axis=1)
        means: Array = sums / self._totals(n_pairs)[:, None]
        return means

    def interval(
        self,
        tables: Sequence[ArrayLike],
        figure: Callable[[Array], Array] = lambda means: means[:, 0],
        *,
        confidence: float = CONFIDENCE,
    ) -> Interval:
        """Interval of a figure of tables' means: `figure` maps (n, n_tables) to (n,), as it is the first table's."""
        return interval_of(figure(self.means(tables)), confidence=confidence)

    def weighted(self, statistic: Callable[[Weights, Weights], Sequence[float]]) -> Array:
        """Values of a statistic that takes how often each row and each column counts, (1 + n_resamples, n_values)."""
        draws = zip(self._row_counts, self._column_counts, strict=True)
        return np.array([statistic(rows[self._row_index], columns[self._column_index]) for rows, columns in draws])

    def _by_group(self, table: Array) -> Array:
        """Sums (n_row_groups, n_column_groups) of a table's pairs."""
        rows = np.zeros((self._row_counts.shape[1], table.shape[1]))
        np.add.at(rows, self._row_index, table)
        both = np.zeros((self._column_counts.shape[1], len(rows)))
        np.add.at(both, self._column_index, rows.T)
        return both.T

    def _totals(self, sums: Array) -> Array:
        totals: Array = ((self._row_counts @ sums) * self._column_counts).sum(axis=1)
        return totals


def correlation_of_means(means: Array) -> Array:
    """Pearson's r (n,) from the means (n, 5) of the tables x, y, x^2, y^2, xy: a figure for `TwoWayBootstrap`."""
    x, y, xx, yy, xy = means.T
    scale = np.sqrt(np.maximum(xx - x**2, 0) * np.maximum(yy - y**2, 0))
    r: Array = np.divide(xy - x * y, scale, out=np.full_like(scale, np.nan), where=scale > 0)
    return r


def interval_of(values: Array, *, confidence: float = CONFIDENCE) -> Interval:
    """Interval from values (1 + n_resamples,) of which the first belongs to the data itself."""
    return _interval(float(values[0]), values[1:], confidence)


def share_better(scores: Array, rivals: Array) -> float:
    """Share of resamples in which scores are above rivals; both (1 + n_resamples,), the first value does not count."""
    return float(np.mean([_win(a, b) for a, b in zip(scores[1:], rivals[1:], strict=True)]))


def _pair(a: ArrayLike, b: ArrayLike) -> tuple[Array, Array]:
    x, y = np.asarray(a, dtype=np.float64).ravel(), np.asarray(b, dtype=np.float64).ravel()
    if len(x) != len(y) or len(x) == 0:
        raise ValueError(f"two equal numbers of values, at least one, are needed, not {len(x)} and {len(y)}")
    return x, y


def _members(groups: Sequence[Hashable]) -> list[Rows]:
    places: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        places.setdefault(group, []).append(row)
    return [np.array(rows, dtype=np.intp) for rows in places.values()]


def _group_counts(groups: Sequence[Hashable], n_resamples: int, rng: np.random.Generator) -> tuple[Rows, Weights]:
    """Group number of each row, and how often each group counts, (1 + n_resamples, n_groups), first once each."""
    numbers: dict[Hashable, int] = {}
    index = np.array([numbers.setdefault(group, len(numbers)) for group in groups], dtype=np.intp)
    n = len(numbers)
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=n_resamples)
    return index, np.concatenate([np.ones((1, n)), drawn]).astype(np.float64)


def _interval(value: float, samples: Sequence[float] | Array, confidence: float) -> Interval:
    defined = np.asarray(samples, dtype=np.float64)
    defined = defined[np.isfinite(defined)]
    if not np.isfinite(value) or len(defined) == 0:
        return Interval(value, float("nan"), float("nan"))
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(value, float(low), float(high))


def _win(score: float, rival: float) -> float:
    return 1.0 if score > rival else 0.5 if score == rival else 0.0
