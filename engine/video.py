"""Frames and a song to an MP4: H.264 and AAC through PyAV, painted in one thread and encoded in another."""

from __future__ import annotations

import errno
import math
import os
import queue
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from engine.audio import probe_song, stereo_blocks
from engine.errors import DiskFull, ExportError
from engine.film_encoders import (
    AUTO,
    SOFTWARE,
    EncoderSettings,
    Preset,
    add_video,
    as_bt709,
    can_encode,
    candidates,
    encoder_settings,
    expected_bits,
)
from engine.probing import FilmCheck, check_film, mean_luma
from engine.progress import Progress, Report, ignore

FrameAt = Callable[[float], NDArray[np.uint8]]
"""Paints the frame at a time, sRGB: (h, w, 3) RGB or (h, w, 4) BGRA whose alpha is ignored."""

AUDIO_ENCODER: Final = "aac"
AUDIO_BITRATE: Final = 192_000
AUDIO_FRAME: Final = 1024
"""Samples of an AAC frame."""

SONG_RATES_HZ: Final = frozenset({44_100, 48_000})
OTHER_RATE_HZ: Final = 48_000
"""Songs at SONG_RATES_HZ keep their rate; every other is resampled to this one, which all players take."""

FRAMES_AHEAD: Final = 4
"""Frames waiting between painter and encoder: enough to even both out, 12 MB at 1080p."""

SIDES_PX: Final = range(16, 8193)
FRAME_RATES: Final = range(1, 121)

_WAIT_S: Final = 0.1
"""How often the painter looks whether it is still wanted while the encoder is busy."""

_LOOK_S: Final = 0.5
"""How often is looked whether a film that waits for its next frame is still wanted."""

_LEAVE_S: Final = 10.0
"""A painter that has not ended so long after its film hangs, and is left to itself."""

_ABANDONED_S: Final = 24 * 3600
"""An unfinished film that was not written to for so long belongs to a program that was killed."""

_LUMA_STEP: Final = 8
"""The mean of a frame's luma is taken over every eighth pixel of every eighth row."""


@dataclass(frozen=True, slots=True)
class FilmReport:
    """What was written: the encoder that ran, the one that failed before it ("" mostly), what the file holds.

    duration_s is the film's length, seconds the time it took, unreadable the photos that others stood in for.
    """

    path: Path
    encoder: str
    n_frames: int
    duration_s: float
    seconds: float
    check: FilmCheck
    gave_up: str = ""
    unreadable: tuple[Path, ...] = ()


class _EncoderFailed(Exception):
    """The encoder of the pictures would not start, or stopped midway; the disk is not to blame."""


def missing_encoders() -> list[str]:
    """Names of the encoders that films need and this PyAV lacks."""
    return [name for name in (SOFTWARE, AUDIO_ENCODER) if not can_encode(name)]


def expected_bytes(*, size: tuple[int, int], fps: int, duration_s: float, preset: Preset = "default") -> int:
    """Estimate the size of a film of photos; films of the same length differ by a factor of two either way."""
    return round(duration_s * (expected_bits(size=size, fps=fps, preset=preset) + AUDIO_BITRATE) / 8)


def write_film(
    dest: Path,
    *,
    song: Path,
    frame_at: FrameAt,
    size: tuple[int, int],
    fps: int,
    duration_s: float,
    preset: Preset = "default",
    encoder: str = AUTO,
    tags: Mapping[str, str] | None = None,
    report: Report = ignore,
) -> FilmReport:
    """Write a film of size (width, height) px that plays the song; frame n shows frame_at(n / fps).

    frame_at is called in one other thread, in order of time, from the start again where an encoder of hardware fails
    and software takes over. The film is written beside dest under another name, looked into, and takes its place when
    it is whole; after an error or Cancelled nothing is left behind. tags go into the file as they are ("title",
    "artist", "comment", "copyright"). Reports seconds of the film. Raises ExportError (DiskFull before the work where
    the room will clearly not do), UnreadableSong, and whatever frame_at raises.
    """
    _check(dest, song=song, size=size, fps=fps, duration_s=duration_s)
    _clear_abandoned(dest.parent)
    _check_room(dest, expected_bytes(size=size, fps=fps, duration_s=duration_s, preset=preset))
    began_s = time.perf_counter()
    n_frames = max(1, round(duration_s * fps))
    song_rate_hz = probe_song(song).sr
    rate_hz = song_rate_hz if song_rate_hz in SONG_RATES_HZ else OTHER_RATE_HZ
    names = candidates(encoder, preset=preset, size=size, fps=fps)
    gave_up = encoder if encoder not in (AUTO, *names) else ""
    part = dest.with_name(f".moodreel-{secrets.token_hex(6)}.part")
    film = _Film(part, dest, song, frame_at, size, fps, n_frames, duration_s, rate_hz, tags or {}, report)
    try:
        name, failed = _write_with_one_of(names, film, preset=preset)
        with _worded(dest):
            check = check_film(part, duration_s=duration_s, fps=fps, size=size, luma=film.luma)
            part.replace(dest)
    finally:
        with suppress(OSError):  # where nothing could be written nothing can be removed, and the fault is said already
            part.unlink()
    missing_s = duration_s - check.sound_s
    if not check.faults and missing_s > 1 / fps + 2 * AUDIO_FRAME / rate_hz:
        check = replace(check, faults=(f"The sound ends {missing_s:.1f} s before the picture.",))
    seconds = time.perf_counter() - began_s
    return FilmReport(dest, name, n_frames, n_frames / fps, seconds, check, failed or gave_up)


