"""Browse with real widgets: from added photos over a lasso to a show; map, grid, filters and what can be done."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from engine.emotion import emotion_of_word
from slideshow.browse_page import BrowsePage
from slideshow.browse_photos import on_disc
from slideshow.browse_telling import enough_for, none_named
from slideshow.main_window import MainWindow
from slideshow.quick_look import QuickLook
from slideshow.settings import SettingsStore
from slideshow.sheets import Sheet
from slideshow.song_suggestions import SongChoice

LIMIT_MS = 60_000
N_PHOTOS = 8
LEFT = Qt.MouseButton.LeftButton
MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def window(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path) -> MainWindow:
    """A window that shows Browse with a few photos."""
    made = make_window()
    qtbot.waitUntil(lambda: made.session.is_open, timeout=LIMIT_MS)
    made.add_folders([photo_folder])
    qtbot.waitUntil(
        lambda: made.session.n_photos == N_PHOTOS and not made.session.indexing.is_running, timeout=LIMIT_MS
    )
    made.menus.actions["browse"].trigger()
    settled(qtbot, made.browse_page)
    return made


def settled(qtbot: QtBot, page: BrowsePage) -> None:
    """Wait until the page has read its photos and is at its full size."""

    def is_settled() -> bool:
        catalog = page._session.whole_catalog
        return page.photos is not None and page.photos.catalog is catalog and len(page.grid.rows) > 0

    qtbot.waitUntil(is_settled, timeout=LIMIT_MS)


def lasso(page: BrowsePage, u: float, v: float, radius: float, *, is_adding: bool = False) -> None:
    """Draw round a place by mouse."""
    at = [
        page.map.view.to_px(u + radius * float(np.cos(t)), v + radius * float(np.sin(t))).toPoint()
        for t in np.linspace(0, 2 * np.pi, 48)
    ]
    keys = Qt.KeyboardModifier.ShiftModifier if is_adding else Qt.KeyboardModifier.NoModifier
    QTest.mousePress(page.map, LEFT, keys, at[0])
    for place in at[1:]:
        QTest.mouseMove(page.map, place)
    QTest.mouseRelease(page.map, LEFT, keys, at[-1])


def test_from_a_folder_over_a_lasso_to_a_show(qtbot: QtBot, window: MainWindow, clip: Path) -> None:
    page = window.browse_page
    assert page.photos is not None
    felt = page.photos.felt
    calm = emotion_of_word("calm")
    nearest = int(np.hypot(felt[:, 0] - calm.valence, felt[:, 1] - calm.arousal).argmin())
    u, v = (float(x) for x in page.map.places[nearest])
    places = page.map.places
    expected = {row for row in range(N_PHOTOS) if np.hypot(places[row, 0] - u, places[row, 1] - v) < 0.5}
    assert 0 < len(expected) < N_PHOTOS
    lasso(page, u, v, 0.5)
    assert set(page.grid.rows.tolist()) == expected  # at once: no waiting between
    window.open_song(clip)
    qtbot.waitUntil(lambda: bool(window.session.runners_up), timeout=LIMIT_MS)
    window.show_page("browse")
    assert set(page.grid.rows.tolist()) == expected
    qtbot.mouseClick(page.start, LEFT)
    ids = {page.photos.photo(row).id for row in expected}
    assert window.page == "make"
    assert window.session.chosen_ids == ids

    def is_planned() -> bool:
        plan = window.session.plan
        return plan is not None and {cue.photo.id for cue in plan.cues} <= ids and window.sound.is_playing

    qtbot.waitUntil(is_planned, timeout=LIMIT_MS)
    window.sound.pause()
    chip = window.create_page.from_photos
    assert chip.isVisible()
    assert str(len(expected)) in chip.text()
    with qtbot.waitSignal(window.session.plan_changed, timeout=LIMIT_MS):
        qtbot.mouseClick(chip, LEFT)
    assert window.session.chosen_ids is None
    assert window.session.n_photos == N_PHOTOS
    assert not chip.isVisible()


def test_a_choice_without_a_song_waits_for_one(qtbot: QtBot, window: MainWindow, clip: Path) -> None:
    page = window.browse_page
    qtbot.mouseClick(page.grid.viewport(), LEFT, pos=page.grid.place(0).center())
    qtbot.mouseClick(page.grid.viewport(), LEFT, Qt.KeyboardModifier.ControlModifier, page.grid.place(2).center())
    rows = page.grid.selected_rows
    assert page.start.text() == "Start a show from these 2"
    QTest.keyClick(page.grid, Qt.Key.Key_Return)
    assert window.page == "make"
    assert "Choose a song" in window.toasts.shown[-1].text
    window.open_song(clip)
    qtbot.waitUntil(lambda: window.session.plan is not None, timeout=LIMIT_MS)
    assert page.photos is not None
    assert window.session.plan is not None
    assert {cue.photo.id for cue in window.session.plan.cues} <= {page.photos.photo(int(row)).id for row in rows}


def test_a_choice_of_which_nothing_is_left_is_dropped(qtbot: QtBot, window: MainWindow) -> None:
    catalog = window.session.whole_catalog
    assert catalog is not None
    window.session.choose_photos({catalog.photos[0].id})
    assert window.session.n_photos == 1
    assert window.session.library is not None
    window.session.library.ban(catalog.photos[0].id)
    with qtbot.waitSignal(window.session.catalog_changed, timeout=LIMIT_MS):
        window.session.refresh()
    assert window.session.chosen_ids is None
    assert window.session.n_photos == N_PHOTOS - 1


def test_words_on_the_rim_and_chips_and_ranges(qtbot: QtBot, window: MainWindow) -> None:
    page = window.browse_page
    photos = page.photos
    assert photos is not None
    row = next(row for row in range(N_PHOTOS) if photos.words[row] >= 0)
    word = photos.word(row).lower()
    from slideshow.mood_map_painting import word_places

    qtbot.mouseClick(page.map, LEFT, pos=word_places(page.map.view)[word].center().toPoint())
    assert set(page.grid.rows.tolist()) == set(np.flatnonzero(photos.of_words(frozenset({word}))).tolist())
    assert page.bar.moods.more.isChecked()
    QTest.keyClick(page, Qt.Key.Key_Escape)
    assert len(page.grid.rows) == N_PHOTOS
    qtbot.mouseClick(page.bar.moods.chip("Relaxed"), LEFT)
    assert page.filters.words == {"calm", "relaxed", "serene"}
    page.clear_all()
    knob = page.energy.knobs[1]
    knob.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(5):
        QTest.keyClick(knob, Qt.Key.Key_PageDown)
    expected = set(np.flatnonzero(photos.felt[:, 1] <= 0.5).tolist())
    qtbot.waitUntil(lambda: set(page.grid.rows.tolist()) == expected, timeout=5000)
    assert "to 50" in knob.accessibleName()


def test_moods_that_are_asked_for_are_called_as_they_were_asked(qtbot: QtBot, window: MainWindow) -> None:
    page = window.browse_page
    for name in ("Happy", "Relaxed"):
        qtbot.mouseClick(page.bar.moods.chip(name), LEFT)
    assert page.described.text() == "happy and relaxed"
    assert page.name_of_mood() == "Happy and relaxed"
    page.clear_all()
    for place in (0, 2):
        qtbot.mouseClick(
            page.grid.viewport(), LEFT, Qt.KeyboardModifier.ControlModifier, page.grid.place(place).center()
        )
    assert page.n_chosen.text() == "2 selected"
    assert page.described.text() == "of 8 photos"
    assert page.photos is not None
    window.session.offline_ids = frozenset({page.photos.photo(int(page.grid.selected_rows[0])).id})
    window.session.catalog_changed.emit()
    page.show_counts()
    assert page.enough.text().endswith(", 1 away")


def test_no_show_is_made_of_photos_that_are_all_away(qtbot: QtBot, window: MainWindow) -> None:
    page, session = window.browse_page, window.session
    assert page.photos is not None
    everything = frozenset(photo.id for photo in page.photos.catalog.photos)
    session.offline_ids = everything - {page.photos.photo(0).id}
    window.browsing.start(np.array([1, 2]))
    assert window.toasts.shown[-1].text == "None of these photos is connected now."
    assert (window.page, session.chosen_ids) == ("browse", None)
    window.browsing.start(np.array([0, 1]))
    assert window.page == "make"
    assert window.toasts.shown[-1].text == "1 photo is ready. Choose a song for the show."


def test_the_number_of_the_selected_is_never_cut(qtbot: QtBot, window: MainWindow, store: SettingsStore) -> None:
    store.change(text_scale=1.5)
    window.resize(1024, 700)
    page = window.browse_page
    page.grid.select_all()
    QTest.mouseClick(page.grid.viewport(), LEFT, Qt.KeyboardModifier.ControlModifier, page.grid.place(0).center())
    qtbot.waitUntil(lambda: page.n_chosen.text() == "7 selected", timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: page.n_chosen.width() >= page.n_chosen.sizeHint().width(), timeout=5000)


def test_nothing_there_leads_to_the_nearest(qtbot: QtBot, window: MainWindow) -> None:
    page = window.browse_page
    places = page.map.places
    spot = next(
        (u, v)
        for u in np.linspace(-0.6, 0.6, 25)
        for v in np.linspace(-0.6, 0.6, 25)
        if np.hypot(places[:, 0] - u, places[:, 1] - v).min() > 0.12
    )
    lasso(page, float(spot[0]), float(spot[1]), 0.08)
    assert len(page.grid.rows) == 0
    assert page.none_found.isVisible()
    assert page.start.text() == "Start a show"
    assert not page.start.isEnabled()
    qtbot.mouseClick(page.nearest, LEFT)
    assert len(page.grid.rows) == N_PHOTOS
    assert not page.none_found.isVisible()
    page.bar.search.setText("no such name")
    qtbot.waitUntil(lambda: len(page.grid.rows) == 0, timeout=5000)
    assert not page.nearest.isVisible()
    qtbot.mouseClick(page.none_found.buttons[1], LEFT)
    assert len(page.grid.rows) == N_PHOTOS
    assert page.bar.search.text() == ""


def test_the_map_is_wandered_over(qtbot: QtBot, window: MainWindow) -> None:
    page = window.browse_page
    photos = page.photos
    assert photos is not None
    view = page.map.view
    at = QPointF(view.size.width() * 0.6, view.size.height() * 0.4)
    place = view.to_disc(at)
    page.map._set_view(view.zoomed(3.0, at))
    assert page.map.view.to_disc(at) == pytest.approx(place, abs=1e-6)
    QTest.keyClick(page.map, Qt.Key.Key_H)
    assert page.hand.isChecked()
    before = page.map.view
    QTest.mousePress(page.map, LEFT, pos=QPoint(200, 200))
    QTest.mouseMove(page.map, QPoint(230, 220))
    QTest.mouseRelease(page.map, LEFT, pos=QPoint(230, 220))
    assert page.map.view.u < before.u
    assert page.map.view.v > before.v
    QTest.keyClick(page.map, Qt.Key.Key_0)
    qtbot.waitUntil(lambda: page.map.view.zoom == 1.0, timeout=5000)
    QTest.keyClick(page.map, Qt.Key.Key_L)
    assert page.lasso.isChecked()
    relative = page.map.places.copy()
    QTest.keyClick(page, Qt.Key.Key_R)
    assert np.allclose(page.map.places, on_disc(photos.absolute))
    QTest.keyClick(page, Qt.Key.Key_R)
    assert np.allclose(page.map.places, relative)


def test_a_point_is_clicked_and_the_grid_goes_there(qtbot: QtBot, window: MainWindow) -> None:
    page = window.browse_page

    def is_drawn() -> bool:
        """Whether the points are drawn for the map as it is seen: until then none can be picked."""
        layer = page.map._shown_layer
        is_waiting = page.map._sharpen.isActive() or page.map._recolour.isActive() or page.map.layers.is_busy
        return not is_waiting and layer is not None and layer.wanted.view == page.map.view

    qtbot.waitUntil(is_drawn, timeout=LIMIT_MS)
    places = [page.map.view.to_px(float(u), float(v)).toPoint() for u, v in page.map.places]
    pickable = [
        row
        for row, at in enumerate(places)
        if page.map.photo_at(QPointF(at)) == row and not page.map._word_at(QPointF(at)) and row != page.grid.current_row
    ]
    row = pickable[0]
    qtbot.mouseClick(page.map, LEFT, pos=places[row])
    assert page.grid.current_row == row
    QTest.mouseMove(page.map, places[row])
    assert page.map._hovered == row


def test_points_are_drawn_and_thumbnails_come(qtbot: QtBot, window: MainWindow) -> None:
    page = window.browse_page

    def is_drawn() -> bool:  # the first layer may still be that of no photos
        return page.map._layer is not None and len(page.map._layer.thumbnails) > 0

    qtbot.waitUntil(is_drawn, timeout=LIMIT_MS)
    layer = page.map._layer
    assert layer is not None
    assert 1 <= len(layer.thumbnails) <= N_PHOTOS
    qtbot.waitUntil(lambda: len(page.map._pictures) > 0, timeout=LIMIT_MS)


def test_the_grid_by_keys(qtbot: QtBot, window: MainWindow) -> None:
    grid = window.browse_page.grid
    grid.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(grid, Qt.Key.Key_Home)
    QTest.keyClick(grid, Qt.Key.Key_Right)
    QTest.keyClick(grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert grid.selected_rows.tolist() == grid.rows[1:3].tolist()
    assert "3 of 8" in grid.accessibleDescription()
    assert "selected" in grid.accessibleDescription()
    QTest.keyClick(grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(grid.selected_rows) == N_PHOTOS
    QTest.keyClick(grid, Qt.Key.Key_Escape)
    assert len(grid.selected_rows) == 0
    before = grid.layout_of_rows.height_px
    QTest.keyClick(grid, Qt.Key.Key_Plus)
    assert grid.layout_of_rows.height_px > before
    QTest.keyClick(grid, Qt.Key.Key_End)
    assert grid.current_row == grid.rows[-1]
    place = grid.place(N_PHOTOS - 1)
    assert place.bottom() <= grid.viewport().height()
    QTest.keyClick(grid, Qt.Key.Key_Space)
    look = window.findChild(QuickLook)
    assert look is not None
    assert look.row == grid.rows[-1]
    QTest.keyClick(look, Qt.Key.Key_Left)
    assert look.row == grid.rows[-2] == grid.current_row
    QTest.keyClick(look, Qt.Key.Key_Space)
    assert window.browsing.quick_look is None
    assert window.focusWidget() is grid


def test_the_grid_scrolls_only_where_there_is_more(qtbot: QtBot, window: MainWindow) -> None:
    page, grid = window.browse_page, window.browse_page.grid
    bar = grid.verticalScrollBar()
    for _ in range(4):
        grid.set_size(grid.size_step + 1)
    window.resize(window.minimumSize())
    qtbot.waitUntil(bar.isVisible)
    width = grid.layout_of_rows.width_px
    assert width <= grid.viewport().width()  # it covers no photo
    grid.set_photos(page.photos, grid.rows[:1])
    grid.set_size(0)
    assert grid.layout_of_rows.height_px <= grid.viewport().height()
    qtbot.waitUntil(lambda: not bar.isVisible())
    assert grid.layout_of_rows.width_px == width  # and no photo moves for it


def test_like_this_one(qtbot: QtBot, window: MainWindow) -> None:
    page = window.browse_page
    assert page.photos is not None
    page.grid.go_to(3)
    page.grid.select_all()
    QTest.keyClick(page, Qt.Key.Key_M)
    assert len(page.grid.selected_rows) == 0  # a show is made of all that is found
    assert page.grid.rows.tolist() == page.photos.alike(3).tolist()
    assert page.described.text().startswith("like ")
    QTest.keyClick(page, Qt.Key.Key_E)
    assert page.grid.rows[0] == 3
    page.clear_all()
    assert len(page.grid.rows) == N_PHOTOS


def test_photos_are_taken_along(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, folder = window.browse_page, tmp_path / "taken"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(folder))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "list.txt"), ""))
    page.grid.select_all()
    page.copy_out()
    qtbot.waitUntil(lambda: window.toasts.shown[-1].text == "8 photos copied", timeout=LIMIT_MS)
    assert len(list(folder.iterdir())) == N_PHOTOS
    page.save_list()
    qtbot.waitUntil(lambda: (tmp_path / "list.txt").exists(), timeout=LIMIT_MS)
    lines = (tmp_path / "list.txt").read_bytes().splitlines()
    assert {Path(os.fsdecode(line)) for line in lines} == set(page.paths_of(page.grid.rows))


def test_songs_for_a_photo(qtbot: QtBot, window: MainWindow, clip: Path) -> None:
    page = window.browse_page
    window.open_song(clip)
    qtbot.waitUntil(lambda: bool(window.session.runners_up), timeout=LIMIT_MS)
    window.show_page("browse")
    page.find_songs()
    qtbot.waitUntil(lambda: bool(window.findChildren(Sheet)), timeout=LIMIT_MS)
    sheet = window.findChildren(Sheet)[-1]
    assert sheet.accessibleName() == "Songs for this photo"
    choices = sheet.findChildren(SongChoice)
    assert choices
    assert all(choice.accessibleName().endswith("% match") for choice in choices)
    assert choices[0].width() > 360  # as wide as the sheet, so that they stand in a column
    with qtbot.waitSignal(window.browse_parts.suggestions.song_wanted):
        QTest.keyClick(choices[0], Qt.Key.Key_Return)


def test_the_songs_path_lies_on_the_map(qtbot: QtBot, window: MainWindow, clip: Path) -> None:
    page = window.browse_page
    assert not page.path.isVisible()
    window.open_song(clip)
    qtbot.waitUntil(lambda: bool(window.session.runners_up), timeout=LIMIT_MS)
    window.show_page("browse")
    assert page.path.isVisible()
    assert np.allclose(page.map._path[0], on_disc(window.session.felt.va[:1])[0])
    QTest.keyClick(page, Qt.Key.Key_P)
    assert len(page.map._path) == 0


def test_menus_hold_every_action(qtbot: QtBot, window: MainWindow) -> None:
    page = window.browse_page
    at = page.grid.place(0).center()
    QApplication.sendEvent(
        page.grid.viewport(), QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, page.grid.mapToGlobal(at))
    )
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    words = [action.text() for action in menu.actions() if action.text()]
    menu.close()
    in_bar = {action.text() for action in window.menus.actions.values()}
    assert set(words) <= in_bar
    assert window.menus.actions["alike"].isEnabled()
    window.show_page("make")
    assert not window.menus.actions["alike"].isEnabled()
    window.menus.actions["search"].trigger()
    assert window.page == "browse"
    assert window.focusWidget() is page.bar.search


def test_without_photos_it_says_so(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    window.show_page("browse")
    page = window.browse_page
    assert page.no_photos.isVisible()
    with qtbot.waitSignal(page.demo_wanted):
        qtbot.mouseClick(page.no_photos.buttons[1], LEFT)


def test_how_long_a_choice_would_do() -> None:
    assert enough_for(0) == ""
    assert enough_for(3) == "Enough for less than a minute"
    assert enough_for(48) == "Enough for about 6 minutes"
    assert enough_for(5000) == "Enough for about 10 hours"


def test_a_word_that_is_not_yet_written_is_not_called_unknown() -> None:
    assert none_named("do") == "None is called “do”. From three letters on, what photos show is searched too."
    assert none_named("flow") == "None is called “flow”, and none plainly shows a flower."
    assert none_named("bea").endswith("none plainly shows anything that begins so.")
    assert "no such word" in none_named("xyzzy")


def test_what_is_away_does_for_nothing() -> None:
    assert enough_for(60, n_away=12) == "Enough for about 6 minutes, 12 away"
    assert enough_for(60, n_away=60) == "None of them is connected now"
    assert enough_for(1, n_away=1) == "Not connected now"
