"""The thread that listens to what comes live: blocks of the input to windows, moods and plans, and their clock. No Qt.

It is a daemon, for the input's driver and the model may take their time; nothing that is heard is recorded or kept.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from slideshow.live_input import LiveInput
from slideshow.session import Session

if TYPE_CHECKING:
    from engine.encoders import Encoders
    from engine.listening import Heard
    from engine.live_plan import LivePlanner
    from engine.plan import Plan

SILENT_STEP_S = 1.0
"""Without an input the show is laid out anew this often, so that its photo stays."""

SMOOTHING = 0.02
"""Share of each block's estimate of the clock that is taken over."""

JUMP_S = 0.25
"""From so far off on, the clock does not drift to the estimate, it jumps."""


class LiveClock:
    """Time of the listening, even between blocks and never backwards. Any thread may ask."""

    def __init__(self) -> None:
        self._origin_s = time.perf_counter()
        self._held_s: float | None = 0.0

    def at(self, now_s: float) -> float:
        """The time at a time.perf_counter."""
        held_s = self._held_s
        return held_s if held_s is not None else max(0.0, now_s - self._origin_s)

    def note(self, heard_s: float, came_s: float) -> None:
        """Note that the listening had reached `heard_s` at `came_s`."""
        if self._held_s is not None:
            return
        origin_s = came_s - heard_s
        off_s = origin_s - self._origin_s
        self._origin_s += off_s if abs(off_s) > JUMP_S else SMOOTHING * off_s

    def run(self, *, now_s: float) -> None:
        """Go on from where it was held."""
        if self._held_s is not None:
            self._origin_s, self._held_s = now_s - self._held_s, None

    def hold(self, *, now_s: float) -> None:
        """Stand still."""
        self._held_s = self.at(now_s)


@dataclass(frozen=True, slots=True, eq=False)
class LiveMoment:
    """What the listening thread made of the last window."""

    heard: Heard
    plan: Plan | None
    theme: str = ""
    """The show's theme, where there are photos of it that the plan prefers."""


class Listening:
    """The thread that listens: blocks of the input to windows, moods and plans."""

    def __init__(self, session: Session, encoders: Encoders, clock: LiveClock, tell: Callable[[], None]) -> None:
        self._session = session
        self._encoders = encoders
        self._clock = clock
        self._tell = tell
        self._input: LiveInput | None = None
        self._is_stopped = threading.Event()
        self.wants_another = threading.Event()
        self.moment: LiveMoment | None = None
        self.fault: BaseException | None = None
        self.level_db = -120.0
        self.thread = threading.Thread(target=self._run, name="sound-listener", daemon=True)
        self.thread.start()

    def listen_to(self, given: LiveInput | None) -> None:
        """Change the input; None for none."""
        self._input = given

    def matches_with(self, encoders: Encoders) -> bool:
        """Whether another model hears music and matches photos as the one does by which it listens."""
        here, there = self._encoders.bundle, encoders.bundle
        return here.music_id == there.music_id and here.photo_backbone_id == there.photo_backbone_id

    def stop(self) -> None:
        """Ask the thread to end; returns at once."""
        self._is_stopped.set()

    def _run(self) -> None:
        from engine.listening import Listener
        from engine.live_plan import LivePlanner

        planner = LivePlanner(self._encoders)
        listener: Listener | None = None
        heard_from: LiveInput | None = None
        held_s = 0.0
        try:
            while not self._is_stopped.is_set():
                source = self._input
                if source is not None and source is not heard_from:
                    reached_s = self._clock.at(time.perf_counter())
                    if listener is None or heard_from is None or not _is_alike(source, heard_from):
                        listener = Listener(self._encoders, sr=source.rate_hz, is_level_known=source.is_loopback)
                    listener.skip(max(0.0, reached_s - listener.heard_s))
                    heard_from = source
                if source is None or listener is None:
                    self._is_stopped.wait(0.1)
                    held_s = self._hold(planner, held_s)
                    continue
                try:
                    block = source.blocks.get(timeout=0.2)
                except queue.Empty:
                    continue
                heard = listener.hear(block.samples)
                self.level_db = listener.level_db
                self._clock.note(listener.heard_s, block.came_s)
                if self.wants_another.is_set():
                    self.wants_another.clear()
                    planner.another(self._clock.at(time.perf_counter()))
                if heard is not None:
                    self._show(planner, heard)
        except BaseException as fault:  # it belongs to the window, which says it
            self.fault = fault
            self._emit()

    def _hold(self, planner: LivePlanner, held_s: float) -> float:
        """Without an input the photo stays, as in a silence."""
        now_s = self._clock.at(time.perf_counter())
        if self.moment is not None and now_s - held_s > SILENT_STEP_S:
            self._show(planner, replace(self.moment.heard, is_silent=True))
            return now_s
        return held_s

    def _show(self, planner: LivePlanner, heard: Heard) -> None:
        catalog = self._session.catalog
        plan = None
        if catalog is not None:
            options = self._session.options
            plan = planner.plan(
                heard,
                catalog,
                now_s=self._clock.at(time.perf_counter()),
                theme=options.theme,
                theme_share=options.theme_share,
            )
        self.moment = LiveMoment(heard, plan, planner.theme.word if planner.theme is not None else "")
        self._emit()

    def _emit(self) -> None:
        if not self._is_stopped.is_set():
            self._tell()


def _is_alike(a: LiveInput, b: LiveInput) -> bool:
    """Whether a listener can go on from one input to another."""
    return a.rate_hz == b.rate_hz and a.is_loopback == b.is_loopback
