"""Scores of all pairs of photos and songs, and of the photos chosen for a song, beside predictors that cannot cheat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.emotion import FloatArray, va_similarity
from engine.encoders import Encoders
from trainer.baselines import cross_predict_one_sided, predict_one_sided
from trainer.encoded import EncodedPhotos, EncodedSongs
from trainer.metrics import (
    Interval,
    TwoWayBootstrap,
    bootstrap_ci,
    correlation_of_means,
    interval_of,
    ndcg_at,
    ranks,
    share_better,
    weighted_top_k_mean,
)

Array = NDArray[np.float64]
Rows = NDArray[np.intp]

TOP_K: Final = 10
"""Photos per song whose true similarity is averaged: about what a person sees of one song's mood in a show."""

MIN_TRAINING_ITEMS: Final = 10
"""Fewer photos or songs of the training split than this fit no baseline; then it is cross-fitted."""


@dataclass(frozen=True, slots=True)
class SimilarityScores:
    """Error of the similarity of all pairs, by predictor; `p_better` is the model's chance to beat each rival.

    The rivals: the bundle's VA through Eq. 1 (predicted_va), the mean (constant), the best functions of a photo or a
    song alone (photo_only is deaf, song_only blind), and for orientation Eq. 1 with the true VA of one side or both.
    """

    mse: Mapping[str, Interval]
    mae: Mapping[str, Interval]
    r: Interval
    window_mse: Interval
    p_better: Mapping[str, float]
    mse_below_constant_percent: Interval


@dataclass(frozen=True, slots=True)
class RetrievalScores:
    """Mean true similarity of the best photos per song, by ranking; the gap is that from random to oracle."""

    k: int
    top_mean: Mapping[str, Interval]
    gap_closed_percent: Mapping[str, Interval]
    ndcg: Interval


@dataclass(frozen=True, slots=True, eq=False)
class OneSidedScores:
    """Similarity (scalar, (n_photos,), (n_songs,)) that the constant, the deaf and the blind predictor give."""

    constant: float
    photo_only: Array
    song_only: Array


class Pairs:
    """All pairs of the scored photos and songs: predicted and true similarity, and figures of them."""

    def __init__(
        self,
        encoders: Encoders,
        photos: EncodedPhotos,
        songs: EncodedSongs,
        one_sided: OneSidedScores,
        n_resamples: int,
    ) -> None:
        sigma = encoders.bundle.manifest.sigma
        self.photos, self.songs, self.n_resamples = photos, songs, n_resamples
        self.bootstrap = TwoWayBootstrap(photos.groups, songs.groups, n_resamples=n_resamples)
        self.truth = va_similarity(photos.true_va, songs.true_va, sigma=sigma).astype(np.float64)
        self.by_window = encoders.similarity(photos.embeddings, songs.embeddings)
        shape = self.truth.shape
        self.predictions: dict[str, Array] = {
            "model": _songwise(songs, self.by_window),
            "predicted_va": va_similarity(photos.va, songs.va, sigma=sigma).astype(np.float64),
            "constant": np.full(shape, one_sided.constant),
            "photo_only": np.broadcast_to(one_sided.photo_only[:, None], shape),
            "song_only": np.broadcast_to(one_sided.song_only[None, :], shape),
            "true_photo_va": va_similarity(photos.true_va, songs.va, sigma=sigma).astype(np.float64),
            "true_song_va": va_similarity(photos.va, songs.true_va, sigma=sigma).astype(np.float64),
            "oracle": self.truth,
        }
        self.distances = _songwise(songs, embedding_distances(photos.embeddings, songs.embeddings))

    def similarity(self) -> SimilarityScores:
        """Errors of every predictor over all pairs."""
        squares = self.bootstrap.means([(p - self.truth) ** 2 for p in self.predictions.values()])
        absolutes = self.bootstrap.means([np.abs(p - self.truth) for p in self.predictions.values()])
        names = list(self.predictions)
        constant, model = squares[:, names.index("constant")], squares[:, names.index("model")]
        below = 100 * np.divide(constant - model, constant, out=np.full_like(model, np.nan), where=constant > 0)
        window_error = (self.by_window - self.truth[:, self.songs.song_of_window]) ** 2
        return SimilarityScores(
            mse={name: interval_of(squares[:, i]) for i, name in enumerate(names)},
            mae={name: interval_of(absolutes[:, i]) for i, name in enumerate(names)},
            r=self._correlation(self.predictions["model"], self.truth),
            window_mse=self.bootstrap.interval([_songwise(self.songs, window_error)]),
            p_better={
                name: share_better(-model, -squares[:, names.index(name)])
                for name in ("predicted_va", "constant", "photo_only", "song_only")
            },
            mse_below_constant_percent=interval_of(below),
        )

    def retrieval(self) -> RetrievalScores:
        """True similarity of the photos that would be shown for each song."""
        names = ("model", "predicted_va", "photo_only", "true_photo_va", "true_song_va", "oracle")
        scores = {name: self.predictions[name] for name in names} | {"distance": -self.distances}
        # A resample lacks whole themes: so many of the best that some of them are there in any.
        orders = [np.argsort(-table, axis=0, kind="stable")[: 30 * TOP_K] for table in scores.values()]

        def top_means(photo_weights: Array, song_weights: Array) -> list[float]:
            return [
                weighted_top_k_mean(order, self.truth, k=TOP_K, weights=photo_weights, query_weights=song_weights)
                for order in orders
            ]

        tops = self.bootstrap.weighted(top_means)
        random = self.bootstrap.means([self.truth])[:, 0]
        oracle = tops[:, list(scores).index("oracle")]
        gap = oracle - random
        closed = {
            name: 100 * np.divide(tops[:, i] - random, gap, out=np.full_like(gap, np.nan), where=gap > 0)
            for i, name in enumerate(scores)
        }
        ndcg = ndcg_at(self.predictions["model"], self.truth, k=TOP_K)
        return RetrievalScores(
            k=TOP_K,
            top_mean={name: interval_of(tops[:, i]) for i, name in enumerate(scores)} | {"random": interval_of(random)},
            gap_closed_percent={name: interval_of(share) for name, share in closed.items() if name != "oracle"},
            ndcg=bootstrap_ci(lambda rows: float(ndcg[rows].mean()), self.songs.groups, n_resamples=self.n_resamples),
        )

    def distance_spearman(self) -> Interval:
        """Spearman of embedding distance with true similarity over all pairs; below 0 if the space is of use.

        The resamples keep the ranks of all pairs: ranking a million pairs a thousand times would take an hour.
        """
        shape = self.truth.shape
        return self._correlation(ranks(self.distances).reshape(shape), ranks(self.truth).reshape(shape))

    def _correlation(self, x: Array, y: Array) -> Interval:
        # About their means, since the difference of large squares would cost digits.
        x, y = x - x.mean(), y - y.mean()
        return self.bootstrap.interval([x, y, x * x, y * y, x * y], correlation_of_means)


