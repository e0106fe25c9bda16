"""The Teach page: a photo is put where it feels right, a pair is compared, and the next ones are those that teach most.

Photos are placed in `teach_placing`, which this adds the pairs to, undo, and the keys.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from slideshow.jobs import Job, Jobs
from slideshow.session import Session
from slideshow.teach_asking import AskedPair, find_pairs
from slideshow.teach_photo import LARGE_PX
from slideshow.teach_placing import TeachPlacing
from slideshow.teach_round import question_at
from slideshow.teaching import AnsweredPair, PlacedPhoto, Step, Teaching
from slideshow.thumbnails import Thumbnails

if TYPE_CHECKING:
    from engine.library import Catalog
    from engine.ratings import Answer


class TeachPage(TeachPlacing):
    """Brings what is asked, and hands what is answered to `Teaching`."""

    explanation_wanted = Signal(object)
    """The Photo to explain."""

    def __init__(
        self, session: Session, teaching: Teaching, jobs: Jobs, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(session, teaching, jobs, thumbnails, parent)
        self._pairs: list[AskedPair] = []
        self._pair_job: Job | None = None
        self._no_pair_in: Catalog | None = None
        """The photos among which no pair was left to ask about."""
        self._bundle_id = ""
        self.setFocusProxy(self.place)
        for changed in (session.opened, session.catalog_changed, session.indexing_changed, session.failed):
            changed.connect(self.refresh)
        teaching.undone.connect(self._on_undone)
        teaching.redone.connect(self._on_redone)
        thumbnails.ready.connect(self._on_thumbnail)
        self.round.answered.connect(self._on_answer)
        self.round.begun.connect(self._next_pair)
        self.more.clicked.connect(partial(self.menu_wanted.emit, self.more))
        self.refresh()

    @property
    def is_looking(self) -> bool:
        """Whether photos or pairs are being found."""
        return self._photo_job is not None or self._pair_job is not None

    def refresh(self, _: object = None) -> None:
        """Follow the session's photos; they are asked for only while the page is seen."""
        session = self._session
        catalog = session.whole_catalog
        if catalog is None or not len(catalog):
            is_coming = session.open_error is None and (not session.is_open or session.indexing.is_running)
            self._pages.setCurrentWidget(self.waiting if is_coming else self.no_photos)
            return
        self._pages.setCurrentWidget(self._whole)
        if not self.isVisible() or session.encoders is None:
            return
        if catalog.bundle_id != self._bundle_id:
            self._bundle_id = catalog.bundle_id
            self._forget_guesses()
            self._forget_pairs()
        self._follow_photos(catalog)
        self._follow_pairs(catalog)

    # Pairs

    def _follow_pairs(self, catalog: Catalog) -> None:
        def is_there(pair: AskedPair) -> bool:
            return self._is_there(catalog, pair.first) and self._is_there(catalog, pair.second)

        self._pairs = [pair for pair in self._pairs if is_there(pair)]
        pair = self.round.pair
        is_gone = pair is not None and not is_there(pair)
        is_due = pair is None and catalog is not self._no_pair_in and not self.round.is_telling
        if (is_gone or is_due) and not self.round.is_over:
            self._next_pair()

    def _forget_pairs(self) -> None:
        self._pairs.clear()
        if self._pair_job is not None:
            self._pair_job.cancel()
            self._pair_job = None

    def _next_pair(self) -> None:
        """Ask about the next pair whose photos can be opened; find more where few are waiting."""
        question = self.round.question
        self._pairs = [pair for pair in self._pairs if pair.question == question and self._can_compare(pair)]
        pair = self._pairs.pop(0) if self._pairs else None
        self.round.set_pair(pair, is_looking=True)
        for waiting in self._pairs[:1]:
            for photo in (waiting.first, waiting.second):
                self._thumbnails.pixmap(photo.path, long_side_px=LARGE_PX)
        if not self._pairs and not self.round.is_over:
            self._find_pairs()

    def _can_compare(self, pair: AskedPair) -> bool:
        return self._can_show(pair.first) and self._can_show(pair.second)

    def _find_pairs(self) -> None:
        session = self._session
        if self._pair_job is not None or session.library is None or session.encoders is None:
            return
        assert session.whole_catalog is not None
        self._n_asked += 1
        now = self.round.pair
        asked = {now.first.id, now.second.id} if now is not None else set()
        passed = self._session.offline_ids.union(self._unreadable, asked)
        work = partial(
            find_pairs,
            session.whole_catalog,
            session.encoders,
            session.library,
            passed,
            question_at(self.round.n_answered + (now is not None)),
            seed=self._n_asked,
        )
        self._pair_job = self._jobs.submit("short", work, on_done=self._on_pairs, on_failed=self._on_pairs_failed)

    def _on_pairs(self, found: tuple[AskedPair, ...]) -> None:
        self._pair_job = None
        self._pairs += [pair for pair in found if self._can_compare(pair)]
        if self.round.pair is not None:
            return
        if self._pairs and self._pairs[0].question == self.round.question:
            self._next_pair()
        elif found:
            self._find_pairs()
        else:
            self._no_pair_in = self._session.whole_catalog
            self.round.set_pair(None)

    def _on_pairs_failed(self, error: Exception) -> None:
        self._pair_job = None
        self.round.set_pair(None)
        self._session.failed.emit(error)

    def _on_answer(self, pair: AskedPair, answer: Answer) -> None:
        self._teaching.compare(pair.first, pair.second, pair.question, answer)
        self._next_pair()

    # Undo

    def _on_undone(self, step: Step) -> None:
        """Show again what was just taken back."""
        if not self.isVisible():
            return
        if isinstance(step.about, PlacedPhoto):
            self.teach(step.about.photo)
            self.place.put(step.about.place)
        elif isinstance(step.about, AnsweredPair):
            self.round.take_back()
            if self.round.pair is not None:
                self._pairs.insert(0, self.round.pair)
            self.round.set_pair(AskedPair(step.about.first, step.about.second, step.about.question))

    def _on_redone(self, step: Step) -> None:
        if not self.isVisible():
            return
        about = step.about
        if isinstance(about, PlacedPhoto) and self._now is not None and self._now.photo.id == about.photo.id:
            self._next()
        elif isinstance(about, AnsweredPair) and self.round.pair == AskedPair(
            about.first, about.second, about.question
        ):
            self.round.count_on()
            self._next_pair()

    # Photos that cannot be opened

    def _on_thumbnail(self, path: object) -> None:
        """Pass over what turns out not to be readable."""
        if not isinstance(path, Path) or not self._thumbnails.is_unreadable(path):
            return
        for asked in self._ahead:
            if asked.photo.path == path:
                self._unreadable.add(asked.photo.id)
        self._ahead = [asked for asked in self._ahead if asked.photo.id not in self._unreadable]
        if self._now is not None and self._now.photo.path == path:
            self._unreadable.add(self._now.photo.id)
            self._next()
        pair = self.round.pair
        if pair is not None and path in (pair.first.path, pair.second.path):
            self._next_pair()

    def explain(self) -> None:
        """Tell all that is known of the photo that is asked for."""
        if self._now is not None:
            self.explanation_wanted.emit(self._now.photo)

    # Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if is_plain and event.key() == Qt.Key.Key_S:
            self.skip_photo()
        elif is_plain and event.key() == Qt.Key.Key_I:
            self.explain()
        else:
            event.ignore()

    def showEvent(self, event: QEvent) -> None:
        self.refresh()
