"""Made-up people who rate some of their photos and are then measured on others of the same kinds of things.

A bundle knows the themes it was taught with too well to stand for an app that meets a person's photos for the first
time. Here each photo's prediction comes from a kernel regression that never met its theme: as good as the bundle is on
themes held out, and as unsure. Only themes are printed that no setting was chosen on (see TUNED).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.emotion import FloatArray
from engine.progress import Progress, Report, ignore
from trainer.encoded import EncodedPhotos
from trainer.errors import CorpusMissing
from trainer.metrics import pearson_r
from trainer.pairs import fold_of_rows
from trainer.personal import KEEP, Known, fit_correction, squared_distances
from trainer.simulated import COUNTS, N_DRAWS, PEOPLE, RATING_NOISE, Person, table_of

TUNED: Final = "tune"
"""Settings of `trainer.personal` were chosen on the themes whose hash after this word is even; the odd ones are
printed."""

MIN_TESTED: Final = 20

N_FOLDS: Final = 5

STIFFNESS: Final = 0.5
"""Penalty of the regression, with kernel values of 1 for equal photos: as the readouts' on these features."""


@dataclass(frozen=True, slots=True)
class OwnRow:
    """Means over draws for one person and number of ratings; errors on photos that were not rated.

    mse sums valence's and arousal's. known_fall_percent is how far it would fall if the distortion itself were known
    and applied to the predictions. lost_r: how much r with OASIS's own labels fell on these photos.
    """

    person: str
    n_ratings: int
    n_tested: int
    mse_before: float
    mse_after: float
    mse_fall_percent: float
    known_fall_percent: float
    lost_r_valence: float
    lost_r_arousal: float

    def to_dict(self) -> dict[str, Any]:
        """The row for JSON."""
        return asdict(self)


def simulate_own(
    photos: EncodedPhotos,
    *,
    people: Sequence[Person] = PEOPLE,
    counts: Sequence[int] = COUNTS,
    n_draws: int = N_DRAWS,
    keep: float = KEEP,
    report: Report = ignore,
) -> list[OwnRow]:
    """Let made-up people rate some photos of the themes to be printed and measure the others, a row a person and count.

    photos are OASIS as the bundle sees it. Raises CorpusMissing where they are too few.
    """
    va = held_out_va(photos)
    is_printed = np.array([is_odd(group) for group in photos.groups])
    rows, others = np.flatnonzero(is_printed), np.flatnonzero(~is_printed)
    if len(rows) < max(counts) + MIN_TESTED or len(others) == 0:
        raise CorpusMissing(f"{len(rows)} photos are too few to rate {max(counts)} of them and test on the others")
    known = Known(photos.features[others], va[others], photos.true_va[others])
    found = []
    for i, (person, count) in enumerate((person, count) for person in people for count in counts):
        felt = person.labels(photos.true_va, photos.groups)
        draws = []
        for draw in range(n_draws):
            report(Progress("simulate", i * n_draws + draw, len(people) * len(counts) * n_draws, person.name))
            rng = np.random.default_rng([draw, count])
            order = rng.permutation(rows)
            rated, tested = order[:count], order[count:]
            given = felt[rated] + RATING_NOISE * rng.standard_normal((count, 2))
            given = np.clip(given, 0, 1).astype(np.float32)
            correction = fit_correction(photos.features[rated], va[rated], given, known=known, keep=keep).correction
            draws.append(_figures(person, photos.take(tested), va[tested], felt[tested], correction.apply))
        means = np.array(draws).mean(axis=0)
        found.append(
            OwnRow(
                person=person.name,
                n_ratings=count,
                n_tested=len(rows) - count,
                mse_before=float(means[0]),
                mse_after=float(means[1]),
                mse_fall_percent=float(100 * (1 - means[1] / means[0])),
                known_fall_percent=float(100 * (1 - means[2] / means[0])),
                lost_r_valence=float(means[3]),
                lost_r_arousal=float(means[4]),
            )
        )
    return found


def own_table(rows: Sequence[OwnRow]) -> str:
    """The rows as a Markdown table that reads well as plain text too."""
    header = ("person", "ratings", "tested on", "squared error", "falls by %", "of at most %", "r lost, V / A")
    cells = [
        (
            row.person,
            str(row.n_ratings),
            str(row.n_tested),
            f"{row.mse_before:.4f} -> {row.mse_after:.4f}",
            f"{row.mse_fall_percent:.1f}",
            f"{row.known_fall_percent:.1f}",
            f"{row.lost_r_valence:.3f} / {row.lost_r_arousal:.3f}",
        )
        for row in rows
    ]
    return table_of(header, cells)


def held_out_va(photos: EncodedPhotos) -> FloatArray:
    """VA (n, 2) of each photo by a kernel regression on its features that never met its theme."""
    points = photos.features.astype(np.float64)
    points = (points - points.mean(axis=0)) / np.maximum(points.std(axis=0), 1e-6)
    distances = np.sqrt(3 * squared_distances(points, points))
    distances /= max(float(np.median(distances)) / np.sqrt(3), 1e-9)
    kernel = (1 + distances) * np.exp(-distances)
    labels = photos.true_va.astype(np.float64)
    fold = fold_of_rows(photos.groups, n_folds=N_FOLDS)
    va = np.zeros_like(labels)
    for number in range(N_FOLDS):
        held, kept = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        middle = labels[kept].mean(axis=0)
        system = kernel[np.ix_(kept, kept)] + STIFFNESS * np.eye(len(kept))
        va[held] = middle + kernel[np.ix_(held, kept)] @ np.linalg.solve(system, labels[kept] - middle)
    return np.clip(va, 0, 1).astype(np.float32)


def is_odd(theme: str) -> bool:
    """Whether a theme is one of those that no setting was chosen on."""
    return hashlib.sha256((TUNED + theme).encode()).digest()[-1] % 2 == 1


def _figures(person: Person, tested: EncodedPhotos, va: FloatArray, felt: FloatArray, apply: Any) -> list[float]:
    after = apply(tested.features, va)
    understood = person.labels(va, tested.groups)
    errors = [float(np.square(said - felt).sum(axis=1).mean()) for said in (va, after, understood)]
    truth: NDArray[np.float32] = tested.true_va
    lost = [pearson_r(va[:, k], truth[:, k]) - pearson_r(after[:, k], truth[:, k]) for k in range(2)]
    return errors + lost
