"""The figures of a run's epochs as a TensorBoard event file: `tensorboard --logdir RUN` draws them as curves."""

from __future__ import annotations

import struct
import time
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Final, Literal

from tensorboardX.proto.event_pb2 import Event
from tensorboardX.record_writer import masked_crc32c

from trainer.data import cannot_write
from trainer.losses import LossTerms

EVENT_FILE: Final = "events.out.tfevents.epochs"
"""TensorBoard knows its files by the word tfevents."""

_TRAIN: Final = {"loss", *(field.name for field in fields(LossTerms))}


def start_events(path: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Write an event file anew, with the epochs so far. Raises TrainerError.

    What an earlier process wrote may hold an epoch that the checkpoint does not, or half of one. It is overwritten and
    not replaced, since a TensorBoard that is open goes on in the file it has opened, from where it is.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    begin = Event(wall_time=time.time(), file_version="brain.Event:2")
    _write(path, [begin, *(_event(figures) for figures in history)], mode="wb")


def add_epoch(path: Path, figures: Mapping[str, float]) -> None:
    """Add an epoch's figures to an event file, each under a tag, with the epoch as the step. Raises TrainerError."""
    _write(path, [_event(figures)], mode="ab")


def tag_of(name: str) -> str:
    """The tag of one of an epoch's figures: those of the training and of the validation split in a group each."""
    if name == "validation":
        return "validation/loss"
    return f"train/{name}" if name in _TRAIN else f"validation/{name}"


def _event(figures: Mapping[str, float]) -> Any:
    event = Event(wall_time=time.time(), step=int(figures["epoch"]))
    for name, value in figures.items():
        if name != "epoch":
            event.summary.value.add(tag=tag_of(name), simple_value=value)
    return event


def _write(path: Path, events: Sequence[Any], *, mode: Literal["wb", "ab"]) -> None:
    """Write events to a file as TensorFlow's records: length, its checksum, content, its checksum."""
    records = b""
    for event in events:
        content = event.SerializeToString()
        length = struct.pack("<Q", len(content))
        records += length + _checksum(length) + content + _checksum(content)
    try:
        with path.open(mode) as file:
            file.write(records)
    except OSError as error:
        raise cannot_write(path, error) from error


def _checksum(content: bytes) -> bytes:
    return struct.pack("<I", masked_crc32c(content))
