"""What window tests share: real photos and songs, the tiny bundle, no sound card, one thread for garbage."""

from __future__ import annotations

import gc
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from slideshow.app import Dresser
from slideshow.jobs import Jobs
from slideshow.main_window import MainWindow
from slideshow.session import Session
from slideshow.settings import SettingsStore

ROOT = Path(__file__).resolve().parent.parent.parent
N_PHOTOS = 8


@pytest.fixture(autouse=True)
def _garbage_in_this_thread() -> Iterator[None]:
    """Widgets must not be destroyed by a collection that happens to run in a worker."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _collect_at_the_end() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def clip() -> Path:
    """Twenty seconds of music."""
    return ROOT / "tests/assets/jungle-20s.mp3"


@pytest.fixture
def bundle() -> Path:
    """The tiny bundle."""
    return ROOT / "tests/assets/tiny_bundle"


@pytest.fixture
def photo_folder(tmp_path: Path) -> Path:
    """A folder of a few real photos."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in sorted((ROOT / "resources/demo/photos").glob("*.jpg"))[:N_PHOTOS]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> SettingsStore:
    """Settings of a person who knows the introduction."""
    made = SettingsStore(tmp_path / "config" / "settings.json")
    made.change(is_welcomed=True, theme="dark")
    return made


@pytest.fixture
def dressed(qapp: QApplication, store: SettingsStore) -> Iterator[Dresser]:
    """The app in the look of the store's settings."""
    dresser = Dresser(qapp, store)
    yield dresser
    dresser.release()


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    """All lanes, joined at the end."""
    made = Jobs()
    yield made
    made.shutdown()


@pytest.fixture
def session(jobs: Jobs, tmp_path: Path, bundle: Path) -> Iterator[Session]:
    """A session that is not open yet."""
    made = Session(jobs, library_path=tmp_path / "library.sqlite", bundle_path=bundle)
    yield made
    jobs.shutdown()
    made.close()


@pytest.fixture
def opened(qtbot: QtBot, session: Session) -> Session:
    """A session that is open."""
    with qtbot.waitSignal(session.opened, timeout=20_000):
        session.open()
    return session


@pytest.fixture
def make_window(
    qtbot: QtBot, dressed: Dresser, store: SettingsStore, tmp_path: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., MainWindow]]:
    """Make main windows that are shown, started, and closed at the end; there is no sound device."""
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    monkeypatch.setenv("WAKEPY_FAKE_SUCCESS", "1")
    windows: list[MainWindow] = []

    def make(**options: object) -> MainWindow:
        given: dict[str, object] = {"library_path": tmp_path / "library.sqlite", "bundle_path": bundle} | options
        window = MainWindow(store, **given)  # type: ignore[arg-type]
        windows.append(window)
        with qtbot.waitExposed(window):
            window.show()
        window.start()
        return window

    yield make
    for window in windows:
        window.close()
        window.deleteLater()
