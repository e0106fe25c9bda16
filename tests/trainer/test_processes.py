"""Two processes under torchrun train as one does, write once, and share a batch out evenly or say that they cannot."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.trainer.event_reading import assert_events
from tests.trainer.shared_training import CONFIG, gradient_of_a_batch, without_norms
from tests.trainer.test_training import run_training
from trainer import processes
from trainer.errors import TrainerError
from trainer.losses import LossTerms
from trainer.training import CHECKPOINT, EVENTS, SCALARS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(300)
def test_two_processes_give_the_gradient_and_the_loss_curve_of_one(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    command += ["tests.trainer.shared_training", str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    # The gradient of one batch is exact: that of every item, and each counted once.
    gradient = torch.load(tmp_path / "gradient.pt", weights_only=True)
    expected = gradient_of_a_batch()
    assert float((gradient - expected).norm() / expected.norm()) < 1e-4
    shared = json.loads((tmp_path / "curve.json").read_text())
    alone = run_training(CONFIG).history
    for ours, one in zip(shared, alone, strict=True):
        # BatchNorm in the music net sees half a batch, eight items, and its dropout draws other masks: alike.
        assert ours["loss"] == pytest.approx(one["loss"], rel=0.15)
    # Without both the curves are one to rounding, in every term and epoch.
    exact = json.loads((tmp_path / "exact.json").read_text())
    for ours, one in zip(exact, run_training(CONFIG, build=without_norms).history, strict=True):
        for name in ("loss", *(field.name for field in dataclasses.fields(LossTerms))):
            assert ours[name] == pytest.approx(one[name], rel=1e-3, abs=1e-6), name
    assert (tmp_path / CHECKPOINT).exists()
    lines = (tmp_path / SCALARS).read_text().splitlines()
    assert [json.loads(line) for line in lines] == shared
    assert_events(tmp_path / EVENTS, shared)


def test_one_process_changes_nothing() -> None:
    embeddings = torch.randn(4, 3)
    assert processes.gathered(embeddings) is embeddings
    assert processes.own_share(7) == slice(0, 7)
    assert processes.is_first_process()


def test_a_batch_that_cannot_be_shared_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "n_processes", lambda: 2)
    with pytest.raises(TrainerError, match="batch of 15"):
        processes.own_share(15)
