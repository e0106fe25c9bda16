"""What the session's jobs do in their threads: open library and model, follow a song, plan, look for runners-up.

No Qt here. The engine is imported inside the functions: the first window must not wait for librosa and ONNX Runtime.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.emotion import Emotion, EmotionCurve, ranks_among, relative_ranks, va_at_ranks
from engine.progress import Report

if TYPE_CHECKING:
    from engine.audio import SongInfo
    from engine.encoders import Encoders
    from engine.library import Catalog, Library, Photo
    from engine.music import MusicAnalysis
    from engine.plan import Plan

log = logging.getLogger(__name__)

N_RUNNERS_UP = 3

_NO_POINTS = np.zeros((0, 2), dtype=np.float32)
EMPTY_CURVE = EmotionCurve(np.zeros(0, dtype=np.float32), _NO_POINTS, _NO_POINTS)


@dataclass(frozen=True, slots=True)
class FolderInfo:
    """What the Library page says of a folder: its photos in the catalog, and whether it can be reached."""

    n_photos: int
    is_there: bool


EMPTY_COUNTS = FolderInfo(0, True)


@dataclass(frozen=True, slots=True, eq=False)
class PhotosRead:
    """The library's folders, and the photos of those that are not at rest with their moods as they are shown."""

    folders: dict[Path, FolderInfo]
    catalog: Catalog
    moods: dict[int, Emotion]


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What a session works with once it is open."""

    library: Library
    encoders: Encoders
    photos: PhotosRead


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """How far a song has been understood: its analysis and, where there are photos, the plan made from it.

    felt is the song's curve as it is shown: its place among songs, the same measure the plan matches by.
    """

    analysis: MusicAnalysis
    felt: EmotionCurve
    plan: Plan | None


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """Another photo that would suit a cue, with its score in [0, 1] and its mood."""

    photo: Photo
    score: float
    mood: Emotion


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the show is, read by the planning thread: what has been seen must not change any more."""

    catalog: Catalog | None
    plan: Plan | None
    played_s: float
    is_begun: bool


def open_all(library_path: Path, bundle_path: Path, at_rest: Sequence[str], *, report: Report) -> Opened:
    """Open library and bundle. Raises LibraryError or BrokenBundle."""
    from engine.bundle import open_bundle
    from engine.encoders import Encoders
    from engine.library import Library

    encoders = Encoders(open_bundle(bundle_path))
    library = Library.open(library_path)
    try:
        library.rehead(encoders, report=report)
        return Opened(library, encoders, read_photos(library, encoders.bundle.id, at_rest, report=report))
    except BaseException:
        library.close()
        raise


def read_photos(library: Library, bundle_id: str, at_rest: Sequence[str], *, report: Report) -> PhotosRead:
    """Read the library's folders and the photos of those that are not at rest."""
    folders = library.folders()
    catalog = library.catalog(bundle_id, under=[folder for folder in folders if str(folder) not in at_rest])
    n_under: Counter[Path] = Counter()
    for holder, n_photos in Counter(photo.path.parent for photo in catalog.photos).items():
        n_under.update(dict.fromkeys((holder, *holder.parents), n_photos))
    infos = {folder: FolderInfo(n_under[folder], folder.is_dir()) for folder in folders}
    return PhotosRead(infos, catalog, photo_moods(catalog))


def warm_up(encoders: Encoders, *, report: Report) -> None:
    """Import and compile what the first song needs, so that it does not wait: several seconds on a fresh start."""
    from engine import features

    features.warm_up()
    encoders.check()


def probe(path: Path, *, report: Report) -> SongInfo:
    """Read a song's title and duration. Raises UnreadableSong."""
    from engine.audio import probe_song

    return probe_song(path)


def cached_analysis(key: str, library: Library, encoders: Encoders) -> MusicAnalysis | None:
    """Look a song's analysis up in the library by its key (see `engine.music`)."""
    from engine.music import MusicAnalysis

    payload = library.load_song_analysis(key, encoders.bundle.id)
    if payload is None:
        return None
    try:
        return MusicAnalysis.from_bytes(payload)
    except ValueError as error:
        log.info("a kept analysis is made anew: %s", error)
        return None


def listen(
    path: Path, library: Library, encoders: Encoders, *, report: Report, deliver: Callable[[SongInfo | Growth], None]
) -> Growth:
    """Analyse a song without planning, handing over its SongInfo first and every growth of the analysis."""

    def unplanned(analysis: MusicAnalysis) -> Plan | None:
        return None

    return _listen(path, library, encoders, plan_for=unplanned, report=report, deliver=deliver)


