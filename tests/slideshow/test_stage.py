"""The stage shows the plan's photo of the moment, whatever is late, broken or resized, and never a black flash."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.frames import layers_at
from engine.library import Photo
from engine.plan import Cue, Plan
from slideshow import stage as stage_module
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


@pytest.mark.parametrize("t_s", [2.0, 3.9, 4.2, 7.0])
def test_the_screen_shows_exactly_what_a_film_would(qtbot: QtBot, stage: Stage, clock: Clock, t_s: float) -> None:
    folder = Path(__file__).resolve().parent.parent.parent / "resources/demo/photos"
    photos = []
    for i, name in enumerate(("earthrise.jpg", "wine-and-drum-evening.jpg")):
        with Image.open(folder / name) as image:
            photos.append(Photo(i, folder / name, *image.size, None, str(i)))
    plan = plan_of(photos)
    stage.set_plan(plan)
    qtbot.waitUntil(lambda: len(stage._ready) == 2 and len(stage.picture) == 1)
    clock.t_s = t_s
    stage.step()
    layers = layers_at(plan, t_s)
    wanted_zooms = [layer.zoom for layer in layers]
    qtbot.waitUntil(lambda: stage.step() is None and [shown.zoom for shown in stage.picture] == wanted_zooms)
    ratio = stage.devicePixelRatioF()
    size = (round(SIZE[0] * ratio), round(SIZE[1] * ratio))
    prepared = {i: load_prepared(photo, size=size) for i, photo in enumerate(photos)}
    film = paint_image(size, layers, prepared)
    grabbed = stage.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    screen = np.frombuffer(grabbed.constBits(), dtype=np.uint8).reshape(grabbed.height(), grabbed.width(), 4)
    assert np.array_equal(screen[..., :3], film[..., :3])


def test_a_late_photo_leaves_the_last_one_standing(
    qtbot: QtBot, stage: Stage, clock: Clock, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_load = threading.Event()

    def slow(photo: Photo, *, size: tuple[int, int]) -> PreparedPhoto:
        if photo.id == 1:
            may_load.wait(timeout=20)
        return load_prepared(photo, size=size)

    monkeypatch.setattr(stage_module, "load_prepared", slow)
    stage.set_plan(plan)
    stage.set_running(is_running=True)
    qtbot.waitUntil(shows(stage, "red"))
    for t_s in (3.9, 4.1, 4.6, 5.0, 6.0):
        clock.t_s = t_s
        with qtbot.waitSignal(stage.moved):
            pass
        assert shows(stage, "red")()
    may_load.set()
    qtbot.waitUntil(shows(stage, "lime"))


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
        qtbot.waitUntil(lambda path=photos[i].path: path in stage._ready)
        most = max(most, len(stage._ready))
    assert most <= CUES_AHEAD + 4


def test_a_grown_plan_changes_nothing_on_the_screen(qtbot: QtBot, stage: Stage, clock: Clock, tmp_path: Path) -> None:
    photos = [plain_photo(tmp_path, i) for i in range(6)]
    stage.set_plan(plan_of(photos[:2]))
    qtbot.waitUntil(lambda: len(stage.picture) == 1 and len(stage._ready) == 2)
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
    qtbot.waitUntil(lambda: len(stage._ready) == 1 + CUES_AHEAD and not stage._loading)
    sizes: list[tuple[int, int]] = []

    def counted(photo: Photo, *, size: tuple[int, int]) -> PreparedPhoto:
        sizes.append(size)
        return load_prepared(photo, size=size)

    monkeypatch.setattr(stage_module, "load_prepared", counted)
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
    try:
        stage.set_plan(plan)
        shown = stage.plan
        assert shown is not None
        assert {cue.zoom_to for cue in shown.cues} == {1.0}
        assert max(cue.fade_s for cue in shown.cues) == 0.2
        assert [cue.start_s for cue in shown.cues] == [cue.start_s for cue in plan.cues]
    finally:
        theme.apply(qapp, theme.DARK)


def test_a_stage_can_be_shut_down_while_it_loads(
    qtbot: QtBot, clock: Clock, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()
    go_on = threading.Event()

    def slow(photo: Photo, *, size: tuple[int, int]) -> PreparedPhoto:
        begun.set()
        go_on.wait(timeout=0.3)
        return load_prepared(photo, size=size)

    monkeypatch.setattr(stage_module, "load_prepared", slow)
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