def _write_with_one_of(names: Sequence[str], film: _Film, *, preset: Preset) -> tuple[str, str]:
    """Write a film with the first encoder that does it; its name, and the one that failed before it or ""."""
    failed = ""
    for name in names:
        try:
            film.write(encoder_settings(name, preset=preset, size=film.size, fps=film.fps))
            return name, failed
        except _EncoderFailed as fault:
            failed, reason = name, str(fault)
    raise ExportError(film.dest, f"{failed} stopped: {reason}")


@dataclass(slots=True)
class _Film:
    """One film being written; every attempt begins anew."""

    part: Path
    dest: Path
    song: Path
    frame_at: FrameAt
    size: tuple[int, int]
    fps: int
    n_frames: int
    duration_s: float
    rate_hz: int
    tags: Mapping[str, str]
    report: Report
    luma: list[float] = field(default_factory=list)

    def write(self, settings: EncoderSettings) -> None:
        """Write all frames and the sound. Raises _EncoderFailed for what another encoder may do better."""
        self.luma.clear()
        n = 0
        try:
            with _opened(self.part, self.dest) as container:
                container.metadata.update(self.tags)
                video = add_video(container, settings, size=self.size, fps=self.fps)
                audio = _add_audio(container, rate_hz=self.rate_hz)
                sound = _sound_packets(self.song, audio, rate_hz=self.rate_hz, duration_s=self.duration_s)
                with closing(sound), self._painted(settings.pixel_format) as frames:
                    sound_s = 0.0
                    for n, frame in enumerate(frames):
                        packets = _encoded(video, frame)
                        with _worded(self.dest):
                            container.mux(packets)
                            while sound_s <= n / self.fps:  # side by side, so that the container holds nothing back
                                sound_s, heard = next(sound)
                                container.mux(heard)
                        self.report(Progress("film", (n + 1) / self.fps, self.n_frames / self.fps))
                    packets = _encoded(video, None)
                    with _worded(self.dest):
                        container.mux(packets)
                        for _, heard in sound:
                            container.mux(heard)
        except DiskFull as full:
            # What is there says better than any estimate how much the whole would have been.
            with suppress(OSError):
                written = self.part.stat().st_size
                raise DiskFull(self.dest, round(written * (self.n_frames / (n + 1) - 1))) from full
            raise

    @contextmanager
    def _painted(self, pixel_format: str) -> Iterator[Iterator[VideoFrame]]:
        """Paint frames ahead in another thread, which stops when the context is left; they raise frame_at's faults."""
        ahead: queue.Queue[VideoFrame | None] = queue.Queue(FRAMES_AHEAD)
        is_unwanted = threading.Event()

        def hand_over(frame: VideoFrame | None) -> None:
            while not is_unwanted.is_set():
                with suppress(queue.Full):
                    ahead.put(frame, timeout=_WAIT_S)
                    return

        def paint() -> None:
            try:
                for n in range(self.n_frames):
                    if is_unwanted.is_set():
                        return
                    frame = as_bt709(self.frame_at(n / self.fps), size=self.size, pixel_format=pixel_format)
                    frame.pts, frame.time_base = n, Fraction(1, self.fps)
                    self.luma.append(mean_luma(frame, step=_LUMA_STEP))
                    hand_over(frame)
            finally:
                hand_over(None)

        def frames() -> Iterator[VideoFrame]:
            n_given = 0
            while True:
                try:
                    frame = ahead.get(timeout=_LOOK_S)
                except queue.Empty:  # a photo takes long, or hangs on its drive: the film can still be cancelled
                    self.report(Progress("film", n_given / self.fps, self.n_frames / self.fps))
                    continue
                if frame is None:
                    break
                n_given += 1
                yield frame
            painting.result()

        pool = ThreadPoolExecutor(1, thread_name_prefix="painter")
        painting = pool.submit(paint)
        try:
            yield frames()
        finally:
            is_unwanted.set()
            wait([painting], timeout=_LEAVE_S)
            pool.shutdown(wait=painting.done())


