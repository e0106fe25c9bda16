"""The training loop: both branches, the predictors and the loss of Eq. 8, from cached features to trained weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from engine.progress import Progress, Report, ignore
from trainer.config import TrainConfig, config_to_dict
from trainer.data import (
    PhotoSet,
    SongSet,
    apply_gain,
    mask_windows,
    random_windows,
)
from trainer.errors import Diverged, TrainerError
from trainer.heldout import validate
from trainer.losses import (
    LossTerms,
    cross_feature_margin,
    cross_feature_ratio,
    draw_partners,
    similarity_error,
    single_feature_ratio,
    total_loss,
    va_error,
)
from trainer.networks import CdcmlNetwork, MusicCnn
from trainer.pairs import balanced_partners, mean_distance
from trainer.processes import average_buffers, average_gradients, gathered, is_first_process, own_share, wait_for_all
from trainer.readout_fitting import fit_readouts
from trainer.storing import Trained, read_tensors, write_scalars, write_tensors

CHECKPOINT: Final = "checkpoint.pt"
BEST: Final = "best.pt"
SCALARS: Final = "scalars.jsonl"
CHECKPOINT_FORMAT: Final = 1

OnEpoch = Callable[[Mapping[str, float]], None]


def ignore_epoch(figures: Mapping[str, float]) -> None:
    """Tell nobody about an epoch's figures: the default where no one asks."""


@dataclass(slots=True, eq=False)
class _State:
    """All that a resumed run needs to go on as if it had never stopped."""

    epoch: int
    network: CdcmlNetwork
    averaged: CdcmlNetwork
    optimizer: torch.optim.Optimizer
    rng: np.random.Generator
    generator: torch.Generator
    best_loss: float
    best_epoch: int
    history: list[Mapping[str, float]]


