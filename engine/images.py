"""Open photos: every format, EXIF turn, colour to sRGB, draft decode, bombs refused; the model's input; thumbnails.

Photos are only ever read. The trainer opens its images through this module too, so that what a model was trained on
and what it is served cannot differ.
"""

from __future__ import annotations

import functools
import hashlib
import io
import os
import stat
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from engine.errors import UnreadablePhoto
from engine.photo_notes import DECODE_FAULTS, PhotoNotes, notes_of

FloatArray = NDArray[np.float32]
ByteImage = NDArray[np.uint8]

RAW_SUFFIXES = frozenset(
    {".dng", ".nef", ".nrw", ".cr2", ".cr3", ".crw", ".arw", ".srf", ".sr2", ".raf", ".orf", ".rw2", ".pef", ".srw"}
)
PHOTO_SUFFIXES: frozenset[str] = RAW_SUFFIXES | {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".tif", ".tiff", ".bmp", ".jp2",
    ".heic", ".heif", ".hif", ".avif",
}  # fmt: skip
"""Suffixes of files taken for photos, in lower case. The content decides how a file is decoded, RAW apart."""

MAX_PIXELS = 250_000_000
"""Larger photos are refused from their header: a phone's 200 MP and long panoramas pass, 30,000 x 30,000 does not.

A decoded pixel takes 4 bytes in Pillow, so the largest photo takes 1 GB for a moment where draft decode cannot help.
"""

MAX_FILE_BYTES = 1 << 30
"""Larger files are refused: no camera writes them, and a file is read into memory whole to be hashed and decoded."""

BACKGROUND = (255, 255, 255)
"""What shows through transparent pixels. White: such pictures are made for pages, and viewers show them on white,
so this is the picture whose emotion a person would judge."""

# Only these decoders run, so a file named .jpg never reaches one that starts a program (EPS) or fetches more files.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000", "HEIF", "AVIF")

_NOT_A_PHOTO = "it is not a photo in a format that can be read"
_DAMAGED = "the file is damaged or cut short"

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a photo upright, by its EXIF orientation."""

# Pillow's own bomb check warns before it refuses, and a warning cannot be caught safely while other threads run.
# `_open` below refuses by MAX_PIXELS in its place, as early: from the header.
Image.MAX_IMAGE_PIXELS = None
# Sloppy metadata in somebody's photo is no news for anyone.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """What the file says of a photo: its full size in pixels once upright, and its notes (see `PhotoNotes`)."""

    width: int
    height: int
    taken_at: str | None = None
    caption: str | None = None
    is_from_camera: bool = False
    is_screenshot: bool = False


def read_photo(path: Path) -> bytes:
    """Read a photo file whole. Raises UnreadablePhoto for what is missing, no regular file, empty or beyond reason."""
    try:
        # Checked before opening: a pipe named .jpg would block the open for ever.
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadablePhoto(path, "it is not a file")
        if status.st_size > MAX_FILE_BYTES:
            raise UnreadablePhoto(path, f"the file is too large ({status.st_size / 2**30:.1f} GiB)")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UnreadablePhoto(path, "the file is not there any more") from error
    except PermissionError as error:
        raise UnreadablePhoto(path, "the file may not be read (permission denied)") from error
    except OSError as error:
        raise UnreadablePhoto(path, f"the file cannot be read ({error.strerror or error})") from error
    if not data:
        raise UnreadablePhoto(path, "the file is empty")
    return data


def content_hash_of(data: bytes) -> str:
    """Give the hash by which the library knows a file's content whatever its place: 128 bits in hex."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def load_image(path: Path, *, min_side_px: int | None = None) -> tuple[ByteImage, PhotoInfo]:
    """Load a photo upright as sRGB: uint8 (h, w, 3), read-only, and what its file says.

    With `min_side_px` the image may come smaller than the file (draft decode, six times as fast for a camera's JPEG),
    yet with at least that many pixels on its short side where the file has them. Raises UnreadablePhoto, also for a
    file that is cut short: half a photo is not shown.
    """
    return decode_image(path, read_photo(path), min_side_px=min_side_px)


