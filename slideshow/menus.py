"""The menu and its keys, twice: as a menu bar that Alt shows, and as the popup of the menu button.

Everything that a key or a button does is here too. Keys that would be letters or arrows elsewhere belong to the page
that has the focus: they stand behind a tab in an action's words and are no shortcuts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from slideshow import messages
from slideshow.create_keys import SEEK_S, VOLUME_STEP
from slideshow.timeline_view import ZOOM_STEP

if TYPE_CHECKING:
    from slideshow.main_window import MainWindow

Entries = tuple[tuple[str, str, tuple[str, ...], Callable[[], object]], ...]
"""Name of an action ("" for a line), its words (with a page's key after a tab), its shortcuts, what it does."""

LINE = ("", "", (), lambda: None)
RECENT_AFTER = "add songs"


class Menus:
    """All actions of a window by their names, in the menu bar and in one popup."""

    def __init__(self, window: MainWindow) -> None:
        bar = window.menuBar()
        self._window = window
        self.popup = QMenu(window)
        self.actions: dict[str, QAction] = {}
        self.recent = QMenu("Recent songs", window)
        self.recent.aboutToShow.connect(self._fill_recent)
        self.screens = QMenu("Full screen on", window)
        self.screens.aboutToShow.connect(partial(window.screens.fill, self.screens))
        for title, entries in _menus_of(window):
            menu = bar.addMenu(title)
            self.popup.addMenu(menu)
            for name, text, keys, act in entries:
                if not name:
                    menu.addSeparator()
                    continue
                action = QAction(text, window)
                action.setShortcuts([QKeySequence(key) for key in keys])
                action.triggered.connect(partial(_call, act))
                self.actions[name] = action
                menu.addAction(action)
                window.addAction(action)
                if name == RECENT_AFTER:
                    menu.addMenu(self.recent)
                if name == "full screen":
                    menu.addMenu(self.screens)
        if not bar.isNativeMenuBar():
            bar.hide()

    def follow(self, page: str) -> None:
        """Let the actions of a page be used only while it is shown."""
        browse = self._window.browse_page
        for name, *_ in (*browse.entries(), *browse.map_entries()):
            if name:
                self.actions[name].setEnabled(page == "browse")
        for name in ("save place", "skip photo", "to guess", "explain asked"):
            self.actions[name].setEnabled(page == "teach")
        self.actions["input"].setEnabled(page == "live")
        self.actions["stop listening"].setEnabled(self._window.live.is_open)  # it goes on under other pages
        self._window.undoing.refresh()

    def _fill_recent(self) -> None:
        self.recent.clear()
        for name in self._window.recent_songs:
            text = messages.name_of(Path(name)).replace("&", "&&")
            self.recent.addAction(text).triggered.connect(partial(_call, partial(self._window.open_song, Path(name))))
        if self.recent.isEmpty():
            self.recent.addAction("None yet").setEnabled(False)


def _call(act: Callable[[], object], _: object = None) -> None:
    """Drop the state that `triggered` carries."""
    act()


def _menus_of(window: MainWindow) -> tuple[tuple[str, Entries], ...]:
    page, songs = window.create_page, window.songs
    return (
        (
            "&Show",
            (
                ("song", "Choose songs…", ("Ctrl+O",), songs.choose),
                ("add songs", "Add songs to the queue…", ("Ctrl+Alt+O",), songs.choose_more),
                ("queue", "Queue of songs\tQ", (), page.open_queue),
                ("about song", "About this song…", (), window.explaining.explain_song),
                ("listen", "Listen live", ("Ctrl+L",), window.listening.start),
                ("stop listening", "Stop listening", (), window.listening.stop),
                ("input", "Choose an input…", (), window.live_page.open_devices),
                LINE,
                ("folder", "Add a folder of photos…", ("Ctrl+Shift+O",), window.choose_folder),
                ("music folder", "Add a folder of music…", (), window.music.choose),
                ("banned", "Photos never shown…", (), window.shows.show_banned),
                LINE,
                ("open show", "Open a show…", ("Ctrl+Shift+P",), window.projects.choose),
                ("recent shows", "Recent shows…", (), window.projects.show_recent),
                ("save", "Save the show", ("Ctrl+S",), window.projects.save),
                ("save as", "Save the show as…", ("Ctrl+Shift+S",), window.projects.save_as),
                LINE,
                ("export", "Export film…", ("Ctrl+E",), window.saving.start),
                ("timeline", "Export timeline…", (), window.saving.save_timeline),
                LINE,
                ("quit", "Quit", ("Ctrl+Q",), window.close),
            ),
        ),
        ("&Edit", _edit_entries(window)),
        (
            "&Playback",
            (
                ("play", "Play or pause\tSpace", (), window.toggle_playing),
                ("full screen", "Play full screen\tF", ("F11",), window.open_player),
                LINE,
                ("previous", "Previous photo\tLeft", (), page.previous_photo),
                ("next", "Next photo\tRight", (), window.next_photo),
                ("back", "5 seconds back\tShift+Left", (), partial(page.seek_by, -SEEK_S)),
                ("on", "5 seconds on\tShift+Right", (), partial(page.seek_by, SEEK_S)),
                ("beat back", "One beat back\t,", (), partial(page.step_beats, -1)),
                ("beat on", "One beat on\t.", (), partial(page.step_beats, 1)),
                ("start", "To the start\tHome", (), partial(page.seek, 0.0)),
                LINE,
                ("next song", "Next song\tN", (), songs.next_song),
                ("previous song", "Song before\tB", (), songs.previous_song),
                LINE,
                ("louder", "Louder\tUp", (), partial(page.change_volume, VOLUME_STEP)),
                ("softer", "Softer\tDown", (), partial(page.change_volume, -VOLUME_STEP)),
                ("mute", "Mute\tM", (), page.toggle_mute),
            ),
        ),
        ("&Browse", _browse_entries(window)),
        ("&Teach", _teach_entries(window)),
        (
            "&Go",
            (
                ("make", "Make", ("Ctrl+1",), partial(window.show_page, "make")),
                ("browse", "Browse", ("Ctrl+2",), partial(window.show_page, "browse")),
                ("teach", "Teach", ("Ctrl+3",), partial(window.show_page, "teach")),
                ("library", "Library", (), partial(window.show_page, "library")),
                ("settings", "Settings", ("Ctrl+,",), partial(window.show_page, "settings")),
                LINE,
                ("about model", "About the model…", (), window.explaining.show_model),
                ("introduction", "Introduction", (), window.show_welcome),
                ("keys", "Keys", ("F1",), window.show_keys),
            ),
        ),
    )


def _browse_entries(window: MainWindow) -> Entries:
    page = window.browse_page

    def search() -> None:
        window.show_page("browse")
        page.search()

    plain = (*page.entries(), LINE[:2] + LINE[3:], *page.map_entries())
    return (
        ("search", "Search photos", ("Ctrl+F",), search),
        LINE,
        *((name, text, (), act) for name, text, act in plain),
        ("all photos", "Use all photos in the show", (), window.create_page.use_all_photos),
    )


def _teach_entries(window: MainWindow) -> Entries:
    page = window.teach_page
    ratings = ((name, text, (), act) for name, text, act in window.teach_care.entries())
    return (
        ("save place", "Save the place, next photo\tEnter", (), page.save_place),
        ("skip photo", "Skip this photo\tS", (), page.skip_photo),
        ("to guess", "Back to the guess\tBackspace", (), page.place.reset),
        ("explain asked", "About this photo…\tI", (), page.explain),
        LINE,
        *ratings,
    )


def _edit_entries(window: MainWindow) -> Entries:
    page = window.create_page
    hand, editing = page.hand, window.session.editing
    return (
        ("undo", "Undo", ("Ctrl+Z",), window.undoing.undo),
        ("redo", "Redo", ("Ctrl+Shift+Z",), window.undoing.redo),
        LINE,
        ("explain shown", "About this photo…\tI", (), hand.explain),
        ("pin", "Pin this photo\tP", (), hand.toggle_pin),
        ("never", "Never show this photo\tX", (), hand.never_show),
        ("choose photo", "Choose another photo…\tC", (), hand.choose_photo),
        ("runner-up 1", "Use the next best photo\t1", (), partial(hand.use_number, 1)),
        ("runner-up 2", "Use the second best photo\t2", (), partial(hand.use_number, 2)),
        ("runner-up 3", "Use the third best photo\t3", (), partial(hand.use_number, 3)),
        LINE,
        ("earlier", "Begin a beat earlier\t[", (), hand.move_earlier),
        ("later", "Begin a beat later\t]", (), hand.move_later),
        ("transition", "Other transition\tT", (), hand.next_transition),
        ("select", "Select one photo more\tShift+Right in the timeline", (), hand.select_more),
        ("lock", "Lock or unlock\tL", (), hand.toggle_lock),
        ("photo menu", "Menu of this photo\tMenu", (), hand.open_menu),
        LINE,
        ("shuffle", "Shuffle again\tS", (), editing.shuffle),
        ("options", "How photos are chosen\tO", (), hand.toggle_options),
        ("reset", "Reset how photos are chosen", (), editing.reset_options),
        ("draw", "Draw a mood\tD", (), hand.toggle_drawing),
        ("song mood", "Follow the song's own mood", (), hand.forget_arc),
        ("mark", "Mark this moment…\tK", (), window.song_marks.mark_now),
        ("song marks", "Marks of this song…", (), window.song_marks.show_list),
        LINE,
        ("zoom in", "Zoom the timeline in\t+", (), partial(page.timeline.zoom, ZOOM_STEP)),
        ("zoom out", "Zoom the timeline out\t-", (), partial(page.timeline.zoom, 1 / ZOOM_STEP)),
    )
