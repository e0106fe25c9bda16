"""Readouts: small models from frozen features straight to VA, whose mean with the common predictor's VA is served.

The network of the paper learns a space for both modalities; a few hundred photos teach a kernel regression on the same
features as much, and about other photos. Their mean is better than either. Readouts are fitted once, after training,
to the same photos and songs; until then they have no share in what a network says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, cast

import torch
from torch import Tensor, nn

from engine.features import N_ROWS
from trainer.data import apply_gain

MAX_LEVEL_DB: Final = 30.0
"""Beyond this distance from the mean of training a level says no more: silence is not the saddest of all songs."""

STATISTICS: Final = 6
"""Numbers that `window_statistics` tells about each row."""

CHANGE_FRAMES: Final = (1, 4)
"""Distances, 23 and 93 ms, over which a row's change is measured."""


class KernelRegression(nn.Module):
    """Features (n, F) -> VA (n, 2) by a Matern 3/2 kernel on standardised features, with some items as landmarks.

    `reach` is the inverse width of the kernel for features of one unit each. With `n_components` it sees the features'
    first principal components alone, so that many more landmarks have room. Landmarks are kept at half precision: most
    of a bundle's growth is theirs, and where exactly they lie does not matter. Says 0.5 until it is fitted.
    """

    mean: Tensor
    std: Tensor
    axes: Tensor
    landmarks: Tensor
    weights: Tensor
    offset: Tensor

    def __init__(self, width: int, *, n_landmarks: int, reach: float, n_components: int = 0) -> None:
        super().__init__()
        self.scale = math.sqrt(3 * reach / width)
        self.n_components = n_components
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))
        self.register_buffer("axes", torch.zeros((width, n_components), dtype=torch.float16))
        self.register_buffer("landmarks", torch.zeros((n_landmarks, n_components or width), dtype=torch.float16))
        self.register_buffer("weights", torch.zeros(n_landmarks, 2))
        self.register_buffer("offset", torch.full((2,), 0.5))

    def forward(self, features: Tensor) -> Tensor:
        return self._kernel(self._known(features), self.landmarks.float()) @ self.weights + self.offset

    def fit(self, features: Tensor, va: Tensor, *, penalty: float, landmarks: Sequence[int], seed: int) -> None:
        """Fit to features (n, F) and labels (n, 2) by least squares with a penalty on the function's roughness.

        `landmarks` are the rows to draw landmarks from; where they are fewer than there is room for, the rest of the
        room stays without weight.
        """
        self.mean.copy_(features.mean(dim=0))
        self.std.copy_(features.std(dim=0).clamp(min=1e-3))
        order = torch.randperm(len(landmarks), generator=torch.Generator().manual_seed(seed))
        rows = torch.as_tensor(landmarks)[order[: len(self.landmarks)]]
        if self.n_components:
            self.axes.copy_(_principal_axes((features - self.mean) / self.std, self.n_components))
        known = self._known(features).double()
        chosen = known[rows].half().double()
        middle = va.double().mean(dim=0)
        across, among = self._kernel(known, chosen), self._kernel(chosen, chosen)
        # A hair of penalty on the weights themselves: two equal photos would leave the equations without a solution.
        system = across.T @ across + penalty * among + 1e-6 * torch.eye(len(rows), dtype=torch.float64)
        weights = torch.linalg.solve(system, across.T @ (va.double() - middle))
        self.landmarks.zero_()[: len(rows)] = chosen.half()
        self.weights.zero_()[: len(rows)] = weights.float()
        self.offset.copy_(middle)

    def _known(self, features: Tensor) -> Tensor:
        """What the kernel compares of features (n, F): standardised, (n, F) or (n, n_components)."""
        standardised = (features - self.mean) / self.std
        return standardised @ self.axes.float() if self.n_components else standardised

    def _kernel(self, x: Tensor, y: Tensor) -> Tensor:
        """Matern 3/2 of all rows (n, F) with all rows (m, F), shape (n, m); 1 where they are equal."""
        squared = x.square().sum(dim=1)[:, None] + y.square().sum(dim=1)[None] - 2 * x @ y.T
        distance = self.scale * (squared.clamp(min=0.0) + 1e-6).sqrt()
        return (1 + distance) * torch.exp(-distance)


