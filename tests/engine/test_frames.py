from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.frames import DIP_SHADE, LEAST_CHANGE_S, cue_at, layers_at, visible_span
from engine.library import Photo
from engine.plan import Cue, Plan
from engine.transitions import Transition


def a_plan(holds: list[float], fade_share: float = 1.0, transition: Transition = "crossfade") -> Plan:
    """Cues of these holds; each transition takes fade_share of the longest that is allowed."""
    cues: list[Cue] = []
    start_s = 0.0
    for i, hold_s in enumerate(holds):
        fade_s = fade_share * min(hold_s, holds[i - 1]) / 2 if i else 0.0
        zooms = (1.0, 1.04) if i % 2 == 0 else (1.03, 1.0)
        photo = Photo(i, Path(f"{i}.jpg"), 4, 3, None, str(i))
        cues.append(Cue(photo, start_s, start_s + hold_s, 0.9, fade_s, *zooms, "Why.", transition))
        start_s += hold_s
    return Plan(Path("song.mp3"), start_s, tuple(cues), "bundle")


KINDS = st.sampled_from(["crossfade", "cut", "dip", "slide"])
PLANS = st.builds(a_plan, st.lists(st.floats(0.05, 9), min_size=1, max_size=8), st.floats(0, 1), KINDS)


@settings(deadline=None)
@given(plan=PLANS, place=st.floats(-0.1, 1.1))
def test_the_lowest_layer_is_opaque_at_every_time(plan: Plan, place: float) -> None:
    layers = layers_at(plan, place * plan.duration_s)
    assert len(layers) in (1, 2)
    assert layers[0].opacity == 1
    for layer in layers:
        assert 0 < layer.opacity <= 1
        assert 1 <= layer.zoom <= 1.04
        assert -1 <= layer.shift <= 1
        assert 0 <= layer.shade <= DIP_SHADE
    if len(layers) == 2:
        assert layers[1].cue_index > layers[0].cue_index


def strengths(plan: Plan, t_s: float) -> tuple[np.ndarray, np.ndarray]:
    """How much each cue is seen, and at which zoom, at a time."""
    seen, zoom = np.zeros(len(plan.cues)), np.ones(len(plan.cues))
    for layer in layers_at(plan, t_s):
        seen *= 1 - layer.opacity
        seen[layer.cue_index] = layer.opacity
        zoom[layer.cue_index] = layer.zoom
    return seen, zoom


@settings(deadline=None, max_examples=50)
@given(holds=st.lists(st.floats(1, 6), min_size=2, max_size=5), fade_share=st.floats(0.2, 1))
def test_nothing_jumps_anywhere(holds: list[float], fade_share: float) -> None:
    plan = a_plan(holds, fade_share)
    step_s = 0.01
    shortest_fade_s = min(cue.fade_s for cue in plan.cues[1:])
    before = None
    for t_s in np.arange(0, plan.duration_s, step_s):
        seen, zoom = strengths(plan, t_s)
        assert seen.sum() == pytest.approx(1)
        if before is not None:
            assert np.abs(seen - before[0]).max() <= np.pi / 2 * step_s / shortest_fade_s + 1e-6
            both = (seen > 0) & (before[0] > 0)
            assert np.abs(zoom - before[1])[both].max() <= 0.04 * step_s / min(holds) + 1e-9
        before = seen, zoom


def test_the_visible_change_lies_at_the_cut() -> None:
    plan = a_plan([4, 6, 3])
    for cut in (1, 2):
        t_s = plan.cues[cut].start_s
        lower, upper = layers_at(plan, t_s)
        assert (lower.cue_index, upper.cue_index) == (cut - 1, cut)
        assert upper.opacity == pytest.approx(0.5)
        half_s = plan.cues[cut].fade_s / 2
        assert [layer.cue_index for layer in layers_at(plan, t_s - half_s - 1e-6)] == [cut - 1]
        assert [layer.cue_index for layer in layers_at(plan, t_s + half_s + 1e-6)] == [cut]
        assert layers_at(plan, t_s - half_s / 2)[1].opacity == pytest.approx(0.5 - 0.5 * np.cos(np.pi / 4))


def test_a_hard_cut_changes_at_the_cut() -> None:
    plan = a_plan([4, 6], fade_share=0)
    assert layers_at(plan, 3.9999)[0].cue_index == 0
    assert layers_at(plan, 4.0)[0].cue_index == 1


def test_zoom_runs_over_the_whole_visible_time() -> None:
    plan = a_plan([4, 4, 4])
    assert visible_span(plan, 0) == (0, 5)
    assert visible_span(plan, 1) == (3, 9)
    assert visible_span(plan, 2) == (7, 12)
    assert layers_at(plan, 0)[0].zoom == 1
    assert layers_at(plan, 6)[0].zoom == pytest.approx(1.015)  # the middle of cue 1, which zooms out from 1.03
    assert layers_at(plan, 12)[0].zoom == pytest.approx(1.04)


