"""From corpora to a run's data, and from a trained run to the bundle that ships: features, splits, rehearsal, card."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from engine.bundle import ModelBundle, SpreadLines
from engine.emotion import FloatArray
from engine.progress import Progress, Report, ignore
from trainer.config import TrainConfig
from trainer.corpora import PHOTO_CORPORA, SONG_CORPORA, OnUnusable, ignore_unusable
from trainer.data import PhotoSet, SongSet, cache_photos, cache_songs, even_windows
from trainer.errors import TrainerError
from trainer.evaluation import EvaluationReport, evaluate_bundle
from trainer.export import export_bundle
from trainer.model_card import model_card
from trainer.networks import Calibrations, CdcmlNetwork
from trainer.pairs import SPLITS, mean_distance, rows_of_split
from trainer.photo_file import PhotoFile, gives_content, photo_input
from trainer.records import PhotoRecord
from trainer.serving import MusicBackboneServing, MusicServing, PhotoServing, SimilarityServing
from trainer.sources import Sources, read_photos, read_songs
from trainer.storing import Trained

REFERENCE_WINDOWS: Final = 5

SIGMA_DRIFT: Final = 1e-4
"""sigma of the same labels differs by less, whatever the machine."""

PERCENTILES: Final = np.linspace(0, 100, 101)


@dataclass(frozen=True, slots=True, eq=False)
class Corpora:
    """All labelled photos and songs of a run, with their features."""

    photos: PhotoSet
    songs: SongSet
    photo_corpora: tuple[str, ...]
    """Title of each photo's corpus."""
    song_corpora: tuple[str, ...]
    """Title of each song's corpus."""
    photo_file: PhotoFile | None = None
    """The frozen photo backbone that the features came from; None for one that is trained."""


def load_corpora(
    config: TrainConfig,
    sources: Sources,
    *,
    cache: Path,
    report: Report = ignore,
    on_unusable: OnUnusable = ignore_unusable,
) -> Corpora:
    """Read all corpora and their features, from the cache where they are there. Raises CorpusMissing.

    A photo's or a song's label is one for all of it: labels of single windows serve `prepare` alone.
    """
    songs = {
        name: cache_songs(records, cache, report=report, on_unusable=on_unusable)
        for name, records in read_songs(sources, on_unusable=on_unusable).items()
    }
    records_of = read_photos(sources, on_unusable=on_unusable)
    file = photo_file(config, records_of, cache, report=report)
    photos = {
        name: cache_photos(
            records,
            file.features_of if file is not None else as_it_is,
            cache,
            backbone_name=file.name if file is not None else config.photo_backbone,
            spec=photo_input(config),
            n_views=config.n_views,
            report=report,
            on_unusable=on_unusable,
        )
        for name, records in records_of.items()
    }
    return Corpora(
        PhotoSet.joined(list(photos.values())),
        SongSet.joined(list(songs.values())),
        tuple(PHOTO_CORPORA[name].title for name, found in photos.items() for _ in found.records),
        tuple(SONG_CORPORA[name].title for name, found in songs.items() for _ in found.records),
        file,
    )


def photo_file(
    config: TrainConfig,
    records_of: Mapping[str, Sequence[PhotoRecord]],
    cache: Path,
    *,
    report: Report = ignore,
) -> PhotoFile | None:
    """The file of a config's frozen photo backbone; None for one that is trained, whose images are kept instead."""
    if config.photo_backbone == "resnet50":
        return None
    return PhotoFile(config, [record for found in records_of.values() for record in found], cache, report=report)


def as_it_is(images: FloatArray) -> FloatArray:
    """Keep images for a backbone that is trained, at half precision: they are many."""
    return images.astype(np.float16)


def split_rows(corpora: Corpora, *, seed: int) -> tuple[dict[str, NDArray[np.intp]], dict[str, NDArray[np.intp]]]:
    """Rows of each split, of the photos and of the songs. Raises TrainerError where a split to learn from is empty."""
    found = []
    for name, items in (("photos", corpora.photos), ("songs", corpora.songs)):
        rows = {split: rows_of_split(items.groups, split, seed=seed) for split in SPLITS}
        for split in ("train", "validation"):
            if len(rows[split]) == 0:
                raise TrainerError(f"the {split} split has no {name}: the corpus is too small")
        found.append({str(split): indices for split, indices in rows.items()})
    return found[0], found[1]


