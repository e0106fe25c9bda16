"""What the session's jobs do in their threads: open library and model, follow a song, plan, look for runners-up.

No Qt here. The engine is imported inside the functions: the first window must not wait for librosa and ONNX Runtime.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.emotion import Emotion, EmotionCurve, FloatArray, felt_curve, ranks_among
from engine.errors import LibraryError, UnreadableSong
from engine.progress import Progress, Report
from slideshow.chosen_photos import shown_by_itself

if TYPE_CHECKING:
    from engine.audio import SongInfo
    from engine.encoders import Encoders
    from engine.library import Catalog, Library, Photo
    from engine.music import MusicAnalysis
    from engine.plan import Cue, Plan, PlanOptions

log = logging.getLogger(__name__)

MAX_ELSEWHERE = 32
"""Folders outside of the library's own that are looked after: links to a few, not to each album of a large archive."""

KEY_WAIT_S = 1.0
"""A song that is met for the first time is read for its key no longer than this before it is heard. On a slow drive the
show does not wait: that the song is known already, from another place, is then found out after it was heard."""

_NO_POINTS = np.zeros((0, 2), dtype=np.float32)
EMPTY_CURVE = EmotionCurve(np.zeros(0, dtype=np.float32), _NO_POINTS, _NO_POINTS)


@dataclass(frozen=True, slots=True)
class FolderInfo:
    """What the library says of a folder: its photos in the catalog, and the device it lay on when last indexed."""

    n_photos: int
    device: int | None = None


EMPTY_COUNTS = FolderInfo(0)


@dataclass(frozen=True, slots=True, eq=False)
class PhotosRead:
    """The library's folders, and the photos of those that are not at rest with their moods as they are shown.

    for_shows are those of the catalog that a show may take, None for all; of_kinds those that it passes over for what
    they are, with those that the person has let in; offline_ids those that lay in the places that were away; elsewhere
    the folders that links lead to, outside of all others; renewed the files that are other than before, or back.
    """

    folders: dict[Path, FolderInfo]
    catalog: Catalog
    moods: dict[int, Emotion]
    for_shows: Catalog | None = None
    of_kinds: tuple[Photo, ...] = ()
    offline_ids: frozenset[int] = frozenset()
    elsewhere: tuple[Path, ...] = ()
    renewed: tuple[Path, ...] = ()
    away: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class PhotosBefore:
    """What was read the last time, to tell what has changed since."""

    catalog: Catalog
    offline_ids: frozenset[int]


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
    says how far off it may be at each of its points. key is the song's: by its sound,
    and while that is not known by its place.
    """

    analysis: MusicAnalysis
    felt: EmotionCurve
    plan: Plan | None
    spread: FloatArray | None = None
    key: str = ""


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
    photos of the songs played before it in the queue, which need not come again so soon; offline_ids the photos whose
    drives are away, which must not be asked for.
    """

    catalog: Catalog | None
    plan: Plan | None
    played_s: float
    is_begun: bool
    options: PlanOptions | None = None
    keep: tuple[Cue, ...] = ()
    is_playing: bool = False
    shown: tuple[Photo, ...] = ()
    offline_ids: frozenset[int] = frozenset()


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


def read_photos(
    library: Library,
    bundle_id: str,
    at_rest: Sequence[str],
    *,
    away: Collection[Path] = (),
    before: PhotosBefore | None = None,
    report: Report,
) -> PhotosRead:
    """Read the library's folders and the photos of those that are not at rest; away are the places not there now."""
    folders = library.folders()
    catalog = library.catalog(bundle_id, under=[folder for folder in folders if str(folder) not in at_rest])
    n_in = Counter(photo.path.parent for photo in catalog.photos)
    n_under: Counter[Path] = Counter()
    for holder, n_photos in n_in.items():
        n_under.update(dict.fromkeys((holder, *holder.parents), n_photos))
    infos = {folder: FolderInfo(n_under[folder], library.folder_device(folder)) for folder in folders}
    gone = {holder for holder in n_in if any(place in away for place in (holder, *holder.parents))} if away else set()
    offline = frozenset(photo.id for photo in catalog.photos if photo.path.parent in gone) if gone else frozenset()
    return PhotosRead(
        infos,
        catalog,
        photo_moods(catalog),
        shown_by_itself(catalog, offline),
        tuple(photo for photo in catalog.photos if photo.kind is not None),
        offline,
        _elsewhere(n_in, folders),
        () if before is None else _renewed(before, catalog, offline),
        frozenset(away),
    )


