"""The bar over Browse: all moods in one line where they fit, and a heart that is full while it filters."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from slideshow import theme
from slideshow.app import Dresser
from slideshow.browse_bar import BrowseBar
from slideshow.settings import SettingsStore

USUAL_PX = 1280 - 76
"""The page's width in a window of the usual size, beside the places to go."""


@pytest.mark.parametrize("name", ["Calm", "A name that is longer than any chip can be"])
def test_a_saved_mood_stands_in_the_same_line(qtbot: QtBot, dressed: Dresser, name: str) -> None:
    bar = BrowseBar()
    qtbot.addWidget(bar)
    bar.resize(USUAL_PX, 60)
    bar.show()
    chips = bar.moods
    one_line_px = chips.more.sizeHint().height()
    assert chips.height() == one_line_px
    before = bar.search.width()
    chips.set_saved((name,))
    qtbot.waitUntil(lambda: chips.saved[0].y() == chips.more.y())
    assert chips.heightForWidth(chips.width()) == one_line_px
    assert bar.search.width() <= before
    chips.set_saved(())
    qtbot.waitUntil(lambda: bar.search.width() == before)


def test_it_is_the_same_after_a_while_of_larger_text(qtbot: QtBot, dressed: Dresser, store: SettingsStore) -> None:
    store.change(text_scale=1.5)
    bar = BrowseBar()
    qtbot.addWidget(bar)
    bar.resize(USUAL_PX, 60)
    bar.show()
    bar.moods.set_saved(("A name that is longer than any chip can be",))
    store.change(text_scale=1.0)
    qtbot.waitUntil(lambda: bar.moods.saved[0].y() == bar.moods.more.y())


def test_the_heart_is_full_while_it_filters(qtbot: QtBot, dressed: Dresser) -> None:
    bar = BrowseBar()
    qtbot.addWidget(bar)

    def middle() -> QColor:
        shot = bar.favourites.grab().toImage()
        return shot.pixelColor(shot.width() // 2, shot.height() // 2)

    empty = middle()
    bar.favourites.setChecked(True)
    assert middle() == QColor(theme.current().text) != empty
