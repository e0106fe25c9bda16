"""The person's models as they lie on the disk: a folder for each, listed, copied from elsewhere, deleted. Free of Qt.

What the app knows of a model besides its manifest stands in a file of its own in the same folder.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from engine.errors import BrokenBundle, EngineError, ExportError
from engine.progress import Report
from slideshow.messages import count_of

log = logging.getLogger(__name__)

State = Literal["in use", "on trial", "kept", "damaged"]

ABOUT = "about.json"
"""What the app knows of a model: whether it is on trial, and the report of the retraining that made it."""

PERSONAL_RATINGS = "personal_ratings"
"""The score by which a bundle tells how many ratings it has learnt from."""

STALE_S = 24 * 3600
"""A hidden folder this old is no work in progress any more, whichever Moodreel began it."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One model of the list. The original has the id "" where it was not opened yet; report is the trainer's."""

    id: str
    path: Path
    name: str
    created: datetime | None
    state: State
    is_original: bool = False
    n_ratings: int = 0
    report: dict[str, Any] | None = None
    seconds: float = 0.0
    problem: str = ""


def name_of(n_ratings: int, name: str, report: Mapping[str, Any] | None = None) -> str:
    """Call a model by what it has learnt from; name is what its manifest says."""
    n_answers, n_moments = ((report or {}).get(key) for key in ("n_answers", "n_marked_windows"))
    if n_ratings:
        return f"From {count_of(n_ratings, 'rating')}"
    if isinstance(n_answers, int) and n_answers:
        return f"From {count_of(n_answers, 'comparison')}"
    if n_moments:
        return "From songs you marked"
    return name.strip().capitalize() or "A model"


def place_of(folder: Path, bundle_id: str) -> Path | None:
    """Find the model of an id in the folder, whatever its own folder is called; None where it is not."""
    for manifest in sorted(folder.glob("[!.]*/manifest.json")):
        try:
            if bundle_id_of(manifest.read_bytes()) == bundle_id:
                return manifest.parent
        except OSError as error:
            log.warning("a model cannot be read: %s", error)
    return None


def bundle_id_of(manifest: bytes) -> str:
    """The id of the bundle with this manifest, as `engine.bundle` gives it."""
    return hashlib.sha256(manifest).hexdigest()


def find_models(folder: Path, *, report: Report) -> tuple[Model, ...]:
    """List the models of a folder, the newest first. Leftovers of runs that were cut off are removed."""
    _sweep(folder)
    found = [_model_at(manifest.parent) for manifest in folder.glob("[!.]*/manifest.json")]
    found.sort(key=lambda model: model.created.timestamp() if model.created is not None else 0.0, reverse=True)
    return tuple(found)


def _sweep(folder: Path) -> None:
    now_s = datetime.now().timestamp()
    for left in folder.glob(".*"):
        try:
            if left.is_dir() and now_s - left.stat().st_mtime > STALE_S:
                shutil.rmtree(left, ignore_errors=True)
        except OSError as error:
            log.info("a leftover stays: %s", error)


def _model_at(path: Path) -> Model:
    from engine.bundle import read_manifest

    try:
        manifest, bundle_id = read_manifest(path)
    except BrokenBundle as error:
        return Model("", path, "A model", None, "damaged", problem=error.reason)
    about = _read_about(path)
    n_ratings = int(manifest.scores.get(PERSONAL_RATINGS, 0.0))
    state: State = "on trial" if about.get("is_on_trial") is True else "kept"
    problem = _missing_part(path, {name: file.n_bytes for name, file in manifest.files.items()})
    given = about.get("report")
    seconds = about.get("seconds")
    return Model(
        bundle_id,
        path,
        name_of(n_ratings, manifest.name, about.get("report") if isinstance(about.get("report"), dict) else None),
        _time_of(manifest.created),
        "damaged" if problem else state,
        n_ratings=n_ratings,
        report=given if isinstance(given, dict) else None,
        seconds=float(seconds) if isinstance(seconds, int | float) else 0.0,
        problem=problem,
    )


def _missing_part(path: Path, sizes: dict[str, int]) -> str:
    """What is wrong at first sight; the bytes themselves are verified when a model is opened."""
    for name, n_bytes in sizes.items():
        try:
            if (path / name).stat().st_size != n_bytes:
                return f"{name} has another size"
        except OSError as error:
            return f"{name} cannot be read ({error.strerror})"
    return ""


def _time_of(text: str) -> datetime | None:
    try:
        made = datetime.fromisoformat(text).astimezone()
        made.timestamp()
    except (ValueError, OverflowError, OSError):  # also of a date that this system's clock cannot tell
        return None
    return made


def _read_about(path: Path) -> dict[str, Any]:
    try:
        found = json.loads((path / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_about(path: Path, about: dict[str, Any], *, report: Report) -> None:
    temporary = path / f".{ABOUT}-{secrets.token_hex(4)}"
    try:
        temporary.write_text(json.dumps(about, indent=1), encoding="utf-8")
        temporary.replace(path / ABOUT)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ExportError(path / ABOUT, error.strerror or str(error)) from error


def copy_model(source: Path, folder: Path, *, report: Report) -> Path:
    """Copy a verified bundle into the folder, or find it there. Raises BrokenBundle, ExportError."""
    from engine.bundle import MANIFEST, open_bundle
    from engine.encoders import Encoders
    from engine.matching import reference_moods

    bundle = open_bundle(source)
    Encoders(bundle).check()
    reference_moods(bundle)
    known = place_of(folder, bundle.id)
    if known is not None:
        return known
    created = _time_of(bundle.manifest.created)  # as text, it might be the path to another folder
    dest = folder / (f"{created:%Y-%m-%d} {bundle.id[:8]}" if created is not None else bundle.id[:8])
    temporary = dest.with_name(f".{dest.name}-{secrets.token_hex(4)}")
    try:
        temporary.mkdir(parents=True)
        for name in bundle.manifest.files:
            (temporary / name).write_bytes(bundle.file_bytes(name))
        (temporary / MANIFEST).write_bytes((source / MANIFEST).read_bytes())
        temporary.rename(dest)
    except OSError as error:
        raise ExportError(dest, error.strerror or str(error)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return dest


def delete_model(path: Path, *, report: Report) -> None:
    aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        path.rename(aside)  # at once and whole: half a model would be told as damaged
    except FileNotFoundError:
        return
    except OSError as error:
        raise ExportError(path, error.strerror or str(error)) from error
    shutil.rmtree(aside, ignore_errors=True)


def id_of(path: Path, *, report: Report) -> str:
    from engine.bundle import read_manifest

    try:
        return read_manifest(path)[1]
    except EngineError as error:
        log.warning("the original model cannot be read: %s", error)
        return ""
