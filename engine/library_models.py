"""What models say of the library's photos: new heads for stored features, and which models' word is kept.

Part of the library, by subject.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from engine.bundle import EMBEDDING_WIDTH
from engine.database import Database
from engine.emotion import FloatArray
from engine.encoders import Encoders
from engine.errors import LibraryCorrupt
from engine.library_rows import model_row
from engine.photos import Catalog
from engine.progress import Progress, Report, ignore

REHEAD_ROWS = 4_096
"""Photos given new heads per transaction: 11 MB of features and 8 MB of embeddings."""

FORGET_ROWS = 4_096
"""Photos whose embeddings are deleted per transaction: others who write wait some hundredths of a second."""


class PhotoModels:
    """The models of a library: see `engine.library.Library`, which is one of these."""

    _db: Database

    def rehead(self, encoders: Encoders, *, report: Report = ignore) -> int:
        """Give photos whose features are stored but that this bundle has not seen its embeddings. Returns how many.

        No photo is decoded: 50,000 take two seconds on two cores, as the networks work on some while those before are
        stored. Commits as it goes, so a cancelled call can be taken up again.
        """
        bundle = encoders.bundle
        with self._db.writing() as db:
            models = (model_row(db, bundle.id), model_row(db, bundle.photo_backbone_id))
        lacking = (
            " FROM features f LEFT JOIN embeddings e ON e.photo = f.photo AND e.model = ?"
            " WHERE f.model = ? AND e.photo IS NULL AND f.photo > ?"
        )
        with self._db.reading() as db:
            total = db.execute("SELECT COUNT(*)" + lacking, (*models, -1)).fetchone()[0]
        done, last_id = 0, -1
        storing: Future[None] | None = None
        with ThreadPoolExecutor(1, thread_name_prefix="rehead") as storer:  # its end waits for what is being stored
            while done < total:
                report(Progress("rehead", done, total))
                with self._db.reading() as db:
                    query = "SELECT f.photo, f.vector" + lacking + " ORDER BY f.photo LIMIT ?"
                    rows = db.execute(query, (*models, last_id, REHEAD_ROWS)).fetchall()
                if not rows:
                    break
                features = self._matrix([row[1] for row in rows], bundle.manifest.photo.feature_width)
                embeddings, va = encoders.photo_heads(features)
                if storing is not None:
                    storing.result()
                storing = storer.submit(self._store_heads, models[0], [row[0] for row in rows], embeddings, va)
                done, last_id = done + len(rows), rows[-1][0]
            if storing is not None:
                storing.result()
        return done

    def _store_heads(self, model: int, photo_ids: Sequence[int], embeddings: FloatArray, va: FloatArray) -> None:
        vectors = np.ascontiguousarray(embeddings, dtype="<f4")
        rows = [
            (model, photo_id, vector.tobytes(), valence, arousal)
            for photo_id, vector, (valence, arousal) in zip(photo_ids, vectors, va.tolist(), strict=True)
        ]
        with self._db.writing() as db:
            try:
                db.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?, ?)", rows)
            except sqlite3.IntegrityError:  # some of the photos have just been forgotten
                known = {row[0] for row in db.execute("SELECT id FROM photos")}
                rows = [row for row in rows if row[1] in known]
                db.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?, ?, ?)", rows)

    def catalog_by(self, bundle_id: str, like: Catalog) -> Catalog | None:
        """Give the photos of a catalog as another bundle finds them; None where it has not seen them all.

        Twice as fast as `catalog`, as only embeddings are read: 50,000 photos take half a second.
        """
        with self._db.reading() as db:
            rows = db.execute(
                "SELECT photo, vector, valence, arousal FROM embeddings"
                " WHERE model = (SELECT id FROM models WHERE digest = ?) ORDER BY photo",
                (bundle_id,),
            ).fetchall()
        row_of = {row[0]: row for row in rows}
        try:
            rows = [row_of[photo.id] for photo in like.photos]
        except KeyError:
            return None
        va = np.array([row[2:] for row in rows], dtype=np.float32).reshape(len(rows), 2)
        va.flags.writeable = False
        embeddings = self._matrix([row[1] for row in rows], EMBEDDING_WIDTH)
        return replace(like, embeddings=embeddings, va=va, bundle_id=bundle_id)

    def forget_embeddings(self, *, keep: Collection[str], report: Report = ignore) -> int:
        """Delete what all bundles but these say of photos. Returns how many embeddings that were.

        Features stay, so a bundle that was forgotten needs but `rehead`. The file does not shrink: the room is for the
        next bundle. Commits as it goes.
        """
        with self._db.reading() as db:
            marks = ", ".join("?" * len(keep))
            unwanted = [
                row[0]
                for row in db.execute(
                    f"SELECT id FROM models WHERE digest NOT IN ({marks})"
                    " AND EXISTS (SELECT 1 FROM embeddings e WHERE e.model = models.id)",
                    tuple(keep),
                )
            ]
        n_forgotten = 0
        for model in unwanted:
            while True:
                report(Progress("forget", n_forgotten, 0))
                with self._db.writing() as db:
                    n_deleted = db.execute(
                        "DELETE FROM embeddings WHERE model = ?1 AND photo IN"
                        " (SELECT photo FROM embeddings WHERE model = ?1 ORDER BY photo LIMIT ?2)",
                        (model, FORGET_ROWS),
                    ).rowcount
                if not n_deleted:
                    break
                n_forgotten += n_deleted
        return n_forgotten

    def _matrix(self, vectors: list[bytes], width: int) -> FloatArray:
        """Stack stored float32 vectors as one array (n, width). Raises LibraryCorrupt where one has another length."""
        if any(len(vector) != 4 * width for vector in vectors):
            raise LibraryCorrupt(self._db.path, "a stored vector has the wrong length")
        return np.frombuffer(b"".join(vectors), dtype="<f4").astype(np.float32, copy=False).reshape(-1, width)
