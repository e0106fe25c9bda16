"""Placing photos on the Teach page: which one is asked for, where it lies, saved, skipped, or passed over.

The next photos are found and decoded ahead, so that saving one shows the next at once.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QWidget

from engine.emotion import Emotion
from slideshow import messages
from slideshow.jobs import Job, Jobs
from slideshow.mood_words import shown_word
from slideshow.session import Session
from slideshow.teach_asking import AskedPhoto, find_photos, guess_of
from slideshow.teach_layout import TeachLayout
from slideshow.teach_photo import LARGE_PX
from slideshow.teach_place import Guess
from slideshow.teaching import LEAST_RATINGS, Teaching, next_goal
from slideshow.thumbnails import Thumbnails

if TYPE_CHECKING:
    from engine.library import Catalog, Photo

DRAG = "Drag the photo to where it feels right."
AHEAD = 2
"""With fewer photos waiting, more are found."""


class TeachPlacing(TeachLayout):
    """The upper half of the page; `TeachPage` adds the pairs and undo."""

    def __init__(
        self, session: Session, teaching: Teaching, jobs: Jobs, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(thumbnails, parent)
        self._session, self._teaching, self._jobs, self._thumbnails = session, teaching, jobs, thumbnails
        self._now: AskedPhoto | None = None
        self._ahead: list[AskedPhoto] = []
        self._known: dict[int, AskedPhoto] = {}
        self._skipped: set[int] = set()
        self._unreadable: set[int] = set()
        self._photo_job: Job | None = None
        self._n_asked, self._n_counted = 0, 0
        self._ended_with: Catalog | None = None
        """The photos of which none was left to ask for."""
        teaching.changed.connect(self._count)
        self.photo.carried.connect(self._carry)
        self.place.moved.connect(self._say)
        self.place.saved.connect(self.save_place)
        self.save.clicked.connect(self.save_place)
        self.skip.clicked.connect(self.skip_photo)
        self.forget.clicked.connect(self.forget_place)
        self._count()

    @property
    def asked(self) -> AskedPhoto | None:
        """The photo that is asked for."""
        return self._now

    def _follow_photos(self, catalog: Catalog) -> None:
        """Go on with the photos there are."""
        self._ahead = [asked for asked in self._ahead if self._is_there(catalog, asked.photo)]
        is_gone = self._now is not None and not self._is_there(catalog, self._now.photo)
        if is_gone or (self._now is None and catalog is not self._ended_with):
            self._next()

    def _is_there(self, catalog: Catalog, photo: Photo) -> bool:
        """Whether a photo still belongs to the library and its drive is there; catalogs are sorted by id."""
        row = bisect_left(catalog.photos, photo.id, key=lambda other: other.id)
        is_known = row < len(catalog) and catalog.photos[row].id == photo.id
        return is_known and photo.id not in self._session.offline_ids

    def _forget_guesses(self) -> None:
        """Another model expects other places, and asks for other photos."""
        self._ahead.clear()
        self._known.clear()
        if self._photo_job is not None:
            self._photo_job.cancel()
            self._photo_job = None
        if self._now is not None:
            self._guess_for(self._now.photo)

    def _count(self) -> None:
        """Show how many ratings there are, and how many to the next round number."""
        n = self._teaching.n_ratings
        goal = next_goal(n)
        self.n_rated.setText(messages.count_of(n, "rating"))
        self.n_left.setText(
            f"{goal - n} more until it can learn" if goal == LEAST_RATINGS else f"{goal - n:,} more to reach {goal:,}"
        )
        is_fewer, self._n_counted = n < self._n_counted, n
        if is_fewer and self._now is None and self.isVisible():
            self._next()  # what was forgotten can be asked for again
        self.progress.set_share(n / goal)
        self.progress.setAccessibleName(f"{self.n_rated.text()}, {self.n_left.text()}")

    def _say(self) -> None:
        """Say under the photo what to do, and near which word it lies."""
        place = self.place.place
        if place is None:
            self.said.setText("Looking for a photo whose place would teach most.")
            self.said.set_strong("")
            return
        word = shown_word(place)
        if self.place.is_moved:
            text = f"{DRAG} You put it near {word}; the dashed shape is the guess so far."
        elif self._now is not None and self._teaching.rating_of(self._now.photo) is not None:
            text = f"You put it near {word} before. Drag it elsewhere to change your mind."
        else:
            text = f"{DRAG} The guess so far is {word}."
        self.said.setText(text)
        self.said.set_strong(word)

    # The photo

    def _passed(self) -> frozenset[int]:
        ahead = {asked.photo.id for asked in self._ahead}
        now = {self._now.photo.id} if self._now is not None else set()
        return self._session.offline_ids.union(self._skipped, self._unreadable, ahead, now)

    def _show_photo(self, asked: AskedPhoto | None, *, place: Emotion | None = None) -> None:
        self._now = asked
        self._show_placing(has_photo=True)
        photo = asked.photo if asked is not None else None
        if asked is not None:
            self._known[asked.photo.id] = asked
            place = place or self._teaching.rating_of(asked.photo)
        self.photo.set_photo(photo)
        self.place.set_photo(photo, guess=asked.guess if asked is not None else None, place=place)
        for button in (self.skip, self.save):
            button.setEnabled(asked is not None)
        self.forget.setVisible(photo is not None and self._teaching.rating_of(photo) is not None)
        self._say()

    def _next(self) -> None:
        """Show the next photo that can be opened; find more where few are waiting."""
        while self._ahead and not self._can_show(self._ahead[0].photo):
            self._ahead.pop(0)
        self._show_photo(self._ahead.pop(0) if self._ahead else None)
        for asked in self._ahead[:1]:
            self._thumbnails.pixmap(asked.photo.path, long_side_px=LARGE_PX)
        if len(self._ahead) < AHEAD:
            self._find_photos()

    def _can_show(self, photo: Photo) -> bool:
        if self._thumbnails.is_unreadable(photo.path):
            self._unreadable.add(photo.id)
        return photo.id not in self._unreadable and photo.id not in self._session.offline_ids

    def _find_photos(self) -> None:
        session = self._session
        if self._photo_job is not None or session.library is None or session.encoders is None:
            return
        assert session.whole_catalog is not None
        self._n_asked += 1
        work = partial(
            find_photos, session.whole_catalog, session.encoders, session.library, self._passed(), seed=self._n_asked
        )
        self._photo_job = self._jobs.submit("short", work, on_done=self._on_photos, on_failed=self._on_photos_failed)

    def _on_photos(self, found: tuple[AskedPhoto, ...]) -> None:
        self._photo_job = None
        passed = self._passed()
        fresh = [asked for asked in found if asked.photo.id not in passed and self._can_show(asked.photo)]
        self._ahead += [asked for asked in fresh if self._teaching.rating_of(asked.photo) is None]
        if self._now is not None:
            for asked in self._ahead[:1]:
                self._thumbnails.pixmap(asked.photo.path, long_side_px=LARGE_PX)
        elif self._ahead:
            self._next()
        elif found:
            self._find_photos()
        else:
            self._show_end()

    def _on_photos_failed(self, error: Exception) -> None:
        self._photo_job = None
        self._session.failed.emit(error)

    def _show_end(self) -> None:
        """Say that nothing is left to ask."""
        n_skipped, n_closed = len(self._skipped), len(self._unreadable | self._session.offline_ids)
        heading = "You have placed every photo" if not n_closed and not n_skipped else "Nothing is left to ask"
        text = "To change a place, drag its photo on the map of Browse. More photos bring more questions."
        if n_skipped:
            text = f"You skipped {messages.count_of(n_skipped, 'photo')}."
        elif n_closed:
            text = f"{messages.count_of(n_closed, 'photo')} cannot be opened now. The others have their place."
        self._ended_with = self._session.whole_catalog
        self.all_rated.set_words(heading, text)
        button = self.all_rated.buttons[0]
        button.set_face("Show the skipped ones" if n_skipped else "Try again", "")
        button.setVisible(bool(n_skipped or n_closed))
        self._show_placing(has_photo=False)

    def show_again(self) -> None:
        """Ask again for photos that were skipped or could not be opened."""
        self._skipped.clear()
        self._unreadable.clear()
        self._ended_with = None
        self._next()

    def teach(self, photo: Photo) -> None:
        """Ask for this photo now; the one that was asked for comes after it."""
        known = self._known.get(photo.id)
        if self._now is not None and self._now.photo.id != photo.id:
            self._ahead.insert(0, self._now)
        self._ahead = [asked for asked in self._ahead if asked.photo.id != photo.id]
        self._skipped.discard(photo.id)
        if known is not None:
            self._show_photo(known)
        else:
            rating = self._teaching.rating_of(photo)
            self._show_photo(AskedPhoto(photo, Guess(rating or Emotion(0.5, 0.5), (0.0, 0.0))))
            self._guess_for(photo)

    def _guess_for(self, photo: Photo) -> None:
        session = self._session
        if session.whole_catalog is not None and session.encoders is not None:
            catalog, encoders = session.whole_catalog, session.encoders
            self._jobs.submit(
                "short",
                lambda report: guess_of(catalog, encoders, photo),
                on_done=partial(self._on_guess, photo),
                on_failed=self._session.failed.emit,
            )

    def _on_guess(self, photo: Photo, guess: Guess | None) -> None:
        if guess is None or self._now is None or self._now.photo.id != photo.id:
            return
        self._now = self._known[photo.id] = AskedPhoto(photo, guess)
        self.place.set_guess(guess, place=self._teaching.rating_of(photo))
        self._say()

    def save_place(self) -> None:
        """Keep the photo where it lies, and show the next."""
        place = self.place.place
        if self._now is not None and place is not None:
            self._teaching.rate(self._now.photo, (place.valence, place.arousal))
            self._next()

    def forget_place(self) -> None:
        """Forget where this photo was put."""
        if self._now is not None and self._teaching.unrate(self._now.photo) is not None:
            self.place.set_photo(self._now.photo, guess=self._now.guess)
            self.forget.hide()
            self._say()

    def skip_photo(self) -> None:
        """Show another photo; this one is not asked for again today."""
        if self._now is not None:
            self._skipped.add(self._now.photo.id)
            self._next()

    def _carry(self, at: QPoint) -> None:
        """The large photo is dragged: over the circle the small one goes along."""
        on_circle = self.place.mapFromGlobal(at)
        if self.place.rect().contains(on_circle):
            self.place.drag_to(QPointF(on_circle))
