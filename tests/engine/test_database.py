"""The library's file while it is open, and damage that SQLite itself stumbles over. The rest is in `test_library`."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import LibraryCorrupt, LibraryError
from engine.library import Library


def test_a_library_that_was_moved_away_while_open_is_not_made_anew_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    with Library.open(path) as library:
        library.add_folder(tmp_path)
        path.rename(tmp_path / "elsewhere.sqlite")
        with pytest.raises(LibraryError, match="not there any more"):
            library.folders()
    assert not path.exists()
    for end in ("-wal", "-shm"):
        if (beside := tmp_path / f"library.sqlite{end}").exists():
            beside.rename(tmp_path / f"elsewhere.sqlite{end}")
    with Library.open(tmp_path / "elsewhere.sqlite") as library:
        assert library.folders() == (tmp_path,)


def test_a_schema_that_is_no_text_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    Library.open(path).close()
    content = path.read_bytes()
    path.write_bytes(content.replace(b"CREATE TABLE photos (", b"CREATE TABLE photos \xa0"))  # SQLite says near what
    assert path.read_bytes() != content
    with pytest.raises(LibraryCorrupt):
        Library.open(path)
