"""Layers to pixels: the one renderer, for the screen and for films. Needs QImage and QPainter only, no application."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from engine.frames import Layer
from engine.images import load_image
from engine.plan import MAX_ZOOM

if TYPE_CHECKING:
    from engine.library import Photo

STAGE = QColor("#0D0D0E")
"""Shown only where no photo is ready at all."""

MAX_CROP = 0.20
"""A photo fills the frame where that hides at most this share of it; else it stands before its own blur."""

BLUR_GRID = 16
BLUR_LIGHT = 0.45
"""The backdrop: the photo as 16 x 16 colours, smoothed up to the frame and darkened by 55 %."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPhoto:
    """A photo ready to be drawn into frames of one size (width, height) px.

    The image is opaque and already of the size it has at the largest zoom, so drawing never enlarges it; a backdrop is
    part of it. About 9 MB for 1080p.
    """

    image: QImage
    size: tuple[int, int]
    has_backdrop: bool


def load_prepared(photo: Photo, *, size: tuple[int, int]) -> PreparedPhoto:
    """Read a photo no larger than needed and prepare it; from any thread. Raises UnreadablePhoto."""
    canvas = _canvas(size)
    scale, _ = _fit(photo.width, photo.height, canvas) if photo.width and photo.height else (1.0, False)
    enough_px = math.ceil(min(photo.width, photo.height) * scale) or None
    image, _ = load_image(photo.path, min_side_px=enough_px)
    return prepare(image, size=size)


def prepare(image: NDArray[np.uint8], *, size: tuple[int, int]) -> PreparedPhoto:
    """Prepare a photo's pixels (h, w, 3) sRGB for frames of a size (width, height) px; from any thread.

    1080p takes some 20 to 60 ms. Raises ValueError for pixels of another shape.
    """
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"pixels of shape {image.shape}, not (h, w, 3)")
    pixels = np.ascontiguousarray(image, dtype=np.uint8)
    height, width = pixels.shape[:2]
    photo = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    canvas = _canvas(size)
    scale, has_backdrop = _fit(width, height, canvas)
    scaled = photo.scaled(
        max(1, round(width * scale)),
        max(1, round(height * scale)),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    picture = _blur(photo, canvas) if has_backdrop else QImage(canvas, QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    painter.drawImage((canvas.width() - scaled.width()) // 2, (canvas.height() - scaled.height()) // 2, scaled)
    painter.end()
    return PreparedPhoto(picture, size, has_backdrop)


def paint(
    painter: QPainter, size: tuple[float, float], layers: Sequence[Layer], prepared: Mapping[int, PreparedPhoto]
) -> None:
    """Draw layers over the rectangle (0, 0, *size) of the painter; prepared is keyed by cue index.

    size is in the painter's units: on a screen with a device pixel ratio the photos may be prepared at the finer one.
    A layer whose photo is not prepared is left out, and what remains is opaque; the stage colour shows only when there
    is none at all.
    """
    ready = [layer for layer in layers if layer.cue_index in prepared]
    painter.save()
    painter.setClipRect(QRectF(0, 0, *size))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    if not ready:
        painter.fillRect(QRectF(0, 0, *size), STAGE)
    for position, layer in enumerate(ready):
        width, height = size[0] * layer.zoom, size[1] * layer.zoom
        target = QRectF((size[0] - width) / 2, (size[1] - height) / 2, width, height)
        is_lowest = position == 0
        painter.setOpacity(1.0 if is_lowest else layer.opacity)
        image = prepared[layer.cue_index].image
        painter.drawImage(target, image, QRectF(image.rect()))
    painter.restore()


def paint_image(
    size: tuple[int, int], layers: Sequence[Layer], prepared: Mapping[int, PreparedPhoto]
) -> NDArray[np.uint8]:
    """Draw layers into new pixels (h, w, 4), BGRA in memory on every common machine; from any thread."""
    width, height = size
    pixels = np.empty((height, width, 4), dtype=np.uint8)
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint(painter, size, layers, prepared)
    painter.end()
    return pixels


def _canvas(size: tuple[int, int]) -> QSize:
    """Size of a frame at the largest zoom."""
    return QSize(*(math.ceil(MAX_ZOOM * side) for side in size))


def _fit(width: int, height: int, canvas: QSize) -> tuple[float, bool]:
    """Scale of a photo for a canvas and whether a backdrop shows: it covers the canvas if little is cropped by that."""
    across, down = canvas.width() / width, canvas.height() / height
    cropped = 1 - min(across, down) / max(across, down)
    return (max(across, down), False) if cropped <= MAX_CROP else (min(across, down), True)


def _blur(photo: QImage, canvas: QSize) -> QImage:
    """Spread 16 x 16 colours of a photo over the canvas, smooth without the diamonds of bilinear scaling."""
    small = photo.scaled(
        BLUR_GRID, BLUR_GRID, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    ).convertToFormat(QImage.Format.Format_RGB32)
    grid = np.frombuffer(small.constBits(), dtype=np.uint8).reshape(BLUR_GRID, BLUR_GRID, 4)
    down, across = _spline_weights(canvas.height()), _spline_weights(canvas.width())
    rows = np.einsum("yi,ijc->yjc", down, grid * np.float32(BLUR_LIGHT))  # (height, 16, 4)
    smooth = np.matmul(across[None], rows)  # (height, width, 4)
    pixels = np.rint(smooth).clip(0, 255).astype(np.uint8)
    wrapped = QImage(pixels.data, canvas.width(), canvas.height(), 4 * canvas.width(), QImage.Format.Format_RGB32)
    return wrapped.copy()  # the copy owns its pixels, the array goes


def _spline_weights(n: int) -> NDArray[np.float32]:
    """Weights (n, 16) of a uniform cubic B-spline over the grid's cells, clamped at the edges; rows sum to 1."""
    x = (np.arange(n) + 0.5) * BLUR_GRID / n - 0.5
    cell = np.floor(x).astype(int)
    f = x - cell
    weights = np.zeros((n, BLUR_GRID), dtype=np.float32)
    basis = ((1 - f) ** 3, 3 * f**3 - 6 * f**2 + 4, -3 * f**3 + 3 * f**2 + 3 * f + 1, f**3)
    for offset, part in enumerate(basis):
        np.add.at(weights, (np.arange(n), (cell + offset - 1).clip(0, BLUR_GRID - 1)), part / 6)
    return weights
