"""The comparison: rows differ by their terms alone, are kept one by one, and the tables equal a plain computation."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from engine.errors import Cancelled
from engine.progress import Progress
from tests.trainer.small_corpora import make_deam, make_oasis
from tests.trainer.test_command import SmallBackbone
from tests.trainer.test_training import QUICK, a_photo_set, a_song_set
from trainer import photo_file
from trainer.__main__ import main
from trainer.comparison import (
    TEST_WINDOWS,
    Predictions,
    Splits,
    constant_predictions,
    row_config,
    rows_of,
    run_rows,
    truth_of,
)
from trainer.comparison_tables import markdown_tables, tables_of
from trainer.training import CHECKPOINT

BASE = dataclasses.replace(QUICK, epochs=1)


@pytest.fixture(scope="module")
def splits() -> Splits:
    return Splits(
        a_photo_set(48, seed=0),
        a_song_set(24, seed=1),
        a_photo_set(10, seed=2),
        a_song_set(10, seed=3),
        a_photo_set(60, seed=4),
        a_song_set(12, seed=5),
    )


def test_rows_are_those_of_both_tables() -> None:
    rows = rows_of((0, 1, 2))
    assert list(rows) == [
        *("sp", "l3-0", "acp-0", "sim", "sim-cfr", "sim-cfr-cfm", "sim-va", "cdcml-0"),
        *("l3-1", "acp-1", "cdcml-1", "l3-2", "acp-2", "cdcml-2"),
    ]
    base = dataclasses.replace(QUICK, patience=3, photo_readout=0.8, va_axes=4.0)
    for row in rows.values():
        config = row_config(base, row)
        weights = {name: weight for name, weight in dataclasses.asdict(config.loss).items() if weight}
        assert weights == {name: getattr(base.loss, name) for name in row.terms}
        assert (config.seed, config.patience, config.photo_readout, config.va_axes) == (row.seed, 0, 0.0, 0.0)
    probed = [row.needs_probe for row in rows.values()]
    assert probed == [False, *[True] * 5, False, False, *[True, True, False] * 2]


def test_a_stopped_comparison_goes_on_where_it_was(splits: Splits, tmp_path: Path) -> None:
    rows = {name: row for name, row in rows_of((0,)).items() if name in ("sp", "acp-0", "cdcml-0")}
    whole = run_rows(BASE, rows, splits, folder=tmp_path / "whole")
    base_2 = dataclasses.replace(BASE, epochs=2)

    def stop(progress: Progress) -> None:
        if progress.detail == "CDCML (all), epoch 2":
            raise Cancelled

    kept: list[tuple[str, bool]] = []
    with pytest.raises(Cancelled):
        run_rows(base_2, rows, splits, folder=tmp_path / "stopped", report=stop)
    assert len(list((tmp_path / "stopped").glob("*.npz"))) == 2
    assert len(list((tmp_path / "stopped").glob(f"cdcml-0-*/{CHECKPOINT}"))) == 1
    found = run_rows(
        base_2, rows, splits, folder=tmp_path / "stopped", on_row=lambda row, was: kept.append((row.name, was))
    )
    assert kept == [("sp", True), ("acp-0", True), ("cdcml-0", False)]
    assert not list((tmp_path / "stopped").glob(f"*/{CHECKPOINT}")), "a row that is kept needs no checkpoint"
    once = run_rows(base_2, rows, splits, folder=tmp_path / "once")
    assert np.allclose(found["cdcml-0"].similarity, once["cdcml-0"].similarity, atol=1e-3)
    assert not np.allclose(found["cdcml-0"].similarity, whole["cdcml-0"].similarity, atol=1e-3), "other settings"
    next((tmp_path / "whole").glob("sp-*.npz")).write_bytes(b"PK half")
    again = run_rows(BASE, rows, splits, folder=tmp_path / "whole")
    assert np.allclose(again["sp"].similarity, whole["sp"].similarity, atol=1e-5)
    for made in whole.values():
        assert made.similarity.shape == (60, 12 * TEST_WINDOWS)
        assert made.similarity.min() >= 0
        assert made.similarity.max() <= 1


def test_tables_equal_a_plain_computation(splits: Splits) -> None:
    truth, rows, rng = truth_of(splits), rows_of((0, 1)), np.random.default_rng(0)
    assert truth.paper.sum(axis=0).tolist() == [50] * truth.paper.shape[1]
    made = {
        name: Predictions(
            np.clip(truth.similarity + 0.1 * (i + 1) * rng.standard_normal(truth.similarity.shape), 0, 1),
            truth.photo_va + 0.1,
            truth.window_va - 0.2,
        )
        for i, name in enumerate(reversed(rows))
    }
    tables = tables_of(made, rows, truth, seeds=(0, 1), n_resamples=50)
    for name, predictions in {**made, "constant": constant_predictions(truth)}.items():
        errors = np.asarray(predictions.similarity, np.float64) - truth.similarity
        scores = tables.scores[name]
        assert scores.all_mse.value == pytest.approx(np.mean(errors**2))
        assert scores.all_mae.value == pytest.approx(np.mean(np.abs(errors)))
        assert scores.paper_mse.value == pytest.approx(np.mean(errors[truth.paper] ** 2))
        assert scores.paper_mae.value == pytest.approx(np.mean(np.abs(errors[truth.paper])))
        assert scores.all_mse.low <= scores.all_mse.value <= scores.all_mse.high
    assert tables.scores["sim"].va["image V MSE"].value == pytest.approx(0.01, rel=1e-4)
    assert tables.scores["sim"].va["music A MAE"].value == pytest.approx(0.2, rel=1e-4)
    duel = tables.duels[0]
    mean = {k: np.mean([tables.scores[f"{k}-{s}"].all_mse.value for s in (0, 1)]) for k in ("cdcml", "acp")}
    assert duel.below_percent.value == pytest.approx(100 * (1 - mean["cdcml"] / mean["acp"]))
    assert duel.p_better == 1.0
    text = markdown_tables(tables, how=["Made up."])
    for words in ("## Table 3", "## Table 4", "| SP-Net", "| Sim + CFR + CFM", "CDCML (all), seed 1", "pairs `paper`"):
        assert words in text
    assert tables.to_dict()["scores"]["sp"]["all_mse"]["low"] > 0


def test_the_command_from_corpora_to_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(photo_file, "frozen_backbone", lambda config: SmallBackbone().eval())
    corpora = ["--oasis", str(make_oasis(tmp_path / "oasis")), "--deam", str(make_deam(tmp_path / "deam"))]
    folders = ["--cache", str(tmp_path / "cache"), "--run", str(tmp_path / "run")]
    sizes = ["--seeds", "2", "--resamples", "20", "--set", "epochs=1", "--set", "batch=16", "--set", "n_views=2"]
    arguments = [
        "compare",
        *corpora,
        *folders,
        *sizes,
        "--threads",
        "1",
        "--note",
        "A small sample.",
        "--alpha",
        "1,30",
    ]
    assert main(arguments) == 0
    text = (tmp_path / "run" / "comparison.md").read_text()
    said = capsys.readouterr().out
    assert text in said
    assert "CDCML (all), seed 0: was there" in said, "the alpha that was chosen is not trained again"
    assert "songs drawn evenly, 30% of the photos from the tenth nearest in emotion" in text
    for words in ("Corpora: OASIS, DEAM", "1 epochs", "A small sample.", "no row trains its photo backbone"):
        assert words in text
    figures = json.loads((tmp_path / "run" / "comparison.json").read_text())
    assert set(figures["scores"]) == {"constant", *rows_of((0, 1))}
    assert set(figures["alphas"]) == {"1", "30"}
    assert figures["config"]["alpha"] == float(min(figures["alphas"], key=figures["alphas"].__getitem__))
    assert f"alpha {figures['config']['alpha']:g} (chosen by the validation split's" in text
    assert main([*arguments, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(line["was_kept"] for line in lines if line["kind"] == "row")
    assert lines[-1]["kind"] == "compared"
