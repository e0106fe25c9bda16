"""Explanations asked for: of a photo, of a song, of the model. What is known is gathered in jobs, then laid over the
window."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from slideshow import model_card_sheet, photo_reasons, song_reasons
from slideshow.jobs import Job, Jobs
from slideshow.messages import name_of
from slideshow.photo_reasons import PhotoReasons, SongMoment
from slideshow.session import Session
from slideshow.sheets import Sheet
from slideshow.song_reasons import SongReasons
from slideshow.thumbnails import Thumbnails
from slideshow.toasts import Toast, Toasts

if TYPE_CHECKING:
    from engine.bundle import ModelBundle
    from engine.library import Photo
    from slideshow.browse_page import BrowsePage
    from slideshow.create_page import CreatePage
    from slideshow.settings_page import SettingsPage

TELL_MS = 400
"""A song that was heard before is explained sooner than this; of any other it is told that it is being listened to."""


class Explaining(QObject):
    """Opens one explanation at a time; asking for another one takes its place. GUI thread."""

    def __init__(self, window: QWidget, session: Session, jobs: Jobs, toasts: Toasts, thumbnails: Thumbnails) -> None:
        super().__init__(window)
        self._window, self._session, self._jobs = window, session, jobs
        self._toasts, self._thumbnails = toasts, thumbnails
        self._job: Job | None = None
        self._waiting: Toast | None = None
        self._heard: Path | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(TELL_MS)
        self._later.timeout.connect(self._tell_waiting)
        self.sheet: Sheet | None = None
        """What is laid over the window now."""

    def offer_on(self, create: CreatePage, browse: BrowsePage, settings: SettingsPage) -> None:
        """Answer what the pages ask."""
        create.explanation_wanted.connect(self._explain_cue)
        create.song_explanation_wanted.connect(self.explain_song)
        browse.explanation_wanted.connect(self.explain_photo)
        settings.card_wanted.connect(self.show_model)

    # A photo

    def explain_photo(self, photo: Photo) -> None:
        """Explain a Photo of the library: where it lies, how sure that is, and how it fits the song where it is now."""
        session = self._session
        if session.library is None or session.encoders is None or session.whole_catalog is None:
            return
        self._begin()
        work = partial(
            photo_reasons.explain_photo, photo, session.whole_catalog, self._moment(), session.library,
            session.encoders,
        )  # fmt: skip
        self._job = self._jobs.submit("short", work, on_done=self._show_photo, on_failed=self._fail)

    def _explain_cue(self, index: int) -> None:
        plan = self._session.plan
        if plan is not None and 0 <= index < len(plan.cues):
            self.explain_photo(plan.cues[index].photo)

    def _moment(self) -> SongMoment | None:
        """The song where it is now: the stretch of the present photo."""
        session = self._session
        analysis, catalog, plan = session.analysis, session.catalog, session.plan
        if analysis is None or catalog is None or not len(catalog) or plan is None or not plan.cues:
            return None
        at_s = session.played_s
        cue = next((cue for cue in reversed(plan.cues) if cue.start_s <= at_s), plan.cues[0])
        middle_s = (cue.start_s + cue.end_s) / 2
        return SongMoment(analysis, catalog, plan.options, cue.start_s, cue.end_s, session.felt.at(middle_s))

    def _show_photo(self, reasons: PhotoReasons | None) -> None:
        from slideshow.explain_photo import show_photo

        self._end()
        if reasons is None:
            self._toasts.show("This photo is not in your library now.", icon="triangle-alert", tone="warn")
            return
        self._open(show_photo(self._window, reasons, self._thumbnails, explain=self.explain_photo))

    # A song

    def explain_song(self, path: Path | None = None) -> None:
        """Explain a song, the one that is open unless a path is given; one that was never heard is listened to."""
        session = self._session
        path = path if path is not None else session.song_path
        if path is None or session.library is None or session.encoders is None:
            self._toasts.show("Choose a song first.", icon="music")
            return
        self._begin()
        self._later.start()
        self._heard = path
        work = partial(song_reasons.explain_song, path, session.catalog, session.library, session.encoders)
        self._job = self._jobs.submit("interactive", work, on_done=self._show_song, on_failed=self._fail)

    def _tell_waiting(self) -> None:
        if self._job is not None and self._heard is not None:
            text = f"Listening to {name_of(self._heard)}."
            self._waiting = self._toasts.show(text, icon="music", action="Stop", on_action=self.stop)

    def _show_song(self, reasons: SongReasons) -> None:
        from slideshow.explain_song import show_song

        self._end()
        self._open(show_song(self._window, reasons, self._thumbnails, explain=self.explain_photo))

    # The model

    def show_model(self, bundle: ModelBundle | None = None) -> None:
        """Show the card of a bundle, the one in use unless another is given."""
        encoders = self._session.encoders
        if bundle is None and encoders is not None:
            bundle = encoders.bundle
        if bundle is None:
            return
        self._begin()
        self._job = self._jobs.submit(
            "short",
            partial(model_card_sheet.read_card, bundle),
            on_done=partial(self._show_card, bundle),
            on_failed=self._fail,
        )

    def _show_card(self, bundle: ModelBundle, card: str) -> None:
        self._end()
        self._open(model_card_sheet.show_model_card(self._window, bundle, card))

    # One at a time

    def stop(self) -> None:
        """Give up what is being gathered."""
        if self._job is not None:
            self._job.cancel()
        self._end()

    def _begin(self) -> None:
        self.stop()
        if self.sheet is not None:
            self.sheet.close()

    def _end(self) -> None:
        self._job = self._heard = None
        self._later.stop()
        if self._waiting is not None and not self._waiting.is_gone:
            self._waiting.leave()
        self._waiting = None

    def _fail(self, error: Exception) -> None:
        self._end()
        self._session.failed.emit(error)

    def _open(self, sheet: Sheet) -> None:
        self.sheet = sheet
        sheet.closed.connect(partial(self._on_closed, sheet))

    def _on_closed(self, sheet: Sheet) -> None:
        if self.sheet is sheet:
            self.sheet = None
