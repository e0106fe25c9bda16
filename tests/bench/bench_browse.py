"""How fast Browse is with 50,000 photos: python -m tests.bench.bench_browse [N_PHOTOS] [WIDTH HEIGHT]. One JSON line.

The entries repeat the demo photos' features with jitter; every entry is a file of its own (a link), so that thumbnails
are decoded as they would be.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.library import Catalog
from slideshow import places
from slideshow.app import Dresser
from slideshow.main_window import MainWindow
from slideshow.session_jobs import PhotosRead, photo_moods
from slideshow.settings import SettingsStore
from tests.screenshots import settle, wait_for

N_PHOTOS = 50_000
N_FILES = 2_000


class Stalls(QObject):
    """Measures how late a timer of the GUI thread comes: the longest time for which nothing else could happen."""

    def __init__(self) -> None:
        super().__init__()
        self._last_s = time.perf_counter()
        self._last_cpu_s = time.thread_time()
        self.waits_ms: list[float] = []
        self.cpu_ms: list[float] = []
        """The thread's own work in the same spans: what others on the machine do does not count."""
        self.taken_cpu_ms: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now_s = time.perf_counter()
        self.waits_ms.append(1000 * (now_s - self._last_s))
        self._last_s = now_s
        cpu_s = time.thread_time()
        self.cpu_ms.append(1000 * (cpu_s - self._last_cpu_s))
        self._last_cpu_s = cpu_s

    def take(self) -> list[float]:
        """What was measured since the last call."""
        taken, self.waits_ms = self.waits_ms, []
        self.taken_cpu_ms, self.cpu_ms = self.cpu_ms, []
        return taken


class Paints(QObject):
    """Measures how long each paint of a widget takes."""

    def __init__(self, widget: QObject) -> None:
        super().__init__()
        self.times_ms: list[float] = []
        self._widget = widget
        self._is_inside = False
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._widget and event.type() == QEvent.Type.Paint and not self._is_inside:
            self._is_inside = True
            begun_s = time.perf_counter()
            watched.event(event)
            self.times_ms.append(1000 * (time.perf_counter() - begun_s))
            self._is_inside = False
            return True
        return False


