"""A theme for a show: what its photos should show, blended with how they should feel, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.content import Contents, meaning_of, shares_of, shows
from engine.content_words import with_article
from engine.emotion import FloatArray

FAINT = 0.1
FULL = 0.8
"""Shares of the belief up to which a photo shows nothing of a theme, and from which it is wholly of it.

Below, every photo has some belief strayed into a large group; above there is little, as the classifier was taught not
to be surer.
"""

MOOD_LEFT = 0.01
"""Weight of the mood where the theme has all: of photos that show it alike, the one that feels right comes first."""


@dataclass(frozen=True, slots=True, eq=False)
class Theme:
    """A theme as it meets some photos: fit (n,) in [0, 1] is how much each shows of it, is_shown (n,) which surely do.

    weight in [0, 1] is what it counts for beside the mood.
    """

    word: str
    fit: FloatArray
    is_shown: NDArray[np.bool_]
    weight: float

    def blended(self, scores: FloatArray) -> FloatArray:
        """Scores (m, n) by mood and theme together, again in [0, 1]."""
        weight = np.float32(min(self.weight, 1.0 - MOOD_LEFT))
        return (np.float32(1) - weight) * scores + weight * self.fit

    def reason(self, by_mood: str) -> str:
        """Say why a photo stands where by mood alone another would, behind what there is to say of its mood."""
        return f"{by_mood} It shows {with_article(self.word)}, your theme."


def theme_of(contents: Contents, theme: str, *, share: float) -> Theme | None:
    """Meet a theme with photos; None where it changes nothing: no theme, no share, no known word, no photo of it.

    share in [0, 1] goes from the mood alone to the theme alone (see `weight_of`).
    """
    if not theme or share <= 0:
        return None
    meaning = meaning_of(theme)
    if meaning is None:
        return None
    is_shown = shows(contents, meaning)
    if not is_shown.any():
        return None
    fit = ((shares_of(contents, meaning) - FAINT) / (FULL - FAINT)).clip(0, 1).astype(np.float32)
    return Theme(meaning.word, fit, is_shown, weight_of(share))


def weight_of(share: float) -> float:
    """Weight in the blend of a theme's share, both in [0, 1] and rising together.

    A photo shows a thing or does not: where theme and mood weigh the same, the theme has won nearly everywhere. So the
    share goes evenly through the weights below, to 0.48 at 0.8, and only its last part beyond, to the theme alone.
    """
    return 0.5 * share + 0.5 * share**8


def theme_note(contents: Contents, theme: str) -> str:
    """Say in a sentence how many photos there are for a theme, or why it cannot be followed; "" for no theme."""
    if not theme.strip():
        return ""
    meaning = meaning_of(theme)
    if meaning is None:
        return f"Moodreel knows no pictures of “{theme.strip()}”. The show follows the mood alone."
    if not len(contents):
        return "None of your photos is there to choose from just now."
    if not contents.is_known:
        return "What your photos show is not known yet. The show follows the mood alone."
    n = int(shows(contents, meaning).sum())
    if n == 0:
        return f"None of your photos shows {with_article(meaning.word)}. The show follows the mood alone."
    return f"{n:,} of your photos {'shows' if n == 1 else 'show'} {with_article(meaning.word)}."