class PhotoReadout(nn.Module):
    """Features (n, F) -> VA (n, 2): the mean of a kernel regression and of some small networks of different seeds."""

    def __init__(self, width: int, members: Sequence[nn.Module], *, n_landmarks: int, reach: float) -> None:
        super().__init__()
        self.kernel = KernelRegression(width, n_landmarks=n_landmarks, reach=reach)
        self.members = nn.ModuleList(members)

    def forward(self, features: Tensor) -> Tensor:
        va = cast(Tensor, self.kernel(features))
        if not len(self.members):
            return va
        return 0.5 * va + 0.5 * torch.stack([member(features) for member in self.members]).mean(dim=0)


class MusicReadout(nn.Module):
    """Statistics of windows (n, S + 1) as `describe` gives them -> VA (n, 2), deaf to the level but for a known share.

    The last statistic is the level in dB beside the mean of training. It moves VA by `level_slope` for each dB and by
    no other way, so that a song at another volume moves by no more than that: a network that hears some of the level
    in ways of its own uses up what the same change may cost with less to show for it.
    """

    level_direction: Tensor
    db_length: Tensor

    def __init__(self, *, n_landmarks: int, reach: float, level_slope: float, n_components: int = 0) -> None:
        super().__init__()
        self.level_slope = level_slope
        self.width = STATISTICS * N_ROWS + 1
        self.kernel = KernelRegression(self.width - 1, n_landmarks=n_landmarks, reach=reach, n_components=n_components)
        self.register_buffer("level_direction", torch.zeros(N_ROWS))
        self.register_buffer("db_length", torch.ones(()))

    def standardise(self, row_std: Tensor) -> None:
        """Take the rows' standard deviations (193,) as the scale in which a change of level is known."""
        one_db = apply_gain(torch.zeros(1, N_ROWS, 1), torch.ones(1))[0, :, 0] / row_std
        self.db_length.copy_(one_db.norm())
        self.level_direction.copy_(one_db / one_db.norm())

    def level_db(self, windows: Tensor) -> Tensor:
        """Mean level (n,) of standardised windows (n, 193, m) in dB, beside the mean of training."""
        along = (windows * self.level_direction[None, :, None]).sum(dim=1).mean(dim=1)
        return along / self.db_length

    def describe(self, windows: Tensor) -> Tensor:
        """Standardised windows (n, 193, 87) -> statistics of what the level leaves, and the level in dB (n, S + 1)."""
        level = self.level_db(windows)
        deaf = windows - (level * self.db_length)[:, None, None] * self.level_direction[None, :, None]
        return torch.cat([window_statistics(deaf), level[:, None]], dim=1)

    def level_va(self, level_db: Tensor) -> Tensor:
        """What levels (n,) add to valence and arousal, (n, 1)."""
        return self.level_slope * level_db.clamp(-MAX_LEVEL_DB, MAX_LEVEL_DB)[:, None]

    def forward(self, described: Tensor) -> Tensor:
        return cast(Tensor, self.kernel(described[:, :-1]))


def window_statistics(windows: Tensor) -> Tensor:
    """Mean, deviation, largest, smallest value and changes over 23 and 93 ms of each row (n, 193, 87) -> (n, 6 * 193).

    Written out with plain sums, which every runtime computes alike; epsilon keeps the roots smooth.
    """
    mean = windows.mean(dim=2)
    spread = ((windows - mean[:, :, None]).square().mean(dim=2) + 1e-5).sqrt()
    changes = [
        ((windows[:, :, frames:] - windows[:, :, :-frames]).square().mean(dim=2) + 1e-5).sqrt()
        for frames in CHANGE_FRAMES
    ]
    return torch.cat([mean, spread, windows.amax(dim=2), windows.amin(dim=2), *changes], dim=1)


def _principal_axes(features: Tensor, n: int) -> Tensor:
    """The n directions (F, n) in which features (m, F) of mean 0 vary most; fewer than n features leave zeros."""
    _, vectors = torch.linalg.eigh((features.T @ features).double() / len(features))
    axes = torch.zeros((features.shape[1], n), dtype=torch.float64)
    found = vectors.flip(1)[:, :n]
    axes[:, : found.shape[1]] = found
    return axes
