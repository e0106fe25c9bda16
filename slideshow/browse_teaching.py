"""Teaching from Browse: photos dragged on the map with the hand that teaches, or handed to the Teach page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PySide6.QtCore import QObject

from engine.emotion import Emotion
from slideshow.browse_page import BrowsePage
from slideshow.browse_photos import BrowsePhotos, on_disc
from slideshow.mood_words import shown_word
from slideshow.teach_page import TeachPage
from slideshow.teaching import PlacedPhoto, Step, Teaching
from slideshow.toasts import Toast, Toasts


class BrowseTeaching(QObject):
    """Hands what is taught on Browse to `Teaching`, and shows on its map what was taught anywhere."""

    def __init__(
        self, page: BrowsePage, teach_page: TeachPage, teaching: Teaching, toasts: Toasts,
        *, turn_to: Callable[[str], object],
    ) -> None:  # fmt: skip
        super().__init__(page)
        self._page, self._teach_page, self._teaching = page, teach_page, teaching
        self._toasts, self._turn_to = toasts, turn_to
        self._toast: Toast | None = None
        self._was_relative = False
        self._rows: tuple[BrowsePhotos | None, dict[str, int]] = (None, {})
        page.teach_wanted.connect(self.teach)
        page.map.tool_changed.connect(self._on_tool)
        page.map.taught.placed.connect(self.put)
        page.map.photos_changed.connect(self.refresh)
        teaching.changed.connect(self.refresh)
        teaching.undone.connect(self._on_undone)

    def teach(self, row: int) -> None:
        """Ask for a photo's place on the Teach page."""
        photo = self._page.photos_of(np.array([row]))[0]
        self._turn_to("teach")
        self._teach_page.teach(photo)

    def put(self, row: int, place: Emotion) -> None:
        """Keep where a photo was dragged to, with a way back."""
        photo = self._page.photos_of(np.array([row]))[0]
        step = self._teaching.rate(photo, (place.valence, place.arousal))
        if step is not None:
            self._on_undone(step)  # one at a time
            self._toast = self._toasts.show(
                f"You put this photo near {shown_word(place)}.",
                icon="crosshair",
                action="Undo",
                on_action=partial(self._teaching.take_back, step),
                has_history=True,
            )

    def _on_undone(self, step: Step) -> None:
        if isinstance(step.about, PlacedPhoto) and self._toast is not None and not self._toast.is_gone:
            self._toast.leave()

    def refresh(self) -> None:
        """Mark on the map where photos were put."""
        photos, ratings = self._page.photos, self._teaching.now.ratings
        if photos is None or not ratings:
            self._page.map.taught.set_marks({})
            return
        if self._rows[0] is not photos:
            self._rows = (photos, {photo.content_hash: row for row, photo in enumerate(photos.catalog.photos)})
        rows = [(self._rows[1][key], rating) for key, rating in ratings.items() if key in self._rows[1]]
        va = np.array([(rating.valence, rating.arousal) for _, rating in rows], dtype=np.float32).reshape(-1, 2)
        places = on_disc(va).tolist()
        self._page.map.taught.set_marks({row: (u, v) for (row, _), (u, v) in zip(rows, places, strict=True)})

    def _on_tool(self, tool: str) -> None:
        """To teach, photos lie where the model puts them; after it, as they lay before."""
        page = self._page
        if tool == "teach":
            self._was_relative = not page.map.is_absolute
            if self._was_relative:
                page.turn_measure()
        elif self._was_relative:
            self._was_relative = False
            if page.map.is_absolute:
                page.turn_measure()
