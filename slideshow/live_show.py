"""A live show: its input opened, lost and found again, begun, paused and ended. What is heard is in `live_listening`.

It has the manners of `Sound` that the player and a stage ask for. Nothing that is heard is recorded or kept.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from slideshow.live_input import InputDevice, InputOpened, LiveInput, close_opened, list_inputs, open_input
from slideshow.live_listening import Listening, LiveClock, LiveMoment
from slideshow.session import Session
from slideshow.sound_thread import SoundThread, join_all

if TYPE_CHECKING:
    from engine.plan import Plan

TICK_MS = 100
FIND_DEVICE_EVERY_S = 3.0
STALLED_S = 3.0
"""An input that has given nothing for so long is lost, even where its driver says nothing."""

SHUTDOWN_LIMIT_S = 2.0

log = logging.getLogger(__name__)


class LiveShow(QObject):
    """Listens, and shows what it hears. All methods and properties belong to the GUI thread."""

    moment_changed = Signal()
    """There is a new mood and a new plan."""
    state_changed = Signal()
    """is_open, is_playing, is_device_missing or the devices have changed."""
    finished = Signal()
    """Never sent: what comes live has no end."""
    device_missing = Signal()
    device_found = Signal()
    """The input is there again, after device_missing."""
    failed = Signal(object)
    """The listening thread has met a fault: an Exception."""
    _arrived = Signal()

    volume = 1.0
    is_muted = False
    duration_s = 0.0

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._device_thread = SoundThread("sound-input")
        self._listening: Listening | None = None
        self._stopping: list[Listening] = []
        self._opening: Future[InputOpened] | None = None
        self._finding: Future[tuple[InputDevice, ...]] | None = None
        self._input: LiveInput | None = None
        self._heard_from = ""
        self._clock = LiveClock()
        self._last_s = 0.0
        self._look_again_s = 0.0
        self._is_paused = False
        self.is_device_missing = False
        self.device = ""
        """Name of the chosen device, empty for the system's own choice."""
        self.devices: tuple[InputDevice, ...] = ()
        self.moment: LiveMoment | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self._tick)
        self._arrived.connect(self._take, Qt.ConnectionType.QueuedConnection)
        session.bundle_changed.connect(self._on_bundle_changed)

    def _on_bundle_changed(self) -> None:
        """Begin anew where another model has other ears or eyes; new heads find their way by themselves."""
        encoders = self._session.encoders
        if self._listening is not None and encoders is not None and not self._listening.matches_with(encoders):
            self.start(self.device)

    @property
    def is_open(self) -> bool:
        """Whether a live show is on, paused or not."""
        return self._listening is not None

    @property
    def is_playing(self) -> bool:
        """Whether it listens, or would if there were a device."""
        return self.is_open and not self._is_paused

    @property
    def is_silent(self) -> bool:
        """Whether nothing has been heard for a while."""
        return self.moment is not None and self.moment.heard.is_silent

    @property
    def level_db(self) -> float:
        """Loudness just now in dB of full scale, -120 where nothing comes."""
        if self._listening is None or self._input is None or self._is_paused:
            return -120.0
        return self._listening.level_db

    @property
    def plan(self) -> Plan | None:
        """The show as it is laid out now."""
        return self.moment.plan if self.moment is not None else None

    @property
    def position_s(self) -> float:
        """Time of the show, never backwards."""
        self._last_s = max(self._last_s, self._clock.at(time.perf_counter()))
        return self._last_s

    @property
    def device_name(self) -> str:
        """Name of what is listened to, as far as it is known."""
        return self.device or self._heard_from

    def start(self, device: str = "") -> None:
        """Begin to listen to a device, empty for the system's own choice. Needs an open session."""
        encoders = self._session.encoders
        if encoders is None:
            return
        self.stop()
        self.device = device
        self._clock = LiveClock()
        self._last_s = 0.0
        self._is_paused = False
        self._listening = Listening(self._session, encoders, self._clock, self._arrived.emit)
        self._clock.run(now_s=time.perf_counter())
        self._look_again_s = 0.0
        self._timer.start()
        self.find_devices()
        self._tick()
        self.state_changed.emit()

    def choose(self, device: str) -> None:
        """Listen to another device; the show goes on."""
        self.device = device
        self._close_input()
        self._give_up_opening()
        self._look_again_s = 0.0
        self.state_changed.emit()

    def stop(self) -> None:
        """End the live show and give the device back."""
        self._timer.stop()
        self._close_input()
        self._give_up_opening()
        if self._listening is not None:
            self._listening.stop()
            self._stopping = [*(one for one in self._stopping if one.thread.is_alive()), self._listening]
        self._listening = None
        self.moment = None
        self.is_device_missing = False
        self.state_changed.emit()

    def find_devices(self) -> None:
        """Look for devices; state_changed follows."""
        if self._finding is None:
            self._finding = self._device_thread.submit(list_inputs)

    def play(self) -> None:
        """Listen on after a pause."""
        if self.is_open and self._is_paused:
            self._is_paused = False
            self._clock.run(now_s=time.perf_counter())
            self._look_again_s = 0.0
            self.state_changed.emit()

    def pause(self) -> None:
        """Let the show rest; nothing is listened to meanwhile."""
        if self.is_playing:
            self._is_paused = True
            self._clock.hold(now_s=time.perf_counter())
            self._close_input()
            self.state_changed.emit()

    def toggle(self) -> None:
        """Rest or go on."""
        if self._is_paused:
            self.play()
        else:
            self.pause()

    def seek(self, t_s: float) -> None:
        """What comes live has no other place; a step forward, as the player's keys ask for, is the next photo."""
        if t_s > self.position_s and self.is_playing:
            self.another_photo()

    def another_photo(self) -> None:
        """Ask for the next photo now."""
        if self._listening is not None:
            self._listening.wants_another.set()

    def shutdown(self) -> None:
        """End all threads, waiting for them only so long. Of no use afterwards."""
        self.stop()
        if not self._device_thread.stop(limit_s=SHUTDOWN_LIMIT_S):
            log.warning("the input does not answer; it is left alone")
        join_all([one.thread for one in self._stopping], limit_s=SHUTDOWN_LIMIT_S)

    # Within

    def _tick(self) -> None:
        now_s = time.perf_counter()
        if self._finding is not None and self._finding.done():
            finding, self._finding = self._finding, None
            self.devices = finding.result()
            self.state_changed.emit()
        if self._opening is not None and self._opening.done():
            opening, self._opening = self._opening, None
            self._take_opened(opening.result(), now_s)
        stalled = self._input is not None and now_s - self._input.last_call_s > STALLED_S
        if self._input is not None and (stalled or not self._input.is_alive()):
            self._close_input()
            self._lose(now_s, "the device gives nothing more")
        is_due = self._input is None and self._opening is None and now_s >= self._look_again_s
        if self.is_playing and is_due:
            self._opening = self._device_thread.submit(partial(open_input, self.device))

    def _take_opened(self, opened: InputOpened, now_s: float) -> None:
        if opened.input is None:
            self._lose(now_s, opened.reason)
        elif self._is_paused or self._listening is None:
            self._device_thread.submit(opened.input.close)
        else:
            self._input = opened.input
            self._heard_from = opened.input.name
            self._listening.listen_to(opened.input)
            if self.is_device_missing:
                self.is_device_missing = False
                self.device_found.emit()
            self.find_devices()
            self.state_changed.emit()

    def _lose(self, now_s: float, reason: str) -> None:
        self._look_again_s = now_s + FIND_DEVICE_EVERY_S
        if not self.is_device_missing:
            self.is_device_missing = True
            log.warning("nothing to listen to: %s", reason)
            self.device_missing.emit()
            self.state_changed.emit()

    def _give_up_opening(self) -> None:
        """Close what is still being opened as soon as it is: nobody will listen to it."""
        if self._opening is not None:
            self._device_thread.submit(partial(close_opened, self._opening))
            self._opening = None

    def _close_input(self) -> None:
        if self._input is not None:
            if self._listening is not None:
                self._listening.listen_to(None)
            self._device_thread.submit(self._input.close)
            self._input = None

    def _take(self) -> None:
        listening = self._listening
        if listening is None:
            return
        if listening.fault is not None:
            fault, listening.fault = listening.fault, None
            self.stop()
            self.failed.emit(fault)
        elif listening.moment is not None and listening.moment is not self.moment:
            self.moment = listening.moment
            self.moment_changed.emit()
