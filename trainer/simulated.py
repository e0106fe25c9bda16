"""People made up from OASIS to measure retraining: their labels are its ratings with a known distortion.

A person rates some photos of the themes the bundle was taught with; how well they are then understood is measured on
photos of themes that neither the bundle nor the person's ratings ever met, through the new head's own ONNX file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.bundle import ModelBundle
from engine.emotion import FloatArray, va_similarity
from engine.encoders import Encoders
from engine.errors import BrokenBundle
from engine.progress import Progress, Report, ignore
from trainer.encoded import EncodedPhotos
from trainer.errors import CorpusMissing
from trainer.metrics import mae, pearson_r, top_k_mean
from trainer.personal import KEEP
from trainer.personal_head import run_head
from trainer.taught_heads import base_head, known_photos, seen_groups, taught_head

RATING_NOISE: Final = 0.08
"""Deviation of one rating from what the person feels: about half a point of seven."""

COUNTS: Final = (30, 100, 200)

N_DRAWS: Final = 5
"""Different choices of the photos that are rated; figures are means over them."""

N_SONGS: Final = 200
"""Songs of the rehearsal set for which photos are chosen."""

TOP_K: Final = 10

STORMS: Final = frozenset(
    {
        "lightning",
        "thunderstorm",
        "fire",
        "explosion",
        "volcano",
        "lava",
        "flood",
        "destruction",
        "fireworks",
        "war",
        "plane crash",
        "car crash",
        "car accident",
    }
)
BEACHES: Final = frozenset(
    {
        "beach",
        "lake",
        "dock",
        "sailing",
        "boat",
        "sunset",
        "sky",
        "sun",
        "rainbow",
        "waterfall",
        "moon",
        "parasailing",
        "seal",
        "penguins",
    }
)
PETS: Final = frozenset(
    {"dog", "cat", "ferret", "wolf", "raccoon", "chipmunk", "opossum", "meerkat", "scared cat", "dog attack"}
)
PARTIES: Final = frozenset(
    {
        "party",
        "celebration",
        "cheerleader",
        "wedding",
        "band",
        "dancing",
        "birthday",
        "parade",
        "bar",
        "couple",
        "alcohol",
        "picnic",
    }
)
GRAVES: Final = frozenset({"graveyard", "cemetery", "funeral", "memorial", "gargoyle", "statue", "galaxy"})


@dataclass(frozen=True, slots=True)
class Taste:
    """What a person feels more or less of at some themes, on [0, 1]."""

    themes: frozenset[str]
    valence: float
    arousal: float


@dataclass(frozen=True, slots=True)
class UseOfScale:
    """How a person uses the scale: valence' = 1/2 + spread (valence - 1/2) + shift, and likewise arousal."""

    valence_spread: float = 1.0
    valence_shift: float = 0.0
    arousal_spread: float = 1.0
    arousal_shift: float = 0.0


OWN_USE: Final = UseOfScale(valence_spread=0.8, valence_shift=-0.05, arousal_shift=0.12)
"""Milder in valence, more easily stirred: people differ by about a point of seven in their mean ratings."""


@dataclass(frozen=True, slots=True)
class Person:
    """A made-up person."""

    name: str
    tastes: tuple[Taste, ...] = ()
    use_of_scale: UseOfScale = UseOfScale()

    def labels(self, va: FloatArray, themes: Sequence[str]) -> FloatArray:
        """What the person feels at photos with OASIS's labels va (n, 2) of some themes, (n, 2) in [0, 1]."""
        felt = va.astype(np.float64)
        for taste in self.tastes:
            felt[[theme in taste.themes for theme in themes]] += (taste.valence, taste.arousal)
        use = self.use_of_scale
        spread, shift = (use.valence_spread, use.arousal_spread), (use.valence_shift, use.arousal_shift)
        return np.clip(0.5 + (felt - 0.5) * spread + shift, 0, 1).astype(np.float32)


