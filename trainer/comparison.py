"""Runs the paper's comparison: every method and every ablation row on the same splits, features, schedule and scoring.

Each row is trained once, and what it predicts of the test split is kept in a file; a comparison that is stopped goes on
from the row (and within it, from the epoch) where it was.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from engine.emotion import FloatArray
from engine.progress import Progress, Report, ignore
from trainer.alpha import ALPHA_FILE, choose_alpha
from trainer.config import LossWeights, TrainConfig, config_to_dict
from trainer.data import PhotoSet, SongSet, write_atomically
from trainer.heldout import embed_photo_set, embed_song_set, similarity_matrix
from trainer.pairs import mean_distance, paper_pairs, similarity_labels
from trainer.peers import Method, builder_of, fit_va_probe
from trainer.storing import Trained
from trainer.training import CHECKPOINT, train

TEST_WINDOWS: Final = 5
"""Evenly spaced windows of each test song: its "clips"."""

SIMILARITY: Final = ("similarity",)
VA: Final = ("photo_va", "music_va")
EVERYTHING: Final = tuple(field.name for field in dataclasses.fields(LossWeights))

Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of table 3 or 4: a method, the terms of Eq. 8 it is trained with, and the seed of its training."""

    name: str
    title: str
    method: Method
    terms: tuple[str, ...]
    seed: int = 0

    @property
    def needs_probe(self) -> bool:
        """Whether the row is trained without VA labels, so that its VA is that of a predictor fitted afterwards."""
        return not set(VA) <= set(self.terms)


def rows_of(seeds: Sequence[int]) -> dict[str, Row]:
    """All rows by name; the first seed trains them all, the others CDCML, ACP-Net and L3-Net again."""
    first = seeds[0]
    rows = [
        Row("sp", "SP-Net", "sp", VA, first),
        Row(f"l3-{first}", "L3-Net", "l3", SIMILARITY, first),
        Row(f"acp-{first}", "ACP-Net", "acp", SIMILARITY, first),
        Row("sim", "Sim", "cdcml", SIMILARITY, first),
        Row("sim-cfr", "Sim + CFR", "cdcml", (*SIMILARITY, "cross_ratio"), first),
        Row("sim-cfr-cfm", "Sim + CFR + CFM", "cdcml", (*SIMILARITY, "cross_ratio", "cross_margin"), first),
        Row("sim-va", "Sim + VA", "cdcml", (*SIMILARITY, *VA), first),
        Row(f"cdcml-{first}", "CDCML (all)", "cdcml", EVERYTHING, first),
    ]
    for seed in seeds[1:]:
        rows.append(Row(f"l3-{seed}", "L3-Net", "l3", SIMILARITY, seed))
        rows.append(Row(f"acp-{seed}", "ACP-Net", "acp", SIMILARITY, seed))
        rows.append(Row(f"cdcml-{seed}", "CDCML (all)", "cdcml", EVERYTHING, seed))
    return {row.name: row for row in rows}


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Training, validation and test split of a comparison."""

    photos: PhotoSet
    songs: SongSet
    validation_photos: PhotoSet
    validation_songs: SongSet
    test_photos: PhotoSet
    test_songs: SongSet


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Labels of the test split: similarity (n, m) of all pairs of photos and windows, VA, groups, the paper's pairs."""

    similarity: FloatArray
    paper: NDArray[np.bool_]
    photo_va: FloatArray
    window_va: FloatArray
    photo_groups: Sequence[str]
    window_groups: Sequence[str]
    sigma: float
    mean_similarity: float
    mean_photo_va: FloatArray
    mean_song_va: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a row predicts of the test split: similarity (n, m), VA of photos (n, 2) and of windows (m, 2)."""

    similarity: FloatArray
    photo_va: FloatArray
    window_va: FloatArray


def truth_of(splits: Splits) -> Truth:
    """Labels of the test split, and the constants that the training split knows."""
    photos, songs = splits.test_photos, splits.test_songs
    sigma = mean_distance(splits.photos.va, splits.songs.va)
    window_va = np.repeat(songs.va, TEST_WINDOWS, axis=0)
    similarity = similarity_labels(photos.va, window_va, sigma=sigma)
    paper = np.zeros(similarity.shape, bool)
    # All fifty of each clip: a tenth of them would only make the figures less sure.
    photo_rows, window_rows = paper_pairs(similarity, seed=0, kept_share=1.0).T
    paper[photo_rows, window_rows] = True
    return Truth(
        similarity=similarity,
        paper=paper,
        photo_va=photos.va,
        window_va=window_va,
        photo_groups=photos.groups,
        window_groups=[group for group in songs.groups for _ in range(TEST_WINDOWS)],
        sigma=sigma,
        mean_similarity=float(similarity_labels(splits.photos.va, splits.songs.va, sigma=sigma).mean()),
        mean_photo_va=splits.photos.va.mean(axis=0),
        mean_song_va=splits.songs.va.mean(axis=0),
    )


def constant_predictions(truth: Truth) -> Predictions:
    """What a predictor says that only knows the means of the training split."""
    return Predictions(
        np.full_like(truth.similarity, truth.mean_similarity),
        np.broadcast_to(truth.mean_photo_va, truth.photo_va.shape),
        np.broadcast_to(truth.mean_song_va, truth.window_va.shape),
    )


def row_config(base: TrainConfig, row: Row) -> TrainConfig:
    """Settings of a row: the base's with only the row's terms, and without the parts that are not the paper's.

    Readouts and VA axes of the default preset look past the embeddings and would hide what the losses do to them;
    early stopping would give each row another number of steps.
    """
    weights = {term: getattr(base.loss, term) if term in row.terms else 0.0 for term in EVERYTHING}
    return dataclasses.replace(
        base,
        seed=row.seed,
        loss=LossWeights(**weights),
        photo_readout=0.0,
        music_readout=0.0,
        va_axes=0.0,
        patience=0,
    )


def run_rows(
    base: TrainConfig,
    rows: Mapping[str, Row],
    splits: Splits,
    *,
    folder: Path,
    report: Report = ignore,
    on_row: Callable[[Row, bool], None] = lambda row, was_kept: None,
) -> dict[str, Predictions]:
    """Train every row that is not yet in the folder, and return what each predicts of the test split.

    A row is known there by its settings and the data, so one of other settings is trained anew. on_row gets each row
    that is there, and whether it was before. Raises TrainerError and Diverged; `report` may raise Cancelled.
    """
    data = _data_digest(splits)
    found: dict[str, Predictions] = {}
    for i, (name, row) in enumerate(rows.items()):
        run = folder / _run_name(base, row, data)
        kept = _read_predictions(_file_of(run))
        found[name] = kept or _run_row(base, row, splits, run=run, report=_within(report, i, len(rows), row.title))[1]
        on_row(row, kept is not None)
    report(Progress("compare", len(rows), len(rows)))
    return found


def choose_row_alpha(
    base: TrainConfig, row: Row, splits: Splits, alphas: Sequence[float], *, folder: Path, report: Report = ignore
) -> tuple[float, Mapping[float, float]]:
    """Choose the alpha with which a row has the least similarity MSE on the validation split, and each one's.

    What was tried is kept in the folder, where `run_rows` finds the chosen one. Raises what `run_rows` raises.
    """
    data = _data_digest(splits)

    def score(config: TrainConfig) -> float:
        told = _within(report, alphas.index(config.alpha), len(alphas), f"alpha {config.alpha:g}")
        trained, _ = _run_row(config, row, splits, run=folder / _run_name(config, row, data), report=told)
        return trained.history[-1]["similarity_mse"]

    return choose_alpha(base, alphas, score=score, kept=folder / ALPHA_FILE, data=f"{data}{row}")


def _run_name(base: TrainConfig, row: Row, data: str) -> str:
    """Name of a row's folder and file: the row, its settings and the data."""
    settings = json.dumps(config_to_dict(row_config(base, row)))
    return f"{row.name}-{hashlib.sha256(f'{data}{row}{settings}'.encode()).hexdigest()[:12]}"


