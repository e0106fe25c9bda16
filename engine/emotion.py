"""Valence and arousal: the conventions, the mood words on the circumplex, similarity (Eq. 1) and the emotion curve."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

MOOD_ANGLES_DEG: dict[str, float] = {
    "happy": 6, "delighted": 24, "excited": 46, "amazed": 68, "alert": 84, "tense": 100, "angry": 116,
    "afraid": 132, "distressed": 150, "troubled": 168, "miserable": 187, "sad": 205, "gloomy": 221, "bored": 240,
    "weary": 256, "sleepy": 272, "quiet": 288, "calm": 304, "relaxed": 318, "serene": 332, "content": 349,
}  # fmt: skip
"""Angle of each word, counter-clockwise from pleasant: after Russell (1980), spread so that labels do not touch."""

WORD_RADIUS = 0.42
"""Distance of a mood word's place from the neutral centre, in units of the VA plane."""

NEUTRAL_RADIUS = 0.08
"""Nearer to the centre than this a mood has no direction worth a word."""

NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Emotion:
    """A point of the VA plane: valence (unpleasant to pleasant) and arousal (calm to energetic), both in [0, 1]."""

    valence: float
    arousal: float

    @property
    def word(self) -> str:
        """The mood word nearest in angle, or "neutral" near the centre."""
        dv, da = self.valence - 0.5, self.arousal - 0.5
        if math.hypot(dv, da) < NEUTRAL_RADIUS:
            return NEUTRAL
        angle = math.degrees(math.atan2(da, dv))
        return min(MOOD_ANGLES_DEG, key=lambda word: abs((angle - MOOD_ANGLES_DEG[word] + 180) % 360 - 180))


def emotion_of_word(word: str) -> Emotion:
    """Place of a mood word on the plane. Raises KeyError for a word that is not one of `MOOD_ANGLES_DEG`."""
    if word == NEUTRAL:
        return Emotion(0.5, 0.5)
    angle = math.radians(MOOD_ANGLES_DEG[word])
    return Emotion(0.5 + WORD_RADIUS * math.cos(angle), 0.5 + WORD_RADIUS * math.sin(angle))


def va_distances(a: FloatArray, b: FloatArray) -> FloatArray:
    """Euclidean distances between VA points `a` (n, 2) and `b` (m, 2), shape (n, m)."""
    # An axis at a time: sums over a last axis of two are many times as slow.
    squares = (a[:, None, 0] - b[None, :, 0]) ** 2
    squares += (a[:, None, 1] - b[None, :, 1]) ** 2
    distances: FloatArray = np.sqrt(squares).astype(np.float32, copy=False)
    return distances


def va_similarity(a: FloatArray, b: FloatArray, *, sigma: float) -> FloatArray:
    """Eq. 1 of the paper: exp(-d / sigma) for VA points `a` (n, 2) and `b` (m, 2), shape (n, m), in (0, 1].

    `sigma` is the paper's sigma_mn, the mean distance between photos and music of the training split (in the manifest).
    """
    similarity: FloatArray = np.exp(-va_distances(a, b) / np.float32(sigma)).astype(np.float32)
    return similarity


@dataclass(frozen=True, slots=True, eq=False)
class EmotionCurve:
    """Emotion over a song: times_s (n,) ascending, the smoothed va (n, 2) and the raw va beside it, in [0, 1].

    spread (n, 2) is how sure the smoothed curve is: a standard deviation up and down, in the unit of va. Empty, (0, 2),
    where it was not worked out (see `curve_spread` and `felt_curve`).
    """

    times_s: FloatArray
    va: FloatArray
    raw: FloatArray
    spread: FloatArray = field(default_factory=lambda: np.zeros((0, 2), dtype=np.float32))

    def at(self, t_s: float) -> Emotion:
        """Smoothed emotion at a time, linear between points and held at the ends. An empty curve is neutral."""
        if len(self.times_s) == 0:
            return Emotion(0.5, 0.5)
        valence, arousal = (float(np.interp(t_s, self.times_s, self.va[:, i])) for i in range(2))
        return Emotion(valence, arousal)


SMOOTH_BLOCK = 256
"""Points smoothed at once: all weights of a ten-hour recording together would take gigabytes."""

REACH = 6.0
"""Standard deviations after which a Gaussian is nothing: 1.5e-8."""


SMOOTH_WIDTH_S = 4.0
"""Standard deviation of the Gaussian that smooths a curve: about two windows."""


def smooth_curve(times_s: FloatArray, raw: FloatArray, *, width_s: float = SMOOTH_WIDTH_S) -> EmotionCurve:
    """Smooth raw VA (n, 2) at times_s (n,) with a Gaussian in time, renormalised at the ends.

    width_s is the Gaussian's standard deviation, so wide that a single odd window cannot turn the mood while a change
    that lasts a phrase does. A constant stays constant. times_s ascend.
    """
    raw = np.ascontiguousarray(raw, dtype=np.float32)
    va = np.empty_like(raw)
    for block, near, weights in _smoothing(times_s, width_s):
        va[block] = weights @ raw[near]
    return EmotionCurve(times_s, va, raw)


