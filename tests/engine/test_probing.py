from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from engine.film_encoders import add_video, as_bt709, encoder_settings
from engine.probing import check_film, mean_luma

SIZE, FPS, SR = (64, 36), 10, 48_000


def a_film(
    path: Path,
    *,
    duration_s: float = 3.0,
    sound_s: float | None = None,
    sound_from_s: float = 0.0,
    n_sounds: int = 1,
    black: range = range(0),
) -> list[float]:
    """Write a film that may be wrong, and give the luma that it should have."""
    wanted = []
    with av.open(str(path), mode="w", format="mp4") as container:
        video = add_video(
            container, encoder_settings("libx264", preset="quick", size=SIZE, fps=FPS), size=SIZE, fps=FPS
        )
        video.codec_context.gop_size = 3
        sounds = [container.add_stream("aac", rate=SR, layout="stereo") for _ in range(n_sounds)]
        for n in range(round(duration_s * FPS)):
            image = np.full((36, 64, 3), 100 + 20 * (n % 5), np.uint8)
            frame = as_bt709(image, size=SIZE)
            wanted.append(mean_luma(frame))
            if n in black:
                frame = as_bt709(np.zeros_like(image), size=SIZE)
            frame.pts, frame.time_base = n, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        n_samples = round((duration_s if sound_s is None else sound_s) * SR)
        for sound in sounds:
            for start in range(0, n_samples, 1024):
                part = av.AudioFrame.from_ndarray(np.zeros((1, 2 * 1024), np.int16), format="s16", layout="stereo")
                part.sample_rate, part.pts, part.time_base = SR, start + round(sound_from_s * SR), Fraction(1, SR)
                container.mux(sound.encode(part))
            container.mux(sound.encode(None))
    return wanted


def test_a_good_film_has_no_faults(tmp_path: Path) -> None:
    luma = a_film(tmp_path / "film.mp4")
    check = check_film(tmp_path / "film.mp4", duration_s=3.0, fps=FPS, size=SIZE, luma=luma)
    assert check.faults == ()
    assert check.duration_s == pytest.approx(3.0)
    assert check.sound_s == pytest.approx(3.0, abs=0.05)
    assert (check.n_frames, check.video_begin_s, check.sound_begin_s) == (30, 0.0, 0.0)
    assert check.n_sampled == 10
    assert check.n_bytes == (tmp_path / "film.mp4").stat().st_size


def test_a_frame_that_went_black_is_seen(tmp_path: Path) -> None:
    luma = a_film(tmp_path / "film.mp4", black=range(12, 15))
    check = check_film(tmp_path / "film.mp4", duration_s=3.0, fps=FPS, size=SIZE, luma=luma)
    [fault] = check.faults
    assert fault == "The picture is not as it was painted at 1.2 s."


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"duration_s": 2.5, "sound_s": 2.5}, "The picture lasts 2.50 s and the song 3.00 s"),
        ({"sound_from_s": 0.5}, "The sound begins 4"),
        ({"n_sounds": 2}, "1 pictures and 2 sounds"),
        ({"n_sounds": 0}, "1 pictures and 0 sounds"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, options: dict[str, float], words: str) -> None:
    luma = a_film(tmp_path / "film.mp4", **options)  # type: ignore[arg-type]
    check = check_film(tmp_path / "film.mp4", duration_s=3.0, fps=FPS, size=SIZE, luma=luma)
    assert any(words in fault for fault in check.faults), check.faults


def test_a_sound_that_ends_early_is_measured(tmp_path: Path) -> None:
    a_film(tmp_path / "film.mp4", sound_s=1.0)
    assert check_film(tmp_path / "film.mp4", duration_s=3.0, fps=FPS, size=SIZE).sound_s == pytest.approx(1.0, abs=0.05)


def test_another_size_is_a_fault(tmp_path: Path) -> None:
    a_film(tmp_path / "film.mp4")
    check = check_film(tmp_path / "film.mp4", duration_s=3.0, fps=FPS, size=(36, 64))
    assert check.faults == ("The picture is 64x36, not 36x64.",)


def test_a_file_that_is_none_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(b"nothing")
    check = check_film(tmp_path / "film.mp4", duration_s=3.0, fps=FPS, size=SIZE)
    assert "cannot be read again" in check.faults[0]
