"""The timeline: places and times agree, it seeks, zooms, draws the curve and the cues, and says where it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.emotion import Emotion, EmotionCurve
from engine.library import Photo
from engine.plan import Cue
from slideshow import theme
from slideshow.app import Dresser
from slideshow.settings import SettingsStore
from slideshow.thumbnails import Thumbnails
from slideshow.timeline import CUE_PX, CUES_TOP, CURVE_TOP, PLAYHEAD_SHARE, Timeline

DURATION_S, HOLD_S, WIDTH_PX = 120.0, 5.0, 800


@pytest.fixture
def timeline(qtbot: QtBot, dressed: Dresser, photo_folder: Path) -> Iterator[Timeline]:
    thumbnails = Thumbnails()
    made = Timeline(thumbnails)
    qtbot.addWidget(made)
    made.resize(WIDTH_PX, made.height())
    times = np.arange(1, DURATION_S, 2, dtype=np.float32)
    va = np.stack([np.full_like(times, 0.8), np.where(times < 60, 0.9, 0.1)], axis=1).astype(np.float32)
    paths = sorted(photo_folder.iterdir())
    cues = [
        Cue(
            Photo(i, paths[i % len(paths)], 1280, 853, None, str(i)), HOLD_S * i, HOLD_S * (i + 1), 0.9,
            1.0 if i else 0.0, 1.0, 1.02, "",
        )
        for i in range(int(DURATION_S / HOLD_S))
    ]  # fmt: skip
    made.set_song(
        duration_s=DURATION_S,
        curve=EmotionCurve(times, va, va),
        beat_times_s=np.arange(0, DURATION_S, 0.5).tolist(),
        known_s=DURATION_S,
    )
    made.set_cues(cues, [Emotion(0.8, 0.2)] * len(cues))
    made.show()
    yield made
    thumbnails.shutdown()


def shot(timeline: Timeline) -> QImage:
    image = QImage(timeline.size(), QImage.Format.Format_RGB32)
    image.fill(QColor(theme.current().window))
    timeline.render(image)
    return image


def test_the_playhead_stays_and_the_song_moves(timeline: Timeline) -> None:
    for position_s in (0.0, 37.5, DURATION_S):
        timeline.set_position(position_s)
        assert timeline.x_at(position_s) == pytest.approx(PLAYHEAD_SHARE * WIDTH_PX)
        assert timeline.time_at(timeline.x_at(42.0)) == pytest.approx(42.0)


def test_with_reduced_motion_the_playhead_moves(timeline: Timeline, store: SettingsStore) -> None:
    store.change(is_motion_reduced=True)
    try:
        timeline.set_position(10.0)
        before = timeline.x_at(0.0)
        timeline.set_position(14.0)
        assert timeline.x_at(0.0) == before
        timeline.set_position(110.0)  # beyond the edge the page turns
        assert 0 <= timeline.x_at(110.0) <= WIDTH_PX
    finally:
        store.change(is_motion_reduced=False)


def test_a_click_on_the_curve_seeks_there(qtbot: QtBot, timeline: Timeline) -> None:
    timeline.set_position(50.0)
    with qtbot.waitSignal(timeline.seek_asked) as asked:
        QTest.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=QPoint(500, CURVE_TOP + 20))
    assert asked.args[0] == pytest.approx(timeline.time_at(500), abs=0.05)


def test_a_click_on_a_cue_goes_to_where_its_photo_stands_alone(qtbot: QtBot, timeline: Timeline) -> None:
    timeline.set_position(50.0)
    with qtbot.waitSignal(timeline.seek_asked) as asked:
        QTest.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=timeline.cue_place(12))
    assert asked.args[0] == pytest.approx(60.5)


def test_dragging_moves_the_song_under_the_playhead(qtbot: QtBot, timeline: Timeline) -> None:
    timeline.set_position(50.0)
    asked: list[float] = []
    timeline.seek_asked.connect(asked.append)
    start, end = QPoint(400, CURVE_TOP + 20), QPoint(320, CURVE_TOP + 20)
    QTest.mousePress(timeline, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(timeline, end)
    qtbot.waitUntil(lambda: bool(asked))
    QTest.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=end)
    assert asked[-1] == pytest.approx(55.0, abs=0.2)  # 80 px at 16 px a second
    assert all(0 <= t_s <= DURATION_S for t_s in asked)


def test_a_click_beyond_the_song_does_nothing(qtbot: QtBot, timeline: Timeline) -> None:
    timeline.set_position(0.0)
    with qtbot.assertNotEmitted(timeline.seek_asked):
        QTest.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=QPoint(20, CURVE_TOP + 20))


def test_zoom_by_wheel_and_keys_keeps_its_limits(timeline: Timeline) -> None:
    timeline.set_position(50.0)
    for _ in range(30):
        wheel = QWheelEvent(
            QPointF(100, 50), QPointF(100, 50), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(timeline, wheel)
    assert timeline.px_per_s == 64
    for _ in range(60):
        QTest.keyClick(timeline, Qt.Key.Key_Minus)
    assert timeline.px_per_s == 4
    assert timeline.x_at(50.0) == pytest.approx(PLAYHEAD_SHARE * WIDTH_PX)


def test_the_curve_is_high_where_the_song_is_energetic(timeline: Timeline) -> None:
    timeline.set_position(60.0)
    image = shot(timeline)
    window = QColor(theme.current().window)

    def top_of_ink(x: int) -> int:
        return next(y for y in range(CURVE_TOP, CUES_TOP) if image.pixelColor(x, y) != window)

    assert top_of_ink(round(timeline.x_at(50.0))) < top_of_ink(round(timeline.x_at(70.0))) - 30


def test_what_is_not_known_yet_is_not_drawn(timeline: Timeline) -> None:
    curve = EmotionCurve(np.float32([1, 3]), np.float32([[0.5, 0.9]] * 2), np.float32([[0.5, 0.9]] * 2))
    timeline.set_song(duration_s=DURATION_S, curve=curve, beat_times_s=[], known_s=4.0)
    timeline.set_cues((), ())
    timeline.set_position(0.0)
    image = shot(timeline)
    window = QColor(theme.current().window)
    column = round(timeline.x_at(8.0))
    inked = [y for y in range(CURVE_TOP, CUES_TOP) if image.pixelColor(column, y) != window]
    assert len(inked) <= 2  # the dashed line at most


def test_cues_show_their_thumbnails(qtbot: QtBot, timeline: Timeline) -> None:
    timeline.set_position(2.0)
    place = timeline.cue_place(1)
    empty = shot(timeline).pixelColor(place)

    def has_picture() -> bool:
        part = shot(timeline).copy(place.x() - 20, CUES_TOP + 4, 40, CUE_PX - 8)
        return len({part.pixel(x, y) for x in range(0, 40, 3) for y in range(0, CUE_PX - 8, 3)}) > 40

    qtbot.waitUntil(has_picture, timeout=10_000)
    assert shot(timeline).pixelColor(place) != empty


def test_it_says_which_photo_stands_now(timeline: Timeline) -> None:
    timeline.set_position(12.0)
    assert timeline.accessibleDescription().startswith("Photo 3 of 24: ")
    assert "0:10 to 0:15, Relaxed" in timeline.accessibleDescription()


def test_the_visible_stretch_is_told(qtbot: QtBot, timeline: Timeline) -> None:
    with qtbot.waitSignal(timeline.view_changed) as told:
        timeline.set_position(60.0)
    assert told.args == pytest.approx([60 - 0.45 * 50, 60 + 0.55 * 50])
