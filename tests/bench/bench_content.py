"""How often words of content are right: OASIS's photos, named by what they show, as the library would say they do.

`python tests/bench/bench_content.py OASIS_FOLDER`. Counts by name are strict: a beach behind a yoga lesson is wrong.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.bundle import open_bundle
from engine.content import Contents, meaning_of, shows
from engine.encoders import Encoders
from engine.images import load_image

BUNDLE = Path(__file__).resolve().parents[2] / "resources" / "models" / "default"
NAMED = {
    "dog": "Dog|Dog attack", "cat": "Cat|Scared cat", "lake": "Lake", "beach": "Beach", "shark": "Shark",
    "weapon": "Gun|Weapon", "wedding clothes": "Wedding", "snake": "Snake", "bird": "Bird|Pigeon|Crow|Penguins",
    "fence": "Fence", "lion": "Lion", "insect": "Cockroach|Bee", "car": "Car race|Car accident|Car crash|Car|Traffic",
    "volcano": "Volcano|Lava", "boat": "Sailing|Boat|Rafting", "ray": "Stingray", "computer": "Keyboard",
    "bathroom": "Toilet", "bear": "Bear", "wolf": "Wolf", "tiger": "Tiger", "spider": "Spider",
    "drink": "Cups|Alcohol|Bar|Coffee|Bottle", "parachute": "Parachuting|Parasailing|Skydiving|Hang gliding",
    "skiing": "Skier|Skijump", "zebra": "Zebra", "seal": "Seal", "elephant": "Elephant", "guitar": "Guitar",
    "bridge": "Bridge", "candle": "Candle", "food": "Soup|Toast|Pumpkin|Picnic|Eating", "bicycle": "Biking",
    "horse": "Horse|Horse racing", "snow": "Snow|Skier|Skijump", "aeroplane": "Plane crash", "flower": "Sunflower",
    "military uniform": "Soldiers", "baby things": "Baby", "bed": "Bed",
}  # fmt: skip
"""Words, and the names of the photos that should be found by each."""


def main() -> None:
    encoders = Encoders(open_bundle(BUNDLE))
    paths = sorted((Path(sys.argv[1]) / "Images").glob("*.jpg"))
    content = []
    for path in paths:
        found = encoders.photo_features_and_content(encoders.photo_input(load_image(path)[0])[None])[1]
        assert found is not None
        content.append(found[0])
    contents = Contents.of_probabilities(np.stack(content))
    names = np.array([re.sub(r"\s*\d+\s*$", "", path.stem).strip() for path in paths])
    words, total = {}, np.zeros(3, dtype=int)
    for word, named in NAMED.items():
        meaning = meaning_of(word)
        assert meaning is not None
        is_found, is_right = shows(contents, meaning), np.isin(names, named.split("|"))
        counts = np.array([(is_found & is_right).sum(), (is_found & ~is_right).sum(), (~is_found & is_right).sum()])
        words[word] = {"right": int(counts[0]), "wrong": int(counts[1]), "missed": int(counts[2])}
        total += counts
    figures = {
        "bench": "content",
        "photos": len(paths),
        "precision": round(float(total[0] / (total[0] + total[1])), 3),
        "recall": round(float(total[0] / (total[0] + total[2])), 3),
        "words": words,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
