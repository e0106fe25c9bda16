"""The Browse page: the library as a landscape of moods, and what can be done with the photos picked from it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMenu, QWidget

from slideshow.browse_bar import dates_in_words
from slideshow.browse_filters import SORTS, Sort
from slideshow.browse_finding import BrowseFinding
from slideshow.browse_layout import HOW_IT_LIES, HOW_TO_TEACH
from slideshow.browse_photos import Rows
from slideshow.jobs import Jobs
from slideshow.mood_map import KEY_STEP
from slideshow.session import Session
from slideshow.thumbnails import Thumbnails

if TYPE_CHECKING:
    from engine.library import Photo

Entry = tuple[str, str, Callable[[], object]]
"""Name of an action ("" for a line), its words (with a key after a tab), what it does."""


class BrowsePage(BrowseFinding):
    """Offers what can be done with photos, by button, menu and key, and asks the window for it."""

    start_wanted = Signal(object)
    """Rows to start a show from."""
    look_wanted = Signal(int)
    explanation_wanted = Signal(object)
    """The Photo to explain."""
    songs_wanted = Signal(object)
    """Rows of the photos to find songs for."""
    favourite_wanted = Signal(object)
    """Rows to make favourites, or favourites no longer."""
    let_in_wanted = Signal(object)
    """Rows to let into shows, or to leave out again."""
    song_show_wanted = Signal()
    """A show with the song the list is at."""
    save_wanted = Signal()
    """What is asked for is to be saved under a name."""
    teach_wanted = Signal(int)
    """Row of the photo to be put where it feels right."""
    reveal_wanted = Signal(int)
    copy_wanted = Signal(object)
    """Rows to copy to a folder."""
    list_wanted = Signal(object)

    def __init__(self, session: Session, jobs: Jobs, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(session, jobs, thumbnails, parent)
        self.map.photo_opened.connect(self.look_wanted)
        self.map.tool_changed.connect(self._show_tool)
        self.lasso.clicked.connect(self.use_lasso)
        self.hand.clicked.connect(self.use_hand)
        self.teach.clicked.connect(self.use_teach)
        self.grid.look_wanted.connect(self.look_wanted)
        self.grid.menu_wanted.connect(self.open_menu)
        self.sort.clicked.connect(self.open_sorts)
        self.start.clicked.connect(self.start_show)
        self.map.set_tool("lasso")

    # Tools

    def use_lasso(self) -> None:
        """Let a drag on the map pick a region."""
        self.map.set_tool("lasso")

    def use_hand(self) -> None:
        """Let a drag on the map move it."""
        self.map.set_tool("hand")

    def use_teach(self) -> None:
        """Let a drag on the map put a photo where it feels right."""
        self.map.set_tool("teach")

    def _show_tool(self, tool: str) -> None:
        self.lasso.setChecked(tool == "lasso")
        self.hand.setChecked(tool == "hand")
        self.teach.setChecked(tool == "teach")
        self.map_hint.setText(HOW_TO_TEACH if tool == "teach" else HOW_IT_LIES)

    def search(self) -> None:
        """Go to the search field."""
        self.bar.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.bar.search.selectAll()

    # What can be done with photos

    @property
    def used_rows(self) -> Rows:
        """The photos an action is for: those selected if they are several, else all that are shown."""
        selected = self.with_stacks(self.grid.selected_rows)
        return selected if len(selected) > 1 else self.found_rows

    @property
    def marked_rows(self) -> Rows:
        """The photos to be taken along: those selected, else the current one."""
        selected, current = self.with_stacks(self.grid.selected_rows), self.grid.current_row
        return selected if len(selected) or current < 0 else self.with_stacks(np.array([current], dtype=np.int64))

    def photos_of(self, rows: Rows) -> tuple[Photo, ...]:
        """Photos of some rows."""
        assert self._photos is not None
        return tuple(self._photos.photo(int(row)) for row in rows)

    def paths_of(self, rows: Rows) -> tuple[Path, ...]:
        """Files of some rows."""
        return tuple(photo.path for photo in self.photos_of(rows))

    def start_show(self) -> None:
        """Start a show from what is shown or selected."""
        if self.is_of_songs:
            self.song_show_wanted.emit()
        elif self._photos is not None and len(self.used_rows):
            self.start_wanted.emit(self.used_rows)

    def start_all(self) -> None:
        """Start a show from all that is shown."""
        if self._photos is not None and len(self.found_rows):
            self.start_wanted.emit(self.found_rows)

    def name_of_mood(self) -> str:
        """A name for what is asked for: its words, what is searched for, or its years."""
        filters = self._filters
        parts = [self._found_words.capitalize() if filters.has_place else "", filters.text.strip()]
        if filters.is_favourite:
            parts.insert(0, "Favourites")
        if filters.days is not None:
            parts.append(dates_in_words(filters.days))
        return ", ".join(part for part in parts if part) or "My mood"

    def _for_current(self, act: Callable[[int], object]) -> None:
        if self._photos is not None and self.grid.current_row >= 0:
            act(self.grid.current_row)

    def look(self) -> None:
        """Look at the current photo closely."""
        self._for_current(self.look_wanted.emit)

    def explain(self) -> None:
        """Tell all that is known of the current photo."""
        self._for_current(lambda row: self.explanation_wanted.emit(self.photos_of(np.array([row]))[0]))

    def show_alike(self) -> None:
        """Show the photos most like the current one."""
        self._for_current(partial(self.show_like, how="alike"))

    def show_same_mood(self) -> None:
        """Show the photos nearest in mood to the current one."""
        self._for_current(partial(self.show_like, how="mood"))

    def find_songs(self) -> None:
        """Find songs for the current photo."""
        self._for_current(lambda row: self.songs_wanted.emit(np.array([row], dtype=np.int64)))

    def find_songs_for_all(self) -> None:
        """Find songs for what is selected, else for all that is shown."""
        if self._photos is not None and len(self.used_rows):
            self.songs_wanted.emit(self.used_rows)

    def turn_favourite(self) -> None:
        """Make what is selected a favourite, or no longer."""
        if self._photos is not None and len(self.marked_rows):
            self.favourite_wanted.emit(self.marked_rows)

    def turn_let_in(self) -> None:
        """Let what is selected into shows that would pass it over, or leave it out again."""
        if self._photos is not None and len(self.marked_rows):
            self.let_in_wanted.emit(self.marked_rows)

    def teach_current(self) -> None:
        """Put the current photo where it feels right."""
        self._for_current(self.teach_wanted.emit)

    def reveal(self) -> None:
        """Show the current photo's folder in the file manager."""
        self._for_current(self.reveal_wanted.emit)

    def copy_out(self) -> None:
        """Copy what is selected to a folder."""
        if self._photos is not None and len(self.marked_rows):
            self.copy_wanted.emit(self.marked_rows)

    def save_list(self) -> None:
        """Write a list of what is selected."""
        if self._photos is not None and len(self.marked_rows):
            self.list_wanted.emit(self.marked_rows)

    def set_sort(self, sort: Sort) -> None:
        """Put the photos into another order."""
        self._sort = sort
        self.sort.set_face(dict(SORTS)[sort], "arrow-up-down")
        self._apply()

    def open_sorts(self) -> None:
        """List the orders."""
        menu = QMenu("Order", self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for sort, words in SORTS:
            menu.addAction(words).triggered.connect(partial(_call, partial(self.set_sort, sort)))
        menu.popup(self.sort.mapToGlobal(QPoint(0, self.sort.height() + 4)))

    def entries(self) -> tuple[Entry, ...]:
        """What can be done with photos, for the menu bar and the grid's own menu."""
        return (
            ("look", "Quick look\tSpace", self.look),
            ("explain", "About this photo…\tI", self.explain),
            ("alike", "More like this\tM", self.show_alike),
            ("same mood", "Same mood, something else\tE", self.show_same_mood),
            ("songs for photo", "Songs for this photo…", self.find_songs),
            ("songs for selection", "Songs for this selection…", self.find_songs_for_all),
            ("favourite", "Favourite\tF", self.turn_favourite),
            ("stack", "Open or close the stack\tS", self.grid.toggle_stack),
            ("let in", "Let into shows, or leave out", self.turn_let_in),
            ("teach photo", "Say how it feels…\tT", self.teach_current),
            ("", "", _nothing),
            ("reveal", "Show in the file manager", self.reveal),
            ("copy photos", "Copy to a folder…", self.copy_out),
            ("list photos", "Save as a list…", self.save_list),
            ("", "", _nothing),
            ("select all", "Select all\tCtrl+A", self.grid.select_all),
            ("start from", "Start a show from these\tEnter", self.start_show),
        )

    def map_entries(self) -> tuple[Entry, ...]:
        """What can be done with map and grid, for the menu bar."""
        return (
            ("lasso", "Lasso\tL", self.use_lasso),
            ("hand", "Hand\tH", self.use_hand),
            ("teach hand", "Teach by dragging\tD", self.use_teach),
            ("whole map", "Whole map\t0", self.map.show_all),
            ("map in", "Zoom in\t+", partial(self.map.zoom, KEY_STEP)),
            ("map out", "Zoom out\t-", partial(self.map.zoom, 1 / KEY_STEP)),
            ("measure", "Relative or absolute places\tR", self.turn_measure),
            ("path", "Path of the song\tP", self.turn_path),
            ("", "", _nothing),
            ("songs by mood", "Songs by mood\tG", self.turn_songs),
            ("favourites", "Favourites only", self.turn_favourites),
            ("stacks", "Stack photos that are nearly the same", self.turn_stacks),
            ("save mood", "Save this mood…", self.save_wanted.emit),
            ("saved moods", "Saved moods…", self.bar.moods.open_saved),
            ("mood words", "Mood words…", self.bar.moods.open_words),
            ("dates", "Dates…", self.bar.open_dates),
            ("order", "Order…", self.open_sorts),
            ("larger", "Larger photos", partial(self._resize, 1)),
            ("smaller", "Smaller photos", partial(self._resize, -1)),
            ("clear", "Clear filters\tEsc", self.clear_all),
        )

    def _resize(self, step: int) -> None:
        self.grid.set_size(self.grid.size_step + step)

    def _fitting_words(self) -> dict[str, str]:
        """Words of the entries that say something else for these photos, "" for those that do nothing for them."""
        photos, rows = self._photos, self.marked_rows
        if photos is None or not len(rows):
            return {}
        kinds = [photo for photo in self.photos_of(rows) if photo.kind is not None]
        is_out = any(photo.is_left_out for photo in kinds)
        current = self.grid.current_row
        return {
            "favourite": "No favourite any more\tF" if photos.favourites[rows].all() else "Favourite\tF",
            "let in": "" if not kinds else "Let into shows" if is_out else "Leave out of shows",
            "stack": "Open or close the stack\tS" if current >= 0 and photos.has_siblings[current] else "",
        }

    def open_menu(self, at: QPoint) -> None:
        """Open what can be done with photos at a place on the screen."""
        menu = QMenu("Photos", self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fitting = self._fitting_words()
        for name, words, act in self.entries():
            words = fitting.get(name, words)
            if name and words:
                menu.addAction(words).triggered.connect(partial(_call, act))
            elif name:
                continue
            else:
                menu.addSeparator()
        menu.popup(at)

    # Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if modifiers == Qt.KeyboardModifier.ControlModifier and event.key() == Qt.Key.Key_A:
            self.grid.select_all()
        elif modifiers & ~Qt.KeyboardModifier.ShiftModifier or not self._act_on_key(Qt.Key(event.key())):
            event.ignore()

    def _act_on_key(self, key: Qt.Key) -> bool:
        match key:
            case Qt.Key.Key_L:
                self.use_lasso()
            case Qt.Key.Key_H:
                self.use_hand()
            case Qt.Key.Key_D:
                self.use_teach()
            case Qt.Key.Key_T:
                self.teach_current()
            case Qt.Key.Key_0:
                self.map.show_all()
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.map.zoom(KEY_STEP)
            case Qt.Key.Key_Minus:
                self.map.zoom(1 / KEY_STEP)
            case Qt.Key.Key_R:
                self.turn_measure()
            case Qt.Key.Key_P:
                self.turn_path()
            case Qt.Key.Key_M:
                self.show_alike()
            case Qt.Key.Key_F:
                self.turn_favourite()
            case Qt.Key.Key_S:
                self.grid.toggle_stack()
            case Qt.Key.Key_G:
                self.turn_songs()
            case Qt.Key.Key_I:
                self.explain()
            case Qt.Key.Key_E:
                self.show_same_mood()
            case Qt.Key.Key_Space:
                self.look()
            case Qt.Key.Key_Escape:
                self.clear_all()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.start_show()
            case Qt.Key.Key_Left | Qt.Key.Key_Right | Qt.Key.Key_Up | Qt.Key.Key_Down:
                self.grid.setFocus(Qt.FocusReason.OtherFocusReason)  # the first arrow leads into the grid
            case _:
                return False
        return True


def _nothing() -> None:
    """What a line in a menu does."""


def _call(act: Callable[[], object], _: object = None) -> None:
    """Drop the state that `triggered` carries."""
    act()
