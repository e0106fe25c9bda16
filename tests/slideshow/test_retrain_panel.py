"""The panel beside Teach, from too few ratings to a model in use: real widgets, a real process, the tiny bundle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QScrollArea, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from engine.errors import BrokenBundle
from slideshow.app import Dresser
from slideshow.buttons import Button
from slideshow.jobs import Jobs
from slideshow.labels import Label
from slideshow.models import Models
from slideshow.retrain_panel import RetrainPanel
from slideshow.retraining import Fault
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.sheets import Sheet
from slideshow.teaching import Teaching
from slideshow.thumbnails import Thumbnails

LIMIT_MS = 60_000


class Stand:
    """A panel in a plain window, with what it works on."""

    def __init__(self, session: Session, jobs: Jobs, store: SettingsStore, folder: Path) -> None:
        self.session = session
        self.teaching = Teaching(session, jobs)
        self.models = Models(folder, session, jobs, store)
        self.thumbnails = Thumbnails()
        self.panel = RetrainPanel(session, self.teaching, self.models, self.thumbnails)
        self.window = QWidget()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(self.panel)
        column = QVBoxLayout(self.window)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)
        self.window.resize(320, 800)
        self.window.show()

    def rate(self, qtbot: QtBot, n: int) -> None:
        """Say of so many photos that they are pleasant and calm."""
        catalog = self.session.whole_catalog
        assert catalog is not None
        for photo in catalog.photos[:n]:
            self.teaching.rate(photo, (0.9, 0.1))
        qtbot.waitUntil(lambda: self.teaching.n_ratings == n, timeout=10_000)

    def click(self, words: str) -> None:
        """Click one of the state's buttons."""
        QTest.mouseClick(self.panel.buttons[words], Qt.MouseButton.LeftButton)

    def texts(self) -> str:
        """All words that are shown."""
        labels = [label.text() for label in self.panel.findChildren(Label) if label.isVisibleTo(self.panel)]
        return "\n".join(labels)

    def answer(self, words: str) -> None:
        """Click a button of the sheet that is open."""
        sheet = next(sheet for sheet in self.window.findChildren(Sheet) if sheet.isVisible())
        button = next(button for button in sheet.findChildren(Button) if button.text() == words)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def close(self) -> None:
        self.panel.shutdown()
        self.thumbnails.shutdown()
        self.window.close()
        self.window.deleteLater()


@pytest.fixture
def make_stand(qtbot: QtBot, dressed: Dresser, jobs: Jobs, store: SettingsStore, tmp_path: Path):  # type: ignore[no-untyped-def]
    stands: list[Stand] = []

    def make(session: Session) -> Stand:
        made = Stand(session, jobs, store, tmp_path / "models")
        stands.append(made)
        return made

    yield make
    for stand in stands:
        stand.close()


@pytest.fixture
def stand(qtbot: QtBot, make_stand: Callable[[Session], Stand], session: Session, photo_folder: Path) -> Stand:
    made = make_stand(session)
    with qtbot.waitSignal(session.opened, timeout=20_000):
        session.open()
    with qtbot.waitSignal(session.indexing_finished, timeout=LIMIT_MS):
        session.add_folders([photo_folder])
    qtbot.waitUntil(lambda: session.n_photos == 8, timeout=10_000)
    return made


def report_shown(qtbot: QtBot, stand: Stand) -> None:
    stand.click("Start")
    qtbot.waitUntil(lambda: stand.panel.state == "report", timeout=LIMIT_MS)


def test_it_says_what_was_taught_and_begins_from_five(qtbot: QtBot, stand: Stand) -> None:
    panel = stand.panel
    assert "Nothing is taught yet" in stand.texts()
    assert not panel.buttons["Start"].isEnabled()
    stand.rate(qtbot, 3)
    assert "You have placed 3 photos. 2 photos more" in stand.texts()
    assert not panel.buttons["Start"].isEnabled()
    stand.rate(qtbot, 5)
    assert "Nothing changes until you adopt it." in stand.texts()
    assert panel.buttons["Start"].isEnabled()
    assert "Your ratings never leave this computer." in stand.texts()


def test_stopping_and_starting_again(qtbot: QtBot, stand: Stand) -> None:
    stand.rate(qtbot, 6)
    stand.click("Start")
    assert stand.panel.state == "running"
    stand.click("Stop")
    qtbot.waitUntil(lambda: stand.panel.state == "stopped", timeout=20_000)
    assert "Stopped. Nothing was changed." in stand.texts()
    assert list(stand.models.folder.iterdir()) == []
    stand.click("Start again")
    qtbot.waitUntil(lambda: stand.panel.state == "report", timeout=LIMIT_MS)


