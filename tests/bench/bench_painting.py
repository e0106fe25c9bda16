"""Milliseconds to paint a crossfade of two slowly zooming demo photos, and to prepare one, at four sizes.

"2160p shown" is what a stage does on such a screen: it paints fewer pixels and scales them up.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from PySide6.QtCore import QRectF  # noqa: E402
from PySide6.QtGui import QImage, QPainter  # noqa: E402

from engine.frames import Layer  # noqa: E402
from engine.images import load_image  # noqa: E402
from engine.library import Photo  # noqa: E402
from slideshow.painting import PreparedPhoto, load_prepared, paint  # noqa: E402

N_FRAMES = 120
SIZES = ((1280, 720), (1920, 1080), (2560, 1440), (3840, 2160))


def shares(took_ms: list[float]) -> dict[str, float]:
    values = np.percentile(took_ms, [50, 95, 99]).round(1).tolist()
    return dict(zip(("p50_ms", "p95_ms", "p99_ms"), values, strict=True))


def enlarged_ms(prepared: dict[int, PreparedPhoto]) -> list[float]:
    small, screen = (QImage(*size, QImage.Format.Format_RGB32) for size in ((2560, 1440), (3840, 2160)))
    took_ms = []
    for n in range(N_FRAMES // 2):
        place = (n + 0.5) / (N_FRAMES // 2)
        layers = (Layer(0, 1 + 0.04 * place, 1.0), Layer(1, 1.04 - 0.04 * place, place))
        began_s = time.perf_counter()
        painter = QPainter(small)
        paint(painter, (2560, 1440), layers, prepared)
        painter.end()
        painter = QPainter(screen)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(screen.rect()), small, QRectF(small.rect()))
        painter.end()
        took_ms.append(1e3 * (time.perf_counter() - began_s))
    return took_ms


def main() -> None:
    paths = sorted((ROOT / "resources" / "demo" / "photos").glob("*.jpg"))[:2]
    figures: dict[str, object] = {"bench": "painting", "frames": N_FRAMES}
    for size in SIZES:
        photos = []
        for number, path in enumerate(paths):
            info = load_image(path)[1]
            photos.append(Photo(number, path, info.width, info.height, None, ""))
        began_s = time.perf_counter()
        prepared = {number: load_prepared(photo, size=size) for number, photo in enumerate(photos)}
        prepare_ms = 1e3 * (time.perf_counter() - began_s) / len(photos)
        frame = QImage(*size, QImage.Format.Format_RGB32)
        took_ms = []
        for n in range(N_FRAMES):
            place = (n + 0.5) / N_FRAMES
            layers = (Layer(0, 1 + 0.04 * place, 1.0), Layer(1, 1.04 - 0.04 * place, place))
            began_s = time.perf_counter()
            painter = QPainter(frame)
            paint(painter, size, layers, prepared)
            painter.end()
            took_ms.append(1e3 * (time.perf_counter() - began_s))
        figures[f"{size[1]}p"] = shares(took_ms) | {"load_and_prepare_ms": round(prepare_ms, 1)}
        if size[1] == 1440:
            figures["2160p shown"] = shares(enlarged_ms(prepared))
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
