from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest

from engine.interchange import timeline_bytes
from engine.library import Photo
from engine.plan import Cue, Plan, Transition

BEATS_S = [0.13, 0.63, 1.13, 40.0]
MOODS = [(0.0, "Calm"), (3.5, "Happy")]


def a_photo(number: int) -> Photo:
    return Photo(number, Path(f"/photos/a ü {number}.jpg"), 640, 480, None, str(number))


def a_plan(tmp_path: Path) -> Plan:
    """Cuts between the frames, every kind of transition, and a pair of portraits."""
    kinds: list[tuple[float, float, Transition]] = [
        (0.0, 0.0, "crossfade"),
        (2.017, 0.8, "crossfade"),
        (5.349, 0.0, "cut"),
        (8.0, 0.75, "dip"),
        (11.961, 0.4, "slide"),
        (14.2, 1.3, "crossfade"),
    ]
    ends = [start_s for start_s, _, _ in kinds[1:]] + [17.533]
    cues = tuple(
        Cue(a_photo(i), start_s, end_s, 0.9, fade_s, 1.0, 1.03, "Why.", kind, a_photo(90) if i == 2 else None)
        for i, ((start_s, fade_s, kind), end_s) in enumerate(zip(kinds, ends, strict=True))
    )
    return Plan(tmp_path / "song.flac", 17.533, cues, "bundle")


def opened(data: bytes) -> Any:
    adapters = pytest.importorskip("opentimelineio.adapters")
    return adapters.read_from_string(data.decode(), "otio_json")


@pytest.mark.parametrize("fps", [24, 30, 60])
def test_the_formats_own_library_reads_every_cut_on_its_frame(tmp_path: Path, fps: int) -> None:
    plan = a_plan(tmp_path)
    timeline = opened(timeline_bytes(plan, fps=fps, title="Low Tide", beats_s=BEATS_S, moods=MOODS))
    assert timeline.name == "Low Tide"
    photos, beside = timeline.video_tracks()
    [sound] = timeline.audio_tracks()
    clips = list(photos.find_clips())
    assert len(clips) == len(plan.cues)
    for clip, cue in zip(clips, plan.cues, strict=True):
        placed = clip.range_in_parent()
        assert placed.start_time.rate == fps
        assert placed.start_time.value == round(cue.start_s * fps)
        assert placed.end_time_exclusive().value == round(cue.end_s * fps)
        assert Path(unquote(urlparse(clip.media_reference.target_url).path)) == cue.photo.path
        available, used = clip.available_range(), clip.source_range
        assert available.start_time <= used.start_time
        assert used.end_time_exclusive() <= available.end_time_exclusive()
    [partner] = beside.find_clips()
    assert partner.range_in_parent() == clips[2].range_in_parent()
    [song] = sound.find_clips()
    assert song.duration().value == round(plan.duration_s * fps)
    assert timeline.duration().value == round(plan.duration_s * fps)


def test_transitions_lie_round_their_cuts_within_what_the_stills_can_spare(tmp_path: Path) -> None:
    plan = a_plan(tmp_path)
    timeline = opened(timeline_bytes(plan, fps=30))
    track = timeline.video_tracks()[0]
    otio = pytest.importorskip("opentimelineio")
    found = [item for item in track if isinstance(item, otio.schema.Transition)]
    fades = [cue for cue in plan.cues[1:] if cue.fade_s]
    assert [item.name for item in found] == [cue.transition for cue in fades]
    for item, cue in zip(found, fades, strict=True):
        assert (item.in_offset + item.out_offset).value == round(cue.fade_s * 30)
        assert abs(item.in_offset.value - item.out_offset.value) <= 1
        assert (item.transition_type == "SMPTE_Dissolve") == (cue.transition == "crossfade")
        before, after = track.neighbors_of(item)
        spare = before.available_range().end_time_exclusive() - before.source_range.end_time_exclusive()
        assert spare >= item.out_offset
        assert after.source_range.start_time - after.available_range().start_time >= item.in_offset


def test_beats_and_moods_are_marked_on_the_song(tmp_path: Path) -> None:
    timeline = opened(timeline_bytes(a_plan(tmp_path), fps=30, beats_s=BEATS_S, moods=MOODS))
    [song] = timeline.audio_tracks()[0].find_clips()
    marks = [(marker.name, marker.marked_range.start_time.value) for marker in song.markers]
    assert marks == [("Calm", 0), ("Happy", 105), ("Beat 1", 4), ("Beat 2", 19), ("Beat 3", 34)]  # 40 s is beyond


def test_the_library_writes_back_what_it_read(tmp_path: Path) -> None:
    adapters = pytest.importorskip("opentimelineio.adapters")
    data = timeline_bytes(a_plan(tmp_path), fps=30, beats_s=BEATS_S, moods=MOODS)
    again = json.loads(adapters.write_to_string(opened(data), "otio_json"))

    def compare(ours: Any, theirs: Any) -> None:
        if isinstance(ours, dict):
            assert ours.keys() <= theirs.keys(), ours
            for key, value in ours.items():
                compare(value, theirs[key])
        elif isinstance(ours, list):
            for a, b in zip(ours, theirs, strict=True):
                compare(a, b)
        else:
            assert ours == theirs

    compare(json.loads(data), again)


def test_without_the_library_the_file_still_tiles_the_song(tmp_path: Path) -> None:
    plan = a_plan(tmp_path)
    tracks = json.loads(timeline_bytes(plan, fps=30))["tracks"]["children"]
    clips = [item for item in tracks[0]["children"] if item["OTIO_SCHEMA"] == "Clip.2"]
    lengths = [clip["source_range"]["duration"]["value"] for clip in clips]
    assert sum(lengths) == round(plan.duration_s * 30)
    assert all(length > 0 for length in lengths)
    kinds = [item["OTIO_SCHEMA"] for item in tracks[0]["children"]]
    assert all((a, b) != ("Transition.1", "Transition.1") for a, b in pairwise(kinds))


def test_names_of_any_bytes_are_written(tmp_path: Path) -> None:
    plan = a_plan(tmp_path)
    odd = Photo(1, Path("/photos") / b"\xff\xfe.jpg".decode("utf-8", "surrogateescape"), 640, 480, None, "")
    cues = (Cue(odd, 0.0, 17.533, 0.9, 0.0, 1.0, 1.03, "Why."),)
    data = timeline_bytes(Plan(plan.song, 17.533, cues, "bundle"))
    [clip] = opened(data).video_tracks()[0].find_clips()
    assert clip.media_reference.target_url == "file:///photos/%FF%FE.jpg"


def test_nothing_to_write_is_refused(tmp_path: Path) -> None:
    plan = a_plan(tmp_path)
    with pytest.raises(ValueError, match="without cues"):
        timeline_bytes(Plan(plan.song, 17.533, (), "bundle"))
    with pytest.raises(ValueError, match="0 frames"):
        timeline_bytes(plan, fps=0)
