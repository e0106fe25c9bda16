"""The network that is trained: heads into the shared space behind both backbones, similarity and VA predictor.

A backbone (trainer/backbones.py) is slow; a head is a matrix product or two (see ARCHITECTURE.md).
Shapes: n items, F and G the widths of pooled photo and music features, 512 the width of the shared space.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, cast

import torch
from torch import Tensor, nn

from trainer.backbones import MusicCnn, ResNetMusicBackbone, ResNetPhotoBackbone
from trainer.config import TrainConfig
from trainer.expected_similarity import ExpectedSimilarity
from trainer.readouts import MusicReadout, PhotoReadout, spread_of

EMBEDDING_WIDTH: Final = 512


class Head(nn.Module):
    """Pooled features (n, F) -> embedding (n, 512): standardise, drop out, one fully connected layer.

    The last `n_affect` features weigh more than the others (see trainer/class_affect.py).
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, width: int, *, dropout: float = 0.0, embedding_width: int = EMBEDDING_WIDTH, n_affect: int = 0
    ) -> None:
        super().__init__()
        self.n_affect = n_affect
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(width, embedding_width)
        with torch.no_grad():
            # Distances of about 1 to begin with, the order of the margin of Eq. 3; the default gives 20 and more.
            self.fc.weight.mul_(1 / (embedding_width**0.5 * self.fc.weight.std() * width**0.5))
            self.fc.bias.zero_()

    def standardise(self, features: Tensor) -> None:
        """Take mean and standard deviation of training features (n, F) as the input's scale."""
        self.mean.copy_(features.mean(dim=0))
        self.std.copy_(spread_of(features, n_affect=self.n_affect))

    def forward(self, features: Tensor) -> Tensor:
        return cast(Tensor, self.fc(self.dropout((features - self.mean) / self.std)))


class VaPredictor(nn.Module):
    """The common VA predictor of both modalities (section 4): embedding (n, 512) -> valence and arousal in [0, 1]."""

    def __init__(
        self, hidden: Sequence[int] = (256, 64), *, dropout: float = 0.5, embedding_width: int = EMBEDDING_WIDTH
    ) -> None:
        super().__init__()
        self.layers = _three_layers(embedding_width, hidden, 2, dropout=dropout)

    def forward(self, embedding: Tensor) -> Tensor:
        return torch.sigmoid(self.layers(embedding))


class SimilarityPredictor(nn.Module):
    """Photo and music embeddings (n, 512) each, row by row -> matching similarity (n,) in [0, 1]."""

    def __init__(
        self, hidden: Sequence[int] = (256, 64), *, dropout: float = 0.5, embedding_width: int = EMBEDDING_WIDTH
    ) -> None:
        super().__init__()
        self.layers = _three_layers(2 * embedding_width, hidden, 1, dropout=dropout)

    def forward(self, photo: Tensor, music: Tensor) -> Tensor:
        return torch.sigmoid(self.layers(torch.cat([photo, music], dim=1))).squeeze(1)


class VaCalibration(nn.Module):
    """A line for each of valence and arousal, (n, 2) -> (n, 2), that may leave [0, 1]. The identity until it is set."""

    slope: Tensor
    offset: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("slope", torch.ones(2))
        self.register_buffer("offset", torch.zeros(2))

    def forward(self, va: Tensor) -> Tensor:
        return va * self.slope + self.offset


class SimilarityCalibration(nn.Module):
    """Corrects a predicted similarity (n,) by what held-out pairs teach; photo_va and music_va (n, 2) are calibrated.

    A line on the log odds, plus a small network of the log odds, both VA and their distance; and beside it what is to
    be expected of such VA. The predictor of Eq. 6 meets only photos it knows by heart; this one is fitted to pairs
    whose photo and song the network never met. The identity until it is fitted.
    """

    slope: Tensor
    offset: Tensor

    def __init__(self, hidden: int = 24) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.ones(()))
        self.offset = nn.Parameter(torch.zeros(()))
        self.inner = nn.Linear(6, hidden)
        self.outer = nn.Linear(hidden, 1)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)
        self.expected = ExpectedSimilarity()

    def forward(self, similarity: Tensor, photo_va: Tensor, music_va: Tensor) -> Tensor:
        inside = similarity.clamp(1e-4, 1 - 1e-4)
        odds = torch.log(inside / (1 - inside))
        distance = ((photo_va - music_va).square().sum(dim=1) + 1e-6).sqrt()
        # VA lies in a narrow band around the middle: times 4 to the order of 1 like the log odds.
        known = torch.cat([odds[:, None], 4 * (photo_va - 0.5), 4 * (music_va - 0.5), 4 * distance[:, None]], dim=1)
        correction = self.outer(torch.tanh(self.inner(known))).squeeze(1)
        corrected = torch.sigmoid(odds * self.slope + self.offset + correction)
        expected = cast(Tensor, self.expected(photo_va, music_va))
        return corrected + self.expected.share * (expected - corrected)


