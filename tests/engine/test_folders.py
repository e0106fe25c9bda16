"""Walks of folders that do not answer. What walks find is shown in `test_indexing`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import folders
from engine.errors import Cancelled
from engine.folders import Walk, walk_folder
from engine.progress import Progress, ignore


@pytest.fixture
def lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a photo, a subfolder of which hangs as one on a lost network drive does."""
    share = tmp_path / "share"
    (share / "album").mkdir(parents=True)
    (share / "album" / "a.jpg").write_bytes(b"photo")
    comes_back = threading.Event()
    real = os.scandir

    def scandir(path: object = ".") -> object:
        if os.fsdecode(path).endswith("album"):  # type: ignore[arg-type]
            comes_back.wait()
        return real(path)  # type: ignore[call-overload]

    before = threading.active_count()
    monkeypatch.setattr(os, "scandir", scandir)
    yield share
    comes_back.set()
    for thread in threading.enumerate():
        if thread.name == "walk":
            thread.join()
    assert threading.active_count() == before


def test_a_folder_that_hangs_is_left_and_the_next_one_walked(
    lost: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "HANGS_S", 0.3)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "b.jpg").write_bytes(b"photo")
    walk = Walk()
    assert not walk_folder(lost, walk, device_before=None, report=ignore, stage="indexing")
    [(folder, reason)] = walk.skipped
    assert folder == lost
    assert "does not answer" in reason
    assert walk.devices == {}  # so that none of its photos counts as gone
    assert walk_folder(tmp_path / "here", walk, device_before=None, report=ignore, stage="indexing")
    assert [file.path.name for file in walk.files.values()] == ["b.jpg"]


def test_a_folder_that_is_slow_to_list_is_not_taken_for_one_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        (tmp_path / f"{number}.jpg").write_bytes(b"photo")
    real = os.scandir

    @contextmanager
    def slow(path: object) -> Iterator[Iterator[os.DirEntry[str]]]:
        with real(path) as entries:  # type: ignore[call-overload]
            yield (entry for entry in entries if not time.sleep(0.1))  # type: ignore[func-returns-value]

    monkeypatch.setattr(os, "scandir", slow)
    monkeypatch.setattr(folders, "HANGS_S", 0.6)
    walk = Walk()
    assert walk_folder(tmp_path, walk, device_before=None, report=ignore, stage="indexing")
    assert len(walk.files) == 12


def test_a_walk_that_hangs_can_be_cancelled(lost: Path) -> None:
    walk = Walk()
    told: list[Progress] = []

    def cancel(progress: Progress) -> None:
        told.append(progress)
        if [one.detail for one in told[-2:]] == ["album", "album"]:  # it has waited there for a while
            raise Cancelled

    with pytest.raises(Cancelled):
        walk_folder(lost, walk, device_before=None, report=cancel, stage="indexing")
    assert {progress.stage for progress in told} == {"indexing"}
    assert walk.files == {}
