from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from engine.bundle import MANIFEST, REHEARSAL, open_bundle
from engine.emotion import Emotion, va_similarity
from engine.errors import BrokenBundle
from engine.features import Window
from engine.library import Catalog, Photo
from engine.matching import MOMENTS_AT_ONCE, find_photos, model_ranks, photo_scores, reference_moods, span_weights
from tests.engine.show_material import a_catalog, encoders_with_rehearsal, tiny_encoders


def music(n: int) -> np.ndarray:
    return np.random.default_rng(5).normal(0, 1, (n, 512)).astype(np.float32)


def test_ranks_follow_distance_beyond_the_shortlist_and_the_predictor_within_it() -> None:
    catalog, songs, encoders = a_catalog(40), music(3), tiny_encoders()
    ranks = model_ranks(songs, catalog, encoders, shortlist=10)
    for i, song in enumerate(songs):
        distances = np.linalg.norm(catalog.embeddings - song, axis=1)
        by_distance, by_rank = np.argsort(distances), np.argsort(-ranks[i])
        similarity = encoders.similarity(catalog.embeddings[by_distance[:10]], song[None])[:, 0]
        assert by_rank[:10].tolist() == by_distance[:10][np.argsort(-similarity)].tolist()
        assert np.diff(distances[by_rank[10:]]).min() > -0.001 * np.ptp(distances)  # the nearly equal share a rank
        assert ranks[i][by_rank[10]] <= 1 - 10 / 39
        assert ranks[i].max() == 1
        assert ranks[i].mean() == pytest.approx(0.5, abs=0.005)
        assert ranks[i].min() == pytest.approx(0, abs=0.02)


def test_a_shortlist_of_all_photos_is_the_predictors_order_alone() -> None:
    catalog, songs, encoders = a_catalog(25), music(2), tiny_encoders()
    similarity = encoders.similarity(catalog.embeddings, songs).T
    assert np.array_equal(np.argsort(-model_ranks(songs, catalog, encoders)), np.argsort(-similarity))


def test_many_moments_are_ranked_as_each_alone() -> None:
    catalog, songs, encoders = a_catalog(20), music(MOMENTS_AT_ONCE + 3), tiny_encoders()
    ranks = model_ranks(songs, catalog, encoders, shortlist=5)
    alone = np.concatenate([model_ranks(song[None], catalog, encoders, shortlist=5) for song in songs])
    assert np.mean(np.abs(ranks - alone) > 1e-6) < 0.01  # a product of one row rounds otherwise


def test_a_score_is_the_mean_of_rank_and_equation_1() -> None:
    catalog, songs, encoders = a_catalog(30), music(4), tiny_encoders()
    points = np.array([[0.2, 0.8], [0.5, 0.5], [0.9, 0.1], [0.4, 0.6]], np.float32)
    similarity = va_similarity(points, catalog.va, sigma=encoders.bundle.manifest.sigma)
    scores = photo_scores(songs, points, catalog, encoders)
    assert np.allclose(scores, (model_ranks(songs, catalog, encoders) + similarity) / 2, atol=1e-6)
    assert scores.min() >= 0
    assert scores.max() <= 1


def test_one_photo_is_the_best_and_no_photo_no_column() -> None:
    encoders = tiny_encoders()
    assert model_ranks(music(2), a_catalog(1), encoders).tolist() == [[1], [1]]
    empty = Catalog((), np.zeros((0, 512), np.float32), np.zeros((0, 2), np.float32), "bundle")
    assert photo_scores(music(2), np.zeros((2, 2), np.float32), empty, encoders).shape == (2, 0)
    assert find_photos(empty, Emotion(0.5, 0.5), sigma=0.3, n=3) == []


def test_the_nearest_photos_are_found_in_order() -> None:
    va = np.array([[0.9, 0.9], [0.5, 0.5], [0.1, 0.2], [0.55, 0.5]], np.float32)
    photos = tuple(Photo(i, Path(f"{i}.jpg"), 4, 3, None, str(i)) for i in range(4))
    catalog = Catalog(photos, np.zeros((4, 512), np.float32), va, "bundle")
    found = find_photos(catalog, Emotion(0.5, 0.5), sigma=0.2, n=3)
    assert [photo.id for photo, _ in found] == [1, 3, 2]
    assert found[0][1] == pytest.approx(1)
    assert found[1][1] == pytest.approx(np.exp(-0.05 / 0.2), abs=1e-5)
    assert len(find_photos(catalog, Emotion(0.1, 0.1), sigma=0.2, n=99)) == 4


def test_spans_average_the_windows_they_overlap() -> None:
    windows = [Window(0, 2), Window(2, 4), Window(4, 5)]
    weights = span_weights(windows, [(0, 2), (1, 4), (4.5, 5), (9, 12), (-3, -1)])
    assert np.allclose(weights, [[1, 0, 0], [1 / 3, 2 / 3, 0], [0, 0, 1], [0, 0, 1], [1, 0, 0]])


def test_a_bundle_may_say_how_songs_are_in_general(tmp_path: Path) -> None:
    percentiles = np.linspace(0.2, 0.7, 101, dtype=np.float32)[:, None].repeat(2, axis=1)
    assert reference_moods(tiny_encoders().bundle) is None
    told = encoders_with_rehearsal(tmp_path / "told", reference_percentiles=percentiles)
    assert np.array_equal(reference_moods(told.bundle), percentiles)
    (told.bundle.path / REHEARSAL).unlink()
    assert np.array_equal(reference_moods(told.bundle), percentiles)  # read once
    silent = encoders_with_rehearsal(tmp_path / "silent", music_va=percentiles)
    assert reference_moods(silent.bundle) is None


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut off", b"", b"nonsense", None])
def test_a_rehearsal_set_that_cannot_be_read_is_a_fault_of_the_bundle(tmp_path: Path, content: bytes | None) -> None:
    bundle = encoders_with_rehearsal(tmp_path / "one", reference_percentiles=np.zeros(3, np.float32)).bundle
    if content is not None:
        (bundle.path / REHEARSAL).write_bytes(content)
        entries = json.loads((bundle.path / MANIFEST).read_text(encoding="utf-8"))
        entries["files"][REHEARSAL] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        (bundle.path / MANIFEST).write_text(json.dumps(entries), encoding="utf-8")
    with pytest.raises(BrokenBundle, match=r"rehearsal\.npz"):
        reference_moods(open_bundle(bundle.path))
