"""The parts of the timeline as they are painted: ruler, beats, cues with their marks, playhead."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from engine.edits import locked_spans
from engine.emotion import Emotion
from slideshow import theme
from slideshow.icons import paint_icon
from slideshow.mood_colours import mood_colour
from slideshow.song_bar import clock_text
from slideshow.thumbnails import Thumbnails, paint_rounded
from slideshow.timeline_view import (
    BAR_PX,
    BEAT_PX,
    BEATS_A_BAR,
    BEATS_TOP,
    CUE_PX,
    CUES_TOP,
    CURVE_PX,
    CURVE_TOP,
    MIN_PICTURE_PX,
    RULER_PX,
    TICK_PX,
    View,
    cue_at,
)

if TYPE_CHECKING:
    from engine.plan import Cue

RULER_EVERY_S = 10
HEAD_PX = 10.0
MIN_BEAT_PX = 3.0
"""Beats nearer together than this would be a grey bar: then only the bars' first beats are drawn."""

MARK_PX, MARK_ICON_PX = 16, 11
SHADE = 0.42
"""How much a locked stretch is veiled."""

HINT = "Drag here to draw; Shift draws {other}."
AXIS_WORDS = {"energy": ("lively", "calm"), "pleasantness": ("pleasant", "unpleasant")}


def paint_ruler(painter: QPainter, view: View) -> None:
    """Draw the times every 10 s, or every 30 where these would touch."""
    t = theme.current()
    painter.setFont(theme.font("caption"))
    every_s = RULER_EVERY_S * (1 if view.px_per_s >= 8 else 3)
    start_s, end_s = view.visible_s
    for mark in range(math.ceil(start_s / every_s) * every_s, math.floor(end_s) + 1, every_s):
        x = round(view.x_at(mark))
        painter.setPen(QColor(t.text_3))
        painter.drawText(QRectF(x - 40, 0, 80, 18), Qt.AlignmentFlag.AlignCenter, clock_text(mark))
        painter.setPen(QPen(QColor(t.line_2), 1.0))
        painter.drawLine(QPointF(x + 0.5, RULER_PX - TICK_PX), QPointF(x + 0.5, RULER_PX))


def paint_unknown(painter: QPainter, view: View, known_s: float) -> None:
    """Draw a dashed line where the song's mood is not known yet."""
    start_s, end_s = view.visible_s
    if known_s < end_s:
        painter.setPen(QPen(QColor(theme.current().track), 1.0, Qt.PenStyle.DashLine))
        middle = CURVE_TOP + CURVE_PX / 2
        painter.drawLine(QPointF(view.x_at(max(start_s, known_s)), middle), QPointF(view.x_at(end_s), middle))


def paint_drawing_frame(painter: QPainter, view: View, axis: str, *, has_hint: bool) -> None:
    """Draw where the mood can be drawn, what high and low mean there, and how it is done."""
    t = theme.current()
    start_s, end_s = view.visible_s
    place = QRectF(view.x_at(start_s), CURVE_TOP - 2, max(1.0, view.x_at(end_s) - view.x_at(start_s)), CURVE_PX + 4)
    painter.setPen(QPen(QColor(t.line_2), 1.0, Qt.PenStyle.DashLine))
    painter.setBrush(theme.mixed(t.text, 0.04))
    painter.drawRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
    painter.setFont(theme.font("caption"))
    painter.setPen(QColor(t.text_2))
    high, low = AXIS_WORDS[axis]
    inner = place.adjusted(8, 3, -8, -3)
    left = Qt.AlignmentFlag.AlignLeft
    painter.drawText(inner, left | Qt.AlignmentFlag.AlignTop, high)
    painter.drawText(inner, left | Qt.AlignmentFlag.AlignBottom, low)
    if has_hint:
        other = "pleasantness" if axis == "energy" else "energy"
        painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom, HINT.format(other=other))


