"""Fitting readouts: they learn, take their share only then, and do so the same each time."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from tests.trainer.test_training import a_photo_set, a_song_set
from trainer.backbones import MusicCnn
from trainer.config import make_config
from trainer.heldout import embed_photo_set, embed_song_set
from trainer.networks import CdcmlNetwork
from trainer.readout_fitting import fit_readouts, theme_counts

CONFIG = make_config("default", overrides=["member_steps=60", "photo_members=2", "music_landmarks=60"])


def a_fitted_network(*, photo_readout: float = 1.0) -> tuple[CdcmlNetwork, np.ndarray, np.ndarray]:
    """An untrained network whose readouts are fitted and, for photos at least, have the whole say."""
    torch.manual_seed(0)
    config = dataclasses.replace(CONFIG, photo_readout=photo_readout, music_readout=1.0)
    photos, songs = a_photo_set(80, seed=0), a_song_set(40, seed=1)
    row_mean, row_std = songs.row_statistics()
    network = CdcmlNetwork.from_config(config, photo_width=8)
    network.photo_head.standardise(torch.from_numpy(photos.features).flatten(0, 1))
    assert isinstance(network.music_backbone, MusicCnn)
    assert network.music_readout is not None
    network.music_backbone.standardise(torch.from_numpy(row_std))
    network.music_readout.standardise(torch.from_numpy(row_mean), torch.from_numpy(row_std))
    assert float(network.photo_share) == float(network.music_share) == 0.0
    fit_readouts(network, config, photos=photos, songs=songs, row_mean=row_mean, row_std=row_std)
    return network, row_mean, row_std


def test_readouts_predict_photos_and_songs_they_were_not_fitted_to() -> None:
    network, row_mean, row_std = a_fitted_network()
    photos, songs = a_photo_set(40, seed=2), a_song_set(30, seed=3)
    photo_va = embed_photo_set(network, photos)[1]
    song_va = embed_song_set(network, songs, row_mean=row_mean, row_std=row_std)[1].reshape(30, -1, 2).mean(axis=1)
    for k in (0, 1):
        assert np.corrcoef(photo_va[:, k], photos.va[:, k])[0, 1] > 0.8
        assert np.corrcoef(song_va[:, k], songs.va[:, k])[0, 1] > 0.5
    assert not any(p.requires_grad for p in network.photo_readout.parameters())  # type: ignore[union-attr]


def test_fitting_twice_gives_the_same() -> None:
    photos = a_photo_set(10, seed=2)
    first, second = (embed_photo_set(a_fitted_network()[0], photos)[1] for _ in range(2))
    np.testing.assert_allclose(first, second, atol=1e-5)


def test_members_differ() -> None:
    network, _, _ = a_fitted_network()
    features = torch.from_numpy(a_photo_set(10, seed=2).features[:, 0])
    assert network.photo_readout is not None
    first, second = (member(features) for member in network.photo_readout.members)
    assert (first - second).abs().max() > 1e-3


def test_photos_of_a_large_theme_count_less() -> None:
    counts = theme_counts(["beach"] * 4 + ["dog"])
    assert torch.allclose(counts.mean(), torch.tensor(1.0))
    assert torch.allclose(counts[4] / counts[0], torch.tensor(2.0))
