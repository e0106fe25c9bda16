"""What a retraining's report says, in figures to draw and sentences to read. Free of Qt.

Only what was measured is said: ratings and moments of songs that were kept aside, the photos the model was first taught
with, and photos of the original test set where the trainer was given them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.emotion import Emotion
from slideshow.messages import count_of
from slideshow.mood_words import shown_word

SURE, LIKELY = 0.975, 0.8
"""From this probability on a change is told as a fact, or as likely; below, it may be chance."""

FEW_RATINGS = 15
"""Drawn again and again from fewer, ratings look surer than they are: what they say is likely at most."""

CLEAR_FALL = 0.25
"""An error that falls by a quarter is far smaller."""

SAME_SHARE, SLIGHT_SHARE = 0.01, 0.03
"""A loss of agreement of 1 % or less is within chance, one of 3 % is slight."""

TURN = 0.03
"""A photo that moved less than this along an axis is not said to have moved."""

CLOSE: Final = "How closely its guesses agree with yours; 100% would be in full."
IN_ORDER: Final = "How well it puts photos in the order in which other people feel them."


@dataclass(frozen=True, slots=True)
class Measure:
    """Agreement with some ratings before and after, shares of 1 (below 0: contrary), each with its likely range."""

    title: str
    meaning: str
    n: int
    noun: str
    before: float
    after: float
    before_range: tuple[float, float]
    after_range: tuple[float, float]

    @property
    def ranges(self) -> str:
        """The ranges in words."""
        spans = ((self.before_range, "before"), (self.after_range, "after"))
        said = [f"{words} {when}" for span, when in spans if (words := _range_words(span))]
        return f"Likely {', '.join(said)}." if said else ""

    @property
    def spoken(self) -> str:
        """The measure in a sentence."""
        return f"{self.title}, {self.counted}: {percent(self.before)} before, {percent(self.after)} after."

    @property
    def counted(self) -> str:
        """How many photos or moments it was measured on."""
        return count_of(self.n, self.noun)


@dataclass(frozen=True, slots=True)
class Move:
    """A photo that moved, by the hash of its content, and where from and to."""

    content_hash: str
    before: Emotion
    after: Emotion

    @property
    def words(self) -> str:
        """From which mood to which: "Gloomy to Serene"."""
        first, last = shown_word(self.before), shown_word(self.after)
        return f"{first} to {last}" if first != last else f"Still {last}"

    @property
    def turns(self) -> tuple[str, ...]:
        """Each way it went: "more pleasant", "calmer"."""
        across, up = self.after.valence - self.before.valence, self.after.arousal - self.before.arousal
        turns = []
        if abs(across) >= TURN:
            turns.append("more pleasant" if across > 0 else "less pleasant")
        if abs(up) >= TURN:
            turns.append("more energetic" if up > 0 else "calmer")
        return tuple(turns) or ("hardly moved",)


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a retraining did: how many ratings it used, the verdict, the measures, the photos that moved most."""

    n_ratings: int
    verdict: str
    is_better: bool
    """Whether to adopt it is good advice."""
    off_by: str
    measures: tuple[Measure, ...]
    moves: tuple[Move, ...]


def report_of(data: Mapping[str, Any]) -> TrainingReport | None:
    """Read the trainer's report; None where it is none."""
    held_out, songs = data.get("held_out"), data.get("songs")
    n_ratings, n_answers = (_count(data.get(key)) for key in ("n_ratings", "n_answers"))
    if not isinstance(held_out, Mapping) and not isinstance(songs, Mapping) and not n_answers:
        return None
    # A person's own level and scale are learnt, and so differ from other people's: there the order counts.
    kinds = (
        ("held_out", "mean_ccc", "Your ratings, kept aside", "photo", CLOSE),
        ("songs", "mean_ccc", "Your songs, kept aside", "moment", CLOSE),
        ("known", "mean_r", "What it was first taught", "photo", IN_ORDER),
        ("original", "mean_r", "The original test set", "photo", IN_ORDER),
    )
    # Photos it never met tell more of what everyone feels than those it was taught with.
    told = {key: part for key, part in data.items() if key != "known" or not data.get("original")}
    measures = tuple(measure for key, *words in kinds if (measure := _measure(told.get(key), *words)) is not None)
    measured = held_out if isinstance(held_out, Mapping) else songs
    clause, advice, is_better = _better(measured if isinstance(measured, Mapping) else {})
    return TrainingReport(
        n_ratings,
        f"{clause}{_kept(data.get('original') or data.get('known'))}{advice}",
        is_better,
        _off_by(measured if isinstance(measured, Mapping) else {}),
        measures,
        tuple(move for entry in _list(data.get("movers")) if (move := _move(entry)) is not None),
    )


