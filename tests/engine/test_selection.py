from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from engine.selection import (
    BEST_GAP_S,
    BLOCK_CUES,
    FREE,
    SIBLING_GAP,
    Seats,
    _swap_change,
    choose_photos,
    effective_repeats,
)

NO_PARTNERS = np.zeros((0, 2), dtype=np.intp)


def random_scores(n_cues: int, n_photos: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n_cues, n_photos), dtype=np.float32)


def seats(n_cues: int, *, shown: dict[int, int] | None = None, hold_s: float = 5.0) -> Seats:
    """A show of equal holds in which some cues show a photo already."""
    marks = np.full(n_cues, FREE, dtype=np.intp)
    for cue, photo in (shown or {}).items():
        marks[cue] = photo
    return Seats(hold_s * np.arange(n_cues), marks, NO_PARTNERS)


def choose(scores: np.ndarray, **keywords: object) -> np.ndarray:
    return choose_photos(scores, seats(len(scores)), **keywords)  # type: ignore[arg-type]


def assert_no_early_repeat(chosen: list[int], n_photos: int) -> None:
    shown = np.zeros(n_photos, int)
    for photo in chosen:
        assert shown[photo] == shown.min()
        shown[photo] += 1


def least_sibling_distance(chosen: np.ndarray, groups: np.ndarray) -> int:
    of_cue = groups[chosen]
    apart = [j - i for i in range(len(of_cue)) for j in range(i + 1, len(of_cue)) if of_cue[i] == of_cue[j]]
    return min(apart, default=10_000)


def widest_gap(groups: np.ndarray, n_cues: int) -> int:
    """The largest gap up to SIBLING_GAP at which n_cues different photos can stand at all (known from scheduling)."""
    sizes = np.bincount(groups)
    for gap in range(SIBLING_GAP, 0, -1):
        n_rounds, rest = divmod(n_cues, gap + 1)
        # A group may stand once in each stretch of gap + 1 cues, and in the broken last one only as long as that is.
        n_seats = np.minimum(sizes, n_rounds).sum() + min(rest, int(np.sum(sizes > n_rounds)))
        if n_seats >= n_cues:
            return gap
    return 0


@settings(deadline=None, max_examples=60)
@given(n_cues=st.integers(0, 60), n_photos=st.integers(1, 70), seed=st.integers(0, 3))
def test_no_photo_comes_again_while_unused_ones_remain(n_cues: int, n_photos: int, seed: int) -> None:
    chosen = choose(random_scores(n_cues, n_photos), seed=seed)
    assert len(chosen) == n_cues
    assert_no_early_repeat(chosen.tolist(), n_photos)


