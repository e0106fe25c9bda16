"""What a window of music tells in numbers: each row's statistics, and harmony, chords, rhythm, modulation and texture.

Written out with plain sums and products, which every runtime computes alike; epsilons keep roots and logarithms smooth.
All but `row_statistics` take rows (n, 193, 87) as `engine.features` gives them, and none of theirs changes with a gain:
chroma has none, and of the mel rows only differences count. Turning chroma to another key changes nothing either.
"""

from __future__ import annotations

import itertools
import math
from typing import Final

import torch
from torch import Tensor

from engine.features import CHROMA, MEL, N_FRAMES, N_ROWS

N_ROW_STATISTICS: Final = 6
"""Numbers that `row_statistics` tells about each row."""

CHANGE_FRAMES: Final = (1, 4)
"""Distances, 23 and 93 ms, over which a row's change is measured."""

FLOOR_DB: Final = 80.0
"""What lies so far under a window's loudest moment is not heard."""

HARMONY_PARTS: Final = (1, 3, 8)
"""Equal parts of a window whose harmony is told: all of it, two thirds of a second, a quarter."""

CHORD_PARTS: Final = (3, 6, 20)
CHORD_SHARPNESS: Final = 10.0
"""How much the triad that fits best takes from the others."""

RHYTHM_BANDS: Final = 4
RHYTHM_LAGS: Final = 59
"""Frames, 1.4 s, up to which a rhythm may repeat itself."""

MODULATION_BANDS: Final = 16
MODULATION_EDGES: Final = (1, 3, 5, 8, 12, 18, 26, 38, 54, 65)
"""Edges of the modulation's bands in steps of .34 Hz: .3 to 1, ... 18 to 22 Hz."""

TURNS: Final = tuple((i, j, 12 - i - j) for i in range(1, 5) for j in range(i, 7) if j <= 12 - i - j)
"""Triples of the chroma's turns (its Fourier coefficients) that sum to a whole: the same product in all keys."""

WIDTHS: Final = (
    N_ROW_STATISTICS * N_ROWS,
    5 * (6 + 2 * len(TURNS)) + len(CHORD_PARTS) * 32,
    RHYTHM_LAGS + RHYTHM_BANDS * 15 + 4 * (1 + RHYTHM_BANDS),
    MODULATION_BANDS * (len(MODULATION_EDGES) - 1) + MODULATION_BANDS * (MODULATION_BANDS - 1) // 2,
)
"""How many numbers there are of rows, of harmony and chords, of rhythm, and of modulation and texture."""


def row_statistics(windows: Tensor) -> Tensor:
    """Mean, deviation, extremes and changes over 23 and 93 ms of each row (n, 193, 87), shape (n, 6 * 193)."""
    mean = windows.mean(dim=2)
    spread = ((windows - mean[:, :, None]).square().mean(dim=2) + 1e-5).sqrt()
    changes = [
        ((windows[:, :, frames:] - windows[:, :, :-frames]).square().mean(dim=2) + 1e-5).sqrt()
        for frames in CHANGE_FRAMES
    ]
    return torch.cat([mean, spread, windows.amax(dim=2), windows.amin(dim=2), *changes], dim=1)


def describe_rows(rows: Tensor) -> Tensor:
    """Rows (n, 193, 87) -> the numbers of all WIDTHS but the first, one kind behind the other."""
    return torch.cat([harmony(rows), chords(rows), rhythm(rows), modulation(rows), texture(rows)], dim=1)


def harmony(rows: Tensor) -> Tensor:
    """How notes go together in any key: `_harmony_of` of a window's parts, their mean and deviation, (n, 150)."""
    chroma = _chroma_of(rows)
    told = []
    for n_parts in HARMONY_PARTS:
        parts = _harmony_of((chroma @ _averages(N_FRAMES, n_parts)).transpose(1, 2))
        mean = parts.mean(dim=1)
        told.append(mean)
        if n_parts > 1:
            told.append(((parts - mean[:, None]).square().mean(dim=1) + 1e-4).sqrt())
    return torch.cat(told, dim=1)


