"""The library keeps step with its folders by itself: what comes, changes, moves, goes, is half there, or away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtGui import QImage, QTransform
from pytestqt.qtbot import QtBot

from engine.library import Library
from slideshow import drives, folder_following, folder_watch, session_indexing
from slideshow.session import Session

LIMIT_MS = 30_000


@pytest.fixture
def followed(
    qtbot: QtBot, opened: Session, photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Session, Path]:
    """A session that follows a folder of eight photos, with less patience than a person's."""
    monkeypatch.setattr(folder_watch, "QUIET_S", 0.2)
    monkeypatch.setattr(folder_following, "AGAIN_S", 0.3)
    monkeypatch.setattr(session_indexing, "SETTLE_S", 0.1)
    monkeypatch.setattr(drives, "LOOK_MS", 400)
    monkeypatch.setattr(drives, "LOOK_AWAY_MS", 200)
    opened.following.begin()
    opened.following.set_on(is_on=True)
    folder = photo_folder.resolve()
    with qtbot.waitSignal(opened.following.watch.settled, timeout=LIMIT_MS):
        opened.add_folders([folder])
    qtbot.waitUntil(lambda: opened.n_photos == 8 and not opened.indexing.is_running, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: opened.following.watch.is_watched(folder), timeout=LIMIT_MS)
    return opened, folder


def whole_ids(session: Session) -> dict[str, int]:
    assert session.whole_catalog is not None
    return {photo.path.name: photo.id for photo in session.whole_catalog.photos}


def turned(photo: Path, dest: Path) -> Path:
    """Another photo: one upside down."""
    QImage(str(photo)).transformed(QTransform().rotate(180)).save(str(dest))
    return dest


def runs_of(session: Session) -> list[object]:
    runs: list[object] = []
    session.indexing_finished.connect(lambda report, _: runs.append(report))
    return runs


def test_photos_come_move_change_and_go_by_themselves(qtbot: QtBot, followed: tuple[Session, Path]) -> None:
    session, folder = followed
    first, *others = sorted(folder.iterdir())
    before = whole_ids(session)
    runs = runs_of(session)
    turned(first, folder / "new.jpg")
    qtbot.waitUntil(lambda: session.n_photos == 9, timeout=LIMIT_MS)
    assert session.indexer.last.is_quiet
    assert session.folders == (folder,)  # what is looked into by itself becomes no folder of the library
    (folder / "album").mkdir()
    others[0].rename(folder / "album" / "moved.jpg")
    qtbot.waitUntil(lambda: whole_ids(session).get("moved.jpg") == before[others[0].name], timeout=LIMIT_MS)
    assert session.n_photos == 9
    with qtbot.waitSignal(session.photos_renewed, timeout=LIMIT_MS) as renewed:
        turned(others[1], others[1])  # changed in place
    assert renewed.args == [(others[1],)]
    others[2].unlink()
    qtbot.waitUntil(lambda: session.n_photos == 8, timeout=LIMIT_MS)
    shutil.rmtree(folder / "album")
    qtbot.waitUntil(lambda: session.n_photos == 7, timeout=LIMIT_MS)
    assert len(runs) <= 10


def test_an_import_is_one_run(qtbot: QtBot, followed: tuple[Session, Path]) -> None:
    session, folder = followed
    runs = runs_of(session)
    (folder / "import").mkdir()
    small = QImage(str(next(folder.glob("*.jpg")))).scaledToWidth(64)
    for i in range(60):
        small.setPixel(i, 0, 0xFFFF_0000)
        small.save(str(folder / "import" / f"IMG_{i:04}.png"))
    qtbot.waitUntil(lambda: session.n_photos == 68, timeout=LIMIT_MS)
    qtbot.wait(600)
    assert 1 <= len(runs) <= 2


