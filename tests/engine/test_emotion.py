"""Emotion: the circumplex, Eq. 1 and the smoothed curve."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.emotion import (
    MAX_STRETCH,
    MOOD_ANGLES_DEG,
    REFERENCE_MEAN,
    REFERENCE_SD,
    SMOOTH_BLOCK,
    Emotion,
    EmotionCurve,
    curve_spread,
    emotion_of_word,
    felt_curve,
    model_error,
    ranks_among,
    relative_ranks,
    smooth_curve,
    va_similarity,
)

unit = st.floats(0, 1)


@pytest.mark.parametrize("word", MOOD_ANGLES_DEG)
def test_a_word_names_its_own_place(word: str) -> None:
    assert emotion_of_word(word).word == word


def test_right_is_pleasant_and_up_is_energetic() -> None:
    assert emotion_of_word("happy").valence > 0.9
    assert emotion_of_word("alert").arousal > 0.9
    assert emotion_of_word("sad").valence < 0.2
    assert emotion_of_word("sleepy").arousal < 0.1


def test_the_centre_is_neutral_up_to_its_radius() -> None:
    assert Emotion(0.5, 0.5).word == "neutral"
    assert Emotion(0.5 + 0.079, 0.5).word == "neutral"
    assert Emotion(0.5 + 0.081, 0.5).word == "happy"


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(KeyError):
        emotion_of_word("wistful")


@given(v=unit, a=unit, w=unit, b=unit, sigma=st.floats(0.05, 1))
def test_similarity_is_eq_1(v: float, a: float, w: float, b: float, sigma: float) -> None:
    got = va_similarity(np.array([[v, a]], np.float32), np.array([[w, b]], np.float32), sigma=sigma)
    assert got.shape == (1, 1)
    assert got[0, 0] == pytest.approx(math.exp(-math.dist((v, a), (w, b)) / sigma), abs=1e-4)


def test_similarity_is_one_where_emotions_meet_and_falls_with_distance() -> None:
    here = np.array([[0.3, 0.3]], np.float32)
    line = np.array([[0.3, 0.3], [0.4, 0.3], [0.6, 0.3]], np.float32)
    row = va_similarity(here, line, sigma=0.3)[0]
    assert row[0] == 1
    assert row[0] > row[1] > row[2] > 0


def test_a_constant_curve_stays_constant_and_a_lone_window_is_pulled_in() -> None:
    times_s = np.arange(1, 41, 2, dtype=np.float32)
    raw = np.full((20, 2), 0.4, np.float32)
    assert np.allclose(smooth_curve(times_s, raw).va, 0.4)
    raw[10] = 0.9
    peak = smooth_curve(times_s, raw).va[10]
    assert np.all(peak < 0.6)


def test_a_change_that_lasts_survives_smoothing() -> None:
    times_s = np.arange(1, 81, 2, dtype=np.float32)
    raw = np.where(times_s[:, None] < 40, 0.3, 0.7).astype(np.float32).repeat(2, axis=1)
    curve = smooth_curve(times_s, raw)
    assert curve.at(10).valence == pytest.approx(0.3, abs=0.01)
    assert curve.at(70).arousal == pytest.approx(0.7, abs=0.01)
    assert 0.45 < curve.at(40).valence < 0.55


def test_a_long_curve_is_smoothed_as_the_whole_matrix_would() -> None:
    times_s = np.cumsum(np.random.default_rng(0).uniform(0.5, 3, 700)).astype(np.float32)
    raw = np.random.default_rng(1).random((700, 2), dtype=np.float32)
    weights = np.exp(-0.5 * ((times_s[:, None] - times_s) / 4.0) ** 2)
    whole = weights @ raw / weights.sum(axis=1, keepdims=True)
    assert len(times_s) > 2 * SMOOTH_BLOCK
    assert np.allclose(smooth_curve(times_s, raw).va, whole, atol=1e-5)


def test_a_curve_is_held_at_its_ends_and_neutral_when_empty() -> None:
    va = np.array([[0.2, 0.8], [0.6, 0.4]], np.float32)
    curve = EmotionCurve(np.array([1, 3], np.float32), va, va)
    assert curve.at(-5) == curve.at(1)
    assert curve.at(2).valence == pytest.approx(0.4)
    assert curve.at(99) == curve.at(3)
    empty = np.zeros((0, 2), np.float32)
    assert smooth_curve(np.zeros(0, np.float32), empty).at(1) == Emotion(0.5, 0.5)


def a_song(spread: float, *, mean: tuple[float, float] = REFERENCE_MEAN) -> np.ndarray:
    waves = np.stack([np.sin(np.arange(60) / 5), np.cos(np.arange(60) / 7)], axis=1)
    return (np.array(mean) + spread * waves).astype(np.float32)


def a_library(n: int = 500) -> np.ndarray:
    return np.random.default_rng(2).beta(5, 3, (n, 2)).astype(np.float32)


def test_an_average_moment_is_in_the_middle_and_order_is_kept() -> None:
    ranks = relative_ranks(a_song(0.05))
    assert np.allclose(relative_ranks(a_song(0.0)), 0.5, atol=1e-3)
    for axis in range(2):
        assert np.array_equal(
            np.argsort(ranks[:, axis], kind="stable"), np.argsort(a_song(0.05)[:, axis], kind="stable")
        )


def test_a_flat_song_stays_flat_and_where_it_is() -> None:
    for mean in [(0.4, 0.6), (0.55, 0.3)]:
        assert np.ptp(relative_ranks(a_song(0.0, mean=mean)), axis=0).max() < 1e-5
        assert np.ptp(relative_ranks(a_song(0.005, mean=mean)), axis=0).max() < 0.12
    sad, happy = (relative_ranks(a_song(0.0, mean=(v, 0.5)))[0, 0] for v in (0.35, 0.6))
    assert sad < 0.15
    assert happy > 0.8


def test_a_song_is_stretched_at_most_twice_and_never_shrunk() -> None:
    reference = np.linspace(0, 1, 1001, dtype=np.float32)[:, None].repeat(2, axis=1)  # a percentile is the value itself
    middle = (0.5, 0.5)
    for spread, stretched in [(0.02, 0.02 * MAX_STRETCH), (0.1, 0.1 * MAX_STRETCH), (0.45, 0.45)]:
        ranks = relative_ranks(a_song(spread, mean=middle), reference_va=reference)
        assert np.ptp(ranks, axis=0) == pytest.approx([2 * stretched] * 2, rel=0.08)


def test_a_reference_of_the_assumed_kind_changes_nothing() -> None:
    reference = np.random.default_rng(0).normal(REFERENCE_MEAN, REFERENCE_SD, (20_000, 2)).astype(np.float32)
    song = a_song(0.08)
    assert np.allclose(relative_ranks(song, reference_va=reference), relative_ranks(song), atol=0.03)


def test_a_percentile_is_the_share_of_the_library_that_lies_lower() -> None:
    library = a_library()
    ranks = np.array([[0.1, 0.9], [0.5, 0.25]], np.float32)
    points = np.stack([np.quantile(library[:, axis], ranks[:, axis]) for axis in range(2)], axis=1).astype(np.float32)
    assert np.allclose(ranks_among(points, library), ranks, atol=0.01)
    assert ranks_among(library[:1], library[:1]).tolist() == [[0.5, 0.5]]


def test_no_windows_have_no_ranks() -> None:
    assert relative_ranks(np.zeros((0, 2), np.float32)).shape == (0, 2)


def noisy_curve(noise: float, *, n: int = 60, seed: int = 0) -> EmotionCurve:
    times_s = 1 + 2 * np.arange(n, dtype=np.float32)
    raw = 0.5 + np.random.default_rng(seed).normal(0, noise, (n, 2)).astype(np.float32)
    return smooth_curve(times_s, raw)


def test_the_spread_is_how_far_the_smoothed_curve_lies_off() -> None:
    # Of many noisy songs whose true mood is .5, two thirds of all points lie within one spread of it.
    within, spreads = [], []
    for seed in range(40):
        curve = noisy_curve(0.06, seed=seed)
        spread = curve_spread(curve)
        within.append(np.abs(curve.va - 0.5) <= spread)
        spreads.append(spread)
    assert 0.55 < np.mean(within) < 0.78
    middle, ends = np.mean(spreads, axis=0)[20:40].mean(), np.mean(spreads, axis=0)[[0, -1]].mean()
    assert ends > 1.15 * middle


def test_a_song_whose_windows_agree_has_no_spread_of_its_own() -> None:
    curve = noisy_curve(0.0)
    assert curve_spread(curve).max() < 1e-6
    assert np.allclose(curve_spread(curve, model_error=(0.1, 0.2)), (0.1, 0.2))
    assert curve_spread(noisy_curve(0.05, n=1)).shape == (1, 2)
    assert curve_spread(smooth_curve(np.zeros(0, np.float32), np.zeros((0, 2), np.float32))).shape == (0, 2)


def test_noisier_stretches_are_less_sure() -> None:
    times_s = 1 + 2 * np.arange(90, dtype=np.float32)
    noise = np.random.default_rng(1).normal(0, 0.08, (90, 2)).astype(np.float32)
    noise[:45] *= 0.2
    spread = curve_spread(smooth_curve(times_s, 0.5 + noise))
    assert spread[60:80].mean() > 3 * spread[10:30].mean()


def test_the_models_error_follows_from_its_correlation() -> None:
    assert model_error({}) == (0.0, 0.0)
    valence, arousal = model_error({"song_valence_r": 0.6, "song_arousal_r": 1.0})
    assert valence == pytest.approx(0.138 * 0.8)
    assert arousal == 0


def test_the_felt_curve_is_in_percentiles_with_its_spread() -> None:
    curve = noisy_curve(0.05)
    felt = felt_curve(curve)
    assert np.allclose(felt.va, relative_ranks(curve.va))
    assert felt.spread.shape == felt.va.shape == felt.raw.shape
    assert 0.02 < felt.spread.mean() < 0.2
    surer = felt_curve(noisy_curve(0.01))
    assert surer.spread.mean() < felt.spread.mean()
    assert curve.spread.shape == (0, 2)
