"""The library's file: what it keeps, what it refuses, and that it stays whole."""

from __future__ import annotations

import os
import sqlite3
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import engine.database
from engine.bundle import ModelBundle, open_bundle, write_bundle
from engine.database import APPLICATION_ID, MIGRATIONS
from engine.encoders import Encoders
from engine.errors import Cancelled, LibraryBusy, LibraryCorrupt, LibraryError, LibraryTooNew
from engine.focus import Focus
from engine.library import Encoded, Library, Look, Photo, PhotoRecord
from engine.photos import Examined, PhotoKind, for_shows
from engine.progress import Progress

TINY = Path(__file__).parents[1] / "assets" / "tiny_bundle"
BACKBONE = "backbone"
BUNDLE = "bundle"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return Encoders(open_bundle(TINY), n_threads=1)


def renamed_bundle(bundle: ModelBundle, dest: Path) -> ModelBundle:
    """The same networks under another name: another bundle with the same photo backbone."""
    manifest = bundle.manifest
    return write_bundle(
        dest,
        files={name: bundle.file_bytes(name) for name in manifest.files},
        name="renamed",
        created=manifest.created,
        photo=manifest.photo,
        music=manifest.music,
        sigma=manifest.sigma,
        corpora=manifest.corpora,
        scores=manifest.scores,
    )


def record(path: Path, *, content: str = "", size: int = 10) -> PhotoRecord:
    content_hash = content or f"hash of {os.fsencode(path)!r}"
    return PhotoRecord(path, size, 123_456_789_012_345_678, content_hash, 640, 480, "2020-01-02T03:04:05")


def encoded(n: int, *, seed: int = 0, width: int = 6) -> Encoded:
    rng = np.random.default_rng(seed)
    return Encoded(
        rng.standard_normal((n, width)).astype(np.float32),
        rng.standard_normal((n, 512)).astype(np.float32),
        rng.random((n, 2)).astype(np.float32),
    )


def store(library: Library, records: list[PhotoRecord], outputs: Encoded | None = None) -> tuple[Photo, ...]:
    outputs = outputs or encoded(len(records))
    return library.store_photos(records, outputs, backbone_id=BACKBONE, bundle_id=BUNDLE)


