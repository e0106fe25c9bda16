"""Tables of the corpora as rows of text: CSV with any line ends and separator, text after a preamble, Excel's .xls."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from trainer.errors import CorpusMissing

Rows = list[list[str]]

HEADER_WITHIN: Final = 50
"""Lines at the beginning of a table among which its header is looked for to tell what parts its columns."""

_XLS_STARTS = (b"\xd0\xcf\x11\xe0", b"\x09\x00", b"\x09\x02", b"\x09\x04", b"\x09\x08")
"""First bytes of an .xls: of the container of Excel 5 and later, or of a bare sheet of versions 2, 3, 4 and later."""


def existing(folder: Path, name: str, *, is_folder: bool) -> Path:
    """Find an entry of a corpus's folder by name, whatever its case. Raises CorpusMissing."""
    if not folder.is_dir():
        raise CorpusMissing(f"{folder}: {'not a folder' if folder.exists() else 'there is no such folder'}")
    for entry in sorted(folder.iterdir()):
        if entry.name.casefold() == name.casefold() and entry.is_dir() == is_folder:
            return entry
    raise CorpusMissing(f"{folder}: there is no {'folder' if is_folder else 'file'} {name}")


def files_by_stem(folder: Path, suffixes: Iterable[str], *, is_deep: bool = False) -> dict[str, Path]:
    """Map the case-folded, stripped stem of each file with one of the suffixes to its path; also of folders below.

    Hidden files are passed over, as are the "._" companions that some systems leave in archives.
    """
    wanted = frozenset(suffixes)
    entries = sorted(folder.rglob("*") if is_deep else folder.iterdir())
    files = (entry for entry in entries if entry.suffix.lower() in wanted and not entry.name.startswith("."))
    return {entry.stem.strip().casefold(): entry for entry in files}


def named_rows(table: Path, *, required: Sequence[str]) -> Iterator[Mapping[str, str]]:
    """Yield the rows of a table by column name, names in lower case with single spaces; lines above the header go.

    The header is the first line that holds all required names. Cells are stripped; a short row ends in empty cells.
    Raises CorpusMissing where no line holds them.
    """
    rows = cells_of(table, required=required)
    for i, row in enumerate(rows):
        header = [column_name(cell) for cell in row]
        if _is_header(row, required):
            for cells in rows[i + 1 :]:
                yield {**dict.fromkeys(header, ""), **dict(zip(header, cells, strict=False))}
            return
    if not any(any(row) for row in rows):
        raise CorpusMissing(f"{table}: the table is empty")
    found = {column_name(cell) for cell in rows[0]}
    lacking = next((name for name in required if name not in found), required[0])
    raise CorpusMissing(
        f"{table}: there is no column {lacking}; its header must name {', '.join(required)}, "
        "with commas, semicolons or tabs between"
    )


def column_name(cell: str) -> str:
    """Name of a column as it is looked up: "valence_ max_mean" and " Valence_max_mean" are one."""
    return " ".join(cell.casefold().split()).replace("_ ", "_")


def cells_of(table: Path, *, required: Sequence[str] = ()) -> Rows:
    """Read all cells of a table as stripped text, from .xls or from text with commas, semicolons or tabs between.

    Which it is, a header with all required names tells, else what stands most often in one of the first lines. A quote
    that its line does not close spoils that line alone. Raises CorpusMissing for a file that cannot be read.
    """
    try:
        if table.suffix.lower() == ".xls":
            return _xls_cells(table)
        content = table.read_bytes()
    except OSError as fault:
        raise CorpusMissing(f"{table}: cannot be read ({fault.strerror or fault})") from fault
    # A byte order mark tells UTF-16, as spreadsheets save "Unicode text"; a stray byte in a free text must not stop us.
    is_wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    lines = content.decode("utf-16" if is_wide else "utf-8-sig", errors="replace").splitlines()
    by_count = sorted(",;\t", key=lambda mark: -max((line.count(mark) for line in lines[:20]), default=0))
    for separator in by_count if required else ():
        # Counts mislead where a preamble is rich in commas, and where commas are decimal.
        if any(_is_header(_cells(table, line, separator), required) for line in lines[:HEADER_WITHIN]):
            return [_cells(table, line, separator) for line in lines]
    return [_cells(table, line, by_count[0]) for line in lines]


def _cells(table: Path, line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except csv.Error as fault:
        raise CorpusMissing(f"{table}: a line that cannot be read, {line[:40]!r}... ({fault})") from fault


def _is_header(cells: Sequence[str], required: Sequence[str]) -> bool:
    return set(required) <= {column_name(cell) for cell in cells}


def _xls_cells(table: Path) -> Rows:
    try:
        import xlrd
    except ImportError:
        raise CorpusMissing(
            f"{table}: save it as .csv from a spreadsheet program, or install xlrd to read it"
        ) from None
    faults = (xlrd.XLRDError, xlrd.compdoc.CompDocError, struct.error, AssertionError, LookupError, ValueError)
    try:
        content = table.read_bytes()
        if not content.startswith(_XLS_STARTS):  # a zip archive is the newer .xlsx; the library stumbles over the rest
            raise CorpusMissing(f"{table}: not a workbook that can be read; save it as .csv")
        # What the library has to say of odd but readable files goes nowhere: a reader never prints.
        sheet = xlrd.open_workbook(file_contents=content, logfile=io.StringIO()).sheet_by_index(0)
    except faults as fault:
        raise CorpusMissing(f"{table}: not a workbook that can be read; save it as .csv ({fault})") from fault
    return [[_text(sheet.cell_value(row, column)) for column in range(sheet.ncols)] for row in range(sheet.nrows)]


def _text(value: object) -> str:
    """A cell as text: spreadsheets keep an id of 1050 as 1050.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
