"""Features of the corpora, computed once and kept in a cache folder, and the random windows and views of training.

Photos pass the frozen backbone once for each of several views; songs keep the 193 rows of all their frames. Both come
from the engine's own preprocessing, so what a model is trained on is what it is served.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.audio import load_song
from engine.emotion import FloatArray
from engine.errors import UnreadablePhoto, UnreadableSong
from engine.features import FEATURES_NAME, MEL, N_FRAMES, N_ROWS, song_features, window_padding
from engine.images import load_image, model_input
from engine.progress import Progress, Report, ignore
from trainer.corpora import OnUnusable, PhotoRecord, SongRecord, Unusable, ignore_unusable
from trainer.errors import CorpusMissing, TrainerError

SHARD_RECORDS: Final = 64
"""Records in one file of the cache: what a kill can lose is at most this much work."""

Triple = tuple[float, float, float]

Record = TypeVar("Record", PhotoRecord, SongRecord)


@dataclass(frozen=True, slots=True)
class PhotoInput:
    """How an image becomes the photo backbone's input."""

    input_px: int
    mean: Triple
    std: Triple


@dataclass(frozen=True, slots=True, eq=False)
class PhotoSet:
    """Labelled photos: features (n, n_views, F), the whole picture first; va and its standard error se, both (n, 2)."""

    records: tuple[PhotoRecord, ...]
    features: FloatArray
    va: FloatArray
    se: FloatArray

    @property
    def groups(self) -> list[str]:
        """Group of each photo, which stays in one split."""
        return [record.group for record in self.records]

    @staticmethod
    def joined(parts: Sequence[PhotoSet]) -> PhotoSet:
        """The photos of several sets, at least one."""
        if len(parts) == 1:
            return parts[0]
        return PhotoSet(
            tuple(record for part in parts for record in part.records),
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.va for part in parts]),
            np.concatenate([part.se for part in parts]),
        )

    def take(self, rows: NDArray[np.intp]) -> PhotoSet:
        """The photos of some rows."""
        return PhotoSet(tuple(self.records[i] for i in rows), self.features[rows], self.va[rows], self.se[rows])


