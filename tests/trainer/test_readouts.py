"""Readouts: kernel regression is what its formula says, statistics are the rows', and the level is kept apart."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.features import MEL, N_FRAMES, N_ROWS
from trainer.class_affect import AFFECT_WEIGHT
from trainer.data import apply_gain
from trainer.readouts import MAX_LEVEL_DB, KernelPart, KernelRegression, MusicReadout, PhotoReadout


def test_kernel_regression_equals_its_formula_in_loops() -> None:
    rng = np.random.default_rng(0)
    x, va = rng.normal(3, 2, (12, 5)), rng.uniform(0, 1, (12, 2))
    new = rng.normal(3, 2, (4, 5))
    readout = KernelRegression([KernelPart(5)], n_landmarks=12, reach=0.4)
    readout.fit(torch.tensor(x).float(), torch.tensor(va).float(), penalty=0.3, landmarks=range(12), seed=0)
    mean, std = x.mean(axis=0), x.std(axis=0, ddof=1)

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        distance = np.sqrt(3 * 0.4 / 5 * np.sum(((a - b) / std) ** 2))
        return float((1 + distance) * np.exp(-distance))

    # With every item a landmark the answer is that of kernel ridge regression.
    among = np.array([[kernel(a, b) for b in x] for a in x])
    weights = np.linalg.solve(among + 0.3 * np.eye(12), va - va.mean(axis=0))
    expected = np.array([[kernel(a, b) for b in x] for a in new]) @ weights + va.mean(axis=0)
    assert mean.shape == (5,)
    np.testing.assert_allclose(readout(torch.tensor(new).float()), expected, atol=5e-3)


def test_kernel_regression_learns_and_is_the_middle_before() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(200, 3, generator=generator)
    va = torch.stack([0.5 + 0.1 * x[:, 0], 0.5 + 0.1 * torch.sin(x[:, 1])], dim=1)
    readout = KernelRegression([KernelPart(3)], n_landmarks=80, reach=0.4)
    assert torch.equal(readout(x), torch.full((200, 2), 0.5))
    readout.fit(x[:150], va[:150], penalty=0.1, landmarks=range(150), seed=0)
    for k in (0, 1):
        assert np.corrcoef(readout(x[150:])[:, k], va[150:, k])[0, 1] > 0.8


def test_principal_components_keep_what_varies_and_drop_the_rest() -> None:
    generator = torch.Generator().manual_seed(0)
    told = torch.randn(120, 2, generator=generator) @ torch.randn(2, 6, generator=generator)
    x, va = told + 1e-4 * torch.randn(120, 6, generator=generator), torch.rand(120, 2, generator=generator)
    found = []
    for n_components in (0, 6, 2, 1):
        readout = KernelRegression([KernelPart(6, n_components)], n_landmarks=120, reach=0.4)
        readout.fit(x, va, penalty=0.3, landmarks=range(120), seed=0)
        assert readout.get_buffer("landmarks0").shape == (120, n_components or 6)
        found.append(readout(x))
    whole, turned, both, one = found
    assert torch.allclose(turned, whole, atol=2e-3)  # turned axes leave every distance as it is
    assert torch.allclose(both, whole, atol=2e-3)
    assert not torch.allclose(one, whole, atol=2e-2)


def test_kernels_of_parts_are_added_by_their_shares() -> None:
    rng = np.random.default_rng(0)
    x, va = rng.normal(0, 1, (14, 5)), rng.uniform(0, 1, (14, 2))
    readout = KernelRegression([KernelPart(3, 0, 0.25), KernelPart(2, 2, 0.75)], n_landmarks=14, reach=0.7)
    readout.fit(torch.tensor(x).float(), torch.tensor(va).float(), penalty=0.3, landmarks=range(14), seed=0)
    z = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        total = 0.0
        for columns, share in ((slice(0, 3), 0.25), (slice(3, 5), 0.75)):
            distance = np.sqrt(3 * 0.7 * np.mean((a[columns] - b[columns]) ** 2) * 1.0)
            total += share * (1 + distance) * np.exp(-distance)
        return total

    among = np.array([[kernel(a, b) for b in z] for a in z])
    weights = np.linalg.solve(among + 0.3 * np.eye(14), va - va.mean(axis=0))
    np.testing.assert_allclose(readout(torch.tensor(x).float()), among @ weights + va.mean(axis=0), atol=5e-3)


def test_an_item_counted_twice_is_as_two() -> None:
    generator = torch.Generator().manual_seed(0)
    x, va = torch.randn(9, 3, generator=generator), torch.rand(9, 2, generator=generator)
    x = torch.cat([x, -x])  # each item and its opposite: counting some more leaves mean 0, and all are counted in pairs
    va = torch.cat([va, 1 - va])
    counts = torch.ones(18)
    counts[[0, 9]] = 3.0
    repeated = [*range(18), 0, 0, 9, 9]
    one, other = (KernelRegression([KernelPart(3)], n_landmarks=18, reach=0.5) for _ in range(2))
    scale = float(counts.mean())
    one.fit(x, va, penalty=0.2 / scale, landmarks=range(18), seed=0, counts=counts / scale)
    ratio = x.std(dim=0) / x[repeated].std(dim=0)
    other.fit(x[repeated], va[repeated], penalty=0.2, landmarks=range(18), seed=0)
    assert torch.allclose(one.offset, other.offset, atol=1e-6)
    assert (ratio - 1).abs().max() < 0.2  # the copies' share in the scale is all that may differ
    assert (one(x) - other(x)).abs().max() < 0.03


def test_affect_weighs_more_than_other_features() -> None:
    x = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))
    plain, known = (KernelRegression([KernelPart(5)], n_landmarks=4, reach=1.0, n_affect=n) for n in (0, 2))
    for readout in (plain, known):
        readout.fit(x, torch.rand(40, 2), penalty=1.0, landmarks=range(40), seed=0)
    assert torch.equal(plain.std[:3], known.std[:3])
    assert torch.allclose(plain.std[3:], AFFECT_WEIGHT * known.std[3:])


def test_fewer_items_than_room_for_landmarks_are_no_harm() -> None:
    x, va = torch.randn(6, 3), torch.rand(6, 2)
    x[3] = x[2]  # twins
    wide, narrow = (KernelRegression([KernelPart(3)], n_landmarks=n, reach=1.0) for n in (50, 6))
    for readout in (wide, narrow):
        readout.fit(x, va, penalty=0.1, landmarks=range(6), seed=0)
    assert torch.isfinite(wide(x)).all()
    assert torch.allclose(wide(x), narrow(x), atol=1e-3)


def test_photo_readout_is_half_kernel_half_members() -> None:
    class Says(torch.nn.Module):
        def __init__(self, value: float) -> None:
            super().__init__()
            self.value = value

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            return torch.full((len(features), 2), self.value)

    x = torch.randn(3, 4)
    assert torch.allclose(PhotoReadout(4, [Says(0.2), Says(0.4)], n_landmarks=2, reach=1.0)(x), torch.tensor(0.4))
    assert torch.allclose(PhotoReadout(4, [], n_landmarks=2, reach=1.0)(x), torch.tensor(0.5))


@pytest.mark.parametrize("gain_db", [-6.0, 4.0])
def test_a_gain_changes_the_level_and_nothing_else(gain_db: float) -> None:
    row_std = torch.rand(N_ROWS) + 0.5
    readout = MusicReadout(n_landmarks=3, reach=1.0, level_slopes=(0.003, 0.004))
    readout.standardise(torch.randn(N_ROWS), row_std)
    raw = torch.randn(2, N_ROWS, N_FRAMES)
    before, after = (
        readout.describe(windows / row_std[None, :, None])
        for windows in (raw, apply_gain(raw, torch.full((2,), gain_db)))
    )
    assert torch.allclose(before[:, :-1], after[:, :-1], atol=1e-4)
    assert torch.allclose(after[:, -1] - before[:, -1], torch.tensor(gain_db), atol=1e-3)
    assert raw[:, MEL].shape[1] == 128


def test_the_level_counts_by_its_slope_up_to_a_bound() -> None:
    readout = MusicReadout(n_landmarks=3, reach=1.0, level_slopes=(0.003, 0.004))
    added = readout.level_va(torch.tensor([0.0, 10.0, -10.0, -100.0]))
    assert torch.allclose(added[:, 0], torch.tensor([0.0, 0.03, -0.03, -0.003 * MAX_LEVEL_DB]))
    assert torch.allclose(added[:, 1], torch.tensor([0.0, 0.04, -0.04, -0.004 * MAX_LEVEL_DB]))
