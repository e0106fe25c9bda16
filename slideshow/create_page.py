"""The Make page: the show in the window, its transport and timeline, and why each photo is there."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from engine.errors import EngineError
from slideshow import messages
from slideshow.away_words import no_photos_words
from slideshow.create_editing import PageEditing
from slideshow.create_keys import act_on_key
from slideshow.create_layout import CreateLayout
from slideshow.inspector import Reason, hold_text
from slideshow.mood_plane import PlaneMarks
from slideshow.mood_words import SteadyWord
from slideshow.photo_reasons import reason_shown
from slideshow.session import Session
from slideshow.sound import Sound
from slideshow.thumbnails import Thumbnails

if TYPE_CHECKING:
    from engine.plan import Cue, Plan

TICK_MS = 33
"""The curve moves 16 px a second: more often than this nothing changes by a pixel."""

TRAIL_S, TRAIL_STEP_S = 24.0, 2.0


class CreatePage(CreateLayout):
    """Shows the session's song and plan and plays them through the sound."""

    def __init__(self, session: Session, sound: Sound, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(thumbnails, parent)
        self._session = session
        self._sound = sound
        self._steady = SteadyWord()
        self._is_covered = False
        self._is_song_coming = False
        self._are_photos_lost = False
        self._scored: Plan | None = None
        self.hand = PageEditing(self, session)
        self._connect()
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self.refresh()

    # Wiring

    def _connect(self) -> None:
        session, sound = self._session, self._sound
        session.song_changed.connect(self._on_analysis)  # with the song its duration is known
        session.catalog_changed.connect(self.refresh)
        session.indexing_changed.connect(self.refresh)
        session.failed.connect(self.refresh)
        session.opened.connect(self.refresh)
        session.analysis_changed.connect(self._on_analysis)
        session.plan_changed.connect(self._on_plan)
        session.runners_up_changed.connect(self._on_runners_up)
        sound.state_changed.connect(self._on_sound)
        self.timeline.seek_asked.connect(self.seek)
        self.timeline.view_changed.connect(self.transport.song_bar.set_view)
        self.transport.song_bar.seek_asked.connect(self.seek)
        self.transport.play_asked.connect(self.toggle)
        self.transport.previous_asked.connect(self.previous_photo)
        self.transport.next_asked.connect(self.next_photo)
        self.transport.volume_asked.connect(self.set_volume)
        self.transport.mute_asked.connect(self.toggle_mute)
        self.export.clicked.connect(self.export_wanted)
        self.full_screen.clicked.connect(self.full_screen_wanted)
        self.change_song.clicked.connect(self.song_wanted)
        self.about_song.clicked.connect(self.song_explanation_wanted)
        self.menu.clicked.connect(self._on_menu)
        self.queue.clicked.connect(self.open_queue)
        self.from_photos.clicked.connect(self.use_all_photos)
        self.frame.pressed.connect(self.toggle)

    def use_all_photos(self) -> None:
        """Let the show use all photos again, after it was started from a choice of them."""
        self._session.choose_photos(None)

    def play_from_start(self) -> None:
        """Go to the start of the song and play it."""
        self.seek(0.0)
        if not self._sound.is_playing:
            self.toggle()

    def open_queue(self) -> None:
        """Ask for the queue of songs under its button."""
        self.queue_wanted.emit(self.queue)

    def offer_last(self, title: str) -> None:
        """Offer the song that was open last time, where there is none yet."""
        self.last_songs.set_face(f"Go on with {title}", "history")
        self.last_songs.show()

    def _on_menu(self) -> None:
        self.menu_wanted.emit(self.menu)

    def attach_stage(self) -> None:
        """Make the stage; once the engine is loaded, for its import would hold up the first window."""
        from slideshow.stage import Stage

        if self.frame.stage is None:
            stage = Stage(self._clock)
            self.frame.attach(stage)
            self._session.photos_renewed.connect(stage.try_again)
            stage.set_plan(self._session.plan)
            stage.set_running(is_running=self._sound.is_playing)
            self.refresh()

    def shutdown(self) -> None:
        """Stop everything that runs here."""
        self._timer.stop()
        if self.frame.stage is not None:
            self.frame.stage.shutdown()

    def _clock(self) -> float:
        return self._sound.position_s

    def set_covered(self, *, is_covered: bool) -> None:
        """Rest while the full-screen show is over the window."""
        self._is_covered = is_covered
        self._on_sound()

    # What is shown

    def await_song(self, *, is_coming: bool) -> None:
        """Leave the question for a song out while a show is on its way."""
        self._is_song_coming = is_coming
        self.refresh()

    def set_photos_lost(self, is_lost: bool) -> None:
        """Say of an opened show that none of its photos is there, or that there are some again."""
        self._are_photos_lost = is_lost
        self.refresh()

    def refresh(self) -> None:
        """Show what there is of song, photos and plan."""
        session = self._session
        song, path = session.song, session.song_path
        has_plan = session.plan is not None and bool(session.plan.cues)
        self._title.setText(song.title if song is not None else messages.name_of(path) if path is not None else "")
        self._artist.setText(song.artist if song is not None else "")
        is_seen = has_plan and not self._are_photos_lost
        self.export.setEnabled(is_seen and session.analysis is not None and session.analysis.is_complete)
        self.full_screen.setEnabled(is_seen)
        self.from_photos.setVisible(session.chosen_ids is not None)
        self.from_photos.set_face(f"From {messages.count_of(session.n_photos, 'photo')}", "x")
        self.transport.set_ready(can_play=song is not None, can_step=has_plan)
        self.edit_bar.set_ready(is_ready=has_plan)
        if session.open_error is not None:
            message = messages.message_of(session.open_error) if isinstance(session.open_error, EngineError) else None
            self.broken.set_words(
                message.title if message else "Moodreel could not start",
                message.text if message else "Something went wrong that should not have. The report says what.",
            )
            self._stack.setCurrentWidget(self.broken)
        elif session.is_song_lost and path is not None:
            name = messages.name_of(path)
            text = f"{name} is not where it was. Show where it is now, and the show goes on as you left it."
            self.lost_song.set_words("The song of this show was not found", text)
            self._stack.setCurrentWidget(self.lost_song)
        elif session.song_error is not None:
            if isinstance(session.song_error, EngineError):
                self.bad_song.set_words(*_words(session.song_error))
            self._stack.setCurrentWidget(self.bad_song)
        elif path is None and not self._is_song_coming:
            self._stack.setCurrentWidget(self.no_song)
        else:
            self._stack.setCurrentWidget(self._show)
            self._show_picture(has_plan=has_plan)

    def _show_picture(self, *, has_plan: bool) -> None:
        session = self._session
        notice = ("Listening to the song", "The first photos are ready in a moment.")
        if session.song_path is None:
            notice = ("Opening your show", "It goes on as you left it.")
        if not has_plan or self._are_photos_lost:
            if session.n_photos == 0 and session.is_open and not session.indexing.is_running:
                self.no_photos.set_words(*no_photos_words(session, is_show_made=has_plan))
                self._picture.setCurrentWidget(self.no_photos)
                self.frame.inset.hide()
                return
            if session.n_photos == 0 and session.indexing.is_running:
                notice = ("Getting to know your photos", _indexing_text(session))
        self._picture.setCurrentWidget(self.frame)
        self.frame.set_notice(*notice)
        self.frame.inset.setVisible(session.analysis is not None)
        if not self.frame.inset.isHidden():
            self.frame.inset.raise_()

    def _on_analysis(self) -> None:
        session = self._session
        analysis = session.analysis
        duration_s = self._duration_s()
        known_s = 0.0
        beats: list[float] = []
        if analysis is not None:
            known_s = duration_s if analysis.is_complete else analysis.analysed_s
            beats = analysis.beat_times_s.tolist()
        self.timeline.set_song(
            duration_s=duration_s,
            curve=session.felt,
            beat_times_s=beats,
            known_s=duration_s if session.options.arc else known_s,
            spread=session.spread,
        )
        self.transport.song_bar.set_song(duration_s=duration_s, curve=session.felt, known_s=known_s)
        self.transport.set_duration(duration_s)
        if not self._sound.is_playing:
            self._steady = SteadyWord()
        self.refresh()
        self._show_moment()

    def _duration_s(self) -> float:
        session = self._session
        if session.analysis is not None:
            return float(session.analysis.duration_s)
        return session.song.duration_s if session.song is not None else 0.0

    def _on_plan(self) -> None:
        session = self._session
        cues = self._shown_cues()
        moods = [session.mood_of(cue.photo) for cue in cues]
        self.timeline.set_plan(session.plan, moods, n_shown=len(cues))
        if self.frame.stage is not None:
            self.frame.stage.set_plan(session.plan)
        self.refresh()
        self._show_moment()

    def _on_runners_up(self) -> None:
        self._scored = self._session.plan
        self._show_moment()

    def _shown_cues(self) -> tuple[Cue, ...]:
        """Cues as far as the song is known: what lies beyond will still be planned anew."""
        session = self._session
        if session.plan is None:
            return ()
        if session.analysis is None or session.analysis.is_complete:
            return session.plan.cues
        known_s = session.analysis.analysed_s
        return tuple(cue for cue in session.plan.cues if cue.start_s < known_s)

    def _on_sound(self) -> None:
        is_playing = self._sound.is_playing
        self.transport.set_playing(is_playing=is_playing)
        self.transport.set_loudness(self._sound.volume, is_muted=self._sound.is_muted)
        self._session.is_playing = is_playing
        if is_playing:
            self._session.is_begun = True
        is_seen = self.isVisible() and not self._is_covered
        if self.frame.stage is not None:
            self.frame.stage.set_running(is_running=is_playing and is_seen)
        if is_playing and is_seen:
            self._timer.start()
        else:
            self._timer.stop()
        self._tick()

    def _tick(self) -> None:
        position_s = self._sound.position_s
        self._session.played_s = position_s
        self.transport.set_position(position_s)
        self.timeline.set_position(position_s)
        self._show_moment()

    def _show_moment(self) -> None:
        """Place the moment on both circles; the rest of the inspector changes with the cue."""
        session = self._session
        position_s = self._sound.position_s
        index = self._index_at(position_s)
        cue = session.plan.cues[index] if session.plan is not None and index >= 0 else None
        if session.analysis is None:
            self.inspector.set_marks(PlaneMarks(), song_word="")
            self.inspector.set_reason(None)
            self.inspector.set_runners_up(())
            return
        song = session.felt.at(position_s)
        word = self._steady.at(position_s, song)
        times = np.arange(max(0.0, position_s - TRAIL_S), position_s, TRAIL_STEP_S)
        trail = (*(session.felt.at(float(t_s)) for t_s in times), song)
        runners_up = session.runners_up[index] if 0 <= index < len(session.runners_up) else ()
        photo = session.mood_of(cue.photo) if cue is not None and session.knows(cue.photo) else None
        marks = PlaneMarks(song, photo, tuple(runner_up.mood for runner_up in runners_up), trail)
        self.inspector.set_marks(marks, song_word=word, is_drawn=bool(session.options.arc))
        self.frame.inset.set_moment(PlaneMarks(song=song, trail=trail), word)
        self.inspector.set_runners_up(runners_up)
        self.inspector.set_reason(None if cue is None else self._reason(index, cue))

    def _reason(self, index: int, cue: Cue) -> Reason:
        session, middle_s = self._session, (cue.start_s + cue.end_s) / 2
        doubt, why, is_drawn = session.doubt_at(middle_s), cue.why, bool(session.options.arc)
        if session.knows(cue.photo):
            why = reason_shown(why, session.felt.at(middle_s), session.mood_of(cue.photo), is_drawn=is_drawn)
        # What was pinned, moved or swapped by hand has the score of the place and the mood for which it was chosen.
        score = session.editing.known_score(index, cue.photo) if self._scored is session.plan else None
        beats = session.analysis.beat_times_s.tolist() if index > 0 and session.analysis is not None else ()
        return Reason(cue.score if score is None else score, why, hold_text(cue, beats), cue.is_pinned, doubt)

    def _index_at(self, t_s: float) -> int:
        plan = self._session.plan
        if plan is None or not plan.cues:
            return -1
        return max(0, bisect_right(plan.cues, t_s, key=lambda cue: cue.start_s) - 1)

    # Playing

    def load_sound(self, path: Path) -> None:
        """Give the sound the song that the session has opened."""
        song = self._session.song
        if self._sound.path != path:
            self._sound.load(path, duration_s=song.duration_s if song is not None else 0.0)

    def toggle(self) -> None:
        """Play or pause."""
        if self._sound.path is not None and self._session.song_error is None:
            self._sound.toggle()

    def seek(self, t_s: float) -> None:
        """Go to a time."""
        self._sound.seek(t_s)
        if self.frame.stage is not None:
            self.frame.stage.step()
        self._tick()

    def seek_by(self, seconds: float) -> None:
        """Go on, or back, by so much."""
        self.seek(max(0.0, self._sound.position_s + seconds))

    def previous_photo(self) -> None:
        """Go to the photo before."""
        self._go_to_cue(-1)

    def next_photo(self) -> None:
        """Go to the next photo."""
        self._go_to_cue(1)

    def _go_to_cue(self, step: int) -> None:
        from slideshow.player import neighbour_s

        plan = self._session.plan
        if plan is not None and plan.cues:
            self.seek(neighbour_s(plan, self._sound.position_s, step=step))

    def step_beats(self, step: int) -> None:
        """Go one beat on (1) or back (-1)."""
        from slideshow.player import beat_s

        analysis = self._session.analysis
        if analysis is not None:
            target_s = beat_s(analysis.beat_times_s.tolist(), self._sound.position_s, step=step)
            if target_s is not None:
                self.seek(target_s)

    def set_volume(self, volume: float) -> None:
        """Set the loudness; moving the slider ends a mute."""
        self._sound.is_muted = False
        self._sound.volume = volume

    def change_volume(self, step: float) -> None:
        """Make it louder or softer."""
        self.set_volume(self._sound.volume + step)

    def toggle_mute(self) -> None:
        """Silence, or sound again."""
        self._sound.is_muted = not self._sound.is_muted

    @property
    def session(self) -> Session:
        """What the page shows."""
        return self._session

    @property
    def current(self) -> int:
        """The cue whose photo is seen now, -1 without one."""
        return self._index_at(self._sound.position_s)

    # Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._session.song_path is None or not act_on_key(self, event):
            event.ignore()

    def showEvent(self, event: QEvent) -> None:
        self._on_sound()

    def hideEvent(self, event: QEvent) -> None:
        self._timer.stop()
        if self.frame.stage is not None:
            self.frame.stage.set_running(is_running=False)


def _words(error: EngineError) -> tuple[str, str]:
    message = messages.message_of(error)
    return message.title, message.text


def _indexing_text(session: Session) -> str:
    indexing = session.indexing
    if indexing.total == 0:
        return "Looking for photos."
    return f"{indexing.done:,} of {messages.count_of(indexing.total, 'photo')}."
