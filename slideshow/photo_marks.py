"""Marks on a photo in the grid: how many a stack holds, a favourite's heart, what shows pass over."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

from slideshow import theme
from slideshow.icons import icon_pixmap

if TYPE_CHECKING:
    from engine.photos import Photo

BADGE_REACH_PX = 36
"""A click so near to the upper left corner is on the stack's badge: it is 24 px high, 32 and more can be clicked."""

BADGE_PX, INSET_PX, ICON_PX = 24, 4, 14
LEFT_OUT_OPACITY = 0.55
"""What shows pass over lies under so much of the page's surface."""

KINDS = {"screenshot": "Screenshot", "document": "Document", "dark": "Nearly black", "blurred": "Blurred"}


def left_out_words(photo: Photo) -> list[str]:
    """Why shows pass a photo over: "Screenshot, not in shows"; nothing where they do not."""
    return [f"{KINDS.get(photo.kind or '', 'Left out')}, not in shows"] if photo.is_left_out else []


@lru_cache(maxsize=16)
def _icon(name: str, ratio: float, *, is_filled: bool = False, colour: str = theme.TEXT_OVER_PHOTO) -> QPixmap:
    return icon_pixmap(name, colour, size_px=ICON_PX, filled=is_filled, ratio=ratio)


def paint_marks(
    painter: QPainter, place: QRectF, *, n_stacked: int, is_favourite: bool, is_left_out: bool, is_selected: bool,
    ratio: float,
) -> None:  # fmt: skip
    """Draw the marks of a photo; n_stacked is as in `stacks.Tiles`, negative for the first of an open stack."""
    over = theme.mixed(theme.OVER_PHOTO, theme.OVER_PHOTO_OPACITY)
    corner = place.topLeft() + QPointF(INSET_PX, INSET_PX)
    if abs(n_stacked) > 1:
        painter.setFont(theme.font("caption"))
        text = f"{abs(n_stacked):,}"
        height = max(BADGE_PX, theme.scaled_px(BADGE_PX))
        width = ICON_PX + 4 + painter.fontMetrics().horizontalAdvance(text) + 14
        badge = QRectF(corner.x(), corner.y(), width, height)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(over if n_stacked > 0 else QColor(theme.TEXT_OVER_PHOTO))
        painter.drawRoundedRect(badge, height / 2, height / 2)
        ink = theme.TEXT_OVER_PHOTO if n_stacked > 0 else theme.OVER_PHOTO
        icon = _icon("layers", ratio, colour=ink)
        painter.drawPixmap(QPointF(badge.left() + 7, round(badge.center().y() - ICON_PX / 2)), icon)
        painter.setPen(QColor(ink))
        painter.drawText(
            badge.adjusted(7 + ICON_PX + 4, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text
        )
    marks = [("heart", True)] * is_favourite + [("eye-off", False)] * is_left_out
    right = place.right() - INSET_PX - (BADGE_PX + 8 if is_selected else 0)
    for name, is_filled in marks:
        badge = QRectF(right - BADGE_PX, corner.y(), BADGE_PX, BADGE_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(over)
        painter.drawEllipse(badge)
        at = QPointF(round(badge.center().x() - ICON_PX / 2), round(badge.center().y() - ICON_PX / 2))
        painter.drawPixmap(at, _icon(name, ratio, is_filled=is_filled))
        right -= BADGE_PX + 4
