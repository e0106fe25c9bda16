"""The plan of a show: which photo stands when, how it comes and moves, and why; made at once or while a song grows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from engine.emotion import Emotion, FloatArray, ranks_among, relative_ranks, va_at_ranks
from engine.errors import TooFewPhotos
from engine.matching import photo_scores, reference_moods, span_weights
from engine.selection import choose_photos
from engine.timing import MAX_HOLD_S, MIN_HOLD_S, check_holds, cut_times

if TYPE_CHECKING:
    from engine.encoders import Encoders
    from engine.library import Catalog, Photo
    from engine.music import MusicAnalysis

Mood = Literal["relative", "absolute"]
"""How a song's mood becomes a photo's: by its percentile among songs (see `emotion.relative_ranks`), or as it is."""

COMMITTED_S = 6.0
"""Cues that begin this soon stay when a plan grows: their photos are being prepared, and a swap would be seen."""

CALM_FADE_S = 1.6
ENERGETIC_FADE_S = 0.4
"""Length of a crossfade at arousal rank 0 and 1."""

MAX_ZOOM = 1.04
"""The slow zoom ends at most 4 % larger than it begins, so that motion is felt rather than seen."""

ZOOM_PER_S = 0.008
"""Short holds zoom less, at this speed at most: a hold of 2 s at 4 % would look like a push."""

PEAK_WEIGHT = 2.0
"""The cue at the song's peak of arousal counts double in the competition for a photo."""

ALIKE = 0.12
CLEARLY_OTHER = 0.35
"""Distances on the plane up to which photo and song feel the same, and from which they differ plainly."""

