"""The list of shows saved or opened lately, and of those that were kept without a file."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QMenu, QWidget

from slideshow import messages
from slideshow.unsaved_shows import changed_at, title_of


def recent_menu(
    parent: QWidget, recent: Sequence[str], unsaved: Sequence[Path], open_show: Callable[[Path], None]
) -> QMenu:
    """Make a menu of them; what is chosen is opened."""
    menu = QMenu(parent)
    for name in recent:
        action = menu.addAction(messages.name_of(Path(Path(name).stem)).replace("&", "&&"))
        action.setToolTip(name)
        action.triggered.connect(partial(_open, open_show, Path(name)))
    if unsaved and recent:
        menu.addSeparator()
    for path in unsaved:
        changed = time.strftime("%d %B, %H:%M", time.localtime(changed_at(path)))
        title = messages.name_of(Path(title_of(path))).replace("&", "&&")
        menu.addAction(f"{title}, not saved, {changed}").triggered.connect(partial(_open, open_show, path))
    if menu.isEmpty():
        menu.addAction("No shows yet").setEnabled(False)
    return menu


def _open(open_show: Callable[[Path], None], path: Path, _: object = None) -> None:
    """Drop the state that `triggered` carries."""
    open_show(path)
