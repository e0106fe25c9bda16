"""An evaluation as Markdown tables that read well as plain text too."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from trainer.evaluation import BranchScores, EvaluationReport
from trainer.metrics import Interval

PREDICTORS: Final = {
    "model": "**this bundle**",
    "predicted_va": "its VA through Eq. 1",
    "constant": "constant (mean)",
    "photo_only": "photo only (deaf)",
    "song_only": "song only (blind)",
    "true_photo_va": "true VA of photos, its VA of songs",
    "true_song_va": "its VA of photos, true VA of songs",
    "distance": "nearest in the embedding space",
    "random": "random",
    "oracle": "true VA of both (oracle)",
}


def markdown_report(report: EvaluationReport) -> str:
    """Render a report; every figure stands with its 95 % bootstrap interval."""
    similarity, retrieval = report.similarity, report.retrieval
    lines = [
        f"# Evaluation of the bundle {report.bundle_name!r}",
        "",
        f"Bundle {report.bundle_id[:12]}, split: {report.split}. {report.n_photos} photos of {report.n_themes} themes, "
        f"{report.n_songs} songs with {report.n_windows} windows of 2 s; {report.n_unusable} rows or files unusable. "
        f"sigma of Eq. 1: {report.sigma:.4f}. VA in [0, 1]. In brackets: 95 % bootstrap interval, over themes for "
        "photos, over songs for songs, over both for pairs. "
        f"Constant, deaf and blind predictors are fitted on: {report.baselines}.",
        "",
        "## Valence and arousal",
        "",
        *_table(("", "r", "CCC", "MSE", "MAE"), _va_rows(report)),
        "",
        "## Similarity of all pairs",
        "",
        *_table(
            ("predictor", "MSE", "MAE", "P(bundle is better)"),
            (
                (PREDICTORS[name], _text(mse), _text(similarity.mae[name]), _share(similarity.p_better.get(name)))
                for name, mse in similarity.mse.items()
            ),
        ),
        "",
        f"The bundle's MSE is {_text(similarity.mse_below_constant_percent, digits=1)} % below the constant's; "
        f"r {_text(similarity.r)}; MSE from single windows {_text(similarity.window_mse)}. "
        f"Spearman of embedding distance with similarity: {_text(report.distance_spearman)}.",
        "",
        f"## Photos chosen for a song: mean true similarity of the best {retrieval.k}",
        "",
        *_table(
            ("ranking", "similarity", "gap from random to oracle closed, %"),
            (
                (PREDICTORS[name], _text(top), _text(retrieval.gap_closed_percent.get(name), digits=1))
                for name, top in retrieval.top_mean.items()
            ),
        ),
        "",
        f"nDCG@{retrieval.k} of the bundle: {_text(retrieval.ndcg)}.",
        "",
        _ceiling(report),
        "",
    ]
    return "\n".join(lines)


def _ceiling(report: EvaluationReport) -> str:
    """What predictors of the same r could do at best, and how much of it the bundle does."""
    ceiling, below = report.ceiling, report.similarity.mse_below_constant_percent.value
    closed = report.retrieval.gap_closed_percent["model"].value

    def reached(value: float, most: float) -> str:
        return f"{value / most:.0%} of it reached" if most > 0 and math.isfinite(value) else "nothing to reach"

    most, gaussian = ceiling.mse_below_constant_percent, ceiling.gaussian_mse_below_constant_percent
    return (
        "Ceiling for these r (Gaussian errors, calibrated by labels that are not scored): MSE "
        f"{gaussian:.1f} % below the constant's where labels are taken as normally distributed, "
        f"{reached(below, gaussian)}; {most:.1f} % where it is known how they are, {reached(below, most)}; gap closed "
        f"{ceiling.gap_closed_percent:.1f} %, {reached(closed, ceiling.gap_closed_percent)}."
    )


def _va_rows(report: EvaluationReport) -> Iterable[tuple[str, ...]]:
    branches: tuple[tuple[str, BranchScores], ...] = (
        ("photos", report.photos),
        ("songs, whole excerpt", report.songs_excerpt),
        ("songs, single windows", report.songs_window),
    )
    for name, branch in branches:
        for dimension, scores in (("valence", branch.valence), ("arousal", branch.arousal)):
            yield f"{name}: {dimension}", _text(scores.r), _text(scores.ccc), _text(scores.mse), _text(scores.mae)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def _text(figure: Interval | None, *, digits: int = 4) -> str:
    if figure is None:
        return ""
    if not math.isfinite(figure.value):
        return "not defined"
    ends = f" [{figure.low:.{digits}f}, {figure.high:.{digits}f}]" if math.isfinite(figure.low) else ""
    return f"{figure.value:.{digits}f}{ends}"


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.3f}"
