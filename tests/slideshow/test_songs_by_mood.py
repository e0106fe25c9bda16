"""Folders of music through the window: added, heard behind photos, listed, forgotten and taken back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from slideshow.browse_filters import Filters
from slideshow.browse_photos import on_disc
from slideshow.main_window import MainWindow
from slideshow.places import DEMO_SONGS
from slideshow.songs_by_mood import KnownSongs, first_copies

LIMIT_MS = 60_000
LEFT = Qt.MouseButton.LeftButton
MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def music(tmp_path: Path, clip: Path) -> Path:
    """A folder with two songs and one that is none."""
    folder = tmp_path / "music"
    folder.mkdir()
    shutil.copy(clip, folder / "jungle.mp3")
    shutil.copy(DEMO_SONGS / "02-caribbean-energetic-happy.ogg", folder / "carib.ogg")
    (folder / "broken.mp3").write_bytes(b"no music")
    return folder


def test_a_folder_of_music_is_added_heard_forgotten_and_taken_back(
    qtbot: QtBot, make_window: MakeWindow, music: Path, photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = make_window()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    songs, section = window.songs_by_mood, window.music
    window.add_folders([photo_folder])
    qtbot.waitUntil(lambda: window.session.indexing.is_running, timeout=LIMIT_MS)
    window.show_page("library")
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(music))
    qtbot.mouseClick(section.add_folder, LEFT)
    qtbot.waitUntil(lambda: songs.now.is_waiting or not window.session.indexing.is_running, timeout=LIMIT_MS)
    with qtbot.waitSignal(songs.finished, timeout=LIMIT_MS):
        pass
    assert not window.session.indexing.is_running  # photos came first
    qtbot.waitUntil(lambda: songs.known is not None and len(songs.known) == 2, timeout=LIMIT_MS)
    row = section.rows[music]
    assert row.unread.isVisible()
    assert songs.reachable == {music}
    music.rename(music.with_name("elsewhere"))
    songs.refresh()
    qtbot.waitUntil(lambda: not songs.reachable, timeout=LIMIT_MS)
    music.with_name("elsewhere").rename(music)
    songs.refresh()
    qtbot.waitUntil(lambda: songs.reachable == {music}, timeout=LIMIT_MS)
    assert any("2 songs listened to" in toast.text for toast in window.toasts.shown)
    qtbot.mouseClick(row.forget, LEFT)
    qtbot.waitUntil(lambda: not songs.folders and songs.known is not None and not len(songs.known), timeout=LIMIT_MS)
    window.toasts.shown[-1].button.click()  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: songs.known is not None and len(songs.known) == 2, timeout=LIMIT_MS)


def test_it_rests_and_goes_on(qtbot: QtBot, make_window: MakeWindow, music: Path) -> None:
    window = make_window()
    qtbot.waitUntil(lambda: window.session.is_open, timeout=LIMIT_MS)
    songs, film = window.songs_by_mood, window.saving.film
    film.started.emit()
    songs.add([music])
    qtbot.waitUntil(lambda: songs.now.is_waiting, timeout=LIMIT_MS)
    assert window.music.pause.isVisibleTo(window.music)
    songs.pause()
    film.cancelled.emit()
    assert songs.now.is_paused
    assert not songs.now.is_running
    with qtbot.waitSignal(songs.finished, timeout=LIMIT_MS):
        songs.resume()
    qtbot.waitUntil(lambda: songs.known is not None and len(songs.known) == 2, timeout=LIMIT_MS)


def test_a_folder_forgotten_while_it_is_heard_goes_without_a_word(
    qtbot: QtBot, make_window: MakeWindow, music: Path
) -> None:
    window = make_window()
    qtbot.waitUntil(lambda: window.session.is_open and not window.jobs.is_busy, timeout=LIMIT_MS)
    songs = window.songs_by_mood
    with qtbot.assertNotEmitted(songs.finished):
        songs.add([music])
        qtbot.waitUntil(lambda: songs.now.is_running and songs.now.total > 0, timeout=LIMIT_MS)
        songs.remove(music)
        qtbot.waitUntil(lambda: not songs.folders and not window.jobs.is_busy, timeout=LIMIT_MS)
    assert not songs.now.is_running


def test_copies_of_a_song_are_suggested_once() -> None:
    from engine.songs import Song

    def song(path: str, title: str, artist: str, duration_s: float) -> Song:
        return Song(Path(path), path, title, artist, duration_s)

    songs = [
        song("/a/storm.mp3", "Storm", "Someone", 60.1),
        song("/b/meadow.mp3", "Meadow", "Someone", 61.0),
        song("/b/storm.flac", "storm", "Someone", 60.0),
        song("/b/storm-live.mp3", "Storm", "Someone", 75.0),
        song("/b/cover.mp3", "Storm", "Another", 60.0),
    ]
    assert first_copies(songs, [2, 3, 1, 0, 4]) == [2, 3, 1, 4]


def test_songs_that_meet_what_is_asked_for() -> None:
    from engine.songs import Song

    titles = ("Storm", "Meadow", "Lullaby")
    felt = np.array([[0.2, 0.9], [0.9, 0.8], [0.73, 0.15]], dtype=np.float32)
    catalog = tuple(Song(Path(f"/{title}.mp3"), title, title, "Someone", 60.0) for title in titles)
    names = tuple(f"{title} someone".lower() for title in titles)
    known = KnownSongs(catalog, felt, felt, on_disc(felt), on_disc(felt), names)
    assert known.meeting(Filters()).tolist() == [2, 1, 0]
    assert known.meeting(Filters(words=frozenset({"calm", "quiet"}))).tolist() == [2]
    assert known.meeting(Filters(arousal=(0.7, 1.0))).tolist() == [0, 1]
    assert known.meeting(Filters(text="lull")).tolist() == [2]
    assert known.meeting(Filters(text="calm")).tolist() == [2]
    square = np.array([[-1, 0.3], [0, 0.3], [0, 1], [-1, 1]], dtype=np.float32)
    assert known.meeting(Filters(regions=(square,))).tolist() == [0]
