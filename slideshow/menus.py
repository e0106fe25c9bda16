"""The menu and its keys, twice: as a menu bar that Alt shows, and as the popup of the menu button."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:
    from slideshow.main_window import MainWindow

Entries = tuple[tuple[str, str, tuple[str, ...], Callable[[], object]], ...]
"""Name of an action, its words (with a key that a page handles after a tab), its shortcuts, what it does."""


class Menus:
    """All actions of a window by their names, in the menu bar and in one popup."""

    def __init__(self, window: MainWindow) -> None:
        bar = window.menuBar()
        self.popup = QMenu(window)
        self.actions: dict[str, QAction] = {}
        for title, entries in _menus_of(window):
            menu = bar.addMenu(title)
            if self.popup.actions():
                self.popup.addSeparator()
            for name, text, keys, act in entries:
                action = QAction(text, window)
                action.setShortcuts([QKeySequence(key) for key in keys])
                action.triggered.connect(partial(_call, act))
                self.actions[name] = action
                menu.addAction(action)
                self.popup.addAction(action)
                window.addAction(action)
        if not bar.isNativeMenuBar():
            bar.hide()


def _call(act: Callable[[], object], _: object = None) -> None:
    """Drop the state that `triggered` carries."""
    act()


def _menus_of(window: MainWindow) -> tuple[tuple[str, Entries], ...]:
    page = window.create_page
    return (
        (
            "&Show",
            (
                ("song", "Choose a song…", ("Ctrl+O",), window.choose_song),
                ("folder", "Add a folder…", ("Ctrl+Shift+O",), window.choose_folder),
                ("export", "Export film…", ("Ctrl+E",), window.saving.start),
                ("full screen", "Play full screen", ("F11",), window.open_player),
                ("quit", "Quit", ("Ctrl+Q",), window.close),
            ),
        ),
        (
            "&Edit",
            (
                ("undo", "Undo", ("Ctrl+Z",), window.session.undo),
                ("redo", "Redo", ("Ctrl+Shift+Z",), window.session.redo),
            ),
        ),
        (
            "&Playback",
            (
                ("play", "Play or pause\tSpace", (), page.toggle),
                ("previous", "Previous photo\tLeft", (), page.previous_photo),
                ("next", "Next photo\tRight", (), page.next_photo),
                ("mute", "Mute\tM", (), page.toggle_mute),
            ),
        ),
        (
            "&Go",
            (
                ("make", "Make", ("Ctrl+1",), partial(window.show_page, "make")),
                ("library", "Library", (), partial(window.show_page, "library")),
                ("settings", "Settings", ("Ctrl+,",), partial(window.show_page, "settings")),
                ("keys", "Keys", ("F1",), window.show_keys),
            ),
        ),
    )
