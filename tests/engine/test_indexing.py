"""Indexing real files with the tiny bundle: what is counted, what is skipped and why, and that no run is ever lost."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from engine import indexing
from engine.bundle import open_bundle, write_bundle
from engine.encoders import Encoders
from engine.errors import Cancelled
from engine.focus import find_focus
from engine.folders import device_number, real_path
from engine.images import load_image, read_photo
from engine.indexing import BATCH, IndexReport, index_folders
from engine.library import Library, Photo
from engine.progress import Progress
from engine.siblings import perceptual_hash

ROOT = Path(__file__).parents[2]
TINY = ROOT / "tests" / "assets" / "tiny_bundle"
DEMO = ROOT / "resources" / "demo" / "photos"


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return Encoders(open_bundle(TINY), n_threads=1)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "data" / "library.db") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "photos").mkdir()
    return tmp_path / "photos"


def paint(path: Path, seed: int, *, size: tuple[int, int] = (60, 40)) -> Path:
    """A small photo that no other seed gives."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    Image.fromarray(blocks).resize(size, Image.Resampling.NEAREST).save(path)
    return path


def paint_many(folder: Path, n: int) -> list[Path]:
    return [paint(folder / f"photo {i:03}.png", i) for i in range(n)]


def counts(report: IndexReport) -> tuple[int, int, int, int, int]:
    """found, indexed, unchanged, recognised, skipped; and the law that ties them."""
    unreadable = report.found - report.indexed - report.unchanged - report.recognised
    assert 0 <= unreadable <= len(report.skipped)
    return report.found, report.indexed, report.unchanged, report.recognised, len(report.skipped)


def names(library: Library, encoders: Encoders, *under: Path) -> list[str]:
    catalog = library.catalog(encoders.bundle.id, under=under or None)
    return sorted(photo.path.name for photo in catalog.photos)


