"""Buttons of the look: main, outlined, bare and danger with a word; icon buttons; the round play button; switches."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QEasingCurve, QEvent, QRectF, QSize, Qt, QVariantAnimation
from PySide6.QtGui import (
    QColor,
    QCursor,
    QEnterEvent,
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QToolTip, QWidget

from slideshow import theme
from slideshow.focus_ring import show_ring
from slideshow.icons import paint_icon
from slideshow.theme import Tokens

Kind = Literal["main", "outlined", "bare", "danger"]

HEIGHT_PX, PADDING_PX, ICON_PX, ICON_GAP_PX = 32, 12, 16, 8
DISABLED_OPACITY = 0.4
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)


def blend(under: str | QColor, over: str | QColor, amount: float) -> QColor:
    """Mix two opaque colours; amount 0 gives the first."""
    a, b = QColor(under), QColor(over)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(x + (y - x) * amount) for x, y in pairs))


class _Pressable(QAbstractButton):
    """Shared manners: keyboard focus only, ring, animated hover, arrows left to the page."""

    def __init__(self, parent: QWidget | None = None, *, radius_px: float) -> None:
        super().__init__(parent)
        self._radius_px = radius_px
        self._hover = 0.0
        self._animation = QVariantAnimation(self)
        self._animation.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._animation.valueChanged.connect(self._on_hover_step)
        # The keyboard reaches it; a click leaves the focus, and with it the keys of playing, where they are.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def _on_hover_step(self, value: float) -> None:
        self._hover = value
        self.update()

    def _glide_hover(self, goal: float) -> None:
        self._animation.stop()
        duration = theme.duration_ms(theme.HOVER_MS)
        if duration == 0:
            self._on_hover_step(goal)
            return
        self._animation.setDuration(duration)
        self._animation.setStartValue(self._hover)
        self._animation.setEndValue(goal)
        self._animation.start()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._glide_hover(1.0)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._glide_hover(0.0)
        super().leaveEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        show_ring(self, event, radius_px=self._radius_px)
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ARROWS:
            event.ignore()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.StyleChange:
            self.updateGeometry()
        if event.type() == QEvent.Type.EnabledChange and not self.isEnabled():
            self._hover = 0.0
        super().changeEvent(event)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class Button(_Pressable):
    """A button with a word, and an icon before it where one helps."""

    def __init__(
        self,
        text: str,
        kind: Kind = "outlined",
        *,
        icon: str = "",
        is_icon_filled: bool = False,
        is_bright: bool = False,
        height_px: int = HEIGHT_PX,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, radius_px=theme.RADIUS_BUTTON)
        self._kind: Kind = kind
        self._icon = icon
        self._is_icon_filled = is_icon_filled
        self._is_bright = is_bright
        self._height_px = height_px
        self._is_wordless = False
        self._brief = ""
        self.setText(text)
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    @property
    def kind(self) -> Kind:
        """How much the button asks for attention."""
        return self._kind

    def set_kind(self, kind: Kind) -> None:
        """Change how much the button asks for attention."""
        self._kind = kind
        self.update()

    def set_face(self, text: str, icon: str, *, brief: str = "") -> None:
        """Change word and icon together; `brief` is said where there is no room for the text."""
        self._icon, self._brief = icon, brief
        self.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    @property
    def is_wordless(self) -> bool:
        """Whether it shows its icon alone, or its brief word."""
        return self._is_wordless

    @property
    def word_px(self) -> int:
        """What the word takes of the width, with the gap before it, more than the brief one would."""
        return self._span_px(self.text()) - self._span_px(self._brief)

    def _span_px(self, word: str) -> int:
        if not word:
            return 0
        return QFontMetrics(theme.font("strong")).horizontalAdvance(word) + 2 + (ICON_GAP_PX if self._icon else 0)

    def set_wordless(self, *, is_wordless: bool) -> None:
        """Show the icon alone or the brief word, where there is no room for all; that is said in the tool tip."""
        if is_wordless != self._is_wordless and self._icon:
            self._is_wordless = is_wordless
            self.updateGeometry()
            self.update()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and self._is_wordless and not self.toolTip():
            QToolTip.showText(QCursor.pos(), self.text(), self)
            return True
        return super().event(event)

    def sizeHint(self) -> QSize:
        width = (
            2 * PADDING_PX
            + (ICON_PX if self._icon else 0)
            + self._span_px(self._brief if self._is_wordless else self.text())
        )
        return QSize(width, max(self._height_px, theme.scaled_px(self._height_px)))

    def _colours(self, t: Tokens) -> tuple[QColor | None, QColor | None, QColor]:
        """Surface, outline and ink for the state it is in."""
        depth = 1.0 if self.isDown() else 0.5 * self._hover
        if self._kind == "main":
            return blend(t.accent, t.window, 0.24 * depth), None, QColor(t.on_accent)
        if self._kind == "danger":
            return blend(t.danger, t.window, 0.24 * depth), None, QColor(t.on_danger)
        if self._kind == "outlined":
            surface = QColor(t.pressed) if self.isDown() else blend(t.raised, t.hover, self._hover)
            return surface, blend(t.line_3, t.line_2, self._hover), QColor(t.text)
        surface_bare = QColor(t.pressed) if self.isDown() else theme.mixed(t.hover, self._hover)
        return surface_bare, None, blend(t.text_2, t.text, 1.0 if self._is_bright else self._hover)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else DISABLED_OPACITY)
        surface, outline, ink = self._colours(theme.current())
        painter.setPen(QPen(outline, 1.0) if outline is not None else Qt.PenStyle.NoPen)
        painter.setBrush(surface if surface is not None else Qt.BrushStyle.NoBrush)
        inset = 0.5 if outline is not None else 0.0
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), self._radius_px, self._radius_px
        )
        painter.setFont(theme.font("strong"))
        text = self._brief if self._is_wordless else self.text()
        text_px = painter.fontMetrics().horizontalAdvance(text)
        icon_px = (ICON_PX + (ICON_GAP_PX if text else 0)) if self._icon else 0
        left = (self.width() - text_px - icon_px) / 2
        if self._icon:
            place = QRectF(round(left), (self.height() - ICON_PX) // 2, ICON_PX, ICON_PX)
            paint_icon(painter, place, self._icon, ink, filled=self._is_icon_filled, stroke_px=1.5)
        painter.setPen(ink)
        place = QRectF(left + icon_px, 0, text_px + 2, self.height())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        painter.end()


class IconButton(_Pressable):
    """A bare square button with an icon; its name is its tool tip and what a screen reader says."""

    def __init__(
        self,
        icon: str,
        name: str,
        *,
        size_px: int = 32,
        icon_px: int = 20,
        is_filled_while_on: bool = False,
        tokens: Tokens | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, radius_px=theme.RADIUS_BUTTON)
        self._icon = icon
        self._icon_px = icon_px
        self._is_filled_while_on = is_filled_while_on
        self._fixed_tokens = tokens
        self.setFixedSize(size_px, size_px)
        self.set_face(icon, name)

    def set_face(self, icon: str, name: str) -> None:
        """Change icon and name together."""
        self._icon = icon
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.update()

    def sizeHint(self) -> QSize:
        return self.size()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self._fixed_tokens or theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else DISABLED_OPACITY)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isDown():
            painter.setBrush(QColor(t.pressed))
        elif self.isChecked():
            painter.setBrush(QColor(t.selected))
        else:
            painter.setBrush(theme.mixed(t.hover, self._hover))
        painter.drawRoundedRect(self.rect(), self._radius_px, self._radius_px)
        side = self._icon_px
        place = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
        ink = t.text if self.isChecked() else blend(t.text_2, t.text, self._hover)
        paint_icon(painter, place, self._icon, ink, filled=self._is_filled_while_on and self.isChecked())
        painter.end()


class PlayButton(_Pressable):
    """The round button: play, or pause while it plays."""

    def __init__(self, *, diameter_px: int = 40, tokens: Tokens | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent, radius_px=diameter_px / 2)
        self._fixed_tokens = tokens
        self._is_playing = False
        self.setFixedSize(diameter_px, diameter_px)
        self.set_playing(is_playing=False)

    def set_playing(self, *, is_playing: bool) -> None:
        """Show pause while it plays, play while it does not."""
        self._is_playing = is_playing
        name = "Pause" if is_playing else "Play"
        self.setAccessibleName(name)
        self.setToolTip(f"{name} (Space)")
        self.update()

    def sizeHint(self) -> QSize:
        return self.size()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = self._fixed_tokens or theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else DISABLED_OPACITY)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(blend(t.accent, t.window, 0.24 if self.isDown() else 0.12 * self._hover))
        painter.drawEllipse(self.rect())
        centre = QRectF(self.rect()).center()
        unit = self.width() / 40
        painter.setBrush(QColor(t.on_accent))
        if self._is_playing:
            for side in (-1, 1):
                bar = QRectF(0, 0, 3.6 * unit, 14 * unit)
                bar.moveCenter(centre)
                painter.drawRoundedRect(bar.translated(side * 3.6 * unit, 0), 1.2 * unit, 1.2 * unit)
        else:
            side_px = 18 * unit
            # A triangle looks centred a little to the right of the middle.
            place = QRectF(centre.x() - side_px / 2 + 1.2 * unit, centre.y() - side_px / 2, side_px, side_px)
            paint_icon(painter, place, "play", t.on_accent, filled=True)
        painter.end()


class Switch(_Pressable):
    """An on-off switch."""

    def __init__(self, name: str, *, is_on: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent, radius_px=10)
        self.setCheckable(True)
        self.setChecked(is_on)
        self.setAccessibleName(name)
        self.setFixedSize(44, 32)

    def sizeHint(self) -> QSize:
        return self.size()

    def paintEvent(self, event: QPaintEvent) -> None:
        t = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else DISABLED_OPACITY)
        track = QRectF(4, 6, 36, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.accent) if self.isChecked() else blend(t.track, t.line_2, self._hover))
        painter.drawRoundedRect(track, 10, 10)
        knob = QRectF(track.right() - 18 if self.isChecked() else track.left() + 2, track.top() + 2, 16, 16)
        painter.setBrush(QColor(t.on_accent if self.isChecked() else t.text if t.is_dark else t.raised))
        painter.drawEllipse(knob)
        painter.end()