def _encoded(video: VideoStream, frame: VideoFrame | None) -> list[Packet[VideoStream]]:
    try:
        return video.encode(frame)
    except (av.error.FFmpegError, OSError) as fault:
        raise _EncoderFailed(fault.strerror or str(fault)) from fault


def _check(dest: Path, *, song: Path, size: tuple[int, int], fps: int, duration_s: float) -> None:
    if any(side % 2 or side not in SIDES_PX for side in size):
        raise ExportError(dest, f"a film's sides are even, from {SIDES_PX[0]} to {SIDES_PX[-1]} px, not {size}")
    if fps not in FRAME_RATES:
        raise ExportError(dest, f"a film has {FRAME_RATES[0]} to {FRAME_RATES[-1]} frames a second, not {fps}")
    if not 0 < duration_s < math.inf:
        raise ExportError(dest, f"a film cannot last {duration_s} s")
    if dest.is_dir():
        raise ExportError(dest, "there is a folder of this name")
    if not dest.parent.is_dir():
        raise ExportError(dest, "the folder does not exist")
    with suppress(OSError):  # one of the two is not there
        if dest.samefile(song):
            raise ExportError(dest, "it is the song itself")


def _clear_abandoned(folder: Path) -> None:
    """Remove what programs that were killed have left of films in a folder: it can be gigabytes, in a hidden file."""
    with suppress(OSError):
        for part in folder.glob(".moodreel-*.part"):
            with suppress(OSError):
                if time.time() - part.stat().st_mtime > _ABANDONED_S:
                    part.unlink()


def _check_room(dest: Path, n_bytes: int) -> None:
    """Refuse before the work what the disk will clearly not hold."""
    try:
        free = shutil.disk_usage(dest.parent).free
    except OSError:
        return  # some network drives do not say
    if n_bytes > free:
        raise DiskFull(dest, n_bytes - free)


@contextmanager
def _worded(dest: Path) -> Iterator[None]:
    """Turn faults of the disk and the container into ExportError."""
    try:
        yield
    except (OSError, av.error.FFmpegError) as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise DiskFull(dest) from fault
        raise ExportError(dest, fault.strerror or str(fault)) from fault


@contextmanager
def _opened(part: Path, dest: Path) -> Iterator[OutputContainer]:
    """Open the container and close it, which completes the file; after an error close it as far as it goes."""
    with _worded(dest):
        container = av.open(f"file:{os.fspath(part)}", mode="w", format="mp4", options={"movflags": "+faststart"})
    try:
        yield container
    except BaseException:
        with suppress(OSError, av.error.FFmpegError):
            container.close()
        raise
    with _worded(dest):
        container.close()


def _add_audio(container: OutputContainer, *, rate_hz: int) -> AudioStream:
    audio = container.add_stream(AUDIO_ENCODER, rate=rate_hz, layout="stereo")
    assert isinstance(audio, AudioStream)
    audio.codec_context.bit_rate = AUDIO_BITRATE
    return audio


def _sound_packets(
    song: Path, audio: AudioStream, *, rate_hz: int, duration_s: float
) -> Generator[tuple[float, list[Packet[AudioStream]]], None, None]:
    """Encode the first duration_s of a song: the time up to which it is encoded, and packets; in the end, infinity."""
    # It changes the sample format, not the rate, and cuts the blocks into the encoder's frames.
    framer = AudioResampler(format="fltp", layout="stereo", rate=rate_hz, frame_size=AUDIO_FRAME)
    n_wanted = round(duration_s * rate_hz)
    n_done = 0
    for block in stereo_blocks(song, sr=rate_hz):
        samples = block[: n_wanted - n_done]
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, n_done, Fraction(1, rate_hz)
        n_done += len(samples)
        for part in framer.resample(frame):
            yield n_done / rate_hz, audio.encode(part)
        if n_done == n_wanted:
            break
    for part in framer.resample(None):
        yield n_done / rate_hz, audio.encode(part)
    yield math.inf, audio.encode(None)
