"""Measure the player over a whole screen: what painting takes, how late frames come, whether the screen is ever black.

    python tests/bench/bench_player.py [--seconds 180] [--idle] [--bundle DIR] [--width 1920 --height 1080]

Needs a display of that size (xvfb-run will do). A show of crossfades, slides, dips, cuts, pairs and slow zooms runs
with the sound while a song is analysed again and again in Jobs, unless --idle. Another process looks at the screen 25
times a second. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from PySide6.QtCore import QEventLoop, QTimer  # noqa: E402
from PySide6.QtGui import QGuiApplication, QImage  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from engine.audio import probe_song  # noqa: E402
from engine.emotion import smooth_curve  # noqa: E402
from engine.focus import find_focus  # noqa: E402
from engine.images import load_image  # noqa: E402
from engine.library import Photo  # noqa: E402
from engine.plan import Cue, Plan  # noqa: E402
from slideshow import places, player, stage, theme  # noqa: E402
from slideshow.app import GIL_SWITCH_S  # noqa: E402
from slideshow.garbage import Collector  # noqa: E402
from slideshow.jobs import Jobs  # noqa: E402
from slideshow.sound import Sound  # noqa: E402

HOLD_S, FADE_S = 4.0, 1.6
KINDS = ("crossfade", "crossfade", "slide", "dip", "crossfade", "cut")
SONG = ROOT / "resources/demo/songs/02-caribbean-energetic-happy.ogg"
LEAST_LIGHT = 60
"""Photos darker than this on average are left out, so that a black screen is a fault and no night."""

WATCH_EVERY_S = 0.04
BLACK = 16
"""A sample of the screen of which every pixel is at most this bright, the stage's own colour included, is black."""


def demo_photos() -> list[Photo]:
    photos = []
    for i, path in enumerate(sorted((ROOT / "resources/demo/photos").glob("*.jpg"))):
        image, info = load_image(path, min_side_px=240)
        if image.mean() >= LEAST_LIGHT:
            photos.append(Photo(i, path, info.width, info.height, None, str(i), find_focus(image)))
    return photos


def demo_plan(duration_s: float) -> Plan:
    photos = demo_photos()
    portraits = [photo for photo in photos if photo.height > photo.width]
    cues: list[Cue] = []
    n = int(duration_s / HOLD_S)
    for i in range(n):
        photo = photos[i % len(photos)]
        partner = portraits[(portraits.index(photo) + 1) % len(portraits)] if photo in portraits else None
        kind = KINDS[i % len(KINDS)]
        fade_s = 0.0 if i == 0 or kind == "cut" else FADE_S
        zooms = (1.0, 1.03) if i % 2 == 0 else (1.03, 1.0)
        end_s = HOLD_S * (i + 1) if i + 1 < n else duration_s
        cues.append(Cue(photo, HOLD_S * i, end_s, 0.8, fade_s, *zooms, "", kind, partner))
    return Plan(SONG, duration_s, tuple(cues), "bench")


def watch() -> None:
    """Look at the screen until standard input ends; say how often, and how often it was black."""
    app = QGuiApplication([])
    screen = app.primaryScreen()
    size = screen.size()
    n_looks, n_black = 0, 0
    loop = QEventLoop()

    def look() -> None:
        nonlocal n_looks, n_black
        lightest = 0
        for y in (0.2, 0.5, 0.75):
            row = screen.grabWindow(0, 0, round(y * size.height()), size.width(), 1)
            image = row.toImage().convertToFormat(QImage.Format.Format_RGB32)
            lightest = max(lightest, int(np.frombuffer(image.constBits(), np.uint8).reshape(-1, 4)[:, :3].max()))
        n_looks += 1
        n_black += lightest <= BLACK

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(round(1000 * WATCH_EVERY_S))
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    print("watching", flush=True)
    loop.exec()
    print(json.dumps({"looks": n_looks, "black": n_black}))


def analyse_for_ever(jobs: Jobs, bundle: Path, is_wanted: Callable[[], bool]) -> list[float]:
    """Analyse the song in the interactive lane, again whenever that is done; returns the lengths, growing."""
    from engine.bundle import open_bundle
    from engine.encoders import Encoders
    from engine.music import analyse_song

    encoders = Encoders(open_bundle(bundle))
    took_s: list[float] = []

    def work(*, report: Any, deliver: Any) -> float:
        began_s = time.perf_counter()
        analyse_song(SONG, encoders, report=report, on_growth=deliver)
        return time.perf_counter() - began_s

    def again(length_s: float | None = None) -> None:
        if length_s is not None:
            took_s.append(length_s)
        if is_wanted():
            jobs.submit("interactive", work, on_done=again, on_partial=lambda _: None)

    again()
    return took_s


