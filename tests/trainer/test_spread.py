"""The doubt about photos: fitted lines find the spread that errors were made with, and their ellipses hold 68 %."""

from __future__ import annotations

import numpy as np
import pytest

from engine.doubt import spread_at
from engine.emotion import FloatArray
from trainer.spread import covered, cross_coverage, fit_spread

LINES = ((-2.0, 0.0, 1.0), (-2.5, -1.0, 0.0))


def made_up(n: int) -> tuple[FloatArray, FloatArray]:
    """Predictions and labels (n, 2) whose errors have the deviations of LINES."""
    rng = np.random.default_rng(0)
    predicted = rng.uniform(0.2, 0.8, (n, 2)).astype(np.float32)
    true = predicted + spread_at(LINES, predicted) * rng.standard_normal((n, 2)).astype(np.float32)
    return predicted, true.astype(np.float32)


def test_the_lines_that_errors_were_made_with_are_found() -> None:
    lines = fit_spread(*made_up(20_000))
    np.testing.assert_allclose(lines, LINES, atol=0.06)


def test_ellipses_hold_what_they_should() -> None:
    predicted, true = made_up(3_000)
    assert covered(spread_at(LINES, predicted), predicted, true).mean() == pytest.approx(0.68, abs=0.025)
    assert cross_coverage(predicted, true, np.arange(3_000) % 5) == pytest.approx(0.68, abs=0.025)


def test_few_photos_give_nearly_the_same_spread_everywhere() -> None:
    predicted, true = made_up(12)
    lines = np.array(fit_spread(predicted, true))
    assert np.isfinite(lines).all()
    assert np.abs(lines[:, 1:]).max() < 1.0
    assert np.isfinite(fit_spread(predicted, predicted)).all()
