"""The corpora the trainer reads, by name: what each folder must hold and its reader, and what readers give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from trainer.pair_corpora import read_imemnet_photos
from trainer.photo_corpora import (
    OASIS_SCALE,
    oasis_group,
    read_emotic,
    read_iaps,
    read_naps,
    read_oasis,
    read_ratings,
)
from trainer.records import (
    Clip,
    Normalise,
    OnUnusable,
    PhotoRecord,
    SongRecord,
    Unusable,
    ignore_unusable,
    normalised,
    rescale,
)
from trainer.song_corpora import DEAM_SCALE, read_deam

__all__ = [
    "DEAM_SCALE",
    "OASIS_SCALE",
    "PHOTO_CORPORA",
    "SONG_CORPORA",
    "Clip",
    "Normalise",
    "OnUnusable",
    "PhotoCorpus",
    "PhotoRecord",
    "SongCorpus",
    "SongRecord",
    "Unusable",
    "ignore_unusable",
    "normalised",
    "oasis_group",
    "read_deam",
    "read_emotic",
    "read_iaps",
    "read_imemnet_photos",
    "read_naps",
    "read_oasis",
    "read_ratings",
    "rescale",
]


class PhotoReader(Protocol):
    """Reads labelled photos from a corpus's folder (or file). Raises CorpusMissing."""

    def __call__(self, path: Path, *, on_unusable: OnUnusable = ...) -> list[PhotoRecord]: ...


class SongReader(Protocol):
    """Reads labelled songs from a corpus's folder. Raises CorpusMissing."""

    def __call__(self, path: Path, *, on_unusable: OnUnusable = ...) -> list[SongRecord]: ...


@dataclass(frozen=True, slots=True)
class PhotoCorpus:
    """A photo corpus: its name, what its folder must hold, and its reader."""

    title: str
    holds: str
    read: PhotoReader


@dataclass(frozen=True, slots=True)
class SongCorpus:
    """A song corpus: its name, what its folder must hold, and its reader."""

    title: str
    holds: str
    read: SongReader


PHOTO_CORPORA: Final[Mapping[str, PhotoCorpus]] = {
    "oasis": PhotoCorpus("OASIS", "OASIS.csv and Images/", read_oasis),
    "iaps": PhotoCorpus("IAPS", "AllSubjects_1-20.txt and the pictures", read_iaps),
    "naps": PhotoCorpus("NAPS", "the table of valence and arousal ratings (.xls or .csv) and the pictures", read_naps),
    "emotic": PhotoCorpus("EMOTIC", "Annotations.mat (or train.csv, val.csv, test.csv) and emotic/", read_emotic),
    "imemnet": PhotoCorpus("IMEMNet", "image_va.csv, with the pictures of IAPS, NAPS and EMOTIC", read_imemnet_photos),
    "ratings": PhotoCorpus("personal ratings", "a CSV file of path, valence, arousal in [0, 1]", read_ratings),
}

SONG_CORPORA: Final[Mapping[str, SongCorpus]] = {
    "deam": SongCorpus("DEAM", "MEMD_audio/ and annotations/", read_deam),
}
