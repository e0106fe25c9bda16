"""The menu of a cue: everything that can be done with one photo of the show."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from engine.transitions import Transition
from slideshow.messages import name_of
from slideshow.mood_words import shown_word

if TYPE_CHECKING:
    from slideshow.create_page import CreatePage

TRANSITION_WORDS: dict[Transition, str] = {"crossfade": "Crossfade", "cut": "Cut", "dip": "Dip", "slide": "Slide"}


def cue_menu(page: CreatePage, index: int, parent: QWidget) -> QMenu:
    """Make the menu of a cue of the page's show."""
    session, editing, timeline = page.session, page.session.editing, page.timeline
    assert session.plan is not None
    cue = session.plan.cues[index]
    menu = QMenu(parent)
    menu.setAccessibleName(f"Photo {index + 1}")

    def add(text: str, act: object, *, is_on: bool = True, under: QMenu = menu) -> QAction:
        action = QAction(text, menu)
        action.setEnabled(is_on)
        action.triggered.connect(act)
        under.addAction(action)
        return action

    add("Go to this photo", partial(page.seek, cue.start_s + cue.fade_s / 2))
    add("About this photo…\tI", partial(page.explanation_wanted.emit, index))
    add("Unpin\tP" if cue.is_pinned else "Pin here\tP", partial(editing.toggle_pin, index))
    menu.addSeparator()
    others = session.runners_up[index] if index < len(session.runners_up) else ()
    for number, other in enumerate(others, 1):
        text = f"Use {name_of(other.photo.path)} ({shown_word(other.mood)}, {round(other.score * 100)}%)\t{number}"
        add(text.replace("&", "&&"), partial(editing.use_runner_up, index, other))
    add("Choose another photo…\tC", partial(page.photo_wanted.emit, index), is_on=session.n_photos > 1)
    add("Never show this photo\tX", partial(editing.never_show, index), is_on=session.n_photos > 1)
    menu.addSeparator()
    add("Begin a beat earlier\t[", partial(editing.nudge_cut, index, step=-1), is_on=index > 0)
    add("Begin a beat later\t]", partial(editing.nudge_cut, index, step=1), is_on=index > 0)
    transitions = menu.addMenu("Comes by")
    transitions.setEnabled(index > 0)
    for transition, word in TRANSITION_WORDS.items():
        action = add(word, partial(editing.set_transition, index, transition), under=transitions)
        action.setCheckable(True)
        action.setChecked(cue.transition == transition)
    menu.addSeparator()
    span = timeline.span or (index, index)
    is_locked = all(cue.is_pinned for cue in session.plan.cues[span[0] : span[1] + 1])
    if span[0] != span[1]:
        words = "Unlock the selected photos\tL" if is_locked else "Lock the selected photos\tL"
        add(words, partial(editing.toggle_lock, *span))
    else:
        add("Select from here\tShift+Left, Shift+Right", partial(timeline.select, (index, index)))
    return menu


def show_cue_menu(page: CreatePage, index: int, place: QPoint) -> QMenu:
    """Open the menu of a cue at a place on the screen; it goes when it is closed."""
    menu = cue_menu(page, index, page)
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(place)
    return menu
