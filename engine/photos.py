"""What the library tells of photos: a photo, a catalog of many, and the records that are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.content import Contents
from engine.emotion import FloatArray
from engine.focus import Focus

PhotoKind = Literal["screenshot", "document", "dark", "blurred"]
"""What a picture is that is hardly meant for a show: see `engine.kinds`."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of the library: where it lies, its upright size, when it was taken (ISO), the hash of its bytes.

    focus is what must stay in view and look the perceptual hash of 64 bits; None where the photo was indexed by an
    older Moodreel and not read since. caption is what its file says of it. kind names what shows leave out (see
    `PhotoKind`), None for an ordinary photo; is_let_in is the person's word that it belongs into shows all the same.
    """

    id: int
    path: Path
    width: int
    height: int
    taken_at: str | None
    content_hash: str
    focus: Focus | None = None
    look: int | None = None
    caption: str | None = None
    is_favourite: bool = False
    kind: PhotoKind | None = None
    is_let_in: bool = False

    @property
    def is_left_out(self) -> bool:
        """Whether shows pass this photo over unless it is chosen by hand."""
        return self.kind is not None and not self.is_let_in and not self.is_favourite


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """A snapshot of the photos one bundle has seen: row i of embeddings (n, 512) and va (n, 2) is photos[i].

    groups (n,) number the photos so that near-duplicates and photos of one burst share a number (see
    `siblings.sibling_groups`); left out, no two do. contents tells what each photo shows, as far as that is known.
    Sorted by photo id; arrays are read-only. Banned photos are not in it. Later changes to the library do not show in
    it.
    """

    photos: tuple[Photo, ...]
    embeddings: FloatArray
    va: FloatArray
    bundle_id: str
    groups: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    contents: Contents = field(default_factory=lambda: Contents.unknown(0))

    def __post_init__(self) -> None:
        if len(self.groups) != len(self.photos):
            if len(self.groups):
                raise ValueError(f"{len(self.groups)} groups for {len(self.photos)} photos")
            object.__setattr__(self, "groups", np.arange(len(self.photos), dtype=np.int64))
        if len(self.contents) != len(self.photos):
            if self.contents.is_known:
                raise ValueError(f"{len(self.contents)} contents for {len(self.photos)} photos")
            object.__setattr__(self, "contents", Contents.unknown(len(self.photos)))

    def __len__(self) -> int:
        return len(self.photos)

    def of_rows(self, rows: Sequence[int] | NDArray[np.intp]) -> Catalog:
        """Give a catalog of some rows only, in their order. Photos keep the group numbers they have here."""
        chosen = np.asarray(rows, dtype=np.int64)
        embeddings, va, groups = self.embeddings[chosen], self.va[chosen], self.groups[chosen]
        for array in (embeddings, va, groups):
            array.flags.writeable = False
        return replace(
            self,
            photos=tuple(self.photos[i] for i in rows),
            embeddings=embeddings,
            va=va,
            groups=groups,
            contents=self.contents.of_rows(chosen),
        )


def for_shows(catalog: Catalog) -> Catalog:
    """Leave out the photos that shows pass over (see `Photo.is_left_out`); the same catalog where there are none."""
    rows = [i for i, photo in enumerate(catalog.photos) if not photo.is_left_out]
    return catalog if len(rows) == len(catalog) else catalog.of_rows(rows)


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """What the library knows of a file: enough to tell whether it changed and whether it must be decoded.

    has_look says that it was looked for what it looks like (see `Look`), is_examined that its kind and caption were
    read; older libraries have done neither.
    """

    id: int
    size: int
    mtime_ns: int
    content_hash: str
    problem: str | None
    is_missing: bool
    has_features: bool
    has_look: bool
    is_examined: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What one photo looks like, for its fellows and for the camera: perceptual hash and focus. Both None: unknown."""

    hash: int | None
    focus: Focus | None


@dataclass(frozen=True, slots=True)
class Examined:
    """What is seen of a photo that an older Moodreel stored without; look None leaves the one that is known."""

    look: Look | None
    caption: str | None = None
    kind: PhotoKind | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PhotoRecord:
    """One file's row to be stored: what was read, or the problem for which it could not be decoded.

    is_examined says that caption and kind are known, None meaning none.
    """

    path: Path
    size: int
    mtime_ns: int
    content_hash: str
    width: int = 0
    height: int = 0
    taken_at: str | None = None
    problem: str | None = None
    look: Look | None = None
    caption: str | None = None
    kind: PhotoKind | None = None
    is_examined: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What the bundle's networks gave for n photos: features (n, F), embeddings (n, 512), va (n, 2).

    contents is what the photos show, None where the bundle does not say.
    """

    features: FloatArray
    embeddings: FloatArray
    va: FloatArray
    contents: Contents | None = None
