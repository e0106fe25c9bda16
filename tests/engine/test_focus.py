from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.focus import Focus, find_focus
from engine.images import load_image, thumbnail

DEMO = Path(__file__).resolve().parents[2] / "resources" / "demo" / "photos"


def demo_photo(name: str) -> np.ndarray:
    return load_image(DEMO / f"{name}.jpg")[0]


def holds(focus: Focus, x: float, y: float) -> bool:
    return focus.left <= x <= focus.right and focus.top <= y <= focus.bottom


def test_a_face_is_found_with_its_hair_and_chin() -> None:
    focus = find_focus(demo_photo("smiling-astronaut"))
    assert focus.is_face
    assert holds(focus, 0.44, 0.05)  # her hair
    assert holds(focus, 0.44, 0.31)  # her chin
    assert focus.right - focus.left < 0.4
    assert (focus.x, focus.y) == (pytest.approx(0.44, abs=0.04), pytest.approx(0.18, abs=0.06))


@pytest.mark.parametrize("name", ["espresso-cup", "earthrise", "roman-colosseum", "tabby-cat-closeup"])
def test_no_face_is_seen_where_there_is_none(name: str) -> None:
    assert not find_focus(demo_photo(name)).is_face


def test_two_faces_share_a_box() -> None:
    face = demo_photo("smiling-astronaut")[:640, 240:880]
    pair = np.concatenate([face, np.full((640, 300, 3), 200, np.uint8), face], axis=1)
    focus = find_focus(pair)
    assert focus.is_face
    assert holds(focus, 320 / 1580, 0.3)
    assert holds(focus, 1 - 320 / 1580, 0.3)


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("earthrise", 0.5, 0.23),
        ("osprey-on-branch", 0.39, 0.35),
        ("hilltop-sunset", 0.52, 0.38),
        ("fig-in-red-bowl", 0.5, 0.5),
        ("windswept-tree-mono", 0.55, 0.35),
        ("two-dogs-window", 0.43, 0.4),
    ],
)
def test_what_stands_out_is_in_the_box(name: str, x: float, y: float) -> None:
    focus = find_focus(demo_photo(name))
    assert holds(focus, x, y)
    assert (focus.right - focus.left) * (focus.bottom - focus.top) <= 0.49


@pytest.mark.parametrize(("x", "y"), [(0.3, 0.3), (0.7, 0.35), (0.5, 0.7)])
def test_a_spot_on_a_plain_ground_is_found_in_any_size(x: float, y: float) -> None:
    for height, width in ((300, 400), (1600, 900), (40, 60)):
        image = np.full((height, width, 3), (90, 110, 130), np.uint8)
        rows, columns = np.mgrid[0:height, 0:width]
        image[np.hypot(rows / height - y, columns / width - x) < 0.08] = (220, 120, 40)
        focus = find_focus(image)
        assert (focus.x, focus.y) == (pytest.approx(x, abs=0.05), pytest.approx(y, abs=0.05))


def test_an_empty_photo_looks_to_its_middle() -> None:
    focus = find_focus(np.full((300, 400, 3), 77, np.uint8))
    assert (focus.x, focus.y, focus.is_face) == (pytest.approx(0.5), pytest.approx(0.5), False)


@settings(deadline=None, max_examples=40)
@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_any_pixels_have_a_box_within_them(image: np.ndarray) -> None:
    focus = find_focus(image)
    assert 0 <= focus.left < focus.right <= 1
    assert 0 <= focus.top < focus.bottom <= 1


def test_the_size_of_the_image_hardly_matters() -> None:
    image = demo_photo("smiling-astronaut")
    whole, small = find_focus(image), find_focus(thumbnail(image, long_side_px=320))
    assert small.is_face
    assert (small.x, small.y) == (pytest.approx(whole.x, abs=0.03), pytest.approx(whole.y, abs=0.03))


def test_threads_agree() -> None:
    images = [demo_photo(name) for name in ("smiling-astronaut", "espresso-cup", "earthrise")] * 4
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(find_focus, images)) == [find_focus(image) for image in images]


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_pixels_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        find_focus(np.zeros(shape, np.uint8))
