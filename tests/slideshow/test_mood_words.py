"""The mood in words: written, spoken, and steady while it plays."""

from __future__ import annotations

from engine.emotion import Emotion, emotion_of_word
from slideshow.mood_words import SteadyWord, shown_word, spoken


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
