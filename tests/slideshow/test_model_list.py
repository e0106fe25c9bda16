"""The list of models: names, times, states, and buttons that say which model they are for."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from slideshow.app import Dresser
from slideshow.model_files import Model, State
from slideshow.model_list import ModelList, time_words

NOW = datetime(2026, 11, 22, 14, 30).astimezone()


def model(number: int, state: State, *, days: float = 0.0, name: str = "From 84 ratings", n: int = 84) -> Model:
    return Model(f"id {number}", Path(f"/models/{number}"), name, NOW - timedelta(days=days), state, n_ratings=n)


ORIGINAL = Model("id 0", Path("/models/0"), "The original", None, "kept", is_original=True)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=30), "Just now"),
        (timedelta(hours=2), "Today, 12:30"),
        (timedelta(days=50), "3 October"),
        (timedelta(days=467), "12 August 2025"),
    ],
)
def test_times_are_said_as_people_say_them(ago: timedelta, words: str) -> None:
    assert time_words(NOW - ago, NOW) == words


def test_an_unknown_time_is_not_said() -> None:
    assert time_words(None, NOW) == ""


def test_each_row_says_what_it_is_and_what_can_be_done(qtbot: QtBot, dressed: Dresser) -> None:
    shown = ModelList()
    qtbot.addWidget(shown)
    rows = [model(1, "on trial"), model(2, "in use", days=3), model(3, "kept", days=50), model(4, "damaged")]
    shown.show_models([*rows, model(5, "kept", name="My training", n=0), ORIGINAL], now=NOW)
    shown.show()
    names = [row.accessibleName() for row in shown.rows]
    assert names[0] == "New, from 84 ratings, Just now, On trial"
    assert names[1] == "From 84 ratings, 19 November, In use"
    assert names[3].endswith("Damaged")
    assert names[5] == "The original, Came with Moodreel"
    can = [(not row.use.isHidden(), not row.remove.isHidden()) for row in shown.rows]
    assert can == [(False, False), (False, False), (True, True), (False, True), (True, True), (True, False)]
    assert shown.rows[4].use.text() == "Use this"
    assert shown.rows[2].use.accessibleName() == "Go back to this: From 84 ratings"
    for row in shown.rows:
        for button in (row.use, row.remove):
            assert button.isHidden() or (button.height() >= 32 and button.width() >= 32)


def test_buttons_ask_for_their_own_model_and_rest_while_locked(qtbot: QtBot, dressed: Dresser) -> None:
    shown = ModelList()
    qtbot.addWidget(shown)
    kept = model(3, "kept")
    shown.show_models([kept, ORIGINAL], now=NOW)
    shown.show()
    with qtbot.waitSignal(shown.use_asked) as told:
        QTest.mouseClick(shown.rows[1].use, Qt.MouseButton.LeftButton)
    assert told.args == [ORIGINAL]
    with qtbot.waitSignal(shown.delete_asked) as told:
        QTest.mouseClick(shown.rows[0].remove, Qt.MouseButton.LeftButton)
    assert told.args == [kept]
    shown.lock(is_locked=True)
    assert not shown.rows[0].use.isEnabled()
    shown.show_models([kept, ORIGINAL], now=NOW, coming=kept)
    assert shown.rows[0].state.words == "Getting ready"
    assert not shown.rows[1].use.isEnabled()


def test_a_long_name_takes_the_words_of_the_way_back(qtbot: QtBot, dressed: Dresser) -> None:
    shown = ModelList()
    qtbot.addWidget(shown)
    shown.show_models(
        [model(1, "kept", name="From 84 ratings"), model(2, "kept", name="From 1,240,000 ratings")], now=NOW
    )
    shown.setFixedWidth(272)
    shown.show()
    qtbot.waitUntil(lambda: shown.rows[1].use.is_wordless)
    assert not shown.rows[0].use.is_wordless


def test_the_focus_stays_with_its_model(qtbot: QtBot, dressed: Dresser) -> None:
    shown = ModelList()
    qtbot.addWidget(shown)
    models = [model(1, "kept"), ORIGINAL]
    shown.show_models(models, now=NOW)
    shown.show()
    shown.activateWindow()
    qtbot.waitUntil(shown.isActiveWindow)
    shown.rows[1].use.setFocus(Qt.FocusReason.TabFocusReason)
    shown.show_models([model(2, "kept"), *models], now=NOW)
    assert shown.rows[2].has_focus
