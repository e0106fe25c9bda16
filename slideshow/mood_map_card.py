"""What the mood map says of one photo: a ring around its point, and a card beside the pointer."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from slideshow import theme
from slideshow.browse_photos import BrowsePhotos
from slideshow.photo_words import date_in_words
from slideshow.thumbnails import Thumbnails, paint_rounded

CARD = QSize(168, 126)


def paint_mark(painter: QPainter, at: QPointF, colour: QColor) -> None:
    """Ring the point of one photo."""
    painter.setPen(QPen(QColor(theme.current().text), 2.0))
    painter.setBrush(colour)
    painter.drawEllipse(at, 6.0, 6.0)


def paint_card(
    painter: QPainter, over: QWidget, beside: QPointF, photos: BrowsePhotos, row: int, thumbnails: Thumbnails,
    *, colour: QColor, is_away: bool = False,
) -> None:  # fmt: skip
    """Show a photo beside a place of a widget, with its word and date; one whose drive is away is not read."""
    t = theme.current()
    photo = photos.photo(row)
    line = theme.line_px("label")
    width, height = CARD.width() + 12, CARD.height() + 12 + line + 8
    x = beside.x() + 18
    if x + width > over.width():
        x = beside.x() - 18 - width
    y = min(max(beside.y() - height / 2, 4.0), max(4.0, over.height() - height - 4.0))
    card = QRectF(max(4.0, round(x)), round(y), width, height)
    painter.setPen(QPen(QColor(t.line_2), 1.0))
    painter.setBrush(QColor(t.raised))
    painter.drawRoundedRect(card, theme.RADIUS_ROW, theme.RADIUS_ROW)
    place = QRectF(card.left() + 6, card.top() + 6, CARD.width(), CARD.height())
    picture = None if is_away else thumbnails.cover(photo.path, CARD, ratio=over.devicePixelRatioF())
    if picture is not None:
        paint_rounded(painter, place, picture, theme.RADIUS_THUMBNAIL)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.hover))
        painter.drawRoundedRect(place, theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
    below = QRectF(place.left() + 4, place.bottom() + 4, place.width() - 8, line + 2)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawEllipse(QPointF(below.left() + 4, below.center().y()), 4, 4)
    painter.setPen(QColor(t.text))
    painter.setFont(theme.font("label"))
    away = "Not connected" if is_away else ""
    words = " · ".join(part for part in (away, photos.word(row), date_in_words(photo.taken_at)) if part)
    text = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(below.width() - 16))
    painter.drawText(below.adjusted(16, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
