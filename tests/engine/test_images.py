"""Photos of every kind, made here so that each expected pixel is known."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageCms

from engine.errors import UnreadablePhoto
from engine.images import (
    BACKGROUND,
    MAX_PIXELS,
    PHOTO_SUFFIXES,
    load_image,
    model_input,
    readable_name,
    thumbnail,
)

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 30), (30, 30, 220), (220, 210, 30)


def quarters(width: int = 96, height: int = 64) -> Image.Image:
    """Red, green over blue, yellow: a picture whose turn can be seen."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(YELLOW, (width // 2, height // 2, width, height))
    return image


def corners(image: np.ndarray) -> list[tuple[int, ...]]:
    """Colours well inside the four quarters: top left, top right, bottom left, bottom right."""
    height, width = image.shape[:2]
    places = ((1, 1), (1, 3), (3, 1), (3, 3))
    return [tuple(int(v) for v in image[y * height // 4, x * width // 4]) for y, x in places]


def assert_close(found: object, wanted: object, *, within: int = 3) -> None:
    assert np.abs(np.asarray(found, int) - np.asarray(wanted, int)).max() <= within, (found, wanted)


def refusal(path: Path, **options: int) -> str:
    with pytest.raises(UnreadablePhoto) as fault:
        load_image(path, **options)
    assert fault.value.path == path
    return fault.value.reason


def jpeg_bytes(image: Image.Image, *, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def png(chunks: dict[bytes, bytes]) -> bytes:
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks.items()
    )
    return b"\x89PNG\r\n\x1a\n" + body


class TestTurn:
    # What a camera held in each way stores: the upright picture, turned so that the tag undoes it.
    STORED = {  # noqa: RUF012
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }

    @pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_all_eight_orientations_come_upright(self, tmp_path: Path, orientation: int, suffix: str) -> None:
        image = quarters()
        turn = self.STORED[orientation]
        stored = image if turn is None else image.transpose(turn)
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        path = tmp_path / f"turned.{suffix}"
        stored.save(path, exif=exif, quality=95)
        pixels, info = load_image(path)
        assert (info.width, info.height) == (96, 64)
        assert pixels.shape == (64, 96, 3)
        assert_close(corners(pixels), [RED, GREEN, BLUE, YELLOW], within=6)

    def test_turn_after_draft_decode(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = 6
        path = tmp_path / "portrait.jpg"
        quarters(1600, 1200).transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)
        pixels, info = load_image(path, min_side_px=100)
        assert pixels.shape == (150, 200, 3)
        assert (info.width, info.height) == (1600, 1200)
        assert_close(corners(pixels), [RED, GREEN, BLUE, YELLOW], within=6)

    def test_nonsense_orientation_is_ignored(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = 77
        quarters().save(tmp_path / "odd.jpg", exif=exif)
        assert load_image(tmp_path / "odd.jpg")[0].shape == (64, 96, 3)

    def test_broken_exif_costs_neither_the_photo_nor_a_word(self, tmp_path: Path) -> None:
        path = tmp_path / "odd.jpg"
        quarters().save(path, exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\xff" * 40)
        # In a process of its own, for here every warning is an error.
        program = (
            f"from pathlib import Path\nfrom engine.images import load_image\nprint(load_image(Path({str(path)!r})))"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert "width=96, height=64, taken_at=None" in done.stdout
        assert done.stderr == ""


class TestTaken:
    def test_date_of_the_shot_comes_first(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.DateTime] = "2021:05:06 07:08:09"
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2019:12:31 23:59:58"
        quarters().save(tmp_path / "dated.jpg", exif=exif)
        assert load_image(tmp_path / "dated.jpg")[1].taken_at == "2019-12-31T23:59:58"

    @pytest.mark.parametrize("text", ["0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday"])
    def test_no_date_for_what_is_none(self, tmp_path: Path, text: str) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.DateTime] = text
        quarters().save(tmp_path / "dated.jpg", exif=exif)
        assert load_image(tmp_path / "dated.jpg")[1].taken_at is None


class TestSize:
    @pytest.mark.parametrize("min_side_px", [50, 100, 130, 149, 150, 151, 299, 300, 599, 600, 601, 5000])
    @pytest.mark.parametrize("suffix", ["jpg", "png"])
    def test_short_side_keeps_what_was_asked_where_the_file_has_it(
        self, tmp_path: Path, suffix: str, min_side_px: int
    ) -> None:
        path = tmp_path / f"large.{suffix}"
        quarters(900, 600).save(path)
        pixels, info = load_image(path, min_side_px=min_side_px)
        assert min(pixels.shape[:2]) >= min(min_side_px, 600)
        assert (info.width, info.height) == (900, 600)
        assert pixels.shape[1] / pixels.shape[0] == pytest.approx(1.5, rel=0.02)
        assert_close(corners(pixels), [RED, GREEN, BLUE, YELLOW], within=6)

    def test_smaller_decode_is_used(self, tmp_path: Path) -> None:
        quarters(1600, 1200).save(tmp_path / "large.jpg")
        assert load_image(tmp_path / "large.jpg", min_side_px=150)[0].shape == (150, 200, 3)
        assert load_image(tmp_path / "large.jpg")[0].shape == (1200, 1600, 3)

    def test_one_pixel(self, tmp_path: Path) -> None:
        Image.new("RGB", (1, 1), RED).save(tmp_path / "dot.png")
        pixels, _ = load_image(tmp_path / "dot.png", min_side_px=260)
        assert pixels.tolist() == [[list(RED)]]
        assert model_input(pixels, input_px=8, mean=(0, 0, 0), std=(1, 1, 1)).shape == (3, 8, 8)


class TestColour:
    def test_grey(self, tmp_path: Path) -> None:
        Image.new("L", (20, 10), 90).save(tmp_path / "grey.jpg")
        pixels, _ = load_image(tmp_path / "grey.jpg")
        assert pixels.shape == (10, 20, 3)
        assert_close(pixels, 90, within=1)

    def test_black_and_white(self, tmp_path: Path) -> None:
        Image.new("1", (20, 10), 1).save(tmp_path / "fax.tif", compression="group4")
        assert_close(load_image(tmp_path / "fax.tif")[0], 255, within=0)

    @pytest.mark.parametrize("suffix", ["png", "tif"])
    def test_16_bit_grey_is_scaled_not_clipped(self, tmp_path: Path, suffix: str) -> None:
        ramp = np.tile(np.linspace(0, 65_535, 256).astype(np.uint16), (16, 1))
        path = tmp_path / f"ramp.{suffix}"
        Image.fromarray(ramp).save(path)
        with Image.open(path) as stored:
            assert stored.mode.startswith("I")
        assert_close(load_image(path)[0][:, :, 1], np.tile(np.arange(256), (16, 1)), within=1)

    def test_16_bit_colour(self, tmp_path: Path) -> None:
        row = b"\0" + struct.pack(">3H", 65_535, 32_896, 257) * 4
        header = struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)
        path = tmp_path / "deep.png"
        path.write_bytes(png({b"IHDR": header, b"IDAT": zlib.compress(row * 4), b"IEND": b""}))
        assert_close(load_image(path)[0], np.full((4, 4, 3), (255, 128, 1)), within=1)

    def test_floats(self, tmp_path: Path) -> None:
        values = np.tile(np.linspace(0, 1, 256, dtype=np.float32), (4, 1))
        values[0, 0] = np.nan
        Image.fromarray(values).save(tmp_path / "float.tif")
        assert_close(load_image(tmp_path / "float.tif")[0][1, :, 0], np.arange(256), within=1)

    def test_palette(self, tmp_path: Path) -> None:
        quarters().quantize(16).save(tmp_path / "palette.png")
        assert_close(corners(load_image(tmp_path / "palette.png")[0]), [RED, GREEN, BLUE, YELLOW])

    def test_palette_with_transparent_entries(self, tmp_path: Path) -> None:
        image = quarters().quantize(4)
        clear = image.getpixel((2, 2))
        alphas = bytes(0 if i == clear else 255 for i in range(4))
        image.save(tmp_path / "clear.png", transparency=alphas)
        assert_close(corners(load_image(tmp_path / "clear.png")[0]), [BACKGROUND, GREEN, BLUE, YELLOW])

    @pytest.mark.parametrize("mode", ["RGBA", "LA"])
    def test_alpha_lies_over_the_background(self, tmp_path: Path, mode: str) -> None:
        image = Image.new("RGBA", (30, 10), (0, 0, 0, 255))
        image.paste((0, 0, 0, 0), (10, 0, 20, 10))
        image.paste((0, 0, 0, 128), (20, 0, 30, 10))
        image.convert(mode).save(tmp_path / "alpha.png")
        pixels, _ = load_image(tmp_path / "alpha.png")
        assert_close(pixels[5, [5, 15, 25], 0], [0, BACKGROUND[0], 127], within=1)

    def test_first_frame_of_a_moving_gif(self, tmp_path: Path) -> None:
        second = Image.new("RGB", (96, 64), BLUE)
        quarters().save(tmp_path / "moving.gif", save_all=True, append_images=[second])
        assert_close(corners(load_image(tmp_path / "moving.gif")[0]), [RED, GREEN, BLUE, YELLOW], within=8)

    @pytest.mark.parametrize("suffix", ["heic", "avif", "webp", "jp2", "bmp"])
    def test_other_formats(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"photo.{suffix}"
        load_image_registers_heif(tmp_path)
        quarters().save(path, quality=90)
        assert path.suffix in PHOTO_SUFFIXES
        for options in ({}, {"min_side_px": 20}):
            assert_close(corners(load_image(path, **options)[0]), [RED, GREEN, BLUE, YELLOW], within=12)

    def test_the_content_decides_not_the_suffix(self, tmp_path: Path) -> None:
        quarters().save(tmp_path / "really.png")
        (tmp_path / "really.png").rename(tmp_path / "named.JPG")
        assert_close(corners(load_image(tmp_path / "named.JPG")[0]), [RED, GREEN, BLUE, YELLOW])


def load_image_registers_heif(tmp_path: Path) -> None:
    """Saving HEIC in a test needs the plugin that the first load registers."""
    quarters().save(tmp_path / "first.png")
    load_image(tmp_path / "first.png")


def matrix_profile(primaries: tuple[tuple[float, float, float], ...], *, gamma: float = 1.0) -> bytes:
    """A minimal ICC v2 display profile whose red, green and blue have these XYZ places (of D50 white)."""

    def s15(value: float) -> bytes:
        return struct.pack(">i", round(value * 65_536))

    def xyz(values: tuple[float, float, float]) -> bytes:
        return b"XYZ \0\0\0\0" + b"".join(s15(v) for v in values)

    description = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"
    tags = {
        b"desc": description, b"cprt": b"text\0\0\0\0none\0", b"wtpt": xyz((0.9642, 1.0, 0.8249)),
        b"rXYZ": xyz(primaries[0]), b"gXYZ": xyz(primaries[1]), b"bXYZ": xyz(primaries[2]),
        b"rTRC": curve, b"gTRC": curve, b"bTRC": curve,
    }  # fmt: skip
    offset = 128 + 4 + 12 * len(tags)
    table, bodies = struct.pack(">I", len(tags)), b""
    for tag, body in tags.items():
        body += b"\0" * (-len(body) % 4)
        table += tag + struct.pack(">II", offset + len(bodies), len(body))
        bodies += body
    header = struct.pack(">I4sI4s4s4s", offset + len(bodies), b"none", 0x0210_0000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    header += s15(0.9642) + s15(1.0) + s15(0.8249)
    return header.ljust(128, b"\0") + table + bodies


SRGB_PRIMARIES = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))


class TestProfiles:
    def test_linear_light_becomes_srgb(self, tmp_path: Path) -> None:
        profile = matrix_profile(SRGB_PRIMARIES, gamma=1.0)
        Image.new("RGB", (8, 8), (55, 55, 55)).save(tmp_path / "linear.png", icc_profile=profile)
        # 55/255 = .216 of linear light is .502 in sRGB.
        assert_close(load_image(tmp_path / "linear.png")[0], 128, within=2)

    def test_swapped_primaries_swap_back(self, tmp_path: Path) -> None:
        red, green, blue = SRGB_PRIMARIES
        profile = matrix_profile((blue, green, red), gamma=2.2)
        Image.new("RGB", (64, 64), (200, 60, 20)).save(tmp_path / "swapped.jpg", icc_profile=profile, quality=98)
        assert_close(load_image(tmp_path / "swapped.jpg")[0][32, 32], (20, 60, 200), within=12)

    def test_alpha_and_profile_together(self, tmp_path: Path) -> None:
        profile = matrix_profile(SRGB_PRIMARIES, gamma=1.0)
        image = Image.new("RGBA", (8, 8), (55, 55, 55, 255))
        image.paste((55, 55, 55, 0), (4, 0, 8, 8))
        image.save(tmp_path / "linear.png", icc_profile=profile)
        pixels, _ = load_image(tmp_path / "linear.png")
        assert_close(pixels[0, [0, 7], 0], (128, 255), within=2)

    def test_grey_photo_with_a_colour_profile(self, tmp_path: Path) -> None:
        profile = matrix_profile(SRGB_PRIMARIES, gamma=1.0)
        Image.new("L", (8, 8), 55).save(tmp_path / "grey.jpg", icc_profile=profile)
        assert_close(load_image(tmp_path / "grey.jpg")[0], 128, within=2)

    def test_srgb_itself_changes_nothing(self, tmp_path: Path) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        quarters().save(tmp_path / "srgb.png", icc_profile=profile)
        assert corners(load_image(tmp_path / "srgb.png")[0]) == [RED, GREEN, BLUE, YELLOW]

    @pytest.mark.parametrize("profile", [b"no profile", matrix_profile(SRGB_PRIMARIES)[:200], b"\0" * 4000])
    def test_broken_profile_is_ignored(self, tmp_path: Path, profile: bytes) -> None:
        quarters().save(tmp_path / "broken.png", icc_profile=profile)
        assert corners(load_image(tmp_path / "broken.png")[0]) == [RED, GREEN, BLUE, YELLOW]

    def test_cmyk_without_profile(self, tmp_path: Path) -> None:
        Image.new("CMYK", (32, 32), (0, 255, 255, 0)).save(tmp_path / "ink.jpg", quality=95)
        pixels = load_image(tmp_path / "ink.jpg")[0]
        assert_close(pixels[16, 16], (255, 0, 0), within=4)

    def test_cmyk_with_a_profile_for_other_channels(self, tmp_path: Path) -> None:
        profile = matrix_profile(SRGB_PRIMARIES, gamma=1.0)
        Image.new("CMYK", (32, 32), (0, 255, 255, 0)).save(tmp_path / "ink.jpg", quality=95, icc_profile=profile)
        assert_close(load_image(tmp_path / "ink.jpg")[0][16, 16], (255, 0, 0), within=4)

    def test_cmyk_with_its_profile(self, tmp_path: Path) -> None:
        Image.new("CMYK", (32, 32), (0, 0, 0, 128)).save(tmp_path / "ink.tif", icc_profile=ink_profile())
        # Half black ink is Lab 75 by the profile, 162 after black point compensation; the naive formula gives 127.
        assert_close(load_image(tmp_path / "ink.tif")[0][16, 16], 162)
        Image.new("CMYK", (32, 32), (0, 0, 0, 0)).save(tmp_path / "paper.tif", icc_profile=ink_profile())
        assert_close(load_image(tmp_path / "paper.tif")[0][16, 16], (255, 255, 255), within=3)


def ink_profile() -> bytes:
    """A minimal ICC v2 printer profile, CMYK to Lab by a 2-point table: lightness 100 less half the black ink."""
    grid = b"".join(
        struct.pack(">3B", round((100 - 50 * k) * 2.55), 128, 128)
        for _c in (0, 1) for _m in (0, 1) for _y in (0, 1) for k in (0, 1)
    )  # fmt: skip
    identity = b"".join(struct.pack(">i", 65_536 if i % 4 == 0 else 0) for i in range(9))
    ramp = bytes(range(256))
    table = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + grid + ramp * 3
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78,
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63_190, 65_536, 54_061),
        b"A2B0": table,
    }
    offset = 128 + 4 + 12 * len(tags)
    directory, bodies = struct.pack(">I", len(tags)), b""
    for tag, body in tags.items():
        body += b"\0" * (-len(body) % 4)
        directory += tag + struct.pack(">II", offset + len(bodies), len(body))
        bodies += body
    header = struct.pack(">I4sI4s4s4s", offset + len(bodies), b"none", 0x0210_0000, b"prtr", b"CMYK", b"Lab ")
    header += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    header += struct.pack(">3i", 63_190, 65_536, 54_061)
    return header.ljust(128, b"\0") + directory + bodies


class TestRefused:
    def test_truncated_jpeg(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(1)
        noise = jpeg_bytes(Image.fromarray(rng.integers(0, 256, (200, 300, 3), dtype=np.uint8)), quality=85)
        (tmp_path / "whole.jpg").write_bytes(noise)
        load_image(tmp_path / "whole.jpg")
        for share in (0.3, 0.9):
            (tmp_path / "cut.jpg").write_bytes(noise[: int(len(noise) * share)])
            assert "damaged" in refusal(tmp_path / "cut.jpg")
            assert "damaged" in refusal(tmp_path / "cut.jpg", min_side_px=20)

    @pytest.mark.parametrize("suffix", ["png", "tif", "gif", "webp", "heic", "avif", "bmp", "jp2"])
    def test_every_format_cut_short_is_refused_and_nothing_else(self, tmp_path: Path, suffix: str) -> None:
        load_image_registers_heif(tmp_path)
        rng = np.random.default_rng(2)
        path = tmp_path / f"cut.{suffix}"
        Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)).save(path)
        data = path.read_bytes()
        for share in (0.02, 0.2, 0.5):
            path.write_bytes(data[: max(1, int(len(data) * share))])
            refusal(path)

    @pytest.mark.parametrize("name", ["text.jpg", "text.heic", "text.nef", "text.png", "text.tif"])
    def test_text_file(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("Dear diary, today I took no photo.\n" * 40)
        assert refusal(tmp_path / name)

    def test_programs_for_a_printer_are_never_run(self, tmp_path: Path) -> None:
        (tmp_path / "page.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n")
        assert "format" in refusal(tmp_path / "page.jpg")

    def test_bomb_is_refused_from_its_header(self, tmp_path: Path) -> None:
        side = 30_000
        packer = zlib.compressobj(9)
        row = b"\0" * (side // 8 + 1)
        body = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
        header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
        path = tmp_path / "bomb.png"
        path.write_bytes(png({b"IHDR": header, b"IDAT": body, b"IEND": b""}))
        assert path.stat().st_size < 500_000
        assert "30000 x 30000" in refusal(path, min_side_px=260)

    def test_bomb_is_refused_without_any_pixel_in_the_file(self, tmp_path: Path) -> None:
        header = struct.pack(">IIBBBBB", 100_000, MAX_PIXELS // 100_000 + 1, 8, 2, 0, 0, 0)
        (tmp_path / "bomb.png").write_bytes(png({b"IHDR": header, b"IDAT": b"", b"IEND": b""}))
        assert "too large" in refusal(tmp_path / "bomb.png")

    def test_a_photo_above_pillows_own_limit_raises_no_warning(self, tmp_path: Path) -> None:
        # 90 million pixels: Pillow's default would warn, and warnings are errors here.
        Image.new("1", (15_000, 6_000), 1).save(tmp_path / "wide.png")
        pixels, info = load_image(tmp_path / "wide.png", min_side_px=100)
        assert (info.width, info.height) == (15_000, 6_000)
        assert pixels.min() == 255

    def test_empty_missing_folder_and_pipe(self, tmp_path: Path) -> None:
        (tmp_path / "empty.jpg").touch()
        assert "empty" in refusal(tmp_path / "empty.jpg")
        assert "not there" in refusal(tmp_path / "none.jpg")
        (tmp_path / "folder.jpg").mkdir()
        assert "not a file" in refusal(tmp_path / "folder.jpg")
        if hasattr(os, "mkfifo"):
            os.mkfifo(tmp_path / "pipe.jpg")
            assert "not a file" in refusal(tmp_path / "pipe.jpg")

    def test_flipped_bytes_never_raise_anything_else(self, tmp_path: Path) -> None:
        rng = np.random.default_rng(3)
        load_image_registers_heif(tmp_path)
        for suffix in ("jpg", "png", "tif", "gif", "webp", "heic", "bmp"):
            path = tmp_path / f"hurt.{suffix}"
            quarters().save(path)
            data = path.read_bytes()
            for _ in range(12):
                hurt = bytearray(data)
                for place in rng.integers(0, len(data), 6):
                    hurt[place] = rng.integers(256)
                path.write_bytes(hurt)
                try:
                    pixels, _ = load_image(path, min_side_px=20)
                except UnreadablePhoto:
                    continue
                assert pixels.ndim == 3
                assert pixels.dtype == np.uint8


def ifd(entries: list[tuple[int, int, bytes]], *, at: int) -> bytes:
    """One TIFF directory, to lie at a place of the file, followed by the values that do not fit into it."""
    unit = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 10: 8}
    spare_at, spare = at + 2 + 12 * len(entries) + 4, b""
    directory = struct.pack("<H", len(entries))
    for tag, kind, value in sorted(entries):
        field = value.ljust(4, b"\0")
        if len(value) > 4:
            field = struct.pack("<I", spare_at + len(spare))
            spare += value + b"\0" * (len(value) % 2)
        directory += struct.pack("<HHI", tag, kind, len(value) // unit[kind]) + field
    return directory + struct.pack("<I", 0) + spare


def synthetic_dng(width: int, height: int, *, orientation: int, preview: Image.Image | None = None) -> bytes:
    """A camera's RAW file in small: a 16-bit Bayer mosaic (RGGB), its upper half brighter than the lower.

    With a preview, that is the first directory, as cameras write it, and the mosaic the one below.
    """
    mosaic = np.full((height, width), 2_000, np.uint16)
    mosaic[: height // 2] = 30_000

    def short(*values: int) -> bytes:
        return struct.pack(f"<{len(values)}H", *values)

    def long(value: int) -> bytes:
        return struct.pack("<I", value)

    camera = [
        (271, 2, b"Test\0"), (272, 2, b"Camera\0"), (274, 3, short(orientation)),
        (50_706, 1, bytes([1, 4, 0, 0])), (50_707, 1, bytes([1, 1, 0, 0])), (50_708, 2, b"Test Camera\0"),
        (50_721, 10, b"".join(struct.pack("<ii", 10_000 if i % 4 == 0 else 0, 10_000) for i in range(9))),
        (50_728, 5, struct.pack("<6I", 1, 1, 1, 1, 1, 1)), (50_778, 3, short(21)),
    ]  # fmt: skip

    def raw(pixels_at: int) -> list[tuple[int, int, bytes]]:
        return [
            (254, 4, long(0)), (256, 4, long(width)), (257, 4, long(height)), (258, 3, short(16)), (259, 3, short(1)),
            (262, 3, short(32_803)), (273, 4, long(pixels_at)), (277, 3, short(1)), (278, 4, long(height)),
            (279, 4, long(mosaic.nbytes)), (33_421, 3, short(2, 2)), (33_422, 1, bytes([0, 1, 1, 2])),
            (50_714, 4, long(0)), (50_717, 4, long(65_535)),
        ]  # fmt: skip

    if preview is None:
        pixels_at = 8 + len(ifd(camera + raw(0), at=8))
        return b"II*\0" + long(8) + ifd(camera + raw(pixels_at), at=8) + mosaic.tobytes()
    jpeg = jpeg_bytes(preview, quality=95)
    jpeg += b"\0" * (len(jpeg) % 2)

    def first(jpeg_at: int, raw_at: int) -> list[tuple[int, int, bytes]]:
        return [
            *camera, (254, 4, long(1)), (256, 4, long(preview.width)), (257, 4, long(preview.height)),
            (258, 3, short(8, 8, 8)), (259, 3, short(7)), (262, 3, short(6)), (273, 4, long(jpeg_at)),
            (277, 3, short(3)), (278, 4, long(preview.height)), (279, 4, long(len(jpeg))), (330, 4, long(raw_at)),
        ]  # fmt: skip

    raw_at = 8 + len(ifd(first(0, 0), at=8))
    jpeg_at = raw_at + len(ifd(raw(0), at=raw_at))
    head = ifd(first(jpeg_at, raw_at), at=8) + ifd(raw(jpeg_at + len(jpeg)), at=raw_at)
    return b"II*\0" + long(8) + head + jpeg + mosaic.tobytes()


class TestRaw:
    @pytest.mark.parametrize(("orientation", "bright"), [(1, "top"), (3, "bottom"), (6, "right"), (8, "left")])
    @pytest.mark.parametrize("options", [{}, {"min_side_px": 20}])
    def test_developed_and_upright(
        self, tmp_path: Path, orientation: int, bright: str, options: dict[str, int]
    ) -> None:
        path = tmp_path / "shot.DNG"
        path.write_bytes(synthetic_dng(128, 96, orientation=orientation))
        pixels, info = load_image(path, **options)
        is_turned = orientation in {6, 8}
        assert (info.width, info.height) == ((96, 128) if is_turned else (128, 96))
        assert (pixels.shape[0] > pixels.shape[1]) == is_turned
        height, width = pixels.shape[:2]
        halves = {
            "top": pixels[: height // 3], "bottom": pixels[-height // 3 :],
            "left": pixels[:, : width // 3], "right": pixels[:, -width // 3 :],
        }  # fmt: skip
        assert max(halves, key=lambda side: float(halves[side].mean())) == bright

    @pytest.mark.parametrize("orientation", [1, 6])
    def test_preview_is_used_where_it_is_large_enough(self, tmp_path: Path, orientation: int) -> None:
        path = tmp_path / "shot.dng"
        path.write_bytes(synthetic_dng(480, 320, orientation=orientation, preview=quarters(240, 160)))
        size = (320, 480) if orientation == 6 else (480, 320)
        wanted = [BLUE, RED, YELLOW, GREEN] if orientation == 6 else [RED, GREEN, BLUE, YELLOW]
        pixels, info = load_image(path, min_side_px=100)
        assert (info.width, info.height) == size
        assert_close(corners(pixels), wanted, within=6)
        # The preview has 160 pixels on its short side, so these come from the mosaic: grey, and full in size.
        for options in ({"min_side_px": 161}, {}):
            pixels, info = load_image(path, **options)
            assert (info.width, info.height) == size
            assert (pixels.shape[1], pixels.shape[0]) == size
            assert np.ptp(corners(pixels), axis=1).max() < 12

    def test_preview_that_is_upright_already_is_not_turned_twice(self, tmp_path: Path) -> None:
        path = tmp_path / "shot.dng"
        path.write_bytes(synthetic_dng(480, 320, orientation=6, preview=quarters(160, 240)))
        assert_close(corners(load_image(path, min_side_px=100)[0]), [RED, GREEN, BLUE, YELLOW], within=6)

    def test_cut_short(self, tmp_path: Path) -> None:
        data = synthetic_dng(128, 96, orientation=1)
        (tmp_path / "shot.nef").write_bytes(data[:300])
        assert "damaged" in refusal(tmp_path / "shot.nef")


class TestModelInput:
    def test_equals_its_definition(self) -> None:
        rng = np.random.default_rng(4)
        image = rng.integers(0, 256, (50, 80, 3), dtype=np.uint8)
        mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
        found = model_input(image, input_px=32, mean=mean, std=std)
        square = np.asarray(Image.fromarray(image).resize((32, 32), Image.Resampling.BICUBIC), np.float64) / 255
        wanted = ((square - mean) / std).transpose(2, 0, 1)
        assert found.dtype == np.float32
        assert found.flags.c_contiguous
        np.testing.assert_allclose(found, wanted, atol=1e-5)

    def test_whole_picture_is_squashed(self) -> None:
        image = np.asarray(quarters(400, 40))
        found = model_input(image, input_px=64, mean=(0, 0, 0), std=(1, 1, 1))
        assert_close([found[:, y, x] * 255 for y in (16, 48) for x in (16, 48)], [RED, GREEN, BLUE, YELLOW], within=1)

    def test_draft_decode_hardly_changes_it(self) -> None:
        path = Path("resources/demo/photos/osprey-on-branch.jpg")
        spec = {"input_px": 128, "mean": (0.5, 0.5, 0.5), "std": (0.5, 0.5, 0.5)}
        full, _ = load_image(path)
        draft, _ = load_image(path, min_side_px=128)
        assert draft.size < full.size / 3
        assert np.abs(model_input(full, **spec) - model_input(draft, **spec)).mean() < 0.02


class TestThumbnail:
    def test_keeps_the_shape_and_never_enlarges(self) -> None:
        image = np.asarray(quarters(900, 600))
        small = thumbnail(image, long_side_px=90)
        assert small.shape == (60, 90, 3)
        assert_close(corners(small), [RED, GREEN, BLUE, YELLOW])
        assert thumbnail(image, long_side_px=2000) is image
        assert thumbnail(np.zeros((5000, 2, 3), np.uint8), long_side_px=50).shape == (50, 1, 3)


@pytest.fixture
def undecodable_name(tmp_path: Path) -> Path:
    raw = os.path.join(os.fsencode(tmp_path), b"caf\xe9.png")  # noqa: PTH118
    try:
        with open(raw, "wb") as file:  # noqa: PTH123
            buffer = io.BytesIO()
            quarters().save(buffer, "PNG")
            file.write(buffer.getvalue())
    except OSError:
        pytest.skip("this file system takes no such names")
    return Path(os.fsdecode(raw))


def test_name_that_is_no_valid_text(undecodable_name: Path) -> None:
    assert load_image(undecodable_name)[0].shape == (64, 96, 3)
    assert readable_name(undecodable_name) == "caf\ufffd.png"


def test_several_threads_load_the_same_as_one(tmp_path: Path) -> None:
    profile = matrix_profile(SRGB_PRIMARIES, gamma=1.0)
    quarters(300, 200).save(tmp_path / "linear.jpg", icc_profile=profile)
    wanted = load_image(tmp_path / "linear.jpg")[0]
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.extend(load_image(tmp_path / "linear.jpg")[0] for _ in range(10)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40
    assert all(np.array_equal(image, wanted) for image in found)
