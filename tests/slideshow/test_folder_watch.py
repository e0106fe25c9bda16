"""Hearing of changes in real folders: files made, changed in place, moved and deleted, in folders new and old."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from slideshow import folder_watch
from slideshow.folder_watch import FolderWatch, count_subfolders, most_watched, outermost

LIMIT_MS = 10_000


@pytest.fixture
def watch(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[FolderWatch]:
    monkeypatch.setattr(folder_watch, "QUIET_S", 0.15)
    made = FolderWatch()
    yield made
    made.shutdown()


@pytest.fixture
def watched(qtbot: QtBot, watch: FolderWatch, tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    (folder / "old").mkdir(parents=True)
    (folder / "old" / "a.jpg").write_bytes(b"a photo")
    with qtbot.waitSignal(watch.settled, timeout=LIMIT_MS):
        watch.watch([folder])
    return folder


def heard(qtbot: QtBot, watch: FolderWatch, act: object) -> frozenset[Path]:
    with qtbot.waitSignal(watch.stirred, timeout=LIMIT_MS) as told:
        act()  # type: ignore[operator]
    folders: frozenset[Path] = told.args[0]
    return folders


def test_new_changed_moved_and_deleted_photos_are_heard_of(qtbot: QtBot, watch: FolderWatch, watched: Path) -> None:
    assert heard(qtbot, watch, lambda: (watched / "new.jpg").write_bytes(b"a")) == {watched}
    assert heard(qtbot, watch, lambda: (watched / "old" / "a.jpg").write_bytes(b"changed in place")) == {
        watched / "old"
    }
    assert heard(qtbot, watch, lambda: (watched / "new.jpg").rename(watched / "old" / "b.JPG")) == {watched}
    assert heard(qtbot, watch, (watched / "old" / "b.JPG").unlink) == {watched / "old"}


def test_what_is_no_photo_is_not_told_of(qtbot: QtBot, watch: FolderWatch, watched: Path) -> None:
    with qtbot.assertNotEmitted(watch.stirred, wait=500):
        (watched / "notes.txt").write_text("no photo")
        (watched / ".hidden.jpg").write_bytes(b"no photo of anyone's")
        (watched / "old" / "a.jpg").read_bytes()


def test_a_new_folder_is_heard_of_and_listened_to(qtbot: QtBot, watch: FolderWatch, watched: Path) -> None:
    assert heard(qtbot, watch, (watched / "new").mkdir) == {watched / "new"}
    assert heard(qtbot, watch, lambda: (watched / "new" / "a.jpg").write_bytes(b"a")) == {watched / "new"}
    (watched.parent / "outside").mkdir()
    (watched.parent / "outside" / "b.jpg").write_bytes(b"b")
    move = (watched.parent / "outside").rename
    assert heard(qtbot, watch, lambda: move(watched / "inside")) == {watched / "inside"}
    assert heard(qtbot, watch, lambda: (watched / "inside").rename(watched.parent / "outside")) == {watched}


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are text")
def test_names_that_are_no_text_are_heard_of(qtbot: QtBot, watch: FolderWatch, watched: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(watched) + b"/odd-\xff"))
    assert heard(qtbot, watch, odd.mkdir) == {odd}
    assert heard(qtbot, watch, lambda: (odd / "日本.jpg").write_bytes(b"a")) == {odd}


def test_an_import_is_told_of_once(qtbot: QtBot, watch: FolderWatch, watched: Path) -> None:
    told: list[object] = []
    watch.stirred.connect(told.append)
    (watched / "import").mkdir()
    for i in range(300):
        (watched / "import" / f"IMG_{i:04}.jpg").write_bytes(b"a")
        if i % 30 == 0:
            qtbot.wait(10)
    qtbot.waitUntil(lambda: bool(told), timeout=LIMIT_MS)
    qtbot.wait(400)
    assert told == [{watched / "import"}]


def test_changes_that_never_end_are_told_of_all_the_same(
    qtbot: QtBot, watch: FolderWatch, watched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_watch, "QUIET_S", 1.0)
    monkeypatch.setattr(folder_watch, "LONGEST_WAIT_S", 1.5)
    told: list[float] = []
    watch.stirred.connect(lambda _: told.append(time.monotonic()))
    started_s = time.monotonic()
    while not told and time.monotonic() - started_s < 8:
        (watched / "endless.jpg").write_bytes(b"a")
        qtbot.wait(50)
    assert len(told) == 1


def test_a_folder_that_was_replaced_is_watched_again(qtbot: QtBot, watch: FolderWatch, watched: Path) -> None:
    watched.rename(watched.parent / "before")
    watched.mkdir()
    watch.watch([watched])
    qtbot.wait(300)
    assert heard(qtbot, watch, lambda: (watched / "new.jpg").write_bytes(b"a")) == {watched}


def test_folders_no_longer_wanted_are_left_alone(qtbot: QtBot, watch: FolderWatch, watched: Path) -> None:
    with qtbot.waitSignal(watch.settled, timeout=LIMIT_MS):
        watch.watch([])
    with qtbot.assertNotEmitted(watch.stirred, wait=400):
        (watched / "new.jpg").write_bytes(b"a")
    assert not watch.is_watched(watched)


def test_too_many_folders_are_refused(
    qtbot: QtBot, watch: FolderWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_watch, "MAX_WATCHED", 3)
    for i in range(5):
        (tmp_path / "many" / str(i)).mkdir(parents=True)
    (tmp_path / "few" / "one").mkdir(parents=True)
    with qtbot.waitSignal(watch.settled, timeout=LIMIT_MS):
        watch.watch([tmp_path / "many", tmp_path / "few", tmp_path / "nowhere"])
    assert watch.refused == {tmp_path / "many", tmp_path / "nowhere"}
    assert watch.is_watched(tmp_path / "few" / "one")
    assert not watch.is_watched(tmp_path / "many" / "1")


def test_half_of_the_systems_limit_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_watch, "WATCHES_LIMIT", tmp_path / "max_user_watches")
    assert most_watched() == folder_watch.MAX_WATCHED
    (tmp_path / "max_user_watches").write_text("8192\n")
    assert most_watched() == 4096


def test_folders_are_counted_and_sorted(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path)
    assert count_subfolders(tmp_path, most=10) == 3
    assert count_subfolders(tmp_path, most=1) == 2
    assert outermost([tmp_path, tmp_path / "a", Path("/elsewhere")]) == {tmp_path, Path("/elsewhere")}


def test_a_folder_too_large_is_not_counted_at_every_look(
    qtbot: QtBot, watch: FolderWatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_watch, "MAX_WATCHED", 3)
    many, few = tmp_path / "many", tmp_path / "few"
    for i in range(5):
        (many / str(i)).mkdir(parents=True)
    few.mkdir()
    counts: list[Path] = []
    really = folder_watch.count_subfolders

    def count(folder: Path, *, most: int) -> int:
        counts.append(folder)
        return really(folder, most=most)

    monkeypatch.setattr(folder_watch, "count_subfolders", count)
    for wanted in ([many], [many, few], [many]):
        with qtbot.waitSignal(watch.settled, timeout=LIMIT_MS):
            watch.watch(wanted)
        assert watch.refused == {many}
    # Where another is let go there is more room, so it is counted once more.
    assert counts == [many, few, many]
    many.rename(tmp_path / "away")
    with qtbot.waitSignal(watch.settled, timeout=LIMIT_MS):
        watch.watch([many, few])
    (many / "one").mkdir(parents=True)
    with qtbot.waitSignal(watch.settled, timeout=LIMIT_MS):
        watch.watch([many, few])
    assert watch.is_watched(many)  # another folder has come to its place
