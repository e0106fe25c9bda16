"""The sheets of a film: what it shall be, how far it is, what has become of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.errors import EngineError
from slideshow import messages
from slideshow.buttons import Button, Switch
from slideshow.chips import ChipRow
from slideshow.film_options import FRAME_RATES, SHORT_SIDES_PX, FilmOptions, seconds_needed, size_of
from slideshow.labels import Label
from slideshow.progress_bar import ProgressBar
from slideshow.settings import Settings, SettingsStore
from slideshow.sheets import Sheet

if TYPE_CHECKING:
    from engine.video import FilmReport

WIDTH_PX = 560

SHAPES = (("wide", "Wide 16:9"), ("tall", "Tall 9:16"), ("square", "Square 1:1"))
SIZES = tuple((side, "4K" if side == 2160 else f"{side}p") for side in SHORT_SIDES_PX)
CARES = (("quick", "Quick"), ("default", "Balanced"), ("fine", "Fine"))
RATES = tuple((rate, str(rate)) for rate in FRAME_RATES)

ABOUT_SHAPE = {
    "wide": "For televisions, computers and projectors.",
    "tall": "For telephones held upright.",
    "square": "For places that show pictures side by side.",
}
ABOUT_CARE = {
    "quick": "Ready soonest. The file is a quarter larger.",
    "default": "A good film in a fair time.",
    "fine": "The best picture in the smallest file. It takes about three times as long.",
}


def options_of(settings: Settings) -> FilmOptions:
    """The film that the settings describe."""
    return FilmOptions(
        size=size_of(settings.film_shape, settings.film_height_px),
        fps=settings.film_fps,
        preset="quick" if settings.film_care == "quick" else "fine" if settings.film_care == "fine" else "default",
        encoder="auto" if settings.has_film_hardware else "libx264",
    )


class FilmChoices(QWidget):
    """The choices; each is kept in the settings at once, so that the next film begins with them."""

    grown = Signal()
    """More choices have come to sight."""

    def __init__(self, store: SettingsStore, *, duration_s: float, is_credited: bool) -> None:
        super().__init__()
        self._store = store
        self._duration_s = duration_s
        self.shape = ChipRow("Shape", SHAPES)
        self.size_row = ChipRow("Size", SIZES)
        self.care = ChipRow("Making", CARES)
        self.rate = ChipRow("Frames a second", RATES)
        self.hardware = Switch("Use the graphics chip")
        self.more = Button("More", "bare")
        self._about_shape = Label("", "caption", "text_3", is_wrapped=True)
        self._about_size = Label("", "caption", "text_3", is_wrapped=True)
        self._about_care = Label("", "caption", "text_3", is_wrapped=True)
        self._estimate = Label("", "strong", is_wrapped=True)
        self._more_rows = QWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(12)
        column.addLayout(_row("Shape", self.shape, self._about_shape))
        column.addLayout(_row("Size", self.size_row, self._about_size))
        column.addLayout(_row("Making", self.care, self._about_care))
        more = QVBoxLayout(self._more_rows)
        more.setContentsMargins(0, 0, 0, 0)
        more.setSpacing(12)
        about_rate = Label("30 suits most screens. 60 is smoother and twice the work.", "caption", "text_3")
        more.addLayout(_row("Frames a second", self.rate, about_rate))
        about_hardware = Label("Quicker where the computer has one for films.", "caption", "text_3")
        more.addLayout(_row("Graphics chip", self.hardware, about_hardware))
        self._more_rows.hide()
        self._more_row = QWidget()
        self._more_row.setLayout(_row("", self.more, None))
        column.addWidget(self._more_row)
        column.addWidget(self._more_rows)
        column.addWidget(self._estimate)
        if is_credited:
            words = "Its last seconds name the makers of the demo's photos and music."
            column.addWidget(Label(words, "caption", "text_3", is_wrapped=True))
        self.shape.chosen.connect(lambda value: store.change(film_shape=value))
        self.size_row.chosen.connect(lambda value: store.change(film_height_px=value))
        self.care.chosen.connect(lambda value: store.change(film_care=value))
        self.rate.chosen.connect(lambda value: store.change(film_fps=value))
        self.hardware.clicked.connect(lambda: store.change(has_film_hardware=self.hardware.isChecked()))
        self.more.clicked.connect(self.show_more)
        store.changed.connect(self.refresh)
        self.refresh()

    def show_more(self) -> None:
        """Show the choices that few need."""
        is_by_key = self.more.hasFocus()
        self._more_row.hide()
        self._more_rows.show()
        self.grown.emit()
        if is_by_key:  # whoever clicked sees no ring
            self.rate.chip(self._store.now.film_fps).setFocus(Qt.FocusReason.OtherFocusReason)

    def refresh(self) -> None:
        """Show the choices as they are, and what they come to."""
        from engine.video import expected_bytes  # PyAV is loaded by now: there is a song

        now = self._store.now
        options = options_of(now)
        self.shape.set_value(now.film_shape)
        self.size_row.set_value(now.film_height_px)
        self.care.set_value(now.film_care)
        self.rate.set_value(now.film_fps)
        self.hardware.setChecked(now.has_film_hardware)
        self._about_shape.setText(ABOUT_SHAPE[now.film_shape])
        width, height = options.size
        self._about_size.setText(f"{width} × {height} pixels.")
        self._about_care.setText(ABOUT_CARE[now.film_care])
        n_bytes = expected_bytes(size=options.size, fps=options.fps, duration_s=self._duration_s, preset=options.preset)
        wait = messages.duration_text(seconds_needed(options, self._duration_s, speed=now.film_speed))
        self._estimate.setText(f"About {messages.size_text(n_bytes)}, ready in {wait}.")


def _row(name: str, control: QWidget, about: Label | None) -> QHBoxLayout:
    title = Label(name, "body", "text_2")
    title.setFixedWidth(title.fontMetrics().horizontalAdvance("Frames a second") + 8)
    words = QVBoxLayout()
    words.setSpacing(4)
    words.addWidget(control, 0, Qt.AlignmentFlag.AlignLeft)
    if about is not None:
        words.addWidget(about)
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(12)
    title.setMinimumHeight(control.sizeHint().height())
    row.addWidget(title, 0, Qt.AlignmentFlag.AlignTop)
    row.addLayout(words, 1)
    return row


def ask_for_film(
    window: QWidget,
    store: SettingsStore,
    *,
    duration_s: float,
    is_credited: bool,
    on_save: Callable[[], None],
    on_timeline: Callable[[], None],
) -> Sheet:
    """Ask what the film shall be; the focus starts on the button that asks for its place."""
    sheet = Sheet(window, "Export film", width_px=WIDTH_PX)
    choices = FilmChoices(store, duration_s=duration_s, is_credited=is_credited)
    choices.grown.connect(sheet.settle)
    sheet.add_body(choices)
    sheet.add_button("For a video editor…", "outlined", _after_closing(sheet, on_timeline), is_apart=True)
    sheet.add_button("Cancel", "outlined")
    sheet.add_button("Save film…", "main", _after_closing(sheet, on_save), is_safe=True)
    sheet.open()
    return sheet


@dataclass(slots=True)
class ProgressSheet:
    """The sheet while a film is made; `show` moves it on."""

    sheet: Sheet
    bar: ProgressBar
    share: Label
    left: Label

    def show(self, share: float, left_s: float | None) -> None:
        """Say how far the film is and how long it still takes."""
        self.bar.set_share(share)
        self.share.setText(f"{int(share * 100)} %")
        self.left.setText("" if left_s is None else f"{messages.time_left(left_s)}")


def show_progress(window: QWidget, dest: Path, *, on_stop: Callable[[], None]) -> ProgressSheet:
    """Show how far the film is. Closing the sheet does not stop the film."""
    sheet = Sheet(window, "Saving the film")
    sheet.add_text(messages.name_of(dest))
    body = QWidget()
    column = QVBoxLayout(body)
    column.setContentsMargins(0, 12, 0, 0)
    column.setSpacing(8)
    made = ProgressSheet(sheet, ProgressBar(), Label("0 %", "label"), Label("", "label", "text_2"))
    made.bar.set_share(0.0)
    column.addWidget(made.bar)
    row = QHBoxLayout()
    row.addWidget(made.share)
    row.addStretch(1)
    row.addWidget(made.left)
    column.addLayout(row)
    sheet.add_body(body)
    sheet.add_button("Stop", "outlined", on_stop)
    sheet.add_button("Keep working", "main", is_safe=True)
    sheet.open()
    return made


def show_saved(
    window: QWidget, report: FilmReport, *, on_play: Callable[[], None], on_show: Callable[[], None]
) -> Sheet:
    """Say what was saved, and what is not as it should be."""
    is_well = not report.check.faults
    sheet = Sheet(window, "Your film is saved" if is_well else "Your film is saved, but look at it")
    sheet.add_text(film_facts(report))
    for note in film_notes(report):
        sheet.add_text(note)
    sheet.add_button("Close", "bare")
    sheet.add_button("Show in folder", "outlined", on_show)
    sheet.add_button("Play film", "main", on_play, is_safe=True)
    sheet.open()
    return sheet


def show_failed(window: QWidget, error: EngineError, *, on_again: Callable[[], None]) -> Sheet:
    """Say why there is no film; the choices are one step away."""
    message = messages.message_of(error)
    sheet = Sheet(window, message.title)
    sheet.add_text(message.text)
    sheet.add_button("Close", "outlined")
    sheet.add_button("Choose again", "main", _after_closing(sheet, on_again), is_safe=True)
    sheet.open()
    return sheet


def _after_closing(sheet: Sheet, act: Callable[[], None]) -> Callable[[], None]:
    def close_and_act() -> None:
        sheet.close()
        act()

    return close_and_act


def film_facts(report: FilmReport) -> str:
    """Say where a film is, how long and large, and how it was made."""
    minutes, seconds = divmod(round(report.duration_s), 60)
    took = messages.duration_text(report.seconds)
    return (
        f"{messages.name_of(report.path)} lasts {minutes}:{seconds:02d} and takes "
        f"{messages.size_text(report.check.n_bytes)}. It was made in {took}; the encoder was {report.encoder}."
    )


def film_notes(report: FilmReport) -> list[str]:
    """List, in sentences, what a person should know of a film that was saved."""
    notes = list(report.check.faults)
    if report.unreadable:
        n = len(report.unreadable)
        who, stand = (
            ("One photo", "another stands in its place")
            if n == 1
            else (
                f"{messages.number_word(n)} photos",
                "others stand in their places",
            )
        )
        notes.append(f"{who} could not be read; {stand}.")
    if report.gave_up:
        notes.append(f"{report.gave_up} did not work, so {report.encoder} took over.")
    return notes
