"""The welcome page of the first start: photos, song, play, each a card, with the demo at work in them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from slideshow import messages, theme
from slideshow.buttons import Button
from slideshow.demo_songs import DemoSongs
from slideshow.icons import paint_icon
from slideshow.labels import Label
from slideshow.photo_tiles import PhotoTiles, Preview
from slideshow.session import Session
from slideshow.song_row import SongRow
from slideshow.thumbnails import Thumbnails

if TYPE_CHECKING:
    from engine.plan import Plan

MAX_WIDTH_PX, GAP_PX = 1248, 24
GRID_SIDE = 3
CARD_PX, TEXT_PX = (272, 472), 96
"""A card's least width and greatest height, and how much of that height is text, which grows."""


class _Step(QWidget):
    """The number of a card, or a check once it is done."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self._is_done = False
        self.setFixedSize(24, 24)

    def set_done(self, *, is_done: bool) -> None:
        self._is_done = is_done
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.accent))
        painter.drawEllipse(self.rect())
        if self._is_done:
            paint_icon(painter, QRectF(5, 5, 14, 14), "check", t.on_accent, stroke_px=2.0)
        else:
            painter.setPen(QColor(t.on_accent))
            painter.setFont(theme.font("label"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, str(self._number))
        painter.end()


class _Card(QWidget):
    """One of the three steps: number and heading, a sentence, something to see, a footer with its button."""

    def __init__(self, number: int, heading: str, text: str, body: QWidget) -> None:
        super().__init__()
        self._is_next = False
        self.step = _Step(number)
        self.footer = Label("", "body", "text_2", is_cut_at_end=True)
        self.footer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(heading)
        title = QHBoxLayout()
        title.setSpacing(12)
        title.addWidget(self.step)
        title.addWidget(Label(heading, "heading"), 1)
        words = Label(text, "body", "text_2", is_wrapped=True)
        words.setMinimumHeight(2 * theme.line_px("body"))  # so that the three bodies start at one height
        self._foot = QHBoxLayout()
        self._foot.setSpacing(12)
        self._foot.addWidget(self.footer, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(0)
        column.addLayout(title)
        column.addSpacing(12)
        column.addWidget(words)
        column.addSpacing(20)
        column.addWidget(body, 1)
        column.addSpacing(24)
        column.addLayout(self._foot)

    def add_button(self, button: Button) -> None:
        """Put the card's button at its foot."""
        self._foot.addWidget(button)

    def set_state(self, *, is_done: bool, is_next: bool) -> None:
        """Check the card off, or mark it as the step to take."""
        self.step.set_done(is_done=is_done)
        self._is_next = is_next
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.text_3 if self._is_next else t.line), 1.0))
        painter.setBrush(QColor(t.panel))
        radius = theme.RADIUS_CARD
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.end()