class TestOnce:
    def test_catalog_holds_what_the_networks_say_of_each_photo(
        self, library: Library, folder: Path, encoders: Encoders
    ) -> None:
        paint_many(folder, 2 * BATCH + 3)
        report = index_folders(library, [folder], encoders)
        assert counts(report) == (2 * BATCH + 3, 2 * BATCH + 3, 0, 0, 0)
        catalog = library.catalog(encoders.bundle.id)
        assert len(catalog) == report.found
        for i in (0, BATCH, 2 * BATCH + 2):
            image, info = load_image(catalog.photos[i].path, min_side_px=encoders.bundle.manifest.photo.input_px)
            features = encoders.photo_features(encoders.photo_input(image)[None])
            embeddings, va = encoders.photo_heads(features)
            np.testing.assert_allclose(catalog.embeddings[i], embeddings[0], atol=1e-4)
            np.testing.assert_allclose(catalog.va[i], va[0], atol=1e-4)
            assert (catalog.photos[i].width, catalog.photos[i].height) == (info.width, info.height) == (60, 40)

    def test_a_second_run_does_nothing(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paint_many(folder, 5)
        index_folders(library, [folder], encoders)
        before = library.catalog(encoders.bundle.id)
        batches: list[tuple[Photo, ...]] = []
        report = index_folders(library, [folder], encoders, on_batch=batches.append)
        assert counts(report) == (5, 0, 5, 0, 0)
        assert batches == []
        after = library.catalog(encoders.bundle.id)
        assert after.photos == before.photos
        np.testing.assert_array_equal(after.embeddings, before.embeddings)

    def test_photos_are_never_written_to(self, library: Library, folder: Path, encoders: Encoders) -> None:
        for path in sorted(DEMO.iterdir())[:4]:
            shutil.copy2(path, folder)
        before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
        for path in folder.iterdir():
            path.chmod(0o400)
        folder.chmod(0o500)
        report = index_folders(library, [folder], encoders)
        folder.chmod(0o700)
        assert report.indexed == 4
        assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()} == before

    def test_progress_and_batches(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paint_many(folder, BATCH + 4)
        reports: list[Progress] = []
        batches: list[tuple[Photo, ...]] = []
        index_folders(library, [folder], encoders, report=reports.append, on_batch=batches.append)
        assert {progress.stage for progress in reports} == {"indexing"}
        totals = [progress.total for progress in reports]
        assert totals == sorted(totals)
        assert totals[0] == 0
        assert totals[-1] == BATCH + 4
        done = [progress.done for progress in reports if progress.total]
        assert done == sorted(done)
        assert done[-1] == BATCH + 4
        assert reports[-1].detail == f"photo {BATCH + 3:03}.png"
        assert [len(batch) for batch in batches] == [BATCH, 4]
        assert tuple(photo for batch in batches for photo in batch) == library.catalog(encoders.bundle.id).photos

    def test_empty_folder_and_no_folder(self, library: Library, folder: Path, encoders: Encoders) -> None:
        assert counts(index_folders(library, [folder], encoders)) == (0, 0, 0, 0, 0)
        assert counts(index_folders(library, [], encoders)) == (0, 0, 0, 0, 0)
        assert library.folders() == (folder.resolve(),)

    def test_one_photo(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paint(folder / "only.jpg", 1)
        assert counts(index_folders(library, [folder], encoders)) == (1, 1, 0, 0, 0)

    def test_not_remembered_folders_stay_out_of_the_library(
        self, library: Library, folder: Path, encoders: Encoders
    ) -> None:
        paint(folder / "a.png", 1)
        index_folders(library, [folder], encoders, remember=False)
        assert library.folders() == ()
        assert names(library, encoders) == []
        assert names(library, encoders, folder) == ["a.png"]


class TestWalk:
    def test_what_counts_as_a_photo(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paint(folder / "UPPER.JPG", 1)
        paint(folder / "deep" / "er" / "b.png", 2)
        paint(folder / ".hidden" / "c.png", 3)
        paint(folder / "@eaDir" / "d.png", 4)
        paint(folder / ".e.png", 5)
        (folder / "notes.txt").write_text("no photo")
        (folder / "folder.jpg").mkdir()
        assert counts(index_folders(library, [folder], encoders)) == (2, 2, 0, 0, 0)
        assert names(library, encoders) == ["UPPER.JPG", "b.png"]

    def test_a_hidden_folder_named_by_the_person_is_walked(
        self, library: Library, folder: Path, encoders: Encoders
    ) -> None:
        paint(folder / ".private" / "a.png", 1)
        assert counts(index_folders(library, [folder / ".private"], encoders)) == (1, 1, 0, 0, 0)

    def test_overlapping_folders_count_once(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paint(folder / "a.png", 1)
        paint(folder / "in" / "b.png", 2)
        for order in ([folder, folder / "in"], [folder / "in", folder, folder], [folder / "in" / ".." / "in", folder]):
            report = index_folders(library, order, encoders)
            assert report.found == 2
        assert names(library, encoders) == ["a.png", "b.png"]

    def test_links_in_a_circle(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paint(folder / "a.png", 1)
        (folder / "again").symlink_to(folder)
        (folder / "self").symlink_to(folder / "self")
        (folder / "self.png").symlink_to(folder / "self.png")
        report = index_folders(library, [folder], encoders)
        assert report.found == 1
        assert names(library, encoders) == ["a.png"]

    def test_a_folder_of_links_is_a_folder_of_photos(
        self, library: Library, folder: Path, tmp_path: Path, encoders: Encoders
    ) -> None:
        paint(tmp_path / "far" / "a.png", 1)
        paint(tmp_path / "far" / "not linked.png", 2)
        paint(tmp_path / "album" / "b.png", 3)
        (folder / "a.png").symlink_to(tmp_path / "far" / "a.png")
        (folder / "same again.png").symlink_to(tmp_path / "far" / "a.png")
        (folder / "album").symlink_to(tmp_path / "album")
        (folder / "gone.png").symlink_to(tmp_path / "nowhere.png")
        report = index_folders(library, [folder], encoders)
        assert report.found == 2
        assert [(path.name, reason) for path, reason in report.skipped] == [("gone.png", "it is not there")]
        assert names(library, encoders) == ["a.png", "b.png"]
        assert names(library, encoders, folder) == ["a.png", "b.png"]
        # A link taken away takes its photo out of the folder.
        (folder / "album").unlink()
        index_folders(library, [folder], encoders)
        assert names(library, encoders) == ["a.png"]

    @pytest.mark.skipif(os.name == "nt", reason="such names exist on POSIX systems only")
    def test_names_that_are_no_text(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paint(folder / "plain.png", 1)
        odd = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9"))
        odd.mkdir()
        (folder / "plain.png").rename(odd / os.fsdecode(b"\xff\xfe.png"))
        reports: list[Progress] = []
        assert index_folders(library, [folder], encoders, report=reports.append).indexed == 1
        assert index_folders(library, [folder], encoders).unchanged == 1
        (photo,) = library.catalog(encoders.bundle.id).photos
        assert photo.path.read_bytes()
        assert all(progress.detail.encode() is not None for progress in reports)

    def test_out_of_reach_is_reported_and_the_rest_indexed(
        self, library: Library, folder: Path, tmp_path: Path, encoders: Encoders
    ) -> None:
        paint(folder / "a.png", 1)
        (tmp_path / "file.txt").write_text("x")
        report = index_folders(library, [tmp_path / "none", tmp_path / "file.txt", folder], encoders)
        assert counts(report) == (1, 1, 0, 0, 2)
        assert dict(report.skipped) == {
            tmp_path / "none": "it is not there",
            tmp_path / "file.txt": "it is not a folder",
        }
        assert library.folders() == (folder.resolve(),)

    def test_a_folder_too_deep_to_open_is_reported(self, library: Library, folder: Path, encoders: Encoders) -> None:
        # Longer than a path may be: refused by the system for everyone, root too.
        paint(folder / "a.png", 1)
        here = os.open(folder, os.O_RDONLY)
        try:
            for _ in range(20):
                os.mkdir("d" * 250, dir_fd=here)
                deeper = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
                os.close(here)
                here = deeper
        finally:
            os.close(here)
        report = index_folders(library, [folder], encoders)
        assert report.indexed == 1
        assert "cannot be opened" in report.skipped[0][1]

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
    def test_without_permission(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paint(folder / "a.png", 1).chmod(0)
        paint(folder / "locked" / "b.png", 2)
        (folder / "locked").chmod(0)
        report = index_folders(library, [folder], encoders)
        (folder / "locked").chmod(0o700)
        assert [(path.name, "permission denied" in reason) for path, reason in report.skipped] == [
            ("a.png", True),
            ("locked", True),
        ]
        (folder / "a.png").chmod(0o600)
        # Nothing about the file was wrong, so it is tried again although it has not changed.
        assert index_folders(library, [folder], encoders).indexed == 2


class TestUnreadable:
    def test_reported_remembered_and_tried_again_once_changed(
        self, library: Library, folder: Path, encoders: Encoders
    ) -> None:
        paint_many(folder, 3)
        (folder / "text.jpg").write_text("no photo at all")
        (folder / "empty.png").touch()
        cut = paint(folder / "cut.jpg", 9, size=(600, 400))
        whole = cut.read_bytes()
        cut.write_bytes(whole[: len(whole) // 2])
        report = index_folders(library, [folder], encoders)
        assert counts(report) == (6, 3, 0, 0, 3)
        reasons = {path.name: reason for path, reason in report.skipped}
        assert "not a photo" in reasons["text.jpg"]
        assert "empty" in reasons["empty.png"]
        assert "damaged" in reasons["cut.jpg"]
        assert names(library, encoders) == ["photo 000.png", "photo 001.png", "photo 002.png"]
        again = index_folders(library, [folder], encoders)
        assert counts(again) == (6, 0, 3, 0, 3)
        assert again.skipped == report.skipped
        cut.write_bytes(whole)
        assert counts(index_folders(library, [folder], encoders)) == (6, 1, 3, 0, 2)

    def test_what_could_not_be_read_this_time_is_tried_again(
        self, library: Library, folder: Path, tmp_path: Path, encoders: Encoders
    ) -> None:
        path = paint(folder / "a.png", 1)

        def take_away_after_the_walk(progress: Progress) -> None:
            if progress.total and path.exists():
                path.rename(tmp_path / "away.png")

        report = index_folders(library, [folder], encoders, report=take_away_after_the_walk)
        assert counts(report) == (1, 0, 0, 0, 1)
        assert "not there" in report.skipped[0][1]
        (tmp_path / "away.png").rename(path)
        assert counts(index_folders(library, [folder], encoders)) == (1, 1, 0, 0, 0)

    def test_many_do_not_stop_the_run(self, library: Library, folder: Path, encoders: Encoders) -> None:
        for i in range(2 * BATCH + 1):
            (folder / f"bad {i:02}.jpg").write_text(f"{i}")
        paint(folder / "zz.png", 1)
        assert counts(index_folders(library, [folder], encoders)) == (2 * BATCH + 2, 1, 0, 0, 2 * BATCH + 1)

    def test_a_good_photo_that_was_damaged_leaves_the_catalog(
        self, library: Library, folder: Path, encoders: Encoders
    ) -> None:
        path = paint(folder / "a.png", 1)
        index_folders(library, [folder], encoders)
        path.write_bytes(path.read_bytes()[:100])
        assert counts(index_folders(library, [folder], encoders)) == (1, 0, 0, 0, 1)
        assert names(library, encoders) == []


def test_a_file_systems_number_of_64_bits_can_be_stored(library: Library, folder: Path) -> None:
    status = os.stat_result((0o040755, 1, 2**64 - 5, 1, 0, 0, 0, 0, 0, 0))
    number = device_number(status)
    library.add_folder(folder)
    library.record_walk({real_path(folder): number}, {})
    assert library.folder_device(folder) == number
    assert device_number(folder.stat()) == folder.stat().st_dev


class TestChanges:
    def test_only_new_and_changed_photos_are_decoded(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paths = paint_many(folder, 4)
        index_folders(library, [folder], encoders)
        before = library.catalog(encoders.bundle.id)
        paint(paths[1], 100, size=(40, 60))
        paint(folder / "new.png", 101)
        assert counts(index_folders(library, [folder], encoders)) == (5, 2, 3, 0, 0)
        after = library.catalog(encoders.bundle.id)
        assert after.photos[0] == before.photos[0]
        assert (after.photos[1].id, after.photos[1].width) == (before.photos[1].id, 40)
        assert not np.array_equal(after.embeddings[1], before.embeddings[1])

    def test_touched_is_not_changed(self, library: Library, folder: Path, encoders: Encoders) -> None:
        path = paint(folder / "a.png", 1)
        index_folders(library, [folder], encoders)
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 5_000_000_000))
        for _ in range(2):
            assert counts(index_folders(library, [folder], encoders)) == (1, 0, 1, 0, 0)

    def test_moved_and_renamed_photos_are_known_again(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paths = paint_many(folder, 4)
        index_folders(library, [folder], encoders)
        before = {photo.content_hash: photo.id for photo in library.catalog(encoders.bundle.id).photos}
        (folder / "album").mkdir()
        paths[0].rename(folder / "album" / "renamed.png")
        folder.rename(folder.with_name("moved"))
        folder = folder.with_name("moved")
        report = index_folders(library, [folder], encoders)
        assert counts(report) == (4, 0, 0, 4, 0)
        after = {photo.content_hash: photo.id for photo in library.catalog(encoders.bundle.id).photos}
        assert after == before

    def test_what_was_said_of_a_photo_is_kept_when_a_copy_is_found_while_its_drive_is_away(
        self, library: Library, folder: Path, encoders: Encoders
    ) -> None:
        drive, copies = folder / "drive", folder / "copies"
        paint_many(drive, 2)
        index_folders(library, [drive], encoders)
        loved, other = library.catalog(encoders.bundle.id).photos
        library.set_favourite([loved.id], is_favourite=True)
        library.ratings.rate(loved.content_hash, 0.9, 0.2)
        shutil.copytree(drive, copies)
        drive.rename(folder / "unplugged")
        report = index_folders(library, [copies], encoders)
        assert counts(report) == (2, 0, 0, 2, 0)
        here = {photo.path.parent.name: photo.is_favourite for photo in library.catalog(encoders.bundle.id).photos[:1]}
        assert here == {"copies": True}
        (folder / "unplugged").rename(drive)
        index_folders(library, [drive, copies], encoders)
        photos = library.catalog(encoders.bundle.id).photos
        assert [photo.path.parent.name for photo in photos if photo.is_favourite] == ["copies", "drive"]
        assert [photo.content_hash for photo in photos].count(other.content_hash) == 2
        assert [rating.content_hash for rating in library.ratings.photos()] == [loved.content_hash]

    def test_ratings_outlive_a_folder_that_is_removed_and_its_photos_edited(
        self, library: Library, folder: Path, encoders: Encoders
    ) -> None:
        kept, edited = folder / "a.png", folder / "b.jpg"
        paint(kept, 1)
        Image.open(paint(folder / "b.png", 2, size=(300, 200))).convert("RGB").save(edited, quality=95)
        (folder / "b.png").unlink()
        index_folders(library, [folder], encoders)
        for photo in library.catalog(encoders.bundle.id).photos:
            library.ratings.rate(photo.content_hash, 0.5, 0.25)
        library.remove_folder(folder)
        exif = Image.Exif()
        exif[ExifTags.Base.ImageDescription] = "Said by another program"
        Image.open(edited).save(folder / "new.jpg", exif=exif, quality=95)
        (folder / "new.jpg").replace(edited)
        paint(kept, 3)
        index_folders(library, [folder], encoders)
        rated = {rating.content_hash for rating in library.ratings.photos()}
        now = {photo.path.name: photo.content_hash in rated for photo in library.catalog(encoders.bundle.id).photos}
        assert now == {"a.png": False, "b.jpg": True}
        assert len(rated) == 2  # what was said of the picture that a.png was, should it come back

    def test_moved_within_the_folder_is_not_missing(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paths = paint_many(folder, 2)
        index_folders(library, [folder], encoders)
        paths[0].rename(folder / "renamed.png")
        report = index_folders(library, [folder], encoders)
        assert (report.recognised, report.missing) == (1, 0)
        assert names(library, encoders) == ["photo 001.png", "renamed.png"]

    def test_copies_are_photos_of_their_own(self, library: Library, folder: Path, encoders: Encoders) -> None:
        path = paint(folder / "a.png", 1)
        index_folders(library, [folder], encoders)
        shutil.copy(path, folder / "copy.png")
        assert counts(index_folders(library, [folder], encoders)) == (2, 0, 1, 1, 0)
        catalog = library.catalog(encoders.bundle.id)
        assert catalog.photos[0].content_hash == catalog.photos[1].content_hash
        np.testing.assert_array_equal(catalog.embeddings[0], catalog.embeddings[1])

    def test_two_photos_that_swap_names(self, library: Library, folder: Path, encoders: Encoders) -> None:
        first, second = paint(folder / "a.png", 1), paint(folder / "b.png", 2)
        index_folders(library, [folder], encoders)
        before = library.catalog(encoders.bundle.id)
        first.rename(folder / "c.png")
        second.rename(first)
        (folder / "c.png").rename(second)
        for path in (first, second):
            os.utime(path, ns=(0, path.stat().st_mtime_ns + 5_000_000_000))
        report = index_folders(library, [folder], encoders)
        assert report.found == 2
        after = library.catalog(encoders.bundle.id)
        by_name = {photo.path.name: i for i, photo in enumerate(after.photos)}
        np.testing.assert_allclose(after.embeddings[by_name["a.png"]], before.embeddings[1], atol=1e-4)
        np.testing.assert_allclose(after.embeddings[by_name["b.png"]], before.embeddings[0], atol=1e-4)

    def test_copies_of_what_a_photo_was_before_it_changed(
        self, library: Library, folder: Path, tmp_path: Path, encoders: Encoders
    ) -> None:
        first = paint(folder / "a.png", 1)
        index_folders(library, [folder], encoders)
        before = library.catalog(encoders.bundle.id)
        shutil.copy(first, tmp_path / "old.png")
        paint(first, 2, size=(90, 40))
        # They are read, and taken for copies, long before the batch with the changed photo is stored.
        copies = [folder / name for name in ("c1.png", "c2.png", "e.png")]
        for copy in copies:
            shutil.copy(tmp_path / "old.png", copy)
        for i in range(BATCH - 1):
            paint(folder / f"b{i:02}.png", 100 + i)
            paint(folder / f"d{i:02}.png", 200 + i)
        report = index_folders(library, [folder], encoders)
        assert report.found == report.indexed + report.recognised == 2 * BATCH + 2
        after = library.catalog(encoders.bundle.id)
        row_of = {photo.path.name: i for i, photo in enumerate(after.photos)}
        for copy in copies:
            np.testing.assert_allclose(after.embeddings[row_of[copy.name]], before.embeddings[0], atol=1e-4)
        assert np.abs(after.embeddings[row_of["a.png"]] - before.embeddings[0]).max() > 0.01

    def test_vanished_photos_are_flagged_and_come_back_for_free(
        self, library: Library, folder: Path, tmp_path: Path, encoders: Encoders
    ) -> None:
        paths = paint_many(folder, 3)
        index_folders(library, [folder], encoders)
        shutil.move(paths[0], tmp_path / "away.png")
        report = index_folders(library, [folder], encoders)
        assert (report.found, report.missing) == (2, 1)
        assert names(library, encoders) == ["photo 001.png", "photo 002.png"]
        assert index_folders(library, [folder], encoders).missing == 0
        shutil.move(tmp_path / "away.png", paths[0])
        assert counts(index_folders(library, [folder], encoders)) == (3, 0, 3, 0, 0)
        assert len(names(library, encoders)) == 3

    def test_a_folder_out_of_reach_keeps_its_photos(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paint_many(folder / "drive", 3)
        paint(folder / "here" / "a.png", 50)
        index_folders(library, [folder / "drive", folder / "here"], encoders)
        (folder / "drive").rename(folder / "unplugged")
        report = index_folders(library, [folder / "drive", folder / "here"], encoders)
        assert (report.found, report.missing) == (1, 0)
        assert report.skipped == ((folder / "drive", "it is not there"),)
        assert len(names(library, encoders)) == 4

    def test_a_link_to_a_drive_that_is_away_keeps_its_photos(
        self, library: Library, folder: Path, encoders: Encoders, tmp_path: Path
    ) -> None:
        paint_many(tmp_path / "share", 2)
        paint(folder / "a.png", 50)
        (folder / "link").symlink_to(tmp_path / "share")
        index_folders(library, [folder], encoders)
        (tmp_path / "share").rename(tmp_path / "away")
        report = index_folders(library, [folder], encoders)
        assert (report.found, report.missing) == (1, 0)
        assert len(names(library, encoders)) == 3
        (folder / "link").unlink()
        index_folders(library, [folder], encoders)
        assert names(library, encoders) == ["a.png"]

    def test_an_empty_mount_point_keeps_its_photos(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paint_many(folder, 2)
        index_folders(library, [folder], encoders)
        # As if the drive's own file system had lain there, with another number.
        library.record_walk({os.fsencode(folder.resolve()): folder.stat().st_dev + 1}, {})
        for path in folder.iterdir():
            path.unlink()
        report = index_folders(library, [folder], encoders)
        assert report.missing == 0
        assert "not to be connected" in report.skipped[0][1]
        assert len(names(library, encoders)) == 2

    def test_emptied_folder_on_its_own_disk_is_empty(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paint(folder / "a.png", 1)
        index_folders(library, [folder], encoders)
        (folder / "a.png").unlink()
        assert index_folders(library, [folder], encoders).missing == 1
        assert names(library, encoders) == []

    def test_photos_of_a_hidden_folder_are_not_missing(
        self, library: Library, folder: Path, encoders: Encoders
    ) -> None:
        paint(folder / ".private" / "a.png", 1)
        index_folders(library, [folder / ".private"], encoders)
        # The walk of the folder around it passes it over.
        assert index_folders(library, [folder], encoders).missing == 0
        assert names(library, encoders) == ["a.png"]

    def test_other_folders_are_left_alone(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paint(folder / "one" / "a.png", 1)
        paint(folder / "two" / "b.png", 2).with_name("c").mkdir()
        index_folders(library, [folder / "one", folder / "two"], encoders)
        (folder / "one" / "a.png").unlink()
        assert index_folders(library, [folder / "two"], encoders).missing == 0

    def test_a_banned_file_overwritten_by_a_copy_of_another_bans_that_one_not(
        self, library: Library, encoders: Encoders, folder: Path
    ) -> None:
        first, second = paint_many(folder, 2)
        index_folders(library, [folder], encoders)
        (banned,) = (p for p in library.catalog(encoders.bundle.id).photos if p.path == first)
        library.ban(banned.id)
        first.write_bytes(second.read_bytes())
        index_folders(library, [folder], encoders)
        assert names(library, encoders, folder) == [first.name, second.name]


class TestAnotherBundle:
    def test_with_the_same_backbone_decodes_nothing(
        self, library: Library, folder: Path, tmp_path: Path, encoders: Encoders
    ) -> None:
        paths = paint_many(folder, 3)
        index_folders(library, [folder], encoders)
        bundle = encoders.bundle
        manifest = bundle.manifest
        files = {name: bundle.file_bytes(name) for name in manifest.files}
        settings = {"created": manifest.created, "photo": manifest.photo, "music": manifest.music}
        settings |= {"sigma": manifest.sigma, "corpora": manifest.corpora, "scores": manifest.scores}
        other = Encoders(write_bundle(tmp_path / "other", files=files, name="other", **settings), n_threads=1)
        # Without its file a photo could not be decoded again, but it needs no decoding.
        paths[0].unlink()
        report = index_folders(library, [folder], other)
        assert (report.indexed, report.unchanged, report.missing) == (0, 2, 1)
        assert len(names(library, other)) == 2


def cancel_when(test: object) -> object:
    def report(progress: Progress) -> None:
        if test(progress):  # type: ignore[operator]
            raise Cancelled

    return report


class TestStopped:
    @pytest.mark.parametrize("at", ["start", "walk", "first photo", "before a commit", "after a commit", "last photo"])
    def test_cancelled_at_any_stage_keeps_what_was_committed(
        self, library: Library, folder: Path, encoders: Encoders, at: str
    ) -> None:
        n = 2 * BATCH + 2
        paint_many(folder, n)
        when = {
            "start": lambda progress: True,
            "walk": lambda progress: progress.detail == folder.name,
            "first photo": lambda progress: progress.total > 0,
            "before a commit": lambda progress: progress.done == BATCH - 1,
            "after a commit": lambda progress: progress.done == BATCH + 1,
            "last photo": lambda progress: progress.total > 0 and progress.done == progress.total,
        }[at]
        committed: list[Photo] = []
        with pytest.raises(Cancelled):
            index_folders(library, [folder], encoders, report=cancel_when(when), on_batch=committed.extend)  # type: ignore[arg-type]
        kept = library.catalog(encoders.bundle.id, under=[folder]).photos
        assert kept == tuple(committed)
        assert len(kept) == {"after a commit": BATCH, "last photo": 2 * BATCH}.get(at, 0)
        report = index_folders(library, [folder], encoders)
        assert counts(report) == (n, n - len(kept), len(kept), 0, 0)

    def test_cancelled_while_a_drive_hangs_does_not_wait_for_it(
        self, library: Library, folder: Path, encoders: Encoders, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        paint_many(folder, 3)
        comes_back = threading.Event()
        monkeypatch.setattr(indexing, "LEAVE_S", 0.2)
        monkeypatch.setattr(indexing, "read_photo", lambda path: comes_back.wait() and read_photo(path))
        told: list[Progress] = []

        def stop(progress: Progress) -> None:
            told.append(progress)
            if len([one for one in told if one.total]) == 3:
                raise Cancelled

        try:
            with pytest.raises(Cancelled):
                index_folders(library, [folder], encoders, report=stop)
            assert any(thread.name.startswith("decode_") for thread in threading.enumerate())  # it waits on its own
        finally:
            comes_back.set()
        for thread in threading.enumerate():
            if thread.name.startswith("decode"):
                thread.join()

    def test_cancel_in_the_batch_callback(self, library: Library, folder: Path, encoders: Encoders) -> None:
        paint_many(folder, BATCH + 1)

        def stop(photos: tuple[Photo, ...]) -> None:
            raise Cancelled

        with pytest.raises(Cancelled):
            index_folders(library, [folder], encoders, on_batch=stop)
        assert len(library.catalog(encoders.bundle.id)) == BATCH

    @pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
    def test_killed_while_indexing_loses_nothing_committed(
        self, folder: Path, tmp_path: Path, encoders: Encoders
    ) -> None:
        for path in sorted(DEMO.iterdir()):
            shutil.copy(path, folder)
        n = len(list(folder.iterdir()))
        program = (
            "import sys, time; from pathlib import Path\n"
            "from engine.bundle import open_bundle; from engine.encoders import Encoders\n"
            "from engine.indexing import index_folders; from engine.library import Library\n"
            "def tell(photos):\n"
            "    for photo in photos: print(photo.id, photo.content_hash, photo.path.name, flush=True)\n"
            "library, bundle, folder = map(Path, sys.argv[1:])\n"
            "index_folders(Library.open(library), [folder], Encoders(open_bundle(bundle), n_threads=1),\n"
            "              report=lambda p: time.sleep(0.01), on_batch=tell)\n"
        )
        command = [sys.executable, "-c", program, str(tmp_path / "library.db"), str(TINY), str(folder)]
        committed: list[str] = []
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None
            committed += [run.stdout.readline().strip() for _ in range(BATCH + 1)]
            # In the midst of the next batch.
            time.sleep(0.05)
            run.kill()
            committed += [line.strip() for line in run.stdout if line.endswith("\n")]
        assert run.returncode == -signal.SIGKILL
        assert BATCH < len(committed) < n
        with Library.open(tmp_path / "library.db") as library:
            assert library.check() == []
            catalog = library.catalog(encoders.bundle.id, under=[folder])
            assert set(committed) <= {f"{p.id} {p.content_hash} {p.path.name}" for p in catalog.photos}
            assert np.isfinite(catalog.embeddings).all()
            report = index_folders(library, [folder], encoders)
            assert report.unchanged == len(catalog) >= len(committed)
            assert report.indexed == n - report.unchanged
            assert report.skipped == ()
            assert len(library.catalog(encoders.bundle.id)) == n
            assert library.check() == []
            again = library.catalog(encoders.bundle.id)
            assert again.photos[: len(catalog)] == catalog.photos
            np.testing.assert_array_equal(again.embeddings[: len(catalog)], catalog.embeddings)

    def test_a_fault_in_the_library_passes_and_no_thread_is_left(
        self, library: Library, folder: Path, encoders: Encoders
    ) -> None:
        paint_many(folder, BATCH + 1)
        before = threading.active_count()
        fault = RuntimeError("a bug in the caller")

        def fail(photos: tuple[Photo, ...]) -> None:
            raise fault

        with pytest.raises(RuntimeError, match="a bug"):
            index_folders(library, [folder], encoders, on_batch=fail)
        assert threading.active_count() == before


STEP_2 = ("DROP TABLE looks", "DROP INDEX banned_contents", "ALTER TABLE photos DROP COLUMN is_banned")
STEP_3 = (
    *(f"DROP TABLE {table}" for table in ("ratings", "comparisons", "song_marks", "contents", "song_folders", "songs")),
    *(f"DROP TABLE {table}" for table in ("song_moods", "saved_moods")),
    "DROP INDEX photos_of_content",
    *(f"ALTER TABLE photos DROP COLUMN {name}" for name in ("caption", "kind", "is_examined")),
    *(f"ALTER TABLE photos DROP COLUMN {name}" for name in ("is_favourite", "is_let_in")),
)
STEP_4 = ("DROP TABLE song_files",)


def as_of_version(library_path: Path, version: int) -> None:
    """Make a library forget what later versions store, as if an older Moodreel had written it."""
    with sqlite3.connect(library_path) as db:
        for statement in STEP_4 + STEP_3 + (STEP_2 if version < 2 else ()):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {version}")
    db.close()


class TestLooks:
    def test_every_photo_gets_its_hash_and_focus(self, library: Library, folder: Path, encoders: Encoders) -> None:
        original = paint(folder / "a.png", 1, size=(600, 400))
        Image.open(original).convert("RGB").save(folder / "b.jpg", quality=60)
        paint(folder / "c.png", 2)
        told: list[Photo] = []
        index_folders(library, [folder], encoders, on_batch=told.extend)
        catalog = library.catalog(encoders.bundle.id)
        assert tuple(told) == catalog.photos
        for photo in catalog.photos:
            image, _ = load_image(photo.path, min_side_px=encoders.bundle.manifest.photo.input_px)
            assert photo.look == perceptual_hash(image)
            assert photo.focus == find_focus(image)
        group = {photo.path.name: int(number) for photo, number in zip(catalog.photos, catalog.groups, strict=True)}
        assert group["a.png"] == group["b.jpg"] != group["c.png"]

    def test_an_older_library_gets_its_looks_at_the_next_scan_and_loses_nothing(
        self, tmp_path: Path, folder: Path, encoders: Encoders
    ) -> None:
        paths = paint_many(folder, BATCH + 3)
        place = tmp_path / "library.db"
        with Library.open(place) as library:
            index_folders(library, [folder], encoders)
            whole = library.catalog(encoders.bundle.id)
        as_of_version(place, 1)
        status = paths[0].stat()
        paths[0].write_bytes(b"x" * status.st_size)  # damaged since, and nothing tells
        os.utime(paths[0], ns=(status.st_atime_ns, status.st_mtime_ns))
        with Library.open(place) as library:
            bare = library.catalog(encoders.bundle.id)
            assert bare.photos == tuple(replace(photo, look=None, focus=None) for photo in whole.photos)
            with pytest.raises(Cancelled):
                index_folders(library, [folder], encoders, report=cancel_when(lambda p: p.done == BATCH + 1))  # type: ignore[arg-type]
            assert sum(photo.look is not None for photo in library.catalog(encoders.bundle.id).photos) >= BATCH - 1
            progress: list[Progress] = []
            report = index_folders(library, [folder], encoders, report=progress.append)
            assert counts(report) == (BATCH + 3, 0, BATCH + 3, 0, 0)
            assert progress[-1].done == progress[-1].total == BATCH + 3
            after = library.catalog(encoders.bundle.id)
            assert after.photos[1:] == whole.photos[1:]
            assert after.photos[0] == bare.photos[0]
            np.testing.assert_array_equal(after.embeddings, whole.embeddings)
            known = library.known_photos(encoders.bundle.photo_backbone_id)
            assert all(photo.has_look for photo in known.values())

    def test_a_library_of_version_2_is_examined_at_the_next_scan_and_keeps_its_looks(
        self, tmp_path: Path, folder: Path, encoders: Encoders
    ) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.ImageDescription] = "The river in May"
        Image.open(paint(folder / "a.png", 1, size=(300, 200))).convert("RGB").save(folder / "a.jpg", exif=exif)
        (folder / "a.png").unlink()
        paint(folder / "Screenshot.png", 2)
        damaged = paint(folder / "c.png", 3)
        place = tmp_path / "library.db"
        with Library.open(place) as library:
            index_folders(library, [folder], encoders)
            whole = library.catalog(encoders.bundle.id)
        seen = {photo.path.name: (photo.caption, photo.kind) for photo in whole.photos}
        assert seen == {
            "a.jpg": ("The river in May", None),
            "Screenshot.png": (None, "screenshot"),
            "c.png": (None, None),
        }
        as_of_version(place, 2)
        status = damaged.stat()
        damaged.write_bytes(b"x" * status.st_size)  # since then, and nothing tells
        os.utime(damaged, ns=(status.st_atime_ns, status.st_mtime_ns))
        with Library.open(place) as library:
            bare = library.catalog(encoders.bundle.id)
            assert bare.photos == tuple(replace(photo, caption=None, kind=None) for photo in whole.photos)
            report = index_folders(library, [folder], encoders)
            assert counts(report) == (3, 0, 3, 0, 0)
            assert library.catalog(encoders.bundle.id).photos == whole.photos
            known = library.known_photos(encoders.bundle.photo_backbone_id)
            assert all(photo.is_examined for photo in known.values())
            progress: list[Progress] = []
            index_folders(library, [folder], encoders, report=progress.append)
            assert all(step.detail == "" for step in progress if step.total)

    @pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
    def test_killed_while_looking_loses_nothing(self, folder: Path, tmp_path: Path, encoders: Encoders) -> None:
        n = 3 * BATCH
        paint_many(folder, n)
        place = tmp_path / "library.db"
        with Library.open(place) as library:
            index_folders(library, [folder], encoders)
            whole = library.catalog(encoders.bundle.id)
        as_of_version(place, 1)
        program = (
            "import sys, time; from pathlib import Path\n"
            "from engine.bundle import open_bundle; from engine.encoders import Encoders\n"
            "from engine.indexing import index_folders; from engine.library import Library\n"
            "library, bundle, folder = map(Path, sys.argv[1:])\n"
            "def tell(p): print(p.done, flush=True); time.sleep(0.01)\n"
            "index_folders(Library.open(library), [folder], Encoders(open_bundle(bundle), n_threads=1), report=tell)\n"
        )
        command = [sys.executable, "-c", program, str(place), str(TINY), str(folder)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None
            while int(run.stdout.readline()) < BATCH + 2:
                pass
            run.kill()
        with Library.open(place) as library:
            assert library.check() == []
            begun = library.catalog(encoders.bundle.id)
            assert 0 < sum(photo.look is not None for photo in begun.photos) < n
            np.testing.assert_array_equal(begun.embeddings, whole.embeddings)
            assert counts(index_folders(library, [folder], encoders)) == (n, 0, n, 0, 0)
            assert library.catalog(encoders.bundle.id).photos == whole.photos


class TestFilesBeingWritten:
    def test_a_file_written_to_lately_is_put_off(self, library: Library, folder: Path, encoders: Encoders) -> None:
        old, new, ahead = (paint(folder / f"{name}.png", i) for i, name in enumerate(("old", "new", "ahead")))
        now_s = time.time()
        os.utime(old, (now_s - 60, now_s - 60))
        os.utime(ahead, (now_s + 7200, now_s + 7200))  # a camera's clock may be wrong by hours
        report = index_folders(library, [folder], encoders, settle_s=30)
        assert report.put_off == (new.resolve(),)
        assert (report.found, report.indexed, report.skipped) == (3, 2, ())
        assert names(library, encoders) == ["ahead.png", "old.png"]
        os.utime(new, (now_s - 60, now_s - 60))
        report = index_folders(library, [folder], encoders, settle_s=30)
        assert (report.put_off, report.indexed, report.unchanged) == ((), 1, 2)

    def test_a_known_photo_that_is_just_changed_stays_as_it_was(
        self, library: Library, folder: Path, encoders: Encoders
    ) -> None:
        index_folders(library, [paint(folder / "a.png", 1).parent], encoders)
        before = library.catalog(encoders.bundle.id).photos
        (folder / "a.png").write_bytes((folder / "a.png").read_bytes()[:100])
        report = index_folders(library, [folder], encoders, settle_s=30)
        assert [path.name for path in report.put_off] == ["a.png"]
        assert library.catalog(encoders.bundle.id).photos == before

    def test_a_file_that_grows_while_it_is_read_is_no_damaged_one(
        self, library: Library, folder: Path, encoders: Encoders, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = paint(folder / "a.png", 1).read_bytes()
        (folder / "a.png").write_bytes(whole[:100])

        def read_and_grow(path: Path) -> bytes:
            data = path.read_bytes()
            path.write_bytes(whole)
            return data

        with monkeypatch.context() as patch:
            patch.setattr("engine.indexing.read_photo", read_and_grow)
            report = index_folders(library, [folder], encoders)
        assert ([path.name for path in report.put_off], report.skipped, report.indexed) == (["a.png"], (), 0)
        assert index_folders(library, [folder], encoders).indexed == 1

    def test_a_file_cut_short_is_read_once_it_is_whole(
        self, library: Library, folder: Path, encoders: Encoders
    ) -> None:
        whole = paint(folder / "a.png", 1).read_bytes()
        (folder / "a.png").write_bytes(whole[:100])
        assert [path.name for path, _ in index_folders(library, [folder], encoders).skipped] == ["a.png"]
        (folder / "a.png").write_bytes(whole)
        report = index_folders(library, [folder], encoders)
        assert (report.indexed, report.skipped) == (1, ())
