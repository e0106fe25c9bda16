"""Fits a trained network's readouts (trainer/readouts.py) to the photos and songs that it was trained on."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from engine.emotion import FloatArray
from trainer.config import TrainConfig
from trainer.data import PhotoSet, SongSet, even_windows
from trainer.networks import CdcmlNetwork, Head

SONG_WINDOWS: Final = 5
"""Evenly spaced windows of each song: a 10 s excerpt has five."""

SONG_BATCH: Final = 64

MEMBER_BATCH: Final = 128
MEMBER_LR: Final = 2e-3
MEMBER_DECAY: Final = 0.02
MEMBER_EMA: Final = 0.99


def fit_readouts(
    network: CdcmlNetwork,
    config: TrainConfig,
    *,
    photos: PhotoSet,
    songs: SongSet,
    row_mean: FloatArray,
    row_std: FloatArray,
) -> None:
    """Fit the readouts a network has, and give them their share in its VA from now on."""
    network.eval()
    if network.photo_readout is not None and photos.features.ndim == 3:
        features, va = torch.from_numpy(photos.features).float(), torch.from_numpy(photos.va)
        n, n_views = features.shape[:2]
        counts = theme_counts(photos.groups)
        network.photo_readout.kernel.fit(
            features.flatten(0, 1),
            va.repeat_interleave(n_views, dim=0),
            penalty=config.photo_penalty,
            landmarks=range(0, n * n_views, n_views),
            seed=config.seed,
            counts=counts.repeat_interleave(n_views),
        )
        for module in network.photo_readout.members.modules():
            if isinstance(module, Head):
                module.standardise(features.flatten(0, 1))
        _fit_members(network.photo_readout.members, features, va, counts, steps=config.member_steps, seed=config.seed)
        network.photo_share.fill_(config.photo_readout)
    if network.music_readout is not None:
        described = _described(network, songs, row_mean=row_mean, row_std=row_std)
        level_va = network.music_readout.level_va(described[:, -1])
        network.music_readout.kernel.fit(
            described[:, :-1],
            torch.from_numpy(songs.va).repeat_interleave(SONG_WINDOWS, dim=0) - level_va,
            penalty=config.music_penalty,
            landmarks=range(len(described)),
            seed=config.seed,
        )
        network.music_share.fill_(config.music_readout)


@torch.no_grad()
def _described(network: CdcmlNetwork, songs: SongSet, *, row_mean: FloatArray, row_std: FloatArray) -> Tensor:
    """Statistics (n_songs * SONG_WINDOWS, S + 1) of windows of each song, song by song."""
    assert network.music_readout is not None
    mean, std = torch.from_numpy(row_mean)[:, None], torch.from_numpy(row_std)[:, None]
    parts = []
    for start in range(0, len(songs.va), SONG_BATCH):
        rows = np.arange(start, min(start + SONG_BATCH, len(songs.va)))
        windows = even_windows(songs.take(rows), n_windows=SONG_WINDOWS).flatten(0, 1)
        parts.append(network.music_readout.describe((windows - mean) / std))
    return torch.cat(parts)


def theme_counts(groups: Sequence[str]) -> Tensor:
    """How often the photos of each group count (n,), 1 on average: ten of one theme tell less than ten of ten."""
    _, theme, n_of_theme = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    counts = n_of_theme[theme] ** -0.5
    return torch.from_numpy(counts / counts.mean()).float()


def _fit_members(
    members: nn.ModuleList, features: Tensor, va: Tensor, counts: Tensor, *, steps: int, seed: int
) -> None:
    """Train each member on features (n, n_views, F) and labels (n, 2), each in another order; keeps its running mean.

    `counts` (n,) is how often each photo is drawn. Two photos and their labels are mixed into one, as for the network
    itself.
    """
    for number, member in enumerate(members):
        generator = torch.Generator().manual_seed(seed * 1000 + number)
        torch.manual_seed(seed * 1000 + number)
        learner = copy.deepcopy(member).requires_grad_(True).train()
        optimizer = torch.optim.AdamW(learner.parameters(), lr=MEMBER_LR, weight_decay=MEMBER_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, MEMBER_LR, total_steps=steps, pct_start=0.1, cycle_momentum=False
        )
        shares = torch.distributions.Beta(1.0, 1.0)
        member.load_state_dict(learner.state_dict())
        for step in range(steps):
            rows = torch.multinomial(counts, MEMBER_BATCH, replacement=True, generator=generator)
            views = torch.randint(features.shape[1], (MEMBER_BATCH,), generator=generator)
            other = torch.randperm(MEMBER_BATCH, generator=generator)
            share = shares.sample((MEMBER_BATCH, 1))
            x, y = features[rows, views], va[rows]
            x, y = share * x + (1 - share) * x[other], share * y + (1 - share) * y[other]
            loss = (learner(x) - y).square().sum(dim=1).mean()
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
            with torch.no_grad():
                decay = min(MEMBER_EMA, (1 + step) / (10 + step))
                for mean, value in zip(member.parameters(), learner.parameters(), strict=True):
                    mean.lerp_(value, 1 - decay)
                for kept, now in zip(member.buffers(), learner.buffers(), strict=True):
                    kept.copy_(now)
        member.requires_grad_(False).eval()
