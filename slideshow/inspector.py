"""The inspector: why this photo. Score and sentence, the circle with its legend, the next best photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from engine.emotion import Emotion
from slideshow import theme
from slideshow.buttons import Button, IconButton
from slideshow.focus_ring import show_ring
from slideshow.labels import Label
from slideshow.messages import name_of
from slideshow.mood_colours import mood_colour
from slideshow.mood_plane import MoodPlane, PlaneMarks
from slideshow.mood_words import shown_word
from slideshow.photo_drag import drag_photo
from slideshow.photo_reasons import match_word
from slideshow.session_jobs import RunnerUp
from slideshow.surfaces import Rule, SidePanel
from slideshow.thumbnails import Thumbnails, paint_rounded

if TYPE_CHECKING:
    from engine.plan import Cue

WIDTH_PX, PADDING_PX = 292, 20
PICTURE = QSize(84, 56)
ON_BEAT_S = 0.06
"""A cut this near a beat is heard as on it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What the inspector says about the photo on the stage."""

    score: float
    why: str
    hold: str
    is_pinned: bool = False
    doubt: str = ""
    """A sentence where the song's mood is unsure."""


def hold_text(cue: Cue, beat_times_s: Sequence[float]) -> str:
    """Say for how long a photo stands, and whether it comes on one of these beats."""
    shown = f"Shown for {cue.end_s - cue.start_s:.1f} seconds"
    is_on_beat = any(abs(beat_s - cue.start_s) <= ON_BEAT_S for beat_s in beat_times_s)
    return f"{shown}, cut on the beat." if is_on_beat else f"{shown}."


class _LegendDot(QWidget):
    def __init__(self, *, is_ring: bool) -> None:
        super().__init__()
        self._is_ring = is_ring
        self._mood: Emotion | None = None
        self.setFixedSize(16, 16)

    def set_mood(self, mood: Emotion | None) -> None:
        self._mood = mood
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._is_ring:
            painter.setPen(QPen(QColor(t.text), 2.0))
            painter.drawEllipse(QPointF(8, 8), 6, 6)
        elif self._mood is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mood_colour(self._mood.valence, self._mood.arousal, scale=t.name))
            painter.drawEllipse(QPointF(8, 8), 6, 6)
        painter.end()


class RunnerUpRow(QAbstractButton):
    """One of the next best photos: a picture, its mood, its score; a click uses it."""

    def __init__(self, thumbnails: Thumbnails, number: int) -> None:
        super().__init__()
        self._thumbnails = thumbnails
        self._number = number
        self._pressed_at: QPointF | None = None
        self.runner_up: RunnerUp | None = None
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        thumbnails.ready.connect(self._on_thumbnail)

    def set_runner_up(self, runner_up: RunnerUp | None) -> None:
        """Offer another photo, or none."""
        self.runner_up = runner_up
        self.setVisible(runner_up is not None)
        if runner_up is not None:
            word, share = shown_word(runner_up.mood), round(runner_up.score * 100)
            self.setAccessibleName(f"Use {name_of(runner_up.photo.path)}: {word}, {share} percent match")
            self.setToolTip(
                f"{name_of(runner_up.photo.path)}\nUse it here ({self._number}), or drag it to another place"
            )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH_PX - 2 * PADDING_PX, PICTURE.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(PICTURE.width() + 80, PICTURE.height())

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=theme.RADIUS_THUMBNAIL)
        super().focusInEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed_at = event.position()
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        is_held = event.buttons() & Qt.MouseButton.LeftButton and self._pressed_at is not None
        if self.runner_up is None or not is_held:
            super().mouseMoveEvent(event)
            return
        assert self._pressed_at is not None
        if (event.position() - self._pressed_at).manhattanLength() >= QApplication.startDragDistance():
            self._pressed_at = None
            self.setDown(False)
            picture = self._thumbnails.cover(self.runner_up.photo.path, PICTURE, ratio=self.devicePixelRatioF())
            drag_photo(self, self.runner_up.photo.path, picture)

    def _on_thumbnail(self, path: object) -> None:
        if self.runner_up is not None and self.runner_up.photo.path == path:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.runner_up is None:
            return
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.pressed if self.isDown() else t.hover))
            painter.drawRoundedRect(self.rect(), theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
        place = QRectF(0, 0, PICTURE.width(), PICTURE.height())
        picture = self._thumbnails.cover(self.runner_up.photo.path, PICTURE, ratio=self.devicePixelRatioF())
        if picture is not None:
            paint_rounded(painter, place, picture, theme.RADIUS_THUMBNAIL)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.raised))
            painter.drawRoundedRect(place, theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
        left, width = PICTURE.width() + 12, self.width() - PICTURE.width() - 12
        line_1, line_2 = theme.line_px("strong"), theme.line_px("caption")
        top = (self.height() - line_1 - line_2) / 2
        painter.setPen(QColor(t.text))
        painter.setFont(theme.font("strong"))
        start = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(left, top, width, line_1), start, shown_word(self.runner_up.mood))
        painter.setPen(QColor(t.text_2 if self.underMouse() else t.text_3))
        painter.setFont(theme.font("caption"))
        score = f"{round(self.runner_up.score * 100)}% match"
        painter.drawText(QRectF(left, top + line_1, width, line_2), start, score)
        painter.end()


