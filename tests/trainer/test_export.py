"""The exporter: what torch computes is what the bundle computes, and nothing of this machine is in it."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.bundle import EMBEDDING_WIDTH, PHOTO_HEAD, REQUIRED_FILES, SPLITS, ModelBundle, open_bundle, verify_bundle
from engine.encoders import Encoders
from engine.features import N_FRAMES, N_ROWS
from trainer.errors import ParityError
from trainer.export import export_bundle, largest_difference, onnx_bytes
from trainer.parity import PARITY_TOLERANCE
from trainer.tiny import (
    DEMO_SONGS,
    INPUT_PX,
    SIGMA,
    TinyMusicBackbone,
    TinyPhotoBackbone,
    TinySimilarity,
    row_statistics,
    tiny_music_head,
    tiny_photo_head,
)

TINY = Path(__file__).resolve().parent.parent / "assets" / "tiny_bundle"

ROW_MEAN = np.linspace(-200, 40, N_ROWS, dtype=np.float32)
ROW_STD = np.linspace(0.2, 80, N_ROWS, dtype=np.float32)
REHEARSAL = {"photo_features": np.arange(6, dtype=np.float32).reshape(2, 3), "themes": np.array(["Beach", "Dog"])}


class TrainedHead(nn.Module):
    """A head as training leaves it: BatchNorm with statistics, dropout, weights that want gradients."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(width, EMBEDDING_WIDTH), nn.BatchNorm1d(EMBEDDING_WIDTH))
        self.va = nn.Sequential(
            nn.Linear(EMBEDDING_WIDTH, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2), nn.Sigmoid()
        )
        with torch.no_grad():
            self(3 * torch.randn(64, width) + 1)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        embedding = self.embed(features)
        return embedding, self.va(embedding)


def export(dest: Path, *, photo_head: nn.Module) -> ModelBundle:
    return export_bundle(
        dest,
        photo_backbone=TinyPhotoBackbone(),
        photo_head=photo_head,
        music_backbone=TinyMusicBackbone(),
        music_head=tiny_music_head(),
        similarity=TinySimilarity(),
        name="made up",
        input_px=INPUT_PX,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        row_mean=ROW_MEAN,
        row_std=ROW_STD,
        sigma=0.31,
        corpora=["OASIS"],
        scores={"photo_valence_r": 0.5},
        rehearsal=REHEARSAL,
        model_card="# Card",
        split_seed=4,
        splits={"OASIS": {"beach": "train"}},
        created="2024-01-01T00:00:00+00:00",
    )


@pytest.fixture(scope="module")
def head() -> TrainedHead:
    torch.manual_seed(0)
    return TrainedHead(52).train()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, head: TrainedHead) -> ModelBundle:
    return export(tmp_path_factory.mktemp("export") / "bundle", photo_head=head)


def test_the_engine_computes_what_torch_computes(bundle: ModelBundle, head: TrainedHead) -> None:
    encoders = Encoders(bundle, n_threads=1)
    encoders.check()
    rng = np.random.default_rng(0)
    images = rng.normal(size=(5, 3, INPUT_PX, INPUT_PX)).astype(np.float32)
    windows = (ROW_MEAN[:, None] + ROW_STD[:, None] * rng.normal(size=(5, N_ROWS, N_FRAMES))).astype(np.float32)
    standardised = torch.from_numpy((windows - ROW_MEAN[:, None]) / ROW_STD[:, None])
    with torch.no_grad():
        photo_features = TinyPhotoBackbone()(torch.from_numpy(images))
        music_features = TinyMusicBackbone()(standardised)
        photo = head.eval()(photo_features)
        music = tiny_music_head()(music_features)
        pairs = TinySimilarity()(photo[0], music[0])
    head.train()
    close = {"atol": PARITY_TOLERANCE, "rtol": 0}
    np.testing.assert_allclose(encoders.photo_features(images), photo_features, **close)
    np.testing.assert_allclose(encoders.music_features(windows), music_features, **close)
    for found, expected in zip(encoders.photo_heads(photo_features.numpy()), photo, strict=True):
        np.testing.assert_allclose(found, expected, **close)
    for found, expected in zip(encoders.music_heads(music_features.numpy()), music, strict=True):
        np.testing.assert_allclose(found, expected, **close)
    np.testing.assert_allclose(encoders.pair_similarity(photo[0].numpy(), music[0].numpy()), pairs, **close)


def test_the_callers_network_stays_in_training(bundle: ModelBundle, head: TrainedHead) -> None:
    assert head.training
    assert head.embed[0].weight.requires_grad


