"""What `doctor` finds out, part by part."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.library import Library
from slideshow.doctor import examine, library_detail
from tests.engine.show_material import ASSETS


def test_a_library_that_is_damaged_within_is_not_well(tmp_path: Path) -> None:
    path = tmp_path / "library.sqlite"
    with Library.open(path) as library:
        library.add_folder(tmp_path)
    assert library_detail(path) == f"{path}: 0 photos"
    content = bytearray(path.read_bytes())
    page_bytes = int.from_bytes(content[16:18], "big")
    content[2 * page_bytes : 2 * page_bytes + 64] = b"\xff" * 64  # a page that counting photos does not come by
    path.write_bytes(content)
    found = {finding.name: finding for finding in examine(library=path, bundle=ASSETS / "tiny_bundle")}
    assert not found["library"].is_well
    assert "damaged" in found["library"].detail
    assert found["model"].is_well  # a fault in one never hides the others


def test_a_library_that_is_not_there_needs_a_folder_it_can_be_made_in(tmp_path: Path) -> None:
    assert "the first start makes it" in library_detail(tmp_path / "new" / "library.sqlite")
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(LookupError, match="may not be written to"):
        library_detail(tmp_path / "file" / "library.sqlite")
