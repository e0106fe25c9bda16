"""What photos show, in plain words: the classes a backbone found in each photo, and the words that stand for them.

A photo keeps its likeliest classes only; words are groups of classes (see `content_words`), and a class has its own
name beside them. A word is said of a photo only where the model is sure enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.content_names import CLASS_NAMES
from engine.content_words import MUTE_CLASSES, OWN_LEAST, PETS, group_classes, words_of_groups
from engine.emotion import FloatArray

N_KEPT = 16
"""Classes kept of a photo, 64 bytes: of OASIS's photos they give a group as much of its share as a thousand would."""

SURE = 0.35
"""Share of the model's belief from which a word is said of a photo.

On OASIS, whose photos are named by what they show, four of five words found so are right by those names, and many of
the others by the eye (a beach behind a yoga lesson): see docs/content.md.
"""

SURE_BESIDE_A_FACE = 0.65
"""The same for wild animals together where a face is in the photo: people must not be taken for one."""

UNKNOWN = -1

ClassArray = NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """The likeliest classes (n, 16) of n photos, likeliest first, and their shares of the belief (n, 16) in [0, 1].

    A photo of which nothing is known has UNKNOWN everywhere and shares of 0.
    """

    classes: ClassArray
    shares: FloatArray

    @classmethod
    def unknown(cls, n: int) -> Contents:
        """Contents of n photos of which nothing is known."""
        return cls(np.full((n, N_KEPT), UNKNOWN, dtype=np.int16), np.zeros((n, N_KEPT), dtype=np.float32))

    @classmethod
    def of_probabilities(cls, probabilities: FloatArray, *, has_face: NDArray[np.bool_] | None = None) -> Contents:
        """Keep the likeliest classes of probabilities (n, 1000); shares are rounded as they are stored.

        has_face (n,) marks photos with a face, of which wild animals are kept only where they are sure beyond doubt.
        """
        if has_face is not None:
            is_doubtful = has_face & (probabilities[:, _wild()].sum(axis=1) < SURE_BESIDE_A_FACE)
            probabilities = np.where(is_doubtful[:, None] & _wild(), np.float32(0), probabilities)
        order = np.argsort(-probabilities, axis=1, kind="stable")[:, :N_KEPT]
        shares = np.take_along_axis(probabilities, order, axis=1).astype("<f2").astype(np.float32)
        return cls(np.ascontiguousarray(order, dtype=np.int16), np.ascontiguousarray(shares))._locked()

    @classmethod
    def of_bytes(cls, stored: Sequence[bytes | None]) -> Contents:
        """Read what `to_bytes` gave, photo by photo; None and what has another length is unknown."""
        found = cls.unknown(len(stored))
        n_bytes = 4 * N_KEPT
        rows = [i for i, row in enumerate(stored) if row is not None and len(row) == n_bytes]
        raw = np.frombuffer(b"".join(stored[i] or b"" for i in rows), dtype=np.uint8).reshape(len(rows), n_bytes)
        classes = np.ascontiguousarray(raw[:, : 2 * N_KEPT]).view("<i2")
        found.classes[rows] = np.where((classes >= 0) & (classes < len(CLASS_NAMES)), classes, UNKNOWN)
        found.shares[rows] = np.ascontiguousarray(raw[:, 2 * N_KEPT :]).view("<f2").astype(np.float32)
        found.shares[found.classes == UNKNOWN] = 0
        return found._locked()

    def to_bytes(self, row: int) -> bytes:
        """Give what is known of one photo as bytes to be stored."""
        stored: bytes = self.classes[row].astype("<i2").tobytes() + self.shares[row].astype("<f2").tobytes()
        return stored

    def of_rows(self, rows: Sequence[int] | NDArray[np.intp]) -> Contents:
        """Contents of some photos only, in their order."""
        return Contents(np.ascontiguousarray(self.classes[rows]), np.ascontiguousarray(self.shares[rows]))._locked()

    def _locked(self) -> Contents:
        """Itself, with arrays that nobody can write to any more."""
        self.classes.flags.writeable = self.shares.flags.writeable = False
        return self

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def is_known(self) -> bool:
        """Whether anything is known of any photo."""
        return bool((self.classes[:, 0] != UNKNOWN).any()) if len(self) else False


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a typed word asks for: the word that is shown for it, and the classes it stands for."""

    word: str
    classes: tuple[int, ...]


def meaning_of(text: str) -> Meaning | None:
    """Find what a word means: a group by its word, plural or synonym, else a class by its name. None: no such word."""
    word = _plain(text)
    group = words_of_groups().get(word)
    if group is not None:
        return Meaning(group, group_classes()[group])
    for name in (word, word.removesuffix("s")):
        number = _class_numbers().get(name)
        if number is not None:
            return Meaning(name, (number,))
    return None


def begun_by(text: str) -> tuple[Meaning, ...]:
    """What a text may mean while it is typed: what it means as it stands, else every group with a word it begins."""
    meaning = meaning_of(text)
    if meaning is not None:
        return (meaning,)
    start = _plain(text)
    words = dict.fromkeys(word for name, word in words_of_groups().items() if start and name.startswith(start))
    return tuple(Meaning(word, group_classes()[word]) for word in words)


def completions(text: str, *, n: int = 8) -> tuple[str, ...]:
    """Words that begin with a text: groups first, then names of classes with a word that does; none for no text."""
    start = _plain(text)
    if not start:
        return ()
    groups = [word for word in group_classes() if word.startswith(start)]
    groups += [word for name, word in words_of_groups().items() if name.startswith(start)]
    names = sorted(_class_numbers())
    classes = [name for name in names if name.startswith(start)]
    classes += [name for name in names if f" {start}" in name]
    return tuple(dict.fromkeys([*groups, *classes]))[:n]


def shares_of(contents: Contents, meaning: Meaning) -> FloatArray:
    """How much of the model's belief (n,) in [0, 1] lies on what a word means, photo by photo."""
    is_member = np.zeros(len(CLASS_NAMES) + 1, dtype=np.float32)  # the last one for UNKNOWN, which is -1
    is_member[list(meaning.classes)] = 1
    shares: FloatArray = np.einsum("ij,ij->i", contents.shares, is_member[contents.classes])
    return shares.clip(max=1)


