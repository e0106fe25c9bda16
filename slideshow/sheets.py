"""Sheets: the app's dialogs, laid over the window, which they dim. Esc closes, the focus stays inside."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from slideshow import theme
from slideshow.buttons import Button, Kind
from slideshow.labels import Label

WIDTH_PX, WIDE_PX, KEYS_PX, PADDING_PX = 440, 640, 1200, 24
KEYS_FRAME_PX = 190
"""What the sheet of keys needs round its table: the title, the button, the margins."""

DIM_OPACITY = 0.48

KEYS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Everywhere",
        (
            ("Ctrl+O", "Choose songs"),
            ("Ctrl+Alt+O", "Add to the queue"),
            ("Ctrl+L", "Listen live"),
            ("Ctrl+Shift+O", "Add a folder"),
            ("Ctrl+1", "Make"),
            ("Ctrl+2", "Browse"),
            ("Ctrl+3", "Teach"),
            ("Ctrl+,", "Settings"),
            ("Ctrl+S", "Save the show"),
            ("Ctrl+Shift+S", "Save it as"),
            ("Ctrl+Shift+P", "Open a show"),
            ("Ctrl+Z", "Undo"),
            ("Ctrl+Shift+Z", "Redo"),
            ("F1", "These keys"),
        ),
    ),
    (
        "Playing",
        (
            ("Space", "Play or pause"),
            ("← →", "Photo before, next"),
            ("Shift+← →", "5 seconds back, on"),
            (", .", "One beat back, on"),
            ("Home", "To the start"),
            ("↑ ↓", "Volume"),
            ("M", "Mute"),
            ("N B", "Song next, before"),
            ("Q", "Queue of songs"),
            ("F, F11", "Full screen"),
            ("Esc", "Leave full screen"),
        ),
    ),
    (
        "Make",
        (
            ("I", "About this photo"),
            ("P", "Pin or unpin"),
            ("X", "Never show it"),
            ("1 2 3", "Use a runner-up"),
            ("C", "Another photo"),
            ("[ ]", "A beat earlier, later"),
            ("T", "Other transition"),
            ("L", "Lock or unlock"),
            ("Shift+← →", "Select a stretch"),
            ("S", "Shuffle again"),
            ("O", "How it is chosen"),
            ("D", "Draw a mood"),
            ("K", "Mark this moment"),
            ("+ −", "Zoom the timeline"),
            ("Ctrl+E", "Export film"),
        ),
    ),
    (
        "Browse",
        (
            ("Ctrl+F", "Search"),
            ("L H", "Lasso, hand"),
            ("D", "Teach by dragging"),
            ("T", "Say how it feels"),
            ("0", "Whole map"),
            ("+ −", "Zoom"),
            ("R", "Relative, absolute"),
            ("P", "Path of the song"),
            ("Space", "Quick look"),
            ("I", "About a photo"),
            ("M", "More like this"),
            ("E", "Same mood"),
            ("F", "Favourite"),
            ("S", "Open a stack"),
            ("G", "Songs by mood"),
            ("Ctrl+A", "Select all"),
            ("Enter", "Start a show"),
            ("Esc", "Clear filters"),
        ),
    ),
    (
        "Teach",
        (
            ("← → ↑ ↓", "Move the photo"),
            ("Shift+← →", "Move it further"),
            ("Backspace", "Back to the guess"),
            ("Enter", "Save, next photo"),
            ("S", "Skip"),
            ("I", "About the photo"),
            ("← →", "Choose of a pair"),
            ("↓", "About the same"),
        ),
    ),
)


class _Panel(QWidget):
    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.line_2), 1.0))
        painter.setBrush(QColor(t.raised))
        radius = theme.RADIUS_DIALOG
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        painter.end()


class Sheet(QWidget):
    """A panel in the middle of a dimmed window: a title, a body, buttons at the lower right."""

    closed = Signal()

    def __init__(self, window: QWidget, title: str, *, width_px: int = WIDTH_PX) -> None:
        super().__init__(window)
        self._over = window
        self.setAccessibleName(title)
        self._width_px = width_px
        self._panel = _Panel()
        self._panel.setParent(self)
        self._column = QVBoxLayout(self._panel)
        self._column.setContentsMargins(PADDING_PX, 20, PADDING_PX, 20)
        self._column.setSpacing(8)
        self._column.addWidget(Label(title, "heading", is_wrapped=True))
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(8)
        self._buttons.addStretch(1)
        self._first_focus: QWidget | None = None
        self._is_closing = False
        self._focus_before: QWidget | None = window.focusWidget()
        if self._focus_before is not None:
            self._focus_before.destroyed.connect(self._forget_focus)
        window.installEventFilter(self)

    def add_body(self, body: QWidget) -> None:
        """Add a widget below what is there."""
        self._column.addWidget(body)

    def add_text(self, text: str) -> None:
        """Add a paragraph."""
        self._column.addWidget(Label(text, "body", "text_2", is_wrapped=True))

    def add_button(
        self,
        text: str,
        kind: Kind,
        act: Callable[[], None] | None = None,
        *,
        is_safe: bool = False,
        is_apart: bool = False,
    ) -> Button:
        """Add a button, at the left where it stands apart; without an act it closes. The safe one has the focus."""
        button = Button(text, kind)
        button.clicked.connect(act if act is not None else self.close)
        if is_apart:
            self._buttons.insertWidget(0, button)
        else:
            self._buttons.addWidget(button)
        if is_safe:
            self._first_focus = button
        return button

    def open(self) -> None:
        """Lay the sheet over the window."""
        self._column.addSpacing(12)
        self._column.addLayout(self._buttons)
        self.settle()
        self.show()
        self.raise_()
        if self._first_focus is not None:
            self._first_focus.setFocus(Qt.FocusReason.OtherFocusReason)

    def close(self) -> bool:
        """Take the sheet away and give the focus back."""
        self._is_closing = True
        is_closed = super().close()
        self._over.removeEventFilter(self)
        focused = self._over.focusWidget()
        if self._focus_before is not None:
            self._focus_before.setFocus(Qt.FocusReason.MouseFocusReason)
        elif focused is not None and self.isAncestorOf(focused):
            focused.clearFocus()  # the next sheet must not take it for where to give the focus back to
        self.closed.emit()
        self.deleteLater()
        return is_closed

    def _forget_focus(self) -> None:
        self._focus_before = None

    def settle(self) -> None:
        """Fit the panel to its contents and the window."""
        self.setGeometry(self._over.rect())
        panel = self._panel
        width = min(theme.scaled_px(self._width_px), self.width() - 2 * PADDING_PX)
        panel.setFixedWidth(width)
        wanted = panel.heightForWidth(width) if panel.hasHeightForWidth() else panel.sizeHint().height()
        height = min(wanted, self.height() - 48)
        self._panel.setGeometry((self.width() - width) // 2, (self.height() - height) // 2, width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.settle()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        event.accept()

    def focusNextPrevChild(self, forward: bool) -> bool:
        if self._is_closing:  # Qt looks for the next one while this goes; one in here would take the ring along
            return False
        stops = [
            child
            for child in self._panel.findChildren(QWidget)
            if child.focusPolicy() & Qt.FocusPolicy.TabFocus and child.isVisibleTo(self) and child.isEnabled()
        ]
        if not stops:
            return True
        focused = self.window().focusWidget()
        index = stops.index(focused) if focused in stops else -1
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        stops[(index + (1 if forward else -1)) % len(stops)].setFocus(reason)
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.mixed("#000000", DIM_OPACITY))
        painter.end()


def show_details(
    window: QWidget, *, title: str, text: str, details: str, copy_word: str = "Copy", is_wrapped: bool = False
) -> Sheet:
    """Show a long text that can be copied: a list of unread photos, wrapped so that each reason is read, or a report
    of a bug, whose lines stay lines.
    """
    sheet = Sheet(window, title, width_px=WIDE_PX)
    if text:
        sheet.add_text(text)
    view = QPlainTextEdit(details)
    view.setReadOnly(True)
    view.setTabChangesFocus(True)
    view.setFixedHeight(220)
    view.setAccessibleName(title)
    modes = QPlainTextEdit.LineWrapMode
    view.setLineWrapMode(modes.WidgetWidth if is_wrapped else modes.NoWrap)
    sheet.add_body(view)

    def copy() -> None:
        QGuiApplication.clipboard().setText(details)
        copied.set_face("Copied", "check")

    copied = sheet.add_button(copy_word, "outlined", copy)
    sheet.add_button("Close", "main", is_safe=True)
    sheet.open()
    return sheet


def ask(
    window: QWidget, *, question: str, text: str, verb: str, act: Callable[[], None], kind: Kind = "danger"
) -> Sheet:
    """Ask before something that cannot be undone; the focus starts on Cancel."""
    sheet = Sheet(window, question)
    sheet.add_text(text)
    sheet.add_button("Cancel", "outlined", is_safe=True)

    def go_on() -> None:
        sheet.close()
        act()

    sheet.add_button(verb, kind, go_on)
    sheet.open()
    return sheet


def show_keys(window: QWidget) -> Sheet:
    """Show every key: in as many columns as there is room for, to be scrolled where they are too tall."""
    sheet = Sheet(window, "Keys", width_px=KEYS_PX)
    room_px = min(theme.scaled_px(KEYS_PX), window.width() - 2 * PADDING_PX) - 2 * PADDING_PX
    bodies = (_keys_body(n) for n in range(len(KEYS), 0, -1))
    body = next((made for made in bodies if made.sizeHint().width() <= room_px), None) or _keys_body(1)
    scroll = QScrollArea()
    scroll.setWidget(body)
    scroll.setWidgetResizable(True)
    scroll.setAccessibleName("Keys")
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    tallest_px = max(120, window.height() - theme.scaled_px(KEYS_FRAME_PX))
    scroll.setFixedHeight(min(body.sizeHint().height() + 4, tallest_px))
    is_scrolled = body.sizeHint().height() > tallest_px
    scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_scrolled else Qt.FocusPolicy.NoFocus)
    sheet.add_body(scroll)
    sheet.add_button("Close", "main", is_safe=True)
    sheet.open()
    return sheet


def _keys_body(n_columns: int) -> QWidget:
    """Lay the groups of keys out in columns, as many groups in each as it takes."""
    body = QWidget()
    grid = QGridLayout(body)
    grid.setContentsMargins(0, 8, 0, 0)
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(4)
    in_each = -(-len(KEYS) // n_columns)
    for column in range(n_columns):
        row = 0
        for name, entries in KEYS[column * in_each : (column + 1) * in_each]:
            if row:
                grid.setRowMinimumHeight(row, 12)
                row += 1
            grid.addWidget(Label(name, "label", "text_3"), row, 2 * column, 1, 2)
            row += 1
            for keys, meaning in entries:
                grid.addWidget(Label(keys, "strong"), row, 2 * column)
                grid.addWidget(Label(meaning, "body", "text_2"), row, 2 * column + 1)
                row += 1
        grid.setColumnStretch(2 * column + 1, 1)
    grid.setRowStretch(grid.rowCount(), 1)
    return body
