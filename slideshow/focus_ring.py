"""The focus ring: one transparent layer a window, drawn around what the keyboard has reached."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from slideshow import theme

GAP_PX, WIDTH_PX = 2.0, 2.0
_SILENT_REASONS = (
    Qt.FocusReason.MouseFocusReason,
    Qt.FocusReason.PopupFocusReason,
    Qt.FocusReason.ActiveWindowFocusReason,
)
"""What the keyboard had reached before a menu or another window came up still has its ring."""


class FocusRing(QWidget):
    """Follows one focused widget. It is a child of the window, so it may reach beyond the widget's own edges."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._target: QWidget | None = None
        self._radius_px = 0.0
        self.hide()

    def follow(self, target: QWidget, radius_px: float) -> None:
        """Draw the ring around a widget whose corners have this radius."""
        self.release()
        self._target, self._radius_px = target, radius_px
        target.installEventFilter(self)
        self._settle()

    def release(self) -> None:
        """Draw no ring."""
        if self._target is not None:
            self._target.removeEventFilter(self)
            self._target = None
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._target:
            if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
                if event.reason() not in _SILENT_REASONS[1:]:
                    self.release()
            elif event.type() in (QEvent.Type.Hide, QEvent.Type.MouseButtonPress):
                self.release()
            elif event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Paint):
                self._settle()
        return False

    def _settle(self) -> None:
        if self._target is None:
            return
        reach = round(GAP_PX + WIDTH_PX)
        corner = self._target.mapTo(self._target.window(), QPoint(0, 0))
        wanted = self._target.rect().translated(corner).adjusted(-reach, -reach, reach, reach)
        if wanted != self.geometry():
            self.setGeometry(wanted)
        if not self.isVisible():
            self.raise_()
            self.show()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.current().focus), WIDTH_PX))
        half = WIDTH_PX / 2
        radius = min(self._radius_px + GAP_PX + half, min(self.width(), self.height()) / 2)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(half, half, -half, -half), radius, radius)
        painter.end()


def show_ring(widget: QWidget, event: QFocusEvent, *, radius_px: float) -> None:
    """Call from focusInEvent: shows the ring if the focus did not come from the mouse."""
    if event.reason() in _SILENT_REASONS:
        return
    window = widget.window()
    ring = window.findChild(FocusRing, options=Qt.FindChildOption.FindDirectChildrenOnly)
    if ring is None:
        ring = FocusRing(window)
    ring.follow(widget, radius_px)