@dataclass(frozen=True, slots=True, eq=False)
class SongSet:
    """Labelled songs: frames of each as (n_frames, 193) float16 (mapped from the cache), and va (n, 2)."""

    records: tuple[SongRecord, ...]
    frames: tuple[NDArray[np.float16], ...]
    va: FloatArray

    @property
    def groups(self) -> list[str]:
        """Group of each song, which stays in one split."""
        return [record.group for record in self.records]

    @staticmethod
    def joined(parts: Sequence[SongSet]) -> SongSet:
        """The songs of several sets, at least one; their frames stay where they are."""
        return SongSet(
            tuple(record for part in parts for record in part.records),
            tuple(frames for part in parts for frames in part.frames),
            np.concatenate([part.va for part in parts]),
        )

    def take(self, rows: NDArray[np.intp]) -> SongSet:
        """The songs of some rows."""
        return SongSet(tuple(self.records[i] for i in rows), tuple(self.frames[i] for i in rows), self.va[rows])

    def row_statistics(self) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation (193,) of each row over all frames of all songs."""
        count, total, squares = 0, np.zeros(N_ROWS), np.zeros(N_ROWS)
        for frames in self.frames:
            values = frames.astype(np.float64)
            count += len(values)
            total += values.sum(axis=0)
            squares += np.square(values).sum(axis=0)
        mean = total / max(count, 1)
        std = np.sqrt(np.maximum(squares / max(count, 1) - mean**2, 0.0))
        # A row that never moves (a corpus without treble) must not be divided by nothing.
        return mean.astype(np.float32), np.maximum(std, 1e-3).astype(np.float32)


def photo_views(image: NDArray[np.uint8], *, n_views: int, seed: int) -> list[NDArray[np.uint8]]:
    """Views of an image (h, w, 3): itself, its mirror image, then random crops, every other one mirrored.

    Crops keep 55 to 100 % of the area and nearly the shape: enough change to learn from, too little to cut away what
    the picture is about.
    """
    rng = np.random.default_rng(seed)
    height, width = image.shape[:2]
    views = [image, image[:, ::-1]][:n_views]
    while len(views) < n_views:
        side, stretch = np.sqrt(rng.uniform(0.55, 1.0)), np.exp(rng.uniform(-0.15, 0.15))
        w, h = (max(1, min(full, int(full * side * by))) for full, by in ((width, stretch), (height, 1 / stretch)))
        x, y = int(rng.integers(width - w + 1)), int(rng.integers(height - h + 1))
        crop = image[y : y + h, x : x + w]
        views.append(crop[:, ::-1] if len(views) % 2 else crop)
    return [np.ascontiguousarray(view) for view in views]


def cache_photos(
    records: Sequence[PhotoRecord],
    features_of: Callable[[FloatArray], FloatArray],
    cache: Path,
    *,
    backbone_name: str,
    spec: PhotoInput,
    n_views: int,
    report: Report = ignore,
    on_unusable: OnUnusable = ignore_unusable,
) -> PhotoSet:
    """Compute or read the pooled features of every view of every photo. Resumes; unreadable photos are left out.

    features_of takes images (n_views, 3, px, px) and is known in the cache by backbone_name.
    Raises CorpusMissing when no photo can be read.
    """
    key = json.dumps([backbone_name, spec.input_px, spec.mean, spec.std, n_views])
    kept: list[PhotoRecord] = []
    parts: list[FloatArray] = []
    for start, shard in _shards(records):
        path = cache / f"photos-{_digest(key, shard)}.npz"
        arrays = _read_shard(path)
        if arrays is None:
            rows, features, reasons = [], [], []
            for i, record in enumerate(shard):
                report(Progress("photos", start + i, len(records), record.path.name))
                try:
                    image, _ = load_image(record.path, min_side_px=spec.input_px)
                except UnreadablePhoto as error:
                    reasons.append(error.reason)
                    continue
                # A seed from the name, so that a photo's crops do not depend on what else is in the folder.
                seed = int.from_bytes(hashlib.sha256(record.path.stem.encode(errors="surrogateescape")).digest()[:4])
                views = photo_views(image, n_views=n_views, seed=seed)
                inputs = [model_input(view, input_px=spec.input_px, mean=spec.mean, std=spec.std) for view in views]
                features.append(features_of(np.stack(inputs)))
                rows.append(i)
            arrays = {
                "rows": np.array(rows, np.intp),
                "features": np.array(features),
                "reasons": np.array(reasons, dtype=str),
            }
            _write_shard(path, arrays)
        _tell_left_out(shard, arrays, on_unusable)
        kept.extend(shard[i] for i in arrays["rows"])
        if len(arrays["rows"]):
            parts.append(arrays["features"])
    report(Progress("photos", len(records), len(records)))
    if not parts:
        raise CorpusMissing("none of the corpus's photos can be read")
    va = np.array([[record.valence, record.arousal] for record in kept], np.float32)
    se = np.array([[record.valence_se, record.arousal_se] for record in kept], np.float32)
    return PhotoSet(tuple(kept), np.ascontiguousarray(np.concatenate(parts)), va, se)


def cache_songs(
    records: Sequence[SongRecord],
    cache: Path,
    *,
    report: Report = ignore,
    on_unusable: OnUnusable = ignore_unusable,
) -> SongSet:
    """Compute or read the 193 rows of every song. Resumes; songs that are unreadable or have no window are left out.

    Raises CorpusMissing when no song can be read.
    """
    kept: list[SongRecord] = []
    frames: list[NDArray[np.float16]] = []
    for start, shard in _shards(records):
        path = cache / f"songs-{_digest(FEATURES_NAME, shard)}.npy"
        index = _read_shard(path.with_suffix(".npz"))
        if index is None or not path.exists():
            rows, parts, reasons = [], [], []
            for i, record in enumerate(shard):
                report(Progress("songs", start + i, len(records), record.path.name))
                try:
                    y = load_song(record.path).y
                except UnreadableSong as error:
                    reasons.append(error.reason)
                    continue
                features = song_features(np.concatenate([y, np.zeros(window_padding(len(y)), np.float32)]))
                if features.shape[1] < N_FRAMES:
                    reasons.append("shorter than a window")
                    continue
                rows.append(i)
                parts.append(features.T.astype(np.float16))
            lengths = np.array([len(part) for part in parts], np.intp)
            index = {
                "rows": np.array(rows, np.intp),
                "ends": np.cumsum(lengths),
                "reasons": np.array(reasons, dtype=str),
            }
            _write_array(path, np.concatenate(parts) if parts else np.zeros((0, N_ROWS), np.float16))
            _write_shard(path.with_suffix(".npz"), index)
        _tell_left_out(shard, index, on_unusable)
        mapped = np.load(path, mmap_mode="r") if len(index["rows"]) else np.zeros((0, N_ROWS), np.float16)
        kept.extend(shard[i] for i in index["rows"])
        frames.extend(mapped[begin:end] for begin, end in zip([0, *index["ends"][:-1]], index["ends"], strict=False))
    report(Progress("songs", len(records), len(records)))
    if not kept:
        raise CorpusMissing("none of the corpus's songs can be read")
    va = np.array([[record.valence, record.arousal] for record in kept], np.float32)
    return SongSet(tuple(kept), tuple(frames), va)


def apply_gain(windows: Tensor, gain_db: Tensor) -> Tensor:
    """Make windows (n, 193, frames) sound gain_db (n,) louder, by what a gain does to each row.

    Mel bands rise by the gain. MFCCs are an orthonormal DCT of the mel dB, and that of a constant g over 128 bands is
    g sqrt(128) in coefficient 0 and nothing elsewhere. Chroma, tonal centroids and contrast are ratios: unchanged.
    """
    louder = windows.clone()
    n_mel = MEL.stop - MEL.start
    louder[:, MEL] += gain_db[:, None, None]
    louder[:, 0] += (gain_db * n_mel**0.5)[:, None]
    return louder


def mask_windows(windows: Tensor, *, generator: torch.Generator, rows: int = 24, frames: int = 12) -> Tensor:
    """Blank a random run of up to `rows` rows and of up to `frames` frames of each standardised window (n, 193, m).

    Masked values take 0, the mean of training, so the network does not lean on any one band or moment.
    """
    masked = windows.clone()
    for axis, longest in ((1, rows), (2, frames)):
        size = windows.shape[axis]
        lengths = torch.randint(0, longest + 1, (len(windows), 1), generator=generator)
        starts = (torch.rand(len(windows), 1, generator=generator) * (size - lengths + 1)).long()
        places = torch.arange(size)[None, :]
        hidden = (places >= starts) & (places < starts + lengths)
        masked.masked_fill_(hidden[:, :, None] if axis == 1 else hidden[:, None, :], 0.0)
    return masked


def random_windows(songs: SongSet, rows: NDArray[np.intp], rng: np.random.Generator) -> Tensor:
    """One random 2 s window (87 frames) of each of some songs, shape (n, 193, 87), raw rows."""
    windows = np.empty((len(rows), N_FRAMES, N_ROWS), np.float16)
    for i, row in enumerate(rows):
        frames = songs.frames[row]
        start = int(rng.integers(len(frames) - N_FRAMES + 1))
        windows[i] = frames[start : start + N_FRAMES]
    # Copied as they lie, turned at half precision, then widened: a third of the time of all at once.
    return torch.from_numpy(windows).transpose(1, 2).contiguous().float()


def even_windows(songs: SongSet, *, n_windows: int) -> Tensor:
    """Evenly spaced windows of each song for evaluation, shape (n_songs, n_windows, 193, 87), raw rows."""
    windows = np.empty((len(songs.frames), n_windows, N_ROWS, N_FRAMES), np.float32)
    for i, frames in enumerate(songs.frames):
        for k, start in enumerate(np.linspace(0, len(frames) - N_FRAMES, n_windows).round().astype(int)):
            windows[i, k] = frames[start : start + N_FRAMES].T
    return torch.from_numpy(windows)


def _shards(records: Sequence[Record]) -> Iterator[tuple[int, Sequence[Record]]]:
    for start in range(0, len(records), SHARD_RECORDS):
        yield start, records[start : start + SHARD_RECORDS]


def _digest(key: str, shard: Sequence[Record]) -> str:
    """Name a shard by what decides its content: the computation, and each file's path, size and time."""
    digest = hashlib.sha256(key.encode())
    for record in shard:
        try:
            state = record.path.stat()
            stamp = state.st_size, state.st_mtime_ns
        except OSError:  # not there, or of a name that is too long
            stamp = 0, 0
        digest.update(f"\0{record.path}\0{stamp}".encode(errors="surrogateescape"))
    return digest.hexdigest()[:20]


