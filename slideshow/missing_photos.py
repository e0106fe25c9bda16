"""What is told of photos that a show was made with and that are not there now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from engine.project import OpenedProject
from slideshow import messages, sheets
from slideshow.toasts import Toasts

if TYPE_CHECKING:
    from engine.library import Photo


def tell_missing(window: QWidget, toasts: Toasts, found: OpenedProject) -> None:
    """Say which photos of an opened show, and how many of those it was chosen from, were not found; nothing if none."""
    if found.n_unchosen:
        toasts.show(unchosen_in_words(found), icon="triangle-alert", tone="warn")
    n = len(found.missing)
    if n == 0:
        return
    who = "One photo was" if n == 1 else f"{messages.number_word(n)} photos were"
    them = "Another stands in for it." if n == 1 else "Others stand in for them."
    toasts.show(
        f"{who} not found. {them}",
        icon="triangle-alert",
        tone="warn",
        action="Details",
        on_action=partial(_show_missing, window, found.missing),
    )


def unchosen_in_words(found: OpenedProject) -> str:
    """Say that photos of the show's choice are not in the library."""
    n_left = len(found.project.choice or ())
    if n_left == 0:
        return "The photos this show was chosen from are not in your library. It may use all now."
    n = messages.number_word(found.n_unchosen)
    are = "is" if found.n_unchosen == 1 else "are"
    return f"{n} of the {n_left + found.n_unchosen:,} chosen photos {are} not in your library."


def _show_missing(window: QWidget, missing: tuple[tuple[Photo, int], ...]) -> None:
    lines = [f"{photo.path}" for photo, _ in missing]
    sheets.show_details(
        window,
        title="Photos that were not found",
        text="Other photos stand in for them. The file keeps the old ones until you save, so you can also put the "
        "photos back and open it again.",
        details="\n".join(lines).encode("utf-8", "surrogateescape").decode("utf-8", "replace"),
    )
