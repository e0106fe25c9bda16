"""Retraining as a process of its own: progress and result, stopped without a trace, every fault in words."""

from __future__ import annotations

import itertools
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.bundle import open_bundle
from engine.library import Encoded, Library, PhotoRecord
from slideshow.child_process import Ending
from slideshow.retraining import Fault, Retrained, Retraining, Step, fault_of

N_RATED = 12


@pytest.fixture
def library(tmp_path: Path, bundle: Path) -> Path:
    """A library of a few photos, most of them rated; none of the files is there."""
    opened = open_bundle(bundle)
    width = opened.manifest.photo.feature_width
    rng = np.random.default_rng(0)
    features = rng.standard_normal((N_RATED + 4, width)).astype(np.float32)
    blank = Encoded(features, np.zeros((len(features), 512), np.float32), np.full((len(features), 2), 0.5, np.float32))
    records = [PhotoRecord(tmp_path / f"{i}.jpg", 1, 1, f"content {i}", 4, 4) for i in range(len(features))]
    path = tmp_path / "library.sqlite"
    with Library.open(path) as made:
        made.store_photos(records, blank, backbone_id=opened.photo_backbone_id, bundle_id="none")
        for i in range(N_RATED):
            made.ratings.rate(f"content {i}", 0.2 + 0.05 * i, 0.1)
    return path


@pytest.fixture
def retraining(qtbot: QtBot) -> Retraining:
    return Retraining()


def test_it_learns_from_the_library_and_tells_how_far_it_is(
    qtbot: QtBot, retraining: Retraining, library: Path, bundle: Path, tmp_path: Path
) -> None:
    steps: list[Step] = []
    retraining.progressed.connect(steps.append)
    base = Path(shutil.copytree(bundle, tmp_path / "base"))
    dest = tmp_path / "models" / "new"
    with Library.open(library), qtbot.waitSignal(retraining.finished, timeout=60_000) as told:
        retraining.start(base, library, dest)
        assert retraining.is_running
    assert told.args is not None
    made = told.args[0]
    assert isinstance(made, Retrained)
    assert made.report["n_ratings"] == N_RATED
    assert made.report["bundle_id"] == open_bundle(dest).id
    assert made.seconds > 0
    assert steps[0].share == 0
    assert all(a.share <= b.share for a, b in itertools.pairwise(steps))
    assert steps[-1].share == 1
    assert not retraining.is_running
    # What is the same lies on the disk once.
    assert (dest / "photo_backbone.onnx").samefile(base / "photo_backbone.onnx")
    assert not (dest / "photo_head.onnx").samefile(base / "photo_head.onnx")


def test_stopped_it_leaves_nothing_behind(
    qtbot: QtBot, retraining: Retraining, library: Path, bundle: Path, tmp_path: Path
) -> None:
    dest = tmp_path / "models" / "new"
    with qtbot.waitSignal(retraining.stopped, timeout=30_000):
        retraining.progressed.connect(lambda step: retraining.stop() if step.share > 0 else None)
        retraining.start(bundle, library, dest)
    assert list(dest.parent.iterdir()) == []
    assert not retraining.is_running


def test_killed_by_another_it_says_so(
    qtbot: QtBot, retraining: Retraining, library: Path, bundle: Path, tmp_path: Path
) -> None:
    dest = tmp_path / "models" / "new"
    (dest.parent / f".{dest.name}-half").mkdir(parents=True)
    with qtbot.waitSignal(retraining.failed, timeout=30_000) as told:
        retraining.start(bundle, library, dest)
        process = retraining._child._process
        assert process is not None
        process.kill()
    assert told.args is not None
    assert told.args[0].title == "Retraining was cut off"
    assert list(dest.parent.iterdir()) == []


def test_closing_the_app_ends_it(retraining: Retraining, library: Path, bundle: Path, tmp_path: Path) -> None:
    retraining.start(bundle, library, tmp_path / "models" / "new")
    retraining.shutdown()
    assert not retraining.is_running
    assert list((tmp_path / "models").iterdir()) == []


def test_what_cannot_be_learnt_is_told(qtbot: QtBot, retraining: Retraining, bundle: Path, tmp_path: Path) -> None:
    for path, words in ((tmp_path / "gone.sqlite", "no such library"), (bundle / "manifest.json", "no library")):
        with qtbot.waitSignal(retraining.failed, timeout=30_000) as told:
            retraining.start(bundle, path, tmp_path / "models" / "new")
        assert told.args is not None
        assert words in told.args[0].text


def test_a_python_that_is_not_there_and_a_place_that_cannot_be_written(
    qtbot: QtBot, library: Path, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    retraining = Retraining(python=str(tmp_path / "no python"))
    with qtbot.waitSignal(retraining.failed, timeout=10_000) as told:
        retraining.start(bundle, library, tmp_path / "models" / "new")
    assert told.args is not None
    assert told.args[0].title == "Retraining could not begin"
    with qtbot.waitSignal(retraining.failed, timeout=10_000) as told:
        retraining.start(bundle, library, library / "new")
    assert told.args is not None
    assert told.args[0].title == "The new model has no place"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with qtbot.waitSignal(retraining.failed, timeout=10_000) as told:
        retraining.start(bundle, library, tmp_path / "models" / "new")
    assert told.args is not None
    assert told.args[0].title == "This edition cannot retrain"


@pytest.mark.parametrize(
    ("ending", "title"),
    [
        (Ending("failed", "error: /x/new: No space left on device\n"), "The disk is full"),
        (Ending("failed", "Traceback\nModuleNotFoundError: No module named 'onnx'\n"), "A part is missing"),
        (Ending("failed", "/usr/bin/python3: No module named trainer\n"), "A part is missing"),
        (Ending("failed", "error: 4 ratings are too few to learn from, 5 are the least\n"), "Too few ratings"),
        (Ending("failed", "Traceback\nKeyError: 1\n"), "Retraining did not work"),
        (Ending("failed", is_killed=True), "Retraining was cut off"),
    ],
)
def test_each_ending_has_words_and_says_what_is_kept(ending: Ending, title: str) -> None:
    fault = fault_of(ending)
    assert isinstance(fault, Fault)
    assert fault.title == title
    assert "ratings" in fault.text.lower() or "rated" in fault.text
    assert fault.part == ({"A part is missing": ending.missing_module}.get(title, ""))
