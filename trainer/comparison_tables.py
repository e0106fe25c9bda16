"""Tables 3 and 4 of the paper from what each row predicts, with bootstrap intervals, as plain values and Markdown."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from trainer.comparison import Predictions, Row, Truth, constant_predictions
from trainer.metrics import N_RESAMPLES, Interval, TwoWayBootstrap, interval_of, share_better

Array = NDArray[np.float64]

VA_COLUMNS: Final = tuple(
    f"{kind} {axis} {metric}" for kind in ("image", "music") for axis in ("V", "A") for metric in ("MSE", "MAE")
)

ABLATION: Final = ("sim", "sim-cfr", "sim-cfr-cfm", "sim-va")
CONSTANT: Final = "constant"


@dataclass(frozen=True, slots=True)
class RowScores:
    """A row's figures: error of similarity on all pairs and on the paper's, of VA by column of tables 3 and 4."""

    title: str
    all_mse: Interval
    all_mae: Interval
    paper_mse: Interval
    paper_mae: Interval
    va: Mapping[str, Interval]


@dataclass(frozen=True, slots=True)
class Duel:
    """How far a row's similarity MSE lies under a rival's, in percent of the rival's, and how surely."""

    row: str
    rival: str
    pairs: str
    below_percent: Interval
    p_better: float


@dataclass(frozen=True, slots=True)
class Tables:
    """Both tables, and the claims of the paper put to the test. Everything on the test split."""

    scores: Mapping[str, RowScores]
    duels: Sequence[Duel]
    seeds: Sequence[int]
    n_photos: int
    n_themes: int
    n_songs: int
    n_windows: int
    n_paper_pairs: int
    sigma: float

    def to_dict(self) -> dict[str, Any]:
        """The tables for JSON; a figure that is not defined is null."""
        values: dict[str, Any] = _without_nan(dataclasses.asdict(self))
        return values


def tables_of(
    found: Mapping[str, Predictions],
    rows: Mapping[str, Row],
    truth: Truth,
    *,
    seeds: Sequence[int],
    n_resamples: int = N_RESAMPLES,
) -> Tables:
    """Score every row on the same resamples of themes and songs, so that differences are paired."""
    pairs = TwoWayBootstrap(truth.photo_groups, truth.window_groups, n_resamples=n_resamples)
    everything = {CONSTANT: constant_predictions(truth), **found}
    titles = {CONSTANT: "constant (training means)"} | {name: _title(row, seeds) for name, row in rows.items()}
    squares = {name: _errors(made, truth) ** 2 for name, made in everything.items()}
    n_paper = pairs.means([truth.paper])[:, 0]

    def on_paper(table: Array) -> Array:
        return np.divide(pairs.means([table * truth.paper])[:, 0], n_paper)

    mse = {name: (pairs.means([table])[:, 0], on_paper(table)) for name, table in squares.items()}
    scores: dict[str, RowScores] = {}
    for name, made in everything.items():
        absolute = np.sqrt(squares[name])
        scores[name] = RowScores(
            titles[name],
            interval_of(mse[name][0]),
            interval_of(pairs.means([absolute])[:, 0]),
            interval_of(mse[name][1]),
            interval_of(on_paper(absolute)),
            _va_scores(made, truth, n_resamples),
        )
    duels: list[Duel] = []
    for k, kind in enumerate(("all", "paper")):
        ours = np.mean([mse[f"cdcml-{seed}"][k] for seed in seeds], axis=0)
        seeds_text = f"mean of {len(seeds)} seeds" if len(seeds) > 1 else f"seed {seeds[0]}"
        for method, title in (("acp", "ACP-Net"), ("l3", "L3-Net")):
            rival = np.mean([mse[f"{method}-{seed}"][k] for seed in seeds], axis=0)
            duels.append(_duel(f"CDCML, {seeds_text}", f"{title}, {seeds_text}", kind, ours, rival))
        first = mse[f"cdcml-{seeds[0]}"][k]
        duels += [_duel("CDCML", titles[name], kind, first, mse[name][k]) for name in (CONSTANT, "sp")]
        duels += [_duel("CDCML", titles[name], kind, first, mse[name][k]) for name in ABLATION]
        duels += [_duel(titles[name], "Sim", kind, mse[name][k], mse["sim"][k]) for name in ABLATION[1:]]
    return Tables(
        scores=scores,
        duels=duels,
        seeds=tuple(seeds),
        n_photos=len(truth.photo_va),
        n_themes=len(set(truth.photo_groups)),
        n_songs=len(set(truth.window_groups)),
        n_windows=len(truth.window_va),
        n_paper_pairs=int(truth.paper.sum()),
        sigma=truth.sigma,
    )


