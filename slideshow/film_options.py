"""What a person may choose about a film: shape, size, frame rate, how much care is taken, and which encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.film_encoders import Preset

SHAPES: Final[Mapping[str, tuple[int, int]]] = {"wide": (16, 9), "tall": (9, 16), "square": (1, 1)}
SHORT_SIDES_PX: Final = (720, 1080, 1440, 2160)
"""A size is named by the shorter side, as screens are: 1080p is 1920 x 1080 wide, 1080 x 1920 tall."""

FRAME_RATES: Final = (24, 30, 60)
PRESETS: Final[tuple[Preset, ...]] = ("quick", "default", "fine")

SIDES_PX: Final = range(64, 7681)
"""What a person may ask for; players choke on more, and photos cannot be told apart on less."""

PIXELS_A_SECOND: Final[Mapping[Preset, float]] = {"quick": 120e6, "default": 90e6, "fine": 32e6}
"""Pixels written in a second on two cores: a first guess, until a film has been made on this computer."""


@dataclass(frozen=True, slots=True)
class FilmOptions:
    """Options of one film; size is (width, height) px, encoder "auto" or an encoder's name."""

    size: tuple[int, int] = (1280, 720)
    fps: int = 30
    preset: Preset = "default"
    encoder: str = "auto"


def size_of(shape: str, short_side_px: int) -> tuple[int, int]:
    """Give width and height, both even, of a shape in SHAPES with its shorter side."""
    across, down = SHAPES[shape]
    unit = short_side_px / min(across, down)
    return 2 * round(across * unit / 2), 2 * round(down * unit / 2)


def size_named(text: str) -> tuple[int, int]:
    """Read "1280x720", "720p" or "4k". Raises ValueError with a sentence for anything else."""
    words = text.strip().lower()
    sides = {**{f"{side}p": side for side in SHORT_SIDES_PX}, "4k": SHORT_SIDES_PX[-1]}
    if words in sides:
        return size_of("wide", sides[words])
    width, _, height = words.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise ValueError(f"{text} is not like 1280x720 or 1080p")
    size = int(width), int(height)
    if any(side % 2 or side not in SIDES_PX for side in size):
        raise ValueError(f"{text}: even numbers from {SIDES_PX[0]} to {SIDES_PX[-1]}, please")
    return size


def seconds_needed(options: FilmOptions, duration_s: float, *, speed: float = 0.0) -> float:
    """Estimate how long a film takes to write. speed is what `speed_of` gave for an earlier film here, 0 for none."""
    width, height = options.size
    return duration_s * options.fps * width * height / (PIXELS_A_SECOND[options.preset] * (speed or 1.0))


def speed_of(options: FilmOptions, *, duration_s: float, seconds: float) -> float:
    """Say how many times faster than the first guess a film was written."""
    return seconds_needed(options, duration_s) / max(seconds, 0.1)
