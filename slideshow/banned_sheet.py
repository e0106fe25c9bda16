"""The photos that are never shown, each with a way back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from slideshow import theme
from slideshow.buttons import Button
from slideshow.labels import Label
from slideshow.messages import name_of
from slideshow.sheets import Sheet
from slideshow.thumbnails import Thumbnails, paint_rounded

if TYPE_CHECKING:
    from engine.library import Photo
    from slideshow.session_editing import Editing

PICTURE = QSize(72, 48)
VIEW_PX = 320


class _Picture(QWidget):
    def __init__(self, photo: Photo, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._photo, self._thumbnails = photo, thumbnails
        self.setFixedSize(PICTURE)
        thumbnails.ready.connect(self._on_thumbnail)

    def _on_thumbnail(self, path: object) -> None:
        if path == self._photo.path:
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        picture = self._thumbnails.cover(self._photo.path, PICTURE, ratio=self.devicePixelRatioF())
        if picture is not None:
            paint_rounded(painter, QRectF(self.rect()), picture, theme.RADIUS_THUMBNAIL)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.current().hover))
            painter.drawRoundedRect(self.rect(), theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
        painter.end()


def show_banned(window: QWidget, editing: Editing, photos: Sequence[Photo], thumbnails: Thumbnails) -> Sheet:
    """List the photos that are never shown; each can be let back."""
    sheet = Sheet(window, "Photos that are never shown")
    if not photos:
        sheet.add_text("There are none. Press X while a photo is seen, and it will not be shown again.")
        sheet.add_button("Close", "main", is_safe=True)
        sheet.open()
        return sheet
    sheet.add_text("They stay where they are. What you let back may be shown again.")
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(0, 0, 8, 0)
    column.setSpacing(8)
    for photo in photos:
        row = QHBoxLayout()
        row.setSpacing(12)
        name = Label(name_of(photo.path), "body", is_elided=True)
        back = Button("Let back", "bare")
        back.setAccessibleName(f"Let {name_of(photo.path)} back")
        back.clicked.connect(partial(_let_back, editing, photo, back))
        row.addWidget(_Picture(photo, thumbnails))
        row.addWidget(name, 1)
        row.addWidget(back)
        column.addLayout(row)
    column.addStretch(1)
    scroll = QScrollArea()
    scroll.setWidget(body)
    scroll.setWidgetResizable(True)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setFixedHeight(min(VIEW_PX, len(photos) * (PICTURE.height() + 8) + 8))
    sheet.add_body(scroll)
    sheet.add_button("Close", "main", is_safe=True)
    sheet.open()
    return sheet


def _let_back(editing: Editing, photo: Photo, button: Button) -> None:
    editing.let_back(photo)
    button.set_face("Is back", "check")
    button.setEnabled(False)
