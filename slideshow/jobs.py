"""Run engine calls off the GUI thread, bring results back to it, cancel them.

Lanes of one thread each: "interactive" for what a person waits for, "short" for what takes a moment and must not wait
behind a song's analysis, such as looking into a file or keeping what was made, "ahead" for what will be wanted soon,
such as the next song, and "background" for indexing and export. A report of the latter two waits a while where the
interactive lane has work: a running index hardly delays Play, and still comes forward under the analysis of a long
song. A lane of a few threads, "drives", is for what may hang on a drive, such as where marked songs lie. What is in the
short lane when the app closes is still done: it may be a person's own deed. What hangs on a drive is left behind, and
its lane goes on without it where something waits there.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Literal, get_args

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine.errors import Cancelled, EngineError
from engine.progress import Progress
from slideshow.worker_pools import end_pool

Lane = Literal["interactive", "short", "ahead", "background", "drives"]
Work = Callable[..., Any]
Done = Callable[[Any], None]
Failed = Callable[[Exception], None]

log = logging.getLogger(__name__)

YIELD_S = 0.25
"""How long other calls rest at each report while interactive work goes on: indexing keeps a few photos a second."""

N_DRIVES = 4
"""So many drives may hang before a call in their lane waits."""

HANGS_S = 60.0
"""A call that has neither ended nor reported for so long hangs, as on a lost network share it may for ever."""

WATCH_MS = 5_000
"""How often is looked for calls that hang."""

SHUTDOWN_LIMIT_S, SHORT_LIMIT_S = 5.0, 30.0
"""So long a lane's call may take to notice that it is cancelled, and all that waits in the short lane to be done. What
takes longer hangs on a drive, and is left behind."""


class Job:
    """One submitted call. All callbacks run in the GUI thread and none after `cancel` except `on_cancelled`."""

    def __init__(
        self,
        *,
        on_done: Done | None,
        on_failed: Failed | None,
        on_progress: Callable[[Progress], None] | None,
        on_partial: Done | None,
        on_cancelled: Callable[[], None] | None,
        wake: Callable[[], None],
    ) -> None:
        self.on_done = on_done
        self.on_failed = on_failed
        self.on_progress = on_progress
        self.on_partial = on_partial
        self.on_cancelled = on_cancelled
        self.is_finished = False
        self.moved_s: float | None = None
        """When it began or last reported; None before."""
        self.is_left = False
        """It hung, and its lane goes on without it."""
        self._latest: Progress | None = None
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._wake = wake

    @property
    def is_cancelled(self) -> bool:
        """Whether cancel has been asked for."""
        return self._cancel.is_set()

    def put_progress(self, progress: Progress) -> bool:
        """Keep the newest progress; True if none was waiting to be taken, so that a message is due."""
        with self._lock:
            is_first = self._latest is None
            self._latest = progress
        return is_first

    def take_progress(self) -> Progress | None:
        """Take the newest progress, once."""
        with self._lock:
            progress, self._latest = self._latest, None
        return progress

    def cancel(self) -> None:
        """Ask the call to stop at its next report; returns at once."""
        self._cancel.set()
        self._wake()


class Jobs(QObject):
    """The lanes. Lives in the GUI thread; results cross over through one queue and one signal."""

    failed = Signal(object)
    """An Exception of a job that has no on_failed of its own."""
    _arrived = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lanes: dict[Lane, ThreadPoolExecutor] = {lane: self._pool_of(lane) for lane in get_args(Lane)}
        self._messages: queue.SimpleQueue[tuple[Job, str, Any]] = queue.SimpleQueue()
        self._condition = threading.Condition()
        self._interactive: set[Job] = set()
        """Those that the other lanes make room for."""
        self._unfinished: dict[Job, Lane] = {}
        self._futures: dict[Job, tuple[Future[None], Work]] = {}
        self._is_down = False
        self._watch = QTimer(self)
        self._watch.setInterval(WATCH_MS)
        self._watch.timeout.connect(self._leave_what_hangs)
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def submit(
        self,
        lane: Lane,
        function: Work,
        *,
        on_done: Done | None = None,
        on_failed: Failed | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        on_partial: Done | None = None,
        on_cancelled: Callable[[], None] | None = None,
    ) -> Job:
        """Queue function(report=...) in a lane; with on_partial it is also given deliver=, to hand over parts early.

        Progress is conflated: a slow GUI sees the newest value, not a backlog. Parts and results keep their order.
        """
        job = Job(
            on_done=on_done, on_failed=on_failed, on_progress=on_progress, on_partial=on_partial,
            on_cancelled=on_cancelled, wake=self._wake,
        )  # fmt: skip
        if self._is_down:
            job.cancel()
            return job
        self._unfinished[job] = lane
        if lane == "interactive":
            with self._condition:
                self._interactive.add(job)
        self._queue(job, lane, function)
        if not self._watch.isActive():
            self._watch.start()
        return job

    def _queue(self, job: Job, lane: Lane, function: Work) -> None:
        self._futures[job] = (self._lanes[lane].submit(self._run, job, lane, function), function)

    def _leave_what_hangs(self) -> None:
        """Give another thread to lanes in which something waits behind a call that hangs. That may still end, later."""
        if not self._unfinished:
            self._watch.stop()
        for lane in get_args(Lane):
            jobs = [job for job, its_lane in self._unfinished.items() if its_lane == lane and not job.is_left]
            since_s = [job.moved_s for job in jobs if job.moved_s is not None]
            is_waiting = len(since_s) < len(jobs)
            if is_waiting and since_s and time.monotonic() - max(since_s) > HANGS_S:
                log.warning("what runs in lane %s hangs; what waits there goes on without it", lane)
                left = self._lanes[lane]
                self._lanes[lane] = self._pool_of(lane)
                for job in jobs:
                    future, function = self._futures[job]
                    if future.cancel():
                        self._queue(job, lane, function)
                    else:
                        job.is_left = True
                        self._end_interactive(job)
                left.shutdown(wait=False)

    @staticmethod
    def _pool_of(lane: Lane) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(N_DRIVES if lane == "drives" else 1, thread_name_prefix=lane)

    @property
    def is_busy(self) -> bool:
        """Whether any job is waiting or running."""
        return bool(self._unfinished)

    def shutdown(self) -> None:
        """Cancel every job but the short ones, which are done to the end, and join the threads. No callback follows.

        A call that hangs on a drive is waited for only so long.
        """
        self._is_down = True
        self._watch.stop()
        for job, lane in self._unfinished.items():
            if lane != "short":
                job.cancel()
        for lane, executor in self._lanes.items():
            is_short = lane == "short"
            limit_s = SHORT_LIMIT_S if is_short else SHUTDOWN_LIMIT_S
            if not end_pool(executor, limit_s=limit_s, is_queue_done=is_short):
                log.warning("what runs in lane %s does not end; it is left alone", lane)
        self._unfinished.clear()
        self._futures.clear()

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def _run(self, job: Job, lane: Lane, function: Work) -> None:
        job.moved_s = time.monotonic()
        try:
            self._check(job, lane)
            keywords: dict[str, Any] = {"report": partial(self._report, job, lane)}
            if job.on_partial is not None:
                keywords["deliver"] = partial(self._post, job, "partial")
            self._post(job, "done", function(**keywords))
        except Cancelled:
            self._post(job, "cancelled", None)
        except (
            Exception
        ) as error:  # the boundary of a thread: every fault must reach the person, none may kill the lane
            if not isinstance(error, EngineError):
                log.exception("a job failed")
            self._post(job, "failed", error)
        finally:
            self._end_interactive(job)

    def _end_interactive(self, job: Job) -> None:
        with self._condition:
            self._interactive.discard(job)
            self._condition.notify_all()

    def _check(self, job: Job, lane: Lane) -> None:
        if lane in ("ahead", "background"):
            with self._condition:
                if self._interactive and not job.is_cancelled:
                    self._condition.wait(YIELD_S)
        if job.is_cancelled:
            raise Cancelled

    def _report(self, job: Job, lane: Lane, progress: Progress) -> None:
        job.moved_s = time.monotonic()
        self._check(job, lane)
        if job.on_progress is not None and job.put_progress(progress):
            self._post(job, "progress", None)

    def _post(self, job: Job, kind: str, value: Any) -> None:
        self._messages.put((job, kind, value))
        if not self._is_down:
            self._arrived.emit()

    def _deliver(self) -> None:
        """Take one message: one is posted for each signal, so a callback that raises loses no other message."""
        try:
            job, kind, value = self._messages.get_nowait()
        except queue.Empty:
            return
        if self._is_down:
            return
        if kind in ("done", "failed", "cancelled"):
            job.is_finished = True
            self._unfinished.pop(job, None)
            self._futures.pop(job, None)
        if kind == "cancelled" or job.is_cancelled:
            if job.is_finished and job.on_cancelled is not None:
                job.on_cancelled()
        elif kind == "progress":
            progress = job.take_progress()
            if progress is not None and job.on_progress is not None:
                job.on_progress(progress)
        elif kind == "partial" and job.on_partial is not None:
            job.on_partial(value)
        elif kind == "done" and job.on_done is not None:
            job.on_done(value)
        elif kind == "failed":
            if job.on_failed is not None:
                job.on_failed(value)
            else:
                self.failed.emit(value)
