"""Analyse a song window by window while it decodes: embeddings, emotion curve, beats; kept as bytes in the library."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engine.audio import SAMPLE_RATE_HZ, mono_blocks, probe_song
from engine.emotion import EmotionCurve, FloatArray, smooth_curve
from engine.encoders import Encoders
from engine.errors import UnreadableSong
from engine.features import (
    HOP_LENGTH,
    MEL,
    MIN_WINDOW_S,
    N_FRAMES,
    N_ROWS,
    FeatureStream,
    Window,
    beats_of,
    onset_envelope,
    window_padding,
    window_start_frame,
    windows_of,
)
from engine.progress import Progress, Report, ignore

STAGE: Final = "analysing"

FORMAT_VERSION: Final = 1
"""Of `MusicAnalysis.to_bytes`; another one is analysed anew."""

_BLOCK_S: Final = 2.5
"""Decoded at once: a little over one window, so that the first emotion is there after 2.5 s of song."""

_GROWTH_WINDOWS: Final = 5
"""Windows between two partial analyses: 10 s of song."""

_GROWTH_SHARE: Final = 16
"""In long songs a partial analysis comes after the song has grown by this part, so that their cost stays linear."""

_MEL_PART: Final = 1024
"""Frames of a song's mel rows kept in one piece: 0.5 MB."""

_TEMPO_GROWTH: Final = 1.5
"""The tempo, costly, is estimated anew when so much more of the song is known; the beats follow each time."""


@dataclass(frozen=True, slots=True, eq=False)
class MusicAnalysis:
    """What is known of a song: row i of embeddings (n, 512) and of the raw va (n, 2) in [0, 1] belongs to windows[i].

    The curve stands at the windows' centres. While `is_complete` is false the song is still being decoded:
    duration_s is then what its file states, windows and beats reach as far as it was heard, and the tempo may be 0.
    """

    path: Path
    duration_s: float
    windows: tuple[Window, ...]
    embeddings: FloatArray
    va: FloatArray
    curve: EmotionCurve
    beat_times_s: FloatArray
    tempo_bpm: float
    is_complete: bool
    bundle_id: str

    @property
    def analysed_s(self) -> float:
        """How far into the song the windows reach."""
        return self.windows[-1].end_s if self.windows else 0.0

    def to_bytes(self) -> bytes:
        """Pack for the library's cache, without pickle."""
        file = io.BytesIO()
        np.savez(
            file,
            version=np.int64(FORMAT_VERSION),
            path=np.frombuffer(os.fsencode(self.path), dtype=np.uint8),
            duration_s=np.float64(self.duration_s),
            windows=np.array([(w.start_s, w.end_s) for w in self.windows], dtype=np.float64).reshape(-1, 2),
            embeddings=self.embeddings,
            va=self.va,
            times_s=self.curve.times_s,
            smoothed=self.curve.va,
            beat_times_s=self.beat_times_s,
            tempo_bpm=np.float64(self.tempo_bpm),
            is_complete=np.bool_(self.is_complete),
            bundle_id=np.frombuffer(self.bundle_id.encode(), dtype=np.uint8),
        )
        return file.getvalue()

    @classmethod
    def from_bytes(cls, payload: bytes) -> MusicAnalysis:
        """Unpack what `to_bytes` made. Raises ValueError where it is damaged or of another version."""
        try:
            with np.load(io.BytesIO(payload), allow_pickle=False) as arrays:
                if int(arrays["version"]) != FORMAT_VERSION:
                    raise ValueError(f"its format is {int(arrays['version'])}, not {FORMAT_VERSION}")
                va = arrays["va"]
                return cls(
                    path=Path(os.fsdecode(arrays["path"].tobytes())),
                    duration_s=float(arrays["duration_s"]),
                    windows=tuple(Window(float(start_s), float(end_s)) for start_s, end_s in arrays["windows"]),
                    embeddings=arrays["embeddings"],
                    va=va,
                    curve=EmotionCurve(arrays["times_s"], arrays["smoothed"], va),
                    beat_times_s=arrays["beat_times_s"],
                    tempo_bpm=float(arrays["tempo_bpm"]),
                    is_complete=bool(arrays["is_complete"]),
                    bundle_id=arrays["bundle_id"].tobytes().decode(),
                )
        except (KeyError, ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f"no song analysis to be used: {error}") from error


OnGrowth = Callable[[MusicAnalysis], None]
"""Called from the analysing thread with an analysis that has grown; each one is independent of the next."""


def analyse_song(
    path: Path, encoders: Encoders, *, report: Report = ignore, on_growth: OnGrowth | None = None
) -> MusicAnalysis:
    """Analyse a song as it decodes and return the complete analysis.

    on_growth hears of it early: with the first window (without beats), then about every 10 s of song. report counts
    seconds of the song and may raise Cancelled. Raises UnreadableSong, also for a song under one second, and
    BrokenBundle.
    """
    stated_s = probe_song(path).duration_s
    growing = _Growing(path, encoders, stated_s)
    report(Progress(STAGE, 0.0, stated_s))
    for block in mono_blocks(path, block_s=_BLOCK_S):
        growing.hear(block)
        if growing.n_windows_waiting >= growing.n_windows_wanted:
            growing.encode()
            if on_growth is not None:
                on_growth(growing.analysis())
        report(Progress(STAGE, growing.heard_s, max(stated_s, growing.heard_s)))
    if growing.heard_s < MIN_WINDOW_S:
        raise UnreadableSong(path, "it is shorter than one second")
    complete = growing.finish()
    report(Progress(STAGE, complete.duration_s, complete.duration_s))
    return complete


