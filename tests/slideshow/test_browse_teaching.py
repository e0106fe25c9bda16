"""Teaching from Browse with real widgets: the hand on the map, the marks it leaves, the way to the Teach page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from slideshow.browse_photos import from_disc
from slideshow.main_window import MainWindow

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
    made.show_page("browse")
    qtbot.waitUntil(lambda: made.browse_page.photos is not None and not made.jobs.is_busy, timeout=LIMIT_MS)
    return made


def px(window: MainWindow, u: float, v: float) -> QPoint:
    return window.browse_page.map.view.to_px(u, v).toPoint()


def drag(window: MainWindow, start: QPoint, end: QPoint) -> None:
    over = window.browse_page.map
    QTest.mousePress(over, LEFT, pos=start)
    for step in range(1, 9):
        QTest.mouseMove(over, start + (end - start) * step / 8)
    QTest.mouseRelease(over, LEFT, pos=end)


def settled(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.jobs.is_busy, timeout=LIMIT_MS)


def test_a_photo_is_dragged_to_where_it_feels_right(qtbot: QtBot, window: MainWindow) -> None:
    page, teaching = window.browse_page, window.teaching
    assert not page.map.is_absolute
    QTest.keyClick(page.map, Qt.Key.Key_D)
    assert page.teach.isChecked()
    assert page.map_hint.text() == "Drag a photo to where it feels right."
    assert page.map.is_absolute  # there a place is what a rating says
    assert page.measure.chip("absolute").isChecked()
    lone = max(range(N_PHOTOS), key=lambda row: min(
        abs(page.map.places[row] - page.map.places[other]).sum() for other in range(N_PHOTOS) if other != row
    ))  # fmt: skip
    start = px(window, *(float(part) for part in page.map.places[lone]))
    qtbot.waitUntil(lambda: page.map.photo_at(QPointF(start)) >= 0, timeout=LIMIT_MS)
    goal = px(window, -0.5, 0.4)
    drag(window, start, goal)
    settled(qtbot, window)
    (row,) = page.map.taught.marks  # thumbnails may have come between: the one in front was taken
    photo = page.map.photo_of(row)
    rating = teaching.rating_of(photo)
    assert rating is not None
    assert (rating.valence, rating.arousal) == pytest.approx(from_disc(-0.5, 0.4), abs=0.01)
    assert window.toasts.shown[-1].text.startswith("You put this photo near")
    assert page.map.taught.mark_at(QPointF(goal)) == row  # marked where it was put
    drag(window, goal, px(window, 0.3, -0.6))  # by its mark it is moved on
    settled(qtbot, window)
    rating = teaching.rating_of(photo)
    assert rating is not None
    assert rating.valence == pytest.approx(from_disc(0.3, -0.6)[0], abs=0.01)
    assert teaching.n_ratings == 1
    button = window.toasts.shown[-1].button
    assert button is not None
    qtbot.mouseClick(button, LEFT)
    settled(qtbot, window)
    assert page.map.taught.mark_at(QPointF(goal)) == row
    window.menus.actions["undo"].trigger()
    settled(qtbot, window)
    assert teaching.n_ratings == 0
    assert not page.map.taught.marks
    page.use_lasso()
    assert not page.map.is_absolute  # as it was before
    assert page.map_hint.text() == "Across: how pleasant. Up: how energetic."


def test_the_teaching_hand_else_moves_the_map_and_picks(qtbot: QtBot, window: MainWindow) -> None:
    page = window.browse_page
    page.use_teach()
    page.map.zoom(2.0)
    qtbot.waitUntil(lambda: page.map.view.zoom == pytest.approx(2.0), timeout=LIMIT_MS)
    before = page.map.view
    corner = QPoint(12, page.map.height() - 100)
    assert page.map.photo_at(QPointF(corner)) < 0
    drag(window, corner, corner + QPoint(40, 0))
    assert page.map.view.u != before.u
    page.map.show_all()
    qtbot.waitUntil(lambda: page.map.view.zoom == pytest.approx(1.0), timeout=LIMIT_MS)
    at = px(window, *(float(part) for part in page.map.places[2]))
    qtbot.waitUntil(lambda: page.map.photo_at(QPointF(at)) >= 0, timeout=LIMIT_MS)
    row = page.map.photo_at(QPointF(at))
    QTest.mouseClick(page.map, LEFT, pos=at)
    assert page.grid.current_row == row
    start = px(window, *(float(part) for part in page.map.places[2]))
    QTest.mousePress(page.map, LEFT, pos=start)
    QTest.mouseMove(page.map, start + QPoint(60, 60))
    assert page.map.taught.is_dragging
    QTest.keyClick(page.map, Qt.Key.Key_Escape)
    QTest.mouseRelease(page.map, LEFT, pos=start + QPoint(60, 60))
    settled(qtbot, window)
    assert window.teaching.n_ratings == 0
    page.turn_measure()  # relative places are no ratings
    assert page.map.tool == "lasso"


def test_from_the_grid_to_the_teach_page(qtbot: QtBot, window: MainWindow) -> None:
    page = window.browse_page
    qtbot.mouseClick(page.grid.viewport(), LEFT, pos=page.grid.place(4).center())
    assert page.photos is not None
    photo = page.photos.photo(page.grid.current_row)
    assert any(name == "teach photo" for name, *_ in page.entries())
    QTest.keyClick(page.grid, Qt.Key.Key_T)
    assert window.page == "teach"
    settled(qtbot, window)
    teach = window.teach_page
    assert teach.asked is not None
    assert teach.asked.photo.id == photo.id
    assert teach.asked.guess.reach[0] > 0  # what the model expects has come
    QTest.keyClick(teach.place, Qt.Key.Key_Up)
    QTest.keyClick(teach.place, Qt.Key.Key_Return)
    settled(qtbot, window)
    assert window.teaching.rating_of(photo) is not None
    window.show_page("browse")
    QTest.keyClick(page.grid, Qt.Key.Key_T)
    settled(qtbot, window)
    assert "before" in teach.said.text()
    assert teach.forget.isVisible()
    qtbot.mouseClick(teach.forget, LEFT)
    settled(qtbot, window)
    assert window.teaching.rating_of(photo) is None
    assert teach.place.place == teach.asked.guess.place
