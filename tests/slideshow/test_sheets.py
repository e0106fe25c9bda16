"""Sheets one after the other: where the focus goes, and that nothing of a closed one is held on to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMainWindow
from pytestqt.qtbot import QtBot

from slideshow.app import Dresser
from slideshow.buttons import Button
from slideshow.focus_ring import FocusRing
from slideshow.labels import Label
from slideshow.sheets import KEYS, Sheet, show_keys


@pytest.fixture
def window(qtbot: QtBot, dressed: Dresser) -> Iterator[QMainWindow]:
    made = QMainWindow()
    made.resize(900, 700)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    yield made
    made.close()
    made.deleteLater()


def a_sheet(window: QMainWindow, title: str) -> Sheet:
    sheet = Sheet(window, title)
    sheet.add_button("Aside", "outlined", is_apart=True)
    sheet.add_button("Close", "outlined")
    sheet.add_button("Do it", "main", is_safe=True)
    sheet.open()
    return sheet


def destroy_closed() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_one_after_the_other_in_a_window_without_any_focus(qtbot: QtBot, window: QMainWindow) -> None:
    for title in ("First", "Second", "Third"):
        sheet = a_sheet(window, title)
        assert window.focusWidget().accessibleName() == "Do it"
        sheet.close()
        destroy_closed()
        assert window.focusWidget() is None
        ring = window.findChild(FocusRing)
        assert ring is not None
        assert not ring.isVisible()


def test_one_that_opens_out_of_another_does_not_hold_on_to_it(qtbot: QtBot, window: QMainWindow) -> None:
    first = a_sheet(window, "First")
    second = a_sheet(window, "Second")
    first.close()
    destroy_closed()
    second.close()  # what had the focus before it has gone


def test_the_focus_comes_back_and_stays_inside_meanwhile(qtbot: QtBot, window: QMainWindow) -> None:
    field = QLineEdit()
    window.setCentralWidget(field)
    field.show()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    sheet = a_sheet(window, "A sheet")
    seen = []
    for _ in range(4):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        seen.append(window.focusWidget().accessibleName())
    assert set(seen) == {"Aside", "Close", "Do it"}
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert window.focusWidget() is field


def test_a_button_that_stands_apart_is_at_the_left(qtbot: QtBot, window: QMainWindow) -> None:
    sheet = a_sheet(window, "A sheet")
    places = {button.accessibleName(): button.x() for button in sheet.findChildren(Button)}
    assert places["Aside"] < places["Close"] - 100 < places["Do it"]
    sheet.close()


@pytest.mark.parametrize("width_px", [1300, 900, 480])
def test_every_key_is_whole_in_a_window_of_any_width(qtbot: QtBot, window: QMainWindow, width_px: int) -> None:
    window.resize(width_px, 640)
    qtbot.waitUntil(lambda: window.width() == width_px)
    sheet = show_keys(window)
    meanings = {meaning for _, entries in KEYS for _, meaning in entries}
    shown = [label for label in sheet.findChildren(Label) if label.text() in meanings]
    assert {label.text() for label in shown} == meanings
    assert all(label.width() >= label.sizeHint().width() for label in shown)
    sheet.close()
