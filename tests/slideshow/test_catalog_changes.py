"""Changes between catalogs are found by id, and are those that comparing every photo would find."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.library import Catalog, Photo
from slideshow.catalog_changes import is_another_choice, photos_changed, photos_come


def catalog_of(photos: tuple[Photo, ...], *, seed: int = 0) -> Catalog:
    rng = np.random.default_rng(seed)
    va = rng.random((100, 2), dtype=np.float32)[[photo.id for photo in photos]]
    return Catalog(photos, np.zeros((len(photos), 512), dtype=np.float32), va, "bundle")


PHOTOS = tuple(Photo(i, Path(f"/photos/{i}.jpg"), 40, 30, None, str(i)) for i in range(20))
BEFORE = catalog_of(PHOTOS)


def test_nothing_has_changed() -> None:
    again = catalog_of(tuple(replace(photo) for photo in PHOTOS))
    assert photos_come(BEFORE, again) == set()
    assert photos_changed(BEFORE, again, range(20)) == set()
    assert not is_another_choice(BEFORE, again)


def test_what_has_come_gone_and_moved_is_named() -> None:
    moved = replace(PHOTOS[3], path=Path("/elsewhere/3.jpg"))
    new = Photo(40, Path("/photos/new.jpg"), 40, 30, None, "new")
    after = catalog_of((*PHOTOS[:3], moved, *PHOTOS[4:15], new))
    assert photos_come(BEFORE, after) == {40}
    assert photos_changed(BEFORE, after, (2, 3, 16, 40)) == {3, 16}
    assert is_another_choice(BEFORE, after)


def test_a_photo_that_feels_otherwise_is_another_choice() -> None:
    assert is_another_choice(BEFORE, catalog_of(PHOTOS, seed=1))
