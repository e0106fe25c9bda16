"""Which photo stands in which cue: the best assignment over the whole song, no photo twice while unused ones remain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.emotion import FloatArray

BLOCK_CUES = 240
"""Cues assigned at once, about a quarter of an hour; longer shows go block by block, so that time grows linearly."""

SEED_JITTER = 0.03
"""What a seed other than 0 adds to each score at most: photos within three points of each other may change places."""

TOO_SOON = 1e3
"""Cost of showing a photo again within the gap: more than all scores of a block together."""


def choose_photos(
    scores: FloatArray, *, seed: int = 0, used: Sequence[int] = (), weights: FloatArray | None = None
) -> NDArray[np.intp]:
    """Choose a photo for each cue, indices (n_cues,) into the columns of scores (n_cues, n_photos).

    The sum of scores is the highest possible, globally (within blocks of BLOCK_CUES cues). When there are more cues
    than photos, all photos are shown before any comes again, and one that does comes at least half a library later.
    `used` are the photos of the cues before these, in order, -1 for a photo that is not among the columns. weights
    (n_cues,) say how much a cue matters in the competition for a photo. Seed 0 is the best choice; any other seed gives
    another nearly as good one, the same every time. Raises ValueError without photos.
    """
    n_cues, n_photos = scores.shape
    if n_photos == 0 and n_cues > 0:
        raise ValueError("no photos to choose from")
    rng = np.random.default_rng(seed)
    times_shown, last_cue = _history(used, n_photos)
    chosen = np.empty(n_cues, dtype=np.intp)
    gap = min(n_photos, max(2, (n_photos + 1) // 2))
    first = 0
    while first < n_cues:
        pool = np.flatnonzero(times_shown == times_shown.min())
        n_block = min(len(pool), n_cues - first, BLOCK_CUES)
        block = slice(first, first + n_block)
        cues = len(used) + np.arange(first, first + n_block)
        too_soon = cues[:, None] - last_cue[pool][None, :] < gap
        wanted = scores[block]
        if seed != 0:
            wanted = wanted + SEED_JITTER * rng.random(wanted.shape, dtype=np.float32)
        if weights is not None:
            wanted = wanted * weights[block, None]
        photos = pool[_assign(wanted[:, pool] - TOO_SOON * too_soon)]
        chosen[block] = photos
        times_shown[photos] += 1
        last_cue[photos] = cues
        first += n_block
    return chosen


def _history(used: Sequence[int], n_photos: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How often each photo was shown, and the number of the last cue that showed it (long ago for none)."""
    times_shown = np.zeros(n_photos, dtype=np.int64)
    last_cue = np.full(n_photos, -n_photos - 1, dtype=np.int64)
    for cue, photo in enumerate(used):
        if photo >= 0:
            times_shown[photo] += 1
            last_cue[photo] = cue
    return times_shown, last_cue


def _assign(scores: FloatArray) -> NDArray[np.intp]:
    """Assign a different column to each row with the highest total, exactly; there are at least as many columns.

    Only the n best columns of each of n rows matter: whoever holds another could change to one of these, since at
    least one of them is free.
    """
    from scipy.optimize import linear_sum_assignment  # here, since it takes as long to import as the first window

    n = len(scores)
    columns = np.arange(scores.shape[1])
    if scores.shape[1] > n:
        columns = np.unique(np.argpartition(-scores, n - 1, axis=1)[:, :n])
    _, taken = linear_sum_assignment(scores[:, columns], maximize=True)
    assigned: NDArray[np.intp] = columns[taken]
    return assigned
