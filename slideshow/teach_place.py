"""The place of a photo on the circle: a round thumbnail that is dragged or moved by keys, beside the model's guess."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.emotion import Emotion
from slideshow import theme
from slideshow.icons import paint_icon
from slideshow.mood_colours import mood_colour
from slideshow.mood_plane import MoodPlane, PlaneMarks, emotion_at, paint_plane, point_on
from slideshow.mood_words import spoken
from slideshow.thumbnails import Thumbnails, covering, paint_rounded

if TYPE_CHECKING:
    from engine.library import Photo

THUMBNAIL_PX, GUESS_PX, TOUCH_PX = 44, 8, 32
STEP, BIG_STEP = 0.01, 0.05
"""What an arrow moves the photo by, alone and with Shift."""

LANDMARKS = ("happy", "excited", "alert", "afraid", "sad", "bored", "sleepy", "calm", "serene")
"""Words round the circle to steer by; the one that the photo is at stands out."""

LARGEST_PX, WIDEST_PX = 440, 560
LEAST_PX = (300, 240)
MARGIN_X_PX, MARGIN_Y_PX = 58, 40
"""Room for the words at the sides, and above and below."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What the model expects: a place, and the semi-axes of the ellipse that holds the truth in 68 of 100 cases."""

    place: Emotion
    reach: tuple[float, float]


