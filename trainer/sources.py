"""Which corpora a command was given, and their labelled photos and songs, read and normalised."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trainer.corpora import (
    PHOTO_CORPORA,
    SONG_CORPORA,
    Normalise,
    OnUnusable,
    PhotoRecord,
    SongRecord,
    ignore_unusable,
    normalised,
)
from trainer.errors import CorpusMissing


@dataclass(frozen=True, slots=True)
class Sources:
    """Corpora by name (`PHOTO_CORPORA`, `SONG_CORPORA`) with their folders, and how their labels are normalised."""

    photos: Mapping[str, Path] = field(default_factory=dict)
    songs: Mapping[str, Path] = field(default_factory=dict)
    normalise: Normalise = "scale"


def add_sources(parser: argparse.ArgumentParser) -> None:
    """Add an option for each corpus, and --normalise."""
    for name, photos in PHOTO_CORPORA.items():
        metavar = "FILE" if name == "ratings" else "DIR"
        parser.add_argument(f"--{name}", type=Path, metavar=metavar, help=f"{photos.title}: {photos.holds}")
    for name, songs in SONG_CORPORA.items():
        parser.add_argument(f"--{name}", type=Path, metavar="DIR", help=f"{songs.title}: {songs.holds}")
    parser.add_argument(
        "--normalise",
        choices=["scale", "minmax"],
        help="scale: by the ends of each rating scale; minmax: by each corpus's least and largest value, as in the "
        "paper (default: minmax with the preset paper, else scale; evaluate needs what the bundle was trained with)",
    )


def given_sources(options: argparse.Namespace, *, preset: str = "default") -> Sources:
    """The corpora a command line names; the preset paper normalises as the paper does, unless the line says otherwise.

    Raises CorpusMissing without one of photos and one of songs.
    """
    given = vars(options)
    photos = {name: given[name] for name in PHOTO_CORPORA if given[name] is not None}
    songs = {name: given[name] for name in SONG_CORPORA if given[name] is not None}
    if not photos or not songs:
        raise CorpusMissing("at least one corpus of photos and one of songs is needed, such as --oasis and --deam")
    return Sources(photos, songs, options.normalise or ("minmax" if preset == "paper" else "scale"))


def read_photos(sources: Sources, *, on_unusable: OnUnusable = ignore_unusable) -> dict[str, list[PhotoRecord]]:
    """Labelled photos by corpus, with normalised labels. Raises CorpusMissing."""
    return {
        name: normalised(PHOTO_CORPORA[name].read(path, on_unusable=on_unusable), sources.normalise)
        for name, path in sources.photos.items()
    }


def read_songs(sources: Sources, *, on_unusable: OnUnusable = ignore_unusable) -> dict[str, list[SongRecord]]:
    """Labelled songs by corpus, with normalised labels. Raises CorpusMissing."""
    return {
        name: normalised(SONG_CORPORA[name].read(path, on_unusable=on_unusable), sources.normalise)
        for name, path in sources.songs.items()
    }
