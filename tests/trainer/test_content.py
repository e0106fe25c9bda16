"""The classifier behind the photo backbone: it changes no feature, and what ships gives what the weights' own does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch

from engine.bundle import N_CONTENT_CLASSES, PHOTO_BACKBONE, open_bundle
from engine.content_names import CLASS_NAMES
from engine.encoders import Encoders
from engine.images import load_image
from trainer.backbones import Lite2Backbone, lite2_net
from trainer.class_affect import N_AFFECT, class_affect
from trainer.content import Lite2WithContent
from trainer.export import largest_difference, onnx_bytes
from trainer.parity import PARITY_TOLERANCE
from trainer.photo_file import backbone_onnx, with_affect

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
    features, content, _ = network(images)
    assert torch.equal(features, network.backbone(images))
    assert content.shape == (len(images), N_CONTENT_CLASSES)
    torch.testing.assert_close(content.sum(dim=1), torch.ones(len(images)), atol=1e-5, rtol=0)
    whole = torch.softmax(lite2_net().eval()(images), dim=1)
    torch.testing.assert_close(content, whole, atol=0.003, rtol=0)  # half precision of the weights
    named = [CLASS_NAMES[int(i)] for i in content.argmax(dim=1)]
    assert named[:2] == ["egyptian cat", "espresso"]
    assert named[4] == "otter"


@torch.no_grad()
def test_affect_is_the_tables_of_what_is_seen_in_nine_parts(network: Lite2WithContent, images: torch.Tensor) -> None:
    felt = network(images)[2].numpy()
    last_map = network.backbone.features_and_map(images)[1]
    hidden = torch.relu(torch.nn.functional.conv2d(last_map, network.weight.float(), network.bias)).clamp(max=6.0)
    step, side = hidden.shape[3] // 3, hidden.shape[3]
    means = np.zeros((len(images), N_AFFECT))
    for row in range(3):
        for column in range(3):
            ends = [start * step + side - 2 * step for start in (row, column)]
            part = hidden[:, :, row * step : ends[0], column * step : ends[1]].mean(dim=(2, 3))
            classes = torch.softmax(part @ network.class_weight.float().T + network.class_bias, dim=1)
            means += classes.numpy() @ class_affect() / 9
    np.testing.assert_allclose(felt, means, atol=1e-4)
    assert felt[0, 0] > 0  # a cat


def test_affect_ends_the_features_of_the_file() -> None:
    small = torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(0)).numpy() * 2 - 1
    apart = backbone_onnx(Lite2Backbone(stages=True).eval(), 128, tells_affect=True)
    session = ort.InferenceSession(apart, providers=["CPUExecutionProvider"])
    features, affect = session.run(["features", "affect"], {"images": small})
    joined = ort.InferenceSession(with_affect(apart), providers=["CPUExecutionProvider"])
    assert [output.name for output in joined.get_outputs()] == ["features", "content"]
    assert joined.get_outputs()[0].shape[1] == features.shape[1] + N_AFFECT
    np.testing.assert_array_equal(joined.run(["features"], {"images": small})[0], np.concatenate([features, affect], 1))


def test_without_affect_nothing_of_it_is_told(images: torch.Tensor) -> None:
    assert len(Lite2WithContent(Lite2Backbone(stages=True), tells_affect=False).eval()(images[:1])) == 2


def test_its_file_computes_what_torch_does(network: Lite2WithContent) -> None:
    small = torch.rand(7, 3, 128, 128, generator=torch.Generator().manual_seed(0)) * 2 - 1
    content = onnx_bytes(network, {"images": small}, ["features", "content", "affect"])
    assert largest_difference(network, content, {"images": small}) < PARITY_TOLERANCE


@torch.no_grad()
def test_what_ships_says_nearly_what_the_network_does(
    encoders: Encoders, network: Lite2WithContent, images: torch.Tensor
) -> None:
    assert len(encoders.bundle.file_bytes(PHOTO_BACKBONE)) < 10_000_000  # int8
    features, probabilities = encoders.photo_features_and_content(images.numpy())
    assert probabilities is not None
    np.testing.assert_array_equal(features, encoders.photo_features(images.numpy()))
    whole, shown, affect = network(images)
    felt = features[:, whole.shape[1] :]
    assert felt.shape[1] == N_AFFECT
    assert np.abs(felt - affect.numpy()).max() < 0.15  # of a scale from -2 to 2
    features = features[:, : whole.shape[1]]
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
