"""What the session's jobs do in their threads: open library and model, follow a song, plan, look for runners-up.

No Qt here. The engine is imported inside the functions: the first window must not wait for librosa and ONNX Runtime.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.emotion import Emotion, EmotionCurve, FloatArray, felt_curve, ranks_among
from engine.progress import Report

if TYPE_CHECKING:
    from engine.audio import SongInfo
    from engine.encoders import Encoders
    from engine.library import Catalog, Library, Photo
    from engine.music import MusicAnalysis
    from engine.plan import Cue, Plan, PlanOptions

log = logging.getLogger(__name__)

N_RUNNERS_UP = 3

MAX_KEPT_SCORES = 16_000_000
"""Scores kept for swaps by hand, two bytes each: an hour of cues over 16,000 photos, two hours over 8,000."""

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

    felt is the song's curve as it is shown: its place among songs, the same measure the plan matches by. spread (n, 2)
    says how far off it may be at each of its points.
    """

    analysis: MusicAnalysis
    felt: EmotionCurve
    plan: Plan | None
    spread: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """Another photo that would suit a cue, with its score in [0, 1] and its mood."""

    photo: Photo
    score: float
    mood: Emotion


@dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """How photos suit the cues of a plan: the best others for each, and the scores of all where these are kept.

    scores (n_cues, n_photos) are in [0, 1]; row i belongs to cue i, column j to photo j of the catalog.
    """

    runners_up: tuple[tuple[RunnerUp, ...], ...] = ()
    catalog: Catalog | None = None
    scores: NDArray[np.float16] | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the show is, read by the planning thread: what was seen or made by hand must not change any more.

    keep are the cues that were pinned or changed by hand; options the ones wanted, None for the plan's own; shown the
    photos of the songs played before it in the queue, which need not come again so soon.
    """

    catalog: Catalog | None
    plan: Plan | None
    played_s: float
    is_begun: bool
    options: PlanOptions | None = None
    keep: tuple[Cue, ...] = ()
    is_playing: bool = False
    shown: tuple[Photo, ...] = ()


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
        plan = plan_show(analysis, encoders, replace(now, plan=plan))
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
        felt = felt_curve(analysis.curve, reference_va=reference_va)
        return Growth(analysis, felt, plan_for(analysis), 2 * felt.spread)

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
    keep = _keepable(now.keep, analysis, now.catalog)
    if now.plan is not None and now.is_begun and now.options in (None, now.plan.options):
        # What was changed by hand goes through as if it were pinned, and is let go again behind.
        held = {cue for cue in keep if not cue.is_pinned}
        pinned = {replace(cue, is_pinned=True): cue for cue in held}
        cues = tuple(replace(cue, is_pinned=True) if cue in held else cue for cue in now.plan.cues)
        grown = extend_plan(
            replace(now.plan, cues=cues), analysis, now.catalog, encoders, played_s=now.played_s, shown=now.shown
        )
        return replace(grown, cues=tuple(pinned.get(cue, cue) for cue in grown.cues))
    return make_plan(analysis, now.catalog, encoders, options=now.options, keep=keep, shown=now.shown)


def replan(analysis: MusicAnalysis, encoders: Encoders, moment: Callable[[], Moment], *, report: Report) -> Plan | None:
    """Plan anew with the photos there are now."""
    return plan_show(analysis, encoders, moment())


def plan_otherwise(
    analysis: MusicAnalysis, encoders: Encoders, moment: Callable[[], Moment], *, report: Report
) -> Plan | None:
    """Plan the whole show anew with other options; while it plays, what is on the screen and comes next stays."""
    from engine.plan import SOON_S, make_plan

    now = moment()
    if now.catalog is None or len(now.catalog) == 0:
        return None
    keep = set(now.keep)
    if now.is_playing and now.plan is not None:
        keep.update(cue for cue in now.plan.cues if cue.end_s > now.played_s and cue.start_s <= now.played_s + SOON_S)
    kept = _keepable(tuple(keep), analysis, now.catalog)
    return make_plan(analysis, now.catalog, encoders, options=now.options, keep=kept, shown=now.shown)


def _keepable(cues: Sequence[Cue], analysis: MusicAnalysis, catalog: Catalog) -> tuple[Cue, ...]:
    """Of the cues to be kept those that fit into the song and whose photos are still there."""
    known = {photo.id for photo in catalog.photos}
    return tuple(
        cue
        for cue in sorted(cues, key=lambda cue: cue.start_s)
        if cue.end_s <= float(analysis.duration_s) and (cue.photo.id in known or cue.photo.path.is_file())
    )


def match_photos(
    analysis: MusicAnalysis, plan: Plan, catalog: Catalog, encoders: Encoders, *, report: Report
) -> Matches:
    """Score the photos for each cue of a plan, and name the best others: those not yet in the show first."""
    from engine.moments import moment_scores, moments_at
    from engine.plan import SAD_VALENCE

    if len(catalog) == 0 or not plan.cues:
        return Matches()
    options = plan.options
    spans = [(cue.start_s, cue.end_s) for cue in plan.cues]
    moments = moments_at(spans, analysis, catalog, encoders, mood=options.mood, arc=options.arc)
    scores = moment_scores(moments, catalog, encoders)
    shown = {photo.id for cue in plan.cues for photo in (cue.photo, cue.partner) if photo is not None}
    handicap = 2.0 * np.array([photo.id in shown for photo in catalog.photos], dtype=np.float32)
    if options.sad == "none":
        handicap += 4.0 * (catalog.va[:, 0] < SAD_VALENCE)
    moods = photo_moods(catalog)
    found = []
    for cue, row in zip(plan.cues, scores, strict=True):
        wanted = row - handicap
        best = np.argpartition(-wanted, min(N_RUNNERS_UP, len(row) - 1))[: N_RUNNERS_UP + 1]
        best = best[np.lexsort((best, -wanted[best]))]
        others = [int(i) for i in best if catalog.photos[i].id != cue.photo.id][:N_RUNNERS_UP]
        others.sort(key=lambda i, row=row: -float(row[i]))  # type: ignore[misc]
        found.append(tuple(RunnerUp(catalog.photos[i], float(row[i]), moods[catalog.photos[i].id]) for i in others))
    kept = scores.astype(np.float16) if scores.size <= MAX_KEPT_SCORES else None
    return Matches(tuple(found), catalog, kept)


def arc_curve(arc: Sequence[tuple[float, float, float]]) -> EmotionCurve:
    """Make a curve of a mood drawn by hand."""
    points = np.array(arc, dtype=np.float32).reshape(-1, 3)
    va = np.ascontiguousarray(points[:, 1:])
    return EmotionCurve(np.ascontiguousarray(points[:, 0]), va, va)


def photo_moods(catalog: Catalog) -> dict[int, Emotion]:
    """Each photo's mood by its id as it is shown: its place among the photos of the library."""
    ranks = ranks_among(catalog.va, catalog.va)
    return {
        photo.id: Emotion(float(valence), float(arousal))
        for photo, (valence, arousal) in zip(catalog.photos, ranks, strict=True)
    }
