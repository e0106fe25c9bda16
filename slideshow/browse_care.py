"""What the Browse page asks of the window: a show from a choice, quick look, copies, lists, songs for a photo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.emotion import Emotion
from engine.progress import Progress
from slideshow import messages, session_jobs
from slideshow.browse_bar import dates_in_words
from slideshow.browse_page import BrowsePage
from slideshow.browse_photos import Rows
from slideshow.jobs import Job, Jobs
from slideshow.labels import Label
from slideshow.mood_words import shown_word
from slideshow.photo_copies import CopyReport, copy_photos, save_list
from slideshow.places import DEMO_SONGS
from slideshow.quick_look import QuickLook
from slideshow.range_slider import RangeSlider
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.sheets import Sheet
from slideshow.thumbnails import Thumbnails
from slideshow.toasts import Toast, Toasts

if TYPE_CHECKING:
    from engine.encoders import Encoders
    from engine.library import Library

N_SONGS = 5


@dataclass(frozen=True, slots=True)
class KnownSong:
    """A song that was heard before: its mood where it comes nearest to the one asked for, and how far that is."""

    path: Path
    title: str
    mood: Emotion
    distance: float


class BrowseCare(QObject):
    """Acts for the page; slow work goes through jobs."""

    show_wanted = Signal()
    """A show was started from a choice: the Make page is wanted."""
    song_wanted = Signal(object)
    """Path of the song to open."""

    def __init__(
        self,
        window: QWidget,
        page: BrowsePage,
        session: Session,
        jobs: Jobs,
        store: SettingsStore,
        toasts: Toasts,
        thumbnails: Thumbnails,
        *,
        play_from_start: Callable[[], None],
    ) -> None:
        super().__init__(window)
        self._window, self._page, self._session, self._jobs = window, page, session, jobs
        self._store, self._toasts, self._thumbnails = store, toasts, thumbnails
        self._play_from_start = play_from_start
        self._is_play_due = False
        self._copying: tuple[Job, Toast] | None = None
        self.quick_look: QuickLook | None = None
        page.start_wanted.connect(self.start)
        page.look_wanted.connect(self.look)
        page.reveal_wanted.connect(self.reveal)
        page.copy_wanted.connect(self.copy)
        page.list_wanted.connect(self.save_list)
        page.songs_wanted.connect(self.find_songs)
        page.dates_wanted.connect(self.ask_for_dates)
        session.plan_changed.connect(self._on_plan)

    # A show

    def start(self, rows: Rows) -> None:
        """Make a show from only these photos, and play it where there is a song."""
        session, page = self._session, self._page
        if page.photos is None:
            return
        is_all = len(rows) == len(page.photos)
        chosen = None if is_all else frozenset(photo.id for photo in page.photos_of(rows))
        is_other = chosen != session.chosen_ids
        session.is_begun, session.played_s = False, 0.0
        self._is_play_due = is_other and session.song_path is not None
        session.choose_photos(chosen)
        self.show_wanted.emit()
        if session.song_path is None:
            n = messages.count_of(len(rows), "photo")
            words = "is ready" if len(rows) == 1 else "are ready"
            self._toasts.show(f"{n} {words}. Choose a song for the show.", icon="music")
        elif not self._is_play_due and session.plan is not None:
            self._play_from_start()

    def _on_plan(self) -> None:
        if self._is_play_due and self._session.plan is not None:
            self._is_play_due = False
            self._play_from_start()

    # A photo

    def look(self, row: int) -> None:
        """Lay a photo over the window."""
        if self._page.photos is None or self.quick_look is not None:
            return
        self._page.grid.go_to(row)
        self.quick_look = QuickLook(self._window, self._page.photos, row, self._thumbnails, step=self._page.grid.step)
        self.quick_look.closed.connect(self._on_looked)

    def _on_looked(self) -> None:
        self.quick_look = None

    def reveal(self, row: int) -> None:
        """Open a photo's folder in the file manager."""
        assert self._page.photos is not None
        folder = self._page.photos.photo(row).path.parent
        if not folder.is_dir():
            self._toasts.show("This photo’s folder is not connected.", icon="triangle-alert", tone="warn")
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._toasts.show(f"It lies in {messages.name_of(folder)}", icon="folder")

    # A selection

    def copy(self, rows: Rows) -> None:
        """Ask for a folder and copy photos there in the background."""
        if self._copying is not None:
            self._toasts.show("Photos are being copied already.", icon="folder")
            return
        title = f"Copy {messages.count_of(len(rows), 'photo')} to"
        name = QFileDialog.getExistingDirectory(self._window, title, str(Path.home()))
        if not name:
            return
        paths = self._page.paths_of(rows)
        toast = self._toasts.show(
            f"Copying {messages.count_of(len(paths), 'photo')}",
            icon="folder",
            action="Stop",
            on_action=self._stop_copying,
        )
        toast.set_progress(0.0)
        job = self._jobs.submit(
            "background",
            partial(copy_photos, paths, Path(name)),
            on_done=self._on_copied,
            on_failed=self._on_copy_failed,
            on_progress=self._on_copy_progress,
            on_cancelled=self._on_copy_stopped,
        )
        self._copying = (job, toast)

    def _stop_copying(self) -> None:
        if self._copying is not None:
            self._copying[0].cancel()

    def _on_copy_progress(self, progress: Progress) -> None:
        if self._copying is not None and progress.total:
            self._copying[1].set_progress(progress.done / progress.total)

    def _end_copying(self) -> None:
        if self._copying is not None and not self._copying[1].is_gone:
            self._copying[1].leave()
        self._copying = None

    def _on_copied(self, report: CopyReport) -> None:
        self._end_copying()
        text = f"{messages.count_of(report.n_copied, 'photo')} copied"
        if report.unreadable:
            text += f", {len(report.unreadable):,} could not be read"
        show = partial(QDesktopServices.openUrl, QUrl.fromLocalFile(str(report.folder)))
        self._toasts.show(text, icon="circle-check", tone="ok", action="Show them", on_action=show)

    def _on_copy_failed(self, error: Exception) -> None:
        self._end_copying()
        self._session.failed.emit(error)

    def _on_copy_stopped(self) -> None:
        self._end_copying()
        self._toasts.show("Copying was stopped; what was copied stays.", icon="folder")

    def save_list(self, rows: Rows) -> None:
        """Ask for a file and write the photos' paths there, a line each."""
        suggestion = str(Path.home() / "photos.txt")
        name, _ = QFileDialog.getSaveFileName(self._window, "Save a list of photos", suggestion)
        if not name:
            return
        paths, dest = self._page.paths_of(rows), Path(name)

        def saved(_: object) -> None:
            text = f"List of {messages.count_of(len(paths), 'photo')} saved"
            self._toasts.show(text, icon="circle-check", tone="ok")

        work = partial(save_list, paths, dest)
        self._jobs.submit("interactive", work, on_done=saved, on_failed=self._session.failed.emit)

    # Songs

    def find_songs(self, row: int) -> None:
        """Find the songs heard before that come nearest to a photo's mood."""
        session, page = self._session, self._page
        if session.library is None or session.encoders is None or page.photos is None:
            return
        now = self._store.now
        demo = sorted(DEMO_SONGS.glob("*")) if DEMO_SONGS.is_dir() else []
        paths = tuple(dict.fromkeys((*(Path(name) for name in (*now.recent_songs, *now.last_songs)), *demo)))
        mood = page.photos.mood(row)
        work = partial(songs_near, paths, mood, session.library, session.encoders)
        self._jobs.submit("interactive", work, on_done=partial(self._show_songs, mood), on_failed=session.failed.emit)

    def _show_songs(self, mood: Emotion, songs: tuple[KnownSong, ...]) -> None:
        sheet = Sheet(self._window, "Songs for this photo")
        if not songs:
            sheet.add_text("No song has been heard yet. Open some, and those that feel like this photo appear here.")
        else:
            sheet.add_text(f"The photo feels {shown_word(mood).lower()}. Of the songs heard so far these come nearest.")
        for song in songs:
            word = shown_word(song.mood)
            sheet.add_wide_button(f"{song.title}  ·  {word}", partial(self._open_song, sheet, song.path))
        sheet.add_button("Close", "main", is_safe=True)
        sheet.open()

    def _open_song(self, sheet: Sheet, path: Path) -> None:
        sheet.close()
        self.song_wanted.emit(path)

    # Dates

    def ask_for_dates(self, limits: tuple[int, int], take: Callable[[tuple[int, int]], None]) -> None:
        """Ask for a stretch of days with two knobs."""
        first, last = limits
        span = max(1, last - first)
        sheet = Sheet(self._window, "Photos taken from … to …")
        slider = RangeSlider("Taken", "the first", "the last")
        chosen = Label("", "strong")

        def days() -> tuple[int, int]:
            low, high = slider.range
            return first + round(low * span), first + round(high * span)

        def show(*_: float) -> None:
            chosen.setText(dates_in_words(days()))

        def accept() -> None:
            sheet.close()
            take(days())

        slider.moved.connect(show)
        show()
        sheet.add_body(chosen)
        sheet.add_body(slider)
        sheet.add_button("Cancel", "outlined")
        sheet.add_button("Show these", "main", accept)
        sheet.open()
        slider.knobs[0].setFocus(Qt.FocusReason.OtherFocusReason)


