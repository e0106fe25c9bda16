from __future__ import annotations

import io
import random
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from engine.images import load_image
from engine.siblings import BURST_LOOK, MOST_AT_ONCE, SAME_LOOK, perceptual_hash, sibling_groups

DEMO_PHOTOS = Path(__file__).resolve().parents[2] / "resources" / "demo" / "photos"


@dataclass(frozen=True)
class Seen:
    look: int | None
    content_hash: str
    taken_at: str | None = None


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    return [load_image(path, min_side_px=260)[0] for path in sorted(DEMO_PHOTOS.iterdir())[::4]]


def n_bits_apart(a: int, b: int) -> int:
    return (a ^ b).bit_count()


def hashed(image: Image.Image) -> int:
    return perceptual_hash(np.asarray(image.convert("RGB")))


def jpeg(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=40)
    return Image.open(file)


def test_a_picture_saved_otherwise_keeps_its_hash_nearly(photos: list[np.ndarray]) -> None:
    for pixels in photos:
        image = Image.fromarray(pixels)
        width, height = image.size
        changed = [
            jpeg(image),
            image.resize((width // 3, height // 3)),
            ImageEnhance.Brightness(image).enhance(1.15),
            ImageEnhance.Contrast(image).enhance(0.8),
        ]
        assert all(n_bits_apart(perceptual_hash(pixels), hashed(other)) <= SAME_LOOK for other in changed)
        shifted = image.crop((round(0.05 * width), 0, width, height))
        assert n_bits_apart(perceptual_hash(pixels), hashed(shifted)) <= BURST_LOOK


def test_different_pictures_have_distant_hashes(photos: list[np.ndarray]) -> None:
    hashes = [perceptual_hash(pixels) for pixels in photos]
    apart = [n_bits_apart(a, b) for i, a in enumerate(hashes) for b in hashes[i + 1 :]]
    assert min(apart) > SAME_LOOK
    assert 28 < np.mean(apart) < 34


def test_a_hash_fits_64_bits_whatever_the_picture() -> None:
    for pixels in (np.zeros((1, 1, 3), np.uint8), np.full((40, 900, 3), 255, np.uint8)):
        assert 0 <= perceptual_hash(pixels) < 2**64


def flipped(look: int, bits: list[int]) -> int:
    for bit in bits:
        look ^= 1 << bit
    return look


def test_near_hashes_and_same_bytes_are_siblings() -> None:
    rng = random.Random(3)
    a, b = rng.getrandbits(64), rng.getrandbits(64)
    seen = [
        Seen(a, "1"),
        Seen(b, "2"),
        Seen(flipped(a, [1, 20, 40, 60, 61]), "3"),
        Seen(flipped(b, list(range(0, 60, 4))), "4"),
        Seen(None, "5"),
        Seen(None, "2"),
        Seen(None, "6"),
    ]
    groups = sibling_groups(seen).tolist()
    assert groups[0] == groups[2]
    assert groups[1] == groups[5]
    assert len({groups[0], groups[1], groups[3], groups[4], groups[6]}) == 5


@pytest.mark.parametrize("n_bits", [0, 1, 4, 7])
def test_every_near_pair_is_found(n_bits: int) -> None:
    rng = random.Random(n_bits)
    looks = [rng.getrandbits(64) for _ in range(400)]
    looks += [flipped(look, rng.sample(range(64), n_bits)) for look in looks]
    groups = sibling_groups([Seen(look, str(i)) for i, look in enumerate(looks)])
    assert np.array_equal(groups[:400], groups[400:])
    assert len(set(groups.tolist())) == 400


def test_a_burst_is_a_chain_of_seconds_that_look_alike() -> None:
    rng = random.Random(1)
    look = rng.getrandbits(64)
    scene = [flipped(look, rng.sample(range(64), 9)) for _ in range(5)]
    seen = [Seen(scene[i], f"a{i}", f"2024-05-01T10:00:{4 * i:02}") for i in range(5)]
    seen += [Seen(rng.getrandbits(64), "other", "2024-05-01T10:00:06")]  # the photographer turned round
    seen += [Seen(flipped(look, rng.sample(range(64), 9)), "later", "2024-05-01T10:05:00")]
    seen += [Seen(None, "x", "2024-05-02T10:00:00"), Seen(None, "y", "2024-05-02T10:00:02+01:00")]
    groups = sibling_groups(seen).tolist()
    assert len(set(groups[:5])) == 1
    assert len({groups[0], groups[5], groups[6], groups[7]}) == 4
    assert groups[7] == groups[8]


def test_dates_that_say_nothing_make_no_siblings() -> None:
    rng = random.Random(2)
    dates = [None, "", "yesterday", "0000-00-00T00:00:00", "9999-12-31T23:59:59", "0001-01-01T00:00:00"]
    seen = [Seen(rng.getrandbits(64), str(i), date) for i, date in enumerate(dates)]
    still = [Seen(None, f"s{i}", "2000-01-01T00:00:00") for i in range(MOST_AT_ONCE + 5)]
    groups = sibling_groups(seen + still)
    assert len(set(groups.tolist())) == len(groups)
    assert sibling_groups([]).shape == (0,)


def test_a_large_library_of_lookalikes_is_grouped() -> None:
    rng = random.Random(5)
    scenes = [rng.getrandbits(64) for _ in range(30)]
    seen = [Seen(flipped(scenes[i % 30], [rng.randrange(64)]), str(i)) for i in range(6000)]
    groups = sibling_groups(seen)
    assert len(set(groups.tolist())) == 30
    assert all(len(set(groups[k::30].tolist())) == 1 for k in range(30))


def test_a_time_lapse_of_thousands_is_one_group_in_little_memory() -> None:
    rng = random.Random(6)
    scene = rng.getrandbits(64)
    seen = [Seen(flipped(scene, [rng.randrange(64) for _ in range(6)]), str(i)) for i in range(5000)]
    tracemalloc.start()
    groups = sibling_groups(seen)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(set(groups.tolist())) == 1
    assert peak_bytes < 60e6  # comparing all with all took 250 MB, and 4 GB for 20,000
