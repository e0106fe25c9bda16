"""Project files: a show as a person has made it, kept as JSON beside the photos or anywhere else.

A `.moodreel` file holds the plan with its options, which cues were changed by hand, and where every file lies: relative
to the project, so that a folder with everything in it can be moved, and absolute besides. Reading one trusts nothing.
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.edits import check_laws
from engine.errors import ProjectError
from engine.plan import Plan
from engine.whole_files import write_whole

if TYPE_CHECKING:
    from engine.library import Photo

SUFFIX = ".moodreel"
BACKUP_MARK = "~"
"""Appended to a project's name for the copy of what was there before the last save."""

FORMAT = "moodreel-project"
FORMAT_VERSION = 2

MAX_FILE_BYTES = 64 * 2**20
"""A show of ten hours has about 5,000 cues in 5 MB; anything beyond this is no project."""

MAX_DURATION_S = 1e6
"""Eleven days: a longer show is no show but a damaged file, and its film could not be counted in frames."""

MAX_SEARCHED = 20_000
"""Files looked at near a project for photos that are not where they were."""


@dataclass(frozen=True, slots=True)
class Project:
    """A show to keep: its plan (with song and options), the cues changed by hand, and where it was played to.

    origin is the project file that an autosave belongs to, None for a show that was never saved. choice are the photos
    that the show may use, None where it may use all; read from a file, those of them that the library knows.
    """

    plan: Plan
    by_hand: tuple[int, ...] = ()
    position_s: float = 0.0
    origin: Path | None = None
    choice: tuple[Photo, ...] | None = None


@dataclass(frozen=True, slots=True)
class OpenedProject:
    """A project with its files found again as far as they are there.

    missing are photos that were not found, with the number of cues that show each; n_moved were found at another place;
    n_unchosen photos of its choice are not in the library.
    """

    path: Path
    project: Project
    missing: tuple[tuple[Photo, int], ...]
    n_moved: int
    is_song_missing: bool
    n_unchosen: int = 0


def backup_of(path: Path) -> Path:
    """Give the place of a project's backup."""
    return path.with_name(path.name + BACKUP_MARK)


def save_project(project: Project, path: Path, *, has_backup: bool = True) -> None:
    """Write a project whole or not at all; what was there before becomes its backup. Raises ProjectError."""
    folder = path.absolute().parent
    record = project.plan.to_json()
    for photo in record["photos"]:
        photo["relative"] = _relative(Path(photo["path"]), folder)
    song = project.plan.song
    content = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "song": {"path": str(song.absolute()), "relative": _relative(song, folder)},
        "by_hand": list(project.by_hand),
        "position_s": project.position_s,
        "origin": None if project.origin is None else str(project.origin.absolute()),
        "choice": None if project.choice is None else [_chosen(photo, folder) for photo in project.choice],
        "plan": record,
    }
    try:
        if has_backup and path.exists():
            write_whole(backup_of(path), path.read_bytes())
        write_whole(path, json.dumps(content, indent=1).encode("ascii"))
    except OSError as fault:
        raise ProjectError(path, fault.strerror or "it cannot be written") from fault


def _chosen(photo: Photo, folder: Path) -> dict[str, str | None]:
    return {"path": str(photo.path), "relative": _relative(photo.path, folder), "content_hash": photo.content_hash}


def _relative(target: Path, folder: Path) -> str | None:
    try:
        return Path(os.path.relpath(target.absolute(), folder)).as_posix()
    except ValueError:  # another drive of Windows
        return None


def open_project(path: Path, *, known: Sequence[Photo] = ()) -> OpenedProject:
    """Read a project and find its files: where they were, moved along with it, in the library, or near it by name.

    known are the library's photos; the plan then holds these, with their ids. Photos that are not known there get ids
    below zero. Raises ProjectError for a file that cannot be read, is damaged or was written by a newer Moodreel.
    """
    backup = backup_of(path)
    try:
        content = _parsed(path)
        project, relatives = _project_of(content)
        wanted = _choice_of(content)
    except (OSError, ValueError) as fault:
        reason = (fault.strerror or "it cannot be read") if isinstance(fault, OSError) else str(fault)
        raise ProjectError(path, reason, backup=backup if backup.is_file() else None) from fault
    folder = path.absolute().parent
    song = _first_file(_places(project.plan.song, content["song"].get("relative"), folder))
    found, missing, n_moved = _find_photos(project.plan, relatives, folder, known)
    shown = Counter(_key(cue.photo) for cue in project.plan.cues)
    cues = tuple(
        replace(
            cue,
            photo=found[_key(cue.photo)],
            partner=None if cue.partner is None else found[_key(cue.partner)],
        )
        for cue in project.plan.cues
    )
    plan = replace(project.plan, song=song or project.plan.song, cues=cues)
    choice = None if wanted is None else _find_choice(wanted, folder, known)
    return OpenedProject(
        path=path,
        project=replace(project, plan=plan, choice=choice),
        missing=tuple((found[key], shown[key]) for key in missing),
        n_moved=n_moved,
        is_song_missing=song is None,
        n_unchosen=0 if wanted is None or choice is None else len(wanted) - len(choice),
    )


