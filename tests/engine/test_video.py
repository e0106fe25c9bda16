from __future__ import annotations

import errno
import os
import shutil
import threading
import time
import types
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from engine import video
from engine.audio import load_song
from engine.errors import Cancelled, DiskFull, ExportError, UnreadableSong
from engine.film_encoders import HARDWARE, Preset, can_encode, passes_trial
from engine.progress import Progress
from engine.video import FRAMES_AHEAD, FilmReport, expected_bytes, missing_encoders, write_film
from tests.engine.show_material import ASSETS

SIZE = (320, 180)


def a_picture(t_s: float, size: tuple[int, int] = SIZE, *, channels: int = 4) -> np.ndarray:
    """A smooth colourful picture that moves, with a block whose place tells the time; BGRA or RGB."""
    width, height = size
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    waves = [0.5 + 0.45 * np.sin(6 * x + phase + 3 * y + t_s / 3) for phase in (0, 2, 4)]
    rgb = np.rint(255 * np.stack(waves, axis=2)).astype(np.uint8)
    if channels == 3:
        return rgb
    return np.ascontiguousarray(np.dstack([rgb[..., ::-1], np.zeros((height, width), np.uint8)]))  # alpha is ignored


def decoded_rgb(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        return [
            frame.reformat(
                format="rgb24",
                src_colorspace=Colorspace.ITU709,
                src_color_range=ColorRange.MPEG,
                dst_color_range=ColorRange.JPEG,
            ).to_ndarray()
            for frame in film.decode(video=0)
        ]


def luma(rgb: np.ndarray) -> np.ndarray:
    return rgb.astype(np.float64) @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize(
    ("size", "channels", "preset"),
    [(SIZE, 3, "default"), (SIZE, 4, "default"), (SIZE, 4, "quick"), (SIZE, 4, "fine"), ((180, 320), 4, "default")],
)
def test_a_film_shows_the_frames_in_their_colours(
    tmp_path: Path, size: tuple[int, int], channels: int, preset: Preset
) -> None:
    film = write_film(
        tmp_path / "film.mp4",
        song=ASSETS / "jungle-20s.flac",
        frame_at=lambda t_s: a_picture(t_s, size, channels=channels),
        size=size,
        fps=10,
        duration_s=2.0,
        preset=preset,
    )
    assert film.check.faults == ()
    frames = decoded_rgb(film.path)
    assert len(frames) == film.n_frames == 20
    for n, frame in enumerate(frames):
        painted = a_picture(n / 10, size, channels=3)
        error = luma(frame) - luma(painted)
        assert 10 * np.log10(255**2 / np.mean(error**2)) > 36
        assert np.abs(frame.mean(axis=(0, 1)) - painted.mean(axis=(0, 1))).max() < 2


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 30, 90)])
def test_plain_colours_come_back(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    plain = np.full((90, 160, 3), colour, np.uint8)
    write_film(
        tmp_path / "film.mp4",
        song=ASSETS / "jungle-20s.wav",
        frame_at=lambda t_s: plain,
        size=(160, 90),
        fps=5,
        duration_s=0.6,
    )
    assert np.abs(decoded_rgb(tmp_path / "film.mp4")[1].mean(axis=(0, 1)) - colour).max() <= 2


def test_the_container_says_what_is_inside(tmp_path: Path) -> None:
    dest = tmp_path / "film.mp4"
    seen: list[Progress] = []
    film = write_film(
        dest,
        song=ASSETS / "jungle-20s.mp3",
        frame_at=a_picture,
        size=SIZE,
        fps=24,
        duration_s=3.01,
        report=seen.append,
    )
    assert film.encoder in ("libx264", *HARDWARE)
    assert film.n_frames == 72
    assert film.check.faults == ()
    assert (film.check.n_frames, film.check.n_bytes) == (72, dest.stat().st_size)
    assert film.check.n_sampled >= 1
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]
    assert [seen[0].done, seen[-1].done] == [pytest.approx(1 / 24), seen[-1].total]
    assert all(a.done < b.done for a, b in pairwise(seen))
    with av.open(str(dest)) as container:
        (picture,), (audio,) = container.streams.video, container.streams.audio
        context = picture.codec_context
        assert (context.name, context.pix_fmt, context.width, context.height) == ("h264", "yuv420p", *SIZE)
        assert picture.average_rate == Fraction(24)
        tags = (context.color_range, context.colorspace, context.color_primaries, context.color_trc)
        assert tags == (1, 1, 1, 1)  # limited range, BT.709 three times
        assert audio.codec_context.name == "aac"
        assert float(picture.duration * picture.time_base) == pytest.approx(3.0)
        assert container.duration / av.time_base == pytest.approx(3.01, abs=1 / 24)
    data = dest.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # plays before it is whole


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "m4a"])
def test_the_song_starts_with_the_film_and_stays_with_it(tmp_path: Path, kind: str) -> None:
    song = ASSETS / f"jungle-20s.{kind}"
    dest = tmp_path / "film.mp4"
    plain = np.zeros((16, 16, 3), np.uint8)
    write_film(dest, song=song, frame_at=lambda t_s: plain, size=(16, 16), fps=5, duration_s=20.0)
    original, heard = load_song(song), load_song(dest)
    sr = original.sr
    for start_s in (1.0, 17.0):
        part = original.y[int(start_s * sr) : int((start_s + 2) * sr)]
        around = heard.y[int((start_s - 0.1) * sr) : int((start_s + 2.1) * sr)]
        match = np.correlate(around, part, mode="valid")
        lag_s = match.argmax() / sr - int(start_s * sr) / sr + int((start_s - 0.1) * sr) / sr
        assert abs(lag_s) < 0.002
        level = match.max() / np.sum(part**2)
        assert level == pytest.approx(1, abs=0.03)


