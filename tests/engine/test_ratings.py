"""Ratings: kept by content through every fate of a file, undone one by one, dated so that they sort."""

from __future__ import annotations

import math
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import LibraryBusy
from engine.library import Encoded, Library, Look, PhotoRecord
from engine.ratings import PhotoRating, time_now


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library.db") as opened:
        yield opened


def store(library: Library, path: Path, content: str, *, look: int | None = None) -> int:
    record = PhotoRecord(path, 10, 11, content, 640, 480, look=None if look is None else Look(look, None))
    blank = Encoded(np.zeros((1, 6), np.float32), np.zeros((1, 512), np.float32), np.zeros((1, 2), np.float32))
    (photo,) = library.store_photos([record], blank, backbone_id="backbone", bundle_id="bundle")
    return photo.id


class TestPhotoRatings:
    def test_said_changed_and_taken_back(self, library: Library) -> None:
        ratings = library.ratings
        assert ratings.photos() == ()
        assert ratings.rate("a", 0.25, 0.75) is None
        ratings.rate("b", 0, 1)
        before = ratings.rate("a", 0.5, 0.5)
        assert before is not None
        assert (before.content_hash, before.valence, before.arousal) == ("a", 0.25, 0.75)
        said = {rating.content_hash: (rating.valence, rating.arousal) for rating in ratings.photos()}
        assert said == {"a": (0.5, 0.5), "b": (0.0, 1.0)}
        ratings.restore("a", before)
        assert before in ratings.photos()
        ratings.restore("a", None)
        assert [rating.content_hash for rating in ratings.photos()] == ["b"]

    def test_are_sorted_by_their_time_also_when_restored(self, library: Library) -> None:
        ratings = library.ratings
        for name in ("c", "a", "b"):
            ratings.rate(name, 0.5, 0.5)
        assert [rating.content_hash for rating in ratings.photos()] == ["c", "a", "b"]
        old = PhotoRating("z", 0.1, 0.1, "2020-01-01T00:00:00.000+00:00")
        ratings.restore("z", old)
        assert ratings.photos()[0] == old

    @pytest.mark.parametrize("value", [-0.001, 1.001, math.nan, math.inf])
    def test_beyond_the_scale_is_a_bug_and_stores_nothing(self, library: Library, value: float) -> None:
        for pair in ((value, 0.5), (0.5, value)):
            with pytest.raises(ValueError, match=r"\[0, 1\]"):
                library.ratings.rate("a", *pair)
        assert library.ratings.photos() == ()

    def test_merged_ratings_replace_and_are_counted(self, library: Library) -> None:
        ratings = library.ratings
        ratings.rate("a", 0.1, 0.1)
        ratings.rate("b", 0.2, 0.2)
        date = "2021-01-01T00:00:00.000+00:00"
        new = [PhotoRating("a", 0.1, 0.1, date), PhotoRating("b", 0.9, 0.2, date), PhotoRating("c", 0.3, 0.3, date)]
        merged = ratings.merge(new, [], [])
        assert (merged.n_new, merged.n_replaced, merged.n_same, merged.n_kept) == (1, 0, 1, 1)
        assert ratings.merge([PhotoRating("b", 0.9, 0.2, time_now())], [], []).n_replaced == 1
        assert [(r.content_hash, r.valence) for r in ratings.photos()] == [("c", 0.3), ("a", 0.1), ("b", 0.9)]

    def test_a_rating_from_the_future_gives_way(self, library: Library) -> None:
        library.ratings.restore("a", PhotoRating("a", 0.1, 0.1, "9999-12-31T00:00:00.000+00:00"))
        assert library.ratings.merge([PhotoRating("a", 0.9, 0.2, time_now())], [], []).n_replaced == 1
        assert library.ratings.photos()[0].valence == 0.9

    def test_forgotten(self, library: Library, tmp_path: Path) -> None:
        library.ratings.rate("a", 0.1, 0.1)
        library.ratings.compare("a", "b", "calmer", "first")
        library.ratings.mark("song", tmp_path / "s.mp3", 1.0, 0.1, 0.1)
        library.ratings.forget_all()
        assert (library.ratings.photos(), library.ratings.comparisons(), library.ratings.marks()) == ((), (), ())

    def test_nothing_is_half_written_when_another_program_writes(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("engine.database.BUSY_TIMEOUT_S", 0.05)
        other = sqlite3.connect(library.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with Library.open(library.path) as second, pytest.raises(LibraryBusy):
            second.ratings.rate("a", 0.1, 0.1)
        other.execute("ROLLBACK")
        other.close()
        assert library.ratings.photos() == ()


class TestSurvival:
    def test_moves_copies_removed_folders_and_closing(self, tmp_path: Path) -> None:
        with Library.open(tmp_path / "library.db") as library:
            library.add_folder(tmp_path / "old")
            photo_id = store(library, tmp_path / "old" / "a.jpg", "content")
            library.ratings.rate("content", 0.9, 0.1)
            (said,) = library.ratings.photos()
            record = PhotoRecord(tmp_path / "new" / "b.jpg", 10, 11, "content")
            library.reuse_photo(photo_id, record, is_move=True)
            library.reuse_photo(photo_id, PhotoRecord(tmp_path / "c.jpg", 10, 11, "content"), is_move=False)
            library.remove_folder(tmp_path / "old")
            library.mark_missing([photo_id], missing=True)
        with Library.open(tmp_path / "library.db") as library:
            library.add_folder(tmp_path / "old")
            assert library.ratings.photos() == (said,)

    def test_another_picture_in_the_same_file_has_no_rating_until_the_first_is_back(
        self, library: Library, tmp_path: Path
    ) -> None:
        store(library, tmp_path / "a.jpg", "first", look=0)
        library.ratings.rate("first", 0.9, 0.1)
        store(library, tmp_path / "a.jpg", "second", look=2**64 - 1)
        assert [rating.content_hash for rating in library.ratings.photos()] == ["first"]

    def test_a_file_written_anew_with_the_same_picture_keeps_its_rating_and_comparisons(
        self, library: Library, tmp_path: Path
    ) -> None:
        store(library, tmp_path / "a.jpg", "before", look=5)
        library.ratings.rate("before", 0.9, 0.1)
        library.ratings.compare("before", "x", "calmer", "first")
        library.ratings.compare("x", "before", "happier", "same")
        (said,) = library.ratings.photos()
        store(library, tmp_path / "a.jpg", "with a caption", look=5)  # its metadata changed, not its picture
        assert library.ratings.photos() == (replace(said, content_hash="with a caption"),)
        hashes = [(c.first_hash, c.second_hash) for c in library.ratings.comparisons()]
        assert hashes == [("with a caption", "x"), ("x", "with a caption")]

    def test_a_copy_that_is_written_anew_leaves_the_original_what_it_has(
        self, library: Library, tmp_path: Path
    ) -> None:
        store(library, tmp_path / "a.jpg", "original", look=5)
        store(library, tmp_path / "b.jpg", "original", look=5)
        library.ratings.rate("original", 0.9, 0.1)
        library.ratings.compare("original", "x", "calmer", "first")
        store(library, tmp_path / "b.jpg", "anew", look=5)
        assert {rating.content_hash for rating in library.ratings.photos()} == {"original", "anew"}
        assert [c.first_hash for c in library.ratings.comparisons()] == ["original"]

    def test_a_photo_that_becomes_a_copy_of_another_is_not_compared_with_itself(
        self, library: Library, tmp_path: Path
    ) -> None:
        store(library, tmp_path / "a.jpg", "before", look=5)
        store(library, tmp_path / "b.jpg", "copied", look=5)
        library.ratings.compare("before", "copied", "calmer", "first")
        library.ratings.compare("copied", "x", "calmer", "first")
        store(library, tmp_path / "a.jpg", "copied", look=5)
        assert [(c.first_hash, c.second_hash) for c in library.ratings.comparisons()] == [("copied", "x")]

    def test_what_was_said_of_the_new_content_stands(self, library: Library, tmp_path: Path) -> None:
        store(library, tmp_path / "a.jpg", "before", look=5)
        library.ratings.rate("before", 0.9, 0.1)
        library.ratings.rate("after", 0.2, 0.2)
        store(library, tmp_path / "a.jpg", "after", look=5)
        assert {r.content_hash: r.valence for r in library.ratings.photos()} == {"after": 0.2}


class TestComparisons:
    def test_noted_and_taken_back(self, library: Library) -> None:
        ratings = library.ratings
        first = ratings.compare("a", "b", "calmer", "first")
        second = ratings.compare("a", "b", "happier", "same")
        assert [(c.id, c.first_hash, c.second_hash, c.question, c.answer) for c in ratings.comparisons()] == [
            (first, "a", "b", "calmer", "first"),
            (second, "a", "b", "happier", "same"),
        ]
        ratings.uncompare(first)
        assert [comparison.id for comparison in ratings.comparisons()] == [second]

    @pytest.mark.parametrize(
        ("second", "question", "answer"), [("b", "louder", "first"), ("b", "calmer", "both"), ("a", "calmer", "same")]
    )
    def test_nonsense_is_a_bug(self, library: Library, second: str, question: str, answer: str) -> None:
        with pytest.raises(ValueError, match="no comparison"):
            library.ratings.compare("a", second, question, answer)  # type: ignore[arg-type]
        assert library.ratings.comparisons() == ()


class TestMarks:
    def test_by_song_and_time(self, library: Library) -> None:
        ratings = library.ratings
        path = Path(os.fsdecode(b"/songs/caf\xe9.mp3")) if os.name != "nt" else Path("/songs/s.mp3")
        late = ratings.mark("song", path, 60, 0.2, 0.8)
        early = ratings.mark("song", path, 1.5, 0.3, 0.7)
        ratings.mark("another", path, 0, 0.5, 0.5)
        assert [(m.id, m.path, m.t_s, m.valence, m.arousal) for m in ratings.marks("song")] == [
            (early, path, 1.5, 0.3, 0.7),
            (late, path, 60.0, 0.2, 0.8),
        ]
        assert len(ratings.marks()) == 3
        ratings.unmark(late)
        assert [mark.id for mark in ratings.marks("song")] == [early]
        assert ratings.marks("unknown") == ()

    @pytest.mark.parametrize(("t_s", "valence"), [(-1.0, 0.5), (math.nan, 0.5), (1.0, 1.5)])
    def test_nonsense_is_a_bug(self, library: Library, t_s: float, valence: float) -> None:
        with pytest.raises(ValueError, match=r"no moment|\[0, 1\]"):
            library.ratings.mark("song", Path("/s.mp3"), t_s, valence, 0.5)
        assert library.ratings.marks() == ()
