"""A catalog of only some photos: what a show is made of that was started from a choice of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.library import Catalog


def restricted(catalog: Catalog, photo_ids: Collection[int]) -> Catalog:
    """Take the photos with these ids out of a catalog, in its order; ids that are not in it are passed over."""
    return catalog.of_rows([row for row, photo in enumerate(catalog.photos) if photo.id in photo_ids])


def without(catalog: Catalog, photo_ids: Collection[int]) -> Catalog:
    """Leave the photos with these ids out of a catalog; the same catalog where it has none of them."""
    rows = [row for row, photo in enumerate(catalog.photos) if photo.id not in photo_ids] if photo_ids else None
    return catalog if rows is None or len(rows) == len(catalog) else catalog.of_rows(rows)


def shown_by_itself(catalog: Catalog, offline_ids: Collection[int]) -> Catalog:
    """What shows choose from where nothing was chosen by hand: no screenshots and the like, nothing that is away."""
    from engine.photos import for_shows  # here: the window imports this file, and need not wait for the engine

    return for_shows(without(catalog, offline_ids))
