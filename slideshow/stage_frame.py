"""The stage within a page: round corners, the small circle over the photo, words while there is no photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QWidget

from engine.emotion import Emotion
from slideshow import theme
from slideshow.mood_colours import mood_colour
from slideshow.mood_plane import DOT_PX, MoodPlane, PlaneMarks
from slideshow.mood_words import spoken

if TYPE_CHECKING:
    from slideshow.stage import Stage


INSET_PX, INSET_WORD_TOP_PX, INSET_FOOT_PX = 136, 129, 11
"""Width of the small circle's card, where its word begins, and what lies below the word."""


class MoodInset(QWidget):
    """The small circle over the photo, with the moment's word."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._plane = MoodPlane(self, is_small=True, tokens=theme.DARK)
        self._plane.setGeometry(17, 17, 102, 102)
        self._word = ""
        self._song: Emotion | None = None
        self.fit_word()
        self.setAccessibleName("Mood of the moment")

    def fit_word(self) -> None:
        """Be tall enough for the word in the text size of now."""
        self.setFixedSize(INSET_PX, INSET_WORD_TOP_PX + theme.line_px("strong") + INSET_FOOT_PX)

    @property
    def word(self) -> str:
        """The word shown."""
        return self._word

    def set_moment(self, marks: PlaneMarks, word: str) -> None:
        """Show the moment."""
        self._plane.set_marks(marks)
        self._song = marks.song
        if word != self._word and marks.song is not None:
            self._word = word
            self.setAccessibleDescription(spoken(marks.song))
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.mixed(theme.OVER_PHOTO, theme.OVER_PHOTO_OPACITY))
        painter.drawRoundedRect(self.rect(), theme.RADIUS_CARD, theme.RADIUS_CARD)
        if self._song is not None:
            painter.setFont(theme.font("strong"))
            text_px = painter.fontMetrics().horizontalAdvance(self._word)
            left = (self.width() - text_px - DOT_PX - 8) / 2
            place = QRectF(left + DOT_PX + 8, INSET_WORD_TOP_PX, text_px + 2, theme.line_px("strong") + 1)
            painter.setBrush(mood_colour(self._song.valence, self._song.arousal))
            painter.drawEllipse(QPointF(left + DOT_PX / 2, place.center().y()), DOT_PX / 2, DOT_PX / 2)
            painter.setPen(QColor(theme.TEXT_OVER_PHOTO))
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._word)
        painter.end()


class StageFrame(QWidget):
    """Holds the stage: rounds its corners, lays the inset over it, says what is being waited for."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumHeight(180)
        self.stage: Stage | None = None
        self._notice = ("", "")
        self._veil = _Veil(self)
        self.inset = MoodInset(self)
        self.inset.hide()

    def attach(self, stage: Stage) -> None:
        """Take the stage in."""
        self.stage = stage
        stage.setParent(self)
        stage.installEventFilter(self)
        stage.lower()
        stage.show()
        self._settle()

    def set_notice(self, heading: str, text: str) -> None:
        """Say what is being waited for, as long as there is no photo to be seen."""
        self._notice = (heading, text)
        self._lift_veil()

    def _lift_veil(self) -> None:
        """Say what is waited for until there is a photo to be seen."""
        is_waiting = self.stage is None or not self.stage.picture
        heading, text = self._notice if is_waiting else ("", "")
        self.setAccessibleDescription(f"{heading} {text}".strip())
        self._veil.set_notice(heading, text)

    @property
    def notice(self) -> tuple[str, str]:
        """What is said instead of the photos."""
        return self._notice

    def _settle(self) -> None:
        if self.stage is not None:
            self.stage.setGeometry(self.rect())
        self._veil.setGeometry(self.rect())
        self._veil.raise_()
        self.inset.move(16, self.height() - self.inset.height() - 16)
        self.inset.raise_()

    def resizeEvent(self, event: QEvent) -> None:
        self._settle()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "inset"):
            self.inset.fit_word()
            self._settle()
        super().changeEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(960, 540)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._lift_veil()
        if event.type() == QEvent.Type.MouseButtonRelease and isinstance(event, QMouseEvent):
            self.pressed.emit()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.current().stage))
        painter.end()


class _Veil(QWidget):
    """Over the stage: its corners in the colour of the page, and the notice while there is no photo."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._heading, self._text = "", ""

    def set_notice(self, heading: str, text: str) -> None:
        if (heading, text) != (self._heading, self._text):
            self._heading, self._text = heading, text
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        corners = QPainterPath()
        corners.addRect(QRectF(self.rect()))
        inner = QPainterPath()
        inner.addRoundedRect(QRectF(self.rect()), theme.RADIUS_BUTTON, theme.RADIUS_BUTTON)
        if self._heading:
            painter.fillRect(self.rect(), QColor(t.stage))  # under the corners too: what lies below is black
        painter.fillPath(corners.subtracted(inner), QColor(t.window))
        if self._heading:
            middle = self.height() / 2
            heading_px, text_px = theme.line_px("empty"), theme.line_px("body")
            painter.setPen(QColor(t.text))
            painter.setFont(theme.font("empty"))
            place = QRectF(24, middle - heading_px - 4, self.width() - 48, heading_px)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, self._heading)
            painter.setPen(QColor(t.text_2))
            painter.setFont(theme.font("body"))
            wrapped = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(24, middle + 4, self.width() - 48, 3 * text_px), wrapped, self._text)
        painter.end()
