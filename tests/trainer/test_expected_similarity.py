"""What similarity to expect of guessed moods: equal to its definition, calibrated, and safe with few labels."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.emotion import va_similarity
from trainer.expected_similarity import MIN_LABELS, N_MOODS, ExpectedSimilarity

SIGMA = 0.3
NOISE = 0.1
N_FEW = N_MOODS - 2
"""So few labels each stand for themselves."""


def labels_and_guesses(n: int, *, seed: int, middle: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    va = np.clip(middle + 0.15 * rng.standard_normal((n, 2)), 0, 1).astype(np.float32)
    return va, (va + NOISE * rng.standard_normal((n, 2))).astype(np.float32)


def fitted(n: int = 400) -> ExpectedSimilarity:
    photo_va, photo_guess = labels_and_guesses(n, seed=0)
    song_va, song_guess = labels_and_guesses(n, seed=1, middle=0.6)
    expected = ExpectedSimilarity()
    expected.fit(photo_guess, photo_va, song_guess, song_va, sigma=SIGMA, share=0.5)
    return expected


def test_it_is_the_mean_over_what_a_guess_may_come_from() -> None:
    photo_va, photo_guess = labels_and_guesses(N_FEW, seed=0)
    song_va, song_guess = labels_and_guesses(N_FEW, seed=1, middle=0.6)
    expected = fitted(N_FEW)
    new_photos, new_songs = labels_and_guesses(6, seed=2)[1], labels_and_guesses(6, seed=3, middle=0.6)[1]

    def probable(guess: np.ndarray, va: np.ndarray, guesses: np.ndarray) -> np.ndarray:
        """How probable each label is for a guess: Gaussian errors about the line from labels to guesses."""
        known = np.column_stack([va, np.ones(len(va))])
        line = np.linalg.lstsq(known, guesses, rcond=None)[0]
        error = guesses - known @ line
        inverse = np.linalg.inv(error.T @ error / len(error))
        weights = [np.exp(-0.5 * (guess - meant) @ inverse @ (guess - meant)) for meant in known @ line]
        return np.array(weights) / np.sum(weights)

    similarity = va_similarity(photo_va, song_va, sigma=SIGMA)
    for photo, song in zip(new_photos, new_songs, strict=True):
        by_loops = probable(photo, photo_va, photo_guess) @ similarity @ probable(song, song_va, song_guess)
        found = expected(torch.from_numpy(photo[None]), torch.from_numpy(song[None]))
        assert float(found) == pytest.approx(by_loops, abs=5e-3)


def test_it_errs_less_than_the_similarity_of_the_guesses() -> None:
    expected = fitted()
    photo_va, photo_guess = labels_and_guesses(300, seed=4)
    song_va, song_guess = labels_and_guesses(300, seed=5, middle=0.6)
    true = np.exp(-np.linalg.norm(photo_va - song_va, axis=1) / SIGMA)
    guessed = np.exp(-np.linalg.norm(photo_guess - song_guess, axis=1) / SIGMA)
    found = expected(torch.from_numpy(photo_guess), torch.from_numpy(song_guess)).numpy()
    assert np.mean((found - true) ** 2) < min(0.8 * np.mean((guessed - true) ** 2), 0.8 * np.var(true))
    assert abs(np.mean(found - true)) < 0.02


@pytest.mark.parametrize("n_distinct", [1, 2, N_MOODS - 1])
def test_few_different_labels_are_no_harm(n_distinct: int) -> None:
    va = np.repeat(np.linspace(0.3, 0.7, n_distinct, dtype=np.float32)[:, None], 2, axis=1)[np.arange(60) % n_distinct]
    expected = ExpectedSimilarity()
    expected.fit(va, va, np.full_like(va, 0.5), va, sigma=SIGMA, share=0.5)
    found = expected(torch.from_numpy(va), torch.from_numpy(va))
    assert torch.isfinite(found).all()
    assert ((found > 0) & (found <= 1)).all()


def test_too_few_labels_leave_it_without_a_share() -> None:
    expected = ExpectedSimilarity()
    va, guess = labels_and_guesses(MIN_LABELS - 1, seed=0)
    expected.fit(guess, va, guess, va, sigma=SIGMA, share=0.5)
    assert float(expected.share) == 0
