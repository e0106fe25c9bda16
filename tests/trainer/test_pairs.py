"""Splits that no group crosses and no file order changes; Eq. 1 labels; the pairs of section 3.2."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer import pairs as pairs_module
from trainer.pairs import (
    SPLITS,
    balanced_partners,
    fold_of_rows,
    mean_distance,
    paper_pairs,
    paper_pairs_of_va,
    rows_of_split,
    similarity_labels,
    split_of,
)


def test_shares_are_those_of_the_paper() -> None:
    splits = [split_of(f"song {i}") for i in range(20_000)]
    shares = [splits.count(split) / len(splits) for split in SPLITS]
    assert shares == pytest.approx([0.80, 0.05, 0.15], abs=0.01)


def test_split_is_the_same_on_every_machine() -> None:
    groups = ["beach", "dog", "fire", "wedding", "2", "3", "10", "1999"]
    assert [split_of(group)[:2] for group in groups] == ["te", "tr", "tr", "tr", "tr", "tr", "tr", "tr"]
    assert any(split_of(str(i)) != split_of(str(i), seed=1) for i in range(20))


@given(st.lists(st.text(max_size=4), max_size=40), st.randoms())
def test_splits_part_the_rows_and_do_not_depend_on_order_or_absence(groups: list[str], random: object) -> None:
    rows = {split: rows_of_split(groups, split) for split in SPLITS}
    assert sorted(np.concatenate(list(rows.values())).tolist()) == list(range(len(groups)))
    fewer = groups[::2][::-1]
    for split in SPLITS:
        assert {fewer[i] for i in rows_of_split(fewer, split)} <= {groups[i] for i in rows[split]}


def test_folds_keep_groups_whole_and_are_nearly_equal() -> None:
    rng = np.random.default_rng(0)
    groups = [f"theme {i}" for i in rng.integers(60, size=400)]
    folds = fold_of_rows(groups, n_folds=5)
    for group in set(groups):
        assert len({int(folds[i]) for i, other in enumerate(groups) if other == group}) == 1
    assert np.ptp(np.bincount(folds)) <= 2
    order = rng.permutation(len(groups))
    assert np.array_equal(fold_of_rows([groups[i] for i in order], n_folds=5), folds[order])
    assert not np.array_equal(fold_of_rows(groups, n_folds=5, seed=1), folds)


def test_too_few_groups_for_folds_are_refused() -> None:
    with pytest.raises(ValueError, match="3 folds"):
        fold_of_rows(["a", "a", "b"], n_folds=3)


def test_similarity_labels_follow_equation_1() -> None:
    photo_va = np.array([[0.1, 0.2], [0.8, 0.9]], np.float32)
    song_va = np.array([[0.1, 0.2], [0.5, 0.5], [0.9, 0.1]], np.float32)
    distances = [[math.dist(p, s) for s in song_va] for p in photo_va]
    sigma = mean_distance(photo_va, song_va)
    assert sigma == pytest.approx(np.mean(distances), rel=1e-6)
    labels = similarity_labels(photo_va, song_va, sigma=sigma)
    assert labels == pytest.approx(np.exp(-np.array(distances) / sigma), rel=1e-5)
    assert labels[0, 0] == 1.0


def test_paper_pairs_take_the_ends_and_others_and_keep_a_tenth() -> None:
    similarity = np.random.default_rng(0).random((200, 8), np.float32)
    everything = paper_pairs(similarity, seed=0, kept_share=1.0)
    assert len(everything) == 8 * 50
    for clip in range(8):
        chosen = everything[everything[:, 1] == clip, 0]
        order = np.argsort(-similarity[:, clip])
        assert len(set(chosen.tolist())) == 50
        assert set(order[:10]) | set(order[-10:]) <= set(chosen.tolist())
    assert len(paper_pairs(similarity, seed=0)) == 40
    assert np.array_equal(paper_pairs(similarity, seed=3), paper_pairs(similarity, seed=3))


def test_paper_pairs_of_few_photos_take_them_all() -> None:
    pairs = paper_pairs(np.random.default_rng(0).random((7, 2), np.float32), seed=0, kept_share=1.0)
    assert sorted(map(tuple, pairs.tolist())) == [(photo, clip) for photo in range(7) for clip in range(2)]


def test_balanced_partners_take_near_photos_for_their_share() -> None:
    rng = np.random.default_rng(0)
    photo_va, song_va = rng.random((300, 2)).astype(np.float32), rng.random((50, 2)).astype(np.float32)

    def mean_of_pairs(near_share: float) -> float:
        pairs = balanced_partners(photo_va, song_va, np.random.default_rng(1), n_pairs=2000, near_share=near_share)
        assert pairs.shape == (2000, 2)
        assert pairs[:, 0].max() < 300
        assert pairs[:, 1].max() < 50
        return float(np.linalg.norm(photo_va[pairs[:, 0]] - song_va[pairs[:, 1]], axis=1).mean())

    any_photo, near = mean_of_pairs(0.0), mean_of_pairs(1.0)
    assert near < 0.5 * any_photo
    assert mean_of_pairs(0.5) == pytest.approx((any_photo + near) / 2, rel=0.1)


def test_pairs_in_blocks_are_the_pairs_of_the_whole_table(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    photo_va, clip_va = rng.random((70, 2), np.float32), rng.random((23, 2), np.float32)
    table = similarity_labels(photo_va, clip_va, sigma=0.3)
    sigma = mean_distance(photo_va, clip_va)
    monkeypatch.setattr(pairs_module, "PAIRS_AT_ONCE", 150)
    pairs, similarity = paper_pairs_of_va(photo_va, clip_va, sigma=0.3, seed=5)
    np.testing.assert_array_equal(pairs, paper_pairs(table, seed=5))
    np.testing.assert_allclose(similarity, table[pairs[:, 0], pairs[:, 1]], rtol=1e-5)
    assert mean_distance(photo_va, clip_va) == pytest.approx(sigma)
    none, of_none = paper_pairs_of_va(photo_va, clip_va[:0], sigma=0.3, seed=5)
    assert none.shape == (0, 2)
    assert of_none.shape == (0,)
