"""Retraining the tiny bundle on a person's ratings: what changes, what stays, and what is left when it stops."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.bundle import PHOTO_HEAD, REHEARSAL, ModelBundle, open_bundle, write_bundle
from engine.encoders import Encoders
from engine.errors import BrokenBundle, EngineError
from engine.library import Encoded, Library
from engine.library import PhotoRecord as Stored
from engine.progress import Progress
from trainer.before_after import compare
from trainer.errors import CorpusMissing, TrainerError
from trainer.ratings import RatedPhotos, rated_photos
from trainer.records import PhotoRecord, Unusable
from trainer.retraining import retrain
from trainer.taught_heads import BASE_HEAD, base_head, known_photos, seen_groups

TINY = Path(__file__).parents[1] / "assets" / "tiny_bundle"
CREATED = "2024-01-01T00:00:00+00:00"


def with_files(dest: Path, files: Mapping[str, bytes]) -> ModelBundle:
    """The tiny bundle with more files."""
    tiny = open_bundle(TINY)
    manifest = tiny.manifest
    return write_bundle(
        dest,
        files={name: tiny.file_bytes(name) for name in manifest.files} | dict(files),
        name="tiny",
        created=manifest.created,
        photo=manifest.photo,
        music=manifest.music,
        sigma=manifest.sigma,
        corpora=(),
        scores={"photo_valence_r": 0.5},
    )


def rehearsal_bytes(encoders: Encoders, *, n: int = 60, **more: np.ndarray) -> bytes:
    features = features_of(n, seed=7)
    labels = np.clip(encoders.photo_heads(features)[1] + 0.05 * np.random.default_rng(1).standard_normal((n, 2)), 0, 1)
    songs = np.random.default_rng(2).uniform(-1, 1, (20, encoders.bundle.manifest.music.feature_width))
    buffer = io.BytesIO()
    np.savez(
        buffer,
        photo_features=features.astype(np.float16),
        photo_va=labels.astype(np.float32),
        music_features=songs.astype(np.float16),
        music_va=np.random.default_rng(3).random((20, 2)).astype(np.float32),
        **more,
    )
    return buffer.getvalue()


def features_of(n: int, *, seed: int) -> np.ndarray:
    """Features of the tiny backbone: brightness, saturation, contrast, warmth, and a thumbnail."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.uniform(0.1, 0.6, (n, 4)), rng.uniform(0, 1, (n, 48))], axis=1).astype(np.float32)


def rated_of(encoders: Encoders, n: int, *, shift: tuple[float, float] = (0.0, -0.2)) -> RatedPhotos:
    features = features_of(n, seed=11)
    va = np.clip(encoders.photo_heads(features)[1] + np.array(shift), 0, 1).astype(np.float32)
    return RatedPhotos(tuple(Path(f"{i}.jpg") for i in range(n)), features, va)


@pytest.fixture
def encoders() -> Encoders:
    return Encoders(open_bundle(TINY), n_threads=1)


@pytest.fixture
def bundle(tmp_path: Path, encoders: Encoders) -> ModelBundle:
    splits = json.dumps({"OASIS": {"beach": "train"}}).encode()
    return with_files(tmp_path / "bundle", {REHEARSAL: rehearsal_bytes(encoders), "splits.json": splits})


