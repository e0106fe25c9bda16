"""The plan of a show: which photo stands when, how it comes and moves, and why; made at once or while a song grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.cues import Cue, Plan, PlanOptions, Repeats, Sad
from engine.emotion import FloatArray
from engine.errors import TooFewPhotos
from engine.matching import reference_moods
from engine.moments import Moments, Mood, arc_at, moment_scores, moments_at, reason
from engine.pairing import choose_partners
from engine.selection import FOREIGN, FREE, Indices, Seats, choose_photos, effective_repeats
from engine.themes import theme_of
from engine.timing import cut_times
from engine.transitions import Transition, TransitionChoice, choose_transitions, fade_length_s

if TYPE_CHECKING:
    from engine.encoders import Encoders
    from engine.library import Catalog, Photo
    from engine.music import MusicAnalysis

__all__ = [
    "Cue",
    "Mood",
    "Plan",
    "PlanOptions",
    "Repeats",
    "Sad",
    "Transition",
    "TransitionChoice",
    "extend_plan",
    "make_plan",
]

SAD_VALENCE = 0.42
"""Photos of less valence than this, by their own mood and not by their place in the library, count as sad.

With the default model that finds seven of ten photos of OASIS, unseen in training, that people rate below .25
(injuries, war, squalor); of sixteen it names fifteen are below .45, and none above .50.
"""

SAD_HANDICAP = 0.15
"""With "fewer", the saddest half of them is left out and the others score so much less in the choice."""

COMMITTED_S = 15.0
"""Cues that begin this early in a song stay once they have been planned with the music they stand in heard."""

SOON_S = 6.0
"""Cues that begin this soon stay when a plan grows: their photos are being prepared, and a swap would be seen."""

HORIZON_S = 300.0
"""While a song is still being analysed only so much of it beyond what has played is planned: a long mix grows often."""

MAX_ZOOM = 1.04
"""The slow zoom ends at most 4 % larger than it begins, so that motion is felt rather than seen."""

ZOOM_PER_S = 0.008
"""Short holds zoom less, at this speed at most: a hold of 2 s at 4 % would look like a push."""

PEAK_WEIGHT = 10.0
"""The cue at the song's peak of arousal counts so much more in the competition for a photo: it gets its best one."""


def make_plan(
    analysis: MusicAnalysis,
    catalog: Catalog,
    encoders: Encoders,
    *,
    options: PlanOptions | None = None,
    keep: Sequence[Cue] = (),
    shown: Sequence[Photo] = (),
) -> Plan:
    """Plan a whole show from what is known of the song so far.

    The cues in `keep` (pinned, locked or committed ones; they do not overlap) stay as they are, but for a transition
    that a short hold before it shortens, and the gaps between them are planned round them. `shown` are the photos of
    the songs before, the latest last: they count as shown. A single photo is shown all the time, moving in and out from
    cue to cue. Raises TooFewPhotos without photos, ValueError for cues to keep that overlap or lie beyond the song.
    """
    options = options or PlanOptions()
    return _planned(analysis, catalog, encoders, options=options, keep=keep, played_s=0.0, shown=shown)


def extend_plan(
    plan: Plan,
    analysis: MusicAnalysis,
    catalog: Catalog,
    encoders: Encoders,
    *,
    played_s: float = 0.0,
    shown: Sequence[Photo] = (),
) -> Plan:
    """Plan anew what lies ahead, with an analysis or a catalog that has grown.

    Cues that have begun at played_s or begin soon stay as they are, and so do pinned ones and those of the song's
    beginning (see COMMITTED_S). shown and what is raised are as in `make_plan`.
    """
    duration_s = float(analysis.duration_s)
    kept = [
        cue
        for cue in plan.cues
        if cue.start_s <= played_s + SOON_S
        or (cue.start_s < COMMITTED_S and (plan.heard_s is None or cue.end_s <= plan.heard_s))
    ]
    # The song may turn out a little shorter or longer than its file said. The last cue kept then ends with it or leaves
    # room for another; the photo on the screen stays in any case.
    options = plan.options
    while kept and not (kept[-1].end_s == duration_s or duration_s - kept[-1].end_s >= options.min_hold_s):
        last = kept.pop()
        hold_s = duration_s - last.start_s
        if options.min_hold_s <= hold_s <= options.max_hold_s or (last.start_s <= played_s and hold_s > 0):
            kept.append(replace(last, end_s=duration_s, fade_s=min(last.fade_s, hold_s / 2)))
    kept += [cue for cue in plan.cues[len(kept) :] if cue.is_pinned and cue.end_s <= duration_s]
    return _planned(analysis, catalog, encoders, options=options, keep=kept, played_s=played_s, shown=shown)


@dataclass(frozen=True, slots=True)
class _Seat:
    """A stretch of the show, [start_s, end_s], and the cue that stands there already."""

    start_s: float
    end_s: float
    cue: Cue | None = None


