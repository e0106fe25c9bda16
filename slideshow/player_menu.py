"""The player's menu: everything that can be done there, with its key, for whoever does not know the keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from slideshow.screens import Screens

if TYPE_CHECKING:
    from slideshow.player import Player

OF_A_SONG = {"Previous photo", "5 seconds back", "5 seconds on", "To the start", "Next song", "Song before"}
"""What a live show has not."""

Entry = tuple[str, str, Callable[[], object]]
"""Words, key, what it does."""


class PlayerMenu(QMenu):
    """Opened with the right mouse button, the menu key or F1."""

    def __init__(self, player: Player, *, screens: Screens | None) -> None:
        super().__init__(player)
        self._player = player
        self.screen_menu = QMenu("Show on", self)
        for number, group in enumerate(_groups(player)):
            if number:
                self.addSeparator()
            for words, key, act in group:
                action = QAction(f"{words}\t{key}", self)
                action.triggered.connect(partial(_call, act))
                self.addAction(action)
        self._play = self.actions()[0]
        if screens is not None:
            self.screen_menu.aboutToShow.connect(partial(screens.fill, self.screen_menu))
            leave = self.actions()[-1]
            self.insertMenu(leave, self.screen_menu)
        self.aboutToShow.connect(self._on_open)

    def action(self, words: str) -> QAction:
        """The action of these words."""
        return next(action for action in self.actions() if action.text().split("\t")[0] == words)

    def popup_in_the_middle(self) -> None:
        """Open over the show, for whoever asks for the keys."""
        size, middle = self.sizeHint(), self._player.mapToGlobal(self._player.rect().center())
        self.popup(middle - QPoint(size.width() // 2, size.height() // 2))

    def _on_open(self) -> None:
        """Offer what can be done now: a live show has no past and no beats."""
        self._play.setText("Pause\tSpace" if self._player.is_playing else "Play\tSpace")
        for action in self.actions():
            words = action.text().split("\t")[0]
            if words in OF_A_SONG:
                action.setVisible(self._player.can_seek)
            elif words in {"One beat back", "One beat on"}:
                action.setVisible(self._player.can_seek and self._player.has_beats)
            elif words in {"Mute", "Sound on"}:
                action.setText("Sound on\tM" if self._player.is_muted else "Mute\tM")


def _call(act: Callable[[], object], _: object = None) -> None:
    """Drop the state that `triggered` carries."""
    act()


def _groups(player: Player) -> tuple[tuple[Entry, ...], ...]:
    return (
        (
            ("Play", "Space", player.toggle),
            ("Next photo", "Right", player.next_photo),
            ("Previous photo", "Left", player.previous_photo),
        ),
        (
            ("5 seconds on", "Shift+Right", partial(player.jump, 1)),
            ("5 seconds back", "Shift+Left", partial(player.jump, -1)),
            ("One beat on", ".", partial(player.go_to_beat, 1)),
            ("One beat back", ",", partial(player.go_to_beat, -1)),
            ("To the start", "Home", player.go_to_start),
        ),
        (
            ("Next song", "N", partial(player.song_step_asked.emit, 1)),
            ("Song before", "B", partial(player.song_step_asked.emit, -1)),
        ),
        (
            ("Louder", "Up", partial(player.change_volume, 1)),
            ("Softer", "Down", partial(player.change_volume, -1)),
            ("Mute", "M", player.toggle_mute),
        ),
        (("Leave full screen", "Esc", player.close),),
    )
