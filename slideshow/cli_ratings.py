"""The commands `ratings` and `left-out`: what the person has said of photos, to and from a file, and what shows use."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import EngineError
from slideshow import messages, places
from slideshow.cli_library import catalog_for, opened
from slideshow.cli_output import ProgressLine, print_json, print_table
from slideshow.kind_words import KINDS, left_out_words

if TYPE_CHECKING:
    from engine.library import Library, Photo
    from engine.ratings_file import Imported

MAX_PROBLEMS_SHOWN = 20
"""More would fill the screen; --json names them all."""


def add_ratings_commands(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], common: argparse.ArgumentParser
) -> None:
    """Add `ratings` and `left-out` with their options."""
    ratings = commands.add_parser("ratings", parents=[common], help="what you have taught: count, export, import")
    ratings.add_argument("action", choices=("show", "export", "import"))
    ratings.add_argument("file", type=Path, nargs="?", metavar="FILE.csv", help="to write to or read from")
    ratings.set_defaults(run=run_ratings, parser=ratings)

    left_out = commands.add_parser(
        "left-out", parents=[common], help="the screenshots, scans, dark and blurred photos that shows pass over"
    )
    left_out.add_argument("--photos", type=Path, metavar="DIR", help="among the photos of this folder")
    choice = left_out.add_mutually_exclusive_group()
    choice.add_argument("--let-in", type=Path, nargs="+", default=(), metavar="PHOTO", help="let shows use these")
    choice.add_argument("--leave-out", type=Path, nargs="+", default=(), metavar="PHOTO", help="leave these out again")
    left_out.set_defaults(run=run_left_out)


def run_ratings(arguments: argparse.Namespace) -> int:
    """Count ratings, write them to a file or read them from one."""
    from engine.library import Library

    if arguments.action != "show" and arguments.file is None:
        arguments.parser.error(f"say which file to {arguments.action}")
    with Library.open(arguments.library or places.default_library()) as library:
        if arguments.action == "show":
            _show_counts(library, is_json=arguments.json)
        elif arguments.action == "export":
            _export(library, arguments.file, is_json=arguments.json)
        else:
            _import(library, arguments.file, is_json=arguments.json)
    return 0


def _show_counts(library: Library, *, is_json: bool) -> None:
    ratings = library.ratings
    counts = {
        "photos": len(ratings.photos()),
        "comparisons": len(ratings.comparisons()),
        "song_moments": len(ratings.marks()),
    }
    if is_json:
        print_json(counts)
    else:
        print(f"{_taught_words(*counts.values())}.")


def _export(library: Library, path: Path, *, is_json: bool) -> None:
    from engine.ratings_file import export_ratings

    written = export_ratings(library, path)
    if is_json:
        counts = {"photos": written.n_photos, "comparisons": written.n_comparisons, "song_moments": written.n_marks}
        print_json({"path": str(path), **counts})
    else:
        print(f"{_taught_words(written.n_photos, written.n_comparisons, written.n_marks)} written to {path}.")


def _import(library: Library, path: Path, *, is_json: bool) -> None:
    from engine.ratings_file import import_ratings

    with ProgressLine(is_on=not is_json) as line:
        done = import_ratings(library, path, report=line)
    if is_json:
        counts = {name: getattr(done, name) for name in done.__slots__ if name.startswith("n_")}
        problems = [{"line": number, "problem": problem} for number, problem in done.problems]
        print_json({**{name.removeprefix("n_"): count for name, count in counts.items()}, "problems": problems})
        return
    print(imported_words(done))
    for number, problem in done.problems[:MAX_PROBLEMS_SHOWN]:
        print(f"Line {number}: {problem}")
    if done.n_problems > min(len(done.problems), MAX_PROBLEMS_SHOWN):
        print(f"{done.n_problems - MAX_PROBLEMS_SHOWN:,} more lines have problems; --json names them.")


def imported_words(done: Imported) -> str:
    """Say what an import did, in sentences."""
    parts = [
        (done.n_new, "new"),
        (done.n_replaced, "replaced older ones"),
        (done.n_same, "stood already"),
        (done.n_kept, "are older than yours, which stand"),
        (done.n_repeated, "are said again further down"),
    ]
    n_photos = sum(count for count, _ in parts)
    fates = ", ".join(f"{count:,} {what}" for count, what in parts if count)
    sentences = [f"{messages.count_of(n_photos, 'rating')} read{': ' if fates else ''}{fates}."]
    if done.n_absent:
        they = "one is of a photo" if done.n_absent == 1 else f"{done.n_absent:,} are of photos"
        sentences.append(f"Of the new ones {they} that the library does not know yet; it will count once it does.")
    if done.n_comparisons:
        sentences.append(f"{messages.count_of(done.n_comparisons, 'comparison')} added.")
    if done.n_marks:
        sentences.append(f"{messages.count_of(done.n_marks, 'moment')} of songs added.")
    if done.n_problems:
        sentences.append(f"{messages.count_of(done.n_problems, 'line')} with a problem.")
    return " ".join(sentences)


def _taught_words(n_photos: int, n_comparisons: int, n_marks: int) -> str:
    moments = f"{messages.count_of(n_marks, 'moment')} of songs"
    return f"{messages.count_of(n_photos, 'rating')}, {messages.count_of(n_comparisons, 'comparison')}, {moments}"


def run_left_out(arguments: argparse.Namespace) -> int:
    """Name the photos that shows pass over, or let some in."""
    with opened(arguments) as (library, encoders):
        if arguments.let_in or arguments.leave_out:
            photo_ids = [_known_photo(library, path) for path in (*arguments.let_in, *arguments.leave_out)]
            library.let_in(photo_ids, is_let_in=bool(arguments.let_in))
        if arguments.photos is not None:
            catalog = catalog_for(arguments, library, encoders)
        else:
            library.rehead(encoders)
            catalog = library.catalog(encoders.bundle.id)
    photos = [photo for photo in catalog.photos if photo.kind is not None]
    if arguments.json:
        rows = [{"path": str(photo.path), "kind": photo.kind, "is_left_out": photo.is_left_out} for photo in photos]
        print_json(rows)
    else:
        _print_left_out(photos)
    return 0


def _print_left_out(photos: list[Photo]) -> None:
    names = {kind: one for kind, _, one, _ in KINDS}
    out = [photo for photo in photos if photo.is_left_out]
    if out:
        print_table(("what it is", "photo"), [(names[photo.kind or ""], str(photo.path)) for photo in out])
    print(f"{left_out_words(photos) or 'No photo stays out of shows'}.")


def _known_photo(library: Library, path: Path) -> int:
    """Id of an indexed photo. Raises EngineError."""
    known = library.known_photos("").get(os.fsencode(os.path.realpath(path)))
    if known is None:
        raise EngineError(f"{path} is not in the library: check the name, or index its folder first")
    return known.id
