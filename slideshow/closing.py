"""Closing the window while a film is being saved: asked once, with what would be lost."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from slideshow import messages, sheets
from slideshow.film_saving import FilmSaving
from slideshow.sheets import Sheet

KEPT = "Photos, songs, and everything else you have made are kept."


class Closing:
    """Decides whether the window may close now, or asks first."""

    def __init__(self, window: QWidget, saving: FilmSaving) -> None:
        self._window = window
        self._saving = saving
        self._is_asked = False
        self.sheet: Sheet | None = None

    def may_close(self, close: Callable[[], object]) -> bool:
        """Whether nothing is lost. Else the question is shown, and `close` called if the person wants it all the same.

        A second wish to close while the question stands is an answer.
        """
        film = self._saving.film
        if not film.is_running or self._is_asked:
            return True
        if self._saving.sheet is not None:
            self._saving.sheet.close()  # it shows the same film; one sheet at a time
        self._is_asked = True
        left = f" {messages.time_left(film.left_s)}." if film.left_s is not None else ""
        self.sheet = sheets.ask(
            self._window,
            question="Stop saving the film?",
            text=f"{int(film.share * 100)} % of it is done and would be lost.{left} {KEPT}",
            verb="Stop and close",
            act=lambda: self._close(close),
        )
        self.sheet.closed.connect(self._on_closed)
        film.finished.connect(self._on_film_ended)
        return False

    def _close(self, close: Callable[[], object]) -> None:
        self._is_asked = True
        close()

    def _on_closed(self) -> None:
        self._is_asked = False
        self.sheet = None

    def _on_film_ended(self, *_: object) -> None:
        if self.sheet is not None:
            self.sheet.close()  # there is nothing left to ask
