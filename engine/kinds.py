"""Recognise pictures that are hardly meant for a show: screenshots, documents, black and badly blurred photos.

Pure functions of the decoded image and of what its file says. Every rule is drawn so that a photo is rather shown than
left out: measured on 711 photos of OASIS and Moodreel's own demo photos none is taken for anything, where the least
sharp one lies at twice the limit and no two rules of a drawn window are found in any. Night, fog, snow, soft
backgrounds and silhouettes stay. Some 1.5 ms a photo.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.images import ByteImage, PhotoInfo
from engine.photos import PhotoKind

SIDE_PX = 256
"""Short side of the picture that is judged: a blur seen at this size spoils the photo on any screen."""

MAX_AREA_PX = 1 << 18
"""A panorama is judged smaller, so that it costs no more than four ordinary photos."""

MIN_SIDE_PX = 128
"""Smaller pictures (icons, strips, photos decoded for a model that sees hardly more) are judged by name alone."""

BLACK_LUMA, BLACK_LIGHT_LUMA = 20, 48
"""A photo is black where 99 % of it is darker than the first of 255 and nothing, no star and no lamp, than the second.

Photos darkened by four and a half stops are brighter by half; a camera's noise in a pocket stays below."""

EDGE_PX, EDGE_RANGE = 17, 48
"""Blur is judged where brightness changes by at least the second of 255 within the first: there an edge must be."""

MIN_EDGY_SHARE = 0.06
"""With fewer such places (fog, a plain sky) nothing can be said of sharpness."""

BLUR_SLOPE, BLUR_SHARE = 0.18, 0.001
"""A photo is blurred where, of the change around each edge, a step from one pixel to the next holds at most the first
share, save in one place of a thousand. Photos have 0.4 and more there; a disc of focus a seventh of the photo wide
suffices for 0.2, a blur by 1 % of the long side leaves 0.14."""

HAZE_SLOPE, HAZE_RANGE = 0.07, 60
"""Blurred beyond that no edge is left: the steepest step holds at most the first share of the picture's range of
brightness, which is at least the second. A soft background around a disc of focus leaves 0.13, other photos 0.32."""

HAZE_SHAPES, HAZE_CONTRAST, SHAPE_PX = 4, 16, 11
"""Skies, fog and lights in it are as smooth, but hold no shapes. A blurred photo keeps at least so many light and dark
places, each as much brighter or darker than what lies around, in windows so wide at a quarter of the size."""

CRISP_SLOPE, CRISP_SHARE = 0.55, 0.01
"""Print is crisp: one place in a hundred has a step so steep."""

RULE_PX, RULE_STEP = 24, 8
"""A rule is a straight edge of at least this length with one exact colour on each side, this far apart of 255."""

FLAT_SHARE, PAGE_SHARE = 0.2, 0.5
"""The first share of a drawn picture is of exactly one colour with its surroundings, and of its middle too; the second
where no rule crosses the middle."""

FRAME_SHARE = 0.25
"""What lies so near to the border, as share of the side, is not the middle: people frame photos."""

LOSSLESS_SUFFIXES = frozenset({".png", ".bmp", ".gif", ".webp", ".tif", ".tiff"})

_SHOT_NAMES = (
    "screenshot", "screen shot", "screen_shot", "screencapture", "bildschirmfoto", "capture d'ecran", "capture d_ecran",
    "captura de pantalla", "captura de tela", "schermata", "schermafbeelding", "skarmavbild", "skjermbilde",
    "zrzut ekranu", "снимок экрана", "スクリーンショット", "屏幕截图", "屏幕快照", "截屏", "스크린샷",
)  # fmt: skip
"""How systems begin the names of the screenshots they save, without accents."""


