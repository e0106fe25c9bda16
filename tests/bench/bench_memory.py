"""Measure whether memory stays flat over a long show: 5,000 photos at 1920x1080, as fast as they can be prepared.

    python tests/bench/bench_memory.py [--photos 5000] [--seconds 1800]

Needs a display (xvfb-run will do). The photos are the demo's in several sizes under 5,000 names in a passing folder. A
player shows them in cues of 4 s with pairs and all transitions; its clock runs ahead as soon as the next photo is
ready, so minutes here are hours of a show. Ends after all photos or so many seconds. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402
from PySide6.QtCore import QEventLoop, QTimer  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from engine.library import Photo  # noqa: E402
from engine.plan import Cue, Plan  # noqa: E402
from slideshow import player, theme  # noqa: E402
from slideshow.garbage import Collector  # noqa: E402
from slideshow.memory import keep_pictures_apart  # noqa: E402
from slideshow.sound import Sound  # noqa: E402

HOLD_S, FADE_S = 4.0, 1.6
KINDS = ("crossfade", "slide", "dip", "cut")
LONG_SIDES_PX = (1280, 1100, 900, 700, 500)
SONG = ROOT / "resources/demo/songs/02-caribbean-energetic-happy.ogg"
WARM_UP = 0.1
"""Share of the show after which memory should have found its level."""

STEP_MS = 16


def many_photos(folder: Path, n: int) -> list[Photo]:
    files: list[tuple[Path, tuple[int, int]]] = []
    for path in sorted((ROOT / "resources/demo/photos").glob("*.jpg")):
        with Image.open(path) as image:
            for long_side_px in LONG_SIDES_PX:
                scale = long_side_px / max(image.size)
                size = (round(image.width * scale), round(image.height * scale))
                made = folder / f"source-{len(files)}.jpg"
                image.resize(size).save(made, quality=82)
                files.append((made, size))
    photos = []
    for i in range(n):
        source, size = files[i % len(files)]
        path = folder / f"photo {i}.jpg"
        path.hardlink_to(source)
        photos.append(Photo(i, path, *size, None, str(i)))
    return photos


def rss_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def plan_of(photos: list[Photo]) -> Plan:
    cues = []
    for i, photo in enumerate(photos):
        kind = KINDS[i % len(KINDS)]
        partner = photos[i - 1] if photo.height > photo.width and i else None
        fade_s = 0.0 if i == 0 or kind == "cut" else FADE_S
        cues.append(Cue(photo, HOLD_S * i, HOLD_S * (i + 1), 0.8, fade_s, 1.0, 1.03, "", kind, partner))
    return Plan(SONG, HOLD_S * len(cues), tuple(cues), "bench")


class Hurried:
    """A clock that runs eight steps through each cue, and on to the next when its photo is ready."""

    def __init__(self) -> None:
        self.t_s = 0.0

    def __call__(self) -> float:
        return self.t_s


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=1800.0)
    options = parser.parse_args()
    keep_pictures_apart()  # as the app does
    app = QApplication([])
    collector = Collector(may_stall=lambda: True, parent=app)
    theme.load_fonts()
    theme.apply(app, theme.DARK)
    with tempfile.TemporaryDirectory() as folder:
        plan = plan_of(many_photos(Path(folder), options.photos))
        sound = Sound()
        show = player.Player(sound)
        stage = show.stage
        clock = Hurried()
        stage._clock = clock
        show.set_plan(plan)
        show.open_on()
        show.resize(1920, 1080)
        samples: list[tuple[float, float]] = []
        loop = QEventLoop()
        began_s = time.perf_counter()

        def run() -> None:
            index = int(clock.t_s / HOLD_S)
            if index + 1 >= len(plan.cues) or time.perf_counter() - began_s > options.seconds:
                loop.quit()
                return
            next_key = stage._photos.key_of(plan.cues[index + 1])
            if next_key in stage._photos.ready or clock.t_s + HOLD_S / 8 < HOLD_S * (index + 0.7):
                clock.t_s += HOLD_S / 8
            if not samples or clock.t_s - samples[-1][0] >= 20 * HOLD_S:
                gc.collect()
                samples.append((clock.t_s, rss_mb()))

        timer = QTimer()
        timer.timeout.connect(run)
        timer.start(STEP_MS // 4)
        loop.exec()
        timer.stop()
        shown_s = clock.t_s
        show.shutdown()
        sound.shutdown()
    collector.release()
    after = np.array([mb for t_s, mb in samples if t_s >= WARM_UP * shown_s])
    tenth = max(1, len(after) // 10)
    first, last = float(np.median(after[:tenth])), float(np.median(after[-tenth:]))
    levels = [round(mb) for mb in (first, last, float(after.min()), float(after.max()))]
    report = {
        "bench": "memory",
        "size": "1920x1080",
        "photos": int(shown_s / HOLD_S) + 1,
        "minutes_of_show": round(shown_s / 60, 1),
        "seconds": round(time.perf_counter() - began_s, 1),
        "rss_mb": dict(zip(("first", "last", "least", "most"), levels, strict=True)),
        "rss_mb_by_tenth": [round(float(np.median(part))) for part in np.array_split([mb for _, mb in samples], 10)],
        "growth_percent": round(100 * (last / first - 1), 2),
        "spread_percent": round(100 * float((after.max() - after.min()) / np.median(after)), 2),
        "load": round(os.getloadavg()[0], 1),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
