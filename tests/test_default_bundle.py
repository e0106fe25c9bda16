"""The bundle that ships: whole, small, and deaf to what carries no emotion."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.audio import load_song
from engine.bundle import open_bundle
from engine.emotion import smooth_curve
from engine.encoders import Encoders
from engine.features import window_features, windows_of
from engine.images import load_image
from slideshow import places

MAX_BUNDLE_BYTES = 40_000_000
SIX_DB = 10 ** (-6 / 20)


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return Encoders(open_bundle(places.DEFAULT_BUNDLE))


def curve_va(y: np.ndarray, encoders: Encoders) -> np.ndarray:
    _, va = encoders.music_heads(encoders.music_features(window_features(y)))
    times_s = np.array([window.centre_s for window in windows_of(len(y))], np.float32)
    return smooth_curve(times_s, va).va


def test_every_network_loads_and_the_bundle_is_small(encoders: Encoders) -> None:
    encoders.check()
    assert sum(path.stat().st_size for path in places.DEFAULT_BUNDLE.iterdir()) < MAX_BUNDLE_BYTES


@pytest.mark.parametrize("song", sorted(places.DEMO_SONGS.iterdir()), ids=lambda path: path.stem)
def test_a_song_played_6_db_softer_feels_the_same(song: Path, encoders: Encoders) -> None:
    y = load_song(song).y
    loud, soft = curve_va(y, encoders), curve_va(y * np.float32(SIX_DB), encoders)
    assert np.abs(loud - soft).max() < 0.03


def test_songs_and_photos_differ_in_the_expected_direction(encoders: Encoders) -> None:
    songs = {path.stem: curve_va(load_song(path).y, encoders).mean(axis=0) for path in places.DEMO_SONGS.iterdir()}
    lively, dark = songs["02-caribbean-energetic-happy"], songs["03-rlyeh-dark-tense"]
    assert lively[0] > dark[0] + 0.05

    def photo_va(name: str) -> np.ndarray:
        image, _ = load_image(places.DEMO_PHOTOS / name, min_side_px=encoders.bundle.manifest.photo.input_px)
        return encoders.photo_heads(encoders.photo_features(encoders.photo_input(image)[None]))[1][0]

    # A single photo can be far off (the model card says so); a handful tells the direction.
    calm = ["calm-mountain-lake", "espresso-cup", "misty-tea-gardens", "two-dogs-window", "dandelion-evening-light"]
    pleasant = ["calm-mountain-lake", "river-otters", "tabby-cat-closeup", "two-dogs-window", "dandelion-evening-light"]
    harsh = [
        "rocket-launch-fire",
        "dark-hotel-facade",
        "steaming-volcano-vents",
        "lightning-launch-pad",
        "stormy-beach",
    ]
    means = [np.mean([photo_va(f"{name}.jpg") for name in names], axis=0) for names in (pleasant, calm, harsh)]
    assert means[0][0] > means[2][0] + 0.1
    assert means[1][1] < means[2][1] - 0.05


def test_the_model_card_travels_with_it_and_names_its_data() -> None:
    card = (places.DEFAULT_BUNDLE / "model_card.md").read_text(encoding="utf-8")
    assert "OASIS" in card
    assert "DEAM" in card
    assert "research" in card
