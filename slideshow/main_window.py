"""The main window: pages, menu and keys, drops, notices, the full-screen show, and a clean end."""

from __future__ import annotations

import base64
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QPoint, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMainWindow, QStackedWidget, QWidget

from engine.errors import EngineError
from slideshow import messages, sheets
from slideshow.create_page import CreatePage
from slideshow.demo_songs import DemoSongs
from slideshow.drop_hint import DropHint
from slideshow.film_saving import FilmSaving
from slideshow.folder_care import FolderCare, start_folder
from slideshow.jobs import Jobs
from slideshow.library_page import LibraryPage
from slideshow.menus import Menus
from slideshow.page_stack import PageStack
from slideshow.places import DEMO_PHOTOS
from slideshow.session import Session
from slideshow.session_jobs import RunnerUp
from slideshow.settings import SettingsStore
from slideshow.settings_page import SettingsPage
from slideshow.sidebar import Entry, SideBar
from slideshow.sound import Sound
from slideshow.thumbnails import Thumbnails
from slideshow.toasts import Toasts
from slideshow.welcome_page import WelcomePage

if TYPE_CHECKING:
    from slideshow.player import Player

PAGES = (
    Entry("make", "Make", "audio-lines"),
    Entry("library", "Library", "images", is_low=True),
    Entry("settings", "Settings", "sliders-vertical", is_low=True),
)
FIRST_SIZE_PX, LEAST_SIZE_PX = (1280, 800), (960, 640)
LOUDNESS_REST_MS = 500
NO_DEVICE = "No sound device was found. The show plays silently until one is connected."

log = logging.getLogger(__name__)


