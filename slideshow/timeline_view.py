"""Where things lie on the timeline: its measures, and the stretch of the song that is in view."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

if TYPE_CHECKING:
    from engine.plan import Cue

PX_PER_S, MIN_PX_PER_S, MAX_PX_PER_S = 16.0, 4.0, 64.0
ZOOM_STEP = 1.25
PLAYHEAD_SHARE = 0.45
RULER_PX, TICK_PX = 24, 4
CURVE_TOP, CURVE_PX = 32, 68
BEATS_TOP, BEAT_PX, BAR_PX, BEATS_A_BAR = 106, 4, 8, 4
CUES_TOP, CUE_PX, CUE_GAP_PX, MIN_PICTURE_PX = 124, 60, 2, 20
HEIGHT_PX = CUES_TOP + CUE_PX + 8
EDGE_PX = 4
"""To either side of a cut: the zone of 8 px in which it can be taken hold of."""


@dataclass(frozen=True, slots=True)
class View:
    """The stretch of a song that is in view, from start_s over width_px pixels."""

    start_s: float
    px_per_s: float
    width_px: int
    duration_s: float

    def time_at(self, x: float) -> float:
        """Time at a horizontal place."""
        return self.start_s + x / self.px_per_s

    def x_at(self, t_s: float) -> float:
        """Horizontal place of a time."""
        return (t_s - self.start_s) * self.px_per_s

    @property
    def visible_s(self) -> tuple[float, float]:
        """Start and end of what can be seen of the song."""
        return max(0.0, self.time_at(0)), min(self.duration_s, self.time_at(self.width_px))

    def cue_rect(self, cue: Cue) -> QRectF:
        """Place of a cue's picture."""
        left, right = round(self.x_at(cue.start_s)), round(self.x_at(cue.end_s))
        return QRectF(left, CUES_TOP, max(1, right - left - CUE_GAP_PX), CUE_PX)

    def cue_under(self, place: QPointF, cues: Sequence[Cue]) -> int:
        """Index of the cue at a place, -1 where there is none."""
        if not CUES_TOP <= place.y() <= CUES_TOP + CUE_PX:
            return -1
        t_s = self.time_at(place.x())
        index = cue_at(cues, t_s)
        return index if 0 <= index < len(cues) and t_s < cues[index].end_s else -1

    def edge_under(self, place: QPointF, cues: Sequence[Cue]) -> int:
        """Index of the cue whose beginning can be taken hold of at a place, the nearest one; -1 where there is none."""
        if not CUES_TOP <= place.y() <= CUES_TOP + CUE_PX or not cues:
            return -1
        here = cue_at(cues, self.time_at(place.x()))
        near = [i for i in (here, here + 1) if 0 < i < len(cues)]
        best = min(near, key=lambda i: abs(self._edge_x(cues[i]) - place.x()), default=-1)
        return best if best >= 0 and abs(self._edge_x(cues[best]) - place.x()) <= EDGE_PX else -1

    def _edge_x(self, cue: Cue) -> float:
        return round(self.x_at(cue.start_s)) - CUE_GAP_PX / 2


def cue_at(cues: Sequence[Cue], t_s: float) -> int:
    """Index of the last cue that has begun at a time, -1 before all."""
    return bisect_right(cues, t_s, key=lambda cue: cue.start_s) - 1
