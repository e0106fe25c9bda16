"""Grouped cross-validation: honest predictions for every photo and song, and the calibration that they teach.

A network is surer on photos and songs it was trained on than on new ones. Here each is predicted by a network that
never met its theme or song, and those predictions set the calibration of the network that ships.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.bundle import SpreadLines
from engine.emotion import FloatArray
from engine.progress import Progress, Report, ignore
from trainer.baselines import ridge
from trainer.ceiling import calibrated_ceiling
from trainer.config import TrainConfig
from trainer.data import PhotoSet, SongSet
from trainer.heldout import embed_photo_set, embed_song_set_with_level, similarity_matrix
from trainer.metrics import N_RESAMPLES, mse, pearson_r, spearman
from trainer.networks import Calibrations, SimilarityCalibration
from trainer.pairs import fold_of_rows, similarity_labels
from trainer.spread import cross_coverage, fit_spread
from trainer.training import train

WINDOWS: Final = 5
"""Evenly spaced windows of each song: a 10 s excerpt has five."""

FIT_STEPS: Final = 200
FIT_PENALTY: Final = 5e-4
"""Of the similarity's calibration: some hundred photos cannot carry a bold correction."""

EXPECTED_SHARE: Final = 0.5
"""Of what is to be expected of the guessed moods, beside the similarity that is corrected: both err in other ways."""

TOP_K: Final = 10
"""Photos that a retrieval is judged by."""

RIDGE_PENALTY: Final = 1000.0
"""Of the ridge regression on standardised features that every photo model must beat; the best of 300, 1000, 3000."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutPairs:
    """The photos and songs that one fold held out, each with each.

    Rows of the photos (p,) and songs (s,), raw predicted similarity of each window (p, s, WINDOWS), true similarity
    and embedding distance of the middle window (p, s), and the sigma of Eq. 1.
    """

    photo_rows: NDArray[np.intp]
    song_rows: NDArray[np.intp]
    predicted: FloatArray
    true: FloatArray
    distance: FloatArray
    sigma: float


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Uncalibrated predictions for held-out items: photo_va and ridge_va (n, 2), song_va (n, WINDOWS, 2).

    level_va (n, WINDOWS, 2) is the part of song_va that the level of a window adds, which no calibration may change.
    """

    photos: PhotoSet
    songs: SongSet
    photo_va: FloatArray
    ridge_va: FloatArray
    song_va: FloatArray
    level_va: FloatArray
    folds: tuple[HeldOutPairs, ...]


