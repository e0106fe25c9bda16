"""The mood in words: written, spoken, and steady while it plays."""

from __future__ import annotations

import numpy as np

from engine.emotion import Emotion, EmotionCurve, emotion_of_word
from slideshow.mood_words import SteadyWord, mood_changes, shown_word, spoken


def test_written_and_spoken() -> None:
    assert shown_word(emotion_of_word("serene")) == "Serene"
    assert spoken(Emotion(0.78, 0.26)) == "Relaxed: pleasant 78 of 100, energy 26 of 100."


def test_a_word_changes_only_after_a_while_in_its_sector() -> None:
    steady, happy, sad = SteadyWord(), emotion_of_word("happy"), emotion_of_word("sad")
    assert steady.at(0.0, happy) == "Happy"
    assert steady.at(1.0, sad) == "Happy"
    assert steady.at(2.0, sad) == "Happy"
    assert steady.at(2.6, sad) == "Sad"


def test_a_passing_word_does_not_show() -> None:
    steady, happy, sad = SteadyWord(), emotion_of_word("happy"), emotion_of_word("sad")
    words = [steady.at(t / 2, sad if t in (4, 5) else happy) for t in range(12)]
    assert set(words) == {"Happy"}


def test_a_seek_takes_the_new_word_at_once() -> None:
    steady = SteadyWord()
    steady.at(10.0, emotion_of_word("happy"))
    assert steady.at(60.0, emotion_of_word("sad")) == "Sad"
    assert steady.at(5.0, emotion_of_word("calm")) == "Calm"


def test_changes_of_mood_are_listed_once_they_hold() -> None:
    times_s = np.arange(0, 30, 0.5, dtype=np.float32)
    va = np.tile(np.array([[0.9, 0.54]], np.float32), (60, 1))
    va[20:22] = 0.1  # a second of something else: not worth a word
    va[40:] = (0.73, 0.15)
    curve = EmotionCurve(times_s, va, va)
    changes = mood_changes(curve, duration_s=30.0)
    assert [word for _, word in changes] == ["Happy", "Calm"]
    assert changes[0][0] == 0.0
    assert 20.0 <= changes[1][0] <= 22.0
    assert mood_changes(EmotionCurve(times_s[:0], va[:0], va[:0]), duration_s=30.0) == []
