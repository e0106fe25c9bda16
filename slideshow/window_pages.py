"""The window's pages: made, laid out beside the sidebar, turned to by name, with the introduction before them all."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QWidget

from slideshow.browse_page import BrowsePage
from slideshow.create_page import CreatePage
from slideshow.demo_songs import DemoSongs
from slideshow.jobs import Jobs
from slideshow.library_page import LibraryPage
from slideshow.live_page import LivePage
from slideshow.live_show import LiveShow
from slideshow.loudness_memory import LoudnessMemory
from slideshow.models import Models
from slideshow.page_stack import PageStack
from slideshow.places import cache_folder
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.settings_page import SettingsPage
from slideshow.sidebar import Entry, SideBar
from slideshow.songs_by_mood import SongsByMood
from slideshow.sound import Sound
from slideshow.teach_page import TeachPage
from slideshow.teaching import Teaching
from slideshow.thumbnails import Thumbnails
from slideshow.welcome_page import WelcomePage

PAGES = (
    Entry("make", "Make", "audio-lines"),
    Entry("browse", "Browse", "orbit"),
    Entry("teach", "Teach", "crosshair"),
    Entry("library", "Library", "images", is_low=True),
    Entry("settings", "Settings", "sliders-vertical", is_low=True),
)


class WindowPages(QMainWindow):
    """Session, sound and pages of a window; `MainWindow` adds what they ask for, the menu and the end."""

    page_turned = Signal(str)
    """Key of the page that is shown now."""
    introduced = Signal()
    """The introduction is shown again."""

    def __init__(
        self, store: SettingsStore, *, library_path: Path, bundle_path: Path, is_bundle_given: bool = False
    ) -> None:
        super().__init__()
        self._store = store
        self.jobs = Jobs(self)
        self.session = Session(self.jobs, library_path=library_path, bundle_path=bundle_path, parent=self)
        self.models = Models(
            library_path.with_name("models"), self.session, self.jobs, store, self, is_model_given=is_bundle_given
        )
        self.thumbnails = Thumbnails(self)
        self.sound = Sound(self, cache_folder=cache_folder())
        self.live = LiveShow(self.session, self)
        self.loudness = LoudnessMemory(self.sound, store)
        self.demo = DemoSongs(self.session, self.jobs, self)
        self.songs_by_mood = SongsByMood(self.session, self.jobs, self)
        self.create_page = CreatePage(self.session, self.sound, self.thumbnails)
        self.browse_page = BrowsePage(self.session, self.jobs, self.thumbnails)
        self.teaching = Teaching(self.session, self.jobs, self)
        self.teach_page = TeachPage(self.session, self.teaching, self.jobs, self.thumbnails)
        self.library_page = LibraryPage(self.session, self.thumbnails)
        self.settings_page = SettingsPage(store, self.session, library_path=library_path)
        self.live_page = LivePage(self.live)
        self.welcome_page = WelcomePage(self.session, self.demo, self.thumbnails)
        self.sidebar = SideBar(PAGES)
        self._pages: dict[str, QWidget] = {
            "make": self.create_page,
            "browse": self.browse_page,
            "teach": self.teach_page,
            "library": self.library_page,
            "settings": self.settings_page,
            "live": self.live_page,
        }
        self._lay_out()

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

    # The introduction

    @property
    def is_welcoming(self) -> bool:
        """Whether the welcome page is shown."""
        return self._outer.currentWidget() is self.welcome_page

    def show_welcome(self) -> None:
        """Show the introduction again."""
        self._rest_focus()
        self._outer.setCurrentWidget(self.welcome_page)
        self.welcome_page.setFocus(Qt.FocusReason.OtherFocusReason)
        self.welcome_page.refresh()
        self.introduced.emit()

    def finish_welcome(self) -> None:
        """Leave the introduction for good."""
        self._store.change(is_welcomed=True)
        self._rest_focus()
        self._outer.setCurrentWidget(self._work)
        self.show_page("make")

    # Pages

    def show_page(self, key: str) -> None:
        """Turn to a page."""
        if self.is_welcoming and self.isVisible():
            self.finish_welcome()
        if key == "make" and self.live.is_open:
            key = "live"  # while it listens, that is what is being made
        self.sidebar.set_current("make" if key == "live" else key)
        page = self._pages[key]
        self._rest_focus()
        self._stack.turn_to(page)
        self.page_turned.emit(key)
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
