"""Made-up people measured on other photos of what they rated."""

from __future__ import annotations

import json

import numpy as np
import pytest

from trainer.encoded import EncodedPhotos
from trainer.errors import CorpusMissing
from trainer.metrics import pearson_r
from trainer.simulated import OWN_USE, Person
from trainer.simulated_own import held_out_va, is_odd, own_table, simulate_own


def photos_of(per_theme: int) -> EncodedPhotos:
    """Photos of forty themes whose features tell their emotion, with noise."""
    rng = np.random.default_rng(0)
    groups = tuple(f"theme {i}" for i in range(40) for _ in range(per_theme))
    features = rng.standard_normal((len(groups), 6)).astype(np.float32)
    va = np.clip(0.5 + 0.12 * features[:, :2] + 0.05 * rng.standard_normal((len(groups), 2)), 0, 1)
    empty = np.zeros((len(groups), 512), np.float32)
    return EncodedPhotos(groups, features, empty, np.zeros((len(groups), 2), np.float32), va.astype(np.float32))


def test_predictions_are_those_of_a_regression_that_never_met_the_theme() -> None:
    photos = photos_of(4)
    va = held_out_va(photos)
    assert pearson_r(va[:, 0], photos.true_va[:, 0]) > 0.7
    leaked = EncodedPhotos(photos.groups, photos.features, photos.embeddings, photos.va, photos.true_va.copy())
    theme = np.array([group == "theme 3" for group in photos.groups])
    leaked.true_va[theme] = 0.0
    np.testing.assert_allclose(held_out_va(leaked)[theme], va[theme], atol=1e-6)


def test_a_person_with_another_use_of_the_scale_is_understood() -> None:
    rows = simulate_own(photos_of(5), people=[Person("calm", (), OWN_USE)], counts=[10, 40], n_draws=2)
    assert [row.n_ratings for row in rows] == [10, 40]
    assert rows[1].mse_fall_percent > 25
    assert max(abs(rows[1].lost_r_valence), abs(rows[1].lost_r_arousal)) < 0.1
    assert len({line.count("|") for line in own_table(rows).splitlines()}) == 1
    assert json.loads(json.dumps(rows[0].to_dict(), allow_nan=False))["person"] == "calm"


def test_half_of_the_themes_are_printed_and_too_few_photos_are_said() -> None:
    share = np.mean([is_odd(f"theme {i}") for i in range(400)])
    assert 0.4 < share < 0.6
    with pytest.raises(CorpusMissing, match="too few"):
        simulate_own(photos_of(2), counts=[100], n_draws=1)
