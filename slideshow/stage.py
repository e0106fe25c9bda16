"""The stage: a plan's photos at the clock's time, in a page or filling the screen. Never blocks, never flashes.

Photos are read and scaled ahead in worker threads for the widget's own pixels; where one is late or unreadable the
last one stays, and jumps of the clock dissolve.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QImage, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.frames import layers_at
from engine.plan import Cue, Plan
from slideshow import theme
from slideshow.painting import PreparedPhoto
from slideshow.stage_changes import Changes, Shown, is_same, paint_shown
from slideshow.stage_photos import Key, StagePhotos

CUES_AHEAD = 3
"""Photos kept ready after those on the screen: at 1080p 9 MB each, and more than a fast song uses in 5 s."""

MAX_PIXELS = 2560 * 1440
"""On a larger screen the picture is painted in this many pixels and scaled up: a smooth show beats a sharp stutter."""

SLOW_PAINT_S = 0.022
SLOW_SHARE = 0.05
"""Where even that takes so long on a running average, half the screen's width and height are painted and doubled,
which costs next to nothing. SLOW_SHARE is a new frame's weight in that average."""

RESIZE_PAUSE_MS = 150
"""Photos are prepared anew when the size has rested for so long; until then the old ones are drawn scaled."""

STILL_STEP_MS = 16
"""Steps of a dissolve on a stage that does not run."""

REDUCED_FADE_S = 0.2
"""Every change is a crossfade of this length where the person asked for less motion."""


