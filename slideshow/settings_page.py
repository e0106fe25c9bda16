"""The Settings page: look, text size, motion, film, the model in use, and what this is."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from slideshow.buttons import Button, Switch
from slideshow.chips import ChipRow
from slideshow.film_sheets import SIZES
from slideshow.labels import Label
from slideshow.model_card_sheet import MEANING, FactRows, facts_of
from slideshow.session import Session
from slideshow.settings import TEXT_SCALES, SettingsStore

MAX_WIDTH_PX = 640


def app_version() -> str:
    """The version of Moodreel as it is installed, "" in a plain checkout."""
    try:
        return metadata.version("moodreel")
    except metadata.PackageNotFoundError:
        return ""


class SettingsPage(QWidget):
    """Every setting takes effect at once; there is nothing to save."""

    keys_wanted = Signal()
    introduction_wanted = Signal()
    card_wanted = Signal()
    """The model card of the bundle in use."""

    def __init__(
        self, store: SettingsStore, session: Session, *, library_path: Path, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._store = store
        self._session = session
        self._library_path = library_path
        self.theme = ChipRow("Theme", (("system", "As the system"), ("dark", "Dark"), ("light", "Light")))
        self.text_size = ChipRow("Text size", tuple((scale, f"{round(scale * 100)}%") for scale in TEXT_SCALES))
        self.motion = Switch("Reduce motion")
        self.film = ChipRow("Film size", SIZES)
        self.following = Switch("Follow changes in folders")
        self.keys = Button("Keys", icon="keyboard")
        self.introduction = Button("Show the introduction again", "bare")
        self.model = FactRows()
        self.card = Button("Read its card", icon="info")
        self._place = Label("", "body", "text_2", is_elided=True)
        self._build()
        self.theme.chosen.connect(self._on_theme)
        self.text_size.chosen.connect(self._on_text_size)
        self.motion.clicked.connect(self._on_motion)
        self.film.chosen.connect(self._on_film)
        self.following.clicked.connect(self._on_following)
        self.card.clicked.connect(self.card_wanted)
        self.keys.clicked.connect(self.keys_wanted)
        self.introduction.clicked.connect(self.introduction_wanted)
        store.changed.connect(self.refresh)
        session.opened.connect(self.refresh)
        session.bundle_changed.connect(self.refresh)
        self.refresh()

    def _build(self) -> None:
        inner = QWidget()
        inner.setMaximumWidth(MAX_WIDTH_PX)
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Label("Settings", "title"))
        column.addSpacing(24)
        for heading, rows in (
            (
                "Look",
                (
                    ("Theme", "", self.theme),
                    ("Text size", "", self.text_size),
                    ("Reduce motion", "No slow zoom, no moving curve, quick crossfades.", self.motion),
                ),
            ),
            ("Photos", (("Follow changes", "New and changed photos appear by themselves.", self.following),)),
            ("Film", (("Size", "Larger films take longer to save.", self.film),)),
        ):
            column.addWidget(Label(heading, "heading"))
            column.addSpacing(8)
            for name, hint, control in rows:
                column.addLayout(_row(name, hint, control))
                column.addSpacing(8)
            column.addSpacing(20)
        column.addWidget(Label("Mood model", "heading"))
        column.addSpacing(8)
        column.addWidget(self.model)
        column.addSpacing(4)
        column.addWidget(Label(MEANING, "caption", "text_3", is_wrapped=True))
        column.addSpacing(12)
        column.addWidget(self.card, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(28)
        column.addWidget(Label("About", "heading"))
        column.addSpacing(8)
        version = app_version()
        about = (
            f"Moodreel {version}. Everything stays on this computer."
            if version
            else "Everything stays on this computer."
        )
        for label in (Label(about, "body", "text_2"), self._place):
            column.addWidget(label)
            column.addSpacing(4)
        column.addSpacing(12)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.keys)
        buttons.addWidget(self.introduction)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addStretch(1)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(24, 24, 24, 24)
        row.addStretch(1)
        row.addWidget(inner, 1000)
        row.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(body)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def refresh(self) -> None:
        """Show the settings as they are."""
        now = self._store.now
        self.theme.set_value(now.theme)
        self.text_size.set_value(now.text_scale)
        self.motion.setChecked(now.is_motion_reduced)
        self.film.set_value(now.film_height_px)
        self.following.setChecked(now.is_following_folders)
        encoders = self._session.encoders
        if encoders is not None:
            self.model.set_facts(facts_of(encoders.bundle.manifest, encoders.bundle.id))
        self.card.setEnabled(encoders is not None)
        self._place.setText(f"Library: {self._library_path}")

    def _on_theme(self, value: object) -> None:
        self._store.change(theme=value)

    def _on_text_size(self, value: object) -> None:
        self._store.change(text_scale=value)

    def _on_motion(self) -> None:
        self._store.change(is_motion_reduced=self.motion.isChecked())

    def _on_following(self) -> None:
        self._store.change(is_following_folders=self.following.isChecked())

    def _on_film(self, value: object) -> None:
        self._store.change(film_height_px=value)


def _row(name: str, hint: str, control: QWidget) -> QHBoxLayout:
    words = QVBoxLayout()
    words.setSpacing(0)
    words.addWidget(Label(name, "body"))
    if hint:
        words.addWidget(Label(hint, "caption", "text_3"))
    row = QHBoxLayout()
    row.setSpacing(16)
    row.addLayout(words, 1)
    row.addWidget(control, 0, Qt.AlignmentFlag.AlignRight)
    return row
