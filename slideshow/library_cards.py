"""Cards of the Library page: indexing as it runs, a drive that is away, and quiet lines that lead to lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from slideshow import messages, theme
from slideshow.buttons import Button
from slideshow.icons import paint_icon
from slideshow.labels import Label
from slideshow.photo_tiles import PhotoTiles
from slideshow.progress_bar import ProgressBar
from slideshow.session import Session
from slideshow.thumbnails import Thumbnails, paint_rounded


class Card(QWidget):
    """A panel with an outline and round corners."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.line), 1.0))
        painter.setBrush(QColor(t.panel))
        radius = theme.RADIUS_CARD
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.end()


class IndexingCard(Card):
    """Indexing as it runs: photos as they come, how many, how long still; start now, pause, stop."""

    start_wanted = Signal()

    def __init__(self, session: Session, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._session = session
        self.tiles = PhotoTiles(thumbnails, columns=5, rows=2)
        self.tiles.setFixedHeight(112)
        self._heading = Label("Getting to know your photos", "empty")
        self._text = Label("You can start now with the ones that are ready.", "body", "text_2")
        self._bar = ProgressBar()
        self._count = Label("", "label")
        self._left = Label("", "label", "text_2")
        self.start = Button("Start now", "main")
        self.pause = Button("Pause", icon="pause")
        self.stop = Button("Stop", "bare")
        counts = QHBoxLayout()
        counts.addWidget(self._count)
        counts.addStretch(1)
        counts.addWidget(self._left)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.start, self.pause, self.stop):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(0)
        column.addWidget(self.tiles)
        column.addSpacing(20)
        column.addWidget(self._heading)
        column.addSpacing(4)
        column.addWidget(self._text)
        column.addSpacing(16)
        column.addWidget(self._bar)
        column.addSpacing(8)
        column.addLayout(counts)
        column.addSpacing(16)
        column.addLayout(buttons)
        self.start.clicked.connect(self.start_wanted)
        self.pause.clicked.connect(self._on_pause)
        self.stop.clicked.connect(session.cancel_indexing)

    def refresh(self) -> None:
        """Show how far indexing is."""
        indexing = self._session.indexing
        self.tiles.set_photos(tuple(self._session.recent_photos))
        heading = "Waits for the film" if indexing.is_waiting else "Paused" if indexing.is_paused else ""
        self._heading.setText(heading or "Getting to know your photos")
        self._text.setText(
            "The film is saved first, then this goes on by itself. You can use the photos that are ready."
            if indexing.is_waiting
            else "You can start now with the ones that are ready."
        )
        is_counted = indexing.total > 0
        self._bar.set_share(indexing.done / indexing.total if is_counted else None)
        total = messages.count_of(indexing.total, "photo")
        uncounted = "Not looked at yet" if indexing.is_waiting else "Looking for photos"
        self._count.setText(f"{indexing.done:,} of {total}" if is_counted else uncounted)
        left = indexing.seconds_left
        self._left.setText(messages.time_left(left) if left is not None and indexing.is_running else "")
        self.pause.setVisible(not indexing.is_waiting)
        self.pause.set_face(*(("Go on", "play") if indexing.is_paused else ("Pause", "pause")))
        self.start.setEnabled(self._session.n_photos > 0)

    def _on_pause(self) -> None:
        if self._session.indexing.is_paused:
            self._session.resume_indexing()
        else:
            self._session.pause_indexing()


class _AwayPicture(QWidget):
    """Three grey pictures under the sign of a drive: those of its photos that were seen before, as far as kept."""

    TILE, GAP_PX = QSize(52, 44), 4

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._thumbnails = thumbnails
        self._paths: tuple[Path, ...] = ()
        self.setFixedSize(3 * self.TILE.width() + 2 * self.GAP_PX, self.TILE.height())

    def set_photos(self, paths: Sequence[Path]) -> None:
        """Show photos of the drive, those that are still in memory."""
        known = [path for path in paths if self._thumbnails.known(path) is not None]
        self._paths = tuple(known[:3])
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for i in range(3):
            left = i * (self.TILE.width() + self.GAP_PX)
            place = QRectF(left, 0, self.TILE.width(), self.TILE.height())
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.raised if t.is_dark else t.hover))
            painter.drawRoundedRect(place, theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
            ratio = self.devicePixelRatioF()
            picture = self._thumbnails.cover(self._paths[i], self.TILE, ratio=ratio) if i < len(self._paths) else None
            if picture is not None:
                painter.setOpacity(0.32)
                paint_rounded(painter, place, picture, theme.RADIUS_THUMBNAIL)
                painter.setOpacity(1.0)
        centre = QPointF(self.width() / 2, self.height() / 2)
        painter.setPen(QPen(QColor(t.line_2), 1.0))
        painter.setBrush(QColor(t.panel))
        painter.drawEllipse(centre, 17.5, 17.5)
        paint_icon(painter, QRectF(centre.x() - 9, centre.y() - 9, 18, 18), "hard-drive", t.text_2)
        painter.end()


class DriveCard(Card):
    """A drive that is away: which, how many photos wait on it, and a look at once."""

    look_wanted = Signal()

    def __init__(self, thumbnails: Thumbnails) -> None:
        super().__init__()
        self.picture = _AwayPicture(thumbnails)
        self.heading = Label("", "strong", is_wrapped=True)
        self.text = Label("", "body", "text_2", is_wrapped=True)
        self.look = Button("Look again", icon="refresh-cw")
        self.look.clicked.connect(self.look_wanted)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        words.addWidget(self.heading)
        words.addWidget(self.text)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 16, 16, 16)
        row.setSpacing(20)
        row.addWidget(self.picture)
        row.addLayout(words, 1)
        row.addWidget(self.look)

    def set_words(self, heading: str, text: str) -> None:
        """Say which drive and what waits on it."""
        self.heading.setText(heading)
        self.text.setText(text)
        self.setAccessibleName(f"{heading}. {text}")
        self.look.setAccessibleName(f"Look again. {heading}")


class NoteRow(QWidget):
    """A quiet line that says how things are, with a button that leads to the list, if there is one."""

    def __init__(self, icon: str, verb: str = "") -> None:
        super().__init__()
        self._icon = icon
        self.words = Label("", "body", "text_2", is_wrapped=True)
        self.button = Button(verb, "bare")
        self.button.setVisible(bool(verb))
        middle = QVBoxLayout()  # an alignment flag would keep the words from growing by a line
        middle.addStretch(1)
        middle.addWidget(self.words)
        middle.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(56, 6, 12, 6)
        row.setSpacing(12)
        row.addLayout(middle, 1)
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def set_text(self, text: str, *, verb: str = "") -> None:
        """Say this, or nothing and be gone for an empty text; `verb` is another word for the button."""
        self.words.setText(text)
        if verb:
            self.button.set_face(verb, "")
        self.button.setAccessibleName(f"{self.button.text()}: {text}")
        self.setVisible(bool(text))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_icon(painter, QRectF(20, (self.height() - 18) / 2, 18, 18), self._icon, theme.current().text_3)
        painter.end()