def curve_spread(
    curve: EmotionCurve, *, width_s: float = SMOOTH_WIDTH_S, model_error: tuple[float, float] = (0.0, 0.0)
) -> FloatArray:
    """Work out how sure a smoothed curve is: one standard deviation (n, 2) in units of its va.

    Two things make it up. The windows about a moment disagree: their deviation from the smoothed value, over the root
    of how many there are under the Gaussian, is its standard error (larger at the ends, where there are fewer). And
    the model itself is off by model_error for whole songs (see `model_error`), which no averaging takes away.
    """
    off = np.square(curve.raw - curve.va)
    spread = np.empty_like(curve.va)
    for block, near, weights in _smoothing(curve.times_s, width_s):
        n_windows = 1 / np.square(weights).sum(axis=1, keepdims=True)
        # A lone window tells nothing of its own scatter: with one degree of freedom lost the quotient is n - 1.
        spread[block] = (weights @ off[near]) / np.maximum(n_windows - 1, 0.5)
    return np.sqrt(spread + np.square(np.array(model_error, dtype=np.float32)))


def _smoothing(times_s: FloatArray, width_s: float) -> Iterator[tuple[slice, slice, FloatArray]]:
    """Blocks of a curve, the points near each block, and the weights of these, each row summing to 1."""
    for first in range(0, len(times_s), SMOOTH_BLOCK):
        block = times_s[first : first + SMOOTH_BLOCK]
        low, high = np.searchsorted(times_s, [block[0] - REACH * width_s, block[-1] + REACH * width_s])
        weights = np.exp(-0.5 * ((block[:, None] - times_s[None, low:high]) / width_s) ** 2)
        yield slice(first, first + SMOOTH_BLOCK), slice(low, high), weights / weights.sum(axis=1, keepdims=True)


LABEL_SD = (0.138, 0.166)
"""How far the labels of DEAM's songs spread, valence and arousal on [0, 1]."""


def model_error(scores: Mapping[str, float]) -> tuple[float, float]:
    """Work out how far a bundle is off for unseen songs, valence and arousal, from the scores in its manifest.

    A predictor with correlation r leaves sqrt(1 - r^2) of the labels' deviation. (0, 0) where the manifest is silent.
    """
    known = [scores.get(f"song_{axis}_r") for axis in ("valence", "arousal")]
    errors = [0.0 if r is None else sd * math.sqrt(max(0.0, 1 - r * r)) for r, sd in zip(known, LABEL_SD, strict=True)]
    return errors[0], errors[1]


REFERENCE_MEAN = (0.499, 0.465)
"""Where songs lie on average: valence and arousal of DEAM's songs on [0, 1]."""

REFERENCE_SD = (0.08, 0.13)
"""How far predictions of 2 s windows spread over songs: the labels' spread times a predictor's r of .60 and .78."""

MAX_STRETCH = 2.0
"""A song's own changes are enlarged at most this much, so that a flat song stays flat."""


def relative_ranks(va: FloatArray, *, reference_va: FloatArray | None = None) -> FloatArray:
    """Percentiles in [0, 1] of a song's VA (n, 2) among reference songs, valence and arousal each on its own.

    Predictions of a regressor crowd around the mean, so their order says more than their size. Each axis is first
    stretched about the song's own mean until it spreads as the reference does, at most MAX_STRETCH times and never
    less than once. reference_va (k, 2) are predictions for windows of many songs; without it the reference is the
    normal distribution of REFERENCE_MEAN and REFERENCE_SD.
    """
    return _ranks_of(va, about=va, reference_va=reference_va)


def felt_curve(
    curve: EmotionCurve, *, reference_va: FloatArray | None = None, model_error: tuple[float, float] = (0.0, 0.0)
) -> EmotionCurve:
    """Give a song's curve as it is shown and matched: in percentiles of songs, with its spread (see `curve_spread`)."""
    spread = curve_spread(curve, model_error=model_error)
    low, mid, raw, high = (
        _ranks_of(va, about=curve.va, reference_va=reference_va)
        for va in (curve.va - spread, curve.va, curve.raw, curve.va + spread)
    )
    return EmotionCurve(curve.times_s, mid, raw, np.float32(0.5) * (high - low))


def _ranks_of(va: FloatArray, *, about: FloatArray, reference_va: FloatArray | None) -> FloatArray:
    """Percentiles of points (n, 2) that are stretched as the song whose curve is `about` (m, 2) is."""
    ranks = np.empty((len(va), 2), dtype=np.float32)
    if len(va) == 0:
        return ranks
    for axis in range(2):
        song = about[:, axis].astype(np.float64)
        known = None if reference_va is None or len(reference_va) == 0 else np.sort(reference_va[:, axis])
        spread = REFERENCE_SD[axis] if known is None else float(known.std())
        own = float(song.std())
        stretch = MAX_STRETCH if own * MAX_STRETCH <= spread else max(1.0, spread / own)
        x = song.mean() + stretch * (va[:, axis] - song.mean())
        if known is None:
            normal = NormalDist(REFERENCE_MEAN[axis], REFERENCE_SD[axis])
            ranks[:, axis] = [normal.cdf(value) for value in x.tolist()]
        else:
            ranks[:, axis] = np.interp(x, known, (np.arange(len(known)) + 0.5) / len(known))
    return ranks


def ranks_among(va: FloatArray, library_va: FloatArray) -> FloatArray:
    """Percentiles in [0, 1] of VA points (n, 2) among a library's photos (m, 2): the share that lies lower."""
    ranks = np.empty((len(va), 2), dtype=np.float32)
    n = max(1, len(library_va))
    for axis in range(2):
        known = np.sort(library_va[:, axis])
        order = np.argsort(va[:, axis])  # looking them up in order takes a third of the time
        sought = va[order, axis]
        below, up_to = (np.searchsorted(known, sought, side=side) for side in ("left", "right"))
        ranks[order, axis] = (below + up_to) / (2 * n)
    return ranks
