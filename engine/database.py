"""The library's SQLite file: schema and migrations, connections, and SQLite's faults put into the engine's words.

Apart from the library so that what is stored and how it is stored safely can each be read alone.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import LibraryBusy, LibraryCorrupt, LibraryError, LibraryTooNew

APPLICATION_ID = 0x4D4F4F44
"""Marks a SQLite file as a Moodreel library ("MOOD"), so that another program's database is never written to."""

BUSY_TIMEOUT_S = 5.0
"""How long to wait for another program's write: its transactions are batches, well under a second."""

MAKING_LOOKS, MAKING_PAUSE_S = 20, 0.1
"""How often a library that another program is making at this moment is looked at again, for it seems cut short or busy
while its first pages are written."""

JUST_MADE_S = 5.0

PAGE_BYTES = 16_384
"""Three photos' features or seven embeddings fill such a page; in SQLite's usual 4,096 a third would be left empty."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE photos (
            id INTEGER PRIMARY KEY,
            path BLOB NOT NULL UNIQUE,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            content_hash TEXT NOT NULL,
            width INTEGER NOT NULL,
            height INTEGER NOT NULL,
            taken_at TEXT,
            problem TEXT,
            is_missing INTEGER NOT NULL DEFAULT 0
        )""",
        "CREATE TABLE models (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE)",
        """CREATE TABLE features (
            model INTEGER NOT NULL REFERENCES models(id),
            photo INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
            vector BLOB NOT NULL,
            UNIQUE (model, photo)
        )""",
        """CREATE TABLE embeddings (
            model INTEGER NOT NULL REFERENCES models(id),
            photo INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
            vector BLOB NOT NULL,
            valence REAL NOT NULL,
            arousal REAL NOT NULL,
            UNIQUE (model, photo)
        )""",
        "CREATE INDEX features_of_photo ON features (photo)",
        "CREATE INDEX embeddings_of_photo ON embeddings (photo)",
        "CREATE TABLE folders (path BLOB PRIMARY KEY, device INTEGER)",
        "CREATE TABLE links (path BLOB PRIMARY KEY, target BLOB NOT NULL)",
        """CREATE TABLE song_analyses (
            key TEXT NOT NULL,
            bundle TEXT NOT NULL,
            payload BLOB NOT NULL,
            PRIMARY KEY (key, bundle)
        )""",
    ),
    (
        """CREATE TABLE looks (
            photo INTEGER PRIMARY KEY REFERENCES photos(id) ON DELETE CASCADE,
            hash BLOB,
            focus_left REAL,
            focus_top REAL,
            focus_right REAL,
            focus_bottom REAL,
            focus_is_face INTEGER
        )""",
        "ALTER TABLE photos ADD COLUMN is_banned INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX banned_contents ON photos (content_hash) WHERE is_banned",
    ),
    (
        "ALTER TABLE photos ADD COLUMN caption TEXT",
        "ALTER TABLE photos ADD COLUMN is_favourite INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE photos ADD COLUMN is_let_in INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE photos ADD COLUMN kind TEXT",
        "ALTER TABLE photos ADD COLUMN is_examined INTEGER NOT NULL DEFAULT 0",
        "CREATE INDEX photos_of_content ON photos (content_hash)",
        """CREATE TABLE ratings (
            content_hash TEXT PRIMARY KEY,
            valence REAL NOT NULL,
            arousal REAL NOT NULL,
            rated_at TEXT NOT NULL
        )""",
        """CREATE TABLE comparisons (
            id INTEGER PRIMARY KEY,
            first_hash TEXT NOT NULL,
            second_hash TEXT NOT NULL,
            question TEXT NOT NULL,
            answer TEXT NOT NULL,
            answered_at TEXT NOT NULL
        )""",
        """CREATE TABLE song_marks (
            id INTEGER PRIMARY KEY,
            song_key TEXT NOT NULL,
            path BLOB NOT NULL,
            t_s REAL NOT NULL,
            valence REAL NOT NULL,
            arousal REAL NOT NULL,
            marked_at TEXT NOT NULL
        )""",
        """CREATE TABLE contents (
            model INTEGER NOT NULL REFERENCES models(id),
            photo INTEGER NOT NULL REFERENCES photos(id) ON DELETE CASCADE,
            classes BLOB NOT NULL,
            UNIQUE (model, photo)
        )""",
        "CREATE INDEX contents_of_photo ON contents (photo)",
        "CREATE TABLE song_folders (path BLOB PRIMARY KEY)",
        """CREATE TABLE songs (
            id INTEGER PRIMARY KEY,
            path BLOB NOT NULL UNIQUE,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            key TEXT,
            title TEXT,
            artist TEXT,
            duration_s REAL,
            problem TEXT,
            is_missing INTEGER NOT NULL DEFAULT 0
        )""",
        """CREATE TABLE song_moods (
            key TEXT NOT NULL,
            bundle TEXT NOT NULL,
            valence REAL NOT NULL,
            arousal REAL NOT NULL,
            vector BLOB NOT NULL,
            PRIMARY KEY (key, bundle)
        )""",
        "CREATE TABLE saved_moods (name TEXT PRIMARY KEY, query TEXT NOT NULL)",
    ),
    (
        """CREATE TABLE song_files (
            path BLOB PRIMARY KEY,
            size INTEGER NOT NULL,
            mtime_ns INTEGER NOT NULL,
            key TEXT NOT NULL
        )""",
        "CREATE INDEX song_files_of_key ON song_files (key)",
    ),
)
"""Step i takes a library from version i (SQLite's user_version) to i + 1. Steps are added, never changed."""

