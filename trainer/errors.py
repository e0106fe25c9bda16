"""Every error the trainer raises on purpose, each worded so that its text can be shown as it is."""

from __future__ import annotations


class TrainerError(Exception):
    """Root of the trainer's own errors: data, numbers or files that are not as they must be."""


class CorpusMissing(TrainerError):
    """A corpus folder, its label file or its media are not where they were said to be."""


class ParityError(TrainerError):
    """An exported ONNX file does not compute what the network it came from computes."""


class Diverged(TrainerError):
    """Training came to a loss that is not a number, or grew without bound."""
