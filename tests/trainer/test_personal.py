"""The correction that ratings teach: what it learns, what it leaves alone, and how it is held back."""

from __future__ import annotations

import numpy as np
import pytest

from engine.emotion import FloatArray
from engine.progress import Progress
from trainer.metrics import mse, pearson_r
from trainer.personal import CANDIDATES, Correction, Known, Strengths, fit_correction, squared_distances

WIDTH = 6


def photos(n: int, *, seed: int) -> tuple[FloatArray, FloatArray]:
    """Features (n, 6) of about ten photos a scene, and a bundle's VA (n, 2) that follows the first two."""
    rng = np.random.default_rng(seed)
    scenes = rng.standard_normal((max(1, n // 3), WIDTH))
    features = scenes[rng.integers(len(scenes), size=n)] + 0.1 * rng.standard_normal((n, WIDTH))
    va = np.clip(0.5 + 0.12 * features[:, :2], 0.05, 0.95)
    return features.astype(np.float32), va.astype(np.float32)


def felt(features: FloatArray, va: FloatArray, *, taste: float) -> FloatArray:
    """A person who finds all a little calmer, and what has much of the third feature, of either sign, more pleasant."""
    ratings = va.astype(np.float64)
    ratings[:, 1] -= 0.15
    ratings[:, 0] += taste * np.tanh(np.square(features[:, 2]) - 1)
    return np.clip(ratings, 0, 1).astype(np.float32)


def test_an_offset_and_a_taste_are_learnt_for_new_photos() -> None:
    features, va = photos(240, seed=0)
    new_features, new_va = photos(60, seed=1)
    fit = fit_correction(features, va, felt(features, va, taste=0.2))
    wanted = felt(new_features, new_va, taste=0.2)
    corrected = fit.correction.apply(new_features, new_va)
    assert mse(corrected[:, 1], wanted[:, 1]) < 0.05 * mse(new_va[:, 1], wanted[:, 1])
    assert mse(corrected[:, 0], wanted[:, 0]) < 0.5 * mse(new_va[:, 0], wanted[:, 0])
    assert fit.strengths[0].taste > 0
    assert mse(fit.held_out, felt(features, va, taste=0.2)) < 0.5 * mse(va, felt(features, va, taste=0.2))


def test_ratings_that_agree_change_nothing() -> None:
    features, va = photos(40, seed=0)
    fit = fit_correction(features, va, va)
    assert fit.strengths == (CANDIDATES[0], CANDIDATES[0])
    np.testing.assert_array_equal(fit.correction.apply(features, va), va)
    np.testing.assert_allclose(fit.held_out, va, atol=1e-6)


def test_noise_is_not_followed() -> None:
    features, va = photos(60, seed=0)
    noise = 0.1 * np.random.default_rng(5).standard_normal(va.shape)
    fit = fit_correction(features, va, (va + noise).astype(np.float32))
    moved = np.abs(fit.correction.apply(features, va) - va)
    assert moved.mean() < 0.3 * np.abs(noise).mean()


def test_what_the_bundle_knew_is_kept() -> None:
    features, va = photos(80, seed=0)
    known_features, known_va = photos(200, seed=2)
    known = Known(known_features, known_va, known_va)
    contrary = np.clip(va + np.array([0.5, 0.0]) * np.sign(np.abs(features[:, [2, 2]]) - 0.7), 0, 1).astype(np.float32)
    lost = {}
    for keep in (0.02, 1.0):
        fit = fit_correction(features, va, contrary, known=known, keep=keep)
        after = fit.correction.apply(known_features, known_va)[:, 0]
        lost[keep] = 1 - pearson_r(after, known_va[:, 0])
    assert lost[0.02] <= 0.02 + 1e-6
    assert lost[1.0] > 0.1


def test_photos_rated_and_taught_alike_guard_nothing() -> None:
    features, va = photos(80, seed=0)
    contrary = np.clip(va + np.array([0.4, 0.0]) * np.sign(np.abs(features[:, [2, 2]]) - 0.7), 0, 1).astype(np.float32)
    free = fit_correction(features, va, contrary)
    same = fit_correction(features, va, contrary, known=Known(features, va, va))
    assert same.strengths == free.strengths


def test_like_photos_are_held_out_together() -> None:
    rng = np.random.default_rng(0)
    scenes = 3 * rng.standard_normal((6, 20))
    features = (np.repeat(scenes, 5, axis=0) + 0.05 * rng.standard_normal((30, 20))).astype(np.float32)
    va = np.full((30, 2), 0.5, np.float32)
    groups = fit_correction(features, va, va).groups.reshape(6, 5)
    assert (groups == groups[:, :1]).all()
    assert len(np.unique(groups)) == 6


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_ratings_and_features_that_never_move(n: int) -> None:
    features = np.zeros((n, WIDTH), np.float32)
    va = np.full((n, 2), 0.5, np.float32)
    fit = fit_correction(features, va, va + np.float32(0.2))
    corrected = fit.correction.apply(features, va)
    assert np.isfinite(corrected).all()
    assert ((corrected >= 0.5) & (corrected <= 0.7 + 1e-6)).all()
    with pytest.raises(ValueError, match="no ratings"):
        fit_correction(features[:0], va[:0], va[:0])


def test_progress_comes_to_its_end() -> None:
    seen: list[Progress] = []
    features, va = photos(30, seed=0)
    fit_correction(features, va, va, report=seen.append)
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    assert seen[-1].done == seen[-1].total


def test_a_correction_by_hand() -> None:
    correction = Correction(
        mean=np.array([1.0, 0.0]),
        scale=np.array([2.0, 1.0]),
        support=np.array([[1.0, 0.0], [0.6, 0.8]]),
        weights=np.array([[0.1, 0.0], [0.0, 0.2]]),
        slope=np.array([[0.5, 0.0], [0.0, 0.0]]),
        offset=np.array([0.0, -0.1]),
    )
    photos = np.array([[3.0, 0.0], [1.0, -2.0], [1.0, 0.0]], np.float32)  # along, across, and of no direction
    corrected = correction.apply(photos, np.array([[0.7, 0.5], [0.5, 0.2], [0.5, 0.3]], np.float32))
    by_angle = [0.6 * (0.1 + 0.9 * 0.6), -0.8 * (0.1 - 0.9 * 0.8)]
    expected = [[0.7 + 0.1 + 0.1, 0.4 + 0.2 * by_angle[0]], [0.5, 0.1 + 0.2 * by_angle[1]], [0.5, 0.3 - 0.1]]
    np.testing.assert_allclose(corrected, expected, rtol=1e-6)


def test_squared_distances() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((4, 3)), rng.standard_normal((5, 3))
    np.testing.assert_allclose(squared_distances(a, b), ((a[:, None] - b[None]) ** 2).sum(axis=2))
    assert Strengths(0, 0, 0) == CANDIDATES[0]
