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
from engine.siblings import SAME_LOOK

LOOK_COLUMNS = "hash, focus_left, focus_top, focus_right, focus_bottom, focus_is_face"
PHOTO_COLUMNS = (
    f"p.id, p.path, p.width, p.height, p.taken_at, p.content_hash, {LOOK_COLUMNS},"
    " p.caption, p.is_favourite, p.kind, p.is_let_in"
)
CONTENT_COLUMN = "(SELECT c.classes FROM contents c WHERE c.photo = p.id ORDER BY c.model DESC LIMIT 1)"
"""What a photo shows, by whichever backbone said so last: it does not hang on the bundle that is in use."""
PHOTO_TABLES = " FROM photos p LEFT JOIN looks l ON l.photo = p.id"


def photo_of(row: Sequence[Any]) -> Photo:
    """Make the photo of a row that begins with PHOTO_COLUMNS."""
    focus = None if row[7] is None else Focus(row[7], row[8], row[9], row[10], bool(row[11]))
    look = None if row[6] is None else int.from_bytes(row[6], "big")
    return Photo(
        row[0], path_of(row[1]), row[2], row[3], row[4], row[5], focus, look, row[12], bool(row[13]), row[14],
        bool(row[15]),
    )  # fmt: skip


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
    """Store what was read of a file and give its photo's id; what models said of another content goes.

    What the person said stays with the content, and goes along with a picture that was merely written anew.
    """
    path = os.fsencode(record.path)
    before = db.execute("SELECT id, content_hash FROM photos WHERE path = ?", (path,)).fetchone()
    values = (
        record.size, record.mtime_ns, record.content_hash, record.width, record.height, record.taken_at, record.problem,
        record.caption, record.kind, record.is_examined,
    )  # fmt: skip
    if before is not None and before[1] != record.content_hash:
        _take_over_ratings(db, before[0], before[1], record)
        for table in ("features", "embeddings", "contents", "looks"):
            db.execute(f"DELETE FROM {table} WHERE photo = ?", (before[0],))
    if before is None:
        cursor = db.execute(
            "INSERT INTO photos (size, mtime_ns, content_hash, width, height, taken_at, problem, caption, kind,"
            " is_examined, path) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, path),
        )
        assert cursor.lastrowid is not None
        photo_id = cursor.lastrowid
    else:
        photo_id = before[0]
        db.execute(
            "UPDATE photos SET size = ?, mtime_ns = ?, content_hash = ?, width = ?, height = ?, taken_at = ?,"
            " problem = ?, caption = ?, kind = ?, is_examined = ?, is_missing = 0 WHERE id = ?",
            (*values, photo_id),
        )
    if record.look is not None:
        put_look(db, photo_id, record.look)
    return photo_id


def _take_over_ratings(db: sqlite3.Connection, photo_id: int, old_hash: str, record: PhotoRecord) -> None:
    """Give a file's new content what was said of the old one if they show one picture: a program wrote metadata, say.

    Call it before the old look is dropped.
    """
    row = db.execute("SELECT hash FROM looks WHERE photo = ?", (photo_id,)).fetchone()
    if row is None or row[0] is None or record.look is None or record.look.hash is None:
        return
    if (int.from_bytes(row[0], "big") ^ record.look.hash).bit_count() > SAME_LOOK:
        return
    hashes = (record.content_hash, old_hash)
    db.execute(
        "INSERT OR IGNORE INTO ratings (content_hash, valence, arousal, rated_at)"
        " SELECT ?, valence, arousal, rated_at FROM ratings WHERE content_hash = ?",
        hashes,
    )
    is_elsewhere = db.execute(
        "SELECT 1 FROM photos WHERE content_hash = ? AND id <> ?", (old_hash, photo_id)
    ).fetchone()
    if is_elsewhere is None:
        db.execute("UPDATE comparisons SET first_hash = ? WHERE first_hash = ?", hashes)
        db.execute("UPDATE comparisons SET second_hash = ? WHERE second_hash = ?", hashes)
        db.execute("DELETE FROM comparisons WHERE first_hash = second_hash")  # the two have become copies
        db.execute("DELETE FROM ratings WHERE content_hash = ?", (old_hash,))


def put_look(db: sqlite3.Connection, photo_id: int, look: Look) -> None:
    """Store what a photo looks like."""
    focus = look.focus
    box = (None,) * 5 if focus is None else (focus.left, focus.top, focus.right, focus.bottom, focus.is_face)
    digest = None if look.hash is None else look.hash.to_bytes(8, "big")
    db.execute("INSERT OR REPLACE INTO looks VALUES (?, ?, ?, ?, ?, ?, ?)", (photo_id, digest, *box))


def put_content(db: sqlite3.Connection, backbone: int, photo_id: int, classes: bytes) -> None:
    """Store what a photo shows, as `engine.content.Contents.to_bytes` gives it."""
    db.execute("INSERT OR REPLACE INTO contents VALUES (?, ?, ?)", (backbone, photo_id, classes))


def put_embedding(db: sqlite3.Connection, bundle: int, photo_id: int, embedding: FloatArray, va: FloatArray) -> None:
    """Store what a bundle says of a photo."""
    vector = np.ascontiguousarray(embedding, dtype="<f4").tobytes()
    values = (bundle, photo_id, vector, float(va[0]), float(va[1]))
    db.execute("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?, ?)", values)
