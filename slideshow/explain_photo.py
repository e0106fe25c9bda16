"""One photo explained: where it lies and how sure that is, why it fits the song here, and which photos are like it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from slideshow import theme
from slideshow.focus_ring import show_ring
from slideshow.labels import Label
from slideshow.messages import name_of
from slideshow.mood_colours import mood_colour
from slideshow.mood_plane import MoodPlane, PlaneMarks, point_on
from slideshow.mood_words import shown_word
from slideshow.photo_reasons import Alike, Doubt, PhotoReasons
from slideshow.photo_words import date_in_words
from slideshow.sheets import PADDING_PX, Sheet
from slideshow.thumbnails import Thumbnails, paint_rounded

if TYPE_CHECKING:
    from engine.library import Photo

WIDTH_PX, LEFT_PX, PICTURE_PX = 760, 268, 179
FRAME_PX = 176
"""What the sheet needs round its body: title, buttons, margins."""

TILE = QSize(124, 76)
DASHES = (5.0, 4.0)
NOT_RATED = "You have not rated any other photo yet. Ratings are given on the Teach page."


class DoubtPlane(MoodPlane):
    """The circle with a photo, and a dashed ellipse that holds the truth about it in 68 of 100 cases."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__()
        self._doubt = doubt

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        circle, doubt = self.circle(), self._doubt
        middle = QPointF(
            circle.left() + doubt.centre.valence * circle.width(),
            circle.bottom() - doubt.centre.arousal * circle.height(),
        )
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(QColor(theme.current().text_2), 1.5)
        pen.setDashPattern([dash / 1.5 for dash in DASHES])
        painter.setPen(pen)
        painter.drawEllipse(middle, doubt.valence * circle.width(), doubt.arousal * circle.height())
        if self.marks.photo is not None:  # over its own dashes
            painter.setPen(Qt.PenStyle.NoPen)
            mood = self.marks.photo
            painter.setBrush(mood_colour(mood.valence, mood.arousal, scale=theme.current().name))
            painter.drawEllipse(point_on(circle, mood), 6.0, 6.0)
        painter.end()


class PhotoTile(QAbstractButton):
    """A small photo with its mood's word; a click explains it in turn."""

    chosen = Signal(object)
    """The Photo that was clicked."""

    def __init__(self, thumbnails: Thumbnails, alike: Alike) -> None:
        super().__init__()
        self._thumbnails, self.alike = thumbnails, alike
        self._word = shown_word(alike.said or alike.mood)
        said = f"You said {self._word.lower()}" if alike.said is not None else self._word
        self._words = said
        self.setAccessibleName(f"Explain {name_of(alike.photo.path)}: {said}")
        self.setToolTip(name_of(alike.photo.path))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        thumbnails.ready.connect(self._on_thumbnail)
        self.clicked.connect(self._on_clicked)

    def _on_clicked(self) -> None:
        self.chosen.emit(self.alike.photo)

    def sizeHint(self) -> QSize:
        return QSize(TILE.width(), TILE.height() + 4 + theme.line_px("caption"))

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=theme.RADIUS_THUMBNAIL)
        super().focusInEvent(event)

    def _on_thumbnail(self, path: object) -> None:
        if path == self.alike.photo.path:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = QRectF(0, 0, TILE.width(), TILE.height())
        _paint_photo(painter, place, self._thumbnails, self.alike, theme.RADIUS_THUMBNAIL, self.devicePixelRatioF())
        mood = self.alike.said or self.alike.mood
        line = QRectF(0, TILE.height() + 4, TILE.width(), theme.line_px("caption"))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mood_colour(mood.valence, mood.arousal, scale=t.name))
        painter.drawEllipse(QPointF(4, line.center().y()), 4, 4)
        painter.setPen(QColor(t.text if self.underMouse() else t.text_2))
        painter.setFont(theme.font("caption"))
        room = line.adjusted(14, 0, 0, 0)
        words = painter.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()


