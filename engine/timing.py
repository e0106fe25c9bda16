"""Where the photos change: on beats, at changes of emotion, sooner when the music is energetic.

Cuts are chosen by dynamic programming over candidate times: of all ways to tile the song with holds in bounds it takes
the one with the highest score: gains for changes of emotion, less costs for leaving the beat, the bar and the hold that
the arousal asks for. Nothing is gained by a cut as such, so more cuts are not better.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.emotion import FloatArray, relative_ranks

if TYPE_CHECKING:
    from engine.music import MusicAnalysis

Times = NDArray[np.float64]

MIN_HOLD_S = 2.0
MAX_HOLD_S = 8.0

CALM_HOLD = 0.80
ENERGETIC_HOLD = 0.10
"""The hold wanted at arousal rank 0 and 1, as a place between the shortest and the longest hold: 6.8 and 2.6 s."""

HOLD_TOLERANCE = 0.25
"""A hold this far from the wanted one, as a share of it, costs HOLD_COST; cost grows with the square."""
HOLD_COST = 0.5
STEP_GAIN = 1.5
"""A strong change of emotion is worth a hold that is off by 40 %, so that the photo turns where the music does."""
STRONG_STEP = 0.25
"""A change by a quarter of all songs counts as strong; valence, the noisier, counts half."""
VALENCE_WEIGHT = 0.5
NOISE_MARGIN = 3.0
"""A change counts by how far it exceeds this many times the song's usual flutter from window to window."""
STEP_SPAN_S = 6.0
"""Emotion before and after a moment is averaged over three windows: less would take noise for a change."""
PHRASE_GAIN = 0.75
"""Where the sound changes a phrase begins: worth a cut, half as much as a change of emotion."""
NOISE_MARGIN_SOUND = 2.0
STRONG_SOUND = 4.0
"""In units of the flutter, means of windows that differ by chance alone are 1.4 apart; from 2 on a change counts, with
six it is strong."""
BAR_COST = 0.6
"""Cost of a hold that is not whole bars of four beats, which feel like a phrase; half bars cost two thirds of it."""
OFF_BEAT_COST = 20.0
"""A cut beside a beat within reach is the last resort, taken only where no tiling on beats exists."""
BEAT_REACH_S = 0.75
COUNTED_BEATS = 16
COUNT_ON_S = 30.0
"""Beats from which the tempo at an end of the song is taken, and how far it carries: by then it may be 30 ms off."""
ON_BEAT_S = 0.02
"""A stretch that begins or ends this near to a beat does so on it."""
UNEVEN_S = 0.1
"""Beats further from their mean tempo than this are not to be counted on."""
GRID_S = 0.25
"""Candidates where there are no beats."""


def check_holds(min_hold_s: float, max_hold_s: float) -> None:
    """Raise ValueError unless 0 < 2 min <= max: then every song of at least the shortest hold can be tiled."""
    if not (min_hold_s > 0 and 2 * min_hold_s <= max_hold_s < math.inf):
        raise ValueError(f"holds from {min_hold_s} to {max_hold_s} s: the longest must be at least twice the shortest")


def cut_times(
    analysis: MusicAnalysis,
    *,
    min_hold_s: float = MIN_HOLD_S,
    max_hold_s: float = MAX_HOLD_S,
    from_s: float = 0.0,
    until_s: float | None = None,
    last_hold_s: float = 0.0,
    arousal_at: Callable[[Times], Times] | None = None,
    reference_va: FloatArray | None = None,
) -> tuple[float, ...]:
    """Choose when photos begin, ascending, the first at from_s; with until_s they tile [from_s, until_s].

    until_s is the song's end unless given. Every hold lies in [min_hold_s, max_hold_s], except that a stretch shorter
    than the shortest hold is one hold; the last one is at least last_hold_s long where that is possible. arousal_at
    gives the arousal rank (n,) at times where it is not the song's that counts. Raises ValueError where check_holds
    does.
    """
    check_holds(min_hold_s, max_hold_s)
    end_s = float(analysis.duration_s) if until_s is None else until_s
    if end_s - from_s < min_hold_s:
        return (from_s,) if end_s > from_s or (from_s == 0 and until_s is None) else ()
    beats = counted_on(np.asarray(analysis.beat_times_s, dtype=np.float64), end_s=float(analysis.duration_s))
    times, beat_number = candidate_times(beats, from_s=from_s, end_s=end_s, max_hold_s=max_hold_s)
    gain = STEP_GAIN * _pull(times, *emotion_steps(analysis, reference_va=reference_va))
    gain += PHRASE_GAIN * _pull(times, *phrase_steps(analysis))
    if len(beats):
        has_beat_near = np.abs(times - beats[_nearest(beats, times)]) < BEAT_REACH_S
        gain -= OFF_BEAT_COST * ((beat_number < 0) & has_beat_near)
    arousal = arousal_ranks(analysis, times, reference_va=reference_va) if arousal_at is None else arousal_at(times)
    wanted = wanted_holds(arousal, min_hold_s=min_hold_s, max_hold_s=max_hold_s)
    chosen = _best_path(
        times, beat_number, gain, wanted, min_hold_s=min_hold_s, max_hold_s=max_hold_s, last_hold_s=last_hold_s
    )
    return tuple(float(times[i]) for i in chosen[:-1])


