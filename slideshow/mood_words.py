"""A mood as a person reads and hears it: the shown word, the spoken sentence, a word that does not flicker."""

from __future__ import annotations

from engine.emotion import Emotion, EmotionCurve

HOLD_S = 1.5
"""While playing, a word changes only after this long in its new sector."""


def shown_word(emotion: Emotion) -> str:
    """Mood word as written on the screen: "Relaxed"."""
    return emotion.word.capitalize()


def spoken(emotion: Emotion) -> str:
    """Sentence for a screen reader: "Relaxed: pleasant 78 of 100, energy 26 of 100."."""
    valence, arousal = round(emotion.valence * 100), round(emotion.arousal * 100)
    return f"{shown_word(emotion)}: pleasant {valence} of 100, energy {arousal} of 100."


class SteadyWord:
    """The mood word while a song plays: it changes only when the new one has held for HOLD_S seconds of the song."""

    def __init__(self) -> None:
        self._word = ""
        self._candidate = ""
        self._since_s = 0.0
        self._last_s = 0.0

    def at(self, t_s: float, emotion: Emotion) -> str:
        """Return the word to show at a time of the song; a jump (a seek) takes the new word at once."""
        word = shown_word(emotion)
        is_jump = not 0 <= t_s - self._last_s < HOLD_S
        self._last_s = t_s
        if not self._word or is_jump or word == self._word:
            self._word = self._candidate = word
            self._since_s = t_s
        elif word != self._candidate:
            self._candidate, self._since_s = word, t_s
        elif t_s - self._since_s >= HOLD_S:
            self._word = word
        return self._word


def mood_changes(curve: EmotionCurve, *, duration_s: float) -> list[tuple[float, str]]:
    """List where a song's mood word changes, with the word, beginning at 0; looked at twice a second."""
    if not len(curve.times_s):
        return []
    word = SteadyWord()
    changes: list[tuple[float, str]] = []
    for n in range(max(1, int(2 * duration_s))):
        now = word.at(n / 2, curve.at(n / 2))
        if not changes or changes[-1][1] != now:
            changes.append((n / 2, now))
    return changes
