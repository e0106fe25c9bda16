"""Why a photo fits: its place in words, the doubt about it, its score among the others, and its fellows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.cues import PlanOptions
from engine.emotion import Emotion
from engine.library import Catalog, Library
from engine.moments import moment_scores, moments_at
from slideshow.photo_reasons import (
    Doubt,
    Fit,
    SongMoment,
    doubt_at,
    explain_photo,
    match_word,
    place_in_words,
    reason_shown,
)
from tests.engine.show_material import a_catalog, an_analysis, tiny_encoders


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """A library in which nothing is but ratings."""
    made = Library.open(tmp_path / "library.sqlite")
    yield made
    made.close()


def moment_of(catalog: Catalog, **options: object) -> SongMoment:
    return SongMoment(
        an_analysis(30),
        catalog,
        PlanOptions(**options),
        8.0,
        12.0,
        Emotion(0.3, 0.7),  # type: ignore[arg-type]
    )


def test_a_photo_is_told_with_its_place_its_score_and_its_fellows(library: Library) -> None:
    catalog = a_catalog(40, burst=2)
    moment = moment_of(catalog)
    photo = catalog.photos[6]
    library.ratings.rate(catalog.photos[20].content_hash, 0.2, 0.3)
    told = explain_photo(photo, catalog, moment, library, tiny_encoders(), report=None)
    assert told is not None
    assert told.absolute == Emotion(*(float(x) for x in catalog.va[6]))
    below = float(np.mean(catalog.va[:, 0] < catalog.va[6, 0]))
    assert told.mood.valence == pytest.approx(below, abs=0.03)
    moments = moments_at([(8.0, 12.0)], moment.analysis, catalog, tiny_encoders())
    scores = moment_scores(moments, catalog, tiny_encoders())[0]
    assert told.fit is not None
    assert told.fit.score == pytest.approx(float(scores[6]))
    assert told.fit.n_better == int((scores > scores[6]).sum())
    vectors = catalog.embeddings / np.linalg.norm(catalog.embeddings, axis=1, keepdims=True)
    closeness = vectors @ vectors[6]
    closeness[catalog.groups == catalog.groups[6]] = -np.inf  # neither itself nor its sibling
    assert [fellow.photo for fellow in told.alike] == [catalog.photos[i] for i in np.argsort(-closeness)[:3]]
    assert [(fellow.photo, fellow.said) for fellow in told.rated] == [(catalog.photos[20], Emotion(0.2, 0.3))]
    assert told.said is None


def test_what_the_person_said_of_the_photo_is_told(library: Library) -> None:
    catalog = a_catalog(12)
    library.ratings.rate(catalog.photos[3].content_hash, 0.9, 0.8)
    told = explain_photo(catalog.photos[3], catalog, None, library, tiny_encoders(), report=None)
    assert told is not None
    assert told.said == Emotion(0.9, 0.8)
    assert told.rated == ()
    assert told.fit is None
    assert "song" in told.no_fit


def test_a_photo_that_is_gone_or_not_used_is_said_so(library: Library) -> None:
    catalog = a_catalog(12)
    stranger = replace(catalog.photos[0], id=999)
    assert explain_photo(stranger, catalog, None, library, tiny_encoders(), report=None) is None
    moment = moment_of(catalog.of_rows(range(4)))
    told = explain_photo(catalog.photos[8], catalog, moment, library, tiny_encoders(), report=None)
    assert told is not None
    assert told.fit is None
    assert told.no_fit == "The show does not use this photo now."


def test_the_doubt_is_that_of_the_model_on_the_circle() -> None:
    catalog = a_catalog(200)
    middle = replace(catalog, va=np.concatenate([[[0.5, 0.5]], catalog.va[1:]]).astype(np.float32))
    doubt = doubt_at(middle, 0, tiny_encoders())
    assert doubt.centre.valence == pytest.approx(0.5, abs=0.1)
    assert 0.2 < doubt.arousal < doubt.valence < 0.5  # valence is the wider by the bundle's own measure
    top = replace(catalog, va=np.concatenate([[[0.98, 0.5]], catalog.va[1:]]).astype(np.float32))
    edge = doubt_at(top, 0, tiny_encoders())
    assert edge.valence < doubt.valence
    assert edge.centre.valence + edge.valence <= 1.0


@pytest.mark.parametrize(
    ("valence", "arousal", "words"),
    [(0.1, 0.12, "quite sure"), (0.2, 0.3, "fairly sure"), (0.4, 0.45, "not very sure")],
)
def test_how_sure_it_is_is_said_plainly(valence: float, arousal: float, words: str) -> None:
    sentence = Doubt(Emotion(0.5, 0.5), valence, arousal).sentence
    assert f"The model is {words}." in sentence
    assert "Teach draws the same line on the model’s own scale" in sentence
    assert ("better than" in sentence) == (arousal > 1.5 * valence)


def test_places_and_matches_in_words() -> None:
    assert place_in_words(Emotion(0.78, 0.26), n_photos=59) == (
        "More pleasant than 78 of 100 of your photos, and more energetic than 26."
    )
    assert "only photo" in place_in_words(Emotion(0.5, 0.5), n_photos=1)
    assert match_word(0.95) == "very close match"
    assert match_word(0.1) == "loose match"


@pytest.mark.parametrize(
    ("n_better", "n_photos", "words"),
    [
        (0, 9, "No other photo fits better here."),
        (1, 9, "One photo fits better, of 9."),
        (14, 4812, "14 photos fit better, of 4,812."),
        (0, 1, ""),
    ],
)
def test_how_many_fit_better_is_said(n_better: int, n_photos: int, words: str) -> None:
    first, _, others = Fit(0.82, n_better, n_photos, 83.0, Emotion(0.5, 0.5), "").sentences
    assert first == "82%, a close match for the song at 1:23."
    assert others.startswith(words)
    assert bool(others) == bool(words)


def test_a_reason_is_worded_by_what_the_circle_shows() -> None:
    song, photo = Emotion(0.8, 0.3), Emotion(0.82, 0.34)
    planned = "It feels neutral, much as the song does here."
    assert reason_shown(planned, song, photo, is_drawn=False) == "It feels serene, much as the song does here."
    assert reason_shown(planned, song, Emotion(0.1, 0.3), is_drawn=False) == "Clearly darker than the song here."
    with_theme = "A touch calmer than the song here. It shows a beach."
    assert reason_shown(with_theme, song, photo, is_drawn=True) == (
        "It feels serene, much as the mood you drew does here. It shows a beach."
    )
    by_hand = "You chose this calm photo."
    assert reason_shown(by_hand, song, photo, is_drawn=False) == by_hand
