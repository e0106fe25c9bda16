"""Pools of worker threads: what fails in them is logged, and their end is waited for only so long.

A drive that hangs, as a lost network share does for minutes, must not keep the app from closing.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

log = logging.getLogger(__name__)


def log_fault(future: Future[Any]) -> None:
    """Log what a call has raised, where nobody asks for its result: for `Future.add_done_callback`."""
    fault = None if future.cancelled() else future.exception()
    if fault is not None:
        log.error("a worker failed", exc_info=fault)


def end_pool(pool: ThreadPoolExecutor, *, limit_s: float, is_queue_done: bool = False) -> bool:
    """Take no more calls and wait for the present ones, or for the whole queue; False where that takes longer."""
    pool.shutdown(wait=False, cancel_futures=not is_queue_done)
    waiter = threading.Thread(target=pool.shutdown, name="ending", daemon=True)
    waiter.start()
    waiter.join(timeout=limit_s)
    return not waiter.is_alive()


def hanging_threads() -> list[str]:
    """Name the threads that Python waits for at the end of the program, however long they take."""
    return [
        thread.name for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()
    ]