def train(
    config: TrainConfig,
    *,
    photos: PhotoSet,
    songs: SongSet,
    validation_photos: PhotoSet,
    validation_songs: SongSet,
    build: Callable[..., CdcmlNetwork] = CdcmlNetwork.from_config,
    run: Path | None = None,
    report: Report = ignore,
    on_epoch: OnEpoch = ignore_epoch,
) -> Trained:
    """Train on some photos and songs and return the network: the best epoch's with patience, else the last one's.

    With a `run` folder a checkpoint and the epochs' figures (JSON lines) are written after each epoch, and a run that
    was stopped goes on from there to the same result. `build` makes the network (`trainer.peers` has others). Raises
    Diverged at a loss that is not a number (the last checkpoint stays good), and TrainerError for a checkpoint of other
    settings or a disk that is full; `report` may raise Cancelled at any step.
    """
    torch.manual_seed(config.seed)
    sigma = mean_distance(photos.va, songs.va)
    row_mean, row_std = songs.row_statistics()
    network = build(config, photo_width=photos.features.shape[-1])
    if photos.features.ndim == 3:  # pooled features of a frozen backbone, not images
        network.photo_head.standardise(torch.from_numpy(photos.features).flatten(0, 1).float())
    if isinstance(network.music_backbone, MusicCnn):
        network.music_backbone.standardise(torch.from_numpy(row_std))
    if network.music_readout is not None:
        network.music_readout.standardise(torch.from_numpy(row_std))
    state = _State(
        epoch=0,
        network=network,
        averaged=copy.deepcopy(network),
        optimizer=_optimizer(config, network),
        rng=np.random.default_rng(config.seed),
        generator=torch.Generator().manual_seed(config.seed),
        best_loss=math.inf,
        best_epoch=-1,
        history=[],
    )
    best: dict[str, Tensor] | None = None
    if run is not None:
        best = _resume(state, config, run)
    scale = (torch.from_numpy(row_mean)[None, :, None], torch.from_numpy(row_std)[None, :, None])
    photo_weights = _label_weights(photos)
    n_steps = max(1, len(songs.va) // config.batch)
    n_total = n_steps * config.epochs
    own = own_share(config.batch)
    while state.epoch < config.epochs and not _is_over(state, config):
        state.network.train()
        sums: dict[str, float] = {}
        for step in range(n_steps):
            done = state.epoch * n_steps + step
            report(Progress("train", done, n_total, f"epoch {state.epoch + 1}"))
            for group in state.optimizer.param_groups:
                group["lr"] = group["peak"] * schedule_factor(config, step=done, n_steps=n_steps)
            pairs = balanced_partners(
                photos.va, songs.va, state.rng, n_pairs=config.batch, near_share=config.near_share
            )
            views = state.rng.integers(photos.features.shape[1], size=config.batch)
            features = torch.from_numpy(photos.features[pairs[:, 0], views]).float()  # (n, F), or images
            windows = random_windows(songs, pairs[:, 1], state.rng)  # (n, 193, 87)
            gain_db = (2 * torch.rand(len(windows), generator=state.generator) - 1) * config.max_gain_db
            windows = (apply_gain(windows, gain_db) - scale[0]) / scale[1]
            level_va = state.network.level_va(windows)
            windows = mask_windows(windows, generator=state.generator, rows=config.mask_rows, frames=config.mask_frames)
            photo_va, music_va = torch.from_numpy(photos.va[pairs[:, 0]]), torch.from_numpy(songs.va[pairs[:, 1]])
            certainty = photo_weights[pairs[:, 0]]
            if config.photo_mix:
                share = torch.from_numpy(state.rng.beta(config.photo_mix, config.photo_mix, config.batch)).float()
                other = torch.from_numpy(state.rng.permutation(config.batch))
                features, photo_va, certainty = (_mixed(x, other, share) for x in (features, photo_va, certainty))
            terms = loss_terms(
                state.network,
                config,
                features=features[own],
                windows=windows[own],
                photo_va=photo_va,
                music_va=music_va,
                sigma=sigma,
                level_va=level_va,
                photo_weights=certainty,
                generator=state.generator,
            )
            loss = total_loss(terms, config.loss)
            value = float(loss.detach())
            if not math.isfinite(value):
                raise Diverged(f"the loss became {value} in epoch {state.epoch + 1}; a lower lr may help")
            state.optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            average_gradients(state.network)
            nn.utils.clip_grad_norm_(state.network.parameters(), config.clip_norm)
            state.optimizer.step()
            _average(state.averaged, state.network, decay=min(config.ema, (1 + done) / (10 + done)))
            for name, part in {"loss": value, **terms.values()}.items():
                sums[name] = sums.get(name, 0.0) + part / n_steps
        average_buffers(state.network)
        average_buffers(state.averaged)
        figures = {"epoch": state.epoch + 1, **sums}
        figures |= validate(
            state.averaged, validation_photos, validation_songs, sigma=sigma, row_mean=row_mean, row_std=row_std
        )
        state.history.append(figures)
        on_epoch(figures)
        if figures["validation"] < state.best_loss:
            state.best_loss, state.best_epoch = figures["validation"], state.epoch
            best = copy.deepcopy(state.averaged.state_dict())
        state.epoch += 1
        if run is not None:
            if is_first_process():
                _save(state, config, run, best=best)
                write_scalars(run / SCALARS, state.history)
            wait_for_all()
    chosen = state.averaged
    if config.patience and best is not None:
        chosen.load_state_dict(best)
    fit_readouts(chosen, config, photos=photos, songs=songs, row_mean=row_mean, row_std=row_std)
    report(Progress("train", n_total, n_total))
    return Trained(chosen.eval(), config, sigma, row_mean, row_std, tuple(state.history))


def loss_terms(
    network: CdcmlNetwork,
    config: TrainConfig,
    *,
    features: Tensor,
    windows: Tensor,
    photo_va: Tensor,
    music_va: Tensor,
    sigma: float,
    level_va: Tensor | None = None,
    photo_weights: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> LossTerms:
    """All terms of Eq. 8 for a batch of n pairs; photo features (or images), standardised windows, VA labels (n, 2).

    level_va (n, 1) is what the level of the whole windows adds to their VA: the network learns the rest. Of several
    processes each gives its own share of the features and windows, and all labels.
    """
    photo = gathered(network.embed_photos(features))  # (n, 512)
    music = gathered(network.embed_music(windows))  # (n, 512)
    predicted_photo_va, predicted_music_va = network.va_of_both(photo, music)
    similarity = torch.exp(-(torch.cdist(photo_va, music_va)) / sigma)  # (n, n), Eq. 1
    partners = draw_partners(len(photo), 2 * config.n_partners, generator=generator)
    half = partners.shape[1] // 2
    first, second = partners[:, :half], partners[:, half : 2 * half]
    others = partners[:, : max(1, half)]
    zero = photo.new_zeros(())
    weights = config.loss
    return LossTerms(
        cross_ratio=cross_feature_ratio(
            photo, music, similarity, others, sigma=sigma, label=config.eq2, reduction=config.reduction
        )
        if weights.cross_ratio
        else zero,
        cross_margin=cross_feature_margin(photo, music, alpha=config.alpha, reduction=config.reduction)
        if weights.cross_margin
        else zero,
        similarity=similarity_error(network.similarity_predictor(photo, music), similarity.diagonal())
        if weights.similarity
        else zero,
        photo_ratio=single_feature_ratio(photo, photo_va, first, second, reduction=config.reduction)
        if weights.photo_ratio
        else zero,
        music_ratio=single_feature_ratio(music, music_va, first, second, reduction=config.reduction)
        if weights.music_ratio
        else zero,
        photo_va=va_error(predicted_photo_va, photo_va, weights=photo_weights),
        music_va=va_error(predicted_music_va + (zero if level_va is None else level_va), music_va),
    )


def schedule_factor(config: TrainConfig, *, step: int, n_steps: int) -> float:
    """Share of the peak learning rate at a step, n_steps to an epoch."""
    if config.schedule == "steps":
        return float(0.1 ** (step // n_steps // 10))
    total = config.epochs * n_steps
    warm = max(1, total // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))


def _mixed(values: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """Mix each row (n, ...) with another one; share (n,) is what stays its own."""
    own = share.reshape(-1, *[1] * (values.ndim - 1))
    return own * values + (1 - own) * values[other]


def _is_over(state: _State, config: TrainConfig) -> bool:
    return bool(config.patience) and state.epoch - 1 - state.best_epoch >= config.patience


def _label_weights(photos: PhotoSet) -> Tensor:
    """Weights (n, 2), 1 on average, by how sure each label is beside what a model leaves unexplained at best."""
    # Typical squared error of a good photo model on [0, 1]: far above most labels' own, so weights differ mildly.
    residual = 0.02
    weights = 1.0 / (residual + np.square(photos.se.astype(np.float64)))
    return torch.from_numpy((weights / weights.mean(axis=0)).astype(np.float32))


def _optimizer(config: TrainConfig, network: CdcmlNetwork) -> torch.optim.Optimizer:
    """Groups of parameters with their peak learning rate; the photo head has its own rate and decay."""
    photo = [p for p in network.photo_head.parameters() if p.requires_grad]
    inside = {id(p) for p in photo}
    rest = [p for p in network.parameters() if p.requires_grad and id(p) not in inside]
    groups: list[dict[str, Any]] = [
        {"params": photo, "weight_decay": config.photo_weight_decay, "peak": config.lr * config.photo_lr_factor},
        {"params": rest, "weight_decay": config.weight_decay, "peak": config.lr},
    ]
    if config.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=config.lr, momentum=0.9)
    return torch.optim.AdamW(groups, lr=config.lr)


@torch.no_grad()
def _average(averaged: nn.Module, network: nn.Module, *, decay: float) -> None:
    """Move the running mean towards the weights; counters and BatchNorm's own running means are taken over."""
    for mean, value in zip(averaged.parameters(), network.parameters(), strict=True):
        mean.lerp_(value, 1.0 - decay)
    for kept, now in zip(averaged.buffers(), network.buffers(), strict=True):
        kept.copy_(now)


def _save(state: _State, config: TrainConfig, run: Path, *, best: Mapping[str, Tensor] | None) -> None:
    write_tensors(
        run / CHECKPOINT,
        {
            "format": CHECKPOINT_FORMAT,
            "config": config_to_dict(config),
            "epoch": state.epoch,
            "network": state.network.state_dict(),
            "averaged": state.averaged.state_dict(),
            "best": dict(best) if best is not None else None,
            "optimizer": state.optimizer.state_dict(),
            "rng": state.rng.bit_generator.state,
            "generator": state.generator.get_state(),
            "torch_rng": torch.get_rng_state(),
            "best_loss": state.best_loss,
            "best_epoch": state.best_epoch,
            "history": [dict(figures) for figures in state.history],
        },
    )


def _resume(state: _State, config: TrainConfig, run: Path) -> dict[str, Tensor] | None:
    """Go on from a run's checkpoint, where there is one; returns the best weights so far."""
    path = run / CHECKPOINT
    if not path.exists():
        return None
    stored = read_tensors(path)
    if stored.get("format") != CHECKPOINT_FORMAT or stored.get("config") != config_to_dict(config):
        raise TrainerError(f"{path}: of a run with other settings; choose another folder or delete it")
    state.epoch = stored["epoch"]
    state.network.load_state_dict(stored["network"])
    state.averaged.load_state_dict(stored["averaged"])
    state.optimizer.load_state_dict(stored["optimizer"])
    state.rng.bit_generator.state = stored["rng"]
    state.generator.set_state(stored["generator"])
    torch.set_rng_state(stored["torch_rng"])
    state.best_loss, state.best_epoch = stored["best_loss"], stored["best_epoch"]
    state.history = list(stored["history"])
    best: dict[str, Tensor] | None = stored["best"]
    return best
