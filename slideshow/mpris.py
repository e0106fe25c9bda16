"""The desktop's media keys and media panel on Linux: MPRIS 2 over D-Bus, which they speak to whatever window has focus.

Elsewhere, and without a session bus, nothing happens; keys that reach the focused window are handled there.
Interface: https://specifications.freedesktop.org/mpris-spec/2.2/
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import ClassInfo, Property, QObject, Signal, Slot
from PySide6.QtDBus import QDBusAbstractAdaptor, QDBusConnection, QDBusMessage, QDBusObjectPath

PATH = "/org/mpris/MediaPlayer2"
NAME = "org.mpris.MediaPlayer2.moodreel"
PLAYER = "org.mpris.MediaPlayer2.Player"
PROPERTIES = "org.freedesktop.DBus.Properties"
TRACK = "/io/moodreel/song"
NO_TRACK = "/org/mpris/MediaPlayer2/TrackList/NoTrack"
US_PER_S = 1_000_000

log = logging.getLogger(__name__)

# PySide's own stubs know neither what a decorator of classes is called with nor that types may be given by name.
_class_info: Any = ClassInfo
_property: Any = Property
_signal: Any = Signal


class Mpris(QObject):
    """Hears the desktop's wishes and tells it what is played. GUI thread."""

    toggle_asked = Signal()
    play_asked = Signal()
    pause_asked = Signal()
    next_asked = Signal()
    previous_asked = Signal()
    seek_asked = Signal(float)
    """The time in seconds to go to."""
    raise_asked = Signal()
    quit_asked = Signal()

    def __init__(self, position_s: Callable[[], float], parent: QObject | None = None) -> None:
        """position_s is asked whenever the desktop wants to know where the song is."""
        super().__init__(parent)
        self.position_s = position_s
        self.status = "Stopped"
        self.title = ""
        self.artist = ""
        self.duration_s = 0.0
        self.is_offered = False
        self._bus: QDBusConnection | None = None
        self._root, self._player = _Root(self), _Player(self)

    def offer(self) -> bool:
        """Appear on the session bus; False where there is none. A second Moodreel takes a name of its own."""
        if self.is_offered or not sys.platform.startswith("linux"):
            return self.is_offered
        bus = QDBusConnection.sessionBus()
        if not bus.isConnected():
            return False
        names = (NAME, f"{NAME}.instance{os.getpid()}")
        is_named = any(bus.registerService(name) for name in names)
        self.is_offered = is_named and bus.registerObject(PATH, self, QDBusConnection.RegisterOption.ExportAdaptors)
        if self.is_offered:
            self._bus = bus
        else:
            log.info("media keys: the session bus refuses the name")
        return self.is_offered

    def withdraw(self) -> None:
        """Leave the bus."""
        if self._bus is not None:
            self._bus.unregisterObject(PATH)
            for name in (NAME, f"{NAME}.instance{os.getpid()}"):
                self._bus.unregisterService(name)
            self._bus, self.is_offered = None, False

    def set_song(self, *, title: str, artist: str, duration_s: float) -> None:
        """Tell the desktop which song is played; title "" for none."""
        if (title, artist, duration_s) != (self.title, self.artist, self.duration_s):
            self.title, self.artist, self.duration_s = title, artist, duration_s
            self._tell({"Metadata": self.metadata(), "CanSeek": bool(title), "CanPlay": bool(title)})

    def set_playing(self, *, is_playing: bool) -> None:
        """Tell the desktop whether it plays."""
        status = "Playing" if is_playing else "Paused" if self.title else "Stopped"
        if status != self.status:
            self.status = status
            self._tell({"PlaybackStatus": status})

    def tell_sought(self, t_s: float) -> None:
        """Tell the desktop that the song was moved; it counts on by itself from there."""
        self._player.Seeked.emit(round(t_s * US_PER_S))

    def metadata(self) -> dict[str, Any]:
        """The song in MPRIS's words."""
        if not self.title:
            return {"mpris:trackid": QDBusObjectPath(NO_TRACK)}
        words: dict[str, Any] = {
            "mpris:trackid": QDBusObjectPath(TRACK),
            "mpris:length": round(self.duration_s * US_PER_S),
            "xesam:title": self.title,
        }
        return words | ({"xesam:artist": [self.artist]} if self.artist else {})

    def _tell(self, changes: dict[str, Any]) -> None:
        if self._bus is not None:
            message = QDBusMessage.createSignal(PATH, PROPERTIES, "PropertiesChanged")
            message.setArguments([PLAYER, changes, []])
            self._bus.send(message)


