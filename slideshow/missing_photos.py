"""Photos that a show was made with and that are not there now: told, others in their places, and back once found."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.edits import EditedPlan
from engine.project import OpenedProject
from slideshow import messages, sheets
from slideshow.session import Session
from slideshow.toasts import Toasts

if TYPE_CHECKING:
    from engine.library import Photo
    from engine.plan import Plan


class MissingPhotos(QObject):
    """Lets others stand in for missing photos of an opened show, and puts those back that are found meanwhile."""

    none_there = Signal(bool)
    """Whether the show has no photo at all to be seen: its own are gone, and there are no others."""

    def __init__(self, window: QWidget, session: Session, toasts: Toasts) -> None:
        super().__init__(window)
        self._window, self._session, self._toasts = window, session, toasts
        self._away: dict[int, Photo] = {}
        self._is_replaced = False
        self._as_opened: EditedPlan | None = None
        self._last: EditedPlan | None = None  # the show as it was left here: what differs is the person's work
        session.catalog_changed.connect(self._on_catalog)
        session.runners_up_changed.connect(self._replace)

    def take(self, found: OpenedProject) -> None:
        """Look after the show that the session has just opened."""
        self._away = {photo.id: photo for photo, _ in found.missing}
        self._is_replaced = False
        self._as_opened = self._last = self._session.history.now
        tell_missing(self._window, self._toasts, found, has_others=self._session.n_photos > 0)
        self._tell()

    def forget(self) -> None:
        """The show has gone."""
        self._away, self._as_opened, self._last = {}, None, None
        self._tell()

    def on_saved(self) -> None:
        """Who saves a show in which others stand in has taken them."""
        if self._is_replaced:
            self.forget()

    @property
    def is_waiting(self) -> bool:
        """Whether photos are missing in whose places no others stand yet."""
        return bool(self._away) and not self._is_replaced

    def _replace(self) -> None:
        """Put others in the places of missing photos, once it is known which suit."""
        if self.is_waiting and self._session.runners_up:
            is_untouched = self._session.history.now == self._last
            self._is_replaced = True
            self._session.editing.replace_missing(frozenset(self._away))
            self._last = self._session.history.now if is_untouched else None
            self._tell()

    def _on_catalog(self) -> None:
        """Put photos back that have been found; a show that the person has changed meanwhile stays as it is."""
        whole, now = self._session.whole_catalog, self._session.history.now
        if not self._away or whole is None or self._as_opened is None or now is None or now != self._last:
            return
        there = {
            photo.content_hash: photo
            for photo in whole.photos
            if photo.content_hash and photo.id not in self._session.offline_ids
        }
        found = {id_: there[lost.content_hash] for id_, lost in self._away.items() if lost.content_hash in there}
        if not found:
            return
        self._away = {id_: lost for id_, lost in self._away.items() if id_ not in found}
        plan = _with_photos(self._as_opened.plan, found)
        self._as_opened = self._last = EditedPlan.with_indices(plan, self._as_opened.indices)
        self._is_replaced = False
        self._session.history.reset(self._last)
        self._session.show_plan(is_arc_changed=False)
        self._tell()

    def _tell(self) -> None:
        plan = self._session.plan
        shown = {cue.photo.id for cue in plan.cues} if plan is not None else set()
        self.none_there.emit(self.is_waiting and shown <= set(self._away))


def _with_photos(plan: Plan, found: dict[int, Photo]) -> Plan:
    """Put photos (by the ids of those they were in the plan) in their places."""
    cues = tuple(
        replace(
            cue,
            photo=found.get(cue.photo.id, cue.photo),
            partner=None if cue.partner is None else found.get(cue.partner.id, cue.partner),
        )
        for cue in plan.cues
    )
    return replace(plan, cues=cues)


def tell_missing(window: QWidget, toasts: Toasts, found: OpenedProject, *, has_others: bool) -> None:
    """Say which photos of an opened show, and how many of those it was chosen from, were not found; nothing if none.

    has_others is whether there are photos that may stand in for them.
    """
    if found.n_unchosen:
        toasts.show(unchosen_in_words(found), icon="triangle-alert", tone="warn")
    n = len(found.missing)
    if n == 0:
        return
    who = "One photo was" if n == 1 else f"{messages.number_word(n)} photos were"
    them = ""
    if has_others:
        them = " Another stands in for it." if n == 1 else " Others stand in for them."
    toasts.show(
        f"{who} not found.{them}",
        icon="triangle-alert",
        tone="warn",
        action="Details",
        on_action=partial(_show_missing, window, found.missing),
    )


def unchosen_in_words(found: OpenedProject) -> str:
    """Say that photos of the show's choice are not in the library."""
    n_left = len(found.project.choice or ())
    if n_left == 0:
        return "The photos this show was chosen from are not in your library. It may use all now."
    n = messages.number_word(found.n_unchosen)
    are = "is" if found.n_unchosen == 1 else "are"
    return f"{n} of the {n_left + found.n_unchosen:,} chosen photos {are} not in your library."


def _show_missing(window: QWidget, missing: tuple[tuple[Photo, int], ...]) -> None:
    lines = [f"{photo.path}" for photo, _ in missing]
    sheets.show_details(
        window,
        title="Photos that were not found",
        text="Add the folder in which they are now, and they come back. Until then other photos stand in for them; "
        "the file keeps the old ones until you save.",
        details="\n".join(lines).encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
    )
