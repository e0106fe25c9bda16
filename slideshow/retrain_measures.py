"""A retraining's report as it is drawn: bars before and after, and the photos that moved most."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from engine.photos import Photo
from slideshow import theme
from slideshow.icons import paint_icon
from slideshow.labels import Label
from slideshow.mood_colours import mood_colour
from slideshow.mood_words import shown_word
from slideshow.photo_words import name_in_words
from slideshow.retrain_report import Measure, Move, TrainingReport, percent
from slideshow.thumbnails import Thumbnails, paint_rounded

BAR_PX, ROW_PX, WORD_PX, FIGURE_PX = 8, 20, 46, 44
THUMBNAIL_PX = 48
N_MOVES = 5
"""Photos that moved most which the panel has room for."""


class Bars(QWidget):
    """Two bars: before in the tone of captions, after in that of text, each with its number."""

    def __init__(self, measure: Measure) -> None:
        super().__init__()
        self._measure = measure
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(measure.spoken)

    def sizeHint(self) -> QSize:
        return QSize(200, 2 * theme.scaled_px(ROW_PX) + 4)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self.updateGeometry()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row_px, word_px, figure_px = (theme.scaled_px(size) for size in (ROW_PX, WORD_PX, FIGURE_PX))
        whole = QRectF(word_px, 0, self.width() - word_px - figure_px, BAR_PX)
        rows = (("Before", self._measure.before, t.text_3, t.text_2), ("After", self._measure.after, t.text, t.text))
        for i, (word, share, colour, ink) in enumerate(rows):
            top = i * (row_px + 4)
            painter.setPen(QColor(ink))
            painter.setFont(theme.font("caption"))
            painter.drawText(QRectF(0, top, word_px, row_px), Qt.AlignmentFlag.AlignVCenter, word)
            painter.setFont(theme.font("label"))
            at_right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(QRectF(self.width() - figure_px, top, figure_px, row_px), at_right, percent(share))
            bar = whole.translated(0, top + (row_px - BAR_PX) / 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.track))
            painter.drawRoundedRect(bar, BAR_PX / 2, BAR_PX / 2)
            filled = bar.width() * min(1.0, max(0.0, share))
            if filled > 0:
                bar.setWidth(max(filled, BAR_PX))
                painter.setBrush(QColor(colour))
                painter.drawRoundedRect(bar, BAR_PX / 2, BAR_PX / 2)
        painter.end()


class MeasureView(QWidget):
    """One measure: what it is of, its bars, and how sure it is."""

    def __init__(self, measure: Measure) -> None:
        super().__init__()
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Label(measure.title, "strong", is_cut_at_end=True), 1)
        head.addWidget(Label(measure.counted, "caption", "text_3"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(Bars(measure))
        said = " ".join(part for part in (measure.meaning, measure.ranges) if part)
        column.addWidget(Label(said, "caption", "text_3", is_wrapped=True))


class MoveRow(QWidget):
    """A photo that moved, with where from and to."""

    def __init__(self, move: Move, photo: Photo, thumbnails: Thumbnails) -> None:
        super().__init__()
        self.move_made, self.photo = move, photo
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addStretch(1)
        texts.addWidget(_Places(move))
        texts.addWidget(Label(", ".join(move.turns).capitalize(), "caption", "text_3", is_cut_at_end=True))
        texts.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(12)
        row.addWidget(_Picture(photo, thumbnails))
        row.addLayout(texts, 1)
        name = name_in_words(photo.path.stem)
        self.setAccessibleName(f"{name or 'A photo'}: {move.words}, {', '.join(move.turns)}")
        if name:
            self.setToolTip(name)


class _Places(QWidget):
    """Two moods with an arrow between, each with its dot."""

    def __init__(self, move: Move) -> None:
        super().__init__()
        self._move = move
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(120, theme.line_px("strong"))

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("strong"))
        middle = self.height() / 2
        x = 0.0
        for i, emotion in enumerate((self._move.before, self._move.after)):
            if i:
                paint_icon(painter, QRectF(x, middle - 7, 14, 14), "arrow-right", t.text_3)
                x += 22
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(mood_colour(emotion.valence, emotion.arousal, scale=t.name))
            painter.drawEllipse(QRectF(x, middle - 4, 8, 8))
            x += 14
            word = shown_word(emotion)
            painter.setPen(QColor(t.text if i else t.text_2))
            room = painter.fontMetrics().elidedText(word, Qt.TextElideMode.ElideRight, max(0, round(self.width() - x)))
            painter.drawText(QRectF(x, 0, self.width() - x, self.height()), Qt.AlignmentFlag.AlignVCenter, room)
            x += painter.fontMetrics().horizontalAdvance(room) + 8
        painter.end()


class _Picture(QWidget):
    def __init__(self, photo: Photo, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._photo, self._thumbnails = photo, thumbnails
        self.setFixedSize(THUMBNAIL_PX, THUMBNAIL_PX)
        thumbnails.ready.connect(self._on_ready)

    def _on_ready(self, path: object) -> None:
        if path == self._photo.path:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size, ratio = QSize(THUMBNAIL_PX, THUMBNAIL_PX), self.devicePixelRatioF()
        picture: QPixmap | None = self._thumbnails.cover(self._photo.path, size, ratio=ratio)
        if picture is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.current().hover))
            painter.drawRoundedRect(self.rect(), theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
        else:
            paint_rounded(painter, QRectF(self.rect()), picture, theme.RADIUS_THUMBNAIL)
        painter.end()


class ReportView(QWidget):
    """The verdict of a report, and its measures."""

    def __init__(self, report: TrainingReport) -> None:
        super().__init__()
        self.report = report
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Label(report.verdict, "body", "text_2", is_wrapped=True))
        if report.off_by:
            column.addSpacing(8)
            column.addWidget(Label(report.off_by, "body", "text_2", is_wrapped=True))
        for measure in report.measures:
            column.addSpacing(20)
            column.addWidget(MeasureView(measure))


class MovesView(QWidget):
    """The photos that move most, or have; empty where none is known. `photos` are known ones by content."""

    def __init__(
        self, report: TrainingReport, photos: dict[str, Photo], thumbnails: Thumbnails, *, have_moved: bool
    ) -> None:
        super().__init__()
        moves = [(move, photos[move.content_hash]) for move in report.moves if move.content_hash in photos]
        self.rows = [MoveRow(move, photo, thumbnails) for move, photo in moves[:N_MOVES]]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 24 if self.rows else 0, 0, 0)
        column.setSpacing(0)
        if self.rows:
            column.addWidget(Label("Photos that moved most" if have_moved else "Photos that move most", "strong"))
            column.addSpacing(4)
        for row in self.rows:
            column.addWidget(row)
