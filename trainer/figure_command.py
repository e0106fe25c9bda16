"""The command that draws figure 3 of the paper. `python -m trainer figure3 --help`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

from engine.bundle import open_bundle
from engine.encoders import Encoders
from trainer.output import Output

RESOURCES: Final = Path(__file__).resolve().parent.parent / "resources"


def add_command(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add figure3 to the trainer's commands; `shared` are the options all commands have."""
    command = commands.add_parser(
        "figure3",
        parents=[shared],
        help="draw figure 3: curves of songs and of the photos matched to them",
        description="Draw the songs of the lowest and of the highest valence and arousal in a folder: their curve, "
        "that of the best photos, and the photos.",
    )
    command.add_argument("-o", "--output", type=Path, required=True, metavar="FILE", help="the picture, a .png")
    for name, what in (("bundle", "models/default"), ("photos", "demo/photos"), ("songs", "demo/songs")):
        command.add_argument(f"--{name}", type=Path, default=RESOURCES / what, metavar="DIR", help="(the app's own)")
    command.set_defaults(run_command=run_figure3)


def run_figure3(options: argparse.Namespace, output: Output) -> None:
    """Draw the figure and say what is on it."""
    from trainer.figure3 import match_songs, write_figure

    encoders = Encoders(open_bundle(options.bundle), n_threads=options.threads)
    matches = match_songs(
        encoders, photos=options.photos, songs=options.songs, report=output.report, on_unusable=output.unusable
    )
    output.unusable_summary()
    write_figure(options.output, matches)
    songs = [match.song.name for match in matches]
    sentence = f"{options.output}: {songs[0]} (lowest) and {songs[1]} (highest), with their photos"
    output.line("drawn", {"file": str(options.output), "songs": songs}, sentence=sentence)
