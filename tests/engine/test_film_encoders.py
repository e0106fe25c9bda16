from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from engine.film_encoders import (
    AUTO,
    HARDWARE,
    PRESETS,
    SOFTWARE,
    add_video,
    as_bt709,
    can_encode,
    candidates,
    encoder_settings,
    expected_bits,
    passes_trial,
)

SIZE = (320, 180)


def test_software_passes_its_trial() -> None:
    assert passes_trial(SOFTWARE, size=SIZE, fps=30)


@pytest.mark.parametrize("name", ["h264_nothing", "h264_cuvid", ""])
def test_what_is_no_encoder_of_pictures_fails(name: str) -> None:
    assert not passes_trial(name, size=SIZE, fps=30)


def test_an_encoder_of_another_picture_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoder that runs but darkens, as broken drivers do, is not taken."""
    import engine.film_encoders as module

    real = module.as_bt709
    seen = 0

    def dark(image: np.ndarray, **options: object) -> av.VideoFrame:
        nonlocal seen
        seen += 1
        return real(image // 4 if seen <= 12 else image, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "as_bt709", dark)
    passes_trial.cache_clear()
    assert not passes_trial(SOFTWARE, size=SIZE, fps=30)
    passes_trial.cache_clear()


def test_hardware_is_offered_only_where_it_works_and_software_always_stands_behind_it() -> None:
    names = candidates(AUTO, preset="default", size=SIZE, fps=30)
    assert names[-1] == SOFTWARE
    assert 1 <= len(names) <= 2
    for name in names[:-1]:
        assert name in HARDWARE
        assert passes_trial(name, size=SIZE, fps=30)
    assert candidates(AUTO, preset="fine", size=SIZE, fps=30) == (SOFTWARE,)
    assert candidates(SOFTWARE, preset="quick", size=SIZE, fps=30) == (SOFTWARE,)
    assert candidates("h264_nothing", preset="quick", size=SIZE, fps=30) == (SOFTWARE,)


def test_the_machines_hardware_is_tried_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    import engine.film_encoders as module

    monkeypatch.setattr(module, "passes_trial", lambda name, **_: name in ("h264_qsv", "h264_amf"))
    assert candidates(AUTO, preset="quick", size=SIZE, fps=30) == ("h264_qsv", SOFTWARE)
    assert candidates("h264_amf", preset="fine", size=SIZE, fps=30) == ("h264_amf", SOFTWARE)
    assert candidates("h264_nvenc", preset="quick", size=SIZE, fps=30) == (SOFTWARE,)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_differ_in_care(preset: str) -> None:
    settings = encoder_settings(SOFTWARE, preset=preset, size=SIZE, fps=30)  # type: ignore[arg-type]
    assert settings.bit_rate == 0
    assert set(settings.options) == {"preset", "crf"}
    assert int(settings.options["crf"]) <= 20
    others = [encoder_settings(SOFTWARE, preset=other, size=SIZE, fps=30) for other in PRESETS if other != preset]
    assert settings.options not in [other.options for other in others]


def test_hardware_is_given_a_rate_that_grows_with_the_picture() -> None:
    rates = [
        encoder_settings("h264_nvenc", preset="default", size=(w, 9 * w // 16), fps=30).bit_rate for w in (640, 1280)
    ]
    assert rates[1] == pytest.approx(4 * rates[0], rel=0.01)
    small, many = (
        encoder_settings("h264_qsv", preset="default", size=(1280, 720), fps=fps).bit_rate for fps in (30, 60)
    )
    assert small < many < 2 * small


def test_the_estimate_grows_with_everything() -> None:
    assert expected_bits(size=(1920, 1080), fps=30, preset="default") > expected_bits(
        size=(1280, 720), fps=30, preset="default"
    )
    assert expected_bits(size=SIZE, fps=60, preset="default") > expected_bits(size=SIZE, fps=30, preset="default")


def test_a_stream_says_its_colours_and_has_keyframes() -> None:
    settings = encoder_settings(SOFTWARE, preset="quick", size=(64, 36), fps=10)
    file = io.BytesIO()
    with av.open(file, mode="w", format="mp4") as container:
        video = add_video(container, settings, size=(64, 36), fps=10)
        for n in range(100):
            frame = as_bt709(np.full((36, 64, 3), 2 * n, np.uint8), size=(64, 36))
            frame.pts, frame.time_base = n, Fraction(1, 10)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    file.seek(0)
    with av.open(file) as film:
        stream = film.streams.video[0]
        keys = [
            packet.pts * stream.time_base
            for packet in film.demux(stream)
            if packet.is_keyframe and packet.pts is not None
        ]
        assert max(np.diff([float(key) for key in keys])) <= 4.01
        assert stream.codec_context.colorspace == 1


def test_frames_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="64 x 36"):
        as_bt709(np.zeros((36, 60, 3), np.uint8), size=(64, 36))


def test_can_encode_tells_encoders_from_decoders() -> None:
    assert can_encode(SOFTWARE)
    assert not can_encode("h264_cuvid")
    assert not can_encode("libx999")