class _LockLine(QWidget):
    """The promise at the foot of the page."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 0, 0, 0)
        row.addWidget(Label("Everything stays on this computer.", "body", "text_2"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_icon(painter, QRectF(0, (self.height() - 16) / 2, 16, 16), "lock", theme.current().text_2, stroke_px=1.5)
        painter.end()


class WelcomePage(QWidget):
    """Leads a newcomer to the first show without a question asked."""

    folder_wanted = Signal()
    song_wanted = Signal()
    play_wanted = Signal()
    skipped = Signal()

    def __init__(
        self, session: Session, demo: DemoSongs, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._session = session
        self._demo = demo
        self._tiles = PhotoTiles(thumbnails, columns=GRID_SIDE, rows=GRID_SIDE)
        self.song_rows = tuple(SongRow(song) for song in demo.songs)
        self._preview = Preview(thumbnails)
        songs = QWidget()
        column = QVBoxLayout(songs)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for row in self.song_rows:
            column.addWidget(row)
            row.clicked.connect(self._on_row)
        column.addStretch(1)
        self._photos_card = _Card(
            1, "Your photos",
            "Try the demo photos first, or add your own folder. Your files are never moved or changed.", self._tiles,
        )  # fmt: skip
        self._song_card = _Card(
            2,
            "Your song",
            "Pick a song from the demo, or bring one you love. The line shows how its mood travels.",
            songs,
        )
        self._play_card = _Card(3, "Play", "That is all. Sit back, then change whatever you like.", self._preview)
        self.add_folder = Button("Add a folder", icon="folder-plus")
        self.choose_song = Button("Choose a song", icon="music")
        self.play = Button("Play", "main", icon="play", is_icon_filled=True)
        self.skip = Button("Skip the introduction", "bare")
        for card, button, signal in (
            (self._photos_card, self.add_folder, self.folder_wanted),
            (self._song_card, self.choose_song, self.song_wanted),
            (self._play_card, self.play, self.play_wanted),
        ):
            card.add_button(button)
            button.clicked.connect(signal)
        self.skip.clicked.connect(self.skipped)
        self._lay_out()
        for changed in (
            session.opened, session.catalog_changed, session.indexing_changed, session.song_changed,
            session.plan_changed, session.failed,
        ):  # fmt: skip
            changed.connect(self.refresh)
        demo.changed.connect(self._on_demo)
        self.refresh()

    def _lay_out(self) -> None:
        cards = QGridLayout()
        cards.setHorizontalSpacing(GAP_PX)
        for i, card in enumerate((self._photos_card, self._song_card, self._play_card)):
            cards.addWidget(card, 0, i)
            cards.setColumnStretch(i, 1)
            card.setMinimumWidth(CARD_PX[0])
        self._fit_cards()
        foot = QHBoxLayout()
        foot.addWidget(_LockLine())
        foot.addStretch(1)
        foot.addWidget(self.skip)
        middle = QWidget()
        middle.setMaximumWidth(MAX_WIDTH_PX)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addStretch(3)
        column.addWidget(Label("Your photos, moved by your music", "display"))
        column.addSpacing(12)
        lead = "Moodreel listens to a song and shows the photos that feel the way it does, moment by moment."
        column.addWidget(Label(lead, "lead", "text_2", is_wrapped=True))
        column.addStretch(2)
        column.addSpacing(16)
        column.addLayout(cards, 24)
        column.addSpacing(16)
        column.addStretch(1)
        column.addLayout(foot)
        column.addStretch(3)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(40, 16, 40, 16)
        row.addStretch(1)
        row.addWidget(middle, 1000)
        row.addStretch(1)
        self._scroll = QScrollArea()  # for large text in a small window
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setAccessibleName("Introduction")
        self._scroll.setWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._scroll)

    def _fit_cards(self) -> None:
        for card in (self._photos_card, self._song_card, self._play_card):
            card.setMaximumHeight(CARD_PX[1] + theme.scaled_px(TEXT_PX) - TEXT_PX)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_scroll"):
            self._fit_cards()
        super().changeEvent(event)

    def refresh(self) -> None:
        """Show what is ready by now."""
        session = self._session
        n, indexing = session.n_photos, session.indexing
        has_photos = n > 0
        if session.open_error is not None:
            self._photos_card.footer.setText("Not available")
        elif indexing.is_running and indexing.total > 0:
            self._photos_card.footer.setText(f"{indexing.done:,} of {messages.count_of(indexing.total, 'photo')}")
        elif not has_photos:
            is_looking = indexing.is_running or not session.is_open
            self._photos_card.footer.setText("Looking for photos" if is_looking else "No photos yet")
        else:
            kind = "demo photo" if session.is_demo_only else "photo"
            self._photos_card.footer.setText(f"{messages.count_of(n, kind)}, ready")
        self._tiles.set_photos(self._sample())
        plan = self._ready_plan()
        has_song = session.song_path is not None and session.song_error is None
        is_own_song = has_song and all(song.path != session.song_path for song in self._demo.songs)
        title = session.song.title if session.song is not None else ""
        if session.song_error is not None:
            self._song_card.footer.setText("That song cannot be read")
        else:
            self._song_card.footer.setText(title if is_own_song and title else "Or drop a song here")
        self.play.setEnabled(plan is not None)
        first = plan.cues[0].photo if plan is not None else None
        mood = session.felt.at(0.0) if plan is not None else None
        self._preview.set_photo(first.path if first is not None else None, mood)
        if plan is not None and title:
            self._play_card.footer.setText(f"{title} with {messages.count_of(n, 'photo')}")
        else:
            self._play_card.footer.setText("Ready in a moment" if self._is_on_the_way() else "")
        self._photos_card.set_state(is_done=has_photos and not indexing.is_running, is_next=False)
        self._song_card.set_state(is_done=has_song and session.analysis is not None, is_next=False)
        self._play_card.set_state(is_done=False, is_next=plan is not None)
        for row in self.song_rows:
            row.setChecked(row.song.path == session.song_path)

    def _is_on_the_way(self) -> bool:
        """Whether a show will come without another step: a demo song is being listened to, or one is chosen."""
        session = self._session
        if session.open_error is not None or session.song_error is not None:
            return False
        is_heard = any(song.is_heard or song.is_failed for song in self._demo.songs)
        return session.song_path is not None or session.indexing.is_running or not is_heard

    def _ready_plan(self) -> Plan | None:
        plan = self._session.plan
        return plan if plan is not None and plan.cues else None

    def _sample(self) -> tuple[Path, ...]:
        """Nine photos: those that come in, at last nine from all over the library."""
        session = self._session
        n_tiles = GRID_SIDE**2
        if session.catalog is None or len(session.catalog) == 0:
            return tuple(session.recent_photos)[:n_tiles]
        photos = session.catalog.photos
        n = min(n_tiles, len(photos))
        return tuple(photos[i * len(photos) // n].path for i in range(n))

    def _on_row(self) -> None:
        row = self.sender()
        if isinstance(row, SongRow):
            self._session.open_song(row.song.path)

    def _on_demo(self) -> None:
        for row in self.song_rows:
            row.refresh()
