"""Large blocks go back to the system when they are freed, whatever lies around them."""

from __future__ import annotations

import subprocess
import sys

import pytest

HOLES = """
import ctypes, sys
from slideshow.memory import keep_pictures_apart
if sys.argv[1] == "apart":
    assert keep_pictures_apart()

def rss_mb():
    return next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmRSS"))

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
before, first = rss_mb(), libc.malloc(30_000_000)
libc.free(first)  # glibc now takes blocks of up to this size for small ones
pictures, small = [], []
for _ in range(20):
    pictures.append(libc.malloc(8_000_000))
    ctypes.memset(pictures[-1], 1, 8_000_000)
    small.append(libc.malloc(100_000))
    ctypes.memset(small[-1], 1, 100_000)
for picture in pictures:
    libc.free(picture)
print(rss_mb() - before)
"""


def kept_mb(how: str) -> float:
    """What a process keeps of 160 MB of freed pictures that lay between small blocks."""
    told = subprocess.run([sys.executable, "-c", HOLES, how], capture_output=True, text=True, check=True, timeout=60)
    return float(told.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems' C libraries differ")
def test_freed_pictures_leave_no_holes() -> None:
    assert kept_mb("as it is") > 100  # or this would show nothing
    assert kept_mb("apart") < 20
