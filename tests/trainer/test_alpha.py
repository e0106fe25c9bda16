"""alpha of Eq. 3 is the one that validates best, is recorded, and what was tried is not tried again."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import pytest

from tests.trainer.test_training import QUICK
from trainer.alpha import ALPHAS, add_alpha, choose_alpha
from trainer.config import LossWeights, TrainConfig
from trainer.errors import TrainerError

MSE = {0.5: 0.04, 2.0: 0.03, 8.0: 0.035}


def test_the_alpha_that_validates_best_is_chosen_and_recorded(tmp_path: Path) -> None:
    asked: list[float] = []

    def score(config: TrainConfig) -> float:
        assert dataclasses.replace(config, alpha=QUICK.alpha) == QUICK
        asked.append(config.alpha)
        return MSE[config.alpha]

    kept = tmp_path / "alpha.json"
    assert choose_alpha(QUICK, (0.5, 2.0), score=score, kept=kept) == (2.0, {0.5: 0.04, 2.0: 0.03})
    assert choose_alpha(QUICK, (0.5, 8.0), score=score, kept=kept)[0] == 8.0
    assert asked == [0.5, 2.0, 8.0], "each is trained once"
    recorded = json.loads(kept.read_text())
    assert recorded["alpha"] == 2.0
    assert recorded["validation_similarity_mse"] == {"0.5": 0.04, "2": 0.03, "8": 0.035}
    choose_alpha(QUICK, (0.5,), score=score, kept=kept, data="other")
    kept.write_text("{half")
    choose_alpha(QUICK, (0.5,), score=score, kept=kept)
    assert asked[3:] == [0.5, 0.5]


def test_without_a_weight_of_eq_3_there_is_nothing_to_choose(tmp_path: Path) -> None:
    config = dataclasses.replace(QUICK, loss=LossWeights(cross_margin=0.0))
    with pytest.raises(TrainerError, match="cross_margin"):
        choose_alpha(config, ALPHAS, score=lambda _: 0.0, kept=tmp_path / "alpha.json")


def test_the_option(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_alpha(parser)
    assert parser.parse_args([]).alpha == ()
    assert parser.parse_args(["--alpha", "auto"]).alpha == ALPHAS
    assert parser.parse_args(["--alpha", "0,1.5"]).alpha == (0.0, 1.5)
    for text in ("-1", "nan", "some"):
        with pytest.raises(SystemExit):
            parser.parse_args([f"--alpha={text}"])
    assert "--alpha" in capsys.readouterr().err
