"""The timeline: places and times agree, it seeks, zooms, draws the curve and the cues, and says where it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine import edits
from engine.emotion import Emotion, EmotionCurve
from engine.library import Photo
from engine.plan import Cue, Plan
from slideshow import theme
from slideshow.app import Dresser
from slideshow.arc_drawing import ArcDrawing
from slideshow.photo_drag import photo_data
from slideshow.settings import SettingsStore
from slideshow.thumbnails import Thumbnails
from slideshow.timeline import Timeline
from slideshow.timeline_view import CUE_PX, CUES_TOP, CURVE_TOP, PLAYHEAD_SHARE

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
    made.set_plan(Plan(Path("song.ogg"), DURATION_S, tuple(cues), "bundle"), [Emotion(0.8, 0.2)] * len(cues))
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
    timeline.set_plan(None)
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


def edge_of(timeline: Timeline, index: int) -> QPoint:
    plan = timeline._plan
    assert plan is not None
    return QPoint(round(timeline.x_at(plan.cues[index].start_s)) - 1, CUES_TOP + 30)


def drag(timeline: Timeline, start: QPoint, end: QPoint, modifiers: Qt.KeyboardModifier | None = None) -> None:
    keys = modifiers or Qt.KeyboardModifier.NoModifier
    QTest.mousePress(timeline, Qt.MouseButton.LeftButton, keys, start)
    for share in (0.5, 1.0):
        place = QPointF(start + (end - start) * share)
        move = QMouseEvent(
            QMouseEvent.Type.MouseMove, place, timeline.mapToGlobal(place), Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton, keys,
        )  # fmt: skip
        QApplication.sendEvent(timeline, move)
    QTest.mouseRelease(timeline, Qt.MouseButton.LeftButton, keys, end)


def test_an_edge_is_dragged_to_the_nearest_beat(qtbot: QtBot, timeline: Timeline) -> None:
    timeline.set_position(50.0)
    start = edge_of(timeline, 11)
    with qtbot.waitSignal(timeline.cut_moved) as moved, qtbot.assertNotEmitted(timeline.seek_asked):
        drag(timeline, start, start + QPoint(24, 0))  # 1.5 s on, a little less; beats are at every half second
    assert moved.args == [11, pytest.approx(56.5)]


def test_with_alt_an_edge_goes_where_the_hand_goes(qtbot: QtBot, timeline: Timeline) -> None:
    timeline.set_position(50.0)
    start = edge_of(timeline, 11)
    with qtbot.waitSignal(timeline.cut_moved) as moved:
        drag(timeline, start, start + QPoint(21, 0), Qt.KeyboardModifier.AltModifier)
    assert moved.args[1] == pytest.approx(timeline.time_at(start.x() + 21))
    assert moved.args[1] % 0.5 > 0.05


def test_an_edge_goes_no_further_than_the_holds_allow(qtbot: QtBot, timeline: Timeline) -> None:
    timeline.set_position(50.0)
    start = edge_of(timeline, 11)
    with qtbot.waitSignal(timeline.cut_moved) as moved:
        drag(timeline, start, start + QPoint(300, 0))
    assert moved.args[1] == 58.0  # at most 8 s after the cut before, at least 2 s before the next
    assert timeline._preview is None


def test_while_an_edge_is_dragged_its_cues_show_it(timeline: Timeline) -> None:
    timeline.set_position(50.0)
    before = shot(timeline)
    start = edge_of(timeline, 11)
    QTest.mousePress(timeline, Qt.MouseButton.LeftButton, pos=start)
    place = QPointF(start + QPoint(-16, 0))
    move = QMouseEvent(
        QMouseEvent.Type.MouseMove, place, timeline.mapToGlobal(place), Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(timeline, move)
    assert timeline._preview is not None
    assert timeline._preview.cues[11].start_s == pytest.approx(54.0)
    assert shot(timeline) != before
    QTest.keyClick(timeline, Qt.Key.Key_Escape)
    assert timeline._preview is None
    QTest.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=start)


def test_the_edge_of_a_locked_stretch_does_not_move(qtbot: QtBot, timeline: Timeline) -> None:
    assert timeline._plan is not None
    timeline.set_plan(edits.lock_span(timeline._plan, 10, 11), timeline._cue_moods)
    timeline.set_position(50.0)
    with qtbot.assertNotEmitted(timeline.cut_moved):
        drag(timeline, edge_of(timeline, 11), edge_of(timeline, 11) + QPoint(20, 0))


def test_shift_and_drag_selects_a_stretch(qtbot: QtBot, timeline: Timeline) -> None:
    timeline.set_position(50.0)
    with qtbot.waitSignal(timeline.span_changed):
        drag(timeline, timeline.cue_place(9), timeline.cue_place(12), Qt.KeyboardModifier.ShiftModifier)
    assert timeline.span == (9, 12)
    assert timeline.accessibleDescription().endswith("Photos 10 to 13 are selected")
    QTest.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=QPoint(400, CURVE_TOP + 20))
    assert timeline.span is None


def test_shift_and_arrows_select_a_stretch(timeline: Timeline) -> None:
    timeline.set_position(50.5)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Left):
        QTest.keyClick(timeline, key, Qt.KeyboardModifier.ShiftModifier)
    assert timeline.span == (9, 10)


def test_a_photo_is_dropped_on_a_cue(qtbot: QtBot, timeline: Timeline, photo_folder: Path) -> None:
    timeline.set_position(50.0)
    path = sorted(photo_folder.iterdir())[0]
    data, place = photo_data(path), QPointF(timeline.cue_place(12))
    enter = QDragEnterEvent(
        place.toPoint(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(timeline, enter)
    assert enter.isAccepted()
    over = QDragMoveEvent(
        place.toPoint(), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(timeline, over)
    assert over.isAccepted()
    assert timeline._target == 12
    drop = QDropEvent(place, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    with qtbot.waitSignal(timeline.photo_dropped) as dropped:
        QApplication.sendEvent(timeline, drop)
    assert dropped.args == [12, path]
    assert timeline._target == -1


def test_a_song_is_not_for_the_timeline(timeline: Timeline, clip: Path) -> None:
    data, place = photo_data(clip), timeline.cue_place(3)  # the event does not keep what it carries
    enter = QDragEnterEvent(
        place, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(timeline, enter)
    assert not enter.isAccepted()


def test_pins_and_locks_are_seen_and_said(timeline: Timeline) -> None:
    timeline.set_position(62.0)
    assert timeline._plan is not None
    before = shot(timeline)
    timeline.set_plan(edits.pin(timeline._plan, 12), timeline._cue_moods)
    pinned = shot(timeline)
    assert pinned != before
    assert timeline.accessibleDescription().endswith("pinned")
    timeline.set_plan(edits.lock_span(timeline._plan, 12, 14), timeline._cue_moods)
    assert shot(timeline) != pinned


def test_a_mood_is_drawn_over_the_curve(qtbot: QtBot, timeline: Timeline) -> None:
    timeline.set_position(60.0)
    assert timeline._curve is not None
    timeline.start_drawing(ArcDrawing(timeline._curve, DURATION_S))
    with qtbot.waitSignal(timeline.arc_drawn), qtbot.assertNotEmitted(timeline.seek_asked):
        drag(timeline, timeline.curve_place(55.0, 0.2), timeline.curve_place(70.0, 0.2))
    drawn = timeline.drawing.curve() if timeline.drawing is not None else None
    assert drawn is not None
    assert drawn.at(62.0).arousal == pytest.approx(0.2, abs=0.03)
    assert drawn.at(62.0).valence == pytest.approx(0.8)
    drag(timeline, timeline.curve_place(55.0, 0.1), timeline.curve_place(70.0, 0.1), Qt.KeyboardModifier.ShiftModifier)
    assert timeline.drawing is not None
    assert timeline.drawing.curve().at(62.0).valence == pytest.approx(0.1, abs=0.03)
    QTest.keyClick(timeline, Qt.Key.Key_Up)
    assert timeline.drawing.curve().at(60.0).arousal == pytest.approx(0.25, abs=0.03)


def test_doubt_is_a_band_around_the_line(timeline: Timeline) -> None:
    timeline.set_position(20.0)
    sure = shot(timeline)
    curve = timeline._curve
    assert curve is not None
    timeline.set_song(
        duration_s=DURATION_S, curve=curve, beat_times_s=[], known_s=DURATION_S, spread=np.full_like(curve.va, 0.2)
    )
    unsure = shot(timeline)
    x = 380
    assert any(sure.pixelColor(x, row) != unsure.pixelColor(x, row) for row in range(CURVE_TOP, CURVE_TOP + 30))
