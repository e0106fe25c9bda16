"""A thread for calls to sound devices and files, which may hang: its end is waited for only so long."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class SoundThread:
    """Runs calls one after the other. A daemon: one that hangs in a driver does not keep the program from ending."""

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Queue a call; its result, or what it raised, comes through the future."""
        future: Future[T] = Future()
        self._calls.put((future, call))
        return future

    def stop(self, *, limit_s: float) -> bool:
        """End the thread after what is queued, waiting at most so long; False where it still hangs."""
        self._calls.put(None)
        self._thread.join(timeout=limit_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (entry := self._calls.get()) is not None:
            _do(*entry)
            del entry  # while it waits for the next, it must hold neither a song nor a stream


def _do(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call())
    except BaseException as fault:  # it belongs to whoever asks for the result
        future.set_exception(fault)


def join_all(threads: list[threading.Thread], *, limit_s: float) -> None:
    """Wait for threads that were told to end, all together at most so long."""
    end_s = time.monotonic() + limit_s
    for thread in threads:
        thread.join(timeout=max(0.0, end_s - time.monotonic()))
