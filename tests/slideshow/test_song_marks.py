"""Marks of a song with real widgets: asked for on a sheet, flags on the timeline, listed, changed, undone, kept."""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from engine.errors import UnreadableSong
from engine.library import Library
from engine.ratings import SongMark
from engine.song_keys import song_key
from slideshow import session_jobs
from slideshow.buttons import Button
from slideshow.main_window import MainWindow
from slideshow.song_mark_flags import MARK_EVERY_S, foot_of, marked_in, times_of
from slideshow.song_mark_sheets import MarksSheet, MomentSheet
from tests.engine.old_song_keys import as_of_an_older_library

LIMIT_MS = 60_000
LEFT = Qt.MouseButton.LeftButton
MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def window(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path) -> MainWindow:
    """A window with a show of twenty seconds, paused at the seventh."""
    made = make_window()
    qtbot.waitUntil(lambda: made.session.is_open, timeout=LIMIT_MS)
    made.add_folders([photo_folder])
    made.open_song(clip)
    qtbot.waitUntil(lambda: bool(made.session.runners_up) and not made.session.indexing.is_running, timeout=LIMIT_MS)
    settled(qtbot, made)
    made.create_page.seek(7.0)
    return made


def settled(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.jobs.is_busy, timeout=LIMIT_MS)


def sheet_of(window: MainWindow) -> MomentSheet:
    found = [sheet for sheet in window.findChildren(MomentSheet) if sheet.isVisible()]
    assert len(found) == 1
    return found[0]


def mark_here(qtbot: QtBot, window: MainWindow, *keys: Qt.Key) -> None:
    QTest.keyClick(window.create_page, Qt.Key.Key_K)
    sheet = sheet_of(window)
    for key in (*keys, Qt.Key.Key_Return):
        QTest.keyClick(sheet.place, key)
    settled(qtbot, window)


def press(sheet: object, name: str) -> None:
    assert isinstance(sheet, MarksSheet | MomentSheet)
    button = next(b for b in sheet.findChildren(Button) if b.accessibleName().startswith(name))
    button.click()


def test_a_moment_is_marked_changed_and_taken_away(qtbot: QtBot, window: MainWindow) -> None:
    marks, timeline = window.song_marks, window.create_page.timeline
    QTest.keyClick(window.create_page, Qt.Key.Key_K)
    sheet = sheet_of(window)
    assert sheet.place.guess is not None
    assert sheet.place.place == sheet.place.guess.place
    assert sheet.place.hasFocus() or window.focusWidget() is sheet.place
    sheet.said.setText("Drag the note to where it feels right. The guess so far is Distressed, or Delighted.")
    QApplication.sendPostedEvents()
    heights = sheet.height(), sheet.said.height()
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Right):
        QTest.keyClick(sheet.place, key, Qt.KeyboardModifier.ShiftModifier)
    QApplication.sendPostedEvents()
    assert (sheet.height(), sheet.said.height()) == heights  # nothing moves under the hand that places it
    put = sheet.place.place
    assert put is not None
    QTest.keyClick(sheet.place, Qt.Key.Key_Return)
    settled(qtbot, window)
    (one,) = marks.marked
    assert one.start_s == pytest.approx(7.0, abs=0.05)
    assert one.mood == put
    assert timeline.flags == (one,)
    assert window.menus.actions["undo"].text() == "Undo mark"
    head = foot_of(one, timeline.view, window.session.felt).toPoint() + QPoint(5, -15)
    QTest.mouseClick(timeline, LEFT, pos=head)
    again = sheet_of(window)
    assert again.place.place == put
    again.place.drag_to(again.place.circle().center())
    press(again, "Save")
    settled(qtbot, window)
    (changed,) = marks.marked
    assert changed.mood.valence == pytest.approx(0.5)
    assert changed.start_s == one.start_s
    window.menus.actions["undo"].trigger()
    settled(qtbot, window)
    assert marks.marked[0].mood == put
    QTest.keyClick(window.create_page, Qt.Key.Key_K)  # so near it is the same moment
    press(sheet_of(window), "Remove the mark")
    settled(qtbot, window)
    assert not timeline.flags
    button = window.toasts.shown[-1].button
    assert button is not None
    qtbot.mouseClick(button, LEFT)
    settled(qtbot, window)
    assert marks.marked[0].mood == put


