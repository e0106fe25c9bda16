"""Indexing speed: photos a second, how much of the work is decoding, draft decode, and reading a large catalog.

python tests/bench/bench_indexing.py [--bundle DIR] [--photos DIR] prints one JSON line.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from engine.bundle import open_bundle  # noqa: E402
from engine.encoders import Encoders  # noqa: E402
from engine.focus import Focus, find_focus  # noqa: E402
from engine.images import load_image, thumbnail  # noqa: E402
from engine.indexing import BATCH, index_folders  # noqa: E402
from engine.kinds import kind_of  # noqa: E402
from engine.library import Encoded, Library, Look, PhotoRecord  # noqa: E402
from engine.siblings import perceptual_hash  # noqa: E402

N_LARGE = 50_000
LARGE_PX = (3000, 4000)


def seconds(call: Callable[[], object], *, repeats: int = 1) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def large_jpegs(folder: Path, n: int) -> None:
    """Camera-sized photos, 12 megapixels, with the detail of real ones: demo photos enlarged, with grain."""
    rng = np.random.default_rng(0)
    grain = rng.integers(0, 24, (*LARGE_PX, 3), dtype=np.uint8)
    for i, source in enumerate(sorted((ROOT / "resources" / "demo" / "photos").iterdir())[:n]):
        image = load_image(source)[0]
        rows = np.linspace(0, image.shape[0] - 1, LARGE_PX[0]).astype(int)
        columns = np.linspace(0, image.shape[1] - 1, LARGE_PX[1]).astype(int)
        enlarged = np.minimum(image[rows][:, columns], 231) + np.roll(grain, 31 * i, axis=1)
        Image.fromarray(enlarged).save(folder / f"{i}.jpg", quality=90)


def index_speed(folder: Path, encoders: Encoders) -> dict[str, float]:
    """Photos/s of a whole run, and of decoding and encoding alone (one thread decoding)."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    input_px = encoders.bundle.manifest.photo.input_px
    encoders.photo_heads(encoders.photo_features(encoders.photo_input(load_image(paths[0])[0])[None]))  # warm-up
    with tempfile.TemporaryDirectory() as place, Library.open(Path(place) / "library.db") as library:
        report = index_folders(library, [folder], encoders)
        again_s = seconds(lambda: index_folders(library, [folder], encoders))
    start = time.perf_counter()
    inputs = [encoders.photo_input(load_image(path, min_side_px=input_px)[0]) for path in paths]
    decode_s = time.perf_counter() - start
    start = time.perf_counter()
    for first in range(0, len(inputs), BATCH):
        encoders.photo_heads(encoders.photo_features(np.stack(inputs[first : first + BATCH])))
    encode_s = time.perf_counter() - start
    return {
        "photos": report.indexed,
        "photos_per_s": round(report.indexed / report.seconds, 1),
        "decode_ms": round(1000 * decode_s / len(paths), 1),
        "encode_ms": round(1000 * encode_s / len(paths), 1),
        "decode_share": round(decode_s / (decode_s + encode_s), 3),
        "again_ms": round(1000 * again_s, 1),
    }


def catalog_speed(feature_width: int) -> dict[str, float]:
    """Writing and reading 50,000 photos."""
    rng = np.random.default_rng(1)
    batch = 1000
    with tempfile.TemporaryDirectory() as place, Library.open(Path(place) / "library.db") as library:
        library.add_folder(Path("/photos"))
        write_s = 0.0
        for first in range(0, N_LARGE, batch):
            records = [
                PhotoRecord(
                    *(Path(f"/photos/{i // 500}/{i}.jpg"), 1, 1, f"{i:032x}", 4000, 3000),
                    taken_at=f"20{i % 24:02}-05-{1 + i % 28:02}T10:{i // 60 % 60:02}:{i % 60:02}",
                    look=Look(int(rng.integers(2**63)), Focus(0.25, 0.25, 0.75, 0.75)),
                )
                for i in range(first, first + batch)
            ]
            outputs = Encoded(
                rng.random((batch, feature_width), np.float32),
                rng.random((batch, 512), np.float32),
                rng.random((batch, 2), np.float32),
            )
            write_s += seconds(lambda: library.store_photos(records, outputs, backbone_id="b", bundle_id="m"))  # noqa: B023
        library_mb = sum(path.stat().st_size for path in Path(place).iterdir()) / 1e6
        return {
            "store_50000_s": round(write_s, 2),
            "catalog_50000_s": round(seconds(lambda: library.catalog("m"), repeats=3), 2),
            "known_50000_s": round(seconds(lambda: library.known_photos("b"), repeats=3), 2),
            "library_mb": round(library_mb),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = ROOT / "resources" / "models" / "default"
    tiny = ROOT / "tests" / "assets" / "tiny_bundle"
    parser.add_argument("--bundle", type=Path, default=default if (default / "manifest.json").is_file() else tiny)
    parser.add_argument("--photos", type=Path, default=ROOT / "resources" / "demo" / "photos")
    options = parser.parse_args()
    encoders = Encoders(open_bundle(options.bundle))
    input_px = encoders.bundle.manifest.photo.input_px
    with tempfile.TemporaryDirectory() as place:
        large = Path(place)
        large_jpegs(large, 32)
        first = large / "0.jpg"
        full_s = seconds(lambda: load_image(first), repeats=3)
        draft_s = seconds(lambda: load_image(first, min_side_px=input_px), repeats=5)
        camera = index_speed(large, encoders)
    name = options.photos / sorted(path.name for path in options.photos.iterdir())[0]
    image = load_image(name)[0]
    decoded, info = load_image(name, min_side_px=input_px)
    result = {
        "bench": "indexing",
        "bundle": encoders.bundle.manifest.name,
        "input_px": input_px,
        "folder": index_speed(options.photos, encoders),
        "camera_12mp": camera,
        "full_decode_12mp_ms": round(1000 * full_s, 1),
        "draft_decode_12mp_ms": round(1000 * draft_s, 1),
        "look_ms": round(1000 * seconds(lambda: (perceptual_hash(image), find_focus(image)), repeats=20), 2),
        "kind_ms": round(1000 * seconds(lambda: kind_of(decoded, info, path=name), repeats=50), 2),
        "thumbnail_ms": round(1000 * seconds(lambda: thumbnail(image, long_side_px=256), repeats=20), 2),
        **catalog_speed(encoders.bundle.manifest.photo.feature_width),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
