"""The photos of a stage: those on a drive that does not answer hold no others up."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from engine.cues import Cue
from engine.photos import Photo
from slideshow import stage_photos
from slideshow.stage_photos import StagePhotos


def test_photos_on_a_lost_share_hold_no_others_up(
    qtbot: QtBot, photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    really = stage_photos.load_prepared

    def load(photo: Photo, **how: object) -> object:
        if photo.id < 4:
            release.wait(20)
        return really(photo, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(stage_photos, "load_prepared", load)
    monkeypatch.setattr(stage_photos, "STUCK_S", 0.1)
    paths = sorted(photo_folder.iterdir())[:6]
    photos = [Photo(i, path, 900, 600, None, str(i)) for i, path in enumerate(paths)]
    cues = [Cue(photo, float(i), float(i + 1), 1.0, 0.0, 1.0, 1.0, "") for i, photo in enumerate(photos)]
    owner = QObject()
    made = StagePhotos(owner)
    made.size = (160, 90)
    last = made.key_of(cues[-1])

    def is_last_ready() -> bool:
        made.keep(cues, besides=(), accepts_other_sizes=False)
        return last in made.ready

    qtbot.waitUntil(is_last_ready, timeout=10_000)
    assert not any(made.key_of(cue) in made.ready for cue in cues[:4])
    release.set()
    qtbot.waitUntil(lambda: is_last_ready() and len(made.ready) == 6, timeout=10_000)
    made.shutdown()


def test_a_fault_in_a_loader_is_logged_and_takes_no_place(
    qtbot: QtBot, photo_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []
    really = stage_photos.load_prepared

    def load(photo: Photo, **how: object) -> object:
        tries.append(photo.id)
        if photo.id == 0:
            raise MemoryError
        return really(photo, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(stage_photos, "load_prepared", load)
    photos = [Photo(i, path, 900, 600, None, str(i)) for i, path in enumerate(sorted(photo_folder.iterdir())[:3])]
    cues = [Cue(photo, float(i), float(i + 1), 1.0, 0.0, 1.0, 1.0, "") for i, photo in enumerate(photos)]
    owner = QObject()
    made = StagePhotos(owner)
    made.size = (160, 90)

    def are_others_ready() -> bool:
        made.keep(cues, besides=(), accepts_other_sizes=False)
        return len(made.ready) == 2 and not made.is_loading

    qtbot.waitUntil(are_others_ready, timeout=10_000)
    assert tries.count(0) == 1
    qtbot.waitUntil(lambda: "MemoryError" in caplog.text)
    made.shutdown()


def test_a_lost_share_does_not_keep_the_app_from_closing(
    qtbot: QtBot, photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr(stage_photos, "load_prepared", lambda *_, **__: release.wait(30))
    monkeypatch.setattr(stage_photos, "SHUTDOWN_LIMIT_S", 0.2)
    photo = Photo(0, sorted(photo_folder.iterdir())[0], 900, 600, None, "0")
    owner = QObject()
    made = StagePhotos(owner)
    made.keep([Cue(photo, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, "")], besides=(), accepts_other_sizes=False)
    since_s = time.monotonic()
    made.shutdown()
    assert time.monotonic() - since_s < 10
    release.set()
