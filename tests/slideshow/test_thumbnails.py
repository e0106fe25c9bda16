"""Thumbnails: decoded off the GUI thread, newest wish first, kept within bounds, unreadable files remembered."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QSize
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from slideshow import thumbnails as module
from slideshow.thumbnails import Thumbnails


@pytest.fixture
def thumbnails(qtbot: QtBot) -> Iterator[Thumbnails]:
    made = Thumbnails()
    yield made
    made.shutdown()


def test_a_thumbnail_comes_later(qtbot: QtBot, thumbnails: Thumbnails, photo_folder: Path) -> None:
    path = sorted(photo_folder.iterdir())[0]
    with qtbot.waitSignal(thumbnails.ready, timeout=10_000) as told:
        assert thumbnails.pixmap(path) is None
    assert told.args == [path]
    pixmap = thumbnails.pixmap(path)
    assert pixmap is not None
    assert max(pixmap.width(), pixmap.height()) == module.SMALL_PX


def test_all_wishes_are_granted_however_often_repeated(
    qtbot: QtBot, thumbnails: Thumbnails, photo_folder: Path
) -> None:
    paths = sorted(photo_folder.iterdir())

    def all_there() -> bool:
        return all([thumbnails.pixmap(path) is not None for path in paths])  # noqa: C419 - ask for every one

    qtbot.waitUntil(all_there, timeout=20_000)


def test_a_cover_has_the_size_asked_for(qtbot: QtBot, thumbnails: Thumbnails, photo_folder: Path) -> None:
    path = sorted(photo_folder.iterdir())[0]
    size = QSize(84, 56)
    qtbot.waitUntil(lambda: thumbnails.cover(path, size, ratio=2.0) is not None, timeout=10_000)
    cover = thumbnails.cover(path, size, ratio=2.0)
    assert cover is not None
    assert (cover.width(), cover.height()) == (168, 112)
    assert cover.deviceIndependentSize().toSize() == size


def test_an_unreadable_photo_is_tried_once(qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_text("not a photo")
    with qtbot.waitSignal(thumbnails.ready, timeout=10_000):
        thumbnails.pixmap(bad)
    assert thumbnails.is_unreadable(bad)
    with qtbot.assertNotEmitted(thumbnails.ready, wait=50):
        assert thumbnails.pixmap(bad) is None


def test_memory_is_bounded(
    qtbot: QtBot, thumbnails: Thumbnails, photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MEMORY_BYTES", 3 * module.SMALL_PX * module.SMALL_PX)
    for path in sorted(photo_folder.iterdir()):
        with qtbot.waitSignal(thumbnails.ready, timeout=10_000):
            thumbnails.pixmap(path)
    kept = [path for path in photo_folder.iterdir() if (path, module.SMALL_PX) in thumbnails._pixmaps]
    assert 0 < len(kept) < 8
    assert thumbnails._n_bytes <= module.MEMORY_BYTES


def test_shutdown_while_decoding(qtbot: QtBot, photo_folder: Path) -> None:
    made = Thumbnails()
    for path in photo_folder.iterdir():
        made.pixmap(path)
    made.shutdown()
    with qtbot.assertNotEmitted(made.ready, wait=50):
        assert made.pixmap(next(photo_folder.iterdir())) is None


def test_a_file_that_is_other_than_before_is_decoded_anew(
    qtbot: QtBot, thumbnails: Thumbnails, photo_folder: Path
) -> None:
    path, other, *_ = sorted(photo_folder.iterdir())
    whole = path.read_bytes()
    path.write_text("not a photo yet")
    with qtbot.waitSignal(thumbnails.ready, timeout=10_000):
        thumbnails.pixmap(path)
    path.write_bytes(whole)
    with qtbot.waitSignal(thumbnails.ready, timeout=10_000) as told:
        thumbnails.forget([path, other])
    assert told.args == [path]  # nobody has seen the other one
    qtbot.waitUntil(lambda: thumbnails.cover(path, QSize(84, 56)) is not None, timeout=10_000)
    before = thumbnails.cover(path, QSize(84, 56))
    path.write_bytes(other.read_bytes())
    thumbnails.forget([path])
    assert thumbnails.known(path) is None
    qtbot.waitUntil(lambda: thumbnails.cover(path, QSize(84, 56)) is not None, timeout=10_000)
    after = thumbnails.cover(path, QSize(84, 56))
    assert before is not None
    assert after is not None
    assert before.toImage() != after.toImage()


def test_nothing_is_asked_of_a_drive_that_is_away(qtbot: QtBot, thumbnails: Thumbnails, photo_folder: Path) -> None:
    path = sorted(photo_folder.iterdir())[0]
    thumbnails.away = frozenset({photo_folder.parent})
    with qtbot.assertNotEmitted(thumbnails.ready, wait=200):
        assert thumbnails.pixmap(path) is None
    thumbnails.away = frozenset()
    qtbot.waitUntil(lambda: thumbnails.pixmap(path) is not None, timeout=10_000)


def test_memory_is_counted_exactly_however_many_pictures_come_and_go(
    qtbot: QtBot, thumbnails: Thumbnails, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MEMORY_BYTES", 20_000)
    for number in range(30):
        path = tmp_path / f"{number}.jpg"
        Image.new("RGB", (90, 120), (number, 90, 200)).save(path)
        with qtbot.waitSignal(thumbnails.ready, timeout=10_000):
            thumbnails.pixmap(path, long_side_px=42)  # rows of a width that Qt pads
    kept = thumbnails._pixmaps.values()
    assert len(kept) >= 4
    assert thumbnails._n_bytes == sum(pixmap.width() * pixmap.height() * 3 for pixmap in kept)


def test_a_picture_of_what_a_file_was_before_is_dropped(
    qtbot: QtBot, thumbnails: Thumbnails, photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sorted(photo_folder.iterdir())[0]
    really, has_read, may_end = module.decode_thumbnail, threading.Event(), threading.Event()

    def decode(path: Path, long_side_px: int) -> QImage:
        image = really(path, long_side_px)
        has_read.set()
        may_end.wait(20)
        return image

    monkeypatch.setattr(module, "decode_thumbnail", decode)
    assert thumbnails.pixmap(path) is None
    assert has_read.wait(20)
    thumbnails.forget([path])  # it has changed since it was read
    with qtbot.waitSignal(thumbnails.ready, timeout=10_000):
        may_end.set()
    assert thumbnails.known(path) is None
    qtbot.waitUntil(lambda: thumbnails.pixmap(path) is not None, timeout=10_000)


def test_photos_on_a_lost_share_hold_no_others_up_and_closing_neither(
    qtbot: QtBot, photo_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, really = threading.Event(), module.decode_thumbnail
    *lost, there = sorted(photo_folder.iterdir())[:4]

    def decode(path: Path, long_side_px: int) -> QImage:
        if path in lost:
            release.wait(30)
        return really(path, long_side_px)

    monkeypatch.setattr(module, "decode_thumbnail", decode)
    monkeypatch.setattr(module, "STUCK_S", 0.2)
    monkeypatch.setattr(module, "SHUTDOWN_LIMIT_S", 0.2)
    made = Thumbnails()
    for path in (there, *lost):  # the newest wish comes first
        made.pixmap(path)
    qtbot.waitUntil(lambda: made.known(there) is not None, timeout=10_000)
    since_s = time.monotonic()
    made.shutdown()
    assert time.monotonic() - since_s < 10
    release.set()
    qtbot.waitUntil(lambda: not any(thread.name.startswith("thumbnail") for thread in threading.enumerate()))


def test_a_fault_in_a_decoder_is_logged_and_the_others_come(
    qtbot: QtBot,
    thumbnails: Thumbnails,
    photo_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    really = module.decode_thumbnail
    bad, *others = sorted(photo_folder.iterdir())

    def decode(path: Path, long_side_px: int) -> QImage:
        if path == bad:
            raise MemoryError
        return really(path, long_side_px)

    monkeypatch.setattr(module, "decode_thumbnail", decode)
    for path in (*others, bad):
        thumbnails.pixmap(path)
    qtbot.waitUntil(lambda: all(thumbnails.known(path) is not None for path in others), timeout=20_000)
    qtbot.waitUntil(lambda: thumbnails.is_unreadable(bad), timeout=10_000)
    qtbot.waitUntil(lambda: "MemoryError" in caplog.text, timeout=10_000)
