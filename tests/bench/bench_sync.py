"""How exactly picture and sound of ten-minute films keep to the plan and the song, for many kinds of songs."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.slideshow.long_films import KINDS, measure  # noqa: E402

DURATION_S = 600.0


def main() -> None:
    figures: dict[str, object] = {"bench": "sync", "duration_s": DURATION_S, "fps": 30}
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            sync = asdict(measure(Path(folder), kind, duration_s=DURATION_S))
        figures[kind] = {name: round(value, 4) if isinstance(value, float) else value for name, value in sync.items()}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
