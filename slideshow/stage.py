"""The stage: a plan's photos at the clock's time, in a page or filling the screen. Never blocks, never flashes.

Photos are read and scaled ahead in worker threads for the widget's own pixels; where one is late or unreadable the
last one stays, and jumps of the clock dissolve.
"""

from __future__ import annotations

import logging
import math
import queue
import time
from bisect import bisect_right
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QRect, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.errors import UnreadablePhoto
from engine.frames import Layer, layers_at
from engine.library import Photo
from engine.plan import Plan
from slideshow import theme
from slideshow.painting import PreparedPhoto, load_prepared, paint

CUES_AHEAD = 3
"""Photos kept ready after those on the screen: at 1080p 9 MB each, and more than a fast song uses in 5 s."""

N_LOADERS = 2

DISSOLVE_S = 0.3
"""A photo that comes by a jump, or late, dissolves in: long enough to be soft, short enough to answer a key."""

RESIZE_PAUSE_MS = 150
"""Photos are prepared anew when the size has rested for so long; until then the old ones are drawn scaled."""

STILL_STEP_MS = 16
"""Steps of a dissolve on a stage that does not run."""

REDUCED_FADE_S = 0.2
"""Longest crossfade where the person asked for less motion."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A photo as it is drawn now."""

    path: Path
    prepared: PreparedPhoto
    zoom: float
    opacity: float


@dataclass(frozen=True, slots=True, eq=False)
class _Loaded:
    """What a loader brings back: a photo for frames of a size, or None where it cannot be read."""

    path: Path
    size: tuple[int, int]
    prepared: PreparedPhoto | None
    fault: UnreadablePhoto | None = None


