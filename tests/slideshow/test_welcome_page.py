"""The welcome page: what is ready is checked off, songs can be picked, faults do not stop it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from slideshow.app import Dresser
from slideshow.demo_songs import DemoSongs
from slideshow.jobs import Jobs
from slideshow.session import Session
from slideshow.thumbnails import Thumbnails
from slideshow.welcome_page import WelcomePage

LIMIT_MS = 30_000


@pytest.fixture
def demo(qtbot: QtBot, jobs: Jobs, opened: Session, clip: Path, tmp_path: Path) -> DemoSongs:
    folder = tmp_path / "songs"
    folder.mkdir()
    shutil.copy(clip, folder / "01-calm-jungle.mp3")
    shutil.copy(clip.with_suffix(".flac"), folder / "02-other.flac")
    (folder / "03-broken.mp3").write_text("no song")
    return DemoSongs(opened, jobs, folder=folder)


@pytest.fixture
def page(qtbot: QtBot, dressed: Dresser, opened: Session, demo: DemoSongs) -> Iterator[WelcomePage]:
    thumbnails = Thumbnails()
    made = WelcomePage(opened, demo, thumbnails)
    qtbot.addWidget(made)
    made.resize(1280, 800)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    thumbnails.shutdown()


def test_songs_are_named_and_heard_and_a_broken_one_is_passed_over(
    qtbot: QtBot, page: WelcomePage, demo: DemoSongs, opened: Session
) -> None:
    assert [song.title for song in demo.songs] == ["Calm jungle", "Other", "Broken"]
    assert not page.play.isEnabled()
    with qtbot.waitSignal(opened.failed, timeout=LIMIT_MS):
        demo.hear()
    qtbot.waitUntil(lambda: demo.songs[1].is_heard, timeout=LIMIT_MS)
    assert demo.songs[0].is_heard
    assert demo.songs[0].curve is not None
    assert demo.songs[2].is_failed
    assert "0:20" in page.song_rows[0].accessibleName()


def test_picking_a_song_makes_a_show(qtbot: QtBot, page: WelcomePage, opened: Session, photo_folder: Path) -> None:
    opened.add_folders([photo_folder])
    qtbot.waitUntil(lambda: opened.n_photos == 8 and not opened.indexing.is_running, timeout=LIMIT_MS)
    assert page._photos_card.footer.text() == "8 photos, ready"
    qtbot.mouseClick(page.song_rows[1], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(page.play.isEnabled, timeout=LIMIT_MS)
    assert page.song_rows[1].isChecked()
    assert not page.song_rows[0].isChecked()
    assert opened.song is not None
    assert page._play_card.footer.text() == f"{opened.song.title} with 8 photos"
    with qtbot.waitSignal(page.play_wanted):
        qtbot.mouseClick(page.play, Qt.MouseButton.LeftButton)


def test_a_bad_song_is_said_and_another_can_be_picked(
    qtbot: QtBot, page: WelcomePage, opened: Session, demo: DemoSongs
) -> None:
    qtbot.mouseClick(page.song_rows[2], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: opened.song_error is not None, timeout=LIMIT_MS)
    assert page._song_card.footer.text() == "That song cannot be read"
    assert not page.play.isEnabled()
    qtbot.mouseClick(page.song_rows[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: opened.analysis is not None, timeout=LIMIT_MS)
    assert page._song_card.footer.text() == "Or drop a song here"


def test_it_does_not_say_that_there_are_no_photos_before_it_has_looked(
    qtbot: QtBot, dressed: Dresser, session: Session, jobs: Jobs, tmp_path: Path
) -> None:
    thumbnails = Thumbnails()
    page = WelcomePage(session, DemoSongs(session, jobs, folder=tmp_path), thumbnails)
    qtbot.addWidget(page)
    assert page._photos_card.footer.text() == "Looking for photos"
    with qtbot.waitSignal(session.opened, timeout=LIMIT_MS):
        session.open()
    page.refresh()
    assert page._photos_card.footer.text() == "No photos yet"
    thumbnails.shutdown()
