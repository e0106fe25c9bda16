"""The theme of a show in its panel: a word and a share, suggestions of what the photos show, a sentence on it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.content import Contents, counts_of
from engine.content_names import CLASS_NAMES
from engine.plan import PlanOptions
from slideshow.app import Dresser
from slideshow.options_panel import OptionsPanel
from slideshow.theme_choice import NO_THEME, ThemeChoice


def contents() -> Contents:
    """Three photos of dogs, one of a seashore, one of nothing."""
    probabilities = np.zeros((5, 1000), dtype=np.float32)
    probabilities[:3, CLASS_NAMES.index("pug")] = 0.9
    probabilities[3, CLASS_NAMES.index("seashore")] = 0.9
    return Contents.of_probabilities(probabilities)


@pytest.fixture
def panel(qtbot: QtBot, dressed: Dresser) -> OptionsPanel:
    made = OptionsPanel()
    qtbot.addWidget(made)
    made.set_options(PlanOptions())
    made.resize(292, 760)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def choice(panel: OptionsPanel) -> ThemeChoice:
    panel.theme_choice.set_contents(contents())
    panel.theme_choice.set_counts(counts_of(contents()))
    return panel.theme_choice


def test_a_word_is_told_once_it_is_written(qtbot: QtBot, choice: ThemeChoice) -> None:
    assert choice.note.text() == NO_THEME
    told: list[object] = []
    choice.changed.connect(told.append)
    QTest.keyClicks(choice.field, "Dogs")
    assert told == []
    QTest.keyClick(choice.field, Qt.Key.Key_Return)
    assert told == [{"theme": "Dogs"}]
    PlanOptions(**told[0])  # type: ignore[arg-type]
    assert choice.note.text() == "3 of your photos show a dog."
    choice.forget.click()
    assert told[1:] == [{"theme": ""}]
    assert choice.note.text() == NO_THEME
    assert not choice.share.isVisible()


def test_what_the_photos_show_is_suggested_with_counts(qtbot: QtBot, choice: ThemeChoice) -> None:
    offered = choice.suggestions
    QTest.mouseClick(choice.field, Qt.MouseButton.LeftButton)
    assert offered.popup.isVisible()
    assert set(offered.words) == set(counts_of(contents()))
    assert offered.words[0] in {"dog", "pet", "animal"}
    model = offered.popup.model()
    assert model.index(0, 0).data(Qt.ItemDataRole.UserRole) == 3
    assert "3 photos" in model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    offered.popup.hide()
    QTest.keyClicks(choice.field, "be")
    assert offered.words == ("beach",)  # no bear, no bed: none is there
    with qtbot.waitSignal(choice.changed) as told:
        QTest.keyClick(offered.popup, Qt.Key.Key_Down)
        QTest.keyClick(offered.popup, Qt.Key.Key_Return)
    assert told.args == [{"theme": "beach"}]
    assert choice.field.text() == "beach"
    assert choice.note.text() == "1 of your photos shows a beach."


def test_the_slider_stands_where_a_fresh_show_has_it(choice: ThemeChoice) -> None:
    assert choice.share.value == pytest.approx(PlanOptions().theme_share)
    assert choice.share.value > 0.5  # who asks for a theme is to see it


def test_the_arrow_offers_words_to_the_keyboard(choice: ThemeChoice) -> None:
    choice.field.setFocus(Qt.FocusReason.TabFocusReason)
    assert not choice.suggestions.popup.isVisible()
    QTest.keyClick(choice.field, Qt.Key.Key_Down)
    assert choice.suggestions.popup.isVisible()
    QTest.keyClick(choice.suggestions.popup, Qt.Key.Key_Escape)
    assert not choice.suggestions.popup.isVisible()


def test_the_share_is_told_when_the_slider_rests(qtbot: QtBot, choice: ThemeChoice) -> None:
    choice.set_value("dog", 0.5)
    told: list[object] = []
    choice.changed.connect(told.append)
    for _ in range(3):
        QTest.keyClick(choice.share, Qt.Key.Key_Right)
    assert told == []
    qtbot.waitUntil(lambda: told == [{"theme_share": 0.8}])
    assert choice.share.accessibleName() == "From mood to theme: 80 percent"


def test_a_theme_is_shown_as_it_is(choice: ThemeChoice) -> None:
    choice.set_value("elephant", 0.9)
    assert choice.field.text() == "elephant"
    assert choice.share.value == pytest.approx(0.9)
    assert choice.share.isVisible()
    assert choice.note.text() == "None of your photos shows an elephant. The show follows the mood alone."
    choice.set_value("Aunt Mary", 0.9)
    assert "“Aunt Mary”" in choice.note.text()
    choice.set_value("", 0.5)
    assert choice.field.text() == ""
    assert choice.note.text() == NO_THEME


def test_what_is_just_being_written_stays(choice: ThemeChoice) -> None:
    choice.set_value("dog", 0.5)
    choice.field.selectAll()
    QTest.keyClicks(choice.field, "bea")
    choice.set_value("dog", 0.5)  # the plan was made anew meanwhile
    assert choice.field.text() == "bea"
    choice.set_value("mountain", 0.5)  # undone
    assert choice.field.text() == "mountain"


def test_a_word_written_half_is_the_first_of_those_offered(qtbot: QtBot, choice: ThemeChoice) -> None:
    QTest.keyClicks(choice.field, "bea")
    with qtbot.waitSignal(choice.changed) as told:
        QTest.keyClick(choice.suggestions.popup, Qt.Key.Key_Return)  # it has the keys while it is open
    assert not choice.suggestions.popup.isVisible()
    assert told.args == [{"theme": "beach"}]
    choice.field.selectAll()
    QTest.keyClicks(choice.field, "Aunt Mary")
    with qtbot.waitSignal(choice.changed) as told:
        QTest.keyClick(choice.field, Qt.Key.Key_Return)
    assert told.args == [{"theme": "Aunt Mary"}]
