"""The session: photos, songs and plans arrive by signals, faults too; pausing, cancelling and editing lose nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.errors import BrokenBundle, LibraryBusy, UnreadableSong
from engine.music import analyse_song
from engine.song_keys import song_key
from slideshow import session_jobs
from slideshow.jobs import Jobs
from slideshow.session import Session
from slideshow.session_jobs import Growth
from tests.engine.old_song_keys import old_key

LIMIT_MS = 30_000


def index(qtbot: QtBot, session: Session, folder: Path) -> object:
    with qtbot.waitSignal(session.indexing_finished, timeout=LIMIT_MS) as finished:
        session.add_folders([folder])
    qtbot.waitUntil(lambda: session.n_photos > 0, timeout=LIMIT_MS)
    return finished.args[0]


def plan(qtbot: QtBot, session: Session, song: Path) -> None:
    session.open_song(song)
    qtbot.waitUntil(lambda: bool(session.runners_up), timeout=LIMIT_MS)


def test_opening_gives_an_empty_library(opened: Session) -> None:
    assert opened.is_open
    assert opened.n_photos == 0
    assert opened.folders == ()


def test_a_broken_bundle_is_told(qtbot: QtBot, jobs: Jobs, tmp_path: Path) -> None:
    session = Session(jobs, library_path=tmp_path / "library.sqlite", bundle_path=tmp_path)
    with qtbot.waitSignal(session.failed, timeout=LIMIT_MS) as told:
        session.open()
    assert isinstance(told.args[0], BrokenBundle)
    assert session.open_error is told.args[0]
    assert not session.is_open


def test_indexing_brings_photos_with_moods(qtbot: QtBot, opened: Session, photo_folder: Path) -> None:
    (photo_folder / "broken.jpg").write_text("no photo")
    report = index(qtbot, opened, photo_folder)
    assert opened.catalog is not None
    assert opened.n_photos == 8
    assert len(opened.skipped) == len(report.skipped) == 1  # type: ignore[attr-defined]
    assert opened.folder_infos[photo_folder.resolve()].n_photos == 8
    assert not opened.indexing.is_running
    moods = [opened.mood_of(photo) for photo in opened.catalog.photos]
    assert len(set(moods)) > 1
    assert all(0 <= mood.valence <= 1 and 0 <= mood.arousal <= 1 for mood in moods)


def test_a_song_whose_file_is_slow_to_read_is_heard_before_its_key_is_known(
    qtbot: QtBot, opened: Session, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, encoders = opened.library, opened.encoders
    assert library is not None
    assert encoders is not None
    parts: list[object] = []
    with monkeypatch.context() as slow:
        slow.setattr(session_jobs, "KEY_WAIT_S", -1.0)
        first = session_jobs.listen(clip, library, encoders, report=lambda _: None, deliver=parts.append)
    assert {part.key for part in parts if isinstance(part, Growth)} == {old_key(clip)}  # it can be marked already
    again = session_jobs.listen(clip, library, encoders, report=lambda _: None, deliver=parts.append)
    assert first.key == again.key == song_key(clip, library)
    assert again.analysis.to_bytes() == first.analysis.to_bytes()  # it was kept


def test_a_library_that_is_busy_at_first_keeps_no_song_from_being_heard(
    opened: Session, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library, encoders = opened.library, opened.encoders
    assert library is not None
    assert encoders is not None
    songs, really, tries = type(library.songs), type(library.songs).keep_key, []

    def keep_key(self: object, *args: object, **how: object) -> None:
        tries.append(args)
        if len(tries) == 1:
            raise LibraryBusy(library.path, "another program is writing to it")
        really(self, *args, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(songs, "keep_key", keep_key)
    heard = session_jobs.listen(clip, library, encoders, report=lambda _: None, deliver=lambda _: None)
    assert len(tries) == 2
    assert heard.key == song_key(clip, library)


def test_a_song_that_goes_when_all_of_it_was_heard_is_heard(
    opened: Session, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert opened.library is not None
    assert opened.encoders is not None
    song, really = Path(shutil.copy(clip, tmp_path / "on a stick.mp3")), analyse_song

    def analyse(path: Path, *args: object, **how: object) -> object:
        analysis = really(path, *args, **how)  # type: ignore[arg-type]
        path.unlink()
        return analysis

    monkeypatch.setattr(session_jobs, "KEY_WAIT_S", -1.0)  # a slow one
    by_place = old_key(song)
    monkeypatch.setattr("engine.music.analyse_song", analyse)
    heard = session_jobs.listen(song, opened.library, opened.encoders, report=lambda _: None, deliver=lambda _: None)
    assert heard.analysis.is_complete
    assert heard.key == by_place


def test_a_song_grows_into_a_plan(qtbot: QtBot, opened: Session, photo_folder: Path, clip: Path) -> None:
    index(qtbot, opened, photo_folder)
    known: list[float] = []
    opened.analysis_changed.connect(
        lambda: known.append(opened.analysis.analysed_s if opened.analysis is not None else 0.0)
    )
    plan(qtbot, opened, clip)
    assert opened.song is not None
    assert opened.analysis is not None
    assert opened.plan is not None
    assert opened.analysis.is_complete
    assert known == sorted(known)
    assert len(known) >= 3  # nothing yet, a part, the whole
    assert opened.plan.cues[0].start_s == 0
    assert opened.plan.cues[-1].end_s == opened.plan.duration_s
    assert len(opened.runners_up) == len(opened.plan.cues)
    for cue, others in zip(opened.plan.cues, opened.runners_up, strict=True):
        assert len(others) == 3
        assert cue.photo.id not in {other.photo.id for other in others}
        scores = [other.score for other in others]
        assert scores == sorted(scores, reverse=True)


def test_a_known_song_is_looked_up(qtbot: QtBot, opened: Session, photo_folder: Path, clip: Path) -> None:
    index(qtbot, opened, photo_folder)
    plan(qtbot, opened, clip)
    first = opened.plan
    grown: list[int] = []
    opened.analysis_changed.connect(lambda: grown.append(1))
    plan(qtbot, opened, clip)
    assert len(grown) == 2  # forgotten, then whole at once
    assert opened.plan == first


def test_a_bad_song_leaves_the_session_usable(
    qtbot: QtBot, opened: Session, photo_folder: Path, clip: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.mp3"
    bad.write_text("no song")
    opened.open_song(bad)
    qtbot.waitUntil(lambda: opened.song_error is not None, timeout=LIMIT_MS)
    assert isinstance(opened.song_error, UnreadableSong)
    index(qtbot, opened, photo_folder)
    plan(qtbot, opened, clip)
    assert opened.song_error is None


def test_photos_that_come_after_the_song_make_the_plan(
    qtbot: QtBot, opened: Session, photo_folder: Path, clip: Path
) -> None:
    opened.open_song(clip)
    qtbot.waitUntil(lambda: opened.analysis is not None and opened.analysis.is_complete, timeout=LIMIT_MS)
    assert opened.plan is None
    index(qtbot, opened, photo_folder)
    qtbot.waitUntil(lambda: opened.plan is not None, timeout=LIMIT_MS)


def test_a_quick_change_of_songs_ends_with_the_last(
    qtbot: QtBot, opened: Session, photo_folder: Path, clip: Path, tmp_path: Path
) -> None:
    index(qtbot, opened, photo_folder)
    others = [Path(shutil.copy(clip, tmp_path / f"{i}.mp3")) for i in range(3)]
    for path in others:
        opened.open_song(path)
    qtbot.waitUntil(lambda: bool(opened.runners_up), timeout=LIMIT_MS)
    assert opened.plan is not None
    assert opened.plan.song == others[-1]
    assert opened.song is not None
    assert opened.song.path == others[-1]


def test_pausing_and_going_on(qtbot: QtBot, opened: Session, photo_folder: Path) -> None:
    opened.add_folders([photo_folder])
    opened.pause_indexing()
    assert opened.indexing.is_paused
    with qtbot.waitSignal(opened.indexing_finished, timeout=LIMIT_MS):
        opened.resume_indexing()
    qtbot.waitUntil(lambda: opened.n_photos == 8, timeout=LIMIT_MS)


def test_a_folder_added_during_a_pause_takes_the_paused_one_along(
    qtbot: QtBot, opened: Session, photo_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "more").mkdir()
    next(photo_folder.iterdir()).rename(tmp_path / "more" / "one.jpg")
    opened.add_folders([photo_folder])
    opened.pause_indexing()
    opened.add_folders([tmp_path / "more"])
    qtbot.waitUntil(lambda: opened.n_photos == 8, timeout=LIMIT_MS)


def test_cancelling_ends_indexing(qtbot: QtBot, opened: Session, photo_folder: Path) -> None:
    opened.add_folders([photo_folder])
    qtbot.waitUntil(lambda: opened.indexing.is_running, timeout=LIMIT_MS)
    opened.cancel_indexing()
    assert not opened.indexing.is_running
    with qtbot.waitSignal(opened.catalog_changed, timeout=LIMIT_MS):
        opened.refresh()


def test_a_folder_at_rest_is_left_out(qtbot: QtBot, opened: Session, photo_folder: Path) -> None:
    index(qtbot, opened, photo_folder)
    opened.rest_folders([str(photo_folder.resolve())])
    qtbot.waitUntil(lambda: opened.n_photos == 0, timeout=LIMIT_MS)
    opened.rest_folders([])
    qtbot.waitUntil(lambda: opened.n_photos == 8, timeout=LIMIT_MS)


def test_a_forgotten_folder_comes_back_without_indexing(qtbot: QtBot, opened: Session, photo_folder: Path) -> None:
    index(qtbot, opened, photo_folder)
    opened.remove_folder(photo_folder)
    qtbot.waitUntil(lambda: opened.folders == (), timeout=LIMIT_MS)
    assert len(list(photo_folder.iterdir())) == 8
    opened.restore_folder(photo_folder)
    qtbot.waitUntil(lambda: opened.n_photos == 8, timeout=LIMIT_MS)


def test_a_runner_up_is_used_and_taken_back(qtbot: QtBot, opened: Session, photo_folder: Path, clip: Path) -> None:
    index(qtbot, opened, photo_folder)
    plan(qtbot, opened, clip)
    before = opened.plan
    assert before is not None
    chosen = opened.runners_up[1][0]
    opened.editing.use_runner_up(1, chosen)
    assert opened.plan is not None
    assert opened.plan.cues[1].photo == chosen.photo
    elsewhere = [i for i, cue in enumerate(before.cues) if cue.photo == chosen.photo]
    for i in {0, 2, 3} - {1, *elsewhere}:  # one that stands elsewhere changes places
        assert opened.plan.cues[i].photo == before.cues[i].photo
    assert opened.editing.undo()
    assert opened.plan == before
    assert opened.editing.redo()
    assert opened.plan.cues[1].photo == chosen.photo
    assert not opened.editing.redo()
    qtbot.waitUntil(lambda: bool(opened.runners_up), timeout=LIMIT_MS)


def test_a_plan_that_was_being_made_does_not_undo_an_edit(
    qtbot: QtBot, opened: Session, jobs: Jobs, photo_folder: Path, clip: Path
) -> None:
    index(qtbot, opened, photo_folder)
    plan(qtbot, opened, clip)
    chosen = opened.runners_up[1][0]
    opened._replan()
    opened.editing.use_runner_up(1, chosen)
    qtbot.waitUntil(lambda: not jobs.is_busy, timeout=LIMIT_MS)
    assert opened.plan is not None
    assert opened.plan.cues[1].photo == chosen.photo
    assert opened.editing.undo()


def test_runners_up_do_not_outlive_their_plan(
    qtbot: QtBot, opened: Session, jobs: Jobs, photo_folder: Path, clip: Path
) -> None:
    index(qtbot, opened, photo_folder)
    plan(qtbot, opened, clip)
    opened._find_matches()
    opened._set_plan(None)
    qtbot.waitUntil(lambda: not jobs.is_busy, timeout=LIMIT_MS)
    assert opened.runners_up == ()


def test_odd_names_survive(qtbot: QtBot, opened: Session, photo_folder: Path, tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd-\xff"))
    folder.mkdir()
    shutil.copy(next(photo_folder.iterdir()), folder / "ünï'\" 日本.jpg")
    index(qtbot, opened, folder)
    assert opened.n_photos == 1
