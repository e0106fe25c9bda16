"""Shapes, gradients and calibration of the network that is trained."""

from __future__ import annotations

import pytest
import torch

from engine.features import N_FRAMES, N_ROWS
from trainer.backbones import MusicCnn
from trainer.config import PRESETS, make_config
from trainer.data import apply_gain
from trainer.losses import total_loss
from trainer.networks import CdcmlNetwork, Head, SimilarityCalibration, VaCalibration
from trainer.serving import MusicBackboneServing, MusicServing, PhotoServing, SimilarityServing
from trainer.training import loss_terms


def test_head_standardises_and_starts_at_distances_of_the_margin() -> None:
    features = torch.randn(300, 40) * 7 + 3
    head = Head(40)
    head.standardise(features)
    with torch.no_grad():
        norms = head(features).norm(dim=1)
    assert 0.5 < float(norms.mean()) < 2.0


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_each_parameter_gets_a_gradient(preset: str) -> None:
    config = make_config(preset, overrides=["alpha=0.0"])
    network = CdcmlNetwork.from_config(config, photo_width=12).train()
    images = preset == "paper"
    generator = torch.Generator().manual_seed(0)
    terms = loss_terms(
        network,
        config,
        features=torch.randn((4, 3, 32, 32) if images else (4, 12), generator=generator),
        windows=torch.randn(4, N_ROWS, N_FRAMES, generator=generator),
        photo_va=torch.rand(4, 2, generator=generator),
        music_va=torch.rand(4, 2, generator=generator),
        sigma=0.3,
        generator=generator,
    )
    torch.autograd.backward(total_loss(terms, config.loss))
    trained = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    fixed = {name.split(".")[0] for name, p in network.named_parameters() if not p.requires_grad}
    assert fixed == ({"calibrations"} if images else {"calibrations", "photo_readout"})
    without = [name for name, p in trained if p.grad is None or not torch.isfinite(p.grad).all()]
    assert without == []
    assert all(value > 0 for value in terms.values().values())


def a_network(*, photo_share: float = 0.0, music_share: float = 0.0) -> CdcmlNetwork:
    """A network of the default preset, untrained, with readouts of small random weights and calibrations set."""
    torch.manual_seed(0)
    network = CdcmlNetwork.from_config(make_config("default"), photo_width=12).eval()
    assert network.photo_readout is not None
    assert network.music_readout is not None
    network.music_readout.standardise(torch.zeros(N_ROWS), torch.rand(N_ROWS) + 0.5)
    for kernel in (network.photo_readout.kernel, network.music_readout.kernel):
        for i in range(len(kernel.parts)):
            kernel.get_buffer(f"landmarks{i}").normal_()
        kernel.weights.normal_(std=0.002)
    network.photo_share.fill_(photo_share)
    network.music_share.fill_(music_share)
    network.calibrations.photo.slope.fill_(0.5)
    network.calibrations.music.offset.fill_(0.1)
    network.calibrations.similarity.slope.data.fill_(0.7)
    return network


def test_what_is_served_is_the_predictor_calibrated_and_carries_its_va() -> None:
    network = a_network()
    features, windows = torch.randn(3, 12), torch.randn(3, N_ROWS, N_FRAMES)
    with torch.no_grad():
        photo, photo_va = PhotoServing(network)(features)
        music, music_va = MusicServing(network)(MusicBackboneServing(network)(windows))
        assert torch.allclose(photo[:, :-2], network.embed_photos(features))
        assert torch.allclose(photo_va, 0.5 * network.va(photo[:, :-2]))
        assert torch.allclose(music[:, :-2], network.embed_music(windows), atol=1e-6)
        assert torch.allclose(music_va, network.va(music[:, :-2]) + 0.1 + network.level_va(windows))
        for embedding, va in ((photo, photo_va), (music, music_va)):
            assert embedding.shape == (3, 512)
            assert torch.allclose(embedding[:, -2:], network.va_axes * (va - 0.5))
        expected = network.calibrations.similarity(
            network.similarity_predictor(photo[:, :-2], music[:, :-2]), photo_va, music_va
        )
        assert torch.allclose(SimilarityServing(network)(photo, music), expected, atol=1e-6)


