"""Pictures of every state in which a show is edited, for tests.screenshots."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from engine.project import open_project, save_project
from slideshow import places
from slideshow.cue_menu import cue_menu
from slideshow.main_window import MainWindow

if TYPE_CHECKING:
    from tests.screenshots import Studio

LONG_NAME = "The longest evening of that summer, when all of us were still there and nobody wanted to go home"


def editing(
    studio: Studio,
    choice: str,
    size: tuple[int, int],
    *,
    wait_for: Callable[[Callable[[], bool]], None],
    settle: Callable[..., None],
) -> None:
    """Take all of them, at the usual text size and at 150 %."""
    names = (
        *("pinned", "dragging-cut", "selected", "options", "drawing", "drawn", "picker", "never-shown"),
        *("banned-list", "cue-menu", "drop-target", "missing-photos", "lost-song", "editing-long-name"),
    )
    if not studio.wants(*names, *(f"{name}-large-text" for name in names)):
        return
    home = Path(tempfile.mkdtemp())
    photos, song = home / "photos", home / f"{LONG_NAME}.ogg"
    photos.mkdir()
    for path in sorted(places.DEMO_PHOTOS.glob("*.jpg"))[:40]:
        shutil.copy(path, photos)
    shutil.copy(places.DEMO_SONGS / "02-caribbean-energetic-happy.ogg", song)
    for scale, suffix in ((1.0, ""), (1.5, "-large-text")):
        library = Path(tempfile.mkdtemp()) / "library.sqlite"
        with studio.window(choice, size, library=library, is_welcomed=True, text_scale=scale) as window:

            def is_ready(window: MainWindow = window) -> bool:
                return bool(window.session.runners_up) and not window.jobs.is_busy

            window.start()
            wait_for(lambda window=window: window.session.is_open)  # type: ignore[misc]
            window.session.add_folders([photos])
            wait_for(lambda window=window: window.session.n_photos >= 30)  # type: ignore[misc]
            window.open_song(song)
            wait_for(is_ready)
            _edited(studio, window, suffix, is_ready, wait_for, settle)
            _files(studio, window, suffix, home, is_ready, wait_for, settle)


def _edited(
    studio: Studio,
    window: MainWindow,
    suffix: str,
    is_ready: Callable[[], bool],
    wait_for: Callable[[Callable[[], bool]], None],
    settle: Callable[..., None],
) -> None:
    page, timeline, hand = window.create_page, window.create_page.timeline, window.create_page.hand
    edits = window.session.editing
    page.seek(31.0)
    current = page.current
    edits.toggle_pin(current)
    edits.toggle_lock(current + 2, current + 4)
    wait_for(is_ready)
    settle(1200)
    studio.take(window, f"pinned{suffix}")
    assert window.session.plan is not None
    edge = QPoint(
        round(timeline.x_at(window.session.plan.cues[current + 1].start_s)) - 1, timeline.cue_place(current).y()
    )
    QTest.mousePress(timeline, Qt.MouseButton.LeftButton, pos=edge)
    for x in (-10, -16):
        QTest.mouseMove(timeline, edge + QPoint(x, 0))
    settle(200)
    studio.take(window, f"dragging-cut{suffix}")
    QTest.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=edge + QPoint(-16, 0))
    timeline.select((current - 2, current - 1))
    settle(200)
    studio.take(window, f"selected{suffix}")
    timeline.select(None)
    timeline._set_target(current - 1)
    settle(200)
    studio.take(window, f"drop-target{suffix}")
    timeline._set_target(-1)
    hand.toggle_options()
    settle(300)
    studio.take(window, f"options{suffix}")
    hand.show_reasons()
    hand.start_drawing()
    QTest.mousePress(timeline, Qt.MouseButton.LeftButton, pos=timeline.curve_place(18, 0.9))
    for i in range(40):
        QTest.mouseMove(timeline, timeline.curve_place(18 + 0.6 * i, 0.9 - 0.02 * i))
    settle(200)
    studio.take(window, f"drawing{suffix}")
    QTest.mouseRelease(timeline, Qt.MouseButton.LeftButton, pos=timeline.curve_place(42, 0.1))
    wait_for(lambda: window.session.editing.undo_name == "draw the mood")
    hand.stop_drawing()
    wait_for(is_ready)
    settle(900)
    studio.take(window, f"drawn{suffix}")
    hand.choose_photo()
    settle(1200)
    studio.take(window, f"picker{suffix}")
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    edits.never_show(page.current)
    settle(900)
    studio.take(window, f"never-shown{suffix}")
    wait_for(is_ready)
    window.shows.show_banned()
    settle(800)
    studio.take(window, f"banned-list{suffix}")
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    menu = cue_menu(page, page.current, window)
    menu.popup(window.mapToGlobal(QPoint(200, 100)))
    settle(200)
    studio.take(menu, f"cue-menu{suffix}")
    menu.close()
    for toast in window.toasts.shown:
        toast.leave()


def _files(
    studio: Studio,
    window: MainWindow,
    suffix: str,
    home: Path,
    is_ready: Callable[[], bool],
    wait_for: Callable[[Callable[[], bool]], None],
    settle: Callable[..., None],
) -> None:
    project = window.projects._project()
    assert project is not None
    path = home / f"{LONG_NAME}{suffix}.moodreel"
    save_project(project, path)
    names = sorted((home / "photos").glob("*.jpg"))
    away = home / f"away{suffix}"
    away.mkdir()
    shown = {cue.photo.path for cue in project.plan.cues[3:6]}
    for photo in names:
        if photo.resolve() in {place.resolve() for place in shown}:
            photo.rename(away / f"{photo.name}.hidden")
    window.session.rescan()
    wait_for(lambda: window.session.n_photos == len(names) - 3 - 1)  # one is never shown
    wait_for(is_ready)
    window.projects.open(path)
    wait_for(lambda: window.projects.path == path)
    settle(400)
    studio.take(window, f"missing-photos{suffix}")
    wait_for(is_ready)
    for toast in window.toasts.shown:
        toast.leave()
    window.create_page.seek(31.0)
    settle(900)
    studio.take(window, f"editing-long-name{suffix}")
    song = window.session.song_path
    assert song is not None
    moved = song.rename(home / "moved.away")
    window.projects.open(path)
    wait_for(lambda: window.session.is_song_lost)
    settle(400)
    studio.take(window, f"lost-song{suffix}")
    moved.rename(song)
    for photo in away.iterdir():
        photo.rename(home / "photos" / photo.name.removesuffix(".hidden"))
    assert open_project(path).missing == ()
