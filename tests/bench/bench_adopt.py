"""How long a retraining and its adoption take: python -m tests.bench.bench_adopt [N_PHOTOS] [N_RATED].

The library repeats the features of the photos that the bundle was taught with, with jitter. Prints one JSON line: the
seconds of the retraining as a process, of adoption from the click until every photo has its new place, of going back,
and of adopting again; and the longest time for which the window could not have answered.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer, SignalInstance
from PySide6.QtWidgets import QApplication

from engine.bundle import open_bundle
from engine.library import Encoded, Library, PhotoRecord
from slideshow.app import GIL_SWITCH_S
from slideshow.jobs import Jobs
from slideshow.places import DEFAULT_BUNDLE
from slideshow.retraining import Retraining
from slideshow.session import Session

N_PHOTOS, N_RATED = 50_000, 200
STORED_AT_ONCE = 5_000
TICK_MS = 5


class Stalls:
    """The longest time between two turns of the event loop."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._last_s = time.perf_counter()
        self._timer = QTimer()
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def _tick(self) -> None:
        now_s = time.perf_counter()
        self.longest_s = max(self.longest_s, now_s - self._last_s - TICK_MS / 1000)
        self._last_s = now_s

    def begin(self) -> None:
        """Forget what was measured."""
        self.longest_s, self._last_s = 0.0, time.perf_counter()


def make_library(path: Path, n_photos: int, n_rated: int) -> None:
    """Fill a library with photos that have features, and rate some of them as one who dislikes energy."""
    bundle = open_bundle(DEFAULT_BUNDLE)
    assert bundle.rehearsal_path is not None
    with np.load(bundle.rehearsal_path) as stored:
        known = stored["photo_features"].astype(np.float32)
        labels = stored["photo_va"].astype(np.float32)
    rng = np.random.default_rng(0)
    rows = rng.integers(0, len(known), n_photos)
    folder = path.parent / "photos"
    folder.mkdir()
    with Library.open(path) as library:
        library.add_folder(folder)
        for first in range(0, n_photos, STORED_AT_ONCE):
            part = rows[first : first + STORED_AT_ONCE]
            features = known[part] * (1 + 0.1 * rng.standard_normal((len(part), known.shape[1]), dtype=np.float32))
            numbers = range(first, first + len(part))
            records = [PhotoRecord(folder / f"{i:06}.jpg", 1, 1, f"{i:064x}", 800, 600) for i in numbers]
            blank = Encoded(features, np.zeros((len(part), 512), np.float32), labels[part])
            library.store_photos(records, blank, backbone_id=bundle.photo_backbone_id, bundle_id="none")
        for i in rng.permutation(n_photos)[:n_rated]:
            valence, arousal = labels[rows[i]]
            said = np.clip([valence - 0.6 * (arousal - 0.4), arousal + 0.1], 0, 1)
            library.ratings.rate(f"{i:064x}", float(said[0]), float(said[1]))
        library.forget_embeddings(keep=[])


def seconds_until(signal: SignalInstance, begin: Callable[[], object], *, failed: SignalInstance) -> float:
    """How long a signal takes to come after something was begun. Raises RuntimeError where it fails."""
    loop = QEventLoop()
    faults: list[object] = []

    def fail(fault: object) -> None:
        faults.append(fault)
        loop.quit()

    signal.connect(loop.quit)
    failed.connect(fail)
    begun_s = time.perf_counter()
    begin()
    loop.exec()
    taken_s = time.perf_counter() - begun_s
    signal.disconnect(loop.quit)
    failed.disconnect(fail)
    if faults:
        raise RuntimeError(str(faults[0]))
    return taken_s


def main(arguments: list[str]) -> int:
    """Measure and print."""
    n_photos, n_rated = (int(given) for given in (*arguments, *(N_PHOTOS, N_RATED)[len(arguments) :]))
    app = QApplication(sys.argv[:1])
    sys.setswitchinterval(GIL_SWITCH_S)
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "library.sqlite"
        make_library(path, n_photos, n_rated)
        jobs = Jobs()
        session = Session(jobs, library_path=path, bundle_path=DEFAULT_BUNDLE)
        opened_s = seconds_until(session.opened, session.open, failed=session.failed)
        size_mb = path.stat().st_size / 1e6
        retraining = Retraining()
        new = Path(temporary) / "models" / "new"
        child_s = os.times()
        retrain_s = seconds_until(
            retraining.finished, lambda: retraining.start(DEFAULT_BUNDLE, path, new), failed=retraining.failed
        )
        now_s = os.times()
        retrain_cpu_s = now_s.children_user + now_s.children_system - child_s.children_user - child_s.children_system
        stalls = Stalls()
        cpu_s = time.process_time()
        adopt_s = seconds_until(session.bundle_changed, lambda: session.use_bundle(new), failed=session.bundle_failed)
        cpu_s = time.process_time() - cpu_s
        stall_ms = 1000 * stalls.longest_s
        back_s = seconds_until(
            session.bundle_changed, lambda: session.use_bundle(DEFAULT_BUNDLE), failed=session.bundle_failed
        )
        again_s = seconds_until(session.bundle_changed, lambda: session.use_bundle(new), failed=session.bundle_failed)
        jobs.shutdown()
        session.close()
        figures = {
            "photos": n_photos,
            "ratings": n_rated,
            "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
            "opened_s": round(opened_s, 2),
            "retrain_s": round(retrain_s, 1),
            "retrain_cpu_s": round(retrain_cpu_s, 1),
            "adopt_s": round(adopt_s, 2),
            "adopt_cpu_s": round(cpu_s, 2),
            "go_back_s": round(back_s, 2),
            "adopt_again_s": round(again_s, 2),
            "longest_stall_ms": round(stall_ms),
            "library_mb": round(size_mb),
            "library_mb_with_both": round(path.stat().st_size / 1e6),
            "new_model_own_mb": round(sum(f.stat().st_size for f in new.iterdir() if f.stat().st_nlink == 1) / 1e6, 1),
        }
    del app
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