def counted_on(beats: Times, *, end_s: float) -> Times:
    """Count the beats on before the first and behind the last one, as a musician would: quiet ends have none of theirs.

    beats (n,) ascend; the tempo is that of the COUNTED_BEATS nearest to either end, and it is trusted for COUNT_ON_S.
    """
    if len(beats) < COUNTED_BEATS:
        return beats
    number = np.arange(COUNTED_BEATS)
    parts = [beats]
    for edge, limit_s in ((beats[:COUNTED_BEATS], 0.0), (beats[-COUNTED_BEATS:], end_s)):
        period_s, first_s = np.polyfit(number, edge, 1)
        if np.abs(edge - (first_s + period_s * number)).max() > UNEVEN_S:
            continue
        sign = -1 if limit_s == 0.0 else 1
        start_s = first_s if sign < 0 else first_s + period_s * (COUNTED_BEATS - 1)
        n = int(min(abs(limit_s - start_s), COUNT_ON_S) / period_s) if (limit_s - start_s) * sign > 0 else 0
        more = start_s + sign * period_s * np.arange(1, n + 1)
        parts.insert(0 if sign < 0 else len(parts), more[::sign])
    return np.concatenate(parts)


def candidate_times(beats: Times, *, from_s: float, end_s: float, max_hold_s: float) -> tuple[Times, NDArray[np.int64]]:
    """List times where a photo may change, ascending from from_s to end_s, and each one's beat number or -1.

    Beats, a grid for stretches without any, and the cuts of equal holds, with which a tiling always exists.
    """
    n_equal = math.ceil((end_s - from_s) / max_hold_s)
    # One more as well: where the holds would be the longest allowed, a rounding error could make them too long.
    equal = np.concatenate([from_s + (end_s - from_s) * np.arange(1, n) / n for n in (n_equal, n_equal + 1)])
    grid = np.arange(math.ceil(from_s / GRID_S), end_s / GRID_S) * GRID_S
    times = np.concatenate([beats, equal, grid])
    number = np.concatenate([np.arange(len(beats)), np.full(len(equal) + len(grid), -1)])
    inside = (times > from_s) & (times < end_s)
    times, first = np.unique(np.concatenate([times[inside], [from_s, end_s]]), return_index=True)
    ends = [-1, -1]
    if len(beats):  # a stretch between kept cues goes on in the bars of those
        nearest = _nearest(beats, np.array([from_s, end_s]))
        ends = [
            int(i) if abs(beats[i] - at_s) < ON_BEAT_S else -1 for i, at_s in zip(nearest, (from_s, end_s), strict=True)
        ]
    return times, np.concatenate([number[inside], ends])[first].astype(np.int64)


def emotion_steps(analysis: MusicAnalysis, *, reference_va: FloatArray | None = None) -> tuple[Times, Times]:
    """Find the changes of emotion: times (k,) and sizes (k,) in [0, 1], 1 a strong change; only local peaks.

    A change is the distance between the mean mood of the STEP_SPAN_S before and after, in percentiles of songs.
    """
    windows = analysis.windows
    if len(windows) < 2:
        return np.empty(0), np.empty(0)
    ranks = relative_ranks(analysis.va, reference_va=reference_va).astype(np.float64) * (VALENCE_WEIGHT, 1.0)
    span = max(1, round(STEP_SPAN_S / (windows[0].end_s - windows[0].start_s)))
    flutter = float(np.median(np.hypot(*np.diff(ranks, axis=0).T))) / math.sqrt(2 * span)  # as the means feel it
    difference, wavering = _changes(ranks, span)
    size = np.maximum(np.hypot(*difference.T) - NOISE_MARGIN * flutter * wavering, 0)
    return _peaks(analysis, size, np.minimum(size / STRONG_STEP, 1.0) ** 2)


def arousal_ranks(analysis: MusicAnalysis, times: Times, *, reference_va: FloatArray | None = None) -> Times:
    """Arousal of the smoothed curve at times (n,), as its rank among songs in [0, 1]."""
    if len(analysis.curve.times_s) == 0:
        return np.full(len(times), 0.5)
    ranks = relative_ranks(analysis.curve.va, reference_va=reference_va)
    return np.interp(times, analysis.curve.times_s, ranks[:, 1])


