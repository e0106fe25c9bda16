"""Long songs of many kinds and their films, taken apart again: where the picture changes, how far the sound lags."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.library import Photo
from engine.plan import Cue, Plan
from slideshow.exporting import export_film
from slideshow.film_options import FilmOptions

KINDS = ("wav-44100", "wav-48000", "mp3-44100", "mp3-48000", "m4a-44100", "m4a-48000", "flac-44100", "flac-48000")
_CODECS = {"wav": "pcm_s16le", "mp3": "libmp3lame", "m4a": "aac", "flac": "flac"}
_VBR = {"mp3": {"flags": "+qscale", "global_quality": str(118 * 3)}}  # FFmpeg's lambda units: -q:a 3

SIZE = (160, 90)
LISTEN_S = 3.0
REACH_S = 0.2
"""Lags are looked for up to this."""

N_COLOURS = 12


@dataclass(frozen=True, slots=True)
class Sync:
    """How far cuts lie from the plan at worst, the sound from the song at both ends, the streams from its length."""

    n_cuts: int
    worst_cut_frames: float
    lag_start_ms: float
    lag_end_ms: float
    length_error_s: float
    faults: tuple[str, ...]


def write_song(path: Path, *, sr: int, duration_s: float, seed: int = 0) -> Path:
    """Write music that never repeats: notes of random pitch and length over quiet noise."""
    rng = np.random.default_rng(seed)
    kind = path.suffix[1:]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(_CODECS[kind], rate=sr, layout="mono", options=_VBR.get(kind, {}))
        n_done, n_wanted = 0, round(duration_s * sr)
        while n_done < n_wanted:
            n = min(int(rng.uniform(0.1, 0.5) * sr), n_wanted - n_done)
            t = np.arange(n) / sr
            tone = sum(np.sin(2 * np.pi * rng.uniform(80, 3000) * t + rng.uniform(0, 6)) for _ in range(3))
            note = 0.15 * tone * np.exp(-4 * t) + rng.normal(0, 0.02, n)
            samples = np.rint(32_000 * note).clip(-32_768, 32_767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = sr, n_done, Fraction(1, sr)
            container.mux(stream.encode(frame))
            n_done += n
        container.mux(stream.encode(None))
    return path


def cut_plan(folder: Path, song: Path, *, duration_s: float, seed: int = 0) -> Plan:
    """A plan of hard cuts at odd times, between photos of plain colours that follow in a fixed order."""
    rng = np.random.default_rng(seed)
    photos = []
    for number in range(N_COLOURS):
        path = folder / f"{number}.png"
        angle = 2 * math.pi * number * 5 / N_COLOURS
        colour = [round(128 + 100 * math.cos(angle + shift)) for shift in (0, 2.1, 4.2)]
        Image.new("RGB", (320, 180), tuple(colour)).save(path)
        photos.append(Photo(number, path, 320, 180, None, str(number)))
    starts = [0.0]
    while starts[-1] < duration_s - 8:
        starts.append(starts[-1] + float(rng.uniform(2, 6)))
    cues = tuple(
        Cue(photos[i % N_COLOURS], start_s, end_s, 0.9, 0.0, 1.0, 1.02, "Why.", "cut")
        for i, (start_s, end_s) in enumerate(zip(starts, [*starts[1:], duration_s], strict=True))
    )
    return Plan(song, duration_s, cues, "bundle")


def measure(folder: Path, kind: str, *, duration_s: float, fps: int = 30, size: tuple[int, int] = SIZE) -> Sync:
    """Write a song and its film, decode the film, and compare it with the plan and with the song."""
    suffix, rate = kind.split("-")
    song = write_song(folder / f"song-{rate}.{suffix}", sr=int(rate), duration_s=duration_s)
    heard = decoded_sound(song)
    plan = cut_plan(folder, song, duration_s=len(heard[0]) / heard[1])
    film = export_film(plan, folder / f"{kind}.mp4", options=FilmOptions(size, fps))
    changes = np.array(changes_seen(film.path)) / fps
    wanted = np.array([cue.start_s for cue in plan.cues[1:]])
    if len(changes) != len(wanted):
        raise AssertionError(f"{len(changes)} cuts seen of {len(wanted)}")
    played = decoded_sound(film.path)
    return Sync(
        len(wanted),
        float(np.abs(changes - wanted).max() * fps),
        1000 * lag_s(heard, played, at_s=1.0),
        1000 * lag_s(heard, played, at_s=plan.duration_s - LISTEN_S - 1),
        max(abs(film.duration_s - plan.duration_s), abs(film.check.sound_s - plan.duration_s)),
        film.check.faults,
    )


def decoded_sound(path: Path) -> tuple[NDArray[np.float32], int]:
    """Decode without the engine: mono samples at the file's own rate."""
    parts = []
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        rate = stream.codec_context.sample_rate
        resampler = av.AudioResampler(format="flt", layout="stereo", rate=rate)
        for frame in container.decode(stream):
            if frame.pts is not None and frame.pts * frame.time_base < 0:
                continue  # the run-up of AAC, which players drop
            frame.pts = None
            parts.extend(part.to_ndarray().reshape(-1, 2)[:, 0] for part in resampler.resample(frame))
        parts.extend(part.to_ndarray().reshape(-1, 2)[:, 0] for part in resampler.resample(None))
    return np.concatenate(parts), rate


def lag_s(song: tuple[NDArray[np.float32], int], film: tuple[NDArray[np.float32], int], *, at_s: float) -> float:
    """How much later the film plays what the song has at a time, by the peak of their cross-correlation."""
    (a, sr), (b, film_sr) = song, film
    assert sr == film_sr
    first, n, reach = round(at_s * sr), round(LISTEN_S * sr), round(REACH_S * sr)
    part, around = a[first : first + n], b[first - reach : first + n + reach]
    size = 1 << (len(around) + n).bit_length()
    match = np.fft.irfft(np.fft.rfft(around, size) * np.conj(np.fft.rfft(part, size)), size)
    return float(match[: 2 * reach + 1].argmax() - reach) / sr


def changes_seen(path: Path) -> list[int]:
    """Numbers of the frames whose colour is plainly another than that of the frame before."""
    seen: list[int] = []
    before: NDArray[np.float64] | None = None
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in film.decode(stream):
            n = round(float(frame.pts * stream.time_base) * float(stream.average_rate))
            planes = [np.frombuffer(p, np.uint8).reshape(p.height, p.line_size)[:, : p.width] for p in frame.planes]
            now = np.array([plane[::8, ::8].mean() for plane in planes])
            if before is not None and np.abs(now - before).max() > 12:
                seen.append(n)
            before = now
    return seen
