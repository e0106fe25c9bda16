"""The demo's photos as the shipped bundle sees them: a real catalog, made once for all tests that ask."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.bundle import open_bundle
from engine.content import Contents
from engine.encoders import Encoders
from engine.images import load_image
from engine.photos import Catalog, Photo

ROOT = Path(__file__).resolve().parents[2]
PHOTOS, SONGS = ROOT / "resources" / "demo" / "photos", ROOT / "resources" / "demo" / "songs"
BUNDLE = ROOT / "resources" / "models" / "default"


@lru_cache(maxsize=1)
def demo_encoders() -> Encoders:
    """The shipped bundle's networks."""
    return Encoders(open_bundle(BUNDLE), n_threads=1)


@lru_cache(maxsize=1)
def demo_catalog() -> Catalog:
    """A catalog of the demo's photos with what they show."""
    encoders = demo_encoders()
    paths = sorted(PHOTOS.glob("*.jpg"))
    images = np.stack([encoders.photo_input(load_image(path)[0]) for path in paths])
    features, content = encoders.photo_features_and_content(images)
    assert content is not None
    embeddings, va = encoders.photo_heads(features)
    photos = tuple(Photo(i, path, 1200, 800, None, f"{i}") for i, path in enumerate(paths))
    return Catalog(photos, embeddings, va, encoders.bundle.id, contents=Contents.of_probabilities(content))


def row_of(name: str) -> int:
    """Row of a demo photo by its name."""
    return [photo.path.stem for photo in demo_catalog().photos].index(name)