def _planned(
    analysis: MusicAnalysis,
    catalog: Catalog,
    encoders: Encoders,
    *,
    options: PlanOptions,
    keep: Sequence[Cue],
    played_s: float,
    shown: Sequence[Photo],
) -> Plan:
    """Plan everything but the cues to keep."""
    whole = catalog
    catalog = _without_sad(catalog, options.sad)
    if not catalog.photos:
        raise TooFewPhotos(
            0, reason="" if options.sad == "all" else "All photos here are sad ones, and these are left out."
        )
    seats = _seats(analysis, encoders, options, keep, played_s=played_s)
    moments = moments_at(
        [(seat.start_s, seat.end_s) for seat in seats], analysis, catalog, encoders, mood=options.mood, arc=options.arc
    )
    free = np.array([i for i, seat in enumerate(seats) if seat.cue is None], dtype=np.intp)
    scores = moment_scores(_some(moments, free), catalog, encoders)
    taken = _taken(seats, catalog, whole, shown, hold_s=0.5 * (options.min_hold_s + options.max_hold_s))
    theme = theme_of(catalog.contents, options.theme, share=options.theme_share)
    wanted = scores if theme is None else theme.blended(scores)
    days = _days(catalog.photos)

    def choice(values: FloatArray) -> Indices:
        return choose_photos(
            values if options.sad != "fewer" else values - SAD_HANDICAP * (catalog.va[:, 0] < SAD_VALENCE),
            taken,
            groups=catalog.groups,
            days=days,
            repeats=effective_repeats(options.repeats, n_photos=len(catalog), n_cues=len(seats)),
            seed=options.seed,
            weights=_peak_weights(moments.ranks, free),
        )

    chosen = choice(wanted)
    by_mood = chosen if theme is None else choice(scores)
    partners = np.full(len(free), FREE, dtype=np.intp)
    if options.has_pairs:
        partners = choose_partners(
            wanted,
            len(shown) + free,
            chosen,
            taken.beside,
            photos=catalog.photos,
            points=moments.photo_points,
            groups=catalog.groups,
            holds_s=[seats[i].end_s - seats[i].start_s for i in free],
        )
    kinds = _transitions(seats, moments, options.transition)
    cues: list[Cue] = []
    row_of = {int(i): row for row, i in enumerate(free)}
    for i, seat in enumerate(seats):
        if seat.cue is not None:
            cues.append(_fitted(seat.cue, cues))
            continue
        photo, row = int(chosen[len(shown) + i]), row_of[i]
        why = reason(moments.points[i], moments.photo_points[photo], is_drawn=bool(options.arc))
        if theme is not None and theme.is_shown[photo] and photo != by_mood[len(shown) + i]:
            why = theme.reason(why)
        partner = int(partners[row])
        cues.append(
            _next_cue(
                cues,
                seat,
                catalog.photos[photo],
                score=float(scores[row, photo]),
                arousal=float(moments.ranks[i, 1]),
                transition=kinds[i],
                why=why,
                partner=catalog.photos[partner] if partner >= 0 else None,
            )
        )
    heard_s = None if analysis.is_complete else float(analysis.analysed_s)
    return Plan(analysis.path, float(analysis.duration_s), tuple(cues), catalog.bundle_id, options, heard_s)


def _seats(
    analysis: MusicAnalysis, encoders: Encoders, options: PlanOptions, keep: Sequence[Cue], *, played_s: float
) -> list[_Seat]:
    """Cut the show's time into cues round those to be kept, up to the song's end or the horizon."""
    duration_s = float(analysis.duration_s)
    kept = sorted(keep, key=lambda cue: cue.start_s)
    if any(cue.start_s < before.end_s for before, cue in pairwise(kept)) or (kept and kept[-1].end_s > duration_s):
        raise ValueError("cues to be kept overlap or lie beyond the song")
    end_s = duration_s
    if not analysis.is_complete:
        planned_s = max(played_s + HORIZON_S, kept[-1].end_s if kept else 0.0)
        if kept and planned_s - kept[-1].end_s < options.min_hold_s:
            planned_s = kept[-1].end_s
        end_s = planned_s if duration_s - planned_s >= options.max_hold_s else duration_s

    def arousal_at(times_s: NDArray[np.float64]) -> NDArray[np.float64]:
        return arc_at(options.arc, times_s)[:, 1].astype(np.float64)

    seats: list[_Seat] = []
    from_s = 0.0
    for cue in (*kept, None):
        until_s = end_s if cue is None else cue.start_s
        starts = cut_times(
            analysis,
            min_hold_s=options.min_hold_s,
            max_hold_s=options.max_hold_s,
            from_s=from_s,
            until_s=until_s,
            last_hold_s=0.0 if cue is None else 2 * cue.fade_s,
            reference_va=reference_moods(encoders.bundle),
            arousal_at=arousal_at if options.arc else None,
        )
        seats += [_Seat(start_s, stop_s) for start_s, stop_s in pairwise((*starts, until_s))]
        if cue is not None:
            seats.append(_Seat(cue.start_s, cue.end_s, cue))
            from_s = cue.end_s
    return seats or [_Seat(0.0, end_s)]