def _tell_left_out(shard: Sequence[Record], arrays: Mapping[str, NDArray[Any]], on_unusable: OnUnusable) -> None:
    """Tell which files of a shard could not be used and why, also where it comes from the cache."""
    kept = set(arrays["rows"].tolist())
    left_out = [record for i, record in enumerate(shard) if i not in kept]
    # A cache of an older version knows no reasons.
    reasons = arrays["reasons"].tolist() if "reasons" in arrays else ["it cannot be read"] * len(left_out)
    for record, reason in zip(left_out, reasons, strict=True):
        on_unusable(Unusable(record.path.name, reason))


def _read_shard(path: Path) -> dict[str, NDArray[Any]] | None:
    """Read a shard, or None where it is not there or was not written whole."""
    try:
        # Read first: numpy leaves a file open that it cannot make sense of.
        with np.load(io.BytesIO(path.read_bytes())) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _write_shard(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_atomically(path, buffer.getvalue())


def _write_array(path: Path, array: NDArray[Any]) -> None:
    buffer = io.BytesIO()
    np.save(buffer, array)
    write_atomically(path, buffer.getvalue())


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file under a temporary name in its folder (made if need be), then rename it: never half a file.

    Raises TrainerError where the disk is full or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> TrainerError:
    """What to raise where a file could not be written: a full disk, no right to, or a file in its folder's place."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        return TrainerError(f"{path.parent}: not a folder; name another one")
    return TrainerError(f"{path}: cannot be written ({error.strerror or error})")
