"""Measure how soon the first photo of a song's mood is on the screen, in the real window with the real model.

    python tests/bench/bench_first_photo.py [--songs SONG ...] [--photos FOLDER]

Needs a display (xvfb-run will do). For each song: seconds from opening it to its first plan and to the first paint with
a photo of it, with a warm app, then with another song's show open (the photo must be one of the new plan), and for one
song with an app that has only just opened its library. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, QTimer  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from slideshow import places  # noqa: E402
from slideshow.app import Dresser  # noqa: E402
from slideshow.main_window import MainWindow  # noqa: E402
from slideshow.settings import SettingsStore  # noqa: E402

LIMIT_S = 180.0


def settle(ms: int) -> None:
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def wait_for(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while not condition():
        if time.monotonic() > end_s:
            raise TimeoutError
        settle(20)


class Watch(QObject):
    """Notes when the plan comes and when a photo of it is first painted."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._before: object = None
        self.opened_s = self.planned_s = self.painted_s = 0.0
        assert window.create_page.frame.stage is not None
        window.create_page.frame.stage.installEventFilter(self)
        window.session.plan_changed.connect(self._on_plan)

    def start(self) -> None:
        self._before = self._window.session.plan
        self.planned_s = self.painted_s = 0.0
        self.opened_s = time.perf_counter()

    def _on_plan(self) -> None:
        plan = self._window.session.plan
        if plan is not None and plan is not self._before and not self.planned_s:
            self.planned_s = time.perf_counter()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        plan = self._window.session.plan
        stage = self._window.create_page.frame.stage
        if event.type() == QEvent.Type.Paint and not self.painted_s and self.planned_s and plan is not None:
            assert stage is not None
            wanted = plan.cues[0].photo.path
            if any(shown.path == wanted for shown in stage.picture):
                self.painted_s = time.perf_counter()
        return False


def opened(window: MainWindow, watch: Watch, song: Path) -> dict[str, float]:
    watch.start()
    window.open_song(song)
    wait_for(lambda: watch.painted_s > 0)
    return {
        "plan_s": round(watch.planned_s - watch.opened_s, 3),
        "photo_s": round(watch.painted_s - watch.opened_s, 3),
    }


def make_window(store: SettingsStore, library: Path) -> MainWindow:
    window = MainWindow(store, library_path=library, bundle_path=places.DEFAULT_BUNDLE)
    window.resize(1280, 800)
    window.show()
    settle(100)
    window.start()
    wait_for(lambda: window.session.is_open and window.create_page.frame.stage is not None)
    return window


def end(window: MainWindow) -> None:
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--songs", type=Path, nargs="*", default=sorted(places.DEMO_SONGS.glob("*.ogg")))
    parser.add_argument("--photos", type=Path, default=places.DEMO_PHOTOS)
    options = parser.parse_args()
    app = QApplication(sys.argv[:1])
    folder = Path(tempfile.mkdtemp(prefix="first-photo-"))
    store = SettingsStore(folder / "settings.json")
    store.change(is_welcomed=True)
    dresser = Dresser(app, store)
    songs = [Path(shutil.copy(song, folder / f"{i}{song.suffix}")) for i, song in enumerate(options.songs)]
    again = [Path(shutil.copy(song, folder / f"again-{i}{song.suffix}")) for i, song in enumerate(options.songs)]
    fresh = Path(shutil.copy(options.songs[0], folder / f"fresh{options.songs[0].suffix}"))

    window = make_window(store, folder / "library.sqlite")
    window.add_folders([options.photos])
    wait_for(lambda: window.session.n_photos > 0 and not window.jobs.is_busy)
    watch = Watch(window)
    warm = []
    for song in songs:
        warm.append(opened(window, watch, song))
        wait_for(lambda: not window.jobs.is_busy)
    over = []
    for song in again:
        window.sound.play()
        over.append(opened(window, watch, song))  # while the show before is still being analysed ahead or planned
    n_photos = window.session.n_photos
    end(window)

    store.change(last_songs=(), recent_songs=())
    since_s = time.perf_counter()
    window = make_window(store, folder / "library.sqlite")
    opened_s = time.perf_counter() - since_s
    wait_for(lambda: window.session.n_photos > 0)
    just_opened = opened(window, Watch(window), fresh)
    end(window)
    dresser.release()
    shutil.rmtree(folder)
    figures = {
        "n_photos": n_photos,
        "warm": warm,
        "warm_photo_s_max": max(one["photo_s"] for one in warm),
        "over_another_show": over,
        "over_photo_s_max": max(one["photo_s"] for one in over),
        "window_open_s": round(opened_s, 3),
        "just_opened": just_opened,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
