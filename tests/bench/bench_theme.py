"""What a theme brings and costs: content and mood of the photos chosen, from no share of the theme to all of it.

`python tests/bench/bench_theme.py FOLDER WORD...`: any folder of photos, over the demo's songs, with the shipped model.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.bundle import open_bundle
from engine.encoders import Encoders
from engine.indexing import index_folders
from engine.library import Library
from engine.music import analyse_song
from engine.plan import PlanOptions, make_plan
from engine.themes import theme_of

ROOT = Path(__file__).resolve().parents[2]
SHARES = tuple(step / 10 for step in range(11))


def main() -> None:
    folder, words = Path(sys.argv[1]), sys.argv[2:]
    encoders = Encoders(open_bundle(ROOT / "resources" / "models" / "default"))
    with tempfile.TemporaryDirectory() as home, Library.open(Path(home) / "library.sqlite") as library:
        index_folders(library, [folder], encoders)
        catalog = library.catalog(encoders.bundle.id)
    rows = {photo.id: row for row, photo in enumerate(catalog.photos)}
    analyses = [analyse_song(song, encoders) for song in sorted((ROOT / "resources" / "demo" / "songs").glob("*.ogg"))]
    found = {}
    for word in words:
        theme = theme_of(catalog.contents, word, share=1.0)
        if theme is None:
            continue
        steps = []
        for share in SHARES:
            options = PlanOptions(theme=word, theme_share=share)
            cues = [cue for song in analyses for cue in make_plan(song, catalog, encoders, options=options).cues]
            chosen = [rows[cue.photo.id] for cue in cues]
            steps.append(
                {
                    "share": share,
                    "content": round(float(theme.fit[chosen].mean()), 3),
                    "mood": round(float(np.mean([cue.score for cue in cues])), 3),
                    "of_theme": round(float(theme.is_shown[chosen].mean()), 3),
                }
            )
        found[word] = {"photos": int(theme.is_shown.sum()), "steps": steps}
    print(json.dumps({"bench": "theme", "photos": len(catalog), "songs": len(analyses), "words": found}))


if __name__ == "__main__":
    main()
