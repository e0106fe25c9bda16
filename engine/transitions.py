"""How each photo comes: crossfade, cut, dip or slide, by the arousal of the music and its turns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from engine.emotion import FloatArray

Transition = Literal["crossfade", "cut", "dip", "slide"]
TransitionChoice = Literal["auto", "crossfade", "cut", "dip", "slide"]

FADES_S: dict[str, tuple[float, float]] = {
    "crossfade": (1.6, 0.4),
    "dip": (1.8, 1.0),
    "slide": (1.2, 0.6),
    "cut": (0.0, 0.0),
}
"""Length of each transition at arousal rank 0 and 1."""

TURN = 0.22
"""A mood that differs by so much from the cue before, in percentiles of songs, begins a new section: it dips."""

ENERGETIC = 0.80
"""Arousal rank from which a cut or a slide suits."""

CALM_BETWEEN = 2
"""Crossfades between two of the others at least: one that stands out is an accent, a row of them is unrest."""

DIP_EVERY_S = 20.0
"""Dips are this far apart at least: the picture goes dark for a moment, which is for the turns of a song only."""

SLIDE_EVERY = 3
"""Of the accents in energetic music each third is a slide, the others are cuts."""


def choose_transitions(
    moods: FloatArray, starts_s: Sequence[float], *, kept: Mapping[int, Transition] | None = None
) -> list[Transition]:
    """Choose how n photos come, from the mood (n, 2) of each cue in percentiles of songs and when it begins.

    Calm music crossfades. A strong turn of the mood, a section's beginning, dips; very energetic music now and then
    cuts or slides. Never two of these in a row. `kept` are transitions that stand already, by the number of their cue.
    """
    kept = kept or {}
    chosen: list[Transition] = []
    last_dip_s = -math.inf
    n_accents = 0
    turns = np.zeros(len(moods) + 1)
    turns[1:-1] = np.hypot(*np.diff(moods, axis=0).T)
    for i in range(len(moods)):
        is_rest = (
            any(kind != "crossfade" for kind in chosen[-CALM_BETWEEN:]) or kept.get(i + 1, "crossfade") != "crossfade"
        )
        is_sharpest = turns[i] >= turns[max(0, i - 1) : i + 2].max()
        kind: Transition = "crossfade"
        if i in kept:
            kind = kept[i]
        elif i == 0 or is_rest:
            pass
        elif turns[i] >= TURN and is_sharpest and starts_s[i] - last_dip_s >= DIP_EVERY_S:
            kind = "dip"
        elif moods[i, 1] >= ENERGETIC:
            n_accents += 1
            kind = "slide" if n_accents % SLIDE_EVERY == 0 else "cut"
        if kind == "dip":
            last_dip_s = starts_s[i]
        chosen.append(kind)
    return chosen


def fade_length_s(transition: Transition, arousal: float, *, hold_s: float, hold_before_s: float) -> float:
    """Length of a transition at an arousal rank in [0, 1]; at most half of either photo's hold."""
    calm_s, energetic_s = FADES_S[transition]
    return min(calm_s + (energetic_s - calm_s) * arousal, hold_s / 2, hold_before_s / 2)
