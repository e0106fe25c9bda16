"""What the stage draws while the picture changes: planned transitions as they are, jumps and late photos dissolved in,
and never more changes than eyes can bear."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtGui import QImage, QPainter

from engine.frames import Layer
from slideshow.painting import PreparedPhoto, paint
from slideshow.stage_photos import Key

DISSOLVE_S = 0.36
"""A photo that comes by a jump, or late, dissolves in: long enough to be soft and not to be repeated more than three
times a second, short enough to answer a key."""

CHANGES_A_SECOND = 3
"""Hard cuts and dissolves begun within any one second, at most (WCAG 2, success criterion 2.3.1)."""

ON_TIME_S = 0.25
"""A clock that has moved on by no more than this between two pictures has run; otherwise it has jumped."""

ALIKE = 0.15
"""Pictures of which no more than this share differs may follow each other without a dissolve."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A photo as it is drawn now; its fields but the first two are those of `engine.frames.Layer`."""

    key: Key
    prepared: PreparedPhoto
    zoom: float
    opacity: float
    shift: float = 0.0
    shade: float = 0.0

    @property
    def path(self) -> Path:
        """The photo's file, the first of a pair; empty for the remains of an earlier picture."""
        return self.key[0]


class Changes:
    """Turns the pictures that should be seen into those that are drawn. It holds the rule on flashes.

    Times are of two kinds: t_s of the show, and now_s of a wall clock that never goes back.
    """

    def __init__(self) -> None:
        self._goal: tuple[Shown, ...] = ()
        self._leaving: Shown | None = None
        self._leaving_since_s = 0.0
        self._leaving_length_s = self._next_length_s = DISSOLVE_S
        self._drawn: tuple[Shown, ...] = ()
        self._last_t_s: float | None = None
        self._missing: frozenset[Key] = frozenset()
        self._is_behind = False
        self._begun_s: deque[float] = deque(maxlen=CHANGES_A_SECOND)

    @property
    def goal(self) -> tuple[Shown, ...]:
        """The picture that is shown, or that is dissolving in."""
        return self._goal

    @property
    def is_under_way(self) -> bool:
        """Whether the picture goes on changing while the show's clock stands still."""
        return self._leaving is not None or self._is_behind

    def clear(self) -> None:
        """Forget all pictures."""
        self._goal, self._drawn, self._leaving, self._is_behind = (), (), None, False
        self.expect_jump()

    def expect_jump(self, *, fade_s: float = DISSOLVE_S) -> None:
        """Take the next picture for a jump that dissolves in so long: the plan has changed under it."""
        self._last_t_s = None
        self._next_length_s = max(DISSOLVE_S, fade_s)

    def foremost(self) -> Shown | None:
        """The photo of the goal of which most is seen."""
        weights = _weights(self._goal)
        return max(self._goal, key=lambda shown: weights[shown.key], default=None)

    def refit(self, ready: dict[Key, PreparedPhoto]) -> None:
        """Draw the same photos as they are prepared now."""
        self._goal = tuple(replace(shown, prepared=ready.get(shown.key, shown.prepared)) for shown in self._goal)

    def follow(
        self, target: tuple[Shown, ...], *, missing: Collection[Key], t_s: float, now_s: float
    ) -> tuple[Shown, ...]:
        """Give the picture to draw at now_s, where target should be seen; missing names photos that are not ready."""
        has_run = self._last_t_s is not None and -0.01 <= t_s - self._last_t_s <= ON_TIME_S
        is_late = any(shown.key in self._missing for shown in target)
        is_planned = has_run and not is_late and not self._is_behind
        self._last_t_s, self._missing = t_s, frozenset(missing)
        is_alike = _difference(self._goal, target) <= ALIKE
        if not self._goal:
            self._goal = target
            self._begun_s.append(now_s)
        elif is_alike or (is_planned and (not _is_hard(self._goal, target) or self._may_begin(now_s))):
            if is_planned and _is_hard(self._goal, target):
                self._begun_s.append(now_s)
            self._goal, self._is_behind = target, False
        elif self._leaving is None and self._may_begin(now_s):
            self._leaving, self._leaving_since_s = _flattened(self._goal), now_s
            self._leaving_length_s, self._next_length_s = self._next_length_s, DISSOLVE_S
            self._goal, self._is_behind = target, False
            self._begun_s.append(now_s)
        else:
            self._is_behind = True
        return self._dissolved(now_s)

    def _may_begin(self, now_s: float) -> bool:
        return len(self._begun_s) < CHANGES_A_SECOND or now_s - self._begun_s[0] > 1.0

    def _dissolved(self, now_s: float) -> tuple[Shown, ...]:
        if self._leaving is not None:
            place = (now_s - self._leaving_since_s) / self._leaving_length_s
            if place < 1.0:
                amount = 0.5 - 0.5 * math.cos(math.pi * max(0.0, place))
                return (
                    self._leaving,
                    *(replace(s, opacity=s.opacity * amount, shade=s.shade * amount) for s in self._goal),
                )
            self._leaving = None
        return self._goal


def is_same(shown: Sequence[Shown], before: Sequence[Shown]) -> bool:
    """Whether two pictures have the same pixels."""
    return len(shown) == len(before) and all(
        a.prepared is b.prepared and (a.zoom, a.opacity, a.shift, a.shade) == (b.zoom, b.opacity, b.shift, b.shade)
        for a, b in zip(shown, before, strict=True)
    )


def paint_shown(painter: QPainter, size: tuple[float, float], picture: Sequence[Shown]) -> None:
    """Draw a picture over the rectangle (0, 0, *size) of the painter."""
    layers = [Layer(i, shown.zoom, shown.opacity, shown.shift, shown.shade) for i, shown in enumerate(picture)]
    paint(painter, size, layers, {i: shown.prepared for i, shown in enumerate(picture)})


def _flattened(picture: tuple[Shown, ...]) -> Shown:
    """One opaque photo that looks as a picture does."""
    if len(picture) == 1 and picture[0].shade == 0:
        return replace(picture[0], opacity=1.0, shift=0.0)
    first = picture[0].prepared
    size = first.size if first.size != (0, 0) else (first.image.width(), first.image.height())
    image = QImage(*size, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    paint_shown(painter, size, picture)
    painter.end()
    return Shown((Path(), None), PreparedPhoto(image, size, False), 1.0, 1.0)


def _weights(picture: Sequence[Shown]) -> dict[Key, float]:
    """How much of a picture each photo is, in [0, 1]."""
    weights: dict[Key, float] = {}
    for shown in picture:
        seen = shown.opacity * (1 - abs(shown.shift))
        if shown.shift == 0:
            weights = {key: weight * (1 - seen) for key, weight in weights.items()}
        weights[shown.key] = weights.get(shown.key, 0.0) + seen
    return weights


def _difference(before: Sequence[Shown], after: Sequence[Shown]) -> float:
    """How much two pictures differ by which photos are seen, and how dark they are, in [0, 1]."""
    old, new = _weights(before), _weights(after)
    photos = sum(abs(old.get(key, 0.0) - new.get(key, 0.0)) for key in old.keys() | new.keys()) / 2
    shades = [picture[-1].shade if picture else 0.0 for picture in (before, after)]
    return max(photos, abs(shades[0] - shades[1]))


def _is_hard(before: Sequence[Shown], after: Sequence[Shown]) -> bool:
    """Whether the photo changes from one picture to the next with nothing between."""
    return not ({shown.key for shown in before} & {shown.key for shown in after})
