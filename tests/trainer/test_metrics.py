"""Metrics against their definitions, and intervals against what is known of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trainer.metrics import (
    TwoWayBootstrap,
    bootstrap_better,
    bootstrap_ci,
    ccc,
    correlation_of_means,
    mae,
    mse,
    ndcg_at,
    pearson_r,
    r2,
    ranks,
    rmse,
    share_better,
    spearman,
    top_k_mean,
    weighted_top_k_mean,
)

VALUES = hnp.arrays(np.float64, st.integers(2, 20), elements=st.floats(0, 1, width=32))


def two_samples(n: int = 50, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.uniform(size=n)
    return 0.6 * true + 0.1 + 0.2 * rng.normal(size=n), true


def test_errors_by_hand() -> None:
    predicted, true = [0.0, 0.5, 1.0, 0.25], [0.5, 0.5, 0.0, 0.5]
    assert mse(predicted, true) == pytest.approx((0.25 + 0 + 1 + 0.0625) / 4)
    assert rmse(predicted, true) == pytest.approx(math.sqrt((0.25 + 0 + 1 + 0.0625) / 4))
    assert mae(predicted, true) == pytest.approx((0.5 + 0 + 1 + 0.25) / 4)


def test_correlations_agree_with_scipy() -> None:
    predicted, true = two_samples()
    assert pearson_r(predicted, true) == pytest.approx(scipy.stats.pearsonr(predicted, true).statistic)
    tied = np.round(predicted, 1)
    assert spearman(tied, true) == pytest.approx(scipy.stats.spearmanr(tied, true).statistic)
    np.testing.assert_allclose(ranks(tied), scipy.stats.rankdata(tied))


def test_ccc_and_r2_by_definition() -> None:
    predicted, true = two_samples()
    s_p, s_t = predicted.std(), true.std()
    r = scipy.stats.pearsonr(predicted, true).statistic
    expected = 2 * r * s_p * s_t / (s_p**2 + s_t**2 + (predicted.mean() - true.mean()) ** 2)
    assert ccc(predicted, true) == pytest.approx(expected)
    residual, total = ((true - predicted) ** 2).sum(), ((true - true.mean()) ** 2).sum()
    assert r2(predicted, true) == pytest.approx(1 - residual / total)
    assert r2(np.full(50, true.mean()), true) == pytest.approx(0)


@given(VALUES)
def test_a_prediction_that_is_the_truth(values: np.ndarray) -> None:
    assert mse(values, values) == mae(values, values) == 0
    if np.ptp(values) > 1e-6:
        assert ccc(values, values) == pytest.approx(1)
        assert pearson_r(values, values) == pytest.approx(1)
        assert r2(values, values) == 1


def test_ccc_punishes_a_shift_and_a_scale_that_r_does_not_see() -> None:
    _, true = two_samples()
    for wrong in (true + 0.2, 0.5 * true):
        assert pearson_r(wrong, true) == pytest.approx(1)
        assert ccc(wrong, true) < 0.95


def test_a_correlation_with_a_constant_is_not_defined() -> None:
    assert math.isnan(pearson_r([1, 1, 1], [1, 2, 3]))
    assert math.isnan(spearman([1, 2, 3], [4, 4, 4]))
    assert math.isnan(ccc([1, 1], [1, 1]))
    assert math.isnan(r2([1, 2], [3, 3]))


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="equal numbers"):
        mse([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="at least one"):
        mae([], [])


def test_top_k_mean_by_hand() -> None:
    scores = [[0.1, 0.9], [0.5, 0.8], [0.4, 0.1], [0.3, 0.2]]
    gains = [[1.0, 0.2], [0.6, 0.4], [0.2, 1.0], [0.0, 0.0]]
    np.testing.assert_allclose(top_k_mean(scores, gains, k=2), [0.4, 0.3])
    np.testing.assert_allclose(top_k_mean(scores, gains, k=9), np.mean(gains, axis=0))


def test_ndcg_by_hand() -> None:
    scores, gains = np.array([[3.0], [2.0], [1.0]]), np.array([[0.0], [1.0], [0.5]])
    reached = 0 / math.log2(2) + 1 / math.log2(3)
    possible = 1 / math.log2(2) + 0.5 / math.log2(3)
    np.testing.assert_allclose(ndcg_at(scores, gains, k=2), [reached / possible])
    np.testing.assert_allclose(ndcg_at(gains, gains, k=2), [1])
    np.testing.assert_allclose(ndcg_at(scores, np.zeros((3, 1)), k=2), [1])


def test_weighted_top_k_mean_is_that_of_repeated_items() -> None:
    rng = np.random.default_rng(1)
    scores, gains = rng.uniform(size=(12, 5)), rng.uniform(size=(12, 5))
    order = np.argsort(-scores, axis=0)
    weights = rng.integers(0, 4, size=12)
    repeated = np.repeat(np.arange(12), weights)
    expected = top_k_mean(scores[repeated], gains[repeated], k=6)
    assert weighted_top_k_mean(order, gains, k=6, weights=weights.astype(float)) == pytest.approx(expected.mean())
    queries = np.array([1.0, 0, 2, 0, 1])
    found = weighted_top_k_mean(order, gains, k=6, weights=weights.astype(float), query_weights=queries)
    assert found == pytest.approx(np.average(expected, weights=queries))


def test_an_interval_of_a_mean_is_the_textbooks() -> None:
    values = np.random.default_rng(2).normal(size=400)
    interval = bootstrap_ci(lambda rows: float(values[rows].mean()), list(range(400)))
    half = 1.96 * values.std() / math.sqrt(400)
    assert interval.value == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half, abs=0.25 * half)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.25 * half)


def test_copies_within_a_group_do_not_narrow_the_interval() -> None:
    values = np.random.default_rng(3).normal(size=60)
    once = bootstrap_ci(lambda rows: float(values[rows].mean()), list(range(60)))
    copied = np.repeat(values, 10)
    tenfold = bootstrap_ci(lambda rows: float(copied[rows].mean()), np.repeat(np.arange(60), 10).tolist())
    assert (tenfold.low, tenfold.high) == pytest.approx((once.low, once.high))


def test_an_undefined_statistic_has_no_interval() -> None:
    interval = bootstrap_ci(lambda rows: pearson_r(np.ones(len(rows)), rows), list("abcdef"))
    assert math.isnan(interval.value)
    assert math.isnan(interval.low)


def test_better_on_the_same_resamples() -> None:
    rng = np.random.default_rng(4)
    true = rng.normal(size=100)
    common = rng.normal(size=100)
    good, bad = true + common, true + common + 0.15 * rng.normal(size=100)
    groups = list(range(100))

    def fit(predicted: np.ndarray) -> object:
        return lambda rows: -mse(predicted[rows], true[rows])

    assert bootstrap_better(fit(true), fit(good), groups) == 1
    assert bootstrap_better(fit(good), fit(good), groups) == 0.5
    assert bootstrap_better(fit(bad), fit(good), groups) == pytest.approx(
        1 - bootstrap_better(fit(good), fit(bad), groups)
    )


def test_two_way_means_are_those_of_the_drawn_pairs() -> None:
    rng = np.random.default_rng(5)
    table, other = rng.uniform(size=(9, 6)), rng.uniform(size=(9, 6))
    themes, songs = list("aaabbcccd"), list("uvwxyz")
    bootstrap = TwoWayBootstrap(themes, songs, n_resamples=20)

    def by_definition(row_weights: np.ndarray, column_weights: np.ndarray) -> tuple[float, float]:
        rows, columns = (np.repeat(np.arange(len(w)), w.astype(int)) for w in (row_weights, column_weights))
        return float(table[np.ix_(rows, columns)].mean()), float(other[np.ix_(rows, columns)].mean())

    means = bootstrap.means([table, other])
    np.testing.assert_allclose(means, bootstrap.weighted(by_definition))
    np.testing.assert_allclose(means[0], [table.mean(), other.mean()])
    assert np.ptp(means[1:, 0]) > 0


def test_two_way_intervals_are_wider_than_those_over_pairs() -> None:
    """Pairs share photos and songs: taking 40 x 40 of them as independent would claim far too much."""
    rng = np.random.default_rng(6)
    table = rng.normal(size=(40, 1)) + rng.normal(size=(1, 40)) + 0.1 * rng.normal(size=(40, 40))
    interval = TwoWayBootstrap(range(40), range(40)).interval([table])
    expected = 1.96 * math.sqrt(2 / 40)
    assert (interval.high - interval.low) / 2 == pytest.approx(expected, rel=0.3)


def test_correlation_from_means() -> None:
    x, y = two_samples(24)
    means = np.array([[v.mean() for v in (x, y, x**2, y**2, x * y)], [1, 1, 1, 1, 1]])
    r, undefined = correlation_of_means(means)
    assert r == pytest.approx(pearson_r(x, y))
    assert math.isnan(undefined)


def test_share_better_leaves_the_data_itself_out() -> None:
    assert share_better(np.array([0.0, 2, 2, 1, 0]), np.array([9.0, 1, 1, 1, 1])) == pytest.approx(2.5 / 4)
