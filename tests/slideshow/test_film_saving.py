"""Saving films and timelines through the sheets, with a real session, real engine calls and real files."""

from __future__ import annotations

import json
import shutil
import types
from collections.abc import Iterator
from pathlib import Path

import av
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QMainWindow, QWidget
from pytestqt.qtbot import QtBot

from engine import video
from engine.errors import DiskFull
from slideshow import film_saving
from slideshow.app import Dresser
from slideshow.buttons import Button
from slideshow.film_saving import FilmSaving
from slideshow.film_sheets import FilmChoices, options_of
from slideshow.jobs import Jobs
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.toasts import Toasts

LIMIT_MS = 60_000


@pytest.fixture
def shown(qtbot: QtBot, opened: Session, photo_folder: Path, clip: Path) -> Session:
    """A session with a whole show of 20 seconds."""
    opened.add_folders([photo_folder])
    qtbot.waitUntil(lambda: opened.n_photos == 8, timeout=LIMIT_MS)
    opened.open_song(clip)
    qtbot.waitUntil(
        lambda: opened.analysis is not None and opened.analysis.is_complete and opened.plan is not None,
        timeout=LIMIT_MS,
    )
    return opened


@pytest.fixture
def window(qtbot: QtBot, dressed: Dresser) -> Iterator[QMainWindow]:
    made = QMainWindow()
    made.resize(1280, 800)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def saving(window: QMainWindow, shown: Session, jobs: Jobs, store: SettingsStore) -> FilmSaving:
    return FilmSaving(window, shown, jobs, store, Toasts(window))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that the file dialog answers with, under the proposed name without its ending."""
    folder = tmp_path / "films"
    folder.mkdir()

    def answer(window: QWidget, question: str, proposal: str, kinds: str) -> tuple[str, str]:
        return str(folder / Path(proposal).stem), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    return folder


def button(saving: FilmSaving, text: str) -> Button:
    assert saving.sheet is not None
    return next(found for found in saving.sheet.findChildren(Button) if found.text() == text)


def words(saving: FilmSaving) -> list[str]:
    assert saving.sheet is not None
    return [label.text() for label in saving.sheet.findChildren(QLabel)]


def click(qtbot: QtBot, saving: FilmSaving, text: str) -> None:
    qtbot.mouseClick(button(saving, text), Qt.MouseButton.LeftButton)


def choices(saving: FilmSaving) -> FilmChoices:
    assert saving.sheet is not None
    found = saving.sheet.findChild(FilmChoices)
    assert isinstance(found, FilmChoices)
    return found


def test_choices_are_kept_and_say_what_they_come_to(qtbot: QtBot, saving: FilmSaving, store: SettingsStore) -> None:
    saving.start()
    assert saving.sheet is not None
    assert saving.sheet.accessibleName() == "Export film"
    row = choices(saving)
    estimates = []
    for chip in (row.size_row.chip(2160), row.size_row.chip(720), row.shape.chip("tall"), row.care.chip("fine")):
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
        estimates.append(row._estimate.text())
    assert len(set(estimates)) >= 3
    assert all(" MB, ready in " in text for text in estimates)
    assert not row.rate.isVisible()
    qtbot.mouseClick(row.more, Qt.MouseButton.LeftButton)
    assert row.rate.isVisible()
    assert row.window().focusWidget() is not row.rate.chip(30)  # whoever clicks sees no ring
    qtbot.mouseClick(row.rate.chip(60), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(row.hardware, Qt.MouseButton.LeftButton)
    options = options_of(store.now)
    assert (options.size, options.fps, options.preset, options.encoder) == ((720, 1280), 60, "fine", "libx264")
    QTest.keyClick(saving.sheet, Qt.Key.Key_Escape)
    assert saving.sheet is None
    again = SettingsStore(store._path)
    assert options_of(again.now) == options


def test_everything_in_the_sheet_can_be_reached_by_key_and_has_a_name(qtbot: QtBot, saving: FilmSaving) -> None:
    saving.start()
    choices(saving).show_more()
    assert saving.sheet is not None
    names = []
    for _ in range(40):
        QTest.keyClick(saving.sheet.window().focusWidget(), Qt.Key.Key_Tab)
        focused = saving.sheet.window().focusWidget()
        assert focused.accessibleName(), focused
        if focused.accessibleName() in names:
            break
        names.append(focused.accessibleName())
    wanted = {"Shape: Tall 9:16", "Size: 4K", "Making: Fine", "Frames a second: 60", "Use the graphics chip"}
    assert wanted | {"Save film…", "Cancel", "For a video editor…"} <= set(names)
    saving.sheet.close()


def test_a_film_is_saved_shown_and_measured(
    qtbot: QtBot, saving: FilmSaving, store: SettingsStore, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.change(film_care="quick", film_fps=24, film_shape="square")
    opened: list[Path] = []
    monkeypatch.setattr(film_saving, "_open", opened.append)
    saving.start()
    with qtbot.waitSignal(saving.film.progressed, timeout=LIMIT_MS):
        click(qtbot, saving, "Save film…")
    assert saving.sheet is not None
    assert saving.sheet.accessibleName() == "Saving the film"
    with qtbot.waitSignal(saving.film.finished, timeout=120_000):
        pass
    assert saving.sheet.accessibleName() == "Your film is saved"
    [film] = place.iterdir()
    assert any(film.name in text and "lasts 0:20" in text for text in words(saving))
    click(qtbot, saving, "Play film")
    click(qtbot, saving, "Show in folder")
    assert opened == [film, place]
    click(qtbot, saving, "Close")
    assert saving.sheet is None
    assert store.now.film_speed > 0
    with av.open(str(film)) as container:
        picture = container.streams.video[0]
        assert (picture.width, picture.height, picture.average_rate) == (720, 720, 24)


def test_work_goes_on_while_a_film_is_saved_and_the_sheet_comes_back(
    qtbot: QtBot, saving: FilmSaving, store: SettingsStore, place: Path
) -> None:
    store.change(film_care="fine")
    saving.start()
    with qtbot.waitSignal(saving.film.progressed, timeout=LIMIT_MS):
        click(qtbot, saving, "Save film…")
    click(qtbot, saving, "Keep working")
    assert saving.sheet is None
    assert saving.film.is_running
    [toast] = saving._toasts.shown
    with qtbot.waitSignal(saving.film.progressed, timeout=LIMIT_MS):
        pass
    assert toast.text.startswith("Saving the film: ")
    saving.start()  # Ctrl+E again
    assert saving.sheet is not None
    assert saving.sheet.accessibleName() == "Saving the film"
    assert saving._toasts.shown == ()
    with qtbot.waitSignal(saving.film.cancelled, timeout=LIMIT_MS):
        click(qtbot, saving, "Stop")
    assert saving.sheet is None
    assert [toast.text for toast in saving._toasts.shown] == ["The film was not saved."]
    assert list(place.iterdir()) == []


def test_a_full_disk_is_a_sentence_and_leads_back(
    qtbot: QtBot, saving: FilmSaving, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video.shutil, "disk_usage", lambda path: types.SimpleNamespace(free=0))
    saving.start()
    with qtbot.waitSignal(saving.film.failed, timeout=LIMIT_MS):
        click(qtbot, saving, "Save film…")
    text = " ".join(words(saving))
    assert "MB more room. Choose another place, or make it smaller." in text
    assert list(place.iterdir()) == []
    click(qtbot, saving, "Choose again")
    assert saving.sheet is not None
    assert saving.sheet.accessibleName() == "Export film"
    saving.sheet.close()


def test_a_fault_while_the_sheet_is_away_is_told_elsewhere(
    qtbot: QtBot, saving: FilmSaving, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video.shutil, "disk_usage", lambda path: types.SimpleNamespace(free=0))
    told: list[Exception] = []
    saving.failed.connect(told.append)
    saving.start()
    with qtbot.waitSignal(saving.film.failed, timeout=LIMIT_MS):
        click(qtbot, saving, "Save film…")
        assert saving.sheet is not None
        saving.sheet.close()
    assert [type(error) for error in told] == [DiskFull]
    assert saving.sheet is None


def test_no_place_no_film(qtbot: QtBot, saving: FilmSaving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: ("", ""))
    saving.start()
    click(qtbot, saving, "Save film…")
    assert not saving.film.is_running
    assert saving.sheet is None


def test_a_timeline_is_saved_for_an_editor(qtbot: QtBot, saving: FilmSaving, shown: Session, place: Path) -> None:
    saving.start()
    click(qtbot, saving, "For a video editor…")
    qtbot.waitUntil(lambda: bool(list(place.glob("*.otio"))) and bool(saving._toasts.shown), timeout=LIMIT_MS)
    [path] = place.iterdir()
    tracks = json.loads(path.read_text())["tracks"]["children"]
    clips = [item for item in tracks[0]["children"] if item["OTIO_SCHEMA"] == "Clip.2"]
    assert shown.plan is not None
    assert [clip["name"] for clip in clips] == [cue.photo.path.name for cue in shown.plan.cues]
    markers = tracks[-1]["children"][0]["markers"]
    assert {marker["color"] for marker in markers} == {"CYAN", "YELLOW"}


def test_without_a_show_there_is_nothing_to_export(
    qtbot: QtBot,
    window: QMainWindow,
    opened: Session,
    jobs: Jobs,
    store: SettingsStore,
    photo_folder: Path,
    clip: Path,
) -> None:
    saving = FilmSaving(window, opened, jobs, store, Toasts(window))
    saving.start()
    saving.save_timeline()
    assert saving.sheet is None
    assert saving._toasts.shown[-1].text == "Choose a song and photos first."
    opened.add_folders([photo_folder])
    qtbot.waitUntil(lambda: opened.n_photos == 8, timeout=LIMIT_MS)
    opened.open_song(clip)
    saving.start()
    assert saving._toasts.shown[-1].text == "The film can be made once the whole song has been heard."


def test_the_demos_makers_are_announced(
    qtbot: QtBot, window: QMainWindow, opened: Session, jobs: Jobs, store: SettingsStore, tmp_path: Path, clip: Path
) -> None:
    from slideshow.places import DEMO_PHOTOS

    opened.add_folders([DEMO_PHOTOS])
    qtbot.waitUntil(lambda: opened.n_photos > 50, timeout=LIMIT_MS)
    opened.open_song(Path(shutil.copy(clip, tmp_path)))
    qtbot.waitUntil(
        lambda: opened.analysis is not None and opened.analysis.is_complete and opened.plan is not None,
        timeout=LIMIT_MS,
    )
    saving = FilmSaving(window, opened, jobs, store, Toasts(window))
    saving.start()
    assert any("name the makers" in text for text in words(saving))
    assert saving.sheet is not None
    saving.sheet.close()
