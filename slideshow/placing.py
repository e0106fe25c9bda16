"""Where a photo lies in a frame: what is cropped, what stands before its blur, and which point a zoom keeps in place.

Pure geometry in pixels, no images. A canvas is a frame at the largest zoom; at zoom 1 it is seen whole, shrunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.plan import MAX_ZOOM

if TYPE_CHECKING:
    from engine.focus import Focus

MAX_CROP = 0.20
"""A photo fills the frame where that hides at most this share of it; else it stands before its own blur."""

MAX_PAIR_CROP = 0.26
"""The same for each of a pair: two photos of 2:3 fill a frame of 16:9 between them."""

MIN_PAIR_SHAPE = 1.3
"""Frames from this width / height on show pairs; in others the two would be small."""

PAIR_GAP = 0.006
"""Width of the gap in a pair, as a share of the frame's: 12 px at 1080p."""

LEFT_OVER = 1 - 1 / MAX_ZOOM
"""Share of the canvas that lies outside of the frame at the largest zoom."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A photo in a canvas: its rectangle in px, which may reach beyond the canvas, and whether a backdrop shows.

    anchor is the point, in shares of the canvas, that stays in place while the photo zooms.
    """

    left: float
    top: float
    width: float
    height: float
    has_backdrop: bool
    anchor: tuple[float, float]


def placed(
    width: int, height: int, *, canvas: tuple[float, float], focus: Focus | None = None, max_crop: float = MAX_CROP
) -> Placed:
    """Place a photo of a size in px: it covers the canvas if that hides little and cuts no face, else it fits whole.

    The crop lies in the middle, moved as little as keeps the focus in view, also at the largest zoom where it can.
    """
    across, down = canvas[0] / width, canvas[1] / height
    covering, fitting = max(across, down), min(across, down)
    covers = 1 - fitting / covering <= max_crop
    if covers and focus is not None and focus.is_face:
        is_whole_across = (focus.right - focus.left) * width * covering <= canvas[0] * (1 + 1e-9)
        is_whole_down = (focus.bottom - focus.top) * height * covering <= canvas[1] * (1 + 1e-9)
        # A side that is not cropped is whole whatever the face's length.
        covers = (is_whole_across or across >= down) and (is_whole_down or down >= across)
    scale = covering if covers else fitting
    x = (focus.left, focus.right) if focus is not None else None
    y = (focus.top, focus.bottom) if focus is not None else None
    left, anchor_x = _along(width * scale, canvas[0], x)
    top, anchor_y = _along(height * scale, canvas[1], y)
    return Placed(left, top, width * scale, height * scale, not covers, (anchor_x, anchor_y))


def is_pair_shown(size: tuple[int, int]) -> bool:
    """Whether frames of a size (width, height) show two portraits side by side."""
    return size[0] >= MIN_PAIR_SHAPE * size[1]


def pair_canvases(canvas: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int], int]:
    """Sizes (width, height) of the two halves of a canvas, and the width of the gap between them, px."""
    gap = max(1, round(PAIR_GAP * canvas[0]))
    left = (canvas[0] - gap) // 2
    return (left, canvas[1]), (canvas[0] - gap - left, canvas[1]), gap


def _along(length: float, canvas: float, box: tuple[float, float] | None) -> tuple[float, float]:
    """Where a photo begins along one side of the canvas, px, and the zoom's anchor there, in shares of the canvas."""
    start = (canvas - length) / 2
    if box is None:
        return start, 0.5
    if length > canvas:
        margin = canvas * LEFT_OVER / 2
        if (box[1] - box[0]) * length > canvas - 2 * margin:
            start = canvas / 2 - (box[0] + box[1]) / 2 * length
        else:
            start = min(max(start, margin - box[0] * length), canvas - margin - box[1] * length)
        start = min(max(start, canvas - length), 0.0)
    low, high = (start + box[0] * length) / canvas, (start + box[1] * length) / canvas
    # At the largest zoom the frame shows [anchor * LEFT_OVER, the same + 1 - LEFT_OVER] of the canvas.
    least, most = (high - (1 - LEFT_OVER)) / LEFT_OVER, low / LEFT_OVER
    anchor = (low + high) / 2
    if least <= most:
        anchor = min(max(anchor, least), most)
    return start, min(max(anchor, 0.0), 1.0)
