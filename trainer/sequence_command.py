"""The command that compares a network over a song's windows with the plain smoother: `sequence --help`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from engine.bundle import open_bundle
from trainer.corpora import read_deam
from trainer.output import Output


def add_command(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    """Add sequence to the trainer's commands; `parents` hold --cache and the options all commands have."""
    command = commands.add_parser(
        "sequence",
        parents=parents,
        help="compare a network over a song's windows with the plain smoother",
        description="Train a small network on joined excerpts of training songs and score its line on joined excerpts "
        "of test songs, beside the smoother that the app uses. Nothing is written but the cache.",
    )
    command.add_argument("--bundle", type=Path, required=True, metavar="DIR")
    command.add_argument("--deam", type=Path, required=True, metavar="DIR")
    command.set_defaults(run_command=run_sequence)


def run_sequence(options: argparse.Namespace, output: Output) -> None:
    """Train, compare and print."""
    from trainer.data import cache_songs
    from trainer.sequence import compare_lines, markdown_table
    from trainer.train_commands import torch_ready

    with torch_ready(options, output):
        records = read_deam(options.deam, on_unusable=output.unusable)
        songs = cache_songs(records, options.cache, report=output.report, on_unusable=output.unusable)
        rows = compare_lines(open_bundle(options.bundle), songs, report=output.report)
        output.unusable_summary()
        output.line("sequence", {"rows": [row.to_dict() for row in rows]}, sentence=markdown_table(rows))
