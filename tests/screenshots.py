"""Make a picture of every state of the window: python -m tests.screenshots FOLDER [--bundle DIR] [--only NAME]."""

from __future__ import annotations

import argparse
import itertools
import queue
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.audio import stereo_blocks
from engine.errors import DiskFull
from engine.probing import FilmCheck
from engine.video import FilmReport
from slideshow import places
from slideshow.app import Dresser
from slideshow.film_sheets import FilmChoices, show_failed, show_progress, show_saved
from slideshow.jobs import Job
from slideshow.live_input import Block, InputOpened
from slideshow.main_window import MainWindow
from slideshow.session_indexing import Indexing
from slideshow.settings import SettingsStore
from tests.screenshots_editing import editing
from tests.screenshots_explaining import explaining

SIZES_PX = ((1280, 800), (1920, 1080))
THEMES = ("dark", "light")
LIMIT_S = 120.0


def wait_for(condition: Callable[[], bool], *, limit_s: float = LIMIT_S) -> None:
    """Let the app run until something is so."""
    end_s = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end_s:
            raise TimeoutError("the state did not come")
        settle(20)


def settle(ms: int = 500) -> None:
    """Let animations and thumbnails come to rest. Not QTest.qWait: it keeps Python's lock from the workers."""
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


class Studio:
    """Takes the pictures of one theme and size."""

    def __init__(self, app: QApplication, folder: Path, bundle: Path, only: str) -> None:
        self._app = app
        self._folder = folder
        self._bundle = bundle
        self._only = only
        self._library = Path(tempfile.mkdtemp()) / "library.sqlite"
        self.suffix = ""

    def wants(self, *names: str) -> bool:
        """Whether any of these pictures is asked for."""
        return any(self._only in name for name in names)

    @contextmanager
    def window(
        self,
        choice: str,
        size: tuple[int, int],
        *,
        library: Path | None = None,
        bundle: Path | None = None,
        **options: object,
    ) -> Iterator[MainWindow]:
        """A window that is open while the pictures are taken."""
        store = SettingsStore(Path(tempfile.mkdtemp()) / "settings.json")
        store.change(theme=choice, **options)
        dresser = Dresser(self._app, store)
        window = MainWindow(store, library_path=library or self._library, bundle_path=bundle or self._bundle)
        window.resize(*size)
        window.show()
        window.activateWindow()
        settle(50)
        self.suffix = f"{choice}-{size[0]}"
        try:
            yield window
        finally:
            window.close()
            window.deleteLater()
            dresser.release()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    def take(self, window: QWidget, name: str) -> None:
        """Save a picture."""
        if self._only in name:
            window.grab().save(str(self._folder / f"{name}-{self.suffix}.png"))
            print(f"{name}-{self.suffix}")


def shoot(studio: Studio, choice: str, size: tuple[int, int]) -> None:
    """Take every state in one theme and size."""
    fresh = Path(tempfile.mkdtemp()) / "library.sqlite"
    with studio.window(choice, size, library=fresh) as window:
        settle(200)
        studio.take(window, "welcome-starting")
        window.start()
        wait_for(lambda: window.session.n_photos > 0)
        settle(150)
        studio.take(window, "welcome-indexing")
        wait_for(lambda: window.session.plan is not None)
        settle(900)
        studio.take(window, "welcome-ready")
    first_run(studio, choice, size, fresh)
    faults(studio, choice, size, fresh)
    songs_and_listening(studio, choice, size, fresh)
    editing(studio, choice, size, wait_for=wait_for, settle=settle)
    explaining(studio, choice, size, wait_for=wait_for, settle=settle)


