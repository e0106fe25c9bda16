"""The Alt key, pressed and let go alone: with another key, the mouse or in another window it means something else."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

_KEYS = (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride)
_OTHERS = (QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.WindowDeactivate)


class AltKey(QObject):
    """Told by a window of the key; while it is held, looks at all that comes to the app."""

    def __init__(self, window: QObject) -> None:
        super().__init__(window)
        self._is_alone = False

    def press(self, event: QKeyEvent) -> None:
        """Take a key that was pressed."""
        is_alt = event.key() == Qt.Key.Key_Alt and event.modifiers() == Qt.KeyboardModifier.AltModifier
        app = QCoreApplication.instance()
        if is_alt and not event.isAutoRepeat() and app is not None:
            self._is_alone = True
            app.installEventFilter(self)

    def let_go(self, event: QKeyEvent) -> bool:
        """Take a key that was let go; True for Alt that was pressed alone."""
        was_alone = self._is_alone and event.key() == Qt.Key.Key_Alt
        self._forget()
        return was_alone

    def _forget(self) -> None:
        self._is_alone = False
        app = QCoreApplication.instance()
        if app is not None:
            app.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        is_other_key = event.type() in _KEYS and isinstance(event, QKeyEvent) and event.key() != Qt.Key.Key_Alt
        if is_other_key or event.type() in _OTHERS:
            self._forget()
        return False
