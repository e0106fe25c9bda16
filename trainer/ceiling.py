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

N_SIMULATIONS: Final = 16
"""Made-up sets of predictions; their mean is the ceiling."""

MAX_R: Final = 0.9999


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What calibrated predictors of the same r reach: MSE of similarity below its variance, and the gap closed."""

    mse_below_constant_percent: float
    gap_closed_percent: float


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

    The similarity given a measurement is its expectation over the labels of a whole corpus (the priors), each as
    probable as the measurement makes it: no calibration can better that. NaN and negative correlations count as 0.
    """
    rng = np.random.default_rng(seed)
    photos, songs = np.asarray(photo_va, dtype=np.float64), np.asarray(song_va, dtype=np.float64)
    photo_labels, song_labels = np.asarray(photo_prior, dtype=np.float64), np.asarray(song_prior, dtype=np.float64)
    truth, of_labels = _similarity(photos, songs, sigma), _similarity(photo_labels, song_labels, sigma)
    random, variance = float(truth.mean()), float(truth.var())
    gap = float(top_k_mean(truth, truth, k=k).mean()) - random
    below, closed = [], []
    for _ in range(N_SIMULATIONS):
        expected = (
            posterior(photos, photo_r, photo_labels, rng) @ of_labels @ posterior(songs, song_r, song_labels, rng).T
        )
        error = float(np.mean((expected - truth) ** 2))
        below.append(1 - error / variance if variance > 0 else float("nan"))
        # With no more than k photos every order is as good as any.
        closed.append((float(top_k_mean(expected, truth, k=k).mean()) - random) / gap if gap > 1e-9 else float("nan"))
    return Ceiling(100 * float(np.mean(below)), 100 * float(np.mean(closed)))


def posterior(va: Array, r: ArrayLike, labels: Array, rng: np.random.Generator) -> Array:
    """How probable labels (m, 2) are for items (n, 2) that are measured with an error: (n, m), rows sum to 1.

    The measurement has correlations r (2,) with the truth.
    """
    known = np.clip(np.nan_to_num(np.asarray(r, dtype=np.float64)), 1 - MAX_R, MAX_R)
    error = va.std(axis=0) * np.sqrt(1 - known**2) / known
    measured = va + error * rng.standard_normal(va.shape)
    exponent = -0.5 * np.square((measured[:, None] - labels[None]) / error).sum(axis=2)
    weights = np.exp(exponent - exponent.max(axis=1, keepdims=True))
    probable: Array = weights / weights.sum(axis=1, keepdims=True)
    return probable


def _similarity(photo_va: Array, song_va: Array, sigma: float) -> Array:
    """Eq. 1 of all pairs."""
    apart = photo_va[:, None] - song_va[None]
    similarity: Array = np.exp(-np.sqrt(np.square(apart).sum(axis=2)) / sigma)
    return similarity
