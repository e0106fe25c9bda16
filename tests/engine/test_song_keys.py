"""Songs known by their sound, wherever they lie, whatever their tags; what was kept by place and time is taken over."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from engine.audio import sound_hash
from engine.errors import Cancelled, UnreadableSong
from engine.library import Library
from engine.song_keys import song_key, take_over_marks, where_now
from tests.engine.old_song_keys import as_of_an_older_library, old_key

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "tests" / "assets"
DEMO_SONG = ROOT / "resources/demo/songs/02-caribbean-energetic-happy.ogg"

DIES_WHILE_MIGRATING = """
import os, signal, sys
from pathlib import Path
import engine.database as database

connect = database._connect
def armed(path):
    connection = connect(path)
    connection.create_function("die", 0, lambda: os.kill(os.getpid(), signal.SIGKILL))
    return connection
database._connect = armed
database.MIGRATIONS = (*database.MIGRATIONS[:-1], (*database.MIGRATIONS[-1], "SELECT die()"))
database.Database.open(Path(sys.argv[1]))
"""


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "library.db") as opened:
        yield opened


@pytest.fixture
def song(tmp_path: Path) -> Path:
    (tmp_path / "music").mkdir()
    return Path(shutil.copy(ASSETS / "jungle-20s.mp3", tmp_path / "music"))


def tagged(source: Path, dest: Path) -> Path:
    """The same sound in a file with other tags, as a tag editor leaves it."""
    with av.open(str(source)) as inside, av.open(str(dest), "w") as outside:
        stream = inside.streams.audio[0]
        outside.metadata.update(title="Another title " * 30, artist="Somebody else")
        copy = outside.add_stream_from_template(stream)
        for packet in inside.demux(stream):
            if packet.size:
                packet.stream = copy
                outside.mux(packet)
    assert dest.read_bytes() != source.read_bytes()
    return dest


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "m4a", "ogg"])
def test_new_tags_leave_the_hash_and_another_sound_does_not(kind: str, tmp_path: Path) -> None:
    source = DEMO_SONG if kind == "ogg" else ASSETS / f"jungle-20s.{kind}"
    known = sound_hash(source)
    assert len(known) == 32
    assert sound_hash(tagged(source, tmp_path / f"tagged.{kind}")) == known
    content = bytearray(source.read_bytes())
    content[len(content) // 2] ^= 0x55
    (tmp_path / f"edited.{kind}").write_bytes(content)
    assert sound_hash(tmp_path / f"edited.{kind}") != known


def test_tags_behind_the_sound_leave_the_hash(song: Path) -> None:
    known = sound_hash(song)
    with song.open("ab") as file:
        file.write(b"TAG" + b"A title".ljust(125, b"\0"))
    assert sound_hash(song) == known


def test_a_file_is_read_once_while_it_is_unchanged(library: Library, song: Path, tmp_path: Path) -> None:
    looks: list[int] = []

    def look() -> None:
        looks.append(1)

    key = song_key(song, library, look=look)
    assert looks
    looks.clear()
    assert song_key(song, library, look=look) == key
    assert not looks
    assert song_key(song.rename(tmp_path / "moved.mp3"), library, look=look) == key
    assert looks
    with pytest.raises(UnreadableSong, match="does not exist"):
        song_key(song, library)
    shutil.copy(DEMO_SONG, song)
    assert song_key(song, library) != key

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        song_key(Path(shutil.copy(song, tmp_path / "copy.ogg")), library, look=stop)
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(b"no music")
    with pytest.raises(UnreadableSong):
        song_key(broken, library)


def test_what_was_kept_of_a_file_that_is_replaced_while_it_is_read_stays(library: Library, song: Path) -> None:
    old = old_key(song)
    library.ratings.mark(old, song, 3.0, 0.25, 0.75)
    other = song_key(song, library, look=lambda: os.utime(song, (1, 1)))
    assert [mark.song_key for mark in library.ratings.marks()] == [old]
    assert library.songs.files_of(other) == ()


def test_a_moved_song_is_found_where_it_was_met_last(library: Library, song: Path, tmp_path: Path) -> None:
    key = song_key(song, library)
    library.ratings.mark(key, song, 3.0, 0.5, 0.5)
    [mark] = where_now(library.ratings.marks(), library)
    assert mark.path == song
    moved = tmp_path / "elsewhere.mp3"
    shutil.move(song, moved)
    shutil.copy(DEMO_SONG, song)  # another song lies in its place
    song_key(song, library)
    song_key(moved, library)
    assert [mark.path for mark in where_now(library.ratings.marks(), library)] == [moved]
    moved.unlink()
    assert [mark.path for mark in where_now(library.ratings.marks(), library)] == [song]


def test_a_drive_that_hangs_is_not_waited_for(
    library: Library, song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = song_key(song, library)
    library.ratings.mark(key, tmp_path / "where it once lay.mp3", 3.0, 0.5, 0.5)
    is_back = threading.Event()

    def hang(path: Path) -> tuple[int, int]:
        is_back.wait(60)
        raise UnreadableSong(path, "the file does not exist")

    monkeypatch.setattr("engine.song_keys.file_stamp", hang)
    try:
        assert [mark.path for mark in where_now(library.ratings.marks(), library, patience_s=0.05)] == [song]
    finally:
        is_back.set()


def test_what_was_kept_by_place_and_time_is_taken_over(tmp_path: Path, song: Path) -> None:
    gone = Path(shutil.copy(DEMO_SONG, song.parent / "gone.ogg"))
    with Library.open(tmp_path / "library.db") as library:
        for path in (song, gone):
            library.ratings.mark(song_key(path, library), path, 3.0, 0.25, 0.75)
        key = song_key(song, library)
        library.save_song_analysis(key, "bundle", b"an analysis")
        as_of_an_older_library(library, version=3)
        old = old_key(song)
        assert {mark.song_key for mark in library.ratings.marks()} == {old, old_key(gone)}
        assert library.load_song_analysis(old, "bundle") == b"an analysis"
    gone.rename(song.parent / "moved before it was ever met.ogg")
    with Library.open(tmp_path / "library.db") as library:
        assert take_over_marks(library) == 1
        marks = {mark.path: mark for mark in library.ratings.marks()}
        assert marks[song].song_key == key
        assert (marks[gone].t_s, marks[gone].valence, marks[gone].arousal) == (3.0, 0.25, 0.75)  # it waits
        assert library.load_song_analysis(key, "bundle") == b"an analysis"
        assert library.load_song_analysis(old, "bundle") is None
        assert take_over_marks(library) == 0
        moved = song.rename(tmp_path / "moved.mp3")
        assert library.ratings.marks(song_key(moved, library)) == (marks[song],)


def test_marks_by_place_find_their_song_wherever_it_is_met(library: Library, song: Path, tmp_path: Path) -> None:
    old, lain = old_key(song), song
    library.ratings.mark(old, lain, 3.0, 0.25, 0.75)
    moved = song.rename(tmp_path / "moved before it was ever met.mp3")
    key = song_key(moved, library)
    assert [mark.song_key for mark in library.ratings.marks()] == [key]
    library.ratings.mark(old, lain, 4.0, 0.25, 0.75)  # as a slow drive, or an undo, puts it
    assert [mark.t_s for mark in library.ratings.marks(key)] == [3.0, 4.0]
    with sqlite3.connect(library.path) as db:
        db.execute("UPDATE song_marks SET song_key = ?", (old,))
    db.close()
    moved.unlink()
    assert take_over_marks(library) == 1
    assert len(library.ratings.marks(key)) == 2


def test_a_file_met_by_another_way_takes_its_old_rows_along(library: Library, song: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(song.parent)
    old = old_key(song)
    library.save_song_analysis(old, "bundle", b"by its real path")
    key = song_key(tmp_path / "link" / song.name, library)
    assert library.load_song_analysis(key, "bundle") == b"by its real path"


def test_a_song_is_taken_over_whole_or_not_at_all(library: Library, song: Path) -> None:
    old = old_key(song)
    library.save_song_analysis(old, "bundle", b"an analysis")
    library.ratings.mark(old, song, 3.0, 0.25, 0.75)
    with sqlite3.connect(library.path) as db:
        db.execute("CREATE TRIGGER refuse BEFORE UPDATE ON song_marks BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(sqlite3.IntegrityError):
        song_key(song, library)
    assert library.load_song_analysis(old, "bundle") == b"an analysis"
    db.execute("DROP TRIGGER refuse")
    db.close()
    key = song_key(song, library)
    assert library.load_song_analysis(key, "bundle") == b"an analysis"
    assert len(library.ratings.marks(key)) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such signals")
def test_killed_while_it_migrates_the_old_library_is_whole(tmp_path: Path, song: Path) -> None:
    path = tmp_path / "library.db"
    with Library.open(path) as library:
        library.ratings.mark(song_key(song, library), song, 3.0, 0.25, 0.75)
        as_of_an_older_library(library, version=3)
    before = path.read_bytes()
    command = [sys.executable, "-c", DIES_WHILE_MIGRATING, str(path)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (3,)
        assert not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'song_files'").fetchall()
    db.close()
    with Library.open(path) as library:
        assert library.check() == []
        assert take_over_marks(library) == 1
        assert [mark.song_key for mark in library.ratings.marks()] == [song_key(song, library)]