def paint_beats(painter: QPainter, view: View, beats_s: NDArray[np.float32]) -> None:
    """Draw a tick for every beat, a longer one for every bar."""
    if len(beats_s) < 2:
        return
    start_s, end_s = view.visible_s
    is_dense = float(np.median(np.diff(beats_s))) * view.px_per_s < MIN_BEAT_PX
    painter.setPen(QPen(QColor(theme.current().line_2), 1.0))
    for index in range(bisect_left(beats_s, start_s), bisect_right(beats_s, end_s)):
        is_bar = index % BEATS_A_BAR == 0
        if is_bar or not is_dense:
            x = round(view.x_at(float(beats_s[index]))) + 0.5
            painter.drawLine(QPointF(x, BEATS_TOP), QPointF(x, BEATS_TOP + (BAR_PX if is_bar else BEAT_PX)))


def paint_playhead(painter: QPainter, view: View, position_s: float) -> None:
    """Draw where the song is."""
    ink = QColor(theme.current().text)
    x = view.x_at(position_s)
    painter.setPen(QPen(ink, 1.5))
    painter.drawLine(QPointF(x, RULER_PX + 2), QPointF(x, CUES_TOP - 4))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawEllipse(QPointF(x, RULER_PX + 2), HEAD_PX / 2, HEAD_PX / 2)


def paint_cut(painter: QPainter, view: View, t_s: float, *, is_on_beat: bool) -> None:
    """Draw a cut that is being moved: a line over beats and cues, and its time in a pill."""
    t = theme.current()
    x = round(view.x_at(t_s)) - 0.5
    painter.setPen(QPen(QColor(t.text), 2.0))
    painter.drawLine(QPointF(x, BEATS_TOP - 2), QPointF(x, CUES_TOP + CUE_PX))
    painter.setFont(theme.font("label"))
    text = f"{clock_text(t_s)}.{int(t_s * 10) % 10}" + (" on the beat" if is_on_beat else "")
    width, height = painter.fontMetrics().horizontalAdvance(text) + 20, theme.line_px("label") + 6
    left = min(max(x - width / 2, 2.0), view.width_px - width - 2.0)
    pill = QRectF(left, BEATS_TOP - 6 - height, width, height)
    painter.setPen(QPen(QColor(t.line_2), 1.0))
    painter.setBrush(QColor(t.raised))
    painter.drawRoundedRect(pill, height / 2, height / 2)
    painter.setPen(QColor(t.text))
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)


