"""The main window: what its pages ask for, menu and keys, drops, notices, the full-screen show, and a clean end."""

from __future__ import annotations

import base64
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QPoint, Qt
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from engine.errors import EngineError
from slideshow import sheets
from slideshow.alt_key import AltKey
from slideshow.browse_care import BrowseCare
from slideshow.browse_parts import BrowseParts
from slideshow.browse_teaching import BrowseTeaching
from slideshow.closing import Closing
from slideshow.desktop_keys import DesktopKeys
from slideshow.drops import Drops
from slideshow.explaining import Explaining
from slideshow.fault_notices import FaultNotices
from slideshow.film_first import FilmFirst
from slideshow.film_saving import FilmSaving
from slideshow.folder_care import FolderCare
from slideshow.full_screen import FullScreen
from slideshow.live_care import LiveCare
from slideshow.menus import Menus
from slideshow.places import DEMO_PHOTOS
from slideshow.project_care import ProjectCare
from slideshow.queue_panel import QueuePanel
from slideshow.retrain_care import RetrainCare
from slideshow.screens import Screens
from slideshow.settings import SettingsStore
from slideshow.show_care import ShowCare
from slideshow.song_care import SongCare
from slideshow.song_marks import SongMarks
from slideshow.songs_section import SongsSection
from slideshow.starting import Starting
from slideshow.teach_care import TeachCare
from slideshow.toasts import Toasts
from slideshow.undoing import Undoing
from slideshow.window_pages import WindowPages

if TYPE_CHECKING:
    from slideshow.player import Player

FIRST_SIZE_PX, LEAST_SIZE_PX = (1280, 800), (960, 640)
NO_DEVICE = "No sound device was found. The show plays silently until one is connected."

log = logging.getLogger(__name__)