_SQLITE_MAGIC = b"SQLite format 3\0"


class Database:
    """An open library file. Any thread may call any method.

    There is one writing connection, used by one thread at a time behind a lock held for a transaction only (a batch,
    milliseconds); readers borrow connections of their own and, as the file is in WAL mode, neither wait for the writer
    nor hold it up.
    """

    def __init__(self, path: Path, writer: sqlite3.Connection) -> None:
        self.path = path
        self._writer = writer
        self._write_lock = threading.Lock()
        self._idle_readers: list[sqlite3.Connection] = []
        self._readers_lock = threading.Lock()
        self._is_closed = False

    @classmethod
    def open(cls, path: Path) -> Database:
        """Open the file at `path`, creating it (and its folder) where there is none, migrating an older one.

        Raises LibraryTooNew, LibraryBusy, LibraryCorrupt (also for a file that is no library) or LibraryError. A file
        that is refused is left as it is, byte for byte.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(path, f"its folder cannot be made ({error.strerror})") from error
        for _ in range(MAKING_LOOKS):
            try:
                return cls._open(path)
            except (LibraryBusy, LibraryCorrupt):
                if not _is_just_made(path):
                    raise
                time.sleep(MAKING_PAUSE_S)
        return cls._open(path)

    @classmethod
    def _open(cls, path: Path) -> Database:
        _refuse_foreign_file(path)
        with _sqlite_faults(path):
            connection = _connect(path)
            try:
                _migrate(path, connection)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection)

    def close(self) -> None:
        """Close all connections. Waits for a write in progress; a reader still at work is closed when done."""
        with self._write_lock, self._readers_lock:
            self._is_closed = True
            for reader in self._idle_readers:
                reader.close()
            self._idle_readers.clear()
            self._writer.close()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One write transaction, whole or not at all."""
        with self._write_lock, _sqlite_faults(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # A full disk may have ended the transaction already.
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self, *, is_snapshot: bool = False) -> Iterator[sqlite3.Connection]:
        """A borrowed reading connection; as a snapshot, all its queries see one state of the library."""
        with _sqlite_faults(self.path):
            with self._readers_lock:
                reader = self._idle_readers.pop() if self._idle_readers else None
            if reader is None:
                if not self.path.exists():  # SQLite would make an empty one in its place
                    raise LibraryError(self.path, "it is not there any more")
                reader = _connect(self.path)
                reader.execute("PRAGMA query_only = ON")
            try:
                if is_snapshot:
                    reader.execute("BEGIN")
                yield reader
            except BaseException:
                reader.close()
                raise
            if is_snapshot:
                reader.execute("COMMIT")
            with self._readers_lock:
                if self._is_closed:
                    reader.close()
                else:
                    self._idle_readers.append(reader)


