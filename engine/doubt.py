"""How sure a bundle is of a photo: how far the truth lies from what it predicts, measured on photos it never met."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.bundle import Manifest, SpreadLines
from engine.emotion import FloatArray
from engine.encoders import Encoders

USUAL_SPREAD: Final[SpreadLines] = ((-1.77, 0.0, 0.0), (-2.26, 0.0, 0.0))
"""For bundles that do not tell: .17 of valence and .105 of arousal, about what the default model leaves."""

LEAST_SPREAD: Final = 0.02
"""Raters themselves differ by more; a line drawn too far must not promise what nobody can know."""

MOST_SPREAD: Final = 0.4
"""Beyond this the plane itself is no larger."""

RADIUS_68: Final = 1.51
"""An ellipse with semi-axes of so many standard deviations holds the truth of 68 of 100 photos: sqrt(-2 ln 0.32)."""


def photo_spread(model: Manifest | Encoders, va: FloatArray) -> FloatArray:
    """Standard deviation (n, 2) of the true valence and arousal of photos about what the model predicts, va (n, 2).

    For the default model, and for one that a person has taught: measured before its ratings, so rather too wide. A
    bundle that does not tell is taken to be as unsure everywhere.
    """
    manifest = model if isinstance(model, Manifest) else model.bundle.manifest
    return spread_at(manifest.photo_spread or USUAL_SPREAD, va)


def spread_at(lines: SpreadLines, va: FloatArray) -> FloatArray:
    """The standard deviations (n, 2) that a manifest's lines give at places va (n, 2) of the plane."""
    place = np.concatenate([np.ones((len(va), 1), np.float32), va.astype(np.float32) - np.float32(0.5)], axis=1)
    spread: FloatArray = np.exp(place @ np.array(lines, dtype=np.float32).T).astype(np.float32)
    return np.clip(spread, LEAST_SPREAD, MOST_SPREAD)