def decode_image(path: Path, data: bytes, *, min_side_px: int | None = None) -> tuple[ByteImage, PhotoInfo]:
    """As `load_image`, from the file's bytes. The path gives the suffix (RAW files are known by it) and the errors."""
    try:
        if path.suffix.lower() in RAW_SUFFIXES:
            return _decode_raw(path, data, min_side_px)
        return _decode(path, data, min_side_px)
    except UnreadablePhoto:
        raise
    except DECODE_FAULTS as error:
        raise UnreadablePhoto(path, _DAMAGED) from error


def model_input(
    image: ByteImage, *, input_px: int, mean: tuple[float, float, float], std: tuple[float, float, float]
) -> FloatArray:
    """Make the photo branch's input (3, input_px, input_px) of an image (h, w, 3): RGB / 255, less mean, over std.

    The whole picture is squashed to a square, as in the paper, by antialiased bicubic resizing.
    """
    square = Image.fromarray(image).resize((input_px, input_px), Image.Resampling.BICUBIC)
    scale = np.float32(1 / 255) / np.asarray(std, np.float32)
    shift = np.asarray(mean, np.float32) / np.asarray(std, np.float32)
    values = np.asarray(square, np.float32) * scale - shift
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def thumbnail(image: ByteImage, *, long_side_px: int) -> ByteImage:
    """Shrink an image (h, w, 3) to `long_side_px` on its long side, keeping its shape. Never enlarges."""
    height, width = image.shape[:2]
    scale = long_side_px / max(width, height)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # The gap lets Pillow average whole pixels first: three times as fast, no visible difference.
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0))


def readable_name(path: Path) -> str:
    """Name of a file for people: bytes that are no valid UTF-8 are replaced, so it can be printed and shown."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def _decode(path: Path, data: bytes, min_side_px: int | None) -> tuple[ByteImage, PhotoInfo]:
    with _open(path, data) as source:
        width, height = source.size
        image, exif = _srgb_of(source, min_side_px)
        notes = notes_of(source, exif)
    orientation = exif.get(ExifTags.Base.Orientation, 1)
    if isinstance(orientation, int) and orientation in _TURNS:
        image = image.transpose(_TURNS[orientation])
        if orientation >= 5:
            width, height = height, width
    return np.asarray(image), _info(width, height, notes)


def _info(width: int, height: int, notes: PhotoNotes) -> PhotoInfo:
    return PhotoInfo(width, height, **asdict(notes))


def _srgb_of(source: Image.Image, min_side_px: int | None) -> tuple[Image.Image, Image.Exif]:
    """Decode an opened image to sRGB, transparency laid over BACKGROUND, not yet turned; and its EXIF."""
    if min_side_px is not None:
        source.draft(None, (min_side_px, min_side_px))
    source.load()
    image = _in_8_bits(source)
    # What draft decode could not make smaller is averaged by whole pixels here, so that colour work stays cheap.
    factor = min(image.size) // min_side_px if min_side_px else 1
    if factor > 1:
        image = image.reduce(factor)
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    profile = source.info.get("icc_profile")
    image = _profile_to_srgb(image.convert("RGB") if alpha else image, profile).convert("RGB")
    if alpha is not None:
        image = Image.composite(image, Image.new("RGB", image.size, BACKGROUND), alpha)
    return image, _exif_of(source)


def _open(path: Path, data: bytes) -> Image.Image:
    """Open an image from its header alone, refusing what is no photo or a bomb."""
    _register_heif()
    try:
        source = Image.open(io.BytesIO(data), formats=_FORMATS)
    except DECODE_FAULTS as error:
        raise UnreadablePhoto(path, _NOT_A_PHOTO) from error
    _refuse_bomb(path, *source.size)
    return source


def _refuse_bomb(path: Path, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        reason = f"it is too large ({width} x {height} pixels; up to {MAX_PIXELS // 1_000_000} million are read)"
        raise UnreadablePhoto(path, reason)
    if width < 1 or height < 1:
        raise UnreadablePhoto(path, _DAMAGED)


@functools.cache
def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)


def _exif_of(image: Image.Image) -> Image.Exif:
    """EXIF of a loaded image; broken EXIF counts as none, for the picture itself may be sound."""
    try:
        return image.getexif()
    except DECODE_FAULTS:
        return Image.Exif()


def _in_8_bits(image: Image.Image) -> Image.Image:
    """Bring any mode to one of 8 bits a channel that can be averaged; CMYK and the like stay as they are."""
    if image.mode[0] in "IF":
        return _scaled_grey(image)
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode == "P":
        return image.convert("RGB")
    return image.convert("L") if image.mode == "1" else image


def _scaled_grey(image: Image.Image) -> Image.Image:
    """Scale a grey image of 16 or 32 bits, or of floats, to 8 bits (Pillow's own conversion would clip it).

    16-bit values span [0, 65535]. What white is in 32 bits or floats no file says: the usual value that holds them all.
    """
    values = np.nan_to_num(np.asarray(image).astype(np.float64), posinf=0.0, neginf=0.0)
    usual = {"I": (255.0, 65_535.0), "F": (1.0, 255.0, 65_535.0)}.get(image.mode, (65_535.0,))
    largest = float(values.max(initial=0.0))
    white = next((white for white in usual if largest <= white), largest)
    return Image.fromarray((values * (255 / white)).clip(0, 255).round().astype(np.uint8))


def _profile_to_srgb(image: Image.Image, profile: object) -> Image.Image:
    """Apply an embedded ICC profile; one that is broken or made for other channels is ignored."""
    if not isinstance(profile, bytes) or not profile:
        return image
    try:
        space = _colour_space(profile)
        if space == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        if {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK", "Lab": "LAB"}.get(space) != image.mode:
            return image
        converted = ImageCms.applyTransform(image, _transform(profile, image.mode))
    except (ImageCms.PyCMSError, *DECODE_FAULTS):
        return image
    return converted if converted is not None else image


def _colour_space(profile: bytes) -> str:
    """Channels an ICC profile is made for, empty for sRGB itself (nothing to convert then)."""
    core = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
    if (core.profile_description or "").startswith("sRGB"):
        return ""
    return core.xcolor_space.strip()


@functools.lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    """Transform to sRGB, kept: a camera writes one profile into all its photos."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")


