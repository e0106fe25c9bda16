from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter
from scipy.ndimage import zoom as enlarged

from engine.errors import UnreadablePhoto
from engine.focus import Focus
from engine.frames import Layer
from engine.images import load_image
from engine.library import Photo
from slideshow.painting import load_prepared, paint, paint_image, prepare, prepare_pair

SIZE = (320, 180)
DEMO = Path(__file__).resolve().parents[2] / "resources" / "demo" / "photos"


def plain(colour: tuple[int, int, int], width: int = 640, height: int = 360) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def rgb(pixels: np.ndarray) -> np.ndarray:
    return pixels[..., 2::-1]


def test_one_layer_fills_the_frame_in_its_colour() -> None:
    for zoom in (1.0, 1.013, 1.04):
        frame = paint_image(SIZE, [Layer(3, zoom, 1.0)], {3: prepare(plain((200, 80, 20)), size=SIZE)})
        assert frame.shape == (180, 320, 4)
        assert np.all(rgb(frame) == (200, 80, 20))


@pytest.mark.parametrize("opacity", [0.0001, 0.25, 0.5, 0.9999, 1.0])
def test_a_crossfade_is_the_weighted_mean(opacity: float) -> None:
    prepared = {0: prepare(plain((250, 10, 100)), size=SIZE), 1: prepare(plain((10, 250, 100)), size=SIZE)}
    frame = rgb(paint_image(SIZE, [Layer(0, 1.0, 1.0), Layer(1, 1.02, opacity)], prepared))
    expected = (1 - opacity) * np.array([250, 10, 100]) + opacity * np.array([10, 250, 100])
    assert np.abs(frame - expected).max() <= 2


@pytest.mark.parametrize(
    ("width", "height", "has_backdrop"),
    [
        *((1600, 900, False), (1500, 1000, False), (1900, 900, False), (1440, 1000, False)),
        *((1400, 1000, True), (1000, 1000, True), (900, 1600, True), (3000, 900, True), (1, 1, True)),
    ],
)
def test_a_photo_covers_the_frame_unless_much_would_be_cropped(width: int, height: int, has_backdrop: bool) -> None:
    prepared = prepare(plain((9, 9, 9), width, height), size=SIZE)
    assert prepared.has_backdrop == has_backdrop
    assert (prepared.image.width(), prepared.image.height()) == (333, 188)


def test_a_portrait_stands_whole_before_its_own_darkened_blur() -> None:
    photo = plain((200, 100, 50), 300, 600)
    frame = rgb(paint_image(SIZE, [Layer(0, 1.0, 1.0)], {0: prepare(photo, size=SIZE)}))
    assert np.all(frame[:, 120:200] == (200, 100, 50))
    assert np.abs(frame[:, :110].astype(int) - (90, 45, 22)).max() <= 1  # 45 % of the light is left


def test_a_backdrop_is_smooth() -> None:
    photo = np.zeros((600, 300, 3), np.uint8)
    photo[300:] = 255
    frame = rgb(paint_image(SIZE, [Layer(0, 1.0, 1.0)], {0: prepare(photo, size=SIZE)}))[:, 20].astype(int)
    assert frame[0].max() <= 3
    assert frame[-1].min() >= 112
    assert np.abs(np.diff(frame, axis=0)).max() <= 8  # 16 cells over 188 px: no step is seen
    assert np.all(np.diff(frame[:, 0]) >= 0)


def test_a_covering_photo_is_cropped_evenly() -> None:
    photo = plain((0, 0, 0), 1500, 1000)
    photo[500:, :] = 255
    photo[:, 750:, 0] = 120
    frame = rgb(paint_image(SIZE, [Layer(0, 1.0, 1.0)], {0: prepare(photo, size=SIZE)})).astype(int)
    assert frame[88, 10, 1] < 40 < 215 < frame[92, 10, 1]
    assert frame[20, 158, 0] < 30 < 90 < frame[20, 162, 0]


