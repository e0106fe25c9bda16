"""Faults as the window tells them: a known one in a toast, with details behind it, an unknown one as a report."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QWidget

from engine.errors import EngineError
from slideshow import messages, sheets
from slideshow.session import Session
from slideshow.toasts import Toasts


class FaultNotices:
    """Tells faults over a window; the program goes on."""

    def __init__(self, window: QWidget, session: Session, toasts: Toasts) -> None:
        self._window = window
        self._session = session
        self._toasts = toasts

    def show(self, error: Exception) -> None:
        """Say a known fault in a toast, show a report of an unknown one."""
        if not isinstance(error, EngineError):
            self.report(error)
            return
        if error is self._session.open_error:
            return  # the Make page says it
        message = messages.message_of(error)
        show = partial(self._show_details, message)
        self._toasts.show(messages.short(message), icon="circle-alert", tone="danger", action="Details", on_action=show)

    def report(self, error: BaseException) -> None:
        """Show what a developer needs to know about a bug, ready to copy."""
        sheets.show_details(
            self._window,
            title="Something went wrong",
            text="This is a fault in Moodreel, not yours. You can go on; nothing is lost. A report helps to mend it.",
            details=messages.crash_report(error),
            copy_word="Copy report",
        )

    def show_song_details(self) -> None:
        """Show all that is known of why the song cannot be read."""
        error = self._session.song_error
        if isinstance(error, EngineError):
            self._show_details(messages.message_of(error))

    def _show_details(self, message: messages.Message) -> None:
        sheets.show_details(self._window, title=message.title, text=message.text, details=message.details)
