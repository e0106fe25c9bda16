"""Which encoder writes a film's pictures: software presets, hardware where it proves to work, the size to expect."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Final, Literal, get_args

import av
import av.error
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation
from av.video.stream import VideoStream
from numpy.typing import NDArray

Preset = Literal["quick", "default", "fine"]
PRESETS: Final[tuple[Preset, ...]] = get_args(Preset)

SOFTWARE: Final = "libx264"
HARDWARE: Final = ("h264_videotoolbox", "h264_nvenc", "h264_qsv", "h264_amf", "h264_mf", "h264_vaapi")
"""Tried in this order; which of them exist depends on the system and on PyAV's build, which work on the machine."""

AUTO: Final = "auto"
"""Hardware that works, else software; always software for `fine`, which does better at the same size."""

_X264: Final[Mapping[Preset, tuple[str, int]]] = {
    "quick": ("ultrafast", 20),
    "default": ("superfast", 20),
    "fine": ("medium", 17),
}
"""x264's preset and constant quality. Superfast writes 1080p30 in real time on two cores, veryfast just does not.
Photos in slow motion stay well above 36 dB of luma PSNR at 20."""

_BITS: Final[Mapping[Preset, float]] = {"quick": 230.0, "default": 185.0, "fine": 100.0}
_PIXEL_POWER: Final = 0.7
_FPS_POWER: Final = 0.2
"""Fitted to x264's films of the demo's photos, 720p to 4K, 30 and 60 frames a second: more pixels and more frames are
ever more alike."""

_HARDWARE_BITS: Final[Mapping[Preset, float]] = {"quick": 0.12, "default": 0.15, "fine": 0.2}
"""Bits a pixel at 30 frames a second: hardware knows no common constant quality, and at this rate it looks the same."""

_HARDWARE_OPTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "h264_mf": {"hw_encoding": "1"},  # else Windows may take its software encoder, which does worse than x264
    "h264_nvenc": {"preset": "p4", "rc": "vbr"},
}

KEYFRAME_EVERY_S: Final = 4
"""A player that seeks decodes at most this much first."""

_TRIAL_FRAMES: Final = 12
_TRIAL_ERROR: Final = 6.0
"""Mean difference of luma, in levels, up to which a trial counts as the picture that was given."""

_SCALER: Final = int(Interpolation.BICUBIC)


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """How an encoder is opened. bit_rate is 0 where the options ask for a constant quality."""

    name: str
    pixel_format: str
    bit_rate: int = 0
    options: Mapping[str, str] = field(default_factory=dict)


def encoder_settings(name: str, *, preset: Preset, size: tuple[int, int], fps: int) -> EncoderSettings:
    """Give the settings of an encoder for films of size (width, height) px at a preset."""
    if name == SOFTWARE:
        speed, crf = _X264[preset]
        return EncoderSettings(name, "yuv420p", options={"preset": speed, "crf": str(crf)})
    # Twice the frames differ half as much from each other; the square root lies between.
    bit_rate = round(_HARDWARE_BITS[preset] * size[0] * size[1] * 30 * (fps / 30) ** 0.5)
    return EncoderSettings(name, "nv12", bit_rate, _HARDWARE_OPTIONS.get(name, {}))


def candidates(wanted: str, *, preset: Preset, size: tuple[int, int], fps: int) -> tuple[str, ...]:
    """List the encoders to try for a film, best first and software last; those of hardware have passed a trial.

    wanted is AUTO or an encoder's name. The first call for a size tries the hardware, which takes up to a second.
    """
    if wanted == SOFTWARE or (wanted == AUTO and preset == "fine"):
        return (SOFTWARE,)
    names = HARDWARE if wanted == AUTO else (wanted,)
    first = next((name for name in names if passes_trial(name, size=size, fps=fps)), None)
    return (SOFTWARE,) if first is None else (first, SOFTWARE)


def can_encode(name: str) -> bool:
    """Whether this PyAV has an encoder; whether the machine can run it is another matter."""
    try:
        return av.Codec(name, "w").is_encoder
    except av.codec.codec.UnknownCodecError:
        return False


@cache
def passes_trial(name: str, *, size: tuple[int, int], fps: int) -> bool:
    """Whether an encoder works here: it encodes a few frames of this size, and they decode to what was given."""
    if not can_encode(name):
        return False
    settings = encoder_settings(name, preset="default", size=size, fps=fps)
    file = io.BytesIO()
    try:
        with av.open(file, mode="w", format="mp4") as container:
            video = add_video(container, settings, size=size, fps=fps)
            for n in range(_TRIAL_FRAMES):
                frame = as_bt709(_trial_image(n, size), size=size, pixel_format=settings.pixel_format)
                frame.pts, frame.time_base = n, Fraction(1, fps)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
        file.seek(0)
        with av.open(file, mode="r") as film:
            seen = [frame.to_ndarray(format="gray").astype(np.float32) for frame in film.decode(video=0)]
    except (av.error.FFmpegError, OSError, ValueError, RuntimeError, NotImplementedError):
        return False
    given = [as_bt709(_trial_image(n, size), size=size).to_ndarray(format="gray") for n in range(_TRIAL_FRAMES)]
    return len(seen) == _TRIAL_FRAMES and all(
        a.shape == b.shape and float(np.abs(a - b).mean()) < _TRIAL_ERROR for a, b in zip(seen, given, strict=True)
    )


def expected_bits(*, size: tuple[int, int], fps: int, preset: Preset) -> float:
    """Estimate the bits a second of pictures of photos that move slowly."""
    bits: float = _BITS[preset] * (size[0] * size[1]) ** _PIXEL_POWER * fps**_FPS_POWER
    return bits


def add_video(container: OutputContainer, settings: EncoderSettings, *, size: tuple[int, int], fps: int) -> VideoStream:
    """Add a stream of H.264, BT.709 of limited range; the encoder itself opens with the first frame."""
    video = container.add_stream(settings.name, rate=fps, options=dict(settings.options))
    assert isinstance(video, VideoStream)
    context = video.codec_context
    context.width, context.height = size
    context.pix_fmt = settings.pixel_format
    context.time_base = Fraction(1, fps)
    context.gop_size = KEYFRAME_EVERY_S * fps
    if settings.bit_rate:
        context.bit_rate = settings.bit_rate
    if settings.name == SOFTWARE:
        context.thread_type = "FRAME"
    # Without these tags players guess BT.601 for small films, and reds and greens shift.
    context.color_range = ColorRange.MPEG
    context.colorspace = Colorspace.ITU709
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    return video


def as_bt709(image: NDArray[np.uint8], *, size: tuple[int, int], pixel_format: str = "yuv420p") -> VideoFrame:
    """Convert an RGB (h, w, 3) or BGRA (h, w, 4) image of full range to a BT.709 frame of limited range.

    Raises ValueError for an image of another shape.
    """
    width, height = size
    if image.shape not in ((height, width, 3), (height, width, 4)):
        raise ValueError(f"a frame of shape {image.shape} for a film of {width} x {height}")
    frame = VideoFrame.from_ndarray(image, format="rgb24" if image.shape[2] == 3 else "bgra")
    return frame.reformat(
        format=pixel_format,
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
        interpolation=_SCALER,
        threads=1,
    )


def _trial_image(n: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Soft waves that move, (h, w, 3)."""
    width, height = size
    x = np.sin(np.linspace(0, 9, width) + n / 6)
    y = np.sin(np.linspace(1, 7, height) - n / 9)
    grey = np.rint(128 + 50 * x[None] + 50 * y[:, None]).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(grey[..., None], (height, width, 3)))
