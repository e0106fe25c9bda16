"""What is dropped onto the window: songs, folders of photos, folders of songs."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from slideshow.drop_hint import DropHint
from slideshow.jobs import Jobs
from slideshow.photo_drag import OWN_PHOTO
from slideshow.song_care import songs_in
from slideshow.toasts import Toasts

RATINGS_SUFFIX = ".csv"
COVER_NAMES = frozenset({"cover", "folder", "front", "back", "album", "artwork", "thumb", "cd"})


@dataclass(frozen=True, slots=True)
class Sorted:
    """What a drop holds: folders with photos (or with nothing that is known), and songs in order."""

    folders: tuple[Path, ...]
    songs: tuple[Path, ...]


class Drops(QObject):
    """Shows the hint over the window, and sorts in a job what was dropped: folders have to be looked into."""

    def __init__(
        self,
        window: QWidget,
        jobs: Jobs,
        toasts: Toasts,
        *,
        on_folders: Callable[[list[Path]], None],
        on_songs: Callable[[list[Path]], None],
        on_ratings: Callable[[Path], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._jobs = jobs
        self._toasts = toasts
        self._on_folders = on_folders
        self._on_songs = on_songs
        self._on_ratings = on_ratings
        self._hint = DropHint(window)

    def enter(self, event: QDragEnterEvent) -> None:
        """Welcome files; a photo of the show itself is for the timeline only."""
        if event.mimeData().hasFormat(OWN_PHOTO):
            event.ignore()
        elif any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._hint.setGeometry(self._window.rect())
            self._hint.show()
            self._hint.raise_()

    def leave(self) -> None:
        """The files were taken elsewhere."""
        self._hint.hide()

    def fit(self) -> None:
        """The window has another size."""
        self._hint.setGeometry(self._window.rect())

    def drop(self, event: QDropEvent) -> None:
        """Take the files."""
        self._hint.hide()
        event.acceptProposedAction()
        self.take([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])

    def take(self, paths: list[Path]) -> None:
        """Take in what was dropped."""
        ratings = [path for path in paths if path.suffix.lower() == RATINGS_SUFFIX]
        paths = [path for path in paths if path not in ratings]
        for path in ratings:
            self._on_ratings(path)
        if ratings and not paths:
            return
        self._jobs.submit("short", partial(sort_drop, tuple(paths)), on_done=self._on_sorted)

    def _on_sorted(self, found: Sorted) -> None:
        if found.folders:
            self._on_folders(list(found.folders))
        if found.songs:
            self._on_songs(list(found.songs))
        if not found.folders and not found.songs:
            self._toasts.show("Drop songs, or a whole folder of photos.", icon="info")


def sort_drop(paths: tuple[Path, ...], *, report: Any) -> Sorted:
    """Tell songs and folders of songs from folders of photos; a folder of both is both."""
    from engine.audio import SONG_SUFFIXES

    folders: list[Path] = []
    songs: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = songs_in(path)
            songs += inside
            if not inside or _holds_photos(path):
                folders.append(path)
        elif path.suffix.lower() in SONG_SUFFIXES:
            songs.append(path)
    return Sorted(tuple(folders), tuple(songs))


def _holds_photos(folder: Path) -> bool:
    from engine.images import PHOTO_SUFFIXES

    return any(
        Path(name).suffix.lower() in PHOTO_SUFFIXES and not _is_cover(name)
        for _, _, names in os.walk(folder)
        for name in names
    )


def _is_cover(name: str) -> bool:
    """Whether a picture among songs is an album's cover rather than a photo."""
    stem = Path(name).stem.lower()
    return stem in COVER_NAMES or stem.startswith("albumart")