def test_rates_that_are_not_for_films_become_48_khz(tmp_path: Path) -> None:
    rates = {}
    for sr in (22_050, 44_100, 48_000):
        song = tmp_path / f"{sr}.wav"
        with av.open(str(song), "w") as container:
            stream = container.add_stream("pcm_s16le", rate=sr, layout="mono")
            tone = np.rint(8000 * np.sin(np.arange(sr) * 2 * np.pi * 440 / sr)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
            frame.sample_rate = sr
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        dest = tmp_path / f"{sr}.mp4"
        write_film(dest, song=song, frame_at=a_picture, size=SIZE, fps=10, duration_s=1.0)
        with av.open(str(dest)) as container:
            rates[sr] = container.streams.audio[0].codec_context.sample_rate
    assert rates == {22_050: 48_000, 44_100: 44_100, 48_000: 48_000}


def test_a_film_may_outlast_its_song(tmp_path: Path) -> None:
    film = write_film(
        tmp_path / "film.mp4",
        song=ASSETS / "jungle-20s.wav",
        frame_at=lambda t_s: np.zeros((16, 16, 3), np.uint8),
        size=(16, 16),
        fps=10,
        duration_s=21.0,
    )
    assert film.duration_s == 21
    assert len(decoded_rgb(film.path)) == 210


@pytest.mark.parametrize("at_frame", [0, 7])
def test_cancelling_leaves_nothing_behind(tmp_path: Path, at_frame: int) -> None:
    dest = tmp_path / "film.mp4"
    dest.write_bytes(b"an older film")
    seen = 0

    def report(progress: Progress) -> None:
        nonlocal seen
        seen += 1
        if seen > at_frame:
            raise Cancelled

    painted = []

    def frame_at(t_s: float) -> np.ndarray:
        painted.append(t_s)
        return a_picture(t_s)

    with pytest.raises(Cancelled):
        write_film(
            dest,
            song=ASSETS / "jungle-20s.wav",
            frame_at=frame_at,
            size=SIZE,
            fps=30,
            duration_s=20.0,
            report=report,
        )
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]
    assert dest.read_bytes() == b"an older film"
    assert len(painted) <= at_frame + FRAMES_AHEAD + 3
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("painter")]


def test_a_fault_while_painting_comes_through_and_leaves_nothing(tmp_path: Path) -> None:
    def frame_at(t_s: float) -> np.ndarray:
        if t_s > 0.5:
            raise UnreadableSong(Path("x"), "a fault of the painter")
        return a_picture(t_s)

    with pytest.raises(UnreadableSong, match="of the painter"):
        write_film(
            tmp_path / "film.mp4",
            song=ASSETS / "jungle-20s.wav",
            frame_at=frame_at,
            size=SIZE,
            fps=10,
            duration_s=5.0,
        )
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")  # a limit on the size of files stands for the full disk
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    noise = np.random.default_rng(0).integers(0, 255, (180, 320, 3), dtype=np.uint8)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
    try:
        with pytest.raises(DiskFull) as full:
            write_film(
                tmp_path / "film.mp4",
                song=ASSETS / "jungle-20s.wav",
                frame_at=lambda t_s: np.roll(noise, round(100 * t_s), axis=0),
                size=SIZE,
                fps=30,
                duration_s=4.0,
            )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []
    assert 100_000 < full.value.missing_bytes < 100_000_000