def _elsewhere(holders: Collection[Path], folders: Sequence[Path]) -> tuple[Path, ...]:
    """The outermost of the folders that hold photos and lie in none of the library's own: links lead there."""
    known = set(folders)
    outside = {holder for holder in holders if holder not in known and not known.intersection(holder.parents)}
    return tuple(sorted(holder for holder in outside if not outside.intersection(holder.parents)))[:MAX_ELSEWHERE]


def _renewed(before: PhotosBefore, catalog: Catalog, offline: frozenset[int]) -> tuple[Path, ...]:
    """Files whose pictures must be drawn anew: their content has changed, or they could not be read for a while."""
    known = {photo.id: photo.content_hash for photo in before.catalog.photos}
    back = before.offline_ids - offline
    return tuple(
        photo.path
        for photo in catalog.photos
        if photo.id in back or known.get(photo.id, photo.content_hash) != photo.content_hash
    )


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
    """Look a song's analysis up in the library by its key (see `engine.song_keys`)."""
    from engine.music import MusicAnalysis

    payload = library.load_song_analysis(key, encoders.bundle.music_id)
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


class _TooSlow(Exception):
    """A song's key is not known in time."""


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
    from engine.music import STAGE, analyse_song
    from engine.place_keys import place_key
    from engine.song_keys import file_stamp, song_key

    deliver(probe_song(path))
    reference_va = reference_moods(encoders.bundle)

    def grown(analysis: MusicAnalysis) -> Growth:
        felt = felt_curve(analysis.curve, reference_va=reference_va)
        return Growth(analysis, felt, plan_for(analysis), 2 * felt.spread, key or by_place)

    def on_growth(analysis: MusicAnalysis) -> None:
        deliver(grown(analysis))

    begun_s, stamp, key = time.monotonic(), file_stamp(path), ""
    # What is marked while its sound is still being read is kept under this, which gives way to the key of the sound.
    by_place = place_key(os.fsencode(path.absolute()), *stamp)

    def look() -> None:
        report(Progress(STAGE, 0.0, 0.0))
        if time.monotonic() - begun_s > KEY_WAIT_S:
            raise _TooSlow

    with suppress(_TooSlow, LibraryError):  # a library that has no room is told of when there is something to keep
        key = song_key(path, library, look=look)
        known = cached_analysis(key, library, encoders)
        if known is not None:
            return grown(replace(known, path=path))  # it may have lain elsewhere
    analysis = analyse_song(path, encoders, report=report, on_growth=on_growth)
    with suppress(UnreadableSong):  # it has gone since; what was heard of it still counts
        if not key and file_stamp(path) == stamp:  # by now the system has it at hand
            heard = Progress(STAGE, analysis.duration_s, analysis.duration_s)
            key = song_key(path, library, look=partial(report, heard))
    if key:  # else the file has gone or was replaced while it was heard: it is another song
        library.save_song_analysis(key, encoders.bundle.music_id, analysis.to_bytes())
    return grown(analysis)


def plan_show(analysis: MusicAnalysis, encoders: Encoders, now: Moment) -> Plan | None:
    """Plan a show, or what lies ahead of one that has begun; None while there are no photos."""
    from engine.plan import extend_plan, make_plan

    if now.catalog is None or len(now.catalog) == 0:
        return None
    keep = _keepable(now.keep, analysis, now)
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
    kept = _keepable(tuple(keep), analysis, now)
    return make_plan(analysis, now.catalog, encoders, options=now.options, keep=kept, shown=now.shown)


def _keepable(cues: Sequence[Cue], analysis: MusicAnalysis, now: Moment) -> tuple[Cue, ...]:
    """Of the cues to be kept those that fit into the song and whose photos are still there, or will be back."""
    photos = now.catalog.photos if now.catalog is not None else ()
    known = now.offline_ids.union(photo.id for photo in photos)
    return tuple(
        cue
        for cue in sorted(cues, key=lambda cue: cue.start_s)
        if cue.end_s <= float(analysis.duration_s) and (cue.photo.id in known or cue.photo.path.is_file())
    )


def count_contents(catalog: Catalog, *, report: Report) -> dict[str, int]:
    """Count how many photos show each word, most first."""
    from engine.content import counts_of

    return counts_of(catalog.contents)


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
