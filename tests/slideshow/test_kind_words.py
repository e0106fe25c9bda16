"""Words for the photos that stay out of shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.photos import Photo
from slideshow.kind_words import joined, left_out_words

PHOTO = Photo(1, Path("/photos/a.jpg"), 60, 40, None, "hash")


def of_kinds(*kinds: str) -> list[Photo]:
    return [replace(PHOTO, id=i, kind=kind) for i, kind in enumerate(kinds)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("photos", "words"),
    [
        ([], ""),
        (of_kinds("screenshot"), "1 screenshot stays out of shows"),
        (of_kinds("dark"), "1 nearly black photo stays out of shows"),
        (of_kinds("blurred", "screenshot", "document"), "3 screenshots, scans and blurred photos stay out of shows"),
        (of_kinds("dark", "blurred"), "2 nearly black and blurred photos stay out of shows"),
        (of_kinds("document") * 1_200, "1,200 scans stay out of shows"),
        ([replace(PHOTO, kind="dark", is_let_in=True)], "No photo stays out of shows for what it is any more"),
    ],
)
def test_what_stays_out_is_said(photos: list[Photo], words: str) -> None:
    assert left_out_words(photos) == words


def test_words_are_joined() -> None:
    assert [joined(["a", "b", "c"][:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