FORMAT = "moodreel-plan"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a person may choose about a plan. Raises ValueError for holds that cannot tile every song."""

    min_hold_s: float = MIN_HOLD_S
    max_hold_s: float = MAX_HOLD_S
    seed: int = 0
    mood: Mood = "relative"

    def __post_init__(self) -> None:
        check_holds(self.min_hold_s, self.max_hold_s)
        if self.mood not in ("relative", "absolute"):
            raise ValueError(f"mood is {self.mood!r}, not relative or absolute")
        if self.seed < 0:
            raise ValueError("a seed is not negative")


@dataclass(frozen=True, slots=True)
class Cue:
    """One photo's stretch of the show, [start_s, end_s].

    score is the match in [0, 1] (see `matching`), said as a percentage. fade_s is the length of the crossfade that
    brings the photo in; its middle, the visible change, lies at start_s. The zoom runs from zoom_from to zoom_to while
    the photo is visible, crossfades included; 1 fills the frame.
    """

    photo: Photo
    start_s: float
    end_s: float
    score: float
    fade_s: float
    zoom_from: float
    zoom_to: float
    why: str

    @property
    def hold_s(self) -> float:
        """Time from this cut to the next."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Plan:
    """All cues of a show; they tile [0, duration_s], each beginning where the one before ends."""

    song: Path
    duration_s: float
    cues: tuple[Cue, ...]
    bundle_id: str
    options: PlanOptions = field(default_factory=PlanOptions)

    def to_json(self) -> dict[str, Any]:
        """Give the plan as a dictionary for `json.dumps`; `from_json` gives an equal plan."""
        cues = [
            {
                "photo": str(cue.photo.path),
                "start_s": cue.start_s,
                "end_s": cue.end_s,
                "score": cue.score,
                "fade_s": cue.fade_s,
                "zoom_from": cue.zoom_from,
                "zoom_to": cue.zoom_to,
                "why": cue.why,
            }
            for cue in self.cues
        ]
        photos = {str(cue.photo.path): {**asdict(cue.photo), "path": str(cue.photo.path)} for cue in self.cues}
        return {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "song": str(self.song),
            "duration_s": self.duration_s,
            "bundle_id": self.bundle_id,
            "options": asdict(self.options),
            "cues": cues,
            "photos": list(photos.values()),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """Read a plan that `to_json` gave. Raises ValueError for anything else, with the reason."""
        from engine.library import Photo  # here, so that the window need not wait for the database's imports

        if data.get("format") != FORMAT or data.get("version") != FORMAT_VERSION:
            raise ValueError(f"not a plan of format {FORMAT} {FORMAT_VERSION}")
        try:
            photos = {record["path"]: Photo(**{**record, "path": Path(record["path"])}) for record in data["photos"]}
            return cls(
                song=Path(data["song"]),
                duration_s=data["duration_s"],
                cues=tuple(Cue(**{**record, "photo": photos[record["photo"]]}) for record in data["cues"]),
                bundle_id=data["bundle_id"],
                options=PlanOptions(**data["options"]),
            )
        except (KeyError, TypeError, AttributeError) as fault:
            raise ValueError(f"a damaged plan: {fault}") from fault


def make_plan(
    analysis: MusicAnalysis,
    catalog: Catalog,
    encoders: Encoders,
    *,
    options: PlanOptions | None = None,
) -> Plan:
    """Plan a whole show from what is known of the song so far.

    A single photo is shown all the time, moving in and out from cue to cue. Raises TooFewPhotos without photos.
    """
    empty = Plan(analysis.path, float(analysis.duration_s), (), analysis.bundle_id, options or PlanOptions())
    return _continued(empty, analysis, catalog, encoders)


def extend_plan(
    plan: Plan,
    analysis: MusicAnalysis,
    catalog: Catalog,
    encoders: Encoders,
    *,
    played_s: float = 0.0,
) -> Plan:
    """Plan anew what lies ahead, with an analysis or a catalog that has grown.

    Cues that have begun at played_s, or begin within COMMITTED_S of it, stay as they are. Raises as `make_plan`.
    """
    duration_s = float(analysis.duration_s)
    kept = [cue for cue in plan.cues if cue.start_s <= played_s + COMMITTED_S]
    # The song may turn out a little shorter than its file said; then the last cue kept must leave room for the rest.
    while kept and not (kept[-1].end_s == duration_s or duration_s - kept[-1].end_s >= plan.options.min_hold_s):
        kept.pop()
    start = Plan(plan.song, duration_s, tuple(kept), analysis.bundle_id, plan.options)
    return _continued(start, analysis, catalog, encoders)


def _continued(plan: Plan, analysis: MusicAnalysis, catalog: Catalog, encoders: Encoders) -> Plan:
    """Add cues from the end of the plan's last one to the end of the song."""
    if not catalog.photos:
        raise TooFewPhotos(0)
    options = plan.options
    reference_va = reference_moods(encoders.bundle)
    from_s = plan.cues[-1].end_s if plan.cues else 0.0
    starts = cut_times(
        analysis,
        min_hold_s=options.min_hold_s,
        max_hold_s=options.max_hold_s,
        from_s=from_s,
        reference_va=reference_va,
    )
    if not starts:
        return plan
    spans = list(zip(starts, (*starts[1:], plan.duration_s), strict=True))
    moments = _moments(analysis, catalog, spans, options.mood, reference_va)
    scores = photo_scores(moments.embeddings, moments.points, catalog, encoders)
    row_of_id = {photo.id: row for row, photo in enumerate(catalog.photos)}
    used = [row_of_id.get(cue.photo.id, -1) for cue in plan.cues]
    chosen = choose_photos(scores, seed=options.seed, used=used, weights=_peak_weights(moments.ranks))
    photo_ranks = ranks_among(catalog.va[chosen], catalog.va) if options.mood == "relative" else catalog.va[chosen]
    cues = list(plan.cues)
    for i, (start_s, end_s) in enumerate(spans):
        cues.append(
            _next_cue(
                cues,
                catalog.photos[chosen[i]],
                start_s=start_s,
                end_s=end_s,
                score=float(scores[i, chosen[i]]),
                arousal=float(moments.ranks[i, 1]),
                why=_why(moments.moods[i], photo_ranks[i]),
            )
        )
    return Plan(plan.song, plan.duration_s, tuple(cues), plan.bundle_id, options)


@dataclass(frozen=True, slots=True, eq=False)
class _Moments:
    """What the music is at n cues, float32: embeddings (n, 512), ranks among songs, points to match, moods to name."""

    embeddings: FloatArray
    ranks: FloatArray
    points: FloatArray
    moods: FloatArray


def _moments(
    analysis: MusicAnalysis,
    catalog: Catalog,
    spans: Sequence[tuple[float, float]],
    mood: Mood,
    reference_va: FloatArray | None,
) -> _Moments:
    """Average the song's windows over the cues; ranks and points come from the smoothed curve, never from noise."""
    weights = span_weights(analysis.windows, spans)
    ranks = weights @ relative_ranks(analysis.curve.va, reference_va=reference_va)
    absolute = weights @ analysis.curve.va
    if mood == "absolute":
        return _Moments(weights @ analysis.embeddings, ranks, absolute, absolute)
    return _Moments(weights @ analysis.embeddings, ranks, va_at_ranks(ranks, catalog.va), ranks)


def _peak_weights(ranks: FloatArray) -> FloatArray:
    weights = np.ones(len(ranks), dtype=np.float32)
    weights[ranks[:, 1].argmax()] = PEAK_WEIGHT
    return weights


def _next_cue(
    before: Sequence[Cue], photo: Photo, *, start_s: float, end_s: float, score: float, arousal: float, why: str
) -> Cue:
    """Give a photo its fade and zoom: in and out by turns, and seamlessly on where the same photo goes on."""
    hold_s = end_s - start_s
    zoomed = min(MAX_ZOOM, 1 + ZOOM_PER_S * hold_s)
    inwards = len(before) % 2 == 0
    if before and before[-1].photo == photo:
        zoom_from = before[-1].zoom_to
        zoom_to = zoomed if zoom_from == 1.0 else 1.0
        fade_s = 0.0
    else:
        zoom_from, zoom_to = (1.0, zoomed) if inwards else (zoomed, 1.0)
        fade_s = CALM_FADE_S + (ENERGETIC_FADE_S - CALM_FADE_S) * arousal
        fade_s = min(fade_s, hold_s / 2, before[-1].hold_s / 2) if before else 0.0
    return Cue(photo, start_s, end_s, score, fade_s, zoom_from, zoom_to, why)


def _why(music: FloatArray, photo: FloatArray) -> str:
    """Say in a sentence how the photo's place on the plane lies to the music's.

    Not by their two mood words: near the centre opposite words are neighbours.
    """
    pleasanter, livelier = (float(x) for x in photo - music)
    distance = math.hypot(pleasanter, livelier)
    if distance < ALIKE:
        return f"It feels {Emotion(float(photo[0]), float(photo[1])).word}, as the song does here."
    if abs(pleasanter) > abs(livelier):
        direction = "brighter" if pleasanter > 0 else "darker"
    else:
        direction = "livelier" if livelier > 0 else "calmer"
    degree = "A touch" if distance < CLEARLY_OTHER else "Clearly"
    return f"{degree} {direction} than the song here."
