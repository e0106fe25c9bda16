"""Teach with real widgets: photos dragged and moved by keys, pairs compared, all of it undone, skipped, kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget
from pytestqt.qtbot import QtBot

from engine.emotion import Emotion
from slideshow.main_window import MainWindow
from slideshow.mood_plane import point_on
from slideshow.mood_words import shown_word
from slideshow.teach_page import TeachPage
from slideshow.teach_place import STEP
from slideshow.teach_round import N_QUESTIONS

LIMIT_MS = 60_000
N_PHOTOS = 8
LEFT = Qt.MouseButton.LeftButton
MakeWindow = Callable[..., MainWindow]


def opened_on(qtbot: QtBot, make_window: MakeWindow, folder: Path | None) -> MainWindow:
    window = make_window()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    if folder is not None:
        window.add_folders([folder])
        qtbot.waitUntil(
            lambda: window.session.n_photos > 0 and not window.session.indexing.is_running, timeout=LIMIT_MS
        )
    window.menus.actions["teach"].trigger()
    return window


@pytest.fixture
def window(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path) -> MainWindow:
    """A window that shows Teach and asks for the first photo."""
    made = opened_on(qtbot, make_window, photo_folder)
    settled(qtbot, made)
    assert made.teach_page.asked is not None
    return made


def settled(qtbot: QtBot, window: MainWindow) -> None:
    page = window.teach_page
    qtbot.waitUntil(
        lambda: not window.jobs.is_busy and not page.is_looking and not page.round.is_telling, timeout=LIMIT_MS
    )


def place_px(page: TeachPage, place: Emotion) -> QPoint:
    return point_on(page.place.circle(), place).toPoint()


def drag(page: TeachPage, to: Emotion) -> None:
    """Take the thumbnail by its edge and drag it."""
    edge = QPoint(9, -6)
    start = page.place.thumbnail_place().center().toPoint() + edge
    end = place_px(page, to) + edge
    QTest.mousePress(page.place, LEFT, pos=start)
    for step in range(1, 9):
        QTest.mouseMove(page.place, start + (end - start) * step / 8)
    QTest.mouseRelease(page.place, LEFT, pos=end)


def test_drag_save_next_and_undo(qtbot: QtBot, window: MainWindow) -> None:
    page, teaching = window.teach_page, window.teaching
    assert page.asked is not None
    first, guess = page.asked.photo, page.asked.guess
    assert page.place.place == guess.place
    assert shown_word(guess.place) in page.said.text()
    goal = Emotion(0.24, 0.3)
    drag(page, goal)
    put = page.place.place
    assert put is not None
    assert put.valence == pytest.approx(goal.valence, abs=0.01)
    assert put.arousal == pytest.approx(goal.arousal, abs=0.01)
    assert "You put it near Sad" in page.said.text() or "You put it near Gloomy" in page.said.text()
    qtbot.mouseClick(page.save, LEFT)
    assert page.asked is not None
    assert page.asked.photo.id != first.id  # at once: it was found ahead
    settled(qtbot, window)
    assert teaching.rating_of(first) == put
    assert page.n_rated.text() == "1 rating"
    assert page.n_left.text() == "4 more until it can learn"
    second = page.asked.photo
    assert window.menus.actions["undo"].text() == "Undo rate photo"
    window.menus.actions["undo"].trigger()
    settled(qtbot, window)
    assert page.asked.photo.id == first.id
    assert page.place.place == put  # as it was left, to go on from there
    assert teaching.n_ratings == 0
    window.menus.actions["redo"].trigger()
    settled(qtbot, window)
    assert page.asked.photo.id == second.id
    assert teaching.rating_of(first) == put


def test_by_keys_alone(qtbot: QtBot, window: MainWindow) -> None:
    page = window.teach_page
    assert page.asked is not None
    first = page.asked.photo
    assert window.focusWidget() is page.place
    drag(page, Emotion(0.5, 0.5))
    before = page.place.place
    assert before is not None
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(page.place, key)
    QTest.keyClick(page.place, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    now = page.place.place
    assert now is not None
    assert now.valence == pytest.approx(before.valence + 2 * STEP)
    assert now.arousal == pytest.approx(before.arousal + 0.05 - STEP)
    for _ in range(40):
        QTest.keyClick(page.place, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    edge = page.place.place
    assert edge is not None
    assert (edge.valence - 0.5) ** 2 + (edge.arousal - 0.5) ** 2 == pytest.approx(0.25, abs=1e-3)  # on the ring
    QTest.keyClick(page.place, Qt.Key.Key_Backspace)
    assert page.place.place == page.asked.guess.place
    QTest.keyClick(page.place, Qt.Key.Key_Left)
    assert page.place.accessibleDescription().startswith(shown_word(page.place.place))
    assert "pleasant" in page.place.accessibleDescription()
    QTest.keyClick(page.place, Qt.Key.Key_Return)
    assert page.asked.photo.id != first.id
    second = page.asked.photo
    QTest.keyClick(page.place, Qt.Key.Key_S)
    assert page.asked.photo.id not in (first.id, second.id)
    settled(qtbot, window)
    assert set(window.teaching.now.ratings) == {first.content_hash}


def test_the_large_photo_can_be_taken_to_the_circle(qtbot: QtBot, window: MainWindow) -> None:
    page = window.teach_page
    goal = Emotion(0.7, 0.7)
    inside = page.photo.mapFromGlobal(page.place.mapToGlobal(place_px(page, goal)))
    start = page.photo.rect().center()
    QTest.mousePress(page.photo, LEFT, pos=start)
    for step in range(1, 11):
        QTest.mouseMove(page.photo, start + (inside - start) * step / 10)
    QTest.mouseRelease(page.photo, LEFT, pos=inside)
    put = page.place.place
    assert put is not None
    assert put.valence == pytest.approx(0.7, abs=0.01)
    assert page.place.is_moved


def test_a_round_of_pairs(qtbot: QtBot, window: MainWindow) -> None:
    page, teaching = window.teach_page, window.teaching
    pair = page.round.pair
    assert pair is not None
    assert page.round.heading.text() == "Which feels calmer?"
    assert page.round.count.text() == "Round 1 of 20"
    page.round.setFocus()
    QTest.keyClick(page.round, Qt.Key.Key_Left)
    QTest.keyClick(page.round, Qt.Key.Key_Right)  # too soon: the next pair is not there yet
    settled(qtbot, window)
    assert [answer.answer for answer in teaching.now.comparisons] == ["first"]
    assert teaching.now.comparisons[0].first_hash == pair.first.content_hash
    assert page.round.count.text() == "Round 2 of 20"
    assert page.round.pair != pair
    QTest.keyClick(page.round, Qt.Key.Key_Down)
    settled(qtbot, window)
    qtbot.mouseClick(page.round.second, LEFT)
    settled(qtbot, window)
    assert [answer.answer for answer in teaching.now.comparisons] == ["first", "same", "second"]
    window.menus.actions["undo"].trigger()
    settled(qtbot, window)
    assert page.round.count.text() == "Round 3 of 20"
    assert len(teaching.now.comparisons) == 2
    window.menus.actions["redo"].trigger()
    settled(qtbot, window)
    assert page.round.count.text() == "Round 4 of 20"
    while not page.round.is_over and page.round.pair is not None:
        QTest.keyClick(page.round, Qt.Key.Key_Left)
        settled(qtbot, window)
    answers = teaching.now.comparisons
    assert len(answers) == N_QUESTIONS
    assert {answer.question for answer in answers} == {"calmer", "happier"}
    asked = {(frozenset({a.first_hash, a.second_hash}), a.question) for a in answers}
    assert len(asked) == N_QUESTIONS  # none twice
    assert page.round.again.isVisible()
    qtbot.mouseClick(page.round.again, LEFT)
    settled(qtbot, window)
    assert page.round.count.text() == "Round 1 of 20"


def test_all_placed_and_skipped_shown_again(qtbot: QtBot, window: MainWindow) -> None:
    page = window.teach_page
    assert page.asked is not None
    skipped = page.asked.photo.id
    qtbot.mouseClick(page.skip, LEFT)
    for _ in range(N_PHOTOS - 1):
        settled(qtbot, window)
        assert page.asked is not None
        assert page.asked.photo.id != skipped
        QTest.keyClick(page.place, Qt.Key.Key_Return)
    settled(qtbot, window)
    assert page.asked is None
    assert page.all_rated.isVisible()
    assert "skipped 1 photo" in page.all_rated.words[1]
    assert page.round.isVisible()
    qtbot.mouseClick(page.all_rated.buttons[0], LEFT)
    settled(qtbot, window)
    assert page.asked is not None
    assert page.asked.photo.id == skipped
    QTest.keyClick(page.place, Qt.Key.Key_Return)
    settled(qtbot, window)
    assert page.all_rated.words[0] == "You have placed every photo"
    assert not page.all_rated.buttons[0].isVisible()
    assert window.teaching.n_ratings == N_PHOTOS
    assert page.n_left.text() == "22 more to reach 30"
    window.teaching.forget_all()
    settled(qtbot, window)
    assert page.asked is not None


def test_photos_that_cannot_be_opened_are_passed_over(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path
) -> None:
    window = opened_on(qtbot, make_window, None)
    window.show_page("make")
    window.add_folders([photo_folder])
    qtbot.waitUntil(lambda: window.session.n_photos == N_PHOTOS and not window.jobs.is_busy, timeout=LIMIT_MS)
    left = sorted(photo_folder.iterdir())
    for path in left[2:5]:
        path.unlink()  # the drive is away
    for path in left[5:]:
        path.write_bytes(b"no photo")
    window.show_page("teach")
    page = window.teach_page
    seen = set()
    for _ in range(2):
        qtbot.waitUntil(lambda: page.asked is not None and page.photo.picture is not None, timeout=LIMIT_MS)
        assert page.asked is not None
        seen.add(page.asked.photo.path.name)
        page.save_place()
    qtbot.waitUntil(page.all_rated.isVisible, timeout=LIMIT_MS)
    assert seen == {path.name for path in left[:2]}
    assert "cannot be opened" in page.all_rated.words[1]
    pair = page.round.pair
    assert pair is None or {pair.first.path, pair.second.path} == set(left[:2])


def test_without_photos(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = opened_on(qtbot, make_window, None)
    page = window.teach_page
    assert page.no_photos.isVisible()
    QTest.keyClick(page, Qt.Key.Key_S)
    page.save_place()
    page.folder_wanted.disconnect()  # it would open the system's own window
    with qtbot.waitSignal(page.folder_wanted):
        qtbot.mouseClick(page.no_photos.buttons[0], LEFT)


def test_every_control_has_a_name_and_can_be_reached(qtbot: QtBot, window: MainWindow) -> None:
    page = window.teach_page
    for control in page.findChildren(QAbstractButton):
        if control.isVisible():
            assert control.accessibleName(), control
            assert min(control.width(), control.height()) >= 32, control.accessibleName()
    reached: list[QWidget] = []
    page.place.setFocus(Qt.FocusReason.TabFocusReason)
    for _ in range(40):
        focused = window.focusWidget()
        assert focused is not None
        reached.append(focused)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    wanted = {page.place, page.skip, page.save, page.round, page.round.first, page.round.second, page.round.same}
    assert wanted <= set(reached)


def test_a_folder_is_forgotten_while_it_is_taught(qtbot: QtBot, window: MainWindow, photo_folder: Path) -> None:
    page = window.teach_page
    window.session.remove_folder(photo_folder)
    qtbot.waitUntil(page.no_photos.isVisible, timeout=LIMIT_MS)
    window.session.restore_folder(photo_folder)
    qtbot.waitUntil(lambda: page.asked is not None and page.place.isVisible(), timeout=LIMIT_MS)
    settled(qtbot, window)
    assert page.round.pair is not None


def test_photos_of_a_drive_that_is_away_wait_for_it(qtbot: QtBot, window: MainWindow, photo_folder: Path) -> None:
    page, session = window.teach_page, window.session
    elsewhere = photo_folder.with_name("unplugged")
    photo_folder.rename(elsewhere)
    session.drives.look()
    qtbot.waitUntil(lambda: len(session.offline_ids) == N_PHOTOS, timeout=LIMIT_MS)
    qtbot.waitUntil(page.all_rated.isVisible, timeout=LIMIT_MS)
    assert "cannot be opened now" in page.all_rated.words[1]
    settled(qtbot, window)
    assert page.round.pair is None
    elsewhere.rename(photo_folder)
    session.drives.look()
    qtbot.waitUntil(lambda: page.asked is not None and page.round.pair is not None, timeout=LIMIT_MS)
    assert page.place.isVisible()