class TeachPlace(MoodPlane):
    """The circle with one thing on it that can be moved: a photo, or (without one) a moment of a song."""

    moved = Signal()
    """The person has put it elsewhere."""
    saved = Signal()
    """Enter was pressed."""

    def __init__(self, thumbnails: Thumbnails | None, parent: QWidget | None = None, *, icon: str = "music") -> None:
        """Without thumbnails it is the icon that is moved."""
        super().__init__(parent, landmarks=LANDMARKS, largest_px=LARGEST_PX)
        self._thumbnails, self._icon = thumbnails, icon
        self._photo: Photo | None = None
        self._place: Emotion | None = None
        self._guess: Guess | None = None
        self._is_moved = False
        self._grip: QPointF | None = None
        self._has_ring = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMaximumWidth(WIDEST_PX)
        self.setMouseTracking(True)
        if thumbnails is not None:
            thumbnails.ready.connect(self._on_thumbnail)
        self._describe()

    # What is shown

    @property
    def place(self) -> Emotion | None:
        """Where it lies now, None where there is nothing to place."""
        return self._place

    @property
    def is_moved(self) -> bool:
        """Whether the person has put it there."""
        return self._is_moved

    @property
    def guess(self) -> Guess | None:
        """What the model expects."""
        return self._guess

    def set_photo(self, photo: Photo | None, *, guess: Guess | None, place: Emotion | None = None) -> None:
        """Show a photo at the person's place for it, else at the model's guess."""
        self._photo = photo
        self._set(guess, place)

    def set_moment(self, *, guess: Guess | None, place: Emotion | None = None) -> None:
        """Show a moment of a song."""
        self._photo = None
        self._set(guess, place or (None if guess else Emotion(0.5, 0.5)))

    def _set(self, guess: Guess | None, place: Emotion | None) -> None:
        self._guess, self._grip, self._is_moved = guess, None, False
        start = place or (guess.place if guess is not None else None)
        self._place = None if start is None else Emotion(_clipped(start.valence), _clipped(start.arousal))
        self._describe()
        self.update()

    def set_guess(self, guess: Guess, *, place: Emotion | None = None) -> None:
        """Take another guess for the same thing; where it was not moved by hand it lies at place, else at the guess."""
        if self._is_moved:
            self._guess = guess
            self._describe()
            self.update()
        else:
            self._set(guess, place)

    def put(self, place: Emotion) -> None:
        """Move it there, as a hand would."""
        if self._place is None:
            return
        self._place, self._is_moved = place, True
        self._describe()
        self.update()
        self.moved.emit()

    def reset(self) -> None:
        """Put it back to the guess."""
        if self._guess is not None:
            self._set(self._guess, None)
            self.moved.emit()

    def _describe(self) -> None:
        self.setAccessibleName("Place of the photo" if self._thumbnails is not None else "Place of the moment")
        if self._place is None:
            self.setAccessibleDescription("")
        else:
            self.set_marks(PlaneMarks(photo=self._place))
            guess = "" if self._guess is None else f" The guess so far is {spoken(self._guess.place)}"
            self.setAccessibleDescription(f"{spoken(self._place)}{guess}")

    # Geometry

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        # Larger text widens the room for the words, not the circle: a small window has no more.
        wider_px = 2 * (theme.scaled_px(MARGIN_X_PX) - MARGIN_X_PX)
        return QSize(LEAST_PX[0] + wider_px, theme.scaled_px(LEAST_PX[1]))

    def circle(self) -> QRectF:
        side = min(
            self.width() - 2 * theme.scaled_px(MARGIN_X_PX),
            self.height() - 2 * theme.scaled_px(MARGIN_Y_PX),
            LARGEST_PX,
        )
        side = max(side, 80)
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def thumbnail_place(self) -> QRectF:
        """Where the thumbnail lies."""
        centre = point_on(self.circle(), self._place) if self._place is not None else QPointF(-99, -99)
        half = THUMBNAIL_PX / 2
        return QRectF(centre.x() - half, centre.y() - half, THUMBNAIL_PX, THUMBNAIL_PX)

    def kept_clear(self) -> list[QRectF]:
        return [self.thumbnail_place()] if self._place is not None else []

    # Mouse and keys

    def drag_to(self, at: QPointF) -> None:
        """Move it to a place of the widget."""
        self.put(emotion_at(self.circle(), at))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._place is None:
            return
        at, centre = event.position(), self.thumbnail_place().center()
        if (at - centre).manhattanLength() <= TOUCH_PX:
            self._grip = centre - at  # it does not jump under the hand
        else:
            self._grip = QPointF(0, 0)
            self.drag_to(at)
        self._has_ring = False
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self.drag_to(event.position() + self._grip)
        else:
            is_over = self.thumbnail_place().contains(event.position())
            self.setCursor(Qt.CursorShape.OpenHandCursor if is_over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = None
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
        }  # fmt: skip
        key, modifiers = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if self._place is None or modifiers & ~Qt.KeyboardModifier.ShiftModifier:
            event.ignore()
        elif key in steps:
            by = BIG_STEP if modifiers else STEP
            circle = QRectF(0, 0, 1, 1)
            wanted = Emotion(self._place.valence + steps[key][0] * by, self._place.arousal + steps[key][1] * by)
            at = QPointF(wanted.valence, 1 - wanted.arousal)
            self._has_ring = True
            self.put(emotion_at(circle, at))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.saved.emit()
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Home):
            self.reset()
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._has_ring = event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._has_ring = False
        self.update()
        super().focusOutEvent(event)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        t, circle = theme.current(), self.circle()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.panel))
        painter.drawRoundedRect(QRectF(self.rect()), theme.RADIUS_CARD, theme.RADIUS_CARD)
        self._paint_words(painter, circle, t)
        paint_plane(painter, circle, PlaneMarks(), tokens=t)
        if self._guess is not None:
            self._paint_guess(painter, circle, self._guess)
        if self._place is not None:
            self._paint_thumbnail(painter, self._place)
        painter.end()

    def _paint_guess(self, painter: QPainter, circle: QRectF, guess: Guess) -> None:
        """Draw the ellipse that holds the truth in 68 of 100 cases, the dot in its middle, and the way from it."""
        t = theme.current()
        at = point_on(circle, guess.place)
        rx, ry = (part * circle.width() for part in guess.reach)
        pen = QPen(QColor(t.text_3), 1.5)
        pen.setDashPattern([4 / 1.5, 4 / 1.5])
        inside, shape = QPainterPath(), QPainterPath()
        inside.addEllipse(circle)
        shape.addEllipse(at, rx, ry)
        painter.setPen(pen)
        painter.setBrush(theme.mixed(t.text, 0.05))
        painter.drawPath(shape & inside)
        if self._place is not None:
            painter.setPen(QPen(QColor(t.text_3), 1.0))
            painter.drawLine(at, self.thumbnail_place().center())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.text_2))
        painter.drawEllipse(at, GUESS_PX / 2, GUESS_PX / 2)

    def _paint_thumbnail(self, painter: QPainter, place: Emotion) -> None:
        t, frame = theme.current(), self.thumbnail_place()
        inner = frame.adjusted(3, 3, -3, -3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.panel))
        painter.drawEllipse(frame)
        side = QSize(round(inner.width()), round(inner.height()))
        picture = None
        if self._photo is not None and self._thumbnails is not None:
            whole = self._thumbnails.pixmap(self._photo.path)
            picture = None if whole is None else covering(whole, side, ratio=self.devicePixelRatioF())
        if picture is not None:
            paint_rounded(painter, inner, picture, inner.width() / 2)
        else:
            painter.setBrush(QColor(t.raised if t.is_dark else t.hover))
            painter.drawEllipse(inner)
            if self._thumbnails is None:
                paint_icon(painter, QRectF(inner.center().x() - 9, inner.center().y() - 9, 18, 18), self._icon, t.text)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(mood_colour(place.valence, place.arousal, scale=t.name), 2.0))
        painter.drawEllipse(frame.adjusted(1, 1, -1, -1))
        if self._has_ring and self.hasFocus():
            painter.setPen(QPen(QColor(t.focus), 2.0))
            painter.drawEllipse(frame.adjusted(-3, -3, 3, 3))

    def _on_thumbnail(self, path: object) -> None:
        if self._photo is not None and path == self._photo.path:
            self.update()


def _clipped(value: float) -> float:
    return min(max(value, 0.0), 1.0)