class Stage(QWidget):
    """Draws a plan at the time that `clock` gives, as often as the screen can show while it runs. GUI thread."""

    moved = Signal(float)
    """The time in seconds of the picture that is about to be drawn; at every step of a running stage."""
    photo_failed = Signal(object)
    """A photo of the plan cannot be read: the UnreadablePhoto. Sent once a photo and song."""
    _arrived = Signal()

    def __init__(self, clock: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._plan: Plan | None = None
        self._is_running = False
        self._is_down = False
        self._ready: dict[Path, PreparedPhoto] = {}
        self._loading: set[tuple[Path, tuple[int, int]]] = set()
        self._failed: set[Path] = set()
        self._picture: tuple[Shown, ...] = ()
        self._top: Shown | None = None
        self._leaving: Shown | None = None
        self._leaving_since_s = 0.0
        self._loaders = ThreadPoolExecutor(N_LOADERS, thread_name_prefix="stage")
        self._results: queue.SimpleQueue[_Loaded] = queue.SimpleQueue()
        self._arrived.connect(self._take_loaded, Qt.ConnectionType.QueuedConnection)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.step)
        self._resizing = QTimer(self)
        self._resizing.setSingleShot(True)
        self._resizing.setInterval(RESIZE_PAUSE_MS)
        self._resizing.timeout.connect(self._on_resized)
        self._size_px = (0, 0)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAccessibleName("Photos")
        # A stage that is deleted without `shutdown` at least starts no further photos.
        self.destroyed.connect(_Stopper(self._loaders))

    @property
    def plan(self) -> Plan | None:
        """The plan that is shown."""
        return self._plan

    def set_plan(self, plan: Plan | None) -> None:
        """Show another plan, or the same one grown: photos that are ready stay, so a running show goes on unbroken."""
        if plan is None or self._plan is None or plan.song != self._plan.song:
            self._failed.clear()  # what could not be read for another song may be there now
        self._plan = _with_less_motion(plan) if plan is not None and theme.is_motion_reduced() else plan
        if plan is None:
            self._ready.clear()
            self._picture, self._top, self._leaving = (), None, None
            self.update()
        self.step()

    def set_running(self, *, is_running: bool) -> None:
        """Follow the clock, or stand still and be drawn only by `step`."""
        self._is_running = is_running
        self._pace()
        self.step()

    @property
    def picture(self) -> tuple[Shown, ...]:
        """What is drawn now, the lowest first."""
        return self._picture

    def step(self) -> None:
        """Bring the picture to the clock's time: call it after a seek where the stage does not run."""
        if self._is_down:
            return
        t_s = self._clock()
        if self._plan is not None and self.isVisible():
            self._load_ahead(t_s)
            self._compose(t_s)
        if self._is_running:
            self.moved.emit(t_s)
        elif self._leaving is None:
            self._timer.stop()

    def shutdown(self) -> None:
        """Stop and join the loaders; afterwards the stage only redraws its last picture."""
        self._is_down = True
        self._timer.stop()
        self._resizing.stop()
        self._loaders.shutdown(wait=True, cancel_futures=True)

    # Qt

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        layers = [Layer(i, shown.zoom, shown.opacity) for i, shown in enumerate(self._picture)]
        prepared = {i: shown.prepared for i, shown in enumerate(self._picture)}
        paint(painter, (self.width(), self.height()), layers, prepared)
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._ready and self._size_px != (0, 0):
            self._crop_to_shape()
            self._resizing.start()
        else:
            self._on_resized()
        super().resizeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:
        self._on_resized()
        self._pace()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._pace()
        super().hideEvent(event)

    # Within

    def _pace(self) -> None:
        """Run the timer at the screen's rate while anything is to be seen, at a quarter of a second where hidden."""
        if not self._is_running or self._is_down:
            self._timer.stop()
            return
        hz = self.screen().refreshRate() if self.screen() is not None else 60.0
        interval_ms = max(4, int(1000 / hz)) if hz > 20 and self.isVisible() else 16
        self._timer.start(interval_ms if self.isVisible() else 250)

    def _wanted_px(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def _on_resized(self) -> None:
        self._size_px = self._wanted_px()
        self.step()

    def _crop_to_shape(self) -> None:
        """Cut what is on the screen to the new shape, so that nothing is stretched until it is prepared anew."""
        for shown in self._picture:
            ready = self._ready.get(shown.path)
            if ready is not None:
                self._ready[shown.path] = self._cropped(ready)
        self._picture = tuple(replace(s, prepared=self._ready.get(s.path, s.prepared)) for s in self._picture)
        self.update()

    def _cropped(self, prepared: PreparedPhoto) -> PreparedPhoto:
        return _cropped(prepared, self.width() / max(1, self.height()))

    def _load_ahead(self, t_s: float) -> None:
        """Hand the most urgent photos to the loaders and forget those that are no longer near."""
        near = self._near(t_s)
        paths = {photo.path for photo in near} | {shown.path for shown in self._picture}
        for path in [path for path in self._ready if path not in paths]:
            del self._ready[path]
        if self._size_px != self._wanted_px() and not self._resizing.isActive():
            self._size_px = self._wanted_px()  # moved to a screen of another pixel ratio
        for photo in near:
            if len(self._loading) >= N_LOADERS:
                return
            ready = self._ready.get(photo.path)
            is_fit = ready is not None and (ready.size == self._size_px or self._resizing.isActive())
            if not is_fit and photo.path not in self._failed and (photo.path, self._size_px) not in self._loading:
                self._loading.add((photo.path, self._size_px))
                self._loaders.submit(self._load, photo, self._size_px)

    def _near(self, t_s: float) -> list[Photo]:
        """The photos that may be needed soon, the most urgent first: now and next, the one before, then those ahead."""
        assert self._plan is not None
        cues = self._plan.cues
        now = max(0, bisect_right(cues, t_s, key=lambda cue: cue.start_s) - 1)
        order = [now, now + 1, now - 1, *range(now + 2, now + CUES_AHEAD + 1)]
        return [cues[i].photo for i in order if 0 <= i < len(cues)]

    def _load(self, photo: Photo, size: tuple[int, int]) -> None:
        """Prepare one photo. A loader's thread."""
        if self._is_down:
            return
        try:
            loaded = _Loaded(photo.path, size, load_prepared(photo, size=size))
        except UnreadablePhoto as fault:
            loaded = _Loaded(photo.path, size, None, fault)
        self._results.put(loaded)
        if not self._is_down:
            self._arrived.emit()

    def _take_loaded(self) -> None:
        try:
            loaded = self._results.get_nowait()
        except queue.Empty:
            return
        self._loading.discard((loaded.path, loaded.size))
        if loaded.fault is not None:
            self._failed.add(loaded.path)
            log.warning("a photo of the show is skipped: %s", loaded.fault)
            self.photo_failed.emit(loaded.fault)
        elif loaded.prepared is not None and loaded.size == self._size_px:
            is_stale = self._size_px != self._wanted_px()
            self._ready[loaded.path] = self._cropped(loaded.prepared) if is_stale else loaded.prepared
        self.step()

    def _compose(self, t_s: float) -> None:
        """Settle what is drawn at a time from what is ready, and ask for a repaint if it differs."""
        assert self._plan is not None
        shown: list[Shown] = []
        for layer in layers_at(self._plan, t_s):
            path = self._plan.cues[layer.cue_index].photo.path
            prepared = self._ready.get(path)
            if prepared is not None:
                shown.append(Shown(path, prepared, layer.zoom, layer.opacity if shown else 1.0))
            elif not shown and self._top is not None:
                shown.append(replace(self._top, opacity=1.0))
        if not shown:
            return
        now_s = time.perf_counter()
        if not any(before.path == shown[0].path for before in self._picture):
            self._leaving, self._leaving_since_s = self._top, now_s
        self._top = shown[-1] if shown[-1].opacity >= 0.5 else shown[0]
        if self._leaving is not None:
            place = (now_s - self._leaving_since_s) / DISSOLVE_S
            if place >= 1.0:
                self._leaving = None
            else:
                amount = 0.5 - 0.5 * math.cos(math.pi * place)
                faded = [replace(one, opacity=one.opacity * amount) for one in shown]
                shown = [replace(self._leaving, opacity=1.0), *faded]
                if not self._timer.isActive():
                    self._timer.start(STILL_STEP_MS)
        if not _is_same(shown, self._picture):
            self._picture = tuple(shown)
            self.update()


class _Stopper:
    """Called when a stage is destroyed; holds its pool and nothing of the stage."""

    def __init__(self, loaders: ThreadPoolExecutor) -> None:
        self._loaders = loaders

    def __call__(self) -> None:
        self._loaders.shutdown(wait=False, cancel_futures=True)


def _is_same(shown: list[Shown], before: tuple[Shown, ...]) -> bool:
    """Whether two pictures look alike."""
    return len(shown) == len(before) and all(
        a.prepared is b.prepared and a.zoom == b.zoom and a.opacity == b.opacity
        for a, b in zip(shown, before, strict=True)
    )


def _cropped(prepared: PreparedPhoto, shape: float) -> PreparedPhoto:
    """Cut a prepared photo about its middle to another shape (width / height); its pixels stay as they are."""
    image = prepared.image
    width, height = image.width(), image.height()
    if width > height * shape:
        wanted_width, wanted_height = max(1, round(height * shape)), height
    else:
        wanted_width, wanted_height = width, max(1, round(width / shape))
    part = QRect((width - wanted_width) // 2, (height - wanted_height) // 2, wanted_width, wanted_height)
    return PreparedPhoto(image.copy(part), (0, 0), prepared.has_backdrop)


def _with_less_motion(plan: Plan) -> Plan:
    """The plan without zoom and with short crossfades."""
    cues = (replace(c, zoom_from=1.0, zoom_to=1.0, fade_s=min(c.fade_s, REDUCED_FADE_S)) for c in plan.cues)
    return replace(plan, cues=tuple(cues))
