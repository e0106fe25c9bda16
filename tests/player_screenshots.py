"""Make a picture of every state of the player: python -m tests.player_screenshots FOLDER [--only NAME] [--width PX]."""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QPoint
from PySide6.QtWidgets import QApplication

from engine.audio import probe_song
from engine.emotion import smooth_curve
from engine.focus import find_focus
from engine.images import load_image
from engine.library import Photo
from engine.plan import Cue, Plan
from engine.transitions import Transition
from slideshow import places
from slideshow.app import Dresser
from slideshow.player import Player
from slideshow.screens import Screens
from slideshow.settings import SettingsStore
from slideshow.sound import Sound
from tests.screenshots import SIZES_PX, THEMES, settle, wait_for

SONG = places.DEMO_SONGS / "02-caribbean-energetic-happy.ogg"
HOLD_S, FADE_S = 6.0, 1.6

ROLL: tuple[tuple[str, str, Transition], ...] = (
    ("calm-mountain-lake", "", "crossfade"),
    ("wine-and-drum-evening", "", "crossfade"),
    ("two-dogs-window", "mill-workers-mono", "slide"),
    ("smiling-astronaut", "", "dip"),
    ("osprey-on-branch", "", "slide"),
    ("windswept-tree-mono", "ruined-cliff-palace-mono", "crossfade"),
    ("snowy-valley-trees", "", "dip"),
)
"""Photo, partner and transition of each cue."""


def photo_of(name: str, number: int) -> Photo:
    path = places.DEMO_PHOTOS / f"{name}.jpg"
    image, info = load_image(path)
    return Photo(number, path, info.width, info.height, "2024-08-12T18:20:00", name, find_focus(image))


def plan_of() -> Plan:
    cues = []
    for i, (name, partner, kind) in enumerate(ROLL):
        cue = Cue(
            photo_of(name, i), HOLD_S * i, HOLD_S * (i + 1), 0.8, FADE_S if i else 0.0, 1.0, 1.04, "", kind,
            photo_of(partner, 100 + i) if partner else None,
        )  # fmt: skip
        cues.append(cue)
    return Plan(SONG, HOLD_S * len(cues), tuple(cues), "pictures")


STATES = (
    ("player-photo", 3.0, False),
    ("player-bar", 3.0, True),
    ("player-crossfade", HOLD_S, False),
    ("player-portrait", HOLD_S * 1.5, False),
    ("player-portrait-bar", HOLD_S * 1.5, True),
    ("player-slide", HOLD_S * 2 - 0.2, False),
    ("player-pair", HOLD_S * 2.5, False),
    ("player-pair-bar", HOLD_S * 2.5, True),
    ("player-dip-going", HOLD_S * 3 - 0.35, False),
    ("player-dip", HOLD_S * 3, False),
    ("player-dip-coming", HOLD_S * 3 + 0.35, False),
    ("player-face", HOLD_S * 3.5, True),
    ("player-pair-crossfade", HOLD_S * 5, False),
    ("player-white", HOLD_S * 6.6, True),
)


def shoot(app: QApplication, folder: Path, only: str, choice: str, size: tuple[int, int]) -> None:
    store = SettingsStore(Path(tempfile.mkdtemp()) / "settings.json")
    store.change(theme=choice)
    dresser = Dresser(app, store)
    sound = Sound()
    sound.load(SONG, duration_s=probe_song(SONG).duration_s)
    player = Player(sound, screens=Screens(store))
    plan = plan_of()
    player.set_plan(plan)
    player.set_song(title="Caribbean", artist="Somebody")
    times_s = np.arange(1, plan.duration_s, 2, dtype=np.float32)
    mood = np.stack([0.5 + 0.4 * np.cos(times_s / 9), 0.5 + 0.4 * np.sin(times_s / 7)], axis=1).astype(np.float32)
    player.set_mood(smooth_curve(times_s, mood), known_s=plan.duration_s, beat_times_s=np.arange(0, 40, 0.5).tolist())
    player.open_on()
    player.showNormal()
    player.setGeometry(0, 0, *size)
    player.stage.set_running(is_running=True)

    def take(name: str) -> None:
        player.screen().grabWindow(0, 0, 0, *size).save(str(folder / f"{name}-{choice}-{size[0]}.png"))
        print(f"{name}-{choice}-{size[0]}")

    def go(t_s: float) -> None:
        sound.seek(t_s)
        stage = player.stage
        wanted = stage._photos.key_of(plan.cues[int(t_s / HOLD_S)])
        wait_for(lambda: wanted in {shown.key for shown in stage.picture} and not stage._changes.is_under_way)
        settle(150)

    settle(400)
    for name, t_s, has_bar in STATES:
        if only not in name:
            continue
        go(t_s)
        (player.bar.fade_in if has_bar else player.bar.fade_out)()
        settle(600)
        take(name)
    player.bar.fade_in()
    if only in "player-menu":
        go(3.0)
        player.menu.popup(QPoint(size[0] // 2 - 100, 120))
        settle(200)
        player.menu.screen_menu.popup(QPoint(size[0] // 2 + 120, 420))
        settle(200)
        take("player-menu")
        player.menu.screen_menu.close()
        player.menu.close()
    if only in "player-volume":
        player.toggle_mute()
        settle(300)
        take("player-volume")
        player.toggle_mute()
    if only in "player-notice":
        go(HOLD_S * 4.5)
        player._on_device_missing()
        settle(500)
        take("player-notice")
    if only in "player-empty":
        player.set_plan(replace(plan, cues=()))
        player.set_plan(None)
        settle(300)
        take("player-empty")
    player.shutdown()
    sound.shutdown()
    player.deleteLater()
    dresser.release()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="part of the names of the pictures wanted")
    parser.add_argument("--theme", choices=THEMES)
    parser.add_argument("--width", type=int)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("WAKEPY_FAKE_SUCCESS", "1")
    app = QApplication(sys.argv[:1])
    for choice, size in itertools.product(THEMES, SIZES_PX):
        if arguments.theme in (None, choice) and arguments.width in (None, size[0]):
            shoot(app, arguments.folder, arguments.only, choice, size)
    return 0


if __name__ == "__main__":
    sys.exit(main())