class Inspector(SidePanel):
    """The right panel of the Make page."""

    runner_up_chosen = Signal(object)
    """The RunnerUp that was clicked."""
    explain_asked = Signal()
    pin_asked = Signal()
    never_asked = Signal()

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fit_width()
        self.setAccessibleName("Why this photo")
        self._score = Label("", "figure")
        self._match = Label("", "body", "text_2")
        self._why = Label("", "body", "text_2", is_wrapped=True)
        self._plane = MoodPlane()
        self._song_dot, self._photo_dot = _LegendDot(is_ring=True), _LegendDot(is_ring=False)
        self._song_name = Label("The song now", "body", "text_2")
        self._song_word, self._photo_word = Label("", "strong"), Label("", "strong")
        self._next_title = Label("Next best", "strong")
        self._is_pinned = False
        self.rows = tuple(RunnerUpRow(thumbnails, number) for number in (1, 2, 3))
        self.explain = IconButton("info", "More about this photo (I)", icon_px=18)
        self.pin = Button("Pin here", icon="pin")
        self.never = Button("Never show", icon="eye-off")
        self.pin.setToolTip("Keep this photo here, whatever is planned anew (P)")
        self.never.setToolTip("Never show this photo again (X)")
        body = QWidget()
        self._fill(body)
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scroll, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(PADDING_PX, 12, PADDING_PX, PADDING_PX)
        foot.setSpacing(8)
        for button in (self.pin, self.never):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            foot.addWidget(button, 1)
        column.addLayout(foot)
        self.explain.clicked.connect(self.explain_asked)
        self.pin.clicked.connect(self.pin_asked)
        self.never.clicked.connect(self.never_asked)
        for row in self.rows:
            row.clicked.connect(self._on_row)
        self.set_reason(None)
        self.set_runners_up(())

    def _fill(self, body: QWidget) -> None:
        column = QVBoxLayout(body)
        column.setContentsMargins(PADDING_PX, 12, PADDING_PX, PADDING_PX)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.addWidget(Label("Why this photo", "heading"), 1)
        head.addWidget(self.explain)
        column.addLayout(head)
        column.addSpacing(8)
        figure = QHBoxLayout()
        figure.setSpacing(10)
        figure.addWidget(self._score, 0, Qt.AlignmentFlag.AlignBottom)
        on_baseline = QVBoxLayout()
        on_baseline.setContentsMargins(0, 0, 0, 5)
        on_baseline.addStretch(1)
        on_baseline.addWidget(self._match)
        figure.addLayout(on_baseline, 1)
        column.addLayout(figure)
        column.addSpacing(4)
        column.addWidget(self._why)
        column.addSpacing(12)
        column.addWidget(self._plane)
        column.addSpacing(12)
        for dot, name, word in (
            (self._song_dot, self._song_name, self._song_word),
            (self._photo_dot, Label("This photo", "body", "text_2"), self._photo_word),
        ):
            legend = QHBoxLayout()
            legend.setSpacing(10)
            legend.addWidget(dot)
            legend.addWidget(name, 1)
            legend.addWidget(word)
            column.addLayout(legend)
            column.addSpacing(8)
        column.addSpacing(12)
        column.addWidget(Rule())
        column.addSpacing(16)
        column.addWidget(self._next_title)
        column.addSpacing(12)
        for row in self.rows:
            column.addWidget(row)
            column.addSpacing(8)
        column.addStretch(1)

    def _fit_width(self) -> None:
        """Grow with the text, though less than it."""
        self.setFixedWidth((WIDTH_PX + theme.scaled_px(WIDTH_PX)) // 2)

    @property
    def plane(self) -> MoodPlane:
        """The circle."""
        return self._plane

    def set_reason(self, reason: Reason | None) -> None:
        """Say why the photo on the stage is there; None before there is one."""
        for button in (self.explain, self.pin, self.never):
            button.setEnabled(reason is not None)
        is_pinned = reason is not None and reason.is_pinned
        if is_pinned != self._is_pinned:
            self._is_pinned = is_pinned
            self.pin.set_face(*(("Unpin", "pin-off") if is_pinned else ("Pin here", "pin")))
        if reason is None:
            self._score.setText("–")
            self._match.setText("")
            self._why.setText("The reason for each photo stands here once a show is planned.")
            return
        self._score.setText(f"{round(reason.score * 100)}%")
        self._match.setText(match_word(reason.score))
        self._why.setText(" ".join(part for part in (reason.why, reason.hold, reason.doubt) if part))

    def set_marks(self, marks: PlaneMarks, *, song_word: str, is_drawn: bool = False) -> None:
        """Place song and photo on the circle; song_word is the steady word of the moment, is_drawn of a drawn mood."""
        self._song_name.setText("The mood drawn" if is_drawn else "The song now")
        self._plane.set_marks(marks, song_word=song_word)
        self._photo_dot.set_mood(marks.photo)
        self._song_word.setText(song_word or "–")
        self._photo_word.setText(shown_word(marks.photo) if marks.photo is not None else "–")

    def set_runners_up(self, runners_up: tuple[RunnerUp, ...]) -> None:
        """Offer the next best photos."""
        self._next_title.setVisible(bool(runners_up))
        for i, row in enumerate(self.rows):
            row.set_runner_up(runners_up[i] if i < len(runners_up) else None)

    def _on_row(self) -> None:
        row = self.sender()
        if isinstance(row, RunnerUpRow) and row.runner_up is not None:
            self.runner_up_chosen.emit(row.runner_up)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._fit_width()
            self.update()
        super().changeEvent(event)
