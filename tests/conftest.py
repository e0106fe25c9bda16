"""Make the machine ready for tests: a virtual screen and a sound card that can be listened to."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

IS_CI = os.environ.get("CI", "").lower() in {"1", "true"}
"""There a missing virtual screen or sound server is a fault of the set-up, not a reason to skip."""

SCREEN = "1920x1080x24"
MONITOR_RATE_HZ = 44_100


def pytest_configure(config: pytest.Config) -> None:
    """Keep garbage out of worker threads, as slideshow.garbage does in the app, and see to a screen."""
    gc.disable()
    config.add_cleanup(gc.enable)
    if not getattr(config.option, "numprocesses", None):  # of several processes, each starts a screen of its own
        _start_screen(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what listens to sound as it plays: on a busy machine sound stumbles, so it is run when nothing else is."""
    for item in items:
        if "null_sink" in getattr(item, "fixturenames", ()):
            item.add_marker("alone")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Collect between tests, in the main thread."""
    gc.collect(1)


def _start_screen(config: pytest.Config) -> None:
    """Start a virtual screen before Qt asks for one; without Xvfb Qt paints offscreen."""
    if os.environ.get("QT_QPA_PLATFORM") or os.environ.get("DISPLAY"):
        return
    if shutil.which("Xvfb") is None:
        if IS_CI:
            raise pytest.UsageError("Xvfb is missing: install the Debian package xvfb")
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        return
    reading, writing = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", SCREEN, "-nolisten", "tcp"],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as answer:
        number = answer.readline().strip()
    if not number:
        raise pytest.UsageError("Xvfb did not start")
    os.environ["DISPLAY"] = f":{number}"
    os.environ["QT_QPA_PLATFORM"] = "xcb"

    def stop() -> None:
        screen.terminate()
        screen.wait(timeout=10)

    config.add_cleanup(stop)


class Listening:
    """A recording of what the null sink plays, from entry to `stop`; float32 stereo at `MONITOR_RATE_HZ`."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._parec = subprocess.Popen(
            [
                *("parec", "--device=moodreel.monitor", "--latency-msec=20", "--raw", "--format=s16le", "--channels=2"),
                f"--rate={MONITOR_RATE_HZ}",
            ],
            env=environment,
            stdout=subprocess.PIPE,
        )
        self._parts: list[bytes] = []
        self._n_bytes = 0
        self._first_s = float("inf")
        self._has_begun = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        if not self._has_begun.wait(timeout=10):
            raise RuntimeError("nothing to be heard from PulseAudio, not even silence")

    def _read(self) -> None:
        assert self._parec.stdout is not None
        while part := self._parec.stdout.read1(65_536):  # type: ignore[attr-defined]
            now = time.perf_counter()
            self._parts.append(part)
            self._n_bytes += len(part)
            # The least delayed part tells best when the first sample was heard.
            self._first_s = min(self._first_s, now - self._n_bytes / (4 * MONITOR_RATE_HZ))
            self._has_begun.set()

    @property
    def first_s(self) -> float:
        """The time.perf_counter of the first sample, some 20 ms late at most."""
        return self._first_s

    def stop(self) -> NDArray[np.float32]:
        """End the recording and return it, (n, 2) in [-1, 1]."""
        self._parec.terminate()
        self._parec.wait(timeout=10)
        self._thread.join(timeout=10)
        assert self._parec.stdout is not None
        self._parec.stdout.close()
        data = b"".join(self._parts)
        samples = np.frombuffer(data[: len(data) // 4 * 4], dtype=np.int16).reshape(-1, 2)
        return samples.astype(np.float32) / 32_768


class NullSink:
    """A private PulseAudio server with one sink that plays to nobody, as the current user (root too)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        socket = folder / "native"
        self.environment = {
            "XDG_RUNTIME_DIR": str(folder),
            "XDG_CONFIG_HOME": str(folder),
            "PULSE_SERVER": f"unix:{socket}",
            "PULSE_COOKIE": str(folder / "cookie"),
        }
        self._command = [
            *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"),
            f"--load=module-null-sink sink_name=moodreel rate={MONITOR_RATE_HZ}",
            f"--load=module-native-protocol-unix auth-anonymous=1 socket={socket}",
        ]
        self._server: subprocess.Popen[bytes] | None = None
        self._listener: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and return when it takes streams."""
        environment = os.environ | self.environment
        self._server = subprocess.Popen(
            self._command, env=environment | {"HOME": str(self._folder)}, stderr=subprocess.DEVNULL
        )
        deadline_s = time.monotonic() + 20
        while subprocess.run(["pactl", "info"], env=environment, capture_output=True, check=False).returncode:
            if time.monotonic() > deadline_s or self._server.poll() is not None:
                raise RuntimeError("PulseAudio did not start")
            time.sleep(0.05)
        # Someone listening all the time keeps the sink at short periods, as a card has; alone it works in 2 s lumps.
        self._listener = subprocess.Popen(
            ["parec", "--device=moodreel.monitor", "--latency-msec=20", "--raw"],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not self.recordings():
            if time.monotonic() > deadline_s:
                raise RuntimeError("nobody can listen to PulseAudio")
            time.sleep(0.05)

    def recordings(self) -> list[str]:
        """Who records from the server now, the constant listener among them."""
        told = subprocess.run(
            ["pactl", "list", "short", "source-outputs"],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return told.stdout.splitlines()

    def kill(self) -> None:
        """Take the sound card away, as if it had been unplugged."""
        for process in (self._server, self._listener):
            if process is not None:
                process.kill()
                process.wait(timeout=10)
        self._server = self._listener = None

    def listen(self) -> Listening:
        """Record what is played from now on."""
        return Listening(os.environ | self.environment)


@pytest.fixture(scope="session")
def _pulse_server() -> Iterator[NullSink]:
    missing = [name for name in ("pulseaudio", "parec", "pactl") if shutil.which(name) is None]
    if missing:
        reason = f"no {', '.join(missing)}: install Debian's pulseaudio, pulseaudio-utils and libasound2-plugins"
        if IS_CI:
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="moodreel-pulse-"))  # pytest's own paths are too long for a socket
    sink = NullSink(folder)
    before = {name: os.environ.get(name) for name in sink.environment}
    os.environ.update(sink.environment)
    try:
        sink.start()
        yield sink
    finally:
        sink.kill()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def null_sink(_pulse_server: NullSink) -> NullSink:
    """The sound card of the tests, plugged in again if the last test had unplugged it."""
    if _pulse_server._server is None:
        _pulse_server.start()
    return _pulse_server
