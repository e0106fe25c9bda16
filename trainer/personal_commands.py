"""The commands about a person: retrain, and simulate. `python -m trainer retrain --help`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

from engine.bundle import open_bundle
from engine.encoders import Encoders
from engine.library import Library
from engine.progress import Progress
from trainer.errors import TrainerError
from trainer.personal import KEEP
from trainer.photo_corpora import read_oasis, read_ratings
from trainer.ratings import rated_photos
from trainer.records import Unusable
from trainer.retraining import Comparison, RetrainReport, retrain


class CommandOutput(Protocol):
    """What a command prints with: see `trainer.__main__`."""

    def line(self, kind: str, figures: Mapping[str, Any], *, sentence: str) -> None: ...
    def report(self, progress: Progress) -> None: ...
    def unusable(self, unusable: Unusable) -> None: ...
    def unusable_summary(self) -> None: ...


RunCommand = Callable[[argparse.Namespace, CommandOutput], None]


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add retrain and simulate to the trainer's commands; `shared` are the options all commands have."""
    command = commands.add_parser(
        "retrain",
        parents=[shared],
        help="teach a bundle what a person said of some photos",
        description="Learn from a person's ratings: a new bundle with the same backbones, so no photo is looked at "
        "again. Takes seconds. Stopped with Ctrl-C, it leaves nothing behind.",
    )
    command.add_argument("--bundle", type=Path, required=True, metavar="DIR", help="the bundle to learn from")
    command.add_argument(
        "--ratings", type=Path, required=True, metavar="FILE", help="CSV of path, valence, arousal in [0, 1]"
    )
    command.add_argument("--library", type=Path, metavar="FILE", help="a library that knows the photos' features")
    command.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="the new bundle")
    command.add_argument("--name", default="personal", help="the new bundle's name (default: %(default)s)")
    command.add_argument(
        "--keep",
        type=_share,
        default=KEEP,
        metavar="SHARE",
        help="share of the correlation with what the bundle was taught that may be lost (default: %(default)s)",
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
        description="Let made-up people rate photos of OASIS and measure how well photos of other themes are "
        "understood after retraining.",
    )
    command.add_argument("--bundle", type=Path, required=True, metavar="DIR")
    command.add_argument("--oasis", type=Path, required=True, metavar="DIR", help="OASIS: OASIS.csv and Images/")
    command.add_argument("--draws", type=int, default=5, metavar="N", help="choices of rated photos (%(default)s)")
    command.add_argument("--keep", type=_share, default=KEEP, metavar="SHARE", help="as for retrain (%(default)s)")
    command.set_defaults(run_command=run_simulate)


def run_retrain(options: argparse.Namespace, output: CommandOutput) -> None:
    """Teach a bundle a person's ratings and print what that changed."""
    bundle = open_bundle(options.bundle)
    records = read_ratings(options.ratings, on_unusable=output.unusable)
    with ExitStack() as stack:
        library = None
        if options.library is not None:
            if not options.library.is_file():
                raise TrainerError(f"{options.library}: there is no such library")
            library = stack.enter_context(Library.open(options.library))
        rated = rated_photos(
            records,
            Encoders(bundle, n_threads=options.threads),
            library=library,
            report=output.report,
            on_unusable=output.unusable,
        )
    report = retrain(
        bundle,
        options.output,
        rated,
        name=options.name,
        keep=options.keep,
        use_rehearsal=not options.no_rehearsal,
        oasis=options.oasis,
        report=output.report,
        on_unusable=output.unusable,
    )
    output.unusable_summary()
    output.line(
        "retrained", {"bundle": str(options.output), **report.to_dict()}, sentence=_sentences(options.output, report)
    )


def run_simulate(options: argparse.Namespace, output: CommandOutput) -> None:
    """Print what retraining brings made-up people, a row each."""
    from trainer.encoded import encode_photos
    from trainer.simulated import markdown_table, simulate

    bundle = open_bundle(options.bundle)
    photos = encode_photos(
        Encoders(bundle, n_threads=options.threads),
        read_oasis(options.oasis, on_unusable=output.unusable),
        report=output.report,
        on_unusable=output.unusable,
    )
    rows = simulate(bundle, photos, n_draws=options.draws, keep=options.keep, report=output.report)
    output.unusable_summary()
    output.line("simulated", {"rows": [row.to_dict() for row in rows]}, sentence=markdown_table(rows))


def _sentences(dest: Path, report: RetrainReport) -> str:
    lines = [f"{dest}: learnt from {report.n_ratings} ratings, id {report.bundle_id[:12]}"]
    if report.n_left_out:
        lines.append(f"  the first {report.n_left_out} ratings were left out: only the latest are used")
    lines += _comparison("your photos, held out", report.held_out)
    if report.known is not None:
        lines += _comparison("photos it was taught with", report.known)
    if report.original is not None:
        lines += _comparison("original test photos", report.original)
    return "\n".join(lines)


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
