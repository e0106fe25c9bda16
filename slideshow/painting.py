"""Layers to pixels: the one renderer, for the screen and for films. Needs QImage and QPainter only, no application."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from engine.frames import Layer
from engine.images import load_image
from engine.plan import MAX_ZOOM
from slideshow.placing import MAX_PAIR_CROP, is_pair_shown, pair_canvases, placed

if TYPE_CHECKING:
    from engine.focus import Focus
    from engine.library import Photo

ByteImage = NDArray[np.uint8]

STAGE = QColor("#0D0D0E")
"""Shown where no photo is ready at all, and through a dip."""

BLUR_GRID = 16
BLUR_LIGHT = 0.45
"""The backdrop: the photo as 16 x 16 colours, smoothed up to the frame and darkened by 55 %."""

_BAND_PX = 64
"""The backdrop is computed in bands of so many rows: whole, its floats would take 36 MB for 1080p."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPhoto:
    """A photo, or a pair, ready to be drawn into frames of one size (width, height) px.

    The image is opaque and already of the size it has at the largest zoom, so drawing never enlarges it; a backdrop is
    part of it. anchor is the point that stays in place while it zooms, in shares of the frame. About 9 MB for 1080p.
    """

    image: QImage
    size: tuple[int, int]
    has_backdrop: bool
    anchor: tuple[float, float] = (0.5, 0.5)


def load_prepared(photo: Photo, *, size: tuple[int, int], partner: Photo | None = None) -> PreparedPhoto:
    """Read a photo no larger than needed and prepare it, in a landscape frame beside its partner; from any thread.

    Raises UnreadablePhoto, which names the one of the two that cannot be read.
    """
    if partner is None or not is_pair_shown(size):
        return prepare(_read(photo, _canvas(size)), size=size, focus=photo.focus)
    first, second, _ = pair_canvases(_canvas(size))
    return prepare_pair(
        (_read(photo, first, max_crop=MAX_PAIR_CROP), _read(partner, second, max_crop=MAX_PAIR_CROP)),
        size=size,
        focuses=(photo.focus, partner.focus),
    )


def _read(photo: Photo, canvas: tuple[int, int], **options: float) -> ByteImage:
    enough_px = None
    if photo.width and photo.height:
        place = placed(photo.width, photo.height, canvas=canvas, focus=photo.focus, **options)
        enough_px = math.ceil(min(place.width, place.height))
    return load_image(photo.path, min_side_px=enough_px)[0]


def prepare(image: ByteImage, *, size: tuple[int, int], focus: Focus | None = None) -> PreparedPhoto:
    """Prepare a photo's pixels (h, w, 3) sRGB for frames of a size (width, height) px; from any thread.

    1080p takes some 20 to 60 ms. Raises ValueError for pixels of another shape.
    """
    canvas = _canvas(size)
    photo, _held = _wrapped(image)
    place = placed(photo.width(), photo.height(), canvas=canvas, focus=focus)
    backdrop = _blur([photo], canvas) if place.has_backdrop else QImage(*canvas, QImage.Format.Format_RGB32)
    painter = QPainter(backdrop)
    _draw_placed(painter, photo, canvas, focus=focus)
    painter.end()
    return PreparedPhoto(backdrop, size, place.has_backdrop, place.anchor)


def prepare_pair(
    images: tuple[ByteImage, ByteImage],
    *,
    size: tuple[int, int],
    focuses: tuple[Focus | None, Focus | None] = (None, None),
) -> PreparedPhoto:
    """Prepare two portraits side by side, a thin gap between them, before a blur of both. As `prepare`."""
    canvas = _canvas(size)
    photos, _held = zip(*(_wrapped(image) for image in images), strict=True)
    first, second, gap = pair_canvases(canvas)
    picture = _blur(photos, canvas)
    painter = QPainter(picture)
    for photo, focus, half, left in zip(photos, focuses, (first, second), (0, first[0] + gap), strict=True):
        painter.save()
        painter.translate(left, 0)
        painter.setClipRect(0, 0, *half)
        _draw_placed(painter, photo, half, focus=focus, max_crop=MAX_PAIR_CROP)
        painter.restore()
    painter.end()
    return PreparedPhoto(picture, size, True)


