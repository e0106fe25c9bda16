from __future__ import annotations

import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio import SAMPLE_RATE_HZ, load_song
from engine.music import analyse_song
from engine.timing import counted_on, cut_times, emotion_steps, phrase_steps, wanted_holds
from tests.engine.show_material import an_analysis, steady_beats, tiny_encoders

DEMO_SONGS = Path(__file__).resolve().parents[2] / "resources" / "demo" / "songs"


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
    wanted = wanted_holds(np.linspace(0, 1, 50), min_hold_s=2, max_hold_s=8)
    assert np.all(np.diff(wanted) < 0)
    assert wanted.min() > 2
    assert wanted.max() < 8


@pytest.mark.parametrize("bounds", [(2, 3.9), (0, 8), (-1, 8), (2, float("inf")), (float("nan"), 8)])
def test_holds_that_cannot_tile_are_refused(bounds: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="at least twice"):
        cut_times(an_analysis(60), min_hold_s=bounds[0], max_hold_s=bounds[1])


def test_a_stretch_between_kept_cues_is_tiled_and_goes_on_in_their_bars() -> None:
    beats_s = steady_beats(120, 120, first_s=0)
    analysis = an_analysis(120, beats_s=beats_s)
    cuts = cut_times(analysis, from_s=20, until_s=64, last_hold_s=5.0)
    assert cuts[0] == 20
    holds = holds_of(cuts, 64)
    assert holds.min() >= 2
    assert holds.max() <= 8
    assert holds[-1] >= 5
    assert np.mean(np.rint(np.array(cuts) * 2) % 4 == 0) > 0.6
    assert cut_times(analysis, from_s=20, until_s=20) == ()
    assert cut_times(analysis, from_s=20, until_s=21) == (20,)


def test_an_arousal_by_hand_decides_how_long_photos_stand() -> None:
    analysis = an_analysis(100, va=flat(100, 0.48))
    means = [holds_of(cut_times(analysis, arousal_at=lambda t: np.full(len(t), a)), 100).mean() for a in (0.0, 1.0)]  # noqa: B023
    assert means[0] > 6
    assert means[1] < 3.2


def test_beats_are_counted_on_where_a_song_fades() -> None:
    beats_s = np.arange(10, 40, 0.55)
    counted = counted_on(beats_s, end_s=100)
    assert np.allclose(np.diff(counted), 0.55)
    assert counted[0] < 0.55
    assert 69 < counted[-1] < 71
    assert np.array_equal(counted_on(beats_s[:5], end_s=100), beats_s[:5])
    uneven = beats_s + np.random.default_rng(0).normal(0, 0.2, len(beats_s))
    assert np.array_equal(counted_on(uneven, end_s=100), uneven)


def test_a_phrase_begins_where_the_sound_changes_and_never_in_noise() -> None:
    rng = np.random.default_rng(2)
    scenes = np.repeat(rng.normal(0, 1, (4, 512)), 12, axis=0)
    song = replace(an_analysis(96), embeddings=(scenes + rng.normal(0, 0.3, (48, 512))).astype(np.float32))
    times, sizes = phrase_steps(song)
    assert times.tolist() == [24, 48, 72]
    assert sizes.min() > 0.5
    noise = replace(an_analysis(96), embeddings=rng.normal(0, 1, (48, 512)).astype(np.float32))
    assert len(phrase_steps(noise)[0]) == 0
    cuts = np.array(cut_times(replace(song, va=flat(96, 0.48), curve=an_analysis(96, va=flat(96, 0.48)).curve)))
    assert all(np.abs(cuts - t).min() < 0.3 for t in (24, 48, 72))


@pytest.mark.parametrize("seed", range(3))
def test_noise_on_a_flat_curve_moves_no_cut(seed: int) -> None:
    beats_s = steady_beats(120, 96)
    noise = np.random.default_rng(seed).normal(0, 0.04, (60, 2)).astype(np.float32)
    still, noisy = (an_analysis(120, beats_s=beats_s, va=flat(120, 0.48) + k * noise) for k in (0, 1))
    calm = np.array(cut_times(still))
    found = np.array(cut_times(noisy))
    assert abs(len(found) - len(calm)) <= 3  # holds follow the smoothed arousal a little
    assert all(np.abs(np.diff([*found, 120]) - np.diff([*calm, 120]).mean()) < 3)


def clicks(duration_s: float, bpm: float, *, first_s: float = 0.25) -> tuple[np.ndarray, np.ndarray]:
    """A click track and the times of its clicks."""
    y = np.zeros(round(duration_s * SAMPLE_RATE_HZ), np.float32)
    at = np.arange(first_s, duration_s - 0.1, 60 / bpm)
    t_s = np.arange(round(0.03 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    click = np.sin(2 * np.pi * 1500 * t_s) * np.exp(-150 * t_s)
    for start in np.rint(at * SAMPLE_RATE_HZ).astype(int):
        y[start : start + len(click)] += click
    return y, at


@pytest.mark.parametrize(("song", "bpm"), [(None, 100), (0, 100), (1, 84), (2, 128)])
def test_photos_change_on_the_beat_that_is_heard(song: int | None, bpm: float, tmp_path: Path) -> None:
    duration_s = 45.0
    y, at = clicks(duration_s, bpm)
    if song is not None:
        music = load_song(sorted(DEMO_SONGS.glob("*.ogg"))[song]).y[: len(y)]
        y = 0.8 * y + 0.3 * music / np.abs(music).max()
    place = tmp_path / "song.wav"
    with wave.open(str(place), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((y.clip(-1, 1) * 32_767).astype("<i2").tobytes())
    cuts = np.array(cut_times(analyse_song(place, tiny_encoders()))[1:])
    off_s = np.array([np.abs(at - cut).min() for cut in cuts])
    assert len(cuts) >= 6
    assert np.mean(off_s <= 0.06) >= 0.9
