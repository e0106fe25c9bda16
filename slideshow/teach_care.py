"""What the Teach page asks of the window: ratings saved to a file, taken in from one, forgotten."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from slideshow import messages, sheets
from slideshow.jobs import Jobs
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.teach_page import TeachPage
from slideshow.teaching import Step, Teaching
from slideshow.toasts import Toasts

if TYPE_CHECKING:
    from engine.library import Library
    from engine.ratings import Ratings
    from engine.ratings_file import Exported, Imported, RatingsRead

FILTER = "Ratings (*.csv)"
FIRST_NAME = "Moodreel ratings.csv"

Entry = tuple[str, str, Callable[[], object]]
"""Name of an action ("" for a line), its words (with a key after a tab), what it does."""


class TeachCare(QObject):
    """Acts for the page; slow work goes through jobs."""

    def __init__(
        self,
        window: QWidget,
        page: TeachPage,
        teaching: Teaching,
        session: Session,
        jobs: Jobs,
        store: SettingsStore,
        toasts: Toasts,
    ) -> None:
        super().__init__(window)
        self._window, self._page, self._teaching, self._session = window, page, teaching, session
        self._jobs, self._store, self._toasts = jobs, store, toasts
        page.menu_wanted.connect(self.open_menu)
        teaching.failed.connect(session.failed)

    def entries(self) -> tuple[Entry, ...]:
        """What can be done with all ratings, for the menu bar and the page's own menu."""
        return (
            ("export ratings", "Save ratings as a file…", self.choose_export),
            ("import ratings", "Take in ratings from a file…", self.choose_import),
            ("", "", _nothing),
            ("forget ratings", "Forget all ratings…", self.ask_to_forget),
        )

    def open_menu(self, under: QWidget) -> None:
        """Open the menu of the page."""
        menu = QMenu("Ratings", self._window)
        menu.aboutToHide.connect(menu.deleteLater)
        for name, words, act in self.entries():
            if name:
                action = menu.addAction(words)
                action.triggered.connect(partial(_call, act))
                action.setEnabled(name == "import ratings" or self._has_any)
            else:
                menu.addSeparator()
        menu.popup(under.mapToGlobal(QPoint(0, under.height() + 4)))

    @property
    def _has_any(self) -> bool:
        now = self._teaching.now
        return bool(now.ratings or now.comparisons or now.marks)

    # A file

    def choose_export(self) -> None:
        """Let the person choose where the ratings are saved."""
        if not self._has_any:
            self._toasts.show("There are no ratings to save yet.", icon="info")
            return
        start = str(self._folder() / FIRST_NAME)
        name, _ = QFileDialog.getSaveFileName(self._window, "Save the ratings", start, FILTER)
        if name:
            path = Path(name)
            self.export(path if path.suffix.lower() == ".csv" else path.with_name(f"{path.name}.csv"))

    def export(self, path: Path) -> None:
        """Save all ratings, answers and marks to a file."""
        if self._session.library is None:
            return
        self._remember(path)
        self._jobs.submit(
            "short",
            partial(_export, self._session.library, path),
            on_done=partial(self._on_exported, path),
            on_failed=self._session.failed.emit,
        )

    def _on_exported(self, path: Path, written: Exported) -> None:
        counts = (written.n_photos, "rating"), (written.n_comparisons, "answer"), (written.n_marks, "mark of a song")
        said = _listed([_count_of(n, noun) for n, noun in counts if n] or ["0 ratings"])
        verb = "was" if sum(n for n, _ in counts) == 1 else "were"
        self._toasts.show(f"{said} {verb} saved to {messages.name_of(path)}.", icon="circle-check", tone="ok")

    def choose_import(self) -> None:
        """Let the person choose a file of ratings."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Take in ratings", str(self._folder()), FILTER)
        if name:
            self.take_in(Path(name))

    def take_in(self, path: Path) -> None:
        """Add the ratings of a file to those that are there; one deed, to be undone as one."""
        library = self._session.library
        if library is None:
            return
        self._remember(path)
        self._jobs.submit(
            "drives", partial(_read, library, path), on_done=self._on_read, on_failed=self._session.failed.emit
        )

    def _on_read(self, read: RatingsRead) -> None:
        taking = _Taking(read)
        step = Step("take in ratings", taking.do, taking.undo)
        told = partial(self._on_taken_in, taking, step)
        self._teaching.do(step, on_done=told)

    def _on_taken_in(self, taking: _Taking, step: Step) -> None:
        found = taking.found
        if found is None:
            return
        n = found.n_new + found.n_replaced
        parts = [f"{messages.count_of(n, 'rating')} taken in"] if n else []
        more = (found.n_comparisons, "answer"), (found.n_marks, "mark")
        parts += [messages.count_of(count, noun) for count, noun in more if count]
        text = f"{', '.join(parts)}." if parts else "Nothing in this file is new."
        if found.n_problems:
            text += f" {messages.count_of(found.n_problems, 'row')} could not be used."
            details = "\n".join(f"Line {line}: {problem}" for line, problem in found.problems)
            self._toasts.show(
                text, icon="triangle-alert", tone="warn", action="Details", on_action=partial(self._show_rows, details)
            )
        elif parts:
            undo = partial(self._teaching.take_back, step)
            self._toasts.show(
                text, icon="circle-check", tone="ok", action="Undo", on_action=undo, has_history=True
            )  # fmt: skip
        else:
            self._toasts.show(text, icon="info")

    def _show_rows(self, details: str) -> None:
        sheets.show_details(
            self._window, title="Rows that could not be used", text="The others were taken in.", details=details
        )

    def _folder(self) -> Path:
        return Path(self._store.now.last_project_folder or Path.home())

    def _remember(self, path: Path) -> None:
        self._store.change(last_project_folder=str(path.parent))

    # Forgetting

    def ask_to_forget(self) -> None:
        """Ask before everything that was taught is forgotten."""
        if not self._has_any:
            self._toasts.show("There is nothing to forget yet.", icon="info")
            return
        now = self._teaching.now
        counts = (len(now.ratings), "rating"), (len(now.comparisons), "answer"), (len(now.marks), "mark of a song")
        said = [_count_of(n, noun) for n, noun in counts if n]
        sheets.ask(
            self._window,
            question="Forget all ratings?",
            text=f"{_listed(said)} will be gone for good. Models that have learnt from them stay as they are. "
            "You can save the ratings as a file first.",
            verb="Forget them",
            act=self.forget,
        )

    def forget(self) -> None:
        """Forget everything that was taught."""
        self._teaching.forget_all()
        self._toasts.show("All ratings are forgotten.", icon="info")


class _Taking:
    """An import that can be taken back: what it changed is known from before and after. Runs in jobs."""

    def __init__(self, read: RatingsRead) -> None:
        self._read = read
        self.found: Imported | None = None
        self._before: dict[str, Any] = {}
        self._after: dict[str, Any] = {}

    def do(self, ratings: Ratings) -> None:
        """Take in what was read, or what was new of it when it is done again."""
        from engine.ratings_file import merge_ratings

        if self.found is not None:
            for content_hash, rating in self._after["photos"].items():
                ratings.restore(content_hash, rating)
            ratings.merge((), self._after["comparisons"], self._after["marks"])
            return
        before = _state(ratings)
        self.found = merge_ratings(self._read.library, self._read)
        after = _state(ratings)
        changed = {key: value for key, value in after[0].items() if before[0].get(key) != value}
        self._before = {key: before[0].get(key) for key in changed}
        self._after = {
            "photos": changed,
            "comparisons": [value for key, value in after[1].items() if key not in before[1]],
            "marks": [value for key, value in after[2].items() if key not in before[2]],
        }

    def undo(self, ratings: Ratings) -> None:
        """Put back what stood before."""
        for content_hash, rating in self._before.items():
            ratings.restore(content_hash, rating)
        compared = {_said(pair) for pair in self._after["comparisons"]}
        marked = {_said(mark) for mark in self._after["marks"]}
        for pair in ratings.comparisons():
            if _said(pair) in compared:
                ratings.uncompare(pair.id)
        for mark in ratings.marks():
            if _said(mark) in marked:
                ratings.unmark(mark.id)


def _state(ratings: Ratings) -> tuple[dict[str, Any], dict[int, Any], dict[int, Any]]:
    return (
        {rating.content_hash: rating for rating in ratings.photos()},
        {pair.id: pair for pair in ratings.comparisons()},
        {mark.id: mark for mark in ratings.marks()},
    )


def _said(row: Any) -> tuple[Any, ...]:
    """An answer or a mark without its id, which changes when it is put back."""
    from dataclasses import astuple

    return astuple(row)[1:]


def _read(library: Library, path: Path, *, report: Any) -> RatingsRead:
    from engine.ratings_file import read_ratings_file

    return read_ratings_file(library, path, report=report)


def _export(library: Library, path: Path, *, report: Any) -> Exported:
    from engine.ratings_file import export_ratings

    return export_ratings(library, path)


def _count_of(n: int, noun: str) -> str:
    words = messages.count_of(n, noun.partition(" ")[0])
    rest = noun.partition(" ")[2]
    return f"{words} {rest}" if rest else words


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def _nothing() -> None:
    """What a line in a menu does."""


def _call(act: Callable[[], object], _: object = None) -> None:
    """Drop the state that `triggered` carries."""
    act()
