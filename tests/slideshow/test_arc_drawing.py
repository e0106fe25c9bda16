"""Drawing a mood: the line goes where the hand goes, calm at its ends; the rest stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.emotion import EmotionCurve
from engine.plan import PlanOptions
from slideshow.arc_drawing import FEATHER_S, MAX_POINTS, ArcDrawing

TIMES_S = np.arange(1, 60, 2, dtype=np.float32)
VA = np.stack([np.full(30, 0.3), np.linspace(0.2, 0.8, 30)], axis=1).astype(np.float32)
CURVE = EmotionCurve(TIMES_S, VA, VA)


def test_it_begins_as_the_song() -> None:
    curve = ArcDrawing(CURVE, 60.0).curve()
    for t_s in (2.0, 30.5, 58.0):
        assert curve.at(t_s).arousal == pytest.approx(CURVE.at(t_s).arousal, abs=0.01)
        assert curve.at(t_s).valence == pytest.approx(0.3)


@pytest.mark.parametrize("is_backwards", [False, True])
def test_a_stroke_sets_what_it_crosses_and_leaves_the_rest(is_backwards: bool) -> None:
    drawing = ArcDrawing(CURVE, 60.0)
    points = [(20.0, 0.9), (24.0, 0.7), (30.0, 0.1)]
    if is_backwards:
        points.reverse()
    drawing.begin(*points[0], "energy")
    for point in points[1:]:
        drawing.go_on(*point)
    assert drawing.is_stroking
    drawing.end()
    assert not drawing.is_stroking
    curve = drawing.curve()
    for t_s, value in points:
        assert curve.at(t_s).arousal == pytest.approx(value, abs=0.01)
    assert curve.at(27.0).arousal == pytest.approx(0.4, abs=0.01)
    for t_s in (20 - FEATHER_S - 1, 30 + FEATHER_S + 1):
        assert curve.at(t_s).arousal == pytest.approx(CURVE.at(t_s).arousal, abs=0.01)
    assert CURVE.at(31).arousal > curve.at(31.0).arousal > 0.1  # it returns, and does not jump
    np.testing.assert_allclose(curve.va[:, 0], 0.3, atol=1e-6)


def test_pleasantness_is_drawn_on_its_own() -> None:
    drawing = ArcDrawing(CURVE, 60.0)
    before = drawing.curve().va[:, 1]
    drawing.begin(10.0, 0.9, "pleasantness")
    drawing.go_on(50.0, 0.9)
    drawing.end()
    curve = drawing.curve()
    assert curve.at(30.0).valence == pytest.approx(0.9)
    np.testing.assert_array_equal(curve.va[:, 1], before)


def test_keys_raise_and_lower_around_a_time() -> None:
    drawing = ArcDrawing(CURVE, 60.0)
    before = drawing.curve()
    drawing.bump(30.0, 0.05, "energy")
    after = drawing.curve()
    assert after.at(30.0).arousal == pytest.approx(before.at(30.0).arousal + 0.05, abs=1e-3)
    assert after.at(50.0).arousal == before.at(50.0).arousal


@given(
    st.lists(st.tuples(st.floats(-10, 80), st.floats(-2, 3), st.sampled_from(["energy", "pleasantness"])), max_size=8),
    st.floats(1, 4000),
)
def test_whatever_is_drawn_is_an_arc_that_a_plan_takes(strokes: list, duration_s: float) -> None:  # type: ignore[type-arg]
    drawing = ArcDrawing(CURVE, duration_s)
    for t_s, value, axis in strokes:
        drawing.begin(t_s, value, axis)
        drawing.go_on(t_s + 5, 1 - value)
        drawing.end()
    arc = drawing.arc()
    assert PlanOptions(arc=arc).arc == arc
    assert 2 <= len(arc) <= MAX_POINTS
    assert all(0 <= v <= 1 and 0 <= a <= 1 for _, v, a in arc)
    times = [t_s for t_s, _, _ in arc]
    assert times == sorted(times)


def test_without_a_curve_it_is_neutral() -> None:
    empty = np.zeros((0, 2), dtype=np.float32)
    curve = ArcDrawing(EmotionCurve(np.zeros(0, dtype=np.float32), empty, empty), 10.0).curve()
    np.testing.assert_array_equal(curve.va, 0.5)
