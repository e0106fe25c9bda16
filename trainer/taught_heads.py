"""Heads that learn what a person said: the bundle's own, what guards it, and it with the correction built in."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import MUSIC_HEAD, PHOTO_HEAD, REHEARSAL, SPLITS, ModelBundle
from engine.emotion import FloatArray
from engine.errors import BrokenBundle
from engine.matching import UNREADABLE_ARRAYS
from engine.progress import Report, ignore
from trainer.before_after import Comparison, compare
from trainer.errors import TrainerError
from trainer.evidence import NO_ANSWERS, Answers
from trainer.metrics import N_RESAMPLES
from trainer.personal import KEEP, Known, Strengths, fit_correction
from trainer.personal_head import mood_directions, run_head, with_correction

BASE_HEAD: Final = "photo_head_base.onnx"
"""The photo head as it was before any rating, kept in a personal bundle."""

BASE_MUSIC_HEAD: Final = "music_head_base.onnx"
"""The music head as it was before any mark, kept in a bundle that has learnt from marks."""


def known_photos(bundle: ModelBundle, head: bytes) -> Known | None:
    """What the bundle's rehearsal set tells of the photos it was taught with, under a head; None without a set.

    Raises BrokenBundle where the set cannot be read.
    """
    return _known(bundle, head, "photo", bundle.manifest.photo.feature_width)


def known_music(bundle: ModelBundle, head: bytes) -> Known | None:
    """As `known_photos`, of a window of each song it was taught with, under a music head."""
    return _known(bundle, head, "music", bundle.manifest.music.feature_width)


def original_test_photos(bundle: ModelBundle, head: bytes) -> tuple[Known, tuple[str, ...]] | None:
    """The photos of the original test split under a head, with their themes; None where the bundle carries none.

    They score a personal model. Nothing is learnt from them.
    """
    arrays = _arrays(bundle, ("test_photo_features", "test_photo_va", "test_photo_group"))
    if arrays is None or not all(len(array) for array in arrays):
        return None
    features, labels, groups = arrays
    known = _fitting(bundle, head, features, labels, bundle.manifest.photo.feature_width)
    if groups.shape != (len(labels),):
        raise BrokenBundle(bundle.path, f"{REHEARSAL} does not fit the bundle's features")
    return known, tuple(str(group) for group in groups)


def _known(bundle: ModelBundle, head: bytes, kind: str, width: int) -> Known | None:
    if bundle.rehearsal_path is None:
        return None
    arrays = _arrays(bundle, (f"{kind}_features", f"{kind}_va"))
    if arrays is None:
        raise BrokenBundle(bundle.path, f"{REHEARSAL} cannot be read")
    features, labels = arrays
    return _fitting(bundle, head, features, labels, width) if len(labels) else None


def _arrays(bundle: ModelBundle, names: Sequence[str]) -> list[NDArray[Any]] | None:
    """Arrays of the rehearsal set; None where there is no set, or one without them."""
    if bundle.rehearsal_path is None:
        return None
    try:
        with np.load(io.BytesIO(bundle.file_bytes(REHEARSAL)), allow_pickle=False) as stored:
            return [stored[name] for name in names] if set(names) <= set(stored.files) else None
    except UNREADABLE_ARRAYS as fault:
        raise BrokenBundle(bundle.path, f"{REHEARSAL} cannot be read") from fault


def _fitting(bundle: ModelBundle, head: bytes, features: NDArray[Any], labels: NDArray[Any], width: int) -> Known:
    if features.shape != (len(labels), width) or labels.shape[1:] != (2,):
        raise BrokenBundle(bundle.path, f"{REHEARSAL} does not fit the bundle's features")
    features, labels = features.astype(np.float32), labels.astype(np.float32)
    return Known(features, run_head(head, features)[1], labels)


def base_head(bundle: ModelBundle) -> bytes:
    """The bundle's photo head as it was before any rating."""
    return bundle.file_bytes(BASE_HEAD if BASE_HEAD in bundle.manifest.files else PHOTO_HEAD)


def base_music_head(bundle: ModelBundle) -> bytes:
    """The bundle's music head as it was before any mark."""
    return bundle.file_bytes(BASE_MUSIC_HEAD if BASE_MUSIC_HEAD in bundle.manifest.files else MUSIC_HEAD)


def taught_head(
    head: bytes,
    features: FloatArray,
    ratings: FloatArray,
    *,
    answers: Answers = NO_ANSWERS,
    groups: NDArray[np.intp] | None = None,
    known: Known | None,
    keep: float = KEEP,
    report: Report = ignore,
) -> PersonalHead:
    """Teach a head of photos or of music what was said of items with features (P, F), of which the first n are rated.

    ratings (n, 2), answers and groups as in `personal.fit_correction`; `known` items guard what it knew.
    """
    embeddings, va = run_head(head, features)
    fit = fit_correction(features, va, ratings, answers=answers, groups=groups, known=known, keep=keep, report=report)
    # Where the rehearsal set may not be used, the person's own items tell how embeddings go with moods.
    reference = (embeddings, va) if known is None else (run_head(head, known.features)[0], known.va)
    content = with_correction(head, fit.correction, mood_directions(head, *reference))
    n = len(ratings)
    after = run_head(content, features)[1]
    return PersonalHead(content, fit.strengths, va[:n], after[:n], ratings, fit.held_out, fit.groups[:n])


@dataclass(frozen=True, slots=True, eq=False)
class PersonalHead:
    """A head that has learnt: its ONNX file, and of each item rated (n, 2) the VA before, after, as rated, held out.

    groups (n,) are of items that are held out together.
    """

    content: bytes
    strengths: tuple[Strengths, Strengths]
    before: FloatArray
    after: FloatArray
    ratings: FloatArray
    held_out: FloatArray
    groups: NDArray[np.intp]

    def comparison(self, *, n_resamples: int = N_RESAMPLES) -> Comparison | None:
        """Score what was rated, held out, against what was said before; None where nothing was rated."""
        if not len(self.ratings):
            return None
        return compare(self.before, self.held_out, self.ratings, self.groups.tolist(), n_resamples=n_resamples)


def seen_groups(bundle: ModelBundle) -> frozenset[str]:
    """Themes of OASIS that the bundle was taught with, as it recorded them. Raises BrokenBundle, TrainerError."""
    if SPLITS not in bundle.manifest.files:
        raise TrainerError(f"{bundle.path}: does not tell what it was taught with ({SPLITS}), so no test set is known")
    try:
        return frozenset(json.loads(bundle.file_bytes(SPLITS)).get("OASIS", {}))
    except (ValueError, AttributeError):
        raise BrokenBundle(bundle.path, f"{SPLITS} does not tell the split of each group") from None
