"""The paper's 193 x 87 music features of 2 s windows, from one STFT shared over the whole song; onsets and beats.

This is the one definition ("shared-stft-1" in a bundle's manifest) that the model is trained on and served with.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy.sparse import csr_array

from engine.audio import SAMPLE_RATE_HZ
from engine.compiling import compiled_librosa
from engine.emotion import FloatArray

N_FFT: Final = 2048
HOP_LENGTH: Final = 512
WINDOW_S: Final = 2.0
MIN_WINDOW_S: Final = 1.0
"""A last part of a song shorter than this makes no window."""

N_FRAMES: Final = 87
MFCC: Final = slice(0, 40)
CHROMA: Final = slice(40, 52)
CONTRAST: Final = slice(52, 59)
TONNETZ: Final = slice(59, 65)
MEL: Final = slice(65, 193)
N_ROWS: Final = 193
FEATURES_NAME: Final = "shared-stft-1"

AMIN: Final = 1e-10
"""Floor of every power before the logarithm: -100 dB. No other floor, so that a frame never depends on other frames."""

CONTRAST_FMIN_HZ: Final = 200.0
CONTRAST_QUANTILE: Final = 0.02

ONSET_TOP_DB: Final = 80.0
"""Quieter than the song's loudest mel band by this is silence to the onset envelope."""

BEAT_DELAY_S: Final = 0.020
"""The envelope peaks in the frame after the one a sound begins in: clicks are found 9 to 31 ms late, 20 on average."""

TEMPO_SPAN_S: Final = 600.0
"""The tempo is estimated on the middle part of this length: the tempogram of a two-hour mix would need gigabytes."""

TEMPO_WINDOW_S: Final = 8.0
"""Length of the parts that are compared with themselves to find the tempo: librosa's own."""

_TEMPO_CHUNK: Final = 1024
"""Frames of the tempogram made at once."""

_ONSET_CHUNK: Final = 4096
"""Frames whose rises are taken at once: those of a two-hour mix together would need half a gigabyte."""

_MIN_BEAT_FRAMES: Final = 43
"""One second: less holds no beat, and librosa's tracker runs over the end of an envelope of a few frames."""

_WINDOW_SAMPLES: Final = int(WINDOW_S * SAMPLE_RATE_HZ)
_MIN_WINDOW_SAMPLES: Final = int(MIN_WINDOW_S * SAMPLE_RATE_HZ)

_BATCH: Final = 32
"""Frames are computed in batches of this size on a grid fixed to the song's start, so that each transform and product
has the same shape however the samples arrive: streamed and offline features are then equal to the last bit."""

_PRODUCT_ROWS: Final = 16
"""Rows of one dense product: small enough that the BLAS does not share it out over threads, which beside other work
costs up to a hundred times the product itself."""

_CHUNK: Final = 4 * _BATCH
"""Frames computed in one go; their working set stays within the processor's cache."""


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a song that the music branch sees at once: 2 s, or down to 1 s at the song's end."""

    start_s: float
    end_s: float

    @property
    def centre_s(self) -> float:
        """Middle of the window, where its emotion stands on the curve."""
        return (self.start_s + self.end_s) / 2


def windows_of(n_samples: int) -> tuple[Window, ...]:
    """List the windows of a song of n_samples at 22,050 Hz: [2k, 2k + 2) s; a last part is kept from 1 s on."""
    n_full, rest = divmod(n_samples, _WINDOW_SAMPLES)
    windows = [Window(k * WINDOW_S, (k + 1) * WINDOW_S) for k in range(n_full)]
    if rest >= _MIN_WINDOW_SAMPLES:
        windows.append(Window(n_full * WINDOW_S, n_samples / SAMPLE_RATE_HZ))
    return tuple(windows)


def window_start_frame(k: int) -> int:
    """First frame of window k: the one whose centre lies nearest to 2k s."""
    return round(k * _WINDOW_SAMPLES / HOP_LENGTH)


