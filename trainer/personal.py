"""What a person's ratings teach: a correction of valence and arousal, added to what a bundle says of a photo.

The corrections of rated photos are taken as a Gaussian process: an offset, a linear part of the bundle's own valence
and arousal (the person's use of the scale), and a part that photos share the more, the nearer their pooled features are
(the person's taste). Far from everything that was rated only the first two are left. The solution is closed, so
hundreds of ratings take seconds; how strong each part is, is chosen on ratings held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from engine.emotion import FloatArray
from engine.progress import Progress, Report, ignore
from trainer.metrics import pearson_r
from trainer.pairs import fold_of_rows

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

KEEP: Final = 0.02
"""Share of the correlation with what the bundle was taught that a correction may cost, by default."""

MAX_RATINGS: Final = 1000
"""More ratings than this, the latest, are not used: they add little, and each slows the head of 50,000 photos."""

N_FOLDS: Final = 5

ALIKE: Final = 0.75
"""Photos nearer than this in cosine distance are of one group: a burst, or one more photo of the same scene."""

SAME_PHOTO: Final = 1e-3
"""Squared distance per feature, in deviations, under which two photos are one and the same."""

USUAL_DEVIATION: Final = 0.14
"""About the deviation of predicted valence and arousal: makes the slope's strength a number near one."""


@dataclass(frozen=True, slots=True)
class Strengths:
    """Prior variance of each part of a correction, in units of the variance of a single rating's noise."""

    offset: float
    slope: float
    taste: float


TASTES: Final = (0.0, 0.03, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 4.0)

CANDIDATES: Final = (
    Strengths(0.0, 0.0, 0.0),
    *(Strengths(0.0, 0.0, taste) for taste in (0.1, 0.3, 1.0)),
    *(Strengths(3.0, slope, taste) for slope in (0.0, 0.3, 3.0) for taste in TASTES),
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
    """Adds to VA: offset (2,), slope (2, 2) on VA - 1/2, and a taste: Gaussians of width `reach` around `support`.

    support (k, F) are rated photos, standardised by mean and scale (F,); weights (k, 2). `reach` is a squared distance.
    """

    mean: Array
    scale: Array
    support: Array
    weights: Array
    reach: float
    slope: Array
    offset: Array

    def apply(self, features: FloatArray, va: FloatArray) -> FloatArray:
        """Corrected VA (n, 2) in [0, 1] of photos with features (n, F) and the bundle's own VA (n, 2)."""
        moved = va + self.offset + (va.astype(np.float64) - 0.5) @ self.slope
        if len(self.support):
            points = (features.astype(np.float64) - self.mean) * self.scale
            moved = moved + np.exp(-squared_distances(points, self.support) / self.reach) @ self.weights
        return np.ascontiguousarray(np.clip(moved, 0.0, 1.0), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A correction, the strengths chosen for valence and arousal, and what was learnt about it on the way.

    `held_out` (n, 2) is the corrected VA of each rated photo by a correction that saw neither it nor its group;
    `groups` (n,) tells which rated photos are alike.
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
    known: Known | None = None,
    keep: float = KEEP,
    report: Report = ignore,
) -> Fit:
    """Fit a correction to ratings (n, 2) of photos with features (n, F) and the bundle's own VA (n, 2).

    Of the strengths under which r of `known` photos falls by no more than the share `keep`, those are chosen that
    predict ratings of held-out groups best; valence and arousal each for itself. Raises ValueError without ratings.
    """
    if len(ratings) == 0:
        raise ValueError("there are no ratings")
    space = _Space.of(features, va, known)
    groups = groups_alike(features, space)
    wanted = ratings.astype(np.float64) - va
    held_out = va.astype(np.float64)
    folds = _folds(groups)
    n_folds = int(folds.max()) + 1
    for fold in range(n_folds if n_folds > 1 else 0):
        report(Progress("learn", fold, n_folds + 1))
        seen, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        chosen = _chosen(space, seen, wanted, groups, keep=keep)
        for axis, strengths in enumerate(chosen):
            held_out[held, axis] += space.predicted(strengths, seen, wanted[seen, axis], held)
    report(Progress("learn", n_folds, n_folds + 1))
    everything = np.arange(len(ratings))
    chosen = _chosen(space, everything, wanted, groups, keep=keep)
    correction = space.correction(chosen, wanted)
    report(Progress("learn", n_folds + 1, n_folds + 1))
    return Fit(correction, chosen, np.clip(held_out, 0, 1).astype(np.float32), groups)


def groups_alike(features: FloatArray, space: _Space) -> Rows:
    """Number of the group of each photo (n,): photos that look alike, as those of a burst do, share one."""
    if len(features) < 2:
        return np.zeros(len(features), dtype=np.intp)
    unit = space.points / np.maximum(np.linalg.norm(space.points, axis=1, keepdims=True), 1e-9)
    # A photo that is the mean of all has no direction; the cosine of nothing is taken as far from everything.
    distances = np.clip(1 - unit @ unit.T, 0, 2)
    tree = linkage(distances[np.triu_indices(len(unit), 1)], "average")
    groups: Rows = fcluster(tree, ALIKE, "distance").astype(np.intp) - 1
    return groups


def squared_distances(a: Array, b: Array) -> Array:
    """Squared Euclidean distances (n, m) between points (n, F) and (m, F)."""
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None, :] - 2 * a @ b.T
    distances: Array = np.maximum(squares, 0.0)
    return distances


