"""The event files of a run: each figure of each epoch once, whatever was there before, and faults in a sentence."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.trainer.event_reading import assert_events, read_events
from tests.trainer.test_training import QUICK, run_training
from trainer.errors import TrainerError
from trainer.event_file import EVENT_FILE, add_epoch, start_events
from trainer.training import CHECKPOINT, EVENTS

EPOCHS = [
    {"epoch": epoch, "loss": 1 / epoch, "photo_va": 0.5, "validation": 0.25, "photo_r_valence": -0.125}
    for epoch in (1, 2, 3)
]


def test_figures_come_in_two_groups(tmp_path: Path) -> None:
    path = tmp_path / "run" / EVENT_FILE
    start_events(path, [])
    add_epoch(path, EPOCHS[1])
    figures = {"train/loss": 0.5, "train/photo_va": 0.5, "validation/loss": 0.25, "validation/photo_r_valence": -0.125}
    assert read_events(path.parent) == {2: figures}


def test_what_an_earlier_process_wrote_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / EVENT_FILE
    start_events(path, EPOCHS)  # one epoch more than the checkpoint has, and half of another
    path.write_bytes(path.read_bytes() + b"half a record")
    with path.open("rb") as opened_before:
        start_events(path, EPOCHS[:2])
        assert_events(tmp_path, EPOCHS[:2])
        add_epoch(path, EPOCHS[2])
        assert opened_before.read() == path.read_bytes(), "a TensorBoard that is open goes on"
    assert_events(tmp_path, EPOCHS)


def test_a_training_tells_all_its_figures_once(tmp_path: Path) -> None:
    whole = run_training(QUICK, tmp_path)
    assert len(whole.history) == 3
    assert_events(tmp_path / EVENTS, whole.history)
    assert run_training(QUICK, tmp_path).history == whole.history  # a finished run, asked for again
    assert_events(tmp_path / EVENTS, whole.history)
    (tmp_path / CHECKPOINT).unlink()
    other = run_training(dataclasses.replace(QUICK, epochs=1), tmp_path)
    assert_events(tmp_path / EVENTS, other.history)


def test_a_folder_that_cannot_be_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / EVENTS).touch()
    with pytest.raises(TrainerError, match="tensorboard: not a folder; name another one"):
        run_training(QUICK, tmp_path)


def test_a_full_disk_is_a_sentence_and_the_epochs_come_with_the_next_run(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="a limit on file sizes stands for the full disk")
    path = tmp_path / EVENT_FILE
    start_events(path, EPOCHS[:1])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, limits[1]))
    try:
        with pytest.raises(TrainerError, match=r"events\S+: cannot be written \(File too large\)"):
            add_epoch(path, EPOCHS[1])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    start_events(path, EPOCHS[:2])
    assert_events(tmp_path, EPOCHS[:2])
