"""Toasts and sheets: seen, acted on, gone; a progress stays; a sheet keeps the focus and gives it back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from slideshow import toasts as module
from slideshow.app import Dresser
from slideshow.buttons import Button
from slideshow.focus_ring import FocusRing
from slideshow.labels import Label
from slideshow.settings import SettingsStore
from slideshow.sheets import ask, show_keys
from slideshow.toasts import Offer, Toasts


@pytest.fixture
def window(qtbot: QtBot, dressed: Dresser) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(900, 600)
    with qtbot.waitExposed(made):
        made.show()
    QCursor.setPos(made.screen().geometry().bottomRight())  # a toast stays while the mouse is over it
    return made


def test_a_toast_acts_and_goes(qtbot: QtBot, window: QWidget) -> None:
    toasts, acted = Toasts(window), []
    toast = toasts.show("Photo swapped", action="Undo", on_action=lambda: acted.append(True))
    assert toast.isVisible()
    assert toast.height() == 48
    assert abs(toast.geometry().center().x() - 450) <= 1
    assert toast.button is not None
    qtbot.mouseClick(toast.button, Qt.MouseButton.LeftButton)
    assert acted == [True]
    assert toasts.shown == ()


def test_what_the_keys_take_back_is_offered_no_longer(window: QWidget) -> None:
    toasts = Toasts(window)
    offers: list[Offer] = []
    taken: list[str] = []
    toasts.undo_offered.connect(offers.append)
    toasts.undo_taken.connect(lambda: taken.append("told"))
    toasts.show("Two photos marked", action="Undo", on_action=lambda: toasts.show("They are not marked"))
    (offer,) = offers
    offer.take_back()
    offer.take_back()
    assert [toast.text for toast in toasts.shown] == ["They are not marked"]
    assert taken == ["told"]


def test_toasts_keep_clear_of_what_is_worked_with(qtbot: QtBot, window: QWidget) -> None:
    toasts = Toasts(window)
    tools = QWidget(window)
    tools.setGeometry(0, 400, 900, 150)
    tools.show()
    toasts.keep_clear(tools)
    toast = toasts.show("Photo swapped", action="Undo")
    assert toast.geometry().bottom() < 400 - 20
    tools.move(0, 300)
    assert toast.geometry().bottom() < 300 - 20
    tools.hide()
    assert toast.geometry().bottom() == 600 - 24 - 1


def test_a_toast_goes_by_itself(qtbot: QtBot, window: QWidget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STAYS_MS", 60)
    toasts = Toasts(window)
    toasts.show("Soon gone")
    qtbot.waitUntil(lambda: toasts.shown == (), timeout=3000)


def test_a_progress_stays_and_outlives_later_toasts(
    qtbot: QtBot, window: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STAYS_MS", 30)
    toasts = Toasts(window)
    film = toasts.show("Saving the film", action="Cancel")
    film.set_progress(0.3)
    for i in range(6):
        toasts.show(f"Notice {i}")
    assert film in toasts.shown
    assert len(toasts.shown) == module.MAX_TOASTS
    qtbot.waitUntil(lambda: toasts.shown == (film,), timeout=3000)
    film.leave()
    assert toasts.shown == ()


def test_a_sentence_that_grows_is_never_cut(window: QWidget) -> None:
    toasts = Toasts(window)
    film = toasts.show("Saving the film", action="Cancel")
    film.set_text("Saving the film: 10 %. About 12 minutes left.")
    grown_px = film.width()
    assert grown_px == film.sizeHint().width() > module.MIN_WIDTH_PX
    assert abs(film.geometry().center().x() - 450) <= 1
    film.set_text("Saving the film: 9 %.")
    assert film.width() == grown_px


def test_the_keys_are_whole_at_the_largest_text(qtbot: QtBot, window: QWidget, store: SettingsStore) -> None:
    store.change(text_scale=1.5)
    window.resize(1024, 700)
    sheet = show_keys(window)
    cut = [
        label.text()
        for label in sheet.findChildren(Label)
        if not label.wordWrap() and label.width() < label.sizeHint().width()
    ]
    assert cut == []


def test_the_same_words_are_one_toast(window: QWidget) -> None:
    toasts = Toasts(window)
    toasts.show("Again")
    toasts.show("Again")
    assert len(toasts.shown) == 1


def test_toasts_follow_the_window(qtbot: QtBot, window: QWidget) -> None:
    toasts = Toasts(window)
    toast = toasts.show("Here")
    window.resize(700, 500)
    qtbot.waitUntil(lambda: toast.geometry().bottom() == 500 - module.MARGIN_PX - 1)
    assert abs(toast.geometry().center().x() - 350) <= 1


def test_a_sheet_asks_safely(qtbot: QtBot, window: QWidget) -> None:
    acted: list[bool] = []
    sheet = ask(
        window,
        question="Discard the film?",
        text="It can be made again.",
        verb="Discard",
        act=lambda: acted.append(True),
    )
    assert sheet.isVisible()
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    assert acted == []
    sheet = ask(window, question="Discard?", text="Really.", verb="Discard", act=lambda: acted.append(True))
    verb = next(button for button in sheet.findChildren(Button) if button.text() == "Discard")
    qtbot.mouseClick(verb, Qt.MouseButton.LeftButton)
    assert acted == [True]


def test_tab_stays_within_a_sheet(qtbot: QtBot, window: QWidget) -> None:
    outside = Button("Outside", parent=window)
    outside.show()
    window.activateWindow()
    sheet = ask(window, question="Stay?", text="Here.", verb="Yes", act=lambda: None)
    names = set()
    for _ in range(5):
        sheet.focusNextPrevChild(True)
        focused = window.focusWidget()
        assert isinstance(focused, Button)
        names.add(focused.text())
    assert names == {"Cancel", "Yes"}


def test_the_ring_shows_for_keys_only(qtbot: QtBot, window: QWidget) -> None:
    button = Button("Press", parent=window)
    button.move(100, 100)
    button.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=3000)
    button.clearFocus()  # Qt has given it to the only one that can take it
    button.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: window.findChild(FocusRing) is not None)
    ring = window.findChild(FocusRing)
    assert ring.isVisible()
    assert ring.geometry() == button.geometry().adjusted(-4, -4, 4, 4)
    button.clearFocus()
    assert not ring.isVisible()
    button.setFocus(Qt.FocusReason.MouseFocusReason)
    assert not ring.isVisible()
