"""Song bar and slider: places and values agree, by mouse, wheel and keys."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from slideshow.app import Dresser
from slideshow.sliders import Slider
from slideshow.song_bar import SongBar, clock_text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.99, "0:59"), (101, "1:41"), (3727, "1:02:07"), (-1, "0:00")]
)
def test_times_are_written_as_people_do(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


def test_a_click_asks_for_that_time(qtbot: QtBot, dressed: Dresser) -> None:
    bar = SongBar()
    qtbot.addWidget(bar)
    bar.resize(400, 32)
    bar.set_song(duration_s=200.0, curve=None, known_s=0.0)
    with qtbot.waitSignal(bar.seek_asked) as asked:
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(100, 16))
    assert asked.args[0] == pytest.approx(50.0)
    bar.set_position(50.0)
    with qtbot.waitSignal(bar.seek_asked) as asked:
        QTest.keyClick(bar, Qt.Key.Key_Right)
    assert asked.args[0] == pytest.approx(55.0)


def test_without_a_song_nothing_is_asked(qtbot: QtBot, dressed: Dresser) -> None:
    bar = SongBar()
    qtbot.addWidget(bar)
    bar.resize(400, 32)
    with qtbot.assertNotEmitted(bar.seek_asked):
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=QPoint(100, 16))


def test_a_slider_moves_and_says_its_value(qtbot: QtBot, dressed: Dresser) -> None:
    slider = Slider("Volume", value=0.5)
    qtbot.addWidget(slider)
    slider.resize(112, 32)
    moved: list[float] = []
    slider.moved.connect(moved.append)
    QTest.keyClick(slider, Qt.Key.Key_Right)
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(6, 16))
    QTest.keyClick(slider, Qt.Key.Key_End)
    QTest.keyClick(slider, Qt.Key.Key_End)  # at the end already
    assert moved == pytest.approx([0.55, 0.0, 1.0])
    assert slider.accessibleName() == "Volume 100 percent"
    slider.set_value(0.2)
    assert len(moved) == 3
