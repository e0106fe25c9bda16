"""Editing through the session: every deed has its name and its way back; what was made by hand survives new plans."""

from __future__ import annotations

import shutil
import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from engine.cues import PlanOptions
from engine.edits import cut_range
from slideshow import session_jobs
from slideshow.jobs import Jobs
from slideshow.session import Session

LIMIT_MS = 30_000


@pytest.fixture
def show(qtbot: QtBot, opened: Session, photo_folder: Path, clip: Path) -> Session:
    """A session with a planned show of eight photos."""
    with qtbot.waitSignal(opened.indexing_finished, timeout=LIMIT_MS):
        opened.add_folders([photo_folder])
    qtbot.waitUntil(lambda: opened.n_photos == 8, timeout=LIMIT_MS)
    opened.open_song(clip)
    qtbot.waitUntil(lambda: bool(opened.runners_up), timeout=LIMIT_MS)
    return opened


def cues(session: Session) -> tuple:  # type: ignore[type-arg]
    assert session.plan is not None
    return session.plan.cues


def settled(qtbot: QtBot, session: Session, jobs: Jobs) -> None:
    qtbot.waitUntil(lambda: not jobs.is_busy, timeout=LIMIT_MS)
    qtbot.wait(10)
    qtbot.waitUntil(lambda: not jobs.is_busy, timeout=LIMIT_MS)


def test_every_deed_has_a_name_and_comes_undone(qtbot: QtBot, show: Session, jobs: Jobs) -> None:
    editing, before = show.editing, show.plan
    assert before is not None
    free = next(i for i in range(1, len(before.cues)) if cut_range(before, i)[1] > before.cues[i].start_s + 0.6)
    deeds = (
        ("pin", lambda: editing.toggle_pin(0)),
        ("unpin", lambda: editing.toggle_pin(0)),
        ("move cut", lambda: editing.move_cut(free, before.cues[free].start_s + 0.05)),
        ("move cut", lambda: editing.nudge_cut(free, step=1)),
        ("swap", lambda: editing.use_runner_up(1, show.runners_up[1][0])),
        ("transition", lambda: editing.next_transition(1)),
        ("lock", lambda: editing.toggle_lock(0, 2)),
        ("unlock", lambda: editing.toggle_lock(0, 2)),
    )
    for name, deed in deeds:
        settled(qtbot, show, jobs)
        with qtbot.waitSignal(editing.done) as told:
            deed()
        assert told.args == [name]
        assert editing.undo_name == name
    after = show.plan
    names = []
    while editing.undo_name:
        names.append(editing.undo_name)
        assert show.editing.undo()
    assert names == [name for name, _ in reversed(deeds)]
    assert show.plan == before
    while show.editing.redo():
        pass
    assert show.plan == after
    settled(qtbot, show, jobs)


def test_what_cannot_be_done_is_said(qtbot: QtBot, show: Session) -> None:
    for deed in (
        lambda: show.editing.move_cut(0, 1.0),
        lambda: show.editing.move_cut(1, cues(show)[1].end_s),
        lambda: show.editing.change_options(min_hold_s=5.0, max_hold_s=6.0),
        lambda: show.editing.set_transition(0, "cut"),
        lambda: show.editing.drop_photo(0, Path("/somewhere/else.jpg")),
    ):
        before = show.plan
        with qtbot.waitSignal(show.editing.refused) as told:
            deed()
        assert told.args[0].strip()
        assert show.plan == before
    assert show.editing.undo_name == ""


def test_a_photo_of_the_library_is_dropped_on_a_cue(qtbot: QtBot, show: Session) -> None:
    other, here = cues(show)[0].photo, cues(show)[2].photo
    with qtbot.waitSignal(show.editing.photo_swapped):
        show.editing.drop_photo(2, other.path)
    cue = cues(show)[2]
    assert cue.photo == other
    assert cue.score == pytest.approx(show.editing.score_of(2, other), abs=1e-3)
    assert cue.why.startswith("You chose this ")
    assert cues(show)[0].photo == here  # it stood elsewhere: the two change places


