"""A plan as an OpenTimelineIO file, for people who finish in an editor: stills, transitions, the song, markers.

The JSON is written as the format's specification and the schemas of its library say; a test reads it with the library,
which is no part of the app: it is compiled, and its wheels come late for new Pythons.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from engine.library import Photo
    from engine.plan import Cue, Plan

SUFFIX: Final = ".otio"

_DISSOLVE: Final = "SMPTE_Dissolve"
_CUSTOM: Final = "Custom_Transition"
"""The format knows dissolves only; editors show the others as a place to choose one, and metadata names them."""

_BEAT_COLOUR, _MOOD_COLOUR = "CYAN", "YELLOW"

Json = dict[str, Any]


def timeline_bytes(
    plan: Plan,
    *,
    fps: int = 30,
    title: str = "",
    beats_s: Sequence[float] = (),
    moods: Sequence[tuple[float, str]] = (),
) -> bytes:
    """Give an OpenTimelineIO file with every cut on the frame nearest to the plan's, at fps frames a second.

    beats_s and moods (time, word) become markers on the song. Raises ValueError for a plan without cues or a rate below
    1. Photos are stills: as long in the file as they stand, with the length of their transitions to spare.
    """
    if not plan.cues:
        raise ValueError("a plan without cues has no timeline")
    if fps < 1:
        raise ValueError(f"{fps} frames a second")
    timeline: Json = {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {"moodreel": {"bundle_id": plan.bundle_id, "seed": plan.options.seed}},
        "name": title or plan.song.stem,
        "global_start_time": None,
        "tracks": {
            "OTIO_SCHEMA": "Stack.1",
            "metadata": {},
            "name": "tracks",
            "source_range": None,
            "effects": [],
            "markers": [],
            "enabled": True,
            "children": [*_pictures(plan, fps), _sound(plan, fps, beats_s, moods)],
        },
    }
    return json.dumps(timeline, indent=1).encode("ascii")


def _pictures(plan: Plan, fps: int) -> Iterator[Json]:
    """The photos, and above them their partners where two stand side by side."""
    frames = [round(cue.start_s * fps) for cue in plan.cues] + [round(plan.duration_s * fps)]
    spans = list(zip(plan.cues, pairwise(frames), strict=True))
    items: list[Json] = []
    for i, (cue, (first, end)) in enumerate(spans):
        fade = _fade_frames(spans, i, fps) if i else 0
        following = _fade_frames(spans, i + 1, fps) if i + 1 < len(spans) else 0
        if fade:
            items.append(_transition(cue, fade, fps))
        items.append(_clip(cue.photo, end - first, fps, before=fade // 2, after=following - following // 2, cue=cue))
    yield _track("Photos", "Video", items)
    if any(cue.partner is not None for cue in plan.cues):
        beside: list[Json] = []
        for cue, (first, end) in spans:
            partner = cue.partner
            beside.append(_gap(end - first, fps) if partner is None else _clip(partner, end - first, fps, cue=cue))
        yield _track("Photos beside them", "Video", beside)


def _fade_frames(spans: Sequence[tuple[Cue, tuple[int, int]]], i: int, fps: int) -> int:
    """Length of the transition into cue i; rounding must not make two transitions meet within a short cue."""
    (before, (start, cut)), (cue, (_, end)) = spans[i - 1], spans[i]
    return (
        0
        if cue.transition == "cut" or before.photo == cue.photo
        else min(round(cue.fade_s * fps), cut - start, end - cut)
    )


def _sound(plan: Plan, fps: int, beats_s: Sequence[float], moods: Sequence[tuple[float, str]]) -> Json:
    n_frames = round(plan.duration_s * fps)
    markers = [_marker(t_s, word, _MOOD_COLOUR, fps) for t_s, word in moods]
    markers += [_marker(t_s, f"Beat {i + 1}", _BEAT_COLOUR, fps) for i, t_s in enumerate(beats_s)]
    song = {
        **_item("Clip.2", plan.song.name, _range(0, n_frames, fps)),
        "markers": [marker for marker in markers if _frame_of(marker) < n_frames],
        "media_references": {"DEFAULT_MEDIA": _reference(plan.song, _range(0, n_frames, fps))},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }
    return _track("Song", "Audio", [song])


def _clip(photo: Photo, n_frames: int, fps: int, *, cue: Cue, before: int = 0, after: int = 0) -> Json:
    """A still that stands for n_frames, with frames to spare on both sides for the transitions."""
    return {
        **_item("Clip.2", photo.path.name, _range(before, n_frames, fps)),
        "metadata": {
            "moodreel": {
                "start_s": cue.start_s,
                "end_s": cue.end_s,
                "score": cue.score,
                "zoom_from": cue.zoom_from,
                "zoom_to": cue.zoom_to,
                "why": cue.why,
            }
        },
        "media_references": {"DEFAULT_MEDIA": _reference(photo.path, _range(0, before + n_frames + after, fps))},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _transition(cue: Cue, n_frames: int, fps: int) -> Json:
    is_dissolve = cue.transition == "crossfade"
    return {
        "OTIO_SCHEMA": "Transition.1",
        "metadata": {"moodreel": {"kind": cue.transition, "fade_s": cue.fade_s}},
        "name": cue.transition,
        "in_offset": _time(n_frames // 2, fps),
        "out_offset": _time(n_frames - n_frames // 2, fps),
        "transition_type": _DISSOLVE if is_dissolve else _CUSTOM,
    }


def _gap(n_frames: int, fps: int) -> Json:
    return _item("Gap.1", "", _range(0, n_frames, fps))


def _track(name: str, kind: str, children: list[Json]) -> Json:
    return {**_item("Track.1", name, None), "children": children, "kind": kind}


def _item(schema: str, name: str, source_range: Json | None) -> Json:
    return {
        "OTIO_SCHEMA": schema,
        "metadata": {},
        "name": _readable(name),
        "source_range": source_range,
        "effects": [],
        "markers": [],
        "enabled": True,
    }


def _marker(t_s: float, name: str, colour: str, fps: int) -> Json:
    return {
        "OTIO_SCHEMA": "Marker.2",
        "metadata": {"moodreel": {"t_s": float(t_s)}},
        "name": name,
        "color": colour,
        "marked_range": _range(round(t_s * fps), 0, fps),
        "comment": "",
    }


def _frame_of(marker: Json) -> float:
    start: float = marker["marked_range"]["start_time"]["value"]
    return start


def _reference(path: Path, available: Json) -> Json:
    return {
        "OTIO_SCHEMA": "ExternalReference.1",
        "metadata": {},
        "name": _readable(path.name),
        "available_range": available,
        "available_image_bounds": None,
        "target_url": path.absolute().as_uri(),
    }


def _range(start: int, n_frames: int, fps: int) -> Json:
    return {"OTIO_SCHEMA": "TimeRange.1", "start_time": _time(start, fps), "duration": _time(n_frames, fps)}


def _time(n_frames: int, fps: int) -> Json:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(fps), "value": float(n_frames)}


def _readable(name: str) -> str:
    """A name that can be written as UTF-8, whatever bytes the file system gave it."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
