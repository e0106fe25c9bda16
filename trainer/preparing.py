"""Builds IMEMNet from the corpora that are there: records, features, splits, sigma, clips and pairs, kept in a folder.

Features are computed once and kept in the cache in small files, so a build that is stopped goes on from there; what
describes the build is written at its end, each file in one step and the manifest last.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.audio import SAMPLE_RATE_HZ
from engine.emotion import FloatArray
from engine.features import HOP_LENGTH, N_FRAMES
from engine.progress import Progress, Report, ignore
from trainer.corpora import PHOTO_CORPORA, SONG_CORPORA
from trainer.data import PhotoInput, PhotoSet, SongSet, cache_photos, cache_songs, write_atomically
from trainer.errors import CorpusMissing, TrainerError
from trainer.pairs import DEFAULT_SPLIT_SEED, SPLITS, mean_distance, paper_pairs_of_va, split_of
from trainer.records import Normalise, OnUnusable, SongRecord, Unusable, ignore_unusable, normalised
from trainer.song_corpora import CLIP_S, FIRST_CLIP_S

FORMAT: Final = 1
MANIFEST: Final = "imemnet.json"
PHOTOS, CLIPS, SONGS, UNUSABLE = "photos.csv", "clips.csv", "songs.csv", "unusable.csv"
PAIRS: Final = "pairs.npz"
PHOTO_FEATURES: Final = "photo_features.npy"

Pairs = Literal["paper", "all"]
"""paper: for each clip 30 random photos, the 10 best and the 10 worst, of all these a tenth (section 3.2); all: every
photo with every clip of its split, which need no list."""


@dataclass(frozen=True, slots=True)
class SplitCounts:
    """A column of table 1 of the paper."""

    songs: int
    clips: int
    images: int
    pairs: int


@dataclass(frozen=True, slots=True)
class Clip:
    """A 2 s window with its label: row of its song, first second, valence and arousal in [0, 1]."""

    song: int
    start_s: float
    valence: float
    arousal: float


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What a build made; row i of photos' features is photo i. `pairs` (k, 2) are rows of photos and clips by split."""

    folder: Path
    normalise: Normalise
    mode: Pairs
    sigma: float
    counts: Mapping[str, SplitCounts]
    n_unusable: int

    def statistics(self) -> dict[str, Any]:
        """Table 1 and the rest as plain values."""
        return {
            "normalise": self.normalise,
            "pairs": self.mode,
            "sigma": self.sigma,
            "unusable": self.n_unusable,
            "splits": {name: asdict(counts) for name, counts in self.counts.items()},
        }


def prepare(
    dest: Path,
    *,
    photos: Mapping[str, Path],
    songs: Mapping[str, Path],
    cache: Path,
    features_of: Callable[[FloatArray], FloatArray],
    backbone_name: str,
    spec: PhotoInput,
    n_views: int,
    normalise: Normalise = "scale",
    pairs: Pairs = "paper",
    split_seed: int = DEFAULT_SPLIT_SEED,
    pair_seed: int = 0,
    report: Report = ignore,
    on_unusable: OnUnusable = ignore_unusable,
) -> Prepared:
    """Build IMEMNet in the folder dest from corpora by name (`PHOTO_CORPORA`, `SONG_CORPORA`) and their folders.

    Every row or file that cannot be used goes to on_unusable and, with its reason, to unusable.csv. sigma of Eq. 1 is
    the training split's. Raises CorpusMissing, TrainerError.
    """
    if not photos or not songs:
        raise CorpusMissing("at least one corpus of photos and one of songs is needed")
    unusable: list[Unusable] = []

    def note(one: Unusable) -> None:
        unusable.append(one)
        on_unusable(one)

    song_sets: list[tuple[str, SongSet]] = []
    for name, folder in songs.items():
        song_records = normalised(SONG_CORPORA[name].read(folder, on_unusable=note), normalise)
        song_sets.append((name, cache_songs(song_records, cache, report=report, on_unusable=note)))
    photo_sets: list[tuple[str, PhotoSet]] = []
    for name, folder in photos.items():
        photo_records = normalised(PHOTO_CORPORA[name].read(folder, on_unusable=note), normalise)
        made = cache_photos(
            photo_records,
            features_of,
            cache,
            backbone_name=backbone_name,
            spec=spec,
            n_views=n_views,
            report=report,
            on_unusable=note,
        )
        photo_sets.append((name, made))
    photo_rows = [(name, record) for name, made in photo_sets for record in made.records]
    song_rows = [(name, record) for name, made in song_sets for record in made.records]
    lengths = [len(frames) for _, made in song_sets for frames in made.frames]
    clips = list(_clips([record for _, record in song_rows], lengths, note))
    photo_split = np.array([split_of(record.group, seed=split_seed) for _, record in photo_rows])
    song_split = np.array([split_of(record.group, seed=split_seed) for _, record in song_rows])
    clip_split = song_split[[clip.song for clip in clips]] if clips else np.array([], dtype=str)
    photo_va = np.array([[record.valence, record.arousal] for _, record in photo_rows], np.float32)
    clip_va = np.array([[clip.valence, clip.arousal] for clip in clips], np.float32).reshape(-1, 2)
    of_train = photo_va[photo_split == "train"], clip_va[clip_split == "train"]
    if min(map(len, of_train)) == 0:
        raise TrainerError("the training split has no photos or no clips: the corpora are too small")
    sigma = mean_distance(*of_train)
    counts: dict[str, SplitCounts] = {}
    lists: dict[str, NDArray[Any]] = {}
    for i, split in enumerate(SPLITS):
        in_photos, in_clips = np.flatnonzero(photo_split == split), np.flatnonzero(clip_split == split)
        n_pairs = len(in_photos) * len(in_clips)
        if pairs == "paper" and n_pairs:
            chosen, similarity = paper_pairs_of_va(
                photo_va[in_photos], clip_va[in_clips], sigma=sigma, seed=pair_seed + i, report=report
            )
            rows = np.stack([in_photos[chosen[:, 0]], in_clips[chosen[:, 1]]], axis=1)
            lists |= {split: rows.astype(np.int32), f"{split}_similarity": similarity}
            n_pairs = len(rows)
        n_songs = int(np.count_nonzero(song_split == split))
        counts[split] = SplitCounts(n_songs, len(in_clips), len(in_photos), n_pairs)
    report(Progress("write", 0, 1))
    _write_features(dest / PHOTO_FEATURES, [made.features for _, made in photo_sets])
    _write_csv(
        dest / PHOTOS,
        "corpus,path,group,split,valence,arousal,valence_se,arousal_se",
        (
            (name, r.path, r.group, split, r.valence, r.arousal, r.valence_se, r.arousal_se)
            for (name, r), split in zip(photo_rows, photo_split, strict=True)
        ),
    )
    _write_csv(
        dest / SONGS,
        "corpus,path,group,split,valence,arousal",
        (
            (name, r.path, r.group, split, r.valence, r.arousal)
            for (name, r), split in zip(song_rows, song_split, strict=True)
        ),
    )
    _write_csv(
        dest / CLIPS,
        "song,start_s,split,valence,arousal",
        ((c.song, c.start_s, split, c.valence, c.arousal) for c, split in zip(clips, clip_split, strict=True)),
    )
    _write_csv(dest / UNUSABLE, "item,reason", ((one.item, one.reason) for one in unusable))
    if lists:
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **lists)
        write_atomically(dest / PAIRS, buffer.getvalue())
    prepared = Prepared(dest, normalise, pairs, sigma, counts, len(unusable))
    manifest = {
        "format": FORMAT,
        **prepared.statistics(),
        "unusable": dict(Counter(one.reason for one in unusable).most_common()),
        "split_seed": split_seed,
        "pair_seed": pair_seed,
        "photo_corpora": {name: {"path": str(photos[name]), "photos": len(made.records)} for name, made in photo_sets},
        "song_corpora": {name: {"path": str(songs[name]), "songs": len(made.records)} for name, made in song_sets},
        "photo_features": {"file": PHOTO_FEATURES, "backbone": backbone_name, "views": n_views, **asdict(spec)},
        "song_features": {"cache": str(cache)},
    }
    write_atomically(dest / MANIFEST, (json.dumps(manifest, indent=1) + "\n").encode())
    report(Progress("write", 1, 1))
    return prepared


