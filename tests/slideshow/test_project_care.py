"""Shows as files: saved, opened, kept by themselves, restored after a fall, with photos and songs that went away."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.project import backup_of, open_project
from slideshow import app, cli
from slideshow.main_window import MainWindow
from slideshow.project_care import _file_name

LIMIT_MS = 120_000


@pytest.fixture
def song(clip: Path, tmp_path: Path) -> Path:
    """A song that may be moved."""
    return Path(shutil.copy(clip, tmp_path / "Low Tide.mp3"))


@pytest.fixture
def window(qtbot: QtBot, make_window: Callable[..., MainWindow], photo_folder: Path, song: Path) -> MainWindow:
    """A window with a planned show that nobody has touched yet."""
    made = make_window(photos=photo_folder, song=song)
    qtbot.waitUntil(lambda: made.session.n_photos == 8, timeout=LIMIT_MS)
    ready(qtbot, made)
    return made


def ready(qtbot: QtBot, window: MainWindow) -> None:
    session, jobs = window.session, window.jobs

    def is_ready() -> bool:
        analysis = session.analysis
        return analysis is not None and analysis.is_complete and bool(session.runners_up) and not jobs.is_busy

    qtbot.waitUntil(is_ready, timeout=LIMIT_MS)


def save(qtbot: QtBot, window: MainWindow, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.projects.save()
    qtbot.waitUntil(lambda: window.projects.path == path, timeout=LIMIT_MS)


def test_a_show_nobody_touched_is_not_unsaved(window: MainWindow) -> None:
    assert not window.projects.is_changed
    assert not window.isWindowModified()
    assert not list(window.projects.unsaved.folder.glob("*"))


def test_a_show_that_waits_for_the_library_is_opened_once(
    qtbot: QtBot, window: MainWindow, make_window: Callable[..., MainWindow], tmp_path: Path
) -> None:
    window.projects._save_to(tmp_path / "one.moodreel")
    qtbot.waitUntil(lambda: window.projects.path is not None, timeout=LIMIT_MS)
    other = make_window(project=tmp_path / "gone.moodreel")
    opened: list[bool] = []
    other.projects.opened.connect(lambda: opened.append(True))
    other.projects.open(tmp_path / "one.moodreel")
    assert not other.session.is_open
    ready(qtbot, other)
    assert opened == [True]
    assert not other.toasts.shown  # of the one that is gone nothing is said: it is not wanted any more


def test_a_show_is_saved_and_opened_as_it_was(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.session.editing.toggle_pin(1)
    assert window.isWindowModified()
    path = tmp_path / "My show.moodreel"
    save(qtbot, window, path, monkeypatch)
    assert not window.isWindowModified()
    assert window.windowTitle() == "My show[*] – Moodreel"
    saved = window.session.plan
    window.session.editing.toggle_pin(2)
    assert window.isWindowModified()
    window.session.editing.undo()
    assert not window.isWindowModified()  # it is again as the file is
    window.session.editing.toggle_pin(2)
    with qtbot.waitSignal(window.projects.opened, timeout=LIMIT_MS):
        window.projects.open(path)
    assert window.session.plan == saved
    ready(qtbot, window)
    assert window.session.plan == saved
    assert not window.isWindowModified()
    window.session.editing.toggle_pin(0)
    window.projects.save()
    qtbot.waitUntil(lambda: backup_of(path).exists() and not window.isWindowModified(), timeout=LIMIT_MS)


def test_a_show_keeps_the_choice_of_photos_it_was_made_from(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.session
    assert session.whole_catalog is not None
    chosen = session.whole_catalog.photos[:5]
    path = tmp_path / "Five.moodreel"
    save(qtbot, window, path, monkeypatch)
    session.choose_photos({photo.id for photo in chosen})
    assert window.projects.is_changed  # though nothing was edited
    ready(qtbot, window)
    window.projects.save()
    qtbot.waitUntil(lambda: not window.projects.is_changed, timeout=LIMIT_MS)
    saved = session.plan
    session.choose_photos(None)
    ready(qtbot, window)
    chosen[0].path.unlink()
    session.rescan()
    qtbot.waitUntil(lambda: session.n_photos == 7, timeout=LIMIT_MS)
    for toast in window.toasts.shown:
        toast.leave()
    with qtbot.waitSignal(window.projects.opened, timeout=LIMIT_MS):
        window.projects.open(path)
    assert session.chosen_ids == {photo.id for photo in chosen[1:]}
    assert session.n_photos == 4
    assert "One of the 5 chosen photos is not in your library." in [toast.text for toast in window.toasts.shown]
    ready(qtbot, window)
    assert saved is not None
    assert session.plan is not None
    assert [cue.start_s for cue in session.plan.cues] == [cue.start_s for cue in saved.cues]
    assert window.create_page.from_photos.isVisible()


def test_the_show_of_the_last_time_is_offered(
    qtbot: QtBot,
    window: MainWindow,
    make_window: Callable[..., MainWindow],
    song: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "My show.moodreel"
    window.session.editing.toggle_pin(1)
    save(qtbot, window, path, monkeypatch)
    saved = window.session.plan
    window.close()
    again = make_window()
    offer = again.create_page.last_songs
    qtbot.waitUntil(offer.isVisible, timeout=LIMIT_MS)
    assert offer.text() == "Go on with My show"
    qtbot.mouseClick(offer, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: again.session.plan is not None, timeout=LIMIT_MS)
    assert again.session.plan == saved
    assert again.projects.path == path
    again.songs.open([song])  # from here on the song is what was there last
    qtbot.waitUntil(lambda: again.projects.path is None, timeout=LIMIT_MS)
    ready(qtbot, again)
    again.close()
    third = make_window()
    qtbot.waitUntil(third.create_page.last_songs.isVisible, timeout=LIMIT_MS)
    assert third.create_page.last_songs.text() != "Go on with My show"


def test_what_is_not_saved_is_kept_and_comes_back(
    qtbot: QtBot,
    window: MainWindow,
    make_window: Callable[..., MainWindow],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window.session.editing.toggle_pin(1)
    made = window.session.plan
    kept = window.projects.unsaved.folder
    qtbot.waitUntil(lambda: len(list(kept.glob("*.moodreel"))) == 1, timeout=LIMIT_MS)  # by itself, in seconds
    qtbot.waitUntil(lambda: not window.jobs.is_busy, timeout=LIMIT_MS)
    assert open_project(next(kept.glob("*.moodreel"))).project.plan.cues[1].is_pinned
    window.session.editing.toggle_pin(2)
    made = window.session.plan
    window.close()  # it asks nothing
    again = make_window()
    was_asked = []
    while again.session.plan is None:
        was_asked.append(again.create_page.no_song.isVisible())
        qtbot.wait(10)
    assert was_asked
    assert not any(was_asked)  # the show comes by itself: nothing is to be chosen
    assert again.session.plan == made
    assert again.isWindowModified()
    ready(qtbot, again)
    assert again.session.plan == made
    again.session.editing.toggle_pin(0)
    again.projects._autosave()
    qtbot.waitUntil(lambda: not again.jobs.is_busy, timeout=LIMIT_MS)
    assert len(list(kept.glob("*.moodreel"))) == 1  # the same one goes on


def test_a_kept_show_that_cannot_be_read_leaves_the_question_for_a_song(
    qtbot: QtBot, window: MainWindow, make_window: Callable[..., MainWindow]
) -> None:
    window.session.editing.toggle_pin(1)
    kept = window.projects.unsaved.folder
    window.close()
    next(kept.glob("*.moodreel")).write_bytes(b"nothing of use")
    again = make_window()
    assert not again.create_page.no_song.isVisible()
    assert again.create_page.frame.notice == ("Opening your show", "It goes on as you left it.")
    qtbot.waitUntil(again.create_page.no_song.isVisible, timeout=LIMIT_MS)


def test_another_moodreel_leaves_a_kept_show_alone(qtbot: QtBot, window: MainWindow) -> None:
    window.session.editing.toggle_pin(1)
    window.projects._autosave()
    slot = window.projects.unsaved.slot
    assert slot is not None
    assert not window.projects.unsaved.take(slot)  # its lock is held


def test_saving_makes_the_kept_copy_go(
    qtbot: QtBot, window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.session.editing.toggle_pin(1)
    window.projects._autosave()
    qtbot.waitUntil(lambda: len(list(window.projects.unsaved.folder.glob("*.moodreel"))) == 1, timeout=LIMIT_MS)
    save(qtbot, window, tmp_path / "show.moodreel", monkeypatch)
    qtbot.waitUntil(lambda: not list(window.projects.unsaved.folder.glob("*.moodreel")), timeout=LIMIT_MS)


def test_the_show_before_is_kept_when_another_song_comes(
    qtbot: QtBot, window: MainWindow, clip: Path, tmp_path: Path
) -> None:
    window.session.editing.toggle_pin(1)
    window.session.open_song(Path(shutil.copy(clip, tmp_path / "other.mp3")))
    ready(qtbot, window)
    assert not window.isWindowModified()
    assert len(window.projects.unsaved.others()) == 1
    names = [action.text() for action in window.projects.recent_menu(window).actions()]
    assert len(names) == 1
    assert ", not saved, " in names[0]


def test_missing_photos_are_named_and_others_stand_in(
    qtbot: QtBot, window: MainWindow, photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.session.editing.toggle_pin(1)
    path = tmp_path / "show.moodreel"
    save(qtbot, window, path, monkeypatch)
    assert window.session.plan is not None
    before = window.session.plan
    gone = before.cues[2].photo
    gone.path.unlink()
    window.session.rescan()
    qtbot.waitUntil(lambda: window.session.n_photos == 7, timeout=LIMIT_MS)
    ready(qtbot, window)
    for toast in window.toasts.shown:
        toast.leave()
    with qtbot.waitSignal(window.projects.opened, timeout=LIMIT_MS):
        window.projects.open(path)
    assert any(toast.text == "One photo was not found. Another stands in for it." for toast in window.toasts.shown)
    ready(qtbot, window)
    qtbot.waitUntil(lambda: not window.projects.missing.is_waiting, timeout=LIMIT_MS)
    cues = window.session.plan.cues
    assert all(cue.photo.path != gone.path for cue in cues)
    assert [cue for i, cue in enumerate(cues) if i != 2] == [cue for i, cue in enumerate(before.cues) if i != 2]
    assert gone.path.name in path.read_text()  # the file keeps it until the show is saved


def test_a_show_is_as_it_was_once_its_photos_are_found(
    qtbot: QtBot, window: MainWindow, photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.session.editing.toggle_pin(1)
    path = tmp_path / "shows" / "show.moodreel"  # photos beside the show would be found by themselves
    path.parent.mkdir()
    save(qtbot, window, path, monkeypatch)
    assert window.session.plan is not None
    before = window.session.plan
    names = [cue.photo.path.name for cue in before.cues]
    elsewhere = photo_folder.rename(tmp_path / "moved")
    window.session.drives.look()
    qtbot.waitUntil(lambda: window.session.n_photos == 0, timeout=LIMIT_MS)
    with qtbot.waitSignal(window.projects.opened, timeout=LIMIT_MS):
        window.projects.open(path)
    page = window.create_page
    assert page.no_photos.isVisible()  # nothing can stand in
    assert not page.export.isEnabled()
    assert not any("stand in" in toast.text for toast in window.toasts.shown)
    window.session.add_folders([elsewhere])
    qtbot.waitUntil(lambda: window.session.n_photos == 8, timeout=LIMIT_MS)
    ready(qtbot, window)
    assert not page.no_photos.isVisible()
    assert page.export.isEnabled()
    assert [cue.photo.path for cue in window.session.plan.cues] == [elsewhere / name for name in names]
    assert [cue.is_pinned for cue in window.session.plan.cues] == [cue.is_pinned for cue in before.cues]


def test_photos_that_come_back_leave_what_was_changed_meanwhile(
    qtbot: QtBot, window: MainWindow, photo_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.session.editing.toggle_pin(1)
    path = tmp_path / "shows" / "show.moodreel"  # photos beside the show would be found by themselves
    path.parent.mkdir()
    save(qtbot, window, path, monkeypatch)
    assert window.session.plan is not None
    (tmp_path / "moved").mkdir()
    gone = window.session.plan.cues[2].photo
    gone.path.rename(tmp_path / "moved" / gone.path.name)
    window.session.rescan()
    qtbot.waitUntil(lambda: window.session.n_photos == 7, timeout=LIMIT_MS)
    ready(qtbot, window)
    with qtbot.waitSignal(window.projects.opened, timeout=LIMIT_MS):
        window.projects.open(path)
    ready(qtbot, window)
    qtbot.waitUntil(lambda: not window.projects.missing.is_waiting, timeout=LIMIT_MS)
    window.session.editing.toggle_pin(2)  # content with who stands in
    chosen = window.session.plan.cues
    window.session.add_folders([tmp_path / "moved"])
    qtbot.waitUntil(lambda: window.session.n_photos == 8, timeout=LIMIT_MS)
    ready(qtbot, window)
    assert window.session.plan.cues == chosen


def test_a_lost_song_is_asked_for_and_the_show_goes_on(
    qtbot: QtBot, window: MainWindow, song: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.session.editing.toggle_pin(1)
    path = tmp_path / "show.moodreel"
    save(qtbot, window, path, monkeypatch)
    assert window.session.plan is not None
    before = window.session.plan.cues
    (tmp_path / "music").mkdir()
    elsewhere = song.rename(tmp_path / "music" / "renamed.mp3")
    with qtbot.waitSignal(window.projects.opened, timeout=LIMIT_MS):
        window.projects.open(path)
    assert window.create_page.lost_song.isVisible()
    assert "Low Tide.mp3 is not where it was." in window.create_page.lost_song.words[1]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(elsewhere), ""))
    window.create_page.lost_song.buttons[0].click()
    ready(qtbot, window)
    assert window.session.song_path == elsewhere
    assert window.session.plan.cues == before
    assert window.create_page.timeline.isVisible()
    assert window.isWindowModified()  # the file still names the old place


def test_a_damaged_show_is_said_and_nothing_is_lost(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "bad.moodreel"
    path.write_text("not a show")
    before = window.session.plan
    with qtbot.waitSignal(window.projects.failed, timeout=LIMIT_MS):
        window.projects.open(path)
    assert window.session.plan == before
    assert path.read_text() == "not a show"
    assert window.toasts.shown[-1].text.startswith("This show cannot be opened or saved.")


def test_a_show_named_at_the_start_is_opened(
    qtbot: QtBot,
    window: MainWindow,
    make_window: Callable[..., MainWindow],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window.session.editing.toggle_pin(1)
    path = tmp_path / "show.moodreel"
    save(qtbot, window, path, monkeypatch)
    saved = window.session.plan
    window.close()
    again = make_window(project=path)
    qtbot.waitUntil(lambda: again.session.plan is not None, timeout=LIMIT_MS)
    assert again.session.plan == saved
    assert again.projects.path == path
    ready(qtbot, again)


@pytest.mark.parametrize(
    ("title", "name"), [("Low Tide", "Low Tide"), ("AC/DC: T.N.T.", "AC-DC- T.N.T"), ("...", "Show"), ("", "Show")]
)
def test_titles_become_names_that_every_system_takes(title: str, name: str) -> None:
    assert _file_name(title) == name


def test_a_show_that_was_clicked_twice_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[object] = []

    def run_app(**options: object) -> int:
        opened.append(options["project"])
        return 0

    monkeypatch.setattr(app, "run_app", run_app)
    assert cli.main(["My show.moodreel"]) == 0
    assert cli.main(["--show", "other.MOODREEL"]) == 0
    assert opened == [Path("My show.moodreel"), Path("other.MOODREEL")]
