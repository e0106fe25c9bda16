from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.credits import Credit, card_lines, credits_text, paint_card, read_credits
from engine.errors import ExportError

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "resources" / "demo"
FONT = ROOT / "resources" / "fonts" / "Inter-Regular.ttf"

SONG = Credit("songs/a.ogg", "Jungle (hr3)", "Shawn Parrotte (http://x.y)", "CC-BY-SA-3.0")
NAMED = Credit("photos/b.jpg", "Peaks (d5)", "Dmitry A. Mottl (commons: User:Dmottl)", "CC-BY-4.0")
FREE = Credit("photos/c.jpg", "Lake", "photographer not named; via rawpixel.com", "CC0-1.0")


def test_everything_of_the_demo_has_its_credit() -> None:
    known = read_credits(DEMO / "ATTRIBUTION.md")
    files = [path.relative_to(DEMO).as_posix() for path in DEMO.rglob("*") if path.suffix in (".jpg", ".ogg")]
    assert len(files) > 50
    for name in files:
        credit = known[name]
        assert credit.title
        assert credit.author
        assert credit.licence.startswith(("CC0", "CC-BY", "public domain")), credit


def test_licences_that_ask_for_names_are_told_from_those_that_do_not() -> None:
    assert [item.must_be_named for item in (SONG, NAMED, FREE)] == [True, True, False]
    assert (SONG.licence_words, NAMED.licence_words, FREE.licence_words) == ("CC BY-SA 3.0", "CC BY 4.0", "CC0-1.0")


def test_the_text_names_all_with_title_author_and_licence() -> None:
    text = credits_text([SONG], [NAMED, FREE])
    for item in (SONG, NAMED, FREE):
        assert f"{item.title}, by {item.author}, {item.licence_words}" in text
    assert "https://creativecommons.org/licenses/" in text


def test_the_card_is_shorter_and_names_whom_it_must() -> None:
    lines = [line.replace("\u00a0", " ") for line in card_lines([SONG], [NAMED, FREE])]
    assert lines == [
        "Music: Jungle, Shawn Parrotte, CC BY-SA 3.0",
        "Photos:",
        "Peaks, Dmitry A. Mottl, CC BY 4.0",
        "Other photos: rawpixel.com, CC0 or public domain",
    ]
    assert card_lines([SONG], []) == (lines[0].replace("CC BY-SA 3.0", "CC\u00a0BY-SA\u00a03.0"),)


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280), (720, 720), (160, 90)])
def test_a_card_holds_its_lines_within_its_margins(size: tuple[int, int]) -> None:
    known = read_credits(DEMO / "ATTRIBUTION.md")
    photos = [credit for name, credit in known.items() if name.startswith("photos/")][:24]
    card = paint_card(card_lines([SONG], photos), size=size, font=FONT)
    assert card.shape == (size[1], size[0], 4)
    colour, alpha = card[..., :3].astype(int), card[..., 3].astype(int)
    assert (colour.max(axis=2) <= alpha).all()  # premultiplied
    ink = card[..., 0] > 100
    assert ink.mean() > 0.002
    rows, columns = np.nonzero(ink)
    margin = round(0.07 * min(size)) - 2
    assert margin <= rows.min() <= rows.max() < size[1] - margin
    assert margin <= columns.min() <= columns.max() < size[0] - margin
    assert alpha[0, 0] == round(255 * 0.72)


def test_more_lines_take_smaller_letters() -> None:
    few = paint_card(["A line"], size=(640, 360), font=FONT)[..., 0] > 100
    many = paint_card([f"A line with the number {i}" for i in range(60)], size=(640, 360), font=FONT)[..., 0] > 100
    assert np.nonzero(few.any(axis=1))[0].size > 5
    assert many.sum() > few.sum()


def test_a_missing_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(ExportError):
        read_credits(tmp_path / "ATTRIBUTION.md")