def phrase_steps(analysis: MusicAnalysis) -> tuple[Times, Times]:
    """Find where the sound changes and so a phrase or a section begins: times (k,) and sizes (k,) in [0, 1].

    A change is the distance in the shared space between the mean of the STEP_SPAN_S before and after, measured by the
    song's usual flutter from window to window; only local peaks count. On excerpts joined every 10 s three of four
    peaks lie at the joins.
    """
    windows = analysis.windows
    if len(windows) < 2:
        return np.empty(0), np.empty(0)
    sound = analysis.embeddings.astype(np.float64)
    span = max(1, round(STEP_SPAN_S / (windows[0].end_s - windows[0].start_s)))
    difference, wavering = _changes(sound, span)
    change = np.linalg.norm(difference, axis=1) / wavering
    flutter = float(np.median(np.linalg.norm(np.diff(sound, axis=0), axis=1))) / math.sqrt(2 * span)
    size = np.clip((change / max(flutter, 1e-12) - NOISE_MARGIN_SOUND) / STRONG_SOUND, 0, 1)
    return _peaks(analysis, change, size)


def _changes(values: Times, span: int) -> tuple[Times, Times]:
    """Changes (n - 1, k) at the borders between n rows, and how much more they waver there (n - 1,), 1 in the middle.

    A change is the mean of the `span` rows that follow less that of those before; near the ends there are fewer.
    """
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    border = np.arange(1, len(values))
    low, high = np.maximum(border - span, 0), np.minimum(border + span, len(values))
    before = (sums[border] - sums[low]) / (border - low)[:, None]
    after = (sums[high] - sums[border]) / (high - border)[:, None]
    wavering = np.sqrt((1 / (border - low) + 1 / (high - border)) * span / 2)
    return np.asarray(after - before, dtype=np.float64), wavering


def _peaks(analysis: MusicAnalysis, change: Times, size: Times) -> tuple[Times, Times]:
    """Times and sizes of the local peaks of a change that has any size."""
    padded = np.concatenate([[-1.0], change, [-1.0]])
    peak = (size > 0) & (change >= padded[:-2]) & (change > padded[2:])
    times = np.array([w.start_s for w in analysis.windows[1:]])
    return times[peak], size[peak]


def wanted_holds(arousal: Times, *, min_hold_s: float, max_hold_s: float) -> Times:
    """Give the hold wanted at each arousal rank (n,): long where the music is calm, short where it is energetic."""
    place = CALM_HOLD + (ENERGETIC_HOLD - CALM_HOLD) * arousal
    wanted: Times = min_hold_s + place * (max_hold_s - min_hold_s)
    return wanted


def _pull(times: Times, at: Times, size: Times) -> Times:
    """Pull of changes of some size on each time: full at the change, none half a window away or further."""
    if len(at) == 0:
        return np.zeros(len(times))
    nearest = _nearest(at, times)  # changes lie a window apart or further, so that no other one reaches here
    pull: Times = size[nearest] * np.clip(1 - np.abs(times - at[nearest]), 0, 1)
    return pull


def _nearest(places: Times, times: Times) -> NDArray[np.intp]:
    """Index of the place (ascending, at least one) nearest to each time."""
    right = np.searchsorted(places, times).clip(max=len(places) - 1)
    left = np.maximum(right - 1, 0)
    return np.where(np.abs(times - places[left]) <= np.abs(times - places[right]), left, right)


def _best_path(
    times: Times,
    beat_number: NDArray[np.int64],
    gain: Times,
    wanted: Times,
    *,
    min_hold_s: float,
    max_hold_s: float,
    last_hold_s: float,
) -> list[int]:
    """Indices from the first to the last time whose gains less the holds' costs are the highest sum."""
    best = np.full(len(times), -math.inf)
    best[0] = 0.0
    came_from = np.zeros(len(times), dtype=np.int64)
    for j in range(1, len(times)):
        low = int(np.searchsorted(times, times[j] - max_hold_s - GRID_S))
        i = np.arange(low, j)
        hold = times[j] - times[i]
        # The bounds are checked on the very differences that a reader of the plan will compute.
        is_allowed = (hold >= min_hold_s) & (hold <= max_hold_s)
        i, hold = i[is_allowed], hold[is_allowed]
        if len(i) == 0:
            continue
        aim = 0.5 * (wanted[i] + wanted[j])
        score = best[i] + gain[j] - HOLD_COST * ((hold - aim) / (HOLD_TOLERANCE * aim)) ** 2
        if beat_number[j] >= 0:
            n_beats = np.where(beat_number[i] >= 0, beat_number[j] - beat_number[i], 0)
            score -= np.where(n_beats % 4 == 0, 0.0, np.where(n_beats % 2 == 0, BAR_COST * 2 / 3, BAR_COST))
        if j == len(times) - 1:
            score -= OFF_BEAT_COST * (hold < last_hold_s)
        top = int(score.argmax())
        best[j], came_from[j] = score[top], i[top]
    path = [len(times) - 1]
    while path[-1] != 0:
        path.append(int(came_from[path[-1]]))
    return path[::-1]
