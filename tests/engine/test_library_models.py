"""What models say of a library's photos: as another sees the same ones, and what is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.errors import Cancelled
from engine.library import Library
from engine.progress import Progress
from tests.engine.test_library import encoded, record

WIDTH = 6
BACKBONE = "backbone"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Five photos in a folder, seen by two bundles."""
    with Library.open(tmp_path / "library.db") as opened:
        opened.add_folder(tmp_path)
        records = [record(tmp_path / f"{i}.jpg") for i in range(5)]
        for seed, bundle in enumerate(("first", "second")):
            opened.store_photos(records, encoded(5, seed=seed, width=WIDTH), backbone_id=BACKBONE, bundle_id=bundle)
        yield opened


def test_the_same_photos_by_another_bundle(library: Library) -> None:
    first, second = library.catalog("first"), library.catalog("second")
    again = library.catalog_by("second", first)
    assert again is not None
    assert again.photos is first.photos
    assert again.bundle_id == "second"
    np.testing.assert_array_equal(again.embeddings, second.embeddings)
    np.testing.assert_array_equal(again.va, second.va)
    np.testing.assert_array_equal(again.groups, second.groups)
    assert not again.va.flags.writeable
    some = library.catalog("first", under=[first.photos[3].path])
    assert len(some) == 1
    part = library.catalog_by("second", some)
    assert part is not None
    np.testing.assert_array_equal(part.va, second.va[3:4])


def test_a_bundle_that_lacks_a_photo_gives_none(library: Library, tmp_path: Path) -> None:
    new = [record(tmp_path / "new.jpg")]
    library.store_photos(new, encoded(1, width=WIDTH), backbone_id=BACKBONE, bundle_id="first")
    assert library.catalog_by("second", library.catalog("first")) is None
    assert library.catalog_by("never seen", library.catalog("first")) is None


def test_forgetting_keeps_those_named_and_all_features(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.library_models.FORGET_ROWS", 2)
    before = library.catalog("first")
    assert library.forget_embeddings(keep=["first", "not there"]) == 5
    assert len(library.catalog("second")) == 0
    np.testing.assert_array_equal(library.catalog("first").va, before.va)
    found = library.photo_features([photo.path for photo in before.photos], backbone_id=BACKBONE)
    assert len(found) == 5
    assert library.forget_embeddings(keep=["first"]) == 0


def test_forgetting_can_be_stopped_and_taken_up_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.library_models.FORGET_ROWS", 2)

    def stop(progress: Progress) -> None:
        if progress.done >= 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        library.forget_embeddings(keep=["first"], report=stop)
    assert len(library.catalog("second")) == 3
    assert library.forget_embeddings(keep=["first"]) == 3


def test_new_heads_for_photos_that_are_forgotten_meanwhile_are_dropped(library: Library) -> None:
    outputs = encoded(2)
    known = library.catalog("first").photos[0].id
    with library._db.reading() as db:
        (model,) = db.execute("SELECT id FROM models WHERE digest = 'second'").fetchone()
    library._store_heads(model, [known, 999], outputs.embeddings, outputs.va)
    np.testing.assert_array_equal(library.catalog("second").va[0], outputs.va[0])
