"""Reader of the song corpus DEAM: whole-song labels, labels of 2 s windows where they are, and the audio."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from engine.audio import SONG_SUFFIXES
from trainer.errors import CorpusMissing
from trainer.records import Clip, OnUnusable, SongRecord, Unusable, ignore_unusable, number_of, rating_on, rescale
from trainer.tables import existing, files_by_stem, named_rows

DEAM_SCALE: Final = (1.0, 9.0)
"""Ends of DEAM's scale for whole-song ratings (Aljanaki, Yang, Soleymani 2017)."""

DEAM_MOMENT_SCALE: Final = (-1.0, 1.0)
"""Ends of DEAM's scale for ratings of moments."""

EXCHANGED_UP_TO: Final = 1000
"""Songs of the static table up to this id, those of 2013, stand there with valence and arousal exchanged.

The corpus they came from lists arousal first (Soleymani and others 2013), and DEAM's table took its numbers over under
its own header. It shows wherever something else tells of the same songs: places of clips found from IMEMNet's published
pairs have r .42 with the column called valence and .92 with the one called arousal up to this id, .88 and .60 above it.
"""

FIRST_CLIP_S: Final = 15.0
"""DEAM's raters needed so long to settle: no moment before is rated (section 3.1 of the paper)."""

CLIP_S: Final = 2.0

SAMPLES_PER_CLIP: Final = 4
"""DEAM's moments are rated twice a second."""

_SAMPLE = re.compile(r"sample_(\d+)ms")


def read_deam(path: Path, *, on_unusable: OnUnusable = ignore_unusable) -> list[SongRecord]:
    """Read DEAM's labels and its audio from its folder, sorted by song id.

    Takes both static tables (songs 1 to 2000, and 2000 to 2058 with its 13 space-padded columns) and the two tables of
    moments, wherever they lie under `annotations`, and audio of any format the engine reads from `MEMD_audio`. The
    exchanged columns of the first songs are put right. A song with moments only gets their mean as its own label.
    Raises CorpusMissing where the tables or the audio are not there, or nothing of them can be used.
    """
    audio = files_by_stem(existing(path, "MEMD_audio", is_folder=True), SONG_SUFFIXES)
    annotations = existing(path, "annotations", is_folder=True)
    clips = _moments(annotations, on_unusable)
    songs = _whole_songs(path, annotations, on_unusable, is_needed=not clips)
    for song_id in clips.keys() - songs.keys():
        valence, arousal = (statistics.fmean(clip[i] for clip in clips[song_id]) for i in (1, 2))
        songs[song_id] = (valence, arousal)
    records: list[SongRecord] = []
    for song_id in sorted(songs):
        rating = songs[song_id]
        if rating is None:
            continue
        if str(song_id) not in audio:
            on_unusable(Unusable(str(song_id), "labelled, but there is no audio of it"))
            continue
        records.append(SongRecord(audio[str(song_id)], str(song_id), *rating, clips=clips.get(song_id, ())))
    for stem in sorted(audio.keys() - {str(song_id) for song_id in songs}):
        on_unusable(Unusable(audio[stem].name, "audio without a label"))
    if not records:
        raise CorpusMissing(f"{path}: no song of DEAM here has both a label and audio")
    return records


def _whole_songs(
    path: Path, annotations: Path, on_unusable: OnUnusable, *, is_needed: bool
) -> dict[int, tuple[float, float] | None]:
    """Labels of whole songs by song id; None for one whose row cannot be used. Raises CorpusMissing."""
    tables = sorted(annotations.rglob("static_annotations_averaged_songs_*.csv"))
    if not tables and is_needed:
        raise CorpusMissing(f"{path}: no static_annotations_averaged_songs_*.csv below annotations")
    songs: dict[int, tuple[float, float] | None] = {}
    for row in (
        row for table in tables for row in named_rows(table, required=("song_id", "valence_mean", "arousal_mean"))
    ):
        song_id = _song_id(row, on_unusable)
        if song_id is None:
            continue
        valence, arousal = row["valence_mean"], row["arousal_mean"]
        if song_id <= EXCHANGED_UP_TO:
            valence, arousal = arousal, valence
        rating = rating_on(DEAM_SCALE, valence=valence, arousal=arousal)
        if isinstance(rating, str):
            on_unusable(Unusable(str(song_id), rating))
            songs.setdefault(song_id, None)
        elif songs.get(song_id) is not None:
            on_unusable(Unusable(str(song_id), "labelled twice; the first row counts"))
        else:
            songs[song_id] = rating
    return songs


