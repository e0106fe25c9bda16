"""Photos that stay out of shows: told by kind, let in one by one or all at once, and taken back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from slideshow.left_out_sheet import LeftOutSheet
from slideshow.main_window import MainWindow
from slideshow.sheets import Sheet

LIMIT_MS = 30_000


@pytest.fixture
def window(qtbot: QtBot, make_window: Callable[..., MainWindow], photo_folder: Path, tmp_path: Path) -> MainWindow:
    """A window with eight photos, of which three are screenshots and one is a scan."""
    made = make_window()
    qtbot.waitUntil(lambda: made.session.is_open, timeout=LIMIT_MS)
    made.add_folders([photo_folder])
    qtbot.waitUntil(lambda: made.session.n_photos == 8 and not made.session.indexing.is_running, timeout=LIMIT_MS)
    db = sqlite3.connect(tmp_path / "library.sqlite")
    kinds = "CASE WHEN id <= 3 THEN 'screenshot' WHEN id = 4 THEN 'document' END"
    db.execute(f"UPDATE photos SET kind = {kinds}, is_let_in = 0, is_examined = 1")
    db.commit()
    db.close()
    made.session.refresh()
    qtbot.waitUntil(lambda: made.session.n_photos == 4, timeout=LIMIT_MS)
    made.show_page("library")
    return made


def test_photos_are_let_in_and_taken_back(qtbot: QtBot, window: MainWindow) -> None:
    session, note = window.session, window.library_page.left_out
    assert note.words.text() == "4 screenshots and scans stay out of shows"
    assert note.button.text() == "See them"
    assert session.whole_catalog is not None
    assert len(session.whole_catalog) == 8
    qtbot.mouseClick(note.button, Qt.MouseButton.LeftButton)
    (sheet,) = (found for found in window.findChildren(Sheet) if isinstance(found, LeftOutSheet))
    assert sheet.kind == "screenshot"
    qtbot.mouseClick(sheet.grid, Qt.MouseButton.LeftButton, pos=sheet.grid.place(1).center())
    qtbot.waitUntil(lambda: session.n_photos == 5, timeout=LIMIT_MS)
    assert note.words.text() == "3 screenshots and scans stay out of shows"
    qtbot.mouseClick(sheet.everything, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.n_photos == 7, timeout=LIMIT_MS)
    assert note.button.text() == "See it"
    assert sheet.everything.text() == "Leave out all 3 screenshots"
    qtbot.mouseClick(sheet.kinds.chip("document"), Qt.MouseButton.LeftButton)
    sheet.grid.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(sheet.grid, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.n_photos == 8, timeout=LIMIT_MS)
    assert note.words.text() == "No photo stays out of shows for what it is any more"
    qtbot.keyClick(sheet.grid, Qt.Key.Key_Return)  # and out again
    qtbot.waitUntil(lambda: session.n_photos == 7, timeout=LIMIT_MS)
    qtbot.keyClick(sheet, Qt.Key.Key_Escape)
    toast = window.toasts.shown[-1]
    assert toast.text == "Shows may use 3 more photos."
    assert toast.button is not None
    qtbot.mouseClick(toast.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.n_photos == 4, timeout=LIMIT_MS)


def test_a_choice_by_hand_is_not_filtered(qtbot: QtBot, window: MainWindow) -> None:
    session = window.session
    assert session.whole_catalog is not None
    chosen = frozenset(photo.id for photo in session.whole_catalog.photos[:5])
    session.choose_photos(chosen)
    assert session.catalog is not None
    assert {photo.id for photo in session.catalog.photos} == chosen
    session.choose_photos(None)
    assert session.n_photos == 4
