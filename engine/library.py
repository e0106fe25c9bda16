"""The photo library: one SQLite file with what is known of every photo and song, and the Catalog read from it.

Pooled features are kept by photo backbone and embeddings by bundle, so a bundle with new heads re-maps the library
without decoding a photo. Photos and songs themselves are never touched.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.bundle import EMBEDDING_WIDTH
from engine.database import Database
from engine.emotion import FloatArray
from engine.encoders import Encoders
from engine.errors import LibraryCorrupt
from engine.folders import SEPARATOR, real_path
from engine.progress import Progress, Report, ignore

REHEAD_ROWS = 2_048
"""Photos given new heads per transaction: 10 MB of features, a few hundredths of a second."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo of the library: where it lies, its upright size, when it was taken (ISO), the hash of its bytes."""

    id: int
    path: Path
    width: int
    height: int
    taken_at: str | None
    content_hash: str


@dataclass(frozen=True, slots=True, eq=False)
class Catalog:
    """A snapshot of the photos one bundle has seen: row i of embeddings (n, 512) and va (n, 2) is photos[i].

    Sorted by photo id; arrays are read-only. Later changes to the library do not show in it.
    """

    photos: tuple[Photo, ...]
    embeddings: FloatArray
    va: FloatArray
    bundle_id: str

    def __len__(self) -> int:
        return len(self.photos)


@dataclass(frozen=True, slots=True)
class KnownPhoto:
    """What the library knows of a file: enough to tell whether it changed and whether it must be decoded."""

    id: int
    size: int
    mtime_ns: int
    content_hash: str
    problem: str | None
    is_missing: bool
    has_features: bool


@dataclass(frozen=True, slots=True, eq=False)
class PhotoRecord:
    """One file's row to be stored: what was read, or the problem for which it could not be decoded."""

    path: Path
    size: int
    mtime_ns: int
    content_hash: str
    width: int = 0
    height: int = 0
    taken_at: str | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """What the bundle's networks gave for n photos: features (n, F), embeddings (n, 512), va (n, 2)."""

    features: FloatArray
    embeddings: FloatArray
    va: FloatArray


