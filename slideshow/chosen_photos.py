"""A catalog of only some photos: what a show is made of that was started from a choice of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from engine.library import Catalog


def restricted(catalog: Catalog, photo_ids: Collection[int]) -> Catalog:
    """Take the photos with these ids out of a catalog, in its order; ids that are not in it are passed over."""
    from engine.photos import Catalog  # here: the window imports this file, and need not wait for the engine

    rows = [row for row, photo in enumerate(catalog.photos) if photo.id in photo_ids]
    embeddings = np.ascontiguousarray(catalog.embeddings[rows])
    va, groups = np.ascontiguousarray(catalog.va[rows]), catalog.groups[rows]
    for part in (embeddings, va, groups):
        part.flags.writeable = False
    return Catalog(tuple(catalog.photos[row] for row in rows), embeddings, va, catalog.bundle_id, groups)
