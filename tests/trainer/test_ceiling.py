"""The ceiling of matching: all with the truth, nothing without, and what a simulation of its own reaches between."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.ceiling import calibrated_ceiling, measured, posterior

RNG = np.random.default_rng(0)
PHOTOS, SONGS = RNG.normal(0.5, 0.15, (150, 2)), RNG.normal(0.5, 0.12, (120, 2))


def ceiling(photo_r: float, song_r: float) -> tuple[float, float]:
    found = calibrated_ceiling(
        PHOTOS,
        SONGS,
        photo_r=[photo_r] * 2,
        song_r=[song_r] * 2,
        photo_prior=PHOTOS,
        song_prior=SONGS,
        sigma=0.25,
        k=10,
    )
    return found.mse_below_constant_percent, found.gap_closed_percent


def test_with_the_truth_nothing_is_missing() -> None:
    assert ceiling(1.0, 1.0) == pytest.approx((100.0, 100.0), abs=0.5)


def test_without_knowledge_nothing_is_won() -> None:
    below, closed = ceiling(0.0, 0.0)
    assert below == pytest.approx(0.0, abs=2.0)
    assert abs(closed) < 25.0, "ten photos, the same for all songs"
    assert ceiling(float("nan"), -0.2) == pytest.approx((below, closed))


def test_it_rises_with_either_side() -> None:
    rows = [ceiling(r, 0.7) for r in (0.3, 0.6, 0.9)]
    assert rows == sorted(rows)
    assert ceiling(0.6, 0.9)[1] > ceiling(0.6, 0.5)[1]


def test_expectations_have_the_correlation_asked_for_and_are_calibrated() -> None:
    va = np.random.default_rng(1).normal(0.5, 0.1, (1500, 2))
    expected = posterior(*measured(va, [0.4, 0.8], np.random.default_rng(2)), va) @ va
    for k, r in enumerate((0.4, 0.8)):
        assert np.corrcoef(expected[:, k], va[:, k])[0, 1] == pytest.approx(r, abs=0.05)
        assert np.polyfit(expected[:, k], va[:, k], 1)[0] == pytest.approx(1.0, abs=0.1)


def test_with_as_few_photos_as_are_shown_there_is_no_gap() -> None:
    found = calibrated_ceiling(
        PHOTOS[:5], SONGS, photo_r=[0.5] * 2, song_r=[0.5] * 2, photo_prior=PHOTOS, song_prior=SONGS, sigma=0.25, k=10
    )
    assert np.isnan(found.gap_closed_percent)
    assert np.isfinite(found.mse_below_constant_percent)


def test_who_takes_labels_as_normal_reaches_as_much_where_they_are_and_less_where_not() -> None:
    def both(photos: np.ndarray) -> tuple[float, float]:
        found = calibrated_ceiling(
            photos, SONGS, photo_r=[0.7] * 2, song_r=[0.7] * 2, photo_prior=photos, song_prior=SONGS, sigma=0.25, k=10
        )
        return found.mse_below_constant_percent, found.gaussian_mse_below_constant_percent

    knowing, normal = both(PHOTOS)
    assert normal == pytest.approx(knowing, abs=2.0)
    knowing, normal = both(np.where(PHOTOS < 0.5, 0.2, 0.8) + 0.01 * PHOTOS)
    assert normal < knowing - 5.0
