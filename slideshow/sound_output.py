"""The sound card's side of playing: the callback that copies the songs' samples, and the clock of what is heard.

Apart from sound.py because nothing here knows Qt: the callback runs in PortAudio's thread and must neither wait nor
allocate much.
"""

from __future__ import annotations

import importlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from engine.emotion import FloatArray
from slideshow.song_buffer import SongBuffer

LATENCY_S = 0.12
"""Asked of the device: long enough to ride out a busy interpreter, short enough that a key answers at once."""

LEAD_IN_S = 0.15
"""Silence before the song on a fresh stream: devices swallow their first milliseconds, and the clock settles in it."""

RAMP_S = 0.015
"""Time for a full change of loudness: shorter clicks, longer drags."""

SMOOTHING = 0.05
"""Share of each callback's new estimate of the device's clock that is taken over: evens out a millisecond's jitter."""

JUMP_S = 0.02
"""A device clock off by more than this has skipped (an underflow, a stream that woke up late): take it over whole."""

MAX_LEAD_S = 3.0
"""No device is further ahead than this; a larger figure is a fault of its driver."""

PORTAUDIO_LOCK = threading.RLock()
"""Held by who opens, closes or lists devices: PortAudio can do one of these at a time."""

_open_streams: set[DeviceStream] = set()


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was delivered: from the stream's `out_frame` on `n_moving` frames of a song, then the last one held."""

    out_frame: int
    song_frame: int
    n_moving: int
    seek_count: int
    song: SongBuffer | None


@dataclass(frozen=True, slots=True)
class Heard:
    """Which frame of which song is heard, and how many seeks it follows."""

    frame: float
    seek_count: int
    song: SongBuffer | None


