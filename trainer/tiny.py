"""Makes the tiny bundle of the tests: untrained networks of about 50 kB with plain rules instead of weights.

`python -m trainer.tiny tests/assets/tiny_bundle` writes it again, the same to the byte. Its rules are made up so that
tests can mean something: a bright, warm, saturated photo is pleasant, a contrasting and saturated one energetic; bright
sound that changes fast is energetic, clear harmony pleasant.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from engine.audio import load_song
from engine.bundle import EMBEDDING_WIDTH, ModelBundle
from engine.emotion import FloatArray
from engine.features import CHROMA, CONTRAST, MEL, N_ROWS, window_features
from trainer.export import export_bundle

INPUT_PX = 32
SIGMA = 0.3
"""About the mean VA distance between the demo photos and songs under these rules."""

APPEARANCE_WEIGHT = 0.002
"""Scale of what is not VA in an embedding: it tells like photos apart from others but never outweighs VA."""

DEMO_SONGS = Path(__file__).resolve().parent.parent / "resources" / "demo" / "songs"

MODEL_CARD = """# Tiny bundle for tests

Not trained: fixed rules on colours and on the spectrum, with the interface and the shapes of a real bundle.
Written by `python -m trainer.tiny`; its row statistics are those of the demo songs.
"""


class TinyPhotoBackbone(nn.Module):
    """Images (n, 3, px, px) normalised by .5/.5 -> brightness, saturation, contrast, warmth and a 4 x 4 thumbnail."""

    def forward(self, images: Tensor) -> Tensor:
        pixels = images * 0.5 + 0.5  # (n, 3, px, px) in [0, 1]
        grey = pixels.mean(dim=1)
        brightness = grey.mean(dim=(1, 2))
        saturation = (pixels.amax(dim=1) - pixels.amin(dim=1)).mean(dim=(1, 2))
        contrast = ((grey - brightness[:, None, None]) ** 2).mean(dim=(1, 2)).sqrt()
        warmth = (pixels[:, 0] - pixels[:, 2]).mean(dim=(1, 2))
        thumbnail = nn.functional.avg_pool2d(pixels, INPUT_PX // 4).flatten(1)  # (n, 48)
        return torch.cat([torch.stack([brightness, saturation, contrast, warmth], dim=1), thumbnail], dim=1)


class TinyMusicBackbone(nn.Module):
    """Standardised windows (n, 193, 87) -> each row's mean over time, and its mean change from frame to frame."""

    def forward(self, windows: Tensor) -> Tensor:
        change = (windows[:, :, 1:] - windows[:, :, :-1]).abs().mean(dim=2)
        return torch.cat([windows.mean(dim=2), change], dim=1)


class TinyHead(nn.Module):
    """Features (n, F) -> embedding (n, 512), whose first two coordinates are VA, and VA (n, 2)."""

    def __init__(self, weights: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights, requires_grad=False)  # (2, F)
        self.bias = nn.Parameter(bias, requires_grad=False)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        va = torch.sigmoid(nn.functional.linear(features, self.weights, self.bias))
        n_rest = EMBEDDING_WIDTH - 2
        n_repeats = -(-n_rest // self.weights.shape[1])
        appearance = torch.tanh(features).repeat(1, n_repeats)[:, :n_rest]
        return torch.cat([va, APPEARANCE_WEIGHT * appearance], dim=1), va


class TinySimilarity(nn.Module):
    """Eq. 1 on the VA that the embeddings carry: (n, 512), (n, 512) -> (n,)."""

    def forward(self, photo_embedding: Tensor, music_embedding: Tensor) -> Tensor:
        distance = ((photo_embedding[:, :2] - music_embedding[:, :2]) ** 2).sum(dim=1).sqrt()
        return torch.exp(-distance / SIGMA)


def tiny_photo_head() -> TinyHead:
    """Valence and arousal of a photo; the biases put the demo photos' middle near neutral."""
    weights = torch.zeros((2, 4 + 48))
    weights[0, :4] = torch.tensor([5.0, 5.0, 0.0, 3.0])
    weights[1, :4] = torch.tensor([0.0, 5.0, 10.0, 2.0])
    return TinyHead(weights, torch.tensor([-2.9, -2.8]))


def tiny_music_head() -> TinyHead:
    """Valence and arousal of a window; the level counts little, so a quieter copy of a song keeps its mood."""
    weights = torch.zeros((2, 2 * N_ROWS))
    n_bands = MEL.stop - MEL.start
    low, high = slice(MEL.start, MEL.start + n_bands // 3), slice(MEL.stop - n_bands // 3, MEL.stop)
    change = slice(N_ROWS + MEL.start, N_ROWS + MEL.stop)
    weights[0, CONTRAST] = 4.0 / (CONTRAST.stop - CONTRAST.start)
    weights[0, CHROMA] = 3.0 / (CHROMA.stop - CHROMA.start)
    weights[0, change] = 6.0 / n_bands
    weights[1, high] = 1.1 / (n_bands // 3)
    weights[1, low] = -1.4 / (n_bands // 3)
    weights[1, change] = 14.0 / n_bands
    return TinyHead(weights, torch.tensor([-1.5, -3.5]))


def row_statistics(songs: Sequence[Path]) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation (193,) of each feature row over songs, rounded so that any machine gives the same."""
    windows = np.concatenate([window_features(load_song(song).y) for song in songs]).astype(np.float64)
    mean, std = windows.mean(axis=(0, 2)), windows.std(axis=(0, 2))
    return np.round(mean, 2).astype(np.float32), np.maximum(np.round(std, 2), 0.01).astype(np.float32)


def write_tiny_bundle(dest: Path) -> ModelBundle:
    """Write the tiny bundle into the folder dest; needs the demo songs."""
    row_mean, row_std = row_statistics(sorted(DEMO_SONGS.glob("*.ogg")))
    return export_bundle(
        dest,
        photo_backbone=TinyPhotoBackbone(),
        photo_head=tiny_photo_head(),
        music_backbone=TinyMusicBackbone(),
        music_head=tiny_music_head(),
        similarity=TinySimilarity(),
        name="tiny",
        input_px=INPUT_PX,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        row_mean=row_mean,
        row_std=row_std,
        sigma=SIGMA,
        corpora=[],
        scores={},
        model_card=MODEL_CARD,
        created="2024-01-01T00:00:00+00:00",
    )


def main() -> None:
    """Run the command `python -m trainer.tiny DEST`."""
    parser = argparse.ArgumentParser(prog="python -m trainer.tiny", description="Write the tiny bundle of the tests.")
    parser.add_argument("dest", type=Path, help="folder to write, for example tests/assets/tiny_bundle")
    bundle = write_tiny_bundle(parser.parse_args().dest)
    print(f"{bundle.path}: {bundle.id}")


if __name__ == "__main__":
    main()
