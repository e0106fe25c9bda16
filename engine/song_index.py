"""Index folders of music by mood: walk, probe, hear excerpts of each song, store. Resumable at any point.

And find songs for photos, by the same two measures as photos for a song. Song files are opened for reading only.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from engine.audio import SAMPLE_RATE_HZ, SONG_SUFFIXES, SongInfo, mono_excerpts, probe_song
from engine.emotion import FloatArray, relative_ranks, va_similarity
from engine.encoders import Encoders
from engine.errors import UnreadableSong
from engine.features import MIN_WINDOW_S, window_features
from engine.folders import SEPARATOR, PhotoFile, Walk, is_gone, walk_folder
from engine.images import readable_name
from engine.library import Library
from engine.matching import reference_moods
from engine.moments import RANK_SIGMA
from engine.music import MusicAnalysis
from engine.place_keys import is_by_place
from engine.progress import Progress, Report, ignore
from engine.song_keys import song_key
from engine.songs import Song, SongCatalog, SongMood, SongRecord, assembled

STAGE = "songs"

N_EXCERPTS, EXCERPT_S = 6, 6.0
"""A song is judged by so many excerpts spread evenly over it, three windows each.

On the demo's three songs their mean lies within .01 of the whole song's in valence and arousal (songs spread by .1),
their mean embedding at a cosine of .993 and more; two excerpts of 10 s lie up to .04 off. It takes a fifth of the time.
"""

WHOLE_BELOW_S = 2 * N_EXCERPTS * EXCERPT_S
"""A shorter song is heard whole: excerpts would save little."""

MOST_PHOTOS = 200
"""Of a large choice so many photos, spread evenly, stand for all when songs are sought for it."""


@dataclass(frozen=True, slots=True)
class SongReport:
    """What a run of `index_songs` did: found = heard + unchanged + those skipped that are files.

    `skipped` names songs and folders that cannot be read with the reason; `missing` counts files that have vanished.
    """

    found: int
    heard: int
    unchanged: int
    missing: int
    skipped: tuple[tuple[Path, str], ...]
    seconds: float


def index_songs(
    library: Library,
    folders: Sequence[Path],
    encoders: Encoders,
    *,
    report: Report = ignore,
    on_song: Callable[[Song], None] | None = None,
) -> SongReport:
    """Hear all songs in folders and their subfolders that this bundle has not heard, and remember the folders.

    Songs heard before and unchanged are skipped, and so are those that were moved, renamed or tagged anew, which only
    their sound is read of; what cannot be read is remembered with the reason and tried again only once it changes. A
    folder out of reach is reported and what is known of its songs kept. `report` gets
    Progress("songs", songs done, songs found, file name), total 0 during the walk; when it raises Cancelled every song
    heard so far stays, and the next run takes up the rest. `on_song` gets each song once it is stored.
    """
    started_s = time.monotonic()
    report(Progress(STAGE, 0, 0))
    walk = Walk(suffixes=SONG_SUFFIXES)
    for folder in folders:
        if walk_folder(folder, walk, device_before=None, report=report, stage=STAGE):
            library.songs.add_folder(folder)
    bundle_id = encoders.bundle.music_id
    known = library.songs.known(bundle_id)
    todo: list[PhotoFile] = []
    back: list[bytes] = []
    n_unchanged = n_heard = 0
    for file in walk.files.values():
        size, mtime_ns, key, problem, is_missing, is_heard = known.get(file.key, (-1, -1, "", None, False, False))
        is_older = is_by_place(key or "")  # an older Moodreel's: it would be lost once the song moves
        if (size, mtime_ns) != (file.size, file.mtime_ns) or not (is_heard or problem) or is_older:
            todo.append(file)
            continue
        if is_missing:
            back.append(file.key)
        if problem is not None:
            walk.skipped.append((file.path, problem))
        else:
            n_unchanged += 1
    places = tuple({place.rstrip(SEPARATOR) + SEPARATOR for place in walk.devices})
    gone = [
        path for path, (*_, is_missing, _) in known.items()
        if not is_missing and path not in walk.files and path.startswith(places) and is_gone(path)
    ]  # fmt: skip
    library.songs.mark_missing(back, missing=False)
    library.songs.mark_missing(gone, missing=True)
    n_before = len(walk.files) - len(todo)
    for done, file in enumerate(todo):
        now = Progress(STAGE, n_before + done, len(walk.files), readable_name(file.path))
        report(now)
        try:
            song, mood, is_known = meet_song(file.path, library, encoders, look=partial(report, now))
        except UnreadableSong as fault:
            walk.skipped.append((file.path, fault.reason))
            if os.access(file.path, os.R_OK):  # else it is the drive's or the permission's fault, and may pass
                failed = Song(file.path, "", file.path.stem, "", 0.0, fault.reason)
                library.songs.store(SongRecord(failed, file.size, file.mtime_ns))
            continue
        library.songs.store(SongRecord(song, file.size, file.mtime_ns), mood=mood, bundle_id=bundle_id)
        n_heard += not is_known
        n_unchanged += is_known
        if on_song is not None:
            on_song(song)
    report(Progress(STAGE, len(walk.files), len(walk.files)))
    return SongReport(
        len(walk.files), n_heard, n_unchanged, len(gone), tuple(walk.skipped), time.monotonic() - started_s
    )


def meet_song(
    path: Path, library: Library, encoders: Encoders, *, look: Callable[[], object] = lambda: None
) -> tuple[Song, SongMood, bool]:
    """Say how a song feels, and whether that was known of its sound, wherever it lay.

    Else it is told by its whole analysis where the library keeps one, and by excerpts where not. `look` is called now
    and then while the file is read for its key, and may raise. Raises UnreadableSong.
    """
    key = song_key(path, library, look=look)
    info = probe_song(path)
    song = Song(path, key, info.title, info.artist, info.duration_s)
    known = library.songs.mood(key, encoders.bundle.music_id)
    if known is not None:
        return song, known, True
    payload = library.load_song_analysis(key, encoders.bundle.music_id)
    if payload is not None:
        try:
            return song, mood_of(MusicAnalysis.from_bytes(payload)), False
        except ValueError:
            pass  # it is kept in another version's format
    return song, excerpt_mood(info, encoders), False


def mood_of(analysis: MusicAnalysis) -> SongMood:
    """The mean of a whole analysis."""
    return SongMood(analysis.va.mean(axis=0), analysis.embeddings.mean(axis=0))


def excerpt_mood(song: SongInfo, encoders: Encoders) -> SongMood:
    """How a song feels by a few excerpts. Raises UnreadableSong, also for one shorter than a second."""
    length_s, starts_s = song.duration_s, [0.0]
    if song.duration_s > WHOLE_BELOW_S:
        length_s = EXCERPT_S
        middles = (np.arange(N_EXCERPTS) + 0.5) / N_EXCERPTS * song.duration_s
        starts_s = [float(middle) - EXCERPT_S / 2 for middle in middles]
    windows = [
        window_features(y)
        for y in mono_excerpts(song.path, starts_s, length_s=length_s or WHOLE_BELOW_S)
        if len(y) >= MIN_WINDOW_S * SAMPLE_RATE_HZ
    ]
    if not windows:
        raise UnreadableSong(song.path, "it is shorter than one second")
    embeddings, va = encoders.music_heads(encoders.music_features(np.concatenate(windows)))
    return SongMood(va.mean(axis=0), embeddings.mean(axis=0))


def songs_with(library: Library, others: Sequence[Path], encoders: Encoders, *, report: Report = ignore) -> SongCatalog:
    """The songs of the library's folders, and others (lately played, queued) that are heard now if need be."""
    bundle_id = encoders.bundle.music_id
    catalog = library.songs.catalog(bundle_id)
    inside = {str(song.path) for song in catalog.songs}  # real paths already: their drives need not be asked
    songs: list[Song] = []
    moods: list[SongMood] = []
    for done, path in enumerate(others):
        now = Progress(STAGE, done, len(others), readable_name(path))
        report(now)
        if os.path.realpath(path) in inside:
            continue
        try:
            song, mood, is_known = meet_song(path, library, encoders, look=partial(report, now))
            if not is_known:
                library.songs.keep_mood(song.key, bundle_id, mood)
        except UnreadableSong:
            continue  # it is gone, or its drive is
        inside.add(os.path.realpath(path))
        songs.append(song)
        moods.append(mood)
    more = assembled(tuple(songs), moods, bundle_id)
    if not len(more):
        return catalog
    va = np.concatenate([catalog.va, more.va])
    return SongCatalog(
        (*catalog.songs, *more.songs), va, np.concatenate([catalog.embeddings, more.embeddings]), bundle_id
    )


