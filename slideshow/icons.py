"""Lucide icons from resources/icons, drawn in any colour and size, crisp at any pixel ratio."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from slideshow.places import RESOURCES

STROKE_PX = 1.6
VIEW_BOX = 24


@cache
def _renderer(name: str, colour: str, stroke: float, filled: bool) -> QSvgRenderer:
    svg = (RESOURCES / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    svg = svg.replace('stroke-width="2"', f'stroke-width="{stroke:.3f}"')
    if filled:
        svg = svg.replace('fill="none"', f'fill="{colour}"')
    svg = svg.replace("currentColor", colour)
    return QSvgRenderer(QByteArray(svg.encode()))


def paint_icon(
    painter: QPainter,
    rect: QRectF,
    name: str,
    colour: QColor | str,
    *,
    filled: bool = False,
    stroke_px: float = STROKE_PX,
) -> None:
    """Draw an icon into a square; the stroke keeps its width whatever the size."""
    stroke = stroke_px * VIEW_BOX / max(1.0, rect.width())
    opacity = painter.opacity()
    shade = QColor(colour)
    painter.setOpacity(opacity * shade.alphaF())
    _renderer(name, shade.name(), stroke, filled).render(painter, rect)
    painter.setOpacity(opacity)


def icon_pixmap(
    name: str, colour: QColor | str, *, size_px: int = 20, filled: bool = False, ratio: float = 1.0
) -> QPixmap:
    """Draw an icon to a transparent pixmap for a screen of this pixel ratio."""
    side = max(1, round(size_px * ratio))
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(ratio, ratio)
    paint_icon(painter, QRectF(0, 0, side / ratio, side / ratio), name, colour, filled=filled)
    painter.end()
    image.setDevicePixelRatio(ratio)
    return QPixmap.fromImage(image)


def icon(name: str, colour: QColor | str, *, size_px: int = 20, filled: bool = False) -> QIcon:
    """Make an icon with pictures for 1x, 2x and 3x screens."""
    made = QIcon()
    for ratio in (1.0, 2.0, 3.0):
        made.addPixmap(icon_pixmap(name, colour, size_px=size_px, filled=filled, ratio=ratio))
    return made
