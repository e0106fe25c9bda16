"""The bar over Browse: search, chips of moods, and the dates."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QSizePolicy, QWidget

from engine.emotion import emotion_of_word
from slideshow import theme
from slideshow.browse_photos import WORD_GROUPS, WORDS
from slideshow.buttons import Button
from slideshow.chips import HEIGHT_PX, PADDING_PX, Chip
from slideshow.icons import paint_icon
from slideshow.mood_colours import mood_colour

DOT_PX, GAP_PX = 8, 6
MAX_YEARS = 30


class SearchField(QLineEdit):
    """A field with a lens."""

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("Search by name, folder or mood")
        self.setAccessibleName("Search photos by name, folder or mood")
        self.setClearButtonEnabled(False)
        self.setTextMargins(26, 0, 4, 0)
        self.setFrame(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(theme.scaled_px(280))
        self.setMinimumWidth(theme.scaled_px(120))
        self.setMaxLength(200)

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled_px(250), max(HEIGHT_PX, theme.scaled_px(HEIGHT_PX)))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled_px(120), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)  # fills its whole rectangle, whatever palette and style sheet say
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        field, whole = QPainterPath(), QPainterPath()
        field.addRoundedRect(
            QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_BUTTON, theme.RADIUS_BUTTON
        )
        whole.addRect(QRectF(self.rect()))
        painter.fillPath(whole - field, QColor(t.window))
        painter.strokePath(field, QPen(QColor(t.focus if self.hasFocus() else t.line_2), 1.0))
        paint_icon(painter, QRectF(9, (self.height() - 16) / 2, 16, 16), "search", t.text_3)
        painter.end()


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
        painter.setPen(QPen(QColor(t.text_3 if is_on else t.line_2), 1.0))
        surface = t.pressed if self.isDown() else t.selected if is_on else t.hover if self.underMouse() else ""
        painter.setBrush(QColor(surface) if surface else Qt.GlobalColor.transparent)
        radius = self.height() / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
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

    def _placed(self, width: int) -> tuple[list[QRect], int]:
        places: list[QRect] = []
        x = y = 0
        height = self.more.sizeHint().height()
        for chip in (*(chip for _, chip in self._chips), self.more):
            size = chip.sizeHint()
            if x and x + size.width() > width:
                x, y = 0, y + height + GAP_PX
            places.append(QRect(QPoint(x, y), size))
            x += size.width() + GAP_PX
        return places, y + height

    def _place(self) -> None:
        for chip, place in zip((*(c for _, c in self._chips), self.more), self._placed(self.width())[0], strict=True):
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


class BrowseBar(QWidget):
    """Search, moods, dates in a row."""

    date_chosen = Signal(object)
    """First and last day as ordinals, None for any."""
    range_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.search = SearchField()
        self.moods = MoodChips()
        self.dates = Button("Any date", icon="calendar")
        self._years: tuple[tuple[int, int], ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(24, 11, 24, 12)
        row.setSpacing(16)
        row.addWidget(self.search, 2, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.moods, 5, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.dates, 0, Qt.AlignmentFlag.AlignTop)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.dates.clicked.connect(self.open_dates)

    def set_years(self, years: tuple[tuple[int, int], ...]) -> None:
        """Offer these years, each with its number of photos, the latest first."""
        self._years = years
        self.dates.setEnabled(bool(years))

    def set_dates(self, days: tuple[int, int] | None) -> None:
        """Say which dates are on."""
        self.dates.set_face(dates_in_words(days), "calendar")

    def open_dates(self) -> None:
        """List the years."""
        menu = QMenu("Dates", self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Any date").setData(None)
        menu.addAction("From … to …").setData("range")
        menu.addSeparator()
        for year, n in self._years[:MAX_YEARS]:
            text = f"{year}  ·  {n:,}"
            menu.addAction(text).setData((date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()))
        menu.triggered.connect(self._on_date)
        menu.popup(self.dates.mapToGlobal(QPoint(0, self.dates.height() + 4)))

    def _on_date(self, action: object) -> None:
        data = action.data()  # type: ignore[attr-defined]
        if data == "range":
            self.range_wanted.emit()
        else:
            self.date_chosen.emit(None if data is None else tuple(data))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(theme.current().line))
        painter.end()


def dates_in_words(days: tuple[int, int] | None) -> str:
    """A stretch of days as the button says it: "2024", "March 2019 to May 2020"."""
    if days is None:
        return "Any date"
    first, last = date.fromordinal(days[0]), date.fromordinal(days[1])
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return str(first.year) if first.year == last.year else f"{first.year} to {last.year}"
    return f"{first.month}/{first.year} to {last.month}/{last.year}"
