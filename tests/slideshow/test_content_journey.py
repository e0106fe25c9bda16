"""What photos show, in the window and with the shipped model: found on Browse, and made the theme of a show."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from slideshow import places
from slideshow.main_window import MainWindow

LIMIT_MS = 60_000
PHOTOS = (
    *("alpine-glow-peaks", "earthrise", "espresso-cup", "river-otters", "rocky-peaks-trail", "stormy-beach"),
    *("tabby-cat-closeup", "two-dogs-window"),
)


@pytest.fixture
def window(qtbot: QtBot, make_window: Callable[..., MainWindow], tmp_path: Path) -> MainWindow:
    """A window that knows a few photos by the shipped model."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for i, name in enumerate(PHOTOS):  # without their names, so that nothing is found by those
        shutil.copy(places.DEMO_PHOTOS / f"{name}.jpg", folder / f"{i}.jpg")
    made = make_window(bundle_path=places.DEFAULT_BUNDLE)
    qtbot.waitUntil(lambda: made.session.is_open, timeout=LIMIT_MS)
    made.add_folders([folder])
    qtbot.waitUntil(
        lambda: made.session.n_photos == len(PHOTOS) and not made.session.indexing.is_running, timeout=LIMIT_MS
    )
    return made


def test_photos_are_found_by_what_they_show_and_make_a_theme(qtbot: QtBot, window: MainWindow, clip: Path) -> None:
    window.show_page("browse")
    page = window.browse_page
    qtbot.waitUntil(
        lambda: page.photos is not None and page.photos.catalog is window.session.whole_catalog, timeout=LIMIT_MS
    )
    assert page.photos is not None
    named = {name: row for row in range(len(PHOTOS)) for name in [PHOTOS[int(page.photos.photo(row).path.stem)]]}

    def found(text: str) -> set[str]:
        page.bar.search.setText(text)
        qtbot.waitUntil(lambda: page.filters.text == text and not page._later.isActive())
        return {name for name, row in named.items() if row in page.grid.rows.tolist()}

    assert found("cat") == {"tabby-cat-closeup"}
    assert found("dogs") == {"two-dogs-window"}
    assert found("mountain") == {"alpine-glow-peaks", "rocky-peaks-trail"}
    assert found("elephant") == set()
    assert page.none_found.words[1] == "None is called “elephant”, and none plainly shows an elephant."
    assert found("sunset") == set()
    assert "no such word" in page.none_found.words[1]
    assert found("") == set(PHOTOS)
    QTest.keyClicks(page.bar.search, "mou")
    assert page.bar.suggestions.words == ("mountain",)
    page.bar.suggestions.popup.hide()

    window.open_song(clip)
    session, options = window.session, window.create_page.options
    qtbot.waitUntil(lambda: bool(session.runners_up) and not window.jobs.is_busy, timeout=LIMIT_MS)
    assert session.plan is not None
    by_mood = session.plan
    window.create_page.hand.toggle_options()
    qtbot.waitUntil(lambda: bool(options.theme_choice.suggestions._counts), timeout=LIMIT_MS)
    QTest.keyClicks(options.theme_choice.field, "mountains")
    with qtbot.waitSignal(session.plan_changed, timeout=LIMIT_MS):
        QTest.keyClick(options.theme_choice.field, Qt.Key.Key_Return)
    with qtbot.waitSignal(session.plan_changed, timeout=LIMIT_MS):
        session.editing.change_options(theme_share=1.0)
    assert options.theme_choice.note.text() == "2 of your photos show a mountain."
    shown = {PHOTOS[int(cue.photo.path.stem)]: cue.why for cue in session.plan.cues}
    assert {"alpine-glow-peaks", "rocky-peaks-trail"} <= set(shown)
    assert any(why.endswith("It shows a mountain, your theme.") for why in shown.values()) or (
        {cue.photo.id for cue in by_mood.cues} == {cue.photo.id for cue in session.plan.cues}
    )
    session.editing.undo()
    session.editing.undo()
    assert session.plan == by_mood
    assert options.theme_choice.field.text() == ""