class CuePainter:
    """Draws cues as pictures, with a ring around the current one and marks for pins, locks and selections."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        self._thumbnails = thumbnails

    def paint(
        self,
        painter: QPainter,
        view: View,
        cues: Sequence[Cue],
        moods: Sequence[Emotion],
        *,
        ratio: float,
        current: int,
        span: tuple[int, int] | None,
        target: int,
    ) -> None:
        """Draw the cues in view; span is the selected stretch, target the cue that a photo is held over, or -1."""
        t = theme.current()
        start_s, end_s = view.visible_s
        first = max(0, cue_at(cues, start_s))
        last = cue_at(cues, end_s)
        for index in range(first, last + 1):
            if index not in (current, target):
                self._paint_cue(painter, view, view.cue_rect(cues[index]), cues, moods, index, ratio)
        for index in dict.fromkeys((current, target)):
            if first <= index <= last:
                cell = view.cue_rect(cues[index])
                painter.setPen(QPen(QColor(t.focus if index == target else t.text), 2.0))
                painter.setBrush(QColor(t.window))
                painter.drawRoundedRect(cell.adjusted(0, -2, 0, 2), 6, 6)
                inner = cell.adjusted(3, 1, -3, -1) if cell.width() > MIN_PICTURE_PX else cell.adjusted(2, 2, -2, -2)
                self._paint_cue(painter, view, inner, cues, moods, index, ratio)
        self._paint_locks(painter, view, cues, first, last)
        if span is not None and span[1] < len(cues):
            place = view.cue_rect(cues[span[0]]).united(view.cue_rect(cues[span[1]])).adjusted(-1, -3, 1, 3)
            painter.setPen(QPen(QColor(t.text), 2.0, Qt.PenStyle.DashLine))
            painter.setBrush(theme.mixed(t.text, 0.14))
            painter.drawRoundedRect(place, 6, 6)

    def _paint_cue(
        self,
        painter: QPainter,
        view: View,
        rect: QRectF,
        cues: Sequence[Cue],
        moods: Sequence[Emotion],
        index: int,
        ratio: float,
    ) -> None:
        t = theme.current()
        cue = cues[index]
        picture = None
        if rect.width() >= MIN_PICTURE_PX:
            # A cue's place moves by whole pixels while its width comes from its hold: its picture is scaled once.
            size = QSize(max(1, math.ceil(cue.hold_s * view.px_per_s)), CUE_PX)
            picture = self._thumbnails.cover(cue.photo.path, size, ratio=ratio)
        if picture is not None and cue.partner is not None:
            half = rect.adjusted(0, 0, -rect.width() / 2 - 0.5, 0)
            half_size = QSize(max(1, size.width() // 2), CUE_PX)
            other = self._thumbnails.cover(cue.partner.path, half_size, ratio=ratio)
            own = self._thumbnails.cover(cue.photo.path, half_size, ratio=ratio)
            if own is not None and other is not None:
                paint_rounded(painter, half, own, theme.RADIUS_THUMBNAIL)
                paint_rounded(painter, half.translated(half.width() + 1, 0), other, theme.RADIUS_THUMBNAIL)
            else:
                paint_rounded(painter, rect, picture, theme.RADIUS_THUMBNAIL)
        elif picture is not None:
            paint_rounded(painter, rect, picture, theme.RADIUS_THUMBNAIL)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            if rect.width() < MIN_PICTURE_PX and index < len(moods):
                painter.setBrush(mood_colour(moods[index].valence, moods[index].arousal, scale=t.name, alpha=0.7))
            else:
                painter.setBrush(QColor(t.raised if t.is_dark else t.hover))
            radius = min(theme.RADIUS_THUMBNAIL, rect.width() / 2)
            painter.drawRoundedRect(rect, radius, radius)
        if cue.is_pinned:
            _paint_mark(painter, rect, "pin")

    def _paint_locks(self, painter: QPainter, view: View, cues: Sequence[Cue], first: int, last: int) -> None:
        t = theme.current()
        for low, high in locked_spans(cues):
            if high < first or low > last:
                continue
            left, right = view.cue_rect(cues[low]), view.cue_rect(cues[high])
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.mixed(t.window, SHADE))
            painter.drawRoundedRect(left.united(right), theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
            painter.setBrush(QColor(t.text_2))
            painter.drawRoundedRect(QRectF(left.left(), CUES_TOP + CUE_PX + 4, right.right() - left.left(), 2), 1, 1)
            seen = QRectF(max(left.left(), 0.0), left.top(), left.width(), left.height())
            _paint_mark(painter, QRectF(seen.left(), seen.top(), MARK_PX + 6, CUE_PX), "lock")


def _paint_mark(painter: QPainter, rect: QRectF, icon: str) -> None:
    """Put a mark of 16 px into the upper corner: right for a pin, left for a lock; a narrow cue gets a bar instead."""
    if rect.width() < MIN_PICTURE_PX:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.current().text))
        painter.drawRoundedRect(QRectF(rect.left(), rect.top(), rect.width(), 3), 1, 1)
        return
    left = rect.left() + 3 if icon == "lock" else rect.right() - MARK_PX - 3
    place = QRectF(left, rect.top() + 3, MARK_PX, MARK_PX)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.mixed(theme.OVER_PHOTO, theme.OVER_PHOTO_OPACITY))
    painter.drawEllipse(place)
    inset = (MARK_PX - MARK_ICON_PX) / 2
    paint_icon(painter, place.adjusted(inset, inset, -inset, -inset), icon, theme.TEXT_OVER_PHOTO, stroke_px=1.3)
