"""The session's model: another bundle taken into use while the one before goes on working, and both ways as quickly."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.emotion import Emotion
from engine.errors import BrokenBundle
from engine.progress import Progress, Report
from slideshow import session_jobs
from slideshow.chosen_photos import shown_by_itself
from slideshow.jobs import Job, Jobs
from slideshow.session_jobs import PhotosBefore, PhotosRead
from slideshow.session_planning import SessionPlanning

if TYPE_CHECKING:
    from engine.encoders import Encoders
    from engine.library import Catalog, Library

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The photos of the present catalog as another model finds them, those for shows, and moods as they are shown."""

    catalog: Catalog
    for_shows: Catalog
    moods: dict[int, Emotion]


class SessionBundle(SessionPlanning):
    """What a session knows of its model; `Session` adds the song."""

    bundle_changed = Signal()
    """Another model is in use, with its view of every photo."""
    bundle_progressed = Signal(object)
    """The Progress of making another model ready; the one before is still in use."""
    bundle_failed = Signal(object)
    """The Exception for which another model is not taken into use; the one before stays."""
    bundle_lost = Signal(object)
    """At the start the model in use could not be opened, for this BrokenBundle; the original is used instead."""

    def __init__(self, jobs: Jobs, *, library_path: Path, bundle_path: Path, parent: QObject | None = None) -> None:
        super().__init__(jobs, library_path=library_path, bundle_path=bundle_path, parent=parent)
        self.original_bundle_path = bundle_path
        self._bundle_job: Job | None = None
        self._coming: Encoders | None = None
        self._seen_from: Catalog | None = None
        """The catalog whose photos another model is made to see."""
        self._was_indexing = False

    # Which one

    @property
    def bundle_path(self) -> Path:
        """The folder of the model in use, or of the one to begin with."""
        return self.encoders.bundle.path if self.encoders is not None else self._bundle_path

    @property
    def is_changing_bundle(self) -> bool:
        """Whether another model is being made ready."""
        return self._bundle_job is not None

    def begin_with(self, bundle_path: Path) -> None:
        """Choose the model to open; where it cannot be used, the original steps in. Call before `open`."""
        self._bundle_path = bundle_path

    def _on_open_failed(self, error: Exception) -> None:
        if isinstance(error, BrokenBundle) and self._bundle_path != self.original_bundle_path:
            log.warning("the model in use cannot be opened: %s", error)
            self._bundle_path = self.original_bundle_path
            self.bundle_lost.emit(error)
            self.open(folders_at_rest=self.folders_at_rest)
            return
        super()._on_open_failed(error)

    # Another one

    def use_bundle(self, bundle_path: Path) -> None:
        """Take another model into use: `bundle_changed` follows, or `bundle_failed`; until then all stays as it is.

        Stored features get the new heads, so no photo is looked at again unless the model sees photos with other eyes:
        then they are indexed anew. Not in the lane of indexing and films, behind which it might wait for hours.
        """
        if self.library is None or self.encoders is None:
            return
        self.leave_bundle()
        work = partial(_prepare, bundle_path, self.library, self.encoders)
        self._bundle_job = self._jobs.submit(
            "ahead", work, on_done=self._on_prepared, on_failed=self._on_bundle_failed, on_progress=self._on_progress
        )

    def leave_bundle(self) -> None:
        """Stop making another model ready; what is done of it is kept, so that the next try goes on from there."""
        if self._bundle_job is not None:
            self._bundle_job.cancel()
            self._end_change()

    def _on_progress(self, progress: Progress) -> None:
        self.bundle_progressed.emit(progress)

    def _on_bundle_failed(self, error: Exception) -> None:
        self._end_change()
        self.bundle_failed.emit(error)

    def _end_change(self) -> None:
        self._bundle_job = self._coming = self._seen_from = None
        if self._was_indexing:
            self._was_indexing = False
            self.resume_indexing()

    def _on_prepared(self, coming: Encoders) -> None:
        assert self.encoders is not None
        assert self.library is not None
        self._coming = coming
        if coming.bundle.photo_backbone_id == self.encoders.bundle.photo_backbone_id:
            self._read_by(coming)
            return
        self._pause_for_change()
        self._bundle_job = self._jobs.submit(
            "background",
            partial(_index_anew, self.library, coming, self.drives.away),
            on_done=self._on_indexed_anew,
            on_failed=self._on_bundle_failed,
            on_progress=self._on_progress,
        )

    def _pause_for_change(self) -> None:
        if self.indexing.is_running:
            self.pause_indexing()
            self._was_indexing = True

    def _on_indexed_anew(self, _: object) -> None:
        assert self._coming is not None
        self._read_by(self._coming)

    def _read_by(self, coming: Encoders) -> None:
        assert self.library is not None
        # In the lane where folders are changed and the catalog is read, so that none of that can be overlooked.
        present = None if self.whole_catalog is None else PhotosBefore(self.whole_catalog, self.offline_ids)
        self._seen_from = self.whole_catalog
        work = partial(_see, self.library, coming, present, self.folders_at_rest, self.drives.away)
        self._bundle_job = self._jobs.submit(
            "short", work, on_done=self._on_seen, on_failed=self._on_bundle_failed, on_progress=self._on_progress
        )

    def _on_seen(self, seen: Seen | PhotosRead) -> None:
        before, coming = self.encoders, self._coming
        assert before is not None
        assert coming is not None
        if isinstance(seen, Seen) and self.whole_catalog is not self._seen_from:
            self._read_by(coming)  # a look at the photos that was under way has brought others meanwhile
            return
        self._pause_for_change()  # it goes on with the new model's eyes
        self.encoders, self._bundle_path = coming, coming.bundle.path
        if isinstance(seen, PhotosRead):
            self._take_photos(seen)
        else:
            self.whole_catalog, self._for_shows, self._moods = seen.catalog, seen.for_shows, seen.moods
            self._apply_choice()
            self.catalog_changed.emit()
        self._end_change()
        self.bundle_changed.emit()
        if _hears_alike(before, coming):
            self._show_by_new_bundle()
        else:
            self._hear_again()

    def _show_by_new_bundle(self) -> None:
        """Plan anew round what was made by hand; a show that was opened from a file stays as it was saved."""
        if self._is_fixed and self._plan_job is None:
            self._find_matches()
            return
        # What is still being heard is planned by the model that was in use when that began.
        self._plan_is_due = self._plan_is_due or self.analysis is None or not self.analysis.is_complete
        self._replan("the other model")

    def _hear_again(self) -> None:
        """The song is to be heard by another model."""

    def _on_refreshed(self, read: PhotosRead) -> None:
        if self.encoders is not None and read.catalog.bundle_id != self.encoders.bundle.id:
            self.refresh()  # it was read by the model that was in use before
            return
        super()._on_refreshed(read)


