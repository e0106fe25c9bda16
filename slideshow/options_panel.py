"""How a show is chosen: a panel beside it, so that every choice shows in the timeline at once, a line for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from slideshow import theme
from slideshow.buttons import Button, IconButton, Switch
from slideshow.chips import ChipGroup
from slideshow.labels import Label
from slideshow.sliders import Slider
from slideshow.surfaces import SidePanel
from slideshow.theme_choice import ThemeChoice

if TYPE_CHECKING:
    from engine.plan import PlanOptions

WIDTH_PX, PADDING_PX = 292, 20
GAP_PX = 6
SHORTEST_S, LONGEST_S = (1.0, 8.0), (2.0, 24.0)
"""Ranges of the two sliders."""
STEP_S = 0.5
REST_MS = 350
"""A slider that is being dragged plans anew only when it rests."""

CHOICES: tuple[tuple[str, str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "mood",
        "Mood",
        (
            ("relative", "Relative", "The calmest moments get the calmest of your photos, whatever they are."),
            (
                "absolute",
                "Absolute",
                "A photo has to feel as the song does; some moments may find none that fits.",
            ),
        ),
    ),
    (
        "repeats",
        "Photos",
        (
            ("auto", "Automatic", "Few photos may come again; of many each is shown once."),
            ("best", "Best matches", "The best photos come again, after a minute at the earliest."),
            ("all", "Every photo", "All photos are shown before any comes again."),
        ),
    ),
    (
        "sad",
        "Sad or disturbing photos",
        (
            ("all", "All", "They are shown where the song feels that way."),
            ("fewer", "Fewer", "They are shown only where nothing else fits."),
            ("none", "None", "They are left out."),
        ),
    ),
    (
        "transition",
        "Transition",
        (
            ("auto", "As the music", "Calm moments crossfade slowly, lively ones quickly or with a cut."),
            ("crossfade", "Crossfade", "One photo fades into the next."),
            ("cut", "Cut", "Each photo is there at once."),
            ("dip", "Dip", "Each photo fades out before the next fades in."),
            ("slide", "Slide", "Each photo pushes the one before aside."),
        ),
    ),
)


class ChipFlow(ChipGroup):
    """Chips in as many lines as they need."""

    def __init__(self, name: str, choices: Sequence[tuple[object, str]]) -> None:
        super().__init__(name, choices)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def _placed(self, width: int) -> tuple[list[QRect], int]:
        places: list[QRect] = []
        x = y = line = 0
        for chip in self._chips.values():
            size = chip.sizeHint()
            if x and x + size.width() > width:
                x, y = 0, y + line + GAP_PX
            places.append(QRect(QPoint(x, y), size))
            x += size.width() + GAP_PX
            line = size.height()
        return places, y + line

    def heightForWidth(self, width: int) -> int:
        return self._placed(width)[1]

    def sizeHint(self) -> QSize:
        return QSize(240, self.heightForWidth(max(240, self.width())))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.heightForWidth(max(120, self.width())))

    def resizeEvent(self, event: QResizeEvent) -> None:
        for chip, place in zip(self._chips.values(), self._placed(self.width())[0], strict=True):
            chip.setGeometry(place)
        self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self.updateGeometry()
        super().changeEvent(event)


class HoldSlider(Slider):
    """A time between two limits, said in seconds."""

    def __init__(self, word: str, limits_s: tuple[float, float]) -> None:
        self._word, self._limits_s = word, limits_s
        super().__init__(word, step=STEP_S / (limits_s[1] - limits_s[0]), is_wheeled=False)

    @property
    def seconds(self) -> float:
        """The time chosen, a multiple of half a second."""
        low_s, high_s = self._limits_s
        return round((low_s + self.value * (high_s - low_s)) / STEP_S) * STEP_S

    def set_seconds(self, seconds: float) -> None:
        """Place the knob without sending `moved`."""
        low_s, high_s = self._limits_s
        self.set_value((seconds - low_s) / (high_s - low_s))

    def set_value(self, value: float) -> None:
        super().set_value(value)
        self.setAccessibleName(f"{self._word}: {self.seconds:g} seconds")
        self.setToolTip(f"{self.seconds:g} s")


class OptionsPanel(SidePanel):
    """Every choice takes effect at once; what was pinned or changed by hand stays."""

    changed = Signal(object)
    """A dictionary of the options that shall change."""
    shuffle_asked = Signal()
    reset_asked = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fit_width()
        self.setAccessibleName("How it is chosen")
        self._options: PlanOptions | None = None
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.close_button = IconButton("x", "Close (Esc)", icon_px=18)
        self.rows = {key: ChipFlow(name, tuple((v, t) for v, t, _ in choices)) for key, name, choices in CHOICES}
        self._hints = {key: Label("", "caption", "text_3", is_wrapped=True) for key in self.rows}
        self.theme_choice = ThemeChoice()
        self._holds = Label("", "body", "text_2")
        self.shortest = HoldSlider("Shortest", SHORTEST_S)
        self.longest = HoldSlider("Longest", LONGEST_S)
        self.pairs = Switch("Upright photos in pairs")
        self.shuffle = Button("Shuffle again", icon="shuffle")
        self.reset = Button("Reset", "bare")
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._send_holds)
        self._build()
        for flow in self.rows.values():
            flow.chosen.connect(self._on_chosen)
        self.shortest.moved.connect(self._on_shortest)
        self.longest.moved.connect(self._on_longest)
        self.theme_choice.changed.connect(self.changed)
        self.pairs.clicked.connect(self._on_pairs)
        self.shuffle.clicked.connect(self.shuffle_asked)
        self.reset.clicked.connect(self.reset_asked)
        self.close_button.clicked.connect(self.closed)

    def _build(self) -> None:
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(PADDING_PX, 12, PADDING_PX, PADDING_PX)
        column.setSpacing(0)
        title = QHBoxLayout()
        title.addWidget(Label("How it is chosen", "heading"), 1)
        title.addWidget(self.close_button)
        column.addLayout(title)
        column.addSpacing(8)
        for i, (key, name, _) in enumerate(CHOICES):
            if i:
                column.addSpacing(16)
            column.addWidget(Label(name, "strong"))
            column.addSpacing(6)
            column.addWidget(self.rows[key])
            column.addSpacing(4)
            column.addWidget(self._hints[key])
            if key == "mood":
                column.addSpacing(16)
                column.addWidget(Label("Theme", "strong"))
                column.addSpacing(6)
                column.addWidget(self.theme_choice)
            if key == "sad":
                column.addSpacing(16)
                column.addWidget(Label("A photo stands", "strong"))
                column.addSpacing(2)
                column.addWidget(self._holds)
                for word, slider in (("At least", self.shortest), ("At most", self.longest)):
                    row = QHBoxLayout()
                    row.setSpacing(12)
                    label = Label(word, "caption", "text_3")
                    label.setMinimumWidth(theme.scaled_px(52))
                    row.addWidget(label)
                    row.addWidget(slider, 1)
                    column.addLayout(row)
        column.addSpacing(16)
        pairs = QHBoxLayout()
        pairs.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Label("Upright photos in pairs", "strong", is_wrapped=True))
        words.addWidget(Label("Two that belong together share the screen.", "caption", "text_3", is_wrapped=True))
        pairs.addLayout(words, 1)
        pairs.addWidget(self.pairs, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(pairs)
        column.addSpacing(12)
        column.addStretch(1)
        column.addWidget(
            Label("Pinned photos and what you changed stay. New shows start with these choices, but for the theme.",
                  "caption", "text_3", is_wrapped=True)
        )  # fmt: skip
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        foot = QHBoxLayout()
        foot.setContentsMargins(PADDING_PX, 12, PADDING_PX, PADDING_PX)
        foot.setSpacing(8)
        foot.addWidget(self.shuffle)
        foot.addWidget(self.reset)
        foot.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(1, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addLayout(foot)

    def _fit_width(self) -> None:
        self.setFixedWidth((WIDTH_PX + theme.scaled_px(WIDTH_PX)) // 2)

    def set_options(self, options: PlanOptions) -> None:
        """Show the options as they are."""
        self._options = options
        for key, flow in self.rows.items():
            flow.set_value(getattr(options, key))
            self._explain(key, getattr(options, key))
        if not self._rest.isActive():
            self.shortest.set_seconds(options.min_hold_s)
            self.longest.set_seconds(options.max_hold_s)
            self._say_holds(options.min_hold_s, options.max_hold_s)
        self.theme_choice.set_value(options.theme, options.theme_share)
        self.pairs.setChecked(options.has_pairs)

    def _explain(self, key: str, value: object) -> None:
        hints = {v: hint for name, _, choices in CHOICES if name == key for v, _, hint in choices}
        self._hints[key].setText(hints.get(str(value), ""))

    def _say_holds(self, shortest_s: float, longest_s: float) -> None:
        self._holds.setText(f"{shortest_s:g} to {longest_s:g} seconds")

    def _hold_values(self) -> tuple[float, float]:
        return self.shortest.seconds, self.longest.seconds

    def _on_shortest(self, _: float) -> None:
        shortest_s, longest_s = self._hold_values()
        if longest_s < 2 * shortest_s:  # the longest is at least twice the shortest, or some songs could not be tiled
            longest_s = 2 * shortest_s
            self.longest.set_seconds(longest_s)
        self._say_holds(shortest_s, longest_s)
        self._rest.start()

    def _on_longest(self, _: float) -> None:
        shortest_s, longest_s = self._hold_values()
        if longest_s < 2 * shortest_s:
            shortest_s = max(SHORTEST_S[0], longest_s / 2)
            self.shortest.set_seconds(shortest_s)
        self._say_holds(shortest_s, longest_s)
        self._rest.start()

    def _send_holds(self) -> None:
        shortest_s, longest_s = self._hold_values()
        self.changed.emit({"min_hold_s": min(shortest_s, longest_s / 2), "max_hold_s": longest_s})

    def _on_chosen(self, value: object) -> None:
        key = next(key for key, flow in self.rows.items() if flow is self.sender())
        self._explain(key, value)
        self.changed.emit({key: value})

    def _on_pairs(self) -> None:
        changes: dict[str, Any] = {"has_pairs": self.pairs.isChecked()}
        self.changed.emit(changes)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self._fit_width()
            self.update()
        super().changeEvent(event)
