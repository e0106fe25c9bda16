"""Decode any song with PyAV: mono blocks for the analysis, stereo blocks for playback, duration and tags, its hash."""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import av
import av.error
import av.logging
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from numpy.typing import NDArray

from engine.emotion import FloatArray
from engine.errors import UnreadableSong

SAMPLE_RATE_HZ: Final = 22_050
"""Rate of everything the model hears, the paper's."""

SONG_SUFFIXES: Final = frozenset(
    {".wav", ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".m4b", ".aac", ".wma", ".aif", ".aiff", ".mka", ".caf"}
)
"""Lower-case endings that a file dialog offers and a dropped file is recognised by; decoding looks at content only."""

_DECODERS: Final = ("pcm_s16le", "mp3float", "flac", "vorbis", "opus", "aac", "alac", "wmav2")
"""What the songs people own need."""

_FRAME_SIZE: Final = 8192
"""Samples to take from the resampler at once: codecs give about a thousand, and each handling costs 50 us."""

_HASH_LOOK_PACKETS: Final = 256
"""How often `sound_hash` can be stopped: every few seconds of song, which take milliseconds."""

_LOUDEST: Final = 1e10
"""Float samples beyond it are no sound; whole numbers written as floats stay below, powers of more overflow."""

_MAX_TAG_CHARS: Final = 300
"""A title is shown, stored and searched; whoever writes a book into it is not read to the end."""

_MAX_CHANNELS: Final = 64
"""More is no song but a damaged header."""

_NO_SOUND: Final = "it holds no sound that can be decoded"

# FFmpeg writes its own complaints to stderr; what is wrong with a file is said once, by UnreadableSong.
av.logging.set_level(None)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """The samples of a song: y (n_samples,) mono float32 in about [-1, 1], at sr Hz."""

    path: Path
    y: FloatArray
    sr: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.y) / self.sr


@dataclass(frozen=True, slots=True)
class SongInfo:
    """What a song's file says about itself. The duration is the container's word; decoding may find a little less."""

    path: Path
    duration_s: float
    title: str
    artist: str
    sr: int
    n_channels: int
    codec: str


def missing_decoders() -> tuple[str, ...]:
    """Name the song decoders that this build of FFmpeg lacks; PyAV's own wheels lack none."""
    return tuple(name for name in _DECODERS if name not in av.codecs_available)


def probe_song(path: Path) -> SongInfo:
    """Read duration, tags and format; the first sound is decoded, so that what passes here plays.

    Raises UnreadableSong.
    """
    with _opened(path) as (container, stream):
        if next(_decoded(container, stream), None) is None:
            raise UnreadableSong(path, _NO_SOUND)
        tags = {key.lower(): _one_line(value) for key, value in {**stream.metadata, **container.metadata}.items()}
        codec = stream.codec_context
        return SongInfo(
            path=path,
            duration_s=_duration_s(container, stream),
            title=tags.get("title") or _readable_stem(path),
            artist=tags.get("artist") or tags.get("album_artist") or "",
            sr=codec.sample_rate,
            n_channels=codec.channels,
            codec=codec.name,
        )


def sound_hash(path: Path, *, look: Callable[[], object] = lambda: None) -> str:
    """Hash a song's sound as it is stored: 128 bits in hex that moving, renaming and new tags leave the same.

    The packets of its audio stream are read and not decoded: ten minutes of mp3, m4a or flac take .1 to .2 s once the
    file is read. `look` is called now and then and may raise. Raises UnreadableSong.
    """
    found = hashlib.blake2b(digest_size=16)
    n_packets = 0
    with _opened(path) as (container, stream):
        for packet in _packets(container, stream):
            if packet.size:
                if n_packets % _HASH_LOOK_PACKETS == 0:
                    look()
                found.update(packet)
                n_packets += 1
    if n_packets == 0:
        raise UnreadableSong(path, _NO_SOUND)
    return found.hexdigest()


