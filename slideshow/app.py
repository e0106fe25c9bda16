"""The app: QApplication, theme, settings, the main window; faults that nobody caught; the end."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QRectF, QSocketNotifier, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from engine.emotion import emotion_of_word
from slideshow import places, settings, theme
from slideshow.garbage import Collector
from slideshow.main_window import MainWindow
from slideshow.memory import keep_pictures_apart
from slideshow.mood_plane import PlaneMarks, paint_plane
from slideshow.settings import SettingsStore
from slideshow.theme import DARK, LIGHT, Tokens

GIL_SWITCH_S = 0.001
"""How soon a thread that waits for Python's lock asks for it. At Python's own 5 ms the latest frames of a show beside
an analysis came twice as late."""

log = logging.getLogger(__name__)


def run_app(
    *,
    library: Path | None,
    bundle: Path | None,
    photos: Path | None,
    song: Path | None,
    play: bool,
    project: Path | None = None,
) -> int:
    """Open the window and stay until it is closed; returns the exit status."""
    keep_pictures_apart()
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    sys.setswitchinterval(GIL_SWITCH_S)
    collector = Collector(may_stall=lambda: not window.sound.is_playing)
    store = SettingsStore(settings.default_path())
    dresser = Dresser(app, store)
    window = MainWindow(
        store,
        library_path=library or places.default_library(),
        bundle_path=bundle or places.DEFAULT_BUNDLE,
        photos=photos.absolute() if photos is not None else None,
        song=song.absolute() if song is not None else None,
        project=project.absolute() if project is not None else None,
        play=play,
        is_bundle_given=bundle not in (None, places.DEFAULT_BUNDLE),
    )
    faults = Faults(window)
    ending = Ending(window)
    window.show()
    QTimer.singleShot(0, window.start)
    try:
        return app.exec()
    finally:
        window.shutdown()
        ending.restore()
        faults.restore()
        dresser.release()
        collector.release()


class Dresser(QObject):
    """Keeps the app in the theme, text size and motion that the settings and the system ask for."""

    def __init__(self, app: QApplication, store: SettingsStore) -> None:
        super().__init__()
        self._app = app
        self._store = store
        app.setApplicationName(places.APP_NAME)
        app.setApplicationDisplayName(places.APP_NAME)
        app.setDesktopFileName(places.APP_NAME.lower())
        app.setStyle("Fusion")
        if not theme.load_fonts():
            log.warning("Inter is missing from resources/fonts; the system's font steps in")
        app.setWindowIcon(app_icon())
        store.changed.connect(self.dress)
        app.styleHints().colorSchemeChanged.connect(self.dress)
        self._worn: tuple[str, bool, float] | None = None
        self.dress()

    def dress(self) -> None:
        """Put the theme on, if it is not on already."""
        now = self._store.now
        tokens = tokens_for(now.theme)
        wanted = (tokens.name, now.is_motion_reduced, now.text_scale)
        if wanted != self._worn:
            self._worn = wanted
            theme.apply(self._app, tokens, is_motion_reduced=now.is_motion_reduced, text_scale=now.text_scale)

    def release(self) -> None:
        """Follow the system no more."""
        self._app.styleHints().colorSchemeChanged.disconnect(self.dress)


def tokens_for(choice: str) -> Tokens:
    """Tokens of a theme choice; a system that does not say gets the dark theme, in which photos stand out best."""
    if choice == "system":
        is_light = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
        return LIGHT if is_light else DARK
    return LIGHT if choice == "light" else DARK


def app_icon() -> QIcon:
    """The circle with a calm song on it, on a dark tile."""
    icon = QIcon()
    for side in (16, 32, 48, 64, 128, 256):
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(side / 64, side / 64)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.mixed(DARK.window, 1.0))
        painter.drawRoundedRect(QRectF(0, 0, 64, 64), 14, 14)
        marks = PlaneMarks(song=emotion_of_word("serene"))
        paint_plane(painter, QRectF(12, 12, 40, 40), marks, tokens=DARK, is_small=True)
        painter.end()
        icon.addPixmap(pixmap)
    return icon


class Faults:
    """Shows what no one caught as a report, and lets the program go on."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._before = sys.excepthook
        sys.excepthook = self._on_fault

    def restore(self) -> None:
        """Leave faults to the hook that was there before."""
        sys.excepthook = self._before

    def _on_fault(self, kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
        log.critical("nobody caught this", exc_info=(kind, fault, trace))
        if issubclass(kind, Exception) and self._window.isVisible():
            self._window.show_report(fault)
        else:
            self._before(kind, fault, trace)


class Ending(QObject):
    """Closes the window on SIGINT and SIGTERM; a socket wakes Qt, which else lets no Python handler run."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._reader, self._writer = socket.socketpair()
        for end in (self._reader, self._writer):
            end.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        self._notifier = QSocketNotifier(self._reader.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._on_woken)

    def restore(self) -> None:
        """Give the signals back."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()

    def _on_signal(self, number: int, frame: object) -> None:
        log.info("signal %d: closing", number)

    def _on_woken(self) -> None:
        self._reader.recv(64)
        if not self._window.close():
            self._window.close()  # whoever sends a signal sees no question, so it is answered
