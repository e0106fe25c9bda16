"""Marks of a song as the timeline shows them: a small flag on the curve, with a bar under a stretch that was marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from engine.emotion import Emotion, EmotionCurve
from slideshow import theme
from slideshow.mood_colours import mood_colour
from slideshow.mood_words import shown_word
from slideshow.song_bar import clock_text
from slideshow.timeline_view import CURVE_PX, CURVE_TOP, View

if TYPE_CHECKING:
    from engine.ratings import SongMark

MARK_EVERY_S = 4.0
"""A stretch is kept as a mark every so often: as far apart as the curve tells one mood from the next."""

POLE_PX, FLAG_PX, FLAG_HIGH_PX, BAR_PX, TOUCH_PX = 20.0, 13.0, 10.0, 3.0, 16.0


@dataclass(frozen=True, slots=True)
class Marked:
    """A moment, or a stretch from its first mark to its last, with how it feels."""

    marks: tuple[SongMark, ...]

    @property
    def mood(self) -> Emotion:
        """How it feels."""
        return Emotion(self.marks[0].valence, self.marks[0].arousal)

    @property
    def start_s(self) -> float:
        """When it begins."""
        return self.marks[0].t_s

    @property
    def end_s(self) -> float:
        """When it ends: at its beginning for a moment."""
        return self.marks[-1].t_s

    @property
    def when(self) -> str:
        """Its time in words: "0:42", "0:42 to 0:58"."""
        start = clock_text(self.start_s)
        return start if len(self.marks) == 1 else f"{start} to {clock_text(self.end_s)}"

    @property
    def words(self) -> str:
        """What was said: "0:42: Calm"."""
        return f"{self.when}: {shown_word(self.mood)}"


def times_of(start_s: float, end_s: float) -> tuple[float, ...]:
    """The moments that stand for a stretch of a song."""
    n = max(1, round((end_s - start_s) / MARK_EVERY_S))
    if n == 1:
        return ((start_s + end_s) / 2,)
    step_s = (end_s - start_s) / n
    return tuple(start_s + (i + 0.5) * step_s for i in range(n))


def marked_in(marks: Sequence[SongMark]) -> tuple[Marked, ...]:
    """Put marks that follow each other closely and say the same together, as a stretch."""
    found: list[list[SongMark]] = []
    for mark in sorted(marks, key=lambda mark: mark.t_s):
        before = found[-1][-1] if found else None
        if (
            before is not None
            and (before.valence, before.arousal) == (mark.valence, mark.arousal)
            and mark.t_s - before.t_s <= 1.5 * MARK_EVERY_S
        ):
            found[-1].append(mark)
        else:
            found.append([mark])
    return tuple(Marked(tuple(group)) for group in found)


def foot_of(marked: Marked, view: View, curve: EmotionCurve | None) -> QPointF:
    """Where a flag stands: on the curve, or low where there is none."""
    arousal = curve.at(marked.start_s).arousal if curve is not None else 0.2
    y = CURVE_TOP + 2 + (1 - arousal) * (CURVE_PX - 3)
    return QPointF(view.x_at(marked.start_s), max(y, CURVE_TOP + POLE_PX - 6))


def flag_under(at: QPointF, marked: Sequence[Marked], view: View, curve: EmotionCurve | None) -> int:
    """Index of the flag at a place, the nearest one; -1 where there is none."""
    heads = [foot_of(one, view, curve) + QPointF(FLAG_PX / 2, FLAG_HIGH_PX / 2 - POLE_PX) for one in marked]
    near = [max(abs(head.x() - at.x()), abs(head.y() - at.y())) for head in heads]
    best = min(range(len(near)), key=near.__getitem__, default=-1)
    return best if best >= 0 and near[best] <= TOUCH_PX else -1


def paint_flags(painter: QPainter, view: View, marked: Sequence[Marked], curve: EmotionCurve | None) -> None:
    """Draw the flags in view."""
    t = theme.current()
    start_s, end_s = view.visible_s
    for one in marked:
        if one.end_s < start_s - MARK_EVERY_S or one.start_s > end_s:
            continue
        colour = mood_colour(one.mood.valence, one.mood.arousal, scale=t.name)
        foot = foot_of(one, view, curve)
        if len(one.marks) > 1:
            bar = QRectF(foot.x(), CURVE_TOP + CURVE_PX - BAR_PX, view.x_at(one.end_s) - foot.x(), BAR_PX)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(bar, BAR_PX / 2, BAR_PX / 2)
        top = QPointF(foot.x(), foot.y() - POLE_PX)
        painter.setPen(QPen(QColor(t.text), 1.5))
        painter.drawLine(foot, top)
        cloth = QPolygonF([top, top + QPointF(FLAG_PX, FLAG_HIGH_PX / 2), top + QPointF(0, FLAG_HIGH_PX)])
        painter.setPen(
            QPen(QColor(t.text), 1.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
        )
        painter.setBrush(colour)
        painter.drawPolygon(cloth)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.text))
        painter.drawEllipse(foot, 2.0, 2.0)
