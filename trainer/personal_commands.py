"""The commands about a person: retrain, and simulate. `python -m trainer retrain --help`."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from engine.bundle import open_bundle
from engine.encoders import Encoders
from engine.library import Library
from trainer.before_after import Comparison
from trainer.errors import TrainerError
from trainer.output import Output
from trainer.personal import KEEP
from trainer.photo_corpora import read_oasis, read_ratings
from trainer.ratings import RatedPhotos, Taught, rated_photos
from trainer.retraining import RetrainReport, retrain
from trainer.teaching import Contents, Mover, library_teaching


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add retrain and simulate to the trainer's commands; `shared` are the options all commands have."""
    command = commands.add_parser(
        "retrain",
        parents=[shared],
        help="teach a bundle what a person said of some photos",
        description="Learn from a person's ratings: a new bundle with the same backbones, so no photo is looked at "
        "again. Takes seconds. Stopped with Ctrl-C, it leaves nothing behind. Without --ratings it takes what was "
        "said in the library.",
    )
    command.add_argument("--bundle", type=Path, required=True, metavar="DIR", help="the bundle to learn from")
    command.add_argument("--ratings", type=Path, metavar="FILE", help="CSV of path, valence, arousal in [0, 1]")
    command.add_argument(
        "--library",
        type=Path,
        metavar="FILE",
        help="a library: photos' features, and the person's ratings",
    )
    command.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="the new bundle")
    command.add_argument("--name", default="personal", help="the new bundle's name (default: %(default)s)")
    command.add_argument(
        "--keep",
        type=_share,
        default=KEEP,
        metavar="SHARE",
        help="how much of the correlation with what the bundle was taught may be lost (default: %(default)s)",
    )
    command.add_argument(
        "--no-rehearsal",
        action="store_true",
        help="leave the bundle's rehearsal set unread, for corpora whose terms forbid it; nothing guards then",
    )
    command.add_argument("--oasis", type=Path, metavar="DIR", help="also score on OASIS's photos the bundle never met")
    command.set_defaults(run_command=run_retrain)

    command = commands.add_parser(
        "simulate",
        parents=[shared],
        help="measure retraining with made-up people",
        description="Let made-up people rate photos of OASIS and measure how well others are understood after "
        "retraining: photos of other themes, and other photos of the same ones.",
    )
    command.add_argument("--bundle", type=Path, required=True, metavar="DIR")
    command.add_argument("--oasis", type=Path, required=True, metavar="DIR", help="OASIS: OASIS.csv and Images/")
    command.add_argument("--draws", type=int, default=5, metavar="N", help="choices of rated photos (%(default)s)")
    command.add_argument("--keep", type=_share, default=KEEP, metavar="SHARE", help="as for retrain (%(default)s)")
    command.set_defaults(run_command=run_simulate)


def run_retrain(options: argparse.Namespace, output: Output) -> None:
    """Teach a bundle a person's ratings and print what that changed."""
    if options.ratings is None and options.library is None:
        raise TrainerError("--ratings or --library is needed: there is nothing to learn from")
    bundle = open_bundle(options.bundle)
    encoders = Encoders(bundle, n_threads=options.threads)
    with ExitStack() as stack:
        library = contents = find_movers = None
        taught: Taught | RatedPhotos
        if options.library is not None:
            if not options.library.is_file():
                raise TrainerError(f"{options.library}: there is no such library")
            library = stack.enter_context(Library.open(options.library))
            contents = Contents(library, encoders)
            find_movers = partial(_find_movers, contents, output)
        if options.ratings is not None:
            taught = rated_photos(
                read_ratings(options.ratings, on_unusable=output.unusable),
                encoders,
                library=library,
                report=output.report,
                on_unusable=output.unusable,
            )
        else:
            assert library is not None
            assert contents is not None
            taught = library_teaching(library, contents, encoders, report=output.report, on_unusable=output.unusable)
        report = retrain(
            bundle,
            options.output,
            taught,
            name=options.name,
            keep=options.keep,
            use_rehearsal=not options.no_rehearsal,
            oasis=options.oasis,
            find_movers=find_movers,
            report=output.report,
            on_unusable=output.unusable,
        )
    output.unusable_summary()
    output.line(
        "retrained", {"bundle": str(options.output), **report.to_dict()}, sentence=_sentences(options.output, report)
    )


def _find_movers(contents: Contents, output: Output, before: bytes, after: bytes) -> list[Mover]:
    return contents.movers(before, after, report=output.report)


def run_simulate(options: argparse.Namespace, output: Output) -> None:
    """Print what retraining brings made-up people, a row each."""
    from trainer.encoded import encode_photos
    from trainer.simulated import markdown_table, simulate
    from trainer.simulated_own import own_table, simulate_own

    bundle = open_bundle(options.bundle)
    photos = encode_photos(
        Encoders(bundle, n_threads=options.threads),
        read_oasis(options.oasis, on_unusable=output.unusable),
        report=output.report,
        on_unusable=output.unusable,
    )
    rows = simulate(bundle, photos, n_draws=options.draws, keep=options.keep, report=output.report)
    own = simulate_own(photos, n_draws=options.draws, keep=options.keep, report=output.report)
    output.unusable_summary()
    figures = {"rows": [row.to_dict() for row in rows], "own": [row.to_dict() for row in own]}
    sentence = (
        f"Photos of themes that were never rated:\n\n{markdown_table(rows)}\n\n"
        f"Other photos of the themes that were rated:\n\n{own_table(own)}"
    )
    output.line("simulated", figures, sentence=sentence)


def _sentences(dest: Path, report: RetrainReport) -> str:
    lines = [f"{dest}: learnt from {_counts(report)}, id {report.bundle_id[:12]}"]
    if report.n_left_out:
        lines.append(f"  the first {report.n_left_out} ratings were left out: only the latest are used")
    if report.held_out is not None:
        lines += _comparison("your photos, held out", report.held_out)
    if report.songs is not None:
        lines += _comparison("marked moments, held out by song", report.songs)
    if report.known is not None:
        lines += _comparison("photos it was taught with", report.known)
    if report.original is not None:
        lines += _comparison("original test photos", report.original)
    return "\n".join(lines)


def _counts(report: RetrainReport) -> str:
    counts = [f"{report.n_ratings} ratings"]
    counts += [f"{report.n_answers} answers"] if report.n_answers else []
    counts += [f"{report.n_marked_windows} marked windows"] if report.n_marked_windows else []
    return ", ".join(counts)


def _comparison(title: str, comparison: Comparison) -> list[str]:
    names = {"mse": "squared error", "valence_r": "r of valence", "arousal_r": "r of arousal"}
    lines = [f"  {title} ({comparison.n_photos}):"]
    for key, words in names.items():
        change = comparison.figures[key]
        before, after = (f"{i.value:.4f} [{i.low:.4f}, {i.high:.4f}]" for i in (change.before, change.after))
        lines.append(f"    {words:13s} {before} -> {after}, P(better) {change.p_better:.2f}")
    return lines


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share between 0 and 1")
    return value
