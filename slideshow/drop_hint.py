"""What is said over the window while something is dragged onto it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from slideshow import theme


class DropHint(QWidget):
    """Over the window while something is dragged onto it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.mixed(t.window, 0.86))
        painter.setPen(QPen(QColor(t.text_3), 1.5, Qt.PenStyle.DashLine))
        inner = QRectF(self.rect()).adjusted(24, 24, -24, -24)
        painter.drawRoundedRect(inner, theme.RADIUS_DIALOG, theme.RADIUS_DIALOG)
        painter.setPen(QColor(t.text))
        painter.setFont(theme.font("empty"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignCenter, "Drop a song or a folder of photos")
        painter.end()
