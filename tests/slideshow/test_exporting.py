from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from PIL import Image
from PySide6.QtGui import QImage, QPainter

from engine import video
from engine.errors import Cancelled, ExportError, UnreadablePhoto
from engine.frames import layers_at
from engine.indexing import index_folders
from engine.library import Library, Photo
from engine.music import analyse_song
from engine.plan import Cue, Plan, Transition, make_plan
from engine.progress import Progress
from slideshow import exporting
from slideshow.exporting import _PhotosAhead, export_film
from slideshow.film_options import FilmOptions
from slideshow.painting import PreparedPhoto, load_prepared, paint, paint_image
from tests.engine.show_material import tiny_encoders

ROOT = Path(__file__).resolve().parents[2]
SONG = ROOT / "tests" / "assets" / "jungle-20s.wav"
SIZE = (320, 180)


def a_photo(folder: Path, number: int, colour: tuple[int, int, int], size: tuple[int, int] = (640, 360)) -> Photo:
    """A photo of one colour with a soft light in it."""
    width, height = size
    x, y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    light = 40 * np.exp(-4 * (x**2 + y**2))
    path = folder / f"{number}.png"
    Image.fromarray(np.clip(np.array(colour) + light[..., None], 0, 255).astype(np.uint8)).save(path)
    return Photo(number, path, width, height, None, str(number))


def a_plan(photos: list[Photo], hold_s: float = 2.0) -> Plan:
    cues = tuple(
        Cue(photo, i * hold_s, (i + 1) * hold_s, 0.9, 0.8 if i else 0.0, 1.0, 1.016, "Why.")
        for i, photo in enumerate(photos)
    )
    return Plan(SONG, hold_s * len(photos), cues, "bundle")


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    folder = tmp_path / "photos"
    folder.mkdir()
    colours = [(180, 40, 40), (40, 160, 60), (50, 60, 190), (190, 180, 60)]
    shapes = [(640, 360), (600, 400), (300, 500), (640, 360)]
    return a_plan([a_photo(folder, i, c, s) for i, (c, s) in enumerate(zip(colours, shapes, strict=True))])


def film_frames(path: Path) -> list[np.ndarray]:
    # FFmpeg's quick conversion back to RGB rounds down, by one level and more in plain colours; this one does not.
    exact = int(Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT)
    ranges = {"src_color_range": ColorRange.MPEG, "dst_color_range": ColorRange.JPEG, "interpolation": exact}
    with av.open(str(path)) as film:
        frames = film.decode(video=0)
        return [f.reformat(format="rgb24", src_colorspace=Colorspace.ITU709, **ranges).to_ndarray() for f in frames]


@pytest.mark.parametrize(
    "options",
    [
        FilmOptions(SIZE, 15),
        FilmOptions(SIZE, 15, "quick"),
        FilmOptions(SIZE, 15, "fine"),
        FilmOptions((180, 320), 15),
        FilmOptions((240, 240), 15),
    ],
)
def test_a_film_shows_what_the_screen_shows(plan: Plan, tmp_path: Path, options: FilmOptions) -> None:
    dest, size = tmp_path / "film.mp4", options.size
    seen: list[Progress] = []
    film = export_film(plan, dest, options=options, report=seen.append)
    assert (film.n_frames, film.unreadable, film.check.faults) == (120, (), ())
    assert seen[-1].done == pytest.approx(plan.duration_s)
    prepared = {i: load_prepared(cue.photo, size=size) for i, cue in enumerate(plan.cues)}
    frames = film_frames(dest)
    assert len(frames) == 120
    for n, frame in enumerate(frames):
        painted = paint_image(size, layers_at(plan, n / 15), prepared)[..., 2::-1].astype(float)
        error = (frame - painted) @ [0.2126, 0.7152, 0.0722]
        assert 10 * np.log10(255**2 / max(np.mean(error**2), 1e-9)) >= 36
        assert np.abs(frame.mean(axis=(0, 1)) - painted.mean(axis=(0, 1))).max() <= 2
        assert frame.mean() > 30  # never black


