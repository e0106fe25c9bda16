"""The predictors that see one side: ridge by its definition, and no look at what is to be predicted."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.baselines import OneSided, cross_predict_one_sided, predict_one_sided, ridge, va_view


def one_sided(n: int = 120, *, seed: int = 0) -> tuple[OneSided, np.ndarray]:
    """Items in groups of 3 with a useful and a useless view, and a target that depends on the useful one."""
    rng = np.random.default_rng(seed)
    useful, useless = rng.normal(size=(n, 6)), rng.normal(size=(n, 40))
    target = useful @ np.array([0.3, -0.2, 0.1, 0, 0, 0]) + 0.05 * rng.normal(size=n) + 0.4
    return OneSided([useless, useful], [f"group {i // 3}" for i in range(n)]), target


def test_ridge_solves_the_normal_equations() -> None:
    rng = np.random.default_rng(0)
    x, y, x_new = rng.normal(2, 3, size=(30, 5)), rng.normal(size=30), rng.normal(size=(4, 5))
    z, z_new = (x - x.mean(axis=0)) / x.std(axis=0), (x_new - x.mean(axis=0)) / x.std(axis=0)
    for penalty, found in zip((0.5, 20.0), ridge(x, y, x_new, penalties=(0.5, 20.0)), strict=True):
        weights = np.linalg.solve(z.T @ z + penalty * np.eye(5), z.T @ (y - y.mean()))
        np.testing.assert_allclose(found, z_new @ weights + y.mean())


def test_ridge_with_more_features_than_items_and_a_feature_that_never_moves() -> None:
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(size=(10, 30)), np.ones((10, 1))], axis=1)
    predicted = ridge(x, rng.normal(size=10), x, penalties=(1.0, 1e9))
    assert np.isfinite(predicted).all()
    assert np.ptp(predicted[1]) < 1e-3


def test_the_better_view_is_chosen_and_predicts() -> None:
    items, target = one_sided()
    known, new = np.arange(90), np.arange(90, 120)
    predicted = predict_one_sided(items.take(known), target[known], items.take(new))
    assert np.corrcoef(predicted, target[new])[0, 1] > 0.95


def test_validation_items_choose_where_there_are_some() -> None:
    """A view that memorised the known items wins over folds of them, and loses on items it has not met."""
    items, target = one_sided()
    memory = np.where(np.arange(120) < 70, target, np.random.default_rng(2).normal(size=120))[:, None]
    items = OneSided([memory, items.views[1]], items.groups)
    known, held, new = np.arange(70), np.arange(70, 90), np.arange(90, 120)
    args = (items.take(known), target[known], items.take(new))
    fooled = predict_one_sided(*args)
    honest = predict_one_sided(*args, validation=items.take(held), truth=target[held])
    assert np.mean((honest - target[new]) ** 2) < 0.1 * np.mean((fooled - target[new]) ** 2)


def test_an_items_own_target_does_not_reach_its_prediction() -> None:
    items, target = one_sided()
    changed = target.copy()
    changed[:3] += 10
    before, after = cross_predict_one_sided(items, target), cross_predict_one_sided(items, changed)
    assert np.corrcoef(before, target)[0, 1] > 0.9
    assert np.abs(after[:3] - before[:3]).max() < 0.2


def test_one_group_alone_gives_the_mean() -> None:
    items = OneSided([np.arange(4.0)[:, None]], ["same"] * 4)
    target = np.array([1.0, 2, 3, 6])
    np.testing.assert_allclose(cross_predict_one_sided(items, target), 3)
    np.testing.assert_allclose(predict_one_sided(items, target, items), 3)


def test_va_view_is_zero_at_neutral() -> None:
    view = va_view([[0.5, 0.5], [1.0, 0.0]])
    np.testing.assert_allclose(view[0], 0)
    assert view[1] == pytest.approx([0.5, -0.5, 0.25, 0.25, -0.25, 0.125, -0.125])
