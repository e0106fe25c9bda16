"""The rivals are what the paper says: two VA models, a log spectrogram, a frozen photo extractor."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from engine.features import MEL, N_FRAMES, N_ROWS
from tests.trainer.test_training import QUICK, a_photo_set, a_song_set, run_training
from trainer.config import LossWeights, make_config
from trainer.losses import total_loss
from trainer.networks import CdcmlNetwork
from trainer.peers import FrozenBackbone, LogSpectrogramCnn, Method, SeparateNetwork, builder_of, fit_va_probe
from trainer.training import loss_terms

PLAIN = dataclasses.replace(QUICK, photo_readout=0.0, music_readout=0.0, va_axes=0.0)
SIMILARITY_ONLY = LossWeights(0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
VA_ONLY = LossWeights(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0)


def built(method: Method) -> CdcmlNetwork:
    torch.manual_seed(0)
    return builder_of(method, sigma=0.3)(PLAIN, photo_width=8)


def test_sp_net_predicts_each_modality_by_itself() -> None:
    network = built("sp").eval()
    assert isinstance(network, SeparateNetwork)
    photo, music = torch.randn(5, 512), torch.randn(5, 512)
    with torch.no_grad():
        photo_va, music_va = network.va_of_both(photo, music)
        by_hand = [
            float(torch.exp(-(p - m).square().sum().sqrt() / 0.3)) for p, m in zip(photo_va, music_va, strict=True)
        ]
        assert network.similarity(photo, music).tolist() == pytest.approx(by_hand, rel=1e-5)
        before = network.serve_music(torch.ones(1, network.music_backbone.width))[1]
        for parameter in network.va_predictor.parameters():
            parameter.mul_(3.0)
        assert torch.equal(network.serve_music(torch.ones(1, network.music_backbone.width))[1], before)
        assert not torch.equal(network.va_of_both(photo, music)[0], photo_va)


def test_l3_net_hears_the_log_spectrogram_alone() -> None:
    network = built("l3").eval()
    assert isinstance(network.music_backbone, LogSpectrogramCnn)
    network.music_backbone.standardise(torch.ones(N_ROWS))
    windows = torch.randn(3, N_ROWS, N_FRAMES)
    other = windows.clone()
    other[:, : MEL.start] = 7.0
    with torch.no_grad():
        assert torch.equal(network.embed_music(windows), network.embed_music(other))
        other[:, MEL] += torch.randn(128, N_FRAMES)
        assert not torch.allclose(network.embed_music(windows), network.embed_music(other))


def test_acp_net_never_trains_its_photo_extractor() -> None:
    class Extractor(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return self.layers(images)

    frozen = FrozenBackbone(Extractor()).train()
    before = {name: value.clone() for name, value in frozen.state_dict().items()}
    features = frozen(torch.randn(16, 8))
    assert not features.requires_grad
    assert all(torch.equal(value, before[name]) for name, value in frozen.state_dict().items()), "BatchNorm stands too"
    assert not any(parameter.requires_grad for parameter in frozen.parameters())
    resnets = dataclasses.replace(PLAIN, photo_backbone="resnet50", music_backbone="resnet18")
    network = builder_of("acp", sigma=0.3)(resnets, photo_width=1)
    assert isinstance(network.photo_backbone, FrozenBackbone)
    assert any(p.requires_grad for p in builder_of("l3", sigma=0.3)(resnets, photo_width=1).photo_backbone.parameters())


def test_predictors_have_the_layers_of_the_paper() -> None:
    def depth(network: CdcmlNetwork) -> int:
        return sum(isinstance(module, nn.Linear) for module in network.similarity_predictor.modules())

    assert depth(built("l3")) == 2
    assert depth(built("cdcml")) == 3
    assert depth(built("acp")) > 3


@pytest.mark.parametrize(
    ("method", "weights"),
    [("cdcml", make_config("paper").loss), ("sp", VA_ONLY), ("l3", SIMILARITY_ONLY), ("acp", SIMILARITY_ONLY)],
)
def test_each_parameter_that_a_method_uses_gets_a_gradient(method: Method, weights: LossWeights) -> None:
    network = built(method).train()
    generator = torch.Generator().manual_seed(0)
    config = dataclasses.replace(PLAIN, loss=weights)
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    terms = loss_terms(
        network,
        config,
        features=torch.randn(16, 8, generator=generator),
        windows=torch.randn(16, N_ROWS, N_FRAMES, generator=generator),
        photo_va=torch.rand(16, 2, generator=generator),
        music_va=torch.rand(16, 2, generator=generator),
        sigma=0.3,
        generator=generator,
    )
    torch.autograd.backward(total_loss(terms, weights))
    unused = {"sp": "similarity_predictor.", "cdcml": "?", "l3": "va_predictor.", "acp": "va_predictor."}[method]
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad or name.startswith("calibrations."):
            continue
        has_gradient = parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)
        # A bias before BatchNorm is taken out again by it.
        if not has_gradient and name.endswith("bias") and parameter.grad is not None:
            continue
        assert has_gradient is not name.startswith(unused), name


def test_a_probe_reads_va_from_embeddings_that_were_not_trained_on_it() -> None:
    config = dataclasses.replace(PLAIN, loss=SIMILARITY_ONLY, epochs=2)
    trained = run_training(config, build=builder_of("acp", sigma=0.3))
    network, photos, songs = trained.network, a_photo_set(200, seed=0), a_song_set(40, seed=1)
    with torch.no_grad():
        embedded = network.embed_photos(torch.from_numpy(photos.features[:, 0]))
        before = float((network.va(embedded) - torch.from_numpy(photos.va)).square().mean())
    rows = {"row_mean": trained.row_mean, "row_std": trained.row_std}
    fit_va_probe(network, config, photos=photos, songs=songs, **rows)
    with torch.no_grad():
        assert torch.equal(network.embed_photos(torch.from_numpy(photos.features[:, 0])), embedded)
        after = float((network.va(embedded) - torch.from_numpy(photos.va)).square().mean())
    assert after < min(before, 0.5 * float(np.var(photos.va)))