def _moments(annotations: Path, on_unusable: OnUnusable) -> dict[int, tuple[Clip, ...]]:
    """Labels of each song's 2 s windows from the 15th second on, the mean of four samples each; by song id.

    Empty where the two tables are not there. A song ends where its cells are blank; a window with fewer samples than
    four is left out, and so is one with a sample that lies outside the scale, which is told.
    """
    found = {
        dimension: [
            file for file in sorted(annotations.rglob(f"{dimension}.csv")) if "dynamic" in str(file.parent).casefold()
        ]
        for dimension in ("valence", "arousal")
    }
    if not all(found.values()):
        for dimension, other in (("valence", "arousal"), ("arousal", "valence")):
            if found[dimension]:
                on_unusable(Unusable(found[dimension][0].name, f"there is no {other}.csv beside it"))
        return {}
    valence, arousal = (_samples(files[0], on_unusable) for files in found.values())
    for song_id in sorted(valence.keys() ^ arousal.keys()):
        lacking = "arousal" if song_id in valence else "valence"
        on_unusable(Unusable(str(song_id), f"its moments have no {lacking}"))
    clips: dict[int, tuple[Clip, ...]] = {}
    for song_id in sorted(valence.keys() & arousal.keys()):
        of_song = _clips(valence[song_id], arousal[song_id])
        if of_song:
            clips[song_id] = of_song
        else:
            on_unusable(Unusable(str(song_id), "its moments fill no 2 s window"))
    return clips


def _samples(table: Path, on_unusable: OnUnusable) -> dict[int, dict[int, float]]:
    """Rated moments of each song: value in [0, 1] by milliseconds, by song id."""
    samples: dict[int, dict[int, float]] = {}
    for row in named_rows(table, required=("song_id",)):
        song_id = _song_id(row, on_unusable)
        if song_id is None:
            continue
        if song_id in samples:
            on_unusable(Unusable(str(song_id), f"stands twice in {table.name}; the first row counts"))
            continue
        of_song: dict[int, float] = {}
        n_outside = 0
        for name, text in row.items():
            place, value = _SAMPLE.fullmatch(name), number_of(text)
            if place is None or value is None:
                continue
            if DEAM_MOMENT_SCALE[0] <= value <= DEAM_MOMENT_SCALE[1]:
                of_song[int(place[1])] = rescale(value, DEAM_MOMENT_SCALE)
            else:
                n_outside += 1
        if n_outside:
            on_unusable(
                Unusable(str(song_id), f"{n_outside} moments of its {table.stem} lie outside the scale -1 to 1")
            )
        samples[song_id] = of_song
    return samples


def _clips(valence: Mapping[int, float], arousal: Mapping[int, float]) -> tuple[Clip, ...]:
    last_ms = max(valence.keys() & arousal.keys(), default=0)
    clips: list[Clip] = []
    for start_ms in range(int(FIRST_CLIP_S * 1000), last_ms + 1, int(CLIP_S * 1000)):
        inside = [start_ms + 500 * k for k in range(SAMPLES_PER_CLIP)]
        if all(ms in valence and ms in arousal for ms in inside):
            means = [statistics.fmean(samples[ms] for ms in inside) for samples in (valence, arousal)]
            clips.append((start_ms / 1000, means[0], means[1]))
    return tuple(clips)


def _song_id(row: Mapping[str, str], on_unusable: OnUnusable) -> int | None:
    try:
        return int(float(row["song_id"]))
    except (ValueError, OverflowError):
        if row["song_id"]:
            on_unusable(Unusable(row["song_id"], "not a song id"))
        return None
