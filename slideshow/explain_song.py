"""One song explained: where it lies, how its mood moves and where that is unsure, and the photos that suit it best."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from engine.emotion import EmotionCurve, FloatArray
from slideshow import theme
from slideshow.explain_photo import LEFT_PX, WIDTH_PX, PhotoTile, add_section, scrolled
from slideshow.labels import Label
from slideshow.mood_plane import MoodPlane, PlaneMarks
from slideshow.photo_reasons import Alike, match_word
from slideshow.sheets import Sheet
from slideshow.song_bar import clock_text
from slideshow.song_reasons import SongReasons, mood_in_words, summary
from slideshow.thumbnails import Thumbnails
from slideshow.timeline_curve import STRIP_PX, draw_strip

if TYPE_CHECKING:
    from engine.library import Photo

N_TRAIL = 160
"""Points of a song's path on the circle."""

N_MARKS = 5
"""Times under the curve, evenly spaced."""


class SongStrip(QWidget):
    """The whole curve as the timeline draws it, with its band of doubt and a few times below."""

    def __init__(self, curve: EmotionCurve, spread: FloatArray, *, duration_s: float) -> None:
        super().__init__()
        self._curve, self._spread, self._duration_s = curve, spread, max(duration_s, 1e-3)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("How the song’s mood moves")

    def sizeHint(self) -> QSize:
        return QSize(600, STRIP_PX + 4 + theme.line_px("caption"))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        if len(self._curve.times_s):
            strip = draw_strip(
                self._curve,
                start_s=0.0,
                end_s=self._duration_s,
                px_per_s=self.width() / self._duration_s,
                ratio=self.devicePixelRatioF(),
                spread=self._spread,
            )
            painter.drawImage(QPointF(0, 0), strip.image)
        painter.setPen(QColor(t.text_3))
        painter.setFont(theme.font("caption"))
        for i in range(N_MARKS):
            share = i / (N_MARKS - 1)
            text = clock_text(share * self._duration_s)
            width = painter.fontMetrics().horizontalAdvance(text) + 2
            left = share * (self.width() - width)
            painter.drawText(
                QRectF(left, STRIP_PX + 4, width, theme.line_px("caption")), Qt.AlignmentFlag.AlignCenter, text
            )
        painter.end()


def show_song(
    window: QWidget, reasons: SongReasons, thumbnails: Thumbnails, *, explain: Callable[[Photo], None]
) -> Sheet:
    """Lay the explanation of a song over the window; explain takes the Photo of a tile that was clicked."""
    sheet = Sheet(window, reasons.title, width_px=WIDTH_PX)
    body = _body(sheet, reasons, thumbnails, explain)
    sheet.add_body(scrolled(body, window, width_px=WIDTH_PX, name="About this song"))
    sheet.add_button("Close", "main", is_safe=True)
    sheet.open()
    return sheet


def _body(sheet: Sheet, reasons: SongReasons, thumbnails: Thumbnails, explain: Callable[[Photo], None]) -> QWidget:
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    column.addWidget(Label(summary(reasons), "body", "text_2", is_elided=True))
    column.addSpacing(8)
    column.addWidget(SongStrip(reasons.curve, reasons.spread, duration_s=reasons.duration_s))
    column.addSpacing(12)
    row = QHBoxLayout()
    row.setSpacing(24)
    plane = MoodPlane()
    step = max(1, len(reasons.curve.times_s) // N_TRAIL)
    trail = tuple(reasons.curve.at(float(t_s)) for t_s in reasons.curve.times_s[::step])
    plane.set_marks(PlaneMarks(song=reasons.mood, trail=trail))
    plane.setAccessibleName("Where the song lies")
    plane.setFixedWidth(LEFT_PX)
    row.addWidget(plane, 0, Qt.AlignmentFlag.AlignTop)
    right = QVBoxLayout()
    right.setSpacing(4)
    pleasant, energy = round(reasons.absolute.valence * 100), round(reasons.absolute.arousal * 100)
    own = f"On the model’s own scale: pleasantness {pleasant} of 100, energy {energy}."
    add_section(right, mood_in_words(reasons), (reasons.place, own))
    add_section(right, "How its mood moves", reasons.movement)
    add_section(right, "How sure this is", (reasons.doubts,))
    right.addStretch(1)
    row.addLayout(right, 1)
    column.addLayout(row)
    column.addWidget(Label("Photos that suit the whole song best", "strong"))
    column.addSpacing(4)
    if not reasons.best:
        column.addWidget(Label("Add a folder of photos, and the best for this song appear here.", "body", "text_2"))

    def go_to(photo: Photo) -> None:
        sheet.close()
        explain(photo)

    tiles = QHBoxLayout()
    tiles.setSpacing(8)
    for best in reasons.best:
        tile = PhotoTile(thumbnails, Alike(best.photo, best.mood))
        tile.setToolTip(f"{tile.toolTip()}\n{round(best.score * 100)}%, {match_word(best.score)} on the whole")
        tile.chosen.connect(go_to)
        tiles.addWidget(tile)
    tiles.addStretch(1)
    column.addLayout(tiles)
    return body
