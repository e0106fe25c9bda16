"""The shared STFT against librosa's own calls, streamed against offline, windows, onsets and beats."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.audio import SAMPLE_RATE_HZ, load_song
from engine.features import (
    CHROMA,
    CONTRAST,
    HOP_LENGTH,
    MEL,
    MFCC,
    N_FFT,
    N_FRAMES,
    N_ROWS,
    TONNETZ,
    FeatureStream,
    Window,
    beats_of,
    cut_windows,
    onset_envelope,
    paper_window_features,
    song_features,
    warm_up,
    window_features,
    window_padding,
    window_start_frame,
    windows_of,
)

SONG = Path(__file__).parents[1] / "assets" / "jungle-20s.mp3"
WINDOW = 2 * SAMPLE_RATE_HZ

Array = NDArray[np.float32]


def chirp() -> Array:
    """Six seconds that sweep and swell, with noise 60 dB below."""
    t = np.arange(6 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    noise = np.random.default_rng(5).standard_normal(len(t))
    return (0.4 * np.sin(2 * np.pi * (80 * t + 250 * t**2)) * t / 6 + 4e-4 * noise).astype(np.float32)


@pytest.fixture(scope="module")
def song() -> Array:
    return load_song(SONG).y


@pytest.fixture(scope="module")
def features(song: Array) -> Array:
    return song_features(song)


def by_librosa(y: Array) -> Array:
    """The definition, each line one call of librosa over the whole recording."""
    magnitude = np.abs(librosa.stft(y, n_fft=N_FFT, hop_length=HOP_LENGTH, window="hann", center=True))
    mel = librosa.feature.melspectrogram(S=magnitude**2, sr=SAMPLE_RATE_HZ, n_mels=128)
    mel_db = librosa.power_to_db(mel, ref=1, amin=1e-10, top_db=None)
    chroma = librosa.feature.chroma_stft(S=magnitude, sr=SAMPLE_RATE_HZ, tuning=0)
    return np.concatenate(
        [
            librosa.feature.mfcc(S=mel_db, n_mfcc=40),
            chroma,
            librosa.feature.spectral_contrast(S=magnitude, sr=SAMPLE_RATE_HZ),
            librosa.feature.tonnetz(chroma=chroma, sr=SAMPLE_RATE_HZ),
            mel_db,
        ]
    )


@pytest.mark.parametrize(
    "rows", [MFCC, CHROMA, CONTRAST, TONNETZ, MEL], ids=["mfcc", "chroma", "contrast", "tonnetz", "mel"]
)
@pytest.mark.parametrize("sound", ["music", "chirp"])
def test_equal_to_librosa_over_the_whole_recording(sound: str, rows: slice, song: Array) -> None:
    y = song[: 8 * SAMPLE_RATE_HZ + 77] if sound == "music" else chirp()
    expected = by_librosa(y)
    computed = song_features(y)
    assert computed.shape == expected.shape == (N_ROWS, 1 + len(y) // HOP_LENGTH)
    assert computed.dtype == np.float32
    assert computed.flags.c_contiguous
    np.testing.assert_allclose(computed[rows], expected[rows], rtol=1e-6, atol=1e-4)


def test_digital_silence_before_the_music_does_not_change_the_music(song: Array, features: Array) -> None:
    silence = np.zeros(8 * HOP_LENGTH, dtype=np.float32)
    later = song_features(np.concatenate([silence, song]))
    np.testing.assert_allclose(later[:, 8 + 2 :], features[:, 2:], atol=1e-4)
    # No floor relative to the song's maximum: silence is flat and 100 dB down, also in the contrast.
    np.testing.assert_allclose(later[MEL, :5], -100, atol=1e-4)
    np.testing.assert_array_equal(later[CONTRAST, :5], 0)
    assert np.isfinite(later).all()


def test_softer_by_6_db_shifts_mel_and_the_first_mfcc_alone(song: Array, features: Array) -> None:
    soft = song_features(song * np.float32(0.5))
    change = soft - features
    loud = features[MEL] > -80  # what lies at the floor cannot sink
    shift = 20 * np.log10(0.5)
    np.testing.assert_allclose(change[MEL][loud], shift, atol=1e-3)
    heard = loud.all(axis=0)
    np.testing.assert_allclose(change[MFCC, heard][0], shift * np.sqrt(128), atol=1e-2)
    np.testing.assert_allclose(change[MFCC, heard][1:], 0, atol=1e-2)
    np.testing.assert_allclose(change[CHROMA, heard], 0, atol=1e-4)
    np.testing.assert_allclose(change[CONTRAST, heard], 0, atol=1e-2)
    np.testing.assert_allclose(change[TONNETZ, heard], 0, atol=1e-4)


@settings(max_examples=15, deadline=None)
@given(
    n_samples=st.integers(0, 5 * SAMPLE_RATE_HZ),
    sizes=st.lists(st.one_of(st.integers(0, 3000), st.integers(10_000, 60_000)), min_size=1, max_size=8),
)
def test_streamed_in_any_blocks_equals_offline(n_samples: int, sizes: list[int]) -> None:
    y = np.random.default_rng(n_samples).standard_normal(n_samples).astype(np.float32)
    stream = FeatureStream()
    parts, start, i = [], 0, 0
    while start < n_samples:
        size = 200 + sizes[i % len(sizes)]  # thousands of tiny pushes would only take time
        parts.append(stream.push(y[start : start + size]))
        start += size
        i += 1
    parts.append(stream.finish())
    np.testing.assert_allclose(np.concatenate(parts, axis=1), song_features(y), rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [1, 511, 512, 513, 22_050, 10_000_000])
def test_streamed_in_blocks_equals_offline_to_the_last_bit(size: int, song: Array) -> None:
    y = song[:3000] if size == 1 else song
    stream = FeatureStream()
    parts = [stream.push(y[start : start + size]) for start in range(0, len(y), size)]
    np.testing.assert_array_equal(np.concatenate([*parts, stream.finish()], axis=1), song_features(y))


def test_a_stream_gives_frames_early(song: Array) -> None:
    given_early = FeatureStream().push(song[: 3 * SAMPLE_RATE_HZ]).shape[1]
    assert given_early >= N_FRAMES
    assert given_early <= 3 * SAMPLE_RATE_HZ // HOP_LENGTH


def test_a_stream_refuses_more_than_one_channel() -> None:
    with pytest.raises(ValueError, match="mono"):
        FeatureStream().push(np.zeros((2, 100), dtype=np.float32))


@pytest.mark.parametrize(
    ("n_samples", "expected"),
    [
        (0, ()),
        (SAMPLE_RATE_HZ - 1, ()),
        (SAMPLE_RATE_HZ, (Window(0, 1),)),
        (WINDOW - 1, (Window(0, (WINDOW - 1) / SAMPLE_RATE_HZ),)),
        (WINDOW, (Window(0, 2),)),
        (WINDOW + SAMPLE_RATE_HZ - 1, (Window(0, 2),)),
        (WINDOW + SAMPLE_RATE_HZ, (Window(0, 2), Window(2, 3))),
        (2 * WINDOW, (Window(0, 2), Window(2, 4))),
    ],
)
def test_windows_are_two_seconds_and_a_short_last_part_is_dropped(n_samples: int, expected: tuple[Window, ...]) -> None:
    assert windows_of(n_samples) == expected


def test_windows_start_at_the_nearest_frame(song: Array) -> None:
    features = song_features(song)
    windows = cut_windows(features, len(song) - WINDOW)
    assert [window_start_frame(k) for k in range(6)] == [0, 86, 172, 258, 345, 431]
    assert windows.shape == (9, N_ROWS, N_FRAMES)
    assert windows.flags.c_contiguous
    for k, window in enumerate(windows):
        start = round(2 * k * 22_050 / 512)
        np.testing.assert_array_equal(window, features[:, start : start + 87])


@settings(max_examples=20, deadline=None)
@given(n_samples=st.integers(SAMPLE_RATE_HZ, 7 * WINDOW))
def test_the_last_window_hears_the_song_followed_by_silence(n_samples: int) -> None:
    y = np.random.default_rng(n_samples).standard_normal(n_samples).astype(np.float32)
    windows = window_features(y)
    assert len(windows) == len(windows_of(n_samples))
    endless = song_features(np.concatenate([y, np.zeros(2 * WINDOW, dtype=np.float32)]))
    np.testing.assert_allclose(windows, cut_windows(endless, n_samples), rtol=0, atol=1e-5)


def test_a_song_without_its_padding_is_refused(song: Array, features: Array) -> None:
    n_samples = len(song) - 5000
    assert window_padding(n_samples) == pytest.approx(5000, abs=HOP_LENGTH)
    with pytest.raises(ValueError, match="window_padding"):
        cut_windows(features[:, : 1 + n_samples // HOP_LENGTH], n_samples)
    assert window_padding(WINDOW // 4) == 0
    assert cut_windows(features[:, :20], WINDOW // 4).shape == (0, N_ROWS, N_FRAMES)


def test_the_papers_own_calls_agree_where_they_should(song: Array, features: Array) -> None:
    y = song[2 * WINDOW : 3 * WINDOW]
    paper = paper_window_features(y)
    shared = features[:, window_start_frame(2) :][:, :N_FRAMES]
    assert paper.shape == (N_ROWS, N_FRAMES)
    assert paper.dtype == np.float32
    # Window 2 begins 64 samples before its first frame's centre, so frames differ a little; contents do not.
    for rows, least in ((MFCC, 0.99), (CONTRAST, 0.8), (MEL, 0.97)):
        assert np.corrcoef(paper[rows].ravel(), shared[rows].ravel())[0, 1] > least
    alone = song_features(y)
    inner = slice(2, -2)  # frames that hear nothing beyond the window
    np.testing.assert_allclose(paper[MEL, inner], alone[MEL, :N_FRAMES][:, inner], atol=1e-3)


def test_the_papers_own_calls_bear_silence_and_a_short_last_window() -> None:
    for y in (np.zeros(WINDOW, dtype=np.float32), chirp()[: WINDOW - 9000]):
        paper = paper_window_features(y)
        assert paper.shape == (N_ROWS, N_FRAMES)
        assert np.isfinite(paper).all()


def test_the_onset_envelope_is_librosas(features: Array) -> None:
    mel_db = features[MEL]
    heard = np.maximum(mel_db, mel_db.max() - 80)
    expected = librosa.onset.onset_strength(S=heard, sr=SAMPLE_RATE_HZ, hop_length=HOP_LENGTH)
    np.testing.assert_allclose(onset_envelope(mel_db), expected, atol=1e-4)
    # Longer than what is computed at once.
    mel_db = np.tile(mel_db, (1, 6))
    expected = librosa.onset.onset_strength(
        S=np.maximum(mel_db, mel_db.max() - 80), sr=SAMPLE_RATE_HZ, hop_length=HOP_LENGTH
    )
    np.testing.assert_allclose(onset_envelope(mel_db), expected, atol=1e-4)


def test_parts_of_a_song_have_the_envelope_of_the_whole(features: Array) -> None:
    mel_db = features[MEL]
    parts = np.split(mel_db, [0, 1, 7, 300, 301], axis=1)
    np.testing.assert_allclose(onset_envelope(parts), onset_envelope(mel_db), atol=1e-6)  # sums in another order


def test_the_tempo_is_librosas_and_takes_little_room() -> None:
    rng, n_frames = np.random.default_rng(3), 300 * SAMPLE_RATE_HZ // HOP_LENGTH
    envelope = rng.random(n_frames, dtype=np.float32)
    envelope[::23] += 2.0  # 112 to the minute
    expected = librosa.feature.tempo(onset_envelope=envelope, sr=SAMPLE_RATE_HZ, hop_length=HOP_LENGTH)[0]
    tracemalloc.start()
    tempo_bpm, _ = beats_of(envelope)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert tempo_bpm == expected
    assert peak < 60_000_000  # the whole tempogram takes five times as much


def clicks(bpm: float, seconds: float, *, first_s: float = 0.5) -> tuple[Array, NDArray[np.float64]]:
    times_s = np.arange(first_s, seconds - 0.1, 60 / bpm)
    t = np.arange(660) / SAMPLE_RATE_HZ
    click = np.exp(-t * 120) * np.random.default_rng(1).standard_normal(len(t))
    y = np.zeros(round(seconds * SAMPLE_RATE_HZ), dtype=np.float32)
    for time_s in times_s:
        start = round(time_s * SAMPLE_RATE_HZ)
        y[start : start + len(click)] += click
    return y, times_s


@pytest.mark.parametrize("bpm", [80, 100, 120, 140])
def test_clicks_are_found_at_their_tempo_and_times(bpm: float) -> None:
    y, times_s = clicks(bpm, 24)
    tempo_bpm, beat_times_s = beats_of(onset_envelope(song_features(y)[MEL]))
    assert tempo_bpm == pytest.approx(bpm, rel=0.035)
    assert beat_times_s.dtype == np.float32
    late_s = np.array([beat - times_s[np.abs(times_s - beat).argmin()] for beat in beat_times_s])
    assert np.abs(late_s[1:]).max() < 0.025  # the first one may be a guess before the first click
    assert len(beat_times_s) >= len(times_s) - 2


def test_a_known_tempo_gives_the_same_beats() -> None:
    envelope = onset_envelope(song_features(clicks(110, 20)[0])[MEL])
    tempo_bpm, beats = beats_of(envelope)
    np.testing.assert_array_equal(beats_of(envelope, tempo_bpm=tempo_bpm)[1], beats)


@pytest.mark.parametrize("n_frames", [0, 1, 3, 4, 50, 500])
@pytest.mark.parametrize("kind", ["silent", "constant", "one onset"])
def test_where_nothing_repeats_there_may_be_no_beats_but_never_a_fault(kind: str, n_frames: int) -> None:
    envelope = np.full(n_frames, 0.0 if kind != "constant" else 1.0, dtype=np.float32)
    if kind == "one onset" and n_frames:
        envelope[n_frames // 2] = 1
    tempo_bpm, beat_times_s = beats_of(envelope)
    assert np.isfinite(tempo_bpm)
    assert np.isfinite(beat_times_s).all()
    if kind == "silent" or n_frames < 43:
        assert (tempo_bpm, len(beat_times_s)) == (0, 0)
    assert len(onset_envelope(np.zeros((128, n_frames), dtype=np.float32))) == n_frames


def test_warming_up_works_again_and_again() -> None:
    warm_up()
    warm_up()
