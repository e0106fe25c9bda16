"""How many times faster than it plays a film of the demo's photos is written, by size and preset.

A show as it comes: crossfades, slow zoom, portrait photos before their blur. Beside the wall clock it gives the seconds
of processor a second of film takes, which other programs on the machine do not lengthen.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.images import load_image  # noqa: E402
from engine.library import Photo  # noqa: E402
from engine.plan import Cue, Plan  # noqa: E402
from engine.video import expected_bytes  # noqa: E402
from slideshow.exporting import export_film  # noqa: E402
from slideshow.film_options import FilmOptions  # noqa: E402

SONG = ROOT / "tests" / "assets" / "jungle-20s.flac"
SONG_S, HOLD_S, FADE_S = 20.0, 4.0, 1.2
FILMS = (
    ("720p30", FilmOptions((1280, 720))),
    ("720p30 quick", FilmOptions((1280, 720), preset="quick")),
    ("1080p30", FilmOptions((1920, 1080))),
    ("1080p30 quick", FilmOptions((1920, 1080), preset="quick")),
    ("1080p30 fine", FilmOptions((1920, 1080), preset="fine")),
    ("1080p60", FilmOptions((1920, 1080), fps=60)),
    ("1080x1920", FilmOptions((1080, 1920))),
    ("4K30", FilmOptions((3840, 2160))),
)


def main() -> None:
    wanted = sys.argv[1:] or [name for name, _ in FILMS]
    figures: dict[str, object] = {"bench": "film", "cores": os.cpu_count()}
    plan = a_plan()
    with tempfile.TemporaryDirectory() as folder:
        dest = Path(folder) / "film.mp4"
        export_film(plan, dest, options=FilmOptions((160, 90), preset="quick"))  # everything is loaded and tried
        for name, options in FILMS:
            if name not in wanted:
                continue
            before_s = time.process_time()
            film = export_film(plan, dest, options=options)
            cpu_s = time.process_time() - before_s
            expected = expected_bytes(
                size=options.size, fps=options.fps, duration_s=film.duration_s, preset=options.preset
            )
            figures[name] = {
                "times_real_time": round(film.duration_s / film.seconds, 2),
                "cpu_s_a_second": round(cpu_s / film.duration_s, 2),
                "mbit_a_second": round(8e-6 * film.check.n_bytes / film.duration_s, 1),
                "of_expected_size": round(film.check.n_bytes / expected, 2),
                "encoder": film.encoder,
                "faults": film.check.faults,
            }
    print(json.dumps(figures))


def a_plan() -> Plan:
    """Five of the demo's photos, 4 s each."""
    paths = sorted((ROOT / "resources" / "demo" / "photos").glob("*.jpg"))
    cues = []
    for number in range(int(SONG_S / HOLD_S)):
        path = paths[number * 7 % len(paths)]
        info = load_image(path)[1]
        photo = Photo(number, path, info.width, info.height, None, "")
        fade_s = FADE_S if number else 0.0
        cues.append(Cue(photo, number * HOLD_S, (number + 1) * HOLD_S, 0.9, fade_s, 1.0, 1.032, "Why."))
    return Plan(SONG, SONG_S, tuple(cues), "")


if __name__ == "__main__":
    main()