def shows(contents: Contents, meaning: Meaning) -> NDArray[np.bool_]:
    """Whether the model is sure (n,) that photos show what a word means."""
    return shares_of(contents, meaning) >= OWN_LEAST.get(meaning.word, SURE)


def words_of(contents: Contents, row: int, *, n: int = 3) -> tuple[str, ...]:
    """Say what one photo shows, surest first, at most n words; nothing where the model is not sure.

    Of words that hold each other (an owl is a bird, a bird an animal) the narrowest that is sure is said.
    """
    by_group = _group_shares(contents.of_rows([row]))[0]
    found = {
        word: float(share)
        for word, share in zip(group_classes(), by_group, strict=True)
        if share >= OWN_LEAST.get(word, SURE)
    }
    narrow = [
        word
        for word in found
        if not any(set(group_classes()[other]) < set(group_classes()[word]) for other in found if other != word)
    ]
    return tuple(sorted(narrow, key=lambda word: -found[word])[:n])


def counts_of(contents: Contents) -> dict[str, int]:
    """How many photos surely show each word that any does, most first."""
    by_group = _group_shares(contents)
    least = np.array([OWN_LEAST.get(word, SURE) for word in group_classes()], dtype=np.float32)
    counts = (by_group >= least).sum(axis=0)
    found = {word: int(count) for word, count in zip(group_classes(), counts, strict=True) if count}
    return dict(sorted(found.items(), key=lambda item: -item[1]))


@lru_cache(maxsize=1)
def _wild() -> NDArray[np.bool_]:
    """Classes (1000,) of animals that people are seldom photographed with."""
    found = np.zeros(len(CLASS_NAMES), dtype=bool)
    found[[*group_classes()["animal"], *MUTE_CLASSES]] = True
    for word in PETS:
        found[list(group_classes()[word])] = False
    return found


def _group_shares(contents: Contents) -> FloatArray:
    """Share (n, groups) of the belief that lies on each group of classes."""
    found = np.zeros((len(contents), len(group_classes())), dtype=np.float32)
    rows, kept = np.nonzero(contents.shares > 0)
    classes, shares = contents.classes[rows, kept], contents.shares[rows, kept]
    order = np.argsort(classes, kind="stable")
    rows, shares = rows[order], shares[order]
    starts = np.searchsorted(classes[order], np.arange(len(CLASS_NAMES) + 1))
    for column, members in enumerate(group_classes().values()):
        for number in members:  # a class once a photo, so that no row is added to twice
            part = slice(starts[number], starts[number + 1])
            found[rows[part], column] += shares[part]
    return found


@lru_cache(maxsize=1)
def _class_numbers() -> dict[str, int]:
    return {name: number for number, name in enumerate(CLASS_NAMES) if number not in MUTE_CLASSES}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
