"""The loop: it learns, resumes to the same result, stops early, and tells of divergence and of bad checkpoints."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.errors import Cancelled
from engine.features import N_FRAMES, N_ROWS
from engine.progress import Progress
from tests.trainer.event_reading import assert_events
from trainer.config import TrainConfig, make_config
from trainer.corpora import PhotoRecord, SongRecord
from trainer.data import PhotoSet, SongSet
from trainer.errors import Diverged, TrainerError
from trainer.heldout import embed_song_set, similarity_matrix, validate
from trainer.losses import total_loss
from trainer.networks import CdcmlNetwork
from trainer.storing import Trained, load_trained, read_tensors, save_trained, write_tensors
from trainer.training import CHECKPOINT, EVENTS, SCALARS, loss_terms, schedule_factor, train

FEW = ["member_steps=5", "music_landmarks=40"]
QUICK = make_config("quick", overrides=["epochs=3", "batch=16", "predictor_hidden=[32, 16]", "n_partners=4", *FEW])


def a_photo_set(n: int, *, seed: int) -> PhotoSet:
    """Photos whose 8 features are a linear image of their emotion, with noise."""
    rng = np.random.default_rng(seed)
    va = rng.uniform(0.1, 0.9, (n, 2)).astype(np.float32)
    mix = np.random.default_rng(7).standard_normal((2, 8))
    features = (va - 0.5) @ mix + 0.05 * rng.standard_normal((2, n, 8))
    records = tuple(PhotoRecord(Path(f"{i}.jpg"), f"theme {i}", *va[i].tolist()) for i in range(n))
    return PhotoSet(records, features.transpose(1, 0, 2).astype(np.float32), va, np.full_like(va, 0.02))


def a_song_set(n: int, *, seed: int) -> SongSet:
    """Songs whose rows lie higher the more pleasant, and move more the more energetic they are."""
    rng = np.random.default_rng(seed)
    va = rng.uniform(0.1, 0.9, (n, 2)).astype(np.float32)
    frames = tuple(
        (20 * (v - 0.5) + 20 * a * rng.standard_normal((N_FRAMES + 20, N_ROWS))).astype(np.float16) for v, a in va
    )
    return SongSet(tuple(SongRecord(Path(f"{i}.ogg"), str(i), *va[i].tolist()) for i in range(n)), frames, va)


def run_training(config: TrainConfig, run: Path | None = None, **options: Any) -> Trained:
    """Train on the sets above; options replace what `train` is given."""
    given: dict[str, Any] = {
        "photos": a_photo_set(64, seed=0),
        "songs": a_song_set(32, seed=1),
        "validation_photos": a_photo_set(20, seed=2),
        "validation_songs": a_song_set(20, seed=3),
    }
    return train(config, run=run, **{**given, **options})


def test_training_learns_both_moods_and_a_shared_space() -> None:
    config = dataclasses.replace(QUICK, epochs=60, lr=5e-3, predictor_dropout=0.1, photo_dropout=0.1, mask_rows=0)
    trained = run_training(config)
    first, last = trained.history[0], trained.history[-1]
    assert last["loss"] < 0.5 * first["loss"]
    assert last["photo_r_valence"] > 0.8
    assert last["music_r_valence"] > 0.8
    assert last["similarity_mse"] < last["constant_mse"]
    # Near in the shared space means alike in emotion; Eq. 2 as printed would turn this round.
    assert last["spearman_distance"] < -0.4


def test_four_pairs_are_learnt_by_heart() -> None:
    torch.manual_seed(0)
    config = dataclasses.replace(QUICK, photo_dropout=0.0, music_dropout=0.0, predictor_dropout=0.0)
    network = CdcmlNetwork.from_config(config, photo_width=8).train()
    generator = torch.Generator().manual_seed(0)
    batch = {
        "features": torch.randn(4, 8, generator=generator),
        "windows": torch.randn(4, N_ROWS, N_FRAMES, generator=generator),
        "photo_va": torch.rand(4, 2, generator=generator),
        "music_va": torch.rand(4, 2, generator=generator),
    }
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(400):
        terms = loss_terms(network, config, **batch, sigma=0.3, generator=generator)
        optimizer.zero_grad()
        torch.autograd.backward(total_loss(terms, config.loss))
        optimizer.step()
    values = terms.values()
    assert max(values["similarity"], values["photo_va"], values["music_va"]) < 2e-3, values
    assert max(values["cross_ratio"], values["photo_ratio"], values["music_ratio"]) < 0.1, values


@pytest.mark.parametrize(("ema", "at_step", "epochs_left"), [(0.0, 3, [2, 3]), (0.95, 3, [2, 3]), (0.95, 4, [3])])
def test_a_stopped_run_resumes_to_the_same_result(
    tmp_path: Path, ema: float, at_step: int, epochs_left: list[int]
) -> None:
    """Three epochs of two steps, stopped within the second one or right after it."""
    config = dataclasses.replace(QUICK, ema=ema)
    whole = run_training(config, tmp_path / "whole")

    def stop(progress: Progress) -> None:
        if progress.stage == "train" and progress.done == at_step:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_training(config, tmp_path / "stopped", report=stop)
    assert (tmp_path / "stopped" / CHECKPOINT).exists()
    seen: list[float] = []
    resumed = run_training(config, tmp_path / "stopped", on_epoch=lambda figures: seen.append(figures["epoch"]))
    assert seen == epochs_left
    lines = (tmp_path / "stopped" / SCALARS).read_text().splitlines()
    assert [json.loads(line) for line in lines] == [dict(figures) for figures in resumed.history]
    assert_events(tmp_path / "stopped" / EVENTS, resumed.history)
    # Not to the bit: a matrix product's last digits depend on where in memory its operands lie.
    for ours, theirs in zip(resumed.history, whole.history, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-2, abs=2e-3)
    for mine, other in zip(resumed.network.parameters(), whole.network.parameters(), strict=True):
        assert torch.allclose(mine, other, atol=1e-4)
    again = run_training(config, tmp_path / "whole", on_epoch=lambda figures: pytest.fail("a finished run ran again"))
    assert again.history == whole.history


def test_a_run_with_other_settings_is_not_resumed(tmp_path: Path) -> None:
    run_training(dataclasses.replace(QUICK, epochs=1), tmp_path)
    with pytest.raises(TrainerError, match="other settings"):
        run_training(dataclasses.replace(QUICK, epochs=1, lr=0.5), tmp_path)
    (tmp_path / CHECKPOINT).write_bytes(b"half a checkpoint")
    with pytest.raises(TrainerError, match=r"cannot be read.*; choose another folder or delete it"):
        run_training(QUICK, tmp_path)


def test_a_checkpoint_of_another_version_is_a_sentence(tmp_path: Path) -> None:
    config = dataclasses.replace(QUICK, epochs=1)
    run_training(config, tmp_path)
    stored = read_tensors(tmp_path / CHECKPOINT)
    without_weights = {name: {} if name == "network" else value for name, value in stored.items()}
    without_key = {name: value for name, value in stored.items() if name != "rng"}
    for other in (without_weights, without_key):
        write_tensors(tmp_path / CHECKPOINT, other)
        with pytest.raises(TrainerError, match="of another version; choose another folder or delete it"):
            run_training(config, tmp_path)


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_checkpoint(tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_training(QUICK, tmp_path, report=stop)
    whole = (tmp_path / CHECKPOINT).read_bytes()
    photos = a_photo_set(64, seed=0)
    photos.features[:, :, 0] = np.nan
    with pytest.raises(Diverged, match="nan in epoch 2"):
        run_training(QUICK, tmp_path, photos=photos)
    assert (tmp_path / CHECKPOINT).read_bytes() == whole


def test_a_full_disk_during_a_checkpoint_is_a_sentence_and_the_last_one_stays_whole(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="a limit on file sizes stands for the full disk")

    def stop(progress: Progress) -> None:
        if progress.done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_training(QUICK, tmp_path, report=stop)
    whole = (tmp_path / CHECKPOINT).read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) // 2, limits[1]))
    try:
        with pytest.raises(TrainerError, match=rf"{CHECKPOINT}: cannot be written"):
            run_training(QUICK, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / CHECKPOINT).read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([CHECKPOINT, SCALARS, EVENTS]), (
        "no half file is left"
    )
    assert len(run_training(QUICK, tmp_path).history) == QUICK.epochs


def test_a_half_written_checkpoint_of_a_killed_run_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / f".{CHECKPOINT}.part").write_bytes(b"PK half")
    assert len(run_training(dataclasses.replace(QUICK, epochs=1), tmp_path).history) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([CHECKPOINT, SCALARS, EVENTS])


def test_patience_stops_and_keeps_the_best_epoch() -> None:
    figures: list[Mapping[str, float]] = []
    config = dataclasses.replace(QUICK, epochs=40, patience=3, lr=0.3, schedule="steps")
    config = dataclasses.replace(config, photo_readout=0.0, music_readout=0.0)  # fitted after all epochs
    trained = run_training(config, on_epoch=figures.append)
    best = min(range(len(figures)), key=lambda i: figures[i]["validation"])
    assert len(figures) == best + 1 + config.patience < config.epochs
    again = validate(
        trained.network,
        a_photo_set(20, seed=2),
        a_song_set(20, seed=3),
        sigma=trained.sigma,
        row_mean=trained.row_mean,
        row_std=trained.row_std,
    )
    assert again["validation"] == pytest.approx(figures[best]["validation"], rel=1e-5)


def test_trained_network_is_kept_in_a_file(tmp_path: Path) -> None:
    trained = run_training(dataclasses.replace(QUICK, epochs=1))
    save_trained(tmp_path / "trained.pt", trained)
    loaded = load_trained(tmp_path / "trained.pt")
    assert loaded.config == trained.config
    assert (loaded.sigma, loaded.history) == (trained.sigma, trained.history)
    songs = a_song_set(5, seed=9)
    options = {"row_mean": trained.row_mean, "row_std": trained.row_std}
    for ours, theirs in zip(
        embed_song_set(loaded.network, songs, **options), embed_song_set(trained.network, songs, **options), strict=True
    ):
        assert np.array_equal(ours, theirs)
    torch.save({"other": 1}, tmp_path / "other.pt")
    with pytest.raises(TrainerError, match="not a trained network"):
        load_trained(tmp_path / "other.pt")


def test_schedules() -> None:
    one_cycle = [schedule_factor(dataclasses.replace(QUICK, epochs=10), step=i, n_steps=10) for i in range(100)]
    assert one_cycle[0] == pytest.approx(0.1)
    assert max(one_cycle) == pytest.approx(1.0)
    assert one_cycle[-1] < 0.01
    steps = [schedule_factor(make_config("paper"), step=epoch * 7, n_steps=7) for epoch in (0, 9, 10, 19, 20)]
    assert steps == pytest.approx([1, 1, 0.1, 0.1, 0.01])


def test_similarity_matrix_is_pair_by_pair() -> None:
    network = CdcmlNetwork.from_config(QUICK, photo_width=8).eval()
    rng = np.random.default_rng(0)
    photo, music = (rng.standard_normal((n, 512)).astype(np.float32) for n in (3, 2))
    matrix = similarity_matrix(network, photo, music)
    for i in range(3):
        for j in range(2):
            with torch.no_grad():
                one = network.similarity(torch.from_numpy(photo[i : i + 1]), torch.from_numpy(music[j : j + 1]))
            assert matrix[i, j] == pytest.approx(float(one), abs=1e-6)
