"""Folders that come and go: drives unplugged, folders moved away, shares that do not answer, and their names."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from slideshow import drives
from slideshow.drives import THERE, Drives, FolderState, drive_name, drive_place, look_at, mounts

LIMIT_MS = 10_000


def found(folder: Path, *, device: int | None = None, mounted: dict[str, str] | None = None) -> FolderState:
    return look_at(folder, device_before=device, mounted=mounted if mounted is not None else {"/": "ext4"})


def test_a_folder_that_is_there(tmp_path: Path) -> None:
    state = found(tmp_path, device=tmp_path.stat().st_dev)
    assert state == THERE
    assert state.is_there
    assert not state.is_network


def test_a_folder_that_was_moved_away_is_no_drive(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert found(tmp_path / "gone", device=tmp_path.stat().st_dev).kind == "gone"
    (tmp_path / "file").write_text("no folder")
    assert found(tmp_path / "file").kind == "gone"
    assert found(tmp_path / "file" / "below").kind == "gone"


def test_the_empty_place_of_a_drive_is_a_drive_that_is_away(tmp_path: Path) -> None:
    mount = tmp_path / "Holidays"
    mount.mkdir()
    before = mount.stat().st_dev + 1  # the drive's own file system had another number
    assert found(mount, device=before) == FolderState("away", "Holidays")
    assert found(mount / "2024" / "Rome", device=before) == FolderState("away", "Holidays")
    assert found(mount, device=mount.stat().st_dev).kind == "there"  # emptied by the person
    assert found(mount).kind == "there"


def test_a_drive_where_systems_put_drives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    media = tmp_path / "media"
    monkeypatch.setattr(drives, "MOUNT_PLACES", (str(media),))
    photos = media / "ada" / "Holidays" / "2024"
    assert found(photos) == FolderState("away", "Holidays")
    photos.mkdir(parents=True)
    mounted = {"/": "ext4", str(media / "ada" / "Holidays"): "vfat"}
    assert found(photos, mounted=mounted) == FolderState("there", "Holidays")
    assert found(photos / "gone", mounted=mounted).kind == "gone"  # its drive is there


def test_network_file_systems_are_known(tmp_path: Path) -> None:
    state = found(tmp_path, mounted={"/": "ext4", str(tmp_path): "nfs4"})
    assert state.is_there
    assert state.is_network
    assert state.drive == tmp_path.name


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0)
    assert found(tmp_path / "locked").kind == "denied"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (PermissionError(13, "Permission denied"), "denied"),
        (OSError(107, "Transport endpoint is not connected"), "silent"),
        (OSError(40, "Too many levels of symbolic links"), "unreadable"),
    ],
)
def test_what_systems_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: OSError, kind: str) -> None:
    def refuse(path: object) -> None:
        raise error

    monkeypatch.setattr(os, "scandir", refuse)
    assert found(tmp_path).kind == kind


def test_places_and_names_of_drives() -> None:
    assert drive_place(Path("/media/ada/Holidays/2024"), {"/": "ext4"}) == Path("/media/ada/Holidays")
    assert drive_place(Path("/mnt/nas/photos"), {}) == Path("/mnt/nas")
    assert drive_place(Path("/home/ada/Pictures"), {"/": "ext4"}) == Path("/")
    assert drive_place(Path("/data/photos/a"), {"/": "ext4", "/data/photos": "xfs"}) == Path("/data/photos")
    assert drive_name(Path("/media/ada/Holidays")) == "Holidays"
    assert drive_name(Path("/")) == ""


@pytest.mark.skipif(not Path("/proc/self/mountinfo").exists(), reason="Linux lists its mounts")
def test_the_root_is_mounted() -> None:
    assert "/" in mounts()


def test_a_folder_that_goes_and_comes_back_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    watched = Drives()
    with qtbot.waitSignal(watched.looked, timeout=LIMIT_MS):
        watched.follow({tmp_path / "photos": None, tmp_path: None})
    assert watched.is_known
    assert watched.away == frozenset()
    (tmp_path / "photos").rename(tmp_path / "elsewhere")
    with qtbot.waitSignals([watched.changed, watched.looked], timeout=LIMIT_MS):
        watched.look()
    assert watched.away == {tmp_path / "photos"}
    assert watched._next.interval() == drives.LOOK_AWAY_MS
    (tmp_path / "elsewhere").rename(tmp_path / "photos")
    with qtbot.waitSignal(watched.changed, timeout=LIMIT_MS):
        watched.look()
    assert watched.away == frozenset()
    watched.shutdown()


def test_a_drive_that_hangs_holds_nothing_else_up(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share that is gone: what asks for it does not come back, and the other folders are known all the same."""
    hanging, release = tmp_path / "share", threading.Event()
    monkeypatch.setattr(drives, "SILENT_MS", 200)
    monkeypatch.setattr(drives, "mounts", lambda: {"/": "ext4", str(hanging): "cifs"})
    really = drives.look_at

    def look(folder: Path, **known: object) -> FolderState:
        if folder.is_relative_to(hanging):
            release.wait(10)
        return really(folder, **known)  # type: ignore[arg-type]

    monkeypatch.setattr(drives, "look_at", look)
    (hanging / "album").mkdir(parents=True)
    watched = Drives()
    with qtbot.waitSignal(watched.looked, timeout=LIMIT_MS):
        watched.follow({hanging / "album": None, tmp_path: None})
    assert watched.state_of(hanging / "album") == FolderState("silent", "share")
    assert watched.state_of(tmp_path).is_there
    n_threads = threading.active_count()
    with qtbot.waitSignal(watched.looked, timeout=LIMIT_MS):
        watched.look()
    assert threading.active_count() <= n_threads  # nobody else goes and waits there
    with qtbot.waitSignal(watched.changed, timeout=LIMIT_MS):
        release.set()
    assert watched.state_of(hanging / "album").is_there
    watched.shutdown()