_STORMS_AND_BEACHES: Final = (Taste(STORMS, 0.35, 0.0), Taste(BEACHES, -0.3, -0.15))
_NO_PETS: Final = (Taste(PETS, -0.35, 0.2), Taste(GRAVES, 0.3, -0.1))
_NO_PARTIES: Final = (Taste(PARTIES, -0.3, 0.1), Taste(GRAVES | BEACHES, 0.15, -0.1))

PEOPLE: Final = (
    Person("loves storms, bored by beaches", _STORMS_AND_BEACHES, OWN_USE),
    Person("afraid of pets, loves graveyards", _NO_PETS, OWN_USE),
    Person("shuns parties, loves quiet", _NO_PARTIES, OWN_USE),
    Person("only another use of the scale", (), OWN_USE),
    Person("only tastes: storms, beaches", _STORMS_AND_BEACHES),
    Person("only tastes: pets, graveyards", _NO_PETS),
    Person("only tastes: parties, quiet", _NO_PARTIES),
)


@dataclass(frozen=True, slots=True)
class SimulatedRow:
    """Means over draws for one person and number of ratings; errors on themes that were never rated.

    mse sums valence's and arousal's. known_fall_percent is how far it would fall if the distortion itself, not ratings,
    were known and applied to the bundle's predictions: what is left then is the bundle's own error. lost_r: how much r
    with OASIS's own labels of the test photos fell; worst_lost_r that of the worst draw and dimension. top10: mean
    similarity, to the person, of the ten photos chosen for a song.
    """

    person: str
    n_ratings: int
    mse_before: float
    mse_after: float
    mse_fall_percent: float
    known_fall_percent: float
    mae_fall_percent: float
    lost_r_valence: float
    lost_r_arousal: float
    worst_lost_r: float
    top10_before: float
    top10_after: float
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """The row for JSON."""
        return asdict(self)


def simulate(
    bundle: ModelBundle,
    photos: EncodedPhotos,
    *,
    people: Sequence[Person] = PEOPLE,
    counts: Sequence[int] = COUNTS,
    n_draws: int = N_DRAWS,
    keep: float = KEEP,
    report: Report = ignore,
) -> list[SimulatedRow]:
    """Let made-up people teach a bundle and measure what it understands of them, a row a person and count.

    photos are OASIS as the bundle sees it. Raises CorpusMissing where the bundle was taught
    with all of the themes or too few.
    """
    seen = seen_groups(bundle)
    is_seen = np.array([group in seen for group in photos.groups])
    rated_rows, test_rows = np.flatnonzero(is_seen), np.flatnonzero(~is_seen)
    if len(test_rows) < TOP_K or len(rated_rows) < max(counts):
        raise CorpusMissing(f"{len(rated_rows)} photos to rate and {len(test_rows)} to test on are too few")
    head = base_head(bundle)
    known = known_photos(bundle, head)
    match = _Matching(bundle)
    test = photos.take(test_rows)
    rows = []
    for i, (person, count) in enumerate((person, count) for person in people for count in counts):
        felt = person.labels(photos.true_va, photos.groups)
        draws: list[dict[str, float]] = []
        for draw in range(n_draws):
            report(Progress("simulate", i * n_draws + draw, len(people) * len(counts) * n_draws, person.name))
            rng = np.random.default_rng([draw, count])
            chosen = rng.permutation(rated_rows)[:count]
            given = felt[chosen] + RATING_NOISE * rng.standard_normal((count, 2))
            given = np.clip(given, 0, 1).astype(np.float32)
            started = perf_counter()
            made = taught_head(head, photos.features[chosen], given, known=known, keep=keep)
            taken_s = perf_counter() - started
            figures = match.measure(made.content, head, test, felt[test_rows])
            understood = person.labels(run_head(head, test.features)[1], test.groups)
            figures["mse_known"] = float(np.square(understood - felt[test_rows]).sum(axis=1).mean())
            draws.append(figures | {"seconds": taken_s})
        rows.append(_row(person, count, draws))
    return rows


