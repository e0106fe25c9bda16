"""What has changed from one catalog to the next: told by ids, for comparing 50,000 photos would hold the window up."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.library import Catalog


def photos_come(before: Catalog, after: Catalog) -> set[int]:
    """Ids of the photos that are new."""
    known = {photo.id for photo in before.photos}
    return {photo.id for photo in after.photos if photo.id not in known}


def photos_changed(before: Catalog, after: Catalog, ids: Collection[int]) -> set[int]:
    """Of these ids, a few of many, those whose photos have gone, moved or changed."""
    few = frozenset(ids)
    new = {photo.id: photo for photo in after.photos if photo.id in few}
    return {photo.id for photo in before.photos if photo.id in few and new.get(photo.id) != photo}


def is_another_choice(before: Catalog, after: Catalog) -> bool:
    """Whether other photos can be chosen from, or some now feel otherwise."""
    return not np.array_equal(before.va, after.va)