def _parsed(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ValueError("it is too large for a show")
    if not path.is_file():
        raise ValueError("it is not a file")
    try:
        content = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except (RecursionError, ValueError) as fault:  # also a number of thousands of digits
        raise ValueError("it is damaged or no show of Moodreel") from fault
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError("it is no show of Moodreel")
    version = content.get("version")
    if not isinstance(version, int) or version < 1:
        raise ValueError("it is damaged")
    if version > FORMAT_VERSION:
        raise ValueError("it was made by a newer Moodreel")
    return content


def _refuse_constant(name: str) -> float:
    raise ValueError(f"it is damaged ({name} is no number)")


def _project_of(content: dict[str, Any]) -> tuple[Project, dict[str, str]]:
    """Check every value; the second part maps a photo's path to its relative one."""
    try:
        record, song = content["plan"], content["song"]
        relatives: dict[str, str] = {}
        for photo in record["photos"]:
            relative = photo.pop("relative", None)
            if isinstance(relative, str):
                relatives[photo["path"]] = relative
        plan = replace(Plan.from_json(record), song=Path(song["path"]))
        if not plan.cues:
            raise ValueError("a show of no photos")
        _check_types(plan)
        check_laws(plan)
        by_hand = tuple(index for index in content["by_hand"] if isinstance(index, int))
        position_s = float(content["position_s"])
        origin = content.get("origin")
        return (
            Project(
                plan,
                by_hand,
                min(max(position_s, 0.0), plan.duration_s) if math.isfinite(position_s) else 0.0,
                Path(origin) if isinstance(origin, str) else None,
            ),
            relatives,
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as fault:
        raise ValueError("it is damaged") from fault


def _choice_of(content: dict[str, Any]) -> tuple[tuple[str, str | None, str], ...] | None:
    """The photos a show may use as they stand in its file: path, relative path, hash. Raises ValueError."""
    records = content.get("choice")
    if records is None:
        return None
    try:
        wanted = tuple((record["path"], record.get("relative"), record["content_hash"]) for record in records)
    except (KeyError, TypeError, AttributeError) as fault:
        raise ValueError("it is damaged") from fault
    for path, relative, content_hash in wanted:
        if not isinstance(path, str) or not isinstance(content_hash, str) or not isinstance(relative, str | None):
            raise ValueError("it is damaged")
    return wanted


def _find_choice(
    wanted: Sequence[tuple[str, str | None, str]], folder: Path, known: Sequence[Photo]
) -> tuple[Photo, ...]:
    """The library's photos that were chosen, each once: by their places, else by their content."""
    by_path = {photo.path: photo for photo in known}
    by_hash = {photo.content_hash: photo for photo in known if photo.content_hash}
    found: dict[int, Photo] = {}
    for path, relative, content_hash in wanted:
        there = next((by_path[place] for place in _places(Path(path), relative, folder) if place in by_path), None)
        photo = there if there is not None else by_hash.get(content_hash)
        if photo is not None:
            found[photo.id] = photo
    return tuple(found.values())


def _check_types(plan: Plan) -> None:
    """Raise ValueError for a value of another type than a plan's, which the dataclasses would take as it comes."""
    _check_number(plan.duration_s)
    if plan.duration_s > MAX_DURATION_S:
        raise ValueError("a show without end")
    if plan.heard_s is not None:
        _check_number(plan.heard_s)
    if not isinstance(plan.bundle_id, str):
        raise ValueError("a model is of no known kind")
    for point in plan.options.arc:
        for value in point:
            _check_number(value)
    _check_number(plan.options.min_hold_s)
    _check_number(plan.options.max_hold_s)
    if not isinstance(plan.options.seed, int) or not isinstance(plan.options.has_pairs, bool):
        raise ValueError("an option is of no known kind")
    if not isinstance(plan.options.theme, str):
        raise ValueError("an option is of no known kind")
    _check_number(plan.options.theme_share)
    for cue in plan.cues:
        for value in (cue.start_s, cue.end_s, cue.score, cue.fade_s, cue.zoom_from, cue.zoom_to):
            _check_number(value)
        if not isinstance(cue.why, str) or not isinstance(cue.is_pinned, bool):
            raise ValueError("a cue is of no known kind")
        for photo in (cue.photo, cue.partner):
            if photo is not None:
                _check_photo(photo)


def _check_number(value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("a number is no number")


def _check_photo(photo: Photo) -> None:
    sizes = (photo.id, photo.width, photo.height)
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in sizes):
        raise ValueError("a photo is of no known kind")
    if photo.width < 0 or photo.height < 0 or not 0 <= (photo.look or 0) < 1 << 64:
        raise ValueError("a photo is of no known kind")
    if not isinstance(photo.content_hash, str) or not isinstance(photo.taken_at, str | None):
        raise ValueError("a photo is of no known kind")
    if photo.look is not None and not isinstance(photo.look, int):
        raise ValueError("a photo is of no known kind")
    if not isinstance(photo.caption, str | None) or not isinstance(photo.kind, str | None):
        raise ValueError("a photo is of no known kind")
    if not isinstance(photo.is_favourite, bool) or not isinstance(photo.is_let_in, bool):
        raise ValueError("a photo is of no known kind")
    if photo.focus is not None:
        focus = photo.focus
        for side in (focus.left, focus.top, focus.right, focus.bottom):
            _check_number(side)
        if not (0 <= focus.left <= focus.right <= 1 and 0 <= focus.top <= focus.bottom <= 1):
            raise ValueError("a focus lies outside its photo")
        if not isinstance(focus.is_face, bool):
            raise ValueError("a photo is of no known kind")


def _key(photo: Photo) -> str:
    return str(photo.path)


def _find_photos(
    plan: Plan, relatives: dict[str, str], folder: Path, known: Sequence[Photo]
) -> tuple[dict[str, Photo], list[str], int]:
    """Find every photo of a plan: by its old path the photo as it is now, those that are missing, how many moved."""
    by_path = {photo.path: photo for photo in known}
    by_hash = {photo.content_hash: photo for photo in known if photo.content_hash}
    found: dict[str, Photo] = {}
    lost: list[Photo] = []
    n_moved = 0
    wanted = {_key(photo): photo for cue in plan.cues for photo in (cue.photo, cue.partner) if photo is not None}
    for number, (key, photo) in enumerate(wanted.items(), 1):
        photo = found[key] = replace(photo, id=-1 - number)
        there = _first_file(_places(photo.path, relatives.get(key), folder))
        twin = by_hash.get(photo.content_hash)
        if there is not None and there in by_path:
            found[key] = by_path[there]
        elif twin is not None and (there is None or there != photo.path) and _is_file(twin.path):
            found[key] = twin
        elif there is not None:
            found[key] = replace(photo, path=there)
        else:
            lost.append(photo)
        n_moved += found[key].path != photo.path
    by_name = _files_near(folder, {photo.path.name for photo in lost}) if lost else {}
    missing = []
    for photo in lost:
        key = _key(photo)
        candidates = by_name.get(photo.path.name, [])
        if candidates:
            best = max(candidates, key=lambda path, like=photo.path: _common_tail(path, like))  # type: ignore[misc]
            found[key] = by_path.get(best, replace(photo, path=best))
            n_moved += 1
        else:
            missing.append(key)
    return found, missing, n_moved


def _places(path: Path, relative: object, folder: Path) -> Iterable[Path]:
    """Where a file may lie, likeliest first: along with the project, then where it was."""
    if isinstance(relative, str) and relative and not Path(relative).is_absolute():
        yield Path(os.path.normpath(folder / relative))
    yield path


def _first_file(places: Iterable[Path]) -> Path | None:
    return next((place for place in places if _is_file(place)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _files_near(folder: Path, names: set[str]) -> dict[str, list[Path]]:
    """Find files of these names in a project's folder and below it."""
    found: dict[str, list[Path]] = {}
    n_seen = 0
    with suppress(OSError):
        for holder, folders, files in os.walk(folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in names.intersection(files):
                found.setdefault(name, []).append(Path(holder) / name)
            n_seen += len(files) + len(folders)
            if n_seen > MAX_SEARCHED:
                break
    return found


def _common_tail(path: Path, like: Path) -> int:
    """How many parts two paths share from their ends."""
    pairs = zip(reversed(path.parts), reversed(like.parts), strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(path.parts), len(like.parts)))