class MainWindow(QMainWindow):
    """Owns everything that lives as long as the window; `shutdown` ends it all."""

    def __init__(
        self,
        store: SettingsStore,
        *,
        library_path: Path,
        bundle_path: Path,
        photos: Path | None = None,
        song: Path | None = None,
        play: bool = False,
    ) -> None:
        super().__init__()
        self._store = store
        self._first_photos, self._first_song, self._play_when_ready = photos, song, play
        self._is_down = False
        self.jobs = Jobs(self)
        self.session = Session(self.jobs, library_path=library_path, bundle_path=bundle_path, parent=self)
        self.thumbnails = Thumbnails(self)
        self.sound = Sound(self)
        self.sound.volume, self.sound.is_muted = store.now.volume, store.now.is_muted
        self._loudness_rest = QTimer(self)  # a slider being dragged is not saved at every step
        self._loudness_rest.setSingleShot(True)
        self._loudness_rest.setInterval(LOUDNESS_REST_MS)
        self._loudness_rest.timeout.connect(self._save_loudness)
        self.demo = DemoSongs(self.session, self.jobs, self)
        self.player: Player | None = None
        self.create_page = CreatePage(self.session, self.sound, self.thumbnails)
        self.library_page = LibraryPage(self.session, self.thumbnails)
        self.settings_page = SettingsPage(store, self.session, library_path=library_path)
        self.welcome_page = WelcomePage(self.session, self.demo, self.thumbnails)
        self.sidebar = SideBar(PAGES)
        self._pages = {"make": self.create_page, "library": self.library_page, "settings": self.settings_page}
        self._lay_out()
        self.toasts = Toasts(self)
        self.folders = FolderCare(self, self.session, store, self.toasts)
        self.saving = FilmSaving(self, self.session, self.jobs, store, self.toasts)
        self._drop_hint = DropHint(self)
        self.menus = Menus(self)
        self._connect()
        self.setAcceptDrops(True)
        self.setWindowTitle("Moodreel")
        self.setMinimumSize(*LEAST_SIZE_PX)
        self.resize(*FIRST_SIZE_PX)
        if store.now.window_geometry:
            self.restoreGeometry(QByteArray(base64.b64decode(store.now.window_geometry)))
        is_introduced = store.now.is_welcomed or photos is not None or song is not None
        self._outer.setCurrentWidget(self._work if is_introduced else self.welcome_page)
        self.show_page("make")
        if not is_introduced:
            self.welcome_page.setFocus(Qt.FocusReason.OtherFocusReason)

    # Building

    def _lay_out(self) -> None:
        self._stack = PageStack()
        for page in self._pages.values():
            self._stack.addWidget(page)
        self._work = QWidget()
        row = QHBoxLayout(self._work)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.sidebar)
        row.addWidget(self._stack, 1)
        self._outer = QStackedWidget()
        self._outer.addWidget(self._work)
        self._outer.addWidget(self.welcome_page)
        self.setCentralWidget(self._outer)

    def _connect(self) -> None:
        session, page, library = self.session, self.create_page, self.library_page
        session.opened.connect(self._on_opened)
        session.song_changed.connect(self._on_song)
        session.analysis_changed.connect(self._tell_player)
        session.plan_changed.connect(self._on_plan)
        session.indexing_changed.connect(self._on_indexing)
        session.failed.connect(self.show_error)
        self.jobs.failed.connect(self.show_error)
        self.demo.changed.connect(self._try_first_demo)
        session.catalog_changed.connect(self._try_first_demo)
        self.demo.all_heard.connect(session.warm_up)
        self.sound.failed.connect(self.show_error)
        self.sound.device_missing.connect(self._on_device_missing)
        self.sound.state_changed.connect(self._on_sound)
        self.saving.failed.connect(self.show_error)
        self.sidebar.chosen.connect(self.show_page)
        for source in (page, library, self.welcome_page):
            source.folder_wanted.connect(self.choose_folder)
        for source in (page, self.welcome_page):
            source.song_wanted.connect(self.choose_song)
        page.demo_wanted.connect(self.use_demo_photos)
        page.demo_song_wanted.connect(self.use_demo_song)
        library.demo_wanted.connect(self.use_demo_photos)
        page.export_wanted.connect(self.saving.start)
        page.full_screen_wanted.connect(self.open_player)
        page.song_details_wanted.connect(self._show_song_details)
        page.photo_replaced.connect(self._on_photo_replaced)
        page.menu_wanted.connect(self._open_menu)
        library.make_wanted.connect(partial(self.show_page, "make"))
        library.rest_asked.connect(self.folders.rest)
        library.forget_asked.connect(self.folders.forget)
        library.unread_wanted.connect(self.folders.show_unread)
        self.welcome_page.skipped.connect(self.finish_welcome)
        self.welcome_page.play_wanted.connect(self._play_from_welcome)
        self.settings_page.keys_wanted.connect(self.show_keys)
        self.settings_page.introduction_wanted.connect(self._show_welcome)

    # Starting

    def start(self) -> None:
        """Open library and model, now that the window is to be seen."""
        self.session.open(folders_at_rest=self._store.now.folders_at_rest)
        if self._first_song is not None:
            self.session.open_song(self._first_song)

    def _on_opened(self) -> None:
        self.create_page.attach_stage()
        if self._first_photos is not None:
            self.session.add_folders([self._first_photos])
        elif self.is_welcoming and self.session.folders:
            self.finish_welcome()
        if self.is_welcoming:
            self._prepare_demo()
        elif self._first_photos is None and not self.session.folders and not self._store.now.is_welcomed:
            self.session.add_folders([DEMO_PHOTOS])  # a first start with a song on the command line
        elif self._first_photos is None and self.session.folders:
            self.folders.rescan_quietly()
        if not self.is_welcoming:
            self.session.warm_up()

    def _prepare_demo(self) -> None:
        if not self.session.folders:
            self.session.add_folders([DEMO_PHOTOS])
        self.demo.hear()

    def _try_first_demo(self) -> None:
        """On the welcome page make a show of the first demo song as soon as there are photos for it."""
        songs = self.demo.songs
        is_free = self.session.song_path is None and not self.session.indexing.is_running
        if self.is_welcoming and is_free and self.session.n_photos > 0 and songs and songs[0].is_heard:
            self.session.open_song(songs[0].path)

    @property
    def is_welcoming(self) -> bool:
        """Whether the welcome page is shown."""
        return self._outer.currentWidget() is self.welcome_page

    def _show_welcome(self) -> None:
        self._rest_focus()
        self._outer.setCurrentWidget(self.welcome_page)
        self.welcome_page.setFocus(Qt.FocusReason.OtherFocusReason)
        self.welcome_page.refresh()
        self._prepare_demo()

    def finish_welcome(self) -> None:
        """Leave the introduction for good."""
        self._store.change(is_welcomed=True)
        self._rest_focus()
        self._outer.setCurrentWidget(self._work)
        self.show_page("make")

    def _play_from_welcome(self) -> None:
        self.finish_welcome()
        self.open_player()

    # Pages and notices

    def show_page(self, key: str) -> None:
        """Turn to a page."""
        if self.is_welcoming and self.isVisible():
            self.finish_welcome()
        self.sidebar.set_current(key)
        page = self._pages[key]
        self._rest_focus()
        self._stack.turn_to(page)
        page.setFocus(Qt.FocusReason.OtherFocusReason)

    def _rest_focus(self) -> None:
        """Take the focus from a page before it hides, or Qt hands it to some button with a ring around it."""
        focused = self.focusWidget()
        if focused is not None:
            focused.clearFocus()

    @property
    def page(self) -> str:
        """Key of the page that is shown."""
        return next(key for key, page in self._pages.items() if page is self._stack.currentWidget())

    def show_error(self, error: Exception) -> None:
        """Say a known fault in a toast, show a report of an unknown one; the program goes on."""
        if not isinstance(error, EngineError):
            self.show_report(error)
            return
        if error is self.session.open_error:
            return  # the Make page says it
        message = messages.message_of(error)
        show = partial(self._show_details, message.title, message.text, message.details)
        self.toasts.show(messages.short(message), icon="circle-alert", tone="danger", action="Details", on_action=show)

    def show_report(self, error: BaseException) -> None:
        """Show what a developer needs to know about a bug, ready to copy."""
        text = "This is a fault in Moodreel, not yours. You can go on; nothing is lost. A report helps to mend it."
        sheets.show_details(
            self, title="Something went wrong", text=text, details=messages.crash_report(error), copy_word="Copy report"
        )

    def _show_details(self, title: str, text: str, details: str) -> None:
        sheets.show_details(self, title=title, text=text, details=details)

    def show_keys(self) -> None:
        """Show every key."""
        sheets.show_keys(self)

    def _open_menu(self, under: QWidget) -> None:
        self.menus.popup.popup(under.mapToGlobal(QPoint(0, under.height() + 4)))

    # Songs and folders

    def choose_song(self) -> None:
        """Let the person pick a song file."""
        from engine.audio import SONG_SUFFIXES

        patterns = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(SONG_SUFFIXES))
        start = self._store.now.last_song_folder or start_folder("Music")
        name, _ = QFileDialog.getOpenFileName(self, "Choose a song", start, f"Songs ({patterns});;All files (*)")
        if name:
            self._store.change(last_song_folder=str(Path(name).parent))
            self.open_song(Path(name))

    def open_song(self, path: Path) -> None:
        """Take another song; on the welcome page it stays there, elsewhere it turns to Make."""
        self.sound.unload()
        self.session.open_song(path)
        if not self.is_welcoming:
            self.show_page("make")

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
            self.setWindowTitle(f"{session.song.title} – Moodreel")
        self._tell_player()

    def _show_song_details(self) -> None:
        error = self.session.song_error
        if isinstance(error, EngineError):
            message = messages.message_of(error)
            self._show_details(message.title, message.text, message.details)

    def _on_plan(self) -> None:
        if self.player is not None:
            self.player.set_plan(self.session.plan)
        if self._play_when_ready and self.session.plan is not None:
            self._play_when_ready = False
            self.open_player()

    def _on_sound(self) -> None:
        if (self.sound.volume, self.sound.is_muted) != (self._store.now.volume, self._store.now.is_muted):
            self._loudness_rest.start()

    def _save_loudness(self) -> None:
        self._store.change(volume=self.sound.volume, is_muted=self.sound.is_muted)

    def _on_device_missing(self) -> None:
        if self.player is None or not self.player.isVisible():
            self.toasts.show(NO_DEVICE, icon="volume-x", tone="warn")

    def _on_photo_replaced(self, runner_up: RunnerUp) -> None:
        text = f"Swapped for {messages.name_of(runner_up.photo.path)}"
        self.toasts.show(text, icon="image", action="Undo", on_action=self.session.undo)

    # Full screen

    def open_player(self) -> None:
        """Play the show over the whole screen."""
        if self.session.plan is None or not self.session.plan.cues:
            return
        if self.player is None:
            from slideshow.player import Player

            self.player = Player(self.sound, self)
            self.player.left.connect(self._on_player_left)
        self._tell_player()
        self.player.set_plan(self.session.plan)
        self.create_page.set_covered(is_covered=True)
        self.player.open_on(self.screen())
        self.sound.play()

    def _tell_player(self) -> None:
        session = self.session
        if self.player is None or session.song is None:
            return
        self.player.set_song(title=session.song.title, artist=session.song.artist)
        analysis = session.analysis
        if analysis is not None:
            known_s = analysis.duration_s if analysis.is_complete else analysis.analysed_s
            self.player.set_mood(session.felt, known_s=known_s, beat_times_s=analysis.beat_times_s.tolist())

    def _on_player_left(self) -> None:
        self.create_page.set_covered(is_covered=False)
        if not self._is_down:
            self.activateWindow()
            self.create_page.setFocus(Qt.FocusReason.OtherFocusReason)

    # Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar = self.menuBar()
        if event.key() in (Qt.Key.Key_Alt, Qt.Key.Key_F10) and not bar.isNativeMenuBar():
            bar.setVisible(not bar.isVisible())
        elif event.key() == Qt.Key.Key_Escape and bar.isVisible() and not bar.isNativeMenuBar():
            bar.hide()
        elif self.page == "make" and not self.is_welcoming:
            self.create_page.keyPressEvent(event)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._drop_hint.setGeometry(self.rect())
            self._drop_hint.show()
            self._drop_hint.raise_()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_hint.hide()
        event.acceptProposedAction()
        self.take_drop([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])

    def take_drop(self, paths: list[Path]) -> None:
        """Take in what was dropped: the first song, all folders."""
        from engine.audio import SONG_SUFFIXES

        folders = [path for path in paths if path.is_dir()]
        songs = [path for path in paths if path.suffix.lower() in SONG_SUFFIXES and not path.is_dir()]
        if folders:
            self.add_folders(folders)
        if songs:
            self.open_song(songs[0])
        if not folders and not songs:
            self.toasts.show("Drop a song, or a whole folder of photos.", icon="info")

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._drop_hint.setGeometry(self.rect())
        super().resizeEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.hide()
        self.shutdown()
        super().closeEvent(event)

    def shutdown(self) -> None:
        """Cancel what runs, join every thread, close the library. Safe to call twice."""
        if self._is_down:
            return
        self._is_down = True
        geometry = base64.b64encode(self.saveGeometry().data()).decode()
        self._loudness_rest.stop()
        self._store.change(window_geometry=geometry, volume=self.sound.volume, is_muted=self.sound.is_muted)
        if self.player is not None:
            self.player.shutdown()
        self.create_page.shutdown()
        self.sound.shutdown()
        self.jobs.shutdown()
        self.thumbnails.shutdown()
        self.session.close()
