"""What to ask a person next: the photo whose rating would teach most, and the pair that is worth comparing.

What a rating teaches is taken as a Gaussian process, as in retraining: photos that look alike to the model share what
is learnt of one of them. A photo is worth asking for where the model is unsure, where nothing like it was rated yet,
and where many others are like it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.special import ndtr

from engine.emotion import FloatArray

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]

N_CANDIDATES: Final = 320
"""Photos that are weighed against each other: drawn anew each time, so that the questions vary."""

N_OTHERS: Final = 512
"""Photos that stand for all that a rating could teach about."""

MAX_TAUGHT: Final = 300
"""The latest ratings that are reckoned with; more would only make the answer slower."""

N_PAIRED: Final = 256
"""Photos among which pairs are sought: 33,000 pairs."""

NOISE: Final = 0.1
"""How far two ratings of one photo by one person lie apart, as a standard deviation on [0, 1]."""

SHARED: Final = 0.15
"""Share of a person's difference from the model that is the same for all photos: how they use the scale."""

TIRED: Final = 0.5
"""A photo that was in a pair before is worth so much of a fresh one, each time again."""


def photos_to_ask(
    embeddings: FloatArray,
    *,
    spread: FloatArray,
    groups: Rows,
    rated: Rows,
    left_out: Mask | None = None,
    n_wanted: int = 4,
    seed: int = 0,
) -> Rows:
    """Rows of up to n_wanted photos to ask for, the one that teaches most first, each as if those before were answered.

    embeddings (n, d) and spread (n, 2), the standard deviation of the truth about what the model says; groups (n,) of
    siblings, of which one answer is enough; rated (k,) rows in the order they were rated; left_out (n,) are not asked
    for. The same seed gives the same answer. Empty where nothing is left to ask. 0.1 s for 50,000 photos.
    """
    rng = np.random.default_rng(seed)
    may = np.ones(len(embeddings), dtype=bool) if left_out is None else ~left_out
    may &= ~np.isin(groups, groups[rated])
    candidates = _drawn(rng, np.flatnonzero(may), N_CANDIDATES)
    if not len(candidates):
        return candidates
    others = _drawn(rng, np.arange(len(embeddings)), N_OTHERS)
    taught = rated[-MAX_TAUGHT:]
    space = _Space(embeddings, spread.mean(axis=1), reach_from=others)
    # Candidates and others side by side: both are conditioned on what is known already.
    about = space.covariance(others, candidates)
    own = space.variance(candidates)
    among = space.covariance(candidates, candidates)
    if len(taught):
        factor = cho_factor(space.covariance(taught, taught) + NOISE**2 * np.eye(len(taught)), lower=True)
        seen = space.covariance(taught, candidates)
        weights = cho_solve(factor, seen)
        about -= space.covariance(taught, others).T @ weights
        among -= seen.T @ weights
        own -= np.einsum("ij,ij->j", seen, weights)
    found: list[int] = []
    is_open = np.ones(len(candidates), dtype=bool)
    while len(found) < n_wanted and is_open.any():
        noisy = np.maximum(own, 0.0) + NOISE**2
        gain = np.where(is_open, np.square(about).sum(axis=0) / noisy, -1.0)
        best = int(gain.argmax())
        found.append(int(candidates[best]))
        is_open &= groups[candidates] != groups[candidates[best]]
        known = among[best].copy()
        about -= np.outer(about[:, best], known / noisy[best])
        among -= np.outer(known, known / noisy[best])
        own -= np.square(known) / noisy[best]
    return np.array(found, dtype=np.int64)


