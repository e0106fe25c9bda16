"""Values of parsed JSON taken apart with care: each is of its kind and within bounds, or is refused by its name."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

MAX_NUMBER = float(np.finfo(np.float32).max)


class WrongValue(Exception):
    """What is wrong with a value, in words that begin with its name."""


def object_of(value: object, name: str) -> dict[str, Any]:
    """Take an object. Raises WrongValue, as all here do."""
    if not isinstance(value, dict):
        raise WrongValue(f"{name} is no JSON object")
    return value


def list_of(value: object, length: int, name: str) -> list[Any]:
    """Take a list of so many numbers, which are not looked at yet."""
    if not isinstance(value, list) or len(value) != length:
        raise WrongValue(f"{name} is no list of {length} numbers")
    return value


def text_of(value: object, name: str) -> str:
    """Take a text."""
    if not isinstance(value, str):
        raise WrongValue(f"{name} is no text")
    return value


def flag_of(value: object, name: str) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise WrongValue(f"{name} is neither true nor false")
    return value


def number_of(value: object, name: str) -> float:
    """Take a number that a float32 holds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= MAX_NUMBER:
        raise WrongValue(f"{name} is no finite number")
    return float(value)


def positive_of(value: object, name: str) -> float:
    """Take a number above 0."""
    number = number_of(value, name)
    if number <= 0:
        raise WrongValue(f"{name} is not above 0")
    return number


def whole_of(value: object, name: str, *, least: int = 1, most: int = sys.maxsize) -> int:
    """Take a whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise WrongValue(f"{name} is no whole number from {least} to {most}")
    return value
