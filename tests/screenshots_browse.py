"""Pictures of every state of Browse: python -m tests.screenshots_browse FOLDER [--only NAME] [--theme dark]."""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from slideshow import places
from slideshow.main_window import MainWindow
from tests.screenshots import THEMES, Studio, settle, wait_for

SIZES_PX = ((1280, 800), (1920, 1080), (2560, 1440))


def lasso(window: MainWindow, u: float, v: float, radius: float) -> None:
    """Draw a round lasso on the map by mouse."""
    page = window.browse_page
    at = [
        page.map.view.to_px(u + radius * float(np.cos(t)), v + radius * float(np.sin(t))).toPoint()
        for t in np.linspace(0, 6.2, 40)
    ]
    QTest.mousePress(page.map, Qt.MouseButton.LeftButton, pos=at[0])
    for place in at[1:]:
        QTest.mouseMove(page.map, place)
    QTest.mouseRelease(page.map, Qt.MouseButton.LeftButton, pos=at[-1])


def browse(studio: Studio, choice: str, size: tuple[int, int], library: Path) -> None:
    """Take every state in one theme and size."""
    with studio.window(choice, size, library=Path(tempfile.mkdtemp()) / "l.sqlite", is_welcomed=True) as window:
        window.start()
        wait_for(lambda: window.session.is_open)
        window.show_page("browse")
        settle(700)
        studio.take(window, "browse-empty")
    with studio.window(choice, size, library=library, is_welcomed=True) as window:
        window.start()
        wait_for(lambda: window.session.is_open)
        if not window.session.n_photos:
            window.session.add_folders([places.DEMO_PHOTOS.resolve()])
            wait_for(lambda: window.session.n_photos > 0 and not window.session.indexing.is_running)
        window.open_song(places.DEMO_SONGS / "01-jungle-calm-to-lively.ogg")
        wait_for(lambda: bool(window.session.runners_up))
        window.show_page("browse")
        page = window.browse_page
        wait_for(lambda: page.photos is not None)
        settle(2500)
        studio.take(window, "browse-all")
        lasso(window, 0.3, -0.42, 0.36)
        settle(1500)
        studio.take(window, "browse-lasso")
        at = page.grid.place(1).center()
        QTest.mouseClick(page.grid.viewport(), Qt.MouseButton.LeftButton, pos=at)
        third = page.grid.place(3).center()
        QTest.mouseClick(page.grid.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, third)
        page.grid.setFocus(Qt.FocusReason.TabFocusReason)
        settle(300)
        studio.take(window, "browse-selected")
        page.grid.setFocus(Qt.FocusReason.MouseFocusReason)
        QTest.keyClick(page.grid, Qt.Key.Key_Space)
        settle(1500)
        studio.take(window, "browse-quick-look")
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
        page.open_menu(window.mapToGlobal(QPoint(size[0] - 400, 200)))
        settle(200)
        popup = QApplication.activePopupWidget()
        if popup is not None:
            studio.take(popup, "browse-menu")
            popup.close()
        page.show_alike()
        settle(1500)
        studio.take(window, "browse-alike")
        page.clear_all()
        page.bar.moods.chip("Tense").click()
        page.energy.set_range(0.6, 1.0)
        page.energy.moved.emit(0.6, 1.0)
        settle(1200)
        studio.take(window, "browse-chips")
        page.clear_all()
        lasso(window, -0.9, -0.05, 0.03)
        settle(800)
        studio.take(window, "browse-nothing")
        page.clear_all()
        page.map.zoom(6.0, QPointF(page.map.width() * 0.6, page.map.height() * 0.6))
        settle(2500)
        studio.take(window, "browse-zoomed")
        page.map.show_all()
        page.turn_measure()
        settle(1500)
        QTest.mouseMove(page.map, page.map.view.to_px(*map(float, page.map.places[5])).toPoint())
        settle(600)
        studio.take(window, "browse-absolute-hover")
        page.turn_measure()
        marked_and_saved(studio, window)
        songs(studio, window)
        page.find_songs()
        wait_for(lambda: not window.jobs.is_busy)
        settle(300)
        studio.take(window, "browse-songs")
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
        lasso(window, 0.3, -0.42, 0.36)
        page.start_show()
        wait_for(lambda: window.session.chosen_ids is not None and bool(window.session.runners_up))
        settle(1500)
        studio.take(window, "browse-started")
        window.sound.pause()
        window.session.choose_photos(None)
    with studio.window(choice, size, library=library, is_welcomed=True, text_scale=1.5) as window:
        window.start()
        wait_for(lambda: window.session.n_photos > 0)
        window.show_page("browse")
        wait_for(lambda: window.browse_page.photos is not None)
        lasso(window, 0.3, -0.42, 0.4)
        settle(1800)
        studio.take(window, "browse-large-text")


