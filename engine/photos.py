"""What the library tells of photos: a photo, a catalog of many, and the records that are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.emotion import FloatArray
from engine.focus import Focus


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of the library: where it lies, its upright size, when it was taken (ISO), the hash of its bytes.

    focus is what must stay in view and look the perceptual hash of 64 bits; None where the photo was indexed by an
    older Moodreel and not read since.
    """

    id: int
    path: Path
    width: int
    height: int
    taken_at: str | None
    content_hash: str
    focus: Focus | None = None
    look: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """A snapshot of the photos one bundle has seen: row i of embeddings (n, 512) and va (n, 2) is photos[i].

    groups (n,) number the photos so that near-duplicates and photos of one burst share a number (see
    `siblings.sibling_groups`); left out, no two do. Sorted by photo id; arrays are read-only. Banned photos are not in
    it. Later changes to the library do not show in it.
    """

    photos: tuple[Photo, ...]
    embeddings: FloatArray
    va: FloatArray
    bundle_id: str
    groups: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        if len(self.groups) != len(self.photos):
            if len(self.groups):
                raise ValueError(f"{len(self.groups)} groups for {len(self.photos)} photos")
            object.__setattr__(self, "groups", np.arange(len(self.photos), dtype=np.int64))

    def __len__(self) -> int:
        return len(self.photos)


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """What the library knows of a file: enough to tell whether it changed and whether it must be decoded.

    has_look says that it was looked for what it looks like (see `Look`), which older libraries have not done.
    """

    id: int
    size: int
    mtime_ns: int
    content_hash: str
    problem: str | None
    is_missing: bool
    has_features: bool
    has_look: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What one photo looks like, for its fellows and for the camera: perceptual hash and focus. Both None: unknown."""

    hash: int | None
    focus: Focus | None


@dataclass(frozen=True, slots=True, eq=False)
class PhotoRecord:
    """One file's row to be stored: what was read, or the problem for which it could not be decoded."""

    path: Path
    size: int
    mtime_ns: int
    content_hash: str
    width: int = 0
    height: int = 0
    taken_at: str | None = None
    problem: str | None = None
    look: Look | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What the bundle's networks gave for n photos: features (n, F), embeddings (n, 512), va (n, 2)."""

    features: FloatArray
    embeddings: FloatArray
    va: FloatArray