def first_run(studio: Studio, choice: str, size: tuple[int, int], library: Path) -> None:
    """The Make page from empty to playing, with the demo photos known."""
    song = places.DEMO_SONGS / "02-caribbean-energetic-happy.ogg"
    own_song = Path(tempfile.mkdtemp()) / "A very long file name that nobody would want to read to its end.ogg"
    own_song.write_bytes(song.read_bytes())
    with studio.window(choice, size, library=library, is_welcomed=True) as window:
        window.start()
        wait_for(lambda: window.session.n_photos > 0)
        settle(300)
        studio.take(window, "make-no-song")
        window.open_song(own_song)
        grown = itertools.count()
        window.session.analysis_changed.connect(lambda: next(grown))
        settle(30)
        studio.take(window, "make-listening")
        wait_for(lambda: window.session.analysis is not None and window.session.plan is not None)
        settle(120)
        studio.take(window, "make-analysing")
        wait_for(lambda: bool(window.session.runners_up))
        settle(1200)
        studio.take(window, "make-ready")
        window.create_page.seek(31.0)
        settle(1200)
        window.sound.play()
        settle(1500)
        studio.take(window, "make-playing")
        window.sound.pause()
        window.create_page.timeline.zoom(0.25)
        settle(300)
        studio.take(window, "make-zoomed-out")
        window.create_page.timeline.zoom(4)
        QTest.keyClick(window, Qt.Key.Key_Tab)
        QTest.keyClick(window, Qt.Key.Key_Tab)
        QTest.keyClick(window, Qt.Key.Key_Tab)
        settle(200)
        studio.take(window, "make-focus")
        toast = window.toasts.show("Saving the film: 42 %. About 2 minutes left.", icon="film", action="Cancel")
        toast.set_progress(0.42)
        window.toasts.show("Your film is saved.", icon="circle-check", tone="ok", action="Show it")
        window.toasts.show(
            "Two photos could not be read. The others are fine.", icon="triangle-alert", tone="warn", action="Details"
        )
        settle(400)
        studio.take(window, "toasts")
        for shown in window.toasts.shown:
            shown.leave()
        film_sheets(studio, window)
        window.show_keys()
        settle(200)
        studio.take(window, "keys")
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
        window.show_report(ValueError("something odd"))
        settle(200)
        studio.take(window, "report")
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
        window.menus.popup.popup(window.mapToGlobal(QPoint(size[0] - 700, 60)))
        settle(200)
        studio.take(window.menus.popup, "menu")
        window.menus.popup.close()
        window.show_page("library")
        settle(600)
        studio.take(window, "library")
        window.session.indexer.now = Indexing(is_running=True, done=3270, total=4812, seconds_left=180.0)
        window.session.recent_photos.extend(photo.path for photo in window.session.catalog.photos[:7])
        window.session.indexer.skipped = ((Path("/photos/broken.jpg"), "the file is damaged or cut short"),) * 2
        window.session.indexing_changed.emit()
        settle(600)
        studio.take(window, "library-indexing")
        window.show_page("settings")
        settle(600)
        studio.take(window, "settings")


class PretendInput:
    """An input that gives a song's sound, and silence after it."""

    name = "Built-in Microphone"
    is_loopback = False
    rate_hz = 44_100

    def __init__(self, song: Path | None) -> None:
        self.blocks: queue.SimpleQueue[Block] = queue.SimpleQueue()
        self._is_closed = threading.Event()
        self._sound = stereo_blocks(song, sr=self.rate_hz, block_s=0.1) if song is not None else iter(())
        threading.Thread(target=self._give, name="pretend-input", daemon=True).start()

    @property
    def last_call_s(self) -> float:
        """Always just now."""
        return time.perf_counter()

    def is_alive(self) -> bool:
        """It is."""
        return True

    def close(self) -> None:
        """Give no more."""
        self._is_closed.set()

    def _give(self) -> None:
        while not self._is_closed.wait(0.1):
            samples = next(self._sound, np.zeros((4_410, 2), dtype=np.int16)).astype(np.float32) / 32_768
            self.blocks.put(Block(samples, time.perf_counter()))


def songs_and_listening(studio: Studio, choice: str, size: tuple[int, int], library: Path) -> None:
    """The queue, listening live, and the question at closing."""
    names = (
        "queue",
        "queue-focus",
        "live",
        "live-silent",
        "live-no-input",
        "live-resting",
        "live-player",
        "closing",
        "go-on",
    )
    if not studio.wants(*names):
        return
    folder = Path(tempfile.mkdtemp())
    demo = sorted(places.DEMO_SONGS.glob("*.ogg"))
    long = "A song whose name is so long that nobody would want to read it to its very end, live at the lake"
    titles = [long, *(f"{i:02d} - Harbour Lights, part {i}" for i in range(1, 24))]
    songs = [folder / f"{name}.ogg" for name in titles]
    for i, song in enumerate(songs):
        song.write_bytes(demo[i % len(demo)].read_bytes())
    songs[3].write_text("no song")
    own = Path(tempfile.mkdtemp()) / "library.sqlite"
    own.write_bytes(library.read_bytes())
    with studio.window(choice, size, library=own, is_welcomed=True) as window:
        window.start()
        wait_for(lambda: window.session.n_photos > 0)
        window.songs.open([demo[0], *songs])
        wait_for(lambda: bool(window.session.runners_up))
        wait_for(lambda: window.songs.ahead.growth is not None)
        wait_for(lambda: all(song.duration_s or song.fault for song in window.songs.playlist.songs))
        window.songs.playlist.learn(songs[0], title=long, artist=f"The Orchestra of {long}", duration_s=4_321.0)
        window.create_page.open_queue()
        settle(600)
        studio.take(window, "queue")
        window.queue.rows[2].setFocus(Qt.FocusReason.TabFocusReason)
        settle(200)
        studio.take(window, "queue-focus")
        window.queue.close_panel()
        window.saving.film._job = Job(
            on_done=None, on_failed=None, on_progress=None, on_partial=None, on_cancelled=None, wake=lambda: None
        )
        window.saving.film.share, window.saving.film.left_s = 0.42, 130.0
        window.close()
        settle(300)
        studio.take(window, "closing")
        assert window.closing.sheet is not None
        window.saving.film._job = None
        window.closing.sheet.close()
    with studio.window(choice, size, library=own, is_welcomed=True, last_songs=(str(songs[0]),)) as window:
        window.start()
        wait_for(lambda: window.create_page.last_songs.isVisible())
        settle(300)
        studio.take(window, "go-on")
        window.listening.start()
        wait_for(lambda: window.live.is_device_missing)
        settle(600)
        studio.take(window, "live-no-input")
        window.live._take_opened(InputOpened(PretendInput(demo[1])), time.perf_counter())  # type: ignore[arg-type]
        wait_for(lambda: window.live.plan is not None)
        settle(9_000)
        for toast in window.toasts.shown:
            toast.leave()
        studio.take(window, "live")
        if studio.wants("live-player"):
            window.open_player()
            settle(1_500)
            assert window.full_screen.live_player is not None
            studio.take(window.full_screen.live_player, "live-player")
            window.full_screen.close_live()
        window.live._close_input()
        window.live._look_again_s = time.perf_counter() + 60
        window.live._take_opened(InputOpened(PretendInput(None)), time.perf_counter())  # type: ignore[arg-type]
        wait_for(lambda: window.live.is_silent)
        settle(800)
        studio.take(window, "live-silent")
        window.live.pause()
        settle(400)
        studio.take(window, "live-resting")
        window.listening.stop()


