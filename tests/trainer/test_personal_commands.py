"""The commands retrain, simulate and prepare from the command line: results, progress, and known errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.bundle import open_bundle
from tests.trainer.test_retraining import TINY
from trainer.__main__ import main


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    """Twelve photos of one colour each, all said to be calm; a row of nonsense beside them."""
    rng = np.random.default_rng(0)
    rows = ["path,valence,arousal"]
    for i in range(12):
        colour = tuple(int(value) for value in rng.integers(20, 235, 3))
        Image.new("RGB", (40, 30), colour).save(tmp_path / f"photo {i}.png")
        rows.append(f"photo {i}.png,{rng.uniform(0.3, 0.7):.3f},0.1")
    rows.append("photo 3.png,very,0.1")
    table = tmp_path / "ratings.csv"
    table.write_text("\n".join(rows))
    return table


def test_retrain_writes_a_bundle_and_says_what_changed(
    ratings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["retrain", "--bundle", str(TINY), "--ratings", str(ratings), "--threads", "1"]
    assert main([*arguments, "-o", str(tmp_path / "new")]) == 0
    shown = capsys.readouterr()
    assert "learnt from 12 ratings" in shown.out
    assert "your photos, held out (12)" in shown.out
    assert "photo 3.png: valence is 'very', not a number" in shown.err
    assert open_bundle(tmp_path / "new").photo_backbone_id == open_bundle(TINY).photo_backbone_id
    assert main([*arguments, "-o", str(tmp_path / "newer"), "--json", "--name", "mine", "--no-rehearsal"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["kind"] for line in lines} == {"progress", "unusable", "retrained"}
    assert lines[-1]["held_out"]["figures"]["arousal_mse"]["after"]["value"] >= 0
    assert open_bundle(tmp_path / "newer").manifest.name == "mine"


def test_known_errors_are_a_sentence_and_status_1(
    ratings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "few.csv").write_text("path,valence,arousal\nphoto 1.png,0.5,0.5\n")
    (tmp_path / "nonsense.csv").write_bytes(b"\x00\xff no table")
    new = ["-o", str(tmp_path / "new")]
    retrain = ["retrain", "--bundle", str(TINY)]
    for arguments, words in (
        ([*retrain, "--ratings", str(tmp_path / "gone.csv"), *new], "gone.csv"),
        ([*retrain, "--ratings", str(tmp_path / "nonsense.csv"), *new], "no column path"),
        ([*retrain, "--ratings", str(tmp_path / "few.csv"), *new], "too few"),
        ([*retrain, "--ratings", str(ratings), "--library", str(tmp_path / "none.db"), *new], "no such library"),
        ([*retrain, "--ratings", str(ratings), "-o", str(ratings)], "in the way"),
        (["retrain", "--bundle", str(tmp_path), "--ratings", str(ratings), *new], "manifest.json is missing"),
        (["simulate", "--bundle", str(TINY), "--oasis", str(tmp_path)], "OASIS.csv"),
        (["quantise", "--bundle", str(TINY), "--oasis", str(tmp_path)], "OASIS.csv"),
        (["sequence", "--bundle", str(TINY), "--deam", str(tmp_path), "--cache", str(tmp_path)], "MEMD_audio"),
        (["retrain", "--bundle", str(TINY), *new], "--ratings or --library"),
        (["prepare", "--cache", str(tmp_path / "cache"), "--preset", "paper"], "one of songs"),
    ):
        assert main([*arguments, "--threads", "1"]) == 1, arguments
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith("error: "), error
        assert words in error
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "arguments",
    [["retrain"], ["simulate"], ["retrain", "--keep", "2"], ["prepare", "--pairs", "some"]],
)
def test_wrong_usage_is_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
