"""The circle: right is pleasant, up is energetic, and what it shows it also says."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from engine.emotion import MOOD_ANGLES_DEG, Emotion, emotion_of_word
from slideshow import theme
from slideshow.app import Dresser
from slideshow.mood_colours import mood_colour
from slideshow.mood_plane import MoodPlane, PlaneMarks, point_on

CIRCLE = QRectF(0, 0, 200, 200)


def close(one: QColor, other: QColor, tolerance: int = 24) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True))


@pytest.mark.parametrize(
    ("emotion", "place"),
    [
        (Emotion(0.5, 0.5), QPointF(100, 100)),
        (Emotion(1.0, 0.5), QPointF(200, 100)),
        (Emotion(0.5, 1.0), QPointF(100, 0)),
        (Emotion(0.25, 0.25), QPointF(50, 150)),
    ],
)
def test_places_on_the_circle(emotion: Emotion, place: QPointF) -> None:
    assert point_on(CIRCLE, emotion) == place


def test_a_corner_of_the_plane_lies_on_the_ring() -> None:
    at = point_on(CIRCLE, Emotion(1.0, 1.0)) - CIRCLE.center()
    assert (at.x() ** 2 + at.y() ** 2) ** 0.5 == pytest.approx(100)
    assert at.x() == pytest.approx(-at.y())


@pytest.mark.parametrize("tokens", [theme.DARK, theme.LIGHT])
def test_photo_and_song_are_drawn_where_they_are(qtbot: QtBot, dressed: Dresser, tokens: theme.Tokens) -> None:
    plane = MoodPlane(tokens=tokens)
    qtbot.addWidget(plane)
    plane.resize(252, 220)
    photo, song = emotion_of_word("serene"), emotion_of_word("tense")
    plane.set_marks(PlaneMarks(song=song, photo=photo))
    image = plane.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    ratio = plane.devicePixelRatioF()
    at = point_on(plane.circle(), photo) * ratio
    assert close(image.pixelColor(at.toPoint()), mood_colour(photo.valence, photo.arousal, scale=tokens.name))
    ring = (point_on(plane.circle(), song) + QPointF(6, 0)) * ratio
    assert close(image.pixelColor(ring.toPoint()), QColor(tokens.text), 90)


def test_it_says_what_it_shows(qtbot: QtBot, dressed: Dresser) -> None:
    plane = MoodPlane()
    qtbot.addWidget(plane)
    plane.set_marks(PlaneMarks(song=Emotion(0.78, 0.26)))
    assert plane.accessibleDescription() == "Relaxed: pleasant 78 of 100, energy 26 of 100."


@pytest.mark.parametrize("word", MOOD_ANGLES_DEG)
def test_no_word_touches_the_ring(qtbot: QtBot, dressed: Dresser, word: str) -> None:
    plane = MoodPlane()
    qtbot.addWidget(plane)
    plane.resize(252, 220)
    shot = QImage(plane.size(), QImage.Format.Format_RGB32)
    painter = QPainter(shot)
    painter.setFont(theme.font("tab"))
    box, ring = plane._paint_word(painter, plane.circle(), word, []), plane.circle()
    painter.end()
    dx = max(box.left() - ring.center().x(), ring.center().x() - box.right(), 0.0)
    dy = max(box.top() - ring.center().y(), ring.center().y() - box.bottom(), 0.0)
    assert (dx**2 + dy**2) ** 0.5 > ring.width() / 2 + 2


def test_words_stay_within_the_widget(qtbot: QtBot, dressed: Dresser) -> None:
    plane = MoodPlane()
    qtbot.addWidget(plane)
    plane.resize(252, 220)
    edge = QColor(theme.current().panel)
    for word in ("delighted", "miserable", "alert", "sleepy", "happy"):
        plane.set_marks(PlaneMarks(song=emotion_of_word(word), photo=emotion_of_word("content")))
        shot = QImage(plane.size(), QImage.Format.Format_RGB32)
        shot.fill(edge)
        plane.render(shot)
        border = [shot.pixelColor(x, y) for x in (0, shot.width() - 1) for y in range(shot.height())]
        assert all(close(colour, border[0], 2) for colour in border)
