"""Eq. 1 as it is to be expected of a photo and a moment of music whose moods are only guessed.

A guess of VA may come from any true VA, each as probable as labels like it are common and as the guess's usual error
makes it. What similarity to expect is the mean over both. The network of figure 2 has to learn as much from pairs of
some hundred photos; here it follows from the labels and from the size of the errors.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.cluster.vq import kmeans2
from torch import Tensor, nn

from engine.emotion import FloatArray, va_similarity

N_MOODS: Final = 32
"""Places in the mood plane that stand for all labels; twice as many change nothing."""

LEAST_VARIANCE: Final = 1e-4
"""Of a guess's error: nobody is surer of a label than of a hundredth."""

NEVER: Final = -1e4
"""Log odds of a mood that no label has."""

MIN_LABELS: Final = 4
"""Fewer do not tell how large the errors are."""


class ExpectedSimilarity(nn.Module):
    """Guessed VA of photos and of music (n, 2) each, row by row -> the similarity to expect (n,), in [0, 1].

    Has no share in what a calibration says until it is fitted.
    """

    table: Tensor
    share: Tensor

    def __init__(self) -> None:
        super().__init__()
        # The log of a Gaussian's density is quadratic in the guess, alike for all moods, and linear beside: a softmax.
        self.photo, self.music = nn.Linear(2, N_MOODS), nn.Linear(2, N_MOODS)
        self.register_buffer("table", torch.zeros(N_MOODS, N_MOODS))
        self.register_buffer("share", torch.zeros(()))
        self.requires_grad_(False)

    def forward(self, photo_va: Tensor, music_va: Tensor) -> Tensor:
        photo, music = torch.softmax(self.photo(photo_va), dim=1), torch.softmax(self.music(music_va), dim=1)
        return ((photo @ self.table) * music).sum(dim=1)

    def fit(
        self,
        photo_guess: FloatArray,
        photo_va: FloatArray,
        music_guess: FloatArray,
        music_va: FloatArray,
        *,
        sigma: float,
        share: float,
    ) -> None:
        """Fit to held-out guesses and the labels of the same photos (n, 2) and music (m, 2).

        Fewer than MIN_LABELS of either leave it without a share.
        """
        if min(len(photo_va), len(music_va)) < MIN_LABELS:
            return
        photo_moods = _fit_side(self.photo, photo_guess, photo_va)
        music_moods = _fit_side(self.music, music_guess, music_va)
        table = np.zeros((N_MOODS, N_MOODS), dtype=np.float32)
        similarity = va_similarity(photo_va, music_va, sigma=sigma)
        for i in range(N_MOODS):
            for j in range(N_MOODS):
                of_both = similarity[np.ix_(photo_moods == i, music_moods == j)]
                table[i, j] = of_both.mean() if of_both.size else 0.0
        self.table.copy_(torch.from_numpy(table))
        self.share.fill_(share)


def _fit_side(layer: nn.Linear, guess: FloatArray, va: FloatArray) -> NDArray[np.intp]:
    """Set a side's log odds of each mood, up to what is alike for all, and return the mood of each label (n,)."""
    n_moods = min(N_MOODS, len(np.unique(va, axis=0)))
    moods: NDArray[np.intp] = kmeans2(va.astype(np.float64), n_moods, minit="++", rng=0)[1]
    found = np.unique(moods)
    centres = np.stack([va[moods == mood].mean(axis=0) for mood in found])
    line, *_ = np.linalg.lstsq(np.column_stack([va, np.ones(len(va))]), guess, rcond=None)
    error = guess - np.column_stack([va, np.ones(len(va))]) @ line
    precision = np.linalg.inv(error.T @ error / len(error) + LEAST_VARIANCE * np.eye(2))
    meant = np.column_stack([centres, np.ones(len(centres))]) @ line
    common = np.array([np.mean(moods == mood) for mood in found])
    layer.weight.zero_()
    layer.bias.fill_(NEVER)
    layer.weight[found] = torch.from_numpy(meant @ precision).float()
    odds = np.log(common) - 0.5 * np.einsum("ki,ij,kj->k", meant, precision, meant)
    layer.bias[found] = torch.from_numpy(odds).float()
    return moods
