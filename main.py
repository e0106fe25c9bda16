"""Moodreel's entry point: logging and the last-resort exception hook, then the command line."""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
from types import TracebackType

from slideshow import places
from slideshow.cli import main
from slideshow.worker_pools import hanging_threads

LOG_BYTES = 1_000_000


def start_logging() -> None:
    """Log to a rotating file; where none can be written the app runs all the same and logs to stderr."""
    handler: logging.Handler
    try:
        places.log_file().parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            places.log_file(),
            maxBytes=LOG_BYTES,
            backupCount=1,
            encoding="utf-8",
            errors="backslashreplace",
            delay=True,
        )
    except OSError:
        handler = logging.StreamHandler()
    logging.basicConfig(
        level=logging.INFO, handlers=[handler], format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.captureWarnings(capture=True)
    logging.getLogger("wakepy").setLevel(logging.WARNING)  # else twenty lines each time a show cannot keep awake


def log_unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Keep a bug's traceback in the log as well as on stderr."""
    if not issubclass(kind, KeyboardInterrupt):
        logging.getLogger("moodreel").critical("unexpected error", exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)


def leave(status: int) -> None:
    """End the program. Python would wait for threads that hang on a dead drive as long as the drive does."""
    hanging = hanging_threads()
    if hanging:
        logging.getLogger("moodreel").warning("left behind: %s", ", ".join(hanging))
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # a windowed program on Windows has none
                stream.flush()
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    start_logging()
    sys.excepthook = log_unexpected
    leave(main(sys.argv[1:]))