def mono_blocks(path: Path, *, sr: int = SAMPLE_RATE_HZ, block_s: float = 10.0) -> Iterator[FloatArray]:
    """Decode a song to mono float32 blocks (n,) at sr Hz, each block_s long but the last.

    Every channel is resampled by itself, mono is their mean: the resampler's own mono layout is up to 3 dB louder.
    A damaged stretch is skipped, and of a truncated file what decodes counts. Raises UnreadableSong at the first block
    where nothing does.
    """
    block_size = max(1, round(block_s * sr))
    parts: list[FloatArray] = []
    n_waiting = 0
    n_decoded = 0
    for channels in _resampled(path, sample_format="flt", layout=None, sr=sr):
        mono = _mono(channels)
        parts.append(mono)
        n_waiting += len(mono)
        n_decoded += len(mono)
        if n_waiting >= block_size:
            samples = np.concatenate(parts)
            n_whole = n_waiting - n_waiting % block_size
            for start in range(0, n_whole, block_size):
                yield samples[start : start + block_size]
            parts = [samples[n_whole:]]
            n_waiting -= n_whole
    if n_decoded == 0:
        raise UnreadableSong(path, _NO_SOUND)
    if n_waiting:
        yield np.concatenate(parts)


def load_song(path: Path, *, sr: int = SAMPLE_RATE_HZ) -> Recording:
    """Decode a whole song to mono at sr Hz, about 5 MB a minute at 22,050. Raises UnreadableSong."""
    return Recording(path, np.concatenate(list(mono_blocks(path, sr=sr))), sr)


def mono_excerpts(path: Path, starts_s: Sequence[float], *, length_s: float) -> Iterator[FloatArray]:
    """Decode stretches of a song to mono float32 (n,) at SAMPLE_RATE_HZ, seeking from one to the next.

    A stretch begins where the file can be entered, which may be a little off; one that cannot be reached, or holds
    nothing that decodes, is left out. Raises UnreadableSong where the file is no song.
    """
    with _opened(path) as (container, stream):
        for start_s in starts_s:
            try:
                container.seek(round(start_s * av.time_base))
            except (av.error.FFmpegError, OSError):
                continue
            parts: list[FloatArray] = []
            n_left = round(length_s * SAMPLE_RATE_HZ)
            resampler: AudioResampler | None = None
            shape: tuple[str, int, str] | None = None
            for frame in _decoded(container, stream):
                if frame.time is not None and frame.time < start_s - 1:
                    continue
                if resampler is None or shape != _shape_of(frame):
                    shape = _shape_of(frame)
                    resampler = AudioResampler(format="flt", layout=frame.layout, rate=SAMPLE_RATE_HZ)
                frame.pts = None
                for channels in _samples(resampler, frame):
                    parts.append(_mono(channels))
                    n_left -= len(parts[-1])
                if n_left <= 0:
                    break
            if parts:
                yield np.concatenate(parts)[: round(length_s * SAMPLE_RATE_HZ)]


def stereo_blocks(path: Path, *, sr: int, block_s: float = 1.0) -> Iterator[NDArray[np.int16]]:
    """Decode a song for playback: interleaved stereo int16 blocks (n, 2) at the device's sr Hz, about block_s long.

    A mono song sounds equally from both sides at its own level; more than two channels are mixed down by FFmpeg.
    Raises UnreadableSong at the first block where nothing decodes.
    """
    block_size = max(1, round(block_s * sr))
    parts: list[NDArray[np.int16]] = []
    n_waiting = 0
    n_decoded = 0
    for channels in _resampled(path, sample_format="s16", layout="stereo", sr=sr):
        parts.append(np.broadcast_to(channels, (len(channels), 2)))
        n_waiting += len(channels)
        n_decoded += len(channels)
        if n_waiting >= block_size:
            yield np.concatenate(parts)
            parts, n_waiting = [], 0
    if n_decoded == 0:
        raise UnreadableSong(path, _NO_SOUND)
    if n_waiting:
        yield np.concatenate(parts)


def _resampled(
    path: Path, *, sample_format: Literal["flt", "s16"], layout: Literal["stereo"] | None, sr: int
) -> Iterator[NDArray]:  # type: ignore[type-arg]  # float32 or int16, as the format says
    """Decode and resample to samples (n, n_channels); layout None, and mono in any case, keep the song's channels."""
    with _opened(path) as (container, stream):
        resampler: AudioResampler | None = None
        shape: tuple[str, int, str] | None = None
        for frame in _decoded(container, stream):
            # Chained streams (radio recordings, some ogg files) change their shape midway.
            if resampler is None or shape != _shape_of(frame):
                if resampler is not None:
                    yield from _samples(resampler, None)
                keep = layout is None or frame.layout.nb_channels == 1
                shape = _shape_of(frame)
                resampler = AudioResampler(
                    format=sample_format,
                    layout=frame.layout if keep else layout,
                    rate=sr,
                    frame_size=_FRAME_SIZE,
                )
            # Timestamps only matter to players of broken streams; gaps would be filled with silence twice.
            frame.pts = None
            yield from _samples(resampler, frame)
        if resampler is not None:
            yield from _samples(resampler, None)