def film_sheets(studio: Studio, window: MainWindow) -> None:
    """Every sheet of a film, the saved ones with figures of a film that was."""
    if not studio.wants("film-choices", "film-more", "film-saving", "film-saved", "film-odd", "film-failed"):
        return
    window.menus.actions["export"].trigger()
    assert window.saving.sheet is not None
    settle(200)
    studio.take(window, "film-choices")
    window.saving.sheet.findChild(FilmChoices).show_more()
    settle(200)
    studio.take(window, "film-more")
    window.saving.sheet.close()
    progress = show_progress(window, Path("/films/Caribbean.mp4"), on_stop=lambda: None)
    progress.show(0.42, 130.0)
    settle(200)
    studio.take(window, "film-saving")
    progress.sheet.close()
    whole = FilmCheck(61.9, 61.9, 1857, 0.0, 0.0, 16, 48_200_000)
    film = FilmReport(Path("/films/Caribbean.mp4"), "libx264", 1857, 61.9, 24.0, whole)
    odd = replace(whole, faults=("The sound ends 1.2 s before the picture.",))
    gone = (Path("/photos/a.jpg"), Path("/photos/b.jpg"))
    for name, report in (
        ("film-saved", film),
        ("film-odd", replace(film, check=odd, unreadable=gone, gave_up="h264_nvenc")),
    ):
        sheet = show_saved(window, report, on_play=lambda: None, on_show=lambda: None)
        settle(200)
        studio.take(window, name)
        sheet.close()
    sheet = show_failed(window, DiskFull(film.path, 1_200_000_000), on_again=lambda: None)
    settle(200)
    studio.take(window, "film-failed")
    sheet.close()
    settle(50)


def faults(studio: Studio, choice: str, size: tuple[int, int], library: Path) -> None:
    """Everything that can be missing or broken."""
    bad = Path(tempfile.mkdtemp()) / "Harbour Lights.m4a"
    bad.write_text("not a song at all")
    with studio.window(choice, size, library=library, is_welcomed=True) as window:
        window.start()
        wait_for(lambda: window.session.n_photos > 0)
        window.open_song(bad)
        wait_for(lambda: window.session.song_error is not None)
        settle(200)
        studio.take(window, "song-fails")
    with studio.window(choice, size, library=Path(tempfile.mkdtemp()) / "l.sqlite", is_welcomed=True) as window:
        window.start()
        wait_for(lambda: window.session.is_open)
        window.open_song(places.DEMO_SONGS / "01-jungle-calm-to-lively.ogg")
        wait_for(lambda: window.session.analysis is not None and window.session.analysis.is_complete)
        settle(400)
        studio.take(window, "no-photos")
        window.show_page("library")
        settle(600)
        studio.take(window, "library-empty")
    with studio.window(choice, size, bundle=Path(tempfile.mkdtemp()), is_welcomed=True) as window:
        window.start()
        wait_for(lambda: window.session.open_error is not None)
        settle(300)
        studio.take(window, "model-broken")
    with studio.window(choice, size, library=library, is_welcomed=True, text_scale=1.5) as window:
        window.start()
        wait_for(lambda: window.session.n_photos > 0)
        window.open_song(places.DEMO_SONGS / "02-caribbean-energetic-happy.ogg")
        wait_for(lambda: bool(window.session.runners_up))
        settle(800)
        studio.take(window, "make-large-text")
        window.show_page("settings")
        settle(600)
        studio.take(window, "settings-large-text")


def main() -> int:
    """Take all pictures that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bundle", type=Path, default=places.DEFAULT_BUNDLE)
    parser.add_argument("--only", default="", help="part of the names of the pictures wanted")
    parser.add_argument("--theme", choices=THEMES)
    parser.add_argument("--width", type=int)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    studio = Studio(app, arguments.folder, arguments.bundle, arguments.only)
    for choice, size in itertools.product(THEMES, SIZES_PX):
        if arguments.theme in (None, choice) and arguments.width in (None, size[0]):
            shoot(studio, choice, size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
