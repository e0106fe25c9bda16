"""Bundles: written whole, read exactly, and every fault told in a sentence."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.bundle import (
    MANIFEST,
    MUSIC_HEAD,
    PHOTO_BACKBONE,
    PHOTO_HEAD,
    REHEARSAL,
    REQUIRED_FILES,
    ModelBundle,
    MusicSpec,
    PhotoSpec,
    open_bundle,
    verify_bundle,
    write_bundle,
)
from engine.errors import BrokenBundle, ExportError
from engine.features import N_ROWS

TINY = Path(__file__).resolve().parent.parent / "assets" / "tiny_bundle"

ROW_MEAN = np.linspace(-300, 50, N_ROWS, dtype=np.float32)
ROW_STD = np.linspace(0.1, 90, N_ROWS, dtype=np.float32)


def write(dest: Path, *, name: str = "made up", extra: dict[str, bytes] | None = None) -> ModelBundle:
    return write_bundle(
        dest,
        files={file: file.encode() for file in REQUIRED_FILES} | (extra or {}),
        name=name,
        created="2024-05-06T07:08:09+00:00",
        photo=PhotoSpec(260, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 1280),
        music=MusicSpec(ROW_MEAN, ROW_STD, 384),
        sigma=0.29,
        corpora=["OASIS", "DEAM"],
        scores={"photo_valence_r": 0.6},
        split_seed=3,
    )


def test_a_bundle_that_says_what_photos_show_is_of_a_newer_format(tmp_path: Path) -> None:
    plain = write(tmp_path / "plain")
    telling = write_bundle(
        tmp_path / "telling",
        files={file: file.encode() for file in REQUIRED_FILES},
        name="made up",
        created="2024-05-06T07:08:09+00:00",
        photo=replace(plain.manifest.photo, has_content=True),
        music=plain.manifest.music,
        sigma=0.29,
        corpora=[],
        scores={},
    )
    assert not plain.manifest.photo.has_content
    assert open_bundle(telling.path).manifest.photo.has_content
    assert [json.loads((b.path / MANIFEST).read_text())["format"] for b in (plain, telling)] == [1, 2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TINY, tmp_path / "bundle"))


def edit_manifest(bundle: Path, change: Callable[[dict[str, Any]], object]) -> None:
    entries = json.loads((bundle / MANIFEST).read_text())
    change(entries)
    (bundle / MANIFEST).write_text(json.dumps(entries))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    bundle = write(tmp_path / "new" / "bundle")
    manifest = open_bundle(bundle.path).manifest
    assert manifest.photo == PhotoSpec(260, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 1280)
    np.testing.assert_array_equal(manifest.music.row_mean, ROW_MEAN)
    np.testing.assert_array_equal(manifest.music.row_std, ROW_STD)
    assert manifest.music.row_mean.dtype == np.float32
    assert (manifest.sigma, manifest.corpora, manifest.split_seed) == (0.29, ("OASIS", "DEAM"), 3)
    assert manifest.scores == {"photo_valence_r": 0.6}
    assert bundle.file_bytes(PHOTO_HEAD) == PHOTO_HEAD.encode()
    assert sorted(path.name for path in bundle.path.parent.iterdir()) == ["bundle"]


def test_ids_follow_the_content(tmp_path: Path) -> None:
    first, same = write(tmp_path / "a"), write(tmp_path / "b")
    other_head = write(tmp_path / "c", extra={PHOTO_HEAD: b"retrained"})
    assert first.id == same.id
    assert other_head.id != first.id
    assert other_head.photo_backbone_id == first.photo_backbone_id
    assert write(tmp_path / "d", extra={PHOTO_BACKBONE: b"retrained"}).photo_backbone_id != first.photo_backbone_id


def test_the_music_id_follows_what_hears_and_nothing_else(tmp_path: Path) -> None:
    made = write(tmp_path / "a")
    assert write(tmp_path / "b", name="other", extra={PHOTO_HEAD: b"other"}).music_id == made.music_id
    assert write(tmp_path / "c", extra={MUSIC_HEAD: b"other"}).music_id != made.music_id
    rows = replace(made.manifest.music, row_std=ROW_STD * 2)
    assert replace(made, manifest=replace(made.manifest, music=rows)).music_id != made.music_id


def test_what_is_the_same_lies_on_the_disk_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def like(dest: Path) -> Path:
        manifest = base.manifest
        files = {file: base.file_bytes(file) for file in manifest.files} | {PHOTO_HEAD: b"new"}
        write_bundle(
            dest, files=files, name="new", created=manifest.created, photo=manifest.photo, music=manifest.music,
            sigma=manifest.sigma, corpora=manifest.corpora, scores=manifest.scores, like=base,
        )  # fmt: skip
        return dest

    base = write(tmp_path / "base")
    linked = like(tmp_path / "linked")
    assert (linked / PHOTO_BACKBONE).samefile(base.path / PHOTO_BACKBONE)
    assert (linked / PHOTO_HEAD).read_bytes() == b"new"
    assert (base.path / PHOTO_HEAD).read_bytes() != b"new"

    def refuse(self: Path, target: Path) -> None:
        raise OSError("this disk has no links")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    copied = like(tmp_path / "copied")
    assert not (copied / PHOTO_BACKBONE).samefile(base.path / PHOTO_BACKBONE)
    assert verify_bundle(copied) == []


def test_rehearsal_is_optional(tmp_path: Path) -> None:
    assert write(tmp_path / "without").rehearsal_path is None
    path = write(tmp_path / "with", extra={REHEARSAL: b"arrays"}).rehearsal_path
    assert path is not None
    assert path.read_bytes() == b"arrays"


def test_a_new_bundle_replaces_an_old_one(tmp_path: Path) -> None:
    write(tmp_path / "bundle", name="old", extra={REHEARSAL: b"arrays"})
    write(tmp_path / "bundle", name="new")
    assert open_bundle(tmp_path / "bundle").manifest.name == "new"
    assert not (tmp_path / "bundle" / REHEARSAL).exists()
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "final.txt").write_text("years of work")
    with pytest.raises(ExportError, match="no model bundle"):
        write(tmp_path / "thesis")
    assert (tmp_path / "thesis" / "final.txt").read_text() == "years of work"
    (tmp_path / "file").write_text("a file")
    with pytest.raises(ExportError):
        write(tmp_path / "file")


def test_a_write_that_fails_leaves_the_old_bundle_and_no_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "bundle", name="old")
    rename = Path.rename

    def disk_full(self: Path, target: Path) -> Path:
        if self.name.startswith(".bundle") and target.name == "bundle" and not self.name.endswith("-old"):
            raise OSError(28, os.strerror(28))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", disk_full)
    with pytest.raises(ExportError, match="No space left"):
        write(tmp_path / "bundle", name="new")
    assert open_bundle(tmp_path / "bundle").manifest.name == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_the_tiny_bundle_is_whole() -> None:
    assert verify_bundle(TINY) == []
    assert open_bundle(TINY).manifest.name == "tiny"
    assert sum(path.stat().st_size for path in TINY.iterdir()) < 100_000


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_one_changed_byte_is_found(copy: Path, name: str) -> None:
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(BrokenBundle, match=f"{name} has changed") as caught:
        open_bundle(copy)
    assert caught.value.path == copy
    assert verify_bundle(copy) == [caught.value.reason]


def test_a_byte_changed_after_opening_is_found_at_use(copy: Path) -> None:
    bundle = open_bundle(copy)
    content = bytearray((copy / PHOTO_HEAD).read_bytes())
    content[-1] ^= 1
    (copy / PHOTO_HEAD).write_bytes(content)
    with pytest.raises(BrokenBundle, match="has changed"):
        bundle.file_bytes(PHOTO_HEAD)


def test_every_problem_is_listed(copy: Path) -> None:
    (copy / PHOTO_BACKBONE).unlink()
    with (copy / PHOTO_HEAD).open("ab") as file:
        file.write(b"!")
    missing, longer = verify_bundle(copy)
    assert missing == f"{PHOTO_BACKBONE} is missing"
    assert longer.startswith(f"{PHOTO_HEAD} has ")


def test_no_bundle_at_all(tmp_path: Path) -> None:
    with pytest.raises(BrokenBundle, match="no such folder"):
        open_bundle(tmp_path / "nowhere")
    with pytest.raises(BrokenBundle, match="no model bundle"):
        open_bundle(tmp_path)
    (tmp_path / "file").write_text("x")
    assert verify_bundle(tmp_path / "file") == ["there is no such folder"]


@pytest.mark.parametrize("content", [b"", b"not json", b"\xff\xfe\x00", b'{"format": 1', b"[" * 100_000])
def test_a_manifest_that_is_not_json(copy: Path, content: bytes) -> None:
    (copy / MANIFEST).write_bytes(content)
    with pytest.raises(BrokenBundle, match="is not JSON"):
        open_bundle(copy)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda m: m.update(format=3), "newer Moodreel"),
        (lambda m: m["photo"].update(has_content=1), "has_content"),
        (lambda m: m.update(format="1"), "format"),
        (lambda m: m.pop("format"), "format"),
        (lambda m: m.update(embedding_width=256), "embedding_width"),
        (lambda m: m.update(sigma=0), "sigma"),
        (lambda m: m.update(sigma=float("nan")), "sigma"),
        (lambda m: m.update(sigma=10**400), "sigma"),
        (lambda m: m.update(scores={"r": None}), "scores.r"),
        (lambda m: m.update(corpora="DEAM"), "corpora"),
        (lambda m: m.pop("photo"), "photo"),
        (lambda m: m["photo"].update(input_px=0), "photo.input_px"),
        (lambda m: m["photo"].update(input_px=10**30), "photo.input_px"),
        (lambda m: m["photo"].update(feature_width=10**9), "photo.feature_width"),
        (lambda m: m["photo"].update(std=[1e300, 1, 1]), "photo.std"),
        (lambda m: m["photo"].update(mean=[0.5, 0.5]), "photo.mean"),
        (lambda m: m["photo"].update(std=[0.5, 0.0, 0.5]), "photo.std"),
        (lambda m: m["music"].update(features="other"), "music features"),
        (lambda m: m["music"]["row_mean"].pop(), "music.row_mean"),
        (lambda m: m["music"]["row_std"].__setitem__(7, -1), "music.row_std"),
        (lambda m: m["files"].pop(PHOTO_HEAD), PHOTO_HEAD),
        (lambda m: m["files"].update({"../outside": {"sha256": "", "bytes": 0}}), "plain file name"),
        (lambda m: m["files"].update({"a\0b": {"sha256": "", "bytes": 0}}), "plain file name"),
        (lambda m: m["files"].update({PHOTO_HEAD: "abc"}), PHOTO_HEAD),
    ],
)
def test_a_faulty_manifest_names_the_entry(copy: Path, change: Callable[[dict[str, Any]], object], reason: str) -> None:
    edit_manifest(copy, change)
    with pytest.raises(BrokenBundle, match=reason):
        open_bundle(copy)


def test_a_manifest_that_is_a_list(copy: Path) -> None:
    (copy / MANIFEST).write_text("[]")
    with pytest.raises(BrokenBundle, match="no JSON object"):
        open_bundle(copy)
