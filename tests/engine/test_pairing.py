from __future__ import annotations

import numpy as np

from engine.library import Catalog
from engine.pairing import NEAR_MOOD, PAIR_HOLD_S, WORSE, choose_partners
from engine.selection import SIBLING_GAP
from tests.engine.show_material import a_catalog

NONE_BESIDE = np.zeros((0, 2), dtype=np.intp)


def partners_of(catalog: Catalog, scores: np.ndarray, shown: list[int], **keywords: object) -> np.ndarray:
    settings: dict[str, object] = {
        "photos": catalog.photos,
        "points": catalog.va,
        "groups": catalog.groups,
        "holds_s": [5.0] * len(scores),
        "beside": NONE_BESIDE,
    } | keywords
    beside = settings.pop("beside")
    return choose_partners(scores, np.arange(len(scores)), np.array(shown), beside, **settings)  # type: ignore[arg-type]


def test_a_partner_is_an_unused_portrait_of_a_like_mood_and_no_sibling() -> None:
    catalog = a_catalog(400, portraits=0.7, burst=2)
    rng = np.random.default_rng(0)
    scores = rng.random((30, 400), dtype=np.float32)
    shown = rng.permutation(400)[:30].tolist()
    partners = partners_of(catalog, scores, shown)
    found = np.flatnonzero(partners >= 0)
    assert len(found) > 5
    assert len({*shown, *partners[found].tolist()}) == 30 + len(found)
    for i in found:
        first, second = catalog.photos[shown[i]], catalog.photos[partners[i]]
        assert first.height > first.width
        assert second.height > second.width
        assert scores[i, partners[i]] >= scores[i, shown[i]] - WORSE
        assert np.hypot(*(catalog.va[partners[i]] - catalog.va[shown[i]])) <= NEAR_MOOD
        near = [k for k in range(30) if abs(k - i) <= SIBLING_GAP]
        around = [shown[k] for k in near] + [partners[k] for k in near if partners[k] >= 0 and k != i]
        assert catalog.groups[partners[i]] not in catalog.groups[around]


def test_landscapes_and_short_holds_stand_alone() -> None:
    scores = np.full((3, 60), 0.5, np.float32)
    wide, tall = a_catalog(60), a_catalog(60, portraits=1.0)
    assert np.all(partners_of(wide, scores, [0, 1, 2]) < 0)
    assert np.any(partners_of(tall, scores, [0, 1, 2]) >= 0)
    assert np.all(partners_of(tall, scores, [0, 1, 2], holds_s=[PAIR_HOLD_S - 0.1] * 3) < 0)


def test_kept_partners_are_not_taken_again() -> None:
    catalog = a_catalog(4, portraits=1.0)
    catalog = Catalog(catalog.photos, catalog.embeddings, np.full((4, 2), 0.5, np.float32), "bundle")
    scores = np.full((2, 4), 0.5, np.float32)
    taken = partners_of(catalog, scores, [0, 1], beside=np.array([[1, 2]]))
    assert taken[0] == 3
    assert taken[1] < 0