class _Growing:
    """A song's analysis while its samples arrive."""

    def __init__(self, path: Path, encoders: Encoders, stated_s: float) -> None:
        self._path = path
        self._encoders = encoders
        self._stated_s = stated_s
        self._stream = FeatureStream()
        self._n_samples = 0
        self._features: FloatArray = np.empty((N_ROWS, 0), dtype=np.float32)  # from the next window's first frame on
        self._first_frame = 0
        self._mel_db: list[FloatArray] = []
        self._n_mel_frames = 0
        self._waiting: list[FloatArray] = []
        self._embeddings: list[FloatArray] = []
        self._va: list[FloatArray] = []
        self._n_encoded = 0
        self._tempo_bpm = 0.0
        self._tempo_frames = 0

    @property
    def heard_s(self) -> float:
        return self._n_samples / SAMPLE_RATE_HZ

    @property
    def n_windows_waiting(self) -> int:
        return len(self._waiting)

    @property
    def n_windows_wanted(self) -> int:
        """Windows to collect before the next encoding: one at first, later 10 s or a share of the song."""
        return 1 if self._n_encoded == 0 else max(_GROWTH_WINDOWS, self._n_encoded // _GROWTH_SHARE)

    def hear(self, block: FloatArray) -> None:
        self._n_samples += len(block)
        self._take(self._stream.push(block))

    def encode(self) -> None:
        """Run the networks on the windows that wait."""
        if self._waiting:
            embeddings, va = self._encoders.music_heads(self._encoders.music_features(np.stack(self._waiting)))
            self._embeddings.append(embeddings)
            self._va.append(va)
            self._n_encoded += len(self._waiting)
            self._waiting.clear()

    def analysis(self) -> MusicAnalysis:
        """Give what is known so far. The first one has no beats: it shall not wait for the beat tracker."""
        has_beats = self._n_encoded >= _GROWTH_WINDOWS
        return self._assembled(
            duration_s=max(self._stated_s, self.heard_s), with_beats=has_beats, new_tempo=False, is_complete=False
        )

    def finish(self) -> MusicAnalysis:
        self._take(self._stream.push(np.zeros(window_padding(self._n_samples), dtype=np.float32)))
        self._take(self._stream.finish())
        self.encode()
        return self._assembled(duration_s=self.heard_s, with_beats=True, new_tempo=True, is_complete=True)

    def _take(self, features: FloatArray) -> None:
        """Keep new frames' mel rows for the onsets and cut the windows that have all their frames."""
        if features.shape[1] == 0:
            return
        self._keep_mel(features[MEL])
        self._features = np.concatenate([self._features, features], axis=1)
        while True:
            start = window_start_frame(self._n_encoded + len(self._waiting)) - self._first_frame
            if start + N_FRAMES > self._features.shape[1]:
                break
            self._waiting.append(self._features[:, start : start + N_FRAMES].copy())
        done = min(start, self._features.shape[1])
        self._features = self._features[:, done:]
        self._first_frame += done

    def _keep_mel(self, mel_db: FloatArray) -> None:
        """Append to the parts, of which only the last is copied as it grows."""
        n_frames = 1 + self._n_samples // HOP_LENGTH  # frames of the padding are no music
        mel_db = mel_db[:, : n_frames - self._n_mel_frames]
        self._n_mel_frames += mel_db.shape[1]
        last = [self._mel_db.pop()] if self._mel_db and self._mel_db[-1].shape[1] < _MEL_PART else []
        self._mel_db.append(np.concatenate([*last, mel_db], axis=1))

    def _assembled(self, *, duration_s: float, with_beats: bool, new_tempo: bool, is_complete: bool) -> MusicAnalysis:
        windows = windows_of(self._n_samples)[: self._n_encoded]
        times_s = np.array([window.centre_s for window in windows], dtype=np.float32)
        va = np.concatenate(self._va)
        beat_times_s: FloatArray = np.zeros(0, dtype=np.float32)
        if with_beats:
            beat_times_s = self._beats(new_tempo=new_tempo)
        return MusicAnalysis(
            path=self._path,
            duration_s=duration_s,
            windows=windows,
            embeddings=np.concatenate(self._embeddings),
            va=va,
            curve=smooth_curve(times_s, va),
            beat_times_s=beat_times_s,
            tempo_bpm=self._tempo_bpm,
            is_complete=is_complete,
            bundle_id=self._encoders.bundle.id,
        )

    def _beats(self, *, new_tempo: bool) -> FloatArray:
        envelope = onset_envelope(self._mel_db)
        if new_tempo or len(envelope) >= _TEMPO_GROWTH * self._tempo_frames:
            self._tempo_bpm, beat_times_s = beats_of(envelope)
            self._tempo_frames = len(envelope)
        else:
            self._tempo_bpm, beat_times_s = beats_of(envelope, tempo_bpm=self._tempo_bpm)
        return beat_times_s
