"""How glibc hands out memory: pictures apart from all else, so that a long show leaves no holes behind."""

from __future__ import annotations

import ctypes
import sys

LARGE_BYTES = 1024 * 1024
"""Blocks from this size on are pages of their own, given back when freed: every picture of the stage and the film."""

MAX_ARENAS = 2
"""Heaps that threads share. By glibc's own eight a core, each decoder leaves holes in one of its own."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Numbers of mallopt(3)."""


def keep_pictures_apart() -> bool:
    """Set the process up, before threads start; False where the C library is another, which needs it less.

    By itself glibc raises its bound to the largest block it has seen freed, 32 MB at most: from then on pictures of a
    screen's size lie among small blocks, and what is freed between them stays with the process.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_M_MMAP_THRESHOLD, LARGE_BYTES), (_M_TRIM_THRESHOLD, LARGE_BYTES), (_M_ARENA_MAX, MAX_ARENAS))
    results = [mallopt(number, value) for number, value in settings]
    return all(result == 1 for result in results)
