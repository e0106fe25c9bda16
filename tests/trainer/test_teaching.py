"""What a library holds of a person's teaching, and the command that learns from it: without torch, and killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.audio import load_song
from engine.bundle import MUSIC_HEAD, open_bundle
from engine.encoders import Encoders
from engine.errors import ExportError
from engine.features import window_features
from engine.library import Encoded, Library, PhotoRecord
from engine.song_index import index_songs
from engine.song_keys import song_key
from tests.trainer.test_retraining import TINY, features_of
from trainer.errors import CorpusMissing
from trainer.evidence import Answers
from trainer.ratings import RatedPhotos, Taught
from trainer.records import Unusable
from trainer.retraining import retrain
from trainer.teaching import Contents, library_teaching

ROOT = Path(__file__).resolve().parents[2]
JUNGLE = ROOT / "tests" / "assets" / "jungle-20s.flac"
N_PHOTOS, N_RATED = 40, 16

WITHOUT_TORCH = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "torchvision", "onnxscript", "sklearn"}:
            raise ModuleNotFoundError(f"no {name} here", name=name)
sys.meta_path.insert(0, Blocked())
from trainer.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def library_path(tmp_path: Path) -> Path:
    """A library of made-up photos; the first ones are said to be calmer than the model says."""
    encoders = Encoders(open_bundle(TINY), n_threads=1)
    features = features_of(N_PHOTOS, seed=3)
    encoded = Encoded(features, *encoders.photo_heads(features))
    path = tmp_path / "library.db"
    records = [PhotoRecord(tmp_path / f"{i}.jpg", 1, 1, f"hash{i}", 40, 30, None) for i in range(N_PHOTOS)]
    with Library.open(path) as library:
        bundle = encoders.bundle
        library.store_photos(records, encoded, backbone_id=bundle.photo_backbone_id, bundle_id=bundle.id)
        for i in range(N_RATED):
            valence, arousal = encoded.va[i].tolist()
            library.ratings.rate(f"hash{i}", valence, max(0.0, arousal - 0.2))
        library.ratings.rate("gone", 0.5, 0.5)
    return path


def command(library_path: Path, dest: Path) -> list[str]:
    """The command line that the app starts, in a Python that has no torch."""
    arguments = ["retrain", "--bundle", str(TINY), "--library", str(library_path), "-o", str(dest), "--json"]
    return [sys.executable, "-c", WITHOUT_TORCH, *arguments, "--threads", "1"]


def test_ratings_find_their_photos_by_content(library_path: Path) -> None:
    problems: list[Unusable] = []
    with Library.open(library_path) as library:
        encoders = Encoders(open_bundle(TINY), n_threads=1)
        contents = Contents(library, encoders)
        rated = library_teaching(library, contents, encoders, on_unusable=problems.append).rated
        assert rated.hashes == tuple(f"hash{i}" for i in range(N_RATED))
        np.testing.assert_array_equal(rated.features, features_of(N_PHOTOS, seed=3)[:N_RATED])
        assert [problem.item for problem in problems] == ["gone"]
        library.ratings.forget_all()
        with pytest.raises(CorpusMissing, match="no photo has been rated"):
            library_teaching(library, contents, encoders)


def test_answers_and_marks_are_read_and_learnt(library_path: Path, tmp_path: Path) -> None:
    encoders = Encoders(open_bundle(TINY), n_threads=1)
    with Library.open(library_path) as library:
        library.ratings.compare("hash0", "hash30", "calmer", "second")
        library.ratings.compare("hash30", "hash31", "happier", "first")
        library.ratings.compare("hash1", "hash2", "calmer", "same")
        library.ratings.compare("hash1", "gone", "calmer", "same")
        for t_s in (1.0, 5.0, 9.0, 13.0, 500.0):
            library.ratings.mark("jungle", JUNGLE, t_s, 0.9, 0.1)
        library.ratings.mark("lost", tmp_path / "lost.mp3", 1.0, 0.5, 0.5)
        problems: list[Unusable] = []
        taught = library_teaching(library, Contents(library, encoders), encoders, on_unusable=problems.append)
    assert (len(taught.rated), len(taught.others), len(taught.answers)) == (N_RATED, 2, 3)
    rows = zip(*(column.tolist() for column in (taught.answers.first, taught.answers.second)), strict=True)
    assert list(rows) == [(0, N_RATED), (N_RATED, N_RATED + 1), (1, 2)]
    assert taught.answers.axis.tolist() == [1, 0, 1]
    assert taught.answers.more.tolist() == [1, 1, 0]  # the second is calmer, so the first has more arousal
    np.testing.assert_array_equal(taught.others, features_of(N_PHOTOS, seed=3)[30:32])
    assert {Path(problem.item).name for problem in problems} == {"gone", "lost.mp3"}
    assert set(taught.songs) == {"jungle"}
    song = encoders.music_features(window_features(load_song(JUNGLE).y))
    assert all((row == song).all(axis=1).any() for row in taught.windows)
    report = retrain(open_bundle(TINY), tmp_path / "mine", taught, n_resamples=2)
    assert (report.n_ratings, report.n_answers, report.n_marked_windows) == (N_RATED, 3, len(taught.marks))
    new = open_bundle(tmp_path / "mine")
    (_, before), (_, after) = (Encoders(bundle, n_threads=1).music_heads(song) for bundle in (open_bundle(TINY), new))
    aim = np.array([0.9, 0.1])
    assert np.abs(after - aim).mean() < np.abs(before - aim).mean()
    again = retrain(new, tmp_path / "again", replace(taught, windows=song[:0], marks=song[:0, :2], songs=()))
    assert again.songs is None
    assert open_bundle(tmp_path / "again").file_bytes(MUSIC_HEAD) == open_bundle(TINY).file_bytes(MUSIC_HEAD)


def test_a_marked_song_that_was_moved_is_heard_where_it_lies(library_path: Path, tmp_path: Path) -> None:
    encoders = Encoders(open_bundle(TINY), n_threads=1)
    song = Path(shutil.copy(JUNGLE, tmp_path / "song.flac"))
    with Library.open(library_path) as library:
        library.ratings.mark(song_key(song, library), song, 5.0, 0.9, 0.1)
        before = library_teaching(library, Contents(library, encoders), encoders)
        (tmp_path / "music").mkdir()
        shutil.move(song, tmp_path / "music" / "another name.flac")
        index_songs(library, [tmp_path / "music"], encoders)
        problems: list[Unusable] = []
        after = library_teaching(library, Contents(library, encoders), encoders, on_unusable=problems.append)
    assert [problem.item for problem in problems] == ["gone"]
    assert len(after.windows)
    np.testing.assert_array_equal(after.windows, before.windows)
    assert after.songs == before.songs


def test_only_the_latest_ratings_are_kept_with_the_answers_that_need_others() -> None:
    features = np.arange(6, dtype=np.float32)[:, None]
    rated = RatedPhotos(tuple(Path(str(i)) for i in range(4)), features[:4], np.zeros((4, 2), np.float32))
    answers = Answers(*(np.array(column, np.intp) for column in ([0, 3, 4], [2, 5, 0], [0, 1, 0], [1, -1, 0])))
    taught = replace(Taught.of_photos(rated), others=features[4:], answers=answers)
    latest = taught.latest(2)
    kept = np.concatenate([latest.rated.features, latest.others])[:, 0]
    assert [path.name for path in latest.rated.paths] == ["2", "3"]
    assert kept[latest.answers.first].tolist() == [3.0, 4.0]
    assert kept[latest.answers.second].tolist() == [5.0, 0.0]
    assert latest.answers.more.tolist() == [-1, 0]


def test_a_whole_retraining_needs_no_torch_and_tells_what_moved(library_path: Path, tmp_path: Path) -> None:
    dest = tmp_path / "mine"
    done = subprocess.run(
        command(library_path, dest), cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["stage"] for line in lines if line["kind"] == "progress"} == {
        "photos",
        "songs",
        "learn",
        "movers",
        "write",
    }
    result = lines[-1]
    assert (result["kind"], result["n_ratings"]) == ("retrained", N_RATED)
    new = open_bundle(dest)
    features = features_of(N_PHOTOS, seed=3)
    before, after = (Encoders(bundle, n_threads=1).photo_heads(features)[1] for bundle in (open_bundle(TINY), new))
    moved = np.linalg.norm(after - before, axis=1)
    rows = [int(mover["content_hash"].removeprefix("hash")) for mover in result["movers"]]
    np.testing.assert_allclose(moved[rows], np.sort(moved)[::-1][: len(rows)], atol=1e-4)
    assert result["movers"][0]["path"] == str(tmp_path / f"{rows[0]}.jpg")
    assert result["movers"][0]["after"] == pytest.approx(after[rows[0]].tolist(), abs=1e-3)
    assert result["movers"][0]["after"][1] < result["movers"][0]["before"][1]


def test_a_command_that_needs_torch_says_so(tmp_path: Path) -> None:
    arguments = ["evaluate", "--bundle", str(TINY), "--oasis", str(tmp_path), "--deam", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "extra [train]" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such signals")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_killed_while_it_learns_it_leaves_no_bundle(library_path: Path, tmp_path: Path, how: signal.Signals) -> None:
    before = library_path.read_bytes()
    running = subprocess.Popen(
        command(library_path, tmp_path / "mine"), cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    with running.stdout as output:
        for line in output:
            if json.loads(line).get("stage") == "learn":
                break
        running.send_signal(how)
    assert running.wait(timeout=60) == (130 if how == signal.SIGTERM else -how)
    assert not (tmp_path / "mine").exists()
    assert library_path.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such signals")
def test_killed_while_it_writes_there_is_a_whole_bundle_or_none(library_path: Path, tmp_path: Path) -> None:
    running = subprocess.Popen(
        command(library_path, tmp_path / "mine"), cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, text=True
    )
    assert running.stdout is not None
    with running.stdout as output:
        for line in output:
            if json.loads(line).get("stage") == "write":
                break
        running.kill()
    running.wait(timeout=60)
    if (tmp_path / "mine").exists():
        open_bundle(tmp_path / "mine")


def test_a_full_disk_is_said_and_leaves_nothing(
    library_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_bytes(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    with Library.open(library_path) as library:
        encoders = Encoders(open_bundle(TINY), n_threads=1)
        rated = library_teaching(library, Contents(library, encoders), encoders)
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    with pytest.raises(ExportError, match="No space left"):
        retrain(open_bundle(TINY), tmp_path / "mine", rated, n_resamples=2)
    assert sorted(tmp_path.iterdir()) == before


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
