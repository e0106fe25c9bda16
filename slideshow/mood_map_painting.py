"""How the mood map is drawn: all points as one picture, which photos stand as thumbnails, ring, words and path.

Points are never drawn one by one: they are counted into pixels, and the counts become coverage, so that a crowd looks
denser than a lone photo and 100,000 cost as little as 1,000.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QConicalGradient,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
)

from engine.emotion import MOOD_ANGLES_DEG, FloatArray
from slideshow import theme
from slideshow.browse_photos import Mask, Rows
from slideshow.mood_colours import Scale, mood_table, ring_gradient
from slideshow.theme import Tokens

POINT_PX = 3.5
POINT_OPACITY, FEW_OPACITY, CHOSEN_OPACITY = 0.42, 0.75, 0.9
FEW, MANY = 500, 5_000
"""A point of a small library is drawn stronger: there is no crowd to be seen through it."""

KNEE, BEYOND = 0.9, 0.45
"""Where many points lie on one another their depth grows as a logarithm from here on: a crowd's core stays apart."""

RING_PX, PATH_PX, LASSO_PX = 2.0, 1.5, 1.5
PATH_OPACITY = 0.38
LABEL_GAP_PX = 10.0
MARGIN_X_PX, MARGIN_Y_PX = 84, 34
"""Room for the words at the sides, and above and below."""

THUMBNAIL_PX, LARGEST_PX, CELL = 36, 64, 1.5
"""Thumbnails on the whole map and closer by, and how many of them wide a cell is that holds one."""

SPARSE_BELOW = 1.4
"""On the whole map only every other cell has a thumbnail, so that the crowd behind stays readable."""

MOST_ZOOM = 48.0
OVERVIEW_PX = 64


@dataclass(frozen=True, slots=True)
class MapView:
    """What part of the disc is seen: its place (u, v) in the middle, the zoom (1 shows all), the widget's size."""

    size: QSizeF
    u: float = 0.0
    v: float = 0.0
    zoom: float = 1.0

    @property
    def scale(self) -> float:
        """Pixels per unit: the radius of the ring."""
        room = min(
            self.size.width() - 2 * theme.scaled_px(MARGIN_X_PX), self.size.height() - 2 * theme.scaled_px(MARGIN_Y_PX)
        )
        return max(40.0, room / 2) * self.zoom

    def to_px(self, u: float, v: float) -> QPointF:
        """Pixel of a place on the disc."""
        scale = self.scale
        return QPointF(self.size.width() / 2 + (u - self.u) * scale, self.size.height() / 2 - (v - self.v) * scale)

    def to_disc(self, at: QPointF) -> tuple[float, float]:
        """Place on the disc of a pixel."""
        scale = self.scale
        return (at.x() - self.size.width() / 2) / scale + self.u, self.v - (at.y() - self.size.height() / 2) / scale

    def circle(self) -> QRectF:
        """The ring's square."""
        middle, radius = self.to_px(0, 0), self.scale
        return QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)

    def moved(self, dx_px: float, dy_px: float) -> MapView:
        """The view after the map was dragged by so much; the middle stays on the disc."""
        return self.at(self.u - dx_px / self.scale, self.v + dy_px / self.scale, self.zoom)

    def zoomed(self, factor: float, about: QPointF) -> MapView:
        """The view zoomed so that the place under a pixel stays there."""
        u, v = self.to_disc(about)
        zoom = min(max(self.zoom * factor, 1.0), MOST_ZOOM)
        k = self.zoom / zoom
        return self.at(u + (self.u - u) * k, v + (self.v - v) * k, zoom)

    def at(self, u: float, v: float, zoom: float) -> MapView:
        """A view of this size elsewhere: the further in, the further from the middle it may go."""
        reach = 1.0 - 1.0 / zoom
        far = math.hypot(u, v)
        k = 1.0 if far <= reach else reach / far
        return MapView(self.size, u * k, v * k, zoom)


@cache
def _table_image(scale: Scale) -> QImage:
    table = np.ascontiguousarray(mood_table(scale)[::-1])
    height, width = table.shape[:2]
    return QImage(table.tobytes(), width, height, width * 3, QImage.Format.Format_RGB888).convertToFormat(
        QImage.Format.Format_ARGB32_Premultiplied
    )


@cache
def _disc(radius_px: float) -> tuple[tuple[int, int, float], ...]:
    """Pixels (dy, dx, share covered) of a dot about its middle pixel."""
    reach = math.ceil(radius_px)
    found = []
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            covered = min(max(radius_px + 0.5 - math.hypot(dx, dy), 0.0), 1.0)
            if covered > 0.03:
                found.append((dy, dx, covered))
    return tuple(found)


