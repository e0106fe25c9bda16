"""The choice of a screen: on this machine's one, and in another process on a desk with two."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from slideshow.main_window import MainWindow
from slideshow.screens import SAME_SCREEN, Screens
from slideshow.settings import SettingsStore

ROOT = Path(__file__).resolve().parent.parent.parent

TWO_SCREENS = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
app = QApplication([])
sys.modules["sounddevice"] = None
from slideshow.player import Player
from slideshow.screens import Screens
from slideshow.settings import SettingsStore
from slideshow.sound import Sound
left, right = QGuiApplication.screens()
path = Path(sys.argv[1])
screens = Screens(SettingsStore(path))
window = QWidget()
window.setGeometry(10, 10, 200, 100)
window.show()
sound = Sound()
player = Player(sound, window, screens=screens)
player.open_on()
assert player.geometry() == left.geometry(), player.geometry()
screens.choose(right.name())
assert player.isVisible() and player.screen() is right
assert player.geometry() == right.geometry(), player.geometry()
assert player.stage.size() == right.size()
player.close()
again = Player(sound, window, screens=Screens(SettingsStore(path)))
again.open_on()
assert again.geometry() == right.geometry(), again.geometry()
again.shutdown()
player.shutdown()
sound.shutdown()
print("moved")
"""


def test_the_menu_lists_the_screens_and_the_choice_is_kept(qtbot: QtBot, store: SettingsStore, tmp_path: Path) -> None:
    screens = Screens(store)
    screen = QGuiApplication.primaryScreen()
    menu = QMenu()
    qtbot.addWidget(menu)
    screens.fill(menu)
    first, *others = menu.actions()
    assert first.text() == SAME_SCREEN
    assert first.isChecked()
    assert len(others) == len(QGuiApplication.screens())
    assert f"{screen.size().width()} × {screen.size().height()}" in others[0].text()
    with qtbot.waitSignal(screens.chosen):
        others[0].trigger()
    assert Screens(SettingsStore(tmp_path / "config" / "settings.json")).target() is screen
    screens.fill(menu)
    assert [action.isChecked() for action in menu.actions()][:2] == [False, True]


def test_the_windows_menu_offers_the_screens_too(make_window: Callable[..., MainWindow], store: SettingsStore) -> None:
    window = make_window()
    menu = window.menus.screens
    assert menu.menuAction() in [action for top in window.menuBar().actions() for action in top.menu().actions()]
    menu.aboutToShow.emit()
    menu.actions()[1].trigger()
    assert store.now.player_screen == QGuiApplication.primaryScreen().name()


def test_a_screen_that_is_gone_is_replaced_by_the_windows(store: SettingsStore) -> None:
    screens = Screens(store)
    screens.choose("HDMI-7 that is in the office")
    screen = QGuiApplication.primaryScreen()
    assert screens.target(screen) is screen
    assert screens.target() is screen


def test_the_show_fills_the_chosen_one_of_two_screens(tmp_path: Path) -> None:
    def screen(name: str, x: int, width: int, height: int) -> dict[str, object]:
        return {
            "name": name, "x": x, "y": 0, "width": width, "height": height,
            "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1,
        }  # fmt: skip

    desk = {"synchronousWindowSystemEvents": True, "windowFrameMargins": False}
    desk["screens"] = [screen("left", 0, 1280, 800), screen("right", 1280, 1920, 1080)]  # type: ignore[assignment]
    (tmp_path / "desk.json").write_text(json.dumps(desk))
    environment = os.environ | {"QT_QPA_PLATFORM": f"offscreen:configfile={tmp_path / 'desk.json'}"}
    done = subprocess.run(
        [sys.executable, "-c", TWO_SCREENS, str(tmp_path / "settings.json")],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.returncode) == ("moved", 0), done.stderr