def shares(values_ms: Any) -> dict[str, float]:
    names = ("p50", "p95", "p99")
    return dict(zip(names, np.percentile(values_ms, (50, 95, 99)).round(2).tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--idle", action="store_true", help="without an analysis")
    parser.add_argument("--bundle", type=Path, default=places.DEFAULT_BUNDLE)
    parser.add_argument("--width", type=int, default=1920)
    parser.add_argument("--height", type=int, default=1080)
    parser.add_argument("--watch", action="store_true", help="used within: only look at the screen")
    options = parser.parse_args()
    if options.watch:
        watch()
        return
    app = QApplication([])
    sys.setswitchinterval(GIL_SWITCH_S)
    collector = Collector(may_stall=lambda: False, parent=app)
    theme.load_fonts()
    theme.apply(app, theme.DARK)
    info = probe_song(SONG)
    sound = Sound()
    sound.load(SONG, duration_s=info.duration_s)
    sound.finished.connect(lambda: (sound.seek(0.0), sound.play()))
    show = player.Player(sound)
    times_s = np.arange(1, info.duration_s, 2, dtype=np.float32)
    mood = np.stack([0.5 + 0.3 * np.cos(times_s / 9), 0.5 + 0.3 * np.sin(times_s / 7)], axis=1).astype(np.float32)
    show.set_plan(demo_plan(info.duration_s))
    show.set_mood(smooth_curve(times_s, mood), known_s=info.duration_s)

    frames: list[tuple[float, float, float]] = []
    paint_event = stage.Stage.paintEvent

    def timed(self: stage.Stage, event: Any) -> None:
        before_s, before_cpu_s = time.perf_counter(), time.thread_time()
        paint_event(self, event)
        frames.append((before_s, time.perf_counter() - before_s, time.thread_time() - before_cpu_s))

    stage.Stage.paintEvent = timed  # type: ignore[method-assign]
    show.open_on()
    show.resize(options.width, options.height)
    sound.play()
    loop = QEventLoop()
    QTimer.singleShot(2000, loop.quit)  # the first photos are prepared
    loop.exec()
    watcher = subprocess.Popen(
        [sys.executable, __file__, "--watch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert watcher.stdout is not None
    watcher.stdout.readline()
    jobs = Jobs()
    is_on = True
    took_s = [] if options.idle else analyse_for_ever(jobs, options.bundle, lambda: is_on)
    QTimer.singleShot(1000, loop.quit)
    loop.exec()
    start_s, cpu_s = time.perf_counter(), time.process_time()
    QTimer.singleShot(round(1000 * options.seconds), loop.quit)
    loop.exec()
    length_s, cpu_s = time.perf_counter() - start_s, time.process_time() - cpu_s
    end_s = time.perf_counter()
    is_on = False
    seen = json.loads(watcher.communicate("")[0])
    is_silent = sound.is_silent
    jobs.shutdown()
    show.shutdown()
    sound.shutdown()
    collector.release()

    kept = np.array([frame for frame in frames if start_s <= frame[0] <= end_s])
    gaps_ms = np.diff(kept[:, 0]) * 1000
    report = {
        "bench": "player",
        "size": f"{options.width}x{options.height}",
        "seconds": round(length_s, 1),
        "frames": len(kept),
        "fps": round(len(kept) / length_s, 1),
        "paint_ms": shares(kept[:, 1] * 1000),
        "paint_cpu_ms": shares(kept[:, 2] * 1000),
        "gap_ms": shares(gaps_ms),
        "longest_gap_ms": round(float(gaps_ms.max()), 1),
        "gaps_over_100_ms": int((gaps_ms > 100).sum()),
        "screen_samples": seen["looks"],
        "black_samples": seen["black"],
        "analyses": len(took_s),
        "analysis_s": round(float(np.median(took_s)), 1) if took_s else None,
        "cpu_share": round(cpu_s / length_s, 2),
        "load": round(os.getloadavg()[0], 1),
        "is_silent": is_silent,
        "platform": QGuiApplication.platformName(),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
