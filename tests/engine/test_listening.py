"""Sound that comes live is felt as the same song from a file, at any rate and level, in a fixed amount of memory."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio import load_song, stereo_blocks
from engine.bundle import open_bundle
from engine.emotion import relative_ranks
from engine.encoders import Encoders
from engine.listening import HORIZON_S, MEMORY_S, SILENT_AFTER_S, Heard, Listener, beats_ahead
from engine.matching import reference_moods
from engine.music import analyse_song

ROOT = Path(__file__).resolve().parent.parent.parent
SONG = ROOT / "resources/demo/songs/01-jungle-calm-to-lively.ogg"
RATE_HZ = 22_050
BLOCK = 1_024


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return Encoders(open_bundle(ROOT / "resources/models/default"), n_threads=1)


@pytest.fixture(scope="module")
def tiny() -> Encoders:
    return Encoders(open_bundle(ROOT / "tests/assets/tiny_bundle"), n_threads=1)


def listen(listener: Listener, samples: NDArray[np.float32], *, block: int = BLOCK) -> list[Heard]:
    heard = [listener.hear(samples[start : start + block]) for start in range(0, len(samples), block)]
    return [one for one in heard if one is not None]


def test_live_moods_follow_those_of_the_file(encoders: Encoders) -> None:
    analysis = analyse_song(SONG, encoders)
    samples = np.concatenate(list(stereo_blocks(SONG, sr=44_100))).astype(np.float32) / 32_768
    heard = listen(Listener(encoders, sr=44_100, is_level_known=True), samples, block=2_048)
    times_s = np.array([one.analysis.windows[-1].centre_s for one in heard])
    va = np.array([one.analysis.va[-1] for one in heard])
    for axis in range(2):
        here = np.interp(analysis.curve.times_s, times_s, va[:, axis])
        assert np.corrcoef(here, analysis.va[:, axis])[0, 1] > 0.8
        assert abs(np.mean(here - analysis.va[:, axis])) < 0.02
    song_ranks = relative_ranks(analysis.curve.va, reference_va=reference_moods(encoders.bundle))
    arousal = np.interp(analysis.curve.times_s + 2, [one.heard_s for one in heard], [one.ranks[1] for one in heard])
    assert np.corrcoef(arousal, song_ranks[:, 1])[0, 1] > 0.7
    assert heard[-1].analysis.bundle_id == analysis.bundle_id


def test_the_first_mood_is_there_after_three_seconds(tiny: Encoders) -> None:
    heard = listen(Listener(tiny, sr=RATE_HZ), load_song(SONG).y[: 5 * RATE_HZ])
    assert heard[0].heard_s < 3.2
    assert all(later.heard_s - one.heard_s < 1.0 for one, later in itertools.pairwise(heard))


def test_a_quiet_microphone_is_heard_as_the_master(encoders: Encoders) -> None:
    y = load_song(SONG).y[: 40 * RATE_HZ]
    loud, quiet = (listen(Listener(encoders, sr=RATE_HZ), y * np.float32(gain)) for gain in (1.0, 0.03))
    a, b = (np.array([one.analysis.va[-1] for one in heard[10:]]) for heard in (loud, quiet))
    assert np.abs(a - b).mean() < 0.03
    as_it_is = listen(Listener(encoders, sr=RATE_HZ, is_level_known=True), y * np.float32(0.03))
    c = np.array([one.analysis.va[-1] for one in as_it_is[10:]])
    assert np.abs(a - c).mean() > np.abs(a - b).mean()  # a loopback's quiet song is a quiet song


def test_silence_is_told_and_ends_with_the_next_sound(tiny: Encoders) -> None:
    listener = Listener(tiny, sr=RATE_HZ)
    y = load_song(SONG).y
    assert not listen(listener, y[: 8 * RATE_HZ])[-1].is_silent
    n_before = len(listen(listener, y[8 * RATE_HZ : 9 * RATE_HZ])[-1].analysis.windows)
    noise = np.random.default_rng(1).normal(0, 5e-4, 6 * RATE_HZ).astype(np.float32)
    silent = listen(listener, noise)
    assert silent[-1].is_silent
    assert [one.is_silent for one in silent].index(True) <= SILENT_AFTER_S / 0.7 + 1
    assert len(silent[-1].analysis.windows) <= n_before + 4  # silence is no music to compare with
    assert listener.level_db < -60
    assert not listen(listener, y[10 * RATE_HZ : 12 * RATE_HZ])[-1].is_silent


def test_minutes_take_no_more_memory_than_one(tiny: Encoders) -> None:
    listener = Listener(tiny, sr=RATE_HZ)
    y = load_song(SONG).y
    sizes: list[tuple[int, int]] = []
    for _ in range(4):
        last = listen(listener, y, block=RATE_HZ)[-1]
        sizes.append((len(last.analysis.windows), sum(part.nbytes for part in listener._mel_db)))
    assert last.heard_s == pytest.approx(4 * len(y) / RATE_HZ, abs=0.1)
    assert last.analysis.windows[0].end_s >= last.heard_s - MEMORY_S - 5
    assert sizes[-1][0] <= sizes[0][0] + 1
    assert sizes[-1][1] <= 1.1 * sizes[0][1]
    assert listener._features.shape[1] < 200
    assert len(listener._stream._samples) < 2 * RATE_HZ


def test_a_gap_leaves_no_trace_of_the_sound_before_it(tiny: Encoders) -> None:
    listener = Listener(tiny, sr=44_100)
    samples = np.concatenate(list(stereo_blocks(SONG, sr=44_100))).astype(np.float32) / 32_768
    listen(listener, samples[: 6 * 44_100])
    listener.skip(100.0)
    assert listener.heard_s == pytest.approx(106.0)
    assert listener.is_silent
    again = listen(listener, samples[: 4 * 44_100])
    assert again[0].heard_s > 108.0
    assert again[0].analysis.windows[-1].start_s >= 106.0
    assert not again[-1].is_silent


def test_beats_are_foretold_from_the_spacing_of_the_last() -> None:
    beats_s = np.arange(2.0, 12.0, 0.5, dtype=np.float32)
    ahead_s = beats_ahead(beats_s, from_s=12.1, to_s=20.0)
    assert np.allclose(ahead_s, np.arange(12.5, 20.1, 0.5), atol=1e-3)
    assert len(beats_ahead(beats_s[:3], from_s=3.0, to_s=9.0)) == 0


def test_live_beats_lie_on_the_clicks(tiny: Encoders) -> None:
    clicks_s = np.arange(0.3, 30.0, 0.5)
    y = np.random.default_rng(3).normal(0, 0.003, 30 * RATE_HZ).astype(np.float32)
    for click_s in clicks_s:
        start = round(click_s * RATE_HZ)
        y[start : start + 400] += 0.6 * np.sin(np.arange(400) * 0.4).astype(np.float32) * np.linspace(1, 0, 400)
    last = listen(Listener(tiny, sr=RATE_HZ), y)[-1]
    assert last.next_beats_s[-1] <= last.heard_s + HORIZON_S
    soon = last.next_beats_s[:16]  # the cuts of the next cue; those after it are foretold anew
    off_s = np.abs((soon - 0.3 + 0.25) % 0.5 - 0.25)
    assert np.median(off_s) < 0.06
