"""Marks a person sets on photos from Browse: favourites, and photos let into shows; each with a way back."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from slideshow import messages
from slideshow.browse_page import BrowsePage
from slideshow.browse_photos import Rows
from slideshow.jobs import Jobs
from slideshow.session import Session
from slideshow.toasts import Toasts

if TYPE_CHECKING:
    from engine.library import Library, Photo


class BrowseMarks(QObject):
    """Shows a mark at once and keeps it in the library behind."""

    def __init__(self, page: BrowsePage, session: Session, jobs: Jobs, toasts: Toasts) -> None:
        super().__init__(page)
        self._page, self._session, self._jobs, self._toasts = page, session, jobs, toasts
        page.favourite_wanted.connect(self.turn_favourite)
        page.let_in_wanted.connect(self.turn_let_in)

    def turn_favourite(self, rows: Rows) -> None:
        """Make photos favourites; where all are, no longer."""
        photos = self._page.photos
        if photos is None or not len(rows):
            return
        is_favourite = not bool(photos.favourites[rows].all())
        self._set_favourite(self._page.photos_of(rows), is_favourite=is_favourite)

    def _set_favourite(self, photos: tuple[Photo, ...], *, is_favourite: bool) -> None:
        changed = tuple(photo for photo in photos if self._is_favourite(photo) != is_favourite)
        self._show_favourite(changed, is_favourite=is_favourite)
        self._keep(changed, partial(_set_favourite, [photo.id for photo in changed], is_favourite))
        back = partial(self._set_favourite, changed, is_favourite=not is_favourite)
        if len(changed) == 1:
            self._toasts.offer_undo(back)  # the heart says it all
        elif changed:
            n = messages.count_of(len(changed), "photo")
            text = f"{n} marked as favourites" if is_favourite else f"{n} are no favourites any more"
            self._toasts.show(text, icon="heart", action="Undo", on_action=back)

    def _is_favourite(self, photo: Photo) -> bool:
        shown = self._page.photos
        row = shown.row_of(photo.id) if shown is not None else -1
        return bool(shown.favourites[row]) if shown is not None and row >= 0 else photo.is_favourite

    def _show_favourite(self, photos: tuple[Photo, ...], *, is_favourite: bool) -> None:
        shown = self._page.photos
        if shown is None:
            return
        favourites = shown.favourites.copy()
        for photo in photos:
            row = shown.row_of(photo.id)
            if row >= 0:
                favourites[row] = is_favourite
        self._page.retake(replace(shown, favourites=favourites))

    def turn_let_in(self, rows: Rows) -> None:
        """Let photos into shows that these would pass over; where all are let in, leave them out again."""
        photos = tuple(photo for photo in self._page.photos_of(rows) if photo.kind is not None)
        if not photos:
            self._toasts.show("Shows may use this photo already.", icon="info")
            return
        self._let_in(photos, is_let_in=any(photo.is_left_out for photo in photos))

    def _let_in(self, photos: tuple[Photo, ...], *, is_let_in: bool) -> None:
        self._keep(photos, partial(_let_in, [photo.id for photo in photos], is_let_in))
        n = messages.count_of(len(photos), "photo")
        text = f"{n} may come into shows now" if is_let_in else f"{n} will be left out of shows"
        back = partial(self._let_in, photos, is_let_in=not is_let_in)
        self._toasts.show(text, icon="eye-off", action="Undo", on_action=back)

    def _keep(self, photos: tuple[Photo, ...], work: Any) -> None:
        library = self._session.library
        if library is None or not photos:
            return
        # A mark is no reason to plan the show anew that is being watched.
        self._session.unplanned_ids |= {photo.id for photo in photos}
        self._jobs.submit("short", partial(work, library), on_done=self._on_kept, on_failed=self._session.failed.emit)

    def _on_kept(self, _: object) -> None:
        self._session.refresh()


def _set_favourite(photo_ids: list[int], is_favourite: bool, library: Library, *, report: Any) -> None:
    library.set_favourite(photo_ids, is_favourite=is_favourite)


def _let_in(photo_ids: list[int], is_let_in: bool, library: Library, *, report: Any) -> None:
    library.let_in(photo_ids, is_let_in=is_let_in)
