"""The chips of Browse's bar: moods of which any may be on, every mood word behind one of them, and saved moods."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from engine.emotion import emotion_of_word
from slideshow import theme
from slideshow.browse_photos import WORD_GROUPS, WORDS
from slideshow.buttons import IconButton
from slideshow.chips import PADDING_PX, Chip
from slideshow.mood_colours import mood_colour
from slideshow.saved_moods import SavedChip

DOT_PX, GAP_PX = 8, 6
MAX_SAVED = 6
"""More saved moods than these are listed behind a chip of their own."""


class MoodChip(Chip):
    """A chip with a dot in the colour of its mood."""

    def __init__(self, text: str, valence: float, arousal: float, parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._mood = (valence, arousal)

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(hint.width() + DOT_PX + 8, hint.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_on = self.isChecked()
        self.paint_pill(painter)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mood_colour(*self._mood, scale=t.name))
        painter.drawEllipse(QPointF(PADDING_PX + DOT_PX / 2, self.height() / 2), DOT_PX / 2, DOT_PX / 2)
        painter.setPen(QColor(t.text if is_on else t.text_2))
        painter.setFont(theme.font("label"))
        place = self.rect().adjusted(PADDING_PX + DOT_PX + 8, 0, 0, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
        painter.end()


class MoodChips(QWidget):
    """Chips of moods of which any may be on, in as many lines as they need, and one that lists every word."""

    chosen = Signal(object)
    """The words that are on, a frozenset."""
    saved_chosen = Signal(str)
    """Name of a saved mood that is asked for."""
    saved_menu_wanted = Signal(str, QPoint)
    """Name of a saved mood, and where what can be done with it is to be listed."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Moods")
        self._words: frozenset[str] = frozenset()
        self._chips: list[tuple[frozenset[str], MoodChip]] = []
        for name, words in WORD_GROUPS:
            places = [emotion_of_word(word) for word in words]
            valence = sum(place.valence for place in places) / len(places)
            arousal = sum(place.arousal for place in places) / len(places)
            chip = MoodChip(name, valence, arousal, self)
            chip.setToolTip(", ".join(word.capitalize() for word in words))
            chip.setAccessibleName(f"Mood: {name}")
            chip.clicked.connect(self._on_clicked)
            self._chips.append((frozenset(words), chip))
        self.more = Chip("Words…", self)
        self.more.setAccessibleName("Choose among all mood words")
        self.more.clicked.connect(self.open_words)
        self.save = IconButton("bookmark-plus", "Save this mood")
        self.save.setParent(self)
        self.save.setEnabled(False)
        self.saved: list[SavedChip] = []
        self.more_saved = Chip("Saved…", self)
        self.more_saved.setAccessibleName("List all saved moods")
        self.more_saved.clicked.connect(self.open_saved)
        self.more_saved.hide()
        self._names: tuple[str, ...] = ()
        self._sizes: list[QSize] | None = None
        """Of the chips, asked for anew whenever they are placed: a layout asks dozens of times in between."""
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @property
    def words(self) -> frozenset[str]:
        """The words that are on."""
        return self._words

    def chip(self, name: str) -> MoodChip:
        """The chip of a name."""
        return next(chip for _, chip in self._chips if chip.text() == name)

    def set_words(self, words: frozenset[str]) -> None:
        """Switch words on without sending `chosen`."""
        self._words = words
        for group, chip in self._chips:
            chip.setChecked(group <= words)
        in_chips = frozenset().union(*(group for group, _ in self._chips if group <= words))
        alone = sorted(words - in_chips)
        self.more.setChecked(bool(alone))
        self.more.setText(", ".join(word.capitalize() for word in alone[:2]) + ("…" if len(alone) != 1 else ""))
        if not alone:
            self.more.setText("Words…")
        self._place()

    def set_saved(self, names: tuple[str, ...]) -> None:
        """Offer these saved moods."""
        if names != self._names:
            self._names = names
            for chip in self.saved:
                chip.hide()
                chip.deleteLater()
            self.saved = [SavedChip(name, self) for name in names[:MAX_SAVED]]
            for chip in self.saved:
                chip.clicked.connect(self._on_saved)
                chip.menu_wanted.connect(self._on_saved_menu)
                chip.show()
            self.more_saved.setVisible(len(names) > MAX_SAVED)
        self._place()
        self.updateGeometry()

    def set_current(self, name: str) -> None:
        """Say which saved mood is shown now, "" for none of them."""
        for chip in self.saved:
            chip.setChecked(chip.text() == name)
        self.more_saved.setChecked(name in self._names[MAX_SAVED:])

    def open_saved(self) -> None:
        """List every saved mood."""
        menu = QMenu("Saved moods", self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in self._names:
            menu.addAction(name.replace("&", "&&")).setData(name)
        if not self._names:
            menu.addAction("None yet").setEnabled(False)
        menu.triggered.connect(self._on_listed)
        under = self.more_saved if self.more_saved.isVisible() else self.save
        menu.popup(under.mapToGlobal(QPoint(0, under.height() + 4)))

    def _on_listed(self, action: object) -> None:
        self.saved_chosen.emit(action.data())  # type: ignore[attr-defined]

    def _on_saved(self) -> None:
        self.saved_chosen.emit(self.sender().text())  # type: ignore[attr-defined]

    def _on_saved_menu(self, at: QPoint) -> None:
        self.saved_menu_wanted.emit(self.sender().text(), at)  # type: ignore[attr-defined]

    def _on_clicked(self) -> None:
        for group, chip in self._chips:
            if chip is self.sender():
                self._tell(self._words | group if chip.isChecked() else self._words - group)

    def open_words(self) -> None:
        """List every mood word, to switch each on or off."""
        self.more.setChecked(bool(self._words))
        menu = QMenu("Mood words", self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for word in WORDS:
            mark = "✓  " if word in self._words else "     "
            action = menu.addAction(f"{mark}{word.capitalize()}")
            action.setData(word)
        menu.triggered.connect(self._on_word)
        menu.popup(self.more.mapToGlobal(QPoint(0, self.more.height() + 4)))

    def _on_word(self, action: object) -> None:
        word = action.data()  # type: ignore[attr-defined]
        self._tell(self._words ^ {word})

    def _tell(self, words: frozenset[str]) -> None:
        self.set_words(words)
        self.chosen.emit(words)

    def _placeable(self) -> tuple[QWidget, ...]:
        last = (self.more_saved,) if len(self._names) > MAX_SAVED else ()
        # The button stands before what it makes: it stays where it is, and never wraps to a line of its own.
        return (*(chip for _, chip in self._chips), self.more, self.save, *self.saved, *last)

    def _placed(self, width: int) -> tuple[list[QRect], int]:
        if self._sizes is None:
            self._sizes = [chip.sizeHint() for chip in self._placeable()]
        places: list[QRect] = []
        x = y = 0
        height = self.more.sizeHint().height()
        for size in self._sizes:
            if x and x + size.width() > width:
                x, y = 0, y + height + GAP_PX
            places.append(QRect(QPoint(x, y + (height - size.height()) // 2), size))
            x += size.width() + GAP_PX
        return places, y + height

    @property
    def line_px(self) -> int:
        """Width in which all chips stand in one line."""
        sizes = [chip.sizeHint().width() for chip in self._placeable()]
        return sum(sizes) + GAP_PX * (len(sizes) - 1)

    def _place(self) -> None:
        self._sizes = None
        for chip, place in zip(self._placeable(), self._placed(self.width())[0], strict=True):
            chip.setGeometry(place)

    def heightForWidth(self, width: int) -> int:
        return self._placed(width)[1]

    def sizeHint(self) -> QSize:
        return QSize(620, self.heightForWidth(max(240, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(240, self.more.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()
        self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._place()
            self.updateGeometry()
        super().changeEvent(event)
