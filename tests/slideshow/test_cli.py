"""The command line on the demo media with the tiny bundle: outputs, exit status and words."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import av
import pytest

from engine.emotion import MOOD_ANGLES_DEG
from engine.plan import Plan
from engine.project import Project, save_project
from slideshow import places
from slideshow.cli import build_parser, main
from slideshow.messages import start_command

ASSETS = Path(__file__).resolve().parent.parent / "assets"
SONG = ASSETS / "jungle-20s.mp3"


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    return ["--library", str(tmp_path / "library.sqlite"), "--bundle", str(ASSETS / "tiny_bundle")]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A dozen of the demo's photos and a file that only claims to be one."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in sorted(places.DEMO_PHOTOS.iterdir())[:12]:
        shutil.copy(path, folder)
    (folder / "letter.jpg").write_text("Dear photo, ...")
    return folder


def run_json(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    assert main([*arguments, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_index_counts_and_names_what_it_skipped(
    options: list[str], photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [first] = run_json(["index", str(photos), *options], capsys)
    assert (first["found"], first["indexed"], first["unchanged"]) == (13, 12, 0)
    [skipped] = first["skipped"]
    assert skipped["path"] == str(photos / "letter.jpg")
    assert skipped["reason"]
    [again] = run_json(["index", str(photos), *options], capsys)
    assert (again["indexed"], again["unchanged"]) == (0, 12)


def test_find_by_what_photos_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("alpine-glow-peaks", "rocky-peaks-trail", "tabby-cat-closeup"):
        shutil.copy(places.DEMO_PHOTOS / f"{name}.jpg", folder)
    options = ["--library", str(tmp_path / "library.sqlite"), "--bundle", str(places.DEFAULT_BUNDLE)]
    run_json(["index", str(folder), *options], capsys)
    [cats] = run_json(["find", "--shows", "kitten", *options], capsys)
    assert [Path(str(row["path"])).stem for row in cats] == ["tabby-cat-closeup"]
    [mountains] = run_json(["find", "--shows", "mountain", "--word", "calm", *options], capsys)
    assert {Path(str(row["path"])).stem for row in mountains} == {"alpine-glow-peaks", "rocky-peaks-trail"}
    assert main(["find", "--shows", "elephant", *options]) == 0
    assert "alpine" not in capsys.readouterr().out


def test_emotion_names_files_as_they_were_given_and_goes_on_after_a_bad_one(
    options: list[str], photos: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(photos)
    shutil.copy(ASSETS / "jungle-20s.m4a", photos / "clip.mp4")
    names = ["alpine-glow-peaks.jpg", "letter.jpg", "nothing.mp3", "clip.mp4"]
    assert main(["emotion", *names, "--json", *options]) == 1
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert [(row["path"], row["kind"]) for row in rows] == [(names[0], "photo"), (names[3], "song")]
    assert all(0 <= row[axis] <= 1 for row in rows for axis in ("valence", "arousal"))
    assert "letter.jpg" in captured.err
    assert "nothing.mp3" in captured.err


def test_curve_covers_the_song_and_is_written_in_three_formats(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [curve] = run_json(["curve", str(SONG), *options], capsys)
    assert set(curve) == {"duration_s", "tempo_bpm", "beats_s", "windows", "smoothed"}
    assert curve["duration_s"] == pytest.approx(20, abs=0.1)
    windows = curve["windows"]
    assert [w["start_s"] for w in windows] == list(range(0, 20, 2))
    assert all(0 <= w[axis] <= 1 for w in windows for axis in ("valence", "arousal"))
    for name in ("curve.json", "curve.csv", "curve.png", "curve.png"):  # its own picture may be written again
        assert main(["curve", str(SONG), "-o", str(tmp_path / name), *options]) == 0
    assert json.loads((tmp_path / "curve.json").read_text()) == curve
    with (tmp_path / "curve.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == len(windows)
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert main(["curve", str(SONG), "-o", str(tmp_path / "curve.doc"), *options]) == 1


def test_find_ranks_by_closeness(options: list[str], photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["index", str(photos), *options])
    capsys.readouterr()
    [found] = run_json(["find", "--word", "calm", "-n", "5", *options], capsys)
    assert len(found) == 5
    scores = [row["score"] for row in found]
    assert scores == sorted(scores, reverse=True)
    [exact] = run_json(["find", "--valence", "0.73", "--arousal", "0.15", "-n", "5", *options], capsys)
    assert {row["path"] for row in exact} == {row["path"] for row in found}


def test_make_writes_a_film_of_the_songs_length(
    options: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = tmp_path / "show.mp4"
    command = ["make", str(SONG), "--photos", str(photos), "-o", str(film), "--size", "320x180", "--fps", "24"]
    [said] = run_json([*command, *options], capsys)
    assert said["path"] == str(film)
    assert (said["faults"], said["unreadable"], said["bytes"]) == ([], [], film.stat().st_size)
    assert str(said["encoder"]).startswith(("libx264", "h264_"))
    with av.open(str(film)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.codec_context.width, video.codec_context.height) == (320, 180)
        assert float(video.duration * video.time_base) == pytest.approx(said["duration_s"], abs=1 / 24)
    assert sorted(tmp_path.glob("*.mp4")) == [film]


@pytest.mark.parametrize(
    ("given", "size", "rate"),
    [
        (["--size", "96x170", "--fps", "24", "--preset", "quick"], (96, 170), 24),
        (["--size", "120x120", "--fps", "60", "--encoder", "libx264"], (120, 120), 60),
        (["--size", "160x90", "--encoder", "h264_vaapi"], (160, 90), 30),
    ],
)
def test_film_options_reach_the_film(
    given: list[str],
    size: tuple[int, int],
    rate: int,
    options: list[str],
    photos: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    film = tmp_path / "show.mp4"
    [said] = run_json(["make", str(SONG), "--photos", str(photos), "-o", str(film), *given, *options], capsys)
    with av.open(str(film)) as container:
        video = container.streams.video[0]
        assert (video.width, video.height, video.average_rate) == (*size, rate)
    if "h264_vaapi" in given and said["encoder"] == "libx264":
        assert said["gave_up"] == "h264_vaapi"
    assert said["faults"] == []


def test_plan_options_reach_the_plan(
    options: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = "--mood absolute --seed 7 --repeats all --sad fewer --transition dip --no-pairs --min-hold 2.5 --max-hold 6"
    given += " --theme beach --theme-share 0.75"
    [plan] = run_json(["plan", str(SONG), "--photos", str(photos), *given.split(), *options], capsys)
    kept = plan["options"]
    assert isinstance(kept, dict)
    names = (
        *("mood", "seed", "repeats", "sad", "transition", "has_pairs", "min_hold_s", "max_hold_s"),
        *("theme", "theme_share"),
    )
    assert [kept[name] for name in names] == ["absolute", 7, "all", "fewer", "dip", False, 2.5, 6.0, "beach", 0.75]
    cues = plan["cues"]
    assert isinstance(cues, list)
    assert {cue["transition"] for cue in cues[1:]} <= {"dip", "cut"}  # a cut where the same photo goes on
    assert all(2.5 - 1e-6 <= cue["end_s"] - cue["start_s"] <= 6 + 1e-6 for cue in cues)


def test_a_plan_becomes_a_timeline_by_its_suffix(
    options: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "show.otio"
    command = ["plan", str(SONG), "--photos", str(photos), "-o", str(output), "--fps", "24"]
    [plan] = run_json([*command, *options], capsys)
    tracks = json.loads(output.read_text())["tracks"]["children"]
    clips = [item for item in tracks[0]["children"] if item["OTIO_SCHEMA"] == "Clip.2"]
    cues = plan["cues"]
    assert isinstance(cues, list)
    assert len(clips) == len(cues)
    assert clips[0]["source_range"]["duration"] == {
        "OTIO_SCHEMA": "RationalTime.1",
        "rate": 24.0,
        "value": round(cues[0]["end_s"] * 24),
    }
    names = [marker["name"] for marker in tracks[-1]["children"][0]["markers"]]
    assert "Beat 1" in names
    assert any(name.lower() in MOOD_ANGLES_DEG or name == "Neutral" for name in names)


def test_a_saved_show_becomes_a_film_and_a_timeline(
    options: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(SONG, tmp_path / "song.mp3")
    [data] = run_json(["plan", str(tmp_path / "song.mp3"), "--photos", str(photos), *options], capsys)
    project = tmp_path / "show.moodreel"
    save_project(Project(plan=Plan.from_json(data)), project)
    film = tmp_path / "film.mp4"
    [said] = run_json(["make", str(project), "-o", str(film), "--size", "160x90", *options], capsys)
    cues = data["cues"]
    assert isinstance(cues, list)
    assert (said["cues"], said["faults"]) == (len(cues), [])
    assert main(["plan", str(project), "-o", str(tmp_path / "show.otio"), *options]) == 0
    with pytest.raises(SystemExit) as stop:
        main(["make", str(project), "--seed", "3", *options])
    assert stop.value.code == 2
    assert "--seed plans anew" in capsys.readouterr().err
    (tmp_path / "song.mp3").unlink()
    assert main(["make", str(project), "-o", str(film), *options]) == 1
    assert "song.mp3" in capsys.readouterr().err
    project.write_text("{}")
    assert main(["make", str(project), "-o", str(film), *options]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_plan_tiles_the_song_without_repeats(
    options: list[str], photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "plan.json"
    assert main(["plan", str(SONG), "--photos", str(photos), "-o", str(output), *options]) == 0
    plan = json.loads(output.read_text())
    cues = plan["cues"]
    assert cues[0]["start_s"] == 0
    assert cues[-1]["end_s"] == pytest.approx(plan["duration_s"])
    assert all(a["end_s"] == b["start_s"] for a, b in itertools.pairwise(cues))
    assert all(2 - 1e-6 <= cue["end_s"] - cue["start_s"] <= 8 + 1e-6 for cue in cues)
    assert len({cue["photo"] for cue in cues}) == len(cues) <= 12


def test_an_empty_library_starts_with_the_demo(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    [found] = run_json(["find", "--word", "happy", "-n", "100", *options], capsys)
    assert len(found) == len(list(places.DEMO_PHOTOS.glob("*.jpg")))


@pytest.mark.parametrize(
    "arguments",
    [["curve", "missing.mp3"], ["plan", "missing.mp3"], ["make", str(SONG), "-o", "no/such/folder/x.mp4"]],
)
def test_a_known_fault_is_one_sentence(
    arguments: list[str], options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, *options]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert 20 < len(captured.err) < 400


def test_an_empty_folder_is_a_known_fault(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["plan", str(SONG), "--photos", str(tmp_path / "empty"), *options]) == 1
    assert f"There is no photo in {tmp_path / 'empty'}" in capsys.readouterr().err
    (tmp_path / "empty" / "letter.jpg").write_text("Dear photo, ...")
    assert main(["plan", str(SONG), "--photos", str(tmp_path / "empty"), *options]) == 1
    assert f"One photo could not be read. `{start_command()} index` names what" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["find"],
        ["find", "--valence", "0.5"],
        ["find", "--word", "wistful"],
        ["find", "--shows", "wistfulness"],
        ["find", "--valence", "nan", "--arousal", "0"],
        ["make", str(SONG), "--size", "big"],
        ["make", str(SONG), "--size", "641x480"],
        ["make", str(SONG), "--size", "719p"],
        ["make", str(SONG), "--fps", "29"],
        ["make", str(SONG), "--preset", "slow"],
        ["make", str(SONG), "--encoder", "mpeg4"],
        ["make", str(SONG), "--seed", "-1"],
        ["make", str(SONG), "--theme-share", "1.5"],
        ["plan", str(SONG), "--mood", "any"],
        ["plan", str(SONG), "--sad", "some"],
        ["plan", str(SONG), "--repeats", "never"],
        ["plan", str(SONG), "--transition", "star"],
        ["plan", str(SONG), "--min-hold", "nan"],
        ["plan", str(SONG), "--min-hold", "6", "--max-hold", "3"],
        ["dance"],
    ],
)
def test_a_misspelt_command_is_usage(
    arguments: list[str], options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*arguments, *(options if arguments != ["dance"] else [])])
    assert stop.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert "error: " in last
    assert "Traceback" not in last


def test_a_bundle_with_one_byte_changed_is_refused(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = shutil.copytree(ASSETS / "tiny_bundle", tmp_path / "bundle")
    assert main(["model", "verify", "--bundle", str(bundle)]) == 0
    data = bytearray((bundle / "music_head.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (bundle / "music_head.onnx").write_bytes(data)
    assert main(["model", "verify", "--bundle", str(bundle)]) == 1
    assert "music_head.onnx" in capsys.readouterr().out
    assert main(["curve", str(SONG), "--bundle", str(bundle)]) == 1


def test_a_model_card_that_is_no_text_is_shown_as_far_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = shutil.copytree(ASSETS / "tiny_bundle", tmp_path / "bundle")
    card = b"Caf\xe9 model"
    (bundle / "model_card.md").write_bytes(card)
    manifest = json.loads((bundle / "manifest.json").read_text())
    manifest["files"]["model_card.md"] = {"bytes": len(card), "sha256": hashlib.sha256(card).hexdigest()}
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    assert main(["model", "info", "--bundle", str(bundle)]) == 0
    assert capsys.readouterr().out == "Caf\N{REPLACEMENT CHARACTER} model\n"


def test_model_info_and_doctor_speak_json(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    [info] = run_json(["model", "info", *options], capsys)
    assert {"id", "name", "sigma", "files"} <= set(info)
    assert main(["doctor", "--json", *options]) == 0
    findings = json.loads(capsys.readouterr().out)
    assert {"python", "packages", "model", "onnx", "codecs", "library", "sound"} == set(findings)
    assert all(finding["ok"] for finding in findings.values())
    assert main(["doctor", "--bundle", "nowhere"]) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["index", "nowhere"], "not there"),
        (["index", "song.mp3"], "not a folder"),
        (["plan", str(SONG), "--photos", "nowhere"], "not there"),
        (["curve", str(SONG), "-o", "curve.txt"], ".json, .csv or .png"),
        (["curve", str(SONG), "-o", "no/such/curve.csv"], "the folder does not exist"),
        (["curve", str(SONG), "-o", "photo.png"], "another picture"),
        (["plan", str(SONG), "-o", "song.mp3"], ".json or .otio"),
        (["plan", str(SONG), "-o", "no/such/plan.json"], "the folder does not exist"),
        (["make", "clip.mp4", "-o", "clip.mp4"], "the song itself"),
        (["make", str(SONG), "-o", "film.avi"], ".mp4"),
        (["make", str(SONG), "-o", "folder.mp4"], "folder of this name"),
    ],
)
def test_what_cannot_work_is_said_before_the_work(
    arguments: list[str],
    said: str,
    options: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.mp4").mkdir()
    for name in ("song.mp3", "clip.mp4", "photo.png"):
        shutil.copy(SONG, tmp_path / name)
    assert main([*arguments, *options]) == 1
    assert said in capsys.readouterr().err
    assert all((tmp_path / name).read_bytes() == SONG.read_bytes() for name in ("song.mp3", "clip.mp4", "photo.png"))


def test_common_options_count_before_the_command_as_after_it(tmp_path: Path) -> None:
    common = ["--library", str(tmp_path / "l.sqlite"), "--bundle", str(tmp_path), "--json"]
    for words in ([*common, "doctor"], ["doctor", *common]):
        found = build_parser().parse_args(words)
        assert (found.library, found.bundle, found.json) == (tmp_path / "l.sqlite", tmp_path, True)
    plain = build_parser().parse_args(["doctor"])
    assert (plain.library, plain.bundle, plain.json) == (None, places.DEFAULT_BUNDLE, False)


def test_a_word_in_capitals_is_a_word(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    [found] = run_json(["find", "--word", "Calm", "-n", "2", *options], capsys)
    assert len(found) == 2


def test_without_a_display_the_app_says_so(
    options: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    assert main(["--song", str(SONG), *options]) == 1
    assert "no display" in capsys.readouterr().err


def test_nothing_is_reported_to_the_makers_of_the_runtime(options: list[str], tmp_path: Path) -> None:
    home = {name: value for name, value in os.environ.items() if name not in ("CI", "XDG_CACHE_HOME")}
    photo = next(places.DEMO_PHOTOS.iterdir())
    command = [sys.executable, str(places.RESOURCES.parent / "main.py"), "emotion", str(photo), *options[2:]]
    subprocess.run(command, env=home | {"HOME": str(tmp_path)}, check=True, capture_output=True)
    assert not list(tmp_path.rglob("*onnxruntime*"))
