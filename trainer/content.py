"""What a photo shows, beside how it feels: the ImageNet classifier that comes with the frozen photo backbone's weights.

It goes on where the backbone ends, so that a photo's content costs a tenth more than its features alone.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from trainer.backbones import Lite2Backbone, lite2_net


class Lite2WithContent(nn.Module):
    """Lite2 as it is served: images (n, 3, px, px) -> features (n, F) of `backbone`, content (n, 1000).

    content holds the probabilities of ImageNet's classes, their logits times `sharpness`. The classifier's weights are
    kept at half precision, 3.5 MB instead of 7, and computed with at full; its BatchNorm is folded into the convolution
    before it.
    """

    weight: Tensor
    bias: Tensor
    class_weight: Tensor
    class_bias: Tensor

    def __init__(self, backbone: Lite2Backbone, *, sharpness: float = 1.0) -> None:
        super().__init__()
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

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features, last_map = self.backbone.features_and_map(images)
        hidden = nn.functional.relu6(nn.functional.conv2d(last_map, self.weight.float(), self.bias))
        logits = nn.functional.linear(hidden.mean(dim=(2, 3)), self.class_weight.float(), self.class_bias)
        return features, torch.softmax(logits, dim=1)
