"""Markdown as the app shows it: its own type, tables with rules, links that open outside, and nothing fetched."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QTextCursor, QTextTable
from pytestqt.qtbot import QtBot

from slideshow import theme
from slideshow.app import Dresser
from slideshow.markdown_view import MarkdownView
from slideshow.settings import SettingsStore

TEXT = """# Title

A **bold** word, `code` and a [link](https://example.org/page).

| name | value |
| --- | --- |
| r | 0.76 |
| CCC | 0.69 |

- one
- two

![picture](https://example.org/never.png)
"""


@pytest.fixture
def view(qtbot: QtBot, dressed: Dresser) -> MarkdownView:
    """The text above, shown."""
    made = MarkdownView(TEXT, name="Card")
    qtbot.addWidget(made)
    made.resize(500, 300)
    made.show()
    return made


def table_of(view: MarkdownView) -> QTextTable:
    cursor = view.document().find("CCC")
    table = cursor.currentTable()
    assert table is not None
    return table


def test_headings_and_text_are_in_the_type_of_the_app(view: MarkdownView) -> None:
    heading = view.document().begin()
    assert heading.text() == "Title"
    title = QTextCursor(heading)
    title.movePosition(QTextCursor.MoveOperation.NextCharacter)
    assert title.charFormat().font().pixelSize() == theme.font("title").pixelSize()
    body = view.document().find("word").charFormat()
    assert body.font().family() == theme.FONT_FAMILY
    assert body.foreground().color().name() == theme.current().text_2.lower()
    assert view.document().find("bold").charFormat().foreground().color().name() == theme.current().text.lower()


def test_tables_are_tables_with_rules_between_rows(view: MarkdownView) -> None:
    table = table_of(view)
    assert (table.rows(), table.columns()) == (3, 2)
    assert table.cellAt(2, 1).firstCursorPosition().block().text() == "0.69"
    looks = table.cellAt(1, 0).format().toTableCellFormat()
    assert looks.bottomBorder() == 1
    assert looks.bottomBorderBrush().color().name() == theme.current().line_3.lower()


def test_a_change_of_theme_dresses_it_anew(view: MarkdownView, store: SettingsStore) -> None:
    store.change(theme="light")
    assert theme.current() is theme.LIGHT
    assert view.document().find("word").charFormat().foreground().color().name() == theme.LIGHT.text_2.lower()
    assert table_of(view).rows() == 3


def test_links_open_outside_and_only_those_of_the_web(view: MarkdownView, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    for link in ("https://example.org/page", "file:///etc/passwd", "javascript:alert(1)", "other.md"):
        view.anchorClicked.emit(QUrl(link))
    assert opened == ["https://example.org/page"]
    assert "Title" in view.toPlainText()  # it has not gone anywhere


def test_nothing_is_fetched_or_read(view: MarkdownView) -> None:
    assert view.loadResource(2, QUrl("https://example.org/never.png")) is None
    assert view.loadResource(2, QUrl.fromLocalFile("/etc/hosts")) is None


def test_it_begins_at_its_beginning(qtbot: QtBot, dressed: Dresser) -> None:
    long = MarkdownView(TEXT * 20, name="Card")
    qtbot.addWidget(long)
    long.resize(400, 200)
    with qtbot.waitExposed(long):
        long.show()
    assert long.verticalScrollBar().value() == 0
    assert long.verticalScrollBar().maximum() > 0
