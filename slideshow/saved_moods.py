"""Moods saved under a name: what was asked for on Browse, as text and back, and the chips that bring it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from slideshow import theme
from slideshow.browse_filters import WHOLE, Filters
from slideshow.browse_photos import WORDS
from slideshow.chips import PADDING_PX, Chip
from slideshow.icons import paint_icon
from slideshow.jobs import Jobs
from slideshow.session import Session
from slideshow.sheets import Sheet
from slideshow.toasts import Toasts

if TYPE_CHECKING:
    from engine.library import Library
    from slideshow.browse_page import BrowsePage

ICON_PX, MAX_CHIP_PX = 14, 180
MAX_NAME = 60
VERSION = 1


def query_of(filters: Filters, *, is_absolute: bool) -> str:
    """Write down what is asked for; likeness to one photo and the nearest few are of the moment, and left out."""
    return json.dumps(
        {
            "version": VERSION,
            "is_absolute": is_absolute,
            "regions": [np.round(region, 4).tolist() for region in filters.regions],
            "words": sorted(filters.words),
            "valence": filters.valence,
            "arousal": filters.arousal,
            "days": filters.days,
            "text": filters.text,
            "is_favourite": filters.is_favourite,
        },
        ensure_ascii=False,
    )


def filters_of(query: str) -> tuple[Filters, bool]:
    """Read what `query_of` wrote: the filters, and whether they are of absolute places.

    What another version has written, or what is damaged, is passed over as far as it cannot be understood.
    """
    try:
        kept = json.loads(query)
    except ValueError:
        return Filters(), False
    if not isinstance(kept, dict):
        return Filters(), False
    regions = []
    for region in kept.get("regions") or ():
        try:
            corners = np.array(region, dtype=np.float32)
        except (TypeError, ValueError):
            continue
        if corners.ndim == 2 and corners.shape[1] == 2 and len(corners) >= 3 and bool(np.isfinite(corners).all()):
            regions.append(corners)
    return Filters(
        regions=tuple(regions),
        words=frozenset(word for word in kept.get("words") or () if word in WORDS),
        valence=_range(kept.get("valence")),
        arousal=_range(kept.get("arousal")),
        days=_pair(kept.get("days"), int),
        text=kept["text"] if isinstance(kept.get("text"), str) else "",
        is_favourite=kept.get("is_favourite") is True,
    ), kept.get("is_absolute") is True


def _pair(value: Any, kind: type | tuple[type, ...]) -> tuple[Any, Any] | None:
    if not isinstance(value, list) or len(value) != 2 or not all(isinstance(part, kind) for part in value):
        return None
    return (value[0], value[1]) if value[0] <= value[1] else None


def _range(value: Any) -> tuple[float, float]:
    pair = _pair(value, (int, float))
    if pair is None or not 0 <= pair[0] <= pair[1] <= 1:
        return WHOLE
    return float(pair[0]), float(pair[1])


class SavedChip(Chip):
    """A saved mood: click to ask for it, right click or the menu key for what else can be done with it."""

    menu_wanted = Signal(QPoint)

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(name, parent)
        self.setAccessibleName(f"Saved mood: {name}")
        self.setToolTip(f"{name}. Right click to rename or delete it")

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(min(hint.width() + ICON_PX + 6, theme.scaled_px(MAX_CHIP_PX)), hint.height())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_wanted.emit(self.mapToGlobal(QPoint(0, self.height() + 4)))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.menu_wanted.emit(self.mapToGlobal(QPoint(0, self.height() + 4)))
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_on = self.isChecked()
        self.paint_pill(painter)
        icon = QRectF(PADDING_PX - 2, round((self.height() - ICON_PX) / 2), ICON_PX, ICON_PX)
        paint_icon(painter, icon, "bookmark", t.text if is_on else t.text_2, filled=is_on)
        painter.setPen(QColor(t.text if is_on else t.text_2))
        painter.setFont(theme.font("label"))
        place = self.rect().adjusted(int(PADDING_PX + ICON_PX + 4), 0, -PADDING_PX + 2, 0)
        text = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.end()


class SavedMoodsCare(QObject):
    """Reads and keeps saved moods, asks for names, offers a way back. Slow work goes through jobs."""

    changed = Signal()

    def __init__(self, window: QWidget, session: Session, jobs: Jobs, toasts: Toasts) -> None:
        super().__init__(window)
        self._window, self._session, self._jobs, self._toasts = window, session, jobs, toasts
        self._page: BrowsePage | None = None
        self.all: dict[str, str] = {}
        session.opened.connect(self.refresh)

    def serve(self, page: BrowsePage) -> None:
        """Offer the saved moods on a page's bar, and save what is asked for there."""
        self._page = page
        chips = page.bar.moods
        chips.save.clicked.connect(page.save_wanted)
        chips.saved_chosen.connect(self._choose)
        chips.saved_menu_wanted.connect(self.open_menu)
        page.save_wanted.connect(self._save_shown)
        page.found_changed.connect(self._mark)
        self.changed.connect(self._mark)

    @property
    def _shown(self) -> str:
        page = self._page
        assert page is not None
        return query_of(page.filters, is_absolute=page.map.is_absolute)

    def _mark(self) -> None:
        """Show the saved moods, and which of them is asked for now."""
        assert self._page is not None
        chips, filters = self._page.bar.moods, self._page.filters
        chips.set_saved(tuple(self.all))
        query = self._shown if filters.is_lasting else ""
        name = next((name for name, saved in self.all.items() if saved == query), "")
        chips.set_current(name)
        chips.save.setEnabled(filters.is_lasting and not name)

    def _choose(self, name: str) -> None:
        """Ask for what was saved; once more, for nothing any more."""
        assert self._page is not None
        if self._page.filters.is_lasting and self._shown == self.all.get(name):
            self._page.clear_all()
        elif name in self.all:
            filters, is_absolute = filters_of(self.all[name])
            self._page.ask_for(filters, is_absolute=is_absolute)

    def _start(self, name: str) -> None:
        assert self._page is not None
        filters, is_absolute = filters_of(self.all[name])
        self._page.ask_for(filters, is_absolute=is_absolute)
        self._page.start_all()

    def _save_shown(self) -> None:
        assert self._page is not None
        if not self._page.filters.is_lasting:
            self._toasts.show("Ask for a mood first: circle photos, or choose words or dates.", icon="info")
            return
        self.ask_to_save(self._shown, suggestion=self._page.name_of_mood())

    def refresh(self) -> None:
        """Read them anew."""
        self._do(lambda library: library.saved_moods.all())

    def _do(self, act: Callable[[Library], dict[str, str]]) -> None:
        library = self._session.library
        if library is not None:
            self._jobs.submit(
                "short", partial(_act, act, library), on_done=self._on_read, on_failed=self._session.failed.emit
            )

    def _on_read(self, moods: dict[str, str]) -> None:
        self.all = moods
        self.changed.emit()

    def save(self, name: str, query: str) -> None:
        """Keep a mood under a name."""

        def act(library: Library) -> dict[str, str]:
            library.saved_moods.save(name, query)
            return library.saved_moods.all()

        self._do(act)

    def rename(self, before: str, after: str) -> None:
        """Give one another name."""

        def act(library: Library) -> dict[str, str]:
            library.saved_moods.rename(before, after)
            return library.saved_moods.all()

        self._do(act)

    def delete(self, name: str) -> None:
        """Forget one; can be undone."""
        query = self.all.get(name, "")

        def act(library: Library) -> dict[str, str]:
            library.saved_moods.remove(name)
            return library.saved_moods.all()

        self._do(act)
        back = partial(self.save, name, query)
        self._toasts.show(f"“{name}” is no longer kept", icon="bookmark", action="Undo", on_action=back)

    def ask_to_save(self, query: str, *, suggestion: str) -> None:
        """Ask for a name and keep what is asked for under it; a name that is taken is given anew."""
        self._ask("Save this mood as", suggestion, "Save", partial(self._keep, query))

    def _keep(self, query: str, name: str) -> None:
        before = self.all.get(name)
        self.save(name, query)
        if before is not None and before != query:
            back = partial(self.save, name, before)
            self._toasts.show(f"“{name}” was changed", icon="bookmark", action="Undo", on_action=back)

    def ask_to_rename(self, name: str) -> None:
        """Ask for another name."""

        def take(after: str) -> None:
            if after != name and after in self.all:
                self._toasts.show(f"There is a saved mood “{after}” already.", icon="info")
            elif after != name:
                self.rename(name, after)

        self._ask("Rename the saved mood", name, "Rename", take)

    def _ask(self, title: str, text: str, verb: str, take: Callable[[str], None]) -> None:
        sheet = Sheet(self._window, title)
        field = QLineEdit(text)
        field.setMaxLength(MAX_NAME)
        field.setAccessibleName("Name")
        field.setMinimumHeight(theme.scaled_px(32))
        t = theme.current()
        field.setStyleSheet(
            f"QLineEdit {{ background: {t.window}; color: {t.text}; border: 1px solid {t.line_2};"
            f" border-radius: {theme.RADIUS_BUTTON}px; padding: 0 8px; }}"
            f" QLineEdit:focus {{ border-color: {t.focus}; }}"
        )
        field.selectAll()

        def accept() -> None:
            name = " ".join(field.text().split())
            if name:
                sheet.close()
                take(name)

        field.returnPressed.connect(accept)
        sheet.add_body(field)
        sheet.add_button("Cancel", "outlined")
        sheet.add_button(verb, "main", accept)
        sheet.open()
        field.setFocus(Qt.FocusReason.OtherFocusReason)

    def open_menu(self, name: str, at: QPoint) -> None:
        """List what can be done with one."""
        menu = QMenu(name, self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Start a show from these").triggered.connect(lambda: self._start(name))
        menu.addAction("Rename…").triggered.connect(lambda: self.ask_to_rename(name))
        menu.addAction("Delete").triggered.connect(lambda: self.delete(name))
        menu.popup(at)


def _act(act: Callable[[Library], dict[str, str]], library: Library, *, report: Any) -> dict[str, str]:
    return act(library)
