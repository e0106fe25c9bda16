"""What a bundle makes of labelled photos and songs, through its ONNX files and the engine's own preprocessing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio import load_song
from engine.emotion import FloatArray
from engine.encoders import Encoders
from engine.errors import UnreadablePhoto, UnreadableSong
from engine.features import window_features
from engine.images import load_image
from engine.progress import Progress, Report, ignore
from trainer.baselines import OneSided, va_view
from trainer.corpora import OnUnusable, PhotoRecord, SongRecord, Unusable, ignore_unusable
from trainer.errors import CorpusMissing

Rows = NDArray[np.intp]

PHOTO_BATCH: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPhotos:
    """What a bundle makes of labelled photos: features (n, F), embeddings (n, 512), predicted and true VA (n, 2)."""

    groups: tuple[str, ...]
    features: FloatArray
    embeddings: FloatArray
    va: FloatArray
    true_va: FloatArray

    @staticmethod
    def joined(parts: Mapping[str, EncodedPhotos]) -> EncodedPhotos:
        """The photos of several corpora by title, at least one; themes of several carry their corpus's name."""
        found = list(parts.values())
        by_photo = (
            np.concatenate([getattr(part, name) for part in found])
            for name in ("features", "embeddings", "va", "true_va")
        )
        return EncodedPhotos(_joined_groups(parts), *by_photo)

    def take(self, rows: Rows) -> EncodedPhotos:
        """The photos of some rows."""
        groups = tuple(self.groups[row] for row in rows)
        return EncodedPhotos(groups, self.features[rows], self.embeddings[rows], self.va[rows], self.true_va[rows])

    def one_side(self) -> OneSided:
        """What a deaf predictor may look at."""
        return OneSided([self.features.astype(np.float64), va_view(self.va)], self.groups)


@dataclass(frozen=True, slots=True, eq=False)
class EncodedSongs:
    """What a bundle makes of labelled songs, by window: features (m, G), embeddings (m, 512), VA (m, 2).

    Windows of one song follow each other; `starts` (n,) is each song's first window; true_va (n, 2) is by song.
    """

    groups: tuple[str, ...]
    starts: Rows
    features: FloatArray
    embeddings: FloatArray
    window_va: FloatArray
    true_va: FloatArray

    @property
    def song_of_window(self) -> Rows:
        """Row of the song that each window belongs to, (m,)."""
        return np.repeat(np.arange(len(self.groups)), np.diff(self.starts, append=len(self.window_va)))

    @property
    def va(self) -> FloatArray:
        """Predicted VA of each song, its windows' mean, (n, 2)."""
        return self.by_song(self.window_va)

    def by_song(self, values: FloatArray) -> FloatArray:
        """Mean over each song's windows of values (m, ...), shape (n, ...)."""
        counts = np.diff(self.starts, append=len(self.window_va)).reshape(-1, *[1] * (values.ndim - 1))
        means = np.add.reduceat(values.astype(np.float64), self.starts, axis=0) / counts
        return np.ascontiguousarray(means, dtype=np.float32)

    @staticmethod
    def joined(parts: Mapping[str, EncodedSongs]) -> EncodedSongs:
        """The songs of several corpora by title, at least one; songs of several carry their corpus's name."""
        found = list(parts.values())
        firsts = np.cumsum([0, *(len(part.window_va) for part in found[:-1])])
        starts = np.concatenate([part.starts + first for part, first in zip(found, firsts, strict=True)])
        arrays = (
            np.concatenate([getattr(part, name) for part in found])
            for name in ("features", "embeddings", "window_va", "true_va")
        )
        return EncodedSongs(_joined_groups(parts), starts.astype(np.intp), *arrays)

    def take(self, rows: Rows) -> EncodedSongs:
        """The songs of some rows."""
        counts = np.diff(self.starts, append=len(self.window_va))
        windows = np.concatenate([np.arange(self.starts[row], self.starts[row] + counts[row]) for row in rows])
        starts = np.concatenate([[0], np.cumsum(counts[rows])[:-1]]).astype(np.intp)
        groups = tuple(self.groups[row] for row in rows)
        by_window = (self.features[windows], self.embeddings[windows], self.window_va[windows])
        return EncodedSongs(groups, starts, *by_window, self.true_va[rows])

    def one_side(self) -> OneSided:
        """What a blind predictor may look at."""
        return OneSided([self.by_song(self.features).astype(np.float64), va_view(self.va)], self.groups)


def encode_photos(
    encoders: Encoders,
    records: Sequence[PhotoRecord],
    *,
    report: Report = ignore,
    on_unusable: OnUnusable = ignore_unusable,
) -> EncodedPhotos:
    """Run labelled photos through a bundle as the app does. Unreadable ones are left out; CorpusMissing if all are."""
    px = encoders.bundle.manifest.photo.input_px
    kept: list[PhotoRecord] = []
    features: list[FloatArray] = []
    waiting: list[FloatArray] = []
    for i, record in enumerate(records):
        report(Progress("photos", i, len(records), record.path.name))
        try:
            image, _ = load_image(record.path, min_side_px=px)
        except UnreadablePhoto as fault:
            on_unusable(Unusable(record.path.name, fault.reason))
            continue
        kept.append(record)
        waiting.append(encoders.photo_input(image))
        if len(waiting) == PHOTO_BATCH:
            features.append(encoders.photo_features(np.stack(waiting)))
            waiting.clear()
    if waiting:
        features.append(encoders.photo_features(np.stack(waiting)))
    if not kept:
        raise CorpusMissing("none of the corpus's photos can be read")
    pooled = np.concatenate(features)
    return EncodedPhotos(_groups(kept), pooled, *encoders.photo_heads(pooled), _labels(kept))


def encode_songs(
    encoders: Encoders,
    records: Sequence[SongRecord],
    *,
    report: Report = ignore,
    on_unusable: OnUnusable = ignore_unusable,
) -> EncodedSongs:
    """Run labelled songs through a bundle as the app does, window by window. Unreadable ones and those without a window
    are left out; CorpusMissing if all are.
    """
    kept: list[SongRecord] = []
    features: list[FloatArray] = []
    for i, record in enumerate(records):
        report(Progress("songs", i, len(records), record.path.name))
        try:
            windows = window_features(load_song(record.path).y)
        except UnreadableSong as fault:
            on_unusable(Unusable(record.path.name, fault.reason))
            continue
        if len(windows) == 0:
            on_unusable(Unusable(record.path.name, "shorter than a window"))
            continue
        kept.append(record)
        features.append(encoders.music_features(windows))
    if not kept:
        raise CorpusMissing("none of the corpus's songs can be read")
    starts = np.cumsum([0, *(len(part) for part in features[:-1])]).astype(np.intp)
    pooled = np.concatenate(features)
    return EncodedSongs(_groups(kept), starts, pooled, *encoders.music_heads(pooled), _labels(kept))


def _joined_groups(parts: Mapping[str, EncodedPhotos] | Mapping[str, EncodedSongs]) -> tuple[str, ...]:
    of_each = {title: part.groups for title, part in parts.items()}
    if len(of_each) == 1:
        return next(iter(of_each.values()))
    return tuple(f"{title}: {group}" for title, groups in of_each.items() for group in groups)


def _groups(records: Sequence[PhotoRecord] | Sequence[SongRecord]) -> tuple[str, ...]:
    return tuple(record.group for record in records)


def _labels(records: Sequence[PhotoRecord] | Sequence[SongRecord]) -> FloatArray:
    return np.array([[record.valence, record.arousal] for record in records], dtype=np.float32)
