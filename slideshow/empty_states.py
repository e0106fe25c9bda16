"""Empty and faulty states: a drawing, a heading, a sentence, what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from slideshow import theme
from slideshow.buttons import Button, Kind
from slideshow.icons import paint_icon
from slideshow.labels import Label
from slideshow.mood_colours import ring_gradient

Drawing = Literal["photos", "song", "broken song", "broken", "circle"]

TEXT_WIDTH_PX, LEAST_WIDTH_PX = 320, 220


class _Drawing(QWidget):
    """The line drawing above the heading."""

    def __init__(self, drawing: Drawing) -> None:
        super().__init__()
        self._drawing = drawing
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(220, 96)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(self.width() / 2, self.height() / 2)
        if self._drawing == "photos":
            _paint_cards(painter)
        elif self._drawing == "broken":
            _paint_sign(painter, "triangle-alert", theme.current().warn)
        elif self._drawing == "circle":
            _paint_circle(painter)
        else:
            _paint_wave(painter, is_broken=self._drawing == "broken song")
        painter.end()


def _paint_cards(painter: QPainter) -> None:
    """Three photo cards, fanned, about the origin."""
    t = theme.current()
    for angle, dx, dy in ((-10, -34, 6), (10, 34, 6), (0, 0, 0)):
        painter.save()
        painter.translate(dx, dy)
        painter.rotate(angle)
        painter.setPen(QPen(QColor(t.line_2 if angle == 0 else t.line_3), 1.0))
        painter.setBrush(QColor(t.raised if angle == 0 or not t.is_dark else t.panel))
        painter.drawRoundedRect(QRectF(-32, -36, 64, 72), 6, 6)
        painter.restore()
    paint_icon(painter, QRectF(-12, -12, 24, 24), "images", t.text_2)


def _paint_circle(painter: QPainter) -> None:
    """The mood circle with an empty lasso in it."""
    t = theme.current()
    painter.setPen(QPen(QColor(t.line_2), 1.0))
    painter.drawLine(QPointF(-44, 0), QPointF(44, 0))
    painter.drawLine(QPointF(0, -44), QPointF(0, 44))
    painter.setPen(QPen(QBrush(ring_gradient(QPointF(0, 0), scale=t.name)), 2.0))
    painter.drawEllipse(QPointF(0, 0), 44, 44)
    lasso = QPen(QColor(t.text), 1.5)
    lasso.setDashPattern([5 / 1.5, 4 / 1.5])
    painter.setPen(lasso)
    painter.drawEllipse(QPointF(-16, -18), 15, 13)


def _paint_sign(painter: QPainter, icon: str, colour: str) -> None:
    t = theme.current()
    painter.setPen(QPen(QColor(t.line_3), 1.0))
    painter.setBrush(QColor(t.raised))
    painter.drawEllipse(QPointF(0, 0), 36, 36)
    paint_icon(painter, QRectF(-14, -14, 28, 28), icon, colour)


def _paint_wave(painter: QPainter, *, is_broken: bool) -> None:
    """A song as a line with a swing in it; broken, the swing has a gap with a dot in the colour of danger."""
    t = theme.current()
    painter.setPen(QPen(QColor(t.line_2), 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(-100, 0), QPointF(-46, 0))
    painter.drawLine(QPointF(46, 0), QPointF(100, 0))
    ink = QPen(QColor(t.text_2), 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(ink)
    left = ((-38, 0), (-33, -12), (-24, 14), (-15, -20), (-9, 2))
    right = ((9, -2), (15, 16), (22, -12), (30, 8), (38, 0))
    for points in (left, right) if is_broken else (left + right,):
        path = QPainterPath(QPointF(*points[0]))
        for point in points[1:]:
            path.lineTo(QPointF(*point))
        painter.drawPath(path)
    if is_broken:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.danger))
        painter.drawEllipse(QPointF(0, 0), 3.5, 3.5)


class EmptyState(QWidget):
    """Centred in whatever room it gets."""

    def __init__(self, drawing: Drawing, heading: str, text: str) -> None:
        super().__init__()
        self._heading = Label(heading, "empty")
        self._text = Label(text, "body", "text_2", is_wrapped=True)
        self._text.setFixedWidth(theme.scaled_px(TEXT_WIDTH_PX))
        for label in (self._heading, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._buttons.addStretch(1)
        self._buttons.addStretch(1)
        self.buttons: list[Button] = []
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(0)
        column.addStretch(1)
        column.addWidget(_Drawing(drawing), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(16)
        column.addWidget(self._heading, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        sentence = QHBoxLayout()  # an alignment flag would keep the sentence from growing by a line
        sentence.addStretch(1)
        sentence.addWidget(self._text)
        sentence.addStretch(1)
        column.addLayout(sentence)
        column.addSpacing(16)
        column.addLayout(self._buttons)
        self._below = QVBoxLayout()
        column.addLayout(self._below)
        column.addStretch(1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A narrow place, or large text, leaves the sentence less than its usual width."""
        margins = self._column.contentsMargins()
        room = self.width() - margins.left() - margins.right()
        self._text.setFixedWidth(max(120, min(theme.scaled_px(TEXT_WIDTH_PX), room)))
        super().resizeEvent(event)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(super().minimumSizeHint().width(), theme.scaled_px(LEAST_WIDTH_PX)), 0)

    def set_margin(self, margin_px: int) -> None:
        """Keep so far from the edges: nothing where what holds it has a margin."""
        self._column.setContentsMargins(margin_px, margin_px, margin_px, margin_px)

    def set_words(self, heading: str, text: str) -> None:
        """Change heading and sentence."""
        self._heading.setText(heading)
        self._text.setText(text)

    @property
    def words(self) -> tuple[str, str]:
        """Heading and sentence."""
        return self._heading.text(), self._text.text()

    def add_wide_button(self, text: str, kind: Kind, act: Callable[[], None], *, icon: str = "") -> Button:
        """Add one more thing to do, in a row of its own; hidden until it is shown."""
        button = Button(text, kind, icon=icon)
        button.clicked.connect(act)
        button.hide()
        self._below.addSpacing(12)
        self._below.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        return button

    def add_button(self, text: str, kind: Kind, act: Callable[[], None], *, icon: str = "") -> Button:
        """Add what to do, the main thing first."""
        button = Button(text, kind, icon=icon)
        button.clicked.connect(act)
        self._buttons.insertWidget(self._buttons.count() - 1, button)
        self.buttons.append(button)
        return button
