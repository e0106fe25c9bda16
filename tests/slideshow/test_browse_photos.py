"""The library as arrays: places on the disc, words, likeness, filters; each against the plain definition."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.content import Contents
from engine.emotion import Emotion
from engine.photos import Catalog, Photo
from slideshow.browse_filters import Filters, ordered
from slideshow.browse_photos import (
    NO_DATE,
    WORDS,
    BrowsePhotos,
    PlaceIndex,
    day_of,
    from_disc,
    list_of_words,
    name_of_words,
    on_disc,
    read_photos,
)
from slideshow.chosen_photos import restricted
from slideshow.stacks import stacked


def catalog_of(n: int, *, seed: int = 1) -> Catalog:
    rng = np.random.default_rng(seed)
    photos = tuple(
        Photo(
            3 * i, Path(f"/photos/{'beach' if i % 2 else 'city'}/IMG_{i}.jpg"), 300 + i, 200,
            f"20{10 + i % 5}-03-0{1 + i % 9}T10:00:00" if i % 7 else None, f"{i:x}",
        )
        for i in range(n)
    )  # fmt: skip
    vectors = rng.normal(size=(n, 512)).astype(np.float32)
    return Catalog(photos, vectors, rng.random((n, 2)).astype(np.float32), "b")


@pytest.fixture
def photos() -> BrowsePhotos:
    return read_photos(catalog_of(400))


def test_words_have_the_name_of_their_chip() -> None:
    assert name_of_words(frozenset({"tense", "angry", "afraid", "distressed"})) == "Tense"
    assert name_of_words(frozenset({"afraid"})) == "afraid"
    assert name_of_words(frozenset({"afraid", "calm"})) == ""
    assert name_of_words(frozenset()) == ""


def test_the_disc_and_back() -> None:
    va = np.random.default_rng(2).random((500, 2)).astype(np.float32)
    places = on_disc(va)
    assert np.hypot(*places.T).max() <= 1.0
    back = np.array([from_disc(float(u), float(v)) for u, v in places])
    assert np.abs(back - va).max() < 1e-5
    assert np.allclose(on_disc(np.array([[0.5, 0.5]], dtype=np.float32)), 0.0)


def test_words_are_those_of_the_emotion(photos: BrowsePhotos) -> None:
    for row in range(len(photos)):
        assert photos.word(row) == photos.mood(row).word.capitalize()
    assert photos.of_words(frozenset(WORDS)).sum() == (photos.words >= 0).sum()


def test_alike_is_the_cosine(photos: BrowsePhotos) -> None:
    vectors = photos.catalog.embeddings.astype(np.float64)
    closeness = vectors @ vectors[7] / (np.linalg.norm(vectors, axis=1) * np.linalg.norm(vectors[7]))
    expected = np.argsort(-closeness)[:20]
    assert photos.alike(7, n=20).tolist() == expected.tolist()


def test_photos_are_found_by_what_they_show_beside_their_names() -> None:
    probabilities = np.zeros((400, 1000), dtype=np.float32)
    probabilities[[2, 5], 207] = 0.9  # a golden retriever
    probabilities[[7, 8], 978] = 0.9  # a seashore
    photos = read_photos(replace(catalog_of(400), contents=Contents.of_probabilities(probabilities)))
    assert dict(photos.counts)["dog"] == dict(photos.counts)["beach"] == 2
    for text in ("dog", "puppies", "Golden Retriever", "pupp"):
        assert np.flatnonzero(photos.named(text)).tolist() == [2, 5], text
    assert photos.named("beach")[[7, 8]].all()  # 8 by what it shows, 7 by its folder too
    assert photos.named("beach").sum() == 201
    assert np.flatnonzero(photos.named("seashore city")).tolist() == [8]
    assert not photos.named("do").any()  # too short to mean anything


def test_same_mood_is_the_nearest_without_near_duplicates() -> None:
    catalog = catalog_of(50)
    groups = np.arange(50)
    photos = read_photos(Catalog(catalog.photos, catalog.embeddings, catalog.va, "b", groups))
    twin = int(photos.same_mood(4, n=2)[1])
    groups = groups.copy()
    groups[twin] = groups[4]
    stacked = read_photos(Catalog(catalog.photos, catalog.embeddings, catalog.va, "b", groups))
    found = stacked.same_mood(4, n=10)
    assert found[0] == 4
    assert twin not in found
    apart = np.hypot(*(stacked.felt[found] - stacked.felt[4]).T)
    assert (np.diff(apart) >= 0).all()


def test_the_same_mood_shows_something_else() -> None:
    """Forty photos of two motifs feel nearly alike: the other motif comes first, and both motifs take turns no more."""
    n = 40
    vectors = np.zeros((n, 512), dtype=np.float32)
    vectors[:, 0] = 1.0
    vectors[1::2] = np.eye(512, dtype=np.float32)[5 : 5 + n // 2]
    va = np.random.default_rng(5).normal(0.5, 0.01, (n, 2)).astype(np.float32)
    photos = read_photos(Catalog(catalog_of(n).photos, vectors, va, "b"))
    found = photos.same_mood(0, n=8)
    assert found[0] == 0
    assert all(row % 2 == 1 for row in found[1:])
    classes = np.where(np.arange(n)[:, None] % 4 == 0, 7, 9).astype(np.int16) + np.zeros((1, 16), dtype=np.int16)
    classes[:, 1:] = -1
    shares = np.zeros((n, 16), dtype=np.float32)
    shares[:, 0] = 0.9
    known = read_photos(Catalog(catalog_of(n).photos, vectors, va, "b", contents=Contents(classes, shares)))
    assert known.same_mood(0, n=8)[1] % 4 != 0


def test_folders_and_captions_are_searched_for() -> None:
    photos = tuple(
        replace(photo, path=Path(f"/home/me/Pictures/Rome {i}/day 2/img{i}.jpg"), caption="Nonna waves" if i else None)
        for i, photo in enumerate(catalog_of(3).photos)
    )
    catalog = Catalog(photos, np.zeros((3, 512), dtype=np.float32), np.zeros((3, 2), dtype=np.float32), "b")
    read = read_photos(catalog, folders=(Path("/home/me/Pictures"),))
    assert read.named("rome 1").tolist() == [False, True, False]
    assert read.named("pictures").all()
    assert not read.named("home").any()  # what lies above the library's folder names nothing
    assert read.named("nonna").tolist() == [False, True, True]
    assert read_photos(catalog).named("rome").tolist() == [False] * 3


def test_stacks_fold_what_is_nearly_the_same() -> None:
    catalog = catalog_of(10)
    groups = np.array([0, 1, 1, 2, 3, 1, 4, 3, 5, 6])
    photos = read_photos(Catalog(catalog.photos, catalog.embeddings, catalog.va, "b", groups))
    rows = np.array([9, 5, 4, 2, 0, 7, 1])
    tiles = stacked(photos, rows)
    assert tiles.rows.tolist() == [9, 5, 4, 0]
    assert tiles.counts.tolist() == [1, 3, 2, 1]
    assert tiles.members(np.array([5, 0])).tolist() == [5, 2, 1, 0]
    assert tiles.members(np.array([9])).tolist() == [9]
    assert [tiles.tile_of(row) for row in (9, 1, 7, 3)] == [9, 5, 4, -1]
    opened = stacked(photos, rows, opened={1})
    assert opened.rows.tolist() == [9, 5, 2, 1, 4, 0]
    assert opened.counts.tolist() == [1, -3, 0, 0, 2, 1]
    assert opened.members(np.array([5])).tolist() == [5]
    assert stacked(photos, np.array([5, 9])).counts.tolist() == [1, 1]  # its siblings were not asked for


def test_nearest_point_is_the_nearest(photos: BrowsePhotos) -> None:
    places = on_disc(photos.felt)
    index = PlaceIndex(places)
    rng = np.random.default_rng(3)
    for u, v in rng.uniform(-1.1, 1.1, (200, 2)):
        apart = np.hypot(places[:, 0] - u, places[:, 1] - v)
        best = int(apart.argmin())
        assert index.nearest(float(u), float(v), 0.15) == (best if apart[best] <= 0.15 else -1)


def test_a_lasso_holds_what_lies_in_it(photos: BrowsePhotos) -> None:
    turn = np.linspace(0, 2 * math.pi, 90)
    region = np.stack([0.2 + 0.4 * np.cos(turn), -0.3 + 0.4 * np.sin(turn)], axis=1).astype(np.float32)
    chosen, order = Filters(regions=(region,)).apply(photos)
    places = on_disc(photos.felt)
    apart = np.hypot(places[:, 0] - 0.2, places[:, 1] + 0.3)
    sure = np.abs(apart - 0.4) > 0.01
    assert (chosen[sure] == (apart < 0.4)[sure]).all()
    assert order is None


def test_filters_count_together(photos: BrowsePhotos) -> None:
    days = (day_of("2012-01-01"), day_of("2013-12-31"))
    chosen, _ = Filters(valence=(0.5, 1.0), arousal=(0.0, 0.5), text="BEACH", days=days).apply(photos)
    expected = [
        row
        for row in range(len(photos))
        if photos.felt[row, 0] >= 0.5
        and photos.felt[row, 1] <= 0.5
        and "beach" in str(photos.photo(row).path)
        and (photos.photo(row).taken_at or "")[:4] in ("2012", "2013")
    ]
    assert np.flatnonzero(chosen).tolist() == expected
    assert expected


def test_a_search_finds_a_mood_word(photos: BrowsePhotos) -> None:
    calm = photos.named("calm")
    assert calm.any()
    assert set(photos.words[calm].tolist()) == {WORDS.index("calm")}


def test_nearest_to_an_empty_place(photos: BrowsePhotos) -> None:
    chosen, order = Filters(near=(1.0, 1.0)).apply(photos)
    assert order is not None
    assert len(order) == chosen.sum() == 12
    apart = np.hypot(*(photos.felt - 1.0).T)
    assert set(order.tolist()) == set(np.argsort(apart)[:12].tolist())


def test_orders_keep_every_photo(photos: BrowsePhotos) -> None:
    chosen, _ = Filters(valence=(0.4, 1.0)).apply(photos)
    for sort in ("closest", "mood", "newest", "oldest", "alike"):
        rows = ordered(photos, chosen, sort)  # type: ignore[arg-type]
        assert sorted(rows.tolist()) == np.flatnonzero(chosen).tolist()
    newest = photos.days[ordered(photos, chosen, "newest")]
    dated = newest[newest != NO_DATE]
    assert (np.diff(dated) <= 0).all()
    assert (newest[len(dated) :] == NO_DATE).all()


def test_a_restricted_catalog_keeps_rows_together() -> None:
    whole = catalog_of(40)
    part = restricted(whole, {6, 30, 999})
    assert [photo.id for photo in part.photos] == [6, 30]
    assert np.array_equal(part.embeddings, whole.embeddings[[2, 10]])
    assert np.array_equal(part.groups, whole.groups[[2, 10]])


def test_words_are_named_by_share(photos: BrowsePhotos) -> None:
    rows = np.flatnonzero(photos.of_words(frozenset({"sad"})))
    assert photos.words_of(rows) == ("sad",)
    assert photos.words_of(np.zeros(0, dtype=np.int64)) == ()
    assert photos.row_of(9) == 3
    assert photos.row_of(10) == -1
    assert Emotion(0.9, 0.54).word == "happy"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"happy", "delighted", "content"}, "happy"),
        ({"happy", "delighted", "content", "calm", "relaxed", "serene"}, "happy and relaxed"),
        ({"calm", "relaxed", "serene", "weary", "afraid"}, "relaxed, afraid and weary"),
        (set(), ""),
        ({"happy", "sad", "weary", "afraid"}, ""),
    ],
)
def test_moods_are_listed_as_their_chips_name_them(words: set[str], said: str) -> None:
    assert list_of_words(frozenset(words)) == said
