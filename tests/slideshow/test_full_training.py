"""A whole training from the app: real commands of the trainer, their faults in words, and the sheets around them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from slideshow import training_sheet
from slideshow.app import Dresser
from slideshow.buttons import Button
from slideshow.child_process import Ending
from slideshow.full_training import CORPORA, FullTraining, training_fault
from slideshow.jobs import Jobs
from slideshow.labels import Label
from slideshow.messages import start_command
from slideshow.models import Models
from slideshow.retraining import Fault, Step
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.sheets import Sheet
from slideshow.toasts import Toasts
from slideshow.training_sheet import TrainingSheets


def test_a_corpus_that_is_not_there_is_told_in_the_trainers_words(qtbot: QtBot, tmp_path: Path) -> None:
    training = FullTraining()
    with qtbot.waitSignal(training.failed, timeout=60_000) as told:
        training.start(
            {"oasis": tmp_path / "nothing", "deam": tmp_path}, run=tmp_path / "run", cache=tmp_path / "cache",
            dest=tmp_path / "models" / "new",
        )  # fmt: skip
        assert training.is_running
    assert told.args is not None
    fault = told.args[0]
    assert isinstance(fault, Fault)
    assert "there is no folder" in fault.text
    assert not training.is_running
    assert not (tmp_path / "models" / "new").exists()


def test_it_can_be_stopped(qtbot: QtBot, tmp_path: Path) -> None:
    training = FullTraining()
    with qtbot.waitSignal(training.stopped, timeout=30_000):
        training.start({}, run=tmp_path / "run", cache=tmp_path / "cache", dest=tmp_path / "models" / "new")
        training.stop()


def test_progress_goes_through_the_stages(qtbot: QtBot) -> None:
    training = FullTraining()
    steps: list[Step] = []
    training.progressed.connect(steps.append)
    for line in (
        '{"kind": "progress", "stage": "photos", "done": 5, "total": 10, "detail": "a.jpg"}',
        '{"kind": "progress", "stage": "train", "done": 1, "total": 4, "detail": "epoch 2"}',
        '{"kind": "epoch", "epoch": 2}',
        "no JSON",
        '{"kind": "progress", "stage": "export", "done": 2, "total": 2, "detail": ""}',
    ):
        training._on_line(line)
    assert [step.words for step in steps] == ["Looking at the photos", "Training, epoch 2", "Writing the model"]
    assert [round(step.share, 3) for step in steps] == [0.275, 0.5, 1.0]


@pytest.mark.parametrize(
    ("ending", "title"),
    [
        (Ending("failed", "OSError: [Errno 28] No space left on device"), "The disk is full"),
        (Ending("failed", "ModuleNotFoundError: No module named 'torch'"), "A part is missing"),
        (Ending("failed", is_missing=True), "Training could not begin"),
        (Ending("failed", is_killed=True), "Training was cut off"),
        (Ending("failed", "error: runs: Diverged"), "Training did not work"),
        (Ending("failed", "KeyError: 3"), "Training did not work"),
    ],
)
def test_each_ending_has_words(ending: Ending, title: str) -> None:
    assert training_fault(ending).title == title


class Desk:
    """The sheets over a plain window."""

    def __init__(self, models: Models) -> None:
        self.window = QWidget()
        self.window.resize(1000, 800)
        self.window.show()
        self.sheets = TrainingSheets(self.window, models, Toasts(self.window))

    def words(self) -> str:
        assert self.sheets.sheet is not None
        return "\n".join(label.text() for label in self.sheets.sheet.findChildren(Label))

    def button(self, name: str) -> Button:
        assert self.sheets.sheet is not None
        return next(b for b in self.sheets.sheet.findChildren(Button) if name in (b.text(), b.accessibleName()))


@pytest.fixture
def desk(
    qtbot: QtBot, dressed: Dresser, session: Session, jobs: Jobs, store: SettingsStore, tmp_path: Path
) -> Iterator[Desk]:
    made = Desk(Models(tmp_path / "models", session, jobs, store))
    yield made
    made.sheets.shutdown()
    made.window.close()
    made.window.deleteLater()


def test_a_frozen_app_says_how_to_train(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.frozen", True, raising=False)
    desk.sheets.open()
    assert f"{start_command()} train" in desk.words()


def test_without_torch_it_offers_to_install_it(qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_sheet, "NEEDED_MODULE", "no_such_module")
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # whatever is wanted is not found, so that nothing is installed here
    monkeypatch.setattr(training_sheet, "extra_requirements", lambda: ("no_such_part_of_moodreel",))
    desk.sheets.open()
    assert "1 to 3 GB" in desk.words()
    QTest.mouseClick(desk.button("Install"), Qt.MouseButton.LeftButton)
    assert desk.sheets.setup.is_running
    assert desk.sheets.sheet is not None
    with qtbot.waitSignal(desk.sheets.setup.failed, timeout=30_000):
        pass
    shown = [sheet for sheet in desk.window.findChildren(Sheet) if sheet.isVisible()]
    assert any("A part was not found" in sheet.accessibleName() for sheet in shown)


def test_start_wants_photos_and_songs(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_sheet, "NEEDED_MODULE", "numpy")
    desk.sheets.open()
    assert all(corpus.title in desk.words() for corpus in CORPORA)
    assert not desk.button("Start").isEnabled()
    photos, songs = tmp_path / "My OASIS", tmp_path / "My DEAM"
    for title, folder in (("OASIS", photos), ("DEAM", songs)):
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_, folder=folder: str(folder))
        QTest.mouseClick(desk.button(f"Choose {title}"), Qt.MouseButton.LeftButton)
    assert "My OASIS" in desk.words()
    assert desk.button("Start").isEnabled()
    assert desk.sheets.chosen == {"oasis": photos, "deam": songs}


def test_other_data_begin_another_run(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Path] = []
    monkeypatch.setattr(desk.sheets.training, "start", lambda *_, run, **__: runs.append(run))
    for photos in ("one", "two", "one"):
        desk.sheets.chosen = {"deam": tmp_path / "songs", "oasis": tmp_path / photos}
        desk.sheets.start()
    assert runs[0] == runs[2] != runs[1]


def test_a_run_that_ended_in_a_model_is_not_gone_on_with(qtbot: QtBot, tmp_path: Path) -> None:
    training = FullTraining()
    run = tmp_path / "run"
    run.mkdir()
    (run / "checkpoint.pt").write_bytes(b"epochs")
    with qtbot.waitSignal(training.stopped, timeout=30_000):
        training.start({}, run=run, cache=tmp_path / "cache", dest=tmp_path / "models" / "new")
        training.stop()
    assert (run / "checkpoint.pt").is_file()
    training._waiting.clear()
    with qtbot.waitSignal(training.finished):
        training._on_ended(Ending("done"))
    assert not run.exists()
