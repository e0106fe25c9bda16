"""Ratings as numbers, and the two ways to put a corpus on [0, 1]."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer.records import PhotoRecord, SongRecord, normalised, number_of, rating_on, standard_error


def test_numbers_as_tables_hold_them() -> None:
    assert [number_of(text) for text in (" 5.25", "5,25", "-1", "1e-2")] == [5.25, 5.25, -1.0, 0.01]
    assert [number_of(text) for text in ("", ".", "NaN", "inf", "much")] == [None] * 5


def test_a_rating_on_its_scale_or_why_not() -> None:
    assert rating_on((1.0, 9.0), valence="1", arousal="7") == (0.0, 0.75)
    assert rating_on((1.0, 9.0), valence=".", arousal="7") == "valence is missing"
    assert rating_on((1.0, 9.0), valence="5", arousal="NaN") == "arousal is missing"
    assert rating_on((1.0, 9.0), valence="5", arousal="high") == "arousal is 'high', not a number"
    assert "outside the scale 1 to 9" in str(rating_on((1.0, 9.0), valence="5", arousal="9.5"))


def test_standard_errors_in_the_unit_of_the_label() -> None:
    assert standard_error("1.6", "64", (1.0, 9.0)) == pytest.approx(0.025)
    assert standard_error("1.6", "", (1.0, 9.0)) == standard_error("1.6", "0", (1.0, 9.0)) == 0.0


def test_minmax_takes_the_corpus_from_its_least_to_its_largest_value() -> None:
    photos = [
        PhotoRecord(Path("a"), "a", 0.2, 0.5, valence_se=0.03, arousal_se=0.01),
        PhotoRecord(Path("b"), "b", 0.5, 0.5),
        PhotoRecord(Path("c"), "c", 0.8, 0.5),
    ]
    assert normalised(photos, "scale") == photos
    stretched = normalised(photos, "minmax")
    assert [photo.valence for photo in stretched] == pytest.approx([0.0, 0.5, 1.0])
    assert [photo.arousal for photo in stretched] == [0.5, 0.5, 0.5]
    assert stretched[0].valence_se == pytest.approx(0.05)
    assert stretched[0].arousal_se == 0.0
    assert normalised([], "minmax") == []


def test_minmax_counts_the_labels_of_clips_too() -> None:
    songs = [
        SongRecord(Path("a"), "a", 0.4, 0.5, clips=((15.0, 0.2, 0.5), (17.0, 0.6, 0.9))),
        SongRecord(Path("b"), "b", 0.5, 0.1),
    ]
    first, second = normalised(songs, "minmax")
    assert (first.valence, first.arousal, second.valence, second.arousal) == pytest.approx((0.5, 0.5, 0.75, 0.0))
    assert [start_s for start_s, _, _ in first.clips] == [15.0, 17.0]
    assert [value for clip in first.clips for value in clip[1:]] == pytest.approx([0.0, 0.5, 1.0, 1.0])
