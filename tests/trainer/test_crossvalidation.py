"""Grouped folds: held-out predictions line up with their items, and the calibrations they teach are least squares."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from trainer.config import make_config
from trainer.corpora import PhotoRecord, SongRecord
from trainer.crossvalidation import (
    WINDOWS,
    HeldOut,
    HeldOutPairs,
    calibrations_of,
    crossvalidate,
    scores_of,
)
from trainer.data import PhotoSet, SongSet
from trainer.pairs import fold_of_rows, mean_distance, similarity_labels
from trainer.storing import load_calibrations, save_calibrations


def made_up_predictions(*, shrink: float = 0.5, noise: float = 0.05) -> HeldOut:
    """Predictions that are the truth shrunk to the middle, with noise; raw similarity is overconfident."""
    rng = np.random.default_rng(0)
    photo_va, song_va = (rng.uniform(0.1, 0.9, (n, 2)).astype(np.float32) for n in (60, 50))
    photos = PhotoSet(
        tuple(PhotoRecord(Path(f"{i}.jpg"), f"theme {i // 3}", 0.5, 0.5) for i in range(60)),
        np.zeros((60, 1, 4), np.float32),
        photo_va,
        np.zeros_like(photo_va),
    )
    songs = SongSet(tuple(SongRecord(Path(f"{i}.ogg"), str(i), 0.5, 0.5) for i in range(50)), (), song_va)
    predicted_photo = 0.5 + shrink * (photo_va - 0.5) + noise * rng.standard_normal(photo_va.shape)
    predicted_song = 0.5 + shrink * (song_va - 0.5)
    predicted_song = predicted_song[:, None] + noise * rng.standard_normal((50, WINDOWS, 2))
    sigma = mean_distance(photo_va, song_va)
    folds = []
    photo_fold, song_fold = fold_of_rows(photos.groups, n_folds=3), fold_of_rows(songs.groups, n_folds=3)
    for fold in range(3):
        p, s = np.flatnonzero(photo_fold == fold), np.flatnonzero(song_fold == fold)
        true = similarity_labels(photo_va[p], song_va[s], sigma=sigma)
        raw = np.repeat(true[:, :, None], WINDOWS, axis=2)
        raw = np.clip(raw + 0.3 * rng.standard_normal((*true.shape, 1)), 0.01, 0.99)
        folds.append(HeldOutPairs(p, s, raw.astype(np.float32), true, 1 - true, sigma))
    return HeldOut(
        photos,
        songs,
        predicted_photo.astype(np.float32),
        predicted_photo.astype(np.float32),
        predicted_song.astype(np.float32),
        np.zeros((50, WINDOWS, 2), np.float32),
        tuple(folds),
    )


def test_calibration_of_va_is_the_least_squares_line() -> None:
    held = made_up_predictions()
    calibrations = calibrations_of(held)
    for k in (0, 1):
        slope, offset = np.polyfit(held.photo_va[:, k], held.photos.va[:, k], 1)
        assert float(calibrations.photo.slope[k]) == pytest.approx(slope, rel=1e-3)
        assert float(calibrations.photo.offset[k]) == pytest.approx(offset, abs=1e-3)
        slope, offset = np.polyfit(held.song_va[:, :, k].mean(axis=1), held.songs.va[:, k], 1)
        assert float(calibrations.music.slope[k]) == pytest.approx(slope, rel=1e-3)
        assert slope > 1.5, "shrunken predictions are stretched again"


def test_calibration_leaves_the_part_of_the_level_alone() -> None:
    plain = made_up_predictions()
    rng = np.random.default_rng(1)
    level = 0.05 * rng.standard_normal(plain.level_va.shape).astype(np.float32)
    heard = dataclasses.replace(
        plain,
        songs=dataclasses.replace(plain.songs, va=plain.songs.va + level.mean(axis=1)),
        song_va=plain.song_va + level,
        level_va=level,
    )
    for ours, theirs in zip(
        calibrations_of(heard).music.state_dict().values(),
        calibrations_of(plain).music.state_dict().values(),
        strict=True,
    ):
        assert torch.allclose(ours, theirs, atol=1e-4)


def test_calibrated_similarity_is_better_and_its_figure_is_held_out() -> None:
    scores = scores_of(made_up_predictions())
    assert scores["similarity_mse"] < 0.7 * scores["similarity_mse_raw"]
    assert scores["similarity_mse"] < scores["constant_mse"]
    assert scores["spearman_distance"] == pytest.approx(-1.0)
    assert 0.5 < scores["gap_closed"] <= 1.0
    # The raw similarity knows nothing here: only the VA can be used, and must not do harm when it knows nothing too.
    held = made_up_predictions(shrink=0.0, noise=0.1)
    for fold in held.folds:
        fold.predicted[:] = 0.5
    scores = scores_of(held)
    assert scores["similarity_mse"] == pytest.approx(scores["constant_mse"], rel=0.1)


def test_calibrations_are_kept_in_a_file(tmp_path: Path) -> None:
    calibrations = calibrations_of(made_up_predictions())
    save_calibrations(tmp_path / "calibrations.pt", calibrations)
    loaded = load_calibrations(tmp_path / "calibrations.pt")
    for ours, theirs in zip(loaded.state_dict().values(), calibrations.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)
    assert not any(p.requires_grad for p in loaded.parameters())


def test_each_item_is_predicted_by_a_network_that_never_met_its_group() -> None:
    rng = np.random.default_rng(0)
    va = rng.uniform(0.1, 0.9, (30, 2)).astype(np.float32)
    records = tuple(PhotoRecord(Path(f"{i}.jpg"), f"theme {i // 2}", *va[i].tolist()) for i in range(30))
    photos = PhotoSet(records, np.repeat(va[:, None], 2, axis=1), va, np.zeros_like(va))
    frames = tuple((30 * v + rng.standard_normal((90, 193))).astype(np.float16) for v, _ in va)
    songs = SongSet(tuple(SongRecord(Path(f"{i}.ogg"), str(i), *va[i].tolist()) for i in range(30)), frames, va)
    config = make_config("quick", overrides=["epochs=1", "batch=8", "member_steps=3"])
    held = crossvalidate(config, photos=photos, songs=songs, n_folds=3)
    assert sorted(np.concatenate([fold.photo_rows for fold in held.folds]).tolist()) == list(range(30))
    for fold in held.folds:
        inside = {photos.groups[i] for i in fold.photo_rows}
        assert inside.isdisjoint({photos.groups[i] for i in range(30) if i not in fold.photo_rows})
        assert fold.predicted.shape == (len(fold.photo_rows), len(fold.song_rows), WINDOWS)
    assert held.photo_va.min() > 0
    assert held.song_va.min() > 0
    # Features that are the labels: ridge finds them, fold by fold, in the right rows.
    for fold in held.folds:
        assert np.corrcoef(held.ridge_va[fold.photo_rows, 0], va[fold.photo_rows, 0])[0, 1] > 0.9
