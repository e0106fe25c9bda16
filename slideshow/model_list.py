"""The list of models: what each has learnt from, when, whether it is in use, and the way back to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from slideshow import theme
from slideshow.buttons import Button, IconButton
from slideshow.labels import Label
from slideshow.model_files import Model
from slideshow.photo_words import MONTHS
from slideshow.theme import FontStyle

ROW_PX = 56
TRIM_PX = 12
"""Of a bare button's padding, where room is scarce."""
JUST_NOW_S = 120


def time_words(made: datetime | None, now: datetime) -> str:
    """Say when: "Just now", "Today, 14:05", "3 October", "12 August 2025"; "" where it is not known."""
    if made is None:
        return ""
    if 0 <= (now - made).total_seconds() < JUST_NOW_S:
        return "Just now"
    if made.date() == now.date():
        return f"Today, {made:%H:%M}"
    year = f" {made.year}" if made.year != now.year else ""
    return f"{made.day} {MONTHS[made.month - 1]}{year}"


class ModelList(QWidget):
    """Rows of models. Says what is asked for; does nothing itself."""

    use_asked = Signal(object)
    """The Model to go back to."""
    delete_asked = Signal(object)
    """The Model to delete."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Models")
        self.rows: tuple[ModelRow, ...] = ()
        self._is_locked = False
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    def show_models(self, models: Sequence[Model], *, now: datetime | None = None, coming: Model | None = None) -> None:
        """Show the models; the one that is being taken into use says so."""
        when = now if now is not None else datetime.now().astimezone()
        focused = next((row.model.path for row in self.rows if row.has_focus), None)
        for row in self.rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = tuple(
            ModelRow(model, when, is_coming=coming is not None and coming.id == model.id) for model in models
        )
        for row in self.rows:
            row.use.clicked.connect(lambda _=False, model=row.model: self.use_asked.emit(model))
            row.remove.clicked.connect(lambda _=False, model=row.model: self.delete_asked.emit(model))
            row.lock(is_locked=self._is_locked)
            self._column.addWidget(row)
            if row.model.path == focused:
                row.take_focus()

    def lock(self, *, is_locked: bool) -> None:
        """Let no model be chosen while one is being made or taken into use."""
        self._is_locked = is_locked
        for row in self.rows:
            row.lock(is_locked=is_locked)


class ModelRow(QWidget):
    """One model: name and date, and at the right what it is or the way back to it."""

    def __init__(self, model: Model, now: datetime, *, is_coming: bool = False) -> None:
        super().__init__()
        self.model = model
        on_trial = model.state == "on trial"
        name = f"New, {model.name[0].lower()}{model.name[1:]}" if on_trial else model.name
        said = "Came with Moodreel" if model.is_original else time_words(model.created, now)
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addStretch(1)
        texts.addWidget(Label(name, "strong", is_cut_at_end=True))
        if said:
            texts.addWidget(Label(said, "caption", "text_3", is_cut_at_end=True))
        texts.addStretch(1)
        words = "Go back to this" if model.n_ratings or model.is_original else "Use this"
        self.use = Button(words, "bare", icon="rotate-ccw")
        self.use.setAccessibleName(f"{words}: {name}")
        self.remove = IconButton("trash-2", f"Delete: {name}", icon_px=16)
        self.state = _State(_state_words(model, is_coming=is_coming))
        is_kept = model.state == "kept" and not is_coming
        self.use.setVisible(is_kept)
        self.remove.setVisible(not model.is_original and (is_kept or model.state == "damaged"))
        self.state.setVisible(bool(self.state.words))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 5)
        row.setSpacing(0)
        row.addLayout(texts, 1)
        row.addWidget(self.state)
        row.addWidget(self.use)
        row.addWidget(self.remove)
        self.setAccessibleName(", ".join(part for part in (name, said, self.state.words) if part))
        if model.problem:
            self.setToolTip(f"It cannot be used: {model.problem}.")
        self._name, self._said = name, said
        self._fit()

    @property
    def has_focus(self) -> bool:
        """Whether one of its buttons has the focus."""
        return self.use.hasFocus() or self.remove.hasFocus()

    def take_focus(self) -> None:
        """Give the focus to its first button, if it has one."""
        for button in (self.use, self.remove):
            if not button.isHidden():
                button.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    def lock(self, *, is_locked: bool) -> None:
        """Let its buttons rest."""
        self.use.setEnabled(not is_locked)
        self.remove.setEnabled(not is_locked)

    def _fit(self) -> None:
        """Let the way back show its icon alone where its words would cut the name."""
        self.setMinimumHeight(theme.scaled_px(ROW_PX))
        if self.use.isHidden():
            return
        lines: tuple[tuple[FontStyle, str], ...] = (("strong", self._name), ("caption", self._said))
        name_px = max(QFontMetrics(theme.font(style)).horizontalAdvance(text) for style, text in lines) + 4
        removal_px = 0 if self.remove.isHidden() else self.remove.width()
        words_px = self.use.sizeHint().width() + (self.use.word_px if self.use.is_wordless else 0) - TRIM_PX
        self.use.set_wordless(is_wordless=name_px + words_px + removal_px > self.width() > 0)
        self.use.setFixedWidth(self.use.sizeHint().width() if self.use.is_wordless else words_px)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._fit()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(theme.current().line))
        painter.end()


def _state_words(model: Model, *, is_coming: bool) -> str:
    if is_coming:
        return "Getting ready"
    return {"in use": "In use", "on trial": "On trial", "damaged": "Damaged", "kept": ""}[model.state]


class _State(QWidget):
    """A dot and a word in a tone of state."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(14 + QFontMetrics(theme.font("label")).horizontalAdvance(self.words) + 2, theme.line_px("label"))

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        colour = QColor({"In use": t.ok, "Damaged": t.danger}.get(self.words, t.warn))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.setFont(theme.font("label"))
        text_px = painter.fontMetrics().horizontalAdvance(self.words)
        left = self.width() - text_px - 14
        painter.drawEllipse(QRectF(left, self.height() / 2 - 3, 6, 6))
        painter.setPen(colour)
        painter.drawText(QRectF(left + 14, 0, text_px + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, self.words)
        painter.end()
