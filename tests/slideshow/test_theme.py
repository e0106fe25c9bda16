"""Themes, fonts and icons: what the look promises is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QFontMetricsF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from slideshow import theme
from slideshow.app import Dresser, tokens_for
from slideshow.icons import icon_pixmap
from slideshow.labels import Label
from slideshow.places import RESOURCES
from slideshow.settings import SettingsStore

ROOT = Path(theme.__file__).parent.parent


def test_inter_is_shipped_in_three_weights(dressed: Dresser) -> None:
    assert QFontDatabase.hasFamily("Inter")
    for style, weight in (("body", 400), ("strong", 500), ("heading", 600)):
        info = QFontInfo(theme.font(style))  # type: ignore[arg-type]
        assert info.family() == "Inter"
        assert info.weight() == weight
    assert (RESOURCES / "fonts" / "OFL.txt").is_file()
    assert sum(path.stat().st_size for path in (RESOURCES / "fonts").iterdir()) < 1_500_000


def test_figures_are_tabular(dressed: Dresser) -> None:
    metrics = QFontMetricsF(theme.font("label"))
    assert metrics.horizontalAdvance("1:11") == pytest.approx(metrics.horizontalAdvance("0:08"))


def test_every_icon_is_used_and_every_used_icon_is_there() -> None:
    shipped = {path.stem for path in (RESOURCES / "icons").glob("*.svg")}
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "slideshow").glob("*.py"))
    assert {name for name in shipped if f'"{name}"' not in code} == set()
    named = set(re.findall(r'(?:icon=|IconButton\(|Entry\("\w+", "\w+", |_button\()\s*"([a-z][a-z0-9-]+)"', code))
    assert named <= shipped
    assert (RESOURCES / "icons" / "LICENSE").is_file()


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_an_icon_takes_its_colour(qapp: QApplication, ratio: float) -> None:
    pixmap = icon_pixmap("check", "#FF0000", size_px=20, ratio=ratio)
    assert pixmap.width() == round(20 * ratio)
    image = pixmap.toImage()
    inked = [image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())]
    solid = [colour for colour in inked if colour.alpha() > 200]
    assert solid
    assert all(colour.red() > 240 and colour.green() < 20 for colour in solid)


def test_the_settings_dress_the_app(qapp: QApplication, dressed: Dresser, store: SettingsStore, qtbot: QtBot) -> None:
    label = Label("Words", "body", "text_2")
    qtbot.addWidget(label)
    label.show()
    assert theme.current() is theme.DARK
    store.change(theme="light", text_scale=1.5, is_motion_reduced=True)
    assert theme.current() is theme.LIGHT
    assert theme.duration_ms(320) == 0
    assert label.font().pixelSize() == 20
    assert label.palette().windowText().color() == QColor(theme.LIGHT.text_2)
    store.change(theme="dark", text_scale=1.0, is_motion_reduced=False)
    assert label.font().pixelSize() == 13
    assert theme.duration_ms(320) == 320


def test_a_theme_choice_names_its_tokens(qapp: QApplication) -> None:
    assert tokens_for("dark") is theme.DARK
    assert tokens_for("light") is theme.LIGHT
    assert tokens_for("system") in (theme.DARK, theme.LIGHT)


def test_wrapped_text_keeps_the_line_height(qtbot: QtBot, dressed: Dresser) -> None:
    label = Label("one two three four five six seven eight nine ten", "body", is_wrapped=True)
    qtbot.addWidget(label)
    heights = [label.heightForWidth(width) for width in (1000, 160, 90)]
    assert heights[0] == 20
    assert heights == sorted(heights)
    assert all(height % 20 == 0 for height in heights)


def test_a_long_name_is_cut_and_kept_as_tool_tip(qtbot: QtBot, dressed: Dresser) -> None:
    label = Label("a very long name of a file.jpg", "body", is_elided=True)
    qtbot.addWidget(label)
    label.resize(60, 20)
    label.show()
    assert label.toolTip() == "a very long name of a file.jpg"
    label.resize(600, 20)
    assert label.toolTip() == ""


def test_fonts_scale_in_steps_of_the_settings(dressed: Dresser, store: SettingsStore) -> None:
    store.change(text_scale=1.25)
    assert theme.font("heading").pixelSize() == 19
    assert theme.line_px("heading") == 25
    assert theme.font("heading").weight() == QFont.Weight.DemiBold
    store.change(text_scale=1.0)