def test_the_manifest_tells_what_was_given(bundle: ModelBundle) -> None:
    manifest = open_bundle(bundle.path).manifest
    assert (manifest.photo.input_px, manifest.photo.feature_width) == (INPUT_PX, 52)
    assert manifest.music.feature_width == 2 * N_ROWS
    np.testing.assert_array_equal(manifest.music.row_mean, ROW_MEAN)
    assert (manifest.sigma, manifest.split_seed, manifest.corpora) == (0.31, 4, ("OASIS",))
    assert json.loads(bundle.file_bytes(SPLITS)) == {"OASIS": {"beach": "train"}}
    assert verify_bundle(bundle.path) == []


def test_the_rehearsal_set_comes_back_without_pickle(bundle: ModelBundle) -> None:
    assert bundle.rehearsal_path is not None
    with np.load(io.BytesIO(bundle.rehearsal_path.read_bytes()), allow_pickle=False) as arrays:
        assert set(arrays) == set(REHEARSAL)
        for name, array in REHEARSAL.items():
            np.testing.assert_array_equal(arrays[name], array)


@pytest.mark.parametrize("folder", ["exported", "checked in"])
def test_no_path_of_a_machine_is_in_a_bundle(bundle: ModelBundle, folder: str) -> None:
    path = bundle.path if folder == "exported" else TINY
    here = [os.fsencode(Path.cwd()), os.fsencode(Path.home()), b"site-packages", b".py", b"Traceback"]
    for file in path.iterdir():
        content = file.read_bytes()
        # The home folder may be as short as "/", which says nothing.
        assert not [trace for trace in here if len(trace) > 2 and trace in content and file.suffix == ".onnx"]


def test_a_network_that_drifts_is_refused(tmp_path: Path) -> None:
    class Forgetful(nn.Module):
        """Traced while it adds 0, it adds more at each later call."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = tiny_photo_head()
            self.calls = 0

        def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
            self.calls += not torch.compiler.is_compiling()
            return self.inner(features + 0.01 * self.calls)

    with pytest.raises(ParityError, match=PHOTO_HEAD):
        export(tmp_path / "bundle", photo_head=Forgetful())
    assert list(tmp_path.iterdir()) == []


def test_a_difference_that_is_not_a_number_is_no_parity() -> None:
    class Root(nn.Module):
        def forward(self, features: Tensor) -> Tensor:
            return features.sqrt()

    features = {"features": torch.full((7, 3), -1.0)}
    content = onnx_bytes(Root().eval(), features, ["roots"])
    assert largest_difference(Root(), content, features) == float("inf")


def test_wrong_widths_and_objects_are_refused(tmp_path: Path, head: TrainedHead) -> None:
    class Narrow(nn.Module):
        def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
            return features[:, :10], features[:, :2]

    with pytest.raises(ValueError, match=PHOTO_HEAD):
        export(tmp_path / "bundle", photo_head=Narrow())
    assert list(tmp_path.iterdir()) == []


def test_the_checked_in_tiny_bundle_is_the_one_that_tiny_makes() -> None:
    """Not to the byte, since another torch may write the same network otherwise: by statistics and by outputs."""
    tiny = open_bundle(TINY)
    row_mean, row_std = row_statistics(sorted(DEMO_SONGS.glob("*.ogg")))
    np.testing.assert_allclose(tiny.manifest.music.row_mean, row_mean, atol=0.02)
    np.testing.assert_allclose(tiny.manifest.music.row_std, row_std, atol=0.02)
    assert tiny.manifest.sigma == SIGMA
    assert set(REQUIRED_FILES) <= set(tiny.manifest.files)
    parts: dict[str, tuple[nn.Module, dict[str, Tensor]]] = {
        "photo_backbone.onnx": (TinyPhotoBackbone(), {"images": torch.rand(7, 3, INPUT_PX, INPUT_PX)}),
        "photo_head.onnx": (tiny_photo_head(), {"features": torch.rand(7, 52)}),
        "music_backbone.onnx": (TinyMusicBackbone(), {"windows": torch.randn(7, N_ROWS, N_FRAMES)}),
        "music_head.onnx": (tiny_music_head(), {"features": torch.randn(7, 2 * N_ROWS)}),
        "similarity.onnx": (TinySimilarity(), {n: torch.rand(7, 512) for n in ("photo_embedding", "music_embedding")}),
    }
    for name, (module, inputs) in parts.items():
        assert largest_difference(module, tiny.file_bytes(name), inputs) < PARITY_TOLERANCE
