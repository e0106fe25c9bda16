"""Moments of a song marked with how they feel: asked for on a sheet, shown as flags on the timeline, listed, undone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from engine.emotion import Emotion, EmotionCurve, curve_spread, model_error
from engine.progress import Progress
from slideshow import messages
from slideshow.create_page import CreatePage
from slideshow.jobs import Jobs
from slideshow.mood_words import shown_word
from slideshow.session import Session
from slideshow.song_bar import clock_text
from slideshow.song_mark_flags import Marked, marked_in, times_of
from slideshow.song_mark_sheets import MarksSheet, MomentSheet, show_moment
from slideshow.teach_place import Guess
from slideshow.teaching import Step, Teaching
from slideshow.toasts import Toast, Toasts

if TYPE_CHECKING:
    from engine.library import Library
    from engine.ratings import SongMark

NEAR_S = 1.0
"""A moment so near to one that was marked is that one."""


class SongMarks(QObject):
    """Acts for the Make page."""

    song_known = Signal()
    """The song that is open can be marked now, or no longer."""

    def __init__(
        self, window: QWidget, page: CreatePage, session: Session, teaching: Teaching, jobs: Jobs, toasts: Toasts
    ) -> None:
        super().__init__(window)
        self._window, self._page, self._session = window, page, session
        self._teaching, self._jobs, self._toasts = teaching, jobs, toasts
        self._song: tuple[Path, str] | None = None
        self._marked: tuple[Marked, ...] = ()
        self._list: MarksSheet | None = None
        self._toast: Toast | None = None
        self._has_taken_over = False
        for told in (session.song_changed, session.analysis_changed):
            told.connect(self._on_song)
        teaching.changed.connect(self._on_taught)
        teaching.undone.connect(self._on_undone)
        page.timeline.flag_chosen.connect(self._on_flag)
        page.timeline.moment_menu_asked.connect(self._open_menu)
        page.edit_bar.mark_asked.connect(self.mark_now)
        page.hand.mark_wanted.connect(self.mark_now)

    # The song

    @property
    def marked(self) -> tuple[Marked, ...]:
        """What was marked in the song that is open."""
        return self._marked

    @property
    def song_path(self) -> Path:
        """Where the song that is open lies, Path() while it cannot be marked."""
        return Path() if self._song is None else self._song[0]

    def _on_song(self) -> None:
        path, key = self._session.song_path, self._session.song_key
        song = (path, key) if path is not None and key else None
        if song == self._song:
            return
        self._song = song
        self.refresh()
        self.song_known.emit()
        if any(mark.path == path and mark.song_key != key for mark in self._teaching.now.marks):
            self._teaching.refresh()  # they may have been kept under a key by place, which the song's opening renewed

    def _on_taught(self) -> None:
        library = self._session.library
        if not self._has_taken_over and library is not None and self._teaching.is_read:
            self._has_taken_over = True  # once, of what was there at the start: a song's opening sees to its own
            if self._teaching.now.marks:
                self._jobs.submit(
                    "drives",
                    partial(_take_over, library),
                    on_done=self._on_taken_over,
                    on_failed=self._session.failed.emit,
                )
        self.refresh()

    def _on_taken_over(self, n_songs: int) -> None:
        if n_songs:
            self._teaching.refresh()

    def refresh(self) -> None:
        """Show the flags of the song that is open."""
        marks: list[SongMark] = []
        if self._song is not None:
            path, key = self._song  # a song whose sound was edited has another key, one that was moved another path
            marks = [mark for mark in self._teaching.now.marks if mark.song_key == key or mark.path == path]
        self._marked = marked_in(marks)
        self._page.timeline.set_flags(self._marked)
        if self._list is not None:
            self._list.set_marked(self._marked)

    # Marking

    def mark_now(self) -> MomentSheet | None:
        """Ask how the moment that plays feels, or the stretch that is selected."""
        plan, span = self._session.plan, self._page.timeline.span
        if plan is not None and span is not None:
            return self.ask(plan.cues[span[0]].start_s, plan.cues[span[1]].end_s)
        return self.ask_at(self._session.played_s)

    def ask_at(self, t_s: float) -> MomentSheet | None:
        """Ask how one moment feels; one that is marked already is put elsewhere."""
        near = [one for one in self._marked if one.start_s - NEAR_S <= t_s <= one.end_s + NEAR_S]
        if near:
            return self.change(min(near, key=lambda one: abs(one.start_s - t_s)))
        return self.ask(t_s, t_s)

    def ask(self, start_s: float, end_s: float) -> MomentSheet | None:
        """Ask how a stretch feels, a moment where it begins where it ends."""
        if self._song is None or self._session.analysis is None:
            self._toasts.show("A moment can be marked once the song is known.", icon="info")
            return None
        times_s = times_of(start_s, end_s) if end_s > start_s else (start_s,)
        if end_s > start_s:
            title = f"How does {clock_text(start_s)} to {clock_text(end_s)} feel?"
        else:
            title = f"How does this moment feel, at {clock_text(start_s)}?"
        return show_moment(
            self._window,
            title=title,
            guess=self._guess((start_s + end_s) / 2),
            place=None,
            on_placed=partial(self._put, self._song, (), times_s),
            on_removed=None,
        )

    def change(self, marked: Marked) -> MomentSheet | None:
        """Ask where a marked moment shall be put instead."""
        return show_moment(
            self._window,
            title=f"How does {marked.when} feel?",
            guess=self._guess((marked.start_s + marked.end_s) / 2),
            place=marked.mood,
            on_placed=partial(self._put, self._song, marked.marks, tuple(mark.t_s for mark in marked.marks)),
            on_removed=partial(self._remove, self.song_path, marked),
        )

    def _put(
        self,
        song: tuple[Path, str] | None,
        before: tuple[SongMark, ...],
        times_s: tuple[float, ...],
        place: Emotion,
    ) -> None:
        """Keep what was said of the song that was asked about: another may play by now."""
        if song is None:
            return
        path, key = song
        step = self._teaching.change_marks(before, key, path, times_s, (place.valence, place.arousal))
        what = "This moment" if len(times_s) == 1 else "This stretch"
        self._tell(f"{what} is kept as {shown_word(place)}.", step)

    def remove(self, marked: Marked) -> None:
        """Take a mark away, with a way back."""
        self._remove(self.song_path, marked)

    def _remove(self, path: Path, marked: Marked) -> None:
        self._tell("The mark is gone.", self._teaching.unmark(marked.marks, path))

    def _tell(self, text: str, step: Step | None) -> None:
        if step is not None:
            self._on_undone(step)  # one at a time: they would cover the timeline
            undo = partial(self._teaching.take_back, step)
            self._toast = self._toasts.show(text, icon="flag", action="Undo", on_action=undo)

    def _on_undone(self, step: Step) -> None:
        if step.scope == "song" and self._toast is not None and not self._toast.is_gone:
            self._toast.leave()

    def _guess(self, t_s: float) -> Guess | None:
        """What the model hears at a time, on its own scale."""
        analysis, encoders = self._session.analysis, self._session.encoders
        if analysis is None or encoders is None or not len(analysis.curve.times_s):
            return None
        from engine.doubt import RADIUS_68  # here: it needs the model's runtime, which the first window does not

        curve = analysis.curve
        error = model_error(encoders.bundle.manifest.scores)
        sds = _at(curve, t_s, curve_spread(curve, model_error=error))
        return Guess(curve.at(t_s), (RADIUS_68 * sds[0], RADIUS_68 * sds[1]))

    # Flags and the list

    def _on_flag(self, index: int) -> None:
        if index < len(self._marked):
            self.change(self._marked[index])

    def _open_menu(self, t_s: float, at: QPoint) -> None:
        menu = QMenu("Moment", self._window)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction(f"Mark this moment…  {clock_text(t_s)}").triggered.connect(lambda: self.ask_at(t_s))
        n = len(self._marked)
        marks = menu.addAction(f"{messages.count_of(n, 'mark')} of this song…" if n else "Marks of this song…")
        marks.triggered.connect(lambda: self.show_list())
        menu.popup(at)

    def show_list(self) -> MarksSheet:
        """List what was marked in this song."""
        sheet = self._list = MarksSheet(self._window, self._marked)
        sheet.closed.connect(self._on_list_closed)
        sheet.go_wanted.connect(self._page.seek)
        sheet.change_wanted.connect(self._change_from_list)
        sheet.remove_wanted.connect(self.remove)
        return sheet

    def _change_from_list(self, marked: Marked) -> None:
        if self._list is not None:
            self._list.close()
        self.change(marked)

    def _on_list_closed(self) -> None:
        self._list = None


def _at(curve: EmotionCurve, t_s: float, values: Any) -> tuple[float, float]:
    valence, arousal = (float(np.interp(t_s, curve.times_s, values[:, axis])) for axis in range(2))
    return valence, arousal


def _take_over(library: Library, *, report: Any) -> int:
    from engine.song_keys import take_over_marks

    return take_over_marks(library, look=partial(report, Progress("songs", 0, 0)))
