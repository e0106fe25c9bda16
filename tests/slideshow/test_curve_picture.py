from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from slideshow.curve_picture import PLOT, SIZE, curve_png
from tests.engine.show_material import an_analysis, steady_beats

ROOT = Path(__file__).resolve().parents[2]


def pixels(png: bytes) -> np.ndarray:
    image = QImage.fromData(png, "PNG").convertToFormat(QImage.Format.Format_RGB32)  # type: ignore[call-overload]
    assert (image.width(), image.height()) == SIZE
    return np.frombuffer(image.constBits(), np.uint8).reshape(SIZE[1], SIZE[0], 4)[..., 2::-1].astype(int)


def highest_lit(picture: np.ndarray, share: float) -> int:
    """The row of the curve's line at a place of the song."""
    column = round(PLOT.left() + share * PLOT.width())
    rows = picture[int(PLOT.top()) : int(PLOT.bottom()), column]
    return int((rows.max(axis=1)).argmax())


@pytest.mark.usefixtures("qapp")
def test_the_line_rises_with_arousal_in_the_colours_of_the_mood() -> None:
    va = np.linspace((0.2, 0.15), (0.85, 0.85), 45).astype(np.float32)
    picture = pixels(curve_png(an_analysis(90, va=va, beats_s=steady_beats(90, 100))))
    heights = [highest_lit(picture, share) for share in (0.12, 0.37, 0.63, 0.88)]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] - heights[-1] > 60
    left = picture[int(PLOT.top()) + heights[0], round(PLOT.left() + 0.12 * PLOT.width())]
    right = picture[int(PLOT.top()) + heights[-1], round(PLOT.left() + 0.88 * PLOT.width())]
    assert left[2] > left[0]  # sad and calm is blue ...
    assert right[0] > right[2] + 60  # ... happy and energetic yellow


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("duration_s", [1.2, 7.0, 3600.0])
def test_short_and_long_songs_have_a_picture(duration_s: float) -> None:
    analysis = an_analysis(duration_s, beats_s=steady_beats(duration_s, 120))
    assert pixels(curve_png(replace(analysis, path=Path("a" * 300 + ".mp3")))).max() > 150


def test_without_a_display_and_without_an_application(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from slideshow.curve_picture import curve_png;"
        "from tests.engine.show_material import an_analysis;"
        "png = curve_png(an_analysis(30.0)); assert png == curve_png(an_analysis(30.0));"
        "Path(sys.argv[1]).write_bytes(png)"
    )
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "curve.png")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert pixels((tmp_path / "curve.png").read_bytes()).max() > 150


def test_the_running_application_stays(qapp: QApplication) -> None:
    curve_png(an_analysis(20))
    assert QApplication.instance() is qapp