@pytest.mark.parametrize("kind", ["crossfade", "cut", "dip", "slide"])
def test_the_encoder_is_given_the_screens_own_pixels(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Transition
) -> None:
    """Bit for bit, in every transition, with a pair of portraits."""
    cues = [
        replace(cue, transition=kind, fade_s=0.0 if kind == "cut" or not i else 0.8) for i, cue in enumerate(plan.cues)
    ]
    cues[2] = replace(cues[2], partner=replace(cues[2].photo, id=90))
    plan = replace(plan, cues=tuple(cues))
    given = []
    real = video.as_bt709

    def watched(image: np.ndarray, **options: object) -> av.VideoFrame:
        given.append(image.copy())
        return real(image, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(video, "as_bt709", watched)
    export_film(plan, tmp_path / "film.mp4", options=FilmOptions(SIZE, 10, encoder="libx264"))
    prepared = {i: load_prepared(cue.photo, size=SIZE, partner=cue.partner) for i, cue in enumerate(plan.cues)}
    assert len(given) == 80
    for n, image in enumerate(given):
        screen = QImage(*SIZE, QImage.Format.Format_RGB32)
        painter = QPainter(screen)
        paint(painter, SIZE, layers_at(plan, n / 10), prepared)
        painter.end()
        pixels = np.frombuffer(screen.constBits(), np.uint8).reshape(SIZE[1], SIZE[0], 4)
        assert np.array_equal(image[..., :3], pixels[..., :3]), n


def test_the_cut_seen_lies_within_a_frame_of_the_plan(plan: Plan, tmp_path: Path) -> None:
    dest = tmp_path / "film.mp4"
    export_film(plan, dest, options=FilmOptions(SIZE, 15))
    centre = np.array([frame[88:92, 158:162].mean(axis=(0, 1)) for frame in film_frames(dest)])
    for cue in plan.cues[1:]:
        cut = round(cue.start_s * 15)
        before, after = centre[cut - 10], centre[cut + 10]
        share = (centre[cut - 10 : cut + 11] - before) @ (after - before) / np.sum((after - before) ** 2)
        assert abs(np.interp(0.5, share, np.arange(-10, 11))) < 1


def test_no_application_and_no_display_are_needed(plan: Plan, tmp_path: Path) -> None:
    code = (
        "import json, sys; from pathlib import Path; from engine.plan import Plan;"
        "from slideshow.exporting import export_film; from slideshow.film_options import FilmOptions;"
        "plan = Plan.from_json(json.load(sys.stdin));"
        "film = export_film(plan, Path(sys.argv[1]), options=FilmOptions((160, 90), 5));"
        "from PySide6.QtCore import QCoreApplication;"
        "print(film.n_frames, QCoreApplication.instance())"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "film.mp4")],
        input=json.dumps(plan.to_json()),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("40 None", "", 0)


def test_a_photo_that_has_gone_gives_its_time_to_its_neighbour(plan: Plan, tmp_path: Path) -> None:
    gone = plan.cues[1].photo.path
    gone.unlink()
    film = export_film(plan, tmp_path / "film.mp4", options=FilmOptions(SIZE, 5))
    assert film.unreadable == (gone,)
    frames = film_frames(film.path)
    assert np.abs(frames[15].mean(axis=(0, 1)) - frames[3].mean(axis=(0, 1))).max() < 4  # both the first photo


def test_of_a_pair_the_one_that_can_be_read_stands_alone(plan: Plan, tmp_path: Path) -> None:
    cues = list(plan.cues)
    gone = replace(cues[2].photo, id=90, path=tmp_path / "gone.png")
    for photo, partner in ((cues[2].photo, gone), (gone, cues[2].photo)):
        pair = replace(cues[2], photo=photo, partner=partner)
        film = export_film(
            replace(plan, cues=(*cues[:2], pair, cues[3])), tmp_path / "film.mp4", options=FilmOptions(SIZE, 5)
        )
        assert film.unreadable == (gone.path,)
        frames = film_frames(film.path)
        assert frames[25][:, 140:180].mean(axis=(0, 1)).argmax() == 2  # the blue photo, alone in the middle