@dataclass(frozen=True, slots=True, eq=False)
class _Space:
    """Rated photos as points, and the covariances of all three parts between them, and between them and known ones."""

    mean: Array
    scale: Array
    points: Array
    reach: float
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
        reach = _usual_distance((reference - mean) * scale)
        near = np.exp(-squared_distances(points, points) / reach)
        centred = (va.astype(np.float64) - 0.5) / USUAL_DEVIATION
        if known is not None:
            known_points = (known.features - mean) * scale
            distances = squared_distances(known_points, points)
            # What was rated and taught alike: there the person's word counts, so it guards nothing.
            others = distances.min(axis=1) > SAME_PHOTO * max(1, points.shape[1])
            known = Known(known.features[others], known.va[others], known.labels[others]) if others.any() else None
            distances = distances[others]
        if known is None:
            return _Space(mean, scale, points, reach, centred, near, None, np.zeros((0, 2)), np.zeros((0, len(va))))
        known_centred = (known.va.astype(np.float64) - 0.5) / USUAL_DEVIATION
        return _Space(mean, scale, points, reach, centred, near, known, known_centred, np.exp(-distances / reach))

    def coefficients(self, strengths: Strengths, rows: Rows, wanted: Array) -> Array:
        """Weights of some rated photos under which their corrections, less the noise of rating, are as wanted."""
        inside = np.ix_(rows, rows)
        covariance = strengths.taste * self.near[inside] + strengths.offset
        covariance += strengths.slope * (self.centred[rows] @ self.centred[rows].T)
        covariance[np.diag_indices(len(rows))] += 1.0
        alpha: Array = np.linalg.solve(covariance, wanted).astype(np.float64)
        return alpha

    def predicted(self, strengths: Strengths, rows: Rows, wanted: Array, at: Rows) -> Array:
        """Corrections of the rated photos `at`, learnt from those of `rows`."""
        alpha = self.coefficients(strengths, rows, wanted)
        parts = strengths.taste * self.near[np.ix_(at, rows)] + strengths.offset
        parts += strengths.slope * (self.centred[at] @ self.centred[rows].T)
        return np.asarray(parts @ alpha, dtype=np.float64)

    def kept(self, strengths: Strengths, rows: Rows, wanted: Array, axis: int) -> float:
        """Share of the correlation with the known labels that is left when learning from `rows`; 1 without any."""
        if self.known is None:
            return 1.0
        alpha = self.coefficients(strengths, rows, wanted)
        parts = strengths.taste * self.known_near[:, rows] + strengths.offset
        parts += strengths.slope * (self.known_centred @ self.centred[rows].T)
        va, labels = self.known.va[:, axis], self.known.labels[:, axis]
        before = pearson_r(va, labels)
        after = pearson_r(np.clip(va + parts @ alpha, 0, 1), labels)
        return after / before if np.isfinite(after) and before > 0 else 1.0

    def correction(self, chosen: tuple[Strengths, Strengths], wanted: Array) -> Correction:
        """The correction learnt from all rated photos."""
        rows = np.arange(len(self.points))
        alpha = np.stack([self.coefficients(chosen[axis], rows, wanted[:, axis]) for axis in range(2)], axis=1)
        offset, slope, taste = (np.array([getattr(s, part) for s in chosen]) for part in ("offset", "slope", "taste"))
        has_taste = bool(taste.any())
        return Correction(
            mean=self.mean,
            scale=self.scale,
            support=self.points if has_taste else self.points[:0],
            weights=alpha * taste if has_taste else alpha[:0],
            reach=self.reach,
            slope=slope * (self.centred.T @ alpha) / USUAL_DEVIATION,
            offset=offset * alpha.sum(axis=0),
        )


def _chosen(space: _Space, rows: Rows, wanted: Array, groups: Rows, *, keep: float) -> tuple[Strengths, Strengths]:
    """Strengths for valence and arousal that predict held-out groups of some rows best and keep what is known."""
    folds = _folds(groups[rows])
    n_folds = int(folds.max()) + 1
    first, second = (_best(space, rows, wanted, folds, n_folds, axis=axis, keep=keep) for axis in range(2))
    return first, second


def _best(space: _Space, rows: Rows, wanted: Array, folds: Rows, n_folds: int, *, axis: int, keep: float) -> Strengths:
    if n_folds < 2:
        return CANDIDATES[0]
    errors: list[float] = []
    for strengths in CANDIDATES:
        error = 0.0
        for fold in range(n_folds):
            seen, held = rows[folds != fold], rows[folds == fold]
            predicted = space.predicted(strengths, seen, wanted[seen, axis], held)
            error += float(np.square(predicted - wanted[held, axis]).sum())
        errors.append(error)
    for _, strengths in sorted(zip(errors, CANDIDATES, strict=True), key=lambda pair: pair[0]):
        if space.kept(strengths, rows, wanted[rows, axis], axis) >= 1 - keep:
            return strengths
    return CANDIDATES[0]


def _folds(groups: Sequence[int] | Rows) -> Rows:
    """Fold of each row; whole groups, and all zero where there are too few to hold any out."""
    names = [str(group) for group in groups]
    n_folds = min(N_FOLDS, len(set(names)))
    return fold_of_rows(names, n_folds=n_folds) if n_folds > 1 else np.zeros(len(names), dtype=np.intp)


def _usual_distance(points: Array) -> float:
    """Median squared distance between points (n, F), at most 1,000 of them, and never 0."""
    points = points[:: -(-len(points) // 1000)]
    distances = squared_distances(points, points)[np.triu_indices(len(points), 1)]
    median = float(np.median(distances)) if len(distances) else 0.0
    return median if median > 0 else float(points.shape[1])
