"""Which photos are nearly the same: perceptual hashes, and groups of near-duplicates and of bursts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Labels = NDArray[np.int64]

HASH_PX = 32
"""Side of the grey square a hash is made of: coarse enough to forget noise, scaling and compression."""

N_BITS = 64

SAME_LOOK = 8
"""Hashes that differ in at most so many of the 64 bits belong to one picture: saved twice, brightened, cropped by 2 %.

Those of unlike pictures differ in 32 bits, give or take 4: of 250,000 pairs among OASIS's photos one lies so near, two
of the same couple, and of 50,000 photos a handful meet a stranger.
"""

BURST_S = 10.0
"""Photos taken one after the other within this time may belong to a burst ..."""

BURST_LOOK = 20
"""... and do where their hashes differ in at most so many bits, as a crop by 10 % does: the scene stays.

One in 250 pairs of unlike photos lies so near by chance.
"""

BURST_REACH = 4
"""Photos after one in time that it is compared with: in a burst each resembles one of the next few."""

MOST_AT_ONCE = 30
"""More photos than these within one second were not taken then: a clock stands still, or a date stands for a scan."""


MOST_COMPARED = 16
"""Of many look-alikes, such as a time lapse, each is compared with so many at a time: they are connected through each
other, and comparing all with all would take gigabytes."""


class Looked(Protocol):
    """What grouping needs to know of a photo: the hashes of its looks and of its bytes, and when it was taken (ISO)."""

    @property
    def look(self) -> int | None: ...
    @property
    def content_hash(self) -> str: ...
    @property
    def taken_at(self) -> str | None: ...


def perceptual_hash(image: NDArray[np.uint8]) -> int:
    """Hash what an image (h, w, 3) looks like in 64 bits; images that look alike differ in few of them.

    Bits say which of the lowest frequencies of the grey picture (a cosine transform, brightness itself left out) lie
    above their median, so exposure and contrast do not matter. A ms. Known as pHash, after Zauner (2010).
    """
    # The gap lets Pillow average whole pixels first.
    square = Image.fromarray(image).resize((HASH_PX, HASH_PX), Image.Resampling.BOX, reducing_gap=2.0).convert("L")
    waves, order = _cosines()
    strengths = (waves @ np.asarray(square, dtype=np.float32) @ waves.T).ravel()[order]
    bits = strengths > np.median(strengths)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def sibling_groups(photos: Sequence[Looked]) -> Labels:
    """Number photos (n,) so that near-duplicates and photos of one burst, and only these, share a number.

    Near-duplicates have the same bytes or nearly the same hash; photos of a burst were taken within seconds and look
    alike. Photos without a hash or a date are judged by what there is. 50,000 take a few tenths of a second.
    """
    hashes = np.array([photo.look or 0 for photo in photos], dtype=np.uint64)
    has_look = np.array([photo.look is not None for photo in photos], dtype=bool)
    with_look = np.flatnonzero(has_look)
    pairs = [
        _same_contents(photos),
        with_look[_near_pairs(hashes[with_look])],
        _burst_pairs(photos, hashes, has_look),
    ]
    return _connected(np.concatenate(pairs), n=len(photos))


@cache
def _cosines() -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Waves (n, HASH_PX) of the transform, and which 64 of the (n, n) strengths are the lowest frequencies."""
    n = 12
    at = (2 * np.arange(HASH_PX) + 1) * np.pi / (2 * HASH_PX)
    waves = np.cos(np.arange(n)[:, None] * at[None, :]).astype(np.float32)
    down, across = np.divmod(np.arange(n * n), n)
    order = np.lexsort((across, down + across))[1 : N_BITS + 1]  # the first is the mean brightness
    return waves, order