def test_without_any_photo_there_is_no_film(plan: Plan, tmp_path: Path) -> None:
    for cue in plan.cues:
        cue.photo.path.unlink()
    with pytest.raises(UnreadablePhoto):
        export_film(plan, tmp_path / "film.mp4", options=FilmOptions(SIZE, 5))
    assert [p.name for p in tmp_path.iterdir()] == ["photos"]


def test_a_film_whose_photo_hangs_on_its_drive_can_be_cancelled(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_back, is_asked = threading.Event(), threading.Event()

    def hang(photo: Photo, *, size: tuple[int, int], partner: Photo | None = None) -> PreparedPhoto:
        is_asked.set()
        is_back.wait(60)
        raise UnreadablePhoto(photo.path, "the drive has gone")

    def cancel(progress: Progress) -> None:
        if is_asked.is_set():
            raise Cancelled

    monkeypatch.setattr(exporting, "load_prepared", hang)
    monkeypatch.setattr(exporting, "LEAVE_S", 0.2)
    monkeypatch.setattr("engine.video._LEAVE_S", 0.2)
    try:
        with pytest.raises(Cancelled):
            export_film(plan, tmp_path / "film.mp4", options=FilmOptions(SIZE, 10), report=cancel)
    finally:
        is_back.set()
    assert list(tmp_path.glob(".moodreel*")) == []


def test_cancelling_stops_all_threads_and_leaves_nothing(plan: Plan, tmp_path: Path) -> None:
    def report(progress: Progress) -> None:
        if progress.done > 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        export_film(plan, tmp_path / "film.mp4", options=FilmOptions(SIZE, 15), report=report)
    assert [p.name for p in tmp_path.iterdir()] == ["photos"]
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith(("painter", "photos"))]


def test_odd_sizes_are_refused(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="even"):
        export_film(plan, tmp_path / "film.mp4", options=FilmOptions((321, 181)))


def test_only_a_few_photos_are_in_memory(plan: Plan) -> None:
    many = a_plan([cue.photo for cue in plan.cues] * 4, hold_s=1.0)
    with ThreadPoolExecutor(1) as pool:
        photos = _PhotosAhead(many, SIZE, pool)
        for t_s in np.arange(0, many.duration_s, 0.1):
            wanted = [layer.cue_index for layer in layers_at(many, t_s)]
            assert list(photos.ready(wanted)) == wanted
            assert len(photos._loading) <= 4
        assert photos.unreadable == {}


def test_from_a_song_and_photos_to_a_film(tmp_path: Path) -> None:
    encoders = tiny_encoders()
    demo = sorted((ROOT / "resources" / "demo" / "photos").glob("*.jpg"))[:8]
    folder = tmp_path / "photos"
    folder.mkdir()
    for path in demo:
        (folder / path.name).write_bytes(path.read_bytes())
    with Library.open(tmp_path / "library.db") as library:
        index_folders(library, [folder], encoders)
        catalog = library.catalog(encoders.bundle.id)
    analysis = analyse_song(SONG, encoders)
    plan = make_plan(analysis, catalog, encoders)
    film = export_film(plan, tmp_path / "film.mp4", options=FilmOptions((160, 90), 10))
    assert len({cue.photo.path for cue in plan.cues}) == min(len(plan.cues), 8)
    holds = [cue.hold_s for cue in plan.cues]
    assert 2 <= min(holds) <= max(holds) <= 8
    off = [np.abs(analysis.beat_times_s - cue.start_s).min() for cue in plan.cues[1:]]
    assert max(off) < 0.01
    assert film.check.faults == ()
    with av.open(str(film.path)) as container:
        assert container.duration / av.time_base == pytest.approx(analysis.duration_s, abs=0.1)
        assert "Made with Moodreel" in container.metadata["comment"]
        assert "copyright" not in container.metadata  # copies of the demo's photos are the person's own files
