"""Kinds of pictures: what is left out of shows is recognised, and the photos most like it are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from engine.images import ByteImage, PhotoInfo, load_image
from engine.kinds import kind_of
from engine.photos import PhotoKind

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "resources" / "demo" / "photos"
FONT = ROOT / "resources" / "fonts" / "Inter-Regular.ttf"
NAMES = ("calm-mountain-lake.jpg", "city-rooftops-sunset.jpg", "smiling-astronaut.jpg", "two-dogs-window.jpg")
PHOTO = PhotoInfo(1, 1)
WORDS = ("The", "light", "fades", "over", "the", "hills", "and", "somebody", "puts", "a", "kettle", "on", "at", "last")


def photo(name: str = NAMES[0]) -> Image.Image:
    """One of the demo's, as large as indexing decodes it."""
    return Image.fromarray(load_image(DEMO / name, min_side_px=260)[0])


def kind(image: Image.Image, name: str = "a.jpg", info: PhotoInfo = PHOTO) -> PhotoKind | None:
    pixels: ByteImage = np.asarray(image.convert("RGB"))
    return kind_of(pixels, info, path=Path(name))


def page(
    *, paper: tuple[int, int, int] = (252, 250, 244), line_px: int = 9, size: tuple[int, int] = (310, 440)
) -> Image.Image:
    """Lines of print all over a sheet; drawn four times as large, as a scanner sees it."""
    width, height = 4 * size[0], 4 * size[1]
    sheet = Image.new("RGB", (width, height), paper)
    draw, font = ImageDraw.Draw(sheet), ImageFont.truetype(FONT, 4 * line_px * 7 // 10)
    rng = np.random.default_rng(3)
    for y in range(100, height - 100, 4 * line_px):
        line = ""
        while draw.textlength(line, font) < width - 240:
            line += f" {rng.choice(WORDS)}"
        draw.text((100, y), line, fill=(25, 25, 30), font=font)
    return sheet.resize(size, Image.Resampling.BOX)


def window() -> Image.Image:
    """A drawn program window: bars, a list with lines between its rows, some words."""
    image = Image.new("RGB", (460, 300), (245, 245, 245))
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(FONT, 10)
    draw.rectangle((0, 0, 460, 28), fill=(40, 60, 110))
    draw.rectangle((0, 28, 110, 300), fill=(225, 228, 232))
    for i in range(9):
        y = 30 + 30 * i
        draw.line((112, y, 459, y), fill=(200, 200, 200))
        draw.text((120, y + 8), "A row of a list with words", fill=(20, 20, 20), font=font)
    return image


class TestPhotosStay:
    @pytest.mark.parametrize("path", sorted(DEMO.glob("*.jpg"))[::3], ids=lambda path: path.stem)
    def test_the_demo(self, path: Path) -> None:
        image, info = load_image(path, min_side_px=260)
        assert kind_of(image, info, path=path) is None

    def test_night_fog_snow_and_soft_backgrounds(self) -> None:
        for name in NAMES:
            image = photo(name)
            pixels = np.asarray(image, np.float32)
            night = (pixels / 255) ** 2.2 / 2**4
            fog = 0.15 * pixels + 0.85 * 205
            snow = 255 * np.minimum(1, 6 * (pixels / 255) ** 2.2) ** (1 / 2.2)
            for scene in (255 * night ** (1 / 2.2), fog, snow):
                assert kind(Image.fromarray(scene.astype(np.uint8))) is None, name
            soft = image.filter(ImageFilter.GaussianBlur(8))
            height, width = image.height, image.width
            focus = Image.new("L", image.size)
            ImageDraw.Draw(focus).ellipse((width // 3, height // 3, 2 * width // 3, 2 * height // 3), fill=255)
            assert kind(Image.composite(image, soft, focus)) is None, name

    def test_stars_in_a_black_sky(self) -> None:
        sky = np.random.default_rng(0).normal(4, 1, (300, 450, 3)).clip(0, 255).astype(np.uint8)
        sky[40:280:37, 30:440:61] = 200
        assert kind(Image.fromarray(sky)) is None

    def test_plain_skies(self) -> None:
        for noise in (0.0, 2.0):
            slope = np.linspace(90, 220, 300)[:, None, None] * np.array([0.7, 0.85, 1.0])
            sky = slope + np.random.default_rng(0).normal(0, noise, (300, 450, 3))
            assert kind(Image.fromarray(sky.clip(0, 255).astype(np.uint8)), "sky.png") is None

    def test_frames_cut_outs_and_collages(self) -> None:
        image = photo()
        for border in (12, 60):
            framed = ImageOps.expand(ImageOps.expand(image, border, "white"), 8, (30, 30, 30))
            ImageDraw.Draw(framed).rectangle(
                (4 + border, 4 + border, *(x - 4 - border for x in framed.size)), outline=0
            )
            for name in ("framed.jpg", "framed.png"):
                assert kind(framed, name) is None
        cut_out = Image.new("RGB", image.size, "white")
        disc = Image.new("L", image.size)
        ImageDraw.Draw(disc).ellipse((100, 50, 300, 250), fill=255)
        cut_out.paste(image, mask=disc)
        assert kind(cut_out, "product.png") is None
        collage = Image.new("RGB", (620, 420), "white")
        for i, name in enumerate(NAMES):
            collage.paste(ImageOps.fit(photo(name), (295, 195)), (10 + i % 2 * 305, 10 + i // 2 * 205))
        assert kind(collage, "collage.png") is None


class TestScreenshots:
    @pytest.mark.parametrize("name", ["a.png", "a.jpg"])
    def test_a_drawn_window(self, name: str) -> None:
        assert kind(window(), name) == "screenshot"

    def test_a_camera_makes_none(self) -> None:
        assert kind(window(), info=PhotoInfo(1, 1, is_from_camera=True)) != "screenshot"

    @pytest.mark.parametrize(
        "name",
        ["Screenshot 2024-05-01.png", "Bildschirmfoto vom.jpg", "Capture d’écran 2.png", "スクリーンショット 1.png"],
    )
    def test_named_by_the_system_that_made_it(self, name: str) -> None:
        assert kind(photo(), name) == "screenshot"
        assert kind(photo(), f"My {name}") is None
        assert kind(photo(), name, PhotoInfo(1, 1, is_from_camera=True)) is None

    def test_said_by_the_phone(self) -> None:
        assert kind(photo(), info=PhotoInfo(1, 1, is_screenshot=True)) == "screenshot"


class TestDocuments:
    def test_pages_clean_scanned_and_photographed(self) -> None:
        rng = np.random.default_rng(1)
        for line_px in (9, 12):
            clean = page(line_px=line_px)
            pixels = np.asarray(clean, np.float32)
            light = np.linspace(0.95, 0.6, pixels.shape[1])[None, :, None] * np.array([1, 0.97, 0.9])
            scanned = pixels * 0.95 + rng.normal(0, 5, pixels.shape)
            for sheet in (pixels, scanned, pixels * light + rng.normal(0, 4, pixels.shape)):
                assert kind(Image.fromarray(sheet.clip(0, 255).astype(np.uint8))) == "document", line_px

    def test_a_page_within_a_photo_is_a_photo(self) -> None:
        image = photo().resize((600, 400))
        image.paste(page(size=(150, 210)), (40, 60))
        assert kind(image) is None


class TestDarkAndBlurred:
    def test_black(self) -> None:
        noise = np.random.default_rng(0).normal(4, 2, (300, 400, 3)).clip(0, 255).astype(np.uint8)
        assert kind(Image.fromarray(noise)) == "dark"
        assert kind(Image.new("RGB", (300, 400))) == "dark"

    @pytest.mark.parametrize("name", NAMES)
    def test_blurred_beyond_use(self, name: str) -> None:
        image = photo(name)
        side = max(image.size)
        assert kind(image.filter(ImageFilter.GaussianBlur(0.012 * side))) == "blurred"
        assert kind(image.filter(ImageFilter.GaussianBlur(0.002 * side))) is None

    @pytest.mark.parametrize("name", NAMES)
    def test_blurred_until_no_edge_is_left(self, name: str) -> None:
        image = photo(name)
        assert kind(image.filter(ImageFilter.GaussianBlur(0.044 * max(image.size)))) == "blurred"

    def test_smooth_skies_with_a_sun_behind_haze_are_none(self) -> None:
        y, x = np.mgrid[0:300, 0:400].astype(np.float32)
        for width, at in ((30, 100), (60, 200), (110, 320)):
            glow = 110 * np.exp(-((x - at) ** 2 + (y - 120) ** 2) / (2 * width**2))
            sky = np.repeat((60 + 80 * y / 300 + glow).clip(0, 255)[..., None], 3, axis=2)
            assert kind(Image.fromarray(sky.astype(np.uint8))) is None

    def test_any_shape_is_judged(self) -> None:
        for size in ((1, 1), (3, 900), (900, 3), (127, 127), (128, 128), (4_000, 300), (120_000, 260)):
            is_judged = min(size) >= 128 and max(size) < 100_000  # a longer strip is too thin once it is small
            for colour in ("white", "black"):
                expected = "dark" if is_judged and colour == "black" else None
                assert kind(Image.new("RGB", size, colour)) == expected, (size, colour)