def window_padding(n_samples: int) -> int:
    """Count the zero samples that must follow a song so that its last window has all of its 87 frames."""
    n_windows = len(windows_of(n_samples))
    if n_windows == 0:
        return 0
    return max(0, (window_start_frame(n_windows - 1) + N_FRAMES - 1) * HOP_LENGTH - n_samples)


def cut_windows(features: FloatArray, n_samples: int) -> FloatArray:
    """Cut features (193, n_frames) of a song of n_samples into its windows, shape (n_windows, 193, 87).

    A window at the song's end needs frames beyond it: `features` must be those of the song followed by
    `window_padding(n_samples)` zero samples (`window_features` does both). Raises ValueError where they are too short.
    """
    n_windows = len(windows_of(n_samples))
    starts = [window_start_frame(k) for k in range(n_windows)]
    if starts and starts[-1] + N_FRAMES > features.shape[1]:
        needed = starts[-1] + N_FRAMES
        raise ValueError(
            f"{features.shape[1]} frames, {needed} needed: append window_padding(n_samples) zero samples to the song "
            "before song_features, or call window_features"
        )
    windows = np.empty((n_windows, N_ROWS, N_FRAMES), dtype=np.float32)
    for k, start in enumerate(starts):
        windows[k] = features[:, start : start + N_FRAMES]
    return windows


def window_features(y: FloatArray) -> FloatArray:
    """Compute the windows (n_windows, 193, 87) of a whole song y (n_samples,) at 22,050 Hz."""
    padded = np.concatenate([np.asarray(y, dtype=np.float32), np.zeros(window_padding(len(y)), dtype=np.float32)])
    return cut_windows(song_features(padded), len(y))


