"""A file of ratings: written and read back without loss, read from people's own files, nonsense named line by line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import ratings_rows, whole_files
from engine.errors import Cancelled, DiskFull, ExportError, RatingsError
from engine.images import content_hash_of
from engine.library import Encoded, Library, PhotoRecord
from engine.progress import Progress
from engine.ratings import PhotoRating
from engine.ratings_file import export_ratings, import_ratings
from engine.song_keys import song_key
from tests.engine.old_song_keys import old_key
from trainer.photo_corpora import read_ratings

SONG_KEY = "ab" * 32
SONG = Path(__file__).parents[1] / "assets" / "jungle-20s.mp3"


def hash_of(n: int) -> str:
    return f"{n:032x}"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "data" / "library.db") as opened:
        yield opened


def know(library: Library, *paths: Path) -> list[str]:
    """Let the library know photos at these paths; returns their contents."""
    n = len(paths)
    records = [PhotoRecord(path, 1, 1, content_hash_of(os.fsencode(path)), 4, 3) for path in paths]
    blank = Encoded(np.zeros((n, 6), np.float32), np.zeros((n, 512), np.float32), np.zeros((n, 2), np.float32))
    library.store_photos(records, blank, backbone_id="backbone", bundle_id="bundle")
    return [record.content_hash for record in records]


def said(library: Library) -> dict[str, tuple[float, float]]:
    return {rating.content_hash: (rating.valence, rating.arousal) for rating in library.ratings.photos()}


def taught(library: Library, tmp_path: Path) -> Library:
    names = ["a, b.jpg", 'quoted "c".png', "ünïcode 海.jpg"] + (["tab\tline\nend.jpg"] if os.name != "nt" else [])
    contents = know(library, *(tmp_path / "photos" / name for name in names))
    for i, content in enumerate(contents):
        library.ratings.rate(content, 0.1 + 0.2 * i, 1 / 3)
    library.ratings.compare(contents[0], contents[1], "calmer", "second")
    library.ratings.mark(SONG_KEY, tmp_path / "song; one.mp3", 12.345, 0.75, 0.5)
    return library


class TestRoundTrip:
    def test_everything_comes_back_as_it_was(self, library: Library, tmp_path: Path) -> None:
        taught(library, tmp_path)
        before = (library.ratings.photos(), library.ratings.comparisons(), library.ratings.marks())
        exported = export_ratings(library, tmp_path / "mine.csv")
        assert (exported.n_photos, exported.n_comparisons, exported.n_marks) == tuple(map(len, before))
        with Library.open(tmp_path / "other.db") as other:
            report = import_ratings(other, tmp_path / "mine.csv")
            assert (report.n_new, report.n_comparisons, report.n_marks) == (len(before[0]), 1, 1)
            assert (report.n_absent, report.n_problems) == (len(before[0]), 0)
            assert other.ratings.photos() == before[0]
            assert [replace(pair, id=1) for pair in other.ratings.comparisons()] == list(before[1])
            assert other.ratings.marks() == before[2]
            again = import_ratings(other, tmp_path / "mine.csv")
            assert (again.n_new, again.n_same, again.n_comparisons, again.n_marks) == (0, len(before[0]), 0, 0)
        library.ratings.forget_all()
        report = import_ratings(library, tmp_path / "mine.csv")
        assert (report.n_new, report.n_absent) == (len(before[0]), 0)
        assert library.ratings.photos() == before[0]

    @pytest.mark.skipif(os.name == "nt", reason="such names exist on POSIX systems only")
    def test_names_that_are_no_text(self, library: Library, tmp_path: Path) -> None:
        path = tmp_path / os.fsdecode(b"caf\xe9\xff.jpg")
        [content] = know(library, path)
        library.ratings.rate(content, 0.5, 0.25)
        export_ratings(library, tmp_path / "mine.csv")
        text = (tmp_path / "mine.csv").read_bytes()
        assert b"caf\xe9\xff.jpg" in text
        (tmp_path / "mine.csv").write_bytes(text.replace(content.encode(), b""))  # to be found by its path alone
        library.ratings.forget_all()
        import_ratings(library, tmp_path / "mine.csv")
        assert said(library) == {content: (0.5, 0.25)}

    def test_the_trainer_reads_it(self, library: Library, tmp_path: Path) -> None:
        know(library, tmp_path / "a.jpg", tmp_path / "ü b.png")
        for i, rated in enumerate(library.known_photos("").values()):
            library.ratings.rate(rated.content_hash, 0.25, 0.5 + 0.25 * i)
        library.ratings.compare(hash_of(1), hash_of(2), "calmer", "same")
        library.ratings.mark(SONG_KEY, tmp_path / "song.mp3", 1, 0.5, 0.5)
        export_ratings(library, tmp_path / "mine.csv")
        unusable: list[object] = []
        records = read_ratings(tmp_path / "mine.csv", on_unusable=unusable.append)
        assert [(record.path, record.valence, record.arousal) for record in records] == [
            (tmp_path / "a.jpg", 0.25, 0.5),
            (tmp_path / "ü b.png", 0.25, 0.75),
        ]
        assert unusable == []


class TestSongs:
    def test_a_mark_follows_its_song_to_another_place(self, library: Library, tmp_path: Path) -> None:
        song = Path(shutil.copy(SONG, tmp_path / "song.mp3"))
        key = song_key(song, library)
        library.ratings.mark(key, song, 3.0, 0.75, 0.5)
        moved = song.rename(tmp_path / "moved.mp3")
        song_key(moved, library)
        export_ratings(library, tmp_path / "mine.csv")
        assert str(moved) in (tmp_path / "mine.csv").read_text("utf-8-sig")
        assert import_ratings(library, tmp_path / "mine.csv").n_marks == 0  # it is the same, wherever it lay
        with Library.open(tmp_path / "other.db") as other:
            import_ratings(other, tmp_path / "mine.csv")
            assert [(mark.song_key, mark.path) for mark in other.ratings.marks()] == [(key, moved)]

    def test_a_file_of_an_older_moodreel_names_songs_by_place(self, library: Library, tmp_path: Path) -> None:
        song = Path(shutil.copy(SONG, tmp_path / "song.mp3"))
        header = "path,valence,arousal,content_hash,kind,t_s\n"
        older = f"song.mp3,0.5,0.5,{old_key(song)},song,"
        rows = [
            f"{older}1",
            f"song.mp3,0.5,0.5,{SONG_KEY},song,2",
            "song.mp3,0.5,0.5,,song,3",
        ]
        (tmp_path / "mine.csv").write_text(header + "\n".join(rows))
        assert import_ratings(library, tmp_path / "mine.csv").n_marks == 3
        known = song_key(song, library)
        assert {mark.t_s: mark.song_key for mark in library.ratings.marks()} == {1: known, 2: SONG_KEY, 3: known}
        song_key(song.rename(tmp_path / "moved.mp3"), library)
        (tmp_path / "mine.csv").write_text(f"{header}{older}4")
        assert import_ratings(library, tmp_path / "mine.csv").n_marks == 1
        assert [mark.t_s for mark in library.ratings.marks(known)] == [1, 3, 4]


class TestExport:
    def test_only_to_a_file_of_its_kind(self, library: Library, tmp_path: Path) -> None:
        photo = tmp_path / "photo.jpg"
        photo.write_bytes(b"a photo")
        with pytest.raises(ExportError, match=r"\.csv"):
            export_ratings(library, photo)
        assert photo.read_bytes() == b"a photo"

    def test_whole_or_not_at_all(self, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        library.ratings.rate(hash_of(1), 0.5, 0.5)
        target = tmp_path / "mine.csv"
        target.write_text("what was there")

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(whole_files.os, "fsync", full)
        with pytest.raises(DiskFull):
            export_ratings(library, target)
        assert target.read_text() == "what was there"
        with pytest.raises(ExportError):
            export_ratings(library, tmp_path / "nowhere" / "mine.csv")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "mine.csv"]

    def test_a_missing_photo_is_named_by_its_other_place(self, library: Library, tmp_path: Path) -> None:
        here, gone = tmp_path / "here.jpg", tmp_path / "gone.jpg"
        [content, _] = know(library, here, gone)
        known = library.known_photos("")[os.fsencode(gone)]
        library.reuse_photo(known.id, PhotoRecord(gone, 1, 1, known.content_hash), is_move=True)
        library.store_problems([PhotoRecord(gone, 1, 1, content)])
        library.mark_missing([known.id], missing=True)
        library.ratings.rate(content, 0.5, 0.5)
        export_ratings(library, tmp_path / "mine.csv")
        assert "here.jpg" in (tmp_path / "mine.csv").read_text(encoding="utf-8-sig")


class TestOwnFiles:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_any_encoding_separator_and_line_end(
        self, library: Library, tmp_path: Path, encoding: str, separator: str, end: str
    ) -> None:
        [first, second] = know(library, tmp_path / "café.jpg", tmp_path / "b.jpg")
        point = "." if separator == "," else ","
        rows = [
            ["Path", " Valence ", "AROUSAL"],
            ["café.jpg", f"0{point}25", "1"],
            [str(tmp_path / "b.jpg"), "0", ".5"],
        ]
        text = end.join(separator.join(row) for row in rows) + end
        (tmp_path / "own.csv").write_bytes(text.encode(encoding))
        report = import_ratings(library, tmp_path / "own.csv")
        assert (report.n_new, report.n_absent, report.problems) == (2, 0, ())
        assert said(library) == {first: (0.25, 1.0), second: (0.0, 0.5)}

    def test_photos_are_found_by_path_by_reading_and_by_the_end_of_their_path(
        self, library: Library, tmp_path: Path
    ) -> None:
        summer, winter, alone = know(
            library, tmp_path / "p" / "summer" / "1.jpg", tmp_path / "p" / "winter" / "1.jpg", tmp_path / "p" / "2.JPG"
        )
        Image.new("RGB", (4, 3), "red").save(tmp_path / "new.png")
        text = "path,valence,arousal\np/summer/1.jpg,.1,.1\nD:\\photos\\winter\\1.jpg,.2,.2\n2.jpg,.3,.3\n"
        (tmp_path / "own.csv").write_text(text + "1.jpg,.4,.4\nnew.png,.5,.5\nnone.jpg,.6,.6\nown.csv,.7,.7\n")
        report = import_ratings(library, tmp_path / "own.csv")
        new = content_hash_of((tmp_path / "new.png").read_bytes())
        assert said(library) == {summer: (0.1, 0.1), winter: (0.2, 0.2), alone: (0.3, 0.3), new: (0.5, 0.5)}
        assert (report.n_new, report.n_absent, report.n_problems) == (4, 1, 3)
        assert [line for line, _ in report.problems] == [5, 7, 8]
        assert "2 photos" in report.problems[0][1]
        assert "none.jpg" in report.problems[1][1]

    def test_what_was_said_later_stands(self, library: Library, tmp_path: Path) -> None:
        for n in (1, 2, 3):
            library.ratings.rate(hash_of(n), 0.5, 0.5)
        rows = [
            f"a.jpg,.1,.1,2020-01-01T00:00:00+00:00,{hash_of(1)}",  # earlier than the library's
            f"b.jpg,.2,.2,,{hash_of(2)}",  # without a date: said now
            f"c.jpg,.3,.3,2999-01-01,{hash_of(3)}",  # not later than now
            f"d.jpg,.4,.4,2020-01-01T02:00:00+02:00,{hash_of(4)}",
            f"d.jpg,.9,.9,2019-01-01,{hash_of(4)}",  # said before the row above
        ]
        (tmp_path / "own.csv").write_text("path,valence,arousal,rated_at,content_hash\n" + "\n".join(rows))
        report = import_ratings(library, tmp_path / "own.csv")
        assert said(library) == {hash_of(1): (0.5, 0.5), hash_of(2): (0.2, 0.2), hash_of(3): (0.3, 0.3)} | {
            hash_of(4): (0.4, 0.4)
        }
        assert (report.n_new, report.n_replaced, report.n_kept, report.n_repeated) == (1, 2, 1, 1)
        assert library.ratings.photos()[0] == PhotoRating(hash_of(4), 0.4, 0.4, "2020-01-01T00:00:00.000+00:00")

    def test_lines_above_the_header_and_empty_ones_are_passed_over(self, library: Library, tmp_path: Path) -> None:
        [content] = know(library, tmp_path / "a.jpg")
        (tmp_path / "own.csv").write_text("My ratings\n\nvalence,path,arousal,note\n,,,\n\n0.5,a.jpg,1,nice\n")
        assert import_ratings(library, tmp_path / "own.csv").n_new == 1
        assert said(library) == {content: (0.5, 1.0)}


class TestNonsense:
    def test_every_row_of_nonsense_is_named(self, library: Library, tmp_path: Path) -> None:
        know(library, tmp_path / "a.jpg")
        h = hash_of(9)
        header = "path,valence,arousal,rated_at,content_hash,kind,second_path,second_hash,question,answer,t_s"
        rows = {
            "a.jpg,nan,0.5": "valence is missing",
            "a.jpg,0.5": "arousal is missing",
            "a.jpg,inf,0.5": "valence is “inf”, not a number",
            "a.jpg,0.5,1_0": "arousal is “1_0”, not a number",
            "a.jpg,7,0.5": "valence is “7”, which does not lie between 0 and 1",
            "a.jpg,0.5,-1e-9": "arousal is “-1e-9”, which does not lie between 0 and 1",
            ",0.5,0.5": "path is missing",
            "a.jpg,0.5,0.5,,,banana": "kind is “banana”",
            f"a.jpg,,,,{h},comparison,,{hash_of(8)},louder,first": "question is “louder”",
            f"a.jpg,,,,{h},comparison,,{hash_of(8)},calmer,both": "answer is “both”",
            f"a.jpg,,,,{h},comparison,,{h},calmer,first": "compared with itself",
            f"a.jpg,,,,{h},comparison,,,calmer,first": "second_path is missing",
            f"s.mp3,0.5,0.5,,{SONG_KEY},song,,,,,-1": "t_s is “-1”, which is below 0",
            "s.mp3,0.5,0.5,,,song,,,,,1": "there is no song “s.mp3”",
            f"s.mp3,0.5,0.5,,{SONG_KEY},song,,,,,1e999": "t_s is “1e999”, which is too large",
            f",0.5,0.5,,{SONG_KEY},song,,,,,1": "path is missing",
            f"s\0.mp3,0.5,0.5,,{SONG_KEY},song,,,,,1": "no path",
            "a\0.jpg,0.5,0.5": "no path",
            f"{'long ' * 50}.jpg,0.5,0.5": "…”",
        }
        (tmp_path / "bad.csv").write_text("\n".join([header, *rows]))
        report = import_ratings(library, tmp_path / "bad.csv")
        assert report.n_problems == len(rows)
        assert [line for line, _ in report.problems] == list(range(2, len(rows) + 2))
        for (_, problem), expected in zip(report.problems, rows.values(), strict=True):
            assert expected in problem
            assert problem.isprintable()
        assert (library.ratings.photos(), library.ratings.comparisons(), library.ratings.marks()) == ((), (), ())

    def test_a_date_that_is_none_is_named_and_the_rating_taken(self, library: Library, tmp_path: Path) -> None:
        (tmp_path / "own.csv").write_text(
            f"path,valence,arousal,rated_at,content_hash\na.jpg,.5,.5,yesterday,{hash_of(1)}\n"
        )
        report = import_ratings(library, tmp_path / "own.csv")
        assert report.n_new == 1
        assert "“yesterday”" in report.problems[0][1]

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "empty"),
            (b"\xef\xbb\xbf\r\n", "empty"),
            (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * 40, "does not name the columns"),
            (b"Dear diary,\ntoday it rained.\n", "does not name the columns"),
            (b"path,valence\na.jpg,0.5\n", "no column arousal"),
            (b"valence;arousal\n1;0,5\n", "no column path"),
            (b"path,valence,arousal\n", "holds nothing else"),
            (b"path,valence,arousal\n" + b'"' + b"x" * 200_000, "line"),
        ],
    )
    def test_what_holds_no_ratings_is_refused(
        self, library: Library, tmp_path: Path, content: bytes, reason: str
    ) -> None:
        (tmp_path / "bad.csv").write_bytes(content)
        with pytest.raises(RatingsError, match=reason):
            import_ratings(library, tmp_path / "bad.csv")

    def test_what_is_no_file_or_too_large(
        self, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for path, reason in ((tmp_path, "not a file"), (tmp_path / "none.csv", "not there")):
            with pytest.raises(RatingsError, match=reason):
                import_ratings(library, path)
        (tmp_path / "own.csv").write_text(f"path,valence,arousal,content_hash\na.jpg,.5,.5,{hash_of(1)}\n")
        monkeypatch.setattr(ratings_rows, "MAX_FILE_BYTES", 10)
        with pytest.raises(RatingsError, match="too large"):
            import_ratings(library, tmp_path / "own.csv")

    def test_cancelled_imports_nothing(self, library: Library, tmp_path: Path) -> None:
        rows = "".join(f"{i}.jpg,.5,.5,{hash_of(i)}\n" for i in range(200))
        (tmp_path / "own.csv").write_text("path,valence,arousal,content_hash\n" + rows)

        def stop(progress: Progress) -> None:
            if progress.done >= 100:
                raise Cancelled

        with pytest.raises(Cancelled):
            import_ratings(library, tmp_path / "own.csv", report=stop)
        assert library.ratings.photos() == ()
        assert import_ratings(library, tmp_path / "own.csv").n_new == 200

    def test_a_file_of_nothing_but_nonsense_names_only_so_many_rows(
        self, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("engine.ratings_file.MAX_PROBLEMS", 3)
        (tmp_path / "own.csv").write_text("path,valence,arousal\n" + "a.jpg,x,y\n" * 10)
        report = import_ratings(library, tmp_path / "own.csv")
        assert (report.n_problems, len(report.problems), report.n_new) == (10, 3, 0)
