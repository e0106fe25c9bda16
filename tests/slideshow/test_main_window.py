"""The window: from the first start to a film, by mouse and by keys; faults are said; it closes whatever runs."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from slideshow.app import Ending, Faults
from slideshow.buttons import Button
from slideshow.focus_ring import FocusRing
from slideshow.main_window import MainWindow
from slideshow.places import DEMO_PHOTOS
from slideshow.settings import SettingsStore
from slideshow.sheets import Sheet

LIMIT_MS = 60_000
MakeWindow = Callable[..., MainWindow]


def with_photos(qtbot: QtBot, window: MainWindow, folder: Path) -> MainWindow:
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    window.add_folders([folder])
    qtbot.waitUntil(lambda: window.session.n_photos == 8, timeout=LIMIT_MS)
    return window


def with_show(qtbot: QtBot, window: MainWindow, folder: Path, song: Path) -> MainWindow:
    with_photos(qtbot, window, folder)
    window.open_song(song)
    qtbot.waitUntil(lambda: bool(window.session.runners_up), timeout=LIMIT_MS)
    return window


def sheet_of(window: MainWindow) -> Sheet:
    return window.findChildren(Sheet)[-1]


def test_the_first_start_leads_to_a_show(qtbot: QtBot, store: SettingsStore, make_window: MakeWindow) -> None:
    store.change(is_welcomed=False)
    window = make_window()
    page = window.welcome_page
    assert window.is_welcoming
    assert not page.play.isEnabled()
    qtbot.waitUntil(page.play.isEnabled, timeout=LIMIT_MS)
    assert window.session.n_photos == len(list(DEMO_PHOTOS.iterdir()))
    assert page.song_rows[0].isChecked()
    qtbot.mouseClick(page.song_rows[1], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.song_rows[1].isChecked() and page.play.isEnabled(), timeout=LIMIT_MS)
    qtbot.mouseClick(page.play, Qt.MouseButton.LeftButton)
    assert not window.is_welcoming
    assert store.now.is_welcomed
    assert window.player is not None
    assert window.player.isVisible()
    assert window.sound.is_playing
    window.player.close()
    assert window.page == "make"


def test_the_introduction_can_be_skipped_and_comes_back(
    qtbot: QtBot, store: SettingsStore, make_window: MakeWindow
) -> None:
    store.change(is_welcomed=False)
    window = make_window()
    qtbot.mouseClick(window.welcome_page.skip, Qt.MouseButton.LeftButton)
    assert not window.is_welcoming
    window.show_page("settings")
    qtbot.mouseClick(window.settings_page.introduction, Qt.MouseButton.LeftButton)
    assert window.is_welcoming


def test_keys_play_and_seek(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path) -> None:
    window = with_show(qtbot, make_window(), photo_folder, clip)
    plan = window.session.plan
    assert plan is not None
    QTest.keyClick(window, Qt.Key.Key_Space)
    assert window.sound.is_playing
    assert window.create_page.transport.play.accessibleName() == "Pause"
    QTest.keyClick(window, Qt.Key.Key_Space)
    assert not window.sound.is_playing
    QTest.keyClick(window, Qt.Key.Key_Home)
    assert window.sound.position_s == 0
    QTest.keyClick(window, Qt.Key.Key_Right)
    assert plan.cues[1].start_s <= window.sound.position_s < plan.cues[1].end_s
    QTest.keyClick(window, Qt.Key.Key_Left)
    assert window.sound.position_s < plan.cues[1].start_s
    QTest.keyClick(window, Qt.Key.Key_Home)
    QTest.keyClick(window, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert window.sound.position_s == pytest.approx(5.0)
    QTest.keyClick(window, Qt.Key.Key_M)
    assert window.sound.is_muted
    QTest.keyClick(window, Qt.Key.Key_Up)
    assert not window.sound.is_muted
    before = window.create_page.timeline.px_per_s
    QTest.keyClick(window, Qt.Key.Key_Plus)
    assert window.create_page.timeline.px_per_s > before


def test_space_on_a_focused_button_presses_it(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path
) -> None:
    window = with_show(qtbot, make_window(), photo_folder, clip)
    mute = window.create_page.transport.mute
    mute.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(mute, Qt.Key.Key_Space)
    assert window.sound.is_muted
    assert not window.sound.is_playing


def test_space_plays_after_a_click_on_a_button(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path
) -> None:
    window = with_show(qtbot, make_window(), photo_folder, clip)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    page, options = window.create_page, window.create_page.options

    def space() -> None:
        was_playing = window.sound.is_playing
        focused = window.focusWidget()
        QTest.keyClick(focused if focused is not None else window, Qt.Key.Key_Space)
        assert window.sound.is_playing is not was_playing

    for click in (page.transport.next, page.transport.mute, page.edit_bar.draw, page.edit_bar.end):
        qtbot.mouseClick(click, Qt.MouseButton.LeftButton)
        ring = window.findChild(FocusRing)
        assert ring is None or not ring.isVisible()  # it is for the keyboard
        space()
    assert window.sound.is_muted  # once by the click, and not back by the key
    assert page.timeline.drawing is None
    qtbot.mouseClick(page.edit_bar.options, Qt.MouseButton.LeftButton)
    assert options.isVisible()
    space()
    assert options.isVisible()
    has_pairs = options.pairs.isChecked()
    qtbot.mouseClick(options.pairs, Qt.MouseButton.LeftButton)
    assert options.pairs.isChecked() is not has_pairs
    space()
    assert options.pairs.isChecked() is not has_pairs
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
    assert options.isAncestorOf(window.focusWidget())  # the keyboard reaches what stands there
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    assert not options.isVisible()
    space()
    reached = []
    for _ in range(60):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        reached.append(window.focusWidget())
    assert {page.change_song, page.transport.play, page.transport.mute, page.edit_bar.options} <= set(reached)


def test_alt_alone_shows_the_menu_bar(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    alt, ctrl = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ControlModifier
    QTest.keyPress(window, Qt.Key.Key_Alt, ctrl)  # of Ctrl+Alt+O
    QTest.keyRelease(window, Qt.Key.Key_Alt, ctrl)
    assert not window.menuBar().isVisible()
    QTest.keyPress(window, Qt.Key.Key_Alt)  # Alt with another key
    QTest.keyClick(window, Qt.Key.Key_F6, alt)
    QTest.keyRelease(window, Qt.Key.Key_Alt)
    assert not window.menuBar().isVisible()
    QTest.keyPress(window, Qt.Key.Key_Alt)  # as a cut is dragged off the beats
    QTest.mouseClick(window.create_page.timeline, Qt.MouseButton.LeftButton, alt)
    QTest.keyRelease(window, Qt.Key.Key_Alt)
    assert not window.menuBar().isVisible()
    QTest.keyPress(window, Qt.Key.Key_Alt)
    QTest.keyRelease(window, Qt.Key.Key_Alt)
    assert window.menuBar().isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.menuBar().isVisible()


def test_the_queue_shows_its_song_whole_in_large_text(
    qtbot: QtBot, store: SettingsStore, make_window: MakeWindow, clip: Path
) -> None:
    store.change(text_scale=1.5)
    window = make_window(song=clip)
    qtbot.waitUntil(lambda: window.session.song is not None, timeout=LIMIT_MS)
    window.queue.toggle_under(window.create_page.queue)
    qtbot.waitUntil(lambda: len(window.queue.rows) == 1 and window.queue.rows[0].isVisible())
    assert window.queue._scroll.verticalScrollBar().maximum() == 0


def test_full_screen_and_back(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path) -> None:
    window = with_show(qtbot, make_window(), photo_folder, clip)
    window.menus.actions["full screen"].trigger()
    assert window.player is not None
    assert window.player.isVisible()
    assert window.sound.is_playing
    QTest.keyClick(window.player, Qt.Key.Key_Escape)
    assert not window.player.isVisible()
    assert window.sound.is_playing  # leaving the full screen does not stop the music


def test_a_runner_up_by_key_and_undo(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path) -> None:
    window = with_show(qtbot, make_window(), photo_folder, clip)
    before = window.session.plan
    wanted = window.session.runners_up[0][1].photo
    QTest.keyClick(window, Qt.Key.Key_2)
    assert window.session.plan is not None
    assert window.session.plan.cues[0].photo == wanted
    toast = window.toasts.shown[-1]
    assert toast.button is not None
    qtbot.mouseClick(toast.button, Qt.MouseButton.LeftButton)
    assert window.session.plan == before
    window.menus.actions["redo"].trigger()
    assert window.session.plan.cues[0].photo == wanted


def test_a_film_is_saved(
    qtbot: QtBot,
    make_window: MakeWindow,
    photo_folder: Path,
    clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = with_show(qtbot, make_window(), photo_folder, clip)
    dest = tmp_path / "film.mp4"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "film"), ""))
    with qtbot.waitSignal(window.saving.film.finished, timeout=120_000):
        qtbot.mouseClick(window.create_page.export, Qt.MouseButton.LeftButton)
        window.saving.ask_for_place()
        assert window.saving.film.is_running
    assert sheet_of(window).accessibleName() == "Your film is saved"
    with av.open(str(dest)) as film:
        assert film.streams.video[0].height == 720
        assert film.duration is not None
        assert film.duration / 1e6 == pytest.approx(20.0, abs=0.2)


def test_a_film_can_be_cancelled(
    qtbot: QtBot,
    make_window: MakeWindow,
    photo_folder: Path,
    clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = with_show(qtbot, make_window(), photo_folder, clip)
    folder = tmp_path / "films"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(folder / "film.mp4"), ""))
    with qtbot.waitSignal(window.saving.film.progressed, timeout=LIMIT_MS):
        window.saving.ask_for_place()
    sheet_of(window).close()
    cancel = window.toasts.shown[-1].button
    assert cancel is not None
    with qtbot.waitSignal(window.saving.film.cancelled, timeout=LIMIT_MS):
        qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert window.toasts.shown[-1].text == "The film was not saved."
    assert list(folder.iterdir()) == []


def test_a_song_that_cannot_be_read(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    bad = tmp_path / "Harbour Lights.mp3"
    bad.write_text("this is no song")
    window.open_song(bad)
    page = window.create_page
    qtbot.waitUntil(page.bad_song.isVisible, timeout=LIMIT_MS)
    heading, text = page.bad_song.words
    assert heading == "This song cannot be read"
    assert text.startswith("Harbour Lights.mp3 is not an audio file")
    qtbot.mouseClick(page.bad_song.buttons[1], Qt.MouseButton.LeftButton)
    assert "Harbour Lights.mp3" in sheet_of(window).findChild(QPlainTextEdit).toPlainText()


def test_photos_that_cannot_be_read_are_told_once(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (photo_folder / name).write_text("no photo")
    window = with_photos(qtbot, make_window(), photo_folder)
    qtbot.waitUntil(lambda: bool(window.toasts.shown), timeout=LIMIT_MS)
    told = [toast for toast in window.toasts.shown if "could not be read" in toast.text]
    assert [toast.text for toast in told] == ["Two photos could not be read. The others are fine."]
    assert told[0].button is not None
    qtbot.mouseClick(told[0].button, Qt.MouseButton.LeftButton)
    assert "a.jpg" in sheet_of(window).findChild(QPlainTextEdit).toPlainText()
    with qtbot.waitSignal(window.session.indexing_finished, timeout=LIMIT_MS):
        window.session.rescan()
    assert not [toast for toast in window.toasts.shown if "could not be read" in toast.text]


def test_an_empty_folder_is_said(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    (tmp_path / "nothing").mkdir()
    with qtbot.waitSignal(window.session.indexing_finished, timeout=LIMIT_MS):
        window.add_folders([tmp_path / "nothing"])
    assert [toast.text for toast in window.toasts.shown] == ["No photos were found in nothing."]


def test_a_folder_that_is_not_there_is_said(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    with qtbot.waitSignal(window.session.indexing_finished, timeout=LIMIT_MS):
        window.add_folders([tmp_path / "nowhere"])
    assert [toast.text for toast in window.toasts.shown] == ["The folder nowhere is not there."]


def test_a_folder_of_damaged_photos_has_no_others_that_are_fine(
    qtbot: QtBot, make_window: MakeWindow, tmp_path: Path
) -> None:
    window = make_window()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "letter.jpg").write_text("Dear photo, ...")
    with qtbot.waitSignal(window.session.indexing_finished, timeout=LIMIT_MS):
        window.add_folders([tmp_path / "bad"])
    assert [toast.text for toast in window.toasts.shown] == ["One photo could not be read."]


def test_few_photos_are_said(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path) -> None:
    window = with_photos(qtbot, make_window(), photo_folder)
    qtbot.waitUntil(lambda: bool(window.toasts.shown), timeout=LIMIT_MS)
    assert window.toasts.shown[-1].text.startswith("Eight photos make a short show.")


def test_own_photos_put_the_demo_aside(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path) -> None:
    window = make_window()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    n_demo = len(list(DEMO_PHOTOS.iterdir()))
    window.use_demo_photos()
    qtbot.waitUntil(lambda: window.session.n_photos == n_demo, timeout=LIMIT_MS)
    window.add_folders([photo_folder])
    qtbot.waitUntil(lambda: window.session.n_photos == 8, timeout=LIMIT_MS)
    toast = next(toast for toast in window.toasts.shown if "rest" in toast.text)
    assert toast.button is not None
    qtbot.mouseClick(toast.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.n_photos == n_demo + 8, timeout=LIMIT_MS)


def test_a_broken_model_is_said_on_the_page(qtbot: QtBot, make_window: MakeWindow, tmp_path: Path) -> None:
    window = make_window(bundle_path=tmp_path)
    qtbot.waitUntil(window.create_page.broken.isVisible, timeout=LIMIT_MS)
    assert window.create_page.broken.words[0] == "The mood model is damaged"
    assert window.toasts.shown == ()


def test_an_unknown_fault_gives_a_report_and_the_app_goes_on(
    qtbot: QtBot, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    window = make_window()
    faults = Faults(window)
    try:
        error = ZeroDivisionError("division by zero")
        sys.excepthook(ZeroDivisionError, error, None)
    finally:
        faults.restore()
    sheet = sheet_of(window)
    assert "ZeroDivisionError: division by zero" in sheet.findChild(QPlainTextEdit).toPlainText()
    QTest.keyClick(sheet, Qt.Key.Key_Tab)
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert not sheet.isVisible()
    window.show_page("settings")
    assert window.page == "settings"


def test_the_report_can_be_copied(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.show_report(ValueError("odd"))
    copy = next(button for button in sheet_of(window).findChildren(Button) if button.text() == "Copy report")
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert "ValueError: odd" in QGuiApplication.clipboard().text()


def test_drops(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path) -> None:
    window = make_window()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in (photo_folder, clip)])
    buttons, modifiers = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, buttons, modifiers)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, buttons, modifiers))
    qtbot.waitUntil(lambda: bool(window.session.runners_up), timeout=LIMIT_MS)
    assert window.session.n_photos == 8
    window.drops.take([next(photo_folder.iterdir())])
    qtbot.waitUntil(lambda: bool(window.toasts.shown), timeout=LIMIT_MS)
    qtbot.waitUntil(
        lambda: window.toasts.shown[-1].text == "Drop songs, or a whole folder of photos.", timeout=LIMIT_MS
    )


def test_every_page_and_action_has_a_key_or_a_button(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    for key in ("library", "settings", "make"):
        qtbot.mouseClick(window.sidebar.item(key), Qt.MouseButton.LeftButton)
        assert window.page == key
    assert all(isinstance(action, QAction) for action in window.menus.actions.values())
    shortcuts = [key.toString() for action in window.menus.actions.values() for key in action.shortcuts()]
    assert len(shortcuts) == len(set(shortcuts))
    window.menus.actions["keys"].trigger()
    assert sheet_of(window).accessibleName() == "Keys"


def test_everything_that_takes_the_focus_has_a_name(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path
) -> None:
    window = with_show(qtbot, make_window(), photo_folder, clip)
    for page in ("make", "library", "settings"):
        window.show_page(page)
        for widget in window.findChildren(QWidget):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
                assert widget.accessibleName(), widget
                assert widget.height() >= 32, widget
                assert widget.width() >= 32, widget


@pytest.mark.parametrize("moment", ["opening", "indexing", "analysing", "exporting", "playing"])
def test_it_closes_whatever_runs(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, moment: str,
) -> None:  # fmt: skip
    window = make_window()
    if moment == "indexing":
        qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
        window.use_demo_photos()
        qtbot.waitUntil(lambda: window.session.indexing.total > 0, timeout=LIMIT_MS)
    elif moment == "analysing":
        with_photos(qtbot, window, photo_folder)
        window.open_song(clip)
        qtbot.waitUntil(lambda: window.session.analysis is not None, timeout=LIMIT_MS)
    elif moment in ("exporting", "playing"):
        with_show(qtbot, window, photo_folder, clip)
        window.open_player()
        if moment == "exporting":
            monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "film.mp4"), ""))
            with qtbot.waitSignal(window.saving.film.progressed, timeout=LIMIT_MS):
                window.saving.ask_for_place()
            assert not window.close()  # it asks, once, what is lost
            assert window.closing.sheet is not None
    assert window.close()
    assert not window.isVisible()
    ours = ("interactive", "background", "thumbnail", "stage", "sound")
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith(ours)]
    assert not list(tmp_path.glob("*film*"))
    qtbot.wait(50)


def test_loudness_and_place_are_remembered(qtbot: QtBot, store: SettingsStore, make_window: MakeWindow) -> None:
    window = make_window()
    window.create_page.set_volume(0.35)
    window.resize(1111, 777)
    window.close()
    assert store.now.volume == pytest.approx(0.35)
    again = make_window()
    assert again.sound.volume == pytest.approx(0.35)
    assert (again.width(), again.height()) == (1111, 777)


def test_a_film_goes_before_indexing_and_says_so(
    qtbot: QtBot,
    make_window: MakeWindow,
    photo_folder: Path,
    clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = with_show(qtbot, make_window(), photo_folder, clip)
    window.add_folders([DEMO_PHOTOS])
    qtbot.waitUntil(lambda: window.session.indexing.total > 0, timeout=LIMIT_MS)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(tmp_path / "film.mp4"), ""))
    with qtbot.waitSignal(window.saving.film.progressed, timeout=LIMIT_MS):
        window.saving.ask_for_place()
    card = window.library_page.indexing_card
    assert window.session.indexing.is_waiting
    assert card._heading.text() == "Waits for the film"
    more = tmp_path / "more"
    more.mkdir()
    window.add_folders([more])
    assert card._heading.text() == "Waits for the film"
    window.saving.film.cancel()
    qtbot.waitUntil(lambda: not window.session.indexing.is_waiting, timeout=LIMIT_MS)
    with qtbot.waitSignal(window.session.indexing_finished, timeout=LIMIT_MS) as finished:
        pass  # it has gone on by itself
    assert finished.args is not None
    assert finished.args[0].found >= len(list(DEMO_PHOTOS.iterdir()))


def test_closing_during_a_film_asks_once_what_would_be_lost(
    qtbot: QtBot,
    make_window: MakeWindow,
    photo_folder: Path,
    clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = with_show(qtbot, make_window(), photo_folder, clip)
    folder = tmp_path / "films"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(folder / "film.mp4"), ""))
    with qtbot.waitSignal(window.saving.film.progressed, timeout=LIMIT_MS):
        window.saving.ask_for_place()
    assert not window.close()
    sheet = window.closing.sheet
    assert sheet is not None
    assert sheet.accessibleName() == "Stop saving the film?"
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert window.isVisible()
    assert window.saving.film.is_running
    assert not window.close()
    assert window.closing.sheet is not None
    stop = next(button for button in window.closing.sheet.findChildren(Button) if button.text() == "Stop and close")
    qtbot.mouseClick(stop, Qt.MouseButton.LeftButton)
    assert not window.isVisible()
    assert list(folder.iterdir()) == []


def test_a_signal_closes_during_a_film_without_asking(
    qtbot: QtBot,
    make_window: MakeWindow,
    photo_folder: Path,
    clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window = with_show(qtbot, make_window(), photo_folder, clip)
    folder = tmp_path / "films"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: (str(folder / "film.mp4"), ""))
    with qtbot.waitSignal(window.saving.film.progressed, timeout=LIMIT_MS):
        window.saving.ask_for_place()
    ending = Ending(window)
    try:
        os.kill(os.getpid(), signal.SIGTERM)
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=LIMIT_MS)
    finally:
        ending.restore()
    assert list(folder.iterdir()) == []
