"""How it is chosen: each choice is told, explained in a line, and holds always fit each other."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.plan import PlanOptions
from slideshow.app import Dresser
from slideshow.options_panel import CHOICES, OptionsPanel
from slideshow.sliders import Slider


@pytest.fixture
def panel(qtbot: QtBot, dressed: Dresser) -> OptionsPanel:
    made = OptionsPanel()
    qtbot.addWidget(made)
    made.set_options(PlanOptions())
    made.resize(292, 760)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_every_choice_is_told_and_explained(qtbot: QtBot, panel: OptionsPanel) -> None:
    for key, _, choices in CHOICES:
        for value, _, hint in choices:
            with qtbot.waitSignal(panel.changed) as told:
                panel.rows[key].chip(value).click()
            assert told.args == [{key: value}]
            PlanOptions(**{key: value})  # the engine knows it
            assert panel._hints[key].text() == hint


def test_it_shows_the_options_as_they_are(panel: OptionsPanel) -> None:
    options = PlanOptions(
        mood="absolute", repeats="all", sad="none", transition="dip", min_hold_s=3.0, max_hold_s=9.5, has_pairs=False
    )
    panel.set_options(options)
    for key in panel.rows:
        assert panel.rows[key].chip(getattr(options, key)).isChecked()
    assert not panel.pairs.isChecked()
    assert panel._holds.text() == "3 to 9.5 seconds"
    assert panel._hold_values() == (3.0, 9.5)


def test_holds_always_fit_each_other(qtbot: QtBot, panel: OptionsPanel) -> None:
    for _ in range(20):
        QTest.keyClick(panel.shortest, Qt.Key.Key_Right)
    with qtbot.waitSignal(panel.changed) as told:
        pass
    PlanOptions(**told.args[0])
    assert told.args[0] == {"min_hold_s": 8.0, "max_hold_s": 16.0}
    for _ in range(60):
        QTest.keyClick(panel.longest, Qt.Key.Key_Left)
    with qtbot.waitSignal(panel.changed) as told:
        pass
    PlanOptions(**told.args[0])
    assert told.args[0] == {"min_hold_s": 1.0, "max_hold_s": 2.0}
    assert panel.longest.accessibleName() == "Longest: 2 seconds"


def test_shuffle_reset_close(qtbot: QtBot, panel: OptionsPanel) -> None:
    for signal, button in (
        (panel.shuffle_asked, panel.shuffle),
        (panel.reset_asked, panel.reset),
        (panel.closed, panel.close_button),
    ):
        with qtbot.waitSignal(signal):
            button.click()
    with qtbot.waitSignal(panel.closed):
        QTest.keyClick(panel, Qt.Key.Key_Escape)
    with qtbot.waitSignal(panel.changed) as told:
        panel.pairs.click()
    assert told.args == [{"has_pairs": False}]


def test_chips_wrap_within_the_panel(panel: OptionsPanel) -> None:
    for flow in panel.rows.values():
        assert all(chip.geometry().right() <= flow.width() for chip in flow._chips.values())
        assert max(chip.geometry().bottom() for chip in flow._chips.values()) < flow.height() + 1


def turn_wheel(widget: QWidget, x: int, y: int) -> bool:
    """Turn the wheel over the middle of a widget; whether it keeps that to itself, so that nothing scrolls."""
    middle = widget.rect().center()
    event = QWheelEvent(
        QPointF(middle), QPointF(widget.mapToGlobal(middle)), QPoint(), QPoint(x, y), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def test_the_wheel_scrolls_the_panel_and_changes_nothing(panel: OptionsPanel) -> None:
    panel.set_options(PlanOptions(theme="dog"))
    before = panel._hold_values(), panel.theme_choice.share.value
    for slider in (panel.shortest, panel.longest, panel.theme_choice.share):
        assert not turn_wheel(slider, 0, -120)
    assert (panel._hold_values(), panel.theme_choice.share.value) == before
    assert not panel._rest.isActive()


def test_a_slider_takes_the_wheel_by_the_notch(qtbot: QtBot, dressed: Dresser) -> None:
    slider = Slider("Volume", value=0.5)
    qtbot.addWidget(slider)
    turn_wheel(slider, 0, 120)
    assert slider.value == pytest.approx(0.55)
    turn_wheel(slider, -120, 0)  # sideways
    assert slider.value == pytest.approx(0.55)
    for _ in range(8):  # a touchpad's small turns make one notch together
        turn_wheel(slider, 0, -15)
    assert slider.value == pytest.approx(0.5)