def large_catalog(seed: Catalog, n: int, folder: Path) -> Catalog:
    """Repeat a catalog with jitter; N_FILES of the entries have files of their own."""
    rng = np.random.default_rng(1)
    paths = []
    for i in range(min(n, N_FILES)):
        path = folder / f"{i:05}.jpg"
        path.symlink_to(seed.photos[i % len(seed)].path)
        paths.append(path)
    photos = tuple(
        replace(
            seed.photos[i % len(seed)],
            id=i + 1,
            path=paths[i % len(paths)],
            taken_at=f"20{10 + i % 15}-0{1 + i % 9}-11T12:00:00",
        )
        for i in range(n)
    )
    rows = np.arange(n) % len(seed)
    vectors = seed.embeddings[rows] + rng.normal(0, 0.05, (n, seed.embeddings.shape[1])).astype(np.float32)
    va = np.clip(seed.va[rows] + rng.normal(0, 0.06, (n, 2)), 0, 1).astype(np.float32)
    groups = np.arange(n)
    groups[: n // 5] -= groups[: n // 5] % 3  # a fifth of them in bursts of three
    return Catalog(photos, vectors, va, seed.bundle_id, groups)


def percentile(values: list[float], share: float) -> float:
    """A percentile, rounded."""
    return round(float(np.percentile(values, share)), 1) if values else 0.0


def main() -> int:
    """Run all measurements."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else N_PHOTOS
    size = (int(sys.argv[2]), int(sys.argv[3])) if len(sys.argv) > 3 else (1920, 1080)
    app = QApplication(sys.argv[:1])
    home = Path(tempfile.mkdtemp())
    store = SettingsStore(home / "settings.json")
    store.change(is_welcomed=True, theme="dark")
    dresser = Dresser(app, store)
    window = MainWindow(store, library_path=home / "library.sqlite", bundle_path=places.DEFAULT_BUNDLE)
    window.resize(*size)
    window.show()
    window.start()
    wait_for(lambda: window.session.is_open)
    window.session.add_folders([places.DEMO_PHOTOS.resolve()])
    wait_for(lambda: window.session.n_photos > 0 and not window.session.indexing.is_running)
    wait_for(lambda: not window.jobs.is_busy)
    assert window.session.catalog is not None
    catalog = large_catalog(window.session.catalog, n, home)
    window.session._take_photos(PhotosRead(window.session.folder_infos, catalog, photo_moods(catalog)))
    settle(300)
    page, grid, mood_map = window.browse_page, window.browse_page.grid, window.browse_page.map
    figures: dict[str, object] = {"photos": n, "size": size}
    stalls = Stalls()
    settle(50)
    stalls.take()
    begun_s = time.perf_counter()
    window.show_page("browse")
    wait_for(lambda: page.photos is not None and len(page.found_rows) == n)
    app.processEvents()
    figures["page_interactive_s"] = round(time.perf_counter() - begun_s, 2)
    figures["page_worst_stall_ms"] = percentile(stalls.take(), 100)
    figures["page_worst_work_ms"] = percentile(stalls.taken_cpu_ms, 100)
    wait_for(lambda: mood_map._layer is not None)
    figures["points_drawn_s"] = round(time.perf_counter() - begun_s, 2)
    settle(4000)
    paints = Paints(mood_map)
    for name, steps in (("pan", 60), ("zoom", 24)):
        mood_map._set_view(mood_map.view.at(0, 0, 1.0 if name == "zoom" else 3.0))
        settle(2500)
        stalls.take()
        paints.times_ms.clear()
        begun_s, begun_cpu_s = time.perf_counter(), time.thread_time()
        for i in range(steps):
            if name == "pan":
                mood_map.pan(-9 if i < steps / 2 else 9, 5)
            else:
                mood_map._set_view(mood_map.view.zoomed(1.12 if i < steps / 2 else 1 / 1.12, QPointF(300, 300)))
            app.processEvents()
        figures[f"map_{name}_fps"] = round(steps / (time.perf_counter() - begun_s), 1)
        figures[f"map_{name}_work_ms_a_frame"] = round(1000 * (time.thread_time() - begun_cpu_s) / steps, 1)
        figures[f"map_{name}_paint_median_ms"] = percentile(paints.times_ms, 50)
        figures[f"map_{name}_paint_worst_ms"] = percentile(paints.times_ms, 100)
    mood_map._set_view(mood_map.view.at(0, 0, 1.0))
    settle(1500)
    followed = []
    for radius in (0.15, 0.3, 0.6, 1.1):
        corners = [
            mood_map.view.to_px(0.1 + radius * float(np.cos(t)), -0.1 + radius * float(np.sin(t))).toPoint()
            for t in np.linspace(0, 6.2, 60)
        ]
        QTest.mousePress(mood_map, Qt.MouseButton.LeftButton, pos=corners[0])
        for corner in corners[1:]:
            QTest.mouseMove(mood_map, corner)
        app.processEvents()
        begun_s, begun_cpu_s = time.perf_counter(), time.thread_time()
        QTest.mouseRelease(mood_map, Qt.MouseButton.LeftButton, pos=corners[-1])
        grid.viewport().repaint()
        worked_ms = round(1000 * (time.thread_time() - begun_cpu_s), 1)
        followed.append((len(page.found_rows), round(1000 * (time.perf_counter() - begun_s), 1), worked_ms))
        settle(300)
    figures["lasso_to_grid_ms"] = followed
    page.clear_all()
    settle(1500)
    stalls.take()
    bar = grid.verticalScrollBar()
    begun_s = time.perf_counter()
    n_steps = 0
    while time.perf_counter() - begun_s < 6:
        bar.setValue(bar.value() + (90 if n_steps % 40 else 30_000))
        n_steps += 1
        settle(16)
    waits = stalls.take()
    figures["scroll_worst_stall_ms"] = percentile(waits, 100)
    figures["scroll_p99_stall_ms"] = percentile(waits, 99)
    figures["scroll_worst_work_ms"] = percentile(stalls.taken_cpu_ms, 100)
    begun_s = time.perf_counter()
    page.show_like(10, "alike")
    figures["alike_ms"] = round(1000 * (time.perf_counter() - begun_s), 1)
    page.clear_all()
    settle(300)
    begun_cpu_s = time.thread_time()
    page.turn_stacks()
    grid.viewport().repaint()
    figures["stacks_off_work_ms"] = round(1000 * (time.thread_time() - begun_cpu_s), 1)
    begun_s = time.perf_counter()
    mood_map.photo_at(QPointF(QPoint(300, 300)))
    figures["hover_ms"] = round(1000 * (time.perf_counter() - begun_s), 2)
    print(json.dumps(figures))
    window.close()
    dresser.release()
    return 0


if __name__ == "__main__":
    sys.exit(main())