def _mono(channels: FloatArray) -> FloatArray:
    """Average samples (n, n_channels); what is no number, or no sound, becomes silence."""
    with np.errstate(over="ignore", invalid="ignore"):
        mono: FloatArray = channels.T.mean(axis=0, dtype=np.float32)
    mono[~(np.abs(mono) <= _LOUDEST)] = 0
    return mono


def _shape_of(frame: AudioFrame) -> tuple[str, int, str]:
    return frame.layout.name, frame.sample_rate, frame.format.name


def _samples(resampler: AudioResampler, frame: AudioFrame | None) -> Iterator[NDArray]:  # type: ignore[type-arg]
    for resampled in resampler.resample(frame):
        if resampled.samples:
            # Interleaved, as PyAV reads past the end of the list of planes where there are eight.
            yield resampled.to_ndarray().reshape(-1, resampled.layout.nb_channels)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    """Open a song and its best audio stream; closed on leaving. Raises UnreadableSong."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise UnreadableSong(path, "it is a folder, not a song")
        if not stat.S_ISREG(mode):
            raise UnreadableSong(path, "it is not a file")  # a pipe would be waited on forever
        with path.open("rb"):
            pass  # FFmpeg's words for a file that is forbidden say less
    except FileNotFoundError:
        raise UnreadableSong(path, "the file does not exist") from None
    except (OSError, ValueError) as error:
        raise UnreadableSong(path, f"it cannot be opened ({getattr(error, 'strerror', None) or error})") from error
    try:
        # As a file URL, so that no name is taken for another protocol; and a playlist in disguise reaches no network.
        container = av.open(
            f"file:{path.absolute()}",
            mode="r",
            metadata_errors="replace",
            options={"protocol_whitelist": "file"},
        )
    except (av.error.FFmpegError, ValueError, OSError) as error:
        raise UnreadableSong(path, "it is not an audio file, or it is damaged") from error
    with container:
        stream = container.streams.best("audio")
        if not isinstance(stream, AudioStream):
            raise UnreadableSong(path, "it is not an audio file, or it holds no sound")
        if stream.codec_context is None:
            raise UnreadableSong(path, "its sound is of an unknown kind")
        stream.codec_context.thread_type = "AUTO"
        yield container, stream


def _packets(container: InputContainer, stream: AudioStream) -> Iterator[Packet[AudioStream]]:
    """Read packet by packet, up to a damaged end."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, EOFError, OSError):
            return  # a truncated container: what came before counts
        if packet is None:
            return
        yield packet


def _decoded(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Decode frame by frame, over damaged packets and up to a damaged end."""
    for packet in _packets(container, stream):
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, EOFError, ValueError):
            continue
        for frame in frames:
            if frame.samples and frame.sample_rate and 0 < frame.layout.nb_channels <= _MAX_CHANNELS:
                yield frame


def _duration_s(container: InputContainer, stream: AudioStream) -> float:
    """Give the duration the file states, else where its last packet ends (reading it all, without decoding)."""
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if container.duration:
        return float(container.duration / av.time_base)
    end_s = 0.0
    try:
        for packet in container.demux(stream):
            if packet.pts is not None and packet.time_base:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    except (av.error.FFmpegError, EOFError, OSError):
        pass  # a truncated end: the packets before it were counted
    return end_s


def _one_line(text: str) -> str:
    """Make one line of a tag, of a length that can be shown."""
    return " ".join(re.sub(r"[\x00-\x20\x7f]+", " ", text[: 4 * _MAX_TAG_CHARS]).split())[:_MAX_TAG_CHARS]


def _readable_stem(path: Path) -> str:
    """Make a title of a file name: no track number in front, spaces for underscores, and for hyphens in slug names."""
    # Bytes that are no text could be neither written into a film nor stored.
    words = path.stem.encode("utf-8", "surrogateescape").decode("utf-8", "replace").replace("_", " ")
    words = re.sub(r"^\d{1,3}(\s*[-.]\s*|\s+)(?=\S)", "", words)
    if " " not in words.strip():
        words = words.replace("-", " ")
    words = " ".join(words.split())
    return words[:1].upper() + words[1:] if words else path.name
