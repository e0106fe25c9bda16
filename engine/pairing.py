"""Pairs of portrait photos: which second one may stand beside the first in a landscape frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.emotion import FloatArray
from engine.selection import FREE, SIBLING_GAP, Indices

if TYPE_CHECKING:
    from engine.library import Photo

PORTRAIT = 1.2
"""Photos at least so many times as high as wide leave half of a landscape frame empty, so a second one fits."""

PAIR_HOLD_S = 3.0
"""Two photos need a little time to be looked at."""

WORSE = 0.06
"""A partner scores at most this much less than the first: otherwise the photo stands better alone."""

NEAR_MOOD = 0.15
"""... and lies this near to it on the plane."""


def choose_partners(
    scores: FloatArray,
    cues: Indices,
    shown: Indices,
    beside: Indices,
    *,
    photos: Sequence[Photo],
    points: FloatArray,
    groups: NDArray[np.int64],
    holds_s: Sequence[float],
) -> Indices:
    """Choose a second portrait photo for cues that show one: columns (n,) of scores (n, n_photos), -1 for none.

    cues (n,) are the numbers of the cues asked about among all, which show the columns `shown` (n_cues,); beside (k, 2)
    lists (cue, column) of partners that stand already. Only photos not shown at all may be partners, so nobody waits
    for its turn because of them; never a sibling of what is shown nearby. points (n_photos, 2) are the photos' moods.
    """
    partners = np.full(len(cues), FREE, dtype=np.intp)
    is_portrait = np.array([photo.height >= PORTRAIT * photo.width > 0 for photo in photos], dtype=bool)
    is_unused = is_portrait.copy()
    is_unused[shown[shown >= 0]] = False
    is_unused[beside[:, 1]] = False
    second = {int(cue): int(photo) for cue, photo in beside}
    for i, cue in enumerate(cues):
        own = shown[cue]
        if not is_portrait[own] or holds_s[i] < PAIR_HOLD_S:
            continue
        near = range(max(0, cue - SIBLING_GAP), min(len(shown), cue + SIBLING_GAP + 1))
        around = [shown[k] for k in near if shown[k] >= 0] + [second[k] for k in near if k in second]
        may = is_unused & ~np.isin(groups, groups[around]) & (scores[i] >= scores[i, own] - WORSE)
        distance = np.hypot(*(points - points[own]).T)
        may &= distance <= NEAR_MOOD
        candidates = np.flatnonzero(may)
        if len(candidates):
            best = candidates[(scores[i, candidates] - distance[candidates]).argmax()]
            partners[i] = best
            is_unused[best] = False
            second[int(cue)] = int(best)
    return partners
