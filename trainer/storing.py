"""Trained networks, calibrations and checkpoints as files, written in one step and read with care."""

from __future__ import annotations

import dataclasses
import io
import json
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.emotion import FloatArray
from trainer.config import TrainConfig, config_from, config_to_dict
from trainer.data import write_atomically
from trainer.errors import TrainerError
from trainer.networks import Calibrations, CdcmlNetwork


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A trained network in evaluation mode, and what serving it needs: sigma of Eq. 1, statistics of the 193 rows."""

    network: CdcmlNetwork
    config: TrainConfig
    sigma: float
    row_mean: FloatArray
    row_std: FloatArray
    history: tuple[Mapping[str, float], ...]


def load_trained(path: Path) -> Trained:
    """Read what `save_trained` wrote. Raises TrainerError for a file that is none."""
    stored = read_tensors(path)
    try:
        config = config_from(stored["config"])
        # Its weights are here; the files that it began with may be gone.
        plain = dataclasses.replace(config, photo_weights="", music_weights="")
        network = CdcmlNetwork.from_config(plain, photo_width=stored["photo_width"])
        network.load_state_dict(stored["network"])
        return Trained(
            network.eval(),
            config,
            stored["sigma"],
            stored["row_mean"].numpy(),
            stored["row_std"].numpy(),
            tuple(stored["history"]),
        )
    except (KeyError, RuntimeError) as error:
        raise TrainerError(f"{path}: not a trained network ({error})") from error


def save_trained(path: Path, trained: Trained) -> None:
    """Write a trained network and its settings to one file, in one step."""
    write_tensors(
        path,
        {
            "config": config_to_dict(trained.config),
            "photo_width": trained.network.photo_width,
            "network": trained.network.state_dict(),
            "sigma": trained.sigma,
            "row_mean": torch.from_numpy(trained.row_mean),
            "row_std": torch.from_numpy(trained.row_std),
            "history": [dict(figures) for figures in trained.history],
        },
    )


def save_calibrations(path: Path, calibrations: Calibrations) -> None:
    """Write calibrations to a file, in one step."""
    write_tensors(path, {"calibrations": calibrations.state_dict()})


def load_calibrations(path: Path) -> Calibrations:
    """Read what `save_calibrations` wrote. Raises TrainerError for a file that is none."""
    calibrations = Calibrations()
    try:
        calibrations.load_state_dict(read_tensors(path)["calibrations"])
    except (KeyError, RuntimeError) as error:
        raise TrainerError(f"{path}: not calibrations ({error})") from error
    return calibrations


def write_scalars(path: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Write the figures of all epochs so far, a line of JSON each, in one step. Raises TrainerError."""
    write_atomically(path, "".join(f"{json.dumps(dict(figures))}\n" for figures in history).encode())


def write_tensors(path: Path, content: Mapping[str, Any]) -> None:
    """Write tensors and plain values to a file, in one step. Raises TrainerError where it cannot be written."""
    buffer = io.BytesIO()
    torch.save(dict(content), buffer)
    write_atomically(path, buffer.getvalue())


def read_tensors(path: Path) -> dict[str, Any]:
    """Read what `write_tensors` wrote; nothing in the file is run. Raises TrainerError."""
    try:
        content = path.read_bytes()
        if not content.startswith(b"PK"):  # torch's files are zip archives; its reader stumbles over anything else
            raise TrainerError(f"{path}: cannot be read (not a file of this program)")
        stored: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).partition(". ")[0]  # torch goes on for a paragraph
        raise TrainerError(f"{path}: cannot be read ({reason})") from error
    return stored
