"""Readouts: small models from frozen features straight to VA, whose mean with the common predictor's VA is served.

The network of the paper learns a space for both modalities; a few hundred photos teach a kernel regression on the same
features as much, and about other photos. Their mean is better than either. Readouts are fitted once, after training,
to the same photos and songs; until then they have no share in what a network says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import torch
from torch import Tensor, nn

from engine.features import N_ROWS
from trainer.class_affect import AFFECT_WEIGHT
from trainer.data import apply_gain
from trainer.song_statistics import WIDTHS, describe_rows, row_statistics

MAX_LEVEL_DB: Final = 30.0
"""Beyond this distance from the mean of training a level says no more: silence is not the saddest of all songs."""

ROW_COMPONENTS: Final = 256
OTHER_COMPONENTS: Final = 64
ROW_SHARE: Final = 0.4
"""Principal components of a window's row statistics, and of each other kind of its numbers, and the former's share in
the kernel. Kernels of each kind, added, know songs better than one of all numbers: r of valence .71 instead of .70."""


@dataclass(frozen=True, slots=True)
class KernelPart:
    """Neighbouring features that a kernel compares by themselves, or their first components; 0 compares all of them."""

    width: int
    n_components: int = 0
    share: float = 1.0


class KernelRegression(nn.Module):
    """Features (n, F) -> VA (n, 2) by Matern 3/2 kernels on standardised features, with some items as landmarks.

    Each of `parts` has a kernel of its own, and they are added. `reach` is the inverse width of the kernels for
    features of one unit each. Principal components leave room for many more landmarks, which are kept at half
    precision: most of a bundle's growth is theirs, and where exactly they lie does not matter. The last `n_affect`
    features weigh more than the others (see trainer/class_affect.py). Says 0.5 until it is fitted.
    """

    mean: Tensor
    std: Tensor
    weights: Tensor
    offset: Tensor

    def __init__(self, parts: Sequence[KernelPart], *, n_landmarks: int, reach: float, n_affect: int = 0) -> None:
        super().__init__()
        self.parts = tuple(parts)
        self.reach, self.n_affect = reach, n_affect
        width = sum(part.width for part in parts)
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))
        for i, part in enumerate(parts):
            known = part.n_components or part.width
            self.register_buffer(f"axes{i}", torch.zeros((part.width, part.n_components), dtype=torch.float16))
            self.register_buffer(f"landmarks{i}", torch.zeros((n_landmarks, known), dtype=torch.float16))
        self.register_buffer("weights", torch.zeros(n_landmarks, 2))
        self.register_buffer("offset", torch.full((2,), 0.5))

    def forward(self, features: Tensor) -> Tensor:
        landmarks = [self._of("landmarks", i).float() for i in range(len(self.parts))]
        return self._kernel(self._known(features), landmarks) @ self.weights + self.offset

    def fit(
        self,
        features: Tensor,
        va: Tensor,
        *,
        penalty: float,
        landmarks: Sequence[int],
        seed: int,
        counts: Tensor | None = None,
    ) -> None:
        """Fit to features (n, F) and labels (n, 2) by least squares with a penalty on the function's roughness.

        `landmarks` are the rows to draw landmarks from; where they are fewer than there is room for, the rest of the
        room stays without weight. `counts` (n,), of mean 1, is how often each item counts.
        """
        self.mean.copy_(features.mean(dim=0))
        self.std.copy_(spread_of(features, n_affect=self.n_affect))
        order = torch.randperm(len(landmarks), generator=torch.Generator().manual_seed(seed))
        rows = torch.as_tensor(landmarks)[order[: len(self.weights)]]
        for i, part in enumerate(self._standardised(features)):
            if self.parts[i].n_components:
                self._of("axes", i).copy_(_principal_axes(part, self.parts[i].n_components))
        known = [part.double() for part in self._known(features)]
        chosen = [part[rows].half().double() for part in known]
        times = torch.ones(len(va), 1, dtype=torch.float64) if counts is None else counts.double()[:, None]
        middle = (times * va).mean(dim=0)
        across, among = self._kernel(known, chosen), self._kernel(chosen, chosen)
        # A hair of penalty on the weights themselves: two equal photos would leave the equations without a solution.
        system = across.T @ (times * across) + penalty * among + 1e-6 * torch.eye(len(rows), dtype=torch.float64)
        weights = torch.linalg.solve(system, across.T @ (times * (va - middle)))
        for i, part in enumerate(chosen):
            self._of("landmarks", i).zero_()[: len(rows)] = part.half()
        self.weights.zero_()[: len(rows)] = weights.float()
        self.offset.copy_(middle)

    def _of(self, name: str, i: int) -> Tensor:
        """The axes or the landmarks of a part."""
        return self.get_buffer(f"{name}{i}")

    def _standardised(self, features: Tensor) -> Sequence[Tensor]:
        """Features (n, F) of one unit each, part by part."""
        return torch.split((features - self.mean) / self.std, [part.width for part in self.parts], dim=1)

    def _known(self, features: Tensor) -> list[Tensor]:
        """What the kernels compare of features (n, F), part by part: standardised, or their components."""
        return [
            part @ self._of("axes", i).float() if self.parts[i].n_components else part
            for i, part in enumerate(self._standardised(features))
        ]

    def _kernel(self, x: Sequence[Tensor], y: Sequence[Tensor]) -> Tensor:
        """Sum (n, m) of Matern 3/2 kernels of all rows with all rows, part by part; 1 where they are equal."""
        parts = [
            part.share * _matern(mine, theirs, scale=math.sqrt(3 * self.reach / part.width))
            for part, mine, theirs in zip(self.parts, x, y, strict=True)
        ]
        return torch.stack(parts).sum(dim=0) if len(parts) > 1 else parts[0]


def _matern(x: Tensor, y: Tensor, *, scale: float) -> Tensor:
    """Matern 3/2 of all rows (n, F) with all rows (m, F), shape (n, m)."""
    squared = x.square().sum(dim=1)[:, None] + y.square().sum(dim=1)[None] - 2 * x @ y.T
    distance = scale * (squared.clamp(min=0.0) + 1e-6).sqrt()
    return (1 + distance) * torch.exp(-distance)


class PhotoReadout(nn.Module):
    """Features (n, F) -> VA (n, 2): the mean of a kernel regression and of some small networks of different seeds."""

    def __init__(
        self, width: int, members: Sequence[nn.Module], *, n_landmarks: int, reach: float, n_affect: int = 0
    ) -> None:
        super().__init__()
        self.kernel = KernelRegression([KernelPart(width)], n_landmarks=n_landmarks, reach=reach, n_affect=n_affect)
        self.members = nn.ModuleList(members)

    def forward(self, features: Tensor) -> Tensor:
        va = cast(Tensor, self.kernel(features))
        if not len(self.members):
            return va
        return 0.5 * va + 0.5 * torch.stack([member(features) for member in self.members]).mean(dim=0)


class MusicReadout(nn.Module):
    """Statistics of windows (n, S + 1) as `describe` gives them -> VA (n, 2), deaf to the level but for a known share.

    The last statistic is the level in dB beside the mean of training. It moves VA by `level_slopes` for each dB and by
    no other way, so that a song at another volume moves by no more than that: a network that hears some of the level
    in ways of its own uses up what the same change may cost with less to show for it.
    """

    row_mean: Tensor
    row_std: Tensor
    level_direction: Tensor
    db_length: Tensor
    level_slopes: Tensor

    def __init__(self, *, n_landmarks: int, reach: float, level_slopes: tuple[float, float]) -> None:
        super().__init__()
        self.width = sum(WIDTHS) + 1
        other_share = (1 - ROW_SHARE) / len(WIDTHS[1:])
        parts = [KernelPart(WIDTHS[0], ROW_COMPONENTS, ROW_SHARE)]
        parts += [KernelPart(width, OTHER_COMPONENTS, other_share) for width in WIDTHS[1:]]
        self.kernel = KernelRegression(parts, n_landmarks=n_landmarks, reach=reach)
        self.register_buffer("row_mean", torch.zeros(N_ROWS))
        self.register_buffer("row_std", torch.ones(N_ROWS))
        self.register_buffer("level_direction", torch.zeros(N_ROWS))
        self.register_buffer("db_length", torch.ones(()))
        self.register_buffer("level_slopes", torch.tensor(level_slopes))

    def standardise(self, row_mean: Tensor, row_std: Tensor) -> None:
        """Take the rows' means and standard deviations (193,): the scale in which a change of level is known."""
        self.row_mean.copy_(row_mean)
        self.row_std.copy_(row_std)
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
        rows = windows * self.row_std[:, None] + self.row_mean[:, None]
        return torch.cat([row_statistics(deaf), describe_rows(rows), level[:, None]], dim=1)

    def level_va(self, level_db: Tensor) -> Tensor:
        """What levels (n,) add to valence and arousal, (n, 2)."""
        return self.level_slopes * level_db.clamp(-MAX_LEVEL_DB, MAX_LEVEL_DB)[:, None]

    def forward(self, described: Tensor) -> Tensor:
        return cast(Tensor, self.kernel(described[:, :-1]))


def spread_of(features: Tensor, *, n_affect: int) -> Tensor:
    """Standard deviations (F,) that features (n, F) are divided by; smaller ones for the last, which weigh more."""
    std = features.std(dim=0).clamp(min=1e-3)
    std[len(std) - n_affect :] /= AFFECT_WEIGHT
    return std


def _principal_axes(features: Tensor, n: int) -> Tensor:
    """The n directions (F, n) in which features (m, F) of mean 0 vary most; fewer than n features leave zeros."""
    _, vectors = torch.linalg.eigh((features.T @ features).double() / len(features))
    axes = torch.zeros((features.shape[1], n), dtype=torch.float64)
    found = vectors.flip(1)[:, :n]
    axes[:, : found.shape[1]] = found
    return axes
