"""The table of how classes feel: whole, within its scale, and of the sense that everybody has."""

from __future__ import annotations

import numpy as np

from engine.content_names import CLASS_NAMES
from trainer.class_affect import _HALVES, N_AFFECT, class_affect


def affect_of(name: str) -> tuple[float, float]:
    valence, arousal = class_affect()[CLASS_NAMES.index(name)]
    return float(valence), float(arousal)


def test_each_class_stands_in_it_once_at_most() -> None:
    named: list[int] = []
    for _, _, classes in _HALVES:
        for part in classes.split():
            first, _, last = part.partition("-")
            named += range(int(first), int(last or first) + 1)
    assert len(named) == len(set(named))
    assert set(named) <= set(range(len(CLASS_NAMES)))
    affect = class_affect()
    assert affect.shape == (len(CLASS_NAMES), N_AFFECT)
    assert np.abs(affect).max() <= 2
    assert np.count_nonzero(affect.any(axis=1)) == len([n for n in named if affect[n].any()])


def test_it_says_what_everybody_knows() -> None:
    assert affect_of("great white shark")[0] < 0 < affect_of("great white shark")[1]
    assert affect_of("lakeside")[1] < 0 < affect_of("lakeside")[0]
    assert affect_of("golden retriever")[0] > affect_of("tarantula")[0]
    assert affect_of("rifle")[0] < affect_of("espresso")[0]


def test_houses_of_any_faith_are_alike() -> None:
    assert len({affect_of(name) for name in ("church", "mosque", "stupa", "monastery")}) == 1
