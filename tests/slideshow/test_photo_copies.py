"""A selection taken along: whole files under free names, the originals untouched, faults said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import Cancelled, DiskFull, ExportError
from engine.progress import Progress
from slideshow.photo_copies import copy_photos, save_list


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    made = []
    for i, name in enumerate(("a/Strand.jpg", "b/Strand.jpg", "b/夏.jpg")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes([i]) * 5000)
        os.utime(path, (1_000_000, 1_000_000))
        made.append(path)
    return made


def test_copies_are_whole_and_overwrite_nothing(photos: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "Strand.jpg").write_text("mine")
    report = copy_photos([*photos, tmp_path / "gone.jpg"], folder)
    assert report.n_copied == 3
    assert report.unreadable == (tmp_path / "gone.jpg",)
    assert sorted(path.name for path in folder.iterdir()) == [
        "Strand (2).jpg",
        "Strand (3).jpg",
        "Strand.jpg",
        "夏.jpg",
    ]
    assert (folder / "Strand.jpg").read_text() == "mine"
    assert (folder / "Strand (3).jpg").read_bytes() == photos[1].read_bytes()
    assert (folder / "夏.jpg").stat().st_mtime == 1_000_000


def test_stopping_leaves_no_part_of_a_file(photos: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()

    def stop_at_second(progress: Progress) -> None:
        if progress.done == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        copy_photos(photos, folder, report=stop_at_second)
    assert [path.name for path in folder.iterdir()] == ["Strand.jpg"]


def test_a_folder_that_is_gone_is_said(photos: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ExportError):
        copy_photos(photos, tmp_path / "nowhere")
    with pytest.raises(ExportError):
        save_list(photos, tmp_path / "nowhere" / "list.txt")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said(photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "out"
    folder.mkdir()

    def fill_up(*args: object) -> None:
        with Path("/dev/full").open("wb", buffering=0) as full:
            full.write(b"x")

    monkeypatch.setattr("shutil.copystat", fill_up)
    with pytest.raises(DiskFull):
        copy_photos(photos, folder)
    assert list(folder.iterdir()) == []


def test_a_list_holds_every_path(photos: list[Path], tmp_path: Path) -> None:
    dest = tmp_path / "list.txt"
    save_list(photos, dest)
    assert [Path(os.fsdecode(line)) for line in dest.read_bytes().splitlines()] == photos
