"""The paper's rivals (section 6.1.2) as networks for the same training loop: SP-Net, L3-Net and ACP-Net.

Each is a `CdcmlNetwork` with the parts that set it apart, so that data, schedule and scoring are the same for all.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Final, Literal, Self

import torch
from torch import Tensor, nn

from engine.emotion import FloatArray
from engine.features import MEL, N_ROWS
from trainer.backbones import MusicCnn, ResNetMusicBackbone
from trainer.config import TrainConfig
from trainer.data import PhotoSet, SongSet, even_windows
from trainer.losses import va_error
from trainer.networks import EMBEDDING_WIDTH, CdcmlNetwork, SimilarityPredictor, VaPredictor

Method = Literal["cdcml", "sp", "l3", "acp"]

L3_HIDDEN: Final = (128,)
ACP_HIDDEN: Final = (512, 128, 64)
"""Hidden layers after the embeddings are joined: L3-Net has two fully connected layers, ACP-Net more (section 6.2)."""

PROBE_WINDOWS: Final = 5
PROBE_BATCH: Final = 128
PROBE_STEPS: Final = 300
PROBE_LR: Final = 2e-3


class LogSpectrogramCnn(MusicCnn):
    """The music CNN on the 128 log mel bands alone: L3-Net hears a log spectrogram and no other features."""

    is_heard: Tensor

    def __init__(self, *, level_kept: float) -> None:
        super().__init__(level_kept=level_kept)
        self.register_buffer("is_heard", _heard_rows())

    def standardise(self, row_std: Tensor) -> None:
        """As `MusicCnn` does, with the change of level that the mel bands show."""
        super().standardise(row_std)
        heard = self.level_direction * self.is_heard
        self.level_direction.copy_(heard / heard.norm().clamp(min=1e-12))

    def forward(self, windows: Tensor) -> Tensor:
        """Standardised windows (n, 193, 87) -> pooled (n, width); rows that are not heard lie at their mean, 0."""
        return super().forward(windows * self.is_heard[None, :, None])


class LogSpectrogramResNet(ResNetMusicBackbone):
    """ResNet-18 on the 128 log mel bands alone."""

    def forward(self, windows: Tensor) -> Tensor:
        """Standardised windows (n, 193, 87) -> (n, 512)."""
        return super().forward(windows[:, MEL])


class FrozenBackbone(nn.Module):
    """A backbone that is never trained: no gradient, and BatchNorm as in evaluation, whatever the mode."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Self:
        """Take the mode, but leave the inner backbone in evaluation."""
        super().train(mode)
        self.inner.eval()
        return self

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """What the inner backbone gives."""
        features: Tensor = self.inner(images)
        return features


class TwoLayerPredictor(SimilarityPredictor):
    """L3-Net's end: joined embeddings through two fully connected layers without BatchNorm -> similarity (n,)."""

    def __init__(self) -> None:
        super().__init__(L3_HIDDEN)
        self.layers = nn.Sequential(nn.Linear(2 * EMBEDDING_WIDTH, *L3_HIDDEN), nn.ReLU(), nn.Linear(*L3_HIDDEN, 1))


