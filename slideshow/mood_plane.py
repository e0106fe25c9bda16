"""The circle: the plane with the song, a photo and its runners-up. Right is pleasant, up is energetic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.emotion import MOOD_ANGLES_DEG, Emotion
from slideshow import theme
from slideshow.mood_colours import mood_colour, ring_gradient
from slideshow.mood_words import spoken
from slideshow.theme import Tokens

RING_PX = 2.0
SONG_PX, PHOTO_PX, RUNNER_UP_PX, DOT_PX = 14.0, 12.0, 7.0, 8.0
RUNNER_UP_OPACITY = 0.75
LANDMARKS = ("excited", "angry", "sad", "calm")
"""One word a quadrant, written faintly so that an empty circle explains itself."""
LARGEST_PX = 190
LABEL_GAP_PX = 9.0
SIDE_PX = 55
"""Room beside the ring: for "Miserable", which stands nearly straight to its left."""

LANDMARK_CLEARANCE_DEG = 24.0


@dataclass(frozen=True, slots=True)
class PlaneMarks:
    """What lies on the circle. The trail runs from the oldest to the newest point."""

    song: Emotion | None = None
    photo: Emotion | None = None
    runners_up: tuple[Emotion, ...] = ()
    trail: tuple[Emotion, ...] = ()


def point_on(circle: QRectF, emotion: Emotion) -> QPointF:
    """Place of an emotion in a circle's rectangle; a corner of the plane is drawn back onto the ring."""
    dv, da = (emotion.valence - 0.5) * 2, (emotion.arousal - 0.5) * 2
    radius = math.hypot(dv, da)
    if radius > 1.0:
        dv, da = dv / radius, da / radius
    centre = circle.center()
    return QPointF(centre.x() + dv * circle.width() / 2, centre.y() - da * circle.height() / 2)


def emotion_at(circle: QRectF, at: QPointF) -> Emotion:
    """Emotion at a place of a circle's rectangle, the inverse of `point_on`; beyond the ring, the nearest on it."""
    dv = (at.x() - circle.center().x()) * 2 / circle.width()
    da = (circle.center().y() - at.y()) * 2 / circle.height()
    radius = max(1.0, math.hypot(dv, da))
    return Emotion(0.5 + dv / radius / 2, 0.5 + da / radius / 2)