def songs_near(
    paths: tuple[Path, ...], mood: Emotion, library: Library, encoders: Encoders, *, report: Any
) -> tuple[KnownSong, ...]:
    """Of some songs those whose analysis is kept, the nearest to a mood first, by the nearest tenth of each."""
    from engine.audio import probe_song
    from engine.emotion import felt_curve
    from engine.errors import UnreadableSong
    from engine.matching import reference_moods
    from engine.music import song_key

    reference = reference_moods(encoders.bundle)
    found = []
    for done, path in enumerate(paths):
        report(Progress("songs", done, len(paths)))
        try:
            analysis = session_jobs.cached_analysis(song_key(path), library, encoders)
            if analysis is None:
                continue
            title = probe_song(path).title
        except (UnreadableSong, OSError):
            continue  # a song that is gone
        va = felt_curve(analysis.curve, reference_va=reference).va
        apart = np.hypot(va[:, 0] - mood.valence, va[:, 1] - mood.arousal)
        if len(apart):
            near = np.argsort(apart)[: max(1, len(apart) // 10)]
            valence, arousal = (float(value) for value in va[near].mean(axis=0))
            found.append(KnownSong(path, title, Emotion(valence, arousal), float(apart[near].mean())))
    return tuple(sorted(found, key=lambda song: song.distance)[:N_SONGS])