class SeparateNetwork(CdcmlNetwork):
    """SP-Net: a VA model for photos and another for music; similarity is Eq. 1 of what they predict."""

    sigma: Tensor

    @staticmethod
    def from_parts(network: CdcmlNetwork, *, sigma: float) -> SeparateNetwork:
        """Take a network's branches and VA predictor, and give the music a VA predictor of its own."""
        separate = SeparateNetwork(
            photo_backbone=network.photo_backbone,
            photo_head=network.photo_head,
            music_backbone=network.music_backbone,
            music_head=network.music_head,
            va_predictor=network.va_predictor,
            similarity_predictor=network.similarity_predictor,
        )
        separate.music_va_predictor = copy.deepcopy(network.va_predictor)
        separate.register_buffer("sigma", torch.tensor(sigma))
        return separate

    music_va_predictor: VaPredictor

    def va_of_both(self, photo: Tensor, music: Tensor) -> tuple[Tensor, Tensor]:
        """VA (n, 2) of photo and (m, 2) of music embeddings, each by its own predictor."""
        return self.va_predictor(photo), self.music_va_predictor(music)

    def serve_music(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled features (n, G) -> embeddings (n, 512) and VA (n, 2)."""
        embedding: Tensor = self.music_head(features)
        return embedding, self.music_va_predictor(embedding)

    def similarity(self, photo: Tensor, music: Tensor) -> Tensor:
        """Eq. 1 of the predicted VA of pairs of embeddings, (n,)."""
        photo_va, music_va = self.va_of_both(photo, music)
        return torch.exp(-torch.linalg.vector_norm(photo_va - music_va, dim=1) / self.sigma)


def builder_of(method: Method, *, sigma: float) -> Callable[..., CdcmlNetwork]:
    """What `train` takes as `build` to train a method; sigma of Eq. 1 is the training split's."""

    def build(config: TrainConfig, *, photo_width: int) -> CdcmlNetwork:
        network = CdcmlNetwork.from_config(config, photo_width=photo_width)
        if method == "sp":
            return SeparateNetwork.from_parts(network, sigma=sigma)
        if method == "l3":
            network.music_backbone = (
                LogSpectrogramResNet() if config.music_backbone == "resnet18" else _log_spectrogram_cnn(config)
            )
            network.similarity_predictor = TwoLayerPredictor()
        if method == "acp":
            if not isinstance(network.photo_backbone, nn.Identity):
                network.photo_backbone = FrozenBackbone(network.photo_backbone)
            network.similarity_predictor = SimilarityPredictor(ACP_HIDDEN, dropout=config.predictor_dropout)
        return network

    return build


def fit_va_probe(
    network: CdcmlNetwork,
    config: TrainConfig,
    *,
    photos: PhotoSet,
    songs: SongSet,
    row_mean: FloatArray,
    row_std: FloatArray,
    n_steps: int = PROBE_STEPS,
) -> None:
    """Teach a new common VA predictor the embeddings of a network that was trained without VA labels, in place.

    So the paper scores VA of L3-Net and ACP-Net ("feed the learned features into another VA predictor", 6.1.2), and of
    the ablation rows without VA. Nothing but the predictor changes.
    """
    torch.manual_seed(config.seed)
    network.eval()
    with torch.no_grad():
        views = torch.from_numpy(photos.features)
        photo = torch.stack([network.embed_photos(views[:, k].float()) for k in range(views.shape[1])], dim=1)
        scale = torch.from_numpy(row_mean)[:, None], torch.from_numpy(row_std)[:, None]
        windows = even_windows(songs, n_windows=PROBE_WINDOWS)  # (m, 5, 193, 87)
        music = torch.stack(
            [network.embed_music((windows[:, k] - scale[0]) / scale[1]) for k in range(PROBE_WINDOWS)], dim=1
        )
    probe = VaPredictor(config.predictor_hidden, dropout=config.predictor_dropout).train()
    optimizer = torch.optim.AdamW(probe.parameters(), lr=PROBE_LR, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    photo_va, song_va = torch.from_numpy(photos.va), torch.from_numpy(songs.va)
    for _ in range(n_steps):
        embeddings, labels = [], []
        for of_items, va in ((photo, photo_va), (music, song_va)):
            rows = torch.randint(len(of_items), (PROBE_BATCH,))
            embeddings.append(of_items[rows, torch.randint(of_items.shape[1], (PROBE_BATCH,))])
            labels.append(va[rows])
        loss = va_error(probe(torch.cat(embeddings)), torch.cat(labels))
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
    network.va_predictor = probe.eval()


def _log_spectrogram_cnn(config: TrainConfig) -> LogSpectrogramCnn:
    return LogSpectrogramCnn(level_kept=config.level_kept)


def _heard_rows() -> Tensor:
    """1 for each row of the mel spectrogram and 0 for the others, (193,)."""
    heard = torch.zeros(N_ROWS)
    heard[MEL] = 1.0
    return heard
