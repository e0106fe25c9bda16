"""How the window begins: with what the command line names, with the show of the last time, or with the introduction."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from slideshow.messages import name_of
from slideshow.places import DEMO_PHOTOS
from slideshow.settings import SettingsStore

if TYPE_CHECKING:
    from slideshow.main_window import MainWindow


class Starting(QObject):
    """Opens library and model, then what is to be shown first."""

    def __init__(
        self,
        window: MainWindow,
        store: SettingsStore,
        *,
        photos: Path | None,
        song: Path | None,
        project: Path | None,
        play: bool,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session
        self._store = store
        self._photos, self._song, self._project = photos, song, project
        self._is_play_wanted = play
        self._session.opened.connect(self._on_opened)
        self._session.plan_changed.connect(self._on_plan)
        self._session.catalog_changed.connect(self._try_first_demo)
        window.demo.changed.connect(self._try_first_demo)
        window.demo.all_heard.connect(self._session.warm_up)
        window.create_page.last_songs_wanted.connect(self.go_on)
        window.projects.given_up.connect(partial(window.create_page.await_song, is_coming=False))

    @property
    def is_welcome_due(self) -> bool:
        """Whether the introduction comes first: it was never finished, and nothing was asked for."""
        asked = (self._photos, self._song, self._project)
        return not self._store.now.is_welcomed and all(path is None for path in asked)

    def start(self) -> None:
        """Open library and model, now that the window is to be seen."""
        self._session.open(folders_at_rest=self._store.now.folders_at_rest)
        if self._project is not None:
            self._window.projects.open(self._project)
        elif self._song is not None:
            self._window.songs.open([self._song])
        elif not self._window.is_welcoming and self._window.projects.unsaved.others():
            self._window.create_page.await_song(is_coming=True)

    def prepare_demo(self) -> None:
        """Have the demo at hand for the introduction."""
        if not self._session.folders:
            self._session.add_folders([DEMO_PHOTOS])
        self._window.demo.hear()

    def _on_opened(self) -> None:
        window, session = self._window, self._session
        window.create_page.attach_stage()
        if self._photos is not None:
            session.add_folders([self._photos])
        elif window.is_welcoming and session.folders:
            window.finish_welcome()
        if window.is_welcoming:
            self.prepare_demo()
            return
        if self._photos is None and not session.folders and not self._store.now.is_welcomed:
            session.add_folders([DEMO_PHOTOS])  # a first start with a song on the command line
        session.warm_up()
        if self._photos is None and session.folders:
            window.folders.rescan_quietly()
        has_show = self._project is not None or session.song_path is not None
        is_coming = not has_show and window.projects.restore()
        window.create_page.await_song(is_coming=is_coming)
        if not has_show and not is_coming:
            self._offer_last()

    def _offer_last(self) -> None:
        """Offer the show that was open last time, else the songs."""
        window = self._window
        if self._store.now.last_project:
            window.create_page.offer_last(name_of(Path(Path(self._store.now.last_project).stem)))
        else:
            window.songs.offer_last(window.create_page.offer_last)

    def go_on(self) -> None:
        """Take up what was offered; a show that cannot be opened any more is not offered again."""
        last = self._store.now.last_project
        if last:
            self._store.change(last_project="")
            self._window.projects.open(Path(last))
        else:
            self._window.songs.open_last()

    def _try_first_demo(self) -> None:
        """On the welcome page make a show of the first demo song as soon as there are photos for it."""
        session, songs = self._session, self._window.demo.songs
        is_free = session.song_path is None and not session.indexing.is_running
        if self._window.is_welcoming and is_free and session.n_photos > 0 and songs and songs[0].is_heard:
            session.open_song(songs[0].path)

    def _on_plan(self) -> None:
        if self._is_play_wanted and self._session.plan is not None:
            self._is_play_wanted = False
            self._window.open_player()