class TestCatalog:
    def test_gives_back_what_was_stored(self, library: Library, tmp_path: Path) -> None:
        library.add_folder(tmp_path)
        outputs = encoded(3)
        photos = store(library, [record(tmp_path / name) for name in ("b.jpg", "a.jpg", "c.jpg")], outputs)
        catalog = library.catalog(BUNDLE)
        assert catalog.photos == photos
        assert [photo.path.name for photo in catalog.photos] == ["b.jpg", "a.jpg", "c.jpg"]
        assert (photos[0].width, photos[0].height, photos[0].taken_at) == (640, 480, "2020-01-02T03:04:05")
        np.testing.assert_array_equal(catalog.embeddings, outputs.embeddings)
        np.testing.assert_array_equal(catalog.va, outputs.va)
        for array in (catalog.embeddings, catalog.va):
            assert array.dtype == np.float32
            assert array.flags.c_contiguous
            assert not array.flags.writeable
        assert len(catalog) == 3

    def test_empty(self, library: Library) -> None:
        catalog = library.catalog(BUNDLE)
        assert (len(catalog), catalog.embeddings.shape, catalog.va.shape) == (0, (0, 512), (0, 2))

    def test_holds_the_photos_of_remembered_folders_only(self, library: Library, tmp_path: Path) -> None:
        store(library, [record(tmp_path / "mine" / "a.jpg"), record(tmp_path / "other" / "b.jpg")])
        assert len(library.catalog(BUNDLE)) == 0
        library.add_folder(tmp_path / "mine")
        assert [photo.path.name for photo in library.catalog(BUNDLE).photos] == ["a.jpg"]
        under = library.catalog(BUNDLE, under=[tmp_path / "other"])
        assert [photo.path.name for photo in under.photos] == ["b.jpg"]
        assert len(library.catalog(BUNDLE, under=[tmp_path])) == 2
        assert len(library.catalog(BUNDLE, under=[])) == 0

    def test_overlapping_folders_count_a_photo_once(self, library: Library, tmp_path: Path) -> None:
        store(library, [record(tmp_path / "a" / "b" / "c.jpg")])
        assert len(library.catalog(BUNDLE, under=[tmp_path, tmp_path / "a", tmp_path / "a" / "b"])) == 1

    def test_a_folder_whose_name_begins_alike_is_another(self, library: Library, tmp_path: Path) -> None:
        store(library, [record(tmp_path / "summer" / "a.jpg"), record(tmp_path / "summer 2" / "b.jpg")])
        assert [p.path.name for p in library.catalog(BUNDLE, under=[tmp_path / "summer"]).photos] == ["a.jpg"]

    def test_the_whole_disk_can_be_the_folder(self, library: Library, tmp_path: Path) -> None:
        store(library, [record(tmp_path / "a.jpg")])
        assert len(library.catalog(BUNDLE, under=[Path(tmp_path.anchor)])) == 1

    def test_other_bundles_see_nothing(self, library: Library, tmp_path: Path) -> None:
        store(library, [record(tmp_path / "a.jpg")])
        assert len(library.catalog("another", under=[tmp_path])) == 0

    def test_missing_photos_are_left_out_and_come_back(self, library: Library, tmp_path: Path) -> None:
        photos = store(library, [record(tmp_path / "a.jpg"), record(tmp_path / "b.jpg")])
        library.mark_missing([photos[0].id], missing=True)
        assert library.catalog(BUNDLE, under=[tmp_path]).photos == photos[1:]
        library.mark_missing([photos[0].id], missing=False)
        assert library.catalog(BUNDLE, under=[tmp_path]).photos == photos

    def test_is_a_snapshot(self, library: Library, tmp_path: Path) -> None:
        store(library, [record(tmp_path / "a.jpg")])
        catalog = library.catalog(BUNDLE, under=[tmp_path])
        store(library, [record(tmp_path / "b.jpg")])
        assert len(catalog) == len(catalog.embeddings) == 1

    @pytest.mark.skipif(os.name == "nt", reason="such names exist on POSIX systems only")
    def test_names_that_are_no_text_survive(self, library: Library, tmp_path: Path) -> None:
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\xff.jpg"))
        store(library, [record(path)])
        found = library.catalog(BUNDLE, under=[tmp_path]).photos[0].path
        assert found == path
        assert os.fsencode(found).endswith(b"/caf\xe9\xff.jpg")

    def test_links_lead_to_the_photos_behind_them(self, library: Library, tmp_path: Path) -> None:
        store(library, [record(tmp_path / "far" / "a.jpg"), record(tmp_path / "near.jpg"), record(tmp_path / "x.jpg")])
        key = os.fsencode
        links = {
            key(tmp_path / "show" / "folder"): key(tmp_path / "far"),
            key(tmp_path / "show" / "one.jpg"): key(tmp_path / "near.jpg"),
            key(tmp_path / "far" / "back"): key(tmp_path / "show"),
        }
        library.record_walk({key(tmp_path / "show"): 1, key(tmp_path / "far"): 1}, links)
        found = library.catalog(BUNDLE, under=[tmp_path / "show"]).photos
        assert [photo.path.name for photo in found] == ["a.jpg", "near.jpg"]
        library.record_walk({key(tmp_path / "show"): 1}, {})
        assert len(library.catalog(BUNDLE, under=[tmp_path / "show"])) == 0


