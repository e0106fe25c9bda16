"""A song's emotion curve as a picture of its own: height is arousal, colour is mood, as on the timeline.

Like the timeline it shows the mood by its place among songs: predicted values crowd around neutral.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QBuffer, QIODevice, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
)

from engine.emotion import EmotionCurve, FloatArray, relative_ranks
from slideshow import theme
from slideshow.curve_files import SIGN
from slideshow.mood_colours import mood_colour, song_gradient
from slideshow.mood_words import shown_word
from slideshow.song_bar import clock_text

if TYPE_CHECKING:
    from engine.music import MusicAnalysis

SIZE = (1280, 360)
PLOT = QRectF(104, 88, 1136, 156)
RULER_Y, BEATS_Y, WORDS_Y = 284.0, 254.0, 322.0
LINE_PX = 2.5
MIN_AROUSAL_SPAN = 0.30
"""Height of the plot on the arousal axis at least, so that a calm song's small waves stay small waves."""

MIN_BEAT_GAP_PX = 3.0
"""Beats closer than this are left out: they would be a grey bar."""

STEP_PX = 2
RULER_STEPS_S = (5, 10, 15, 30, 60, 120, 300, 600, 1800)
MIN_RULER_GAP_PX = 56


def curve_png(analysis: MusicAnalysis, *, title: str | None = None, reference_va: FloatArray | None = None) -> bytes:
    """Draw a song's curve, 1280 x 360 px, PNG. The title is the song's file name unless given.

    reference_va are the songs to compare with, see `emotion.relative_ranks`.
    Works without a display. In the main thread only: text needs Qt's application, which is started where none runs.
    """
    image = QImage(*SIZE, QImage.Format.Format_RGB32)
    image.fill(QColor(theme.DARK.window))
    image.setText(*SIGN)
    ranks = relative_ranks(analysis.curve.va, reference_va=reference_va)
    felt = EmotionCurve(analysis.curve.times_s, ranks, ranks)
    with _application():
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = _Scale(felt, analysis.duration_s)
        _draw_heading(painter, analysis, title or analysis.path.stem)
        _draw_frame(painter, scale)
        _draw_beats(painter, analysis, scale)
        _draw_curve(painter, felt, scale)
        _draw_words(painter, analysis, felt, scale)
        painter.end()
    data = QBuffer()
    data.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(data, "PNG")  # type: ignore[call-overload]  # the stubs want bytes, Qt a string
    return bytes(data.data().data())


class _Scale:
    """Where times and arousals lie in the plot, in px."""

    def __init__(self, curve: EmotionCurve, duration_s: float) -> None:
        self.duration_s = max(duration_s, 1e-3)
        arousal = curve.va[:, 1] if len(curve.va) else np.array([0.5])
        low, high = float(arousal.min()), float(arousal.max())
        half = max(MIN_AROUSAL_SPAN, (high - low) * 1.25) / 2
        self._low, self._high = (low + high) / 2 - half, (low + high) / 2 + half

    def x(self, t_s: float) -> float:
        return PLOT.left() + PLOT.width() * t_s / self.duration_s

    def t_s(self, x: float) -> float:
        return (x - PLOT.left()) / PLOT.width() * self.duration_s

    def y(self, arousal: float) -> float:
        return PLOT.bottom() - PLOT.height() * (arousal - self._low) / (self._high - self._low)


def _draw_heading(painter: QPainter, analysis: MusicAnalysis, title: str) -> None:
    facts = clock_text(analysis.duration_s)
    if analysis.tempo_bpm > 0:
        facts += f"  ·  {analysis.tempo_bpm:.0f} beats a minute"
    row = QRectF(40, 28, SIZE[0] - 80, theme.line_px("title"))
    painter.setFont(theme.font("label"))
    painter.setPen(QColor(theme.DARK.text_3))
    painter.drawText(row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, facts)
    facts_px = QFontMetricsF(painter.font()).horizontalAdvance(facts)
    painter.setFont(theme.font("title"))
    painter.setPen(QColor(theme.DARK.text))
    room_px = row.width() - facts_px - 24
    shown = QFontMetricsF(painter.font()).elidedText(title, Qt.TextElideMode.ElideRight, room_px)
    painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def _draw_frame(painter: QPainter, scale: _Scale) -> None:
    """The ruler below, faint lines at its times, and the names of the height."""
    step_s = next(
        (s for s in RULER_STEPS_S if scale.x(s) - scale.x(0) >= MIN_RULER_GAP_PX),
        RULER_STEPS_S[-1],
    )
    painter.setFont(theme.font("caption"))
    for t_s in np.arange(0, scale.duration_s + 1e-6, step_s):
        x = scale.x(float(t_s))
        painter.setPen(QPen(QColor(theme.DARK.line), 1))
        painter.drawLine(QPointF(x, PLOT.top()), QPointF(x, PLOT.bottom()))
        painter.setPen(QColor(theme.DARK.text_3))
        label = QRectF(x - 30, RULER_Y - 10, 60, theme.line_px("caption"))
        painter.drawText(label, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, clock_text(float(t_s)))
    painter.setPen(QColor(theme.DARK.text_3))
    names = QRectF(40, PLOT.top(), 56, PLOT.height())
    painter.drawText(names, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, "energetic")
    painter.drawText(names, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, "calm")


