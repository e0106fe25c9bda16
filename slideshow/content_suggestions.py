"""Suggestions under a text field: words for what the library's photos really show, each with how many do."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QCompleter,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from engine.content import completions
from slideshow import theme

MOST = 12
"""Suggestions at once, commonest first where nothing is typed yet."""

ROW_PX, PADDING_PX = 32, 12
GAP_PX = 6
"""Qt lays the list 2 px over the field; so it lies 4 px under it."""

_Index = QModelIndex | QPersistentModelIndex


class _Words(QAbstractListModel):
    """Words with their counts."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.items: list[tuple[str, int]] = []

    def set_items(self, items: list[tuple[str, int]]) -> None:
        self.beginResetModel()
        self.items = items
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.items)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        word, count = self.items[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return word
        if role == Qt.ItemDataRole.UserRole:
            return count
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{word}, {count:,} photos" if count != 1 else f"{word}, 1 photo"
        return None


class _Row(QStyledItemDelegate):
    """A word at the left, its count at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(120, max(ROW_PX, theme.scaled_px(ROW_PX)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        t = theme.current()
        rect: QRect = option.rect
        state = option.state
        is_on = bool(state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.pressed))  # t.hover hardly shows on the raised list
            painter.drawRoundedRect(rect.adjusted(4, 2, -4, -2), theme.RADIUS_BUTTON, theme.RADIUS_BUTTON)
        inner = rect.adjusted(PADDING_PX, 0, -PADDING_PX, 0)
        painter.setFont(theme.font("body"))
        painter.setPen(QColor(t.text))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, str(index.data()))
        count = f"{index.data(Qt.ItemDataRole.UserRole):,}"
        painter.setFont(theme.font("caption"))
        painter.setPen(QColor(t.text_2))
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, count)
        painter.restore()


class ContentSuggestions(QObject):
    """Offers words under a field: as one types, on a click into the empty field, or with the down arrow."""

    chosen = Signal(str)
    """A word was taken; it stands in the field already."""

    def __init__(self, field: QLineEdit) -> None:
        super().__init__(field)
        self._field = field
        self._counts: Mapping[str, int] = {}
        self._model = _Words(self)
        self.completer = QCompleter(self._model, self)
        self.completer.setWidget(field)
        self.completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self.completer.setMaxVisibleItems(MOST)
        self.popup = popup = QListView()
        popup.setAccessibleName("What your photos show")
        popup.setFrameShape(QFrame.Shape.NoFrame)
        popup.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        popup.setMouseTracking(True)
        popup.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # there are never more than fit
        self.completer.setPopup(popup)
        popup.setItemDelegate(_Row(popup))  # after setPopup, which sets one of its own
        self.completer.activated.connect(self._on_activated)
        field.textEdited.connect(self._on_edited)
        field.installEventFilter(self)

    @property
    def words(self) -> tuple[str, ...]:
        """What is offered now."""
        return tuple(word for word, _ in self._model.items)

    @property
    def is_choosing(self) -> bool:
        """Whether a word of the list is marked and not yet taken."""
        return self.popup.isVisible() and self.popup.currentIndex().isValid()

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """Offer these words, commonest first, each with how many photos show it."""
        self._counts = counts

    def offer(self) -> None:
        """Offer words for what stands in the field."""
        text = self._field.text()
        if text.strip():
            found = [word for word in completions(text, n=200) if word in self._counts]
        else:
            found = list(self._counts)
        items = [(word, self._counts[word]) for word in found[:MOST]]
        self._model.set_items(items)
        if not items or [word for word, _ in items] == [text.strip().lower()]:
            self.popup.hide()
            return
        self._dress()
        self.completer.complete()
        is_below = self.popup.y() > self._field.mapToGlobal(QPoint(0, 0)).y()
        self.popup.move(self.popup.x(), self.popup.y() + (GAP_PX if is_below else -GAP_PX))
        self.popup.setCurrentIndex(QModelIndex())  # Enter takes a word of the list only once the arrows are in it

    def _dress(self) -> None:
        """Give the popup the look in use; it is a window of its own, which the window's style sheet does not reach."""
        t = theme.current()
        self.popup.setStyleSheet(
            f"QListView {{ background: {t.raised}; border: 1px solid {t.line_2}; padding: 0; outline: none; }}"
        )

    def _on_edited(self, text: str) -> None:
        if text.strip():
            self.offer()
        else:
            self.popup.hide()

    def _on_activated(self, word: str) -> None:
        self.popup.hide()
        self._field.setText(word)
        self.chosen.emit(word)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._field and not self.popup.isVisible():
            is_clicked = event.type() == QEvent.Type.MouseButtonRelease and not self._field.text()
            is_asked = isinstance(event, QFocusEvent) and event.reason() == Qt.FocusReason.ShortcutFocusReason
            is_asked = is_asked and event.type() == QEvent.Type.FocusIn and not self._field.text()
            is_down = (
                isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and event.key() == Qt.Key.Key_Down
            )
            if is_clicked or is_asked or is_down:
                self.offer()
                return is_down
        return False
