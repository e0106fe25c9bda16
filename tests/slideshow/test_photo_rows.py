"""Justified rows: every photo once, in order, in rows as wide as the grid, found again where it lies."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from slideshow.photo_rows import GAP_PX, justified


@pytest.mark.parametrize("width_px", [300, 580, 1010])
def test_rows_tile_the_width(width_px: int) -> None:
    aspects = np.random.default_rng(4).choice([0.66, 1.0, 1.5, 1.78], 300).astype(np.float32)
    layout = justified(aspects, width_px=width_px, height_px=128)
    seen: list[int] = []
    bottom = -GAP_PX
    for row in range(len(layout.tops)):
        members = layout.photos_of(row)
        seen.extend(members)
        places = [layout.place(index) for index in members]
        assert places[0].left() == 0
        assert all(b.left() - a.right() - 1 == GAP_PX for a, b in itertools.pairwise(places))
        assert int(layout.tops[row]) == bottom + GAP_PX
        bottom = int(layout.tops[row] + layout.heights[row])
        if row + 1 < len(layout.tops):
            assert places[-1].right() + 1 == width_px
            assert 80 <= layout.heights[row] <= 205
    assert seen == list(range(300))
    assert layout.height_px == bottom


def test_a_photo_is_found_where_it_lies() -> None:
    aspects = np.random.default_rng(5).uniform(0.5, 2.0, 80).astype(np.float32)
    layout = justified(aspects, width_px=600, height_px=128)
    for index in range(80):
        middle = layout.place(index).center()
        assert layout.at(middle.x(), middle.y()) == index
    assert layout.at(5, layout.height_px + 50) == -1
    below = layout.beside(0, 1)
    assert layout.row_of(below) == 1
    assert layout.beside(0, -1) == layout.beside(0, 0) == 0


def test_nothing_and_one() -> None:
    assert justified(np.zeros(0, dtype=np.float32), width_px=600, height_px=128).height_px == 0
    one = justified(np.array([1.5], dtype=np.float32), width_px=600, height_px=128)
    assert one.place(0).height() == 128