class TestPhotos:
    def test_stored_again_keeps_its_id(self, library: Library, tmp_path: Path) -> None:
        first = store(library, [record(tmp_path / "a.jpg")])
        again = store(library, [record(tmp_path / "a.jpg")], encoded(1, seed=5))
        assert first[0].id == again[0].id
        np.testing.assert_array_equal(
            library.catalog(BUNDLE, under=[tmp_path]).embeddings, encoded(1, seed=5).embeddings
        )

    def test_changed_content_drops_what_other_models_said(self, library: Library, tmp_path: Path) -> None:
        store(library, [record(tmp_path / "a.jpg", content="old")])
        library.store_photos(
            [record(tmp_path / "a.jpg", content="new")], encoded(1), backbone_id="backbone 2", bundle_id="bundle 2"
        )
        assert len(library.catalog(BUNDLE, under=[tmp_path])) == 0
        assert len(library.catalog("bundle 2", under=[tmp_path])) == 1
        known = library.known_photos(BACKBONE)[os.fsencode(tmp_path / "a.jpg")]
        assert not known.has_features

    def test_a_photo_that_became_unreadable_leaves_the_catalog(self, library: Library, tmp_path: Path) -> None:
        store(library, [record(tmp_path / "a.jpg")])
        library.store_problems([PhotoRecord(tmp_path / "a.jpg", 1, 2, "cut", problem="it is damaged")])
        assert len(library.catalog(BUNDLE, under=[tmp_path])) == 0
        known = library.known_photos(BACKBONE)[os.fsencode(tmp_path / "a.jpg")]
        assert (known.problem, known.has_features, known.size, known.mtime_ns) == ("it is damaged", False, 1, 2)

    def test_moved_photo_keeps_id_and_features(self, library: Library, tmp_path: Path) -> None:
        (photo,) = store(library, [record(tmp_path / "a.jpg", content="same")])
        library.mark_missing([photo.id], missing=True)
        assert library.reuse_photo(photo.id, record(tmp_path / "b.jpg", content="same"), is_move=True)
        catalog = library.catalog(BUNDLE, under=[tmp_path])
        assert [(p.id, p.path.name) for p in catalog.photos] == [(photo.id, "b.jpg")]
        assert list(library.known_photos(BACKBONE)) == [os.fsencode(tmp_path / "b.jpg")]

    def test_moved_over_another_photo_replaces_it(self, library: Library, tmp_path: Path) -> None:
        first, _ = store(library, [record(tmp_path / "a.jpg", content="same"), record(tmp_path / "b.jpg")])
        assert library.reuse_photo(first.id, record(tmp_path / "b.jpg", content="same"), is_move=True)
        assert [(p.id, p.path.name) for p in library.catalog(BUNDLE, under=[tmp_path]).photos] == [(first.id, "b.jpg")]

    def test_copied_photo_is_another_with_the_same_features(self, library: Library, tmp_path: Path) -> None:
        (photo,) = store(library, [record(tmp_path / "a.jpg", content="same")])
        assert library.reuse_photo(photo.id, record(tmp_path / "b.jpg", content="same"), is_move=False)
        catalog = library.catalog(BUNDLE, under=[tmp_path])
        assert [p.path.name for p in catalog.photos] == ["a.jpg", "b.jpg"]
        assert catalog.photos[1].width == 640
        np.testing.assert_array_equal(catalog.embeddings[0], catalog.embeddings[1])

    def test_no_reuse_once_the_known_photo_has_changed(self, library: Library, tmp_path: Path) -> None:
        (photo,) = store(library, [record(tmp_path / "a.jpg", content="new")])
        for is_move in (True, False):
            assert not library.reuse_photo(photo.id, record(tmp_path / "b.jpg", content="old"), is_move=is_move)
        assert [p.path.name for p in library.catalog(BUNDLE, under=[tmp_path]).photos] == ["a.jpg"]

    def test_count(self, library: Library, tmp_path: Path) -> None:
        assert library.count_photos() == 0
        library.add_folder(tmp_path / "in")
        photos = store(library, [record(tmp_path / place / "a.jpg") for place in ("in", "in/deep", "out")])
        library.store_problems([PhotoRecord(tmp_path / "in" / "cut.jpg", 1, 2, "cut", problem="it is damaged")])
        assert library.count_photos() == 2
        library.mark_missing([photos[0].id], missing=True)
        assert library.count_photos() == 1

    def test_a_batch_is_stored_whole_or_not_at_all(self, library: Library, tmp_path: Path) -> None:
        outputs = encoded(1)
        with pytest.raises(IndexError):
            store(library, [record(tmp_path / "a.jpg"), record(tmp_path / "b.jpg")], outputs)
        assert library.known_photos(BACKBONE) == {}
        store(library, [record(tmp_path / "a.jpg")], outputs)


