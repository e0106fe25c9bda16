"""Pages of which one is shown; a change cross-fades."""

from __future__ import annotations

from PySide6.QtCore import QEasingCurve, Qt, QVariantAnimation
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from slideshow import theme


class _Veil(QWidget):
    """The page that is left, as a picture that fades."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.picture = QPixmap()
        self.opacity = 0.0
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setOpacity(self.opacity)
        painter.drawPixmap(0, 0, self.picture)
        painter.end()


class PageStack(QStackedWidget):
    """A stack of pages."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._veil = _Veil(self)
        self._animation = QVariantAnimation(self)
        self._animation.setStartValue(1.0)
        self._animation.setEndValue(0.0)
        self._animation.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._animation.valueChanged.connect(self._on_step)
        self._animation.finished.connect(self._veil.hide)

    def turn_to(self, page: QWidget) -> None:
        """Show a page."""
        if page is self.currentWidget():
            return
        duration = theme.duration_ms(theme.PAGE_MS)
        if duration and self.isVisible():
            self._veil.picture = self.grab()
            self._veil.setGeometry(self.rect())
        self.setCurrentWidget(page)
        if duration and self.isVisible():
            self._veil.opacity = 1.0
            self._veil.show()
            self._veil.raise_()
            self._animation.stop()
            self._animation.setDuration(duration)
            self._animation.start()

    def _on_step(self, value: float) -> None:
        self._veil.opacity = value
        self._veil.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._animation.stop()
        self._veil.hide()
        super().resizeEvent(event)
