"""What the commands train, crossvalidate, evaluate and export do. Importing this takes torch's seconds."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import torch
from filelock import FileLock, Timeout

from engine.bundle import open_bundle
from engine.progress import Progress
from trainer.alpha import ALPHA_FILE, choose_alpha
from trainer.backbones import resnet_of
from trainer.config import TrainConfig, config_to_dict, make_config
from trainer.crossvalidation import calibrations_of, crossvalidate, scores_of, spread_of
from trainer.data import write_atomically
from trainer.errors import TrainerError
from trainer.evaluation import evaluate_bundle
from trainer.output import Output
from trainer.processes import is_first_process, joined_processes
from trainer.records import Unusable
from trainer.report import markdown_report
from trainer.shipping import load_corpora, ship, split_rows
from trainer.sources import given_sources
from trainer.storing import Trained, load_calibrations, load_trained, save_calibrations, save_trained
from trainer.training import train

TRAINED: Final = "trained.pt"
CALIBRATIONS: Final = "calibrations.pt"
FOLD_SCORES: Final = "folds.json"


@contextmanager
def torch_ready(options: argparse.Namespace, output: Output) -> Iterator[None]:
    """Give torch its threads and join the processes that torchrun started, of which the first one talks."""
    if options.threads:
        torch.set_num_threads(options.threads)
    with joined_processes():
        output.is_silent = not is_first_process()
        yield


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other commands out of a run's folder, which two at once would write in turns. Raises TrainerError."""
    if not is_first_process():
        yield
        return
    with ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(FileLock(folder / ".lock", timeout=0))
        except Timeout:
            raise TrainerError(f"{folder}: another training is at work here; wait for it, or name another") from None
        except OSError as error:
            reason = "not a folder" if folder.exists() and not folder.is_dir() else error.strerror or error
            raise TrainerError(f"{folder}: cannot be written to ({reason}); name another folder") from error
        yield


def run_train(options: argparse.Namespace, output: Output) -> None:
    config = given_config(options)
    with alone_in(options.run):
        _train(config, options, output)


def _train(config: TrainConfig, options: argparse.Namespace, output: Output) -> None:
    corpora = load_corpora(
        config,
        given_sources(options, preset=config.preset),
        cache=options.cache,
        report=output.report,
        on_unusable=output.unusable,
    )
    output.unusable_summary()
    photo_rows, song_rows = split_rows(corpora, seed=config.split_seed)

    def show(figures: Mapping[str, float]) -> None:
        sentence = (
            f"epoch {figures['epoch']:3.0f}  loss {figures['loss']:.4f}  validation {figures['validation']:.4f}  "
            f"r of photos {figures['photo_r_valence']:.2f}/{figures['photo_r_arousal']:.2f}, "
            f"of songs {figures['music_r_valence']:.2f}/{figures['music_r_arousal']:.2f}"
        )
        output.line("epoch", figures, sentence=sentence)

    def trained_in(run: Path, settings: TrainConfig) -> Trained:
        return train(
            settings,
            photos=corpora.photos.take(photo_rows["train"]),
            songs=corpora.songs.take(song_rows["train"]),
            validation_photos=corpora.photos.take(photo_rows["validation"]),
            validation_songs=corpora.songs.take(song_rows["validation"]),
            run=run,
            report=output.report,
            on_epoch=show,
        )

    run = options.run
    if options.alpha:

        def score(settings: TrainConfig) -> float:
            return trained_in(options.run / f"alpha-{settings.alpha:g}", settings).history[-1]["similarity_mse"]

        data = f"{corpora.photos.va.tobytes()!r}{corpora.songs.va.tobytes()!r}"
        alpha, tried = choose_alpha(config, options.alpha, score=score, kept=options.run / ALPHA_FILE, data=data)
        config, run = dataclasses.replace(config, alpha=alpha), options.run / f"alpha-{alpha:g}"
        sentence = "\n".join(f"alpha {value:g}: similarity MSE {mse:.4f}" for value, mse in tried.items())
        output.line("alpha", {"alpha": alpha, "tried": tried}, sentence=f"{sentence}\nchosen: alpha {alpha:g}")
    if is_first_process():
        write_atomically(options.run / "config.json", json.dumps(config_to_dict(config), indent=2).encode())
    trained = trained_in(run, config)
    if is_first_process():
        save_trained(options.run / TRAINED, trained)
    output.line("trained", {"run": str(options.run)}, sentence=f"trained; kept in {options.run}")


def run_crossvalidate(options: argparse.Namespace, output: Output) -> None:
    config = given_config(options)
    corpora = load_corpora(
        config,
        given_sources(options, preset=config.preset),
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
    spread, scores["photos_covered"] = spread_of(held)
    kept = {"on": options.on, **scores, "photo_spread": spread}
    # The scores come last: whoever waits for them finds the calibrations there.
    if options.on != "all":
        save_calibrations(options.run / CALIBRATIONS, calibrations_of(held))
    write_atomically(options.run / FOLD_SCORES, json.dumps(kept, indent=2).encode())
    sentence = "\n".join(f"{name:28s} {value:8.4f}" for name, value in scores.items())
    output.line("folds", scores, sentence=sentence)


def run_evaluate(options: argparse.Namespace, output: Output) -> None:
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


def run_export(options: argparse.Namespace, output: Output) -> None:
    trained = load_trained(options.run / TRAINED)
    calibrations = options.run / CALIBRATIONS
    folds = _read_json(options.run / FOLD_SCORES)
    sources = given_sources(options, preset=trained.config.preset)
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


def given_config(options: argparse.Namespace) -> TrainConfig:
    """The settings that a command was given, with its files of weights. Raises TrainerError."""
    config = make_config(options.preset, file=options.config, overrides=options.set)
    taken: dict[str, Path] = {}
    for path in options.weights:
        name = resnet_of(path)
        if name in taken:
            raise TrainerError(f"{taken[name]} and {path} are both weights of {name}; give one of them")
        taken[name] = path
        if name not in (config.photo_backbone, config.music_backbone):
            raise TrainerError(
                f"{path}: weights of {name}, which these settings do not train; --preset paper does, and so does "
                f"--set {'photo' if name == 'resnet50' else 'music'}_backbone={name}"
            )
    return dataclasses.replace(
        config,
        photo_weights=str(taken.get("resnet50", config.photo_weights)),
        music_weights=str(taken.get("resnet18", config.music_weights)),
    )


def _read_json(path: Path) -> dict[str, Any] | None:
    """Read a file that an earlier command may have written; None where it did not."""
    if not path.exists():
        return None
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainerError(f"{path}: cannot be read ({error})") from error
    return values
