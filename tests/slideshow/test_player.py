"""The full-screen show: in time with its sound, steered by keys and bar, with nothing in the way of the photos."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QFontMetricsF
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.emotion import smooth_curve
from engine.frames import layers_at
from engine.library import Photo
from engine.plan import Cue, Plan
from slideshow import theme
from slideshow.app import Dresser
from slideshow.player import NO_DEVICE, Player, beat_s, neighbour_s
from slideshow.player_bar import SLIDER_PX
from slideshow.settings import SettingsStore
from slideshow.sound import Sound

ROOT = Path(__file__).resolve().parent.parent.parent
CLIP = ROOT / "tests/assets/jungle-20s.mp3"
HOLD_S, FADE_S = 4.0, 1.0


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    cues = []
    for i, colour in enumerate(("red", "lime", "blue", "yellow", "cyan")):
        path = tmp_path / f"{i}.png"
        Image.new("RGB", (640, 360), colour).save(path)
        photo = Photo(i, path, 640, 360, f"2024-08-{i + 1:02d}T10:00:00", str(i))
        cues.append(Cue(photo, HOLD_S * i, HOLD_S * (i + 1), 0.5, FADE_S if i else 0.0, 1.0, 1.03, ""))
    return Plan(CLIP, 20.0, tuple(cues), "bundle")


@pytest.fixture
def sound(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sound]:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    made = Sound()
    made.load(CLIP, duration_s=20.0)
    yield made
    made.shutdown()


@pytest.fixture
def player(qtbot: QtBot, sound: Sound, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> Iterator[Player]:
    monkeypatch.setenv("WAKEPY_FAKE_SUCCESS", "1")
    made = Player(sound)
    qtbot.addWidget(made)
    made.set_plan(plan)
    made.set_song(title="Jungle", artist="Somebody")
    times_s = np.arange(1, 20, 2, dtype=np.float32)
    raw = np.tile(np.float32([0.8, 0.2]), (len(times_s), 1))
    made.set_mood(smooth_curve(times_s, raw), known_s=20.0, beat_times_s=np.arange(0.5, 20, 0.5))
    with qtbot.waitExposed(made):
        made.open_on()
    yield made
    made.shutdown()


def test_photos_change_with_the_sound(qtbot: QtBot, player: Player, sound: Sound, plan: Plan) -> None:
    sound.seek(3.0)
    sound.play()
    seen: list[tuple[float, list[Path]]] = []
    player.stage.moved.connect(lambda t_s: seen.append((t_s, [shown.path for shown in player.stage.picture])))
    qtbot.waitUntil(lambda: sound.position_s > 5.2, timeout=10_000)
    late = [(t_s, paths) for t_s, paths in seen if t_s > 3.4]  # after the first photo has dissolved in
    assert len(late) > 10
    for t_s, paths in late:
        assert paths == [plan.cues[layer.cue_index].photo.path for layer in layers_at(plan, t_s)]


def test_it_fills_the_screen(player: Player) -> None:
    assert player.isFullScreen()
    assert player.size() == player.screen().size()
    assert player.stage.size() == player.size()
    assert player.bar.geometry().bottom() == player.rect().bottom()


def test_every_key_of_the_look(qtbot: QtBot, player: Player, sound: Sound, plan: Plan) -> None:
    def press(key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(player, key, modifier)

    press(Qt.Key.Key_Space)
    assert sound.is_playing
    press(Qt.Key.Key_Space)
    assert not sound.is_playing
    press(Qt.Key.Key_Home)
    assert sound.position_s == 0.0
    press(Qt.Key.Key_Right)
    assert sound.position_s == pytest.approx(4.5)
    press(Qt.Key.Key_Right)
    assert sound.position_s == pytest.approx(8.5)
    press(Qt.Key.Key_Left)
    assert sound.position_s == pytest.approx(4.5)
    press(Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert sound.position_s == pytest.approx(9.5)
    press(Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert sound.position_s == pytest.approx(4.5)
    press(Qt.Key.Key_Period)
    assert sound.position_s == pytest.approx(5.0)
    press(Qt.Key.Key_Comma)
    assert sound.position_s == pytest.approx(4.5)
    press(Qt.Key.Key_Down)
    assert sound.volume == pytest.approx(0.95)
    press(Qt.Key.Key_Up)
    assert sound.volume == pytest.approx(1.0)
    press(Qt.Key.Key_M)
    assert sound.is_muted
    press(Qt.Key.Key_M)
    assert not sound.is_muted


def test_media_keys_and_keys_of_songs(qtbot: QtBot, player: Player, sound: Sound) -> None:
    for key, is_playing in (
        (Qt.Key.Key_MediaPlay, True),
        (Qt.Key.Key_MediaPlay, True),
        (Qt.Key.Key_MediaPause, False),
        (Qt.Key.Key_MediaTogglePlayPause, True),
        (Qt.Key.Key_MediaStop, False),
    ):
        QTest.keyClick(player, key)
        assert sound.is_playing == is_playing
    with qtbot.waitSignal(player.song_step_asked) as asked:
        QTest.keyClick(player, Qt.Key.Key_B)
    assert asked.args == [-1]
    sound.seek(1.0)
    QTest.keyClick(player, Qt.Key.Key_MediaNext)
    assert sound.position_s == pytest.approx(4.5)
    QTest.keyClick(player, Qt.Key.Key_MediaPrevious)
    assert sound.position_s == 0.0


def test_the_menu_has_every_action_with_its_key(qtbot: QtBot, player: Player, sound: Sound) -> None:
    menu = player.menu
    player.contextMenuEvent(QContextMenuEvent(QContextMenuEvent.Reason.Mouse, QPoint(300, 300), QPoint(300, 300)))
    qtbot.waitUntil(menu.isVisible)
    shown = [action.text().split("\t") for action in menu.actions() if action.isVisible() and action.text()]
    assert [key for _, *keys in shown for key in keys] == [
        *("Space", "Right", "Left", "Shift+Right", "Shift+Left", ".", ",", "Home", "N", "B", "Up", "Down", "M", "Esc"),
    ]
    menu.action("Next photo").trigger()
    assert sound.position_s == pytest.approx(4.5)
    menu.action("One beat on").trigger()
    assert sound.position_s == pytest.approx(5.0)
    menu.action("5 seconds on").trigger()
    assert sound.position_s == pytest.approx(10.0)
    menu.action("Play").trigger()
    assert sound.is_playing
    menu.close()
    menu.popup(QPoint(10, 10))
    assert menu.actions()[0].text() == "Pause\tSpace"
    menu.action("Leave full screen").trigger()
    assert not player.isVisible()
    menu.close()


def test_f1_shows_the_keys(qtbot: QtBot, player: Player) -> None:
    QTest.keyClick(player, Qt.Key.Key_F1)
    assert player.menu.isVisible()
    assert player.rect().contains(player.mapFromGlobal(player.menu.geometry().center()))
    player.menu.close()


def test_the_menu_keeps_the_bar(qtbot: QtBot, player: Player) -> None:
    player._rest.setInterval(50)
    player.menu.popup(QPoint(300, 300))
    player._wake()
    qtbot.wait(250)
    assert not player.bar.is_out
    player.menu.close()
    qtbot.waitUntil(lambda: player.bar.is_out, timeout=5_000)


def test_what_cannot_be_done_live_is_not_offered(player: Player) -> None:
    player.bar.song_bar.hide()
    player.menu.popup(QPoint(300, 300))
    shown = {action.text().split("\t")[0] for action in player.menu.actions() if action.isVisible()}
    assert {"Play", "Next photo", "Leave full screen"} <= shown
    assert not shown & {"Previous photo", "To the start", "One beat on", "5 seconds on"}
    player.menu.close()


def test_the_bar_says_what_photo_is_seen(qtbot: QtBot, player: Player, sound: Sound) -> None:
    qtbot.waitUntil(lambda: player.bar._photo == "1 August 2024")
    sound.seek(9.0)
    qtbot.waitUntil(lambda: player.bar._photo == "3 August 2024")


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_F, Qt.Key.Key_F11])
def test_leaving_keeps_the_sound(qtbot: QtBot, player: Player, sound: Sound, key: Qt.Key) -> None:
    sound.play()
    with qtbot.waitSignal(player.left):
        QTest.keyClick(player, key)
    assert not player.isVisible()
    assert sound.is_playing


def test_the_bar_steers(qtbot: QtBot, player: Player, sound: Sound) -> None:
    bar = player.bar
    QTest.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    assert sound.is_playing
    QTest.mouseClick(bar.play, Qt.MouseButton.LeftButton)
    QTest.mouseClick(bar.next, Qt.MouseButton.LeftButton)
    assert sound.position_s == pytest.approx(4.5, abs=0.3)
    QTest.mouseClick(bar.song_bar, Qt.MouseButton.LeftButton, pos=QPoint(bar.song_bar.width() // 2, 16))
    assert sound.position_s == pytest.approx(10.0, abs=0.1)
    QTest.mouseClick(bar.mute, Qt.MouseButton.LeftButton)
    assert sound.is_muted
    assert bar.loudness.isVisible()
    with qtbot.waitSignal(player.left):
        QTest.mouseClick(bar.leave, Qt.MouseButton.LeftButton)


def test_the_volume_is_said_whole_in_large_text(
    qtbot: QtBot, dressed: Dresser, store: SettingsStore, player: Player
) -> None:
    store.change(text_scale=1.5)
    player.toggle_mute()
    loudness = player.bar.loudness
    assert loudness.isVisible()
    room = loudness.width() - loudness.slider.geometry().right()
    assert loudness.slider.width() == SLIDER_PX
    assert room > QFontMetricsF(theme.font("label")).horizontalAdvance("Muted") + 16
    assert loudness.geometry().right() <= player.bar.leave.geometry().right()


def test_bar_and_cursor_go_by_themselves_and_come_with_the_mouse(
    qtbot: QtBot, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    player._rest.setInterval(200)
    QTest.mouseMove(player.stage, QPoint(300, 300))
    QTest.mouseMove(player.stage, QPoint(360, 300))
    qtbot.waitUntil(lambda: not player.bar.isVisible(), timeout=5_000)
    assert player.cursor().shape() == Qt.CursorShape.BlankCursor
    QTest.mouseMove(player.stage, QPoint(500, 400))
    qtbot.waitUntil(player.bar.isVisible, timeout=5_000)
    assert not player.bar.is_out
    assert player.cursor().shape() != Qt.CursorShape.BlankCursor


def test_tab_brings_the_bar_and_goes_into_it(qtbot: QtBot, player: Player) -> None:
    player.bar.fade_out()
    qtbot.waitUntil(player.bar.isHidden, timeout=5_000)
    QTest.keyClick(player, Qt.Key.Key_Tab)
    assert player.bar.isVisible()
    focused = player.focusWidget()
    assert focused is not None
    assert player.bar.isAncestorOf(focused)


def test_the_bar_says_the_mood(qtbot: QtBot, player: Player, sound: Sound) -> None:
    qtbot.waitUntil(lambda: player.bar.plane.marks.song is not None)
    song = player.bar.plane.marks.song
    assert song is not None
    assert (song.valence, song.arousal) == (pytest.approx(0.8), pytest.approx(0.2))
    assert player.bar._word == song.word.capitalize()


def test_no_device_is_told_and_the_show_goes_on(qtbot: QtBot, player: Player, sound: Sound) -> None:
    with qtbot.waitSignal(sound.device_missing, timeout=5_000):
        sound.play()
    assert [toast.text for toast in player._toasts.shown] == [NO_DEVICE]
    qtbot.waitUntil(lambda: sound.position_s > 0.3, timeout=5_000)


def test_the_screen_stays_awake_only_while_it_plays(qtbot: QtBot, player: Player, sound: Sound) -> None:
    assert not player._awake.is_wanted
    sound.play()
    assert player._awake.is_wanted
    qtbot.waitUntil(lambda: player._awake._mode is not None and player._awake._mode.active)
    sound.pause()
    assert not player._awake.is_wanted
    qtbot.waitUntil(lambda: player._awake._mode is None)


def test_at_the_songs_end_the_last_photo_stays_under_the_bar(
    qtbot: QtBot, player: Player, sound: Sound, plan: Plan
) -> None:
    player.bar.fade_out()
    sound.seek(19.6)
    with qtbot.waitSignal(sound.finished, timeout=10_000):
        sound.play()
    assert not player.bar.is_out
    qtbot.waitUntil(lambda: [shown.path for shown in player.stage.picture] == [plan.cues[-1].photo.path])


def test_neighbours_stay_within_the_plan(plan: Plan) -> None:
    assert neighbour_s(plan, 1.0, step=-1) == 0.0
    assert neighbour_s(plan, 19.0, step=1) == 19.0  # no photo follows: going on never goes back
    assert neighbour_s(plan, 9.0, step=1) == 12.5
    assert neighbour_s(plan, 9.0, step=-1) == 4.5


def test_beats_are_stepped_through_one_by_one() -> None:
    beats = [1.0, 1.5, 2.0]
    assert beat_s(beats, 0.0, step=1) == 1.0
    assert beat_s(beats, 1.0, step=1) == 1.5
    assert beat_s(beats, 2.0, step=1) is None
    assert beat_s(beats, 2.05, step=-1) == 1.5
    assert beat_s(beats, 1.0, step=-1) is None
    assert beat_s([], 1.0, step=1) is None
