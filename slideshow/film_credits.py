"""The credits of the demo: who made the demo's items that a film uses, in its file and over its last seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter

from engine.credits import Credit, card_lines, credits_text, paint_card, read_credits
from slideshow.places import DEMO_ATTRIBUTION, DEMO_PHOTOS, TEXT_FONT

if TYPE_CHECKING:
    from engine.plan import Plan

CREDITS_S = 6.0
LONGEST_SHARE = 0.4
"""The card stands over the last seconds, but over no more than this share of a short film."""

FADE_S = 1.0


def demo_credits(plan: Plan) -> tuple[list[Credit], list[Credit]]:
    """List the demo's songs and photos that a plan uses, each once, in order; both are empty for one's own."""
    demo = DEMO_PHOTOS.parent.resolve()
    own = {path.name for path in demo.rglob("*")}
    photos = [photo.path for cue in plan.cues for photo in (cue.photo, cue.partner) if photo is not None]
    # Only what is called as the demo's is looked for on the disk: another's drive may hang, and the window asks this.
    found_in = ([path for path in dict.fromkeys(paths) if path.name in own] for paths in ([plan.song], photos))
    names = [[_name_within(path, demo) for path in paths] for paths in found_in]
    if not any(name for found in names for name in found):
        return [], []
    known = read_credits(DEMO_ATTRIBUTION)
    songs, shown = ([known[name] for name in dict.fromkeys(found) if name in known] for found in names)
    return songs, shown


def _name_within(path: Path, folder: Path) -> str:
    resolved = path.resolve()
    return resolved.relative_to(folder).as_posix() if resolved.is_relative_to(folder) else ""


def film_tags(*, title: str, artist: str, songs: Sequence[Credit], photos: Sequence[Credit]) -> dict[str, str]:
    """What a film's file says about itself."""
    tags = {"title": title, "artist": artist, "comment": "Made with Moodreel."}
    if songs or photos:
        tags["copyright"] = credits_text(songs, photos)
        tags["comment"] += "\n" + tags["copyright"]
    return {name: value for name, value in tags.items() if value}


class CreditsCard:
    """The card over the last seconds of a film of one size; it comes softly and stays to the end."""

    def __init__(
        self, songs: Sequence[Credit], photos: Sequence[Credit], *, size: tuple[int, int], duration_s: float
    ) -> None:
        self.from_s = duration_s - min(CREDITS_S, LONGEST_SHARE * duration_s)
        self._pixels = paint_card(card_lines(songs, photos), size=size, font=TEXT_FONT)
        self._image = QImage(self._pixels.data, *size, 4 * size[0], QImage.Format.Format_ARGB32_Premultiplied)

    def lay_over(self, frame: NDArray[np.uint8], t_s: float) -> None:
        """Draw the card into a frame's pixels (h, w, 4), BGRA, where its time has come."""
        place = (t_s - self.from_s) / FADE_S
        if place <= 0:
            return
        height, width = frame.shape[:2]
        image = QImage(frame.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        painter.setOpacity(0.5 - 0.5 * math.cos(math.pi * min(place, 1.0)))
        painter.drawImage(0, 0, self._image)
        painter.end()
