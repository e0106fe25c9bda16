"""Settings survive a restart, and nothing in their file can keep the app from starting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from slideshow.settings import Settings, SettingsStore


def test_changes_are_kept_and_told(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.json"
    store = SettingsStore(path)
    with qtbot.waitSignal(store.changed):
        store.change(theme="light", volume=0.25, folders_at_rest=("/a", "/b"))
    assert SettingsStore(path).now == Settings(theme="light", volume=0.25, folders_at_rest=("/a", "/b"))
    assert [entry.name for entry in path.parent.iterdir()] == ["settings.json"]


def test_no_change_is_not_told(qtbot: QtBot, tmp_path: Path) -> None:
    store = SettingsStore(tmp_path / "settings.json")
    with qtbot.assertNotEmitted(store.changed):
        store.change(theme=store.now.theme)


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", "null", '"text"', "\x00\x01"])
def test_a_damaged_file_gives_defaults(qtbot: QtBot, tmp_path: Path, content: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content)
    assert SettingsStore(path).now == Settings()


def test_wrong_entries_fall_back_one_by_one(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    odd = {
        "theme": "pink", "volume": 7, "text_scale": "large", "is_motion_reduced": 1, "film_height_px": 99,
        "folders_at_rest": ["/a", 3], "unknown": True, "last_song_folder": "/music", "film_shape": "round",
        "film_care": 3, "film_fps": 29, "film_speed": -1.0,
    }  # fmt: skip
    path.write_text(json.dumps(odd))
    assert SettingsStore(path).now == Settings(volume=1.0, last_song_folder="/music")


def test_a_disk_that_cannot_be_written_is_survived(
    qtbot: QtBot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    store = SettingsStore(blocked / "settings.json")
    store.change(volume=0.5)
    assert store.now.volume == 0.5
    assert "could not be saved" in caplog.text


def test_two_windows_keep_each_others_changes(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    first, second = SettingsStore(path), SettingsStore(path)
    first.change(theme="light", recent_songs=("/a.mp3",))
    second.change(volume=0.25)
    assert SettingsStore(path).now == Settings(theme="light", recent_songs=("/a.mp3",), volume=0.25)
    assert second.now.theme == "system"  # a window that is open does not change under the person's eyes


def test_what_a_newer_version_has_added_stays(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"added_later": [1, 2], "volume": 0.5}')
    SettingsStore(path).change(theme="light")
    kept = json.loads(path.read_text())
    assert kept["added_later"] == [1, 2]
    assert (kept["volume"], kept["theme"]) == (0.5, "light")


def test_a_number_that_is_none_falls_back(qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"volume": NaN, "plan_min_hold_s": Infinity}')
    assert SettingsStore(path).now == Settings()
