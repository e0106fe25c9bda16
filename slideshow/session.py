"""What is open now: library, model, photos, song, analysis, plan. Widgets read it and hear of changes by signals."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.emotion import Emotion
from engine.progress import Progress
from slideshow import session_jobs
from slideshow.jobs import Job, Jobs
from slideshow.places import DEMO_PHOTOS
from slideshow.session_jobs import FolderInfo, Growth, Moment, Opened, PhotosRead, RunnerUp

if TYPE_CHECKING:
    from engine.audio import SongInfo
    from engine.encoders import Encoders
    from engine.indexing import IndexReport
    from engine.library import Catalog, Library, Photo
    from engine.music import MusicAnalysis
    from engine.plan import Plan

REFRESH_EVERY_S = 3.0
"""While indexing, new photos join the catalog this often; reading 50,000 takes half a second of a worker."""

N_RECENT = 10
MAX_UNDO = 50


@dataclass(frozen=True, slots=True)
class Indexing:
    """How far indexing has come. `total` is 0 while folders are being walked."""

    is_running: bool = False
    is_paused: bool = False
    done: int = 0
    total: int = 0
    seconds_left: float | None = None


class Session(QObject):
    """Lives in the GUI thread. Everything slow goes through Jobs; a signal follows when it is there."""

    opened = Signal()
    catalog_changed = Signal()
    indexing_changed = Signal()
    indexing_finished = Signal(object, object)
    """The IndexReport, and the folders that were indexed."""
    song_changed = Signal()
    """Another song, or its title and duration are known, or it could not be read."""
    analysis_changed = Signal()
    plan_changed = Signal()
    runners_up_changed = Signal()
    failed = Signal(object)
    """An Exception that belongs to no other signal."""

    def __init__(self, jobs: Jobs, *, library_path: Path, bundle_path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._library_path = library_path
        self._bundle_path = bundle_path
        self.library: Library | None = None
        self.encoders: Encoders | None = None
        self.open_error: Exception | None = None
        self.folder_infos: dict[Path, FolderInfo] = {}
        self.folders_at_rest: tuple[str, ...] = ()
        self.catalog: Catalog | None = None
        self.indexing = Indexing()
        self.recent_photos: deque[Path] = deque(maxlen=N_RECENT)
        self.skipped: tuple[tuple[Path, str], ...] = ()
        self.song_path: Path | None = None
        self.song: SongInfo | None = None
        self.song_error: Exception | None = None
        self.analysis: MusicAnalysis | None = None
        self.felt = session_jobs.EMPTY_CURVE
        self.plan: Plan | None = None
        self.runners_up: tuple[tuple[RunnerUp, ...], ...] = ()
        self.played_s = 0.0
        """Kept up to date by whoever plays; the planning thread reads it."""
        self.is_begun = False
        self._moods: dict[int, Emotion] = {}
        self._song_job: Job | None = None
        self._plan_job: Job | None = None
        self._runners_up_job: Job | None = None
        self._index_jobs: list[tuple[Job, tuple[Path, ...]]] = []
        self._paused_folders: tuple[Path, ...] = ()
        self._rate: tuple[float, float] | None = None
        self._refreshed_s = 0.0
        self._undo: list[Plan] = []
        self._redo: list[Plan] = []

    # Opening

    @property
    def is_open(self) -> bool:
        """Whether library and model are there."""
        return self.library is not None

    def open(self, *, folders_at_rest: Sequence[str] = ()) -> None:
        """Open library and model; `opened` follows, or `failed` with open_error set."""
        self.folders_at_rest = tuple(folders_at_rest)
        self.open_error = None
        work = partial(session_jobs.open_all, self._library_path, self._bundle_path, self.folders_at_rest)
        self._jobs.submit("interactive", work, on_done=self._on_opened, on_failed=self._on_open_failed)

    def _on_opened(self, opened: Opened) -> None:
        self.library, self.encoders = opened.library, opened.encoders
        self._take_photos(opened.photos)
        self.opened.emit()
        if self.song_path is not None:
            self._follow()

    def _on_open_failed(self, error: Exception) -> None:
        self.open_error = error
        self.failed.emit(error)

    def warm_up(self) -> None:
        """Let the first song not wait for imports and compilation."""
        if self.encoders is not None:
            self._jobs.submit("background", partial(session_jobs.warm_up, self.encoders), on_failed=self.failed.emit)

    def close(self) -> None:
        """Close the library. Call after the jobs are shut down."""
        if self.library is not None:
            self.library.close()
            self.library = None

    # Photos

    @property
    def n_photos(self) -> int:
        """Photos that shows may use now."""
        return len(self.catalog) if self.catalog is not None else 0

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of the library."""
        return tuple(self.folder_infos)

    @property
    def is_demo_only(self) -> bool:
        """Whether the demo photos are all there is."""
        return all(is_demo(folder) for folder in self.folders)

    def mood_of(self, photo: Photo) -> Emotion:
        """A photo's mood as it is shown."""
        return self._moods.get(photo.id, Emotion(0.5, 0.5))

    def add_folders(self, folders: Sequence[Path]) -> None:
        """Index folders in the background, with those that were paused, and keep them in the library."""
        if self.library is None or self.encoders is None or not folders:
            return
        wanted = tuple(dict.fromkeys((*self._paused_folders, *folders)))
        for folder in folders:  # at once: indexing may have to wait for a film, and the app may be closed before
            remember = partial(_remember_folder, self.library, folder)
            self._jobs.submit("interactive", remember, on_failed=self.failed.emit)
        work = partial(_index, self.library, wanted, self.encoders)
        job = self._jobs.submit(
            "background",
            work,
            on_done=partial(self._on_indexed, wanted),
            on_failed=self._on_index_failed,
            on_progress=self._on_index_progress,
            on_partial=self._on_indexed_some,
            on_cancelled=self._on_index_cancelled,
        )
        self._index_jobs.append((job, wanted))
        self._paused_folders = ()
        self.recent_photos.clear()
        self._set_indexing(Indexing(is_running=True))

    def rescan(self) -> None:
        """Look for new and changed photos in all folders."""
        self.add_folders(self.folders)

    def pause_indexing(self) -> None:
        """Stop for now; what is indexed stays, `resume_indexing` goes on."""
        pending = tuple(folder for _, folders in self._index_jobs for folder in folders)
        self._stop_indexing()
        self._paused_folders = pending
        self._set_indexing(replace(self.indexing, is_running=False, is_paused=True, seconds_left=None))

    def resume_indexing(self) -> None:
        """Go on where pause_indexing stopped."""
        self.add_folders(self._paused_folders)

    def cancel_indexing(self) -> None:
        """Stop; what is indexed stays."""
        self._stop_indexing()
        self._paused_folders = ()
        self._set_indexing(Indexing())
        self.refresh()

    def _stop_indexing(self) -> None:
        for job, _ in self._index_jobs:
            job.cancel()
        self._index_jobs.clear()

    def _set_indexing(self, indexing: Indexing) -> None:
        if not indexing.is_running:
            self._rate = None
        self.indexing = indexing
        self.indexing_changed.emit()

    def _on_index_progress(self, progress: Progress) -> None:
        now_s = time.monotonic()
        left: float | None = None
        if progress.total > 0:
            if self._rate is None:
                self._rate = (now_s, progress.done)
            since_s, since_done = self._rate
            if now_s - since_s > 1.0 and progress.done > since_done:
                left = (progress.total - progress.done) * (now_s - since_s) / (progress.done - since_done)
        done, total = int(progress.done), int(progress.total)
        self._set_indexing(Indexing(is_running=True, done=done, total=total, seconds_left=left))

    def _on_indexed_some(self, photos: tuple[Photo, ...]) -> None:
        self.recent_photos.extend(photo.path for photo in photos)
        if time.monotonic() - self._refreshed_s > REFRESH_EVERY_S:
            self.refresh()

    def _on_indexed(self, folders: tuple[Path, ...], report: IndexReport) -> None:
        self._index_jobs = [(job, folders) for job, folders in self._index_jobs if not job.is_finished]
        self.skipped = report.skipped
        if not self._index_jobs:
            self._set_indexing(Indexing())
        self.refresh()
        self.indexing_finished.emit(report, folders)

    def _on_index_failed(self, error: Exception) -> None:
        self._stop_indexing()
        self._set_indexing(Indexing())
        self.failed.emit(error)

    def _on_index_cancelled(self) -> None:
        self.refresh()

    def remove_folder(self, folder: Path) -> None:
        """Forget a folder; its files stay where they are."""
        self._change_folder(folder, is_kept=False)

    def restore_folder(self, folder: Path) -> None:
        """Take a forgotten folder back; nothing has to be indexed again."""
        self._change_folder(folder, is_kept=True)

    def _change_folder(self, folder: Path, *, is_kept: bool) -> None:
        if self.library is None:
            return
        work = partial(_keep_folder if is_kept else _forget_folder, self.library, folder)
        self._jobs.submit("interactive", work, on_done=self._on_folders_changed, on_failed=self.failed.emit)

    def _on_folders_changed(self, _: object) -> None:
        self.refresh()

    def rest_folders(self, folders_at_rest: Sequence[str]) -> None:
        """Choose the folders that shows leave out."""
        self.folders_at_rest = tuple(folders_at_rest)
        self.refresh()

    def refresh(self) -> None:
        """Read the catalog anew."""
        if self.library is None or self.encoders is None:
            return
        self._refreshed_s = time.monotonic()
        work = partial(session_jobs.read_photos, self.library, self.encoders.bundle.id, self.folders_at_rest)
        self._jobs.submit("interactive", work, on_done=self._on_refreshed, on_failed=self.failed.emit)

    def _on_refreshed(self, read: PhotosRead) -> None:
        before = self.catalog
        self._take_photos(read)
        is_same = before is not None and before.photos == read.catalog.photos
        if not is_same and (self.plan is None or not self.indexing.is_running):
            self._replan()

    def _take_photos(self, read: PhotosRead) -> None:
        self.folder_infos, self.catalog, self._moods = read.folders, read.catalog, read.moods
        self.catalog_changed.emit()

    # Song and show

    def open_song(self, path: Path) -> None:
        """Take another song: probe, analyse (or look up), plan; each step is told by its signal."""
        self._cancel_song()
        self.song_path, self.song, self.song_error = path, None, None
        self.analysis, self.plan, self.runners_up = None, None, ()
        self.felt = session_jobs.EMPTY_CURVE
        self.played_s, self.is_begun = 0.0, False
        self._undo.clear()
        self._redo.clear()
        self.song_changed.emit()
        self.analysis_changed.emit()
        self.plan_changed.emit()
        if self.is_open:
            self._follow()

    def _cancel_song(self) -> None:
        for job in (self._song_job, self._plan_job, self._runners_up_job):
            if job is not None:
                job.cancel()
        self._song_job = self._plan_job = self._runners_up_job = None

    def _follow(self) -> None:
        assert self.library is not None
        assert self.encoders is not None
        assert self.song_path is not None
        work = partial(session_jobs.follow_song, self.song_path, self.library, self.encoders, self.moment)
        self._song_job = self._jobs.submit(
            "interactive", work, on_done=self._on_followed, on_failed=self._on_song_failed, on_partial=self._on_growth
        )

    def moment(self) -> Moment:
        """Where the show is, for the planning thread: each attribute is read whole."""
        return Moment(self.catalog, self.plan, self.played_s, self.is_begun)

    def _on_growth(self, part: SongInfo | Growth) -> None:
        if not isinstance(part, Growth):
            self.song = part
            self.song_changed.emit()
            return
        self.analysis = part.analysis
        self.felt = part.felt
        self.analysis_changed.emit()
        if part.plan is not None:
            self._set_plan(part.plan)

    def _on_followed(self, growth: Growth) -> None:
        self._song_job = None
        self._on_growth(growth)
        if growth.plan is None:
            self._replan()
        else:
            self._find_runners_up()

    def _on_song_failed(self, error: Exception) -> None:
        self._song_job = None
        self.song_error = error
        self.song_changed.emit()

    def _replan(self) -> None:
        if self.analysis is None or self.encoders is None or not self.analysis.is_complete:
            return  # while the song is analysed each growth plans with the catalog of its moment
        if self._plan_job is not None:
            self._plan_job.cancel()
        if self._undo and self.plan is not None:
            return  # what the person has changed by hand stays
        if self.n_photos == 0:
            self._set_plan(None)
            return
        work = partial(session_jobs.replan, self.analysis, self.encoders, self.moment)
        self._plan_job = self._jobs.submit("interactive", work, on_done=self._on_planned, on_failed=self.failed.emit)

    def _on_planned(self, plan: Plan | None) -> None:
        self._plan_job = None
        self._set_plan(plan)
        self._find_runners_up()

    def _set_plan(self, plan: Plan | None) -> None:
        if self._runners_up_job is not None:
            self._runners_up_job.cancel()
        self.plan = plan
        self.runners_up = ()
        self._undo.clear()
        self._redo.clear()
        self.plan_changed.emit()

    def _find_runners_up(self) -> None:
        if self.analysis is None or self.plan is None or self.catalog is None or self.encoders is None:
            return
        if self._runners_up_job is not None:
            self._runners_up_job.cancel()
        work = partial(session_jobs.runners_up, self.analysis, self.plan, self.catalog, self.encoders)
        self._runners_up_job = self._jobs.submit(
            "interactive", work, on_done=self._on_runners_up, on_failed=self.failed.emit
        )

    def _on_runners_up(self, found: tuple[tuple[RunnerUp, ...], ...]) -> None:
        self._runners_up_job = None
        self.runners_up = found
        self.runners_up_changed.emit()

    # Editing

    def use_runner_up(self, cue_index: int, runner_up: RunnerUp) -> None:
        """Show a runner-up in a cue instead of its photo; can be undone."""
        if self.plan is None or not 0 <= cue_index < len(self.plan.cues):
            return
        cue = self.plan.cues[cue_index]
        why = f"You chose this {runner_up.mood.word} photo."
        new = replace(cue, photo=runner_up.photo, score=runner_up.score, why=why)
        self._edit(replace(self.plan, cues=(*self.plan.cues[:cue_index], new, *self.plan.cues[cue_index + 1 :])))

    def _edit(self, plan: Plan) -> None:
        assert self.plan is not None
        if self._plan_job is not None:
            self._plan_job.cancel()  # it would take the edit back
        self._undo = [*self._undo[-MAX_UNDO + 1 :], self.plan]
        self._redo.clear()
        self._show_edited(plan)

    def undo(self) -> bool:
        """Take the last edit back; False where there is none."""
        if not self._undo or self.plan is None:
            return False
        self._redo.append(self.plan)
        self._show_edited(self._undo.pop())
        return True

    def redo(self) -> bool:
        """Do again what was undone; False where there is nothing."""
        if not self._redo or self.plan is None:
            return False
        self._undo.append(self.plan)
        self._show_edited(self._redo.pop())
        return True

    def _show_edited(self, plan: Plan) -> None:
        self.plan = plan
        self.plan_changed.emit()
        self._find_runners_up()


def is_demo(folder: Path) -> bool:
    """Whether a folder of the library is the demo that comes with the app."""
    return folder == DEMO_PHOTOS.resolve()


def _index(library: Library, folders: Sequence[Path], encoders: Encoders, *, report: Any, deliver: Any) -> IndexReport:
    from engine.indexing import index_folders

    return index_folders(library, folders, encoders, report=report, on_batch=deliver)


def _remember_folder(library: Library, folder: Path, *, report: Any) -> None:
    if folder.is_dir():  # one that is not there is told of by indexing, and not kept
        library.add_folder(folder)


def _keep_folder(library: Library, folder: Path, *, report: Any) -> None:
    library.add_folder(folder)


def _forget_folder(library: Library, folder: Path, *, report: Any) -> None:
    library.remove_folder(folder)
