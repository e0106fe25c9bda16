"""Ratings and answers as measurements: moments against brute force, and answers that teach what ratings would."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.evidence import ANSWER_SD, NO_ANSWERS, RATING_SD, SAME_WITHIN, Answers, Measurements
from trainer.metrics import mse
from trainer.personal import fit_correction


def answers_of(rows: list[tuple[int, int, int, int]]) -> Answers:
    return Answers(*(np.array(column, dtype=np.intp) for column in zip(*rows, strict=True)))


@pytest.mark.parametrize("more", [1, -1, 0])
def test_one_answer_has_the_moments_of_what_is_believed_after_it(more: int) -> None:
    va = np.array([0.45, 0.5])
    said = Measurements.of(va, np.zeros(0), answers_of([(0, 1, 0, more)]))
    prior = 2.0  # of the difference
    values, noise = said.as_numbers(np.array([[prior]]))
    after_variance = 1 / (1 / prior + 1 / noise[0])
    after_mean = after_variance * values[0] / noise[0]
    grid = np.linspace(-12, 12, 20_001)
    rng = np.random.default_rng(0)
    # An answer as it is given: the difference, felt with some noise, and called the same where it is small.
    felt = grid[:, None] - 0.5 + ANSWER_SD * rng.standard_normal(2_000)
    given = {1: felt > SAME_WITHIN, -1: felt < -SAME_WITHIN, 0: np.abs(felt) <= SAME_WITHIN}[more].mean(axis=1)
    weights = np.exp(-0.5 * grid**2 / prior) * given
    weights /= weights.sum()
    mean = (weights * grid).sum()
    assert after_mean == pytest.approx(mean, abs=0.03)
    assert after_variance == pytest.approx((weights * (grid - mean) ** 2).sum(), abs=0.04)


def test_ratings_alone_are_taken_as_they_are() -> None:
    said = Measurements.of(np.array([0.5, 0.4, 0.3]), np.array([0.7, 0.4]), NO_ANSWERS)
    values, noise = said.as_numbers(np.eye(2))
    np.testing.assert_allclose(values, [0.2 / RATING_SD, 0.0], atol=1e-12)
    np.testing.assert_array_equal(noise, 1.0)
    np.testing.assert_array_equal(said.design, [[1, 0, 0], [0, 1, 0]])


def test_parts_of_it_stay_together() -> None:
    answers = answers_of([(0, 2, 0, 1), (1, 2, 0, -1)])
    said = Measurements.of(np.array([0.5, 0.4, 0.3]), np.array([0.7, 0.4]), answers)
    assert said.touching(np.array([False, True, False])).tolist() == [False, True, False, True]
    part = said.take(np.array([1, 2]))
    np.testing.assert_array_equal(part.design, [[0, 1, 0], [1, 0, -1]])
    assert part.wanted.tolist() == [0.0]
    assert part.more.tolist() == [1]
    assert part.gap[0] == pytest.approx(2.0)


def made_up_person(n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, a bundle's VA and what a person feels, who is stirred by much of the third feature."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((n, 5))
    va = np.clip(0.5 + 0.1 * features[:, :2], 0, 1)
    felt = va.copy()
    felt[:, 1] += 0.25 * np.tanh(np.square(features[:, 2]) - 1)
    return features.astype(np.float32), va.astype(np.float32), np.clip(felt, 0, 1).astype(np.float32)


@pytest.mark.parametrize("n_rated", [0, 10])
def test_answers_of_a_made_up_person_make_new_photos_better_understood(n_rated: int) -> None:
    features, va, felt = made_up_person(160, seed=0)
    new_features, new_va, new_felt = made_up_person(200, seed=1)
    rng = np.random.default_rng(2)
    rows = []
    for _ in range(240):
        first, second = rng.choice(160, 2, replace=False)
        difference = felt[first, 1] - felt[second, 1] + RATING_SD * rng.standard_normal()
        same = abs(difference) < SAME_WITHIN * RATING_SD
        rows.append((first, second, 1, 0 if same else int(np.sign(difference))))
    fit = fit_correction(features, va, felt[:n_rated], answers=answers_of(rows))
    without = mse(new_va[:, 1], new_felt[:, 1])
    if n_rated:
        alone = fit_correction(features[:n_rated], va[:n_rated], felt[:n_rated]).correction
        without = min(without, mse(alone.apply(new_features, new_va)[:, 1], new_felt[:, 1]))
    corrected = fit.correction.apply(new_features, new_va)
    # An answer says nothing of where both lie, so the mean is left to the ratings.
    centred = corrected[:, 1] + (new_felt[:, 1] - corrected[:, 1]).mean() * (n_rated == 0)
    assert mse(centred, new_felt[:, 1]) < 0.6 * without
    np.testing.assert_allclose(corrected[:, 0], new_va[:, 0], atol=0.02)  # nothing was said of valence
