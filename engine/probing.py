"""Look into a film that was written: streams, lengths, where sound and picture begin, frames that went dark."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

MAX_SAMPLES: Final = 48
"""Keyframes decoded of a film: about a second's work at 1080p, however long the film."""

LUMA_TOLERANCE: Final = 10.0
"""Levels by which the mean luma of a frame may differ from what was painted; a black flash is far beyond it."""

BEGIN_TOLERANCE_S: Final = 0.025
"""Sound and picture may begin this far apart: an AAC frame, too little to be noticed."""


@dataclass(frozen=True, slots=True)
class FilmCheck:
    """What a film's file holds. `faults` are sentences for a person, empty when all is as it should be."""

    duration_s: float
    sound_s: float
    n_frames: int
    video_begin_s: float
    sound_begin_s: float
    n_sampled: int
    n_bytes: int
    faults: tuple[str, ...] = ()


def check_film(
    path: Path, *, duration_s: float, fps: int, size: tuple[int, int], luma: Sequence[float] = ()
) -> FilmCheck:
    """Read a film's packets and decode some keyframes.

    luma holds the mean luma, in [16, 235], of every frame as it was painted; without it frames are not compared. The
    sound may end early by as much as duration_s exceeds the song: who calls knows the song. A file that cannot be read
    is a fault too.
    """
    n_bytes = path.stat().st_size
    try:
        with av.open(f"file:{os.fspath(path)}", mode="r") as container:
            return _checked(container, duration_s=duration_s, fps=fps, size=size, luma=luma, n_bytes=n_bytes)
    except (av.error.FFmpegError, OSError) as fault:
        words = f"The film cannot be read again: {fault.strerror or fault}."
        return FilmCheck(0.0, 0.0, 0, 0.0, 0.0, 0, n_bytes, (words,))


def mean_luma(frame: VideoFrame, *, step: int = 4) -> float:
    """Average the luma of a planar frame over every step-th pixel of every step-th row."""
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return float(rows[::step, : plane.width : step].mean())


def _checked(
    container: InputContainer,
    *,
    duration_s: float,
    fps: int,
    size: tuple[int, int],
    luma: Sequence[float],
    n_bytes: int,
) -> FilmCheck:
    videos, sounds = container.streams.video, container.streams.audio
    if len(videos) != 1 or len(sounds) != 1:
        words = f"The film holds {len(videos)} pictures and {len(sounds)} sounds instead of one each."
        return FilmCheck(0.0, 0.0, 0, 0.0, 0.0, 0, n_bytes, (words,))
    video, sound = videos[0], sounds[0]
    shown, keys = _spans(container, video, sound)
    (video_begin_s, video_end_s), (sound_begin_s, sound_end_s) = shown
    n_frames = video.frames
    faults = []
    if (video.codec_context.width, video.codec_context.height) != size:
        faults.append(
            f"The picture is {video.codec_context.width}x{video.codec_context.height}, not {size[0]}x{size[1]}."
        )
    if abs(video_end_s - video_begin_s - duration_s) > 1 / fps:
        faults.append(f"The picture lasts {video_end_s - video_begin_s:.2f} s and the song {duration_s:.2f} s.")
    if abs(video_begin_s) > 0.5 / fps or abs(sound_begin_s - video_begin_s) > BEGIN_TOLERANCE_S:
        faults.append(f"The sound begins {1000 * (sound_begin_s - video_begin_s):.0f} ms after the picture.")
    n_sampled, dark = _compared(container, video, keys, fps=fps, luma=luma)
    if dark:
        times = ", ".join(f"{n / fps:.1f} s" for n in dark[:3])
        faults.append(f"The picture is not as it was painted at {times}{' and elsewhere' if len(dark) > 3 else ''}.")
    return FilmCheck(
        video_end_s - video_begin_s,
        sound_end_s - sound_begin_s,
        n_frames,
        video_begin_s,
        sound_begin_s,
        n_sampled,
        n_bytes,
        tuple(faults),
    )


def _spans(
    container: InputContainer, video: VideoStream, sound: AudioStream
) -> tuple[tuple[tuple[float, float], tuple[float, float]], list[int]]:
    """Begin and end of what is shown and of what is heard, and the timestamps of keyframes, from the packets alone."""
    begins, ends = {video.index: np.inf, sound.index: np.inf}, {video.index: -np.inf, sound.index: -np.inf}
    keys = []
    for packet in container.demux(video, sound):
        if packet.pts is None or packet.time_base is None or _is_primer(packet):
            continue
        index = packet.stream.index
        begins[index] = min(begins[index], float(packet.pts * packet.time_base))
        ends[index] = max(ends[index], float((packet.pts + (packet.duration or 0)) * packet.time_base))
        if index == video.index and packet.is_keyframe:
            keys.append(packet.pts)
    spans = tuple((begins[i], ends[i]) if np.isfinite(begins[i]) else (0.0, 0.0) for i in (video.index, sound.index))
    return (spans[0], spans[1]), keys


def _is_primer(packet: Packet[Stream]) -> bool:
    """Whether a packet lies before the edit list's start: the encoder's run-up, decoded but not heard."""
    return packet.is_discard or (packet.pts is not None and packet.pts < 0)


def _compared(
    container: InputContainer, video: VideoStream, keys: Sequence[int], *, fps: int, luma: Sequence[float]
) -> tuple[int, list[int]]:
    """Decode keyframes evenly spread; how many, and the numbers of those unlike what was painted."""
    if not len(luma) or not keys or video.time_base is None:
        return 0, []
    wanted = [keys[i] for i in sorted({round(x) for x in np.linspace(0, len(keys) - 1, MAX_SAMPLES)})]
    other = []
    n_sampled = 0
    for pts in wanted:
        container.seek(pts, stream=video, backward=True)
        frame = next(container.decode(video), None)
        if frame is None or frame.pts is None:
            continue
        n = min(max(round(float(frame.pts * video.time_base) * fps), 0), len(luma) - 1)
        n_sampled += 1
        if abs(mean_luma(frame) - luma[n]) > LUMA_TOLERANCE:
            other.append(n)
    return n_sampled, other
