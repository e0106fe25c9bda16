"""Everything that a key does is in the menu too, under that key, and every entry of the menu can be used."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from slideshow import sheets
from slideshow.main_window import MainWindow
from slideshow.sheets import Sheet

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT_MS = 60_000
MakeWindow = Callable[..., MainWindow]

WORDS = {
    "←": "Left", "→": "Right", "↑": "Up", "↓": "Down", "−": "-",
    "Comma": ",", "Period": ".", "BracketLeft": "[", "BracketRight": "]", "Plus": "+", "Equal": "+", "Minus": "-",
}  # fmt: skip
LEAVING = {"Esc", "Escape"}
"""Leaves whatever is open; a menu entry for it would have nothing to leave."""


def keys_of(window: MainWindow) -> set[str]:
    """Every key that stands in the menu: shortcuts, and the pages' keys behind a tab."""
    found: set[str] = set()
    for action in window.menus.actions.values():
        found |= {key.toString() for key in action.shortcuts()}
        _, _, shown = action.text().partition("\t")
        if shown:
            found.add(shown.removesuffix(" in the timeline"))
    return found


def keys_told() -> Iterator[str]:
    """The keys of the sheet of keys, each for itself."""
    for _, entries in sheets.KEYS:
        for keys, _ in entries:
            modifier = ""
            for word in keys.replace(", ", " ").split(" ") if keys != ", ." else [",", "."]:
                *modifiers, key = word.rsplit("+", 1) if word != "+" else [word]
                modifier = "+".join(modifiers) or (modifier if key in "←→" else "")
                name = WORDS.get(key, key)
                yield f"{modifier}+{name}" if modifier else name


def keys_in_code(name: str) -> Iterator[str]:
    """The keys that a page's code matches."""
    tree = ast.parse((ROOT / "slideshow" / name).read_text(encoding="utf-8"))
    for case in (node for node in ast.walk(tree) if isinstance(node, ast.match_case)):
        for node in ast.walk(case.pattern):
            if isinstance(node, ast.Attribute) and (found := re.fullmatch("Key_(.*)", node.attr)):
                yield WORDS.get(found[1], found[1])


def test_every_key_is_in_the_menu(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    in_menu = keys_of(window)
    told = set(keys_told()) - LEAVING
    assert {"Space", "Left", "Shift+Right", ",", "Home", "Up", "F11", "Ctrl+Z", "1", "Q", "Ctrl+L"} <= told
    assert told <= in_menu
    for name in ("create_page.py", "create_editing.py", "live_page.py"):
        assert set(keys_in_code(name)) - LEAVING <= in_menu, name


def test_every_entry_can_be_used(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for asks in ("getOpenFileName", "getOpenFileNames", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, asks, lambda *args: ([] if args else "", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: "")
    window = make_window()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    window.add_folders([photo_folder])
    qtbot.waitUntil(lambda: window.session.n_photos == 8, timeout=LIMIT_MS)
    window.open_song(clip)
    qtbot.waitUntil(lambda: bool(window.session.runners_up), timeout=LIMIT_MS)
    reports: list[object] = []
    monkeypatch.setattr(window.faults, "report", reports.append)
    for name, action in window.menus.actions.items():
        if name == "quit":
            continue
        action.trigger()
        qtbot.wait(10)
        for sheet in window.findChildren(Sheet):
            sheet.close()
        for menu in (window.live_page, window.create_page):
            for popup in menu.findChildren(type(window.menus.popup)):
                popup.close()
        if window.player is not None and window.player.isVisible():
            window.player.close()
    assert reports == []
    assert not window.live.is_open  # begun by one entry, ended by the next
    window.menus.actions["quit"].trigger()
    assert not window.isVisible()
