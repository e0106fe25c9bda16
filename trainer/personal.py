"""What a person's ratings and answers teach: a correction of valence and arousal, added to what a bundle says.

It is taken as a Gaussian process: an offset, a linear part of the bundle's own valence and arousal (the person's use of
the scale), and a part that photos share the more, the more alike their pooled features are (the person's taste). Far
from everything that was rated only the first two are left. Ratings and answers are measurements of it (see `evidence`),
so hundreds of them take seconds; how strong each part is, is chosen on what is held out. Moments of songs are learnt
the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.linalg import solve

from engine.emotion import FloatArray
from engine.progress import Progress, Report, ignore
from trainer.evidence import NO_ANSWERS, RATING_SD, SWEEPS, Answers, Measurements
from trainer.metrics import pearson_r
from trainer.pairs import fold_of_rows

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

KEEP: Final = 0.02
"""How much of the correlation with what the bundle was taught a correction may cost, by default."""

SHARES: Final = (1.0, 0.85, 0.7, 0.55, 0.4, 0.25, 0.1, 0.0)
"""Of a taste that costs more than may be lost, so much is tried until it does not."""

MAX_RATINGS: Final = 1000
"""More ratings than this, the latest, are not used: they add little, and each slows the head of 50,000 photos."""

N_FOLDS: Final = 5

ALIKE: Final = 0.4
"""Photos nearer than this in cosine distance are of one group: those of a burst. Held out apart they would tell each
other's ratings; photos of like things may, for that is what a taste is."""

SAME_PHOTO: Final = 1e-3
"""Squared distance per feature, in deviations, under which two photos are one and the same."""

USUAL_DEVIATION: Final = 0.14
"""About the deviation of predicted valence and arousal: makes the slope's strength a number near one."""


STRAIGHT: Final = 0.1
"""Share of the cosine itself beside its square in how alike two photos are. The square lets photos that have little in
common share next to nothing; chosen among some forty kernels, on themes that no printed table uses (docs/people.md)."""


@dataclass(frozen=True, slots=True)
class Strengths:
    """Prior variance of each part of a correction, in units of the variance of a single rating's noise."""

    offset: float
    slope: float
    taste: float


TASTES: Final = (0.0, 0.1, 0.3, 1.0, 3.0, 8.0)