def _decode_raw(path: Path, data: bytes, min_side_px: int | None) -> tuple[ByteImage, PhotoInfo]:
    """Decode a camera's RAW file: its embedded preview where that is large enough, else its own pixels."""
    import rawpy

    try:
        with rawpy.imread(io.BytesIO(data)) as raw:
            width, height, flip = raw.sizes.width, raw.sizes.height, raw.sizes.flip
            _refuse_bomb(path, width, height)
            enough_px = min_side_px if min_side_px is not None else round(0.9 * min(width, height))
            image, notes = _raw_preview(path, raw, enough_px=enough_px, min_side_px=min_side_px)
            if image is None:
                is_half_enough = min_side_px is not None and min(width, height) // 2 >= min_side_px
                image = Image.fromarray(raw.postprocess(use_camera_wb=True, half_size=is_half_enough, user_flip=0))
            # LibRaw names the turns otherwise than EXIF: 3 is half a turn, 5 and 6 are quarter turns.
            turn = {3: _TURNS[3], 5: _TURNS[8], 6: _TURNS[6]}.get(flip)
            is_quarter = flip >= 5
            # Some cameras write their previews upright already; their shape tells.
            if turn is not None and not (is_quarter and (image.width < image.height) == (width > height)):
                image = image.transpose(turn)
            if is_quarter:
                width, height = height, width
            return np.asarray(image), _info(width, height, replace(notes, is_from_camera=True))
    except rawpy.LibRawError as error:
        raise UnreadablePhoto(path, _DAMAGED) from error


def _raw_preview(
    path: Path, raw: Any, *, enough_px: int, min_side_px: int | None
) -> tuple[Image.Image | None, PhotoNotes]:
    """The JPEG preview inside a RAW file, not turned, if it has enough pixels; and what it says of the photo."""
    import rawpy

    try:
        preview = raw.extract_thumb()
    except (rawpy.LibRawError, rawpy.NotSupportedError):
        return None, PhotoNotes()
    if preview.format != rawpy.ThumbFormat.JPEG:
        return None, PhotoNotes()
    try:
        with _open(path, preview.data) as source:
            if min(source.size) < enough_px:
                return None, notes_of(source, _exif_of(source))
            image, exif = _srgb_of(source, min_side_px)
            notes = notes_of(source, exif)
    except (UnreadablePhoto, *DECODE_FAULTS):
        return None, PhotoNotes()
    return image, notes
