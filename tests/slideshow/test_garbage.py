"""No widget is ever destroyed in a worker thread."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from slideshow.garbage import Collector


class Knot:
    """Garbage that only the cyclic collector can free."""

    def __init__(self) -> None:
        self.me = self


def allocate_much() -> None:
    kept = [[] for _ in range(200_000)]
    del kept


@pytest.fixture
def python_collects() -> Iterator[None]:
    """Collecting as Python does it by itself, which the tests otherwise switch off."""
    gc.enable()
    yield
    gc.disable()


def freed_in(qtbot: QtBot) -> list[str]:
    """Tie knots, allocate in a worker, and tell in which threads they were freed within two seconds."""
    threads: list[str] = []

    def note() -> None:
        threads.append(threading.current_thread().name)

    for _ in range(10):
        weakref.finalize(Knot(), note)
    worker = threading.Thread(target=allocate_much, name="worker")
    worker.start()
    worker.join()
    qtbot.waitUntil(lambda: len(threads) == 10, timeout=10_000)
    return threads


def test_left_alone_python_collects_in_workers(qtbot: QtBot, python_collects: None) -> None:
    assert "worker" in freed_in(qtbot)


def test_with_the_collector_only_the_gui_thread_does(qtbot: QtBot, python_collects: None) -> None:
    collector = Collector(may_stall=lambda: True)
    try:
        assert set(freed_in(qtbot)) == {threading.main_thread().name}
    finally:
        collector.release()
    assert gc.isenabled()


def test_it_does_not_stall_a_show(qtbot: QtBot, python_collects: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("slideshow.garbage.ALL_EVERY", 2)
    generations: list[int] = []
    is_playing = True

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            generations.append(info["generation"])

    collector = Collector(may_stall=lambda: not is_playing)
    gc.callbacks.append(note)
    try:
        for _ in range(5):
            collector.collect()
        assert generations == [1] * 5
        is_playing = False
        collector.collect()
        assert generations[-1] == 2
    finally:
        gc.callbacks.remove(note)
        collector.release()
