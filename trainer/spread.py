"""How far the truth lies from what is predicted of a photo, fitted to predictions of photos that were held out.

The result is what `engine.doubt` reads from a bundle's manifest: the standard deviations of valence and arousal at each
place of the plane.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from engine.bundle import SpreadLines
from engine.doubt import LEAST_SPREAD, RADIUS_68, spread_at
from engine.emotion import FloatArray

PENALTY: Final = 2.0
"""On the squared slopes: a few hundred photos must not make the doubt at the plane's corners a wild guess."""

DIGITS: Final = 4


def fit_spread(predicted: FloatArray, true: FloatArray) -> SpreadLines:
    """Fit the lines to held-out predictions and labels (n, 2): those under which the errors were most probable.

    The logarithm of a deviation is linear in the predicted place, so that no deviation can become negative.
    """
    place = np.concatenate([np.ones((len(predicted), 1)), predicted.astype(np.float64) - 0.5], axis=1)
    lines = []
    for axis in range(2):
        # No label is known more exactly: predictions that fit to the digit would have no spread at all.
        squares = np.maximum(np.square(true[:, axis].astype(np.float64) - predicted[:, axis]), LEAST_SPREAD**2)

        def surprise(line: NDArray[np.float64], squares: NDArray[np.float64] = squares) -> float:
            logs = np.clip(place @ line, -10.0, 10.0)
            return float((logs + 0.5 * squares * np.exp(-2 * logs)).sum() + PENALTY * np.square(line[1:]).sum())

        start = np.array([0.5 * np.log(max(float(squares.mean()), 1e-6)), 0.0, 0.0])
        found = minimize(surprise, start, method="L-BFGS-B").x
        lines.append((round(float(found[0]), DIGITS), round(float(found[1]), DIGITS), round(float(found[2]), DIGITS)))
    return lines[0], lines[1]


def covered(spread: FloatArray, predicted: FloatArray, true: FloatArray) -> NDArray[np.bool_]:
    """Which labels (n, 2) lie within the ellipse about what is predicted that should hold 68 % of them."""
    return np.asarray(np.square((true - predicted) / spread).sum(axis=1) <= RADIUS_68**2)


def cross_coverage(predicted: FloatArray, true: FloatArray, fold: NDArray[np.intp]) -> float:
    """Share of labels within ellipses that were fitted to the other folds; fold (n,)."""
    found = np.zeros(len(true), dtype=bool)
    for number in np.unique(fold):
        held = fold == number
        lines = fit_spread(predicted[~held], true[~held])
        found[held] = covered(spread_at(lines, predicted[held]), predicted[held], true[held])
    return float(found.mean())
