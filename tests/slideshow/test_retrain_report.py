"""A retraining's report in words: only what was measured, whatever the file holds."""

from __future__ import annotations

from typing import Any

import pytest

from engine.emotion import Emotion
from slideshow.retrain_report import Move, percent, report_of


def change(before: float | None, after: float | None, p_better: float = 0.5) -> dict[str, Any]:
    def interval(value: float | None) -> dict[str, float | None]:
        return {
            "value": value,
            "low": None if value is None else value - 0.1,
            "high": None if value is None else value + 0.05,
        }

    return {"before": interval(before), "after": interval(after), "p_better": p_better}


def comparison(
    *, mse: tuple[float, float] = (0.1, 0.05), p: float = 1.0, r: tuple[float | None, float | None] = (0.5, 0.7)
) -> dict[str, Any]:
    figures = {"mse": change(*mse, p), "mae": change(0.28, 0.18), "mean_r": change(*r), "mean_ccc": change(*r)}
    return {"n_photos": 32, "n_groups": 30, "figures": figures}


def report(**parts: Any) -> dict[str, Any]:
    return {"kind": "retrained", "n_ratings": 32, "held_out": comparison(), "known": None, "original": None} | parts


@pytest.mark.parametrize(
    ("mse", "p", "begins", "is_better"),
    [
        ((0.1, 0.05), 0.99, "The new model agrees with you far more closely, and", True),
        ((0.1, 0.09), 0.98, "The new model agrees with you more closely, and", True),
        ((0.1, 0.09), 0.85, "The new model probably agrees with you a little better", True),
        ((0.1, 0.11), 0.35, "Too few ratings to tell whether the new model agrees with you more; it", False),
        ((0.1, 0.09), 0.75, "Too few ratings to tell whether the new model agrees with you more; it", False),
        ((0.1, 0.12), 0.1, "The new model probably agrees with you a little less, and", False),
        ((0.1, 0.12), 0.01, "The new model agrees with you less than before", False),
    ],
)
def test_the_verdict_says_no_more_than_the_figures(
    mse: tuple[float, float], p: float, begins: str, is_better: bool
) -> None:
    made = report_of(report(held_out=comparison(mse=mse, p=p)))
    assert made is not None
    assert made.verdict.startswith(begins)
    assert made.is_better is is_better


@pytest.mark.parametrize(("p", "how"), [(1.0, "a little better"), (0.0, "a little less")])
def test_of_few_ratings_nothing_is_told_as_a_fact(p: float, how: str) -> None:
    made = report_of(report(held_out=comparison(mse=(0.1, 0.05), p=p) | {"n_photos": 7}))
    assert made is not None
    assert made.verdict.startswith(f"The new model probably agrees with you {how}, and")


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (None, "was not compared with other people’s ratings"),
        (comparison(r=(0.8, 0.795)), "is as good as before on everyone else’s ratings."),
        (comparison(r=(0.8, 0.78)), "is slightly worse on everyone else’s ratings."),
        (comparison(r=(0.8, 0.7)), "is worse on everyone else’s ratings, by 10%."),
    ],
)
def test_what_it_knew_before_is_part_of_the_verdict(known: dict[str, Any] | None, words: str) -> None:
    made = report_of(report(known=known))
    assert made is not None
    assert words in made.verdict
    assert len(made.measures) == (1 if known is None else 2)


def test_measures_come_with_their_ranges_and_the_error_in_points() -> None:
    made = report_of(report(original=comparison(r=(0.74, 0.73)), known=comparison(r=(0.93, 0.93))))
    assert made is not None
    yours, original = made.measures
    assert (yours.n, yours.before, yours.after) == (32, 0.5, 0.7)
    assert yours.ranges == "Likely 40 to 55% before, 60 to 75% after."
    assert yours.spoken == "Your ratings, kept aside, 32 photos: 50% before, 70% after."
    assert original.title == "The original test set"
    assert made.off_by == "Its guesses are now off by 9 points of 100 instead of 14."


def test_songs_alone_have_a_report_and_comparisons_alone_admit_that_nothing_was_measured() -> None:
    made = report_of(report(held_out=None, n_ratings=0, songs=comparison(), n_marked_windows=32))
    assert made is not None
    assert made.is_better
    assert made.measures[0].counted == "32 moments"
    made = report_of(report(held_out=None, n_ratings=0, n_answers=12, known=comparison(r=(0.8, 0.8))))
    assert made is not None
    assert made.verdict.startswith("How well the new model agrees with you could not be measured; it is as good")
    assert report_of(report(held_out=None, n_ratings=0, n_answers=0)) is None


def test_a_figure_that_is_not_defined_is_not_shown() -> None:
    made = report_of(report(held_out=comparison(r=(None, 0.3))))
    assert made is not None
    assert made.measures == ()


def test_movers_say_where_from_and_to() -> None:
    movers = [
        {"content_hash": "a", "path": "x.jpg", "before": [0.2, 0.2], "after": [0.8, 0.2]},
        {"content_hash": "b", "path": "y.jpg", "before": [0.7, 0.6], "after": [0.7, 0.61]},
        {"content_hash": "c", "path": "z.jpg", "before": [0.7], "after": None},
        "nonsense",
    ]
    made = report_of(report(movers=movers))
    assert made is not None
    first, second = made.moves
    assert (first.words, first.turns) == ("Gloomy to Relaxed", ("more pleasant",))
    assert (second.words, second.turns) == ("Still Delighted", ("hardly moved",))
    both = Move("d", Emotion(0.8, 0.8), Emotion(0.2, 0.2))
    assert both.turns == ("less pleasant", "calmer")


@pytest.mark.parametrize("data", [{}, {"held_out": 3}, {"held_out": []}])
def test_what_is_no_report_is_none(data: dict[str, Any]) -> None:
    assert report_of(data) is None


def test_a_report_without_figures_admits_it() -> None:
    made = report_of({"held_out": {"figures": {"mse": "?"}}, "movers": 3})
    assert made is not None
    assert "could not be measured" in made.verdict
    assert not made.is_better


def test_shares_are_written_with_a_true_minus() -> None:
    assert (percent(0.613), percent(-0.1), percent(1.0)) == ("61%", "−10%", "100%")
