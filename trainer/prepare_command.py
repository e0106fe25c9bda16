"""The command that builds IMEMNet from the corpora that are there. `python -m trainer prepare --help`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from engine.emotion import FloatArray
from trainer import shipping
from trainer.config import TrainConfig, make_config
from trainer.corpora import PHOTO_CORPORA, SONG_CORPORA
from trainer.personal_commands import CommandOutput
from trainer.preparing import prepare, table_1


def add_command(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    """Add prepare to the trainer's commands; `parents` hold --cache, the preset and the options all commands have."""
    command = commands.add_parser(
        "prepare",
        parents=parents,
        help="build IMEMNet: labels, features, splits and pairs",
        description="Read the corpora that are given, compute their features once, and write splits, sigma, clips and "
        "pairs. Stopped at any time, the same command goes on from there.",
    )
    for name, photos in PHOTO_CORPORA.items():
        metavar = "FILE" if name == "ratings" else "DIR"
        command.add_argument(f"--{name}", type=Path, metavar=metavar, help=f"{photos.title}: {photos.holds}")
    for name, songs in SONG_CORPORA.items():
        command.add_argument(f"--{name}", type=Path, metavar="DIR", help=f"{songs.title}: {songs.holds}")
    command.add_argument(
        "--normalise",
        choices=["scale", "minmax"],
        default="scale",
        help="scale: by the ends of each rating scale; minmax: by each corpus's least and largest value, as in the "
        "paper (default: %(default)s)",
    )
    command.add_argument(
        "--pairs",
        choices=["paper", "all"],
        default="paper",
        help="paper: a tenth of 30 random, the 10 best and 10 worst photos a clip; all (default: %(default)s)",
    )
    command.add_argument("-o", "--output", type=Path, metavar="DIR", help="the build's folder (default: in the cache)")
    command.set_defaults(run_command=run_prepare)


def run_prepare(options: argparse.Namespace, output: CommandOutput) -> None:
    """Build IMEMNet and print its statistics as table 1 of the paper does."""
    config = make_config(options.preset, file=options.config, overrides=options.set)
    given = vars(options)
    spec = shipping.photo_input(config)
    prepared = prepare(
        options.output or options.cache / "imemnet",
        photos={name: given[name] for name in PHOTO_CORPORA if given[name] is not None},
        songs={name: given[name] for name in SONG_CORPORA if given[name] is not None},
        cache=options.cache,
        features_of=_features_of(config, spec.input_px),
        backbone_name=config.photo_backbone,
        spec=spec,
        n_views=config.n_views,
        normalise=options.normalise,
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


def _features_of(config: TrainConfig, input_px: int) -> Callable[[FloatArray], FloatArray]:
    """What the cache keeps of images: features of a frozen backbone, or the images for one that is trained."""
    if config.photo_backbone == "resnet50":
        return lambda images: images.astype(np.float16)  # half precision: they are many
    return shipping.onnx_features(shipping.frozen_backbone(config), input_px)
