"""The mood map: every photo of the library on the plane, to look at, to wander over, and to pick from.

Right is pleasant, up is energetic. With the lasso a drag picks a region, with the hand it moves the map; a click picks
the nearest photo, a mood word all that feel so.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

import numpy as np
from PySide6.QtCore import QEasingCurve, QEvent, QPointF, QRectF, QSize, QSizeF, Qt, QTimer, QVariantAnimation, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.emotion import FloatArray
from slideshow import mood_map_painting as painting
from slideshow import theme
from slideshow.browse_photos import BrowsePhotos, Mask, PlaceIndex, on_disc
from slideshow.focus_ring import show_ring
from slideshow.messages import count_of
from slideshow.mood_colours import mood_colour
from slideshow.mood_map_layers import MARGIN_PX, Layer, MapLayers, Wanted
from slideshow.mood_map_painting import MapView
from slideshow.photo_words import date_in_words
from slideshow.thumbnails import Thumbnails, covering, paint_rounded

Tool = Literal["lasso", "hand"]

NEAR_PX = 16.0
"""A click takes the nearest photo within this: half of the 32 px that everything clickable has."""

CLICK_PX = 5.0
WHEEL_STEP, KEY_STEP, KEY_PAN_PX = 1.25, 1.5, 60.0
SHARP_MS = 60
"""So long after the last step of a zoom the points are drawn anew; until then their picture is stretched."""

CARD = QSize(168, 126)
MAX_PICTURES = 2_000
"""Thumbnails kept with their corners, 16 kB each."""

PAINT_BUDGET_S = 0.008
"""Thumbnails are scaled so long in one paint, and none while the map moves: it would stutter while they arrive."""

_NO_PLACES = np.zeros((0, 2), dtype=np.float32)


class MoodMap(QWidget):
    """The map as a widget. It shows what it is told and says what the person picks."""

    region_picked = Signal(object, bool)
    """Corners (m, 2) of a lasso on the disc, None where it was cleared; and whether it adds to what is chosen."""
    photo_picked = Signal(int)
    """Row of the photo that was clicked."""
    photo_opened = Signal(int)
    """Row of the photo that was double-clicked."""
    word_picked = Signal(str)
    tool_changed = Signal(str)

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._photos: BrowsePhotos | None = None
        self._places = _NO_PLACES
        self._index: PlaceIndex | None = None
        self._is_absolute = False
        self._chosen: Mask | None = None
        self._marked = -1
        self._regions: tuple[FloatArray, ...] = ()
        self._bright: tuple[str, ...] = ()
        self._path = _NO_PLACES
        self._tool: Tool = "lasso"
        self._view = MapView(QSizeF(600, 600))
        self._layer: Layer | None = None
        self._asked: set[Path] = set()
        self._snapshot: tuple[Layer, QImage] | None = None
        self._pictures: dict[tuple[int, int], QPixmap] = {}
        self._drawing: list[tuple[float, float]] = []
        self._is_adding = False
        self._pressed: QPointF | None = None
        self._panned_from: QPointF | None = None
        self._hovered, self._hover_at, self._hovered_word = -1, QPointF(), ""
        self.layers = MapLayers(self)
        self.layers.ready.connect(self._on_layer)
        self._sharpen = QTimer(self)
        self._sharpen.setSingleShot(True)
        self._sharpen.setInterval(SHARP_MS)
        self._sharpen.timeout.connect(self._ask)
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
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(320, 320)
        thumbnails.ready.connect(self._on_thumbnail)
        self._describe()
        self._show_cursor()

    # What is shown

    @property
    def places(self) -> FloatArray:
        """Where the photos lie on the disc, (n, 2)."""
        return self._places

    @property
    def view(self) -> MapView:
        """What part is seen."""
        return self._view

    @property
    def tool(self) -> Tool:
        """What a drag does."""
        return self._tool

    @property
    def is_absolute(self) -> bool:
        """Whether photos lie where the model says, rather than where they stand among each other."""
        return self._is_absolute

    def set_photos(self, photos: BrowsePhotos | None) -> None:
        """Show these photos."""
        self._photos = photos
        self._chosen, self._marked, self._hovered = None, -1, -1
        self._pictures.clear()
        self._place()

    def set_absolute(self, *, is_absolute: bool) -> None:
        """Place photos by what the model says (True) or by their place among each other."""
        if is_absolute != self._is_absolute:
            self._is_absolute = is_absolute
            self._place()

    def _place(self) -> None:
        photos = self._photos
        self._places = _NO_PLACES
        if photos is not None:
            self._places = photos.absolute_places if self._is_absolute else photos.places
        self._index = None
        self._describe()
        self._ask()
        self.update()

    def set_chosen(self, chosen: Mask | None, *, regions: tuple[FloatArray, ...] = (), words: tuple[str, ...]) -> None:
        """Make the chosen photos stand out, None for all alike; regions are the lassos, words those that name them."""
        self._chosen, self._regions, self._bright = chosen, regions, words
        self._describe()
        self._ask()
        self.update()

    def set_marked(self, row: int) -> None:
        """Ring one photo, -1 for none."""
        if row != self._marked:
            self._marked = row
            self.update()

    def set_path(self, va: FloatArray) -> None:
        """Draw a song's way over the map: its moods (m, 2), none for an empty one."""
        self._path = on_disc(va) if len(va) else _NO_PLACES
        self.update()

    def _describe(self) -> None:
        n = len(self._places)
        words = f"{count_of(n, 'photo')} by mood"
        if self._chosen is not None:
            words += f", {int(self._chosen.sum()):,} chosen"
        self.setAccessibleName("Mood map")
        self.setAccessibleDescription(f"{words}. Across: how pleasant. Up: how energetic.")

    def set_tool(self, tool: Tool) -> None:
        """Choose what a drag does."""
        self._tool = tool
        self._show_cursor()
        self.tool_changed.emit(tool)

    def _show_cursor(self) -> None:
        is_hand = self._tool == "hand"
        shape = Qt.CursorShape.OpenHandCursor if is_hand else Qt.CursorShape.CrossCursor
        if self._panned_from is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif self._hovered_word:
            shape = Qt.CursorShape.PointingHandCursor
        self.setCursor(shape)

    def shutdown(self) -> None:
        """Join the thread that draws."""
        self._sharpen.stop()
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
        if self._layer is None or layer.level != self._layer.level or len(self._pictures) > MAX_PICTURES:
            self._pictures.clear()
            self._asked.clear()
        self._layer = layer
        if layer.wanted.view != self._view and not self._sharpen.isActive():
            self._set_view(self._view)
        self.update()

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painting.paint_ring(painter, self._view, t)
        if self._moving.isActive():
            self._paint_snapshot(painter)
        else:
            self._snapshot = None
            self._paint_points(painter)
            painting.paint_path(painter, self._path, self._view, t)
            self._paint_thumbnails(painter)
        bright = (*self._bright, self._hovered_word) if self._hovered_word else self._bright
        painting.paint_words(painter, painting.word_places(self._view), bright, t)
        for region in (*self._regions, *((np.array(self._drawing, dtype=np.float32),) if self._drawing else ())):
            painting.paint_lasso(painter, painting.lasso_path(region, self._view), t)
        if self._marked >= 0:
            self._paint_mark(painter, self._marked)
        painting.paint_overview(painter, self._view, t)
        if self._hovered >= 0 and not self._drawing:
            self._paint_card(painter, self._hovered)
        painter.end()

    def _paint_snapshot(self, painter: QPainter) -> None:
        """While the map moves, draw points, path and thumbnails as one picture: each call of Qt may have to wait."""
        layer = self._layer
        if layer is None or layer.wanted.places is not self._places:
            return
        if self._snapshot is None or self._snapshot[0] is not layer:
            image = layer.image.copy()
            inner = QPainter(image)
            inner.setRenderHint(QPainter.RenderHint.Antialiasing)
            inner.translate(MARGIN_PX, MARGIN_PX)
            painting.paint_path(inner, self._path, layer.wanted.view, theme.current())
            for row, place in self._shown_thumbnails(layer.wanted.view, margin_px=MARGIN_PX):
                picture = self._pictures.get((row, round(place.width())))
                if picture is not None:
                    inner.setOpacity(self._opacity(row))
                    inner.drawPixmap(place.topLeft(), picture)
            inner.end()
            self._snapshot = (layer, image)
        self._paint_layer(painter, self._snapshot[1], layer.wanted.view)

    def _opacity(self, row: int) -> float:
        return 0.5 if self._chosen is not None and not self._chosen[row] else 1.0

    def _paint_points(self, painter: QPainter) -> None:
        layer = self._layer
        if layer is not None and layer.wanted.places is self._places:
            self._paint_layer(painter, layer.image, layer.wanted.view)

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
        layer = self._layer
        if layer is None or layer.wanted.places is not self._places or not len(layer.thumbnails):
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

    def _paint_thumbnails(self, painter: QPainter) -> None:
        until_s, is_due = time.perf_counter() + PAINT_BUDGET_S, False
        for row, place in self._shown_thumbnails():
            side = round(place.width())
            picture = self._pictures.get((row, side))
            if picture is None:
                if time.perf_counter() > until_s:
                    is_due = True
                    continue
                picture = self._picture(row, side)
            if picture is not None:
                painter.setOpacity(self._opacity(row))
                painter.drawPixmap(place.topLeft(), picture)
        painter.setOpacity(1.0)
        if is_due:
            QTimer.singleShot(0, self, self.update)

    def _picture(self, row: int, side: int) -> QPixmap | None:
        """Make a thumbnail with its round corners, once."""
        assert self._photos is not None
        ratio = self.devicePixelRatioF()
        path = self._photos.photo(row).path
        # Asked for once: the grid, where someone is looking for a photo, comes first.
        whole = self._thumbnails.known(path) if path in self._asked else self._thumbnails.pixmap(path)
        if whole is None:
            self._asked.add(path)
            return None
        made = QPixmap(QSize(side, side) * ratio)
        made.setDevicePixelRatio(ratio)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        cover = covering(whole, QSize(side, side), ratio=ratio)
        paint_rounded(painter, QRectF(0, 0, side, side), cover, theme.RADIUS_THUMBNAIL)
        painter.end()
        self._pictures[row, side] = made
        return made

    def _paint_mark(self, painter: QPainter, row: int) -> None:
        t = theme.current()
        at = self._view.to_px(float(self._places[row, 0]), float(self._places[row, 1]))
        painter.setPen(QPen(QColor(t.text), 2.0))
        painter.setBrush(self._colour(row))
        painter.drawEllipse(at, 6.0, 6.0)

    def _colour(self, row: int) -> QColor:
        u, v = (float(part) for part in self._places[row])
        return mood_colour(0.5 + u / 2, 0.5 + v / 2, scale=theme.current().name)

    def _paint_card(self, painter: QPainter, row: int) -> None:
        """Show the photo under the pointer, beside it, with its word and date."""
        assert self._photos is not None
        t = theme.current()
        photo = self._photos.photo(row)
        self._paint_mark(painter, row)
        line = theme.line_px("label")
        width, height = CARD.width() + 12, CARD.height() + 12 + line + 8
        x = self._hover_at.x() + 18
        if x + width > self.width():
            x = self._hover_at.x() - 18 - width
        y = min(max(self._hover_at.y() - height / 2, 4.0), max(4.0, self.height() - height - 4.0))
        card = QRectF(max(4.0, round(x)), round(y), width, height)
        painter.setPen(QPen(QColor(t.line_2), 1.0))
        painter.setBrush(QColor(t.raised))
        painter.drawRoundedRect(card, theme.RADIUS_ROW, theme.RADIUS_ROW)
        place = QRectF(card.left() + 6, card.top() + 6, CARD.width(), CARD.height())
        picture = self._thumbnails.cover(photo.path, CARD, ratio=self.devicePixelRatioF())
        if picture is not None:
            paint_rounded(painter, place, picture, theme.RADIUS_THUMBNAIL)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.hover))
            painter.drawRoundedRect(place, theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
        below = QRectF(place.left() + 4, place.bottom() + 4, place.width() - 8, line + 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour(row))
        painter.drawEllipse(QPointF(below.left() + 4, below.center().y()), 4, 4)
        painter.setPen(QColor(t.text))
        painter.setFont(theme.font("label"))
        words = " · ".join(part for part in (self._photos.word(row), date_in_words(photo.taken_at)) if part)
        text = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(below.width() - 16))
        painter.drawText(below.adjusted(16, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)

    def _on_thumbnail(self, path: object) -> None:
        self._asked.discard(path)
        if self.isVisible():
            self.update()

    # Mouse

    def photo_at(self, at: QPointF) -> int:
        """Row of the photo at a pixel: a thumbnail there, else the nearest point; -1 for none."""
        for row, place in reversed(self._shown_thumbnails()):
            if place.contains(at):
                return row
        u, v = self._view.to_disc(at)
        if self._index is None:
            self._index = PlaceIndex(self._places)
        return self._index.nearest(u, v, NEAR_PX / self._view.scale)

    def _word_at(self, at: QPointF) -> str:
        for word, place in painting.word_places(self._view).items():
            if place.adjusted(-4, -4, 4, 4).contains(at):
                return word
        return ""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._glide.stop()
        if event.button() == Qt.MouseButton.MiddleButton or (
            event.button() == Qt.MouseButton.LeftButton and self._tool == "hand"
        ):
            self._panned_from = at
            self._pressed = at if event.button() == Qt.MouseButton.LeftButton else None
            self._show_cursor()
        elif event.button() == Qt.MouseButton.LeftButton:
            self._pressed = at
            self._is_adding = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._panned_from is not None:
            step = at - self._panned_from
            self._panned_from = at
            if self._pressed is not None and (at - self._pressed).manhattanLength() > CLICK_PX:
                self._pressed = None
            self.pan(step.x(), step.y())
            return
        if self._pressed is not None:
            if not self._drawing and (at - self._pressed).manhattanLength() > CLICK_PX:
                self._drawing = [self._view.to_disc(self._pressed)]
            if self._drawing:
                self._drawing.append(self._view.to_disc(at))
                self.update()
            return
        word = self._word_at(at)
        row = -1 if word else self.photo_at(at)
        if (row, word) != (self._hovered, self._hovered_word) or row >= 0:
            self._hovered, self._hovered_word, self._hover_at = row, word, at
            self._show_cursor()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        at, pressed = event.position(), self._pressed
        self._pressed = None
        if self._panned_from is not None:
            self._panned_from = None
            self._show_cursor()
        if self._drawing:
            region = np.array(self._drawing, dtype=np.float32)
            self._drawing = []
            self.region_picked.emit(region, self._is_adding)
            self.update()
        elif pressed is not None and event.button() == Qt.MouseButton.LeftButton:
            word = self._word_at(at)
            row = -1 if word else self.photo_at(at)
            if word:
                self.word_picked.emit(word)
            elif row >= 0:
                self.photo_picked.emit(row)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        row = self.photo_at(event.position())
        if row >= 0:
            self.photo_opened.emit(row)

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered, self._hovered_word = -1, ""
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120
        if steps:
            self._glide.stop()
            self._hovered = -1
            self._set_view(self._view.zoomed(WHEEL_STEP**steps, event.position()))
        event.accept()

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1),
        }  # fmt: skip
        key = Qt.Key(event.key())
        if key in steps and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            dx, dy = steps[key]
            self.pan(dx * KEY_PAN_PX, dy * KEY_PAN_PX)
        elif key == Qt.Key.Key_Escape and (self._drawing or self._pressed is not None):
            self._drawing, self._pressed = [], None
            self.update()
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=theme.RADIUS_BUTTON)
        super().focusInEvent(event)

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
            self._pictures.clear()
            self._ask()
            self.update()
        super().changeEvent(event)
