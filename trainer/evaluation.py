"""Scores any bundle through its ONNX files and the engine's own preprocessing, beside predictors that cannot cheat.

Each figure carries its bootstrap interval over themes (photos), songs, or both at once (pairs).
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.bundle import ModelBundle
from engine.emotion import FloatArray, va_similarity
from engine.encoders import Encoders
from engine.errors import BrokenBundle
from engine.progress import Progress, Report, ignore
from trainer.baselines import cross_predict_one_sided, predict_one_sided
from trainer.ceiling import Ceiling, calibrated_ceiling
from trainer.corpora import PHOTO_CORPORA, SONG_CORPORA, OnUnusable, Unusable, ignore_unusable
from trainer.encoded import EncodedPhotos, EncodedSongs, encode_photos, encode_songs
from trainer.errors import CorpusMissing
from trainer.export import SPLITS
from trainer.metrics import (
    N_RESAMPLES,
    Interval,
    TwoWayBootstrap,
    bootstrap_ci,
    ccc,
    correlation_of_means,
    interval_of,
    mae,
    mse,
    ndcg_at,
    pearson_r,
    ranks,
    share_better,
    weighted_top_k_mean,
)
from trainer.pairs import SPLITS as SPLIT_NAMES
from trainer.pairs import split_of
from trainer.sources import Sources, read_photos, read_songs

TOP_K: Final = 10
"""Photos per song whose true similarity is averaged: about what a person sees of one song's mood in a show."""

MIN_TRAINING_ITEMS: Final = 10
"""Fewer photos or songs of the training split than this fit no baseline; then it is cross-fitted."""

EvaluatedSplit = Literal["test", "all"]
Array = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class VaScores:
    """How well one dimension is predicted."""

    r: Interval
    ccc: Interval
    mse: Interval
    mae: Interval


@dataclass(frozen=True, slots=True)
class BranchScores:
    """How well photos, or songs, are predicted."""

    valence: VaScores
    arousal: VaScores


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


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """All figures of one evaluation. `baselines` tells what the constant, deaf and blind predictors were fitted on."""

    bundle_name: str
    bundle_id: str
    split: EvaluatedSplit
    baselines: str
    sigma: float
    n_photos: int
    n_themes: int
    n_songs: int
    n_windows: int
    n_unusable: int
    photos: BranchScores
    songs_excerpt: BranchScores
    songs_window: BranchScores
    similarity: SimilarityScores
    retrieval: RetrievalScores
    ceiling: Ceiling
    distance_spearman: Interval

    def to_dict(self) -> dict[str, Any]:
        """The report for JSON; a figure that is not defined is null."""
        cleaned: dict[str, Any] = _without_nan(dataclasses.asdict(self))
        return cleaned

    def manifest_scores(self) -> dict[str, float]:
        """The main figures, flat, as a bundle's manifest keeps them."""
        scores = {
            f"{kind}_{dimension}_r": getattr(branch, dimension).r.value
            for kind, branch in (("photo", self.photos), ("song", self.songs_excerpt), ("window", self.songs_window))
            for dimension in ("valence", "arousal")
        }
        scores |= {f"similarity_mse_{name}": figure.value for name, figure in self.similarity.mse.items()}
        scores["gap_closed_percent"] = self.retrieval.gap_closed_percent["model"].value
        return {name: round(value, 4) for name, value in scores.items() if math.isfinite(value)}


