"""The sheets of a song's marks: where a moment is put on the circle, and the list of all that was marked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from engine.emotion import Emotion
from slideshow import theme
from slideshow.buttons import Button
from slideshow.labels import Label
from slideshow.mood_colours import mood_colour
from slideshow.mood_words import shown_word
from slideshow.sheets import Sheet
from slideshow.song_mark_flags import Marked
from slideshow.teach_place import Guess, TeachPlace

PLACE_PX, LIST_PX, LIST_WIDTH_PX, ROW_PX = 300, 320, 520, 40
NOTHING_MARKED = "There are none yet. Press K while the song plays, or select a stretch and press K."


class MomentSheet(Sheet):
    """Asks how a moment or a stretch of the song feels."""

    placed = Signal(object)
    """The Emotion it was put at."""

    def __init__(self, window: QWidget, title: str, *, guess: Guess | None, place: Emotion | None) -> None:
        super().__init__(window, title)
        self.place = TeachPlace(None, icon="music")
        self.place.setFixedHeight(theme.scaled_px(PLACE_PX))
        self.said = Label("", "body", "text_2", is_wrapped=True)
        # Room for two lines from the start: the circle must not move under the hand that drags on it.
        self.said.setMinimumHeight(2 * theme.line_px("body"))
        self.add_body(self.place)
        self.add_body(self.said)
        self.place.set_moment(guess=guess, place=place)
        self.place.moved.connect(self._say)
        self.place.saved.connect(self.save)
        self._is_known = place is not None
        self._say()

    def _say(self) -> None:
        now, guess = self.place.place, self.place.guess
        if now is None:
            return
        word = shown_word(now)
        if self.place.is_moved:
            text = f"You put it near {word}."
        elif self._is_known:
            text = f"You put it near {word} before."
        else:
            text = f"Drag the note to where it feels right. The guess so far is {word}."
        if self.place.is_moved and guess is not None:
            text = f"You put it near {word}; the dashed shape is the guess so far."
        self.said.setText(text)
        self.said.set_strong(word)

    def save(self) -> None:
        """Take it as it lies."""
        place = self.place.place
        self.close()
        if place is not None:
            self.placed.emit(place)


def show_moment(
    window: QWidget,
    *,
    title: str,
    guess: Guess | None,
    place: Emotion | None,
    on_placed: Callable[[Emotion], object],
    on_removed: Callable[[], object] | None,
) -> MomentSheet:
    """Ask how a moment feels; one that was marked before can also be taken away."""
    sheet = MomentSheet(window, title, guess=guess, place=place)
    sheet.placed.connect(on_placed)
    if on_removed is not None:
        remove = on_removed

        def take_away() -> None:
            sheet.close()
            remove()

        sheet.add_button("Remove the mark", "bare", take_away, is_apart=True)
    sheet.add_button("Cancel", "outlined")
    sheet.add_button("Save", "main", sheet.save)
    sheet.open()
    sheet.place.setFocus(Qt.FocusReason.TabFocusReason)
    return sheet


class _Dot(QWidget):
    def __init__(self, mood: Emotion) -> None:
        super().__init__()
        self._mood = mood
        self.setFixedSize(16, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(mood_colour(self._mood.valence, self._mood.arousal, scale=theme.current().name)))
        painter.drawEllipse(QPointF(8, 8), 4, 4)
        painter.end()


class MarksSheet(Sheet):
    """Lists what was marked in a song."""

    go_wanted = Signal(float)
    """Time of the song."""
    change_wanted = Signal(object)
    """The Marked to be put elsewhere."""
    remove_wanted = Signal(object)

    def __init__(self, window: QWidget, marked: Sequence[Marked]) -> None:
        super().__init__(window, "Marks of this song", width_px=LIST_WIDTH_PX)
        self._none = Label(NOTHING_MARKED, "body", "text_2", is_wrapped=True)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName("Marks")
        self.add_body(self._none)
        self.add_body(self._scroll)
        self.add_button("Close", "main", is_safe=True)
        self.set_marked(marked)
        self.open()

    def set_marked(self, marked: Sequence[Marked]) -> None:
        """List these."""
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(0)
        for one in marked:
            column.addWidget(self._row(one))
        column.addStretch(1)
        self._scroll.setWidget(body)
        row_px = max(ROW_PX, theme.scaled_px(ROW_PX))
        self._scroll.setFixedHeight(min(theme.scaled_px(LIST_PX), len(marked) * row_px + 8))
        self._scroll.setVisible(bool(marked))
        self._none.setVisible(not marked)
        if self.isVisible():
            self.settle()

    def _row(self, one: Marked) -> QWidget:
        row = QWidget()
        row.setFixedHeight(max(ROW_PX, theme.scaled_px(ROW_PX)))
        row.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(4)
        line.addWidget(_Dot(one.mood))
        line.addWidget(Label(one.words, "body", is_cut_at_end=True), 1)
        for word, told in (
            ("Go there", partial(self.go_wanted.emit, one.start_s)),
            ("Change", partial(self.change_wanted.emit, one)),
            ("Remove", partial(self.remove_wanted.emit, one)),
        ):
            button = Button(word, "bare")
            button.setAccessibleName(f"{word}: {one.words}")
            button.clicked.connect(told)
            line.addWidget(button)
        return row
