"""The Make page: it shows what there is of song, photos and plan, and why each photo is there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from slideshow import theme
from slideshow.app import Dresser
from slideshow.create_page import CreatePage
from slideshow.inspector import match_word
from slideshow.session import Session
from slideshow.settings import SettingsStore
from slideshow.sound import Sound
from slideshow.thumbnails import Thumbnails

LIMIT_MS = 30_000


@pytest.fixture
def page(qtbot: QtBot, dressed: Dresser, opened: Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[CreatePage]:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    sound, thumbnails = Sound(), Thumbnails()
    made = CreatePage(opened, sound, thumbnails)
    qtbot.addWidget(made)
    made.resize(1200, 800)
    with qtbot.waitExposed(made):
        made.show()
    made.attach_stage()
    yield made
    made.shutdown()
    sound.shutdown()
    thumbnails.shutdown()


def show(qtbot: QtBot, page: CreatePage, session: Session, folder: Path, song: Path) -> None:
    session.add_folders([folder])
    qtbot.waitUntil(lambda: session.n_photos == 8, timeout=LIMIT_MS)
    session.open_song(song)
    qtbot.waitUntil(lambda: bool(session.runners_up), timeout=LIMIT_MS)
    page.load_sound(song)


def test_without_a_song_it_asks_for_one(qtbot: QtBot, page: CreatePage) -> None:
    assert page.no_song.isVisible()
    with qtbot.waitSignal(page.song_wanted):
        qtbot.mouseClick(page.no_song.buttons[0], Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(page.demo_song_wanted):
        qtbot.mouseClick(page.no_song.buttons[1], Qt.MouseButton.LeftButton)


def test_without_photos_it_asks_for_a_folder_and_shows_the_song(
    qtbot: QtBot, page: CreatePage, opened: Session, clip: Path
) -> None:
    opened.open_song(clip)
    qtbot.waitUntil(lambda: opened.analysis is not None and opened.analysis.is_complete, timeout=LIMIT_MS)
    assert page.no_photos.isVisible()
    assert page.timeline.isVisible()
    assert not page.export.isEnabled()
    assert not page.full_screen.isEnabled()
    with qtbot.waitSignal(page.folder_wanted):
        qtbot.mouseClick(page.no_photos.buttons[0], Qt.MouseButton.LeftButton)


def test_it_says_that_it_listens_until_a_photo_is_there(
    qtbot: QtBot, page: CreatePage, opened: Session, photo_folder: Path, clip: Path
) -> None:
    opened.add_folders([photo_folder])
    qtbot.waitUntil(lambda: opened.n_photos == 8, timeout=LIMIT_MS)
    opened.open_song(clip)
    assert page.frame.notice == ("Listening to the song", "The first photos are ready in a moment.")
    assert page.frame.accessibleDescription().startswith("Listening to the song")
    qtbot.waitUntil(lambda: page.frame.stage is not None and bool(page.frame.stage.picture), timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: page.frame.accessibleDescription() == "", timeout=LIMIT_MS)
    assert page.frame.inset.isVisible()
    assert page.frame.inset.word


def test_nothing_dark_shines_through_where_photos_are_waited_for(page: CreatePage, store: SettingsStore) -> None:
    store.change(theme="light")
    page.frame.resize(400, 300)
    page.frame.set_notice("Listening to the song", "")
    veil = page.frame._veil
    picture = QImage(veil.size(), QImage.Format.Format_ARGB32_Premultiplied)
    picture.fill(Qt.GlobalColor.black)
    veil.render(picture, QPoint(), QRegion(), QWidget.RenderFlag(0))
    corner = [picture.pixelColor(x, y).lightness() for x in range(8) for y in range(8)]
    assert min(corner) >= QColor(theme.current().stage).lightness()


def test_a_show_is_explained(qtbot: QtBot, page: CreatePage, opened: Session, photo_folder: Path, clip: Path) -> None:
    show(qtbot, page, opened, photo_folder, clip)
    assert opened.plan is not None
    cue = opened.plan.cues[1]
    page.seek(cue.start_s + 0.6)
    inspector = page.inspector
    assert inspector._score.text() == f"{round(cue.score * 100)}%"
    assert inspector._match.text() == match_word(cue.score)
    assert inspector._why.text().startswith(cue.why)
    assert f"Shown for {cue.hold_s:.1f} seconds" in inspector._why.text()
    marks = inspector.plane.marks
    assert marks.song == opened.felt.at(page._sound.position_s)
    assert marks.photo == opened.mood_of(cue.photo)
    assert [row.runner_up for row in inspector.rows] == list(opened.runners_up[1])
    assert all(row.accessibleName().startswith("Use ") for row in inspector.rows)
    assert page.frame.stage is not None
    qtbot.waitUntil(lambda: page.frame.stage.picture[-1].path == cue.photo.path, timeout=LIMIT_MS)


def test_reason_and_legend_speak_of_the_same_mood(
    qtbot: QtBot, page: CreatePage, opened: Session, photo_folder: Path, clip: Path
) -> None:
    show(qtbot, page, opened, photo_folder, clip)
    inspector = page.inspector
    assert inspector._song_name.text() == "The song now"
    opened.editing.change_options(mood="absolute")  # its moods crowd about neutral; those that are shown do not
    qtbot.waitUntil(lambda: opened.plan is not None and opened.plan.options.mood == "absolute", timeout=LIMIT_MS)
    assert opened.plan is not None
    for cue in opened.plan.cues:
        page.seek(cue.start_s + 0.6)
        said, mood = inspector._why.text(), opened.mood_of(cue.photo)
        if said.startswith("It feels "):
            assert said.startswith(f"It feels {mood.word}, ")
            assert inspector._photo_word.text() == mood.word.capitalize()
    opened.editing.draw_arc(((0.0, 0.2, 0.8), (20.0, 0.2, 0.8)))
    qtbot.waitUntil(lambda: opened.plan is not None and bool(opened.plan.options.arc), timeout=LIMIT_MS)
    assert inspector._song_name.text() == "The mood drawn"
    assert "the song" not in inspector._why.text()


def test_a_pinned_photo_is_scored_against_the_mood_that_was_drawn_since(
    qtbot: QtBot, page: CreatePage, opened: Session, photo_folder: Path, clip: Path
) -> None:
    show(qtbot, page, opened, photo_folder, clip)
    assert opened.plan is not None
    pinned = opened.plan.cues[1]
    opened.editing.toggle_pin(1)
    mood = opened.mood_of(pinned.photo)
    opened.editing.draw_arc(((0.0, mood.valence, mood.arousal), (20.0, mood.valence, mood.arousal)))
    qtbot.waitUntil(lambda: bool(opened.plan and opened.plan.options.arc), timeout=LIMIT_MS)
    qtbot.waitUntil(lambda: page._scored is opened.plan, timeout=LIMIT_MS)
    page.seek(pinned.start_s + 0.6)
    assert opened.plan.cues[page.current].photo == pinned.photo
    now = opened.editing.known_score(page.current, pinned.photo)
    assert now is not None
    assert now > pinned.score + 0.1
    assert page.inspector._score.text() == f"{round(now * 100)}%"


def test_a_click_on_a_runner_up_uses_it(
    qtbot: QtBot, page: CreatePage, opened: Session, photo_folder: Path, clip: Path
) -> None:
    show(qtbot, page, opened, photo_folder, clip)
    row = page.inspector.rows[2]
    wanted = row.runner_up
    assert wanted is not None
    with qtbot.waitSignal(opened.editing.photo_swapped) as told:
        qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    assert told.args == [wanted.photo]
    assert opened.plan is not None
    assert opened.plan.cues[0].photo == wanted.photo


def test_time_and_bar_follow_the_sound(
    qtbot: QtBot, page: CreatePage, opened: Session, photo_folder: Path, clip: Path
) -> None:
    show(qtbot, page, opened, photo_folder, clip)
    page.toggle()
    assert opened.is_begun
    qtbot.waitUntil(lambda: opened.played_s > 1.2, timeout=LIMIT_MS)
    assert page.transport._time.text() == "0:01"
    page.toggle()
    assert page.transport._total.text() == "0:20"
    page.seek(12.0)
    assert page.transport._time.text() == "0:12"
    assert page.transport.song_bar.accessibleDescription() == "0:12 of 0:20"
    QTest.keyClick(page, Qt.Key.Key_Period)
    assert opened.analysis is not None
    beats = opened.analysis.beat_times_s
    assert page._sound.position_s == pytest.approx(float(beats[beats > 12.02][0]))


def test_a_longer_title_never_pushes_the_buttons_out(
    qtbot: QtBot, page: CreatePage, opened: Session, clip: Path, tmp_path: Path
) -> None:
    long = tmp_path / (("a very long name " * 12).strip() + ".wav")
    long.write_bytes(clip.with_suffix(".wav").read_bytes())
    opened.open_song(long)
    qtbot.waitUntil(lambda: opened.song is not None, timeout=LIMIT_MS)
    right = page.full_screen.mapTo(page, page.full_screen.rect().topRight()).x()
    assert right < page.side.x()


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (0.95, "very close match"),
        (0.85, "close match"),
        (0.7, "good match"),
        (0.646, "good match"),  # 65%, as 0.65 is
        (0.644, "fair match"),
        (0.5, "fair match"),
        (0.1, "loose match"),
    ],
)
def test_scores_in_words(score: float, words: str) -> None:
    assert match_word(score) == words
