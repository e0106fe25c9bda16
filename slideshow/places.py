"""Where things lie: the files shipped with the app, and the person's own library, settings and log."""

from __future__ import annotations

from pathlib import Path

import platformdirs

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
DEFAULT_BUNDLE = RESOURCES / "models" / "default"
DEMO_PHOTOS = RESOURCES / "demo" / "photos"
DEMO_SONGS = RESOURCES / "demo" / "songs"
DEMO_ATTRIBUTION = RESOURCES / "demo" / "ATTRIBUTION.md"
TEXT_FONT = RESOURCES / "fonts" / "Inter-Regular.ttf"

APP_NAME = "Moodreel"


def default_library() -> Path:
    """The person's library file, outside the checkout so that an update of the app never touches it."""
    return platformdirs.user_data_path(APP_NAME, appauthor=False) / "library.sqlite"


def cache_folder() -> Path:
    """Where passing files lie: of songs too long to be held in memory."""
    return platformdirs.user_cache_path(APP_NAME, appauthor=False)


def log_file() -> Path:
    """The app's log, newest session last."""
    return platformdirs.user_log_path(APP_NAME, appauthor=False) / "moodreel.log"
