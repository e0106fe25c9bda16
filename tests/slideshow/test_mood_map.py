"""The mood map by itself: what is painted while it moves is what is painted when it rests; crowds; songs on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QSizeF
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from engine.photos import Catalog, Photo
from slideshow.app import Dresser
from slideshow.browse_photos import on_disc, read_photos
from slideshow.mood_map import MoodMap
from slideshow.mood_map_painting import MapView, coverage, rows_inside
from slideshow.mood_map_songs import SongMarks
from slideshow.thumbnails import Thumbnails

N = 600


def pixels_of(image: QImage) -> np.ndarray:
    """Channels of a picture, (h, w, 4)."""
    whole = image.convertToFormat(QImage.Format.Format_RGBA8888)
    flat = np.frombuffer(whole.constBits(), dtype=np.uint8)
    return flat.reshape(whole.height(), whole.bytesPerLine())[:, : 4 * whole.width()].astype(np.int16)


@pytest.fixture
def shown(qtbot: QtBot, dressed: Dresser, tmp_path: Path) -> Iterator[MoodMap]:
    """A map of photos that have no files: points only."""
    thumbnails = Thumbnails()
    made = MoodMap(thumbnails)
    qtbot.addWidget(made)
    made.resize(520, 480)
    with qtbot.waitExposed(made):
        made.show()
    photos = tuple(Photo(i, tmp_path / f"{i}.jpg", 3, 2, None, str(i)) for i in range(N))
    va = np.random.default_rng(4).random((N, 2)).astype(np.float32)
    made.set_photos(read_photos(Catalog(photos, np.zeros((N, 512), dtype=np.float32), va, "b")))
    qtbot.waitUntil(lambda: made._layer is not None and not made.layers.is_busy, timeout=20_000)
    yield made
    made.shutdown()
    thumbnails.shutdown()


def test_while_it_is_panned_the_same_is_seen_as_at_rest(qtbot: QtBot, shown: MoodMap) -> None:
    shown.set_path(np.random.default_rng(5).random((30, 2)).astype(np.float32))
    shown._set_view(shown.view.at(0.1, 0.1, 2.0))
    qtbot.waitUntil(
        lambda: not shown._moving.isActive() and not shown._sharpen.isActive() and not shown.layers.is_busy,
        timeout=20_000,
    )
    qtbot.waitUntil(lambda: shown._layer is not None and shown._layer.wanted.view == shown.view, timeout=20_000)
    shown._moving.setInterval(60_000)
    shown.pan(-24, 16)
    assert shown._moving.isActive()
    moving = pixels_of(shown.grab().toImage())
    shown._moving.stop()
    resting = pixels_of(shown.grab().toImage())
    # Letters may lie a fraction of a pixel off, nothing else.
    assert np.abs(moving - resting).mean() < 0.05
    shown.pan(40, 40)
    assert np.abs(pixels_of(shown.grab().toImage()) - resting).mean() > 1.5


def test_what_changes_meanwhile_is_painted(shown: MoodMap) -> None:
    shown._moving.setInterval(60_000)
    shown._set_view(shown.view.at(0.0, 0.0, 2.0))
    shown.pan(-20, 0)
    before = pixels_of(shown.grab().toImage())
    shown.set_marked(3)
    assert shown._moving.isActive()
    assert (pixels_of(shown.grab().toImage()) != before).any()


def test_a_crowd_is_denser_than_a_few_and_never_flat() -> None:
    at = np.repeat(np.array([10, 30, 50, 70], dtype=np.float32), [1, 10, 100, 4000])
    seen = coverage(at, np.full(len(at), 10, dtype=np.float32), None, width=80, height=20, radius_px=1.75)
    depth = seen[10, [10, 30, 50, 70]]
    assert 0.3 < depth[0] < 0.5
    assert (np.diff(depth) > 0.015).all()
    assert depth[-1] < 1.0
    assert seen[0].max() == 0.0
    chosen = np.arange(len(at)) == 0
    seen = coverage(at, np.full(len(at), 10, dtype=np.float32), chosen, width=80, height=20, radius_px=1.75)
    assert seen[10, 10] > 0.85  # the one that is chosen stands out


def test_a_region_holds_what_a_polygon_holds() -> None:
    places = np.random.default_rng(8).uniform(-1, 1, (3000, 2)).astype(np.float32)
    inside = rows_inside(np.array([[-0.5, -0.5], [0.5, -0.5], [0.0, 0.7]], dtype=np.float32), places)
    u, v = places[:, 0], places[:, 1]
    slack = 1.2 * (1 - np.abs(u) / 0.5) - 0.5 - v
    expected = (v > -0.5) & (slack > 0)
    sure = (np.abs(v + 0.5) > 0.01) & (np.abs(slack) > 0.02)
    assert (inside[sure] == expected[sure]).all()


def test_songs_are_found_where_they_lie() -> None:
    view = MapView(QSizeF(520, 480))
    places = on_disc(np.array([[0.2, 0.2], [0.8, 0.7]], dtype=np.float32))
    marks = SongMarks()
    marks.set(places, ("Low", "High"))
    at = view.to_px(float(places[1, 0]), float(places[1, 1]))
    assert marks.at(at + QPointF(5, 3), view) == 1
    assert marks.at(at + QPointF(30, 0), view) == -1
    many = on_disc(np.random.default_rng(1).random((5000, 2)).astype(np.float32))
    marks.set(many, tuple(str(i) for i in range(5000)))
    assert len(marks._shown) == 300
    marks.set(places[:0], ())
    assert marks.at(at, view) == -1
