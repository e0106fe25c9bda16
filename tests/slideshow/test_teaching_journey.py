"""The third journey through real widgets: photos dragged to where they feel right, a model that learns from them, its
report, adopted, and gone back from; with the model that comes with the app."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.emotion import Emotion, FloatArray
from slideshow.main_window import MainWindow
from slideshow.mood_plane import point_on
from slideshow.places import DEFAULT_BUNDLE, DEMO_PHOTOS
from slideshow.settings import SettingsStore

N_PHOTOS, N_RATED = 38, 30


@pytest.fixture
def many_photos(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    folder.mkdir()
    for path in sorted(DEMO_PHOTOS.glob("*.jpg"))[:N_PHOTOS]:
        shutil.copy(path, folder)
    return folder


def taste(va: FloatArray) -> FloatArray:
    """How someone feels about photos who likes few of them, above all those that others do not like, and is easily
    excited."""
    stretched = va - va.mean(axis=0)
    said = va + np.array([-0.2, 0.15]) + stretched * np.array([0.8, 0.5])
    return np.clip(said, 0.03, 0.97).astype(np.float32)


def drag(window: MainWindow, goal: Emotion) -> None:
    """Drag the photo on the circle by mouse, and save."""
    place = window.teach_page.place
    start = place.thumbnail_place().center().toPoint()
    end = point_on(place.circle(), goal).toPoint()
    QTest.mousePress(place, Qt.MouseButton.LeftButton, pos=start)
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(place, start + QPoint(*(round(share * d) for d in ((end - start).x(), (end - start).y()))))
    QTest.mouseRelease(place, Qt.MouseButton.LeftButton, pos=end)
    QTest.mouseClick(window.teach_page.save, Qt.MouseButton.LeftButton)


def far(places: FloatArray, goals: FloatArray) -> FloatArray:
    distances: FloatArray = np.linalg.norm(places - goals, axis=1)
    return distances


@pytest.mark.timeout(240)
def test_drag_retrain_adopt_and_go_back(
    qtbot: QtBot, make_window: Callable[..., MainWindow], store: SettingsStore, many_photos: Path
) -> None:
    window = make_window(bundle_path=DEFAULT_BUNDLE)
    session, page, panel = window.session, window.teach_page, window.retraining.panel
    qtbot.waitUntil(lambda: session.is_open, timeout=30_000)
    with qtbot.waitSignal(session.indexing_finished, timeout=120_000):
        session.add_folders([many_photos])
    qtbot.waitUntil(lambda: session.whole_catalog is not None and len(session.whole_catalog) == N_PHOTOS)
    before = session.whole_catalog
    assert before is not None
    said = taste(before.va)
    row_of = {photo.id: row for row, photo in enumerate(before.photos)}

    window.show_page("teach")
    assert not panel.buttons["Start"].isEnabled()
    rated: list[int] = []
    while len(rated) < N_RATED:
        qtbot.waitUntil(lambda: page.asked is not None and row_of[page.asked.photo.id] not in rated, timeout=30_000)
        assert page.asked is not None
        row = row_of[page.asked.photo.id]
        drag(window, Emotion(float(said[row, 0]), float(said[row, 1])))
        rated.append(row)
    qtbot.waitUntil(lambda: window.teaching.n_ratings == N_RATED, timeout=10_000)

    QTest.mouseClick(panel.buttons["Start"], Qt.MouseButton.LeftButton)
    assert panel.state == "running"
    qtbot.waitUntil(lambda: panel.state == "report", timeout=120_000)
    assert panel.report_view is not None
    report = panel.report_view.report
    assert report.is_better
    assert report.n_ratings == N_RATED
    assert report.measures[0].n == N_RATED
    assert panel.moves_view is not None
    assert len(panel.moves_view.rows) == 5
    assert session.whole_catalog is not None
    np.testing.assert_array_equal(session.whole_catalog.va, before.va)  # nothing has changed yet

    QTest.mouseClick(panel.buttons["Adopt"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.state == "adopted", timeout=30_000)
    now = session.whole_catalog
    assert now is not None
    assert now.photos == before.photos
    nearer = far(now.va, said) < far(before.va, said)
    others = [row for row in range(N_PHOTOS) if row not in rated]
    assert nearer[rated].mean() > 0.9
    assert far(now.va, said)[rated].mean() < 0.5 * far(before.va, said)[rated].mean()
    assert nearer[others].mean() > 0.7
    assert far(now.va, said)[others].mean() < 0.8 * far(before.va, said)[others].mean()
    assert store.now.model_in_use == now.bundle_id
    assert page.asked is None or page.asked.photo.id in row_of

    original = next(row for row in panel.list.rows if row.model.is_original)
    QTest.mouseClick(original.use, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: store.now.model_in_use == "", timeout=30_000)
    back = session.whole_catalog
    assert back is not None
    assert back.bundle_id == before.bundle_id
    np.testing.assert_array_equal(back.va, before.va)
    np.testing.assert_array_equal(back.embeddings, before.embeddings)
    assert window.teaching.n_ratings == N_RATED
