"""What a person has said, as measurements of a correction: ratings of photos, and answers to which of two has more.

A rating measures the correction of one photo, an answer the difference between two. An answer is no number: it is
turned into one, with the noise it then has, by matching the moments of what is believed after it (expectation
propagation), so that ratings and answers are learnt together in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

RATING_SD: Final = 0.1
"""How far two ratings of one photo by one person lie apart: the unit in which corrections are learnt."""

ANSWER_SD: Final = 1.0
"""In that unit, how far an answer may err: two photos side by side are told apart as well as one is rated."""

SAME_WITHIN: Final = 0.5
"""In that unit, what is called the same: a twentieth of the scale."""

SWEEPS: Final = 12
DAMPING: Final = 0.7
LEAST_PRECISION: Final = 1e-4

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(33)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Which of two photos has more valence or arousal: row i compares photos first[i] and second[i] (m,).

    axis (m,) is 0 for valence and 1 for arousal; more (m,) is 1 where the first has more, -1 where the second has, 0
    where they were called the same.
    """

    first: Rows
    second: Rows
    axis: Rows
    more: Rows

    def __len__(self) -> int:
        return len(self.first)

    def of_axis(self, axis: int) -> Answers:
        """The answers about valence (0) or arousal (1)."""
        return self.take(np.flatnonzero(self.axis == axis))

    def take(self, rows: Rows) -> Answers:
        """Some of the answers."""
        return Answers(self.first[rows], self.second[rows], self.axis[rows], self.more[rows])


NO_ANSWERS: Final = Answers(*(np.zeros(0, dtype=np.intp) for _ in range(4)))


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """What is known of one dimension's correction, in units of RATING_SD: the ratings, then the answers.

    Row i of `design` (k, P) says which photos it is about; `wanted` (n,) are the ratings' corrections, `gap` (m,) how
    much more the bundle itself gives the first photo of each answer, `more` (m,) what was answered.
    """

    design: Array
    wanted: Array
    gap: Array
    more: Rows

    @staticmethod
    def of(va: Array, ratings: Array, answers: Answers) -> Measurements:
        """Those of photos with the bundle's own values va (P,), of which the first n are rated, ratings (n,)."""
        n, m = len(ratings), len(answers)
        design = np.zeros((n + m, len(va)))
        design[np.arange(n), np.arange(n)] = 1.0
        design[n + np.arange(m), answers.first] += 1.0
        design[n + np.arange(m), answers.second] -= 1.0
        gap = (va[answers.first] - va[answers.second]) / RATING_SD
        return Measurements(design, (ratings - va[:n]) / RATING_SD, gap, answers.more)

    def __len__(self) -> int:
        return len(self.design)

    def take(self, rows: Rows) -> Measurements:
        """Some of the measurements, rows ascending."""
        n = len(self.wanted)
        rated, answered = rows[rows < n], rows[rows >= n] - n
        return Measurements(self.design[rows], self.wanted[rated], self.gap[answered], self.more[answered])

    def touching(self, is_held: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which measurements are about any of some photos (P,)."""
        return np.asarray((self.design[:, is_held] != 0).any(axis=1))

    def as_numbers(self, covariance: Array, *, sweeps: int = SWEEPS) -> tuple[Array, Array]:
        """Values (k,) and noise variances (k,) that stand for all measurements, under a prior covariance (k, k).

        One sweep looks at each answer alone; more of them at what all together say.
        """
        n, m = len(self.wanted), len(self.gap)
        precision, shift = np.zeros(m), np.zeros(m)
        for sweep in range(sweeps if m else 0):
            if sweep == 0:
                mean, variance = np.zeros(m), np.diag(covariance)[n:].copy()
            else:
                mean, variance = _posterior(covariance, precision, self.wanted, shift)
            cavity = np.maximum(1 / np.maximum(variance, 1e-9) - precision, 1e-9)
            middle = (mean / np.maximum(variance, 1e-9) - shift) / cavity
            after_mean, after_variance = _after_answer(middle + self.gap, 1 / cavity, self.more)
            new_precision = np.maximum(1 / after_variance - cavity, LEAST_PRECISION)
            new_shift = (after_mean - self.gap) * (cavity + new_precision) - middle * cavity
            share = 1.0 if sweep == 0 else DAMPING
            precision = precision + share * (new_precision - precision)
            shift = shift + share * (new_shift - shift)
        found = shift / np.maximum(precision, LEAST_PRECISION)
        noise = 1 / np.maximum(precision, LEAST_PRECISION)
        return np.concatenate([self.wanted, found]), np.concatenate([np.ones(n), noise])

    def loss(self, predicted: Array) -> float:
        """Half squared errors of ratings and negative log probabilities of answers, summed; predicted (k,)."""
        n = len(self.wanted)
        errors = 0.5 * np.square(predicted[:n] - self.wanted).sum()
        return float(errors - np.log(_probability(predicted[n:] + self.gap, self.more)).sum())


def _posterior(covariance: Array, precision: Array, wanted: Array, shift: Array) -> tuple[Array, Array]:
    """Mean and variance (m,) of the answers' differences, given the ratings and the answers as they stand for now."""
    n = len(wanted)
    root = np.sqrt(np.concatenate([np.ones(n), precision]))
    inner = np.eye(len(root)) + root[:, None] * covariance * root
    after = covariance - (covariance * root) @ np.linalg.solve(inner, root[:, None] * covariance)
    mean = after @ np.concatenate([wanted, shift])
    return np.asarray(mean[n:]), np.asarray(np.diag(after)[n:])


def _after_answer(mean: Array, variance: Array, more: Rows) -> tuple[Array, Array]:
    """Mean and variance (m,) of differences that were believed to be normal, after the answers."""
    deviation = np.sqrt(variance)
    points = mean[:, None] + deviation[:, None] * _NODES
    weights = _WEIGHTS * _probability(points, more[:, None])
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-300)
    after = (weights * points).sum(axis=1)
    spread = (weights * np.square(points - after[:, None])).sum(axis=1)
    # An answer never leaves one less sure than before; by quadrature it might, by a rounding.
    return after, np.clip(spread, 1e-6, variance * (1 - 1e-6))


def _probability(difference: Array, more: Rows) -> Array:
    """Probability of answers, given how much more the first photo really has."""
    first = ndtr((difference - SAME_WITHIN) / ANSWER_SD)
    second = ndtr((-difference - SAME_WITHIN) / ANSWER_SD)
    chosen = np.where(more > 0, first, np.where(more < 0, second, 1 - first - second))
    return np.asarray(np.maximum(chosen, 1e-12), dtype=np.float64)