def test_the_new_bundle_understands_and_shares_all_but_the_photo_head(
    bundle: ModelBundle, encoders: Encoders, tmp_path: Path
) -> None:
    rated = rated_of(encoders, 40)
    report = retrain(bundle, tmp_path / "new", rated, created=CREATED, n_resamples=50)
    new = open_bundle(tmp_path / "new")
    assert new.id == report.bundle_id
    assert new.photo_backbone_id == bundle.photo_backbone_id
    changed = {name for name in new.manifest.files if bundle.manifest.files.get(name) != new.manifest.files[name]}
    assert changed == {PHOTO_HEAD, BASE_HEAD, "model_card.md"}
    assert new.file_bytes(BASE_HEAD) == bundle.file_bytes(PHOTO_HEAD)
    error = report.held_out.figures["mse"]
    assert error.after.value < 0.5 * error.before.value
    assert error.p_better > 0.9
    assert report.known is not None
    assert report.known.figures["arousal_r"].after.value > 0.97 * report.known.figures["arousal_r"].before.value
    assert report.original is None
    assert (report.n_ratings, report.n_left_out) == (40, 0)
    new_encoders = Encoders(new, n_threads=1)
    new_encoders.check()
    features = features_of(30, seed=12)
    (embeddings, va), (new_embeddings, new_va) = encoders.photo_heads(features), new_encoders.photo_heads(features)
    assert (new_va - va)[:, 1].mean() == pytest.approx(-0.2, abs=0.06)
    assert (new_embeddings - embeddings)[:, 1].mean() == pytest.approx(-0.2, abs=0.06)  # there the tiny one keeps it
    assert "Learnt from a person" in new.file_bytes("model_card.md").decode()
    assert json.loads(json.dumps(report.to_dict(), allow_nan=False))["n_ratings"] == 40


def test_retrained_again_ratings_do_not_count_twice(bundle: ModelBundle, encoders: Encoders, tmp_path: Path) -> None:
    rated = rated_of(encoders, 30)
    retrain(bundle, tmp_path / "one", rated, created=CREATED, n_resamples=5)
    one = open_bundle(tmp_path / "one")
    retrain(one, tmp_path / "two", rated, created=CREATED, n_resamples=5)
    two = open_bundle(tmp_path / "two")
    assert base_head(two) == bundle.file_bytes(PHOTO_HEAD)
    assert two.id == one.id
    assert two.file_bytes("model_card.md").decode().count("Learnt from a person") == 1


def test_the_rehearsal_set_can_be_left_unread(bundle: ModelBundle, encoders: Encoders, tmp_path: Path) -> None:
    report = retrain(bundle, tmp_path / "new", rated_of(encoders, 20), use_rehearsal=False, n_resamples=5)
    assert report.known is None
    without = with_files(tmp_path / "without", {})
    assert known_photos(without, base_head(without)) is None
    assert retrain(without, tmp_path / "newer", rated_of(encoders, 20), n_resamples=5).known is None


def test_the_original_test_photos_a_bundle_carries_score_it_and_teach_nothing(
    encoders: Encoders, tmp_path: Path
) -> None:
    features = features_of(20, seed=8)
    tests = {
        "test_photo_features": features.astype(np.float16),
        "test_photo_va": encoders.photo_heads(features)[1],
        "test_photo_group": np.array([f"theme {i // 2}" for i in range(20)]),
    }
    without = with_files(tmp_path / "without", {REHEARSAL: rehearsal_bytes(encoders)})
    bundle = with_files(tmp_path / "with", {REHEARSAL: rehearsal_bytes(encoders, **tests)})
    rated = rated_of(encoders, 20)
    assert retrain(without, tmp_path / "a", rated, n_resamples=5).original is None
    report = retrain(bundle, tmp_path / "b", rated, n_resamples=5)
    assert report.original is not None
    assert (report.original.n_photos, report.original.n_groups) == (20, 10)
    # Labelled with what the head said before, they were right, and move with what was taught.
    assert report.original.figures["mse"].before.value < 1e-4 < report.original.figures["mse"].after.value
    assert open_bundle(tmp_path / "a").file_bytes(PHOTO_HEAD) == open_bundle(tmp_path / "b").file_bytes(PHOTO_HEAD)
    assert retrain(bundle, tmp_path / "c", rated, use_rehearsal=False, n_resamples=5).original is None
    short = tests | {"test_photo_group": np.array(["one"])}
    broken = with_files(tmp_path / "broken", {REHEARSAL: rehearsal_bytes(encoders, **short)})
    with pytest.raises(BrokenBundle, match="does not fit"):
        retrain(broken, tmp_path / "d", rated, n_resamples=5)


