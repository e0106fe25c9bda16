"""Remembers how loud it was set, a moment after the slider has come to rest."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from slideshow.settings import SettingsStore
from slideshow.sound import Sound

REST_MS = 500
"""A slider being dragged is not saved at every step."""


class LoudnessMemory(QObject):
    """Sets the sound as it was left, and keeps the settings up with it."""

    def __init__(self, sound: Sound, store: SettingsStore) -> None:
        super().__init__(sound)
        self._sound = sound
        self._store = store
        sound.volume, sound.is_muted = store.now.volume, store.now.is_muted
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.save)
        sound.state_changed.connect(self._on_sound)

    def save(self) -> None:
        """Save it now."""
        self._rest.stop()
        self._store.change(volume=self._sound.volume, is_muted=self._sound.is_muted)

    def _on_sound(self) -> None:
        if (self._sound.volume, self._sound.is_muted) != (self._store.now.volume, self._store.now.is_muted):
            self._rest.start()