def paint_plane(
    painter: QPainter, circle: QRectF, marks: PlaneMarks, *, tokens: Tokens, is_small: bool = False
) -> None:
    """Draw ring, cross and marks. Small (the inset, the player) the song is a filled dot with a halo."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ring_px = 1.5 if is_small else RING_PX
    centre = circle.center()
    # Over a photo the tone of a line is not known beforehand: there it is thinned text.
    painter.setPen(QPen(theme.mixed(tokens.text, 0.2) if is_small else QColor(tokens.line), 1.0))
    painter.drawLine(QPointF(circle.left(), centre.y()), QPointF(circle.right(), centre.y()))
    painter.drawLine(QPointF(centre.x(), circle.top()), QPointF(centre.x(), circle.bottom()))
    painter.setPen(QPen(QBrush(ring_gradient(centre, scale=tokens.name)), ring_px))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(circle.adjusted(ring_px / 2, ring_px / 2, -ring_px / 2, -ring_px / 2))
    _paint_trail(painter, circle, marks.trail, tokens)
    for emotion in marks.runners_up:
        _paint_dot(painter, point_on(circle, emotion), emotion, RUNNER_UP_PX, tokens, RUNNER_UP_OPACITY)
    if marks.photo is not None:
        _paint_dot(painter, point_on(circle, marks.photo), marks.photo, PHOTO_PX, tokens, 1.0)
    if marks.song is not None:
        at = point_on(circle, marks.song)
        if is_small:
            halo = mood_colour(marks.song.valence, marks.song.arousal, scale=tokens.name, alpha=0.28)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(halo)
            painter.drawEllipse(at, DOT_PX, DOT_PX)
            _paint_dot(painter, at, marks.song, DOT_PX, tokens, 1.0)
        else:
            painter.setPen(QPen(QColor(tokens.text), 2.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(at, SONG_PX / 2 - 1, SONG_PX / 2 - 1)
    painter.restore()


def _paint_dot(
    painter: QPainter, at: QPointF, emotion: Emotion, diameter_px: float, tokens: Tokens, opacity: float
) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(mood_colour(emotion.valence, emotion.arousal, scale=tokens.name, alpha=opacity))
    painter.drawEllipse(at, diameter_px / 2, diameter_px / 2)


def _paint_trail(painter: QPainter, circle: QRectF, trail: Sequence[Emotion], tokens: Tokens) -> None:
    points = [point_on(circle, emotion) for emotion in trail]
    for i in range(1, len(points)):
        painter.setPen(QPen(theme.mixed(tokens.text, 0.5 * i / len(points)), 1.5))
        painter.drawLine(points[i - 1], points[i])


class MoodPlane(QWidget):
    """The circle as a widget: with words around it, or small and wordless over a photo."""

    def __init__(
        self,
        parent: QWidget | None = None,
        *,
        is_small: bool = False,
        tokens: Tokens | None = None,
        landmarks: tuple[str, ...] = LANDMARKS,
        largest_px: int = LARGEST_PX,
    ) -> None:
        """tokens fixes the colours (over a photo they are always theme.DARK); without it the current theme counts."""
        super().__init__(parent)
        self._is_small = is_small
        self._landmarks = landmarks
        self._largest_px = largest_px
        self._fixed_tokens = tokens
        self._marks = PlaneMarks()
        self._song_word = ""
        self.setAccessibleName("Mood")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def marks(self) -> PlaneMarks:
        """What the circle shows now."""
        return self._marks

    def set_marks(self, marks: PlaneMarks, *, song_word: str = "") -> None:
        """Show these marks; song_word stands for the song where a steadier word than the moment's is wanted."""
        if marks == self._marks and song_word == self._song_word:
            return
        self._marks, self._song_word = marks, song_word
        if marks.song is not None:
            self.setAccessibleDescription(spoken(marks.song))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(102, 102) if self._is_small else QSize(252, 220)

    def minimumSizeHint(self) -> QSize:
        return QSize(48, 48) if self._is_small else QSize(200, 220)

    def circle(self) -> QRectF:
        """Rectangle of the ring, centred, with room for the words around it unless small."""
        if self._is_small:
            side = min(self.width(), self.height()) - 2.0
        else:
            side = min(self.width() - 2 * theme.scaled_px(SIDE_PX), self.height() - 2 * theme.scaled_px(30))
            side = min(side, self._largest_px)
        side = max(side, 24.0)
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        tokens = self._fixed_tokens or theme.current()
        circle = self.circle()
        if not self._is_small:
            self._paint_words(painter, circle, tokens)
        paint_plane(painter, circle, self._marks, tokens=tokens, is_small=self._is_small)
        painter.end()

    def kept_clear(self) -> list[QRectF]:
        """Places which the words leave free."""
        return []

    def _paint_words(self, painter: QPainter, circle: QRectF, tokens: Tokens) -> None:
        song, photo = self._marks.song, self._marks.photo
        words = (self._song_word.lower() or (song.word if song is not None else ""), photo.word if photo else "")
        active = [word for word in words if word in MOOD_ANGLES_DEG]
        taken = self.kept_clear()
        painter.setPen(QColor(tokens.text))
        painter.setFont(theme.font("tab"))
        for word in dict.fromkeys(active):
            taken.append(self._paint_word(painter, circle, word, taken))
        painter.setPen(QColor(tokens.text_3))
        painter.setFont(theme.font("caption"))
        for word in self._landmarks:
            if all(_degrees_apart(word, other) >= LANDMARK_CLEARANCE_DEG for other in active):
                self._paint_word(painter, circle, word, taken)

    def _paint_word(self, painter: QPainter, circle: QRectF, word: str, taken: Sequence[QRectF]) -> QRectF:
        metrics = QFontMetricsF(painter.font())
        text = word.capitalize()
        width, height = metrics.horizontalAdvance(text), metrics.height()
        angle = math.radians(MOOD_ANGLES_DEG[word])
        reach = circle.width() / 2 + LABEL_GAP_PX
        x = circle.center().x() + reach * math.cos(angle)
        y = circle.center().y() - reach * math.sin(angle)
        # The label leans outwards: its inner edge touches the circle of labels at every angle.
        box = QRectF(
            x - width / 2 + math.cos(angle) * width / 2, y - height / 2 - math.sin(angle) * height / 2, width, height
        )
        for other in taken:
            if box.adjusted(-2, 0, 2, 0).intersects(other):
                box.moveTop(other.bottom() + 1 if box.center().y() >= other.center().y() else other.top() - height - 1)
        box.moveTop(min(max(box.top(), 0.0), self.height() - height))
        box.moveLeft(min(max(box.left(), 1.0), self.width() - width - 1.0))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, text)
        return box


def _degrees_apart(word: str, other: str) -> float:
    return abs((MOOD_ANGLES_DEG[word] - MOOD_ANGLES_DEG[other] + 180) % 360 - 180)
