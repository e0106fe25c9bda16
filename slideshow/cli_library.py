"""What the command line's commands open: the model, the library, and the photos that a show may use."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import EngineError, TooFewPhotos
from slideshow import messages, places
from slideshow.cli_output import PROGRAM, ProgressLine
from slideshow.kind_words import left_out_words

if TYPE_CHECKING:
    from engine.encoders import Encoders
    from engine.library import Catalog, Library


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[tuple[Library, Encoders]]:
    """The library and the model that the options name."""
    from engine.bundle import open_bundle
    from engine.encoders import Encoders
    from engine.library import Library

    encoders = Encoders(open_bundle(arguments.bundle))
    with Library.open(arguments.library or places.default_library()) as library:
        yield library, encoders


def catalog_for(arguments: argparse.Namespace, library: Library, encoders: Encoders) -> Catalog:
    """The photos of --photos, else the library's, else (a library that is still empty) the demo's."""
    from engine.indexing import index_folders

    if arguments.photos is not None and not arguments.photos.is_dir():
        raise no_folder(arguments.photos)
    with ProgressLine(is_on=not arguments.json) as line:
        library.rehead(encoders, report=line)
        catalog = library.catalog(encoders.bundle.id)
        if arguments.photos is None and len(catalog):
            return catalog
        folder = arguments.photos or places.DEMO_PHOTOS
        report = index_folders(library, [folder], encoders, report=line, remember=False)
        catalog = library.catalog(encoders.bundle.id, under=[folder])
    if report.skipped:
        naming = f"`{PROGRAM} index` names what it skips."
        print(f"{messages.unread_photos(report.skipped, n_found=report.found)} {naming}", file=sys.stderr)
    return catalog


def shown_catalog(arguments: argparse.Namespace, library: Library, encoders: Encoders) -> Catalog:
    """The photos that a show may use: `catalog_for` without screenshots and the like, which are told of.

    Raises TooFewPhotos where nothing else is there.
    """
    from engine.photos import for_shows

    catalog = catalog_for(arguments, library, encoders)
    if not len(catalog) and arguments.photos is not None:
        where = messages.path_text(arguments.photos)
        raise TooFewPhotos(0, reason=f"There is no photo in {where} that can be shown. Choose another folder.")
    shown = for_shows(catalog)
    if len(shown) == len(catalog):
        return shown
    words = f"{left_out_words(catalog.photos)}. `{PROGRAM} left-out` names them and lets them in."
    if not len(shown):
        raise TooFewPhotos(0, reason=words)
    print(words, file=sys.stderr)
    return shown


def no_folder(folder: Path) -> EngineError:
    """The fault of a folder that is not there; a file in its place is one too."""
    what = "is not a folder" if folder.exists() else "is not there"
    return EngineError(f"The folder {folder} {what}: check the name and try again")