@pytest.mark.parametrize("size", [(321, 180), (320, 181), (0, 0), (-2, 4), (10_000, 10_000)])
def test_odd_and_absurd_sizes_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(ExportError, match="even"):
        write_film(
            tmp_path / "film.mp4",
            song=ASSETS / "jungle-20s.wav",
            frame_at=a_picture,
            size=size,
            fps=30,
            duration_s=4.0,
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"fps": 0}, "frames a second"),
        ({"duration_s": 0.0}, "cannot last"),
        ({"duration_s": float("nan")}, "cannot last"),
        ({"dest": "folder"}, "folder of this name"),
        ({"dest": "absent/film.mp4"}, "does not exist"),
    ],
)
def test_what_cannot_be_written_is_said(tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    (tmp_path / "folder").mkdir()
    wanted: dict[str, object] = {"dest": "film.mp4", "fps": 10, "duration_s": 1.0, **changes}
    dest = tmp_path / str(wanted.pop("dest"))
    with pytest.raises(ExportError, match=reason):
        write_film(dest, song=ASSETS / "jungle-20s.wav", frame_at=a_picture, size=SIZE, **wanted)  # type: ignore[arg-type]


def test_what_cannot_be_cleared_away_hides_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))  # a disk that is so from now on

    def frame_at(t_s: float) -> np.ndarray:
        raise ExportError(tmp_path, "the fault itself")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(ExportError, match="the fault itself"):
        write_film(
            tmp_path / "x.mp4", song=ASSETS / "jungle-20s.wav", frame_at=frame_at, size=SIZE, fps=10, duration_s=1
        )


@pytest.mark.parametrize("link", [None, os.link, os.symlink])
def test_a_film_never_takes_the_place_of_its_song(tmp_path: Path, link: Callable[[Path, Path], None] | None) -> None:
    song = shutil.copy(ASSETS / "jungle-20s.m4a", tmp_path / "clip.mp4")
    dest = tmp_path / "clip.mp4" if link is None else tmp_path / "other.mp4"
    if link is not None:
        link(song, dest)
    with pytest.raises(ExportError, match="the song itself"):
        write_film(dest, song=song, frame_at=a_picture, size=SIZE, fps=10, duration_s=1.0)
    assert song.read_bytes() == (ASSETS / "jungle-20s.m4a").read_bytes()


def test_what_killed_programs_left_of_films_is_cleared_away(tmp_path: Path) -> None:
    old, young, foreign = (tmp_path / name for name in (".moodreel-1a2b.part", ".moodreel-3c4d.part", "mine.part"))
    for path in (old, young, foreign):
        path.write_bytes(b"film")
    for path in (old, foreign):
        os.utime(path, (0, time.time() - 2 * 24 * 3600))
    write_film(
        tmp_path / "x.mp4", song=ASSETS / "jungle-20s.wav", frame_at=a_picture, size=SIZE, fps=10, duration_s=0.2
    )
    assert not old.exists()
    assert young.exists()  # another film may be being written there at this moment
    assert foreign.exists()


def test_a_song_that_is_none_is_said(tmp_path: Path) -> None:
    song = tmp_path / "song.mp3"
    song.write_text("not a song")
    with pytest.raises(UnreadableSong):
        write_film(tmp_path / "film.mp4", song=song, frame_at=a_picture, size=SIZE, fps=10, duration_s=1.0)
    assert [p.name for p in tmp_path.iterdir()] == ["song.mp3"]


def test_a_disk_that_will_not_do_is_said_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = 200_000
    monkeypatch.setattr(video.shutil, "disk_usage", lambda path: types.SimpleNamespace(free=free))
    painted = []

    def frame_at(t_s: float) -> np.ndarray:
        painted.append(t_s)
        return a_picture(t_s)

    options = {"song": ASSETS / "jungle-20s.wav", "frame_at": frame_at, "size": SIZE, "fps": 10}
    with pytest.raises(DiskFull) as full:
        write_film(tmp_path / "film.mp4", duration_s=20.0, **options)  # type: ignore[arg-type]
    expected = expected_bytes(size=SIZE, fps=10, duration_s=20.0)
    assert full.value.missing_bytes == expected - free
    assert painted == []
    write_film(tmp_path / "film.mp4", duration_s=0.5, **options)  # type: ignore[arg-type]