def _same_contents(photos: Sequence[Looked]) -> Labels:
    """Pairs (k, 2) of photos with the same bytes."""
    first: dict[str, int] = {}
    pairs = [(known, i) for i, photo in enumerate(photos) if (known := first.setdefault(photo.content_hash, i)) != i]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _near_pairs(hashes: NDArray[np.uint64]) -> Labels:
    """Pairs (k, 2) that connect all photos whose hashes differ in at most SAME_LOOK bits.

    Of two such hashes one of the four quarters differs in one bit or none (but for 4 % of those that differ in exactly
    eight), so photos are looked up by their quarters and by these with one bit turned, not each compared with all.
    """
    unique, first, place = np.unique(hashes, return_index=True, return_inverse=True)
    numbers = np.arange(len(unique))
    same = np.stack([first[place], np.arange(len(hashes))], axis=1)  # the same hash: each with the first that has it
    labels = numbers
    for quarter in range(4):
        pairs = [np.stack([labels, numbers], axis=1)]
        keys = ((unique >> np.uint64(16 * quarter)) & np.uint64(0xFFFF)).astype(np.int64)
        order = np.argsort(keys, kind="stable")
        start = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=1 << 16))])  # where each key begins in order
        ordered = keys[order] * len(unique) + order
        for turned in (0, *(1 << bit for bit in range(16))):
            sought = keys ^ turned
            low = start[sought]
            n = start[sought + 1] - low
            crowded = np.flatnonzero(n > MOST_COMPARED)
            if len(crowded):  # then those whose hashes are next to its own as numbers
                middle = np.searchsorted(ordered, sought[crowded] * len(unique) + crowded)
                highest = low[crowded] + n[crowded] - MOST_COMPARED
                low[crowded] = np.clip(middle - MOST_COMPARED // 2, low[crowded], highest)
                n[crowded] = MOST_COMPARED
            a = np.repeat(numbers, n)
            b = order[np.arange(len(a)) - np.repeat(np.cumsum(n) - n - low, n)]
            is_near = (a < b) & (np.bitwise_count(unique[a] ^ unique[b]) <= SAME_LOOK)
            pairs.append(np.stack([a[is_near], b[is_near]], axis=1))
        labels = _connected(np.concatenate(pairs), n=len(unique))
    return np.concatenate([same, np.stack([first[labels], first], axis=1)]).astype(np.int64)


def _burst_pairs(photos: Sequence[Looked], hashes: NDArray[np.uint64], has_look: NDArray[np.bool_]) -> Labels:
    """Pairs (k, 2) of photos taken within seconds that look alike, or of which at least one's look is not known."""
    taken_s = np.array([taken_second(photo.taken_at) for photo in photos], dtype=np.float64)
    _, place, counts = np.unique(taken_s, return_inverse=True, return_counts=True)
    dated = np.flatnonzero(np.isfinite(taken_s) & (counts[place] <= MOST_AT_ONCE))
    order = dated[np.argsort(taken_s[dated], kind="stable")]
    pairs = []
    for step in range(1, BURST_REACH + 1):
        a, b = order[:-step], order[step:]
        is_alike = np.bitwise_count(hashes[a] ^ hashes[b]) <= BURST_LOOK
        is_sibling = (taken_s[b] - taken_s[a] <= BURST_S) & (is_alike | ~has_look[a] | ~has_look[b])
        pairs.append(np.stack([a[is_sibling], b[is_sibling]], axis=1))
    return np.concatenate(pairs).astype(np.int64)


def taken_second(taken_at: str | None) -> float:
    """Read when a photo was taken (ISO, local time) as seconds on a common scale; NaN where that is not known."""
    if not taken_at:
        return float("nan")
    try:
        moment = datetime.fromisoformat(taken_at)
    except ValueError:
        return float("nan")
    return moment.toordinal() * 86_400.0 + moment.hour * 3600 + moment.minute * 60 + moment.second


def _connected(pairs: Labels, *, n: int) -> Labels:
    """Label n things so that those that pairs (k, 2) connect share the least of their numbers."""
    labels = np.arange(n, dtype=np.int64)
    while True:
        least = np.minimum(labels[pairs[:, 0]], labels[pairs[:, 1]])
        before = labels.copy()
        np.minimum.at(labels, pairs[:, 0], least)
        np.minimum.at(labels, pairs[:, 1], least)
        labels = labels[labels]
        if np.array_equal(labels, before):
            return labels
