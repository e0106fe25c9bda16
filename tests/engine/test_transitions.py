from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.transitions import CALM_BETWEEN, DIP_EVERY_S, choose_transitions, fade_length_s


def times(n: int, hold_s: float = 5.0) -> list[float]:
    return [hold_s * i for i in range(n)]


def steady(n: int, arousal: float) -> np.ndarray:
    return np.tile(np.array([0.5, arousal], np.float32), (n, 1))


def test_calm_music_only_crossfades() -> None:
    assert choose_transitions(steady(30, 0.4), times(30)) == ["crossfade"] * 30


def test_a_strong_turn_dips_once() -> None:
    moods = steady(30, 0.3)
    moods[12:] = (0.6, 0.65)
    kinds = choose_transitions(moods, times(30))
    assert kinds[12] == "dip"
    assert kinds.count("crossfade") == 29


def test_energetic_music_has_an_accent_now_and_then() -> None:
    kinds = choose_transitions(steady(40, 0.9), times(40, 2.5))
    assert kinds.count("crossfade") >= 2 * (len(kinds) - kinds.count("crossfade"))
    assert kinds.count("cut") > kinds.count("slide") > 0


@settings(deadline=None, max_examples=80)
@given(
    n=st.integers(0, 60),
    seed=st.integers(0, 50),
    kept=st.dictionaries(st.integers(0, 59), st.sampled_from(["crossfade", "cut", "dip", "slide"]), max_size=5),
)
def test_never_two_accents_in_a_row_and_kept_ones_stay(n: int, seed: int, kept: dict[int, str]) -> None:
    moods = np.random.default_rng(seed).random((n, 2)).astype(np.float32)
    kinds = choose_transitions(moods, times(n, 4.0), kept=kept)  # type: ignore[arg-type]
    assert len(kinds) == n
    assert all(kinds[i] == kind for i, kind in kept.items() if i < n)
    free = [i for i in range(n) if i not in kept and kinds[i] != "crossfade"]
    for i in free:
        assert i > 0
        assert set(kinds[max(0, i - CALM_BETWEEN) : i]) <= {"crossfade"}
        assert kinds[i + 1 : i + 2] in ([], ["crossfade"]) or i + 1 in free
    dips = [4.0 * i for i in free if kinds[i] == "dip"]
    assert not np.any(np.diff(dips) < DIP_EVERY_S)


def test_noise_of_the_smoothed_mood_is_no_turn() -> None:
    moods = steady(60, 0.5) + np.random.default_rng(0).normal(0, 0.05, (60, 2)).astype(np.float32)
    assert set(choose_transitions(moods, times(60))) == {"crossfade"}


@pytest.mark.parametrize("kind", ["crossfade", "dip", "slide"])
def test_transitions_are_slow_in_calm_music_and_never_longer_than_half_a_photo(kind: str) -> None:
    calm, lively = (fade_length_s(kind, arousal, hold_s=8, hold_before_s=8) for arousal in (0.0, 1.0))  # type: ignore[arg-type]
    assert calm > lively > 0
    assert fade_length_s(kind, 0.0, hold_s=8, hold_before_s=1.0) == 0.5  # type: ignore[arg-type]
    assert fade_length_s("cut", 0.5, hold_s=8, hold_before_s=8) == 0


def test_of_two_turns_in_a_row_the_sharper_dips() -> None:
    moods = np.array([[0.1, 0.3], [0.1, 0.3], [0.33, 0.3], [0.9, 0.3], [0.9, 0.3]], np.float32)
    kinds = choose_transitions(moods, [0.0, 5.0, 10.0, 15.0, 20.0])
    assert kinds == ["crossfade", "crossfade", "crossfade", "dip", "crossfade"]