def chords(rows: Tensor) -> Tensor:
    """How surely the 24 triads sound in parts of a window, and which sound in the same one, (n, 96).

    Pairs of triads are told by their distance alone, so that no key is another's equal.
    """
    chroma, triads = _chroma_of(rows), _triads()
    turned = (torch.arange(12)[None] + torch.arange(12)[:, None]) % 12
    told = []
    for n_parts in CHORD_PARTS:
        parts = chroma @ _averages(N_FRAMES, n_parts)
        parts = parts - parts.mean(dim=1, keepdim=True)
        fit = triads @ (parts / (parts.square().sum(dim=1, keepdim=True) + 1e-5).sqrt())  # (n, 24, n_parts)
        sure = torch.softmax(CHORD_SHARPNESS * fit, dim=1)
        overall = sure.mean(dim=2)
        major, minor = overall[:, :12], overall[:, 12:]
        together = [
            (major[:, None] * major[:, turned[1:7]]).sum(dim=2),
            (major[:, None] * minor[:, turned]).sum(dim=2),
            (minor[:, None] * minor[:, turned[1:7]]).sum(dim=2),
        ]
        both = [major.sum(dim=1, keepdim=True), minor.sum(dim=1, keepdim=True), overall.amax(dim=1, keepdim=True)]
        best, lead = fit.amax(dim=1), fit[:, :12].amax(dim=1) - fit[:, 12:].amax(dim=1)
        told += [
            (torch.cat(together + both, dim=1) + 1e-3).log(),
            _entropy(overall)[:, None],
            _entropy(sure).mean(dim=1, keepdim=True),
            best.mean(dim=1, keepdim=True),
            lead.mean(dim=1, keepdim=True),
            (sure[:, :, 1:] - sure[:, :, :-1]).abs().sum(dim=1).mean(dim=1, keepdim=True),
        ]
    return torch.cat(told, dim=1)


def rhythm(rows: Tensor) -> Tensor:
    """How onsets repeat themselves: autocorrelation of the mel rows' rises, all together and by bands, (n, 139)."""
    mel = _heard(rows)
    rises = (mel[:, :, 1:] - mel[:, :, :-1]).clamp(min=0.0)
    onsets = torch.cat([rises.mean(dim=1, keepdim=True), _averages(mel.shape[1], RHYTHM_BANDS).T @ rises], dim=1)
    mean, n = onsets.mean(dim=2), onsets.shape[2]
    # By way of the power spectrum, with as much silence behind: a window that ends must not meet its beginning.
    cosine, sine = _waves(n, 2 * n)
    centred = onsets - mean[:, :, None]
    power = (centred @ cosine).square() + (centred @ sine).square()
    both_sides = torch.full((n + 1,), 2.0)
    both_sides[0] = both_sides[-1] = 1.0
    back = both_sides[:, None] * _waves(n + 1, 2 * n)[0][:, : RHYTHM_LAGS + 1] / (2 * n)
    correlation = power @ back
    repeats = correlation[:, :, 1:] / (correlation[:, :, :1] + 0.1)
    spread = (correlation[:, :, 0] / n + 1e-6).sqrt()
    return torch.cat(
        [
            repeats[:, 0],
            repeats[:, 1:, 2::4].flatten(1),
            repeats[:, :, 7:].amax(dim=2),
            (mean + 1e-2).log(),
            (spread + 1e-2).log(),
            (onsets.amax(dim=2) / (mean + 1e-2) + 1e-2).log(),
        ],
        dim=1,
    )


def modulation(rows: Tensor) -> Tensor:
    """How fast the mel rows swell and fade: energy of their changes from .3 to 22 Hz in bands, (n, 144).

    At double precision: where hardly anything swells, the rounding of large numbers would be all that is left.
    """
    mel = _heard(rows).double()
    bands = _averages(mel.shape[1], MODULATION_BANDS).double().T @ mel
    taper = torch.hann_window(N_FRAMES, periodic=False)[:, None]
    cosine, sine = _waves(N_FRAMES, 128)
    centred = bands - bands.mean(dim=2, keepdim=True)
    power = (centred @ (taper * cosine).double()).square() + (centred @ (taper * sine).double()).square()
    averages = torch.zeros(power.shape[2], len(MODULATION_EDGES) - 1)
    for k, (low, high) in enumerate(itertools.pairwise(MODULATION_EDGES)):
        averages[low:high, k] = 1 / (high - low)
    return (power.float() @ averages + 0.1).log().flatten(1)


