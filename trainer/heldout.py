"""What a network in training says about photos and songs it was not trained on: embeddings, VA, and their figures."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import torch

from engine.emotion import FloatArray
from trainer.data import PhotoSet, SongSet, even_windows
from trainer.losses import squared_distance
from trainer.metrics import pearson_r, spearman
from trainer.networks import CdcmlNetwork
from trainer.pairs import similarity_labels

VALIDATION_WINDOWS: Final = 3
"""Evenly spaced windows of each validation song."""

BATCH: Final = 64


@torch.no_grad()
def validate(
    network: CdcmlNetwork,
    photos: PhotoSet,
    songs: SongSet,
    *,
    sigma: float,
    row_mean: FloatArray,
    row_std: FloatArray,
) -> dict[str, float]:
    """Figures on held-out photos and songs; `validation` is their loss: both VA errors and the similarity's.

    Also r of valence and arousal, and Spearman's correlation of embedding distance with similarity, which must be
    negative: near in the shared space means alike in emotion.
    """
    network.eval()
    photo, photo_va = embed_photo_set(network, photos)
    music, music_va = embed_song_set(network, songs, row_mean=row_mean, row_std=row_std)
    n_songs = len(songs.va)
    song_va = music_va.reshape(n_songs, -1, 2).mean(axis=1)
    centre = music.reshape(n_songs, -1, music.shape[1])[:, VALIDATION_WINDOWS // 2]
    truth = similarity_labels(photos.va, songs.va, sigma=sigma)
    predicted = similarity_matrix(network, photo, centre)
    distance = squared_distance(torch.from_numpy(photo)[:, None], torch.from_numpy(centre)[None]).numpy()
    figures = {
        "photo_mse": float(np.square(photo_va - photos.va).sum(axis=1).mean()),
        "music_mse": float(np.square(song_va - songs.va).sum(axis=1).mean()),
        "similarity_mse": float(np.square(predicted - truth).mean()),
        "constant_mse": float(truth.var()),
        "spearman_distance": spearman(distance.ravel(), truth.ravel()),
    }
    for k, name in enumerate(("valence", "arousal")):
        figures[f"photo_r_{name}"] = pearson_r(photo_va[:, k], photos.va[:, k])
        figures[f"music_r_{name}"] = pearson_r(song_va[:, k], songs.va[:, k])
    # A correlation of something constant is not a number, which JSON cannot hold.
    figures = {name: value if math.isfinite(value) else 0.0 for name, value in figures.items()}
    figures["validation"] = figures["photo_mse"] + figures["music_mse"] + figures["similarity_mse"]
    return figures


@torch.no_grad()
def embed_photo_set(network: CdcmlNetwork, photos: PhotoSet) -> tuple[FloatArray, FloatArray]:
    """Served embeddings (n, 512) and VA (n, 2) of the whole pictures, as the app sees them."""
    embeddings, va = [], []
    for start in range(0, len(photos.va), BATCH):
        features = network.photo_backbone(torch.from_numpy(photos.features[start : start + BATCH, 0]).float())
        served = network.serve_photos(features)
        embeddings.append(served[0])
        va.append(served[1])
    return torch.cat(embeddings).numpy(), torch.cat(va).numpy()


@torch.no_grad()
def embed_song_set(
    network: CdcmlNetwork,
    songs: SongSet,
    *,
    row_mean: FloatArray,
    row_std: FloatArray,
    n_windows: int = VALIDATION_WINDOWS,
) -> tuple[FloatArray, FloatArray]:
    """Served embeddings (n_songs * n_windows, 512) and VA (..., 2) of evenly spaced windows, song by song."""
    embedding, va, _ = embed_song_set_with_level(
        network, songs, row_mean=row_mean, row_std=row_std, n_windows=n_windows
    )
    return embedding, va


@torch.no_grad()
def embed_song_set_with_level(
    network: CdcmlNetwork, songs: SongSet, *, row_mean: FloatArray, row_std: FloatArray, n_windows: int
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """As `embed_song_set`, and what the level adds to the VA of each window, (n_songs * n_windows, 2)."""
    mean, std = torch.from_numpy(row_mean)[:, None], torch.from_numpy(row_std)[:, None]
    embeddings, va, level_va = [], [], []
    for start in range(0, len(songs.va), BATCH):
        rows = np.arange(start, min(start + BATCH, len(songs.va)))
        windows = (even_windows(songs.take(rows), n_windows=n_windows).flatten(0, 1) - mean) / std
        served = network.serve_music(network.music_features(windows))
        embeddings.append(served[0])
        va.append(served[1])
        level_va.append(network.level_va(windows))
    return torch.cat(embeddings).numpy(), torch.cat(va).numpy(), torch.cat(level_va).numpy()


@torch.no_grad()
def similarity_matrix(network: CdcmlNetwork, photo: FloatArray, music: FloatArray) -> FloatArray:
    """Predicted similarity of all pairs of served embeddings (n, 512) and (m, 512), shape (n, m)."""
    photos = torch.from_numpy(photo)
    columns = [network.similarity(photos, torch.from_numpy(row).expand(len(photo), -1)) for row in music]
    return torch.stack(columns, dim=1).numpy()