def test_a_stretch_is_marked_and_listed(qtbot: QtBot, window: MainWindow) -> None:
    marks, page = window.song_marks, window.create_page
    mark_here(qtbot, window, Qt.Key.Key_Left)
    assert window.session.plan is not None
    cues = window.session.plan.cues
    page.timeline.select((len(cues) - 2, len(cues) - 1))
    qtbot.mouseClick(page.edit_bar.mark_span, LEFT)
    sheet_of(window).save()
    settled(qtbot, window)
    assert len(marks.marked) == 2
    stretch = marks.marked[-1]
    assert len(stretch.marks) == len(times_of(cues[-2].start_s, cues[-1].end_s))
    assert cues[-2].start_s <= stretch.start_s <= stretch.end_s <= cues[-1].end_s
    shown = marks.show_list()
    press(shown, f"Go there: {stretch.words}")
    assert window.sound.position_s == pytest.approx(stretch.start_s, abs=0.05)
    press(shown, f"Remove: {stretch.words}")
    settled(qtbot, window)
    assert len(marks.marked) == 1
    assert not any(stretch.words in b.accessibleName() for b in shown.findChildren(Button) if b.isVisible())
    press(shown, "Close")
    window.menus.actions["undo"].trigger()  # the stretch, whole
    settled(qtbot, window)
    assert [len(one.marks) for one in marks.marked] == [1, len(stretch.marks)]


def test_undo_follows_the_order_of_edits_and_marks(qtbot: QtBot, window: MainWindow) -> None:
    undo, redo = window.menus.actions["undo"], window.menus.actions["redo"]
    mark_here(qtbot, window, Qt.Key.Key_Left)
    window.session.editing.toggle_pin(0)
    assert undo.text() == "Undo pin"
    undo.trigger()
    assert undo.text() == "Undo mark"
    assert redo.text() == "Redo pin"
    undo.trigger()
    settled(qtbot, window)
    assert not window.song_marks.marked
    assert not undo.isEnabled()
    redo.trigger()
    redo.trigger()
    settled(qtbot, window)
    assert len(window.song_marks.marked) == 1
    assert window.session.plan is not None
    assert window.session.plan.cues[0].is_pinned
    window.show_page("teach")
    assert not undo.isEnabled()  # a song's marks are undone where they are seen