def pairs_to_ask(
    embeddings: FloatArray,
    va: FloatArray,
    *,
    axis: int,
    spread: FloatArray,
    groups: Rows,
    asked: Rows,
    left_out: Mask | None = None,
    n_wanted: int = 4,
    seed: int = 0,
) -> Rows:
    """Pairs (k, 2) of rows to compare along an axis (0 valence, 1 arousal), the best first, no photo in two of them.

    A pair is worth asking for where the model expects little difference beside its spread (n, 2), for two photos that
    are unlike each other. asked (m, 2) are pairs that were asked before: they do not come again, and their photos only
    where nothing better is there. The same seed gives the same answer. Empty where there is no pair.
    """
    rng = np.random.default_rng(seed)
    may = np.ones(len(embeddings), dtype=bool) if left_out is None else ~left_out
    rows = _drawn(rng, np.flatnonzero(may), N_PAIRED)
    none = np.zeros((0, 2), dtype=np.int64)
    if len(rows) < 2:
        return none
    space = _Space(embeddings, spread[:, axis], reach_from=rows)
    variance, shared = space.variance(rows), space.covariance(rows, rows)
    unsure = np.maximum(variance[:, None] + variance[None, :] - 2 * shared, 0.0)
    gap = va[rows, axis][:, None] - va[rows, axis][None, :]
    chance = ndtr(gap / np.sqrt(unsure + NOISE**2))
    worth = 4 * chance * (1 - chance) * unsure / (unsure + NOISE**2)
    n_shown = np.bincount(asked.ravel(), minlength=len(embeddings))[rows] if len(asked) else np.zeros(len(rows))
    worth *= TIRED ** (n_shown[:, None] + n_shown[None, :])
    worth[groups[rows][:, None] == groups[rows][None, :]] = -1.0
    place = np.full(len(embeddings), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    if len(asked):
        known = place[asked]
        known = known[(known >= 0).all(axis=1)]
        worth[known[:, 0], known[:, 1]] = worth[known[:, 1], known[:, 0]] = -1.0
    found: list[tuple[int, int]] = []
    while len(found) < n_wanted:
        first, second = np.unravel_index(int(worth.argmax()), worth.shape)
        if worth[first, second] < 0:
            break
        pair = (int(rows[first]), int(rows[second]))
        found.append(pair if rng.random() < 0.5 else pair[::-1])
        worth[[first, second], :] = worth[:, [first, second]] = -1.0
    return np.array(found, dtype=np.int64) if found else none


def _drawn(rng: np.random.Generator, rows: Rows, n: int) -> Rows:
    """Draw up to n of some rows, in ascending order."""
    if len(rows) <= n:
        return rows.astype(np.int64)
    return np.sort(rng.choice(rows, size=n, replace=False)).astype(np.int64)


class _Space:
    """How much photos have to do with each other: the more, the nearer their embeddings, scaled by their spread."""

    def __init__(self, embeddings: FloatArray, spread: FloatArray, *, reach_from: Rows) -> None:
        """reach_from are rows whose usual distance says what is near."""
        self._embeddings, self._spread = embeddings, spread.astype(np.float64)
        usual = self._distances(reach_from, reach_from)
        self._reach = max(float(np.median(usual)), 1e-9)

    def _points(self, rows: Rows) -> FloatArray:
        points = self._embeddings[rows]
        lengths = np.sqrt(np.einsum("ij,ij->i", points, points))
        directions: FloatArray = points / np.maximum(lengths, 1e-12)[:, None]
        return directions

    def _distances(self, a: Rows, b: Rows) -> NDArray[np.float64]:
        """Squared distances (n, m) of directions, in [0, 4]."""
        return np.maximum(2.0 - 2.0 * (self._points(a) @ self._points(b).T).astype(np.float64), 0.0)

    def variance(self, rows: Rows) -> NDArray[np.float64]:
        """How unsure the model is of each photo (n,)."""
        return np.square(self._spread[rows])

    def covariance(self, a: Rows, b: Rows) -> NDArray[np.float64]:
        """What one photo's rating says of another (n, m)."""
        alike = SHARED + (1 - SHARED) * np.exp(-self._distances(a, b) / self._reach)
        return alike * self._spread[a][:, None] * self._spread[b][None, :]
