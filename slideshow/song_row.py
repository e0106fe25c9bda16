"""A song in a list: title, artist, duration, and its mood as a line."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFocusEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from slideshow import theme
from slideshow.demo_songs import DemoSong
from slideshow.focus_ring import show_ring
from slideshow.mood_colours import song_gradient
from slideshow.song_bar import clock_text

LINE_PX = 22


class SongRow(QAbstractButton):
    """A demo song: title, artist, duration, and its mood as a line that grows while it is analysed."""

    def __init__(self, song: DemoSong) -> None:
        super().__init__()
        self.song = song
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.refresh()

    def refresh(self) -> None:
        """Show what is known of the song by now."""
        self.setAccessibleName(f"{self.song.title}, {self.song.artist}, {clock_text(self.song.duration_s)}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(280, max(76, theme.scaled_px(70)))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, max(60, theme.line_px("body") + 8 + LINE_PX + 4))

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=theme.RADIUS_ROW)
        super().focusInEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isChecked() or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.selected if self.isChecked() else t.hover))
            painter.drawRoundedRect(self.rect(), theme.RADIUS_ROW, theme.RADIUS_ROW)
        inner = QRectF(self.rect()).adjusted(12, 0, -12, 0)
        line_px = theme.line_px("body")
        top = (self.height() - line_px - 8 - LINE_PX) / 2
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(t.text_2))
        painter.setFont(theme.font("label"))
        time_px = 0.0
        if self.song.duration_s > 0:
            time_text = clock_text(self.song.duration_s)
            time_px = painter.fontMetrics().horizontalAdvance(time_text) + 12.0
            painter.drawText(
                QRectF(inner.left(), top, inner.width(), line_px), middle | Qt.AlignmentFlag.AlignRight, time_text
            )
        painter.setPen(QColor(t.text))
        painter.setFont(theme.font("strong"))
        room = inner.width() - time_px
        title = painter.fontMetrics().elidedText(self.song.title, Qt.TextElideMode.ElideRight, int(room))
        title_px = painter.fontMetrics().horizontalAdvance(title)
        painter.drawText(QRectF(inner.left(), top, room, line_px), middle, title)
        painter.setPen(QColor(t.text_2))
        painter.setFont(theme.font("body"))
        left = room - title_px - 8
        artist = painter.fontMetrics().elidedText(self.song.artist, Qt.TextElideMode.ElideRight, int(max(0, left)))
        painter.drawText(QRectF(inner.left() + title_px + 8, top, max(0.0, left), line_px), middle, artist)
        self._paint_line(painter, QRectF(inner.left(), top + line_px + 8, inner.width(), LINE_PX))
        painter.end()

    def _paint_line(self, painter: QPainter, place: QRectF) -> None:
        t, song = theme.current(), self.song
        share = song.known_s / song.duration_s if song.duration_s > 0 else 0.0
        known_px = place.width() * min(share, 1.0)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if known_px < place.width() - 1:
            painter.setPen(QPen(QColor(t.track), 1.0, Qt.PenStyle.DashLine))
            painter.drawLine(
                QPointF(place.left() + known_px, place.center().y()), QPointF(place.right(), place.center().y())
            )
        if known_px < 1 or song.curve is None:
            return
        path = QPainterPath()
        n = max(2, int(known_px / 3))
        for i in range(n + 1):
            arousal = song.curve.at(song.known_s * i / n).arousal
            point = QPointF(place.left() + known_px * i / n, place.bottom() - 1 - arousal * (place.height() - 2))
            if i == 0:
                path.moveTo(point)
            else:
                path.lineTo(point)
        gradient = song_gradient(
            song.curve,
            start_s=0,
            end_s=song.known_s,
            left_px=place.left(),
            right_px=place.left() + known_px,
            scale=t.name,
        )
        pen = QPen(QBrush(gradient), 2.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)
        painter.drawPath(path)
