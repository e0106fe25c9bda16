"""What was taught: kept at once, undone, done again, still there after a restart, and honest where it was not kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.emotion import Emotion
from engine.errors import LibraryError
from engine.photos import Photo
from engine.ratings import Ratings
from slideshow.jobs import Jobs
from slideshow.session import Session
from slideshow.teaching import Step, Teaching, next_goal

LIMIT_MS = 20_000
SONG = "a" * 64


def photo(number: int) -> Photo:
    return Photo(number, Path(f"/photos/{number}.jpg"), 640, 480, None, f"{number:032x}")


@pytest.fixture
def teaching(opened: Session, jobs: Jobs, qtbot: QtBot) -> Teaching:
    """Teaching of an open session in which nothing was taught yet."""
    made = Teaching(opened, jobs)
    made.refresh()
    qtbot.waitUntil(lambda: made.is_read, timeout=LIMIT_MS)
    return made


def kept(session: Session) -> Ratings:
    assert session.library is not None
    return session.library.ratings


def settled(qtbot: QtBot, jobs: Jobs) -> None:
    qtbot.waitUntil(lambda: not jobs.is_busy, timeout=LIMIT_MS)


def test_a_rating_is_kept_and_can_be_taken_back(qtbot: QtBot, teaching: Teaching, jobs: Jobs, opened: Session) -> None:
    with qtbot.waitSignal(teaching.changed, timeout=LIMIT_MS):
        teaching.rate(photo(1), (0.8, 0.3))
    assert teaching.n_ratings == 1
    assert teaching.rating_of(photo(1)) == Emotion(0.8, 0.3)
    assert teaching.rating_of(photo(2)) is None
    assert [(r.valence, r.arousal) for r in kept(opened).photos()] == [(0.8, 0.3)]
    teaching.rate(photo(1), (0.2, 1.7))  # beyond the plane: drawn to its edge
    settled(qtbot, jobs)
    assert teaching.rating_of(photo(1)) == Emotion(0.2, 1.0)
    teaching.undo("photos")
    settled(qtbot, jobs)
    assert teaching.rating_of(photo(1)) == Emotion(0.8, 0.3)
    teaching.undo("photos")
    settled(qtbot, jobs)
    assert teaching.n_ratings == 0
    assert teaching.undo_name("photos") == ""
    teaching.redo("photos")
    teaching.redo("photos")
    teaching.redo("photos")  # there is no third
    settled(qtbot, jobs)
    assert teaching.rating_of(photo(1)) == Emotion(0.2, 1.0)
    assert teaching.undo_name("photos") == "rate photo"


def test_a_new_deed_ends_what_could_be_done_again(qtbot: QtBot, teaching: Teaching, jobs: Jobs) -> None:
    teaching.rate(photo(1), (0.8, 0.3))
    teaching.undo("photos")
    assert teaching.redo_name("photos") == "rate photo"
    teaching.mark(SONG, Path("/a.mp3"), (3.0,), (0.5, 0.5))
    assert teaching.redo_name("photos") == "rate photo"  # a mark of a song is another matter
    teaching.rate(photo(2), (0.8, 0.3))
    assert teaching.redo_name("photos") == ""
    settled(qtbot, jobs)
    assert set(teaching.now.ratings) == {photo(2).content_hash}


def test_answers_and_marks_go_and_come_back(qtbot: QtBot, teaching: Teaching, jobs: Jobs) -> None:
    teaching.compare(photo(1), photo(2), "calmer", "second")
    teaching.mark(SONG, Path("/songs/a.mp3"), (3.0, 7.0), (0.9, 0.6))
    settled(qtbot, jobs)
    (pair,), marks = teaching.now.comparisons, teaching.now.marks
    assert (pair.first_hash, pair.second_hash, pair.question, pair.answer) == (
        photo(1).content_hash, photo(2).content_hash, "calmer", "second",
    )  # fmt: skip
    assert [mark.t_s for mark in marks] == [3.0, 7.0]
    teaching.change_marks(marks, SONG, Path("/songs/a.mp3"), (3.0,), (0.1, 0.2))
    teaching.undo("song")
    settled(qtbot, jobs)
    assert [(mark.t_s, mark.valence) for mark in teaching.now.marks] == [(3.0, 0.9), (7.0, 0.9)]
    teaching.undo("song")  # marks that came back have other ids: the first step must still find them
    settled(qtbot, jobs)
    assert not teaching.now.marks
    assert len(teaching.now.comparisons) == 1
    teaching.redo("song")
    teaching.redo("song")
    settled(qtbot, jobs)
    assert [(mark.t_s, mark.valence) for mark in teaching.now.marks] == [(3.0, 0.1)]
    teaching.unmark(teaching.now.marks, teaching.now.marks[0].path)
    teaching.undo("photos")
    settled(qtbot, jobs)
    assert not teaching.now.marks
    assert not teaching.now.comparisons


def test_all_is_there_after_a_restart(
    qtbot: QtBot, teaching: Teaching, jobs: Jobs, opened: Session, bundle: Path, tmp_path: Path
) -> None:
    teaching.rate(photo(1), (0.8, 0.3))
    teaching.compare(photo(1), photo(2), "happier", "same")
    teaching.mark(SONG, Path("/a.mp3"), (3.0,), (0.5, 0.4))
    jobs.shutdown()  # what is in the short lane is still done
    opened.close()
    others = Jobs()
    again = Session(others, library_path=tmp_path / "library.sqlite", bundle_path=bundle)
    later = Teaching(again, others)
    try:
        with qtbot.waitSignal(later.changed, timeout=LIMIT_MS):
            again.open()
        assert later.rating_of(photo(1)) == Emotion(0.8, 0.3)
        assert later.now.comparisons[0].answer == "same"
        assert later.now.marks[0].t_s == 3.0
        assert later.undo_name("photos") == ""
    finally:
        others.shutdown()
        again.close()


def test_a_deed_that_was_not_kept_is_told_and_not_undone(qtbot: QtBot, teaching: Teaching, jobs: Jobs) -> None:
    def fail(_: Ratings) -> None:
        raise LibraryError(Path("/library.sqlite"), "the disk is full")

    with qtbot.waitSignal(teaching.failed, timeout=LIMIT_MS) as told:
        teaching.do(Step("rate photo", fail, fail))
    assert isinstance(told.args[0], LibraryError)
    assert teaching.undo_name("photos") == ""
    teaching.do(Step("rate photo", lambda _: None, fail))
    settled(qtbot, jobs)
    with qtbot.waitSignal(teaching.failed, timeout=LIMIT_MS):
        teaching.undo("photos")
    assert teaching.undo_name("photos") == "rate photo"  # it still stands, so it can be tried again


def test_forgetting_leaves_nothing_to_undo(qtbot: QtBot, teaching: Teaching, jobs: Jobs, opened: Session) -> None:
    teaching.rate(photo(1), (0.8, 0.3))
    teaching.mark(SONG, Path("/a.mp3"), (3.0,), (0.5, 0.4))
    teaching.forget_all()
    settled(qtbot, jobs)
    assert (teaching.n_ratings, teaching.now.marks) == (0, ())
    assert not kept(opened).photos()
    assert teaching.undo_name("photos") == teaching.undo_name("song") == ""


def test_before_the_library_is_open_nothing_is_taught(session: Session, jobs: Jobs) -> None:
    teaching = Teaching(session, jobs)
    assert teaching.rate(photo(1), (0.8, 0.3)) is None
    assert not teaching.is_read


def test_goals() -> None:
    assert [next_goal(n) for n in (0, 4, 5, 29, 30, 99, 100, 149, 150, 1204)] == [
        5, 5, 30, 30, 60, 100, 150, 150, 200, 1250,
    ]  # fmt: skip