def _wrapped(image: ByteImage) -> tuple[QImage, ByteImage]:
    """An image over pixels, and the pixels, which must outlive it."""
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"pixels of shape {image.shape}, not (h, w, 3)")
    pixels = np.ascontiguousarray(image, dtype=np.uint8)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888), pixels


def _draw_placed(
    painter: QPainter, photo: QImage, canvas: tuple[int, int], *, focus: Focus | None, **options: float
) -> None:
    place = placed(photo.width(), photo.height(), canvas=canvas, focus=focus, **options)
    scaled = photo.scaled(
        max(1, round(place.width)),
        max(1, round(place.height)),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    # Whole pixels within what there is to shift: rounding must not bare a line of the canvas at an edge.
    left = min(max(round(place.left), min(0, canvas[0] - scaled.width())), max(0, canvas[0] - scaled.width()))
    top = min(max(round(place.top), min(0, canvas[1] - scaled.height())), max(0, canvas[1] - scaled.height()))
    painter.drawImage(left, top, scaled)


def paint(
    painter: QPainter, size: tuple[float, float], layers: Sequence[Layer], prepared: Mapping[int, PreparedPhoto]
) -> None:
    """Draw layers over the rectangle (0, 0, *size) of the painter; prepared is keyed by cue index.

    size is in the painter's units: on a screen with a device pixel ratio the photos may be prepared at the finer one.
    A layer whose photo is not prepared is left out, and what remains fills the frame and is opaque; the stage colour
    alone shows only when there is none at all.
    """
    ready = [layer for layer in layers if layer.cue_index in prepared]
    frame = QRectF(0, 0, *size)
    painter.save()
    painter.setClipRect(frame)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    if not ready:
        painter.fillRect(frame, STAGE)
    ratio = painter.device().devicePixelRatio()
    for position, layer in enumerate(ready):
        photo = prepared[layer.cue_index]
        # Whole pixels, so that two photos that slide meet without a seam.
        shift = round(layer.shift * size[0] * ratio) / ratio if len(ready) > 1 else 0.0
        width, height = size[0] * layer.zoom, size[1] * layer.zoom
        left, top = (size[0] - width) * photo.anchor[0] + shift, (size[1] - height) * photo.anchor[1]
        painter.setOpacity(1.0 if position == 0 else layer.opacity)
        if shift:
            painter.setClipRect(frame.translated(shift, 0) & frame)
        painter.drawImage(QRectF(left, top, width, height), photo.image, QRectF(photo.image.rect()))
        if shift:
            painter.setClipRect(frame)
    if ready and ready[-1].shade > 0:
        painter.setOpacity(ready[-1].shade)
        painter.fillRect(frame, STAGE)
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


def _canvas(size: tuple[int, int]) -> tuple[int, int]:
    """Size of a frame at the largest zoom."""
    return math.ceil(MAX_ZOOM * size[0]), math.ceil(MAX_ZOOM * size[1])


def _blur(photos: Sequence[QImage], canvas: tuple[int, int]) -> QImage:
    """Spread 16 x 16 colours, of photos side by side, over the canvas, without the diamonds of bilinear scaling."""
    columns = BLUR_GRID // len(photos)
    parts = [_colours(photo, columns) for photo in photos]
    grid = np.concatenate(parts, axis=1)  # (16, 16, 4)
    down, across = _spline_weights(canvas[1]), _spline_weights(canvas[0])
    rows = np.einsum("yi,ijc->yjc", down, grid * np.float32(BLUR_LIGHT))  # (height, 16, 4)
    image = QImage(*canvas, QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.bits(), dtype=np.uint8).reshape(canvas[1], canvas[0], 4)
    for top in range(0, canvas[1], _BAND_PX):
        band = np.matmul(across[None], rows[top : top + _BAND_PX])  # (band, width, 4), within what uint8 holds
        pixels[top : top + _BAND_PX] = np.rint(band, out=band)
    return image


def _colours(photo: QImage, columns: int) -> ByteImage:
    small = photo.scaled(
        columns, BLUR_GRID, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    ).convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(small.constBits(), dtype=np.uint8).reshape(BLUR_GRID, columns, 4).copy()


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
