"""What retraining asks of the window: a model's folder chosen, notices of which model is in use, parts installed."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from slideshow.model_files import Model
from slideshow.models import Models
from slideshow.retrain_panel import RetrainPanel
from slideshow.session import Session
from slideshow.teaching import Teaching
from slideshow.thumbnails import Thumbnails
from slideshow.toasts import Toasts
from slideshow.training_sheet import TrainingSheets


class RetrainCare(QObject):
    """Owns the panel and acts for it."""

    def __init__(
        self,
        window: QWidget,
        session: Session,
        teaching: Teaching,
        models: Models,
        toasts: Toasts,
        thumbnails: Thumbnails,
    ) -> None:
        super().__init__(window)
        self._window, self._models, self._toasts = window, models, toasts
        self.panel = RetrainPanel(session, teaching, models, thumbnails)
        self.training = TrainingSheets(window, models, toasts)
        self.panel.folder_wanted.connect(self.choose_folder)
        self.panel.training_wanted.connect(self.training.open)
        self.panel.part_wanted.connect(self.training.install_part)
        models.adopted.connect(self._on_adopted)
        models.lost.connect(self._on_lost)

    def shutdown(self) -> None:
        """End what runs."""
        self.panel.shutdown()
        self.training.shutdown()

    def choose_folder(self) -> None:
        """Let the person pick a model's folder, which joins the list."""
        chosen = QFileDialog.getExistingDirectory(self._window, "Open a model folder")
        if chosen:
            self._models.add_folder(Path(chosen))

    def _on_adopted(self, now: Model, before: Model) -> None:
        words = "The original model is in use." if now.is_original else f"The model “{now.name}” is in use."
        if before.id == now.id:
            self._toasts.show(words, icon="circle-check", tone="ok")
        else:
            back = partial(self._models.use, before)
            action = "Undo" if now.is_original else "Go back"
            self._toasts.show(words, icon="circle-check", tone="ok", action=action, on_action=back)

    def _on_lost(self, sentence: str) -> None:
        self._toasts.show(sentence, icon="triangle-alert", tone="warn")