def test_readouts_have_their_share_in_what_is_served() -> None:
    alone, mixed, readout = (a_network(photo_share=share, music_share=share) for share in (0.0, 0.25, 1.0))
    features, windows = torch.randn(3, 12), torch.randn(3, N_ROWS, N_FRAMES)
    with torch.no_grad():
        photos = [network.serve_photos(features)[1] for network in (alone, mixed, readout)]
        songs = [network.serve_music(network.music_features(windows))[1] for network in (alone, mixed, readout)]
        assert readout.photo_readout is not None
        assert torch.allclose(photos[2], 0.5 * readout.photo_readout(features), atol=1e-6)
    for none, some, whole in (photos, songs):
        assert (none - whole).abs().max() > 1e-3
        assert torch.allclose(some, 0.75 * none + 0.25 * whole, atol=1e-6)


def test_without_axes_and_readouts_the_whole_embedding_is_learnt() -> None:
    network = CdcmlNetwork.from_config(
        make_config("default", overrides=["va_axes=0.0", "photo_readout=0.0", "music_readout=0.0"]), photo_width=12
    ).eval()
    features, windows = torch.randn(3, 12), torch.randn(3, N_ROWS, N_FRAMES)
    with torch.no_grad():
        photo, photo_va = network.serve_photos(features)
        music, _ = network.serve_music(network.music_features(windows))
        assert torch.equal(photo, network.embed_photos(features))
        assert torch.equal(photo_va, network.va(photo))
        assert torch.equal(music, network.embed_music(windows))
        assert network.similarity(photo, music).shape == (3,)


@pytest.mark.parametrize("slope", [1.0, 3.0])
def test_a_gain_moves_a_songs_va_by_its_known_share_alone(slope: float) -> None:
    network = a_network(music_share=0.5)
    network.calibrations.music.slope.fill_(slope)
    network.calibrations.music.offset.fill_((1 - slope) / 2)
    assert network.music_readout is not None
    generator = torch.Generator().manual_seed(0)
    row_std = torch.rand(N_ROWS, generator=generator) + 0.5
    network.music_readout.standardise(torch.zeros(N_ROWS), row_std)
    assert isinstance(network.music_backbone, MusicCnn)
    network.music_backbone.standardise(row_std)
    raw = 3 * torch.randn(40, N_ROWS, N_FRAMES, generator=generator)
    with torch.no_grad():
        loud, soft = (
            network.serve_music(network.music_features(windows / row_std[None, :, None]))[1]
            for windows in (raw, apply_gain(raw, torch.full((40,), -6.0)))
        )
    for k in (0, 1):
        moved = (loud - soft)[:, k][(soft[:, k] > 0) & (loud[:, k] < 1)]  # beyond the ends nothing moves
        assert len(moved) > 10
        assert torch.allclose(moved, 6 * network.music_readout.level_slopes[k], atol=1e-4)


def test_calibrations_begin_as_the_identity() -> None:
    va = torch.rand(5, 2)
    assert torch.equal(VaCalibration()(va), va)
    similarity = torch.rand(50)
    assert torch.allclose(
        SimilarityCalibration()(similarity, torch.rand(50, 2), torch.rand(50, 2)), similarity, atol=1e-3
    )
    calibration = VaCalibration()
    calibration.slope.fill_(10.0)
    assert torch.allclose(calibration(va), 10 * va)


def test_served_va_stays_in_its_range() -> None:
    network = a_network(photo_share=1.0, music_share=1.0)
    for calibration in (network.calibrations.photo, network.calibrations.music):
        calibration.slope.fill_(50.0)
        calibration.offset.fill_(-25.0)
    with torch.no_grad():
        photo_va = network.serve_photos(10 * torch.randn(50, 12))[1]
        music_va = network.serve_music(network.music_features(torch.randn(20, N_ROWS, N_FRAMES)))[1]
    for va in (photo_va, music_va):
        assert va.min() >= 0
        assert va.max() <= 1
