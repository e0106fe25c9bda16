"""The bar over the full-screen show: song, transport, mood, volume. It knows nothing of sound or plan."""

from __future__ import annotations

import math

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QPointF, QPropertyAnimation, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGraphicsOpacityEffect, QWidget

from engine.emotion import Emotion, EmotionCurve
from slideshow import theme
from slideshow.buttons import IconButton, PlayButton
from slideshow.icons import paint_icon
from slideshow.mood_colours import mood_colour
from slideshow.mood_plane import MoodPlane, PlaneMarks
from slideshow.sliders import Slider
from slideshow.song_bar import SongBar, clock_text

HEIGHT_PX = 360
SHADE = "#080809"
SHADE_STOPS = ((0.0, 0.0), (0.25, 0.22), (0.52, 0.60), (1.0, 0.82))
"""Opacity down the bar: text keeps 4.5:1 even over a white photo."""

MARGIN_PX, NARROW_MARGIN_PX, NARROW_PX = 64, 32, 1000
SONG_BAR_FROM_BOTTOM_PX, ROW_FROM_BOTTOM_PX = 165, 90
PLANE_PX, BUTTON_PX, PLAY_PX, DOT_PX, PHOTO_ICON_PX = 82, 40, 56, 8, 14
SLIDER_PX = 68
STEP_PX = 72
"""From the play button's middle to its neighbours'."""

FADE_IN_MS, FADE_OUT_MS = 200, 400
LOUDNESS_STAYS_MS = 1200
TRAIL_S = 24
"""The last stretch of the song trails behind its dot on the circle."""


