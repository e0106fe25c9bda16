"""Against a real message bus, from another process, as a desktop's media keys would."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from slideshow.desktop_keys import DesktopKeys
from slideshow.mpris import Mpris
from slideshow.sound import Sound

if TYPE_CHECKING:
    from slideshow.main_window import MainWindow

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ("dbus-run-session", "dbus-send", "dbus-monitor")

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="MPRIS is Linux's"),
    pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason="no message bus: Debian's dbus"),
]

PLAYED = """
import json, sys
from PySide6.QtCore import QCoreApplication, QTimer
from slideshow.mpris import Mpris
app = QCoreApplication([])
heard = []
mpris = Mpris(lambda: 12.5)
mpris.toggle_asked.connect(lambda: heard.append("toggle"))
mpris.play_asked.connect(lambda: heard.append("play"))
mpris.pause_asked.connect(lambda: heard.append("pause"))
mpris.next_asked.connect(lambda: (heard.append("next"), mpris.set_playing(is_playing=True)))
mpris.previous_asked.connect(lambda: heard.append("previous"))
mpris.seek_asked.connect(lambda t_s: heard.append(f"seek {t_s:g}"))
mpris.seek_asked.connect(mpris.tell_sought)
mpris.raise_asked.connect(lambda: heard.append("raise"))
mpris.quit_asked.connect(app.quit)
assert mpris.offer()
mpris.set_song(title="Low Tide", artist="Ana Ferreira Quartet", duration_s=258.0)
mpris.set_playing(is_playing=False)
print("ready", flush=True)
QTimer.singleShot(20_000, lambda: app.exit(3))
code = app.exec()
mpris.withdraw()
print(json.dumps(heard))
sys.exit(code)
"""

DESKTOP = r"""
set -e
D="--dest=org.mpris.MediaPlayer2.moodreel /org/mpris/MediaPlayer2"
send() { dbus-send --session --print-reply=literal $D "$@"; }
P=org.mpris.MediaPlayer2.Player
{ "$PYTHON" -c "$PLAYED" 3>&-; echo "status $?"; } > "$FOLDER/played" 2> "$FOLDER/errors" &
for i in $(seq 200); do grep -q ready "$FOLDER/played" 2>/dev/null && break; sleep 0.05; done
dbus-monitor --session "type='signal',path='/org/mpris/MediaPlayer2'" > "$FOLDER/signals" & M=$!
sleep 0.3
send org.freedesktop.DBus.Properties.GetAll string:$P > "$FOLDER/properties"
for key in PlayPause Play Pause Next Previous; do send $P.$key; done
send $P.Seek int64:-2500000
send $P.SetPosition objpath:/io/moodreel/song int64:61000000
send $P.SetPosition objpath:/another/song int64:1000000
send org.mpris.MediaPlayer2.Raise
send org.freedesktop.DBus.Properties.Get string:$P string:PlaybackStatus > "$FOLDER/status"
sleep 0.2
kill $M
send org.mpris.MediaPlayer2.Quit
wait
"""


def test_a_desktop_steers_the_show_and_reads_the_song(tmp_path: Path) -> None:
    environment = os.environ | {
        "PYTHON": sys.executable, "PLAYED": PLAYED, "FOLDER": str(tmp_path), "QT_QPA_PLATFORM": "offscreen",
    }  # fmt: skip
    done = subprocess.run(
        ["dbus-run-session", "--", "bash", "-c", DESKTOP],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + (tmp_path / "errors").read_text()
    _, heard, status = (tmp_path / "played").read_text().splitlines()
    assert status == "status 0"
    expected = ["toggle", "play", "pause", "next", "previous", "seek 10", "seek 61", "raise"]
    assert heard == str(expected).replace("'", '"')
    properties = (tmp_path / "properties").read_text()
    for words in ("Low Tide", "Ana Ferreira Quartet", "258000000", "/io/moodreel/song", "Paused", "12500000"):
        assert words in properties
    assert "Playing" in (tmp_path / "status").read_text()
    signals = (tmp_path / "signals").read_text()
    assert "Playing" in signals
    assert re.findall(r"interface=org.mpris.MediaPlayer2.Player; member=Seeked\s+int64 (\d+)", signals) == [
        "10000000", "61000000",
    ]  # fmt: skip
    assert (tmp_path / "errors").read_text() == ""


def test_the_desktop_hears_of_every_seek(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[float] = []
    monkeypatch.setattr(Mpris, "offer", lambda _: True)
    monkeypatch.setattr(Mpris, "tell_sought", lambda _, t_s: told.append(t_s))
    sound = Sound()
    page = SimpleNamespace(previous_photo=print)
    window, session = QWidget(), SimpleNamespace(song=None, song_changed=sound.moved_on)
    qtbot.addWidget(window)
    for name, value in {
        "sound": sound, "session": session, "create_page": page, "toggle_playing": print, "next_photo": print,
    }.items():  # fmt: skip
        setattr(window, name, value)
    DesktopKeys(cast("MainWindow", window)).offer()
    sound.seek(12.5)
    assert told == [12.5]
    sound.shutdown()


def test_without_a_bus_nothing_happens(tmp_path: Path) -> None:
    code = "from slideshow.mpris import Mpris; assert not Mpris(lambda: 0.0).offer()"
    environment = os.environ | {
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/none",
        "QT_QPA_PLATFORM": "offscreen",
    }
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