class Calibrations(nn.Module):
    """What held-out predictions teach about a network's own: one calibration for each of its outputs. Not trained."""

    def __init__(self) -> None:
        super().__init__()
        self.photo = VaCalibration()
        self.music = VaCalibration()
        self.similarity = SimilarityCalibration()
        self.requires_grad_(False)


class CdcmlNetwork(nn.Module):
    """Everything that is trained: both branches, the common VA predictor and the similarity predictor (figure 2).

    With a frozen photo backbone `photo_backbone` is the identity and its pooled features come from the cache.
    Training sees learned embeddings (n, 512), or (n, 510) where `va_axes` is above 0: what is served then carries the
    final VA, less 0.5 and times va_axes, as its last two coordinates, so that nearness in the served space and the
    similarity know it too. The calibrations and the readouts are set after training; until then they change nothing.
    """

    photo_share: Tensor
    music_share: Tensor

    def __init__(
        self,
        *,
        photo_backbone: nn.Module,
        photo_head: Head,
        music_backbone: nn.Module,
        music_head: Head,
        va_predictor: VaPredictor,
        similarity_predictor: SimilarityPredictor,
        photo_readout: PhotoReadout | None = None,
        music_readout: MusicReadout | None = None,
        va_axes: float = 0.0,
    ) -> None:
        super().__init__()
        self.photo_width = len(photo_head.mean)
        self.va_axes = va_axes
        self.photo_backbone = photo_backbone
        self.photo_head = photo_head
        self.music_backbone = music_backbone
        self.music_head = music_head
        self.va_predictor = va_predictor
        self.similarity_predictor = similarity_predictor
        self.calibrations = Calibrations()
        self.photo_readout = photo_readout.requires_grad_(False) if photo_readout is not None else None
        self.music_readout = music_readout.requires_grad_(False) if music_readout is not None else None
        self.register_buffer("photo_share", torch.zeros(()))
        self.register_buffer("music_share", torch.zeros(()))

    @staticmethod
    def from_config(config: TrainConfig, *, photo_width: int) -> CdcmlNetwork:
        """Build the network a config describes; photo_width is the width of cached features of a frozen backbone."""
        photo_backbone: nn.Module = nn.Identity()
        if config.photo_backbone == "resnet50":
            photo_backbone = ResNetPhotoBackbone(weights=_weights_path(config.photo_weights))
            photo_width = ResNetPhotoBackbone.width
        music_backbone = (
            ResNetMusicBackbone(weights=_weights_path(config.music_weights))
            if config.music_backbone == "resnet18"
            else MusicCnn(level_kept=config.level_kept)
        )
        width = EMBEDDING_WIDTH - 2 if config.va_axes else EMBEDDING_WIDTH
        hidden, dropout = config.predictor_hidden, config.predictor_dropout
        return CdcmlNetwork(
            photo_backbone=photo_backbone,
            photo_head=Head(photo_width, dropout=config.photo_dropout, embedding_width=width, n_affect=config.n_affect),
            music_backbone=music_backbone,
            music_head=Head(music_backbone.width, dropout=config.music_dropout, embedding_width=width),
            va_predictor=VaPredictor(hidden, dropout=dropout, embedding_width=width),
            similarity_predictor=SimilarityPredictor(hidden, dropout=dropout, embedding_width=width),
            photo_readout=_photo_readout(config, photo_width) if config.photo_readout else None,
            music_readout=MusicReadout(
                n_landmarks=config.music_landmarks,
                reach=config.music_reach,
                level_slopes=config.level_slopes,
            )
            if config.music_readout
            else None,
            va_axes=config.va_axes,
        )

    def embed_photos(self, features: Tensor) -> Tensor:
        """Cached features (n, F), or images with a trained backbone -> learned embeddings (n, 512 or 510)."""
        return cast(Tensor, self.photo_head(self.photo_backbone(features)))

    def embed_music(self, windows: Tensor) -> Tensor:
        """Standardised windows (n, 193, 87) -> learned embeddings (n, 512 or 510)."""
        return cast(Tensor, self.music_head(self.music_backbone(windows)))

    def va(self, embedding: Tensor) -> Tensor:
        """The common predictor's VA (n, 2) of learned embeddings of either modality."""
        return cast(Tensor, self.va_predictor(embedding))

    def va_of_both(self, photo: Tensor, music: Tensor) -> tuple[Tensor, Tensor]:
        """VA (n, 2) of photo and (m, 2) of music embeddings: the common predictor meets both in one batch."""
        both = self.va(torch.cat([photo, music]))
        return both[: len(photo)], both[len(photo) :]

    def level_va(self, windows: Tensor) -> Tensor:
        """What the level of standardised windows adds to their VA, (n, 2); nothing without a readout."""
        if self.music_readout is None:
            return windows.new_zeros((len(windows), 2))
        return self.music_readout.level_va(self.music_readout.level_db(windows))

    def music_features(self, windows: Tensor) -> Tensor:
        """Standardised windows (n, 193, 87) -> all that is served of them: pooled, then the readout's statistics."""
        pooled = cast(Tensor, self.music_backbone(windows))
        return pooled if self.music_readout is None else torch.cat([pooled, self.music_readout.describe(windows)], 1)

    def serve_photos(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled features (n, F) -> embeddings (n, 512) and calibrated VA (n, 2) as a bundle serves them."""
        embedding = cast(Tensor, self.photo_head(features))
        va = self.va(embedding)
        if self.photo_readout is not None:
            va = va + self.photo_share * (self.photo_readout(features) - va)
        return self._served(embedding, self.calibrations.photo(va).clamp(0.0, 1.0))

    def serve_music(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """What `music_features` gives -> embeddings (n, 512) and calibrated VA (n, 2) as a bundle serves them."""
        width = len(self.music_head.mean)
        embedding = cast(Tensor, self.music_head(features[:, :width]))
        va = self.va(embedding)
        if self.music_readout is None:
            return self._served(embedding, self.calibrations.music(va).clamp(0.0, 1.0))
        described = features[:, width:]
        va = self.calibrations.music(va + self.music_share * (self.music_readout(described) - va))
        # Added after the calibration, so that its slope cannot make the level weigh more than it may.
        return self._served(embedding, (va + self.music_readout.level_va(described[:, -1])).clamp(0.0, 1.0))

    def similarity(self, photo: Tensor, music: Tensor) -> Tensor:
        """Calibrated similarity (n,) of pairs of served embeddings (n, 512)."""
        if not self.va_axes:
            raw = self.similarity_predictor(photo, music)
            photo_va = self.calibrations.photo(self.va(photo)).clamp(0.0, 1.0)
            music_va = self.calibrations.music(self.va(music)).clamp(0.0, 1.0)
        else:
            raw = self.similarity_predictor(photo[:, :-2], music[:, :-2])
            photo_va, music_va = (embedding[:, -2:] / self.va_axes + 0.5 for embedding in (photo, music))
        return cast(Tensor, self.calibrations.similarity(raw, photo_va, music_va))

    def _served(self, embedding: Tensor, va: Tensor) -> tuple[Tensor, Tensor]:
        return (torch.cat([embedding, self.va_axes * (va - 0.5)], dim=1) if self.va_axes else embedding), va


def _photo_readout(config: TrainConfig, width: int) -> PhotoReadout:
    """Small members: a head into a narrow space and a predictor, each of one seed."""
    members = [
        nn.Sequential(
            Head(
                width,
                dropout=config.photo_dropout,
                embedding_width=config.member_width,
                n_affect=config.n_affect,
            ),
            VaPredictor(config.predictor_hidden, dropout=config.predictor_dropout, embedding_width=config.member_width),
        )
        for _ in range(config.photo_members)
    ]
    return PhotoReadout(
        width,
        members,
        n_landmarks=config.photo_landmarks,
        reach=config.photo_reach,
        n_affect=config.n_affect,
    )


def _weights_path(text: str) -> Path | None:
    return Path(text) if text else None


def _three_layers(width: int, hidden: Sequence[int], n_out: int, *, dropout: float) -> nn.Sequential:
    """Three fully connected layers, each but the last with BatchNorm, ReLU and dropout (section 6.1.3)."""
    layers: list[nn.Module] = []
    for n_in, n_hidden in zip((width, *hidden[:-1]), hidden, strict=True):
        layers += [nn.Linear(n_in, n_hidden), nn.BatchNorm1d(n_hidden), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(hidden[-1], n_out))
