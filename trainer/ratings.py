"""A person's ratings with the features of their photos: from the library where it has them, else computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from trainer.evidence import NO_ANSWERS, Answers
from trainer.records import OnUnusable, PhotoRecord, Unusable, ignore_unusable

BATCH: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class RatedPhotos:
    """Rated photos: row i of features (n, F) and of the ratings va (n, 2) in [0, 1] belongs to paths[i].

    hashes (n,) are those of the photos' bytes, or empty where nobody knows them.
    """

    paths: tuple[Path, ...]
    features: FloatArray
    va: FloatArray
    hashes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.paths)

    def from_row(self, first: int) -> RatedPhotos:
        """All but those before a row."""
        return RatedPhotos(self.paths[first:], self.features[first:], self.va[first:], self.hashes[first:])


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """What a person has said: photos rated, photos compared with each other, and moments of songs.

    answers count the photos of `rated` first, then those of `others` (k, F), which are compared only. The windows of
    marked moments, features (m, G) with marks (m, 2), belong to songs (m,).
    """

    rated: RatedPhotos
    others: FloatArray
    answers: Answers
    windows: FloatArray
    marks: FloatArray
    songs: tuple[str, ...]

    @staticmethod
    def of_photos(rated: RatedPhotos) -> Taught:
        """Ratings of photos alone."""
        width = rated.features.shape[1]
        empty = np.zeros((0, 2), dtype=np.float32)
        return Taught(rated, np.zeros((0, width), np.float32), NO_ANSWERS, np.zeros((0, 0), np.float32), empty, ())

    @property
    def n_said_of_photos(self) -> int:
        """Ratings and answers."""
        return len(self.rated) + len(self.answers)

    def latest(self, n: int) -> Taught:
        """The same with the last n ratings, and the last n answers, only; photos left out may still be compared."""
        cut = max(0, len(self.rated) - n)
        features = np.concatenate([self.rated.features, self.others])
        answers = self.answers.take(np.arange(max(0, len(self.answers) - n), len(self.answers)))
        used = np.unique(np.concatenate([answers.first, answers.second]))
        kept = np.concatenate([np.arange(cut, len(self.rated)), used[(used < cut) | (used >= len(self.rated))]])
        place = np.full(len(features), -1, dtype=np.intp)
        place[kept] = np.arange(len(kept))
        moved = Answers(place[answers.first], place[answers.second], answers.axis, answers.more)
        n_rated = len(self.rated) - cut
        return replace(self, rated=self.rated.from_row(cut), others=features[kept[n_rated:]], answers=moved)


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
