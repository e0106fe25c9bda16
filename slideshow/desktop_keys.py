"""The desktop's media keys: what they ask for is done by the window, and the desktop is told what is played."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from slideshow.main_window import MainWindow
    from slideshow.mpris import Mpris

OFFER_AFTER_MS = 1000
"""The session bus is asked after the first window is up; it may take its time."""


class DesktopKeys(QObject):
    """Joins a window to the desktop, where that has MPRIS."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.mpris: Mpris | None = None
        QTimer.singleShot(OFFER_AFTER_MS, self, self.offer)

    def offer(self) -> None:
        """Appear to the desktop."""
        from slideshow.mpris import Mpris

        window, sound = self._window, self._window.sound
        mpris = Mpris(lambda: sound.position_s, self)
        if self.mpris is not None or not mpris.offer():
            return
        self.mpris = mpris
        mpris.toggle_asked.connect(window.toggle_playing)
        mpris.play_asked.connect(sound.play)
        mpris.pause_asked.connect(sound.pause)
        mpris.next_asked.connect(window.next_photo)
        mpris.previous_asked.connect(window.create_page.previous_photo)
        mpris.seek_asked.connect(sound.seek)
        mpris.raise_asked.connect(window.activateWindow)
        mpris.quit_asked.connect(window.close)
        sound.state_changed.connect(self._tell)
        sound.sought.connect(mpris.tell_sought)
        window.session.song_changed.connect(self._tell)
        self._tell()

    def withdraw(self) -> None:
        """Leave the desktop alone."""
        if self.mpris is not None:
            self.mpris.withdraw()

    def _tell(self) -> None:
        assert self.mpris is not None
        song = self._window.session.song
        title, artist = (song.title, song.artist) if song is not None else ("", "")
        self.mpris.set_song(title=title, artist=artist, duration_s=self._window.sound.duration_s)
        self.mpris.set_playing(is_playing=self._window.sound.is_playing)
