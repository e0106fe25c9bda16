"""Songs in the window: several play on without a gap, bad ones are skipped with a sentence, the queue is remembered."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from slideshow.main_window import MainWindow
from slideshow.playlist import Playlist
from slideshow.settings import SettingsStore
from slideshow.song_care import shortened, songs_in

LIMIT_MS = 60_000
MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def songs(tmp_path: Path, clip: Path) -> list[Path]:
    """Three songs that are three files."""
    folder = tmp_path / "songs"
    folder.mkdir()
    return [Path(shutil.copy(clip, folder / f"{name}{clip.suffix}")) for name in ("first", "second", "third")]


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.mp3"
    path.write_text("no song")
    return path


@pytest.fixture
def window(qtbot: QtBot, make_window: MakeWindow, photo_folder: Path) -> MainWindow:
    made = make_window()
    qtbot.waitUntil(lambda: made.session.is_open, timeout=LIMIT_MS)
    made.add_folders([photo_folder])
    qtbot.waitUntil(lambda: made.session.n_photos == 8 and not made.jobs.is_busy, timeout=LIMIT_MS)
    return made


def show(qtbot: QtBot, window: MainWindow, songs: list[Path]) -> None:
    window.songs.open(songs)
    qtbot.waitUntil(lambda: window.session.song_path == songs[0] and bool(window.session.runners_up), timeout=LIMIT_MS)


def texts(window: MainWindow) -> list[str]:
    return [toast.text for toast in window.toasts.shown]


def test_the_show_goes_straight_on_with_the_next_song(qtbot: QtBot, window: MainWindow, songs: list[Path]) -> None:
    show(qtbot, window, songs[:2])
    qtbot.waitUntil(lambda: window.songs.ahead.growth is not None and not window.jobs.is_busy, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: window.sound.next_path == songs[1], timeout=LIMIT_MS)
    assert window.songs.ahead.growth is not None
    planned = window.songs.ahead.growth.plan
    assert planned is not None
    assert window.session.plan is not None
    seen = {cue.photo.id for cue in window.session.plan.cues}
    assert not seen & {cue.photo.id for cue in planned.cues[: 8 - len(seen)]}  # the second song begins with others
    window.open_player()
    assert window.player is not None
    stage = window.player.stage
    qtbot.waitUntil(lambda: bool(stage.picture), timeout=LIMIT_MS)
    window.sound.seek(19.6)
    missing: list[bool] = []
    window.session.plan_changed.connect(lambda: missing.append(window.session.plan is None))
    with qtbot.waitSignal(window.sound.moved_on, timeout=LIMIT_MS):
        pass
    assert window.session.song_path == songs[1]
    assert window.session.plan == planned  # it is there at once
    assert missing
    assert not any(missing)
    assert window.sound.is_playing
    assert stage.plan is not None
    assert stage.plan.song == songs[1]
    assert stage.picture  # never black
    assert window.songs.playlist.index == 1
    qtbot.waitUntil(lambda: bool(window.session.runners_up), timeout=LIMIT_MS)
    window.player.close()
    window.sound.seek(19.7)
    with qtbot.waitSignal(window.sound.finished, timeout=LIMIT_MS):
        pass


def test_one_steps_through_the_queue_by_keys(qtbot: QtBot, window: MainWindow, songs: list[Path]) -> None:
    show(qtbot, window, songs)
    window.sound.play()
    for key, place in ((Qt.Key.Key_N, 1), (Qt.Key.Key_N, 2), (Qt.Key.Key_N, 2), (Qt.Key.Key_B, 1)):
        QTest.keyClick(window, key)
        qtbot.waitUntil(lambda place=place: window.session.song_path == songs[place], timeout=LIMIT_MS)  # type: ignore[misc]
        qtbot.waitUntil(lambda: bool(window.session.runners_up), timeout=LIMIT_MS)
        assert window.sound.path == songs[place]
        assert window.sound.is_playing
        assert window.songs.playlist.index == place
        assert window.windowTitle().startswith("Jungle")


def test_of_two_songs_chosen_at_once_only_the_last_is_opened(
    qtbot: QtBot, window: MainWindow, songs: list[Path]
) -> None:
    show(qtbot, window, songs[:1])
    opened: list[Path | None] = []
    window.session.show_left.connect(lambda: opened.append(window.session.song_path))
    window.songs.open([songs[1]])
    window.songs.open([songs[2]])
    qtbot.waitUntil(lambda: window.session.song_path == songs[2] and not window.jobs.is_busy, timeout=LIMIT_MS)
    assert opened == [songs[0]]


def test_a_chosen_song_does_not_wait_for_the_next_of_the_queue(
    qtbot: QtBot, window: MainWindow, songs: list[Path]
) -> None:
    show(qtbot, window, songs[:1])
    may_end = threading.Event()
    window.jobs.submit("ahead", lambda *, report: may_end.wait(30))  # a long song is heard ahead
    window.songs.open([songs[1]])
    qtbot.waitUntil(lambda: window.session.song_path == songs[1], timeout=10_000)
    may_end.set()


def test_the_last_wish_counts_between_songs_and_shows(
    qtbot: QtBot, window: MainWindow, songs: list[Path], tmp_path: Path
) -> None:
    show(qtbot, window, songs[:1])
    path = tmp_path / "kept.moodreel"
    window.projects._save_to(path)
    qtbot.waitUntil(lambda: window.projects.path == path, timeout=LIMIT_MS)
    window.projects.open(path)
    window.songs.open([songs[1]])
    qtbot.waitUntil(lambda: window.session.song_path == songs[1] and not window.jobs.is_busy, timeout=LIMIT_MS)
    assert window.projects.path is None
    window.songs.open([songs[2]])
    window.projects.open(path)
    qtbot.waitUntil(lambda: window.projects.path == path and not window.jobs.is_busy, timeout=LIMIT_MS)
    assert window.session.song_path == songs[0]


def test_a_bad_song_does_not_end_the_show_that_is_open(
    qtbot: QtBot, window: MainWindow, songs: list[Path], bad: Path
) -> None:
    show(qtbot, window, songs[:1])
    plan = window.session.plan
    window.sound.play()
    window.open_song(bad)
    qtbot.waitUntil(lambda: any("bad.mp3 is not an audio file" in text for text in texts(window)), timeout=LIMIT_MS)
    assert window.session.song_path == songs[0]
    assert window.session.plan == plan
    assert window.sound.is_playing
    assert not window.create_page.bad_song.isVisible()


def test_bad_songs_in_the_queue_are_skipped_with_a_sentence(
    qtbot: QtBot, window: MainWindow, songs: list[Path], bad: Path
) -> None:
    window.songs.open([bad, songs[0], bad, songs[1]])
    qtbot.waitUntil(lambda: window.session.song_path == songs[0], timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: window.sound.next_path == songs[1], timeout=LIMIT_MS)
    assert "bad.mp3 cannot be read, so it is skipped." in texts(window)
    assert [bool(song.fault) for song in window.songs.playlist.songs] == [True, False, True, False]
    assert not window.create_page.bad_song.isVisible()


def test_a_replaced_queue_comes_back(qtbot: QtBot, window: MainWindow, songs: list[Path], clip: Path) -> None:
    show(qtbot, window, songs)
    window.open_song(clip)
    qtbot.waitUntil(lambda: window.session.song_path == clip, timeout=LIMIT_MS)
    toast = next(toast for toast in window.toasts.shown if toast.text == "The queue was replaced.")
    assert toast.button is not None
    qtbot.mouseClick(toast.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.song_path == songs[0], timeout=LIMIT_MS)
    assert [song.path for song in window.songs.playlist.songs] == songs


def test_songs_are_added_moved_and_taken_out(
    qtbot: QtBot, window: MainWindow, songs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    show(qtbot, window, songs[:1])
    names = [str(path) for path in songs[1:]]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *args: (names, ""))
    QTest.keyClick(window, Qt.Key.Key_Q)
    panel = window.queue
    assert panel.isVisible()
    qtbot.mouseClick(panel.add, Qt.MouseButton.LeftButton)
    assert [row.number for row in panel.rows] == [song.number for song in window.songs.playlist.songs]
    assert len(panel.rows) == 3
    last = panel.rows[2]
    qtbot.waitUntil(last.isVisible, timeout=LIMIT_MS)
    last.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(last, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert [song.path.stem for song in window.songs.playlist.songs] == ["first", "third", "second"]
    qtbot.waitUntil(lambda: window.sound.next_path == songs[2], timeout=LIMIT_MS)
    row = panel.rows[1]
    assert panel.focusWidget() is row
    QTest.keyClick(row, Qt.Key.Key_Delete)
    assert [song.path.stem for song in window.songs.playlist.songs] == ["first", "second"]
    qtbot.waitUntil(lambda: window.sound.next_path == songs[1], timeout=LIMIT_MS)
    toast = next(toast for toast in window.toasts.shown if "left the queue" in toast.text)
    assert toast.button is not None
    qtbot.mouseClick(toast.button, Qt.MouseButton.LeftButton)
    assert len(window.songs.playlist.songs) == 3
    QTest.mouseClick(panel.rows[2], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.song_path == songs[1], timeout=LIMIT_MS)
    QTest.keyClick(panel, Qt.Key.Key_Escape)
    assert not panel.isVisible()


def test_a_folder_of_songs_is_a_queue_and_one_of_photos_is_not(
    qtbot: QtBot, window: MainWindow, songs: list[Path]
) -> None:
    (songs[0].parent / "cover.jpg").write_bytes(b"a cover")
    window.drops.take([songs[0].parent])
    qtbot.waitUntil(lambda: window.session.song_path == songs[0], timeout=LIMIT_MS)
    assert [song.path for song in window.songs.playlist.songs] == songs
    assert len(window.session.folders) == 1
    assert songs_in(songs[0].parent) == songs


def test_the_last_queue_is_offered_at_the_next_start(
    qtbot: QtBot, make_window: MakeWindow, window: MainWindow, songs: list[Path], store: SettingsStore
) -> None:
    show(qtbot, window, songs)
    window.songs.next_song()
    qtbot.waitUntil(lambda: store.now.last_song_index == 1, timeout=LIMIT_MS)
    assert store.now.last_songs == tuple(map(str, songs))
    assert store.now.recent_songs[0] == str(songs[1])
    window.close()
    again = make_window()
    offer = again.create_page.last_songs
    qtbot.waitUntil(offer.isVisible, timeout=LIMIT_MS)
    assert offer.text().startswith("Go on with ")
    qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: again.session.song_path == songs[1], timeout=LIMIT_MS)
    assert len(again.songs.playlist.songs) == 3
    again.menus.recent.aboutToShow.emit()
    assert again.menus.recent.actions()[0].text() == songs[1].name


def test_a_playlist_keeps_its_place() -> None:
    playlist = Playlist()
    paths = [Path(f"{i}.mp3") for i in range(5)]
    playlist.fill(paths, index=2)
    numbers = [song.number for song in playlist.songs]
    assert playlist.following is not None
    assert playlist.following.path == paths[3]
    playlist.mark_unreadable(paths[3], "it is damaged")
    assert playlist.following.path == paths[4]
    playlist.move(numbers[2], 1)
    assert playlist.index == 3
    playlist.move(numbers[0], -1)
    assert [song.number for song in playlist.songs] == [numbers[i] for i in (0, 1, 3, 2, 4)]
    before = playlist.state
    playlist.remove(numbers[0])
    assert playlist.index == 2
    assert playlist.present is not None
    assert playlist.present.path == paths[2]
    playlist.remove(numbers[2])
    assert playlist.following is not None
    assert playlist.following.path == paths[4]
    playlist.restore(before)
    assert [song.number for song in playlist.songs] == [song.number for song in before.songs]


def test_titles_fit_on_a_button() -> None:
    assert shortened("Low Tide") == "Low Tide"
    assert len(shortened("A very long title " * 5)) <= 40


def test_a_live_show_begins_and_ends_in_the_window(
    qtbot: QtBot, window: MainWindow, songs: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    show(qtbot, window, songs[:1])
    window.sound.play()
    window.menus.actions["listen"].trigger()
    assert window.page == "live"
    assert not window.sound.is_playing
    qtbot.waitUntil(lambda: window.live.is_device_missing, timeout=LIMIT_MS)
    assert window.live_page.frame.notice[1].startswith("No input was found")
    QTest.keyClick(window, Qt.Key.Key_Space)
    assert not window.live.is_playing
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.page == "make"
    assert not window.live.is_open