def coverage(
    x_px: FloatArray, y_px: FloatArray, chosen: Mask | None, *, width: int, height: int, radius_px: float
) -> FloatArray:
    """Opacity (height, width) in [0, 1] of dots at pixels (n,); those that are chosen stand out where any are."""
    pad = math.ceil(radius_px)
    stride = width + 2 * pad
    clear = np.zeros(stride * (height + 2 * pad), dtype=np.float32)  # logarithm of what shines through
    column, row = np.floor(x_px).astype(np.int64), np.floor(y_px).astype(np.int64)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    crowd = min(max(math.log(max(len(x_px), 1) / FEW) / math.log(MANY / FEW), 0.0), 1.0)
    plain = FEW_OPACITY + crowd * (POINT_OPACITY - FEW_OPACITY)
    parts = [(inside, plain)]
    if chosen is not None:
        parts = [(inside & ~chosen, POINT_OPACITY), (inside & chosen, CHOSEN_OPACITY)]
    for which, opacity in parts:
        cells = (row[which] + pad) * stride + column[which] + pad
        counts = np.bincount(cells, minlength=len(clear)).astype(np.float32)
        taken = np.flatnonzero(counts)
        counts = counts[taken]
        for dy, dx, covered in _disc(radius_px):
            # No pixel is named twice in `taken`, so that a plain += by index loses none.
            clear[taken + (dy * stride + dx)] += counts * math.log1p(-opacity * covered)
        if opacity < CHOSEN_OPACITY and crowd > 0:
            deep = clear < -KNEE
            clear[deep] = -KNEE - BEYOND * np.log(clear[deep] / -KNEE)
    seen: FloatArray = -np.expm1(clear.reshape(-1, stride)[pad : pad + height, pad : pad + width])
    return seen


def points_image(
    places: FloatArray, chosen: Mask | None, view: MapView, *, margin_px: int, ratio: float, tokens: Tokens
) -> QImage:
    """Draw all points (n, 2) for a view, with a margin around it; each in the mood colour of its place."""
    width = round((view.size.width() + 2 * margin_px) * ratio)
    height = round((view.size.height() + 2 * margin_px) * ratio)
    scale, origin = view.scale * ratio, view.to_px(0, 0)
    left, top = (origin.x() + margin_px) * ratio, (origin.y() + margin_px) * ratio
    radius_px = POINT_PX / 2 * ratio * min(1.0 + 0.35 * math.log2(view.zoom), 2.2)
    x, y = places[:, 0] * np.float32(scale) + np.float32(left), np.float32(top) - places[:, 1] * np.float32(scale)
    seen = coverage(x, y, chosen, width=width, height=height, radius_px=round(radius_px * 4) / 4)
    opacity = (seen * 255).astype(np.uint8).tobytes()
    image = QImage(opacity, width, height, width, QImage.Format.Format_Alpha8).convertToFormat(
        QImage.Format.Format_ARGB32_Premultiplied
    )
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.drawImage(QRectF(left - scale, top - scale, 2 * scale, 2 * scale), _table_image(tokens.name))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


def thumbnail_level(zoom: float) -> int:
    """Step of the zoom at which the choice of thumbnails changes: half an octave."""
    return max(0, math.floor(2 * math.log2(max(zoom, 1.0)) + 1e-6))


def thumbnail_px(level: int) -> int:
    """Side of the thumbnails at a level."""
    return min(THUMBNAIL_PX + 4 * level, LARGEST_PX)


def thumbnail_rows(places: FloatArray, *, level: int, whole_scale: float) -> Rows:
    """Rows of the photos that stand as thumbnails at a level: in each cell the one nearest to its middle."""
    if not len(places):
        return np.zeros(0, dtype=np.int64)
    zoom = 2 ** (level / 2)
    cell = CELL * thumbnail_px(level) / (whole_scale * zoom)
    steps = np.floor(places / np.float32(cell)).astype(np.int64)
    off = np.square(places / np.float32(cell) - steps - 0.5).sum(axis=1)
    keys = (steps[:, 1] << 20) + steps[:, 0]
    order = np.lexsort((off, keys))
    firsts = order[np.flatnonzero(np.diff(keys[order], prepend=keys[order[0]] - 1))]
    if zoom < SPARSE_BELOW and len(places) > FEW:
        firsts = firsts[(steps[firsts].sum(axis=1) & 1) == 0]
    return firsts.astype(np.int64)


@cache
def _ring(scale: Scale) -> QConicalGradient:
    """The ring's gradient, made once: its stops are looked up in Python, and the ring is drawn with every step."""
    return ring_gradient(QPointF(), scale=scale)


def paint_ring(painter: QPainter, view: MapView, tokens: Tokens) -> None:
    """Draw cross and ring."""
    circle, middle = view.circle(), view.to_px(0, 0)
    painter.setPen(QPen(QColor(tokens.line), 1.0))
    painter.drawLine(QPointF(circle.left(), middle.y()), QPointF(circle.right(), middle.y()))
    painter.drawLine(QPointF(middle.x(), circle.top()), QPointF(middle.x(), circle.bottom()))
    gradient = _ring(tokens.name)
    gradient.setCenter(middle)
    painter.setPen(QPen(QBrush(gradient), RING_PX))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(circle)


@lru_cache(maxsize=4)
def _word_sizes(pixel_size: int) -> tuple[dict[str, float], float]:
    """Widths of the mood words and their height; the pixel size tells text sizes apart."""
    metrics = QFontMetricsF(theme.font("label"))
    return {word: metrics.horizontalAdvance(word.capitalize()) + 4 for word in MOOD_ANGLES_DEG}, metrics.height()


