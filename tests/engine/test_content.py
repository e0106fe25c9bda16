"""What photos show: the words are right for the demo's photos, kept small and found as people write them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bundle import open_bundle
from engine.content import (
    N_KEPT,
    SURE,
    UNKNOWN,
    Contents,
    Meaning,
    begun_by,
    completions,
    counts_of,
    meaning_of,
    shares_of,
    shows,
    words_of,
)
from engine.content_names import CLASS_NAMES
from engine.content_words import MUTE_CLASSES, group_classes, plural_of, with_article, words_of_groups
from engine.encoders import Encoders
from engine.indexing import index_folders
from engine.library import Library
from tests.engine.demo_catalog import PHOTOS, demo_catalog, demo_encoders, row_of

TINY = Path(__file__).resolve().parents[1] / "assets" / "tiny_bundle"

LIKELY = st.dictionaries(st.integers(0, 999), st.floats(0, 1, width=32), max_size=30)


def contents_of(*shares: dict[int, float]) -> Contents:
    """Contents of photos with these shares of the belief."""
    probabilities = np.zeros((len(shares), 1000), dtype=np.float32)
    for row, known in enumerate(shares):
        probabilities[row, list(known)] = list(known.values())
    return Contents.of_probabilities(probabilities)


def found(word: str) -> set[str]:
    """Names of the demo photos that surely show what a word means."""
    meaning = meaning_of(word)
    assert meaning is not None
    catalog = demo_catalog()
    return {catalog.photos[row].path.stem for row in np.flatnonzero(shows(catalog.contents, meaning))}


@pytest.mark.parametrize(
    ("word", "photo"),
    [
        ("cat", "tabby-cat-closeup"),
        ("dogs", "two-dogs-window"),
        ("otter", "river-otters"),
        ("coffee", "espresso-cup"),
        ("beach", "stormy-beach"),
        ("mountains", "alpine-glow-peaks"),
        ("ocean", "grey-misty-coast"),
        ("bird", "osprey-on-branch"),
    ],
)
def test_the_demo_photos_are_found_by_what_they_show(word: str, photo: str) -> None:
    assert photo in found(word)


def test_a_word_finds_what_it_means_and_little_else() -> None:
    assert found("cat") == {"tabby-cat-closeup"}
    assert found("dog") == {"two-dogs-window"}
    landscapes = found("mountain")
    assert len(landscapes) >= 7
    assert not landscapes & {"espresso-cup", "tabby-cat-closeup", "empty-museum-hall", "smiling-astronaut"}


def test_a_photo_is_said_to_show_the_narrowest_word_and_nothing_where_nothing_is_sure() -> None:
    contents = demo_catalog().contents
    assert words_of(contents, row_of("tabby-cat-closeup")) == ("cat",)
    assert words_of(contents, row_of("espresso-cup"))[0] == "coffee"
    assert words_of(contents, row_of("dark-tower-porthole")) == ()
    assert words_of(Contents.unknown(1), 0) == ()


def test_shares_of_a_word_are_those_of_its_classes() -> None:
    cat, dog = CLASS_NAMES.index("tabby"), CLASS_NAMES.index("pug")
    contents = contents_of({cat: 0.5, dog: 0.25}, {dog: 0.75}, {})
    for word, expected in (("cat", [0.5, 0, 0]), ("dog", [0.25, 0.75, 0]), ("animal", [0.75, 0.75, 0])):
        meaning = meaning_of(word)
        assert meaning is not None
        np.testing.assert_allclose(shares_of(contents, meaning), expected)
    assert counts_of(contents)["dog"] == 2
    assert "church" not in counts_of(contents)


def test_counts_and_searches_agree() -> None:
    contents = demo_catalog().contents
    for word, count in counts_of(contents).items():
        meaning = meaning_of(word)
        assert meaning is not None
        assert meaning.word == word
        assert int(shows(contents, meaning).sum()) == count


def test_people_are_never_said_to_be_apes_nor_wild_animals_lightly() -> None:
    gorilla, pig = CLASS_NAMES.index("gorilla"), CLASS_NAMES.index("hog")
    assert gorilla in MUTE_CLASSES
    assert words_of(contents_of({gorilla: 1.0}), 0) == ()
    assert all(meaning_of(word) is None for word in ("gorilla", "monkey", "ape", "chimpanzee", "baboon"))
    assert not any("gorilla" in word for word in completions("g", n=1000))
    assert not any(MUTE_CLASSES & set(classes) for classes in group_classes().values())
    assert words_of(contents_of({pig: 0.5}), 0) == ("pig",)
    probabilities = np.zeros((4, 1000), dtype=np.float32)
    probabilities[[0, 1], pig] = 0.5
    probabilities[2, pig] = 0.7
    probabilities[3, [pig, CLASS_NAMES.index("pug")]] = 0.3, 0.6
    contents = Contents.of_probabilities(probabilities, has_face=np.array([False, True, True, True]))
    assert [words_of(contents, row) for row in range(4)] == [("pig",), (), ("pig",), ("dog",)]
    meaning = meaning_of("pig")
    assert meaning is not None
    assert shows(contents, meaning).tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("Dog", "dog"),
        ("puppies", "dog"),
        ("  beaches ", "beach"),
        ("seaside", "beach"),
        ("wolves", "wolf"),
        ("church", "church"),
        ("churches", "church"),
        ("bike", "bicycle"),
        ("Ice  Cream", "ice cream"),
        ("golden retriever", "golden retriever"),
        ("golden retrievers", "golden retriever"),
    ],
)
def test_words_are_found_as_people_write_them(typed: str, word: str) -> None:
    meaning = meaning_of(typed)
    assert meaning is not None
    assert meaning.word == word


@pytest.mark.parametrize("typed", ["", "  ", "person", "people", "tree", "sunset", "xyzzy", "x" * 5000])
def test_there_is_no_word_for_what_the_classifier_does_not_know(typed: str) -> None:
    assert meaning_of(typed) is None


def test_a_word_is_completed_groups_first() -> None:
    assert completions("bea")[:2] == ("bear", "beach")
    assert "golden retriever" in completions("retr")
    assert completions("seaside") == ("beach",)
    assert completions("") == ()
    assert len(completions("s", n=5)) == 5


def test_every_word_stands_for_classes_that_there_are() -> None:
    assert len(CLASS_NAMES) == len(set(CLASS_NAMES)) == 1000
    for word, classes in group_classes().items():
        assert len(set(classes)) == len(classes) > 0, word
        assert set(classes) <= set(range(1000)), word
        assert words_of_groups()[word] == words_of_groups()[plural_of(word)] == word
    assert [with_article(word) for word in ("beach", "owl", "water")] == ["a beach", "an owl", "water"]


@given(LIKELY)
def test_what_is_stored_is_what_is_read(likely: dict[int, float]) -> None:
    contents = contents_of(likely)
    stored = contents.to_bytes(0)
    assert len(stored) == 4 * N_KEPT
    again = Contents.of_bytes([None, stored, b"short", stored[:-1]])
    np.testing.assert_array_equal(again.classes[1], contents.classes[0])
    np.testing.assert_array_equal(again.shares[1], contents.shares[0])
    for row in (0, 2, 3):
        assert (again.classes[row] == UNKNOWN).all()
        assert not again.shares[row].any()


def test_damaged_bytes_are_unknown_classes() -> None:
    damaged = Contents.of_bytes([b"\xff\x7f" * (2 * N_KEPT)])
    assert not damaged.is_known
    assert not damaged.shares.any()
    assert words_of(damaged, 0) == ()


def test_the_likeliest_classes_are_kept() -> None:
    contents = demo_catalog().contents
    assert (np.diff(contents.shares, axis=1) <= 0).all()
    assert float(np.median(contents.shares.sum(axis=1))) > SURE
    tabby = row_of("tabby-cat-closeup")
    assert CLASS_NAMES[contents.classes[tabby, 0]] == "egyptian cat"


def test_what_is_typed_half_may_mean_several_things() -> None:
    assert {meaning.word for meaning in begun_by("bea")} >= {"beach", "bear"}
    assert [meaning.word for meaning in begun_by("bear")] == ["bear"]  # not also a beard's or a bearing's
    assert begun_by("") == begun_by("xyzzy") == ()


def test_rows_are_taken_along() -> None:
    contents = demo_catalog().contents
    some = contents.of_rows([5, 2])
    np.testing.assert_array_equal(some.classes, contents.classes[[5, 2]])
    assert not some.shares.flags.writeable
    assert len(demo_catalog().of_rows([5, 2]).contents) == 2
    assert shares_of(Contents.unknown(0), Meaning("dog", (151,))).shape == (0,)


def test_the_library_keeps_what_photos_show(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("tabby-cat-closeup", "espresso-cup"):
        shutil.copy(PHOTOS / f"{name}.jpg", folder)
    encoders, tiny = demo_encoders(), Encoders(open_bundle(TINY), n_threads=1)
    with Library.open(tmp_path / "library.sqlite") as library:
        index_folders(library, [folder], tiny)
        assert not library.catalog(tiny.bundle.id).contents.is_known  # that bundle does not say
        index_folders(library, [folder], encoders)
        shutil.copy(folder / "espresso-cup.jpg", folder / "a-copy.jpg")
        assert index_folders(library, [folder], encoders).recognised == 1
    with Library.open(tmp_path / "library.sqlite") as library:
        for bundle in (encoders.bundle, tiny.bundle):  # who has said it does not matter
            catalog = library.catalog(bundle.id)
            said = {photo.path.stem: words_of(catalog.contents, i) for i, photo in enumerate(catalog.photos)}
            assert said == {"tabby-cat-closeup": ("cat",), "espresso-cup": ("coffee",), "a-copy": ("coffee",)}
        shutil.copy(folder / "tabby-cat-closeup.jpg", folder / "espresso-cup.jpg")  # another photo under its name
        os.utime(folder / "espresso-cup.jpg", (1, 1))
        index_folders(library, [folder], encoders)
        catalog = library.catalog(encoders.bundle.id)
        said = {photo.path.stem: words_of(catalog.contents, i) for i, photo in enumerate(catalog.photos)}
        assert said["espresso-cup"] == ("cat",)
