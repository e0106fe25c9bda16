from __future__ import annotations

import pytest

from slideshow.film_options import (
    PRESETS,
    SHAPES,
    SHORT_SIDES_PX,
    FilmOptions,
    seconds_needed,
    size_named,
    size_of,
    speed_of,
)


def test_sizes_have_their_shape_and_even_sides() -> None:
    assert size_of("wide", 720) == (1280, 720)
    assert size_of("wide", 2160) == (3840, 2160)
    assert size_of("tall", 1080) == (1080, 1920)
    assert size_of("square", 1440) == (1440, 1440)
    for shape, (across, down) in SHAPES.items():
        for side in SHORT_SIDES_PX:
            width, height = size_of(shape, side)
            assert (width % 2, height % 2, min(width, height)) == (0, 0, side)
            assert width / height == pytest.approx(across / down, rel=0.005)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("720p", (1280, 720)),
        ("4K", (3840, 2160)),
        ("2160p", (3840, 2160)),
        (" 640X480 ", (640, 480)),
        ("64x64", (64, 64)),
    ],
)
def test_sizes_are_read(text: str, size: tuple[int, int]) -> None:
    assert size_named(text) == size


@pytest.mark.parametrize("text", ["", "big", "641x480", "640x", "x480", "32x32", "9000x100", "640x480x2", "719p"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"like 1280x720|even numbers"):
        size_named(text)


def test_the_wait_grows_with_the_film_and_learns_from_the_last() -> None:
    small, large = FilmOptions((1280, 720)), FilmOptions((1920, 1080))
    assert seconds_needed(large, 100.0) == pytest.approx(2.25 * seconds_needed(small, 100.0))
    assert seconds_needed(FilmOptions((1280, 720), fps=60), 100.0) == pytest.approx(2 * seconds_needed(small, 100.0))
    waits = [seconds_needed(FilmOptions((1280, 720), preset=preset), 100.0) for preset in PRESETS]
    assert waits == sorted(waits)
    speed = speed_of(small, duration_s=50.0, seconds=10.0)
    assert seconds_needed(small, 50.0, speed=speed) == pytest.approx(10.0)
    assert seconds_needed(large, 50.0, speed=speed) == pytest.approx(22.5)
