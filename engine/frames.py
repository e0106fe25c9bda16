"""What is seen at a moment of a plan: one photo, or two during a crossfade. Pure arithmetic, no pixels."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

from engine.plan import Plan


@dataclass(frozen=True, slots=True)
class Layer:
    """A photo to draw: the cue it belongs to, its zoom (1 fills the frame) and its opacity in (0, 1]."""

    cue_index: int
    zoom: float
    opacity: float


def layers_at(plan: Plan, t_s: float) -> tuple[Layer, ...]:
    """List the layers at a time, the lowest first: it is opaque, so nothing shows through.

    One layer within a cue, two in a crossfade, whose middle lies at the cut; the easing is InOutSine. Times outside the
    plan are those at its ends; a plan without cues has no layers.
    """
    if not plan.cues:
        return ()
    t_s = min(max(t_s, 0.0), plan.duration_s)
    index = max(0, bisect_right(plan.cues, t_s, key=lambda cue: cue.start_s) - 1)
    upper = index + 1 if index + 1 < len(plan.cues) else index
    for incoming in (index, upper):  # the fade that brought this cue in, or the next one's
        cue = plan.cues[incoming]
        if incoming > 0 and cue.fade_s > 0:
            place = (t_s - (cue.start_s - cue.fade_s / 2)) / cue.fade_s
            if 0 < place < 1:
                opacity = 0.5 - 0.5 * math.cos(math.pi * place)
                if opacity > 0:
                    lower = Layer(incoming - 1, _zoom(plan, incoming - 1, t_s), 1.0)
                    return lower, Layer(incoming, _zoom(plan, incoming, t_s), opacity)
    return (Layer(index, _zoom(plan, index, t_s), 1.0),)


def visible_span(plan: Plan, cue_index: int) -> tuple[float, float]:
    """Time from when a cue's photo begins to appear until it has gone, half a crossfade beyond its cuts."""
    cue = plan.cues[cue_index]
    after = plan.cues[cue_index + 1].fade_s if cue_index + 1 < len(plan.cues) else 0.0
    return max(0.0, cue.start_s - cue.fade_s / 2), min(plan.duration_s, cue.end_s + after / 2)


def _zoom(plan: Plan, cue_index: int, t_s: float) -> float:
    cue = plan.cues[cue_index]
    from_s, to_s = visible_span(plan, cue_index)
    place = min(max((t_s - from_s) / (to_s - from_s), 0.0), 1.0) if to_s > from_s else 0.0
    return cue.zoom_from + (cue.zoom_to - cue.zoom_from) * place
