"""librosa, of which one process at a time compiles what it needs.

librosa compiles its beat tracker at the first use on a computer and keeps the machine code beside itself, in files that
refer to each other. Two programs that do so at the same moment mix their files, and from then on every program that
reads the mixture crashes (numba's cache of `guvectorize`, seen with numba 0.68).
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

LONGEST_WAIT_S = 120.0
"""Compiling takes a few seconds, on a slow and busy computer up to a minute."""

_one_thread = threading.Lock()

log = logging.getLogger(__name__)


def compiled_librosa() -> Any:
    """Give the module librosa with its `beat`, `feature` and `filters`. The first call on a computer takes seconds."""
    with _one_thread:
        return _compiled()


@cache
def _compiled() -> Any:
    import librosa
    from filelock import FileLock, Timeout

    beside = Path(librosa.__file__).parent
    # Where librosa cannot be written to, its code is kept elsewhere; any place that both programs know will do.
    folder = beside if os.access(beside, os.W_OK) else Path(tempfile.gettempdir())
    with ExitStack() as held:
        try:
            held.enter_context(FileLock(folder / "moodreel-compiling.lock", timeout=LONGEST_WAIT_S))
        except (OSError, Timeout) as fault:
            log.warning("librosa is compiled unguarded: %s", fault)
        import librosa.beat
        import librosa.feature
        import librosa.filters

        clicks = np.zeros(64, dtype=np.float32)
        clicks[::8] = 1.0
        librosa.beat.beat_track(onset_envelope=clicks, bpm=120.0)
    return librosa