def follow_song(
    path: Path,
    library: Library,
    encoders: Encoders,
    moment: Callable[[], Moment],
    *,
    report: Report,
    deliver: Callable[[SongInfo | Growth], None],
) -> Growth:
    """Analyse a song and plan its show with every growth, so that Play never has to wait for the end."""
    plan: Plan | None = None

    def plan_for(analysis: MusicAnalysis) -> Plan | None:
        nonlocal plan
        now = moment()
        plan = plan_show(analysis, encoders, Moment(now.catalog, plan, now.played_s, now.is_begun))
        return plan

    return _listen(path, library, encoders, plan_for=plan_for, report=report, deliver=deliver)


def _listen(
    path: Path,
    library: Library,
    encoders: Encoders,
    *,
    plan_for: Callable[[MusicAnalysis], Plan | None],
    report: Report,
    deliver: Callable[[SongInfo | Growth], None],
) -> Growth:
    from engine.audio import probe_song
    from engine.matching import reference_moods
    from engine.music import analyse_song, song_key

    deliver(probe_song(path))
    reference_va = reference_moods(encoders.bundle)

    def grown(analysis: MusicAnalysis) -> Growth:
        ranks = relative_ranks(analysis.curve.va, reference_va=reference_va)
        return Growth(analysis, EmotionCurve(analysis.curve.times_s, ranks, ranks), plan_for(analysis))

    def on_growth(analysis: MusicAnalysis) -> None:
        deliver(grown(analysis))

    key = song_key(path)  # before listening: a file that is replaced meanwhile is another song
    known = cached_analysis(key, library, encoders)
    if known is not None:
        return grown(known)
    analysis = analyse_song(path, encoders, report=report, on_growth=on_growth)
    library.save_song_analysis(key, encoders.bundle.id, analysis.to_bytes())
    return grown(analysis)


def plan_show(analysis: MusicAnalysis, encoders: Encoders, now: Moment) -> Plan | None:
    """Plan a show, or what lies ahead of one that has begun; None while there are no photos."""
    from engine.plan import extend_plan, make_plan

    if now.catalog is None or len(now.catalog) == 0:
        return None
    if now.plan is not None and now.is_begun:
        return extend_plan(now.plan, analysis, now.catalog, encoders, played_s=now.played_s)
    return make_plan(analysis, now.catalog, encoders)


def replan(analysis: MusicAnalysis, encoders: Encoders, moment: Callable[[], Moment], *, report: Report) -> Plan | None:
    """Plan anew with the photos there are now."""
    return plan_show(analysis, encoders, moment())


def runners_up(
    analysis: MusicAnalysis, plan: Plan, catalog: Catalog, encoders: Encoders, *, report: Report
) -> tuple[tuple[RunnerUp, ...], ...]:
    """Find the best other photos for each cue of a plan."""
    from engine.matching import photo_scores, reference_moods, span_weights

    if len(catalog) == 0 or not plan.cues:
        return ()
    weights = span_weights(analysis.windows, [(cue.start_s, cue.end_s) for cue in plan.cues])
    ranks = weights @ relative_ranks(analysis.curve.va, reference_va=reference_moods(encoders.bundle))
    points = va_at_ranks(ranks, catalog.va)
    scores = photo_scores(weights @ analysis.embeddings, points, catalog, encoders)
    order = np.argsort(-scores, axis=1, kind="stable")[:, : N_RUNNERS_UP + 1]
    moods = photo_moods(catalog)
    found = []
    for cue, row, best in zip(plan.cues, scores, order, strict=True):
        others = [int(i) for i in best if catalog.photos[i].id != cue.photo.id][:N_RUNNERS_UP]
        found.append(tuple(RunnerUp(catalog.photos[i], float(row[i]), moods[catalog.photos[i].id]) for i in others))
    return tuple(found)


def photo_moods(catalog: Catalog) -> dict[int, Emotion]:
    """Each photo's mood by its id as it is shown: its place among the photos of the library."""
    ranks = ranks_among(catalog.va, catalog.va)
    return {
        photo.id: Emotion(float(valence), float(arousal))
        for photo, (valence, arousal) in zip(catalog.photos, ranks, strict=True)
    }