class Stage(QWidget):
    """Draws a plan at the time that `clock` gives, as often as the screen can show while it runs. GUI thread."""

    moved = Signal(float)
    """The time in seconds of the picture that is about to be drawn; at every step of a running stage."""
    photo_failed = Signal(object)
    """A photo of the plan cannot be read: the UnreadablePhoto. Sent once a photo and song."""

    def __init__(self, clock: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._plan: Plan | None = None
        self._is_running = False
        self._is_down = False
        self._photos = StagePhotos(self)
        self._photos.failed.connect(self.photo_failed)
        self._photos.arrived.connect(self._on_arrived)
        self._changes = Changes()
        self._picture: tuple[Shown, ...] = ()
        self._next_cues: tuple[Cue, ...] = ()
        self._smaller: QImage | None = None
        self._paint_s = 0.0
        self._is_halved = False
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.step)
        self._resizing = QTimer(self)
        self._resizing.setSingleShot(True)
        self._resizing.setInterval(RESIZE_PAUSE_MS)
        self._resizing.timeout.connect(self._on_resized)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAccessibleName("Photos")

    @property
    def plan(self) -> Plan | None:
        """The plan that is shown."""
        return self._plan

    def set_plan(self, plan: Plan | None) -> None:
        """Show another plan, or the same one grown: photos that are ready stay, so a running show goes on unbroken."""
        if plan is None or self._plan is None or plan.song != self._plan.song:
            self._photos.forget_faults()
        is_next_song = plan is not None and self._plan is not None and plan.song != self._plan.song
        self._plan = _with_less_motion(plan) if plan is not None and theme.is_motion_reduced() else plan
        # From song to song the photo changes as it does within one.
        self._changes.expect_jump(fade_s=_first_fade_s(self._plan) if is_next_song and self._is_running else 0.0)
        if plan is None or is_next_song:
            self._next_cues = ()
        if plan is None:
            self._photos.ready.clear()
            self._changes.clear()
            self._picture = ()
            self.update()
        self.step()

    def try_again(self) -> None:
        """Try photos again that could not be read: their drive is back, or their files are whole now."""
        self._photos.forget_faults()
        self.step()

    def prepare_next(self, plan: Plan | None) -> None:
        """Have the first photos of the next song ready when this one ends."""
        self._next_cues = plan.cues[:2] if plan is not None else ()

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
        elif not self._changes.is_under_way:
            self._timer.stop()

    def shutdown(self) -> None:
        """Stop and join the loaders; afterwards the stage only redraws its last picture."""
        self._is_down = True
        self._timer.stop()
        self._resizing.stop()
        self._photos.shutdown()

    # Qt

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._wanted_px() == self._device_px():
            paint_shown(painter, (self.width(), self.height()), self._picture)
        else:
            self._paint_enlarged(painter, self._wanted_px())
        painter.end()

    def _paint_enlarged(self, painter: QPainter, size: tuple[int, int]) -> None:
        began_s = time.perf_counter()
        if self._smaller is None or (self._smaller.width(), self._smaller.height()) != size:
            self._smaller = QImage(*size, QImage.Format.Format_RGB32)
        within = QPainter(self._smaller)
        paint_shown(within, size, self._picture)
        within.end()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not self._is_halved)
        painter.drawImage(QRectF(self.rect()), self._smaller, QRectF(self._smaller.rect()))
        self._paint_s += SLOW_SHARE * (time.perf_counter() - began_s - self._paint_s)
        if self._is_running and self._paint_s > SLOW_PAINT_S:
            self._is_halved = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        if self._photos.ready and self._photos.size != (0, 0):
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

    def _device_px(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def _wanted_px(self) -> tuple[int, int]:
        """The size that is painted: the widget's own pixels, or fewer where it is very large."""
        width, height = self._device_px()
        share = math.sqrt(MAX_PIXELS / (width * height))
        if share < 1 and self._is_halved:
            return (width + 1) // 2, (height + 1) // 2
        return (width, height) if share >= 1 else (round(width * share), round(height * share))

    def _on_resized(self) -> None:
        self._photos.size = self._wanted_px()
        self.step()

    def _crop_to_shape(self) -> None:
        """Cut what is on the screen to the new shape, so that nothing is stretched until it is prepared anew."""
        ready = self._photos.ready
        for shown in self._picture:
            if shown.key in ready:
                ready[shown.key] = self._cropped(ready[shown.key])
        self._changes.refit(ready)
        self._picture = tuple(replace(s, prepared=ready.get(s.key, s.prepared)) for s in self._picture)
        self.update()

    def _cropped(self, prepared: PreparedPhoto) -> PreparedPhoto:
        return _cropped(prepared, self.width() / max(1, self.height()))

    def _load_ahead(self, t_s: float) -> None:
        """Have the photos ready that are needed soon."""
        if self._photos.size != self._wanted_px() and not self._resizing.isActive():
            self._photos.size = self._wanted_px()  # moved to a screen of another pixel ratio
        besides = {shown.key for shown in (*self._picture, *self._changes.goal)}
        self._photos.keep(self._near(t_s), besides=besides, accepts_other_sizes=self._resizing.isActive())

    def _near(self, t_s: float) -> list[Cue]:
        """The cues that may be needed soon, the most urgent first: now and next, the one before, then those ahead."""
        assert self._plan is not None
        cues = self._plan.cues
        now = max(0, bisect_right(cues, t_s, key=lambda cue: cue.start_s) - 1)
        order = [now, now + 1, now - 1, *range(now + 2, now + CUES_AHEAD + 1)]
        near = [cues[i] for i in order if 0 <= i < len(cues)]
        return [*near, *self._next_cues] if now + CUES_AHEAD >= len(cues) else near

    def _on_arrived(self) -> None:
        if self._photos.size != self._wanted_px():  # while the size changes
            for key, prepared in self._photos.ready.items():
                if prepared.size == self._photos.size:
                    self._photos.ready[key] = self._cropped(prepared)
        self.step()

    def _compose(self, t_s: float) -> None:
        """Settle what is drawn at a time from what is ready, and ask for a repaint if it differs."""
        target, missing = self._target(t_s)
        if not target:
            return
        picture = self._changes.follow(target, missing=missing, t_s=t_s, now_s=time.perf_counter())
        if self._changes.is_under_way and not self._timer.isActive():
            self._timer.start(STILL_STEP_MS)
        if not is_same(picture, self._picture):
            self._picture = picture
            self.update()

    def _target(self, t_s: float) -> tuple[tuple[Shown, ...], set[Key]]:
        """What should be seen at a time, of what is ready, and what is missing for it."""
        assert self._plan is not None
        target: list[Shown] = []
        missing: set[Key] = set()
        for layer in layers_at(self._plan, t_s):
            key = self._photos.key_of(self._plan.cues[layer.cue_index])
            prepared = self._photos.ready.get(key)
            if prepared is not None:
                target.append(Shown(key, prepared, layer.zoom, layer.opacity, layer.shift, layer.shade))
                continue
            missing.add(key)
            standing = self._changes.foremost()
            if not target and standing is not None:
                target.append(replace(standing, opacity=1.0, shift=layer.shift, shade=layer.shade))
        if len(target) == 1:
            target = [replace(target[0], opacity=1.0, shift=0.0)]
        return tuple(target), missing


def _cropped(prepared: PreparedPhoto, shape: float) -> PreparedPhoto:
    """Cut a prepared photo about its middle to another shape (width / height); its pixels stay as they are."""
    image = prepared.image
    width, height = image.width(), image.height()
    if width > height * shape:
        wanted_width, wanted_height = max(1, round(height * shape)), height
    else:
        wanted_width, wanted_height = width, max(1, round(width / shape))
    part = QRect((width - wanted_width) // 2, (height - wanted_height) // 2, wanted_width, wanted_height)
    return PreparedPhoto(image.copy(part), (0, 0), prepared.has_backdrop, prepared.anchor)


def _first_fade_s(plan: Plan | None) -> float:
    """How long the first photo of a song that follows another comes in: as its second one does."""
    fades_s = [cue.fade_s for cue in plan.cues[1:] if cue.fade_s > 0] if plan is not None else []
    return fades_s[0] if fades_s else 0.0


def _with_less_motion(plan: Plan) -> Plan:
    """The plan without zoom, its changes all short crossfades where the photo changes at all."""
    cues = []
    for i, cue in enumerate(plan.cues):
        changes = i > 0 and (cue.photo, cue.partner) != (plan.cues[i - 1].photo, plan.cues[i - 1].partner)
        fade_s = min(REDUCED_FADE_S, cue.hold_s / 2, plan.cues[i - 1].hold_s / 2) if changes else 0.0
        cues.append(replace(cue, zoom_from=1.0, zoom_to=1.0, fade_s=fade_s, transition="crossfade"))
    return replace(plan, cues=tuple(cues))
