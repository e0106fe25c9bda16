"""Pools of threads end, or are left behind where they hang; what fails in them is logged."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from slideshow.worker_pools import end_pool, hanging_threads, log_fault

ROOT = Path(__file__).resolve().parent.parent.parent

PROGRAM = """
import sys, threading
import main
threading.Thread(target=threading.Event().wait, name="on a dead drive").start()
print("last words")
main.leave(3)
"""


def test_a_call_that_hangs_is_waited_for_only_so_long() -> None:
    release = threading.Event()
    done: list[int] = []
    pool = ThreadPoolExecutor(1, thread_name_prefix="dead drive")
    pool.submit(release.wait, 30)
    pool.submit(done.append, 1)
    since_s = time.monotonic()
    assert not end_pool(pool, limit_s=0.2)
    assert time.monotonic() - since_s < 10
    assert any(name.startswith("dead drive") for name in hanging_threads())
    release.set()
    assert end_pool(pool, limit_s=10)
    assert not any(name.startswith("dead drive") for name in hanging_threads())
    assert done == []


def test_what_waits_is_done_where_it_is_to_be() -> None:
    done: list[int] = []
    pool = ThreadPoolExecutor(1)
    for number in range(3):
        pool.submit(done.append, number)
    assert end_pool(pool, limit_s=10, is_queue_done=True)
    assert done == [0, 1, 2]


def test_a_fault_that_nobody_asks_for_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: 1 // 0).add_done_callback(log_fault)
    assert "ZeroDivisionError" in caplog.text


def test_the_program_ends_though_a_thread_hangs() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (3, "last words\n")
