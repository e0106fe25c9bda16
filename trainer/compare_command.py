"""The command that runs the paper's comparison and writes its tables. `python -m trainer compare --help`."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.alpha import add_alpha
from trainer.config import TrainConfig
from trainer.errors import TrainerError
from trainer.metrics import N_RESAMPLES
from trainer.output import Output
from trainer.sources import Sources, given_sources

if TYPE_CHECKING:  # at run time only where it is used: these import torch, which other commands can do without
    from trainer.comparison import Row, Splits
    from trainer.shipping import Corpora

MARKDOWN, JSON = "comparison.md", "comparison.json"


def add_command(commands: Any, parents: list[argparse.ArgumentParser]) -> None:
    """Add compare to the trainer's commands; `parents` hold the corpora, --cache, the preset and so on."""
    command = commands.add_parser(
        "compare",
        parents=parents,
        help="run the paper's comparison: tables 3 and 4",
        description="Train SP-Net, L3-Net, ACP-Net, CDCML and the ablation rows on the same splits and features, and "
        "write tables 3 and 4. Stopped at any time, the same command goes on from there.",
    )
    command.add_argument(
        "--run", type=Path, default=Path("runs") / "comparison", metavar="DIR", help="the rows' folder (%(default)s)"
    )
    command.add_argument(
        "--seeds",
        type=int,
        default=3,
        metavar="N",
        help="seeds of CDCML, ACP-Net and L3-Net; the others take one (%(default)s)",
    )
    add_alpha(command)
    command.add_argument("--resamples", type=int, default=N_RESAMPLES, metavar="N", help=argparse.SUPPRESS)
    command.add_argument("--note", default="", metavar="TEXT", help="a sentence to stand above the tables")
    command.set_defaults(run_command=run_compare)


def run_compare(options: argparse.Namespace, output: Output) -> None:
    """Train what is not trained yet, then write and print both tables."""
    from trainer.train_commands import alone_in, torch_ready

    with torch_ready(options, output), alone_in(options.run):
        _compare(options, output)


def _compare(options: argparse.Namespace, output: Output) -> None:
    from trainer.comparison import choose_row_alpha, rows_of, run_rows, truth_of
    from trainer.comparison_tables import markdown_tables, tables_of
    from trainer.data import write_atomically
    from trainer.shipping import load_corpora
    from trainer.train_commands import given_config

    config = given_config(options)
    # What everybody knows of the classes is no part of the paper, and would stand in for what the losses teach.
    config = dataclasses.replace(config, photo_affect=False)
    if options.seeds < 1:
        raise TrainerError("at least one seed is needed")
    sources = given_sources(options, preset=config.preset)
    corpora = load_corpora(config, sources, cache=options.cache, report=output.report, on_unusable=output.unusable)
    output.unusable_summary()
    splits = splits_of(corpora, seed=config.split_seed)
    seeds = tuple(range(config.seed, config.seed + options.seeds))
    rows = rows_of(seeds)

    tried: Mapping[float, float] = {}
    if options.alpha:
        full = rows[f"cdcml-{config.seed}"]
        alpha, tried = choose_row_alpha(config, full, splits, options.alpha, folder=options.run, report=output.report)
        config = dataclasses.replace(config, alpha=alpha)
        output.line("alpha", {"alpha": alpha, "tried": tried}, sentence=f"alpha {alpha:g}")

    def show(row: Row, was_kept: bool) -> None:
        text = f"{row.title}, seed {row.seed}: {'was there' if was_kept else 'trained'}"
        output.line("row", {"row": row.name, "was_kept": was_kept}, sentence=text)

    found = run_rows(config, rows, splits, folder=options.run, report=output.report, on_row=show)
    tables = tables_of(found, rows, truth_of(splits), seeds=seeds, n_resamples=options.resamples)
    text = markdown_tables(tables, how=_how(config, sources, splits, seeds=seeds, tried=tried, note=options.note))
    alphas = {"alphas": {f"{alpha:g}": mse for alpha, mse in tried.items()}} if tried else {}
    figures = {"config": dataclasses.asdict(config), **alphas, **tables.to_dict()}
    write_atomically(options.run / MARKDOWN, text.encode())
    write_atomically(options.run / JSON, (json.dumps(figures, indent=1) + "\n").encode())
    output.line("compared", {"folder": str(options.run), **tables.to_dict()}, sentence=text)


def splits_of(corpora: Corpora, *, seed: int) -> Splits:
    """Cut corpora into the three splits. Raises TrainerError where one is empty."""
    from trainer.comparison import Splits
    from trainer.shipping import split_rows

    photo_rows, song_rows = split_rows(corpora, seed=seed)
    if min(len(photo_rows["test"]), len(song_rows["test"])) == 0:
        raise TrainerError("the test split has no photos or no songs: the corpora are too small")
    photos, songs = corpora.photos, corpora.songs
    return Splits(
        photos.take(photo_rows["train"]),
        songs.take(song_rows["train"]),
        photos.take(photo_rows["validation"]),
        songs.take(song_rows["validation"]),
        photos.take(photo_rows["test"]),
        songs.take(song_rows["test"]),
    )


def _pairs_text(near_share: float) -> str:
    if near_share == 0:
        return "songs and photos drawn evenly"
    return f"songs drawn evenly, {near_share:.0%} of the photos from the tenth nearest in emotion"


def _how(
    config: TrainConfig,
    sources: Sources,
    splits: Splits,
    *,
    seeds: tuple[int, ...],
    tried: Mapping[float, float],
    note: str,
) -> list[str]:
    """Sentences on what the rows were trained on and how."""
    from trainer.comparison import TEST_WINDOWS
    from trainer.photo_file import photo_input

    names = ", ".join(name.upper() for name in (*sources.photos, *sources.songs))
    is_frozen = splits.photos.features.ndim == 3
    photo = (
        f"Photos come as cached features of the frozen {config.photo_backbone}"
        f"{' as an int8 network' if config.photo_int8 else ''} at {photo_input(config).input_px} px ({config.n_views} "
        "views each), so no row trains its photo backbone: L3-Net then differs from ACP-Net by what it hears (the log "
        "mel bands) and by its fewer layers, and is stronger than the paper's, which has to learn to see."
        if is_frozen
        else f"The photo backbone, {config.photo_backbone}, is trained in every row but ACP-Net's."
    )
    terms = ", ".join(f"{name} {weight:g}" for name, weight in dataclasses.asdict(config.loss).items())
    others = f", and {', '.join(map(str, seeds[1:]))} for CDCML, ACP-Net and L3-Net" if len(seeds) > 1 else ""
    found = ", ".join(f"{alpha:g}: {mse:.4f}" for alpha, mse in tried.items())
    chosen = f" (chosen by the validation split's similarity MSE of CDCML: {found})" if tried else ""
    sentences = [
        f"Corpora: {names}, labels normalised by `{sources.normalise}`. Training split: {len(splits.photos.va)} photos "
        f"and {len(splits.songs.va)} songs; the rows share splits, features, schedule and scoring. {photo}",
        f"Each row: {config.epochs} epochs of one random 2 s window a song, batches of {config.batch} "
        f"pairs ({_pairs_text(config.near_share)}), {config.optimizer} at {config.lr:g}, "
        f"music branch {config.music_backbone}. Weights of Eq. 8 ({config.reduction} over the batch) where a row has "
        f"the term: {terms}. alpha {config.alpha:g}{chosen}. "
        f"Readouts and calibrations of the shipped model are off. Seed {seeds[0]} for all rows{others}. "
        f"{TEST_WINDOWS} windows of each test song.",
    ]
    return [*sentences, note] if note else sentences
