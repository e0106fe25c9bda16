"""Frames and a song to an MP4: H.264 and AAC through PyAV, painted in one thread and encoded in another."""

from __future__ import annotations

import errno
import math
import os
import queue
import secrets
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
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
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

from engine.audio import probe_song, stereo_blocks
from engine.errors import ExportError
from engine.progress import Progress, Report, ignore

FrameAt = Callable[[float], NDArray[np.uint8]]
"""Paints the frame at a time, sRGB: (h, w, 3) RGB or (h, w, 4) BGRA whose alpha is ignored."""

ENCODER: Final = "libx264"
AUDIO_ENCODER: Final = "aac"
PRESET: Final = "superfast"
"""Real time for 1080p30 on two cores; veryfast is a tenth too slow for it."""

QUALITY_CRF: Final = 20
"""x264's constant quality: photos in slow motion stay well above 36 dB of luma PSNR."""

KEYFRAME_EVERY_S: Final = 4
"""A player that seeks decodes at most this much first."""

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

_SCALER: Final = int(Interpolation.BICUBIC)


@dataclass(frozen=True, slots=True)
class FilmReport:
    """What was written: the encoder that ran, frames, the film's length, the seconds it took, unreadable photos."""

    path: Path
    encoder: str
    n_frames: int
    duration_s: float
    seconds: float
    unreadable: tuple[Path, ...] = ()


def missing_encoders() -> list[str]:
    """Names of the encoders that films need and this PyAV lacks."""
    return [name for name in (ENCODER, AUDIO_ENCODER) if not _can_encode(name)]


def write_film(
    dest: Path,
    *,
    song: Path,
    frame_at: FrameAt,
    size: tuple[int, int],
    fps: int,
    duration_s: float,
    report: Report = ignore,
) -> FilmReport:
    """Write a film of size (width, height) px that plays the song; frame n shows frame_at(n / fps).

    frame_at is called in one other thread, in order of time. The film is written beside dest under another name and
    takes its place when it is whole; after an error or Cancelled nothing is left behind. Reports seconds of the film.
    Raises ExportError, UnreadableSong, and whatever frame_at raises.
    """
    _check(dest, size=size, fps=fps, duration_s=duration_s)
    began_s = time.perf_counter()
    n_frames = max(1, round(duration_s * fps))
    song_rate_hz = probe_song(song).sr
    rate_hz = song_rate_hz if song_rate_hz in SONG_RATES_HZ else OTHER_RATE_HZ
    part = dest.with_name(f".moodreel-{secrets.token_hex(6)}.part")
    try:
        with _opened(part, dest) as container:
            video = _add_video(container, size=size, fps=fps)
            audio = _add_audio(container, rate_hz=rate_hz)
            sound = _sound_packets(song, audio, rate_hz=rate_hz, duration_s=duration_s)
            with closing(sound), _painted(frame_at, size=size, fps=fps, n_frames=n_frames) as frames:
                sound_s = 0.0
                for n, frame in enumerate(frames):
                    with _worded(dest):
                        container.mux(video.encode(frame))
                        while sound_s <= n / fps:  # side by side, so that the container need not hold back either
                            sound_s, packets = next(sound)
                            container.mux(packets)
                    report(Progress("film", (n + 1) / fps, n_frames / fps))
                with _worded(dest):
                    container.mux(video.encode(None))
                    for _, packets in sound:
                        container.mux(packets)
        with _worded(dest):
            part.replace(dest)
    finally:
        part.unlink(missing_ok=True)
    return FilmReport(dest, ENCODER, n_frames, n_frames / fps, time.perf_counter() - began_s)


def _can_encode(name: str) -> bool:
    try:
        return av.Codec(name, "w").is_encoder
    except av.codec.codec.UnknownCodecError:
        return False


def _check(dest: Path, *, size: tuple[int, int], fps: int, duration_s: float) -> None:
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


@contextmanager
def _worded(dest: Path) -> Iterator[None]:
    """Turn faults of the disk and the encoder into ExportError."""
    try:
        yield
    except (OSError, av.error.FFmpegError) as fault:
        full = fault.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise ExportError(dest, "the disk is full" if full else fault.strerror or str(fault)) from fault


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


def _add_video(container: OutputContainer, *, size: tuple[int, int], fps: int) -> VideoStream:
    video = container.add_stream(ENCODER, rate=fps, options={"preset": PRESET, "crf": str(QUALITY_CRF)})
    assert isinstance(video, VideoStream)
    context = video.codec_context
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, fps)
    context.gop_size = KEYFRAME_EVERY_S * fps
    context.thread_type = "FRAME"
    # Without these tags players guess BT.601 for small films, and reds and greens shift.
    context.color_range = ColorRange.MPEG
    context.colorspace = Colorspace.ITU709
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    return video


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


@contextmanager
def _painted(frame_at: FrameAt, *, size: tuple[int, int], fps: int, n_frames: int) -> Iterator[Iterator[VideoFrame]]:
    """Paint frames ahead in another thread, which stops when the context is left; they raise what frame_at raised."""
    ahead: queue.Queue[VideoFrame | None] = queue.Queue(FRAMES_AHEAD)
    is_unwanted = threading.Event()

    def hand_over(frame: VideoFrame | None) -> None:
        while not is_unwanted.is_set():
            with suppress(queue.Full):
                ahead.put(frame, timeout=_WAIT_S)
                return

    def paint() -> None:
        try:
            for n in range(n_frames):
                if is_unwanted.is_set():
                    return
                frame = _as_bt709(frame_at(n / fps), size)
                frame.pts, frame.time_base = n, Fraction(1, fps)
                hand_over(frame)
        finally:
            hand_over(None)

    def frames() -> Iterator[VideoFrame]:
        while (frame := ahead.get()) is not None:
            yield frame
        painting.result()

    with ThreadPoolExecutor(1, thread_name_prefix="painter") as pool:
        painting = pool.submit(paint)
        try:
            yield frames()
        finally:
            is_unwanted.set()


def _as_bt709(image: NDArray[np.uint8], size: tuple[int, int]) -> VideoFrame:
    """Convert an RGB or BGRA image of full range to BT.709 yuv420p of limited range."""
    width, height = size
    if image.shape not in ((height, width, 3), (height, width, 4)):
        raise ValueError(f"a frame of shape {image.shape} for a film of {width} x {height}")
    frame = VideoFrame.from_ndarray(image, format="rgb24" if image.shape[2] == 3 else "bgra")
    return frame.reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        interpolation=_SCALER,
        threads=1,
    )
