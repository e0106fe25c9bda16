"""The queue of songs as a panel under its button: play one, move it, take it out, add more."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from slideshow import messages, theme
from slideshow.buttons import Button, IconButton
from slideshow.focus_ring import show_ring
from slideshow.icons import paint_icon
from slideshow.labels import Label
from slideshow.playlist import Playlist, QueuedSong
from slideshow.song_bar import clock_text
from slideshow.song_care import name_of
from slideshow.toasts import Toast

WIDTH_PX, MAX_HEIGHT_PX, ROW_PX, PADDING_PX, GAP_PX = 400, 480, 48, 8, 4
MAX_ROWS = 200
"""Rows that are made; a longer queue shows those around the present song, and says so."""


class QueueRow(QWidget):
    """One song: click or Enter plays it; its buttons move it and take it out."""

    chosen = Signal(int)
    removed = Signal(int)
    moved = Signal(int, int)
    """The song's number, and -1 or 1."""

    def __init__(self) -> None:
        super().__init__()
        self.number = -1
        self._is_present = self._is_faulty = False
        self.setFixedHeight(max(ROW_PX, theme.scaled_px(ROW_PX)))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._name = Label("", "strong", is_cut_at_end=True)
        self._under = Label("", "caption", "text_2", is_cut_at_end=True)
        self._time = Label("", "label", "text_2")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        words.addWidget(self._name)
        words.addWidget(self._under)
        words.addStretch(1)
        self.up = IconButton("chevron-up", "", icon_px=16)
        self.down = IconButton("chevron-down", "", icon_px=16)
        self.remove = IconButton("x", "", icon_px=16)
        row = QHBoxLayout(self)
        row.setContentsMargins(36, 0, 4, 0)
        row.setSpacing(0)
        row.addLayout(words, 1)
        row.addSpacing(8)
        row.addWidget(self._time)
        row.addSpacing(4)
        self._buttons = (self.up, self.down, self.remove)
        for button in self._buttons:
            row.addWidget(button)
            button.installEventFilter(self)
        self.up.clicked.connect(self._move_up)
        self.down.clicked.connect(self._move_down)
        self.remove.clicked.connect(self._remove)
        self._show_buttons()

    def show_song(self, song: QueuedSong, *, is_present: bool, is_first: bool, is_last: bool) -> None:
        """Show a song in this place."""
        name = name_of(song)
        self.number = song.number
        self._is_present, self._is_faulty = is_present, bool(song.fault)
        state = ", playing now" if is_present else ", cannot be read" if song.fault else ""
        self.setAccessibleName(f"{name}{state}")
        self._name.setText(name)
        self._name.set_tone("text_2" if song.fault else "text")
        under = "Cannot be read, is skipped" if song.fault else song.artist
        self._under.setText(under)
        self._under.set_tone("warn" if song.fault else "text_2")
        self._under.setVisible(bool(under))
        self._time.setText(clock_text(song.duration_s) if song.duration_s else "")
        self.up.set_face("chevron-up", f"Move {name} up (Ctrl+↑)")
        self.down.set_face("chevron-down", f"Move {name} down (Ctrl+↓)")
        self.remove.set_face("x", f"Take {name} out of the queue (Delete)")
        self.up.setEnabled(not is_first)
        self.down.setEnabled(not is_last)
        self.update()

    def _move_up(self) -> None:
        self.moved.emit(self.number, -1)

    def _move_down(self) -> None:
        self.moved.emit(self.number, 1)

    def _remove(self) -> None:
        self.removed.emit(self.number)

    def _show_buttons(self) -> None:
        """The buttons come with mouse or focus; their room stays, so that nothing jumps."""
        is_on = self.underMouse() or self.hasFocus() or any(button.hasFocus() for button in self._buttons)
        for button in self._buttons:
            policy = button.sizePolicy()
            policy.setRetainSizeWhenHidden(False)
            button.setSizePolicy(policy)
            button.setVisible(is_on)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        match Qt.Key(event.key()):
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                self.chosen.emit(self.number)
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.removed.emit(self.number)
            case Qt.Key.Key_Up if is_control:
                self.moved.emit(self.number, -1)
            case Qt.Key.Key_Down if is_control:
                self.moved.emit(self.number, 1)
            case Qt.Key.Key_Up:
                self.focusPreviousChild()
            case Qt.Key.Key_Down:
                self.focusNextChild()
            case _:
                event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.number)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def enterEvent(self, event: QEvent) -> None:
        self._show_buttons()

    def leaveEvent(self, event: QEvent) -> None:
        self._show_buttons()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._show_buttons()
        show_ring(self, event, radius_px=theme.RADIUS_ROW)
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        # What takes the focus next may be a button of this row, which must not vanish before it has it.
        QTimer.singleShot(0, self, self._show_buttons)
        super().focusOutEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut:
            QTimer.singleShot(0, self, self._show_buttons)
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._is_present or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.selected if self._is_present else t.hover))
            painter.drawRoundedRect(self.rect(), theme.RADIUS_ROW, theme.RADIUS_ROW)
        icon = "triangle-alert" if self._is_faulty else "audio-lines" if self._is_present else ""
        if icon:
            paint_icon(
                painter, QRectF(10, (self.height() - 16) / 2, 16, 16), icon, t.warn if self._is_faulty else t.text
            )
        painter.end()