def ship(
    dest: Path,
    trained: Trained,
    corpora: Corpora,
    *,
    calibrations: Calibrations | None,
    fold_scores: Mapping[str, Any] | None,
    name: str,
    sources: Sources,
    report: Report = ignore,
) -> ModelBundle:
    """Write a trained run as a bundle to dest, scored through its own ONNX files on the test split.

    The bundle is written twice: once to be scored, then with its scores and its model card. Raises TrainerError where
    the corpora are not those of the run.
    """
    network = copy.deepcopy(trained.network).eval()
    if calibrations is not None:
        network.calibrations = calibrations
    config = trained.config
    photo_rows, song_rows = split_rows(corpora, seed=config.split_seed)
    spec = photo_input(config)
    file = corpora.photo_file.content() if corpora.photo_file is not None else None
    spread = _spread_of(fold_scores)
    photos, songs = corpora.photos.take(photo_rows["train"]), corpora.songs.take(song_rows["train"])
    if abs(mean_distance(photos.va, songs.va) - trained.sigma) > SIGMA_DRIFT:
        raise TrainerError("the run was trained on other corpora, or on labels that were normalised in another way")
    splits = _seen_groups(corpora.photo_corpora, corpora.photos.groups, photo_rows)
    splits |= _seen_groups(corpora.song_corpora, corpora.songs.groups, song_rows)
    rehearsal = None
    if photos.features.ndim == 3:
        rehearsal = rehearsal_of(trained, network, photos, songs, tests=corpora.photos.take(photo_rows["test"]))

    def write(target: Path, card: str, scores: Mapping[str, float]) -> ModelBundle:
        return export_bundle(
            target,
            photo_backbone=network.photo_backbone if file is None else file,
            photo_head=PhotoServing(network),
            music_backbone=MusicBackboneServing(network),
            music_head=MusicServing(network),
            similarity=SimilarityServing(network),
            name=name,
            input_px=spec.input_px,
            mean=spec.mean,
            std=spec.std,
            row_mean=trained.row_mean,
            row_std=trained.row_std,
            sigma=trained.sigma,
            corpora=tuple(splits),
            scores=scores,
            model_card=card,
            rehearsal=rehearsal,
            split_seed=config.split_seed,
            splits=splits,
            has_content=file is not None and gives_content(file),
            photo_spread=spread,
        )

    with tempfile.TemporaryDirectory() as folder:
        report(Progress("export", 0, 2))
        draft = write(Path(folder) / "draft", "", {})
        scored: EvaluationReport = evaluate_bundle(draft, sources, n_threads=torch.get_num_threads(), report=report)
    report(Progress("export", 1, 2))
    counts = {str(split): (len(photo_rows[split]), len(song_rows[split])) for split in SPLITS}
    card = model_card(trained, scored, corpora=tuple(splits), counts=counts, fold_scores=fold_scores, name=name)
    return write(dest, card, scored.manifest_scores())


def _spread_of(fold_scores: Mapping[str, Any] | None) -> SpreadLines | None:
    """What the folds tell of the photos' doubt; None without them."""
    if not fold_scores or "photo_spread" not in fold_scores:
        return None
    first, second = (tuple(float(value) for value in line) for line in fold_scores["photo_spread"])
    return (first[0], first[1], first[2]), (second[0], second[1], second[2])


def _seen_groups(
    corpora: Sequence[str], groups: Sequence[str], rows: Mapping[str, NDArray[np.intp]]
) -> dict[str, dict[str, str]]:
    """By corpus, the split of each group that training or validation saw."""
    seen: dict[str, dict[str, str]] = {corpus: {} for corpus in dict.fromkeys(corpora)}
    for split in ("train", "validation"):
        for row in rows[split]:
            seen[corpora[row]][groups[row]] = split
    return seen


@torch.no_grad()
def rehearsal_of(
    trained: Trained, network: CdcmlNetwork, photos: PhotoSet, songs: SongSet, *, tests: PhotoSet
) -> dict[str, NDArray[np.generic]]:
    """What later retraining and relative mapping need of the training split, without the corpora themselves.

    Pooled features (float16), labels and groups of the photos and of a window of each song, and the percentiles 0 to
    100 of valence and arousal that the network gives to windows of these songs, (101, 2). The photos of the test split
    go along to score a personal model, and for nothing else.
    """
    serving = MusicServing(network).eval()
    mean, std = (torch.from_numpy(values)[:, None] for values in (trained.row_mean, trained.row_std))
    features, va = [], []
    for start in range(0, len(songs.va), 64):
        rows = np.arange(start, min(start + 64, len(songs.va)))
        windows = even_windows(songs.take(rows), n_windows=REFERENCE_WINDOWS)  # (n, 5, 193, 87)
        pooled = network.music_features((windows.flatten(0, 1) - mean) / std)
        va.append(serving(pooled)[1].numpy())
        features.append(pooled.reshape(*windows.shape[:2], -1)[:, REFERENCE_WINDOWS // 2])
    return {
        "photo_features": photos.features[:, 0].astype(np.float16),
        "photo_va": photos.va,
        "photo_group": np.array(photos.groups),
        "test_photo_features": tests.features[:, 0].astype(np.float16),
        "test_photo_va": tests.va,
        "test_photo_group": np.array(tests.groups),
        "music_features": torch.cat(features).numpy().astype(np.float16),
        "music_va": songs.va,
        "music_group": np.array(songs.groups),
        "reference_percentiles": np.percentile(np.concatenate(va), PERCENTILES, axis=0).astype(np.float32),
    }
