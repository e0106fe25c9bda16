"""How a song is told: its place, its changes of mood, where it is hard to tell, and the photos that suit all of it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.emotion import Emotion, EmotionCurve, FloatArray
from engine.moments import moment_scores, moments_at
from slideshow.song_reasons import (
    N_BEST,
    UNSURE,
    SongReasons,
    best_photos,
    unsure_of,
    unsure_stretches,
)
from tests.engine.show_material import a_catalog, an_analysis, tiny_encoders


def a_song(va: list[tuple[float, float]], *, spread: FloatArray | None = None, every_s: float = 20.0) -> SongReasons:
    """A song whose mood is va[i] from i * every_s on."""
    duration_s = every_s * len(va)
    times_s = np.arange(0.5, duration_s, 1.0, dtype=np.float32)
    points = np.array(va, dtype=np.float32)[(times_s // every_s).astype(int)]
    curve = EmotionCurve(times_s, points, points)
    spread = np.zeros((len(times_s), 2), np.float32) if spread is None else spread
    mean = Emotion(float(points[:, 0].mean()), float(points[:, 1].mean()))
    return SongReasons(Path("s.mp3"), "S", "A", duration_s, 100.0, curve, spread, mean, Emotion(0.5, 0.5), ())


@pytest.mark.parametrize(
    ("moods", "sentence"),
    [
        ([(0.73, 0.15)], "It feels calm throughout."),
        ([(0.73, 0.15), (0.92, 0.54)], "It begins calm and ends happy, from 0:2"),
        ([(0.73, 0.15), (0.32, 0.88), (0.92, 0.54)], "It begins calm, turns angry at 0:2"),
        ([(0.73, 0.15), (0.92, 0.54)] * 3, "It begins calm and ends happy; between, its mood changes 5 times."),
        ([(0.73, 0.15), (0.92, 0.54), (0.73, 0.15), (0.12, 0.32), (0.73, 0.15)], "It begins and ends calm; between"),
    ],
)
def test_changes_of_mood_are_told(moods: list[tuple[float, float]], sentence: str) -> None:
    assert a_song(moods).movement[0].startswith(sentence)


def test_extremes_are_told_where_there_are_any() -> None:
    assert a_song([(0.5, 0.5)]).movement[1] == "Its energy hardly changes."
    told = a_song([(0.5, 0.2), (0.9, 0.9), (0.5, 0.5)]).movement[1]
    assert told == "Most energetic at 0:20, calmest at 0:00, most pleasant at 0:20."


@pytest.mark.parametrize(
    ("spread", "word"), [((0.1, 0.1), ""), ((0.3, 0.1), "pleasantness"), ((0.1, 0.3), "energy"), ((0.3, 0.3), "mood")]
)
def test_what_is_unsure_is_named(spread: tuple[float, float], word: str) -> None:
    assert unsure_of(np.array(spread, np.float32)) == word


def test_stretches_of_doubt_are_found_and_told() -> None:
    times_s = np.arange(0.5, 60, 1.0, dtype=np.float32)
    spread = np.zeros((60, 2), np.float32)
    spread[10:20, 0] = UNSURE + 0.1
    spread[40:45] = UNSURE + 0.1
    assert unsure_stretches(times_s, spread, duration_s=60.0) == ((10.0, 20.0, "pleasantness"), (40.0, 45.0, "mood"))
    song = a_song([(0.5, 0.5)] * 3, spread=spread)
    assert song.doubts == "Hard to tell: its pleasantness from 0:10 to 0:20, its mood from 0:40 to 0:45."
    assert "sure enough" in a_song([(0.5, 0.5)]).doubts
    whole = a_song([(0.5, 0.5)], spread=np.full((20, 2), 0.5, np.float32))
    assert whole.doubts == "The song’s mood is hard to tell throughout: take it as a hint."


def test_many_stretches_of_doubt_are_counted() -> None:
    spread = np.zeros((60, 2), np.float32)
    for start in range(2, 58, 11):
        spread[start : start + 3] = 0.5
    told = a_song([(0.5, 0.5)] * 3, spread=spread).doubts
    assert told.count("from") == 3
    assert told.endswith("and in 3 other places.")


def test_the_best_photos_suit_the_whole_song_and_are_no_siblings() -> None:
    analysis, catalog = an_analysis(60), a_catalog(60, burst=3)
    best = best_photos(analysis, catalog, tiny_encoders())
    spans = list(pairwise(np.linspace(0, 60, 13).tolist()))
    scores = moment_scores(moments_at(spans, analysis, catalog, tiny_encoders()), catalog, tiny_encoders()).mean(axis=0)
    assert best[0].photo is catalog.photos[int(scores.argmax())]
    assert best[0].score == pytest.approx(float(scores.max()))
    groups = [int(catalog.groups[catalog.photos.index(each.photo)]) for each in best]
    assert len(set(groups)) == len(groups) == N_BEST
    assert [each.score for each in best] == sorted((each.score for each in best), reverse=True)
    assert best_photos(analysis, catalog.of_rows([]), tiny_encoders()) == ()