def test_a_photo_that_is_never_to_be_shown_is_gone_at_once_and_comes_back(
    qtbot: QtBot, show: Session, jobs: Jobs
) -> None:
    before, gone = show.plan, cues(show)[1].photo
    with qtbot.waitSignal(show.editing.photo_banned) as told:
        show.editing.never_show(1)
    assert told.args == [gone]
    assert all(cue.photo != gone for cue in cues(show))
    assert before is not None
    assert [cue for i, cue in enumerate(cues(show)) if i != 1] == [c for i, c in enumerate(before.cues) if i != 1]
    qtbot.waitUntil(lambda: show.n_photos == 7, timeout=LIMIT_MS)
    settled(qtbot, show, jobs)
    assert all(other.photo != gone for row in show.runners_up for other in row)
    after = show.plan
    with qtbot.waitSignal(show.editing.banned_read, timeout=LIMIT_MS) as read:
        show.editing.undo()
    assert read.args == [()]
    qtbot.waitUntil(lambda: show.n_photos == 8, timeout=LIMIT_MS)
    settled(qtbot, show, jobs)
    assert show.plan == before  # that it came back is no reason to plan anew
    show.editing.redo()
    qtbot.waitUntil(lambda: show.n_photos == 7, timeout=LIMIT_MS)
    assert show.plan == after
    with qtbot.waitSignal(show.editing.banned_read, timeout=LIMIT_MS) as read:
        show.editing.let_back(gone)
    assert read.args == [()]
    settled(qtbot, show, jobs)
    assert show.plan == after


