"""The classifier behind the photo backbone: it changes no feature, and what ships gives what the weights' own does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.bundle import N_CONTENT_CLASSES, PHOTO_BACKBONE, open_bundle
from engine.content_names import CLASS_NAMES
from engine.encoders import Encoders, run_network
from engine.images import load_image
from trainer.backbones import Lite2Backbone, lite2_net
from trainer.content import Lite2WithContent
from trainer.export import largest_difference
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


def test_what_ships_computes_what_torch_does(
    encoders: Encoders, network: Lite2WithContent, images: torch.Tensor
) -> None:
    content = encoders.bundle.file_bytes(PHOTO_BACKBONE)
    assert largest_difference(network, content, {"images": images}) < PARITY_TOLERANCE
    assert len(content) < 21_000_000
    features, probabilities = encoders.photo_features_and_content(images.numpy())
    assert probabilities is not None
    np.testing.assert_array_equal(features, encoders.photo_features(images.numpy()))
    together = run_network(content, {"images": images.numpy()})
    np.testing.assert_allclose(probabilities, together[1], atol=1e-5)


def test_the_bundle_stays_small(encoders: Encoders) -> None:
    manifest = encoders.bundle.manifest
    assert manifest.photo.has_content
    assert sum(file.n_bytes for file in manifest.files.values()) < 40_000_000
