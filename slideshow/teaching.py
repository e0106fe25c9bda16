"""What the person has taught, as the window sees it: each deed is kept in the library at once and can be undone.

Every write is a job of the short lane, which keeps their order and finishes them even while the app closes; what is
taught now is read back from the library after each, so that the window never shows what is not kept.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Signal

from engine.emotion import Emotion
from slideshow.jobs import Jobs
from slideshow.session import Session

if TYPE_CHECKING:
    from engine.library import Library, Photo
    from engine.ratings import Answer, Comparison, PhotoRating, Question, Ratings, SongMark

LEAST_RATINGS = 5
"""With fewer the model cannot be retrained."""

GOALS = (LEAST_RATINGS, 30, 60, 100)
GOALS_STEP = 50
"""After the last of these a goal comes every so many."""

MAX_STEPS = 200


@dataclass(frozen=True, slots=True)
class Taught:
    """A snapshot of all that was taught: ratings by the photo's content (oldest first), answers, marks of songs."""

    ratings: dict[str, PhotoRating] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()
    marks: tuple[SongMark, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacedPhoto:
    """A photo and where the person put it."""

    photo: Photo
    place: Emotion


@dataclass(frozen=True, slots=True)
class AnsweredPair:
    """Two photos that were compared."""

    first: Photo
    second: Photo
    question: Question


Said = tuple[str, Path, float, float, float]
"""What a mark says: the song's key and path, the time, valence and arousal."""

Scope = Literal["photos", "song"]
"""Photos are taught on Teach and Browse, songs on Make: each undoes its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One deed: its name in the menu, what it does to the ratings, and what takes it back. Both run in a job.

    about is what was taught: a PlacedPhoto, an AnsweredPair, the path of a song that was marked, or None. A song's key
    would not do: a drive may be too slow to know it in time.
    """

    name: str
    do: Callable[[Ratings], object]
    undo: Callable[[Ratings], object]
    about: PlacedPhoto | AnsweredPair | Path | None = None

    @property
    def scope(self) -> Scope:
        """What it was taught about."""
        return "song" if isinstance(self.about, Path) else "photos"


def next_goal(n_ratings: int) -> int:
    """Number of ratings to reach next: 5 are the least for retraining, then round numbers."""
    later = bisect_right(GOALS, n_ratings)
    if later < len(GOALS):
        return GOALS[later]
    return (n_ratings // GOALS_STEP + 1) * GOALS_STEP


class Teaching(QObject):
    """Lives in the GUI thread. `changed` follows every deed, once it is kept."""

    changed = Signal()
    stepped = Signal(object)
    """A Step was done for the first time: it may be offered to be taken back."""
    undone = Signal(object)
    """A Step was taken back."""
    redone = Signal(object)
    failed = Signal(object)
    """An Exception: the deed it belongs to was not kept."""

    def __init__(self, session: Session, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._jobs = session, jobs
        self._now = Taught()
        self._is_read = False
        self._done: list[Step] = []
        self._undone: list[Step] = []
        session.opened.connect(self.refresh)

    # What was taught

    @property
    def now(self) -> Taught:
        """All that was taught."""
        return self._now

    @property
    def is_read(self) -> bool:
        """Whether it is known yet what was taught in earlier sessions."""
        return self._is_read

    @property
    def n_ratings(self) -> int:
        """Photos that were rated."""
        return len(self._now.ratings)

    def rating_of(self, photo: Photo) -> Emotion | None:
        """Where the person put a photo, None where they have not."""
        rating = self._now.ratings.get(photo.content_hash)
        return None if rating is None else Emotion(rating.valence, rating.arousal)

    def refresh(self) -> None:
        """Read what was taught anew."""
        if self._session.library is not None:
            work = partial(_read, self._session.library)
            self._jobs.submit("short", work, on_done=self._take, on_failed=self.failed.emit)

    def _take(self, taught: Taught) -> None:
        self._now, self._is_read = taught, True
        self.changed.emit()

    # Deeds

    def rate(self, photo: Photo, va: tuple[float, float]) -> Step | None:
        """Put a photo at a place of the plane, valence and arousal in [0, 1]. None before the library is open."""
        before: list[PhotoRating | None] = []
        valence, arousal = (min(max(float(part), 0.0), 1.0) for part in va)

        def do(ratings: Ratings) -> None:
            before[:] = [ratings.rate(photo.content_hash, valence, arousal)]

        about = PlacedPhoto(photo, Emotion(valence, arousal))
        return self._do(
            Step("rate photo", do, lambda ratings: ratings.restore(photo.content_hash, before[0]), about=about)
        )

    def unrate(self, photo: Photo) -> Step | None:
        """Forget where a photo was put."""
        before = self._now.ratings.get(photo.content_hash)
        if before is None:
            return None
        return self._do(
            Step(
                "forget rating",
                lambda ratings: ratings.restore(photo.content_hash, None),
                lambda ratings: ratings.restore(photo.content_hash, before),
            )
        )

    def compare(self, first: Photo, second: Photo, question: Question, answer: Answer) -> Step | None:
        """Keep which of two photos is calmer or happier."""
        ids: list[int] = []

        def do(ratings: Ratings) -> None:
            ids[:] = [ratings.compare(first.content_hash, second.content_hash, question, answer)]

        about = AnsweredPair(first, second, question)
        return self._do(Step("answer", do, lambda ratings: ratings.uncompare(ids[0]), about=about))

    def mark(self, song_key: str, path: Path, times_s: Sequence[float], va: tuple[float, float]) -> Step | None:
        """Say how a song feels at some moments of it."""
        return self.change_marks((), song_key, path, times_s, va)

    def unmark(self, marks: Sequence[SongMark], path: Path) -> Step | None:
        """Take marks of the song at a path away; it may have lain elsewhere when they were made."""
        return self._do(_marks_step("remove mark", marks, "", path, (), (0.5, 0.5)))

    def change_marks(
        self, before: Sequence[SongMark], song_key: str, path: Path, times_s: Sequence[float], va: tuple[float, float]
    ) -> Step | None:
        """Put marks at some moments of a song in place of others, as one deed."""
        name = "change mark" if before else "mark"
        return self._do(_marks_step(name, before, song_key, path, times_s, va))

    def do(self, step: Step, *, on_done: Callable[[], None] | None = None) -> Step | None:
        """Do a deed of another making, such as an import; on_done follows once it is kept."""
        return self._do(step, on_done=on_done)

    def forget_all(self) -> None:
        """Forget every rating, answer and mark. This cannot be undone: it is asked before."""
        self._done.clear()
        self._undone.clear()
        self._submit(lambda ratings: ratings.forget_all(), on_failed=self.failed.emit)

    # Undo

    def undo_name(self, scope: Scope, *, song: Path | None = None) -> str:
        """Name of the deed that undo takes back, "" where there is none; song bounds it to the marks of one."""
        step = _last(self._done, scope, song)
        return "" if step is None else step.name

    def redo_name(self, scope: Scope, *, song: Path | None = None) -> str:
        """Name of the deed that redo does again, "" where there is none."""
        step = _last(self._undone, scope, song)
        return "" if step is None else step.name

    def undo(self, scope: Scope, *, song: Path | None = None) -> None:
        """Take the last deed back."""
        step = _last(self._done, scope, song)
        if step is not None:
            self.take_back(step)

    def take_back(self, step: Step) -> None:
        """Take one deed back; it can be done again."""
        if step in self._done and self._session.library is not None:
            self._done.remove(step)
            self._undone.append(step)
            self._submit(step.undo, on_failed=partial(self._on_undo_failed, step))
            self.undone.emit(step)

    def redo(self, scope: Scope, *, song: Path | None = None) -> None:
        """Do again what was taken back last."""
        step = _last(self._undone, scope, song)
        if step is not None and self._session.library is not None:
            self._undone.remove(step)
            self._done.append(step)
            self._submit(step.do, on_failed=partial(self._on_failed, step))
            self.redone.emit(step)

    def _do(self, step: Step, *, on_done: Callable[[], None] | None = None) -> Step | None:
        if self._session.library is None:
            return None
        self._done = [*self._done[-MAX_STEPS + 1 :], step]
        self._undone = [other for other in self._undone if other.scope != step.scope]
        self._submit(step.do, on_failed=partial(self._on_failed, step), on_done=on_done)
        self.stepped.emit(step)
        return step

    def _submit(
        self,
        act: Callable[[Ratings], object],
        *,
        on_failed: Callable[[Exception], None],
        on_done: Callable[[], None] | None = None,
    ) -> None:
        assert self._session.library is not None
        work = partial(_act, self._session.library, act)
        self._jobs.submit("short", work, on_done=partial(self._on_kept, on_done), on_failed=on_failed)

    def _on_kept(self, on_done: Callable[[], None] | None, taught: Taught) -> None:
        self._take(taught)
        if on_done is not None:
            on_done()

    def _on_failed(self, step: Step, error: Exception) -> None:
        """A deed was not kept: there is nothing to take back."""
        if step in self._done:
            self._done.remove(step)
        self.failed.emit(error)
        self.refresh()

    def _on_undo_failed(self, step: Step, error: Exception) -> None:
        """A deed was not taken back: it can be tried again."""
        if step in self._undone:
            self._undone.remove(step)
            self._done.append(step)
        self.failed.emit(error)
        self.refresh()


def _last(steps: Sequence[Step], scope: Scope, song: Path | None) -> Step | None:
    """The last step about photos, or about songs and, where its path is given, one of them."""
    return next((s for s in reversed(steps) if s.scope == scope and song in (None, s.about)), None)


def _read(library: Library, *, report: Any) -> Taught:
    ratings = library.ratings
    return Taught({r.content_hash: r for r in ratings.photos()}, ratings.comparisons(), ratings.marks())


def _act(library: Library, act: Callable[[Ratings], object], *, report: Any) -> Taught:
    act(library.ratings)
    return _read(library, report=report)


def _marks_step(
    name: str, before: Sequence[SongMark], song_key: str, path: Path, times_s: Sequence[float], va: tuple[float, float]
) -> Step:
    """Put marks in place of others.

    They are known by what they say: a mark that was put back has another id, and its key may have been renewed.
    """
    valence, arousal = (min(max(float(part), 0.0), 1.0) for part in va)
    gone = [(mark.song_key, mark.path, mark.t_s, mark.valence, mark.arousal) for mark in before]
    come = [(song_key, path, float(t_s), valence, arousal) for t_s in times_s]

    def swap(ratings: Ratings, old: Sequence[Said], new: Sequence[Said]) -> None:
        standing = [(m.id, (m.path, m.t_s, m.valence, m.arousal)) for m in ratings.marks()]
        for said in old:
            mark_id = next((mark_id for mark_id, other in standing if other == said[1:]), None)
            if mark_id is not None:
                ratings.unmark(mark_id)
        for said in new:
            ratings.mark(*said)

    return Step(name, lambda ratings: swap(ratings, gone, come), lambda ratings: swap(ratings, come, gone), about=path)
