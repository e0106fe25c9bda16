"""Who made what a film shows and plays: read from an attribution table, as sentences for its file, as a quiet card."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from engine.errors import ExportError

_INK: Final = (0xF3, 0xF2, 0xEF)
_SHADE: Final = (0x0D, 0x0D, 0x0E)
_SHADE_SHARE: Final = 0.72
"""The card darkens the picture this much: at 62 % small text would stay under 4.5:1 over a white photo."""

_MARGIN: Final = 0.07
"""Free on each side, as a share of the shorter one."""

_LARGEST, _SMALLEST = 0.026, 0.012
"""Height of the letters, as a share of the shorter side; the largest at which all lines fit is taken."""

_HARD_SPACE: Final = "\u00a0"
_LEADING: Final = 1.45
_MANY_LINES: Final = 8
"""More lines than this stand in two columns where the picture is wide."""


@dataclass(frozen=True, slots=True)
class Credit:
    """One item: its file relative to the table, title, author with an address, and licence as in the table."""

    file: str
    title: str
    author: str
    licence: str

    @property
    def must_be_named(self) -> bool:
        """Whether the licence asks for the author's name; CC0 and the public domain do not."""
        return self.licence.upper().startswith("CC-BY")

    @property
    def licence_words(self) -> str:
        """The licence as people write it: "CC BY-SA 3.0"."""
        return re.sub(r"^CC-(BY[A-Z-]*)-(\d)", r"CC \1 \2", self.licence)


def read_credits(table: Path) -> dict[str, Credit]:
    """Read the rows of an attribution file's Markdown tables, by file. Raises ExportError where it cannot be read."""
    try:
        text = table.read_text(encoding="utf-8")
    except OSError as fault:
        raise ExportError(table, fault.strerror or str(fault)) from fault
    rows = ([cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.splitlines() if "|" in line)
    return {row[0]: Credit(*row[:4]) for row in rows if len(row) >= 4 and "/" in row[0]}


def credits_text(songs: Sequence[Credit], photos: Sequence[Credit]) -> str:
    """Name every item with title, author and licence, one a line, for a film's file."""
    lines = []
    for heading, items in (("Music, shortened", songs), ("Photos, scaled and cropped", photos)):
        if items:
            lines.append(f"{heading}:")
            lines.extend(f"{item.title}, by {item.author}, {item.licence_words}" for item in items)
    lines.append("Licences: https://creativecommons.org/licenses/")
    return "\n".join(lines)


def card_lines(songs: Sequence[Credit], photos: Sequence[Credit]) -> tuple[str, ...]:
    """Say the same shortly, for the eye: what must be named one a line, the rest by its authors together."""
    named = [_short(item) for item in photos if item.must_be_named]
    lines = [f"Music: {_short(item)}" for item in songs]
    lines.extend(["Photos:", *named] if named else ())
    free = sorted({_plain(item.author) for item in photos if not item.must_be_named} - {""})
    if free:
        lines.append(f"{'Other photos' if named else 'Photos'}: {', '.join(free)}, CC0 or public domain")
    return tuple(lines)


def paint_card(lines: Sequence[str], *, size: tuple[int, int], font: Path) -> NDArray[np.uint8]:
    """Paint lines over a shade, to be laid over a frame of size (width, height): (h, w, 4), BGRA premultiplied.

    Lines that do not fit even in the smallest letters are left out from below; the film's file names everyone.
    """
    width, height = size
    card = Image.new("RGBA", size, (*_SHADE, round(255 * _SHADE_SHARE)))
    short = min(size)
    margin = round(_MARGIN * short)
    n_columns = 2 if width > height and len(lines) > _MANY_LINES else 1
    gap = margin // 2
    column_px = (width - 2 * margin - (n_columns - 1) * gap) // n_columns
    for letter_px in _letter_sizes(short):
        face = ImageFont.truetype(str(font), letter_px)
        rows = [row for line in lines for row in _wrapped(line, face, column_px)]
        step = round(_LEADING * letter_px)
        per_column = max(1, (height - 2 * margin) // step)
        if len(rows) <= per_column * n_columns:
            break
    rows = rows[: per_column * n_columns]
    per_column = min(per_column, -(-len(rows) // n_columns))
    draw = ImageDraw.Draw(card)
    top = (height - per_column * step) // 2
    for i, row in enumerate(rows):
        column, place = divmod(i, per_column)
        draw.text((margin + column * (column_px + gap), top + place * step), row, font=face, fill=(*_INK, 255))
    rgba = np.asarray(card, dtype=np.uint16)
    alpha = rgba[..., 3:]
    colours = (rgba[..., 2::-1] * alpha + 127) // 255
    return np.ascontiguousarray(np.concatenate([colours, alpha], axis=2).astype(np.uint8))


def _letter_sizes(short_px: int) -> Iterator[int]:
    yield from range(max(6, round(_LARGEST * short_px)), max(5, round(_SMALLEST * short_px) - 1), -1)


def _wrapped(line: str, face: ImageFont.FreeTypeFont, width_px: int) -> list[str]:
    rows = [""]
    for word in line.split(" "):  # not at the hard spaces within a licence's name
        longer = f"{rows[-1]} {word}".strip()
        if rows[-1] and face.getlength(longer) > width_px:
            rows.append(word)
        else:
            rows[-1] = longer
    return rows


def _short(item: Credit) -> str:
    licence = item.licence_words.replace(" ", _HARD_SPACE)
    return f"{_plain(item.title)}, {_plain(item.author)}, {licence}"


def _plain(text: str) -> str:
    """Without what stands in brackets, addresses and file names, and without the way it came where there is a name."""
    return re.sub(r"\s*\([^)]*\)|^photographer not named; via |; via .*", "", text).strip()
