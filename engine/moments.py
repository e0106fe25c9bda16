"""What the music is at the cues of a show: its embedding, its mood among songs, and which photos fit, said in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from engine.emotion import Emotion, FloatArray, ranks_among, relative_ranks
from engine.matching import photo_scores, reference_moods, span_weights

if TYPE_CHECKING:
    from engine.encoders import Encoders
    from engine.library import Catalog
    from engine.music import MusicAnalysis

Mood = Literal["relative", "absolute"]
"""How a song's mood becomes a photo's: by its percentile among songs (see `emotion.relative_ranks`), or as it is."""

Arc = Sequence[tuple[float, float, float]]
"""A mood drawn by hand: points (t_s, valence, arousal), ascending in time, in the scale of the plane as it is shown."""

RANK_SIGMA = 0.5214
"""Eq. 1's sigma on the plane of percentiles: the mean distance of photos and music there, both spread evenly."""

LONG_SHOW_PAIRS = 18_000
"""Pairs of moment and photo that the similarity predictor is asked about in one plan, at 10 us each."""

LEAST_SHORTLIST, MOST_SHORTLIST = 60, 300

ALIKE = 0.12
CLEARLY_OTHER = 0.35
"""Distances on the plane up to which photo and song feel the same, and from which they differ plainly."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """The music at n cues, float32: embeddings (n, 512), None where a hand-drawn arc replaces the song's mood.

    ranks (n, 2) is how it feels among songs, points (n, 2) the same or the absolute mood: what is to be matched with
    photo_points (n_photos, 2) on the same scale, where sigma belongs to Eq. 1.
    """

    embeddings: FloatArray | None
    ranks: FloatArray
    points: FloatArray
    photo_points: FloatArray
    sigma: float


def moments_at(
    spans: Sequence[tuple[float, float]],
    analysis: MusicAnalysis,
    catalog: Catalog,
    encoders: Encoders,
    *,
    mood: Mood = "relative",
    arc: Arc = (),
) -> Moments:
    """Average the song's windows over spans of time; moods come from the smoothed curve, never from noise.

    In relative mood song and photos meet on the plane as it is shown: each at its percentile, among songs and among the
    catalog's photos. In absolute mood they meet at their valence and arousal themselves.
    """
    weights = span_weights(analysis.windows, spans)
    ranks = weights @ relative_ranks(analysis.curve.va, reference_va=reference_moods(encoders.bundle))
    embeddings: FloatArray | None = weights @ analysis.embeddings
    points = ranks if mood == "relative" else weights @ analysis.curve.va
    if arc:
        ranks = points = arc_at(arc, np.array(spans, dtype=np.float64).mean(axis=1))
        embeddings = None
    if mood == "relative":
        return Moments(embeddings, ranks, points, ranks_among(catalog.va, catalog.va), RANK_SIGMA)
    return Moments(embeddings, ranks, points, catalog.va, encoders.bundle.manifest.sigma)


def moment_scores(moments: Moments, catalog: Catalog, encoders: Encoders) -> FloatArray:
    """Score every photo of the catalog for n moments, shape (n, n_photos) in [0, 1]; see `matching.photo_scores`.

    For a hand-drawn arc the score is Eq. 1 alone, as the song has no say.
    """
    shortlist = min(MOST_SHORTLIST, max(LEAST_SHORTLIST, LONG_SHOW_PAIRS // max(1, len(moments.points))))
    return photo_scores(
        moments.embeddings,
        moments.points,
        catalog,
        encoders,
        photo_points=moments.photo_points,
        sigma=moments.sigma,
        shortlist=shortlist,
    )


def arc_at(arc: Arc, times_s: NDArray[np.float64]) -> FloatArray:
    """Mood of a hand-drawn arc at times (n,), shape (n, 2): linear between its points and held at its ends."""
    points = np.array(arc, dtype=np.float64)
    columns = [np.interp(times_s, points[:, 0], points[:, axis]) for axis in (1, 2)]
    return np.ascontiguousarray(np.stack(columns, axis=1), dtype=np.float32)


def reason(music: FloatArray, photo: FloatArray, *, is_drawn: bool = False) -> str:
    """Say in a sentence how a photo's place on the plane (2,) lies to the music's, or to the mood drawn instead.

    Not by their two mood words: near the centre opposite words are neighbours.
    """
    pleasanter, livelier = (float(x) for x in photo - music)
    distance = math.hypot(pleasanter, livelier)
    what = "the mood you drew" if is_drawn else "the song"
    if distance < ALIKE:
        return f"It feels {Emotion(float(photo[0]), float(photo[1])).word}, much as {what} does here."
    if abs(pleasanter) > abs(livelier):
        direction = "brighter" if pleasanter > 0 else "darker"
    else:
        direction = "livelier" if livelier > 0 else "calmer"
    degree = "A touch" if distance < CLEARLY_OTHER else "Clearly"
    return f"{degree} {direction} than {what} here."
