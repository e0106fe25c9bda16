"""The songs that come with the app: their titles and, once heard, their moods."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.emotion import EmotionCurve
from slideshow import session_jobs
from slideshow.jobs import Jobs
from slideshow.places import DEMO_SONGS
from slideshow.session import Session
from slideshow.session_jobs import Growth

if TYPE_CHECKING:
    from engine.audio import SongInfo


@dataclass(slots=True)
class DemoSong:
    """What is known of a demo song by now."""

    path: Path
    title: str
    artist: str = ""
    duration_s: float = 0.0
    known_s: float = 0.0
    curve: EmotionCurve | None = None
    is_failed: bool = False

    @property
    def is_heard(self) -> bool:
        """Whether the whole song is known."""
        return self.duration_s > 0 and self.known_s >= self.duration_s


class DemoSongs(QObject):
    """Hears the demo songs one after the other in the background lane; what it hears stays in the library."""

    changed = Signal()
    all_heard = Signal()

    def __init__(
        self, session: Session, jobs: Jobs, parent: QObject | None = None, *, folder: Path = DEMO_SONGS
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._jobs = jobs
        paths = sorted(path for path in folder.glob("*") if path.is_file()) if folder.is_dir() else []
        self.songs = tuple(DemoSong(path, _title_of(path)) for path in paths)
        self._is_begun = False

    def hear(self) -> None:
        """Begin, once library and model are open."""
        session = self._session
        if self._is_begun or session.library is None or session.encoders is None:
            return
        self._is_begun = True
        for song in self.songs:
            self._jobs.submit(
                "interactive",
                partial(session_jobs.probe, song.path),
                on_done=partial(self._on_part, song),
                on_failed=partial(self._on_failed, song),
            )
        for song in self.songs:
            self._jobs.submit(
                "background",
                partial(session_jobs.listen, song.path, session.library, session.encoders),
                on_partial=partial(self._on_part, song),
                on_done=partial(self._on_part, song),
                on_failed=partial(self._on_failed, song),
            )

    def _on_part(self, song: DemoSong, part: SongInfo | Growth) -> None:
        if isinstance(part, Growth):
            analysis = part.analysis
            song.duration_s = analysis.duration_s
            song.known_s = analysis.duration_s if analysis.is_complete else analysis.analysed_s
            song.curve = part.felt
        else:
            song.title, song.artist, song.duration_s = part.title, part.artist, part.duration_s
        self.changed.emit()
        if all(other.is_heard or other.is_failed for other in self.songs):
            self.all_heard.emit()

    def _on_failed(self, song: DemoSong, error: Exception) -> None:
        song.is_failed = True
        self._session.failed.emit(error)
        self.changed.emit()


def _title_of(path: Path) -> str:
    """A title from the file's name until its tags are read: "01-low-tide" is "Low tide"."""
    words = path.stem.lstrip("0123456789").strip("-_ ").replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]
