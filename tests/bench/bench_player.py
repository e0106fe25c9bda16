"""Measure the player at 1920x1080: what painting a frame takes and how long the screen ever waits for one.

    python tests/bench/bench_player.py [--seconds 20] [--work]

Needs a display (xvfb-run will do). --work keeps another thread busy with a song's decoding, as an analysis does.
Prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from engine.audio import load_song, probe_song  # noqa: E402
from engine.emotion import smooth_curve  # noqa: E402
from engine.images import load_image  # noqa: E402
from engine.library import Photo  # noqa: E402
from engine.plan import Cue, Plan  # noqa: E402
from slideshow import player, stage, theme  # noqa: E402
from slideshow.sound import Sound  # noqa: E402

HOLD_S, FADE_S = 4.0, 1.6
SONG = ROOT / "resources/demo/songs/02-caribbean-energetic-happy.ogg"


def demo_plan(duration_s: float) -> Plan:
    paths = sorted((ROOT / "resources/demo/photos").glob("*.jpg"))
    cues = []
    for i in range(int(duration_s / HOLD_S)):
        path = paths[i % len(paths)]
        _, info = load_image(path, min_side_px=64)
        photo = Photo(i, path, info.width, info.height, None, str(i))
        zooms = (1.0, 1.03) if i % 2 == 0 else (1.03, 1.0)
        end_s = HOLD_S * (i + 1) if i + 1 < int(duration_s / HOLD_S) else duration_s
        cues.append(Cue(photo, HOLD_S * i, end_s, 0.8, FADE_S if i else 0.0, *zooms, ""))
    return Plan(SONG, duration_s, tuple(cues), "bench")


def work(stop: threading.Event) -> None:
    while not stop.is_set():
        np.fft.rfft(load_song(SONG).y[: 2**20])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--work", action="store_true")
    options = parser.parse_args()
    app = QApplication([])
    theme.load_fonts()
    theme.apply(app, theme.DARK)
    info = probe_song(SONG)
    sound = Sound()
    sound.load(SONG, duration_s=info.duration_s)
    show = player.Player(sound)
    times_s = np.arange(1, info.duration_s, 2, dtype=np.float32)
    mood = np.stack([0.5 + 0.3 * np.cos(times_s / 9), 0.5 + 0.3 * np.sin(times_s / 7)], axis=1).astype(np.float32)
    show.set_plan(demo_plan(info.duration_s))
    show.set_mood(smooth_curve(times_s, mood), known_s=info.duration_s)

    frames: list[tuple[float, float]] = []
    paint = stage.paint

    def timed(*arguments: Any) -> None:
        before_s = time.perf_counter()
        paint(*arguments)
        frames.append((before_s, time.perf_counter() - before_s))

    stage.paint = timed
    show.open_on()
    show.resize(1920, 1080)
    sound.play()
    stop = threading.Event()
    worker = threading.Thread(target=work, args=(stop,))
    if options.work:
        worker.start()
    deadline_s = time.perf_counter() + options.seconds
    start_s: float | None = None
    while time.perf_counter() < deadline_s:
        app.processEvents()
        if start_s is None and sound.position_s > 0.5:
            start_s = time.perf_counter()
        time.sleep(0.0005)
    stop.set()
    if options.work:
        worker.join()
    underflows = sound.n_underflows
    is_silent = sound.is_silent
    show.shutdown()
    sound.shutdown()
    stage.paint = paint

    kept = [(at_s, took_s) for at_s, took_s in frames if start_s is not None and at_s >= start_s]
    paint_ms = np.array([took_s for _, took_s in kept]) * 1000
    gaps_ms = np.diff([at_s for at_s, _ in kept]) * 1000
    figures = dict(zip(("p50", "p95", "p99"), np.percentile(paint_ms, (50, 95, 99)).round(2).tolist(), strict=True))
    report = {
        "bench": "player",
        "size": "1920x1080",
        "frames": len(kept),
        "fps": round(len(kept) / (kept[-1][0] - kept[0][0]), 1),
        "paint_ms": figures,
        "gap_ms": {"p50": round(float(np.median(gaps_ms)), 1), "p99": round(float(np.percentile(gaps_ms, 99)), 1)},
        "longest_gap_ms": round(float(gaps_ms.max()), 1),
        "with_work": options.work,
        "is_silent": is_silent,
        "underflows": underflows,
        "platform": os.environ.get("QT_QPA_PLATFORM", ""),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
