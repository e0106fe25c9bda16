"""Small parts of the panel of retraining: a title with its icon, and where the ratings stay."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from slideshow import theme
from slideshow.icons import paint_icon
from slideshow.labels import Label, Tone
from slideshow.theme import FontStyle

PRIVACY = "Your ratings never leave this computer."


class Sign(QWidget):
    """An icon in the middle of the first line of a text beside it."""

    def __init__(self, icon: str, tone: Tone, style: FontStyle, *, side_px: int = 20) -> None:
        super().__init__()
        self._icon, self._tone = icon, tone
        self._style_of_text: FontStyle = style
        self._side_px = side_px
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(self._side_px, max(self._side_px, theme.line_px(self._style_of_text)))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self.updateGeometry()
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        place = QRectF(0, 0, self._side_px - 2, self._side_px - 2)
        place.moveCenter(QRectF(self.rect()).center())
        paint_icon(painter, place, self._icon, getattr(theme.current(), self._tone))
        painter.end()


class SignedTitle(QWidget):
    """An icon in a tone and what happened."""

    def __init__(self, icon: str, title: str, tone: Tone) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(Sign(icon, tone, "strong"), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(Label(title, "strong", is_wrapped=True), 1)


class PrivacyNote(QWidget):
    """Where the ratings stay."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(Sign("lock", "text_3", "caption", side_px=16), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(Label(PRIVACY, "caption", "text_3", is_wrapped=True), 1)
