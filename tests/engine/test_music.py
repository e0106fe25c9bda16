"""A song analysed as it streams: equal to the song analysed at once, growing, cancellable, cached."""

from __future__ import annotations

import io
import itertools
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.audio import SAMPLE_RATE_HZ, load_song
from engine.bundle import open_bundle
from engine.emotion import smooth_curve
from engine.encoders import Encoders
from engine.errors import Cancelled, UnreadableSong
from engine.features import MEL, beats_of, onset_envelope, song_features, window_features, windows_of
from engine.music import MusicAnalysis, analyse_song
from engine.progress import Progress

ASSETS = Path(__file__).parents[1] / "assets"
SONG = ASSETS / "jungle-20s.mp3"


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return Encoders(open_bundle(ASSETS / "tiny_bundle"))


@pytest.fixture(scope="module")
def grown(encoders: Encoders) -> list[MusicAnalysis]:
    """Every analysis that on_growth heard of, and the complete one."""
    partial: list[MusicAnalysis] = []
    complete = analyse_song(SONG, encoders, on_growth=partial.append)
    return [*partial, complete]


def write_song(path: Path, seconds: float, *, level: float = 0.3, sr: int = SAMPLE_RATE_HZ) -> Path:
    noise = np.random.default_rng(7).uniform(-level, level, round(seconds * sr))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sr)
        file.writeframes(np.round(noise * 32767).astype("<i2").tobytes())
    return path


def assert_sound(analysis: MusicAnalysis) -> None:
    """What holds for every analysis, growing or complete."""
    n = len(analysis.windows)
    assert n >= 1
    assert analysis.embeddings.shape == (n, 512)
    assert analysis.va.shape == analysis.curve.va.shape == (n, 2)
    for array in (analysis.embeddings, analysis.va, analysis.curve.va, analysis.curve.times_s, analysis.beat_times_s):
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert np.isfinite(array).all()
    assert analysis.va.min() >= 0
    assert analysis.va.max() <= 1
    np.testing.assert_allclose(analysis.curve.times_s, [(w.start_s + w.end_s) / 2 for w in analysis.windows], atol=1e-4)
    assert analysis.windows[0].start_s == 0
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(analysis.windows))
    assert analysis.analysed_s <= analysis.duration_s + 1e-9
    assert np.all(np.diff(analysis.beat_times_s) > 0)
    assert np.all((analysis.beat_times_s >= 0) & (analysis.beat_times_s <= analysis.duration_s))


def test_streamed_equals_analysed_at_once(grown: list[MusicAnalysis], encoders: Encoders) -> None:
    analysis = grown[-1]
    assert_sound(analysis)
    y = load_song(SONG).y
    embeddings, va = encoders.music_heads(encoders.music_features(window_features(y)))
    tempo_bpm, beats = beats_of(onset_envelope(song_features(y)[MEL]))
    assert analysis.windows == windows_of(len(y))
    assert analysis.duration_s == len(y) / SAMPLE_RATE_HZ
    assert analysis.is_complete
    assert analysis.bundle_id == encoders.bundle.id
    assert analysis.path == SONG
    np.testing.assert_allclose(analysis.embeddings, embeddings, atol=1e-5)
    np.testing.assert_allclose(analysis.va, va, atol=1e-5)
    np.testing.assert_allclose(analysis.curve.va, smooth_curve(analysis.curve.times_s, va).va, atol=1e-5)
    assert analysis.tempo_bpm == tempo_bpm > 0
    np.testing.assert_array_equal(analysis.beat_times_s, beats)


def test_the_analysis_grows_from_the_first_window_on(grown: list[MusicAnalysis]) -> None:
    n_windows = [len(analysis.windows) for analysis in grown]
    assert n_windows[0] <= 2
    assert n_windows == sorted(n_windows)
    assert max(np.diff(n_windows)) <= 6
    assert [analysis.is_complete for analysis in grown] == [False] * (len(grown) - 1) + [True]
    assert len(grown) >= 3
    complete = grown[-1]
    for analysis in grown:
        assert_sound(analysis)
        np.testing.assert_array_equal(analysis.va, complete.va[: len(analysis.windows)])
        assert analysis.windows == complete.windows[: len(analysis.windows)]
        assert analysis.duration_s == pytest.approx(20, abs=0.1)
    assert len(grown[0].beat_times_s) == 0
    assert len(grown[-2].beat_times_s) > 0


def test_progress_counts_the_songs_seconds(encoders: Encoders) -> None:
    heard: list[Progress] = []
    analyse_song(SONG, encoders, report=heard.append)
    done = [progress.done for progress in heard]
    assert done == sorted(done)
    assert done[0] == 0
    assert done[-1] == heard[-1].total == pytest.approx(20, abs=0.1)
    assert max(np.diff(done)) <= 2.6
    assert {progress.stage for progress in heard} == {"analysing"}


@pytest.mark.parametrize("n_reports", [1, 2, 5])
def test_cancelling_ends_it_where_it_is(n_reports: int, encoders: Encoders) -> None:
    heard: list[Progress] = []

    def report(progress: Progress) -> None:
        heard.append(progress)
        if len(heard) == n_reports:
            raise Cancelled

    with pytest.raises(Cancelled):
        analyse_song(SONG, encoders, report=report)
    assert len(heard) == n_reports