def test_a_mark_is_of_the_song_that_was_asked_about(
    qtbot: QtBot, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    QTest.keyClick(window.create_page, Qt.Key.Key_K)
    sheet = sheet_of(window)
    other = tmp_path / "other.wav"
    shutil.copy(clip.with_suffix(".wav"), other)
    window.open_song(other)  # as the queue does when a song ends
    qtbot.waitUntil(lambda: bool(window.session.runners_up), timeout=LIMIT_MS)
    settled(qtbot, window)
    QTest.keyClick(sheet.place, Qt.Key.Key_Return)
    settled(qtbot, window)
    assert [mark.path for mark in window.teaching.now.marks] == [clip]
    assert not window.song_marks.marked


def test_marks_belong_to_their_song(
    qtbot: QtBot, window: MainWindow, make_window: MakeWindow, clip: Path, tmp_path: Path
) -> None:
    mark_here(qtbot, window, Qt.Key.Key_Left)
    other = tmp_path / "other.wav"
    shutil.copy(clip.with_suffix(".wav"), other)
    window.open_song(other)
    qtbot.waitUntil(lambda: bool(window.session.runners_up), timeout=LIMIT_MS)
    settled(qtbot, window)
    assert not window.song_marks.marked
    undo = window.menus.actions["undo"]
    assert not undo.isEnabled()  # nor is another song's mark undone unseen
    window.open_song(clip)
    qtbot.waitUntil(lambda: undo.text() == "Undo mark", timeout=LIMIT_MS)
    assert undo.isEnabled()
    qtbot.waitUntil(lambda: bool(window.session.runners_up), timeout=LIMIT_MS)
    settled(qtbot, window)
    window.close()
    later = make_window()
    qtbot.waitUntil(lambda: later.session.is_open, timeout=LIMIT_MS)
    later.open_song(clip)
    qtbot.waitUntil(lambda: len(later.song_marks.marked) == 1, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: bool(later.session.runners_up), timeout=LIMIT_MS)


def test_a_song_that_was_moved_keeps_its_marks_and_is_not_heard_again(
    qtbot: QtBot, make_window: MakeWindow, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    song = Path(shutil.copy(clip, tmp_path / "song.mp3"))
    window = make_window()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    window.open_song(song)
    qtbot.waitUntil(lambda: window.song_marks.song_path == song, timeout=LIMIT_MS)
    settled(qtbot, window)
    mark_here(qtbot, window, Qt.Key.Key_Left)
    (mark,) = window.teaching.now.marks
    library = window.session.library
    assert library is not None
    window.close()
    with Library.open(library.path) as closed:  # as one that knew songs by place and time
        as_of_an_older_library(closed, version=3)
        assert [len(old.song_key) for old in closed.ratings.marks()] == [64]
    later = make_window()
    qtbot.waitUntil(lambda: later.teaching.now.marks == (mark,), timeout=LIMIT_MS)  # its key is renewed by itself
    settled(qtbot, later)
    (tmp_path / "music").mkdir()
    moved = song.rename(tmp_path / "music" / "another name.mp3")
    monkeypatch.setattr("engine.music.analyse_song", None)  # what is known of it is found
    later.open_song(moved)
    qtbot.waitUntil(lambda: len(later.song_marks.marked) == 1, timeout=LIMIT_MS)
    settled(qtbot, later)
    assert later.session.song_error is None
    assert later.session.analysis is not None
    assert later.session.analysis.path == moved
    flags = later.create_page.timeline.flags
    assert [flag.marks for flag in flags] == [(mark,)]
    later.song_marks.remove(flags[0])
    settled(qtbot, later)
    assert not later.teaching.now.marks


def test_a_moment_is_marked_and_taken_back_while_a_slow_drive_keeps_the_songs_key(
    qtbot: QtBot, make_window: MakeWindow, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, is_read = make_window(), threading.Event()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    really = song_key

    def read(path: Path, library: Library, *, look: Callable[[], object]) -> str:
        """Give up at first; at the end, when all was heard, wait for the drive."""
        look()
        assert is_read.wait(LIMIT_MS / 1000)
        return really(path, library, look=look)

    monkeypatch.setattr(session_jobs, "KEY_WAIT_S", -1.0)
    monkeypatch.setattr("engine.song_keys.song_key", read)
    window.open_song(clip)
    qtbot.waitUntil(lambda: len(window.session.felt.times_s) > 0, timeout=LIMIT_MS)
    for at_s in (3.0, 12.0):
        sheet = window.song_marks.ask(at_s, at_s)
        assert sheet is not None
        sheet.save()
    qtbot.waitUntil(lambda: len(window.song_marks.marked) == 2, timeout=LIMIT_MS)
    is_read.set()
    settled(qtbot, window)
    library = window.session.library
    assert library is not None
    key = really(clip, library)
    assert [mark.t_s for mark in library.ratings.marks(key)] == [3.0, 12.0]
    window.menus.actions["undo"].trigger()
    settled(qtbot, window)
    assert [mark.t_s for mark in library.ratings.marks()] == [3.0]
    window.menus.actions["redo"].trigger()
    settled(qtbot, window)
    assert [mark.t_s for mark in library.ratings.marks(key)] == [3.0, 12.0]


def test_a_mark_that_is_removed_when_another_song_plays_is_of_its_own_song(
    qtbot: QtBot, window: MainWindow, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark_here(qtbot, window, Qt.Key.Key_Left)
    sheet = window.song_marks.change(window.song_marks.marked[0])
    monkeypatch.setattr(window.song_marks, "_song", (clip.with_name("the next of the queue.mp3"), "another key"))
    press(sheet, "Remove the mark")
    assert window.teaching.undo_name("song", song=clip) == "remove mark"
    settled(qtbot, window)


def test_marks_of_an_older_library_on_a_drive_that_hangs_hold_nothing_up(
    qtbot: QtBot, make_window: MakeWindow, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, is_back = make_window(), threading.Event()
    qtbot.waitUntil(lambda: first.session.is_open, timeout=LIMIT_MS)
    library = first.session.library
    assert library is not None
    first.close()
    with Library.open(library.path) as closed:
        closed.ratings.mark("0" * 64, clip, 3.0, 0.5, 0.5)
    asked: list[Path] = []

    def hang(path: Path) -> tuple[int, int]:
        asked.append(path)
        is_back.wait(2 * LIMIT_MS / 1000)
        raise UnreadableSong(path, "the file does not exist")

    monkeypatch.setattr("engine.song_keys.file_stamp", hang)
    window, done = make_window(), list[object]()
    try:
        qtbot.waitUntil(lambda: asked == [clip], timeout=LIMIT_MS)
        for lane in ("interactive", "short", "ahead", "background"):
            window.jobs.submit(lane, lambda report: None, on_done=done.append)
        qtbot.waitUntil(lambda: len(done) == 4, timeout=LIMIT_MS // 2)
    finally:
        is_back.set()
    settled(qtbot, window)


def test_the_curve_has_a_menu(qtbot: QtBot, window: MainWindow) -> None:
    timeline = window.create_page.timeline
    timeline.moment_menu_asked.emit(3.0, timeline.mapToGlobal(QPoint(10, 40)))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert [action.text().partition("  ")[0] for action in menu.actions()] == [
        "Mark this moment…", "Marks of this song…",
    ]  # fmt: skip
    menu.actions()[0].trigger()
    menu.close()
    sheet = sheet_of(window)
    press(sheet, "Cancel")
    settled(qtbot, window)
    assert not window.song_marks.marked


def test_stretches_are_put_together_from_marks() -> None:
    def mark(t_s: float, valence: float) -> SongMark:
        return SongMark(int(t_s * 10), "k", Path("/a.mp3"), t_s, valence, 0.5, "")

    times = times_of(10.0, 26.0)
    assert times == (12.0, 16.0, 20.0, 24.0)
    assert times_of(3.0, 5.0) == (4.0,)
    marks = [mark(t_s, 0.2) for t_s in times] + [mark(28.0, 0.3), mark(40.0, 0.2), mark(1.0, 0.2)]
    assert [one.when for one in marked_in(marks)] == ["0:01", "0:12 to 0:24", "0:28", "0:40"]
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) <= MARK_EVERY_S
