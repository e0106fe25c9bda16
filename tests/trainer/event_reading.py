"""Reads TensorBoard's event files back, for the tests of training."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.record_writer import masked_crc32c

from trainer.event_file import tag_of


def read_events(folder: Path) -> dict[int, dict[str, float]]:
    """The figures by step and tag that lie in all files of a folder; fails where one is there twice or is damaged."""
    found: dict[int, dict[str, float]] = {}
    for path in sorted(folder.iterdir()):
        assert "tfevents" in path.name
        content, at = path.read_bytes(), 0
        while at < len(content):
            (length,) = struct.unpack_from("<Q", content, at)
            record = content[at + 12 : at + 12 + length]
            checks = struct.unpack_from("<I", content, at + 8) + struct.unpack_from("<I", content, at + 12 + length)
            assert checks == (masked_crc32c(content[at : at + 8]), masked_crc32c(record))
            event = Event.FromString(record)
            assert event.wall_time > 1e9
            if at == 0:
                assert event.file_version == "brain.Event:2"
            for value in event.summary.value:
                assert value.tag not in found.setdefault(event.step, {}), f"{value.tag} of epoch {event.step} twice"
                found[event.step][value.tag] = value.simple_value
            at += 16 + length
    return found


def assert_events(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Fail unless a folder's event files hold every figure of a history, once, and nothing else."""
    found = read_events(folder)
    assert list(found) == [figures["epoch"] for figures in history]
    for figures, of_epoch in zip(history, found.values(), strict=True):
        told = {tag_of(name): value for name, value in figures.items() if name != "epoch"}
        assert len(told) == len(figures) - 1, "two figures under one tag"
        assert of_epoch == pytest.approx(told, rel=1e-6), "TensorBoard's figures have seven digits"
