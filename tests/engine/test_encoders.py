"""The encoders: what the networks give, in any batch and from any thread, and what a wrong network causes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from engine import encoders as encoders_module
from engine.audio import load_song
from engine.bundle import (
    EMBEDDING_WIDTH,
    MANIFEST,
    MUSIC_HEAD,
    PHOTO_BACKBONE,
    PHOTO_HEAD,
    REQUIRED_FILES,
    SIMILARITY,
    ModelBundle,
    open_bundle,
    write_bundle,
)
from engine.emotion import va_similarity
from engine.encoders import Encoders, run_network
from engine.errors import BrokenBundle
from engine.features import N_FRAMES, N_ROWS, window_features

ASSETS = Path(__file__).resolve().parent.parent / "assets"
TINY = ASSETS / "tiny_bundle"


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return Encoders(open_bundle(TINY), n_threads=1)


@pytest.fixture(scope="module")
def windows() -> np.ndarray:
    return window_features(load_song(ASSETS / "jungle-20s.wav").y)


def plain_photo(red: int, green: int, blue: int) -> np.ndarray:
    return np.broadcast_to(np.array([red, green, blue], dtype=np.uint8), (40, 60, 3)).copy()


def noisy_images(n: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 3, 32, 32)).astype(np.float32)


def photos_va(encoders: Encoders, *photos: np.ndarray) -> np.ndarray:
    return encoders.photo_heads(encoders.photo_features(np.stack([encoders.photo_input(p) for p in photos])))[1]


def rebuilt(dest: Path, **replaced: bytes) -> ModelBundle:
    """The tiny bundle with some files replaced and the hashes right, as a faulty export would leave it."""
    tiny = open_bundle(TINY)
    files = {name: tiny.file_bytes(name) for name in REQUIRED_FILES} | {f"{k}.onnx": v for k, v in replaced.items()}
    manifest = tiny.manifest
    return write_bundle(
        dest,
        files=files,
        name="x",
        created="",
        photo=manifest.photo,
        music=manifest.music,
        sigma=1,
        corpora=[],
        scores={},
    )


def test_check_loads_every_network() -> None:
    Encoders(open_bundle(TINY)).check()


def test_networks_that_are_the_same_are_shared_and_not_checked_again(tmp_path: Path) -> None:
    first = Encoders(open_bundle(TINY), n_threads=1)
    first.check()
    other = tmp_path / "other"
    shutil.copytree(TINY, other)
    content = (other / PHOTO_HEAD).read_bytes()
    (other / PHOTO_HEAD).write_bytes(content[: len(content) // 2])
    manifest = json.loads((other / MANIFEST).read_text())
    head = (other / PHOTO_HEAD).read_bytes()
    manifest["files"][PHOTO_HEAD] = {"sha256": hashlib.sha256(head).hexdigest(), "bytes": len(head)}
    (other / MANIFEST).write_text(json.dumps(manifest))
    second = Encoders(open_bundle(other), n_threads=1, like=first)
    assert second._session(PHOTO_BACKBONE) is first._session(PHOTO_BACKBONE)
    with pytest.raises(BrokenBundle, match=PHOTO_HEAD):
        second.check(like=first)


def test_a_bright_warm_photo_is_more_pleasant_than_a_dark_one(encoders: Encoders) -> None:
    bright, dark = photos_va(encoders, plain_photo(250, 210, 120), plain_photo(20, 25, 30))
    assert bright[0] > dark[0] + 0.3


def test_shapes_ranges_and_types(encoders: Encoders, windows: np.ndarray) -> None:
    spec = encoders.bundle.manifest
    photo_features = encoders.photo_features(noisy_images(3))
    music_features = encoders.music_features(windows)
    assert photo_features.shape == (3, spec.photo.feature_width)
    assert music_features.shape == (len(windows), spec.music.feature_width)
    for embeddings, va in (encoders.photo_heads(photo_features), encoders.music_heads(music_features)):
        assert embeddings.shape == (len(va), EMBEDDING_WIDTH)
        assert embeddings.dtype == va.dtype == np.float32
        assert va.shape[1] == 2
        assert va.min() >= 0
        assert va.max() <= 1


def test_rows_are_standardised_with_the_manifest(encoders: Encoders) -> None:
    """The tiny backbone's first 193 features are the rows' means: 0 for the mean row, 1 one deviation above."""
    music = encoders.bundle.manifest.music
    window = np.repeat(music.row_mean[:, None], N_FRAMES, axis=1)[None]
    above = window + music.row_std[None, :, None]
    features = encoders.music_features(np.concatenate([window, above]))
    np.testing.assert_allclose(features[0, :N_ROWS], 0, atol=1e-5)
    np.testing.assert_allclose(features[1, :N_ROWS], 1, rtol=1e-4)


def test_chunks_do_not_change_the_result(
    encoders: Encoders, windows: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = noisy_images(19)
    together = np.concatenate([encoders.photo_features(images[i : i + 1]) for i in range(19)])
    np.testing.assert_allclose(encoders.photo_features(images), together, atol=1e-5)
    whole = encoders.music_features(windows)
    monkeypatch.setattr(encoders_module, "MUSIC_BATCH", 3)
    np.testing.assert_allclose(encoders.music_features(windows), whole, atol=1e-5)


def test_an_empty_input_gives_an_empty_output(encoders: Encoders) -> None:
    assert encoders.photo_features(noisy_images(0)).shape == (0, encoders.bundle.manifest.photo.feature_width)
    no_windows = np.empty((0, N_ROWS, N_FRAMES), dtype=np.float32)
    embeddings, va = encoders.music_heads(encoders.music_features(no_windows))
    assert embeddings.shape == (0, EMBEDDING_WIDTH)
    assert va.shape == (0, 2)
    assert encoders.similarity(embeddings, np.zeros((4, EMBEDDING_WIDTH), np.float32)).shape == (0, 4)
    assert encoders.similarity(np.zeros((4, EMBEDDING_WIDTH), np.float32), embeddings).shape == (4, 0)


def test_similarity_covers_all_pairs_in_order(
    encoders: Encoders, windows: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_embeddings, photo_va = encoders.photo_heads(encoders.photo_features(noisy_images(7)))
    music_embeddings, music_va = encoders.music_heads(encoders.music_features(windows[:5]))
    expected = va_similarity(photo_va, music_va, sigma=encoders.bundle.manifest.sigma)
    monkeypatch.setattr(encoders_module, "PAIR_BATCH", 4)
    scores = encoders.similarity(photo_embeddings, music_embeddings)
    assert scores.shape == (7, 5)
    np.testing.assert_allclose(scores, expected, atol=1e-5)
    np.testing.assert_allclose(
        encoders.pair_similarity(photo_embeddings[:5], music_embeddings), np.diag(expected[:5]), atol=1e-5
    )


def test_threads_may_share_the_encoders() -> None:
    encoders = Encoders(open_bundle(TINY), n_threads=1)
    images = noisy_images(12)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: encoders.photo_features(images), range(16)))
    for result in results:
        np.testing.assert_array_equal(result, results[0])


def test_wrong_shapes_are_the_callers_fault(encoders: Encoders) -> None:
    with pytest.raises(ValueError, match="windows must be"):
        encoders.music_features(np.zeros((2, N_FRAMES, N_ROWS), np.float32))
    with pytest.raises(ValueError, match="images must be"):
        encoders.photo_features(np.zeros((2, 3, 31, 32), np.float32))
    with pytest.raises(ValueError, match="equal n"):
        encoders.pair_similarity(np.zeros((2, EMBEDDING_WIDTH), np.float32), np.zeros((3, EMBEDDING_WIDTH), np.float32))


@pytest.mark.parametrize("content", [b"", b"not a network", bytes(range(256)) * 8])
def test_a_file_that_is_no_network(tmp_path: Path, content: bytes) -> None:
    encoders = Encoders(rebuilt(tmp_path / "bundle", photo_head=content))
    encoders.photo_features(noisy_images(1))
    with pytest.raises(BrokenBundle, match=PHOTO_HEAD):
        encoders.photo_heads(np.zeros((1, 52), np.float32))
    with pytest.raises(BrokenBundle, match=PHOTO_HEAD):
        encoders.check()


def test_a_truncated_network(tmp_path: Path) -> None:
    content = open_bundle(TINY).file_bytes(MUSIC_HEAD)
    encoders = Encoders(rebuilt(tmp_path / "bundle", music_head=content[: len(content) // 2]))
    with pytest.raises(BrokenBundle, match=MUSIC_HEAD):
        encoders.check()


def test_networks_in_each_others_place(tmp_path: Path) -> None:
    tiny = open_bundle(TINY)
    swapped = rebuilt(tmp_path / "a", photo_backbone=tiny.file_bytes(SIMILARITY))
    with pytest.raises(BrokenBundle, match=f"{PHOTO_BACKBONE} takes photo_embedding"):
        Encoders(swapped).check()
    wrong_width = rebuilt(tmp_path / "b", photo_head=tiny.file_bytes(MUSIC_HEAD))
    with pytest.raises(BrokenBundle, match=f"{PHOTO_HEAD} takes features as"):
        Encoders(wrong_width).check()


def test_a_bundle_without_content_says_nothing_of_it(encoders: Encoders, tmp_path: Path) -> None:
    features, content = encoders.photo_features_and_content(noisy_images(2))
    assert content is None
    np.testing.assert_array_equal(features, encoders.photo_features(noisy_images(2)))
    promised = shutil.copytree(TINY, tmp_path / "promised")
    manifest = json.loads((promised / MANIFEST).read_text())
    manifest["photo"]["has_content"] = True
    (promised / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BrokenBundle, match=f"{PHOTO_BACKBONE} gives features, not features, content"):
        Encoders(open_bundle(promised)).check()


def test_one_file_runs_on_its_own(encoders: Encoders) -> None:
    images = noisy_images(3)
    (features,) = run_network(encoders.bundle.file_bytes(PHOTO_BACKBONE), {"images": images}, n_threads=1)
    np.testing.assert_allclose(features, encoders.photo_features(images), atol=1e-5)
    with pytest.raises(ValueError, match=r"."):
        run_network(b"no network", {"images": images})


def test_running_a_network_writes_nothing_into_the_persons_home(tmp_path: Path) -> None:
    code = "import sys, pathlib, engine.bundle as b, engine.encoders as e; "
    code += "e.Encoders(b.open_bundle(pathlib.Path(sys.argv[1]))).check()"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", code, str(TINY)], env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []
