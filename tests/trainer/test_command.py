"""The command line from made-up corpora to a bundle, and its known errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from engine.bundle import open_bundle
from engine.encoders import Encoders
from tests.trainer.small_corpora import make_deam, make_oasis
from trainer import __main__ as command
from trainer import photo_file
from trainer.__main__ import main

SETTINGS = ["--set", "epochs=2", "--set", "batch=16", "--set", "n_views=2", "--set", "member_steps=5", "--threads", "1"]


class SmallBackbone(nn.Module):
    """Stands for EfficientNet-Lite2, which takes seconds: channel means of each sixth of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(130)

    def forward(self, images):  # type: ignore[no-untyped-def]
        return self.pool(images).flatten(1)


@pytest.fixture
def corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(photo_file, "frozen_backbone", lambda config: SmallBackbone().eval())
    oasis, deam = make_oasis(tmp_path / "oasis"), make_deam(tmp_path / "deam")
    return ["--oasis", str(oasis), "--deam", str(deam)]


def test_from_corpora_to_a_bundle(corpora: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [*corpora, "--cache", str(tmp_path / "cache")]
    run = ["--run", str(tmp_path / "run")]
    assert main(["prepare", *folders, *SETTINGS]) == 0
    assert "80 photos and 40 songs are prepared" in capsys.readouterr().out
    assert main(["train", *folders, *run, *SETTINGS, "--alpha", "1,30", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["epoch"] for line in lines if line["kind"] == "epoch"] == [1, 2, 1, 2]
    assert lines[-1]["kind"] == "trained"
    (chosen,) = (line for line in lines if line["kind"] == "alpha")
    assert chosen["alpha"] == float(min(chosen["tried"], key=chosen["tried"].__getitem__))
    assert json.loads((tmp_path / "run" / "config.json").read_text())["alpha"] == chosen["alpha"]
    assert any(line["kind"] == "progress" and line["stage"] == "train" for line in lines)
    assert main(["crossvalidate", *folders, *run, *SETTINGS, "--folds", "2"]) == 0
    assert "ridge_r_valence" in capsys.readouterr().out
    dest = tmp_path / "bundle"
    assert main(["export", *folders, *run, "--dest", str(dest), "--name", "small"]) == 0
    bundle = open_bundle(dest)
    assert bundle.manifest.name == "small"
    assert set(bundle.manifest.scores) >= {"photo_valence_r", "similarity_mse_model"}
    card = (dest / "model_card.md").read_text()
    assert "| train |" in card
    assert "grouped folds" in card
    assert f"alpha of Eq. 3 {chosen['alpha']:g}" in card
    assert "How sure it is of a photo" in card
    assert bundle.manifest.photo_spread is not None
    assert "**OASIS**, Open Affective" in card
    assert "its own terms" not in card
    encoders = Encoders(bundle)
    other = ["--run", str(tmp_path / "run"), "--dest", str(tmp_path / "b"), "--normalise", "minmax"]
    assert main(["export", *folders, *other]) == 1
    assert "normalised in another way" in capsys.readouterr().err
    embeddings, va = encoders.photo_heads(np.zeros((3, 12), np.float32))
    assert embeddings.shape == (3, 512)
    assert va.shape == (3, 2)
    with np.load(dest / "rehearsal.npz") as rehearsal:
        assert rehearsal["photo_features"].shape == (len(rehearsal["photo_va"]), 12)
        assert len(rehearsal["music_features"]) == len(rehearsal["music_va"]) == len(rehearsal["music_group"])
        assert rehearsal["photo_group"][0] == "theme aa"
        assert rehearsal["test_photo_features"].shape == (len(rehearsal["test_photo_va"]), 12)
        assert len(rehearsal["test_photo_group"]) == len(rehearsal["test_photo_va"]) > 0
        assert not set(rehearsal["test_photo_group"]) & set(rehearsal["photo_group"])
        assert np.all(np.diff(rehearsal["reference_percentiles"], axis=0) >= 0)
    capsys.readouterr()
    assert main(["evaluate", *corpora, "--bundle", str(dest), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["bundle_name"] == "small"


def test_known_errors_are_a_sentence_and_status_1(
    corpora: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = ["--cache", str(tmp_path / "cache")]
    for arguments, words in (
        (["prepare", "--oasis", str(tmp_path / "nowhere"), *corpora[2:], *cache], "OASIS.csv"),
        (["train", *corpora, *cache, "--set", "lr=fast"], "lr"),
        (["train", *corpora, *cache, "--set", "speed=3"], "no setting speed"),
        (["train", *corpora, *cache, "--config", str(tmp_path / "none.toml")], "none.toml"),
        (["export", *corpora, *cache, "--run", str(tmp_path / "none"), "--dest", str(tmp_path / "b")], "trained.pt"),
        (["evaluate", *corpora, "--bundle", str(tmp_path / "none")], "none"),
        (["train", *corpora[:2], *cache], "one of songs"),
        (["compare", *corpora, *cache, "--seeds", "0"], "one seed"),
    ):
        assert main(arguments) == 1, arguments
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith("error: ")
        assert words in error


def test_ctrl_c_keeps_what_was_done(
    corpora: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["train", *corpora, "--cache", str(tmp_path / "cache"), "--run", str(tmp_path / "run"), *SETTINGS]

    class Interrupting(command.Output):
        def line(self, kind: str, *rest: object, **more: object) -> None:
            if kind == "epoch":
                raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(command, "Output", Interrupting)
        assert main(arguments) == 130
    assert "goes on from here" in capsys.readouterr().err
    assert main(arguments) == 0


@pytest.mark.parametrize("name", ["", "prepare", "train", "crossvalidate", "evaluate", "export", "compare"])
def test_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*([name] if name else []), "--help"])
    assert stopped.value.code == 0
    assert "usage: python -m trainer" in capsys.readouterr().out


def test_wrong_usage_is_status_2() -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate"])
    assert stopped.value.code == 2
