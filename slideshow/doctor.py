"""What `doctor` examines: is everything here that a show needs, and in which version."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import EngineError

PACKAGES = ("PySide6-Essentials", "numpy", "scipy", "librosa", "onnxruntime", "av", "Pillow", "sounddevice")


@dataclass(frozen=True, slots=True)
class Finding:
    """One examined thing: its name, whether it is well, and a detail for a person."""

    name: str
    is_well: bool
    detail: str


def examine(*, library: Path, bundle: Path) -> list[Finding]:
    """Look at each part; a fault in one never hides the others. The library is created where there is none."""
    checks: list[tuple[str, Callable[[], str]]] = [
        ("python", lambda: f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("packages", versions),
        ("model", lambda: bundle_detail(bundle)),
        ("onnx", onnx_detail),
        ("codecs", codec_detail),
        ("library", lambda: library_detail(library)),
        ("sound", sound_detail),
    ]
    return [find(name, check) for name, check in checks]


def find(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, check())
    except (EngineError, OSError, ImportError, LookupError) as error:
        return Finding(name, False, str(error) or type(error).__name__)


def versions() -> str:
    return ", ".join(f"{package} {importlib.metadata.version(package)}" for package in PACKAGES)


def bundle_detail(path: Path) -> str:
    from engine.bundle import open_bundle

    bundle = open_bundle(path)
    return f"{bundle.manifest.name} {bundle.id[:12]} in {bundle.path}"


def onnx_detail() -> str:
    from engine.encoders import providers

    return ", ".join(providers())


def codec_detail() -> str:
    from engine.audio import missing_decoders
    from engine.film_encoders import AUTO, SOFTWARE, candidates
    from engine.video import missing_encoders

    missing = [*missing_decoders(), *missing_encoders()]
    if missing:
        raise LookupError("missing: " + ", ".join(missing))
    hardware = candidates(AUTO, preset="default", size=(1280, 720), fps=30)[0]
    by = "no hardware encoder" if hardware == SOFTWARE else f"in hardware by {hardware}"
    return f"every song format decodes; H.264 and AAC encode, {by}"


def library_detail(path: Path) -> str:
    from engine.library import Library

    if not path.exists():
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        if not (folder.is_dir() and os.access(folder, os.W_OK)):
            raise LookupError(f"{path} is not there yet, and {folder} may not be written to")
        return f"{path} is not there yet; the first start makes it"
    with Library.open(path) as library:
        problems = library.check()
        if problems:
            raise LookupError(f"{path} is damaged: {problems[0]}")
        return f"{path}: {library.count_photos()} photos"


def sound_detail() -> str:
    """Name the sound devices. None is no fault: shows play silently until one is connected."""
    try:
        import sounddevice
    except OSError:
        return "PortAudio is missing; shows play silently until it is installed"
    try:
        names = [device["name"] for device in sounddevice.query_devices() if device["max_output_channels"] > 0]
    except sounddevice.PortAudioError as fault:
        return f"{fault}; shows play silently until the sound system answers"
    return ", ".join(names) or "no sound device; shows play silently until one is connected"
