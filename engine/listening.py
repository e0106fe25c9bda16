"""Listen to sound that comes live: windows as they arrive, their emotion, the beats of the recent past. Keeps no sound.

What is known is a `MusicAnalysis` of the last minute, on the time of the listening; what is older is forgotten, so that
hours take no more memory than a minute.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from engine.audio import SAMPLE_RATE_HZ
from engine.emotion import EmotionCurve, FloatArray, relative_ranks, smooth_curve
from engine.encoders import Encoders
from engine.features import HOP_LENGTH, MEL, N_FRAMES, N_ROWS, WINDOW_S, FeatureStream, Window, beats_of, onset_envelope
from engine.matching import reference_moods
from engine.music import MusicAnalysis

LIVE: Final = Path("live")
"""Stands for the song in analyses and plans of sound that comes live."""

MEMORY_S: Final = 60.0
"""Windows are remembered this long: what a mood is compared with, and what the trail and the curve show."""

HORIZON_S: Final = 30.0
"""Beats are foretold and cues laid out this far ahead."""

VALENCE_WIDTH_S: Final = 4.0
AROUSAL_WIDTH_S: Final = 1.5
"""The mood of now weighs windows by their age with these scales: turned in a few seconds, but not by the noise that
valence has within a song."""

CURVE_WIDTH_S: Final = 2.0

BEAT_SPAN_S: Final = 12.0
BEAT_EVERY_WINDOWS: Final = 2
N_BEATS_TRUSTED: Final = 16
"""The next beats are foretold from the spacing of so many."""

SILENCE_DB: Final = -55.0
"""Mean power below this, in dB of full scale, is silence: under quiet music, over the noise of most microphones."""

SILENT_AFTER_S: Final = 2.0
"""A pause between two phrases is no silence."""

LOUD_DB: Final = -16.0
MAX_GAIN_DB: Final = 40.0
LOUDNESS_SPAN_S: Final = 20.0
"""What comes through a microphone is brought to LOUD_DB over so long, by MAX_GAIN_DB at most: how loud it is says how
near the loudspeaker stands, and the model was trained on masters and finds quiet songs calmer."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What is known after a window: the last minute, the music's mood now, and the next beats.

    analysis has no end; its duration is the time reached. ranks (2,) is the mood of now among songs, embedding (512,)
    its place in the shared space. curve is the last minute as it is shown. next_beats_s (n,) reach HORIZON_S ahead.
    """

    analysis: MusicAnalysis
    curve: EmotionCurve
    ranks: FloatArray
    embedding: FloatArray
    next_beats_s: FloatArray
    is_silent: bool

    @property
    def heard_s(self) -> float:
        """How long has been listened."""
        return self.analysis.duration_s


class Listener:
    """Takes blocks of samples at `sr` Hz as they arrive. Raises BrokenBundle.

    The level is evened out unless it is known, as that of a loopback is: there a quiet song is a quiet song.
    """

    def __init__(self, encoders: Encoders, *, sr: int, is_level_known: bool = False) -> None:
        self._encoders = encoders
        self._reference_va = reference_moods(encoders.bundle)
        self._sr = sr
        self._is_level_known = is_level_known
        self._resampler = None if sr == SAMPLE_RATE_HZ else _mono_resampler()
        self._stream = FeatureStream()
        self._features: FloatArray = np.empty((N_ROWS, 0), dtype=np.float32)
        self._n_frames = 0
        self._start_s = 0.0
        self._n_heard = 0
        self._windows: deque[Window] = deque()
        self._embeddings: deque[FloatArray] = deque()
        self._va: deque[FloatArray] = deque()
        self._mel_db: deque[FloatArray] = deque()
        self._mel_start_frame = 0
        self._n_windows = 0
        self._tempo_bpm = 0.0
        self._beats_s: FloatArray = np.empty(0, dtype=np.float32)
        self._power = 0.0
        self._silent_s = 0.0
        self.level_db = -120.0
        """Loudness of the last block, in dB of full scale."""

    @property
    def heard_s(self) -> float:
        """How long has been listened, pauses told by `skip` included."""
        return self._start_s + self._n_heard / self._sr

    @property
    def is_silent(self) -> bool:
        """Whether nothing has been heard for a while."""
        return self._silent_s >= SILENT_AFTER_S

    def hear(self, samples: FloatArray) -> Heard | None:
        """Take samples (n,) or (n, n_channels) in [-1, 1]; give what is known anew when a window has become whole."""
        mono = samples if samples.ndim == 1 else samples.mean(axis=1, dtype=np.float32)
        mono = np.nan_to_num(np.ascontiguousarray(mono, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        if len(mono) == 0:
            return None
        self._n_heard += len(mono)
        self._weigh(mono)
        frames = self._stream.push(self._resampled(mono * np.float32(self._gain)))
        return self._take(frames) if frames.shape[1] else None

    def skip(self, seconds: float) -> None:
        """Let time pass in which nothing could be heard, such as without a device."""
        reached_s = self.heard_s + seconds
        self._stream = FeatureStream()
        self._resampler = None if self._sr == SAMPLE_RATE_HZ else _mono_resampler()
        self._features = self._features[:, :0]
        self._n_frames = self._n_heard = self._mel_start_frame = 0
        self._mel_db.clear()
        self._start_s = reached_s
        self._silent_s += seconds
        self._beats_s = self._beats_s[:0]

    # Within

    def _weigh(self, mono: FloatArray) -> None:
        """Follow the loudness, at once and over a while, and the silence."""
        block_s = len(mono) / self._sr
        power = float(np.mean(mono.astype(np.float64) ** 2))
        self.level_db = 10 * float(np.log10(max(power, 1e-12)))
        if self.level_db < SILENCE_DB:
            self._silent_s += block_s
            return
        self._silent_s = 0.0
        share = 1.0 if self._power == 0.0 else 1 - float(np.exp(-block_s / LOUDNESS_SPAN_S))
        self._power += share * (power - self._power)

    @property
    def _gain(self) -> float:
        if self._is_level_known or self._power == 0.0:
            return 1.0
        wanted_db = LOUD_DB - 10 * float(np.log10(self._power))
        return float(10 ** (min(max(wanted_db, -MAX_GAIN_DB), MAX_GAIN_DB) / 20))

    def _resampled(self, mono: FloatArray) -> FloatArray:
        if self._resampler is None:
            return mono
        frame = AudioFrame.from_ndarray(mono[None, :], format="flt", layout="mono")
        frame.sample_rate = self._sr
        parts = [part.to_ndarray().reshape(-1) for part in self._resampler.resample(frame) if part.samples]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)

    def _take(self, frames: FloatArray) -> Heard | None:
        """Encode the newest two seconds. They come 32 frames at a time, so that windows overlap by more than half."""
        self._features = np.concatenate([self._features, frames], axis=1)[:, -N_FRAMES:]
        self._n_frames += frames.shape[1]
        self._keep_mel(frames[MEL])
        if self._features.shape[1] < N_FRAMES:
            return None
        start_s = self._start_s + (self._n_frames - N_FRAMES) * HOP_LENGTH / SAMPLE_RATE_HZ
        window = np.ascontiguousarray(self._features[None])
        embeddings, va = self._encoders.music_heads(self._encoders.music_features(window))
        if not self.is_silent or not self._windows:
            self._remember(Window(start_s, start_s + WINDOW_S), embeddings[0], va[0])
        self._n_windows += 1
        if self._n_windows % BEAT_EVERY_WINDOWS == 0:
            self._find_beats()
        return self._known()

    def _remember(self, window: Window, embedding: FloatArray, va: FloatArray) -> None:
        self._windows.append(window)
        self._embeddings.append(embedding)
        self._va.append(va)
        while self._windows[0].end_s < window.end_s - MEMORY_S:
            self._windows.popleft()
            self._embeddings.popleft()
            self._va.popleft()

    def _keep_mel(self, mel_db: FloatArray) -> None:
        self._mel_db.append(mel_db)
        n_kept = sum(part.shape[1] for part in self._mel_db)
        n_wanted = round(BEAT_SPAN_S * SAMPLE_RATE_HZ / HOP_LENGTH)
        while n_kept - self._mel_db[0].shape[1] >= n_wanted:
            n_kept -= self._mel_db.popleft().shape[1]
        self._mel_start_frame = self._n_frames - n_kept

    def _find_beats(self) -> None:
        if self.is_silent:
            self._tempo_bpm, self._beats_s = 0.0, self._beats_s[:0]
            return
        envelope = onset_envelope(np.concatenate(tuple(self._mel_db), axis=1))
        self._tempo_bpm, beats_s = beats_of(envelope)
        offset_s = self._start_s + self._mel_start_frame * HOP_LENGTH / SAMPLE_RATE_HZ
        self._beats_s = (beats_s + np.float32(offset_s)).astype(np.float32)

    def _known(self) -> Heard:
        windows = tuple(self._windows)
        embeddings = np.ascontiguousarray(np.stack(self._embeddings))
        va = np.ascontiguousarray(np.stack(self._va))
        times_s = np.array([window.centre_s for window in windows], dtype=np.float32)
        smoothed = smooth_curve(times_s, va, width_s=CURVE_WIDTH_S)
        by_valence, by_arousal = (_recent(times_s, width_s) for width_s in (VALENCE_WIDTH_S, AROUSAL_WIDTH_S))
        now = np.array([[by_valence @ va[:, 0], by_arousal @ va[:, 1]]], dtype=np.float32)
        # The mood of now stands as one more window beside those it is compared with.
        ranks = relative_ranks(np.concatenate([smoothed.va, now]), reference_va=self._reference_va)
        analysis = MusicAnalysis(
            path=LIVE,
            duration_s=self.heard_s,
            windows=windows,
            embeddings=embeddings,
            va=va,
            curve=smoothed,
            beat_times_s=self._beats_s,
            tempo_bpm=self._tempo_bpm,
            is_complete=False,
            bundle_id=self._encoders.bundle.id,
        )
        return Heard(
            analysis=analysis,
            curve=EmotionCurve(times_s, ranks[:-1], ranks[:-1]),
            ranks=ranks[-1],
            embedding=np.ascontiguousarray(by_arousal @ embeddings, dtype=np.float32),
            next_beats_s=beats_ahead(self._beats_s, from_s=self.heard_s, to_s=self.heard_s + HORIZON_S),
            is_silent=self.is_silent,
        )


def _recent(times_s: FloatArray, width_s: float) -> FloatArray:
    """Weights (n,) of windows by how recent they are; their sum is 1."""
    weights: FloatArray = np.exp((times_s - times_s[-1]) / np.float32(width_s)).astype(np.float32)
    weights /= weights.sum()
    return weights


def beats_ahead(beats_s: FloatArray, *, from_s: float, to_s: float) -> FloatArray:
    """Foretell the beats in [from_s, to_s] from the spacing of the last ones; none from fewer than four."""
    recent = np.asarray(beats_s, dtype=np.float64)[-N_BEATS_TRUSTED:]
    if len(recent) < 4:
        return np.empty(0, dtype=np.float32)
    index = np.arange(len(recent))
    period_s, first_s = np.polyfit(index, recent, 1)
    if period_s <= 0:
        return np.empty(0, dtype=np.float32)
    low, high = int(np.ceil((from_s - first_s) / period_s)), int(np.floor((to_s - first_s) / period_s))
    times_s: FloatArray = (first_s + period_s * np.arange(low, high + 1)).astype(np.float32)
    return times_s


def _mono_resampler() -> AudioResampler:
    return AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
