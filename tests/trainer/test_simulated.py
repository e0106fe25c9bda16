"""Made-up people: what they feel, and the table of what retraining brings them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.bundle import REHEARSAL, ModelBundle
from engine.encoders import Encoders
from tests.trainer.test_retraining import encoders, features_of, rehearsal_bytes, with_files
from trainer.encoded import EncodedPhotos
from trainer.errors import CorpusMissing
from trainer.simulated import BEACHES, OWN_USE, PEOPLE, STORMS, Person, Taste, markdown_table, simulate

__all__ = ["encoders"]

THEMES = [f"theme {i}" for i in range(30)]


@pytest.fixture
def bundle(tmp_path: Path, encoders: Encoders) -> ModelBundle:
    splits = json.dumps({"OASIS": dict.fromkeys(THEMES[:20], "train")}).encode()
    return with_files(tmp_path / "bundle", {REHEARSAL: rehearsal_bytes(encoders), "splits.json": splits})


def photos_of(encoders: Encoders, *, per_theme: int) -> EncodedPhotos:
    groups = tuple(theme for theme in THEMES for _ in range(per_theme))
    features = features_of(len(groups), seed=5)
    embeddings, va = encoders.photo_heads(features)
    noise = 0.05 * np.random.default_rng(0).standard_normal(va.shape)
    return EncodedPhotos(groups, features, embeddings, va, np.clip(va + noise, 0, 1).astype(np.float32))


def test_what_a_person_feels() -> None:
    va = np.array([[0.5, 0.5], [0.5, 0.5], [0.9, 0.9]], np.float32)
    themes = ["thunderstorm", "beach", "cat"]
    tastes = PEOPLE[0].tastes
    np.testing.assert_allclose(
        Person("tastes", tastes).labels(va, themes), [[0.85, 0.5], [0.2, 0.35], [0.9, 0.9]], atol=1e-6
    )
    np.testing.assert_allclose(Person("use", (), OWN_USE).labels(va, themes)[2], [0.77, 1.0], atol=1e-6)
    assert not STORMS & BEACHES


def test_a_person_is_understood_better_the_more_they_rate(bundle: ModelBundle, encoders: Encoders) -> None:
    person = Person("calm", (), OWN_USE)
    agreed = Person("agrees")
    rows = simulate(bundle, photos_of(encoders, per_theme=3), people=[person, agreed], counts=[10, 50], n_draws=2)
    assert [(row.person, row.n_ratings) for row in rows] == [("calm", 10), ("calm", 50), ("agrees", 10), ("agrees", 50)]
    assert rows[1].mse_fall_percent > 50
    assert rows[1].mse_fall_percent <= rows[1].known_fall_percent + 5
    assert abs(rows[3].mse_after - rows[3].mse_before) < 0.2 * rows[0].mse_before
    assert all(row.worst_lost_r < 0.1 for row in rows)
    assert rows[2].known_fall_percent == pytest.approx(0.0, abs=1e-4)
    table = markdown_table(rows).splitlines()
    assert len(table) == 6
    assert len({line.count("|") for line in table}) == 1
    assert json.loads(json.dumps(rows[0].to_dict(), allow_nan=False))["n_ratings"] == 10


def test_too_few_photos_are_said(bundle: ModelBundle, encoders: Encoders, tmp_path: Path) -> None:
    with pytest.raises(CorpusMissing, match="too few"):
        simulate(bundle, photos_of(encoders, per_theme=1), counts=[30], n_draws=1)
    splits = json.dumps({"OASIS": dict.fromkeys(THEMES[:20], "train")}).encode()
    without = with_files(tmp_path / "without", {"splits.json": splits})
    with pytest.raises(CorpusMissing, match="no rehearsal set"):
        simulate(
            without, photos_of(encoders, per_theme=2), people=[Person("x", (Taste(STORMS, 0.1, 0.1),))], counts=[10]
        )
