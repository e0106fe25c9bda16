"""The Settings page: every choice takes effect at once and shows what is set."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from slideshow import theme
from slideshow.app import Dresser
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.settings_page import SettingsPage


@pytest.fixture
def page(qtbot: QtBot, dressed: Dresser, store: SettingsStore, opened: Session, tmp_path: Path) -> SettingsPage:
    made = SettingsPage(store, opened, library_path=tmp_path / "library.sqlite")
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    return made


def test_choices_take_effect_at_once(qtbot: QtBot, page: SettingsPage, store: SettingsStore) -> None:
    qtbot.mouseClick(page.theme.chip("light"), Qt.MouseButton.LeftButton)
    assert store.now.theme == "light"
    assert theme.current() is theme.LIGHT
    qtbot.mouseClick(page.text_size.chip(1.5), Qt.MouseButton.LeftButton)
    assert theme.font("body").pixelSize() == 20
    qtbot.mouseClick(page.motion, Qt.MouseButton.LeftButton)
    assert theme.is_motion_reduced()
    qtbot.mouseClick(page.film.chip(1080), Qt.MouseButton.LeftButton)
    assert store.now.film_height_px == 1080
    store.change(theme="dark", text_scale=1.0, is_motion_reduced=False)
    assert page.theme.chip("dark").isChecked()
    assert not page.theme.chip("light").isChecked()
    assert not page.motion.isChecked()


def test_choosing_what_is_set_keeps_it(qtbot: QtBot, page: SettingsPage, store: SettingsStore) -> None:
    qtbot.mouseClick(page.theme.chip("dark"), Qt.MouseButton.LeftButton)
    assert page.theme.chip("dark").isChecked()
    assert store.now.theme == "dark"


def test_it_names_model_and_library(page: SettingsPage, tmp_path: Path) -> None:
    assert page.model.facts[0] == ("Name", "tiny")
    assert ("Made on", "1 January 2024") in page.model.facts
    assert str(tmp_path) in page._place.text()
