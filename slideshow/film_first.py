"""A film and indexing share the background lane: the film goes first, indexing gives way and goes on after it."""

from __future__ import annotations

from PySide6.QtCore import QObject

from slideshow.film_export import FilmExport
from slideshow.session import Session


class FilmFirst(QObject):
    """Lets indexing give way to a film that is being saved, and go on when it is saved, stopped or failed."""

    def __init__(self, session: Session, film: FilmExport, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        film.started.connect(session.indexer.give_way)
        for ended in (film.finished, film.failed, film.cancelled):
            ended.connect(self._on_film_ended)

    def _on_film_ended(self, *_: object) -> None:
        if self._session.indexer.film_is_over():
            self._session.resume_indexing()