class Library:
    """An open library. Any thread may call any method.

    Writers take turns, a transaction each; readers neither wait for a writer nor hold it up (see `engine.database`).
    Every method may raise LibraryBusy (another program writes for longer than a few seconds),
    LibraryCorrupt, or LibraryError (disk full, no permission). A write either happens whole or not at all.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

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
            return tuple(_path_of(row[0]) for row in db.execute("SELECT path FROM folders ORDER BY path"))

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

    def record_walk(self, devices: Mapping[bytes, int], links: Mapping[bytes, bytes]) -> None:
        """Note what a walk met: real folders with the device each lies on, and the links in them with their targets."""
        places = {_as_place(folder) for folder in devices}
        with self._db.writing() as db:
            db.executemany("UPDATE folders SET device = ? WHERE path = ?", [(d, path) for path, d in devices.items()])
            stale = [row for row in db.execute("SELECT path FROM links") if _is_within(row[0], places)]
            db.executemany("DELETE FROM links WHERE path = ?", stale)
            db.executemany("INSERT OR REPLACE INTO links (path, target) VALUES (?, ?)", list(links.items()))

    # Photos

    def catalog(self, bundle_id: str, *, under: Sequence[Path] | None = None) -> Catalog:
        """Snapshot of the photos that have embeddings of this bundle: of the library's folders, or those `under` some.

        `under` takes any indexed folders, remembered or not, and follows the symbolic links that indexing met in them.
        Photos flagged missing are left out. 50,000 photos take about half a second.
        """
        with self._db.reading(is_snapshot=True) as db:
            places = _places(db, under)
            db.create_function("is_shown", 1, lambda path: _is_within(path, places), deterministic=True)
            rows = db.execute(
                "SELECT p.id, p.path, p.width, p.height, p.taken_at, p.content_hash, e.vector, e.valence, e.arousal"
                " FROM embeddings e JOIN photos p ON p.id = e.photo"
                " WHERE e.model = (SELECT id FROM models WHERE digest = ?) AND NOT p.is_missing AND is_shown(p.path)"
                " ORDER BY e.photo",
                (bundle_id,),
            ).fetchall()
        photos = tuple(Photo(row[0], _path_of(row[1]), *row[2:6]) for row in rows)
        va = np.array([row[7:9] for row in rows], dtype=np.float32).reshape(len(rows), 2)
        va.flags.writeable = False
        return Catalog(photos, self._matrix([row[6] for row in rows], EMBEDDING_WIDTH), va, bundle_id)

    def count_photos(self) -> int:
        """How many readable photos lie in the library's folders, whichever bundle has seen them."""
        with self._db.reading(is_snapshot=True) as db:
            places = _places(db, None)
            paths = db.execute("SELECT path FROM photos WHERE problem IS NULL AND NOT is_missing").fetchall()
        return sum(_is_within(row[0], places) for row in paths)

    def known_photos(self, backbone_id: str) -> dict[bytes, KnownPhoto]:
        """All files ever indexed by their path (as os.fsencode gives it), readable or not, missing or not."""
        with self._db.reading() as db:
            rows = db.execute(
                "SELECT p.path, p.id, p.size, p.mtime_ns, p.content_hash, p.problem, p.is_missing, f.photo IS NOT NULL"
                " FROM photos p LEFT JOIN features f"
                " ON f.photo = p.id AND f.model = (SELECT id FROM models WHERE digest = ?)",
                (backbone_id,),
            ).fetchall()
        return {row[0]: KnownPhoto(row[1], row[2], row[3], row[4], row[5], bool(row[6]), bool(row[7])) for row in rows}

    def store_photos(
        self, records: Sequence[PhotoRecord], encoded: Encoded, *, backbone_id: str, bundle_id: str
    ) -> tuple[Photo, ...]:
        """Store decoded photos with their features and embeddings, row i of `encoded` for records[i]. One transaction.

        A photo stored before under the same path keeps its id; if its content changed, what any model said of the old
        content goes.
        """
        with self._db.writing() as db:
            backbone, bundle = _model(db, backbone_id), _model(db, bundle_id)
            photos = []
            for i, record in enumerate(records):
                photo_id = _put_record(db, record)
                vector = np.ascontiguousarray(encoded.features[i], dtype="<f4").tobytes()
                db.execute("INSERT OR REPLACE INTO features VALUES (?, ?, ?)", (backbone, photo_id, vector))
                _put_embedding(db, bundle, photo_id, encoded.embeddings[i], encoded.va[i])
                photos.append(
                    Photo(photo_id, record.path, record.width, record.height, record.taken_at, record.content_hash)
                )
        return tuple(photos)

    def store_problems(self, records: Sequence[PhotoRecord]) -> None:
        """Remember files that cannot be decoded, so that they are not tried again until they change."""
        with self._db.writing() as db:
            for record in records:
                _put_record(db, record)

    def reuse_photo(self, source_id: int, record: PhotoRecord, *, is_move: bool) -> bool:
        """Store a file whose content the library knows as photo `source_id`, without decoding it.

        A moved file takes the photo over, with its id; a copy becomes a photo of its own with the same features.
        False, and nothing done, where that photo holds another content by now.
        """
        path = os.fsencode(record.path)
        with self._db.writing() as db:
            row = db.execute(
                "SELECT width, height, taken_at FROM photos WHERE id = ? AND content_hash = ?",
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
            photo_id = _put_record(db, replace(record, width=row[0], height=row[1], taken_at=row[2]))
            db.execute(
                "INSERT OR REPLACE INTO features SELECT model, ?, vector FROM features WHERE photo = ?",
                (photo_id, source_id),
            )
            db.execute(
                "INSERT OR REPLACE INTO embeddings SELECT model, ?, vector, valence, arousal FROM embeddings"
                " WHERE photo = ?",
                (photo_id, source_id),
            )
        return True

    def mark_missing(self, photo_ids: Sequence[int], *, missing: bool) -> None:
        """Flag photos whose files vanished, or that are back. What is known of them is kept."""
        with self._db.writing() as db:
            db.executemany("UPDATE photos SET is_missing = ? WHERE id = ?", [(missing, i) for i in photo_ids])

    def rehead(self, encoders: Encoders, *, report: Report = ignore) -> int:
        """Give photos whose features are stored but that this bundle has not seen its embeddings. Returns how many.

        No photo is decoded: thousands a second. Commits as it goes, so a cancelled call can be taken up again.
        """
        bundle = encoders.bundle
        with self._db.writing() as db:
            models = (_model(db, bundle.id), _model(db, bundle.photo_backbone_id))
        lacking = (
            " FROM features f LEFT JOIN embeddings e ON e.photo = f.photo AND e.model = ?"
            " WHERE f.model = ? AND e.photo IS NULL AND f.photo > ?"
        )
        with self._db.reading() as db:
            total = db.execute("SELECT COUNT(*)" + lacking, (*models, -1)).fetchone()[0]
        done, last_id = 0, -1
        while done < total:
            report(Progress("rehead", done, total))
            with self._db.reading() as db:
                query = "SELECT f.photo, f.vector" + lacking + " ORDER BY f.photo LIMIT ?"
                rows = db.execute(query, (*models, last_id, REHEAD_ROWS)).fetchall()
            if not rows:
                break
            features = self._matrix([row[1] for row in rows], bundle.manifest.photo.feature_width)
            embeddings, va = encoders.photo_heads(features)
            with self._db.writing() as db:
                for i, (photo_id, _) in enumerate(rows):
                    _put_embedding(db, models[0], photo_id, embeddings[i], va[i])
            done, last_id = done + len(rows), rows[-1][0]
        return done

    # Songs

    def save_song_analysis(self, key: str, bundle_id: str, payload: bytes) -> None:
        """Keep a song's analysis under its key (see `engine.music`), for one bundle. An older one is replaced."""
        with self._db.writing() as db:
            db.execute("INSERT OR REPLACE INTO song_analyses VALUES (?, ?, ?)", (key, bundle_id, payload))

    def load_song_analysis(self, key: str, bundle_id: str) -> bytes | None:
        """The kept analysis of a song, or None."""
        with self._db.reading() as db:
            row = db.execute(
                "SELECT payload FROM song_analyses WHERE key = ? AND bundle = ?", (key, bundle_id)
            ).fetchone()
        return None if row is None else bytes(row[0])

    def _matrix(self, vectors: list[bytes], width: int) -> FloatArray:
        """Stack stored float32 vectors as one array (n, width). Raises LibraryCorrupt where one has another length."""
        if any(len(vector) != 4 * width for vector in vectors):
            raise LibraryCorrupt(self.path, "a stored vector has the wrong length")
        return np.frombuffer(b"".join(vectors), dtype="<f4").astype(np.float32, copy=False).reshape(-1, width)


def _path_of(stored: bytes) -> Path:
    # Bytes, because a file's name may be no valid text; fsdecode keeps such bytes as surrogates.
    return Path(os.fsdecode(stored))


def _as_place(path: bytes) -> bytes:
    return path.rstrip(SEPARATOR)


def _is_within(path: bytes, places: frozenset[bytes] | set[bytes]) -> bool:
    """Whether a stored path is one of the places or lies in one."""
    end = len(path)
    while end >= 0:
        if path[:end] in places:
            return True
        end = path.rfind(SEPARATOR, 0, end)
    return False


def _places(db: sqlite3.Connection, under: Sequence[Path] | None) -> frozenset[bytes]:
    """Real folders and files that some folders (or the library's own) hold, through symbolic links too."""
    if under is None:
        places = {_as_place(row[0]) for row in db.execute("SELECT path FROM folders")}
    else:
        places = {_as_place(real_path(folder)) for folder in under}
    links = db.execute("SELECT path, target FROM links").fetchall()
    grew = True
    while grew:
        found = {_as_place(target) for path, target in links if _is_within(path, places)}
        grew = not found <= places
        places |= found
    return frozenset(places)


def _model(db: sqlite3.Connection, digest: str) -> int:
    """Row of a backbone or bundle, made at its first use."""
    db.execute("INSERT OR IGNORE INTO models (digest) VALUES (?)", (digest,))
    row: tuple[int] = db.execute("SELECT id FROM models WHERE digest = ?", (digest,)).fetchone()
    return row[0]


def _put_record(db: sqlite3.Connection, record: PhotoRecord) -> int:
    path = os.fsencode(record.path)
    before = db.execute("SELECT id, content_hash FROM photos WHERE path = ?", (path,)).fetchone()
    values = (
        record.size, record.mtime_ns, record.content_hash, record.width, record.height, record.taken_at, record.problem,
    )  # fmt: skip
    if before is None:
        cursor = db.execute(
            "INSERT INTO photos (size, mtime_ns, content_hash, width, height, taken_at, problem, path)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, path),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid
    photo_id: int = before[0]
    db.execute(
        "UPDATE photos SET size = ?, mtime_ns = ?, content_hash = ?, width = ?, height = ?, taken_at = ?, problem = ?,"
        " is_missing = 0 WHERE id = ?",
        (*values, photo_id),
    )
    if before[1] != record.content_hash:
        db.execute("DELETE FROM features WHERE photo = ?", (photo_id,))
        db.execute("DELETE FROM embeddings WHERE photo = ?", (photo_id,))
    return photo_id


def _put_embedding(db: sqlite3.Connection, bundle: int, photo_id: int, embedding: FloatArray, va: FloatArray) -> None:
    vector = np.ascontiguousarray(embedding, dtype="<f4").tobytes()
    values = (bundle, photo_id, vector, float(va[0]), float(va[1]))
    db.execute("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?, ?)", values)
