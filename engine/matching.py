"""Which photos fit a moment of a song: embeddings first, then the similarity predictor, and the mood plane beside them.

A score is the mean of two shares in [0, 1], so that "93 % match" can be said in a sentence: the photo's place among
the library's photos in the model's order for this moment (best 1, worst 0), and Eq. 1 of the paper between the
photo's mood and the moment's (the same mood 1). The first compares photos with each other, the second keeps an absolute
measure: where a library holds nothing like the music, no photo scores high.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.emotion import Emotion, FloatArray, va_similarity
from engine.errors import BrokenBundle

if TYPE_CHECKING:
    from engine.bundle import ModelBundle
    from engine.encoders import Encoders
    from engine.features import Window
    from engine.library import Catalog, Photo

SHORTLIST = 300
"""Photos a moment that the similarity predictor looks at; it costs about 10 us each, the distance 0.05 us."""

REFERENCE = "reference_percentiles"
"""Name of the array of the rehearsal set that holds them."""

UNREADABLE_ARRAYS = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error)
"""What NumPy raises for a file of arrays that is none, or is cut off."""

MOMENTS_AT_ONCE = 64
"""Moments ranked together: the distances and indices of a long mix over 50,000 photos at once would take gigabytes."""

DISTANCE_BINS = 4096
"""Steps between the nearest and the farthest photo by which those beyond the shortlist are ranked."""


def photo_scores(
    embeddings: FloatArray | None,
    points: FloatArray,
    catalog: Catalog,
    encoders: Encoders,
    *,
    photo_points: FloatArray | None = None,
    sigma: float | None = None,
    shortlist: int = SHORTLIST,
) -> FloatArray:
    """Score every photo of the catalog for n moments, shape (n, n_photos), in [0, 1], higher is better.

    embeddings (n, 512) are the music's in the shared space; without them the score is Eq. 1 alone. points (n, 2) are
    the moods to match with photo_points (n_photos, 2) on the same scale with its sigma; the photos' VA and the bundle's
    sigma unless given. An empty catalog gives shape (n, 0).
    """
    photo_points = catalog.va if photo_points is None else photo_points
    sigma = encoders.bundle.manifest.sigma if sigma is None else sigma
    if embeddings is None:
        scores = np.empty((len(points), len(photo_points)), dtype=np.float32)
    else:
        scores = model_ranks(embeddings, catalog, encoders, shortlist=shortlist)
    for i in range(len(points)):  # a row at a time: the differences of 120 x 50,000 points at once would take 100 MB
        similarity = va_similarity(points[i : i + 1], photo_points, sigma=sigma)[0]
        scores[i] = similarity if embeddings is None else 0.5 * (scores[i] + similarity)
    return scores


def model_ranks(
    embeddings: FloatArray, catalog: Catalog, encoders: Encoders, *, shortlist: int = SHORTLIST
) -> FloatArray:
    """Rank every photo for n moments by the model, shape (n, n_photos): 1 for the best photo, 0 for the last.

    The `shortlist` photos nearest in the shared space come first, in the order of their predicted similarity; behind
    them the others by distance, where photos at nearly the same distance share a rank.
    """
    n_moments, n_photos = len(embeddings), len(catalog.photos)
    ranks = np.ones((n_moments, n_photos), dtype=np.float32)
    if n_photos < 2:
        return ranks
    lengths = np.einsum("ij,ij->i", catalog.embeddings, catalog.embeddings)
    n_near = min(shortlist, n_photos)
    for first in range(0, n_moments, MOMENTS_AT_ONCE):
        music = embeddings[first : first + MOMENTS_AT_ONCE]
        # |photo|^2 - 2 music.photo orders photos as their distance to the music does: |music|^2 is the same for all.
        distances = music @ catalog.embeddings.T
        distances *= -2
        distances += lengths
        near = np.empty((len(music), n_near), dtype=np.intp)
        places = []
        for i in range(len(music)):
            place, near[i] = _places(distances[i], n_near=n_near)
            places.append(place)
        similarity = encoders.pair_similarity(catalog.embeddings[near.ravel()], np.repeat(music, n_near, axis=0))
        order = np.argsort(-similarity.reshape(near.shape), axis=1, kind="stable")
        for i, place in enumerate(places):
            np.maximum(place, n_near, out=place)
            place[near[i, order[i]]] = np.arange(n_near)
            ranks[first + i] = 1 - place.clip(max=n_photos - 1) / (n_photos - 1)
    return ranks


def _places(distances: FloatArray, *, n_near: int) -> tuple[FloatArray, NDArray[np.intp]]:
    """Give each photo's place (n,) from near to far, and the n_near nearest in the order of the catalog.

    The place is the mean one of the photo's bin of distances: sorting would take ten times as long.
    """
    low, high = distances.min(), distances.max()
    bins = ((distances - low) * ((DISTANCE_BINS - 1) / max(high - low, 1e-12))).astype(np.int32)
    counts = np.bincount(bins, minlength=DISTANCE_BINS)
    up_to = np.cumsum(counts)
    candidates = np.flatnonzero(bins <= np.searchsorted(up_to, n_near))
    near = candidates[np.argpartition(distances[candidates], n_near - 1)[:n_near]]
    near.sort()
    places: FloatArray = (up_to - (counts + 1) / 2).astype(np.float32)[bins]
    return places, near


@lru_cache(maxsize=2)
def reference_moods(bundle: ModelBundle) -> FloatArray | None:
    """Read how the bundle's network finds songs in general, for `emotion.relative_ranks`: percentiles of VA (k, 2).

    Read once a bundle, as every growth of a song asks for them; the array is read-only. None where the bundle carries
    none. Raises BrokenBundle.
    """
    if bundle.rehearsal_path is None:
        return None
    from engine.bundle import REHEARSAL  # here: the window imports this file, and need not wait for the encoders'

    try:
        with np.load(io.BytesIO(bundle.file_bytes(REHEARSAL)), allow_pickle=False) as arrays:
            if REFERENCE not in arrays:
                return None
            percentiles: FloatArray = arrays[REFERENCE].astype(np.float32)
    except (*UNREADABLE_ARRAYS, TypeError) as fault:
        raise BrokenBundle(bundle.path, f"{REHEARSAL} cannot be read") from fault
    if percentiles.shape[1:] != (2,) or not np.isfinite(percentiles).all():
        raise BrokenBundle(bundle.path, f"{REHEARSAL} does not tell how songs are in general")
    percentiles.flags.writeable = False
    return percentiles


def find_photos(catalog: Catalog, emotion: Emotion, *, sigma: float, n: int) -> list[tuple[Photo, float]]:
    """Find the n photos nearest to an emotion, best first, each with its similarity by Eq. 1 in (0, 1]."""
    if not catalog.photos or n <= 0:
        return []
    point = np.array([[emotion.valence, emotion.arousal]], dtype=np.float32)
    similarity = va_similarity(point, catalog.va, sigma=sigma)[0]
    best = np.argsort(-similarity, kind="stable")[:n]
    return [(catalog.photos[row], float(similarity[row])) for row in best]


def span_weights(windows: Sequence[Window], spans: Sequence[tuple[float, float]]) -> FloatArray:
    """Weights (n_spans, n_windows) that average windows over spans of time, by their overlap; each row sums to 1.

    A span that touches no window, such as one beyond the part analysed so far, takes the window nearest to it.
    """
    starts = np.array([w.start_s for w in windows])
    ends = np.array([w.end_s for w in windows])
    from_s = np.array([span[0] for span in spans])[:, None]
    to_s = np.array([span[1] for span in spans])[:, None]
    weights = np.clip(np.minimum(ends, to_s) - np.maximum(starts, from_s), 0, None)
    bare = np.flatnonzero(weights.sum(axis=1) <= 0)
    nearest = np.abs((starts + ends)[None, :] - (from_s + to_s)[bare]).argmin(axis=1)
    weights[bare, nearest] = 1
    return np.ascontiguousarray(weights / weights.sum(axis=1, keepdims=True), dtype=np.float32)
