"""Explanations through the window: a photo from every place it can be asked, a song, the model's card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTextBrowser, QWidget
from pytestqt.qtbot import QtBot

from engine.bundle import Manifest, ModelBundle
from engine.emotion import Emotion
from engine.library import Photo
from slideshow.cue_menu import cue_menu
from slideshow.explain_photo import NOT_RATED, DoubtPlane, PhotoTile, show_photo
from slideshow.explain_song import SongStrip
from slideshow.labels import Label
from slideshow.main_window import MainWindow
from slideshow.model_card_sheet import FactRows, facts_of, read_card
from slideshow.photo_reasons import Doubt, PhotoReasons
from slideshow.sheets import Sheet

LIMIT_MS = 60_000


@pytest.fixture
def window(qtbot: QtBot, make_window: Callable[..., MainWindow], photo_folder: Path, clip: Path) -> MainWindow:
    """A window with a planned show."""
    made = make_window(photos=photo_folder, song=clip)
    session = made.session
    qtbot.waitUntil(
        lambda: bool(session.runners_up) and session.n_photos == 8 and not made.jobs.is_busy, timeout=LIMIT_MS
    )
    return made


def sheet_of(qtbot: QtBot, window: MainWindow, *, other_than: Sheet | None = None) -> Sheet:
    def is_open() -> bool:
        return window.explaining.sheet is not None and window.explaining.sheet is not other_than

    qtbot.waitUntil(is_open, timeout=LIMIT_MS)
    assert window.explaining.sheet is not None
    return window.explaining.sheet


def texts(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(Label)]


def test_a_photo_is_explained_from_the_show_and_leads_to_the_next(qtbot: QtBot, window: MainWindow) -> None:
    page, session = window.create_page, window.session
    assert session.plan is not None
    photo = session.plan.cues[page.current].photo
    qtbot.mouseClick(page.inspector.explain, Qt.MouseButton.LeftButton)
    sheet = sheet_of(qtbot, window)
    said = texts(sheet)
    assert photo.path.name in said
    assert session.mood_of(photo).word.capitalize() in said
    assert any("match for the song at" in text for text in said)
    assert any(text.startswith("The model is ") for text in said)
    plane = sheet.findChild(DoubtPlane)
    assert plane is not None
    assert plane.marks.photo == session.mood_of(photo)
    tiles = sheet.findChildren(PhotoTile)
    assert len(tiles) == 3  # nothing is rated yet
    assert photo not in [tile.alike.photo for tile in tiles]
    qtbot.mouseClick(tiles[1], Qt.MouseButton.LeftButton)
    other = sheet_of(qtbot, window, other_than=sheet)
    assert tiles[1].alike.photo.path.name in texts(other)
    QTest.keyClick(other, Qt.Key.Key_Escape)
    assert window.explaining.sheet is None


def test_a_photo_is_explained_by_key_menu_and_quick_look(qtbot: QtBot, window: MainWindow) -> None:
    QTest.keyClick(window.create_page, Qt.Key.Key_I)
    sheet_of(qtbot, window).close()
    menu = cue_menu(window.create_page, 1, window)
    [action] = [action for action in menu.actions() if action.text().startswith("About this photo")]
    action.trigger()
    assert window.session.plan is not None
    assert window.session.plan.cues[1].photo.path.name in texts(sheet_of(qtbot, window))
    sheet_of(qtbot, window).close()
    window.show_page("browse")
    page = window.browse_page
    qtbot.waitUntil(lambda: page.photos is not None and not page.is_reading, timeout=LIMIT_MS)
    assert page.photos is not None
    page.grid.go_to(2)
    window.menus.actions["explain"].trigger()
    assert page.photos.photo(2).path.name in texts(sheet_of(qtbot, window))
    sheet_of(qtbot, window).close()
    page.look()
    look = window.browsing.quick_look
    assert look is not None
    QTest.keyClick(look, Qt.Key.Key_I)
    sheet = sheet_of(qtbot, window)
    assert page.photos.photo(2).path.name in texts(sheet)
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    assert look.isVisible()  # it waits below


def test_the_photo_that_is_to_be_placed_is_explained_too(qtbot: QtBot, window: MainWindow) -> None:
    window.show_page("teach")
    page = window.teach_page
    qtbot.waitUntil(lambda: page.asked is not None, timeout=LIMIT_MS)
    assert page.asked is not None
    QTest.keyClick(page, Qt.Key.Key_I)
    assert page.asked.photo.path.name in texts(sheet_of(qtbot, window))


def test_what_was_rated_is_shown_beside_it(qtbot: QtBot, window: MainWindow) -> None:
    session = window.session
    assert session.library is not None
    assert session.whole_catalog is not None
    first, second = session.whole_catalog.photos[:2]
    session.library.ratings.rate(first.content_hash, 0.73, 0.15)
    session.library.ratings.rate(second.content_hash, 0.92, 0.54)
    window.explaining.explain_photo(first)
    sheet = sheet_of(qtbot, window)
    assert any("You said it feels calm." in text for text in texts(sheet))
    rated = [tile for tile in sheet.findChildren(PhotoTile) if tile.alike.said is not None]
    assert {tile.alike.photo.id for tile in rated} == {second.id}
    assert "You said happy" in rated[0].accessibleName()


def test_what_a_photo_shows_is_told(qtbot: QtBot, window: MainWindow) -> None:
    photo = Photo(1, Path("/photos/a.jpg"), 4, 3, "2024-05-01T10:00:00", "hash")
    here = Emotion(0.7, 0.6)
    told = PhotoReasons(photo, here, here, "", Doubt(here, 0.2, 0.2), None, "", (), (), None, ("dog", "beach"))
    sheet = show_photo(window, told, window.thumbnails, explain=lambda other: None)
    assert "Shows: dog, beach" in texts(sheet)
    assert "1 May 2024" in texts(sheet)
    assert NOT_RATED in texts(sheet)
    sheet.close()


def test_a_song_is_explained(qtbot: QtBot, window: MainWindow) -> None:
    qtbot.mouseClick(window.create_page.about_song, Qt.MouseButton.LeftButton)
    sheet = sheet_of(qtbot, window)
    said = texts(sheet)
    assert "Jungle" in said
    assert any(text.startswith("On the whole more pleasant than") for text in said)
    assert sheet.findChild(SongStrip) is not None
    assert len(sheet.findChildren(PhotoTile)) == 5


def test_a_song_that_is_not_open_is_listened_to(qtbot: QtBot, window: MainWindow, clip: Path) -> None:
    window.explaining.explain_song(clip.with_name("jungle-20s.flac"))
    assert "Jungle" in texts(sheet_of(qtbot, window))
    assert window.session.song_path == clip


def test_a_song_that_cannot_be_read_is_said(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp3"
    bad.write_bytes(b"no song")
    window.explaining.explain_song(bad)
    told = "bad.mp3 is not an audio file, or it is damaged."
    qtbot.waitUntil(lambda: told in [toast.text for toast in window.toasts.shown], timeout=LIMIT_MS)
    assert window.explaining.sheet is None


def test_the_models_card_is_read_in_the_app(qtbot: QtBot, window: MainWindow) -> None:
    window.show_page("settings")
    page = window.settings_page
    assert window.session.encoders is not None
    bundle = window.session.encoders.bundle
    assert ("Name", "tiny") in page.model.facts
    qtbot.mouseClick(page.card, Qt.MouseButton.LeftButton)
    sheet = sheet_of(qtbot, window)
    assert bundle.id[:12] in texts(sheet)
    card = sheet.findChild(QTextBrowser)
    assert card is not None
    assert card.toPlainText().startswith("Not trained: fixed rules")  # its title is the sheet's


def test_a_bundle_without_a_card_says_so(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    assert window.session.encoders is not None
    bundle = window.session.encoders.bundle
    files = {name: file for name, file in bundle.manifest.files.items() if name != "model_card.md"}
    bare = ModelBundle(tmp_path, replace(bundle.manifest, files=files), bundle.id)
    assert read_card(bare) == ""
    window.explaining.show_model(bare)
    assert "This model came without a card." in texts(sheet_of(qtbot, window))


def test_facts_of_a_model_are_plain(bundle: Path, window: MainWindow) -> None:
    assert window.session.encoders is not None
    manifest: Manifest = window.session.encoders.bundle.manifest
    told = replace(
        manifest,
        corpora=("OASIS", "DEAM", "mine"),
        scores={"photo_valence_r": 0.7601, "photo_arousal_r": 0.52, "song_valence_r": 0.674},
    )
    facts = dict(facts_of(told, "abcdef0123456789"))
    assert facts["Trained on"] == "OASIS (photos), DEAM (songs), mine"
    assert facts["Agrees with people on photos"] == "pleasantness r 0.76, energy r 0.52"
    assert "Agrees with people on songs" not in facts  # only half of it is known
    assert facts["Id"] == "abcdef012345"
    rows = FactRows(facts_of(manifest, "x"))
    rows.set_facts(facts_of(told, "x"))
    assert rows.facts == facts_of(told, "x")
