"""Which screen the show fills: chosen in a menu, kept by name, the window's own where that one is not connected."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QIcon, QScreen
from PySide6.QtWidgets import QMenu

from slideshow import theme
from slideshow.icons import icon_pixmap
from slideshow.settings import SettingsStore

SAME_SCREEN = "The window's screen"


class Screens(QObject):
    """The person's choice of a screen, kept in the settings."""

    chosen = Signal()
    """Another screen was chosen."""

    def __init__(self, store: SettingsStore, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store

    def target(self, otherwise: QScreen | None = None) -> QScreen:
        """The chosen screen if it is connected, else this one, else the first."""
        name = self._store.now.player_screen
        fitting = (screen for screen in QGuiApplication.screens() if name and screen.name() == name)
        return next(fitting, None) or otherwise or QGuiApplication.primaryScreen()

    def choose(self, name: str) -> None:
        """Choose a screen by its name; "" is wherever the window is."""
        if name != self._store.now.player_screen:
            self._store.change(player_screen=name)
            self.chosen.emit()

    def fill(self, menu: QMenu) -> None:
        """Fill a menu with the screens that are connected, the chosen one with a check."""
        menu.clear()
        now = self._store.now.player_screen
        names = {"": SAME_SCREEN} | {
            screen.name(): f"Screen {i}: {words_of(screen)}" for i, screen in enumerate(QGuiApplication.screens(), 1)
        }
        checked = now if now in names else ""
        for name, words in names.items():
            action = menu.addAction(words.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(name == checked)
            if name == checked:
                action.setIcon(QIcon(icon_pixmap("check", theme.current().text_2, size_px=16)))
            action.triggered.connect(partial(self._on_chosen, name))

    def _on_chosen(self, name: str, _: bool = False) -> None:
        self.choose(name)


def words_of(screen: QScreen) -> str:
    """A screen as people know it: its model and its size in pixels."""
    ratio = screen.devicePixelRatio()
    width, height = (round(side * ratio) for side in (screen.size().width(), screen.size().height()))
    name = " ".join(screen.model().split()) or screen.name()
    return f"{name} ({width} × {height})"