def test_times_outside_are_those_at_the_ends_and_no_cues_no_layers() -> None:
    plan = a_plan([4, 4])
    assert layers_at(plan, -3) == layers_at(plan, 0)
    assert layers_at(plan, 99) == layers_at(plan, 8)
    assert layers_at(Plan(Path("s"), 0.0, (), "b"), 1) == ()


def light(plan: Plan, t_s: float) -> np.ndarray:
    """How much of each cue's photo is seen at a time, under its shade; a slide counts by its width."""
    seen = np.zeros(len(plan.cues))
    for layer in layers_at(plan, t_s):
        if layer.shift == 0:
            seen *= 1 - layer.opacity
        seen[layer.cue_index] += layer.opacity * (1 - abs(layer.shift))
    return seen * (1 - layers_at(plan, t_s)[-1].shade)


@settings(deadline=None, max_examples=60)
@given(holds=st.lists(st.floats(0.01, 1.2), min_size=2, max_size=30), fade_share=st.floats(0, 1), kind=KINDS)
def test_never_more_than_three_abrupt_changes_in_a_second(
    holds: list[float], fade_share: float, kind: Transition
) -> None:
    plan = a_plan(holds, fade_share, kind)
    step_s = 1 / 60
    times_s = np.arange(0, plan.duration_s, step_s)
    lights = np.array([light(plan, float(t_s)) for t_s in times_s])
    abrupt_s = times_s[1:][np.abs(np.diff(lights, axis=0)).max(axis=1) > 0.25]  # a jump within a frame or two
    starts_s = [abrupt_s[0]] if len(abrupt_s) else []
    for t_s in abrupt_s:
        if t_s - starts_s[-1] > 3.5 * step_s:
            starts_s.append(t_s)
    for t_s in starts_s:
        assert sum(t_s <= other < t_s + 1 for other in starts_s) <= 3


def test_a_cue_that_comes_too_soon_is_not_shown_and_all_others_are() -> None:
    plan = a_plan([2, 0.1, 0.1, 0.3, 2], fade_share=0)
    seen = [layers_at(plan, t_s)[0].cue_index for t_s in np.arange(0.005, plan.duration_s, 0.01)]
    assert set(seen) == {0, 1, 4}
    assert seen == sorted(seen)
    assert cue_at(plan, 2.15) == 1
    assert cue_at(plan, 2.6) == 4
    assert {cue_at(a_plan([LEAST_CHANGE_S + 0.01] * 5), t_s) for t_s in np.arange(0, 1.7, 0.05)} == set(range(5))


def test_a_dip_darkens_and_changes_while_it_is_dark() -> None:
    plan = a_plan([4, 4], fade_share=0.5, transition="dip")  # 1 s, from 3.5 to 4.5
    assert layers_at(plan, 3.5)[0].shade == 0
    darkening = layers_at(plan, 3.7)
    assert [layer.cue_index for layer in darkening] == [0]
    assert darkening[0].shade == pytest.approx(0.294, abs=0.001)
    lower, upper = layers_at(plan, 4.0)
    assert (lower.shade, upper.shade) == (pytest.approx(DIP_SHADE), pytest.approx(DIP_SHADE))
    assert upper.opacity == pytest.approx(0.5)
    assert [layer.cue_index for layer in layers_at(plan, 4.3)] == [1]
    shades = [layers_at(plan, t_s)[-1].shade for t_s in np.arange(3.4, 4.6, 0.01)]
    assert max(shades) < 0.9  # something is seen at every moment
    assert np.abs(np.diff(shades)).max() < 0.04


def test_a_short_dip_is_a_crossfade() -> None:
    dip, fade = a_plan([0.8, 0.8], transition="dip"), a_plan([0.8, 0.8])
    for t_s in np.arange(0, 1.6, 0.05):
        assert layers_at(dip, t_s) == layers_at(fade, t_s)


def test_a_slide_pushes_the_old_photo_out() -> None:
    plan = a_plan([4, 4], fade_share=0.5, transition="slide")
    shifts = []
    for t_s in np.arange(3.51, 4.5, 0.01):
        lower, upper = layers_at(plan, t_s)
        assert (lower.opacity, upper.opacity) == (1, 1)
        assert upper.shift - lower.shift == pytest.approx(1)  # side by side, no gap
        shifts.append(upper.shift)
    assert shifts == sorted(shifts, reverse=True)
    assert layers_at(plan, 4.0)[1].shift == pytest.approx(0.5)
    assert np.abs(np.diff(shifts)).max() < 0.02


def test_a_cut_is_hard_whatever_its_length_says() -> None:
    plan = a_plan([4, 4], fade_share=0.5, transition="cut")
    assert [layer.cue_index for layer in layers_at(plan, 3.999)] == [0]
    assert [layer.cue_index for layer in layers_at(plan, 4.0)] == [1]