def word_places(view: MapView) -> dict[str, QRectF]:
    """Where each mood word stands outside the ring; made to be clicked. One that would touch another is left out."""
    widths, height = _word_sizes(theme.font("label").pixelSize())
    reach = view.scale + LABEL_GAP_PX
    middle = view.to_px(0, 0)
    found: dict[str, QRectF] = {}
    for word, degrees in MOOD_ANGLES_DEG.items():
        angle = math.radians(degrees)
        width = widths[word]
        x = middle.x() + reach * math.cos(angle) + math.cos(angle) * width / 2
        y = middle.y() - reach * math.sin(angle) - math.sin(angle) * height / 2
        place = QRectF(x - width / 2, y - height / 2, width, height)
        if not any(place.intersects(other) for other in found.values()):
            found[word] = place
    return found


def paint_words(painter: QPainter, places: dict[str, QRectF], bright: Collection[str], tokens: Tokens) -> None:
    """Write the mood words; those that name what is chosen stand out."""
    for word, place in places.items():
        is_bright = word in bright
        painter.setFont(theme.font("strong" if is_bright else "label"))
        painter.setPen(QColor(tokens.text if is_bright else tokens.text_3))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, word.capitalize())


def paint_path(painter: QPainter, path: FloatArray, view: MapView, tokens: Tokens) -> None:
    """Draw a song's way over the disc (m, 2), with a dot where it ends."""
    if len(path) < 2:
        return
    line = QPolygonF([view.to_px(float(u), float(v)) for u, v in path])
    painter.setPen(QPen(theme.mixed(tokens.text, PATH_OPACITY), PATH_PX))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(line)


@cache
def _small_ring(scale: Scale, ratio: float, window: str) -> QImage:
    """The small circle of the overview, drawn once: it is painted with every step of the map."""
    side = OVERVIEW_PX + 8
    image = QImage(round(side * ratio), round(side * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    circle = QRectF(4, 4, OVERVIEW_PX, OVERVIEW_PX)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.mixed(window, 0.8))
    painter.drawEllipse(circle.adjusted(-4, -4, 4, 4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QBrush(ring_gradient(circle.center(), scale=scale)), 1.5))
    painter.drawEllipse(circle)
    painter.end()
    return image


def paint_overview(painter: QPainter, view: MapView, tokens: Tokens, *, ratio: float = 1.0) -> None:
    """Show in a small circle at the lower left what part of the map is seen, once it is not all."""
    if view.zoom <= 1.05:
        return
    side = float(OVERVIEW_PX)
    circle = QRectF(8, view.size.height() - side - 8, side, side)
    painter.drawImage(circle.topLeft() - QPointF(4, 4), _small_ring(tokens.name, ratio, tokens.window))
    k = side / 2 / view.scale
    part = QRectF(0, 0, max(6.0, view.size.width() * k), max(6.0, view.size.height() * k))
    part.moveCenter(QPointF(circle.center().x() + view.u * side / 2, circle.center().y() - view.v * side / 2))
    painter.setPen(QPen(QColor(tokens.text), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setClipRect(circle.adjusted(-4, -4, 4, 4))
    painter.drawRoundedRect(part, 2, 2)
    painter.setClipping(False)


def lasso_path(polygon: FloatArray, view: MapView) -> QPainterPath:
    """Outline of a region (m, 2) of the disc in pixels."""
    path = QPainterPath()
    path.addPolygon(QPolygonF([view.to_px(float(u), float(v)) for u, v in polygon]))
    path.closeSubpath()
    return path


def paint_lasso(painter: QPainter, path: QPainterPath, tokens: Tokens) -> None:
    """Draw a region's outline and a breath of light in it."""
    pen = QPen(QColor(tokens.text), LASSO_PX)
    pen.setDashPattern([5 / LASSO_PX, 4 / LASSO_PX])
    painter.setPen(pen)
    painter.setBrush(theme.mixed(tokens.text, 0.06 if tokens.is_dark else 0.05))
    painter.drawPath(path)


def rows_inside(polygon: FloatArray, places: FloatArray, *, fineness: int = 512) -> Mask:
    """Which places (n, 2) lie in a region (m, 2): the region is filled as a picture and looked up, in 5 ms for 100,000.

    The picture is as large as the region, so its edge is true to 1/512 of its size.
    """
    inside = np.zeros(len(places), dtype=bool)
    if len(polygon) < 3 or not len(places):
        return inside
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    span = np.maximum(high - low, 1e-6)
    near = np.flatnonzero(((places >= low) & (places <= high)).all(axis=1))
    corners = (polygon - low) / span * (fineness - 1)
    image = QImage(fineness, fineness, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(255, 255, 255))
    painter.drawPolygon(QPolygonF([QPointF(float(x), float(y)) for x, y in corners]), Qt.FillRule.WindingFill)
    painter.end()
    mask = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(fineness, image.bytesPerLine())
    at = np.rint((places[near] - low) / span * (fineness - 1)).astype(np.int64)
    inside[near] = mask[at[:, 1], at[:, 0]] > 127
    return inside
