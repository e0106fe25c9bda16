"""Index folders: walk them, skip what is unchanged, decode ahead, encode in batches, store. Resumable at any point.

Photo files are opened for reading only.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.content import Contents
from engine.emotion import FloatArray
from engine.encoders import Encoders
from engine.errors import UnreadablePhoto
from engine.focus import find_focus
from engine.folders import SEPARATOR, PhotoFile, Walk, is_gone, walk_folder
from engine.images import ByteImage, PhotoInfo, content_hash_of, decode_image, read_photo, readable_name
from engine.kinds import kind_of
from engine.library import Encoded, KnownPhoto, Library, Look, Photo, PhotoRecord
from engine.photos import Examined, PhotoKind
from engine.progress import Progress, Report, ignore
from engine.siblings import perceptual_hash

STAGE = "indexing"

BATCH = 16
"""Photos encoded and committed together: less than a second's work is lost when the program is killed."""

DECODE_THREADS = 2
"""Decoding bounds indexing and Pillow decodes without Python's lock; more would leave the encoder no core."""

DECODE_AHEAD = 2 * BATCH
"""Photos decoded or waiting at a time: 35 MB as model inputs of 300 px."""

LEAVE_S = 10.0
"""What still reads a file after so long hangs on a lost drive, and is left to itself."""

POLL_S = 0.1
"""How often a slow decode looks whether the person has cancelled."""


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What a run of `index_folders` did.

    found = indexed + unchanged + recognised + put off + those skipped photos that could not be read; `put_off` names
    files that are just being written and are left for a later run; `recognised` were moved or
    copied files known by their content, stored without decoding. `skipped` names photos and folders with the reason,
    also photos found unreadable by an earlier run. `missing` counts photos whose files have vanished since.
    """

    found: int
    indexed: int
    unchanged: int
    recognised: int
    missing: int
    skipped: tuple[tuple[Path, str], ...]
    seconds: float
    put_off: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """A file after reading: known by its content, unreadable (for good or this time only), or the model's input."""

    file: PhotoFile
    content_hash: str
    known_id: int | None = None
    info: PhotoInfo | None = None
    pixels: FloatArray | None = None
    look: Look | None = None
    kind: PhotoKind | None = None
    problem: str | None = None
    is_lasting: bool = False


def index_folders(
    library: Library,
    folders: Sequence[Path],
    encoders: Encoders,
    *,
    report: Report = ignore,
    on_batch: Callable[[tuple[Photo, ...]], None] | None = None,
    remember: bool = True,
    settle_s: float = 0.0,
) -> IndexReport:
    """Index all photos in folders and their subfolders, so that they are in the library's catalog of this bundle.

    Photos stored before and unchanged (size and time of change) are skipped, moved and copied ones known by content;
    a photo that cannot be read is remembered and reported, and tried again only once it changes. Hidden files and
    folders are passed over; symbolic links are followed, and no file counts twice. A folder that cannot be reached is
    reported and what is known of its photos kept. With `remember` the folders become the library's own; without it
    their photos are found by `catalog(..., under=folders)` alone. New files that were written to within the last
    `settle_s` are put off: they may be half there.

    `report` gets Progress("indexing", photos done, photos found, file name), with total 0 during the walk. When it
    raises Cancelled, or the program is killed, every batch committed so far stays and the next run takes up the rest.
    `on_batch` gets the photos of each commit. Both are called in the calling thread.
    """
    started_s = time.monotonic()
    report(Progress(STAGE, 0, 0))
    library.rehead(encoders, report=lambda progress: report(Progress(STAGE, 0, 0)))
    walk = Walk()
    for folder in folders:
        device = library.folder_device(folder)
        if walk_folder(folder, walk, device_before=device, report=report, stage=STAGE) and remember:
            library.add_folder(folder)
    library.record_walk(walk.devices, walk.links, dangling=walk.dangling)
    known = library.known_photos(encoders.bundle.photo_backbone_id)
    run = _Run(library, encoders, walk, known, report, on_batch, settle_s=settle_s)
    run.sort_out()
    run.mark_vanished()
    run.index_new()
    if run.unexamined:
        run.examine()
    return IndexReport(
        found=len(walk.files),
        indexed=run.indexed,
        unchanged=run.unchanged,
        recognised=run.recognised,
        missing=len(run.vanished),
        skipped=tuple(sorted(walk.skipped)),
        seconds=time.monotonic() - started_s,
        put_off=tuple(run.put_off),
    )


