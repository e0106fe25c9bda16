"""The photos that stay out of shows for what they are, kind by kind, each with a way in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QWidget

from slideshow import sheets, theme
from slideshow.buttons import Button
from slideshow.chips import ChipRow
from slideshow.icons import paint_icon
from slideshow.kind_words import KINDS
from slideshow.labels import Label
from slideshow.messages import name_of
from slideshow.photo_picker import GAP_PX, TILE, PhotoGrid
from slideshow.sheets import Sheet
from slideshow.thumbnails import Thumbnails

if TYPE_CHECKING:
    from engine.library import Photo

VIEW_PX = 380
COLUMNS = 5
"""As many tiles lie side by side in the sheet."""

LetIn = Callable[[tuple[int, ...], bool], None]
"""What lets photos with these ids in, or leaves them out again."""


class KindGrid(PhotoGrid):
    """Photos of one kind; those that shows may use bear a check, the others are dimmed."""

    def __init__(self, photos: Sequence[Photo], used: set[int], thumbnails: Thumbnails) -> None:
        self._used = used
        self._all = photos
        super().__init__(photos, self._note_of_row, thumbnails)

    def _note_of_row(self, index: int) -> str:
        is_used = self._all[index].id in self._used
        return "Shows may use it. Choose it to leave it out." if is_used else "Left out. Choose it to use it after all."

    def refresh(self) -> None:
        """Show what has been let in."""
        self._describe()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for index, photo in enumerate(self._all):
            place = QRectF(self.place(index))
            if not place.intersects(QRectF(event.rect())):
                continue
            if photo.id in self._used:
                sign = QRectF(place.right() - 26, place.top() + 6, 20, 20)
                painter.setBrush(QColor(t.accent))
                painter.drawEllipse(sign)
                paint_icon(painter, sign.adjusted(3, 3, -3, -3), "check", t.on_accent)
            else:
                painter.setBrush(theme.mixed(t.raised, 0.45))
                painter.drawRoundedRect(place, theme.RADIUS_THUMBNAIL, theme.RADIUS_THUMBNAIL)
        painter.end()


class LeftOutSheet(Sheet):
    """Lists photos by kind. What is let in or left out is done at once; `changed_ids` tells it at the end."""

    def __init__(self, window: QWidget, photos: Sequence[Photo], thumbnails: Thumbnails, *, let_in: LetIn) -> None:
        super().__init__(window, "Photos that stay out of shows", width_px=sheets.WIDE_PX + 40)
        self._let_in = let_in
        self._photos = {kind: [p for p in photos if p.kind == kind] for kind, *_ in KINDS}
        self._before = frozenset(photo.id for photo in photos if not photo.is_left_out)
        self.used = set(self._before)
        self._fixed = frozenset(photo.id for photo in photos if photo.is_favourite)
        self.add_text("Choose one to use it after all, or to leave it out again. What you pick by hand is always used.")
        kinds = [(kind, f"{chip}  {len(self._photos[kind]):,}") for kind, chip, *_ in KINDS if self._photos[kind]]
        self.kinds = ChipRow("Kind", kinds)
        chips = QWidget()
        row = QHBoxLayout(chips)
        row.setContentsMargins(0, 4, 0, 8)
        row.addWidget(self.kinds)
        row.addStretch(1)
        self.add_body(chips)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        most = max(len(of_kind) for of_kind in self._photos.values())
        wanted_px = -(-most // COLUMNS) * (TILE.height() + GAP_PX) + 4
        self._scroll.setFixedHeight(min(wanted_px, VIEW_PX, max(160, window.height() - 340)))
        self.add_body(self._scroll)
        self._said = Label("", "label", "text_2")
        self.add_body(self._said)
        self._make_grid = partial(KindGrid, used=self.used, thumbnails=thumbnails)
        self.everything: Button = self.add_button("", "outlined", self._turn_all, is_apart=True)
        self.add_button("Close", "main", is_safe=True)
        self.kinds.chosen.connect(self.show_kind)
        self.show_kind(kinds[0][0])
        self.open()

    def show_kind(self, kind: object) -> None:
        """Show the photos of one kind."""
        self.kind = str(kind)
        self.kinds.set_value(kind)
        self.grid = self._make_grid(self._photos[self.kind])
        self.grid.chosen.connect(self._turn)
        self.grid.marked.connect(self._follow)
        self._scroll.setWidget(self.grid)
        self._refresh()

    @property
    def changed_ids(self) -> tuple[frozenset[int], frozenset[int]]:
        """Ids of the photos that were let in since the sheet was opened, and of those left out."""
        return frozenset(self.used - self._before), self._before - self.used

    def _follow(self, place: QRect) -> None:
        self._scroll.ensureVisible(place.center().x(), place.center().y(), 0, TILE.height())

    def _turn(self, photo: Photo) -> None:
        if photo.id in self._fixed:
            self._said.setText(f"{name_of(photo.path)} is a favourite, so shows may use it.")
            return
        is_used = photo.id not in self.used
        self._decide([photo.id], is_used=is_used)
        self._said.setText(f"{name_of(photo.path)} {'may be shown' if is_used else 'stays out of shows'}.")

    def _turn_all(self) -> None:
        ids = [photo.id for photo in self._photos[self.kind] if photo.id not in self._fixed]
        is_used = not self.used.issuperset(ids)
        self._decide([i for i in ids if (i in self.used) != is_used], is_used=is_used)
        self._said.setText("")

    def _decide(self, ids: list[int], *, is_used: bool) -> None:
        if is_used:
            self.used.update(ids)
        else:
            self.used.difference_update(ids)
        self._let_in(tuple(ids), is_used)
        self._refresh()

    def _refresh(self) -> None:
        photos = self._photos[self.kind]
        _, _, one, many = next(entry for entry in KINDS if entry[0] == self.kind)
        is_all = all(photo.id in self.used for photo in photos)
        which = f"this {one}" if len(photos) == 1 else f"all {len(photos):,} {many}"
        self.everything.set_face(f"Leave out {which}" if is_all else f"Use {which}", "")
        self._said.setText("")
        self.grid.refresh()