@settings(deadline=None, max_examples=60)
@given(n_cues=st.integers(2, 50), n_photos=st.integers(2, 20), split=st.integers(0, 50), scale=st.floats(0, 1))
def test_a_photo_comes_again_half_a_library_later_at_the_earliest(
    n_cues: int, n_photos: int, split: int, scale: float
) -> None:
    scores = random_scores(n_cues, n_photos) + scale * np.arange(n_photos, dtype=np.float32)  # all want the same photos
    begun = choose(scores[:split])
    chosen = choose_photos(scores[split:], seats(n_cues, shown=dict(enumerate(begun)))).tolist()
    assert chosen[:split] == begun.tolist()
    assert_no_early_repeat(chosen, n_photos)
    for i, photo in enumerate(chosen):
        assert photo not in chosen[i + 1 : i + max(2, (n_photos + 1) // 2)]


def test_the_choice_is_the_best_of_all() -> None:
    for seed in range(5):
        scores = random_scores(4, 7, seed)
        best = max(sum(scores[i, p] for i, p in enumerate(some)) for some in permutations(range(7), 4))
        assert scores[range(4), choose(scores)].sum() == pytest.approx(best)


def test_a_shortlist_loses_nothing() -> None:
    from scipy.optimize import linear_sum_assignment

    # Cues that agree about the best photos, so that the shortlists overlap.
    scores = random_scores(40, 500) * 0.1 + random_scores(1, 500, 9)
    rows, columns = linear_sum_assignment(scores, maximize=True)
    assert scores[range(40), choose(scores)].sum() == pytest.approx(scores[rows, columns].sum(), abs=1e-5)


def test_the_same_seed_gives_the_same_choice_and_another_gives_another_nearly_as_good() -> None:
    scores = random_scores(30, 400)
    best = choose(scores)
    assert np.array_equal(best, choose(scores, seed=0))
    others = [choose(scores, seed=seed) for seed in (1, 2)]
    assert np.array_equal(others[0], choose(scores, seed=1))
    assert np.mean(others[0] != best) > 0.5
    assert np.mean(others[0] != others[1]) > 0.5
    for other in others:
        loss = scores[range(30), best] - scores[range(30), other]
        assert 0 <= loss.mean() <= 0.03


@settings(deadline=None, max_examples=60)
@given(n_cues=st.integers(1, 50), n_photos=st.integers(12, 120), n_groups=st.integers(1, 60), seed=st.integers(0, 5))
def test_siblings_stand_as_far_apart_as_the_photos_allow(n_cues: int, n_photos: int, n_groups: int, seed: int) -> None:
    assume(n_cues <= n_photos)
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, n_groups, n_photos)
    scores = random_scores(n_cues, n_photos, seed) + groups.astype(np.float32)  # all want the photos of one group
    chosen = choose(scores, groups=groups)
    assert len(set(chosen.tolist())) == n_cues
    assert least_sibling_distance(chosen, groups) > widest_gap(groups, n_cues)


def test_siblings_keep_away_from_what_stands_already() -> None:
    scores, groups = random_scores(40, 300), np.arange(300) // 3
    marks = seats(45, shown={0: 5, 12: 30, 13: 60, 30: 90, 44: 120})
    marks = Seats(marks.starts_s, marks.shown, np.array([[12, 151]]))
    for photo in (3, 4, 31, 61, 62, 91, 121, 150, 152):
        scores[:, photo] = 2  # siblings of these are everybody's favourites
    chosen = choose_photos(scores, marks, groups=groups)
    assert chosen[[0, 12, 13, 30, 44]].tolist() == [5, 30, 60, 90, 120]
    assert least_sibling_distance(chosen, groups) > SIBLING_GAP
    assert 151 not in chosen
    assert not set(chosen[12 - SIBLING_GAP : 12 + SIBLING_GAP + 1].tolist()) & {150, 152}
    assert {3, 4, 31, 61, 62, 91, 121, 150, 152} & set(chosen.tolist())  # they are shown elsewhere


def test_a_large_group_does_not_crowd_out_the_others() -> None:
    scores = random_scores(60, 2000, 3) * 0.5
    scores[:, :1500] += 0.5  # 1500 pictures of one scene, the best at every cue
    groups = np.concatenate([np.zeros(1500, int), np.arange(1, 501)])
    chosen = choose(scores, groups=groups)
    assert least_sibling_distance(chosen, groups) > SIBLING_GAP
    assert 5 <= np.sum(chosen < 1500) <= 6
    assert scores[np.arange(60), chosen][chosen >= 1500].mean() > 0.45


def test_photos_of_one_day_stay_together_where_it_costs_nothing() -> None:
    scores = np.full((20, 200), 0.5, np.float32) + 0.004 * random_scores(20, 200)
    days = np.random.default_rng(0).integers(0, 20, 200)
    runs = [np.mean(np.diff(days[choose(scores, days=given)]) == 0) for given in (days, None)]
    assert runs[0] > 0.5 > 0.2 > runs[1]
    clear = random_scores(20, 40)
    loss = clear[range(20), choose(clear)] - clear[range(20), choose(clear, days=np.zeros(40, int))]
    assert np.abs(loss).mean() < 0.01


@settings(deadline=None, max_examples=40)
@given(n_cues=st.integers(2, 60), n_photos=st.integers(1, 60), hold_s=st.floats(2, 8), seed=st.integers(0, 3))
@example(n_cues=12, n_photos=6, hold_s=8.0, seed=0)
def test_the_best_matches_come_again_after_a_minute(n_cues: int, n_photos: int, hold_s: float, seed: int) -> None:
    scores = random_scores(n_cues, n_photos, seed)
    chosen = choose_photos(scores, seats(n_cues, hold_s=hold_s), repeats="best", seed=seed)
    n_a_minute = int(np.ceil(BEST_GAP_S / hold_s))
    for i in range(n_cues):
        later = [j for j in range(i + 1, n_cues) if chosen[j] == chosen[i]]
        if later:  # where the photos do not last a minute, they come as late as they can
            assert later[0] - i >= (n_a_minute if n_photos >= n_a_minute else max(n_photos // 2, min(2, n_photos)))


def test_many_cues_a_minute_find_photos_that_rested_a_minute() -> None:
    scores = random_scores(200, 300, 1) * 0.01 + np.linspace(0, 1, 300, dtype=np.float32)  # all want the same photos
    for groups in (None, np.zeros(300, int)):
        chosen = choose_photos(scores, seats(200, hold_s=0.5), repeats="best", groups=groups)
        for i, photo in enumerate(chosen):
            assert photo not in chosen[i + 1 : i + 120]


@pytest.mark.parametrize(("n_cues", "n_photos", "repeats"), [(24, 18, "all"), (90, 2, "all"), (120, 58, "best")])
def test_where_all_photos_are_siblings_they_still_come_again_late(n_cues: int, n_photos: int, repeats: str) -> None:
    scores = random_scores(n_cues, n_photos, 3) + np.arange(n_photos, dtype=np.float32)
    chosen = choose(scores, groups=np.zeros(n_photos, int), repeats=repeats).tolist()
    for i, photo in enumerate(chosen):
        assert photo not in chosen[i + 1 : i + max(2, min(12, (n_photos + 1) // 2))]


def test_the_best_matches_are_better_than_every_photo() -> None:
    scores = random_scores(60, 30, 4) ** 2
    fits = {repeats: scores[range(60), choose(scores, repeats=repeats)].mean() for repeats in ("best", "all")}
    assert fits["best"] > fits["all"] + 0.02
    assert len(set(choose(scores, repeats="all").tolist())) == 30


def test_repeats_are_decided_by_the_photos_there_are() -> None:
    assert effective_repeats("auto", n_photos=100, n_cues=50) == "all"
    assert effective_repeats("auto", n_photos=30, n_cues=50) == "all"
    assert effective_repeats("auto", n_photos=20, n_cues=50) == "best"
    assert effective_repeats("all", n_photos=2, n_cues=50) == "all"
    assert effective_repeats("best", n_photos=900, n_cues=50) == "best"


def test_a_heavier_cue_wins_the_photo_both_want_and_it_is_kept_for_it() -> None:
    scores = np.array([[0.9, 0.5], [0.9, 0.45]], np.float32)
    assert choose(scores).tolist() == [1, 0]
    assert choose(scores, weights=np.array([2, 1], np.float32)).tolist() == [0, 1]
    many = random_scores(30, 40, 2)
    many[:, 7] = 1.5
    weights = np.ones(30, np.float32)
    weights[25] = 10
    for repeats in ("best", "all"):
        chosen = choose(many, weights=weights, repeats=repeats)
        assert chosen[25] == 7
        assert 7 not in chosen[:25]


def test_used_photos_wait_and_unknown_ones_do_no_harm() -> None:
    scores = np.tile(np.array([0.9, 0.8, 0.1], np.float32), (2, 1))
    assert 0 not in choose_photos(scores, seats(4, shown={0: 0, 1: -2}))[2:]
    assert sorted(choose_photos(scores, seats(5, shown={0: -2, 1: -2, 4: 0}))[2:4].tolist()) == [1, 2]


def test_a_photo_that_may_come_again_is_not_charged_as_its_own_sibling() -> None:
    scores = np.zeros((4, 4), np.float32)
    scores[0, 2] = scores[1, 3] = 0.5
    chosen = choose_photos(scores, seats(8, shown={0: 0, 1: 1, 2: 2, 3: 3}))
    assert chosen[4:6].tolist() == [2, 3]


def test_a_swap_is_judged_by_what_it_changes() -> None:
    rng = np.random.default_rng(0)
    near = rng.random((7, 7))
    near = np.triu(near, 1) + np.triu(near, 1).T
    kinds = rng.integers(0, 3, 7)
    change = _swap_change(near, (kinds[:, None] == kinds[None, :]).astype(float))

    def likeness(order: list[int]) -> float:
        return float((near * (kinds[order][:, None] == kinds[order][None, :])).sum() / 2)

    for i, j in permutations(range(7), 2):
        order = list(range(7))
        order[i], order[j] = j, i
        assert change[i, j] == pytest.approx(likeness(order) - likeness(list(range(7))))


def test_a_long_show_over_many_photos_goes_block_by_block() -> None:
    scores = random_scores(2 * BLOCK_CUES + 20, 3 * BLOCK_CUES)
    groups = np.arange(3 * BLOCK_CUES) // 2
    chosen = choose(scores, groups=groups)
    assert len(set(chosen.tolist())) == len(chosen)
    assert scores[range(len(chosen)), chosen].mean() > 0.97
    assert least_sibling_distance(chosen, groups) > SIBLING_GAP


def test_no_photos_is_an_error_of_the_caller() -> None:
    with pytest.raises(ValueError, match="no photos"):
        choose(np.zeros((3, 0), np.float32))
