"""The circle of Teach and the photo beside it, by what is painted: guess, ellipse, thumbnail, crop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.emotion import MOOD_ANGLES_DEG, Emotion, emotion_of_word
from engine.photos import Photo
from slideshow import theme
from slideshow.app import Dresser
from slideshow.mood_plane import emotion_at, point_on
from slideshow.teach_photo import paint_photo
from slideshow.teach_place import LANDMARKS, Guess, TeachPlace
from slideshow.thumbnails import Thumbnails

PHOTO = Photo(1, Path("/nowhere/1.jpg"), 640, 480, None, "a" * 32)
GUESS = Guess(Emotion(0.5, 0.5), (0.2, 0.1))


@pytest.fixture
def place(qtbot: QtBot, dressed: Dresser) -> TeachPlace:
    """The circle with nothing on it."""
    made = TeachPlace(Thumbnails())
    qtbot.addWidget(made)
    made.resize(400, 360)
    return made


def seen(widget: QWidget) -> NDArray[np.int16]:
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(np.int16)


@pytest.mark.parametrize("word", MOOD_ANGLES_DEG)
def test_a_place_on_the_circle_and_back(place: TeachPlace, word: str) -> None:
    mood = emotion_of_word(word)
    back = emotion_at(place.circle(), point_on(place.circle(), mood))
    assert (back.valence, back.arousal) == pytest.approx((mood.valence, mood.arousal))


def test_the_ellipse_is_as_wide_as_the_doubt(place: TeachPlace) -> None:
    place.set_photo(PHOTO, guess=None, place=Emotion(0.1, 0.5))
    without = seen(place)
    place.set_photo(PHOTO, guess=GUESS, place=Emotion(0.1, 0.5))
    changed = np.abs(seen(place) - without).max(axis=2) > 4
    circle = place.circle()
    centre = circle.center()
    across = np.flatnonzero(changed[: round(centre.y()) - 6].any(axis=0))  # above the line to the photo
    up = np.flatnonzero(changed[:, round(centre.x())])
    assert up.max() - up.min() == pytest.approx(0.2 * circle.height(), abs=5)
    assert across.max() - across.min() == pytest.approx(0.4 * circle.width(), abs=12)
    unsure = Guess(Emotion(0.95, 0.5), (0.4, 0.4))
    place.set_photo(PHOTO, guess=unsure, place=Emotion(0.1, 0.5))
    changed = np.abs(seen(place) - without).max(axis=2) > 4
    assert np.flatnonzero(changed.any(axis=0)).max() <= circle.right() + 4  # it ends at the ring


def test_what_is_spoken_follows_the_place(place: TeachPlace) -> None:
    place.set_photo(PHOTO, guess=GUESS, place=Emotion(0.78, 0.26))
    assert place.accessibleDescription() == (
        "Relaxed: pleasant 78 of 100, energy 26 of 100. The guess so far is Neutral: pleasant 50 of 100, "
        "energy 50 of 100."
    )
    QTest.keyClick(place, Qt.Key.Key_Up)
    assert "energy 27 of 100" in place.accessibleDescription()


def test_a_corner_of_the_plane_is_shown_and_moved_along_the_ring(place: TeachPlace) -> None:
    place.set_photo(PHOTO, guess=GUESS, place=Emotion(1.0, 1.0))  # from a file: such a place is kept as it is
    assert place.place == Emotion(1.0, 1.0)
    assert place.rect().toRectF().contains(place.thumbnail_place())
    QTest.keyClick(place, Qt.Key.Key_Down)
    now = place.place
    assert now is not None
    assert np.hypot(now.valence - 0.5, now.arousal - 0.5) == pytest.approx(0.5)


@pytest.mark.parametrize("word", LANDMARKS)
@pytest.mark.parametrize("size", [(300, 240), (400, 360), (560, 560)])
def test_the_word_of_its_mood_is_not_under_the_photo(place: TeachPlace, word: str, size: tuple[int, int]) -> None:
    place.resize(*size)
    angle = np.radians(MOOD_ANGLES_DEG[word])
    place.set_photo(PHOTO, guess=None, place=Emotion(0.5 + 0.5 * np.cos(angle), 0.5 + 0.5 * np.sin(angle)))
    image = QImage(place.size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setFont(theme.font("tab"))
    box = place._paint_word(painter, place.circle(), word, place.kept_clear())
    painter.end()
    assert place.rect().toRectF().contains(box)
    # The words' own leading may touch: letters fill the middle three quarters of their line.
    margin_px = box.height() / 8
    assert not box.adjusted(0, margin_px, 0, -margin_px).intersects(place.thumbnail_place())


def test_nothing_to_place(place: TeachPlace) -> None:
    place.set_photo(None, guess=None)
    QTest.keyClick(place, Qt.Key.Key_Up)
    QTest.mouseClick(place, Qt.MouseButton.LeftButton, pos=place.rect().center())
    assert place.place is None
    assert not place.is_moved
    seen(place)


@pytest.mark.parametrize(("size", "is_whole"), [((300, 200), False), ((280, 200), False), ((100, 200), True)])
def test_a_photo_fills_its_frame_or_is_whole(dressed: Dresser, size: tuple[int, int], is_whole: bool) -> None:
    picture = QPixmap(*size)
    picture.fill(QColor("#FF0000"))
    image = QImage(300, 200, QImage.Format.Format_RGB32)
    image.fill(QColor(theme.current().window))
    painter = QPainter(image)
    paint_photo(painter, QRectF(0, 0, 300, 200), picture, radius_px=6)
    painter.end()
    middle, left = (QColor(image.pixel(x, 100)).red() for x in (150, 20))
    assert middle == 255
    assert (left < 160) == is_whole  # its own colours, darkened
    assert image.pixelColor(0, 0) == QColor(theme.current().window)
