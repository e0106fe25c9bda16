"""The mood curve as the timeline shows it: a line that bends, in the song's colours, over a fill that fades."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen

from engine.emotion import EmotionCurve, FloatArray
from slideshow import theme
from slideshow.arc_drawing import Axis
from slideshow.mood_colours import DoubleArray, mood_table, song_gradient
from slideshow.timeline_view import CURVE_PX

BEND_S = 2.0
"""The curve has a point every 2 s; its line bends over this long instead of breaking at them."""

LINE_PX, STRIP_PX = 2.0, CURVE_PX + 2
BAND_OPACITY = 0.13


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A picture of the curve from start_s to end_s; it moves as a whole while the song plays."""

    image: QImage
    start_s: float
    end_s: float


def line_y(value: DoubleArray | float) -> DoubleArray | float:
    """Height of a value in [0, 1] in pixels from the top of the strip."""
    return 2 + (1 - value) * (CURVE_PX - 3)


def draw_strip(
    curve: EmotionCurve,
    *,
    start_s: float,
    end_s: float,
    px_per_s: float,
    ratio: float,
    axis: Axis = "energy",
    spread: FloatArray | None = None,
    has_ghost: bool = False,
) -> Strip:
    """Draw a stretch of a curve.

    spread (n, 2) is how far the mood may lie off at each point of the curve, drawn as a quiet band. has_ghost adds the
    other axis as a thin line.
    """
    t = theme.current()
    n_columns, n_rows = max(2, math.ceil((end_s - start_s) * px_per_s * ratio)), math.ceil(STRIP_PX * ratio)
    times: DoubleArray = start_s + (np.arange(n_columns, dtype=np.float64) + 0.5) / (px_per_s * ratio)
    valence, arousal = (smoothed(times, curve.times_s, curve.va[:, i]) for i in range(2))
    height, other = (arousal, valence) if axis == "energy" else (valence, arousal)
    y = np.asarray(line_y(height)) * ratio
    table = mood_table(t.name)
    last = table.shape[0] - 1
    rgb = table[np.rint(np.clip(arousal, 0, 1) * last).astype(int), np.rint(np.clip(valence, 0, 1) * last).astype(int)]
    rows = np.arange(n_rows)[:, None] + 0.5
    depth = (rows - y[None, :]) / np.maximum(1.0, n_rows - y[None, :])
    alpha = np.where(depth >= 0, t.curve_fill * (1 - depth), 0.0)
    if spread is not None and len(spread) == len(curve.times_s):
        reach = smoothed(times, curve.times_s, spread[:, 1 if axis == "energy" else 0]) * (CURVE_PX - 3) * ratio
        off = np.abs(rows - y[None, :]) / np.maximum(reach, ratio)[None, :]
        alpha = np.minimum(alpha + BAND_OPACITY * np.clip(2 * (1 - off), 0, 1), 1.0)  # it fades towards its edges
    pixels = np.empty((n_rows, n_columns, 4), dtype=np.uint8)
    pixels[..., :3] = rgb[None]
    pixels[..., 3] = np.rint(alpha * 255)
    image = QImage(pixels.tobytes(), n_columns, n_rows, n_columns * 4, QImage.Format.Format_RGBA8888).convertToFormat(
        QImage.Format.Format_ARGB32_Premultiplied
    )
    gradient = song_gradient(curve, start_s=start_s, end_s=end_s, left_px=0, right_px=n_columns, scale=t.name)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if has_ghost:
        painter.setPen(QPen(QColor(t.text_3), 1.0 * ratio, Qt.PenStyle.DotLine))
        painter.drawPath(_path(np.asarray(line_y(other)) * ratio))
    painter.setPen(QPen(QBrush(gradient), LINE_PX * ratio, Qt.PenStyle.SolidLine, Qt.PenCapStyle.FlatCap))
    painter.drawPath(_path(y))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return Strip(image, start_s, end_s)


def _path(y: DoubleArray) -> QPainterPath:
    path = QPainterPath(QPointF(0, float(y[0])))
    for column in range(0, len(y), 2):
        path.lineTo(column + 0.5, float(y[column]))
    path.lineTo(len(y), float(y[-1]))
    return path


def smoothed(times_s: DoubleArray, known_s: FloatArray, values: FloatArray) -> DoubleArray:
    """Interpolate a curve's values at evenly spaced times as a line that bends; a constant stays constant."""
    step_s = float(times_s[1] - times_s[0])
    n = max(1, round(BEND_S / step_s / 2))
    around = times_s[0] + np.arange(-n, len(times_s) + n) * step_s
    weights = np.hanning(2 * n + 3)[1:-1]
    return np.convolve(np.interp(around, known_s, values), weights / weights.sum(), mode="valid")
