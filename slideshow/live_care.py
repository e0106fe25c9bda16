"""A live show as a person meets it: begun, its device chosen, told of when the device comes and goes, ended."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from slideshow.live_page import NO_INPUT, LivePage
from slideshow.live_show import LiveShow
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.sound import Sound
from slideshow.toasts import Toasts

INPUT_BACK = "The input is back. Moodreel listens again."


class LiveCare(QObject):
    """Keeps live show, page, sound and settings together."""

    def __init__(
        self,
        session: Session,
        sound: Sound,
        live: LiveShow,
        page: LivePage,
        store: SettingsStore,
        toasts: Toasts,
        *,
        turn_to: Callable[[str], None],
        is_full_screen: Callable[[], bool],
    ) -> None:
        super().__init__(page)
        self._session = session
        self._sound = sound
        self._live = live
        self._page = page
        self._store = store
        self._toasts = toasts
        self._turn_to = turn_to
        self._is_full_screen = is_full_screen
        page.stop_wanted.connect(self.stop)
        page.device_chosen.connect(self._choose)
        live.device_missing.connect(self._on_missing)
        live.device_found.connect(self._on_found)
        live.failed.connect(self._on_failed)

    def start(self) -> None:
        """Turn to the live page and listen. The song rests; it does not sound into the microphone."""
        if not self._session.is_open or self._live.is_open:
            self._turn_to("live" if self._live.is_open else "make")
            return
        if self._session.n_photos == 0:
            self._toasts.show("A live show needs photos. Add a folder first.", icon="images")
            return
        self._sound.release()
        self._page.attach_stage()
        self._live.start(self._store.now.input_device)
        self._turn_to("live")

    def stop(self) -> None:
        """End the live show and go back to the song."""
        if self._live.is_open:
            self._live.stop()
            self._turn_to("make")

    def _choose(self, device: str) -> None:
        self._store.change(input_device=device)
        self._live.choose(device)

    def _on_missing(self) -> None:
        # The page says it as well; whoever is elsewhere hears of it here.
        if not self._page.isVisible() and not self._is_full_screen():
            self._toasts.show(NO_INPUT, icon="mic-off", tone="warn")

    def _on_found(self) -> None:
        if not self._is_full_screen():
            self._toasts.show(INPUT_BACK, icon="mic")

    def _on_failed(self, fault: Exception) -> None:
        self._turn_to("make")
        self._session.failed.emit(fault)