def kind_of(image: ByteImage, info: PhotoInfo, *, path: Path) -> PhotoKind | None:
    """Tell what kind of picture an image (h, w, 3) is; None for an ordinary photo. The path is only read as a name."""
    if not info.is_from_camera and (info.is_screenshot or _is_named_screenshot(path)):
        return "screenshot"
    size = _judged_size(image)
    if min(size) < MIN_SIDE_PX:
        return None
    # Nearest pixels keep what was exactly of one colour so; averaged ones are fair to edges. Down to half the size two
    # by two pixels are all there are, and four times as fast.
    is_halved = 2 * size[0] >= image.shape[1] - 2
    exact = _bytes(cv2.resize(image, size, interpolation=cv2.INTER_NEAREST))
    if not info.is_from_camera and _is_drawn(exact, is_lossless=path.suffix.lower() in LOSSLESS_SUFFIXES):
        return "screenshot"
    small = _bytes(cv2.resize(image, size, interpolation=cv2.INTER_LINEAR if is_halved else cv2.INTER_AREA))
    luma = _bytes(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    if _is_black(luma, image):
        return "dark"
    change, step = _edges(luma)
    edgy = change >= EDGE_RANGE
    if edgy.mean() >= MIN_EDGY_SHARE and (step > BLUR_SLOPE * change)[edgy].mean() <= BLUR_SHARE:
        return "blurred"
    if _is_without_edges(luma, steepest=int(step.max())):
        return "blurred"
    is_crisp = edgy.any() and (step > CRISP_SLOPE * change)[edgy].mean() >= CRISP_SHARE
    return "document" if is_crisp and _is_document(small, luma) else None


def _is_named_screenshot(path: Path) -> bool:
    plain = unicodedata.normalize("NFKD", path.name.casefold().replace("’", "'"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return letters.startswith(tuple(unicodedata.normalize("NFKD", name) for name in _SHOT_NAMES))


def _judged_size(image: ByteImage) -> tuple[int, int]:
    height, width = image.shape[:2]
    scale = min(1.0, SIDE_PX / min(height, width), (MAX_AREA_PX / (height * width)) ** 0.5)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _is_drawn(exact: ByteImage, *, is_lossless: bool) -> bool:
    """Whether a program drew the picture: wide areas of exactly one colour, with straight rules between them."""
    colours = cv2.cvtColor(exact, cv2.COLOR_RGB2RGBA).view(np.uint32)[..., 0]
    like_right = colours[:, 1:] == colours[:, :-1]
    like_below = colours[1:] == colours[:-1]
    is_flat = like_right[1:] & like_below[:, 1:]
    middle_share = float(_middle(is_flat).mean())
    if min(middle_share, float(is_flat.mean())) < FLAT_SHARE:
        return False
    across = _rules(colours, like_right)
    down = _rules(np.ascontiguousarray(colours.T), np.ascontiguousarray(like_below.T))
    n_rules = int(across.any(axis=1).sum() + down.any(axis=1).sum())
    length = int(across.sum() + down.sum()) / sum(colours.shape)
    if not (_middle(across).any() or _middle(down).any()) and middle_share < PAGE_SHARE:
        return False  # a dark photo, framed
    return (n_rules >= 6 and length >= 0.6) or (is_lossless and n_rules >= 2 and length >= 0.45)


def _middle(flags: NDArray[Any]) -> NDArray[Any]:
    """Give what lies within the frame that a person may have drawn around a photo."""
    rows, columns = (round(FRAME_SHARE * side) for side in flags.shape)
    return flags[rows : flags.shape[0] - rows, columns : flags.shape[1] - columns]


def _rules(colours: NDArray[np.uint32], like_right: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Where each row of colours (h, w) ends in a rule: 1 at the middle of each run of RULE_PX."""
    step = cv2.absdiff(colours[1:].view(np.uint8), colours[:-1].view(np.uint8)).view(np.uint32)
    at_least = np.frombuffer(bytes([256 - RULE_STEP] * 3 + [0]), np.uint32)[0]
    is_edge = (step[:, 1:] & at_least) != 0
    on_rule = (is_edge & like_right[1:] & like_right[:-1]).astype(np.uint8)
    run = np.ones((1, RULE_PX), np.uint8)
    return _bytes(cv2.erode(on_rule, run, borderType=cv2.BORDER_CONSTANT, borderValue=0))


def _is_black(luma: NDArray[np.uint8], image: ByteImage) -> bool:
    if np.count_nonzero(luma > BLACK_LUMA) > 0.01 * luma.size:
        return False
    return int(image.max()) <= BLACK_LIGHT_LUMA


def _edges(luma: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """How much brightness changes around each pixel, and in one step from it to the next."""
    around = np.ones((EDGE_PX, EDGE_PX), np.uint8)
    change = cv2.subtract(cv2.dilate(luma, around), cv2.erode(luma, around))
    step = np.zeros(luma.shape, np.uint8)
    step[:, :-1] = cv2.absdiff(luma[:, 1:], luma[:, :-1])
    step[:-1] = np.maximum(step[:-1], cv2.absdiff(luma[1:], luma[:-1]))
    return _bytes(change), step


def _is_without_edges(luma: NDArray[np.uint8], *, steepest: int) -> bool:
    """Whether a picture has shapes, but not one edge."""
    counts = np.cumsum(np.bincount(luma.ravel(), minlength=256))
    darkest, brightest = np.searchsorted(counts, np.array([0.01, 0.99]) * luma.size)
    if brightest - darkest < HAZE_RANGE or steepest > HAZE_SLOPE * (brightest - darkest):
        return False
    coarse = _bytes(cv2.resize(luma, (luma.shape[1] // 4, luma.shape[0] // 4), interpolation=cv2.INTER_AREA))
    return _n_peaks(coarse) + _n_peaks(_bytes(cv2.bitwise_not(coarse))) >= HAZE_SHAPES


def _n_peaks(coarse: NDArray[np.uint8]) -> int:
    """Count the places, away from the border, that are brightest of all around and stand out from it."""
    around = np.ones((SHAPE_PX, SHAPE_PX), np.uint8)
    wider = np.ones((2 * SHAPE_PX - 1, 2 * SHAPE_PX - 1), np.uint8)
    stands_out = cv2.subtract(coarse, cv2.erode(coarse, wider)) >= HAZE_CONTRAST
    is_peak = ((coarse == cv2.dilate(coarse, around)) & stands_out)[2:-2, 2:-2]
    return cv2.connectedComponents(np.ascontiguousarray(is_peak, dtype=np.uint8), connectivity=8)[0] - 1


def _is_document(small: ByteImage, luma: NDArray[np.uint8]) -> bool:
    """Whether most of a picture is paper of one pale colour with lines of dark print all over it."""
    paper = _bytes(cv2.blur(cv2.dilate(luma, np.ones((11, 11), np.uint8)), (21, 21)))
    if _median(paper) < 120:
        return False
    ink = _bytes(cv2.subtract(paper, luma)) > np.maximum(20, paper // 6)
    ink_share = float(ink.mean())
    if not 0.01 < ink_share <= 0.36:
        return False
    inked_share = _share_inked(ink)
    n_lined, n_tiles, n_all = _lined_tiles(ink)
    tile_share, lined_share = n_tiles / n_all, n_lined / max(1, n_tiles)
    is_page = inked_share >= 0.35 and tile_share >= 0.5 and lined_share >= 0.5
    is_receipt = ink_share <= 0.12 and inked_share >= 0.2 and tile_share >= 0.28 and lined_share >= 0.33
    if not (is_page or is_receipt):
        return False
    paper_share, saturation = _paper_of(small[::2, ::2], luma[::2, ::2], ink[::2, ::2])
    return saturation <= 0.3 and paper_share >= (0.55 if is_page else 0.9)


def _share_inked(ink: NDArray[np.bool_]) -> float:
    """Share of cells of 16 px that print covers in part."""
    rows, columns = ink.shape[0] // 16, ink.shape[1] // 16
    if not rows or not columns:
        return 0.0
    cells = ink[: 16 * rows, : 16 * columns].reshape(rows, 16, columns, 16).mean(axis=(1, 3))
    return float(((cells > 0.08) & (cells < 0.65)).mean())


def _lined_tiles(ink: NDArray[np.bool_]) -> tuple[int, int, int]:
    """How many tiles of 32 px hold lines of print, how many some print, how many there are."""
    rows, columns = ink.shape[0] // 32, ink.shape[1] // 32
    if not rows or not columns:
        return 0, 0, 1
    tiles = ink[: 32 * rows, : 32 * columns].reshape(rows, 32, columns, 32)
    by_row = tiles.mean(axis=3).transpose(0, 2, 1).reshape(-1, 32)
    by_column = tiles.mean(axis=1).reshape(-1, 32)
    share = by_row.mean(axis=1)
    has_print = (share > 0.06) & (share < 0.6)
    above = by_row > share[:, None]
    n_turns = (above[:, 1:] != above[:, :-1]).sum(axis=1)
    is_lined = has_print & (by_row.var(axis=1) > 1.5 * by_column.var(axis=1)) & (n_turns >= 4)
    return int(is_lined.sum()), int(has_print.sum()), len(share)


def _paper_of(small: ByteImage, luma: NDArray[np.uint8], ink: NDArray[np.bool_]) -> tuple[float, float]:
    """Share of a picture in the paper's colour, whatever light falls on it, and how saturated the picture is."""
    colour = np.array([_median(small[..., channel][~ink]) for channel in range(3)], dtype=np.float32)
    white = max(1.0, float(colour @ np.array([0.299, 0.587, 0.114], dtype=np.float32)))
    tint = small / np.maximum(luma, 1)[..., None].astype(np.float32)
    is_paper = (np.abs(tint - colour / white).max(axis=2) < 0.12) & (luma > 0.55 * white) & ~ink
    brightest, darkest = small.max(axis=2), small.min(axis=2)
    return float(is_paper.mean()), _median(brightest - darkest) / max(1, _median(brightest))


def _bytes(result: NDArray[Any]) -> NDArray[np.uint8]:
    """What OpenCV made of bytes are bytes; its annotations do not say so."""
    return np.asarray(result, dtype=np.uint8)


def _median(values: NDArray[np.uint8]) -> int:
    if not values.size:
        return 0
    return int(np.searchsorted(np.cumsum(np.bincount(values.ravel(), minlength=256)), values.size / 2))
