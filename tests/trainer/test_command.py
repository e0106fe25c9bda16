"""The command line from made-up corpora to a bundle, and its known errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock
from torch import nn

from engine.bundle import open_bundle
from engine.encoders import Encoders
from tests.trainer.small_corpora import make_deam, make_oasis
from trainer import __main__ as command
from trainer import photo_file
from trainer.__main__ import main
from trainer.storing import load_trained
from trainer.torchvision_import import torchvision_models
from trainer.train_commands import TRAINED, given_config

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
        (["prepare", "--oasis", str(tmp_path / "nowhere"), *corpora[2:], *cache], "nowhere"),
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


def test_one_folder_takes_one_training_at_a_time(
    corpora: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    for name in ("train", "compare"):
        arguments = [name, *corpora, "--cache", str(tmp_path / "cache"), "--run"]
        with FileLock(tmp_path / "run" / ".lock"):
            assert main([*arguments, str(tmp_path / "run")]) == 1
        assert "another training is at work here" in capsys.readouterr().err
        (tmp_path / "file").touch()
        assert main([*arguments, str(tmp_path / "file")]) == 1
        assert "file: cannot be written to (not a folder); name another folder" in capsys.readouterr().err


def test_where_nothing_can_be_used_the_reasons_are_said(
    corpora: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ratings = tmp_path / "ratings.csv"
    ratings.write_text("path,valence,arousal\nsea.jpg,5,7\n")
    assert main(["prepare", *corpora, "--ratings", str(ratings), "--cache", str(tmp_path / "cache")]) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert "  sea.jpg: valence 5 lies outside the scale 0 to 1" in lines
    assert lines[-1] == f"error: {ratings}: no row here rates a photo"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """State files by the name of the torchvision network they are of: all its names and shapes, a number for each."""
    folder = tmp_path_factory.mktemp("weights")
    for name in ("resnet50", "resnet18", "resnet34", "wide_resnet50_2"):
        with torch.device("meta"):
            state = getattr(torchvision_models(), name)(weights=None).state_dict()
        is_old = name == "resnet50"  # as are some of torchvision's files
        values = {key: torch.zeros((), dtype=value.dtype).expand(value.shape) for key, value in state.items()}
        torch.save(values, folder / name, _use_new_zipfile_serialization=not is_old)
    torch.save(torch.zeros(1), folder / "tensor")
    torch.save({0: torch.zeros(1)}, folder / "numbered")
    (folder / "text").write_text("no weights at all\n")
    return {name: str(folder / name) for name in (*(path.name for path in folder.iterdir()), "nowhere")}


def test_weights_are_told_apart_by_what_they_hold(weights: dict[str, str]) -> None:
    both = ["--weights", weights["resnet18"], "--weights", weights["resnet50"]]
    given = ["--preset", "paper", *both, "--set", "photo_weights=other.pt"]
    for name in ("train", "crossvalidate", "compare", "prepare"):
        config = given_config(command._parser().parse_args([name, *given]))
        assert (config.photo_weights, config.music_weights) == (weights["resnet50"], weights["resnet18"])
    one = ["--set", "music_backbone=resnet18", "--weights", weights["resnet18"], "--set", "photo_weights=other.pt"]
    config = given_config(command._parser().parse_args(["train", *one]))
    assert (config.photo_weights, config.music_weights) == ("other.pt", weights["resnet18"])


@pytest.mark.parametrize("name", ["train", "crossvalidate", "compare", "prepare"])
def test_files_of_other_weights_are_a_sentence(
    name: str, weights: dict[str, str], corpora: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = ["--cache", str(tmp_path / "cache"), *(["--run", str(tmp_path / "run")] if name != "prepare" else [])]
    paper = ["--preset", "paper"]
    for given, preset, words in (
        (["resnet34"], paper, "resnet34: not weights of resnet50 or resnet18; give a state file of torchvision's"),
        (["wide_resnet50_2"], paper, "not weights of resnet50 or resnet18"),
        (["tensor"], paper, "tensor: not a state file; save the network's state_dict() alone"),
        (["numbered"], paper, "numbered: not a state file"),
        (["text"], paper, "text: not a file of weights; give a state file of torchvision's"),
        (["nowhere"], paper, "nowhere: cannot be read (No such file or directory)"),
        (["resnet18", "resnet18"], paper, "are both weights of resnet18; give one of them"),
        (["resnet50"], [], "which these settings do not train; --preset paper does, and so does --set photo_backbone="),
    ):
        files = [word for kind in given for word in ("--weights", weights[kind])]
        assert main([name, *corpora, *folders, *preset, *files]) == 1
        (error,) = capsys.readouterr().err.strip().splitlines()
        assert words in error


def test_a_training_begins_with_weights_and_can_do_without_the_file_afterwards(
    corpora: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, run = tmp_path / "music.pt", tmp_path / "run"
    state = torchvision_models().resnet18(weights=None).state_dict()
    torch.save(state, path)
    still = ["--set", "lr=0.0", "--set", "ema=0.0", "--set", "epochs=1", "--set", "music_readout=0.0"]
    given = [*SETTINGS, *still, "--set", "music_backbone=resnet18", "--weights", str(path)]
    assert main(["train", *corpora, "--cache", str(tmp_path / "cache"), "--run", str(run), *given]) == 0
    path.unlink()
    trained = load_trained(run / TRAINED)
    assert trained.config.music_weights == str(path)
    assert torch.equal(trained.network.state_dict()["music_backbone.net.conv1.weight"], state["conv1.weight"])


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


def test_ctrl_c_is_waited_for_before_the_slow_imports() -> None:
    text = "import sys, trainer.__main__; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", ["", "prepare", "train", "crossvalidate", "evaluate", "export", "compare"])
def test_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*([name] if name else []), "--help"])
    assert stopped.value.code == 0
    assert "usage: python -m trainer" in capsys.readouterr().out


def test_torchrun_hands_every_option_of_train_over() -> None:
    from torch.distributed.run import get_args_parser

    names = ["oasis", "iaps", "naps", "emotic", "imemnet", "ratings", "deam", "normalise", "cache", "preset", "config"]
    names += ["set", "weights", "run-dir", "threads", "alpha"]
    arguments = ["train", "--json", *(word for name in names for word in (f"--{name}", "x"))]
    parsed = get_args_parser().parse_args(["--nproc-per-node", "2", "-m", "trainer", *arguments])
    assert (parsed.training_script, parsed.training_script_args) == ("trainer", arguments)


def test_wrong_usage_is_status_2() -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate"])
    assert stopped.value.code == 2
