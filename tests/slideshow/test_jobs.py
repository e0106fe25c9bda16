"""Jobs: results, faults and progress come back to the GUI thread; cancelling and shutting down end what runs."""

from __future__ import annotations

import threading
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from engine.errors import UnreadableSong
from engine.progress import Progress, Report
from slideshow import jobs as jobs_module
from slideshow.jobs import Jobs

LIMIT_MS = 5000


def wait_for_cancel(started: threading.Event, *, report: Report) -> None:
    """Report until told to stop."""
    while True:
        report(Progress("waiting", 0, 0))
        started.set()


def test_a_result_comes_back_in_the_gui_thread(qtbot: QtBot, jobs: Jobs) -> None:
    threads: list[threading.Thread] = []
    results: list[int] = []

    def work(*, report: Report) -> int:
        threads.append(threading.current_thread())
        return 42

    def done(value: int) -> None:
        threads.append(threading.current_thread())
        results.append(value)

    jobs.submit("interactive", work, on_done=done)
    qtbot.waitUntil(lambda: results == [42], timeout=LIMIT_MS)
    assert threads[0] is not threading.main_thread()
    assert threads[1] is threading.main_thread()
    assert not jobs.is_busy


def test_many_results_arrive_all_and_in_order(qtbot: QtBot, jobs: Jobs) -> None:
    results: list[int] = []

    def work(number: int, *, report: Report) -> int:
        return number

    for number in range(400):
        jobs.submit("background", partial(work, number), on_done=results.append)
    qtbot.waitUntil(lambda: len(results) == 400, timeout=LIMIT_MS)
    assert results == list(range(400))


def test_a_fault_goes_to_its_handler(qtbot: QtBot, jobs: Jobs, clip: Path) -> None:
    faults: list[Exception] = []

    def work(*, report: Report) -> None:
        raise UnreadableSong(clip, "it is silent")

    jobs.submit("interactive", work, on_failed=faults.append)
    qtbot.waitUntil(lambda: bool(faults), timeout=LIMIT_MS)
    assert isinstance(faults[0], UnreadableSong)


def test_a_fault_without_a_handler_is_told_and_the_lane_goes_on(
    qtbot: QtBot, jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*, report: Report) -> None:
        raise ZeroDivisionError

    results: list[str] = []

    def sound(*, report: Report) -> str:
        return "still here"

    with qtbot.waitSignal(jobs.failed, timeout=LIMIT_MS) as told:
        jobs.submit("interactive", broken)
    assert isinstance(told.args[0], ZeroDivisionError)
    assert "a job failed" in caplog.text
    jobs.submit("interactive", sound, on_done=results.append)
    qtbot.waitUntil(lambda: results == ["still here"], timeout=LIMIT_MS)


def test_a_callback_that_raises_loses_no_other_message(qtbot: QtBot, jobs: Jobs) -> None:
    results: list[int] = []

    def work(*, report: Report) -> int:
        return 1

    def bad(value: int) -> None:
        raise RuntimeError("bad callback")

    with qtbot.captureExceptions() as caught:
        jobs.submit("interactive", work, on_done=bad)
        jobs.submit("interactive", work, on_done=results.append)
        qtbot.waitUntil(lambda: results == [1], timeout=LIMIT_MS)
    assert [kind for kind, _, _ in caught] == [RuntimeError]


def test_cancel_stops_at_the_next_report(qtbot: QtBot, jobs: Jobs) -> None:
    started = threading.Event()
    stopped: list[bool] = []
    job = jobs.submit("background", partial(wait_for_cancel, started), on_cancelled=lambda: stopped.append(True))
    assert started.wait(5)
    job.cancel()
    qtbot.waitUntil(lambda: bool(stopped), timeout=LIMIT_MS)
    assert job.is_finished


def test_a_result_after_cancel_is_not_delivered(qtbot: QtBot, jobs: Jobs) -> None:
    go_on, results, stopped = threading.Event(), [], []

    def work(*, report: Report) -> int:
        go_on.wait(5)
        return 1

    job = jobs.submit("interactive", work, on_done=results.append, on_cancelled=lambda: stopped.append(True))
    job.cancel()
    go_on.set()
    qtbot.waitUntil(lambda: bool(stopped), timeout=LIMIT_MS)
    assert results == []


def test_progress_is_conflated_to_the_newest(qtbot: QtBot, jobs: Jobs) -> None:
    seen: list[float] = []

    def work(*, report: Report) -> None:
        for done in range(10_000):
            report(Progress("counting", done, 10_000))

    finished: list[None] = []
    jobs.submit("interactive", work, on_progress=lambda progress: seen.append(progress.done), on_done=finished.append)
    qtbot.waitUntil(lambda: bool(finished), timeout=LIMIT_MS)
    assert seen == sorted(seen)
    assert seen[-1] == 9_999
    assert len(seen) < 10_000


def test_parts_come_before_the_result(qtbot: QtBot, jobs: Jobs) -> None:
    seen: list[str] = []

    def work(*, report: Report, deliver: Any) -> str:
        deliver("first")
        deliver("second")
        return "whole"

    jobs.submit("interactive", work, on_partial=seen.append, on_done=seen.append)
    qtbot.waitUntil(lambda: len(seen) == 3, timeout=LIMIT_MS)
    assert seen == ["first", "second", "whole"]


