"""How many times faster than it plays a film of the demo's photos is written, at 720p30 and 1080p30."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.images import load_image  # noqa: E402
from engine.library import Photo  # noqa: E402
from engine.plan import Cue, Plan  # noqa: E402
from slideshow.exporting import export_film  # noqa: E402

SONG = ROOT / "tests" / "assets" / "jungle-20s.flac"
SONG_S, HOLD_S, FADE_S, FPS = 20.0, 4.0, 1.2, 30
SIZES = ((1280, 720), (1920, 1080))


def main() -> None:
    paths = sorted((ROOT / "resources" / "demo" / "photos").glob("*.jpg"))
    cues = []
    for number in range(int(SONG_S / HOLD_S)):
        path = paths[number * 7 % len(paths)]
        info = load_image(path)[1]
        photo = Photo(number, path, info.width, info.height, None, "")
        fade_s = FADE_S if number else 0.0
        cues.append(Cue(photo, number * HOLD_S, (number + 1) * HOLD_S, 0.9, fade_s, 1.0, 1.032, "Why."))
    plan = Plan(SONG, SONG_S, tuple(cues), "")
    figures: dict[str, object] = {"bench": "film", "cores": os.cpu_count(), "fps": FPS}
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            dest = Path(folder) / "film.mp4"
            film = export_film(plan, dest, size=size, fps=FPS)
            figures[f"{size[1]}p"] = {
                "times_real_time": round(film.duration_s / film.seconds, 2),
                "seconds": round(film.seconds, 2),
                "mbit_a_second": round(8e-6 * dest.stat().st_size / film.duration_s, 1),
            }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
