"""A song's emotion curve as a dictionary and as a file: JSON, CSV or a picture."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ExportError
from slideshow.cli_output import write_file

if TYPE_CHECKING:
    from engine.emotion import FloatArray
    from engine.music import MusicAnalysis


SUFFIXES = (".json", ".csv", ".png")
SIGN = ("Software", "Moodreel")
"""Stands in the file of a curve's picture, near its beginning."""

_HEAD_BYTES = 4_096


def curve_as_dict(analysis: MusicAnalysis) -> dict[str, object]:
    """The analysis in plain numbers: duration, beats, and VA in [0, 1] a window, raw and smoothed."""

    def points(va: object) -> list[dict[str, float]]:
        return [
            {
                "start_s": round(window.start_s, 3),
                "end_s": round(window.end_s, 3),
                "valence": round(float(valence), 4),
                "arousal": round(float(arousal), 4),
            }
            for window, (valence, arousal) in zip(analysis.windows, va, strict=True)  # type: ignore[call-overload]
        ]

    return {
        "duration_s": round(analysis.duration_s, 3),
        "tempo_bpm": round(analysis.tempo_bpm, 2),
        "beats_s": [round(float(t), 3) for t in analysis.beat_times_s],
        "windows": points(analysis.va),
        "smoothed": points(analysis.curve.va),
    }


def check_format(path: Path) -> None:
    """Raise ExportError where a curve cannot be written as what the file's name ends with."""
    if path.suffix.lower() not in SUFFIXES:
        raise ExportError(path, "a curve is written as .json, .csv or .png")


def check_picture(path: Path) -> None:
    """Raise ExportError where a picture would take the place of another, which may be somebody's photo."""
    if path.suffix.lower() != ".png":
        return
    try:
        with path.open("rb") as file:
            is_foreign = SIGN[1].encode() not in file.read(_HEAD_BYTES)
    except OSError:  # there is none, or what is wrong with it comes to light as it is written
        return
    if is_foreign:
        raise ExportError(path, "there is another picture of this name")


def write_curve(path: Path, analysis: MusicAnalysis, *, reference_va: FloatArray | None = None) -> None:
    """Write the curve in the format the file's name ends with. Raises ExportError.

    Numbers are absolute; the picture shows the mood relative to reference_va, as the app's timeline does.
    """
    check_format(path)
    kind = path.suffix.lower()
    if kind == ".json":
        write_file(path, json.dumps(curve_as_dict(analysis), indent=1, allow_nan=False).encode())
    elif kind == ".csv":
        write_file(path, curve_as_csv(analysis).encode())
    else:
        check_picture(path)
        from slideshow.curve_picture import curve_png  # Qt, only where a picture is asked for

        write_file(path, curve_png(analysis, reference_va=reference_va))


def curve_as_csv(analysis: MusicAnalysis) -> str:
    """One line a window: its span, raw and smoothed VA."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["start_s", "end_s", "valence", "arousal", "valence_smoothed", "arousal_smoothed"])
    for window, raw, smoothed in zip(analysis.windows, analysis.va, analysis.curve.va, strict=True):
        rows.writerow([f"{window.start_s:.3f}", f"{window.end_s:.3f}", *(f"{x:.4f}" for x in (*raw, *smoothed))])
    return text.getvalue()