def felt_songs(catalog: SongCatalog, encoders: Encoders) -> FloatArray:
    """How songs feel as the plane shows it, (n, 2): each at its place among songs."""
    reference_va = reference_moods(encoders.bundle)
    # One by one: a song is stretched about its own mean, and its mean is all there is of it here.
    felt = [relative_ranks(va[None], reference_va=reference_va)[0] for va in catalog.va]
    return np.stack(felt) if felt else np.zeros((0, 2), dtype=np.float32)


def song_scores(
    photo_embeddings: FloatArray, photo_points: FloatArray, catalog: SongCatalog, encoders: Encoders
) -> FloatArray:
    """Score every song (n,) for photos taken together, in [0, 1], higher is better.

    The mirror of `matching.photo_scores`: half is the song's place among the songs by the similarity that the model
    predicts with the photos (k, 512), half Eq. 1 between its mood and theirs, photo_points (k, 2) as the plane shows
    them. Of more than MOST_PHOTOS some stand for all.
    """
    n, k = len(catalog), len(photo_points)
    if n == 0 or k == 0:
        return np.zeros(n, dtype=np.float32)
    some = np.unique(np.linspace(0, k - 1, min(k, MOST_PHOTOS)).astype(np.int64))
    similarity = encoders.similarity(photo_embeddings[some], catalog.embeddings).mean(axis=0)
    places = np.empty(n, dtype=np.float32)
    places[np.argsort(-similarity, kind="stable")] = np.arange(n)
    ranks = 1 - places / max(1, n - 1)
    alike = va_similarity(photo_points[some], felt_songs(catalog, encoders), sigma=RANK_SIGMA).mean(axis=0)
    scores: FloatArray = (0.5 * (ranks + alike)).astype(np.float32)
    return scores