def _file_of(run: Path) -> Path:
    return run.with_name(f"{run.name}.npz")


def _run_row(base: TrainConfig, row: Row, splits: Splits, *, run: Path, report: Report) -> tuple[Trained, Predictions]:
    """Train one row, let it predict the test split, and keep that in a file beside its folder `run`."""
    sigma = mean_distance(splits.photos.va, splits.songs.va)
    trained = train(
        row_config(base, row),
        photos=splits.photos,
        songs=splits.songs,
        validation_photos=splits.validation_photos,
        validation_songs=splits.validation_songs,
        build=builder_of(row.method, sigma=sigma),
        run=run,
        report=report,
    )
    network = trained.network
    if row.needs_probe:
        fit_va_probe(
            network,
            trained.config,
            photos=splits.photos,
            songs=splits.songs,
            row_mean=trained.row_mean,
            row_std=trained.row_std,
        )
    photo, photo_va = embed_photo_set(network, splits.test_photos)
    music, window_va = embed_song_set(
        network, splits.test_songs, row_mean=trained.row_mean, row_std=trained.row_std, n_windows=TEST_WINDOWS
    )
    with torch.no_grad():
        similarity = similarity_matrix(network, photo, music)
    made = Predictions(np.ascontiguousarray(similarity), photo_va, window_va)
    _write_predictions(_file_of(run), made)
    # The row is kept: its checkpoint, tens of megabytes, is no longer needed.
    with contextlib.suppress(OSError):
        (run / CHECKPOINT).unlink()
        run.rmdir()
    return trained, made


def _within(report: Report, place: int, n_rows: int, title: str) -> Report:
    """Progress of one row as a part of the whole."""

    def tell(progress: Progress) -> None:
        share = progress.done / progress.total if progress.total else 0.0
        report(Progress("compare", round(1000 * (place + share)), 1000 * n_rows, f"{title}, {progress.detail}"))

    return tell


def _data_digest(splits: Splits) -> str:
    """Name the data by what decides a row's outcome: names, labels and features' shape of every split."""
    digest = hashlib.sha256()
    for photos in (splits.photos, splits.validation_photos, splits.test_photos):
        digest.update(repr((photos.features.shape, [record.path.name for record in photos.records])).encode())
        digest.update(photos.va.tobytes())
    for songs in (splits.songs, splits.validation_songs, splits.test_songs):
        digest.update(
            repr([(record.path.name, len(f)) for record, f in zip(songs.records, songs.frames, strict=True)]).encode()
        )
        digest.update(songs.va.tobytes())
    return digest.hexdigest()


def _read_predictions(path: Path) -> Predictions | None:
    try:
        with np.load(io.BytesIO(path.read_bytes())) as stored:
            return Predictions(stored["similarity"], stored["photo_va"], stored["window_va"])
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None


def _write_predictions(path: Path, predictions: Predictions) -> None:
    buffer = io.BytesIO()
    np.savez(
        buffer,
        allow_pickle=False,
        similarity=predictions.similarity,
        photo_va=predictions.photo_va,
        window_va=predictions.window_va,
    )
    write_atomically(path, buffer.getvalue())
