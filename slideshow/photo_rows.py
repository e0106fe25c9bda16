"""Justified rows: photos side by side at one height per row, each row as wide as the grid. Pure arithmetic."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect

from engine.emotion import FloatArray

GAP_PX = 4
TALLEST, LAST_STRETCH = 1.6, 1.25
"""No row is stretched beyond this many times the height asked for, nor the last one beyond the second."""


@dataclass(frozen=True, slots=True, eq=False)
class RowLayout:
    """Where n photos lie: row r holds photos starts[r] to starts[r + 1] - 1, from tops[r] on, heights[r] high."""

    width_px: int
    starts: NDArray[np.int64]
    tops: NDArray[np.int64]
    heights: NDArray[np.int64]
    summed: NDArray[np.float64]
    """Aspects summed up, (n + 1,)."""

    @property
    def n_photos(self) -> int:
        """How many photos there are."""
        return len(self.summed) - 1

    @property
    def height_px(self) -> int:
        """Height of all rows together."""
        return int(self.tops[-1] + self.heights[-1]) if len(self.tops) else 0

    def row_of(self, index: int) -> int:
        """Row in which a photo lies."""
        return int(np.searchsorted(self.starts, index, side="right")) - 1

    def rows_between(self, top_px: int, bottom_px: int) -> range:
        """Rows that touch a stretch from top to bottom."""
        if not len(self.tops):
            return range(0)
        first = max(0, bisect_right(self.tops, top_px) - 1)
        return range(first, bisect_left(self.tops, bottom_px + 1))

    def photos_of(self, row: int) -> range:
        """Photos of a row."""
        return range(int(self.starts[row]), int(self.starts[row + 1]))

    def place(self, index: int) -> QRect:
        """Place of a photo."""
        row = self.row_of(index)
        first, height = int(self.starts[row]), int(self.heights[row])
        before = self.summed[index] - self.summed[first]
        upto = self.summed[index + 1] - self.summed[first]
        n_before = index - first
        left = round(before * height) + n_before * GAP_PX
        right = round(upto * height) + n_before * GAP_PX
        is_last = index + 1 == int(self.starts[row + 1])
        if is_last and self.width_px - right < 8 * GAP_PX:
            right = self.width_px  # whole pixels of height leave a few of width over
        return QRect(left, int(self.tops[row]), max(1, right - left), height)

    def at(self, x: float, y: float) -> int:
        """Photo at a place, -1 for a gap."""
        for row in self.rows_between(int(y), int(y)):
            for index in self.photos_of(row):
                if self.place(index).contains(int(x), int(y)):
                    return index
        return -1

    def beside(self, index: int, rows: int) -> int:
        """Photo so many rows further down (or up) whose middle is nearest to the middle of this one."""
        row = min(max(self.row_of(index) + rows, 0), len(self.tops) - 1)
        middle = self.place(index).center().x()
        return min(self.photos_of(row), key=lambda other: abs(self.place(other).center().x() - middle))


def justified(aspects: FloatArray, *, width_px: int, height_px: int) -> RowLayout:
    """Lay photos of these aspects (width over height) into rows of about a height; 50,000 take some 10 ms."""
    summed = np.concatenate([[0.0], np.cumsum(aspects, dtype=np.float64)])
    n = len(aspects)
    if n == 0:
        none = np.zeros(0, dtype=np.int64)
        return RowLayout(width_px, np.zeros(1, dtype=np.int64), none, none, summed)
    # Where photos would lie in one endless row of the height wanted: a row of the grid is cut where the width is full,
    # before or after the photo there, whichever comes closer.
    edges = (summed * height_px + np.arange(n + 1) * GAP_PX).tolist()
    room = width_px + GAP_PX
    starts, first = [0], 0
    while first < n:
        full = edges[first] + room
        last = bisect_left(edges, full, first + 1, n + 1)
        if last <= n and last - 1 > first and edges[last] - full > full - edges[last - 1]:
            last -= 1
        first = min(last, n)
        starts.append(first)
    cuts = np.array(starts, dtype=np.int64)
    heights = (width_px - (np.diff(cuts) - 1) * GAP_PX) / np.diff(summed[cuts])
    if heights[-1] > LAST_STRETCH * height_px:
        heights[-1] = height_px
    tall = np.clip(heights, 1, TALLEST * height_px).astype(np.int64)
    tops = np.concatenate([[0], np.cumsum(tall + GAP_PX)[:-1]]).astype(np.int64)
    return RowLayout(width_px, cuts, tops, tall, summed)
