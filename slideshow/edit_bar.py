"""The row over the timeline: what can be done with the show, with a selected stretch, or while its mood is drawn."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QStackedLayout, QWidget

from slideshow.buttons import Button
from slideshow.chips import ChipRow
from slideshow.fitting_row import FittingRow
from slideshow.labels import Label
from slideshow.messages import count_of


class EditBar(QWidget):
    """One row of three faces."""

    shuffle_asked = Signal()
    draw_asked = Signal()
    options_asked = Signal()
    lock_asked = Signal()
    clear_asked = Signal()
    axis_chosen = Signal(object)
    song_mood_asked = Signal()
    drawing_ended = Signal()
    mark_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.draw = Button("Draw the mood", "bare", icon="pencil-line")
        self.shuffle = Button("Shuffle again", "bare", icon="shuffle")
        self.options = Button("How it is chosen", "bare", icon="sliders-horizontal")
        self.mark, self.mark_span = (Button(word, "bare", icon="flag") for word in ("Mark this moment", "Mark"))
        for button, what in ((self.mark, "this moment feels"), (self.mark_span, "the selected stretch feels")):
            button.setToolTip(f"Say how {what}, to teach it (K)")
            button.clicked.connect(self.mark_asked)
        self.shuffle.setToolTip("Choose another good show from the same photos (S)")
        self._selected = Label("", "strong")
        self.lock = Button("Lock", "outlined", icon="lock")
        self.clear = Button("Clear", "bare")
        self.axis = ChipRow("What to draw", (("energy", "Energy"), ("pleasantness", "Pleasantness")))
        self.song_mood = Button("Back to the song’s mood", "bare", icon="undo-2")
        self.end = Button("Done", "outlined")
        self.axis.set_value("energy")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(_row(self.draw, self.shuffle, self.mark, None, self.options))
        self._stack.addWidget(_row(self._selected, None, self.clear, self.mark_span, self.lock))
        self._stack.addWidget(_row(self.axis, None, self.song_mood, self.end))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.shuffle.clicked.connect(self.shuffle_asked)
        self.draw.clicked.connect(self.draw_asked)
        self.options.clicked.connect(self.options_asked)
        self.lock.clicked.connect(self.lock_asked)
        self.clear.clicked.connect(self.clear_asked)
        self.axis.chosen.connect(self.axis_chosen)
        self.song_mood.clicked.connect(self.song_mood_asked)
        self.end.clicked.connect(self.drawing_ended)
        self.set_drawn(is_drawn=False)

    def set_ready(self, *, is_ready: bool) -> None:
        """Let the show be changed once there is one."""
        for button in (self.shuffle, self.draw, self.options, self.mark):
            button.setEnabled(is_ready)

    def set_drawn(self, *, is_drawn: bool) -> None:
        """Say whether the show follows a drawn mood."""
        self.draw.set_face("Your drawn mood" if is_drawn else "Draw the mood", "pencil-line")
        why = "The show follows the mood you drew. Click to change it, or to go back to the song’s."
        self.draw.setToolTip(why if is_drawn else "Draw how the show shall feel, instead of the song’s mood (D)")

    def show_choices(self) -> None:
        """Offer what can be done with the show."""
        self._stack.setCurrentIndex(0)

    def show_selection(self, n_cues: int, *, is_locked: bool) -> None:
        """Offer what can be done with a selected stretch."""
        self._selected.setText(f"{count_of(n_cues, 'photo')} selected")
        self.lock.set_face(*(("Unlock", "lock-open") if is_locked else ("Lock", "lock")))
        self.lock.setToolTip("Let them be planned anew again (L)" if is_locked else "Keep these as they are (L)")
        self._stack.setCurrentIndex(1)

    def show_drawing(self, *, has_arc: bool) -> None:
        """Explain drawing."""
        self.song_mood.setEnabled(has_arc)
        self._stack.setCurrentIndex(2)


def _row(*items: QWidget | None) -> QWidget:
    """Lay widgets side by side; None is a gap that takes what is left."""
    buttons = [item for item in items if isinstance(item, Button) and item.kind == "bare"]
    widget = FittingRow(yielding=buttons[::-1])
    for item in items:
        if item is None:
            widget.row.addStretch(1)
        else:
            widget.row.addWidget(item)
    return widget
