"""The smallest window with the largest text: nothing is cut, and nothing lies over anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtWidgets import QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from slideshow import theme
from slideshow.buttons import Button
from slideshow.labels import Label
from slideshow.main_window import LEAST_SIZE_PX, MainWindow
from slideshow.settings import SettingsStore
from slideshow.stage_frame import INSET_WORD_TOP_PX

LIMIT_MS = 60_000


@pytest.fixture
def window(
    qtbot: QtBot, make_window: Callable[..., MainWindow], store: SettingsStore, photo_folder: Path
) -> Iterator[MainWindow]:
    """A window with photos."""
    store.change(text_scale=1.5)
    made = make_window()
    made.resize(*LEAST_SIZE_PX)
    qtbot.waitUntil(lambda: made.session.is_open, timeout=LIMIT_MS)
    made.add_folders([photo_folder])
    qtbot.waitUntil(lambda: made.session.n_photos == 8, timeout=LIMIT_MS)
    yield made
    store.change(text_scale=1.0)


def open_show(qtbot: QtBot, window: MainWindow, clip: Path) -> None:
    window.open_song(clip)
    qtbot.waitUntil(lambda: window.session.plan is not None, timeout=LIMIT_MS)  # its beginning will do


def page_of(qtbot: QtBot, window: MainWindow, key: str) -> QWidget:
    window.show_page(key)
    page: QWidget = getattr(window, f"{key}_page" if key != "make" else "create_page")
    qtbot.waitUntil(lambda: page.isVisible() and page.width() > 600, timeout=LIMIT_MS)
    return page


@pytest.mark.parametrize("key", ["make", "browse"])
def test_no_button_is_cut(qtbot: QtBot, window: MainWindow, clip: Path, key: str) -> None:
    if key == "make":
        open_show(qtbot, window, clip)
    page = page_of(qtbot, window, key)
    if key == "browse":
        qtbot.waitUntil(lambda: window.browse_page.photos is not None, timeout=LIMIT_MS)
        assert window.browse_page.photos is not None
        window.browse_page.bar.search.setText(window.browse_page.photos.photo(0).path.stem)
        qtbot.waitUntil(lambda: window.browse_page.start.text() == "Start a show from this photo", timeout=LIMIT_MS)
    buttons = [button for button in page.findChildren(Button) if button.isVisible()]
    assert buttons
    qtbot.waitUntil(lambda: all(button.width() >= button.minimumSizeHint().width() for button in buttons))
    qtbot.waitUntil(lambda: all(button.visibleRegion().boundingRect() == button.rect() for button in buttons))


def test_the_song_keeps_its_title_and_lies_beside_its_times(qtbot: QtBot, window: MainWindow, clip: Path) -> None:
    open_show(qtbot, window, clip)
    page = window.create_page
    page_of(qtbot, window, "make")
    assert page.transport.width() >= page.transport.minimumSizeHint().width()
    qtbot.waitUntil(lambda: page._title.width() >= page._title.sizeHint().width())


def test_teach_is_as_wide_as_its_room(qtbot: QtBot, window: MainWindow) -> None:
    page_of(qtbot, window, "teach")
    area = window.teach_page.scroll_area
    inside = area.widget()
    assert inside is not None
    qtbot.waitUntil(lambda: inside.width() == area.viewport().width())


def test_the_word_over_the_photo_is_whole(qtbot: QtBot, window: MainWindow, clip: Path) -> None:
    open_show(qtbot, window, clip)
    inset = window.create_page.frame.inset
    assert inset.height() >= INSET_WORD_TOP_PX + theme.line_px("strong") + 8
    assert inset.geometry().bottom() < window.create_page.frame.height()


def test_the_introduction_shows_its_songs_and_cards_whole(qtbot: QtBot, window: MainWindow) -> None:
    window.show_welcome()
    page = window.welcome_page
    (area,) = page.findChildren(QScrollArea)
    whole = area.viewport().rect()
    page.play.setFocus()
    cards = (page._photos_card, page._song_card, page._play_card)
    qtbot.waitUntil(lambda: page.width() == window.width() and page.isVisible())
    qtbot.waitUntil(lambda: all(row.height() >= row.minimumSizeHint().height() for row in page.song_rows))
    assert cards[-1].mapTo(page, cards[-1].rect().topRight()).x() < whole.width()
    for card in cards:
        for words in card.findChildren(Label):
            assert words.height() >= words.heightForWidth(words.width())
    rows = page.song_rows
    assert all(above.geometry().bottom() < below.y() for above, below in pairwise(rows))