def evaluate_bundle(
    bundle: ModelBundle,
    sources: Sources,
    *,
    split: EvaluatedSplit = "test",
    n_resamples: int = N_RESAMPLES,
    n_threads: int = 0,
    report: Report = ignore,
    on_unusable: OnUnusable = ignore_unusable,
) -> EvaluationReport:
    """Score a bundle on labelled photos and songs.

    "test" takes the photos and songs whose group the bundle was not trained on: by its own record where it has one, so
    a collection it never met is scored whole, else by the trainer's split rule with the manifest's seed. "all" takes
    everything, trained on or not. The constant, deaf and blind predictors are fitted on the training split, or
    where the folders have none (and for "all") across folds of what is scored. Raises CorpusMissing and BrokenBundle.
    """
    n_unusable = 0

    def count_unusable(unusable: Unusable) -> None:
        nonlocal n_unusable
        n_unusable += 1
        on_unusable(unusable)

    encoders = Encoders(bundle, n_threads=n_threads)
    encoders.check()
    photo_parts = {
        PHOTO_CORPORA[name].title: encode_photos(encoders, records, report=report, on_unusable=count_unusable)
        for name, records in read_photos(sources, on_unusable=count_unusable).items()
    }
    song_parts = {
        SONG_CORPORA[name].title: encode_songs(encoders, records, report=report, on_unusable=count_unusable)
        for name, records in read_songs(sources, on_unusable=count_unusable).items()
    }
    photo_rows = _rows_by_split(bundle, {title: part.groups for title, part in photo_parts.items()})
    song_rows = _rows_by_split(bundle, {title: part.groups for title, part in song_parts.items()})
    photos, songs = EncodedPhotos.joined(photo_parts), EncodedSongs.joined(song_parts)
    test_photos, test_songs = photos, songs
    if split == "test":
        for rows, corpora, items in ((photo_rows, sources.photos, "photo"), (song_rows, sources.songs, "song")):
            if len(rows["test"]) == 0:
                folders = ", ".join(map(str, corpora.values()))
                raise CorpusMissing(f"{folders}: no {items} here is of the test split; score all of them instead")
        test_photos, test_songs = photos.take(photo_rows["test"]), songs.take(song_rows["test"])
    report(Progress("scores", 0, 1))
    if split == "test" and min(len(photo_rows["train"]), len(song_rows["train"])) >= MIN_TRAINING_ITEMS:
        baselines = "training split"
        one_sided = _fitted_baselines(photos, songs, photo_rows, song_rows, sigma=bundle.manifest.sigma)
    else:
        baselines = "folds of what is scored"
        one_sided = _cross_fitted_baselines(test_photos, test_songs, sigma=bundle.manifest.sigma)
    pairs = _Pairs(encoders, test_photos, test_songs, one_sided, n_resamples)
    photo_scores = _branch(test_photos.va, test_photos.true_va, test_photos.groups, n_resamples)
    song_scores = _branch(test_songs.va, test_songs.true_va, test_songs.groups, n_resamples)
    return EvaluationReport(
        bundle_name=bundle.manifest.name,
        bundle_id=bundle.id,
        split=split,
        baselines=baselines,
        sigma=bundle.manifest.sigma,
        n_photos=len(test_photos.groups),
        n_themes=len(set(test_photos.groups)),
        n_songs=len(test_songs.groups),
        n_windows=len(test_songs.window_va),
        n_unusable=n_unusable,
        photos=photo_scores,
        songs_excerpt=song_scores,
        songs_window=_branch(
            test_songs.window_va,
            test_songs.true_va[test_songs.song_of_window],
            [test_songs.groups[song] for song in test_songs.song_of_window],
            n_resamples,
        ),
        similarity=pairs.similarity(),
        retrieval=pairs.retrieval(),
        ceiling=calibrated_ceiling(
            test_photos.true_va,
            test_songs.true_va,
            photo_r=[photo_scores.valence.r.value, photo_scores.arousal.r.value],
            song_r=[song_scores.valence.r.value, song_scores.arousal.r.value],
            photo_prior=photos.true_va,
            song_prior=songs.true_va,
            sigma=bundle.manifest.sigma,
            k=TOP_K,
        ),
        distance_spearman=pairs.distance_spearman(),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _OneSidedScores:
    """Similarity (scalar, (n_photos,), (n_songs,)) that the constant, the deaf and the blind predictor give."""

    constant: float
    photo_only: Array
    song_only: Array


class _Pairs:
    """All pairs of the scored photos and songs: predicted and true similarity, and figures of them."""

    def __init__(
        self,
        encoders: Encoders,
        photos: EncodedPhotos,
        songs: EncodedSongs,
        one_sided: _OneSidedScores,
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


def _rows_by_split(bundle: ModelBundle, groups: Mapping[str, Sequence[str]]) -> dict[str, Rows]:
    """Rows of each split, groups by corpus: as the bundle recorded its training, else by the trainer's rule."""
    if SPLITS in bundle.manifest.files:
        try:
            recorded = json.loads(bundle.file_bytes(SPLITS))
            seen = {corpus: recorded.get(corpus, {}) for corpus in groups}
            splits = [seen[corpus].get(group, "test") for corpus, names in groups.items() for group in names]
        except (ValueError, AttributeError):
            raise BrokenBundle(bundle.path, f"{SPLITS} does not tell the split of each group") from None
    else:
        splits = [split_of(group, seed=bundle.manifest.split_seed) for names in groups.values() for group in names]
    names = np.array(splits)
    return {split: np.flatnonzero(names == split) for split in SPLIT_NAMES}


def _fitted_baselines(
    photos: EncodedPhotos,
    songs: EncodedSongs,
    photo_rows: Mapping[str, Rows],
    song_rows: Mapping[str, Rows],
    *,
    sigma: float,
) -> _OneSidedScores:
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
    return _OneSidedScores(constant, *scores)


def _cross_fitted_baselines(photos: EncodedPhotos, songs: EncodedSongs, *, sigma: float) -> _OneSidedScores:
    """Predict each group from the others of what is scored; the constant is the mean of it all, which flatters it."""
    targets = va_similarity(photos.true_va, songs.true_va, sigma=sigma).astype(np.float64)
    return _OneSidedScores(
        float(targets.mean()),
        cross_predict_one_sided(photos.one_side(), targets.mean(axis=1)),
        cross_predict_one_sided(songs.one_side(), targets.mean(axis=0)),
    )


def _branch(predicted: FloatArray, true: FloatArray, groups: Sequence[str], n_resamples: int) -> BranchScores:
    """Scores of VA (n, 2), intervals over groups."""

    def scores(column: int) -> VaScores:
        p, t = predicted[:, column].astype(np.float64), true[:, column].astype(np.float64)

        def interval(metric: Callable[[Array, Array], float]) -> Interval:
            return bootstrap_ci(lambda rows: metric(p[rows], t[rows]), groups, n_resamples=n_resamples)

        return VaScores(interval(pearson_r), interval(ccc), interval(mse), interval(mae))

    return BranchScores(scores(0), scores(1))


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