def test_a_file_that_is_still_being_copied_waits_until_it_is_whole(
    qtbot: QtBot, followed: tuple[Session, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, folder = followed
    monkeypatch.setattr(session_indexing, "SETTLE_S", 1.0)
    data = turned(next(folder.glob("*.jpg")), folder.parent / "whole.jpg").read_bytes()
    runs = runs_of(session)
    with (folder / "copied.jpg").open("wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        qtbot.waitUntil(lambda: bool(runs), timeout=LIMIT_MS)
        assert [path.name for path in runs[0].put_off] == ["copied.jpg"]  # type: ignore[attr-defined]
        assert session.skipped == ()
        file.write(data[len(data) // 2 :])
    qtbot.waitUntil(lambda: session.n_photos == 9, timeout=LIMIT_MS)
    assert session.skipped == ()


def test_nothing_begins_while_a_film_is_saved_or_the_person_has_paused(
    qtbot: QtBot, followed: tuple[Session, Path]
) -> None:
    session, folder = followed
    runs = runs_of(session)
    session.indexer.give_way()
    turned(next(folder.glob("*.jpg")), folder / "new.jpg")
    with qtbot.assertNotEmitted(session.indexing_finished, wait=900):
        pass
    assert not session.indexer.film_is_over()  # nothing has to be resumed: it comes by itself
    qtbot.waitUntil(lambda: session.n_photos == 9, timeout=LIMIT_MS)
    session.look_into(session.folders)
    session.pause_indexing()
    n_runs = len(runs)
    turned(folder / "new.jpg", folder / "newer.jpg").touch()
    (folder / "new.jpg").unlink()
    qtbot.wait(700)
    assert len(runs) == n_runs
    session.resume_indexing()
    qtbot.waitUntil(lambda: "newer.jpg" in whole_ids(session), timeout=LIMIT_MS)
    assert session.folders == (folder,)


def unplug(session: Session, folder: Path) -> Path:
    """Take a folder's drive away: its place stays behind, empty, on the disk around it."""
    assert isinstance(session.library, Library)
    session.library.record_walk({bytes(folder): folder.stat().st_dev + 1}, {})  # the drive had a file system of its own
    away = folder.with_name("unplugged")
    folder.rename(away)
    folder.mkdir()
    return away


def plug_in(folder: Path, away: Path) -> None:
    folder.rmdir()
    away.rename(folder)


def test_a_drive_that_goes_keeps_its_photos_and_comes_back_by_itself(
    qtbot: QtBot, followed: tuple[Session, Path]
) -> None:
    session, folder = followed
    ids = frozenset(whole_ids(session).values())
    session.refresh()  # reads the device that the next line changes
    away = unplug(session, folder)
    with qtbot.waitSignal(session.catalog_changed, timeout=LIMIT_MS):
        session.refresh()
    qtbot.waitUntil(lambda: session.offline_ids == ids, timeout=LIMIT_MS)
    assert session.drives.state_of(folder).kind == "away"
    assert session.n_photos == 0
    assert frozenset(whole_ids(session).values()) == ids
    with qtbot.assertNotEmitted(session.indexing_finished, wait=700):
        session.rescan()
    turned(next(away.glob("*.jpg")), away / "meanwhile.jpg")
    plug_in(folder, away)
    qtbot.waitUntil(lambda: session.n_photos == 9, timeout=LIMIT_MS)
    assert session.offline_ids == frozenset()
    assert ids < frozenset(whole_ids(session).values())
    qtbot.waitUntil(lambda: session.following.watch.is_watched(folder), timeout=LIMIT_MS)


def test_a_choice_whose_drive_is_away_is_kept(qtbot: QtBot, followed: tuple[Session, Path]) -> None:
    session, folder = followed
    chosen = frozenset(list(whole_ids(session).values())[:3])
    session.choose_photos(chosen)
    folder.rename(folder.with_name("elsewhere"))
    qtbot.waitUntil(lambda: len(session.offline_ids) == 8, timeout=LIMIT_MS)
    assert session.chosen_ids == chosen
    assert session.n_photos == 3
    session.choose_photos(None)
    assert session.n_photos == 0
    folder.with_name("elsewhere").rename(folder)
    qtbot.waitUntil(lambda: session.n_photos == 8, timeout=LIMIT_MS)


def test_switched_off_it_does_nothing(qtbot: QtBot, followed: tuple[Session, Path]) -> None:
    session, folder = followed
    with qtbot.waitSignal(session.following.watch.settled, timeout=LIMIT_MS):
        session.following.set_on(is_on=False)
    with qtbot.assertNotEmitted(session.indexing_finished, wait=800):
        turned(next(folder.glob("*.jpg")), folder / "new.jpg")
    assert session.following.unheard == frozenset()
    session.rescan()
    qtbot.waitUntil(lambda: session.n_photos == 9, timeout=LIMIT_MS)


def test_a_network_drive_is_looked_through_now_and_then(
    qtbot: QtBot, followed: tuple[Session, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, folder = followed
    monkeypatch.setattr(drives, "mounts", lambda: {"/": "ext4", str(folder): "cifs"})
    qtbot.waitUntil(lambda: session.following.unheard == {folder}, timeout=LIMIT_MS)
    turned(next(folder.glob("*.jpg")), folder / "new.jpg")
    qtbot.wait(500)
    assert session.n_photos == 8
    monkeypatch.setattr(folder_following, "LOOK_EVERY_S", 0.5)
    qtbot.waitUntil(lambda: session.n_photos == 9, timeout=LIMIT_MS)


def test_a_linked_folder_is_followed_where_it_really_lies(
    qtbot: QtBot, followed: tuple[Session, Path], tmp_path: Path
) -> None:
    session, folder = followed
    share = tmp_path / "share"
    share.mkdir()
    turned(next(folder.glob("*.jpg")), share / "far.jpg")
    (folder / "link").symlink_to(share)
    session.rescan()
    qtbot.waitUntil(lambda: session.n_photos == 9, timeout=LIMIT_MS)
    assert session.elsewhere == (share.resolve(),)
    qtbot.waitUntil(lambda: session.following.watch.is_watched(share.resolve()), timeout=LIMIT_MS)
    share.rename(tmp_path / "away")
    qtbot.waitUntil(lambda: len(session.offline_ids) == 1, timeout=LIMIT_MS)
    with qtbot.waitSignal(session.indexing_finished, timeout=LIMIT_MS):
        session.rescan()
    assert len(session.offline_ids) == 1
    assert session.n_photos == 8
    (tmp_path / "away").rename(share)
    qtbot.waitUntil(lambda: session.n_photos == 9, timeout=LIMIT_MS)


def test_what_the_system_did_not_tell_is_found_in_time(
    qtbot: QtBot, followed: tuple[Session, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, folder = followed
    monkeypatch.setattr(session.following.watch, "hear", lambda *_: None)  # as if its queue had run over
    turned(next(folder.glob("*.jpg")), folder / "new.jpg")
    qtbot.wait(400)
    assert session.n_photos == 8
    monkeypatch.setattr(folder_following, "LOOK_ALL_EVERY_S", 0.5)
    qtbot.waitUntil(lambda: session.n_photos == 9, timeout=LIMIT_MS)


def test_a_drive_within_a_folder_goes_and_comes_back_by_itself(
    qtbot: QtBot, followed: tuple[Session, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session, folder = followed
    ids = whole_ids(session)
    inner = folder / "nas"
    inner.mkdir()
    for photo in sorted(folder.glob("*.jpg"))[:3]:
        photo.rename(inner / photo.name)
    qtbot.waitUntil(lambda: (folder / "nas") in {p.path.parent for p in session.catalog.photos}, timeout=LIMIT_MS)  # type: ignore[union-attr]
    session.following.watch.shutdown()  # a mount stirs nothing
    mounted = {"/": "ext4", str(inner): "nfs4"}
    monkeypatch.setattr(drives, "mounts", lambda: dict(mounted))
    with qtbot.waitSignal(session.drives.mounts_changed, timeout=LIMIT_MS):
        session.drives.look()
    inner.rename(tmp_path / "unmounted")
    inner.mkdir()
    del mounted[str(inner)]
    qtbot.waitUntil(lambda: session.n_photos == 5, timeout=LIMIT_MS)
    inner.rmdir()
    (tmp_path / "unmounted").rename(inner)
    mounted[str(inner)] = "nfs4"
    qtbot.waitUntil(lambda: session.n_photos == 8, timeout=LIMIT_MS)
    assert whole_ids(session) == ids


def test_who_pauses_while_the_drives_are_looked_at_is_not_overruled(
    qtbot: QtBot, followed: tuple[Session, Path]
) -> None:
    session, folder = followed
    runs = runs_of(session)
    session.following.look_at([folder])  # which looks whether it is there first
    session.look_into([folder])
    session.pause_indexing()
    with qtbot.waitSignal(session.drives.looked, timeout=LIMIT_MS):
        pass
    assert session.indexing.is_paused
    with qtbot.assertNotEmitted(session.indexing_finished, wait=500):
        pass
    session.resume_indexing()
    qtbot.waitUntil(lambda: len(runs) == 2, timeout=LIMIT_MS)  # what was paused, and what is due