def texture(rows: Tensor) -> Tensor:
    """How bands of the mel rows move together: the correlation of each with each, (n, 120)."""
    mel = _heard(rows)
    bands = _averages(mel.shape[1], MODULATION_BANDS).T @ mel
    bands = bands - bands.mean(dim=2, keepdim=True)
    covariance = bands @ bands.transpose(1, 2) / bands.shape[2]
    spread = (covariance.diagonal(dim1=1, dim2=2) + 1e-2).sqrt()
    first, second = torch.triu_indices(MODULATION_BANDS, MODULATION_BANDS, 1)
    return (covariance / (spread[:, :, None] * spread[:, None]))[:, first, second]


def _harmony_of(chroma: Tensor) -> Tensor:
    """Chroma (..., 12) of sum 12 -> what is the same in every key (..., 30): its turns' sizes, and products of three.

    The products' sizes go by their cube root, as one of three turns.
    """
    cosine, sine = _waves(12, 12, n_out=12)
    real, imaginary = chroma @ cosine, chroma @ -sine
    size = (real[..., 1:7].square() + imaginary[..., 1:7].square() + 1e-5).sqrt()
    i, j, k = (torch.tensor(turns) for turns in zip(*TURNS, strict=True))
    a = real[..., i] * real[..., j] - imaginary[..., i] * imaginary[..., j]
    b = real[..., i] * imaginary[..., j] + imaginary[..., i] * real[..., j]
    x = a * real[..., k] - b * imaginary[..., k]
    y = a * imaginary[..., k] + b * real[..., k]
    shrink = (x.square() + y.square() + 1e-4).pow(-1 / 3)
    return torch.cat([size, x * shrink, y * shrink], dim=-1)


def _chroma_of(rows: Tensor) -> Tensor:
    """Chroma (n, 12, 87) beside its mean in each frame: the sum is 12, or 0 in silence."""
    chroma = rows[:, CHROMA].clamp(min=0.0)
    # The loudest note of a frame has 1, so that a sum below it is no music, and must not become something large.
    return 12 * chroma / chroma.sum(dim=1, keepdim=True).clamp(min=0.5)


def _heard(rows: Tensor) -> Tensor:
    """Mel rows (n, 128, 87) in dB, none further under the loudest than can be heard."""
    mel = rows[:, MEL]
    return torch.maximum(mel, mel.amax(dim=(1, 2), keepdim=True) - FLOOR_DB)


def _entropy(shares: Tensor) -> Tensor:
    return -(shares * (shares + 1e-6).log()).sum(dim=1)


def _triads() -> Tensor:
    """Major and minor triads on each note (24, 12), of mean 0 and length 1."""
    triads = torch.zeros(24, 12)
    for root in range(12):
        for first, third in ((0, 4), (12, 3)):
            triads[first + root, [root, (root + third) % 12, (root + 7) % 12]] = 1.0
    triads -= triads.mean(dim=1, keepdim=True)
    return triads / triads.square().sum(dim=1, keepdim=True).sqrt()


def _averages(n: int, n_parts: int) -> Tensor:
    """Means of n_parts runs of n numbers that are as equal in length as they can be, (n, n_parts)."""
    edges = [round(k * n / n_parts) for k in range(n_parts + 1)]
    averages = torch.zeros(n, n_parts)
    for k, (low, high) in enumerate(itertools.pairwise(edges)):
        averages[low:high, k] = 1 / (high - low)
    return averages


def _waves(n: int, period: int, *, n_out: int | None = None) -> tuple[Tensor, Tensor]:
    """Cosine and sine (n, n_out) of the Fourier transform of n numbers with zeros behind; to half its frequencies."""
    angle = 2 * math.pi / period * torch.outer(torch.arange(float(n)), torch.arange(float(n_out or period // 2 + 1)))
    return torch.cos(angle), torch.sin(angle)
