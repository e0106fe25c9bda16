"""Moods a person has saved under a name: what was asked for, as text that only the window reads."""

from __future__ import annotations

from engine.database import Database


class SavedMoods:
    """The saved moods of a library. Any thread may call any method; each write happens whole or not at all."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def all(self) -> dict[str, str]:
        """What was asked for by name, in the order in which they were saved first."""
        with self._db.reading() as db:
            return dict(db.execute("SELECT name, query FROM saved_moods ORDER BY rowid").fetchall())

    def save(self, name: str, query: str) -> None:
        """Keep what is asked for under a name; one that is there already is changed and keeps its place."""
        with self._db.writing() as db:
            db.execute(
                "INSERT INTO saved_moods (name, query) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET query = excluded.query",
                (name, query),
            )

    def rename(self, before: str, after: str) -> bool:
        """Give one another name; False, and nothing done, where that name is taken or there is none."""
        with self._db.writing() as db:
            if after != before and db.execute("SELECT 1 FROM saved_moods WHERE name = ?", (after,)).fetchone():
                return False
            return db.execute("UPDATE saved_moods SET name = ? WHERE name = ?", (after, before)).rowcount > 0

    def remove(self, name: str) -> str | None:
        """Forget one; gives what it asked for, to be saved again if the person thinks better of it."""
        with self._db.writing() as db:
            row = db.execute("SELECT query FROM saved_moods WHERE name = ?", (name,)).fetchone()
            db.execute("DELETE FROM saved_moods WHERE name = ?", (name,))
        return None if row is None else str(row[0])
