"""Run by torchrun in test_processes: a gradient and a short training by the processes there are, written to files."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path

import torch

from engine.features import N_FRAMES, N_ROWS
from tests.trainer.test_training import QUICK, run_training
from trainer.backbones import MusicCnn
from trainer.config import LossWeights, TrainConfig
from trainer.losses import total_loss
from trainer.networks import CdcmlNetwork
from trainer.processes import average_gradients, is_first_process, joined_processes, own_share
from trainer.training import loss_terms

CONFIG = dataclasses.replace(
    QUICK,
    epochs=3,
    photo_affect=False,
    photo_dropout=0.0,
    music_dropout=0.0,
    predictor_dropout=0.0,
    photo_readout=0.0,
    music_readout=0.0,
)


def gradient_of_a_batch() -> torch.Tensor:
    """Gradient of Eq. 8 of a fixed batch of 16 pairs, all parameters in a row; backbones as in evaluation, so that
    BatchNorm does not see how the batch is shared out.
    """
    torch.manual_seed(0)
    network = CdcmlNetwork.from_config(CONFIG, photo_width=8).train()
    network.music_backbone.eval()
    generator = torch.Generator().manual_seed(1)
    own = own_share(16)
    weights = LossWeights()
    terms = loss_terms(
        network,
        dataclasses.replace(CONFIG, loss=weights),
        features=torch.randn(16, 8, generator=generator)[own],
        windows=torch.randn(16, N_ROWS, N_FRAMES, generator=generator)[own],
        photo_va=torch.rand(16, 2, generator=generator),
        music_va=torch.rand(16, 2, generator=generator),
        sigma=0.3,
        generator=generator,
    )
    torch.autograd.backward(total_loss(terms, weights))
    average_gradients(network)
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


def without_norms(config: TrainConfig, *, photo_width: int) -> CdcmlNetwork:
    """A network whose music net has no BatchNorm and no dropout, which see how a batch is shared out."""
    network = CdcmlNetwork.from_config(config, photo_width=photo_width)
    assert isinstance(network.music_backbone, MusicCnn)
    for block in network.music_backbone.blocks:
        assert isinstance(block, torch.nn.Sequential)
        block[1] = torch.nn.Identity()
    network.music_backbone.shrink[1] = torch.nn.Identity()
    return network


if __name__ == "__main__":
    torch.set_num_threads(1)
    with joined_processes():
        gradient = gradient_of_a_batch()
        trained = run_training(CONFIG, Path(sys.argv[1]))
        exact = run_training(CONFIG, build=without_norms)
        if is_first_process():
            Path(sys.argv[1], "exact.json").write_text(json.dumps([dict(figures) for figures in exact.history]))
            torch.save(gradient, Path(sys.argv[1], "gradient.pt"))
            Path(sys.argv[1], "curve.json").write_text(json.dumps([dict(figures) for figures in trained.history]))