def percent(share: float) -> str:
    """Write a share as "61%", with a true minus sign."""
    return f"{round(100 * share)}%".replace("-", "−")


def _better(held_out: Mapping[str, Any]) -> tuple[str, str, bool]:
    """Say whether it agrees better with the person: the beginning of a sentence, an advice after it, and whether."""
    before, after = _value(held_out, "mse", "before"), _value(held_out, "mse", "after")
    p_better = _number(_figure(held_out, "mse").get("p_better"))
    if before is None or after is None or p_better is None:
        return "How well the new model agrees with you could not be measured; it", "", False
    if _count(held_out.get("n_photos")) < FEW_RATINGS:
        p_better = min(max(p_better, 1 - SURE + 1e-6), SURE - 1e-6)
    if p_better >= SURE:
        far = "far more closely" if before > 0 and 1 - after / before >= CLEAR_FALL else "more closely"
        return f"The new model agrees with you {far}, and", "", True
    if p_better >= LIKELY:
        return "The new model probably agrees with you a little better, and", "", True
    if p_better > 1 - LIKELY:
        # Between these figures chance decides, whichever of them is the higher.
        return "Too few ratings to tell whether the new model agrees with you more; it", "", False
    if p_better > 1 - SURE:
        return "The new model probably agrees with you a little less, and", " More ratings would help.", False
    return "The new model agrees with you less than before, and", " It is better discarded.", False


def _kept(known: object) -> str:
    """Say what became of what it knew, as the end of a sentence."""
    before, after = _value(known, "mean_r", "before"), _value(known, "mean_r", "after")
    if before is None or after is None:
        return " was not compared with other people’s ratings."
    loss = before - after
    if loss <= SAME_SHARE:
        return " is as good as before on everyone else’s ratings."
    if loss <= SLIGHT_SHARE:
        return " is slightly worse on everyone else’s ratings."
    return f" is worse on everyone else’s ratings, by {percent(loss)}."


def _off_by(held_out: Mapping[str, Any]) -> str:
    """Say how far off its guesses are; the trainer's error is that of pleasantness and energy together."""
    before, after = _value(held_out, "mae", "before"), _value(held_out, "mae", "after")
    if before is None or after is None:
        return ""
    was, now = round(50 * before), round(50 * after)
    if was == now:
        return f"Its guesses are off by {now} points of 100, as before."
    return f"Its guesses are now off by {count_of(now, 'point')} of 100 instead of {was}."


def _measure(comparison: object, figure: str, title: str, noun: str, meaning: str) -> Measure | None:
    change = _figure(comparison, figure)
    before, after = _value(comparison, figure, "before"), _value(comparison, figure, "after")
    if before is None or after is None or not isinstance(comparison, Mapping):
        return None
    return Measure(
        title,
        meaning,
        _count(comparison.get("n_photos")),
        noun,
        before,
        after,
        _span(change.get("before"), before),
        _span(change.get("after"), after),
    )


def _figure(comparison: object, name: str) -> Mapping[str, Any]:
    figures = comparison.get("figures") if isinstance(comparison, Mapping) else None
    figure = figures.get(name) if isinstance(figures, Mapping) else None
    return figure if isinstance(figure, Mapping) else {}


def _value(comparison: object, name: str, when: str) -> float | None:
    interval = _figure(comparison, name).get(when)
    return _number(interval.get("value")) if isinstance(interval, Mapping) else None


def _span(interval: object, value: float) -> tuple[float, float]:
    low, high = (_number(interval.get(end)) if isinstance(interval, Mapping) else None for end in ("low", "high"))
    return (value if low is None else low, value if high is None else high)


def _range_words(span: tuple[float, float]) -> str:
    low, high = (round(100 * end) for end in span)
    return "" if low == high else f"{low} to {high}%".replace("-", "−")


def _move(entry: object) -> Move | None:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("content_hash"), str):
        return None
    places = [_emotion(entry.get(when)) for when in ("before", "after")]
    return Move(entry["content_hash"], places[0], places[1]) if places[0] and places[1] else None


def _emotion(pair: object) -> Emotion | None:
    numbers = [_number(value) for value in _list(pair)]
    if len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
        return None
    return Emotion(min(max(numbers[0], 0.0), 1.0), min(max(numbers[1], 0.0), 1.0))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
