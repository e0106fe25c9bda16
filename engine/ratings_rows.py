"""Rows of a file of ratings, as people and spreadsheet programs write them: any encoding, separator and line end."""

from __future__ import annotations

import codecs
import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import RatingsError

MAX_FILE_BYTES = 64 << 20
"""A quarter of a million ratings with long paths. What is larger is something else."""

REQUIRED = ("path", "valence", "arousal")
"""Columns without which a file says nothing of photos."""

MAX_LINES_ABOVE_HEADER = 20
"""Spreadsheets often begin with a title and empty lines."""

_WIDE = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
"""Narrower than what float() takes: no "inf", no "1_000"."""

_MISSING = frozenset({"", ".", "-", "nan", "na", "n/a", "null", "none"})

_SHOWN_CHARS = 40
"""As much of a strange cell is quoted."""

Row = dict[str, str]


def read_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Yield the rows below the header with their line numbers: cells by the column's name in lower case, stripped.

    Empty rows are passed over. Bytes that are no UTF-8 come as surrogates, as Python gives them in files' names. With
    semicolons or tabs between cells a decimal comma becomes a point. Raises RatingsError with the reason.
    """
    text = _text_of(path)
    separator, header, n_above = _header_of(path, text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for n_rows, cells in enumerate(reader):
            row = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name}
            if n_rows <= n_above or not any(row.values()):
                continue
            if separator != ",":
                for name in ("valence", "arousal", "t_s"):
                    row[name] = row.get(name, "").replace(",", ".")
            yield reader.line_num, row
    except csv.Error as fault:
        raise RatingsError(path, f"line {reader.line_num} is not a line of a table ({fault})") from fault


def number_of(row: Row, name: str, *, low: float = 0.0, high: float = 1.0) -> float | str:
    """Read one number of a row, or say why it cannot be used."""
    text = row.get(name, "")
    if text.casefold() in _MISSING:
        return f"{name} is missing"
    if _NUMBER.fullmatch(text) is None:
        return f"{name} is {quoted(text)}, not a number"
    value = float(text)
    if math.isinf(value):
        return f"{name} is {quoted(text)}, which is too large"
    if not low <= value <= high:
        return f"{name} is {quoted(text)}, which {_beyond(low, high)}"
    return value


def _beyond(low: float, high: float) -> str:
    return f"is below {low:g}" if math.isinf(high) else f"does not lie between {low:g} and {high:g}"


def date_of(row: Row, *, now: str) -> str | None:
    """Read when a row was said, as ratings are dated: now where it says nothing or a time to come; None for nonsense.

    A time without a zone is taken as UTC.
    """
    text = row.get("rated_at", "")
    if not text:
        return now
    try:
        date = datetime.fromisoformat(text)
        date = date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return min(date.isoformat(timespec="milliseconds"), now)


def quoted(text: str) -> str:
    """Quote a strange cell for a person: short, in one line, with nothing that cannot be printed."""
    readable = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    readable = "".join(character if character.isprintable() else "\ufffd" for character in readable)
    return f"“{readable[:_SHOWN_CHARS]}…”" if len(readable) > _SHOWN_CHARS else f"“{readable}”"


def _text_of(path: Path) -> str:
    try:
        if not path.is_file():  # a pipe would be read for ever
            raise RatingsError(path, "it is not a file" if path.exists() else "it is not there")
        n_bytes = path.stat().st_size
        if n_bytes > MAX_FILE_BYTES:
            raise RatingsError(path, f"it is too large to be ratings ({n_bytes / 2**20:.0f} MB)")
        content = path.read_bytes()
    except OSError as fault:
        raise RatingsError(path, f"it cannot be read ({fault.strerror or fault})") from fault
    wide = next((name for mark, name in _WIDE.items() if content.startswith(mark)), None)
    text = content[2:].decode(wide, "replace") if wide else content.decode("utf-8", "surrogateescape")
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise RatingsError(path, "it is empty")
    return text


def _header_of(path: Path, text: str) -> tuple[str, list[str], int]:
    """Find the separator, the columns' names and how many rows stand above them."""
    best: set[str] = set()
    for separator in ",;\t":
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            for n_above, cells in zip(range(MAX_LINES_ABOVE_HEADER), reader, strict=False):
                header = _names(cells)
                if all(name in header for name in REQUIRED):
                    return separator, header, n_above
                best = max(best, set(header) & set(REQUIRED), key=len)
        except csv.Error:
            continue
    if not best:
        raise RatingsError(path, "its first line does not name the columns path, valence and arousal")
    lacking = [name for name in REQUIRED if name not in best]
    raise RatingsError(path, f"there is no column {' and no column '.join(lacking)}")


def _names(cells: Sequence[str]) -> list[str]:
    return [cell.strip().casefold() for cell in cells]
