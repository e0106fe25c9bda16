"""Settings, declared once with type and default, kept as JSON in the person's configuration folder."""

from __future__ import annotations

import json
import logging
import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import platformdirs
from PySide6.QtCore import QObject, Signal

from slideshow.film_options import FRAME_RATES, PRESETS, SHAPES, SHORT_SIDES_PX
from slideshow.places import APP_NAME

log = logging.getLogger(__name__)

THEMES = ("system", "dark", "light")
TEXT_SCALES = (1.0, 1.25, 1.5)

_Value = TypeVar("_Value", str, int)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a person can set, and the few things the app remembers between starts."""

    theme: str = "system"
    is_motion_reduced: bool = False
    text_scale: float = 1.0
    volume: float = 0.8
    is_muted: bool = False
    film_height_px: int = 720
    """The film's shorter side: "720p"."""
    film_shape: str = "wide"
    film_care: str = "default"
    """How the film is made, a preset of `engine.film_encoders`."""
    film_fps: int = 30
    has_film_hardware: bool = True
    film_speed: float = 0.0
    """How many times faster than expected this computer made its last film, 0 before the first."""
    is_welcomed: bool = False
    """The introduction was finished or skipped."""
    folders_at_rest: tuple[str, ...] = ()
    """Folders of the library that shows leave out."""
    is_following_folders: bool = True
    """What changes in the folders appears by itself."""
    last_songs: tuple[str, ...] = ()
    """The queue as it was, offered at the next start."""
    last_song_index: int = 0
    recent_songs: tuple[str, ...] = ()
    """Songs opened lately, the last first."""
    input_device: str = ""
    """Name of the device a live show listens to; empty is the system's own choice."""
    last_song_folder: str = ""
    last_photo_folder: str = ""
    last_film_folder: str = ""
    recent_projects: tuple[str, ...] = ()
    """Shows saved or opened lately, the last first."""
    last_project: str = ""
    """The show that was open from its file, offered at the next start; empty where only songs were."""
    last_project_folder: str = ""
    plan_mood: str = "relative"
    """This and the next six are what a new show starts with, see `engine.plan.PlanOptions`."""
    plan_repeats: str = "auto"
    plan_sad: str = "all"
    plan_transition: str = "auto"
    plan_min_hold_s: float = 2.0
    plan_max_hold_s: float = 8.0
    plan_has_pairs: bool = True
    model_in_use: str = ""
    """Id of the person's own model that is in use; empty is the original."""
    model_before: str = ""
    """Id of the model in use before, which can be gone back to at once; empty is the original."""
    player_screen: str = ""
    """Name of the screen that the show fills; empty is the one the window is on."""
    window_geometry: str = ""
    """Base64 of Qt's own record."""


def default_path() -> Path:
    """The person's settings file."""
    return platformdirs.user_config_path(APP_NAME, appauthor=False) / "settings.json"


def _read(path: Path) -> dict[str, Any]:
    """Read what the file holds, whatever that is; nothing where it is missing or damaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.warning("settings at %s could not be read, starting from defaults: %s", path, error)
        return {}
    return data if isinstance(data, dict) else {}


def _checked(data: dict[str, Any]) -> Settings:
    """Take what fits from a parsed file; a wrong or unknown entry falls back to its default."""
    settings = Settings()
    fitting: dict[str, Any] = {}
    for field in fields(Settings):
        if field.name not in data:
            continue
        value, default = data[field.name], getattr(settings, field.name)
        if isinstance(default, tuple):
            if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
                fitting[field.name] = tuple(value)
        elif isinstance(default, float):
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                fitting[field.name] = float(value)
        elif type(value) is type(default):
            fitting[field.name] = value
    settings = replace(settings, **fitting)
    return replace(
        settings,
        theme=settings.theme if settings.theme in THEMES else "system",
        text_scale=min(TEXT_SCALES, key=lambda scale: abs(scale - settings.text_scale)),
        volume=min(max(settings.volume, 0.0), 1.0),
        film_height_px=_one_of(settings.film_height_px, SHORT_SIDES_PX, 720),
        film_shape=_one_of(settings.film_shape, tuple(SHAPES), "wide"),
        film_care=_one_of(settings.film_care, PRESETS, "default"),
        film_fps=_one_of(settings.film_fps, FRAME_RATES, 30),
        film_speed=settings.film_speed if 0.01 <= settings.film_speed <= 100 else 0.0,
    )


def _one_of(value: _Value, choices: Sequence[_Value], default: _Value) -> _Value:
    return value if value in choices else default


class SettingsStore(QObject):
    """The current settings; every change is saved at once, whole or not at all.

    Another Moodreel may write the same file: only what is changed here is changed there, and what a newer version has
    added stays.
    """

    changed = Signal()

    def __init__(self, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self._settings = _checked(_read(path))

    @property
    def now(self) -> Settings:
        """The settings as they are."""
        return self._settings

    def change(self, **values: Any) -> None:
        """Set some fields, save, and tell. A disk that cannot be written is logged; the change holds until the end."""
        settings = replace(self._settings, **values)
        if settings == self._settings:
            return
        self._settings = settings
        try:
            self._save({name: value for name, value in asdict(settings).items() if name in values})
        except OSError as error:
            log.warning("settings could not be saved to %s: %s", self._path, error)
        self.changed.emit()

    def _save(self, changed: dict[str, Any]) -> None:
        content = asdict(self._settings) | _read(self._path) | changed
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=self._path.name, dir=self._path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=2)
            Path(name).replace(self._path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
