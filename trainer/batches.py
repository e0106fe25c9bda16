"""What one training step sees: pairs of photos and music drawn evenly, with all that is done to them at random."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from trainer.config import TrainConfig
from trainer.data import PhotoSet, SongSet, apply_gain, mask_windows, random_windows
from trainer.networks import CdcmlNetwork
from trainer.pairs import balanced_partners


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """n pairs: features (n, F) or images, standardised windows (n, 193, 87), and labels (n, 2) of both.

    level_va (n, 2) is what the level of the whole windows adds; photo_weights (n, 2) is how sure photos' labels are.
    """

    features: Tensor
    windows: Tensor
    photo_va: Tensor
    music_va: Tensor
    level_va: Tensor
    photo_weights: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on a device."""
        return Batch(*(getattr(self, field.name).to(device, non_blocking=True) for field in fields(self)))


def draw_batch(
    config: TrainConfig,
    network: CdcmlNetwork,
    *,
    photos: PhotoSet,
    songs: SongSet,
    photo_weights: Tensor,
    scale: tuple[Tensor, Tensor],
    rng: np.random.Generator,
    generator: torch.Generator,
) -> Batch:
    """Draw config.batch pairs. `scale` is the rows' mean and deviation, (1, 193, 1) each; everything on the CPU."""
    pairs = balanced_partners(photos.va, songs.va, rng, n_pairs=config.batch, near_share=config.near_share)
    views = rng.integers(photos.features.shape[1], size=config.batch)
    features = torch.from_numpy(photos.features[pairs[:, 0], views]).float()  # (n, F), or images
    windows = random_windows(songs, pairs[:, 1], rng)  # (n, 193, 87)
    gain_db = (2 * torch.rand(len(windows), generator=generator) - 1) * config.max_gain_db
    louder = apply_gain(windows, gain_db) if config.max_gain_db else windows
    windows = louder.sub_(scale[0]).div_(scale[1])
    level_va = network.level_va(windows.to(network.photo_share.device)).cpu()
    windows = mask_windows(windows, generator=generator, rows=config.mask_rows, frames=config.mask_frames)
    photo_va, music_va = torch.from_numpy(photos.va[pairs[:, 0]]), torch.from_numpy(songs.va[pairs[:, 1]])
    weights = photo_weights[pairs[:, 0]]
    if config.photo_mix:
        share = torch.from_numpy(rng.beta(config.photo_mix, config.photo_mix, config.batch)).float()
        other = torch.from_numpy(rng.permutation(config.batch))
        features, photo_va, weights = (_mixed(x, other, share) for x in (features, photo_va, weights))
    return Batch(features, windows, photo_va, music_va, level_va, weights)


def label_weights(photos: PhotoSet) -> Tensor:
    """Weights (n, 2), 1 on average, by how sure each label is beside what a model leaves unexplained at best."""
    # Typical squared error of a good photo model on [0, 1]: far above most labels' own, so weights differ mildly.
    residual = 0.02
    weights = 1.0 / (residual + np.square(photos.se.astype(np.float64)))
    return torch.from_numpy((weights / weights.mean(axis=0)).astype(np.float32))


def _mixed(values: Tensor, other: Tensor, share: Tensor) -> Tensor:
    """Mix each row (n, ...) with another one; share (n,) is what stays its own."""
    own = share.reshape(-1, *[1] * (values.ndim - 1))
    return own * values + (1 - own) * values[other]
