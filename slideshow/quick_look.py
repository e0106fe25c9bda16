"""Quick look: one photo large over the window, the next one by an arrow, away again with Space."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from slideshow import theme
from slideshow.browse_photos import BrowsePhotos
from slideshow.messages import name_of
from slideshow.mood_colours import mood_colour
from slideshow.mood_words import spoken
from slideshow.photo_marks import left_out_words
from slideshow.photo_words import date_in_words
from slideshow.thumbnails import Thumbnails

LONG_SIDE_PX = 1600
DIM_OPACITY, MARGIN_PX, CAPTION_PX = 0.9, 40, 40


class QuickLook(QWidget):
    """Lies over the whole window while it is open and takes all keys."""

    closed = Signal()
    explanation_wanted = Signal(object)
    """The Photo that is shown."""

    def __init__(
        self, window: QWidget, photos: BrowsePhotos, row: int, thumbnails: Thumbnails, *, step: Callable[[int], int],
        offline: frozenset[int] = frozenset(),
    ) -> None:  # fmt: skip
        """step(1) and step(-1) go to the next photo and the one before, and return its row.

        offline are ids of photos that cannot be read now, as their drive is not there.
        """
        super().__init__(window)
        self._over, self._photos, self._thumbnails, self._step = window, photos, thumbnails, step
        self._focus_before = window.focusWidget()
        self._row, self._offline = row, offline
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        thumbnails.ready.connect(self._on_thumbnail)
        window.installEventFilter(self)
        self.setGeometry(window.rect())
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self._describe()

    @property
    def row(self) -> int:
        """Row of the photo that is shown."""
        return self._row

    def _is_away(self) -> bool:
        """Whether the photo's drive is not there: it is not read then."""
        return self._photos.photo(self._row).id in self._offline

    def _describe(self) -> None:
        photo = self._photos.photo(self._row)
        self.setAccessibleName(f"{name_of(photo.path)}. {spoken(self._photos.mood(self._row))}")

    def close(self) -> bool:
        """Take it away and give the focus back."""
        self._over.removeEventFilter(self)
        is_closed = super().close()
        if self._focus_before is not None:
            self._focus_before.setFocus(Qt.FocusReason.MouseFocusReason)
        self.closed.emit()
        self.deleteLater()
        return is_closed

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._over.rect())
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Up):
            self._row = self._step(1 if key in (Qt.Key.Key_Right, Qt.Key.Key_Down) else -1)
            self._describe()
            self.update()
        elif key in (Qt.Key.Key_Space, Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close()
        elif key == Qt.Key.Key_I:
            self.explanation_wanted.emit(self._photos.photo(self._row))
        event.accept()

    def focusNextPrevChild(self, forward: bool) -> bool:
        return True  # the focus stays here

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.close()

    def _on_thumbnail(self, path: object) -> None:
        if path == self._photos.photo(self._row).path:
            self.update()

    def _picture(self) -> QPixmap | None:
        """The large picture, or the thumbnail until it is there."""
        if self._is_away():
            return None
        path = self._photos.photo(self._row).path
        large = self._thumbnails.pixmap(path, long_side_px=LONG_SIDE_PX)
        return large if large is not None else self._thumbnails.pixmap(path)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), theme.mixed("#080809", DIM_OPACITY))
        photo, mood = self._photos.photo(self._row), self._photos.mood(self._row)
        room = QRectF(self.rect()).adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX - CAPTION_PX)
        picture = self._picture()
        painter.setPen(QColor(theme.TEXT_OVER_PHOTO))
        if picture is not None:
            size = picture.size().toSizeF()
            # Its own size, not the thumbnail's: the picture must not jump when the large one comes.
            shape = size.scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
            most = max(photo.width, photo.height) / self.devicePixelRatioF()
            if max(shape.width(), shape.height()) > most:
                shape = size.scaled(most, most, Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF(QPointF(0, 0), shape)
            place.moveCenter(room.center())
            painter.drawPixmap(place, picture, QRectF(picture.rect()))
        elif self._thumbnails.is_unreadable(photo.path) or self._is_away():
            painter.setFont(theme.font("body"))
            text = "Its drive is not connected." if self._is_away() else "This photo cannot be read now."
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
        painter.setFont(theme.font("strong"))
        words = [photo.caption or name_of(photo.path), self._photos.word(self._row), date_in_words(photo.taken_at)]
        words += left_out_words(photo)
        text = " · ".join(word for word in words if word)
        width = min(float(painter.fontMetrics().horizontalAdvance(text)), room.width() - 24)
        line = QRectF((self.width() - width - 16) / 2, room.bottom() + 12, width + 16, theme.line_px("strong") + 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mood_colour(mood.valence, mood.arousal))
        painter.drawEllipse(QPointF(line.left() + 4, line.center().y()), 4, 4)
        painter.setPen(QColor(theme.TEXT_OVER_PHOTO))
        text = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, int(width) + 1)
        painter.drawText(line.adjusted(16, 0, 2, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.end()
