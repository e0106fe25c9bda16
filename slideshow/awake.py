"""Keep the screen awake while a show plays, and only then."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from wakepy import keep

from slideshow.worker_pools import end_pool

SHUTDOWN_LIMIT_S = 2.0
"""A message bus that does not answer keeps the app from closing no longer than this."""

log = logging.getLogger(__name__)


class Awake:
    """Asks the system not to dim or lock the screen; where it cannot be asked, that is logged once and life goes on.

    The system is asked in a thread of its own: a desktop's message bus may take seconds to say no.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="awake")
        self._is_wanted = False
        self._mode: Any = None
        self._is_told = False

    @property
    def is_wanted(self) -> bool:
        """Whether the screen is to stay awake."""
        return self._is_wanted

    def set_wanted(self, *, is_wanted: bool) -> None:
        """Keep the screen awake from now on, or let it sleep again. Returns at once."""
        if is_wanted != self._is_wanted:
            self._is_wanted = is_wanted
            self._thread.submit(self._enter if is_wanted else self._leave)

    def shutdown(self) -> None:
        """Let the screen sleep again and join the thread."""
        self.set_wanted(is_wanted=False)
        end_pool(self._thread, limit_s=SHUTDOWN_LIMIT_S, is_queue_done=True)

    def _enter(self) -> None:
        self._mode = keep.presenting(on_fail="pass")
        self._mode.__enter__()
        if not self._mode.active and not self._is_told:
            self._is_told = True
            log.info("the screen cannot be kept awake here")

    def _leave(self) -> None:
        if self._mode is not None:
            self._mode.__exit__(None, None, None)
            self._mode = None
