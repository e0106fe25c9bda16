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
from trainer.backbones import MusicCnn
from trainer.batches import draw_batch, label_weights
from trainer.config import TrainConfig, config_to_dict
from trainer.data import PhotoSet, SongSet
from trainer.errors import Diverged, TrainerError
from trainer.event_file import EVENT_FILE, add_epoch, start_events
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
from trainer.networks import CdcmlNetwork
from trainer.pairs import mean_distance
from trainer.processes import average_buffers, average_gradients, gathered, is_first_process, own_share, wait_for_all
from trainer.readout_fitting import fit_readouts
from trainer.storing import Trained, read_tensors, write_scalars, write_tensors

CHECKPOINT: Final = "checkpoint.pt"
SCALARS: Final = "scalars.jsonl"
EVENTS: Final = "tensorboard"
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

    With a `run` folder a checkpoint and the epochs' figures (JSON lines, and for TensorBoard) are written after each
    epoch, and a run that was stopped goes on from there to the same result. `build` makes the network (`trainer.peers`
    has others). Raises Diverged at a loss that is not a number (the last checkpoint stays good), and TrainerError for a
    checkpoint of other settings or a disk that is full; `report` may raise Cancelled at any step.
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
        network.music_readout.standardise(torch.from_numpy(row_mean), torch.from_numpy(row_std))
    device = training_device(config)
    network.to(device)
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
        if is_first_process():
            start_events(run / EVENTS / EVENT_FILE, state.history)
    scale = (torch.from_numpy(row_mean)[None, :, None], torch.from_numpy(row_std)[None, :, None])
    photo_weights = label_weights(photos)
    if config.compile:
        compile_backbones(state.network)
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
            batch = draw_batch(
                config,
                state.network,
                photos=photos,
                songs=songs,
                photo_weights=photo_weights,
                scale=scale,
                rng=state.rng,
                generator=state.generator,
            ).to(device)
            terms = loss_terms(
                state.network,
                config,
                features=batch.features[own],
                windows=batch.windows[own],
                photo_va=batch.photo_va,
                music_va=batch.music_va,
                sigma=sigma,
                level_va=batch.level_va,
                photo_weights=batch.photo_weights,
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
            on_cpu(state.averaged), validation_photos, validation_songs, sigma=sigma, row_mean=row_mean, row_std=row_std
        )
        state.history.append(figures)
        on_epoch(figures)
        if figures["validation"] < state.best_loss:
            state.best_loss, state.best_epoch = figures["validation"], state.epoch
            best = copy.deepcopy(on_cpu(state.averaged).state_dict())
        state.epoch += 1
        if run is not None:
            if is_first_process():
                _save(state, config, run, best=best)
                write_scalars(run / SCALARS, state.history)
                add_epoch(run / EVENTS / EVENT_FILE, figures)
            wait_for_all()
    chosen = on_cpu(state.averaged)
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

    level_va (n, 2) is what the level of the whole windows adds to their VA: the network learns the rest. Of several
    processes each gives its own share of the features and windows, and all labels.
    """
    with torch.autocast(features.device.type, dtype=torch.bfloat16, enabled=config.precision == "mixed"):
        # Only here is there much to compute; distances of near items would not survive bfloat16's eight bits.
        own_photo, own_music = network.embed_photos(features), network.embed_music(windows)
    photo, music = gathered(own_photo.float()), gathered(own_music.float())  # (n, 512) each
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


def training_device(config: TrainConfig) -> torch.device:
    """Where to train. Raises TrainerError where the config wants a GPU and torch finds none."""
    if config.device == "cuda" and not torch.cuda.is_available():
        raise TrainerError("the settings ask for device cuda, but torch finds no such GPU here")
    return torch.device(config.device)


def compile_backbones(network: CdcmlNetwork, *, backend: str = "inductor") -> None:
    """Let torch compile the backbones in place, which keeps the names of their weights: the first steps then wait."""
    for backbone in (network.photo_backbone, network.music_backbone):
        backbone.compile(backend=backend)


def on_cpu(network: CdcmlNetwork) -> CdcmlNetwork:
    """The network itself where it is on the CPU already, else a copy there."""
    is_there = all(parameter.device.type == "cpu" for parameter in network.parameters())
    return network if is_there else copy.deepcopy(network).cpu()


def schedule_factor(config: TrainConfig, *, step: int, n_steps: int) -> float:
    """Share of the peak learning rate at a step, n_steps to an epoch."""
    if config.schedule == "steps":
        return float(0.1 ** (step // n_steps // 10))
    total = config.epochs * n_steps
    warm = max(1, total // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))


def _is_over(state: _State, config: TrainConfig) -> bool:
    return bool(config.patience) and state.epoch - 1 - state.best_epoch >= config.patience


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
            "cuda_rng": torch.cuda.get_rng_state() if config.device == "cuda" else None,
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
    try:
        stored = read_tensors(path)
        if stored.get("format") != CHECKPOINT_FORMAT or stored.get("config") != config_to_dict(config):
            raise TrainerError(f"{path}: of a run with other settings")
        return _restored(state, stored)
    except TrainerError as error:
        raise TrainerError(f"{error}; choose another folder or delete it") from error
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise TrainerError(f"{path}: of another version; choose another folder or delete it") from error


def _restored(state: _State, stored: Mapping[str, Any]) -> dict[str, Tensor] | None:
    """Put a checkpoint's content into the state; returns the best weights so far."""
    state.epoch = stored["epoch"]
    state.network.load_state_dict(stored["network"])
    state.averaged.load_state_dict(stored["averaged"])
    state.optimizer.load_state_dict(stored["optimizer"])
    state.rng.bit_generator.state = stored["rng"]
    state.generator.set_state(stored["generator"])
    torch.set_rng_state(stored["torch_rng"])
    if stored.get("cuda_rng") is not None:
        torch.cuda.set_rng_state(stored["cuda_rng"])
    state.best_loss, state.best_epoch = stored["best_loss"], stored["best_epoch"]
    state.history = list(stored["history"])
    best: dict[str, Tensor] | None = stored["best"]
    return best