def test_background_waits_while_interactive_works(qtbot: QtBot, jobs: Jobs) -> None:
    reported = threading.Event()
    may_end = threading.Event()
    order: list[str] = []

    def busy(*, report: Report) -> str:
        may_end.wait(5)
        return "interactive"

    def slow(*, report: Report) -> str:
        report(Progress("slow", 0, 1))
        reported.set()
        return "background"

    jobs.submit("interactive", busy, on_done=order.append)
    jobs.submit("background", slow, on_done=order.append)
    assert not reported.wait(0.2)
    may_end.set()
    qtbot.waitUntil(lambda: len(order) == 2, timeout=LIMIT_MS)
    assert order == ["interactive", "background"]


def test_short_work_waits_behind_no_other_lane(qtbot: QtBot, jobs: Jobs) -> None:
    may_end = threading.Event()

    def long(*, report: Report) -> None:
        may_end.wait(10)

    done: list[str] = []
    for lane in ("interactive", "ahead", "background"):
        jobs.submit(lane, long)  # type: ignore[arg-type]
    jobs.submit("short", lambda *, report: "short", on_done=done.append)
    qtbot.waitUntil(lambda: done == ["short"], timeout=LIMIT_MS)
    may_end.set()


def test_what_a_person_did_is_done_before_the_end() -> None:
    jobs = Jobs()
    done: list[int] = []
    may_go = threading.Event()

    def deed(number: int, *, report: Report) -> None:
        may_go.wait(10)
        report(Progress("deed", 0, 1))
        done.append(number)

    for number in range(3):
        jobs.submit("short", partial(deed, number))
    threading.Timer(0.05, may_go.set).start()
    jobs.shutdown()
    assert done == [0, 1, 2]


def test_shutdown_while_busy_joins_and_stays_silent(qtbot: QtBot) -> None:
    jobs = Jobs()
    started, heard = threading.Event(), []
    jobs.submit("background", partial(wait_for_cancel, started), on_cancelled=lambda: heard.append("cancelled"))
    for _ in range(3):
        jobs.submit("background", partial(wait_for_cancel, started), on_done=heard.append)
    assert started.wait(5)
    jobs.shutdown()
    qtbot.wait(20)
    assert heard == []
    assert not jobs.is_busy
    assert not any(thread.name.startswith("background") for thread in threading.enumerate())
    assert jobs.submit("interactive", partial(wait_for_cancel, started)).is_cancelled


def test_a_call_that_hangs_on_a_drive_does_not_keep_the_app_from_closing(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jobs_module, "SHUTDOWN_LIMIT_S", 0.3)
    jobs = Jobs()
    release, deeds, heard = threading.Event(), [], []

    def hang(*, report: Report) -> None:
        release.wait(30)

    jobs.submit("background", hang, on_done=heard.append)
    jobs.submit("short", lambda *, report: deeds.append("kept"))
    since_s = time.monotonic()
    jobs.shutdown()
    assert time.monotonic() - since_s < 10
    assert deeds == ["kept"]
    assert "lane background does not end" in caplog.text
    release.set()
    qtbot.waitUntil(lambda: not any(thread.name.startswith("background") for thread in threading.enumerate()))
    assert heard == []


def test_a_lane_goes_on_without_a_call_that_hangs(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jobs_module, "HANGS_S", 0.2)
    monkeypatch.setattr(jobs_module, "WATCH_MS", 20)
    jobs = Jobs()
    release, heard = threading.Event(), list[str]()

    def hang(name: str, *, report: Report) -> str:
        release.wait(30)
        return name

    for name in ("first", "second"):
        jobs.submit("short", partial(hang, name), on_done=heard.append)
    for name in ("a", "b", "c"):
        jobs.submit("short", partial(lambda name, *, report: name, name), on_done=heard.append)
    qtbot.waitUntil(lambda: heard == ["a", "b", "c"], timeout=LIMIT_MS)
    assert caplog.text.count("what runs in lane short hangs") == 2
    release.set()
    qtbot.waitUntil(lambda: not jobs.is_busy, timeout=LIMIT_MS)
    assert sorted(heard[3:]) == ["first", "second"]
    jobs.shutdown()


def test_a_call_that_reports_does_not_hang(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "WATCH_MS", 5)
    now_s = 0.0
    monkeypatch.setattr(jobs_module, "time", SimpleNamespace(monotonic=lambda: now_s))
    jobs = Jobs()
    heard: list[str] = []

    def work(*, report: Report) -> str:
        nonlocal now_s
        for _ in range(30):
            now_s += 0.9 * jobs_module.HANGS_S
            time.sleep(0.01)
            report(Progress("working", 0, 0))
        return "long"

    jobs.submit("short", work, on_done=heard.append)
    jobs.submit("short", lambda *, report: "next", on_done=heard.append)
    qtbot.waitUntil(lambda: len(heard) == 2, timeout=LIMIT_MS)
    assert heard == ["long", "next"]
    jobs.shutdown()


def test_others_make_no_room_for_a_call_that_hangs(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "HANGS_S", 0.2)
    monkeypatch.setattr(jobs_module, "WATCH_MS", 20)
    monkeypatch.setattr(jobs_module, "YIELD_S", 60.0)
    jobs = Jobs()
    release, heard = threading.Event(), list[str]()

    def hang(*, report: Report) -> str:
        release.wait(30)
        return "late"

    jobs.submit("interactive", hang, on_done=heard.append)
    jobs.submit("interactive", lambda *, report: "next", on_done=heard.append)
    qtbot.waitUntil(lambda: heard == ["next"], timeout=LIMIT_MS)
    jobs.submit("background", lambda *, report: "indexed", on_done=heard.append)
    qtbot.waitUntil(lambda: heard == ["next", "indexed"], timeout=LIMIT_MS)
    release.set()
    qtbot.waitUntil(lambda: not jobs.is_busy, timeout=LIMIT_MS)
    jobs.shutdown()
