"""What it costs to choose the next question among many photos: `python tests/bench/bench_asking.py [N_PHOTOS]`.

Also what choosing brings: of people made up (a smooth distortion of what the model says), how far a Gaussian process
is off on the photos not asked for, after 30 ratings chosen by asking and after 30 taken at random.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.asking import NOISE, pairs_to_ask, photos_to_ask

WIDTH, N_KINDS, N_RATED, N_ASKED, N_PEOPLE = 512, 200, 200, 30, 8


def main() -> None:
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    rng = np.random.default_rng(0)
    kinds = rng.standard_normal((N_KINDS, WIDTH)).astype(np.float32)
    points = kinds[rng.integers(0, N_KINDS, n)] + np.float32(0.6) * rng.standard_normal((n, WIDTH)).astype(np.float32)
    va = rng.random((n, 2)).astype(np.float32)
    spread, groups = np.full((n, 2), 0.13, dtype=np.float32), np.arange(n)
    rated = rng.choice(n, N_RATED, replace=False)
    photo_s, pair_s = [], []
    for seed in range(7):
        start = time.perf_counter()
        photos_to_ask(points, spread=spread, groups=groups, rated=rated, seed=seed)
        photo_s.append(time.perf_counter() - start)
        start = time.perf_counter()
        pairs_to_ask(
            points, va, axis=1, spread=spread, groups=groups, asked=np.zeros((0, 2), dtype=np.int64), seed=seed
        )
        pair_s.append(time.perf_counter() - start)
    some = rng.choice(n, 2000, replace=False)
    asked, random = zip(
        *(errors(points[some], np.random.default_rng(person)) for person in range(N_PEOPLE)), strict=True
    )
    print(
        json.dumps(
            {
                "n_photos": n, "n_rated": N_RATED, "photos_s": round(median(photo_s), 3),
                "pairs_s": round(median(pair_s), 3), "rmse_asked": round(float(np.mean(asked)), 4),
                "rmse_random": round(float(np.mean(random)), 4),
            }
        )
    )  # fmt: skip


def errors(points: NDArray[np.float32], rng: np.random.Generator) -> tuple[float, float]:
    """RMSE on the rest after ratings that were asked for, and after as many at random."""
    directions = points / np.linalg.norm(points, axis=1, keepdims=True)
    apart = np.maximum(2 - 2 * (directions @ directions.T).astype(np.float64), 0)
    alike = np.exp(-apart / np.median(apart))
    weights = rng.standard_normal(len(points)) / np.sqrt(len(points))
    truth = alike @ weights
    truth = (truth - truth.mean()) * (0.13 / truth.std())
    spread, groups = np.full((len(points), 2), 0.13, dtype=np.float32), np.arange(len(points))
    asked = np.zeros(0, dtype=np.int64)
    while len(asked) < N_ASKED:
        found = photos_to_ask(points, spread=spread, groups=groups, rated=asked, n_wanted=1, seed=len(asked))
        asked = np.concatenate([asked, found])
    random = rng.choice(len(points), N_ASKED, replace=False)
    return rmse(alike, truth, asked, rng), rmse(alike, truth, random, rng)


def rmse(
    alike: NDArray[np.float64], truth: NDArray[np.float64], rows: NDArray[np.int64], rng: np.random.Generator
) -> float:
    """How far what was learnt of some photos is off on the others."""
    said = truth[rows] + NOISE * rng.standard_normal(len(rows))
    prior = 0.13**2 * alike
    guess = prior[:, rows] @ np.linalg.solve(prior[np.ix_(rows, rows)] + NOISE**2 * np.eye(len(rows)), said)
    rest = np.setdiff1d(np.arange(len(truth)), rows)
    return float(np.sqrt(np.square(guess[rest] - truth[rest]).mean()))


if __name__ == "__main__":
    main()
