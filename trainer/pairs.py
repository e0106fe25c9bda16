"""Which record belongs to which split and fold, and which photos and songs are paired with which similarity (Eq. 1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.emotion import FloatArray, va_distances, va_similarity
from engine.progress import Progress, Report, ignore

Split = Literal["train", "validation", "test"]

SPLITS: Final[tuple[Split, ...]] = ("train", "validation", "test")

TRAIN_SHARE: Final = 0.80
VALIDATION_SHARE: Final = 0.05
"""Shares of the groups; the other 15 % are the test split (section 3.1 of the paper)."""

PAIRS_AT_ONCE: Final = 4_000_000
"""Pairs whose similarity is held in memory at once: some 50 MB."""

DEFAULT_SPLIT_SEED: Final = 0
"""The seed of the shipped bundle's splits: with it `evaluate` knows which photos and songs were never trained on."""


def split_of(group: str, *, seed: int = DEFAULT_SPLIT_SEED) -> Split:
    """Tell the split of a group: it depends on the group's name and the seed alone.

    So it stays the same whatever the order of files, and when photos or songs are missing or added. The shares hold
    for many groups on average.
    """
    place = _place(group, seed=seed)
    if place < TRAIN_SHARE:
        return "train"
    return "validation" if place < TRAIN_SHARE + VALIDATION_SHARE else "test"


def rows_of_split(groups: Sequence[str], split: Split, *, seed: int = DEFAULT_SPLIT_SEED) -> NDArray[np.intp]:
    """Rows, ascending, whose group falls into the split."""
    return np.array([row for row, group in enumerate(groups) if split_of(group, seed=seed) == split], dtype=np.intp)


def fold_of_rows(groups: Sequence[str], *, n_folds: int, seed: int = DEFAULT_SPLIT_SEED) -> NDArray[np.intp]:
    """Fold (0 to n_folds - 1) of each row; a group never crosses folds and the folds are of nearly equal size.

    The groups are taken largest first (ties by hash) into the fold that is smallest so far.
    Raises ValueError with fewer groups than folds.
    """
    names, sizes = np.unique(np.asarray(groups, dtype=str), return_counts=True)
    if n_folds < 2 or len(names) < n_folds:
        raise ValueError(f"{n_folds} folds need at least 2 folds and as many groups, there are {len(names)}")
    order = sorted(range(len(names)), key=lambda i: (-sizes[i], _place(str(names[i]), seed=seed)))
    loads = np.zeros(n_folds, dtype=np.intp)
    fold_of_group: dict[str, int] = {}
    for i in order:
        fold = int(np.argmin(loads))
        fold_of_group[str(names[i])] = fold
        loads[fold] += sizes[i]
    return np.array([fold_of_group[group] for group in groups], dtype=np.intp)


