"""The bar over Browse: search, moods, favourites, and the dates."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QSizePolicy, QWidget

from slideshow import theme
from slideshow.browse_chips import MoodChips
from slideshow.buttons import Button, IconButton
from slideshow.chips import HEIGHT_PX
from slideshow.content_suggestions import ContentSuggestions
from slideshow.icons import paint_icon

MAX_YEARS = 30
NARROW_PX = 900
"""A narrower bar shows its dates by the icon alone, so that the moods keep their room; with large text sooner."""

SEARCH_PX, NARROW_SEARCH_PX = 280, 172
"""The search field gives up so much of its width where the moods then stand in one line."""

MARGIN_PX, SPACING_PX = 24, 16


class SearchField(QLineEdit):
    """A field with a lens."""

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("Search: beach, dog, name, mood…")
        self.setAccessibleName("Search photos by what they show, name, folder, caption or mood")
        self.setClearButtonEnabled(False)
        self.setTextMargins(26, 0, 4, 0)
        self.setFrame(False)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaximumWidth(theme.scaled_px(SEARCH_PX))
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


class BrowseBar(QWidget):
    """Search, moods, dates in a row."""

    date_chosen = Signal(object)
    """First and last day as ordinals, None for any."""
    range_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.search = SearchField()
        self.suggestions = ContentSuggestions(self.search)
        self.moods = MoodChips()
        self.favourites = IconButton("heart", "Favourites only", is_filled_while_on=True)
        self.favourites.setCheckable(True)
        self.dates = Button("Any date", icon="calendar")
        self._years: tuple[tuple[int, int], ...] = ()
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN_PX, 11, MARGIN_PX, 12)
        row.setSpacing(SPACING_PX)
        row.addWidget(self.search, 2, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.moods, 5, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.favourites, 0, Qt.AlignmentFlag.AlignTop)
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

    def _fit(self) -> None:
        self.favourites.setFixedHeight(self.dates.sizeHint().height())
        self.dates.set_wordless(is_wordless=self.width() < theme.scaled_px(NARROW_PX))
        taken = 2 * MARGIN_PX + 3 * SPACING_PX + self.favourites.width() + self.dates.sizeHint().width()
        left, usual = self.width() - taken - self.moods.line_px, theme.scaled_px(SEARCH_PX)
        self.search.setMaximumWidth(left if theme.scaled_px(NARROW_SEARCH_PX) <= left < usual else usual)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # a mood was saved, or dates have other words
            self._fit()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._fit()
        super().changeEvent(event)

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
