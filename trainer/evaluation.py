"""Scores any bundle through its ONNX files and the engine's own preprocessing, beside predictors that cannot cheat.

Each figure carries its bootstrap interval over themes (photos), songs, or both at once (pairs).
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.bundle import SPLITS, ModelBundle
from engine.doubt import photo_spread
from engine.emotion import FloatArray
from engine.encoders import Encoders
from engine.errors import BrokenBundle
from engine.progress import Progress, Report, ignore
from trainer.ceiling import Ceiling, calibrated_ceiling
from trainer.corpora import PHOTO_CORPORA, SONG_CORPORA, OnUnusable, Unusable, ignore_unusable
from trainer.encoded import EncodedPhotos, EncodedSongs, encode_photos, encode_songs
from trainer.errors import CorpusMissing
from trainer.metrics import (
    N_RESAMPLES,
    Interval,
    bootstrap_ci,
    ccc,
    mae,
    mse,
    pearson_r,
)
from trainer.pair_scores import (
    MIN_TRAINING_ITEMS,
    TOP_K,
    Pairs,
    RetrievalScores,
    SimilarityScores,
    cross_fitted_baselines,
    fitted_baselines,
)
from trainer.pairs import SPLITS as SPLIT_NAMES
from trainer.pairs import split_of
from trainer.sources import Sources, read_photos, read_songs
from trainer.spread import covered

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
    photos_covered: float
    """Share of the photos whose label lies in the ellipse that should hold 68 % of them (see `engine.doubt`)."""

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
        known_photos, known_songs = photos.take(photo_rows["train"]), songs.take(song_rows["train"])
        one_sided = fitted_baselines(photos, songs, photo_rows, song_rows, sigma=bundle.manifest.sigma)
    else:
        baselines = "folds of what is scored"
        known_photos, known_songs = test_photos, test_songs
        one_sided = cross_fitted_baselines(test_photos, test_songs, sigma=bundle.manifest.sigma)
    pairs = Pairs(encoders, test_photos, test_songs, one_sided, n_resamples)
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
            photo_prior=known_photos.true_va,
            song_prior=known_songs.true_va,
            sigma=bundle.manifest.sigma,
            k=TOP_K,
        ),
        distance_spearman=pairs.distance_spearman(),
        photos_covered=float(
            covered(photo_spread(encoders, test_photos.va), test_photos.va, test_photos.true_va).mean()
        ),
    )


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