@pytest.mark.parametrize("seconds", [1.0, 1.5, 2.0, 2.01, 2.999, 3.0, 4.0, 9.0, 13.3])
def test_songs_of_any_length_from_one_second_on(seconds: float, tmp_path: Path, encoders: Encoders) -> None:
    path = write_song(tmp_path / "short.wav", seconds)
    analysis = analyse_song(path, encoders)
    assert_sound(analysis)
    y = load_song(path).y
    assert analysis.windows == windows_of(len(y))
    _, va = encoders.music_heads(encoders.music_features(window_features(y)))
    np.testing.assert_allclose(analysis.va, va, atol=1e-5)


def test_a_song_under_a_second_is_refused(tmp_path: Path, encoders: Encoders) -> None:
    with pytest.raises(UnreadableSong, match="shorter than one second"):
        analyse_song(write_song(tmp_path / "blip.wav", 0.99), encoders)


def test_what_is_no_song_is_refused(tmp_path: Path, encoders: Encoders) -> None:
    path = tmp_path / "list.mp3"
    path.write_text("eggs, flour, butter\n" * 100)
    for bad in (path, tmp_path / "absent.mp3", tmp_path):
        with pytest.raises(UnreadableSong):
            analyse_song(bad, encoders)


def test_silence_has_an_emotion_and_no_beats(tmp_path: Path, encoders: Encoders) -> None:
    analysis = analyse_song(write_song(tmp_path / "silence.wav", 12, level=0), encoders)
    assert_sound(analysis)
    assert len(analysis.windows) == 6
    assert (analysis.tempo_bpm, len(analysis.beat_times_s)) == (0, 0)


def test_the_silence_behind_a_song_is_no_part_of_it(tmp_path: Path, encoders: Encoders) -> None:
    y = load_song(SONG).y[: round(13.1 * SAMPLE_RATE_HZ)]
    path = tmp_path / "cut.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(np.round(y * 32767).astype("<i2").tobytes())
    analysis = analyse_song(path, encoders)
    tempo_bpm, beats = beats_of(onset_envelope(song_features(load_song(path).y)[MEL]))
    assert analysis.tempo_bpm == tempo_bpm
    np.testing.assert_array_equal(analysis.beat_times_s, beats)


def test_a_long_song_is_told_of_ever_less_often(tmp_path: Path, encoders: Encoders) -> None:
    n_windows: list[int] = []
    song = write_song(tmp_path / "long.wav", 480, level=0)
    analyse_song(song, encoders, on_growth=lambda analysis: n_windows.append(len(analysis.windows)))
    assert np.diff(n_windows[:10]).max() <= 6
    assert np.diff(n_windows[-3:]).min() > 10
    assert len(n_windows) < 40


def test_of_a_truncated_song_the_decoded_part_is_analysed(tmp_path: Path, encoders: Encoders) -> None:
    content = (ASSETS / "jungle-20s.m4a").read_bytes()
    path = tmp_path / "half.m4a"
    path.write_bytes(content[: len(content) // 2])
    partial: list[MusicAnalysis] = []
    analysis = analyse_song(path, encoders, on_growth=partial.append)
    assert_sound(analysis)
    assert 8 < analysis.duration_s < 12
    assert partial[0].duration_s == pytest.approx(20, abs=0.1)  # what the file states


def test_stereo_and_another_rate_give_the_same_curve(encoders: Encoders) -> None:
    wav, flac = (analyse_song(ASSETS / f"jungle-20s.{kind}", encoders) for kind in ("wav", "flac"))
    np.testing.assert_allclose(wav.curve.va, flac.curve.va, atol=0.03)
    assert np.ptp(wav.va, axis=0).max() > 1e-3  # the bundle does listen


def test_an_analysis_survives_the_cache(grown: list[MusicAnalysis]) -> None:
    for analysis in (grown[0], grown[-1]):
        again = MusicAnalysis.from_bytes(analysis.to_bytes())
        for name in ("path", "duration_s", "windows", "tempo_bpm", "is_complete", "bundle_id"):
            assert getattr(again, name) == getattr(analysis, name)
        for name in ("embeddings", "va", "beat_times_s"):
            np.testing.assert_array_equal(getattr(again, name), getattr(analysis, name))
        for name in ("times_s", "va", "raw"):
            np.testing.assert_array_equal(getattr(again.curve, name), getattr(analysis.curve, name))
        assert_sound(again)


def damaged(payload: bytes) -> Iterator[bytes]:
    yield b""
    yield b"not an archive"
    yield payload[: len(payload) // 2]
    yield payload[:100] + bytes([payload[100] ^ 1]) + payload[101:-20]
    other = io.BytesIO()
    np.savez(other, version=np.int64(99))
    yield other.getvalue()
    pickled = io.BytesIO()
    np.savez(pickled, version=np.array([{"a": 1}], dtype=object))
    yield pickled.getvalue()


def test_a_damaged_or_foreign_cache_entry_is_refused(grown: list[MusicAnalysis]) -> None:
    for payload in damaged(grown[-1].to_bytes()):
        with pytest.raises(ValueError, match="song analysis"):
            MusicAnalysis.from_bytes(payload)
