"""Toasts: short notices at the bottom centre of the window, with at most one action."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

from PySide6.QtCore import QEasingCurve, QEvent, QObject, QPoint, QPropertyAnimation, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGraphicsOpacityEffect, QHBoxLayout, QSizePolicy, QWidget

from slideshow import theme
from slideshow.buttons import Button
from slideshow.icons import paint_icon
from slideshow.labels import Label

Tone = Literal["text_2", "ok", "warn", "danger"]

HEIGHT_PX, MARGIN_PX, GAP_PX, MIN_WIDTH_PX, MAX_WIDTH_PX = 48, 24, 8, 320, 560
STAYS_MS = 6000
MAX_TOASTS = 3
_MOVES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)


class _Sign(QWidget):
    """The icon at the start of a toast."""

    def __init__(self, icon: str, tone: Tone) -> None:
        super().__init__()
        self._icon, self._tone = icon, tone
        self.setFixedSize(20, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_icon(painter, QRectF(1, 1, 18, 18), self._icon, getattr(theme.current(), self._tone))
        painter.end()


class Offer:
    """What can be taken back: done once, by a toast or by the keys, even after the toast has gone."""

    def __init__(self, take_back: Callable[[], object]) -> None:
        self.is_over = False
        self._take_back = take_back

    def take_back(self) -> None:
        """Do it."""
        if not self.is_over:
            self.is_over = True
            self._take_back()


class Toast(QWidget):
    """One notice. With a progress it stays until it is closed; else it goes by itself."""

    gone = Signal()
    outgrown = Signal()
    """The sentence has changed and wants more room."""

    def __init__(
        self, text: str, *, icon: str, tone: Tone, action: str, on_action: Callable[[], object] | None
    ) -> None:
        super().__init__()
        self.is_gone = False
        self.offer: Offer | None = None
        """What its Undo takes back, where the undo keys know it by this alone."""
        self._progress: float | None = None
        self._widest_px = MIN_WIDTH_PX
        self._on_action = on_action
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._text = Label(text, "body", is_wrapped=False, is_elided=True)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 7, 8 if action else 16, 7)
        row.setSpacing(12)
        row.addWidget(_Sign(icon, tone))
        row.addWidget(self._text, 1)
        self.button: Button | None = None
        if action:
            self.button = Button(action, "bare", is_bright=True)
            self.button.clicked.connect(self._act)
            row.addWidget(self.button)
        self.setAccessibleName(text)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(STAYS_MS)
        self._timer.timeout.connect(self._leave_if_unwatched)

    @property
    def text(self) -> str:
        """The sentence."""
        return self._text.text()

    @property
    def is_lasting(self) -> bool:
        """Whether it shows a progress and so does not go by itself."""
        return self._progress is not None

    def set_text(self, text: str) -> None:
        """Change the sentence."""
        self._text.setText(text)
        self.setAccessibleName(text)
        if self.sizeHint().width() > self.width():
            self.outgrown.emit()

    def set_progress(self, share: float) -> None:
        """Show how far a long work has come; the toast stays."""
        self._progress = share
        self._timer.stop()
        self.update()

    def start_leaving(self) -> None:
        """Count down to going by itself."""
        if self._progress is None:
            self._timer.start()

    def leave(self) -> None:
        """Go now."""
        self._timer.stop()
        self.hide()
        self.is_gone = True
        self.gone.emit()

    def _act(self) -> None:
        action = self._on_action
        self.leave()
        if action is not None:
            action()

    def _leave_if_unwatched(self) -> None:
        if self.underMouse() or (self.button is not None and self.button.hasFocus()):
            self._timer.start(STAYS_MS // 3)
        else:
            self.leave()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        self.start_leaving()

    def sizeHint(self) -> QSize:
        wanted = 16 + 20 + 12 + self._text.sizeHint().width() + 16
        if self.button is not None:
            wanted += self.button.sizeHint().width() + 8
        # It never shrinks: a toast that counts would change its width with every digit.
        self._widest_px = max(self._widest_px, min(wanted, theme.scaled_px(MAX_WIDTH_PX)))
        return QSize(self._widest_px, max(HEIGHT_PX, theme.scaled_px(HEIGHT_PX)))

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(t.line_2), 1.0))
        painter.setBrush(QColor(t.raised))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        if self._progress is not None:
            track = QRectF(16, self.height() - 6, self.width() - 32, 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.track))
            painter.drawRoundedRect(track, 1, 1)
            track.setWidth(track.width() * min(max(self._progress, 0.0), 1.0))
            painter.setBrush(QColor(t.accent))
            painter.drawRoundedRect(track, 1, 1)
        painter.end()


class Toasts(QObject):
    """Places toasts over a window, the newest lowest."""

    undo_offered = Signal(object)
    """An Offer."""
    undo_taken = Signal()
    """What was offered has been taken back, by the toast or by the keys."""
    left = Signal()
    """A toast has gone."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._shown: list[Toast] = []
        self._clear: QWidget | None = None
        self._is_taking_back = False
        window.installEventFilter(self)

    def keep_clear(self, widget: QWidget) -> None:
        """Stay above a widget of the window and all that lies below it, while it is to be seen.

        What a person works with shall not be covered by what is said of each step.
        """
        self._clear = widget
        widget.installEventFilter(self)
        self._place()

    @property
    def shown(self) -> tuple[Toast, ...]:
        """The toasts on the screen, oldest first."""
        return tuple(self._shown)

    def show(
        self,
        text: str,
        *,
        icon: str = "info",
        tone: Tone = "text_2",
        action: str = "",
        on_action: Callable[[], object] | None = None,
        has_history: bool = False,
    ) -> Toast:
        """Show a notice; the same words twice stay one toast. With has_history the undo keys know of it already."""
        for old in tuple(self._shown):
            if old.text == text:
                old.leave()
        offer = None
        if action == "Undo" and on_action is not None and not has_history:
            offer = self.offer_undo(on_action, text=text)
            on_action = offer.take_back
        toast = Toast(text, icon=icon, tone=tone, action=action, on_action=on_action)
        toast.offer = offer
        toast.setParent(self._window)
        toast.gone.connect(self._on_gone)
        toast.outgrown.connect(self._place)
        self._shown.append(toast)
        passing = [old for old in self._shown[:-1] if not old.is_lasting]
        for old in passing[: max(0, len(self._shown) - MAX_TOASTS)]:
            old.leave()
        toast.show()
        self._place()
        self._fade_in(toast)
        toast.start_leaving()
        return toast

    def offer_undo(self, take_back: Callable[[], object], *, text: str = "") -> Offer:
        """Let the undo keys take a step back, one that needs no notice or is told in a toast of this text."""
        offer = Offer(partial(self._take_back, text, take_back))
        if not self._is_taking_back:  # else the keys would go to and fro between a step and its undoing
            self.undo_offered.emit(offer)
        return offer

    def _take_back(self, text: str, action: Callable[[], object]) -> None:
        for toast in tuple(self._shown):
            if toast.text == text:
                toast.leave()  # its button would do nothing any more
        self._is_taking_back = True
        try:
            action()
        finally:
            self._is_taking_back = False
        self.undo_taken.emit()

    def _fade_in(self, toast: Toast) -> None:
        duration = theme.duration_ms(theme.SELECT_MS)
        if duration == 0:
            return
        effect = QGraphicsOpacityEffect(toast)
        toast.setGraphicsEffect(effect)
        animation = QPropertyAnimation(effect, b"opacity", toast)
        animation.setDuration(duration)
        animation.setStartValue(0.0)
        animation.setEndValue(1.0)
        animation.setEasingCurve(QEasingCurve.Type.OutCubic)
        animation.finished.connect(effect.deleteLater)
        animation.start(QPropertyAnimation.DeletionPolicy.DeleteWhenStopped)

    def _on_gone(self) -> None:
        for toast in tuple(self._shown):
            if toast.is_gone:
                self._shown.remove(toast)
                toast.deleteLater()
        self._place()
        self.left.emit()

    def _place(self) -> None:
        bottom = self._window.height() - MARGIN_PX
        if self._clear is not None and self._clear.isVisible():
            bottom = self._clear.mapTo(self._window, QPoint(0, 0)).y() - MARGIN_PX
        for toast in reversed(self._shown):
            size = toast.sizeHint().boundedTo(QSize(self._window.width() - 2 * MARGIN_PX, 10_000))
            toast.setGeometry(
                (self._window.width() - size.width()) // 2, bottom - size.height(), size.width(), size.height()
            )
            toast.raise_()
            bottom -= size.height() + GAP_PX

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _MOVES and (watched is self._window or watched is self._clear):
            self._place()
        return False
