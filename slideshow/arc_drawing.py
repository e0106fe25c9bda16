"""A mood arc drawn by hand: the curve as it is drawn, stroke by stroke, calm at its edges. Free of Qt."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.emotion import EmotionCurve

DoubleArray = NDArray[np.float64]

Axis = Literal["energy", "pleasantness"]
"""What the height of the drawn line says; its colour says both."""

Arc = tuple[tuple[float, float, float], ...]

STEP_S = 1.0
MAX_POINTS = 1_200
"""Points of an arc: one a second, fewer a minute in songs of more than 20 minutes."""

FEATHER_S = 3.0
"""Beyond a stroke's ends the curve returns to what it was over this long."""

BUMP_S = 6.0
"""What a key raises or lowers reaches this far to either side."""

_COLUMN: dict[Axis, int] = {"pleasantness": 0, "energy": 1}


class ArcDrawing:
    """A curve under the hand. A stroke begins, goes on and ends; what it has not touched stays."""

    def __init__(self, start: EmotionCurve, duration_s: float) -> None:
        """Begin with a curve, the song's or one drawn before; an empty one is neutral."""
        n = int(min(MAX_POINTS, max(2, round(duration_s / STEP_S) + 1)))
        self._times_s: DoubleArray = np.linspace(0.0, max(duration_s, 0.1), n)
        if len(start.times_s):
            columns = [np.interp(self._times_s, start.times_s, start.va[:, i]) for i in range(2)]
            self._va: DoubleArray = np.stack(columns, axis=1)
        else:
            self._va = np.full((n, 2), 0.5)
        self._before = self._va.copy()
        self._touched = np.full(n, np.nan)
        self._last: tuple[float, float] | None = None
        self._axis: Axis = "energy"
        self.is_touched = False

    @property
    def is_stroking(self) -> bool:
        """Whether a stroke has begun and not ended."""
        return self._last is not None

    def begin(self, t_s: float, value: float, axis: Axis) -> None:
        """Put the pen down."""
        self.is_touched = True
        self._before = self._va.copy()
        self._touched[:] = np.nan
        self._axis = axis
        self._last = (t_s, value)
        self.go_on(t_s, value)

    def go_on(self, t_s: float, value: float) -> None:
        """Draw on to a time and a value in [0, 1]; values outside are clamped."""
        if self._last is None:
            return
        (from_s, from_value), value = self._last, min(max(value, 0.0), 1.0)
        self._last = (t_s, value)
        low_s, high_s = min(from_s, t_s), max(from_s, t_s)
        inside = (self._times_s >= low_s) & (self._times_s <= high_s)
        if high_s > low_s:
            ends = np.array([from_value, value] if t_s > from_s else [value, from_value])
            self._touched[inside] = np.interp(self._times_s[inside], [low_s, high_s], ends)
        self._touched[int(np.abs(self._times_s - t_s).argmin())] = value
        self._feather()

    def end(self) -> None:
        """Take the pen up."""
        self._last = None

    def bump(self, t_s: float, amount: float, axis: Axis) -> None:
        """Raise the curve around a time, or lower it: the keyboard's way to draw."""
        weight = 0.5 + 0.5 * np.cos(np.pi * np.clip(np.abs(self._times_s - t_s) / BUMP_S, 0, 1))
        column = _COLUMN[axis]
        self._va[:, column] = np.clip(self._va[:, column] + amount * weight, 0, 1)

    def _feather(self) -> None:
        column = _COLUMN[self._axis]
        touched = np.flatnonzero(~np.isnan(self._touched))
        after = np.searchsorted(touched, np.arange(len(self._times_s))).clip(max=len(touched) - 1)
        before = np.maximum(after - 1, 0)
        to_after = np.abs(self._times_s[touched[after]] - self._times_s)
        to_before = np.abs(self._times_s[touched[before]] - self._times_s)
        nearest = touched[np.where(to_before <= to_after, before, after)]
        weight = 0.5 + 0.5 * np.cos(np.pi * np.clip(np.minimum(to_before, to_after) / FEATHER_S, 0, 1))
        old = self._before[:, column]
        self._va[:, column] = np.clip(old + weight * (self._touched[nearest] - old), 0, 1)

    def curve(self) -> EmotionCurve:
        """The curve as it is now."""
        va = np.ascontiguousarray(self._va, dtype=np.float32)
        return EmotionCurve(self._times_s.astype(np.float32), va, va)

    def arc(self) -> Arc:
        """The curve as a plan takes it: (t_s, valence, arousal), rounded to what an eye could tell."""
        return tuple(
            (round(float(t_s), 3), round(float(valence), 3), round(float(arousal), 3))
            for t_s, (valence, arousal) in zip(self._times_s, self._va, strict=True)
        )
