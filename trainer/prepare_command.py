"""The command that builds IMEMNet from the corpora that are there. `python -m trainer prepare --help`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from trainer.errors import CorpusMissing
from trainer.output import Output
from trainer.records import Unusable
from trainer.sources import given_sources, read_photos


def add_command(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    """Add prepare to the trainer's commands; `parents` hold the corpora, --cache, the preset and so on."""
    command = commands.add_parser(
        "prepare",
        parents=parents,
        help="build IMEMNet: labels, features, splits and pairs",
        description="Read the corpora that are given, compute their features once, and write splits, sigma, clips and "
        "pairs. Stopped at any time, the same command goes on from there.",
    )
    command.add_argument(
        "--pairs",
        choices=["paper", "all"],
        default="paper",
        help="paper: a tenth of 30 random, the 10 best and 10 worst photos a clip; all (default: %(default)s)",
    )
    command.add_argument("-o", "--output", type=Path, metavar="DIR", help="the build's folder (default: in the cache)")
    command.set_defaults(run_command=run_prepare)


def run_prepare(options: argparse.Namespace, output: Output) -> None:
    """Build IMEMNet and print its statistics as table 1 of the paper does."""
    from trainer.train_commands import torch_ready

    with torch_ready(options, output):
        _prepare(options, output)


def _prepare(options: argparse.Namespace, output: Output) -> None:
    # Imported here, since they import torch, which other commands can do without.
    from trainer import photo_file, shipping
    from trainer.preparing import prepare, table_1
    from trainer.train_commands import given_config

    config = given_config(options)
    sources = given_sources(options, preset=config.preset)
    spec = photo_file.photo_input(config)
    noted: list[Unusable] = []
    try:
        records_of = read_photos(sources, on_unusable=noted.append)
    except CorpusMissing:
        for unusable in noted:  # else prepare reads the labels once more, and tells
            output.unusable(unusable)
        raise
    file = shipping.photo_file(config, records_of, options.cache, report=output.report)
    prepared = prepare(
        options.output or options.cache / "imemnet",
        photos=sources.photos,
        songs=sources.songs,
        cache=options.cache,
        features_of=file.features_of if file is not None else shipping.as_it_is,
        backbone_name=file.name if file is not None else config.photo_backbone,
        spec=spec,
        n_views=config.n_views,
        normalise=sources.normalise,
        pairs=options.pairs,
        split_seed=config.split_seed,
        report=output.report,
        on_unusable=output.unusable,
    )
    output.unusable_summary()
    n_photos, n_songs = (sum(getattr(c, key) for c in prepared.counts.values()) for key in ("images", "songs"))
    sentence = f"{n_photos} photos and {n_songs} songs are prepared in {prepared.folder}\n\n{table_1(prepared)}"
    figures = {"photos": n_photos, "songs": n_songs, "cache": str(options.cache), "folder": str(prepared.folder)}
    output.line("prepared", figures | prepared.statistics(), sentence=sentence)