def _connect(path: Path) -> sqlite3.Connection:
    # Bytes would not do on Windows; sqlite3 encodes the text as the file system does.
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA foreign_keys = ON")
    # In WAL mode a killed program loses nothing at NORMAL; a power cut may cost the last commits, never the file.
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _migrate(path: Path, connection: sqlite3.Connection) -> None:
    """Check that a database is a library of this version or older, and bring it up to date."""
    if _version(path, connection) == 0:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    if _version(path, connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another program may have migrated it while this one waited.
        for step in MIGRATIONS[_version(path, connection) :]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(path: Path, connection: sqlite3.Connection) -> int:
    """Schema version of a library, 0 for a new file. Raises LibraryTooNew, or LibraryCorrupt for another's database."""
    # One statement sees one state: read one by one, a program that makes the library just now would look foreign.
    version, owner, n_tables = connection.execute(
        "SELECT (SELECT user_version FROM pragma_user_version), (SELECT application_id FROM pragma_application_id),"
        " (SELECT COUNT(*) FROM sqlite_master)"
    ).fetchone()
    if owner != APPLICATION_ID and (owner or version or n_tables):
        raise LibraryCorrupt(path, "it is the database of another program")
    if version > len(MIGRATIONS):
        raise LibraryTooNew(path, f"it has version {version}, this program knows versions up to {len(MIGRATIONS)}")
    return int(version)


def _is_just_made(path: Path) -> bool:
    """Whether a file was written a moment ago, so that what is wrong with it may pass."""
    try:
        return abs(time.time() - path.stat().st_mtime) < JUST_MADE_S
    except OSError:
        return False


def _refuse_foreign_file(path: Path) -> None:
    """Raise LibraryCorrupt for a file that is no SQLite database or is cut short, before anything is opened to write.

    SQLite itself finds a missing end only when it comes to need a page there.
    """
    try:
        with path.open("rb") as file:
            header = file.read(100)
            n_bytes = file.seek(0, os.SEEK_END)
    except FileNotFoundError:
        return
    except OSError as error:
        raise LibraryError(path, f"it cannot be read ({error.strerror})") from error
    if not header:
        return
    if len(header) < 100 or not header.startswith(_SQLITE_MAGIC):
        raise LibraryCorrupt(path, "it is no library")
    page_bytes, n_pages = struct.unpack_from(">H", header, 16)[0], struct.unpack_from(">I", header, 28)[0]
    if n_bytes < n_pages * (65_536 if page_bytes == 1 else page_bytes):
        raise LibraryCorrupt(path, "its end is missing")


@contextmanager
def _sqlite_faults(path: Path) -> Iterator[None]:
    """Turn SQLite's errors that come from the world into the engine's; those of our own making pass."""
    try:
        yield
    except UnicodeDecodeError as error:  # a text, or SQLite's own words for a damaged schema
        raise LibraryCorrupt(path, "it is damaged") from error
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise LibraryBusy(path, "another program is writing to it") from error
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise LibraryCorrupt(path, "it is damaged") from error
        if code == sqlite3.SQLITE_FULL:
            raise LibraryError(path, "the disk is full") from error
        if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
            raise LibraryError(path, "it cannot be written there") from error
        if code == sqlite3.SQLITE_IOERR:
            raise LibraryError(path, f"the disk gave an error ({error})") from error
        raise