def _draw_beats(painter: QPainter, analysis: MusicAnalysis, scale: _Scale) -> None:
    xs = [scale.x(float(t_s)) for t_s in analysis.beat_times_s]
    if len(xs) < 2 or (xs[-1] - xs[0]) / (len(xs) - 1) < MIN_BEAT_GAP_PX:
        return
    painter.setPen(QPen(QColor(theme.DARK.line_2), 1))
    for x in xs:
        painter.drawLine(QPointF(x, BEATS_Y), QPointF(x, BEATS_Y + 4))


def _draw_curve(painter: QPainter, curve: EmotionCurve, scale: _Scale) -> None:
    """The line in its moods' colours over a fill that fades downwards."""
    xs = [float(x) for x in np.arange(PLOT.left(), PLOT.right() + STEP_PX, STEP_PX)]
    points = [QPointF(x, scale.y(curve.at(scale.t_s(x)).arousal)) for x in xs]
    line = QPainterPath(points[0])
    for point in points[1:]:
        line.lineTo(point)
    area = QPainterPath(line)
    area.lineTo(PLOT.right(), PLOT.bottom())
    area.lineTo(PLOT.left(), PLOT.bottom())
    area.closeSubpath()
    colours = song_gradient(curve, start_s=0, end_s=scale.duration_s, left_px=PLOT.left(), right_px=PLOT.right())
    painter.save()
    painter.setClipRect(PLOT.adjusted(-2, -2, 2, 0))
    painter.drawImage(0, 0, _faded(area, colours))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(
        QPen(QBrush(colours), LINE_PX, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    )
    painter.drawPath(line)
    painter.restore()


def _faded(area: QPainterPath, colours: QLinearGradient) -> QImage:
    """Fill an area with colours that run across and an opacity that runs down to nothing."""
    layer = QImage(*SIZE, QImage.Format.Format_ARGB32_Premultiplied)
    layer.fill(Qt.GlobalColor.transparent)
    painter = QPainter(layer)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(area, QBrush(colours))
    fade = QLinearGradient(0, PLOT.top(), 0, PLOT.bottom())
    fade.setColorAt(0, QColor.fromRgbF(0, 0, 0, theme.DARK.curve_fill))
    fade.setColorAt(1, QColor(0, 0, 0, 0))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
    painter.fillRect(layer.rect(), QBrush(fade))
    painter.end()
    return layer


def _draw_words(painter: QPainter, analysis: MusicAnalysis, curve: EmotionCurve, scale: _Scale) -> None:
    """Write the mood's word with its dot wherever it changes and there is room until it changes again."""
    painter.setFont(theme.font("label"))
    metrics = QFontMetricsF(painter.font())
    for start_s, end_s, word in _stretches(analysis, curve):
        left_px = scale.x(start_s)
        if metrics.horizontalAdvance(word) + 32 > scale.x(end_s) - left_px:
            continue
        emotion = curve.at((start_s + end_s) / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mood_colour(emotion.valence, emotion.arousal))
        painter.drawEllipse(QPointF(left_px + 4, WORDS_Y), 4, 4)
        painter.setPen(QColor(theme.DARK.text_2))
        painter.drawText(QPointF(left_px + 16, WORDS_Y + metrics.capHeight() / 2), word)


def _stretches(analysis: MusicAnalysis, curve: EmotionCurve) -> Iterator[tuple[float, float, str]]:
    """Stretches of the song with one mood word: start, end, word."""
    words = [(window.start_s, shown_word(curve.at(window.centre_s))) for window in analysis.windows]
    start = 0
    for i in range(1, len(words) + 1):
        if i == len(words) or words[i][1] != words[start][1]:
            end_s = words[i][0] if i < len(words) else analysis.duration_s
            yield words[start][0], end_s, words[start][1]
            start = i


@contextmanager
def _application() -> Iterator[None]:
    """Have fonts: within the running application, or one without a display that ends with the context."""
    if QGuiApplication.instance() is not None:
        theme.load_fonts()
        yield
        return
    application = QGuiApplication(["moodreel", "-platform", "offscreen"])
    try:
        theme.load_fonts()
        yield
    finally:
        application.shutdown()