@_class_info({"D-Bus Interface": "org.mpris.MediaPlayer2"})
class _Root(QDBusAbstractAdaptor):
    """The program itself, as the desktop sees it."""

    def __init__(self, owner: Mpris) -> None:
        super().__init__(owner)
        self._owner = owner

    @Slot()
    def Raise(self) -> None:
        self._owner.raise_asked.emit()

    @Slot()
    def Quit(self) -> None:
        self._owner.quit_asked.emit()

    CanQuit = _property(bool, lambda _: True)
    CanRaise = _property(bool, lambda _: True)
    HasTrackList = _property(bool, lambda _: False)
    Identity = _property(str, lambda _: "Moodreel")
    DesktopEntry = _property(str, lambda _: "moodreel")
    SupportedUriSchemes = _property("QStringList", lambda _: [])
    SupportedMimeTypes = _property("QStringList", lambda _: [])


@_class_info({"D-Bus Interface": PLAYER})
class _Player(QDBusAbstractAdaptor):
    """What is played, and the keys for it. Next and Previous are photos, as the same keys are in the player."""

    Seeked = _signal("qlonglong", arguments=["Position"])

    def __init__(self, owner: Mpris) -> None:
        super().__init__(owner)
        self._owner = owner

    @Slot()
    def PlayPause(self) -> None:
        self._owner.toggle_asked.emit()

    @Slot()
    def Play(self) -> None:
        self._owner.play_asked.emit()

    @Slot()
    def Pause(self) -> None:
        self._owner.pause_asked.emit()

    @Slot()
    def Stop(self) -> None:
        self._owner.pause_asked.emit()

    @Slot()
    def Next(self) -> None:
        self._owner.next_asked.emit()

    @Slot()
    def Previous(self) -> None:
        self._owner.previous_asked.emit()

    @Slot("qlonglong")
    def Seek(self, offset_us: int) -> None:
        self._owner.seek_asked.emit(max(0.0, self._owner.position_s() + offset_us / US_PER_S))

    @Slot(QDBusObjectPath, "qlonglong")
    def SetPosition(self, track: QDBusObjectPath, position_us: int) -> None:
        if track.path() == TRACK and 0 <= position_us <= self._owner.duration_s * US_PER_S:
            self._owner.seek_asked.emit(position_us / US_PER_S)

    def _metadata(self) -> dict[str, Any]:
        return self._owner.metadata()

    def _position_us(self) -> int:
        return round(self._owner.position_s() * US_PER_S)

    def _status(self) -> str:
        return self._owner.status

    def _has_song(self) -> bool:
        return bool(self._owner.title)

    PlaybackStatus = _property(str, _status)
    Metadata = _property("QVariantMap", _metadata)
    Position = _property("qlonglong", _position_us)
    Rate = _property(float, lambda _: 1.0)
    MinimumRate = _property(float, lambda _: 1.0)
    MaximumRate = _property(float, lambda _: 1.0)
    CanGoNext = _property(bool, _has_song)
    CanGoPrevious = _property(bool, _has_song)
    CanPlay = _property(bool, _has_song)
    CanPause = _property(bool, _has_song)
    CanSeek = _property(bool, _has_song)
    CanControl = _property(bool, lambda _: True)
