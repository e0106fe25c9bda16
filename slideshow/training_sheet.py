"""The sheets of a whole training: what it needs installed, which corpora, how far it is, done or failed."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from slideshow import sheets, theme
from slideshow.buttons import Button
from slideshow.child_process import is_frozen
from slideshow.extra_setup import ExtraSetup, extra_requirements, is_installed, requirement_of
from slideshow.full_training import CORPORA, Corpus, FullTraining
from slideshow.labels import Label
from slideshow.messages import name_of, start_command
from slideshow.models import Models
from slideshow.progress_bar import ProgressBar
from slideshow.retraining import Fault, Step
from slideshow.sheets import Sheet
from slideshow.toasts import Toasts

NEEDED_MODULE = "torch"
HOW_TO_TRAIN = f"{start_command()} train"


class TrainingSheets(QObject):
    """Opens the sheet that suits; what runs goes on while no sheet is open."""

    def __init__(self, window: QWidget, models: Models, toasts: Toasts) -> None:
        super().__init__(window)
        self._window, self._models, self._toasts = window, models, toasts
        self.setup = ExtraSetup(self)
        self.training = FullTraining(self)
        self.sheet: Sheet | None = None
        self.chosen: dict[str, Path] = {}
        self.rows: dict[str, Label] = {}
        self._start: Button | None = None
        self._doing, self._bar = Label(""), ProgressBar()
        self._is_part_only = False
        for source in (self.setup, self.training):
            source.progressed.connect(self._on_step)
            source.failed.connect(self._on_failed)
        self.setup.finished.connect(self._on_installed)
        self.setup.stopped.connect(self._on_setup_stopped)
        self.training.finished.connect(self._on_trained)
        self.training.stopped.connect(self._on_training_stopped)

    def shutdown(self) -> None:
        """End what runs; a training goes on from its last epoch another time."""
        self.setup.shutdown()
        self.training.shutdown()

    def open(self) -> None:
        """Open what suits: the progress of what runs, what is missing, or the choice of corpora."""
        if self.setup.is_running or self.training.is_running:
            self._show_progress()
        elif is_frozen():
            self._show_frozen()
        elif not is_installed(NEEDED_MODULE):
            self._show_missing()
        else:
            self._show_corpora()

    def install_part(self, module: str) -> None:
        """Install one part that retraining lacks."""
        if not self.setup.is_running:
            self._is_part_only = True
            self.setup.start(requirement_of(module))
        self._show_progress()

    # Sheets

    def _open(self, title: str) -> Sheet:
        if self.sheet is not None:
            self.sheet.close()
        sheet = Sheet(self._window, title)
        sheet.closed.connect(partial(self._on_closed, sheet))
        self.sheet = sheet
        return sheet

    def _on_closed(self, sheet: Sheet) -> None:
        if self.sheet is sheet:
            self.sheet = None

    def _show_frozen(self) -> None:
        sheet = self._open("This edition cannot train")
        sheet.add_text(
            f"It comes without Python. In a copy of Moodreel’s source, “{HOW_TO_TRAIN}” sets up what training needs; "
            "train there, and open the new model’s folder here."
        )
        sheet.add_button("Close", "main", is_safe=True)
        sheet.open()

    def _show_missing(self) -> None:
        sheet = self._open("Training needs more parts")
        sheet.add_text(
            "PyTorch and what goes with it are not installed. They take 1 to 3 GB, go into Moodreel’s own Python, and "
            "change nothing else. Learning from your ratings works without them."
        )
        sheet.add_button("Cancel", "outlined", is_safe=True)
        sheet.add_button("Install", "main", self.install)
        sheet.open()

    def install(self) -> None:
        """Install what training needs."""
        self._is_part_only = False
        self.setup.start(extra_requirements())
        self._show_progress()

    def _show_corpora(self) -> None:
        sheet = self._open("Train with your own data")
        sheet.add_text(
            "Choose at least one collection of rated photos and one of rated songs. Training may take hours; you can "
            "stop at any time and go on later."
        )
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(4)
        self.rows = {}
        for corpus in CORPORA:
            column.addWidget(self._corpus_row(corpus))
        sheet.add_body(body)
        sheet.add_button("Cancel", "outlined", is_safe=True)
        self._start = sheet.add_button("Start", "main", self.start)
        self._show_chosen()
        sheet.open()

    def _corpus_row(self, corpus: Corpus) -> QWidget:
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addStretch(1)
        texts.addWidget(Label(corpus.title, "strong"))
        said = self.rows[corpus.option] = Label(corpus.holds, "caption", "text_3", is_elided=True)
        texts.addWidget(said)
        texts.addStretch(1)
        row.addLayout(texts, 1)
        button = Button("Choose…")
        button.setAccessibleName(f"Choose {corpus.title}")
        button.clicked.connect(lambda _=False: self._choose(corpus))
        row.addWidget(button)
        whole.setMinimumHeight(theme.scaled_px(44))
        return whole

    def _choose(self, corpus: Corpus) -> None:
        if corpus.is_file:
            chosen, _ = QFileDialog.getOpenFileName(self._window, corpus.title, "", "Tables (*.csv)")
        else:
            chosen = QFileDialog.getExistingDirectory(self._window, corpus.title)
        if chosen:
            self.chosen[corpus.option] = Path(chosen)
            self._show_chosen()

    def _show_chosen(self) -> None:
        for option, path in self.chosen.items():
            self.rows[option].setText(name_of(path))
            self.rows[option].set_tone("text_2")
        kinds = {corpus.kind for corpus in CORPORA if corpus.option in self.chosen}
        if self._start is not None:
            self._start.setEnabled(kinds == {"photos", "songs"})

    def start(self) -> None:
        """Train on what was chosen."""
        place = self._models.folder.with_name("training")
        dest = self._models.new_place()
        # A run that was stopped is gone on with, but never on other data than it was begun with.
        said = "\n".join(f"{option} {path}" for option, path in sorted(self.chosen.items()))
        run = f"run {hashlib.sha256(os.fsencode(said)).hexdigest()[:12]}"
        self.training.start(self.chosen, run=place / run, cache=place / "cache", dest=dest)
        self._show_progress()

    # Progress and ends

    def _show_progress(self) -> None:
        is_setup = self.setup.is_running
        sheet = self._open("Installing" if is_setup else "Training a model")
        self._doing = Label("Getting ready", "body", "text_2", is_elided=True)
        self._bar = ProgressBar()
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._doing)
        column.addWidget(self._bar)
        sheet.add_body(body)
        sheet.add_button("Stop", "outlined", self.setup.stop if is_setup else self.training.stop)
        sheet.add_button("Keep working", "main", is_safe=True)
        if not is_setup:
            self._on_step(self.training.step)
        sheet.open()

    def _on_step(self, step: Step) -> None:
        if self.sheet is not None:
            self._doing.setText(step.words)
            self._bar.set_share(step.share)

    def _end(self) -> bool:
        """Close the sheet of what has ended; whether one was open."""
        was_open = self.sheet is not None
        if self.sheet is not None:
            self.sheet.close()
        return was_open

    def _on_installed(self) -> None:
        was_open = self._end()
        if self._is_part_only or not was_open:
            self._toasts.show("The missing parts are installed.", icon="circle-check", tone="ok")
        else:
            self.open()

    def _on_setup_stopped(self) -> None:
        self._end()
        self._toasts.show("The installation was stopped. Nothing else was changed.", icon="info")

    def _on_training_stopped(self) -> None:
        self._end()
        self._toasts.show("Training was stopped. Start it again to go on from here.", icon="info")

    def _on_trained(self, _: Path) -> None:
        self._end()
        self._models.refresh()
        self._toasts.show("The new model is in the list of models.", icon="circle-check", tone="ok")

    def _on_failed(self, fault: Fault) -> None:
        self._end()
        sheets.show_details(self._window, title=fault.title, text=fault.text, details=fault.details)
