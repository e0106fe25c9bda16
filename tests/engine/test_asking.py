"""What is asked next: against the definition written out, and the laws of a good question."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.asking import NOISE, SHARED, pairs_to_ask, photos_to_ask
from engine.emotion import FloatArray

N, WIDTH = 60, 16
NOTHING = np.zeros(0, dtype=np.int64)
NO_PAIRS = np.zeros((0, 2), dtype=np.int64)


@pytest.fixture
def embeddings() -> FloatArray:
    """Six kinds of photos, ten of each."""
    rng = np.random.default_rng(5)
    kinds = rng.standard_normal((6, WIDTH))
    return (np.repeat(kinds, N // 6, axis=0) + 0.4 * rng.standard_normal((N, WIDTH))).astype(np.float32)


def even(value: float = 0.12) -> FloatArray:
    return np.full((N, 2), value, dtype=np.float32)


def gain_by_definition(embeddings: FloatArray, spread: FloatArray, rated: list[int]) -> NDArray[np.float64]:
    """What each photo's rating would take from the variance of all, by plain Gaussian conditioning."""
    points = embeddings.astype(np.float64)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    apart = np.square(points[:, None] - points[None, :]).sum(axis=2)
    sd = spread.mean(axis=1).astype(np.float64)
    prior = (SHARED + (1 - SHARED) * np.exp(-apart / np.median(apart))) * np.outer(sd, sd)

    def known(rows: list[int]) -> NDArray[np.float64]:
        if not rows:
            return prior
        noisy = prior[np.ix_(rows, rows)] + NOISE**2 * np.eye(len(rows))
        return prior - prior[:, rows] @ np.linalg.inv(noisy) @ prior[rows]

    before = np.trace(known(rated))
    return np.array([before - np.trace(known([*rated, row])) for row in range(len(embeddings))])


@pytest.mark.parametrize("rated", [[], [3], [3, 17, 41, 55]])
def test_the_first_photo_is_the_one_that_teaches_most(embeddings: FloatArray, rated: list[int]) -> None:
    spread = even() + np.linspace(0, 0.05, N, dtype=np.float32)[:, None]
    gains = gain_by_definition(embeddings, spread, rated)
    gains[rated] = -1
    found = photos_to_ask(embeddings, spread=spread, groups=np.arange(N), rated=np.array(rated, dtype=np.int64))
    assert found[0] == gains.argmax()


def test_each_photo_is_chosen_as_if_those_before_were_answered(embeddings: FloatArray) -> None:
    found = photos_to_ask(embeddings, spread=even(), groups=np.arange(N), rated=NOTHING, n_wanted=5)
    for count in range(1, 5):
        gains = gain_by_definition(embeddings, even(), found[:count].tolist())
        gains[found[:count]] = -1
        assert gains[found[count]] == pytest.approx(gains.max(), rel=1e-6)
    assert len({int(row) // 10 for row in found}) == 5  # of another kind each


def test_unsure_photos_come_first(embeddings: FloatArray) -> None:
    spread = even(0.05)
    spread[[7, 23]] = 0.3
    found = photos_to_ask(embeddings, spread=spread, groups=np.arange(N), rated=NOTHING, n_wanted=2)
    assert set(found.tolist()) == {7, 23}


def test_siblings_of_what_was_rated_are_not_asked_for(embeddings: FloatArray) -> None:
    groups = np.arange(N) // 10
    found = photos_to_ask(embeddings, spread=even(), groups=groups, rated=np.array([4, 15]), n_wanted=20)
    assert sorted((found // 10).tolist()) == [2, 3, 4, 5]  # one of each kind that is left


def test_what_is_left_out_is_not_asked_for(embeddings: FloatArray) -> None:
    left_out = np.arange(N) >= 3
    found = photos_to_ask(embeddings, spread=even(), groups=np.arange(N), rated=NOTHING, left_out=left_out)
    assert sorted(found.tolist()) == [0, 1, 2]
    everything = np.ones(N, dtype=bool)
    nothing = photos_to_ask(embeddings, spread=even(), groups=np.arange(N), rated=NOTHING, left_out=everything)
    assert not len(nothing)
    assert not len(pairs_to_ask(
        embeddings, even(0.5), axis=0, spread=even(), groups=np.arange(N), asked=NO_PAIRS, left_out=everything
    ))  # fmt: skip


def test_the_same_seed_gives_the_same_questions() -> None:
    rng = np.random.default_rng(2)
    many = rng.standard_normal((3000, WIDTH)).astype(np.float32)
    va, spread = rng.random((3000, 2)).astype(np.float32), np.full((3000, 2), 0.1, dtype=np.float32)
    groups, rated = np.arange(3000), np.arange(0, 3000, 7)

    def photos(seed: int) -> list[int]:
        return photos_to_ask(many, spread=spread, groups=groups, rated=rated, seed=seed).tolist()

    def pairs(seed: int) -> list[list[int]]:
        return pairs_to_ask(many, va, axis=1, spread=spread, groups=groups, asked=NO_PAIRS, seed=seed).tolist()

    assert photos(3) == photos(3) != photos(4)
    assert pairs(3) == pairs(3) != pairs(4)
    assert not set(photos(3)) & set(rated.tolist())


def test_pairs_are_close_on_what_is_asked_and_unlike_in_content(embeddings: FloatArray) -> None:
    rng = np.random.default_rng(1)
    va = rng.random((N, 2)).astype(np.float32)
    for axis in range(2):
        found = pairs_to_ask(embeddings, va, axis=axis, spread=even(), groups=np.arange(N), asked=NO_PAIRS, n_wanted=8)
        assert len(found) == 8
        assert len(set(found.ravel().tolist())) == 16  # no photo twice
        gaps = np.abs(va[found[:, 0], axis] - va[found[:, 1], axis])
        assert gaps.max() < 0.1
        assert (found[:, 0] // 10 != found[:, 1] // 10).all()


def test_a_pair_is_asked_once_and_its_photos_come_later() -> None:
    line = np.eye(4, WIDTH, dtype=np.float32)
    va = np.array([[0.5, 0.5], [0.5, 0.5], [0.5, 0.8], [0.5, 0.9]], dtype=np.float32)
    spread = np.full((4, 2), 0.3, dtype=np.float32)
    asked = NO_PAIRS
    seen = []
    for seed in range(6):
        found = pairs_to_ask(line, va, axis=1, spread=spread, groups=np.arange(4), asked=asked, n_wanted=1, seed=seed)
        seen.append(frozenset(found[0].tolist()))
        asked = np.concatenate([asked, found])
    assert seen[:2] == [frozenset({0, 1}), frozenset({2, 3})]  # the closest, then the two that are fresh
    assert len(set(seen)) == 6
    assert not len(pairs_to_ask(line, va, axis=1, spread=spread, groups=np.arange(4), asked=asked))


def test_siblings_are_not_compared(embeddings: FloatArray) -> None:
    va = np.full((N, 2), 0.5, dtype=np.float32)
    groups = (np.arange(N) >= 30).astype(np.int64)
    found = pairs_to_ask(embeddings, va, axis=0, spread=even(), groups=groups, asked=NO_PAIRS, n_wanted=50)
    assert len(found) == 30
    assert (groups[found[:, 0]] != groups[found[:, 1]]).all()
    one = pairs_to_ask(embeddings, va, axis=0, spread=even(), groups=np.zeros(N, dtype=np.int64), asked=NO_PAIRS)
    assert not len(one)
