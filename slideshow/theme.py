"""The look: colour tokens of both themes, type styles, motion, and the style sheet of the standard widgets.

One theme is current at a time. `apply` changes it; every widget then gets a StyleChange event and paints anew from
`current()`. Colours of moods live in mood_colours, icons in icons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from slideshow.mood_colours import Scale
from slideshow.places import RESOURCES

FontStyle = Literal[
    "display", "figure", "title", "song", "empty", "heading", "lead", "body", "strong", "label", "caption", "tab"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours of one theme by their role, as sRGB hex."""

    name: Scale
    window: str
    stage: str
    panel: str
    raised: str
    hover: str
    pressed: str
    selected: str
    line: str
    line_2: str
    line_3: str
    track: str
    text: str
    text_2: str
    text_3: str
    accent: str
    on_accent: str
    focus: str
    danger: str
    warn: str
    ok: str
    on_danger: str
    curve_fill: float
    """Opacity of the mood curve's fill at its line."""

    @property
    def is_dark(self) -> bool:
        """Whether this is the dark theme."""
        return self.name == "dark"


DARK = Tokens(
    name="dark", window="#151517", stage="#0D0D0E", panel="#1B1B1E", raised="#252529", hover="#2C2C31",
    pressed="#36363C", selected="#2F2F34", line="#2A2A2E", line_2="#46464D", line_3="#38383E", track="#3A3A40",
    text="#F3F2EF", text_2="#BAB9B5", text_3="#94938F", accent="#F1EEE7", on_accent="#161617", focus="#8AB4FF",
    danger="#FF8F84", warn="#EFBF6E", ok="#8FD0A8", on_danger="#151517", curve_fill=0.46,
)  # fmt: skip

LIGHT = Tokens(
    name="light", window="#F6F5F2", stage="#E9E7E2", panel="#FCFBF9", raised="#FFFFFF", hover="#EDEBE6",
    pressed="#E1DED8", selected="#E7E4DE", line="#E2DFD9", line_2="#BDBAB2", line_3="#D2CFC8", track="#D3D0C9",
    text="#1C1C1E", text_2="#514F4B", text_3="#6B6964", accent="#1F1F21", on_accent="#FFFFFF", focus="#1F66D6",
    danger="#B3261E", warn="#855400", ok="#1F6E42", on_danger="#FFFFFF", curve_fill=0.34,
)  # fmt: skip

OVER_PHOTO = "#0D0D0E"
OVER_PHOTO_OPACITY = 0.62
TEXT_OVER_PHOTO = "#F3F2EF"

FONT_FAMILY = "Inter"
_FONT_FILES = ("Inter-Regular.ttf", "Inter-Medium.ttf", "Inter-SemiBold.ttf")

_STYLES: dict[FontStyle, tuple[int, int, int, float]] = {
    "display": (32, 40, 600, -0.6),
    "figure": (28, 36, 600, -0.5),
    "title": (20, 28, 600, -0.25),
    "song": (22, 28, 600, -0.25),
    "empty": (17, 24, 600, -0.1),
    "heading": (15, 20, 600, -0.1),
    "lead": (17, 24, 400, 0.0),
    "body": (13, 20, 400, 0.0),
    "strong": (13, 20, 500, 0.0),
    "label": (12, 16, 500, 0.0),
    "caption": (11, 16, 400, 0.0),
    "tab": (11, 16, 500, 0.0),
}
"""Size and line in px, weight, letter spacing in px. "lead" is the sentence under the display line, "tab" the sidebar's
caption."""

RADIUS_THUMBNAIL, RADIUS_BUTTON, RADIUS_ROW, RADIUS_CARD, RADIUS_DIALOG = 4, 6, 8, 10, 14

HOVER_MS, SELECT_MS, PAGE_MS = 120, 200, 320


class _State:
    tokens = DARK
    is_motion_reduced = False
    text_scale = 1.0


def current() -> Tokens:
    """Tokens of the theme in use."""
    return _State.tokens


def is_motion_reduced() -> bool:
    """Whether the person asked for less motion."""
    return _State.is_motion_reduced


def duration_ms(base_ms: int) -> int:
    """Length of an interface animation: 0 with reduced motion."""
    return 0 if _State.is_motion_reduced else base_ms


