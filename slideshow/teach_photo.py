"""A photo as the Teach page shows it: large, whole or nearly so, with round corners; alone, or as one of a pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractButton, QApplication, QSizePolicy, QWidget

from slideshow import theme
from slideshow.focus_ring import show_ring
from slideshow.messages import name_of
from slideshow.photo_words import date_in_words
from slideshow.thumbnails import Thumbnails

if TYPE_CHECKING:
    from engine.library import Photo

LARGE_PX = 1600
"""Long side that photos are decoded to here; the one that comes next is decoded ahead."""

MOST_CROPPED = 0.14
"""A photo that fills its frame with no more than this share cut off fills it; any other is shown whole."""

RING_PX, RING_GAP_PX = 2.0, 2.0


BACKDROP_PX, BACKDROP_SHADE = 16, 0.55
"""Behind a photo of another shape lies the photo itself, so small that only its colours are left, and darkened."""


def paint_photo(painter: QPainter, frame: QRectF, picture: QPixmap | None, *, radius_px: float) -> None:
    """Draw a photo with round corners: filling its frame where little is lost, else whole before its own colours."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    corners = QPainterPath()
    corners.addRoundedRect(frame, radius_px, radius_px)
    painter.fillPath(corners, QColor(theme.current().stage))
    if picture is not None and not picture.isNull():
        painter.setClipPath(corners)
        size = picture.deviceIndependentSize()
        fill, fit = (
            size.scaled(frame.size(), mode)
            for mode in (Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.AspectRatioMode.KeepAspectRatio)
        )
        lost = 1 - frame.width() * frame.height() / max(1.0, fill.width() * fill.height())
        if lost > MOST_CROPPED:
            side = QSize(BACKDROP_PX, BACKDROP_PX)
            colours = picture.scaled(side, mode=Qt.TransformationMode.SmoothTransformation)
            painter.drawPixmap(frame, colours, QRectF(colours.rect()))
            painter.fillRect(frame, theme.mixed("#000000", BACKDROP_SHADE))
        place = QRectF(QPointF(0, 0), fill if lost <= MOST_CROPPED else fit)
        place.moveCenter(frame.center())
        painter.drawPixmap(place, picture, QRectF(picture.rect()))
    painter.restore()


class LargePhoto:
    """What both widgets know of their photo: the large picture, or the small one until it is there."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        self._thumbnails = thumbnails
        self.photo: Photo | None = None

    def picture(self) -> QPixmap | None:
        """The picture as it is by now; asks for it."""
        if self.photo is None:
            return None
        large = self._thumbnails.pixmap(self.photo.path, long_side_px=LARGE_PX)
        return large if large is not None else self._thumbnails.known(self.photo.path)

    def words(self) -> str:
        """Name and date of the photo."""
        if self.photo is None:
            return ""
        return ", ".join(part for part in (name_of(self.photo.path), date_in_words(self.photo.taken_at)) if part)


class TeachPhoto(QWidget):
    """The photo that is asked for. It can be taken from here and put down on the circle."""

    carried = Signal(QPoint)
    """Place on the screen that the photo is dragged to."""
    put_down = Signal()

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = LargePhoto(thumbnails)
        self._pressed: QPointF | None = None
        self._is_carried = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 160)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        thumbnails.ready.connect(self._on_thumbnail)

    @property
    def photo(self) -> Photo | None:
        """The photo that is shown."""
        return self._shown.photo

    @property
    def picture(self) -> QPixmap | None:
        """Its picture as it is by now."""
        return self._shown.picture()

    def set_photo(self, photo: Photo | None) -> None:
        """Show a photo."""
        self._shown.photo = photo
        self.setAccessibleName(f"Photo: {self._shown.words()}" if photo is not None else "No photo")
        self.setToolTip(self._shown.words())
        self.update()

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_photo(painter, QRectF(self.rect()), self._shown.picture(), radius_px=theme.RADIUS_BUTTON)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        is_far = (event.position() - self._pressed).manhattanLength() >= QApplication.startDragDistance()
        self._is_carried = self._is_carried or is_far
        if self._is_carried:
            self.carried.emit(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_carried:
            self.put_down.emit()
        self._pressed, self._is_carried = None, False

    def _on_thumbnail(self, path: object) -> None:
        if self._shown.photo is not None and path == self._shown.photo.path:
            self.update()


class PairPhoto(QAbstractButton):
    """One photo of a pair, to be chosen by a click."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = LargePhoto(thumbnails)
        self._is_chosen = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(140, 120)
        thumbnails.ready.connect(self._on_thumbnail)

    @property
    def photo(self) -> Photo | None:
        """The photo that is shown."""
        return self._shown.photo

    def set_photo(self, photo: Photo | None, *, question: str = "") -> None:
        """Show a photo; question is what choosing it answers, for those who hear it."""
        self._shown.photo = photo
        self._is_chosen = False
        self.setEnabled(photo is not None)
        self.setAccessibleName(f"{question} {self._shown.words()}".strip())
        self.setToolTip(self._shown.words())
        self.update()

    def set_chosen(self, *, is_chosen: bool) -> None:
        """Show that it was the one."""
        self._is_chosen = is_chosen
        self.update()

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=theme.RADIUS_BUTTON)
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.click()
        else:
            event.ignore()  # arrows choose in the round

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect())
        is_ringed = self._is_chosen or (self.isEnabled() and self.underMouse())
        if is_ringed:
            painter.setPen(QPen(QColor(theme.current().text), RING_PX))
            painter.drawRoundedRect(frame.adjusted(1, 1, -1, -1), theme.RADIUS_BUTTON, theme.RADIUS_BUTTON)
            inset = RING_PX + RING_GAP_PX
            frame = frame.adjusted(inset, inset, -inset, -inset)
        radius = theme.RADIUS_BUTTON - (RING_GAP_PX if is_ringed else 0.0)
        paint_photo(painter, frame, self._shown.picture(), radius_px=radius)
        painter.end()

    def _on_thumbnail(self, path: object) -> None:
        if self._shown.photo is not None and path == self._shown.photo.path:
            self.update()
