"""Figure 3 of the paper as a picture: a song's emotion over time, that of the photos matched to it, and the photos."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.audio import load_song
from engine.emotion import FloatArray
from engine.encoders import Encoders
from engine.errors import UnreadablePhoto, UnreadableSong
from engine.features import WINDOW_S, window_features
from engine.images import load_image
from engine.progress import Progress, Report, ignore
from trainer.corpora import OnUnusable, Unusable, ignore_unusable
from trainer.data import write_atomically
from trainer.errors import CorpusMissing

PHOTO_SUFFIXES: Final = (".jpg", ".jpeg", ".png")
SONG_SUFFIXES: Final = (".ogg", ".mp3", ".wav", ".flac", ".m4a")

N_MOMENTS: Final = 8
"""Photos below each pair of curves: as many as can be told apart on a page."""

WIDTH_PX: Final = 1600
MARGIN_PX: Final = 70
CHART_PX: Final = 190
PHOTO_PX: Final = (WIDTH_PX - 2 * MARGIN_PX) // N_MOMENTS - 8
TITLE_PX: Final = 60
PANEL_PX: Final = TITLE_PX + 2 * (CHART_PX + 30) + PHOTO_PX + 50
SONG_COLOUR: Final = (31, 119, 180)
PHOTO_COLOUR: Final = (214, 95, 14)
GRID_COLOUR: Final = (215, 215, 215)
TEXT_COLOUR: Final = (40, 40, 40)


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """A song and the photos matched to it, one for each of k stretches of equal length, none twice.

    `va` (n_windows, 2) is the song's own emotion, every 2 s; chosen_va (k, 2) and similarity (k,) are the photos'.
    """

    song: Path
    va: FloatArray
    photos: tuple[Path, ...]
    chosen_va: FloatArray
    similarity: FloatArray


def match_songs(
    encoders: Encoders,
    *,
    photos: Path,
    songs: Path,
    n_moments: int = N_MOMENTS,
    report: Report = ignore,
    on_unusable: OnUnusable = ignore_unusable,
) -> tuple[Match, Match]:
    """Match photos of a folder to the songs of another; returns the songs of the lowest and of the highest mean VA.

    Raises CorpusMissing where there are not at least n_moments photos and two songs that can be read.
    """
    photo_paths, embeddings, photo_va = _encoded_photos(encoders, photos, report, on_unusable)
    found: list[tuple[Path, FloatArray, FloatArray]] = []
    for path in _files(songs, SONG_SUFFIXES):
        report(Progress("songs", len(found), 0, path.name))
        try:
            windows = window_features(load_song(path).y)
        except UnreadableSong as fault:
            on_unusable(Unusable(path.name, fault.reason))
            continue
        if len(windows):
            found.append((path, *encoders.music_heads(encoders.music_features(windows))))
    if len(found) < 2 or len(photo_paths) < n_moments:
        raise CorpusMissing(f"at least {n_moments} photos in {photos} and two songs in {songs} are needed")
    found.sort(key=lambda song: float(song[2].mean()))
    matches = [
        _match(encoders, *song, photo_paths, embeddings, photo_va, n_moments=n_moments)
        for song in (found[0], found[-1])
    ]
    return matches[0], matches[1]


def draw_figure(matches: Sequence[Match]) -> Image.Image:
    """Draw one panel for each match: valence and arousal of song and photos over time, the photos below."""
    canvas = Image.new("RGB", (WIDTH_PX, PANEL_PX * len(matches)), "white")
    draw = ImageDraw.Draw(canvas)
    names = ("low VA values", "high VA values")
    for i, match in enumerate(matches):
        top = i * PANEL_PX
        name = names[i] if len(matches) == len(names) else ""
        draw.text((MARGIN_PX, top + 16), f"({chr(97 + i)}) {name}: {match.song.stem}", TEXT_COLOUR, _font(26))
        for k, dimension in enumerate(("Valence", "Arousal")):
            _chart(draw, top + TITLE_PX + k * (CHART_PX + 30), dimension, match.va[:, k], match.chosen_va[:, k])
        below = top + TITLE_PX + 2 * (CHART_PX + 30)
        for k, path in enumerate(match.photos):
            _photo(canvas, draw, k, below, path, float(match.similarity[k]))
    return canvas


def write_figure(dest: Path, matches: Sequence[Match]) -> None:
    """Write the figure as PNG, in one step. Raises TrainerError."""
    buffer = io.BytesIO()
    draw_figure(matches).save(buffer, "PNG", optimize=True)
    write_atomically(dest, buffer.getvalue())


def _encoded_photos(
    encoders: Encoders, folder: Path, report: Report, on_unusable: OnUnusable
) -> tuple[list[Path], FloatArray, FloatArray]:
    kept: list[Path] = []
    features: list[FloatArray] = []
    paths = _files(folder, PHOTO_SUFFIXES)
    for i, path in enumerate(paths):
        report(Progress("photos", i, len(paths), path.name))
        try:
            image, _ = load_image(path, min_side_px=encoders.bundle.manifest.photo.input_px)
        except UnreadablePhoto as fault:
            on_unusable(Unusable(path.name, fault.reason))
            continue
        kept.append(path)
        features.append(encoders.photo_features(encoders.photo_input(image)[None]))
    if not kept:
        raise CorpusMissing(f"{folder}: there is no photo that can be read")
    return kept, *encoders.photo_heads(np.concatenate(features))


def _match(
    encoders: Encoders,
    song: Path,
    windows: FloatArray,
    va: FloatArray,
    paths: Sequence[Path],
    embeddings: FloatArray,
    photo_va: FloatArray,
    *,
    n_moments: int,
) -> Match:
    """The best photo of each stretch of a song, by mean similarity with its windows, the surest stretch first."""
    similarity = encoders.similarity(embeddings, windows)  # (n_photos, n_windows)
    stretch = np.arange(len(windows)) * n_moments // len(windows)
    moments = [k for k in range(n_moments) if np.any(stretch == k)]
    means = np.stack([similarity[:, stretch == k].mean(axis=1) for k in moments], axis=1)
    free = means.astype(np.float64)
    chosen = np.zeros(len(moments), np.intp)
    for _ in moments:
        photo, place = np.unravel_index(int(np.argmax(free)), free.shape)
        chosen[place] = int(photo)
        free[photo, :], free[:, place] = -1.0, -1.0
    return Match(
        song, va, tuple(paths[int(photo)] for photo in chosen), photo_va[chosen], means[chosen, np.arange(len(moments))]
    )


def _chart(draw: ImageDraw.ImageDraw, top: int, title: str, song: FloatArray, photos: FloatArray) -> None:
    """One dimension over time on a scale that holds both curves, at least .3 high so that noise stays small."""
    both = np.concatenate([song, photos]).astype(np.float64)
    centre, half = (both.min() + both.max()) / 2, max(0.15, 0.55 * (both.max() - both.min()))
    low, high = centre - half, centre + half
    left, right = MARGIN_PX, WIDTH_PX - MARGIN_PX

    def y_px(value: float) -> float:
        return top + CHART_PX * float(1 - (value - low) / (high - low))

    for tick in np.arange(np.ceil(low * 10), np.floor(high * 10) + 1) / 10:
        draw.line([(left, y_px(tick)), (right, y_px(tick))], GRID_COLOUR)
        draw.text((left - 40, y_px(tick) - 9), f"{tick:.1f}", TEXT_COLOUR, _font(16))
    xs = left + (np.arange(len(song)) + 0.5) / len(song) * (right - left)
    draw.line([(float(x), y_px(float(v))) for x, v in zip(xs, song, strict=True)], SONG_COLOUR, 3)
    step = (right - left) / len(photos)
    points = [(left + (k + 0.5) * step, y_px(float(value))) for k, value in enumerate(photos)]
    draw.line(points, PHOTO_COLOUR, 3)
    for x, y in points:
        draw.ellipse([x - 6, y - 6, x + 6, y + 6], PHOTO_COLOUR)
    draw.text((left + 6, top - 4), title, TEXT_COLOUR, _font(18))
    draw.text((left + 100, top - 4), "song", SONG_COLOUR, _font(18))
    draw.text((left + 160, top - 4), "chosen photos", PHOTO_COLOUR, _font(18))
    seconds = f"{len(song) * WINDOW_S:.0f} s"
    draw.text((right - 50, top + CHART_PX + 2), seconds, TEXT_COLOUR, _font(16))


def _photo(canvas: Image.Image, draw: ImageDraw.ImageDraw, place: int, top: int, path: Path, similarity: float) -> None:
    pixels, _ = load_image(path, min_side_px=PHOTO_PX)
    image = Image.fromarray(pixels)
    image.thumbnail((PHOTO_PX, PHOTO_PX), Image.Resampling.LANCZOS)
    x = round(MARGIN_PX + (place + 0.5) * (WIDTH_PX - 2 * MARGIN_PX) / N_MOMENTS - image.width / 2)
    canvas.paste(image, (x, top + (PHOTO_PX - image.height) // 2))
    draw.text((x, top + PHOTO_PX + 4), f"S {similarity:.2f}", TEXT_COLOUR, _font(16))


def _files(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    if not folder.is_dir():
        raise CorpusMissing(f"{folder}: there is no such folder")
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)


def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)