class _Picture(QWidget):
    """The photo itself, whole."""

    def __init__(self, thumbnails: Thumbnails, reasons: PhotoReasons) -> None:
        super().__init__()
        self._thumbnails, self._photo = thumbnails, reasons.photo
        self.setFixedSize(LEFT_PX, PICTURE_PX)
        self.setAccessibleName(name_of(reasons.photo.path))
        thumbnails.ready.connect(self._on_thumbnail)

    def _on_thumbnail(self, path: object) -> None:
        if path == self._photo.path:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.stage))
        painter.drawRoundedRect(self.rect(), theme.RADIUS_BUTTON, theme.RADIUS_BUTTON)
        picture = self._thumbnails.pixmap(self._photo.path, long_side_px=900)
        if picture is not None:
            size = picture.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF(QPointF(0, 0), size.toSizeF())
            place.moveCenter(QRectF(self.rect()).center())
            painter.drawPixmap(place, picture, QRectF(picture.rect()))
        elif self._thumbnails.is_unreadable(self._photo.path):
            painter.setPen(QColor(t.text_2))
            painter.setFont(theme.font("body"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "This photo cannot be read now.")
        painter.end()


def show_photo(
    window: QWidget, reasons: PhotoReasons, thumbnails: Thumbnails, *, explain: Callable[[Photo], None]
) -> Sheet:
    """Lay the explanation of a photo over the window; explain takes the Photo of a tile that was clicked."""
    sheet = Sheet(window, "About this photo", width_px=WIDTH_PX)
    body = _body(sheet, reasons, thumbnails, explain)
    sheet.add_body(scrolled(body, window, width_px=WIDTH_PX, name="About this photo"))
    sheet.add_button("Close", "main", is_safe=True)
    sheet.open()
    return sheet


def scrolled(body: QWidget, window: QWidget, *, width_px: int, name: str) -> QScrollArea:
    """A sheet's body as tall as it needs, or as the window allows; then it is scrolled, by keys too."""
    width = min(theme.scaled_px(width_px), window.width() - 2 * PADDING_PX) - 2 * PADDING_PX
    layout = body.layout()
    assert layout is not None
    needed = max(layout.totalHeightForWidth(width), layout.totalMinimumSize().height())
    room = max(160, window.height() - theme.scaled_px(FRAME_PX))
    scroll = QScrollArea()
    scroll.setWidget(body)
    scroll.setWidgetResizable(True)
    scroll.setAccessibleName(name)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setFrameShape(QFrame.Shape.NoFrame)  # its edge would take two lines of pixels from what was measured
    scroll.setFixedHeight(min(needed, room))
    if needed <= room:  # once it has come, a bar takes the width that the text needs, and so stays
        scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus if needed > room else Qt.FocusPolicy.NoFocus)
    return scroll


def _body(sheet: Sheet, reasons: PhotoReasons, thumbnails: Thumbnails, explain: Callable[[Photo], None]) -> QWidget:
    body = QWidget()
    row = QHBoxLayout(body)
    row.setContentsMargins(0, 8, 0, 0)
    row.setSpacing(24)
    left = QVBoxLayout()
    left.setSpacing(4)
    left.addWidget(_Picture(thumbnails, reasons))
    left.addSpacing(4)
    name = Label(name_of(reasons.photo.path), "strong", is_elided=True)
    name.setFixedWidth(LEFT_PX)
    left.addWidget(name)
    date = date_in_words(reasons.photo.taken_at)
    if date:
        left.addWidget(Label(date, "caption", "text_3"))
    if reasons.shows:
        left.addWidget(Label(f"Shows: {', '.join(reasons.shows)}", "caption", "text_3", is_elided=True))
    plane = DoubtPlane(reasons.doubt)
    plane.set_marks(PlaneMarks(song=reasons.fit.song if reasons.fit is not None else None, photo=reasons.mood))
    plane.setAccessibleName("Where the photo lies")
    plane.setFixedWidth(LEFT_PX)
    left.addWidget(plane)
    left.addStretch(1)
    row.addLayout(left)
    right = QVBoxLayout()
    right.setSpacing(4)
    for title, sentences in _sections(reasons):
        add_section(right, title, sentences)

    def go_to(photo: Photo) -> None:
        sheet.close()
        explain(photo)

    rows = [("Most like it in your library", reasons.alike, "There is no other photo yet.")]
    rows.append(("Most like it of those you rated", reasons.rated, NOT_RATED))
    for title, fellows, none in rows:
        right.addWidget(Label(title, "strong"))
        right.addSpacing(4)
        if not fellows:
            right.addWidget(Label(none, "body", "text_2", is_wrapped=True))
        tiles = QHBoxLayout()
        tiles.setSpacing(8)
        for alike in fellows:
            tile = PhotoTile(thumbnails, alike)
            tile.chosen.connect(go_to)
            tiles.addWidget(tile)
        tiles.addStretch(1)
        right.addLayout(tiles)
        right.addSpacing(12)
    right.addStretch(1)
    row.addLayout(right, 1)
    return body


def add_section(column: QVBoxLayout, title: str, sentences: tuple[str, ...]) -> None:
    """Add a heading with the sentences below it; none where there is nothing to say."""
    text = " ".join(sentence for sentence in sentences if sentence)
    if text:
        column.addWidget(Label(title, "strong"))
        column.addWidget(Label(text, "body", "text_2", is_wrapped=True))
        column.addSpacing(12)


def _sections(reasons: PhotoReasons) -> tuple[tuple[str, tuple[str, ...]], ...]:
    pleasant, energy = round(reasons.absolute.valence * 100), round(reasons.absolute.arousal * 100)
    own = f"On the model’s own scale: pleasantness {pleasant} of 100, energy {energy}."
    said = ""
    if reasons.said is not None:
        said = f"You said it feels {shown_word(reasons.said).lower()}."
    fit = reasons.fit.sentences if reasons.fit is not None else (reasons.no_fit,)
    return (
        (shown_word(reasons.mood), (reasons.place, own, said)),
        ("How sure this is", (reasons.doubt.sentence,)),
        ("How it fits the song", fit),
    )


def _paint_photo(
    painter: QPainter, place: QRectF, thumbnails: Thumbnails, alike: Alike, radius_px: float, ratio: float
) -> None:
    picture = thumbnails.cover(alike.photo.path, place.size().toSize(), ratio=ratio)
    if picture is not None:
        paint_rounded(painter, place, picture, radius_px)
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.current().hover))
    painter.drawRoundedRect(place, radius_px, radius_px)
