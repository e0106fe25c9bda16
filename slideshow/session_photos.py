"""The session's photos: library and model opened, folders indexed, kept and put to rest, and the catalog read anew."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.emotion import Emotion
from slideshow import session_jobs
from slideshow.chosen_photos import restricted, shown_by_itself
from slideshow.drives import Drives
from slideshow.folder_following import FolderFollowing
from slideshow.jobs import Jobs
from slideshow.places import DEMO_PHOTOS
from slideshow.session_indexing import Errand, FolderIndexing, Indexing
from slideshow.session_jobs import FolderInfo, Opened, PhotosBefore, PhotosRead

if TYPE_CHECKING:
    from engine.encoders import Encoders
    from engine.indexing import IndexReport
    from engine.library import Catalog, Library, Photo

REFRESH_EVERY_S = 3.0
"""While indexing, new photos join the catalog this often; reading 50,000 takes half a second of a worker."""


class SessionPhotos(QObject):
    """What a session knows of photos; `Session` adds the song and its show."""

    opened = Signal()
    catalog_changed = Signal()
    photos_renewed = Signal(object)
    """Paths of photos whose files are other than before, or back: pictures of them must be made anew."""
    indexing_changed = Signal()
    indexing_finished = Signal(object, object)
    """The IndexReport, and the folders that were indexed."""
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
        """The photos that shows use."""
        self.whole_catalog: Catalog | None = None
        """All photos of the folders that are not at rest, whatever has been chosen from them."""
        self.chosen_ids: frozenset[int] | None = None
        """The photos chosen for the show on the Browse page, None where all may be used."""
        self.offline_ids: frozenset[int] = frozenset()
        """Photos of the whole catalog whose drive or folder is not there now: shown grey, left out of new shows."""
        self.moved_ids: frozenset[int] = frozenset()
        """Those that came or went with a drive when the catalog was last read: no change of the person's own."""
        self.of_kinds: tuple[Photo, ...] = ()
        """Photos of the whole catalog that shows pass over for what they are, screenshots, scans, dark and blurred
        ones, with those that the person has let in."""
        self.elsewhere: tuple[Path, ...] = ()
        """Folders that links in the library's own lead to."""
        self.drives = Drives(self)
        self.indexer = FolderIndexing(jobs, self)
        self.following = FolderFollowing(self)
        self._moods: dict[int, Emotion] = {}
        self._refreshed_s = 0.0
        self._for_shows: Catalog | None = None
        self._is_rescan_due = False
        self.drives.changed.connect(self.refresh)
        self.drives.looked.connect(self._on_looked)
        self.indexer.changed.connect(self.indexing_changed)
        self.indexer.remembered.connect(self._on_remembered)
        self.indexer.stored.connect(self._on_stored)
        self.indexer.finished.connect(self._on_indexed)
        self.indexer.failed.connect(self.failed)

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
        self._begin()

    def _begin(self) -> None:
        """Do what has waited for library and model."""

    def _on_open_failed(self, error: Exception) -> None:
        self.open_error = error
        self.failed.emit(error)

    def warm_up(self) -> None:
        """Let the first song not wait for imports and compilation."""
        if self.encoders is not None:
            self._jobs.submit("ahead", partial(session_jobs.warm_up, self.encoders), on_failed=self.failed.emit)

    def close(self) -> None:
        """Close the library. Call after the jobs are shut down."""
        self.following.shutdown()
        self.drives.shutdown()
        if self.library is not None:
            self.library.close()
            self.library = None

    # Photos

    @property
    def n_photos(self) -> int:
        """Photos that shows may use now."""
        return len(self.catalog) if self.catalog is not None else 0

    @property
    def n_for_shows(self) -> int:
        """Photos that shows may use where none were chosen by hand."""
        return len(self._for_shows) if self._for_shows is not None else 0

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of the library."""
        return tuple(self.folder_infos)

    @property
    def is_demo_only(self) -> bool:
        """Whether the demo photos are all there is."""
        return all(is_demo(folder) for folder in self.folders)

    @property
    def chosen_photos(self) -> tuple[Photo, ...] | None:
        """The photos chosen for the show as far as they are there, None where all may be used."""
        if self.chosen_ids is None or self.whole_catalog is None:
            return None
        return tuple(photo for photo in self.whole_catalog.photos if photo.id in self.chosen_ids)

    def mood_of(self, photo: Photo) -> Emotion:
        """A photo's mood as it is shown."""
        return self._moods.get(photo.id, Emotion(0.5, 0.5))

    def knows(self, photo: Photo) -> bool:
        """Whether a photo's mood is known: one whose folder rests may still stand in an opened show."""
        return photo.id in self._moods

    @property
    def indexing(self) -> Indexing:
        """How far indexing has come."""
        return self.indexer.now

    @property
    def recent_photos(self) -> deque[Path]:
        """The photos indexed last."""
        return self.indexer.recent_photos

    @property
    def skipped(self) -> tuple[tuple[Path, str], ...]:
        """What the last indexing could not read, with the reason."""
        return self.indexer.skipped

    def add_folders(self, folders: Sequence[Path]) -> None:
        """Index folders in the background, with those that were paused, and keep them in the library."""
        if self.library is not None and self.encoders is not None and folders:
            self.indexer.add(folders, self.library, self.encoders)

    def rescan(self) -> None:
        """Look for new and changed photos in all folders that are there."""
        if self.drives.is_known:
            self.look_into(self.folders)
        else:
            self._is_rescan_due = True  # one whose drive does not answer would hold the others up

    def look_into(self, folders: Collection[Path], *, is_quiet: bool = False) -> None:
        """Look for new and changed photos in folders that are indexed already; those that are not there stay as known.

        Quietly is what the app does by itself: files that are just being written are left for later.
        """
        away = self.drives.away
        there = tuple(f for f in folders if f not in away and not away.intersection(f.parents))
        if self.library is not None and self.encoders is not None and there:
            self.indexer.run(Errand(there, is_quiet=is_quiet), self.library, self.encoders)

    def _on_looked(self) -> None:
        if self._is_rescan_due:
            self._is_rescan_due = False
            self.rescan()

    def pause_indexing(self) -> None:
        """Stop for now; what is indexed stays, `resume_indexing` goes on."""
        self.indexer.pause()

    def resume_indexing(self) -> None:
        """Go on where pause_indexing stopped."""
        if self.library is not None and self.encoders is not None:
            self.indexer.resume(self.library, self.encoders)

    def cancel_indexing(self) -> None:
        """Stop; what is indexed stays."""
        self.indexer.cancel()

    def _on_remembered(self) -> None:
        self.refresh()
        self._refreshed_s = 0.0  # the first photos of it need not wait

    def _on_stored(self) -> None:
        if not self.indexing.is_running or time.monotonic() - self._refreshed_s > REFRESH_EVERY_S:
            self.refresh()

    def _on_indexed(self, report: IndexReport, folders: tuple[Path, ...]) -> None:
        self.refresh()
        self.indexing_finished.emit(report, folders)

    def remove_folder(self, folder: Path) -> None:
        """Forget a folder; its files stay where they are."""
        self._change_folder(folder, is_kept=False)

    def restore_folder(self, folder: Path) -> None:
        """Take a forgotten folder back; nothing has to be indexed again."""
        self._change_folder(folder, is_kept=True)

    def _change_folder(self, folder: Path, *, is_kept: bool) -> None:
        if self.library is None:
            return
        if not is_kept:
            self.indexer.forget(folder)
        work = partial(_keep_folder if is_kept else _forget_folder, self.library, folder)
        self._jobs.submit("short", work, on_done=self._on_folders_changed, on_failed=self.failed.emit)

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
        before = None if self.whole_catalog is None else PhotosBefore(self.whole_catalog, self.offline_ids)
        work = partial(
            session_jobs.read_photos, self.library, self.encoders.bundle.id, self.folders_at_rest,
            away=self.drives.away, before=before,
        )  # fmt: skip
        self._jobs.submit("short", work, on_done=self._on_refreshed, on_failed=self.failed.emit)

    def count_contents(self, on_done: Callable[[dict[str, int]], None]) -> None:
        """Count, off the GUI thread, how many of the photos that shows may use show each word."""
        if self.catalog is not None:
            work = partial(session_jobs.count_contents, self.catalog)
            self._jobs.submit("short", work, on_done=on_done, on_failed=self.failed.emit)

    def _on_refreshed(self, read: PhotosRead) -> None:
        before = self.catalog
        self._take_photos(read)
        self._follow_photos(before)

    def _follow_photos(self, before: Catalog | None) -> None:
        """Do what a change of the catalog calls for; before is the one until now."""

    def _take_photos(self, read: PhotosRead) -> None:
        self.folder_infos, self.whole_catalog, self._moods = read.folders, read.catalog, read.moods
        self.moved_ids = self.offline_ids ^ read.offline_ids
        self.offline_ids, self.of_kinds, self.elsewhere = read.offline_ids, read.of_kinds, read.elsewhere
        self._for_shows = read.for_shows
        self._apply_choice()
        self.drives.follow(
            {folder: info.device for folder, info in read.folders.items()} | dict.fromkeys(read.elsewhere)
        )
        if read.renewed:
            self.photos_renewed.emit(read.renewed)
        self.catalog_changed.emit()
        if read.away != self.drives.away:
            self.refresh()  # a drive has come or gone while this was read

    def _apply_choice(self) -> None:
        """Restrict the catalog to what shows may use, or to what is chosen; a choice of which nothing is left is none.

        What was chosen by hand may be a screenshot, and is kept while its drive is away.
        """
        whole = self.whole_catalog
        if whole is not None and (self._for_shows is None or self._for_shows.bundle_id != whole.bundle_id):
            self._for_shows = shown_by_itself(whole, self.offline_ids)
        self.catalog = self._for_shows
        if self.chosen_ids is not None and whole is not None:
            chosen = restricted(whole, self.chosen_ids - self.offline_ids)
            if not len(chosen):
                chosen = restricted(whole, self.chosen_ids)
            if len(chosen):
                self.catalog = chosen
            else:
                self.chosen_ids = None

    def let_in(self, photo_ids: Collection[int], *, is_let_in: bool) -> None:
        """Let photos into shows that are passed over for what they are, or leave them out again."""
        if self.library is not None and photo_ids:
            work = partial(_let_in, self.library, tuple(photo_ids), is_let_in)
            self._jobs.submit("short", work, on_done=self._on_folders_changed, on_failed=self.failed.emit)


def is_demo(folder: Path) -> bool:
    """Whether a folder of the library is the demo that comes with the app."""
    return folder == DEMO_PHOTOS.resolve()


def _let_in(library: Library, photo_ids: Sequence[int], is_let_in: bool, *, report: Any) -> None:
    library.let_in(photo_ids, is_let_in=is_let_in)


def _keep_folder(library: Library, folder: Path, *, report: Any) -> None:
    library.add_folder(folder)


def _forget_folder(library: Library, folder: Path, *, report: Any) -> None:
    library.remove_folder(folder)
