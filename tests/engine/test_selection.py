from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.selection import BLOCK_CUES, choose_photos


def random_scores(n_cues: int, n_photos: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n_cues, n_photos), dtype=np.float32)


def assert_no_early_repeat(chosen: list[int], n_photos: int) -> None:
    shown = np.zeros(n_photos, int)
    for photo in chosen:
        assert shown[photo] == shown.min()
        shown[photo] += 1


@settings(deadline=None, max_examples=80)
@given(n_cues=st.integers(0, 60), n_photos=st.integers(1, 70), seed=st.integers(0, 3))
def test_no_photo_comes_again_while_unused_ones_remain(n_cues: int, n_photos: int, seed: int) -> None:
    chosen = choose_photos(random_scores(n_cues, n_photos), seed=seed)
    assert len(chosen) == n_cues
    assert_no_early_repeat(chosen.tolist(), n_photos)


@settings(deadline=None, max_examples=80)
@given(n_cues=st.integers(2, 50), n_photos=st.integers(2, 20), split=st.integers(0, 50), scale=st.floats(0, 1))
def test_a_photo_comes_again_half_a_library_later_at_the_earliest(
    n_cues: int, n_photos: int, split: int, scale: float
) -> None:
    scores = random_scores(n_cues, n_photos) + scale * np.arange(n_photos, dtype=np.float32)  # all want the same photos
    begun = choose_photos(scores[:split]).tolist()
    chosen = begun + choose_photos(scores[split:], used=begun).tolist()
    assert_no_early_repeat(chosen, n_photos)
    for i, photo in enumerate(chosen):
        assert photo not in chosen[i + 1 : i + max(2, (n_photos + 1) // 2)]


def test_the_choice_is_the_best_of_all() -> None:
    for seed in range(5):
        scores = random_scores(4, 7, seed)
        best = max(sum(scores[i, p] for i, p in enumerate(some)) for some in permutations(range(7), 4))
        assert scores[range(4), choose_photos(scores)].sum() == pytest.approx(best)


def test_a_shortlist_loses_nothing() -> None:
    from scipy.optimize import linear_sum_assignment

    # Cues that agree about the best photos, so that the shortlists overlap.
    scores = random_scores(40, 500) * 0.1 + random_scores(1, 500, 9)
    rows, columns = linear_sum_assignment(scores, maximize=True)
    assert scores[range(40), choose_photos(scores)].sum() == pytest.approx(scores[rows, columns].sum(), abs=1e-5)


def test_the_same_seed_gives_the_same_choice_and_another_gives_another_nearly_as_good() -> None:
    scores = random_scores(30, 400)
    best = choose_photos(scores)
    assert np.array_equal(best, choose_photos(scores, seed=0))
    others = [choose_photos(scores, seed=seed) for seed in (1, 2)]
    assert np.array_equal(others[0], choose_photos(scores, seed=1))
    assert not np.array_equal(others[0], best)
    assert not np.array_equal(others[0], others[1])
    for other in others:
        loss = scores[range(30), best] - scores[range(30), other]
        assert 0 <= loss.mean() <= 0.03


def test_a_heavier_cue_wins_the_photo_both_want() -> None:
    scores = np.array([[0.9, 0.5], [0.9, 0.45]], np.float32)
    assert choose_photos(scores).tolist() == [1, 0]
    assert choose_photos(scores, weights=np.array([2, 1], np.float32)).tolist() == [0, 1]


def test_used_photos_wait_and_unknown_ones_do_no_harm() -> None:
    scores = np.tile(np.array([0.9, 0.8, 0.1], np.float32), (2, 1))
    assert 0 not in choose_photos(scores, used=[0, -1])
    assert sorted(choose_photos(scores, used=[-1, -1, 0]).tolist()) == [1, 2]


def test_a_long_show_over_many_photos_goes_block_by_block() -> None:
    scores = random_scores(2 * BLOCK_CUES + 20, 3 * BLOCK_CUES)
    chosen = choose_photos(scores)
    assert len(set(chosen.tolist())) == len(chosen)
    assert scores[range(len(chosen)), chosen].mean() > 0.97


def test_no_photos_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no photos"):
        choose_photos(np.zeros((3, 0), np.float32))
