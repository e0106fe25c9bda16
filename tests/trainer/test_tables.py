"""Tables as they come: separators, line ends, preambles, encodings, Excel's .xls."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from trainer.errors import CorpusMissing
from trainer.tables import cells_of, column_name, existing, files_by_stem, named_rows


def xls_bytes(rows: Sequence[Sequence[str | float]]) -> bytes:
    """A worksheet as Excel 2 wrote it: the oldest and simplest form of .xls."""
    records = [struct.pack("<HHHH", 0x0009, 4, 2, 0x10)]
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            place = struct.pack("<HH3s", i, j, b"\0\0\0")
            if isinstance(value, str):
                text = value.encode("latin-1")
                content = place + struct.pack("<B", len(text)) + text
                records.append(struct.pack("<HH", 0x0004, len(content)) + content)
            else:
                content = place + struct.pack("<d", value)
                records.append(struct.pack("<HH", 0x0003, len(content)) + content)
    records.append(struct.pack("<HH", 0x000A, 0))
    return b"".join(records)


UNKNOWN_CODEPAGE = xls_bytes([])[:8] + struct.pack("<HHH", 0x0042, 2, 3) + xls_bytes([["a"]])[8:]


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_with_any_line_end_and_separator(end: str, separator: str, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_bytes(end.join(separator.join(row) for row in (["A ", " b_ c"], ["1", "2 "], ["3"])).encode())
    assert list(named_rows(table, required=("a", "b_c"))) == [{"a": "1", "b_c": "2"}, {"a": "3", "b_c": ""}]


def test_a_preamble_and_odd_bytes_are_passed_over(tmp_path: Path) -> None:
    table = tmp_path / "table.txt"
    table.write_bytes(b"\xef\xbb\xbfTechnical report\n\ncaf\xe9\tnotes\nName\tValue\nx\t1\n")
    assert list(named_rows(table, required=("name", "value"))) == [{"name": "x", "value": "1"}]
    table.write_bytes("name\tvalue\nx\t1\n".encode("utf-16"))
    assert list(named_rows(table, required=("name", "value"))) == [{"name": "x", "value": "1"}]


def test_the_header_tells_what_parts_the_columns(tmp_path: Path) -> None:
    """Counting would take commas here: a preamble of many, and decimal ones that are as many as the semicolons."""
    table = tmp_path / "table.txt"
    table.write_text("Lang, P.J., Bradley, M.M., and Cuthbert, B.N.\nname\tvalue\nx\t1\n")
    assert list(named_rows(table, required=("name", "value"))) == [{"name": "x", "value": "1"}]
    table.write_text("path;valence;arousal\na.jpg;0,2;0,3\n")
    rows = named_rows(table, required=("path", "valence", "arousal"))
    assert list(rows) == [{"path": "a.jpg", "valence": "0,2", "arousal": "0,3"}]


def test_a_quote_left_open_spoils_its_line_alone(tmp_path: Path) -> None:
    table = tmp_path / "table.txt"
    table.write_text('name\tvalue\n"x\t1\ny\t2\n')
    assert list(named_rows(table, required=("name", "value")))[1:] == [{"name": "y", "value": "2"}]


def test_a_workbook(tmp_path: Path) -> None:
    table = tmp_path / "table.xls"
    table.write_bytes(xls_bytes([["Name", "Value"], ["Dog_1", 5.25], [1050.0, 3.0]]))
    assert cells_of(table) == [["Name", "Value"], ["Dog_1", "5.25"], ["1050", "3"]]


@pytest.mark.parametrize(
    "content", [b"", b"no workbook", xls_bytes([["a"]])[:9], UNKNOWN_CODEPAGE, b"PK\x03\x04 a newer workbook"]
)
def test_what_is_no_workbook_is_said(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "table.xls"
    table.write_bytes(content)
    with pytest.raises(CorpusMissing, match=r"save it as \.csv"):
        cells_of(table)
    assert capsys.readouterr().out == ""


def test_missing_columns_and_files_are_named(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    with pytest.raises(CorpusMissing, match=r"table\.csv"):
        cells_of(table)
    table.write_text("a,b\n1,2\n")
    with pytest.raises(CorpusMissing, match="no column c"):
        list(named_rows(table, required=("a", "c")))
    table.write_text("")
    with pytest.raises(CorpusMissing, match=r"table\.csv: the table is empty"):
        list(named_rows(table, required=("a",)))
    table.write_text(f"a,b\n1,{'x' * 200_000}\n")
    with pytest.raises(CorpusMissing, match="a line that cannot be read, '1,x"):
        list(named_rows(table, required=("a",)))
    with pytest.raises(CorpusMissing, match="no folder Images"):
        existing(tmp_path, "Images", is_folder=True)
    with pytest.raises(CorpusMissing, match="nowhere: there is no such folder"):
        existing(tmp_path / "nowhere", "Images", is_folder=True)
    with pytest.raises(CorpusMissing, match=r"table\.csv: not a folder"):
        existing(table, "Images", is_folder=True)


def test_names_of_columns_and_files(tmp_path: Path) -> None:
    assert column_name(" valence_ max_mean") == "valence_max_mean"
    assert column_name("Image  Size") == "image size"
    (tmp_path / "below").mkdir()
    for name in ("A 1.JPG", "a 2 .jpg", "._A 1.JPG", "notes.txt", "below/b.jpg"):
        (tmp_path / name).write_bytes(b"")
    assert sorted(files_by_stem(tmp_path, [".jpg"])) == ["a 1", "a 2"]
    assert sorted(files_by_stem(tmp_path, [".jpg"], is_deep=True)) == ["a 1", "a 2", "b"]
