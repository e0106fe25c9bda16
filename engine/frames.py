"""What is seen at a moment of a plan: one photo, or two while one gives way to the next. Pure arithmetic, no pixels."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass

from engine.plan import Cue, Plan
from engine.transitions import Transition

LEAST_CHANGE_S = 0.34
"""Photos change no sooner than this after the last change, so never more than three times in a second, as those who
are sensitive to flashes need (WCAG 2, success criterion 2.3.1). A cue that would come sooner is not shown."""

LEAST_DIP_S = 0.5
"""A shorter dip would be a flash itself: it becomes a crossfade."""

DIP_SHADE = 0.85
"""Share of the stage colour at the middle of a dip; the photos stay visible, so that no frame is black."""

DIP_CHANGE = 0.25
"""A dip's photos cross while it is dark: between this share of its length and the same before its end."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A photo to draw: the cue it belongs to, its zoom (1 fills the frame) and its opacity in (0, 1].

    shift is how far it lies to the right of its place, in widths of the frame, and shade in [0, 1] how much of the
    stage colour lies over it.
    """

    cue_index: int
    zoom: float
    opacity: float
    shift: float = 0.0
    shade: float = 0.0


def layers_at(plan: Plan, t_s: float) -> tuple[Layer, ...]:
    """List the layers at a time, the lowest first. Together they fill the frame and are opaque.

    One layer within a cue, two in a transition, whose middle lies at the cut; its easing is InOutSine. Times outside
    the plan are those at its ends; a plan without cues has no layers.
    """
    if not plan.cues:
        return ()
    t_s = min(max(t_s, 0.0), plan.duration_s)
    index = _index_at(plan, t_s)
    upper = index + 1 if index + 1 < len(plan.cues) else index
    for incoming in (index, upper):  # the transition that brought this cue in, or the next one's
        cue = plan.cues[incoming]
        if incoming > 0 and cue.fade_s > 0 and cue.transition != "cut":
            place = (t_s - (cue.start_s - cue.fade_s / 2)) / cue.fade_s
            if 0 < place < 1 and _shown(plan, incoming) == incoming:
                layers = _between(plan, incoming, place, t_s)
                if layers:
                    return layers
    index = _shown(plan, index)
    return (Layer(index, _zoom(plan, index, t_s), 1.0),)


def visible_span(plan: Plan, cue_index: int) -> tuple[float, float]:
    """Time from when a cue's photo begins to appear until it has gone, half a transition beyond its cuts."""
    cue = plan.cues[cue_index]
    after = plan.cues[cue_index + 1].fade_s if cue_index + 1 < len(plan.cues) else 0.0
    return max(0.0, cue.start_s - cue.fade_s / 2), min(plan.duration_s, cue.end_s + after / 2)


def cue_at(plan: Plan, t_s: float) -> int | None:
    """Index of the cue whose photo is seen alone, or foremost, at a time; None in a plan without cues."""
    if not plan.cues:
        return None
    return _shown(plan, _index_at(plan, min(max(t_s, 0.0), plan.duration_s)))


def _index_at(plan: Plan, t_s: float) -> int:
    return max(0, bisect_right(plan.cues, t_s, key=lambda cue: cue.start_s) - 1)


def _shown(plan: Plan, index: int) -> int:
    """Which cue is seen in the time of a cue: itself, or an earlier one where it would come too soon after that."""
    first = index
    while first > 0 and plan.cues[first - 1].hold_s < LEAST_CHANGE_S:
        first -= 1
    seen = first
    for i in range(first + 1, index + 1):
        if plan.cues[i].start_s - plan.cues[seen].start_s >= LEAST_CHANGE_S:
            seen = i
    return seen


def _between(plan: Plan, incoming: int, place: float, t_s: float) -> tuple[Layer, ...]:
    """The two layers at a place in (0, 1) of a transition; none where the photo that comes is not to be seen yet."""
    outgoing = _shown(plan, incoming - 1)
    zooms = _zoom(plan, outgoing, t_s), _zoom(plan, incoming, t_s)
    kind = _kind(plan.cues[incoming])
    if kind == "slide":
        moved = _eased(place)
        return Layer(outgoing, zooms[0], 1.0, shift=-moved), Layer(incoming, zooms[1], 1.0, shift=1.0 - moved)
    shade = 0.0
    if kind == "dip":
        shade = DIP_SHADE * math.sin(math.pi * place) ** 2
        place = min(max((place - DIP_CHANGE) / (1 - 2 * DIP_CHANGE), 0.0), 1.0)
    opacity = _eased(place)
    if opacity <= 0:
        return (Layer(outgoing, zooms[0], 1.0, shade=shade),) if shade else ()
    if opacity >= 1:
        return (Layer(incoming, zooms[1], 1.0, shade=shade),)
    return Layer(outgoing, zooms[0], 1.0, shade=shade), Layer(incoming, zooms[1], opacity, shade=shade)


def _kind(cue: Cue) -> Transition:
    return "crossfade" if cue.transition == "dip" and cue.fade_s < LEAST_DIP_S else cue.transition


def _eased(place: float) -> float:
    return 0.5 - 0.5 * math.cos(math.pi * place)


def _zoom(plan: Plan, cue_index: int, t_s: float) -> float:
    cue = plan.cues[cue_index]
    from_s, to_s = visible_span(plan, cue_index)
    place = min(max((t_s - from_s) / (to_s - from_s), 0.0), 1.0) if to_s > from_s else 0.0
    return cue.zoom_from + (cue.zoom_to - cue.zoom_from) * place
