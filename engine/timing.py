"""Where the photos change: on beats, at changes of emotion, sooner when the music is energetic.

Cuts are chosen by dynamic programming over candidate times: of all ways to tile the song with holds in bounds it takes
the one with the highest score: gains for changes of emotion, less costs for leaving the beat, the bar and the hold that
the arousal asks for. Nothing is gained by a cut as such, so more cuts are not better.
"""

from __future__ import annotations

import math
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
BAR_COST = 0.3
"""Cost of a hold that is not whole bars of four beats, which feel like a phrase; half bars cost two thirds of it."""
OFF_BEAT_COST = 20.0
"""A cut beside a beat within reach is the last resort, taken only where no tiling on beats exists."""
BEAT_REACH_S = 0.75
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
    reference_va: FloatArray | None = None,
) -> tuple[float, ...]:
    """Choose when photos begin, ascending, the first at from_s; with the song's end they tile [from_s, duration_s].

    Every hold lies in [min_hold_s, max_hold_s], except that a stretch shorter than the shortest hold is one hold.
    Raises ValueError where check_holds does.
    """
    check_holds(min_hold_s, max_hold_s)
    end_s = float(analysis.duration_s)
    if end_s - from_s < min_hold_s:
        return (from_s,) if end_s > from_s or from_s == 0 else ()
    beats = np.asarray(analysis.beat_times_s, dtype=np.float64)
    times, beat_number = candidate_times(beats, from_s=from_s, end_s=end_s, max_hold_s=max_hold_s)
    gain = STEP_GAIN * _steps_at(analysis, times, reference_va)
    if len(beats):
        has_beat_near = np.abs(times - beats[_nearest(beats, times)]) < BEAT_REACH_S
        gain -= OFF_BEAT_COST * ((beat_number < 0) & has_beat_near)
    wanted = wanted_holds(analysis, times, min_hold_s=min_hold_s, max_hold_s=max_hold_s, reference_va=reference_va)
    chosen = _best_path(times, beat_number, gain, wanted, min_hold_s=min_hold_s, max_hold_s=max_hold_s)
    return tuple(float(times[i]) for i in chosen[:-1])


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
    return times, np.concatenate([number[inside], [-1, -1]])[first].astype(np.int64)


def emotion_steps(analysis: MusicAnalysis, *, reference_va: FloatArray | None = None) -> tuple[Times, Times]:
    """Find the changes of emotion: times (k,) and sizes (k,) in [0, 1], 1 a strong change; only local peaks.

    A change is the distance between the mean mood of the STEP_SPAN_S before and after, in percentiles of songs.
    """
    windows = analysis.windows
    if len(windows) < 2:
        return np.empty(0), np.empty(0)
    ranks = relative_ranks(analysis.va, reference_va=reference_va).astype(np.float64) * (VALENCE_WEIGHT, 1.0)
    span = max(1, round(STEP_SPAN_S / (windows[0].end_s - windows[0].start_s)))
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(ranks, axis=0)])
    border = np.arange(1, len(windows))
    low, high = np.maximum(border - span, 0), np.minimum(border + span, len(windows))
    before = (sums[border] - sums[low]) / (border - low)[:, None]
    after = (sums[high] - sums[border]) / (high - border)[:, None]
    flutter = float(np.median(np.hypot(*np.diff(ranks, axis=0).T))) / math.sqrt(2 * span)  # as the means feel it
    size = np.maximum(np.hypot(*(after - before).T) - NOISE_MARGIN * flutter, 0)
    padded = np.concatenate([[-1.0], size, [-1.0]])
    peak = (size > 0) & (size >= padded[:-2]) & (size > padded[2:])
    times = np.array([w.start_s for w in windows[1:]])
    return times[peak], np.minimum(size[peak] / STRONG_STEP, 1.0) ** 2


def wanted_holds(
    analysis: MusicAnalysis,
    times: Times,
    *,
    min_hold_s: float,
    max_hold_s: float,
    reference_va: FloatArray | None = None,
) -> Times:
    """Give the hold wanted at each time (n,): long where the smoothed music is calm, short where it is energetic."""
    if len(analysis.curve.times_s) == 0:
        arousal = np.full(len(times), 0.5)
    else:
        ranks = relative_ranks(analysis.curve.va, reference_va=reference_va)
        arousal = np.interp(times, analysis.curve.times_s, ranks[:, 1])
    place = CALM_HOLD + (ENERGETIC_HOLD - CALM_HOLD) * arousal
    wanted: Times = min_hold_s + place * (max_hold_s - min_hold_s)
    return wanted


def _steps_at(analysis: MusicAnalysis, times: Times, reference_va: FloatArray | None) -> Times:
    """Pull of the changes of emotion on each time: full at the change, none half a window away or further."""
    at, size = emotion_steps(analysis, reference_va=reference_va)
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
    times: Times, beat_number: NDArray[np.int64], gain: Times, wanted: Times, *, min_hold_s: float, max_hold_s: float
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
        top = int(score.argmax())
        best[j], came_from[j] = score[top], i[top]
    path = [len(times) - 1]
    while path[-1] != 0:
        path.append(int(came_from[path[-1]]))
    return path[::-1]
