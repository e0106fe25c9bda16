"""Batches: what is drawn belongs together, the same seeds draw the same, and steps in half precision and compiled."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.trainer.test_training import QUICK, a_photo_set, a_song_set, run_training
from trainer import training
from trainer.batches import Batch, draw_batch, label_weights
from trainer.config import TrainConfig
from trainer.data import PhotoSet
from trainer.errors import TrainerError
from trainer.networks import CdcmlNetwork

PLAIN = dataclasses.replace(QUICK, photo_mix=0.0, max_gain_db=0.0, mask_rows=0, mask_frames=0)


def drawn(config: TrainConfig, *, seed: int = 0) -> tuple[Batch, PhotoSet]:
    photos, songs = a_photo_set(40, seed=0), a_song_set(20, seed=1)
    network = CdcmlNetwork.from_config(config, photo_width=8)
    mean, std = songs.row_statistics()
    batch = draw_batch(
        config,
        network,
        photos=photos,
        songs=songs,
        photo_weights=label_weights(photos),
        scale=(torch.from_numpy(mean)[None, :, None], torch.from_numpy(std)[None, :, None]),
        rng=np.random.default_rng(seed),
        generator=torch.Generator().manual_seed(seed),
    )
    return batch, photos


def test_rows_of_a_batch_belong_together() -> None:
    batch, photos = drawn(PLAIN)
    assert batch.features.shape == (16, 8)
    assert batch.windows.shape == (16, 193, 87)
    for features, va in zip(batch.features, batch.photo_va, strict=True):
        views = torch.from_numpy(photos.features)
        row = int((views - features).abs().sum(dim=2).min(dim=1).values.argmin())
        assert torch.equal(torch.from_numpy(photos.va[row]), va)
    # The higher the rows of these songs, the more pleasant they are.
    level = batch.windows.mean(dim=(1, 2))
    assert torch.corrcoef(torch.stack([level, batch.music_va[:, 0]]))[0, 1] > 0.9


def test_the_same_seeds_draw_the_same() -> None:
    first, second, other = drawn(QUICK)[0], drawn(QUICK)[0], drawn(QUICK, seed=1)[0]
    for field in dataclasses.fields(Batch):
        mine = getattr(first, field.name)
        assert torch.equal(mine, getattr(second, field.name))
        assert (
            not field.name.endswith("va")
            or field.name == "level_va"
            or not torch.equal(mine, getattr(other, field.name))
        )


@pytest.mark.filterwarnings("ignore")
def test_steps_in_half_precision_learn_nearly_the_same() -> None:
    config = dataclasses.replace(PLAIN, epochs=2, photo_dropout=0.0, music_dropout=0.0, predictor_dropout=0.0)
    full = run_training(config).history
    mixed = run_training(dataclasses.replace(config, precision="mixed")).history
    for ours, theirs in zip(mixed, full, strict=True):
        assert ours["loss"] == pytest.approx(theirs["loss"], rel=0.05)
        assert ours["loss"] != theirs["loss"]


def test_compiled_backbones_keep_the_names_of_their_weights() -> None:
    network = CdcmlNetwork.from_config(PLAIN, photo_width=8)
    names = list(network.state_dict())
    windows = torch.randn(4, 193, 87)
    network.eval()
    expected = network.embed_music(windows)
    training.compile_backbones(network, backend="eager")
    assert list(network.state_dict()) == names
    torch.testing.assert_close(network.embed_music(windows), expected)


def test_a_gpu_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(TrainerError, match="no such GPU"):
        run_training(dataclasses.replace(QUICK, device="cuda"))