def test_stopped_anywhere_it_leaves_nothing(bundle: ModelBundle, encoders: Encoders, tmp_path: Path) -> None:
    rated = rated_of(encoders, 20)
    steps: list[Progress] = []
    retrain(bundle, tmp_path / "whole", rated, n_resamples=2, report=steps.append)
    before = sorted(tmp_path.iterdir())
    for stop in range(len(steps) - 1):  # the last report comes when all is written
        left = iter(range(stop))

        def report(progress: Progress, left=left) -> None:  # type: ignore[no-untyped-def]
            if next(left, None) is None:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            retrain(bundle, tmp_path / "new", rated, n_resamples=2, report=report)
        assert sorted(tmp_path.iterdir()) == before


def test_bad_input_is_said(bundle: ModelBundle, encoders: Encoders, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="too few"):
        retrain(bundle, tmp_path / "new", rated_of(encoders, 4))
    with pytest.raises(TrainerError, match="another folder"):
        retrain(bundle, bundle.path, rated_of(encoders, 20))
    (tmp_path / "in the way").mkdir()
    (tmp_path / "in the way" / "photo.jpg").write_bytes(b"mine")
    with pytest.raises(EngineError, match="in the way"):
        retrain(bundle, tmp_path / "in the way", rated_of(encoders, 20), n_resamples=2)
    assert (tmp_path / "in the way" / "photo.jpg").read_bytes() == b"mine"
    for i, content in enumerate(
        (
            b"nonsense",
            b"",
            b"PK\x03\x04 cut off",
            _npz(photo_va=np.zeros((3, 2))),
            _npz(photo_features=np.zeros((3, 9)), photo_va=np.zeros((3, 2))),
        )
    ):
        broken = with_files(tmp_path / f"broken {i}", {REHEARSAL: content})
        with pytest.raises(BrokenBundle, match=r"rehearsal\.npz"):
            retrain(broken, tmp_path / "new", rated_of(encoders, 20))
    assert not (tmp_path / "new").exists()
    with pytest.raises(TrainerError, match="no test set is known"):
        seen_groups(with_files(tmp_path / "plain", {}))
    assert seen_groups(bundle) == {"beach"}


def _npz(**arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_features_come_from_the_library_or_from_the_photo(encoders: Encoders, tmp_path: Path) -> None:
    for name, colour in (("red.png", (200, 30, 30)), ("grey.png", (90, 90, 90))):
        Image.new("RGB", (40, 30), colour).save(tmp_path / name)
    (tmp_path / "torn.jpg").write_bytes(b"no photo")
    stored = features_of(1, seed=3)
    with Library.open(tmp_path / "library.db") as library:
        library.store_photos(
            [Stored(tmp_path / "gone.jpg", 1, 1, "hash", 40, 30, None)],
            Encoded(stored, *encoders.photo_heads(stored)),
            backbone_id=encoders.bundle.photo_backbone_id,
            bundle_id=encoders.bundle.id,
        )
        names = ["gone.jpg", "red.png", "torn.jpg", "grey.png"]
        records = [PhotoRecord(tmp_path / name, name, 0.25, 0.75) for name in names]
        problems: list[Unusable] = []
        rated = rated_photos(records, encoders, library=library, on_unusable=problems.append)
    assert [path.name for path in rated.paths] == ["gone.jpg", "red.png", "grey.png"]
    np.testing.assert_array_equal(rated.features[0], stored[0])
    assert rated.features[1, 0] == pytest.approx((200 + 30 + 30) / 3 / 255, abs=0.01)  # brightness
    assert rated.va.tolist() == [[0.25, 0.75]] * 3
    assert [Path(problem.item).name for problem in problems] == ["torn.jpg"]
    with pytest.raises(CorpusMissing, match="none of the rated photos"):
        rated_photos([records[2]], encoders)


def test_a_comparison_resamples_groups() -> None:
    labels = np.array([[0.1, 0.2], [0.4, 0.4], [0.6, 0.9], [0.8, 0.7]], np.float32)
    comparison = compare(labels + np.float32(0.1), labels, labels, ["a", "a", "b", "c"], n_resamples=20)
    assert (comparison.n_photos, comparison.n_groups) == (4, 3)
    assert comparison.figures["mse"].before.value == pytest.approx(0.02)
    assert comparison.figures["mse"].after.value == 0.0
    assert comparison.figures["mse"].p_better == 1.0
    assert comparison.figures["valence_r"].after.value == pytest.approx(1.0)
