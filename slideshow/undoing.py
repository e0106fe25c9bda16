"""Undo and redo of the window: on Make the show and the marks of its song, elsewhere what was taught of photos.

On Browse, Library and Settings the keys also take back what a toast offered to, after it has gone; elsewhere while
it is still to be seen, if nothing has been done since.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject

from slideshow.session import Session
from slideshow.teaching import Step, Teaching
from slideshow.toasts import Offer, Toasts

if TYPE_CHECKING:
    from slideshow.menus import Menus

Made = Literal["show", "song"]
TAUGHT_ON = ("teach", "browse")
OFFERED_ON = ("browse", "library", "settings")
MAX_STEPS = 400


class Undoing(QObject):
    """Two histories behind one pair of keys: what was done last on a page is undone first."""

    def __init__(
        self,
        session: Session,
        teaching: Teaching,
        toasts: Toasts,
        parent: QObject,
        *,
        page: Callable[[], str],
        song: Callable[[], Path],
    ) -> None:
        """page tells the key of the page that is shown, song the path of the one that is open, Path() of none."""
        super().__init__(parent)
        self._editing, self._teaching, self._page, self._song = session.editing, teaching, page, song
        self._session = session
        self._made: list[Made] = []
        self._unmade: list[Made] = []
        self._offers: dict[str, list[Offer | None]] = {page: [] for page in OFFERED_ON}
        """What can be taken back on each page, the last step last; None is one of the teaching's own."""
        self._toasts = toasts
        self._latest: Offer | None = None
        """What was offered on one of these pages, while nothing else has been done."""
        self._menus: Menus | None = None
        toasts.undo_offered.connect(self._on_offer)
        toasts.left.connect(self.refresh)
        toasts.undo_taken.connect(self.refresh)
        for taught in (teaching.stepped, teaching.redone):
            taught.connect(self._on_taught)
        teaching.undone.connect(self._on_untaught)
        session.editing.done.connect(lambda _: self._note("show"))
        teaching.stepped.connect(self._on_step)

    def _on_step(self, step: Step) -> None:
        if step.scope == "song":
            self._note("song")

    def _note(self, made: Made) -> None:
        self._latest = None
        self._made = [*self._made[-MAX_STEPS:], made]
        self._unmade.clear()
        self.refresh()

    def _on_offer(self, offer: Offer) -> None:
        if self._page() in self._offers:
            self._remember(self._page(), offer)
            self._latest = offer
            self.refresh()

    def _on_taught(self, step: Step) -> None:
        if step.scope == "photos":
            self._latest = None
            self._remember("browse", None)

    def _on_untaught(self, step: Step) -> None:
        offers = self._offers["browse"]
        if step.scope == "photos" and None in offers:
            del offers[len(offers) - 1 - offers[::-1].index(None)]

    def _remember(self, page: str, offer: Offer | None) -> None:
        self._offers[page] = [*self._offers[page][-MAX_STEPS:], offer]

    @property
    def _offered(self) -> Offer | None:
        """What was done last on this page, or just now on another, where a toast offered to take it back."""
        latest = self._latest
        if latest is not None and not latest.is_over and any(toast.offer is latest for toast in self._toasts.shown):
            return latest
        offers = self._offers.get(self._page(), [])
        while offers and (last := offers[-1]) is not None and last.is_over:
            offers.pop()
        return offers[-1] if offers else None

    def _is_of_photos(self, name: Callable[[Literal["photos", "song"]], str]) -> bool:
        """Whether it is for what was taught of photos; Browse falls back to the show where nothing was."""
        page = self._page()
        return page == "teach" or (page in TAUGHT_ON and bool(name("photos")))

    def _next(self, order: list[Made], show_name: str, song_name: str) -> Made:
        """Which of the two it is for on Make."""
        last = order[-1] if order else "show"
        if last == "song":
            return "song" if song_name else "show"
        return "show" if show_name or not song_name else "song"

    def undo(self) -> None:
        """Take back what was done last."""
        teaching, editing = self._teaching, self._editing
        if (offer := self._offered) is not None:
            offer.take_back()
            return
        if self._is_of_photos(teaching.undo_name):
            teaching.undo("photos")
            return
        made = self._next(self._made, editing.undo_name, teaching.undo_name("song", song=self._song()))
        if self._made:
            self._made.pop()
        self._unmade.append(made)
        if made == "song":
            teaching.undo("song", song=self._song())
        else:
            editing.undo()

    def redo(self) -> None:
        """Do again what was taken back last."""
        teaching, editing = self._teaching, self._editing
        if self._is_of_photos(teaching.redo_name):
            teaching.redo("photos")
            return
        made = self._next(self._unmade, editing.redo_name, teaching.redo_name("song", song=self._song()))
        if self._unmade:
            self._unmade.pop()
        self._made.append(made)
        if made == "song":
            teaching.redo("song", song=self._song())
        else:
            editing.redo()

    # The menu

    def name_steps(self, menus: Menus) -> None:
        """Say in the menu what undo and redo would do, from now on."""
        self._menus = menus
        self._session.plan_changed.connect(self.refresh)
        for changed in (self._teaching.stepped, self._teaching.undone, self._teaching.redone, self._teaching.changed):
            changed.connect(self.refresh)
        self.refresh()

    def refresh(self, _: object = None) -> None:
        """Follow a deed, or another page."""
        if self._menus is None:
            return
        for name, word, step in (("undo", "Undo", self._undo_name()), ("redo", "Redo", self._redo_name())):
            self._menus.actions[name].setText(f"{word} {step}" if step else word)
            self._menus.actions[name].setEnabled(bool(step))

    def _undo_name(self) -> str:
        if self._offered is not None:
            return "the last step"
        if self._is_of_photos(self._teaching.undo_name):
            return self._teaching.undo_name("photos")
        show, song = self._editing.undo_name, self._teaching.undo_name("song", song=self._song())
        return song if self._next(self._made, show, song) == "song" else show

    def _redo_name(self) -> str:
        if self._is_of_photos(self._teaching.redo_name):
            return self._teaching.redo_name("photos")
        show, song = self._editing.redo_name, self._teaching.redo_name("song", song=self._song())
        return song if self._next(self._unmade, show, song) == "song" else show
