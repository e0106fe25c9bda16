from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.emotion import ranks_among, relative_ranks, va_distances, va_similarity
from engine.matching import model_ranks
from engine.moments import RANK_SIGMA, arc_at, moment_scores, moments_at, reason
from tests.engine.show_material import a_catalog, an_analysis, tiny_encoders

SPANS = [(0.0, 5.0), (5.0, 9.0), (9.0, 30.0)]


def test_song_and_photos_meet_on_the_plane_as_it_is_shown() -> None:
    analysis, catalog, encoders = an_analysis(30), a_catalog(80), tiny_encoders()
    moments = moments_at(SPANS, analysis, catalog, encoders)
    ranks = relative_ranks(analysis.curve.va)
    assert np.allclose(moments.points[1], (0.5 * ranks[2] + ranks[3] + 0.5 * ranks[4]) / 2, atol=1e-5)
    assert np.array_equal(moments.photo_points, ranks_among(catalog.va, catalog.va))
    scores = moment_scores(moments, catalog, encoders)
    similarity = va_similarity(moments.points, moments.photo_points, sigma=RANK_SIGMA)
    assert moments.embeddings is not None
    assert np.allclose(scores, (model_ranks(moments.embeddings, catalog, encoders) + similarity) / 2, atol=1e-6)


def test_absolute_mood_matches_valence_and_arousal_themselves() -> None:
    analysis, catalog, encoders = an_analysis(30), a_catalog(80), tiny_encoders()
    moments = moments_at(SPANS, analysis, catalog, encoders, mood="absolute")
    assert moments.photo_points is catalog.va
    assert moments.sigma == encoders.bundle.manifest.sigma
    assert np.allclose(moments.points[0], (2 * analysis.curve.va[:2].sum(axis=0) + analysis.curve.va[2]) / 5, atol=1e-5)


def test_sigma_on_ranks_is_the_mean_distance_of_even_spreads() -> None:
    rng = np.random.default_rng(0)
    distances = va_distances(rng.random((1000, 2), np.float32), rng.random((1000, 2), np.float32))
    assert float(distances.mean()) == pytest.approx(RANK_SIGMA, abs=0.01)


def test_an_arc_is_followed_between_its_points() -> None:
    arc = ((10.0, 0.2, 0.4), (20.0, 0.4, 0.8))
    assert np.allclose(arc_at(arc, np.array([0.0, 15.0, 99.0])), [(0.2, 0.4), (0.3, 0.6), (0.4, 0.8)])
    analysis, catalog, encoders = an_analysis(30), a_catalog(80), tiny_encoders()
    moments = moments_at(SPANS, analysis, catalog, encoders, arc=arc)
    assert moments.embeddings is None
    scores = moment_scores(moments, catalog, encoders)
    assert np.allclose(scores, va_similarity(moments.points, moments.photo_points, sigma=RANK_SIGMA), atol=1e-6)


def test_a_flat_song_asks_for_one_place() -> None:
    va = 0.48 + np.random.default_rng(0).normal(0, 0.01, (60, 2)).astype(np.float32)
    moments = moments_at(
        [(4.0 * i, 4.0 * i + 4) for i in range(30)], an_analysis(120, va=va), a_catalog(9), tiny_encoders()
    )
    assert moments.points.std(axis=0).max() < 0.05
    lively = replace(an_analysis(120), va=va)
    assert moments_at(SPANS, lively, a_catalog(9), tiny_encoders()).points.std(axis=0).max() > 0.05


def test_a_photo_above_the_song_is_said_to_be_livelier() -> None:
    assert (
        reason(np.array([0.5, 0.3], np.float32), np.array([0.5, 0.5], np.float32))
        == "A touch livelier than the song here."
    )