def test_the_zoom_moves_by_less_than_a_pixel() -> None:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (12, 20), dtype=np.uint8)
    grey = np.clip(enlarged(coarse.astype(float), (30, 32), order=3), 0, 255).astype(np.uint8)
    photo = np.repeat(grey[..., None], 3, axis=2)
    prepared = {0: prepare(photo, size=SIZE)}
    frames = [paint_image(SIZE, [Layer(0, 1 + 0.0002 * i, 1.0)], prepared)[..., 1].astype(float) for i in range(40)]
    steps = np.array([np.abs(b - a).mean() for a, b in pairwise(frames)])
    assert steps.min() > 0  # motion in every frame ...
    assert steps.max() < 3 * np.median(steps)  # ... and no jerk among them
    far = np.abs(frames[-1] - frames[0]).mean()
    assert far > 5 * steps.max()


def test_what_is_not_ready_is_left_out_and_the_rest_is_opaque() -> None:
    red = {1: prepare(plain((220, 0, 0)), size=SIZE)}
    layers = [Layer(0, 1.0, 1.0), Layer(1, 1.0, 0.3)]
    assert np.all(rgb(paint_image(SIZE, layers, red)) == (220, 0, 0))
    assert np.all(rgb(paint_image(SIZE, layers, {0: red[1]})) == (220, 0, 0))
    assert np.all(rgb(paint_image(SIZE, layers, {})) == (0x0D, 0x0D, 0x0E))


def test_the_painter_is_given_back_as_it_was() -> None:
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(0xFF00FF00)
    painter = QPainter(image)
    paint(
        painter,
        SIZE,
        [Layer(0, 1.04, 1.0), Layer(1, 1.0, 0.4)],
        {i: prepare(plain((i, 0, 0)), size=SIZE) for i in (0, 1)},
    )
    assert painter.opacity() == 1
    assert not painter.hasClipping()
    painter.end()
    assert image.pixelColor(321, 10).green() == 255  # nothing outside the rectangle
    assert image.pixelColor(10, 181).green() == 255


def test_a_finer_screen_gets_the_finer_pixels() -> None:
    photo = load_image(DEMO / "espresso-cup.jpg")[0]
    fine = prepare(photo, size=(640, 360))
    image = QImage(640, 360, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(2)
    painter = QPainter(image)
    paint(painter, SIZE, [Layer(0, 1.02, 1.0)], {0: fine})
    painter.end()
    screen = np.frombuffer(image.constBits(), np.uint8).reshape(360, 640, 4)
    assert np.array_equal(screen[..., :3], paint_image((640, 360), [Layer(0, 1.02, 1.0)], {0: fine})[..., :3])


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_pixels_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        prepare(np.zeros(shape, np.uint8), size=SIZE)


def test_a_photo_is_read_no_larger_than_needed_and_looks_the_same() -> None:
    path = DEMO / "espresso-cup.jpg"
    whole, info = load_image(path)
    photo = Photo(1, path, info.width, info.height, None, "hash")
    layers = [Layer(0, 1.0, 1.0)]
    frames = [paint_image(SIZE, layers, {0: p}) for p in (prepare(whole, size=SIZE), load_prepared(photo, size=SIZE))]
    assert np.abs(frames[0].astype(int) - frames[1]).mean() < 3


def test_a_photo_that_has_gone_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadablePhoto):
        load_prepared(Photo(1, tmp_path / "gone.jpg", 400, 300, None, "hash"), size=SIZE)


def test_a_crop_keeps_the_focus_in_view() -> None:
    photo = plain((0, 0, 0), 1500, 1000)
    photo[:60] = (0, 250, 0)  # the crop in the middle would hide this
    whole = paint_image(SIZE, [Layer(0, 1.04, 1.0)], {0: prepare(photo, size=SIZE)})
    assert rgb(whole)[..., 1].max() < 30
    kept = prepare(photo, size=SIZE, focus=Focus(0.3, 0.0, 0.6, 0.2, is_face=True))
    for zoom in (1.0, 1.04):
        assert rgb(paint_image(SIZE, [Layer(0, zoom, 1.0)], {0: kept}))[2, :, 1].min() > 200