def scaled_px(size_px: float) -> int:
    """Size of something that must grow with the text (a row, a bar), in px."""
    return round(size_px * _State.text_scale)


def load_fonts() -> bool:
    """Register Inter from resources/fonts; False where a file is missing and the system's font steps in."""
    loaded = [QFontDatabase.addApplicationFont(str(RESOURCES / "fonts" / name)) for name in _FONT_FILES]
    return all(number >= 0 for number in loaded)


def font(style: FontStyle) -> QFont:
    """Font of a type style, with tabular figures where Qt can switch them on (6.7 and later)."""
    size, _, weight, spacing = _STYLES[style]
    made = QFont(FONT_FAMILY)
    made.setPixelSize(scaled_px(size))
    made.setWeight(QFont.Weight(weight))
    if spacing:
        made.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, spacing)
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    made.setFeature(QFont.Tag("tnum"), 1)
    made.setFeature(QFont.Tag("calt"), 0)  # it would write the x in "tmp0x2" as a multiplication sign
    return made


def line_px(style: FontStyle) -> int:
    """Line height of a type style, in px."""
    return scaled_px(_STYLES[style][1])


def mixed(colour: str, alpha: float) -> QColor:
    """Colour of a token at an opacity."""
    made = QColor(colour)
    made.setAlphaF(alpha)
    return made


def apply(app: QApplication, tokens: Tokens, *, is_motion_reduced: bool = False, text_scale: float = 1.0) -> None:
    """Make a theme current and hand it to every widget."""
    _State.tokens = tokens
    _State.is_motion_reduced = is_motion_reduced
    _State.text_scale = text_scale
    app.setPalette(_palette(tokens))
    app.setFont(font("body"))
    app.setStyleSheet(style_sheet(tokens))


def _palette(t: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, t.window), (role.Base, t.raised), (role.AlternateBase, t.panel), (role.Button, t.raised),
        (role.WindowText, t.text), (role.Text, t.text), (role.ButtonText, t.text), (role.BrightText, t.danger),
        (role.ToolTipBase, t.raised), (role.ToolTipText, t.text), (role.PlaceholderText, t.text_3),
        (role.Highlight, t.selected), (role.HighlightedText, t.text), (role.Link, t.text), (role.Mid, t.line),
    ):  # fmt: skip
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(t.text_3))
    return palette


def style_sheet(t: Tokens) -> str:
    """Style sheet of the widgets that Qt paints itself: menus, tool tips, scroll bars, text views."""
    body, label = scaled_px(13), scaled_px(12)
    return f"""
    QMainWindow, QDialog {{ background: {t.window}; }}
    QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line_2}; padding: 5px 8px;
        font-size: {label}px; }}
    QMenuBar {{ background: {t.window}; color: {t.text_2}; border-bottom: 1px solid {t.line}; padding: 2px 8px; }}
    QMenuBar::item {{ padding: 5px 10px; border-radius: 6px; background: transparent; }}
    QMenuBar::item:selected {{ background: {t.hover}; color: {t.text}; }}
    QMenu {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line_2}; border-radius: 8px; padding: 6px;
        font-size: {body}px; }}
    QMenu::item {{ padding: 7px 28px 7px 12px; border-radius: 6px; }}
    QMenu::item:selected {{ background: {t.hover}; }}
    QMenu::item:disabled {{ color: {t.text_3}; }}
    QMenu::separator {{ height: 1px; background: {t.line_3}; margin: 6px 8px; }}
    QMenu::indicator {{ width: 0px; }}
    QScrollArea, QAbstractScrollArea {{ background: transparent; border: none; }}
    QScrollArea > QWidget > QWidget {{ background: transparent; }}
    QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
    QScrollBar::handle {{ background: {t.track}; border-radius: 3px; margin: 3px; min-height: 32px; min-width: 32px; }}
    QScrollBar::handle:hover {{ background: {t.line_2}; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{ background: none;
        width: 0; height: 0; border: none; }}
    QPlainTextEdit {{ background: {t.window}; color: {t.text_2}; border: 1px solid {t.line_3}; border-radius: 6px;
        padding: 8px; selection-background-color: {t.line_2}; selection-color: {t.text}; }}
    QPlainTextEdit:focus {{ border: 1px solid {t.focus}; }}
    """
