"""The panel beside Teach: what was taught, a retraining from start to report, adopting or discarding it, the models."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from engine.errors import EngineError
from engine.progress import Progress
from slideshow import sheets, theme
from slideshow.buttons import PADDING_PX, Button, Kind
from slideshow.labels import Label
from slideshow.messages import count_of, message_of
from slideshow.model_files import Model
from slideshow.model_list import ModelList
from slideshow.models import Models
from slideshow.progress_bar import ProgressBar
from slideshow.retrain_measures import MovesView, ReportView
from slideshow.retrain_parts import PrivacyNote, SignedTitle
from slideshow.retrain_report import TrainingReport, report_of
from slideshow.retraining import Fault, Retrained, Retraining, Step
from slideshow.session import Session
from slideshow.surfaces import Rule
from slideshow.taught_words import can_learn, taught_words
from slideshow.thumbnails import Thumbnails

if TYPE_CHECKING:
    from slideshow.teaching import Teaching

State = Literal["idle", "running", "stopping", "report", "adopting", "adopted", "stopped", "failed"]

MARGIN_PX = 24


class RetrainPanel(QWidget):
    """Lives beside the page of Teach; 320 px wide, scrolled by whoever holds it."""

    folder_wanted = Signal()
    """A model from elsewhere is to be opened."""
    training_wanted = Signal()
    """A model is to be trained from the person's own data."""
    part_wanted = Signal(str)
    """The Python module that is missing is to be installed."""

    def __init__(
        self,
        session: Session,
        teaching: Teaching,
        models: Models,
        thumbnails: Thumbnails,
        *,
        retraining: Retraining | None = None,
    ) -> None:
        super().__init__()
        self._session, self._teaching, self._models, self._thumbnails = session, teaching, models, thumbnails
        self.retraining = retraining if retraining is not None else Retraining(self)
        self.state: State = "idle"
        self.fault: Fault | None = None
        self._trial: Model | None = None
        self._waits_for: Retrained | None = None
        self.setAccessibleName("Retrain")
        self._when = Label("", "caption", "text_3")
        self._body_place = QVBoxLayout()
        self._body: QWidget | None = None
        self.buttons: dict[str, Button] = {}
        """The buttons of the present state by their words."""
        self.bar = ProgressBar()
        self.doing, self.share = Label("", "body", "text_2", is_cut_at_end=True), Label("", "label", "text_2")
        self.report_view: ReportView | None = None
        self.moves_view: MovesView | None = None
        self.list = ModelList()
        self.open_folder = Button("Open a model folder…", "bare", icon="folder")
        self.train = Button("Train with your own data…", "bare", icon="layers")
        self._lay_out()
        self._connect()
        self._show_idle()
        self._show_models()

    def shutdown(self) -> None:
        """End what runs."""
        self.retraining.shutdown()

    # Building

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Label("Retrain", "heading"))
        head.addStretch(1)
        head.addWidget(self._when)
        column = QVBoxLayout()
        column.setContentsMargins(MARGIN_PX, 0, MARGIN_PX, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addSpacing(16)
        column.addLayout(self._body_place)
        column.addSpacing(32)
        column.addWidget(Label("Models", "heading"))
        column.addSpacing(12)
        column.addWidget(Rule())
        column.addWidget(self.list)
        links = QVBoxLayout()
        links.setContentsMargins(MARGIN_PX - PADDING_PX, 12, 0, 24)  # their words stand in line with the others
        links.setSpacing(0)
        for button in (self.open_folder, self.train):
            links.addWidget(button)
        footer = QVBoxLayout()
        footer.setContentsMargins(MARGIN_PX, 0, MARGIN_PX, 0)
        footer.addWidget(PrivacyNote())
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 24, 0, 20)
        whole.setSpacing(0)
        whole.addLayout(column)
        whole.addLayout(links)
        whole.addStretch(1)
        whole.addLayout(footer)

    def _connect(self) -> None:
        self._teaching.changed.connect(self._on_taught)
        self._models.changed.connect(self._on_models)
        self._models.adopted.connect(self._on_adopted)
        self._models.failed.connect(self._on_model_failed)
        self._session.bundle_progressed.connect(self._on_change_progress)
        retraining = self.retraining
        retraining.progressed.connect(self._on_step)
        retraining.finished.connect(self._on_finished)
        retraining.stopped.connect(self._on_stopped)
        retraining.failed.connect(self._on_failed)
        self.list.use_asked.connect(self._models.use)
        self.list.delete_asked.connect(self.ask_to_delete)
        self.open_folder.clicked.connect(self.folder_wanted)
        self.train.clicked.connect(self.training_wanted)

    def _set_body(self, state: State, *parts: QWidget | int) -> None:
        """Show a state: widgets from above, and the px between them."""
        had_focus = self._body is not None and self._body.isAncestorOf(self.focusWidget() or self)
        if self._body is not None:
            for kept in (self.bar, self.doing, self.share):
                if self._body.isAncestorOf(kept):
                    kept.setParent(None)
            self._body_place.removeWidget(self._body)
            self._body.hide()
            self._body.deleteLater()
        self.state = state
        self._body = QWidget()
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in parts:
            if isinstance(part, int):
                column.addSpacing(part)
            else:
                column.addWidget(part)
                part.show()
        self._body_place.addWidget(self._body)
        self._body.show()
        self.list.lock(is_locked=state in ("running", "stopping", "adopting"))
        if had_focus and self.buttons:
            next(iter(self.buttons.values())).setFocus(Qt.FocusReason.OtherFocusReason)

    def _row(self, *buttons: tuple[str, Kind, Callable[[], object]], is_wide: bool = False) -> QWidget:
        """Buttons side by side; they are the state's own."""
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.buttons = {}
        for words, kind, act in buttons:
            button = Button(words, kind)
            button.clicked.connect(lambda _=False, act=act: act())
            if is_wide:
                button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            row.addWidget(button)
            self.buttons[words] = button
        if not is_wide:
            row.addStretch(1)
        return whole

    # What was taught

    def _on_taught(self) -> None:
        if self.state in ("idle", "stopped", "adopted", "failed"):
            self._show_idle()

    def _taught(self) -> tuple[int, int, int]:
        """How many ratings, comparisons and marks there are."""
        now = self._teaching.now
        return len(now.ratings), len(now.comparisons), len(now.marks)

    def _show_idle(self) -> None:
        self._when.setText("")
        text = _text(taught_words(*self._taught()))
        row = self._row(("Start", "main", self.start))
        self.buttons["Start"].setEnabled(can_learn(*self._taught()))
        self._set_body("idle", text, 16, row)

    # A retraining

    def start(self) -> None:
        """Begin a retraining with all that was taught."""
        session = self._session
        if session.library is None or session.encoders is None or self.retraining.is_running:
            return
        if not can_learn(*self._taught()):
            return
        place = self._models.new_place(self._teaching.n_ratings)
        self._show_running("running", self._row(("Stop", "outlined", self.stop)))
        self.retraining.start(session.bundle_path, session.library.path, place)

    def stop(self) -> None:
        """Stop the retraining; nothing is left of it."""
        self._show_running("stopping", self._row())
        self.doing.setText("Stopping")
        self.retraining.stop()

    def _show_running(self, state: State, row: QWidget) -> None:
        self._when.setText("")
        line = QWidget()
        words = QHBoxLayout(line)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(8)
        words.addWidget(self.doing, 1)
        self.share.setMinimumWidth(QFontMetrics(theme.font("label")).horizontalAdvance("100%") + 2)
        self.share.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        words.addWidget(self.share)
        for part in (self.doing, self.share):
            part.show()
        self._set_body(state, line, 8, self.bar, 16, row)

    def _say(self, words: str, share: float) -> None:
        self.doing.setText(words)
        self.share.setText(f"{int(100 * share)}%")
        self.bar.set_share(share)
        self.bar.setAccessibleName(f"{words}, {int(100 * share)}%")

    def _on_step(self, step: Step) -> None:
        if self.state == "running":
            self._say(step.words, step.share)

    def _on_finished(self, made: Retrained) -> None:
        self._waits_for = made
        self._models.put_on_trial(made)

    def _on_stopped(self) -> None:
        self._show_result("stopped", "Stopped. Nothing was changed.", None, ("Start again", "outlined", self.start))

    def _on_failed(self, fault: Fault) -> None:
        self.fault = fault
        details: tuple[str, Kind, Callable[[], object]] = ("Details", "bare", self._show_details)
        again: tuple[str, Kind, Callable[[], object]] = ("Try again", "outlined", self.start)
        if fault.part:
            again = ("Install it", "main", self._install)
        shown = (again, details) if fault.details else (again,)
        self._show_result("failed", fault.text, fault.title, *shown)

    def _show_result(
        self, state: State, text: str, title: str | None, *buttons: tuple[str, Kind, Callable[[], object]]
    ) -> None:
        self._when.setText("")
        head: tuple[QWidget | int, ...] = (SignedTitle("circle-alert", title, "danger"), 8) if title else ()
        self._set_body(state, *head, _text(text), 16, self._row(*buttons))

    def _show_details(self) -> None:
        if self.fault is not None:
            sheets.show_details(self.window(), title=self.fault.title, text=self.fault.text, details=self.fault.details)

    def _install(self) -> None:
        if self.fault is not None:
            self.part_wanted.emit(self.fault.part)

    # The report

    def _show_report(self, trial: Model) -> None:
        report = report_of(trial.report or {})
        if report is None:
            return
        self._trial = trial
        self._when.setText(f"finished in {round(trial.seconds)} seconds" if trial.seconds >= 1 else "")
        self.report_view = ReportView(report)
        self.moves_view = self._moves(report, have_moved=False)
        kinds: tuple[Kind, Kind] = ("main", "outlined") if report.is_better else ("outlined", "outlined")
        row = self._row(
            ("Adopt", kinds[0], self.adopt), ("Discard", kinds[1], self.ask_to_discard), is_wide=True
        )  # fmt: skip
        self._set_body("report", self.report_view, 20, row, self.moves_view)

    def _moves(self, report: TrainingReport, *, have_moved: bool) -> MovesView:
        catalog = self._session.whole_catalog
        photos = {photo.content_hash: photo for photo in catalog.photos} if catalog is not None else {}
        return MovesView(report, photos, self._thumbnails, have_moved=have_moved)

    def adopt(self) -> None:
        """Take the new model into use."""
        if self._trial is not None:
            self._models.use(self._trial)

    def ask_to_discard(self) -> None:
        """Ask whether to delete the new model; the ratings are kept."""
        trial = self._trial
        if trial is None:
            return
        n = self._teaching.n_ratings
        kept = f"Your {count_of(n, 'rating')} {'is' if n == 1 else 'are'} kept." if n else "What you taught is kept."
        sheets.ask(
            self.window(),
            question="Discard the new model?",
            text=f"{kept} You can train again later.",
            verb="Discard",
            act=self._discard,
        )

    def _discard(self) -> None:
        if self._trial is not None:
            trial, self._trial = self._trial, None
            self._show_idle()
            self._models.delete(trial)

    def ask_to_delete(self, model: Model) -> None:
        """Ask whether to delete a model of the list."""
        sheets.ask(
            self.window(),
            question=f"Delete the model “{model.name}”?",
            text="It cannot be brought back. Your ratings are kept, and a new model can learn from them.",
            verb="Delete",
            act=lambda: self._models.delete(model),
        )

    # Models

    def _on_models(self) -> None:
        self._show_models()
        trial = self._models.on_trial
        made = self._waits_for
        if made is not None and trial is not None and trial.path == made.path:
            self._waits_for = None
            self._show_report(trial)
        elif self._models.coming is not None:
            if self.state != "adopting":
                self._show_running("adopting", self._row(("Stop", "outlined", self._models.stay)))
                self._say("Opening the model", 0.0)
        elif self.state == "adopting":
            self._show_present(trial)
        elif self.state == "idle" and trial is not None and trial.report is not None:
            self._show_report(trial)
        elif self.state == "report" and trial is None:
            self._show_idle()

    def _show_present(self, trial: Model | None) -> None:
        if trial is not None and trial.report is not None:
            self._show_report(trial)
        else:
            self._show_idle()

    def _show_models(self) -> None:
        self.list.show_models(self._models.all, coming=self._models.coming)

    def _on_change_progress(self, progress: Progress) -> None:
        if self.state != "adopting":
            return
        share = progress.done / progress.total if progress.total else 0.0
        words = "Fitting your photos to it" if progress.stage == "rehead" else "Looking at your photos anew"
        self._say(words, share)

    def _on_adopted(self, now: Model, before: Model) -> None:
        trial, self._trial = self._trial, None
        text = (
            "The original is in use again." if now.is_original else f"The model {_quoted(now)} is in use. "
            "Every photo has its new place."
        )  # fmt: skip
        back: tuple[str, Kind, Callable[[], object]] = (
            "Undo" if now.is_original else "Go back", "outlined", lambda: self._models.use(before),
        )  # fmt: skip
        again: tuple[str, Kind, Callable[[], object]] = ("Train again", "bare", self._show_idle)
        self._when.setText("")
        buttons = (again,) if before.id == now.id else (back, again)
        parts: tuple[QWidget | int, ...] = (_text(text), 16, self._row(*buttons))
        report = report_of(trial.report or {}) if trial is not None and trial.id == now.id else None
        if report is not None:
            self.moves_view = self._moves(report, have_moved=True)  # now that the photos have moved they are looked at
            parts = (*parts, self.moves_view)
        self._set_body("adopted", SignedTitle("circle-check", "Done", "ok"), 8, *parts)

    def _on_model_failed(self, error: Exception) -> None:
        if not isinstance(error, EngineError):
            self._session.failed.emit(error)
            return
        message = message_of(error)
        self.fault = Fault(message.title, message.text, message.details)
        self._show_result("failed", message.text, message.title, ("Close", "outlined", self._close_fault))

    def _close_fault(self) -> None:
        self._show_present(self._models.on_trial)


def _quoted(model: Model) -> str:
    return f"“{model.name}”"


def _text(text: str) -> Label:
    return Label(text, "body", "text_2", is_wrapped=True)