def markdown_table(rows: Sequence[SimulatedRow]) -> str:
    """The rows as a Markdown table that reads well as plain text too."""
    cells = [
        (
            row.person,
            str(row.n_ratings),
            f"{row.mse_before:.4f} -> {row.mse_after:.4f}",
            f"{row.mse_fall_percent:.1f}",
            f"{row.known_fall_percent:.1f}",
            f"{row.mae_fall_percent:.1f}",
            f"{row.lost_r_valence:.3f} / {row.lost_r_arousal:.3f}",
            f"{row.worst_lost_r:.3f}",
            f"{row.top10_before:.3f} -> {row.top10_after:.3f}",
            f"{row.seconds:.1f}",
        )
        for row in rows
    ]
    header = (
        "person", "ratings", "squared error", "falls by %", "of at most %", "MAE by %", "r lost, V / A", "worst draw",
        "top-10 similarity", "s",
    )  # fmt: skip
    return table_of(header, cells)


def table_of(header: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """A Markdown table that reads well as plain text too."""
    widths = [max(len(row[i]) for row in (header, *cells)) for i in range(len(header))]
    lines = [
        "| " + " | ".join(c.ljust(width) for c, width in zip(row, widths, strict=True)) + " |"
        for row in (header, *cells)
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


class _Matching:
    """Measures a head on test photos: errors, correlation with the original labels, and the photos chosen for songs."""

    def __init__(self, bundle: ModelBundle) -> None:
        self._encoders = Encoders(bundle, n_threads=1)
        self._sigma = bundle.manifest.sigma
        if bundle.rehearsal_path is None:
            raise CorpusMissing(f"{bundle.path}: has no rehearsal set, whose songs the photos are chosen for")
        try:
            with np.load(bundle.rehearsal_path, allow_pickle=False) as stored:
                rows = np.linspace(0, len(stored["music_va"]) - 1, N_SONGS).astype(int)
                features = stored["music_features"][rows].astype(np.float32)
                self._song_va: FloatArray = stored["music_va"][rows].astype(np.float32)
        except (OSError, ValueError, KeyError) as fault:
            raise BrokenBundle(bundle.path, f"{bundle.rehearsal_path.name} cannot be read") from fault
        self._songs = self._encoders.music_heads(features)[0]

    def measure(self, content: bytes, head: bytes, test: EncodedPhotos, felt: FloatArray) -> dict[str, float]:
        """Figures before and after for test photos whose labels to the person are felt (n, 2)."""
        found: dict[str, float] = {}
        truth = va_similarity(felt, self._song_va, sigma=self._sigma)
        for name, file in (("before", head), ("after", content)):
            embeddings, va = run_head(file, test.features)
            found[f"mse_{name}"] = float(np.square(va - felt).sum(axis=1).mean())
            found[f"mae_{name}"] = mae(va, felt)
            for axis, dimension in enumerate(("valence", "arousal")):
                found[f"r_{dimension}_{name}"] = pearson_r(va[:, axis], test.true_va[:, axis])
            scores = self._encoders.similarity(embeddings, self._songs)
            found[f"top10_{name}"] = float(top_k_mean(scores, truth, k=TOP_K).mean())
        return found


def _row(person: Person, count: int, draws: Sequence[Mapping[str, float]]) -> SimulatedRow:
    means = {name: float(np.mean([draw[name] for draw in draws])) for name in draws[0]}
    lost: dict[str, NDArray[np.float64]] = {
        dimension: np.array([draw[f"r_{dimension}_before"] - draw[f"r_{dimension}_after"] for draw in draws])
        for dimension in ("valence", "arousal")
    }
    return SimulatedRow(
        person=person.name,
        n_ratings=count,
        mse_before=means["mse_before"],
        mse_after=means["mse_after"],
        mse_fall_percent=100 * (1 - means["mse_after"] / means["mse_before"]),
        known_fall_percent=100 * (1 - means["mse_known"] / means["mse_before"]),
        mae_fall_percent=100 * (1 - means["mae_after"] / means["mae_before"]),
        lost_r_valence=float(lost["valence"].mean()),
        lost_r_arousal=float(lost["arousal"].mean()),
        worst_lost_r=float(max(values.max() for values in lost.values())),
        top10_before=means["top10_before"],
        top10_after=means["top10_after"],
        seconds=means["seconds"],
    )