def _without_sad(catalog: Catalog, sad: Sad) -> Catalog:
    """Leave out the sad photos, or the saddest half of them."""
    is_sad = catalog.va[:, 0] < SAD_VALENCE
    if sad == "all" or not is_sad.any():
        return catalog
    if sad == "fewer":
        is_sad &= catalog.va[:, 0] < np.median(catalog.va[is_sad, 0])
    return catalog.of_rows(np.flatnonzero(~is_sad))


def _some(moments: Moments, rows: Indices) -> Moments:
    embeddings = None if moments.embeddings is None else moments.embeddings[rows]
    return replace(moments, embeddings=embeddings, ranks=moments.ranks[rows], points=moments.points[rows])


def _taken(seats: Sequence[_Seat], catalog: Catalog, whole: Catalog, shown: Sequence[Photo], *, hold_s: float) -> Seats:
    """What kept cues show, and before the first cue what was shown before the song, each for about hold_s.

    Where a photo of the whole catalog is left out of this one, a sibling stands for it, so that no other comes near.
    """
    row_of_id = {photo.id: row for row, photo in enumerate(catalog.photos)}
    if len(whole) > len(catalog):
        row_of_group = {int(group): row for row, group in enumerate(catalog.groups)}
        for photo, group in zip(whole.photos, whole.groups.tolist(), strict=True):
            if group in row_of_group:
                row_of_id.setdefault(photo.id, row_of_group[group])
    kept = [None if seat.cue is None else seat.cue.photo for seat in seats]
    marks = [FREE if photo is None else row_of_id.get(photo.id, FOREIGN) for photo in (*shown, *kept)]
    starts_s = [hold_s * k for k in range(-len(shown), 0)] + [seat.start_s for seat in seats]
    beside = [
        (i, row_of_id[seat.cue.partner.id])
        for i, seat in enumerate(seats, len(shown))
        if seat.cue is not None and seat.cue.partner is not None and seat.cue.partner.id in row_of_id
    ]
    return Seats(np.array(starts_s), np.array(marks, dtype=np.intp), np.array(beside, dtype=np.intp).reshape(-1, 2))


def _days(photos: Sequence[Photo]) -> NDArray[np.int64]:
    """Number the day each photo was taken on (n,), -1 where that is not known."""
    numbers: dict[str, int] = {}
    days = [numbers.setdefault(photo.taken_at[:10], len(numbers)) if photo.taken_at else -1 for photo in photos]
    return np.array(days, dtype=np.int64)


def _peak_weights(ranks: FloatArray, free: Indices) -> FloatArray:
    """Weights of the free cues (n,): the song's peak counts more, unless it is kept as it is."""
    weights = np.ones(len(free), dtype=np.float32)
    weights[free == ranks[:, 1].argmax()] = PEAK_WEIGHT
    return weights


def _transitions(seats: Sequence[_Seat], moments: Moments, choice: TransitionChoice) -> list[Transition]:
    """How each cue comes; kept ones stay, and those chosen by hand are all alike."""
    if choice != "auto":
        return [choice if seat.cue is None else seat.cue.transition for seat in seats]
    return choose_transitions(
        moments.ranks,
        [seat.start_s for seat in seats],
        kept={i: seat.cue.transition for i, seat in enumerate(seats) if seat.cue is not None},
    )


def _fitted(cue: Cue, before: Sequence[Cue]) -> Cue:
    """A kept cue as it is; only where the photo before it stands too shortly is its transition shortened."""
    longest_s = before[-1].hold_s / 2 if before else 0.0
    return cue if cue.fade_s <= longest_s else replace(cue, fade_s=longest_s)


def _next_cue(
    before: Sequence[Cue],
    seat: _Seat,
    photo: Photo,
    *,
    score: float,
    arousal: float,
    transition: Transition,
    why: str,
    partner: Photo | None,
) -> Cue:
    """Give a photo its transition and zoom: in and out by turns, and seamlessly on where the same photo goes on."""
    hold_s = seat.end_s - seat.start_s
    zoomed = min(MAX_ZOOM, 1 + ZOOM_PER_S * hold_s)
    if before and before[-1].photo.id == photo.id:
        zoom_from = before[-1].zoom_to
        zoom_to = zoomed if zoom_from == 1.0 else 1.0
        return Cue(photo, seat.start_s, seat.end_s, score, 0.0, zoom_from, zoom_to, why)
    zoom_from, zoom_to = (1.0, zoomed) if len(before) % 2 == 0 else (zoomed, 1.0)
    if not before:
        return Cue(photo, seat.start_s, seat.end_s, score, 0.0, zoom_from, zoom_to, why, partner=partner)
    fade_s = fade_length_s(transition, arousal, hold_s=hold_s, hold_before_s=before[-1].hold_s)
    return Cue(photo, seat.start_s, seat.end_s, score, fade_s, zoom_from, zoom_to, why, transition, partner)
