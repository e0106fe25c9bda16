"""One folder on the Library page: how many photos it holds, whether shows use it, and what keeps it away."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from slideshow import messages, theme
from slideshow.away_words import sentence_of
from slideshow.buttons import IconButton, Switch
from slideshow.drives import THERE, FolderState
from slideshow.icons import paint_icon
from slideshow.labels import Label
from slideshow.library_cards import Card
from slideshow.session_photos import is_demo

AWAY_WORDS = {"away": "Not connected", "silent": "No answer", "gone": "Not there"}
"""What stands where else the number of photos does; of other folders that cannot be read: "Cannot be opened"."""


class FolderRow(Card):
    """One folder: name, place, number of photos, a look for changes, whether shows use it, and a way to forget it."""

    rest_asked = Signal(str, bool)
    """The folder, and whether shows shall leave it out."""
    look_asked = Signal(object)
    forget_asked = Signal(object)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self._state = THERE
        name = "Demo photos" if is_demo(folder) else messages.name_of(folder)
        place = "Came with Moodreel" if is_demo(folder) else messages.path_text(folder)
        self._name = Label(name, "strong", is_elided=True)
        self._place = Label(place, "caption", "text_3", is_elided=True)
        self._sentence = Label("", "caption", "text_2", is_wrapped=True)
        self._count = Label("", "label", "text_2")
        self.look = IconButton("refresh-cw", f"Look for changes in {name}", icon_px=18)
        self.in_shows = Switch(f"Use {name} in shows")
        self.in_shows.setToolTip("Use these photos in shows")
        self.forget = IconButton("x", f"Forget {name}", icon_px=18)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._name)
        words.addWidget(self._place)
        words.addWidget(self._sentence)
        row = QHBoxLayout(self)
        row.setContentsMargins(56, 12, 12, 12)
        row.setSpacing(12)
        row.addLayout(words, 1)
        row.addWidget(self._count)
        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        for button in (self.look, self.in_shows, self.forget):
            buttons.addWidget(button)
        row.addLayout(buttons)
        self.look.clicked.connect(self._on_look)
        self.in_shows.clicked.connect(self._on_switched)
        self.forget.clicked.connect(self._on_forget)
        self._sentence.hide()

    def set_state(
        self, state: FolderState, *, n_photos: int, is_at_rest: bool, is_busy: bool = False, is_pending: bool = False
    ) -> None:
        """Show what is known of the folder; one that is pending will be indexed, or is being indexed."""
        self._state = state
        self.in_shows.setChecked(not is_at_rest)
        if not state.is_there:
            count = AWAY_WORDS.get(state.kind, "Cannot be opened")
        elif is_pending and not n_photos and not is_at_rest:
            count = "Waiting"
        else:
            count = "At rest" if is_at_rest else messages.count_of(n_photos, "photo")
        self._count.setText(count)
        sentence = sentence_of(state, n_photos)
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))
        for label in (self._name, self._count):
            label.set_tone("text_3" if not state.is_there else "text" if label is self._name else "text_2")
        self.look.setEnabled(not is_busy)
        self.setAccessibleName(f"{self._name.text()}: {count}. {sentence}".rstrip())
        self.update()

    def _on_look(self) -> None:
        self.look_asked.emit(self.folder)

    def _on_switched(self) -> None:
        self.rest_asked.emit(str(self.folder), not self.in_shows.isChecked())

    def _on_forget(self) -> None:
        self.forget_asked.emit(self.folder)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        t = theme.current()
        painter = QPainter(self)
        is_drive = self._state.kind in ("away", "silent")
        icon = "images" if is_demo(self.folder) else "hard-drive" if is_drive else "folder"
        ink = t.text_2 if self._state.is_there else t.text_3
        paint_icon(painter, QRectF(20, (self.height() - 20) / 2, 20, 20), icon, ink)
        painter.end()
