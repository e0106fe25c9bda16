"""What was taught in words, and when it is enough."""

from __future__ import annotations

from slideshow.taught_words import can_learn, taught_words


def test_what_was_taught_in_words() -> None:
    assert taught_words(0, 0, 0).startswith("Nothing is taught yet.")
    assert taught_words(4, 0, 0) == "You have placed 4 photos. One photo more, and Moodreel can learn from that."
    assert taught_words(40, 12, 1).startswith(
        "You have placed 40 photos, compared 12 pairs and marked 1 moment of songs."
    )
    assert "2 photos more" in taught_words(1, 2, 1)
    assert can_learn(2, 3, 0)
    assert can_learn(0, 0, 3)
    assert not can_learn(2, 2, 2)
