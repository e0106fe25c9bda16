"""Run by test_killed_training: a short training that tells each step, to be killed in the middle of one."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from engine.progress import Progress
from tests.trainer.test_training import QUICK, run_training


def tell(progress: Progress) -> None:
    """Say that a step begins."""
    if progress.stage == "train":
        print(int(progress.done), flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    run_training(QUICK, Path(sys.argv[1]), report=tell)
