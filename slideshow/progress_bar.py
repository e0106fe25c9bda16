"""How far something has come, as a line."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from slideshow import theme


class ProgressBar(QWidget):
    """A line that fills from the left."""

    def __init__(self) -> None:
        super().__init__()
        self._share: float | None = None
        self.setFixedHeight(4)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_share(self, share: float | None) -> None:
        """Show a share of 1, or None while the whole is unknown."""
        self._share = share
        self.setAccessibleName("Progress unknown" if share is None else f"{round(share * 100)} percent done")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.track))
        painter.drawRoundedRect(self.rect(), 2, 2)
        if self._share:
            painter.setBrush(QColor(t.accent))
            painter.drawRoundedRect(QRectF(0, 0, max(4.0, self.width() * min(self._share, 1.0)), self.height()), 2, 2)
        painter.end()
