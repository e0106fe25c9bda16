"""Caring for an edited show: a way back from every toast, names in the menu, all photos to choose from, bans undone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from engine.library import Photo
from engine.plan import PlanOptions
from slideshow.app import Dresser
from slideshow.cue_menu import cue_menu
from slideshow.main_window import MainWindow
from slideshow.photo_picker import show_picker
from slideshow.settings import Settings, SettingsStore
from slideshow.sheets import Sheet
from slideshow.show_care import options_of
from slideshow.theme_choice import WordField
from slideshow.thumbnails import Thumbnails

LIMIT_MS = 120_000


@pytest.fixture
def window(qtbot: QtBot, make_window: Callable[..., MainWindow], photo_folder: Path, clip: Path) -> MainWindow:
    made = make_window(photos=photo_folder, song=clip)
    qtbot.waitUntil(lambda: made.session.n_photos == 8, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: bool(made.session.runners_up) and not made.jobs.is_busy, timeout=LIMIT_MS)
    made.create_page.setFocus()
    return made


def ready(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: bool(window.session.runners_up) and not window.jobs.is_busy, timeout=LIMIT_MS)


def press(window: MainWindow, key: Qt.Key) -> None:
    QTest.keyClick(window.create_page, key)


def test_keys_do_what_the_menu_says_and_the_menu_names_the_way_back(qtbot: QtBot, window: MainWindow) -> None:
    actions, session = window.menus.actions, window.session
    before = session.plan
    assert before is not None
    assert not actions["undo"].isEnabled()
    window.create_page.seek(before.cues[1].start_s + 0.5)
    for key, name in (
        (Qt.Key.Key_P, "pin"),
        (Qt.Key.Key_L, "unlock"),
        (Qt.Key.Key_1, "swap"),
        (Qt.Key.Key_T, "transition"),
    ):
        press(window, key)
        assert actions["undo"].text() == f"Undo {name}"
        ready(qtbot, window)
    actions["undo"].trigger()
    assert actions["redo"].text() == "Redo transition"
    for _ in range(3):
        actions["undo"].trigger()
    assert session.plan == before
    press(window, Qt.Key.Key_S)
    qtbot.waitUntil(lambda: actions["undo"].text() == "Undo shuffle", timeout=LIMIT_MS)
    ready(qtbot, window)


def test_a_photo_that_is_never_shown_comes_back_from_the_toast(qtbot: QtBot, window: MainWindow) -> None:
    before = window.session.plan
    press(window, Qt.Key.Key_X)
    toast = window.toasts.shown[-1]
    assert toast.text == "This photo will not be shown again."
    qtbot.waitUntil(lambda: window.session.n_photos == 7, timeout=LIMIT_MS)
    assert toast.button is not None
    toast.button.click()
    assert window.session.plan == before
    qtbot.waitUntil(lambda: window.session.n_photos == 8, timeout=LIMIT_MS)
    ready(qtbot, window)


def test_a_toast_goes_when_its_undo_was_done_elsewhere_or_would_take_something_else_back(
    qtbot: QtBot, window: MainWindow
) -> None:
    words = ["This photo will not be shown again.", "Swapped for "]

    def told() -> list[str]:
        return [word for word in words for toast in window.toasts.shown if toast.text.startswith(word)]

    press(window, Qt.Key.Key_X)
    ready(qtbot, window)
    press(window, Qt.Key.Key_P)
    assert told() == words[:1]  # the photo can still be let back
    window.session.editing.undo()
    assert told() == words[:1]
    window.session.editing.undo()
    assert told() == []
    ready(qtbot, window)
    press(window, Qt.Key.Key_1)
    assert told() == words[1:]
    press(window, Qt.Key.Key_P)
    assert told() == []
    ready(qtbot, window)


def test_banned_photos_are_listed_and_let_back(qtbot: QtBot, window: MainWindow) -> None:
    press(window, Qt.Key.Key_X)
    window.show_page("library")
    qtbot.waitUntil(lambda: window.library_page.banned.isVisible(), timeout=LIMIT_MS)
    assert window.library_page.banned.words.text() == "1 photo never shown"
    window.library_page.banned.button.click()
    qtbot.waitUntil(lambda: bool(window.findChildren(Sheet)), timeout=LIMIT_MS)
    back = next(
        button
        for button in window.findChildren(Sheet)[0].findChildren(type(window.library_page.banned.button))
        if button.text() == "Let back"
    )
    back.click()
    qtbot.waitUntil(lambda: window.session.n_photos == 8, timeout=LIMIT_MS)
    assert not back.isEnabled()
    assert not window.library_page.banned.isVisible()
    ready(qtbot, window)


def test_any_photo_can_be_chosen_with_keys_alone(qtbot: QtBot, window: MainWindow) -> None:
    session = window.session
    assert session.plan is not None
    found = window.shows.choose_photo(1)
    assert found is not None
    sheet, grid = found
    assert len(grid._photos) == 8
    scores = [session.editing.score_of(1, photo) for photo in grid._photos]
    assert scores == sorted(scores, reverse=True)
    assert "% match" in grid.accessibleName()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_End):
        QTest.keyClick(grid, key)
    wanted = grid._photos[-1]
    with qtbot.waitSignal(session.editing.photo_swapped):
        QTest.keyClick(grid, Qt.Key.Key_Return)
    assert not sheet.isVisible()
    assert session.plan.cues[1].photo == wanted
    ready(qtbot, window)


def test_a_photo_is_found_by_its_name(qtbot: QtBot, dressed: Dresser, tmp_path: Path) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.resize(1280, 800)
    window.show()
    photos = [Photo(i, tmp_path / f"trip-{i}.jpg", 640, 360, None, str(i)) for i in range(30)]
    thumbnails = Thumbnails()
    sheet, grid = show_picker(
        window, title="A photo", text="Best first.", photos=photos, note_of=lambda i: f"note {i}", thumbnails=thumbnails
    )
    QTest.keyClicks(grid, "2")  # typing over the photos leads to the field
    field = sheet.findChild(WordField)
    assert field is not None
    assert field.text() == "2"
    field.setText("TRIP 27")
    assert [photo.id for photo in grid._photos] == [27]
    assert grid.accessibleName() == "trip-27.jpg, note 27"
    field.setText("nothing like it")
    assert grid.accessibleName().startswith("No photo has this")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert sheet.isVisible()
    field.setText("27")
    with qtbot.waitSignal(grid.chosen) as chosen:
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert chosen.args == [photos[27]]
    thumbnails.shutdown()


def test_the_menu_of_a_cue_holds_everything(qtbot: QtBot, window: MainWindow) -> None:
    assert window.session.plan is not None
    menu = cue_menu(window.create_page, 1, window)
    words = [action.text().partition("\t")[0] for action in menu.actions()]
    for wanted in ("Pin here", "Choose another photo…", "Never show this photo", "Begin a beat later", "Comes by"):
        assert wanted in words
    assert len([word for word in words if word.startswith("Use ")]) == 3
    next(action for action in menu.actions() if action.text().startswith("Pin here")).trigger()
    assert window.session.plan.cues[1].is_pinned
    first = cue_menu(window.create_page, 0, window)
    assert not next(action for action in first.actions() if action.text().startswith("Begin a beat later")).isEnabled()
    ready(qtbot, window)


def test_choices_are_kept_for_the_next_show(qtbot: QtBot, window: MainWindow, store: SettingsStore) -> None:
    window.session.editing.change_options(sad="fewer", min_hold_s=1.5, max_hold_s=6.0)
    assert (store.now.plan_sad, store.now.plan_min_hold_s, store.now.plan_max_hold_s) == ("fewer", 1.5, 6.0)
    assert window.session.first_options.sad == "fewer"
    qtbot.waitUntil(lambda: window.session.editing.undo_name == "choice", timeout=LIMIT_MS)
    window.session.editing.reset_options()
    qtbot.waitUntil(lambda: window.session.editing.undo_name == "reset", timeout=LIMIT_MS)
    assert window.session.options == PlanOptions()
    ready(qtbot, window)


def test_settings_that_do_not_fit_give_the_defaults() -> None:
    assert options_of(Settings(plan_min_hold_s=9.0, plan_max_hold_s=2.0)) == PlanOptions()
    assert options_of(Settings(plan_sad="often")) == PlanOptions()
    assert options_of(Settings(plan_transition="cut")).transition == "cut"


def test_drawing_begins_and_ends_on_the_page(qtbot: QtBot, window: MainWindow) -> None:
    page = window.create_page
    press(window, Qt.Key.Key_D)
    assert page.timeline.drawing is not None
    assert page.edit_bar.axis.isVisible()
    QTest.keyClick(page.timeline, Qt.Key.Key_Up)
    qtbot.waitUntil(lambda: bool(window.session.options.arc), timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: window.session.editing.undo_name == "draw the mood", timeout=LIMIT_MS)
    page.edit_bar.end.click()
    assert page.timeline.drawing is None
    assert page.edit_bar.draw.text() == "Your drawn mood"
    ready(qtbot, window)
    page.hand.start_drawing()
    page.edit_bar.song_mood.click()
    qtbot.waitUntil(lambda: not window.session.options.arc, timeout=LIMIT_MS)
    ready(qtbot, window)
    assert page.edit_bar.draw.text() == "Draw the mood"


def test_a_selected_stretch_is_locked_from_the_bar(qtbot: QtBot, window: MainWindow) -> None:
    page = window.create_page
    page.timeline.select((1, 2))
    assert page.edit_bar.lock.isVisible()
    page.edit_bar.lock.click()
    assert window.session.plan is not None
    assert [cue.is_pinned for cue in window.session.plan.cues[:4]] == [False, True, True, False]
    assert page.edit_bar.lock.text() == "Unlock"
    press(window, Qt.Key.Key_Escape)
    assert page.timeline.span is None
    assert page.edit_bar.draw.isVisible()
    ready(qtbot, window)


def test_the_panel_of_choices_comes_and_goes(window: MainWindow) -> None:
    page = window.create_page
    press(window, Qt.Key.Key_O)
    assert page.options.isVisible()
    assert not page.inspector.isVisible()
    QTest.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_Escape)
    assert page.inspector.isVisible()