def embedding_distances(photo_embeddings: FloatArray, music_embeddings: FloatArray) -> FloatArray:
    """Euclidean distances (n, m) in the embedding space, without an array of (n, m, 512)."""
    p, m = photo_embeddings.astype(np.float64), music_embeddings.astype(np.float64)
    squared = (p * p).sum(axis=1)[:, None] + (m * m).sum(axis=1)[None, :] - 2 * p @ m.T
    distances: FloatArray = np.sqrt(np.maximum(squared, 0)).astype(np.float32)
    return distances


def _songwise(songs: EncodedSongs, table: NDArray[np.floating[Any]]) -> Array:
    """Mean over each song's windows of a table (n_photos, m), shape (n_photos, n_songs)."""
    return songs.by_song(table.T.astype(np.float32)).T.astype(np.float64)


def fitted_baselines(
    photos: EncodedPhotos,
    songs: EncodedSongs,
    photo_rows: Mapping[str, Rows],
    song_rows: Mapping[str, Rows],
    *,
    sigma: float,
) -> OneSidedScores:
    """Fit on the training split, choose penalties on the validation split, predict the test split.

    The best function of a photo alone is its mean similarity with all songs; so that is the target, and likewise for
    songs. All targets are means over training items of the other side.
    """
    targets = va_similarity(photos.true_va, songs.true_va, sigma=sigma).astype(np.float64)
    by_photo, by_song = targets[:, song_rows["train"]].mean(axis=1), targets[photo_rows["train"]].mean(axis=0)
    scores = []
    for side, target, rows in ((photos.one_side(), by_photo, photo_rows), (songs.one_side(), by_song, song_rows)):
        held = rows["validation"] if len(rows["validation"]) >= MIN_TRAINING_ITEMS else None
        scores.append(
            predict_one_sided(
                side.take(rows["train"]),
                target[rows["train"]],
                side.take(rows["test"]),
                validation=None if held is None else side.take(held),
                truth=None if held is None else target[held],
            )
        )
    constant = float(targets[np.ix_(photo_rows["train"], song_rows["train"])].mean())
    return OneSidedScores(constant, *scores)


def cross_fitted_baselines(photos: EncodedPhotos, songs: EncodedSongs, *, sigma: float) -> OneSidedScores:
    """Predict each group from the others of what is scored; the constant is the mean of it all, which flatters it."""
    targets = va_similarity(photos.true_va, songs.true_va, sigma=sigma).astype(np.float64)
    return OneSidedScores(
        float(targets.mean()),
        cross_predict_one_sided(photos.one_side(), targets.mean(axis=1)),
        cross_predict_one_sided(songs.one_side(), targets.mean(axis=0)),
    )
