"""A correction built into a head's ONNX file: it says what it must, and the embedding goes along."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from engine.emotion import FloatArray
from trainer.errors import TrainerError
from trainer.export import onnx_bytes
from trainer.personal import Correction
from trainer.personal_head import mood_directions, run_head, with_correction

TINY_HEAD = (Path(__file__).parents[1] / "assets" / "tiny_bundle" / "photo_head.onnx").read_bytes()
TINY_WIDTH = 52


class ReadingHead(nn.Module):
    """A head whose VA is read from the embedding, as that of a trained bundle is."""

    def __init__(self, width: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.weights = nn.Parameter(torch.randn(512, width, generator=generator) / width**0.5)
        self.reader = nn.Parameter(torch.randn(2, 512, generator=generator) / 512**0.5)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        embedding = features @ self.weights.T
        return embedding, torch.sigmoid(embedding @ self.reader.T)


@pytest.fixture(scope="module")
def reading_head() -> bytes:
    return onnx_bytes(ReadingHead(8).eval(), {"features": torch.zeros(2, 8)}, ["embedding", "va"])


def features_of(n: int, width: int, *, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).uniform(0, 0.3, (n, width)).astype(np.float32)


def correction_of(width: int, *, n_support: int) -> Correction:
    rng = np.random.default_rng(3)
    return Correction(
        mean=np.full(width, 0.15),
        scale=np.full(width, 5.0),
        support=rng.standard_normal((n_support, width)),
        weights=0.2 * rng.standard_normal((n_support, 2)),
        slope=np.array([[-0.2, 0.1], [0.0, 0.3]]),
        offset=np.array([0.05, -0.1]),
    )


@pytest.mark.parametrize("n_support", [0, 1, 40])
def test_a_corrected_head_says_what_the_correction_says(n_support: int, reading_head: bytes) -> None:
    for head, width in ((TINY_HEAD, TINY_WIDTH), (reading_head, 8)):
        features = features_of(50, width)
        embeddings, va = run_head(head, features)
        directions = mood_directions(head, embeddings, va)
        correction = correction_of(width, n_support=n_support)
        new_embeddings, new_va = run_head(with_correction(head, correction, directions), features)
        np.testing.assert_allclose(new_va, correction.apply(features, va), atol=1e-5)
        np.testing.assert_allclose(new_embeddings, embeddings + (new_va - va) @ directions, atol=1e-4)
        assert np.abs(new_va - va).mean() > 0.01


def test_no_correction_changes_not_a_bit() -> None:
    features = features_of(7, TINY_WIDTH)
    nothing = Correction(
        mean=np.zeros(TINY_WIDTH),
        scale=np.ones(TINY_WIDTH),
        support=np.zeros((0, TINY_WIDTH)),
        weights=np.zeros((0, 2)),
        slope=np.zeros((2, 2)),
        offset=np.zeros(2),
    )
    embeddings, va = run_head(TINY_HEAD, features)
    new = run_head(with_correction(TINY_HEAD, nothing, mood_directions(TINY_HEAD, embeddings, va)), features)
    np.testing.assert_array_equal(new[0], embeddings)
    np.testing.assert_array_equal(new[1], va)


def test_moved_embeddings_carry_the_mood_that_was_meant(reading_head: bytes) -> None:
    model = ReadingHead(8)
    features = (np.random.default_rng(1).standard_normal((400, 8))).astype(np.float32)
    embeddings, va = run_head(reading_head, features)
    directions = mood_directions(reading_head, embeddings, va)
    for step in ((0.1, 0.0), (0.0, -0.1), (0.08, 0.08)):
        moved = torch.from_numpy(embeddings + np.array(step, np.float32) @ directions)
        seen = torch.sigmoid(moved @ model.reader.T).detach().numpy()
        np.testing.assert_allclose((seen - va).mean(axis=0), step, atol=0.02)


def test_embeddings_that_hold_the_mood_move_by_it() -> None:
    features = features_of(100, TINY_WIDTH)
    embeddings, va = run_head(TINY_HEAD, features)  # the first two coordinates are valence and arousal
    directions = mood_directions(TINY_HEAD, embeddings, va)
    np.testing.assert_allclose(directions[:, :2], np.eye(2), atol=0.1)
    assert directions.shape == (2, 512)
    assert np.isfinite(mood_directions(TINY_HEAD, embeddings[:1], va[:1])).all()


def test_what_cannot_be_corrected_is_said() -> None:
    embeddings, va = run_head(TINY_HEAD, features_of(9, TINY_WIDTH))
    directions = mood_directions(TINY_HEAD, embeddings, va)
    correction = correction_of(TINY_WIDTH, n_support=2)
    once = with_correction(TINY_HEAD, correction, directions)
    with pytest.raises(TrainerError, match="already"):
        with_correction(once, correction, directions)
    model = onnx.load_from_string(TINY_HEAD)
    del model.graph.output[1:]
    with pytest.raises(TrainerError, match="does not give embedding and va"):
        with_correction(model.SerializeToString(), correction, directions)
