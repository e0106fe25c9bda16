"""Rows of the library's tables: how a photo is read from one and written to them, and which places its folders hold."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.emotion import FloatArray
from engine.focus import Focus
from engine.folders import SEPARATOR, real_path
from engine.photos import Look, Photo, PhotoRecord

LOOK_COLUMNS = "hash, focus_left, focus_top, focus_right, focus_bottom, focus_is_face"
PHOTO_COLUMNS = f"p.id, p.path, p.width, p.height, p.taken_at, p.content_hash, {LOOK_COLUMNS}"
PHOTO_TABLES = " FROM photos p LEFT JOIN looks l ON l.photo = p.id"


def photo_of(row: Sequence[Any]) -> Photo:
    """Make the photo of a row that begins with PHOTO_COLUMNS."""
    focus = None if row[7] is None else Focus(row[7], row[8], row[9], row[10], bool(row[11]))
    look = None if row[6] is None else int.from_bytes(row[6], "big")
    return Photo(row[0], path_of(row[1]), row[2], row[3], row[4], row[5], focus, look)


def path_of(stored: bytes) -> Path:
    """Read a stored path: bytes, for a file's name may be no valid text; such bytes are kept as surrogates."""
    return Path(os.fsdecode(stored))


def as_place(path: bytes) -> bytes:
    """Write a folder as `is_within` compares it: without a separator at its end."""
    return path.rstrip(SEPARATOR)


def is_within(path: bytes, places: frozenset[bytes] | set[bytes]) -> bool:
    """Tell whether a stored path is one of the places or lies in one."""
    end = len(path)
    while end >= 0:
        if path[:end] in places:
            return True
        end = path.rfind(SEPARATOR, 0, end)
    return False


def real_places(db: sqlite3.Connection, under: Sequence[Path] | None) -> frozenset[bytes]:
    """List the real folders and files that some folders (or the library's own) hold, through symbolic links too."""
    if under is None:
        places = {as_place(row[0]) for row in db.execute("SELECT path FROM folders")}
    else:
        places = {as_place(real_path(folder)) for folder in under}
    links = db.execute("SELECT path, target FROM links").fetchall()
    grew = True
    while grew:
        found = {as_place(target) for path, target in links if is_within(path, places)}
        grew = not found <= places
        places |= found
    return frozenset(places)


def model_row(db: sqlite3.Connection, digest: str) -> int:
    """Give the row of a backbone or bundle, made at its first use."""
    db.execute("INSERT OR IGNORE INTO models (digest) VALUES (?)", (digest,))
    row: tuple[int] = db.execute("SELECT id FROM models WHERE digest = ?", (digest,)).fetchone()
    return row[0]


def put_record(db: sqlite3.Connection, record: PhotoRecord) -> int:
    """Store what was read of a file and give its photo's id; what models said of another content goes."""
    path = os.fsencode(record.path)
    before = db.execute("SELECT id, content_hash FROM photos WHERE path = ?", (path,)).fetchone()
    values = (
        record.size, record.mtime_ns, record.content_hash, record.width, record.height, record.taken_at, record.problem,
    )  # fmt: skip
    if before is not None and before[1] != record.content_hash:
        for table in ("features", "embeddings", "looks"):
            db.execute(f"DELETE FROM {table} WHERE photo = ?", (before[0],))
    if before is None:
        cursor = db.execute(
            "INSERT INTO photos (size, mtime_ns, content_hash, width, height, taken_at, problem, path)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, path),
        )
        assert cursor.lastrowid is not None
        photo_id = cursor.lastrowid
    else:
        photo_id = before[0]
        db.execute(
            "UPDATE photos SET size = ?, mtime_ns = ?, content_hash = ?, width = ?, height = ?, taken_at = ?,"
            " problem = ?, is_missing = 0 WHERE id = ?",
            (*values, photo_id),
        )
    if record.look is not None:
        put_look(db, photo_id, record.look)
    return photo_id


def put_look(db: sqlite3.Connection, photo_id: int, look: Look) -> None:
    """Store what a photo looks like."""
    focus = look.focus
    box = (None,) * 5 if focus is None else (focus.left, focus.top, focus.right, focus.bottom, focus.is_face)
    digest = None if look.hash is None else look.hash.to_bytes(8, "big")
    db.execute("INSERT OR REPLACE INTO looks VALUES (?, ?, ?, ?, ?, ?, ?)", (photo_id, digest, *box))


def put_embedding(db: sqlite3.Connection, bundle: int, photo_id: int, embedding: FloatArray, va: FloatArray) -> None:
    """Store what a bundle says of a photo."""
    vector = np.ascontiguousarray(embedding, dtype="<f4").tobytes()
    values = (bundle, photo_id, vector, float(va[0]), float(va[1]))
    db.execute("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?, ?)", values)
