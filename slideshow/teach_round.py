"""A short round of pairs: which of two photos feels calmer, or happier? Twenty questions, then it rests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from slideshow import theme
from slideshow.buttons import Button
from slideshow.focus_ring import show_ring
from slideshow.icons import paint_icon
from slideshow.labels import Label
from slideshow.messages import count_of
from slideshow.teach_asking import AskedPair
from slideshow.teach_photo import PairPhoto
from slideshow.thumbnails import Thumbnails

if TYPE_CHECKING:
    from engine.ratings import Answer, Question

N_QUESTIONS = 20
A_BATCH = 5
"""The question changes only every so many pairs: changing each time would tire."""

QUESTIONS: dict[Question, str] = {"calmer": "Which feels calmer?", "happier": "Which feels happier?"}
SHOWN_MS = 240
"""So long the chosen photo keeps its ring before the next pair comes."""

CAP_PX = 24


def question_at(number: int) -> Question:
    """What the n-th pair of a round is asked, from 0 on."""
    return "calmer" if number // A_BATCH % 2 == 0 else "happier"


class KeyButton(Button):
    """A bare button with the key that does the same, as a cap before or behind its word."""

    def __init__(self, text: str, icon: str, *, is_cap_behind: bool = False) -> None:
        super().__init__(text, "bare", is_bright=True)
        self._cap = icon
        self._is_cap_behind = is_cap_behind
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint() + QSize(CAP_PX + 8, 0)

    def minimumSizeHint(self) -> QSize:
        words = QFontMetrics(theme.font("strong")).horizontalAdvance(self.text()) + 2
        return QSize(words + 16, super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        surface, _, ink = self._colours(t)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(surface if surface is not None else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()), theme.RADIUS_BUTTON, theme.RADIUS_BUTTON)
        words = QRectF(self.rect()).adjusted(8, 0, -8, 0)
        if self.width() >= self.sizeHint().width():  # a small window with large text has no room for the key
            left = self.width() - 8 - CAP_PX if self._is_cap_behind else 8
            cap = QRectF(left, (self.height() - 20) / 2, CAP_PX, 20)
            painter.setPen(QPen(QColor(t.line_2), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
            paint_icon(painter, QRectF(cap.center().x() - 6, cap.center().y() - 6, 12, 12), self._cap, t.text_2)
            side = CAP_PX + 8
            words = words.adjusted(0, 0, -side, 0) if self._is_cap_behind else words.adjusted(side, 0, 0, 0)
        painter.setPen(ink)
        painter.setFont(theme.font("strong"))
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, self.text())
        painter.end()


class TeachRound(QWidget):
    """Shows pairs and tells the answers; `TeachPage` brings the pairs. The arrows answer while it has the focus."""

    answered = Signal(object, str)
    """The AskedPair, and "first", "second" or "same"."""
    begun = Signal()
    """Another round is wanted."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pair: AskedPair | None = None
        self._n_answered = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Comparing photos")
        self.heading = Label(QUESTIONS["calmer"], "heading")
        self.count = Label("", "body", "text_3")
        self.first, self.second = PairPhoto(thumbnails), PairPhoto(thumbnails)
        self.choose_first = KeyButton("This one", "arrow-left")
        self.same = KeyButton("About the same", "arrow-down")
        self.choose_second = KeyButton("This one", "arrow-right", is_cap_behind=True)
        self.choose_first.setAccessibleName("The left photo")
        self.choose_second.setAccessibleName("The right photo")
        self.rest_words = Label("", "body", "text_2", is_wrapped=True)
        self.rest_words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.again = Button("Another round")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.timeout.connect(self._tell)
        self._answer: Answer = "same"
        for button, answer in (
            (self.first, "first"), (self.choose_first, "first"), (self.same, "same"),
            (self.second, "second"), (self.choose_second, "second"),
        ):  # fmt: skip
            button.setProperty("answer", answer)
            button.clicked.connect(self._on_clicked)
        self.again.clicked.connect(self.start)
        self._lay_out()
        self.set_pair(None)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.heading)
        head.addStretch(1)
        head.addWidget(self.count)
        pair = QHBoxLayout()
        pair.setSpacing(16)
        pair.addWidget(self.first, 1)
        pair.addWidget(self.second, 1)
        foot = QHBoxLayout()
        foot.addWidget(self.choose_first)
        foot.addStretch(1)
        foot.addWidget(self.same)
        foot.addStretch(1)
        foot.addWidget(self.choose_second)
        asking = QWidget()
        column = QVBoxLayout(asking)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(pair, 1)
        column.addLayout(foot)
        resting = QWidget()
        column = QVBoxLayout(resting)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(12)
        column.addStretch(1)
        column.addWidget(self.rest_words)
        column.addWidget(self.again, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self._asking, self._resting = asking, resting
        self._stack = QStackedLayout()
        self._stack.addWidget(asking)
        self._stack.addWidget(resting)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(12)
        whole.addLayout(head)
        whole.addLayout(self._stack, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    # What is shown

    @property
    def pair(self) -> AskedPair | None:
        """The pair that is asked about."""
        return self._pair

    @property
    def n_answered(self) -> int:
        """Answers of this round."""
        return self._n_answered

    @property
    def is_over(self) -> bool:
        """Whether the round rests."""
        return self._n_answered >= N_QUESTIONS

    @property
    def question(self) -> Question:
        """What is asked of the next pair."""
        return question_at(self._n_answered)

    @property
    def is_telling(self) -> bool:
        """Whether an answer was just given and the next pair is still to come."""
        return self._pause.isActive()

    def set_pair(self, pair: AskedPair | None, *, is_looking: bool = False) -> None:
        """Ask about a pair; None where there is none, or none yet while it is looked for."""
        self._pause.stop()
        self._pair = None if self.is_over else pair
        question = QUESTIONS[pair.question if pair is not None else self.question]
        self.heading.setText(question)
        for widget, photo in (
            (self.first, self._pair.first if self._pair else None),
            (self.second, self._pair.second if self._pair else None),
        ):
            widget.set_photo(photo, question=question)
        for button in (self.choose_first, self.same, self.choose_second):
            button.setEnabled(self._pair is not None)
        if self._pair is not None or (is_looking and not self.is_over):
            self._stack.setCurrentWidget(self._asking)
            self.count.setText(f"Round {self._n_answered + 1} of {N_QUESTIONS}")
        else:
            self._rest()
        self.setAccessibleDescription(f"{question} {self.count.text()}.")

    def _rest(self) -> None:
        if self.is_over:
            self.rest_words.setText(
                f"That was a round: {count_of(N_QUESTIONS, 'answer')} kept. A rest does the eye good."
            )
        else:
            self.rest_words.setText("There is no pair to compare just now. More photos bring more of them.")
        self.again.setVisible(self.is_over)
        self.count.setText("")
        self._stack.setCurrentWidget(self._resting)

    def start(self) -> None:
        """Begin a round."""
        self._n_answered = 0
        self.set_pair(None, is_looking=True)
        self.begun.emit()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    # Answers

    def answer(self, answer: Answer) -> None:
        """Answer; the ring shows which it was before the next pair comes."""
        if self._pair is None or self._pause.isActive():
            return
        self._answer = answer
        self.first.set_chosen(is_chosen=answer in ("first", "same"))
        self.second.set_chosen(is_chosen=answer in ("second", "same"))
        self._pause.start(SHOWN_MS)

    def _tell(self) -> None:
        pair = self._pair
        if pair is None:
            return
        self._n_answered += 1
        self._pair = None
        self.answered.emit(pair, self._answer)

    def take_back(self) -> None:
        """One answer of this round was undone."""
        self._n_answered = max(0, self._n_answered - 1)

    def count_on(self) -> None:
        """One answer of this round was given again."""
        self._n_answered += 1
        self._pair = None

    def _on_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, QWidget):
            self.answer(button.property("answer"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        answers: dict[int, Answer] = {Qt.Key.Key_Left: "first", Qt.Key.Key_Right: "second", Qt.Key.Key_Down: "same"}
        is_plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if is_plain and event.key() in answers and self._pair is not None:
            if not event.isAutoRepeat():  # a key held down must not answer what nobody has looked at
                self.answer(answers[event.key()])
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=theme.RADIUS_BUTTON)
        super().focusInEvent(event)