class MainWindow(WindowPages):
    """Owns everything that lives as long as the window; `shutdown` ends it all."""

    def __init__(
        self,
        store: SettingsStore,
        *,
        library_path: Path,
        bundle_path: Path,
        photos: Path | None = None,
        song: Path | None = None,
        project: Path | None = None,
        play: bool = False,
        is_bundle_given: bool = False,
    ) -> None:
        super().__init__(store, library_path=library_path, bundle_path=bundle_path, is_bundle_given=is_bundle_given)
        self._is_down = False
        self._alt = AltKey(self)
        self.toasts = Toasts(self)
        self.toasts.keep_clear(self.create_page.transport)
        self.music = SongsSection(self, self.songs_by_mood, store, self.toasts)
        self.library_page.add_section(self.music)
        self.faults = FaultNotices(self, self.session, self.toasts)
        self.folders = FolderCare(self, self.session, store, self.toasts, self.thumbnails)
        self.shows = ShowCare(self, self.session, store, self.toasts, self.thumbnails)
        self.projects = ProjectCare(
            self, self.session, self.jobs, store, self.toasts, unsaved=library_path.with_name("unsaved shows")
        )
        self.browsing = BrowseCare(
            self, self.browse_page, self.session, self.jobs, store, self.toasts, self.thumbnails,
            play_from_start=self.create_page.play_from_start,
        )  # fmt: skip
        self.explaining = Explaining(self, self.session, self.jobs, self.toasts, self.thumbnails)
        self.explaining.offer_on(self.create_page, self.browse_page, self.settings_page)
        self.teach_care = TeachCare(self, self.teach_page, self.teaching, self.session, self.jobs, store, self.toasts)
        self.browse_teaching = BrowseTeaching(
            self.browse_page, self.teach_page, self.teaching, self.toasts, turn_to=self.show_page
        )
        self.song_marks = SongMarks(self, self.create_page, self.session, self.teaching, self.jobs, self.toasts)
        self.retraining = RetrainCare(
            self, self.session, self.teaching, self.models, self.toasts, self.thumbnails
        )  # fmt: skip
        self.teach_page.set_side(self.retraining.panel)
        self.undoing = Undoing(
            self.session, self.teaching, self.toasts, self,
            page=lambda: self.page, song=lambda: self.song_marks.song_path,
        )  # fmt: skip
        self.song_marks.song_known.connect(self.undoing.refresh)
        self.saving = FilmSaving(self, self.session, self.jobs, store, self.toasts)
        self.film_first = FilmFirst(self.session, self.saving.film, self)
        film = self.saving.film
        self.songs_by_mood.give_way_to(film.started, (film.finished, film.failed, film.cancelled))
        self.songs_by_mood.failed.connect(self.show_error)
        self.closing = Closing(self, self.saving)
        self.songs = SongCare(self, self.session, self.jobs, self.sound, store, self.toasts)
        self.browse_parts = BrowseParts(
            self, self.browse_page, self.browsing, self.session, self.jobs, store, self.toasts, self.songs_by_mood,
            open_song=self.open_song, queue_song=lambda path: self.songs.add([path]), add_music=self.music.choose,
        )  # fmt: skip
        self.queue = QueuePanel(self, self.songs.playlist)
        self.screens = Screens(store, self)
        self.full_screen = FullScreen(self, self.session, self.sound, self.live, self.screens)
        self.listening = LiveCare(
            self.session, self.sound, self.live, self.live_page, store, self.toasts,
            turn_to=self.show_page, is_full_screen=lambda: self.full_screen.is_open,
        )  # fmt: skip
        self.drops = Drops(
            self, self.jobs, self.toasts, on_folders=self.add_folders, on_songs=self._on_songs_dropped,
            on_ratings=self.teach_care.take_in,
        )  # fmt: skip
        self.starting = Starting(self, store, photos=photos, song=song, project=project, play=play)
        self.menus = Menus(self)
        self.desktop_keys = DesktopKeys(self)
        self.undoing.name_steps(self.menus)
        self._connect()
        self.setAcceptDrops(True)
        self.projects.show_title()
        self.setMinimumSize(*LEAST_SIZE_PX)
        self.resize(*FIRST_SIZE_PX)
        if store.now.window_geometry:
            self.restoreGeometry(QByteArray(base64.b64decode(store.now.window_geometry)))
        is_welcome_due = self.starting.is_welcome_due
        self._outer.setCurrentWidget(self.welcome_page if is_welcome_due else self._work)
        self.show_page("make")
        if is_welcome_due:
            self.welcome_page.setFocus(Qt.FocusReason.OtherFocusReason)

    # What asks for what

    def _connect(self) -> None:
        session, page, library = self.session, self.create_page, self.library_page
        self.page_turned.connect(self.menus.follow)
        self.introduced.connect(self.starting.prepare_demo)
        session.song_changed.connect(self._on_song)
        session.analysis_changed.connect(self.full_screen.tell)
        session.plan_changed.connect(self._on_plan)
        session.indexing_changed.connect(self._on_indexing)
        session.failed.connect(self.show_error)
        self.jobs.failed.connect(self.show_error)
        self.sound.failed.connect(self.show_error)
        self.sound.device_missing.connect(self._on_device_missing)
        self.saving.failed.connect(self.show_error)
        self.sidebar.chosen.connect(self.show_page)
        for source in (page, library, self.welcome_page, self.browse_page, self.teach_page):
            source.folder_wanted.connect(self.choose_folder)
        for source in (page, self.welcome_page):
            source.song_wanted.connect(self.songs.choose)
        self.songs.opened.connect(self._on_song_opened)
        self.songs.ahead.changed.connect(self._on_next_song)
        self.queue.chosen.connect(self.songs.play_queued)
        self.queue.removed.connect(self.songs.remove)
        self.queue.more_wanted.connect(self.songs.choose_more)
        self.full_screen.left.connect(self._on_player_left)
        self.live_page.full_screen_wanted.connect(self.open_player)
        page.queue_wanted.connect(self.queue.toggle_under)
        page.listen_wanted.connect(self.listening.start)
        page.song_step_wanted.connect(self.songs.step)
        self.full_screen.song_step_asked.connect(self.songs.step)
        page.demo_wanted.connect(self.use_demo_photos)
        page.demo_song_wanted.connect(self.use_demo_song)
        library.demo_wanted.connect(self.use_demo_photos)
        self.browse_page.demo_wanted.connect(self.use_demo_photos)
        self.teach_page.demo_wanted.connect(self.use_demo_photos)
        self.teach_page.explanation_wanted.connect(self.explaining.explain_photo)
        self.browse_parts.songs.explanation_wanted.connect(self.explaining.explain_song)
        self.browsing.show_wanted.connect(partial(self.show_page, "make"))
        page.export_wanted.connect(self.saving.start)
        page.full_screen_wanted.connect(self.open_player)
        page.song_details_wanted.connect(self.faults.show_song_details)
        page.menu_wanted.connect(self._open_menu)
        page.photo_wanted.connect(self.shows.choose_photo)
        page.lost_song_wanted.connect(self.projects.find_song)
        self.projects.missing.none_there.connect(page.set_photos_lost)
        library.banned_wanted.connect(self.shows.show_banned)
        self.projects.opened.connect(partial(self.show_page, "make"))
        self.projects.failed.connect(self.show_error)
        self.projects.asked.connect(self.songs.forget_opening)
        self.songs.asked.connect(self.projects.forget_opening)
        library.make_wanted.connect(partial(self.show_page, "make"))
        library.rest_asked.connect(self.folders.rest)
        library.forget_asked.connect(self.folders.forget)
        library.unread_wanted.connect(self.folders.show_unread)
        library.look_asked.connect(self.folders.look_into)
        library.left_out_wanted.connect(self.folders.show_left_out)
        self.welcome_page.skipped.connect(self.finish_welcome)
        self.welcome_page.play_wanted.connect(self._play_from_welcome)
        self.settings_page.keys_wanted.connect(self.show_keys)
        self.settings_page.introduction_wanted.connect(self.show_welcome)

    # Starting

    def start(self) -> None:
        """Open library and model, now that the window is to be seen."""
        self.starting.start()

    def _play_from_welcome(self) -> None:
        self.finish_welcome()
        self.open_player()

    # Notices

    def show_error(self, error: Exception) -> None:
        """Say a known fault in a toast, show a report of an unknown one; the program goes on."""
        self.faults.show(error)

    def show_report(self, error: BaseException) -> None:
        """Show what a developer needs to know about a bug, ready to copy."""
        self.faults.report(error)

    def show_keys(self) -> None:
        """Show every key."""
        sheets.show_keys(self)

    def _open_menu(self, under: QWidget) -> None:
        self.menus.popup.popup(under.mapToGlobal(QPoint(0, under.height() + 4)))

    # Songs and folders

    def open_song(self, path: Path) -> None:
        """Take another song; on the welcome page it stays there, elsewhere it turns to Make."""
        self.songs.open([path])

    @property
    def recent_songs(self) -> tuple[str, ...]:
        """The songs opened lately, the last first."""
        return self._store.now.recent_songs

    def _on_song_opened(self) -> None:
        self.live.stop()
        if not self.is_welcoming:
            self.show_page("make")

    def _on_next_song(self) -> None:
        growth = self.songs.ahead.growth
        plan = growth.plan if growth is not None else None
        self.full_screen.prepare_next(plan)
        if self.create_page.frame.stage is not None:
            self.create_page.frame.stage.prepare_next(plan)

    def _on_songs_dropped(self, songs: list[Path]) -> None:
        if self.queue.isVisible():
            self.songs.add(songs)
        else:
            self.songs.open(songs)

    def use_demo_song(self) -> None:
        """Open the first song that comes with the app."""
        if self.demo.songs:
            self.open_song(self.demo.songs[0].path)

    def add_folders(self, folders: list[Path]) -> None:
        """Index folders and use their photos; without a song it shows how far that is."""
        self.folders.add(folders)
        if not self.is_welcoming and self.session.song_path is None:
            self.show_page("library")

    def choose_folder(self) -> None:
        """Let the person pick a folder of photos."""
        folder = self.folders.choose()
        if folder is not None:
            self.add_folders([folder])

    def use_demo_photos(self) -> None:
        """Take the demo photos in, or wake them."""
        self.add_folders([DEMO_PHOTOS.resolve()])

    def _on_indexing(self) -> None:
        self.sidebar.set_busy("library", is_busy=self.session.indexing.is_running)

    # Song, plan, sound

    def _on_song(self) -> None:
        session = self.session
        if session.song_error is not None:
            self.sound.unload()
            if not isinstance(session.song_error, EngineError):
                self.show_report(session.song_error)
            elif self.is_welcoming:
                self.show_error(session.song_error)
        elif session.song is not None and session.song_path is not None:
            self.create_page.load_sound(session.song_path)
        self.full_screen.tell()

    def _on_plan(self) -> None:
        self.full_screen.show_plan()

    def _on_device_missing(self) -> None:
        if not self.full_screen.is_open:
            self.toasts.show(NO_DEVICE, icon="volume-x", tone="warn")

    # Full screen

    @property
    def player(self) -> Player | None:
        """The player of the song's show, once it was open."""
        return self.full_screen.player

    def open_player(self) -> None:
        """Play the show over the whole screen: the live one while it listens, else the song's."""
        is_open = self.full_screen.open_live() if self.live.is_open else self.full_screen.open()
        if is_open:
            self.create_page.set_covered(is_covered=True)
            self.live_page.set_covered(is_covered=True)

    def toggle_playing(self) -> None:
        """Play or pause, or let the live show rest."""
        if self.live.is_open:
            self.live.toggle()
        else:
            self.create_page.toggle()

    def next_photo(self) -> None:
        """Go to the next photo; a live show is asked for another one."""
        if self.live.is_open:
            self.live.another_photo()
        else:
            self.create_page.next_photo()

    def _on_player_left(self) -> None:
        self.create_page.set_covered(is_covered=False)
        self.live_page.set_covered(is_covered=False)
        if not self._is_down:
            self.activateWindow()
            self._pages[self.page].setFocus(Qt.FocusReason.OtherFocusReason)

    # Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.menuBar()
        self._alt.press(event)
        if event.key() == Qt.Key.Key_F10 and not bar.isNativeMenuBar():
            bar.setVisible(not bar.isVisible())
        elif event.key() == Qt.Key.Key_Escape and bar.isVisible() and not bar.isNativeMenuBar():
            bar.hide()
        elif self.page in ("make", "live") and not self.is_welcoming:
            self._pages[self.page].keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        bar = self.menuBar()
        if self._alt.let_go(event) and self.isActiveWindow() and not bar.isNativeMenuBar():
            bar.setVisible(not bar.isVisible())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.drops.enter(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.drops.leave()

    def dropEvent(self, event: QDropEvent) -> None:
        self.drops.drop(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.drops.fit()
        super().resizeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._is_down and not self.closing.may_close(self.close):
            event.ignore()
            return
        self.hide()
        self.shutdown()
        super().closeEvent(event)

    def shutdown(self) -> None:
        """Cancel what runs, join every thread, close the library. Safe to call twice."""
        if self._is_down:
            return
        self._is_down = True
        self.desktop_keys.withdraw()
        geometry = base64.b64encode(self.saveGeometry().data()).decode()
        self.loudness.save()
        self.projects.close()
        self._store.change(window_geometry=geometry)
        self.full_screen.shutdown()
        self.create_page.shutdown()
        self.browse_page.shutdown()
        self.live_page.shutdown()
        self.live.shutdown()
        self.retraining.shutdown()
        self.sound.shutdown()
        self.jobs.shutdown()
        self.thumbnails.shutdown()
        self.session.close()