def mean_distance(photo_va: FloatArray, song_va: FloatArray) -> float:
    """sigma of Eq. 1: the mean Euclidean distance between all photos (n, 2) and all songs (m, 2), in VA units."""
    # All pairs of the paper's training split at once would take gigabytes.
    step = max(1, PAIRS_AT_ONCE // max(1, len(photo_va)))
    sums = [
        va_distances(photo_va, song_va[first : first + step]).astype(np.float64).sum()
        for first in range(0, len(song_va), step)
    ]
    return float(sum(sums) / (len(photo_va) * len(song_va)))


def similarity_labels(photo_va: FloatArray, song_va: FloatArray, *, sigma: float) -> FloatArray:
    """Eq. 1 for all pairs, shape (n_photos, n_songs)."""
    return va_similarity(photo_va, song_va, sigma=sigma)


def paper_pairs(
    similarity: FloatArray, *, seed: int, n_random: int = 30, n_extreme: int = 10, kept_share: float = 0.10
) -> NDArray[np.intp]:
    """Choose pairs as section 3.2 does: shape (n_pairs, 2), rows of photos and of clips.

    For each column of similarity (n_photos, n_clips): the n_extreme best and the n_extreme worst photos and n_random
    others, no photo twice; of all these pairs kept_share is drawn at random, at least one pair. A collection of photos
    too small for all of them is taken whole.
    """
    rng = np.random.default_rng(seed)
    chosen = [
        _photos_of_clip(similarity[:, clip], rng, n_random=n_random, n_extreme=n_extreme)
        for clip in range(similarity.shape[1])
    ]
    return _drawn(chosen, rng, kept_share=kept_share)


def paper_pairs_of_va(
    photo_va: FloatArray,
    clip_va: FloatArray,
    *,
    sigma: float,
    seed: int,
    n_random: int = 30,
    n_extreme: int = 10,
    kept_share: float = 0.10,
    report: Report = ignore,
) -> tuple[NDArray[np.intp], FloatArray]:
    """Choose pairs as `paper_pairs` does, and their similarity (n_pairs,), without a table of all of them.

    photo_va (n, 2) and clip_va (m, 2) may be as many as the paper's: memory is bounded, 28,000 clips take a minute.
    """
    rng = np.random.default_rng(seed)
    step = max(1, PAIRS_AT_ONCE // max(1, len(photo_va)))
    chosen: list[NDArray[np.intp]] = []
    for first in range(0, len(clip_va), step):
        report(Progress("pairs", first, len(clip_va)))
        similarity = va_similarity(photo_va, clip_va[first : first + step], sigma=sigma)
        chosen += [_photos_of_clip(column, rng, n_random=n_random, n_extreme=n_extreme) for column in similarity.T]
    pairs = _drawn(chosen, rng, kept_share=kept_share)
    distances = np.sqrt(((photo_va[pairs[:, 0]] - clip_va[pairs[:, 1]]) ** 2).sum(axis=1))
    return pairs, np.exp(-distances / np.float32(sigma)).astype(np.float32)


def _photos_of_clip(
    similarity: FloatArray, rng: np.random.Generator, *, n_random: int, n_extreme: int
) -> NDArray[np.intp]:
    """The best, the worst and some other photos of one clip; similarity (n_photos,)."""
    order = np.argsort(-similarity, kind="stable")
    n_ends = min(n_extreme, len(order) // 2)
    between = order[n_ends : len(order) - n_ends]
    drawn = rng.permutation(between)[:n_random]
    return np.concatenate([order[:n_ends], order[len(order) - n_ends :], drawn])


def _drawn(chosen: Sequence[NDArray[np.intp]], rng: np.random.Generator, *, kept_share: float) -> NDArray[np.intp]:
    """Draw a share of all pairs of the photos chosen for each clip, at least one, in the clips' order."""
    if not chosen:
        return np.zeros((0, 2), dtype=np.intp)
    clips = np.repeat(np.arange(len(chosen)), [len(photos) for photos in chosen])
    pairs = np.stack([np.concatenate(chosen), clips], axis=1).astype(np.intp)
    n_kept = max(1, round(len(pairs) * kept_share))
    return pairs[np.sort(rng.permutation(len(pairs))[:n_kept])]


def balanced_partners(
    photo_va: FloatArray, song_va: FloatArray, rng: np.random.Generator, *, n_pairs: int, near_share: float
) -> NDArray[np.intp]:
    """Draw training pairs, shape (n_pairs, 2): a random song each, and a photo that is near or any.

    Two random items lie near sigma apart and seldom match well, so near_share of the pairs take one of the nearest
    tenth of the photos: the predictor meets the similarities it is used for.
    """
    songs = rng.integers(len(song_va), size=n_pairs)
    photos = rng.integers(len(photo_va), size=n_pairs)
    near = np.flatnonzero(rng.random(n_pairs) < near_share)
    n_nearest = max(1, len(photo_va) // 10)
    for start in range(0, len(near), 256):
        rows = near[start : start + 256]
        distances = va_distances(song_va[songs[rows]], photo_va)
        nearest = np.argpartition(distances, n_nearest - 1, axis=1)[:, :n_nearest]
        photos[rows] = nearest[np.arange(len(rows)), rng.integers(n_nearest, size=len(rows))]
    return np.stack([photos, songs], axis=1).astype(np.intp)


def _place(group: str, *, seed: int) -> float:
    """Place of a group in [0, 1): uniform over names and seeds, the same on every machine."""
    digest = hashlib.sha256(f"{seed}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