def test_report_adopt_and_back(qtbot: QtBot, stand: Stand, store: SettingsStore) -> None:
    stand.rate(qtbot, 8)
    report_shown(qtbot, stand)
    panel = stand.panel
    assert panel.report_view is not None
    assert panel.report_view.report.n_ratings == 8
    assert "kept aside" in stand.texts() or "points of 100" in stand.texts()
    assert [row.state.words for row in panel.list.rows] == ["On trial", "In use"]
    assert "Photos that move most" in stand.texts()
    stand.click("Adopt")
    qtbot.waitUntil(lambda: panel.state == "adopted", timeout=20_000)
    assert "“From 8 ratings” is in use" in stand.texts()
    assert store.now.model_in_use
    assert panel.moves_view is not None
    assert panel.moves_view.rows
    assert "Photos that moved most" in stand.texts()
    stand.click("Go back")
    qtbot.waitUntil(lambda: not store.now.model_in_use, timeout=20_000)
    qtbot.waitUntil(lambda: panel.state == "adopted" and "The original is in use again." in stand.texts())
    assert panel.buttons.keys() == {"Undo", "Train again"}
    assert "Photos that move" not in stand.texts()


def test_discarding_asks_first_and_keeps_the_ratings(qtbot: QtBot, stand: Stand) -> None:
    stand.rate(qtbot, 8)
    report_shown(qtbot, stand)
    stand.click("Discard")
    sheet = next(sheet for sheet in stand.window.findChildren(Sheet) if sheet.isVisible())
    assert "Your 8 ratings are kept." in "".join(label.text() for label in sheet.findChildren(Label))
    stand.answer("Cancel")
    assert stand.panel.state == "report"
    stand.click("Discard")
    stand.answer("Discard")
    assert stand.panel.state == "idle"
    qtbot.waitUntil(lambda: not any(stand.models.folder.iterdir()), timeout=10_000)
    assert stand.teaching.n_ratings == 8


def test_a_model_on_trial_is_still_there_after_a_restart_and_told_when_it_cannot_be_used(
    qtbot: QtBot, stand: Stand, make_stand: Callable[[Session], Stand]
) -> None:
    stand.rate(qtbot, 8)
    report_shown(qtbot, stand)
    again = make_stand(stand.session)
    again.models._on_opened()
    qtbot.waitUntil(lambda: again.panel.state == "report", timeout=10_000)
    assert again.panel.buttons.keys() == {"Adopt", "Discard"}
    trial = again.models.on_trial
    assert trial is not None
    (trial.path / "photo_head.onnx").unlink()
    again.click("Adopt")
    qtbot.waitUntil(lambda: again.panel.state == "failed", timeout=20_000)
    assert "photo_head.onnx is missing" in again.texts()
    again.click("Close")
    qtbot.waitUntil(lambda: again.panel.state == "idle", timeout=10_000)  # once the folder was looked at again


def test_faults_have_a_next_step_and_details(qtbot: QtBot, stand: Stand) -> None:
    stand.panel._on_failed(Fault("A part is missing", "Retraining needs “onnx”.", "Traceback", "onnx"))
    assert "A part is missing" in stand.texts()
    with qtbot.waitSignal(stand.panel.part_wanted) as told:
        stand.click("Install it")
    assert told.args == ["onnx"]
    stand.click("Details")
    stand.answer("Close")
    unknown = BrokenBundle(Path("/somewhere"), "manifest.json is missing")
    stand.models.failed.emit(unknown)
    assert "manifest.json is missing" in stand.texts()


@pytest.mark.parametrize("scale", [1.0, 1.5])
def test_everything_fits_has_a_name_and_can_be_clicked(
    qtbot: QtBot, stand: Stand, store: SettingsStore, dressed: Dresser, scale: float
) -> None:
    store.change(text_scale=scale)
    stand.window.resize(320 if scale == 1 else 400, 800)
    stand.rate(qtbot, 8)
    report_shown(qtbot, stand)
    qtbot.waitUntil(lambda: stand.panel.width() > 0)
    for button in stand.panel.findChildren(QAbstractButton):
        if button.isVisibleTo(stand.panel):
            assert button.accessibleName()
            assert button.width() >= 32
            assert button.height() >= 32
            assert button.mapTo(stand.panel, button.rect().topRight()).x() < stand.panel.width()
