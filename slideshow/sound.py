"""Play the song: sound where there is a device, a silent clock where there is none. It is the show's clock."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine.audio import probe_song, stereo_blocks
from engine.errors import UnreadableSong
from slideshow.sound_output import (
    Opened,
    Output,
    SilentClock,
    SongBuffer,
    close_opened,
    load_portaudio,
    open_output,
)

COMMON_RATES_HZ = (44_100, 48_000)
"""Rates every device takes: the song's own where it is one of these, else the one it divides best."""

TICK_MS = 40
"""How often end, loss of the device and results of the threads are looked at while anything is going on."""

FIND_DEVICE_EVERY_S = 3.0
"""Listing the devices takes about 50 ms of another thread; nobody plugs one in more often."""

OPENING_LIMIT_S = 2.0
"""A sound server that does not answer holds the show up no longer than this."""

STALLED_S = 3.0
"""A device that has taken nothing for so long is lost, even where its driver says nothing."""

IDLE_LIMIT_S = 5.0
"""A pause longer than this gives the device back."""

log = logging.getLogger(__name__)


class Sound(QObject):
    """One song to play, pause and seek. All methods and properties belong to the GUI thread.

    The song is decoded in a thread into memory (about 10 MB a minute); playing starts with the first block and waits,
    silent and with a held clock, where decoding is behind. The device is opened, closed and looked for in another
    thread. Without one, or when it is lost, a silent clock carries the show on until one is found.
    """

    finished = Signal()
    """The song's end has been heard."""
    device_missing = Signal()
    """Playing goes on without sound. Emitted once each time the device is lost or not found."""
    device_found = Signal()
    """Sound again, after device_missing."""
    state_changed = Signal()
    """is_playing, duration_s, volume or is_muted has changed."""
    failed = Signal(object)
    """The song cannot be decoded: the UnreadableSong."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._device_thread = ThreadPoolExecutor(1, thread_name_prefix="sound-device")
        self._decoder = ThreadPoolExecutor(1, thread_name_prefix="sound-decoder")
        self._stop_decoding = threading.Event()
        self._decoding: Future[UnreadableSong | None] | None = None
        self._opening: Future[Opened] | None = None
        self._opening_since_s = 0.0
        self._output: Output | None = None
        self._silent = SilentClock()
        self._buffer: SongBuffer | None = None
        self._path: Path | None = None
        self._told_duration_s = 0.0
        self._forced_rate_hz: int | None = None
        self._is_playing = False
        self._is_finished = False
        self._is_device_missing = False
        self._volume = 1.0
        self._is_muted = False
        self._seek_count = 0
        self._last_s = 0.0
        self._paused_since_s = 0.0
        self._look_again_s = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self._tick)

    # The song

    def load(self, path: Path, *, duration_s: float = 0.0) -> None:
        """Take another song, held at its start. `duration_s` (of its SongInfo) serves until all of it is decoded."""
        self.pause()
        self._close_output()
        self._forced_rate_hz = None
        self._told_duration_s = duration_s
        self._path = path
        self._is_finished = False
        self._jump(0.0)
        self._decode()
        self._warm_up()
        self.state_changed.emit()

    def unload(self) -> None:
        """Forget the song and give the device back."""
        self.pause()
        self._close_output()
        self._stop_decoding.set()
        self._path, self._buffer, self._told_duration_s = None, None, 0.0
        self._jump(0.0)
        self.state_changed.emit()

    @property
    def path(self) -> Path | None:
        """The song that is loaded."""
        return self._path

    @property
    def duration_s(self) -> float:
        """The song's duration: as told by its file until it is decoded, exact from then on."""
        buffer = self._buffer
        if buffer is not None and (buffer.is_complete or self._told_duration_s == 0.0):
            return buffer.n_frames / buffer.rate_hz
        return self._told_duration_s

    # Playing

    @property
    def is_playing(self) -> bool:
        """Whether the song is meant to go on; true also while decoding or the device is waited for."""
        return self._is_playing

    @property
    def is_silent(self) -> bool:
        """Whether there is no device to play on, as far as is known."""
        return self._is_device_missing

    @property
    def n_underflows(self) -> int:
        """How often the device has run dry since it was opened."""
        return self._output.n_underflows if self._output is not None else 0

    def play(self) -> None:
        """Go on from the position; at the song's end from its start."""
        if self._is_playing or self._buffer is None:
            return
        if self._is_finished:
            self.seek(0.0)
        self._is_playing = True
        if self._output is not None:
            self._output.is_moving = True
        else:
            self._look_again_s = 0.0
            self._silence_or_open()
        self._timer.start()
        self.state_changed.emit()

    def pause(self) -> None:
        """Fade out within some milliseconds. What is already on its way to the ear is still heard, and counted."""
        if not self._is_playing:
            return
        now_s = time.perf_counter()
        self._is_playing = False
        self._paused_since_s = now_s
        self._silent.hold(now_s=now_s)
        if self._output is not None:
            self._output.is_moving = False
        self.state_changed.emit()

    def toggle(self) -> None:
        """Play or pause."""
        if self._is_playing:
            self.pause()
        else:
            self.play()

    def seek(self, t_s: float) -> None:
        """Go to a time, kept within the song. The position is there at once and waits until it is heard."""
        self._is_finished = False
        self._jump(min(max(0.0, t_s), self.duration_s) if self.duration_s else max(0.0, t_s))
        if self._output is not None:
            self._output.seek(self._last_s, count=self._seek_count)

    @property
    def position_s(self) -> float:
        """The time of the song that is heard now: even between callbacks, never backwards but by a seek."""
        now_s = time.perf_counter()
        if self._output is not None:
            heard = self._output.clock.at(now_s)
            if heard is not None and heard[1] == self._seek_count and self._buffer is not None:
                self._silent.hold(now_s=now_s)  # the device has taken over
                self._last_s = max(self._last_s, heard[0] / self._buffer.rate_hz)
                return self._last_s
        self._last_s = max(self._last_s, self._silent_s(now_s))
        return self._last_s

    # Loudness

    @property
    def volume(self) -> float:
        """Loudness as a slider's place, 0 to 1; the amplitude is its square, which the ear takes for even steps."""
        return self._volume

    @volume.setter
    def volume(self, volume: float) -> None:
        self._volume = min(max(0.0, volume), 1.0)
        self._set_gain()

    @property
    def is_muted(self) -> bool:
        """Whether nothing is to be heard, whatever the volume."""
        return self._is_muted

    @is_muted.setter
    def is_muted(self, is_muted: bool) -> None:
        self._is_muted = is_muted
        self._set_gain()

    def shutdown(self) -> None:
        """Stop, give the device back and join both threads. The object is of no use afterwards."""
        self._is_playing = False
        self._timer.stop()
        self._stop_decoding.set()
        self._close_output()
        if self._opening is not None:
            self._device_thread.submit(close_opened, self._opening)
            self._opening = None
        self._device_thread.shutdown(wait=True)
        self._decoder.shutdown(wait=True, cancel_futures=True)

    # Within

    def _set_gain(self) -> None:
        if self._output is not None:
            self._output.gain = self._gain
        self.state_changed.emit()

    @property
    def _gain(self) -> float:
        return 0.0 if self._is_muted else self._volume**2

    def _jump(self, t_s: float) -> None:
        self._seek_count += 1
        self._last_s = t_s
        self._silent.set(t_s, now_s=time.perf_counter())

    def _silent_s(self, now_s: float) -> float:
        """The silent clock's time, held where decoding has not got to yet or the song ends."""
        t_s = self._silent.at(now_s)
        if self._buffer is None:
            return t_s
        limit_s = self._buffer.n_frames / self._buffer.rate_hz
        if t_s > limit_s:
            t_s = max(limit_s, self._last_s) if not self._buffer.is_complete else limit_s
            self._silent.set(t_s, now_s=now_s)
        return t_s

    def _decode(self) -> None:
        self._stop_decoding.set()
        self._stop_decoding = threading.Event()
        assert self._path is not None
        rate_hz = self._forced_rate_hz
        self._buffer = SongBuffer(rate_hz=rate_hz or COMMON_RATES_HZ[0])
        self._decoding = self._decoder.submit(
            _decode, self._path, self._buffer, may_choose_rate=rate_hz is None, stop=self._stop_decoding
        )
        self._timer.start()

    def _warm_up(self) -> None:
        """Load PortAudio before it is needed: the first time takes a noticeable while."""
        self._device_thread.submit(load_portaudio)

    def _silence_or_open(self) -> None:
        """Start to open the device if it is time to; without one let the silent clock run."""
        now_s = time.perf_counter()
        if self._is_device_missing:
            self._silent.run(now_s=now_s)
        if self._opening is None and now_s >= self._look_again_s and self._buffer is not None and self._has_rate():
            self._opening_since_s = now_s
            self._opening = self._device_thread.submit(
                open_output, self._buffer, start_s=self._start_s, seek_count=self._seek_count, gain=self._gain
            )

    def _has_rate(self) -> bool:
        """Whether decoding has begun, which settles the buffer's rate."""
        return self._buffer is not None and (self._buffer.n_frames > 0 or self._buffer.is_complete)

    def _start_s(self, heard_s: float) -> float:
        """Where the song is to begin on a stream first heard at `heard_s`. Called in PortAudio's thread."""
        return self._silent.at(heard_s)

    def _tick(self) -> None:
        now_s = time.perf_counter()
        self._take_decoded()
        self._take_opened(now_s)
        self._watch_device(now_s)
        if self._is_playing:
            if self._output is None:
                self._silence_or_open()
                if self._opening is not None and now_s - self._opening_since_s > OPENING_LIMIT_S:
                    self._silent.run(now_s=now_s)
            self._watch_end()
        elif self._output is not None and now_s - self._paused_since_s > IDLE_LIMIT_S:
            self._silent.set(self.position_s, now_s=now_s)
            self._close_output()
        if not self._is_playing and self._output is None and self._opening is None and self._decoding is None:
            self._timer.stop()

    def _take_decoded(self) -> None:
        if self._decoding is None or not self._decoding.done():
            return
        decoding, self._decoding = self._decoding, None
        error = None if decoding.cancelled() else decoding.result()
        if error is not None:
            self.pause()
            self.failed.emit(error)
        self.state_changed.emit()  # the duration is exact now

    def _take_opened(self, now_s: float) -> None:
        if self._opening is None or not self._opening.done():
            return
        opening, self._opening = self._opening, None
        opened = opening.result()
        output = opened.output
        if self._path is None:
            if output is not None:
                self._device_thread.submit(output.close)  # the song was unloaded meanwhile
        elif opened.rate_hz is not None and self._forced_rate_hz is None:
            self._forced_rate_hz = opened.rate_hz
            self._decode()
        elif output is None:
            self._lose_device(now_s, opened.reason)
        elif output.buffer is not self._buffer:
            self._device_thread.submit(output.close)  # another song meanwhile
        else:
            output.gain = self._gain
            output.is_moving = self._is_playing
            self._output = output
            output.seek(self._last_s, count=self._seek_count)  # does nothing if there was none meanwhile
            if self._is_device_missing:
                self._is_device_missing = False
                self.device_found.emit()

    def _watch_device(self, now_s: float) -> None:
        output = self._output
        if output is None or (output.is_alive() and now_s - output.last_call_s < STALLED_S):
            return
        self._silent.set(self.position_s, now_s=now_s)
        self._close_output()
        self._lose_device(now_s, "the device takes nothing more")

    def _lose_device(self, now_s: float, reason: str) -> None:
        self._look_again_s = now_s + FIND_DEVICE_EVERY_S
        if self._is_playing:
            self._silent.run(now_s=now_s)
        if not self._is_device_missing:
            self._is_device_missing = True
            log.warning("playing silently: %s", reason)
            self.device_missing.emit()

    def _watch_end(self) -> None:
        buffer = self._buffer
        if buffer is None or not buffer.is_complete or buffer.n_frames == 0:
            return
        if self.position_s >= buffer.n_frames / buffer.rate_hz - 0.5 / buffer.rate_hz:
            self._is_finished = True
            self.pause()
            self.finished.emit()

    def _close_output(self) -> None:
        if self._output is not None:
            self._device_thread.submit(self._output.close)
            self._output = None


def _decode(path: Path, buffer: SongBuffer, *, may_choose_rate: bool, stop: threading.Event) -> UnreadableSong | None:
    """Fill the buffer, at the song's own rate where that is a common one. The decoder thread."""
    try:
        if may_choose_rate:
            sr = probe_song(path).sr
            buffer.rate_hz = sr if sr in COMMON_RATES_HZ else COMMON_RATES_HZ[sr % 8_000 == 0]
        for block in stereo_blocks(path, sr=buffer.rate_hz):
            if stop.is_set():
                return None
            buffer.append(block)
    except UnreadableSong as error:
        if buffer.n_frames == 0:
            return error
        log.warning("the song breaks off: %s", error)
    finally:
        buffer.finish()
    return None
