"""The network over windows: it begins as the plain smoother, sequences are what they should be, and it learns."""

from __future__ import annotations

import numpy as np
import torch

from engine.emotion import SMOOTH_WIDTH_S
from trainer.sequence import (
    EXCERPT_WINDOWS,
    PASSAGE_SONGS,
    PASSAGES,
    Excerpts,
    LineScores,
    SequenceNetwork,
    joined,
    markdown_table,
    train_network,
)


def made_up(n: int = 60) -> Excerpts:
    """Songs whose windows are noisy, and whose first component tells valence without noise."""
    rng = np.random.default_rng(0)
    labels = rng.uniform(0.2, 0.8, (n, 2)).astype(np.float32)
    shape = (n, EXCERPT_WINDOWS)
    va = np.clip(labels[:, None] + 0.15 * rng.standard_normal((*shape, 2)), 0, 1).astype(np.float32)
    components = rng.standard_normal((*shape, 3)).astype(np.float32)
    components[:, :, 0] = 4 * (labels[:, None, 0] - 0.5)
    return Excerpts(va, components, labels)


def test_before_it_has_learnt_it_is_the_plain_smoother() -> None:
    one = joined(made_up(), np.random.default_rng(1))
    line = SequenceNetwork(3)(one.inputs()[None])[0].detach().numpy()
    np.testing.assert_allclose(line, one.smoothed(SMOOTH_WIDTH_S), atol=1e-6)


def test_sequences_hold_whole_excerpts_of_songs_that_feel_alike() -> None:
    excerpts, rng = made_up(), np.random.default_rng(2)
    lengths = set()
    for _ in range(20):
        one = joined(excerpts, rng)
        lengths.add(len(one.truth) // EXCERPT_WINDOWS)
        by_song = one.truth.reshape(-1, EXCERPT_WINDOWS, 2)
        assert (by_song == by_song[:, :1]).all()
        assert one.va.shape == one.truth.shape
        assert len(one.components) == len(one.va)
    assert PASSAGES[0] * PASSAGE_SONGS[0] <= min(lengths)
    assert max(lengths) <= PASSAGES[1] * PASSAGE_SONGS[1]


def test_it_learns_what_a_smoother_cannot_see() -> None:
    excerpts, rng = made_up(), np.random.default_rng(3)
    validation = [joined(excerpts, rng) for _ in range(8)]
    network = train_network(excerpts, validation, steps=60)
    with torch.no_grad():
        drawn = [network(one.inputs()[None])[0].numpy() for one in validation]
    errors = [
        np.mean([np.square(line - one.truth)[:, 0].mean() for line, one in zip(lines, validation, strict=True)])
        for lines in (drawn, [one.smoothed(SMOOTH_WIDTH_S) for one in validation])
    ]
    assert errors[0] < 0.6 * errors[1]


def test_the_table() -> None:
    table = markdown_table([LineScores("plain", 0.0172, 0.715, 0.68, 0.5)])
    assert table.splitlines()[-1] == "| plain | 0.0172 | 0.715 | 0.680 | 0.50 |"
