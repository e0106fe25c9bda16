"""A person's ratings with the features of their photos: from the library where it has them, else computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engine.emotion import FloatArray
from engine.encoders import Encoders
from engine.errors import UnreadablePhoto
from engine.images import load_image
from engine.library import Library
from engine.progress import Progress, Report, ignore
from trainer.errors import CorpusMissing
from trainer.records import OnUnusable, PhotoRecord, Unusable, ignore_unusable

BATCH: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class RatedPhotos:
    """Rated photos: row i of features (n, F) and of the ratings va (n, 2) in [0, 1] belongs to paths[i]."""

    paths: tuple[Path, ...]
    features: FloatArray
    va: FloatArray

    def __len__(self) -> int:
        return len(self.paths)


def rated_photos(
    records: Sequence[PhotoRecord],
    encoders: Encoders,
    *,
    library: Library | None = None,
    report: Report = ignore,
    on_unusable: OnUnusable = ignore_unusable,
) -> RatedPhotos:
    """Find or compute the pooled features of rated photos with the bundle's own photo backbone, in the order given.

    Photos that the library knows need not be there any more. Unreadable ones are left out and told. Raises
    CorpusMissing where none is left.
    """
    manifest = encoders.bundle.manifest
    backbone_id = encoders.bundle.photo_backbone_id
    paths = [record.path for record in records]
    found = library.photo_features(paths, backbone_id=backbone_id) if library is not None else {}
    found = {path: row for path, row in found.items() if row.shape == (manifest.photo.feature_width,)}
    unreadable: set[Path] = set()
    missing = [path for path in dict.fromkeys(paths) if path not in found]
    for first in range(0, len(missing), BATCH):
        report(Progress("photos", first, len(missing), missing[first].name))
        inputs: dict[Path, FloatArray] = {}
        for path in missing[first : first + BATCH]:
            try:
                image, _ = load_image(path, min_side_px=manifest.photo.input_px)
            except UnreadablePhoto as fault:
                on_unusable(Unusable(str(path), fault.reason))
                unreadable.add(path)
                continue
            inputs[path] = encoders.photo_input(image)
        if inputs:
            found |= dict(zip(inputs, encoders.photo_features(np.stack(list(inputs.values()))), strict=True))
    report(Progress("photos", len(missing), len(missing)))
    kept = [record for record in records if record.path not in unreadable]
    if not kept:
        raise CorpusMissing("none of the rated photos can be read")
    return RatedPhotos(
        tuple(record.path for record in kept),
        np.stack([found[record.path] for record in kept]),
        np.array([[record.valence, record.arousal] for record in kept], dtype=np.float32),
    )
