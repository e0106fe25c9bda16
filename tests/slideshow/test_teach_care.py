"""Ratings saved to a file, dropped from one, taken back as one deed, and forgotten after a question."""

from __future__ import annotations

import csv
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from engine.errors import UnreadablePhoto
from slideshow.buttons import Button
from slideshow.main_window import MainWindow
from slideshow.sheets import Sheet

LIMIT_MS = 60_000
N_PHOTOS = 8
LEFT = Qt.MouseButton.LeftButton
MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def window(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path) -> MainWindow:
    """A window that shows Teach with two photos rated and a pair compared."""
    made = make_window()
    qtbot.waitUntil(lambda: made.session.is_open, timeout=LIMIT_MS)
    made.add_folders([photo_folder])
    qtbot.waitUntil(lambda: made.session.n_photos == N_PHOTOS and not made.jobs.is_busy, timeout=LIMIT_MS)
    made.show_page("teach")
    assert made.session.catalog is not None
    first, second, *_ = made.session.catalog.photos
    made.teaching.rate(first, (0.25, 0.75))
    made.teaching.rate(second, (0.9, 0.1))
    made.teaching.compare(first, second, "calmer", "second")
    settled(qtbot, made)
    return made


def settled(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.jobs.is_busy, timeout=LIMIT_MS)


def told(window: MainWindow) -> list[str]:
    return [toast.text for toast in window.toasts.shown]


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    none = Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, data, LEFT, none))


def test_saved_forgotten_and_dropped_again(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teaching, before = window.teaching, window.teaching.now
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    window.menus.actions["export ratings"].trigger()
    saved = tmp_path / "mine.csv"
    qtbot.waitUntil(lambda: "2 ratings and 1 answer were saved to mine.csv." in told(window), timeout=LIMIT_MS)
    with saved.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["kind"], row["valence"]) for row in rows] == [("photo", "0.25"), ("photo", "0.9"), ("comparison", "")]
    window.menus.actions["forget ratings"].trigger()
    sheet = next(found for found in window.findChildren(Sheet) if found.isVisible())
    assert window.focusWidget().accessibleName() == "Cancel"
    next(button for button in sheet.findChildren(Button) if button.text() == "Forget them").click()
    settled(qtbot, window)
    assert (teaching.n_ratings, teaching.now.comparisons) == (0, ())
    drop(window, saved)
    qtbot.waitUntil(lambda: "2 ratings taken in, 1 answer." in told(window), timeout=LIMIT_MS)
    assert teaching.now.ratings == before.ratings
    assert len(teaching.now.comparisons) == 1
    window.menus.actions["undo"].trigger()
    settled(qtbot, window)
    assert (teaching.n_ratings, teaching.now.comparisons) == (0, ())
    saved.unlink()
    window.menus.actions["redo"].trigger()  # what the file held is known
    settled(qtbot, window)
    assert teaching.now.ratings == before.ratings
    assert len(teaching.now.comparisons) == 1


def test_rows_of_nonsense_are_named_and_what_was_replaced_comes_back(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    teaching, before = window.teaching, window.teaching.now
    assert window.session.catalog is not None
    photo = window.session.catalog.photos[0]
    source = tmp_path / "ratings.csv"
    source.write_text(f"path,valence,arousal\n{photo.path},0.5,0.2\nnowhere.jpg,0.5,0.5\n,7,x\n", encoding="utf-8")
    window.teach_care.take_in(source)
    words = "1 rating taken in. 2 rows could not be used."
    qtbot.waitUntil(lambda: words in told(window), timeout=LIMIT_MS)
    rating = teaching.rating_of(photo)
    assert rating is not None
    assert rating.valence == pytest.approx(0.5)
    toast = next(toast for toast in window.toasts.shown if toast.text == words)
    assert toast.button is not None
    qtbot.mouseClick(toast.button, LEFT)
    sheet = next(found for found in window.findChildren(Sheet) if found.isVisible())
    sheet.close()
    window.menus.actions["undo"].trigger()
    settled(qtbot, window)
    assert teaching.now.ratings == before.ratings
    window.teach_care.take_in(tmp_path / "absent.csv")
    qtbot.waitUntil(lambda: any("ratings cannot be read" in text for text in told(window)), timeout=LIMIT_MS)
    settled(qtbot, window)
    assert teaching.undo_name("photos") == "answer"  # a file that was not taken in leaves nothing to undo


def test_a_file_of_ratings_whose_photos_lie_on_a_drive_that_hangs_holds_nothing_up(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_asked, is_back, done = threading.Event(), threading.Event(), list[object]()

    def hang(path: Path) -> bytes:
        is_asked.set()
        is_back.wait(2 * LIMIT_MS / 1000)
        raise UnreadablePhoto(path, "the drive has gone")

    monkeypatch.setattr("engine.ratings_file.read_photo", hang)
    source = tmp_path / "ratings.csv"
    source.write_text("path,valence,arousal\naway.jpg,0.5,0.2\n", encoding="utf-8")
    try:
        window.teach_care.take_in(source)
        qtbot.waitUntil(is_asked.is_set, timeout=LIMIT_MS)
        window.jobs.submit("short", lambda report: None, on_done=done.append)
        qtbot.waitUntil(lambda: len(done) == 1, timeout=LIMIT_MS // 2)
    finally:
        is_back.set()
    qtbot.waitUntil(lambda: any("1 row could not be used" in text for text in told(window)), timeout=LIMIT_MS)


def test_the_page_has_a_menu(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.mouseClick(window.teach_page.more, LEFT)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert [action.isEnabled() for action in menu.actions() if action.text()] == [True, True, True]
    menu.close()
    window.teach_care.forget()
    settled(qtbot, window)
    window.teach_care.ask_to_forget()
    window.teach_care.choose_export()
    assert "There is nothing to forget yet." in told(window)
    assert "There are no ratings to save yet." in told(window)
    assert not any(sheet.isVisible() for sheet in window.findChildren(Sheet))
