"""Predictors that keep an evaluation honest: ridge on frozen features, deaf to the music or blind to the photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.pairs import fold_of_rows

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

PENALTIES: Final = tuple(float(10**power) for power in np.arange(0.0, 6.1, 0.5))
"""Ridge penalties to choose from, for standardised features: from nearly none to nearly the mean alone."""

N_FOLDS: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class OneSided:
    """What a predictor that sees only photos, or only songs, may look at: the items' features and their groups.

    `views` are alternatives, each (n, width); the one that predicts best on items it was not fitted on is used.
    """

    views: Sequence[Array]
    groups: Sequence[str]

    def take(self, rows: Rows) -> OneSided:
        """The items of some rows."""
        return OneSided([view[rows] for view in self.views], [self.groups[row] for row in rows])


def va_view(va: ArrayLike) -> Array:
    """Predicted VA (n, 2) with squares, product and cubes, (n, 7): lets ridge bend a similarity that peaks inside."""
    v, a = np.asarray(va, dtype=np.float64).T - 0.5
    return np.stack([v, a, v * v, a * a, v * a, v**3, a**3], axis=1)


def ridge(x: Array, y: Array, x_new: Array, *, penalties: Sequence[float] = PENALTIES) -> Array:
    """Ridge predictions (n_penalties, n_new) for x_new (n_new, width), fitted on x (n, width) and y (n,).

    Features are standardised by x; the mean is not penalised. A penalty of p adds p |w|^2 to the sum of squares.
    """
    mean, std = x.mean(axis=0), x.std(axis=0)
    std = np.where(std > 0, std, 1)
    u, s, vt = np.linalg.svd((x - mean) / std, full_matrices=False)
    projected = ((x_new - mean) / std) @ vt.T
    shrunken = np.stack([s / (s**2 + penalty) for penalty in penalties])  # (n_penalties, rank)
    predicted: Array = (shrunken * (u.T @ (y - y.mean()))) @ projected.T + y.mean()
    return predicted


def predict_one_sided(
    known: OneSided, target: Array, new: OneSided, *, validation: OneSided | None = None, truth: Array | None = None
) -> Array:
    """Predict a target (n_new,) for new items from one side alone, fitted on known items with their target (n,).

    The view and the penalty are chosen on `validation` items with their `truth`, or where there are none by folds of
    the known items' groups. Never looks at the new items' truth. Too few groups: the known mean.
    """
    best: tuple[float, Array] | None = None
    for i, (view, view_new) in enumerate(zip(known.views, new.views, strict=True)):
        if validation is not None and truth is not None:
            errors = _errors(ridge(view, target, validation.views[i]), truth).mean(axis=1)
        else:
            folds = _folds(known.groups)
            if folds is None:
                break
            parts = []
            for fold in range(int(folds.max()) + 1):
                fit, held = folds != fold, folds == fold
                parts.append(_errors(ridge(view[fit], target[fit], view[held]), target[held]))
            errors = np.concatenate(parts, axis=1).mean(axis=1)
        penalty = int(np.argmin(errors))
        if best is None or errors[penalty] < best[0]:
            best = (float(errors[penalty]), ridge(view, target, view_new, penalties=[PENALTIES[penalty]])[0])
    if best is None:
        return np.full(len(new.groups), target.mean())
    return best[1]


def cross_predict_one_sided(items: OneSided, target: Array) -> Array:
    """Predict a target (n,) of each item from the items of other folds: for collections that are all new to a model."""
    folds = _folds(items.groups)
    if folds is None:
        return np.full(len(target), target.mean())
    predicted = np.empty(len(target))
    for fold in range(int(folds.max()) + 1):
        fit, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        predicted[held] = predict_one_sided(items.take(fit), target[fit], items.take(held))
    return predicted


def _errors(predicted: Array, truth: Array) -> Array:
    errors: Array = (predicted - truth) ** 2
    return errors


def _folds(groups: Sequence[str]) -> Rows | None:
    """Fold of each item, or None where there are too few groups to hold any out."""
    n_folds = min(N_FOLDS, len(set(groups)))
    return fold_of_rows(groups, n_folds=n_folds) if n_folds > 1 else None
