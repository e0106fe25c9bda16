"""Sound from an input: which microphones and loopbacks there are, and a stream that only hands its blocks over.

Apart from live_show.py because nothing here knows Qt: the callback runs in PortAudio's thread. No sound is written
anywhere; a block lives until it has been listened to.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from engine.emotion import FloatArray
from slideshow.sound_output import PORTAUDIO_LOCK, DeviceStream, load_portaudio, restart_portaudio

LATENCY_S = 0.1
MAX_WAITING_BLOCKS = 2_000
"""Blocks that may wait to be listened to, some 20 s of sound; a machine that falls further behind skips the newest."""

PACTL_LIMIT_S = 2.0
LOOPBACK_WORDS = ("monitor", "loopback", "stereo mix", "what u hear", "blackhole", "soundflower")


@dataclass(frozen=True, slots=True)
class InputDevice:
    """Something to listen to. `source` names a source of the Linux sound server, else the device is PortAudio's."""

    name: str
    is_loopback: bool = False
    """It hears what the computer plays, not the room."""
    source: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Samples (n, n_channels) in [-1, 1] and the time.perf_counter at which they came."""

    samples: FloatArray
    came_s: float


class LiveInput(DeviceStream):
    """An open stream. Raises PortAudio's error (of `sounddevice`) where it cannot be opened."""

    def __init__(self, sounddevice: ModuleType, device: int | None, *, source: str) -> None:
        told = sounddevice.query_devices(device, kind="input")
        self.name = str(told["name"])
        self.is_loopback = source.endswith(".monitor") or _is_loopback(self.name)
        self.rate_hz = round(told["default_samplerate"])
        self.blocks: queue.SimpleQueue[Block] = queue.SimpleQueue()
        self.last_call_s = time.perf_counter()
        with _sound_source(source):
            self._stream: Any = sounddevice.InputStream(
                samplerate=self.rate_hz,
                device=device,
                channels=max(1, min(2, int(told["max_input_channels"]))),
                dtype="float32",
                latency=LATENCY_S,
                callback=self._take,
            )
            self._start()

    def _take(self, samples: FloatArray, n_frames: int, times: Any, status: Any) -> None:
        """Hand a copy over. PortAudio's thread."""
        self.last_call_s = time.perf_counter()
        if self.blocks.qsize() < MAX_WAITING_BLOCKS:
            self.blocks.put(Block(samples.copy(), self.last_call_s))


@dataclass(frozen=True, slots=True)
class InputOpened:
    """What came of an attempt to open an input: the input, or the reason why there is none."""

    input: LiveInput | None = None
    reason: str = ""


def open_input(name: str) -> InputOpened:
    """Open the input of this name, else the system's own choice. May take a while; not for the GUI thread."""
    sounddevice = load_portaudio()
    if sounddevice is None:
        return InputOpened(reason="PortAudio is not installed")
    with PORTAUDIO_LOCK:
        try:
            restart_portaudio(sounddevice)
            source = next((device.source for device in _sources() if name in (device.name, device.source)), "")
            indices = dict(_portaudio_inputs(sounddevice))
            device = None if source else indices.get(name)
            if device is None and sounddevice.default.device[0] < 0:
                return InputOpened(reason="there is no input device")
            return InputOpened(LiveInput(sounddevice, device, source=source))
        except (sounddevice.PortAudioError, ValueError) as error:
            return InputOpened(reason=str(error))


def close_opened(opening: Future[InputOpened]) -> None:
    """Close the input that an attempt has opened, if it has. Not for the GUI thread."""
    opened = opening.result().input
    if opened is not None:
        opened.close()


def list_inputs() -> tuple[InputDevice, ...]:
    """Name everything that can be listened to, the loopbacks last. May take a while; not for the GUI thread."""
    sounddevice = load_portaudio()
    if sounddevice is None:
        return ()
    found = list(_sources())
    if not found:
        with PORTAUDIO_LOCK:
            try:
                names = [name for name, _ in _portaudio_inputs(sounddevice)]
            except sounddevice.PortAudioError:  # it could not be started
                names = []
        found = [InputDevice(name, _is_loopback(name)) for name in names]
    unique = {device.name: device for device in reversed(found)}
    return tuple(sorted(unique.values(), key=lambda device: (device.is_loopback, device.name.lower())))


def _portaudio_inputs(sounddevice: ModuleType) -> list[tuple[str, int]]:
    """Names and numbers of the inputs: on Windows of WASAPI only, which names each once and knows loopbacks."""
    hosts = sounddevice.query_hostapis()
    wasapi = [number for number, host in enumerate(hosts) if host["name"] == "Windows WASAPI"]
    return [
        (str(device["name"]), number)
        for number, device in enumerate(sounddevice.query_devices())
        if device["max_input_channels"] > 0 and (not wasapi or device["hostapi"] in wasapi)
    ]


def _sources() -> tuple[InputDevice, ...]:
    """Sources of PulseAudio or PipeWire; PortAudio sees both as one device and knows no loopback of theirs."""
    if not sys.platform.startswith("linux"):
        return ()
    try:
        told = subprocess.run(
            ["pactl", "list", "sources"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # a device may call itself anything
            timeout=PACTL_LIMIT_S,
            check=False,
            env=os.environ | {"LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    found: list[InputDevice] = []
    source = ""
    for line in told.stdout.splitlines():
        word, _, rest = line.strip().partition(": ")
        if word == "Name":
            source = rest
        elif word == "Description" and source:
            found.append(InputDevice(rest, source.endswith(".monitor"), source))
            source = ""
    # Two of the same description are told apart by the server's own names.
    names = [device.name for device in found]
    return tuple(
        InputDevice(f"{device.name} ({device.source})", device.is_loopback, device.source)
        if names.count(device.name) > 1
        else device
        for device in found
    )


def _is_loopback(name: str) -> bool:
    return any(word in name.lower() for word in LOOPBACK_WORDS)


@contextlib.contextmanager
def _sound_source(source: str) -> Iterator[None]:
    """Let the sound server's plugin open this source: it takes the choice from the environment only."""
    before = os.environ.get("PULSE_SOURCE")
    if source:
        os.environ["PULSE_SOURCE"] = source
    try:
        yield
    finally:
        if source and before is None:
            del os.environ["PULSE_SOURCE"]
        elif source and before is not None:
            os.environ["PULSE_SOURCE"] = before