def table_1(prepared: Prepared) -> str:
    """The statistics of a build as table 1 of the paper shows them, as Markdown that reads well as plain text too."""
    rows: list[tuple[str, ...]] = [("", "Training", "Validation", "Testing", "Total")]
    for field, title in (("songs", "Songs"), ("clips", "Song clips"), ("images", "Images"), ("pairs", "Pairs")):
        numbers = [getattr(prepared.counts[split], field) for split in SPLITS]
        rows.append((title, *(f"{number:,}" for number in (*numbers, sum(numbers)))))
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    lines = [
        "| " + " | ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 1) + ":" for width in widths) + "|")
    how = (
        "30 random, the 10 best and the 10 worst photos a clip, a tenth of these" if prepared.mode == "paper" else "all"
    )
    lines += [
        "",
        f"sigma of Eq. 1 (training split): {prepared.sigma:.4f}. Pairs: {how}. Labels normalised by: "
        f"{prepared.normalise}. {prepared.n_unusable} rows or files could not be used; {UNUSABLE} tells why.",
    ]
    return "\n".join(lines)


def _clips(records: Sequence[SongRecord], lengths: Sequence[int], on_unusable: OnUnusable) -> Iterable[Clip]:
    """The 2 s windows of each song, lengths in frames: those its corpus labels, else evenly from the 15th second on
    (from its beginning where it is shorter) with the song's own label.
    """
    for song, (record, n_frames) in enumerate(zip(records, lengths, strict=True)):
        if record.clips:
            inside = [clip for clip in record.clips if first_frame(clip[0]) + N_FRAMES <= n_frames]
            if len(inside) < len(record.clips):
                n_lacking = len(record.clips) - len(inside)
                on_unusable(Unusable(record.path.name, f"{n_lacking} labelled windows lie behind the end of its audio"))
            yield from (Clip(song, *clip) for clip in inside)
            continue
        start_s = FIRST_CLIP_S if first_frame(FIRST_CLIP_S) + N_FRAMES <= n_frames else 0.0
        while first_frame(start_s) + N_FRAMES <= n_frames:
            yield Clip(song, start_s, record.valence, record.arousal)
            start_s += CLIP_S


def first_frame(start_s: float) -> int:
    """First frame of the window that begins at a second."""
    return round(start_s * SAMPLE_RATE_HZ / HOP_LENGTH)


def _write_features(path: Path, parts: Sequence[FloatArray]) -> None:
    """Write features of all photos as one array that can be mapped into memory, in one step."""
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) != 1:
        raise TrainerError(f"{path}: features of different shapes, {shapes}")
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        n_photos = sum(map(len, parts))
        mapped = np.lib.format.open_memmap(
            temporary, mode="w+", dtype=parts[0].dtype, shape=(n_photos, *parts[0].shape[1:])
        )
        first = 0
        for part in parts:
            mapped[first : first + len(part)] = part
            first += len(part)
        mapped.flush()
        del mapped
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise TrainerError(f"{path}: cannot be written ({error.strerror or error})") from error


def _write_csv(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header.split(","))
    writer.writerows(rows)
    write_atomically(path, text.getvalue().encode("utf-8", errors="surrogateescape"))
