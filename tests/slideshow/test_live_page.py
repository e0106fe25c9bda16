"""The live page: the level and the mood are seen, a photo comes, silence and a missing input are said."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.content import Contents
from engine.content_names import CLASS_NAMES
from engine.plan import PlanOptions
from slideshow.live_input import InputDevice, InputOpened
from slideshow.live_page import NO_INPUT, PRIVACY, QUIET, RESTING, input_in_words
from slideshow.main_window import MainWindow
from slideshow.settings import SettingsStore
from tests.screenshots import PretendInput

ROOT = Path(__file__).resolve().parent.parent.parent
SONG = ROOT / "resources/demo/songs/02-caribbean-energetic-happy.ogg"
LIMIT_MS = 60_000
MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def window(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path) -> MainWindow:
    """A window that listens to a song; its own search for devices finds none."""
    made = make_window()
    qtbot.waitUntil(lambda: made.session.is_open, timeout=LIMIT_MS)
    made.add_folders([photo_folder])
    qtbot.waitUntil(lambda: made.session.n_photos == 8, timeout=LIMIT_MS)
    made.listening.start()
    qtbot.waitUntil(lambda: made.live.is_device_missing, timeout=LIMIT_MS)
    return made


def hear(window: MainWindow, song: Path | None) -> None:
    window.live._close_input()
    window.live._look_again_s = time.perf_counter() + 600
    window.live._take_opened(InputOpened(PretendInput(song)), time.perf_counter())  # type: ignore[arg-type]


def test_what_is_heard_is_seen(qtbot: QtBot, window: MainWindow) -> None:
    page = window.live_page
    assert page.isVisible()
    assert page.frame.notice == ("Nothing to listen to", NO_INPUT)
    assert page._privacy.text() == PRIVACY
    hear(window, SONG)
    stage = page.frame.stage
    assert stage is not None
    qtbot.waitUntil(lambda: bool(stage.picture), timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: page.meter.share > 0.3 and bool(page._word.text()), timeout=LIMIT_MS)
    assert page._device.text() == "to Built-in Microphone"
    assert page.frame.inset.isVisible()
    assert page.notice.text() == ""
    assert window.live.plan is not None

    window.menus.actions["full screen"].trigger()
    player = window.full_screen.live_player
    assert player is not None
    qtbot.waitUntil(lambda: player.isVisible() and bool(player.stage.picture), timeout=LIMIT_MS)
    QTest.keyClick(player, Qt.Key.Key_Escape)
    assert window.live.is_playing
    assert window.page == "live"

    hear(window, None)
    qtbot.waitUntil(lambda: page.notice.text() == QUIET, timeout=LIMIT_MS)
    assert not page._mood.isVisible()
    assert not page.frame.inset.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Space)
    assert page.notice.text() == RESTING
    assert page._heading.text() == "Paused"
    assert page._device.text() == ""
    assert page.meter.accessibleDescription() in ("0 percent", "No input") or page.meter.share < 1
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.page == "make"
    assert window.live.plan is None
    assert not stage.picture


def test_the_theme_of_the_show_is_followed_and_said(qtbot: QtBot, window: MainWindow) -> None:
    session, page = window.session, window.live_page
    assert session.catalog is not None
    believed = np.zeros((len(session.catalog), 1000), dtype=np.float32)
    believed[2, CLASS_NAMES.index("pug")] = 0.9  # one of the photos shows a dog
    session.catalog = replace(session.catalog, contents=Contents.of_probabilities(believed))
    session.first_options = PlanOptions(theme="dogs", theme_share=1.0)
    hear(window, SONG)
    qtbot.waitUntil(lambda: window.live.plan is not None, timeout=LIMIT_MS)
    first = window.live.plan.cues[0]  # type: ignore[union-attr]
    assert first.photo == session.catalog.photos[2]
    assert first.why.endswith("It shows a dog, your theme.")
    assert page.notice.text() == "Your show’s theme: dog."
    session.first_options = PlanOptions()
    qtbot.waitUntil(lambda: page.notice.text() == "", timeout=LIMIT_MS)


def test_an_input_is_chosen_and_remembered(qtbot: QtBot, window: MainWindow, store: SettingsStore) -> None:
    window.live.devices = (InputDevice("Desk microphone"), InputDevice("Monitor of the speakers", is_loopback=True))
    window.live_page.open_devices()
    menu = window.live_page.findChildren(type(window.menus.popup))[-1]
    texts = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert texts == ["The system's choice", "Desk microphone", "Monitor of the speakers", "Look again"]
    menu.actions()[2].trigger()
    assert store.now.input_device == "Monitor of the speakers"
    assert window.live.device == "Monitor of the speakers"
    menu.close()


def test_a_song_that_is_opened_ends_the_listening(qtbot: QtBot, window: MainWindow, clip: Path) -> None:
    stop, choose = (window.menus.actions[name] for name in ("stop listening", "input"))
    assert (stop.isEnabled(), choose.isEnabled()) == (True, True)
    window.show_page("browse")
    assert (stop.isEnabled(), choose.isEnabled()) == (True, False)
    window.open_song(clip)
    assert not window.live.is_open
    assert window.page == "make"
    assert (stop.isEnabled(), choose.isEnabled()) == (False, False)
    qtbot.waitUntil(lambda: bool(window.session.runners_up), timeout=LIMIT_MS)


def test_a_live_show_needs_photos(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window(library_path=tmp_path / "empty.sqlite")
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    window.listening.start()
    assert not window.live.is_open
    assert window.toasts.shown[-1].text == "A live show needs photos. Add a folder first."


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("default", "to the default input"),
        ("pulse", "to the default input"),
        ("sysdefault:CARD=PCH", "to the default input"),
        ("USB Headset", "to USB Headset"),
        ("", ""),
    ],
)
def test_no_name_of_a_sound_system_is_shown(name: str, words: str) -> None:
    assert input_in_words(name) == words
