"""The Library page: folders with their counts and switches, indexing that can be paused and stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from slideshow.app import Dresser
from slideshow.library_page import LibraryPage
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


def test_a_folder_that_is_away_says_so(
    qtbot: QtBot, page: LibraryPage, opened: Session, photo_folder: Path, tmp_path: Path
) -> None:
    opened.add_folders([photo_folder])
    qtbot.waitUntil(lambda: opened.n_photos == 8 and not opened.indexing.is_running, timeout=LIMIT_MS)
    photo_folder.rename(tmp_path / "elsewhere")
    opened.refresh()
    row = page.rows[photo_folder.resolve()]
    qtbot.waitUntil(lambda: row._count.text() == "Not connected", timeout=LIMIT_MS)
