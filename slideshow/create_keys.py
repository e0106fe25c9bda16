"""Keys of the Make page that play and look; those that edit are in `create_editing`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from slideshow.timeline_view import ZOOM_STEP

if TYPE_CHECKING:
    from slideshow.create_page import CreatePage

SEEK_S, VOLUME_STEP = 5.0, 0.05


def act_on_key(page: CreatePage, event: QKeyEvent) -> bool:
    """Do what a key means on the page; False for one that means nothing here."""
    key, modifiers = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    shift = Qt.KeyboardModifier.ShiftModifier
    if modifiers & ~shift:
        return False
    if not modifiers and page.hand.act_on_key(key):
        return True
    match key:
        case Qt.Key.Key_Space:
            page.toggle()
        case Qt.Key.Key_Left:
            page.seek_by(-SEEK_S) if modifiers & shift else page.previous_photo()
        case Qt.Key.Key_Right:
            page.seek_by(SEEK_S) if modifiers & shift else page.next_photo()
        case Qt.Key.Key_Comma:
            page.step_beats(-1)
        case Qt.Key.Key_Period:
            page.step_beats(1)
        case Qt.Key.Key_Home:
            page.seek(0.0)
        case Qt.Key.Key_Up:
            page.change_volume(VOLUME_STEP)
        case Qt.Key.Key_Down:
            page.change_volume(-VOLUME_STEP)
        case Qt.Key.Key_M:
            page.toggle_mute()
        case Qt.Key.Key_F:
            page.full_screen_wanted.emit()
        case Qt.Key.Key_Q:
            page.open_queue()
        case Qt.Key.Key_N:
            page.song_step_wanted.emit(1)
        case Qt.Key.Key_B:
            page.song_step_wanted.emit(-1)
        case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
            page.timeline.zoom(ZOOM_STEP)
        case Qt.Key.Key_Minus:
            page.timeline.zoom(1 / ZOOM_STEP)
        case _:
            return False
    return True
