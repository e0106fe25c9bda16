"""Pictures of every state of Teach: python -m tests.screenshots_teach FOLDER [--only NAME] [--theme dark]."""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.emotion import Emotion
from slideshow import places
from slideshow.main_window import MainWindow
from slideshow.mood_plane import point_on
from slideshow.teach_page import TeachPage
from tests.screenshots import THEMES, Studio, settle, wait_for

SIZES_PX = ((1280, 800), (1920, 1080), (2560, 1440))
SMALL_PX, LARGE_TEXT = (1024, 700), 1.5
LEFT = Qt.MouseButton.LeftButton
N_RATED = 12


def drag(over: QWidget, start: QPoint, end: QPoint, *, is_released: bool = True) -> None:
    """Drag by mouse in steps."""
    QTest.mousePress(over, LEFT, pos=start)
    for step in range(1, 13):
        QTest.mouseMove(over, start + (end - start) * step / 12)
    if is_released:
        QTest.mouseRelease(over, LEFT, pos=end)


def put(page: TeachPage, place: Emotion) -> None:
    """Drag the photo on the circle."""
    start = page.place.thumbnail_place().center().toPoint()
    drag(page.place, start, point_on(page.place.circle(), place).toPoint())


def ready(window: MainWindow) -> None:
    """Wait until photos and pairs are asked for and nothing runs."""
    page = window.teach_page
    wait_for(lambda: page.asked is not None and page.round.pair is not None and not window.jobs.is_busy)
    settle(700)


def open_on(window: MainWindow, page: str) -> None:
    """Start a window with the demo photos on a page."""
    window.start()
    wait_for(lambda: window.session.is_open)
    if not window.session.n_photos:
        window.session.add_folders([places.DEMO_PHOTOS.resolve()])
        wait_for(lambda: window.session.n_photos > 0 and not window.session.indexing.is_running)
    window.show_page(page)


def teach(studio: Studio, window: MainWindow) -> None:
    """The page from the first photo to the last."""
    page = window.teach_page
    ready(window)
    studio.take(window, "teach-first")
    for number in range(N_RATED - window.teaching.n_ratings):
        put(page, Emotion(0.3 + 0.04 * number, 0.75 - 0.04 * number))
        page.save_place()
        ready(window)
    put(page, Emotion(0.72, 0.62))
    page.place.setFocus(Qt.FocusReason.TabFocusReason)
    page.round.first.set_chosen(is_chosen=True)
    settle(900)
    studio.take(window, "teach-moved")
    page.round.first.set_chosen(is_chosen=False)
    page.round.setFocus(Qt.FocusReason.TabFocusReason)
    settle(300)
    studio.take(window, "teach-round")
    window.teach_care.open_menu(page.more)
    settle(200)
    popup = QApplication.activePopupWidget()
    if popup is not None:
        studio.take(popup, "teach-menu")
        popup.close()
    window.teach_care.ask_to_forget()
    settle(300)
    studio.take(window, "teach-forget")
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
    if not studio.wants("teach-all", "teach-rest"):
        return
    while page.round.pair is not None:
        page.round.answer("same")
        wait_for(lambda: not page.round.is_telling and not page.is_looking)
    while page.asked is not None:
        page.save_place()
        wait_for(lambda: not page.is_looking)
    settle(500)
    studio.take(window, "teach-all-and-rest")


def browse(studio: Studio, window: MainWindow) -> None:
    """The hand that teaches on the map."""
    page = window.browse_page
    window.show_page("browse")
    wait_for(lambda: page.photos is not None)
    page.use_teach()
    settle(2000)
    u, v = (float(part) for part in page.map.places[3])
    start, end = page.map.view.to_px(u, v).toPoint(), page.map.view.to_px(-0.35, 0.55).toPoint()
    drag(page.map, start, end, is_released=False)
    settle(500)
    studio.take(window, "teach-browse-held")
    QTest.mouseRelease(page.map, LEFT, pos=end)
    wait_for(lambda: not window.jobs.is_busy)
    settle(700)
    studio.take(window, "teach-browse-put")
    page.use_lasso()


def marks(studio: Studio, window: MainWindow) -> None:
    """A song marked with how it feels."""
    window.open_song(places.DEMO_SONGS / "01-jungle-calm-to-lively.ogg")
    wait_for(lambda: bool(window.session.runners_up) and not window.jobs.is_busy)
    page = window.create_page
    page.seek(12.0)
    sheet = window.song_marks.ask_at(12.0)
    assert sheet is not None
    drag(
        sheet.place,
        sheet.place.thumbnail_place().center().toPoint(),
        point_on(sheet.place.circle(), Emotion(0.75, 0.3)).toPoint(),
    )
    settle(500)
    studio.take(window, "teach-moment")
    sheet.save()
    plan = window.session.plan
    assert plan is not None
    page.timeline.select((3, 5))
    stretch = window.song_marks.mark_now()
    assert stretch is not None
    stretch.place.put(Emotion(0.8, 0.85))
    stretch.save()
    wait_for(lambda: len(window.song_marks.marked) == 2)
    page.timeline.select(None)
    for toast in window.toasts.shown:
        toast.leave()
    settle(500)
    studio.take(window, "teach-flags")
    window.song_marks.show_list()
    settle(300)
    studio.take(window, "teach-marks")
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)


def shoot(studio: Studio, choice: str, size: tuple[int, int], library: Path) -> None:
    """Take every state in one theme and size."""
    with studio.window(choice, size, library=Path(tempfile.mkdtemp()) / "l.sqlite", is_welcomed=True) as window:
        window.start()
        wait_for(lambda: window.session.is_open)
        window.show_page("teach")
        settle(500)
        studio.take(window, "teach-empty")
    with studio.window(choice, size, library=library, is_welcomed=True) as window:
        open_on(window, "teach")
        teach(studio, window)
        if studio.wants("teach-browse-held", "teach-browse-put"):
            browse(studio, window)
        if studio.wants("teach-moment", "teach-flags", "teach-marks"):
            marks(studio, window)
    with studio.window(choice, SMALL_PX, library=library, is_welcomed=True, text_scale=LARGE_TEXT) as window:
        open_on(window, "teach")
        wait_for(lambda: window.teaching.is_read)
        window.teaching.forget_all()
        wait_for(lambda: not window.teaching.n_ratings)
        window.teach_page.show_again()
        ready(window)
        put(window.teach_page, Emotion(0.3, 0.7))
        settle(500)
        studio.take(window, "teach-large-text")
        bar = window.teach_page.scroll_area.verticalScrollBar()
        bar.setValue(bar.maximum())
        settle(300)
        studio.take(window, "teach-large-text-below")


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
    for choice, size in itertools.product(THEMES, SIZES_PX):
        if arguments.theme in (None, choice) and arguments.width in (None, size[0]):
            shoot(studio, choice, size, Path(tempfile.mkdtemp()) / "library.sqlite")
    return 0


if __name__ == "__main__":
    sys.exit(main())
