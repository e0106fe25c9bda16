from __future__ import annotations

from pathlib import Path

import pytest

from engine.library import Photo
from slideshow.photo_words import caption, date_in_words, name_in_words


@pytest.mark.parametrize(
    ("stem", "words"),
    [
        ("autumn-mountain-meadow", "Autumn mountain meadow"),
        ("Lake_Sherburne in May", "Lake Sherburne in May"),
        *((name, "") for name in ("IMG_2034", "DSCF0001", "PXL_20240812_101112", "beach", "2024-08-12 10.11.12", "")),
        ("WhatsApp Image at noon", ""),
        ("Übung am Äquator", "Übung am Äquator"),
    ],
)
def test_a_name_is_said_where_a_person_gave_it(stem: str, words: str) -> None:
    assert name_in_words(stem) == words


@pytest.mark.parametrize(
    ("taken_at", "words"),
    [
        ("2024-08-12T10:11:12", "12 August 2024"),
        ("1999-01-01T00:00:00", "1 January 1999"),
        (None, ""),
        ("nonsense", ""),
    ],
)
def test_a_date_is_said_as_people_do(taken_at: str | None, words: str) -> None:
    assert date_in_words(taken_at) == words


def test_a_caption_has_what_is_known() -> None:
    named = Photo(1, Path("/p/low tide.jpg"), 4, 3, "2024-08-12T10:11:12", "a")
    assert caption(named) == "Low tide · 12 August 2024"
    assert caption(Photo(2, Path("/p/IMG_1.jpg"), 4, 3, None, "b")) == ""
    other = Photo(3, Path("/p/IMG_3.jpg"), 3, 4, "2023-05-01T10:11:12", "c")
    assert caption(named, other) == "12 August 2024 · 1 May 2023"
    assert caption(named, named) == "12 August 2024"
