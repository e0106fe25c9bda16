from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from engine import video
from engine.frames import layers_at
from engine.images import load_image
from engine.library import Photo
from engine.plan import Cue, Plan
from slideshow.exporting import export_film
from slideshow.film_credits import CREDITS_S, CreditsCard, demo_credits, film_tags
from slideshow.film_options import FilmOptions
from slideshow.painting import load_prepared, paint_image
from slideshow.places import DEMO_PHOTOS, DEMO_SONGS

ROOT = Path(__file__).resolve().parents[2]
OWN_SONG = ROOT / "tests" / "assets" / "jungle-20s.wav"
DEMO_SONG = DEMO_SONGS / "01-jungle-calm-to-lively.ogg"
NAMES = ("alpine-glow-peaks.jpg", "calm-mountain-lake.jpg", "alpine-glow-peaks.jpg")


def a_plan(song: Path, paths: list[Path], *, duration_s: float = 20.0) -> Plan:
    hold_s = duration_s / len(paths)
    cues = []
    for i, path in enumerate(paths):
        info = load_image(path)[1]
        photo = Photo(i, path, info.width, info.height, None, str(i))
        cues.append(Cue(photo, i * hold_s, (i + 1) * hold_s, 0.9, 0.0, 1.0, 1.01, "Why.", "cut"))
    return Plan(song, duration_s, tuple(cues), "bundle")


def test_only_what_is_of_the_demo_is_named_and_each_once(tmp_path: Path) -> None:
    own = tmp_path / "own.jpg"
    own.write_bytes((DEMO_PHOTOS / "calm-mountain-lake.jpg").read_bytes())
    songs, photos = demo_credits(a_plan(OWN_SONG, [own, own]))
    assert (songs, photos) == ([], [])
    songs, photos = demo_credits(a_plan(OWN_SONG, [own, *(DEMO_PHOTOS / name for name in NAMES)]))
    assert songs == []
    assert [credit.file for credit in photos] == [f"photos/{name}" for name in NAMES[:2]]
    plan = a_plan(DEMO_SONG, [own])
    partner = Photo(9, DEMO_PHOTOS / NAMES[0], 10, 20, None, "")
    songs, photos = demo_credits(replace(plan, cues=(replace(plan.cues[0], partner=partner),)))
    assert [credit.file for credit in songs] == [f"songs/{DEMO_SONG.name}"]
    assert [credit.file for credit in photos] == [f"photos/{NAMES[0]}"]


def test_a_link_to_the_demo_is_the_demo_and_nothing_is_asked_of_the_drives_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(DEMO_PHOTOS, target_is_directory=True)
    own = tmp_path / "own.jpg"
    own.write_bytes((DEMO_PHOTOS / NAMES[0]).read_bytes())
    plan = a_plan(OWN_SONG, [own, link / NAMES[1]])
    asked: list[Path] = []
    really = Path.resolve

    def resolve(path: Path, strict: bool = False) -> Path:
        asked.append(path)
        return really(path, strict)

    monkeypatch.setattr(Path, "resolve", resolve)
    assert [credit.file for credit in demo_credits(plan)[1]] == [f"photos/{NAMES[1]}"]
    assert own not in asked


def test_a_film_of_the_demo_names_its_makers_at_the_end_and_in_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = a_plan(OWN_SONG, [DEMO_PHOTOS / name for name in NAMES])
    size, fps = (320, 180), 5
    given = []
    real = video.as_bt709

    def watched(image: np.ndarray, **options: object) -> av.VideoFrame:
        given.append(image.copy())
        return real(image, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(video, "as_bt709", watched)
    film = export_film(plan, tmp_path / "film.mp4", options=FilmOptions(size, fps, encoder="libx264"))
    assert film.check.faults == ()
    assert film.duration_s == pytest.approx(plan.duration_s, abs=1 / fps)
    prepared = {i: load_prepared(cue.photo, size=size) for i, cue in enumerate(plan.cues)}
    for n, image in enumerate(given):
        screen = paint_image(size, layers_at(plan, n / fps), prepared)
        is_same = np.array_equal(image[..., :3], screen[..., :3])
        assert is_same == (n / fps <= plan.duration_s - CREDITS_S), n
    last, before = given[-1][..., :3].astype(float), given[-1 - 6 * fps][..., :3].astype(float)
    assert last.mean() < 0.5 * before.mean()
    assert last.max() > 200  # the letters
    with av.open(str(film.path)) as container:
        for words in ("Dmitry A. Mottl", "CC BY-SA 3.0", "Lake Sherburne", "Budgie Desktop Developers"):
            assert words in container.metadata["copyright"]


def test_a_short_film_keeps_most_of_its_time_to_itself() -> None:
    songs, photos = demo_credits(a_plan(DEMO_SONG, [DEMO_PHOTOS / NAMES[0]]))
    card = CreditsCard(songs, photos, size=(64, 36), duration_s=5.0)
    assert card.from_s == pytest.approx(3.0)
    frame = np.full((36, 64, 4), 200, np.uint8)
    card.lay_over(frame, 2.9)
    assert (frame == 200).all()
    card.lay_over(frame, 4.9)
    assert frame[0, 0, 0] < 80


def test_tags_leave_out_what_is_not_known() -> None:
    assert film_tags(title="", artist="", songs=[], photos=[]) == {"comment": "Made with Moodreel."}
    songs, photos = demo_credits(a_plan(DEMO_SONG, [DEMO_PHOTOS / NAMES[0]]))
    tags = film_tags(title="T", artist="A", songs=songs, photos=photos)
    assert (tags["title"], tags["artist"]) == ("T", "A")
    assert "Shawn Parrotte" in tags["copyright"]
    assert tags["copyright"] in tags["comment"]
