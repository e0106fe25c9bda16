"""The classifier behind the photo backbone: it changes no feature, and what ships gives what the weights' own does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.bundle import N_CONTENT_CLASSES, PHOTO_BACKBONE, open_bundle
from engine.content_names import CLASS_NAMES
from engine.encoders import Encoders
from engine.images import load_image
from trainer.backbones import Lite2Backbone, lite2_net
from trainer.content import Lite2WithContent
from trainer.export import largest_difference, onnx_bytes
from trainer.parity import PARITY_TOLERANCE

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
PHOTOS = ("tabby-cat-closeup", "espresso-cup", "alpine-glow-peaks", "stormy-beach", "river-otters", "earthrise")


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return Encoders(open_bundle(RESOURCES / "models" / "default"), n_threads=1)


@pytest.fixture(scope="module")
def images(encoders: Encoders) -> torch.Tensor:
    paths = [RESOURCES / "demo" / "photos" / f"{name}.jpg" for name in (*PHOTOS, PHOTOS[0])]
    return torch.from_numpy(np.stack([encoders.photo_input(load_image(path)[0]) for path in paths]))


@pytest.fixture(scope="module")
def network() -> Lite2WithContent:
    return Lite2WithContent(Lite2Backbone(stages=True)).eval()


@torch.no_grad()
def test_features_stay_and_probabilities_are_the_weights_own(network: Lite2WithContent, images: torch.Tensor) -> None:
    features, content = network(images)
    assert torch.equal(features, network.backbone(images))
    assert content.shape == (len(images), N_CONTENT_CLASSES)
    torch.testing.assert_close(content.sum(dim=1), torch.ones(len(images)), atol=1e-5, rtol=0)
    whole = torch.softmax(lite2_net().eval()(images), dim=1)
    torch.testing.assert_close(content, whole, atol=0.003, rtol=0)  # half precision of the weights
    named = [CLASS_NAMES[int(i)] for i in content.argmax(dim=1)]
    assert named[:2] == ["egyptian cat", "espresso"]
    assert named[4] == "otter"


def test_its_file_computes_what_torch_does(network: Lite2WithContent) -> None:
    small = torch.rand(7, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    content = onnx_bytes(network, {"images": small}, ["features", "content"])
    assert largest_difference(network, content, {"images": small}) < PARITY_TOLERANCE


@torch.no_grad()
def test_what_ships_says_nearly_what_the_network_does(
    encoders: Encoders, network: Lite2WithContent, images: torch.Tensor
) -> None:
    assert len(encoders.bundle.file_bytes(PHOTO_BACKBONE)) < 10_000_000  # int8
    features, probabilities = encoders.photo_features_and_content(images.numpy())
    assert probabilities is not None
    np.testing.assert_array_equal(features, encoders.photo_features(images.numpy()))
    whole, shown = network(images)
    assert np.corrcoef(features.ravel(), whole.numpy().ravel())[0, 1] > 0.97
    said, meant = np.log(probabilities + 1e-6), np.log(shown.numpy() + 1e-6)
    assert np.corrcoef(said.ravel(), meant.ravel())[0, 1] > 0.95
    named = [CLASS_NAMES[int(i)] for i in probabilities.argmax(axis=1)]
    assert named[:2] == ["egyptian cat", "espresso"]
    assert named[4] == "otter"


def test_the_bundle_stays_small(encoders: Encoders) -> None:
    manifest = encoders.bundle.manifest
    assert manifest.photo.has_content
    assert sum(file.n_bytes for file in manifest.files.values()) < 40_000_000
