"""The Library page: folders with their counts and switches, indexing that can be paused and stopped."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from slideshow.app import Dresser
from slideshow.away_words import drive_words, sentence_of
from slideshow.drives import FolderState, Kind
from slideshow.jobs import Jobs
from slideshow.library_page import MAX_ROWS, LibraryPage
from slideshow.session import Session
from slideshow.session_indexing import Indexing
from slideshow.thumbnails import Thumbnails

LIMIT_MS = 30_000


@pytest.fixture
def page(qtbot: QtBot, dressed: Dresser, opened: Session) -> Iterator[LibraryPage]:
    thumbnails = Thumbnails()
    made = LibraryPage(opened, thumbnails)
    qtbot.addWidget(made)
    made.resize(1000, 700)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    thumbnails.shutdown()


def test_an_empty_library_says_what_to_do(qtbot: QtBot, page: LibraryPage) -> None:
    assert page.empty.isVisible()
    with qtbot.waitSignal(page.demo_wanted):
        qtbot.mouseClick(page.empty.buttons[1], Qt.MouseButton.LeftButton)


def test_folders_are_listed_rested_and_forgotten(
    qtbot: QtBot, page: LibraryPage, opened: Session, photo_folder: Path
) -> None:
    opened.add_folders([photo_folder])
    qtbot.waitUntil(lambda: opened.n_photos == 8 and not opened.indexing.is_running, timeout=LIMIT_MS)
    row = page.rows[photo_folder.resolve()]
    qtbot.waitUntil(row.isVisible, timeout=LIMIT_MS)  # a layout shows what it was given at the next turn of the loop
    assert row._count.text() == "8 photos"
    assert row.in_shows.isChecked()
    with qtbot.waitSignal(page.rest_asked) as asked:
        qtbot.mouseClick(row.in_shows, Qt.MouseButton.LeftButton)
    assert asked.args == [str(photo_folder.resolve()), True]
    opened.rest_folders([str(photo_folder.resolve())])
    qtbot.waitUntil(lambda: row._count.text() == "At rest", timeout=LIMIT_MS)
    with qtbot.waitSignal(page.forget_asked) as forgotten:
        qtbot.mouseClick(row.forget, Qt.MouseButton.LeftButton)
    opened.remove_folder(forgotten.args[0])
    qtbot.waitUntil(lambda: page.rows == {}, timeout=LIMIT_MS)
    assert page.empty.isVisible()


def test_a_folder_is_listed_at_once_though_a_film_comes_first(
    qtbot: QtBot, page: LibraryPage, opened: Session, photo_folder: Path, jobs: Jobs
) -> None:
    film_is_over = threading.Event()
    film = jobs.submit("background", lambda report: film_is_over.wait(60))
    opened.indexer.give_way()
    folder = photo_folder.resolve()
    opened.add_folders([folder])
    qtbot.waitUntil(lambda: folder in page.rows, timeout=LIMIT_MS)
    assert page.rows[folder]._count.text() == "Waiting"
    assert not film.is_finished
    film_is_over.set()
    qtbot.waitUntil(lambda: page.rows[folder]._count.text() == "8 photos", timeout=LIMIT_MS)


def test_indexing_is_shown_paused_and_stopped(
    qtbot: QtBot, page: LibraryPage, opened: Session, photo_folder: Path
) -> None:
    card = page.indexing_card
    opened.add_folders([photo_folder])
    assert card.isVisible()
    qtbot.mouseClick(card.pause, Qt.MouseButton.LeftButton)
    assert opened.indexing.is_paused
    assert card.pause.text() == "Go on"
    qtbot.mouseClick(card.pause, Qt.MouseButton.LeftButton)
    assert opened.indexing.is_running
    qtbot.mouseClick(card.stop, Qt.MouseButton.LeftButton)
    assert not opened.indexing.is_running
    assert not card.isVisible()


def test_progress_is_worded(qtbot: QtBot, page: LibraryPage, opened: Session) -> None:
    opened.indexer.now = Indexing(is_running=True, done=3270, total=4812, seconds_left=180.0)
    opened.indexing_changed.emit()
    card = page.indexing_card
    assert card._count.text() == "3,270 of 4,812 photos"
    assert card._left.text() == "About 3 minutes left"
    assert not card.start.isEnabled()


def test_a_folder_that_was_moved_says_so(
    qtbot: QtBot, page: LibraryPage, opened: Session, photo_folder: Path, tmp_path: Path
) -> None:
    opened.add_folders([photo_folder])
    qtbot.waitUntil(lambda: opened.n_photos == 8 and not opened.indexing.is_running, timeout=LIMIT_MS)
    photo_folder.rename(tmp_path / "elsewhere")
    opened.drives.look()
    row = page.rows[photo_folder.resolve()]
    qtbot.waitUntil(lambda: row._count.text() == "Not there", timeout=LIMIT_MS)
    assert row._sentence.text().startswith("It is not where it was. Its 8 photos are kept.")
    assert page.drive_cards == {}
    qtbot.waitUntil(lambda: page._summary.text() == "0 photos in shows, 8 away", timeout=LIMIT_MS)
    (tmp_path / "elsewhere").rename(photo_folder)
    opened.drives.look()
    qtbot.waitUntil(lambda: row._count.text() == "8 photos", timeout=LIMIT_MS)
    assert not row._sentence.isVisible()


def test_a_drive_that_is_away_is_told_once_for_all_its_folders(
    qtbot: QtBot, page: LibraryPage, opened: Session, photo_folder: Path, tmp_path: Path
) -> None:
    drive = tmp_path.resolve() / "Holidays"
    albums = [drive / "2023", drive / "2024"]
    for album, photos in zip(albums, (slice(0, 3), slice(3, 7)), strict=True):
        album.mkdir(parents=True)
        for photo in sorted(photo_folder.iterdir())[photos]:
            shutil.copy2(photo, album)
    opened.add_folders(albums)
    qtbot.waitUntil(lambda: opened.n_photos == 7 and not opened.indexing.is_running, timeout=LIMIT_MS)
    assert opened.library is not None
    opened.library.record_walk({os.fsencode(album): 1 for album in albums}, {})  # a file system of its own
    opened.refresh()
    qtbot.waitUntil(lambda: all(opened.folder_infos[album].device == 1 for album in albums), timeout=LIMIT_MS)
    for album in albums:
        album.rename(tmp_path / album.name)
    opened.drives.look()
    qtbot.waitUntil(lambda: len(page.drive_cards) == 1 and len(opened.offline_ids) == 7, timeout=LIMIT_MS)
    (card,) = page.drive_cards.values()
    assert card.heading.text() == "The drive “Holidays” is not connected"
    assert card.text.text() == "Seven photos are waiting on it. Connect it and they will come back by themselves."
    assert [row._count.text() for row in page.rows.values()] == ["Not connected"] * 2
    for album in albums:
        (tmp_path / album.name).rename(album)
    qtbot.mouseClick(card.look, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.drive_cards == {} and opened.n_photos == 7, timeout=LIMIT_MS)


def test_many_folders_are_shown_on_request(
    qtbot: QtBot, page: LibraryPage, opened: Session, photo_folder: Path, tmp_path: Path
) -> None:
    folders = [tmp_path / f"album {i:02}" for i in range(20)]
    for folder in folders:
        folder.mkdir()
    opened.add_folders(folders)
    qtbot.waitUntil(lambda: len(page.rows) == 20 and not opened.indexing.is_running, timeout=LIMIT_MS)
    qtbot.waitUntil(page.all_folders.isVisible, timeout=LIMIT_MS)
    assert page.all_folders.text() == "Show all 20 folders"
    assert sum(not row.isHidden() for row in page.rows.values()) == MAX_ROWS
    qtbot.mouseClick(page.all_folders, Qt.MouseButton.LeftButton)
    assert not any(row.isHidden() for row in page.rows.values())
    assert page.all_folders.text() == "Show fewer folders"


def test_what_cannot_be_read_is_counted_until_it_can(
    qtbot: QtBot, page: LibraryPage, opened: Session, photo_folder: Path, tmp_path: Path
) -> None:
    (photo_folder / "broken.jpg").write_text("no photo")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "empty.jpg").touch()
    opened.add_folders([photo_folder, tmp_path / "other"])
    qtbot.waitUntil(lambda: page.unread.words.text() == "2 could not be read", timeout=LIMIT_MS)
    with qtbot.waitSignal(page.unread_wanted):
        qtbot.mouseClick(page.unread.button, Qt.MouseButton.LeftButton)
    shutil.copy(next(photo_folder.glob("c*.jpg")), photo_folder / "broken.jpg")
    opened.look_into([photo_folder.resolve()])  # the other folder's file is still empty
    qtbot.waitUntil(lambda: page.unread.words.text() == "1 could not be read", timeout=LIMIT_MS)
    opened.remove_folder(tmp_path.resolve() / "other")
    qtbot.waitUntil(lambda: not page.unread.isVisible(), timeout=LIMIT_MS)


def test_a_section_of_another_kind_has_its_place(qtbot: QtBot, page: LibraryPage, opened: Session) -> None:
    section = QWidget()
    page.add_section(section)
    assert page.scroller.isAncestorOf(section)


@pytest.mark.parametrize(
    ("kind", "n_photos", "words"),
    [
        ("away", 0, "Connect it and its photos will come back by themselves."),
        ("away", 1, "One photo is waiting on it. Connect it and it will come back by itself."),
        ("away", 1204, "1,204 photos are waiting on it. Connect it and they will come back by themselves."),
        ("silent", 2, "Two photos are waiting on it. When it does, they will come back by themselves."),
    ],
)
def test_a_drive_in_words(kind: Kind, n_photos: int, words: str) -> None:
    assert drive_words(FolderState(kind, "Holidays"), n_photos)[1] == words


def test_folders_that_cannot_be_opened_in_words() -> None:
    assert "permission is denied. Its one photo is kept" in sentence_of(FolderState("denied"), 1)
    assert sentence_of(FolderState("unreadable", reason="Too many levels"), 0).startswith("It cannot be read: Too many")
    assert sentence_of(FolderState("away", "Holidays"), 3) == ""  # its drive says it


def test_what_is_only_looked_for_now_and_then_is_said(
    qtbot: QtBot, page: LibraryPage, opened: Session, photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = photo_folder.resolve()
    monkeypatch.setattr("slideshow.drives.mounts", lambda: {"/": "ext4", str(folder): "nfs4"})
    opened.following.begin()
    opened.following.set_on(is_on=True)
    opened.add_folders([folder])
    words = "Changes in photos are looked for every 15 minutes: network drives do not tell of them."
    qtbot.waitUntil(lambda: page.unheard.text() == words, timeout=LIMIT_MS)
    opened.following.set_on(is_on=False)
    opened.refresh()
    qtbot.waitUntil(lambda: not page.unheard.isVisible(), timeout=LIMIT_MS)
