"""What the Browse page says of what was found: which photos these are, how many, and for how long they would do."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from engine.content import begun_by, meaning_of
from engine.content_words import with_article
from engine.emotion import Emotion
from slideshow import messages
from slideshow.browse_filters import Filters
from slideshow.browse_layout import BrowseLayout
from slideshow.browse_photos import LEAST_LETTERS, BrowsePhotos, Rows, list_of_words, name_of_words
from slideshow.mood_words import shown_word
from slideshow.stacks import Tiles
from slideshow.thumbnails import Thumbnails

SECONDS_A_PHOTO = 7.5
"""What a photo is shown for in a usual show, to say for how long a choice would do."""


class BrowseTelling(BrowseLayout):
    """Knows what is shown and puts it into words; `BrowseFinding` finds it."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(thumbnails, parent)
        self._photos: BrowsePhotos | None = None
        self._filters = Filters()
        self._tiles: Tiles | None = None
        self._like_name = self._found_words = ""
        self.is_of_songs = False
        """Whether songs are listed instead of photos."""

    @property
    def photos(self) -> BrowsePhotos | None:
        """What is shown, None until it is read."""
        return self._photos

    @property
    def filters(self) -> Filters:
        """What is asked for."""
        return self._filters

    @property
    def found_rows(self) -> Rows:
        """All photos that are asked for, in their order, those in closed stacks too."""
        return self._tiles.found if self._tiles is not None else self.grid.rows

    def with_stacks(self, rows: Rows) -> Rows:
        """Rows of the grid with all photos that their stacks hold."""
        return self._tiles.members(rows) if self._tiles is not None else rows

    def show_found(self) -> None:
        """Show the grid or the list of songs, or that nothing was found."""
        if self.is_of_songs:
            self._found.setCurrentIndex(2 if self.songs.model().rowCount() else 3)
        else:
            self._found.setCurrentIndex(0 if self._photos is None or len(self.found_rows) else 1)

    def _describe(self, rows: Rows, words: tuple[str, ...]) -> None:
        filters = self._filters
        text = list_of_words(filters.words) or " and ".join(words)
        if filters.like is not None:
            text = f"{'like' if filters.like[0] == 'alike' else 'in the mood of'} {self._like_name}"
        elif filters.near is not None:
            text = f"nearest to {shown_word(Emotion(*filters.near)).lower()}"
        elif not filters.is_any:
            text = "all of them"
        self._found_words = text
        self.sort.setEnabled(filters.like is None and filters.near is None)
        if len(rows) or self._photos is None:
            return
        others = filters.without_place()
        left, _ = others.apply(self._photos)
        can_be_near = filters.has_place and bool(left.any())
        self.nearest.setVisible(can_be_near)
        if not can_be_near:
            is_text_alone = not replace(filters, text="").is_any
            together = "None has this name, date and mood together. Ask for less."
            self.none_found.set_words("No photo fits", none_named(filters.text) if is_text_alone else together)
            return
        target = filters.target()
        _, order = replace(others, near=target).apply(self._photos, is_absolute=self.map.is_absolute)
        assert order is not None
        wanted = (name_of_words(filters.words) or shown_word(Emotion(*target))).lower()
        nearest = self._photos.word(int(order[0])).lower()
        which = f"The nearest are {nearest}." if nearest != wanted else "The nearest lie a little further on."
        whose = "the photos that fit the rest" if others.is_any else "your photos"
        self.none_found.set_words("Nothing feels quite like that", f"None of {whose} is quite this {wanted}. {which}")
        self.nearest.set_face(f"Show the {len(order)} nearest" if len(order) > 1 else "Show the nearest", "")

    def show_counts(self) -> None:
        """Say how many there are, and for how long they would do."""
        if self.is_of_songs:
            self.enough.setText("")
            self.start.set_face("Make a show with this song", "play", brief="Make a show")
            self.start.setEnabled(self.songs.currentIndex().isValid())
            self.clear.setEnabled(self._filters.is_any)
            return
        found, selected = self.found_rows, self.with_stacks(self.grid.selected_rows)
        n, n_selected = len(found), len(selected)
        is_part = 1 < n_selected < n
        count = messages.count_of(n, "photo") if n else "No photos"
        # What must not be cut comes first; the rest goes where there is no room for it.
        self.n_chosen.setText(f"{n_selected:,} selected" if is_part else count)
        words = f", {self._found_words}" if self._filters.is_any and self._found_words else ""
        self.described.setText(f"of {count}{words}" if is_part else self._found_words)
        n_used = n_selected if is_part else n
        self.enough.setText(enough_for(n_used, n_away=self._n_away(selected if is_part else found)))
        if is_part:
            face = f"Start a show from these {n_used:,}"
        elif not n_used:
            face = "Start a show"
        elif self._filters.is_any:
            face = f"Start a show from these {n_used:,}" if n_used != 1 else "Start a show from this photo"
        else:
            face = "Start a show from all"
        self.start.set_face(face, "play", brief="Start a show")
        self.start.setEnabled(n_used > 0)
        self.clear.setEnabled(self._filters.is_any or n_selected > 0)

    def _n_away(self, rows: Rows) -> int:
        """How many photos of rows are on a drive or in a folder that is not there now."""
        photos, away = self._photos, self.grid.offline_ids
        if photos is None or not away:
            return 0
        return sum(photos.photo(row).id in away for row in rows.tolist())


def none_named(text: str) -> str:
    """Say that no photo is found by a text: neither by its name nor by what it shows, as far as there is a word."""
    asked, meaning = " ".join(text.split()), meaning_of(text)
    if meaning is None and (begun := begun_by(text)):
        if len(asked) < LEAST_LETTERS:
            return f"None is called “{asked}”. From three letters on, what photos show is searched too."
        if len(begun) > 1:
            return f"None is called “{asked}”, and none plainly shows anything that begins so."
        meaning = begun[0]
    if meaning is None:
        return f"None is called “{asked}”, and Moodreel has no such word for what a photo shows."
    return f"None is called “{asked}”, and none plainly shows {with_article(meaning.word)}."


def enough_for(n_photos: int, *, n_away: int = 0) -> str:
    """Say for how long so many photos would do; those that are away now do for nothing."""
    minutes = (n_photos - n_away) * SECONDS_A_PHOTO / 60
    if n_photos == 0:
        return ""
    if n_away == n_photos:
        return "Not connected now" if n_photos == 1 else "None of them is connected now"
    also = f", {n_away:,} away" if n_away else ""
    if minutes < 1:
        return f"Enough for less than a minute{also}"
    if minutes < 90:
        return f"Enough for about {messages.count_of(round(minutes), 'minute')}{also}"
    return f"Enough for about {messages.count_of(round(minutes / 60), 'hour')}{also}"
