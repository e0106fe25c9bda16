"""Care for an edited show: toasts with a way back, the names of undo and redo, choices kept for the next show."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from engine.plan import PlanOptions
from slideshow.banned_sheet import show_banned
from slideshow.messages import name_of
from slideshow.mood_words import shown_word
from slideshow.photo_picker import PhotoGrid, show_picker
from slideshow.session import Session
from slideshow.settings import Settings, SettingsStore
from slideshow.sheets import Sheet
from slideshow.song_bar import clock_text
from slideshow.thumbnails import Thumbnails
from slideshow.toasts import Toast, Toasts

if TYPE_CHECKING:
    from engine.library import Photo

KEPT = ("mood", "repeats", "sad", "transition", "min_hold_s", "max_hold_s", "has_pairs")
"""Choices that the next show starts with; a seed or a drawn mood belongs to one show."""


def options_of(settings: Settings) -> PlanOptions:
    """The options a new show starts with; settings that do not fit each other fall back to the defaults."""
    try:
        return PlanOptions(**{name: getattr(settings, f"plan_{name}") for name in KEPT})
    except ValueError:
        return PlanOptions()


class ShowCare(QObject):
    """Tells of edits and opens what they need."""

    def __init__(
        self, window: QWidget, session: Session, store: SettingsStore, toasts: Toasts, thumbnails: Thumbnails
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._store = store
        self._toasts = toasts
        self._thumbnails = thumbnails
        self._is_banned_wanted = False
        self._swap_toast: Toast | None = None
        self._ban_toast: Toast | None = None
        session.first_options = options_of(store.now)
        editing = session.editing
        editing.photo_swapped.connect(self._on_swapped)
        editing.photo_banned.connect(self._on_banned)
        for step in (editing.done, editing.undone, editing.redone, editing.options_chosen):
            step.connect(self._on_step)
        editing.refused.connect(self._on_refused)
        editing.banned_read.connect(self._on_banned_read)
        editing.options_chosen.connect(self._on_options)
        session.opened.connect(editing.read_banned)

    def _on_swapped(self, photo: Photo) -> None:
        text = f"Swapped for {name_of(photo.path)}."
        self._swap_toast = self._toasts.show(text, icon="image", action="Undo", on_action=self._session.editing.undo)

    def _on_step(self, step: object) -> None:
        """Let go of a toast whose Undo was done elsewhere, or would by now take something else back."""
        _leave(self._swap_toast)
        if self._session.editing.redo_name == "never show" and step == "never show":
            _leave(self._ban_toast)

    def _on_banned(self, photo: Photo) -> None:
        _leave(self._swap_toast)
        text = "This photo will not be shown again."
        self._ban_toast = self._toasts.show(text, icon="eye-off", action="Undo", on_action=partial(self._unban, photo))

    def _unban(self, photo: Photo) -> None:
        if self._session.editing.undo_name == "never show":
            self._session.editing.undo()
        else:  # other edits came after: they stay, and the photo may come again
            self._session.editing.let_back(photo)

    def _on_refused(self, sentence: str) -> None:
        self._toasts.show(sentence, icon="info")

    def _on_options(self, options: PlanOptions) -> None:
        self._session.first_options = PlanOptions(**{name: getattr(options, name) for name in KEPT})
        self._store.change(**{f"plan_{name}": getattr(options, name) for name in KEPT})

    # All photos, and those never shown

    def choose_photo(self, cue_index: int) -> tuple[Sheet, PhotoGrid] | None:
        """Let another photo be chosen for a cue, the best matches first."""
        session = self._session
        if session.catalog is None or session.plan is None or not 0 <= cue_index < len(session.plan.cues):
            return None
        photos, scores = session.catalog.photos, np.zeros(0, dtype=np.float32)
        matches = session.matches
        if matches.scores is not None and matches.catalog is not None and cue_index < len(matches.scores):
            photos, scores = matches.catalog.photos, matches.scores[cue_index].astype(np.float32)
        order = np.argsort(-scores, kind="stable") if len(scores) else np.arange(len(photos))
        shown = [photos[i] for i in order]

        def note_of(index: int) -> str:
            word = shown_word(session.mood_of(shown[index]))
            return f"{word}, {round(float(scores[order[index]]) * 100)}% match" if len(scores) else word

        cue = session.plan.cues[cue_index]
        sheet, grid = show_picker(
            self._window,
            title=f"A photo for {clock_text(cue.start_s)} to {clock_text(cue.end_s)}",
            text="Those that suit this moment best come first.",
            photos=shown,
            note_of=note_of,
            thumbnails=self._thumbnails,
        )
        grid.chosen.connect(partial(session.editing.use_photo, cue_index))
        return sheet, grid

    def show_banned(self) -> None:
        """List the photos that are never shown."""
        self._is_banned_wanted = True
        self._session.editing.read_banned()

    def _on_banned_read(self, photos: tuple[Photo, ...]) -> None:
        if self._is_banned_wanted:
            self._is_banned_wanted = False
            show_banned(self._window, self._session.editing, photos, self._thumbnails)


def _leave(toast: Toast | None) -> None:
    """Take a toast away, if it is still there."""
    if toast is not None and not toast.is_gone:
        toast.leave()
