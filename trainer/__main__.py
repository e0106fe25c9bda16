"""The trainer's command line: prepare, train, compare, evaluate, export, retrain and more. `COMMAND --help`.

Exit status 0: done. 1: a known error, said in a sentence on stderr. 2: wrong usage. 130: stopped with Ctrl-C; what was
done by then is kept, and the same command goes on from there.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch

from engine.bundle import open_bundle
from engine.errors import EngineError
from engine.progress import Progress
from trainer.compare_command import add_command as add_compare
from trainer.config import PRESETS, TrainConfig, config_to_dict, make_config
from trainer.corpora import Unusable
from trainer.crossvalidation import calibrations_of, crossvalidate, scores_of
from trainer.data import write_atomically
from trainer.errors import TrainerError
from trainer.figure_command import add_command as add_figure
from trainer.personal_commands import add_commands
from trainer.prepare_command import add_command as add_prepare
from trainer.processes import is_first_process, joined_processes
from trainer.shipping import load_corpora, ship, split_rows
from trainer.sources import add_sources, given_sources
from trainer.storing import load_calibrations, load_trained, save_calibrations, save_trained
from trainer.training import train

TRAINED: Final = "trained.pt"
CALIBRATIONS: Final = "calibrations.pt"
FOLD_SCORES: Final = "folds.json"

MAX_REASONS_SHOWN: Final = 5


class Output:
    """What a command prints: JSON lines on stdout with --json, else sentences; progress goes to stderr."""

    def __init__(self, *, is_json: bool) -> None:
        self._is_json = is_json
        self._last = ""
        self._unusable: list[Unusable] = []
        self.is_silent = False  # the others of several processes

    def line(self, kind: str, figures: Mapping[str, Any], *, sentence: str) -> None:
        """Print one result."""
        if self.is_silent:
            return
        print(json.dumps({"kind": kind, **figures}) if self._is_json else sentence, flush=True)

    def report(self, progress: Progress) -> None:
        """Show progress, a line whenever the whole percent changes."""
        percent = int(100 * progress.done / progress.total) if progress.total else 0
        text = f"{progress.stage} {percent} %"
        if text == self._last or self.is_silent:
            return
        self._last = text
        if self._is_json:
            print(json.dumps({"kind": "progress", **dataclasses.asdict(progress)}), flush=True)
        elif sys.stderr.isatty():
            print(f"\r{text}  ", end="", file=sys.stderr, flush=True)

    def unusable(self, unusable: Unusable) -> None:
        """Note one row or file that could not be used."""
        self._unusable.append(unusable)
        if self._is_json:
            self.line("unusable", dataclasses.asdict(unusable), sentence="")

    def unusable_summary(self) -> None:
        """Say how many rows and files could not be used, with the first reasons."""
        if self._unusable and not self._is_json and not self.is_silent:
            print(f"{len(self._unusable)} rows or files could not be used:", file=sys.stderr)
            for unusable in self._unusable[:MAX_REASONS_SHOWN]:
                print(f"  {unusable.item}: {unusable.reason}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    output = Output(is_json=options.json)
    try:
        with joined_processes():
            output.is_silent = not is_first_process()
            options.run_command(options, output)
    except (TrainerError, EngineError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130
    return 0


def _train(options: argparse.Namespace, output: Output) -> None:
    config = _config(options)
    corpora = load_corpora(
        config,
        given_sources(options),
        cache=options.cache,
        report=output.report,
        on_unusable=output.unusable,
    )
    output.unusable_summary()
    photo_rows, song_rows = split_rows(corpora, seed=config.split_seed)
    if is_first_process():
        write_atomically(options.run / "config.json", json.dumps(config_to_dict(config), indent=2).encode())

    def show(figures: Mapping[str, float]) -> None:
        sentence = (
            f"epoch {figures['epoch']:3.0f}  loss {figures['loss']:.4f}  validation {figures['validation']:.4f}  "
            f"r of photos {figures['photo_r_valence']:.2f}/{figures['photo_r_arousal']:.2f}, "
            f"of songs {figures['music_r_valence']:.2f}/{figures['music_r_arousal']:.2f}"
        )
        output.line("epoch", figures, sentence=sentence)

    trained = train(
        config,
        photos=corpora.photos.take(photo_rows["train"]),
        songs=corpora.songs.take(song_rows["train"]),
        validation_photos=corpora.photos.take(photo_rows["validation"]),
        validation_songs=corpora.songs.take(song_rows["validation"]),
        run=options.run,
        report=output.report,
        on_epoch=show,
    )
    if is_first_process():
        save_trained(options.run / TRAINED, trained)
    output.line("trained", {"run": str(options.run)}, sentence=f"trained; kept in {options.run}")


def _crossvalidate(options: argparse.Namespace, output: Output) -> None:
    config = _config(options)
    corpora = load_corpora(
        config,
        given_sources(options),
        cache=options.cache,
        report=output.report,
        on_unusable=output.unusable,
    )
    photos, songs = corpora.photos, corpora.songs
    if options.on != "all":
        photo_rows, song_rows = split_rows(corpora, seed=config.split_seed)
        photos = photos.take(_joined(photo_rows))
        songs = songs.take(_joined(song_rows))
    held = crossvalidate(
        config, photos=photos, songs=songs, n_folds=options.folds, seed=options.fold_seed, report=output.report
    )
    scores = scores_of(held)
    write_atomically(options.run / FOLD_SCORES, json.dumps({"on": options.on, **scores}, indent=2).encode())
    if options.on != "all":
        save_calibrations(options.run / CALIBRATIONS, calibrations_of(held))
    sentence = "\n".join(f"{name:28s} {value:8.4f}" for name, value in scores.items())
    output.line("folds", scores, sentence=sentence)


def _evaluate(options: argparse.Namespace, output: Output) -> None:
    from trainer.evaluation import evaluate_bundle
    from trainer.report import markdown_report

    report = evaluate_bundle(
        open_bundle(options.bundle),
        given_sources(options),
        split=options.split,
        n_threads=options.threads,
        report=output.report if not options.json else _quiet,
        on_unusable=_unusable_quiet if options.json else output.unusable,
    )
    output.unusable_summary()
    print(json.dumps(report.to_dict()) if options.json else markdown_report(report))


def _export(options: argparse.Namespace, output: Output) -> None:
    trained = load_trained(options.run / TRAINED)
    calibrations = options.run / CALIBRATIONS
    folds = _read_json(options.run / FOLD_SCORES)
    sources = given_sources(options)
    corpora = load_corpora(trained.config, sources, cache=options.cache, report=output.report)
    bundle = ship(
        options.dest,
        trained,
        corpora,
        calibrations=load_calibrations(calibrations) if calibrations.exists() else None,
        fold_scores=folds,
        name=options.name,
        sources=sources,
        report=output.report,
    )
    size_mb = sum(file.n_bytes for file in bundle.manifest.files.values()) / 1e6
    figures = {"bundle": str(options.dest), "id": bundle.id, "megabytes": size_mb, **bundle.manifest.scores}
    output.line("exported", figures, sentence=f"{options.dest}: {size_mb:.1f} MB, id {bundle.id[:12]}")


def _quiet(progress: Progress) -> None:
    """With --json, evaluate prints one object and nothing else."""


def _unusable_quiet(unusable: Unusable) -> None:
    """With --json, what could not be used is counted in the object."""


def _joined(rows: Mapping[str, Any]) -> Any:
    """Rows of the training and validation split, ascending."""
    return torch.cat([torch.from_numpy(rows[name]) for name in ("train", "validation")]).sort().values.numpy()


def _config(options: argparse.Namespace) -> TrainConfig:
    return make_config(options.preset, file=options.config, overrides=options.set)


def _read_json(path: Path) -> dict[str, Any] | None:
    """Read a file that an earlier command may have written; None where it did not."""
    if not path.exists():
        return None
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainerError(f"{path}: cannot be read ({error})") from error
    return values


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description="Train, score and export Moodreel's model.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    corpora = argparse.ArgumentParser(add_help=False)
    add_sources(corpora)

    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print JSON lines")
    shared.add_argument("--threads", type=int, default=0, metavar="N", help="processor threads (default: all)")

    cached = argparse.ArgumentParser(add_help=False)
    cached.add_argument(
        "--cache",
        type=Path,
        default=Path("runs") / "cache",
        metavar="DIR",
        help="features computed once (default: %(default)s)",
    )

    settings = argparse.ArgumentParser(add_help=False)
    settings.add_argument("--preset", choices=sorted(PRESETS), default="default", help="(default: %(default)s)")
    settings.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML over the preset")
    settings.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="one setting, repeatable")

    runs = argparse.ArgumentParser(add_help=False)
    runs.add_argument(
        "--run", type=Path, default=Path("runs") / "default", metavar="DIR", help="the run's folder (%(default)s)"
    )

    add_prepare(commands, [corpora, cached, settings, shared])
    add_compare(commands, [corpora, cached, settings, shared])

    command = commands.add_parser(
        "train",
        parents=[corpora, cached, settings, runs, shared],
        help="train the network",
        description="Train on the training split. A run that was stopped goes on from its last epoch. `torchrun "
        "--nproc-per-node N -m trainer train ...` shares the work among N processes, once the cache is filled.",
    )
    command.set_defaults(run_command=_train)

    command = commands.add_parser(
        "crossvalidate",
        parents=[corpora, cached, settings, runs, shared],
        help="score settings on grouped folds, and fit the calibrations",
        description="Train once a fold and predict what was held out, beside ridge regression on the same features.",
    )
    command.add_argument("--folds", type=int, default=5, metavar="N", help="(default: %(default)s)")
    command.add_argument("--fold-seed", type=int, default=0, metavar="N", help="which folds (default: %(default)s)")
    command.add_argument(
        "--on",
        choices=["seen", "all"],
        default="seen",
        help="seen: training and validation split, and keep the calibrations for export; all: also the test split, "
        "only to report (default: %(default)s)",
    )
    command.set_defaults(run_command=_crossvalidate)

    command = commands.add_parser(
        "evaluate", parents=[corpora, shared], help="score a bundle, through its ONNX files, on held-out data"
    )
    command.add_argument("--bundle", type=Path, required=True, metavar="DIR")
    command.add_argument(
        "--split", choices=["test", "all"], default="test", help="test: what it never met (default: %(default)s)"
    )
    command.set_defaults(run_command=_evaluate)

    command = commands.add_parser(
        "export", parents=[corpora, cached, runs, shared], help="write a trained run as a model bundle"
    )
    command.add_argument("--dest", type=Path, required=True, metavar="DIR", help="the bundle's folder")
    command.add_argument("--name", default="default", help="the bundle's name (default: %(default)s)")
    command.set_defaults(run_command=_export)
    add_commands(commands, shared)
    add_figure(commands, shared)
    return parser


if __name__ == "__main__":
    sys.exit(main())
