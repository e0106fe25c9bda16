"""The stage shows the plan's photo of the moment, whatever is late, broken or resized, and never a black flash."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.errors import UnreadablePhoto
from engine.focus import find_focus
from engine.frames import layers_at
from engine.images import load_image
from engine.library import Photo
from engine.plan import Cue, Plan
from engine.transitions import Transition
from slideshow import stage as stage_module
from slideshow import stage_photos as photos_module
from slideshow import theme
from slideshow.painting import PreparedPhoto, load_prepared, paint_image
from slideshow.stage import CUES_AHEAD, Stage

COLOURS = ("red", "lime", "blue", "yellow", "cyan", "magenta")
SIZE = (320, 180)
HOLD_S, FADE_S = 4.0, 1.0


class Clock:
    """The show's clock, set by hand."""

    def __init__(self) -> None:
        self.t_s = 1.0

    def __call__(self) -> float:
        return self.t_s


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_of([plain_photo(tmp_path, i) for i in range(len(COLOURS))])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stage(qtbot: QtBot, clock: Clock) -> Iterator[Stage]:
    made = Stage(clock)
    qtbot.addWidget(made)
    made.resize(*SIZE)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.shutdown()


def plain_photo(folder: Path, i: int) -> Photo:
    path = folder / f"{i}.png"
    Image.new("RGB", (640, 360), COLOURS[i % len(COLOURS)]).save(path)
    return Photo(i, path, 640, 360, None, str(i))


def plan_of(photos: list[Photo], *, n_cues: int | None = None) -> Plan:
    cues = tuple(
        Cue(photos[i % len(photos)], HOLD_S * i, HOLD_S * (i + 1), 0.5, FADE_S if i else 0.0, 1.0, 1.03, "")
        for i in range(n_cues or len(photos))
    )
    return Plan(Path("song.ogg"), HOLD_S * len(cues), cues, "bundle")