class TestRehead:
    def test_new_bundle_on_the_same_backbone_needs_no_photo(
        self, library: Library, encoders: Encoders, tmp_path: Path
    ) -> None:
        bundle = encoders.bundle
        n = 5
        width = bundle.manifest.photo.feature_width
        outputs = encoded(n, width=width)
        library.store_photos(
            [record(tmp_path / f"{i}.jpg") for i in range(n)],
            outputs,
            backbone_id=bundle.photo_backbone_id,
            bundle_id="an older bundle",
        )
        reports: list[Progress] = []
        assert library.rehead(encoders, report=reports.append) == n
        assert reports[0].total == n
        catalog = library.catalog(bundle.id, under=[tmp_path])
        embeddings, va = encoders.photo_heads(outputs.features)
        np.testing.assert_allclose(catalog.embeddings, embeddings, atol=1e-6)
        np.testing.assert_allclose(catalog.va, va, atol=1e-6)
        assert library.rehead(encoders) == 0
        other = Encoders(renamed_bundle(bundle, tmp_path / "renamed"), n_threads=1)
        assert other.bundle.id != bundle.id
        assert library.rehead(other) == n
        assert len(library.catalog(other.bundle.id, under=[tmp_path])) == n
        assert len(library.catalog("an older bundle", under=[tmp_path])) == n

    def test_photos_of_another_backbone_are_left(self, library: Library, encoders: Encoders, tmp_path: Path) -> None:
        store(library, [record(tmp_path / "a.jpg")])
        assert library.rehead(encoders) == 0

    def test_cancelled_is_taken_up_again(
        self, library: Library, encoders: Encoders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("engine.library_models.REHEAD_ROWS", 2)
        bundle = encoders.bundle
        library.store_photos(
            [record(tmp_path / f"{i}.jpg") for i in range(5)],
            encoded(5, width=bundle.manifest.photo.feature_width),
            backbone_id=bundle.photo_backbone_id,
            bundle_id=BUNDLE,
        )

        def stop_after_two(progress: Progress) -> None:
            if progress.done >= 2:
                raise Cancelled

        with pytest.raises(Cancelled):
            library.rehead(encoders, report=stop_after_two)
        assert len(library.catalog(bundle.id, under=[tmp_path])) == 2
        assert library.rehead(encoders) == 3


class TestSongs:
    def test_kept_by_key_and_bundle(self, library: Library) -> None:
        payload = bytes(range(256)) * 10
        library.save_song_analysis("song", BUNDLE, payload)
        assert library.load_song_analysis("song", BUNDLE) == payload
        assert library.load_song_analysis("song", "another") is None
        assert library.load_song_analysis("another", BUNDLE) is None
        library.save_song_analysis("song", BUNDLE, b"")
        assert library.load_song_analysis("song", BUNDLE) == b""


class TestFolders:
    def test_added_once_sorted_and_removed(self, library: Library, tmp_path: Path) -> None:
        for name in ("b", "a", "b"):
            library.add_folder(tmp_path / name)
        assert library.folders() == ((tmp_path / "a").resolve(), (tmp_path / "b").resolve())
        library.remove_folder(tmp_path / "a")
        assert library.folders() == ((tmp_path / "b").resolve(),)

    def test_one_folder_by_two_ways_is_one(self, library: Library, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        library.add_folder(tmp_path / "link")
        library.add_folder(tmp_path / "real" / ".." / "real")
        assert library.folders() == ((tmp_path / "real").resolve(),)


class TestFile:
    def test_made_with_its_folder_in_wal_mode_and_marked(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "folder" / "library.db"
        with Library.open(path), sqlite3.connect(path) as db:
            assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
            assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        db.close()

    def test_reopened(self, tmp_path: Path) -> None:
        for n in range(3):
            with Library.open(tmp_path / "library.db") as library:
                assert len(library.catalog(BUNDLE, under=[tmp_path])) == n
                store(library, [record(tmp_path / f"{n}.jpg")])
                assert library.check() == []
        assert [path.name for path in tmp_path.iterdir()] == ["library.db"]

    def test_empty_file_becomes_a_library(self, tmp_path: Path) -> None:
        (tmp_path / "library.db").touch()
        with Library.open(tmp_path / "library.db") as library:
            assert library.folders() == ()

    def test_migration_keeps_what_was_stored(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "library.db"
        with Library.open(path) as library:
            (photo,) = store(library, [record(tmp_path / "a.jpg")])
        step = ("ALTER TABLE photos ADD COLUMN stars INTEGER", "CREATE INDEX photos_by_stars ON photos (stars)")
        monkeypatch.setattr(engine.database, "MIGRATIONS", (*MIGRATIONS, step))
        with Library.open(path) as library:
            assert library.catalog(BUNDLE, under=[tmp_path]).photos == (photo,)
        monkeypatch.setattr(engine.database, "MIGRATIONS", MIGRATIONS)
        before = path.read_bytes()
        with pytest.raises(LibraryTooNew):
            Library.open(path)
        assert path.read_bytes() == before

    def test_a_library_of_version_1_is_read_and_its_photos_have_no_looks(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, photo_path = tmp_path / "library.db", tmp_path / "a.jpg"
        monkeypatch.setattr(engine.database, "MIGRATIONS", MIGRATIONS[:1])
        Library.open(path).close()
        with sqlite3.connect(path) as db:
            row = (7, os.fsencode(photo_path), 10, 11, "content", 640, 480, "2020-01-02T03:04:05")
            db.execute("INSERT INTO photos VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, 0)", row)
            db.executemany("INSERT INTO models VALUES (?, ?)", [(1, BACKBONE), (2, BUNDLE)])
            db.execute("INSERT INTO features VALUES (1, 7, ?)", (b"\0" * 24,))
            db.execute("INSERT INTO embeddings VALUES (2, 7, ?, 0.25, 0.5)", (b"\0" * 2048,))
        db.close()
        monkeypatch.undo()
        with Library.open(path) as library:
            photo = Photo(7, photo_path, 640, 480, "2020-01-02T03:04:05", "content", None, None)
            assert library.catalog(BUNDLE, under=[tmp_path]).photos == (photo,)
            known = library.known_photos(BACKBONE)[os.fsencode(photo_path)]
            assert (known.has_features, known.has_look) == (True, False)
            look = Look(2**64 - 1, Focus(0.1, 0.2, 0.3, 0.4, is_face=True))
            library.store_examined({7: Examined(look, "A beach"), 8: Examined(look)})
            [seen] = library.catalog(BUNDLE, under=[tmp_path]).photos
            assert (seen.look, seen.focus, seen.caption) == (look.hash, look.focus, "A beach")
            assert library.known_photos(BACKBONE)[os.fsencode(photo_path)].has_look

    def test_a_library_of_version_2_keeps_everything_and_is_yet_to_be_examined(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, photo_path = tmp_path / "library.db", tmp_path / "a.jpg"
        monkeypatch.setattr(engine.database, "MIGRATIONS", MIGRATIONS[:2])
        Library.open(path).close()
        with sqlite3.connect(path) as db:
            row = (7, os.fsencode(photo_path), 10, 11, "content", 640, 480, "2020-01-02T03:04:05")
            db.execute("INSERT INTO photos VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, 0, 0)", row)
            banned = (8, os.fsencode(tmp_path / "b.jpg"), 10, 11, "unwanted", 640, 480, None)
            db.execute("INSERT INTO photos VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, 0, 1)", banned)
            db.execute("INSERT INTO looks VALUES (7, ?, 0.25, 0.25, 0.5, 0.75, 1)", ((5).to_bytes(8, "big"),))
            db.executemany("INSERT INTO models VALUES (?, ?)", [(1, BACKBONE), (2, BUNDLE)])
            db.executemany("INSERT INTO features VALUES (1, ?, ?)", [(7, b"\0" * 24), (8, b"\0" * 24)])
            db.executemany("INSERT INTO embeddings VALUES (2, ?, ?, 0.25, 0.5)", [(7, b"\0" * 2048), (8, b"\0" * 2048)])
            db.execute("INSERT INTO song_analyses VALUES ('song', ?, x'01')", (BUNDLE,))
            db.execute("INSERT INTO folders VALUES (?, 3)", (os.fsencode(tmp_path.resolve()),))
        db.close()
        monkeypatch.undo()
        with Library.open(path) as library:
            focus = Focus(0.25, 0.25, 0.5, 0.75, is_face=True)
            photo = Photo(7, photo_path, 640, 480, "2020-01-02T03:04:05", "content", focus, 5)
            assert library.catalog(BUNDLE).photos == (photo,)
            assert (photo.caption, photo.is_favourite, photo.kind, photo.is_let_in) == (None, False, None, False)
            assert [unwanted.id for unwanted in library.banned()] == [8]
            assert library.load_song_analysis("song", BUNDLE) == b"\x01"
            known = library.known_photos(BACKBONE)[os.fsencode(photo_path)]
            assert (known.has_features, known.has_look, known.is_examined) == (True, True, False)
            assert library.ratings.photos() == ()
            library.ratings.rate("content", 0.5, 0.5)
            assert library.check() == []

    def test_failed_migration_changes_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "library.db"
        Library.open(path).close()
        step = ("ALTER TABLE photos ADD COLUMN half_done INTEGER", "no SQL at all")
        monkeypatch.setattr(engine.database, "MIGRATIONS", (*MIGRATIONS, step))
        with pytest.raises(sqlite3.OperationalError):
            Library.open(path)
        monkeypatch.undo()
        with Library.open(path) as library, sqlite3.connect(path) as db:
            assert library.check() == []
            assert "half_done" not in str(db.execute("SELECT sql FROM sqlite_master").fetchall())
        db.close()

    @pytest.mark.parametrize(
        "content", [b"Dear diary\n", b"x" * 100_000, b"SQLite format 3\0", b"SQLite format 3\0" * 9]
    )
    def test_what_is_no_library_is_refused_and_left(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "library.db"
        path.write_bytes(content)
        with pytest.raises(LibraryCorrupt):
            Library.open(path)
        assert path.read_bytes() == content
        assert [p.name for p in tmp_path.iterdir()] == ["library.db"]

    def test_another_programs_database_is_refused_and_left(self, tmp_path: Path) -> None:
        path = tmp_path / "mail.db"
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE mails (body TEXT)")
        db.close()
        before = path.read_bytes()
        with pytest.raises(LibraryCorrupt, match="another program"):
            Library.open(path)
        assert path.read_bytes() == before

    def test_cut_short(self, tmp_path: Path) -> None:
        path = tmp_path / "library.db"
        with Library.open(path) as library:
            store(library, [record(tmp_path / f"{i}.jpg") for i in range(200)], encoded(200))
        before = path.read_bytes()
        for share in (0.5, 0.99):
            path.write_bytes(before[: int(len(before) * share)])
            with pytest.raises(LibraryCorrupt):
                Library.open(path)
            assert len(path.read_bytes()) == int(len(before) * share)
        path.write_bytes(before)
        with Library.open(path) as library:
            assert len(library.catalog(BUNDLE, under=[tmp_path])) == 200

    @pytest.mark.parametrize("filler", [b"\0", b"\xff"])
    def test_damage_inside_is_named_not_a_crash(self, tmp_path: Path, filler: bytes) -> None:
        path = tmp_path / "library.db"
        with Library.open(path) as library:
            store(library, [record(tmp_path / f"{i}.jpg") for i in range(200)], encoded(200))
        before = path.read_bytes()
        start = struct.unpack_from(">H", before, 16)[0]
        hurt = before[:start] + filler * (len(before) - start)
        path.write_bytes(hurt)
        with pytest.raises(LibraryCorrupt), Library.open(path) as library:
            library.catalog(BUNDLE, under=[tmp_path])
        assert path.read_bytes() == hurt

    def test_check_names_damage(self, tmp_path: Path) -> None:
        path = tmp_path / "library.db"
        with Library.open(path) as library:
            store(library, [record(tmp_path / f"{i}.jpg") for i in range(200)], encoded(200))
        data = bytearray(path.read_bytes())
        page = struct.unpack_from(">H", data, 16)[0]
        data[-page:] = b"\x77" * page
        path.write_bytes(data)
        with Library.open(path) as library:
            assert library.check() != []

    def test_a_vector_of_the_wrong_length_is_damage(self, library: Library, tmp_path: Path) -> None:
        store(library, [record(tmp_path / "a.jpg")])
        with sqlite3.connect(library.path) as db:
            db.execute("UPDATE embeddings SET vector = x'0011'")
        db.close()
        with pytest.raises(LibraryCorrupt):
            library.catalog(BUNDLE, under=[tmp_path])

    def test_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(LibraryError):
            Library.open(tmp_path / "file" / "library.db")
        (tmp_path / "folder.db").mkdir()
        with pytest.raises(LibraryError):
            Library.open(tmp_path / "folder.db")

    @pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
    def test_folder_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "locked").mkdir(mode=0o500)
        with pytest.raises(LibraryError):
            Library.open(tmp_path / "locked" / "library.db")


class TestTurns:
    def test_busy_while_another_writes_and_free_after(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(engine.database, "BUSY_TIMEOUT_S", 0.1)
        path = tmp_path / "library.db"
        with Library.open(path) as library:
            store(library, [record(tmp_path / "a.jpg")])
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LibraryBusy):
                library.add_folder(tmp_path)
            # Reading goes on, and so does opening.
            assert len(library.catalog(BUNDLE, under=[tmp_path])) == 1
            Library.open(path).close()
            other.execute("ROLLBACK")
            library.add_folder(tmp_path)
            other.close()

    def test_threads_write_and_read_at_once(self, library: Library, tmp_path: Path) -> None:
        faults: list[BaseException] = []

        def work(name: str) -> None:
            try:
                for i in range(15):
                    store(library, [record(tmp_path / name / f"{i}-{k}.jpg") for k in range(3)], encoded(3))
                    catalog = library.catalog(BUNDLE, under=[tmp_path / name])
                    assert len(catalog) == 3 * (i + 1)
            except BaseException as fault:
                faults.append(fault)

        threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert len(library.catalog(BUNDLE, under=[tmp_path])) == 180
        assert library.check() == []

    def test_programs_that_make_the_library_at_once_all_get_it(self, tmp_path: Path) -> None:
        program = (
            "import sys; from pathlib import Path; from engine.library import Library\n"
            "sys.stdin.readline()\n"
            "with Library.open(Path(sys.argv[1])) as library: library.add_folder(Path(sys.argv[2]))\n"
        )
        runs = [
            subprocess.Popen(
                [sys.executable, "-c", program, str(tmp_path / "library.db"), f"/folder {i}"],
                stdin=subprocess.PIPE,
                cwd=Path(__file__).parents[2],
            )
            for i in range(3)
        ]
        for run in runs:
            assert run.stdin is not None
            run.stdin.write(b"\n")
            run.stdin.close()
        assert [run.wait(timeout=60) for run in runs] == [0, 0, 0]
        with Library.open(tmp_path / "library.db") as library:
            assert len(library.folders()) == 3


class TestPhotoFeatures:
    def test_gives_what_the_backbone_gave_by_path(self, library: Library, tmp_path: Path) -> None:
        outputs = encoded(2)
        store(library, [record(tmp_path / "a.jpg"), record(tmp_path / "b.jpg")], outputs)
        asked = [tmp_path / "b.jpg", tmp_path / "unknown.jpg"]
        found = library.photo_features(asked, backbone_id=BACKBONE)
        assert list(found) == [tmp_path / "b.jpg"]
        np.testing.assert_array_equal(found[tmp_path / "b.jpg"], outputs.features[1])
        assert library.photo_features(asked, backbone_id="another") == {}


class TestLooks:
    def test_a_look_is_stored_copied_and_forgotten_with_its_content(self, library: Library, tmp_path: Path) -> None:
        look = Look(12345, Focus(0.25, 0.25, 0.5, 0.75))
        a, b = tmp_path / "a.jpg", tmp_path / "b.jpg"
        (photo,) = store(library, [replace(record(a, content="x"), look=look)])
        assert (photo.look, photo.focus) == (look.hash, look.focus)
        library.reuse_photo(photo.id, record(b, content="x"), is_move=False)
        catalog = library.catalog(BUNDLE, under=[tmp_path])
        assert [(p.look, p.focus) for p in catalog.photos] == [(look.hash, look.focus)] * 2
        assert catalog.groups[0] == catalog.groups[1]
        store(library, [record(a, content="other")])
        first, second = library.catalog(BUNDLE, under=[tmp_path]).photos
        assert (first.look, first.focus, second.look) == (None, None, look.hash)

    def test_a_look_that_cannot_be_had_is_not_asked_for_again(self, library: Library, tmp_path: Path) -> None:
        (photo,) = store(library, [record(tmp_path / "a.jpg")])
        library.store_examined({photo.id: Examined(Look(None, None))})
        assert library.known_photos(BACKBONE)[os.fsencode(photo.path)].has_look
        [seen] = library.catalog(BUNDLE, under=[tmp_path]).photos
        assert (seen.look, seen.focus) == (None, None)

    def test_a_catalog_numbers_siblings_alike(self, library: Library, tmp_path: Path) -> None:
        looks = [Look(hash_, None) for hash_ in (0, 2**63, 2**64 - 1, 2**64 - 4)]
        store(library, [replace(record(tmp_path / f"{i}.jpg"), taken_at=None, look=x) for i, x in enumerate(looks)])
        groups = library.catalog(BUNDLE, under=[tmp_path]).groups
        assert groups[0] == groups[1] != groups[2] == groups[3]
        with pytest.raises(ValueError, match="read-only"):
            groups[0] = 1


class TestBans:
    def test_a_banned_photo_and_its_copies_are_never_in_a_catalog(self, library: Library, tmp_path: Path) -> None:
        paths = [tmp_path / f"{name}.jpg" for name in "abc"]
        photos = store(library, [record(paths[0], content="same"), record(paths[1])])
        library.ban(photos[0].id)
        library.reuse_photo(photos[0].id, record(paths[2], content="same"), is_move=False)  # copied after the ban
        assert library.catalog(BUNDLE, under=[tmp_path]).photos == (photos[1],)
        assert [photo.id for photo in library.banned()] == [photos[0].id]
        library.unban(photos[0].id)
        assert len(library.catalog(BUNDLE, under=[tmp_path])) == 3
        assert library.banned() == ()

    def test_a_ban_follows_a_moved_photo_and_survives_closing(self, tmp_path: Path) -> None:
        with Library.open(tmp_path / "library.db") as library:
            photos = store(library, [record(tmp_path / "a.jpg", content="x"), record(tmp_path / "b.jpg", content="x")])
            library.ban(photos[1].id)
            assert library.banned() == photos
            library.reuse_photo(photos[0].id, record(tmp_path / "moved.jpg", content="x"), is_move=True)
        with Library.open(tmp_path / "library.db") as library:
            assert len(library.catalog(BUNDLE, under=[tmp_path])) == 0
            assert [photo.path.name for photo in library.banned()] == ["moved.jpg", "b.jpg"]
            library.unban(photos[0].id)
            assert len(library.catalog(BUNDLE, under=[tmp_path])) == 2

    def test_banning_what_is_not_there_does_nothing(self, library: Library) -> None:
        library.ban(99)
        library.unban(99)
        assert library.banned() == ()


class TestKinds:
    def test_caption_and_kind_are_stored_copied_and_forgotten_with_their_content(
        self, library: Library, tmp_path: Path
    ) -> None:
        a, b = tmp_path / "a.png", tmp_path / "b.png"
        seen = replace(record(a, content="x"), caption="Our bill", kind="document", is_examined=True)
        (photo,) = store(library, [seen])
        assert (photo.caption, photo.kind) == ("Our bill", "document")
        library.reuse_photo(photo.id, record(b, content="x"), is_move=False)
        assert [(p.caption, p.kind) for p in library.catalog(BUNDLE, under=[tmp_path]).photos] == [
            ("Our bill", "document")
        ] * 2
        assert all(known.is_examined for known in library.known_photos(BACKBONE).values())
        store(library, [record(a, content="other")])
        first, second = library.catalog(BUNDLE, under=[tmp_path]).photos
        assert (first.caption, first.kind, second.kind) == (None, None, "document")
        assert not library.known_photos(BACKBONE)[os.fsencode(a)].is_examined

    def test_shows_leave_out_what_is_neither_let_in_nor_a_favourite(self, library: Library, tmp_path: Path) -> None:
        kinds: list[PhotoKind | None] = [None, "screenshot", "document", "dark", "blurred"]
        records = [replace(record(tmp_path / f"{i}.jpg"), kind=kind) for i, kind in enumerate(kinds)]
        photos = store(library, records, encoded(5))
        library.let_in([photos[2].id], is_let_in=True)
        library.set_favourite([photos[4].id, 99], is_favourite=True)
        catalog = library.catalog(BUNDLE, under=[tmp_path])
        assert [photo.kind for photo in catalog.photos] == kinds
        shown = for_shows(catalog)
        assert [photo.kind for photo in shown.photos] == [None, "document", "blurred"]
        np.testing.assert_array_equal(shown.embeddings, catalog.embeddings[[0, 2, 4]])
        np.testing.assert_array_equal(shown.va, catalog.va[[0, 2, 4]])
        np.testing.assert_array_equal(shown.groups, catalog.groups[[0, 2, 4]])
        assert not shown.va.flags.writeable
        library.let_in([photo.id for photo in photos], is_let_in=True)
        whole = library.catalog(BUNDLE, under=[tmp_path])
        assert for_shows(whole) is whole
        library.let_in([photo.id for photo in photos], is_let_in=False)
        library.set_favourite([photos[4].id], is_favourite=False)
        assert len(for_shows(library.catalog(BUNDLE, under=[tmp_path]))) == 1

    def test_a_catalog_of_which_everything_is_left_out_is_empty(self, library: Library, tmp_path: Path) -> None:
        store(library, [replace(record(tmp_path / "a.jpg"), kind="dark")])
        shown = for_shows(library.catalog(BUNDLE, under=[tmp_path]))
        assert (len(shown), shown.embeddings.shape, shown.va.shape) == (0, (0, 512), (0, 2))


class TestChoices:
    def test_favourites_are_shared_by_copies_and_follow_a_move(self, library: Library, tmp_path: Path) -> None:
        names = [tmp_path / f"{name}.jpg" for name in "abc"]
        photos = store(library, [record(names[0], content="same"), record(names[1], content="same"), record(names[2])])
        library.set_favourite([photos[0].id], is_favourite=True)
        assert [p.is_favourite for p in library.catalog(BUNDLE, under=[tmp_path]).photos] == [True, True, False]
        library.reuse_photo(photos[0].id, record(tmp_path / "copy.jpg", content="same"), is_move=False)
        library.reuse_photo(photos[0].id, record(tmp_path / "moved.jpg", content="same"), is_move=True)
        library.set_favourite([photos[2].id], is_favourite=True)
        library.set_favourite([photos[2].id], is_favourite=False)
        favourites = {p.path.name: p.is_favourite for p in library.catalog(BUNDLE, under=[tmp_path]).photos}
        assert favourites == {"moved.jpg": True, "b.jpg": True, "c.jpg": False, "copy.jpg": True}

    def test_they_stay_when_a_file_is_written_anew(self, library: Library, tmp_path: Path) -> None:
        (photo,) = store(library, [record(tmp_path / "a.jpg", content="before")])
        library.set_favourite([photo.id], is_favourite=True)
        library.let_in([photo.id], is_let_in=True)
        (again,) = store(library, [record(tmp_path / "a.jpg", content="after")])
        assert (again.id, again.is_favourite, again.is_let_in) == (photo.id, True, True)
