"""A trained network's parts as a bundle serves them: one module an ONNX file."""

from __future__ import annotations

from torch import Tensor, nn

from trainer.networks import CdcmlNetwork


class PhotoServing(nn.Module):
    """The photo head as a bundle serves it: features (n, F) -> embedding (n, 512), calibrated VA (n, 2)."""

    def __init__(self, network: CdcmlNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.serve_photos(features)


class MusicBackboneServing(nn.Module):
    """The music backbone as a bundle serves it: standardised windows (n, 193, 87) -> features (n, G)."""

    def __init__(self, network: CdcmlNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, windows: Tensor) -> Tensor:
        return self.network.music_features(windows)


class MusicServing(nn.Module):
    """The music head as a bundle serves it: features (n, G) -> embedding (n, 512), calibrated VA (n, 2)."""

    def __init__(self, network: CdcmlNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return self.network.serve_music(features)


class SimilarityServing(nn.Module):
    """The similarity predictor as a bundle serves it: embeddings (n, 512) twice -> calibrated similarity (n,)."""

    def __init__(self, network: CdcmlNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, photo_embedding: Tensor, music_embedding: Tensor) -> Tensor:
        return self.network.similarity(photo_embedding, music_embedding)
