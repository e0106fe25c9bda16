"""Songs and libraries made of numbers, for tests of everything between an analysis and a film."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np

from engine.bundle import REHEARSAL, open_bundle, write_bundle
from engine.emotion import FloatArray, smooth_curve
from engine.encoders import Encoders
from engine.features import Window
from engine.library import Catalog, Photo
from engine.music import MusicAnalysis

ASSETS = Path(__file__).resolve().parent.parent / "assets"


@cache
def tiny_encoders() -> Encoders:
    return Encoders(open_bundle(ASSETS / "tiny_bundle"), n_threads=1)


def an_analysis(
    duration_s: float,
    *,
    beats_s: FloatArray | None = None,
    va: FloatArray | None = None,
    heard_s: float | None = None,
    seed: int = 0,
) -> MusicAnalysis:
    """A song of two-second windows, with a mood that wanders unless va (n_windows, 2) is given."""
    rng = np.random.default_rng(seed)
    starts = np.arange(0, max(heard_s or duration_s, 1.0), 2.0)
    windows = tuple(Window(float(t), float(min(t + 2, duration_s))) for t in starts)
    if va is None:
        walk = np.cumsum(rng.normal(0, 0.05, (len(windows), 2)), axis=0)
        va = np.clip(0.5 + walk, 0.05, 0.95)
    va = np.ascontiguousarray(va, dtype=np.float32)
    times_s = np.array([w.centre_s for w in windows], dtype=np.float32)
    return MusicAnalysis(
        path=Path("song.flac"),
        duration_s=duration_s,
        windows=windows,
        embeddings=rng.normal(0, 1, (len(windows), 512)).astype(np.float32),
        va=va,
        curve=smooth_curve(times_s, va),
        beat_times_s=np.zeros(0, np.float32) if beats_s is None else beats_s.astype(np.float32),
        tempo_bpm=120.0,
        is_complete=heard_s is None,
        bundle_id="bundle",
    )


def a_catalog(n_photos: int, *, seed: int = 1, burst: int = 1, portraits: float = 0.0) -> Catalog:
    """Photos of many moods, in bursts of so many, a share of them portraits, taken on ten days where not of one."""
    rng = np.random.default_rng(seed)
    is_portrait = rng.random(n_photos) < portraits
    photos = tuple(
        Photo(
            10 + i,
            Path(f"/photos/{i}.jpg"),
            480 if is_portrait[i] else 640,
            640 if is_portrait[i] else 480,
            None if burst == 1 else f"2024-05-{1 + i % 10:02}T10:00:{i % 60:02}",
            f"hash{i}",
        )
        for i in range(n_photos)
    )
    va = rng.beta(4, 4, (n_photos, 2)).astype(np.float32)
    embeddings = rng.normal(0, 1, (n_photos, 512)).astype(np.float32)
    return Catalog(photos, embeddings, va, "bundle", np.arange(n_photos) // burst)


def steady_beats(duration_s: float, bpm: float, *, first_s: float = 0.1) -> FloatArray:
    return np.arange(first_s, duration_s, 60 / bpm, dtype=np.float32)


def encoders_with_rehearsal(dest: Path, **arrays: FloatArray) -> Encoders:
    """The tiny bundle with a rehearsal set of these arrays."""
    tiny = tiny_encoders().bundle
    file = io.BytesIO()
    np.savez(file, **arrays)
    manifest = tiny.manifest
    bundle = write_bundle(
        dest,
        files={**{name: tiny.file_bytes(name) for name in manifest.files}, REHEARSAL: file.getvalue()},
        name="rehearsed",
        created=manifest.created,
        photo=manifest.photo,
        music=manifest.music,
        sigma=manifest.sigma,
        corpora=manifest.corpora,
        scores=manifest.scores,
    )
    return Encoders(bundle, n_threads=1)
