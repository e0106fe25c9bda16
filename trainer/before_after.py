"""Two predictions of the same labels compared, figure by figure, each with its bootstrap interval over groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.emotion import FloatArray
from trainer.metrics import N_RESAMPLES, Interval, correlation_of_means, interval_of, share_better

DIMENSIONS: Final = ("valence", "arousal")


@dataclass(frozen=True, slots=True)
class Change:
    """A figure before and after, each with its interval, and how probable it is that it became better."""

    before: Interval
    after: Interval
    p_better: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """How well a set of photos is predicted before and after, by figure.

    Figures: mse and mae, of valence and arousal together; valence_mse, valence_r (correlation), valence_ccc (Lin's
    concordance, which also minds level and scale), the same of arousal; mean_r and mean_ccc, means of both.
    """

    n_photos: int
    n_groups: int
    figures: dict[str, Change]


def compare(
    before: FloatArray,
    after: FloatArray,
    labels: FloatArray,
    groups: Sequence[int | str],
    *,
    n_resamples: int = N_RESAMPLES,
) -> Comparison:
    """Score two predictions (n, 2) of the same labels (n, 2); the same resamples of whole groups serve all figures."""
    names, index = np.unique(np.array([str(group) for group in groups]), return_inverse=True)
    drawn = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=n_resamples)
    counts = np.concatenate([np.ones((1, len(names))), drawn]).astype(np.float64)
    sizes = counts @ np.bincount(index).astype(np.float64)

    def means(values: ArrayLike) -> NDArray[np.float64]:
        sums = np.bincount(index, weights=np.asarray(values, dtype=np.float64))
        return np.asarray(counts @ sums / sizes, dtype=np.float64)

    def scores(predicted: FloatArray) -> dict[str, NDArray[np.float64]]:
        found = {"mse": np.zeros(1 + n_resamples), "mae": np.zeros(1 + n_resamples)}
        for axis, name in enumerate(DIMENSIONS):
            p, t = predicted[:, axis].astype(np.float64), labels[:, axis].astype(np.float64)
            found[f"{name}_mse"] = means((p - t) ** 2)
            found["mse"] = found["mse"] + found[f"{name}_mse"]
            found["mae"] = found["mae"] + means(np.abs(p - t))
            # About their means, since the difference of large squares would cost digits.
            apart = p.mean() - t.mean()
            p, t = p - p.mean(), t - t.mean()
            of_pairs = [means(values) for values in (p, t, p * p, t * t, p * t)]
            found[f"{name}_r"] = correlation_of_means(np.stack(of_pairs, axis=1))
            found[f"{name}_ccc"] = _concordance(np.stack(of_pairs, axis=1), apart)
        for kind in ("r", "ccc"):
            found[f"mean_{kind}"] = (found[f"valence_{kind}"] + found[f"arousal_{kind}"]) / 2
        return found

    was, now = scores(before), scores(after)
    figures = {
        name: Change(interval_of(was[name]), interval_of(now[name]), _p_better(name, now[name], was[name]))
        for name in was
    }
    return Comparison(len(labels), len(names), figures)


def _p_better(name: str, now: NDArray[np.float64], was: NDArray[np.float64]) -> float:
    """Share of resamples in which a figure became better: a correlation larger, an error smaller; ties count half."""
    return share_better(now, was) if name.endswith(("_r", "_ccc")) else share_better(-now, -was)


def _concordance(means: NDArray[np.float64], apart: float) -> NDArray[np.float64]:
    """Lin's concordance (n,) from means (n, 5) of x, y, x^2, y^2, xy; the true x lies higher than this by `apart`."""
    x, y, xx, yy, xy = means.T
    scale = xx - x**2 + yy - y**2 + (x + apart - y) ** 2
    ccc: NDArray[np.float64] = np.divide(2 * (xy - x * y), scale, out=np.full_like(scale, np.nan), where=scale > 0)
    return ccc


def without_nan(value: Any) -> Any:
    """Values for JSON: a number that is none becomes null."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
