"""Play songs without a gap: sound where there is a device, else a silent clock. It is the show's clock."""

from __future__ import annotations

import logging
import time
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from slideshow.sound_output import Opened, Output, SilentClock, close_opened, load_portaudio, open_output
from slideshow.sound_songs import SoundSongs
from slideshow.sound_thread import SoundThread

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

SHUTDOWN_LIMIT_S = 2.0
"""A driver or a drive that hangs keeps the app from closing no longer than this, twice."""

log = logging.getLogger(__name__)


class Sound(QObject):
    """The song to play, pause and seek, and the one after it. All methods and properties belong to the GUI thread.

    Each song is decoded ahead in a thread of its own (see `song_buffer`); playing starts with the first block and
    waits, silent and with a held clock, where decoding is behind. The device is opened, closed and looked for in
    another thread. Without one, or when it is lost, a silent clock carries the show on until one is found.
    """

    finished = Signal()
    """The song's end has been heard, and there is no next one."""
    moved_on = Signal()
    """The next song is the present one now; its first sample has come right after the last of the one before."""
    device_missing = Signal()
    """Playing goes on without sound. Emitted once each time the device is lost or not found."""
    device_found = Signal()
    """Sound again, after device_missing."""
    sought = Signal(float)
    """The song is elsewhere now than it would have come to: the time in seconds."""
    state_changed = Signal()
    """is_playing, duration_s, volume or is_muted has changed."""
    failed = Signal(object)
    """The song cannot be decoded: the UnreadableSong."""
    next_failed = Signal(object)
    """The next song cannot be decoded, and is no longer the next: the UnreadableSong."""

    def __init__(self, parent: QObject | None = None, *, cache_folder: Path | None = None) -> None:
        """Long songs are kept in files in `cache_folder`, by default where the system keeps passing files."""
        super().__init__(parent)
        self._songs = SoundSongs(cache_folder=cache_folder)
        self._device_thread = SoundThread("sound-device")
        self._opening: Future[Opened] | None = None
        self._opening_since_s = 0.0
        self._output: Output | None = None
        self._silent = SilentClock()
        self._is_playing = False
        self._is_finished = False
        self._is_device_missing = False
        self._volume = 1.0
        self._is_muted = False
        self._seek_count = 0
        self._n_stumbles_before = 0
        self._last_s = 0.0
        self._paused_since_s = 0.0
        self._look_again_s = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self._tick)

    # The songs

    def load(self, path: Path, *, duration_s: float = 0.0) -> None:
        """Take another song, held at its start. `duration_s` (of its SongInfo) serves until all of it is decoded."""
        self.pause()
        self._close_output()
        self._is_finished = False
        self._jump(0.0)
        self._songs.take(path, duration_s=duration_s)
        self._timer.start()
        self._device_thread.submit(load_portaudio)  # the first time takes a noticeable while
        self.state_changed.emit()

    def unload(self) -> None:
        """Forget the songs and give the device back."""
        self.pause()
        self._close_output()
        self._songs.forget()
        self._jump(0.0)
        self.state_changed.emit()

    def release(self) -> None:
        """Pause and give the device back at once."""
        self.pause()
        now_s = time.perf_counter()
        self._silent.set(self.position_s, now_s=now_s)
        self._close_output()

    def set_next(self, path: Path | None, *, duration_s: float = 0.0) -> None:
        """Choose the song that follows without a gap, or none. It is decoded once the present one is."""
        if path is None or path != self._songs.next_path:
            self._songs.choose_next(path, duration_s=duration_s)
            if self._songs.next is not None:
                self._timer.start()

    def go_on(self) -> bool:
        """Go to the next song now, at its start; False where none is ready."""
        after = self._songs.next
        if after is None or after.buffer.n_frames == 0:
            return False
        self._seek_count += 1
        if self._output is not None:
            self._output.seek(after.buffer, 0.0, count=self._seek_count)
        self._move_on(0.0)
        return True

    @property
    def path(self) -> Path | None:
        """The song that is loaded."""
        return self._songs.now.path if self._songs.now is not None else None

    @property
    def next_path(self) -> Path | None:
        """The song that will follow."""
        return self._songs.next_path

    @property
    def duration_s(self) -> float:
        """The song's duration: as told by its file until it is decoded, exact from then on."""
        return self._songs.duration_s

    # Playing

    @property
    def is_playing(self) -> bool:
        """Whether the song is meant to go on; true also while decoding or the device is waited for."""
        return self._is_playing

    @property
    def is_silent(self) -> bool:
        """Whether there is no device to play on, as far as is known."""
        return self._is_device_missing

    def play(self) -> None:
        """Go on from the position; at the song's end from its start."""
        if self._is_playing or self._songs.now is None:
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
        if self._songs.now is not None:
            buffer = self._songs.now.buffer
            buffer.jump(round(self._last_s * buffer.rate_hz))
            if self._output is not None:
                self._output.seek(buffer, self._last_s, count=self._seek_count)
        self.sought.emit(self._last_s)

    @property
    def position_s(self) -> float:
        """The time of the song that is heard now: even between callbacks, never backwards but by a seek."""
        now_s = time.perf_counter()
        if self._output is not None and self._songs.now is not None:
            heard = self._output.clock.at(now_s)
            buffer = self._songs.now.buffer
            if heard is not None and heard.seek_count == self._seek_count:
                self._silent.hold(now_s=now_s)  # the device has taken over
                if heard.song is buffer:
                    self._last_s = max(self._last_s, heard.frame / buffer.rate_hz)
                elif heard.song is buffer.following:
                    self._last_s = buffer.duration_s  # until the next tick moves on
                return self._last_s
        self._last_s = max(self._last_s, self._silent_s(now_s))
        return self._last_s

    @property
    def n_stumbles(self) -> int:
        """How often the sound has broken off, because the machine was too busy to bring it in time."""
        return self._n_stumbles_before + (self._output.n_stumbles if self._output is not None else 0)

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
        """Stop, give the device back and end the threads, waiting for them only so long. Of no use afterwards."""
        self._is_playing = False
        self._timer.stop()
        self._close_output()
        if self._opening is not None:
            self._device_thread.submit(partial(close_opened, self._opening))
            self._opening = None
        if not self._device_thread.stop(limit_s=SHUTDOWN_LIMIT_S):
            log.warning("the sound device does not answer; it is left alone")
        self._songs.shutdown(limit_s=SHUTDOWN_LIMIT_S)

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
        if self._songs.now is None:
            return t_s
        limit_s = self._songs.now.buffer.duration_s
        if t_s > limit_s:
            t_s = max(limit_s, self._last_s) if not self._songs.now.is_over else limit_s
            self._silent.set(t_s, now_s=now_s)
        return t_s

    def _silence_or_open(self) -> None:
        """Start to open the device if it is time to; without one let the silent clock run."""
        now_s = time.perf_counter()
        if self._is_device_missing:
            self._silent.run(now_s=now_s)
        song = self._songs.now
        if self._opening is None and now_s >= self._look_again_s and song is not None and song.has_rate:
            self._opening_since_s = now_s
            start_s = self._silent.at  # called in PortAudio's thread with the time at which the stream is first heard
            opening = partial(open_output, song.buffer, start_s=start_s, seek_count=self._seek_count, gain=self._gain)
            self._opening = self._device_thread.submit(opening)

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
            self._watch_end(now_s)
        elif self._output is not None and now_s - self._paused_since_s > IDLE_LIMIT_S:
            self._silent.set(self.position_s, now_s=now_s)
            self._close_output()
        is_at_work = self._is_playing or self._output is not None or self._opening is not None
        if not is_at_work and not self._songs.is_decoding:
            self._timer.stop()

    def _take_decoded(self) -> None:
        songs = self._songs
        song, after = songs.now, songs.next
        if song is not None and song.is_over and not songs.is_told:
            songs.is_told = True
            if song.error is not None:
                self.pause()
                self.failed.emit(song.error)
            self.state_changed.emit()  # the duration is exact now
            songs.prepare_next()
        if after is not None and after is songs.next and after.is_over and after.error is not None:
            self.set_next(None)
            self.next_failed.emit(after.error)

    def _take_opened(self, now_s: float) -> None:
        if self._opening is None or not self._opening.done():
            return
        opening, self._opening = self._opening, None
        opened = opening.result()
        output = opened.output
        song = self._songs.now
        if song is None:
            if output is not None:
                self._device_thread.submit(output.close)  # the song was unloaded meanwhile
        elif opened.rate_hz is not None:
            if opened.rate_hz != song.buffer.rate_hz:
                self._songs.take_at_rate(opened.rate_hz)
        elif output is None:
            self._lose_device(now_s, opened.reason)
        elif output.first is not song.buffer:
            self._device_thread.submit(output.close)  # another song meanwhile
        else:
            output.gain = self._gain
            output.is_moving = self._is_playing
            self._output = output
            output.seek(song.buffer, self._last_s, count=self._seek_count)  # does nothing if there was none meanwhile

    def _watch_device(self, now_s: float) -> None:
        output = self._output
        if output is None:
            return
        if output.is_alive() and now_s - output.last_call_s < STALLED_S:
            if self._is_device_missing and output.clock.at(now_s) is not None:  # one that opens may still take nothing
                self._is_device_missing = False
                self.device_found.emit()
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

    def _watch_end(self, now_s: float) -> None:
        """Move on to the next song once it is heard, or stop at the end of the last."""
        song = self._songs.now
        if song is None or not song.is_over or song.buffer.n_frames == 0:
            return
        buffer, following = song.buffer, song.buffer.following
        heard = self._output.clock.at(now_s) if self._output is not None else None
        if heard is not None and heard.seek_count == self._seek_count and heard.song not in (None, buffer):
            if following is not None and heard.song is following:
                self._move_on(heard.frame / following.rate_hz)
            else:
                self.seek(self.position_s)  # another song was to follow when this one's end was on its way
            return
        over_s = self._silent.at(now_s) - buffer.duration_s  # before the position holds the clock at the end
        if self.position_s < buffer.duration_s - 0.5 / buffer.rate_hz:
            return
        if following is None:
            self._is_finished = True
            self.pause()
            self.finished.emit()
        elif self._output is None and following.n_frames > 0:
            self._move_on(max(0.0, over_s))

    def _move_on(self, t_s: float) -> None:
        self._songs.move_on()
        if self._output is not None and self._songs.now is not None:
            self._output.forget_before(self._songs.now.buffer)
        self._is_finished = False
        self._last_s = t_s
        self._silent.set(t_s, now_s=time.perf_counter())
        self.moved_on.emit()
        self.state_changed.emit()

    def _close_output(self) -> None:
        if self._output is not None:
            if self._output.n_stumbles:
                log.info("the sound has broken off %d times", self._output.n_stumbles)
            self._n_stumbles_before = self.n_stumbles
            self._device_thread.submit(self._output.close)
            self._output = None
