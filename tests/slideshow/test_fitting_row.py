"""A row that gets too narrow: buttons drop their words, the first to yield first, and take them up again."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from slideshow.buttons import Button
from slideshow.fitting_row import FittingRow
from slideshow.labels import Label


def test_words_go_one_after_the_other_and_come_back(qtbot: QtBot) -> None:
    first, last = Button("Export film", icon="film"), Button("Play full screen", "main", icon="maximize")
    row = FittingRow(yielding=(first, last))
    qtbot.addWidget(row)
    title = Label("A long title of a song that can be cut wherever it has to be", "heading", is_elided=True)
    row.row.addWidget(title)
    row.row.addStretch(1)
    for button in (first, last):
        row.row.addWidget(button)
    row.resize(600, 40)
    row.show()
    assert (first.is_wordless, last.is_wordless) == (False, False)
    for width_px, words in ((400, (True, False)), (300, (True, True)), (400, (True, False)), (600, (False, False))):
        row.resize(width_px, 40)
        assert (first.is_wordless, last.is_wordless) == words
        assert first.accessibleName() == "Export film"
    first.set_face("Export a film of many hours", "film")
    row.resize(500, 40)
    qtbot.waitUntil(lambda: first.is_wordless)


def test_a_button_without_an_icon_keeps_its_word(qtbot: QtBot) -> None:
    button = Button("Done")
    row = FittingRow(yielding=(button,))
    qtbot.addWidget(row)
    row.row.addWidget(button)
    row.resize(10, 40)
    row.show()
    assert not button.is_wordless
