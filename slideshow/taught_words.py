"""What was taught in words, and whether it is enough to learn from."""

from __future__ import annotations

from slideshow.messages import count_of
from slideshow.retraining import LEAST_MARKS, LEAST_RATINGS


def can_learn(n_ratings: int, n_comparisons: int, n_marks: int) -> bool:
    """Whether the trainer could learn from so much."""
    return n_ratings + n_comparisons >= LEAST_RATINGS or n_marks >= LEAST_MARKS


def taught_words(n_ratings: int, n_comparisons: int, n_marks: int) -> str:
    """Say what was taught, and what can be done with it."""
    said = [f"placed {count_of(n_ratings, 'photo')}"] if n_ratings else []
    said += [f"compared {count_of(n_comparisons, 'pair')}"] if n_comparisons else []
    said += [f"marked {count_of(n_marks, 'moment')} of songs"] if n_marks else []
    if not said:
        return (
            "Nothing is taught yet. Place photos on the circle where they feel right to you; "
            f"from {LEAST_RATINGS} on, Moodreel can learn from them."
        )
    done = f"You have {', '.join(said[:-1])} and {said[-1]}." if len(said) > 1 else f"You have {said[0]}."
    if not can_learn(n_ratings, n_comparisons, n_marks):
        missing = LEAST_RATINGS - n_ratings - n_comparisons
        return f"{done} {'One photo' if missing == 1 else f'{missing} photos'} more, and Moodreel can learn from that."
    more = " 30 photos are a start, 100 tell it far more." if n_ratings < 30 else ""
    return (
        f"{done}{more} Moodreel learns from that in about a minute and shows what it would change. "
        "Nothing changes until you adopt it."
    )
