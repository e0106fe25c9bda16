"""How photos are found on the Browse page: what is asked for, and the grid and map that follow it at once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from engine.emotion import Emotion, FloatArray
from slideshow import browse_photos, messages
from slideshow.browse_filters import WHOLE, Filters, Sort, ordered
from slideshow.browse_photos import BrowsePhotos, Mask
from slideshow.browse_telling import BrowseTelling
from slideshow.jobs import Job, Jobs
from slideshow.session import Session
from slideshow.stacks import alone, stacked
from slideshow.thumbnails import Thumbnails

TYPING_MS = 120
"""While someone types, the grid follows at the end of a word's burst of keys."""

MAX_PATH_POINTS = 1200
_NO_PATH = np.zeros((0, 2), dtype=np.float32)


class BrowseFinding(BrowseTelling):
    """Follows the session's photos; what the person picks narrows the grid at once. `BrowsePage` adds what to do."""

    dates_wanted = Signal(object, object)
    """First and last day of all photos; and what takes the days chosen."""
    found_changed = Signal()
    """Other photos are asked for, or what is asked for finds others."""

    def __init__(self, session: Session, jobs: Jobs, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(thumbnails, parent)
        self._session, self._jobs = session, jobs
        self._reading: Job | None = None
        self._read_of: object = None
        self._sort: Sort = "closest"
        self._chosen: Mask = np.zeros(0, dtype=bool)
        self.is_stacked = True
        self._opened: frozenset[int] = frozenset()
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._apply)
        self._connect()
        self.measure.set_value("relative")
        self.refresh()

    def _connect(self) -> None:
        session, bar = self._session, self.bar
        for changed in (session.opened, session.catalog_changed, session.indexing_changed):
            changed.connect(self.refresh)
        for changed in (session.song_changed, session.analysis_changed):
            changed.connect(self._show_path)
        bar.search.textChanged.connect(self._on_text)
        bar.moods.chosen.connect(self._on_words)
        bar.date_chosen.connect(self.set_days)
        bar.range_wanted.connect(self._ask_for_dates)
        self.pleasant.moved.connect(self._on_ranges)
        self.energy.moved.connect(self._on_ranges)
        self.map.region_picked.connect(self._on_region)
        self.map.photo_picked.connect(self._on_point)
        self.map.word_picked.connect(self._on_map_word)
        self.measure.chosen.connect(self._on_measure)
        self.path.clicked.connect(self._show_path)
        self.grid.selection_changed.connect(self._on_selected)
        self.grid.current_changed.connect(self._on_selected)
        self.grid.stack_wanted.connect(self._on_stack)
        self.what.chosen.connect(self._on_what)
        bar.favourites.clicked.connect(self._on_favourites)
        self.clear.clicked.connect(self.clear_all)

    # Photos

    @property
    def is_reading(self) -> bool:
        """Whether the catalog is being read."""
        return self._reading is not None

    def refresh(self) -> None:
        """Follow the session's photos; they are read only while the page is seen."""
        session = self._session
        catalog = session.whole_catalog
        n_photos = len(catalog) if catalog is not None else 0
        if n_photos:
            self._pages.setCurrentWidget(self._whole)
        elif session.is_open and not (session.indexing.is_running or session.indexing.is_paused):
            self._pages.setCurrentWidget(self.no_photos)
        else:
            self._pages.setCurrentWidget(self.waiting)
        self.grid.set_offline(session.offline_ids)
        self.map.set_offline(session.offline_ids)
        if catalog is None or catalog is self._read_of or not self.isVisible():
            return
        self._read_of = catalog
        if self._reading is not None:
            self._reading.cancel()
        self._reading = self._jobs.submit(
            "interactive", partial(browse_photos.read_photos, catalog, folders=session.folders), on_done=self._on_read,
            on_failed=session.failed.emit,
        )  # fmt: skip

    def _on_read(self, photos: BrowsePhotos) -> None:
        self._reading = None
        self._photos = photos
        self.n_all.setText(messages.count_of(len(photos), "photo"))
        self.bar.set_years(photos.years)
        self.bar.suggestions.set_counts(photos.counts)
        self.map.set_photos(photos)
        self._apply(keeps_place=True)
        self._show_path()

    def retake(self, photos: BrowsePhotos) -> None:
        """Show the same photos with other marks: favourites, what shows pass over."""
        self._photos = photos
        self.map.set_marks(photos)
        self._apply(keeps_place=True)

    # What is asked for

    def _change(self, *, wait_ms: int = 0, **changes: Any) -> None:
        """Ask for something else; without a wait the grid follows at once."""
        self._filters = replace(self._filters, **changes)
        if wait_ms:
            self._later.start(wait_ms)
        else:
            self._apply()

    def _on_text(self, text: str) -> None:
        self._change(text=text, wait_ms=TYPING_MS)

    def _on_words(self, words: frozenset[str]) -> None:
        self._change(words=words, like=None, near=None)

    def _on_map_word(self, word: str) -> None:
        self.bar.moods.set_words(self._filters.words ^ {word})
        self._on_words(self.bar.moods.words)

    def _on_ranges(self) -> None:
        self._change(valence=self.pleasant.range, arousal=self.energy.range, like=None, near=None, wait_ms=1)

    def _on_region(self, region: FloatArray, is_adding: bool) -> None:
        regions = (*self._filters.regions, region) if is_adding else (region,)
        self._change(regions=regions, like=None, near=None)
        self.grid.select_none()

    def _on_point(self, row: int) -> None:
        """Go to the photo that was clicked on the map; where the grid leaves it out, to it and those near it."""
        if self._photos is None:
            return
        if not self._chosen[row]:
            self.show_like(row, "mood")
        self.go_to(row)

    def _on_favourites(self) -> None:
        self._change(is_favourite=self.bar.favourites.isChecked(), like=None, near=None)

    def turn_favourites(self) -> None:
        """Ask for favourites only, or for all again."""
        self.bar.favourites.setChecked(not self.bar.favourites.isChecked())
        self._on_favourites()

    def _on_stack(self, row: int) -> None:
        """Open the stack of a photo, or close it again."""
        assert self._photos is not None
        self._opened ^= {int(self._photos.catalog.groups[row])}
        self._apply(keeps_place=True)
        self.go_to(row)

    def turn_stacks(self) -> None:
        """Show photos that are nearly the same as one, or each by itself."""
        self.is_stacked, self._opened = not self.is_stacked, frozenset()
        self._apply(keeps_place=True)

    def go_to(self, row: int) -> None:
        """Go to a photo in the grid, or to the stack that holds it."""
        self.grid.go_to(self._tiles.tile_of(row) if self._tiles is not None else row)

    def ask_for(self, filters: Filters, *, is_absolute: bool) -> None:
        """Ask for all of this at once, as a saved mood does."""
        self._clear_place()
        if is_absolute != self.map.is_absolute:
            self.turn_measure()
        self.bar.search.blockSignals(True)
        self.bar.search.setText(filters.text)
        self.bar.search.blockSignals(False)
        self.bar.moods.set_words(filters.words)
        self.pleasant.set_range(*filters.valence)
        self.energy.set_range(*filters.arousal)
        self.bar.set_dates(filters.days)
        self.bar.favourites.setChecked(filters.is_favourite)
        self._filters = filters
        self.grid.select_none()
        self._apply()

    def _on_measure(self, measure: object) -> None:
        self._filters = replace(self._filters, regions=())  # what was circled lies elsewhere now
        self.map.set_absolute(is_absolute=measure == "absolute")
        self._show_path()
        self._apply()

    def turn_measure(self) -> None:
        """Change between relative and absolute places."""
        measure = "relative" if self.map.is_absolute else "absolute"
        self.measure.set_value(measure)
        self._on_measure(measure)

    def set_days(self, days: tuple[int, int] | None) -> None:
        """Ask for photos of some days, None for any."""
        self.bar.set_dates(days)
        self._change(days=days)

    def _ask_for_dates(self) -> None:
        if self._photos is not None:
            days = self._photos.days[self._photos.days != browse_photos.NO_DATE]
            if len(days):
                self.dates_wanted.emit((int(days.min()), int(days.max())), self.set_days)

    def show_like(self, row: int, how: Literal["alike", "mood"]) -> None:
        """Show the photos most like one, or nearest to it in mood."""
        assert self._photos is not None
        photo = self._photos.photo(row)
        self._like_name = messages.name_of(photo.path)
        self._clear_place()
        self.grid.select_none()  # a show is to be made of what is found, not of the stack it was asked for
        self._change(like=(how, photo.id), text="", days=None)
        self.go_to(row)

    def _show_nearest(self) -> None:
        target = self._filters.target()
        self._clear_place()
        self._change(near=target)

    def _clear_place(self) -> None:
        self.bar.search.blockSignals(True)
        self.bar.search.clear()
        self.bar.search.blockSignals(False)
        self.bar.moods.set_words(frozenset())
        self.pleasant.set_range(*WHOLE)
        self.energy.set_range(*WHOLE)
        self.bar.set_dates(None)
        self.bar.favourites.setChecked(False)
        self._filters = Filters()

    def clear_all(self) -> None:
        """Ask for nothing any more; every photo is shown."""
        self._clear_place()
        self.grid.select_none()
        self._apply()

    def _apply(self, *, keeps_place: bool = False) -> None:
        """Bring map, grid and words in line with what is asked for; the grid stays scrolled with keeps_place."""
        self._later.stop()
        photos = self._photos
        if photos is None:
            return
        is_absolute = self.map.is_absolute
        chosen, order = self._filters.apply(photos, is_absolute=is_absolute)
        rows = order if order is not None else ordered(photos, chosen, self._sort, is_absolute=is_absolute)
        self._chosen = chosen
        words = photos.words_of(rows) if self._filters.is_any else ()
        self.map.set_chosen(chosen if self._filters.is_any else None, regions=self._filters.regions, words=words)
        tiles = stacked(photos, rows, opened=self._opened) if self.is_stacked else alone(photos, rows)
        self._tiles = tiles
        self.grid.set_photos(photos, tiles.rows, tiles.counts, keeps_place=keeps_place)
        self._describe(rows, words)
        self.show_found()
        self.show_counts()
        self.found_changed.emit()

    def _on_what(self, what: object) -> None:
        self.is_of_songs = what == "songs"
        self.sort.setVisible(not self.is_of_songs)
        self._apply(keeps_place=True)

    def turn_songs(self) -> None:
        """List songs by mood, or photos again."""
        what = "photos" if self.is_of_songs else "songs"
        self.what.set_value(what)
        self.what.chosen.emit(what)

    def show_near(self, mood: Emotion) -> None:
        """Show the photos nearest to a mood."""
        self._clear_place()
        self.what.set_value("photos")
        self._on_what("photos")
        self._change(near=(mood.valence, mood.arousal))

    def _on_selected(self) -> None:
        """Ring the current photo on the map, once someone is at it."""
        is_meant = self.grid.hasFocus() or len(self.grid.selected_rows) > 0
        self.map.set_marked(self.grid.current_row if is_meant else -1)
        self.show_counts()

    # The song

    def _show_path(self) -> None:
        session = self._session
        analysis = session.analysis
        name = session.song.title if session.song is not None else ""
        self.path.setVisible(analysis is not None)
        text = f"Path of {name}" if name else "Path of the song"
        short = self.path.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, 180)
        self.path.setText(short)
        self.path.setAccessibleName(text)
        self.path.setToolTip(text)
        self.path.updateGeometry()
        va = _NO_PATH
        if analysis is not None and self.path.isChecked():
            va = analysis.curve.va if self.map.is_absolute else session.felt.va
            va = va[:: max(1, len(va) // MAX_PATH_POINTS)]
        self.map.set_path(va)

    def turn_path(self) -> None:
        """Show the song's path, or not."""
        self.path.setChecked(not self.path.isChecked())
        self._show_path()

    def showEvent(self, event: QEvent) -> None:
        self.refresh()
        self._show_path()

    def shutdown(self) -> None:
        """Stop everything that runs here."""
        self._later.stop()
        self.map.shutdown()