def song_features(y: FloatArray) -> FloatArray:
    """Compute the features (193, 1 + n_samples // 512) of a whole song y (n_samples,) at 22,050 Hz.

    Rows in the paper's order: 40 MFCC of the mel dB, 12 chroma_stft and 7 spectral contrast of the magnitude,
    6 tonal centroids of that chroma, 128 mel bands in dB (ref 1, floor 1e-10). Frame i is centred on sample 512 i;
    the song is zero-padded at its two ends only. Equal to librosa called once over the song, with one exception:
    librosa's contrast lifts what lies 80 dB under the song's maximum (digital silence), here no frame sees another.
    """
    stream = FeatureStream()
    features = np.empty((N_ROWS, 1 + len(y) // HOP_LENGTH), dtype=np.float32)
    n_done = 0
    for block in (stream.push(y), stream.finish()):
        features[:, n_done : n_done + block.shape[1]] = block
        n_done += block.shape[1]
    return features


class FeatureStream:
    """Compute `song_features` while the samples arrive; the blocks may have any length."""

    def __init__(self) -> None:
        self._samples: FloatArray = np.zeros(N_FFT // 2, dtype=np.float32)
        self._n_samples = 0
        self._n_frames = 0

    def push(self, block: FloatArray) -> FloatArray:
        """Append samples (n,); return the frames (193, k) that became final, k often 0 (they come 32 at a time)."""
        block = np.asarray(block, dtype=np.float32)
        if block.ndim != 1:
            raise ValueError(f"mono samples of shape (n,) expected, not {block.shape}")
        self._samples = np.concatenate([self._samples, block])
        self._n_samples += len(block)
        n_ready = max(0, 1 + (len(self._samples) - N_FFT) // HOP_LENGTH)
        n_ready -= n_ready % _BATCH
        features = _features_of(self._samples, n_ready)
        self._samples = self._samples[n_ready * HOP_LENGTH :]
        self._n_frames += n_ready
        return features

    def finish(self) -> FloatArray:
        """End the song and return its last frames (193, k), k at least 1."""
        n_left = 1 + self._n_samples // HOP_LENGTH - self._n_frames
        n_computed = -(-n_left // _BATCH) * _BATCH
        tail = np.zeros((n_computed - 1) * HOP_LENGTH + N_FFT, dtype=np.float32)
        tail[: len(self._samples)] = self._samples[: len(tail)]
        self._samples = self._samples[:0]
        self._n_frames += n_left
        return np.ascontiguousarray(_features_of(tail, n_computed)[:, :n_left])


def _features_of(samples: FloatArray, n_frames: int) -> FloatArray:
    """Compute the first n_frames (a multiple of `_BATCH`) of samples whose first frame starts at index 0."""
    features = np.empty((N_ROWS, n_frames), dtype=np.float32)
    if n_frames == 0:
        return features
    frames = np.lib.stride_tricks.sliding_window_view(samples, N_FFT)[::HOP_LENGTH][:n_frames]
    for start in range(0, n_frames, _CHUNK):
        chunk = frames[start : start + _CHUNK]
        features[:, start : start + len(chunk)] = _rows_of(chunk).T
    return features


def _rows_of(frames: FloatArray) -> FloatArray:
    """Compute rows (n, 193) of sample frames (n, 2048), n a multiple of `_BATCH`."""
    banks = _filter_banks()
    # In double precision, as librosa does: the quiet bins under a low-pass would else be rounding noise.
    spectrum = scipy.fft.rfft(frames * banks.hann, axis=-1).astype(np.complex64)
    magnitude: FloatArray = np.abs(spectrum)  # (n, 1025)
    rows = np.empty((len(frames), N_ROWS), dtype=np.float32)
    mel_db = _power_db((banks.mel @ (magnitude * magnitude).T).T)
    rows[:, MEL] = mel_db
    rows[:, MFCC] = scipy.fft.dct(mel_db, axis=-1, type=2, norm="ortho")[:, :40]
    chroma = _normalised(_product(magnitude, banks.chroma), ord=np.inf)
    rows[:, CHROMA] = chroma
    rows[:, TONNETZ] = _product(_normalised(chroma, ord=1), banks.tonnetz)
    rows[:, CONTRAST] = _contrast(magnitude)
    return rows


def _product(rows: FloatArray, bank: FloatArray) -> FloatArray:
    """Multiply rows (n, k) by a bank (k, m), `_PRODUCT_ROWS` at a time."""
    products: FloatArray = rows.reshape(-1, _PRODUCT_ROWS, rows.shape[-1]) @ bank
    return products.reshape(len(rows), -1)


def _contrast(magnitude: FloatArray) -> FloatArray:
    """Compute the spectral contrast (n, 7) in dB of magnitudes (n, 1025): mean of a band's top 2 % over its bottom."""
    peaks = np.empty((len(magnitude), 7), dtype=np.float32)
    valleys = np.empty_like(peaks)
    for k, (band, n_ends) in enumerate(_contrast_bands()):
        inside = magnitude[:, band]
        if n_ends == 1:
            valleys[:, k], peaks[:, k] = inside.min(axis=-1), inside.max(axis=-1)
        else:
            ordered = np.sort(inside, axis=-1)  # whole: vectorised, five times faster than a partition
            valleys[:, k] = ordered[:, :n_ends].mean(axis=-1)
            peaks[:, k] = ordered[:, -n_ends:].mean(axis=-1)
    return _power_db(peaks) - _power_db(valleys)


def _power_db(power: NDArray[np.float32]) -> FloatArray:
    """Convert power to dB, ref 1, floor 1e-10, without a floor relative to the maximum."""
    decibels: FloatArray = np.float32(10) * np.log10(np.maximum(np.float32(AMIN), power))
    return decibels


def _normalised(values: FloatArray, *, ord: float) -> FloatArray:
    """Divide each row (n, m) by its norm; a row of (next to) nothing stays as it is."""
    norms = np.linalg.norm(values, ord=ord, axis=-1, keepdims=True)
    norms[norms < np.finfo(np.float32).tiny] = 1
    normalised: FloatArray = values / norms
    return normalised


@dataclass(frozen=True, slots=True, eq=False)
class _FilterBanks:
    """Constant matrices: hann (2048,) in double precision, mel (128, 1025), chroma (1025, 12), tonnetz (12, 6).

    A mel band sees few bins, so that its matrix is sparse: 2,018 of 131,200 entries.
    """

    hann: NDArray[np.float64]
    mel: csr_array
    chroma: FloatArray
    tonnetz: FloatArray


@cache
def _filter_banks() -> _FilterBanks:
    filters = compiled_librosa().filters
    # Harte, Sandler and Gasser (2006): circles of fifths, minor and major thirds, of radius 1, 1 and 1/2.
    turns: NDArray[np.float64] = np.outer(np.repeat([7 / 6, 3 / 2, 2 / 3], 2), np.arange(12))
    turns[::2] -= 0.5  # the even rows are sines
    tonnetz = np.repeat([1.0, 1.0, 0.5], 2)[:, None] * np.cos(np.pi * turns)
    return _FilterBanks(
        hann=filters.get_window("hann", N_FFT, fftbins=True),
        mel=csr_array(filters.mel(sr=SAMPLE_RATE_HZ, n_fft=N_FFT).astype(np.float32)),
        chroma=np.ascontiguousarray(filters.chroma(sr=SAMPLE_RATE_HZ, n_fft=N_FFT, tuning=0.0).T, dtype=np.float32),
        tonnetz=np.ascontiguousarray(tonnetz.T, dtype=np.float32),
    )


@cache
def _contrast_bands() -> tuple[tuple[slice, int], ...]:
    """List each octave band's bins and how many bins make its top and bottom 2 %, as librosa counts them.

    A band begins one bin under its lower edge (but the first); the count is of all its bins, while the topmost bin
    is then left to the next band (but in the last, which takes everything up to the Nyquist frequency).
    """
    freqs_hz = np.fft.rfftfreq(N_FFT, 1 / SAMPLE_RATE_HZ)
    edges_hz = [0.0, *(CONTRAST_FMIN_HZ * 2.0**octave for octave in range(7))]
    bands = []
    for k in range(7):
        inside = np.flatnonzero((freqs_hz >= edges_hz[k]) & (freqs_hz <= edges_hz[k + 1]))
        first = int(inside[0]) - (1 if k > 0 else 0)
        last = len(freqs_hz) - 1 if k == 6 else int(inside[-1])
        n_ends = max(1, int(np.rint(CONTRAST_QUANTILE * (last - first + 1))))
        bands.append((slice(first, last + 1 if k == 6 else last), n_ends))
    return tuple(bands)


def paper_window_features(y: FloatArray) -> FloatArray:
    """Compute one window's (193, 87) the way of the paper's code: librosa's own calls on the window alone.

    y (n,) at 22,050 Hz, up to 2 s, zero-padded to 2 s. Tuning is estimated, tonal centroids come from a CQT of the
    harmonic part, MFCCs have a floor 80 dB under the window's maximum. Mel is given in dB, as everywhere here.
    For comparison only, about 40 times slower than the shared STFT and not equal to it.
    """
    librosa = compiled_librosa()
    y = np.pad(np.asarray(y, dtype=np.float32)[:_WINDOW_SAMPLES], (0, max(0, _WINDOW_SAMPLES - len(y))))
    with warnings.catch_warnings():
        # Short windows are longer than the CQT's lowest filters would like; a silent one has no pitch to tune by.
        warnings.simplefilter("ignore", UserWarning)
        magnitude = np.abs(librosa.stft(y, n_fft=N_FFT, hop_length=HOP_LENGTH))
        rows = [
            librosa.feature.mfcc(y=y, sr=SAMPLE_RATE_HZ, n_mfcc=40),
            librosa.feature.chroma_stft(S=magnitude, sr=SAMPLE_RATE_HZ),
            librosa.feature.spectral_contrast(S=magnitude, sr=SAMPLE_RATE_HZ),
            librosa.feature.tonnetz(y=librosa.effects.harmonic(y), sr=SAMPLE_RATE_HZ),
            librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SAMPLE_RATE_HZ), amin=AMIN, top_db=None),
        ]
    return np.ascontiguousarray(np.concatenate(rows)[:, :N_FRAMES], dtype=np.float32)


def onset_envelope(mel_db: FloatArray | Sequence[FloatArray]) -> FloatArray:
    """Compute the onset strength (n,) of mel_db (128, n): the mean rise over the bands from frame to frame.

    mel_db may come in parts, one after the other; of a mix of hours one array would be copied whole. Delayed by half an
    STFT window as librosa does it, so that a peak lies where the sound begins.
    """
    parts = [mel_db] if isinstance(mel_db, np.ndarray) else mel_db
    n_frames = sum(part.shape[1] for part in parts)
    envelope = np.zeros(n_frames, dtype=np.float32)
    at = 1 + N_FFT // (2 * HOP_LENGTH)
    if n_frames > at:
        floor_db = max(part.max() for part in parts if part.size) - np.float32(ONSET_TOP_DB)
        before = parts[0][:, :0]
        for part in parts:
            for first in range(0, part.shape[1], _ONSET_CHUNK):
                heard = np.concatenate([before, part[:, first : first + _ONSET_CHUNK]], axis=1)
                np.maximum(heard, floor_db, out=heard)
                rises = np.maximum(np.diff(heard, axis=1), 0).mean(axis=0)[: n_frames - at]
                envelope[at : at + len(rises)] = rises
                at, before = at + len(rises), heard[:, -1:]
    return envelope


def beats_of(onset_envelope: FloatArray, *, tempo_bpm: float | None = None) -> tuple[float, FloatArray]:
    """Find the tempo in beats a minute and the times of the beats (n_beats,) in seconds of an onset envelope (n,).

    A tempo that is already known saves the most of the time. Tempo 0 and no beats where nothing begins (silence).
    Beats follow Ellis (2007), through librosa.beat, whose first call compiles for seconds (see `warm_up`).
    """
    no_beats = np.zeros(0, dtype=np.float32)
    if len(onset_envelope) < _MIN_BEAT_FRAMES or not np.any(onset_envelope > 0):
        return 0.0, no_beats
    librosa = compiled_librosa()
    frame_rate_hz = SAMPLE_RATE_HZ / HOP_LENGTH
    if tempo_bpm is None:
        n_span = int(TEMPO_SPAN_S * frame_rate_hz)
        n_before = max(0, len(onset_envelope) - n_span) // 2
        middle = onset_envelope[n_before : n_before + n_span]
        tempo_bpm = _tempo_of(middle)
    if not tempo_bpm > 0:
        return 0.0, no_beats
    _, frames = librosa.beat.beat_track(
        onset_envelope=onset_envelope, sr=SAMPLE_RATE_HZ, hop_length=HOP_LENGTH, bpm=tempo_bpm
    )
    times_s = np.maximum(np.asarray(frames) / frame_rate_hz - BEAT_DELAY_S, 0)
    return tempo_bpm, times_s.astype(np.float32)


def _tempo_of(envelope: FloatArray) -> float:
    """Estimate the tempo in beats a minute as librosa.feature.tempo does: of the mean of the tempogram.

    Only the mean is kept: the whole tempogram of ten minutes takes half a gigabyte while it is made.
    """
    librosa = compiled_librosa()
    how = {"sr": SAMPLE_RATE_HZ, "hop_length": HOP_LENGTH}
    width = int(librosa.time_to_frames(TEMPO_WINDOW_S, **how))
    padded = np.pad(envelope, width // 2, mode="linear_ramp", end_values=0)
    mean = np.zeros(width)
    for first in range(0, len(envelope), _TEMPO_CHUNK):
        n_frames = min(_TEMPO_CHUNK, len(envelope) - first)
        part = padded[first : first + n_frames + width - 1]
        tempogram = librosa.feature.tempogram(onset_envelope=part, win_length=width, center=False, **how)
        mean += tempogram.sum(axis=-1) / len(envelope)
    return float(librosa.feature.tempo(tg=mean[:, None], **how)[0])


def warm_up() -> None:
    """Do the slow first calls: build the filter banks, and let librosa's beat tracker compile (about 2 s, once).

    Called in a worker after the window is shown. Without it the first song pays.
    """
    noise = np.random.default_rng(0).standard_normal(4 * SAMPLE_RATE_HZ).astype(np.float32)
    beats_of(onset_envelope(song_features(noise)[MEL]))
