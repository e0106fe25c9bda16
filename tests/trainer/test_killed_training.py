"""A training that is killed outright, in the middle of a step, goes on to the result it would have had."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.trainer.event_reading import assert_events
from tests.trainer.test_training import QUICK, run_training
from trainer.training import CHECKPOINT, EVENTS

ROOT = Path(__file__).resolve().parents[2]
KILLED_AT = 3
"""Two steps make an epoch: within the second one."""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills in another way")
def test_killed_at_a_step_it_goes_on_to_the_same_result(tmp_path: Path) -> None:
    whole = run_training(QUICK, tmp_path / "whole")
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.trainer.killable_training", str(tmp_path / "killed")],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    with running.stdout as steps:
        for step in steps:
            if int(step) == KILLED_AT:
                running.kill()
                break
    assert running.wait(timeout=60) < 0
    assert (tmp_path / "killed" / CHECKPOINT).exists()
    epochs: list[float] = []
    resumed = run_training(QUICK, tmp_path / "killed", on_epoch=lambda figures: epochs.append(figures["epoch"]))
    assert epochs == [2, 3]
    assert_events(tmp_path / "killed" / EVENTS, resumed.history)
    for ours, theirs in zip(resumed.history, whole.history, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-2, abs=2e-3)
    for mine, other in zip(resumed.network.parameters(), whole.network.parameters(), strict=True):
        assert torch.allclose(mine, other, atol=1e-4)
