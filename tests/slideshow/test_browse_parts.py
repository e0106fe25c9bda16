"""Browse with real widgets: favourites, stacks, photos shows pass over, saved moods, songs by mood."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu
from pytestqt.qtbot import QtBot

from slideshow.browse_filters import Filters
from slideshow.main_window import MainWindow
from slideshow.places import DEMO_SONGS
from slideshow.saved_moods import filters_of, query_of
from slideshow.sheets import Sheet
from slideshow.song_suggestions import SongChoice

LIMIT_MS = 60_000
N_PHOTOS = 8
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def window(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path) -> MainWindow:
    """A window that shows Browse with eight photos, of which two are copies of others."""
    files = sorted(photo_folder.glob("*.jpg"))
    for number, path in enumerate(files[:2]):
        files[-1 - number].unlink()
        shutil.copy(path, path.with_name(f"copy-{number}.jpg"))
    made = make_window()
    qtbot.waitUntil(lambda: made.session.is_open, timeout=LIMIT_MS)
    made.add_folders([photo_folder])
    qtbot.waitUntil(
        lambda: made.session.n_photos == N_PHOTOS and not made.session.indexing.is_running, timeout=LIMIT_MS
    )
    made.menus.actions["browse"].trigger()
    settled(qtbot, made)
    return made


def settled(qtbot: QtBot, window: MainWindow) -> None:
    page = window.browse_page
    qtbot.waitUntil(
        lambda: page.photos is not None and page.photos.catalog is window.session.whole_catalog, timeout=LIMIT_MS
    )


def menu_action(name: str) -> None:
    """Choose a line of the menu that is open."""
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text().split("\t")[0] == name).trigger()
    menu.close()


def test_stacks_are_opened_and_closed(qtbot: QtBot, window: MainWindow) -> None:
    page, grid = window.browse_page, window.browse_page.grid
    assert page.photos is not None
    assert len(page.found_rows) == N_PHOTOS
    assert len(grid.rows) == N_PHOTOS - 2
    assert page.n_chosen.text() == "8 photos"
    first = next(i for i, count in enumerate(grid._counts) if count == 2)
    corner = grid.place(first).topLeft() + QPoint(12, 12)
    assert grid.stack_at(QPointF(corner)) == first
    qtbot.mouseClick(grid.viewport(), LEFT, pos=corner)
    assert len(grid.rows) == N_PHOTOS - 1
    assert len(grid.selected_rows) == 0
    assert page.photos.catalog.groups[grid.rows[first]] == page.photos.catalog.groups[grid.rows[first + 1]]
    QTest.keyClick(grid, Qt.Key.Key_S)
    assert len(grid.rows) == N_PHOTOS - 2
    # A closed stack stands for all its photos, in a show and in a copy.
    qtbot.mouseClick(grid.viewport(), LEFT, pos=grid.place(first).center())
    assert len(grid.selected_rows) == 1
    assert len(page.used_rows) == len(page.marked_rows) == 2
    assert "stack of 2" in grid.accessibleDescription()
    inside = next(row for row in page.marked_rows if row != grid.rows[first])
    page.go_to(int(inside))
    assert grid.current_row == grid.rows[first]
    assert grid.toggle_stack()
    page.set_sort("mood")
    assert len(grid.rows) == N_PHOTOS - 1  # it stays open in another order
    window.menus.actions["stacks"].trigger()
    assert len(grid.rows) == N_PHOTOS
    # Photos of a drive that is away are kept, said to be so, and not read.
    session = window.session
    assert session.whole_catalog is not None
    away = session.whole_catalog.photos[0]
    session.offline_ids = frozenset({away.id})
    session.whole_catalog = replace(session.whole_catalog)
    session.catalog_changed.emit()
    settled(qtbot, window)
    assert len(page.found_rows) == N_PHOTOS
    page.go_to(page.photos.row_of(away.id))
    assert "not connected" in grid.accessibleDescription()
    grid.viewport().repaint()
    assert not window.thumbnails.is_unreadable(away.path)


def test_favourites_and_what_shows_pass_over(qtbot: QtBot, window: MainWindow) -> None:
    page, grid, session = window.browse_page, window.browse_page.grid, window.session
    assert session.library is not None
    plan_before = session.plan
    grid.setFocus(Qt.FocusReason.TabFocusReason)
    row = next(int(row) for i, row in enumerate(grid.rows) if grid._counts[i] == 1)
    page.go_to(row)
    assert page.photos is not None
    photo_id = page.photos.photo(row).id
    QTest.keyClick(grid, Qt.Key.Key_F)
    assert page.photos.favourites[row]  # at once
    window.menus.actions["undo"].trigger()
    assert not page.photos.favourites[row]
    assert not window.menus.actions["undo"].isEnabled()
    QTest.keyClick(grid, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: bool(page.photos and page.photos.photo(row).is_favourite), timeout=LIMIT_MS)
    assert session.plan is plan_before
    qtbot.mouseClick(page.bar.favourites, LEFT)
    assert [page.photos.photo(int(r)).id for r in grid.rows] == [photo_id]
    page.clear_all()
    assert not page.bar.favourites.isChecked()
    page.grid.select_all()
    page.turn_favourite()
    assert page.photos.favourites.all()
    window.toasts.shown[-1].button.click()  # type: ignore[union-attr]
    qtbot.waitUntil(
        lambda: (
            bool(page.photos and [p.id for p in page.photos.catalog.photos if p.is_favourite] == [photo_id])
            and not window.jobs.is_busy
        ),
        timeout=LIMIT_MS,
    )
    # A screenshot is passed over by shows, is marked, and is let in from the menu.
    catalog = session.whole_catalog
    assert catalog is not None
    shot = next(photo for photo in catalog.photos if photo.id != photo_id)
    with session.library._db.writing() as db:
        db.execute("UPDATE photos SET kind = 'screenshot' WHERE path = ?", (os.fsencode(shot.path),))
    session.refresh()
    qtbot.waitUntil(lambda: bool(page.photos and page.photos.left_out.any()), timeout=LIMIT_MS)
    assert page.photos.left_out.sum() == 1
    page.go_to(page.photos.row_of(shot.id))
    grid.select_none()
    assert "Screenshot, not in shows" in grid.accessibleDescription()
    page.open_menu(page.mapToGlobal(QPoint(400, 300)))
    menu_action("Let into shows")
    qtbot.waitUntil(lambda: bool(page.photos and not page.photos.left_out.any()), timeout=LIMIT_MS)


def test_a_mood_is_saved_used_renamed_and_deleted(qtbot: QtBot, window: MainWindow) -> None:
    page, saved = window.browse_page, window.browse_parts.saved
    chips = page.bar.moods
    assert not chips.save.isEnabled()
    page.pleasant.set_range(0.0, 0.6)
    page._on_ranges()
    qtbot.waitUntil(lambda: chips.save.isEnabled(), timeout=LIMIT_MS)
    expected = set(page.found_rows.tolist())
    assert 0 < len(expected) < N_PHOTOS
    qtbot.mouseClick(chips.save, LEFT)
    field = window.findChildren(Sheet)[-1].findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    field.setText("Grey  days")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: [chip.text() for chip in chips.saved] == ["Grey days"], timeout=LIMIT_MS)
    assert chips.saved[0].isChecked()
    page.clear_all()
    assert not chips.saved[0].isChecked()
    qtbot.mouseClick(chips.saved[0], LEFT)
    assert set(page.found_rows.tolist()) == expected
    assert page.pleasant.range == (0.0, 0.6)
    # It goes with the library: a photo that is banned leaves it by itself.
    assert page.photos is not None
    assert window.session.library is not None
    gone = page.photos.photo(min(expected)).id
    window.session.library.ban(gone)
    window.session.refresh()
    qtbot.waitUntil(lambda: bool(page.photos and page.photos.row_of(gone) < 0), timeout=LIMIT_MS)
    assert page.photos is not None
    assert gone not in {page.photos.photo(int(row)).id for row in page.found_rows}
    assert (page.photos.felt[page.found_rows, 0] <= 0.6).all()
    saved.open_menu("Grey days", page.mapToGlobal(QPoint(300, 80)))
    menu_action("Rename…")
    field = window.findChildren(Sheet)[-1].findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    field.setText("Rain")
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: list(saved.all) == ["Rain"], timeout=LIMIT_MS)
    saved.open_menu("Rain", page.mapToGlobal(QPoint(300, 80)))
    with qtbot.waitSignal(page.start_wanted, timeout=LIMIT_MS) as started:
        menu_action("Start a show from these")
    assert set(started.args[0].tolist()) == set(page.found_rows.tolist())
    saved.delete("Rain")
    qtbot.waitUntil(lambda: not chips.saved and not saved.all, timeout=LIMIT_MS)
    window.toasts.shown[-1].button.click()  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: list(saved.all) == ["Rain"], timeout=LIMIT_MS)


def test_songs_are_listed_by_mood_and_make_a_show(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    page, songs = window.browse_page, window.songs_by_mood
    QTest.keyClick(page, Qt.Key.Key_G)
    assert page.no_songs.isVisible()
    music = tmp_path / "music"
    music.mkdir()
    for path in sorted(DEMO_SONGS.glob("*.ogg"))[:2]:
        shutil.copy(path, music)
    shutil.copy(path, music / "copy.ogg")  # listed once: nothing would tell the two apart
    with qtbot.waitSignal(songs.finished, timeout=LIMIT_MS):
        songs.add([music])
    qtbot.waitUntil(lambda: page.songs.model().rowCount() == 2, timeout=LIMIT_MS)
    assert page.n_chosen.text() == "2 songs"
    known = songs.known
    assert known is not None
    lively = int(known.felt[:, 1].argmax())
    middle = float(known.felt[:, 1].mean())
    page.energy.set_range(middle, 1.0)
    page._on_ranges()
    qtbot.waitUntil(lambda: page.songs.model().rowCount() == 1, timeout=LIMIT_MS)
    at = page.map.view.to_px(*(float(part) for part in known.places[lively])).toPoint()
    qtbot.mouseClick(page.map, LEFT, pos=at)
    assert page.songs.currentIndex().row() == 0
    assert page.start.text() == "Make a show with this song"
    assert page.songs.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole).startswith(known.songs[lively].title)
    window.browse_page.songs.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(page.songs, Qt.Key.Key_Return)
    assert window.page == "make"
    qtbot.waitUntil(lambda: window.session.plan is not None and window.sound.is_playing, timeout=LIMIT_MS)
    assert window.session.song_path == known.songs[lively].path
    window.sound.pause()
    window.show_page("browse")
    page.turn_songs()
    page.clear_all()
    page.grid.select_all()
    page.find_songs_for_all()
    qtbot.waitUntil(lambda: bool(window.findChildren(Sheet)), timeout=LIMIT_MS)
    sheet = window.findChildren(Sheet)[-1]
    assert sheet.accessibleName() == f"Songs for these {N_PHOTOS} photos"
    assert any(known.songs[lively].title in choice.accessibleName() for choice in sheet.findChildren(SongChoice))
    sheet.close()


def test_what_is_saved_is_read_again() -> None:
    region = np.array([[0.1, 0.2], [0.5, 0.25], [0.3, -0.1]], dtype=np.float32)
    filters = Filters(
        regions=(region,), words=frozenset({"calm"}), valence=(0.2, 0.9), days=(5, 9), text="Rome", is_favourite=True
    )
    query = query_of(filters, is_absolute=True)
    back, is_absolute = filters_of(query)
    assert is_absolute
    assert query_of(back, is_absolute=True) == query
    assert (back.words, back.valence, back.days, back.text) == (filters.words, (0.2, 0.9), (5, 9), "Rome")
    assert np.allclose(back.regions[0], region, atol=1e-4)
    for damaged in (
        "",
        "[]",
        "{",
        '{"regions": [[1]], "valence": [2, 1], "days": ["a", 3], "words": ["x"], "text": 4}',
    ):
        found, _ = filters_of(damaged)
        assert not found.is_any