def markdown_tables(tables: Tables, *, how: Sequence[str]) -> str:
    """Render both tables and the claims; `how` are sentences on what was trained on what, one a paragraph."""
    first = tables.seeds[0]
    table_3 = [CONSTANT, "sp", f"l3-{first}", f"acp-{first}", f"cdcml-{first}"]
    others = [f"{name}-{seed}" for seed in tables.seeds[1:] for name in ("l3", "acp", "cdcml")]
    table_4 = [*ABLATION, f"cdcml-{first}"]
    lines = [
        "# The paper's comparison",
        "",
        *(line for sentence in how for line in (sentence, "")),
        f"Test split: {tables.n_photos} photos of {tables.n_themes} themes, {tables.n_songs} songs with "
        f"{tables.n_windows} windows of 2 s. Pairs `all`: every photo with every window, "
        f"{tables.n_photos * tables.n_windows:,}; pairs `paper`: for each window 30 random photos, the 10 best and the "
        f"10 worst, {tables.n_paper_pairs:,}. sigma of Eq. 1: {tables.sigma:.4f}. VA in [0, 1]. In brackets: 95 % "
        "bootstrap interval over themes for photos, over songs for music, over both for pairs. Lower is better.",
        "",
        "## Table 3: methods",
        "",
        *_similarity_table(tables, [*table_3, *others]),
        "",
        *_va_table(tables, [*table_3, *others]),
        "",
        "## Table 4: ablation",
        "",
        *_similarity_table(tables, table_4),
        "",
        *_va_table(tables, table_4),
        "",
        "VA of L3-Net, ACP-Net and of rows without VA is that of a VA predictor fitted afterwards to their embeddings, "
        "as in section 6.1.2.",
        "",
        "## Differences of similarity MSE",
        "",
        *_table(
            ("row", "against", "pairs", "below it, %", "P(better)"),
            [(d.row, d.rival, d.pairs, _text(d.below_percent, digits=1), f"{d.p_better:.3f}") for d in tables.duels],
        ),
        "",
    ]
    return "\n".join(lines)


def _similarity_table(tables: Tables, names: Sequence[str]) -> list[str]:
    header = ("Similarity", "MSE, pairs `all`", "MAE, pairs `all`", "MSE, pairs `paper`", "MAE, pairs `paper`")
    found = [tables.scores[name] for name in names]
    return _table(header, [(s.title, *map(_text, (s.all_mse, s.all_mae, s.paper_mse, s.paper_mae))) for s in found])


def _va_table(tables: Tables, names: Sequence[str]) -> list[str]:
    found = [tables.scores[name] for name in names]
    return _table(("Emotion", *VA_COLUMNS), [(s.title, *(_text(s.va[column]) for column in VA_COLUMNS)) for s in found])


def _va_scores(made: Predictions, truth: Truth, n_resamples: int) -> dict[str, Interval]:
    scores: dict[str, Interval] = {}
    for kind, predicted, true, groups in (
        ("image", made.photo_va, truth.photo_va, truth.photo_groups),
        ("music", made.window_va, truth.window_va, truth.window_groups),
    ):
        # One column of one group: the resamples are those of the rows alone.
        bootstrap = TwoWayBootstrap(groups, ["all"], n_resamples=n_resamples)
        errors = predicted.astype(np.float64) - true
        for k, axis in enumerate(("V", "A")):
            means = bootstrap.means([errors[:, k : k + 1] ** 2, np.abs(errors[:, k : k + 1])])
            scores[f"{kind} {axis} MSE"], scores[f"{kind} {axis} MAE"] = (interval_of(means[:, i]) for i in (0, 1))
    return scores


def _duel(row: str, rival: str, pairs: str, ours: Array, theirs: Array) -> Duel:
    below = 100 * np.divide(theirs - ours, theirs, out=np.full_like(theirs, np.nan), where=theirs > 0)
    return Duel(row, rival, pairs, interval_of(below), share_better(-ours, -theirs))


def _errors(made: Predictions, truth: Truth) -> Array:
    errors: Array = made.similarity.astype(np.float64) - truth.similarity
    return errors


def _title(row: Row, seeds: Sequence[int]) -> str:
    return row.title if row.seed == seeds[0] else f"{row.title}, seed {row.seed}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in (header, *rows)
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def _text(figure: Interval, *, digits: int = 4) -> str:
    if not math.isfinite(figure.value):
        return "not defined"
    return f"{figure.value:.{digits}f} [{figure.low:.{digits}f}, {figure.high:.{digits}f}]"


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