class PlayerBar(QWidget):
    """Lies at the bottom of the player. Its colours are the dark theme's in any theme, for it stands on photos."""

    play_asked = Signal()
    previous_asked = Signal()
    next_asked = Signal()
    seek_asked = Signal(float)
    volume_asked = Signal(float)
    mute_asked = Signal()
    leave_asked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = ""
        self._artist = ""
        self._photo = ""
        self._duration_s = 0.0
        self._position_s = 0.0
        self._emotion: Emotion | None = None
        self._word = ""
        self._curve: EmotionCurve | None = None
        self.song_bar = SongBar(played_px=4.0, tokens=theme.DARK, parent=self)
        self.previous = self._button("skip-back", "Previous photo (←)")
        self.play = PlayButton(diameter_px=PLAY_PX, tokens=theme.DARK, parent=self)
        self.next = self._button("skip-forward", "Next photo (→)")
        self.plane = MoodPlane(self, is_small=True, tokens=theme.DARK)
        self.mute = self._button("volume-2", "Mute (M)")
        self.leave = self._button("minimize", "Leave full screen (Esc)")
        self.loudness = _Loudness(self)
        self.loudness.hide()
        self.loudness.slider.moved.connect(self.volume_asked)
        self.song_bar.seek_asked.connect(self.seek_asked)
        for button, asked in (
            (self.previous, self.previous_asked), (self.play, self.play_asked), (self.next, self.next_asked),
            (self.mute, self.mute_asked), (self.leave, self.leave_asked),
        ):  # fmt: skip
            button.clicked.connect(asked)
        self._loudness_rest = QTimer(self)
        self._loudness_rest.setSingleShot(True)
        self._loudness_rest.setInterval(LOUDNESS_STAYS_MS)
        self._loudness_rest.timeout.connect(self._hide_loudness)
        self.mute.installEventFilter(self)
        # Only while it fades: a painted-through effect at every frame would cost as much as a photo.
        self._effect = QGraphicsOpacityEffect(self)
        self._effect.setEnabled(False)
        self.setGraphicsEffect(self._effect)
        self._fade = QPropertyAnimation(self._effect, b"opacity", self)
        self._fade.finished.connect(self._on_faded)
        self._is_out = False
        self.setMouseTracking(True)

    def _button(self, icon: str, name: str) -> IconButton:
        return IconButton(icon, name, size_px=BUTTON_PX, icon_px=24, tokens=theme.DARK, parent=self)

    # What it shows

    def set_song(self, *, title: str, artist: str) -> None:
        """Name the song."""
        self._title, self._artist = title, artist
        self.update()

    def set_photo(self, text: str) -> None:
        """Say what photo is seen: its name, when it was taken."""
        if text != self._photo:
            self._photo = text
            self.update(self._photo_rect())

    def set_mood_line(self, *, duration_s: float, curve: EmotionCurve | None, known_s: float) -> None:
        """Show the song's length, and its mood as far as it is known."""
        self._duration_s, self._curve = duration_s, curve
        self.song_bar.set_song(duration_s=duration_s, curve=curve, known_s=known_s)
        self._place()

    def set_moment(self, position_s: float, emotion: Emotion | None, word: str) -> None:
        """Show the time that is heard, the song's mood then, and its word."""
        if clock_text(position_s) != clock_text(self._position_s):
            self.update(self._times_rect())
        self._position_s = position_s
        self.song_bar.set_position(position_s)
        if word != self._word:
            self._word = word
            self.update(self._mood_rect())
        if emotion != self._emotion:
            self._emotion = emotion
            self.update(self._mood_rect())
        self.plane.set_marks(PlaneMarks(song=emotion, trail=self._trail()))

    def set_playing(self, *, is_playing: bool) -> None:
        """Show pause or play."""
        self.play.set_playing(is_playing=is_playing)

    def set_loudness(self, volume: float, *, is_muted: bool) -> None:
        """Show the volume."""
        icon = "volume-x" if is_muted or volume == 0 else "volume-1" if volume < 0.5 else "volume-2"
        self.mute.set_face(icon, "Sound on (M)" if is_muted else "Mute (M)")
        self.loudness.set_value(volume, is_muted=is_muted)

    def show_loudness(self) -> None:
        """Show the volume slider for a moment."""
        self.loudness.fit()
        self._place()
        self.loudness.show()
        self.loudness.raise_()
        self._loudness_rest.start()

    # Coming and going

    @property
    def is_out(self) -> bool:
        """Whether the bar is hidden or on its way out."""
        return self._is_out

    def fade_in(self) -> None:
        """Come into view."""
        if self._is_out:
            self._is_out = False
            self.show()
            self._glide(1.0, FADE_IN_MS, QEasingCurve.Type.OutCubic)

    def fade_out(self) -> None:
        """Leave the photos alone."""
        if not self._is_out:
            self._is_out = True
            self._glide(0.0, FADE_OUT_MS, QEasingCurve.Type.InCubic)

    def _glide(self, goal: float, length_ms: int, easing: QEasingCurve.Type) -> None:
        self._fade.stop()
        self._effect.setEnabled(True)
        self._fade.setDuration(theme.duration_ms(length_ms))
        self._fade.setStartValue(self._effect.opacity())
        self._fade.setEndValue(goal)
        self._fade.setEasingCurve(easing)
        self._fade.start()

    def _on_faded(self) -> None:
        if self._is_out:
            self.hide()
            self._hide_loudness()
        else:
            self._effect.setEnabled(False)

    def _hide_loudness(self) -> None:
        if self.isVisible() and not self._is_out and (self.mute.underMouse() or self.loudness.underMouse()):
            self._loudness_rest.start()
        else:
            self.loudness.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.mute and event.type() == QEvent.Type.Enter:
            self.show_loudness()
        return False

    # Where things are

    @property
    def _margin_px(self) -> int:
        return NARROW_MARGIN_PX if self.width() < NARROW_PX else MARGIN_PX

    def _row_y(self) -> int:
        return self.height() - ROW_FROM_BOTTOM_PX

    def _bar_y(self) -> int:
        return self.height() - SONG_BAR_FROM_BOTTOM_PX

    def _time_px(self) -> int:
        widest = QFontMetricsF(theme.font("label")).horizontalAdvance(clock_text(self._duration_s).replace("1", "0"))
        return max(28, round(widest) + 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()
        super().resizeEvent(event)

    def _place(self) -> None:
        width, row, margin = self.width(), self._row_y(), self._margin_px
        left = margin + self._time_px() + 16
        self.song_bar.setGeometry(left, self._bar_y() - 16, max(1, width - 2 * left), 32)
        middle = width // 2
        self.play.move(middle - PLAY_PX // 2, row - PLAY_PX // 2)
        self.previous.move(middle - STEP_PX - BUTTON_PX // 2, row - BUTTON_PX // 2)
        self.next.move(middle + STEP_PX - BUTTON_PX // 2, row - BUTTON_PX // 2)
        self.leave.move(width - margin - BUTTON_PX, row - BUTTON_PX // 2)
        self.mute.move(width - margin - 2 * BUTTON_PX - 8, row - BUTTON_PX // 2)
        self.plane.setGeometry(self.mute.x() - 48 - PLANE_PX, row - PLANE_PX // 2, PLANE_PX, PLANE_PX)
        self.loudness.move(width - margin - self.loudness.width(), row - BUTTON_PX // 2 - self.loudness.height() - 4)
        self.update()

    def _times_rect(self) -> QRect:
        return QRect(0, self._bar_y() - 12, self._margin_px + self._time_px() + 4, 24)

    def _photo_rect(self) -> QRect:
        """Under the song, where the shade is deep enough for small text over a white photo."""
        below = theme.scaled_px(20) + 8 if self._artist else theme.line_px("song") // 2 + 4
        left = self._margin_px
        return QRect(left, self._row_y() + below, max(1, self.previous.x() - 24 - left), theme.line_px("body"))

    def _mood_rect(self) -> QRect:
        right = self.plane.x()
        return QRect(right - 180, self._row_y() - 16, 180, 32)

    def _trail(self) -> tuple[Emotion, ...]:
        if self._curve is None or len(self._curve.times_s) == 0:
            return ()
        times_s = [self._position_s - back for back in range(TRAIL_S, -1, -1)]
        return tuple(self._curve.at(t_s) for t_s in times_s if t_s >= 0.0)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.DARK
        painter = QPainter(self)
        shade = QLinearGradient(0.0, 0.0, 0.0, float(self.height()))
        for place, opacity in SHADE_STOPS:
            shade.setColorAt(place, theme.mixed(SHADE, opacity))
        painter.fillRect(event.rect(), shade)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        margin, row = self._margin_px, self._row_y()
        vcentre = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font("label"))
        painter.setPen(QColor(t.text))
        times = QRectF(margin, self._bar_y() - 12, self.width() - 2 * margin, 24)
        if not self.song_bar.isHidden():  # a live show has no end
            painter.drawText(times, Qt.AlignmentFlag.AlignLeft | vcentre, clock_text(self._position_s))
            painter.drawText(times, Qt.AlignmentFlag.AlignRight | vcentre, clock_text(self._duration_s))
        self._paint_photo(painter)
        room = self.previous.x() - 24 - margin
        song = theme.font("song")
        line = theme.line_px("song")
        top = row - line + 2 if self._artist else row - line // 2
        self._text(painter, QRectF(margin, top, room, line), self._title, song, t.text)
        if self._artist:
            self._text(
                painter, QRectF(margin, row + 4, room, theme.scaled_px(20)), self._artist, _artist_font(), t.text_2
            )
        self._paint_mood(painter)
        painter.setPen(QPen(QColor(t.line_2), 1.0))
        line_x = self.mute.x() - 24 + 0.5
        painter.drawLine(QPointF(line_x, row - 16), QPointF(line_x, row + 16))
        painter.end()

    def _paint_photo(self, painter: QPainter) -> None:
        if not self._photo:
            return
        place = QRectF(self._photo_rect())
        icon_px = theme.scaled_px(PHOTO_ICON_PX)
        top = place.center().y() - icon_px / 2
        paint_icon(painter, QRectF(place.left(), top, icon_px, icon_px), "image", theme.DARK.text_2)
        self._text(painter, place.adjusted(icon_px + 6, 0, 0, 0), self._photo, theme.font("body"), theme.DARK.text_2)

    def _text(self, painter: QPainter, place: QRectF, text: str, font: QFont, colour: str) -> None:
        painter.setFont(font)
        painter.setPen(QColor(colour))
        shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_mood(self, painter: QPainter) -> None:
        if self._emotion is None or not self._word:
            return
        font = theme.font("empty")
        width = QFontMetricsF(font).horizontalAdvance(self._word)
        right, row = self.plane.x() - 20.0, float(self._row_y())
        left = right - width
        if left - 10 - DOT_PX < self.next.geometry().right() + 16:
            return  # no room for the word on a narrow screen; the circle says the same
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mood_colour(self._emotion.valence, self._emotion.arousal, scale="dark"))
        painter.drawEllipse(QPointF(left - 10 - DOT_PX / 2, row), DOT_PX / 2, DOT_PX / 2)
        self._text(painter, QRectF(left, row - 14, width + 4, 28), self._word, font, theme.DARK.text)


class _Loudness(QWidget):
    """The volume slider that appears over its button, with the value beside it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._text = ""
        self.slider = Slider("Volume", tokens=theme.DARK, parent=self)
        self.slider.setGeometry(10, 2, SLIDER_PX, 32)
        self.setMouseTracking(True)
        self.fit()

    def fit(self) -> None:
        """Be as wide as the slider and the longest that is said beside it."""
        metrics = QFontMetricsF(theme.font("label"))
        widest = max(metrics.horizontalAdvance(text) for text in ("Muted", "100 %"))
        self.setFixedSize(10 + SLIDER_PX + 12 + math.ceil(widest) + 12, 36)

    def set_value(self, volume: float, *, is_muted: bool) -> None:
        """Show a volume."""
        self.slider.set_value(volume)
        self._text = "Muted" if is_muted else f"{round(volume * 100)} %"
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.DARK
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.line_3), 1.0))
        painter.setBrush(QColor(t.raised))
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_CARD, theme.RADIUS_CARD
        )
        painter.setFont(theme.font("label"))
        painter.setPen(QColor(t.text))
        left = 10 + SLIDER_PX
        place = QRectF(left, 0, self.width() - left - 12, self.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._text)
        painter.end()


def _artist_font() -> QFont:
    """The artist's line: the body style at the size of a heading."""
    made = theme.font("body")
    made.setPixelSize(theme.scaled_px(15))
    return made
