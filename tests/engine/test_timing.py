from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.timing import cut_times, emotion_steps, wanted_holds
from tests.engine.show_material import an_analysis, steady_beats


def holds_of(cuts: tuple[float, ...], end_s: float) -> np.ndarray:
    return np.diff([*cuts, end_s])


def flat(duration_s: float, arousal: float) -> np.ndarray:
    return np.tile(np.array([0.5, arousal], np.float32), (int(np.ceil(duration_s / 2)), 1))


@settings(deadline=None, max_examples=150)
@given(
    duration_s=st.floats(0.5, 150),
    beats_s=st.lists(st.floats(0, 150), max_size=120, unique=True).map(sorted),
    bounds=st.sampled_from([(2.0, 8.0), (1.0, 2.0), (3.3, 6.6), (0.7, 5.0)]),
    seed=st.integers(0, 5),
)
def test_holds_stay_in_bounds_and_tile_any_song(
    duration_s: float, beats_s: list[float], bounds: tuple[float, float], seed: int
) -> None:
    analysis = an_analysis(duration_s, beats_s=np.array(beats_s), seed=seed)
    cuts = cut_times(analysis, min_hold_s=bounds[0], max_hold_s=bounds[1])
    assert cuts[0] == 0
    holds = holds_of(cuts, duration_s)
    if duration_s < bounds[0]:
        assert len(cuts) == 1
    else:
        assert holds.min() >= bounds[0]
        assert holds.max() <= bounds[1]


@settings(deadline=None, max_examples=60)
@given(duration_s=st.floats(20, 150), from_s=st.floats(0, 148), bpm=st.floats(50, 180))
def test_a_rest_of_a_song_is_tiled_alike(duration_s: float, from_s: float, bpm: float) -> None:
    rest_s = duration_s - from_s
    cuts = cut_times(an_analysis(duration_s, beats_s=steady_beats(duration_s, bpm)), from_s=from_s)
    if rest_s <= 0:
        assert cuts == ()
        return
    assert cuts[0] == from_s
    if rest_s >= 2:
        holds = holds_of(cuts, duration_s)
        assert holds.min() >= 2
        assert holds.max() <= 8


@pytest.mark.parametrize("bpm", [47, 60, 93.5, 128, 176])
def test_every_cut_lies_on_a_beat_where_beats_are_steady(bpm: float) -> None:
    beats_s = steady_beats(120, bpm)
    cuts = cut_times(an_analysis(120, beats_s=beats_s, seed=3))
    off = [np.abs(beats_s - cut).min() for cut in cuts[1:]]
    assert max(off) < 1e-3


def test_beats_are_kept_to_where_there_are_some() -> None:
    beats_s = np.concatenate([steady_beats(30, 100), steady_beats(90, 120, first_s=60)])
    cuts = np.array(cut_times(an_analysis(90, beats_s=beats_s)))
    with_beats = cuts[((cuts > 0) & (cuts < 29)) | (cuts > 60)]
    assert len(with_beats) > 8
    assert max(np.abs(beats_s - cut).min() for cut in with_beats) < 1e-3


def test_most_holds_are_whole_bars() -> None:
    beats_s = steady_beats(120, 120, first_s=0)
    cuts = cut_times(an_analysis(120, beats_s=beats_s, va=flat(120, 0.5)))
    n_beats = np.rint(holds_of(cuts, 120) / 0.5)
    assert np.mean(n_beats % 4 == 0) > 0.7


def test_calm_music_holds_longer() -> None:
    beats_s = steady_beats(100, 110)
    means = [
        holds_of(cut_times(an_analysis(100, beats_s=beats_s, va=flat(100, arousal))), 100).mean()
        for arousal in (0.25, 0.48, 0.7)
    ]
    assert means[0] > 6
    assert means[0] - means[1] > 1
    assert means[1] - means[2] > 1
    assert means[2] < 3.2


@pytest.mark.parametrize("change_s", [28, 30, 42, 56])
def test_a_change_of_emotion_attracts_a_cut(change_s: int) -> None:
    va = flat(90, 0.42)
    va[change_s // 2 :] = (0.55, 0.58)
    analysis = an_analysis(90, beats_s=steady_beats(90, 100), va=va)
    steps_s, sizes = emotion_steps(analysis)
    assert steps_s[sizes.argmax()] == change_s
    cuts = np.array(cut_times(analysis))
    assert np.abs(cuts - change_s).min() <= 0.31  # half a beat


@pytest.mark.parametrize("seed", range(4))
def test_noise_in_a_flat_song_is_hardly_a_change(seed: int) -> None:
    va = flat(120, 0.48) + np.random.default_rng(seed).normal(0, 0.03, (60, 2)).astype(np.float32)
    _, sizes = emotion_steps(an_analysis(120, va=va))
    assert np.sum(sizes > 0.3) <= 1
    _, sizes = emotion_steps(an_analysis(120, va=flat(120, 0.48)))
    assert len(sizes) == 0


def test_the_longest_hold_may_be_taken_to_the_full() -> None:
    assert cut_times(an_analysis(8, va=flat(8, 0.2)), min_hold_s=4, max_hold_s=8) == (0.0,)
    assert cut_times(an_analysis(8.01, va=flat(8.01, 0.2)), min_hold_s=4, max_hold_s=8) != (0.0,)


def test_wanted_holds_lie_within_the_bounds() -> None:
    times = np.linspace(0, 60, 50)
    for arousal in (0.0, 1.0):
        wanted = wanted_holds(an_analysis(60, va=flat(60, arousal)), times, min_hold_s=2, max_hold_s=8)
        assert wanted.min() > 2
        assert wanted.max() < 8


@pytest.mark.parametrize("bounds", [(2, 3.9), (0, 8), (-1, 8), (2, float("inf")), (float("nan"), 8)])
def test_holds_that_cannot_tile_are_refused(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="at least twice"):
        cut_times(an_analysis(60), min_hold_s=bounds[0], max_hold_s=bounds[1])
