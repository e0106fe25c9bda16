"""The theme of a show, among the choices of how it is chosen: a word, and a slider from the mood to the theme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from engine.content import meaning_of
from engine.themes import theme_note
from slideshow import theme
from slideshow.buttons import IconButton
from slideshow.content_suggestions import ContentSuggestions
from slideshow.labels import Label
from slideshow.sliders import Slider

if TYPE_CHECKING:
    from engine.content import Contents

HEIGHT_PX = 32
REST_MS = 350
"""A slider that is being dragged plans anew only when it rests."""

MAX_LETTERS = 60
USUAL_SHARE = 0.7
"""As `PlanOptions` has it: where the slider stands until a show says otherwise."""

NO_THEME = "Prefer photos that show something, such as a beach or a dog."


class WordField(QLineEdit):
    """A line to write a word in, in the look of the search field, on a surface of the theme."""

    def __init__(self, name: str, example: str, *, surface: str = "panel") -> None:
        super().__init__()
        self._surface = surface
        self.setPlaceholderText(example)
        self.setAccessibleName(name)
        self.setFrame(False)
        self.setMaxLength(MAX_LETTERS)
        self.setTextMargins(9, 0, HEIGHT_PX, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled_px(160), max(HEIGHT_PX, theme.scaled_px(HEIGHT_PX)))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled_px(100), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)  # fills its whole rectangle, whatever palette and style sheet say
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        field, whole = QPainterPath(), QPainterPath()
        radius = theme.RADIUS_BUTTON
        field.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
        whole.addRect(QRectF(self.rect()))
        painter.fillPath(whole - field, QColor(getattr(t, self._surface)))
        painter.strokePath(field, QPen(QColor(t.focus if self.hasFocus() else t.line_2), 1.0))
        painter.end()


class ThemeChoice(QWidget):
    """Field, slider and a sentence on what there is for the theme."""

    changed = Signal(object)
    """A dictionary of the options that shall change."""

    def __init__(self) -> None:
        super().__init__()
        self.field = WordField("Theme", "Beach, dog, mountain…")
        self.suggestions = ContentSuggestions(self.field)
        self.forget = IconButton("x", "No theme", icon_px=16)
        self.share = Slider("From mood to theme:", value=USUAL_SHARE, step=0.1, is_wheeled=False)
        self.note = Label(NO_THEME, "caption", "text_3", is_wrapped=True)
        self._contents: Contents | None = None
        self._theme = ""
        self._share = USUAL_SHARE
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._send_share)
        self._build()
        self.field.editingFinished.connect(self._on_edited)
        self.suggestions.chosen.connect(self._on_edited)
        self.forget.clicked.connect(self._on_forget)
        self.share.moved.connect(lambda _: self._rest.start())

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.field)
        inside = QHBoxLayout(self.field)  # the cross lies within the field, at its end
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addStretch(1)
        inside.addWidget(self.forget, 0, Qt.AlignmentFlag.AlignVCenter)
        self._ends = QWidget()
        row = QHBoxLayout(self._ends)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(Label("Mood", "caption", "text_3"))
        row.addWidget(self.share, 1)
        row.addWidget(Label("Theme", "caption", "text_3"))
        column.addWidget(self._ends)
        column.addWidget(self.note)
        self.forget.setCursor(Qt.CursorShape.ArrowCursor)
        self._refresh()

    def set_value(self, word: str, share: float) -> None:
        """Show a theme and its share as they are."""
        is_other = word != self._theme
        self._theme, self._share = word, share
        if is_other or not self.field.isModified():  # what is just being written stays
            self.field.setText(word)
        if not self._rest.isActive():
            self.share.set_value(share)
        self._refresh()

    def set_contents(self, contents: Contents | None) -> None:
        """Tell what the show's photos show, to say how many there are for a theme."""
        if contents is not self._contents:
            self._contents = contents
            self._refresh()

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """Suggest these words, each with how many photos show it."""
        self.suggestions.set_counts(counts)

    def _refresh(self) -> None:
        has_theme = bool(self._theme)
        self.forget.setVisible(has_theme)
        self._ends.setVisible(has_theme)
        text = theme_note(self._contents, self._theme) if has_theme and self._contents is not None else ""
        self.note.setText(text or ("" if has_theme else NO_THEME))

    def _on_edited(self) -> None:
        if self.suggestions.is_choosing:  # Enter goes to the field first, and then to the list, which takes the word
            return
        word = " ".join(self.field.text().split())
        if word and meaning_of(word) is None and self.suggestions.words:
            word = self.suggestions.words[0]  # written half: the first of those that were offered for it
            self.field.setText(word)
        if word != self._theme:
            self._theme = word
            self._refresh()
            self.changed.emit({"theme": word})

    def _on_forget(self) -> None:
        self.field.clear()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._on_edited()

    def _send_share(self) -> None:
        share = round(self.share.value, 2)
        if share != self._share:
            self._share = share
            self.changed.emit({"theme_share": share})
