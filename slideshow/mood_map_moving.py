"""A map that is moved and zoomed: what part is seen, the glide to another, and the picture of its points in between."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEasingCurve, QEvent, QPointF, QRectF, QSizeF, Qt, QTimer, QVariantAnimation
from PySide6.QtGui import QImage, QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from engine.emotion import FloatArray
from slideshow import mood_map_painting as painting
from slideshow import theme
from slideshow.browse_photos import Mask
from slideshow.mood_map_layers import MARGIN_PX, Layer, MapLayers, Wanted
from slideshow.mood_map_painting import MapView
from slideshow.mood_map_thumbnails import MapThumbnails
from slideshow.thumbnails import Thumbnails

SHARP_MS = 60
"""So long after the last step of a zoom the points are drawn anew; until then their picture is stretched."""

AFTER_GRID_MS = 25
"""So much later than the grid the points follow a choice: drawn beside it, they would hold the grid's painting up."""

NO_PLACES = np.zeros((0, 2), dtype=np.float32)


class MovingMap(QWidget):
    """Points on the disc, wandered over; `MoodMap` adds what can be picked."""

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places = NO_PLACES
        self._chosen: Mask | None = None
        self._path = NO_PLACES
        self._view = MapView(QSizeF(600, 600))
        self._layer: Layer | None = None
        self._snapshot: tuple[Layer, bool, QImage] | None = None
        self._pictures = MapThumbnails(thumbnails, self)
        self.layers = MapLayers(self)
        self.layers.ready.connect(self._on_layer)
        self._sharpen = QTimer(self)
        self._sharpen.setSingleShot(True)
        self._sharpen.setInterval(SHARP_MS)
        self._sharpen.timeout.connect(self._ask)
        self._recolour = QTimer(self)
        self._recolour.setSingleShot(True)
        self._recolour.setInterval(AFTER_GRID_MS)
        self._recolour.timeout.connect(self._ask)
        self._moving = QTimer(self)
        self._moving.setSingleShot(True)
        self._moving.setInterval(SHARP_MS)
        self._moving.timeout.connect(self.update)
        self._glide = QVariantAnimation(self)
        self._glide.setEasingCurve(QEasingCurve.Type.InOutCubic)
        self._glide.setStartValue(0.0)
        self._glide.setEndValue(1.0)
        self._glide.valueChanged.connect(self._on_glide)
        self._glide_from = self._glide_to = self._view

    @property
    def places(self) -> FloatArray:
        """Where the photos lie on the disc, (n, 2)."""
        return self._places

    @property
    def view(self) -> MapView:
        """What part is seen."""
        return self._view

    def shutdown(self) -> None:
        """Join the thread that draws."""
        self._sharpen.stop()
        self._recolour.stop()
        self._glide.stop()
        self.layers.shutdown()

    # Wandering

    def zoom(self, factor: float, about: QPointF | None = None) -> None:
        """Zoom about a pixel, the middle without one; glides unless motion is reduced."""
        self._glide_on(self._goal().zoomed(factor, about or QPointF(self.width() / 2, self.height() / 2)))

    def show_all(self) -> None:
        """Show the whole map."""
        self._glide_on(self._view.at(0.0, 0.0, 1.0))

    def pan(self, dx_px: float, dy_px: float) -> None:
        """Move the map by so much."""
        self._set_view(self._view.moved(dx_px, dy_px))

    def _goal(self) -> MapView:
        return self._glide_to if self._glide.state() == QVariantAnimation.State.Running else self._view

    def _glide_on(self, goal: MapView) -> None:
        duration = theme.duration_ms(theme.PAGE_MS)
        self._glide.stop()
        if not duration or not self.isVisible():
            self._set_view(goal)
            return
        self._glide_from, self._glide_to = self._view, goal
        self._glide.setDuration(duration)
        self._glide.start()

    def _on_glide(self, share: float) -> None:
        a, b = self._glide_from, self._glide_to
        zoom = a.zoom * (b.zoom / a.zoom) ** share
        # The middle moves with the zoom, so that the place under the pointer stays there all the way.
        k = share if a.zoom == b.zoom else (1 / a.zoom - 1 / zoom) / (1 / a.zoom - 1 / b.zoom)
        self._set_view(MapView(a.size, a.u + (b.u - a.u) * k, a.v + (b.v - a.v) * k, zoom))

    def _set_view(self, view: MapView) -> None:
        is_zoomed = view.zoom != self._view.zoom
        if view != self._view:
            self._moving.start()
        self._view = view
        if is_zoomed:
            self._sharpen.start()
        elif self._layer is not None:
            drawn = self._layer.wanted.view
            gone_px = max(abs(view.u - drawn.u), abs(view.v - drawn.v)) * view.scale
            if gone_px > MARGIN_PX / 2:
                self._ask()
        self.update()

    def _ask(self) -> None:
        if self.width() > 0 and self.isVisible():
            self.layers.ask(Wanted(self._places, self._chosen, self._view, self.devicePixelRatioF(), theme.current()))

    def _on_layer(self, layer: Layer) -> None:
        if layer.wanted.places is not self._places:
            return
        if self._layer is None or layer.level != self._layer.level or self._pictures.is_full:
            self._pictures.forget()
        self._layer = layer
        if layer.wanted.view != self._view and not self._sharpen.isActive():
            self._set_view(self._view)
        self.update()

    # Painting

    def _repaint_all(self) -> None:
        """Paint what has changed, also while the map moves and is shown as a picture."""
        self._snapshot = None
        self.update()

    @property
    def _shown_layer(self) -> Layer | None:
        """The points as they were last drawn, if they are still these."""
        layer = self._layer
        return layer if layer is not None and layer.wanted.places is self._places else None

    def _paint_under(self, painter: QPainter, view: MapView) -> None:
        """Draw what lies below the points in a view."""
        painting.paint_ring(painter, view, theme.current())

    def _paint_over(self, painter: QPainter, view: MapView) -> None:
        """Draw what lies above the points in a view."""

    def _paint_moving(self, painter: QPainter) -> None:
        """While the map moves, draw points and thumbnails as one picture; while it is only panned, all there is.

        Each call of Qt may have to wait for the thread that draws the next points: a hundred calls, a hundred waits.
        """
        layer = self._shown_layer
        if layer is None:
            self._paint_under(painter, self._view)
            self._paint_over(painter, self._view)
            return
        drawn = layer.wanted.view
        is_panned = (drawn.zoom, drawn.size) == (self._view.zoom, self._view.size)
        if self._snapshot is None or self._snapshot[0] is not layer or self._snapshot[1] != is_panned:
            self._snapshot = (layer, is_panned, self._taken(layer, is_whole=is_panned))
        if not is_panned:
            self._paint_under(painter, self._view)
        self._paint_layer(painter, self._snapshot[2], drawn)
        if not is_panned:
            self._paint_over(painter, self._view)

    def _taken(self, layer: Layer, *, is_whole: bool) -> QImage:
        """Take a picture of a layer with path and thumbnails, and with all else of the map where it is to be whole."""
        view = layer.wanted.view
        image = QImage(layer.image.size(), QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(layer.image.devicePixelRatio())
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(MARGIN_PX, MARGIN_PX)
        if is_whole:
            self._paint_under(painter, view)
        painter.drawImage(QPointF(-MARGIN_PX, -MARGIN_PX), layer.image)
        painting.paint_path(painter, self._path, view, theme.current())
        self._pictures.paint_known(painter, self._shown_thumbnails(view, margin_px=MARGIN_PX), self._chosen)
        painter.setOpacity(1.0)
        if is_whole:
            self._paint_over(painter, view)
        painter.end()
        return image

    def _paint_still(self, painter: QPainter) -> None:
        """Draw points, path and thumbnails as sharp as they are; thumbnails that come late come with the next paint."""
        self._snapshot = None
        self._paint_under(painter, self._view)
        layer = self._shown_layer
        if layer is not None:
            self._paint_layer(painter, layer.image, layer.wanted.view)
        painting.paint_path(painter, self._path, self._view, theme.current())
        if self._pictures.paint(painter, self._shown_thumbnails(), self._chosen):
            QTimer.singleShot(0, self, self.update)
        self._paint_over(painter, self._view)

    def _paint_layer(self, painter: QPainter, image: QImage, drawn: MapView) -> None:
        """Draw a picture that was made for another view, moved and stretched to this one."""
        now = self._view
        k = now.scale / drawn.scale
        corner = now.to_px(*drawn.to_disc(QPointF(-MARGIN_PX, -MARGIN_PX)))
        size = image.deviceIndependentSize()
        if k == 1.0 and drawn.size == now.size:
            painter.drawImage(QPointF(round(corner.x()), round(corner.y())), image)
        else:
            painter.drawImage(QRectF(corner, size * k), image)

    def _shown_thumbnails(self, view: MapView | None = None, *, margin_px: float = 0.0) -> list[tuple[int, QRectF]]:
        """Rows and places of the thumbnails in a view, the present one unless another is given."""
        layer = self._shown_layer
        if layer is None or not len(layer.thumbnails):
            return []
        side = painting.thumbnail_px(layer.level)
        rows, view = layer.thumbnails, view or self._view
        u, v = self._places[rows, 0], self._places[rows, 1]
        half_u = (view.size.width() / 2 + side + margin_px) / view.scale
        half_v = (view.size.height() / 2 + side + margin_px) / view.scale
        seen = rows[(np.abs(u - view.u) < half_u) & (np.abs(v - view.v) < half_v)]
        found = []
        for row in seen.tolist():
            at = view.to_px(float(self._places[row, 0]), float(self._places[row, 1]))
            found.append((row, QRectF(round(at.x()) - side / 2, round(at.y()) - side / 2, side, side)))
        return found

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._glide.stop()
        now = self._view
        self._view = MapView(QSizeF(self.size()), now.u, now.v, now.zoom)
        self._sharpen.start()
        super().resizeEvent(event)

    def showEvent(self, event: QEvent) -> None:
        self._ask()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._pictures.forget()
            self._ask()
            self.update()
        super().changeEvent(event)