class _Run:
    """One run after the walk: what is known of the files, what is left to do, and what has been done."""

    def __init__(
        self,
        library: Library,
        encoders: Encoders,
        walk: Walk,
        known: dict[bytes, KnownPhoto],
        report: Report,
        on_batch: Callable[[tuple[Photo, ...]], None] | None,
        *,
        settle_s: float,
    ) -> None:
        self.library = library
        self.encoders = encoders
        self.walk = walk
        self.known = known
        self.report = report
        self.on_batch = on_batch
        self.indexed = self.unchanged = self.recognised = 0
        self.vanished: set[int] = set()
        self.settle_s = settle_s
        self.put_off: list[Path] = []
        self.todo: list[PhotoFile] = []
        self.unexamined: list[PhotoFile] = []
        self.n_done = 0
        # Read by the decoding threads while this one adds to it: single look-ups, which Python keeps whole.
        self.by_content = {photo.content_hash: photo.id for photo in known.values() if photo.has_features}
        self.path_of_id = {photo.id: path for path, photo in known.items()}

    def sort_out(self) -> None:
        """Tell unchanged files from those to be read, and put off those that are just being written."""
        back = []
        now_s = time.time()
        for file in self.walk.files.values():
            photo = self.known.get(file.key)
            if photo is None or (photo.size, photo.mtime_ns) != (file.size, file.mtime_ns):
                # A clock that is ahead, a camera's or a server's, must not put a photo off for ever.
                if 0 <= now_s - file.mtime_ns / 1e9 < self.settle_s:
                    self.put_off.append(file.path)
                    self.n_done += 1
                else:
                    self.todo.append(file)
                continue
            if photo.problem is None and not photo.has_features:
                self.todo.append(file)
                continue
            if photo.is_missing:
                back.append(photo.id)
            if photo.problem is None:
                self.unchanged += 1
                if not (photo.has_look and photo.is_examined):
                    self.unexamined.append(file)
                    continue
            else:
                self.walk.skipped.append((file.path, photo.problem))
            self.n_done += 1
        if back:
            self.library.mark_missing(back, missing=False)

    def mark_vanished(self) -> None:
        """Flag photos of the folders walked whose files are gone; a file that merely cannot be reached stays."""
        walked = (*self.walk.devices, *self.walk.links.values())
        places = tuple({place.rstrip(SEPARATOR) + SEPARATOR for place in walked})
        self.vanished = {
            photo.id
            for path, photo in self.known.items()
            if not photo.is_missing and path not in self.walk.files and path.startswith(places) and is_gone(path)
        }
        if self.vanished:
            self.library.mark_missing(sorted(self.vanished), missing=True)

    def index_new(self) -> None:
        """Read, decode, encode and store all that is left to do."""
        batch: list[_Prepared] = []
        problems: list[_Prepared] = []
        for result in self._decoded_ahead(self.todo, self._prepare):
            prepared: _Prepared | None = result
            while prepared is not None and prepared.known_id is not None:
                prepared = self._reuse(prepared)
            if prepared is not None and prepared.problem is not None and _has_changed(prepared.file):
                self.put_off.append(prepared.file.path)  # it was written to while it was read
            elif prepared is not None and prepared.problem is not None:
                self.walk.skipped.append((prepared.file.path, prepared.problem))
                if prepared.is_lasting:
                    problems.append(prepared)
            elif prepared is not None:
                batch.append(prepared)
            self.n_done += 1
            if len(batch) >= BATCH or len(problems) >= BATCH:
                self._store(batch, problems)
                batch, problems = [], []
            self._tell(result.file)
        self._store(batch, problems)

    def _tell(self, file: PhotoFile | None) -> None:
        name = readable_name(file.path) if file is not None else ""
        self.report(Progress(STAGE, self.n_done, len(self.walk.files), name))

    def examine(self) -> None:
        """Look at the photos of an older library, which are in the catalog already, and store what is seen."""
        seen: dict[int, Examined] = {}
        for result in self._decoded_ahead(self.unexamined, self._looked_at):
            if result.is_lasting:
                caption = result.info.caption if result.info else None
                seen[self.known[result.file.key].id] = Examined(result.look, caption, result.kind)
            self.n_done += 1
            if len(seen) >= BATCH:
                self.library.store_examined(seen)
                seen = {}
            self._tell(result.file)
        self.library.store_examined(seen)

    def _decoded_ahead(
        self, files: Sequence[PhotoFile], prepare: Callable[[PhotoFile], _Prepared]
    ) -> Iterator[_Prepared]:
        """Prepare files in order by a few threads, ahead of the encoder."""
        executor = ThreadPoolExecutor(DECODE_THREADS, thread_name_prefix="decode")
        waiting: deque[Future[_Prepared]] = deque()
        remaining = iter(files)
        try:
            self._tell(None)
            while True:
                while len(waiting) < DECODE_AHEAD and (file := next(remaining, None)) is not None:
                    waiting.append(executor.submit(prepare, file))
                if not waiting:
                    return
                yield self._result_of(waiting.popleft())
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            ending = threading.Thread(target=executor.shutdown, name="decode-ending", daemon=True)
            ending.start()
            ending.join(timeout=LEAVE_S)

    def _result_of(self, future: Future[_Prepared]) -> _Prepared:
        while True:
            try:
                return future.result(timeout=POLL_S)
            except TimeoutError:
                self._tell(None)

    def _prepare(self, file: PhotoFile) -> _Prepared:
        """Read one file and make the model's input of it, unless its content is known. Runs in a decoding thread."""
        try:
            data = read_photo(file.path)
        except UnreadablePhoto as fault:
            return _Prepared(file, "", problem=fault.reason)
        content_hash = content_hash_of(data)
        known_id = self.by_content.get(content_hash)
        if known_id is not None:
            return _Prepared(file, content_hash, known_id=known_id)
        try:
            image, info = decode_image(file.path, data, min_side_px=self.encoders.bundle.manifest.photo.input_px)
        except UnreadablePhoto as fault:
            return _Prepared(file, content_hash, problem=fault.reason, is_lasting=True)
        pixels = self.encoders.photo_input(image)
        kind = kind_of(image, info, path=file.path)
        return _Prepared(file, content_hash, info=info, pixels=pixels, look=_look_of(image), kind=kind)

    def _looked_at(self, file: PhotoFile) -> _Prepared:
        """See what a photo looks like that an older Moodreel stored. Runs in a decoding thread."""
        try:
            data = read_photo(file.path)
        except UnreadablePhoto:
            return _Prepared(file, "")  # another time
        try:
            image, info = decode_image(file.path, data, min_side_px=self.encoders.bundle.manifest.photo.input_px)
        except UnreadablePhoto:
            # It was decoded once and nothing says it has changed: it keeps what is known of it, and is not tried again.
            look = None if self.known[file.key].has_look else Look(None, None)
            return _Prepared(file, "", look=look, is_lasting=True)
        kind = kind_of(image, info, path=file.path)
        return _Prepared(file, "", info=info, look=_look_of(image), kind=kind, is_lasting=True)

    def _store(self, batch: list[_Prepared], problems: list[_Prepared]) -> None:
        """Encode one batch and commit it, and remember what could not be decoded."""
        if problems:
            self.library.store_problems([_record(item) for item in problems])
        if not batch:
            return
        images = np.stack([item.pixels for item in batch if item.pixels is not None])
        features, content = self.encoders.photo_features_and_content(images)
        embeddings, va = self.encoders.photo_heads(features)
        has_face = np.array([_has_face(item) for item in batch])
        contents = None if content is None else Contents.of_probabilities(content, has_face=has_face)
        bundle = self.encoders.bundle
        photos = self.library.store_photos(
            [_record(item) for item in batch],
            Encoded(features, embeddings, va, contents),
            backbone_id=bundle.photo_backbone_id,
            bundle_id=bundle.id,
        )
        for photo in photos:
            self.by_content[photo.content_hash] = photo.id
            self.path_of_id[photo.id] = os.fsencode(photo.path)
        self.indexed += len(photos)
        if self.on_batch is not None:
            self.on_batch(photos)

    def _reuse(self, prepared: _Prepared) -> _Prepared | None:
        """Store a file by what is known of its content: the same file touched, a moved one or a copy.

        Where the known photo has changed meanwhile (two files that swapped names) returns the file prepared anew.
        """
        assert prepared.known_id is not None
        file, old_path = prepared.file, self.path_of_id[prepared.known_id]
        is_move = old_path == file.key or is_gone(old_path)
        if not self.library.reuse_photo(prepared.known_id, _record(prepared), is_move=is_move):
            if self.by_content.get(prepared.content_hash) == prepared.known_id:
                del self.by_content[prepared.content_hash]
            return self._prepare(file)
        if old_path == file.key:
            self.unchanged += 1
            return None
        self.recognised += 1
        if is_move:
            self.path_of_id[prepared.known_id] = file.key
            self.vanished.discard(prepared.known_id)
        return None


def _has_changed(file: PhotoFile) -> bool:
    """Whether a file is there and not as the walk met it."""
    try:
        status = file.path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) != (file.size, file.mtime_ns)


def _has_face(prepared: _Prepared) -> bool:
    return prepared.look is not None and prepared.look.focus is not None and prepared.look.focus.is_face


def _look_of(image: ByteImage) -> Look:
    return Look(perceptual_hash(image), find_focus(image))


def _record(prepared: _Prepared) -> PhotoRecord:
    file, info = prepared.file, prepared.info
    return PhotoRecord(
        path=file.path,
        size=file.size,
        mtime_ns=file.mtime_ns,
        content_hash=prepared.content_hash,
        width=info.width if info else 0,
        height=info.height if info else 0,
        taken_at=info.taken_at if info else None,
        problem=prepared.problem,
        look=prepared.look,
        caption=info.caption if info else None,
        kind=prepared.kind,
        is_examined=info is not None,
    )
