"""The person's folders in the window: looked into on request, away and back while a show runs, told in sentences."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit
from pytestqt.qtbot import QtBot

from engine.indexing import IndexReport
from slideshow.folder_care import _found_words
from slideshow.main_window import MainWindow
from slideshow.places import DEMO_PHOTOS
from slideshow.settings import SettingsStore

MakeWindow = Callable[..., MainWindow]
LIMIT_MS = 30_000


def with_photos(qtbot: QtBot, window: MainWindow, folder: Path, *, n: int = 8) -> MainWindow:
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    window.add_folders([folder])
    qtbot.waitUntil(lambda: window.session.n_photos == n and not window.session.indexing.is_running, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: not window.jobs.is_busy, timeout=LIMIT_MS)
    window.show_page("library")
    return window


def last_toast(window: MainWindow) -> str:
    return window.toasts.shown[-1].text if window.toasts.shown else ""


def test_a_look_for_changes_says_what_it_found(
    qtbot: QtBot, make_window: MakeWindow, store: SettingsStore, photo_folder: Path, tmp_path: Path
) -> None:
    store.change(is_following_folders=False)
    window = with_photos(qtbot, make_window(), photo_folder)
    row = window.library_page.rows[photo_folder.resolve()]
    qtbot.waitUntil(row.look.isEnabled, timeout=LIMIT_MS)
    qtbot.mouseClick(row.look, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: last_toast(window) == "Nothing has changed in photos.", timeout=LIMIT_MS)
    first, second, *_ = sorted(photo_folder.iterdir())
    first.unlink()
    second.write_bytes(second.read_bytes() + b"more")  # another content, the same picture
    qtbot.waitUntil(window.library_page.look_again.isEnabled, timeout=LIMIT_MS)
    qtbot.mouseClick(window.library_page.look_again, Qt.MouseButton.LeftButton)
    words = "1 new or changed photo in photos, 1 photo gone."
    qtbot.waitUntil(lambda: last_toast(window) == words, timeout=LIMIT_MS)
    photo_folder.rename(tmp_path / "away")
    window.session.drives.look()
    qtbot.waitUntil(lambda: len(window.session.offline_ids) == 7, timeout=LIMIT_MS)
    qtbot.mouseClick(row.look, Qt.MouseButton.LeftButton)
    assert last_toast(window) == "photos is still not there."


def test_the_keys_take_a_removal_back_after_its_toast_has_gone(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path
) -> None:
    window, folder = with_photos(qtbot, make_window(), photo_folder), photo_folder.resolve()
    undo = window.menus.actions["undo"]
    assert not undo.isEnabled()
    qtbot.mouseClick(window.library_page.rows[folder].forget, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.n_photos == 0, timeout=LIMIT_MS)
    window.toasts.shown[-1].leave()
    window.show_page("browse")
    assert not undo.isEnabled()
    window.show_page("library")
    assert undo.text() == "Undo the last step"
    undo.trigger()
    qtbot.waitUntil(lambda: window.session.n_photos == 8, timeout=LIMIT_MS)
    assert not undo.isEnabled()
    window.folders.forget(folder)
    assert undo.isEnabled()
    button = window.toasts.shown[-1].button
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not undo.isEnabled()
    qtbot.waitUntil(lambda: window.session.n_photos == 8, timeout=LIMIT_MS)


def test_the_library_counts_its_own_photos_not_those_of_a_choice(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path
) -> None:
    window = with_photos(qtbot, make_window(), photo_folder)
    catalog = window.session.whole_catalog
    assert catalog is not None
    window.session.choose_photos(frozenset(photo.id for photo in catalog.photos[:2]))
    assert window.session.n_photos == 2
    assert window.library_page._summary.text() == "8 photos in shows"
    assert "Eight photos" in window.library_page.few.words.text()


def test_a_look_into_all_names_the_folder_that_is_away(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, tmp_path: Path
) -> None:
    window = with_photos(qtbot, make_window(), photo_folder)
    second = tmp_path / "second"
    second.mkdir()
    shutil.copy(sorted(photo_folder.iterdir())[0], second)
    window.add_folders([second])
    qtbot.waitUntil(lambda: second.resolve() in window.library_page.rows, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: not window.jobs.is_busy, timeout=LIMIT_MS)
    photo_folder.rename(tmp_path / "away")
    window.session.drives.look()
    qtbot.waitUntil(lambda: bool(window.session.offline_ids), timeout=LIMIT_MS)
    qtbot.waitUntil(window.library_page.look_again.isEnabled, timeout=LIMIT_MS)
    qtbot.mouseClick(window.library_page.look_again, Qt.MouseButton.LeftButton)
    assert last_toast(window) == "photos is still not there."
    qtbot.waitUntil(lambda: last_toast(window) == "Nothing has changed in second.", timeout=LIMIT_MS)


def test_the_demo_is_called_so() -> None:
    report = IndexReport(found=1, indexed=0, unchanged=1, recognised=0, missing=0, skipped=(), seconds=0.0)
    assert _found_words(report, (DEMO_PHOTOS.resolve(),)) == "Nothing has changed in the demo photos."


def test_the_demo_rests_only_while_there_are_photos_of_ones_own(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = tmp_path / "demo"
    demo.mkdir()
    shutil.copy(next(photo_folder.iterdir()), demo)
    for module in ("folder_care", "session_photos"):
        monkeypatch.setattr(f"slideshow.{module}.DEMO_PHOTOS", demo)
    window = with_photos(qtbot, make_window(), demo, n=1)
    session, undo = window.session, window.menus.actions["undo"]
    window.add_folders([photo_folder])
    own = photo_folder.resolve()
    qtbot.waitUntil(lambda: session.folders_at_rest == (str(demo),) and not window.jobs.is_busy, timeout=LIMIT_MS)
    window.show_page("library")
    window.folders.forget(own)
    qtbot.waitUntil(lambda: session.folders == (demo,) and session.n_photos == 1, timeout=LIMIT_MS)
    assert last_toast(window) == f"{own.name} left the library. The demo photos are back."
    undo.trigger()
    qtbot.waitUntil(lambda: own in session.folders and session.n_photos > 1, timeout=LIMIT_MS)
    assert session.folders_at_rest == (str(demo),)


def test_the_undo_keys_take_the_toast_that_is_seen_before_what_was_done_on_another_page(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path
) -> None:
    window = with_photos(qtbot, make_window(), photo_folder)
    session, undo, own = window.session, window.menus.actions["undo"], photo_folder.resolve()
    window.open_song(clip)
    qtbot.waitUntil(lambda: session.plan is not None and not window.jobs.is_busy, timeout=LIMIT_MS)
    session.editing.toggle_pin(0)
    window.show_page("library")
    window.folders.forget(own)
    qtbot.waitUntil(lambda: own not in session.folders, timeout=LIMIT_MS)
    window.show_page("settings")
    assert undo.text() == "Undo the last step"
    undo.trigger()
    qtbot.waitUntil(lambda: own in session.folders, timeout=LIMIT_MS)
    assert session.plan is not None
    assert session.plan.cues[0].is_pinned
    window.show_page("library")
    window.folders.forget(own)
    window.show_page("settings")
    window.toasts.shown[-1].leave()
    assert undo.text() != "Undo the last step"  # it is told nowhere any more


def test_changes_are_followed_as_the_settings_say(
    qtbot: QtBot, make_window: MakeWindow, store: SettingsStore, photo_folder: Path
) -> None:
    window = with_photos(qtbot, make_window(), photo_folder)
    following = window.session.following
    qtbot.waitUntil(lambda: following.watch.is_watched(photo_folder.resolve()), timeout=LIMIT_MS)
    qtbot.mouseClick(window.settings_page.following, Qt.MouseButton.LeftButton)
    assert not store.now.is_following_folders
    assert not following.is_on
    qtbot.waitUntil(lambda: not following.watch.is_watched(photo_folder.resolve()), timeout=LIMIT_MS)


def test_a_show_goes_on_while_its_drive_is_away(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path, tmp_path: Path
) -> None:
    window = with_photos(qtbot, make_window(), photo_folder)
    session = window.session
    window.open_song(clip)
    qtbot.waitUntil(lambda: bool(session.runners_up), timeout=LIMIT_MS)
    window.create_page.play_from_start()
    qtbot.waitUntil(lambda: session.played_s > 0.3, timeout=LIMIT_MS)
    plan = session.plan
    photo_folder.rename(tmp_path / "away")
    session.drives.look()
    qtbot.waitUntil(lambda: session.n_photos == 0, timeout=LIMIT_MS)
    before_s = session.played_s
    window.create_page.seek(plan.cues[-1].start_s)  # type: ignore[union-attr]  # a photo that cannot be read now
    qtbot.waitUntil(lambda: session.played_s > before_s + 1.0, timeout=LIMIT_MS)
    assert window.sound.is_playing
    assert session.plan == plan
    window.sound.pause()
    (tmp_path / "away").rename(photo_folder)
    session.drives.look()
    qtbot.waitUntil(lambda: session.n_photos == 8 and session.offline_ids == frozenset(), timeout=LIMIT_MS)
    stage = window.create_page.frame.stage
    assert stage is not None
    assert session.plan is not None
    qtbot.waitUntil(lambda: not stage._photos.unreadable, timeout=LIMIT_MS)


def test_a_show_made_by_hand_waits_for_its_drive(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    for photo in sorted(photo_folder.iterdir())[:4]:
        shutil.move(photo, here)
    window = with_photos(qtbot, make_window(), photo_folder, n=4)
    with_photos(qtbot, window, here)
    session = window.session
    window.open_song(clip)
    qtbot.waitUntil(lambda: bool(session.runners_up), timeout=LIMIT_MS)
    session.editing.use_runner_up(1, session.runners_up[1][0])
    plan = session.plan
    photo_folder.rename(tmp_path / "away")
    session.drives.look()
    qtbot.waitUntil(lambda: session.n_photos == 4, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: not window.jobs.is_busy, timeout=LIMIT_MS)
    assert session.plan == plan
    (tmp_path / "away").rename(photo_folder)
    session.drives.look()
    qtbot.waitUntil(lambda: session.n_photos == 8 and not window.jobs.is_busy, timeout=LIMIT_MS)
    assert session.plan == plan


def test_the_make_page_says_that_the_photos_are_away(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, clip: Path, tmp_path: Path
) -> None:
    window = with_photos(qtbot, make_window(), photo_folder)
    photo_folder.rename(tmp_path / "away")
    window.session.drives.look()
    qtbot.waitUntil(lambda: window.session.n_photos == 0, timeout=LIMIT_MS)
    window.open_song(clip)
    qtbot.waitUntil(window.create_page.no_photos.isVisible, timeout=LIMIT_MS)
    heading, text = window.create_page.no_photos.words
    assert heading == "The folder photos cannot be reached"
    assert "Its 8 photos are kept." in text


def test_names_that_are_no_text_are_shown_readably(
    qtbot: QtBot, make_window: MakeWindow, photo_folder: Path, tmp_path: Path
) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd \xff name\nof two lines"))
    folder.mkdir()
    shutil.copy2(next(photo_folder.iterdir()), folder / "日本.jpg")
    (folder / os.fsdecode(b"broken \xfe\xe2\x80\xae.jpg")).write_text("no photo")
    window = with_photos(qtbot, make_window(), folder, n=1)
    row = window.library_page.rows[folder.resolve()]
    assert row._name.text() == "odd \N{REPLACEMENT CHARACTER} name\N{REPLACEMENT CHARACTER}of two lines"
    qtbot.waitUntil(window.library_page.unread.isVisible, timeout=LIMIT_MS)
    qtbot.mouseClick(window.library_page.unread.button, Qt.MouseButton.LeftButton)
    view = window.findChildren(QPlainTextEdit)[-1]
    assert view.horizontalScrollBar().maximum() == 0  # a reason at the end of a long path is read without scrolling
    text = view.toPlainText()
    assert "broken \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}.jpg: it is not a photo" in text
    qtbot.mouseClick(row.forget, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.folders == (), timeout=LIMIT_MS)
    assert folder.is_dir()
