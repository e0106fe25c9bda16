"""Dragging a photo of the app: as the file it is, so that a cue takes it just as it takes one from a file manager."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDrag, QPixmap
from PySide6.QtWidgets import QWidget

OWN_PHOTO = "application/x-moodreel-photo"
"""Marks a drag that began here: the window need not say where songs and folders go."""


def photo_data(path: Path) -> QMimeData:
    """Make what a drag of a photo carries."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    data.setData(OWN_PHOTO, b"1")
    return data


def drag_photo(source: QWidget, path: Path, picture: QPixmap | None) -> None:
    """Drag a photo until it is let go; returns then."""
    drag = QDrag(source)
    drag.setMimeData(photo_data(path))
    if picture is not None:
        drag.setPixmap(picture)
        drag.setHotSpot(QPoint(12, 12))
    drag.exec(Qt.DropAction.CopyAction)
