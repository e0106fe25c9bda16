"""Pictures of the Library page in every state: python -m tests.screenshots_library FOLDER [--only NAME]."""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from slideshow import places
from slideshow.main_window import MainWindow
from tests.screenshots import SIZES_PX, THEMES, Studio, settle, wait_for

LONG = "Photos of a summer at the lake that went on for so long that its folder got a name to match, second part"
KINDS = ("screenshot", "document", "dark", "blurred")


def make_folders(home: Path, n: int) -> list[Path]:
    """Folders of a few demo photos each, some with names that are hard to show."""
    odd = os.fsdecode("Sommer b\N{LATIN SMALL LETTER U WITH DIAERESIS}chlein \xff".encode("latin-1"))
    first = ["Pictures", LONG, "日本 2024", odd, "Family", "Garden", "Phone", "Scans"]
    names = [*first, *(f"Album {i}" for i in range(len(first), n))][:n]
    photos = sorted(places.DEMO_PHOTOS.glob("*.jpg"))
    folders = []
    for i, name in enumerate(names):
        folder = home / "ada" / ("deep/" * (i % 3)) / name
        folder.mkdir(parents=True)
        for photo in photos[(7 * i) % 40 :][: 3 + i % 5]:
            shutil.copy2(photo, folder)
        folders.append(folder)
    return folders


def index(window: MainWindow, folders: list[Path]) -> None:
    """Add folders and wait until they are known."""
    wait_for(lambda: window.session.is_open)
    window.session.add_folders(folders)
    wait_for(lambda: len(window.session.folders) == len(folders) and not window.session.indexing.is_running)
    wait_for(lambda: not window.jobs.is_busy)
    for toast in window.toasts.shown:
        toast.leave()
    settle(600)


def few_and_many(studio: Studio, choice: str, size: tuple[int, int]) -> None:
    """One folder, and sixty."""
    for n in (1, 60):
        if not studio.wants(f"library-{n}", f"library-{n}-all", "library-network"):
            continue
        library = Path(tempfile.mkdtemp()) / "library.sqlite"
        with studio.window(choice, size, library=library, is_welcomed=True) as window:
            window.start()
            window.show_page("library")
            index(window, make_folders(Path(tempfile.mkdtemp()), n))
            studio.take(window, f"library-{n}")
            if n == 1:
                with patch(
                    "slideshow.drives.mounts", return_value={"/": "ext4", str(window.session.folders[0]): "cifs"}
                ):
                    window.session.drives.look()
                    wait_for(lambda: bool(window.session.following.unheard))
                    settle(300)
                studio.take(window, "library-network")
            else:
                window.library_page.all_folders.click()
                settle(400)
                studio.take(window, f"library-{n}-all")


def drives_and_kinds(studio: Studio, choice: str, size: tuple[int, int]) -> None:
    """Eight folders: drives that are away, a folder that was moved, photos that stay out, files that cannot be read."""
    home = Path(tempfile.mkdtemp())
    library = home / "library.sqlite"
    folders = make_folders(home, 8)
    (folders[0] / "broken.jpg").write_text("no photo")
    (folders[0] / "half.jpg").write_bytes((places.DEMO_PHOTOS / "city-rooftops-sunset.jpg").read_bytes()[:20_000])
    with studio.window(choice, size, library=library, is_welcomed=True) as window:
        window.start()
        window.show_page("library")
        index(window, folders)
        studio.take(window, "library-8")
        db = sqlite3.connect(library)
        for i, kind in enumerate(KINDS):
            db.execute("UPDATE photos SET kind = ? WHERE problem IS NULL AND id % 9 = ?", (kind, 2 * i))
        db.commit()
        db.close()
        window.session.refresh()
        wait_for(lambda: bool(window.session.of_kinds))
        mount = home / "media" / "Holidays"
        mount.mkdir(parents=True)
        album = mount / "2024"
        shutil.copytree(folders[4], album)
        window.session.add_folders([album])
        wait_for(lambda: album in window.session.folders and not window.session.indexing.is_running)
        wait_for(lambda: not window.jobs.is_busy)
        assert window.session.library is not None
        window.session.library.record_walk({os.fsencode(album): 1}, {})
        window.session.refresh()
        wait_for(lambda: window.session.folder_infos[album].device == 1)
        album.rename(home / "unplugged")
        folders[5].rename(home / "moved")
        window.folders.rest(str(folders[6]), True)
        for toast in window.toasts.shown:
            toast.leave()
        window.session.drives.look()
        wait_for(lambda: len(window.session.drives.away) == 2 and not window.jobs.is_busy)
        settle(600)
        studio.take(window, "library-away")
        scroll = window.library_page.scroller
        scroll.verticalScrollBar().setValue(scroll.verticalScrollBar().maximum())
        settle(300)
        studio.take(window, "library-notes")
        left_out(studio, window)
        window.folders.show_unread()
        settle(300)
        studio.take(window, "library-unread")
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Escape)
        scroll.verticalScrollBar().setValue(0)
        window.folders.look_into(window.session.folders)
        wait_for(lambda: any("folders" in toast.text for toast in window.toasts.shown))
        for _ in range(8):
            QTest.keyClick(window, Qt.Key.Key_Tab)
        settle(400)
        studio.take(window, "library-focus")
    with studio.window(choice, size, library=library, is_welcomed=True, text_scale=1.5) as window:
        window.start()
        window.show_page("library")
        wait_for(lambda: len(window.session.drives.away) == 2 and not window.jobs.is_busy)
        settle(800)
        studio.take(window, "library-large-text")


def left_out(studio: Studio, window: MainWindow) -> None:
    """The sheet of photos that stay out of shows."""
    sheet = window.folders.show_left_out()
    assert sheet is not None
    settle(900)
    studio.take(window, "library-left-out")
    at = sheet.grid.place(1).center()
    QTest.mouseClick(sheet.grid, Qt.MouseButton.LeftButton, pos=at)
    settle(300)
    studio.take(window, "library-left-out-used")
    sheet.close()
    settle(300)
    studio.take(window, "library-left-out-undo")
    button = window.toasts.shown[-1].button
    assert button is not None
    button.click()
    wait_for(lambda: not window.jobs.is_busy)


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
            few_and_many(studio, choice, size)
            drives_and_kinds(studio, choice, size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
