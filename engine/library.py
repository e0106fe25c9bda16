"""The photo library: one SQLite file with what is known of every photo and song, and the Catalog read from it.

Pooled features are kept by photo backbone and embeddings by bundle, so a bundle with new heads re-maps the library
without decoding a photo. Photos and songs themselves are never touched.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.bundle import EMBEDDING_WIDTH
from engine.content import Contents
from engine.database import Database
from engine.emotion import FloatArray
from engine.errors import LibraryCorrupt
from engine.folders import real_path
from engine.library_choices import PhotoChoices, take_over_choices
from engine.library_models import PhotoModels
from engine.library_rows import (
    CONTENT_COLUMN,
    LOOK_COLUMNS,
    PHOTO_COLUMNS,
    PHOTO_TABLES,
    as_place,
    is_within,
    model_row,
    path_of,
    photo_of,
    put_content,
    put_embedding,
    put_look,
    put_record,
    real_places,
)
from engine.photos import Catalog, Encoded, Examined, KnownPhoto, Look, Photo, PhotoRecord
from engine.ratings import Ratings
from engine.saved_moods import SavedMoods
from engine.siblings import sibling_groups
from engine.songs import Songs

__all__ = ["Catalog", "Encoded", "KnownPhoto", "Library", "Look", "Photo", "PhotoRecord"]


class Library(PhotoChoices, PhotoModels):
    """An open library. Any thread may call any method.

    Writers take turns, a transaction each; readers neither wait for a writer nor hold it up (see `engine.database`).
    Every method may raise LibraryBusy (another program writes for longer than a few seconds),
    LibraryCorrupt, or LibraryError (disk full, no permission). A write either happens whole or not at all.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.ratings = Ratings(database)
        self.songs = Songs(database)
        self.saved_moods = SavedMoods(database)

    @classmethod
    def open(cls, path: Path) -> Library:
        """Open the library at `path`, creating it (and its folder) where there is none, migrating an older one.

        Raises LibraryTooNew, LibraryBusy, LibraryCorrupt (also for a file that is no library) or LibraryError. A file
        that is refused is left as it is, byte for byte.
        """
        return cls(Database.open(path))

    @property
    def path(self) -> Path:
        """The library's file."""
        return self._db.path

    def close(self) -> None:
        """Close the file. Waits for a write in progress."""
        self._db.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def check(self) -> list[str]:
        """Check the whole file's structure, for `doctor`: problems found, empty when sound. A second per 300 MB."""
        try:
            with self._db.reading() as db:
                rows = [str(row[0]) for row in db.execute("PRAGMA quick_check(20)")]
        except LibraryCorrupt as fault:
            return [fault.reason]
        return [row for row in rows if row != "ok"]

    # Folders

    def folders(self) -> tuple[Path, ...]:
        """The folders the person has added, sorted."""
        with self._db.reading() as db:
            return tuple(path_of(row[0]) for row in db.execute("SELECT path FROM folders ORDER BY path"))

    def add_folder(self, folder: Path) -> None:
        """Remember a folder (by its real path): its photos belong to the catalog. Indexing is another step."""
        with self._db.writing() as db:
            db.execute("INSERT OR IGNORE INTO folders (path) VALUES (?)", (real_path(folder),))

    def remove_folder(self, folder: Path) -> None:
        """Forget a folder. What is known of its photos is kept, so adding it again costs nothing."""
        with self._db.writing() as db:
            db.execute("DELETE FROM folders WHERE path = ?", (real_path(folder),))

    def folder_device(self, folder: Path) -> int | None:
        """Device number of the file system a remembered folder lay on when last indexed, None while unknown."""
        with self._db.reading() as db:
            row = db.execute("SELECT device FROM folders WHERE path = ?", (real_path(folder),)).fetchone()
        return None if row is None else row[0]

    def record_walk(
        self, devices: Mapping[bytes, int], links: Mapping[bytes, bytes], *, dangling: Collection[bytes] = ()
    ) -> None:
        """Note what a walk met: real folders with the device each lies on, and the links in them with their targets.

        Of dangling links, which lead to nothing now, what is known is kept.
        """
        places = {as_place(folder) for folder in devices}
        with self._db.writing() as db:
            db.executemany("UPDATE folders SET device = ? WHERE path = ?", [(d, path) for path, d in devices.items()])
            known = [row for row in db.execute("SELECT path FROM links") if row[0] not in dangling]
            stale = [row for row in known if is_within(row[0], places)]
            db.executemany("DELETE FROM links WHERE path = ?", stale)
            db.executemany("INSERT OR REPLACE INTO links (path, target) VALUES (?, ?)", list(links.items()))

    # Photos

    def catalog(self, bundle_id: str, *, under: Sequence[Path] | None = None) -> Catalog:
        """Snapshot of the photos that have embeddings of this bundle: of the library's folders, or those `under` some.

        `under` takes any indexed folders, remembered or not, and follows the symbolic links that indexing met in them.
        Photos flagged missing are left out. 50,000 photos take about a second.
        """
        with self._db.reading(is_snapshot=True) as db:
            places = real_places(db, under)
            db.create_function("is_shown", 1, lambda path: is_within(path, places), deterministic=True)
            rows = db.execute(
                f"SELECT {PHOTO_COLUMNS}, {CONTENT_COLUMN}, e.vector, e.valence, e.arousal"
                f"{PHOTO_TABLES} JOIN embeddings e ON e.photo = p.id"
                " WHERE e.model = (SELECT id FROM models WHERE digest = ?) AND NOT p.is_missing AND is_shown(p.path)"
                " AND p.content_hash NOT IN (SELECT content_hash FROM photos WHERE is_banned)"
                " ORDER BY p.id",
                (bundle_id,),
            ).fetchall()
        photos = tuple(photo_of(row) for row in rows)
        va = np.array([row[-2:] for row in rows], dtype=np.float32).reshape(len(rows), 2)
        va.flags.writeable = False
        groups = sibling_groups(photos)
        groups.flags.writeable = False
        contents = Contents.of_bytes([row[-4] for row in rows])
        embeddings = self._matrix([row[-3] for row in rows], EMBEDDING_WIDTH)
        return Catalog(photos, embeddings, va, bundle_id, groups, contents)

    def count_photos(self) -> int:
        """How many readable photos lie in the library's folders, whichever bundle has seen them."""
        with self._db.reading(is_snapshot=True) as db:
            places = real_places(db, None)
            paths = db.execute("SELECT path FROM photos WHERE problem IS NULL AND NOT is_missing").fetchall()
        return sum(is_within(row[0], places) for row in paths)

    def known_photos(self, backbone_id: str) -> dict[bytes, KnownPhoto]:
        """All files ever indexed by their path (as os.fsencode gives it), readable or not, missing or not."""
        with self._db.reading() as db:
            rows = db.execute(
                "SELECT p.path, p.id, p.size, p.mtime_ns, p.content_hash, p.problem,"
                " p.is_missing, f.photo IS NOT NULL, l.photo IS NOT NULL, p.is_examined"
                " FROM photos p LEFT JOIN looks l ON l.photo = p.id LEFT JOIN features f"
                " ON f.photo = p.id AND f.model = (SELECT id FROM models WHERE digest = ?)",
                (backbone_id,),
            ).fetchall()
        return {row[0]: KnownPhoto(*row[1:6], *(bool(flag) for flag in row[6:10])) for row in rows}

    def store_photos(
        self, records: Sequence[PhotoRecord], encoded: Encoded, *, backbone_id: str, bundle_id: str
    ) -> tuple[Photo, ...]:
        """Store decoded photos with their features and embeddings, row i of `encoded` for records[i]. One transaction.

        A photo stored before under the same path keeps its id; if its content changed, what any model said of the old
        content goes.
        """
        with self._db.writing() as db:
            backbone, bundle = model_row(db, backbone_id), model_row(db, bundle_id)
            photos = []
            for i, record in enumerate(records):
                photo_id = put_record(db, record)
                vector = np.ascontiguousarray(encoded.features[i], dtype="<f4").tobytes()
                db.execute("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", (backbone, photo_id, vector))
                put_embedding(db, bundle, photo_id, encoded.embeddings[i], encoded.va[i])
                if encoded.contents is not None:
                    put_content(db, backbone, photo_id, encoded.contents.to_bytes(i))
                row = db.execute(f"SELECT {PHOTO_COLUMNS}{PHOTO_TABLES} WHERE p.id = ?", (photo_id,)).fetchone()
                photos.append(photo_of(row))
        return tuple(photos)

    def store_examined(self, seen: Mapping[int, Examined]) -> None:
        """Store what was seen of photos, by id, that an older Moodreel stored without. One transaction."""
        with self._db.writing() as db:
            for photo_id, photo in seen.items():
                found = db.execute(
                    "UPDATE photos SET caption = ?, kind = ?, is_examined = 1 WHERE id = ?",
                    (photo.caption, photo.kind, photo_id),
                )
                if found.rowcount and photo.look is not None:
                    put_look(db, photo_id, photo.look)

    def store_problems(self, records: Sequence[PhotoRecord]) -> None:
        """Remember files that cannot be decoded, so that they are not tried again until they change."""
        with self._db.writing() as db:
            for record in records:
                put_record(db, record)

    def reuse_photo(self, source_id: int, record: PhotoRecord, *, is_move: bool) -> bool:
        """Store a file whose content the library knows as photo `source_id`, without decoding it.

        A moved file takes the photo over, with its id; a copy becomes a photo of its own with the same features.
        False, and nothing done, where that photo holds another content by now.
        """
        path = os.fsencode(record.path)
        with self._db.writing() as db:
            row = db.execute(
                "SELECT width, height, taken_at, caption, kind, is_examined FROM photos"
                " WHERE id = ? AND content_hash = ?",
                (source_id, record.content_hash),
            ).fetchone()
            if row is None:
                return False
            if is_move:
                db.execute("DELETE FROM photos WHERE path = ? AND id <> ?", (path, source_id))
                db.execute(
                    "UPDATE photos SET path = ?, size = ?, mtime_ns = ?, is_missing = 0 WHERE id = ?",
                    (path, record.size, record.mtime_ns, source_id),
                )
                return True
            known = dict(zip(("width", "height", "taken_at", "caption", "kind", "is_examined"), row, strict=True))
            photo_id = put_record(db, replace(record, **known))
            take_over_choices(db, source_id, photo_id)
            db.execute(
                "INSERT OR REPLACE INTO contents SELECT model, ?, classes FROM contents WHERE photo = ?",
                (photo_id, source_id),
            )
            db.execute(
                "INSERT OR REPLACE INTO features SELECT model, ?, vector FROM features WHERE photo = ?",
                (photo_id, source_id),
            )
            db.execute(
                "INSERT OR REPLACE INTO embeddings SELECT model, ?, vector, valence, arousal FROM embeddings"
                " WHERE photo = ?",
                (photo_id, source_id),
            )
            db.execute(
                f"INSERT OR REPLACE INTO looks SELECT ?, {LOOK_COLUMNS} FROM looks WHERE photo = ?",
                (photo_id, source_id),
            )
        return True

    def photo_features(self, paths: Sequence[Path], *, backbone_id: str) -> dict[Path, FloatArray]:
        """Pooled features (F,) of some photos by path, as this photo backbone gave them; those not stored are absent.

        What stands here may be older than the file: indexing notices that, not this.
        """
        found: dict[Path, FloatArray] = {}
        with self._db.reading(is_snapshot=True) as db:
            for path in paths:
                row = db.execute(
                    "SELECT f.vector FROM photos p JOIN features f ON f.photo = p.id"
                    " WHERE p.path = ? AND p.problem IS NULL AND f.model = (SELECT id FROM models WHERE digest = ?)",
                    (real_path(path), backbone_id),
                ).fetchone()
                if row is not None:
                    found[path] = np.frombuffer(row[0], dtype="<f4").astype(np.float32, copy=False)
        return found

    def mark_missing(self, photo_ids: Sequence[int], *, missing: bool) -> None:
        """Flag photos whose files vanished, or that are back. What is known of them is kept."""
        with self._db.writing() as db:
            db.executemany("UPDATE photos SET is_missing = ? WHERE id = ?", [(missing, i) for i in photo_ids])

    # Songs

    def save_song_analysis(self, key: str, bundle_id: str, payload: bytes) -> None:
        """Keep a song's analysis under its key (see `engine.song_keys`), for one bundle. An older one is replaced."""
        with self._db.writing() as db:
            db.execute("INSERT OR REPLACE INTO song_analyses VALUES (?, ?, ?)", (key, bundle_id, payload))

    def load_song_analysis(self, key: str, bundle_id: str) -> bytes | None:
        """The kept analysis of a song, or None."""
        with self._db.reading() as db:
            row = db.execute(
                "SELECT payload FROM song_analyses WHERE key = ? AND bundle = ?", (key, bundle_id)
            ).fetchone()
        return None if row is None else bytes(row[0])