class HeardClock:
    """Which song frame is heard at a moment, from what was delivered when.

    The callback adds stretches; one other thread asks. The device's time of the stream's first frame is smoothed over
    callbacks, so between them the clock runs on evenly at the sample rate.
    """

    def __init__(self, *, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._origin_s: float | None = None
        self._n_delivered = 0
        self._coming: deque[Stretch] = deque(maxlen=4096)
        self._now: Stretch | None = None

    def deliver(
        self,
        n_frames: int,
        *,
        heard_s: float,
        song_frame: int,
        n_moving: int,
        seek_count: int,
        song: SongBuffer | None = None,
    ) -> None:
        """Note that the next n_frames, heard from `heard_s` (time.perf_counter) on, begin with `song_frame`."""
        self.deliver_silence(n_frames, heard_s=heard_s)
        self._coming.append(Stretch(self._n_delivered - n_frames, song_frame, n_moving, seek_count, song))

    def deliver_silence(self, n_frames: int, *, heard_s: float) -> None:
        """Note n_frames that belong to no song."""
        origin_s = heard_s - self._n_delivered / self._rate_hz
        if self._origin_s is None or abs(origin_s - self._origin_s) > JUMP_S:
            self._origin_s = origin_s
        else:
            self._origin_s += SMOOTHING * (origin_s - self._origin_s)
        self._n_delivered += n_frames

    def at(self, now_s: float) -> Heard | None:
        """What is heard at `now_s`; None before the first is heard."""
        if self._origin_s is None:
            return None
        # A stream that sleeps delivers no more: what is not delivered cannot be heard.
        heard = min((now_s - self._origin_s) * self._rate_hz, float(self._n_delivered))
        while self._coming and self._coming[0].out_frame <= heard:
            self._now = self._coming.popleft()
        if self._now is None:
            return None
        moved = min(max(0.0, heard - self._now.out_frame), float(self._now.n_moving))
        return Heard(self._now.song_frame + moved, self._now.seek_count, self._now.song)


class SilentClock:
    """The song's time by the computer's clock: running or held. Times are time.perf_counter."""

    def __init__(self) -> None:
        self._base_s = 0.0
        self._since_s: float | None = None

    def at(self, now_s: float) -> float:
        """Song time at a moment, the future included."""
        base_s, since_s = self._base_s, self._since_s  # read once: another thread may ask
        return base_s if since_s is None else base_s + max(0.0, now_s - since_s)

    def set(self, t_s: float, *, now_s: float) -> None:
        """Go on from `t_s`, running or held as before."""
        self._base_s = t_s
        if self._since_s is not None:
            self._since_s = now_s

    def run(self, *, now_s: float) -> None:
        """Start to run, if it does not."""
        if self._since_s is None:
            self._since_s = now_s

    def hold(self, *, now_s: float) -> None:
        """Stop at the time reached."""
        self._base_s, self._since_s = self.at(now_s), None


class DeviceStream:
    """A stream of PortAudio from its start to its end, whoever ends it."""

    _stream: Any
    _is_open = False

    def _start(self) -> None:
        """Start the stream that was made. Call with PORTAUDIO_LOCK held."""
        try:
            self._stream.start()
        except BaseException:
            self._stream.close(ignore_errors=True)
            raise
        self._is_open = True
        _open_streams.add(self)

    def is_alive(self) -> bool:
        """Whether the stream still runs, as PortAudio sees it."""
        return self._is_open and bool(self._stream.active)

    def close(self) -> None:
        """Stop at once and let the device go. May take a while; call it off the GUI thread."""
        with PORTAUDIO_LOCK:
            if self._is_open:
                self._is_open = False
                _open_streams.discard(self)
                self._stream.abort(ignore_errors=True)
                self._stream.close(ignore_errors=True)


def restart_portaudio(sounddevice: ModuleType) -> None:
    """Find the devices that came or went: PortAudio lists them once. Call with PORTAUDIO_LOCK held.

    Its end would free streams that others still hold: they are closed before, and found lost by their owners.
    """
    for stream in tuple(_open_streams):
        stream.close()
    sounddevice._terminate()
    sounddevice._initialize()


class Output(DeviceStream):
    """An open stream to the default device. Raises PortAudio's error (of `sounddevice`) where it cannot be opened.

    `start_s` tells, for the time.perf_counter at which the first sample will be heard, where in the song to begin.
    Where a song ends, the one that its buffer names as `following` goes on with the very next sample. The attributes
    `is_moving` and `gain` are set by the owner and read by the callback.
    """

    def __init__(
        self,
        sounddevice: ModuleType,
        buffer: SongBuffer,
        *,
        start_s: Callable[[float], float],
        seek_count: int,
        gain: float,
    ) -> None:
        self.first = buffer
        self.rate_hz = buffer.rate_hz
        self.gain = gain
        self.is_moving = True
        self.last_call_s = time.perf_counter()
        self.n_stumbles = 0
        """How often the device ran out of samples: the machine was too busy to bring them in time."""
        self.clock = HeardClock(rate_hz=buffer.rate_hz)
        self._start_s = start_s
        self._song = buffer
        self._seek_to = (buffer, 0, seek_count)
        self._seek_count = seek_count
        self._head: int | None = None
        self._n_led_in = 0
        self._level = 0.0
        self._offset_s: float | None = None
        self._ramp_frames = max(1, round(RAMP_S * buffer.rate_hz))
        extra = None
        if hasattr(sounddevice, "WasapiSettings") and _host_name(sounddevice) == "Windows WASAPI":
            extra = sounddevice.WasapiSettings(auto_convert=True)  # else it takes the mixer's own rate only
        self._stream: Any = sounddevice.OutputStream(
            samplerate=buffer.rate_hz,
            channels=2,
            dtype="float32",
            latency=LATENCY_S,
            callback=self._fill,
            extra_settings=extra,
        )
        self._start()

    def seek(self, song: SongBuffer, t_s: float, *, count: int) -> None:
        """Go on from `t_s` of a song; the clock's answers carry `count` from the moment it is heard."""
        self._seek_to = (song, round(t_s * self.rate_hz), count)

    def forget_before(self, song: SongBuffer) -> None:
        """Hold no song from before this one, which is heard now: a stream plays whole queues."""
        self.first = song
        if self._seek_to[2] == self._seek_count:
            self._seek_to = (song, 0, self._seek_count)

    def _fill(self, out: FloatArray, n_frames: int, times: Any, status: Any) -> None:
        """Copy the next samples into out (n_frames, 2). PortAudio's thread."""
        self.last_call_s = time.perf_counter()
        self.n_stumbles += bool(status.output_underflow)
        heard_s = self._heard_s(times)
        if self._head is None and self._n_led_in < LEAD_IN_S * self.rate_hz:
            self._n_led_in += n_frames
            out[:] = 0.0
            self.clock.deliver_silence(n_frames, heard_s=heard_s)
            return
        if self._head is None:
            self._head = round(self._start_s(heard_s) * self.rate_hz)
        seek_song, seek_to, seek_count = self._seek_to
        if seek_count != self._seek_count and self._level == 0.0:
            self._song, self._head, self._seek_count = seek_song, seek_to, seek_count
        is_moving = self.is_moving and seek_count == self._seek_count
        n_fading = n_frames if is_moving else min(n_frames, math.ceil(self._level * self._ramp_frames))
        n_moving = self._copy(out, n_frames, n_fading, heard_s)
        out[n_moving:] = 0.0
        self._apply_level(out[:n_moving], self.gain if is_moving else 0.0)
        if n_moving < n_fading:
            self._level = 0.0  # the song has run out, for now or for good: whatever comes next fades in

    def _copy(self, out: FloatArray, n_frames: int, n_wanted: int, heard_s: float) -> int:
        """Copy up to n_wanted frames, over the end of a song into the next, tell the clock, and return how many."""
        assert self._head is not None
        n_done = 0
        while True:
            song, head = self._song, self._head
            n_copied = song.read(head, out[n_done:n_wanted])
            self._head += n_copied
            following = song.following
            goes_on = (
                n_done + n_copied < n_wanted
                and song.is_complete
                and self._head >= song.n_frames
                and following is not None
                and following.n_frames > 0
                and following.rate_hz == self.rate_hz
            )
            self.clock.deliver(
                n_copied if goes_on else n_frames - n_done,
                heard_s=heard_s + n_done / self.rate_hz,
                song_frame=head,
                n_moving=n_copied,
                seek_count=self._seek_count,
                song=song,
            )
            n_done += n_copied
            if not goes_on:
                return n_done
            assert following is not None
            self._song, self._head = following, 0

    def _apply_level(self, samples: FloatArray, target: float) -> None:
        """Scale int16-ranged samples to [-1, 1] and the loudness, moving towards `target` no faster than a ramp."""
        step = len(samples) / self._ramp_frames
        level = min(target, self._level + step) if target > self._level else max(target, self._level - step)
        if level == self._level:
            samples *= np.float32(level / 32_768)
        else:
            n_ramp = min(len(samples), math.ceil(abs(level - self._level) * self._ramp_frames))
            ramp = np.linspace(self._level, level, n_ramp + 1, dtype=np.float32)[1:, None]
            samples[:n_ramp] *= ramp / np.float32(32_768)
            samples[n_ramp:] *= np.float32(level / 32_768)
        self._level = level

    def _heard_s(self, times: Any) -> float:
        """When this callback's first frame will be heard, as a time.perf_counter."""
        if self._offset_s is None:
            self._offset_s = self._stream.time - time.perf_counter()
        now_s = float(times.currentTime)
        lead_s = float(times.outputBufferDacTime) - now_s
        if times.outputBufferDacTime <= 0.0 or not 0.0 <= lead_s < MAX_LEAD_S:
            lead_s = float(self._stream.latency)
        if now_s <= 0.0:  # some drivers give no time at all
            return self.last_call_s + lead_s
        return now_s - self._offset_s + lead_s


def _host_name(sounddevice: ModuleType) -> str:
    """Name of PortAudio's driver family of the default output, empty where there is none."""
    device = sounddevice.default.device[1]
    if device < 0:
        return ""
    return str(sounddevice.query_hostapis(sounddevice.query_devices(device)["hostapi"])["name"])


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of an attempt to open the device: an output, or the rate it insists on, or the reason for neither."""

    output: Output | None = None
    rate_hz: int | None = None
    reason: str = ""


def load_portaudio() -> ModuleType | None:
    """Load the sounddevice module; None where PortAudio, its library, is missing. Slow the first time."""
    try:
        return importlib.import_module("sounddevice")
    except (ImportError, OSError):
        return None


def open_output(buffer: SongBuffer, *, start_s: Callable[[float], float], seek_count: int, gain: float) -> Opened:
    """Open the default device, after looking for new ones where none is known. May take long; not for the GUI thread.

    `start_s` is that of Output.
    """
    sounddevice = load_portaudio()
    if sounddevice is None:
        return Opened(reason="PortAudio is not installed")
    with PORTAUDIO_LOCK:
        return _opened(sounddevice, buffer, start_s=start_s, seek_count=seek_count, gain=gain)


def _opened(
    sounddevice: ModuleType, buffer: SongBuffer, *, start_s: Callable[[float], float], seek_count: int, gain: float
) -> Opened:
    fault: type[Exception] = sounddevice.PortAudioError
    reason = ""
    for is_second_try in (False, True):
        try:
            if is_second_try or sounddevice.default.device[1] < 0:
                restart_portaudio(sounddevice)
            if sounddevice.default.device[1] < 0:
                return Opened(reason="there is no output device")
            return Opened(Output(sounddevice, buffer, start_s=start_s, seek_count=seek_count, gain=gain))
        except fault as error:
            reason = str(error)
    try:
        rate_hz = round(sounddevice.query_devices(kind="output")["default_samplerate"])
        sounddevice.check_output_settings(samplerate=rate_hz, channels=2, dtype="float32")
    except (fault, ValueError):
        return Opened(reason=reason)
    return Opened(rate_hz=rate_hz, reason=reason) if rate_hz != buffer.rate_hz else Opened(reason=reason)


def close_opened(opening: Future[Opened]) -> None:
    output = opening.result().output
    if output is not None:
        output.close()