def colour(stage: Stage) -> QColor:
    return stage.grab().toImage().pixelColor(stage.width() // 2, stage.height() // 2)


def shows(stage: Stage, name: str) -> Callable[[], bool]:
    def holds() -> bool:
        seen, wanted = colour(stage), QColor(name)
        pairs = ((seen.red(), wanted.red()), (seen.green(), wanted.green()), (seen.blue(), wanted.blue()))
        return all(abs(a - b) <= 3 for a, b in pairs)

    return holds


def test_shows_the_photo_of_the_moment_and_follows_jumps(qtbot: QtBot, stage: Stage, clock: Clock, plan: Plan) -> None:
    stage.set_plan(plan)
    qtbot.waitUntil(shows(stage, "red"))
    for t_s, name in ((6.0, "lime"), (22.0, "magenta"), (10.0, "blue")):
        clock.t_s = t_s
        stage.step()
        qtbot.waitUntil(shows(stage, name))


def test_a_running_stage_crossfades_by_the_clock(qtbot: QtBot, stage: Stage, clock: Clock, plan: Plan) -> None:
    stage.set_plan(plan)
    stage.set_running(is_running=True)
    qtbot.waitUntil(shows(stage, "red"))
    with qtbot.waitSignal(stage.moved) as told:
        clock.t_s = 4.0
    assert told.args is not None
    qtbot.waitUntil(lambda: len(stage.picture) == 2)
    assert stage.picture[1].opacity == pytest.approx(0.5)
    seen = colour(stage)
    assert seen.red() == pytest.approx(128, abs=4)
    assert seen.green() == pytest.approx(128, abs=4)


@pytest.mark.parametrize("kind", ["crossfade", "cut", "dip", "slide"])
@pytest.mark.parametrize("size", [SIZE, (180, 320)])
def test_the_screen_shows_exactly_what_a_film_would(
    qtbot: QtBot, stage: Stage, clock: Clock, kind: Transition, size: tuple[int, int]
) -> None:
    folder = Path(__file__).resolve().parent.parent.parent / "resources/demo/photos"
    photos = []
    for i, name in enumerate(("smiling-astronaut.jpg", "wine-and-drum-evening.jpg", "two-dogs-window.jpg")):
        image, info = load_image(folder / name)
        photos.append(Photo(i, folder / name, info.width, info.height, None, str(i), find_focus(image)))
    fade_s = 0.0 if kind == "cut" else FADE_S
    cues = (
        Cue(photos[0], 0.0, HOLD_S, 0.5, 0.0, 1.0, 1.03, ""),
        Cue(photos[1], HOLD_S, 2 * HOLD_S, 0.5, fade_s, 1.03, 1.0, "", kind, photos[2]),
    )
    plan = Plan(Path("song.ogg"), 2 * HOLD_S, cues, "bundle")
    stage.resize(*size)
    stage.set_plan(plan)
    ratio = stage.devicePixelRatioF()
    pixels = (round(size[0] * ratio), round(size[1] * ratio))
    ready = stage._photos.ready
    qtbot.waitUntil(lambda: len(ready) == 2 and all(one.size == pixels for one in ready.values()))
    prepared = {i: load_prepared(cue.photo, size=pixels, partner=cue.partner) for i, cue in enumerate(cues)}
    for t_s in (2.0, 3.6, 3.9, 4.0, 4.2, 4.4, 7.0):
        clock.t_s = t_s
        stage.step()
        qtbot.waitUntil(lambda: stage.step() is None and not stage._changes.is_under_way)
        film = paint_image(pixels, layers_at(plan, t_s), prepared)
        grabbed = stage.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        screen = np.frombuffer(grabbed.constBits(), dtype=np.uint8).reshape(grabbed.height(), grabbed.width(), 4)
        assert np.array_equal(screen[..., :3], film[..., :3]), t_s


@pytest.mark.parametrize("kind", ["crossfade", "cut", "dip", "slide"])
def test_a_running_clock_gets_its_transitions_undissolved(
    qtbot: QtBot, stage: Stage, clock: Clock, plan: Plan, kind: Transition
) -> None:
    fade_s = 0.0 if kind == "cut" else FADE_S
    plan = replace(plan, cues=tuple(replace(cue, transition=kind, fade_s=fade_s) for cue in plan.cues))
    stage.set_plan(plan)
    qtbot.waitUntil(lambda: len(stage._photos.ready) >= 3 and shows(stage, "red")())
    for t_s in np.arange(1.0, 9.5, 0.04):
        clock.t_s = float(t_s)
        stage.step()
        wanted = [
            (plan.cues[layer.cue_index].photo.path, layer.opacity, layer.shift, layer.shade)
            for layer in layers_at(plan, clock.t_s)
        ]
        assert [(one.path, one.opacity, one.shift, one.shade) for one in stage.picture] == wanted, t_s
        qtbot.waitUntil(lambda: not stage._photos.is_loading)


def test_a_large_screen_is_painted_smaller_and_filled(
    qtbot: QtBot, stage: Stage, clock: Clock, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_module, "MAX_PIXELS", 160 * 90)
    stage.set_plan(plan)
    stage.resize(400, 225)
    qtbot.waitUntil(lambda: bool(stage.picture) and stage.picture[-1].prepared.size == (160, 90))
    image = stage.grab().toImage()
    for x, y in ((0, 0), (399, 0), (200, 112), (0, 224), (399, 224)):
        assert image.pixelColor(x, y).red() > 250


def test_a_large_screen_that_is_slow_is_painted_in_half_its_pixels(
    qtbot: QtBot, stage: Stage, clock: Clock, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage_module, "MAX_PIXELS", 160 * 90)
    monkeypatch.setattr(stage_module, "SLOW_PAINT_S", -1.0)
    stage.set_plan(plan)
    stage.resize(401, 225)
    qtbot.waitUntil(lambda: bool(stage.picture) and stage.picture[-1].prepared.size == (160, 90))
    stage.set_running(is_running=True)
    clock.t_s = 1.1
    qtbot.waitUntil(lambda: stage.picture[-1].prepared.size == (201, 113))
    image = stage.grab().toImage()
    for x, y in ((0, 0), (400, 0), (200, 112), (0, 224), (400, 224)):
        assert image.pixelColor(x, y).red() > 250


def test_a_held_key_never_flashes(qtbot: QtBot, stage: Stage, clock: Clock, tmp_path: Path) -> None:
    photos = []
    for i in range(40):
        path = tmp_path / f"{i}.png"
        Image.new("L", (640, 360), 255 * (i % 2)).convert("RGB").save(path)
        photos.append(Photo(i, path, 640, 360, None, str(i)))
    plan = plan_of(photos)
    stage.set_plan(replace(plan, cues=tuple(replace(cue, transition="cut", fade_s=0.0) for cue in plan.cues)))
    stage.set_running(is_running=True)
    qtbot.waitUntil(lambda: bool(stage.picture))
    lights: list[tuple[float, int]] = []
    began_s = time.perf_counter()
    while (now_s := time.perf_counter() - began_s) < 3.0:
        clock.t_s = 2.0 + HOLD_S * int(now_s * 15)  # a key that repeats 15 times a second
        qtbot.wait(10)
        lights.append((now_s, colour(stage).lightness()))
    turns_s, low, high, direction = [], lights[0][1], lights[0][1], 0
    for at_s, light in lights:  # WCAG: a flash is a pair of opposing changes of a tenth and more
        low, high = min(low, light), max(high, light)
        if direction >= 0 and light < high - 26:
            turns_s, direction, low = [*turns_s, at_s], -1, light
            high = light
        elif direction <= 0 and light > low + 26:
            turns_s, direction, high = [*turns_s, at_s], 1, light
            low = light
    assert turns_s
    for at_s in turns_s:
        assert sum(at_s <= other_s < at_s + 1 for other_s in turns_s) <= 4


def test_a_late_photo_leaves_the_last_one_standing(
    qtbot: QtBot, stage: Stage, clock: Clock, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_load = threading.Event()

    def slow(photo: Photo, *, size: tuple[int, int], partner: Photo | None = None) -> PreparedPhoto:
        if photo.id == 1:
            may_load.wait(timeout=20)
        return load_prepared(photo, size=size)

    monkeypatch.setattr(photos_module, "load_prepared", slow)
    stage.set_plan(plan)
    stage.set_running(is_running=True)
    qtbot.waitUntil(shows(stage, "red"))
    for t_s in (3.9, 4.1, 4.6, 5.0, 6.0):
        clock.t_s = t_s
        with qtbot.waitSignal(stage.moved):
            pass
        assert shows(stage, "red")()
    may_load.set()
    greens: list[int] = []
    stage.moved.connect(lambda _: greens.append(colour(stage).green()))
    qtbot.waitUntil(shows(stage, "lime"))
    assert np.diff([0, *greens]).max() < 200  # it dissolves in


def test_a_photo_that_comes_late_into_its_own_transition_does_not_pop_in(
    qtbot: QtBot, stage: Stage, clock: Clock, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_load = threading.Event()

    def slow(photo: Photo, *, size: tuple[int, int], partner: Photo | None = None) -> PreparedPhoto:
        if photo.id == 1:
            may_load.wait(timeout=20)
        return load_prepared(photo, size=size)

    monkeypatch.setattr(photos_module, "load_prepared", slow)
    stage.set_plan(plan)
    qtbot.waitUntil(shows(stage, "red"))
    for t_s in (3.7, 3.9, 4.1, 4.3):
        clock.t_s = t_s
        stage.step()
    may_load.set()
    qtbot.waitUntil(lambda: (plan.cues[1].photo.path, None) in stage._photos.ready)
    assert colour(stage).green() < 60
    qtbot.waitUntil(lambda: colour(stage).green() > 200)


@pytest.mark.parametrize("kind", ["crossfade", "slide"])
def test_a_show_that_begins_in_a_change_with_one_photo_late_shows_the_other_whole(
    qtbot: QtBot, stage: Stage, clock: Clock, plan: Plan, monkeypatch: pytest.MonkeyPatch, kind: Transition
) -> None:
    may_load = threading.Event()

    def slow(photo: Photo, *, size: tuple[int, int], partner: Photo | None = None) -> PreparedPhoto:
        if photo.id == 0:
            may_load.wait(timeout=20)
        return load_prepared(photo, size=size)

    monkeypatch.setattr(photos_module, "load_prepared", slow)
    plan = replace(plan, cues=(plan.cues[0], replace(plan.cues[1], transition=kind), *plan.cues[2:]))
    clock.t_s = 3.8
    assert len(layers_at(plan, clock.t_s)) == 2
    stage.set_plan(plan)
    qtbot.waitUntil(shows(stage, "lime"))
    left = stage.grab().toImage().pixelColor(2, stage.height() // 2)
    assert left.green() > 200  # not part of it over black
    may_load.set()


def test_photos_prepared_for_a_song_that_does_not_follow_are_let_go(
    qtbot: QtBot, stage: Stage, clock: Clock, plan: Plan, tmp_path: Path
) -> None:
    (tmp_path / "next").mkdir()
    following = replace(plan_of([plain_photo(tmp_path / "next", 3)]), song=Path("next.ogg"))
    key = (following.cues[0].photo.path, None)
    clock.t_s = 22.0
    stage.set_plan(plan)
    stage.prepare_next(following)
    stage.step()
    qtbot.waitUntil(lambda: key in stage._photos.ready)
    stage.set_plan(replace(plan, song=Path("other.ogg")))  # the person has chosen another one
    stage.step()
    assert key not in stage._photos.ready


@pytest.mark.parametrize("is_first", [False, True])
def test_of_a_pair_the_photo_that_can_be_read_stands_alone(
    qtbot: QtBot, stage: Stage, clock: Clock, plan: Plan, is_first: bool
) -> None:
    broken, whole = plan.cues[1].photo, plan.cues[0].photo
    broken.path.write_text("no photo")
    faults: list[UnreadablePhoto] = []
    stage.photo_failed.connect(faults.append)
    first, partner = (broken, whole) if is_first else (whole, broken)
    stage.set_plan(replace(plan, cues=(replace(plan.cues[0], photo=first, partner=partner), *plan.cues[2:])))
    qtbot.waitUntil(shows(stage, "red"))
    assert [fault.path for fault in faults] == [broken.path]


def test_an_unreadable_photo_is_told_once_and_skipped(qtbot: QtBot, stage: Stage, clock: Clock, plan: Plan) -> None:
    broken = plan.cues[1].photo.path
    broken.write_text("no photo")
    faults: list[object] = []
    stage.photo_failed.connect(faults.append)
    stage.set_plan(plan)
    stage.set_running(is_running=True)
    qtbot.waitUntil(shows(stage, "red"))
    qtbot.waitUntil(lambda: len(faults) == 1)
    clock.t_s = 6.0
    qtbot.wait(100)
    assert shows(stage, "red")()
    clock.t_s = 10.0
    qtbot.waitUntil(shows(stage, "blue"))
    stage.set_plan(replace(plan, cues=(*plan.cues[:-1], replace(plan.cues[-1], score=0.1))))  # it has grown
    clock.t_s = 6.0
    qtbot.wait(100)
    assert len(faults) == 1


def test_memory_is_bounded_over_a_long_plan(qtbot: QtBot, stage: Stage, clock: Clock, tmp_path: Path) -> None:
    photos = [plain_photo(tmp_path, i) for i in range(40)]
    stage.set_plan(plan_of(photos))
    most = 0
    for i in range(40):
        clock.t_s = HOLD_S * i + 2.0
        stage.step()
        qtbot.waitUntil(lambda path=photos[i].path: (path, None) in stage._photos.ready)
        most = max(most, len(stage._photos.ready))
    assert most <= CUES_AHEAD + 4


def test_a_grown_plan_changes_nothing_on_the_screen(qtbot: QtBot, stage: Stage, clock: Clock, tmp_path: Path) -> None:
    photos = [plain_photo(tmp_path, i) for i in range(6)]
    stage.set_plan(plan_of(photos[:2]))
    qtbot.waitUntil(lambda: len(stage.picture) == 1 and len(stage._photos.ready) == 2)
    before = stage.picture
    stage.set_plan(plan_of(photos))
    assert len(stage.picture) == 1
    assert stage.picture[0].prepared is before[0].prepared
    assert stage.picture[0].opacity == 1.0


def test_without_a_plan_the_stage_is_empty(qtbot: QtBot, stage: Stage, plan: Plan) -> None:
    stage.set_plan(plan)
    qtbot.waitUntil(shows(stage, "red"))
    stage.set_plan(None)
    assert shows(stage, "#0D0D0E")()


def test_resizing_keeps_the_photo_and_prepares_it_anew(qtbot: QtBot, stage: Stage, clock: Clock, plan: Plan) -> None:
    stage.set_plan(plan)
    qtbot.waitUntil(shows(stage, "red"))
    stage.resize(500, 200)
    assert shows(stage, "red")()
    ratio = stage.devicePixelRatioF()
    wanted = (round(500 * ratio), round(200 * ratio))
    qtbot.waitUntil(lambda: stage.picture[0].prepared.size == wanted)
    assert shows(stage, "red")()


def test_nothing_is_read_again_while_the_size_changes(
    qtbot: QtBot, stage: Stage, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.set_plan(plan)
    stage.set_running(is_running=True)
    qtbot.waitUntil(lambda: len(stage._photos.ready) == 1 + CUES_AHEAD and not stage._photos.is_loading)
    sizes: list[tuple[int, int]] = []

    def counted(photo: Photo, *, size: tuple[int, int], partner: Photo | None = None) -> PreparedPhoto:
        sizes.append(size)
        return load_prepared(photo, size=size)

    monkeypatch.setattr(photos_module, "load_prepared", counted)
    for width in range(400, 500, 10):
        stage.resize(width, 200)
        qtbot.wait(30)
    assert sizes == []
    wanted = stage._wanted_px()
    qtbot.waitUntil(lambda: stage.picture[0].prepared.size == wanted)
    assert set(sizes) == {wanted}


def test_reduced_motion_neither_zooms_nor_lingers(
    qtbot: QtBot, qapp: QApplication, stage: Stage, clock: Clock, plan: Plan
) -> None:
    theme.apply(qapp, theme.DARK, is_motion_reduced=True)
    kinds: tuple[Transition, ...] = ("crossfade", "cut", "dip", "slide")
    cues = [replace(cue, transition=kind) for cue, kind in zip(plan.cues, (*kinds, *kinds), strict=False)]
    plan = replace(plan, cues=tuple(replace(c, fade_s=0.0 if c.transition == "cut" else c.fade_s) for c in cues))
    try:
        stage.set_plan(plan)
        shown = stage.plan
        assert shown is not None
        assert {cue.zoom_to for cue in shown.cues} == {1.0}
        assert {cue.fade_s for cue in shown.cues[1:]} == {0.2}
        assert {cue.transition for cue in shown.cues} == {"crossfade"}
        assert [cue.start_s for cue in shown.cues] == [cue.start_s for cue in plan.cues]
    finally:
        theme.apply(qapp, theme.DARK)


def test_a_stage_can_be_shut_down_while_it_loads(
    qtbot: QtBot, clock: Clock, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()
    go_on = threading.Event()

    def slow(photo: Photo, *, size: tuple[int, int], partner: Photo | None = None) -> PreparedPhoto:
        begun.set()
        go_on.wait(timeout=0.3)
        return load_prepared(photo, size=size)

    monkeypatch.setattr(photos_module, "load_prepared", slow)
    made = Stage(clock)
    qtbot.addWidget(made)
    made.resize(*SIZE)
    with qtbot.waitExposed(made):
        made.show()
    made.set_plan(plan)
    assert begun.wait(timeout=5)
    made.shutdown()
    made.step()
    assert made.picture == ()
