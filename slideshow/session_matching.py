"""How the photos suit the cues of a show: scores for swaps by hand, and the best others for each. Runs in a job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from engine.emotion import Emotion
from engine.progress import Report
from slideshow.session_jobs import Matches, RunnerUp

if TYPE_CHECKING:
    from engine.encoders import Encoders
    from engine.library import Catalog, Photo
    from engine.music import MusicAnalysis
    from engine.plan import Plan

N_RUNNERS_UP = 3

MAX_KEPT_SCORES = 16_000_000
"""Scores kept for swaps by hand, two bytes each: an hour of cues over 16,000 photos, two hours over 8,000."""


def match_photos(
    analysis: MusicAnalysis,
    plan: Plan,
    catalog: Catalog,
    encoders: Encoders,
    moods: Mapping[int, Emotion],
    *,
    report: Report,
) -> Matches:
    """Score the photos for each cue of a plan, and name the best others: those not yet in the show first.

    moods are those of all photos of the library by their ids, as the circle shows them.
    """
    from engine.moments import moment_scores, moments_at
    from engine.plan import SAD_VALENCE
    from engine.themes import theme_of

    if len(catalog) == 0 or not plan.cues:
        return Matches()
    options = plan.options
    spans = [(cue.start_s, cue.end_s) for cue in plan.cues]
    moments = moments_at(spans, analysis, catalog, encoders, mood=options.mood, arc=options.arc)
    scores = moment_scores(moments, catalog, encoders)
    shown = {photo.id for cue in plan.cues for photo in (cue.photo, cue.partner) if photo is not None}
    theme = theme_of(catalog.contents, options.theme, share=options.theme_share)
    handicap = 2.0 * np.array([photo.id in shown for photo in catalog.photos], dtype=np.float32)
    if options.sad == "none":
        handicap += 4.0 * (catalog.va[:, 0] < SAD_VALENCE)
    found = []
    for cue, row in zip(plan.cues, scores, strict=True):
        wanted = (row if theme is None else theme.blended(row)) - handicap
        best = np.argpartition(-wanted, min(N_RUNNERS_UP, len(row) - 1))[: N_RUNNERS_UP + 1]
        best = best[np.lexsort((best, -wanted[best]))]
        others = [int(i) for i in best if catalog.photos[i].id != cue.photo.id][:N_RUNNERS_UP]
        others.sort(key=lambda i, row=row: -float(row[i]))  # type: ignore[misc]
        found.append(tuple(RunnerUp(catalog.photos[i], float(row[i]), _mood(moods, catalog.photos[i])) for i in others))
    kept = scores.astype(np.float16) if scores.size <= MAX_KEPT_SCORES else None
    return Matches(tuple(found), catalog, kept)


def _mood(moods: Mapping[int, Emotion], photo: Photo) -> Emotion:
    return moods.get(photo.id, Emotion(0.5, 0.5))