class QueuePanel(QWidget):
    """Lies over the window under a button; a click elsewhere or Esc closes it."""

    chosen = Signal(int)
    removed = Signal(int)
    more_wanted = Signal()

    def __init__(self, window: QWidget, playlist: Playlist) -> None:
        super().__init__(window)
        self._window = window
        self._playlist = playlist
        self._under: QWidget | None = None
        self.rows: list[QueueRow] = []
        self.setAccessibleName("Queue of songs")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._count = Label("", "caption", "text_2")
        self.add = Button("Add songs", "outlined", icon="music")
        self._list = QVBoxLayout()
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(2)
        self._list.addStretch(1)
        inner = QWidget()
        inner.setLayout(self._list)
        self._scroll = QScrollArea()
        self._scroll.setWidget(inner)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 4, 4)
        head.addWidget(Label("Queue", "heading"))
        head.addSpacing(8)
        head.addWidget(self._count, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addStretch(1)
        head.addWidget(self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(PADDING_PX, PADDING_PX, PADDING_PX, PADDING_PX)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self._scroll, 1)
        self.add.clicked.connect(self.more_wanted)
        playlist.changed.connect(self._on_changed)
        window.installEventFilter(self)
        self.hide()

    def toggle_under(self, button: QWidget) -> None:
        """Open under a button, or close."""
        if self.isVisible():
            self.close_panel()
            return
        self._under = button
        self._fill()
        self._watch(is_on=True)
        self.show()
        self.raise_()
        self._settle()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        # The rows know their places only after they have been laid out.
        QTimer.singleShot(0, self, self._show_present)

    def close_panel(self) -> None:
        """Close and leave the focus to the page."""
        self._watch(is_on=False)
        self.hide()
        if self._under is not None:
            page = self._under.parentWidget()
            if page is not None:
                page.setFocus(Qt.FocusReason.OtherFocusReason)

    def _watch(self, *, is_on: bool) -> None:
        """See every click while it is open: one elsewhere closes it."""
        app = QCoreApplication.instance()
        if app is not None and is_on:
            app.installEventFilter(self)
        elif app is not None:
            app.removeEventFilter(self)

    def _on_changed(self) -> None:
        if not self.isVisible():
            return
        inside = self.focusWidget()
        place = next(
            (
                i
                for i, row in enumerate(self.rows)
                if inside is not None and (row is inside or row.isAncestorOf(inside))
            ),
            -1,
        )
        number = self.rows[place].number if place >= 0 else -1
        self._fill()
        self._settle()
        if place < 0 or not self.rows:
            return
        # The focus goes with its song; where that was taken out, to the one that took its place.
        again = next((row for row in self.rows if row.number == number), self.rows[min(place, len(self.rows) - 1)])
        if again is not inside:
            again.setFocus(Qt.FocusReason.TabFocusReason)

    def _fill(self) -> None:
        songs, index = self._playlist.songs, self._playlist.index
        first = max(0, min(index - MAX_ROWS // 4, len(songs) - MAX_ROWS))
        shown = songs[first : first + MAX_ROWS]
        while len(self.rows) > len(shown):
            row = self.rows.pop()
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        while len(self.rows) < len(shown):
            row = QueueRow()
            row.chosen.connect(self.chosen)
            row.removed.connect(self.removed)
            row.moved.connect(self._playlist.move)
            self._list.insertWidget(len(self.rows), row)
            self.rows.append(row)
        for place, (row, song) in enumerate(zip(self.rows, shown, strict=True), first):
            row.show_song(song, is_present=place == index, is_first=place == 0, is_last=place == len(songs) - 1)
        total_s = sum(song.duration_s for song in songs)
        is_whole = all(song.duration_s or song.fault for song in songs)
        count = messages.count_of(len(songs), "song")
        if len(songs) > MAX_ROWS:
            count += f", {MAX_ROWS} shown"
        self._count.setText(f"{count}, {clock_text(total_s)}" if songs and is_whole else count)

    def _show_present(self) -> None:
        for row in self.rows:
            if self._playlist.present is not None and row.number == self._playlist.present.number:
                self._scroll.ensureWidgetVisible(row, 0, ROW_PX)

    def _settle(self) -> None:
        """Lie under the button, as high as the songs ask for and the window allows."""
        if self._under is None:
            return
        row_px = max(ROW_PX, theme.scaled_px(ROW_PX)) + 2
        wanted = self.add.sizeHint().height() + 12 + 4 + 2 * PADDING_PX + max(1, len(self.rows)) * row_px
        width = min(theme.scaled_px(WIDTH_PX), self._window.width() - 32)
        corner = self._under.mapTo(self._window, QPoint(0, self._under.height() + GAP_PX))
        height = min(wanted, theme.scaled_px(MAX_HEIGHT_PX), self._window.height() - corner.y() - 16)
        left = min(max(16, corner.x()), self._window.width() - width - 16)
        self.setGeometry(left, corner.y(), width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.isVisible() and watched is self._window and event.type() == QEvent.Type.Resize:
            self._settle()
        elif self.isVisible() and event.type() == QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            place = event.globalPosition().toPoint()
            is_own = isinstance(watched, QWidget) and (watched is self or self.isAncestorOf(watched))
            over_button = self._under is not None and self._under.rect().contains(self._under.mapFromGlobal(place))
            is_inside = self.rect().contains(self.mapFromGlobal(place))
            is_toast = any(
                toast.rect().contains(toast.mapFromGlobal(place)) for toast in self._window.findChildren(Toast)
            )
            if not is_own and not is_inside and not over_button and not is_toast:
                self.close_panel()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match Qt.Key(event.key()):
            case Qt.Key.Key_Escape:
                self.close_panel()
            case Qt.Key.Key_Down if self.rows:
                self.rows[0].setFocus(Qt.FocusReason.TabFocusReason)
            case _:
                event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def sizeHint(self) -> QSize:
        return QSize(WIDTH_PX, MAX_HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.line_2), 1.0))
        painter.setBrush(QColor(t.raised))
        radius = theme.RADIUS_CARD
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.end()