def marked_and_saved(studio: Studio, window: MainWindow) -> None:
    """Take favourites, stacks, saved moods, photos that are not connected or not in shows."""
    page = window.browse_page
    assert page.photos is not None
    catalog = page.photos.catalog
    groups = catalog.groups.copy()
    groups[[3, 4, 5, 6]] = groups[3]
    groups[[9, 10]] = groups[9]
    photos = list(catalog.photos)
    photos[7] = replace(photos[7], kind="screenshot")
    photos[1] = replace(photos[1], caption="The bridge in the morning, before anyone was up")
    window.session.offline_ids = frozenset({photos[12].id})
    refresh, window.session.refresh = window.session.refresh, lambda: None  # type: ignore[method-assign]
    kept = window.session.whole_catalog
    window.session.whole_catalog = replace(catalog, photos=tuple(photos), groups=groups)
    page.refresh()
    wait_for(lambda: page.photos is not None and page.photos.catalog is window.session.whole_catalog)
    for name, words in (("Sunday morning", {"calm", "serene"}), ("Before the storm, with a long name", {"tense"})):
        page.bar.moods.set_words(frozenset(words))
        page.bar.moods.chosen.emit(frozenset(words))
        window.browse_parts.saved.save(name, window.browse_parts.saved._shown)
        wait_for(lambda name=name: name in window.browse_parts.saved.all)
    page.clear_all()
    page.set_sort("newest")
    page.grid.go_to(0)
    page.turn_favourite()
    page.grid.go_to(1)
    page.grid.setFocus(Qt.FocusReason.TabFocusReason)
    settle(2500)
    studio.take(window, "browse-marked")
    page.go_to(3)
    page.grid.toggle_stack()
    settle(2000)
    studio.take(window, "browse-stack-open")
    page.bar.moods.saved[0].click()
    settle(1000)
    studio.take(window, "browse-saved")
    page.clear_all()
    page.bar.moods.chip("Relaxed").click()
    page.bar.moods.save.click()
    settle(400)
    studio.take(window, "browse-saving")
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    page.clear_all()
    page.set_sort("closest")
    window.session.refresh = refresh  # type: ignore[method-assign]
    window.session.offline_ids = frozenset()
    window.session.whole_catalog = kept
    page.refresh()
    wait_for(lambda: page.photos is not None and page.photos.catalog is kept)


def songs(studio: Studio, window: MainWindow) -> None:
    """Take the list of songs: none yet, all, those of a region; and the section on the Library page."""
    page = window.browse_page
    page.turn_songs()
    settle(600)
    studio.take(window, "browse-no-songs")
    window.songs_by_mood.add([places.DEMO_SONGS])
    known = window.songs_by_mood
    wait_for(lambda: known.known is not None and len(known.known) == 3 and not known.now.is_running)
    QTest.keyClick(page.songs, Qt.Key.Key_Down)
    settle(800)
    studio.take(window, "browse-songs-list")
    window.show_page("library")
    settle(600)
    studio.take(window, "browse-library-songs")
    window.show_page("browse")
    known.remove(places.DEMO_SONGS)
    wait_for(lambda: not known.folders)
    page.turn_songs()
    settle(300)


def main() -> int:
    """Take all pictures that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="part of the names of the pictures wanted")
    parser.add_argument("--theme", choices=THEMES)
    parser.add_argument("--width", type=int)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    studio = Studio(app, arguments.folder, places.DEFAULT_BUNDLE, arguments.only)
    library = Path(tempfile.mkdtemp()) / "library.sqlite"
    for choice, size in itertools.product(THEMES, SIZES_PX):
        if arguments.theme in (None, choice) and arguments.width in (None, size[0]):
            browse(studio, choice, size, library)
    return 0


if __name__ == "__main__":
    sys.exit(main())