def crossvalidate(
    config: TrainConfig,
    *,
    photos: PhotoSet,
    songs: SongSet,
    n_folds: int,
    seed: int = 0,
    report: Report = ignore,
) -> HeldOut:
    """Train once a fold and predict what it held out. Costs n_folds trainings.

    `patience` is ignored: early stopping on the held-out fold would see what must stay unseen.
    """
    config = dataclasses.replace(config, patience=0)
    photo_fold = fold_of_rows(photos.groups, n_folds=n_folds, seed=seed)
    song_fold = fold_of_rows(songs.groups, n_folds=n_folds, seed=seed)
    photo_va, ridge_va = np.zeros_like(photos.va), np.zeros_like(photos.va)
    song_va = np.zeros((len(songs.va), WINDOWS, 2), np.float32)
    level_va = np.zeros_like(song_va)
    folds: list[HeldOutPairs] = []
    for fold in range(n_folds):
        kept, held = np.flatnonzero(photo_fold != fold), np.flatnonzero(photo_fold == fold)
        kept_songs, held_songs = np.flatnonzero(song_fold != fold), np.flatnonzero(song_fold == fold)
        trained = train(
            config,
            photos=photos.take(kept),
            songs=songs.take(kept_songs),
            validation_photos=photos.take(held),
            validation_songs=songs.take(held_songs),
            report=_within(report, fold, n_folds),
        )
        photo, photo_va[held] = embed_photo_set(trained.network, photos.take(held))
        if photos.features.ndim == 3:
            known, new = photos.features[kept, 0], photos.features[held, 0]
            for k in (0, 1):
                ridge_va[held, k] = ridge(known, photos.va[kept, k], new, penalties=[RIDGE_PENALTY])[0]
        music, va, level = embed_song_set_with_level(
            trained.network,
            songs.take(held_songs),
            row_mean=trained.row_mean,
            row_std=trained.row_std,
            n_windows=WINDOWS,
        )
        song_va[held_songs], level_va[held_songs] = va.reshape(-1, WINDOWS, 2), level.reshape(-1, WINDOWS, 2)
        centre = music.reshape(len(held_songs), WINDOWS, -1)[:, WINDOWS // 2]
        folds.append(
            HeldOutPairs(
                held,
                held_songs,
                similarity_matrix(trained.network, photo, music).reshape(len(held), len(held_songs), WINDOWS),
                similarity_labels(photos.va[held], songs.va[held_songs], sigma=trained.sigma),
                np.linalg.norm(photo[:, None] - centre[None], axis=2),
                trained.sigma,
            )
        )
    return HeldOut(photos, songs, photo_va, ridge_va, song_va, level_va, tuple(folds))


def calibrations_of(held: HeldOut) -> Calibrations:
    """Fit the calibrations by least squares: songs by the mean of their windows, since the app smooths its curve."""
    return _fitted(held, held.folds)


def scores_of(held: HeldOut) -> dict[str, float]:
    """Figures of held-out predictions; r and ridge of photos are means over the folds.

    The calibrated similarity of each fold comes from calibrations fitted to the other folds; `ceiling_mse` and
    `gaussian_ceiling_mse` are what predictors of the same r reach that are calibrated by those folds' labels.
    """
    scores: dict[str, float] = {}
    for k, name in enumerate(("valence", "arousal")):
        for kind, va in (("photo", held.photo_va), ("ridge", held.ridge_va)):
            rows = [fold.photo_rows for fold in held.folds]
            scores[f"{kind}_r_{name}"] = float(np.mean([pearson_r(va[r, k], held.photos.va[r, k]) for r in rows]))
        scores[f"photo_mse_{name}"] = mse(held.photo_va[:, k], held.photos.va[:, k])
        scores[f"song_r_{name}"] = pearson_r(held.song_va[:, :, k].mean(axis=1), held.songs.va[:, k])
        scores[f"window_r_{name}"] = pearson_r(held.song_va[:, :, k].ravel(), np.repeat(held.songs.va[:, k], WINDOWS))
    scores["photo_r_above_ridge"], scores["photo_p_above_ridge"] = _above_ridge(held)
    calibrated, raw, true, random_gain, gain, best_gain = [], [], [], [], [], []
    for fold in held.folds:
        others = tuple(other for other in held.folds if other is not fold)
        refined = _through(_fitted(held, others or held.folds), held, fold).mean(axis=2)
        calibrated.append(refined.ravel())
        raw.append(fold.predicted.mean(axis=2).ravel())
        true.append(fold.true.ravel())
        random_gain.append(fold.true.mean())
        gain.append(_top_mean(refined, fold.true))
        best_gain.append(_top_mean(fold.true, fold.true))
    truth = np.concatenate(true)
    scores["similarity_mse_raw"] = mse(np.concatenate(raw), truth)
    scores["similarity_mse"] = mse(np.concatenate(calibrated), truth)
    scores["similarity_r"] = pearson_r(np.concatenate(calibrated), truth)
    scores["constant_mse"] = float(np.var(truth))
    scores["ceiling_mse"], scores["gaussian_ceiling_mse"] = _ceiling_mse(held)
    scores["gap_closed"] = float((np.mean(gain) - np.mean(random_gain)) / (np.mean(best_gain) - np.mean(random_gain)))
    scores["spearman_distance"] = float(np.mean([spearman(f.distance.ravel(), f.true.ravel()) for f in held.folds]))
    return scores


def spread_of(held: HeldOut) -> tuple[SpreadLines, float]:
    """How far labels lie from the calibrated VA of held-out photos, and the share in an ellipse that should hold 68 %.

    Each fold is calibrated by the others, and its ellipses are fitted to them.
    """
    predicted, fold_of = np.zeros_like(held.photo_va), np.zeros(len(held.photo_va), dtype=np.intp)
    for number, fold in enumerate(held.folds):
        others = [other.photo_rows for other in held.folds if other is not fold] or [fold.photo_rows]
        rows = np.concatenate(others)
        for k in (0, 1):
            slope, offset = _line(held.photo_va[rows, k], held.photos.va[rows, k])
            predicted[fold.photo_rows, k] = slope * held.photo_va[fold.photo_rows, k] + offset
        fold_of[fold.photo_rows] = number
    predicted = np.clip(predicted, 0, 1)
    share = cross_coverage(predicted, held.photos.va, fold_of) if len(held.folds) > 1 else math.nan
    return fit_spread(predicted, held.photos.va), share


def _ceiling_mse(held: HeldOut) -> tuple[float, float]:
    """MSE of similarity of predictors of the same r that are calibrated by the labels of the other folds.

    The first know how those are distributed, the others take them as normal.
    """
    photos, songs = held.photos.va, held.songs.va
    photo_r = [pearson_r(held.photo_va[:, k], photos[:, k]) for k in (0, 1)]
    song_r = [pearson_r(held.song_va[:, :, k].mean(axis=1), songs[:, k]) for k in (0, 1)]
    errors = np.zeros(2)
    for fold in held.folds:
        ceiling = calibrated_ceiling(
            photos[fold.photo_rows],
            songs[fold.song_rows],
            photo_r=photo_r,
            song_r=song_r,
            photo_prior=np.delete(photos, fold.photo_rows, axis=0),
            song_prior=np.delete(songs, fold.song_rows, axis=0),
            sigma=fold.sigma,
            k=TOP_K,
        )
        below = np.array([ceiling.mse_below_constant_percent, ceiling.gaussian_mse_below_constant_percent])
        errors += (1 - below / 100) * float(fold.true.var()) * fold.true.size
    first, second = (errors / sum(fold.true.size for fold in held.folds)).tolist()
    return first, second


def _above_ridge(held: HeldOut, *, n_resamples: int = N_RESAMPLES) -> tuple[float, float]:
    """How far r of photos lies above ridge regression's, mean over both dimensions and the folds, and how surely.

    The latter is the share of resamples of each fold's themes in which it is above, on the same photos.
    """
    themes = np.asarray(held.photos.groups)
    by_fold = [
        [fold.photo_rows[themes[fold.photo_rows] == t] for t in np.unique(themes[fold.photo_rows])]
        for fold in held.folds
    ]

    def difference(rows: Sequence[NDArray[np.intp]]) -> float:
        return float(
            np.mean(
                [
                    pearson_r(held.photo_va[r, k], held.photos.va[r, k])
                    - pearson_r(held.ridge_va[r, k], held.photos.va[r, k])
                    for r in rows
                    for k in (0, 1)
                ]
            )
        )

    rng = np.random.default_rng(0)
    samples = [
        difference(
            [np.concatenate([groups[i] for i in rng.integers(len(groups), size=len(groups))]) for groups in by_fold]
        )
        for _ in range(n_resamples)
    ]
    return difference([np.concatenate(groups) for groups in by_fold]), float(np.mean(np.array(samples) > 0))


def _line(predicted: FloatArray, true: FloatArray) -> tuple[float, float]:
    """Slope and offset of the least-squares line from predictions to labels; the identity for a constant."""
    variance = float(np.var(predicted))
    if variance < 1e-9:
        return 1.0, 0.0
    slope = float(np.mean((predicted - predicted.mean()) * (true - true.mean()))) / variance
    return slope, float(true.mean() - slope * predicted.mean())


def _fitted(held: HeldOut, folds: Sequence[HeldOutPairs]) -> Calibrations:
    """Calibrations fitted to the predictions of some folds."""
    calibrations = Calibrations()
    photo_rows = np.concatenate([fold.photo_rows for fold in folds])
    song_rows = np.concatenate([fold.song_rows for fold in folds])
    for k in (0, 1):
        slope, offset = _line(held.photo_va[photo_rows, k], held.photos.va[photo_rows, k])
        calibrations.photo.slope[k], calibrations.photo.offset[k] = slope, offset
        level = held.level_va[song_rows, :, k].mean(axis=1)
        deaf = held.song_va[song_rows, :, k].mean(axis=1) - level
        slope, offset = _line(deaf, held.songs.va[song_rows, k] - level)
        calibrations.music.slope[k], calibrations.music.offset[k] = slope, offset
    parts = []
    for fold in folds:
        predicted, photo_va, music_va = _inputs(calibrations, held, fold)
        true = torch.from_numpy(np.repeat(fold.true[:, :, None], WINDOWS, axis=2)).flatten()
        # A window of each pair: all five say nearly the same and cost five times as much.
        pair = torch.arange(fold.true.size)
        chosen = pair * WINDOWS + pair % WINDOWS
        parts.append((predicted[chosen], photo_va[chosen], music_va[chosen], true[chosen]))
    _fit_similarity(calibrations.similarity, *(torch.cat(column) for column in zip(*parts, strict=True)))
    calibrations.similarity.expected.fit(
        *_calibrated(calibrations, held, photo_rows, song_rows),
        sigma=float(np.mean([fold.sigma for fold in folds])),
        share=EXPECTED_SHARE,
    )
    return calibrations


def _calibrated(
    calibrations: Calibrations, held: HeldOut, photo_rows: NDArray[np.intp], song_rows: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Calibrated VA and labels of some photos (p, 2), and of some songs (s, 2) the mean over their windows."""
    photo_va = calibrations.photo(torch.from_numpy(held.photo_va[photo_rows])).clamp(0.0, 1.0)
    music_va = _music_va(calibrations, held, song_rows).mean(dim=1)
    return photo_va.numpy(), held.photos.va[photo_rows], music_va.numpy(), held.songs.va[song_rows]


def _music_va(calibrations: Calibrations, held: HeldOut, song_rows: NDArray[np.intp]) -> Tensor:
    """Calibrated VA (s, WINDOWS, 2) of the windows of some songs."""
    level_va = torch.from_numpy(held.level_va[song_rows])
    deaf: Tensor = calibrations.music(torch.from_numpy(held.song_va[song_rows]) - level_va)
    return (deaf + level_va).clamp(0.0, 1.0)


def _inputs(calibrations: Calibrations, held: HeldOut, fold: HeldOutPairs) -> tuple[Tensor, Tensor, Tensor]:
    """Raw similarity (n,), calibrated VA of photo and music (n, 2), for each photo, song and window of a fold."""
    p, s, w = fold.predicted.shape
    photo_va = calibrations.photo(torch.from_numpy(held.photo_va[fold.photo_rows])).clamp(0.0, 1.0)
    music_va = _music_va(calibrations, held, fold.song_rows)
    return (
        torch.from_numpy(fold.predicted).flatten(),
        photo_va[:, None, None].expand(p, s, w, 2).reshape(-1, 2),
        music_va[None].expand(p, s, w, 2).reshape(-1, 2),
    )


def _through(calibrations: Calibrations, held: HeldOut, fold: HeldOutPairs) -> FloatArray:
    """Calibrated similarity of each window of a fold's pairs, (p, s, WINDOWS)."""
    with torch.no_grad():
        refined: FloatArray = calibrations.similarity(*_inputs(calibrations, held, fold)).numpy()
    return refined.reshape(fold.predicted.shape)


def _fit_similarity(
    calibration: SimilarityCalibration, predicted: Tensor, photo_va: Tensor, music_va: Tensor, true: Tensor
) -> None:
    """Minimise the squared error by L-BFGS, the correction held small by a penalty on its weights."""
    torch.manual_seed(0)
    calibration.inner.reset_parameters()
    calibration.requires_grad_(True)
    calibration.expected.requires_grad_(False)
    learnt = [parameter for parameter in calibration.parameters() if parameter.requires_grad]
    optimizer = torch.optim.LBFGS(learnt, max_iter=FIT_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        error = calibration(predicted, photo_va, music_va) - true
        size = calibration.inner.weight.square().sum() + calibration.outer.weight.square().sum()
        loss: Tensor = error.square().mean() + FIT_PENALTY * size
        torch.autograd.backward(loss)
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    calibration.requires_grad_(False)


def _top_mean(scores: FloatArray, true: FloatArray, *, k: int = TOP_K) -> float:
    """Mean true similarity of the k photos that score best for each song; scores and true (p, s)."""
    best = np.argsort(-scores, axis=0)[:k]
    return float(np.take_along_axis(true, best, axis=0).mean())


def _within(report: Report, fold: int, n_folds: int) -> Report:
    """Report a fold's progress as that of the whole."""

    def scaled(progress: Progress) -> None:
        share = progress.done / progress.total if progress.total else 0.0
        report(Progress("folds", fold + share, n_folds, progress.detail))

    return scaled