CANDIDATES: Final = (
    Strengths(0.0, 0.0, 0.0),
    *(Strengths(0.0, 0.0, taste) for taste in (0.3, 1.0, 3.0)),
    *(Strengths(offset, slope, taste) for offset, slope in ((0.3, 0.0), (1.0, 0.1), (3.0, 1.0)) for taste in TASTES),
)
"""From no correction at all, always among them, to one that follows every rating."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What a bundle was taught: features (n, F), its own VA (n, 2), the labels (n, 2)."""

    features: FloatArray
    va: FloatArray
    labels: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """Adds to VA: offset (2,), slope (2, 2) on VA - 1/2, and a taste: what photos alike to those of `support` get.

    support (k, F) are photos rated or compared, standardised by mean and scale (F,) and of length 1; weights (k, 2).
    """

    mean: Array
    scale: Array
    support: Array
    weights: Array
    slope: Array
    offset: Array

    def apply(self, features: FloatArray, va: FloatArray) -> FloatArray:
        """Corrected VA (n, 2) in [0, 1] of photos with features (n, F) and the bundle's own VA (n, 2)."""
        moved = va + self.offset + (va.astype(np.float64) - 0.5) @ self.slope
        if len(self.support):
            directions = unit((features.astype(np.float64) - self.mean) * self.scale)
            moved = moved + alike(directions @ self.support.T) @ self.weights
        return np.ascontiguousarray(np.clip(moved, 0.0, 1.0), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A correction, the strengths chosen for valence and arousal, and what was learnt about it on the way.

    `held_out` (n, 2) is the corrected VA of each rated photo by a correction that saw neither it nor its group;
    `groups` (P,) tells which photos are alike.
    """

    correction: Correction
    strengths: tuple[Strengths, Strengths]
    held_out: FloatArray
    groups: Rows


def fit_correction(
    features: FloatArray,
    va: FloatArray,
    ratings: FloatArray,
    *,
    answers: Answers = NO_ANSWERS,
    groups: Rows | None = None,
    known: Known | None = None,
    keep: float = KEEP,
    report: Report = ignore,
) -> Fit:
    """Fit a correction to photos with features (P, F) and the bundle's own VA (P, 2), of which the first n are rated.

    ratings (n, 2); answers compare any of the photos. `groups` (P,) are held out together; without them photos that
    look alike. The strengths that predict held-out groups best are chosen, and no more of the taste is followed than
    lets r of `known` photos fall by `keep`; valence and arousal each for itself. Raises ValueError without a rating or
    an answer.
    """
    if len(ratings) == 0 and len(answers) == 0:
        raise ValueError("there are no ratings")
    space = _Space.of(features, va, known)
    found = groups_alike(space.points) if groups is None else groups
    folds = _folds(found)
    n_folds = int(folds.max()) + 1
    said = [
        space.observed(
            Measurements.of(va[:, axis].astype(np.float64), ratings[:, axis].astype(np.float64), answers.of_axis(axis))
        )
        for axis in range(2)
    ]
    held_out = va[: len(ratings)].astype(np.float64)
    for fold in range(n_folds if n_folds > 1 else 0):
        report(Progress("learn", fold, n_folds + 1))
        is_held = folds == fold
        rows = np.flatnonzero(is_held[: len(ratings)])
        for axis, observed in enumerate(said):
            seen = observed.take(np.flatnonzero(~observed.said.touching(is_held)))
            held_out[rows, axis] += RATING_SD * _taught(space, seen, found, axis=axis, keep=keep).at(space, rows)
    report(Progress("learn", n_folds, n_folds + 1))
    parts = [_taught(space, observed, found, axis=axis, keep=keep) for axis, observed in enumerate(said)]
    correction = space.correction(parts)
    report(Progress("learn", n_folds + 1, n_folds + 1))
    return Fit(correction, (parts[0].strengths, parts[1].strengths), np.clip(held_out, 0, 1).astype(np.float32), found)


def groups_alike(points: Array) -> Rows:
    """Number of the group of each photo (n,) by its standardised features (n, F): those of a burst share one."""
    if len(points) < 2:
        return np.zeros(len(points), dtype=np.intp)
    directions = unit(points)
    # A photo that is the mean of all has no direction; the cosine of nothing is taken as far from everything.
    distances = np.clip(1 - directions @ directions.T, 0, 2)
    tree = linkage(distances[np.triu_indices(len(points), 1)], "average")
    groups: Rows = fcluster(tree, ALIKE, "distance").astype(np.intp) - 1
    return groups


def alike(cosines: Array) -> Array:
    """How much photos share a taste, by the cosines (n, m) between their features."""
    return np.asarray(cosines * (STRAIGHT + (1 - STRAIGHT) * cosines))


def unit(points: Array) -> Array:
    """Points (n, F) brought to length 1; one without a length stays at 0."""
    return np.asarray(points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-9))


def squared_distances(a: Array, b: Array) -> Array:
    """Squared Euclidean distances (n, m) between points (n, F) and (m, F)."""
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2 * a @ b.T
    distances: Array = np.maximum(squares, 0.0)
    return distances


@dataclass(frozen=True, slots=True, eq=False)
class _Learnt:
    """One dimension's correction in units of RATING_SD: strengths, and the weight (P,) of each photo's covariance.

    Only `share` of the taste is followed, where all of it would cost too much of what is known.
    """

    strengths: Strengths
    weights: Array
    share: float = 1.0

    def at(self, space: _Space, rows: Rows) -> Array:
        """The correction of some of the photos."""
        return self._sum(space.near[rows], space.centred[rows], space.centred)

    def of_known(self, space: _Space) -> Array:
        """The correction of the known photos."""
        return self._sum(space.known_near, space.known_centred, space.centred)

    def _sum(self, near: Array, centred: Array, support: Array) -> Array:
        moved = self.share * self.strengths.taste * near @ self.weights + self.strengths.offset * self.weights.sum()
        return np.asarray(moved + self.strengths.slope * centred @ (support.T @ self.weights))


@dataclass(frozen=True, slots=True, eq=False)
class _Observed:
    """Measurements and the three parts of their prior covariance: near (k, k), centred (k, 2), total (k,)."""

    said: Measurements
    near: Array
    centred: Array
    total: Array

    def take(self, rows: Rows) -> _Observed:
        """Some of them, rows ascending."""
        return _Observed(self.said.take(rows), self.near[np.ix_(rows, rows)], self.centred[rows], self.total[rows])

    def learnt(self, strengths: Strengths, *, sweeps: int = SWEEPS) -> _Learnt:
        """The correction they teach. One sweep looks at each answer by itself, more of them at all together."""
        covariance = strengths.taste * self.near + strengths.offset * np.outer(self.total, self.total)
        covariance += strengths.slope * (self.centred @ self.centred.T)
        values, noise = self.said.as_numbers(covariance, sweeps=sweeps)
        covariance[np.diag_indices(len(noise))] += noise
        alpha = solve(covariance, values, assume_a="pos") if len(values) else values
        return _Learnt(strengths, np.asarray(self.said.design.T @ alpha, dtype=np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class _Space:
    """Photos as points (P, F), and how alike they are to each other and to known ones."""

    mean: Array
    scale: Array
    points: Array
    centred: Array
    near: Array
    known: Known | None
    known_centred: Array
    known_near: Array

    @staticmethod
    def of(features: FloatArray, va: FloatArray, known: Known | None) -> _Space:
        reference = (features if known is None else known.features).astype(np.float64)
        mean, deviation = reference.mean(axis=0), reference.std(axis=0)
        # A feature that never moves tells nothing.
        scale = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=deviation > 1e-6)
        points = (features - mean) * scale
        directions = unit(points)
        near = alike(directions @ directions.T)
        centred = (va.astype(np.float64) - 0.5) / USUAL_DEVIATION
        nothing = (None, np.zeros((0, 2)), np.zeros((0, len(va))))
        if known is None:
            return _Space(mean, scale, points, centred, near, *nothing)
        known_points = (known.features - mean) * scale
        # What was rated and taught alike: there the person's word counts, so it guards nothing.
        others = squared_distances(known_points, points).min(axis=1) > SAME_PHOTO * max(1, points.shape[1])
        if not others.any():
            return _Space(mean, scale, points, centred, near, *nothing)
        known = Known(known.features[others], known.va[others], known.labels[others])
        known_centred = (known.va.astype(np.float64) - 0.5) / USUAL_DEVIATION
        known_near = alike(unit(known_points[others]) @ directions.T)
        return _Space(mean, scale, points, centred, near, known, known_centred, known_near)

    def observed(self, said: Measurements) -> _Observed:
        """Measurements with what their covariances are made of."""
        design = said.design
        return _Observed(said, design @ self.near @ design.T, design @ self.centred, design.sum(axis=1))

    def guarded(self, learnt: _Learnt, *, axis: int, keep: float) -> _Learnt:
        """As much of a correction's taste as costs no more than `keep` of the correlation with the known labels."""
        tried = (replace(learnt, share=share) for share in SHARES)
        return next((part for part in tried if self.lost(part, axis) <= keep), _Learnt(CANDIDATES[0], learnt.weights))

    def lost(self, learnt: _Learnt, axis: int) -> float:
        """How much of the correlation with the known labels a correction costs; 0 without any."""
        if self.known is None:
            return 0.0
        va, labels = self.known.va[:, axis], self.known.labels[:, axis]
        before = pearson_r(va, labels)
        after = pearson_r(np.clip(va + RATING_SD * learnt.of_known(self), 0, 1), labels)
        return before - after if np.isfinite(after) and before > 0 else 0.0

    def correction(self, parts: Sequence[_Learnt]) -> Correction:
        """The correction as it is built into a head, from those of valence and of arousal."""
        weights = RATING_SD * np.stack([part.weights for part in parts], axis=1)  # (P, 2)
        offset, slope = (np.array([getattr(part.strengths, name) for part in parts]) for name in ("offset", "slope"))
        taste = np.array([part.share * part.strengths.taste for part in parts])
        used = np.flatnonzero((weights * taste != 0).any(axis=1))
        return Correction(
            mean=self.mean,
            scale=self.scale,
            support=unit(self.points)[used],
            weights=(weights * taste)[used],
            slope=slope * (self.centred.T @ weights) / USUAL_DEVIATION,
            offset=offset * weights.sum(axis=0),
        )


def _taught(space: _Space, observed: _Observed, groups: Rows, *, axis: int, keep: float) -> _Learnt:
    """What measurements teach, as strongly as predicts held-out groups best, and no more than keeps what is known."""
    return space.guarded(observed.learnt(_strengths(space, observed, groups)), axis=axis, keep=keep)


def _strengths(space: _Space, observed: _Observed, groups: Rows) -> Strengths:
    """Strengths that predict held-out groups best."""
    folds = _folds(groups)
    n_folds = int(folds.max()) + 1
    if n_folds < 2 or len(observed.total) == 0:
        return CANDIDATES[0]
    touched = [observed.said.touching(folds == fold) for fold in range(n_folds)]
    parts = [[observed.take(np.flatnonzero(rows)) for rows in (~is_held, is_held)] for is_held in touched]
    everything = np.arange(len(groups))
    errors = np.zeros(len(CANDIDATES))
    for number, strengths in enumerate(CANDIDATES):
        for seen, held in parts:
            moved = seen.learnt(strengths, sweeps=1).at(space, everything)
            errors[number] += held.said.loss(held.said.design @ moved)
    return CANDIDATES[int(errors.argmin())]


def _folds(groups: Sequence[int] | Rows) -> Rows:
    """Fold of each row; whole groups, and all zero where there are too few to hold any out."""
    names = [str(group) for group in groups]
    n_folds = min(N_FOLDS, len(set(names)))
    return fold_of_rows(names, n_folds=n_folds) if n_folds > 1 else np.zeros(len(names), dtype=np.intp)
