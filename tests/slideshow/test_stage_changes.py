from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from slideshow.painting import PreparedPhoto, prepare
from slideshow.stage_changes import CHANGES_A_SECOND, DISSOLVE_S, Changes, Shown

SIZE = (32, 18)


def photo(name: str) -> PreparedPhoto:
    shade = 40 * (ord(name) - ord("a"))
    return prepare(np.full((18, 32, 3), shade, np.uint8), size=SIZE)


PHOTOS = {name: photo(name) for name in "abcdef"}


def shown(name: str, opacity: float = 1.0, shift: float = 0.0, shade: float = 0.0) -> Shown:
    return Shown((Path(name), None), PHOTOS[name], 1.0, opacity, shift, shade)


def names(picture: tuple[Shown, ...]) -> str:
    return "".join(one.path.name or "*" for one in picture)


def follow(changes: Changes, *target: Shown, t_s: float, now_s: float, missing: str = "") -> tuple[Shown, ...]:
    return changes.follow(target, missing=[(Path(name), None) for name in missing], t_s=t_s, now_s=now_s)


def test_the_first_photo_is_there_at_once() -> None:
    changes = Changes()
    picture = follow(changes, shown("a"), t_s=3.0, now_s=100.0)
    assert names(picture) == "a"
    assert not changes.is_under_way


def test_a_cut_that_the_clock_runs_through_is_hard() -> None:
    changes = Changes()
    follow(changes, shown("a"), t_s=3.98, now_s=1.0)
    assert names(follow(changes, shown("b"), t_s=4.0, now_s=1.02)) == "b"
    assert not changes.is_under_way


def test_a_jump_dissolves_and_ends_in_what_is_wanted() -> None:
    changes = Changes()
    follow(changes, shown("a"), t_s=1.0, now_s=1.0)
    amounts = []
    for now_s in np.arange(1.01, 1.0 + DISSOLVE_S, 0.02):
        picture = follow(changes, shown("b"), t_s=30.0, now_s=float(now_s))
        assert names(picture) == "ab"
        amounts.append(picture[1].opacity)
    assert amounts == sorted(amounts)
    assert np.diff(amounts).max() < 0.1
    assert names(follow(changes, shown("b"), t_s=30.0, now_s=2.0)) == "b"


def test_a_dissolve_is_not_broken_off_by_another_jump() -> None:
    changes = Changes()
    follow(changes, shown("a"), t_s=1.0, now_s=1.0)
    follow(changes, shown("b"), t_s=30.0, now_s=1.1)
    assert names(follow(changes, shown("c"), t_s=60.0, now_s=1.2)) == "ab"
    assert changes.is_under_way
    assert names(follow(changes, shown("c"), t_s=60.0, now_s=1.101 + DISSOLVE_S)) == "b"
    assert changes.is_under_way  # c is still to come
    assert names(follow(changes, shown("c"), t_s=60.0, now_s=1.12 + DISSOLVE_S)) == "bc"
    assert names(follow(changes, shown("c"), t_s=60.0, now_s=3.0)) == "c"
    assert not changes.is_under_way


def test_no_more_than_three_changes_begin_in_any_second() -> None:
    changes = Changes()
    begun: list[float] = []
    for i, now_s in enumerate(np.arange(0.0, 5.0, 1 / 60)):
        wanted = "abcdef"[(i // 4) % 6]  # another photo 15 times a second
        goal = names(changes.goal)
        follow(changes, shown(wanted), t_s=100.0 * i if now_s < 3 else float(now_s), now_s=float(now_s))
        if names(changes.goal) != goal:
            begun.append(float(now_s))
    assert len(begun) >= 10
    for at_s in begun:
        assert sum(at_s <= other_s < at_s + 0.999 for other_s in begun) <= CHANGES_A_SECOND


def test_hard_cuts_in_a_row_are_held_back_too() -> None:
    changes = Changes()
    hard: list[float] = []
    last = ""
    for i, now_s in enumerate(np.arange(0.0, 4.0, 1 / 60)):
        picture = follow(changes, shown("af"[(i // 6) % 2]), t_s=float(now_s), now_s=float(now_s))
        if len(picture) == 1 and last and names(picture) != last:
            hard.append(float(now_s))
        if len(picture) == 1:
            last = names(picture)
    for at_s in hard:
        assert sum(at_s <= other_s < at_s + 0.999 for other_s in hard) <= CHANGES_A_SECOND


def test_a_late_photo_dissolves_in() -> None:
    changes = Changes()
    follow(changes, shown("a"), t_s=4.0, now_s=1.0, missing="b")
    picture = follow(changes, shown("b"), t_s=4.02, now_s=1.02)
    assert names(picture) == "ab"
    assert picture[1].opacity < 0.1


def test_what_was_half_a_transition_is_left_as_it_looked() -> None:
    changes = Changes()
    follow(changes, shown("a"), t_s=4.0, now_s=1.0)
    for step in range(1, 10):
        follow(changes, shown("a"), shown("f", opacity=step / 20), t_s=4.0 + step / 100, now_s=1.0 + step / 100)
    picture = follow(changes, shown("c"), t_s=50.0, now_s=1.2)
    assert names(picture) == "*c"
    image = picture[0].prepared.image
    assert isinstance(image, QImage)
    assert image.pixelColor(3, 3).red() == pytest.approx(0.45 * 200, abs=3)


def test_a_new_plan_with_the_same_picture_changes_nothing() -> None:
    changes = Changes()
    follow(changes, shown("a"), t_s=4.0, now_s=1.0)
    changes.expect_jump()
    assert names(follow(changes, shown("a"), t_s=4.02, now_s=1.02)) == "a"
    assert not changes.is_under_way
    changes.expect_jump()
    assert names(follow(changes, shown("b"), t_s=4.04, now_s=1.04)) == "ab"
