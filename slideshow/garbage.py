"""Collect Python's cyclic garbage in the GUI thread only.

Python collects in whichever thread happens to allocate. Where that is a worker, it destroys widgets there, and Qt's
locks against the interpreter's make the program stand still for ever.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

YOUNG_EVERY_MS = 1000
"""Collecting the young takes a millisecond or two."""

ALL_EVERY = 60
"""Collecting everything may take a tenth of a second: at every 60th time, and only when nobody would see it."""


class Collector(QObject):
    """Takes Python's collecting over until `release`. Make it first, in the GUI thread; may_stall() is asked there."""

    def __init__(self, *, may_stall: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._may_stall = may_stall
        self._n_young = 0
        self._was_on = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(YOUNG_EVERY_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    def collect(self) -> None:
        """Collect the young, and everything if it is time and may be."""
        self._n_young += 1
        if self._n_young >= ALL_EVERY and self._may_stall():
            self._n_young = 0
            gc.collect()
        else:
            gc.collect(1)

    def release(self) -> None:
        """Leave collecting to Python again."""
        self._timer.stop()
        if self._was_on:
            gc.enable()
