"""What a photo shows, and how that feels to most: the ImageNet classifier that comes with the photo backbone's weights.

It goes on where the backbone ends, so that a photo's content costs a tenth more than its features alone.
"""

from __future__ import annotations

from typing import Final, cast

import torch
from torch import Tensor, nn

from trainer.backbones import Lite2Backbone, lite2_net
from trainer.class_affect import class_affect

PARTS_ACROSS: Final = 3
"""The classifier looks at 3 x 3 overlapping parts of a photo: what is small in it counts too."""


class Lite2WithContent(nn.Module):
    """Lite2 as it is served: images (n, 3, px, px) -> features (n, F) of `backbone`, content (n, 1000), affect (n, 2).

    content holds the probabilities of ImageNet's classes, their logits times `sharpness`; affect, where it is told,
    what those of the photo's parts say by the table of `class_affect`. The classifier's weights are kept at half
    precision, 3.5 MB instead of 7, and computed with at full; its BatchNorm is folded into the convolution before it.
    """

    weight: Tensor
    bias: Tensor
    class_weight: Tensor
    class_bias: Tensor
    affect_of_class: Tensor

    def __init__(self, backbone: Lite2Backbone, *, sharpness: float = 1.0, tells_affect: bool = True) -> None:
        super().__init__()
        self.tells_affect = tells_affect
        self.backbone = backbone
        net = lite2_net().eval()
        norm, last = cast(nn.BatchNorm2d, net._bn1), cast(nn.Linear, net._fc)
        state = {name: tensor.double() for name, tensor in norm.state_dict().items()}
        scale = state["weight"] / (state["running_var"] + norm.eps).sqrt()
        weight: Tensor = net._conv_head.weight.detach().double() * scale[:, None, None, None]
        self.register_buffer("weight", weight.half())
        self.register_buffer("bias", (state["bias"] - state["running_mean"] * scale).float())
        self.register_buffer("class_weight", (sharpness * last.weight.detach()).half())
        self.register_buffer("class_bias", sharpness * last.bias.detach().float())
        self.register_buffer("affect_of_class", torch.from_numpy(class_affect()))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        features, last_map = self.backbone.features_and_map(images)
        hidden = nn.functional.relu6(nn.functional.conv2d(last_map, self.weight.float(), self.bias))
        content = self._classes(hidden.mean(dim=(2, 3)))
        if not self.tells_affect:
            return features, content
        step = hidden.shape[3] // PARTS_ACROSS
        parts = nn.functional.avg_pool2d(hidden, hidden.shape[3] - (PARTS_ACROSS - 1) * step, step)
        of_parts = self._classes(parts.flatten(2).transpose(1, 2)).mean(dim=1)
        return features, content, of_parts @ self.affect_of_class

    def _classes(self, hidden: Tensor) -> Tensor:
        """Probabilities (..., 1000) of the classes for what the last layer tells (..., 1280)."""
        return torch.softmax(nn.functional.linear(hidden, self.class_weight.float(), self.class_bias), dim=-1)