def test_the_films_file_says_what_it_is(tmp_path: Path) -> None:
    tags = {
        "title": "Low Tide – ü",
        "artist": "A. N. Other",
        "copyright": "Photo: x, CC BY 4.0\nMusic: y",
        "comment": "z",
    }
    write_film(
        tmp_path / "film.mp4",
        song=ASSETS / "jungle-20s.wav",
        frame_at=a_picture,
        size=SIZE,
        fps=10,
        duration_s=0.5,
        tags=tags,
    )
    with av.open(str(tmp_path / "film.mp4")) as container:
        assert {name: container.metadata[name] for name in tags} == tags


def a_short_film(dest: Path, **options: object) -> FilmReport:
    wanted: dict[str, object] = {"song": ASSETS / "jungle-20s.wav", "frame_at": a_picture, "size": SIZE, "fps": 10}
    return write_film(dest, **{**wanted, "duration_s": 1.0, **options})  # type: ignore[arg-type]


def test_an_encoder_that_does_not_work_here_is_replaced_and_named(tmp_path: Path) -> None:
    film = a_short_film(tmp_path / "film.mp4", encoder="h264_nothing")
    assert (film.encoder, film.gave_up, film.check.faults) == ("libx264", "h264_nothing", ())


def test_an_encoder_that_passed_its_trial_and_will_not_start_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = next((name for name in HARDWARE if can_encode(name) and not passes_trial(name, size=SIZE, fps=10)), None)
    if broken is None:
        pytest.skip("all the hardware encoders of this PyAV work here")
    monkeypatch.setattr(video, "candidates", lambda *_, **__: (broken, "libx264"))
    film = a_short_film(tmp_path / "film.mp4")
    assert (film.encoder, film.gave_up, film.check.faults) == ("libx264", broken, ())
    assert len(decoded_rgb(film.path)) == 10
    assert [p.name for p in tmp_path.iterdir()] == ["film.mp4"]


def test_an_encoder_that_stops_midway_is_replaced_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, n_encoded, times = video._encoded, 0, []

    def failing(stream: av.VideoStream, frame: av.VideoFrame | None) -> list[av.Packet]:
        nonlocal n_encoded
        n_encoded += 1
        if n_encoded == 7:
            raise video._EncoderFailed("the driver has gone")
        return real(stream, frame)

    def frame_at(t_s: float) -> np.ndarray:
        times.append(t_s)
        return a_picture(t_s)

    monkeypatch.setattr(video, "_encoded", failing)
    monkeypatch.setattr(video, "candidates", lambda *_, **__: ("libx264", "libx264"))
    film = a_short_film(tmp_path / "film.mp4", frame_at=frame_at)
    assert film.gave_up == "libx264"
    assert film.check.faults == ()
    assert times[-10:] == [n / 10 for n in range(10)]
    assert len(decoded_rgb(film.path)) == 10
    n_encoded = 0
    monkeypatch.setattr(video, "candidates", lambda *_, **__: ("libx264",))
    (tmp_path / "film.mp4").unlink()
    with pytest.raises(ExportError, match="libx264 stopped: the driver has gone"):
        a_short_film(tmp_path / "film.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_song_that_ends_early_is_reported(tmp_path: Path) -> None:
    film = a_short_film(tmp_path / "film.mp4", duration_s=22.0)
    assert film.check.faults == ("The sound ends 2.0 s before the picture.",)


def test_painting_runs_beside_encoding(tmp_path: Path) -> None:
    threads = set()

    def frame_at(t_s: float) -> np.ndarray:
        threads.add(threading.current_thread().name)
        time.sleep(0.001)
        return a_picture(t_s)

    write_film(
        tmp_path / "film.mp4",
        song=ASSETS / "jungle-20s.wav",
        frame_at=frame_at,
        size=SIZE,
        fps=10,
        duration_s=1.0,
    )
    assert len(threads) == 1
    assert threading.current_thread().name not in threads


def test_the_encoders_are_there_and_a_missing_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_encoders() == []
    monkeypatch.setattr(video, "SOFTWARE", "libx999")
    assert missing_encoders() == ["libx999"]
