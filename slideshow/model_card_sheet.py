"""The model in use, told to the person: its name, what it learnt from, how well it does, and its whole card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QWidget

from slideshow import theme
from slideshow.labels import Label
from slideshow.markdown_view import MarkdownView
from slideshow.photo_words import date_in_words
from slideshow.sheets import Sheet

if TYPE_CHECKING:
    from engine.bundle import Manifest, ModelBundle

CARD_PX = 820
CARD_FRAME_PX = 320
"""What the sheet needs round the card: title, facts, button, margins."""

N_ID_LETTERS = 12
"""Letters of a model's id that are shown: enough to tell any two apart."""

CORPUS_WORDS = {"OASIS": "OASIS (photos)", "DEAM": "DEAM (songs)", "IAPS": "IAPS (photos)", "NAPS": "NAPS (photos)"}

MEANING = (
    "r compares what the model says with what people said, of photos and songs it never met: 0 is a guess, 1 is exact."
)

_SCORES = (
    ("photos", "photo_valence_r", "photo_arousal_r"),
    ("songs", "song_valence_r", "song_arousal_r"),
)


def facts_of(manifest: Manifest, bundle_id: str) -> tuple[tuple[str, str], ...]:
    """What is said of a model in a line each: (name, value)."""
    corpora = ", ".join(CORPUS_WORDS.get(name, name) for name in manifest.corpora)
    scores = manifest.scores
    told = [
        (f"Agrees with people on {what}", f"pleasantness r {scores[valence]:.2f}, energy r {scores[arousal]:.2f}")
        for what, valence, arousal in _SCORES
        if valence in scores and arousal in scores
    ]
    return (
        ("Name", manifest.name),
        ("Id", bundle_id[:N_ID_LETTERS]),
        ("Made on", date_in_words(manifest.created) or manifest.created[:10]),
        ("Trained on", corpora or "nothing: it follows fixed rules"),
        *(told or [("Agrees with people", "not measured")]),
    )


class FactRows(QWidget):
    """Names at the left, values beside them; a value too long for its line goes on in the next."""

    def __init__(self, facts: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._facts: tuple[tuple[str, str], ...] = ()
        self.set_facts(facts)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What is shown."""
        return self._facts

    def set_facts(self, facts: tuple[tuple[str, str], ...]) -> None:
        """Show these facts."""
        if facts == self._facts:
            return
        self._facts = facts
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for row, (name, value) in enumerate(facts):
            self._grid.addWidget(Label(name, "body", "text_2"), row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(Label(value, "body", is_wrapped=True), row, 1)


def show_model_card(window: QWidget, bundle: ModelBundle, card: str) -> Sheet:
    """Lay a model's card over the window; card is its Markdown, "" where the model came without one."""
    sheet = Sheet(window, "About this model", width_px=CARD_PX)
    sheet.add_body(FactRows(facts_of(bundle.manifest, bundle.id)))
    sheet.add_body(Label(MEANING, "caption", "text_3", is_wrapped=True))
    if card:
        view = MarkdownView(_without_title(card), name="Model card")
        frame = theme.scaled_px(CARD_FRAME_PX)
        view.setFixedHeight(max(160, min(view.sizeHint().height(), window.height() - frame)))
        sheet.add_body(view)
        sheet.add_button("Copy the card", "outlined", lambda: QGuiApplication.clipboard().setText(card), is_apart=True)
    else:
        sheet.add_text("This model came without a card.")
    sheet.add_button("Close", "main", is_safe=True)
    sheet.open()
    return sheet


def _without_title(card: str) -> str:
    """The card from below its first heading on, which the sheet says itself."""
    first, _, rest = card.lstrip().partition("\n")
    return rest.lstrip() if first.startswith("# ") else card


def read_card(bundle: ModelBundle, *, report: Any = None) -> str:
    """Read a bundle's card; "" where it has none. Raises BrokenBundle. For a job."""
    from engine.bundle import MODEL_CARD

    if MODEL_CARD not in bundle.manifest.files:
        path = bundle.path / MODEL_CARD  # in a bundle whose manifest does not name it
        return path.read_text("utf-8", "replace") if path.is_file() else ""
    return bundle.file_bytes(MODEL_CARD).decode("utf-8", "replace")
