"""What a photo is called and when it was taken, in a line for people."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.library import Photo

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_WORD = re.compile(r"[^\W\d_]{3,}")
_CAMERAS = re.compile(r"^(img|dsc[a-z]*|pxl|mvimg|image|photo|picture|scan|screenshot|whatsapp)\b", re.IGNORECASE)


def caption(photo: Photo, partner: Photo | None = None) -> str:
    """Name and date of a photo, or of two side by side: "Autumn mountain meadow · 12 August 2024"; "" for neither."""
    parts = [name_in_words(photo.path.stem if partner is None else ""), date_in_words(photo.taken_at)]
    if partner is not None and date_in_words(partner.taken_at) != parts[1]:
        parts.append(date_in_words(partner.taken_at))
    return " · ".join(part for part in parts if part)


def date_in_words(taken_at: str | None) -> str:
    """A photo's date (ISO) as "12 August 2024"; "" where there is none."""
    if not taken_at:
        return ""
    try:
        day = datetime.fromisoformat(taken_at)
    except ValueError:
        return ""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def name_in_words(stem: str) -> str:
    """A file's name if a person gave it, so if it is of two words or more: "autumn-mountain-meadow"; else ""."""
    words = " ".join(re.split(r"[\s_\-.]+", stem.encode("utf-8", "surrogateescape").decode("utf-8", "replace")))
    if _CAMERAS.match(words) or len(_WORD.findall(words)) < 2:
        return ""
    return words[0].upper() + words[1:]
