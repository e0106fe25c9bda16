"""The mood colour scale: nine anchors on the valence-arousal plane, blended in OKLab, one small table per theme."""

from __future__ import annotations

import math
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QConicalGradient, QLinearGradient

from engine.emotion import EmotionCurve

Scale = Literal["dark", "light"]
"""Which surfaces the colours stand on. Over a photo it is always "dark"."""

ANCHORS: dict[Scale, tuple[tuple[str, str, str], ...]] = {
    "dark": (
        ("#747ACA", "#6AA6CD", "#75D5C5"),
        ("#B068AA", "#A49D92", "#A9CD6D"),
        ("#E5606B", "#F28D50", "#F6CC52"),
    ),
    "light": (
        ("#4748A0", "#2E72A0", "#2B928A"),
        ("#863B85", "#7A7469", "#538032"),
        ("#B4283E", "#C65E20", "#B57F0B"),
    ),
}
"""Rows are arousal 0, 0.5, 1; columns valence 0, 0.5, 1."""

TABLE_SIZE = 65
"""Entries along each axis: steps of 1/64, finer than two neighbouring colours can be told apart."""

STRETCH = 0.6
STRETCH_RADIUS = 0.18
"""Real moods crowd around the centre: distances there are stretched up to 1 + STRETCH so that they still show hue."""

RING_STOPS = 72
STOP_EVERY_S = 4.0
"""A song's line takes a new colour about every four seconds."""

_RGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LMS_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_LMS_TO_RGB = np.linalg.inv(_RGB_TO_LMS)
_LAB_TO_LMS = np.linalg.inv(_LMS_TO_LAB)

DoubleArray = NDArray[np.float64]


def oklab_of_srgb(srgb: DoubleArray) -> DoubleArray:
    """Convert sRGB (..., 3) in [0, 1] to OKLab (..., 3), after Björn Ottosson's definition."""
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    lab: DoubleArray = np.cbrt(linear @ _RGB_TO_LMS.T) @ _LMS_TO_LAB.T
    return lab


def srgb_of_oklab(lab: DoubleArray) -> DoubleArray:
    """Convert OKLab (..., 3) to sRGB (..., 3), clipped to [0, 1]."""
    linear = np.clip(((lab @ _LAB_TO_LMS.T) ** 3) @ _LMS_TO_RGB.T, 0.0, 1.0)
    srgb: DoubleArray = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.clip(srgb, 0.0, 1.0)


def _anchor_rgb(scale: Scale) -> DoubleArray:
    rows = [[[int(hexed[i : i + 2], 16) / 255 for i in (1, 3, 5)] for hexed in row] for row in ANCHORS[scale]]
    return np.array(rows)


@cache
def mood_table(scale: Scale) -> NDArray[np.uint8]:
    """Build the colours of a 65 x 65 grid, [arousal, valence, rgb]; bilinear in OKLab after the stretch."""
    anchors = oklab_of_srgb(_anchor_rgb(scale))  # (3, 3, 3)
    axis = np.linspace(0.0, 1.0, TABLE_SIZE)
    arousal, valence = np.meshgrid(axis, axis, indexing="ij")
    distance = np.hypot(valence - 0.5, arousal - 0.5)
    k = 1 + STRETCH * np.minimum(1.0, distance / STRETCH_RADIUS)
    v = np.clip(0.5 + k * (valence - 0.5), 0.0, 1.0) * 2  # in anchor steps
    a = np.clip(0.5 + k * (arousal - 0.5), 0.0, 1.0) * 2
    left, low = np.minimum(v.astype(int), 1), np.minimum(a.astype(int), 1)
    fv, fa = (v - left)[..., None], (a - low)[..., None]
    bottom = anchors[low, left] * (1 - fv) + anchors[low, left + 1] * fv
    top = anchors[low + 1, left] * (1 - fv) + anchors[low + 1, left + 1] * fv
    srgb = srgb_of_oklab(bottom * (1 - fa) + top * fa)
    return np.ascontiguousarray(np.rint(srgb * 255).astype(np.uint8))


def mood_colour(valence: float, arousal: float, *, scale: Scale = "dark", alpha: float = 1.0) -> QColor:
    """Colour of a point of the plane; coordinates outside [0, 1] are clamped."""
    last = TABLE_SIZE - 1
    row = round(min(max(arousal, 0.0), 1.0) * last)
    column = round(min(max(valence, 0.0), 1.0) * last)
    red, green, blue = (int(part) for part in mood_table(scale)[row, column])
    return QColor(red, green, blue, round(alpha * 255))


def ring_gradient(centre: QPointF, *, scale: Scale = "dark") -> QConicalGradient:
    """Gradient of the circle's ring: each angle in the colour of that direction of the plane."""
    gradient = QConicalGradient(centre, 0.0)
    for stop in range(RING_STOPS + 1):
        angle = 2 * math.pi * stop / RING_STOPS
        colour = mood_colour(0.5 + 0.5 * math.cos(angle), 0.5 + 0.5 * math.sin(angle), scale=scale)
        gradient.setColorAt(stop / RING_STOPS, colour)
    return gradient


def song_gradient(
    curve: EmotionCurve,
    *,
    start_s: float,
    end_s: float,
    left_px: float,
    right_px: float,
    scale: Scale = "dark",
    alpha: float = 1.0,
) -> QLinearGradient:
    """Horizontal gradient over [start_s, end_s] of a song's mood, drawn from left_px to right_px."""
    gradient = QLinearGradient(left_px, 0.0, right_px, 0.0)
    n = max(1, math.ceil((end_s - start_s) / STOP_EVERY_S))
    for stop in range(n + 1):
        emotion = curve.at(start_s + (end_s - start_s) * stop / n)
        gradient.setColorAt(stop / n, mood_colour(emotion.valence, emotion.arousal, scale=scale, alpha=alpha))
    return gradient