def test_a_ban_by_hand_and_its_way_back_plan_nothing_anew(
    qtbot: QtBot, show: Session, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[object] = []
    replan = session_jobs.replan

    def counted(*given: Any, **named: Any) -> Any:
        planned.append(given)
        return replan(*given, **named)

    monkeypatch.setattr(session_jobs, "replan", counted)
    for deed, n_photos in ((partial(show.editing.never_show, 1), 7), (show.editing.undo, 8), (show.editing.redo, 7)):
        deed()
        qtbot.waitUntil(lambda n_photos=n_photos: show.n_photos == n_photos, timeout=LIMIT_MS)  # type: ignore[misc]
        settled(qtbot, show, jobs)
    assert planned == []
    assert show.editing.undo_name == "never show"


def test_what_was_made_by_hand_stays_when_options_change(qtbot: QtBot, show: Session, jobs: Jobs) -> None:
    show.editing.use_runner_up(1, show.runners_up[1][0])
    show.editing.toggle_pin(3)
    kept = cues(show)[1], cues(show)[3]
    before = show.plan
    with qtbot.waitSignal(show.plan_changed, timeout=LIMIT_MS):
        show.editing.shuffle()
    assert show.options.seed == 1
    assert set(kept) <= set(cues(show))
    assert show.editing.undo_name == "shuffle"
    with qtbot.waitSignal(show.plan_changed, timeout=LIMIT_MS):
        show.editing.change_options(min_hold_s=1.0, max_hold_s=3.0)
    assert set(kept) <= set(cues(show))
    show.editing.undo()
    show.editing.undo()
    assert show.plan == before
    assert show.options.seed == 0
    settled(qtbot, show, jobs)


def test_what_was_made_by_hand_stays_when_photos_come(qtbot: QtBot, show: Session, jobs: Jobs, tmp_path: Path) -> None:
    show.editing.move_cut(1, cues(show)[1].start_s + 0.05)
    moved = cues(show)[:2]
    more = tmp_path / "more"
    more.mkdir()
    for path in sorted((Path(__file__).parents[2] / "resources/demo/photos").glob("*.jpg"))[8:14]:
        shutil.copy(path, more)
    show.add_folders([more])
    qtbot.waitUntil(lambda: show.n_photos == 14, timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: show.editing.undo_name == "new photos", timeout=LIMIT_MS)
    assert [(c.photo, c.start_s, c.end_s) for c in cues(show)[:2]] == [(c.photo, c.start_s, c.end_s) for c in moved]
    settled(qtbot, show, jobs)


def test_a_drawn_mood_is_what_the_show_follows(qtbot: QtBot, show: Session, jobs: Jobs) -> None:
    before, song = show.plan, show.felt
    arc = ((0.0, 0.9, 0.1), (20.0, 0.1, 0.9))
    with qtbot.waitSignal(show.plan_changed, timeout=LIMIT_MS):
        show.editing.draw_arc(arc)
    assert show.options.arc == arc
    assert show.felt.at(10.0).valence == pytest.approx(0.5, abs=1e-3)
    assert show.spread is None
    with qtbot.waitSignal(show.plan_changed, timeout=LIMIT_MS):
        show.editing.draw_arc(())
    assert show.felt is song
    show.editing.undo()
    assert show.options.arc == arc
    show.editing.undo()
    assert show.plan == before
    assert show.felt is song
    settled(qtbot, show, jobs)


def test_a_show_that_was_changed_comes_back_with_its_song(
    qtbot: QtBot, show: Session, jobs: Jobs, clip: Path, tmp_path: Path
) -> None:
    show.editing.toggle_pin(2)
    pinned = show.plan
    other = Path(shutil.copy(clip, tmp_path / "other.mp3"))
    show.open_song(other)
    qtbot.waitUntil(lambda: bool(show.runners_up), timeout=LIMIT_MS)
    assert not any(cue.is_pinned for cue in cues(show))
    show.open_song(clip)
    assert show.plan == pinned
    qtbot.waitUntil(lambda: bool(show.runners_up), timeout=LIMIT_MS)
    assert show.plan == pinned
    settled(qtbot, show, jobs)


def test_the_songs_doubt_is_said_in_words(show: Session) -> None:
    assert show.spread is not None
    assert show.spread.shape == show.felt.va.shape
    assert show.doubt_at(5.0) in (
        "",
        "The song’s mood is hard to tell here.",
        "The song’s pleasantness is hard to tell here.",
        "The song’s energy is hard to tell here.",
    )
    show._spread = show.spread * 0
    assert show.doubt_at(5.0) == ""
    show._spread[:] = 0.4
    assert show.doubt_at(5.0) == "The song’s mood is hard to tell here."


def test_a_photo_beyond_the_choice_is_dropped_too(qtbot: QtBot, show: Session, jobs: Jobs) -> None:
    assert show.whole_catalog is not None
    left_out = show.whole_catalog.photos[7]
    show.choose_photos({photo.id for photo in show.whole_catalog.photos[:7]})
    settled(qtbot, show, jobs)
    show.editing.drop_photo(0, left_out.path)
    assert cues(show)[0].photo == left_out
    assert show.chosen_ids is not None  # the choice stays


def test_runners_up_of_a_choice_have_the_moods_that_the_circle_shows(qtbot: QtBot, show: Session, jobs: Jobs) -> None:
    assert show.whole_catalog is not None
    show.choose_photos({photo.id for photo in show.whole_catalog.photos[:5]})
    settled(qtbot, show, jobs)
    offered = [other for row in show.runners_up for other in row]
    assert offered
    assert all(other.mood == show.mood_of(other.photo) for other in offered)


def test_editing_before_there_is_a_show_does_nothing(opened: Session) -> None:
    assert isinstance(opened.editing, QObject)
    opened.editing.toggle_pin(0)
    opened.editing.never_show(0)
    opened.editing.move_cut(1, 2.0)
    assert not opened.editing.undo()
    assert not opened.editing.redo()


def test_a_choice_made_just_before_an_edit_is_kept(qtbot: QtBot, show: Session, jobs: Jobs) -> None:
    show.editing.change_options(transition="cut")
    show.editing.toggle_pin(0)
    settled(qtbot, show, jobs)
    assert show.plan is not None
    assert show.plan.options.transition == "cut"
    assert cues(show)[0].is_pinned
    assert show.editing.undo_name == "choice"
    show.editing.undo()
    assert show.plan.options.transition == "auto"
    assert cues(show)[0].is_pinned


def test_a_theme_is_a_choice_that_can_be_undone(qtbot: QtBot, show: Session, jobs: Jobs) -> None:
    show.editing.change_options(theme="beach", theme_share=0.9)
    settled(qtbot, show, jobs)
    assert show.plan is not None
    assert (show.plan.options.theme, show.plan.options.theme_share) == ("beach", 0.9)
    show.editing.undo()
    assert show.options.theme == ""
    show.editing.redo()
    show.editing.reset_options()
    settled(qtbot, show, jobs)
    assert (show.options.theme, show.options.theme_share) == ("", PlanOptions().theme_share)


def test_a_choice_made_just_before_a_ban_is_kept(qtbot: QtBot, show: Session, jobs: Jobs) -> None:
    banned = cues(show)[1].photo.id
    show.editing.change_options(transition="cut")
    show.editing.never_show(1)
    settled(qtbot, show, jobs)
    assert show.plan is not None
    assert show.plan.options.transition == "cut"
    assert banned not in {cue.photo.id for cue in cues(show)}


def test_a_ban_is_kept_though_the_app_closes_at_once(qtbot: QtBot, show: Session, jobs: Jobs) -> None:
    may_end = threading.Event()
    jobs.submit("interactive", lambda *, report: may_end.wait(10))  # a song is being heard
    banned = cues(show)[1].photo
    show.editing.never_show(1)
    threading.Timer(0.05, may_end.set).start()
    jobs.shutdown()
    assert show.library is not None
    assert [photo.id for photo in show.library.banned()] == [banned.id]


def test_a_show_without_its_song_begins_at_its_start(qtbot: QtBot, show: Session, tmp_path: Path) -> None:
    now = show.history.now
    assert now is not None
    show.played_s, show.is_begun = 7.0, True
    show.lose_song(tmp_path / "gone.mp3", now)
    assert (show.played_s, show.is_begun) == (0.0, False)
