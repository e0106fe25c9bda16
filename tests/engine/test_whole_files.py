"""Files are written whole or not at all, with the rights a person would expect."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from engine import whole_files
from engine.whole_files import write_whole


def test_a_new_file_and_one_that_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a ü.csv"
    for content in (b"first, and longer", b"second"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert [entry.name for entry in tmp_path.iterdir()] == ["a ü.csv"]


def test_a_name_as_long_as_names_may_be_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 251 + ".csv")
    write_whole(path, b"content")
    assert path.read_bytes() == b"content"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
def test_rights_are_those_of_a_new_file_or_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    before = os.umask(0o027)
    try:
        write_whole(path, b"x")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o600)
        write_whole(path, b"y")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    finally:
        os.umask(before)


@pytest.mark.skipif(os.name != "posix", reason="links need no rights there")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "cloud").mkdir()
    target, link = tmp_path / "cloud" / "a.csv", tmp_path / "a.csv"
    link.symlink_to(target)
    for content in (b"first", b"second"):  # it led to nothing at first
        write_whole(link, content)
        assert link.is_symlink()
        assert target.read_bytes() == content


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX has them")
def test_the_rights_of_files_of_other_threads_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another thread makes while the mask is away could be written by anybody."""

    def mask(new: int) -> int:
        raise AssertionError

    monkeypatch.setattr(os, "umask", mask)
    write_whole(tmp_path / "a.csv", b"x")


def test_a_fault_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"before")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_files.os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"after")
    assert path.read_bytes() == b"before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]
    with pytest.raises(OSError, match="No such file"):
        write_whole(tmp_path / "nowhere" / "a.csv", b"")
