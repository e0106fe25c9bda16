"""The most that predictors of a given r can do for matching: perfectly calibrated, with Gaussian errors.

A correlation with the truth bounds what similarity and retrieval can be. Beside this ceiling a model's own figures tell
whether its matching wastes what its branches know, or whether the branches are what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainer.metrics import top_k_mean

Array = NDArray[np.float64]

Measured = tuple[Array, Array]
"""Measured VA (n, 2), and the deviation (2,) of its errors."""

N_SIMULATIONS: Final = 16
"""Made-up sets of predictions; their mean is the ceiling."""

N_DRAWS: Final = 64
"""Differences of two errors that stand for all, of labels taken as normally distributed."""

MAX_R: Final = 0.9999


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What calibrated predictors of the same r reach: MSE of similarity below its variance, and the gap closed.

    `gaussian_mse_below_constant_percent` is of predictors that take the labels as normally distributed, as a linear
    calibration does; the other two know how they are distributed.
    """

    mse_below_constant_percent: float
    gap_closed_percent: float
    gaussian_mse_below_constant_percent: float


def calibrated_ceiling(
    photo_va: ArrayLike,
    song_va: ArrayLike,
    *,
    photo_r: ArrayLike,
    song_r: ArrayLike,
    photo_prior: ArrayLike,
    song_prior: ArrayLike,
    sigma: float,
    k: int,
    seed: int = 0,
) -> Ceiling:
    """Simulate measurements of true VA (n, 2) and (m, 2) with Gaussian errors, of correlations (2,) with the truth.

    The similarity given a measurement is its expectation over the labels that a calibration may know (the priors: those
    of the training split), each as probable as the measurement makes it: no calibration can better that. NaN and
    negative correlations count as 0.
    """
    rng = np.random.default_rng(seed)
    photos, songs = np.asarray(photo_va, dtype=np.float64), np.asarray(song_va, dtype=np.float64)
    photo_labels, song_labels = np.asarray(photo_prior, dtype=np.float64), np.asarray(song_prior, dtype=np.float64)
    truth, of_labels = _similarity(photos, songs, sigma), _similarity(photo_labels, song_labels, sigma)
    random = float(truth.mean())
    gap = float(top_k_mean(truth, truth, k=k).mean()) - random
    below, closed, gaussian = [], [], []
    for _ in range(N_SIMULATIONS):
        photo, song = measured(photos, photo_r, rng), measured(songs, song_r, rng)
        expected = posterior(*photo, photo_labels) @ of_labels @ posterior(*song, song_labels).T
        below.append(_below(expected, truth))
        gaussian.append(_below(_of_normal(photo, photo_labels, song, song_labels, sigma, rng), truth))
        # With no more than k photos every order is as good as any.
        closed.append((float(top_k_mean(expected, truth, k=k).mean()) - random) / gap if gap > 1e-9 else float("nan"))
    return Ceiling(100 * float(np.mean(below)), 100 * float(np.mean(closed)), 100 * float(np.mean(gaussian)))


def measured(va: Array, r: ArrayLike, rng: np.random.Generator) -> Measured:
    """True VA (n, 2) with errors, so that it has correlations r (2,) with the truth; and the errors' deviation (2,)."""
    known = np.clip(np.nan_to_num(np.asarray(r, dtype=np.float64)), 1 - MAX_R, MAX_R)
    error = va.std(axis=0) * np.sqrt(1 - known**2) / known
    return va + error * rng.standard_normal(va.shape), error


def posterior(measurement: Array, error: Array, labels: Array) -> Array:
    """How probable labels (m, 2) are for measurements (n, 2) with errors of a deviation (2,): (n, m), rows sum to 1."""
    exponent = -0.5 * np.square((measurement[:, None] - labels[None]) / error).sum(axis=2)
    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    probable: Array = weights / weights.sum(axis=1, keepdims=True)
    return probable


def _of_normal(
    photo: Measured, photo_labels: Array, song: Measured, song_labels: Array, sigma: float, rng: np.random.Generator
) -> Array:
    """Similarity to expect (n, m) where labels are normally distributed: the mean over what each may be."""
    (photo_va, photo_error), (song_va, song_error) = _shrunken(photo, photo_labels), _shrunken(song, song_labels)
    draws = rng.standard_normal((N_DRAWS // 2, 2)) * np.sqrt(photo_error**2 + song_error**2)
    total = np.zeros((len(photo_va), len(song_va)))
    for draw in np.concatenate([draws, -draws]):
        total += _similarity(photo_va + draw, song_va, sigma)
    return total / N_DRAWS


def _shrunken(measurement: Measured, labels: Array) -> Measured:
    """What is to be expected of measurements (n, 2), and its own error, where labels are normally distributed."""
    va, error = measurement
    share = labels.var(axis=0) / (labels.var(axis=0) + error**2)
    return labels.mean(axis=0) + share * (va - labels.mean(axis=0)), error * np.sqrt(share)


def _below(expected: Array, truth: Array) -> float:
    variance = float(truth.var())
    return 1 - float(np.mean((expected - truth) ** 2)) / variance if variance > 0 else float("nan")


def _similarity(photo_va: Array, song_va: Array, sigma: float) -> Array:
    """Eq. 1 of all pairs."""
    apart = photo_va[:, None] - song_va[None]
    similarity: Array = np.exp(-np.sqrt(np.square(apart).sum(axis=2)) / sigma)
    return similarity
