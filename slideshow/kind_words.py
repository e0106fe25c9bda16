"""Words for the kinds of pictures that shows pass over, for the window and the command line. Free of Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.library import Photo

KINDS: tuple[tuple[str, str, str, str], ...] = (
    ("screenshot", "Screenshots", "screenshot", "screenshots"),
    ("document", "Scans", "scan", "scans"),
    ("dark", "Nearly black", "nearly black photo", "nearly black photos"),
    ("blurred", "Blurred", "blurred photo", "blurred photos"),
)
"""What shows pass over: its name in the library, on a chip, in a sentence for one and for several."""


def joined(words: Sequence[str]) -> str:
    """Words as a sentence lists them: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def left_out_words(photos: Sequence[Photo]) -> str:
    """Say how many photos stay out of shows, and which; "" where there are none of that kind at all."""
    out = [photo for photo in photos if photo.is_left_out]
    if not out:
        return "No photo stays out of shows for what it is any more" if photos else ""
    kinds = {photo.kind for photo in out}
    if len(out) == 1:
        return next(f"1 {one} stays out of shows" for kind, _, one, _ in KINDS if kind in kinds)
    names = [many for kind, _, _, many in KINDS if kind in kinds]
    if {"dark", "blurred"} <= kinds:
        names[-2] = names[-2].removesuffix(" photos")
    return f"{len(out):,} {joined(names)} stay out of shows"