def test_a_zoom_goes_toward_the_focus() -> None:
    photo = plain((20, 20, 20), 1280, 720)
    photo[160:200, 940:980] = (250, 250, 250)  # around (0.75, 0.25)
    prepared = {0: prepare(photo, size=SIZE, focus=Focus(0.7, 0.2, 0.8, 0.3))}
    centres = []
    for zoom in (1.0, 1.02, 1.04):
        light = paint_image(SIZE, [Layer(0, zoom, 1.0)], prepared)[..., 1].astype(float) - 20
        x, y = light.sum(axis=0) @ np.arange(320) / light.sum(), light.sum(axis=1) @ np.arange(180) / light.sum()
        centres.append((x, y))
    assert np.ptp(centres, axis=0).max() < 0.3


def test_two_portraits_stand_side_by_side_with_a_thin_gap() -> None:
    pair = prepare_pair((plain((220, 30, 30), 400, 600), plain((30, 30, 220), 400, 600)), size=SIZE)
    frame = rgb(paint_image(SIZE, [Layer(0, 1.0, 1.0)], {0: pair})).astype(int)
    assert np.abs(frame[:, :155] - (220, 30, 30)).max() <= 2
    assert np.abs(frame[:, 165:] - (30, 30, 220)).max() <= 2
    gap = frame[90, 150:170]
    assert (np.abs(gap - (220, 30, 30)).max(axis=1) > 40).sum() < 15
    assert gap.sum(axis=1).min() < 200  # darker than either


def test_slim_portraits_of_a_pair_stand_whole_before_a_blur_of_both() -> None:
    pair = prepare_pair((plain((220, 30, 30), 200, 600), plain((30, 30, 220), 200, 600)), size=SIZE)
    frame = rgb(paint_image(SIZE, [Layer(0, 1.0, 1.0)], {0: pair})).astype(int)
    assert np.abs(frame[90, 80] - (220, 30, 30)).max() <= 2
    assert frame[90, 10, 0] < 120  # its blur, darkened
    assert frame[90, 310, 2] < 120


def test_only_a_landscape_frame_reads_the_partner(tmp_path: Path) -> None:
    portrait = DEMO / "two-dogs-window.jpg"
    photo = Photo(1, portrait, 853, 1280, None, "a")
    gone = Photo(2, tmp_path / "gone.jpg", 853, 1280, None, "b")
    with pytest.raises(UnreadablePhoto) as caught:
        load_prepared(photo, size=SIZE, partner=gone)
    assert caught.value.path == gone.path
    alone = load_prepared(photo, size=(180, 320), partner=gone)
    assert np.array_equal(
        paint_image((180, 320), [Layer(0, 1.0, 1.0)], {0: alone}),
        paint_image((180, 320), [Layer(0, 1.0, 1.0)], {0: load_prepared(photo, size=(180, 320))}),
    )


@pytest.mark.parametrize("moved", [0.001, 0.25, 0.5, 0.7313, 0.999])
def test_photos_that_slide_meet_without_a_seam(moved: float) -> None:
    prepared = {0: prepare(plain((250, 10, 10)), size=SIZE), 1: prepare(plain((10, 10, 250)), size=SIZE)}
    layers = [Layer(0, 1.04, 1.0, shift=-moved), Layer(1, 1.013, 1.0, shift=1 - moved)]
    frame = rgb(paint_image(SIZE, layers, prepared))
    edge = 320 - round(moved * 320)
    assert np.all(frame[:, :edge] == (250, 10, 10))
    assert np.all(frame[:, edge:] == (10, 10, 250))


def test_a_slide_of_which_one_photo_is_not_ready_fills_the_frame() -> None:
    red = {0: prepare(plain((220, 0, 0)), size=SIZE)}
    layers = [Layer(0, 1.0, 1.0, shift=-0.5), Layer(1, 1.0, 1.0, shift=0.5)]
    assert np.all(rgb(paint_image(SIZE, layers, red)) == (220, 0, 0))


def test_a_shade_lets_the_stage_through() -> None:
    prepared = {0: prepare(plain((200, 100, 50)), size=SIZE)}
    frame = rgb(paint_image(SIZE, [Layer(0, 1.0, 1.0, shade=0.5)], prepared))
    assert np.abs(frame.astype(int) - (106, 56, 32)).max() <= 1