def _hears_alike(first: Encoders, second: Encoders) -> bool:
    """Whether two models find the same in every song, and in its place among songs."""
    from engine.bundle import REHEARSAL

    a, b = first.bundle, second.bundle
    return a.music_id == b.music_id and a.manifest.files.get(REHEARSAL) == b.manifest.files.get(REHEARSAL)


def _prepare(bundle_path: Path, library: Library, present: Encoders, *, report: Report) -> Encoders:
    """Open and verify a bundle and let it see every photo whose features are stored."""
    from engine.bundle import open_bundle
    from engine.encoders import Encoders
    from engine.matching import reference_moods

    report(Progress("rehead", 0, 0))
    encoders = Encoders(open_bundle(bundle_path), like=present)
    encoders.check(like=present)
    reference_moods(encoders.bundle)
    library.rehead(encoders, report=report)
    return encoders


def _index_anew(library: Library, encoders: Encoders, away: Collection[Path], *, report: Report) -> None:
    from engine import indexing

    # A drive that does not answer would hold the others up; its photos are looked at when it is back.
    there = [folder for folder in library.folders() if folder not in away]
    indexing.index_folders(library, there, encoders, report=report)


def _see(
    library: Library,
    encoders: Encoders,
    present: PhotosBefore | None,
    at_rest: Sequence[str],
    away: Collection[Path],
    *,
    report: Report,
) -> Seen | PhotosRead:
    """Read the photos that are there now as a model finds them, in full only where it does not know them all."""
    library.rehead(encoders)  # photos may have come since
    bundle_id = encoders.bundle.id
    catalog = None if present is None else library.catalog_by(bundle_id, present.catalog)
    if catalog is None or present is None:
        return session_jobs.read_photos(library, bundle_id, at_rest, away=away, before=present, report=report)
    return Seen(catalog, shown_by_itself(catalog, present.offline_ids), session_jobs.photo_moods(catalog))
